/* SPDX-License-Identifier: MIT */
/* The queues of runnable contexts: one for each function, engine and priority,
 * in order of arrival, and the contexts on engines and asleep at semaphores. A
 * context with several logical engines in its mask is queued for the least
 * loaded; a parallel one takes as many engines as it has LRCs, one after the
 * other from a bit of its mask on (guc-abi 6.2). */
#include "sched.h"

/* --- lists -------------------------------------------------------------------------- */

static uint32_t slot_number(const struct guc_card *c, unsigned gt, const struct guc_context *ctx)
{
	return (uint32_t)(ctx - guc_context_slot(c, gt, 0)) + 1;
}

uint32_t guc_context_id(const struct guc_card *c, unsigned gt, const struct guc_context *ctx)
{
	return slot_number(c, gt, ctx) - 1 - guc_fn(c, gt, ctx->fn)->config.begin_context;
}

/* Where the list says who comes behind slot `prev` (0: its first), before `next` (0: its
 * last). */
static uint32_t *link_behind(struct guc_card *c, unsigned gt, uint32_t *first, uint32_t prev)
{
	return prev ? &guc_context_slot(c, gt, prev - 1)->run_next : first;
}

static uint32_t *link_before(struct guc_card *c, unsigned gt, uint32_t *last, uint32_t next)
{
	return next ? &guc_context_slot(c, gt, next - 1)->run_prev : last;
}

static void insert(struct guc_card *c, unsigned gt, uint32_t *first, uint32_t *last,
		   struct guc_context *ctx, uint32_t prev, uint32_t next)
{
	uint32_t me = slot_number(c, gt, ctx);

	ctx->run_prev = prev;
	ctx->run_next = next;
	*link_behind(c, gt, first, prev) = me;
	*link_before(c, gt, last, next) = me;
}

static void append(struct guc_card *c, unsigned gt, uint32_t *first, uint32_t *last,
		   struct guc_context *ctx)
{
	insert(c, gt, first, last, ctx, *last, 0);
}

static void prepend(struct guc_card *c, unsigned gt, uint32_t *first, uint32_t *last,
		    struct guc_context *ctx)
{
	insert(c, gt, first, last, ctx, 0, *first);
}

static void unlink_from(struct guc_card *c, unsigned gt, uint32_t *first, uint32_t *last,
			struct guc_context *ctx)
{
	*link_behind(c, gt, first, ctx->run_prev) = ctx->run_next;
	*link_before(c, gt, last, ctx->run_next) = ctx->run_prev;
	ctx->run_next = ctx->run_prev = 0;
}

/* --- engines of a context ------------------------------------------------------------- */

bool guc_engine_grouped(const struct guc_card *c, unsigned gt, unsigned group, unsigned class,
			unsigned logical)
{
	const struct guc_unit *u = guc_unit(c, gt);

	return u->groups ? u->group_mask[group][class] >> logical & 1 : group == 0;
}

static bool in_any_group(const struct guc_card *c, unsigned gt, unsigned class, unsigned logical)
{
	for (unsigned g = 0; g < GUC_SCHED_GROUPS_USED; g++)
		if (guc_engine_grouped(c, gt, g, class, logical))
			return true;
	return false;
}

/* The mask's logical instances that may run something. */
static uint32_t choices(const struct guc_card *c, unsigned gt, const struct guc_context *ctx)
{
	uint32_t mask = ctx->submit_mask & ((1u << guc_engine_count(ctx->engine_class)) - 1);

	for (uint32_t left = mask; left; left &= left - 1) {
		unsigned logical = (unsigned)__builtin_ctz(left);

		if (!in_any_group(c, gt, ctx->engine_class, logical))
			mask &= ~(1u << logical);
	}
	return mask;
}

static bool has_choice(const struct guc_context *ctx)
{
	return ctx->width == 1 && (ctx->submit_mask & (ctx->submit_mask - 1));
}

/* Take logical instance `logical` for the engine, and those after it for the other
 * LRCs; behind a class's last comes its first. */
static void settle_on(const struct guc_card *c, struct guc_context *ctx, unsigned logical)
{
	ctx->logical = (uint8_t)logical;
	ctx->engine = (uint8_t)guc_engine_number(c, ctx->engine_class, logical);
	ctx->engines = 0;
	for (unsigned i = 0; i < ctx->width; i++)
		ctx->engines |= 1u << guc_engine_number(c, ctx->engine_class, logical + i);
}

static void settle(const struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	const struct guc_function *f = guc_fn(c, gt, ctx->fn);
	uint32_t least = UINT32_MAX;
	unsigned best = 0;

	for (uint32_t left = choices(c, gt, ctx); left; left &= left - 1) {
		unsigned logical = (unsigned)__builtin_ctz(left);
		uint32_t load = f->load[guc_engine_number(c, ctx->engine_class, logical)];

		if (load < least) {
			least = load;
			best = logical;
		}
	}
	settle_on(c, ctx, best);
}

static void count(struct guc_card *c, unsigned gt, const struct guc_context *ctx, uint32_t by)
{
	struct guc_function *f = guc_fn(c, gt, ctx->fn);

	for (uint32_t left = ctx->engines; left; left &= left - 1)
		f->load[__builtin_ctz(left)] += by;
}

bool guc_roams_to(const struct guc_card *c, unsigned gt, const struct guc_context *ctx,
		  unsigned engine)
{
	if (!has_choice(ctx))
		return false;
	for (uint32_t left = choices(c, gt, ctx); left; left &= left - 1)
		if (guc_engine_number(c, ctx->engine_class, (unsigned)__builtin_ctz(left)) ==
		    engine)
			return true;
	return false;
}

/* --- moving between the places --------------------------------------------------------- */

struct guc_context *guc_seated(const struct guc_card *c, unsigned gt, unsigned engine)
{
	uint32_t slot = guc_unit(c, gt)->seat[engine];

	return slot ? guc_context_slot(c, gt, slot - 1) : NULL;
}

/* Something has come to or gone from one of fn's engines. */
static void note_work(struct guc_card *c, unsigned gt, unsigned fn, unsigned engine)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	const struct guc_context *on = guc_seated(c, gt, engine);
	bool any = on && on->fn == fn && on->engine == engine;

	for (unsigned rank = 0; rank < GUC_PRIORITIES; rank++)
		any = any || f->runq[engine][rank].first;
	f->work = (f->work & ~(1u << engine)) | (uint32_t)any << engine;
	guc_unit(c, gt)->work = (guc_unit(c, gt)->work & ~guc_bit(fn)) |
				(f->work ? guc_bit(fn) : 0);
}

static void enqueue(struct guc_card *c, unsigned gt, struct guc_context *ctx, bool first)
{
	struct guc_function *f = guc_fn(c, gt, ctx->fn);
	struct guc_runq *q;

	ctx->rank = (uint8_t)(ctx->policy[GUC_POLICY(SCHEDULING_PRIORITY)] % GUC_PRIORITIES);
	q = &f->runq[ctx->engine][ctx->rank];
	ctx->where = GUC_QUEUED;
	f->roaming += has_choice(ctx);
	(first ? prepend : append)(c, gt, &q->first, &q->last, ctx);
	note_work(c, gt, ctx->fn, ctx->engine);
}

/* Out of the place where it is. */
static void take_out(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	struct guc_unit *u = guc_unit(c, gt);
	struct guc_function *f = guc_fn(c, gt, ctx->fn);
	struct guc_runq *q = &f->runq[ctx->engine][ctx->rank];

	switch ((enum guc_where)ctx->where) {
	case GUC_OFF:
		return;
	case GUC_QUEUED:
		f->roaming -= has_choice(ctx);
		if (f->gang[ctx->rank] == slot_number(c, gt, ctx))
			f->gang[ctx->rank] = 0;
		unlink_from(c, gt, &q->first, &q->last, ctx);
		break;
	case GUC_SEATED:
		for (uint32_t left = ctx->engines; left; left &= left - 1)
			u->seat[__builtin_ctz(left)] = 0;
		ctx->asked_from = ctx->asked_spent = 0;
		break;
	case GUC_ASLEEP:
		unlink_from(c, gt, &u->sleep_first, &u->sleep_last, ctx);
		break;
	}
	ctx->where = GUC_OFF;
	note_work(c, gt, ctx->fn, ctx->engine);
}

void guc_seat(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	struct guc_unit *u = guc_unit(c, gt);

	take_out(c, gt, ctx);
	for (uint32_t left = ctx->engines; left; left &= left - 1)
		u->seat[__builtin_ctz(left)] = slot_number(c, gt, ctx);
	ctx->where = GUC_SEATED;
	ctx->since = u->turn;
	note_work(c, gt, ctx->fn, ctx->engine);
}

void guc_gang_waits(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	uint32_t *gang = &guc_fn(c, gt, ctx->fn)->gang[ctx->rank];

	if (*gang)
		return;
	*gang = slot_number(c, gt, ctx);
	ctx->since = guc_unit(c, gt)->turn;
}

struct guc_context *guc_gang(const struct guc_card *c, unsigned gt, unsigned fn, unsigned rank,
			     uint32_t engines)
{
	uint32_t slot = guc_fn(c, gt, fn)->gang[rank];
	struct guc_context *ctx = slot ? guc_context_slot(c, gt, slot - 1) : NULL;

	return ctx && ctx->engines & engines ? ctx : NULL;
}

/* Where it is queued next, its engines are chosen anew. */
static void resettle(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	count(c, gt, ctx, -1u);
	settle(c, gt, ctx);
	count(c, gt, ctx, 1);
}

void guc_unseat(struct guc_card *c, unsigned gt, struct guc_context *ctx, bool first)
{
	take_out(c, gt, ctx);
	if (!first) {
		ctx->slice_spent = 0;
		ctx->slice_from = 0;
		resettle(c, gt, ctx);
	}
	enqueue(c, gt, ctx, first);
}

void guc_queue_move(struct guc_card *c, unsigned gt, struct guc_context *ctx, unsigned engine)
{
	uint32_t left = choices(c, gt, ctx);

	while (guc_engine_number(c, ctx->engine_class, (unsigned)__builtin_ctz(left)) != engine)
		left &= left - 1;
	take_out(c, gt, ctx);
	count(c, gt, ctx, -1u);
	settle_on(c, ctx, (unsigned)__builtin_ctz(left));
	count(c, gt, ctx, 1);
	enqueue(c, gt, ctx, false);
}

/* To the end of a queue, with engines chosen anew. */
static void queue_last(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	take_out(c, gt, ctx);
	resettle(c, gt, ctx);
	enqueue(c, gt, ctx, false);
}

void guc_requeue(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (ctx->where == GUC_QUEUED)
		queue_last(c, gt, ctx);
}

/* Many that wait look less often, or they would be all that is done. */
static uint64_t nap(const struct guc_unit *u)
{
	uint64_t ns = GUC_POLL_NS * (1 + (uint64_t)u->runnable_n / GUC_POLL_CROWD);

	return ns < GUC_POLL_MAX_NS ? ns : GUC_POLL_MAX_NS;
}

void guc_sleep(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	struct guc_unit *u = guc_unit(c, gt);

	take_out(c, gt, ctx);
	ctx->slice_spent = 0;
	ctx->slice_from = 0;
	ctx->wake = c->block->now + nap(u);
	ctx->where = GUC_ASLEEP;
	append(c, gt, &u->sleep_first, &u->sleep_last, ctx);
}

/* As many as a turn can look at: the others wake in the next. */
void guc_wake(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);

	for (uint32_t n = 0; n < GUC_ENGINE_TURN / GUC_LRC_COST && u->sleep_first; n++) {
		struct guc_context *ctx = guc_context_slot(c, gt, u->sleep_first - 1);

		if (ctx->wake > c->block->now)
			return;
		queue_last(c, gt, ctx);
	}
}

/* --- becoming runnable, and no more ------------------------------------------------------ */

void guc_run_add(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (ctx->runnable && ctx->where != GUC_ASLEEP)
		return;
	c->block->engine_due[gt] = 0;
	if (ctx->runnable) {
		queue_last(c, gt, ctx);
		return;
	}
	ctx->runnable = 1;
	ctx->slice_spent = 0;
	ctx->slice_from = 0;
	settle(c, gt, ctx);
	count(c, gt, ctx, 1);
	guc_unit(c, gt)->runnable_n++;
	enqueue(c, gt, ctx, false);
}

void guc_run_remove(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (!ctx->runnable)
		return;
	take_out(c, gt, ctx);
	count(c, gt, ctx, -1u);
	ctx->runnable = 0;
	guc_unit(c, gt)->runnable_n--;
}
