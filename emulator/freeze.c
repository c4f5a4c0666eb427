/* SPDX-License-Identifier: MIT */
/* Freezing a VF's client for a migration: it finishes what is under way, stops
 * its clock and says so; one that can't is just not read from. So is a virtual
 * machine, when all that it sent is carried out: its processors are stopped at its own
 * monitor before, and register writes that it has not to wait for may still be under
 * way. The verb is
 * answered when it has happened. A freeze ends with the control client that
 * asked for it, unless that said `keep` or the VF's client was handed over. */
#include <errno.h>

#include "emulator/vfio/vfio.h"
#include "server.h"

static void reply(struct server *s, struct function *f, int err, const char *text)
{
	struct json_object *o = json_object_new_object();

	json_add_bool(o, "client", f->client || vfio_attached(s, (unsigned)(f - s->fn)));
	control_reply_to(s, f->freeze_by, f->freeze_seq, err, o, text);
}

static void freeze_end(struct server *s, struct function *f, int err, const char *text)
{
	s->freezes--;
	f->freeze = err == 0 ? FROZEN : THAWED;
	reply(s, f, err, text);
}

/* The client finishes by itself and says so. */
static bool asked(const struct function *f)
{
	return f->client && f->client->features & FRAME_FEATURE_FREEZE;
}

/* Nothing of a client is under way: none of its frames is half done. */
static bool at_rest(const struct server *s, const struct function *f)
{
	const uint8_t *bytes;
	const int *fds;
	size_t len;
	unsigned n;

	if (!f->client)
		return vfio_at_rest(s, (unsigned)(f - s->fn));
	return wire_peek(f->client->wire, &bytes, &len, &fds, &n) == 0;
}

void freeze_verb(struct client *by, uint32_t seq, unsigned fn, bool keep)
{
	struct server *s = by->server;
	struct function *f = &s->fn[fn];
	struct frame freeze = { .type = gucemu_FrameType_FREEZE, .seq = seq };

	if (f->freeze == FREEZING || f->handover || f->unconfirmed) {
		control_reply(by, seq, -EBUSY, NULL, "a freeze or hand-over is under way");
		return;
	}
	f->freeze_by = by->id;
	f->freeze_seq = seq;
	f->freeze_keep = keep;
	if ((!f->client && !vfio_attached(s, fn)) || f->freeze == FROZEN) {
		reply(s, f, 0, NULL);
		return;
	}
	f->freeze = FREEZING;
	f->freeze_limit = uv_hrtime() + SERVER_FREEZE_MS * 1000000ull;
	s->freezes++;
	if (asked(f))
		client_send(f->client, &freeze, NULL);
	card_kick(s);
}

enum wire_next on_frozen(struct client *c, const struct frame *f, int *fds)
{
	struct function *fn = &c->server->fn[c->fn];

	(void)f;
	(void)fds;
	/* A late answer, after the time limit: it was told to thaw meanwhile. */
	if (fn->freeze != FREEZING || !(c->features & FRAME_FEATURE_FREEZE))
		return WIRE_NEXT;
	wire_pause(c->wire);
	freeze_end(c->server, fn, 0, NULL);
	return WIRE_NEXT;
}

static void let_go(struct server *s, struct function *f)
{
	struct frame thaw = { .type = gucemu_FrameType_THAW };

	if (f->freeze == FREEZING)
		freeze_end(s, f, -ECANCELED, "thawed before it was frozen");
	f->freeze = THAWED;
	if (vfio_attached(s, (unsigned)(f - s->fn)))
		vfio_hold(s, (unsigned)(f - s->fn), false);
	if (!f->client)
		return;
	wire_resume(f->client->wire);
	if (f->client->features & FRAME_FEATURE_FREEZE)
		client_send(f->client, &thaw, NULL);
	card_kick(s);
}

void thaw_verb(struct client *by, uint32_t seq, unsigned fn)
{
	struct server *s = by->server;
	struct function *f = &s->fn[fn];

	if (f->handover || f->thaw_later) {
		control_reply(by, seq, -EBUSY, NULL, "a hand-over is under way");
		return;
	}
	if (!f->unconfirmed)
		let_go(s, f);
	f->freeze_by = by->id;
	f->freeze_seq = seq;
	/* Before the giver lets go, two would read the client's socket. */
	if (f->unconfirmed)
		f->thaw_later = true;
	else
		reply(s, f, 0, NULL);
}

void freeze_confirmed(struct server *s, unsigned fn)
{
	struct function *f = &s->fn[fn];

	f->unconfirmed = false;
	if (!f->thaw_later)
		return;
	f->thaw_later = false;
	let_go(s, f);
	reply(s, f, 0, NULL);
}

static void thaw_orphan(struct server *s, unsigned fn)
{
	server_log(s, LOG_WARN, "vf%u: thawed: the control client that froze it went away", fn);
	let_go(s, &s->fn[fn]);
}

void freeze_asker_lost(struct server *s, uint64_t id)
{
	for (unsigned fn = 1; fn <= s->opt.geometry.vfs; fn++) {
		const struct function *f = &s->fn[fn];

		if (f->freeze != THAWED && f->freeze_by == id && !f->freeze_keep &&
		    !f->handover && !f->unconfirmed)
			thaw_orphan(s, fn);
	}
}

void freeze_given_back(struct server *s, unsigned fn)
{
	const struct function *f = &s->fn[fn];

	if ((f->client || vfio_attached(s, fn)) && f->freeze == FROZEN && !f->freeze_keep &&
	    !client_find(s, f->freeze_by))
		thaw_orphan(s, fn);
}

static void hold_back(struct server *s, struct function *f)
{
	if (f->client)
		wire_pause(f->client->wire);
	else
		vfio_hold(s, (unsigned)(f - s->fn), true);
}

void freeze_check(struct server *s, uint64_t now, uint64_t *deadline)
{
	struct frame thaw = { .type = gucemu_FrameType_THAW };

	for (unsigned fn = 1; s->freezes > 0 && fn <= s->opt.geometry.vfs; fn++) {
		struct function *f = &s->fn[fn];

		if (f->freeze != FREEZING)
			continue;
		if (!asked(f) && at_rest(s, f)) {
			hold_back(s, f);
			freeze_end(s, f, 0, NULL);
		} else if (now >= f->freeze_limit) {
			freeze_end(s, f, -ETIMEDOUT,
				   f->client ? "the client does not answer FREEZE" :
				   "the virtual machine does not rest: stop it at its monitor");
			if (asked(f))
				client_send(f->client, &thaw, NULL);
		} else if (f->freeze_limit < *deadline) {
			*deadline = f->freeze_limit;
		}
	}
}

void freeze_lost(struct server *s, unsigned fn)
{
	struct function *f = &s->fn[fn];

	if (f->freeze == FREEZING)
		freeze_end(s, f, -EPIPE, "the client went away");
	if (f->thaw_later)
		reply(s, f, -EPIPE, "the client went away");
	f->thaw_later = false;
	f->unconfirmed = false;
	f->freeze = THAWED;
}
