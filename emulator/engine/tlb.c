/* SPDX-License-Identifier: MIT */
/* The TLB of a GT's engines: entries of page tables as they were when an access
 * used them, tagged by function, ASID and root. With options.ppgtt_tlb they stay
 * until an invalidation drops them (0x7000, TLB bits of PIPE_CONTROL and
 * MI_FLUSH_DW, reset, FLR), as in hardware; without, until the slice ends. What
 * is not present is never kept. */
#include "space.h"

#include <string.h>

static struct guc_tlb_entry *slot(struct guc_unit *u, unsigned fn, const struct eng_vm *vm,
				  uint64_t page)
{
	uint64_t h = (page ^ page >> 9 ^ vm->root >> 12) * 0x9E3779B97F4A7C15ull + fn;

	return &u->tlb[(h >> 32) % GUC_TLB_ENTRIES];
}

const struct guc_tlb_entry *eng_tlb_find(const struct eng_place *p, const struct eng_vm *vm,
					 uint64_t va)
{
	struct guc_unit *u = guc_unit(p->c, p->gt);
	const struct guc_tlb_entry *e = slot(u, p->fn, vm, va >> PPGTT_SHIFT(0));

	return e->epoch == u->tlb_epoch && e->entry & PPGTT_PRESENT &&
			       e->page == va >> PPGTT_SHIFT(0) && e->root == vm->root &&
			       e->asid == vm->asid && e->fn == p->fn ?
		       e :
		       NULL;
}

const struct guc_tlb_entry *eng_tlb_keep(const struct eng_place *p, const struct eng_vm *vm,
					 uint64_t va, uint64_t entry, unsigned shift)
{
	struct guc_unit *u = guc_unit(p->c, p->gt);
	struct guc_tlb_entry *e = slot(u, p->fn, vm, va >> PPGTT_SHIFT(0));

	*e = (struct guc_tlb_entry){
		.page = va >> PPGTT_SHIFT(0),
		.root = vm->root,
		.entry = entry,
		.asid = vm->asid,
		.epoch = u->tlb_epoch,
		.fn = (uint8_t)p->fn,
		.shift = (uint8_t)shift,
	};
	return e;
}

void eng_tlb_slice(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);

	if (c->block->options.ppgtt_tlb)
		return;
	if (++u->tlb_epoch == 0)
		memset(u->tlb, 0, sizeof(u->tlb));
}

/* Drop fn's entries that touch [va, last] of an address space. */
static void drop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t asid, uint64_t va,
		 uint64_t last)
{
	struct guc_unit *u = guc_unit(c, gt);

	for (uint32_t i = 0; i < GUC_TLB_ENTRIES; i++) {
		struct guc_tlb_entry *e = &u->tlb[i];
		/* What is kept of a large page is dropped with any part of it. */
		uint64_t first = e->page << PPGTT_SHIFT(0) >> e->shift << e->shift;

		if (e->fn == fn && (asid == ENG_ASID_ANY || e->asid == asid) && first <= last &&
		    first + ((1ull << e->shift) - 1) >= va)
			e->entry = 0;
	}
}

void eng_tlb_drop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t asid)
{
	drop(c, gt, fn, asid, 0, UINT64_MAX);
}

void eng_tlb_drop_range(struct guc_card *c, unsigned gt, unsigned fn, uint32_t asid, uint64_t va,
			unsigned log2)
{
	uint64_t first = va & BITS64(PPGTT_VA_BITS - 1, 0);

	if (log2 >= PPGTT_VA_BITS) {
		eng_tlb_drop(c, gt, fn, asid);
		return;
	}
	first = first >> log2 << log2;
	drop(c, gt, fn, asid, first, first + ((1ull << log2) - 1));
}
