/* SPDX-License-Identifier: MIT */
/* What a recovery makes of wrong answers and of a configuration that is another one
 * after the migration: what wedges, with which error and line, what does not
 * (vf-lifecycle 4.6, 4.7, R-20 to ). */
#include "tests/check_main.h"
#include "vfc_recovery.h"

/* what wedges, with which error and which line (C-26: every
 * job ends, the unfinished one with -ECANCELED). */
static const struct {
	const char *id;
	struct rule rule;
	int err;
	const char *line;
	bool discrete;
} wedges[] = {
	{ "R-20", { .action = START, .answer = 0xE0000060, .times = 1 }, -ENXIO,
	  "Recovery failed at GuC RESFIX_START step (-ENXIO)", 0 },
	{ "R-21", { .action = DONE, .answer = 0xE0000060, .times = 1 }, -ENXIO,
	  "Recovery failed at GuC RESFIX_DONE step (-ENXIO)", 0 },
	{ "R-22 START", { .action = START, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_START step (-ETIMEDOUT)", 0 },
	{ "R-22 QUERY", { .action = QUERY, .key = 4, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "migration recovery failed (-ETIMEDOUT)", 0 },
	{ "R-22 DONE", { .action = DONE, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_DONE step (-ETIMEDOUT)", 0 },
	{ "R-23", { .action = DONE, .answer = 0xB0000000, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_DONE step (-ETIMEDOUT)", 0 },
	{ "R-25", { .action = START, .answer = CLEARED, .times = 3 }, -ENOLINK,
	  "Recovery failed at GuC RESFIX_START step (-ENOLINK)", 0 },
	{ "R-26 START", { .action = START, .answer = 0xF0000001, .times = 1 }, -EPROTO,
	  "Recovery failed at GuC RESFIX_START step (-EPROTO)", 0 },
	{ "R-26 DONE", { .action = DONE, .answer = 0xF0000001, .times = 1 }, -EPROTO,
	  "Recovery failed at GuC RESFIX_DONE step (-EPROTO)", 0 },
	{ "R-27 larger", { .action = QUERY, .key = 2, .answer = 0xF0000002, .dw1 = 32 * MIB,
			   .times = 1 }, -EREMCHG, "Unexpected GGTT reassignment", 0 },
	{ "R-27 smaller", { .action = QUERY, .key = 2, .answer = 0xF0000002, .dw1 = 8 * MIB,
			    .times = 1 }, -EREMCHG, "Unexpected GGTT reassignment", 0 },
	{ "R-28", { .action = QUERY, .key = 2, .answer = 0xF0000002, .times = 1 }, -ENODATA,
	  "migration recovery failed (-ENODATA)", 0 },
	{ "R-29 changed", { .action = QUERY, .key = 3, .answer = 0xF0000002, .dw1 = 128 * MIB,
			    .times = 1 }, -EREMCHG, "Unexpected LMEM reassignment", 1 },
	{ "R-29 zero", { .action = QUERY, .key = 3, .answer = 0xF0000002, .times = 1 }, -EREMCHG,
	  "Unexpected LMEM reassignment", 1 },
	{ "R-30 changed", { .action = QUERY, .key = 4, .answer = 0xF0000001, .dw1 = 65,
			    .times = 1 }, -EREMCHG, "Unexpected CTXs reassignment", 0 },
	{ "R-30 zero", { .action = QUERY, .key = 4, .answer = 0xF0000001, .times = 1 }, -EREMCHG,
	  "Unexpected CTXs reassignment", 0 },
	{ "R-31 changed", { .action = QUERY, .key = 6, .answer = 0xF0000001, .dw1 = 9,
			    .times = 1 }, -EREMCHG, "Unexpected DBs reassignment", 0 },
	{ "R-31 8 to 0", { .action = QUERY, .key = 6, .answer = 0xF0000001, .times = 1 }, -EREMCHG,
	  "Unexpected DBs reassignment", 0 },
	{ "R-32", { .action = QUERY, .key = 0x3001, .answer = 0xF0000001, .dw1 = 2, .times = 1 },
	  -EPROTO, "migration recovery failed (-EPROTO)", 0 },
	{ "R-33 short", { .action = QUERY, .key = 1, .answer = 0xF0000001, .times = 1 }, -ENODATA,
	  "migration recovery failed (-ENODATA)", 0 },
	{ "R-33 long", { .action = QUERY, .key = 1, .answer = 0xF0000003, .times = 1 }, -EOVERFLOW,
	  "migration recovery failed (-EOVERFLOW)", 0 },
	{ "R-33 MBZ", { .action = QUERY, .key = 1, .answer = 0xF0100002, .times = 1 }, -EPROTO,
	  "migration recovery failed (-EPROTO)", 0 },
	{ "R-35 low", { .action = QUERY, .key = 1, .answer = 0xF0000002, .dw1 = 0x100000,
			.times = 1 }, -ERANGE, "migration recovery failed (-ERANGE)", 0 },
	{ "R-35 high", { .action = QUERY, .key = 1, .answer = 0xF0000002, .dw1 = 0xFE000000,
			 .times = 1 }, -ERANGE, "migration recovery failed (-ERANGE)", 0 },
};

static void wedged_by(int i)
{
	f.opt.discrete = wedges[i].discrete;
	boot();
	begin_work(0, 1);
	add_rule(wedges[i].rule);
	migrate(NEW);
	run_ms(5000);
	ck_assert_msg(info(0).wedged_err == wedges[i].err, "%s: %s\n%s", wedges[i].id,
		      text_errno(info(0).wedged_err), f.log);
	ck_assert_uint_eq(info(0).state, VFC_STATE_WEDGED);
	ck_assert_msg(said(wedges[i].line) == 1, "%s: %s", wedges[i].id, f.log);
	ck_assert_uint_eq(said("migration recovery failed ("), 1);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1), -ENODEV);
	/* A fresh probe works. */
	f.rules = 0;
	f.frozen = false;
	ck_assert_int_eq(vfc_boot(f.v, 1), 0);
	run_ms(100);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}

/* Every row of this id, each on a driver of its own. */
static void wedged_as(const char *id)
{
	unsigned n = 0;

	for (int i = 0; i < COUNT(wedges); i++) {
		if (strncmp(wedges[i].id, id, strlen(id)) != 0)
			continue;
		prepare();
		wedged_by(i);
		n++;
	}
	ck_assert_uint_gt(n, 0);
}

/* any other error at START wedges. */
START_TEST(R_20_start_fails)
{
	wedged_as("R-20");
}
END_TEST

/* an error at DONE wedges. */
START_TEST(R_21_done_fails)
{
	wedged_as("R-21");
}
END_TEST

/* no answer to START, a query or DONE within 50 ms wedges. */
START_TEST(R_22_no_answer)
{
	wedged_as("R-22");
}
END_TEST

/* BUSY at DONE and nothing more wedges. */
START_TEST(R_23_busy_only)
{
	wedged_as("R-23");
}
END_TEST

/* a mailbox that reads 0 three times wedges. */
START_TEST(R_25_cleared)
{
	wedged_as("R-25");
}
END_TEST

/* a DATA0 that is not 0 wedges. */
START_TEST(R_26_data0)
{
	wedged_as("R-26");
}
END_TEST

/* another GGTT size wedges. */
START_TEST(R_27_ggtt_size)
{
	wedged_as("R-27");
}
END_TEST

/* a GGTT of no size wedges. */
START_TEST(R_28_no_ggtt)
{
	wedged_as("R-28");
}
END_TEST

/* other local memory, or none wedges. */
START_TEST(R_29_lmem)
{
	wedged_as("R-29");
}
END_TEST

/* another number of contexts, or none wedges. */
START_TEST(R_30_contexts)
{
	wedged_as("R-30");
}
END_TEST

/* another number of doorbells, or none wedges. */
START_TEST(R_31_doorbells)
{
	wedged_as("R-31");
}
END_TEST

/* a flag that is neither 0 nor 1 wedges. */
START_TEST(R_32_groups)
{
	wedged_as("R-32");
}
END_TEST

/* keys of the wrong length wedges. */
START_TEST(R_33_klv_length)
{
	wedged_as("R-33");
}
END_TEST

/* a base outside what is legal wedges. */
START_TEST(R_35_base_range)
{
	wedged_as("R-35");
}
END_TEST

/* what does not wedge. */
static const struct {
	const char *id;
	struct rule rule;
	uint32_t quirks;
	bool no_doorbells;
} accepted[] = {
	{ "R-24", { .action = START, .answer = 0xD0000000, .times = 5 }, 0, 0 },
	{ "R-31 0 to 8", { .action = QUERY, .key = 6, .answer = 0xF0000001, .dw1 = 8, .times = 1 },
	  0, 1 },
	{ "R-32 0 to 1", { .action = QUERY, .key = 0x3001, .answer = 0xF0000001, .dw1 = 1,
			   .times = 1 }, 0, 0 },
	{ "R-34", { .action = QUERY, .key = 0x3000, .answer = 0xE0000105, .times = 1 }, 0, 0 },
	{ "R-25 twice", { .action = DONE, .answer = CLEARED, .times = 2 }, 0, 0 },
};

static void survives(int i)
{
	f.opt.quirks = accepted[i].quirks;
	if (accepted[i].no_doorbells)
		f.gt[0].doorbells = 0;
	boot();
	begin_work(0, 1);
	add_rule(accepted[i].rule);
	migrate(NEW);
	run_ms(2000);
	ck_assert_msg(info(0).state == VFC_STATE_READY, "%s: %s", accepted[i].id, f.log);
	ck_assert_uint_eq(f.jobs_ok, 2);
	if (i == 0)
		for (unsigned n = 1; n < 6; n++)
			ck_assert_uint_eq(f.at[n] - f.at[n - 1], MS << (n - 1));
}

/* a RETRY is sent again, after 1, 2, 4 ... ms. */
START_TEST(R_24_retry)
{
	survives(0);
}
END_TEST

/* doorbells that appear are taken. */
START_TEST(R_31_doorbells_appear)
{
	survives(1);
}
END_TEST

/* scheduling groups that appear are taken. */
START_TEST(R_32_groups_appear)
{
	survives(2);
}
END_TEST

/* a GMD query that fails is no reason to wedge. */
START_TEST(R_34_gmd_fails)
{
	survives(3);
}
END_TEST

/* a mailbox that reads 0 twice is asked again. */
START_TEST(R_25_cleared_twice)
{
	survives(4);
}
END_TEST

/* GTs that name two starts for the one GGTT are a fault; that the other
 * GT was migrated once more is not. A 7.2 driver believes the last. */
START_TEST(R_36_two_bases)
{
	f.opt.gts = 2;
	f.opt.quirks = _i == 1 ? VFC_QUIRK_BIT(NO_BASE_CHECK) : 0;
	boot();
	migrate_gt(0, NEW);
	migrate_gt(1, NEW + 64 * MIB);
	run_ms(_i == 2 ? 20 : 1000);
	if (_i == 0) {
		ck_assert_int_eq(info(0).wedged_err, -EPROTO);
		return;
	}
	if (_i == 2)
		migrate_gt(0, NEW + 64 * MIB);
	run_ms(1000);
	ck_assert_int_eq(info(0).wedged_err, 0);
	ck_assert_uint_eq(info(1).recoveries, 1);
	ck_assert_uint_eq(info(0).ggtt_start, NEW + 64 * MIB);
}
END_TEST

/* below ABI 1.27 the latest generation is off: a notice at boot, an
 * error line at an interrupt, no START, and the CTB goes on. */
START_TEST(R_37_R_60_unsupported)
{
	f.version = 0x00011400;
	f.opt.generation = VFC_GEN_LATEST;
	begin();
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(said("N: migration disabled"), 1);
	ck_assert(!info(0).migration_supported);
	f.traced = 0;
	raise_irq(0, GUC_IRQ_SW_INT_0);
	run_ms(10);
	ck_assert_uint_eq(said("E gt0: migration not supported"), 1);
	ck_assert_uint_eq(f.traced, 0);
	ck_assert(!info(0).recovery_pending);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).tlb_done, 1);
}
END_TEST

/* wedged mode "never": whatever fails, in both generations, kills the GT's
 * queues and nothing else; a GT reset makes it usable again, at the new base. */
START_TEST(R_52_never_wedged)
{
	static const struct rule rules[] = {
		{ .action = START, .answer = 0xE0000060, .times = 1 },
		{ .action = QUERY, .key = 1, .answer = 0xF0000001, .times = 1 },
		{ .action = DONE, .answer = 0xE0000060, .times = 1 },
		{ .action = QUERY, .key = 4, .answer = SILENT, .times = 1 },
	};
	struct vfc_job job = { VFC_JOB_STORE, 0x3333, 0 };
	bool seed = _i == 3;
	uint32_t q;

	f.opt.never_wedge = true;
	f.opt.generation = seed ? VFC_GEN_SEED : VFC_GEN_AUTO;
	boot();
	q = begin_work(0, 1);
	add_rule(rules[_i]);
	migrate(NEW);
	run_ms(100);
	ck_assert_uint_eq(said("migration recovery failed ("), 1);
	ck_assert_uint_eq(said("wedged mode is \"never\""), 1);
	ck_assert_uint_eq(said("device declared wedged"), 0);
	ck_assert_int_eq(info(0).wedged_err, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), -ECANCELED);
	f.frozen = false;
	ck_assert_int_eq(vfc_reset(f.v, 0, 7), 0);
	run_ms(100);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, 0);
	busy_queue(0, 1);
	ck_assert_uint_eq(info(0).ggtt_start, NEW);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_mismatch");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_test(tc, R_20_start_fails);
	tcase_add_test(tc, R_21_done_fails);
	tcase_add_test(tc, R_22_no_answer);
	tcase_add_test(tc, R_23_busy_only);
	tcase_add_test(tc, R_25_cleared);
	tcase_add_test(tc, R_26_data0);
	tcase_add_test(tc, R_27_ggtt_size);
	tcase_add_test(tc, R_28_no_ggtt);
	tcase_add_test(tc, R_29_lmem);
	tcase_add_test(tc, R_30_contexts);
	tcase_add_test(tc, R_31_doorbells);
	tcase_add_test(tc, R_32_groups);
	tcase_add_test(tc, R_33_klv_length);
	tcase_add_test(tc, R_35_base_range);
	tcase_add_test(tc, R_24_retry);
	tcase_add_test(tc, R_31_doorbells_appear);
	tcase_add_test(tc, R_32_groups_appear);
	tcase_add_test(tc, R_34_gmd_fails);
	tcase_add_test(tc, R_25_cleared_twice);
	tcase_add_loop_test(tc, R_36_two_bases, 0, 3);
	tcase_add_test(tc, R_37_R_60_unsupported);
	tcase_add_loop_test(tc, R_52_never_wedged, 0, 4);
	suite_add_tcase(s, tc);
	return check_main(s);
}
