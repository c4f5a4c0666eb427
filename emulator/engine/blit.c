/* SPDX-License-Identifier: MIT */
/* Copies and fills, in pieces of a row: a piece is read whole, then written, so that
 * within one nothing overlaps; pieces go backwards where the destination lies behind
 * its source. All of a piece's destination is looked up before the first byte is
 * written: after a page fault it can be done again.
 *
 * Compression is a mark: block copies to pages whose PAT index compresses write it
 * into the pages' metadata and leave the bytes as they are; to other pages they
 * clear it. Who reads through such an index what is marked otherwise gets what
 * hardware gives for metadata that is not the surface's: other bytes. */
#include "blit.h"

#include "proto/mi.h"

#define PIECE      4096u
/* Of a budget of commands: each run of bytes is looked up and crosses the port. */
#define KIB_A_COST 1u
#define CALL_COST  64u
#define META_MAX   (GGTT_PAGE / CCS_RATIO_BEFORE)
#define MARK       0x5Au

/* PAT indices that compress (xe2_pat_table, xe3_lpg_pat_table of xe_pat.c). */
#define COMPRESSING (BITS(12, 9) | BITS(16, 14) | BITS(21, 21) | BITS(25, 25) | BITS(29, 29))

static bool compresses(const struct streamer *s, const struct eng_surface *surface,
		       const struct eng_span *span)
{
	uint32_t version = guc_graphics_version(s->r->c);

	if (span->nothing)
		return false;
	return version >= 2000 && version < 3500 ? COMPRESSING >> span->pat & 1 :
						   surface->compressed;
}

/* --- compression metadata ---------------------------------------------------------------- */

static enum eng_end metadata(struct streamer *s, const struct eng_span *span, void *dst,
			     const void *src)
{
	const struct eng_place *p = s->r;

	s->cost++;
	return guc_place_ccs(p->c, p->gt, p->fn, &span->place, dst, src) ? ENG_DEAD : ENG_MORE;
}

/* The page of `va` was written: marked or cleared. */
static enum eng_end mark(struct streamer *s, const struct eng_blit *b, bool ggtt, uint64_t va)
{
	uint8_t meta[META_MAX] = { 0 };
	struct eng_span span;
	enum eng_end end = eng_translate(s, ggtt, va, ENG_WRITE, &span);

	if (end != ENG_MORE || span.nothing)
		return end;
	if (compresses(s, &b->dst, &span) && !b->resolve)
		memset(meta, MARK, sizeof(meta));
	return metadata(s, &span, NULL, meta);
}

/* n bytes of one page were read: are they what they seem? */
static enum eng_end decompress(struct streamer *s, const struct eng_blit *b, bool ggtt,
			       uint64_t va, uint8_t *bytes, uint32_t n)
{
	uint32_t ratio = s->r->c->block->options.ccs_ratio, len = GGTT_PAGE / ratio, ours = 0;
	uint8_t meta[META_MAX];
	struct eng_span span;
	enum eng_end end = eng_translate(s, ggtt, va, ENG_READ, &span);

	if (end != ENG_MORE || !compresses(s, &b->src, &span))
		return end;
	end = metadata(s, &span, meta, NULL);
	if (end != ENG_MORE)
		return end;
	for (uint32_t i = 0; i < len; i++)
		ours += meta[i] == meta[0] && (meta[0] == 0 || meta[0] == MARK);
	for (uint32_t i = 0; i < n && ours != len; i++)
		bytes[i] ^= (uint8_t)(meta[i % len] | 1);
	return ENG_MORE;
}

/* --- a piece ----------------------------------------------------------------------------- */

enum pass {
	READ,
	LOOK_UP, /* may it be written? */
	WRITE,
	MARK_PAGES,
};

/* One run of bytes of a piece. */
static enum eng_end run_pass(struct streamer *s, const struct eng_blit *b, enum pass pass,
			     bool ggtt, uint64_t va, uint8_t *bytes, uint32_t n)
{
	switch (pass) {
	case READ:
		return eng_read(s, ggtt, va, bytes, n);
	case LOOK_UP:
		return eng_probe(s, ggtt, va, n, ENG_WRITE);
	case WRITE:
		return eng_write(s, ggtt, va, bytes, n);
	case MARK_PAGES:
		return mark(s, b, ggtt, va);
	}
	return ENG_DEAD;
}

/* All runs of n bytes from byte x of a row on; with metadata no run leaves its page,
 * and each page's is looked at once for neighbouring runs. */
static enum eng_end each_run(struct streamer *s, const struct eng_blit *b, enum pass pass,
			     uint64_t x, uint32_t row, uint8_t *bytes, uint32_t n)
{
	const struct eng_surface *f = pass == READ ? &b->src : &b->dst;
	bool ggtt = eng_is_ggtt(s, false), meta = b->metadata;
	uint64_t marked = UINT64_MAX;
	enum eng_end end = ENG_MORE;
	uint32_t run;

	for (uint32_t done = 0; end == ENG_MORE && done < n; done += run) {
		uint64_t va = f->at + eng_tile_offset(f, b->pixel, f->x + x + done, f->y + row, &run);

		if (meta && run > GGTT_PAGE - va % GGTT_PAGE)
			run = (uint32_t)(GGTT_PAGE - va % GGTT_PAGE);
		if (run > n - done)
			run = n - done;
		if (pass == MARK_PAGES && va / GGTT_PAGE == marked)
			continue;
		marked = va / GGTT_PAGE;
		s->cost++;
		end = run_pass(s, b, pass, ggtt, va, bytes + done, run);
		if (end == ENG_MORE && pass == READ && meta)
			end = decompress(s, b, ggtt, va, bytes + done, run);
	}
	return end;
}

static enum eng_end piece(struct streamer *s, const struct eng_blit *b, uint64_t x, uint32_t row,
			  uint32_t n)
{
	uint8_t bytes[PIECE];
	enum eng_end end = ENG_MORE;

	if (b->fill)
		for (uint32_t i = 0; i < n; i++)
			bytes[i] = b->pattern[(x + i) % b->pixel];
	else
		end = each_run(s, b, READ, x, row, bytes, n);
	if (end == ENG_MORE)
		end = each_run(s, b, LOOK_UP, x, row, bytes, n);
	if (end == ENG_MORE)
		end = each_run(s, b, WRITE, x, row, bytes, n);
	if (end == ENG_MORE && b->metadata)
		end = each_run(s, b, MARK_PAGES, x, row, bytes, n);
	s->cost += n / 1024 * KIB_A_COST;
	return end;
}

/* --- the whole --------------------------------------------------------------------------- */

/* True when the destination begins behind its source, so that what is copied first
 * could be what is read last. */
static bool backwards(const struct eng_blit *b)
{
	const struct eng_surface *d = &b->dst, *f = &b->src;
	uint32_t run;

	if (b->fill)
		return false;
	if (d->at == f->at)
		return d->y > f->y || (d->y == f->y && d->x > f->x);
	return d->at + eng_tile_offset(d, b->pixel, d->x, d->y, &run) >
	       f->at + eng_tile_offset(f, b->pixel, f->x, f->y, &run);
}

enum eng_end eng_blit(struct streamer *s, const struct eng_blit *b)
{
	uint32_t across = (uint32_t)((b->width + PIECE - 1) / PIECE), cost = s->cost;
	uint64_t all = (uint64_t)across * b->rows;
	bool back = backwards(b);
	enum eng_end end = ENG_MORE;

	/* Not even the command's own fields reach so far. */
	if (all > UINT32_MAX)
		return eng_garbage(s);
	while (end == ENG_MORE && s->exec->progress < all && s->cost - cost < CALL_COST) {
		uint32_t at = s->exec->progress;
		uint64_t x;

		if (back)
			at = (uint32_t)all - 1 - at;
		x = (uint64_t)(at % across) * PIECE;
		end = piece(s, b, x, at / across,
			    b->width - x < PIECE ? (uint32_t)(b->width - x) : PIECE);
		if (end == ENG_MORE)
			s->exec->progress++;
	}
	return end == ENG_MORE && s->exec->progress >= all ? eng_done(s) : end;
}
