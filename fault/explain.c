/* SPDX-License-Identifier: MIT */
/* A rule in plain words: each word of the line with its row of the table. */
#include "priv.h"

#include <errno.h>
#include <string.h>

#include "proto/text.h"

struct text {
	char *s;
	size_t cap, at;
};

static void say(struct text *t, const char *part, struct span word, const char *more)
{
	char copy[FAULT_LINE_MAX + 1];
	size_t left = t->at < t->cap ? t->cap - t->at : 0;

	memcpy(copy, word.s, word.n);
	copy[word.n] = '\0';
	t->at += text_fmt(left ? t->s + t->at : NULL, left, "%s%s: %s\n", part, copy, more);
}

static const struct fault_word *row_of(struct span w)
{
	struct span key = w, value;
	size_t letters = 0;
	const struct fault_word *row;

	span_split(w, '=', &key, &value);
	row = fault_word_of(FAULT_WHERE, key.s, key.n);
	if (!row)
		row = fault_word_of(FAULT_WHEN, key.s, key.n);
	while (letters < key.n && (key.s[letters] < '0' || key.s[letters] > '9'))
		letters++;
	return row ? row : fault_word_of(FAULT_WHERE, key.s, letters);
}

static void say_then(struct text *t, struct scan *s)
{
	do {
		struct span w = scan_word(s), state;
		const struct fault_word *row = fault_word_of(FAULT_THEN, w.s, w.n);

		if (strcmp(row->word, row->form) != 0) {
			state = scan_word(s);
			w.n = (size_t)(state.s + state.n - w.s);
		}
		say(t, "then  ", w, row->text);
	} while (scan_comma(s));
}

int fault_explain(const struct fault *f, const char *line, size_t len, char *text, size_t cap,
		  struct fault_error *err)
{
	struct scan s = { .line = line, .len = len, .err = err };
	struct text t = { .s = text, .cap = cap };
	const struct fault_word *row;
	struct fault_names names;
	struct fault_rule r;
	struct span w;

	*err = (struct fault_error){ 0 };
	if (cap)
		text[0] = '\0';
	if (!fault_parse(f, &s, &r, &names))
		return -EINVAL;
	s.at = 0;
	w = scan_word(&s);
	if (r.name[0]) {
		w.n--;
		say(&t, "name  ", w, "what after= and until= of other rules, counters and traces "
				      "call it");
		scan_word(&s);
	}
	do {
		w = scan_word(&s);
		say(&t, "on    ", w, fault_word_of(FAULT_POINT, w.s, w.n)->text);
	} while (scan_comma(&s));
	for (w = scan_word(&s); !span_is(w, "do"); w = scan_word(&s)) {
		row = row_of(w);
		say(&t, row->part == FAULT_WHERE ? "where " : "when  ", w, row->text);
	}
	w = scan_word(&s);
	row = fault_word_of(FAULT_WHAT, w.s, w.n);
	w.n = (size_t)(names.done.s + names.done.n - w.s);
	while (w.n && (w.s[w.n - 1] == ' ' || w.s[w.n - 1] == '\t'))
		w.n--;
	say(&t, "do    ", w, row->text);
	s.at = (size_t)(w.s + w.n - s.line);
	if (span_is(scan_word(&s), "then"))
		say_then(&t, &s);
	return 0;
}
