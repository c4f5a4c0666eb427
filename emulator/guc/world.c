/* SPDX-License-Identifier: MIT */
/* Functions take turns on the engines of a scheduler group, without groups on all
 * of a GT (guc-abi 4.2, 4.5). A function keeps them for its execution quantum, KLV
 * 0x8A01, unless it has nothing to do; one without a quantum gives them up after
 * each turn that others wait for. Priority HIGH comes next after the present slice;
 * NORMAL has its slice whether it has work or not. */
#include "sched.h"

/* Values of KLV 0x8A0C. */
#define PRIORITY_NORMAL 1u
#define PRIORITY_HIGH   2u

/* Engines of a group, a bit each. */
static uint32_t engines_of(const struct guc_card *c, unsigned gt, unsigned group)
{
	uint32_t mask = 0;

	if (!guc_unit(c, gt)->groups)
		return (1u << GUC_ENGINES) - 1;
	for (unsigned class = 0; class < GUC_CLASS_COUNT; class++)
		for (unsigned i = 0; i < guc_engine_count(class); i++)
			if (guc_engine_grouped(c, gt, group, class, i))
				mask |= 1u << guc_engine_number(c, class, i);
	return mask;
}

uint32_t guc_world_patience(const struct guc_card *c, unsigned gt, unsigned fn,
			    const struct guc_context *ctx)
{
	const struct guc_unit *u = guc_unit(c, gt);

	for (unsigned g = 0; g < u->groups; g++)
		if (guc_engine_grouped(c, gt, g, ctx->engine_class, ctx->logical))
			return guc_fn(c, gt, fn)->config.preempt_timeout_us[g];
	return guc_fn(c, gt, fn)->config.preempt_timeout_us[0];
}

static uint64_t quantum_us(const struct guc_turn *t, unsigned fn, unsigned group)
{
	return 1000ull * guc_fn(t->c, t->gt, fn)->config.exec_quantum_ms[group];
}

/* Functions whose contexts may run and have something to do there. What others have
 * queued is forgotten: they are kicked when they may run again. */
static uint64_t ready(struct guc_turn *t, uint32_t engines)
{
	uint64_t mask = 0;

	for (uint64_t left = t->u->work; left; left &= left - 1) {
		unsigned fn = (unsigned)__builtin_ctzll(left);
		const struct guc_function *f = guc_fn(t->c, t->gt, fn);

		if (fn && (f->state != GUC_VFS_RUNNING || f->compressing || f->noting))
			guc_contexts_preempt(t->c, t->gt, fn);
		else if (f->work & engines)
			mask |= guc_bit(fn);
	}
	return mask;
}

void guc_world_changed(struct guc_card *c, unsigned gt, unsigned fn)
{
	uint32_t priority = guc_fn(c, gt, fn)->config.sched_priority;
	struct guc_unit *u = guc_unit(c, gt);

	u->strict = (u->strict & ~guc_bit(fn)) | (priority == PRIORITY_NORMAL ? guc_bit(fn) : 0);
	u->high = (u->high & ~guc_bit(fn)) | (priority == PRIORITY_HIGH ? guc_bit(fn) : 0);
}

/* Functions that have a slice also with nothing to do. */
static uint64_t strict(const struct guc_turn *t, unsigned group)
{
	uint64_t mask = t->u->strict;

	for (uint64_t left = mask; left; left &= left - 1) {
		unsigned fn = (unsigned)__builtin_ctzll(left);

		if (guc_fn(t->c, t->gt, fn)->state != GUC_VFS_RUNNING || !quantum_us(t, fn, group))
			mask &= ~guc_bit(fn);
	}
	return mask;
}

/* The next of a mask after `fn`, round and round. */
static unsigned next_of(uint64_t mask, unsigned fn)
{
	uint64_t after = fn >= 63 ? 0 : mask & ~0ull << (fn + 1);

	return (unsigned)__builtin_ctzll(after ? after : mask);
}

static bool slice_over(const struct guc_turn *t, const struct guc_world *w, unsigned group)
{
	return guc_passed(t->c, w->from, w->spent, quantum_us(t, w->fn, group));
}

/* Of `rest`, whose turn is it? Who has high priority comes between each two others. */
static void begin(struct guc_turn *t, struct guc_world *w, uint64_t rest, uint64_t work)
{
	uint64_t high = rest & work & t->u->high, others = rest & ~t->u->high;

	if (high && (!others || !w->on || !(t->u->high & guc_bit(w->fn))))
		w->fn = next_of(high, w->fn);
	else
		w->fn = w->last = next_of(others ? others : rest, w->last);
	w->on = 1;
	w->from = t->c->block->now;
	w->spent = 0;
}

/* Nothing to do, but a slice of its own: the others come when it is over. */
static bool rests(struct guc_turn *t, struct guc_world *w, unsigned group, uint64_t has_work)
{
	uint64_t end = w->from + 1000 * quantum_us(t, w->fn, group);

	if (has_work & guc_bit(w->fn) || end <= t->c->block->now)
		return false;
	if (!t->u->look_at || end < t->u->look_at)
		t->u->look_at = end;
	return true;
}

void guc_world_run(struct guc_turn *t, unsigned group)
{
	struct guc_world *w = &t->u->world[group];
	uint32_t engines = engines_of(t->c, t->gt, group);
	uint64_t seen = 0, work = ready(t, engines);
	uint64_t idle_too = work ? strict(t, group) : 0;

	while (work & ~seen) {
		if (!w->on || (seen & guc_bit(w->fn)) || !((work | idle_too) & guc_bit(w->fn)) ||
		    slice_over(t, w, group))
			begin(t, w, (work | idle_too) & ~seen, work);
		if (idle_too & guc_bit(w->fn) && rests(t, w, group, work))
			return;
		seen |= guc_bit(w->fn);
		t->peak = 0;
		guc_engines_serve(t, w->fn, engines);
		w->spent += t->peak;
		if (t->spent >= GUC_ENGINE_TURN) {
			/* Who has had nothing of this turn comes in the next. */
			t->more = true;
			return;
		}
		work = ready(t, engines);
		/* Its slice goes on while it has something to do. */
		if (work & guc_bit(w->fn) && !slice_over(t, w, group) &&
		    quantum_us(t, w->fn, group))
			return;
	}
}
