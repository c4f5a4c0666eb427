/* SPDX-License-Identifier: MIT */
/* Taking over a client from another emulator; the other half of handover.c.
 * Everything is gathered first and checked; then the client is ours, frozen,
 * and final when the giver has confirmed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/vfio/vfio.h"
#include "proto/bits.h"
#include "proto/text.h"
#include "server.h"

/* A wire can hold no more that was received and not parsed. */
#define BYTES_MAX (2 * FRAME_MAX)

struct adoption {
	unsigned fn;
	uint32_t features;
	char name[CLIENT_NAME_MAX];
	int fds[FRAME_FDS_MAX]; /* the socket, then those of unparsed bytes */
	unsigned fds_n;
	uint8_t *bytes;
	size_t len;
	struct memory memory;
	bool done;      /* it is a client, to be confirmed */
	uint64_t client;
};

static void adoption_free(struct adoption *a)
{
	for (unsigned i = 0; i < a->fds_n; i++) {
		if (a->fds[i] >= 0)
			close(a->fds[i]);
	}
	memory_drop_all(&a->memory);
	free(a->bytes);
	free(a);
}

static int add_bytes(struct adoption *a, const struct frame *f)
{
	uint8_t *bytes;

	if (f->data_len > BYTES_MAX - a->len)
		return -EMSGSIZE;
	if (f->data_len == 0)
		return 0;
	bytes = realloc(a->bytes, a->len + f->data_len);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes + a->len, f->data, f->data_len);
	a->bytes = bytes;
	a->len += f->data_len;
	return 0;
}

static int begin(struct client *peer, const struct frame *f, int *fds)
{
	struct server *s = peer->server;
	int type = 0;
	socklen_t len = sizeof(type);
	struct adoption *a;

	if (f->fds == 0 || getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != SOCK_STREAM)
		return -EINVAL;
	if (f->function == 0 || f->function > s->opt.geometry.vfs)
		return -ENODEV;
	if (s->fn[f->function].client || vfio_attached(s, f->function))
		return -EBUSY;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->fn = f->function;
	a->features = f->flags & (FRAME_FEATURE_FREEZE | FRAME_FEATURE_PLAIN_CTB |
				  FRAME_FEATURE_BELL);
	text_copy_plain(a->name, sizeof(a->name), f->text, f->text_len);
	for (unsigned i = 0; i < f->fds; i++) {
		a->fds[i] = fds[i];
		fds[i] = -1;
	}
	a->fds_n = f->fds;
	peer->adoption = a;
	return add_bytes(a, f);
}

static int add_region(struct adoption *a, const struct frame *f, int *fds)
{
	uint64_t dma, size;
	int err;

	if (f->fds != 1 || f->data_len != 24)
		return -EINVAL;
	dma = le64_get(f->data);
	size = le64_get(f->data + 8);
	if (f->addr == 1)
		err = memory_adopt(&a->memory, fds[0], dma, size);
	else
		err = memory_share(&a->memory, fds[0], dma, size, le64_get(f->data + 16),
				   f->flags & 2);
	if (err == 0)
		fds[0] = -1;
	return err;
}

/* All is there: make it a client. */
static int finish(struct client *peer)
{
	struct server *s = peer->server;
	struct adoption *a = peer->adoption;
	struct function *fn = &s->fn[a->fn];
	struct client *c;
	int err;

	/* Somebody may have come in the meantime. */
	if (fn->client || vfio_attached(s, a->fn))
		return -EBUSY;
	c = client_adopt(s, a->fds[0], a->fn, a->features, a->name);
	a->fds[0] = -1;
	if (!c)
		return -ENOMEM;
	a->client = c->id;
	a->done = true;
	fn->freeze = FROZEN;
	fn->freeze_by = 0;
	fn->freeze_keep = true;
	fn->unconfirmed = true;
	fn->memory = a->memory;
	memset(&a->memory, 0, sizeof(a->memory));
	err = wire_feed(c->wire, a->bytes ? a->bytes : (const uint8_t *)"", a->len, a->fds + 1,
			a->fds_n - 1);
	if (err == 0)
		err = plain_adopt(s, a->fn);
	return err;
}

/* Not ours after all. The socket stays open at the giver's. */
static void undo(struct server *s, struct adoption *a)
{
	struct client *c = a->done ? client_find(s, a->client) : NULL;

	if (!c)
		return;
	s->fn[a->fn].client = NULL;
	/* Somebody may already be moving it on. */
	handover_lost(s, a->fn);
	freeze_lost(s, a->fn);
	s->fn[a->fn].freeze = THAWED;
	client_release(c);
	plain_drop(s, a->fn);
	memory_drop_all(&s->fn[a->fn].memory);
	local_forget(&s->local, a->fn);
}

void adoption_lost(struct client *peer)
{
	struct adoption *a = peer->adoption;

	peer->adoption = NULL;
	server_log(peer->server, LOG_WARN, "vf%u: the other emulator went away in a hand-over",
		   a->fn);
	undo(peer->server, a);
	adoption_free(a);
}

enum wire_next on_adopt(struct client *c, const struct frame *f, int *fds)
{
	struct adoption *a = c->adoption;
	bool end = a && (f->flags & 1) && f->fds == 0;
	char text[128];
	int err;

	if (!a)
		err = begin(c, f, fds);
	else if (a->done)
		err = -EINVAL;
	else if (end)
		err = finish(c);
	else if (f->fds == 0)
		err = add_bytes(a, f);
	else
		err = add_region(a, f, fds);
	if (err == 0 && !end)
		return WIRE_NEXT;
	if (err != 0 && c->adoption) {
		undo(c->server, c->adoption);
		adoption_free(c->adoption);
		c->adoption = NULL;
	}
	if (err == 0) {
		struct frame f_ok = { .type = gucemu_FrameType_STATUS, .seq = f->seq };

		client_send(c, &f_ok, NULL);
		return WIRE_NEXT;
	}
	snprintf(text, sizeof(text), "the client can't be adopted: %s", strerror(-err));
	client_close(c, err, text);
	return WIRE_NEXT;
}

/* The giver lets go: final. */
enum wire_next on_peer_status(struct client *c, const struct frame *f, int *fds)
{
	struct adoption *a = c->adoption;
	char label[160];
	struct client *adopted;

	(void)fds;
	if (!a || !a->done || f->status != 0) {
		client_close(c, -EPROTO, "STATUS without a hand-over");
		return WIRE_NEXT;
	}
	adopted = client_find(c->server, a->client);
	if (adopted)
		server_log(c->server, LOG_NOTICE, "%s: adopted from %s",
			   client_label(adopted, label, sizeof(label)), c->name);
	c->adoption = NULL;
	c->server->fn[a->fn].reserved_by = 0;
	if (adopted)
		freeze_confirmed(c->server, a->fn);
	adoption_free(a);
	return WIRE_NEXT;
}
