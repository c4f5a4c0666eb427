/* SPDX-License-Identifier: MIT */
/* Migration recovery of the first generation: one worker for the device that
 * starts when every GT was interrupted, queries, fixes and notifies, and steps
 * back when one more migration is on its way (vf-lifecycle 4.1). Where the
 * first driver had a FIXME, this one applies the fixups. The CTB stays closed
 * from the interrupt until a GT's GuC was notified. */
#include "vfc_priv.h"

#include "proto/text.h"

/* Will the worker run again soon? One that is merely running doesn't count. */
static bool imminent(const struct vfc *v)
{
	return v->seed.gt_flags != 0 || v->seed.pending;
}

void vfc_seed_migrated(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	bool started;

	if (v->teardown)
		return;
	gt->rec.inprogress = true;
	gt->rec.need_fixes = true;
	v->seed.gt_flags |= 1u << gt->id;
	vfc_log(v, gt->id, VFC_LOG_INFO, "ready for recovery after migration");
	for (unsigned i = 0; i < v->opt.gts; i++)
		if (!(v->seed.gt_flags >> i & 1)) {
			vfc_log(v, i, VFC_LOG_DEBUG, "still not ready to recover");
			return;
		}
	v->seed.gt_flags = 0;
	started = !v->seed.pending;
	v->seed.pending = true;
	vfc_log(v, VFC_DEVICE, VFC_LOG_INFO, "VF migration recovery %s",
		started ? "scheduled" : "already in progress");
}

static int do_begin(struct vfc *v)
{
	vfc_log(v, VFC_DEVICE, VFC_LOG_DEBUG, "migration recovery in progress");
	v->seed.pm_refs = 1;
	return 0;
}

/* The first error is kept, the other GTs are asked all the same. */
static int do_query(struct vfc *v)
{
	int err = vfc_query(&v->gt[v->seed.gt], false);

	if (err > 0)
		return err;
	if (err && !v->seed.err)
		v->seed.err = err;
	return ++v->seed.gt < v->opt.gts ? VFC_MORE : 0;
}

/* -ECANCELED defers: an error of the query is then thrown away. */
static int do_decide(struct vfc *v)
{
	return imminent(v) ? -ECANCELED : v->seed.err;
}

static int do_fixups(struct vfc *v)
{
	for (unsigned i = 0; i < v->opt.gts; i++) {
		vfc_recovery_fix_all(&v->gt[i]);
		vfc_recovery_rearm(&v->gt[i]);
		vfc_recovery_prepare(&v->gt[i]);
	}
	return 0;
}

static void notified(struct vfc_gt *gt)
{
	const struct vfc_seed *seed = &gt->v->seed;

	/* Interrupted meanwhile: its next recovery opens it. */
	if (!(seed->gt_flags >> gt->id & 1) && !seed->pending)
		gt->rec.inprogress = false;
	vfc_recovery_kickstart(gt);
}

/* One GT a call. Its GuC's answer is only logged. */
static int do_notify(struct vfc *v)
{
	struct vfc_gt *gt = &v->gt[v->seed.gt];
	int err;

	if (!gt->mmio_busy && imminent(v)) {
		vfc_log(v, VFC_DEVICE, VFC_LOG_DEBUG,
			"another recovery imminent, skipping notifications");
		v->seed.skipped = true;
		return 0;
	}
	err = vfc_mmio_zero(gt, hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RESFIX_DONE, 0),
			    NULL);
	if (err == VFC_WAIT)
		return err;
	if (err)
		vfc_log(v, gt->id, VFC_LOG_ERROR,
			"Failed to notify GuC about resource fixup done (%s)", text_errno(err));
	notified(gt);
	return 0;
}

static int do_end(struct vfc *v)
{
	v->seed.pm_refs = 0;
	vfc_log(v, VFC_DEVICE, VFC_LOG_NOTICE, "migration recovery ended");
	v->seed.ended++;
	return 0;
}

static const struct seed_row {
	enum vfc_step_id step;
	int (*run)(struct vfc *v);
	bool each_gt; /* asked, reported and run for one GT after the other */
} rows[] = {
	{ VFC_STEP_SEED_BEGIN, do_begin, false },
	{ VFC_STEP_SEED_QUERY, do_query, false },
	{ VFC_STEP_SEED_DECIDE, do_decide, false },
	{ VFC_STEP_SEED_FIXUPS, do_fixups, false },
	{ VFC_STEP_SEED_NOTIFY, do_notify, true },
	{ VFC_STEP_SEED_END, do_end, false },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void end_run(struct vfc *v)
{
	v->seed.running = false;
	v->seed.asked = false;
}

static void failed(struct vfc *v, int err)
{
	v->seed.pm_refs = 0;
	end_run(v);
	vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR, "migration recovery failed (%s)", text_errno(err));
	if (!v->opt.never_wedge) {
		vfc_wedge(v, err);
		return;
	}
	for (unsigned i = 0; i < v->opt.gts; i++)
		vfc_recovery_abandon(&v->gt[i]);
}

/* A hook did the work of a step; what only the driver knows follows here. */
static void replaced(struct vfc *v, enum vfc_step_id step)
{
	if (step == VFC_STEP_SEED_NOTIFY) {
		notified(&v->gt[v->seed.gt]);
	} else if (step == VFC_STEP_SEED_END) {
		v->seed.pm_refs = 0;
		v->seed.ended++;
	}
}

static void deferred(struct vfc *v)
{
	v->seed.pm_refs = 0;
	end_run(v);
	vfc_log(v, VFC_DEVICE, VFC_LOG_DEBUG, "migration recovery deferred");
}

static bool begin_run(struct vfc *v)
{
	if (!v->seed.pending)
		return false;
	for (unsigned i = 0; i < v->opt.gts; i++)
		if (vfc_op_holds(v, &v->gt[i]))
			return false;
	v->seed.pending = false;
	v->seed.running = true;
	v->seed.step = 0;
	v->seed.asked = false;
	v->seed.err = 0;
	v->seed.gt = 0;
	v->seed.skipped = false;
	for (unsigned i = 0; i < v->opt.gts; i++)
		vfc_query_begin(&v->gt[i]);
	return true;
}

static void next_row(struct vfc *v, const struct seed_row *row)
{
	if (row->each_gt && !v->seed.skipped && ++v->seed.gt < v->opt.gts)
		return;
	v->seed.gt = 0;
	if (++v->seed.step == ROWS)
		end_run(v);
}

bool vfc_seed_step(struct vfc *v)
{
	const struct seed_row *row;
	unsigned gt;
	int err = 0;

	if (!v->seed.running)
		return begin_run(v);
	/* Nothing but the interrupt tells that it is migrated again, and a notification
	 * after that would end the new migration: first see what has interrupted. */
	if (vfc_intr_busy(v) && !v->gt[v->seed.gt].mmio_busy)
		return false;
	row = &rows[v->seed.step];
	gt = row->each_gt ? v->seed.gt : VFC_DEVICE;
	if (!v->seed.asked) {
		enum vfc_hook_result hook = vfc_ask_hook(v, gt, row->step, &err);

		if (hook == VFC_HOOK_HOLD)
			return false;
		v->seed.asked = true;
		if (hook == VFC_HOOK_RUN)
			err = row->run(v);
		else if (!err)
			replaced(v, row->step);
	} else {
		err = row->run(v);
	}
	if (err == VFC_WAIT)
		return false;
	if (err == VFC_MORE)
		return true;
	v->seed.asked = false;
	vfc_step_event(v, gt, row->step, err);
	if (!err)
		next_row(v, row);
	else if (err == -ECANCELED && row->step == VFC_STEP_SEED_DECIDE)
		deferred(v);
	else
		failed(v, err);
	return true;
}

void vfc_seed_cancel(struct vfc *v)
{
	v->seed.pending = false;
	v->seed.gt_flags = 0;
	v->seed.pm_refs = 0;
	end_run(v);
}

/* --- parts shared with the latest generation --------------------------------------- */

void vfc_recovery_fix_all(struct vfc_gt *gt)
{
	vfc_stop_gt(gt);
	gt->rec.delta = (int64_t)(gt->v->ggtt_start - gt->rec.fixed_start);
	vfc_fixup_ccs(gt);
	vfc_fixup_default_images(gt);
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			vfc_fixup_queue(gt, &gt->queue[id]);
	gt->rec.fixups_complete++;
	gt->rec.need_fixes = false;
	gt->rec.fixed_start = gt->v->ggtt_start;
}

void vfc_recovery_prepare(struct vfc_gt *gt)
{
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			vfc_replay_prepare(gt, &gt->queue[id]);
}

void vfc_recovery_kickstart(struct vfc_gt *gt)
{
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			vfc_replay_kickstart(gt, &gt->queue[id]);
	vfc_queue_mark(gt);
}
