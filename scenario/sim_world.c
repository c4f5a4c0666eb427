/* SPDX-License-Identifier: MIT */
/* The simulated world under a scenario: its turns, what its actors tell, and who lives
 * there. See script.h. */
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

	actors_pf_event(s, c->index, s->sim->now, ev);
}

static void on_vf(void *user, struct sim_vf *v, const struct vfc_event *ev)
{
	struct script *s = user;

	actors_vf_event(s, v->card, v->fn, s->sim->now, ev);
}

/* --- who lives here -------------------------------------------------------------------------- */

static bool find_vf(struct script *s, lua_Integer n, struct script_vf *out)
{
	struct sim_world *w = world_of(s);
	struct sim_vf *v = n < 1 || n > (lua_Integer)w->vfs ? NULL : w->vf[n - 1];

	if (!v)
		return false;
	*out = (struct script_vf){
		.card = v->card,
		.fn = v->fn,
		.gts = v->gts,
		.tile_gts = s->sim->card[v->card].opt.geometry.gts,
		.vfc = v->vfc,
		.mem = &v->mem,
		.port = &v->port,
		.now = sim_vf_now(v),
		.frozen = v->frozen,
		.hold_steps = &v->hold_steps,
		.held = &v->held,
		.hold_gts = &v->hold_gts,
		.log = v->log,
		.log_len = v->log_len,
	};
	return true;
}

static bool find_pf(struct script *s, lua_Integer n, struct script_pf *out)
{
	struct sim_card *c;

	if (n < 0 || n >= (lua_Integer)s->sim->cards)
		return false;
	c = &s->sim->card[n];
	*out = (struct script_pf){
		.card = c->index,
		.gts = (unsigned)c->opt.geometry.tiles * c->opt.geometry.gts,
		.tile_gts = c->opt.geometry.gts,
		.pfc = c->pfc,
		.mem = &c->pf_mem,
		.port = &c->pf_port,
		.now = sim_card_now(c),
		.started = &world_of(s)->started[c->index],
	};
	return true;
}

static struct guc_card *function_of(struct script *s, bool pf, lua_Integer n, unsigned *fn)
{
	struct sim_vf *v = pf ? NULL : world_of(s)->vf[n - 1];

	*fn = v ? v->fn : 0;
	return &s->sim->card[v ? v->card : (unsigned)n].guc;
}

static int mmio_read(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
		     uint64_t *value)
{
	unsigned fn;
	struct guc_card *guc = function_of(s, pf, n, &fn);

	return guc_mmio_read(guc, fn, off, size, value);
}

static int mmio_write(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
		      uint64_t value)
{
	unsigned fn;
	struct guc_card *guc = function_of(s, pf, n, &fn);

	return guc_mmio_write(guc, fn, off, size, value);
}

/* --- turns --------------------------------------------------------------------------------- */

#define STREAM_LOOK_NS 100000u

static bool turn(struct script *s, uint64_t limit)
{
	bool waiting = false;
	bool moved = actors_turn(s, &waiting);

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
	sim_faults_end(s);
	free(s->own);
}

static void open_world(lua_State *L)
{
	luaL_setfuncs(L, sim_card_functions, 0);
	luaL_setfuncs(L, sim_vf_functions, 0);
	luaL_setfuncs(L, pf_driver_functions, 0);
	luaL_setfuncs(L, vf_driver_functions, 0);
	luaL_setfuncs(L, job_functions, 0);
	luaL_setfuncs(L, raw_functions, 0);
	luaL_setfuncs(L, sim_fault_functions, 0);
	sim_snapshot_open(L);
}

const struct world sim_world = {
	.name = "virtual",
	.open = open_world,
	.turn = turn,
	.now = now,
	.begin = begin,
	.end = end,
	.vf = find_vf,
	.pf = find_pf,
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
};
