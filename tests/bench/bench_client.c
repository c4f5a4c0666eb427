/* SPDX-License-Identifier: MIT */
/* See bench_client.h. */
#include "bench_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS 16u

void bench_die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

void bench_send(int fd, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n <= 0)
			bench_die("write");
		p += n;
		len -= (size_t)n;
	}
}

void bench_await(int fd, gucemu_FrameType type, struct frame *f)
{
	static struct input {
		uint8_t buf[FRAME_MAX + 8];
		size_t have, used;
	} inputs[CONNECTIONS];
	struct input *in = &inputs[(unsigned)fd % CONNECTIONS];

	for (;;) {
		long n = frame_decode(in->buf + in->used, in->have - in->used, f);

		if (n < 0) {
			fprintf(stderr, "bad frame: %s\n", strerror((int)-n));
			exit(EXIT_FAILURE);
		}
		if (n == 0) {
			ssize_t got;

			memmove(in->buf, in->buf + in->used, in->have - in->used);
			in->have -= in->used;
			in->used = 0;
			got = read(fd, in->buf + in->have, sizeof(in->buf) - in->have);
			if (got <= 0)
				bench_die("server went away");
			in->have += (size_t)got;
			continue;
		}
		in->used += (size_t)n;
		if (f->type == gucemu_FrameType_STATUS && f->status) {
			fprintf(stderr, "server says %d %.*s\n", f->status, (int)f->text_len,
				f->text);
			exit(EXIT_FAILURE);
		}
		if (f->type == type)
			return;
	}
}

void bench_post(int fd, const struct frame *f)
{
	uint8_t buf[4096];
	long n = frame_encode(f, buf, sizeof(buf));

	if (n < 0) {
		fprintf(stderr, "frame: %s\n", strerror((int)-n));
		exit(EXIT_FAILURE);
	}
	bench_send(fd, buf, (size_t)n);
}

int bench_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		bench_die("socket");
	strcpy(sa.sun_path, path);
	for (unsigned tries = 0; tries < 500; tries++) {
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
			return fd;
		usleep(10000);
	}
	bench_die(path);
}

void bench_post_fd(int fd, const struct frame *f, int passed)
{
	uint8_t buf[256];
	long n = frame_encode(f, buf, sizeof(buf));
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { buf, n > 0 ? (size_t)n : 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(int));
	if (n <= 0 || sendmsg(fd, &msg, 0) != n)
		bench_die("sendmsg");
}
