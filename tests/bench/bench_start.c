/* SPDX-License-Identifier: MIT */
/* From exec to the ready line, and the memory that a server at rest holds, with
 * 1, 7 and 63 provisioned VFs: its private and shared pages, less 8 bytes for
 * each page of GGTT that a VF has. The baseline of a start is a program that
 * does nothing. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define STARTS	  11u
#define GGTT_BYTES (4ull << 30) /* of a card by default, all of it provisioned */

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Start `argv`; its end 3 of a pipe gets the ready line, or is closed. */
static pid_t start(char *const argv[], int *from)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(quiet, 1);
		dup2(ends[1], 3);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	*from = ends[0];
	return pid;
}

static double milliseconds(char *const argv[], pid_t *pid)
{
	uint64_t begin = bench_now();
	char line[4096];
	int from;
	ssize_t n;

	*pid = start(argv, &from);
	n = read(from, line, sizeof(line));
	close(from);
	if (n < 0)
		die("ready");
	return (double)(bench_now() - begin) / 1e6;
}

/* Proportional set size in KiB. */
static unsigned long pss(pid_t pid)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %lu", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

static void end(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	static const char *const vfs[] = { "1", "7", "63" };
	const char *program = getenv("GUCEMU") ? getenv("GUCEMU") : "./gucemu";
	char dir[] = "/tmp/gucemu-bench-XXXXXX", sock[64], exe[4096], number[8];
	char *nothing[] = { exe, (char *)"--version", NULL };
	char *serve[] = { exe, (char *)"serve", (char *)"--socket", sock, (char *)"--log",
			  (char *)"error", (char *)"--ready-fd", (char *)"3", (char *)"--vfs",
			  number, NULL };

	if (!mkdtemp(dir))
		die(dir);
	snprintf(sock, sizeof(sock), "%s/card.sock", dir);
	snprintf(exe, sizeof(exe), "%s", program);
	for (unsigned i = 0; i < sizeof(vfs) / sizeof(vfs[0]); i++) {
		double ours[STARTS], theirs[STARTS], middle;
		unsigned long kib = 0;

		snprintf(number, sizeof(number), "%s", vfs[i]);
		for (unsigned k = 0; k < STARTS; k++) {
			pid_t pid;

			theirs[k] = milliseconds(nothing, &pid);
			end(pid);
			ours[k] = milliseconds(serve, &pid);
			kib = pss(pid);
			end(pid);
		}
		middle = bench_median(ours, STARTS); /* sorts */
		printf("start-to-ready, %2s VFs: %.2f ms, least %.2f (--version %.2f ms, aim 5)\n",
		       vfs[i], middle, ours[0], bench_median(theirs, STARTS));
		printf("  memory: %lu KiB, of them %llu for GGTT entries (aim 1024 and as much a VF)\n",
		       kib, GGTT_BYTES / 4096 * 8 / 1024);
		fflush(stdout);
	}
	rmdir(dir);
	return EXIT_SUCCESS;
}
