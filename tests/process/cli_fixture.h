/* SPDX-License-Identifier: MIT */
/* Running the gucemu program from a test: its output and exit status. */
#ifndef GUCEMU_TESTS_CLI_FIXTURE_H
#define GUCEMU_TESTS_CLI_FIXTURE_H

#include <stddef.h>
#include <sys/types.h>

#define RUN_ARGS 320u

struct run_result {
	int status; /* exit status, or 256 + signal */
	char *out, *err; /* to free by run_free() */
};

/* Run "gucemu words..." (split at blanks) to its end. */
struct run_result run_gucemu(const char *words);
void run_free(struct run_result *r);
/* The same, failing the test unless it exits with `status`; text that must be
 * in its output (either stream), or NULL. */
void expect_run(const char *words, int status, const char *text);

/* A fresh folder for sockets and files, removed with what is in it. */
const char *scratch_new(void);
void scratch_drop(void);

/* Start "gucemu words..." and leave it running; it dies with the test. */
pid_t start_gucemu(const char *words);
/* Start a card at NAME.sock in the scratch folder with more options, and wait
 * until it is ready. */
pid_t start_card(const char *name, const char *options);
/* End it and return its exit status as in struct run_result. */
int end_gucemu(pid_t pid, int sig);

#endif
