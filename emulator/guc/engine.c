/* SPDX-License-Identifier: MIT */
/* The engines' turns: who of a function runs on which engine, and how long. One
 * context at a time is on an engine. It leaves when it has nothing to do, waits at
 * a semaphore or for a page; when its execution quantum (KLV 0x2001) is over and
 * another of its priority waits; when one of higher priority (0x2003) comes; when
 * another function's turn has come (world.c). With arbitration off it can't be
 * preempted: after its preemption timeout (0x2002) its engine is reset. A turn is a
 * slice of options.engine_budget commands for each context that it is due, and
 * GUC_ENGINE_TURN in all. What a slice does is emulator/engine's; parallel contexts
 * are led by workqueue.c, groups by group.c. */
#include "sched.h"

/* --- leaving an engine ----------------------------------------------------------- */

/* Every command ends where another context could go on, unless arbitration is off. */
static bool preemptible(const struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++)
		if (guc_lrc_exec(c, gt, ctx, i)->arb_off)
			return false;
	return true;
}

static void mode_done(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, uint32_t mode)
{
	const uint32_t payload[2] = { id, mode };

	guc_g2h_event(c, gt, fn, GUC_ACTION_SCHED_CONTEXT_MODE_DONE, payload, 2);
}

void guc_context_left(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	guc_run_remove(c, gt, ctx);
	guc_context_stays(c, gt, ctx);
}

void guc_context_stays(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (!ctx->leaving)
		return;
	ctx->leaving = 0;
	mode_done(c, gt, ctx->fn, guc_context_id(c, gt, ctx), 0);
}

void guc_context_disable(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	bool stays = ctx->where == GUC_SEATED && !preemptible(c, gt, ctx);

	guc_context_stays(c, gt, ctx);
	ctx->leaving = 1;
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++) {
		guc_lrc_exec(c, gt, ctx, i)->faulted = 0;
		guc_lrc_exec(c, gt, ctx, i)->running = 0;
	}
	if (!stays)
		guc_context_left(c, gt, ctx);
	else
		c->block->engine_due[gt] = 0;
}

/* It had its time to leave by itself: its engine is reset, it runs no more. */
static void reset(struct guc_turn *t, struct guc_context *ctx)
{
	guc_context_hang(t->c, t->gt, ctx->fn, guc_context_id(t->c, t->gt, ctx));
}

/* How long ctx may take to leave, us: the least that was set of its own timeout and,
 * when another function's turn has come, its function's. */
static uint64_t patience(const struct guc_turn *t, const struct guc_context *ctx, bool world)
{
	uint32_t own = ctx->policy[GUC_POLICY(PREEMPTION_TIMEOUT)];
	uint32_t all = world ? guc_world_patience(t->c, t->gt, ctx->fn, ctx) : 0;

	if (own && all)
		return own < all ? own : all;
	return own ? own : all ? all : GUC_PREEMPT_DEFAULT_US;
}

static void slice(struct guc_turn *t, struct guc_context *ctx);

/* Have a context off its engines: at once, or it is asked to, and runs on until it
 * can or its time is over. True when the engines are free. */
static bool evict(struct guc_turn *t, struct guc_context *ctx, bool first, bool world)
{
	struct guc_card *c = t->c;

	if (!preemptible(c, t->gt, ctx)) {
		if (!ctx->asked_from) {
			ctx->asked_from = c->block->now + 1;
			ctx->asked_spent = 0;
		}
		if (guc_passed(c, ctx->asked_from - 1, ctx->asked_spent, patience(t, ctx, world))) {
			reset(t, ctx);
			return true;
		}
		if (ctx->turn != t->u->turn)
			slice(t, ctx);
		if (ctx->where != GUC_SEATED)
			return true;
		if (!preemptible(c, t->gt, ctx))
			return false;
	}
	if (ctx->leaving)
		guc_context_left(c, t->gt, ctx);
	else
		guc_unseat(c, t->gt, ctx, first);
	return true;
}

/* --- slices ------------------------------------------------------------------------ */

enum eng_end guc_lrc_run(const struct eng_place *r, unsigned child, struct eng_slice *slice)
{
	enum eng_end end;

	if (guc_lrc_exec(r->c, r->gt, r->ctx, child)->faulted)
		return ENG_FAULT;
	end = eng_run(r, child, slice);
	return end == ENG_FAULT ? guc_fault_raise(r, child, &slice->fault) : end;
}

static enum eng_end run_context(const struct eng_place *r)
{
	struct eng_slice slice = { .budget = r->c->block->options.engine_budget };

	if (r->ctx->group)
		return guc_group_run(r, &slice);
	if (r->ctx->width > 1)
		return guc_workqueue_run(r, &slice);
	return guc_lrc_run(r, 0, &slice);
}

static bool slice_over(const struct guc_card *c, const struct guc_context *ctx)
{
	return guc_passed(c, ctx->slice_from, ctx->slice_spent,
			  ctx->policy[GUC_POLICY(EXECUTION_QUANTUM)]);
}

/* Somebody of its function and priority waits for one of its engines. */
static bool wanted(const struct guc_turn *t, const struct guc_context *ctx)
{
	const struct guc_function *f = guc_fn(t->c, t->gt, ctx->fn);

	for (uint32_t left = ctx->engines; left; left &= left - 1)
		if (f->runq[__builtin_ctz(left)][ctx->rank].first)
			return true;
	return guc_gang(t->c, t->gt, ctx->fn, ctx->rank, ctx->engines);
}

/* At a semaphore, with arbitration off: it waits on its engine. */
static void wait_seated(struct guc_turn *t, struct guc_context *ctx)
{
	t->u->look_at = t->c->block->now + GUC_POLL_NS;
	if (slice_over(t->c, ctx) && wanted(t, ctx))
		evict(t, ctx, false, false);
}

/* A slice of the context, which is on its engines; one a turn. */
static void slice(struct guc_turn *t, struct guc_context *ctx)
{
	struct guc_card *c = t->c;
	const struct eng_place r = {
		.c = c, .ctx = ctx, .gt = t->gt, .fn = ctx->fn,
		.id = guc_context_id(c, t->gt, ctx), .spent = &t->spent,
	};
	uint32_t before = t->spent, used;
	enum eng_end end;

	ctx->turn = t->u->turn;
	if (!ctx->slice_from)
		ctx->slice_from = c->block->now;
	guc_activity_ran(c, t->gt, ctx);
	end = run_context(&r);
	/* Of one engine. */
	used = (t->spent - before) / ctx->width;
	ctx->slice_spent += used;
	ctx->asked_spent += used;
	if (used > t->peak)
		t->peak = used;
	if (ctx->asked_from && preemptible(c, t->gt, ctx))
		ctx->asked_from = 0;
	switch (end) {
	case ENG_MORE:
	case ENG_BATCH_END:
		t->more = true;
		if (ctx->leaving && preemptible(c, t->gt, ctx))
			guc_context_left(c, t->gt, ctx);
		else if (slice_over(c, ctx) && wanted(t, ctx))
			evict(t, ctx, false, false);
		return;
	case ENG_WAIT:
		if (!preemptible(c, t->gt, ctx))
			wait_seated(t, ctx);
		else if (ctx->leaving)
			guc_context_left(c, t->gt, ctx);
		else
			guc_sleep(c, t->gt, ctx);
		return;
	case ENG_DONE:
	case ENG_FAULT:
		guc_context_left(c, t->gt, ctx);
		return;
	case ENG_DEAD:
		guc_context_kill(c, t->gt, r.fn, r.id);
		return;
	}
}

/* --- choosing ------------------------------------------------------------------------ */

/* Whoever is on an engine has to go for ctx: it is of less importance, has had its time, or
 * is another function's; or came when ctx, a gang, waited already for another engine. */
static bool yields(const struct guc_turn *t, const struct guc_context *on,
		   const struct guc_context *ctx)
{
	if (on->fn != ctx->fn || on->rank != ctx->rank)
		return on->fn != ctx->fn || on->rank > ctx->rank;
	return slice_over(t->c, on) ||
	       (guc_gang(t->c, t->gt, ctx->fn, ctx->rank, ctx->engines) == ctx &&
		(int32_t)(on->since - ctx->since) >= 0);
}

/* The context's engines can be had. */
static bool make_room(struct guc_turn *t, const struct guc_context *ctx)
{
	for (uint32_t left = ctx->engines; left; left &= left - 1) {
		const struct guc_context *on = guc_seated(t->c, t->gt, (unsigned)__builtin_ctz(left));

		if (on && !yields(t, on, ctx))
			return false;
	}
	for (uint32_t left = ctx->engines; left; left &= left - 1) {
		struct guc_context *on = guc_seated(t->c, t->gt, (unsigned)__builtin_ctz(left));
		bool world = on && on->fn != ctx->fn;

		if (on && !evict(t, on, world || !slice_over(t->c, on) || on->rank > ctx->rank, world))
			return false;
	}
	return true;
}

/* The first of a queue, of those looked at, that has had no slice in this turn and
 * that `engine` can be made free for. */
static struct guc_context *first_fit(struct guc_turn *t, unsigned fn, unsigned queue, unsigned rank,
				     unsigned engine)
{
	uint32_t at = guc_fn(t->c, t->gt, fn)->runq[queue][rank].first;

	for (unsigned n = 0; at && n < GUC_QUEUE_LOOK; n++) {
		struct guc_context *ctx = guc_context_slot(t->c, t->gt, at - 1);

		at = ctx->run_next;
		if (ctx->turn == t->u->turn ||
		    (queue != engine && !guc_roams_to(t->c, t->gt, ctx, engine)))
			continue;
		if (queue != engine)
			guc_queue_move(t->c, t->gt, ctx, engine);
		if (make_room(t, ctx))
			return ctx;
		if (ctx->width > 1)
			guc_gang_waits(t->c, t->gt, ctx);
	}
	return NULL;
}

/* The gang that waits for `engine`, if it can have all that it needs. */
static struct guc_context *gang_fit(struct guc_turn *t, unsigned fn, unsigned rank,
				    unsigned engine)
{
	struct guc_context *ctx = guc_gang(t->c, t->gt, fn, rank, 1u << engine);

	return ctx && ctx->turn != t->u->turn && make_room(t, ctx) ? ctx : NULL;
}

/* Whose turn it is on a free engine: by priority, then by arrival; at last one that
 * could as well run here as where it is queued. */
static struct guc_context *pick(struct guc_turn *t, unsigned fn, unsigned engine, unsigned class)
{
	const struct guc_function *f = guc_fn(t->c, t->gt, fn);
	struct guc_context *ctx = NULL;

	for (unsigned rank = 0; rank < GUC_PRIORITIES && !ctx; rank++) {
		ctx = gang_fit(t, fn, rank, engine);
		if (!ctx)
			ctx = first_fit(t, fn, engine, rank, engine);
	}
	for (unsigned rank = 0; rank < GUC_PRIORITIES && !ctx && f->roaming; rank++)
		for (uint32_t left = guc_engines_of_class(class) & f->work & ~(1u << engine);
		     left && !ctx; left &= left - 1)
			ctx = first_fit(t, fn, (unsigned)__builtin_ctz(left), rank, engine);
	return ctx;
}

/* Somebody of higher priority waits for the engine. */
static bool outranked(const struct guc_turn *t, const struct guc_context *ctx, unsigned engine)
{
	const struct guc_function *f = guc_fn(t->c, t->gt, ctx->fn);

	for (unsigned rank = 0; rank < ctx->rank; rank++)
		if (f->runq[engine][rank].first)
			return true;
	return false;
}

/* Slices on one engine, until everybody there has had one in this turn or its share
 * of it is used up. */
static void serve_engine(struct guc_turn *t, unsigned fn, unsigned engine, unsigned class,
			 uint32_t share)
{
	uint32_t end = t->spent + share;
	struct guc_context *ctx;

	while (t->spent < end && t->spent < GUC_ENGINE_TURN) {
		ctx = guc_seated(t->c, t->gt, engine);
		if (ctx && (ctx->fn != fn || ctx->leaving || outranked(t, ctx, engine))) {
			if (!evict(t, ctx, true, ctx->fn != fn))
				return;
			ctx = NULL;
		}
		if (!ctx) {
			ctx = pick(t, fn, engine, class);
			if (!ctx)
				return;
			guc_seat(t->c, t->gt, ctx);
		}
		/* A parallel one is led from its first engine. */
		if (ctx->engine != engine || ctx->turn == t->u->turn)
			return;
		slice(t, ctx);
	}
	t->more = true;
}

void guc_engines_serve(struct guc_turn *t, unsigned fn, uint32_t engines)
{
	const struct guc_function *f = guc_fn(t->c, t->gt, fn);
	uint32_t busy = (uint32_t)__builtin_popcount(f->work & engines);
	uint32_t share = busy > 1 ? GUC_ENGINE_TURN / busy : GUC_ENGINE_TURN;

	for (unsigned i = 0; i < GUC_ENGINES; i++) {
		unsigned engine = (t->u->turn + i) % GUC_ENGINES;
		unsigned class = guc_engine_class(engine);

		if (!(engines >> engine & 1))
			continue;
		if (f->work >> engine & 1 || (f->roaming && f->work & guc_engines_of_class(class)))
			serve_engine(t, fn, engine, class, share);
	}
}

/* --- a turn -------------------------------------------------------------------------- */

bool guc_engine_run(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);
	struct guc_turn t = { .c = c, .gt = gt, .u = u };

	if (u->asleep)
		return false;
	/* 0 is the turn of those that had none. */
	if (++u->turn == 0)
		u->turn = 1;
	u->look_at = 0;
	guc_wake(c, gt);
	for (unsigned g = 0; g < (u->groups ? u->groups : 1); g++)
		guc_world_run(&t, g);
	return t.more;
}

uint64_t guc_engine_next(const struct guc_card *c, unsigned gt)
{
	const struct guc_unit *u = guc_unit(c, gt);
	uint64_t due = u->look_at && !u->asleep ? u->look_at : UINT64_MAX, wake;

	if (!u->sleep_first || u->asleep)
		return due;
	wake = guc_context_slot(c, gt, u->sleep_first - 1)->wake;
	return wake < due ? wake : due;
}

/* --- compression contexts ------------------------------------------------------------- */

/* Commands of all compression contexts in one turn, and of one in all: a VF's driver makes
 * 2 MiB of batch a GiB of its memory. A batch without an end stops there. */
#define COMPRESSION_SLICE 4096u
#define COMPRESSION_MAX   (1u << 24)

/* fn's first context of a type from `*id` on, or NULL. */
static struct guc_context *compression_context(struct guc_card *c, unsigned gt, unsigned fn,
					       unsigned type, uint32_t *id)
{
	struct guc_context *ctx = NULL;

	for (; *id < guc_fn(c, gt, fn)->config.num_contexts; ++*id) {
		ctx = guc_context(c, gt, fn, *id);
		if (!ctx || (ctx->registered && ctx->fn == fn && ctx->type == type && !ctx->killed))
			return ctx;
	}
	return NULL;
}

bool guc_compression_run(struct guc_card *c, unsigned gt, unsigned fn, unsigned type)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t slice = guc_lifecycle_share(c, gt, fn, COMPRESSION_SLICE), spent = 0;
	struct eng_place r = { .c = c, .gt = gt, .fn = fn, .spent = &spent };
	struct guc_lrc lrc;
	struct eng_slice run;
	enum eng_end end;

	/* The search goes on where it ended: the context that runs. */
	r.id = f->compressing == type ? f->compression_id : 0;
	r.ctx = compression_context(c, gt, fn, type, &r.id);
	/* With another head at the start the driver has broken its own rule: refused. */
	if (!r.ctx || guc_lrc_load(&r, 0, &lrc) || (lrc.head && f->compressing != type)) {
		f->compressing = 0;
		return false;
	}
	if (f->compressing != type) {
		f->compressing = (uint8_t)type;
		f->compression_left = COMPRESSION_MAX;
		f->compression_id = r.id;
	}
	if (slice > f->compression_left)
		slice = f->compression_left;
	run = (struct eng_slice){ .budget = slice };
	end = eng_run(&r, 0, &run);
	f->compression_left -= slice;
	if (end == ENG_MORE && f->compression_left)
		return true;
	if (end == ENG_MORE)
		guc_violate(c, gt, fn, GUC_VIOL_RING_GARBAGE, r.ctx->exec[0].batch, type);
	f->compressing = 0;
	r.ctx->exec[0] = (struct guc_exec){ 0 };
	guc_ggtt_store32(c, gt, fn, lrc.head_at, 0);
	return false;
}

/* dw1 class, dw2 1 on or 0 off, dw3 at once: all of fn's contexts of a class, and
 * nobody else's. Always answered. */
uint16_t guc_act_engine_mode(struct guc_card *c, struct guc_request *r)
{
	struct guc_function *f = guc_fn(c, r->gt, r->fn);
	const uint32_t payload[2] = { r->dw[1], r->dw[2] };

	if (r->dw[1] >= GUC_CLASS_COUNT)
		return GUC_ERR_INVALID_ENGINE_ID;
	if (r->dw[2] > 1 || r->dw[3] > 1)
		return GUC_ERR_INVALID_PARAMS;
	if (!r->dw[2]) {
		f->engines_off |= (uint8_t)(1u << r->dw[1]);
		/* All that sleep are looked at, whoever's they are. */
		r->cost = f->config.num_contexts + guc_unit(c, r->gt)->runnable_n;
		guc_contexts_off(c, r->gt, r->fn, guc_engines_of_class(r->dw[1]));
	} else if (f->engines_off >> r->dw[1] & 1) {
		f->engines_off &= (uint8_t)~(1u << r->dw[1]);
		guc_contexts_kick(c, r->gt, r->fn);
		r->cost = f->config.num_contexts;
	}
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_SCHED_ENGINE_MODE_DONE, payload, 2);
	return GUC_OK;
}
