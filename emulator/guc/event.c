/* SPDX-License-Identifier: MIT */
/* Hook, sink, violations, delayed crossings and the event hash: the one place
 * that knows how a crossing is shown to the outside. What a delayed crossing
 * does when it goes on is the business of mailbox.c and ctb.c. */
#include "core.h"

#include <errno.h>

const char *guc_point_name(enum guc_point point)
{
	switch (point) {
#define X(sym, name)                                                           \
	case GUC_PT_##sym:                                                     \
		return name;
		GUC_POINT_LIST(X)
#undef X
	case GUC_PT_COUNT:
		break;
	}
	return "?";
}

const char *guc_violation_text(enum guc_violation v)
{
	switch (v) {
#define X(sym, text)                                                           \
	case GUC_VIOL_##sym:                                                   \
		return text;
		GUC_VIOLATION_LIST(X)
#undef X
	case GUC_VIOL_COUNT:
		break;
	}
	return "?";
}

/* What a hook returns is bounded here once. */
static void bound(struct guc_event *ev, struct guc_hook_action *act)
{
	if (act->answer_len > GUC_HOOK_ANSWER_MAX)
		act->answer_len = GUC_HOOK_ANSWER_MAX;
	if (act->patch_n > GUC_HOOK_PATCHES)
		act->patch_n = GUC_HOOK_PATCHES;
	if (act->deed_n > GUC_HOOK_DEEDS)
		act->deed_n = GUC_HOOK_DEEDS;
	if (ev->msg_len > CTB_HXG_MAX_DWORDS)
		ev->msg_len = CTB_HXG_MAX_DWORDS;
}

/* The hook has done something: say so, whoever listens. */
static void tell(struct guc_card *c, const struct guc_event *ev,
		 const struct guc_hook_action *act)
{
	uint8_t bytes[4 * GUC_FAULT_DWORDS];
	struct guc_event fault = {
		.point = GUC_PT_FAULT, .fn = ev->fn, .gt = ev->gt, .verdict = ev->verdict,
		.from = (uint8_t)ev->point, .code = act->rule, .text = act->text,
		.bytes = bytes, .len = (uint32_t)guc_fault_pack(ev, act, bytes),
	};

	guc_emit(c, &fault);
}

static enum guc_verdict ask(struct guc_card *c, struct guc_event *ev,
			    struct guc_hook_action *act)
{
	struct guc_event was = *ev;
	enum guc_verdict v;

	memset(act, 0, sizeof(*act));
	ev->seq = c->block->seq;
	ev->time = c->block->now;
	ev->state = guc_fn(c, ev->gt, ev->fn)->state;
	v = c->hook(c->hook_user, ev, act);
	bound(ev, act);
	if (v == GUC_PASS && (act->copies || act->patch_n || act->cut))
		v = GUC_CHANGE;
	ev->verdict = (uint8_t)v;
	if (v != GUC_CHANGE) {
		ev->value = was.value;
		ev->code = was.code;
	}
	if (v != GUC_PASS || act->deed_n || act->rule)
		tell(c, ev, act);
	guc_deeds_note(c, ev, act);
	return v;
}

enum guc_verdict guc_hook(struct guc_card *c, struct guc_event *ev, struct guc_hook_action *act)
{
	return guc_hooked(c, ev->point) ? ask(c, ev, act) : GUC_PASS;
}

void guc_emit(struct guc_card *c, struct guc_event *ev)
{
	uint64_t mask = c->sink_mask ? c->sink_mask : ~GUC_POINTS_QUIET;
	struct guc_hook_action act;

	/* What can't be changed any more: the hook is told, its deeds count. */
	if (guc_hooked(c, ev->point) && !(GUC_POINTS_HOOKED >> ev->point & 1) &&
	    ev->point != GUC_PT_FAULT) {
		struct guc_event copy = *ev;

		copy.msg = NULL;
		copy.msg_len = 0;
		ask(c, &copy, &act);
	}
	ev->seq = c->block->seq++;
	ev->time = c->block->now;
	if (c->sink && (mask >> ev->point & 1))
		c->sink(c->sink_user, ev);
}

void guc_violate(struct guc_card *c, unsigned gt, unsigned fn, enum guc_violation v,
		 uint64_t addr, uint64_t value)
{
	struct guc_event ev = {
		.point = GUC_PT_VIOLATION,
		.fn = (uint8_t)fn,
		.gt = (uint8_t)gt,
		.code = (uint32_t)v,
		.addr = addr,
		.value = value,
	};

	guc_fn(c, gt, fn)->violations[v]++;
	guc_emit(c, &ev);
}

/* --- delayed crossings ------------------------------------------------------- */

int guc_delay(struct guc_card *c, const struct guc_event *ev,
	      const struct guc_hook_action *act)
{
	struct guc_block *b = c->block;
	struct guc_delayed *d;

	if (b->delayed_n == GUC_DELAYED || ev->msg_len > CTB_HXG_MAX_DWORDS)
		return -ENOSPC;
	d = &b->delayed[b->delayed_n++];
	memset(d, 0, sizeof(*d));
	d->due = act->delay > UINT64_MAX - b->now ? UINT64_MAX : b->now + act->delay;
	d->behind = act->behind;
	d->point = (uint8_t)ev->point;
	d->fn = ev->fn;
	d->gt = ev->gt;
	d->len = (uint8_t)ev->msg_len;
	d->fence = (uint16_t)ev->value;
	d->code = (uint16_t)ev->code;
	if (ev->msg_len)
		memcpy(d->dw, ev->msg, ev->msg_len * sizeof(d->dw[0]));
	return 0;
}

static void delayed_remove(struct guc_block *b, uint32_t at)
{
	b->delayed_n--;
	memmove(&b->delayed[at], &b->delayed[at + 1],
		(b->delayed_n - at) * sizeof(b->delayed[0]));
}

static void drop(struct guc_block *b, unsigned gt, unsigned fn, bool only_holds)
{
	uint32_t i = 0;

	while (i < b->delayed_n) {
		const struct guc_delayed *d = &b->delayed[i];

		if (d->fn == fn && d->gt == gt && (!only_holds || d->point == GUC_PT_STATE))
			delayed_remove(b, i);
		else
			i++;
	}
}

void guc_delayed_drop(struct guc_card *c, unsigned gt, unsigned fn)
{
	guc_fn(c, gt, fn)->deaf &= (uint8_t)~GUC_DEAF_HELD;
	drop(c->block, gt, fn, false);
}

void guc_hold_drop(struct guc_card *c, unsigned gt, unsigned fn)
{
	guc_fn(c, gt, fn)->deaf &= (uint8_t)~GUC_DEAF_HELD;
	drop(c->block, gt, fn, true);
}

/* A held back H2G message waits further while its function may not be served. */
static bool delayed_open(const struct guc_card *c, const struct guc_delayed *d)
{
	return d->point != GUC_PT_H2G || guc_h2g_open(guc_fn(c, d->gt, d->fn));
}

uint64_t guc_delayed_due(const struct guc_card *c)
{
	const struct guc_block *b = c->block;
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < b->delayed_n; i++)
		if (b->delayed[i].due < due && delayed_open(c, &b->delayed[i]))
			due = b->delayed[i].due;
	return due;
}

static void go_on(struct guc_card *c, const struct guc_delayed *d)
{
	if (d->point == GUC_PT_MBOX_REQUEST)
		guc_mailbox_handle(c, d->gt, d->fn, d->dw);
	else if (d->point == GUC_PT_MBOX_REPLY)
		guc_mailbox_write(c, d->gt, d->fn, d->dw);
	else if (d->point == GUC_PT_H2G)
		guc_h2g_handle(c, d->gt, d->fn, d->fence, d->dw, d->len);
	else if (d->point == GUC_PT_G2H)
		guc_g2h_go(c, d->gt, d->fn, d->fence, d->dw, d->len,
			   hxg_type(d->dw[0]) != HXG_EVENT);
	else if (d->point == GUC_PT_IRQ)
		guc_raise_held(c, d);
	else
		guc_hold_end(c, d->gt, d->fn);
}

/* In the order in which they were put aside. */
void guc_delayed_passed(struct guc_card *c, enum guc_point point, unsigned gt, unsigned fn)
{
	struct guc_block *b = c->block;
	uint32_t i = 0;

	while (i < b->delayed_n) {
		struct guc_delayed *d = &b->delayed[i], due;

		if (d->point != point || d->gt != gt || d->fn != fn || d->behind == 0 ||
		    --d->behind > 0) {
			i++;
			continue;
		}
		due = *d;
		delayed_remove(b, i);
		go_on(c, &due);
	}
}

/* Let what is due go on, oldest due time first; at most what was held back at
 * the start, so that a hook which delays for ever cannot hold up the turn. */
void guc_delayed_run(struct guc_card *c)
{
	struct guc_block *b = c->block;

	for (uint32_t turns = b->delayed_n; turns > 0; turns--) {
		struct guc_delayed d;
		uint32_t best = b->delayed_n;

		for (uint32_t i = 0; i < b->delayed_n; i++)
			if (b->delayed[i].due <= b->now && delayed_open(c, &b->delayed[i]) &&
			    (best == b->delayed_n || b->delayed[i].due < b->delayed[best].due))
				best = i;
		if (best == b->delayed_n)
			return;
		d = b->delayed[best];
		delayed_remove(b, best);
		go_on(c, &d);
	}
}

/* --- hash --------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio: spreads low bits upwards */
	return h ^ h >> 29;
}

uint64_t guc_event_hash(uint64_t hash, const struct guc_event *ev)
{
	hash = mix(hash + 1, (uint64_t)ev->point | (uint64_t)ev->fn << 8 | (uint64_t)ev->gt << 16 |
			     (uint64_t)ev->verdict << 24 | (uint64_t)ev->size << 32 |
			     (uint64_t)ev->from << 40 | (uint64_t)ev->to << 48);
	hash = mix(hash, ev->seq);
	hash = mix(hash, ev->addr);
	hash = mix(hash, ev->value);
	hash = mix(hash, make64(ev->len, ev->code));
	hash = mix(hash, make64(ev->error, ev->msg_len));
	for (uint32_t i = 0; ev->msg && i < ev->msg_len; i++)
		hash = mix(hash, ev->msg[i]);
	if (ev->finding) {
		const struct guc_finding *f = ev->finding;

		hash = mix(hash, make64((uint32_t)f->structure, f->context));
		hash = mix(hash, make64(f->child, f->dword));
		hash = mix(hash, make64(f->old_value, f->new_value));
		hash = mix(hash, f->expected);
	}
	for (uint32_t i = 0; ev->bytes && i < ev->len; i++)
		hash = mix(hash, ((const uint8_t *)ev->bytes)[i]);
	for (const char *t = ev->text; t && *t; t++)
		hash = mix(hash, (uint8_t)*t);
	return hash;
}
