/* SPDX-License-Identifier: MIT */
/* The waiting calls of a VF: start, then run the loop until the event came.
 * See vft.h. */
#include "vft_priv.h"

#include <errno.h>
#include <stdio.h>

struct until {
	struct vft *t;
	unsigned gt, n;
	uint32_t queue, job;
};

/* Waiting in a callback of the driver would step it under its own feet. */
static int wait_for(struct vft *t, bool (*done)(void *user), void *user, unsigned timeout_ms)
{
	if (t->depth > 0)
		return -EDEADLK;
	return vft_link_wait(t->link, done, user, timeout_ms);
}

static bool opened(void *user)
{
	const struct vft *t = user;

	return t->opened || t->err != 0;
}

int vft_open_sync(struct vft **out, uv_loop_t *loop, const struct vft_options *options,
		  unsigned timeout_ms, char *err, size_t cap)
{
	int r = vft_open(out, loop, options, err, cap);
	const char *text;

	if (r != 0)
		return r;
	r = wait_for(*out, opened, *out, timeout_ms);
	if (vft_error(*out, &text) != 0) {
		r = vft_error(*out, NULL);
		snprintf(err, cap, "%s", text);
	} else if (r != 0) {
		snprintf(err, cap, "the emulator does not answer");
	}
	if (r == 0)
		return 0;
	vft_close(*out);
	*out = NULL;
	uv_run(loop, UV_RUN_NOWAIT);
	return r;
}

static bool thawed(void *user)
{
	const struct vft *t = user;

	return !vft_link_frozen(t->link);
}

int vft_wait_thaw(struct vft *t, unsigned timeout_ms)
{
	return wait_for(t, thawed, t, timeout_ms);
}

static bool answered(void *user)
{
	const struct vft_wait *w = user;

	return w->done;
}

/* Wait for the event of `w`, which a call that returned `started` will cause. */
static int await(struct vft *t, struct vft_wait *w, int started, unsigned timeout_ms)
{
	int err = started;

	if (err == 0 && !w->done)
		err = wait_for(t, answered, w, timeout_ms);
	t->wait = NULL;
	return err ? err : w->err;
}

static int begin(struct vft *t, struct vft_wait *w, unsigned timeout_ms)
{
	int err = t->depth > 0 || t->wait ? -EDEADLK : vft_wait_thaw(t, timeout_ms);

	if (err != 0)
		return err;
	w->tag = ++t->next_tag;
	t->wait = w;
	return 0;
}

int vft_boot_sync(struct vft *t, unsigned timeout_ms)
{
	struct vft_wait w = { .done = false };
	int err = begin(t, &w, timeout_ms);

	return err ? err : await(t, &w, vft_boot(t, w.tag), timeout_ms);
}

int vft_shutdown_sync(struct vft *t, unsigned timeout_ms)
{
	struct vft_wait w = { .done = false };
	int err = begin(t, &w, timeout_ms);

	return err ? err : await(t, &w, vft_shutdown(t, w.tag), timeout_ms);
}

int vft_relay_sync(struct vft *t, unsigned gt, const uint32_t *dw, uint32_t len, uint32_t *answer,
		   uint32_t cap, unsigned timeout_ms)
{
	struct vft_wait w = { .answer = answer, .cap = cap };
	int err = begin(t, &w, timeout_ms);

	if (err == 0)
		err = await(t, &w, vft_relay(t, gt, dw, len, w.tag), timeout_ms);
	return err ? err : (int)w.len;
}

static const struct vft_result *result_of(const struct until *u)
{
	return &u->t->result[u->gt][u->queue][u->job % VFT_RESULTS];
}

static bool job_ended(void *user)
{
	const struct until *u = user;

	/* A later one in its place: this one ended long ago. */
	return (int32_t)(result_of(u)->job - u->job) >= 0;
}

int vft_wait_job(struct vft *t, unsigned gt, uint32_t queue, uint32_t job, unsigned timeout_ms)
{
	struct until u = { .t = t, .gt = gt, .queue = queue, .job = job };
	int err;

	if (gt >= t->gts || queue >= VFC_MAX_QUEUES || job == 0)
		return -EINVAL;
	err = wait_for(t, job_ended, &u, timeout_ms);
	if (err != 0)
		return err;
	return result_of(&u)->job == job ? result_of(&u)->err : -ESTALE;
}

static bool idle(void *user)
{
	struct vft *t = user;

	if (t->err != 0)
		return true;
	for (unsigned gt = 0; gt < t->gts; gt++) {
		struct vfc_info info;

		vfc_info(t->vfc, gt, &info);
		if (info.jobs_pending > 0 || info.recovery_pending ||
		    info.state != VFC_STATE_READY)
			return false;
	}
	return true;
}

int vft_wait_idle(struct vft *t, unsigned timeout_ms)
{
	int err;

	if (!t->opened)
		return -ENOTCONN;
	err = wait_for(t, idle, t, timeout_ms);
	return err ? err : t->err;
}

static bool recovered(void *user)
{
	const struct until *u = user;

	if (u->t->err != 0)
		return true;
	for (unsigned gt = 0; gt < u->t->gts; gt++) {
		struct vfc_info info;

		vfc_info(u->t->vfc, gt, &info);
		if (info.recoveries < u->n || info.recovery_pending)
			return false;
	}
	return true;
}

int vft_wait_recoveries(struct vft *t, unsigned n, unsigned timeout_ms)
{
	struct until u = { .t = t, .n = n };
	int err;

	if (!t->opened)
		return -ENOTCONN;
	err = wait_for(t, recovered, &u, timeout_ms);
	return err ? err : t->err;
}
