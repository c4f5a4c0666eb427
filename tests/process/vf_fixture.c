/* SPDX-License-Identifier: MIT */
/* A server and VFs of this process. See vf_fixture.h. */
#include "vf_fixture.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct vf_test t;

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

void vf_options(struct vft_options *o, unsigned function)
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

struct vft *vf_open(const struct vft_options *o)
{
	struct vft *vf;
	char err[256];

	ck_assert_msg(vft_open_sync(&vf, &t.loop, o, MS, err, sizeof(err)) == 0, "%s", err);
	return vf;
}

struct vft *vf_boot(unsigned function)
{
	struct vft_options o;
	struct vft *vf;

	vf_options(&o, function);
	vf = vf_open(&o);
	ck_assert_int_eq(vft_boot_sync(vf, MS), 0);
	return vf;
}

uint32_t queue(struct vft *vf, unsigned gt, unsigned width)
{
	int id = vft_queue_create(vf, gt, gt ? GUC_CLASS_VIDEO : GUC_CLASS_RENDER, width);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

uint32_t submit(struct vft *vf, unsigned gt, uint32_t q, enum vfc_job_kind kind)
{
	struct vfc_job job = { .kind = kind, .value = 0xABC0000 + q, .length = 3000 };
	int number = vft_job_submit(vf, gt, q, &job);

	ck_assert_int_gt(number, 0);
	return (uint32_t)number;
}

void job_runs(struct vft *vf, unsigned gt, uint32_t q)
{
	ck_assert_int_eq(vft_wait_job(vf, gt, q, submit(vf, gt, q, VFC_JOB_STORE), MS), 0);
}

uint64_t base_of(struct vft *vf)
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

void vf_setup(void)
{
	static const char *const args[] = { "--vfs", "3", "--gts", "2", NULL };

	start(args);
}

void vf_setup_one_gt(void)
{
	static const char *const args[] = { "--vfs", "1", "--gts", "1", NULL };

	start(args);
}

void vf_setup_seed(void)
{
	static const char *const args[] = { "--vfs", "3", "--gts", "2", "--guc-abi", "1.26", NULL };

	start(args);
	t.seed = true;
}

void vf_setup_seed_one_gt(void)
{
	static const char *const args[] = { "--vfs", "1", "--gts", "1", "--guc-abi", "1.26", NULL };

	start(args);
	t.seed = true;
}

void vf_teardown(void)
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

void server_kill(void)
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
