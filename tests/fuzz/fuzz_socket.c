/* SPDX-License-Identifier: MIT */
/* Hostile clients against a real `gucemu serve`: each case is a function of its
 * number, a few connections of any role that send frames which make sense more
 * often than not, torn, mutated, with descriptors that fit or don't. The server
 * must live, answer an honest client after each case, keep no client and no
 * descriptor of those that went, and end with status 0 (leaks included).
 *
 * Usage: fuzz_socket [SECONDS [FIRST]]: rounds of cases, a server each, from
 * number FIRST on (0) until the time is over; without SECONDS one round. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/frame.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "sim/random.h"

#define ROUND      120u   /* cases a server sees */
#define CLIENTS    4u     /* of a case */
#define FRAMES     24u    /* of a client */
#define ANSWER_MS  20000  /* a server that is silent for longer hangs */
#define SETTLE     2000u  /* looks at a server that still has to let go */
#define VFS        3u

#define T(name) gucemu_FrameType_##name

static uint64_t rng;

static uint64_t next_random(void)
{
	return random_next(&rng);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* --- frames ------------------------------------------------------------------------ */

static uint64_t edge(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 4, 8, 63, 64, 255, 256, 4095, 4096, 4097, 65535,
					  65536, 65537, INT32_MAX, UINT32_MAX, 1ull << 32,
					  1ull << 52, INT64_MAX, UINT64_MAX - 4095, UINT64_MAX };

	return edges[below(sizeof(edges) / sizeof(edges[0]))];
}

/* Offsets in the BAR that mean something, and others. */
static uint64_t offset(void)
{
	switch (below(6)) {
	case 0:
		return REG_GUC_HOST_INTERRUPT;
	case 1:
		return REG_GGTT_BASE + 8 * below(16384);
	case 2:
		return edge();
	case 3:
		return REG_MED_VF_SW_FLAG(below(4));
	}
	return REG_VF_SW_FLAG(below(4));
}

/* Dwords as mailbox, PTEs and rings take them. */
static uint32_t word(void)
{
	static const uint16_t actions[] = {
		GUC_ACTION_VF_RESET, GUC_ACTION_MATCH_VERSION, GUC_ACTION_QUERY_SINGLE_KLV,
		GUC_ACTION_SELF_CFG, GUC_ACTION_CONTROL_CTB, GUC_ACTION_RESFIX_START,
		GUC_ACTION_RESFIX_DONE, GUC_ACTION_VF_CONTROL, GUC_ACTION_SAVE_RESTORE_VF,
		GUC_ACTION_UPDATE_VF_CFG, GUC_ACTION_REGISTER_CONTEXT, GUC_ACTION_SCHED_CONTEXT,
	};

	switch (below(4)) {
	case 0:
		return hxg_call(HXG_ORIGIN_HOST, below(3), actions[below(12)], below(4));
	case 1:
		return klv_header(0x0900 + below(16), 1 + below(2));
	case 2:
		return (uint32_t)edge();
	}
	return below(2) ? below(8) * 4096 + below(2) : (uint32_t)next_random();
}

static const char *const verbs[] = {
	"card", "state", "findings vf=1", "pci-flr vf=2", "freeze vf=1", "freeze vf=2 keep=1",
	"thaw vf=1", "handover vf=1 to=/nowhere", "events", "events points=mem-read,mmio-write,tick",
	"pf provision vf=1", "pf provision vf=2 ggtt=1M contexts=16", "pf unprovision vf=1",
	"pf flr vf=1", "pf pause vf=1", "pf resume vf=1", "pf stop vf=2", "pf save vf=1",
	"pf size vf=1", "pf restore vf=1", "pf info vf=1", "pf", "nonsense", "state vf=", "= = =",
};

static uint8_t data[4096];
static char text[128];

static size_t words(size_t max)
{
	size_t n = below((uint32_t)max + 1);

	for (size_t i = 0; i < n; i++)
		le32_put(data + 4 * i, word());
	return 4 * n;
}

/* A region: address, length, perhaps offset in the file. */
static size_t region(bool file)
{
	le64_put(data, below(8) ? below(4) * 0x10000ull : edge());
	le64_put(data + 8, below(8) ? (1 + below(4)) * 4096ull : edge());
	le64_put(data + 16, below(8) ? 0 : edge());
	return file ? 24 : 16;
}

static void writes(struct frame *f)
{
	if (below(4) == 0) {
		f->flags = 1;
		f->size = below(2) ? 4 : 8;
		f->addr = offset();
		f->data_len = words(64);
		return;
	}
	f->size = 4;
	for (size_t n = below(24); n > 0; n--, f->data_len += 8) {
		le32_put(data + f->data_len, (uint32_t)offset());
		le32_put(data + f->data_len + 4, word());
	}
}

static void verb(struct frame *f)
{
	f->text = verbs[below(sizeof(verbs) / sizeof(verbs[0]))];
	f->text_len = strlen(f->text);
	if (below(8) == 0) {
		memcpy(text, f->text, f->text_len);
		text[below((uint32_t)f->text_len)] = (char)next_random();
		f->text = text;
	}
}

/* What the type needs; `role` is the sender's. */
static void fill(struct frame *f)
{
	f->seq = below(4) ? 1 + below(1000) : 0;
	f->gt = below(8) ? below(2) : (uint32_t)edge();
	f->data = data;
	switch (f->type) {
	case T(HELLO):
		f->value = below(8) ? FRAME_PROTOCOL : edge();
		f->code = below(8) ? 1 + below(3) : (uint32_t)edge();
		f->function = below(8) ? below(VFS + 1) : (uint32_t)edge();
		f->flags = below(8);
		break;
	case T(MMIO_WRITE):
		writes(f);
		break;
	case T(MMIO_READ):
		f->addr = offset();
		f->size = below(8) ? 4u << below(2) : below(16);
		f->value = below(4) ? below(8) : edge();
		break;
	case T(MEM_SHARE):
		f->fds = below(8) ? 1 : below(FRAME_FDS_MAX + 1);
		f->data_len = region(true);
		f->flags = below(2);
		break;
	case T(MEM_HOST):
		f->data_len = region(false);
		break;
	case T(CONTROL):
		verb(f);
		break;
	case T(ADOPT):
		f->fds = below(3);
		f->function = below(VFS + 2);
		f->flags = below(4);
		f->data_len = words(32);
		break;
	default: /* a foreign enum, most of it said by chance */
		f->addr = below(4) ? below(4) * 0x10000 : edge();
		f->value = below(4) ? below(64) : edge();
		f->size = below(16);
		f->code = below(4);
		f->function = below(4);
		f->flags = below(4);
		f->status = below(4) ? 0 : -(int32_t)below(4096);
		f->data_len = words(32);
		break;
	}
}

/* --- clients ------------------------------------------------------------------------- */

static const gucemu_FrameType of_function[] = {
	T(MMIO_WRITE), T(MMIO_WRITE), T(MMIO_WRITE), T(MMIO_READ), T(FLR), T(MEM_SHARE), T(MEM_HOST),
	T(MEM_DROP), T(MEM_READ), T(MEM_WRITE), T(LMEM_READ), T(LMEM_WRITE), T(CTB_OPEN), T(CTB_SEND),
	T(CTB_RESTART), T(FROZEN),
};
static const gucemu_FrameType of_control[] = { T(CONTROL), T(CONTROL), T(CONTROL), T(BLOB) };
static const gucemu_FrameType of_peer[] = { T(ADOPT), T(ADOPT), T(STATUS) };

static gucemu_FrameType any_type(enum frame_role role)
{
	if (below(16) == 0)
		return (gucemu_FrameType)below(100);
	if (role == FRAME_ROLE_CONTROL)
		return of_control[below(sizeof(of_control) / sizeof(of_control[0]))];
	if (role == FRAME_ROLE_PEER)
		return of_peer[below(sizeof(of_peer) / sizeof(of_peer[0]))];
	return of_function[below(sizeof(of_function) / sizeof(of_function[0]))];
}

static int connect_to(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sa.sun_path, path, strlen(path));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int any_fd(void)
{
	int fd, ends[2];

	if (below(4) == 0)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	if (below(4) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
		close(ends[1]);
		return ends[0];
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && ftruncate(fd, 4 * 4096) == 0 && below(4))
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | (below(2) ? F_SEAL_WRITE : 0));
	return fd;
}

/* Send bytes with `n` descriptors. False: the server doesn't take any more. */
static bool send_bytes(int fd, const uint8_t *bytes, size_t len, unsigned n)
{
	int fds[FRAME_FDS_MAX];
	char control[CMSG_SPACE(sizeof(fds))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t sent = 0;

	n = n < FRAME_FDS_MAX ? n : FRAME_FDS_MAX;
	for (unsigned i = 0; i < n; i++)
		fds[i] = any_fd();
	if (n > 0) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	/* A server that waits for us to read doesn't read: don't wait for it. */
	if (poll(&p, 1, 0) == 1 && p.revents == POLLOUT)
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	return sent == (ssize_t)len;
}

static bool send_frame(int fd, const struct frame *f)
{
	static uint8_t buf[FRAME_MAX];
	long n = frame_encode(f, buf, sizeof(buf));
	unsigned fds = below(16) ? f->fds : below(3);
	size_t cut;

	if (n <= 0)
		return true;
	for (unsigned changes = below(10) == 0 ? 1 + below(4) : 0; changes > 0; changes--)
		buf[below((uint32_t)n)] = (uint8_t)next_random();
	cut = below(8) ? (size_t)n : below((uint32_t)n + 1);
	return send_bytes(fd, buf, cut, fds) &&
	       (cut == (size_t)n || below(4) == 0 || send_bytes(fd, buf + cut, (size_t)n - cut, 0));
}

/* Read what is there; false at the end of the connection. */
static bool take_answers(int fd)
{
	static uint8_t buf[65536];
	ssize_t n;

	do {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0);
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool talk(int fd, enum frame_role role)
{
	struct frame f = { .type = any_type(role) };

	fill(&f);
	if (!send_frame(fd, &f))
		return false;
	return below(4) == 0 || take_answers(fd);
}

static void run_case(const char *path, uint64_t number)
{
	int fd[CLIENTS];
	enum frame_role role[CLIENTS];
	unsigned n;

	rng = number * 0x1000001;
	n = 1 + below(CLIENTS);
	for (unsigned i = 0; i < n; i++) {
		struct frame hello = { .type = T(HELLO), .value = FRAME_PROTOCOL, .seq = 1,
				       .flags = below(8) };

		role[i] = (enum frame_role)(1 + (below(3) ? below(2) : 2));
		hello.code = role[i];
		hello.function = role[i] == FRAME_ROLE_FUNCTION ? below(VFS + 1) : 0;
		fd[i] = connect_to(path);
		if (fd[i] >= 0 && below(16))
			send_frame(fd[i], &hello);
	}
	for (unsigned turns = below(n * FRAMES); turns > 0; turns--) {
		unsigned i = below(n);

		if (fd[i] >= 0 && (!talk(fd[i], role[i]) || below(32) == 0)) {
			close(fd[i]);
			fd[i] = -1;
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* --- the honest client ----------------------------------------------------------------- */

/* The next frame of type `type`; false: the server is silent or gone. */
static bool await(int fd, gucemu_FrameType type, struct frame *f)
{
	static uint8_t buf[2 * FRAME_MAX];
	size_t have = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long used = frame_decode(buf, have, f);
		ssize_t n;

		if (used < 0)
			return false;
		if (used > 0 && f->type == type)
			return true;
		if (used > 0) {
			have -= (size_t)used;
			memmove(buf, buf + used, have);
			continue;
		}
		if (poll(&p, 1, ANSWER_MS) != 1)
			return false;
		n = recv(fd, buf + have, sizeof(buf) - have, 0);
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
}

/* Ask for the state: the number of clients it lists, or -1. */
static int clients_of(const char *path)
{
	struct frame hello = { .type = T(HELLO), .value = FRAME_PROTOCOL, .seq = 1,
			       .code = FRAME_ROLE_CONTROL };
	struct frame ask = { .type = T(CONTROL), .seq = 2, .text = "state", .text_len = 5 };
	static uint8_t buf[256];
	struct frame f;
	int fd = connect_to(path), n = -1;
	long len;

	if (fd < 0)
		return -1;
	len = frame_encode(&hello, buf, sizeof(buf));
	if (send(fd, buf, (size_t)len, MSG_NOSIGNAL) == len && await(fd, T(WELCOME), &f)) {
		len = frame_encode(&ask, buf, sizeof(buf));
		if (send(fd, buf, (size_t)len, MSG_NOSIGNAL) == len && await(fd, T(REPLY), &f)) {
			n = 0;
			for (size_t i = 0; i + 6 <= f.text_len; i++)
				n += memcmp(f.text + i, "\"pid\":", 6) == 0;
		}
	}
	close(fd);
	return n;
}

static int fds_of(pid_t pid)
{
	char path[64];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* What it holds, for whoever looks into a failure. */
static void show_fds(pid_t pid)
{
	char path[320], to[256];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, e->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		if (n > 0)
			fprintf(stderr, "  fd %s: %.*s\n", e->d_name, (int)n, to);
	}
	if (dir)
		closedir(dir);
}

/* The server answers and has let go of everybody: NULL, or what is wrong. */
static const char *check(const char *path, pid_t pid, int clients, int fds)
{
	int c = -1, n = 0;

	for (unsigned i = 0; i < SETTLE; i++) {
		c = clients_of(path);
		if (c < 0)
			return waitpid(pid, NULL, WNOHANG) == pid ? "it died" : "it does not answer";
		n = fds_of(pid);
		if (c <= clients && n <= fds)
			return NULL;
		poll(NULL, 0, 5);
	}
	show_fds(pid);
	return c > clients ? "it keeps clients that are gone" : "it keeps descriptors";
}

/* --- rounds ------------------------------------------------------------------------------ */

static const char *const options[][8] = {
	{ "--gts", "2", "--ggtt-size", "64M", "--contexts", "256", NULL },
	{ "--no-pf", "--ggtt-size", "64M", "--contexts", "256", NULL },
	{ "--strict", "--ggtt-tlb", "--guc-abi", "1.26", "--ggtt-size", "64M", NULL },
};

static pid_t start(const char *path, uint64_t number)
{
	const char *program = getenv("GUCEMU") ? getenv("GUCEMU") : "./gucemu";
	const char *argv[24] = { "gucemu", "serve", "--socket", path, "--vfs", "3", "--log", "error",
				 "--ready-fd", "9" };
	const char *const *more = options[number % (sizeof(options) / sizeof(options[0]))];
	unsigned n = 10;
	int ready[2];
	char line[512];
	pid_t pid;

	while (*more)
		argv[n++] = *more++;
	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), 1);
		dup2(ready[1], 9);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ready[1]);
	if (read(ready[0], line, sizeof(line)) <= 0)
		fprintf(stderr, "fuzz_socket: the server does not start\n");
	close(ready[0]);
	return pid;
}

static bool run_round(const char *path, uint64_t first, uint64_t *last)
{
	pid_t pid = start(path, first / ROUND);
	int clients = clients_of(path), fds, status = 0;
	const char *wrong = clients < 0 ? "it does not start" : NULL;

	fds = fds_of(pid);
	*last = first;
	for (uint64_t i = first; !wrong && i < first + ROUND; i++) {
		*last = i;
		run_case(path, i);
		wrong = check(path, pid, clients, fds);
	}
	kill(pid, wrong ? SIGABRT : SIGTERM);
	waitpid(pid, &status, 0);
	if (!wrong && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		wrong = "it ended badly";
	if (!wrong)
		return true;
	printf("fuzz_socket: %s (status 0x%x) after cases %llu to %llu; again: fuzz_socket 1 %llu\n",
	       wrong, status, (unsigned long long)first, (unsigned long long)*last,
	       (unsigned long long)first);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 0, last = 0;
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;
	char dir[] = "/tmp/gucemu-fuzz-XXXXXX", path[64];
	bool good = mkdtemp(dir) != NULL;

	snprintf(path, sizeof(path), "%s/s", dir);
	if (good && argc > 1)
		printf("fuzz_socket: from case %llu on\n", (unsigned long long)first);
	for (uint64_t i = first; good; i += ROUND) {
		good = run_round(path, i, &last);
		if (time(NULL) >= end)
			break;
	}
	if (good)
		printf("fuzz_socket: cases %llu to %llu, no fault\n", (unsigned long long)first,
		       (unsigned long long)last);
	unlink(path);
	rmdir(dir);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
