/* SPDX-License-Identifier: MIT */
/* What the files of the simulated world under scenarios share. */
#ifndef GUCEMU_SCENARIO_SIM_WORLD_H
#define GUCEMU_SCENARIO_SIM_WORLD_H

#include "scenario/actors.h"

struct fault;

struct sim_world {
	uint64_t started[SIM_MAX_CARDS];  /* tag of the PF's start */
	struct sim_vf *vf[SIM_MAX_VFS];   /* by the number that scripts have; NULL: gone */
	unsigned vfs;
	size_t snapshots;                 /* bytes of those that are kept */
	struct fault *fault[SIM_MAX_CARDS]; /* NULL: no rules yet */
};

static inline struct sim_world *world_of(const struct script *s)
{
	return s->own;
}

extern const luaL_Reg sim_card_functions[], sim_vf_functions[], sim_fault_functions[];
void sim_faults_end(struct script *s);
struct kept;
/* The card's rules are again what a snapshot kept of them; nothing: there were none. */
void sim_faults_restore(lua_State *L, struct sim_card *c, const struct kept *was);
void sim_snapshot_open(lua_State *L);
/* A card or VF by its number. */
struct sim_card *sim_card_arg(lua_State *L, int index);
struct sim_vf *sim_vf_arg(lua_State *L, int index);

#endif
