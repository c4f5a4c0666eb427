/* SPDX-License-Identifier: MIT */
/* A verb line of the control role: words and name=value options. */
#ifndef GUCEMU_EMULATOR_VERB_H
#define GUCEMU_EMULATOR_VERB_H

#include <stddef.h>
#include <stdint.h>

#define VERB_LINE_MAX 1024u
#define VERB_WORDS    4u
#define VERB_OPTIONS  16u

struct verb {
	char line[VERB_LINE_MAX]; /* cut into pieces */
	const char *word[VERB_WORDS];
	unsigned words;
	struct {
		const char *name, *value;
	} option[VERB_OPTIONS];
	unsigned options;
};

/* 0; -EINVAL for an empty line, a zero byte or more pieces than a verb has. */
int verb_parse(struct verb *v, const char *text, size_t len);
/* Word `i`, or "". */
const char *verb_word(const struct verb *v, unsigned i);
/* Value of an option, or NULL. */
const char *verb_option(const struct verb *v, const char *name);
/* An option as number (decimal, 0x...): 1 with *value, 0 not given, -EINVAL. */
int verb_number(const struct verb *v, const char *name, uint64_t *value);
/* NULL, or an option that is not among the words of `known`. */
const char *verb_unknown(const struct verb *v, const char *known);

#endif
