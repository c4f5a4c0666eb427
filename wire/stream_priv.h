/* SPDX-License-Identifier: MIT */
/* What the files of a wire share: stream.c reads and dispatches, send.c holds
 * the output queue, call.c the synchronous calls. */
#ifndef GUCEMU_WIRE_STREAM_PRIV_H
#define GUCEMU_WIRE_STREAM_PRIV_H

#include "fdq.h"

/* Room for one frame of the largest size and as much of the next ones. */
#define WIRE_IN_BYTES (2 * FRAME_MAX)
/* The buffer is twice the queue's limit, so that moving its content to the
 * front costs at most one copy for each byte sent. */
#define WIRE_OUT_BYTES (2 * WIRE_OUT_MAX)

struct wire_out_fd {
	uint64_t pos; /* stream position of the frame it goes with */
	int fd;
};

struct wire_out {
	uint8_t *buf; /* WIRE_OUT_BYTES, allocated at the first send */
	size_t start, end;
	uint64_t sent; /* stream position of buf[start] */
	struct wire_out_fd fds[WIRE_OUT_FDS];
	unsigned fds_n;
	bool blocked; /* the socket took no more */
	bool high;    /* was above WIRE_OUT_HIGH */
	bool dead;    /* the peer takes nothing any more */
};

/* The synchronous call that waits; while it does the wire is not freed. */
struct wire_wait {
	uint32_t seq; /* 0: none waits */
	bool done, ended, late;
	struct frame answer;
};

struct wire {
	uv_poll_t poll;
	uv_prepare_t prepare; /* active while output waits for the end of the turn */
	uv_idle_t idle;       /* active while received frames wait for a turn */
	uv_timer_t timer;     /* of a synchronous call; of a frame that waits */
	int fd;
	int events;           /* the poll's */
	unsigned handles;     /* still to be closed */
	const struct wire_ops *ops;
	void *user;
	bool closing, paused, serving;
	bool lowered; /* `drained` and stalled frames are due */
	bool later;   /* the frame at in_start waits for wire_again() */
	bool gone;    /* the peer is, while it waits */
	uint64_t turn_ns;
	uint8_t *in;
	size_t in_start, in_end;
	struct fdq fdq;
	uint64_t again_since;     /* ns; the frame at in_start waits since then, or 0 */
	bool held;                /* the frame at in_start has its descriptors */
	int held_fds[FRAME_FDS_MAX];
	unsigned held_n;
	struct wire_out out;
	uint64_t frames_in, frames_out, bytes_in;
	uint32_t seq;
	struct wire_wait wait;
	char *answer; /* of the last call: its text, zero byte, data */
	size_t answer_len;
};

/* send.c */
size_t wire_out_len(const struct wire *w);
void wire_out_free(struct wire *w);
/* stream.c: the last handle is closed and nobody waits. */
void wire_free(struct wire *w);
/* Poll for what is wanted now. */
void wire_poll(struct wire *w);
/* Flush before the loop waits again. */
void wire_flush_later(struct wire *w);
/* The queue is short again: go on in the next turn. */
void wire_lowered(struct wire *w);
/* call.c: take the answer if it is what a call waits for. */
bool wire_answered(struct wire *w, const struct frame *f);

#endif
