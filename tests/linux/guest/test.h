/* SPDX-License-Identifier: MIT */
/* Subtests: tables of functions, each run in a process group of its own, limited in
 * the time between its steps; reports in TAP. */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include "xe.h"

struct subtest {
	const char *name; /* group@case; as in IGT where the case is the same */
	void (*run)(struct xe *x);
};

/* Tables, each ended by an empty row. */
extern const struct subtest exec_tests[], command_tests[], order_tests[], wide_tests[],
	fault_tests[], blit_tests[], bind_tests[], sync_tests[], hang_tests[];

/* End the process: failed, left out. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define must(condition, ...)                                                         \
	do {                                                                         \
		if (!(condition))                                                    \
			fail(__VA_ARGS__);                                           \
	} while (0)

/* A sign of life: a subtest that gives none for a minute has failed. Each successful call of
 * the driver is one. */
void step(void);

/* Wait for children of this process; all must have ended well. */
void must_end_well(const int *pids, unsigned n);

/* Modes of main.c; the exit status. */
/* Until the time is over or, if there is one, until the file `stop` exists. */
int load_main(unsigned seconds, unsigned processes, const char *stop, bool steady);
int block_main(const char *release);
/* Stays until `release` is gone again. */
int drop_main(const char *release);
int late_main(const char *release);

#endif
