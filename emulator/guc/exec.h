/* SPDX-License-Identifier: MIT */
/* What context.c, engine.c, workqueue.c and detector_scan.c share: the run
 * list of a GuC, and a logical ring context (LRC) as it stands in memory.
 * Private. */
#ifndef GUCEMU_GUC_EXEC_H
#define GUCEMU_GUC_EXEC_H

#include "core.h"

/* Registers of an image that engine and detector look at: up to and with
 * LRC_MEMIRQ_SOURCE, in one read. */
#define GUC_IMAGE_READ (LRC_MEMIRQ_SOURCE + 1)

/* Largest work queue taken; drivers use 1 KiB. */
#define GUC_WQ_MAX_BYTES 4096u

/* An LRC read from memory once; used only after guc_lrc_load() checked it. */
struct guc_lrc {
	uint32_t image[GUC_IMAGE_READ];
	uint64_t regs;               /* address of the image */
	uint64_t ring;               /* address of ring byte 0 */
	uint32_t size, head, tail;   /* bytes */
	uint64_t head_at, tail_at;   /* address of the words that hold them */
};

/* What a slice of execution ended with. */
enum guc_run {
	GUC_RUN_DONE, /* nothing left to do */
	GUC_RUN_MORE, /* budget used up */
	GUC_RUN_WAIT, /* at a semaphore */
	GUC_RUN_DEAD, /* fault or garbage: the context has to be killed */
};

/* One context on its way through the engine. */
struct guc_run_ctx {
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

/* Read LRC `child`, with its indirect ring state if it has one: 0, or an
 * errno when memory faults or ring, head or tail are nonsense. */
int guc_lrc_load(const struct guc_run_ctx *r, unsigned child, struct guc_lrc *lrc);
/* Run LRC `child` for up to `budget` commands, write its head back. */
enum guc_run guc_lrc_run(const struct guc_run_ctx *r, unsigned child, uint32_t budget);
/* The same for all LRCs of a parallel context, item by item of its queue. */
enum guc_run guc_workqueue_run(const struct guc_run_ctx *r, uint32_t budget);

/* The same for every queue of a group, sharing the budget. */
enum guc_run guc_group_run(const struct guc_run_ctx *r, uint32_t budget);

/* --- registration (context.c), and what group.c adds ------------------------------- */

/* What all registrations share, flags, id, class, mask, into *want; the ids
 * are in range. 0 or the error. */
uint16_t guc_register_common(const struct guc_card *c, const struct guc_request *r,
			     unsigned width, struct guc_context *want);
/* True when [addr, addr + len) is r->fn's own; reported when it isn't. */
bool guc_register_owned(struct guc_card *c, const struct guc_request *r, uint64_t addr,
			uint64_t len);
/* Put *want into its slot unless the id's present holder forbids it. 0 or the error. */
uint16_t guc_register_enter(struct guc_card *c, const struct guc_request *r,
			    const struct guc_context *want, bool group);
/* Empty a slot: off the run list, its group given back. */
void guc_context_clear(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Give a context its group: false when fn has as many as it may. And back. */
bool guc_group_take(struct guc_card *c, unsigned gt, struct guc_context *ctx);
void guc_group_give(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* On the run list if it may run. */
void guc_context_ready(struct guc_card *c, unsigned gt, struct guc_context *ctx);

/* A multi-LRC item of a work queue. */
struct guc_wq_item {
	uint32_t at, next; /* byte offsets of it and of what follows */
	bool multi;        /* false: nothing to do */
	uint32_t lrca;     /* dword 1 */
	uint32_t tail[LRC_MAX_WIDTH];
};
/* Cursors of the queue: 0 or an errno. */
int guc_wq_cursors(const struct guc_run_ctx *r, uint32_t *head, uint32_t *tail);
/* Read the item at `at`, which must end within what is filled: 0 or an errno. */
int guc_wq_item(const struct guc_run_ctx *r, uint32_t at, uint32_t tail, struct guc_wq_item *item);

/* Put on and take off the run list; both may be called again. */
void guc_run_add(struct guc_card *c, unsigned gt, struct guc_context *ctx);
void guc_run_remove(struct guc_card *c, unsigned gt, struct guc_context *ctx);

#endif
