/* SPDX-License-Identifier: MIT */
/* Control connections and programs for process tests. See control_fixture.h. */
#include "control_fixture.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define VERB_MS 20000u
#define IMAGE_MAX (16u << 20)

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct control *c = user;

	(void)w;
	(void)fds;
	if (f->type == gucemu_FrameType_BLOB) {
		ck_assert_uint_eq(f->addr, c->image_len);
		ck_assert_uint_le(c->image_len + f->data_len, IMAGE_MAX);
		if (f->data_len > 0)
			memcpy(c->image + c->image_len, f->data, f->data_len);
		c->image_len += f->data_len;
	} else if (f->type == gucemu_FrameType_REPLY) {
		c->replied = true;
		c->status = f->status;
	}
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct control *c = user;

	(void)w;
	(void)err;
	(void)reason;
	c->wire = NULL;
}

void control_open(struct control *c, uv_loop_t *loop, const char *socket)
{
	static const struct wire_ops ops = { .frame = on_frame, .closed = on_closed };
	char err[256];

	memset(c, 0, sizeof(*c));
	c->image = malloc(IMAGE_MAX);
	ck_assert_ptr_nonnull(c->image);
	ck_assert_msg(wire_connect(&c->wire, loop, socket, &ops, c, err, sizeof(err)) == 0, "%s",
		      err);
	ck_assert_msg(wire_hello(c->wire, FRAME_ROLE_CONTROL, 0, 0, "test", NULL, err,
				 sizeof(err)) == 0, "%s", err);
}

void control_close(struct control *c)
{
	if (c->wire)
		wire_close(c->wire, 0, NULL);
	c->wire = NULL;
	free(c->image);
	c->image = NULL;
}

int control_verb(struct control *c, const char *fmt, ...)
{
	struct wire_answer answer = { .text = "" };
	char line[256];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	ck_assert_ptr_nonnull(c->wire);
	r = wire_control(c->wire, line, VERB_MS, &answer);
	snprintf(c->reply, sizeof(c->reply), "%s", answer.text);
	return r;
}

int control_save(struct control *c, unsigned vf)
{
	c->image_len = 0;
	return control_verb(c, "pf save vf=%u", vf);
}

int control_restore(struct control *c, unsigned vf)
{
	char line[64];
	struct frame control = { .type = gucemu_FrameType_CONTROL, .text = line };
	struct frame blob = { .type = gucemu_FrameType_BLOB };

	snprintf(line, sizeof(line), "pf restore vf=%u", vf);
	control.text_len = strlen(line);
	control.seq = blob.seq = wire_seq(c->wire);
	c->replied = false;
	ck_assert_int_eq(wire_send(c->wire, &control, NULL), 0);
	for (size_t at = 0; c->wire && !c->replied && !(blob.flags & 1);) {
		size_t n = c->image_len - at;

		n = n < FRAME_DATA_MAX ? n : FRAME_DATA_MAX;
		blob.addr = at;
		blob.data = c->image + at;
		blob.data_len = n;
		blob.flags = at + n == c->image_len;
		if (wire_send(c->wire, &blob, NULL) == -ENOBUFS) {
			blob.flags = 0;
			uv_run(wire_loop(c->wire), UV_RUN_ONCE);
			continue;
		}
		at += n;
	}
	while (c->wire && !c->replied)
		uv_run(wire_loop(c->wire), UV_RUN_ONCE);
	return c->replied ? c->status : -EPIPE;
}

pid_t program_start(const char *const *argv, int in, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in >= 0 ? in : null, STDIN_FILENO);
		dup2(out >= 0 ? out : null, STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(null);
	return pid;
}
