/* SPDX-License-Identifier: MIT */
/* A VF behind vfio-user as QEMU reaches it: register reads, each answered; writes, posted
 * one by one or in lists, with a read behind so many. The baseline is a process that speaks
 * the same framing and does nothing: header, body, a reply of the right length. With
 * "--against PROGRAM" it is somebody else's server with registers in BAR 2, started with the
 * path of its socket; docs/performance.md says which. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "emulator/vfio/msg.h"
#include "proto/bits.h"
#include "proto/regs.h"

#define READS  20000u
#define WRITES 100000u
#define LISTED 128u /* writes in a list */
#define BURST  1000u /* posted writes before a read */
#define BODY_MAX 65536u

struct end {
	int fd;
	uint16_t id;
	uint32_t region; /* the register that is read, and the one that is written */
	uint64_t read_at, write_at;
};

static struct end ours = { .region = VU_BAR0, .read_at = REG_VF_CAP,
			   .write_at = REG_VF_SW_FLAG(3) };
static struct end theirs = { .region = VU_BAR0, .read_at = REG_VF_CAP,
			     .write_at = REG_VF_SW_FLAG(3) };

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void put_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			die("send");
		data += n;
		len -= (size_t)n;
	}
}

static int take_all(int fd, uint8_t *data, size_t len)
{
	return len == 0 || recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

static void header(uint8_t *msg, struct end *e, uint16_t command, uint32_t flags, uint32_t body)
{
	memset(msg, 0, VU_HEADER);
	e->id++;
	memcpy(msg, &e->id, 2);
	memcpy(msg + VU_H_COMMAND, &command, 2);
	le32_put(msg + VU_H_SIZE, VU_HEADER + body);
	le32_put(msg + VU_H_FLAGS, flags);
}

static void access_head(uint8_t *at, const struct end *e, uint64_t off, uint32_t count)
{
	le64_put(at, off);
	le32_put(at + VU_ACCESS_REGION, e->region);
	le32_put(at + VU_ACCESS_COUNT, count);
}

static void read_one(struct end *e)
{
	uint8_t msg[VU_HEADER + VU_ACCESS_BYTES], reply[VU_HEADER + VU_ACCESS_BYTES + 4];

	header(msg, e, VU_REGION_READ, 0, VU_ACCESS_BYTES);
	access_head(msg + VU_HEADER, e, e->read_at, 4);
	put_all(e->fd, msg, sizeof(msg));
	if (!take_all(e->fd, reply, sizeof(reply)))
		die("reply");
}

/* --- what is measured ------------------------------------------------------------------- */

static double reads(void *user)
{
	uint64_t began = bench_now();

	for (unsigned i = 0; i < READS; i++)
		read_one(user);
	return READS * 1e9 / (double)(bench_now() - began);
}

/* A scratch register of the VF's: what is written there has no effect. */
static double writes(void *user)
{
	uint8_t msg[VU_HEADER + VU_ACCESS_BYTES + 4] = { 0 };
	const struct end *e = user;
	uint64_t began = bench_now();

	for (unsigned i = 0; i < WRITES; i++) {
		header(msg, user, VU_REGION_WRITE, VU_NO_REPLY, VU_ACCESS_BYTES + 4);
		access_head(msg + VU_HEADER, e, e->write_at, 4);
		put_all(e->fd, msg, sizeof(msg));
		if (i % BURST == BURST - 1)
			read_one(user);
	}
	return WRITES * 1e9 / (double)(bench_now() - began);
}

static double lists(void *user)
{
	static uint8_t msg[VU_HEADER + VU_MULTI_FIRST + LISTED * VU_MULTI_BYTES];
	uint64_t began = bench_now();

	for (unsigned i = 0; i < WRITES; i += LISTED) {
		header(msg, user, VU_REGION_WRITE_MULTI, VU_NO_REPLY, sizeof(msg) - VU_HEADER);
		le64_put(msg + VU_HEADER, LISTED);
		for (unsigned k = 0; k < LISTED; k++) {
			uint8_t *at = msg + VU_HEADER + VU_MULTI_FIRST + k * VU_MULTI_BYTES;

			le64_put(at + VU_MULTI_OFFSET, REG_VF_SW_FLAG(3));
			le32_put(at + VU_MULTI_REGION, VU_BAR0);
			le32_put(at + VU_MULTI_COUNT, 4);
		}
		put_all(((struct end *)user)->fd, msg, sizeof(msg));
		if (i / LISTED % 8 == 7)
			read_one(user);
	}
	return WRITES * 1e9 / (double)(bench_now() - began);
}

/* --- the two ------------------------------------------------------------------------------ */

static void bare_serve(int fd)
{
	static uint8_t in[VU_HEADER + BODY_MAX], out[VU_HEADER + BODY_MAX];

	while (take_all(fd, in, VU_HEADER)) {
		uint32_t body = le32_get(in + VU_H_SIZE) - VU_HEADER, n = body;

		if (body > BODY_MAX || !take_all(fd, in + VU_HEADER, body))
			break;
		if (le32_get(in + VU_H_FLAGS) & VU_NO_REPLY)
			continue;
		if (in[VU_H_COMMAND] == VU_REGION_READ)
			n = VU_ACCESS_BYTES + le32_get(in + VU_HEADER + VU_ACCESS_COUNT);
		memcpy(out, in, VU_HEADER);
		le32_put(out + VU_H_SIZE, VU_HEADER + n);
		le32_put(out + VU_H_FLAGS, VU_TYPE_REPLY);
		put_all(fd, out, VU_HEADER + n);
	}
	_exit(0);
}

static void start_bare(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		bare_serve(pair[1]);
	}
	close(pair[1]);
	theirs.fd = pair[0];
}

/* Connect as soon as somebody listens there, and say VERSION. */
static void dial(struct end *e, const struct sockaddr_un *addr)
{
	uint8_t msg[VU_HEADER + 7] = { 0 }, reply[4096];
	unsigned tries = 0;
	uint32_t body;

	e->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(e->fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		if ((errno != ENOENT && errno != ECONNREFUSED) || tries++ == 1000)
			die(addr->sun_path);
		usleep(10000);
	}
	header(msg, e, VU_VERSION, 0, 7);
	msg[VU_HEADER + 4] = '{';
	msg[VU_HEADER + 5] = '}';
	put_all(e->fd, msg, sizeof(msg));
	body = take_all(e->fd, reply, VU_HEADER) ? le32_get(reply + VU_H_SIZE) - VU_HEADER : 0;
	if (body == 0 || body > sizeof(reply) || !take_all(e->fd, reply, body))
		die("VERSION");
}

static pid_t start_ours(const char *program, const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char control[64], list[64], line[4096];
	int ready[2];
	pid_t pid;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/vf", dir);
	snprintf(control, sizeof(control), "%s/card", dir);
	snprintf(list, sizeof(list), "vf1=%s/vf", dir);
	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], 3);
		execl(program, program, "serve", "--socket", control, "--vfio-user", list,
		      "--log", "error", "--ready-fd", "3", (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	if (read(ready[0], line, sizeof(line)) <= 0)
		die("gucemu serve");
	close(ready[0]);
	dial(&ours, &addr);
	return pid;
}

/* Somebody else's server: on our processor, like ours. */
static pid_t start_theirs(const char *program, const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	pid_t pid;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/theirs", dir);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, addr.sun_path, (char *)NULL);
		die(program);
	}
	theirs = (struct end){ .region = VU_BAR0 + 2 };
	dial(&theirs, &addr);
	return pid;
}

static const struct row {
	const char *name;
	double (*run)(void *user);
	bool plain; /* without the extension of lists, which not every server has */
} rows[] = {
	{ "vfio-user reads", reads, true },
	{ "vfio-user posted writes", writes, true },
	{ "vfio-user listed writes", lists, false },
};

static const struct row *now_row;

static double run_ours(void *user)
{
	(void)user;
	return now_row->run(&ours);
}

static double run_theirs(void *user)
{
	(void)user;
	return now_row->run(&theirs);
}

static void end_child(pid_t pid)
{
	if (pid > 0 && kill(pid, SIGTERM) == 0)
		waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "against", required_argument, NULL, 'a' },
						 { NULL, 0, NULL, 0 } };
	const char *program = getenv("GUCEMU"), *against = NULL;
	char dir[] = "/tmp/gucemu-bench-XXXXXX", name[64], path[64];
	pid_t pid, other = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) == 'a')
		against = optarg;
	if (c != -1 || optind != argc)
		return 2;
	if (!program || !mkdtemp(dir)) {
		fprintf(stderr, "GUCEMU must name the program\n");
		return 77;
	}
	bench_pin();
	pid = start_ours(program, dir);
	if (against)
		other = start_theirs(against, dir);
	else
		start_bare();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		now_row = &rows[i];
		if (against && !now_row->plain)
			continue;
		snprintf(name, sizeof(name), "%s/%s", now_row->name,
			 against ? "sample server" : "bare server");
		bench_pair(name, run_ours, run_theirs, NULL, "1.0 of a sample server");
	}
	end_child(other);
	end_child(pid);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, i ? "theirs" : "card");
		unlink(path);
	}
	rmdir(dir);
	return 0;
}
