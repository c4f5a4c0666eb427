/* SPDX-License-Identifier: MIT */
/* What context.c, engine.c, workqueue.c and detector_scan.c share: the run
 * list of a GuC, work queues and groups. What runs one LRC is the engine's
 * (emulator/engine). Private. */
#ifndef GUCEMU_GUC_EXEC_H
#define GUCEMU_GUC_EXEC_H

#include "core.h"

#include "emulator/engine/engine.h"

/* Largest work queue taken; drivers use 1 KiB. */
#define GUC_WQ_MAX_BYTES 4096u

/* A slice of the engine for all LRCs of a parallel context, item by item of its
 * queue. */
enum eng_end guc_workqueue_run(const struct eng_place *r, struct eng_slice *slice);

/* The same for every queue of a group, sharing the budget. */
enum eng_end guc_group_run(const struct eng_place *r, struct eng_slice *slice);

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
int guc_wq_cursors(const struct eng_place *r, uint32_t *head, uint32_t *tail);
/* Read the item at `at`, which must end within what is filled: 0 or an errno. */
int guc_wq_item(const struct eng_place *r, uint32_t at, uint32_t tail, struct guc_wq_item *item);

/* Have it run, and no more (queue.c); both may be called again. */
void guc_run_add(struct guc_card *c, unsigned gt, struct guc_context *ctx);
void guc_run_remove(struct guc_card *c, unsigned gt, struct guc_context *ctx);

#endif
