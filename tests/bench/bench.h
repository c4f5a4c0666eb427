/* SPDX-License-Identifier: MIT */
/* What the benches share: a clock, pinning, and the median of paired ratios.
 * These machines are noisy, so every figure is a ratio against a baseline of
 * the same invocation, measured in turn; absolute rates are context. */
#ifndef GUCEMU_TESTS_BENCH_H
#define GUCEMU_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in ns. */
uint64_t bench_now(void);
/* The same of this process's own processor time: what computes and never waits
 * is measured by it, so that neighbours on the machine don't show. */
uint64_t bench_cpu(void);
/* Pin this process (and what it forks) to one processor of those it may use. */
void bench_pin(void);
/* Sorts values[0..n) and returns the middle one. */
double bench_median(double *values, size_t n);
/* Rounds of each pair: BENCH_ROUNDS in the environment, else 15. */
unsigned bench_rounds(void);

/* Run `ours` and `theirs` in turn, each returning a rate, and print
 * "name: ours R/s, baseline R/s, ratio X (least..most, aim Y)". */
typedef double (*bench_fn)(void *user);
double bench_pair(const char *name, bench_fn ours, bench_fn theirs, void *user, const char *aim);

#endif
