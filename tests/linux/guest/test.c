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

#define SKIPPED  77
#define TEXT_MAX 512u

static const struct subtest *const tables[] = {
	exec_tests, command_tests, order_tests, wide_tests, fault_tests, blit_tests, bind_tests,
	sync_tests, hang_tests,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* Why the subtest ended; shared with the process that runs it. */
static char *why;

static void tell(const char *format, va_list args)
{
	int n;

	if (!why) {
		vfprintf(stderr, format, args);
		fputc('\n', stderr);
		return;
	}
	if (*why) /* another process of this subtest was first */
		return;
	n = vsnprintf(why, TEXT_MAX, format, args);
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

/* The exit status, or -1 when the time was over or a signal ended it. */
static int limited(const struct subtest *t)
{
	unsigned limit = t->seconds ? t->seconds : DEFAULT_SECONDS;
	uint64_t end = now_ms() + 1000ull * limit;
	int status, pid;

	*why = '\0';
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(t);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now_ms() < end) {
			sleep_ms(5);
			continue;
		}
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		snprintf(why, TEXT_MAX, "not done in %u s", limit);
		return -1;
	}
	kill(-pid, SIGKILL); /* what it left behind */
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(why, TEXT_MAX, "signal %d", WTERMSIG(status));
	return -1;
}

static int run_tests(char **patterns)
{
	unsigned n = 0, bad = 0;

	why = mmap(NULL, TEXT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (why == MAP_FAILED)
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
				printf("ok %u - %s # SKIP %s\n", ++n, t->name, why);
				continue;
			}
			bad += status != 0;
			printf("%sok %u - %s # %llu ms%s%s\n", status ? "not " : "", ++n, t->name,
			       (unsigned long long)(now_ms() - began), *why ? ": " : "", why);
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
	fputs("usage: xetest list | run [PATTERN...] | load SECONDS PROCESSES [STOP-FILE [steady]] |\n"
	      "       block FILE | drop FILE\n", stderr);
	return 2;
}
