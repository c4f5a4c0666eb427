/* SPDX-License-Identifier: MIT */
/* Commands on stdin of "gucemu vf run --stay". */
#include "run_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 30000u

const char run_commands_help[] =
	"With --stay these commands are read from stdin, one a line; each is answered with\n"
	"\"NAME: ok\" or \"NAME: error\" (with --json: {\"event\":\"answer\",...}):\n"
	"  submit [N]   N more jobs on every context (1)\n"
	"  create       one more context on each GT, with its jobs (4 times at most)\n"
	"  release      blocked jobs may go on, now and from now on\n"
	"  wait [MS]    answered when no job is unfinished and no recovery under way\n"
	"               (error after 30000 ms or MS)\n"
	"  keep         fill places in local memory, and compression metadata, with a pattern\n"
	"  check        compare them, and what jobs stored in local memory\n"
	"  continue     go on with a recovery that --hold-step holds\n"
	"  info         what the driver knows of each GT\n"
	"  quit         shut the VF down; so does the end of a pipe or terminal\n"
	"SIGTERM and SIGINT end it in order, SIGUSR1 is \"release\".\n\n"
	"Exit status: 0 every job was right, 1 something failed, 2 usage,\n"
	"3 the driver is wedged or the connection was lost.\n";

static void end_wait(struct run *r, int err)
{
	r->waiting = false;
	uv_timer_stop(&r->patience);
	run_out_answer(r, "wait", err);
}

static void on_impatient(uv_timer_t *timer)
{
	end_wait(timer->data, -ETIMEDOUT);
}

void run_look(struct run *r)
{
	if (r->waiting && run_idle(r))
		end_wait(r, 0);
}

static void do_submit(struct run *r, const char *arg)
{
	uint64_t n = 1;

	if (arg && (!cli_number(arg, false, &n) || n > UINT16_MAX)) {
		run_out_answer(r, "submit", -EINVAL);
		return;
	}
	run_want(r, (unsigned)n);
	run_out_answer(r, "submit", 0);
}

static void do_create(struct run *r, const char *arg)
{
	(void)arg;
	run_out_answer(r, "create", run_create(r));
}

static void do_release(struct run *r, const char *arg)
{
	(void)arg;
	run_release(r);
	run_out_answer(r, "release", 0);
}

static void do_wait(struct run *r, const char *arg)
{
	uint64_t ms = WAIT_MS;

	if (r->waiting || (arg && (!cli_number(arg, false, &ms) || ms > UINT32_MAX))) {
		run_out_answer(r, "wait", r->waiting ? -EBUSY : -EINVAL);
		return;
	}
	r->waiting = true;
	uv_timer_start(&r->patience, on_impatient, ms, 0);
	run_more(r);
}

static void do_continue(struct run *r, const char *arg)
{
	(void)arg;
	run_out_answer(r, "continue", r->step_held < 0 ? -ENOENT : 0);
	r->step_held = -1;
}

static void do_info(struct run *r, const char *arg)
{
	(void)arg;
	for (unsigned gt = 0; gt < vft_gts(r->vft); gt++)
		run_out_info(r, gt);
	run_out_answer(r, "info", 0);
}

static void do_keep(struct run *r, const char *arg)
{
	int err = run_keep(r);

	(void)arg;
	if (err)
		run_out_answer(r, "keep", err);
}

static void do_check(struct run *r, const char *arg)
{
	int err = run_check(r);

	(void)arg;
	if (err)
		run_out_answer(r, "check", err);
}

static void do_quit(struct run *r, const char *arg)
{
	(void)arg;
	run_out_answer(r, "quit", 0);
	run_end(r);
}

static const struct {
	const char *name;
	void (*run)(struct run *r, const char *arg);
} commands[] = {
	{ "submit", do_submit }, { "create", do_create },     { "release", do_release },
	{ "wait", do_wait },	 { "continue", do_continue }, { "info", do_info },
	{ "keep", do_keep },	 { "check", do_check },
	{ "quit", do_quit },
};

static void obey(struct run *r, char *line)
{
	char *save = NULL;
	const char *name = strtok_r(line, " \t\r", &save);
	const char *arg = name ? strtok_r(NULL, " \t\r", &save) : NULL;

	if (!name)
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		commands[i].run(r, arg);
		return;
	}
	run_out_answer(r, name, -EINVAL);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct run *r = handle->data;

	(void)suggested;
	*buf = uv_buf_init(r->line + r->fill, (unsigned)(sizeof(r->line) - r->fill));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct run *r = stream->data;
	char *end;

	(void)buf;
	if (n < 0) { /* nobody steers any more; also a line beyond all measure */
		uv_read_stop(stream);
		run_end(r);
		return;
	}
	r->fill += (size_t)n;
	while ((end = memchr(r->line, '\n', r->fill)) != NULL && !r->ending) {
		size_t used = (size_t)(end - r->line) + 1;

		*end = '\0';
		obey(r, r->line);
		r->fill -= used;
		memmove(r->line, r->line + used, r->fill);
	}
}

void run_stdin(struct run *r)
{
	uv_handle_type type = uv_guess_handle(0);
	int err = -ENOTSUP; /* a file or /dev/null: no commands */

	(void)uv_timer_init(&r->loop, &r->patience);
	r->patience.data = r;
	/* In the background the shell gets the lines, and who reads is stopped. */
	if (type == UV_TTY && tcgetpgrp(0) == getpgrp())
		err = uv_tty_init(&r->loop, &r->in.tty, 0, 1);
	if (type == UV_NAMED_PIPE) {
		err = uv_pipe_init(&r->loop, &r->in.pipe, 0);
		if (err == 0)
			err = uv_pipe_open(&r->in.pipe, 0);
	}
	if (err != 0)
		return;
	r->in_open = true;
	r->in.stream.data = r;
	uv_read_start(&r->in.stream, on_alloc, on_read);
}

void run_stdin_close(struct run *r)
{
	if (r->waiting)
		end_wait(r, -ECANCELED);
	if (r->patience.data) {
		uv_close((uv_handle_t *)&r->patience, NULL);
		r->patience.data = NULL;
	}
	if (r->in_open)
		uv_close((uv_handle_t *)&r->in.stream, NULL);
	r->in_open = false;
}
