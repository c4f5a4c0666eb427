/* SPDX-License-Identifier: MIT */
/* Fields of Lua tables as arguments of C, and back. What a script wrote there is
 * checked; errors name the key. */
#include "scenario/script.h"

lua_Integer arg_int(lua_State *L, int index, const char *key, lua_Integer otherwise,
		    lua_Integer min, lua_Integer max)
{
	lua_Integer v;
	int ok;

	if (lua_getfield(L, index, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return otherwise;
	}
	v = lua_tointegerx(L, -1, &ok);
	if (!ok)
		luaL_error(L, "%s: a whole number is wanted, not %s", key, luaL_typename(L, -1));
	lua_pop(L, 1);
	if (v < min || v > max)
		luaL_error(L, "%s: %I is not in %I to %I", key, v, min, max);
	return v;
}

bool arg_bool(lua_State *L, int index, const char *key, bool otherwise)
{
	bool v = otherwise;

	if (lua_getfield(L, index, key) != LUA_TNIL) {
		if (!lua_isboolean(L, -1))
			luaL_error(L, "%s: true or false is wanted, not %s", key,
				   luaL_typename(L, -1));
		v = lua_toboolean(L, -1);
	}
	lua_pop(L, 1);
	return v;
}

const char *arg_string(lua_State *L, int index, const char *key, const char *otherwise)
{
	const char *v = otherwise;

	if (lua_getfield(L, index, key) != LUA_TNIL) {
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "%s: text is wanted, not %s", key, luaL_typename(L, -1));
		v = lua_tostring(L, -1);
	}
	lua_pop(L, 1);
	return v;
}

uint64_t arg_bits(lua_State *L, int index, const char *key, int (*find)(const char *name),
		  const char *what)
{
	uint64_t bits = 0;

	if (lua_getfield(L, index, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return 0;
	}
	if (!lua_istable(L, -1))
		luaL_error(L, "%s: a list of names is wanted", key);
	for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
		int bit;

		lua_rawgeti(L, -1, i);
		bit = find(luaL_checkstring(L, -1));
		if (bit < 0)
			luaL_error(L, "%s: there is no %s '%s'", key, what, lua_tostring(L, -1));
		bits |= 1ull << bit;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return bits;
}

uint32_t arg_dwords(lua_State *L, int index, uint32_t *dw, uint32_t cap)
{
	lua_Integer n;

	luaL_checktype(L, index, LUA_TTABLE);
	n = (lua_Integer)lua_rawlen(L, index);
	if (n > (lua_Integer)cap)
		luaL_error(L, "%I dwords are too many, %d are possible", n, (int)cap);
	for (lua_Integer i = 1; i <= n; i++) {
		int ok;
		lua_Integer v;

		lua_rawgeti(L, index, i);
		v = lua_tointegerx(L, -1, &ok);
		if (!ok)
			luaL_error(L, "dword %I is no number", i);
		dw[i - 1] = (uint32_t)v;
		lua_pop(L, 1);
	}
	return (uint32_t)n;
}

void push_dwords(lua_State *L, const uint32_t *dw, uint32_t n)
{
	lua_createtable(L, (int)n, 0);
	for (uint32_t i = 0; i < n; i++) {
		lua_pushinteger(L, dw[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

void set_int(lua_State *L, const char *key, uint64_t value)
{
	lua_pushinteger(L, (lua_Integer)value);
	lua_setfield(L, -2, key);
}

void set_bool(lua_State *L, const char *key, bool value)
{
	lua_pushboolean(L, value);
	lua_setfield(L, -2, key);
}

void set_string(lua_State *L, const char *key, const char *value)
{
	lua_pushstring(L, value ? value : "");
	lua_setfield(L, -2, key);
}
