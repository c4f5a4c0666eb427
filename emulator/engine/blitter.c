/* SPDX-License-Identifier: MIT */
/* XY_CTRL_SURF_COPY_BLT: compression metadata (CCS) of a surface to plain memory
 * and back, page by page, since pages that follow each other for the engine need
 * not do so in memory. On a card without metadata there is nothing to copy. */
#include "space.h"

#include "proto/mi.h"

#define CTRL_SURF_COPY_DWORDS 5u
/* A page costs two translations and two crossings, a command about one of each. */
#define PAGES_A_COMMAND 2u
/* Pages of one call: the command is called again for the rest. */
#define PAGES_A_CALL    64u
#define META_MAX (GGTT_PAGE / CCS_RATIO_BEFORE)

/* A surface is named by its own address, plain memory directly. */
struct side {
	uint64_t at;
	bool direct;
};

static enum eng_end move(struct streamer *s, const struct side *side, uint32_t page, void *dst,
			 const void *src)
{
	const struct eng_place *p = s->r;
	uint32_t bytes = GGTT_PAGE / p->c->block->options.ccs_ratio;
	uint64_t at = side->at + (uint64_t)page * (side->direct ? bytes : GGTT_PAGE);
	bool ggtt = eng_is_ggtt(s, false);
	struct eng_span span;
	enum eng_end end;

	if (side->direct)
		return dst ? eng_read(s, ggtt, at, dst, bytes) : eng_write(s, ggtt, at, src, bytes);
	end = eng_translate(s, ggtt, at, dst ? ENG_READ : ENG_WRITE, &span);
	if (end != ENG_MORE)
		return end;
	if (span.nothing) {
		if (dst)
			memset(dst, 0, bytes);
		return ENG_MORE;
	}
	return guc_place_ccs(p->c, p->gt, p->fn, &span.place, dst, src) ? ENG_DEAD : ENG_MORE;
}

static uint32_t page_count(const struct streamer *s, uint32_t ratio)
{
	return ratio == CCS_RATIO_XE2 ?
		       field_get(BLT_SIZE_PAGES, s->cmd[0]) + 1 :
		       (field_get(BLT_SIZE_BLOCKS, s->cmd[0]) + 1) * (CCS_BLOCK * ratio / GGTT_PAGE);
}

enum eng_end eng_ctrl_surf_copy(struct streamer *s)
{
	uint32_t ratio = s->r->c->block->options.ccs_ratio, pages, last;
	const uint32_t *cmd = s->cmd;
	const struct side src = { make64(cmd[1], cmd[2] & BLT_ADDR_HI), cmd[0] & BLT_SRC_DIRECT };
	const struct side dst = { make64(cmd[3], cmd[4] & BLT_ADDR_HI), cmd[0] & BLT_DST_DIRECT };
	uint8_t meta[META_MAX];
	enum eng_end end = ENG_MORE;

	if (s->len != CTRL_SURF_COPY_DWORDS)
		return eng_garbage(s);
	if (!ratio)
		return eng_done(s);
	if ((!src.direct && src.at % GGTT_PAGE) || (!dst.direct && dst.at % GGTT_PAGE))
		return eng_garbage(s);
	pages = page_count(s, ratio);
	/* A blob may say anything. */
	if (s->exec->progress > pages)
		s->exec->progress = pages;
	last = pages - s->exec->progress > PAGES_A_CALL ? s->exec->progress + PAGES_A_CALL : pages;
	s->cost += (last - s->exec->progress) / PAGES_A_COMMAND;
	while (end == ENG_MORE && s->exec->progress < last) {
		end = move(s, &src, s->exec->progress, meta, NULL);
		if (end == ENG_MORE)
			end = move(s, &dst, s->exec->progress, NULL, meta);
		if (end == ENG_MORE)
			s->exec->progress++;
	}
	return end == ENG_MORE && s->exec->progress >= pages ? eng_done(s) : end;
}
