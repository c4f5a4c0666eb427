/* SPDX-License-Identifier: MIT */
/* Invalidations of the GuC's TLB (guc-abi 6.2): sequence numbers answered in
 * order. A recovery completes all of them: the new card's TLB is empty. */
#include "vfc_priv.h"

#define SEQNO_MAX 0xFFFFFu

int vfc_tlb_invalidate(struct vfc *v, unsigned gt)
{
	struct vfc_gt *g;
	uint32_t dw[3] = { GUC_ACTION_TLB_INVALIDATION, 0,
			   TLB_OP_FLUSH | field_put(TLB_OP_TYPE, GUC_TLB_GUC) };
	int err;

	if (gt >= v->opt.gts || !v->up)
		return -ENODEV;
	g = &v->gt[gt];
	dw[1] = g->tlb_sent == SEQNO_MAX ? 1 : g->tlb_sent + 1;
	err = vfc_send(g, HXG_FAST_REQUEST, dw, 3, 0, 3, 1);
	if (err && err != -ECANCELED)
		return err;
	if (g->tlb_sent == g->tlb_done)
		g->tlb_since = 0;
	g->tlb_sent = dw[1];
	if (err) /* a recovery is pending: as good as done */
		g->tlb_done = g->tlb_sent;
	v->dirty = true;
	return 0;
}

void vfc_tlb_complete_all(struct vfc_gt *gt)
{
	gt->tlb_done = gt->tlb_sent;
}

int vfc_tlb_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	uint32_t waiting;

	if (len != 2 || dw[1] == 0 || dw[1] > SEQNO_MAX)
		return -EPROTO;
	/* How many wait, and is this one of them? The space is a ring of 1..MAX. */
	waiting = (gt->tlb_sent + SEQNO_MAX - gt->tlb_done) % SEQNO_MAX;
	if ((gt->tlb_sent + SEQNO_MAX - dw[1]) % SEQNO_MAX >= waiting)
		return -EPROTO;
	gt->tlb_done = dw[1];
	gt->tlb_since = gt->v->now;
	return 0;
}

bool vfc_tlb_step(struct vfc_gt *gt)
{
	if (gt->tlb_sent == gt->tlb_done)
		return false;
	if (!gt->tlb_since)
		gt->tlb_since = gt->v->now;
	if (gt->v->now - gt->tlb_since < VFC_TLB_WAIT)
		return false;
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "TLB invalidation timed out, seqno %u, received %u",
		gt->tlb_sent, gt->tlb_done);
	vfc_tlb_complete_all(gt);
	return true;
}
