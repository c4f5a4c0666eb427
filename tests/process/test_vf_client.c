/* SPDX-License-Identifier: MIT */
/* libgucvf on its transport against a real "gucemu serve" process, and the
 * programs made of it: boot, jobs, relay, pause, migration of both generations,
 * deaths on either side (vf-lifecycle 4 and 5, docs/protocol/frames.md). */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_fixture.h"
#include "proto/hxg.h"
#include "proto/relay.h"
#include "server_fixture.h"
#include "tests/check_main.h"
#include "vfclient/vft.h"
#include "vfclient/vft_mailbox.h"

#define MS 20000u /* generous: only a failure waits so long */

static struct {
	uv_loop_t loop;
	struct server_process server;
	bool killed, seed;
	struct control control;
	struct vft *vf[4];
	/* What the driver of vf[0] said. */
	unsigned bases, lost, frozen, thawed, requeued;
	int lost_err;
	enum vfc_step_id hold; /* VFC_STEP_COUNT: none */
	bool holding;
	uint32_t skip; /* fixups left out */
} t;

/* --- a VF of the test -------------------------------------------------------------- */

static void on_event(void *user, const struct vfc_event *e)
{
	(void)user;
	t.bases += e->kind == VFC_EV_BASE;
	if (e->kind == VFC_EV_LOG && getenv("TEST_VERBOSE"))
		printf("gt%d: %s\n", e->gt, e->text);
}

static enum vfc_hook_result on_hook(void *user, struct vfc *v, unsigned gt,
				    enum vfc_step_id step, int *err)
{
	(void)user;
	(void)v;
	(void)gt;
	(void)err;
	if (step != t.hold)
		return VFC_HOOK_RUN;
	t.holding = true;
	return VFC_HOOK_HOLD;
}

static void on_lost(void *user, struct vft *vf, int err, const char *text)
{
	(void)user;
	(void)vf;
	ck_assert_ptr_nonnull(text);
	t.lost++;
	t.lost_err = err;
}

static void on_freeze(void *user, struct vft *vf, bool frozen)
{
	(void)user;
	(void)vf;
	t.frozen += frozen;
	t.thawed += !frozen;
}

static void vf_options(struct vft_options *o, unsigned function)
{
	vft_options_default(o);
	o->socket = t.server.socket;
	o->function = function;
	o->name = "test";
	o->driver.ccs = true;
	o->driver.skip_fixups = t.skip;
	o->driver.on_event = on_event;
	o->driver.hook = on_hook;
	o->on_lost = on_lost;
	o->on_freeze = on_freeze;
}

static struct vft *vf_open(const struct vft_options *o)
{
	struct vft *vf;
	char err[256];

	ck_assert_msg(vft_open_sync(&vf, &t.loop, o, MS, err, sizeof(err)) == 0, "%s", err);
	return vf;
}

static struct vft *vf_boot(unsigned function)
{
	struct vft_options o;
	struct vft *vf;

	vf_options(&o, function);
	vf = vf_open(&o);
	ck_assert_int_eq(vft_boot_sync(vf, MS), 0);
	return vf;
}

static uint32_t queue(struct vft *vf, unsigned gt, unsigned width)
{
	int id = vft_queue_create(vf, gt, gt ? GUC_CLASS_VIDEO : GUC_CLASS_RENDER, width);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

static uint32_t submit(struct vft *vf, unsigned gt, uint32_t q, enum vfc_job_kind kind)
{
	struct vfc_job job = { .kind = kind, .value = 0xABC0000 + q, .length = 3000 };
	int number = vft_job_submit(vf, gt, q, &job);

	ck_assert_int_gt(number, 0);
	return (uint32_t)number;
}

static void job_runs(struct vft *vf, unsigned gt, uint32_t q)
{
	ck_assert_int_eq(vft_wait_job(vf, gt, q, submit(vf, gt, q, VFC_JOB_STORE), MS), 0);
}

static uint64_t base_of(struct vft *vf)
{
	struct vfc_info info;

	vfc_info(vft_driver(vf), 0, &info);
	return info.ggtt_start;
}

/* --- fixtures ---------------------------------------------------------------------- */

static void start(const char *const *args)
{
	memset(&t, 0, sizeof(t));
	t.hold = VFC_STEP_COUNT;
	ck_assert_int_eq(uv_loop_init(&t.loop), 0);
	server_start(&t.server, args);
	control_open(&t.control, &t.loop, t.server.socket);
}

static void setup(void)
{
	static const char *const args[] = { "--vfs", "3", "--gts", "2", NULL };

	start(args);
}

static void setup_one_gt(void)
{
	static const char *const args[] = { "--vfs", "1", "--gts", "1", NULL };

	start(args);
}

/* GuCs without markers: recovery is the seed's. */
static void setup_seed(void)
{
	static const char *const args[] = { "--vfs", "3", "--gts", "2", "--guc-abi", "1.26", NULL };

	start(args);
	t.seed = true;
}

static void setup_seed_one_gt(void)
{
	static const char *const args[] = { "--vfs", "1", "--gts", "1", "--guc-abi", "1.26", NULL };

	start(args);
	t.seed = true;
}

static void teardown(void)
{
	control_close(&t.control);
	for (unsigned i = 0; i < 4; i++)
		if (t.vf[i])
			vft_close(t.vf[i]);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&t.loop), 0);
	if (!t.killed)
		server_stop(&t.server);
}

static void server_kill(void)
{
	char path[128];

	kill(t.server.pid, SIGKILL);
	(void)process_wait(t.server.pid);
	t.killed = true;
	unlink(t.server.socket);
	snprintf(path, sizeof(path), "%s/log", t.server.dir);
	unlink(path);
	rmdir(t.server.dir);
}

/* --- boot and jobs ----------------------------------------------------------------- */

static void boots_and_works(unsigned gts)
{
	struct vfc_info info;

	t.vf[0] = vf_boot(1);
	ck_assert_uint_eq(vft_gts(t.vf[0]), gts);
	for (unsigned gt = 0; gt < gts; gt++) {
		uint32_t one = queue(t.vf[0], gt, 1), wide = queue(t.vf[0], gt, 2);
		uint32_t blocked;

		job_runs(t.vf[0], gt, one);
		job_runs(t.vf[0], gt, wide);
		ck_assert_int_eq(vft_wait_job(t.vf[0], gt, one,
					      submit(t.vf[0], gt, one, VFC_JOB_LONG), MS), 0);
		blocked = submit(t.vf[0], gt, one, VFC_JOB_WAIT);
		ck_assert_int_eq(vft_wait_job(t.vf[0], gt, one, blocked, 50), -ETIMEDOUT);
		ck_assert_int_eq(vft_job_release(t.vf[0], gt, one, blocked), 0);
		ck_assert_int_eq(vft_wait_job(t.vf[0], gt, one, blocked, MS), 0);
		vfc_info(vft_driver(t.vf[0]), gt, &info);
		ck_assert_uint_eq(info.jobs_done, 4);
		ck_assert_uint_eq(info.jobs_pending, 0);
	}
	ck_assert_int_eq(vft_wait_idle(t.vf[0], MS), 0);
	ck_assert_int_eq(vft_shutdown_sync(t.vf[0], MS), 0);
}

START_TEST(test_boot_one_gt)
{
	/* A VF of one GT boots; jobs of every kind store their values. */
	boots_and_works(1);
}
END_TEST

START_TEST(test_boot_two_gts)
{
	/* The same on both GTs of a card with a media GT. */
	boots_and_works(2);
}
END_TEST

START_TEST(test_boot_again)
{
	/* A VF that was shut down boots again, on the same connection and a new one. */
	t.vf[0] = vf_boot(1);
	ck_assert_int_eq(vft_shutdown_sync(t.vf[0], MS), 0);
	ck_assert_int_eq(vft_boot_sync(t.vf[0], MS), 0);
	job_runs(t.vf[0], 0, queue(t.vf[0], 0, 1));
	vft_close(t.vf[0]);
	t.vf[0] = NULL;
	/* The emulator notices a connection's end in its own time. */
	for (;;) {
		struct vft_options o;
		char err[256];
		int r;

		vf_options(&o, 1);
		r = vft_open_sync(&t.vf[0], &t.loop, &o, MS, err, sizeof(err));
		if (r == 0)
			break;
		ck_assert_int_eq(r, -EBUSY);
	}
	ck_assert_int_eq(vft_boot_sync(t.vf[0], MS), 0);
}
END_TEST

START_TEST(test_refusals)
{
	/* Function taken, function out of range, more GTs than the card has: each an
	 * error of its own, and the VF that runs is not harmed. */
	struct vft_options o;
	struct vft *vf;
	char err[256];

	t.vf[0] = vf_boot(1);
	vf_options(&o, 1);
	ck_assert_int_eq(vft_open_sync(&vf, &t.loop, &o, MS, err, sizeof(err)), -EBUSY);
	vf_options(&o, 44);
	ck_assert_int_eq(vft_open_sync(&vf, &t.loop, &o, MS, err, sizeof(err)), -ENODEV);
	vf_options(&o, 2);
	o.driver.gts = 3;
	ck_assert_int_eq(vft_open_sync(&vf, &t.loop, &o, MS, err, sizeof(err)), -EINVAL);
	job_runs(t.vf[0], 0, queue(t.vf[0], 0, 1));
}
END_TEST

START_TEST(test_many_vfs)
{
	/* Several VFs live in one loop; each works while the others do. */
	uint32_t q[3], job[3];

	for (unsigned i = 0; i < 3; i++) {
		t.vf[i] = vf_boot(i + 1);
		q[i] = queue(t.vf[i], 0, 1);
	}
	ck_assert_uint_ne(base_of(t.vf[0]), base_of(t.vf[1]));
	for (unsigned i = 0; i < 3; i++)
		job[i] = submit(t.vf[i], 0, q[i], VFC_JOB_LONG);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(vft_wait_job(t.vf[i], 0, q[i], job[i], MS), 0);
}
END_TEST

START_TEST(test_layers)
{
	/* Registers and mailbox without a driver: VF_CAP says that this is a VF, and
	 * VF_RESET is answered with SUCCESS. */
	struct vft_link_options o = { .socket = t.server.socket, .function = 2 };
	struct vft_mailbox *m;
	struct vft_link *l;
	uint32_t cap, reply[MAILBOX_DWORDS];
	uint32_t reset = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_VF_RESET, 0);
	char err[256];

	ck_assert_msg(vft_link_open(&l, &t.loop, &o, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(vft_link_read_sync(l, REG_VF_CAP, 4, 1, &cap, MS), 0);
	ck_assert_uint_eq(cap & VF_CAP_IS_VF, VF_CAP_IS_VF);
	ck_assert_int_eq(vft_mailbox_open(&m, l, false), 0);
	ck_assert_int_eq(vft_mailbox_request_sync(m, &reset, 1, reply, MS), 0);
	ck_assert_int_eq(hxg_type(reply[0]), HXG_SUCCESS);
	vft_mailbox_close(m);
	vft_link_close(l);
}
END_TEST

START_TEST(test_bad_register)
{
	/* A register outside the BAR: the emulator complains, the VF lives. */
	uint32_t words[2];

	t.vf[0] = vf_boot(1);
	ck_assert_int_eq(vft_link_read_sync(vft_link(t.vf[0]), 1ull << 40, 4, 2, words, MS), 0);
	ck_assert_uint_eq(words[0] & words[1], 0xFFFFFFFF);
	job_runs(t.vf[0], 0, queue(t.vf[0], 0, 1));
}
END_TEST

/* --- relay ------------------------------------------------------------------------- */

START_TEST(test_relay_runtime)
{
	/* A runtime query of the user's own through the relay (vf-lifecycle 7.4):
	 * the pairs are those the driver read at boot; a start beyond the list fails
	 * with ERANGE or, from a PF that hides errors, EREMOTEIO. */
	uint32_t ask[2] = { hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, RELAY_VF2PF_QUERY_RUNTIME, 4),
			    0 };
	uint32_t answer[RELAY_MAX_DWORDS], value;
	int n, err;

	t.vf[0] = vf_boot(1);
	n = vft_relay_sync(t.vf[0], 0, ask, 2, answer, RELAY_MAX_DWORDS, MS);
	ck_assert_int_eq(n, 2 + 2 * 4);
	ck_assert_uint_eq(field_get(HXG_SUCCESS_DATA0, answer[0]), 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(vfc_runtime(vft_driver(t.vf[0]), 0, answer[2 + 2 * i], &value),
				 0);
		ck_assert_uint_eq(value, answer[3 + 2 * i]);
	}
	ask[1] = 100000;
	err = vft_relay_sync(t.vf[0], 0, ask, 2, answer, RELAY_MAX_DWORDS, MS);
	ck_assert(err == -ERANGE || err == -EREMOTEIO);
}
END_TEST

/* --- pause, freeze ----------------------------------------------------------------- */

START_TEST(test_pause)
{
	/* While the VF is paused no job ends; after the resume it does. */
	uint32_t q, job;

	t.vf[0] = vf_boot(1);
	q = queue(t.vf[0], 0, 1);
	job_runs(t.vf[0], 0, q);
	ck_assert_int_eq(control_verb(&t.control, "pf pause vf=1"), 0);
	job = submit(t.vf[0], 0, q, VFC_JOB_STORE);
	ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, 50), -ETIMEDOUT);
	ck_assert_int_eq(control_verb(&t.control, "pf resume vf=1"), 0);
	ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, MS), 0);
	ck_assert_uint_eq(t.bases, 0);
}
END_TEST

START_TEST(test_freeze)
{
	/* A frozen VF does nothing and its clock stands: no request of it runs into
	 * a time limit, however long it lasts. */
	struct vfc_job store = { .kind = VFC_JOB_STORE, .value = 1 };
	uint64_t then;
	uint32_t q;

	t.vf[0] = vf_boot(1);
	q = queue(t.vf[0], 0, 1);
	ck_assert_int_eq(control_verb(&t.control, "freeze vf=1"), 0);
	ck_assert(vft_frozen(t.vf[0]));
	ck_assert_uint_eq(t.frozen, 1);
	then = vft_now(t.vf[0]);
	ck_assert_int_eq(vft_job_submit(t.vf[0], 0, q, &store), -EAGAIN);
	ck_assert_int_eq(vft_queue_create(t.vf[0], 0, GUC_CLASS_RENDER, 1), -EAGAIN);
	ck_assert_int_eq(vft_wait_thaw(t.vf[0], 100), -ETIMEDOUT);
	ck_assert_uint_eq(vft_now(t.vf[0]), then);
	ck_assert_int_eq(control_verb(&t.control, "thaw vf=1"), 0);
	ck_assert_int_eq(vft_wait_thaw(t.vf[0], MS), 0);
	ck_assert_uint_eq(t.thawed, 1);
	job_runs(t.vf[0], 0, q);
}
END_TEST

START_TEST(test_freeze_boot)
{
	/* R: a freeze in mid-boot, between any two requests: the boot goes on. */
	t.vf[0] = NULL;
	for (unsigned turns = 0; turns < 40; turns += 3) {
		struct vft_options o;
		bool done = false;

		if (!t.vf[0]) {
			vf_options(&o, 1);
			t.vf[0] = vf_open(&o);
		}
		ck_assert_int_eq(vft_boot(t.vf[0], 7), 0);
		for (unsigned i = 0; i < turns; i++)
			uv_run(&t.loop, UV_RUN_NOWAIT);
		ck_assert_int_eq(control_verb(&t.control, "freeze vf=1"), 0);
		usleep(60000); /* longer than a request may take */
		ck_assert_int_eq(control_verb(&t.control, "thaw vf=1"), 0);
		while (!done) {
			struct vfc_info info;

			uv_run(&t.loop, UV_RUN_ONCE);
			vfc_info(vft_driver(t.vf[0]), 0, &info);
			ck_assert_int_ne(info.state, VFC_STATE_WEDGED);
			done = info.state == VFC_STATE_READY;
		}
		job_runs(t.vf[0], 1, queue(t.vf[0], 1, 1));
		ck_assert_int_eq(vft_shutdown_sync(t.vf[0], MS), 0);
	}
}
END_TEST

/* --- migration --------------------------------------------------------------------- */

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

/* --- deaths ------------------------------------------------------------------------ */

START_TEST(test_server_killed)
{
	/* The emulator dies: the owner hears it once, jobs end with an error, calls
	 * fail; nothing waits for ever. */
	uint32_t q, job;

	t.vf[0] = vf_boot(1);
	q = queue(t.vf[0], 0, 1);
	job = submit(t.vf[0], 0, q, VFC_JOB_WAIT);
	ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, 50), -ETIMEDOUT);
	server_kill();
	ck_assert_int_lt(vft_wait_job(t.vf[0], 0, q, job, MS), 0);
	while (t.lost == 0)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_int_eq(t.lost_err, -ECONNRESET);
	ck_assert_int_eq(vft_error(t.vf[0], NULL), -ECONNRESET);
	ck_assert_int_eq(vft_boot_sync(t.vf[0], MS), -ECONNRESET);
	ck_assert_int_eq(vft_wait_idle(t.vf[0], MS), -ECONNRESET);
	ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, MS), -ECANCELED);
	ck_assert_uint_eq(t.lost, 1);
}
END_TEST

START_TEST(test_server_killed_frozen)
{
	/* The same while the VF is frozen. */
	t.vf[0] = vf_boot(1);
	ck_assert_int_eq(control_verb(&t.control, "freeze vf=1"), 0);
	server_kill();
	while (t.lost == 0)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_int_eq(vft_error(t.vf[0], NULL), -ECONNRESET);
}
END_TEST

/* Read lines of a child until one holds `word`. */
static bool reads_until(FILE *f, const char *word)
{
	char line[4096];

	while (fgets(line, sizeof(line), f))
		if (strstr(line, word))
			return true;
	return false;
}

START_TEST(test_client_killed)
{
	/* A client that is killed harms nobody: another VF goes on, and its own
	 * function can be taken and booted again. */
	const char *const argv[] = { gucemu_path(), "vf", "run", "--socket", t.server.socket,
				     "--json", "--stay", "--hold-jobs", NULL };
	int in[2], out[2];
	struct vft_options o;
	char err[256];
	uint32_t q;
	FILE *f;
	pid_t pid;
	int r;

	t.vf[1] = vf_boot(2);
	q = queue(t.vf[1], 0, 1);
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	pid = program_start(argv, in[0], out[1]);
	close(out[1]);
	f = fdopen(out[0], "r");
	ck_assert(reads_until(f, "\"ready\""));
	kill(pid, SIGKILL);
	(void)process_wait(pid);
	fclose(f);
	close(in[0]);
	close(in[1]);
	job_runs(t.vf[1], 0, q);
	vf_options(&o, 1);
	do /* the emulator notices in its own time */
		r = vft_open_sync(&t.vf[0], &t.loop, &o, MS, err, sizeof(err));
	while (r == -EBUSY);
	ck_assert_msg(r == 0, "%s", err);
	ck_assert_int_eq(vft_boot_sync(t.vf[0], MS), 0);
	job_runs(t.vf[0], 0, queue(t.vf[0], 0, 1));
}
END_TEST

/* --- programs ---------------------------------------------------------------------- */

START_TEST(test_example)
{
	/* The example under a captive emulator of each generation: both end together,
	 * well; the emulator's status is the program's. */
	static const char *const abi[] = { "1.28", "1.20", "1.28" };
	const char *example = getenv("VF_SOCKET");
	char dir[] = "/tmp/gucemu-example-XXXXXX", path[64];
	const char *const argv[] = {
		gucemu_path(), "serve", "--socket", path, "--log", "error", "--guc-abi", abi[_i],
		"--run", _i == 2 ? "false" : example ? example : "./vfclient/examples/vf-socket",
		NULL,
	};
	int status;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	status = process_wait(program_start(argv, -1, -1));
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(status, _i == 2 ? 1 : 0);
}
END_TEST

/* A case with a server of its own, and what both generations go through. */
static TCase *add_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, set_up, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_migrate);
	suite_add_tcase(suite, c);
	return c;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("vf_client");
	TCase *c;

	if (!gucemu_path())
		return 77;
	add_case(suite, "seed, one GT", setup_seed_one_gt);
	c = add_case(suite, "one GT", setup_one_gt);
	tcase_add_test(c, test_boot_one_gt);
	c = add_case(suite, "seed", setup_seed);
	tcase_add_test(c, test_migrate_back);
	tcase_add_loop_test(c, test_migrate_twice, 0, COUNT(seed_doubles));
	tcase_add_test(c, test_submit_in_recovery);
	tcase_add_test(c, test_missed_fixup);
	c = add_case(suite, "two GTs", setup);
	tcase_add_test(c, test_migrate_back);
	tcase_add_loop_test(c, test_migrate_twice, 0, COUNT(latest_doubles));
	tcase_add_test(c, test_submit_in_recovery);
	tcase_add_test(c, test_missed_fixup);
	tcase_add_test(c, test_boot_two_gts);
	tcase_add_test(c, test_boot_again);
	tcase_add_test(c, test_refusals);
	tcase_add_test(c, test_many_vfs);
	tcase_add_test(c, test_layers);
	tcase_add_test(c, test_bad_register);
	tcase_add_test(c, test_relay_runtime);
	tcase_add_test(c, test_pause);
	tcase_add_test(c, test_freeze);
	tcase_add_test(c, test_freeze_boot);
	tcase_add_test(c, test_server_killed);
	tcase_add_test(c, test_server_killed_frozen);
	tcase_add_test(c, test_client_killed);
	tcase_add_loop_test(c, test_example, 0, 3);
	return check_main(suite);
}
