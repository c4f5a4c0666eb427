/* SPDX-License-Identifier: MIT */
/* Address spaces of contexts for tests of the engines: page tables in a VF's
 * memory, mapped as the driver does, and programs that run in them. On top of
 * guc_lrc.h; GT 0, VF 1, LRC and context 0. */
#ifndef GUCEMU_TESTS_GUC_PPGTT_H
#define GUCEMU_TESTS_GUC_PPGTT_H

#include "emulator/engine/engine.h"
#include "guc_lrc.h"
#include "proto/ppgtt.h"

/* Tables come from here on, in the VF's memory or in its local memory. */
#define PX_TABLES 0x68000u
#define PX_TABLES_END FX_MEM

/* What px_start() maps: batch and data pages, of a canonical upper half. */
#define PX_BATCH 0xFFFF923456700000ull
#define PX_DATA  0xFFFF923456800000ull

/* Flags of ordinary pages. */
#define PX_PAGE (PPGTT_PRESENT | PPGTT_RW | PPGTT_ATOMICS)

struct px {
	struct fx *f;
	unsigned levels;
	uint32_t next;     /* free table */
	uint8_t *tables;   /* where they are: the VF's memory, or its local memory */
};

/* Empty tables; `levels` must be those of the card's graphics. */
void px_init(struct px *p, struct fx *f, unsigned levels, uint8_t *tables);
/* Entry that maps `va` at a level (0 to 2), tables made on the way; `compact`: of a
 * table of 64 KiB pages. The pointer is good for the test's life. */
uint64_t *px_entry(struct px *p, uint64_t va, unsigned level, bool compact);
void px_map(struct px *p, uint64_t va, uint64_t dma, uint64_t flags);
/* Context 0 with LRC 0 on these tables: registered, enabled, ring empty. */
void px_context(struct px *p, enum guc_engine_class class, uint32_t asid);
/* The above with PX_BATCH (two pages) and PX_DATA mapped. */
void px_start(struct px *p, struct fx *f, enum guc_engine_class class, uint32_t asid);

/* Write a program and MI_BATCH_BUFFER_END to the batch page, start it from the ring,
 * run it. */
void px_run(struct px *p, const uint32_t *dw, unsigned n);
/* The same without running. */
void px_emit(struct px *p, const uint32_t *dw, unsigned n);
/* Dwords of the data page; the batch page. */
uint32_t px_get(const struct px *p, uint32_t offset);
void px_put(struct px *p, uint32_t offset, uint32_t value);
struct guc_context *px_slot(const struct px *p);
/* One slice of context 0 by itself, without the scheduler. */
enum eng_end px_slice(struct px *p, uint32_t budget, bool hold, struct eng_fault *fault);

#endif
