/* SPDX-License-Identifier: MIT */
/* core functions on the VFs of the simulated world: making them, moving them. */
#include "scenario/sim_world.h"

#include <errno.h>
#include <string.h>

#define VF_MEM_MAX (1u << 30)

struct sim_vf *sim_vf_arg(lua_State *L, int index)
{
	struct sim_world *w = world_of(script_of(L));
	lua_Integer i = luaL_checkinteger(L, index);

	if (i < 1 || i > (lua_Integer)w->vfs || !w->vf[i - 1])
		luaL_error(L, "this VF is gone");
	return w->vf[i - 1];
}

/* --- making one --------------------------------------------------------------------------- */

/* core.vf_new(card, fn, options): its number. */
static int core_vf_new(lua_State *L)
{
	struct script *s = script_of(L);
	struct sim_world *w = world_of(s);
	struct sim_card *c = sim_card_arg(L, 1);
	lua_Integer fn = luaL_checkinteger(L, 2);
	struct vfc_options o;
	struct sim_vf *v;
	bool driver;
	size_t mem;
	int err;

	luaL_checktype(L, 3, LUA_TTABLE);
	if (w->vfs == SIM_MAX_VFS || fn < 1 || fn > GUC_MAX_VFS)
		return luaL_error(L, "VFs are 1 to %d", (int)c->opt.geometry.vfs);
	vfc_options_default(&o);
	o.ccs = c->opt.guc.ccs_ratio && !c->opt.guc.lmem_size;
	o.no_relay = c->pfc == NULL;
	actors_vfc_options(L, 3, &o);
	mem = (size_t)arg_int(L, 3, "mem", 8 << 20, 1 << 16, VF_MEM_MAX) & ~(size_t)4095;
	driver = arg_bool(L, 3, "driver", true);
	err = sim_vf_add(s->sim, c->index, (unsigned)fn, driver ? &o : NULL, mem, &v);
	if (err)
		return script_errno(L, err, "VF");
	w->vf[w->vfs++] = v;
	lua_pushinteger(L, w->vfs);
	return 1;
}

static int core_vf_remove(lua_State *L)
{
	struct script *s = script_of(L);
	struct sim_vf *v = sim_vf_arg(L, 1);

	actors_forget(s, luaL_checkinteger(L, 1));
	sim_vf_remove(s->sim, v);
	world_of(s)->vf[luaL_checkinteger(L, 1) - 1] = NULL;
	return 0;
}

static int core_vf_place(lua_State *L)
{
	struct sim_vf *v = sim_vf_arg(L, 1);
	struct sim_card *c = sim_card_arg(L, 2);
	int err = sim_vf_place(script_of(L)->sim, v, c->index, (unsigned)luaL_checkinteger(L, 3));

	return err ? script_errno(L, err, "place") : 0;
}

/* core.vf_where(vf): card, function, GTs. */
static int core_vf_where(lua_State *L)
{
	const struct sim_vf *v = sim_vf_arg(L, 1);

	lua_pushinteger(L, v->card);
	lua_pushinteger(L, v->fn);
	lua_pushinteger(L, v->gts);
	return 3;
}

/* --- its life ------------------------------------------------------------------------------- */

static int core_vf_freeze(lua_State *L)
{
	struct sim_vf *v = sim_vf_arg(L, 1);

	if (lua_toboolean(L, 2))
		sim_freeze(v->sim, v);
	else
		sim_thaw(v->sim, v);
	return 0;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* --- looking in ------------------------------------------------------------------------------- */

/* core.vf_counts(vf): what its driver has told so far, of all GTs. */
static int core_vf_counts(lua_State *L)
{
	const struct sim_vf *v = sim_vf_arg(L, 1);
	uint32_t pending = 0;

	for (unsigned gt = 0; v->vfc && gt < v->gts; gt++) {
		struct vfc_info i;

		vfc_info(v->vfc, gt, &i);
		pending += i.jobs_pending;
	}
	lua_createtable(L, 0, 8);
	set_int(L, "ok", v->jobs_ok);
	set_int(L, "bad", v->jobs_bad);
	set_int(L, "pending", pending);
	set_int(L, "wedged", v->wedged);
	set_int(L, "recovered", v->recovered);
	set_bool(L, "running", v->vfc && sim_is_recovered(v));
	set_bool(L, "frozen", v->frozen);
	return 1;
}

const luaL_Reg sim_vf_functions[] = {
	{ "vf_new", core_vf_new },       { "vf_remove", core_vf_remove },
	{ "vf_place", core_vf_place },   { "vf_where", core_vf_where },
	{ "vf_freeze", core_vf_freeze }, { "vf_counts", core_vf_counts },
	{ NULL, NULL },
};
