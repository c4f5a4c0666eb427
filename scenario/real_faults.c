/* SPDX-License-Identifier: MIT */
/* Fault rules on cards of the real world, over the control role. The card pauses and
 * disconnects by itself when a rule says so; that one has fired is an event, by which
 * the scripts' own library (lua/fault.lua) knows of migrations. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_LINE 600u

/* core.fault_add(card, line): the rule's number; nil and what is wrong. */
static int core_fault_add(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	char line[RULE_LINE], *text = NULL;
	struct json_object *o;
	int err;

	if (snprintf(line, sizeof(line), "fault add %s", luaL_checkstring(L, 2)) >=
	    (int)sizeof(line))
		return luaL_error(L, "fault: this rule is too long");
	err = c->control ? control_wait(c->control, &c->real->loop, NULL, line, REAL_MS, &text)
			 : -ENOTCONN;
	if (err) {
		lua_pushnil(L);
		lua_pushfstring(L, "fault: %s", control_error(err, text));
		free(text);
		return 2;
	}
	o = json_read(text, strlen(text));
	free(text);
	lua_pushinteger(L, (lua_Integer)json_get_u64(o, "number", 0));
	json_object_put(o);
	return 1;
}

static int tell_rule(lua_State *L, const char *verb)
{
	char line[64];
	int err;

	snprintf(line, sizeof(line), "fault %s %d", verb, (int)luaL_checkinteger(L, 2));
	err = real_tell(real_card_arg(L, 1), line);
	return err ? script_errno(L, err, "fault") : 0;
}

static int core_fault_remove(lua_State *L)
{
	return tell_rule(L, "remove");
}

static int core_fault_arm(lua_State *L)
{
	return tell_rule(L, lua_toboolean(L, 3) ? "arm" : "disarm");
}

/* core.fault_info(card, number): matched, fired, armed. */
static int core_fault_info(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	uint64_t number = (uint64_t)luaL_checkinteger(L, 2);
	struct json_object *o = real_ask(L, c, "fault list", "fault");
	const struct json_object *rules = json_get(o, "rules"), *r = NULL;

	for (size_t i = 0; !r && i < json_count(rules); i++)
		if (json_get_u64(json_at(rules, i), "number", 0) == number)
			r = json_at(rules, i);
	if (!r) {
		json_object_put(o);
		return luaL_error(L, "this rule is gone");
	}
	lua_pushinteger(L, (lua_Integer)json_get_u64(r, "matched", 0));
	lua_pushinteger(L, (lua_Integer)json_get_u64(r, "fired", 0));
	lua_pushboolean(L, json_get_bool(r, "armed", false));
	json_object_put(o);
	return 3;
}

/* core.fault_take(card): "fired", the first rule, function, GT, and the names of all
 * rules that fired there, joined by '+'; nil when none has since. */
static int core_fault_take(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	const struct events *e = &c->real->s->events;

	while (c->fault_at < e->n) {
		const struct view_event *v = &e->at[c->fault_at].view;
		unsigned point = e->at[c->fault_at++].point;

		if (point != GUC_PT_FAULT || v->card != c->index)
			continue;
		lua_pushliteral(L, "fired");
		lua_pushinteger(L, (lua_Integer)v->guc.code);
		lua_pushinteger(L, v->guc.fn);
		lua_pushinteger(L, v->guc.gt);
		lua_pushstring(L, v->text);
		return 5;
	}
	return 0;
}

const luaL_Reg real_fault_functions[] = {
	{ "fault_add", core_fault_add },   { "fault_remove", core_fault_remove },
	{ "fault_arm", core_fault_arm },   { "fault_info", core_fault_info },
	{ "fault_take", core_fault_take }, { NULL, NULL },
};
