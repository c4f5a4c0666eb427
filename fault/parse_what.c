/* SPDX-License-Identifier: MIT */
/* WHAT of a rule, and its arguments. */
#include "priv.h"

#include <string.h>

#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/hxg.h"

/* The word behind, if it is none of the grammar's. */
static struct span argument(struct scan *s)
{
	size_t at = s->at;
	struct span w = scan_word(s);

	if (span_is(w, "then")) {
		s->at = at;
		w.n = 0;
	}
	return w;
}

static bool count_arg(struct scan *s, struct fault_rule *r, uint64_t otherwise, uint64_t max)
{
	struct span w = argument(s);

	r->arg[0] = otherwise;
	return w.n == 0 || value_number(s, w, 1, max, &r->arg[0]);
}

static bool needed(struct scan *s, enum fault_do what, struct span w)
{
	const struct fault_word *row = NULL;

	for (unsigned i = 0; fault_word(i); i++) {
		if (fault_word(i)->part == FAULT_WHAT) {
			row = fault_word(i + what);
			break;
		}
	}
	return w.n > 0 || scan_bad(s, w.s, "%s is needed here", row->form);
}

static bool reorder_args(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s);

	r->arg[0] = 1;
	r->arg[1] = 10000000;
	if (w.n && span_number(w, UINT64_MAX, &r->arg[0])) {
		if (!value_number(s, w, 1, 255, &r->arg[0]))
			return false;
		w = argument(s);
	}
	return w.n == 0 || value_time(s, w, &r->arg[1]);
}

static bool set_args(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s), key, value;

	if (!needed(s, DO_SET, w))
		return false;
	if (!span_split(w, '=', &key, &value) || !value_bits(s, key, value, &r->set))
		return scan_bad(s, w.s, "dwN=VALUE, byteN=VALUE or value=VALUE is needed here");
	return !s->bad;
}

static bool failure_args(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s);

	if (!needed(s, DO_FAILURE, w))
		return false;
	if (!value_named(w, guc_error_name, 0xFFFF, &r->arg[0]))
		return scan_bad(s, w.s, "unknown error; `gucemu explain` knows them");
	w = argument(s);
	return w.n == 0 || value_number(s, w, 0, 0xFFF, &r->arg[1]);
}

static bool answer_args(struct scan *s, struct fault_rule *r)
{
	do {
		struct span w = argument(s);

		if (!needed(s, DO_ANSWER, w))
			return false;
		if (r->arg_n == 4)
			return scan_bad(s, w.s, "an answer has at most 4 dwords");
		if (!value_number(s, w, 0, UINT32_MAX, &r->arg[r->arg_n++]))
			return false;
	} while (scan_comma(s));
	return true;
}

static bool break_args(struct scan *s, struct fault_rule *r)
{
	static const struct choice rings[] = { { GUC_DEED_BREAK_H2G, "h2g" },
					       { GUC_DEED_BREAK_G2H, "g2h" } };
	static const struct choice cells[] = { { CTB_DESC_HEAD, "head" },
					       { CTB_DESC_TAIL, "tail" },
					       { CTB_DESC_STATUS, "status" } };
	struct span ring = argument(s), word = argument(s), value = argument(s);

	if (!value_choice(ring, rings, 2, &r->arg[0]))
		return scan_bad(s, ring.s, "h2g or g2h is needed here");
	if (!value_choice(word, cells, 3, &r->arg[1]))
		return scan_bad(s, word.s, "head, tail or status is needed here");
	r->arg[2] = UINT32_MAX;
	return value.n == 0 || value_number(s, value, 0, UINT32_MAX, &r->arg[2]);
}

static bool whom(struct scan *s, struct fault_rule *r, bool hang)
{
	static const struct choice hangs[] = { { GUC_DEED_HANG_GUC, "guc" },
					       { GUC_DEED_HANG_GT, "gt" },
					       { GUC_DEED_HANG_FUNCTION, "function" } };
	static const struct choice resets[] = { { GUC_DEED_RESET_GUC, "guc" },
						{ GUC_DEED_RESET_GT, "gt" },
						{ GUC_DEED_RESET_FUNCTION, "function" } };
	struct span w = argument(s);

	return value_choice(w, hang ? hangs : resets, 3, &r->arg[0]) ||
	       scan_bad(s, w.s, "guc, gt or function is needed here");
}

static bool target(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s);

	if (w.n > FAULT_PATH_MAX)
		return scan_bad(s, w.s, "a target of at most %u bytes is needed here",
				FAULT_PATH_MAX);
	memcpy(r->target, w.s, w.n);
	r->target[w.n] = '\0';
	return true;
}

static bool one_number(struct scan *s, struct fault_rule *r, uint64_t max)
{
	struct span w = argument(s);

	return needed(s, (enum fault_do)r->what, w) && value_number(s, w, 0, max, &r->arg[0]);
}

static bool one_time(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s);

	return needed(s, (enum fault_do)r->what, w) && value_time(s, w, &r->arg[0]);
}

static bool one_bit(struct scan *s, struct fault_rule *r)
{
	struct span w = argument(s);

	return needed(s, (enum fault_do)r->what, w) && value_irq_bit(s, w, &r->arg[0]);
}

static bool what_args(struct scan *s, struct fault_rule *r)
{
	struct span w;

	switch ((enum fault_do)r->what) {
	case DO_NOTHING:
	case DO_DROP:
	case DO_ORIGIN:
	case DO_MBZ:
	case DO_FAIL:
	case DO_CLEAR_MAILBOX:
	case DO_DISCONNECT:
	case DO_PAUSE:
		return true;
	case DO_DELAY:
	case DO_BUSY:
		return one_time(s, r);
	case DO_DUPLICATE:
		return count_arg(s, r, 1, 16);
	case DO_FLIP:
		return count_arg(s, r, 1, GUC_HOOK_PATCHES);
	case DO_TRUNCATE:
	case DO_EXTEND:
		return count_arg(s, r, 1, 254);
	case DO_FENCE:
		return count_arg(s, r, 1, 0xFFFF);
	case DO_REORDER:
		return reorder_args(s, r);
	case DO_SET:
		return set_args(s, r);
	case DO_RETRY:
		w = argument(s);
		return w.n == 0 || value_number(s, w, 0, HXG_RETRY_REASON, &r->arg[0]);
	case DO_FAILURE:
		return failure_args(s, r);
	case DO_ANSWER:
		return answer_args(s, r);
	case DO_DATA0:
		return one_number(s, r, HXG_SUCCESS_DATA0);
	case DO_KLV_LENGTH:
		return one_number(s, r, 0xFFFF);
	case DO_BYTE:
		return one_number(s, r, 0xFF);
	case DO_BIT:
	case DO_INTERRUPT:
		return one_bit(s, r);
	case DO_BREAK:
		return break_args(s, r);
	case DO_HANG:
		return whom(s, r, true);
	case DO_RESET:
		return whom(s, r, false);
	case DO_MIGRATE:
		return target(s, r);
	}
	return false;
}

bool fault_parse_what(struct scan *s, struct fault_rule *r, struct fault_names *names)
{
	struct span w = argument(s);
	const struct fault_word *row = fault_word_of(FAULT_WHAT, w.s, w.n), *first = row;

	if (!row)
		return scan_bad(s, w.s, w.n ? "unknown fault; `gucemu fault list` lists them" :
						"what to do is missing");
	while (first != fault_word(0) && (first - 1)->part == FAULT_WHAT)
		first--;
	r->what = (uint8_t)(row - first);
	names->where_what = w.s;
	if (r->points & ~row->points) {
		enum guc_point p = (enum guc_point)__builtin_ctzll(r->points & ~row->points);

		return scan_bad(s, w.s, "%s can't be done at %s", row->word, guc_point_name(p));
	}
	if (!what_args(s, r))
		return scan_bad(s, w.s, "%s is needed here", row->form);
	return true;
}
