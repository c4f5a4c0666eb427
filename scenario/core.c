/* SPDX-License-Identifier: MIT */
/* The table `core`: what only the library's own Lua sees of a scenario, whichever its
 * world is. Tasks have theirs in wait.c, worlds in their own files. */
#include "scenario/script.h"

#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

#define INCLUDES_MAX 64

static int included(lua_State *L, int status, lua_KContext context)
{
	(void)L;
	(void)status;
	(void)context;
	return 1;
}

/* include("name.lua"): a file beside the script, its result. */
static int core_include(lua_State *L)
{
	struct script *s = script_of(L);
	const char *name = luaL_checkstring(L, 1), *slash = strrchr(s->opt->path, '/');
	size_t folder = slash ? (size_t)(slash - s->opt->path) + 1 : 0;
	char path[4096], chunk[4200];

	if (!*name || *name == '/' || *name == '.' || strstr(name, "..") || strlen(name) > 255)
		return luaL_error(L, "include: a file beside the script, without '..', is wanted");
	if (++s->includes > INCLUDES_MAX)
		return luaL_error(L, "include: over %d files", INCLUDES_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%.*s%s", (int)folder, s->opt->path, name) >=
	    sizeof(path))
		return luaL_error(L, "include: the path is too long");
	snprintf(chunk, sizeof(chunk), "@%s", path);
	if (script_load(L, path, chunk) != LUA_OK)
		return lua_error(L);
	lua_getfield(L, LUA_REGISTRYINDEX, "gucemu.env");
	lua_setupvalue(L, -2, 1);
	lua_callk(L, 0, 1, 0, included);
	return 1;
}

/* core.fail(outcome, text, event, where): the verdict, and the end. */
static int core_fail(lua_State *L)
{
	static const char *const words[] = {
#define X(sym, word, status, text) word,
		OUTCOME_LIST(X)
#undef X
		NULL
	};
	struct script *s = script_of(L);
	int outcome = luaL_checkoption(L, 1, NULL, words);

	if (!s->judged)
		snprintf(s->verdict.where, sizeof(s->verdict.where), "%s",
			 luaL_optstring(L, 4, script_where(L)));
	script_judge(s, (enum outcome)outcome, (uint64_t)luaL_optinteger(L, 3, 0), "%s",
		     luaL_checkstring(L, 2));
	s->over = true;
	return luaL_error(L, "the scenario is over");
}

static int core_where(lua_State *L)
{
	lua_pushstring(L, script_where(L));
	return 1;
}

static int core_print(lua_State *L)
{
	struct script *s = script_of(L);
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);

	if (s->log && s->log_len + len < (1u << 20)) {
		fprintf(s->log, "%s\n", text);
		s->log_len += len + 1;
	}
	return 0;
}

static int core_param(lua_State *L)
{
	const struct scenario_options *o = script_of(L)->opt;
	const char *name = luaL_checkstring(L, 1);
	size_t len = strlen(name);

	for (unsigned i = 0; i < o->params; i++) {
		if (!strncmp(o->param[i], name, len) && o->param[i][len] == '=') {
			lua_pushstring(L, o->param[i] + len + 1);
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

static int core_events(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)script_of(L)->events.n);
	return 1;
}

static int core_hash(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)script_of(L)->events.hash);
	return 1;
}

static int core_errno(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	int e = 1;

	while (e < 134 && strcmp(text_errno(e) + 1, name))
		e++;
	lua_pushinteger(L, -e);
	return 1;
}

/* core.random(n): 0 to n - 1, from the seed. */
static int core_random(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 1);

	luaL_argcheck(L, n > 0, 1, "has to be over 0");
	lua_pushinteger(L, (lua_Integer)(sim_random(script_of(L)->sim) % (uint64_t)n));
	return 1;
}

static int core_task(lua_State *L)
{
	const struct script *s = script_of(L);

	lua_pushinteger(L, (lua_Integer)s->task[s->running].number);
	return 1;
}

static int core_diagram(lua_State *L)
{
	char *text = events_diagram(&script_of(L)->events, (unsigned)luaL_checkinteger(L, 1),
				    (unsigned)luaL_checkinteger(L, 2), 0, 0);

	lua_pushstring(L, text ? text : "");
	free(text);
	return 1;
}

const luaL_Reg core_functions[] = {
	{ "fail", core_fail },           { "where", core_where },
	{ "print", core_print },         { "param", core_param },
	{ "events", core_events },       { "hash", core_hash },
	{ "include", core_include },     { "diagram", core_diagram },
	{ "pattern", events_lua_pattern }, { "find", events_lua_find },
	{ "event", events_lua_event },   { "errno", core_errno },
	{ "task", core_task },           { "random", core_random },
	{ NULL, NULL },
};
