/* SPDX-License-Identifier: MIT */
/* Child processes that never outlive us: each in a process group of its own,
 * killed by the kernel when we die, and its whole group killed by child_end(). */
#ifndef GUCEMU_CLI_CHILD_H
#define GUCEMU_CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#define CHILD_LINE_MAX 65536u

struct child {
	/* Filled by the caller. A line of its standard output, terminated; its
	 * end, after the last line: wait status. */
	void (*on_line)(struct child *c, char *line);
	void (*on_exit)(struct child *c, int wait_status);
	void *user;
	/* Results. */
	pid_t pid; /* 0: not running */
	int in;    /* its standard input, while it runs and `feed` was asked for */
	/* Private. */
	uv_pipe_t out;
	bool out_open, exited;
	int wait_status;
	size_t fill;
	char *line;
};

/* Start argv[0] (a path); its standard error goes to `log_fd`, or where ours
 * goes when -1; `feed`: its standard input is a pipe. 0 or -errno. */
int child_start(struct child *c, uv_loop_t *loop, char *const argv[], bool feed, int log_fd);
/* Write a line to its standard input. */
int child_tell(struct child *c, const char *line);
/* Look after children that ended; call on SIGCHLD. */
void child_reap(struct child *c);
void child_signal(struct child *c, int sig);
/* Kill its group, wait for it, close its pipe (needs one more turn of the
 * loop). Safe for one that never started. */
void child_end(struct child *c);

#endif
