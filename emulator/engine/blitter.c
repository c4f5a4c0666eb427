/* SPDX-License-Identifier: MIT */
/* The one blitter command that is executed: XY_CTRL_SURF_COPY_BLT copies
 * compression metadata (CCS) of a surface to plain memory and back, page by
 * page, since pages that follow each other in the GGTT need not do so in
 * memory. As everywhere in the engine only GGTT addresses are followed. */
#include "engine.h"

#include "proto/mi.h"

#include <errno.h>

/* A page costs two translations and two crossings, a command about one of each. */
#define PAGES_A_COMMAND 2u
#define META_MAX (GGTT_PAGE / CCS_RATIO_BEFORE)

struct side {
	uint64_t at;
	bool direct;
};

static int move(struct guc_card *c, unsigned gt, unsigned fn, const struct side *side,
		uint32_t page, void *dst, const void *src)
{
	uint32_t bytes = GGTT_PAGE / c->block->options.ccs_ratio;
	uint64_t at = side->at + (uint64_t)page * (side->direct ? bytes : GGTT_PAGE);

	if (!side->direct)
		return guc_ccs_access(c, gt, fn, at, dst, src);
	return dst ? guc_ggtt_read(c, gt, fn, at, dst, bytes) :
		     guc_ggtt_write(c, gt, fn, at, src, bytes);
}

int guc_ccs_copy(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *cmd,
		 uint32_t *cost)
{
	uint32_t ratio = c->block->options.ccs_ratio, pages;
	const struct side src = { make64(cmd[1], cmd[2] & BLT_ADDR_HI),
				  cmd[0] & BLT_SRC_DIRECT };
	const struct side dst = { make64(cmd[3], cmd[4] & BLT_ADDR_HI),
				  cmd[0] & BLT_DST_DIRECT };
	uint8_t meta[META_MAX];
	int err = 0;

	pages = ratio == CCS_RATIO_XE2 ?
			field_get(BLT_SIZE_PAGES, cmd[0]) + 1 :
			(field_get(BLT_SIZE_BLOCKS, cmd[0]) + 1) * (CCS_BLOCK * ratio / GGTT_PAGE);
	if ((!src.direct && src.at % GGTT_PAGE) || (!dst.direct && dst.at % GGTT_PAGE))
		return -EINVAL;
	*cost = pages / PAGES_A_COMMAND;
	for (uint32_t i = 0; i < pages && !err; i++) {
		err = move(c, gt, fn, &src, i, meta, NULL);
		if (!err)
			err = move(c, gt, fn, &dst, i, NULL, meta);
	}
	return err == -EINVAL ? -EFAULT : err;
}
