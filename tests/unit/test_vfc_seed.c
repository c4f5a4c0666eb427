/* SPDX-License-Identifier: MIT */
/* Migration recovery of the first generation against a scripted GuC: one worker
 * for all GTs, deferring, skipping (vf-lifecycle 4.1, R-38 to R-40). */
#include "tests/check_main.h"
#include "vfc_recovery.h"

static void seed_boot(unsigned gts)
{
	f.opt.gts = (uint8_t)gts;
	f.opt.generation = VFC_GEN_SEED;
	f.version = 0x00011400;
	boot();
}

/* queries, then 0x00005508; the lines of the document, in order. */
START_TEST(R_38_seed_plain)
{
	seed_boot(1);
	begin_work(0, 1 + (unsigned)_i);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.trace[0], QUERY);
	ck_assert_uint_eq(f.trace[f.traced - 1], 0x00005508);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_str_eq(f.log, "I gt0: ready for recovery after migration\n"
				"I: VF migration recovery scheduled\n"
				"D: migration recovery in progress\n"
				"N: migration recovery ended\n");
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).recoveries, 1);
}
END_TEST

/* R-06 of the seed: nothing is sent until every GT was interrupted. */
START_TEST(R_06_seed_all_gts)
{
	seed_boot(2);
	migrate_gt(0, NEW);
	run_ms(1000);
	ck_assert_uint_eq(f.traced, 0);
	ck_assert_uint_eq(said("D gt1: still not ready to recover"), 1);
	migrate_gt(1, NEW);
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(f.bases, 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* vf-lifecycle 4.1, event: a full set of interrupts while the worker is queued
 * only says so. */
START_TEST(seed_queued)
{
	seed_boot(1);
	for (unsigned i = 0; i < 3; i++) {
		migrate(NEW);
		vfc_step(f.v, f.now);
	}
	run_ms(10);
	ck_assert_uint_eq(said("I: VF migration recovery scheduled"), 1);
	ck_assert_uint_eq(said("I: VF migration recovery already in progress"), 2);
	ck_assert_uint_eq(said("I gt0: ready for recovery after migration"), 3);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(traced(0x00005508), 1);
}
END_TEST

static void after_first_notify(unsigned gt, enum vfc_step_id step)
{
	if (gt == 0 && step == VFC_STEP_SEED_NOTIFY && !f.held) {
		f.held = true;
		migrate_gt(0, NEW);
	}
}

/* vf-lifecycle 4.1, step 6: one GT may be notified and the other not; "ended" is
 * said all the same, and the next full set recovers both. */
START_TEST(seed_half_notified)
{
	seed_boot(2);
	f.on_step = after_first_notify;
	migrate(NEW);
	/* The interrupt is handled before the second GT is asked. */
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 0);
	ck_assert_uint_eq(said("D: another recovery imminent, skipping notifications"), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_RECOVERING);
	migrate_gt(1, NEW);
	run_ms(10);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* GT 0 interrupts again while the worker runs: it steps back ("deferred",
 * or "skipping notifications" and "ended") until GT 1 interrupts too. */
static const struct {
	enum vfc_step_id hold;
	const char *line;
	unsigned done, ended;
} imminents[] = {
	{ VFC_STEP_SEED_QUERY, "D: migration recovery deferred", 0, 0 },
	{ VFC_STEP_SEED_DECIDE, "D: migration recovery deferred", 0, 0 },
	{ VFC_STEP_SEED_NOTIFY, "D: another recovery imminent, skipping notifications", 0, 1 },
};

START_TEST(R_39_seed_imminent)
{
	seed_boot(2);
	f.holding = true;
	f.hold = imminents[_i].hold;
	migrate(NEW);
	run_ms(5);
	ck_assert(f.held);
	ck_assert_uint_eq(info(0).pm_refs, 1);
	migrate_gt(0, NEW + 64 * MIB);
	run_ms(1);
	f.holding = false;
	run_ms(1000);
	ck_assert_uint_eq(said(imminents[_i].line), 1);
	ck_assert_uint_eq(traced(0x00005508) + traced(0x80005508), imminents[_i].done);
	ck_assert_uint_eq(said("N: migration recovery ended"), imminents[_i].ended);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_RECOVERING);
	migrate_gt(1, NEW + 64 * MIB);
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(info(0).ggtt_start, NEW + 64 * MIB);
}
END_TEST

/* a query error is thrown away when another recovery is imminent, else it
 * wedges; the other GT is queried all the same. */
START_TEST(R_40_seed_query_error)
{
	seed_boot(2);
	add_rule((struct rule){ .action = QUERY, .key = 2, .answer = 0xE0000107, .times = 1,
				.gt = 1 });
	f.holding = true;
	f.hold = VFC_STEP_SEED_DECIDE;
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_ge(traced(0x80000000u | QUERY), 4);
	if (_i)
		migrate_gt(0, NEW);
	run_ms(1);
	f.holding = false;
	run_ms(10);
	ck_assert_uint_eq(said("D: migration recovery deferred"), _i ? 1 : 0);
	ck_assert_uint_eq(said("E: migration recovery failed (-EREMCHG)"), _i ? 0 : 1);
	ck_assert_uint_eq(info(0).state, _i ? VFC_STATE_RECOVERING : VFC_STATE_WEDGED);
	ck_assert_uint_eq(info(0).pm_refs, 0);
}
END_TEST

/* vf-lifecycle 4.1 step 6: the answer to the notification is only logged. */
START_TEST(seed_notify_error)
{
	seed_boot(1);
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000060, .times = 1 });
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(said("Failed to notify GuC about resource fixup done (-ENXIO)"), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_seed");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, R_38_seed_plain, 0, 3);
	tcase_add_test(tc, R_06_seed_all_gts);
	tcase_add_test(tc, seed_queued);
	tcase_add_test(tc, seed_half_notified);
	tcase_add_loop_test(tc, R_39_seed_imminent, 0, COUNT(imminents));
	tcase_add_loop_test(tc, R_40_seed_query_error, 0, 2);
	tcase_add_test(tc, seed_notify_error);
	suite_add_tcase(s, tc);
	return check_main(s);
}
