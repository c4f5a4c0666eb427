/* SPDX-License-Identifier: MIT */
/* The walk of a context's page tables (proto/ppgtt.h): four levels, from graphics
 * 20 on five, down to a page of 4 KiB, 64 KiB, 2 MiB or 1 GiB. The tables are the
 * driver's, so every step is one read of a checked place and there are no more
 * steps than levels, wherever the entries lead. On a discrete card the tables
 * lie in local memory (xe_pt.c): their entries have no bit for it. */
#include "space.h"

static enum eng_end fetch_entry(struct streamer *s, uint64_t table, uint32_t index,
				uint64_t *entry)
{
	const struct eng_place *p = s->r;
	struct guc_place at = { s->vm.local ? GUC_SPACE_LMEM : GUC_SPACE_SYSTEM,
				table + 8ull * index };
	uint32_t dw[2];

	s->cost++;
	if (guc_place_access(p->c, p->gt, p->fn, &at, dw, NULL, sizeof(dw), false))
		return ENG_DEAD;
	*entry = make64(dw[0], dw[1]);
	return ENG_MORE;
}

enum eng_end eng_walk(struct streamer *s, uint64_t va, enum eng_access access,
		      const struct guc_tlb_entry **found)
{
	uint64_t table = s->vm.root & PPGTT_ADDR, entry = 0;
	unsigned level = s->vm.levels - 1u, shift;
	bool compact = false;
	enum eng_end end;

	for (;; level--) {
		uint32_t index = va >> PPGTT_SHIFT(level) & BITS(PPGTT_LEVEL_BITS - 1, 0);

		shift = PPGTT_SHIFT(level);
		if (compact) {
			shift = PPGTT_SHIFT_64K;
			index = va >> shift & BITS(PPGTT_SHIFT(1) - PPGTT_SHIFT_64K - 1, 0);
		}
		end = fetch_entry(s, table, index, &entry);
		if (end != ENG_MORE)
			return end;
		if (!(entry & PPGTT_PRESENT))
			return eng_fault(s, va, access, ENG_NOT_PRESENT, level);
		if (level == 0 || (level <= PPGTT_MAX_LEAF && entry & PPGTT_LEAF))
			break;
		compact = level == 1 && entry & PPGTT_64K;
		table = entry & PPGTT_ADDR;
	}
	*found = eng_tlb_keep(s->r, &s->vm, va, entry, shift);
	return ENG_MORE;
}
