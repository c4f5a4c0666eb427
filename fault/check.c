/* SPDX-License-Identifier: MIT */
/* Rules that are well written and yet could never match, or ask for what can't be
 * had: refused with the reason. */
#include "priv.h"

#include <string.h>

#include "emulator/guc/actions.h"
#include "emulator/guc/klvs.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/regs.h"

#define BIT(n) (1u << (n))

uint16_t fault_types_at(enum guc_point p)
{
	const uint16_t replies = BIT(HXG_SUCCESS) | BIT(HXG_BUSY) | BIT(HXG_RETRY) |
				 BIT(HXG_FAILURE);

	if (p == GUC_PT_MBOX_REQUEST)
		return BIT(HXG_REQUEST);
	if (p == GUC_PT_H2G)
		return UINT8_MAX; /* a host sends what it likes */
	if (p == GUC_PT_MBOX_REPLY)
		return replies;
	return p == GUC_PT_G2H ? replies | BIT(HXG_EVENT) : 0;
}

unsigned fault_klv_at(uint32_t action, enum guc_point p)
{
	static const struct {
		uint16_t action;
		uint8_t point, dword;
	} rows[] = {
		{ GUC_ACTION_SELF_CFG, GUC_PT_MBOX_REQUEST, 1 },
		{ GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV, GUC_PT_H2G, 1 },
		{ GUC_ACTION_UPDATE_CONTEXT_POLICIES, GUC_PT_H2G, 2 },
		{ GUC_ACTION_QUERY_SINGLE_KLV, GUC_PT_MBOX_REPLY, 255 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].action == action && rows[i].point == p)
			return rows[i].dword;
	return 0;
}

/* The only point of the rule, or GUC_PT_COUNT when it has several. */
static enum guc_point only(const struct fault_rule *r)
{
	return r->points & (r->points - 1) ? GUC_PT_COUNT :
					     (enum guc_point)__builtin_ctzll(r->points);
}

/* States in which a point can come for a VF; the PF always counts as running. */
static uint16_t states_at(enum guc_point p)
{
	const uint16_t all = BIT(GUC_VFS_COUNT) - 1;
	const uint16_t flr = BIT(GUC_VFS_FLR_PENDING) | BIT(GUC_VFS_FLR_ACTIVE) |
			     BIT(GUC_VFS_FLR_CLEANED);
	const uint16_t paused = BIT(GUC_VFS_READY_PAUSED) | BIT(GUC_VFS_RUNNING_PAUSED) |
				BIT(GUC_VFS_RESFIX_PAUSED);

	if (p == GUC_PT_H2G)
		return BIT(GUC_VFS_RUNNING);
	if (p == GUC_PT_MBOX_REQUEST)
		return (uint16_t)(all & ~flr & ~paused);
	return all;
}

static bool check_types(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	uint16_t possible = 0;

	if (!n->where_type)
		return true;
	for (unsigned p = 0; p < GUC_PT_COUNT; p++)
		if (r->points >> p & 1)
			possible |= fault_types_at((enum guc_point)p);
	return (r->types & possible) ||
	       scan_bad(s, n->where_type, "no such message comes at this point: it could never match");
}

/* Where a VF can go from the states of `from`. */
struct moves {
	uint16_t from, to;
};

static void add_move(void *user, const struct guc_lifecycle_rule *rule)
{
	struct moves *m = user;
	bool named = false;

	if (!rule->moves || !(m->from >> rule->state & 1))
		return;
	for (unsigned i = 0; i < GUC_VFS_COUNT; i++) {
		if (strcmp(rule->next, guc_vf_state_name((enum guc_vf_state)i)) != 0)
			continue;
		m->to |= (uint16_t)BIT(i);
		named = true;
	}
	/* Words: it depends. */
	if (!named)
		m->to |= (uint16_t)(BIT(GUC_VFS_COUNT) - 1);
}

static bool check_moves(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	struct moves m = { .from = r->leaves };

	if (only(r) != GUC_PT_STATE)
		return true;
	if (n->where_state && !(r->states & r->enters))
		return scan_bad(s, n->where_state,
				"it is in the state that it enters by then: it could never match");
	if (!n->where_enters)
		return true;
	guc_lifecycle_rules(add_move, &m);
	/* A reset of the GuC. */
	m.to |= BIT(GUC_VFS_READY) | BIT(GUC_VFS_UNPROVISIONED);
	if (!(r->leaves & (r->leaves - 1)))
		m.to &= (uint16_t)~r->leaves;
	return (m.to & r->enters) ||
	       scan_bad(s, n->where_enters, "no state that leaves= lets through leads there: it "
			"could never match");
}

static bool check_states(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	uint16_t possible = 0;

	if (!n->where_state)
		return true;
	if (r->points >> GUC_PT_TICK & 1)
		return scan_bad(s, n->where_state, "a tick is no function's: it has no state");
	for (unsigned p = 0; p < GUC_PT_COUNT; p++)
		if (r->points >> p & 1)
			possible |= states_at((enum guc_point)p);
	return (r->states & possible) ||
	       scan_bad(s, n->where_state,
			"in this state nothing comes at this point: it could never match");
}

static bool check_action(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	const struct guc_notice *notice;

	if (!n->where_action)
		return true;
	notice = guc_notice_find(r->action);
	if (only(r) != GUC_PT_G2H) {
		if (only(r) == GUC_PT_MBOX_REPLY && notice)
			return scan_bad(s, n->where_action, "this is an event of the GuC, which "
					"nobody asks for: it could never match");
		return true;
	}
	if (r->types == BIT(HXG_EVENT) && !notice)
		return scan_bad(s, n->where_action,
				"the GuC has no such event: it could never match");
	if (notice && !(r->types & BIT(HXG_EVENT)))
		return scan_bad(s, n->where_action, "the GuC sends this only as an event: it could "
				"never match");
	if (notice && r->fns == 1 && !(notice->to & GUC_BY_PF))
		return scan_bad(s, n->where_action, "the PF never gets this: it could never match");
	if (notice && !(r->fns & 1) && !(notice->to & GUC_BY_VF))
		return scan_bad(s, n->where_action, "a VF never gets this: it could never match");
	return true;
}

static bool check_key(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	if (!n->where_key)
		return true;
	if (!(r->points & (PTS_REQ | FAULT_BIT(GUC_PT_MBOX_REPLY))))
		return scan_bad(s, n->where_key, "no message at this point has a key: it could "
				"never match");
	if (!r->has_action || (r->points >> GUC_PT_MBOX_REQUEST & 1 &&
			       r->action == GUC_ACTION_QUERY_SINGLE_KLV))
		return true;
	for (unsigned p = 0; p < GUC_PT_COUNT; p++)
		if (r->points >> p & 1 && fault_klv_at(r->action, (enum guc_point)p))
			return true;
	return scan_bad(s, n->where_key, "this action carries no key in its message: it could "
			"never match");
}

static bool check_place(const struct fault *f, struct scan *s, struct fault_rule *r,
			const struct fault_names *n)
{
	const uint64_t of_vfs = FAULT_BIT(GUC_PT_FLR) | FAULT_BIT(GUC_PT_BLOB) |
				FAULT_BIT(GUC_PT_STATE) | FAULT_BIT(GUC_PT_PROVISION);
	unsigned gts;

	if (r->fns == 1 && !(r->points & ~of_vfs))
		return scan_bad(s, n->where_fn, "this happens to VFs only: it could never match");
	if (n->where_gt && !(r->gts & 1) && only(r) == GUC_PT_FLR)
		return scan_bad(s, n->where_gt, "an FLR is of the whole card: it could never match");
	if (!f || f->any_card)
		return true;
	gts = (unsigned)f->geometry.tiles * f->geometry.gts;
	if (n->where_gt && !(r->gts & (BIT(gts) - 1)))
		return scan_bad(s, n->where_gt, "the card has %u GTs, numbered from 0", gts);
	if (f->geometry.vfs < GUC_MAX_VFS && !(r->fns & ((2ull << f->geometry.vfs) - 1)))
		return scan_bad(s, n->where_fn, "the card has %u VFs, numbered from 1",
				f->geometry.vfs);
	return true;
}

/* Numbers and addresses that nothing has. */
static bool check_numbers(const struct fault *f, struct scan *s, struct fault_rule *r,
			  const struct fault_names *n)
{
	const uint64_t of_contexts = FAULT_BIT(GUC_PT_FENCE) | FAULT_BIT(GUC_PT_CONTEXT);
	bool any = !f || f->any_card;
	uint32_t contexts = any ? 1u << 16 : f->geometry.contexts;
	uint64_t bar = (any ? GUC_MAX_TILES : f->geometry.tiles) * (uint64_t)REG_TILE_STRIDE;

	if (n->where_code && only(r) == GUC_PT_VIOLATION && r->code >= GUC_VIOL_COUNT)
		return scan_bad(s, n->where_code, "violations are numbered 0 to %d: it could never "
				"match", GUC_VIOL_COUNT - 1);
	if (n->where_code && !(r->points & ~of_contexts) && r->code >= contexts)
		return scan_bad(s, n->where_code, "ids of contexts are 0 to %u: it could never match",
				contexts - 1);
	return !n->where_range || r->points & ~PTS_MMIO || r->from_addr < bar ||
	       scan_bad(s, n->where_range, "the BAR ends before: it could never match");
}

/* Conditions that exclude each other. */
static bool check_both(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	for (uint32_t i = 1; i < r->match_n; i++) {
		const struct fault_match *b = &r->match[i];

		for (uint32_t k = 0; k < i; k++) {
			const struct fault_match *a = &r->match[k];

			if (a->kind == b->kind && a->at == b->at &&
			    (a->value ^ b->value) & a->mask & b->mask)
				return scan_bad(s, n->where_match, "what it says of the same bits "
						"can't both be so: it could never match");
		}
	}
	if (n->if_state.n && n->if_state.n == n->unless_state.n &&
	    memcmp(n->if_state.s, n->unless_state.s, n->if_state.n) == 0)
		return scan_bad(s, n->unless_state.s, "if= asks for this state: it could never match");
	if (n->after.n && n->after.n == n->until.n &&
	    memcmp(n->after.s, n->until.s, n->after.n) == 0)
		return scan_bad(s, n->until.s, "after= waits for this rule: it could never match");
	return !n->after.n || !span_is(n->after, r->name) ||
	       scan_bad(s, n->after.s, "it waits for itself: it could never match");
}

static bool check_matches(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	const uint64_t mailbox = FAULT_BIT(GUC_PT_MBOX_REQUEST) | FAULT_BIT(GUC_PT_MBOX_REPLY);

	for (uint32_t i = 0; i < r->match_n; i++) {
		const struct fault_match *m = &r->match[i];
		uint32_t dword = m->kind == MATCH_DW ? m->at : m->at / 4;

		if (m->kind == MATCH_VALUE && !(r->points & ~PTS_CTB) && m->value > UINT16_MAX)
			return scan_bad(s, n->where_match, "a fence has 16 bits: it could never "
					"match");
		if (m->kind == MATCH_VALUE || r->points & FAULT_BIT(GUC_PT_MEM_WRITE))
			continue;
		if (dword >= (r->points & ~mailbox ? 255u : 4u))
			return scan_bad(s, n->where_match, "no message here is that long: it could "
					"never match");
	}
	return true;
}

static bool check_counts(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	uint64_t lo = r->from ? r->from : 1, hi = UINT64_MAX, step = r->every ? r->every : 1;

	if (r->first)
		hi = r->first;
	if (r->until_n && r->until_n - 1 < hi)
		hi = r->until_n - 1;
	if (r->nth && (r->nth < lo || r->nth > hi || r->nth % step))
		return scan_bad(s, n->where_points,
				"nth= is none of the times that the other conditions leave");
	if (lo > hi || hi / step * step < lo)
		return scan_bad(s, n->where_points, "first=, from=, until= and every= leave no "
				"time at which it could fire");
	return true;
}

/* --- what --------------------------------------------------------------------------- */

static bool about_vfs(const struct fault_rule *r)
{
	return (r->what == DO_HANG && r->arg[0] == GUC_DEED_HANG_FUNCTION) ||
	       (r->what == DO_RESET && r->arg[0] == GUC_DEED_RESET_FUNCTION) ||
	       r->what == DO_PAUSE || r->what == DO_MIGRATE;
}

/* Whom it is about: at a tick that has to be said. */
static bool check_whom(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	bool somebody = r->what >= DO_INTERRUPT;

	if (about_vfs(r)) {
		r->fns &= ~1ull;
		if (!r->fns)
			return scan_bad(s, n->where_what, "this is done to VFs only, not to the PF");
	}
	if (r->what == DO_INTERRUPT && r->arg[0] == 0 && r->fns == 1)
		return scan_bad(s, n->where_what, "MIGRATED is an interrupt of VFs");
	if (!(r->points >> GUC_PT_TICK & 1))
		return true;
	if (only(r) != GUC_PT_TICK)
		return scan_bad(s, n->where_points, "tick stands alone");
	if (somebody && r->fns & (r->fns - 1))
		return scan_bad(s, n->where_what, "at a tick say about whom: pf or vf=N");
	return true;
}

static bool check_set(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	const uint64_t bytes = PTS_MEM | FAULT_BIT(GUC_PT_BLOB);
	const uint64_t short_ones = FAULT_BIT(GUC_PT_MBOX_REQUEST) | FAULT_BIT(GUC_PT_MBOX_REPLY);
	uint32_t dword = r->set.kind == MATCH_DW ? r->set.at : r->set.at / 4;

	if (r->set.kind == MATCH_VALUE)
		return !(r->points & ~PTS_MMIO) ||
		       scan_bad(s, n->where_what, "value= is for mmio-read and mmio-write");
	if (r->points & PTS_MMIO)
		return scan_bad(s, n->where_what, "a register has no dwN= or byteN=, but value=");
	if (!(r->points & ~bytes))
		return true;
	return dword < (r->points & short_ones ? 4u : 255u) ||
	       scan_bad(s, n->where_what, "no message here is that long");
}

static bool check_mbz(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	const struct guc_action *row = r->has_action ? guc_action_find(r->action) : NULL;

	if (row && row->data0_used && r->points & PTS_REQ)
		return scan_bad(s, n->where_what, "this action's DATA0 has a meaning: none of its "
				"bits must be zero");
	if (!(r->points & FAULT_BIT(GUC_PT_G2H)))
		return true;
	if (n->where_type && !(r->types & BIT(HXG_EVENT)) && only(r) == GUC_PT_G2H)
		return scan_bad(s, n->where_what, "of what the GuC sends only events have a DATA0 "
				"that must be zero");
	return true;
}

static bool check_klv_length(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	if (r->has_action)
		for (unsigned p = 0; p < GUC_PT_COUNT; p++)
			if (r->points >> p & 1 && fault_klv_at(r->action, (enum guc_point)p))
				return true;
	return scan_bad(s, n->where_what, "which KLV? With mbox-request action=SELF_CFG, mbox-reply "
			"action=QUERY_SINGLE_KLV, h2g action=UPDATE_CONTEXT_POLICIES or "
			"UPDATE_SCHEDULING_POLICIES_KLV");
}

static bool check_fence(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	if (!(r->points & FAULT_BIT(GUC_PT_G2H)))
		return true;
	if (only(r) == GUC_PT_G2H && r->types == BIT(HXG_EVENT))
		return scan_bad(s, n->where_what, "events have no fence");
	return true;
}

/* Requests can be answered, and nothing else. */
static bool check_answer(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	if (only(r) == GUC_PT_H2G && !(r->types & BIT(HXG_REQUEST)) &&
	    (r->what != DO_FAILURE || !(r->types & BIT(HXG_FAST_REQUEST))))
		return scan_bad(s, n->where_what, "only requests are answered");
	if (only(r) == GUC_PT_G2H && r->types == BIT(HXG_EVENT))
		return scan_bad(s, n->where_what, "an event is no answer");
	return true;
}

/* What is possible wherever its word is: no check. */
static bool check_what(struct scan *s, struct fault_rule *r, const struct fault_names *n)
{
	static bool (*const checks[DO_MIGRATE + 1])(struct scan *s, struct fault_rule *r,
					      const struct fault_names *n) = {
		[DO_SET] = check_set,
		[DO_MBZ] = check_mbz,
		[DO_KLV_LENGTH] = check_klv_length,
		[DO_FENCE] = check_fence,
		[DO_BUSY] = check_answer,
		[DO_RETRY] = check_answer,
		[DO_FAILURE] = check_answer,
		[DO_ANSWER] = check_answer,
	};

	return !checks[r->what] || checks[r->what](s, r, n);
}

/* --- names -------------------------------------------------------------------------- */

static const struct fault_rule *rule_named(const struct fault *f, struct span w)
{
	for (uint32_t i = 0; i < f->rules_n; i++)
		if (span_is(w, f->rule[i].name))
			return &f->rule[i];
	return NULL;
}

static bool state_known(const struct fault *f, struct span w)
{
	uint64_t used = fault_states_used(f, NULL);

	for (uint32_t i = 0; i < f->states_n; i++)
		if (used >> i & 1 && span_is(w, f->state[i]))
			return true;
	return false;
}

static bool check_names(const struct fault *f, struct scan *s, struct fault_rule *r,
			const struct fault_names *n)
{
	const struct fault_rule *other;

	if (!f)
		return true;
	if (n->after.n) {
		other = rule_named(f, n->after);
		if (!other)
			return scan_bad(s, n->after.s, "there is no such rule before this one: it "
					"could never match");
		r->after = other->number;
	}
	if (n->until.n) {
		other = rule_named(f, n->until);
		if (!other)
			return scan_bad(s, n->until.s, "there is no such rule before this one");
		r->until = other->number;
	}
	if (n->if_state.n && !state_known(f, n->if_state))
		return scan_bad(s, n->if_state.s, "no rule before this one sets this state: it "
				"could never match");
	return true;
}

bool fault_check(const struct fault *f, struct scan *s, struct fault_rule *r,
		 const struct fault_names *n)
{
	return check_types(s, r, n) && check_states(s, r, n) && check_moves(s, r, n) &&
	       check_place(f, s, r, n) && check_action(s, r, n) && check_key(s, r, n) &&
	       check_numbers(f, s, r, n) && check_matches(s, r, n) && check_both(s, r, n) &&
	       check_counts(s, r, n) && check_whom(s, r, n) && check_what(s, r, n) &&
	       check_names(f, s, r, n);
}
