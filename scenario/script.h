/* SPDX-License-Identifier: MIT */
/* A scenario being run: a Lua state in a cage, its tasks, the events so far, and
 * the world that it drives. Private to this room. One a process: what ends it is
 * told through struct verdict (scenario.h). */
#ifndef GUCEMU_SCENARIO_SCRIPT_H
#define GUCEMU_SCENARIO_SCRIPT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

#include "scenario/events.h"
#include "scenario/scenario.h"
#include "sim/sim.h"

#define SCRIPT_TASKS 64u

enum wait_kind {
	WAIT_NONE,  /* ready */
	WAIT_TURN,  /* after the next turn */
	WAIT_TAG,   /* operation `arg` ended */
	WAIT_EVENT, /* event number `arg` is there */
	WAIT_TASK,  /* the task of number `arg` ended */
	WAIT_TIME,  /* the deadline only */
};

struct task {
	lua_State *co; /* NULL: free; when it has ended others may take its place */
	uint64_t number; /* never used twice */
	int ref;
	enum wait_kind kind;
	uint64_t arg, deadline;
	bool started, ended;
};

/* An operation under way: verbs, boots, relay requests. Tags are never used twice. */
#define SCRIPT_OPS 256u
struct op {
	uint64_t tag;    /* 0: free */
	bool done;
	int err;
	uint32_t len;    /* of the answer */
	uint32_t dw[64];
};

struct script;
struct script_vf;
struct script_pf;
struct actors;

/* What a kind of world does: the simulated one, or real processes. */
struct world {
	const char *name;
	/* Put the functions that exist in this world only into the table on top of L. */
	void (*open)(lua_State *L);
	/* One turn, at most until `limit` (ns). False: nothing left before it. */
	bool (*turn)(struct script *s, uint64_t limit);
	uint64_t (*now)(const struct script *s);
	int (*begin)(struct script *s); /* 0 or -errno */
	void (*end)(struct script *s);
	/* What lives in this process of the script's VF `n`, or of card `n`'s PF. False:
	 * there is no such VF or card. */
	bool (*vf)(struct script *s, lua_Integer n, struct script_vf *out);
	bool (*pf)(struct script *s, lua_Integer n, struct script_pf *out);
	/* A register of one whose memory is here: 0 or -errno. */
	int (*mmio_read)(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
			 uint64_t *value);
	int (*mmio_write)(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
			  uint64_t value);
};

struct script {
	const struct scenario_options *opt;
	lua_State *L;
	size_t memory; /* bytes that Lua has */
	uint64_t instructions;
	uint64_t wall_end; /* CLOCK_MONOTONIC, ns */
	bool over;       /* a limit was passed: every further instruction is an error */
	bool listing;    /* only what the file declares is wanted */
	const struct world *world;
	struct sim *sim; /* its cards are the simulated world's; the random numbers anyone's */
	void *own;      /* the world's */
	struct actors *actors; /* what is kept of drivers that live here (actors.h) */
	uint64_t limit;  /* of the clock, ns */
	struct task task[SCRIPT_TASKS];
	unsigned running; /* index of the task that runs */
	uint64_t tasks;   /* that were begun */
	struct op op[SCRIPT_OPS];
	uint64_t tag;
	struct events events;
	struct verdict verdict;
	bool judged;     /* the first reason stands */
	uint64_t offending; /* the event that it is about, 0: none */
	uint64_t turns;
	int includes;
	FILE *log;
	size_t log_size, log_len;
};

/* --- script.c ------------------------------------------------------------------- */

/* Make the state, the world and the first task. False: judged already. */
bool script_open(struct script *s, const struct scenario_options *o, bool listing);
/* Everything but the verdict goes. */
void script_close(struct script *s);
/* The error on top of L becomes the verdict; pops it. */
void script_error(struct script *s, lua_State *L);
/* Is its real time over? */
bool script_late(const struct script *s);

/* The one running in this state. */
struct script *script_of(lua_State *L);
/* The first verdict counts. `event`: the one that offends, or 0. */
void script_judge(struct script *s, enum outcome outcome, uint64_t event, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Where the user's own code is, "file:line", in a static buffer. */
const char *script_where(lua_State *L);
/* Raise an error of the world: a table {errno=, message=} for scripts to catch. */
int script_errno(lua_State *L, int err, const char *what);
/* Push the code of a file, which errors name by `chunk` ("@" and a name); on failure
 * push what is wrong. A status of Lua's. */
int script_load(lua_State *L, const char *path, const char *chunk);

/* --- core.c ------------------------------------------------------------------------- */

extern const luaL_Reg core_functions[];

/* --- wait.c: tasks ---------------------------------------------------------------- */

/* core functions of this file. */
extern const luaL_Reg wait_functions[];
/* Make the function on top of L a task; pops it. Its number, -ENOSPC. */
int64_t task_add(struct script *s, lua_State *L);
/* Run until the first task ends, or the scenario is judged. */
void task_run_all(struct script *s);

/* Operations: a fresh tag, in the place of the oldest that has ended when all are taken; 0
 * when too many are under way. */
uint64_t op_begin(struct script *s);
struct op *op_find(struct script *s, uint64_t tag);
void op_end(struct script *s, uint64_t tag, int err, const uint32_t *dw, uint32_t len);

/* --- args.c ------------------------------------------------------------------------- */

/* Field `key` of the table at `index`: an integer in [min, max], a boolean, a string
 * that lives as long as the table; `otherwise` when it is nil. Errors name the key. */
lua_Integer arg_int(lua_State *L, int index, const char *key, lua_Integer otherwise,
		    lua_Integer min, lua_Integer max);
bool arg_bool(lua_State *L, int index, const char *key, bool otherwise);
const char *arg_string(lua_State *L, int index, const char *key, const char *otherwise);
/* Names in the list `key`, each turned into a bit by `find`; `what` for errors. */
uint64_t arg_bits(lua_State *L, int index, const char *key, int (*find)(const char *name),
		  const char *what);
/* Dwords of the list at `index`: their number, an error beyond `cap`. */
uint32_t arg_dwords(lua_State *L, int index, uint32_t *dw, uint32_t cap);
void push_dwords(lua_State *L, const uint32_t *dw, uint32_t n);
void set_int(lua_State *L, const char *key, uint64_t value);
void set_bool(lua_State *L, const char *key, bool value);
void set_string(lua_State *L, const char *key, const char *value);

/* --- worlds ------------------------------------------------------------------------- */

extern const struct world sim_world, real_world;
/* Push tables of the protocol's names: actions, errors, keys, registers. */
void names_push(lua_State *L);

#endif
