/* SPDX-License-Identifier: MIT */
/* UPDATE_VF_CFG, UPDATE_VGT_POLICY, opt-in, guc_provision (guc-abi 4, 5.3). */
#include <check.h>
#include <errno.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

static const struct guc_config *config(unsigned vf)
{
	return &guc_fn(&f->card, 0, vf)->config;
}

static uint32_t klv64(unsigned vf, uint32_t key, uint64_t v)
{
	const uint32_t list[3] = { klv_header(key, 2), lo32(v), hi32(v) };

	return fx_vf_cfg(f, 0, vf, list, 3) & 0xFFFF;
}

static uint32_t klv32(unsigned vf, uint32_t key, uint32_t v)
{
	const uint32_t list[2] = { klv_header(key, 1), v };

	return fx_vf_cfg(f, 0, vf, list, 2) & 0xFFFF;
}

/* CF-01: a list stops at the first bad KLV; what came before stays and is
 * counted. */
START_TEST(first_bad)
{
	static const uint32_t bad[][3] = {
		{ 0x00070001, 1, 0 },          /* unknown key */
		{ 0x8A020002, 1, 2 },          /* wrong length */
		{ 0x8A0C0001, 3, 0x8A020001 }, /* out of range */
		{ 0x8A0200FF, 1, 2 },          /* lies about its length */
		{ 0x09020001, 1, 0x8A020001 }, /* another family */
	};
	const uint32_t list[] = {
		0x8A010001, 16, bad[_i][0], bad[_i][1], bad[_i][2], 0x8A020001, 99,
	};

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, 7), 0xF0000001);
	ck_assert_uint_eq(config(1)->exec_quantum_ms[0], 16);
	ck_assert_uint_eq(config(1)->preempt_timeout_us[0], 0);
}
END_TEST

/* CF-02: too large quanta and timeouts are clamped silently. */
START_TEST(clamped)
{
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_EXEC_QUANTUM, 100001), 1);
	ck_assert_uint_eq(config(1)->exec_quantum_ms[0], 100000);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_PREEMPT_TIMEOUT, UINT32_MAX), 1);
	ck_assert_uint_eq(config(1)->preempt_timeout_us[0], 100000000);
}
END_TEST

/* CF-03: ranges outside the card, misaligned, or over another VF's are bad. */
START_TEST(ranges)
{
	struct guc_config before = *config(1);

	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, FX_VF_START(2)), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, FX_VF_START(2) - FX_MEM + 4096), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, FX_VF_START(1) + 1), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, FX_GGTT), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_SIZE, FX_GGTT), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_SIZE, UINT64_MAX - 4095), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_NUM_CONTEXTS, FX_VF_CONTEXTS + 1), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_NUM_CONTEXTS, 65535), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 65535), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_NUM_DOORBELLS, 257), 0);
	ck_assert_mem_eq(&before, config(1), sizeof(before));
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, FX_VF_START(2) - FX_MEM), 1);
}
END_TEST

/* CF-04: a start and the size that follows it are judged together, and fall
 * together. */
START_TEST(pairs)
{
	const uint32_t swap[] = { 0x00010002, FX_VF_START(3), 0, 0x00020002, 0x1000, 0 };
	const uint32_t bad[] = { 0x00010002, FX_VF_START(2), 0, 0x00020002, 0x1000, 0 };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, bad, 6), 0xF0000000);
	ck_assert_uint_eq(config(1)->ggtt_start, FX_VF_START(1));
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, swap, 6), 0xF0000002);
	ck_assert_uint_eq(config(1)->ggtt_start, FX_VF_START(3));
	ck_assert_uint_eq(config(1)->ggtt_size, 0x1000);
}
END_TEST

/* CF-05: size 0 withdraws, address and size 0 reset: UNPROVISIONED. */
START_TEST(withdrawn)
{
	const uint32_t reset[5] = { GUC_ACTION_UPDATE_VF_CFG, 1 };

	fx_boot(f, 1, 0);
	if (_i)
		ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_SIZE, 0), 1);
	else
		ck_assert_uint_eq(fx_pf(f, 0, reset, 5), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_UNPROVISIONED);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->ctb_enabled, 0);
	ck_assert_int_eq(fx_state(f, 1, 1), GUC_VFS_READY);
}
END_TEST

/* CF-06: refused requests: nobody, no list, foreign or unmapped list, too long. */
START_TEST(refused)
{
	static const struct {
		uint32_t dw[5], reply;
	} cases[] = {
		{ { 0x5503, 3, 0, 0, 0 }, 0xE000000C },
		{ { 0x5503, 1, 0, 0, 4 }, 0xE0000060 },
		{ { 0x5503, 1, FX_PF_START + FX_LIST, 0, 0 }, 0xF0000000 },
		{ { 0x5503, 1, FX_PF_START + FX_LIST + 2, 0, 1 }, 0xE0000080 },
		{ { 0x5503, 1, FX_VF_START(1), 0, 4 }, 0xE0000080 },
		{ { 0x5503, 1, FX_PF_START, 1, 4 }, 0xE0000080 },
		{ { 0x5503, 1, FX_GGTT - 4, 0, 4 }, 0xE0000080 },
		{ { 0x5503, 1, FX_PF_START, 0, GUC_KLV_LIST_MAX + 1 }, 0xE0000106 },
	};

	ck_assert_uint_eq(fx_pf(f, 0, cases[_i].dw, 5), cases[_i].reply);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
}
END_TEST

/* CF-07: the PF may be given more than a small card has. */
START_TEST(pf_itself)
{
	ck_assert_uint_eq(klv32(0, GUC_KLV_VF_NUM_CONTEXTS, 65535), 1);
	ck_assert_uint_eq(config(0)->num_contexts, FX_CONTEXTS);
	ck_assert_uint_eq(klv32(0, GUC_KLV_VF_NUM_DOORBELLS, 256), 1);
	ck_assert_uint_eq(klv64(0, GUC_KLV_VF_GGTT_SIZE, 0x80000000), 1);
}
END_TEST

/* CF-08: VGT policies are counted; bad values and lengths end the list. */
START_TEST(policies)
{
	const uint32_t list[] = { 0x80010001, 1, 0x80020001, 500, 0x80040000, 0x8D000001, 2 };
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_VGT_POLICY, FX_PF_START + FX_LIST, 0, 7 };

	memcpy(&f->mem[0][FX_LIST], list, sizeof(list));
	ck_assert_uint_eq(fx_pf(f, 0, dw, 4), 0xF0000003);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->sched_if_idle, 1);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->sample_period_ms, 500);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->reset_after_switch, 0);
}
END_TEST

/* CF-09: opt-ins need their ABI, and a bad list opts into nothing. */
START_TEST(opt_in)
{
	const uint32_t dw[4] = { GUC_ACTION_OPT_IN_FEATURE_KLV, FX_VF_START(1) + FX_FREE, 0, 2 };
	struct guc_function *vf = guc_fn(&f->card, 0, 1);

	fx_boot(f, 1, 0);
	fx_put(f, 1, FX_FREE, 0x40010000);
	fx_put(f, 1, FX_FREE + 4, 0x40020000);
	fx_h2g(f, 1, 0, 1, dw, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xE0000105);
	ck_assert_uint_eq(vf->opt_in, 0);
	fx_put(f, 1, FX_FREE + 4, 0x40030000);
	fx_h2g(f, 1, 0, 1, dw, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000002);
	ck_assert_uint_eq(vf->opt_in, 3);
	vf->abi_minor = GUC_ABI_DYNAMIC_ICS - 1;
	fx_h2g(f, 1, 0, 1, dw, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xE0000105);
	vf->abi_minor = 6;
	fx_h2g(f, 1, 0, 1, dw, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xE0000030);
}
END_TEST

/* CF-10: guc_provision does what a PF would, or nothing. */
START_TEST(without_pf)
{
	struct guc_vf_share share = { FX_VF_START(3), 0x10000, 48, 8, 0, 0, 0 };
	struct guc_config before;

	ck_assert_int_eq(guc_provision(&f->card, 3, &share), -ENODEV);
	ck_assert_int_eq(guc_provision(&f->card, 0, &share), -ENODEV);
	ck_assert_int_eq(guc_provision(&f->card, 1, &share), 0);
	ck_assert_uint_eq(guc_ggtt_entry(&f->card, 0, FX_VF_START(3) + 0xF000), 5);
	ck_assert_uint_eq(guc_ggtt_entry(&f->card, 0, FX_VF_START(1)), 0);
	ck_assert_int_eq(fx_state(f, 1, 1), GUC_VFS_READY);
	before = *config(1);
	share.ggtt_start = FX_VF_START(2) - 0x1000;
	ck_assert_int_eq(guc_provision(&f->card, 1, &share), -EINVAL);
	share.ggtt_start = FX_VF_START(3);
	share.begin_context = 32;
	ck_assert_int_eq(guc_provision(&f->card, 1, &share), -EINVAL);
	ck_assert_mem_eq(&before, config(1), sizeof(before));
}
END_TEST

/* CF-11: a geometry or option out of range is refused at power on. */
START_TEST(power_on)
{
	struct guc_geometry g = *guc_card_geometry(&f->card);
	struct guc_options o = *guc_card_options(&f->card);
	struct guc_card card = { 0 };

	ck_assert_int_eq(guc_card_init(&card, f->block, f->size - 1, &g, &o), -ENOSPC);
	ck_assert_int_eq(guc_card_init(&card, (char *)f->block + 4, f->size, &g, &o), -EINVAL);
	o.abi_minor = GUC_ABI_MAX_MINOR + 1;
	ck_assert_int_eq(guc_card_init(&card, f->block, f->size, &g, &o), -EINVAL);
	g.gts = 3;
	ck_assert_uint_eq(guc_card_size(&g), 0);
	g.gts = 1;
	g.ggtt_size = 4097;
	ck_assert_uint_eq(guc_card_size(&g), 0);
	g.ggtt_size = 4096;
	g.vfs = 64;
	ck_assert_uint_eq(guc_card_size(&g), 0);
}
END_TEST

/* guc-abi 12 item 32, P-22: VF_ENABLE comes once, to the PF, after the reply
 * that made the first VF usable; and not again. */
START_TEST(vf_enable)
{
	struct fx *fresh = fx_new(1, 1, 2, NULL);
	const uint32_t list[] = {
		klv_header(GUC_KLV_VF_GGTT_START, 2), FX_VF_START(1), 0,
		klv_header(GUC_KLV_VF_GGTT_SIZE, 2), FX_MEM, 0,
		klv_header(GUC_KLV_VF_NUM_CONTEXTS, 1), FX_VF_CONTEXTS,
	};
	struct fx_msg m;

	ck_assert_uint_eq(fx_vf_cfg(fresh, 0, 1, list, 6), 0xF0000002);
	ck_assert_uint_eq(fx_g2h_drain(fresh, 0, 0), 0);
	ck_assert_uint_eq(fx_vf_cfg(fresh, 0, 1, list, 8), 0xF0000003);
	m = fx_g2h(fresh, 0, 0);
	ck_assert_uint_eq(m.len, 3);
	ck_assert_uint_eq(m.dw[0], 0x90000000 | GUC_ACTION_VF_STATE_NOTIFY);
	ck_assert_uint_eq(m.dw[1], 0);
	ck_assert_uint_eq(m.dw[2], GUC_EVENT_VF_ENABLE);
	ck_assert_uint_eq(fx_vf_cfg(fresh, 0, 1, list, 8), 0xF0000003);
	ck_assert_uint_eq(fx_g2h_drain(fresh, 0, 0), 0);
	fx_free(fresh);
}
END_TEST

/* CF-14 (guc-abi 12, item 28): a key twice in a list: the later one wins, both
 * are counted. */
START_TEST(duplicates)
{
	const uint32_t list[] = { 0x8A010001, 16, 0x8A010001, 17 };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, 4), 0xF0000002);
	ck_assert_uint_eq(config(1)->exec_quantum_ms[0], 17);
}
END_TEST

/* Every configuration key of the table: too short, too long, smallest, largest,
 * beyond the largest, misaligned. The PF's own is not bounded by the card. */
START_TEST(every_key)
{
	unsigned n = 0;

	for (size_t i = 0; guc_klv_row(i); i++) {
		const struct guc_klv_row *row = guc_klv_row(i);
		uint32_t list[1 + 16] = { 0 };
		struct guc_config before;
		uint64_t max = row->align ? row->max - row->max % row->align : row->max;

		if (row->via != GUC_KLV_VIA_VF_CFG)
			continue;
		n++;
		before = *config(0);
		list[0] = klv_header(row->key, row->min_len - 1u);
		ck_assert_uint_eq(fx_vf_cfg(f, 0, 0, list, row->min_len), 0xF0000000);
		list[0] = klv_header(row->key, row->max_len + 1u);
		ck_assert_uint_eq(fx_vf_cfg(f, 0, 0, list, 2u + row->max_len), 0xF0000000);
		ck_assert_mem_eq(&before, config(0), sizeof(before));
		if (row->min_len == 2) {
			ck_assert_uint_eq(klv64(0, row->key, 0), 1);
			ck_assert_uint_eq(klv64(0, row->key, row->align), 1);
			ck_assert_uint_eq(klv64(0, row->key, max), 1);
			before = *config(0);
			if (row->max < UINT64_MAX)
				ck_assert_uint_eq(klv64(0, row->key, max + row->align), 0);
			ck_assert_uint_eq(klv64(0, row->key, row->align / 2), 0);
			ck_assert_uint_eq(klv64(0, row->key, row->align + 1), 0);
			ck_assert_mem_eq(&before, config(0), sizeof(before));
			continue;
		}
		ck_assert_uint_eq(klv32(0, row->key, 0), 1);
		ck_assert_uint_eq(klv32(0, row->key, (uint32_t)max), 1);
		before = *config(0);
		if (row->max >= UINT32_MAX)
			continue;
		ck_assert_uint_eq(klv32(0, row->key, (uint32_t)max + 1), row->clamp);
		ck_assert_mem_eq(&before, config(0), sizeof(before));
		ck_assert_uint_eq(klv32(0, row->key, UINT32_MAX), row->clamp);
		ck_assert_mem_eq(&before, config(0), sizeof(before));
	}
	ck_assert_uint_eq(n, 20);
}
END_TEST

/* The 64-bit keys' high dwords count. */
START_TEST(wide_values)
{
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_START, 1ull << 32), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_SIZE, 1ull << 32 | 0x1000), 0);
}
END_TEST

/* A VF's values have the card's limits: its last context, doorbell and page can be
 * given, one more cannot; nor can another VF's. */
START_TEST(card_limits)
{
	const uint32_t gone[5] = { GUC_ACTION_UPDATE_VF_CFG, 2 };
	const uint32_t last[] = {
		klv_header(GUC_KLV_VF_BEGIN_CONTEXT_ID, 1), FX_CONTEXTS - 2,
		klv_header(GUC_KLV_VF_NUM_CONTEXTS, 1), 2,
		klv_header(GUC_KLV_VF_BEGIN_DOORBELL_ID, 1), GUC_DOORBELLS - 3,
		klv_header(GUC_KLV_VF_NUM_DOORBELLS, 1), 3,
		klv_header(GUC_KLV_VF_GGTT_START, 2), FX_GGTT - 0x1000, 0,
		klv_header(GUC_KLV_VF_GGTT_SIZE, 2), 0x1000, 0,
	};

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, last, 14), 0xF0000006);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_NUM_CONTEXTS, 3), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_NUM_DOORBELLS, 4), 0);
	ck_assert_uint_eq(klv64(1, GUC_KLV_VF_GGTT_SIZE, 0x2000), 0);
	/* Beside VF 2's, and one over its first. */
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_DOORBELL_ID, 32 - 3), 1);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_DOORBELL_ID, 32 - 2), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_DOORBELL_ID, 47), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_DOORBELL_ID, 48), 1);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 32 - 2), 1);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 32 - 1), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 47), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 48), 1);
	/* When VF 2 has nothing, all of it is free. */
	ck_assert_uint_eq(fx_pf(f, 0, gone, 5), 0xF0000000);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_CONTEXT_ID, 32), 1);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_BEGIN_DOORBELL_ID, 32), 1);
}
END_TEST

/* TILE_MASK: never set it is all tiles; tiles that aren't there are refused on a
 * card of several, not looked at on a card of one; 0 can be read; a reset sets all. */
START_TEST(tile_mask)
{
	struct fx *two = fx_new(2, 1, 2, NULL), *one = f;
	const uint32_t ask[2] = { GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_TILE_MASK };
	const uint32_t reset[5] = { GUC_ACTION_UPDATE_VF_CFG, 1 };
	uint32_t reply[4];

	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_TILE_MASK, 0xFF), 1);
	f = two;
	fx_provision(f, 1);
	fx_mbox(f, 1, 0, ask, 2, reply);
	ck_assert_uint_eq(reply[1], 3);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_TILE_MASK, 4), 0);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_TILE_MASK, 2), 1);
	fx_mbox(f, 1, 0, ask, 2, reply);
	ck_assert_uint_eq(reply[1], 2);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_TILE_MASK, 0), 1);
	fx_mbox(f, 1, 0, ask, 2, reply);
	ck_assert_uint_eq(reply[1], 0);
	ck_assert_uint_eq(fx_pf(f, 0, reset, 5), 0xF0000000);
	ck_assert_uint_eq(config(1)->tile_mask, 3);
	f = one;
	fx_free(two);
}
END_TEST

/* What must hold for the configurations of a card, whatever was sent. */
static void check_configs(void)
{
	const struct guc_config *a = config(1), *b = config(2);

	for (unsigned vf = 1; vf <= 2; vf++) {
		const struct guc_config *c = config(vf);

		ck_assert(!c->ggtt_size || c->ggtt_start + c->ggtt_size <= FX_GGTT);
		ck_assert(!c->num_contexts || c->begin_context + c->num_contexts <= FX_CONTEXTS);
		ck_assert(!c->num_doorbells ||
			  c->begin_doorbell + c->num_doorbells <= GUC_DOORBELLS);
		ck_assert_uint_le(c->sched_priority, 2);
		for (unsigned g = 0; g < GUC_SCHED_GROUPS; g++)
			ck_assert_uint_le(c->exec_quantum_ms[g], 100000);
		ck_assert_int_eq(fx_state(f, vf, 0) == GUC_VFS_UNPROVISIONED,
				 !c->ggtt_size || !c->num_contexts);
	}
	ck_assert(!a->ggtt_size || !b->ggtt_size || a->ggtt_start + a->ggtt_size <= b->ggtt_start ||
		  b->ggtt_start + b->ggtt_size <= a->ggtt_start);
	ck_assert(!a->num_contexts || !b->num_contexts ||
		  a->begin_context + a->num_contexts <= b->begin_context ||
		  b->begin_context + b->num_contexts <= a->begin_context);
	ck_assert(!a->num_doorbells || !b->num_doorbells ||
		  a->begin_doorbell + a->num_doorbells <= b->begin_doorbell ||
		  b->begin_doorbell + b->num_doorbells <= a->begin_doorbell);
}

/* Lists of rubbish, of right keys with wrong lengths, wrong values and cut off
 * anywhere, for each VF: never more than the card, never another's. */
START_TEST(hostile_lists)
{
	uint64_t seed = 1 + (uint64_t)_i;
	uint32_t list[64];

	for (unsigned round = 0; round < 2000; round++) {
		uint32_t n = 0;

		while (n < 60) {
			const struct guc_klv_row *row;
			uint32_t len;

			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			row = guc_klv_row((seed >> 40) % 46);
			len = row ? row->min_len : 3;
			if ((seed >> 33) % 8 == 0)
				len = (seed >> 20) % 9;
			list[n++] = klv_header(row ? row->key : (uint32_t)(seed >> 48), len);
			for (uint32_t i = 0; i < len && n < 64; i++) {
				seed = seed * 6364136223846793005ull + 1442695040888963407ull;
				list[n++] = (seed >> 30) % 4 == 0 ? (uint32_t)(seed >> 32) :
					    row && row->min_len == 2 ?
						    i ? 0 : (seed >> 34) % 0x1100 * 0x1000 :
						    (seed >> 34) % 70;
			}
			if ((seed >> 50) % 4 == 0)
				break;
		}
		fx_vf_cfg(f, 0, 1 + round % 2, list, n);
		fx_g2h_drain(f, 0, 0);
		check_configs();
	}
}
END_TEST

/* The longest list is taken whole, one dword more is refused; a list that ends
 * within a KLV, or at a header, counts what came before. */
START_TEST(list_ends)
{
	static uint32_t list[GUC_KLV_LIST_MAX + 1];

	for (unsigned i = 0; i < GUC_KLV_LIST_MAX; i += 2) {
		list[i] = klv_header(GUC_KLV_VF_EXEC_QUANTUM, 1);
		list[i + 1] = i;
	}
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, GUC_KLV_LIST_MAX),
			  0xF0000000 | GUC_KLV_LIST_MAX / 2);
	ck_assert_uint_eq(config(1)->exec_quantum_ms[7], GUC_KLV_LIST_MAX - 2);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, GUC_KLV_LIST_MAX + 1), 0xE0000106);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, 3), 0xF0000001);
	list[2] = klv_header(GUC_KLV_VF_EXEC_QUANTUM, 0xFFFF);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, list, GUC_KLV_LIST_MAX), 0xF0000001);
}
END_TEST

/* One FLR is told to the PF of each GuC of each tile; each goes through its
 * own, in its own time, and the configuration stays. */
START_TEST(flr_on_all)
{
	struct fx *four = fx_new(2, 2, 1, NULL), *other = f;

	f = four;
	fx_provision(f, 1);
	for (unsigned gt = 0; gt < 4; gt++)
		fx_g2h_drain(f, 0, gt);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	for (unsigned gt = 0; gt < 4; gt++) {
		struct fx_msg m = fx_g2h(f, 0, gt);

		ck_assert_uint_eq(m.dw[0], 0x90000000 | GUC_ACTION_VF_STATE_NOTIFY);
		ck_assert_uint_eq(m.dw[1], 1);
		ck_assert_uint_eq(m.dw[2], GUC_EVENT_VF_FLR);
		ck_assert_uint_eq(fx_g2h(f, 0, gt).len, 0);
	}
	for (unsigned gt = 4; gt-- > 0;) {
		ck_assert_uint_eq(fx_control(f, gt, 1, GUC_VF_FLR_START), 0);
		ck_assert_uint_eq(fx_g2h(f, 0, gt).dw[2], GUC_EVENT_VF_FLR_DONE);
		ck_assert_uint_eq(fx_control(f, gt, 1, GUC_VF_FLR_FINISH), 0);
		for (unsigned i = 0; i < 4; i++)
			ck_assert_int_eq(fx_state(f, 1, i),
					 i < gt ? GUC_VFS_FLR_PENDING : GUC_VFS_READY);
		ck_assert_uint_eq(guc_fn(&f->card, gt, 1)->config.ggtt_size, FX_MEM);
	}
	ck_assert_int_eq(guc_flr(&f->card, 2), -ENODEV);
	ck_assert_int_eq(guc_flr(&f->card, 0), -ENODEV);
	f = other;
	fx_free(four);
}
END_TEST

START_TEST(klv_table)
{
	/* The KLV table is sorted, agrees with the names, and says what each key is. */
	uint32_t last = 0;

	for (size_t i = 0; guc_klv_row(i); i++) {
		const struct guc_klv_row *row = guc_klv_row(i);

		ck_assert_uint_gt(row->key, last);
		last = row->key;
		ck_assert_ptr_nonnull(guc_klv_name(row->key));
		ck_assert_ptr_eq(guc_klv_find(row->key), row);
		ck_assert_uint_gt(strlen(row->text), 0);
		ck_assert(guc_klv_len_ok(row, row->min_len) && guc_klv_len_ok(row, row->max_len));
		ck_assert(!guc_klv_len_ok(row, row->max_len + 1u));
		ck_assert(row->readable || row->via != GUC_KLV_VIA_GLOBAL);
	}
	ck_assert_ptr_null(guc_klv_find(0x8A09));
	ck_assert_ptr_null(guc_klv_of(GUC_KLV_VF_GGTT_START, GUC_KLV_VIA_SELF_CFG));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_config");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, first_bad, 0, 5);
	tcase_add_test(tc, clamped);
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, pairs);
	tcase_add_loop_test(tc, withdrawn, 0, 2);
	tcase_add_loop_test(tc, refused, 0, 8);
	tcase_add_test(tc, pf_itself);
	tcase_add_test(tc, policies);
	tcase_add_test(tc, opt_in);
	tcase_add_test(tc, without_pf);
	tcase_add_test(tc, power_on);
	tcase_add_test(tc, vf_enable);
	tcase_add_test(tc, duplicates);
	tcase_add_test(tc, klv_table);
	tcase_add_test(tc, every_key);
	tcase_add_test(tc, wide_values);
	tcase_add_test(tc, card_limits);
	tcase_add_test(tc, tile_mask);
	tcase_add_loop_test(tc, hostile_lists, 0, 4);
	tcase_add_test(tc, list_ends);
	tcase_add_test(tc, flr_on_all);
	suite_add_tcase(s, tc);
	return check_main(s);
}
