/* SPDX-License-Identifier: MIT */
/* The seam between GuC and the engines. GuC decides which context runs, where
 * and how long (engine.c, workqueue.c, group.c of emulator/guc); the engine runs
 * one slice of one logical ring context (LRC) and says how it ended. A slice is
 * over when the call returns: head and time are in the image, what else has to
 * outlast it is in struct guc_exec. Private to libgucemu. */
#ifndef GUCEMU_ENGINE_ENGINE_H
#define GUCEMU_ENGINE_ENGINE_H

#include "emulator/guc/core.h"

#include "proto/mi.h"

/* --- an LRC in memory -------------------------------------------------------------- */

/* Registers of an image that engine and detector look at: up to and with
 * LRC_INT_VEC, in one read. */
#define GUC_IMAGE_READ (LRC_INT_VEC + 1)

/* An LRC read from memory once; used only after guc_lrc_load() checked it. */
struct guc_lrc {
	uint32_t image[GUC_IMAGE_READ];
	uint64_t regs;               /* address of the image */
	uint64_t ring;               /* address of ring byte 0 */
	uint32_t size, head, tail;   /* bytes */
	uint64_t head_at, tail_at;   /* address of the words that hold them */
};

/* One context on its way through an engine. */
struct eng_place {
	struct guc_card *c;
	struct guc_context *ctx;
	unsigned gt, fn;
	uint32_t id;
	uint32_t *spent; /* commands executed are added; only needed for running */
};

/* LRCs of a context: one, those of a parallel one, or the places of a group's
 * queues; a place without a queue has descriptor 0. */
static inline unsigned guc_lrc_places(const struct guc_context *ctx)
{
	return ctx->group ? CGP_QUEUES : ctx->width;
}

static inline uint32_t *guc_lrc_desc(const struct guc_card *c, unsigned gt,
				     struct guc_context *ctx, unsigned i)
{
	return ctx->group ? &guc_fn(c, gt, ctx->fn)->group[ctx->group - 1].lrc_desc[i] :
			    &ctx->lrc_desc[i];
}

static inline struct guc_exec *guc_lrc_exec(const struct guc_card *c, unsigned gt,
					    struct guc_context *ctx, unsigned i)
{
	return ctx->group ? &guc_fn(c, gt, ctx->fn)->group[ctx->group - 1].exec[i] :
			    &ctx->exec[i];
}

/* Address in the GGTT of the batch that the engine is in, 0 = it is in none. */
static inline uint64_t guc_exec_ggtt_batch(const struct guc_exec *x)
{
	return x->level && !(x->ppgtt & GUC_EXEC_BATCH) ? x->batch : 0;
}

/* And of the first level, while it is in the second. */
static inline uint64_t guc_exec_ggtt_back(const struct guc_exec *x)
{
	return x->level == 2 && !(x->ppgtt & GUC_EXEC_BACK) ? x->back : 0;
}

/* With MSI-X an image names a vector, and a page of interrupts for each instance. */
static inline bool guc_lrc_msix(const struct guc_lrc *lrc)
{
	return field_get(BITS(7, 0), lrc->image[LRC_MEMIRQ_LRI]) > 3 &&
	       (lrc->image[LRC_INT_VEC - 1] & BITS(11, 2)) == REG_CS_INT_VEC;
}

/* Read LRC `child`, with its indirect ring state if it has one: 0, or an
 * errno when memory faults or ring, head or tail are nonsense. */
int guc_lrc_load(const struct eng_place *r, unsigned child, struct guc_lrc *lrc);
/* --- a slice -------------------------------------------------------------------------- */

/* What a slice of execution ended with. */
enum eng_end {
	ENG_DONE,      /* the ring is empty */
	ENG_MORE,      /* budget used up */
	ENG_WAIT,      /* at a semaphore: it is looked at again in the next slice */
	ENG_BATCH_END, /* a batch has ended, the ring behind it is due; only with `hold` */
	ENG_FAULT,     /* page fault: once it is resolved the same command runs again */
	ENG_DEAD,      /* fault or garbage: the context has to be killed */
};

/* A recoverable page fault, numbered as PAGE_FAULT_REQ_DESC has it (guc-abi 6.5). */
enum eng_access {
	ENG_READ,
	ENG_WRITE,
	ENG_ATOMIC,
};

enum eng_fault_kind {
	ENG_NOT_PRESENT,
	ENG_NO_WRITE,  /* the page is read-only */
	ENG_NO_ATOMIC, /* atomics are not enabled for it */
};

struct eng_fault {
	uint64_t address;
	uint32_t asid;
	uint8_t level;          /* of the table whose entry is missing, 0 = that of pages */
	enum eng_access access;
	enum eng_fault_kind kind;
};

struct eng_slice {
	uint32_t budget;        /* commands, at most */
	bool hold;              /* stop behind each batch until a slice comes without it */
	struct eng_fault fault; /* of ENG_FAULT */
};

/* Run a slice of LRC `child` of a context. */
enum eng_end eng_run(const struct eng_place *p, unsigned child, struct eng_slice *slice);

/* --- translations that the engines keep (tlb.c) --------------------------------------- */

#define ENG_ASID_ANY UINT32_MAX

/* Forget what fn's address space `asid` has, all of it or 1 << log2 bytes about va. */
void eng_tlb_drop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t asid);
void eng_tlb_drop_range(struct guc_card *c, unsigned gt, unsigned fn, uint32_t asid, uint64_t va,
			unsigned log2);

#endif
