/* SPDX-License-Identifier: MIT */
/* What the scheduler's files share: engines.c (which engines there are), queue.c
 * (which contexts wait for which), engine.c (who runs, and how long), world.c
 * (which function). Private.
 *
 * A runnable context is in one of three places: queued for an engine, on its
 * engines (one, or one for each LRC of a parallel context), or asleep at a
 * semaphore. Nothing of this is in a blob: RESUME and RESFIX_DONE queue what is
 * enabled anew. */
#ifndef GUCEMU_GUC_SCHED_H
#define GUCEMU_GUC_SCHED_H

#include "exec.h"

/* --- engines (engines.c) ----------------------------------------------------------- */

/* Instances of a class that the card has, a bit each. */
uint32_t guc_engines_present(const struct guc_card *c, unsigned class);
/* Number, below GUC_ENGINES, of a class's logical instance, any number. */
unsigned guc_engine_number(const struct guc_card *c, unsigned class, unsigned logical);
/* Numbers of all of a class, a bit each. */
uint32_t guc_engines_of_class(unsigned class);
/* Number of a class's instance; how many a class can have; a number's instance. */
unsigned guc_engine_record(unsigned class, unsigned instance);
unsigned guc_engine_count(unsigned class);
unsigned guc_engine_instance(unsigned class, unsigned number);
unsigned guc_engine_class(unsigned number);
/* The engine that LRC `child` of a context is on, was last or will be. */
unsigned guc_lrc_engine(const struct guc_card *c, const struct guc_context *ctx, unsigned child);
/* Source of interrupts in the memirq page. */
uint8_t guc_engine_source(unsigned class, unsigned number);

/* --- queues (queue.c) -------------------------------------------------------------- */

/* Where a runnable context is. */
enum guc_where {
	GUC_OFF,
	GUC_QUEUED,
	GUC_SEATED,
	GUC_ASLEEP,
};

/* Index in policy[]. */
#define GUC_POLICY(key) (GUC_KLV_CTX_##key - GUC_KLV_CTX_EXECUTION_QUANTUM)

/* Context on an engine, or NULL. */
struct guc_context *guc_seated(const struct guc_card *c, unsigned gt, unsigned engine);
/* From a queue to its engines, which are free. */
void guc_seat(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Back to the queue, first or last of it; it may be for another engine. */
void guc_unseat(struct guc_card *c, unsigned gt, struct guc_context *ctx, bool first);
/* To another engine of its mask, while it is queued. */
void guc_queue_move(struct guc_card *c, unsigned gt, struct guc_context *ctx, unsigned engine);
/* Its turn has come on one of its engines, others of them are taken: it is the gang of its
 * function and priority, unless there is one; until it leaves the queue. */
void guc_gang_waits(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* fn's gang of a priority, if it waits for one of these engines, or NULL. */
struct guc_context *guc_gang(const struct guc_card *c, unsigned gt, unsigned fn, unsigned rank,
			     uint32_t engines);
/* From its engines to those that wait at a semaphore. */
void guc_sleep(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Queue what has slept long enough. */
void guc_wake(struct guc_card *c, unsigned gt);
/* May ctx use the engine: mask, groups, and only one engine. */
bool guc_roams_to(const struct guc_card *c, unsigned gt, const struct guc_context *ctx,
		  unsigned engine);
/* Put anew what is queued: its priority or its engines have changed. */
void guc_requeue(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Id by which its function knows it. */
uint32_t guc_context_id(const struct guc_card *c, unsigned gt, const struct guc_context *ctx);
/* The engine is in this scheduler group; without groups all are in group 0. */
bool guc_engine_grouped(const struct guc_card *c, unsigned gt, unsigned group, unsigned class,
			unsigned logical);

/* --- leaving (engine.c), faults (mishap.c) ------------------------------------------- */

/* It runs no more; if a disable waited for that, it is answered. */
void guc_context_left(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Disabled: it leaves as soon as it can, then MODE_DONE is sent. */
void guc_context_disable(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* Enabled again before it could leave: the disable is answered, it stays. */
void guc_context_stays(struct guc_card *c, unsigned gt, struct guc_context *ctx);
/* fn's contexts of these engines run no more until they are kicked. */
void guc_contexts_off(struct guc_card *c, unsigned gt, unsigned fn, uint32_t engines);
/* It hangs: stopped, and its driver is told by CONTEXT_RESET_NOTIFICATION. */
void guc_context_hang(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id);
/* LRC `child` misses a page. ENG_FAULT: the driver was told and will answer; ENG_WAIT:
 * it can't be told now, the command runs again later; ENG_DEAD: there is no recovery. */
enum eng_end guc_fault_raise(const struct eng_place *r, unsigned child,
			     const struct eng_fault *fault);

/* --- turns (engine.c, world.c) ----------------------------------------------------- */

/* A slice of LRC `child`, but not while it waits for a page; a fault is told. */
enum eng_end guc_lrc_run(const struct eng_place *r, unsigned child, struct eng_slice *slice);

/* One turn of a GuC's engines. */
struct guc_turn {
	struct guc_card *c;
	unsigned gt;
	struct guc_unit *u;
	uint32_t spent; /* commands */
	uint32_t peak;  /* most of them on one engine, of the present function */
	bool more;      /* somebody can go on at once */
};

/* A slice for whom of function fn it is due on the engines of a mask. */
void guc_engines_serve(struct guc_turn *t, unsigned fn, uint32_t engines);
/* Functions of a group take turns. */
void guc_world_run(struct guc_turn *t, unsigned group);
/* How long a context may keep an engine that another function's turn has come for;
 * us, 0 = as its own policy says. */
uint32_t guc_world_patience(const struct guc_card *c, unsigned gt, unsigned fn,
			    const struct guc_context *ctx);

/* An interval of virtual time has passed: by the clock, or by what an engine does
 * while the clock stands. */
static inline bool guc_passed(const struct guc_card *c, uint64_t since, uint64_t spent,
			      uint64_t us)
{
	return c->block->now - since >= us * 1000 || spent >= us * GUC_COMMANDS_A_US;
}

#endif
