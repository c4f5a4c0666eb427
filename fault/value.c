/* SPDX-License-Identifier: MIT */
/* Values in a rule: numbers in their range, times, names, bits under a mask. */
#include "priv.h"

#include <string.h>

#include "proto/regs.h"

bool value_number(struct scan *s, struct span w, uint64_t min, uint64_t max, uint64_t *v)
{
	if (!span_number(w, UINT64_MAX, v))
		return scan_bad(s, w.s, "a number is needed here, decimal or 0x...");
	if (*v < min || *v > max)
		return scan_bad(s, w.s, "out of range: %lu to %lu", min, max);
	return true;
}

bool value_time(struct scan *s, struct span w, uint64_t *ns)
{
	return span_time(w, ns) ||
	       scan_bad(s, w.s, "a time is needed here: a number with ns, us, ms or s");
}

bool value_choice(struct span w, const struct choice *list, size_t n, uint64_t *v)
{
	for (size_t i = 0; i < n; i++) {
		if (span_like(w, list[i].name)) {
			*v = list[i].value;
			return true;
		}
	}
	return false;
}

static const struct choice bits[] = { { GUC_IRQ_GUC2HOST, "guc2host" },
				      { GUC_IRQ_SW_INT_0, "sw-int-0" } };

bool value_irq_bit(struct scan *s, struct span w, uint64_t *v)
{
	return value_choice(w, bits, 2, v) || (span_number(w, 15, v)) ||
	       scan_bad(s, w.s, "guc2host, sw-int-0 or a bit 0 to 15 is needed here");
}

/* Codes whose names a function gives. */
bool value_named(struct span w, const char *(*name_of)(uint32_t code), uint64_t max, uint64_t *v)
{
	if (span_number(w, max, v))
		return true;
	for (uint32_t code = 0; code <= max; code++) {
		const char *name = name_of(code);

		if (name && span_like(w, name)) {
			*v = code;
			return true;
		}
	}
	return false;
}

/* VALUE[/MASK] */
static bool masked(struct scan *s, struct span w, uint64_t all, uint64_t *value, uint64_t *mask)
{
	struct span left = w, right;

	*mask = all;
	if (span_split(w, '/', &left, &right) && !value_number(s, right, 1, all, mask))
		return false;
	if (!value_number(s, left, 0, all, value))
		return false;
	return !(*value & ~*mask) ||
	       scan_bad(s, left.s, "the value has bits outside the mask: it could never match");
}

/* dwN=V, byteN=V, value=V; false without an error: it is none of them. */
bool value_bits(struct scan *s, struct span key, struct span text, struct fault_match *m)
{
	uint64_t at = 0, all = UINT64_MAX;

	if (key.n > 2 && memcmp(key.s, "dw", 2) == 0 &&
	    span_number((struct span){ key.s + 2, key.n - 2 }, 2000000, &at)) {
		m->kind = MATCH_DW;
		all = UINT32_MAX;
	} else if (key.n > 4 && memcmp(key.s, "byte", 4) == 0 &&
		   span_number((struct span){ key.s + 4, key.n - 4 }, 8000000, &at)) {
		m->kind = MATCH_BYTE;
		all = 0xFF;
	} else if (span_is(key, "value")) {
		m->kind = MATCH_VALUE;
	} else {
		return false;
	}
	m->at = (uint32_t)at;
	masked(s, text, all, &m->value, &m->mask);
	return true;
}

/* A|B|C of a list as a mask. */
bool value_alternatives(struct scan *s, struct span w, const struct choice *list, size_t n,
			 const char *what, uint16_t *mask)
{
	struct span one = w, rest = w;
	bool more;
	uint64_t v;

	*mask = 0;
	do {
		more = span_split(rest, '|', &one, &rest);
		if (!more)
			one = rest;
		if (!value_choice(one, list, n, &v))
			return scan_bad(s, one.s, "unknown %s", what);
		*mask |= (uint16_t)(1u << v);
	} while (more);
	return true;
}
