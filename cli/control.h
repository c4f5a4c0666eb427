/* SPDX-License-Identifier: MIT */
/* A control client of one emulator (docs/protocol/frames.md, "Control role"):
 * many requests can be under way; answers come through callbacks on the loop. */
#ifndef GUCEMU_CLI_CONTROL_H
#define GUCEMU_CLI_CONTROL_H

#include <uv.h>

#include "proto/frame.h"

struct control;

/* One request; the caller's, alive until `reply` was called. */
struct control_request {
	/* status 0 or -errno; text is the reply's JSON, terminated. */
	void (*reply)(struct control_request *r, int status, const char *text);
	/* BLOB frames of the answer, in order; a negative result ends the request
	 * with it. May be NULL. */
	int (*blob)(struct control_request *r, const struct frame *f);
	/* Long work goes on: `done` of `total`. May be NULL. */
	void (*progress)(struct control_request *r, uint64_t done, uint64_t total);
	/* What is sent behind the verb as BLOB frames: image_len bytes, 0: nothing. In
	 * memory, alive as `r`, or when `image` is NULL at the start of a file. */
	const uint8_t *image;
	int image_fd;
	uint64_t image_len;
	void *user;
	/* Private. */
	struct control_request *next;
	uint32_t seq;
	uint64_t image_at;
};

struct control_ops {
	void (*event)(void *user, const struct frame *f); /* EVENT frames; or NULL */
	/* The connection is gone; every request got its reply before. Or NULL. */
	void (*lost)(void *user, const char *reason);
	void *user;
};

/* Connect and say HELLO. 0, or -errno with err[0..cap) in words. */
int control_open(struct control **out, uv_loop_t *loop, const char *path,
		 const struct control_ops *ops, char *err, size_t cap);
void control_close(struct control *c);

/* Send the verb line. Always ends with r->reply, perhaps before it returns. */
void control_ask(struct control *c, struct control_request *r, const char *line);

/* End a request that was not answered: its reply is called, what comes later is
 * ignored. */
void control_cancel(struct control *c, struct control_request *r, int status, const char *error);

/* control_ask, waiting for the answer at most timeout_ms. Status; *text (may be
 * NULL) is a copy to free. */
int control_wait(struct control *c, uv_loop_t *loop, struct control_request *r,
		 const char *line, unsigned timeout_ms, char **text);

/* What a reply's text says went wrong: its `error` member, or the errno. The
 * result lives until the next call. */
const char *control_error(int status, const char *text);

#endif
