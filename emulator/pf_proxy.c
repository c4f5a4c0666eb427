/* SPDX-License-Identifier: MIT */
/* PF verbs when the PF is a process of its own: they go to the client that is
 * function 0, under a seq of ours, and its answers come back. The PF sends no
 * more than a window of image pieces ahead of what the control client reads,
 * so that a slow one holds up nobody but itself, and gets no more than one ahead of
 * what it has taken. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pf_pieces.h"
#include "server.h"

#define PROXY_JOBS 64u

enum job_kind { OTHER, PAUSES, HOLDS, ENDS, ORPHAN };

struct proxy {
	struct proxy_job {
		uint32_t pf_seq; /* 0: free */
		uint32_t seq;
		uint64_t client; /* 0: gone, or the server */
		uint64_t asker;  /* the same, gone or not */
		uint32_t pieces; /* passed on, not yet confirmed to the PF */
		uint32_t ahead;  /* passed to the PF, not yet confirmed by it */
		enum job_kind kind; /* what it is for a pause, */
		unsigned vf;     /* of this VF */
	} job[PROXY_JOBS];
	uint32_t last_seq;
};

static struct client *pf_client(struct server *s)
{
	struct client *pf = s->fn[0].client;

	return pf && (pf->features & FRAME_FEATURE_PF_VERBS) ? pf : NULL;
}

static struct proxy_job *job_of(struct server *s, uint32_t pf_seq)
{
	for (unsigned i = 0; s->proxy && pf_seq != 0 && i < PROXY_JOBS; i++) {
		if (s->proxy->job[i].pf_seq == pf_seq)
			return &s->proxy->job[i];
	}
	return NULL;
}

static struct proxy_job *job_new(struct server *s)
{
	if (!s->proxy)
		s->proxy = calloc(1, sizeof(*s->proxy));
	for (unsigned i = 0; s->proxy && i < PROXY_JOBS; i++) {
		struct proxy_job *j = &s->proxy->job[i];

		if (j->pf_seq != 0)
			continue;
		*j = (struct proxy_job){ 0 };
		if (++s->proxy->last_seq == 0)
			s->proxy->last_seq = 1;
		j->pf_seq = s->proxy->last_seq;
		return j;
	}
	return NULL;
}

/* What hold.c has to be told of. */
static void note_verb(const struct server *s, const struct verb *v, struct proxy_job *j)
{
	const char *name = verb_word(v, 1);
	uint64_t vf = 0;

	if (verb_number(v, "vf", &vf) != 1 || vf < 1 || vf > s->opt.geometry.vfs)
		return;
	j->vf = (unsigned)vf;
	if (strcmp(name, "pause") == 0)
		j->kind = verb_option(v, "hold") ? HOLDS : PAUSES;
	else if (strcmp(name, "resume") == 0 || strcmp(name, "stop") == 0 ||
		 strcmp(name, "flr") == 0)
		j->kind = ENDS;
}

void proxy_verb(struct client *c, const struct frame *f, const struct verb *v)
{
	struct server *s = c->server;
	struct client *pf = pf_client(s);
	struct frame copy = *f;
	struct proxy_job *j;

	if (!pf) {
		control_reply(c, f->seq, -ENODEV, NULL,
			      "the card has no PF: start `gucemu pf serve`");
		return;
	}
	j = job_new(s);
	if (!j) {
		control_reply(c, f->seq, -EBUSY, NULL, "too many verbs under way");
		return;
	}
	j->seq = f->seq;
	j->client = j->asker = c->id;
	note_verb(s, v, j);
	copy.seq = j->pf_seq;
	client_send(pf, &copy, NULL);
}

static struct proxy_job *job_of_client(const struct client *c, uint32_t seq)
{
	for (unsigned i = 0; c->server->proxy && i < PROXY_JOBS; i++) {
		struct proxy_job *j = &c->server->proxy->job[i];

		if (j->pf_seq != 0 && j->client == c->id && j->seq == seq)
			return j;
	}
	return NULL;
}

bool proxy_room(struct client *c, uint32_t seq)
{
	const struct client *pf = pf_client(c->server);
	const struct proxy_job *j = job_of_client(c, seq);
	struct wire_stats stats;

	if (!pf || !j)
		return true; /* it goes nowhere */
	wire_stats(pf->wire, &stats);
	return stats.queued <= WIRE_OUT_LOW && j->ahead < PIECES_AHEAD;
}

enum wire_next proxy_blob(struct client *c, const struct frame *f)
{
	struct client *pf = pf_client(c->server);
	struct proxy_job *j = job_of_client(c, f->seq);
	struct frame copy = *f;

	if (!pf || !j)
		return WIRE_NEXT;
	if (!proxy_room(c, f->seq))
		return client_waits(c, WAITS_PROXY, f->seq);
	j->ahead++;
	copy.seq = j->pf_seq;
	client_send(pf, &copy, NULL);
	return WIRE_NEXT;
}

static void pass_back(struct client *pf, const struct proxy_job *j, const struct frame *f)
{
	struct client *c = client_find(pf->server, j->client);
	struct frame copy = *f;

	copy.seq = j->seq;
	if (c)
		client_send(c, &copy, NULL);
}

static void note_end(struct server *s, const struct proxy_job *j, int status)
{
	if (j->kind == ORPHAN)
		hold_asked(s, j->vf, status);
	else if (status == 0 && j->kind == HOLDS)
		hold_paused(s, j->vf, j->asker);
	else if (status == 0 && j->kind == PAUSES)
		hold_paused(s, j->vf, 0);
	else if (status == 0 && j->kind == ENDS)
		hold_over(s, j->vf);
}

/* A verb of the server's own. */
static bool order(struct server *s, const char *verb, unsigned fn, enum job_kind kind)
{
	struct client *pf = pf_client(s);
	struct proxy_job *j = pf ? job_new(s) : NULL;
	char line[32];
	struct frame f = { .type = gucemu_FrameType_CONTROL, .text = line };

	if (!j)
		return false;
	j->kind = kind;
	j->vf = fn;
	f.seq = j->pf_seq;
	f.text_len = (size_t)snprintf(line, sizeof(line), "pf %s vf=%u", verb, fn);
	client_send(pf, &f, NULL);
	return true;
}

bool proxy_resume(struct server *s, unsigned fn)
{
	return order(s, "resume", fn, ORPHAN);
}

bool proxy_pause(struct server *s, unsigned fn)
{
	return order(s, "pause", fn, PAUSES);
}

enum wire_next on_pf_reply(struct client *c, const struct frame *f, int *fds)
{
	struct proxy_job *j = job_of(c->server, f->seq);

	(void)fds;
	if (!(c->features & FRAME_FEATURE_PF_VERBS)) {
		client_close(c, -EPROTO, "REPLY is not for this role");
		return WIRE_NEXT;
	}
	if (j) {
		/* Its reader's end can be the PF's too, and of all jobs. */
		struct proxy_job last = *j;

		j->pf_seq = 0;
		note_end(c->server, &last, f->status);
		pass_back(c, &last, f);
	}
	return WIRE_NEXT;
}

enum wire_next on_pf_blob(struct client *c, const struct frame *f, int *fds)
{
	struct proxy_job *j = job_of(c->server, f->seq);

	(void)fds;
	if (!(c->features & FRAME_FEATURE_PF_VERBS)) {
		client_close(c, -EPROTO, "BLOB is not for this role");
		return WIRE_NEXT;
	}
	if (j) {
		/* Progress is no piece: the PF does not count it. */
		if (!(f->flags & FRAME_BLOB_PROGRESS))
			j->pieces++;
		pass_back(c, j, f);
	}
	return WIRE_NEXT;
}

enum wire_next on_pf_status(struct client *c, const struct frame *f, int *fds)
{
	struct proxy_job *j = job_of(c->server, f->seq);

	(void)fds;
	if (!(c->features & FRAME_FEATURE_PF_VERBS))
		client_close(c, -EPROTO, "STATUS is not for this role");
	else if (j)
		j->ahead -= f->value < j->ahead ? (uint32_t)f->value : j->ahead;
	return WIRE_NEXT;
}

/* Confirm pieces to the PF when their reader has room again. */
void proxy_turn(struct server *s)
{
	struct client *pf = pf_client(s);

	for (unsigned i = 0; pf && s->proxy && i < PROXY_JOBS; i++) {
		struct proxy_job *j = &s->proxy->job[i];
		struct frame f = {
			.type = gucemu_FrameType_STATUS,
			.seq = j->pf_seq,
			.value = j->pieces,
		};
		struct wire_stats stats = { 0 };
		struct client *c;

		if (j->pf_seq == 0 || j->pieces == 0)
			continue;
		c = client_find(s, j->client);
		if (c)
			wire_stats(c->wire, &stats);
		if (stats.queued > WIRE_OUT_LOW)
			continue;
		j->pieces = 0;
		client_send(pf, &f, NULL);
	}
}

void proxy_pf_lost(struct server *s)
{
	for (unsigned i = 0; s->proxy && i < PROXY_JOBS; i++) {
		const struct proxy_job *j = &s->proxy->job[i];

		if (j->pf_seq == 0)
			continue;
		/* It may have paused it, which the next PF then finds. */
		note_end(s, j, j->kind == HOLDS ? 0 : -EPIPE);
		control_reply_to(s, j->client, j->seq, -EPIPE, NULL,
				 "the PF's process went away");
	}
	free(s->proxy);
	s->proxy = NULL;
}

void proxy_client_lost(struct client *c)
{
	struct server *s = c->server;
	struct client *pf = pf_client(s);
	/* Ends a restore whose image will not be whole. */
	struct frame end = { .type = gucemu_FrameType_BLOB, .flags = FRAME_BLOB_LAST };

	for (unsigned i = 0; s->proxy && i < PROXY_JOBS; i++) {
		struct proxy_job *j = &s->proxy->job[i];

		if (j->pf_seq == 0 || j->client != c->id)
			continue;
		j->client = 0;
		end.seq = j->pf_seq;
		if (pf)
			client_send(pf, &end, NULL);
	}
}
