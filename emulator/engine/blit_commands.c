/* SPDX-License-Identifier: MIT */
/* The copy engine's commands as programs and the driver's own jobs write them
 * (xe_gpu_commands.h, xe_migrate.c; intel_blt.c of the GPU tools; docs/protocol/engine.md
 * has the fields): each is decoded to a struct eng_blit. Rectangles are clipped to
 * coordinates that are not negative; what is left of nothing does nothing. */
#include "blit.h"

#include "proto/mi.h"

/* XY_FAST_COPY_BLT */
#define FAST_DST_TILING BITS(14, 13) /* 0 */
#define FAST_SRC_TILING BITS(21, 20)
#define FAST_PITCH      BITS(15, 0)  /* 1 and 7; bytes, of tiles dwords */
#define FAST_DEPTH      BITS(26, 24) /* 1 */
#define FAST_DST_TILE4  BITS(30, 30)
#define FAST_SRC_TILE4  BITS(31, 31)

/* XY_BLOCK_COPY_BLT, XY_FAST_COLOR_BLT */
#define BLOCK_DEPTH      BITS(21, 19) /* 0 */
#define BLOCK_SPECIAL    BITS(13, 12)
#define BLOCK_RESOLVE    1u
#define BLOCK_PITCH      BITS(17, 0)  /* 1 and 8; less one; bytes, of tiles dwords */
#define BLOCK_COMPRESSED BITS(29, 29)
#define BLOCK_TILING     BITS(31, 30)
#define BLOCK_X_OFFSET   BITS(13, 0)  /* 6 and 11 */
#define BLOCK_Y_OFFSET   BITS(29, 16)

/* MEM_COPY, MEM_SET */
#define MEM_MATRIX  BITS(17, 17)
#define MEM_PAGES   BITS(19, 19)
#define MEM_FIELD   BITS(17, 0) /* rows, pitches and bytes of a row, less one */
#define MEM_LINEAR  BITS(23, 0) /* bytes, or pages of MEM_PAGE bytes */
#define MEM_PAGE    256u
#define MEM_VALUE   BITS(31, 24)

#define XE_HP 1250u /* first graphics version with Tile4 */

static uint64_t address(const uint32_t *dw)
{
	return make64(dw[0], dw[1]) & BITS64(PPGTT_VA_BITS - 1, 0);
}

/* --- rectangles ------------------------------------------------------ */

/* A corner: two signed 16-bit coordinates. */
struct corner {
	int32_t x, y;
};

static struct corner corner(uint32_t dw)
{
	return (struct corner){ (int16_t)dw, (int16_t)(dw >> 16) };
}

/* From destination, its end and source, in pixels, to bytes and rows: false when
 * nothing is left. */
static bool place(struct eng_blit *b, struct corner from, struct corner to, struct corner src)
{
	int32_t left = from.x < src.x || b->fill ? from.x : src.x;
	int32_t top = from.y < src.y || b->fill ? from.y : src.y;

	left = left < 0 ? -left : 0;
	top = top < 0 ? -top : 0;
	from.x += left;
	src.x += left;
	from.y += top;
	src.y += top;
	if (from.x >= to.x || from.y >= to.y)
		return false;
	b->width = (uint64_t)(to.x - from.x) * b->pixel;
	b->rows = (uint32_t)(to.y - from.y);
	b->dst.x += (uint64_t)from.x * b->pixel;
	b->dst.y += (uint32_t)from.y;
	b->src.x += (uint64_t)src.x * b->pixel;
	b->src.y += (uint32_t)src.y;
	return true;
}

/* Bytes of a pixel by the code of depth, 0: none. */
static const uint8_t fast_depth[8] = { [0] = 1, [1] = 2, [2] = 2, [3] = 4, [4] = 8, [5] = 16 };
static const uint8_t block_depth[8] = { 1, 2, 4, 8, 12, 16 };

static bool tiles_fit(const struct eng_blit *b)
{
	/* No tile has room for a whole number of 12-byte pixels in a row. */
	return b->pixel && (b->pixel != 12 || (b->dst.tiling == ENG_LINEAR &&
					       b->src.tiling == ENG_LINEAR));
}

/* --- fast copies ------------------------------------------------------ */

static enum eng_tiling fast_tiling(uint32_t code, bool tile4)
{
	switch (code) {
	case 1:
		return ENG_TILE_X;
	case 2:
		return tile4 ? ENG_TILE_4 : ENG_TILE_Y;
	case 3:
		return ENG_TILE_64;
	}
	return ENG_LINEAR;
}

static uint32_t fast_pitch(enum eng_tiling tiling, uint32_t dw)
{
	return field_get(FAST_PITCH, dw) * (tiling == ENG_LINEAR ? 1 : 4);
}

enum eng_end eng_fast_copy(struct streamer *s)
{
	const uint32_t *cmd = s->cmd;
	struct eng_blit b = { .pixel = fast_depth[field_get(FAST_DEPTH, cmd[1])] };

	if (s->len != 10)
		return eng_garbage(s);
	b.dst.tiling = fast_tiling(field_get(FAST_DST_TILING, cmd[0]), cmd[1] & FAST_DST_TILE4);
	b.src.tiling = fast_tiling(field_get(FAST_SRC_TILING, cmd[0]), cmd[1] & FAST_SRC_TILE4);
	b.dst.pitch = fast_pitch(b.dst.tiling, cmd[1]);
	b.src.pitch = fast_pitch(b.src.tiling, cmd[7]);
	b.dst.at = address(cmd + 4);
	b.src.at = address(cmd + 8);
	if (!tiles_fit(&b))
		return eng_garbage(s);
	if (!place(&b, corner(cmd[2]), corner(cmd[3]), corner(cmd[6])))
		return eng_done(s);
	return eng_blit(s, &b);
}

/* --- block copies and colours ------------------------------------------------------ */

static enum eng_tiling block_tiling(const struct streamer *s, uint32_t code)
{
	switch (code) {
	case 1:
		return guc_graphics_version(s->r->c) < XE_HP ? ENG_TILE_Y : ENG_TILE_X;
	case 2:
		return ENG_TILE_4;
	case 3:
		return ENG_TILE_64;
	}
	return ENG_LINEAR;
}

/* Dwords of a surface: pitch and tiling; address; offsets. */
static struct eng_surface block_surface(const struct streamer *s, uint32_t pixel, uint32_t layout,
					const uint32_t *at, uint32_t offsets)
{
	struct eng_surface f = {
		.at = address(at),
		.tiling = block_tiling(s, field_get(BLOCK_TILING, layout)),
		.pitch = field_get(BLOCK_PITCH, layout) + 1,
		.x = (uint64_t)field_get(BLOCK_X_OFFSET, offsets) * pixel,
		.y = field_get(BLOCK_Y_OFFSET, offsets),
		.compressed = layout & BLOCK_COMPRESSED,
	};

	if (f.tiling != ENG_LINEAR)
		f.pitch *= 4;
	return f;
}

/* Metadata of local memory is another's than of system memory, but each card has both
 * or none: who has a ratio has metadata. */
enum eng_end eng_block_copy(struct streamer *s)
{
	const uint32_t *cmd = s->cmd;
	uint32_t pixel = block_depth[field_get(BLOCK_DEPTH, cmd[0])];
	struct eng_blit b = {
		.pixel = pixel,
		.metadata = s->r->c->block->options.ccs_ratio,
		.resolve = field_get(BLOCK_SPECIAL, cmd[0]) == BLOCK_RESOLVE,
	};

	if (s->len != 12 && s->len != 22)
		return eng_garbage(s);
	b.dst = block_surface(s, pixel, cmd[1], cmd + 4, cmd[6]);
	b.src = block_surface(s, pixel, cmd[8], cmd + 9, cmd[11]);
	if (!tiles_fit(&b))
		return eng_garbage(s);
	if (!place(&b, corner(cmd[2]), corner(cmd[3]), corner(cmd[7])))
		return eng_done(s);
	return eng_blit(s, &b);
}

/* The short form, of graphics before 12.50, has no dwords behind the colour. */
enum eng_end eng_fast_color(struct streamer *s)
{
	const uint32_t *cmd = s->cmd;
	uint32_t pixel = block_depth[field_get(BLOCK_DEPTH, cmd[0])];
	struct eng_blit b = { .pixel = pixel, .fill = true };

	if (s->len != 16 && s->len != 11)
		return eng_garbage(s);
	b.dst = block_surface(s, pixel, cmd[1], cmd + 4, cmd[6]);
	for (unsigned i = 0; i < 4; i++)
		le32_put((uint32_t *)(void *)(b.pattern + 4 * i), cmd[7 + i]);
	if (!tiles_fit(&b))
		return eng_garbage(s);
	if (!place(&b, corner(cmd[2]), corner(cmd[3]), (struct corner){ 0, 0 }))
		return eng_done(s);
	return eng_blit(s, &b);
}

/* --- memory ------------------------------------------------------ */

static void mem_size(struct eng_blit *b, const uint32_t *cmd, bool pages)
{
	bool matrix = cmd[0] & MEM_MATRIX;

	if (pages) {
		b->width = (field_get(MEM_LINEAR, cmd[1]) + 1ull) * MEM_PAGE;
		b->rows = 1;
	} else if (matrix) {
		b->width = field_get(MEM_FIELD, cmd[1]) + 1;
		b->rows = field_get(MEM_FIELD, cmd[2]) + 1;
	} else {
		b->width = field_get(MEM_LINEAR, cmd[1]) + 1;
		b->rows = 1;
	}
}

enum eng_end eng_mem_copy(struct streamer *s)
{
	const uint32_t *cmd = s->cmd;
	struct eng_blit b = { .pixel = 1 };

	if (s->len != 10)
		return eng_garbage(s);
	mem_size(&b, cmd, cmd[0] & MEM_PAGES);
	b.src.pitch = field_get(MEM_FIELD, cmd[3]) + 1;
	b.dst.pitch = field_get(MEM_FIELD, cmd[4]) + 1;
	b.src.at = address(cmd + 5);
	b.dst.at = address(cmd + 7);
	return eng_blit(s, &b);
}

enum eng_end eng_mem_set(struct streamer *s)
{
	const uint32_t *cmd = s->cmd;
	struct eng_blit b = { .pixel = 1, .fill = true };

	if (s->len != 7)
		return eng_garbage(s);
	mem_size(&b, cmd, false);
	b.dst.pitch = field_get(MEM_FIELD, cmd[3]) + 1;
	b.dst.at = address(cmd + 4);
	b.pattern[0] = (uint8_t)field_get(MEM_VALUE, cmd[6]);
	return eng_blit(s, &b);
}
