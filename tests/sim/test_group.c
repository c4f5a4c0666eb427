/* SPDX-License-Identifier: MIT */
/* Multi-queue groups and mishaps between the real GuC and this project's driver:
 * life of a group, syncs that get lost, recovery of its page (vf-lifecycle 5.2
 * row 21), resets and faults as a driver hears of them (guc-abi 6.3). */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "load.h"
#include "suites.h"

static struct sim *s;
static struct sim_vf *vf;
static uint32_t primary;

static void begin(struct sim_options *o)
{
	s = sim_new(o);
	vf = s->vf[0];
	ck_assert_int_eq(sim_boot(s, vf), 0);
}

static void setup(void)
{
	struct sim_options o;

	sim_defaults(&o);
	begin(&o);
}

static void teardown(void)
{
	sim_free(s);
}

static uint32_t add_group(void)
{
	int id = vfc_group_create(vf->vfc, 0, GUC_CLASS_COMPUTE);

	ck_assert_int_ge(id, 0);
	primary = (uint32_t)id;
	return primary;
}

static uint32_t add_member(void)
{
	int id = vfc_group_add(vf->vfc, 0, primary);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

static int submit(uint32_t queue, enum vfc_job_kind kind)
{
	const struct vfc_job job = { .kind = kind, .value = 0xABC0 + queue };

	return vfc_job_submit(vf->vfc, 0, queue, &job);
}

static void run_job(uint32_t queue)
{
	ck_assert_int_gt(submit(queue, VFC_JOB_STORE), 0);
	ck_assert_msg(sim_jobs_drained(s, vf), "%s", vf->log);
	ck_assert_uint_eq(vf->jobs_bad, 0);
}

static struct vfc_info info(void)
{
	struct vfc_info i;

	vfc_info(vf->vfc, 0, &i);
	return i;
}

static struct guc_context *context(void)
{
	return guc_context(&s->card[vf->card].guc, 0, 1, primary);
}

/* guc-abi 6.4: GuC knows one context; its queues come one by one, each with its
 * first job; all run. */
START_TEST(life)
{
	uint32_t member[3];

	add_group();
	for (unsigned i = 0; i < 3; i++)
		member[i] = add_member();
	run_job(member[1]);
	run_job(primary);
	run_job(member[0]);
	ck_assert(context()->group && context()->enabled);
	ck_assert_uint_eq(info().registered, 3);
	ck_assert_uint_eq(info().queues, 4);
	/* A member that goes takes its jobs along, and nothing else. */
	ck_assert_int_gt(submit(member[0], VFC_JOB_WAIT), 0);
	sim_run(s, SIM_MS);
	ck_assert_int_eq(vfc_queue_destroy(vf->vfc, 0, member[0]), 0);
	sim_run(s, SIM_MS);
	ck_assert_uint_eq(info().jobs_failed, 1);
	ck_assert_int_eq(submit(member[0], VFC_JOB_STORE), -ENOENT);
	ck_assert_int_gt(submit(member[2], VFC_JOB_STORE), 0);
	sim_run(s, 5 * SIM_MS);
	ck_assert_uint_eq(info().jobs_done, 4);
	/* With the primary all go, and the memory comes back. */
	ck_assert_int_eq(vfc_queue_destroy(vf->vfc, 0, primary), 0);
	ck_assert_int_eq(submit(member[2], VFC_JOB_STORE), -ENOENT);
	sim_run(s, 10 * SIM_MS);
	ck_assert_uint_eq(info().queues, 0);
	ck_assert(!context()->registered);
	ck_assert_uint_eq(add_group(), 0);
	vf->jobs_bad = 0;
	run_job(primary);
}
END_TEST

/* vfc.h: what can't be had. */
START_TEST(refused)
{
	ck_assert_int_eq(vfc_group_create(vf->vfc, 1, GUC_CLASS_COMPUTE), -EINVAL);
	ck_assert_int_eq(vfc_group_create(vf->vfc, 0, GUC_CLASS_OTHER), -EINVAL);
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, 3), -ENOENT);
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, VFC_MAX_QUEUES), -EINVAL);
	primary = (uint32_t)vfc_queue_create(vf->vfc, 0, GUC_CLASS_COMPUTE, 1);
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, primary), -ENOENT);
	add_group();
	for (unsigned i = 1; i < 60; i++)
		add_member();
	ck_assert_int_eq(vfc_queue_destroy(vf->vfc, 0, primary), 0);
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, primary), -ENOENT);
}
END_TEST

/* A group has 64 places; the 65th queue is refused. */
START_TEST(full)
{
	struct sim_options o;

	teardown();
	sim_defaults(&o);
	o.vf_contexts = 128;
	begin(&o);
	add_group();
	for (unsigned i = 1; i < CGP_QUEUES; i++)
		add_member();
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, primary), -ENOSPC);
	for (unsigned i = 0; i < CGP_QUEUES; i++)
		ck_assert_int_gt(submit(primary + i, VFC_JOB_STORE), 0);
	ck_assert(sim_jobs_drained(s, vf));
	ck_assert_uint_eq(vf->jobs_ok, CGP_QUEUES);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	run_job(primary + CGP_QUEUES - 1);
	ck_assert_uint_eq(s->card[0].violations + s->card[1].violations, 0);
}
END_TEST

/* Suspending any queue of a group suspends them all, and so does resuming. */
START_TEST(suspended)
{
	uint32_t member;

	add_group();
	member = add_member();
	run_job(member);
	ck_assert_int_eq(vfc_queue_suspend(vf->vfc, 0, member), 0);
	sim_run(s, 2 * SIM_MS);
	ck_assert(!context()->enabled);
	ck_assert_int_gt(submit(primary, VFC_JOB_STORE), 0);
	sim_run(s, 2 * SIM_MS);
	ck_assert_uint_eq(vf->jobs_ok, 1);
	ck_assert_int_eq(vfc_queue_resume(vf->vfc, 0, primary), 0);
	ck_assert(sim_jobs_drained(s, vf));
	ck_assert_uint_eq(vf->jobs_ok, 2);
}
END_TEST

static void befall(enum guc_mishap_kind kind, uint32_t id)
{
	const struct guc_mishap m = { .kind = kind, .context = id };

	ck_assert_int_eq(guc_mishap(&s->card[vf->card].guc, 1, 0, &m), 0);
}

static const enum guc_mishap_kind bans[] = {
	GUC_MISHAP_HANG, GUC_MISHAP_CAT_ERROR, GUC_MISHAP_PAGE_FAULT,
};

/* 0x1008, 0x6000, and a page fault that this driver can't serve: all queues of the
 * group are banned, their jobs end with an error; others go on. */
START_TEST(banned)
{
	uint32_t other = (uint32_t)vfc_queue_create(vf->vfc, 0, GUC_CLASS_BLITTER, 1), member;

	add_group();
	member = add_member();
	run_job(member);
	ck_assert_int_gt(submit(member, VFC_JOB_WAIT), 0);
	ck_assert_int_gt(submit(primary, VFC_JOB_WAIT), 0);
	sim_run(s, SIM_MS);
	befall(bans[_i], primary);
	sim_run(s, 5 * SIM_MS);
	ck_assert(context()->killed);
	ck_assert_uint_eq(info().jobs_failed, 2);
	ck_assert_int_eq(submit(member, VFC_JOB_STORE), -ECANCELED);
	ck_assert_int_eq(submit(primary, VFC_JOB_STORE), -ECANCELED);
	ck_assert_int_eq(vfc_group_add(vf->vfc, 0, primary), -ECANCELED);
	ck_assert_int_gt(submit(other, VFC_JOB_STORE), 0);
	sim_run(s, 5 * SIM_MS);
	ck_assert_uint_eq(info().jobs_done, 2);
	ck_assert_int_eq(vfc_queue_destroy(vf->vfc, 0, primary), 0);
	sim_run(s, 5 * SIM_MS);
	ck_assert_uint_eq(info().queues, 1);
}
END_TEST

static const enum guc_mishap_kind resets[] = {
	GUC_MISHAP_ENGINE, GUC_MISHAP_CRASH_DUMP, GUC_MISHAP_EXCEPTION,
};

/* 0x1009, 0x8004, 0x8005 lead to a GT reset, after which groups work as before. */
START_TEST(reset)
{
	uint32_t member;

	add_group();
	member = add_member();
	run_job(member);
	run_job(primary);
	befall(resets[_i], 0);
	sim_run(s, 50 * SIM_MS);
	ck_assert_int_eq(info().state, VFC_STATE_READY);
	ck_assert(!context()->registered);
	run_job(member);
	run_job(primary);
	ck_assert(context()->group && context()->enabled);
	ck_assert_uint_eq(vf->jobs_ok, 4);
}
END_TEST

/* --- syncs that get lost -------------------------------------------------------------- */

static unsigned swallowed;

/* Once: a CGP_SYNC is not read, or not answered. */
static enum guc_verdict lose(void *user, struct guc_event *ev, struct guc_hook_action *action)
{
	enum guc_point point = *(enum guc_point *)user;
	uint32_t code = point == GUC_PT_H2G ? GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC :
					      GUC_ACTION_CGP_SYNC_DONE;

	(void)action;
	if (ev->point != point || ev->code != code || swallowed)
		return GUC_PASS;
	swallowed++;
	return GUC_SWALLOW;
}

/* A group with a running primary, and a member whose sync gets lost at `point`. */
static uint32_t lose_sync(enum guc_point *point)
{
	uint32_t member;

	add_group();
	member = add_member();
	run_job(primary);
	swallowed = 0;
	s->card[0].guc.hook = lose;
	s->card[0].guc.hook_user = point;
	ck_assert_int_gt(submit(member, VFC_JOB_STORE), 0);
	sim_run(s, 2 * SIM_MS);
	ck_assert_uint_eq(swallowed, 1);
	return member;
}

/* guc-abi 6.2: no answer within a second when the next sync is due: GT reset. */
START_TEST(sync_unanswered)
{
	enum guc_point point = _i ? GUC_PT_H2G : GUC_PT_G2H;
	uint32_t next;

	lose_sync(&point);
	next = add_member();
	ck_assert_int_gt(submit(next, VFC_JOB_STORE), 0);
	sim_run(s, 900 * SIM_MS);
	ck_assert_ptr_null(strstr(vf->log, "no CGP_SYNC_DONE"));
	sim_run(s, 200 * SIM_MS);
	ck_assert_ptr_nonnull(strstr(vf->log, "no CGP_SYNC_DONE, reset required"));
	ck_assert(sim_jobs_drained(s, vf));
	ck_assert_uint_eq(vf->jobs_ok, 3);
	ck_assert_uint_eq(vf->jobs_bad, 0);
}
END_TEST

/* A sync whose answer a migration discards is made again after it; a late answer
 * that nobody waits for does no harm. */
START_TEST(sync_migrated)
{
	enum guc_point point = _i ? GUC_PT_H2G : GUC_PT_G2H;
	uint32_t done[2] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_CGP_SYNC_DONE, 0), 0 };

	lose_sync(&point);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert_msg(sim_jobs_drained(s, vf), "%s", vf->log);
	done[1] = primary;
	guc_g2h_send(&s->card[1].guc, 0, 1, 0, done, 2, true);
	guc_irq_flush(&s->card[1].guc);
	sim_run(s, 2 * SIM_MS);
	run_job(primary);
	ck_assert_uint_eq(vf->jobs_ok, 3);
	ck_assert_uint_eq(s->card[1].violations, 0);
}
END_TEST

/* --- row 21 ----------------------------------------------------------------------------- */

/* vf-lifecycle 8.3.7: a 7.2 driver leaves the page as it is, which the gap profile
 * names; an entry is right again once its queue is synchronised. */
START_TEST(gap)
{
	struct sim_options o;
	uint32_t member;

	teardown();
	sim_defaults(&o);
	o.vf.quirks = _i ? VFC_QUIRK_BIT(FIXUP_GAPS) : 0;
	begin(&o);
	add_group();
	member = add_member();
	run_job(member);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	ck_assert_uint_eq(s->card[1].findings, _i ? 2 : 0);
	if (_i)
		ck_assert_int_eq(s->card[1].first_finding.structure, FIXUP_CGP);
	run_job(member);
	run_job(add_member());
	ck_assert_uint_eq(s->card[1].violations, 0);
}
END_TEST

Suite *suite_group(void)
{
	Suite *suite = suite_create("group");
	TCase *t = tcase_create("groups");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, life);
	tcase_add_test(t, refused);
	tcase_add_test(t, full);
	tcase_add_test(t, suspended);
	tcase_add_loop_test(t, banned, 0, 3);
	tcase_add_loop_test(t, reset, 0, 3);
	tcase_add_loop_test(t, sync_unanswered, 0, 2);
	tcase_add_loop_test(t, sync_migrated, 0, 2);
	tcase_add_loop_test(t, gap, 0, 2);
	suite_add_tcase(suite, t);
	return suite;
}
