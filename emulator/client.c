/* SPDX-License-Identifier: MIT */
/* Connections of the server: accepted, opened by HELLO, dispatched by the table
 * of frame types and roles, ended. No client can hold up another: each gets its
 * share of a turn, its queue is bounded, its errors are its own. See server.h
 * and docs/protocol/frames.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/vfio/vfio.h"
#include "proto/text.h"
#include "server.h"

#define ROLE(r) (1u << FRAME_ROLE_##r)
#define T(name) gucemu_FrameType_##name

struct row {
	unsigned roles;
	frame_handler handler;
};

static enum wire_next on_status(struct client *c, const struct frame *f, int *fds)
{
	return c->role == FRAME_ROLE_PEER ? on_peer_status(c, f, fds) : on_pf_status(c, f, fds);
}

/* What a client may send. HELLO is apart: it must be the first and only one. */
static const struct row rows[] = {
	[T(STATUS)] = { ROLE(PEER) | ROLE(FUNCTION), on_status },
	[T(MMIO_WRITE)] = { ROLE(FUNCTION), on_mmio_write },
	[T(MMIO_READ)] = { ROLE(FUNCTION), on_mmio_read },
	[T(FLR)] = { ROLE(FUNCTION), on_flr },
	[T(MEM_SHARE)] = { ROLE(FUNCTION), on_mem_share },
	[T(MEM_HOST)] = { ROLE(FUNCTION), on_mem_host },
	[T(MEM_DROP)] = { ROLE(FUNCTION), on_mem_drop },
	[T(MEM_READ)] = { ROLE(FUNCTION), on_mem_read },
	[T(MEM_WRITE)] = { ROLE(FUNCTION), on_mem_write },
	[T(LMEM_READ)] = { ROLE(FUNCTION), on_lmem_read },
	[T(LMEM_WRITE)] = { ROLE(FUNCTION), on_lmem_write },
	[T(LMEM_STAGE)] = { ROLE(FUNCTION), on_lmem_stage },
	[T(BELL)] = { ROLE(FUNCTION), on_bell },
	[T(CTB_OPEN)] = { ROLE(FUNCTION), on_ctb_open },
	[T(CTB_SEND)] = { ROLE(FUNCTION), on_ctb_send },
	[T(CTB_RESTART)] = { ROLE(FUNCTION), on_ctb_restart },
	[T(FROZEN)] = { ROLE(FUNCTION), on_frozen },
	[T(CONTROL)] = { ROLE(CONTROL), on_control },
	[T(BLOB)] = { ROLE(CONTROL) | ROLE(FUNCTION), on_blob },
	[T(REPLY)] = { ROLE(FUNCTION), on_pf_reply },
	[T(ADOPT)] = { ROLE(PEER), on_adopt },
};

const char *client_label(const struct client *c, char *buf, size_t cap)
{
	char fn[16] = "";

	if (c->fn == 0)
		snprintf(fn, sizeof(fn), ", pf");
	else if (c->fn != NO_FUNCTION)
		snprintf(fn, sizeof(fn), ", vf%u", c->fn);
	snprintf(buf, cap, "client %llu (%s, pid %d%s)", (unsigned long long)c->id,
		 c->name[0] ? c->name : "nameless", (int)c->pid, fn);
	return buf;
}

/* Everybody's share of a turn. */
static void share_turns(struct server *s)
{
	for (struct client *c = s->clients; c; c = c->next)
		wire_serving(c->wire, SERVER_TURN_NS / s->clients_n);
}

static void wait_ends(struct client *c)
{
	if (c->waits != WAITS_NOT)
		c->server->waiters--;
	c->waits = WAITS_NOT;
}

enum wire_next client_waits(struct client *c, enum client_wait why, uint32_t seq)
{
	c->waits = why;
	c->waits_seq = seq;
	c->server->waiters++;
	return WIRE_LATER;
}

static bool wait_over(struct client *c, bool pf_moved)
{
	switch (c->waits) {
	case WAITS_NOT:
		break;
	case WAITS_DISK:
		return !record_holds(c->server);
	case WAITS_PF:
		return pf_moved;
	case WAITS_PROXY:
		return proxy_room(c, c->waits_seq);
	case WAITS_SNAPSHOT:
		return !c->server->snapshot_job;
	}
	return false;
}

void clients_again(struct server *s, bool pf_moved, uint64_t *deadline)
{
	uint64_t until;

	for (struct client *c = s->clients; s->waiters > 0 && c; c = c->next) {
		if (wait_over(c, pf_moved)) {
			wire_again(c->wire);
		} else if (c->waits == WAITS_DISK) {
			until = record_holds_until(s);
			*deadline = until < *deadline ? until : *deadline;
		}
	}
}

static void unlink_client(struct client *c)
{
	struct server *s = c->server;
	struct client **at = &s->clients;

	wait_ends(c);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->clients_n--;
	share_turns(s);
	c->closed = true;
	c->next = s->graves;
	s->graves = c;
}

/* The wire is gone or given away: what the server kept for it goes too. */
static void client_gone(struct client *c)
{
	struct server *s = c->server;
	uint32_t fn = c->fn;

	unlink_client(c);
	if (fn != NO_FUNCTION && s->fn[fn].client == c) {
		s->fn[fn].client = NULL;
		record_detach(s, fn, false);
		handover_lost(s, fn);
		freeze_lost(s, fn);
		function_lost(s, fn);
		if (fn == 0)
			proxy_pf_lost(s);
	}
	if (c->role == FRAME_ROLE_CONTROL) {
		if (s->pf)
			pf_client_gone(s->pf, c->id);
		proxy_client_lost(c);
		hold_client_lost(s, c->id);
		freeze_asker_lost(s, c->id);
		reserve_asker_lost(s, c->id);
		events_update(s);
	}
	if (c->adoption)
		adoption_lost(c);
}

void clients_bury(struct server *s)
{
	if (s->doomed) {
		s->doomed = false;
		for (struct client *c = s->clients, *next; c; c = next) {
			next = c->next;
			if (c->doomed)
				client_close(c, -ENOBUFS, "does not read what it is sent");
		}
	}
	while (s->graves) {
		struct client *c = s->graves;

		s->graves = c->next;
		free(c);
	}
}

void client_close(struct client *c, int status, const char *text)
{
	char label[160];

	if (c->closed)
		return;
	server_log(c->server, LOG_WARN, "%s: %s: closed", client_label(c, label, sizeof(label)),
		   text);
	c->server->refused++;
	wire_close(c->wire, status, text);
	client_gone(c);
}

void client_release(struct client *c)
{
	bell_drop(c->server, c->fn);
	record_detach(c->server, c->fn, true);
	wire_close(c->wire, 0, NULL);
	unlink_client(c);
}

void client_send(struct client *c, const struct frame *f, const int *fds)
{
	int err;

	if (c->closed)
		return;
	err = wire_send(c->wire, f, fds);
	/* -EPIPE: its end will be noticed at the next read. */
	if (err != 0 && err != -EPIPE)
		client_close(c, err, err == -ENOBUFS ? "does not read what it is sent"
						     : strerror(-err));
}

void client_post(struct client *c, const struct frame *f)
{
	int err = c->closed ? 0 : wire_send(c->wire, f, NULL);

	if (err != 0 && err != -EPIPE)
		c->doomed = c->server->doomed = true;
}

void client_error(struct client *c, int status, const char *text)
{
	char label[160];

	c->errors++;
	/* No mistake: so a plain client learns of its migration. */
	if (status == -ECANCELED || !server_log_quota(c->server))
		return;
	server_log(c->server, LOG_WARN, "%s: request refused: %s",
		   client_label(c, label, sizeof(label)), text ? text : strerror(-status));
}

void client_status(struct client *c, uint32_t seq, int status, const char *text)
{
	struct frame f = {
		.type = gucemu_FrameType_STATUS,
		.seq = seq,
		.status = status,
		.text = text,
		.text_len = text ? strlen(text) : 0,
	};

	if (status != 0)
		client_error(c, status, text);
	if (seq != 0 || status != 0)
		client_send(c, &f, NULL);
}

static int hello_check(const struct client *c, const struct frame *f, const char **why)
{
	const struct server *s = c->server;

	if (f->value != FRAME_PROTOCOL) {
		*why = "this emulator speaks version 1 of the protocol";
		return -EPROTO;
	}
	if (f->code < FRAME_ROLE_FUNCTION || f->code > FRAME_ROLE_PEER) {
		*why = "unknown role";
		return -EINVAL;
	}
	if (f->code != FRAME_ROLE_FUNCTION)
		return 0;
	if (f->function > s->opt.geometry.vfs) {
		*why = "the card has no such function";
		return -ENODEV;
	}
	if (f->function == 0 && s->pf) {
		*why = "function 0 is the built-in PF (start with --no-pf)";
		return -EBUSY;
	}
	if (vfio_attached(s, f->function)) {
		*why = "a virtual machine has the function";
		return -EBUSY;
	}
	if (s->fn[f->function].client) {
		*why = "the function has a client already";
		return -EBUSY;
	}
	if (s->fn[f->function].reserved_by != 0) {
		*why = "the function is reserved for a VF that is moved here";
		return -EBUSY;
	}
	return 0;
}

static enum wire_next on_hello(struct client *c, const struct frame *f)
{
	struct server *s = c->server;
	const char *why = NULL;
	int err = hello_check(c, f, &why);
	struct frame welcome = {
		.type = gucemu_FrameType_WELCOME,
		.seq = f->seq,
		.value = FRAME_PROTOCOL,
		.flags = f->flags & (f->function == 0 ? FRAME_FEATURE_PF_VERBS
						      : FRAME_FEATURE_FREEZE |
								FRAME_FEATURE_PLAIN_CTB |
								FRAME_FEATURE_BELL),
		.function = f->function,
		.gt = card_gts(s),
		.size = s->opt.geometry.tiles,
		.addr = s->opt.geometry.ggtt_size,
		.code = s->opt.guc.devid | (uint32_t)s->opt.guc.revid << 16,
		.text = s->opt.name,
		.text_len = strlen(s->opt.name),
	};
	char label[160];

	text_copy_plain(c->name, CLIENT_NAME_MAX, f->text, f->text_len);
	if (err != 0) {
		(void)wire_status(c->wire, f->seq, err, why);
		server_log(s, LOG_WARN, "%s: refused: %s",
			   client_label(c, label, sizeof(label)), why);
		s->refused++;
		wire_close(c->wire, 0, NULL);
		client_gone(c);
		return WIRE_NEXT;
	}
	c->role = (enum frame_role)f->code;
	c->since = uv_hrtime();
	if (c->role == FRAME_ROLE_FUNCTION) {
		c->features = welcome.flags;
		c->fn = f->function;
		s->fn[c->fn].client = c;
		record_attach(s, c->fn, c->name, false);
	}
	server_log(s, LOG_INFO, "%s: connected", client_label(c, label, sizeof(label)));
	client_send(c, &welcome, NULL);
	return WIRE_NEXT;
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct client *c = user;
	const struct row *row;
	enum wire_next next;
	char text[96];

	(void)w;
	wait_ends(c);
	if (c->role == 0 && f->type == gucemu_FrameType_HELLO)
		return on_hello(c, f);
	row = (size_t)f->type < sizeof(rows) / sizeof(*rows) ? &rows[f->type] : &rows[0];
	if (c->role == 0 || !(row->roles & 1u << c->role)) {
		snprintf(text, sizeof(text), "%s %s", frame_type_name(f->type),
			 c->role == 0 ? "before HELLO" : "is not for this role");
		client_close(c, -EPROTO, text);
		return WIRE_NEXT;
	}
	if (c->server->snapshot_job)
		return client_waits(c, WAITS_SNAPSHOT, f->seq);
	if (c->role == FRAME_ROLE_FUNCTION && record_holds(c->server))
		return client_waits(c, WAITS_DISK, f->seq);
	next = row->handler(c, f, fds);
	if (next == WIRE_NEXT)
		c->kinds[row - rows]++;
	return next;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct client *c = user;
	char label[160];

	(void)w;
	if (err != 0)
		c->server->refused++;
	server_log(c->server, err == 0 ? LOG_INFO : LOG_WARN, "%s: %s",
		   client_label(c, label, sizeof(label)), reason);
	/* It may be noticed by a timer, before the loop sleeps. */
	card_kick(c->server);
	client_gone(c);
}

static const struct wire_ops client_ops = { .frame = on_frame, .closed = on_closed };

static struct client *client_new(struct server *s, int fd, pid_t pid)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->wire = wire_open(&s->loop, fd, &client_ops, c);
	if (!c->wire) {
		free(c);
		return NULL;
	}
	c->server = s;
	c->pid = pid;
	c->id = ++s->clients_ever;
	c->fn = NO_FUNCTION;
	c->since = uv_hrtime();
	c->next = s->clients;
	s->clients = c;
	s->clients_n++;
	share_turns(s);
	return c;
}

struct client *client_adopt(struct server *s, int fd, unsigned fn, uint32_t features,
			    const char *name)
{
	struct client *c = client_new(s, fd, 0);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (!c)
		return NULL;
	wire_pause(c->wire);
	c->role = FRAME_ROLE_FUNCTION;
	c->features = features;
	c->fn = fn;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		c->pid = peer.pid;
	snprintf(c->name, sizeof(c->name), "%s", name);
	s->fn[fn].client = c;
	record_attach(s, fn, c->name, true);
	return c;
}

struct client *client_find(struct server *s, uint64_t id)
{
	for (struct client *c = s->clients; c; c = c->next) {
		if (c->id == id)
			return c;
	}
	return NULL;
}

/* No client of ours yet, but it shall know why. */
static void turn_away(struct server *s, int fd, pid_t pid, int status, const char *text)
{
	uint8_t buf[128];
	struct frame f = {
		.type = gucemu_FrameType_STATUS,
		.status = status,
		.text = text,
		.text_len = strlen(text),
	};
	long n = frame_encode(&f, buf, sizeof(buf));

	if (n > 0)
		(void)!send(fd, buf, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	s->refused++;
	if (server_log_quota(s))
		server_log(s, LOG_WARN, "connection of pid %d refused: %s", (int)pid, text);
}

/* No descriptor is left for a connection that waits. Unaccepted it would wake
 * the loop for ever: lend it the one kept for this. */
static void accept_spare(struct server *s)
{
	uid_t uid = 0;
	pid_t pid = 0;
	int fd;

	if (s->spare_fd < 0)
		return;
	close(s->spare_fd);
	fd = listen_accept(&s->listen, &uid, &pid);
	if (fd >= 0)
		turn_away(s, fd, pid, -EMFILE, "the emulator has no descriptors left");
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(uv_poll_t *poll, int status, int events)
{
	struct server *s = poll->data;
	uid_t uid = 0;
	pid_t pid = 0;
	int fd;

	(void)status;
	(void)events;
	fd = listen_accept(&s->listen, &uid, &pid);
	if (fd == -EMFILE || fd == -ENFILE)
		accept_spare(s);
	else if (fd == -EPERM)
		server_log(s, LOG_WARN, "connection of user %u refused", (unsigned)uid);
	else if (fd < 0 && fd != -EAGAIN)
		server_log(s, LOG_WARN, "can't accept a connection: %s", strerror(-fd));
	if (fd < 0)
		return;
	if (s->clients_n >= SERVER_CLIENTS) {
		turn_away(s, fd, pid, -EUSERS, "the emulator has too many connections");
		return;
	}
	if (!client_new(s, fd, pid))
		server_log(s, LOG_WARN, "no memory for a connection");
}

int clients_start(struct server *s)
{
	char err[256];
	int e = listen_open(&s->listen, s->opt.socket, err, sizeof(err));

	if (e != 0)
		server_log(s, LOG_ERROR, "%s", err);
	return e;
}

void clients_accept(struct server *s)
{
	uv_poll_init(&s->loop, &s->accept, s->listen.fd);
	s->accept.data = s;
	uv_poll_start(&s->accept, UV_READABLE, on_accept);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* When it has left descriptors behind half a frame or half a hand-over, and stayed
 * silent, for too long. One of them may be its own end of the connection, which then
 * never closes. */
static uint64_t abandoned_at(struct client *c, uint64_t now)
{
	const uint8_t *bytes;
	const int *fds;
	size_t len;
	unsigned n = 0;
	struct wire_stats stats;
	bool frozen = c->fn != NO_FUNCTION && c->server->fn[c->fn].freeze != THAWED;

	(void)wire_peek(c->wire, &bytes, &len, &fds, &n);
	wire_stats(c->wire, &stats);
	if (frozen || (n == 0 && !c->adoption))
		return UINT64_MAX;
	if (c->held_since == 0 || stats.bytes_in != c->held_bytes) {
		c->held_bytes = stats.bytes_in;
		c->held_since = now;
	}
	return c->held_since + SERVER_PIECE_MS * 1000000ull;
}

void clients_check(struct server *s, uint64_t now, uint64_t *deadline)
{
	for (struct client *c = s->clients, *next; c; c = next) {
		uint64_t hello = c->role == 0 ? c->since + SERVER_HELLO_MS * 1000000ull : UINT64_MAX;
		uint64_t piece = abandoned_at(c, now);

		next = c->next;
		if (piece == UINT64_MAX)
			c->held_since = 0;
		if (now >= hello)
			client_close(c, -ETIMEDOUT, "no HELLO within 5 s");
		else if (now >= piece)
			client_close(c, -ETIMEDOUT, "descriptors of a frame that does not end");
		else if (*deadline > (hello < piece ? hello : piece))
			*deadline = hello < piece ? hello : piece;
	}
}

void clients_stop(struct server *s, const char *why)
{
	if (s->accept.data) {
		uv_close((uv_handle_t *)&s->accept, NULL);
		if (s->spare_fd >= 0)
			close(s->spare_fd);
	}
	listen_close(&s->listen);
	while (s->clients) {
		struct client *c = s->clients;

		wire_close(c->wire, -ESHUTDOWN, why);
		unlink_client(c);
		if (c->adoption)
			adoption_lost(c);
	}
	clients_bury(s);
}
