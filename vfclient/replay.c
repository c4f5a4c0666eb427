/* SPDX-License-Identifier: MIT */
/* What a recovery does to queues (vf-lifecycle 4.8): pause rolls half-done
 * exchanges with GuC back to a point from which they can be repeated, prepare
 * writes unfinished jobs again, kickstart makes the exchanges due. */
#include "vfc_priv.h"

static void unregister(struct vfc_gt *gt, struct vfc_queue *q)
{
	if (q->registered)
		gt->registered--;
	q->registered = false;
	q->confirmed = false;
	vfc_group_unregister(gt, q);
}

void vfc_replay_pause(struct vfc_gt *gt, struct vfc_queue *q)
{
	bool was_enabling = q->pending_enable;

	vfc_group_pause(q);
	if (was_enabling) {
		q->enabled = false;
		/* A resume is repeated; a first enable with its registration,
		 * which GuC ignores if it knows the context. */
		if (!q->resuming)
			unregister(gt, q);
	}
	/* The registration itself may be among the messages that get lost. */
	if (!q->confirmed)
		unregister(gt, q);
	if (q->pending_disable) {
		q->enabled = !was_enabling;
		q->disable_sent = false;
	}
	q->deregister_sent = false;
	q->deregister_credit = false;
	q->pending_enable = false;
	q->pending_disable = false;
	q->scheds = 0;
	q->wq_dirty = false;
	if (q->width > 1 && vfc_fixup_wanted(gt->v, FIXUP_WORK_QUEUE) &&
	    !(gt->v->opt.twice_fixups >> FIXUP_WORK_QUEUE & 1))
		vfc_wq_blank(gt->v, q);
}

/* Row 13. Jobs that came during the recovery are not in the ring yet. */
void vfc_replay_prepare(struct vfc_gt *gt, struct vfc_queue *q)
{
	if (!vfc_fixup_wanted(gt->v, FIXUP_JOBS))
		return;
	for (uint32_t n = q->jobs_done + 1; n != q->jobs_made + 1; n++)
		if (queue_job(q, n)->emitted)
			vfc_job_emit(gt, q, queue_job(q, n), vfc_fixup_error(gt, FIXUP_JOBS));
}

void vfc_replay_kickstart(struct vfc_gt *gt, struct vfc_queue *q)
{
	uint32_t unfinished = q->jobs_made - q->jobs_done;

	if (q->killed || !unfinished)
		return;
	vfc_job_emit_due(gt, q);
	/* One tail for all, one message for each. */
	vfc_job_tails(gt, q);
	q->scheds = unfinished;
}

void vfc_replay_forget(struct vfc_gt *gt, struct vfc_queue *q)
{
	unregister(gt, q);
	q->enabled = false;
	q->pending_enable = false;
	q->pending_disable = false;
	q->resuming = false;
	q->disable_sent = false;
	q->deregister_sent = false;
	q->deregister_credit = false;
	q->scheds = 0;
	vfc_group_pause(q);
	q->entered = false;
	if (q->kind != VFC_QUEUE_JOBS)
		return;
	if (q->width > 1) {
		vfc_wq_init(gt->v, q);
		q->wq_tail = 0;
	}
	/* The ring starts again at the first job that did not finish. */
	vfc_lrc_set_head(gt->v, q, vfc_job_tail(q->jobs_done));
	vfc_lrc_set_tail(gt->v, q, vfc_job_tail(q->jobs_done));
}
