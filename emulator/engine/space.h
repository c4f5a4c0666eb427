/* SPDX-License-Identifier: MIT */
/* Address spaces of a slice: every access of the engines to memory goes through
 * here. An address belongs to the GGTT or to the context's own page tables
 * (PPGTT); a context without those has the GGTT for both (guc-abi 9.3).
 *
 * All of it returns ENG_MORE when it went well; else the slice ends with what is
 * returned, and nothing of the access was done, but what a hole in the
 * function's own memory left of it. Private to the room. */
#ifndef GUCEMU_ENGINE_SPACE_H
#define GUCEMU_ENGINE_SPACE_H

#include "streamer.h"

#include "proto/ppgtt.h"

/* Where an address leads, and how far from there on memory lies together. */
struct eng_span {
	struct guc_place place;
	uint64_t len;  /* bytes up to the end of the page */
	bool nothing;  /* a NULL page: reads 0, writes are lost */
	uint8_t pat;   /* PAT index of the entry; 0 in the GGTT */
};

/* True when `va` of a command means the GGTT: the command asks for it, which in a
 * batch of the PPGTT nobody may, or there is no PPGTT. */
bool eng_is_ggtt(const struct streamer *s, bool asked);

enum eng_end eng_translate(struct streamer *s, bool ggtt, uint64_t va, enum eng_access access,
			   struct eng_span *span);
enum eng_end eng_read(struct streamer *s, bool ggtt, uint64_t va, void *dst, uint32_t len);
enum eng_end eng_write(struct streamer *s, bool ggtt, uint64_t va, const void *src, uint32_t len);
/* The same of what was translated: `len` bytes from `span` on, within it. */
enum eng_end eng_span_read(struct streamer *s, const struct eng_span *span, void *dst,
			   uint32_t len);
enum eng_end eng_span_write(struct streamer *s, const struct eng_span *span, const void *src,
			    uint32_t len);
/* One aligned dword, with order against other accesses; unaligned ends the context. */
enum eng_end eng_load32(struct streamer *s, bool ggtt, uint64_t va, uint32_t *value);
enum eng_end eng_store32(struct streamer *s, bool ggtt, uint64_t va, uint32_t value);
/* Would memory take `len` bytes at va? For commands with several writes. */
enum eng_end eng_probe(struct streamer *s, bool ggtt, uint64_t va, uint32_t len,
		       enum eng_access access);

/* An access that page tables do not allow: a page fault when the context has an
 * ASID, else the end of the context. */
enum eng_end eng_fault(struct streamer *s, uint64_t va, enum eng_access access,
		       enum eng_fault_kind kind, unsigned level);
/* The context's address space, from its image. */
void eng_vm_load(struct streamer *s, unsigned child);

/* --- walk.c, tlb.c ------------------------------------------------------------------ */

enum eng_end eng_walk(struct streamer *s, uint64_t va, enum eng_access access,
		      const struct guc_tlb_entry **found);
/* NULL: it is not there. */
const struct guc_tlb_entry *eng_tlb_find(const struct eng_place *p, const struct eng_vm *vm,
					 uint64_t va);
const struct guc_tlb_entry *eng_tlb_keep(const struct eng_place *p, const struct eng_vm *vm,
					 uint64_t va, uint64_t entry, unsigned shift);
/* A slice begins. */
void eng_tlb_slice(struct guc_card *c, unsigned gt);

#endif
