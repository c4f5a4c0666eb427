/* SPDX-License-Identifier: MIT */
/* GGTT entries, translation and isolation between functions at each access
 * point (emulator/guc/ggtt.c, mmio.c): dropped, counted, reported. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

static uint64_t pte_off(uint64_t addr)
{
	return REG_GGTT_BASE + addr / GGTT_PAGE * 8;
}

static uint64_t entry(uint64_t addr)
{
	return guc_ggtt_entry(&f->card, 0, addr);
}

static uint64_t mmio(unsigned fn, uint64_t off, unsigned size)
{
	uint64_t v = 0xDEAD;

	ck_assert_int_eq(guc_mmio_read(&f->card, fn, off, size, &v), 0);
	return v;
}

/* GG-01: a VF writes its own entries; VFID is forced to its own, in whole and
 * in halves. */
START_TEST(own_entry)
{
	uint64_t addr = FX_VF_START(1) + 0x3000;

	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr), 8, 0x7000 | 2 << 2 | 1), 0);
	ck_assert_uint_eq(entry(addr), 0x7000 | 1 << 2 | 1);
	ck_assert_uint_eq(mmio(1, pte_off(addr), 8), 0x7005);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr) + 4, 4, 0x2), 0);
	ck_assert_uint_eq(entry(addr), 0x200007005);
	ck_assert_uint_eq(mmio(1, pte_off(addr) + 4, 4), 2);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr), 4, 0x9000), 0);
	ck_assert_uint_eq(entry(addr), 0x200009004);
}
END_TEST

/* GG-02: a VF's write of another VF's or of an unowned entry is dropped,
 * counted and reported; its reads give 0. */
START_TEST(foreign_entry)
{
	const uint64_t addrs[] = { FX_VF_START(2), FX_PF_START, FX_VF_START(1) - GGTT_PAGE,
				   FX_VF_START(1) + FX_MEM, 0, FX_GGTT - GGTT_PAGE };
	uint64_t addr = addrs[_i], before = entry(addr);
	unsigned reported = fx_count(f, GUC_PT_VIOLATION);

	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr), 8, 0x5001), 0);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr), 4, 0x5001), 0);
	ck_assert_uint_eq(entry(addr), before);
	ck_assert_uint_eq(mmio(1, pte_off(addr), 8), 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_PTE_FOREIGN), 2);
	ck_assert_uint_eq(fx_count(f, GUC_PT_VIOLATION), reported + 2);
	ck_assert_uint_eq(fx_violations(f, 2, 0, GUC_VIOL_PTE_FOREIGN), 0);
}
END_TEST

/* GG-03: an entry inside the range that carries another VFID is not the VF's. */
START_TEST(entry_vfid)
{
	uint64_t addr = FX_VF_START(1) + 0x5000;
	uint32_t v;

	ck_assert_int_eq(guc_mmio_write(&f->card, 0, pte_off(addr), 8, 0x5000 | 2 << 2 | 1), 0);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(addr), 8, 0x5001), 0);
	ck_assert_uint_eq(entry(addr), 0x5009);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, addr, &v), -EACCES);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 1);
}
END_TEST

/* GG-04: the PF reads and writes every entry with any VFID, but reaches memory
 * only through entries with VFID 0. */
START_TEST(pf)
{
	uint32_t v = 1;

	ck_assert_uint_eq(mmio(0, pte_off(FX_VF_START(1)), 8), 5);
	ck_assert_int_eq(guc_mmio_write(&f->card, 0, pte_off(0), 8, 0x1009), 0);
	ck_assert_uint_eq(entry(0), 0x1009);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 0, 0, &v), -EACCES);
	ck_assert_uint_eq(v, 0);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 0, FX_PF_START, &v), 0);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 0, FX_GGTT, &v), -EACCES);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 0, UINT64_MAX - 3, &v), -EACCES);
}
END_TEST

/* GG-05: memory access: foreign, unmapped, hole and misaligned each have their
 * own error and counter. */
START_TEST(memory)
{
	uint64_t at = FX_VF_START(1) + 0x4000;
	uint8_t buf[8192];
	uint32_t v;

	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, FX_VF_START(2), buf, 4), -EACCES);
	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, FX_VF_START(1) - 1, buf, 2), -EACCES);
	ck_assert_int_eq(guc_ggtt_write(&f->card, 0, 1, FX_VF_START(1) + FX_MEM - 4, buf, 8),
			 -EACCES);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 3);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at), 8, 0), 0);
	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, at, buf, 4), -ENXIO);
	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, at - 4, buf, 8), -ENXIO);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_UNMAPPED), 2);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at), 8, 0x7FFFF0000001), 0);
	ck_assert_int_eq(guc_ggtt_store32(&f->card, 0, 1, at, 1), -EFAULT);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, FX_VF_START(1) + 2, &v), -EFAULT);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_DMA_FAULT), 2);
	f->hole_at = 0x8000;
	f->hole_len = 1;
	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, FX_VF_START(1) + 0x7FFC, buf, 8), -EFAULT);
}
END_TEST

/* GG-06: a write whose later page is not mapped moves no byte. */
START_TEST(all_or_nothing)
{
	uint64_t at = FX_VF_START(1) + 0x22000;
	const uint32_t two[2] = { 0x11111111, 0x22222222 };

	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at), 8, 0), 0);
	ck_assert_int_eq(guc_ggtt_write(&f->card, 0, 1, at - 4, two, 8), -ENXIO);
	ck_assert_uint_eq(fx_get(f, 1, 0x21FFC), 0);
}
END_TEST

/* GG-07: copies cross pages in the order of the entries, not of the memory. */
START_TEST(scattered)
{
	uint64_t at = FX_VF_START(1) + 0x20000;
	const uint32_t two[2] = { 0x11111111, 0x22222222 };
	uint32_t back[2];

	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at), 8, 0x31001), 0);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at + 0x1000), 8, 0x29001), 0);
	ck_assert_int_eq(guc_ggtt_write(&f->card, 0, 1, at + 0xFFC, two, 8), 0);
	ck_assert_uint_eq(fx_get(f, 1, 0x31FFC), 0x11111111);
	ck_assert_uint_eq(fx_get(f, 1, 0x29000), 0x22222222);
	ck_assert_int_eq(guc_ggtt_read(&f->card, 0, 1, at + 0xFFC, back, 8), 0);
	ck_assert_mem_eq(back, two, 8);
}
END_TEST

/* GG-08: a VF that reaches for another function's registers is reported and
 * changes nothing; the PF sees them. */
START_TEST(foreign_registers)
{
	uint64_t other = REG_VF_SW_FLAG(0) + 2 * REG_VF_STRIDE;

	ck_assert_int_eq(guc_mmio_write(&f->card, 1, other, 4, 0x5507), 0);
	ck_assert_uint_eq(mmio(1, other, 4), 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_MMIO_FOREIGN), 2);
	ck_assert_uint_eq(mmio(2, REG_VF_SW_FLAG(0), 4), guc_fn(&f->card, 0, 2)->mbox[0]);
	ck_assert_int_eq(guc_mmio_write(&f->card, 0, other, 4, 0x1234), 0);
	ck_assert_uint_eq(mmio(2, REG_VF_SW_FLAG(0), 4), 0x1234);
	ck_assert_uint_eq(mmio(0, other, 4), 0x1234);
	ck_assert_uint_eq(mmio(0, REG_VF_CAP, 4), 0);
	ck_assert_uint_eq(mmio(1, REG_VF_CAP, 4), VF_CAP_IS_VF);
}
END_TEST

/* GG-09: accesses outside the BAR, misaligned, of a wrong size or by nobody
 * are errors; unknown registers read 0. */
START_TEST(bad_mmio)
{
	uint64_t v;

	ck_assert_int_eq(guc_mmio_read(&f->card, 3, 0, 4, &v), -ENODEV);
	ck_assert_int_eq(guc_mmio_read(&f->card, 1, 2, 4, &v), -EINVAL);
	ck_assert_int_eq(guc_mmio_read(&f->card, 1, 4, 8, &v), -EINVAL);
	ck_assert_int_eq(guc_mmio_read(&f->card, 1, 0, 2, &v), -EINVAL);
	ck_assert_int_eq(guc_mmio_read(&f->card, 1, REG_TILE_STRIDE, 4, &v), -ERANGE);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, UINT64_MAX - 7, 8, 0), -ERANGE);
	ck_assert_uint_eq(mmio(1, 0xC000, 4), 0);
	ck_assert_uint_eq(mmio(1, REG_TILE_STRIDE - 8, 8), 0);
}
END_TEST

/* Entries, counted violations and crossings after a run, and its answer. */
struct run_end {
	int err;
	uint64_t entry[8], read[8], seq;
	uint32_t violations;
};

static struct run_end run(unsigned fn, uint64_t addr, size_t n, bool single)
{
	uint64_t values[8], off = pte_off(addr), first = f->card.block->seq;
	struct run_end e = { .err = 0 };

	for (unsigned i = 0; i < 8; i++)
		values[i] = 0x5000u * (i + 1) | 1;
	for (size_t i = 0; i < n && single && !e.err; i++)
		e.err = guc_mmio_write(&f->card, fn, off + 8 * i, 8, values[i]);
	for (size_t i = 0; i < n && single && !e.err; i++)
		e.err = guc_mmio_read(&f->card, fn, off + 8 * i, 8, &e.read[i]);
	if (!single)
		e.err = guc_mmio_write_run(&f->card, fn, off, n, values);
	if (!single && !e.err)
		e.err = guc_mmio_read_run(&f->card, fn, off, n, e.read);
	for (unsigned i = 0; i < 8; i++)
		e.entry[i] = entry(addr + GGTT_PAGE * i);
	e.seq = f->card.block->seq - first;
	e.violations = guc_fn(&f->card, 0, fn)->violations[GUC_VIOL_PTE_FOREIGN];
	return e;
}

static enum guc_verdict pass(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	(void)act;
	*(unsigned *)user += ev->point == GUC_PT_MMIO_WRITE;
	return GUC_PASS;
}

/* GG-09b: a run of 64-bit words is what so many single accesses are, for PF and
 * VF, at the ends of ranges, GGTT and BAR, watched or not. */
START_TEST(run_as_singles)
{
	const uint64_t end = f->card.block->geometry.ggtt_size;
	const struct {
		unsigned fn;
		uint64_t addr;
		size_t n;
	} at[] = {
		{ 0, FX_VF_START(1), 8 },
		{ 0, end - 4 * GGTT_PAGE, 8 },
		{ 0, end - 8 * GGTT_PAGE, 8 },
		{ 0, end + GGTT_PAGE, 2 },
		{ 0, FX_VF_START(1), 0 },
		{ 1, FX_VF_START(1), 8 },
		{ 1, FX_VF_START(1) - 3 * GGTT_PAGE, 8 },
		{ 2, FX_VF_START(1), 3 },
		{ 3, FX_VF_START(1), 3 },
		{ 0, (REG_TILE_STRIDE - REG_GGTT_BASE) / 8 * GGTT_PAGE - GGTT_PAGE, 4 },
	};
	unsigned hooked = 0;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (unsigned watched = 0; watched < 2; watched++) {
			struct run_end a, b;

			teardown();
			setup();
			f->card.hook = watched ? pass : NULL;
			f->card.hook_user = &hooked;
			a = run(at[i].fn, at[i].addr, at[i].n, true);
			teardown();
			setup();
			hooked = 0;
			f->card.hook = watched ? pass : NULL;
			f->card.hook_user = &hooked;
			b = run(at[i].fn, at[i].addr, at[i].n, false);
			ck_assert_msg(memcmp(&a, &b, sizeof(a)) == 0, "case %zu", i);
			if (watched && a.err == 0)
				ck_assert_uint_eq(hooked, at[i].n);
		}
	}
}
END_TEST

/* GG-09c: a card in memory that is zero already is the card in dirty memory. */
START_TEST(zeroed_memory)
{
	const struct guc_geometry g = f->card.block->geometry;
	const struct guc_options o = f->card.block->options;
	size_t size = guc_card_size(&g);
	struct guc_card a = { .block = NULL }, b = { .block = NULL };
	void *dirty = malloc(size), *zero = calloc(1, size);

	ck_assert_ptr_nonnull(dirty);
	ck_assert_ptr_nonnull(zero);
	memset(dirty, 0xA5, size);
	ck_assert_int_eq(guc_card_init(&a, dirty, size, &g, &o), 0);
	ck_assert_int_eq(guc_card_init_zeroed(&b, zero, size, &g, &o), 0);
	ck_assert(memcmp(dirty, zero, a.block->bytes) == 0);
	ck_assert_int_eq(guc_card_init_zeroed(&b, zero, 64, &g, &o), -ENOSPC);
	free(dirty);
	free(zero);
}
END_TEST

/* GG-10: CTB, memirq and relay of VF 1 through VF 2's addresses: the rings are
 * checked at each use, not only when they were named. */
START_TEST(moved_away)
{
	const uint32_t msg[2] = { GUC_ACTION_RELAY_TO_PF, 1 };
	uint8_t before[FX_MEM];

	fx_boot(f, 1, 0);
	guc_fn(&f->card, 0, 1)->self.g2h_addr = FX_VF_START(2);
	guc_fn(&f->card, 0, 1)->self.memirq_status = FX_VF_START(2) + 0x190;
	memcpy(before, f->mem[2], FX_MEM);
	fx_h2g(f, 1, 0, 1, msg, 2);
	guc_raise(&f->card, 0, 1, GUC_IRQ_SW_INT_0);
	ck_assert_mem_eq(before, f->mem[2], FX_MEM);
	ck_assert_uint_ge(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 2);
	guc_fn(&f->card, 0, 1)->self.h2g_desc = FX_VF_START(2);
	fx_doorbell(f, 1, 0);
	ck_assert_mem_eq(before, f->mem[2], FX_MEM);
}
END_TEST

/* GG-11: with the TLB an entry that was used stays until it is invalidated;
 * another function's invalidation does not help. */
START_TEST(tlb)
{
	uint64_t at = FX_VF_START(1) + 0x20000;
	struct guc_options o;
	uint32_t v;

	fx_free(f);
	guc_options_default(&o);
	o.ggtt_tlb = true;
	f = fx_new_ready(1, &o);
	fx_put(f, 1, 0x20000, 1);
	fx_put(f, 1, 0x21000, 2);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, at, &v), 0);
	ck_assert_uint_eq(v, 1);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, pte_off(at), 8, 0x21001), 0);
	guc_ggtt_load32(&f->card, 0, 1, at, &v);
	ck_assert_uint_eq(v, 1);
	guc_ggtt_invalidate(&f->card, 0, 2);
	guc_ggtt_load32(&f->card, 0, 1, at, &v);
	ck_assert_uint_eq(v, 1);
	guc_ggtt_invalidate(&f->card, 0, 1);
	guc_ggtt_load32(&f->card, 0, 1, at, &v);
	ck_assert_uint_eq(v, 2);
}
END_TEST

/* GG-12: the block is the whole state: a copy attached elsewhere answers the
 * same, and a block that is none is refused. */
START_TEST(snapshot)
{
	struct guc_card copy = f->card;
	void *block = malloc(f->size);

	ck_assert_ptr_nonnull(block);
	memcpy(block, f->block, f->size);
	ck_assert_int_eq(guc_card_attach(&copy, block, f->size), 0);
	ck_assert_int_eq(guc_mmio_write(&f->card, 0, pte_off(0), 8, 0x1001), 0);
	ck_assert_uint_eq(guc_ggtt_entry(&copy, 0, 0), 0);
	ck_assert_uint_eq(guc_ggtt_entry(&copy, 0, FX_VF_START(1)), 5);
	ck_assert_int_eq(guc_card_attach(&copy, block, f->size - 8), -EINVAL);
	memset(block, 0, 8);
	ck_assert_int_eq(guc_card_attach(&copy, block, f->size), -EINVAL);
	free(block);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_ggtt");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, own_entry);
	tcase_add_loop_test(tc, foreign_entry, 0, 6);
	tcase_add_test(tc, entry_vfid);
	tcase_add_test(tc, pf);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, all_or_nothing);
	tcase_add_test(tc, scattered);
	tcase_add_test(tc, foreign_registers);
	tcase_add_test(tc, bad_mmio);
	tcase_add_test(tc, run_as_singles);
	tcase_add_test(tc, zeroed_memory);
	tcase_add_test(tc, moved_away);
	tcase_add_test(tc, tlb);
	tcase_add_test(tc, snapshot);
	suite_add_tcase(s, tc);
	return check_main(s);
}
