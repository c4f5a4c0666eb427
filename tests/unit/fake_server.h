/* SPDX-License-Identifier: MIT */
/* An emulator's end of the socket that does only what a test tells it, on the
 * loop of the client under test. */
#ifndef GUCEMU_TESTS_FAKE_SERVER_H
#define GUCEMU_TESTS_FAKE_SERVER_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/listen.h"
#include "wire/stream.h"

#define FAKE_FRAMES 256u
#define FAKE_DATA   4096u

struct fake_frame {
	struct frame f;
	uint8_t data[FAKE_DATA]; /* the first bytes of f.data */
	bool fds;
};

struct fake_server {
	uv_loop_t *loop;
	char dir[64], path[96];
	struct listen_socket listen;
	uv_poll_t poll;
	struct wire *wire;
	bool refuse;          /* answer HELLO with EBUSY */
	bool shrug;           /* answer HELLO with "no error", and nothing else */
	bool answer;          /* answer reads: each word is its own offset */
	uint32_t features;    /* beside FREEZE */
	int bell;             /* status that answers BELL */
	bool ended;
	struct fake_frame got[FAKE_FRAMES];
	unsigned n;
};

static inline void fake_send(struct fake_server *s, const struct frame *f)
{
	ck_assert_int_eq(wire_send(s->wire, f, NULL), 0);
	(void)wire_flush(s->wire);
}

static inline void fake_answer(struct fake_server *s, const struct frame *read)
{
	uint8_t words[FAKE_DATA];
	size_t n = read->value ? read->value : 1;
	struct frame f = {
		.type = gucemu_FrameType_MMIO_DATA,
		.seq = read->seq,
		.data = words,
		.data_len = n * read->size,
	};

	memset(words, 0, sizeof(words));
	for (size_t i = 0; i < n; i++) {
		uint32_t off = (uint32_t)(read->addr + i * read->size);

		memcpy(words + i * read->size, &off, sizeof(off));
	}
	fake_send(s, &f);
}

static inline enum wire_next fake_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct fake_server *s = user;
	struct fake_frame *got = &s->got[s->n];
	struct frame welcome = {
		.type = gucemu_FrameType_WELCOME,
		.seq = f->seq,
		.value = FRAME_PROTOCOL,
		.flags = FRAME_FEATURE_FREEZE | s->features,
		.function = f->function,
		.gt = 2,
		.size = 1,
		.addr = 4ull << 30,
		.text = "fake",
		.text_len = 4,
	};

	(void)w;
	(void)fds;
	ck_assert_uint_lt(s->n, FAKE_FRAMES);
	got->f = *f;
	if (f->data_len)
		memcpy(got->data, f->data, f->data_len < FAKE_DATA ? f->data_len : FAKE_DATA);
	s->n++;
	if (f->type == gucemu_FrameType_HELLO && s->refuse) {
		wire_status(s->wire, f->seq, -EBUSY, "VF 1 is taken");
		wire_close(s->wire, 0, NULL);
		s->wire = NULL;
	} else if (f->type == gucemu_FrameType_HELLO && s->shrug) {
		wire_status(s->wire, f->seq, 0, NULL);
	} else if (f->type == gucemu_FrameType_HELLO) {
		fake_send(s, &welcome);
	} else if (f->type == gucemu_FrameType_MMIO_READ && s->answer) {
		fake_answer(s, f);
	} else if (f->type == gucemu_FrameType_MEM_SHARE) {
		wire_status(s->wire, f->seq, 0, NULL);
	} else if (f->type == gucemu_FrameType_BELL) {
		wire_status(s->wire, f->seq, s->bell, s->bell ? "no bells" : NULL);
	}
	return WIRE_NEXT;
}

static inline void fake_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct fake_server *s = user;

	(void)w;
	(void)err;
	(void)reason;
	s->wire = NULL;
	s->ended = true;
}

static inline void fake_accept(uv_poll_t *poll, int status, int events)
{
	static const struct wire_ops ops = { .frame = fake_frame, .closed = fake_closed };
	struct fake_server *s = poll->data;
	uid_t uid;
	pid_t pid;
	int fd = listen_accept(&s->listen, &uid, &pid);

	(void)status;
	(void)events;
	if (fd < 0)
		return;
	ck_assert_ptr_null(s->wire);
	s->wire = wire_open(s->loop, fd, &ops, s);
	ck_assert_ptr_nonnull(s->wire);
}

static inline void fake_open(struct fake_server *s, uv_loop_t *loop)
{
	char err[256];

	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->answer = true;
	strcpy(s->dir, "/tmp/gucemu-fake-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	ck_assert_msg(listen_open(&s->listen, s->path, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(uv_poll_init(loop, &s->poll, s->listen.fd), 0);
	s->poll.data = s;
	uv_poll_start(&s->poll, UV_READABLE, fake_accept);
}

static inline void fake_close(struct fake_server *s)
{
	if (s->wire)
		wire_close(s->wire, 0, NULL);
	s->wire = NULL;
	uv_poll_stop(&s->poll);
	uv_close((uv_handle_t *)&s->poll, NULL);
	listen_close(&s->listen);
	rmdir(s->dir);
}

/* Frames of a type that came since frame `from`. */
static inline unsigned fake_count(const struct fake_server *s, gucemu_FrameType type, unsigned from)
{
	unsigned n = 0;

	for (unsigned i = from; i < s->n; i++)
		n += s->got[i].f.type == type;
	return n;
}

#endif
