/* SPDX-License-Identifier: MIT */
/* See guc_sched.h. */
#include "guc_sched.h"

#define ATOMIC_INC (MI_CMD(0x2F) | 5u << 8 | 1u)

struct fx *f;

void sx_setup(void)
{
	f = fx_new(1, 1, 3, NULL);
	for (unsigned vf = 1; vf <= 3; vf++) {
		fx_provision(f, vf);
		fx_boot(f, vf, 0);
		for (unsigned k = 0; k < 8; k++)
			lx_make(f, vf, k, false);
		fx_g2h_drain(f, vf, 0);
	}
}

void sx_teardown(void)
{
	fx_free(f);
}

struct guc_context *sx_slot(unsigned vf, uint32_t id)
{
	return guc_context(&f->card, 0, vf, id);
}

void sx_add(unsigned vf, uint32_t id, uint32_t class, uint32_t mask)
{
	uint32_t dw[12] = {
		[1] = 1, [2] = id, [3] = class, [4] = mask,
		[10] = (uint32_t)fx_addr(f, vf, LX_BASE(id)) | LRC_DESC_KERNEL,
	};

	lx_send(f, vf, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
}

void sx_policy(unsigned vf, uint32_t id, uint32_t key, uint32_t value)
{
	uint32_t dw[4] = { 0, id, klv_header(key, 1), value };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 4);
}

void sx_go(unsigned vf, uint32_t id)
{
	lx_mode(f, vf, id, 1);
	fx_g2h_drain(f, vf, 0);
}

void sx_batch(unsigned vf, unsigned k, const uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fx_put(f, vf, LX_BATCH(k) + 4 * i, dw[i]);
	lx_emit_batch(f, vf, k, LX_BATCH(k));
}

void sx_loop(unsigned vf, unsigned k, uint32_t first)
{
	const uint32_t dw[7] = {
		first,
		ATOMIC_INC, (uint32_t)fx_addr(f, vf, LX_DATA(k)), 0,
		MI_BBS_GGTT, (uint32_t)fx_addr(f, vf, LX_BATCH(k) + 4), 0,
	};

	sx_batch(vf, k, dw, 7);
}

void sx_spin(unsigned vf, uint32_t id, uint32_t mask)
{
	sx_loop(vf, id, MI_NOOP);
	sx_add(vf, id, GUC_CLASS_BLITTER, mask);
}

uint32_t sx_count(unsigned vf, unsigned k)
{
	return fx_get(f, vf, LX_DATA(k));
}

void sx_expect_ratio(uint32_t a, uint32_t b, uint32_t want_a, uint32_t want_b)
{
	ck_assert_uint_gt(b, 0);
	ck_assert_msg(10ull * a * want_b >= 9ull * b * want_a &&
		      10ull * a * want_b <= 11ull * b * want_a, "%u to %u", a, b);
}

void sx_config(unsigned vf, uint32_t key, uint32_t value)
{
	const uint32_t list[2] = { klv_header(key, 1), value };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, vf, list, 2), 0xF0000001);
}

void sx_stubborn(unsigned vf, unsigned k)
{
	uint32_t dw[1712] = { MI_ARB_OFF };
	const uint32_t to = (uint32_t)fx_addr(f, vf, LX_DATA(k));
	const uint32_t one[5] = { MI_SDI_DWORD_GGTT, to, 0, 1, MI_ARB_ON };
	const uint32_t two[5] = { MI_SDI_DWORD_GGTT, to, 0, 2, MI_BATCH_BUFFER_END };

	memcpy(dw + 900, one, sizeof(one));
	memcpy(dw + 1700, two, sizeof(two));
	sx_batch(vf, k, dw, 1712);
}

void sx_expect_reset(uint32_t id)
{
	struct fx_msg m = lx_event(f, 1, GUC_ACTION_CONTEXT_RESET_NOTIFICATION);

	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], id);
	ck_assert(sx_slot(1, id)->killed);
}
