/* SPDX-License-Identifier: MIT */
/* core functions that look into cards of the real world: what the control role says. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdio.h>

/* {threshold = {limit=, count=, events=}}, also of those that the card leaves out. */
static void set_thresholds(lua_State *L, const struct json_object *all)
{
	lua_createtable(L, 0, GUC_THRESHOLD_COUNT);
	for (unsigned t = 0; t < GUC_THRESHOLD_COUNT; t++) {
		const char *name = guc_threshold_name((enum guc_threshold)t);
		const struct json_object *o = json_get(all, name);

		lua_createtable(L, 0, 3);
		set_int(L, "limit", json_get_u64(o, "limit", 0));
		set_int(L, "count", json_get_u64(o, "count", 0));
		set_int(L, "events", json_get_u64(o, "events", 0));
		lua_setfield(L, -2, name);
	}
	lua_setfield(L, -2, "thresholds");
}

/* "1.28" */
static void set_version(lua_State *L, const char *text)
{
	unsigned major = 0, minor = 0;

	(void)sscanf(text, "%3u.%3u", &major, &minor);
	set_int(L, "abi_major", major);
	set_int(L, "abi_minor", minor);
}

/* core.card_info(card, fn, gt): of the card's state. */
static int core_card_info(lua_State *L)
{
	/* As scripts call it, as the card does. */
	static const char *const numbers[][2] = {
		{ "marker", "marker" },           { "ggtt_start", "ggtt_start" },
		{ "ggtt_size", "ggtt_size" },     { "lmem_size", "lmem_size" },
		{ "begin_context", "begin_context" }, { "contexts", "contexts" },
		{ "doorbells", "doorbells" },     { "quantum", "exec_quantum_ms" },
		{ "preempt", "preempt_timeout_us" }, { "priority", "priority" },
		{ "registered", "registered" },   { "enabled", "enabled" },
		{ "h2g", "h2g" },                 { "g2h", "g2h" },
		{ "mbox", "mmio_requests" },      { "irqs", "irqs" },
		{ "g2h_dropped", "g2h_dropped" }, { "g2h_queued", "queued" },
		{ "findings", "findings" },
	};
	struct real_card *c = real_card_arg(L, 1);
	uint64_t fn = (uint64_t)luaL_checkinteger(L, 2), gt = (uint64_t)luaL_optinteger(L, 3, 0);
	struct json_object *o = real_ask(L, c, "state", "state");
	const struct json_object *list = json_get(o, "functions"), *found = NULL;
	uint64_t violations = 0;

	for (size_t i = 0; i < json_count(list); i++)
		if (json_get_u64(json_at(list, i), "function", UINT64_MAX) == fn)
			found = json_at(json_get(json_at(list, i), "gts"), gt);
	if (!found) {
		json_object_put(o);
		return script_errno(L, -ENODEV, "state");
	}
	lua_createtable(L, 0, 32);
	set_string(L, "state", json_get_str(found, "state", "?"));
	set_bool(L, "ctb", json_get_bool(found, "ctb", false));
	set_version(L, json_get_str(found, "abi", ""));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		set_int(L, numbers[i][0], json_get_u64(found, numbers[i][1], 0));
	for (unsigned v = 0; v < GUC_VIOL_COUNT; v++)
		violations += json_get_u64(json_get(found, "violations"),
					   guc_violation_text((enum guc_violation)v), 0);
	set_int(L, "violations", violations);
	set_thresholds(L, json_get(found, "thresholds"));
	json_object_put(o);
	return 1;
}

/* core.card_gt(card, gt) */
static int core_card_gt(lua_State *L)
{
	struct json_object *o = real_ask(L, real_card_arg(L, 1), "state", "state");
	const struct json_object *gt = json_at(json_get(o, "policies"),
					       (size_t)luaL_optinteger(L, 2, 0));

	if (!gt) {
		json_object_put(o);
		return script_errno(L, -EINVAL, "GT");
	}
	lua_createtable(L, 0, 8);
	set_int(L, "sched_if_idle", json_get_u64(gt, "sched_if_idle", 0));
	set_int(L, "sample_period", json_get_u64(gt, "adverse_sample_period_ms", 0));
	set_int(L, "reset_after_switch", json_get_u64(gt, "reset_after_vf_switch", 0));
	set_int(L, "groups", json_count(json_get(gt, "groups")));
	set_bool(L, "vfs_enabled", json_get_bool(gt, "vfs_enabled", false));
	set_bool(L, "asleep", json_get_bool(gt, "asleep", false));
	set_bool(L, "device_activity", json_get_bool(gt, "device_activity", false));
	set_int(L, "function_activity", json_get_u64(gt, "function_activity", 0));
	json_object_put(o);
	return 1;
}

/* core.card_shape(card) */
static int core_card_shape(lua_State *L)
{
	struct json_object *o = real_ask(L, real_card_arg(L, 1), "card", "card");
	unsigned minor = 0;

	lua_createtable(L, 0, 8);
	set_int(L, "tiles", json_get_u64(o, "tiles", 0));
	set_int(L, "gts", json_get_u64(o, "gts", 0));
	set_int(L, "vfs", json_get_u64(o, "vfs", 0));
	set_int(L, "contexts", json_get_u64(o, "contexts", 0));
	set_int(L, "ggtt", json_get_u64(o, "ggtt_size", 0));
	set_int(L, "lmem", json_get_u64(o, "lmem_size", 0));
	set_int(L, "ccs_ratio", json_get_u64(o, "ccs_ratio", 0));
	(void)sscanf(json_get_str(o, "abi", ""), "1.%3u", &minor);
	set_int(L, "abi", minor);
	json_object_put(o);
	return 1;
}

/* core.card_findings(card, fn, gt) */
static int core_card_findings(lua_State *L)
{
	static const char *const numbers[] = { "dword", "old", "new", "expected" };
	struct real_card *c = real_card_arg(L, 1);
	uint64_t gt = (uint64_t)luaL_optinteger(L, 3, 0);
	struct json_object *o;
	const struct json_object *list;
	char line[64];
	lua_Integer n = 0;

	snprintf(line, sizeof(line), "findings vf=%d", (int)luaL_checkinteger(L, 2));
	o = real_ask(L, c, line, "findings");
	list = json_get(o, "findings");
	lua_newtable(L);
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_object *f = json_at(list, i);

		if (json_get_u64(f, "gt", 0) != gt)
			continue;
		lua_createtable(L, 0, 6);
		set_string(L, "structure", json_get_str(f, "structure", "?"));
		if (json_get(f, "context"))
			set_int(L, "context", json_get_u64(f, "context", 0));
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
			set_int(L, numbers[k], json_get_u64(f, numbers[k], 0));
		lua_rawseti(L, -2, ++n);
	}
	json_object_put(o);
	return 1;
}

/* core.settle(): all that the cards have told by now has come. */
static int core_settle(lua_State *L)
{
	struct real *r = real_of(script_of(L));

	for (unsigned i = 0; i < r->cards; i++)
		if (r->card[i].streaming)
			(void)real_tell(&r->card[i], "card");
	return 0;
}

const luaL_Reg real_look_functions[] = {
	{ "card_info", core_card_info },     { "card_gt", core_card_gt },
	{ "card_shape", core_card_shape },   { "card_findings", core_card_findings },
	{ "settle", core_settle },           { NULL, NULL },
};
