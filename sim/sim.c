/* SPDX-License-Identifier: MIT */
/* The simulated world's turns and its virtual time. See sim.h. */
#include "sim.h"

#include <stdlib.h>

#include "lmem.h"
#include "random.h"

uint64_t sim_random(struct sim *s)
{
	return random_next(&s->rng);
}

struct sim *sim_create(uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (s)
		s->rng = seed;
	return s;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	while (s->vfs)
		sim_vf_remove(s, s->vf[s->vfs - 1]);
	for (unsigned i = 0; i < s->cards; i++) {
		free(s->card[i].block);
		local_free(&s->card[i].local);
		free(s->card[i].pf_mem_raw);
		free(s->card[i].pf_storage);
	}
	free(s);
}

uint64_t sim_card_now(const struct sim_card *c)
{
	return c->sim->now - c->late;
}

static uint64_t later(uint64_t deadline, uint64_t by)
{
	return deadline > UINT64_MAX - by ? UINT64_MAX : deadline + by;
}

/* Actor number a: the cards, then their PFs, then the VFs. */
static bool actor_step(struct sim *s, unsigned a)
{
	struct sim_vf *v;

	if (a < s->cards) {
		struct sim_card *c = &s->card[a];
		bool due = guc_next_deadline(&c->guc) <= sim_card_now(c);

		if (due)
			guc_tick(&c->guc, sim_card_now(c));
		return due;
	}
	if (a < 2 * s->cards) {
		struct sim_card *c = &s->card[a - s->cards];

		return c->pfc && pfc_step(c->pfc, sim_card_now(c));
	}
	v = s->vf[a - 2 * s->cards];
	return v->vfc && !v->frozen && vfc_step(v->vfc, sim_vf_now(v));
}

static uint64_t actor_deadline(const struct sim *s, unsigned a)
{
	const struct sim_vf *v;

	if (a < s->cards)
		return later(guc_next_deadline(&s->card[a].guc), s->card[a].late);
	if (a < 2 * s->cards) {
		const struct sim_card *c = &s->card[a - s->cards];

		return c->pfc ? later(pfc_next_deadline(c->pfc), c->late) : UINT64_MAX;
	}
	v = s->vf[a - 2 * s->cards];
	return v->vfc && !v->frozen ? later(vfc_next_deadline(v->vfc), v->frozen_ns) : UINT64_MAX;
}

/* The cards' clocks follow, so that their events carry the time. */
static void move_time(struct sim *s, uint64_t now)
{
	s->now = now;
	for (unsigned i = 0; i < s->cards; i++) {
		struct sim_card *c = &s->card[i];

		if (guc_next_deadline(&c->guc) > sim_card_now(c))
			guc_tick(&c->guc, sim_card_now(c));
	}
}

bool sim_turn_to(struct sim *s, uint64_t limit)
{
	unsigned actors = 2 * s->cards + s->vfs;
	unsigned first = s->random_order && actors ? (unsigned)(sim_random(s) % actors) : 0;
	uint64_t next = UINT64_MAX;
	bool busy = false;

	s->steps++;
	for (unsigned i = 0; i < actors; i++)
		busy |= actor_step(s, (first + i) % actors);
	if (busy)
		return true;
	for (unsigned a = 0; a < actors; a++) {
		uint64_t t = actor_deadline(s, a);

		if (t < next)
			next = t;
	}
	if (next <= s->now)
		next = s->now + 1;
	if (next < limit || (next == limit && limit != UINT64_MAX)) {
		move_time(s, next);
		return true;
	}
	if (limit != UINT64_MAX && limit > s->now)
		move_time(s, limit);
	return false;
}

bool sim_turn(struct sim *s)
{
	return sim_turn_to(s, UINT64_MAX);
}

bool sim_until(struct sim *s, bool (*until)(void *arg), void *arg, uint64_t limit)
{
	uint64_t end = s->now + limit;

	while (!until(arg)) {
		if (!sim_turn_to(s, end))
			return until(arg);
	}
	return true;
}

void sim_run(struct sim *s, uint64_t ns)
{
	uint64_t end = s->now + ns;

	while (s->now < end && sim_turn_to(s, end))
		;
}
