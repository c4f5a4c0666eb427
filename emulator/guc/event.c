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

enum guc_verdict guc_hook(struct guc_card *c, struct guc_event *ev, struct guc_hook_action *act)
{
	uint64_t value = ev->value;
	enum guc_verdict v;

	if (!c->hook)
		return GUC_PASS;
	memset(act, 0, sizeof(*act));
	ev->seq = c->block->seq;
	ev->time = c->block->now;
	v = c->hook(c->hook_user, ev, act);
	ev->verdict = (uint8_t)v;
	if (v != GUC_CHANGE)
		ev->value = value;
	return v;
}

void guc_emit(struct guc_card *c, struct guc_event *ev)
{
	uint64_t mask = c->sink_mask ? c->sink_mask : ~GUC_POINTS_QUIET;

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

int guc_delay(struct guc_card *c, const struct guc_event *ev, uint64_t delay)
{
	struct guc_block *b = c->block;
	struct guc_delayed *d;

	if (b->delayed_n == GUC_DELAYED || ev->msg_len > CTB_HXG_MAX_DWORDS)
		return -ENOSPC;
	d = &b->delayed[b->delayed_n++];
	memset(d, 0, sizeof(*d));
	d->due = delay > UINT64_MAX - b->now ? UINT64_MAX : b->now + delay;
	d->point = (uint8_t)ev->point;
	d->fn = ev->fn;
	d->gt = ev->gt;
	d->len = (uint8_t)ev->msg_len;
	d->fence = (uint16_t)ev->value;
	d->code = (uint16_t)ev->code;
	memcpy(d->dw, ev->msg, ev->msg_len * sizeof(d->dw[0]));
	return 0;
}

static void delayed_remove(struct guc_block *b, uint32_t at)
{
	b->delayed_n--;
	memmove(&b->delayed[at], &b->delayed[at + 1],
		(b->delayed_n - at) * sizeof(b->delayed[0]));
}

void guc_delayed_drop(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_block *b = c->block;
	uint32_t i = 0;

	while (i < b->delayed_n) {
		if (b->delayed[i].fn == fn && b->delayed[i].gt == gt)
			delayed_remove(b, i);
		else
			i++;
	}
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
		if (d.point == GUC_PT_MBOX_REQUEST)
			guc_mailbox_handle(c, d.gt, d.fn, d.dw);
		else if (d.point == GUC_PT_MBOX_REPLY)
			guc_mailbox_write(c, d.gt, d.fn, d.dw);
		else if (d.point == GUC_PT_H2G)
			guc_h2g_handle(c, d.gt, d.fn, d.fence, d.dw, d.len);
		else
			guc_g2h_go(c, d.gt, d.fn, d.fence, d.dw, d.len,
				   hxg_type(d.dw[0]) != HXG_EVENT);
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
	return hash;
}
