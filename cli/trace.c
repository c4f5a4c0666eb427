/* SPDX-License-Identifier: MIT */
/* gucemu trace: look into what `--record` wrote. Subcommands, and what they
 * share: filters, opening, and the verdict on damaged files. */
#include "cli/trace.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "show", trace_show_main, "print records, a line each" },
	{ "diagram", trace_diagram_main, "draw the sequence diagram of a VF's messages" },
	{ "info", trace_info_main, "tell what a file holds, and whether it is whole" },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* --- filters ------------------------------------------------------------------- */

static bool seconds(const char *text, double otherwise, double *value)
{
	char *end;

	*value = otherwise;
	if (!text)
		return true;
	*value = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*value);
}

/* The next word of a list with commas; *text moves behind it. */
static bool next_word(const char **text, char *word, size_t cap)
{
	size_t n = strcspn(*text, ",");

	if (n == 0 || n >= cap)
		return false;
	memcpy(word, *text, n);
	word[n] = '\0';
	*text += n;
	*text += **text == ',';
	return true;
}

static int find_kind(const char *word)
{
	for (int k = 1; k < 64; k++) {
		const char *name = trace_kind_name((gucemu_TraceKind)k);

		if (name && strcmp(name, word) == 0)
			return k;
	}
	return -1;
}

static int find_function(const char *word)
{
	uint64_t n;

	if (strcmp(word, "pf") == 0)
		return 0;
	if (strncmp(word, "vf", 2) == 0)
		word += 2;
	return cli_number(word, false, &n) && n <= GUC_MAX_VFS ? (int)n : -1;
}

static int find_gt(const char *word)
{
	uint64_t n;

	return cli_number(word, false, &n) && n < 32 ? (int)n : -1;
}

static bool mask(const char *list, int (*find)(const char *word), uint64_t *bits, const char *what,
		 const char *name)
{
	char word[32];

	*bits = 0;
	while (list && *list) {
		const char *at = list;
		int n = next_word(&list, word, sizeof(word)) ? find(word) : -1;

		if (n < 0) {
			cli_complain(name, "--%s: '%.*s' is unknown", what, (int)strcspn(at, ","),
				     at);
			return false;
		}
		*bits |= 1ull << n;
	}
	return true;
}

bool trace_filter_parse(struct trace_filter *filter, const struct trace_words *words,
			const char *name)
{
	uint64_t gts;

	if (!seconds(words->from, -INFINITY, &filter->from) ||
	    !seconds(words->to, INFINITY, &filter->to)) {
		cli_complain(name, "--from and --to take seconds, as in 1.25");
		return false;
	}
	if (!mask(words->kind, find_kind, &filter->kinds, "kind", name) ||
	    !mask(words->function, find_function, &filter->functions, "function", name) ||
	    !mask(words->gt, find_gt, &gts, "gt", name))
		return false;
	filter->gts = (uint32_t)gts;
	return true;
}

static bool has(uint64_t bits, uint32_t n)
{
	return bits == 0 || (n < 64 && bits >> n & 1);
}

bool trace_filter_has(const struct trace_filter *filter, const struct trace_file *f,
		      const struct trace_record *r)
{
	double t = trace_file_seconds(f, r->time);

	return t >= filter->from && t <= filter->to && has(filter->kinds, (uint32_t)r->kind) &&
	       has(filter->functions, r->function) &&
	       (has(filter->gts, r->gt) || (r->kind == gucemu_TRACE_STEP && r->gt == UINT8_MAX));
}

/* --- files ---------------------------------------------------------------------- */

int trace_open_arg(struct trace_file *f, int argc, char **argv, const char *name)
{
	enum trace_open opened;

	if (argc != 2) {
		cli_complain(name, argc < 2 ? "needs a FILE" : "takes one FILE");
		return CLI_EXIT_USAGE;
	}
	opened = trace_file_open(f, argv[1]);
	if (opened == TRACE_OPENED)
		return 0;
	fprintf(stderr, "%s: %s %s\n", name, argv[1], f->why);
	trace_file_close(f);
	return opened == TRACE_NO_TRACE ? TRACE_EXIT_NO_TRACE : TRACE_EXIT_DAMAGED;
}

int trace_end(const struct trace_file *f, enum trace_next end, uint64_t malformed, const char *name)
{
	fflush(stdout);
	if (malformed > 0)
		fprintf(stderr, "%s: %s: %" PRIu64 " records make no sense\n", name, f->path,
			malformed);
	if (end == TRACE_DAMAGED)
		fprintf(stderr, "%s: %s %s\n", name, f->path, f->why);
	else if (!f->ended)
		fprintf(stderr, "%s: %s has no end: the recording was cut short\n", name, f->path);
	return end == TRACE_DAMAGED || malformed > 0 ? TRACE_EXIT_DAMAGED : 0;
}

/* --- the command ------------------------------------------------------------------ */

static void usage(FILE *out)
{
	fprintf(out, "gucemu trace: look into the files that --record writes\n\n"
		     "Usage: gucemu trace VERB FILE [options]\n\nVerbs:\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fprintf(out, "\n'gucemu trace VERB --help' explains a verb. The exit status is 1 when a\n"
		     "file is damaged (what could be read is shown), 2 when it is no trace or not there.\n");
}

int gucemu_trace_main(int argc, char **argv)
{
	const char *names[VERBS];
	char name[32];

	if (argc < 2) {
		usage(stderr);
		return CLI_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < VERBS; i++) {
		names[i] = verbs[i].name;
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "gucemu trace %s", verbs[i].name);
		argv[1] = name;
		return verbs[i].main(argc - 1, argv + 1);
	}
	return cli_unknown("gucemu trace", "verb", argv[1], names, VERBS);
}
