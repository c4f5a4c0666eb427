/* SPDX-License-Identifier: MIT */
/* Fault rules on the cards of the simulated world: core functions that add and look
 * at them. What a rule asks of the card's host is carried out by the scripts' own
 * library (lua/fault.lua). */
#include "scenario/sim_world.h"

#include <stdlib.h>
#include <string.h>

#include "emulator/kept.h"
#include "fault/fault.h"

static struct fault *faults_of(lua_State *L, struct sim_card *c)
{
	struct script *s = script_of(L);
	struct fault **f = &world_of(s)->fault[c->index];

	if (*f)
		return *f;
	*f = calloc(1, fault_size());
	if (!*f)
		luaL_error(L, "no memory");
	fault_init(*f, s->opt->seed + c->index, &c->opt.geometry);
	return *f;
}

void sim_faults_restore(lua_State *L, struct sim_card *c, const struct kept *was)
{
	struct script *s = script_of(L);
	struct fault *f = world_of(s)->fault[c->index];

	if (was->size)
		kept_put_all(was, faults_of(L, c));
	else if (f)
		fault_init(f, s->opt->seed + c->index, &c->opt.geometry);
	if (was->size || f)
		fault_attach(faults_of(L, c), &c->guc);
}

void sim_faults_end(struct script *s)
{
	for (unsigned i = 0; i < SIM_MAX_CARDS; i++)
		free(world_of(s)->fault[i]);
}

/* core.fault_add(card, line): the rule's number. */
static int core_fault_add(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct fault *f = faults_of(L, c);
	struct fault_error err = { 0, "" };
	size_t len;
	const char *line = luaL_checklstring(L, 2, &len);
	int number = fault_add(f, line, len, &err);

	if (number < 0) {
		lua_pushnil(L);
		lua_pushfstring(L, "fault: column %d: %s", (int)err.at + 1, err.text);
		return 2;
	}
	fault_attach(f, &c->guc);
	lua_pushinteger(L, number);
	return 1;
}

static int core_fault_remove(lua_State *L)
{
	struct sim_card *c = sim_card_arg(L, 1);
	struct fault *f = faults_of(L, c);
	int err = fault_remove(f, (int)luaL_checkinteger(L, 2));

	fault_attach(f, &c->guc);
	return err ? script_errno(L, err, "fault") : 0;
}

static int core_fault_arm(lua_State *L)
{
	int err = fault_arm(faults_of(L, sim_card_arg(L, 1)), (int)luaL_checkinteger(L, 2),
			    lua_toboolean(L, 3));

	return err ? script_errno(L, err, "fault") : 0;
}

/* core.fault_info(card, number): matched, fired, armed. */
static int core_fault_info(lua_State *L)
{
	struct fault *f = faults_of(L, sim_card_arg(L, 1));
	int number = (int)luaL_checkinteger(L, 2);
	struct fault_info i;

	for (unsigned n = 0; fault_info(f, n, &i); n++) {
		if (i.number != number)
			continue;
		lua_pushinteger(L, (lua_Integer)i.matched);
		lua_pushinteger(L, (lua_Integer)i.fired);
		lua_pushboolean(L, i.armed);
		return 3;
	}
	return luaL_error(L, "this rule is gone");
}

/* core.fault_state(card, name, [on]) */
static int core_fault_state(lua_State *L)
{
	struct fault *f = faults_of(L, sim_card_arg(L, 1));
	const char *name = luaL_checkstring(L, 2);

	if (!lua_isnoneornil(L, 3)) {
		int err = fault_set_state(f, name, lua_toboolean(L, 3));

		return err ? script_errno(L, err, "state") : 0;
	}
	lua_pushboolean(L, fault_state(f, name));
	return 1;
}

/* core.fault_take(card): what, rule, function, GT, target; nil when nothing waits. */
static int core_fault_take(lua_State *L)
{
	struct script *s = script_of(L);
	struct sim_card *c = sim_card_arg(L, 1);
	struct fault_out o;

	if (!world_of(s)->fault[c->index] || !fault_take(world_of(s)->fault[c->index], &o))
		return 0;
	events_fault(&s->events, c->index, &o);
	lua_pushstring(L, fault_out_name(o.what));
	lua_pushinteger(L, o.number);
	lua_pushinteger(L, o.fn);
	lua_pushinteger(L, o.gt);
	lua_pushstring(L, o.target);
	return 5;
}

const luaL_Reg sim_fault_functions[] = {
	{ "fault_add", core_fault_add },     { "fault_remove", core_fault_remove },
	{ "fault_arm", core_fault_arm },     { "fault_info", core_fault_info },
	{ "fault_state", core_fault_state }, { "fault_take", core_fault_take },
	{ NULL, NULL },
};
