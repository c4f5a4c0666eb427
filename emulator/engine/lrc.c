/* SPDX-License-Identifier: MIT */
/* A logical ring context as it stands in memory: register image, indirect ring
 * state (guc-abi 9.3, xe-vf-probe 5.3). Every word is the driver's: read once,
 * checked. */
#include "engine.h"

#include <errno.h>

int guc_lrc_load(const struct eng_place *r, unsigned child, struct guc_lrc *lrc)
{
	uint64_t lrca = *guc_lrc_desc(r->c, r->gt, r->ctx, child) & LRC_DESC_ADDR;
	uint32_t page[LRC_IND_CTL + 1], ctl;
	int err;

	if (!lrca)
		return -ENOENT;
	lrc->regs = lrca + LRC_REGS;
	err = guc_ggtt_read(r->c, r->gt, r->fn, lrc->regs, lrc->image, sizeof(lrc->image));
	if (err)
		return err;
	if (lrc->image[LRC_INDIRECT_RING]) {
		uint64_t at = lrc->image[LRC_INDIRECT_RING] & LRC_DESC_ADDR;

		err = guc_ggtt_read(r->c, r->gt, r->fn, at, page, sizeof(page));
		if (err)
			return err;
		lrc->head = page[LRC_IND_HEAD];
		lrc->tail = page[LRC_IND_TAIL];
		lrc->ring = page[LRC_IND_START];
		ctl = page[LRC_IND_CTL];
		lrc->head_at = at + 4 * LRC_IND_HEAD;
		lrc->tail_at = at + 4 * LRC_IND_TAIL;
	} else {
		lrc->head = lrc->image[LRC_RING_HEAD];
		lrc->tail = lrc->image[LRC_RING_TAIL];
		lrc->ring = lrc->image[LRC_RING_START];
		ctl = lrc->image[LRC_RING_CTL];
		lrc->head_at = lrc->regs + 4 * LRC_RING_HEAD;
		lrc->tail_at = lrc->regs + 4 * LRC_RING_TAIL;
	}
	lrc->ring &= LRC_DESC_ADDR;
	lrc->size = (ctl & RING_CTL_SIZE) + LRC_PAGE;
	lrc->head &= BITS(20, 2);
	lrc->tail &= BITS(20, 2);
	return lrc->head < lrc->size && lrc->tail < lrc->size ? 0 : -EINVAL;
}
