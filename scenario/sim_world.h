/* SPDX-License-Identifier: MIT */
/* What the files of the simulated world under scenarios share. */
#ifndef GUCEMU_SCENARIO_SIM_WORLD_H
#define GUCEMU_SCENARIO_SIM_WORLD_H

#include "scenario/script.h"

#define STREAMS 32u

/* An image being saved or restored, or saved. */
struct stream {
	uint64_t tag; /* of the verb, 0: free */
	unsigned card, vf;
	bool save, active;
	bool no_end;  /* restore: the caller says when the image is whole */
	uint8_t *data;
	size_t len, cap, at, slice;
};

struct sim_raw;
struct fault;

struct sim_world {
	uint64_t started[SIM_MAX_CARDS];  /* tag of the PF's start */
	struct sim_vf *vf[SIM_MAX_VFS];   /* by the number that scripts have; NULL: gone */
	unsigned vfs;
	struct stream stream[STREAMS];
	struct sim_raw *raw;              /* a list */
	size_t snapshots;                 /* bytes of those that are kept */
	struct fault *fault[SIM_MAX_CARDS]; /* NULL: no rules yet */
};

static inline struct sim_world *world_of(const struct script *s)
{
	return s->own;
}

struct stream *stream_add(struct script *s, uint64_t tag, unsigned card, unsigned vf);
struct stream *stream_find(struct script *s, uint64_t tag);

extern const luaL_Reg sim_card_functions[], sim_pf_functions[], sim_vf_functions[],
	sim_job_functions[], sim_raw_functions[],
	sim_fault_functions[];
void sim_faults_end(struct script *s);
struct kept;
/* The card's rules are again what a snapshot kept of them; nothing: there were none. */
void sim_faults_restore(lua_State *L, struct sim_card *c, const struct kept *was);
void sim_snapshot_open(lua_State *L);
/* A card or VF by its number. */
struct sim_card *sim_card_arg(lua_State *L, int index);
struct sim_card *sim_pf_arg(lua_State *L, int index); /* one with a PF driver */
struct sim_vf *sim_vf_arg(lua_State *L, int index);
/* One with a driver, and the GT in argument `gt`. */
struct sim_vf *sim_driver_arg(lua_State *L, int index);
unsigned sim_gt_arg(lua_State *L, int index, const struct sim_vf *v);
/* A tag for an operation; raises an error when there are too many. */
uint64_t sim_tag(lua_State *L);
/* Push the tag, or free it and raise `err`. */
int sim_begun(lua_State *L, uint64_t tag, int err, const char *what);

/* Raw senders: rings that are read each turn. */
bool sim_raw_turn(struct script *s);
void sim_raw_end(struct script *s);
/* Drop what is kept of a VF that goes. */
void sim_raw_forget(struct script *s, const struct sim_vf *v);

#endif
