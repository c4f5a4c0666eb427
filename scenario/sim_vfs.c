/* SPDX-License-Identifier: MIT */
/* core functions on the VFs of the simulated world: making them, their drivers'
 * life and recovery, looking into them. */
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

struct sim_vf *sim_driver_arg(lua_State *L, int index)
{
	struct sim_vf *v = sim_vf_arg(L, index);

	if (!v->vfc)
		luaL_error(L, "VF %d was made without a driver", (int)v->fn);
	return v;
}

unsigned sim_gt_arg(lua_State *L, int index, const struct sim_vf *v)
{
	lua_Integer gt = luaL_optinteger(L, index, 0);

	if (gt < 0 || gt >= (lua_Integer)v->gts)
		luaL_error(L, "VF %d has no GT%I", (int)v->fn, gt);
	return (unsigned)gt;
}

static int step_find(const char *name)
{
	for (int i = 0; i < VFC_STEP_COUNT; i++)
		if (!strcmp(vfc_step_name((enum vfc_step_id)i), name))
			return i;
	return -1;
}

/* --- making one --------------------------------------------------------------------------- */

static enum vfc_generation generation_arg(lua_State *L)
{
	const char *name = arg_string(L, 3, "generation", "auto");

	if (!strcmp(name, "seed"))
		return VFC_GEN_SEED;
	if (!strcmp(name, "latest"))
		return VFC_GEN_LATEST;
	if (strcmp(name, "auto"))
		luaL_error(L, "generation: seed, latest or auto");
	return VFC_GEN_AUTO;
}

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
	o.generation = generation_arg(L);
	o.quirks = (uint32_t)arg_bits(L, 3, "quirks", vfc_quirk_find, "quirk");
	o.skip_fixups = (uint32_t)arg_bits(L, 3, "skip", fixup_find, "fixup");
	o.twice_fixups = (uint32_t)arg_bits(L, 3, "twice", fixup_find, "fixup");
	o.min_minor = (uint8_t)arg_int(L, 3, "min_minor", o.min_minor, 1, 2);
	o.ccs = arg_bool(L, 3, "ccs", c->opt.guc.ccs_ratio && !c->opt.guc.lmem_size);
	o.indirect_ring = arg_bool(L, 3, "indirect_ring", false);
	o.no_relay = !arg_bool(L, 3, "relay", c->pfc != NULL);
	o.testloop = arg_bool(L, 3, "testloop", false);
	o.never_wedge = arg_bool(L, 3, "never_wedge", false);
	o.shared_queue = arg_bool(L, 3, "shared_queue", false);
	o.ggtt_min = (uint64_t)arg_int(L, 3, "ggtt_min", (lua_Integer)o.ggtt_min, 0, 4ll << 30);
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

	sim_raw_forget(s, v);
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

/* core.vf_op(vf, what, gt): a tag. */
static int core_vf_op(lua_State *L)
{
	static const char *const ops[] = { "boot", "reset", "suspend", "resume", "shutdown", NULL };
	struct sim_vf *v = sim_driver_arg(L, 1);
	int op = luaL_checkoption(L, 2, NULL, ops);
	unsigned gt = sim_gt_arg(L, 3, v);
	uint64_t tag = sim_tag(L);
	int err = op == 0   ? vfc_boot(v->vfc, tag)
		  : op == 1 ? vfc_reset(v->vfc, gt, tag)
		  : op == 2 ? vfc_suspend(v->vfc, tag)
		  : op == 3 ? vfc_resume(v->vfc, tag)
			    : vfc_shutdown(v->vfc, tag);

	return sim_begun(L, tag, err, ops[op]);
}

static int core_vf_relay(lua_State *L)
{
	struct sim_vf *v = sim_driver_arg(L, 1);
	unsigned gt = sim_gt_arg(L, 2, v);
	uint32_t dw[64], n = arg_dwords(L, 3, dw, 64);
	uint64_t tag = sim_tag(L);

	return sim_begun(L, tag, vfc_relay(v->vfc, gt, dw, n, tag), "relay");
}

/* core.vf_keep(vf, seed): writes; without a seed it checks. A tag. */
static int core_vf_keep(lua_State *L)
{
	struct sim_vf *v = sim_driver_arg(L, 1);
	uint64_t tag = sim_tag(L);

	return sim_begun(L, tag,
			 lua_isnoneornil(L, 2)
				 ? vfc_keep_check(v->vfc, tag)
				 : vfc_keep_write(v->vfc, (uint32_t)luaL_checkinteger(L, 2), tag),
			 "keep");
}

static int core_vf_tlb(lua_State *L)
{
	struct sim_vf *v = sim_driver_arg(L, 1);
	int err = vfc_tlb_invalidate(v->vfc, sim_gt_arg(L, 2, v));

	return err ? script_errno(L, err, "TLB invalidation") : 0;
}

static int core_vf_wedge(lua_State *L)
{
	vfc_wedge(sim_driver_arg(L, 1)->vfc, -EIO);
	return 0;
}

static int core_vf_irq(lua_State *L)
{
	vfc_irq(sim_driver_arg(L, 1)->vfc);
	return 0;
}

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

/* core.vf_hold(vf, {steps=, gts=}): hold before these from now on. */
static int core_vf_hold(lua_State *L)
{
	struct sim_vf *v = sim_driver_arg(L, 1);

	luaL_checktype(L, 2, LUA_TTABLE);
	v->hold_steps = (uint32_t)arg_bits(L, 2, "steps", step_find, "step");
	v->hold_gts = (uint8_t)arg_int(L, 2, "gts", 0, 0, 3);
	v->held = 0;
	return 0;
}

/* core.vf_held(vf): the step before which it stands, or nil. */
static int core_vf_held(lua_State *L)
{
	const struct sim_vf *v = sim_driver_arg(L, 1);

	for (int i = 0; i < VFC_STEP_COUNT; i++) {
		if (v->held & v->hold_steps & 1u << i) {
			lua_pushstring(L, vfc_step_name((enum vfc_step_id)i));
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

/* --- looking in ------------------------------------------------------------------------------- */

static int core_vf_info(lua_State *L)
{
	const struct sim_vf *v = sim_driver_arg(L, 1);
	struct vfc_info i;

	vfc_info(v->vfc, sim_gt_arg(L, 2, v), &i);
	lua_createtable(L, 0, 32);
	set_string(L, "state", vfc_state_name(i.state));
	set_int(L, "abi_major", i.abi_major);
	set_int(L, "abi_minor", i.abi_minor);
	set_int(L, "ggtt_start", i.ggtt_start);
	set_int(L, "ggtt_size", i.ggtt_size);
	set_int(L, "lmem_size", i.lmem_size);
	set_int(L, "contexts", i.contexts);
	set_int(L, "doorbells", i.doorbells);
	set_int(L, "gmd_id", i.gmd_id);
	set_bool(L, "sched_groups", i.sched_groups);
	set_bool(L, "migration", i.migration_supported);
	set_bool(L, "recovery_pending", i.recovery_pending);
	set_bool(L, "ggtt_valid", i.ggtt_valid);
	set_int(L, "relay_major", i.relay_major);
	set_int(L, "relay_minor", i.relay_minor);
	set_int(L, "runtime", i.runtime_n);
	set_int(L, "marker_next", i.marker_next);
	set_int(L, "recoveries", i.recoveries);
	set_int(L, "requeues", i.requeues);
	set_int(L, "queues", i.queues);
	set_int(L, "registered", i.registered);
	set_int(L, "jobs_done", i.jobs_done);
	set_int(L, "jobs_failed", i.jobs_failed);
	set_int(L, "jobs_pending", i.jobs_pending);
	set_int(L, "fixups", i.fixup_count);
	set_int(L, "pm_refs", i.pm_refs);
	set_int(L, "tlb_sent", i.tlb_sent);
	set_int(L, "tlb_done", i.tlb_done);
	set_int(L, "wedged_err", (uint64_t)i.wedged_err);
	return 1;
}

/* core.vf_counts(vf): what its driver has told so far, of all GTs. */
static int core_vf_counts(lua_State *L)
{
	const struct sim_vf *v = sim_driver_arg(L, 1);
	uint32_t pending = 0;

	for (unsigned gt = 0; gt < v->gts; gt++) {
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
	set_bool(L, "running", sim_is_recovered(v));
	set_bool(L, "frozen", v->frozen);
	return 1;
}

static int core_vf_runtime(lua_State *L)
{
	struct sim_vf *v = sim_driver_arg(L, 1);
	uint32_t value;
	int err = vfc_runtime(v->vfc, sim_gt_arg(L, 2, v), (uint32_t)luaL_checkinteger(L, 3),
			      &value);

	if (err)
		return script_errno(L, err, "runtime register");
	lua_pushinteger(L, value);
	return 1;
}

static int core_vf_log(lua_State *L)
{
	const struct sim_vf *v = sim_driver_arg(L, 1);

	lua_pushlstring(L, v->log, v->log_len);
	return 1;
}

const luaL_Reg sim_vf_functions[] = {
	{ "vf_new", core_vf_new },       { "vf_remove", core_vf_remove },
	{ "vf_place", core_vf_place },   { "vf_where", core_vf_where },
	{ "vf_op", core_vf_op },         { "vf_relay", core_vf_relay },
	{ "vf_keep", core_vf_keep },     { "vf_tlb", core_vf_tlb },
	{ "vf_wedge", core_vf_wedge },   { "vf_irq", core_vf_irq },
	{ "vf_freeze", core_vf_freeze }, { "vf_hold", core_vf_hold },
	{ "vf_held", core_vf_held },     { "vf_info", core_vf_info },
	{ "vf_counts", core_vf_counts }, { "vf_runtime", core_vf_runtime },
	{ "vf_log", core_vf_log },       { NULL, NULL },
};
