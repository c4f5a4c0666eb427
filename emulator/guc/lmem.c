/* SPDX-License-Identifier: MIT */
/* Local memory (LMEM) of a discrete card: what a function was given of a tile's,
 * and whether it may reach a place. The content is no part of the block: it is
 * had through the port, by function, tile and offset in the function's share.
 * Where a share lies in the card is the PF's business (the LMTT in hardware), so
 * an offset can't lead to another function's at all. Key 0x0003 gives shares, on
 * main GTs (guc-abi 4.2). */
#include "core.h"

#include <errno.h>

uint64_t guc_lmem_size(const struct guc_card *c, unsigned tile, unsigned fn)
{
	return guc_fn(c, tile * c->block->geometry.gts, fn)->config.lmem_size;
}

int guc_lmem_check(struct guc_card *card, unsigned fn, unsigned tile, uint64_t off, uint64_t len)
{
	const struct guc_geometry *g = &card->block->geometry;
	unsigned gt = tile * g->gts;
	uint64_t size;

	if (fn > g->vfs || tile >= g->tiles)
		return -ENODEV;
	size = guc_lmem_size(card, tile, fn);
	if (size == 0)
		return -ENXIO;
	if (off > size || len > size - off) {
		guc_violate(card, gt, fn, GUC_VIOL_LMEM_FOREIGN, off, len);
		return -ERANGE;
	}
	return guc_is_flr(guc_fn(card, gt, fn)->state) ? -EAGAIN : 0;
}
