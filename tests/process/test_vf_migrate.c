/* SPDX-License-Identifier: MIT */
/* Migration of a VF on libgucvf's transport, both generations, against a real
 * "gucemu serve" process (vf-lifecycle 4 and 5, docs/protocol/frames.md). */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/check_main.h"
#include "vf_fixture.h"

/* Move VF 1 to `base` on the same card, all of it but the thaw. */
static void migrate(uint64_t base)
{
	struct vfc_info info;

	vfc_info(vft_driver(t.vf[0]), 0, &info);
	ck_assert_int_eq(control_verb(&t.control, "freeze vf=1"), 0);
	ck_assert_int_eq(control_verb(&t.control, "pf pause vf=1"), 0);
	ck_assert_int_eq(control_save(&t.control, 1), 0);
	ck_assert_uint_gt(t.control.image_len, 0);
	ck_assert_int_eq(control_verb(&t.control, "pf flr vf=1"), 0);
	ck_assert_int_eq(control_verb(&t.control, "pf unprovision vf=1"), 0);
	ck_assert_msg(control_verb(&t.control,
				   "pf provision vf=1 start=0x%" PRIx64 " ggtt=0x%" PRIx64
				   " contexts=%u doorbells=%u",
				   base, info.ggtt_size, info.contexts, info.doorbells) == 0, "%s",
		      t.control.reply);
	ck_assert_int_eq(control_verb(&t.control, "pf pause vf=1"), 0);
	ck_assert_int_eq(control_restore(&t.control, 1), 0);
	ck_assert_int_eq(control_verb(&t.control, "pf resume vf=1"), 0);
}

static void thaw(void)
{
	ck_assert_int_eq(control_verb(&t.control, "thaw vf=1"), 0);
}

struct load {
	uint32_t q[2][3], blocked[2][3], behind[2][3];
};

/* On each GT two plain and a parallel context, each with a job that blocks and
 * one behind it. */
static void load(struct load *l)
{
	for (unsigned gt = 0; gt < vft_gts(t.vf[0]); gt++) {
		for (unsigned i = 0; i < 3; i++) {
			l->q[gt][i] = queue(t.vf[0], gt, i == 2 ? 2 : 1);
			job_runs(t.vf[0], gt, l->q[gt][i]);
			l->blocked[gt][i] = submit(t.vf[0], gt, l->q[gt][i], VFC_JOB_WAIT);
			l->behind[gt][i] = submit(t.vf[0], gt, l->q[gt][i], VFC_JOB_LONG);
		}
	}
}

static void finish(const struct load *l)
{
	for (unsigned gt = 0; gt < vft_gts(t.vf[0]); gt++) {
		for (unsigned i = 0; i < 3; i++) {
			uint32_t q = l->q[gt][i];

			ck_assert_int_eq(vft_job_release(t.vf[0], gt, q, l->blocked[gt][i]), 0);
			ck_assert_int_eq(vft_wait_job(t.vf[0], gt, q, l->blocked[gt][i], MS), 0);
			ck_assert_int_eq(vft_wait_job(t.vf[0], gt, q, l->behind[gt][i], MS), 0);
			job_runs(t.vf[0], gt, q);
		}
	}
	ck_assert_int_eq(vft_wait_idle(t.vf[0], MS), 0);
}

static void no_findings(void)
{
	ck_assert_int_eq(control_verb(&t.control, "findings vf=1"), 0);
	ck_assert_msg(strstr(t.control.reply, "\"total\":0") != NULL, "%s", t.control.reply);
}

#define ELSEWHERE 0x4000000ull

static void boot_loaded(struct load *l)
{
	t.vf[0] = vf_boot(1);
	load(l);
	/* Room to move. */
	(void)control_verb(&t.control, "pf unprovision vf=2");
	(void)control_verb(&t.control, "pf unprovision vf=3");
}

START_TEST(test_migrate)
{
	/* A VF with unfinished jobs on every GT moves to another GGTT base: the
	 * recovery of either generation leaves every job right, and GuC finds no
	 * stale address. */
	struct load l;

	boot_loaded(&l);
	migrate(ELSEWHERE);
	thaw();
	ck_assert_int_eq(vft_wait_recoveries(t.vf[0], 1, MS), 0);
	ck_assert_uint_eq(base_of(t.vf[0]), ELSEWHERE);
	finish(&l);
	no_findings();
}
END_TEST

START_TEST(test_migrate_back)
{
	/* There and back again: the second base is the first. */
	struct load l;
	uint64_t home;

	boot_loaded(&l);
	home = base_of(t.vf[0]);
	migrate(ELSEWHERE);
	thaw();
	ck_assert_int_eq(vft_wait_recoveries(t.vf[0], 1, MS), 0);
	migrate(home);
	thaw();
	ck_assert_int_eq(vft_wait_recoveries(t.vf[0], 2, MS), 0);
	ck_assert_uint_eq(base_of(t.vf[0]), home);
	finish(&l);
	no_findings();
}
END_TEST

static const enum vfc_step_id seed_doubles[] = {
	VFC_STEP_SEED_QUERY, VFC_STEP_SEED_DECIDE, VFC_STEP_SEED_FIXUPS, VFC_STEP_SEED_NOTIFY,
};
static const enum vfc_step_id latest_doubles[] = {
	VFC_STEP_SHUTDOWN, VFC_STEP_MARKER,	VFC_STEP_START, VFC_STEP_QUERY,
	VFC_STEP_FIX_CCS,  VFC_STEP_FIX_QUEUES, VFC_STEP_REARM, VFC_STEP_DECIDE,
	VFC_STEP_DONE,	   VFC_STEP_KICKSTART,
};

START_TEST(test_migrate_twice)
{
	/* Migrated again while a recovery stands before the given step (R-01 and on):
	 * in the end the VF works at the last base. */
	struct load l;

	boot_loaded(&l);
	t.hold = t.seed ? seed_doubles[_i] : latest_doubles[_i];
	migrate(ELSEWHERE);
	thaw();
	while (!t.holding)
		uv_run(&t.loop, UV_RUN_ONCE);
	migrate(ELSEWHERE + 0x10000000);
	t.hold = VFC_STEP_COUNT;
	thaw();
	while (base_of(t.vf[0]) != ELSEWHERE + 0x10000000)
		uv_run(&t.loop, UV_RUN_ONCE);
	finish(&l);
	no_findings();
}
END_TEST

START_TEST(test_missed_fixup)
{
	/* A fixup that is left out is found by GuC and named. */
	struct load l;

	t.skip = 1u << FIXUP_RING_START;
	boot_loaded(&l);
	migrate(ELSEWHERE);
	thaw();
	ck_assert_int_eq(vft_wait_recoveries(t.vf[0], 1, MS), 0);
	ck_assert_int_eq(control_verb(&t.control, "findings vf=1"), 0);
	ck_assert_ptr_nonnull(strstr(t.control.reply, "ring-start"));
}
END_TEST

START_TEST(test_submit_in_recovery)
{
	/* A job that is submitted while a recovery is under way runs after it. */
	struct load l;
	uint32_t job;

	boot_loaded(&l);
	t.hold = t.seed ? VFC_STEP_SEED_FIXUPS : VFC_STEP_FIX_QUEUES;
	migrate(ELSEWHERE);
	thaw();
	while (!t.holding)
		uv_run(&t.loop, UV_RUN_ONCE);
	job = submit(t.vf[0], 0, l.q[0][0], VFC_JOB_STORE);
	t.hold = VFC_STEP_COUNT;
	finish(&l);
	ck_assert_int_eq(vft_wait_job(t.vf[0], 0, l.q[0][0], job, MS), 0);
	no_findings();
}
END_TEST

/* A case with a server of its own, and what all of them go through. */
static TCase *add_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, set_up, vf_teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_migrate);
	suite_add_tcase(suite, c);
	return c;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("vf_migrate");
	TCase *c;

	if (!gucemu_path())
		return 77;
	add_case(suite, "seed, one GT", vf_setup_seed_one_gt);
	add_case(suite, "one GT", vf_setup_one_gt);
	c = add_case(suite, "seed", vf_setup_seed);
	tcase_add_test(c, test_migrate_back);
	tcase_add_loop_test(c, test_migrate_twice, 0, COUNT(seed_doubles));
	tcase_add_test(c, test_submit_in_recovery);
	tcase_add_test(c, test_missed_fixup);
	c = add_case(suite, "two GTs", vf_setup);
	tcase_add_test(c, test_migrate_back);
	tcase_add_loop_test(c, test_migrate_twice, 0, COUNT(latest_doubles));
	tcase_add_test(c, test_submit_in_recovery);
	tcase_add_test(c, test_missed_fixup);
	return check_main(suite);
}
