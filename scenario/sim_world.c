/* SPDX-License-Identifier: MIT */
/* The simulated world under a scenario: its turns, what its actors tell, and images
 * that stream. See script.h. */
#include "scenario/sim_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what happens ------------------------------------------------------------------------ */

static void on_guc(void *user, struct sim_card *c, const struct guc_event *ev)
{
	struct script *s = user;

	if (ev->point != GUC_PT_TICK)
		events_guc(&s->events, c->index, ev);
}

static void on_pf(void *user, struct sim_card *c, const struct pfc_event *ev)
{
	struct script *s = user;

	events_pf(&s->events, c->index, s->sim->now, ev);
	if (ev->kind == PFC_EV_VERB || ev->kind == PFC_EV_VFIO)
		op_end(s, ev->tag, ev->err, NULL, 0);
	else if (ev->kind == PFC_EV_STARTED)
		op_end(s, world_of(s)->started[c->index], ev->err, NULL, 0);
}

static void on_vf(void *user, struct sim_vf *v, const struct vfc_event *ev)
{
	struct script *s = user;

	events_vf(&s->events, v->card, v->fn, s->sim->now, ev);
	switch (ev->kind) {
	case VFC_EV_OP:
		op_end(s, ev->tag, ev->err, NULL, 0);
		break;
	case VFC_EV_RELAY:
		op_end(s, ev->tag, ev->err, ev->dw, ev->len);
		break;
	case VFC_EV_KEEP: {
		uint32_t answer[4] = { lo32(ev->value), hi32(ev->value), lo32(ev->base),
				       hi32(ev->base) };

		op_end(s, ev->tag, ev->err, answer, 4);
		break;
	}
	case VFC_EV_LOG:
	case VFC_EV_STEP:
	case VFC_EV_STATE:
	case VFC_EV_JOB:
	case VFC_EV_QUEUE:
	case VFC_EV_BASE:
		break;
	}
}

/* --- images under way ------------------------------------------------------------------------ */

static void stream_free(struct stream *m)
{
	free(m->data);
	memset(m, 0, sizeof(*m));
}

static bool save_more(struct script *s, struct stream *m, struct pfc *pfc)
{
	long n;

	if (m->len + 65536 > m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 1u << 20;
		uint8_t *more = realloc(m->data, cap);

		if (!more) {
			op_end(s, m->tag, -ENOMEM, NULL, 0);
			m->active = false;
			return true;
		}
		m->data = more;
		m->cap = cap;
	}
	/* What a call asks of local memory may be there at once. */
	for (unsigned i = 0; i < 3; i++) {
		n = pfc_image_read(pfc, m->vf, m->data + m->len, m->cap - m->len);
		if (n != -EAGAIN)
			break;
	}
	if (n > 0)
		m->len += (size_t)n;
	else if (n != -EAGAIN)
		m->active = false; /* the verb's end says how it went */
	return n != -EAGAIN;
}

static bool restore_more(struct script *s, struct stream *m, struct pfc *pfc)
{
	size_t left = m->len - m->at;
	long n = left ? pfc_image_write(pfc, m->vf, m->data + m->at,
					left < m->slice ? left : m->slice)
		      : 0;

	(void)s;
	if (n > 0)
		m->at += (size_t)n;
	if (n == -EAGAIN || (left && n == 0))
		return false;
	if (n < 0 || m->at == m->len) {
		m->active = false;
		if (!m->no_end || n < 0)
			pfc_image_end(pfc, m->vf);
	}
	return true;
}

/* *waiting: some have to be looked at again soon. */
static bool streams_turn(struct script *s, bool *waiting)
{
	struct sim_world *w = world_of(s);
	bool any = false;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *m = &w->stream[i];
		const struct op *op;

		if (!m->tag)
			continue;
		op = op_find(s, m->tag);
		if (!op) {
			stream_free(m); /* its result was taken */
			continue;
		}
		if (m->active && op->done)
			m->active = false;
		*waiting |= m->active;
		if (m->active && m->save)
			any |= save_more(s, m, s->sim->card[m->card].pfc);
		else if (m->active)
			any |= restore_more(s, m, s->sim->card[m->card].pfc);
	}
	return any;
}

struct stream *stream_add(struct script *s, uint64_t tag, unsigned card, unsigned vf)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *m = &world_of(s)->stream[i];

		if (m->tag && op_find(s, m->tag))
			continue;
		stream_free(m);
		*m = (struct stream){ .tag = tag, .card = card, .vf = vf, .active = true,
				      .slice = 4096 };
		return m;
	}
	return NULL;
}

struct stream *stream_find(struct script *s, uint64_t tag)
{
	for (unsigned i = 0; tag && i < STREAMS; i++)
		if (world_of(s)->stream[i].tag == tag)
			return &world_of(s)->stream[i];
	return NULL;
}

/* --- turns --------------------------------------------------------------------------------- */

#define STREAM_LOOK_NS 100000u

static bool turn(struct script *s, uint64_t limit)
{
	bool waiting = false;
	bool moved = streams_turn(s, &waiting);

	moved |= sim_raw_turn(s);
	if (moved)
		limit = s->sim->now;
	else if (waiting && limit > s->sim->now + STREAM_LOOK_NS)
		limit = s->sim->now + STREAM_LOOK_NS;
	return sim_turn_to(s->sim, limit) || moved;
}

static uint64_t now(const struct script *s)
{
	return s->sim->now;
}

static int begin(struct script *s)
{
	s->own = calloc(1, sizeof(struct sim_world));
	if (!s->own)
		return -ENOMEM;
	s->sim->random_order = s->opt->random_order;
	s->sim->watch = (struct sim_watch){ s, on_guc, on_pf, on_vf };
	return 0;
}

static void end(struct script *s)
{
	struct sim_world *w = world_of(s);

	for (unsigned i = 0; w && i < STREAMS; i++)
		stream_free(&w->stream[i]);
	sim_raw_end(s);
	sim_faults_end(s);
	free(w);
}

static void open_world(lua_State *L)
{
	luaL_setfuncs(L, sim_card_functions, 0);
	luaL_setfuncs(L, sim_pf_functions, 0);
	luaL_setfuncs(L, sim_vf_functions, 0);
	luaL_setfuncs(L, sim_job_functions, 0);
	luaL_setfuncs(L, sim_raw_functions, 0);
	luaL_setfuncs(L, sim_fault_functions, 0);
	sim_snapshot_open(L);
}

const struct world sim_world = { "virtual", open_world, turn, now, begin, end };
