/* SPDX-License-Identifier: MIT */
/* Contexts and jobs of "gucemu vf run": each context runs store, blocked and
 * long jobs in turn, a few ahead, until it has done what is wanted. */
#include "run_priv.h"

#include "proto/text.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCKED_MS  20u    /* a blocked job waits so long when it isn't held */

static const enum vfc_job_kind kinds[] = { VFC_JOB_STORE, VFC_JOB_WAIT, VFC_JOB_LONG };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Engine classes that a GT has, in turn. */
static enum guc_engine_class class_of(unsigned gt, unsigned i)
{
	static const enum guc_engine_class classes[2][3] = {
		{ GUC_CLASS_RENDER, GUC_CLASS_COMPUTE, GUC_CLASS_BLITTER },
		{ GUC_CLASS_VIDEO, GUC_CLASS_VIDEO_ENHANCE, GUC_CLASS_VIDEO },
	};

	return classes[gt != 0][i % 3];
}

static int note(struct run *r, unsigned gt, int id, unsigned width)
{
	if (id < 0)
		return id;
	r->context[r->context_n++] = (struct run_context){
		.gt = gt, .width = width, .queue = (uint32_t)id,
	};
	return 0;
}

static int add(struct run *r, unsigned gt, unsigned i, unsigned width)
{
	return note(r, gt, vft_queue_create(r->vft, gt, class_of(gt, i), width), width);
}

static int add_group(struct run *r, unsigned gt)
{
	int primary = vft_group_create(r->vft, gt, class_of(gt, 1));
	int err = note(r, gt, primary, 1);

	for (unsigned i = 1; i < r->group && err == 0; i++)
		err = note(r, gt, vft_group_add(r->vft, gt, (uint32_t)primary), 1);
	return err;
}

static int add_to_gt(struct run *r, unsigned gt)
{
	struct vfc_info info;
	unsigned parallel = r->parallel;
	int err = 0;

	vfc_info(vft_driver(r->vft), gt, &info);
	if (info.sched_groups && parallel > 0) {
		run_out_note(r, "scheduling groups are on: no parallel contexts", 0);
		parallel = 0;
	}
	for (unsigned i = 0; i < r->contexts && err == 0; i++)
		err = add(r, gt, i, 1);
	for (unsigned i = 0; i < parallel && err == 0; i++)
		err = add(r, gt, i, RUN_WIDTH);
	if (r->group > 0 && err == 0)
		err = add_group(r, gt);
	return err;
}

int run_contexts(struct run *r)
{
	unsigned gts = vft_gts(r->vft);
	struct vfc_info info;
	int err = 0;

	vfc_info(vft_driver(r->vft), 0, &info);
	r->local = info.lmem_size != 0;
	r->context = calloc((size_t)gts * (r->contexts + r->parallel + r->group + RUN_CREATES) + 1,
			    sizeof(*r->context));
	if (!r->context)
		return -ENOMEM;
	for (unsigned gt = 0; gt < gts && err == 0; gt++)
		err = add_to_gt(r, gt);
	return err;
}

int run_create(struct run *r)
{
	int err = 0;

	if (!r->working)
		return -ENODEV;
	if (r->created == RUN_CREATES)
		return -ENOSPC;
	for (unsigned gt = 0; gt < vft_gts(r->vft) && err == 0; gt++) {
		err = add(r, gt, r->created, 1);
		if (err == 0)
			r->context[r->context_n - 1].wanted = r->jobs ? r->jobs : UINT32_MAX;
	}
	r->created++;
	run_more(r);
	return err;
}

/* --- submitting -------------------------------------------------------------------- */

static void on_release(uv_timer_t *timer)
{
	struct run *r = timer->data;

	if (!r->working || r->hold)
		return;
	if (vft_frozen(r->vft)) {
		uv_timer_start(timer, on_release, BLOCKED_MS, 0);
		return;
	}
	for (unsigned i = 0; i < r->context_n; i++) {
		struct run_context *c = &r->context[i];

		for (uint32_t n = c->ended + 1; c->waits && n <= c->made; n++) {
			if (!(c->waits >> n % 32 & 1))
				continue;
			c->waits &= ~(1u << n % 32);
			(void)vft_job_release(r->vft, c->gt, c->queue, n);
		}
	}
}

static void submit(struct run *r, struct run_context *c)
{
	uint32_t n = c->made + 1;
	struct vfc_job job = {
		.kind = kinds[(n - 1) % KINDS],
		.value = (c->gt + 1) << 28 | c->queue << 16 | (n & 0xFFFF),
		.length = RUN_LONG,
	};
	int number;

	if (r->local && job.kind == VFC_JOB_STORE && c->width == 1)
		job.kind = VFC_JOB_LOCAL;
	number = vft_job_submit(r->vft, c->gt, c->queue, &job);

	if (number < 0) {
		/* Full or frozen: later. Killed: its jobs have been reported. */
		if (number != -EBUSY && number != -EAGAIN) {
			c->wanted = c->made;
			r->failed++;
			run_out_note(r, "a job is refused", number);
		}
		return;
	}
	c->made = (uint32_t)number;
	if (job.kind == VFC_JOB_WAIT) {
		c->waits |= 1u << c->made % 32;
		if (!r->hold && !uv_is_active((uv_handle_t *)&r->release))
			uv_timer_start(&r->release, on_release, BLOCKED_MS, 0);
	}
}

static void on_work(uv_timer_t *timer)
{
	struct run *r = timer->data;

	if (!r->working || vft_frozen(r->vft))
		return;
	for (unsigned i = 0; i < r->context_n && r->working; i++) {
		struct run_context *c = &r->context[i];
		uint32_t made;

		do {
			made = c->made;
			if (made < c->wanted && made - c->ended < RUN_AHEAD)
				submit(r, c);
		} while (c->made != made);
	}
	run_look(r);
	if (r->working && !r->stay && !r->ending && run_idle(r))
		run_end(r);
}

void run_more(struct run *r)
{
	if (!r->work.data) {
		(void)uv_timer_init(&r->loop, &r->work);
		(void)uv_timer_init(&r->loop, &r->release);
		r->work.data = r->release.data = r;
	}
	/* A turn of its own: the driver may be in the middle of its events. */
	if (r->working)
		uv_timer_start(&r->work, on_work, 0, 0);
}

void run_want(struct run *r, unsigned jobs)
{
	for (unsigned i = 0; i < r->context_n; i++) {
		struct run_context *c = &r->context[i];

		c->wanted = UINT32_MAX - c->wanted < jobs ? UINT32_MAX : c->wanted + jobs;
	}
	run_more(r);
}

void run_release(struct run *r)
{
	r->hold = false;
	run_more(r);
	if (r->release.data)
		uv_timer_start(&r->release, on_release, 0, 0);
}

void run_work_close(struct run *r)
{
	if (r->work.data) {
		uv_close((uv_handle_t *)&r->work, NULL);
		uv_close((uv_handle_t *)&r->release, NULL);
		r->work.data = NULL;
	}
}

void run_last_words(struct run *r)
{
	unsigned first = r->context_n;

	if (!r->unread_h2g || run_create(r) != 0)
		return;
	/* Once is enough; its registration is written when it has a job. */
	r->unread_h2g = false;
	for (unsigned i = first; i < r->context_n; i++)
		submit(r, &r->context[i]);
}

/* --- ended jobs -------------------------------------------------------------------- */

void run_job_ended(struct run *r, const struct vfc_event *e)
{
	for (unsigned i = 0; i < r->context_n; i++) {
		struct run_context *c = &r->context[i];

		if (c->gt != e->gt || c->queue != e->queue)
			continue;
		c->ended = e->job;
		c->waits &= ~(1u << e->job % 32);
	}
	/* What an orderly end cuts off has not failed. */
	if (e->err == 0)
		r->good++;
	else if (!r->ending)
		r->failed++;
	else
		r->cut++;
	run_more(r);
}

uint32_t run_unfinished(const struct run *r)
{
	uint32_t n = r->cut;

	for (unsigned i = 0; i < r->context_n; i++)
		n += r->context[i].made - r->context[i].ended;
	return n;
}

bool run_idle(const struct run *r)
{
	for (unsigned i = 0; i < r->context_n; i++)
		if (r->context[i].made < r->context[i].wanted)
			return false;
	return run_unfinished(r) == 0 && r->state != VFC_STATE_RECOVERING;
}
