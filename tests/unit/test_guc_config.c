/* SPDX-License-Identifier: MIT */
/* UPDATE_VF_CFG, UPDATE_VGT_POLICY, opt-in, guc_provision (guc-abi 4, 5.3). */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new(1, 2, 2, NULL);
	fx_provision(f, 1);
	fx_provision(f, 2);
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
	ck_assert_uint_eq(config(1)->exec_quantum_ms, 16);
	ck_assert_uint_eq(config(1)->preempt_timeout_us, 0);
}
END_TEST

/* CF-02: too large quanta and timeouts are clamped silently. */
START_TEST(clamped)
{
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_EXEC_QUANTUM, 100001), 1);
	ck_assert_uint_eq(config(1)->exec_quantum_ms, 100000);
	ck_assert_uint_eq(klv32(1, GUC_KLV_VF_PREEMPT_TIMEOUT, UINT32_MAX), 1);
	ck_assert_uint_eq(config(1)->preempt_timeout_us, 100000000);
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
	vf->abi_minor = 17;
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
	ck_assert_uint_eq(config(1)->exec_quantum_ms, 17);
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
	SRunner *r;
	int failed;

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
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
