/* SPDX-License-Identifier: MIT */
/* The VF lifecycle as a table, row by row as vf-lifecycle 1.3 lists it: first
 * row that matches state, input and condition wins, what no row matches is
 * refused with 0x0A. It can be listed rule by rule. What the effects do is in
 * lifecycle.c. */
#include "lifecycle_row.h"
#include "proto/text.h"

#define S(sym) (1u << GUC_VFS_##sym)
#define S_ALL (S(COUNT) - 1)
#define S_PAUSED (S(READY_PAUSED) | S(RUNNING_PAUSED) | S(RESFIX_PAUSED))
#define S_FLR (S(FLR_PENDING) | S(FLR_ACTIVE) | S(FLR_CLEANED))
#define S_OPEN (S(READY) | S(RUNNING))
#define S_SERVED (S_OPEN | S(RESFIX_BLOCKED))

static const char *const when_text[] = {
	[ALWAYS] = "",
	[REARMED] = "FLR again",
	[FRESH] = "marker 0",
	[ARG_ZERO] = "0 given",
	[ARG_STORED] = "stored marker given",
	[STRICT] = "strict",
	[LEGACY] = "ABI < 1.27",
	[LEGACY_ZERO] = "ABI < 1.27, 0 given",
};

static const char *const effect_text[EFFECT_COUNT] = {
#define X(sym, text) [I_##sym] = text,
	EFFECT_LIST(X)
#undef X
};

#define OK(in, cond, from, to, fx) \
	{ GUC_IN_##in, cond, from, GUC_OK, to, fx }
#define ERR(in, cond, from, code) \
	{ GUC_IN_##in, cond, from, GUC_ERR_##code, SAME, 0 }
#define TO(sym) GUC_VFS_##sym
/* What every request over MMIO meets in these states. */
#define MMIO(in)                                                               \
	{ GUC_IN_##in, ALWAYS, S_FLR, GUC_LIFE_LOST, SAME, E_SCRUB },          \
	{ GUC_IN_##in, ALWAYS, S_PAUSED, GUC_LIFE_HELD, SAME, 0 },             \
	ERR(in, ALWAYS, S(STOPPED), INVALID_STATE)
#define DONE_EFFECTS                                                           \
	(E_CCS_RESTORE | E_CHECK | E_MARKER_CLEAR | E_SERVE | E_TELL_FIXUP_DONE)

static const struct guc_vf_row table[] = {
	/* 1.3.1 */
	OK(CONFIG_VALID, ALWAYS, S(UNPROVISIONED), TO(READY), 0),
	OK(CONFIG_VALID, ALWAYS, S_ALL, SAME, 0),
	OK(CONFIG_GONE, ALWAYS, S_FLR | S(UNPROVISIONED), SAME, 0),
	OK(CONFIG_GONE, ALWAYS, S_ALL, TO(UNPROVISIONED), E_PREEMPT | E_DROP),

	/* 1.3.2 */
	OK(PAUSE, ALWAYS, S(READY), TO(READY_PAUSED), E_TELL_PAUSE_DONE),
	OK(PAUSE, ALWAYS, S(RUNNING), TO(RUNNING_PAUSED),
	   E_DRAIN | E_NOTE | E_PREEMPT | E_CCS_SAVE | E_TELL_PAUSE_DONE),
	OK(PAUSE, ALWAYS, S(RESFIX_BLOCKED), TO(RESFIX_PAUSED), E_TELL_PAUSE_DONE),
	ERR(PAUSE, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),
	OK(RESUME, ALWAYS, S(READY_PAUSED), TO(READY), E_RESCAN),
	OK(RESUME, ALWAYS, S(RUNNING_PAUSED), TO(RUNNING), E_SERVE | E_RESCAN),
	OK(RESUME, FRESH, S(RESFIX_PAUSED), TO(RESFIX_BLOCKED),
	   E_DISCARD | E_SW_INT | E_RESCAN_RUNG),
	OK(RESUME, ALWAYS, S(RESFIX_PAUSED), TO(RESFIX_BLOCKED), E_RESCAN_RUNG),
	OK(STOP, ALWAYS, S_SERVED | S_PAUSED, TO(STOPPED), E_PREEMPT),
	ERR(STOP, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	/* 1.3.3 */
	OK(PCI_FLR, ALWAYS, S(FLR_ACTIVE) | S(FLR_CLEANED), SAME, E_SCRUB | E_REARM),
	OK(PCI_FLR, ALWAYS, S(FLR_PENDING), SAME, E_SCRUB),
	OK(PCI_FLR, ALWAYS, S_ALL, TO(FLR_PENDING), E_PREEMPT | E_SCRUB | E_TELL_FLR),
	ERR(FLR_START, ALWAYS, S(FLR_ACTIVE) | S(FLR_CLEANED), INVALID_STATE),
	OK(FLR_START, ALWAYS, S_ALL, TO(FLR_ACTIVE),
	   E_PREEMPT | E_DROP | E_SCRUB | E_TELL_FLR_DONE),
	OK(FLR_FINISH, REARMED, S(FLR_CLEANED), TO(FLR_PENDING), E_TELL_FLR),
	OK(FLR_FINISH, ALWAYS, S(FLR_CLEANED), CLEAN, 0),

	/* 1.3.4 */
	OK(SAVE, ALWAYS, S_PAUSED, SAME, 0),
	OK(RESTORE, ALWAYS, S(READY_PAUSED) | S(RESFIX_PAUSED), TO(RESFIX_PAUSED),
	   E_MARKER_CLEAR | E_FROM_RUNNING),

	/* 1.3.5 */
	MMIO(MATCH_VERSION),
	OK(MATCH_VERSION, ALWAYS, S_SERVED | S(UNPROVISIONED), SAME, 0),

	MMIO(VF_RESET),
	OK(VF_RESET, ALWAYS, S_SERVED, TO(READY), E_PREEMPT | E_DROP),
	OK(VF_RESET, ALWAYS, S(UNPROVISIONED), SAME, E_DROP),

	MMIO(QUERY_KLV),
	OK(QUERY_KLV, ALWAYS, S_SERVED, SAME, 0),
	ERR(QUERY_KLV, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(SELF_CFG),
	OK(SELF_CFG, ALWAYS, S_OPEN, SAME, 0),
	ERR(SELF_CFG, ALWAYS, S(RESFIX_BLOCKED), VF_MIGRATED),
	ERR(SELF_CFG, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(CTB_ENABLE),
	OK(CTB_ENABLE, ALWAYS, S_OPEN, TO(RUNNING), E_SERVE),
	ERR(CTB_ENABLE, ALWAYS, S(RESFIX_BLOCKED), VF_MIGRATED),
	ERR(CTB_ENABLE, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(CTB_DISABLE),
	OK(CTB_DISABLE, ALWAYS, S_OPEN, TO(READY), E_PREEMPT),
	ERR(CTB_DISABLE, ALWAYS, S(RESFIX_BLOCKED), VF_MIGRATED),
	ERR(CTB_DISABLE, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(RESFIX_START),
	ERR(RESFIX_START, LEGACY, S_SERVED, UNKNOWN_ACTION),
	ERR(RESFIX_START, STRICT, S_OPEN, INVALID_STATE),
	ERR(RESFIX_START, ARG_ZERO, S_SERVED, INVALID_PARAMS),
	OK(RESFIX_START, ALWAYS, S(RESFIX_BLOCKED), SAME, E_MARKER_SET),
	OK(RESFIX_START, ALWAYS, S_OPEN, TO(RESFIX_BLOCKED),
	   E_PREEMPT | E_MARKER_SET | E_FROM_HERE),
	ERR(RESFIX_START, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(RESFIX_DONE),
	OK(RESFIX_DONE, LEGACY_ZERO, S(RESFIX_BLOCKED), BACK, DONE_EFFECTS),
	ERR(RESFIX_DONE, LEGACY, S(RESFIX_BLOCKED), ERROR_PROTOCOL),
	OK(RESFIX_DONE, LEGACY_ZERO, S(RUNNING), SAME, 0),
	ERR(RESFIX_DONE, ALWAYS, S_OPEN, INVALID_STATE),
	ERR(RESFIX_DONE, ARG_ZERO, S(RESFIX_BLOCKED), INVALID_PARAMS),
	OK(RESFIX_DONE, ARG_STORED, S(RESFIX_BLOCKED), BACK, DONE_EFFECTS),
	ERR(RESFIX_DONE, ALWAYS, S(RESFIX_BLOCKED), VF_MIGRATED),
	ERR(RESFIX_DONE, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),

	MMIO(OTHER_MMIO),
	OK(OTHER_MMIO, ALWAYS, S_OPEN, SAME, 0),
	ERR(OTHER_MMIO, ALWAYS, S(RESFIX_BLOCKED), VF_MIGRATED),
	ERR(OTHER_MMIO, ALWAYS, S(UNPROVISIONED), UNPROVISIONED_VF),
};

static const struct guc_vf_row refused = { .error = GUC_ERR_INVALID_STATE, .next = SAME };

const char *guc_vf_state_name(enum guc_vf_state s)
{
	switch (s) {
#define X(sym, name)                                                           \
	case GUC_VFS_##sym:                                                    \
		return name;
		GUC_VF_STATE_LIST(X)
#undef X
	case GUC_VFS_COUNT:
		break;
	}
	return "?";
}

const char *guc_vf_input_name(enum guc_vf_input in)
{
	switch (in) {
#define X(sym, name)                                                           \
	case GUC_IN_##sym:                                                     \
		return name;
		GUC_VF_INPUT_LIST(X)
#undef X
	case GUC_IN_COUNT:
		break;
	}
	return "?";
}

static bool holds(const struct guc_card *c, unsigned gt, unsigned fn, enum when when,
		  uint32_t arg)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	switch (when) {
	case ALWAYS:
		return true;
	case REARMED:
		return f->flr_rearm;
	case FRESH:
		return f->marker == 0;
	case ARG_ZERO:
		return arg == 0;
	case ARG_STORED:
		return arg && arg == f->marker;
	case STRICT:
		return c->block->options.strict_resfix;
	case LEGACY:
		return guc_abi_minor(c, gt, fn) < GUC_ABI_MARKERS;
	case LEGACY_ZERO:
		return arg == 0 && guc_abi_minor(c, gt, fn) < GUC_ABI_MARKERS;
	}
	return false;
}

const struct guc_vf_row *guc_vf_row_find(const struct guc_card *c, unsigned gt, unsigned fn,
					 enum guc_vf_input input, uint32_t arg)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (input == GUC_IN_PAUSE && f->pausing)
		return &refused;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].input == input && (table[i].states >> f->state & 1) &&
		    holds(c, gt, fn, (enum when)table[i].when, arg))
			return &table[i];
	return &refused;
}

/* --- listing ----------------------------------------------------------------------- */

static const char *next_name(const struct guc_vf_row *row, unsigned state)
{
	if (row->next == SAME)
		return guc_vf_state_name((enum guc_vf_state)state);
	if (row->next == CLEAN)
		return "VF_READY or UNPROVISIONED";
	if (row->next == BACK)
		return "state START found";
	return guc_vf_state_name((enum guc_vf_state)row->next);
}

static void print_reply(char *buf, size_t cap, uint16_t error)
{
	if (error == GUC_OK)
		text_fmt(buf, cap, "OK");
	else if (error == GUC_LIFE_HELD)
		text_fmt(buf, cap, "held");
	else if (error == GUC_LIFE_LOST)
		text_fmt(buf, cap, "lost");
	else
		text_fmt(buf, cap, "0x%02x", (unsigned)error);
}

static size_t print_effects(char *buf, size_t cap, uint32_t effects)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < EFFECT_COUNT; i++)
		if ((effects >> i & 1) && n < cap)
			n += text_fmt(buf + n, cap - n, "%s%s", n ? ", " : "", effect_text[i]);
	return n;
}

static void tell_rule(void (*rule)(void *user, const struct guc_lifecycle_rule *rule), void *user,
		      const struct guc_vf_row *row, unsigned state, unsigned input)
{
	char reply[16], effects[256];

	print_reply(reply, sizeof(reply), row->error);
	print_effects(effects, sizeof(effects), row->effects);
	rule(user, &(struct guc_lifecycle_rule){
		.state = (enum guc_vf_state)state, .input = (enum guc_vf_input)input,
		.when = when_text[row->when], .reply = reply, .next = next_name(row, state),
		.moves = row->next != SAME && row->next != state, .effects = effects,
	});
}

void guc_lifecycle_rules(void (*rule)(void *user, const struct guc_lifecycle_rule *rule),
			 void *user)
{
	for (unsigned state = 0; state < GUC_VFS_COUNT; state++) {
		for (unsigned in = 0; in < GUC_IN_COUNT; in++) {
			const struct guc_vf_row *last = NULL;

			for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
				if (table[i].input != in || !(table[i].states >> state & 1))
					continue;
				last = &table[i];
				tell_rule(rule, user, last, state, in);
				if (last->when == ALWAYS)
					break;
			}
			if (!last || last->when != ALWAYS)
				tell_rule(rule, user, &refused, state, in);
		}
	}
}
