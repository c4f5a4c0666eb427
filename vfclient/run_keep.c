/* SPDX-License-Identifier: MIT */
/* "keep" and "check" of "gucemu vf run": write what a migration must not lose (local
 * memory, compression metadata), and compare it afterwards. Metadata goes in and out
 * by jobs of a queue of their own. */
#include "run_priv.h"

#include <errno.h>

/* Each step leads to the next by its event. */
enum { IDLE, WRITING, PUTTING, GETTING, CHECKING };

static void finish(struct run *r, int err)
{
	bool kept = r->keep_step == WRITING || r->keep_step == PUTTING;

	r->keep_step = IDLE;
	if (err)
		r->failed++;
	run_out_kept(r, kept ? "keep" : "check", err, r->kept_bytes);
}

static int submit(struct run *r, enum vfc_job_kind kind)
{
	const struct vfc_job job = { .kind = kind, .value = 0xCC500000u + r->keep_step };
	int n = vft_job_submit(r->vft, 0, (uint32_t)r->keep_queue, &job);

	return n < 0 ? n : 0;
}

static int start(struct run *r)
{
	if (!r->working)
		return -ENODEV;
	if (r->keep_step != IDLE)
		return -EBUSY;
	r->kept_bytes = 0;
	if (r->keep_queue < 0)
		r->keep_queue = vft_queue_create(r->vft, 0, GUC_CLASS_BLITTER, 1);
	return r->keep_queue < 0 ? r->keep_queue : 0;
}

/* 0: an answer follows. */
int run_keep(struct run *r)
{
	int err = start(r);

	if (!err)
		err = vft_keep_write(r->vft, run_vf(r) * 0x01000193u, RUN_TAG_KEEP);
	if (!err)
		r->keep_step = WRITING;
	return err;
}

int run_check(struct run *r)
{
	int err = start(r);

	if (err)
		return err;
	r->keep_step = GETTING;
	err = submit(r, VFC_JOB_CCS_GET);
	if (err)
		r->keep_step = IDLE;
	return err;
}

void run_kept(struct run *r, const struct vfc_event *e)
{
	int err = e->err;

	r->kept_bytes = e->value;
	if (!err && r->keep_step == WRITING) {
		r->keep_step = PUTTING;
		err = submit(r, VFC_JOB_CCS_PUT);
		if (!err)
			return;
	}
	finish(r, err);
}

/* True: the job was one of these. */
bool run_keep_job(struct run *r, const struct vfc_event *e)
{
	int err = e->err;

	if (r->keep_queue < 0 || e->gt != 0 || e->queue != (uint32_t)r->keep_queue)
		return false;
	if (!err && r->keep_step == GETTING) {
		r->keep_step = CHECKING;
		err = vft_keep_check(r->vft, RUN_TAG_KEEP);
		if (!err)
			return true;
	}
	if (r->keep_step != IDLE)
		finish(r, err);
	return true;
}
