/* SPDX-License-Identifier: MIT */
/* Control client; see control.h. */
#include "cli/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view/json.h"
#include "wire/stream.h"

/* Image bytes of a frame: well below FRAME_DATA_MAX. */
#define IMAGE_CHUNK (48u << 10)

struct control {
	struct wire *w; /* NULL when the connection is gone */
	struct control_ops ops;
	struct control_request *pending;
};

static void finish(struct control *c, struct control_request *r, int status, const char *text)
{
	struct control_request **at = &c->pending;

	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
	r->reply(r, status, text);
}

static struct control_request *find(struct control *c, uint32_t seq)
{
	struct control_request *r = c->pending;

	while (r && r->seq != seq)
		r = r->next;
	return r;
}

static void answered(struct control *c, struct control_request *r, const struct frame *f)
{
	char *text = strndup(f->text_len > 0 ? f->text : "", f->text_len);

	if (f->type == gucemu_FrameType_STATUS && text && f->status < 0) {
		struct json_object *o = json_object_new_object();

		json_add_str(o, "error", text);
		finish(c, r, f->status, json_line(o));
		json_object_put(o);
	} else {
		finish(c, r, text ? f->status : -ENOMEM, text ? text : "{}");
	}
	free(text);
}

/* The emulator need not go on with what nobody wants, and the VF is free for others. */
static void stop_image(struct control *c, const struct control_request *r)
{
	const struct frame f = { .type = gucemu_FrameType_BLOB, .seq = r->seq, .flags = 1 };

	(void)wire_send(c->w, &f, NULL);
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct control *c = user;
	struct control_request *r = find(c, f->seq);
	int err;

	(void)w;
	(void)fds;
	if (f->type == gucemu_FrameType_EVENT) {
		if (c->ops.event)
			c->ops.event(c->ops.user, f);
	} else if (r && f->type == gucemu_FrameType_BLOB && f->flags & FRAME_BLOB_PROGRESS) {
		if (r->progress)
			r->progress(r, f->addr, f->value);
	} else if (r && f->type == gucemu_FrameType_BLOB && r->blob) {
		err = r->blob(r, f);
		if (err < 0) {
			stop_image(c, r);
			finish(c, r, err, "{}");
		}
	} else if (r && (f->type == gucemu_FrameType_REPLY || f->type == gucemu_FrameType_STATUS)) {
		answered(c, r, f);
	}
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct control *c = user;

	(void)w;
	c->w = NULL;
	while (c->pending)
		finish(c, c->pending, err < 0 ? err : -EPIPE,
		       "{\"error\":\"the emulator went away\"}");
	if (c->ops.lost)
		c->ops.lost(c->ops.user, reason);
}

/* The next n bytes of the image; NULL with *err when they can't be read. */
static const uint8_t *next_bytes(const struct control_request *r, uint8_t *chunk, size_t n,
				 int *err)
{
	size_t got = 0;

	if (r->image)
		return r->image + r->image_at;
	while (got < n) {
		ssize_t more = pread(r->image_fd, chunk + got, n - got,
				     (off_t)(r->image_at + got));

		if (more < 0 && errno == EINTR)
			continue;
		/* It has become shorter. */
		*err = more < 0 ? -errno : -ENODATA;
		if (more <= 0)
			return NULL;
		got += (size_t)more;
	}
	return chunk;
}

/* As much of the image as the queue takes; the rest when it has drained. */
static void send_image(struct control *c, struct control_request *r)
{
	uint8_t chunk[IMAGE_CHUNK];

	while (r->image_at < r->image_len) {
		uint64_t left = r->image_len - r->image_at;
		size_t n = left < IMAGE_CHUNK ? (size_t)left : IMAGE_CHUNK;
		struct frame f = {
			.type = gucemu_FrameType_BLOB,
			.seq = r->seq,
			.addr = r->image_at,
			.flags = n == left ? FRAME_BLOB_LAST : 0,
			.data_len = n,
		};
		int err = 0;

		f.data = next_bytes(r, chunk, n, &err);
		if (f.data)
			err = wire_send(c->w, &f, NULL);

		if (err == -ENOBUFS)
			return;
		if (err < 0) {
			finish(c, r, err, "{}");
			return;
		}
		r->image_at += n;
	}
}

static void on_drained(struct wire *w, void *user)
{
	struct control *c = user;
	struct control_request *next;

	(void)w;
	for (struct control_request *r = c->pending; r; r = next) {
		next = r->next;
		send_image(c, r);
	}
}

static const struct wire_ops wire_ops = {
	.frame = on_frame,
	.closed = on_closed,
	.drained = on_drained,
};

int control_open(struct control **out, uv_loop_t *loop, const char *path,
		 const struct control_ops *ops, char *err, size_t cap)
{
	struct control *c = calloc(1, sizeof(*c));
	struct frame welcome;
	int status;

	*out = NULL;
	if (!c) {
		snprintf(err, cap, "out of memory");
		return -ENOMEM;
	}
	if (ops)
		c->ops = *ops;
	status = wire_connect(&c->w, loop, path, &wire_ops, c, err, cap);
	if (status == 0)
		status = wire_hello(c->w, FRAME_ROLE_CONTROL, 0, 0, "gucemu", &welcome, err, cap);
	if (status < 0) {
		c->ops.lost = NULL;
		control_close(c);
		return status;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	if (c->w)
		wire_close(c->w, 0, NULL);
	c->w = NULL;
	while (c->pending)
		finish(c, c->pending, -ECANCELED, "{}");
	free(c);
}

void control_ask(struct control *c, struct control_request *r, const char *line)
{
	struct frame f = {
		.type = gucemu_FrameType_CONTROL,
		.text = line,
		.text_len = strlen(line),
	};
	int err;

	if (!c->w) {
		r->reply(r, -EPIPE, "{\"error\":\"the emulator went away\"}");
		return;
	}
	r->seq = wire_seq(c->w);
	r->image_at = 0;
	r->next = c->pending;
	c->pending = r;
	f.seq = r->seq;
	err = wire_send(c->w, &f, NULL);
	if (err < 0)
		finish(c, r, err, "{}");
	else
		send_image(c, r);
}

void control_cancel(struct control *c, struct control_request *r, int status, const char *error)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"error\":\"%s\"}", error);
	finish(c, r, status, text);
}

/* --- waiting -------------------------------------------------------------------- */

struct waiter {
	struct control_request *inner;
	bool done, late;
	int status;
	char *text;
};

static void waited_reply(struct control_request *r, int status, const char *text)
{
	struct waiter *w = r->user;

	w->done = true;
	w->status = status;
	w->text = strdup(text);
}

static int waited_blob(struct control_request *r, const struct frame *f)
{
	struct waiter *w = r->user;

	return w->inner && w->inner->blob ? w->inner->blob(w->inner, f) : 0;
}

static void on_late(uv_timer_t *timer)
{
	struct waiter *w = timer->data;

	w->late = true;
}

static void on_timer_closed(uv_handle_t *timer)
{
	free(timer);
}

int control_wait(struct control *c, uv_loop_t *loop, struct control_request *inner,
		 const char *line, unsigned timeout_ms, char **text)
{
	struct waiter w = { .inner = inner };
	struct control_request r = { .reply = waited_reply, .blob = waited_blob, .user = &w };
	uv_timer_t *timer = calloc(1, sizeof(*timer));

	if (text)
		*text = NULL;
	if (!timer)
		return -ENOMEM;
	if (inner) {
		r.image = inner->image;
		r.image_fd = inner->image_fd;
		r.image_len = inner->image_len;
	}
	uv_timer_init(loop, timer);
	timer->data = &w;
	wire_limit_start(timer, on_late, timeout_ms);
	control_ask(c, &r, line);
	while (!w.done && !w.late)
		uv_run(loop, UV_RUN_ONCE);
	if (!w.done)
		control_cancel(c, &r, -ETIMEDOUT, "no answer in time");
	uv_close((uv_handle_t *)timer, on_timer_closed);
	if (text)
		*text = w.text;
	else
		free(w.text);
	return w.status;
}

const char *control_error(int status, const char *text)
{
	static char words[512];
	struct json_object *o = text ? json_read(text, strlen(text)) : NULL;

	snprintf(words, sizeof(words), "%s", json_get_str(o, "error", strerror(-status)));
	json_object_put(o);
	return words;
}
