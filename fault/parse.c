/* SPDX-License-Identifier: MIT */
/* A rule's line into a rule: the words one by one. Whether they make sense together
 * is check.c's business. */
#include "priv.h"

#include <string.h>

#include "proto/actions.h"
#include "proto/hxg.h"
#include "proto/klv.h"

static bool states_of(struct scan *s, struct span w, uint16_t *mask)
{
	struct choice list[GUC_VFS_COUNT];

	for (unsigned i = 0; i < GUC_VFS_COUNT; i++)
		list[i] = (struct choice){ i, guc_vf_state_name((enum guc_vf_state)i) };
	return value_alternatives(s, w, list, GUC_VFS_COUNT,
			    "state; `gucemu states` lists them", mask);
}

static const struct choice types[] = {
	{ HXG_REQUEST, "request" }, { HXG_FAST_REQUEST, "fast" }, { HXG_EVENT, "event" },
	{ HXG_SUCCESS, "response" }, { HXG_BUSY, "busy" }, { HXG_RETRY, "retry" },
	{ HXG_FAILURE, "failure" },
};

/* --- where ------------------------------------------------------------------------ */

static bool functions(struct scan *s, struct span w, uint64_t *fns)
{
	struct span left = w, right = w, dot;
	uint64_t a, b;

	if (span_is(w, "any")) {
		*fns = ~1ull;
		return true;
	}
	if (span_split(w, '.', &left, &right) &&
	    (!span_split(right, '.', &dot, &right) || dot.n))
		return scan_bad(s, w.s, "N, N..M or any is needed here");
	if (!value_number(s, left, 1, GUC_MAX_VFS, &a) || !value_number(s, right, 1, GUC_MAX_VFS, &b))
		return false;
	if (b < a)
		return scan_bad(s, w.s, "there is no VF in this range");
	*fns = (b == 63 ? UINT64_MAX : (1ull << (b + 1)) - 1) & ~((1ull << a) - 1);
	return true;
}

static bool span_of_addresses(struct scan *s, struct span w, struct fault_rule *r)
{
	struct span left, right;
	uint64_t bytes;

	if (!span_split(w, '+', &left, &right))
		return scan_bad(s, w.s, "ADDRESS+BYTES is needed here");
	if (!value_number(s, left, 0, UINT64_MAX, &r->from_addr) ||
	    !value_number(s, right, 1, UINT64_MAX, &bytes))
		return false;
	if (bytes - 1 > UINT64_MAX - r->from_addr)
		return scan_bad(s, right.s, "the range goes beyond the last address");
	r->to_addr = r->from_addr + (bytes - 1);
	r->has_range = true;
	return true;
}

static const struct choice dirs[] = { { 0, "in" }, { 1, "out" } };
static const struct choice vias[] = { { 0, "mmio" }, { 1, "ctb" }, { 2, "memirq" } };

static bool narrow(struct scan *s, struct fault_rule *r, struct span w, uint64_t points)
{
	r->points &= points;
	return r->points ||
	       scan_bad(s, w.s, "none of the rule's points is left: it could never match");
}

static bool direction(struct scan *s, struct span w, struct fault_rule *r)
{
	const uint64_t in = PTS_REQ | FAULT_BIT(GUC_PT_MMIO_WRITE) | FAULT_BIT(GUC_PT_MEM_READ);
	const uint64_t out = FAULT_BIT(GUC_PT_MBOX_REPLY) | FAULT_BIT(GUC_PT_G2H) |
			     FAULT_BIT(GUC_PT_IRQ) | FAULT_BIT(GUC_PT_MMIO_READ) |
			     FAULT_BIT(GUC_PT_MEM_WRITE);
	uint64_t v;

	if (!value_choice(w, dirs, 2, &v))
		return scan_bad(s, w.s, "in or out is needed here");
	return narrow(s, r, w, v ? out : in);
}

static bool transport(struct scan *s, struct span w, struct fault_rule *r)
{
	static const uint64_t points[] = {
		PTS_MMIO | FAULT_BIT(GUC_PT_MBOX_REQUEST) | FAULT_BIT(GUC_PT_MBOX_REPLY),
		PTS_CTB,
		FAULT_BIT(GUC_PT_IRQ),
	};
	uint64_t v;

	if (!value_choice(w, vias, 3, &v))
		return scan_bad(s, w.s, "mmio, ctb or memirq is needed here");
	return narrow(s, r, w, points[v]);
}

static bool operation(struct scan *s, struct span w, struct fault_rule *r)
{
	static const struct choice ops[] = { { GUC_OP_SAVE, "save" },
					     { GUC_OP_RESTORE, "restore" } };
	uint64_t v;

	if (!value_choice(w, ops, 2, &v))
		return scan_bad(s, w.s, "save or restore is needed here");
	r->has_code = true;
	r->code = (uint32_t)v;
	return true;
}

static bool code_of(struct scan *s, struct span w, struct fault_rule *r, bool irq)
{
	uint64_t v;

	if (irq ? !value_irq_bit(s, w, &v) : !value_number(s, w, 0, UINT32_MAX, &v))
		return false;
	r->has_code = true;
	r->code = (uint32_t)v;
	return true;
}

static bool action_of(struct scan *s, struct span w, struct fault_rule *r)
{
	uint64_t v;

	if (!value_named(w, guc_action_name, 0xFFFF, &v))
		return scan_bad(s, w.s, "unknown action; `gucemu actions` lists them");
	r->has_action = true;
	r->action = (uint32_t)v;
	return true;
}

static bool key_of(struct scan *s, struct span w, struct fault_rule *r)
{
	uint64_t v;

	if (!value_named(w, guc_klv_name, 0xFFFF, &v))
		return scan_bad(s, w.s, "unknown key; `gucemu klvs` lists them");
	r->has_key = true;
	r->key = (uint32_t)v;
	return true;
}

static bool where_word(struct scan *s, struct fault_rule *r, struct fault_names *names,
		       const char *key, struct span w)
{
	uint64_t v;

	if (strcmp(key, "vf") == 0) {
		names->where_fn = w.s;
		return functions(s, w, &r->fns);
	}
	if (strcmp(key, "gt") == 0) {
		names->where_gt = w.s;
		if (!value_number(s, w, 0, GUC_MAX_GTS - 1, &v))
			return false;
		r->gts = (uint16_t)(1u << v);
		return true;
	}
	if (strcmp(key, "dir") == 0)
		return direction(s, w, r);
	if (strcmp(key, "via") == 0)
		return transport(s, w, r);
	if (strcmp(key, "type") == 0) {
		names->where_type = w.s;
		return value_alternatives(s, w, types, sizeof(types) / sizeof(*types),
				    "kind of message", &r->types);
	}
	if (strcmp(key, "action") == 0) {
		names->where_action = w.s;
		return action_of(s, w, r);
	}
	if (strcmp(key, "key") == 0) {
		names->where_key = w.s;
		return key_of(s, w, r);
	}
	if (strcmp(key, "state") == 0) {
		names->where_state = w.s;
		return states_of(s, w, &r->states);
	}
	if (strcmp(key, "enters") == 0) {
		names->where_enters = w.s;
		return states_of(s, w, &r->enters);
	}
	if (strcmp(key, "leaves") == 0)
		return states_of(s, w, &r->leaves);
	if (strcmp(key, "op") == 0)
		return operation(s, w, r);
	if (strcmp(key, "range") == 0) {
		names->where_range = w.s;
		return span_of_addresses(s, w, r);
	}
	names->where_code = w.s;
	return code_of(s, w, r, strcmp(key, "bit") == 0);
}

/* --- when ------------------------------------------------------------------------- */

/* Of 0.0001 %: digits, a point, up to four digits, and '%'. */
static bool percent(struct scan *s, struct span w, uint32_t *ppm)
{
	struct span whole, part = { w.s, 0 };
	uint64_t a, b = 0;

	if (w.n < 2 || w.s[w.n - 1] != '%')
		return scan_bad(s, w.s, "a probability is needed here: 0.5%%");
	w.n--;
	whole = w;
	span_split(w, '.', &whole, &part);
	if (!span_number(whole, 100, &a) || part.n > 4 || (part.n && !span_number(part, 9999, &b)))
		return scan_bad(s, w.s, "a probability is needed here: 0.5%%");
	for (size_t i = part.n; i < 4; i++)
		b *= 10;
	*ppm = (uint32_t)(a * 10000 + b);
	if (*ppm == 0)
		return scan_bad(s, w.s, "with probability 0 it could never fire");
	return *ppm < 1000000 || scan_bad(s, w.s, "with 100%% it is no matter of chance: leave p= out");
}

static bool window(struct scan *s, struct span w, struct fault_rule *r)
{
	struct span left, right, none;

	if (!span_split(w, '.', &left, &right) || !span_split(right, '.', &none, &right) || none.n ||
	    (!left.n && !right.n))
		return scan_bad(s, w.s, "FROM..TO is needed here: 10ms..2s");
	r->t_to = UINT64_MAX;
	if ((left.n && !value_time(s, left, &r->t_from)) || (right.n && !value_time(s, right, &r->t_to)))
		return false;
	return r->t_to > r->t_from ||
	       scan_bad(s, right.s, "the window ends before it begins: it could never match");
}

static bool a_name(struct scan *s, struct span w, const char *what)
{
	char name[FAULT_NAME_MAX + 1];

	return span_name(w, name) ||
	       scan_bad(s, w.s, "%s is 1 to %u letters, digits, '-' or '_', and no number", what,
			FAULT_NAME_MAX);
}

static bool when_word(struct scan *s, struct fault_rule *r, struct fault_names *names,
		      const char *key, struct span w)
{
	if (strcmp(key, "nth") == 0)
		return value_number(s, w, 1, UINT32_MAX, &r->nth);
	if (strcmp(key, "every") == 0)
		return value_number(s, w, 1, UINT32_MAX, &r->every);
	if (strcmp(key, "first") == 0)
		return value_number(s, w, 1, UINT32_MAX, &r->first);
	if (strcmp(key, "from") == 0)
		return value_number(s, w, 1, UINT32_MAX, &r->from);
	if (strcmp(key, "p") == 0)
		return percent(s, w, &r->ppm);
	if (strcmp(key, "time") == 0)
		return window(s, w, r);
	if (strcmp(key, "until") == 0) {
		if (span_number(w, UINT32_MAX, &r->until_n))
			return r->until_n > 1 ||
			       scan_bad(s, w.s, "before the first time there is none");
		names->until = w;
		return a_name(s, w, "a rule's name");
	}
	if (strcmp(key, "after") == 0) {
		names->after = w;
		return a_name(s, w, "a rule's name");
	}
	if (strcmp(key, "if") == 0) {
		names->if_state = w;
		return a_name(s, w, "a state");
	}
	if (strcmp(key, "unless") == 0) {
		names->unless_state = w;
		return a_name(s, w, "a state");
	}
	names->file = w;
	return (w.n > 0 && w.n <= FAULT_PATH_MAX) ||
	       scan_bad(s, w.s, "a path of 1 to %u bytes is needed here", FAULT_PATH_MAX);
}

/* KEY=VALUE, or `pf`. `seen`: rows that the line has had. */
static bool condition(struct scan *s, struct fault_rule *r, struct fault_names *names,
		      struct span w, uint64_t *seen)
{
	struct span key = w, value = { w.s + w.n, 0 };
	bool has_value = span_split(w, '=', &key, &value);
	const struct fault_word *row = fault_word_of(FAULT_WHERE, key.s, key.n);
	static const char *const kinds[] = { "dw", "byte", "value" };
	struct fault_match m;

	if (has_value && value_bits(s, key, value, &m)) {
		if (s->bad)
			return false;
		if (r->match_n == FAULT_MATCHES)
			return scan_bad(s, w.s, "at most %u such conditions", FAULT_MATCHES);
		names->where_match = w.s;
		r->match[r->match_n++] = m;
		row = fault_word_of(FAULT_WHERE, kinds[m.kind], strlen(kinds[m.kind]));
		return narrow(s, r, w, row->points);
	}
	if (!row)
		row = fault_word_of(FAULT_WHEN, key.s, key.n);
	if (!row || span_is(key, "dw") || span_is(key, "byte"))
		return scan_bad(s, w.s, "unknown condition; `gucemu fault list` lists them");
	for (unsigned i = 0; fault_word(i); i++) {
		if (fault_word(i) != row)
			continue;
		if (*seen >> i & 1)
			return scan_bad(s, w.s, "%s stands here twice", row->word);
		*seen |= 1ull << i;
	}
	if (!(row->points & r->points))
		return scan_bad(s, w.s, "%s is no condition at this point: it could never match",
				row->word);
	if (span_is(w, "pf")) {
		names->where_fn = w.s;
		r->fns = 1;
		return true;
	}
	if (!has_value || value.n == 0)
		return scan_bad(s, w.s, "%s is needed here", row->form);
	if (row->part == FAULT_WHERE) {
		/* At points that don't know it the rule is silent. */
		r->points &= row->points;
		return where_word(s, r, names, row->word, value);
	}
	return when_word(s, r, names, row->word, value);
}

/* --- then, and the whole ------------------------------------------------------------ */

static bool parse_then(struct scan *s, struct fault_rule *r, struct fault_names *names)
{
	do {
		struct span w = scan_word(s), *state;

		if (span_is(w, "disarm")) {
			r->disarm = true;
			continue;
		}
		if (span_is(w, "log")) {
			r->log = true;
			continue;
		}
		if (!span_is(w, "set") && !span_is(w, "clear"))
			return scan_bad(s, w.s, "disarm, log, set STATE or clear STATE is needed here");
		state = span_is(w, "set") ? &names->set_state : &names->clear_state;
		if (state->n)
			return scan_bad(s, w.s, "one state can be set, and one be cleared");
		*state = scan_word(s);
		if (!a_name(s, *state, "a state"))
			return false;
	} while (scan_comma(s));
	return true;
}

static bool parse_points(struct scan *s, struct fault_rule *r, struct fault_names *names)
{
	do {
		struct span w = scan_word(s);
		const struct fault_word *row = fault_word_of(FAULT_POINT, w.s, w.n);

		if (!row)
			return scan_bad(s, w.s, w.n ? "unknown point; `gucemu fault list` lists them" :
							"a point is needed here");
		if (!names->where_points)
			names->where_points = w.s;
		r->points |= row->points;
	} while (scan_comma(s));
	return true;
}

static bool clean(struct scan *s)
{
	if (s->len > FAULT_LINE_MAX)
		return scan_bad(s, s->line + FAULT_LINE_MAX, "a rule has at most %u bytes",
				FAULT_LINE_MAX);
	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->line[i];

		if ((c < ' ' && c != '\t') || c > '~')
			return scan_bad(s, s->line + i, "a rule is plain text of one line");
	}
	return true;
}

bool fault_parse(const struct fault *f, struct scan *s, struct fault_rule *r,
		 struct fault_names *names)
{
	struct span w;
	uint64_t seen = 0;

	memset(r, 0, sizeof(*r));
	memset(names, 0, sizeof(*names));
	r->fns = UINT64_MAX;
	r->gts = r->types = r->states = r->enters = r->leaves = UINT16_MAX;
	r->t_to = UINT64_MAX;
	r->armed = true;
	if (!clean(s))
		return false;
	memcpy(r->line, s->line, s->len);
	w = scan_word(s);
	if (w.n > 1 && w.s[w.n - 1] == ':') {
		w.n--;
		if (!a_name(s, w, "a rule's name"))
			return false;
		span_name(w, r->name);
		w = scan_word(s);
	}
	if (!span_is(w, "on"))
		return scan_bad(s, w.s, "a rule begins with [NAME:] on POINT");
	if (!parse_points(s, r, names))
		return false;
	for (w = scan_word(s); w.n && !span_is(w, "do"); w = scan_word(s))
		if (!condition(s, r, names, w, &seen))
			return false;
	if (w.n == 0)
		return scan_bad(s, w.s, s->at < s->len ? "no comma belongs here"
						       : "`do` and what to do are missing");
	names->done.s = s->line + s->at;
	if (!fault_parse_what(s, r, names))
		return false;
	names->done.n = (size_t)(s->line + s->at - names->done.s);
	w = scan_word(s);
	if (span_is(w, "then")) {
		if (!parse_then(s, r, names))
			return false;
		w = scan_word(s);
	}
	if (w.n || s->at < s->len)
		return scan_bad(s, w.n ? w.s : s->line + s->at, "this is too much here");
	return fault_check(f, s, r, names);
}
