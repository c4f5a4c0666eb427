/* SPDX-License-Identifier: MIT */
/* Running gucemu from tests; see cli_fixture.h. */
#include "cli_fixture.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

const char *scratch_new(void)
{
	snprintf(folder, sizeof(folder), "/tmp/gucemu-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	return folder;
}

void scratch_drop(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

static void split(const char *words, char *copy, size_t cap, char **argv)
{
	unsigned n = 0;
	char *save = NULL;
	static char program[] = GUCEMU;

	argv[n++] = program;
	snprintf(copy, cap, "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		ck_assert_uint_lt(n + 1, RUN_ARGS);
		argv[n++] = w;
	}
	argv[n] = NULL;
}

static pid_t start(const char *words, int out, int err)
{
	char copy[2048];
	char *argv[RUN_ARGS];
	pid_t pid;

	split(words, copy, sizeof(copy), argv);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			_exit(127);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int temporary(void)
{
	char path[] = "/tmp/gucemu-out-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	return fd;
}

static char *contents(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)len + 1);

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(pread(fd, text, (size_t)len, 0), len);
	close(fd);
	return text;
}

struct run_result run_gucemu(const char *words)
{
	int out = temporary(), err = temporary();
	struct run_result r;
	int status;

	ck_assert_int_ge(waitpid(start(words, out, err), &status, 0), 0);
	r.status = status_of(status);
	r.out = contents(out);
	r.err = contents(err);
	return r;
}

void run_free(struct run_result *r)
{
	free(r->out);
	free(r->err);
}

void expect_run(const char *words, int status, const char *text)
{
	struct run_result r = run_gucemu(words);

	ck_assert_msg(r.status == status, "gucemu %s: exit status %d, not %d\n%s%s", words,
		      r.status, status, r.out, r.err);
	ck_assert_msg(!text || strstr(r.out, text) || strstr(r.err, text),
		      "gucemu %s: no '%s' in\n%s%s", words, text, r.out, r.err);
	run_free(&r);
}

pid_t start_gucemu(const char *words)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = start(words, null, null);

	close(null);
	return pid;
}

pid_t start_card(const char *name, const char *options)
{
	int ready[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char words[512], line[256];
	struct pollfd poll_ready;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	snprintf(words, sizeof(words), "serve --socket %s/%s.sock --name %s --log error "
				       "--ready-fd 1 %s", folder, name, name, options);
	pid = start(words, ready[1], null);
	close(ready[1]);
	close(null);
	poll_ready = (struct pollfd){ .fd = ready[0], .events = POLLIN };
	ck_assert_int_eq(poll(&poll_ready, 1, 20000), 1);
	ck_assert_msg(read(ready[0], line, sizeof(line)) > 0, "card %s did not start", name);
	close(ready[0]);
	return pid;
}

int end_gucemu(pid_t pid, int sig)
{
	int status;

	if (sig)
		kill(pid, sig);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status_of(status);
}
