/* SPDX-License-Identifier: MIT */
/* Rows of actions, notices, KLVs and the lifecycle as text. See facts.h. */
#include "cli/facts.h"

#include <stdio.h>
#include <string.h>

#include "emulator/guc/actions.h"
#include "emulator/guc/klvs.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"

static const char *role(unsigned who)
{
	static const char *const names[] = { "-", "PF", "VF", "PF, VF" };

	return names[who & GUC_BY_ALL];
}

/* --- actions ----------------------------------------------------------------------- */

static const char *const action_columns[] = {
	"code", "name", "from", "to", "over", "since", "min", "max", "types", "mbz", "answer",
	"what",
};
#define ACTION_COLUMNS (sizeof(action_columns) / sizeof(action_columns[0]))

static bool is_from(const struct facts_wish *w, unsigned who)
{
	if (!w->from)
		return true;
	return (strcmp(w->from, "pf") == 0 && (who & GUC_BY_PF)) ||
	       (strcmp(w->from, "vf") == 0 && (who & GUC_BY_VF)) ||
	       (strcmp(w->from, "guc") == 0 && who == 0);
}

static bool is_over(const struct facts_wish *w, unsigned transport)
{
	if (!w->over)
		return true;
	return strcmp(w->over, "mmio") == 0 ? transport == GUC_OVER_MMIO :
					      transport == GUC_OVER_CTB;
}

static const char *types(unsigned mask, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s%s%s", mask >> HXG_REQUEST & 1 ? "REQUEST" : "",
		 mask >> HXG_FAST_REQUEST & 1 ? ", FAST_REQUEST" : "",
		 mask >> HXG_EVENT & 1 ? ", EVENT" : "");
	return buf;
}

static void put_action(struct table *t, const struct guc_action *a)
{
	char buf[48];

	table_text(t, "%s", role(a->who));
	table_text(t, "GuC");
	table_text(t, "%s", a->transport == GUC_OVER_MMIO ? "MMIO" : "CTB");
	table_text(t, "1.%u", a->since_minor);
	table_number(t, a->min_len, 0);
	table_number(t, a->max_len, 0);
	table_text(t, "%s", types(a->types, buf, sizeof(buf)));
	table_text(t, "%s", a->data0_used ? "-" : "27:16");
	if (a->refusal)
		table_text(t, "0x%02X %s", a->refusal, guc_error_name(a->refusal));
	else
		table_text(t, "reply");
}

static void put_notice(struct table *t, const struct guc_notice *n)
{
	table_text(t, "GuC");
	table_text(t, "%s", role(n->to));
	table_text(t, "CTB");
	table_text(t, "1.0");
	table_number(t, n->min_len, 0);
	table_number(t, n->max_len, 0);
	table_text(t, "EVENT");
	table_text(t, "27:16");
	if (n->credit)
		table_text(t, "none; credit %u", n->credit);
	else
		table_text(t, "none");
}

static void put_unknown(struct table *t)
{
	for (unsigned i = 0; i < 8; i++)
		table_text(t, "-");
	table_text(t, "0x%02X %s", GUC_ERR_UNKNOWN_ACTION,
		   guc_error_name(GUC_ERR_UNKNOWN_ACTION));
}

static bool action_wanted(const struct facts_wish *w, int code, const struct guc_action *a,
			  const struct guc_notice *n)
{
	if (w->code >= 0 && w->code != code)
		return false;
	if (a)
		return is_from(w, a->who) && is_over(w, a->transport);
	if (n)
		return is_from(w, 0) && is_over(w, GUC_OVER_CTB);
	return !w->modelled && !w->from && !w->over;
}

struct table *facts_actions(const struct facts_wish *w)
{
	struct table *t = table_new(action_columns, ACTION_COLUMNS);
	int code;

	for (size_t i = 0; t && (code = guc_action_code(i)) >= 0; i++) {
		const struct guc_action *a = guc_action_find((uint32_t)code);
		const struct guc_notice *n = guc_notice_find((uint32_t)code);

		if (!action_wanted(w, code, a, n))
			continue;
		table_number(t, (uint64_t)code, 4);
		table_text(t, "%s", guc_action_name((uint32_t)code));
		if (a)
			put_action(t, a);
		else if (n)
			put_notice(t, n);
		else
			put_unknown(t);
		table_text(t, "%s", guc_action_text((uint32_t)code));
	}
	return t;
}

/* --- KLVs --------------------------------------------------------------------------- */

static const char *const klv_columns[] = {
	"key", "name", "min", "max", "set by", "with", "since", "read since", "range", "unit",
	"too large", "what",
};
#define KLV_COLUMNS (sizeof(klv_columns) / sizeof(klv_columns[0]))

static const struct {
	uint16_t action; /* 0: never set */
	const char *who;
} vias[GUC_KLV_VIA_COUNT] = {
#define X(sym, action, who) [GUC_KLV_VIA_##sym] = { action, who },
	GUC_KLV_VIA_LIST(X)
#undef X
};

static void put_range(struct table *t, const struct guc_klv_row *k)
{
	char max[32];

	if (k->max_len == 0) {
		table_text(t, "no value");
		return;
	}
	if (k->max == UINT64_MAX || (k->max == UINT32_MAX && k->min_len < 2))
		snprintf(max, sizeof(max), "any");
	else if (k->max > UINT16_MAX && k->align)
		snprintf(max, sizeof(max), "0 to 0x%llx", (unsigned long long)k->max);
	else
		snprintf(max, sizeof(max), "0 to %llu", (unsigned long long)k->max);
	if (k->align > 1)
		table_text(t, "%s, multiple of %llu", max, (unsigned long long)k->align);
	else
		table_text(t, "%s", max);
}

static void put_since(struct table *t, bool at_all, unsigned minor)
{
	if (at_all)
		table_text(t, "1.%u", minor);
	else
		table_text(t, "-");
}

struct table *facts_klvs(const struct facts_wish *w)
{
	struct table *t = table_new(klv_columns, KLV_COLUMNS);
	const struct guc_klv_row *k;

	for (size_t i = 0; t && (k = guc_klv_row(i)) != NULL; i++) {
		const char *who = vias[k->via].who;
		uint16_t action = vias[k->via].action;

		if ((w->code >= 0 && w->code != k->key) ||
		    (w->vf && !k->readable && !strstr(who, "VF")))
			continue;
		table_number(t, k->key, 4);
		table_text(t, "%s", guc_klv_name(k->key));
		table_number(t, k->min_len, 0);
		table_number(t, k->max_len, 0);
		table_text(t, "%s", who);
		table_text(t, "%s", action ? guc_action_name(action) : "-");
		put_since(t, action != 0, k->set_since);
		put_since(t, k->readable, k->read_since);
		put_range(t, k);
		table_text(t, "%s", k->unit ? k->unit : "-");
		table_text(t, "%s", !k->max_len || k->max == UINT64_MAX ||
				    (k->max == UINT32_MAX && k->min_len < 2) ? "-" :
				    k->clamp ? "cut" : "refused");
		table_text(t, "%s", k->text);
	}
	return t;
}

/* --- lifecycle ---------------------------------------------------------------------- */

static const char *const state_columns[] = {
	"state", "event", "when", "reply", "next", "effects",
};
#define STATE_COLUMNS (sizeof(state_columns) / sizeof(state_columns[0]))

struct states {
	struct table *table;
	const struct facts_wish *wish;
};

static void put_rule(void *user, const struct guc_lifecycle_rule *r)
{
	struct states *s = user;
	const char *state = guc_vf_state_name(r->state), *event = guc_vf_input_name(r->input);
	struct table *t = s->table;

	if ((s->wish->state && strcmp(s->wish->state, state) != 0) ||
	    (s->wish->event && strcmp(s->wish->event, event) != 0))
		return;
	table_text(t, "%s", state);
	table_text(t, "%s", event);
	table_text(t, "%s", r->when);
	table_text(t, "%s", r->reply);
	table_text(t, "%s", r->next);
	table_text(t, "%s", r->effects);
}

struct table *facts_states(const struct facts_wish *w)
{
	struct states s = { table_new(state_columns, STATE_COLUMNS), w };

	if (s.table)
		guc_lifecycle_rules(put_rule, &s);
	return s.table;
}

static void put_edge(void *user, const struct guc_lifecycle_rule *r)
{
	(void)user;
	if (r->moves)
		printf("\t\"%s\" -> \"%s\" [label=\"%s%s%s\"];\n", guc_vf_state_name(r->state),
		       r->next, guc_vf_input_name(r->input), r->when[0] ? "\\n" : "", r->when);
}

void facts_graph(void)
{
	printf("digraph lifecycle {\n");
	guc_lifecycle_rules(put_edge, NULL);
	printf("}\n");
}
