/* SPDX-License-Identifier: MIT */
/* Received descriptors that wait for the frame that counts them, first in
 * first out. */
#ifndef GUCEMU_WIRE_FDQ_H
#define GUCEMU_WIRE_FDQ_H

#include "stream.h"

struct fdq {
	int fd[WIRE_FDS_MAX];
	unsigned n;
};

/* Add one, which the queue then owns. -ENOSPC: full, and the fd is closed. */
int fdq_push(struct fdq *q, int fd);
/* Take the oldest `n` into out[]. -ENOENT: there are fewer, none taken. */
int fdq_take(struct fdq *q, unsigned n, int *out);
void fdq_clear(struct fdq *q);
/* One recvmsg without waiting; the descriptors that come with the bytes are
 * queued, none leaks. Number of bytes, 0 at the end of the connection, -EMFILE
 * when there were more descriptors than the queue (or we) may hold, -EAGAIN or
 * another -errno. */
ssize_t fdq_receive(struct fdq *q, int fd, void *buf, size_t len);
/* Close those of fd[0..n) that are not -1. */
void fds_close(int *fd, unsigned n);

#endif
