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
	bool is_machine; /* at a vfio-user socket; then: */
	bool described;
	struct vfio_machine machine;
	bool done;      /* it is ours, to be confirmed */
	uint64_t client;
};

static void adoption_free(struct adoption *a)
{
	for (unsigned i = 0; i < a->fds_n; i++) {
		if (a->fds[i] >= 0)
			close(a->fds[i]);
	}
	for (unsigned i = 0; i < PCI_MSIX_VECTORS; i++) {
		if (a->machine.vector[i] >= 0)
			close(a->machine.vector[i]);
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
	if (f->code > FRAME_ADOPT_MACHINE)
		return -EINVAL;
	if (f->code == FRAME_ADOPT_MACHINE && !vfio_vacant(s, f->function))
		return -EOPNOTSUPP;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->fn = f->function;
	a->is_machine = f->code == FRAME_ADOPT_MACHINE;
	for (unsigned i = 0; i < PCI_MSIX_VECTORS; i++)
		a->machine.vector[i] = -1;
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
	if (f->addr == FRAME_ADOPT_HOSTED)
		err = memory_adopt(&a->memory, fds[0], dma, size);
	else if (a->is_machine)
		err = memory_share_guest(&a->memory, fds[0], dma, size, le64_get(f->data + 16),
					 f->flags & 2);
	else
		err = memory_share(&a->memory, fds[0], dma, size, le64_get(f->data + 16),
				   f->flags & 2);
	if (err == 0)
		fds[0] = -1;
	return err;
}

/* What the giver's device knows of a machine. */
static int add_device(struct adoption *a, const struct frame *f, int *fds)
{
	struct vfio_machine *m = &a->machine;

	if (!a->is_machine)
		return -EINVAL;
	switch (f->addr) {
	case FRAME_ADOPT_DEVICE:
		if (f->fds != 0 || a->described ||
		    f->data_len != sizeof(m->config) + sizeof(m->msix))
			return -EINVAL;
		memcpy(m->config, f->data, sizeof(m->config));
		memcpy(m->msix, f->data + sizeof(m->config), sizeof(m->msix));
		m->greeted = f->value != 0;
		a->described = true;
		return 0;
	case FRAME_ADOPT_VECTOR:
		if (f->fds != 1 || f->value >= PCI_MSIX_VECTORS || m->vector[f->value] >= 0)
			return -EINVAL;
		m->vector[f->value] = fds[0];
		fds[0] = -1;
		return 0;
	case FRAME_ADOPT_UNREACHABLE:
		if (f->fds != 0 || f->data_len != 16 || m->fdless_n == VFIO_FDLESS_MAX)
			return -EINVAL;
		m->fdless[m->fdless_n++] =
			(struct vfio_range){ le64_get(f->data), le64_get(f->data + 8) };
		return 0;
	}
	return -EINVAL;
}

/* Ours, but frozen and not final. */
static void keep(struct server *s, struct adoption *a)
{
	struct function *fn = &s->fn[a->fn];

	a->done = true;
	fn->freeze = FROZEN;
	fn->freeze_by = 0;
	fn->freeze_keep = true;
	fn->unconfirmed = true;
	fn->memory = a->memory;
	memset(&a->memory, 0, sizeof(a->memory));
}

static int finish_machine(struct server *s, struct adoption *a)
{
	struct vfio_machine *m = &a->machine;
	int err;

	if (!a->described)
		return -EINVAL;
	m->bytes = a->bytes;
	m->len = a->len;
	m->fds = a->fds + 1;
	m->fds_n = a->fds_n - 1;
	err = vfio_adopt(s, a->fn, a->fds[0], m);
	if (err != 0)
		return err;
	a->fds_n = 0;
	for (unsigned i = 0; i < PCI_MSIX_VECTORS; i++)
		m->vector[i] = -1;
	keep(s, a);
	return 0;
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
	if (a->is_machine)
		return finish_machine(s, a);
	c = client_adopt(s, a->fds[0], a->fn, a->features, a->name);
	a->fds[0] = -1;
	if (!c)
		return -ENOMEM;
	a->client = c->id;
	keep(s, a);
	err = wire_feed(c->wire, a->bytes ? a->bytes : (const uint8_t *)"", a->len, a->fds + 1,
			a->fds_n - 1);
	if (err == 0)
		err = plain_adopt(s, a->fn);
	return err;
}

/* Not ours after all. The socket stays open at the giver's. */
static void undo(struct server *s, struct adoption *a)
{
	struct client *c = a->done && !a->is_machine ? client_find(s, a->client) : NULL;
	bool machine = a->done && a->is_machine && s->fn[a->fn].unconfirmed;

	if (!c && !machine)
		return;
	s->fn[a->fn].client = NULL;
	/* Somebody may already be moving it on. */
	handover_lost(s, a->fn);
	freeze_lost(s, a->fn);
	s->fn[a->fn].freeze = THAWED;
	if (machine)
		vfio_release(s, a->fn);
	else
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

static const char *reason(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "this card has no vfio-user socket (--vfio-user) for the VF";
	case -EXDEV:
		return "as a PCI device this card is another";
	}
	return strerror(-err);
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
	else if (f->addr >= FRAME_ADOPT_DEVICE)
		err = add_device(a, f, fds);
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
	snprintf(text, sizeof(text), "the client can't be adopted: %s", reason(err));
	client_close(c, err, text);
	return WIRE_NEXT;
}

/* The giver lets go: final. */
enum wire_next on_peer_status(struct client *c, const struct frame *f, int *fds)
{
	struct adoption *a = c->adoption;
	char label[160];
	struct client *adopted;
	bool machine;

	(void)fds;
	if (!a || !a->done || f->status != 0) {
		client_close(c, -EPROTO, "STATUS without a hand-over");
		return WIRE_NEXT;
	}
	adopted = a->is_machine ? NULL : client_find(c->server, a->client);
	machine = a->is_machine && vfio_attached(c->server, a->fn);
	if (machine)
		server_log(c->server, LOG_NOTICE, "vf%u: virtual machine adopted from %s", a->fn,
			   c->name);
	if (adopted)
		server_log(c->server, LOG_NOTICE, "%s: adopted from %s",
			   client_label(adopted, label, sizeof(label)), c->name);
	c->adoption = NULL;
	c->server->fn[a->fn].reserved_by = 0;
	if (adopted || machine)
		freeze_confirmed(c->server, a->fn);
	adoption_free(a);
	return WIRE_NEXT;
}
