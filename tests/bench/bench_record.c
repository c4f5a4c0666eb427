/* SPDX-License-Identifier: MIT */
/* What recording costs: CTB requests in process with every event encoded, a
 * server's register reads and batched writes with --record, and the longest
 * round trip of a client beside one that makes the server record as fast as it
 * can: the loop must not wait for the disk. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/frame.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "tests/sim/bare.h"
#include "view/trace.h"

#define REQUESTS    20000u
#define ROUND_TRIPS 2000u
#define BATCHES     500u
#define BATCH       64u

/* --- in process ---------------------------------------------------------------- */

struct core {
	struct bare bare;
	struct trace_run run;
	uint8_t buf[1u << 20];
	size_t at;
	uint64_t bytes;
};

static void put(struct core *c, const struct trace_record *r)
{
	long n;

	if (sizeof(c->buf) - c->at < trace_bound(r))
		c->at = 0;
	n = trace_encode(r, c->buf + c->at, sizeof(c->buf) - c->at);
	c->at += n > 0 ? (size_t)n : 0;
	c->bytes += n > 0 ? (uint64_t)n : 0;
}

/* As emulator/record.c does, into memory. */
static void record(void *user, const struct guc_event *e)
{
	struct core *c = user;
	struct trace_scratch scratch;
	struct trace_record r;

	if (trace_run_add(&c->run, e))
		return;
	if (trace_run_take(&c->run, &r))
		put(c, &r);
	if (trace_run_add(&c->run, e))
		return;
	trace_from_event(&r, e, &scratch);
	put(c, &r);
}

static double ctb_requests(struct core *c)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV,
				 klv_header(GUC_KLV_SCHED_RENDER_COMPUTE_YIELD, 2), 80, 20 };
	struct bare *b = &c->bare;
	uint64_t start = bench_now();

	b->replies = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (host_ct_send(&b->ct, HXG_REQUEST, dw, 4, i, 0, 0, 0))
			exit(EXIT_FAILURE);
		host_ct_receive(&b->ct, 16, 0);
	}
	if (b->replies != REQUESTS)
		exit(EXIT_FAILURE);
	return REQUESTS * 1e9 / (double)(bench_now() - start);
}

static double recorded(void *user)
{
	struct core *c = user;

	c->bare.card.sink = record;
	c->bare.card.sink_user = c;
	c->bare.card.sink_mask = UINT64_MAX;
	c->bytes = 0;
	return ctb_requests(c);
}

static double unrecorded(void *user)
{
	struct core *c = user;

	c->bare.card.sink = NULL;
	c->bare.card.sink_mask = 0;
	return ctb_requests(c);
}

/* --- servers -------------------------------------------------------------------- */

struct server {
	pid_t pid;
	int fd;      /* its VF 1 */
	char sock[64];
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void post(int fd, const struct frame *f)
{
	uint8_t buf[2048];
	long n = frame_encode(f, buf, sizeof(buf));

	if (n < 0 || write(fd, buf, (size_t)n) != n)
		die("write");
}

/* One answer: nothing else is under way. */
static void await(int fd)
{
	uint8_t buf[4096];
	size_t have = 0;
	struct frame f;

	while (frame_decode(buf, have, &f) == 0) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - have);

		if (n <= 0)
			die("server went away");
		have += (size_t)n;
	}
	if (f.type == gucemu_FrameType_STATUS && f.status)
		die("server refuses");
}

static int attach(const char *path, unsigned fn)
{
	struct frame hello = { .type = gucemu_FrameType_HELLO, .value = FRAME_PROTOCOL,
			       .code = FRAME_ROLE_FUNCTION, .function = fn };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	for (unsigned tries = 0; connect(fd, (struct sockaddr *)&sa, sizeof(sa)); tries++) {
		if (tries == 500)
			die(path);
		usleep(10000);
	}
	post(fd, &hello);
	await(fd);
	return fd;
}

static struct server start(const char *dir, const char *name, bool recording)
{
	const char *program = getenv("GUCEMU") ? getenv("GUCEMU") : "./gucemu";
	struct server s = { 0 };
	char trace[64];

	snprintf(s.sock, sizeof(s.sock), "%s/%s", dir, name);
	snprintf(trace, sizeof(trace), "%s/trace", dir);
	s.pid = fork();
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO); /* the ready line */
		execl(program, "gucemu", "serve", "--socket", s.sock, "--vfs", "2", "--log",
		      "error", recording ? "--record" : NULL, trace, (char *)NULL);
		die(program);
	}
	s.fd = attach(s.sock, 1);
	return s;
}

static const struct frame read_cap = { .type = gucemu_FrameType_MMIO_READ, .seq = 1,
				       .addr = REG_VF_CAP, .size = 4, .value = 1 };

static double round_trips(void *user)
{
	const struct server *s = user;
	uint64_t begun = bench_now();

	for (unsigned i = 0; i < ROUND_TRIPS; i++) {
		post(s->fd, &read_cap);
		await(s->fd);
	}
	return ROUND_TRIPS * 1e9 / (double)(bench_now() - begun);
}

static void batch(int fd, bool answered)
{
	uint8_t data[BATCH * 8];
	struct frame f = { .type = gucemu_FrameType_MMIO_WRITE, .size = 4, .data = data,
			   .data_len = sizeof(data), .seq = answered };

	for (unsigned i = 0; i < BATCH; i++) {
		le32_put(data + 8 * i, REG_VF_SW_FLAG(i % MAILBOX_DWORDS));
		le32_put(data + 8 * i + 4, i);
	}
	post(fd, &f);
}

static double batches(void *user)
{
	const struct server *s = user;
	uint64_t begun = bench_now();

	for (unsigned i = 0; i < BATCHES; i++)
		batch(s->fd, i == BATCHES - 1);
	await(s->fd);
	return (double)BATCH * BATCHES * 1e9 / (double)(bench_now() - begun);
}

struct pair {
	struct server with, without;
};

static double with(double (*rate)(void *), const struct server *s)
{
	return rate((void *)(uintptr_t)s);
}

static double trips_with(void *user) { return with(round_trips, &((struct pair *)user)->with); }
static double trips_without(void *user) { return with(round_trips, &((struct pair *)user)->without); }
static double batches_with(void *user) { return with(batches, &((struct pair *)user)->with); }
static double batches_without(void *user) { return with(batches, &((struct pair *)user)->without); }

/* The longest and the median round trip of VF 2 while VF 1 floods the server. */
static void longest(const char *name, const struct server *s)
{
	static double trips[ROUND_TRIPS];
	int other = attach(s->sock, 2);
	double most = 0;
	pid_t flood = fork();

	if (flood == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			batch(s->fd, false);
	}
	for (unsigned i = 0; i < ROUND_TRIPS; i++) {
		uint64_t begun = bench_now();

		post(other, &read_cap);
		await(other);
		trips[i] = (double)(bench_now() - begun) / 1e3;
		most = trips[i] > most ? trips[i] : most;
	}
	kill(flood, SIGKILL);
	waitpid(flood, NULL, 0);
	close(other);
	printf("%-28s %12.0f us median, %8.0f us longest round trip\n", name,
	       bench_median(trips, ROUND_TRIPS), most);
}

static void stop(const struct server *s)
{
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	unlink(s->sock);
}

int main(void)
{
	static struct core core;
	char dir[] = "/tmp/gucemu-bench-XXXXXX", trace[64];
	struct pair p;

	if (!mkdtemp(dir))
		die(dir);
	snprintf(trace, sizeof(trace), "%s/trace", dir);
	bare_init(&core.bare);
	bench_pair("ctb-request recorded/not", recorded, unrecorded, &core, "0.25");
	printf("%-28s %12.0f bytes a request\n", "", (double)core.bytes / REQUESTS);
	bare_free(&core.bare);
	p.without = start(dir, "plain", false);
	p.with = start(dir, "recording", true);
	bench_pair("mmio-round-trip recorded/not", trips_with, trips_without, &p, "0.8");
	bench_pair("batched-64 recorded/not", batches_with, batches_without, &p, "0.5");
	longest("flooded, not recorded", &p.without);
	longest("flooded, recorded", &p.with);
	stop(&p.with);
	stop(&p.without);
	unlink(trace);
	rmdir(dir);
	return EXIT_SUCCESS;
}
