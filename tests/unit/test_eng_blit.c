/* SPDX-License-Identifier: MIT */
/* Copies and fills of the copy engine (emulator/engine/blit.c, blit_commands.c,
 * tiling.c): every command in every tiling and pixel size against a copy by pixels,
 * overlaps, clipping, slices, page faults in the middle, compression. */
#include <check.h>
#include <stdlib.h>

#include "emulator/engine/blit.h"
#include "emulator/guc/sched.h"
#include "guc_ppgtt.h"
#include "tests/check_main.h"

#define GMD(arch, release) ((uint32_t)(arch) << 22 | (uint32_t)(release) << 14)
#define CMD(op, dwords) (CMD_BLT | (uint32_t)(op) << 22 | ((dwords) - 2))

/* Two areas of 64 KiB in the VF's memory, mapped at these addresses. */
#define AREA    0x10000u
#define SRC_MEM 0x40000u
#define DST_MEM 0x50000u
#define SRC     0x7E0000000000ull
#define DST     0x7E0000100000ull

static struct fx *f;
static struct px p;
static uint8_t ccs[FX_MEM / 256];
static uint32_t pitch; /* of surfaces, bytes */

static int ccs_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		    void *dst, size_t len)
{
	(void)user;
	(void)tile;
	ck_assert(space == GUC_SPACE_CCS && fn == 1 && off + len <= sizeof(ccs));
	memcpy(dst, ccs + off, len);
	return 0;
}

static int ccs_write(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		     const void *src, size_t len)
{
	(void)user;
	(void)tile;
	ck_assert(space == GUC_SPACE_CCS && fn == 1 && off + len <= sizeof(ccs));
	memcpy(ccs + off, src, len);
	return 0;
}

static void map_areas(uint64_t dst_flags)
{
	for (uint32_t at = 0; at < AREA; at += GGTT_PAGE) {
		px_map(&p, SRC + at, SRC_MEM + at, PX_PAGE);
		px_map(&p, DST + at, DST_MEM + at, PX_PAGE | dst_flags);
	}
}

static void make(uint32_t gmd, uint16_t ratio)
{
	struct guc_options o;

	guc_options_default(&o);
	o.gmd_id[0] = gmd;
	o.ccs_ratio = ratio;
	f = fx_new(1, 1, 2, &o);
	f->card.local = (struct guc_local){ .read = ccs_read, .write = ccs_write };
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	px_init(&p, f, gmd >= GMD(20, 0) ? 5 : 4, NULL);
	px_context(&p, GUC_CLASS_BLITTER, 0x77);
	px_map(&p, PX_BATCH, LX_BATCH(0), PX_PAGE);
	px_map(&p, PX_DATA, LX_DATA(0), PX_PAGE);
	map_areas(0);
	memset(ccs, 0, sizeof(ccs));
	for (uint32_t i = 0; i < AREA; i++)
		f->mem[1][SRC_MEM + i] = (uint8_t)(i * 7 + i / 251);
}

static void setup(void)
{
	pitch = 1024;
	make(GMD(30, 0), 0);
}

static void teardown(void)
{
	fx_free(f);
}

static void run(const uint32_t *dw, unsigned n)
{
	px_run(&p, dw, n);
	for (unsigned i = 0; i < 400 && !guc_idle(&f->card); i++)
		fx_run(f, 1);
	ck_assert(guc_idle(&f->card));
}

static void expect_done(void)
{
	ck_assert(!px_slot(&p)->killed);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}

/* --- layouts ------------------------------------------------------ */

static const uint32_t pixels[] = { 1, 2, 4, 8, 12, 16 };

/* Each byte of a surface has a place of its own within it, and runs are what they say. */
START_TEST(tiles_are_permutations)
{
	static uint8_t seen[4 * 65536];
	struct eng_surface s = { .pitch = 1024, .tiling = (enum eng_tiling)_i };
	uint32_t run, next;

	for (unsigned i = 0; i < 6; i++) {
		memset(seen, 0, sizeof(seen));
		for (uint32_t y = 0; y < 256; y++)
			for (uint32_t x = 0; x < 1024; x++) {
				uint64_t to = eng_tile_offset(&s, pixels[i], x, y, &run);

				if (to >= sizeof(seen) || seen[to]++ || !run)
					ck_abort_msg("%u, %u", x, y);
				if (run > 1 && x + 1 < 1024 &&
				    eng_tile_offset(&s, pixels[i], x + 1, y, &next) != to + 1)
					ck_abort_msg("run at %u, %u", x, y);
			}
	}
}
END_TEST

/* Tile X and Tile4 are hardware's (engine.md): some bytes of known place. */
START_TEST(known_places)
{
	static const struct {
		enum eng_tiling tiling;
		uint32_t x, y;
		uint64_t at;
	} known[] = {
		{ ENG_TILE_X, 511, 0, 511 }, { ENG_TILE_X, 0, 1, 512 }, { ENG_TILE_X, 512, 0, 4096 },
		{ ENG_TILE_X, 0, 8, 8192 },  { ENG_TILE_Y, 16, 0, 512 }, { ENG_TILE_Y, 0, 1, 16 },
		{ ENG_TILE_Y, 128, 0, 4096 }, { ENG_TILE_4, 0, 1, 16 },  { ENG_TILE_4, 16, 0, 64 },
		{ ENG_TILE_4, 32, 0, 128 },  { ENG_TILE_4, 64, 0, 512 }, { ENG_TILE_4, 0, 4, 256 },
		{ ENG_TILE_4, 0, 8, 1024 },  { ENG_TILE_4, 0, 16, 2048 }, { ENG_TILE_4, 128, 0, 4096 },
		{ ENG_TILE_4, 0, 32, 32768 }, { ENG_TILE_64, 512, 0, 65536 },
		{ ENG_LINEAR, 5, 3, 3077 },
	};
	uint32_t run;

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct eng_surface s = { .pitch = 1024, .tiling = known[i].tiling };

		ck_assert_uint_eq(eng_tile_offset(&s, 4, known[i].x, known[i].y, &run), known[i].at);
	}
}
END_TEST

/* --- rectangles ------------------------------------------------------ */

/* A surface for a command: its tiling in the command's code, and where it is. */
struct rect {
	enum eng_tiling tiling;
	uint32_t x, y;
};

/* Areas hold one row of 64 KiB tiles. */
static void choose_pitch(enum eng_tiling a, enum eng_tiling b, uint32_t pixel)
{
	bool tile64 = a == ENG_TILE_64 || b == ENG_TILE_64;

	pitch = !tile64 || pixel > 4 ? 1024 : pixel > 1 ? 512 : 256;
}

static uint32_t xy(int x, int y)
{
	return ((uint32_t)x & 0xFFFF) | (uint32_t)y << 16;
}

static uint32_t tiling_code(enum eng_tiling t)
{
	return t == ENG_TILE_64 ? 3 : t == ENG_TILE_4 ? 2 : t == ENG_TILE_X || t == ENG_TILE_Y;
}

static uint32_t depth_code(uint32_t pixel)
{
	unsigned i = 0;

	while (pixels[i] != pixel)
		i++;
	return i;
}

static uint32_t layout(enum eng_tiling t)
{
	return tiling_code(t) << 30 | ((t == ENG_LINEAR ? pitch : pitch / 4) - 1);
}

static void block_copy(const struct rect *d, const struct rect *s, uint32_t pixel, uint32_t w,
		       uint32_t h, unsigned dwords)
{
	uint32_t dw[22] = {
		CMD(BLT_OP_BLOCK_COPY, dwords) | depth_code(pixel) << 19, layout(d->tiling),
		xy((int)d->x, (int)d->y), xy((int)(d->x + w), (int)(d->y + h)),
		lo32(DST), hi32(DST), 0, xy((int)s->x, (int)s->y), layout(s->tiling),
		lo32(SRC), hi32(SRC), 0,
	};

	run(dw, dwords);
}

static void fast_copy(const struct rect *d, const struct rect *s, uint32_t pixel, uint32_t w,
		      uint32_t h)
{
	static const uint32_t depth[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 4, [16] = 5 };
	uint32_t dpitch = d->tiling == ENG_LINEAR ? pitch : pitch / 4;
	uint32_t spitch = s->tiling == ENG_LINEAR ? pitch : pitch / 4;
	const uint32_t dw[10] = {
		CMD(BLT_OP_FAST_COPY, 10) | (d->tiling == ENG_TILE_Y ? 2 : tiling_code(d->tiling)) << 13 |
			(s->tiling == ENG_TILE_Y ? 2 : tiling_code(s->tiling)) << 20,
		dpitch | depth[pixel] << 24 | (d->tiling != ENG_TILE_Y ? 1u << 30 : 0) |
			(s->tiling != ENG_TILE_Y ? 1u << 31 : 0),
		xy((int)d->x, (int)d->y), xy((int)(d->x + w), (int)(d->y + h)), lo32(DST), hi32(DST),
		xy((int)s->x, (int)s->y), spitch, lo32(SRC), hi32(SRC),
	};

	run(dw, 10);
}

static uint8_t *at(uint32_t mem, enum eng_tiling t, uint32_t pixel, uint64_t x, uint32_t y)
{
	const struct eng_surface s = { .pitch = pitch, .tiling = t };
	uint32_t n;

	return &f->mem[1][mem + eng_tile_offset(&s, pixel, x, y, &n)];
}

/* Every byte of the destination's area is the source's in the rectangle, else 0. */
static void expect_copied(const struct rect *d, const struct rect *s, uint32_t pixel, uint32_t w,
			  uint32_t h)
{
	uint32_t left = d->x * pixel, right = (d->x + w) * pixel;

	for (uint32_t y = 0; y < AREA / pitch; y++)
		for (uint32_t x = 0; x < pitch; x++) {
			uint8_t want = 0;

			if (x >= left && x < right && y >= d->y && y < d->y + h)
				want = *at(SRC_MEM, s->tiling, pixel, x - left + s->x * pixel,
					   y - d->y + s->y);
			if (*at(DST_MEM, d->tiling, pixel, x, y) != want)
				ck_abort_msg("%u, %u: %x, not %x", x, y,
					     *at(DST_MEM, d->tiling, pixel, x, y), want);
		}
	expect_done();
}

static const enum eng_tiling modern[] = { ENG_LINEAR, ENG_TILE_X, ENG_TILE_4, ENG_TILE_64 };

/* XY_BLOCK_COPY_BLT between all tilings, with all pixels, in both lengths; XY_FAST_COPY_BLT
 * the same. 12-byte pixels have no tiles. */
START_TEST(between_tilings)
{
	struct rect d = { modern[_i % 4], 3, 5 }, s = { modern[_i / 4 % 4], 7, 2 };
	bool fast = _i >= 16, tiled = d.tiling != ENG_LINEAR || s.tiling != ENG_LINEAR;

	for (unsigned i = 0; i < 6; i++) {
		uint32_t pixel = pixels[i], w, h = 50;

		if (pixel == 12 && (tiled || fast))
			continue;
		/* Too narrow for tiles X. */
		if (pixel == 1 && (d.tiling ^ s.tiling) == (ENG_TILE_X ^ ENG_TILE_64))
			continue;
		choose_pitch(d.tiling, s.tiling, pixel);
		w = (pitch - 100) / pixel - 8;
		memset(f->mem[1] + DST_MEM, 0, AREA);
		if (fast)
			fast_copy(&d, &s, pixel, w, h);
		else
			block_copy(&d, &s, pixel, w, h, i & 1 ? 22 : 12);
		expect_copied(&d, &s, pixel, w, h);
	}
}
END_TEST

/* Graphics before 12.50 have tiles Y: block copies by code 1, fast copies by code 2
 * without the bit of Tile4. */
START_TEST(tile_y)
{
	struct rect d = { ENG_TILE_Y, 3, 5 }, s = { ENG_LINEAR, 7, 2 };

	fx_free(f);
	make(GMD(12, 0), 0);
	if (_i)
		fast_copy(&d, &s, 4, 100, 40);
	else
		block_copy(&d, &s, 4, 100, 40, 12);
	expect_copied(&d, &s, 4, 100, 40);
}
END_TEST

/* Offsets of a block copy's surfaces count in pixels and rows. */
START_TEST(offsets)
{
	struct rect d = { ENG_TILE_4, 10, 12 }, s = { ENG_LINEAR, 20, 8 };
	uint32_t dw[12] = {
		CMD(BLT_OP_BLOCK_COPY, 12) | 2u << 19, layout(d.tiling), xy(4, 2), xy(34, 22),
		lo32(DST), hi32(DST), 6 | 10u << 16, xy(5, 5), layout(s.tiling),
		lo32(SRC), hi32(SRC), 15 | 3u << 16,
	};

	run(dw, 12);
	expect_copied(&d, &s, 4, 30, 20);
}
END_TEST

/* What is left of zero is clipped, of both surfaces; an empty rectangle is nothing. */
START_TEST(clipped)
{
	struct rect d = { ENG_LINEAR, 2, 0 }, s = { ENG_LINEAR, 0, 3 };
	uint32_t dw[10] = {
		CMD(BLT_OP_FAST_COPY, 10), pitch | 3u << 24, xy(-4, -3), xy(30, 20), lo32(DST),
		hi32(DST), xy(-6, 0), pitch, lo32(SRC), hi32(SRC),
	};

	if (_i == 0) {
		run(dw, 10);
		expect_copied(&d, &s, 4, 28, 20);
		return;
	}
	dw[3] = _i == 1 ? xy(-4, 20) : _i == 2 ? xy(30, -3) : xy(-32768, -32768);
	run(dw, 10);
	expect_copied(&d, &s, 4, 0, 0);
}
END_TEST

/* Source and destination may overlap, in any direction. */
START_TEST(overlap)
{
	static const int moves[][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 3, 2 }, { -3, 2 } };
	static uint8_t before[AREA];
	int dx = moves[_i % 6][0], dy = moves[_i % 6][1];
	enum eng_tiling t = _i >= 6 ? ENG_TILE_4 : ENG_LINEAR;
	uint32_t dw[12] = {
		CMD(BLT_OP_BLOCK_COPY, 12) | 2u << 19, layout(t), xy(10 + dx, 10 + dy),
		xy(210 + dx, 50 + dy), lo32(SRC), hi32(SRC), 0, xy(10, 10), layout(t),
		lo32(SRC), hi32(SRC), 0,
	};

	memcpy(before, f->mem[1] + SRC_MEM, AREA);
	run(dw, 12);
	for (int y = 10; y < 50; y++)
		for (int x = 40; x < 840; x++) {
			const struct eng_surface s = { .pitch = pitch, .tiling = t };
			uint32_t n;
			uint64_t from = eng_tile_offset(&s, 4, (uint64_t)x, (uint32_t)y, &n);

			if (*at(SRC_MEM, t, 4, (uint64_t)(x + 4 * dx), (uint32_t)(y + dy)) !=
			    before[from])
				ck_abort_msg("%d, %d", x, y);
		}
	expect_done();
}
END_TEST

/* XY_FAST_COLOR_BLT repeats as much of its colour as a pixel has; long and short. */
START_TEST(fast_color)
{
	uint32_t pixel = pixels[_i % 6], colour[4] = { 0x44332211, 0x88776655, 0xCCBBAA99, 0xFFEEDD };
	enum eng_tiling t = pixel == 12 ? ENG_LINEAR : modern[_i / 6];
	unsigned n = _i & 1 ? 11 : 16;
	uint32_t dw[16];

	choose_pitch(t, t, pixel);
	memcpy(dw, (uint32_t[16]){
		CMD(BLT_OP_FAST_COLOR, n) | depth_code(pixel) << 19, layout(t), xy(3, 5), xy(15, 25),
		lo32(DST), hi32(DST), 0, colour[0], colour[1], colour[2], colour[3],
	}, sizeof(dw));
	run(dw, n);
	for (uint32_t y = 0; y < AREA / pitch; y++)
		for (uint32_t x = 0; x < pitch; x++) {
			bool in = x >= 3 * pixel && x < 15 * pixel && y >= 5 && y < 25;
			uint8_t byte = (uint8_t)(colour[x % pixel / 4] >> x % pixel % 4 * 8);

			if (*at(DST_MEM, t, pixel, x, y) != (in ? byte : 0))
				ck_abort_msg("%u, %u", x, y);
		}
	expect_done();
}
END_TEST

/* --- memory ------------------------------------------------------ */

/* MEM_COPY: by bytes, by pages of 256, and rows with pitches. */
START_TEST(mem_copy)
{
	static const struct {
		uint32_t flags, width, rows, src_pitch, dst_pitch, bytes;
	} c[] = {
		{ 0, 0x8FFE - 1, 99, 9, 9, 0x8FFE },
		{ 1u << 19, 0x80 - 1, 99, 9, 9, 0x8000 },
		{ 1u << 17, 100 - 1, 50 - 1, 256 - 1, 300 - 1, 0 },
		{ 0, 0, 0, 0, 0, 1 },
	};
	uint32_t dw[10] = {
		CMD(BLT_OP_MEM_COPY, 10) | c[_i].flags, c[_i].width, c[_i].rows, c[_i].src_pitch,
		c[_i].dst_pitch, lo32(SRC + 3), hi32(SRC), lo32(DST + 5), hi32(DST),
	};
	uint8_t *d = f->mem[1] + DST_MEM + 5, *s = f->mem[1] + SRC_MEM + 3;

	run(dw, 10);
	if (c[_i].bytes) {
		ck_assert_mem_eq(d, s, c[_i].bytes);
		ck_assert_uint_eq(d[c[_i].bytes], 0);
	}
	for (uint32_t y = 0; y < 50 && !c[_i].bytes; y++) {
		ck_assert_mem_eq(d + 300 * y, s + 256 * y, 100);
		ck_assert_uint_eq(d[300 * y + 100], 0);
	}
	ck_assert_uint_eq(d[-1], 0);
	expect_done();
}
END_TEST

/* MEM_SET: its value in bits 31:24 of the last dword; linear and rows. */
START_TEST(mem_set)
{
	uint32_t dw[7] = {
		CMD(BLT_OP_MEM_SET, 7) | (uint32_t)_i << 17, _i ? 100 - 1 : 0x8000 - 1, 20 - 1, 256 - 1,
		lo32(DST + 7), hi32(DST), 0xA5000006,
	};
	uint8_t *d = f->mem[1] + DST_MEM + 7;

	run(dw, 7);
	for (uint32_t i = 0; i < 0x8000 + 10; i++) {
		bool in = _i ? i % 256 < 100 && i / 256 < 20 : i < 0x8000;

		if (d[i] != (in ? 0xA5 : 0))
			ck_abort_msg("%u", i);
	}
	expect_done();
}
END_TEST

/* --- slices, faults, hostility ------------------------------------------------------ */

/* However large a command is, a turn is short; it goes on where it was, over a NULL
 * page of 1 GiB leaves, and can be stopped and moved between. */
START_TEST(slices)
{
	uint32_t dw[10] = {
		CMD(BLT_OP_MEM_COPY, 10) | 1u << 19, 0xFFFFFF, 0, 0, 0, 0, 0x7000, 0, 0x7100,
	};
	uint32_t progress = 0, turns = 0;

	for (unsigned i = 0; i < 4; i++) {
		*px_entry(&p, (0x7000ull << 32) + ((uint64_t)i << 30), 2, false) =
			PX_PAGE | PPGTT_LEAF | PPGTT_NULL;
		*px_entry(&p, (0x7100ull << 32) + ((uint64_t)i << 30), 2, false) =
			PX_PAGE | PPGTT_LEAF | PPGTT_NULL;
	}
	px_emit(&p, dw, 10);
	lx_sched(f, 1, 0);
	for (; turns < 200; turns++) {
		uint32_t now;

		fx_run(f, 1);
		now = px_slot(&p)->exec[0].progress;
		ck_assert_uint_gt(now, progress);
		ck_assert_uint_le(now - progress, 512);
		progress = now;
	}
	lx_mode(f, 1, 0, 0);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	ck_assert_uint_eq(px_slot(&p)->exec[0].progress, progress);
}
END_TEST

/* A missing page in the middle of the source or the destination: one fault, and after
 * it the copy is whole, also when it overlaps itself. */
START_TEST(fault_within)
{
	uint64_t hole = (_i & 1 ? SRC : DST) + 0x3000;
	bool same = _i >= 2;
	uint32_t mem = _i & 1 ? SRC_MEM : DST_MEM, len = 0x8000;
	static uint8_t want[AREA];
	uint32_t dw[10] = {
		CMD(BLT_OP_MEM_COPY, 10), len - 1, 0, 0, 0, lo32(SRC), hi32(SRC),
		same ? lo32(SRC + 0x100) : lo32(DST), same ? hi32(SRC) : hi32(DST),
	}, answer[3] = { 0, 1u | 1u << 10 | 0x77u << 12, 0 };

	memcpy(want, f->mem[1] + SRC_MEM, AREA);
	if (same) {
		hole = SRC + 0x3000;
		mem = SRC_MEM;
	}
	px_map(&p, hole, 0, 0);
	px_run(&p, dw, 10);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_PAGE_FAULT_REQ_DESC).dw[3] & 0xFFFFF000,
			  lo32(hole));
	px_map(&p, hole, mem + 0x3000, PX_PAGE);
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_FAULT_RES_DESC, answer, 3);
	fx_run(f, 50);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	ck_assert_mem_eq(f->mem[1] + (same ? SRC_MEM + 0x100 : DST_MEM), want, len);
	expect_done();
}
END_TEST

static const struct {
	const char *what;
	uint32_t dw[12];
	unsigned n;
	bool dies;
} hostile[] = {
	{ "block copy too short", { CMD(BLT_OP_BLOCK_COPY, 11) }, 11, true },
	{ "block copy of depth 7", { CMD(BLT_OP_BLOCK_COPY, 12) | 7u << 19, 0, 0, 0x10001 }, 12, true },
	{ "12-byte pixels in tiles", { CMD(BLT_OP_BLOCK_COPY, 12) | 4u << 19, 1u << 30, 0, 0x10001 },
	  12, true },
	{ "fast copy too long", { CMD(BLT_OP_FAST_COPY, 11) }, 11, true },
	{ "fast copy of depth 6", { CMD(BLT_OP_FAST_COPY, 10), 6u << 24, 0, 0x10001 }, 10, true },
	{ "colour of no length", { CMD(BLT_OP_FAST_COLOR, 12) }, 12, true },
	{ "memory copy too short", { CMD(BLT_OP_MEM_COPY, 9) }, 9, true },
	{ "memory set too long", { CMD(BLT_OP_MEM_SET, 8) }, 8, true },
	{ "empty", { CMD(BLT_OP_FAST_COPY, 10) }, 10, false },
	{ "pitch 0", { CMD(BLT_OP_FAST_COPY, 10), 3u << 24, 0, 8 | 8u << 16, (uint32_t)DST, 0x7E00,
	  0, 0, (uint32_t)SRC, 0x7E00 }, 10, false },
};

/* Garbage ends the context; strange but sound commands are carried out. */
START_TEST(hostile_commands)
{
	run(hostile[_i].dw, hostile[_i].n);
	ck_assert(px_slot(&p)->killed == hostile[_i].dies);
	if (hostile[_i].dies)
		lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR);
}
END_TEST

/* Other engines don't know these commands: skipped, counted. */
START_TEST(other_engines)
{
	uint32_t dw[7] = { CMD(BLT_OP_MEM_SET, 7), 99, 0, 0, lo32(DST), hi32(DST), 0xA5000000 };

	px_context(&p, GUC_CLASS_COMPUTE, 0x77);
	guc_context(&f->card, 0, 1, 0)->engine_class = GUC_CLASS_COMPUTE;
	run(dw, 7);
	ck_assert_uint_eq(f->mem[1][DST_MEM], 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_COMMAND), 1);
	expect_done();
}
END_TEST

/* --- compression ------------------------------------------------------ */

#define PAT9 (PPGTT_PAT0 | PPGTT_PAT3) /* compresses */

static uint64_t meta(uint32_t mem)
{
	uint64_t v;

	memcpy(&v, ccs + mem / 512, 8);
	return v;
}

/* A block copy to pages whose PAT index compresses marks them, to others clears them;
 * what is read through such an index is what was written, unless the metadata was
 * changed; metadata goes to memory and back with XY_CTRL_SURF_COPY_BLT. */
START_TEST(compression)
{
	struct rect a = { ENG_TILE_4, 0, 0 }, b = { ENG_LINEAR, 0, 0 };
	uint32_t surf[5] = { BLT_CTRL_SURF_COPY | BLT_DST_DIRECT | 15u << 9, lo32(DST), hi32(DST),
			     lo32(PX_DATA), hi32(PX_DATA) & 0xFFFF };
	uint32_t back[12] = {
		CMD(BLT_OP_BLOCK_COPY, 12) | 2u << 19, layout(ENG_LINEAR), 0, xy(256, 32),
		lo32(SRC + 0x8000), hi32(SRC), 0, 0, layout(ENG_TILE_4), lo32(DST), hi32(DST), 0,
	};
	uint64_t kept;

	fx_free(f);
	make(GMD(30, 0), 512);
	map_areas(PAT9);
	block_copy(&a, &b, 4, 256, 32, 12);
	for (uint32_t page = 0; page < 0x8000; page += GGTT_PAGE)
		ck_assert_uint_ne(meta(DST_MEM + page), 0);
	ck_assert_uint_eq(meta(DST_MEM + 0x8000), 0);
	run(surf, 5);
	ck_assert_mem_eq(f->mem[1] + LX_DATA(0), ccs + DST_MEM / 512, 64);
	run(back, 12);
	ck_assert_mem_eq(f->mem[1] + SRC_MEM + 0x8000, f->mem[1] + SRC_MEM, 0x8000);
	ck_assert_uint_eq(meta(SRC_MEM + 0x8000), 0);
	kept = meta(DST_MEM);
	memset(ccs + DST_MEM / 512, 0x17, 4);
	run(back, 12);
	ck_assert_mem_ne(f->mem[1] + SRC_MEM + 0x8000, f->mem[1] + SRC_MEM, 0x8000);
	memcpy(ccs + DST_MEM / 512, &kept, 8);
	run(back, 12);
	ck_assert_mem_eq(f->mem[1] + SRC_MEM + 0x8000, f->mem[1] + SRC_MEM, 0x8000);
	/* Not compressed any more. */
	map_areas(0);
	block_copy(&a, &b, 4, 256, 32, 12);
	ck_assert_uint_eq(meta(DST_MEM), 0);
	expect_done();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("eng-blit");
	TCase *t = tcase_create("blit");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, tiles_are_permutations, 0, 5);
	tcase_add_test(t, known_places);
	tcase_add_loop_test(t, between_tilings, 0, 32);
	tcase_add_loop_test(t, tile_y, 0, 2);
	tcase_add_test(t, offsets);
	tcase_add_loop_test(t, clipped, 0, 4);
	tcase_add_loop_test(t, overlap, 0, 12);
	tcase_add_loop_test(t, fast_color, 0, 24);
	tcase_add_loop_test(t, mem_copy, 0, 4);
	tcase_add_loop_test(t, mem_set, 0, 2);
	tcase_add_test(t, slices);
	tcase_add_loop_test(t, fault_within, 0, 3);
	tcase_add_loop_test(t, hostile_commands, 0, sizeof(hostile) / sizeof(hostile[0]));
	tcase_add_test(t, other_engines);
	tcase_add_test(t, compression);
	suite_add_tcase(s, t);
	return check_main(s);
}
