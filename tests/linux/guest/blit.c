/* SPDX-License-Identifier: MIT */
/* The copy engine: fills, copies, tilings, compression metadata. What tiled memory
 * holds is looked at by the CPU for X tiles only, whose layout everybody knows; the
 * others must come back as they were. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "test.h"

#define BLT(op, len)  (2u << 29 | (uint32_t)(op) << 22 | (uint32_t)(len))
#define XY_BLOCK_COPY BLT(0x41, 20)
#define XY_FAST_COPY  BLT(0x42, 8)
#define XY_FAST_COLOR BLT(0x44, 14)
#define XY_CTRL_SURF  BLT(0x48, 3)
#define MEM_COPY      BLT(0x5A, 8)
#define MEM_SET       BLT(0x5B, 5)
#define MEM_MATRIX    (1u << 17)
#define DEPTH_32      (2u << 19)

#define WIDTH  256u /* pixels of 4 bytes */
#define HEIGHT 128u
#define PITCH  (4 * WIDTH)
#define BYTES  (PITCH * HEIGHT)
#define XTILE_WIDTH 512u /* bytes, 8 rows */
#define XTILE_ROWS  8u

enum tiling { LINEAR, X, TILE4, TILE64 };
static const char *const tiling_names[] = { "linear", "X", "Tile4", "Tile64" };

struct blit {
	struct space s;
	struct mem code, src, mid, dst;
	uint32_t queue;
	struct batch b;
};

static void blit_new(struct blit *t, struct xe *x)
{
	const engine_t *e = engine_of(x, DRM_XE_ENGINE_CLASS_COPY);

	if (!e)
		skip("no copy engine");
	space_new(&t->s, x, 0);
	t->code = mem_new(&t->s, PAGE);
	t->src = mem_new(&t->s, BYTES);
	t->mid = mem_new(&t->s, BYTES);
	t->dst = mem_new(&t->s, BYTES);
	t->queue = queue_new(&t->s, e);
	for (unsigned i = 0; i < BYTES / 4; i++)
		t->src.map[i] = i * 2654435761u;
	t->b = batch_at(&t->code, 0);
}

static void go(struct blit *t)
{
	put(&t->b, MI_BATCH_END);
	run(&t->s, t->queue, t->code.addr);
	t->b = batch_at(&t->code, 0);
}

static void same(const void *a, const void *b, size_t n, const char *what)
{
	const uint8_t *p = a, *q = b;

	for (size_t i = 0; i < n; i++)
		must(p[i] == q[i], "%s: byte %zu: 0x%x, not 0x%x", what, i, p[i], q[i]);
}

static void put_fast_copy(struct batch *b, uint64_t dst, enum tiling to, uint64_t src,
			  enum tiling from)
{
	uint32_t to_pitch = to == LINEAR ? PITCH : PITCH / 4;
	uint32_t from_pitch = from == LINEAR ? PITCH : PITCH / 4;
	static const uint32_t mode[] = { 0, 1, 2, 3 };

	put(b, XY_FAST_COPY | mode[from] << 20 | mode[to] << 13);
	put(b, 3u << 24 | (from == TILE4 ? 1u << 31 : 0) | (to == TILE4 ? 1u << 30 : 0) | to_pitch);
	put(b, 0);
	put(b, HEIGHT << 16 | WIDTH);
	put_addr(b, dst);
	put(b, 0);
	put(b, from_pitch);
	put_addr(b, src);
}

static void put_block_copy(struct batch *b, uint64_t dst, enum tiling to, uint64_t src,
			   enum tiling from)
{
	uint32_t to_pitch = to == LINEAR ? PITCH : PITCH / 4;
	uint32_t from_pitch = from == LINEAR ? PITCH : PITCH / 4;

	put(b, XY_BLOCK_COPY | DEPTH_32);
	put(b, (uint32_t)to << 30 | (to_pitch - 1));
	put(b, 0);
	put(b, HEIGHT << 16 | WIDTH);
	put_addr(b, dst);
	put(b, 1u << 31); /* system memory */
	put(b, 0);
	put(b, (uint32_t)from << 30 | (from_pitch - 1));
	put_addr(b, src);
	put(b, 1u << 31);
	for (unsigned i = 0; i < 4; i++)
		put(b, 0);
	put(b, 1u << 29 | (HEIGHT - 1) << 14 | (WIDTH - 1)); /* 2D surfaces */
	put(b, 0);
	put(b, 0);
	put(b, 1u << 29 | (HEIGHT - 1) << 14 | (WIDTH - 1));
	put(b, 0);
	put(b, 0);
}

typedef void (*copier)(struct batch *b, uint64_t dst, enum tiling to, uint64_t src,
		       enum tiling from);

/* Where pixel x, y of an X-tiled surface of PITCH bytes is, in dwords. */
static unsigned x_tiled(unsigned x, unsigned y)
{
	unsigned tile = y / XTILE_ROWS * (PITCH / XTILE_WIDTH) + 4 * x / XTILE_WIDTH;

	return (tile * XTILE_WIDTH * XTILE_ROWS + y % XTILE_ROWS * XTILE_WIDTH +
		4 * x % XTILE_WIDTH) / 4;
}

static void there_and_back(struct xe *x, copier copy, copier back)
{
	struct blit t;

	blit_new(&t, x);
	for (enum tiling way = LINEAR; way <= TILE64; way++) {
		memset(t.mid.map, 0x5a, BYTES);
		memset(t.dst.map, 0xa5, BYTES);
		copy(&t.b, t.mid.addr, way, t.src.addr, LINEAR);
		back(&t.b, t.dst.addr, LINEAR, t.mid.addr, way);
		go(&t);
		same(t.dst.map, t.src.map, BYTES, tiling_names[way]);
		if (way == LINEAR)
			same(t.mid.map, t.src.map, BYTES, "linear");
		else
			must(memcmp(t.mid.map, t.src.map, BYTES), "%s: not tiled", tiling_names[way]);
		for (unsigned y = 0; way == X && y < HEIGHT; y++)
			for (unsigned i = 0; i < WIDTH; i++)
				must(t.mid.map[x_tiled(i, y)] == t.src.map[y * WIDTH + i],
				     "X tiles: pixel %u, %u", i, y);
	}
}

static void fast_copy(struct xe *x)
{
	there_and_back(x, put_fast_copy, put_fast_copy);
}

static void block_copy(struct xe *x)
{
	if (x->graphics < 1250)
		skip("no block copies before graphics 12.50");
	there_and_back(x, put_block_copy, put_block_copy);
}

/* Both commands mean the same by each tiling. */
static void mixed_copy(struct xe *x)
{
	if (x->graphics < 1250)
		skip("no block copies before graphics 12.50");
	there_and_back(x, put_fast_copy, put_block_copy);
}

static void put_mem_copy(struct batch *b, uint64_t dst, uint64_t src, uint32_t width,
			 uint32_t height, uint32_t src_pitch, uint32_t dst_pitch)
{
	put(b, MEM_COPY | (height > 1 ? MEM_MATRIX : 0));
	put(b, width - 1);
	put(b, height - 1);
	put(b, src_pitch - 1);
	put(b, dst_pitch - 1);
	put_addr(b, src);
	put_addr(b, dst);
	put(b, 0);
}

/* Whole, odd lengths and offsets, a rectangle; nothing around may change. */
static void mem_copy(struct xe *x)
{
	static const uint32_t sizes[] = { 1, 63, 64, 4095, 4096, 0xfffe, BYTES };
	struct blit t;
	uint8_t *expect;

	if (x->graphics < 1260 && x->graphics < 2000)
		skip("no memory copies");
	expect = malloc(BYTES);
	must(expect, "memory");
	blit_new(&t, x);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned from = sizes[i] == BYTES ? 0 : 7, to = sizes[i] == BYTES ? 0 : 13;

		memset(t.dst.map, 0xa5, BYTES);
		memset(expect, 0xa5, BYTES);
		memcpy(expect + to, (uint8_t *)t.src.map + from, sizes[i]);
		put_mem_copy(&t.b, t.dst.addr + to, t.src.addr + from, sizes[i], 1, 1, 1);
		go(&t);
		same(t.dst.map, expect, BYTES, "linear");
	}
	memset(t.dst.map, 0xa5, BYTES);
	memset(expect, 0xa5, BYTES);
	for (unsigned y = 0; y < 20; y++)
		memcpy(expect + 512 * y + 16, (uint8_t *)t.src.map + 1024 * y, 100);
	put_mem_copy(&t.b, t.dst.addr + 16, t.src.addr, 100, 20, 1024, 512);
	go(&t);
	same(t.dst.map, expect, BYTES, "matrix");
}

static void mem_set(struct xe *x)
{
	static const uint32_t sizes[] = { 1, 100, 4096, BYTES };
	struct blit t;
	uint8_t *expect;

	if (x->graphics < 1260 && x->graphics < 2000)
		skip("no memory fills");
	expect = malloc(BYTES);
	must(expect, "memory");
	blit_new(&t, x);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(t.dst.map, 0xa5, BYTES);
		memset(expect, 0xa5, BYTES);
		memset(expect, (int)(0x31 + i), sizes[i]);
		put(&t.b, MEM_SET);
		put(&t.b, sizes[i] - 1);
		put(&t.b, 0);
		put(&t.b, 0);
		put_addr(&t.b, t.dst.addr);
		put(&t.b, (0x31 + i) << 24);
		go(&t);
		same(t.dst.map, expect, BYTES, "fill");
	}
}

/* A rectangle of one colour. */
static void fast_color(struct xe *x)
{
	struct blit t;

	if (x->graphics < 1250)
		skip("another length before graphics 12.50");
	blit_new(&t, x);
	memset(t.dst.map, 0, BYTES);
	put(&t.b, XY_FAST_COLOR | DEPTH_32);
	put(&t.b, PITCH - 1);
	put(&t.b, 8u << 16 | 16);
	put(&t.b, 40u << 16 | 200);
	put_addr(&t.b, t.dst.addr);
	put(&t.b, 1u << 31);
	put(&t.b, 0x11223344); /* colour */
	for (unsigned i = 0; i < 8; i++)
		put(&t.b, 0);
	go(&t);
	for (unsigned y = 0; y < HEIGHT; y++)
		for (unsigned i = 0; i < WIDTH; i++) {
			bool inside = y >= 8 && y < 40 && i >= 16 && i < 200;

			must(t.dst.map[y * WIDTH + i] == (inside ? 0x11223344u : 0),
			     "pixel %u, %u: 0x%x", i, y, t.dst.map[y * WIDTH + i]);
		}
}

/* --- compression --------------------------------------------------------------------- */

/* A surface whose page table entries say "compressed"; the CPU may not look. */
static uint64_t compressed(struct blit *t)
{
	struct xe *x = t->s.x;
	uint64_t addr = space_reserve(&t->s, BYTES);
	uint32_t bo;
	int r;

	if (!x->pat_compressed)
		skip("no compression");
	bo = bo_new(&t->s, BYTES, x->vram ? x->vram : x->system, DRM_XE_GEM_CPU_CACHING_WC);
	r = try_bind(&t->s, DRM_XE_VM_BIND_OP_MAP, 0, bo, 0, addr, BYTES, x->pat_compressed);
	must(r == 0, "bind compressed: %s", strerror(-r));
	return addr;
}

/* Through a compressed surface and back. */
static void block_copy_compressed(struct xe *x)
{
	struct blit t;
	uint64_t addr;

	blit_new(&t, x);
	addr = compressed(&t);
	for (enum tiling way = TILE4; way <= TILE64; way++) {
		memset(t.dst.map, 0xa5, BYTES);
		put_block_copy(&t.b, addr, way, t.src.addr, LINEAR);
		go(&t);
		put_block_copy(&t.b, t.dst.addr, LINEAR, addr, way);
		go(&t);
		same(t.dst.map, t.src.map, BYTES, tiling_names[way]);
	}
}

static void put_ctrl_surf(struct batch *b, uint64_t dst, bool dst_direct, uint64_t src,
			  bool src_direct)
{
	put(b, XY_CTRL_SURF | (BYTES / PAGE - 1) << 9 | (src_direct ? 1u << 21 : 0) |
		       (dst_direct ? 1u << 20 : 0));
	put_addr(b, src);
	put_addr(b, dst);
}

/* Metadata is read, written and read again: 8 bytes for each page. */
static void ctrl_surf(struct xe *x)
{
	struct blit t;
	uint64_t addr;
	unsigned bytes = BYTES / PAGE * 8;

	blit_new(&t, x);
	addr = compressed(&t);
	put_ctrl_surf(&t.b, addr, false, t.src.addr, true);
	put_ctrl_surf(&t.b, t.dst.addr, true, addr, false);
	go(&t);
	same(t.dst.map, t.src.map, bytes, "metadata");
	memset(t.dst.map, 0xa5, bytes);
	memset(t.mid.map, 0, bytes);
	put_ctrl_surf(&t.b, addr, false, t.mid.addr, true);
	put_ctrl_surf(&t.b, t.dst.addr, true, addr, false);
	go(&t);
	same(t.dst.map, t.mid.map, bytes, "cleared metadata");
}

/* Compressed data that lost its metadata does not come back. */
static void ccs_corrupted(struct xe *x)
{
	struct blit t;
	uint64_t addr;

	blit_new(&t, x);
	addr = compressed(&t);
	put_block_copy(&t.b, addr, TILE4, t.src.addr, LINEAR);
	go(&t);
	for (unsigned i = 0; i < BYTES / PAGE * 2; i++)
		t.mid.map[i] = 0x0badc0de;
	put_ctrl_surf(&t.b, addr, false, t.mid.addr, true);
	put_block_copy(&t.b, t.dst.addr, LINEAR, addr, TILE4);
	go(&t);
	must(memcmp(t.dst.map, t.src.map, BYTES), "metadata has no effect");
}

const struct subtest blit_tests[] = {
	{ "xe_copy_basic@mem-copy", mem_copy },
	{ "xe_copy_basic@mem-set", mem_set },
	{ "blit@fast-color", fast_color },
	{ "blit@fast-copy", fast_copy },
	{ "blit@block-copy", block_copy },
	{ "blit@fast-to-block-copy", mixed_copy },
	{ "xe_ccs@block-copy-compressed", block_copy_compressed },
	{ "xe_ccs@ctrl-surf-copy", ctrl_surf },
	{ "xe_ccs@ctrl-surf-corrupts", ccs_corrupted },
	{ 0 },
};
