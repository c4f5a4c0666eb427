/* SPDX-License-Identifier: MIT */
/* Words, numbers and times of a rule's line, with the place of what is wrong. */
#include "priv.h"

#include <string.h>

#include "proto/text.h"

bool scan_bad(struct scan *s, const char *at, const char *fmt, ...)
{
	va_list ap;

	if (s->bad)
		return false;
	s->bad = true;
	s->err->at = at ? (size_t)(at - s->line) : s->len;
	va_start(ap, fmt);
	text_vfmt(s->err->text, sizeof(s->err->text), fmt, ap);
	va_end(ap);
	return false;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span scan_word(struct scan *s)
{
	struct span w;

	while (s->at < s->len && blank(s->line[s->at]))
		s->at++;
	w.s = s->line + s->at;
	while (s->at < s->len && !blank(s->line[s->at]) && s->line[s->at] != ',')
		s->at++;
	w.n = (size_t)(s->line + s->at - w.s);
	return w;
}

bool scan_comma(struct scan *s)
{
	size_t at = s->at;

	while (at < s->len && blank(s->line[at]))
		at++;
	if (at == s->len || s->line[at] != ',')
		return false;
	s->at = at + 1;
	return true;
}

bool span_is(struct span w, const char *text)
{
	return strlen(text) == w.n && memcmp(text, w.s, w.n) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' ? '-' : c;
}

bool span_like(struct span w, const char *text)
{
	if (strlen(text) != w.n)
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (lower(w.s[i]) != lower(text[i]))
			return false;
	return true;
}

bool span_split(struct span w, char c, struct span *left, struct span *right)
{
	const char *at = w.n ? memchr(w.s, c, w.n) : NULL;

	if (!at)
		return false;
	*left = (struct span){ w.s, (size_t)(at - w.s) };
	*right = (struct span){ at + 1, w.n - left->n - 1 };
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool span_number(struct span w, uint64_t max, uint64_t *v)
{
	bool hex = w.n > 2 && w.s[0] == '0' && lower(w.s[1]) == 'x';
	unsigned base = hex ? 16 : 10;

	*v = 0;
	if (w.n == 0)
		return false;
	for (size_t i = hex ? 2 : 0; i < w.n; i++) {
		unsigned d = (unsigned)digit(w.s[i]);

		if (d >= base || *v > (UINT64_MAX - d) / base)
			return false;
		*v = *v * base + d;
	}
	return *v <= max;
}

bool span_time(struct span w, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	size_t digits = 0;

	while (digits < w.n && w.s[digits] >= '0' && w.s[digits] <= '9')
		digits++;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!span_is((struct span){ w.s + digits, w.n - digits }, units[i].unit))
			continue;
		if (!span_number((struct span){ w.s, digits }, UINT64_MAX / units[i].ns, ns))
			return false;
		*ns *= units[i].ns;
		return true;
	}
	return false;
}

bool span_name(struct span w, char *name)
{
	bool digits = true;

	if (w.n == 0 || w.n > FAULT_NAME_MAX)
		return false;
	for (size_t i = 0; i < w.n; i++) {
		char c = w.s[i];

		if (!((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
		      c == '_'))
			return false;
		digits = digits && c >= '0' && c <= '9';
	}
	if (digits)
		return false;
	memcpy(name, w.s, w.n);
	name[w.n] = '\0';
	return true;
}
