/* SPDX-License-Identifier: MIT */
/* Cases of scenarios, each in a process of its own: a crash, a hang, or what a
 * script leaves behind ends with that process and its group. */
#ifndef GUCEMU_CLI_RUN_JOBS_H
#define GUCEMU_CLI_RUN_JOBS_H

#include "scenario/scenario.h"

struct run_case {
	const char *path;
	unsigned number;          /* of the file */
	struct scenario_case is;  /* what it declares */
	struct verdict verdict;   /* verdict_free() it */
	uint64_t wall_ns;
	bool ended;
};

/* The cases of files and folders (*.lua, but for names that begin with '_'), sorted, in
 * *out, which run_cases_free() takes. A file that can't be read or parsed is a case that
 * has ended already. Their number, or -errno with `path` of the one at fault. */
long run_cases_find(char *const paths[], size_t n, unsigned jobs, struct run_case **out,
		    const char **bad);
void run_cases_free(struct run_case *cases, size_t n);

/* Does an id fit --filter: a part of it, a pattern, or all of it behind "="? */
bool run_case_fits(const char *filter, const char *id);

/* Run those that have not ended, `jobs` at a time, each with `options` (path, number,
 * program and folder are set here); `twice`: each two times, which have to be the same. done() is called for
 * each in order. False: a signal asked for the end. */
bool run_cases(struct run_case *cases, size_t n, const struct scenario_options *options,
	       unsigned jobs, bool twice, void (*done)(void *user, struct run_case *c), void *user);

#endif
