/* SPDX-License-Identifier: MIT */
/* The missed-fixup detector (vf-lifecycle 5.2, 5.7): every structure left as it
 * was, moved twice, with ranges apart and overlapping, is named with all its
 * words, and nothing else is. Ids F-.. of vf-lifecycle 6.3. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *a, *b;
static struct guc_options options;

static void setup(void)
{
	guc_options_default(&options);
	options.gap_profile = true;
	options.strict_detector = true;
	a = fx_new(1, 1, 1, &options);
	fx_provision(a, 1);
	fx_boot(a, 1, 0);
	fx_g2h_drain(a, 1, 0);
	lx_load(a);
}

static void teardown(void)
{
	fx_free(a);
	fx_free(b);
	b = NULL;
}

/* Move VF 1 to `start` of a new card, up to where its driver can fix things. */
static int64_t move(uint64_t start)
{
	uint32_t dwords = lx_save(a);

	b = lx_target(a, start, &options);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), hxg_success(HXG_ORIGIN_GUC, dwords));
	lx_resume(b);
	return (int64_t)start - FX_VF_START(1);
}

/* Address words of a fixup that the engine has still before it. */
static unsigned live(enum fixup fixup)
{
	unsigned n = 0;

	for (unsigned i = 0; i < lx_words_n; i++)
		n += lx_words[i].fixup == fixup && !lx_words[i].dead;
	return n;
}

static void expect_only(enum fixup fixup)
{
	struct guc_finding found[GUC_FINDINGS_KEPT];
	int n = guc_findings(&b->card, 1, 0, found, GUC_FINDINGS_KEPT);

	ck_assert_int_eq(n, (int)live(fixup));
	for (int i = 0; i < n; i++)
		ck_assert_msg(found[i].structure == fixup, "%s named for %s",
			      fixup_name(found[i].structure), fixup_name(fixup));
	ck_assert_uint_eq(fx_count(b, GUC_PT_FINDING), (unsigned)n);
	ck_assert(guc_detector_verdict(&b->card, 1) == (n == 0));
}

/* Starts apart from the old range, and overlapping it upwards and downwards. */
static const uint64_t starts[] = {
	FX_VF_START(5), FX_VF_START(1) + 0x10000, FX_VF_START(1) - 0x10000,
};
#define STARTS 3

/* F-09 to F-18, F-35: each fixup left out is named by all its words; a driver
 * that does all has no finding. */
START_TEST(test_skipped)
{
	move(starts[_i % STARTS]);
	lx_fix(b, 1u << (_i / STARTS), 0, 0);
	lx_done(b);
	expect_only((enum fixup)(_i / STARTS));
}
END_TEST

/* The same for fixups applied twice. */
START_TEST(test_twice)
{
	int64_t delta = move(starts[_i % STARTS]);

	lx_fix(b, 0, 1u << (_i / STARTS), delta);
	lx_done(b);
	expect_only((enum fixup)(_i / STARTS));
}
END_TEST

/* A finding says what, where, and which values. */
START_TEST(test_finding_values)
{
	struct guc_finding found;

	move(starts[0]);
	lx_fix(b, 0, 0, 0);
	fx_put(b, 1, LX_REGS(3) + 4 * LRC_RING_START, 0x1234);
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, &found, 1), 1);
	ck_assert_int_eq(found.structure, FIXUP_RING_START);
	ck_assert_uint_eq(found.context, 4);
	ck_assert_uint_eq(found.child, 1);
	ck_assert_uint_eq(found.dword, LRC_RING_START);
	ck_assert_uint_eq(found.old_value, FX_VF_START(1) + LX_RING(3));
	ck_assert_uint_eq(found.new_value, 0x1234);
	ck_assert_uint_eq(found.expected, starts[0] + LX_RING(3));
}
END_TEST

/* A word that is off by little, moved by half or by another VF's shift is as
 * wrong as a stale one. */
START_TEST(test_nearly_right)
{
	static const uint32_t off[] = { 4, 0x1000, 0x80000, (uint32_t)-4 };
	uint64_t right;

	move(starts[0]);
	lx_fix(b, 0, 0, 0);
	right = starts[0] + LX_RING(0);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_RING_START, (uint32_t)right + off[_i]);
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, NULL, 0), 1);
}
END_TEST

/* F-31: with the base unchanged there is nothing to move and nothing to find. */
START_TEST(test_same_base)
{
	move(FX_VF_START(1));
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, NULL, 0), 0);
	lx_finish(b);
}
END_TEST

/* Row 15: no-ops in place of the items are as good as moved ones. */
START_TEST(test_blanked_queue)
{
	move(starts[0]);
	lx_fix(b, 1u << FIXUP_WORK_QUEUE, 0, 0);
	for (uint32_t i = 0; i < 40; i += 4)
		fx_put(b, 1, LX_WQ(2) + i, WQ_TYPE_NOOP);
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, NULL, 0), 0);
}
END_TEST

/* Row 12, 20: gaps of Linux 7.2 are checked only in the profile that asks. */
START_TEST(test_gap_profile)
{
	a->card.block->options.gap_profile = false;
	options.gap_profile = false;
	move(starts[0]);
	lx_fix(b, 1u << FIXUP_INDIRECT_CTX | 1u << FIXUP_BATCH, 0, 0);
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, NULL, 0), 0);
}
END_TEST

/* R, double migration: paused again with half of its fixups done, the VF is
 * judged by what it was before the first. */
START_TEST(test_double_migration)
{
	struct fx *first;
	uint32_t dwords, noted;

	move(starts[0]);
	lx_fix(b, 1u << FIXUP_RING_START | 1u << FIXUP_JOBS, 0, 0);
	first = a;
	a = b;
	dwords = lx_save(a);
	b = lx_target(a, FX_VF_START(3), &options);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), hxg_success(HXG_ORIGIN_GUC, dwords));
	lx_resume(b);
	/* What is stale is no measure: notes are not taken anew before the check. */
	noted = guc_fn(&b->card, 0, 1)->notes_n;
	ck_assert_uint_gt(noted, 0);
	ck_assert(!guc_detector_note(&b->card, 0, 1));
	ck_assert_uint_eq(guc_fn(&b->card, 0, 1)->notes_n, noted);
	lx_fix(b, 1u << FIXUP_RING_START, 0, 0);
	lx_done(b);
	fx_free(first);
	expect_only(FIXUP_RING_START);
}
END_TEST

/* F-06: unread H2G with addresses is named unless it is blanked; zero work
 * queue words are no addresses (F-30). */
START_TEST(test_h2g)
{
	uint32_t dw[12] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, 0),
		[1] = 1, [2] = 9, [3] = GUC_CLASS_BLITTER, [4] = 1,
		[10] = (uint32_t)fx_addr(a, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};
	struct guc_finding found;

	a->card.block->options.no_drain = true;
	fx_h2g_quiet(a, 1, 0, CT_FENCE_UNTRACKED, dw, 12);
	move(starts[0]);
	lx_fix(b, 0, 0, 0);
	if (_i)
		memset(b->mem[1] + FX_H2G_BUF(0), 0, FX_H2G_BYTES);
	lx_done(b);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, &found, 1), !_i);
	if (!_i) {
		ck_assert_int_eq(found.structure, FIXUP_H2G);
		ck_assert_uint_eq(found.context, UINT32_MAX);
		ck_assert_uint_eq(found.old_value, dw[10]);
	}
}
END_TEST

/* F-08: a context made from a stale default image after the restore. */
START_TEST(test_fresh_context)
{
	struct guc_finding found[4];

	move(starts[0]);
	lx_fix(b, 0, 0, 0);
	lx_done(b);
	lx_make(b, 1, 0, false);
	lx_register(b, 1, 11, 0, 1);
	ck_assert_ptr_nonnull(guc_context_find(&b->card, 0, 1, 11));
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, NULL, 0), 0);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_MEMIRQ_STATUS, FX_VF_START(1));
	lx_register(b, 1, 10, 0, 1);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, found, 4), 1);
	ck_assert_int_eq(found[0].structure, FIXUP_DEFAULT_LRC);
	ck_assert_uint_eq(found[0].context, 10);
	ck_assert_uint_eq(found[0].dword, LRC_MEMIRQ_STATUS);
	ck_assert_uint_eq(found[0].expected, starts[0] + FX_MEMIRQ(0));
}
END_TEST

/* With MSI-X an image names the page of its instance. */
START_TEST(test_fresh_context_msix)
{
	struct guc_finding found[4];
	const uint32_t page = (uint32_t)starts[0] + FX_MEMIRQ(0) + 8 * GGTT_PAGE;

	move(starts[0]);
	lx_fix(b, 0, 0, 0);
	lx_done(b);
	lx_make(b, 1, 0, false);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_MEMIRQ_STATUS, page);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_MEMIRQ_SOURCE, page + 0x400);
	lx_register(b, 1, 12, 0, 1);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, found, 4), 2);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_MEMIRQ_LRI, MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 5);
	fx_put(b, 1, LX_REGS(0) + 4 * (LRC_INT_VEC - 1), REG_CS_INT_VEC);
	lx_register(b, 1, 10, 0, 1);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, found, 4), 2);
	fx_put(b, 1, LX_REGS(0) + 4 * LRC_MEMIRQ_STATUS, FX_VF_START(1));
	lx_register(b, 1, 11, 0, 1);
	ck_assert_int_eq(guc_findings(&b->card, 1, 0, found, 4), 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-detector");
	TCase *t = tcase_create("detector");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_skipped, 0, FIXUP_COUNT * STARTS);
	tcase_add_loop_test(t, test_twice, 0, FIXUP_COUNT * STARTS);
	tcase_add_test(t, test_finding_values);
	tcase_add_loop_test(t, test_nearly_right, 0, 4);
	tcase_add_test(t, test_same_base);
	tcase_add_test(t, test_blanked_queue);
	tcase_add_test(t, test_gap_profile);
	tcase_add_test(t, test_double_migration);
	tcase_add_loop_test(t, test_h2g, 0, 2);
	tcase_add_test(t, test_fresh_context);
	tcase_add_test(t, test_fresh_context_msix);
	suite_add_tcase(s, t);
	return check_main(s);
}
