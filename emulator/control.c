/* SPDX-License-Identifier: MIT */
/* The control role: verbs by a table, each answered by one REPLY. PF verbs go
 * to the PF, wherever it lives. See docs/protocol/frames.md. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server.h"
#include "snapshot.h"

/* Longer replies go in pieces of this size: BLOB frames. */
#define PIECE_BYTES 32768u

void control_reply(struct client *c, uint32_t seq, int status, struct json_object *o,
		   const char *text)
{
	struct frame reply = { .type = gucemu_FrameType_REPLY, .seq = seq, .status = status };
	struct frame piece = { .type = gucemu_FrameType_BLOB, .seq = seq, .flags = FRAME_BLOB_PIECE };

	if (!o)
		o = json_object_new_object();
	if (status != 0) {
		client_error(c, status, text);
		json_add_str(o, "error", text ? text : strerror(-status));
	}
	reply.text = json_line(o);
	reply.text_len = strlen(reply.text);
	while (reply.text_len > PIECE_BYTES) {
		piece.data = (const uint8_t *)reply.text;
		piece.data_len = PIECE_BYTES;
		client_send(c, &piece, NULL);
		reply.text += PIECE_BYTES;
		reply.text_len -= PIECE_BYTES;
	}
	client_send(c, &reply, NULL);
	json_object_put(o);
}

void control_reply_to(struct server *s, uint64_t id, uint32_t seq, int status,
		      struct json_object *o, const char *text)
{
	struct client *c = client_find(s, id);

	if (c)
		control_reply(c, seq, status, o, text);
	else
		json_object_put(o);
}

/* --- verbs -------------------------------------------------------------------------------- */

static void verb_card(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	(void)vf;
	control_reply(c, seq, 0, state_card(c->server), NULL);
}

static void verb_state(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	(void)vf;
	control_reply(c, seq, 0, state_all(c->server), NULL);
}

static void verb_config(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	control_reply(c, seq, 0, state_config(c->server, vf), NULL);
}

static void verb_findings(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	control_reply(c, seq, 0, state_findings(c->server, vf), NULL);
}

static void verb_pci_flr(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	card_time(c->server);
	(void)guc_flr(&c->server->card, vf);
	card_kick(c->server);
	control_reply(c, seq, 0, NULL, NULL);
}

/* A fault on purpose: whoever compares must find it. */
static void verb_flip(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	struct local *l = &c->server->local;
	enum local_kind kind = verb_option(v, "metadata") ? LOCAL_METADATA : LOCAL_CONTENT;
	uint64_t at = 0;
	uint8_t byte = 0;
	int err = verb_number(v, "at", &at) == 1 ? 0 : -EINVAL;

	if (err == 0)
		err = local_read(l, 0, vf, kind, at, &byte, 1);
	byte ^= 1;
	if (err == 0)
		err = local_write(l, 0, vf, kind, false, at, &byte, 1);
	control_reply(c, seq, err, NULL, err == -EINVAL ? "at=OFFSET is needed" :
					 err == -ERANGE ? "beyond the VF's share" : NULL);
}

static void verb_freeze(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	freeze_verb(c, seq, vf, verb_option(v, "keep") != NULL);
}

static void verb_thaw(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	thaw_verb(c, seq, vf);
}

static void verb_reserve(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	reserve_verb(c, seq, vf);
}

static void verb_unreserve(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	unreserve_verb(c, seq, vf);
}

static void verb_mishap(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	mishap_verb(c, seq, vf, v);
}

static void verb_handover(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	const char *to = verb_option(v, "to");

	if (to)
		handover_verb(c, seq, vf, to);
	else
		control_reply(c, seq, -EINVAL, NULL, "to=PATH is needed");
}

static void verb_events(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	const char *names = verb_option(v, "points");
	uint64_t points;
	bool steps;

	(void)vf;
	if (!names)
		names = "";
	if (!events_points(names, strlen(names), &points, &steps)) {
		control_reply(c, seq, -EINVAL, NULL, "unknown point");
		return;
	}
	c->points = points;
	c->steps = steps;
	c->events_seq = seq;
	c->lost = 0;
	events_update(c->server);
	control_reply(c, seq, 0, NULL, NULL);
}

static void verb_shutdown(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	(void)v;
	(void)vf;
	control_reply(c, seq, 0, NULL, NULL);
	server_log(c->server, LOG_NOTICE, "shutdown by a control client");
	server_end(c->server, 0);
}

static const struct control_verb {
	const char *name;
	const char *options; /* that it knows */
	bool vf;             /* vf=N is needed */
	void (*run)(struct client *c, uint32_t seq, const struct verb *v, unsigned vf);
} verbs[] = {
	{ "card", "", false, verb_card },
	{ "state", "", false, verb_state },
	{ "config", "vf", true, verb_config },
	{ "findings", "vf", true, verb_findings },
	{ "pci-flr", "vf", true, verb_pci_flr },
	{ "flip-lmem", "vf at metadata", true, verb_flip },
	{ "freeze", "vf keep", true, verb_freeze },
	{ "thaw", "vf", true, verb_thaw },
	{ "reserve", "vf", true, verb_reserve },
	{ "unreserve", "vf", true, verb_unreserve },
	{ "handover", "vf to", true, verb_handover },
	{ "mishap",
	  "vf kind gt context type class instance reason address asid level access fault prefetch",
	  true, verb_mishap },
	{ "events", "points", false, verb_events },
	{ "clock", "do by", false, verb_clock },
	{ "snapshot", "do name", false, verb_snapshot },
	{ "shutdown", "", false, verb_shutdown },
};

static const struct control_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static void run_verb(struct client *c, uint32_t seq, const struct verb *v)
{
	const struct control_verb *verb = find_verb(verb_word(v, 0));
	const char *unknown;
	uint64_t vf = 0;
	char text[128];

	if (!verb) {
		snprintf(text, sizeof(text), "there is no verb '%.32s'", verb_word(v, 0));
		control_reply(c, seq, -EINVAL, NULL, text);
		return;
	}
	unknown = verb_unknown(v, verb->options);
	if (unknown || v->words > 1) {
		snprintf(text, sizeof(text), "'%.32s' is no option of %s",
			 unknown ? unknown : verb_word(v, 1), verb->name);
		control_reply(c, seq, -EINVAL, NULL, text);
		return;
	}
	if (verb->vf && (verb_number(v, "vf", &vf) != 1 || vf < 1 ||
			 vf > c->server->opt.geometry.vfs)) {
		snprintf(text, sizeof(text), "vf=N is needed; the card's VFs are 1..%u",
			 c->server->opt.geometry.vfs);
		control_reply(c, seq, -EINVAL, NULL, text);
		return;
	}
	verb->run(c, seq, v, (unsigned)vf);
}

enum wire_next on_control(struct client *c, const struct frame *f, int *fds)
{
	struct server *s = c->server;
	struct verb v;

	(void)fds;
	/* Rules have blanks and '=' of their own. */
	if (f->text_len >= 6 && memcmp(f->text, "fault ", 6) == 0) {
		faults_verb(c, f->seq, f->text + 6, f->text_len - 6);
		return WIRE_NEXT;
	}
	if (verb_parse(&v, f->text, f->text_len) != 0) {
		control_reply(c, f->seq, -EINVAL, NULL, "not a verb line");
		return WIRE_NEXT;
	}
	if (strcmp(verb_word(&v, 0), "pf") != 0) {
		run_verb(c, f->seq, &v);
	} else if (s->pf) {
		card_time(s);
		pf_verb(s->pf, c->id, f->seq, &v);
		card_kick(s);
	} else {
		proxy_verb(c, f, &v);
	}
	return WIRE_NEXT;
}

enum wire_next on_blob(struct client *c, const struct frame *f, int *fds)
{
	struct server *s = c->server;
	long n;

	if (c->role == FRAME_ROLE_FUNCTION)
		return on_pf_blob(c, f, fds);
	if (!s->pf)
		return proxy_blob(c, f);
	card_time(s);
	n = pf_image(s->pf, c->id, f->seq, f->data + c->cursor, f->data_len - c->cursor,
		     f->flags & FRAME_BLOB_LAST);
	card_kick(s);
	if (n >= 0 && c->cursor + (size_t)n < f->data_len) {
		c->cursor += (size_t)n;
		return client_waits(c, WAITS_PF, f->seq);
	}
	/* -ENOENT: the rest of an image that was refused. */
	c->cursor = 0;
	return WIRE_NEXT;
}
