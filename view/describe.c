/* SPDX-License-Identifier: MIT */
/* Events and messages in words; see describe.h. A row of the table below says
 * how an action's arguments read. */
#include "view/describe.h"

#include "emulator/guc/guc.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/text.h"

/* text_fmt() returns what it would have written; this is what it wrote. */
#define PUT(buf, cap, at, ...) \
	put_at((cap), (at), text_fmt((buf) + (at), (cap) - (at), __VA_ARGS__))

static size_t put_at(size_t cap, size_t at, size_t n)
{
	return at + n < cap ? at + n : cap - 1;
}

typedef size_t (*args_fn)(char *buf, size_t cap, const uint32_t *dw);

static const char *known(const char *name)
{
	return name ? name : "unknown";
}

static size_t args_vf_control(char *buf, size_t cap, const uint32_t *dw)
{
	static const char *const command[] = { "?",    "PAUSE",     "RESUME",
					       "STOP", "FLR_START", "FLR_FINISH" };

	return text_fmt(buf, cap, "vf %u, %s", dw[1],
			dw[2] < sizeof(command) / sizeof(command[0]) ? command[dw[2]] : "?");
}

static size_t args_state_notify(char *buf, size_t cap, const uint32_t *dw)
{
	static const char *const event[] = { "?", "FLR", "FLR_DONE", "PAUSE_DONE", "FIXUP_DONE" };

	if (dw[1] == 0)
		return text_fmt(buf, cap, "VF_ENABLE");
	return text_fmt(buf, cap, "vf %u, %s", dw[1],
			dw[2] < sizeof(event) / sizeof(event[0]) ? event[dw[2]] : "?");
}

static size_t args_vf_cfg(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "vf %u, %u dwords", dw[1], dw[4]);
}

static size_t args_save_restore(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "vf %u, %s, %u dwords", dw[1],
			hxg_data0(dw[0]) == GUC_OP_SAVE ? "SAVE" : "RESTORE",
			field_get(SAVE_RESTORE_SIZE, dw[4]));
}

static size_t args_key(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "%s", known(guc_klv_name(dw[1])));
}

static size_t args_klv(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "%s", known(guc_klv_name(field_get(KLV_KEY, dw[1]))));
}

static size_t args_version(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "%u.%u", field_get(VERSION_MAJOR, dw[1]),
			field_get(VERSION_MINOR, dw[1]));
}

static size_t args_marker(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "marker %u", hxg_data0(dw[0]));
}

static size_t args_context(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "context %u", dw[1]);
}

static size_t args_context_flags(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "context %u", dw[2]);
}

static size_t args_mode(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "context %u, %s", dw[1], dw[2] ? "on" : "off");
}

static size_t args_switch(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "%s", dw[1] ? "on" : "off");
}

static size_t args_adverse(char *buf, size_t cap, const uint32_t *dw)
{
	int t = guc_threshold_find(dw[2]);

	return t < 0 ? text_fmt(buf, cap, "vf %u, key 0x%04x", dw[1], dw[2])
		     : text_fmt(buf, cap, "vf %u, %s", dw[1],
				guc_threshold_name((enum guc_threshold)t));
}

static size_t args_vf(char *buf, size_t cap, const uint32_t *dw)
{
	return text_fmt(buf, cap, "vf %u", dw[1]);
}

static const struct {
	uint16_t action, need; /* dwords that the function reads */
	args_fn args;
} rows[] = {
	{ GUC_ACTION_VF_CONTROL, 3, args_vf_control },
	{ GUC_ACTION_VF_STATE_NOTIFY, 3, args_state_notify },
	{ GUC_ACTION_UPDATE_VF_CFG, 5, args_vf_cfg },
	{ GUC_ACTION_SAVE_RESTORE_VF, 5, args_save_restore },
	{ GUC_ACTION_QUERY_SINGLE_KLV, 2, args_key },
	{ GUC_ACTION_SELF_CFG, 2, args_klv },
	{ GUC_ACTION_MATCH_VERSION, 2, args_version },
	{ GUC_ACTION_RESFIX_START, 1, args_marker },
	{ GUC_ACTION_RESFIX_DONE, 1, args_marker },
	{ GUC_ACTION_CONTROL_CTB, 2, args_switch },
	{ GUC_ACTION_REGISTER_CONTEXT, 3, args_context_flags },
	{ GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC, 3, args_context_flags },
	{ GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, 3, args_context_flags },
	{ GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, 2, args_context },
	{ GUC_ACTION_CGP_SYNC_DONE, 2, args_context },
	{ GUC_ACTION_CONTEXT_RESET_NOTIFICATION, 2, args_context },
	{ GUC_ACTION_SCHED_CONTEXT, 2, args_context },
	{ GUC_ACTION_SCHED_CONTEXT_MODE_SET, 3, args_mode },
	{ GUC_ACTION_SCHED_CONTEXT_MODE_DONE, 3, args_mode },
	{ GUC_ACTION_DEREGISTER_CONTEXT, 2, args_context },
	{ GUC_ACTION_DEREGISTER_CONTEXT_DONE, 2, args_context },
	{ GUC_ACTION_MEMORY_CAT_ERROR, 2, args_context },
	{ GUC_ACTION_RELAY_FROM_VF, 2, args_vf },
	{ GUC_ACTION_RELAY_TO_VF, 2, args_vf },
	{ GUC_ACTION_ADVERSE_EVENT, 3, args_adverse },
};

static size_t put_call(char *buf, size_t cap, const uint32_t *dw, uint32_t len)
{
	static const char *const type[] = { "REQUEST", "EVENT", "FAST_REQUEST" };
	uint32_t action = hxg_action(dw[0]);
	const char *name = guc_action_name(action);
	size_t at = 0;

	at = PUT(buf, cap, at, "%s ", type[hxg_type(dw[0])]);
	at = name ? PUT(buf, cap, at, "%s", name) : PUT(buf, cap, at, "action 0x%04x", action);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].action != action || len < rows[i].need)
			continue;
		at = PUT(buf, cap, at, "(");
		at = put_at(cap, at, rows[i].args(buf + at, cap - at, dw));
		at = PUT(buf, cap, at, ")");
	}
	return at;
}

size_t describe_message(char *buf, size_t cap, const uint32_t *dw, uint32_t len)
{
	const char *error;

	if (cap == 0)
		return 0;
	if (len == 0)
		return PUT(buf, cap, 0, "empty");
	switch (hxg_type(dw[0])) {
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
		return put_call(buf, cap, dw, len);
	case HXG_SUCCESS:
		return PUT(buf, cap, 0, "SUCCESS %u", field_get(HXG_SUCCESS_DATA0, dw[0]));
	case HXG_FAILURE:
		error = guc_error_name(field_get(HXG_ERROR, dw[0]));
		return error ? PUT(buf, cap, 0, "FAILURE %s", error)
			     : PUT(buf, cap, 0, "FAILURE 0x%04x",
				   field_get(HXG_ERROR, dw[0]));
	case HXG_BUSY:
		return PUT(buf, cap, 0, "BUSY");
	case HXG_RETRY:
		return PUT(buf, cap, 0, "RETRY");
	case HXG_TYPE_UNASSIGNED:
		break;
	}
	return PUT(buf, cap, 0, "ill-formed 0x%08x", dw[0]);
}

size_t describe_finding(char *buf, size_t cap, const struct guc_finding *f)
{
	size_t at = 0;

	if (cap == 0)
		return 0;
	at = PUT(buf, cap, at, "%s", fixup_name(f->structure));
	if (f->context != UINT32_MAX)
		at = PUT(buf, cap, at, " of context %u", f->context);
	if (f->child != 0)
		at = PUT(buf, cap, at, " child %u", f->child);
	return PUT(buf, cap, at, ", dword %u: was 0x%08x, is 0x%08x, should be 0x%08x", f->dword,
		   f->old_value, f->new_value, f->expected);
}

static size_t put_context(char *buf, size_t cap, const struct guc_event *e)
{
	static const char *const change[] = { "registered", "enabled", "disabled",
					      "deregistered", "killed" };

	return text_fmt(buf, cap, "context %u %s", e->code,
			e->value < sizeof(change) / sizeof(change[0]) ? change[e->value] : "?");
}

static size_t put_error(char *buf, size_t cap, uint16_t error)
{
	const char *name = guc_error_name(error);

	return name ? text_fmt(buf, cap, ": %s", name) : text_fmt(buf, cap, ": 0x%04x", error);
}

/* What follows the name of the point. */
static size_t put_memory(char *buf, size_t cap, const struct guc_event *e)
{
	size_t at = PUT(buf, cap, 0, "%u bytes at 0x%lx", e->len, e->addr);

	if (!e->bytes)
		return at;
	if (e->len == 4)
		return PUT(buf, cap, at, ": 0x%x", le32_get(e->bytes));
	return e->len == 8 ? PUT(buf, cap, at, ": 0x%lx", le64_get(e->bytes)) : at;
}

static size_t put_provision(char *buf, size_t cap, const struct guc_event *e)
{
	const uint32_t *dw = e->msg;

	if (!dw || e->msg_len < PROVISION_DWORDS)
		return 0;
	return text_fmt(buf, cap, "GGTT 0x%lx bytes at 0x%lx, %u contexts from %u, %u doorbells "
			"from %u, LMEM 0x%lx bytes", make64(dw[2], dw[3]), make64(dw[0], dw[1]),
			dw[5], dw[4], dw[7], dw[6], make64(dw[8], dw[9]));
}

static size_t put_mishap(char *buf, size_t cap, const struct guc_event *e)
{
	static const char *const kind[] = { "hang",       "engine failure", "CAT error",
					    "page fault", "crash dump",     "exception" };

	if (!e->msg || e->msg_len < MISHAP_DWORDS || e->msg[0] >= sizeof(kind) / sizeof(kind[0]))
		return 0;
	return text_fmt(buf, cap, "%s, context %u", kind[e->msg[0]], e->msg[1]);
}

/* Which rule, where, and what it did besides its verdict. */
static size_t put_fault(char *buf, size_t cap, const struct guc_event *e)
{
	uint32_t msg[256];
	struct guc_event done = { .msg = msg };
	struct guc_hook_action act = { 0 };
	size_t at = 0;

	if (e->code)
		at = PUT(buf, cap, at, "rule %u ", e->code);
	if (e->text && e->text[0])
		at = PUT(buf, cap, at, "'%s' ", e->text);
	at = PUT(buf, cap, at, "at %s", e->from < GUC_PT_COUNT ?
		 guc_point_name((enum guc_point)e->from) : "?");
	if (!e->bytes || guc_fault_replay(e->bytes, e->len, &done, &act) < 0)
		return at;
	if (act.delay && !act.behind)
		at = PUT(buf, cap, at, ", %lu us", act.delay / 1000);
	if (act.behind)
		at = PUT(buf, cap, at, ", behind %u more", act.behind);
	if (act.copies)
		at = PUT(buf, cap, at, ", %u more of it", act.copies);
	for (uint32_t i = 0; i < act.deed_n; i++)
		at = PUT(buf, cap, at, ", %s", guc_deed_text(act.deed[i].what));
	return at;
}

static size_t put_details(char *buf, size_t cap, const struct guc_event *e)
{
	switch (e->point) {
	case GUC_PT_MMIO_READ:
	case GUC_PT_MMIO_WRITE:
		return text_fmt(buf, cap, "%u bytes at 0x%lx: 0x%lx", e->size, e->addr, e->value);
	case GUC_PT_MBOX_REQUEST:
	case GUC_PT_MBOX_REPLY:
	case GUC_PT_H2G:
	case GUC_PT_G2H:
		return e->msg ? describe_message(buf, cap, e->msg, e->msg_len) : 0;
	case GUC_PT_IRQ:
		return text_fmt(buf, cap, "bit %u source %lu", e->code, e->value);
	case GUC_PT_MEM_READ:
	case GUC_PT_MEM_WRITE:
		return put_memory(buf, cap, e);
	case GUC_PT_STATE:
		if (e->from >= GUC_VFS_COUNT || e->to >= GUC_VFS_COUNT || e->code >= GUC_IN_COUNT)
			return 0;
		return text_fmt(buf, cap, "%s -> %s on %s",
				guc_vf_state_name((enum guc_vf_state)e->from),
				guc_vf_state_name((enum guc_vf_state)e->to),
				guc_vf_input_name((enum guc_vf_input)e->code));
	case GUC_PT_BLOB:
		return text_fmt(buf, cap, "%s %u bytes", e->code == GUC_OP_SAVE ? "save" : "restore",
				e->len);
	case GUC_PT_FINDING:
		return e->finding ? describe_finding(buf, cap, e->finding) : 0;
	case GUC_PT_VIOLATION:
		if (e->code >= GUC_VIOL_COUNT)
			return 0;
		return text_fmt(buf, cap, "%s: address 0x%lx, value 0x%lx",
				guc_violation_text((enum guc_violation)e->code), e->addr, e->value);
	case GUC_PT_FENCE:
		return text_fmt(buf, cap, "context %u stores 0x%lx at 0x%lx", e->code, e->value,
				e->addr);
	case GUC_PT_CONTEXT:
		return put_context(buf, cap, e);
	case GUC_PT_TICK:
		return text_fmt(buf, cap, "%lu ns", e->value);
	case GUC_PT_PROVISION:
		return put_provision(buf, cap, e);
	case GUC_PT_MISHAP:
		return put_mishap(buf, cap, e);
	case GUC_PT_FAULT:
		return put_fault(buf, cap, e);
	case GUC_PT_FLR:
	case GUC_PT_COUNT:
		break;
	}
	return 0;
}

size_t describe_event(char *buf, size_t cap, const struct guc_event *e)
{
	static const char *const verdict[] = { "", " [changed]", " [swallowed]", " [delayed]",
					       " [answered]" };
	size_t at = 0;

	if (cap == 0)
		return 0;
	buf[0] = '\0';
	at = e->fn == 0 ? PUT(buf, cap, at, "pf/gt%u", e->gt)
			: PUT(buf, cap, at, "vf%u/gt%u", e->fn, e->gt);
	at = PUT(buf, cap, at, " %s ", e->point < GUC_PT_COUNT ? guc_point_name(e->point) : "?");
	at = put_at(cap, at, put_details(buf + at, cap - at, e));
	if (e->error != 0)
		at = put_at(cap, at, put_error(buf + at, cap - at, e->error));
	if (e->verdict < sizeof(verdict) / sizeof(verdict[0]))
		at = PUT(buf, cap, at, "%s", verdict[e->verdict]);
	/* A point that has nothing to say behind its name. */
	while (at > 0 && buf[at - 1] == ' ')
		buf[--at] = '\0';
	return at;
}
