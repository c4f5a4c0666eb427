/* SPDX-License-Identifier: MIT */
/* Access to memory through GGTT and PPGTT: see space.h. An access translates
 * every page before the first byte moves, so that a page fault leaves nothing
 * half done and the command can run again. */
#include "space.h"

#include <string.h>

/* With five levels, and atomics by entry (xe_pci.c). */
#define GRAPHICS_PVC 1260u
#define GRAPHICS_XE2 2000u

void eng_vm_load(struct streamer *s, unsigned child)
{
	const struct guc_options *o = &s->r->c->block->options;
	const uint32_t *image = s->lrc.image;
	unsigned version = guc_graphics_version(s->r->c);
	bool xe2 = version >= GRAPHICS_XE2 || version == GRAPHICS_PVC;

	s->vm = (struct eng_vm){
		.root = make64(image[LRC_PDP_LO], image[LRC_PDP_HI]) & PPGTT_ADDR,
		.asid = image[LRC_ASID] & LRC_ASID_MASK,
		.levels = xe2 ? 5 : 4,
		.ppgtt = *guc_lrc_desc(s->r->c, s->r->gt, s->r->ctx, child) & LRC_DESC_PRIVILEGE,
		.local = o->lmem_size != 0,
		.atomics = xe2,
	};
}

bool eng_is_ggtt(const struct streamer *s, bool asked)
{
	bool user = s->exec->level && s->exec->ppgtt & GUC_EXEC_BATCH;

	return !s->vm.ppgtt || (asked && !user);
}

enum eng_end eng_fault(struct streamer *s, uint64_t va, enum eng_access access,
		       enum eng_fault_kind kind, unsigned level)
{
	const struct eng_place *p = s->r;

	if (!s->vm.asid) {
		guc_violate(p->c, p->gt, p->fn, GUC_VIOL_PPGTT_UNMAPPED, va, s->vm.root);
		return ENG_DEAD;
	}
	s->slice->fault = (struct eng_fault){
		.address = va, .asid = s->vm.asid, .level = (uint8_t)level,
		.access = access, .kind = kind,
	};
	return ENG_FAULT;
}

/* --- translation ------------------------------------------------------------------- */

static bool allows(const struct eng_vm *vm, uint64_t entry, enum eng_access access)
{
	switch (access) {
	case ENG_READ:
		return true;
	case ENG_WRITE:
		return entry & PPGTT_RW;
	case ENG_ATOMIC:
		return entry & PPGTT_RW && (!vm->atomics || entry & (PPGTT_ATOMICS | PPGTT_NULL));
	}
	return false;
}

static uint8_t pat_index(uint64_t entry, unsigned shift)
{
	const uint64_t bits[] = {
		PPGTT_PAT0, PPGTT_PAT1, shift >= PPGTT_SHIFT(1) ? PPGTT_PAT2_UP : PPGTT_PAT2,
		PPGTT_PAT3, PPGTT_PAT4,
	};
	uint8_t pat = 0;

	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (entry & bits[i])
			pat |= (uint8_t)(1u << i);
	return pat;
}

enum eng_end eng_translate(struct streamer *s, bool ggtt, uint64_t va, enum eng_access access,
			   struct eng_span *span)
{
	const struct eng_place *p = s->r;
	const struct guc_tlb_entry *e;
	uint64_t within;
	enum eng_end end;

	*span = (struct eng_span){ .len = GGTT_PAGE - va % GGTT_PAGE };
	if (ggtt)
		return guc_ggtt_place(p->c, p->gt, p->fn, va, &span->place) ? ENG_DEAD : ENG_MORE;
	va &= BITS64(PPGTT_VA_BITS - 1, 0);
	e = eng_tlb_find(p, &s->vm, va);
	/* Less than what is asked for is looked up again, as hardware does. */
	if (!e || !allows(&s->vm, e->entry, access)) {
		end = eng_walk(s, va, access, &e);
		if (end != ENG_MORE)
			return end;
		if (!allows(&s->vm, e->entry, access))
			return eng_fault(s, va, access,
					 e->entry & PPGTT_RW ? ENG_NO_ATOMIC : ENG_NO_WRITE,
					 e->shift >= PPGTT_SHIFT(1) ?
						 (e->shift - PPGTT_SHIFT(0)) / PPGTT_LEVEL_BITS : 0);
	}
	within = va & ((1ull << e->shift) - 1);
	span->nothing = e->entry & PPGTT_NULL;
	span->pat = pat_index(e->entry, e->shift);
	span->len = (1ull << e->shift) - within;
	span->place.space = e->entry & PPGTT_LOCAL ? GUC_SPACE_LMEM : GUC_SPACE_SYSTEM;
	span->place.off = ((e->entry & PPGTT_ADDR) >> e->shift << e->shift) + within;
	return ENG_MORE;
}

/* --- access ------------------------------------------------------------------------- */

static enum eng_end access_span(struct streamer *s, const struct eng_span *span, void *dst,
				const void *src, uint32_t len, bool dword)
{
	const struct eng_place *p = s->r;

	if (span->nothing) {
		if (dst)
			memset(dst, 0, len);
		return ENG_MORE;
	}
	return guc_place_access(p->c, p->gt, p->fn, &span->place, dst, src, len, dword) ?
		       ENG_DEAD : ENG_MORE;
}

enum eng_end eng_span_read(struct streamer *s, const struct eng_span *span, void *dst,
			   uint32_t len)
{
	return access_span(s, span, dst, NULL, len, false);
}

enum eng_end eng_span_write(struct streamer *s, const struct eng_span *span, const void *src,
			    uint32_t len)
{
	return access_span(s, span, NULL, src, len, false);
}

enum eng_end eng_probe(struct streamer *s, bool ggtt, uint64_t va, uint32_t len,
		       enum eng_access access)
{
	struct eng_span span;
	enum eng_end end;

	for (uint64_t done = 0; done < len; done += span.len) {
		end = eng_translate(s, ggtt, va + done, access, &span);
		if (end != ENG_MORE)
			return end;
	}
	return ENG_MORE;
}

static enum eng_end copy(struct streamer *s, bool ggtt, uint64_t va, uint8_t *dst,
			 const uint8_t *src, uint32_t len)
{
	enum eng_access access = dst ? ENG_READ : ENG_WRITE;
	struct eng_span span;
	enum eng_end end;
	uint32_t n;

	end = eng_translate(s, ggtt, va, access, &span);
	if (end == ENG_MORE && span.len < len)
		end = eng_probe(s, ggtt, va + span.len, len - (uint32_t)span.len, access);
	for (uint32_t done = 0; end == ENG_MORE && done < len; done += n) {
		if (done)
			end = eng_translate(s, ggtt, va + done, access, &span);
		n = span.len < len - done ? (uint32_t)span.len : len - done;
		if (end == ENG_MORE)
			end = access_span(s, &span, dst ? dst + done : NULL,
					  src ? src + done : NULL, n, false);
	}
	return end;
}

enum eng_end eng_read(struct streamer *s, bool ggtt, uint64_t va, void *dst, uint32_t len)
{
	return copy(s, ggtt, va, dst, NULL, len);
}

enum eng_end eng_write(struct streamer *s, bool ggtt, uint64_t va, const void *src, uint32_t len)
{
	return copy(s, ggtt, va, NULL, src, len);
}

static enum eng_end access32(struct streamer *s, bool ggtt, uint64_t va, uint32_t *dst,
			     const uint32_t *src)
{
	struct eng_span span;
	enum eng_end end;

	if (va % 4)
		return eng_garbage(s);
	end = eng_translate(s, ggtt, va, dst ? ENG_READ : ENG_WRITE, &span);
	return end == ENG_MORE ? access_span(s, &span, dst, src, 4, true) : end;
}

enum eng_end eng_load32(struct streamer *s, bool ggtt, uint64_t va, uint32_t *value)
{
	return access32(s, ggtt, va, value, NULL);
}

enum eng_end eng_store32(struct streamer *s, bool ggtt, uint64_t va, uint32_t value)
{
	return access32(s, ggtt, va, NULL, &value);
}
