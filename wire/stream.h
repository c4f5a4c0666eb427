/* SPDX-License-Identifier: MIT */
/* One connected socket on a libuv loop, for both ends of the socket protocol
 * (docs/protocol/frames.md): frames come in whole with their descriptors,
 * frames go out through a bounded queue. Knows nothing of what frames mean.
 * Every function returns 0 or -errno. One thread: that of the loop. */
#ifndef GUCEMU_WIRE_STREAM_H
#define GUCEMU_WIRE_STREAM_H

#include <stdbool.h>
#include <uv.h>

#include "proto/frame.h"

#define WIRE_OUT_MAX  (1u << 20)   /* bytes that may wait to be sent */
#define WIRE_OUT_HIGH (512u << 10) /* a serving wire stops reading above */
#define WIRE_OUT_LOW  (256u << 10) /* ... until below; `drained` is called */
#define WIRE_GONE_NS 1000000000u /* a frame may wait this long for a peer that is gone */
#define WIRE_LIMIT_AGAIN_MS 10u
#define WIRE_FDS_MAX  16u          /* received descriptors that no frame took yet */
#define WIRE_OUT_FDS  128u         /* descriptors that wait to be sent */

struct wire;

enum wire_next {
	WIRE_NEXT,  /* done with this frame */
	WIRE_AGAIN, /* offer the same frame again in the next turn of the loop */
	WIRE_LATER, /* the same when wire_again() is called; nothing wakes the loop for it */
};

struct wire_ops {
	/* A frame came. Its text and data live until this returns. fds[0..f->fds)
	 * are its descriptors: those not set to -1 are closed afterwards (with
	 * WIRE_AGAIN and WIRE_LATER they are offered again). wire_close() may be called
	 * here. */
	enum wire_next (*frame)(struct wire *w, void *user, const struct frame *f, int *fds);
	/* The connection ended, by the peer (err 0: closed in order) or by a
	 * breach of the protocol. The wire is gone when this returns; not called
	 * after wire_close(). */
	void (*closed)(struct wire *w, void *user, int err, const char *reason);
	/* The queue, once above WIRE_OUT_HIGH, fell below WIRE_OUT_LOW. May be NULL. */
	void (*drained)(struct wire *w, void *user);
};

struct wire_stats {
	uint64_t frames_in, frames_out, bytes_in, bytes_out;
	size_t queued; /* bytes that wait to be sent; the next frame queued begins
			* at stream position bytes_out + queued */
};

/* Take over the connected stream socket `fd` (closed with the wire; on an
 * error too). NULL without memory or when the loop refuses. */
struct wire *wire_open(uv_loop_t *loop, int fd, const struct wire_ops *ops, void *user);

/* Connect to the socket at `path` (waits at most 5 s). On an error *out is
 * NULL and err[0..cap) says what is wrong and what to do, e.g. "no emulator
 * listens at /tmp/a.sock (stale socket)". -ENOENT, -ECONNREFUSED, -EACCES,
 * -ENAMETOOLONG, ... */
int wire_connect(struct wire **out, uv_loop_t *loop, const char *path,
		 const struct wire_ops *ops, void *user, char *err, size_t cap);

/* The same without waiting: -EAGAIN when the other side is slow to accept. */
int wire_connect_now(struct wire **out, uv_loop_t *loop, const char *path,
		     const struct wire_ops *ops, void *user, char *err, size_t cap);

/* End it: with `text`, a STATUS with seq 0, `status` and that text is tried
 * first. No callback comes any more. The memory goes at the end of the turn. */
void wire_close(struct wire *w, int status, const char *text);

/* Queue a frame with descriptors fds[0..f->fds), which are duplicated. It is
 * sent at the end of the caller's turn, or by wire_flush(). -ENOBUFS when the
 * queue is full (nothing was queued), -EMSGSIZE, -EMFILE, -EPIPE ended. */
int wire_send(struct wire *w, const struct frame *f, const int *fds);
/* STATUS as answer to `seq`; nothing for seq 0 with status 0. */
int wire_status(struct wire *w, uint32_t seq, int status, const char *text);
/* Try to send what is queued now. 0, -EAGAIN something is left, -EPIPE. */
int wire_flush(struct wire *w);

/* Stop and go on with reading and dispatching; a peer that goes away is still
 * noticed. Paused by the owner (freeze), not by back-pressure. */
void wire_pause(struct wire *w);
void wire_resume(struct wire *w);
/* Offer the frame that waits since WIRE_LATER, if one does, in the next turn. */
void wire_again(struct wire *w);
/* Serving side: don't read a peer that doesn't read its answers, and dispatch
 * for at most `turn_ns` a turn (at least one frame; 0 = no limit). */
void wire_serving(struct wire *w, uint64_t turn_ns);

void wire_stats(const struct wire *w, struct wire_stats *stats);
int wire_fd(const struct wire *w);
uv_loop_t *wire_loop(const struct wire *w);

/* --- handing a connection to another process --------------------------------- */

/* What a paused wire received and did not parse (views, until it goes on), with
 * the descriptors that came with it. 0, or -EBUSY while a frame is half done
 * (WIRE_AGAIN, WIRE_LATER). */
int wire_peek(const struct wire *w, const uint8_t **bytes, size_t *len, const int **fds,
	      unsigned *n);
/* Start a wire with bytes and descriptors (taken over) that another process
 * had received. Before the first turn. */
int wire_feed(struct wire *w, const uint8_t *bytes, size_t len, int *fds, unsigned n);

/* --- synchronous use, for simple clients ---------------------------------------- */

/* The answer of wire_call(). text is terminated; both live until the next call. */
struct wire_answer {
	struct frame frame;
	const char *text;
};

/* Give `request` a seq, send it and run the loop until its answer (STATUS,
 * WELCOME, REPLY, MMIO_DATA, MEM_DATA with that seq) came. Everything else,
 * also BLOB and EVENT frames of that seq, goes to the wire's ops. Returns the
 * answer's status (0 or negative); -ETIMEDOUT after `timeout_ms` (0 = never),
 * -EPIPE when the connection ended (`closed` was called, the wire is gone). */
int wire_call(struct wire *w, struct frame *request, const int *fds, unsigned timeout_ms,
	      struct wire_answer *answer);
/* A fresh seq, never 0. */
uint32_t wire_seq(struct wire *w);

/* Open the protocol: HELLO and wait for WELCOME. On an error err[0..cap) has
 * the server's words; the wire remains to be closed unless -EPIPE. */
int wire_hello(struct wire *w, enum frame_role role, unsigned function, uint32_t features,
	       const char *name, struct frame *welcome, char *err, size_t cap);
/* One control verb line; REPLY's status, its JSON text in answer->text. */
int wire_control(struct wire *w, const char *line, unsigned timeout_ms,
		 struct wire_answer *answer);

/* Bound a wait of the calling thread that turns the loop until cb was called, at the
 * latest `ms` from now: the loop's clock may be behind. It is called again and again until
 * the timer is stopped: timers that are due run before a turn waits, and a turn that begins
 * then waits for what comes next. */
static inline void wire_limit_start(uv_timer_t *timer, uv_timer_cb cb, unsigned ms)
{
	uv_update_time(uv_handle_get_loop((uv_handle_t *)timer));
	uv_timer_start(timer, cb, ms, WIRE_LIMIT_AGAIN_MS);
}

#endif
