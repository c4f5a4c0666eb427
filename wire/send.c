/* SPDX-License-Identifier: MIT */
/* A wire's sending half: a bounded queue of encoded frames and of the
 * descriptors that go with the first byte of theirs. See stream.h. */
#include "stream_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

size_t wire_out_len(const struct wire *w)
{
	return w->out.end - w->out.start;
}

void wire_out_free(struct wire *w)
{
	for (unsigned i = 0; i < w->out.fds_n; i++)
		close(w->out.fds[i].fd);
	w->out.fds_n = 0;
	w->out.start = w->out.end = 0;
	free(w->out.buf);
	w->out.buf = NULL;
}

/* Nothing can be sent any more; what the peer sent before is still read. */
static void out_die(struct wire *w)
{
	struct wire_out *o = &w->out;

	o->dead = true;
	o->blocked = false;
	o->start = o->end;
	if (o->high)
		wire_lowered(w);
	o->high = false;
}

static int out_room(struct wire_out *o, size_t bytes)
{
	if (o->end - o->start + bytes > WIRE_OUT_MAX)
		return -ENOBUFS;
	if (!o->buf) {
		o->buf = malloc(WIRE_OUT_BYTES);
		if (!o->buf)
			return -ENOMEM;
	}
	if (o->end + bytes > WIRE_OUT_BYTES) {
		memmove(o->buf, o->buf + o->start, o->end - o->start);
		o->end -= o->start;
		o->start = 0;
	}
	return 0;
}

static int out_fds(struct wire_out *o, const int *fds, unsigned n)
{
	unsigned had = o->fds_n;

	if (n > WIRE_OUT_FDS - had)
		return -ENOBUFS;
	for (unsigned i = 0; i < n; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

		if (fd < 0) {
			int err = -errno;

			while (o->fds_n > had)
				close(o->fds[--o->fds_n].fd);
			return err;
		}
		o->fds[o->fds_n++] = (struct wire_out_fd){ o->sent + (o->end - o->start), fd };
	}
	return 0;
}

int wire_send(struct wire *w, const struct frame *f, const int *fds)
{
	struct wire_out *o = &w->out;
	long n;
	int err;

	if (w->closing || o->dead)
		return -EPIPE;
	if (f->fds > FRAME_FDS_MAX)
		return -EMSGSIZE;
	err = out_room(o, frame_bound(f));
	if (err == 0)
		err = out_fds(o, fds, f->fds);
	if (err != 0)
		return err;
	n = frame_encode(f, o->buf + o->end, WIRE_OUT_BYTES - o->end);
	if (n < 0) {
		for (unsigned i = 0; i < f->fds; i++)
			close(o->fds[--o->fds_n].fd);
		return (int)n;
	}
	o->end += (size_t)n;
	w->frames_out++;
	if (o->end - o->start > WIRE_OUT_HIGH)
		o->high = true;
	if (!o->blocked)
		wire_flush_later(w);
	return 0;
}

int wire_status(struct wire *w, uint32_t seq, int status, const char *text)
{
	struct frame f = {
		.type = gucemu_FrameType_STATUS,
		.seq = seq,
		.status = status,
		.text = text,
		.text_len = text ? strlen(text) : 0,
	};

	if (seq == 0 && status == 0)
		return 0;
	return wire_send(w, &f, NULL);
}

/* One send or sendmsg: up to the next frame that has descriptors of its own. */
static ssize_t out_write(struct wire *w)
{
	struct wire_out *o = &w->out;
	union {
		char buf[CMSG_SPACE(FRAME_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { o->buf + o->start, o->end - o->start };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned n = 0;
	ssize_t sent;

	/* Nearly always; the kernel has less to copy and check than below. */
	if (o->fds_n == 0)
		return send(w->fd, iov.iov_base, iov.iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < o->fds_n && o->fds[n].pos == o->sent)
		n++;
	if (n < o->fds_n)
		iov.iov_len = (size_t)(o->fds[n].pos - o->sent);
	if (n > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (unsigned i = 0; i < n; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &o->fds[i].fd, sizeof(int));
	}
	sent = sendmsg(w->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent > 0 && n > 0) {
		for (unsigned i = 0; i < n; i++)
			close(o->fds[i].fd);
		o->fds_n -= n;
		memmove(o->fds, o->fds + n, o->fds_n * sizeof(*o->fds));
	}
	return sent;
}

int wire_flush(struct wire *w)
{
	struct wire_out *o = &w->out;

	if (w->closing || o->dead)
		return -EPIPE;
	while (o->end > o->start) {
		ssize_t n = out_write(w);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
			o->blocked = true;
			break;
		}
		if (n < 0) {
			out_die(w);
			wire_poll(w);
			return -EPIPE;
		}
		o->start += (size_t)n;
		o->sent += (uint64_t)n;
	}
	if (o->start == o->end)
		o->start = o->end = 0;
	if (o->high && o->end - o->start < WIRE_OUT_LOW) {
		o->high = false;
		wire_lowered(w);
	}
	wire_poll(w);
	return o->end > o->start ? -EAGAIN : 0;
}
