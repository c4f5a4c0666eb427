/* SPDX-License-Identifier: MIT */
/* core functions on PFs of the real world: verbs over the control role, whoever the
 * PF is, but for one that lives here (real_own_pf.c). */
#include "scenario/real_world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_MAX ((size_t)1 << 30)

static void on_answer(struct control_request *q, int status, const char *text)
{
	struct asked *a = q->user;

	(void)text;
	a->answered = true;
	op_end(a->real->s, a->tag, status, NULL, 0);
	if (!a->save) {
		free(a->data);
		memset(a, 0, sizeof(*a));
	}
}

static int on_blob(struct control_request *q, const struct frame *f)
{
	struct asked *a = q->user;

	if (a->len + f->data_len > a->cap) {
		size_t cap = a->cap ? 2 * a->cap : 1u << 20;
		uint8_t *more = cap + f->data_len > IMAGE_MAX
					? NULL
					: realloc(a->data, cap + f->data_len);

		if (!more)
			return -ENOMEM;
		a->data = more;
		a->cap = cap + f->data_len;
	}
	if (f->data_len)
		memcpy(a->data + a->len, f->data, f->data_len);
	a->len += f->data_len;
	return 0;
}

static struct asked *free_slot(lua_State *L)
{
	struct real *r = real_of(script_of(L));

	for (unsigned i = 0; i < REAL_ASKED; i++) {
		struct asked *a = &r->asked[i];

		/* An image that nobody took goes with its operation. */
		if (a->tag && a->answered && !op_find(r->s, a->tag)) {
			free(a->data);
			memset(a, 0, sizeof(*a));
		}
		if (a->tag)
			continue;
		a->real = r;
		return a;
	}
	luaL_error(L, "over %d verbs under way", (int)REAL_ASKED);
	return NULL;
}

static uint64_t tag_of(lua_State *L, struct asked *a)
{
	a->tag = op_begin(a->real->s);
	if (!a->tag)
		luaL_error(L, "over %d operations under way", (int)SCRIPT_OPS);
	return a->tag;
}

static int ask(lua_State *L, struct real_card *c, struct asked *a, const char *line)
{
	uint64_t tag = a->tag;

	a->request.reply = on_answer;
	a->request.user = a;
	if (!c->control)
		return script_errno(L, -ENOTCONN, line);
	control_ask(c->control, &a->request, line);
	lua_pushinteger(L, (lua_Integer)tag);
	return 1;
}

/* core.pf_do(card, verb, vf, [share]): a tag. */
static int core_pf_do(lua_State *L)
{
	static const char *const keys[] = { "ggtt", "start", "contexts", "doorbells", "quantum",
					    "preempt", "lmem" };
	struct real_card *c = real_card_arg(L, 1);
	const char *verb = luaL_checkstring(L, 2);
	struct asked *a;
	char line[512];
	size_t at = (size_t)snprintf(line, sizeof(line), "pf %.20s vf=%d", verb,
				     (int)luaL_checkinteger(L, 3));

	if (c->own)
		return pf_driver_do(L);
	a = free_slot(L);
	for (size_t i = 0; lua_istable(L, 4) && i < sizeof(keys) / sizeof(*keys); i++) {
		lua_Integer v = arg_int(L, 4, keys[i], -1, 0, INT64_MAX);

		/* As everywhere: all bits set is none of them. */
		if (!strcmp(keys[i], "doorbells") && v == UINT32_MAX)
			at += (size_t)snprintf(line + at, sizeof(line) - at, " doorbells=none");
		else if (v > 0)
			at += (size_t)snprintf(line + at, sizeof(line) - at, " %s=%lld", keys[i],
					       (long long)v);
	}
	tag_of(L, a);
	return ask(L, c, a, line);
}

static int core_pf_save(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	struct asked *a;
	char line[64];

	if (c->own)
		return pf_driver_save(L);
	a = free_slot(L);
	snprintf(line, sizeof(line), "pf save vf=%d", (int)luaL_checkinteger(L, 2));
	tag_of(L, a);
	a->save = true;
	a->request.blob = on_blob;
	return ask(L, c, a, line);
}

/* core.pf_image(tag): the image saved. */
static int core_pf_image(lua_State *L)
{
	struct real *r = real_of(script_of(L));
	uint64_t tag = (uint64_t)luaL_checkinteger(L, 1);

	for (unsigned i = 0; i < REAL_ASKED; i++) {
		struct asked *a = &r->asked[i];

		if (a->tag != tag || !a->save)
			continue;
		lua_pushlstring(L, (const char *)a->data, a->len);
		free(a->data);
		memset(a, 0, sizeof(*a));
		return 1;
	}
	return pf_driver_image(L);
}

static int core_pf_restore(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	size_t len;
	const char *image = luaL_checklstring(L, 3, &len);
	struct asked *a;
	char line[64];

	if (c->own)
		return pf_driver_restore(L);
	a = free_slot(L);
	a->data = malloc(len ? len : 1);
	if (!a->data)
		return script_errno(L, -ENOMEM, "restore");
	memcpy(a->data, image, len);
	snprintf(line, sizeof(line), "pf restore vf=%d", (int)luaL_checkinteger(L, 2));
	tag_of(L, a);
	a->request.image = a->data;
	a->request.image_len = len;
	return ask(L, c, a, line);
}

/* core.pf_set(card, vf, name, values): a tag. */
static int core_pf_set(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	int vf = (int)luaL_checkinteger(L, 2);
	const char *name = luaL_checkstring(L, 3);
	uint32_t value[1];
	struct asked *a;
	char line[160];

	if (c->own)
		return pf_driver_set(L);
	a = free_slot(L);
	if (arg_dwords(L, 4, value, 1) != 1)
		return luaL_error(L, "one value is wanted");
	if (vf)
		snprintf(line, sizeof(line), "pf threshold vf=%d %.60s=%u", vf, name, value[0]);
	else
		snprintf(line, sizeof(line), "pf policy %.60s=%u", name, value[0]);
	tag_of(L, a);
	return ask(L, c, a, line);
}

static int core_pf_info(lua_State *L)
{
	static const char *const numbers[] = { "ggtt_start", "ggtt_size", "contexts",
					       "begin_context", "doorbells", "begin_doorbell",
					       "lmem_size", "fixup_done", "adverse" };
	struct real_card *c = real_card_arg(L, 1);
	unsigned major = 0, minor = 0;
	struct json_object *o;
	char line[64];

	if (c->own)
		return pf_driver_info(L);
	snprintf(line, sizeof(line), "pf info vf=%d", (int)luaL_checkinteger(L, 2));
	o = real_ask(L, c, line, "info");
	lua_createtable(L, 0, 16);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		set_int(L, numbers[i], json_get_u64(o, numbers[i], 0));
	(void)sscanf(json_get_str(o, "relay", ""), "%5u.%5u", &major, &minor);
	set_int(L, "relay_major", major);
	set_int(L, "relay_minor", minor);
	set_string(L, "valid", json_get_str(o, "valid", "?"));
	set_string(L, "busy", json_get_str(o, "busy", ""));
	set_bool(L, "mismatch", json_get_bool(o, "mismatch", false));
	set_bool(L, "failed", json_get_bool(o, "failed", false));
	lua_newtable(L);
	for (size_t i = 0; i < json_count(json_get(o, "state")); i++) {
		lua_pushstring(L, json_object_get_string(json_at(json_get(o, "state"), i)));
		lua_rawseti(L, -2, (lua_Integer)i);
	}
	lua_setfield(L, -2, "state");
	json_object_put(o);
	return 1;
}

const luaL_Reg real_pf_functions[] = {
	{ "pf_do", core_pf_do },           { "pf_save", core_pf_save },
	{ "pf_image", core_pf_image },     { "pf_restore", core_pf_restore },
	{ "pf_set", core_pf_set },         { "pf_info", core_pf_info },
	{ NULL, NULL },
};
