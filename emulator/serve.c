/* SPDX-License-Identifier: MIT */
/* `gucemu serve`: life of the server, from the command line to the exit
 * status: signals, the ready line, the command of --run. See server.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"
#include "emulator/vfio/vfio.h"
#include "serve.h"
#include "serve_options.h"
#include "emulator/snapshot.h"

/* A command of --run gets 2 s to end. */
#define CHILD_WAITS   200u
#define CHILD_WAIT_US 10000u
/* Exit statuses beside 0 and a command's own. */
#define EXIT_FAILED 1
#define EXIT_SIGNAL 128 /* + number, as a shell has it */

void server_end(struct server *s, int status)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->status = status;
	uv_stop(&s->loop);
}

/* --- ready ---------------------------------------------------------------------------- */

static void ready_line(const struct server *s, char *buf, size_t cap)
{
	struct guc_vf_info info;
	int n = snprintf(buf, cap, "ready %s socket=%s vfs=%u tiles=%u gts=%u abi=1.%u", s->opt.name,
			 s->opt.socket, s->opt.geometry.vfs, s->opt.geometry.tiles,
			 s->opt.geometry.gts, s->opt.guc.abi_minor);

	for (unsigned fn = 1; fn <= s->opt.provision && n > 0 && (size_t)n < cap; fn++) {
		if (guc_vf_info(&s->card, fn, 0, &info) == 0)
			n += snprintf(buf + n, cap - (size_t)n, "%s0x%llx", fn == 1 ? " ggtt=" : ",",
				      (unsigned long long)info.ggtt_start);
	}
}

static int run_command(struct server *s)
{
	pid_t parent = getpid();
	sigset_t none;

	s->child = fork();
	if (s->child < 0)
		return -errno;
	if (s->child > 0)
		return 0;
	/* libuv blocks nothing, but a caller may have. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	setenv("GUCEMU_SOCKET", s->opt.socket, 1);
	execl("/bin/sh", "sh", "-c", s->opt.run, (char *)NULL);
	_exit(127);
}

void server_ready(struct server *s, int err)
{
	char line[2048];
	int e;

	if (s->ready)
		return;
	if (err != 0) {
		server_end(s, EXIT_FAILED);
		return;
	}
	s->ready = true;
	clients_accept(s);
	vfio_accept(s);
	ready_line(s, line, sizeof(line));
	printf("%s\n", line);
	fflush(stdout);
	if (s->opt.ready_fd >= 0) {
		dprintf(s->opt.ready_fd, "%s\n", line);
		close(s->opt.ready_fd);
	}
	e = s->opt.run ? run_command(s) : 0;
	if (e != 0) {
		server_log(s, LOG_ERROR, "can't run the command: %s", strerror(-e));
		server_end(s, EXIT_FAILED);
	}
}

/* --- signals ---------------------------------------------------------------------------- */

static void on_end_signal(uv_signal_t *handle, int signum)
{
	struct server *s = handle->data;

	server_log(s, LOG_NOTICE, "%s: ending", strsignal(signum));
	server_end(s, s->opt.run ? EXIT_SIGNAL + signum : 0);
}

static void on_child(uv_signal_t *handle, int signum)
{
	struct server *s = handle->data;
	int status;

	(void)signum;
	if (faults_child(s))
		card_kick(s);
	if (s->child == 0 || waitpid(s->child, &status, WNOHANG) != s->child)
		return;
	s->child = 0;
	server_end(s, WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status));
}

static void start_signal(struct server *s, uv_signal_t *handle, uv_signal_cb cb, int signum)
{
	uv_signal_init(&s->loop, handle);
	handle->data = s;
	uv_signal_start(handle, cb, signum);
}

/* --- life ------------------------------------------------------------------------------------ */

/* Regions of clients hold a descriptor each. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int serve_start(struct server *s)
{
	int err = uv_loop_init(&s->loop);

	if (err != 0)
		return err;
	err = clients_start(s); /* first: a path that is taken costs nothing */
	if (err == 0)
		err = vfio_start(s);
	if (err != 0)
		return err;
	err = record_start(s);
	if (err != 0)
		return err;
	err = card_start(s);
	if (err != 0) {
		server_log(s, LOG_ERROR, "no card of this geometry: %s", strerror(-err));
		return err;
	}
	start_signal(s, &s->sigterm, on_end_signal, SIGTERM);
	start_signal(s, &s->sigint, on_end_signal, SIGINT);
	start_signal(s, &s->sigchld, on_child, SIGCHLD);
	if (s->opt.no_pf) {
		server_ready(s, 0);
		return 0;
	}
	err = builtin_start(s);
	if (err != 0)
		server_log(s, LOG_ERROR, "the PF can't be started: %s", strerror(-err));
	return err;
}

/* Asked first; one that doesn't listen is killed. */
static void end_child(struct server *s)
{
	if (s->child == 0)
		return;
	kill(s->child, SIGTERM);
	for (unsigned i = 0; i < CHILD_WAITS; i++) {
		if (waitpid(s->child, NULL, WNOHANG) != 0)
			return;
		usleep(CHILD_WAIT_US);
	}
	kill(s->child, SIGKILL);
	waitpid(s->child, NULL, 0);
}

static void serve_stop(struct server *s)
{
	s->stopping = true;
	clients_stop(s, "the emulator ends");
	vfio_stop(s);
	proxy_pf_lost(s);
	end_child(s);
	if (!s->card.block)
		goto loop;
	if (s->sigterm.data) {
		uv_close((uv_handle_t *)&s->sigterm, NULL);
		uv_close((uv_handle_t *)&s->sigint, NULL);
		uv_close((uv_handle_t *)&s->sigchld, NULL);
	}
	builtin_stop(s);
	snapshots_drop(s);
	card_stop(s);
loop:
	record_stop(s);
	/* Run what closing the handles has left to do. */
	while (uv_run(&s->loop, UV_RUN_NOWAIT) != 0)
		;
	(void)uv_loop_close(&s->loop);
	vfio_free(s);
}

int gucemu_serve_main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));
	int status;

	if (!s)
		return EXIT_FAILED;
	status = serve_options_parse(&s->opt, argc, argv);
	if (status != CLI_RUN) {
		free(s->opt.fault);
		free(s);
		return status == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	}
	s->level = (enum server_log)s->opt.level;
	s->listen.fd = -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit to a file's size is an error like others */
	raise_limits();
	setvbuf(stderr, NULL, _IOLBF, 0);
	if (serve_start(s) == 0)
		uv_run(&s->loop, UV_RUN_DEFAULT);
	else
		s->status = EXIT_FAILED;
	status = s->status;
	serve_stop(s);
	free(s->opt.fault);
	free(s);
	return status;
}
