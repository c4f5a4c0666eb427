/* SPDX-License-Identifier: MIT */
/* Hooks and progress of a recovery (vfc.h): every step of both generations is
 * reported when it ended and can be replaced, with success or with an error of
 * the hook's choice, and the next recovery is a whole one again. */
#include "tests/check_main.h"
#include "vfc_fixture.h"

#define START 0x550Fu
#define DONE  0x5508u
#define QUERY 0x5509u

static struct {
	enum vfc_step_id step[64];
	unsigned n;
} told;

static void note_step(unsigned gt, enum vfc_step_id step)
{
	(void)gt;
	ck_assert_uint_lt(told.n, 64);
	told.step[told.n++] = step;
}

static void hooks_boot(bool seed)
{
	told.n = 0;
	f.on_step = note_step;
	f.opt.ccs = true;
	if (seed) {
		f.opt.generation = VFC_GEN_SEED;
		f.version = 0x00011400;
	}
	boot();
}

static unsigned traced(uint32_t action)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.traced; i++)
		n += hxg_action(f.trace[i]) == action;
	return n;
}

/* Every step is told once, in the order of the table, after it was done. */
START_TEST(progress)
{
	unsigned first = _i ? VFC_STEP_SEED_BEGIN : VFC_STEP_SHUTDOWN;
	unsigned last = _i ? VFC_STEP_SEED_END : VFC_STEP_ENDED;

	hooks_boot(_i);
	busy_queue(0, 1);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(told.n, last - first + 1);
	for (unsigned i = 0; i < told.n; i++)
		ck_assert_uint_eq(told.step[i], first + i);
}
END_TEST

/* A replaced step is not done by the driver, told all the same, and leaves no
 * trace in the next recovery. */
START_TEST(replace)
{
	enum vfc_step_id step = (enum vfc_step_id)_i;
	bool seed = step <= VFC_STEP_SEED_END;

	hooks_boot(seed);
	busy_queue(0, 1);
	f.replace = step;
	migrate(OLD);
	run_ms(10);
	ck_assert_uint_eq(f.replaced, 1);
	ck_assert_uint_eq(told.n, seed ? 6 : 14);
	ck_assert_uint_eq(info(0).recoveries, 1);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(traced(START), step == VFC_STEP_START || seed ? 0 : 1);
	ck_assert_uint_eq(traced(QUERY) == 0,
			  step == VFC_STEP_QUERY || step == VFC_STEP_SEED_QUERY);
	ck_assert_uint_eq(traced(DONE),
			  step == VFC_STEP_DONE || step == VFC_STEP_SEED_NOTIFY ? 0 : 1);
	/* Once more, without the hook. */
	f.replace = VFC_STEP_COUNT;
	told.n = 0;
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(told.n, seed ? 6 : 14);
	ck_assert_uint_eq(info(0).recoveries, 2);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).ggtt_start, NEW);
	ck_assert(info(0).ggtt_valid);
	busy_queue(0, 1);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
}
END_TEST

/* An error of the hook is the step's: it wedges, and what is no error number is
 * taken for -EINVAL. Two steps have an error that means something else. */
START_TEST(replace_error)
{
	enum vfc_step_id step = (enum vfc_step_id)(_i / 2);

	hooks_boot(step <= VFC_STEP_SEED_END);
	f.replace = step;
	f.replace_err = _i % 2 ? 2 : -EIO;
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.replaced, 1);
	ck_assert_int_eq(info(0).wedged_err, _i % 2 ? -EINVAL : -EIO);
	ck_assert_uint_eq(info(0).pm_refs, 0);
}
END_TEST

static void once(unsigned gt, enum vfc_step_id step)
{
	(void)gt;
	if (step == f.replace)
		f.replace = VFC_STEP_COUNT;
}

/* A hook can play GuC's 0x107 at DONE (the run is queued again, with the next
 * marker) and the seed's "imminent" (the worker steps back). */
START_TEST(replace_meaning)
{
	hooks_boot(_i);
	f.on_step = once;
	f.replace = _i ? VFC_STEP_SEED_DECIDE : VFC_STEP_DONE;
	f.replace_err = _i ? -ECANCELED : -EREMCHG;
	migrate(NEW);
	run_ms(10);
	ck_assert_int_eq(info(0).wedged_err, 0);
	if (_i) {
		ck_assert_uint_eq(said("D: migration recovery deferred"), 1);
		ck_assert_uint_eq(traced(DONE), 0);
		ck_assert_uint_eq(info(0).pm_refs, 0);
		migrate(NEW);
		run_ms(10);
	} else {
		ck_assert_uint_eq(said("Re-queuing migration recovery"), 1);
		ck_assert_uint_eq(f.trace[f.traced - 1], 0x00025508);
	}
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_hooks");
	TCase *tc = tcase_create("hooks");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, progress, 0, 2);
	tcase_add_loop_test(tc, replace, 0, VFC_STEP_COUNT);
	tcase_add_loop_test(tc, replace_error, 0, 2 * VFC_STEP_COUNT);
	tcase_add_loop_test(tc, replace_meaning, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
