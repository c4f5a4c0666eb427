/* SPDX-License-Identifier: MIT */
/* Runs subtests, or one of the modes for load. See test.h. */
#include "test.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED   77
#define TEXT_MAX  512u
#define STEP_MS   60000u   /* more than any call, or wait of a subtest, takes */
#define LONGEST_MS 1800000u
#define SIGN_MS   60000u   /* the runner waits for a line or two as long */

static const struct subtest *const tables[] = {
	exec_tests, command_tests, order_tests, wide_tests, fault_tests, blit_tests, bind_tests,
	sync_tests, hang_tests,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* What a subtest's processes share with the one that waits for them. */
struct shared {
	char why[TEXT_MAX]; /* it ended */
	uint32_t steps;
};
static struct shared *shared;

static void tell(const char *format, va_list args)
{
	int n;

	if (!shared) {
		vfprintf(stderr, format, args);
		fputc('\n', stderr);
		return;
	}
	if (*shared->why) /* another process of this subtest was first */
		return;
	n = vsnprintf(shared->why, TEXT_MAX, format, args);
	(void)n;
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(format, args);
	va_end(args);
	_exit(1);
}

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(format, args);
	va_end(args);
	_exit(SKIPPED);
}

void step(void)
{
	if (shared)
		__atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
}

void must_end_well(const int *pids, unsigned n)
{
	bool well = true;
	int status;

	for (unsigned i = 0; i < n; i++)
		well &= waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	must(well, "a process failed");
}

static bool wanted(const char *name, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

static void child(const struct subtest *t)
{
	struct xe x;

	setpgid(0, 0);
	xe_open(&x);
	t->run(&x);
	_exit(0);
}

/* The exit status, or -1 when nothing has happened for long or a signal ended it. How
 * long it may take in all depends on the machine. */
static int limited(const struct subtest *t)
{
	uint64_t began = now_ms(), stepped = began, sign = began;
	uint32_t steps = 0;
	int status, pid;

	*shared = (struct shared){ 0 };
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(t);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		uint32_t now = __atomic_load_n(&shared->steps, __ATOMIC_RELAXED);

		if (now != steps)
			stepped = now_ms();
		steps = now;
		if (now_ms() < stepped + STEP_MS && now_ms() < began + LONGEST_MS) {
			if (now_ms() >= sign + SIGN_MS) {
				sign = now_ms();
				printf("# %s: %u steps\n", t->name, steps);
				fflush(stdout);
			}
			sleep_ms(5);
			continue;
		}
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		snprintf(shared->why, TEXT_MAX, "stands for %u s, after %u steps",
			 (unsigned)(now_ms() - stepped) / 1000, steps);
		return -1;
	}
	kill(-pid, SIGKILL); /* what it left behind */
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(shared->why, TEXT_MAX, "signal %d", WTERMSIG(status));
	return -1;
}

static int run_tests(char **patterns)
{
	unsigned n = 0, bad = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	for (size_t i = 0; i < TABLES; i++)
		for (const struct subtest *t = tables[i]; t->name; t++)
			n += wanted(t->name, patterns);
	printf("1..%u\n", n);
	n = 0;
	for (size_t i = 0; i < TABLES; i++)
		for (const struct subtest *t = tables[i]; t->name; t++) {
			uint64_t began = now_ms();
			int status;

			if (!wanted(t->name, patterns))
				continue;
			status = limited(t);
			if (status == SKIPPED) {
				printf("ok %u - %s # SKIP %s\n", ++n, t->name, shared->why);
				continue;
			}
			bad += status != 0;
			printf("%sok %u - %s # %llu ms%s%s\n", status ? "not " : "", ++n, t->name,
			       (unsigned long long)(now_ms() - began), *shared->why ? ": " : "",
			       shared->why);
		}
	fflush(stdout);
	return n == 0 || bad ? 1 : 0;
}

static int list_tests(void)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct subtest *t = tables[i]; t->name; t++)
			puts(t->name);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "list") == 0)
		return list_tests();
	if (strcmp(mode, "run") == 0)
		return run_tests(argv + 2);
	if (strcmp(mode, "load") == 0 && argc >= 4 &&
	    (argc <= 5 || (argc == 6 && strcmp(argv[5], "steady") == 0)))
		return load_main((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), argv[4],
				 argc == 6);
	if (strcmp(mode, "block") == 0 && argc == 3)
		return block_main(argv[2]);
	if (strcmp(mode, "drop") == 0 && argc == 3)
		return drop_main(argv[2]);
	if (strcmp(mode, "late") == 0 && argc == 3)
		return late_main(argv[2]);
	fputs("usage: xetest list | run [PATTERN...] | load SECONDS PROCESSES [STOP-FILE [steady]] |\n"
	      "       block FILE | drop FILE | late FILE\n", stderr);
	return 2;
}
