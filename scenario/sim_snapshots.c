/* SPDX-License-Identifier: MIT */
/* Snapshots of the simulated world's cards: the card as sim/snapshot.c keeps it, and its
 * fault rules. */
#include "scenario/sim_world.h"

#include <errno.h>

#include "emulator/kept.h"
#include "fault/fault.h"

#define SNAPSHOT "gucemu.snapshot"
#define SNAPSHOTS_BYTES ((size_t)1 << 30) /* of a case: Lua's own limit does not count them */

struct snapshot {
	struct sim_snapshot *sim;
	struct kept faults; /* nothing: there were no rules */
};

static size_t size_of(const struct snapshot *snap)
{
	return snap->sim ? sim_snapshot_size(snap->sim) + snap->faults.bytes : 0;
}

static int snapshot_gc(lua_State *L)
{
	struct snapshot *snap = luaL_checkudata(L, 1, SNAPSHOT);

	if (snap->sim && world_of(script_of(L)))
		world_of(script_of(L))->snapshots -= size_of(snap);
	sim_snapshot_free(snap->sim);
	kept_free(&snap->faults);
	snap->sim = NULL;
	return 0;
}

static int core_snapshot(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct snapshot *snap = lua_newuserdatauv(L, sizeof(*snap), 0);
	struct sim_world *w = world_of(script_of(L));
	const struct fault *rules = w->fault[c->index];
	int err;

	*snap = (struct snapshot){ .sim = NULL };
	luaL_setmetatable(L, SNAPSHOT);
	/* Those that nobody has any more weigh next to nothing for Lua. */
	if (w->snapshots > SNAPSHOTS_BYTES / 2)
		lua_gc(L, LUA_GCCOLLECT);
	err = sim_snapshot_take(c, &snap->sim);
	if (!err && rules)
		err = kept_take_all(&snap->faults, rules, fault_size());
	w->snapshots += size_of(snap);
	if (err)
		return script_errno(L, err, "snapshot");
	if (w->snapshots > SNAPSHOTS_BYTES)
		return script_errno(L, -ENOSPC, "snapshot: a case's may take 1 GiB");
	return 1;
}

static int core_snapshot_restore(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct snapshot *snap = luaL_checkudata(L, 2, SNAPSHOT);
	int err = sim_snapshot_restore(c, snap->sim);

	if (err)
		return script_errno(L, err, "snapshot");
	sim_faults_restore(L, c, &snap->faults);
	return 0;
}

static int core_snapshot_size(lua_State *L)
{
	const struct snapshot *snap = luaL_checkudata(L, 1, SNAPSHOT);

	lua_pushinteger(L, (lua_Integer)size_of(snap));
	return 1;
}

void sim_snapshot_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "snapshot", core_snapshot },
		{ "snapshot_restore", core_snapshot_restore },
		{ "snapshot_size", core_snapshot_size },
		{ NULL, NULL },
	};

	luaL_newmetatable(L, SNAPSHOT);
	lua_pushcfunction(L, snapshot_gc);
	lua_setfield(L, -2, "__gc");
	/* Or a script could call that itself. */
	set_bool(L, "__metatable", false);
	lua_pop(L, 1);
	luaL_setfuncs(L, functions, 0);
}
