/* SPDX-License-Identifier: MIT */
/* Processes for tests. See server.h. */
#include "server.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define VERB_MS 20000u
#define READY_FD 3

const char *server_program(void)
{
	const char *program = getenv("GUCEMU");

	return program ? program : "./gucemu";
}

pid_t process_start(const char *const *argv, int in, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0) {
		close(null);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in >= 0 ? in : null, STDIN_FILENO);
	dup2(out >= 0 ? out : null, STDOUT_FILENO);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

int process_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void server_start(struct server *s, const char *const *arguments)
{
	const char *argv[32] = {
		server_program(), "serve", "--socket", s->path, "--log", "error", "--ready-fd", "3",
	};
	unsigned n = 8;
	int ready[2];
	char line[256];

	memset(s, 0, sizeof(*s));
	strcpy(s->dir, "/tmp/gucemu-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	for (unsigned i = 0; arguments && arguments[i]; i++)
		argv[n++] = arguments[i];
	ck_assert_int_eq(pipe(ready), 0);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(ready[0]);
		if (ready[1] != READY_FD) {
			dup2(ready[1], READY_FD);
			close(ready[1]);
		}
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ready[1]);
	ck_assert_msg(read(ready[0], line, sizeof(line)) > 0, "%s serve does not come up",
		      argv[0]);
	close(ready[0]);
}

/* --- control -------------------------------------------------------------------------- */

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct server *s = user;

	(void)w;
	(void)fds;
	if (f->type == gucemu_FrameType_BLOB) {
		ck_assert_uint_eq(f->addr, s->blob_len);
		ck_assert_uint_le(s->blob_len + f->data_len, SERVER_BLOB_MAX);
		if (f->data_len > 0)
			memcpy(s->blob + s->blob_len, f->data, f->data_len);
		s->blob_len += f->data_len;
	} else if (f->type == gucemu_FrameType_REPLY) {
		s->replied = true;
		s->status = f->status;
	}
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct server *s = user;

	(void)w;
	(void)err;
	(void)reason;
	s->control = NULL;
}

void server_connect(struct server *s, uv_loop_t *loop)
{
	static const struct wire_ops ops = { .frame = on_frame, .closed = on_closed };
	char err[256];

	s->blob = malloc(SERVER_BLOB_MAX);
	ck_assert_ptr_nonnull(s->blob);
	ck_assert_msg(wire_connect(&s->control, loop, s->path, &ops, s, err, sizeof(err)) == 0,
		      "%s", err);
	ck_assert_msg(wire_hello(s->control, FRAME_ROLE_CONTROL, 0, 0, "test", NULL, err,
				 sizeof(err)) == 0, "%s", err);
}

int server_verb(struct server *s, const char *fmt, ...)
{
	struct wire_answer answer;
	char line[256];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	ck_assert_ptr_nonnull(s->control);
	answer.text = "";
	r = wire_control(s->control, line, VERB_MS, &answer);
	snprintf(s->reply, sizeof(s->reply), "%s", answer.text);
	return r;
}

int server_save(struct server *s, unsigned vf)
{
	s->blob_len = 0;
	return server_verb(s, "pf save vf=%u", vf);
}

int server_restore(struct server *s, unsigned vf)
{
	char line[64];
	struct frame control = { .type = gucemu_FrameType_CONTROL, .text = line };
	struct frame blob = { .type = gucemu_FrameType_BLOB };

	snprintf(line, sizeof(line), "pf restore vf=%u", vf);
	control.text_len = strlen(line);
	control.seq = blob.seq = wire_seq(s->control);
	s->replied = false;
	ck_assert_int_eq(wire_send(s->control, &control, NULL), 0);
	for (size_t at = 0; !(blob.flags & 1) && s->control && !s->replied;) {
		size_t n = s->blob_len - at;

		n = n < FRAME_DATA_MAX ? n : FRAME_DATA_MAX;
		blob.addr = at;
		blob.data = s->blob + at;
		blob.data_len = n;
		blob.flags = at + n == s->blob_len;
		if (wire_send(s->control, &blob, NULL) == -ENOBUFS) {
			blob.flags = 0;
			uv_run(wire_loop(s->control), UV_RUN_ONCE);
			continue;
		}
		at += n;
	}
	while (s->control && !s->replied)
		uv_run(wire_loop(s->control), UV_RUN_ONCE);
	return s->replied ? s->status : -EPIPE;
}

/* --- end --------------------------------------------------------------------------------- */

static void forget(struct server *s)
{
	if (s->control)
		wire_close(s->control, 0, NULL);
	s->control = NULL;
	free(s->blob);
	s->blob = NULL;
	unlink(s->path);
	rmdir(s->dir);
	s->pid = 0;
}

void server_stop(struct server *s)
{
	if (s->pid == 0)
		return;
	kill(s->pid, SIGTERM);
	ck_assert_int_eq(process_wait(s->pid), 0);
	forget(s);
}

void server_kill(struct server *s)
{
	kill(s->pid, SIGKILL);
	ck_assert_int_eq(process_wait(s->pid), -SIGKILL);
	s->pid = 0;
}
