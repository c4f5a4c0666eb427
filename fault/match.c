/* SPDX-License-Identifier: MIT */
/* WHERE: is this crossing one that the rule is about? */
#include "priv.h"

#include "emulator/guc/actions.h"
#include "proto/actions.h"
#include "proto/hxg.h"
#include "proto/klv.h"

static bool is_message(enum guc_point p)
{
	return PTS_MSG >> p & 1;
}

/* The byte that it would be if the message lay in memory; false: there is none. */
static bool byte_of(const struct guc_event *ev, uint32_t at, uint64_t *v)
{
	if (ev->point == GUC_PT_MEM_WRITE) {
		if (!ev->bytes || at >= ev->len)
			return false;
		*v = ((const uint8_t *)ev->bytes)[at];
		return true;
	}
	if (!ev->msg || at / 4 >= ev->msg_len)
		return false;
	*v = ev->msg[at / 4] >> 8 * (at % 4) & 0xFF;
	return true;
}

static bool match_bits(const struct guc_event *ev, const struct fault_match *m)
{
	uint64_t v = 0;

	switch ((enum fault_match_kind)m->kind) {
	case MATCH_DW:
		if (!ev->msg || m->at >= ev->msg_len)
			return false;
		v = ev->msg[m->at];
		break;
	case MATCH_BYTE:
		if (!byte_of(ev, m->at, &v))
			return false;
		break;
	case MATCH_VALUE:
		v = ev->value;
		break;
	}
	return (v & m->mask) == m->value;
}

/* Is `key` in the KLVs of a message? */
static bool has_key(const struct fault *f, const struct guc_event *ev, uint32_t key)
{
	uint32_t action = ev->point == GUC_PT_MBOX_REPLY ? ev->code : hxg_action(ev->msg[0]);
	unsigned at = fault_klv_at(action, ev->point);
	struct klv_reader reader;
	struct klv klv;

	if (at == 255)
		return f->last_key[ev->gt % GUC_MAX_GTS][ev->fn % GUC_MAX_FUNCTIONS] == key + 1;
	if (action == GUC_ACTION_QUERY_SINGLE_KLV && ev->point == GUC_PT_MBOX_REQUEST)
		return ev->msg_len > 1 && ev->msg[1] == key;
	if (at == 0 || at >= ev->msg_len)
		return false;
	if (field_get(KLV_KEY, ev->msg[at]) == key)
		return true;
	reader = (struct klv_reader){ .dw = ev->msg + at, .len = ev->msg_len - at };
	while (klv_next(&reader, &klv) == 1)
		if (klv.key == key)
			return true;
	return false;
}

/* Messages that WHAT can't be done to: those are none of the rule's. */
static bool doable(const struct fault_rule *r, const struct guc_event *ev)
{
	enum hxg_type type = is_message(ev->point) ? hxg_type(ev->msg[0]) : HXG_REQUEST;
	bool call = hxg_is_call(type);
	const struct guc_action *row;

	switch ((enum fault_do)r->what) {
	case DO_BUSY:
	case DO_RETRY:
	case DO_ANSWER:
		return type == HXG_REQUEST;
	case DO_FAILURE:
		if (PTS_REQ >> ev->point & 1)
			return type == HXG_REQUEST || type == HXG_FAST_REQUEST;
		return type != HXG_EVENT;
	case DO_FENCE:
		return ev->point == GUC_PT_H2G || type != HXG_EVENT;
	case DO_DATA0:
		return call || type == HXG_SUCCESS;
	case DO_MBZ:
		row = ev->point == GUC_PT_G2H ? NULL : guc_action_find(hxg_action(ev->msg[0]));
		return ev->point == GUC_PT_G2H ? type == HXG_EVENT :
						 call && (!row || !row->data0_used);
	case DO_KLV_LENGTH:
		return call || type == HXG_SUCCESS;
	case DO_TRUNCATE:
		return ev->point == GUC_PT_BLOB || ev->msg_len > 1;
	case DO_SET:
		if (!is_message(ev->point))
			return true;
		return (r->set.kind == MATCH_DW ? r->set.at : r->set.at / 4) < ev->msg_len;
	case DO_NOTHING:
	case DO_DROP:
	case DO_DELAY:
	case DO_DUPLICATE:
	case DO_REORDER:
	case DO_FLIP:
	case DO_EXTEND:
	case DO_ORIGIN:
	case DO_FAIL:
	case DO_BIT:
	case DO_BYTE:
	case DO_INTERRUPT:
	case DO_CLEAR_MAILBOX:
	case DO_BREAK:
	case DO_HANG:
	case DO_RESET:
	case DO_DISCONNECT:
	case DO_PAUSE:
	case DO_MIGRATE:
		break;
	}
	return true;
}

static bool touches(const struct fault_rule *r, const struct guc_event *ev)
{
	uint64_t bytes = PTS_MEM >> ev->point & 1 ? ev->len : ev->size;

	return bytes && ev->addr <= r->to_addr &&
	       (bytes - 1 > UINT64_MAX - ev->addr || ev->addr + (bytes - 1) >= r->from_addr);
}

static bool match_message(const struct fault *f, const struct fault_rule *r,
			  const struct guc_event *ev)
{
	enum hxg_type type = hxg_type(ev->msg[0]);
	uint32_t action = ev->point == GUC_PT_MBOX_REPLY || ev->point == GUC_PT_G2H ?
				  ev->code : hxg_action(ev->msg[0]);

	if (!(r->types >> type & 1))
		return false;
	if (r->has_action && (r->action != action || (ev->point == GUC_PT_H2G && !hxg_is_call(type))))
		return false;
	return !r->has_key || has_key(f, ev, r->key);
}

bool fault_match(const struct fault *f, const struct fault_rule *r, const struct guc_event *ev)
{
	bool tick = ev->point == GUC_PT_TICK;

	if (!(r->points >> ev->point & 1))
		return false;
	/* Whom a rule at a tick is about is no condition. */
	if (!tick && (!(r->fns >> (ev->fn & 63) & 1) || !(r->gts >> (ev->gt & 15) & 1)))
		return false;
	if (!tick && !(r->states >> (ev->state & 15) & 1))
		return false;
	if (ev->point == GUC_PT_STATE &&
	    (!(r->enters >> (ev->to & 15) & 1) || !(r->leaves >> (ev->from & 15) & 1)))
		return false;
	if (is_message(ev->point) && (!ev->msg || !ev->msg_len || !match_message(f, r, ev)))
		return false;
	if (r->has_code && !is_message(ev->point) && r->code != ev->code)
		return false;
	if (r->has_range && !touches(r, ev))
		return false;
	for (uint32_t i = 0; i < r->match_n; i++)
		if (!match_bits(ev, &r->match[i]))
			return false;
	return doable(r, ev);
}
