/* SPDX-License-Identifier: MIT */
/* libgucvf on its transport against a real "gucemu serve" process, and the
 * programs made of it: boot, jobs, relay, pause, deaths on either side
 * (vf-lifecycle 4 and 5, docs/protocol/frames.md). Migration: test_vf_migrate.c. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/hxg.h"
#include "proto/relay.h"
#include "tests/check_main.h"
#include "vf_fixture.h"
#include "vfclient/vft_mailbox.h"

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

START_TEST(test_waits_long)
{
	/* A job that waits at a semaphore is looked at for ever: a word in memory lets it
	 * go on, long after the last frame that the server got. */
	for (unsigned i = 0; i < 2; i++) {
		uint32_t q, job;

		if (!t.vf[0])
			t.vf[0] = vf_boot(1);
		q = queue(t.vf[0], 0, 1 + i);
		job = submit(t.vf[0], 0, q, VFC_JOB_WAIT);
		ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, 3000), -ETIMEDOUT);
		ck_assert_int_eq(vft_job_release(t.vf[0], 0, q, job), 0);
		ck_assert_int_eq(vft_wait_job(t.vf[0], 0, q, job, 2000), 0);
	}
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

/* --- deaths ------------------------------------------------------------------------ */

START_TEST(test_mishap)
{
	/* A hang, a memory fault and a page fault that the control verb causes reach the
	 * driver, whose job ends with an error while another context's goes on. */
	static const char *const kinds[] = { "hang", "cat-error", "page-fault" };
	struct vfc_info info;
	uint32_t q, other, job;
	char line[96];

	t.vf[0] = vf_boot(1);
	q = queue(t.vf[0], 0, 1);
	other = queue(t.vf[0], 0, 1);
	job_runs(t.vf[0], 0, q);
	job = submit(t.vf[0], 0, q, VFC_JOB_WAIT);
	job_runs(t.vf[0], 0, other);
	snprintf(line, sizeof(line), "mishap vf=1 gt=0 kind=%s context=%u", kinds[_i], q);
	ck_assert_msg(control_verb(&t.control, "%s", line) == 0, "%s", t.control.reply);
	ck_assert_int_lt(vft_wait_job(t.vf[0], 0, q, job, MS), 0);
	job_runs(t.vf[0], 0, other);
	vfc_info(vft_driver(t.vf[0]), 0, &info);
	ck_assert_int_eq(info.state, VFC_STATE_READY);
	snprintf(line, sizeof(line), "mishap vf=1 kind=%s context=4000", kinds[_i]);
	ck_assert_int_eq(control_verb(&t.control, "%s", line), -ENOENT);
}
END_TEST

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

/* A case with a server of its own. */
static TCase *add_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, set_up, vf_teardown);
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	return c;
}

int main(void)
{
	Suite *suite = suite_create("vf_client");
	TCase *c;

	if (!gucemu_path())
		return 77;
	c = add_case(suite, "one GT", vf_setup_one_gt);
	tcase_add_test(c, test_boot_one_gt);
	c = add_case(suite, "two GTs", vf_setup);
	tcase_add_test(c, test_boot_two_gts);
	tcase_add_test(c, test_waits_long);
	tcase_add_test(c, test_boot_again);
	tcase_add_test(c, test_refusals);
	tcase_add_test(c, test_many_vfs);
	tcase_add_test(c, test_layers);
	tcase_add_test(c, test_bad_register);
	tcase_add_test(c, test_relay_runtime);
	tcase_add_test(c, test_pause);
	tcase_add_test(c, test_freeze);
	tcase_add_test(c, test_freeze_boot);
	tcase_add_loop_test(c, test_mishap, 0, 3);
	tcase_add_test(c, test_server_killed);
	tcase_add_test(c, test_server_killed_frozen);
	tcase_add_test(c, test_client_killed);
	tcase_add_loop_test(c, test_example, 0, 3);
	return check_main(suite);
}
