/* SPDX-License-Identifier: MIT */
/* PF and VF drivers that live in the case's own process, where a script looks into
 * them: in the simulated world all of them, of the real one those of cases that say so.
 * Here is what works on them alike, whoever steps them and whatever carries their
 * registers. */
#ifndef GUCEMU_SCENARIO_ACTORS_H
#define GUCEMU_SCENARIO_ACTORS_H

#include "scenario/script.h"

/* Of a VF, what lives here. The pointers are its world's, for one call of the script. */
struct script_vf {
	unsigned card, fn, gts;
	unsigned tile_gts;            /* GTs of a tile of its card */
	struct vfc *vfc;              /* NULL: no driver, or in a process of its own */
	struct host_mem *mem;         /* NULL: its memory is elsewhere */
	const struct host_port *port; /* for rings of the script's own */
	uint64_t now;                 /* its clock */
	bool frozen;
	uint32_t *hold_steps, *held;  /* bits of enum vfc_step_id */
	uint8_t *hold_gts;
	const char *log;
	size_t log_len;
};

/* The same of a card's PF. */
struct script_pf {
	unsigned card, gts, tile_gts;
	struct pfc *pfc;
	struct host_mem *mem;
	const struct host_port *port;
	uint64_t now;
	uint64_t *started;            /* tag of its start */
};

/* --- for the worlds ----------------------------------------------------------------- */

/* What all of it keeps beside: images under way, rings of scripts. 0 or -ENOMEM. */
int actors_begin(struct script *s);
void actors_end(struct script *s);
/* Images and rings go on. *waiting: something has to be looked at again soon. True:
 * something moved. */
bool actors_turn(struct script *s, bool *waiting);
/* The script's VF n is gone: so is what was kept of it. */
void actors_forget(struct script *s, lua_Integer n);
/* Take in what a driver tells. */
void actors_pf_event(struct script *s, unsigned card, uint64_t now, const struct pfc_event *ev);
void actors_vf_event(struct script *s, unsigned card, unsigned fn, uint64_t now,
		     const struct vfc_event *ev);
/* Options of card:vf{} that are the driver's, from the table at `index`. */
void actors_vfc_options(lua_State *L, int index, struct vfc_options *o);
/* Options of card{} that are the PF's. `graphics`: the platform's version. */
void actors_pfc_options(lua_State *L, int index, struct pfc_options *o);

/* Option `trace` of card{}: a bit for each point to see, 0: those that everybody sees. */
uint64_t actors_trace(lua_State *L, int index);

/* core functions on VFs' drivers, their queues and jobs, below the drivers, and on PFs. */
extern const luaL_Reg vf_driver_functions[], job_functions[], raw_functions[],
	pf_driver_functions[];
/* Those of them that the real world has for others, too. */
int vf_driver_op(lua_State *L);
int pf_driver_do(lua_State *L);
int pf_driver_save(lua_State *L);
int pf_driver_image(lua_State *L);
int pf_driver_restore(lua_State *L);
int pf_driver_set(lua_State *L);
int pf_driver_info(lua_State *L);

/* --- among them ------------------------------------------------------------------------ */

/* The VF in argument `index`, with a driver, or an error; the GT in another one. */
struct script_vf vf_arg(lua_State *L, int index);
struct script_vf vf_driver_arg(lua_State *L, int index);
unsigned vf_gt_arg(lua_State *L, int index, const struct script_vf *v);
struct script_pf pf_driver_arg(lua_State *L, int index);
/* A tag for an operation; raises an error when there are too many. */
uint64_t new_tag(lua_State *L);
/* Push the tag, or free it and raise `err`. */
int begun(lua_State *L, uint64_t tag, int err, const char *what);

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

struct raw;

struct actors {
	struct stream stream[STREAMS];
	struct raw *raw; /* a list */
};

struct stream *stream_add(struct script *s, uint64_t tag, unsigned card, unsigned vf);
struct stream *stream_find(struct script *s, uint64_t tag);
bool streams_turn(struct script *s, bool *waiting);
void streams_end(struct script *s);
bool raw_turn(struct script *s);
void raw_forget(struct script *s, lua_Integer n);
void raw_end(struct script *s);

#endif
