/* SPDX-License-Identifier: MIT */
/* See bench.h. */
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_ROUNDS 101u

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_pin(void)
{
	cpu_set_t may, one;

	if (sched_getaffinity(0, sizeof(may), &may))
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &may))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

unsigned bench_rounds(void)
{
	const char *s = getenv("BENCH_ROUNDS");
	unsigned long n = s ? strtoul(s, NULL, 10) : 15;

	return n < 1 ? 1 : n > MAX_ROUNDS ? MAX_ROUNDS : (unsigned)n;
}

double bench_pair(const char *name, bench_fn ours, bench_fn theirs, void *user, const char *aim)
{
	double ratio[MAX_ROUNDS], a[MAX_ROUNDS], b[MAX_ROUNDS], middle;
	unsigned n = bench_rounds();

	for (unsigned i = 0; i < n; i++) {
		/* A B, then B A: drift of the machine cancels out. */
		if (i % 2) {
			b[i] = theirs(user);
			a[i] = ours(user);
		} else {
			a[i] = ours(user);
			b[i] = theirs(user);
		}
		ratio[i] = a[i] / b[i];
	}
	middle = bench_median(ratio, n);
	printf("%-28s %12.0f/s  baseline %12.0f/s  ratio %7.2f (%.2f..%.2f, aim %s)\n", name,
	       bench_median(a, n), bench_median(b, n), middle, ratio[0], ratio[n - 1], aim);
	fflush(stdout);
	return middle;
}
