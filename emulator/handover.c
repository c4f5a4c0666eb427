/* SPDX-License-Identifier: MIT */
/* Handing a frozen client, or virtual machine, to another emulator: its socket,
 * what it sent and we did not parse, its memory, what its device knows. Until the
 * other side has said that it has all of it, nothing changes here; until we have
 * confirmed that, nothing is final there. So a failure of either side leaves the
 * client with the other. Meanwhile the VF stays paused here, whoever goes (hold.c).
 * The receiving side is adopt.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bits.h"
#include "emulator/vfio/vfio.h"
#include "server.h"

#define SEQ_HELLO 1u
#define SEQ_ADOPT 2u

struct handover {
	struct server *server;
	unsigned fn;
	uint64_t by; /* control client to answer */
	uint32_t seq;
	struct wire *peer;
	bool welcome; /* the peer waits for the client */
	bool sent;
	uint64_t limit;
};

static void handover_free(struct handover *h)
{
	h->server->fn[h->fn].handover = NULL;
	h->server->handovers--;
	free(h);
}

/* The client stays as it is: frozen, ours. */
static void handover_fail(struct handover *h, int err, const char *text)
{
	struct server *s;
	unsigned fn;

	server_log(h->server, LOG_WARN, "vf%u: hand-over failed: %s", h->fn, text);
	control_reply_to(h->server, h->by, h->seq, err, NULL, text);
	if (h->peer)
		wire_close(h->peer, 0, NULL);
	s = h->server;
	fn = h->fn;
	handover_free(h);
	hold_given_back(s, fn);
	freeze_given_back(s, fn);
}

/* It is theirs now. */
static void handover_done(struct handover *h)
{
	struct server *s = h->server;
	struct function *f = &s->fn[h->fn];
	struct frame confirm = { .type = gucemu_FrameType_STATUS, .seq = SEQ_ADOPT };
	struct json_object *o = json_object_new_object();
	char label[160];
	bool machine = vfio_attached(s, h->fn);

	/* The other side may thaw it as soon as it reads this: from then on nobody
	 * keeps the words of its bell page. */
	bell_drop(s, h->fn);
	(void)wire_send(h->peer, &confirm, NULL);
	wire_close(h->peer, 0, NULL);
	if (machine) {
		server_log(s, LOG_NOTICE, "vf%u: virtual machine handed over", h->fn);
		vfio_release(s, h->fn);
	} else {
		server_log(s, LOG_NOTICE, "%s: handed over",
			   client_label(f->client, label, sizeof(label)));
		client_release(f->client);
		f->client = NULL;
	}
	f->freeze = THAWED;
	hold_handed_over(s, h->fn);
	plain_drop(s, h->fn);
	memory_drop_all(&f->memory);
	local_forget(&s->local, h->fn);
	json_add_u64(o, "vf", h->fn);
	control_reply_to(s, h->by, h->seq, 0, o, NULL);
	handover_free(h);
}

/* The first frame also when there are no bytes; then pieces of them. */
static int send_bytes(struct handover *h, struct frame *f, int fd, const int *more_fds, unsigned n,
		      size_t len)
{
	int fds[FRAME_FDS_MAX] = { fd }, err;

	if (n > FRAME_FDS_MAX - 1)
		return -EBUSY;
	memcpy(fds + 1, more_fds, n * sizeof(*fds));
	f->type = gucemu_FrameType_ADOPT;
	f->seq = SEQ_ADOPT;
	f->function = h->fn;
	f->fds = 1 + n;
	do {
		f->data_len = len < FRAME_DATA_MAX ? len : FRAME_DATA_MAX;
		err = wire_send(h->peer, f, fds);
		f->data += f->data_len;
		len -= f->data_len;
		f->fds = 0;
		f->flags = 0;
	} while (err == 0 && len > 0);
	return err;
}

static int send_socket(struct handover *h)
{
	const struct client *c = h->server->fn[h->fn].client;
	struct frame f = {
		.flags = c->features,
		.text = c->name,
		.text_len = strlen(c->name),
	};
	const int *more_fds;
	size_t len;
	unsigned n;

	if (wire_peek(c->wire, &f.data, &len, &more_fds, &n) != 0)
		return -EBUSY;
	return send_bytes(h, &f, wire_fd(c->wire), more_fds, n, len);
}

/* A virtual machine: its socket, then what its device knows of it. */
static int send_machine(struct handover *h)
{
	struct vfio_machine m;
	uint8_t data[sizeof(m.config) + sizeof(m.msix)];
	int fd = vfio_describe(h->server, h->fn, &m), err;
	struct frame socket = { .code = FRAME_ADOPT_MACHINE, .data = m.bytes };
	struct frame f = { .type = gucemu_FrameType_ADOPT, .seq = SEQ_ADOPT, .data = data };

	err = send_bytes(h, &socket, fd, m.fds, m.fds_n, m.len);
	f.addr = FRAME_ADOPT_DEVICE;
	f.value = m.greeted;
	memcpy(data, m.config, sizeof(m.config));
	memcpy(data + sizeof(m.config), m.msix, sizeof(m.msix));
	f.data_len = sizeof(m.config) + sizeof(m.msix);
	if (err == 0)
		err = wire_send(h->peer, &f, NULL);
	f = (struct frame){ .type = gucemu_FrameType_ADOPT, .seq = SEQ_ADOPT,
			    .addr = FRAME_ADOPT_VECTOR, .fds = 1 };
	for (unsigned i = 0; err == 0 && i < PCI_MSIX_VECTORS; i++) {
		f.value = i;
		if (m.vector[i] >= 0)
			err = wire_send(h->peer, &f, &m.vector[i]);
	}
	f = (struct frame){ .type = gucemu_FrameType_ADOPT, .seq = SEQ_ADOPT,
			    .addr = FRAME_ADOPT_UNREACHABLE, .data = data, .data_len = 16 };
	for (unsigned i = 0; err == 0 && i < m.fdless_n; i++) {
		le64_put(data, m.fdless[i].addr);
		le64_put(data + 8, m.fdless[i].size);
		err = wire_send(h->peer, &f, NULL);
	}
	return err;
}

static int send_region(struct handover *h, const struct memory_region *r)
{
	uint8_t data[24];
	struct frame f = {
		.type = gucemu_FrameType_ADOPT,
		.seq = SEQ_ADOPT,
		.fds = 1,
		.addr = r->hosted,
		.flags = r->readonly ? 2 : 0,
		.data = data,
		.data_len = sizeof(data),
	};

	le64_put(data, r->dma);
	le64_put(data + 8, r->size);
	le64_put(data + 16, r->offset);
	return wire_send(h->peer, &f, &r->fd);
}

static void send_client(struct handover *h)
{
	const struct memory *m = &h->server->fn[h->fn].memory;
	struct frame end = { .type = gucemu_FrameType_ADOPT, .seq = SEQ_ADOPT, .flags = 1 };
	int err = vfio_attached(h->server, h->fn) ? send_machine(h) : send_socket(h);

	for (unsigned i = 0; err == 0 && i < m->n; i++)
		err = send_region(h, &m->region[i]);
	if (err == 0)
		err = wire_send(h->peer, &end, NULL);
	h->sent = true;
	if (err != 0)
		handover_fail(h, err, "the client can't be sent");
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct handover *h = user;
	char text[160];

	(void)w;
	(void)fds;
	if (f->type == gucemu_FrameType_WELCOME && f->seq == SEQ_HELLO) {
		h->welcome = true;
		card_kick(h->server);
	} else if (f->type == gucemu_FrameType_STATUS && f->status < 0) {
		snprintf(text, sizeof(text), "the other emulator says: %.*s",
			 (int)(f->text_len < 100 ? f->text_len : 100),
			 f->text_len ? f->text : "");
		handover_fail(h, f->status, text);
	} else if (f->type == gucemu_FrameType_STATUS && f->seq == SEQ_ADOPT && h->sent) {
		handover_done(h);
	}
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct handover *h = user;

	(void)w;
	(void)err;
	(void)reason;
	h->peer = NULL;
	handover_fail(h, -EPIPE, "the other emulator went away");
}

static const struct wire_ops peer_ops = { .frame = on_frame, .closed = on_closed };

static int verb_check(const struct server *s, unsigned fn, const char **why)
{
	const struct function *f = &s->fn[fn];

	if (!f->client && !vfio_attached(s, fn)) {
		*why = "the VF has no client";
		return -ENOTCONN;
	}
	if (f->handover || f->unconfirmed) {
		*why = "a hand-over is under way";
		return -EALREADY;
	}
	if (f->freeze != FROZEN) {
		*why = "the client must be frozen first";
		return -EPERM;
	}
	if (plain_busy(s, fn)) {
		*why = "the client is opening a CTB";
		return -EBUSY;
	}
	return 0;
}

void handover_verb(struct client *by, uint32_t seq, unsigned fn, const char *to)
{
	struct server *s = by->server;
	struct frame hello = {
		.type = gucemu_FrameType_HELLO,
		.seq = SEQ_HELLO,
		.value = FRAME_PROTOCOL,
		.code = FRAME_ROLE_PEER,
		.text = s->opt.name,
		.text_len = strlen(s->opt.name),
	};
	const char *why = "no memory";
	struct handover *h = NULL;
	char text[256];
	int err = verb_check(s, fn, &why);

	if (err == 0) {
		h = calloc(1, sizeof(*h));
		err = h ? 0 : -ENOMEM;
	}
	if (err != 0) {
		control_reply(by, seq, err, NULL, why);
		return;
	}
	*h = (struct handover){ .server = s, .fn = fn, .by = by->id, .seq = seq };
	h->limit = uv_hrtime() + SERVER_HANDOVER_MS * 1000000ull;
	s->fn[fn].handover = h;
	s->handovers++;
	err = wire_connect_now(&h->peer, &s->loop, to, &peer_ops, h, text, sizeof(text));
	if (err == 0) {
		snprintf(text, sizeof(text), "the other emulator went away");
		err = wire_send(h->peer, &hello, NULL);
	}
	if (err != 0)
		handover_fail(h, err, text);
}

void handover_check(struct server *s, uint64_t now, uint64_t *deadline)
{
	for (unsigned fn = 1; s->handovers > 0 && fn <= s->opt.geometry.vfs; fn++) {
		struct handover *h = s->fn[fn].handover;
		struct wire_stats stats = { 0 }; /* a machine that is held was answered */

		if (!h)
			continue;
		if (s->fn[fn].client)
			wire_stats(s->fn[fn].client->wire, &stats);
		/* What we sent to the client has to be out: the bytes that wait
		 * here would be lost, or torn in the middle of a frame. */
		if (now >= h->limit)
			handover_fail(h, -ETIMEDOUT,
				      h->welcome && !h->sent ? "the client does not read"
							     : "the other emulator does not answer");
		else if (h->welcome && !h->sent && stats.queued == 0)
			send_client(h);
		h = s->fn[fn].handover;
		if (h && h->limit < *deadline)
			*deadline = h->limit;
	}
}

void handover_lost(struct server *s, unsigned fn)
{
	if (s->fn[fn].handover)
		handover_fail(s->fn[fn].handover, -EPIPE, "the client went away");
}
