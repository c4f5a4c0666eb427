/* SPDX-License-Identifier: MIT */
/* The Lua state of a scenario: what of Lua is there, how much of it, and how a
 * script's end becomes a verdict. No io, os, debug, require, load; memory,
 * instructions and time have limits. */
#include "scenario/actors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/text.h"
#include "scenario/prelude.h"

#define SCRIPT_FILE_MAX (1u << 20)
#define HOOK_EVERY      100000

/* --- limits --------------------------------------------------------------------------- */

static void *allocate(void *user, void *ptr, size_t old, size_t size)
{
	struct script *s = user;
	void *p;

	if (!ptr)
		old = 0; /* then it tells the kind of object */
	if (size == 0) {
		free(ptr);
		s->memory -= old;
		return NULL;
	}
	if (size > old && s->memory + (size - old) > SCENARIO_MEMORY)
		return NULL;
	p = realloc(ptr, size);
	if (p)
		s->memory = s->memory - old + size;
	return p;
}

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool script_late(const struct script *s)
{
	return monotonic() > s->wall_end;
}

/* From here on every instruction is an error, so that no pcall() goes on. */
static void stop_for_good(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	luaL_error(L, "the scenario is over");
}

static void on_count(lua_State *L, lua_Debug *ar)
{
	struct script *s = script_of(L);

	(void)ar;
	s->instructions += HOOK_EVERY;
	if (s->instructions > SCENARIO_INSTRUCTIONS)
		script_judge(s, OUTCOME_HANG, 0, "%s: the script ran %llu million instructions",
			     script_where(L), SCENARIO_INSTRUCTIONS / 1000000);
	else if (script_late(s))
		script_judge(s, OUTCOME_HANG, 0, "%s: the script ran for %u s", script_where(L),
			     s->opt->wall);
	else if (!s->over)
		return;
	s->over = true;
	lua_sethook(L, stop_for_good, LUA_MASKCOUNT, 1);
	luaL_error(L, "the scenario is over");
}

/* --- verdicts ------------------------------------------------------------------------- */

struct script *script_of(lua_State *L)
{
	return *(struct script **)lua_getextraspace(L);
}

void script_judge(struct script *s, enum outcome outcome, uint64_t event, const char *fmt, ...)
{
	va_list ap;

	if (s->judged)
		return;
	s->judged = true;
	s->verdict.outcome = outcome;
	s->offending = event;
	va_start(ap, fmt);
	vsnprintf(s->verdict.reason, sizeof(s->verdict.reason), fmt, ap);
	va_end(ap);
}

const char *script_where(lua_State *L)
{
	static char text[256];
	lua_Debug ar;

	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] != '@' || ar.currentline <= 0)
			continue;
		snprintf(text, sizeof(text), "%s:%d", ar.source + 1, ar.currentline);
		return text;
	}
	return "";
}

int script_errno(lua_State *L, int err, const char *what)
{
	const char *name = text_errno(err) + 1;

	lua_createtable(L, 0, 3);
	set_string(L, "errno", name);
	lua_pushfstring(L, "%s: %s: %s", script_where(L), what, name);
	lua_setfield(L, -2, "message");
	luaL_setmetatable(L, "gucemu.error");
	return lua_error(L);
}

static int error_text(lua_State *L)
{
	lua_getfield(L, 1, "message");
	return 1;
}

/* --- files -------------------------------------------------------------------------- */

int script_load(lua_State *L, const char *path, const char *chunk)
{
	FILE *f = fopen(path, "rb");
	char *text;
	size_t n;
	int status;

	if (!f) {
		lua_pushfstring(L, "%s: %s", path, strerror(errno));
		return LUA_ERRFILE;
	}
	text = malloc(SCRIPT_FILE_MAX + 1);
	n = text ? fread(text, 1, SCRIPT_FILE_MAX + 1, f) : 0;
	if (!text || ferror(f) || n > SCRIPT_FILE_MAX) {
		lua_pushfstring(L, "%s: %s", path, text && !ferror(f) ? "over 1 MiB" :
							   "can't be read");
		fclose(f);
		free(text);
		return LUA_ERRFILE;
	}
	fclose(f);
	status = luaL_loadbufferx(L, text, n, chunk, "t");
	free(text);
	return status;
}

/* --- the state ------------------------------------------------------------------------- */

/* What of Lua's own a script has. */
static const char *const base_names[] = {
	"assert", "error", "ipairs", "next", "pairs", "pcall", "xpcall", "select", "tonumber",
	"tostring", "type", "rawequal", "rawget", "rawset", "rawlen", "setmetatable",
	"getmetatable", "string", "table", "math", "utf8",
};

static void open_libraries(lua_State *L)
{
	static const luaL_Reg libraries[] = {
		{ LUA_GNAME, luaopen_base },       { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 },
	};

	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
		luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
		lua_pop(L, 1);
	}
	lua_getglobal(L, "string");
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
	lua_getglobal(L, "math");
	lua_pushnil(L);
	lua_setfield(L, -2, "randomseed");
	lua_pushnil(L);
	lua_setfield(L, -2, "random");
	lua_pop(L, 1);
}

static void push_names(lua_State *L)
{
	lua_newtable(L);
	for (size_t i = 0; i < sizeof(base_names) / sizeof(*base_names); i++) {
		lua_getglobal(L, base_names[i]);
		lua_setfield(L, -2, base_names[i]);
	}
}

/* In the protected call below: environment, core, prelude, then the script's chunk,
 * which becomes the first task. */
static int set_up(lua_State *L)
{
	struct script *s = script_of(L);
	char chunk[4200];

	luaL_checkstack(L, 20, NULL);
	open_libraries(L);
	luaL_newmetatable(L, "gucemu.error");
	lua_pushcfunction(L, error_text);
	lua_setfield(L, -2, "__tostring");
	lua_pop(L, 1);
	push_names(L);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, "gucemu.env");
	lua_newtable(L);
	luaL_setfuncs(L, core_functions, 0);
	luaL_setfuncs(L, wait_functions, 0);
	names_push(L);
	lua_setfield(L, -2, "names");
	if (!s->listing)
		s->world->open(L);
	set_bool(L, "listing", s->listing);
	set_string(L, "world", s->world->name);
	set_bool(L, "client", s->opt->client != NULL);
	set_bool(L, "other_pf", s->opt->pf != NULL);
	set_int(L, "seed", s->opt->seed);
	set_int(L, "number", s->opt->number);
	set_string(L, "path", s->opt->path);
	/* env core */
	for (size_t i = 0; prelude[i].name; i++) {
		snprintf(chunk, sizeof(chunk), "=gucemu/%s", prelude[i].name);
		if (luaL_loadbufferx(L, prelude[i].text, prelude[i].len, chunk, "t") != LUA_OK)
			return lua_error(L);
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -4);
		lua_call(L, 2, 0);
	}
	lua_setfield(L, LUA_REGISTRYINDEX, "gucemu.core");
	if (!s->opt->path)
		return 0;
	snprintf(chunk, sizeof(chunk), "@%s", s->opt->path);
	if (script_load(L, s->opt->path, chunk) != LUA_OK)
		return lua_error(L);
	lua_pushvalue(L, -2);
	lua_setupvalue(L, -2, 1);
	/* core.main(chunk) is the first task: it runs the file, then the case. */
	lua_getfield(L, LUA_REGISTRYINDEX, "gucemu.core");
	lua_getfield(L, -1, "main");
	lua_remove(L, -2);
	lua_insert(L, -2);
	lua_call(L, 1, 1);
	task_add(s, L);
	return 0;
}

/* Errors that C found in what our own Lua was given name that Lua's line: the user's is
 * wanted. */
static const char *without_place(const char *text)
{
	const char *colon = strchr(text, ':'), *end = colon ? strchr(colon + 1, ':') : NULL;

	return strncmp(text, "gucemu/", 7) == 0 && end ? end + 2 : text;
}

static int as_text(lua_State *L)
{
	luaL_tolstring(L, 1, NULL);
	return 1;
}

/* The error on top of L as text on top of the main state. A script's own __tostring
 * may raise an error, or never end. */
static const char *error_as_text(struct script *s, lua_State *L)
{
	if (L != s->L)
		lua_xmove(L, s->L, 1);
	lua_pushcfunction(s->L, as_text);
	lua_insert(s->L, -2);
	if (lua_pcall(s->L, 1, 1, 0) == LUA_OK && lua_type(s->L, -1) == LUA_TSTRING)
		return lua_tostring(s->L, -1);
	return "an error that does not say what it is";
}

void script_error(struct script *s, lua_State *L)
{
	const char *where = script_where(L), *text = error_as_text(s, L);
	const char *end;

	if (s->judged) {
		lua_pop(s->L, 1);
		return;
	}
	if (*where) {
		snprintf(s->verdict.where, sizeof(s->verdict.where), "%s", where);
	} else {
		/* "path:line: text", of a file that is no Lua. */
		end = s->opt->path ? strstr(text, ":") : NULL;
		end = end ? strchr(end + 1, ':') : NULL;
		if (end && (size_t)(end - text) < sizeof(s->verdict.where))
			snprintf(s->verdict.where, sizeof(s->verdict.where), "%.*s",
				 (int)(end - text), text);
	}
	if (strncmp(text, "gucemu/", 7) == 0 && *where)
		script_judge(s, OUTCOME_SCRIPT, 0, "%s: %s", where, without_place(text));
	else
		script_judge(s, OUTCOME_SCRIPT, 0, "%s", text);
	lua_pop(s->L, 1);
}

bool script_open(struct script *s, const struct scenario_options *o, bool listing)
{
	memset(s, 0, sizeof(*s));
	s->opt = o;
	s->listing = listing;
	s->world = o->sockets && !listing ? &real_world : &sim_world;
	s->wall_end = monotonic() + o->wall * 1000000000ull;
	s->limit = o->clock;
	s->log = open_memstream(&s->verdict.log, &s->log_size);
	s->L = lua_newstate(allocate, s);
	if (!s->L || !s->log) {
		script_judge(s, OUTCOME_SCRIPT, 0, "no memory for Lua");
		return false;
	}
	*(struct script **)lua_getextraspace(s->L) = s;
	lua_sethook(s->L, on_count, LUA_MASKCOUNT, HOOK_EVERY);
	s->sim = sim_create(o->seed);
	if (!s->sim || actors_begin(s) < 0 || s->world->begin(s) < 0) {
		script_judge(s, OUTCOME_SCRIPT, 0, "no world");
		return false;
	}
	lua_pushcfunction(s->L, set_up);
	if (lua_pcall(s->L, 0, 0, 0) != LUA_OK) {
		script_error(s, s->L);
		return false;
	}
	return true;
}

void script_close(struct script *s)
{
	if (s->L)
		lua_close(s->L);
	if (s->own)
		s->world->end(s);
	actors_end(s);
	sim_free(s->sim);
	if (s->log)
		fclose(s->log);
	events_free(&s->events);
}
