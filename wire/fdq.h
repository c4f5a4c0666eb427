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
/* Close those of fd[0..n) that are not -1. */
void fds_close(int *fd, unsigned n);

#endif
