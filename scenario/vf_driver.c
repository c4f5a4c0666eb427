/* SPDX-License-Identifier: MIT */
/* core functions on the VF drivers that live here: their life and recovery, looking
 * into them. Queues and jobs are in jobs.c. */
#include "scenario/actors.h"

#include <errno.h>
#include <string.h>

struct script_vf vf_arg(lua_State *L, int index)
{
	struct script *s = script_of(L);
	struct script_vf v = { .fn = 0 };

	if (!s->world->vf(s, luaL_checkinteger(L, index), &v))
		luaL_error(L, "this VF is gone");
	return v;
}

struct script_vf vf_driver_arg(lua_State *L, int index)
{
	struct script_vf v = vf_arg(L, index);

	if (!v.vfc && !v.mem)
		luaL_error(L, "the driver of VF %d is a process of its own", (int)v.fn);
	if (!v.vfc)
		luaL_error(L, "VF %d was made without a driver", (int)v.fn);
	return v;
}

unsigned vf_gt_arg(lua_State *L, int index, const struct script_vf *v)
{
	lua_Integer gt = luaL_optinteger(L, index, 0);

	if (gt < 0 || gt >= (lua_Integer)v->gts)
		luaL_error(L, "VF %d has no GT%I", (int)v->fn, gt);
	return (unsigned)gt;
}

/* --- making one --------------------------------------------------------------------------- */

static enum vfc_generation generation_arg(lua_State *L, int index)
{
	const char *name = arg_string(L, index, "generation", "auto");

	if (!strcmp(name, "seed"))
		return VFC_GEN_SEED;
	if (!strcmp(name, "latest"))
		return VFC_GEN_LATEST;
	if (strcmp(name, "auto"))
		luaL_error(L, "generation: seed, latest or auto");
	return VFC_GEN_AUTO;
}

void actors_vfc_options(lua_State *L, int index, struct vfc_options *o)
{
	o->generation = generation_arg(L, index);
	o->quirks = (uint32_t)arg_bits(L, index, "quirks", vfc_quirk_find, "quirk");
	o->skip_fixups = (uint32_t)arg_bits(L, index, "skip", fixup_find, "fixup");
	o->twice_fixups = (uint32_t)arg_bits(L, index, "twice", fixup_find, "fixup");
	o->min_minor = (uint8_t)arg_int(L, index, "min_minor", o->min_minor, 1, 2);
	o->ccs = arg_bool(L, index, "ccs", o->ccs);
	o->indirect_ring = arg_bool(L, index, "indirect_ring", false);
	o->no_relay = !arg_bool(L, index, "relay", !o->no_relay);
	o->testloop = arg_bool(L, index, "testloop", false);
	o->never_wedge = arg_bool(L, index, "never_wedge", false);
	o->shared_queue = arg_bool(L, index, "shared_queue", false);
	o->ggtt_min = (uint64_t)arg_int(L, index, "ggtt_min", (lua_Integer)o->ggtt_min, 0, 4ll << 30);
}

/* --- its life ------------------------------------------------------------------------------- */

/* core.vf_op(vf, what, gt): a tag. */
int vf_driver_op(lua_State *L)
{
	static const char *const ops[] = { "boot", "reset", "suspend", "resume", "shutdown", NULL };
	const struct script_vf v = vf_driver_arg(L, 1);
	int op = luaL_checkoption(L, 2, NULL, ops);
	unsigned gt = vf_gt_arg(L, 3, &v);
	uint64_t tag = new_tag(L);
	int err = op == 0   ? vfc_boot(v.vfc, tag)
		  : op == 1 ? vfc_reset(v.vfc, gt, tag)
		  : op == 2 ? vfc_suspend(v.vfc, tag)
		  : op == 3 ? vfc_resume(v.vfc, tag)
			    : vfc_shutdown(v.vfc, tag);

	return begun(L, tag, err, ops[op]);
}

static int core_vf_relay(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	unsigned gt = vf_gt_arg(L, 2, &v);
	uint32_t dw[64], n = arg_dwords(L, 3, dw, 64);
	uint64_t tag = new_tag(L);

	return begun(L, tag, vfc_relay(v.vfc, gt, dw, n, tag), "relay");
}

/* core.vf_keep(vf, seed): writes; without a seed it checks. A tag. */
static int core_vf_keep(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	uint64_t tag = new_tag(L);

	return begun(L, tag,
		     lua_isnoneornil(L, 2)
			     ? vfc_keep_check(v.vfc, tag)
			     : vfc_keep_write(v.vfc, (uint32_t)luaL_checkinteger(L, 2), tag),
		     "keep");
}

static int core_vf_tlb(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	int err = vfc_tlb_invalidate(v.vfc, vf_gt_arg(L, 2, &v));

	return err ? script_errno(L, err, "TLB invalidation") : 0;
}

static int core_vf_wedge(lua_State *L)
{
	vfc_wedge(vf_driver_arg(L, 1).vfc, -EIO);
	return 0;
}

static int core_vf_irq(lua_State *L)
{
	vfc_irq(vf_driver_arg(L, 1).vfc);
	return 0;
}

static int step_find(const char *name)
{
	for (int i = 0; i < VFC_STEP_COUNT; i++)
		if (!strcmp(vfc_step_name((enum vfc_step_id)i), name))
			return i;
	return -1;
}

/* core.vf_hold(vf, {steps=, gts=}): hold before these from now on. */
static int core_vf_hold(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);

	luaL_checktype(L, 2, LUA_TTABLE);
	*v.hold_steps = (uint32_t)arg_bits(L, 2, "steps", step_find, "step");
	*v.hold_gts = (uint8_t)arg_int(L, 2, "gts", 0, 0, 3);
	*v.held = 0;
	return 0;
}

/* core.vf_held(vf): the step before which it stands, or nil. */
static int core_vf_held(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);

	for (int i = 0; i < VFC_STEP_COUNT; i++) {
		if (*v.held & *v.hold_steps & 1u << i) {
			lua_pushstring(L, vfc_step_name((enum vfc_step_id)i));
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

static int core_vf_info(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	struct vfc_info i;

	vfc_info(v.vfc, vf_gt_arg(L, 2, &v), &i);
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

static int core_vf_runtime(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	uint32_t value;
	int err = vfc_runtime(v.vfc, vf_gt_arg(L, 2, &v), (uint32_t)luaL_checkinteger(L, 3),
			      &value);

	if (err)
		return script_errno(L, err, "runtime register");
	lua_pushinteger(L, value);
	return 1;
}

static int core_vf_log(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);

	lua_pushlstring(L, v.log, v.log_len);
	return 1;
}

const luaL_Reg vf_driver_functions[] = {
	{ "vf_op", vf_driver_op },       { "vf_relay", core_vf_relay },
	{ "vf_keep", core_vf_keep },     { "vf_tlb", core_vf_tlb },
	{ "vf_wedge", core_vf_wedge },   { "vf_irq", core_vf_irq },
	{ "vf_hold", core_vf_hold },     { "vf_held", core_vf_held },
	{ "vf_info", core_vf_info },     { "vf_runtime", core_vf_runtime },
	{ "vf_log", core_vf_log },       { NULL, NULL },
};
