/* SPDX-License-Identifier: MIT */
/* Queue of received descriptors. See fdq.h. */
#include "fdq.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
