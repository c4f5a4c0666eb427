/* SPDX-License-Identifier: MIT */
/* Migration recovery of the latest generation: a worker for each GT, START and
 * DONE with a marker (vf-lifecycle 4.3 to 4.5). The sub-steps are the rows of
 * one table, each a call of vfc_step(). What the fixups do is in fixup.c, what
 * happens to queues in replay.c. Where Linux 7.2 is weak (8.3) this one is
 * not, unless the quirk of that name is on. */
#include "vfc_priv.h"

#include "proto/errors.h"
#include "proto/text.h"

/* What becomes of a step's error. */
enum on_error {
	FAIL,       /* the device is wedged */
	LATER,      /* -EAGAIN: after a pause; else as FAIL */
	RUN_AGAIN,  /* 0x107: later, a bounded number of times; else as FAIL */
	REQUEUE,    /* 0x107: at once, without limit; else as FAIL */
};

static int do_shutdown(struct vfc_gt *gt)
{
	const struct vfc_gt *main_gt = &gt->v->gt[0];

	if (gt->v->opt.shared_queue && gt != main_gt &&
	    (main_gt->rec.pending || main_gt->rec.running))
		return -EAGAIN;
	vfc_stop_gt(gt);
	return 0;
}

static int do_supported(struct vfc_gt *gt)
{
	if (gt->v->migration_supported)
		return 0;
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "migration is not supported");
	return -ENOTRECOVERABLE;
}

static int do_marker(struct vfc_gt *gt)
{
	gt->rec.marker = 1u + gt->rec.counter++;
	return 0;
}

static uint32_t resfix(enum guc_action_code action, const struct vfc_gt *gt)
{
	return hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, gt->rec.marker);
}

static int do_start(struct vfc_gt *gt)
{
	bool late = vfc_quirk(gt->v, VFC_QUIRK_LATE_IRQ_RERUN);
	int err;

	/* From here on an interrupt means one more migration. */
	if (!late && !gt->mmio_busy) {
		vfc_irq_clear_migrated(gt);
		gt->rec.queued = false;
	}
	err = vfc_mmio_zero(gt, resfix(GUC_ACTION_RESFIX_START, gt), NULL);
	if (err == VFC_WAIT)
		return err;
	if (late)
		gt->rec.queued = false;
	/* Nothing to fix: this interrupt's recovery is over, or a reset was
	 * faster. If GuC refuses everything the query will find out. */
	if (!late && err == -ENXIO && gt->mbox.error == GUC_ERR_INVALID_STATE) {
		vfc_log(gt->v, gt->id, VFC_LOG_INFO, "no recovery is needed");
		gt->rec.no_done = true;
		err = 0;
	}
	return err;
}

static int do_query(struct vfc_gt *gt)
{
	int err;

	if (gt->rec.cursor++ == 0)
		vfc_query_begin(gt);
	err = vfc_query(gt, false);
	if (!err)
		gt->rec.delta = (int64_t)(gt->v->ggtt_start - gt->rec.fixed_start);
	return err;
}

static int do_fix_ccs(struct vfc_gt *gt)
{
	vfc_fixup_ccs(gt);
	return 0;
}

static int do_fix_default(struct vfc_gt *gt)
{
	vfc_fixup_default_images(gt);
	gt->rec.cursor = 0;
	return 0;
}

/* Call `visit` for some more queues; VFC_MORE until all were visited. */
static int visit_queues(struct vfc_gt *gt,
			void (*visit)(struct vfc_gt *gt, struct vfc_queue *q))
{
	uint32_t end = gt->rec.cursor + VFC_QUEUE_BATCH;

	for (; gt->rec.cursor < end && gt->rec.cursor < gt->queue_top; gt->rec.cursor++) {
		struct vfc_queue *q = &gt->queue[gt->rec.cursor];

		if (q->used && !q->child)
			visit(gt, q);
	}
	if (gt->rec.cursor < gt->queue_top)
		return VFC_MORE;
	gt->rec.cursor = 0;
	return 0;
}

static int do_fix_queues(struct vfc_gt *gt)
{
	int r = visit_queues(gt, vfc_fixup_queue);

	if (!r)
		gt->rec.fixups_complete++;
	return r;
}

static int do_valid(struct vfc_gt *gt)
{
	gt->rec.need_fixes = false;
	gt->rec.fixed_start = gt->v->ggtt_start;
	return 0;
}

void vfc_recovery_rearm(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;

	vfc_irq_enable(v, vfc_quirk(v, VFC_QUIRK_REARM_DEVICE));
	if (gt->ct.state != HOST_CT_STOPPED)
		return; /* migrated before the CTB was ever enabled */
	host_ct_restart(&gt->ct, !vfc_quirk(v, VFC_QUIRK_LEAK_CREDITS));
	gt->g2h_due = true;
}

static int do_rearm(struct vfc_gt *gt)
{
	if (gt->rec.cursor == 0)
		vfc_recovery_rearm(gt);
	return visit_queues(gt, vfc_replay_prepare);
}

static int do_decide(struct vfc_gt *gt)
{
	if (gt->rec.queued) {
		vfc_log(gt->v, gt->id, VFC_LOG_DEBUG, "another recovery imminent");
		return 0;
	}
	/* A guarded driver stays 'in progress' until DONE was accepted. */
	if (vfc_quirk(gt->v, VFC_QUIRK_UNGUARDED_REQUEUE))
		gt->rec.inprogress = false;
	return 0;
}

static int do_done(struct vfc_gt *gt)
{
	int err = gt->rec.no_done ?
		0 : vfc_mmio_zero(gt, resfix(GUC_ACTION_RESFIX_DONE, gt), NULL);

	if (!err && !gt->rec.queued)
		gt->rec.inprogress = false;
	return err;
}

static int do_kickstart(struct vfc_gt *gt)
{
	int r = visit_queues(gt, vfc_replay_kickstart);

	if (!r)
		vfc_queue_mark(gt);
	return r;
}

static int do_ended(struct vfc_gt *gt)
{
	vfc_log(gt->v, gt->id, VFC_LOG_NOTICE, "migration recovery ended");
	gt->rec.ended++;
	gt->rec.backoffs = 0;
	return 0;
}

/* A hook did the work of a step. What only the driver knows follows here; an
 * interrupt that came meanwhile is not lost: GuC will refuse DONE. */
static void replaced(struct vfc_gt *gt, enum vfc_step_id step)
{
	if (step == VFC_STEP_START) {
		vfc_irq_clear_migrated(gt);
		gt->rec.queued = false;
	} else if (step == VFC_STEP_VALID) {
		gt->rec.need_fixes = false;
	} else if (step == VFC_STEP_DONE && !gt->rec.queued) {
		gt->rec.inprogress = false;
	} else if (step == VFC_STEP_ENDED) {
		gt->rec.ended++;
		gt->rec.backoffs = 0;
	}
}

static const struct recovery_row {
	enum vfc_step_id step;
	int (*run)(struct vfc_gt *gt);
	enum on_error on_error;
	const char *says; /* beside "migration recovery failed" */
} rows[] = {
	{ VFC_STEP_SHUTDOWN, do_shutdown, LATER, NULL },
	{ VFC_STEP_SUPPORTED, do_supported, FAIL, NULL },
	{ VFC_STEP_MARKER, do_marker, FAIL, NULL },
	{ VFC_STEP_START, do_start, RUN_AGAIN, "Recovery failed at GuC RESFIX_START step" },
	{ VFC_STEP_QUERY, do_query, RUN_AGAIN, NULL },
	{ VFC_STEP_FIX_CCS, do_fix_ccs, FAIL, NULL },
	{ VFC_STEP_FIX_DEFAULT_LRC, do_fix_default, FAIL, NULL },
	{ VFC_STEP_FIX_QUEUES, do_fix_queues, FAIL, NULL },
	{ VFC_STEP_VALID, do_valid, FAIL, NULL },
	{ VFC_STEP_REARM, do_rearm, FAIL, NULL },
	{ VFC_STEP_DECIDE, do_decide, FAIL, NULL },
	{ VFC_STEP_DONE, do_done, REQUEUE, "Recovery failed at GuC RESFIX_DONE step" },
	{ VFC_STEP_KICKSTART, do_kickstart, FAIL, NULL },
	{ VFC_STEP_ENDED, do_ended, FAIL, NULL },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- the interrupt (vf-lifecycle 4.4) --------------------------------------------- */

void vfc_migrated(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	bool started;

	gt->rec.scheduled_seq = ++v->seq;
	gt->rec.requery = v->migration_supported;
	if (!v->markers && v->migration_supported) {
		vfc_seed_migrated(gt);
		return;
	}
	if (!v->migration_supported) {
		vfc_log(v, gt->id, VFC_LOG_ERROR, "migration not supported");
		return;
	}
	vfc_log(v, gt->id, VFC_LOG_INFO, "ready for recovery after migration");
	if (gt->rec.queued || v->teardown)
		return;
	gt->rec.queued = true;
	gt->rec.inprogress = true;
	gt->rec.need_fixes = true;
	started = !gt->rec.pending;
	gt->rec.pending = true;
	vfc_log(v, gt->id, VFC_LOG_INFO, "VF migration recovery %s",
		started ? "scheduled" : "already in progress");
}

/* --- the worker -------------------------------------------------------------------- */

static void end_run(struct vfc_gt *gt)
{
	gt->rec.running = false;
	gt->rec.asked = false;
}

static void queue_again(struct vfc_gt *gt, uint64_t pause)
{
	vfc_log(gt->v, gt->id, VFC_LOG_INFO, "Re-queuing migration recovery");
	gt->rec.requeues++;
	gt->rec.requery = true;
	if (!vfc_quirk(gt->v, VFC_QUIRK_UNGUARDED_REQUEUE)) {
		gt->rec.queued = true;
		gt->rec.inprogress = true;
		gt->rec.need_fixes = true;
	}
	gt->rec.not_before = gt->v->now + pause;
	gt->rec.pending = true;
	end_run(gt);
}

void vfc_recovery_abandon(struct vfc_gt *gt)
{
	vfc_queue_kill_all(gt);
	vfc_recovery_cancel(gt);
	vfc_log(gt->v, gt->id, VFC_LOG_DEBUG, "wedged mode is \"never\": the device goes on");
}

static void failed(struct vfc_gt *gt, const struct recovery_row *row, int err)
{
	struct vfc *v = gt->v;

	if (row->says)
		vfc_log(v, gt->id, VFC_LOG_ERROR, "%s (%s)", row->says, text_errno(err));
	gt->rec.inprogress = false;
	gt->rec.need_fixes = false;
	end_run(gt);
	vfc_log(v, gt->id, VFC_LOG_ERROR, "migration recovery failed (%s)", text_errno(err));
	if (v->opt.never_wedge)
		vfc_recovery_abandon(gt);
	else
		vfc_wedge(v, err);
}

static void step_failed(struct vfc_gt *gt, const struct recovery_row *row, int err)
{
	bool migrated = err == -EREMCHG && gt->rec.guc_migrated;

	switch (row->on_error) {
	case FAIL:
		break;
	case LATER:
		if (err != -EAGAIN)
			break;
		queue_again(gt, VFC_BACKOFF);
		return;
	case RUN_AGAIN:
		if (!migrated || vfc_quirk(gt->v, VFC_QUIRK_WEDGE_ON_MIGRATED) ||
		    gt->rec.backoffs >= VFC_MAX_BACKOFFS)
			break;
		queue_again(gt, VFC_BACKOFF << gt->rec.backoffs);
		gt->rec.backoffs++;
		return;
	case REQUEUE:
		if (!migrated)
			break;
		queue_again(gt, 0);
		return;
	}
	failed(gt, row, err);
}

static bool begin_run(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;

	if (!gt->rec.pending || v->now < gt->rec.not_before || vfc_op_holds(v, gt))
		return false;
	gt->rec.pending = false;
	gt->rec.running = true;
	gt->rec.step = 0;
	gt->rec.asked = false;
	gt->rec.no_done = false;
	vfc_log(v, gt->id, VFC_LOG_DEBUG, "migration recovery in progress");
	return true;
}

bool vfc_recovery_step(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	const struct recovery_row *row;
	int err = 0;

	if (!gt->rec.running)
		return begin_run(gt);
	row = &rows[gt->rec.step];
	if (!gt->rec.asked) {
		enum vfc_hook_result hook = vfc_ask_hook(v, gt->id, row->step, &err);

		if (hook == VFC_HOOK_HOLD)
			return false;
		gt->rec.guc_migrated = hook == VFC_HOOK_REPLACE && err == -EREMCHG;
		gt->rec.asked = true;
		gt->rec.cursor = 0;
		if (hook == VFC_HOOK_RUN)
			err = row->run(gt);
		else if (!err)
			replaced(gt, row->step);
	} else {
		err = row->run(gt);
	}
	if (err == VFC_WAIT)
		return false;
	if (err == VFC_MORE)
		return true;
	gt->rec.asked = false;
	vfc_step_event(v, gt->id, row->step, err);
	if (err)
		step_failed(gt, row, err);
	else if (++gt->rec.step == ROWS)
		end_run(gt);
	return true;
}

uint64_t vfc_recovery_deadline(const struct vfc_gt *gt)
{
	if (gt->rec.running)
		return gt->rec.grace ? gt->rec.grace : UINT64_MAX;
	return gt->rec.pending ? gt->rec.not_before : UINT64_MAX;
}

void vfc_recovery_cancel(struct vfc_gt *gt)
{
	gt->rec.pending = false;
	gt->rec.queued = false;
	gt->rec.inprogress = false;
	gt->rec.need_fixes = false;
	gt->rec.grace = 0;
	gt->rec.requery = false;
	end_run(gt);
}
