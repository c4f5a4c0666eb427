/* SPDX-License-Identifier: MIT */
/* Registers over the socket: an MMIO read round trip against a libuv echo of
 * the same bytes, and batched posted writes against single answered ones.
 * Client, server and echo share one processor. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "bench.h"
#include "bench_client.h"
#include "proto/frame.h"
#include "proto/regs.h"

#define ROUND_TRIPS 4000u
#define BATCH	    64u

struct ends {
	int server; /* connected to the emulator as VF 1 */
	int echo;   /* connected to the echo process */
	size_t request_len, answer_len;
	uint8_t request[256];
	uint32_t seq;
};

/* Send the prepared request, read an answer of `len` bytes: the same work for
 * the emulator and the echo, so that the servers are compared, not clients. */
static double round_trips(const struct ends *e, int fd, size_t len)
{
	uint64_t start = bench_now();
	uint8_t buf[256];

	for (unsigned i = 0; i < ROUND_TRIPS; i++) {
		size_t got = 0;

		bench_send(fd, e->request, e->request_len);
		while (got < len) {
			ssize_t n = read(fd, buf, sizeof(buf));

			if (n <= 0)
				bench_die("server went away");
			got += (size_t)n;
		}
	}
	return ROUND_TRIPS * 1e9 / (double)(bench_now() - start);
}

static double mmio_round_trips(void *user)
{
	struct ends *e = user;

	return round_trips(e, e->server, e->answer_len);
}

static double echo_round_trips(void *user)
{
	struct ends *e = user;

	return round_trips(e, e->echo, e->request_len);
}

static void write_frame(struct ends *e, unsigned n, bool answered)
{
	uint8_t data[BATCH * 8];
	struct frame f = { .type = gucemu_FrameType_MMIO_WRITE, .size = 4, .data = data,
			   .data_len = n * 8, .seq = answered ? ++e->seq : 0 };

	for (unsigned i = 0; i < n; i++) {
		le32_put(data + 8 * i, REG_VF_SW_FLAG(i % MAILBOX_DWORDS));
		le32_put(data + 8 * i + 4, i);
	}
	bench_post(e->server, &f);
}

static double batched_writes(void *user)
{
	struct ends *e = user;
	uint64_t start = bench_now();
	struct frame f;

	for (unsigned i = 0; i < ROUND_TRIPS / 4; i++)
		write_frame(e, BATCH, i == ROUND_TRIPS / 4 - 1);
	bench_await(e->server, gucemu_FrameType_STATUS, &f);
	return (double)BATCH * (ROUND_TRIPS / 4) * 1e9 / (double)(bench_now() - start);
}

static double single_writes(void *user)
{
	struct ends *e = user;
	uint64_t start = bench_now();
	struct frame f;

	for (unsigned i = 0; i < ROUND_TRIPS / 4; i++) {
		write_frame(e, 1, true);
		bench_await(e->server, gucemu_FrameType_STATUS, &f);
	}
	return (ROUND_TRIPS / 4) * 1e9 / (double)(bench_now() - start);
}

/* --- the echo: a bare libuv program ------------------------------------------ */

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
	static char space[65536];

	(void)h;
	(void)hint;
	*buf = uv_buf_init(space, sizeof(space));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	uv_buf_t out = uv_buf_init(buf->base, n > 0 ? (unsigned)n : 0);

	if (n < 0)
		uv_stop(s->loop);
	else if (n > 0)
		uv_try_write(s, &out, 1);
}

static void on_connection(uv_stream_t *server, int status)
{
	static uv_pipe_t client;

	if (status)
		return;
	uv_pipe_init(server->loop, &client, 0);
	uv_accept(server, (uv_stream_t *)&client);
	uv_read_start((uv_stream_t *)&client, on_alloc, on_read);
}

static void echo_main(const char *path)
{
	uv_loop_t *loop = uv_default_loop();
	uv_pipe_t server;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	uv_pipe_init(loop, &server, 0);
	if (uv_pipe_bind(&server, path) || uv_listen((uv_stream_t *)&server, 1, on_connection))
		_exit(1);
	uv_run(loop, UV_RUN_DEFAULT);
	_exit(0);
}

int main(void)
{
	const char *program = getenv("GUCEMU") ? getenv("GUCEMU") : "./gucemu";
	char dir[] = "/tmp/gucemu-bench-XXXXXX", sock[64], echo_path[64];
	struct frame hello = { .type = gucemu_FrameType_HELLO, .value = FRAME_PROTOCOL,
			       .code = FRAME_ROLE_FUNCTION, .function = 1 };
	struct frame read_cap = { .type = gucemu_FrameType_MMIO_READ, .seq = 1,
				  .addr = REG_VF_CAP, .size = 4, .value = 1 };
	struct ends e = { 0 };
	uint8_t scratch[256];
	struct frame f;
	pid_t server, echo;

	if (!mkdtemp(dir))
		bench_die(dir);
	snprintf(sock, sizeof(sock), "%s/card.sock", dir);
	snprintf(echo_path, sizeof(echo_path), "%s/echo.sock", dir);
	bench_pin();
	echo = fork();
	if (echo == 0)
		echo_main(echo_path);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, "gucemu", "serve", "--socket", sock, "--vfs", "1", "--log",
		      "error", (char *)NULL);
		bench_die(program);
	}
	e.server = bench_connect(sock);
	e.echo = bench_connect(echo_path);
	bench_post(e.server, &hello);
	bench_await(e.server, gucemu_FrameType_WELCOME, &f);
	e.request_len = (size_t)frame_encode(&read_cap, e.request, sizeof(e.request));
	/* The answer once with all checks; its length is that of all others. */
	bench_send(e.server, e.request, e.request_len);
	bench_await(e.server, gucemu_FrameType_MMIO_DATA, &f);
	e.answer_len = (size_t)frame_encode(&f, scratch, sizeof(scratch));
	bench_pair("mmio-round-trip/uv-echo", mmio_round_trips, echo_round_trips, &e, "0.85");
	bench_pair("batched-64/single-write", batched_writes, single_writes, &e, "20, ours 2000000/s");
	kill(server, SIGTERM);
	kill(echo, SIGKILL);
	waitpid(server, NULL, 0);
	waitpid(echo, NULL, 0);
	unlink(sock);
	unlink(echo_path);
	rmdir(dir);
	return EXIT_SUCCESS;
}
