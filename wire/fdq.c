/* SPDX-License-Identifier: MIT */
/* Queue of received descriptors. See fdq.h. */
#include "fdq.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's limit of descriptors in one message. */
#define SCM_FDS 253

int fdq_push(struct fdq *q, int fd)
{
	if (q->n == WIRE_FDS_MAX) {
		close(fd);
		return -ENOSPC;
	}
	q->fd[q->n++] = fd;
	return 0;
}

int fdq_take(struct fdq *q, unsigned n, int *out)
{
	if (n > q->n)
		return -ENOENT;
	memcpy(out, q->fd, n * sizeof(*out));
	q->n -= n;
	memmove(q->fd, q->fd + n, q->n * sizeof(*q->fd));
	return 0;
}

void fds_close(int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

void fdq_clear(struct fdq *q)
{
	fds_close(q->fd, q->n);
	q->n = 0;
}

/* All are kept or closed. */
static int take_all(struct fdq *q, struct msghdr *msg)
{
	int err = msg->msg_flags & MSG_CTRUNC ? -EMFILE : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (fdq_push(q, fd) != 0)
				err = -EMFILE;
		}
	}
	return err;
}

ssize_t fdq_receive(struct fdq *q, int fd, void *buf, size_t len)
{
	union {
		char buf[CMSG_SPACE(SCM_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	return take_all(q, &msg) == 0 ? n : -EMFILE;
}
