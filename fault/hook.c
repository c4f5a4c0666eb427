/* SPDX-License-Identifier: MIT */
/* Rules at work: at each crossing they are asked in their order. What one changes the
 * next sees; when one has decided on the crossing (lost, held back, answered it) those
 * behind it that would change it still count it, but don't fire. */
#include "priv.h"

#include <string.h>

#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/text.h"

/* --- chance ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t z)
{
	/* The finalizer of splitmix64: each bit of z reaches all of the result. */
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* The next number of the rule's sequence for this function. */
static uint64_t draw(const struct fault *f, struct fault_rule *r, unsigned fn)
{
	uint64_t n = r->draws[fn]++;

	return mix(mix(f->seed ^ (uint64_t)r->number << 32 ^ fn) + n * 0x9E3779B97F4A7C15u);
}

/* --- when ------------------------------------------------------------------------- */

static uint64_t fired_of(const struct fault *f, int number)
{
	for (uint32_t i = 0; i < f->rules_n; i++)
		if (f->rule[i].number == number)
			return f->rule[i].fired;
	return 0;
}

/* What opens and closes the rule; while it is closed nothing is counted. */
static bool gates(const struct fault *f, const struct fault_rule *r, const struct guc_event *ev)
{
	uint64_t now = ev->point == GUC_PT_TICK && ev->value > ev->time ? ev->value : ev->time;

	if (now < r->t_from || now >= r->t_to)
		return false;
	if (r->if_state && !(f->states_on >> (r->if_state - 1) & 1))
		return false;
	if (r->unless_state && f->states_on >> (r->unless_state - 1) & 1)
		return false;
	if (r->file && !(f->files_there >> (r->file - 1) & 1))
		return false;
	if (r->after && !fired_of(f, r->after))
		return false;
	return !r->until || !fired_of(f, r->until);
}

static bool is_time(const struct fault *f, struct fault_rule *r, unsigned fn, uint64_t n)
{
	if ((r->nth && n != r->nth) || (r->every && n % r->every) || (r->first && n > r->first) ||
	    n < r->from || (r->until_n && n >= r->until_n))
		return false;
	return !r->ppm || draw(f, r, fn) % 1000000 < r->ppm;
}

/* --- what ------------------------------------------------------------------------- */

static void deed(struct guc_hook_action *act, enum guc_deed_what what, uint64_t arg,
		 uint64_t value)
{
	if (act->deed_n == GUC_HOOK_DEEDS)
		return;
	act->deed[act->deed_n++] = (struct guc_deed){
		.what = (uint8_t)what, .arg = (uint32_t)arg, .value = (uint32_t)value,
	};
}

static void patch(struct guc_hook_action *act, uint32_t at, uint8_t keep, uint8_t flip)
{
	if (act->patch_n < GUC_HOOK_PATCHES)
		act->patch[act->patch_n++] = (struct guc_patch){ at, keep, flip };
}

static void out(struct fault *f, const struct fault_rule *r, const struct guc_event *ev,
		enum fault_out_what what)
{
	struct fault_out *o;

	if (f->out_n == FAULT_OUT_MAX) {
		f->out_lost++;
		return;
	}
	o = &f->out[(f->out_at + f->out_n++) % FAULT_OUT_MAX];
	*o = (struct fault_out){
		.what = what, .number = r->number, .fn = ev->fn, .gt = ev->gt,
		.point = ev->point, .time = ev->time,
	};
	memcpy(o->target, r->target, sizeof(o->target));
}

static bool in_bytes(enum guc_point p)
{
	return (PTS_MEM | FAULT_BIT(GUC_PT_BLOB) | FAULT_BIT(GUC_PT_MMIO_READ)) >> p & 1;
}

static enum guc_verdict set(const struct fault_rule *r, struct guc_event *ev,
			    struct guc_hook_action *act)
{
	const struct fault_match *m = &r->set;
	unsigned bytes = m->kind == MATCH_DW ? 4 : m->kind == MATCH_BYTE ? 1 : 8;
	uint32_t at = m->kind == MATCH_DW ? 4 * m->at : m->kind == MATCH_BYTE ? m->at : 0;
	uint64_t mask = m->mask, value = m->value;

	if (in_bytes(ev->point)) {
		if (ev->point == GUC_PT_MMIO_READ)
			bytes = ev->size;
		for (unsigned i = 0; i < bytes; i++)
			if (mask >> 8 * i & 0xFF)
				patch(act, at + i, (uint8_t)~(mask >> 8 * i),
				      (uint8_t)(value >> 8 * i));
	} else if (m->kind == MATCH_VALUE) {
		ev->value = (ev->value & ~mask) | value;
	} else {
		mask <<= 8 * (at % 4);
		ev->msg[at / 4] = (uint32_t)((ev->msg[at / 4] & ~mask) | value << 8 * (at % 4));
	}
	return GUC_CHANGE;
}

static enum guc_verdict flip(const struct fault *f, struct fault_rule *r, struct guc_event *ev,
			     struct guc_hook_action *act)
{
	for (uint64_t i = 0; i < r->arg[0]; i++) {
		uint64_t x = draw(f, r, ev->fn);
		uint8_t bit = (uint8_t)(1u << (x & 7));

		x >>= 3;
		if (ev->point == GUC_PT_MMIO_READ)
			patch(act, (uint32_t)(x % ev->size), 0xFF, bit);
		else if (in_bytes(ev->point))
			patch(act, (uint32_t)x, 0xFF, bit);
		else if (ev->point == GUC_PT_MMIO_WRITE)
			ev->value ^= (uint64_t)bit << 8 * (x % ev->size);
		else
			ev->msg[x / 4 % ev->msg_len] ^= (uint32_t)bit << 8 * (x % 4);
	}
	return GUC_CHANGE;
}

static enum guc_verdict resize(const struct fault *f, struct fault_rule *r, struct guc_event *ev,
			       struct guc_hook_action *act)
{
	uint32_t n = (uint32_t)r->arg[0];

	if (ev->point == GUC_PT_BLOB) {
		act->cut += 4 * n;
	} else if (r->what == DO_TRUNCATE) {
		ev->msg_len -= n < ev->msg_len ? n : ev->msg_len - 1;
	} else {
		for (; n > 0 && ev->msg_len < CTB_HXG_MAX_DWORDS; n--)
			ev->msg[ev->msg_len++] = (uint32_t)draw(f, r, ev->fn);
	}
	return GUC_CHANGE;
}

static enum guc_verdict failure(const struct fault_rule *r, struct guc_event *ev,
				struct guc_hook_action *act)
{
	uint32_t dw = hxg_failure(HXG_ORIGIN_GUC, (uint32_t)r->arg[0], (uint32_t)r->arg[1]);

	if (ev->point == GUC_PT_BLOB) {
		ev->error = (uint16_t)r->arg[0];
		return ev->error ? GUC_SWALLOW : GUC_PASS;
	}
	if (PTS_REQ >> ev->point & 1) {
		act->answer[0] = dw;
		act->answer_len = 1;
		return GUC_ANSWER;
	}
	ev->msg[0] = dw;
	ev->msg_len = 1;
	return GUC_CHANGE;
}

static enum guc_verdict answer(const struct fault_rule *r, struct guc_hook_action *act)
{
	act->answer_len = 1;
	act->answer[0] = hxg_header(HXG_ORIGIN_GUC, HXG_RETRY, (uint32_t)r->arg[0]);
	if (r->what == DO_ANSWER) {
		act->answer_len = r->arg_n;
		for (uint32_t i = 0; i < r->arg_n; i++)
			act->answer[i] = (uint32_t)r->arg[i];
	}
	return GUC_ANSWER;
}

static enum guc_verdict klv_length(const struct fault_rule *r, struct guc_event *ev)
{
	uint32_t action = ev->point == GUC_PT_MBOX_REPLY ? ev->code : hxg_action(ev->msg[0]);
	unsigned at = fault_klv_at(action, ev->point);

	if (at == 255)
		ev->msg[0] = (ev->msg[0] & ~HXG_SUCCESS_DATA0) | (uint32_t)r->arg[0];
	else if (at < ev->msg_len)
		ev->msg[at] = (ev->msg[at] & ~KLV_LEN) | (uint32_t)r->arg[0];
	return GUC_CHANGE;
}

static enum guc_verdict data0(const struct fault_rule *r, struct guc_event *ev)
{
	if (hxg_is_call(hxg_type(ev->msg[0])))
		ev->msg[0] = (ev->msg[0] & ~HXG_DATA0) |
			     field_put(HXG_DATA0, (uint32_t)r->arg[0]);
	else
		ev->msg[0] = (ev->msg[0] & ~HXG_SUCCESS_DATA0) | (uint32_t)r->arg[0];
	return GUC_CHANGE;
}

static enum guc_verdict act_on(struct fault *f, struct fault_rule *r, struct guc_event *ev,
			       struct guc_hook_action *act)
{
	switch ((enum fault_do)r->what) {
	case DO_NOTHING:
		break;
	case DO_DROP:
		return GUC_SWALLOW;
	case DO_FAIL:
		act->fail = true;
		return GUC_SWALLOW;
	case DO_BUSY:
		act->busy = true;
		act->delay = r->arg[0];
		return GUC_DELAY;
	case DO_DELAY:
		act->delay = r->arg[0];
		return GUC_DELAY;
	case DO_REORDER:
		act->behind = (uint8_t)r->arg[0];
		act->delay = r->arg[1];
		return GUC_DELAY;
	case DO_DUPLICATE:
		act->copies = (uint8_t)r->arg[0];
		return GUC_CHANGE;
	case DO_SET:
		return set(r, ev, act);
	case DO_FLIP:
		return flip(f, r, ev, act);
	case DO_TRUNCATE:
	case DO_EXTEND:
		return resize(f, r, ev, act);
	case DO_FAILURE:
		return failure(r, ev, act);
	case DO_RETRY:
	case DO_ANSWER:
		return answer(r, act);
	case DO_FENCE:
		ev->value = (uint16_t)(ev->value + r->arg[0]);
		return GUC_CHANGE;
	case DO_ORIGIN:
		ev->msg[0] ^= HXG_ORIGIN;
		return GUC_CHANGE;
	case DO_DATA0:
		return data0(r, ev);
	case DO_MBZ:
		ev->msg[0] |= field_put(HXG_DATA0, 1);
		return GUC_CHANGE;
	case DO_KLV_LENGTH:
		return klv_length(r, ev);
	case DO_BIT:
		ev->code = (uint32_t)r->arg[0];
		return GUC_CHANGE;
	case DO_BYTE:
		act->has_byte = true;
		act->byte = (uint8_t)r->arg[0];
		return GUC_CHANGE;
	case DO_INTERRUPT:
		deed(act, GUC_DEED_INTERRUPT, r->arg[0], 0);
		break;
	case DO_CLEAR_MAILBOX:
		deed(act, GUC_DEED_CLEAR_MAILBOX, 0, 0);
		break;
	case DO_BREAK:
		deed(act, (enum guc_deed_what)r->arg[0], r->arg[1], r->arg[2]);
		break;
	case DO_HANG:
	case DO_RESET:
		deed(act, (enum guc_deed_what)r->arg[0], 0, 0);
		break;
	case DO_DISCONNECT:
		out(f, r, ev, FAULT_OUT_DISCONNECT);
		break;
	case DO_PAUSE:
	case DO_MIGRATE:
		deed(act, GUC_DEED_HOLD, 0, 0);
		out(f, r, ev, r->what == DO_PAUSE ? FAULT_OUT_PAUSE : FAULT_OUT_MIGRATE);
		break;
	}
	return GUC_PASS;
}

/* --- then ------------------------------------------------------------------------- */

static void tell(struct fault *f, const struct fault_rule *r, struct guc_hook_action *act)
{
	size_t at = act->rule ? strlen(f->told) : 0;

	if (!act->rule)
		act->rule = (uint32_t)r->number;
	else if (at + 1 < sizeof(f->told))
		f->told[at++] = '+';
	if (r->name[0])
		text_fmt(f->told + at, sizeof(f->told) - at, "%s", r->name);
	else
		text_fmt(f->told + at, sizeof(f->told) - at, "#%d", r->number);
	act->text = f->told;
}

static enum guc_verdict fire(struct fault *f, struct fault_rule *r, struct guc_event *ev,
			     struct guc_hook_action *act)
{
	enum guc_verdict v;

	/* Whom it is about was said in the rule. */
	if (ev->point == GUC_PT_TICK && !(r->fns & (r->fns - 1)))
		ev->fn = (uint8_t)__builtin_ctzll(r->fns);
	if (ev->point == GUC_PT_TICK && !(r->gts & (r->gts - 1)))
		ev->gt = (uint8_t)__builtin_ctz(r->gts);
	r->fired++;
	tell(f, r, act);
	if (r->log)
		out(f, r, ev, FAULT_OUT_LOG);
	v = act_on(f, r, ev, act);
	if (r->set_state)
		f->states_on |= 1ull << (r->set_state - 1);
	if (r->clear_state)
		f->states_on &= ~(1ull << (r->clear_state - 1));
	if (r->disarm)
		r->armed = false;
	return v;
}

/* Else it acts beside it. */
static bool is_about_crossing(const struct fault_rule *r)
{
	return r->what != DO_NOTHING && r->what < DO_INTERRUPT;
}

/* What a later reply will be about. */
static void remember(struct fault *f, const struct guc_event *ev)
{
	uint32_t *key = &f->last_key[ev->gt % GUC_MAX_GTS][ev->fn % GUC_MAX_FUNCTIONS];

	if (ev->point != GUC_PT_MBOX_REQUEST || !ev->msg || ev->msg_len < 1)
		return;
	*key = ev->msg_len > 1 && hxg_action(ev->msg[0]) == GUC_ACTION_QUERY_SINGLE_KLV &&
			       ev->msg[1] <= UINT16_MAX ?
		       ev->msg[1] + 1 : 0;
}

enum guc_verdict fault_hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	struct fault *f = user;
	enum guc_verdict verdict = GUC_PASS;
	bool decided = false;

	remember(f, ev);
	for (uint32_t i = 0; i < f->rules_n; i++) {
		struct fault_rule *r = &f->rule[i];
		unsigned fn = ev->point == GUC_PT_TICK ? 0 : ev->fn % GUC_MAX_FUNCTIONS;
		enum guc_verdict v;

		if (!r->armed || !fault_match(f, r, ev) || !gates(f, r, ev))
			continue;
		r->matched++;
		if (r->seen[fn] < UINT32_MAX)
			r->seen[fn]++;
		if ((decided && is_about_crossing(r)) || !is_time(f, r, fn, r->seen[fn]))
			continue;
		v = fire(f, r, ev, act);
		if (v != GUC_PASS)
			verdict = v;
		decided = v != GUC_PASS && v != GUC_CHANGE;
	}
	return verdict;
}
