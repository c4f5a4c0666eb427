/* SPDX-License-Identifier: MIT */
/* gucemu run: scenarios, one process a case, and a report of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/run_report.h"

#define NAME "gucemu run"
#define SEED 1u

static const char notes[] =
	"FILE is a scenario in Lua; of a DIR all *.lua in it but those whose name begins with\n"
	"'_'. docs/scenarios.md has the words that scripts may use.\n"
	"\n"
	"Exit status: 0 everything passed or was skipped; 1 an expectation was not met; 2 a\n"
	"script or this command line is wrong; 3 a process crashed; 4 something hung or did not\n"
	"come in time; 5 two runs with one seed differ (--twice). Of several the one that comes\n"
	"first in 3, 5, 4, 2, 1.\n";

struct run_options {
	uint64_t seed;
	bool list, twice, reference, random_order, verbose;
	unsigned jobs, timeout;
	bool sockets;
	const char *format, *filter, *output, *client, *pf;
	struct cli_list set;
};

static int complain(const char *text)
{
	cli_complain(NAME, "%s", text);
	return CLI_EXIT_USAGE;
}

static void print_text(void *user, const char *text, size_t len)
{
	fwrite(text, 1, len, user);
}

/* Drop the others; their number. */
static size_t select_cases(struct run_case *cases, size_t n, const char *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!filter || cases[i].ended || run_case_fits(filter, cases[i].is.id))
			cases[kept++] = cases[i];
	return kept;
}

static int list(const struct run_case *cases, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		if (cases[i].ended) {
			fprintf(stderr, NAME ": %s\n", cases[i].verdict.reason);
			status = CLI_EXIT_USAGE;
			continue;
		}
		printf("%s\t%s\t%s\t%s\n", cases[i].is.id, cases[i].path, cases[i].is.level,
		       cases[i].is.text);
	}
	return status;
}

static void on_done(void *user, struct run_case *c)
{
	report_case(user, c);
}

static int run_all(struct run_case *cases, size_t n, const struct run_options *o)
{
	struct scenario_options so = { .seed = o->seed, .random_order = o->random_order,
				       .wall = o->timeout, .clock = SCENARIO_CLOCK,
				       .verbose = o->verbose, .sockets = o->sockets,
				       .client = o->client, .pf = o->pf };
	char repeat[REPORT_REPEAT];
	struct report r = { .seed = o->seed, .repeat = repeat, .total = n };
	const char *format = o->format ? o->format : isatty(STDOUT_FILENO) ? "text" : "tap";
	bool whole;
	int status;

	for (unsigned i = 0; i < o->set.n; i++)
		so.param[so.params++] = o->set.item[i];
	status = report_open(&r, NAME, format, o->output);
	if (status)
		return status;
	report_repeat(repeat, sizeof(repeat), &so, o->twice);
	report_begin(&r);
	whole = run_cases(cases, n, &so, o->jobs, o->twice, on_done, &r);
	report_end(&r);
	status = report_close(&r, NAME, o->output);
	if (status)
		return status;
	return whole ? report_status(&r) : 130;
}

int gucemu_run_main(int argc, char **argv)
{
	struct run_options o = { .seed = SEED, .jobs = 1, .timeout = SCENARIO_WALL };
	const struct cli_option table[] = {
		{ "seed", CLI_SIZE, "N", "what all random choices follow from (1)", &o.seed, 0, 0 },
		{ "random-order", CLI_FLAG, NULL, "cards and drivers step in random order", &o.random_order, 0, 0 },
		{ "twice", CLI_FLAG, NULL, "run each twice with the same seed and compare", &o.twice, 0, 0 },
		{ "jobs", CLI_UINT, "N", "cases at a time (1)", &o.jobs, 1, 64 },
		{ "filter", CLI_STRING, "TEXT", "only ids with TEXT in them; with * or ? a pattern; =ID exactly", &o.filter, 0, 0 },
		{ "list", CLI_FLAG, NULL, "only list: id, file, level, text", &o.list, 0, 0 },
		{ "set", CLI_LIST, "NAME=VALUE", "a parameter for scripts, such as generation=seed", &o.set, 0, 0 },
		{ "format", CLI_STRING, "FORMAT", "text, tap, ktap, junit, json; text on a terminal, else tap", &o.format, 0, 0 },
		{ "output", CLI_STRING, "FILE", "write the report there", &o.output, 0, 0 },
		{ "sockets", CLI_FLAG, NULL, "against real processes: serve, vf run, over sockets", &o.sockets, 0, 0 },
		{ "client", CLI_STRING, "CMD", "a VF driver's command instead of ours (--sockets)", &o.client, 0, 0 },
		{ "pf", CLI_STRING, "CMD", "a PF's command instead of ours (--sockets)", &o.pf, 0, 0 },
		{ "verbose", CLI_FLAG, NULL, "let those processes write their logs to stderr", &o.verbose, 0, 0 },
		{ "timeout", CLI_UINT, "S", "seconds of real time that a case may take (60)", &o.timeout, 1, 3600 },
		{ "reference", CLI_FLAG, NULL, "print the words of scripts as Markdown", &o.reference, 0, 0 },
	};
	const struct cli_command command = { NAME, "FILE|DIR...",
					     "run scenarios: cards, PF and VFs under a virtual clock",
					     table, sizeof(table) / sizeof(*table), notes };
	struct run_case *cases = NULL;
	const char *bad = "";
	size_t kept;
	long n;
	int status;

	switch (cli_parse(&command, &argc, argv)) {
	case CLI_RUN:
		break;
	case CLI_HELP:
		return 0;
	case CLI_BAD:
		return CLI_EXIT_USAGE;
	}
	for (unsigned i = 0; i < o.set.n; i++)
		if (!strchr(o.set.item[i], '='))
			return complain("--set: NAME=VALUE is wanted");
	for (unsigned i = 0; i < o.set.n; i++)
		if (!strncmp(o.set.item[i], "generation=", 11) &&
		    strcmp(o.set.item[i] + 11, "seed") && strcmp(o.set.item[i] + 11, "latest"))
			return complain("--set generation: seed or latest");
	if ((o.client || o.pf) && !o.sockets)
		return complain("--client and --pf are for --sockets");
	if (o.sockets && o.twice)
		return complain("--twice compares runs under the virtual clock, --sockets has none");
	if (o.reference)
		return scenario_reference(print_text, stdout) ? 1 : 0;
	if (argc < 2)
		return complain("which scenario? FILE or DIR");
	n = run_cases_find(argv + 1, (size_t)argc - 1, o.jobs, &cases, &bad);
	if (n < 0) {
		fprintf(stderr, NAME ": %s: %s\n", bad, strerror((int)-n));
		return CLI_EXIT_USAGE;
	}
	kept = select_cases(cases, (size_t)n, o.filter);
	if (kept == 0) {
		fprintf(stderr, NAME ": no scenario%s%s\n",
			o.filter ? " fits " : " found", o.filter ? o.filter : "");
		status = CLI_EXIT_USAGE;
	} else {
		status = o.list ? list(cases, kept) : run_all(cases, kept, &o);
	}
	run_cases_free(cases, kept);
	return status;
}
