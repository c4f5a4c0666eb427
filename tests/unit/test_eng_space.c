/* SPDX-License-Identifier: MIT */
/* Address spaces of the engines: walks of four and five levels to pages of every
 * size, what entries allow, faults and their repetition, and the TLB
 * (emulator/engine/space.c, walk.c, tlb.c). */
#include <check.h>

#include "guc_ppgtt.h"
#include "tests/check_main.h"

#define GMD(arch) ((uint32_t)(arch) << 22)
#define LOCAL_BYTES (2u << 20)

static struct fx *f;
static struct px p;
static uint8_t lmem[LOCAL_BYTES];

static void make(unsigned arch, bool tlb)
{
	struct guc_options o;

	guc_options_default(&o);
	o.gmd_id[0] = GMD(arch);
	o.ppgtt_tlb = tlb;
	f = fx_new(1, 1, 2, &o);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
}

static void setup(void)
{
	make(30, true);
	px_start(&p, f, GUC_CLASS_RENDER, 0);
}

static void teardown(void)
{
	fx_free(f);
}

/* A store of `value` to va by the PPGTT; and a copy of the dword at va to PX_DATA. */
static const uint32_t *store(uint64_t va, uint32_t value)
{
	static uint32_t dw[4];

	dw[0] = MI_CMD(MI_OP_STORE_DATA_IMM) | 2;
	dw[1] = lo32(va);
	dw[2] = hi32(va);
	dw[3] = value;
	return dw;
}

static const uint32_t *fetch(uint64_t va, uint32_t offset)
{
	static uint32_t dw[5];

	dw[0] = MI_CMD(MI_OP_COPY_MEM_MEM) | 3;
	dw[1] = lo32(PX_DATA + offset);
	dw[2] = hi32(PX_DATA);
	dw[3] = lo32(va);
	dw[4] = hi32(va);
	return dw;
}

static void expect_killed(void)
{
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], 0);
	ck_assert(px_slot(&p)->killed);
}

/* --- walks ---------------------------------------------------------------------------- */

static const struct {
	unsigned arch, levels, leaf; /* level of the leaf */
	bool compact;
	uint64_t flags;
} walks[] = {
	{ 30, 5, 0, false, 0 },
	{ 12, 4, 0, false, 0 },
	{ 30, 5, 0, true, 0 },
	{ 12, 4, 0, true, 0 },
	{ 30, 5, 1, false, PPGTT_LEAF },
	{ 30, 5, 2, false, PPGTT_LEAF },
	{ 12, 4, 2, false, PPGTT_LEAF },
	{ 30, 5, 0, false, PPGTT_PAT2 | PPGTT_PAT3 | PPGTT_PAT4 },
	{ 30, 5, 1, false, PPGTT_LEAF | PPGTT_PAT2_UP | PPGTT_PAT0 },
};

/* A page of each size leads to its memory, with each number of levels; bits for
 * caching are no part of the address, and bit 7 of a small page is such a bit. The
 * upper 16 bits of an address are not looked at. */
START_TEST(page_sizes)
{
	unsigned shift = walks[_i].compact ? PPGTT_SHIFT_64K : PPGTT_SHIFT(walks[_i].leaf);
	uint64_t size = 1ull << shift, va = PX_DATA + (1ull << 40), off = LX_DATA(1) & (size - 1);

	make(walks[_i].arch, false);
	px_init(&p, f, walks[_i].levels, NULL);
	px_context(&p, GUC_CLASS_BLITTER, 0);
	px_map(&p, PX_BATCH, LX_BATCH(0), PX_PAGE);
	va &= ~(size - 1);
	*px_entry(&p, va, walks[_i].leaf, walks[_i].compact) =
		(LX_DATA(1) & ~(size - 1)) | PX_PAGE | walks[_i].flags;
	px_run(&p, store(va + off + 8, 0xC0FFEE), 4);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 8), 0xC0FFEE);
	px_run(&p, store((va + off + 12) & BITS64(47, 0), 0xBEEF), 4);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 12), 0xBEEF);
	ck_assert(!px_slot(&p)->killed);
}
END_TEST

/* A NULL page reads 0 and loses what is written, wherever it says it is. */
START_TEST(null_page)
{
	uint32_t dw[9];

	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE | PPGTT_NULL);
	fx_put(f, 1, LX_DATA(1), 5);
	px_put(&p, 0, 7);
	memcpy(dw, store(PX_DATA + 0x1000, 9), 16);
	memcpy(dw + 4, fetch(PX_DATA + 0x1000, 0), 20);
	px_run(&p, dw, 9);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 5);
	ck_assert_uint_eq(px_get(&p, 0), 0);
	ck_assert(!px_slot(&p)->killed);
}
END_TEST

static int local(enum guc_space space, unsigned fn, uint64_t off, size_t len)
{
	return space == GUC_SPACE_LMEM && fn == 1 && off + len <= sizeof(lmem);
}

static int local_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		      void *dst, size_t len)
{
	(void)user;
	(void)tile;
	ck_assert(local(space, fn, off, len));
	memcpy(dst, lmem + off, len);
	return 0;
}

static int local_write(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		       const void *src, size_t len)
{
	(void)user;
	(void)tile;
	ck_assert(local(space, fn, off, len));
	memcpy(lmem + off, src, len);
	return 0;
}

/* On a discrete card tables lie in local memory, pages where their bit says; beyond
 * the function's share there is nothing for it. */
START_TEST(local_memory)
{
	const uint32_t share[3] = { klv_header(GUC_KLV_VF_LMEM_SIZE, 2), LOCAL_BYTES, 0 };
	struct guc_options o;

	guc_options_default(&o);
	o.lmem_size = 8u << 20;
	f = fx_new(1, 1, 1, &o);
	f->card.local = (struct guc_local){ .read = local_read, .write = local_write };
	fx_vf_cfg(f, 0, 1, share, 3);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	memset(lmem, 0, sizeof(lmem));
	px_init(&p, f, 5, lmem);
	px_context(&p, GUC_CLASS_RENDER, 0);
	px_map(&p, PX_BATCH, LX_BATCH(0), PX_PAGE);
	px_map(&p, PX_DATA, 0x3000, PX_PAGE | PPGTT_LOCAL);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	px_map(&p, PX_DATA + 0x2000, LOCAL_BYTES, PX_PAGE | PPGTT_LOCAL);
	px_run(&p, store(PX_DATA + 4, 0x11), 4);
	ck_assert_uint_eq(lmem[0x3004], 0x11);
	px_run(&p, store(PX_DATA + 0x1004, 0x22), 4);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 4), 0x22);
	px_run(&p, store(PX_DATA + 0x2000, 0x33), 4);
	expect_killed();
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_LMEM_FOREIGN), 1);
}
END_TEST

/* --- faults ------------------------------------------------------------------------------ */

static const struct {
	uint64_t flags;
	uint32_t op;     /* what is done: a store, or an atomic */
	enum eng_access access;
	enum eng_fault_kind kind;
} faults[] = {
	{ 0, MI_OP_STORE_DATA_IMM, ENG_WRITE, ENG_NOT_PRESENT },
	{ PPGTT_PRESENT, MI_OP_STORE_DATA_IMM, ENG_WRITE, ENG_NO_WRITE },
	{ PPGTT_PRESENT | PPGTT_RW, MI_OP_ATOMIC, ENG_ATOMIC, ENG_NO_ATOMIC },
	{ PPGTT_PRESENT | PPGTT_ATOMICS, MI_OP_ATOMIC, ENG_ATOMIC, ENG_NO_WRITE },
	{ 0, MI_OP_ATOMIC, ENG_ATOMIC, ENG_NOT_PRESENT },
};

/* What an entry doesn't allow ends the slice with a page fault when the context has an
 * ASID; once the page is there the same command runs again, once. */
START_TEST(fault_and_again)
{
	uint64_t va = PX_DATA + 0x1000;
	bool atomic = faults[_i].op == MI_OP_ATOMIC;
	uint32_t dw[4];
	struct eng_fault fault;

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 0x321);
	px_map(&p, va, LX_DATA(1), faults[_i].flags);
	memcpy(dw, store(va + 8, 6), sizeof(dw));
	if (atomic) {
		dw[0] = MI_CMD(MI_OP_ATOMIC) | MI_ATOMIC_INC << 8 | 1;
		dw[3] = MI_NOOP;
	}
	fx_put(f, 1, LX_DATA(1) + 8, 5);
	px_emit(&p, dw, 4);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(px_slice(&p, 100, false, &fault), ENG_FAULT);
		ck_assert_uint_eq(fault.address, (va + 8) & BITS64(47, 0));
		ck_assert_uint_eq(fault.asid, 0x321);
		ck_assert_uint_eq(fault.level, 0);
		ck_assert_int_eq(fault.access, faults[_i].access);
		ck_assert_int_eq(fault.kind, faults[_i].kind);
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 8), 5);
	}
	px_map(&p, va, LX_DATA(1), PX_PAGE);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 8), 6);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_PPGTT_UNMAPPED), 0);
}
END_TEST

/* Verdict 7: without an ASID a missing page ends the context with a CAT error; so do
 * a missing table, a batch that isn't mapped, a root of 0. */
START_TEST(no_recovery)
{
	if (_i == 1)
		*px_entry(&p, PX_DATA, 3, false) = 0;
	else if (_i == 2)
		px_map(&p, PX_BATCH, 0, 0);
	else if (_i == 3)
		fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, 0);
	px_run(&p, store(PX_DATA + (_i ? 0 : 0x1000), 1), 4);
	expect_killed();
	if (_i != 3)
		ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_PPGTT_UNMAPPED), 1);
}
END_TEST

/* A long store across a page that is missing leaves nothing of itself. */
START_TEST(nothing_half_done)
{
	uint32_t dw[3 + 8] = { MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | 9,
			       lo32(PX_DATA + 0xFF0), hi32(PX_DATA), 1, 2, 3, 4, 5, 6, 7, 8 };

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 1);
	px_emit(&p, dw, 11);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	for (uint32_t at = 0xFF0; at < 0x1000; at += 4)
		ck_assert_uint_eq(px_get(&p, at), 0);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(px_get(&p, 0xFF0), 1);
	ck_assert_uint_eq(px_get(&p, 0xFFC), 4);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 12), 8);
}
END_TEST

/* --- hostile tables ------------------------------------------------------------------------ */

/* Tables that lead to themselves, into holes, to the end of the address space: a walk
 * ends after its levels, nobody else's memory is touched. */
START_TEST(hostile_tables)
{
	static const uint64_t entries[] = {
		PX_TABLES | PX_PAGE,                     /* the root again */
		0x40000000ull | PX_PAGE,                 /* a hole */
		PPGTT_ADDR | PX_PAGE,                    /* the very end */
		UINT64_MAX,                              /* every bit */
		FX_MEM - 4096 + 1 + 2,                   /* a page of zeros */
	};
	uint64_t entry = entries[_i % 5];
	uint8_t before[64];

	memcpy(before, f->mem[2], sizeof(before));
	*px_entry(&p, PX_DATA, 1 + _i / 5, false) = entry;
	px_run(&p, store(PX_DATA, 0xBAD), 4);
	ck_assert(px_slot(&p)->killed || entry == (PX_TABLES | PX_PAGE) || entry == UINT64_MAX);
	ck_assert_mem_eq(f->mem[2], before, sizeof(before));
}
END_TEST

/* --- TLB --------------------------------------------------------------------------------------- */

/* Change what PX_DATA leads to, behind the engines' back. */
static void remap(void)
{
	px_map(&p, PX_DATA, LX_DATA(1), PX_PAGE);
}

static bool stale(uint32_t value)
{
	px_run(&p, store(PX_DATA, value), 4);
	if (px_get(&p, 0) == value)
		return true;
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), value);
	return false;
}

static void invalidate(uint32_t type, uint32_t asid, uint64_t va, uint32_t log2)
{
	uint32_t dw[7] = { 0, 5, type | 1u << 31, asid, lo32(va), hi32(va), log2 - 12 };

	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_TLB_INVALIDATION, dw,
		type == GUC_TLB_PAGE_ASID || type == GUC_TLB_PAGE_CONTEXT ? 7 : 3);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_TLB_INVALIDATION_DONE).dw[1], 5);
}

/* With options.ppgtt_tlb a changed entry is not seen, however often it is used, until
 * an invalidation reaches it; without, the next slice sees it. */
START_TEST(stale_until_flushed)
{
	static const struct {
		uint32_t type, asid;
		uint64_t va;
		uint32_t log2;
		bool reaches;
	} flushes[] = {
		{ GUC_TLB_FULL, 0, 0, 0, true },
		{ GUC_TLB_GUC, 0, 0, 0, false },
		{ GUC_TLB_PAGE_ASID, 7, PX_DATA & 0xFFFFFFFFFFFF, 12, true },
		{ GUC_TLB_PAGE_ASID, 7, PX_DATA, 12, true },
		{ GUC_TLB_PAGE_ASID, 8, PX_DATA, 12, false },
		{ GUC_TLB_PAGE_ASID, 7, PX_DATA + 0x1000, 12, false },
		{ GUC_TLB_PAGE_ASID, 7, PX_DATA + 0x1000, 20, true },
		{ GUC_TLB_PAGE_ASID, 7, PX_DATA - 0x100000, 20, false },
		{ GUC_TLB_PAGE_ASID, 7, 0, 60, true },
		{ GUC_TLB_PAGE_CONTEXT, 0, PX_DATA, 12, true },
	};

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 7);
	ck_assert(stale(1));
	remap();
	ck_assert(stale(2));
	ck_assert(stale(3));
	invalidate(flushes[_i].type, flushes[_i].asid, flushes[_i].va, flushes[_i].log2);
	ck_assert(stale(4) != flushes[_i].reaches);
	f->card.block->options.ppgtt_tlb = false;
	ck_assert(!stale(5));
}
END_TEST

/* A part of a large page drops the whole of it. */
START_TEST(flush_of_a_part)
{
	uint64_t va = 0x7000000000ull, *e = px_entry(&p, va, 1, false);
	uint32_t off = LX_DATA(1);

	*e = 0 | PPGTT_LEAF | PX_PAGE;
	px_run(&p, store(va + off, 1), 4);
	*e = 0;
	px_run(&p, store(va + off, 2), 4);
	ck_assert_uint_eq(fx_get(f, 1, off), 2);
	invalidate(GUC_TLB_PAGE_ASID, 0, va + 0x1FF000, 12);
	px_run(&p, store(va + off, 3), 4);
	ck_assert_uint_eq(fx_get(f, 1, off), 2);
	expect_killed();
}
END_TEST

/* Commands flush as well: within the batch, between two stores. */
START_TEST(flush_by_command)
{
	const uint32_t flush[] = { MI_CMD(MI_OP_FLUSH_DW) | MI_FLUSH_TLB, MI_NOOP, MI_NOOP, MI_NOOP,
				   MI_NOOP, MI_NOOP };
	const uint32_t pipe[] = { CMD_PIPE_CONTROL | 4, PIPE_CONTROL_TLB, 0, 0, 0, 0 };

	ck_assert(stale(1));
	remap();
	ck_assert(stale(2));
	px_run(&p, _i ? pipe : flush, 6);
	ck_assert(!stale(3));
}
END_TEST

/* VF_RESET, FLR and the reset of a context drop all that the function had; another's
 * stays. */
START_TEST(flush_by_reset)
{
	const struct guc_unit *u = guc_unit(&f->card, 0);
	unsigned own = 0;

	ck_assert(stale(1));
	guc_unit(&f->card, 0)->tlb[3] = (struct guc_tlb_entry){
		.entry = PPGTT_PRESENT, .epoch = u->tlb_epoch, .fn = 2,
	};
	if (_i == 1) {
		guc_flr(&f->card, 1);
		fx_control(f, 0, 1, GUC_VF_FLR_START);
	} else if (_i == 2) {
		guc_mishap(&f->card, 1, 0, &(struct guc_mishap){ .kind = GUC_MISHAP_HANG });
	} else {
		fx_mbox(f, 1, 0, (uint32_t[]){ hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST,
				GUC_ACTION_VF_RESET, 0) }, 1, (uint32_t[4]){ 0 });
	}
	for (unsigned i = 0; i < GUC_TLB_ENTRIES; i++)
		own += u->tlb[i].fn == 1 && u->tlb[i].entry;
	ck_assert_uint_eq(own, 0);
	ck_assert(u->tlb[3].entry & PPGTT_PRESENT);
}
END_TEST

/* What is not present is not kept: a page that appears is seen without a flush. Nor is
 * less than what an access needs: a page that becomes writable is. */
START_TEST(absence_is_not_kept)
{
	uint64_t va = PX_DATA + 0x1000;

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 9);
	px_emit(&p, store(va, 4), 4);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	px_map(&p, va, LX_DATA(1), PPGTT_PRESENT);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	px_map(&p, va, LX_DATA(1), PX_PAGE);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 4);
}
END_TEST

/* Two address spaces with one address don't share an entry: ASID and root tell them
 * apart, also when neither has an ASID. */
START_TEST(spaces_apart)
{
	ck_assert(stale(1));
	/* Another root, the same tables below but for the data page. */
	memcpy(f->mem[1] + p.next, f->mem[1] + PX_TABLES, GGTT_PAGE);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, p.next | 0x1B);
	remap();
	ck_assert(!stale(2));
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, PX_TABLES | 0x1B);
	ck_assert(stale(3));
}
END_TEST

#define LOOP(t, test, n) tcase_add_loop_test(t, test, 0, (int)(n))

static Suite *suite(void)
{
	Suite *s = suite_create("engine spaces");
	TCase *bare = tcase_create("bare"), *t = tcase_create("one context");

	tcase_add_checked_fixture(bare, NULL, teardown);
	LOOP(bare, page_sizes, sizeof(walks) / sizeof(walks[0]));
	tcase_add_test(bare, local_memory);
	suite_add_tcase(s, bare);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, null_page);
	LOOP(t, fault_and_again, sizeof(faults) / sizeof(faults[0]));
	LOOP(t, no_recovery, 4);
	tcase_add_test(t, nothing_half_done);
	LOOP(t, hostile_tables, 20);
	LOOP(t, stale_until_flushed, 10);
	tcase_add_test(t, flush_of_a_part);
	LOOP(t, flush_by_command, 2);
	LOOP(t, flush_by_reset, 3);
	tcase_add_test(t, absence_is_not_kept);
	tcase_add_test(t, spaces_apart);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
