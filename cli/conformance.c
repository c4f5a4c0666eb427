/* SPDX-License-Identifier: MIT */
/* gucemu conformance: the checklist of vf-lifecycle 6 and 7 as scenarios, run on
 * our drivers or on somebody else's, and a table of what holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/run_report.h"

#define NAME "gucemu conformance"
/* Seconds for a case of real processes, where waiting takes its time. */
#define WALL_REAL 180u

static const char notes[] =
	"Each row of the checklist (gucemu explain R-10) is a scenario, 'must' or 'should'. With\n"
	"--client or --pf somebody else's driver is judged, over sockets, by default only on rows\n"
	"that Linux's driver is known to obey (source S or I; --decisions adds ours). Rows that look\n"
	"into our own drivers are skipped then.\n"
	"\n"
	"Exit status: 0 no 'must' failed (with --strict: nothing); else as gucemu run.\n";

/* Sections by the first letter of an id. */
static const struct section {
	char letter;
	const char *name;
} sections[] = {
	{ 'R', "recovery and markers" },
	{ 'C', "CTB and submission" },
	{ 'F', "fixups" },
	{ 'P', "PF control" },
	{ 'M', "save, restore, image" },
	{ 'Q', "relay" },
	{ 'X', "weaknesses" },
};
#define SECTIONS (sizeof(sections) / sizeof(*sections))

enum { MUST, SHOULD, LEVELS };

struct tally {
	size_t passed[LEVELS], failed[LEVELS], skipped;
};

struct conformance {
	const char *suite, *generation, *format, *filter, *output, *client, *pf;
	uint64_t seed;
	unsigned jobs, timeout;
	bool sockets, list, strict, decisions, verbose;
	char found[4096]; /* the suite's folder */
	struct report report;
	struct tally tally[SECTIONS + 1]; /* the last: ids of no section */
	bool must_failed;
};

static int complain(const char *text)
{
	cli_complain(NAME, "%s", text);
	return CLI_EXIT_USAGE;
}

/* A build folder may have an empty one. */
static bool has_rows(char *folder)
{
	size_t len = strlen(folder);
	bool there;

	strcpy(folder + len, "/_common.lua");
	there = access(folder, R_OK) == 0;
	folder[len] = '\0';
	return there;
}

/* The suite is installed, or lies in the source, in or below which this program was built. */
static const char *find_suite(struct conformance *k)
{
	static const char place[] = "/tests/conformance";
	char *slash;
	ssize_t n;

	if (k->suite)
		return k->suite;
	if (access(GUCEMU_SUITE, R_OK) == 0)
		return GUCEMU_SUITE;
	n = readlink("/proc/self/exe", k->found, sizeof(k->found) - 64);
	if (n <= 0)
		return NULL;
	k->found[n] = '\0';
	/* build/plain/gucemu is the deepest; in the source itself libtool has it in .libs. */
	for (unsigned i = 0; i < 3 && (slash = strrchr(k->found, '/')) != NULL; i++) {
		strcpy(slash, place);
		if (has_rows(k->found))
			return k->found;
		*slash = '\0';
	}
	return NULL;
}

static size_t section_of(const char *id)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (id[0] == sections[i].letter && id[1] == '-')
			return i;
	return SECTIONS;
}

static bool is_should(const struct run_case *c)
{
	return strcmp(c->is.level, "should") == 0;
}

static void on_done(void *user, struct run_case *c)
{
	struct conformance *k = user;
	struct tally *t = &k->tally[section_of(c->is.id)];
	enum outcome o = c->verdict.outcome;

	if (o == OUTCOME_SKIP) {
		t->skipped++;
	} else if (o == OUTCOME_PASS) {
		t->passed[is_should(c)]++;
	} else {
		t->failed[is_should(c)]++;
		k->must_failed |= !is_should(c);
	}
	report_case(&k->report, c);
}

static void put_row(FILE *out, const char *name, const struct tally *t)
{
	fprintf(out, "%-24s %6zu %6zu  %6zu %6zu  %7zu\n", name, t->passed[MUST], t->failed[MUST],
	       t->passed[SHOULD], t->failed[SHOULD], t->skipped);
}

static void put_table(const struct conformance *k)
{
	struct tally all = { { 0 }, { 0 }, 0 };
	FILE *out = k->report.out;

	fprintf(out, "\n%-24s %13s  %13s\n%-24s %6s %6s  %6s %6s  %7s\n", "", "must", "should", "section",
	       "pass", "fail", "pass", "fail", "skipped");
	for (size_t i = 0; i <= SECTIONS; i++) {
		const struct tally *t = &k->tally[i];

		for (int l = 0; l < LEVELS; l++) {
			all.passed[l] += t->passed[l];
			all.failed[l] += t->failed[l];
		}
		all.skipped += t->skipped;
		if (i < SECTIONS)
			put_row(out, sections[i].name, t);
		else if (t->passed[MUST] + t->failed[MUST] + t->passed[SHOULD] + t->failed[SHOULD] +
			 t->skipped)
			put_row(out, "other", t);
	}
	put_row(out, "all", &all);
}

/* Rows for somebody else's driver: those that Linux's obeys. */
static bool selected(const struct conformance *k, const struct run_case *c)
{
	if ((k->client || k->pf) && !k->decisions && !strpbrk(c->is.source, "SI"))
		return false;
	return !k->filter || run_case_fits(k->filter, c->is.id);
}

static void put_list(const struct run_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\t%s\t%s\n", cases[i].is.id, cases[i].is.level, cases[i].is.source,
		       cases[i].is.text);
}

static bool run_generation(struct conformance *k, struct run_case *cases, size_t n,
			   const char *generation)
{
	bool real = k->sockets || k->client || k->pf;
	struct scenario_options so = {
		.seed = k->seed, .wall = k->timeout ? k->timeout : real ? WALL_REAL : SCENARIO_WALL,
		.clock = SCENARIO_CLOCK, .client = k->client,
		.pf = k->pf, .sockets = real, .verbose = k->verbose,
	};
	char param[64], repeat[REPORT_REPEAT];

	snprintf(param, sizeof(param), "generation=%s", generation);
	so.param[so.params++] = param;
	report_repeat(repeat, sizeof(repeat), &so, false);
	k->report.repeat = repeat;
	if (k->report.format == REPORT_TEXT)
		fprintf(k->report.out, "generation %s: %zu scenarios\n", generation, n);
	return run_cases(cases, n, &so, k->jobs, false, on_done, k);
}

static int verdict(const struct conformance *k, bool whole)
{
	if (!whole)
		return 130;
	return k->strict || k->must_failed ? report_status(&k->report) : 0;
}

static int run_all(struct conformance *k, char *folder)
{
	static const char *const generations[] = { "latest", "seed" };
	struct report *r = &k->report;
	bool both = strcmp(k->generation, "all") == 0, whole = true;

	for (unsigned g = 0; g < 2 && whole; g++) {
		struct run_case *cases = NULL;
		const char *bad = "";
		size_t kept = 0;
		long n;

		if (!both && strcmp(k->generation, generations[g]) != 0)
			continue;
		/* Anew for each: verdicts are the cases' own. */
		n = run_cases_find(&folder, 1, k->jobs, &cases, &bad);
		if (n < 0) {
			fprintf(stderr, NAME ": %s: %s\n", bad, strerror((int)-n));
			return CLI_EXIT_USAGE;
		}
		for (size_t i = 0; i < (size_t)n; i++)
			if (cases[i].ended || selected(k, &cases[i]))
				cases[kept++] = cases[i];
		if (kept == 0) {
			run_cases_free(cases, kept);
			fprintf(stderr, NAME ": no row fits\n");
			return CLI_EXIT_USAGE;
		}
		if (k->list) {
			put_list(cases, kept);
			run_cases_free(cases, kept);
			return 0;
		}
		if (!r->total) {
			r->total = both ? 2 * kept : kept;
			report_begin(r);
		}
		whole = run_generation(k, cases, kept, generations[g]);
		run_cases_free(cases, kept);
	}
	if (r->format == REPORT_TEXT)
		put_table(k);
	report_end(r);
	return verdict(k, whole);
}

int gucemu_conformance_main(int argc, char **argv)
{
	struct conformance k = { .generation = "all", .seed = 1, .jobs = 1 };
	const struct cli_option table[] = {
		{ "generation", CLI_STRING, "G", "of recovery: latest, seed, or all", &k.generation, 0, 0 },
		{ "sockets", CLI_FLAG, NULL, "against real processes instead of in this one", &k.sockets, 0, 0 },
		{ "client", CLI_STRING, "CMD", "judge this VF driver (GUCEMU_SOCKET and GUCEMU_VF tell it where)", &k.client, 0, 0 },
		{ "pf", CLI_STRING, "CMD", "judge this PF driver", &k.pf, 0, 0 },
		{ "decisions", CLI_FLAG, NULL, "judge them on rows too that are our decisions", &k.decisions, 0, 0 },
		{ "strict", CLI_FLAG, NULL, "a failed 'should' fails the whole", &k.strict, 0, 0 },
		{ "filter", CLI_STRING, "TEXT", "only ids with TEXT in them; with * or ? a pattern; =ID exactly", &k.filter, 0, 0 },
		{ "list", CLI_FLAG, NULL, "only list: id, level, source, text", &k.list, 0, 0 },
		{ "verbose", CLI_FLAG, NULL, "a line for what passed or was skipped as well", &k.verbose, 0, 0 },
		{ "seed", CLI_SIZE, "N", "what all random choices follow from (1)", &k.seed, 0, 0 },
		{ "jobs", CLI_UINT, "N", "cases at a time (1)", &k.jobs, 1, 64 },
		{ "timeout", CLI_UINT, "S", "seconds of real time that a case may take (60, of processes 180)", &k.timeout, 1, 3600 },
		{ "format", CLI_STRING, "FORMAT", "text, tap, ktap, junit or json (text)", &k.format, 0, 0 },
		{ "output", CLI_STRING, "FILE", "write the report there", &k.output, 0, 0 },
		{ "suite", CLI_STRING, "DIR", "the scenarios, if not those that came with the program", &k.suite, 0, 0 },
	};
	const struct cli_command command = { NAME, "[options]",
					     "judge drivers by the checklist of VF lifecycle and migration",
					     table, sizeof(table) / sizeof(*table), notes };
	const char *suite;
	int status, closed;

	switch (cli_parse(&command, &argc, argv)) {
	case CLI_RUN:
		break;
	case CLI_HELP:
		return 0;
	case CLI_BAD:
		return CLI_EXIT_USAGE;
	}
	if (argc > 1)
		return complain("it takes options only");
	if (strcmp(k.generation, "all") && strcmp(k.generation, "latest") && strcmp(k.generation, "seed"))
		return complain("--generation: latest, seed or all");
	k.report.seed = k.seed;
	k.report.brief = !k.verbose;
	suite = find_suite(&k);
	if (!suite)
		return complain("the suite is not installed here; --suite DIR says where it is");
	closed = report_open(&k.report, NAME, k.format ? k.format : "text", k.output);
	if (closed)
		return closed;
	status = run_all(&k, (char *)suite);
	closed = report_close(&k.report, NAME, k.output);
	return closed ? closed : status;
}
