/* SPDX-License-Identifier: MIT */
/* Child processes; see child.h. fork and exec by hand, since uv_spawn can't
 * ask for the parent-death signal. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

static void close_in(struct child *c)
{
	if (c->in > 0)
		close(c->in);
	c->in = 0;
}

static void finish(struct child *c)
{
	if (!c->exited || c->out_open || c->pid == 0)
		return;
	c->pid = 0;
	close_in(c);
	c->on_exit(c, c->wait_status);
}

static void on_closed(uv_handle_t *handle)
{
	struct child *c = handle->data;

	free(c->line);
	c->line = NULL;
	c->out_open = false;
	finish(c);
}

static void close_out(struct child *c)
{
	if (c->out_open && !uv_is_closing((uv_handle_t *)&c->out))
		uv_close((uv_handle_t *)&c->out, on_closed);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct child *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(c->line + c->fill, (unsigned)(CHILD_LINE_MAX - 1 - c->fill));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct child *c = stream->data;
	char *line = c->line, *end;

	(void)buf;
	if (n < 0) {
		close_out(c);
		return;
	}
	c->fill += (size_t)n;
	while ((end = memchr(line, '\n', c->fill - (size_t)(line - c->line))) != NULL) {
		*end = '\0';
		c->on_line(c, line);
		line = end + 1;
	}
	c->fill -= (size_t)(line - c->line);
	memmove(c->line, line, c->fill);
	/* A line that never ends is not one of ours. */
	if (c->fill == CHILD_LINE_MAX - 1)
		c->fill = 0;
}

static void run_child(char *const argv[], int in, int out, int log_fd, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_NOT_RUN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_NOT_RUN);
	if (log_fd >= 0 && dup2(log_fd, STDERR_FILENO) < 0)
		_exit(EXIT_NOT_RUN);
	execv(argv[0], argv);
	_exit(EXIT_NOT_RUN);
}

/* in[0] is the child's end, or /dev/null. */
static int open_in(struct child *c, bool feed, int *theirs)
{
	int in[2];

	if (!feed) {
		*theirs = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return *theirs < 0 ? -errno : 0;
	}
	if (pipe2(in, O_CLOEXEC) != 0)
		return -errno;
	*theirs = in[0];
	c->in = in[1];
	return 0;
}

static int start(struct child *c, char *const argv[], int in, int log_fd)
{
	pid_t parent = getpid();
	int out[2];
	int err = 0;

	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	c->pid = fork();
	if (c->pid == 0)
		run_child(argv, in, out[1], log_fd, parent);
	if (c->pid < 0) {
		err = -errno;
		c->pid = 0;
	} else {
		/* Both sides do it, so that neither has to wait for the other. */
		setpgid(c->pid, c->pid);
		err = uv_pipe_open(&c->out, out[0]);
	}
	close(out[1]);
	if (err != 0) {
		close(out[0]);
		return err;
	}
	return uv_read_start((uv_stream_t *)&c->out, on_room, on_read);
}

int child_start(struct child *c, uv_loop_t *loop, char *const argv[], bool feed, int log_fd)
{
	int in = -1;
	int err;

	c->line = malloc(CHILD_LINE_MAX);
	if (!c->line)
		return -ENOMEM;
	err = uv_pipe_init(loop, &c->out, 0);
	if (err == 0) {
		c->out.data = c;
		c->out_open = true;
		err = open_in(c, feed, &in);
	}
	if (err == 0) {
		err = start(c, argv, in, log_fd);
		close(in);
	}
	if (err != 0)
		child_end(c);
	return err;
}

int child_tell(struct child *c, const char *line)
{
	size_t len = strlen(line);

	/* Lines are few and short: the pipe takes them whole or is gone. */
	if (c->in <= 0 || write(c->in, line, len) != (ssize_t)len)
		return -EPIPE;
	return 0;
}

void child_reap(struct child *c)
{
	if (c->pid > 0 && !c->exited && waitpid(c->pid, &c->wait_status, WNOHANG) == c->pid) {
		c->exited = true;
		/* What it has left behind may hold its output open for ever: the rest of that
		 * is waited for only of who speaks with us. */
		if (!c->in)
			close_out(c);
		finish(c);
	}
}

void child_signal(struct child *c, int sig)
{
	if (c->pid > 0 && !c->exited)
		kill(c->pid, sig);
}

void child_end(struct child *c)
{
	if (c->pid > 0 && !c->exited) {
		kill(-c->pid, SIGKILL);
		while (waitpid(c->pid, &c->wait_status, 0) < 0 && errno == EINTR)
			;
		c->exited = true;
	}
	c->pid = 0;
	close_in(c);
	close_out(c);
}
