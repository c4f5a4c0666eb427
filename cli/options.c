/* SPDX-License-Identifier: MIT */
/* Parser and --help of option tables; see options.h. */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 26
#define WORD_MAX 32u

void cli_complain(const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry '%s --help'.\n", name);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein distance of two short words. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned above = row[j];

			row[j] = least(row[j - 1] + 1, above + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *cli_nearest(const char *word, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, words[i]);

		if (d < best_distance && d < strlen(words[i])) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}

int cli_unknown(const char *name, const char *kind, const char *word, const char *const *words,
		size_t n)
{
	const char *near = cli_nearest(word, words, n);

	if (near)
		cli_complain(name, "'%s' is no %s; did you mean '%s'?", word, kind, near);
	else
		cli_complain(name, "'%s' is no %s", word, kind);
	return CLI_EXIT_USAGE;
}

bool cli_number(const char *text, bool suffix, uint64_t *value)
{
	static const char suffixes[] = "KMG";
	const char *s;
	char *end;
	uint64_t v;
	unsigned shift = 0;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (errno != 0 || end == text)
		return false;
	if (suffix && end[0] != '\0') {
		s = strchr(suffixes, toupper((unsigned char)end[0]));
		if (!s)
			return false;
		shift = 10u * (unsigned)(s - suffixes + 1);
		end++;
	}
	if (end[0] != '\0' || (v << shift) >> shift != v)
		return false;
	*value = v << shift;
	return true;
}

void cli_help(const struct cli_command *c)
{
	printf("%s: %s\n\nUsage: %s %s\n", c->name, c->about, c->name, c->args);
	if (c->options_n > 0)
		printf("\nOptions:\n");
	for (size_t i = 0; i < c->options_n; i++) {
		const struct cli_option *o = &c->options[i];
		int width = printf("  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");

		if (width >= HELP_COLUMN)
			printf("\n%*s%s\n", HELP_COLUMN, "", o->help);
		else
			printf("%*s%s\n", HELP_COLUMN - width, "", o->help);
	}
	if (c->notes)
		printf("\n%s", c->notes);
}

static const struct cli_option *find(const struct cli_command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->options_n; i++)
		if (strlen(c->options[i].name) == len &&
		    strncmp(c->options[i].name, name, len) == 0)
			return &c->options[i];
	return NULL;
}

static bool store_number(const struct cli_command *c, const struct cli_option *o,
			 const char *text)
{
	uint64_t v;
	bool bounded = o->min != 0 || o->max != 0;
	uint64_t max = bounded ? o->max : o->kind == CLI_UINT ? UINT32_MAX : UINT64_MAX;

	if (!cli_number(text, o->kind == CLI_SIZE, &v)) {
		cli_complain(c->name, "--%s: '%s' is not a number", o->name, text);
		return false;
	}
	if (v < o->min || v > max) {
		cli_complain(c->name, "--%s: %s is not in %llu..%llu", o->name, text,
			     (unsigned long long)o->min, (unsigned long long)max);
		return false;
	}
	if (o->kind == CLI_UINT)
		*(unsigned *)o->value = (unsigned)v;
	else
		*(uint64_t *)o->value = v;
	return true;
}

static bool store(const struct cli_command *c, const struct cli_option *o, const char *text)
{
	struct cli_list *list;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->value = true;
		return true;
	case CLI_STRING:
		*(const char **)o->value = text;
		return true;
	case CLI_UINT:
	case CLI_SIZE:
		return store_number(c, o, text);
	case CLI_LIST:
		list = o->value;
		if (list->n == CLI_LIST_MAX) {
			cli_complain(c->name, "--%s was given more than %u times", o->name,
				     CLI_LIST_MAX);
			return false;
		}
		list->item[list->n++] = text;
		return true;
	}
	return false;
}

static void complain_unknown(const struct cli_command *c, const char *word)
{
	const char *names[64];
	size_t n = 0;
	const char *near;

	for (; n < c->options_n && n < 64; n++)
		names[n] = c->options[n].name;
	near = cli_nearest(word + 2, names, n);
	if (near)
		cli_complain(c->name, "unknown option '%s'; did you mean '--%s'?", word, near);
	else
		cli_complain(c->name, "unknown option '%s'", word);
}

/* One option at argv[*i]; *i moves to its last word. */
static bool take(const struct cli_command *c, int argc, char **argv, int *i)
{
	char *word = argv[*i];
	char *eq = strchr(word, '=');
	const struct cli_option *o;
	size_t len = strncmp(word, "--", 2) != 0 ? 0
		     : eq ? (size_t)(eq - word) - 2 : strlen(word) - 2;

	o = len > 0 ? find(c, word + 2, len) : NULL;
	if (!o) {
		complain_unknown(c, word);
		return false;
	}
	if (o->kind == CLI_FLAG && eq) {
		cli_complain(c->name, "--%s takes no argument", o->name);
		return false;
	}
	if (o->kind == CLI_FLAG)
		return store(c, o, NULL);
	if (eq)
		return store(c, o, eq + 1);
	if (*i + 1 >= argc) {
		cli_complain(c->name, "--%s needs %s", o->name, o->arg ? o->arg : "an argument");
		return false;
	}
	*i += 1;
	return store(c, o, argv[*i]);
}

enum cli_result cli_parse(const struct cli_command *c, int *argc, char **argv)
{
	int words = *argc > 0 ? 1 : 0;
	bool ended = false;

	for (int i = words; i < *argc; i++) {
		char *word = argv[i];

		if (ended || word[0] != '-' || word[1] == '\0') {
			argv[words++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			cli_help(c);
			return CLI_HELP;
		}
		if (!take(c, *argc, argv, &i))
			return CLI_BAD;
	}
	*argc = words;
	argv[words] = NULL;
	return CLI_RUN;
}
