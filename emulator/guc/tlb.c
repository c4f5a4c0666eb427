/* SPDX-License-Identifier: MIT */
/* TLB_INVALIDATION and TLB_INVALIDATION_ALL (guc-abi 6.2): each is answered by
 * one TLB_INVALIDATION_DONE with its seqno, in order. There is no PPGTT TLB to
 * flush; the GGTT's exists with options.ggtt_tlb. */
#include "core.h"

uint16_t guc_act_tlb(struct guc_card *c, struct guc_request *r)
{
	bool all = r->action == GUC_ACTION_TLB_INVALIDATION_ALL;
	uint32_t seqno, type;
	bool paged;

	if (r->len < 3)
		return GUC_ERR_ERROR_PROTOCOL;
	seqno = r->dw[1];
	type = field_get(TLB_OP_TYPE, r->dw[2]);
	paged = type == GUC_TLB_PAGE_ASID || type == GUC_TLB_PAGE_CONTEXT;
	if (type > GUC_TLB_GUC || (all && type != GUC_TLB_FULL))
		return GUC_ERR_INVALID_PARAMS;
	if (r->len != (paged ? 7u : 3u))
		return GUC_ERR_ERROR_PROTOCOL;
	if (!paged)
		guc_ggtt_invalidate(c, guc_gt_tile(c, r->gt), r->fn);
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_TLB_INVALIDATION_DONE, &seqno, 1);
	return GUC_OK;
}
