/* SPDX-License-Identifier: MIT */
/* Local memory and compression metadata as the GuC sees them: shares by key
 * 0x0003, entries with the local-memory bit, BAR 2's bounds, and the command that
 * copies metadata (guc-abi 4.2, vf-lifecycle 2.3; emulator/guc/lmem.c,
 * emulator/engine/blitter.c). */
#include <check.h>
#include <errno.h>

#include "emulator/engine/streamer.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

#define MIB   (1ull << 20)
#define CARD  (8 * MIB)
#define SHARE (2 * MIB)
#define META  (SHARE / CCS_RATIO_BEFORE)

static struct fx *f;
/* What the card holds: one share a function, metadata of both kinds. */
static uint8_t lmem[FX_FUNCTIONS][SHARE], lmem_ccs[FX_FUNCTIONS][META],
	ccs[FX_FUNCTIONS][FX_MEM / CCS_RATIO_BEFORE];
static unsigned resized;
static uint64_t share_of[FX_FUNCTIONS];

static uint8_t *place(enum guc_space space, unsigned fn, uint64_t off, size_t len)
{
	switch (space) {
	case GUC_SPACE_LMEM:
		ck_assert(off + len <= SHARE);
		return &lmem[fn][off];
	case GUC_SPACE_LMEM_CCS:
		ck_assert(off + len <= META);
		return &lmem_ccs[fn][off];
	case GUC_SPACE_CCS:
		ck_assert(off + len <= sizeof(ccs[fn]));
		return &ccs[fn][off];
	case GUC_SPACE_SYSTEM:
		break;
	}
	ck_abort_msg("not the card's memory");
	return NULL;
}

static int local_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		      void *dst, size_t len)
{
	(void)user;
	ck_assert_uint_eq(tile, 0);
	memcpy(dst, place(space, fn, off, len), len);
	return 0;
}

static int local_write(void *user, enum guc_space space, unsigned tile, unsigned fn,
		       uint64_t off, const void *src, size_t len)
{
	(void)user;
	ck_assert_uint_eq(tile, 0);
	memcpy(place(space, fn, off, len), src, len);
	return 0;
}

static void local_size(void *user, unsigned tile, unsigned fn, uint64_t bytes)
{
	(void)user;
	ck_assert_uint_eq(tile, 0);
	resized++;
	share_of[fn] = bytes;
}

static uint32_t give(unsigned gt, unsigned vf, uint64_t bytes)
{
	const uint32_t list[3] = { klv_header(GUC_KLV_VF_LMEM_SIZE, 2), lo32(bytes), hi32(bytes) };

	return fx_vf_cfg(f, gt, vf, list, 3) & 0xFFFF;
}

static void start(uint64_t card, uint16_t ratio)
{
	struct guc_options o;

	memset(lmem, 0, sizeof(lmem));
	memset(lmem_ccs, 0, sizeof(lmem_ccs));
	memset(ccs, 0, sizeof(ccs));
	memset(share_of, 0, sizeof(share_of));
	resized = 0;
	guc_options_default(&o);
	o.lmem_size = card;
	o.ccs_ratio = ratio;
	f = fx_new(1, 2, 2, &o);
	f->card.local = (struct guc_local){ NULL, local_read, local_write, local_size };
}

static void teardown(void)
{
	fx_free(f);
}

/* In one step: each ck_assert writes to a pipe. */
static bool untouched(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static void setup_discrete(void)
{
	start(CARD, CCS_RATIO_XE2);
	for (unsigned vf = 1; vf <= 2; vf++) {
		ck_assert_uint_eq(give(0, vf, SHARE), 1);
		fx_provision(f, vf);
	}
}

/* Entry of the page at `offset` of the VF's range: a page of local memory. */
static void map_lmem(unsigned vf, uint32_t offset, uint64_t off)
{
	uint64_t reg = REG_GGTT_BASE + (fx_addr(f, vf, offset) / GGTT_PAGE) * 8;

	ck_assert_int_eq(guc_mmio_write(&f->card, vf, reg, 8, off | PTE_DEVMEM | PTE_PRESENT), 0);
}

/* Key 0x0003 is a bad KLV when it is no multiple of 2 MiB, more than is left, on a
 * media GT, or on an integrated card; 0 is taken everywhere. */
START_TEST(share_bounds)
{
	start(CARD, 0);
	ck_assert_uint_eq(give(0, 1, SHARE + 4096), 0);
	ck_assert_uint_eq(give(0, 1, CARD + SHARE), 0);
	ck_assert_uint_eq(give(0, 1, UINT64_MAX - (SHARE - 1)), 0);
	ck_assert_uint_eq(give(1, 1, SHARE), 0);
	ck_assert_uint_eq(give(1, 1, 0), 1);
	ck_assert_uint_eq(resized, 0);
	ck_assert_uint_eq(give(0, 1, CARD - SHARE), 1);
	ck_assert_uint_eq(give(0, 2, 2 * SHARE), 0);
	ck_assert_uint_eq(give(0, 2, SHARE), 1);
	ck_assert_uint_eq(share_of[2], SHARE);
	ck_assert_uint_eq(resized, 2);
	/* The same again changes nothing: what is there stays. */
	ck_assert_uint_eq(give(0, 2, SHARE), 1);
	ck_assert_uint_eq(resized, 2);
	fx_free(f);
	start(0, 0);
	ck_assert_uint_eq(give(0, 1, SHARE), 0);
	ck_assert_uint_eq(give(0, 1, 0), 1);
}
END_TEST

/* On a discrete card a VF is complete only with local memory, on its main GT
 * (vf-lifecycle 2.3); a configuration reset takes it away. */
START_TEST(complete_with_lmem)
{
	const uint32_t reset[5] = { GUC_ACTION_UPDATE_VF_CFG, 1 };

	start(CARD, 0);
	fx_provision(f, 1);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_UNPROVISIONED);
	ck_assert_int_eq(fx_state(f, 1, 1), GUC_VFS_READY);
	ck_assert_uint_eq(give(0, 1, SHARE), 1);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
	ck_assert_uint_eq(fx_pf(f, 0, reset, 5), 0xF0000000);
	ck_assert_uint_eq(share_of[1], 0);
	ck_assert_uint_eq(resized, 2);
}
END_TEST

/* A store through an entry with the local-memory bit lands in the share of the
 * function whose VFID the entry carries, and nowhere else. */
START_TEST(store_to_lmem)
{
	uint32_t at = 0x70000;

	fx_boot(f, 1, 0);
	map_lmem(1, at, SHARE - 4096);
	lx_make(f, 1, 0, false);
	lx_register(f, 1, 0, 0, 1);
	lx_mode(f, 1, 0, 1);
	lx_emit_store(f, 1, 0, at + 0x10, 0xC0FFEE);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(le32_get(&lmem[1][SHARE - 4096 + 0x10]), 0xC0FFEE);
	ck_assert_uint_eq(fx_get(f, 1, at + 0x10), 0);
	ck_assert(untouched(lmem[2], SHARE) && untouched(lmem[0], SHARE));
}
END_TEST

/* Isolation: beyond its share a VF reaches nothing, by entries or BAR 2; each try
 * is counted; an offset can't lead to another VF's share at all. */
START_TEST(beyond_the_share)
{
	uint32_t at = 0x70000;
	uint32_t v;

	map_lmem(1, at, SHARE);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, fx_addr(f, 1, at), &v), -EACCES);
	ck_assert_int_eq(guc_ggtt_store32(&f->card, 0, 1, fx_addr(f, 1, at), 1), -EACCES);
	map_lmem(1, at, (1ull << 52) - 4096);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, fx_addr(f, 1, at), &v), -EACCES);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_LMEM_FOREIGN), 3);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 0, SHARE), 0);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, SHARE, 0), 0);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, SHARE - 1, 2), -ERANGE);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, UINT64_MAX, 2), -ERANGE);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 1, UINT64_MAX), -ERANGE);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_LMEM_FOREIGN), 6);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 1, 0, 4), -ENODEV);
	ck_assert_int_eq(guc_lmem_check(&f->card, 3, 0, 0, 4), -ENODEV);
	ck_assert_int_eq(guc_lmem_check(&f->card, 0, 0, 0, 4), -ENXIO);
	ck_assert(untouched(lmem[2], SHARE));
}
END_TEST

/* Until an FLR has ended nobody reaches the share: what he left there would
 * survive the scrub. */
START_TEST(not_during_flr)
{
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 0, 4), -EAGAIN);
	ck_assert_int_eq(guc_lmem_check(&f->card, 2, 0, 0, 4), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 0, 4), -EAGAIN);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 0, 4), 0);
}
END_TEST

/* Without local memory the card's entries can't name any. */
START_TEST(integrated_card)
{
	uint32_t v;

	start(0, CCS_RATIO_XE2);
	fx_provision(f, 1);
	map_lmem(1, 0x70000, 0);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, fx_addr(f, 1, 0x70000), &v), -EACCES);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_LMEM_FOREIGN), 1);
	ck_assert_int_eq(guc_lmem_check(&f->card, 1, 0, 0, 4), -ENXIO);
}
END_TEST

/* --- metadata ---------------------------------------------------------------------- */

#define SURFACE 0x40000u /* by GGTT offset */
#define LINEAR  0x28000u

static enum eng_end copy_meta(uint32_t flags, uint64_t src, uint64_t dst, uint32_t *cost)
{
	struct guc_context ctx = { .engine_class = GUC_CLASS_BLITTER };
	const struct eng_place place = { .c = &f->card, .ctx = &ctx, .fn = 1 };
	const uint32_t cmd[5] = { BLT_CTRL_SURF_COPY | flags, lo32(src), hi32(src) | 3u << 28,
				  lo32(dst), hi32(dst) | 3u << 28 };

	struct streamer s = { .r = &place, .exec = &ctx.exec[0], .cmd = cmd, .len = 5 };
	enum eng_end end = eng_ctrl_surf_copy(&s);

	*cost = s.cost;
	return end;
}

/* Memory to metadata and back, of system and of local memory, by pages on Xe2 and
 * by blocks of 256 bytes of metadata before: a byte for 512 or for 256. */
START_TEST(metadata_both_ways)
{
	bool local = _i & 1;
	uint16_t ratio = _i & 2 ? CCS_RATIO_BEFORE : CCS_RATIO_XE2;
	uint32_t pages = 16, bytes = pages * GGTT_PAGE / ratio, cost;
	uint32_t size = ratio == CCS_RATIO_XE2 ? (pages - 1) << 9 : 0;
	const uint8_t *meta;

	start(CARD, ratio);
	give(0, 1, SHARE);
	fx_provision(f, 1);
	for (uint32_t i = 0; i < bytes; i++)
		f->mem[1][LINEAR + i] = (uint8_t)(i * 7 + 1);
	for (uint32_t i = 0; local && i < pages; i++)
		map_lmem(1, SURFACE + i * GGTT_PAGE, 0x10000 + (uint64_t)i * GGTT_PAGE);
	ck_assert_int_eq(copy_meta(size | BLT_SRC_DIRECT, fx_addr(f, 1, LINEAR),
				   fx_addr(f, 1, SURFACE), &cost), ENG_MORE);
	ck_assert_uint_eq(cost, pages / 2);
	meta = local ? &lmem_ccs[1][0x10000 / ratio] : &ccs[1][SURFACE / ratio];
	ck_assert_mem_eq(meta, &f->mem[1][LINEAR], bytes);
	ck_assert_uint_eq(meta[bytes], 0);
	ck_assert_uint_eq(meta[-1], 0);
	ck_assert_int_eq(copy_meta(size | BLT_DST_DIRECT, fx_addr(f, 1, SURFACE),
				   fx_addr(f, 1, LINEAR + 0x1000), &cost), ENG_MORE);
	ck_assert_mem_eq(&f->mem[1][LINEAR + 0x1000], &f->mem[1][LINEAR], bytes);
	/* From surface to surface, too. */
	ck_assert_int_eq(copy_meta(size, fx_addr(f, 1, SURFACE), fx_addr(f, 1, SURFACE), &cost),
			 ENG_MORE);
	ck_assert_mem_eq(meta, &f->mem[1][LINEAR], bytes);
}
END_TEST

/* Hostile commands: a surface off a page's start is garbage, an address outside
 * the range or the share is counted, and nothing moves. */
START_TEST(metadata_hostile)
{
	uint32_t cost;

	f->mem[1][LINEAR] = 0x5A;
	ck_assert_int_eq(copy_meta(BLT_SRC_DIRECT, fx_addr(f, 1, LINEAR),
				   fx_addr(f, 1, SURFACE) + 8, &cost), ENG_DEAD);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_RING_GARBAGE), 1);
	ck_assert_int_eq(copy_meta(BLT_SRC_DIRECT, fx_addr(f, 1, LINEAR), fx_addr(f, 2, SURFACE),
				   &cost), ENG_DEAD);
	ck_assert_int_eq(copy_meta(BLT_SRC_DIRECT, fx_addr(f, 1, LINEAR), 0xFFFFFFFFF000, &cost),
			 ENG_DEAD);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 2);
	map_lmem(1, SURFACE, SHARE);
	ck_assert_int_eq(copy_meta(BLT_SRC_DIRECT, fx_addr(f, 1, LINEAR), fx_addr(f, 1, SURFACE),
				   &cost), ENG_DEAD);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_LMEM_FOREIGN), 1);
	ck_assert(untouched(lmem_ccs[1], META) && untouched(lmem_ccs[2], META));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guc lmem");
	TCase *bare = tcase_create("bare"), *two = tcase_create("two VFs");

	tcase_add_checked_fixture(bare, NULL, teardown);
	tcase_add_test(bare, share_bounds);
	tcase_add_test(bare, complete_with_lmem);
	tcase_add_test(bare, integrated_card);
	tcase_add_loop_test(bare, metadata_both_ways, 0, 4);
	suite_add_tcase(s, bare);
	tcase_add_checked_fixture(two, setup_discrete, teardown);
	tcase_add_test(two, store_to_lmem);
	tcase_add_test(two, beyond_the_share);
	tcase_add_test(two, not_during_flr);
	tcase_add_test(two, metadata_hostile);
	suite_add_tcase(s, two);
	return s;
}

int main(void)
{
	return check_main(suite());
}
