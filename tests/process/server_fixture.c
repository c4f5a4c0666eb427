/* SPDX-License-Identifier: MIT */
/* Servers and raw clients for the process tests. See server_fixture.h. */
#include "server_fixture.h"

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
#include <unistd.h>

#include "proto/bits.h"
#include "proto/hxg.h"
#include "proto/regs.h"
#include "tests/check_main.h"

#define READ_MS 20000
#define READY_FD 9
#define ARGS_MAX 32

const char *gucemu_path(void)
{
	static const char *const places[] = { "./gucemu", "../gucemu" };
	const char *path = getenv("GUCEMU");

	if (path)
		return path;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

int server_tests_main(Suite *s)
{
	if (!gucemu_path()) {
		fprintf(stderr, "no gucemu to test\n");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	return check_main(s);
}

static pid_t spawn(const char *const *argv, int ready, const char *log)
{
	const char *full[ARGS_MAX] = { gucemu_path() };
	pid_t pid;
	int n = 1;

	while (*argv && n < ARGS_MAX - 1)
		full[n++] = *argv++;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ready >= 0)
		dup2(ready, READY_FD);
	if (log) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
	}
	dup2(open("/dev/null", O_WRONLY), 1);
	execv(full[0], (char *const *)full);
	_exit(127);
}

pid_t gucemu_spawn(const char *const *argv, const char *log)
{
	return spawn(argv, -1, log);
}

int process_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void server_start(struct server_process *s, const char *const *args)
{
	const char *argv[ARGS_MAX] = { "serve", "--socket", s->socket, "--ready-fd", "9",
				       "--log", "warn" };
	char log[128];
	int ends[2], n = 7;
	size_t len = 0;
	ssize_t got;

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/gucemu-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->socket, sizeof(s->socket), "%s/card.sock", s->dir);
	snprintf(log, sizeof(log), "%s/log", s->dir);
	while (args && *args && n < ARGS_MAX - 1)
		argv[n++] = *args++;
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	s->pid = spawn(argv, ends[1], log);
	close(ends[1]);
	while (len < sizeof(s->ready) - 1 &&
	       (got = read(ends[0], s->ready + len, sizeof(s->ready) - 1 - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	ck_assert_msg(strncmp(s->ready, "ready ", 6) == 0, "server not ready, see %s", log);
}

void server_stop(struct server_process *s)
{
	char path[128];
	int status;

	kill(s->pid, SIGTERM);
	status = process_wait(s->pid);
	ck_assert_msg(status == 0, "server ended with %d, see %s/log", status, s->dir);
	/* A clean end removes the socket. */
	ck_assert_int_ne(access(s->socket, F_OK), 0);
	snprintf(path, sizeof(path), "%s/log", s->dir);
	unlink(path);
	rmdir(s->dir);
}

unsigned server_fds(const struct server_process *s)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void proc_file(const struct server_process *s, const char *name, char *text, size_t cap)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->pid, name);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, cap - 1, f)] = '\0';
	fclose(f);
}

unsigned long server_sleeps(const struct server_process *s)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char text[8192];

	proc_file(s, "status", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, name));
	return strtoul(strstr(text, name) + sizeof(name) - 1, NULL, 10);
}

unsigned long server_ticks(const struct server_process *s)
{
	unsigned long user = 0, system = 0;
	char text[2048];

	proc_file(s, "stat", text, sizeof(text));
	/* Behind the name, which ends the first two fields, come state and ten more. */
	ck_assert_ptr_nonnull(strrchr(text, ')'));
	ck_assert_int_eq(sscanf(strrchr(text, ')') + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				"%*s %lu %lu", &user, &system), 2);
	return user + system;
}

unsigned server_log_lines(const struct server_process *s, const char *text)
{
	char path[128], line[1100];
	unsigned n = 0;
	FILE *log;

	snprintf(path, sizeof(path), "%s/log", s->dir);
	log = fopen(path, "r");
	ck_assert_ptr_nonnull(log);
	while (fgets(line, sizeof(line), log))
		n += strstr(line, text) != NULL;
	fclose(log);
	return n;
}

void client_connect(struct raw_client *c, const char *socket_path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memset(c, 0, sizeof(*c));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", socket_path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(c->fd, 0);
	ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

void client_end(struct raw_client *c)
{
	close(c->fd);
	for (unsigned i = 0; i < c->fds_n; i++)
		close(c->fds[i]);
	c->fds_n = 0;
}

bool client_bytes(struct raw_client *c, const void *bytes, size_t len, const int *fds,
		  unsigned n)
{
	const uint8_t *at = bytes;
	union {
		char buf[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };

	while (len > 0) {
		struct iovec iov = { (void *)(uintptr_t)at, len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t sent;

		if (n > 0) {
			struct cmsghdr *h;

			msg.msg_control = control.buf;
			msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
			h = CMSG_FIRSTHDR(&msg);
			h->cmsg_level = SOL_SOCKET;
			h->cmsg_type = SCM_RIGHTS;
			h->cmsg_len = CMSG_LEN(n * sizeof(int));
			memcpy(CMSG_DATA(h), fds, n * sizeof(int));
		}
		sent = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (sent < 0)
			return false;
		n = 0;
		at += sent;
		len -= (size_t)sent;
	}
	return true;
}

bool client_put(struct raw_client *c, const struct frame *f, const int *fds)
{
	static uint8_t buf[FRAME_MAX + 8];
	long n = frame_encode(f, buf, sizeof(buf));

	ck_assert_int_gt(n, 0);
	return client_bytes(c, buf, (size_t)n, fds, fds ? f->fds : 0);
}

static bool fill(struct raw_client *c)
{
	union {
		char buf[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	ssize_t n;

	memmove(c->in, c->in + c->at, c->len - c->at);
	c->len -= c->at;
	c->at = 0;
	iov = (struct iovec){ c->in + c->len, sizeof(c->in) - c->len };
	ck_assert_msg(poll(&p, 1, READ_MS) > 0, "the server sends nothing");
	n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return false;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); h; h = CMSG_NXTHDR(&msg, h)) {
		size_t k = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		ck_assert_uint_le(c->fds_n + k, 16);
		memcpy(c->fds + c->fds_n, CMSG_DATA(h), k * sizeof(int));
		c->fds_n += (unsigned)k;
	}
	c->len += (size_t)n;
	return true;
}

bool client_get(struct raw_client *c, struct frame *f)
{
	for (;;) {
		long n = frame_decode(c->in + c->at, c->len - c->at, f);

		ck_assert_int_ge(n, 0);
		if (n > 0) {
			c->at += (size_t)n;
			return true;
		}
		if (!fill(c))
			return false;
	}
}

bool client_await(struct raw_client *c, gucemu_FrameType type, struct frame *f)
{
	while (client_get(c, f)) {
		if (f->type == type)
			return true;
	}
	return false;
}

int client_drained(struct raw_client *c)
{
	struct frame f;
	int status = 0;

	while (client_get(c, &f)) {
		if (f.type == T(STATUS) && f.seq == 0)
			status = f.status;
	}
	return status;
}

int client_call(struct raw_client *c, struct frame *f, const int *fds, struct frame *answer)
{
	struct frame mine;

	if (!answer)
		answer = &mine;
	f->seq = ++c->seq;
	ck_assert(client_put(c, f, fds));
	while (client_get(c, answer)) {
		if (answer->seq == f->seq && answer->type != T(BLOB) && answer->type != T(EVENT))
			return answer->status;
	}
	return -EPIPE;
}

int client_hello(struct raw_client *c, const char *socket_path, enum frame_role role,
		 unsigned function, uint32_t features)
{
	struct frame f = {
		.type = T(HELLO),
		.value = FRAME_PROTOCOL,
		.code = (uint32_t)role,
		.function = function,
		.flags = features,
		.text = "test",
		.text_len = 4,
	};

	client_connect(c, socket_path);
	return client_call(c, &f, NULL, NULL);
}

int client_verb(struct raw_client *c, const char *line, const char **json)
{
	static char text[4 * FRAME_MAX];
	struct frame f = { .type = T(CONTROL), .text = line, .text_len = strlen(line) }, answer;
	size_t len = 0;

	f.seq = ++c->seq;
	ck_assert(client_put(c, &f, NULL));
	while (client_get(c, &answer)) {
		if (answer.seq != f.seq || answer.type == T(EVENT))
			continue;
		if (answer.type == T(BLOB)) {
			if (answer.flags & 2) {
				ck_assert_uint_lt(len + answer.data_len, sizeof(text));
				memcpy(text + len, answer.data, answer.data_len);
				len += answer.data_len;
			}
			continue;
		}
		ck_assert_int_eq(answer.type, T(REPLY));
		memcpy(text + len, answer.text, answer.text_len);
		text[len + answer.text_len] = '\0';
		if (json)
			*json = text;
		return answer.status;
	}
	return -EPIPE;
}

int client_write32(struct raw_client *c, uint64_t off, uint32_t value)
{
	uint8_t data[8];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data, .data_len = 8 };

	le32_put(data, (uint32_t)off);
	le32_put(data + 4, value);
	return client_call(c, &f, NULL, NULL);
}

int client_read32(struct raw_client *c, uint64_t off, uint32_t *value)
{
	struct frame f = { .type = T(MMIO_READ), .addr = off, .size = 4 }, answer;
	int status = client_call(c, &f, NULL, &answer);

	if (status == 0) {
		ck_assert_int_eq(answer.type, T(MMIO_DATA));
		ck_assert_uint_eq(answer.data_len, 4);
		*value = le32_get(answer.data);
	}
	return status;
}

uint32_t client_mailbox(struct raw_client *c, const uint32_t *dw, unsigned n, uint32_t *reply)
{
	uint32_t header = 0;

	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(client_write32(c, REG_VF_SW_FLAG(i), dw[i]), 0);
	ck_assert_int_eq(client_write32(c, REG_GUC_HOST_INTERRUPT, 0), 0);
	for (unsigned tries = 0; tries < 10000 && hxg_origin(header) == 0; tries++)
		ck_assert_int_eq(client_read32(c, REG_VF_SW_FLAG(0), &header), 0);
	if (reply)
		ck_assert_int_eq(client_read32(c, REG_VF_SW_FLAG(1), reply), 0);
	return header;
}

int sealed_memfd(size_t bytes, bool seal)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
	if (seal)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return fd;
}
