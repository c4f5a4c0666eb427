/* SPDX-License-Identifier: MIT */
/* Recoverable page faults (guc-abi 6.5): this driver's contexts have no page
 * tables that anything could be added to, so every fault is answered with "can't
 * be had" and GuC ends the context. */
#include "vfc_priv.h"

/* The answer echoes what the request said. */
int vfc_page_fault(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	uint32_t reply[3] = { GUC_ACTION_PAGE_FAULT_RES_DESC };
	uint32_t pdata, vfid, engine, instance;

	if (len != 5)
		return -EPROTO;
	pdata = dw[1] >> 28 | (dw[2] & BITS(11, 0)) << 4;
	instance = field_get(BITS(24, 19), dw[1]);
	engine = field_get(BITS(27, 25), dw[1]);
	vfid = field_get(BITS(9, 4), dw[3]);
	/* Valid; bit 1, named success, says that it failed; a fault response. */
	reply[1] = 1u | 1u << 1 | 1u << 10 | (dw[2] & BITS(31, 12));
	reply[2] = vfid | field_get(BITS(11, 11), dw[3]) << 6 | instance << 7 | engine << 13 |
		   pdata << 16;
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "page fault at 0x%x%08x of context %u", dw[4],
		dw[3] & BITS(31, 12), pdata);
	return vfc_send(gt, HXG_FAST_REQUEST, reply, 3, 0, 0, 0);
}
