/* SPDX-License-Identifier: MIT */
/* A wire's life and its receiving half: bytes and descriptors from the socket,
 * frames to the owner. libuv's own pipes can't receive a memfd, so the socket
 * is ours and libuv only polls it. See stream.h. */
#include "stream_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes taken from the socket in one turn: with the queue limits this bounds
 * what one client can make the server do in a turn. */
#define READ_BYTES (64u << 10)

static void dispatch(struct wire *w);

void wire_free(struct wire *w)
{
	free(w->in);
	free(w->answer);
	free(w);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct wire *w = handle->data;

	if (--w->handles == 0 && w->wait.seq == 0)
		wire_free(w);
}

static void wire_end(struct wire *w)
{
	if (w->closing)
		return;
	w->closing = true;
	w->wait.ended = true;
	uv_close((uv_handle_t *)&w->poll, on_handle_closed);
	uv_close((uv_handle_t *)&w->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&w->idle, on_handle_closed);
	uv_close((uv_handle_t *)&w->timer, on_handle_closed);
	fdq_clear(&w->fdq);
	fds_close(w->held_fds, w->held_n);
	w->held_n = 0;
	wire_out_free(w);
	close(w->fd);
	w->fd = -1;
}

void wire_close(struct wire *w, int status, const char *text)
{
	if (w->closing)
		return;
	if (text) {
		/* Most likely the queue has room; if not, the peer doesn't read. */
		(void)wire_status(w, 0, status, text);
	}
	(void)wire_flush(w);
	wire_end(w);
}

/* The connection ended without the owner: tell it. */
static void wire_lost(struct wire *w, int err, const char *reason)
{
	if (w->closing)
		return;
	if (err != 0)
		(void)wire_status(w, 0, err, reason);
	(void)wire_flush(w);
	wire_end(w);
	w->ops->closed(w, w->user, err, reason);
}

static bool stalled(const struct wire *w)
{
	return w->paused || w->later || (w->serving && w->out.high);
}

static void on_poll(uv_poll_t *poll, int status, int events);

void wire_poll(struct wire *w)
{
	int events = 0;

	if (w->closing)
		return;
	if (!stalled(w))
		events |= UV_READABLE;
	if (w->paused || (w->later && !w->gone))
		events |= UV_DISCONNECT;
	if (w->out.blocked)
		events |= UV_WRITABLE;
	if (events == w->events)
		return;
	w->events = events;
	if (events != 0)
		uv_poll_start(&w->poll, events, on_poll);
	else
		uv_poll_stop(&w->poll);
}

/* One recvmsg. 1: something came, 0: nothing yet, -1: the wire ended. */
static int receive(struct wire *w)
{
	size_t room;
	ssize_t n;

	if (w->in_start > 0 && WIRE_IN_BYTES - w->in_end < READ_BYTES) {
		memmove(w->in, w->in + w->in_start, w->in_end - w->in_start);
		w->in_end -= w->in_start;
		w->in_start = 0;
	}
	room = WIRE_IN_BYTES - w->in_end;
	n = fdq_receive(&w->fdq, w->fd, w->in + w->in_end, room < READ_BYTES ? room : READ_BYTES);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n == -EMFILE) {
		wire_lost(w, -EPROTO, "too many descriptors");
		return -1;
	}
	if (n < 0) {
		wire_lost(w, n == -ECONNRESET ? 0 : (int)n, strerror((int)-n));
		return -1;
	}
	if (n == 0) {
		if (w->in_end > w->in_start)
			wire_lost(w, -EPROTO, "the peer ended within a frame");
		else
			wire_lost(w, 0, "closed by the peer");
		return -1;
	}
	w->in_end += (size_t)n;
	w->bytes_in += (uint64_t)n;
	return 1;
}

static void on_gone(uv_timer_t *timer)
{
	wire_lost(timer->data, 0, "closed by the peer");
}

/* It can't be read what else the peer sent while a frame waits, nor that it is gone:
 * the frame still gets its time. */
static void peer_gone(struct wire *w)
{
	if (w->gone)
		return;
	w->gone = true;
	uv_timer_start(&w->timer, on_gone, WIRE_GONE_NS / 1000000, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct wire *w = poll->data;

	/* libuv stops to poll a socket with an error, as that of a peer which left
	 * bytes unread and went: what it sent before is still to be read. */
	if (status < 0) {
		w->events = 0;
		events = UV_READABLE | UV_WRITABLE;
	}
	if (events & UV_WRITABLE) {
		w->out.blocked = false;
		(void)wire_flush(w);
	}
	if (w->paused && (status < 0 || (events & UV_DISCONNECT))) {
		wire_lost(w, 0, "closed by the peer");
		return;
	}
	if (w->later && (status < 0 || (events & UV_DISCONNECT)))
		peer_gone(w);
	if (!stalled(w) && !uv_is_active((uv_handle_t *)&w->idle) && events & UV_READABLE &&
	    receive(w) > 0)
		dispatch(w);
	wire_poll(w);
}

/* A frame has waited for long, and the peer is gone: what it sent before it went
 * is not read while the frame waits, and the end of it neither. */
static bool abandoned(const struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };

	return w->again_since != 0 && uv_hrtime() - w->again_since > WIRE_GONE_NS &&
	       poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void on_idle(uv_idle_t *idle)
{
	struct wire *w = idle->data;
	uint64_t before = w->frames_in;

	if (abandoned(w)) {
		wire_lost(w, 0, "closed by the peer");
		return;
	}
	if (w->lowered) {
		w->lowered = false;
		if (w->ops->drained)
			w->ops->drained(w, w->user);
	}
	dispatch(w);
	/* The loop polls next. An owner that looks behind the poll what is to be done,
	 * and when, has to do so before the loop may sleep. */
	if (!w->closing && w->frames_in != before)
		uv_idle_start(&w->idle, on_idle);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct wire *w = prepare->data;

	uv_prepare_stop(prepare);
	(void)wire_flush(w);
}

static const char *frame_error(long err)
{
	return err == -EMSGSIZE ? "frame longer than the limit" : "malformed frame";
}

/* The descriptors of the frame at in_start; once, however often it's offered. */
static int hold_descriptors(struct wire *w, const struct frame *f)
{
	if (w->held)
		return 0;
	if (fdq_take(&w->fdq, f->fds, w->held_fds) != 0)
		return -EPROTO;
	w->held_n = f->fds;
	w->held = true;
	return 0;
}

/* Offer received frames to the owner until none is complete, the turn is used
 * up, or the wire is stalled. */
static void dispatch(struct wire *w)
{
	uint64_t limit = w->turn_ns ? uv_hrtime() + w->turn_ns : UINT64_MAX;
	bool more = false;

	while (!w->closing && !stalled(w)) {
		enum wire_next next = WIRE_NEXT;
		struct frame f;
		long n = frame_decode(w->in + w->in_start, w->in_end - w->in_start, &f);

		if (n == 0)
			break;
		if (n < 0) {
			wire_lost(w, -EPROTO, frame_error(n));
			return;
		}
		if (hold_descriptors(w, &f) != 0) {
			wire_lost(w, -EPROTO, "a frame without its descriptors");
			return;
		}
		if (!wire_answered(w, &f))
			next = w->ops->frame(w, w->user, &f, w->held_fds);
		if (w->closing)
			return;
		if (next == WIRE_LATER) {
			w->later = true;
			break;
		}
		if (next == WIRE_AGAIN) {
			if (w->again_since == 0)
				w->again_since = uv_hrtime();
			more = true;
			break;
		}
		w->again_since = 0;
		if (w->gone)
			uv_timer_stop(&w->timer);
		w->gone = false;
		fds_close(w->held_fds, w->held_n);
		w->held_n = 0;
		w->held = false;
		w->in_start += (size_t)n;
		w->frames_in++;
		if (w->in_start < w->in_end && limit != UINT64_MAX && uv_hrtime() >= limit) {
			more = true;
			break;
		}
	}
	if (w->closing)
		return;
	if (w->in_start == w->in_end) {
		w->in_start = w->in_end = 0;
		/* No byte is left that could count them. */
		fdq_clear(&w->fdq);
		more = false;
	}
	if ((more && !stalled(w)) || w->lowered)
		uv_idle_start(&w->idle, on_idle);
	else
		uv_idle_stop(&w->idle);
	if (wire_out_len(w) > 0 && !w->out.blocked)
		(void)wire_flush(w);
	wire_poll(w);
}

void wire_pause(struct wire *w)
{
	w->paused = true;
	uv_idle_stop(&w->idle);
	wire_poll(w);
}

void wire_resume(struct wire *w)
{
	if (w->closing)
		return;
	w->paused = false;
	if (w->in_end > w->in_start)
		uv_idle_start(&w->idle, on_idle);
	wire_poll(w);
}

void wire_again(struct wire *w)
{
	if (w->closing || !w->later)
		return;
	w->later = false;
	if (!w->paused)
		uv_idle_start(&w->idle, on_idle);
	wire_poll(w);
}

void wire_serving(struct wire *w, uint64_t turn_ns)
{
	w->serving = true;
	w->turn_ns = turn_ns;
}

void wire_stats(const struct wire *w, struct wire_stats *stats)
{
	*stats = (struct wire_stats){
		.frames_in = w->frames_in,
		.frames_out = w->frames_out,
		.bytes_in = w->bytes_in,
		.bytes_out = w->out.sent,
		.queued = wire_out_len(w),
	};
}

int wire_fd(const struct wire *w)
{
	return w->fd;
}

uv_loop_t *wire_loop(const struct wire *w)
{
	return w->poll.loop;
}

int wire_peek(const struct wire *w, const uint8_t **bytes, size_t *len, const int **fds,
	      unsigned *n)
{
	*bytes = w->in + w->in_start;
	*len = w->in_end - w->in_start;
	*fds = w->fdq.fd;
	*n = w->fdq.n;
	return w->held ? -EBUSY : 0;
}

int wire_feed(struct wire *w, const uint8_t *bytes, size_t len, int *fds, unsigned n)
{
	if (len > WIRE_IN_BYTES - w->in_end || n > WIRE_FDS_MAX - w->fdq.n)
		return -ENOSPC;
	memcpy(w->in + w->in_end, bytes, len);
	w->in_end += len;
	for (unsigned i = 0; i < n; i++) {
		(void)fdq_push(&w->fdq, fds[i]);
		fds[i] = -1;
	}
	if (!w->paused)
		uv_idle_start(&w->idle, on_idle);
	return 0;
}

struct wire *wire_open(uv_loop_t *loop, int fd, const struct wire_ops *ops, void *user)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w)
		goto no_wire;
	w->in = malloc(WIRE_IN_BYTES);
	if (!w->in || uv_poll_init(loop, &w->poll, fd) != 0)
		goto no_poll;
	/* These three can't fail once the loop exists. */
	(void)uv_prepare_init(loop, &w->prepare);
	(void)uv_idle_init(loop, &w->idle);
	(void)uv_timer_init(loop, &w->timer);
	w->prepare.data = w->idle.data = w->poll.data = w->timer.data = w;
	w->handles = 4;
	w->fd = fd;
	w->ops = ops;
	w->user = user;
	wire_poll(w);
	return w;
no_poll:
	free(w->in);
	free(w);
no_wire:
	close(fd);
	return NULL;
}

void wire_flush_later(struct wire *w)
{
	uv_prepare_start(&w->prepare, on_prepare);
}

void wire_lowered(struct wire *w)
{
	w->lowered = true;
	uv_idle_start(&w->idle, on_idle);
}
