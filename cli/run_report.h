/* SPDX-License-Identifier: MIT */
/* What came of cases of scenarios: for people, as TAP, KTAP, JUnit or JSON. */
#ifndef GUCEMU_CLI_RUN_REPORT_H
#define GUCEMU_CLI_RUN_REPORT_H

#include <stdio.h>

#include "cli/run_jobs.h"

/* X(symbol, name) */
#define REPORT_FORMAT_LIST(X)                                                  \
	X(TEXT, "text") X(TAP, "tap") X(KTAP, "ktap") X(JUNIT, "junit") X(JSON, "json")

enum report_format {
#define X(sym, name) REPORT_##sym,
	REPORT_FORMAT_LIST(X)
#undef X
	REPORT_FORMATS
};

struct json_object;

struct report {
	FILE *out;
	enum report_format format;
	uint64_t seed;
	const char *repeat; /* "gucemu run --seed 7 ...", what a failure's command begins with */
	bool brief; /* text has no line for what passed or was skipped */
	size_t total, told;
	size_t count[OUTCOMES];
	struct json_object *json;
};

/* Take format and file (NULL: standard output) for `command`. 0, or an exit status
 * after a complaint. */
int report_open(struct report *r, const char *command, const char *format, const char *path);
int report_close(struct report *r, const char *command, const char *path);
/* What the command that repeats a case begins with, quoted for a shell. */
#define REPORT_REPEAT 4096u
void report_repeat(char *to, size_t cap, const struct scenario_options *o, bool twice);
void report_begin(struct report *r);
/* One case, in order. */
void report_case(struct report *r, const struct run_case *c);
void report_end(struct report *r);
/* The exit status that they give together. */
int report_status(const struct report *r);

#endif
