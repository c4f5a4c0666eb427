/* SPDX-License-Identifier: MIT */
/* A VF behind vfio-user as QEMU reaches it: register reads, each answered; writes, posted
 * one by one or in lists, with a read behind so many. The baseline is a process that speaks
 * the same framing and does nothing: header, body, a reply of the right length. */
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
};

static struct end ours, bare;

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

static void access_head(uint8_t *at, uint64_t off, uint32_t count)
{
	le64_put(at, off);
	le32_put(at + VU_ACCESS_REGION, VU_BAR0);
	le32_put(at + VU_ACCESS_COUNT, count);
}

static void read_one(struct end *e)
{
	uint8_t msg[VU_HEADER + VU_ACCESS_BYTES], reply[VU_HEADER + VU_ACCESS_BYTES + 4];

	header(msg, e, VU_REGION_READ, 0, VU_ACCESS_BYTES);
	access_head(msg + VU_HEADER, REG_VF_CAP, 4);
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
	uint64_t began = bench_now();

	for (unsigned i = 0; i < WRITES; i++) {
		header(msg, user, VU_REGION_WRITE, VU_NO_REPLY, VU_ACCESS_BYTES + 4);
		access_head(msg + VU_HEADER, REG_VF_SW_FLAG(3), 4);
		put_all(((struct end *)user)->fd, msg, sizeof(msg));
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
	bare.fd = pair[0];
}

static pid_t start_ours(const char *program, const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	uint8_t msg[VU_HEADER + 7] = { 0 }, reply[4096];
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
	ours.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(ours.fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("connect");
	header(msg, &ours, VU_VERSION, 0, 7);
	msg[VU_HEADER + 4] = '{';
	msg[VU_HEADER + 5] = '}';
	put_all(ours.fd, msg, sizeof(msg));
	if (!take_all(ours.fd, reply, VU_HEADER) ||
	    !take_all(ours.fd, reply + VU_HEADER, le32_get(reply + VU_H_SIZE) - VU_HEADER))
		die("VERSION");
	return pid;
}

static const struct row {
	const char *name;
	double (*run)(void *user);
} rows[] = {
	{ "vfio-user reads/bare server", reads },
	{ "vfio-user posted writes/bare server", writes },
	{ "vfio-user listed writes/bare server", lists },
};

static const struct row *now_row;

static double run_ours(void *user)
{
	(void)user;
	return now_row->run(&ours);
}

static double run_bare(void *user)
{
	(void)user;
	return now_row->run(&bare);
}

int main(void)
{
	const char *program = getenv("GUCEMU");
	char dir[] = "/tmp/gucemu-bench-XXXXXX", path[64];
	pid_t pid;

	if (!program || !mkdtemp(dir)) {
		fprintf(stderr, "GUCEMU must name the program\n");
		return 77;
	}
	bench_pin();
	pid = start_ours(program, dir);
	start_bare();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		now_row = &rows[i];
		bench_pair(rows[i].name, run_ours, run_bare, NULL, "1.0 of a sample server");
	}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	snprintf(path, sizeof(path), "%s/card", dir);
	unlink(path);
	rmdir(dir);
	return 0;
}
