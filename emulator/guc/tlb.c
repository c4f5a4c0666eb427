/* SPDX-License-Identifier: MIT */
/* TLB invalidations and page reclamation (guc-abi 6.2): each is answered by one
 * event with its seqno, in order, whatever the seqno; 0x100000 marks all but the
 * last of a group and is answered like any other. The engines' TLB is always
 * there (emulator/engine/tlb.c), the GGTT's with options.ggtt_tlb; there is no
 * page to reclaim. */
#include "exec.h"

/* Largest range of a page-selective invalidation: dword 6 is log2(bytes) - 12. */
#define TLB_RANGE_MAX 52u
/* Entries of the GGTT's TLB that are emptied in the time of an H2G dword. */
#define ENTRIES_A_DWORD 64u

/* Of the engines. Which address space a context has is not looked up: any of the
 * function's that has the range. */
static void drop(struct guc_card *c, struct guc_request *r, uint32_t type)
{
	uint32_t asid = type == GUC_TLB_PAGE_ASID ? r->dw[3] : ENG_ASID_ANY;

	r->cost += GUC_TLB_ENTRIES / ENTRIES_A_DWORD;
	if (type == GUC_TLB_FULL)
		eng_tlb_drop(c, r->gt, r->fn, ENG_ASID_ANY);
	else
		eng_tlb_drop_range(c, r->gt, r->fn, asid, make64(r->dw[4], r->dw[5]),
				   r->dw[6] + GGTT_PAGE_SHIFT);
}

/* dw1 seqno, dw2 operation, [dw3 ASID or context, dw4/5 start, dw6 log2(length) - 12]. */
uint16_t guc_act_tlb(struct guc_card *c, struct guc_request *r)
{
	bool all = r->action == GUC_ACTION_TLB_INVALIDATION_ALL;
	uint32_t seqno = r->dw[1], type = field_get(TLB_OP_TYPE, r->dw[2]);
	bool paged = type == GUC_TLB_PAGE_ASID || type == GUC_TLB_PAGE_CONTEXT;

	if (type > GUC_TLB_GUC || (all && type != GUC_TLB_FULL) ||
	    field_get(TLB_OP_MODE, r->dw[2]) > GUC_TLB_LITE ||
	    r->dw[2] & ~(TLB_OP_TYPE | TLB_OP_MODE | TLB_OP_FLUSH))
		return GUC_ERR_INVALID_PARAMS;
	if (r->len != (paged ? 7u : 3u))
		return GUC_ERR_ERROR_PROTOCOL;
	if (paged && r->dw[6] > TLB_RANGE_MAX)
		return GUC_ERR_INVALID_PARAMS;
	if (type != GUC_TLB_GUC)
		drop(c, r, type);
	if (!paged)
		r->cost += guc_ggtt_invalidate(c, guc_gt_tile(c, r->gt), r->fn) / ENTRIES_A_DWORD;
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_TLB_INVALIDATION_DONE, &seqno, 1);
	return GUC_OK;
}

/* dw1 seqno, dw2/3 address of the list, a page of the function's own. */
uint16_t guc_act_page_reclamation(struct guc_card *c, struct guc_request *r)
{
	uint64_t list = make64(r->dw[2], r->dw[3]);
	uint32_t seqno = r->dw[1];

	if (list % 8)
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	if (!guc_in_range(c, guc_gt_tile(c, r->gt), r->fn, list, 8)) {
		guc_violate(c, r->gt, r->fn, GUC_VIOL_GGTT_FOREIGN, list, r->action);
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_PAGE_RECLAMATION_DONE, &seqno, 1);
	return GUC_OK;
}
