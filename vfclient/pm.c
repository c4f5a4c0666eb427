/* SPDX-License-Identifier: MIT */
/* Reset, suspend, resume, unload: the calls and the rows that only they use
 * (vf-lifecycle 4.9, R-42, R-43, R-48 to R-51). Suspend waits for a recovery,
 * no recovery starts while suspended, resume queries the configuration and
 * moves everything if the start moved; a 7.2 driver does none of this (quirk
 * NO_SUSPEND_GUARD). */
#include "vfc_priv.h"

int vfc_reset(struct vfc *v, unsigned gt, uint64_t tag)
{
	if (gt >= v->opt.gts || !v->up)
		return -ENODEV;
	if (vfc_pending(&v->gt[gt])) {
		vfc_log(v, gt, VFC_LOG_WARN, "GT reset not done: migration recovery pending");
		return -EBUSY;
	}
	return vfc_op_start(v, VFC_OP_RESET, gt, tag);
}

int vfc_suspend(struct vfc *v, uint64_t tag)
{
	return v->up ? vfc_op_start(v, VFC_OP_SUSPEND, VFC_DEVICE, tag) : -ENODEV;
}

int vfc_resume(struct vfc *v, uint64_t tag)
{
	return v->suspended ? vfc_op_start(v, VFC_OP_RESUME, VFC_DEVICE, tag) : -ENODEV;
}

int vfc_shutdown(struct vfc *v, uint64_t tag)
{
	int err;

	if (!v->up && !v->suspended)
		return -ENODEV;
	err = vfc_op_start(v, VFC_OP_SHUTDOWN, VFC_DEVICE, tag);
	if (!err)
		v->teardown = true;
	return err;
}

/* --- rows -------------------------------------------------------------------------- */

int vfc_row_wait_recovery(struct vfc_gt *gt, unsigned arg)
{
	const struct vfc *v = gt->v;

	(void)arg;
	if (vfc_quirk(v, VFC_QUIRK_NO_SUSPEND_GUARD))
		return 0;
	return vfc_pending(gt) || gt->rec.pending || gt->rec.running || v->seed.pending ||
		       v->seed.running ? VFC_WAIT : 0;
}

/* A worker that has not begun is cancelled, one that runs is waited for. */
int vfc_row_wait_worker(struct vfc_gt *gt, unsigned arg)
{
	struct vfc *v = gt->v;

	(void)arg;
	if (gt->rec.running || v->seed.running)
		return VFC_WAIT;
	vfc_recovery_cancel(gt);
	vfc_seed_cancel(v);
	return 0;
}

int vfc_row_stop(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	vfc_stop_gt(gt);
	vfc_relay_reset(gt, -ECANCELED);
	return 0;
}

int vfc_row_suspended(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	gt->v->suspended = true;
	gt->v->up = false;
	return 0;
}

/* On resume and in a GT reset, too: between VF_RESET and SELF_CFG no interrupt
 * can tell of a migration, and a second VF_RESET ends GuC's waiting. */
int vfc_row_requery(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	if (vfc_quirk(gt->v, VFC_QUIRK_NO_SUSPEND_GUARD))
		return 0;
	if (!gt->v->op.row_begun) {
		/* VF_RESET ended whatever waited; what follows is new. */
		vfc_recovery_cancel(gt);
		vfc_irq_clear_migrated(gt);
		vfc_query_begin(gt);
	}
	return vfc_query(gt, false);
}

int vfc_row_refix(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	if (vfc_quirk(gt->v, VFC_QUIRK_NO_SUSPEND_GUARD))
		return 0;
	vfc_recovery_fix_all(gt);
	vfc_recovery_prepare(gt);
	return 0;
}

int vfc_row_forget(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			vfc_replay_forget(gt, &gt->queue[id]);
	return 0;
}

int vfc_row_restart(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	gt->v->up = true;
	gt->v->suspended = false;
	gt->g2h_due = true;
	vfc_recovery_kickstart(gt);
	return 0;
}

int vfc_row_off(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	gt->v->up = false;
	gt->v->suspended = false;
	vfc_irq_disable(gt->v);
	host_ct_reset(&gt->ct);
	vfc_queue_free_all(gt, -ECANCELED);
	return 0;
}
