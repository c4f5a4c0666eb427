/* SPDX-License-Identifier: MIT */
/* core functions on cards of the simulated world. */
#include "scenario/sim_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "proto/platform.h"

struct sim_card *sim_card_arg(lua_State *L, int index)
{
	struct sim *s = script_of(L)->sim;
	lua_Integer i = luaL_checkinteger(L, index);

	if (i < 0 || i >= (lua_Integer)s->cards)
		luaL_error(L, "there is no card %I", i);
	return &s->card[i];
}

/* --- making one ------------------------------------------------------------------------- */

static void platform_options(lua_State *L, struct sim_card_options *o)
{
	const char *name = arg_string(L, 1, "platform", NULL);
	const struct platform *p = name ? platform_find(name) : platform_row(0);

	if (!p)
		luaL_error(L, "platform: there is no '%s'", name);
	if (name) {
		o->geometry.tiles = p->tiles;
		o->geometry.gts = p->gts;
		o->guc.lmem_size = p->lmem_size;
		o->guc.ccs_ratio = p->ccs_ratio;
		o->geometry.ggtt_size = 4ull << 30;
		o->geometry.contexts = 65535;
	}
	o->guc.irq_registers = !p->memirq;
	o->guc.vf_stride = p->graphics > 1200 ? REG_VF_STRIDE : REG_VF_STRIDE_GEN12;
	o->guc.devid = p->devid;
	o->guc.revid = p->revid;
	o->guc.gmd_id[0] = platform_gmd_id(p->graphics);
	o->guc.gmd_id[1] = platform_gmd_id(p->media);
	o->pf.graphics_ver = p->graphics;
	if (o->guc.lmem_size)
		o->pf.ggtt_align = 65536;
}

static uint8_t minor_of(lua_State *L, int index, const char *key, uint8_t otherwise)
{
	return (uint8_t)arg_int(L, index, key, otherwise, GUC_ABI_MIN_MINOR, GUC_ABI_MAX_MINOR);
}

static void guc_options_of(lua_State *L, struct guc_options *g)
{
	g->abi_minor = minor_of(L, 1, "abi", g->abi_minor);
	if (lua_getfield(L, 1, "vf_abi") == LUA_TTABLE) {
		for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
			lua_Integer fn = luaL_checkinteger(L, -2), m = luaL_checkinteger(L, -1);

			if (fn < 1 || fn > GUC_MAX_VFS || m < 1 || m > GUC_ABI_MAX_MINOR)
				luaL_error(L, "vf_abi: {[VF] = minor}");
			g->vf_abi_minor[fn] = (uint8_t)m;
		}
	}
	lua_pop(L, 1);
	g->strict_resfix = arg_bool(L, 1, "strict", g->strict_resfix);
	g->no_drain = !arg_bool(L, 1, "drain", !g->no_drain);
	g->strict_detector = arg_bool(L, 1, "strict_detector", g->strict_detector);
	g->gap_profile = arg_bool(L, 1, "gap_profile", g->gap_profile);
	g->ggtt_tlb = arg_bool(L, 1, "ggtt_tlb", g->ggtt_tlb);
	g->engine_budget = (uint32_t)arg_int(L, 1, "engine_budget", g->engine_budget, 1, 1 << 20);
	g->lmem_size = (uint64_t)arg_int(L, 1, "lmem", (lua_Integer)g->lmem_size, 0, 1ll << 40);
	g->ccs_ratio = (uint16_t)arg_int(L, 1, "ccs_ratio", g->ccs_ratio, 0, 512);
}

/* core.card_new(options): its number and the tag of its PF's start. */
static int core_card_new(lua_State *L)
{
	struct script *s = script_of(L);
	struct sim_card_options o;
	struct sim_card *c;
	uint64_t tag = new_tag(L), mask;
	int err;

	luaL_checktype(L, 1, LUA_TTABLE);
	sim_card_defaults(&o);
	platform_options(L, &o);
	o.geometry.tiles = (uint8_t)arg_int(L, 1, "tiles", o.geometry.tiles, 1, GUC_MAX_TILES);
	o.geometry.gts = (uint8_t)arg_int(L, 1, "gts", o.geometry.gts, 1, 2);
	o.geometry.vfs = (uint8_t)arg_int(L, 1, "vfs", o.geometry.vfs, 0, GUC_MAX_VFS);
	o.geometry.contexts = (uint32_t)arg_int(L, 1, "contexts", o.geometry.contexts, 1, 65535);
	o.geometry.ggtt_size = (uint64_t)arg_int(L, 1, "ggtt", (lua_Integer)o.geometry.ggtt_size,
						 4096, 4ll << 30);
	guc_options_of(L, &o.guc);
	o.pf.ggtt_offset = (uint64_t)arg_int(L, 1, "ggtt_offset", 0, 0, 4ll << 30);
	actors_pfc_options(L, 1, &o.pf);
	o.no_pf = !arg_bool(L, 1, "pf", true);
	mask = actors_trace(L, 1);
	world_of(s)->started[s->sim->cards < SIM_MAX_CARDS ? s->sim->cards : 0] = tag;
	err = sim_card_add(s->sim, &o, &c);
	if (err)
		return begun(L, tag, err, "card");
	c->guc.sink_mask = mask;
	if (o.no_pf)
		op_end(s, tag, 0, NULL, 0);
	lua_pushinteger(L, (lua_Integer)c->index);
	lua_pushinteger(L, (lua_Integer)tag);
	return 2;
}

/* --- looking in ------------------------------------------------------------------------- */

static void push_thresholds(lua_State *L, const struct guc_vf_info *i)
{
	lua_createtable(L, 0, GUC_THRESHOLD_COUNT);
	for (unsigned t = 0; t < GUC_THRESHOLD_COUNT; t++) {
		lua_createtable(L, 0, 3);
		set_int(L, "limit", i->threshold[t]);
		set_int(L, "count", i->adverse[t].count);
		set_int(L, "events", i->adverse[t].events);
		lua_setfield(L, -2, guc_threshold_name((enum guc_threshold)t));
	}
	lua_setfield(L, -2, "thresholds");
}

/* core.card_info(card, fn, gt) */
static int core_card_info(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct guc_vf_info i;
	uint32_t violations = 0;
	int err = guc_vf_info(&c->guc, (unsigned)luaL_checkinteger(L, 2),
			      (unsigned)luaL_optinteger(L, 3, 0), &i);

	if (err)
		return script_errno(L, err, "state");
	lua_createtable(L, 0, 32);
	set_string(L, "state", guc_vf_state_name(i.state));
	set_int(L, "marker", i.marker);
	set_bool(L, "ctb", i.ctb_enabled);
	set_int(L, "abi_major", i.abi_major);
	set_int(L, "abi_minor", i.abi_minor);
	set_int(L, "ggtt_start", i.ggtt_start);
	set_int(L, "ggtt_size", i.ggtt_size);
	set_int(L, "lmem_size", i.lmem_size);
	set_int(L, "begin_context", i.begin_context);
	set_int(L, "contexts", i.num_contexts);
	set_int(L, "begin_doorbell", i.begin_doorbell);
	set_int(L, "doorbells", i.num_doorbells);
	set_int(L, "quantum", i.exec_quantum_ms);
	set_int(L, "preempt", i.preempt_timeout_us);
	set_int(L, "priority", i.sched_priority);
	set_int(L, "registered", i.registered);
	set_int(L, "enabled", i.enabled);
	set_int(L, "h2g", i.h2g_messages);
	set_int(L, "g2h", i.g2h_messages);
	set_int(L, "mbox", i.mbox_requests);
	set_int(L, "irqs", i.irqs);
	set_int(L, "g2h_dropped", i.g2h_dropped);
	set_int(L, "g2h_queued", i.queued_g2h);
	set_int(L, "findings", i.findings);
	for (unsigned v = 0; v < GUC_VIOL_COUNT; v++)
		violations += i.violations[v];
	set_int(L, "violations", violations);
	push_thresholds(L, &i);
	return 1;
}

static int core_card_gt(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct guc_gt_info i;
	int err = guc_gt_info(&c->guc, (unsigned)luaL_optinteger(L, 2, 0), &i);

	if (err)
		return script_errno(L, err, "GT");
	lua_createtable(L, 0, 8);
	set_int(L, "sched_if_idle", i.sched_if_idle);
	set_int(L, "sample_period", i.sample_period_ms);
	set_int(L, "reset_after_switch", i.reset_after_switch);
	set_int(L, "groups", i.groups);
	set_bool(L, "vfs_enabled", i.vfs_enabled);
	set_bool(L, "asleep", i.asleep);
	set_bool(L, "device_activity", i.device_activity);
	set_int(L, "function_activity", i.function_activity);
	return 1;
}

static int core_card_shape(lua_State *L)
{
	const struct sim_card *c = sim_card_arg(L, 1);

	lua_createtable(L, 0, 8);
	set_int(L, "tiles", c->opt.geometry.tiles);
	set_int(L, "gts", c->opt.geometry.gts);
	set_int(L, "vfs", c->opt.geometry.vfs);
	set_int(L, "contexts", c->opt.geometry.contexts);
	set_int(L, "ggtt", c->opt.geometry.ggtt_size);
	set_int(L, "lmem", c->opt.guc.lmem_size);
	set_int(L, "ccs_ratio", c->opt.guc.ccs_ratio);
	set_int(L, "abi", c->opt.guc.abi_minor);
	set_bool(L, "idle", guc_idle(&c->guc));
	return 1;
}

static int core_card_ggtt(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);

	lua_pushinteger(L, (lua_Integer)guc_ggtt_entry(&c->guc, (unsigned)luaL_optinteger(L, 3, 0),
						       (uint64_t)luaL_checkinteger(L, 2)));
	return 1;
}

static int core_card_findings(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct guc_finding f[GUC_FINDINGS_KEPT];
	int n = guc_findings(&c->guc, (unsigned)luaL_checkinteger(L, 2),
			     (unsigned)luaL_optinteger(L, 3, 0), f, GUC_FINDINGS_KEPT);

	if (n < 0)
		return script_errno(L, n, "findings");
	lua_createtable(L, n, 0);
	for (int i = 0; i < n; i++) {
		lua_createtable(L, 0, 6);
		set_string(L, "structure", fixup_name(f[i].structure));
		if (f[i].context != UINT32_MAX)
			set_int(L, "context", f[i].context);
		set_int(L, "dword", f[i].dword);
		set_int(L, "old", f[i].old_value);
		set_int(L, "new", f[i].new_value);
		set_int(L, "expected", f[i].expected);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

/* --- doing ---------------------------------------------------------------------------------- */

static int core_card_mishap(lua_State *L)
{
	static const char *const kinds[] = { "hang", "engine", "cat-error", "page-fault",
					     "crash-dump", "exception", NULL };
	struct sim_card *c = sim_card_arg(L, 1);
	struct guc_mishap m = { .kind = GUC_MISHAP_HANG };
	int err;

	luaL_checktype(L, 4, LUA_TTABLE);
	lua_getfield(L, 4, "kind");
	m.kind = (enum guc_mishap_kind)luaL_checkoption(L, -1, NULL, kinds);
	lua_pop(L, 1);
	m.context = (uint32_t)arg_int(L, 4, "context", 0, 0, UINT32_MAX);
	m.type = (uint32_t)arg_int(L, 4, "type", 0, 0, UINT32_MAX);
	m.engine_class = (uint8_t)arg_int(L, 4, "class", 0, 0, 255);
	m.instance = (uint8_t)arg_int(L, 4, "instance", 0, 0, 255);
	m.reason = (uint32_t)arg_int(L, 4, "reason", 0, 0, UINT32_MAX);
	m.fault.address = (uint64_t)arg_int(L, 4, "address", 0, INT64_MIN, INT64_MAX);
	m.fault.asid = (uint32_t)arg_int(L, 4, "asid", 0, 0, UINT32_MAX);
	m.fault.level = (uint8_t)arg_int(L, 4, "level", 0, 0, 255);
	m.fault.access = (uint8_t)arg_int(L, 4, "access", 0, 0, 255);
	m.fault.kind = (uint8_t)arg_int(L, 4, "fault", 0, 0, 255);
	m.fault.prefetch = arg_bool(L, 4, "prefetch", false);
	err = guc_mishap(&c->guc, (unsigned)luaL_checkinteger(L, 2),
			 (unsigned)luaL_optinteger(L, 3, 0), &m);
	return err ? script_errno(L, err, "mishap") : 0;
}

static int core_card_flr(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	int err = guc_flr(&c->guc, (unsigned)luaL_checkinteger(L, 2));

	return err ? script_errno(L, err, "PCI FLR") : 0;
}

/* core.card_provision(card, fn, share): without a PF. */
static int core_card_provision(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct guc_vf_share share = { .contexts = 64 };
	int err;

	luaL_checktype(L, 3, LUA_TTABLE);
	share.ggtt_start = (uint64_t)arg_int(L, 3, "start", 0, 0, 4ll << 30);
	share.ggtt_size = (uint64_t)arg_int(L, 3, "ggtt", 16 << 20, 0, 4ll << 30);
	share.begin_context = (uint32_t)arg_int(L, 3, "begin_context", 0, 0, 65535);
	share.contexts = (uint32_t)arg_int(L, 3, "contexts", 64, 0, 65535);
	share.begin_doorbell = (uint32_t)arg_int(L, 3, "begin_doorbell", 0, 0, 255);
	share.doorbells = (uint32_t)arg_int(L, 3, "doorbells", 0, 0, 256);
	share.lmem_size = (uint64_t)arg_int(L, 3, "lmem", 0, 0, 1ll << 40);
	err = guc_provision(&c->guc, (unsigned)luaL_checkinteger(L, 2), &share);
	return err ? script_errno(L, err, "provision") : 0;
}

/* core.card_local(card, tile, fn, metadata, off, [bytes] or length): local memory. */
static int core_card_local(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	unsigned tile = (unsigned)luaL_checkinteger(L, 2), fn = (unsigned)luaL_checkinteger(L, 3);
	enum local_kind kind = lua_toboolean(L, 4) ? LOCAL_METADATA : LOCAL_CONTENT;
	uint64_t off = (uint64_t)luaL_checkinteger(L, 5);
	int err;

	if (tile >= GUC_MAX_TILES || fn >= GUC_MAX_FUNCTIONS)
		return luaL_error(L, "no such tile or function");
	if (lua_type(L, 6) == LUA_TSTRING) {
		size_t len;
		const char *bytes = lua_tolstring(L, 6, &len);

		err = local_write(&c->local, tile, fn, kind, false, off, bytes, len);
		return err ? script_errno(L, err, "local memory") : 0;
	} else {
		lua_Integer len = luaL_checkinteger(L, 6);
		luaL_Buffer b;
		char *to;

		luaL_argcheck(L, len >= 0 && len <= 16 << 20, 6, "0 to 16 MiB");
		to = luaL_buffinitsize(L, &b, (size_t)len);
		err = local_read(&c->local, tile, fn, kind, off, to, (size_t)len);
		if (err)
			return script_errno(L, err, "local memory");
		luaL_pushresultsize(&b, (size_t)len);
		return 1;
	}
}

const luaL_Reg sim_card_functions[] = {
	{ "card_new", core_card_new },
	{ "card_info", core_card_info },
	{ "card_gt", core_card_gt },
	{ "card_shape", core_card_shape },
	{ "card_ggtt", core_card_ggtt },
	{ "card_findings", core_card_findings },
	{ "card_mishap", core_card_mishap },
	{ "card_flr", core_card_flr },
	{ "card_provision", core_card_provision },
	{ "card_local", core_card_local },
	{ NULL, NULL },
};
