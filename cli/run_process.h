/* SPDX-License-Identifier: MIT */
/* The processes that run_jobs.c and run_find.c have under way: a case is run, or a
 * file's cases are listed, in each. */
#ifndef GUCEMU_CLI_RUN_PROCESS_H
#define GUCEMU_CLI_RUN_PROCESS_H

#include <sys/types.h>

#include "cli/run_jobs.h"

#define JOBS_MAX 64u /* processes at a time */

struct job {
	pid_t pid; /* 0: free */
	int fd;
	size_t at; /* index of the case, or of the file that is listed */
	bool second;
	uint64_t began, limit; /* CLOCK_MONOTONIC, ns */
	uint64_t took;         /* when it has ended */
	bool killed;
	const char *folder; /* of cases that have one there, or NULL */
	uint8_t *data;
	size_t len, cap;
};

/* A job has ended: its verdict, which is the callee's, and the cases that it listed, `n`
 * unaligned struct scenario_case. */
typedef void (*run_ended_fn)(void *user, struct job *j, struct verdict *v, const uint8_t *cases,
			     size_t n);

/* Of JOBS_MAX jobs make a free one run the case, or list its file without options. False:
 * there is no process to be had, see errno. */
bool run_process_start(struct job *jobs, size_t at, const struct run_case *c,
		       const struct scenario_options *options, bool second);
unsigned run_process_count(const struct job *jobs);
/* Wait until something of a job happened, at most a moment; those that take too long are
 * killed. */
void run_process_turn(struct job *jobs, run_ended_fn ended, void *user);
void run_process_kill(struct job *jobs);

#endif
