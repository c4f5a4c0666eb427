/* SPDX-License-Identifier: MIT */
/* Patterns of events, as scripts write them: a table of what must be so. */
#include "scenario/events.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/guc.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/text.h"
#include "proto/regs.h"
#include "scenario/script.h"
#include "view/describe.h"

#define PATTERN_DWORDS 16u
#define PATTERN_TYPE   "gucemu.pattern"

/* Conditions that are there. */
enum has { HAS_POINT = 1, HAS_CARD = 2, HAS_FN = 4, HAS_GT = 8, HAS_ACTION = 16, HAS_TYPE = 32,
	   HAS_ERROR = 64, HAS_FROM = 128, HAS_TO = 256, HAS_IRQ = 512, HAS_VALUE = 1024,
	   HAS_ADDR = 2048, HAS_CODE = 4096, HAS_STRUCTURE = 8192, HAS_TEXT = 16384,
	   HAS_ERR = 32768, HAS_QUEUE = 65536, HAS_JOB = 131072, HAS_INPUT = 262144,
	   HAS_LEN = 524288 };

struct pattern {
	uint32_t has;
	uint64_t points; /* bit a point */
	unsigned card, fn, gt, type, from, to, irq, structure, input;
	uint32_t action, error, code, len, queue, job;
	uint64_t value, addr;
	int err;
	uint32_t dw_mask; /* bit i: dword i */
	uint32_t dw[PATTERN_DWORDS];
	char text[VIEW_EVENT_TEXT];
};

static const char *const types[] = { "REQUEST", "EVENT", "FAST_REQUEST", "BUSY", "4", "RETRY",
				     "FAILURE", "SUCCESS" };

static const uint32_t *words_of(const struct scenario_event *e)
{
	return e->msg ? e->msg : e->view.dw;
}

/* The action that a message is, or answers. */
static bool action_of(const struct scenario_event *e, uint32_t *action)
{
	const struct guc_event *g = &e->view.guc;

	switch (e->point) {
	case GUC_PT_MBOX_REQUEST:
	case GUC_PT_H2G:
		if (!g->msg_len)
			return false;
		*action = hxg_action(words_of(e)[0]);
		return true;
	case GUC_PT_MBOX_REPLY:
	case GUC_PT_G2H:
		*action = g->code;
		return true;
	default:
		return false;
	}
}

static bool is_message(unsigned point)
{
	return point == GUC_PT_MBOX_REQUEST || point == GUC_PT_MBOX_REPLY ||
	       point == GUC_PT_H2G || point == GUC_PT_G2H;
}

/* --- names ------------------------------------------------------------------------- */

static int action_find(const char *name)
{
	for (size_t i = 0; guc_action_code(i) >= 0; i++)
		if (!strcmp(guc_action_name((uint32_t)guc_action_code(i)), name))
			return guc_action_code(i);
	return -1;
}

static int error_find(const char *name)
{
	for (size_t i = 0; guc_error_code(i) >= 0; i++)
		if (!strcmp(guc_error_name((uint32_t)guc_error_code(i)), name))
			return guc_error_code(i);
	return -1;
}

static int type_find(const char *name)
{
	for (int i = 0; i < 8; i++)
		if (!strcmp(types[i], name))
			return i;
	return -1;
}

static int state_find(const char *name)
{
	for (int i = 0; i < GUC_VFS_COUNT; i++)
		if (!strcmp(guc_vf_state_name((enum guc_vf_state)i), name))
			return i;
	return -1;
}

static int input_find(const char *name)
{
	for (int i = 0; i < GUC_IN_COUNT; i++)
		if (!strcmp(guc_vf_input_name((enum guc_vf_input)i), name))
			return i;
	return -1;
}

/* Engines' interrupts have the bit of SW_INT_0 and another source. */
enum irq_kind { IRQ_MIGRATED, IRQ_GUC2HOST, IRQ_ENGINE };
static const char *const irq_names[] = { "MIGRATED", "GUC2HOST", "ENGINE" };

static int irq_find(const char *name)
{
	for (int i = 0; i < 3; i++)
		if (!strcmp(name, irq_names[i]))
			return i;
	return -1;
}

static enum irq_kind irq_of(const struct guc_event *g)
{
	if (g->value != MEMIRQ_SOURCE_GUC && g->value != MEMIRQ_SOURCE_MEDIA_GUC)
		return IRQ_ENGINE;
	return g->code == GUC_IRQ_SW_INT_0 ? IRQ_MIGRATED : IRQ_GUC2HOST;
}

/* --- reading ------------------------------------------------------------------------ */

static uint64_t number(lua_State *L, const char *key)
{
	int ok;
	lua_Integer v = lua_tointegerx(L, -1, &ok);

	if (!ok)
		luaL_error(L, "%s: a number is wanted, not %s", key, luaL_typename(L, -1));
	return (uint64_t)v;
}

/* A number, or a name that `find` knows. */
static unsigned named(lua_State *L, const char *key, int (*find)(const char *name))
{
	int n;

	if (lua_type(L, -1) != LUA_TSTRING)
		return (unsigned)number(L, key);
	n = find(lua_tostring(L, -1));
	if (n < 0)
		luaL_error(L, "%s: there is no '%s'", key, lua_tostring(L, -1));
	return (unsigned)n;
}

static uint64_t point_bit(lua_State *L)
{
	unsigned point = named(L, "point", point_find);

	if (point >= POINTS)
		luaL_error(L, "point: there is no %d", (int)point);
	return 1ull << point;
}

static uint64_t read_points(lua_State *L)
{
	uint64_t points = 0;

	if (lua_type(L, -1) != LUA_TTABLE)
		return point_bit(L);
	for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
		lua_rawgeti(L, -1, i);
		points |= point_bit(L);
		lua_pop(L, 1);
	}
	return points;
}

static void read_dwords(lua_State *L, struct pattern *p)
{
	luaL_checktype(L, -1, LUA_TTABLE);
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		lua_Integer i = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : -1;

		if (i < 0 || i >= (lua_Integer)PATTERN_DWORDS)
			luaL_error(L, "dw: indices are 0 to %d", (int)PATTERN_DWORDS - 1);
		p->dw[i] = (uint32_t)number(L, "dw");
		p->dw_mask |= 1u << i;
	}
}

static bool read_name(lua_State *L, struct pattern *p, const char *key)
{
	if (!strcmp(key, "point"))
		p->points = read_points(L), p->has |= HAS_POINT;
	else if (!strcmp(key, "action"))
		p->action = named(L, key, action_find), p->has |= HAS_ACTION;
	else if (!strcmp(key, "type"))
		p->type = named(L, key, type_find), p->has |= HAS_TYPE;
	else if (!strcmp(key, "error"))
		p->error = named(L, key, error_find), p->has |= HAS_ERROR;
	else if (!strcmp(key, "from"))
		p->from = named(L, key, state_find), p->has |= HAS_FROM;
	else if (!strcmp(key, "to"))
		p->to = named(L, key, state_find), p->has |= HAS_TO;
	else if (!strcmp(key, "input"))
		p->input = named(L, key, input_find), p->has |= HAS_INPUT;
	else if (!strcmp(key, "irq"))
		p->irq = named(L, key, irq_find), p->has |= HAS_IRQ;
	else if (!strcmp(key, "structure"))
		p->structure = named(L, key, fixup_find), p->has |= HAS_STRUCTURE;
	else
		return false;
	return true;
}

static bool read_number(lua_State *L, struct pattern *p, const char *key)
{
	if (!strcmp(key, "fn") || !strcmp(key, "vf"))
		p->fn = (unsigned)number(L, key), p->has |= HAS_FN;
	else if (!strcmp(key, "gt"))
		p->gt = (unsigned)number(L, key), p->has |= HAS_GT;
	else if (!strcmp(key, "value"))
		p->value = number(L, key), p->has |= HAS_VALUE;
	else if (!strcmp(key, "addr"))
		p->addr = number(L, key), p->has |= HAS_ADDR;
	else if (!strcmp(key, "code"))
		p->code = (uint32_t)number(L, key), p->has |= HAS_CODE;
	else if (!strcmp(key, "len"))
		p->len = (uint32_t)number(L, key), p->has |= HAS_LEN;
	else if (!strcmp(key, "queue"))
		p->queue = (uint32_t)number(L, key), p->has |= HAS_QUEUE;
	else if (!strcmp(key, "job"))
		p->job = (uint32_t)number(L, key), p->has |= HAS_JOB;
	else
		return false;
	return true;
}

static int errno_find(const char *name)
{
	for (int e = 1; e < 134; e++)
		if (!strcmp(text_errno(e) + 1, name))
			return e;
	return -1;
}

static void read_key(lua_State *L, struct pattern *p, const char *key)
{
	if (read_name(L, p, key) || read_number(L, p, key))
		return;
	if (!strcmp(key, "card")) {
		/* A card as card{} gave it, or its number. */
		if (lua_istable(L, -1)) {
			lua_getfield(L, -1, "index");
			p->card = (unsigned)number(L, key);
			lua_pop(L, 1);
		} else {
			p->card = (unsigned)number(L, key);
		}
		p->has |= HAS_CARD;
	} else if (!strcmp(key, "dw")) {
		read_dwords(L, p);
	} else if (!strcmp(key, "text") || !strcmp(key, "step") || !strcmp(key, "verb")) {
		text_fmt(p->text, sizeof(p->text), "%s", luaL_checkstring(L, -1));
		p->has |= HAS_TEXT;
	} else if (!strcmp(key, "err")) {
		p->err = lua_type(L, -1) == LUA_TSTRING ? -(int)named(L, key, errno_find)
							: -abs((int)number(L, key));
		p->has |= HAS_ERR;
	} else if (strcmp(key, "where") && strcmp(key, "timeout") && strcmp(key, "within") &&
		   strcmp(key, "count")) {
		luaL_error(L, "a pattern has no '%s'", key);
	}
}

int events_lua_pattern(lua_State *L)
{
	struct pattern *p;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	p = lua_newuserdatauv(L, sizeof(*p), 0);
	memset(p, 0, sizeof(*p));
	luaL_newmetatable(L, PATTERN_TYPE);
	lua_setmetatable(L, 2);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		if (lua_type(L, 3) != LUA_TSTRING)
			return luaL_error(L, "a pattern has names, no list");
		read_key(L, p, lua_tostring(L, 3));
	}
	return 1;
}

/* --- matching ------------------------------------------------------------------------ */

static bool matches_message(const struct pattern *p, const struct scenario_event *e)
{
	uint32_t action;
	const uint32_t *dw = words_of(e);

	if ((p->has & HAS_ACTION) && (!action_of(e, &action) || action != p->action))
		return false;
	if ((p->has & HAS_TYPE) &&
	    (!is_message(e->point) || !e->view.guc.msg_len || hxg_type(dw[0]) != p->type))
		return false;
	for (unsigned i = 0; i < PATTERN_DWORDS; i++)
		if ((p->dw_mask & 1u << i) &&
		    (i >= e->view.guc.msg_len || dw[i] != p->dw[i]))
			return false;
	return true;
}

static bool matches_card(const struct pattern *p, const struct scenario_event *e)
{
	const struct guc_event *g = &e->view.guc;

	if ((p->has & HAS_ERROR) && g->error != p->error)
		return false;
	if ((p->has & (HAS_FROM | HAS_TO | HAS_INPUT)) && e->point != GUC_PT_STATE)
		return false;
	if (((p->has & HAS_FROM) && g->from != p->from) || ((p->has & HAS_TO) && g->to != p->to) ||
	    ((p->has & HAS_INPUT) && g->code != p->input))
		return false;
	if ((p->has & HAS_IRQ) && (e->point != GUC_PT_IRQ || irq_of(g) != p->irq))
		return false;
	if ((p->has & HAS_STRUCTURE) &&
	    (e->point != GUC_PT_FINDING || (unsigned)e->view.finding.structure != p->structure))
		return false;
	return true;
}

static bool matches(const struct pattern *p, const struct scenario_event *e)
{
	const struct guc_event *g = &e->view.guc;

	if ((p->has & HAS_POINT) && !(p->points >> e->point & 1))
		return false;
	if (((p->has & HAS_CARD) && e->view.card != p->card) ||
	    ((p->has & HAS_FN) && g->fn != p->fn) || ((p->has & HAS_GT) && g->gt != p->gt) ||
	    ((p->has & HAS_VALUE) && g->value != p->value) ||
	    ((p->has & HAS_ADDR) && g->addr != p->addr) ||
	    ((p->has & HAS_CODE) && g->code != p->code) ||
	    ((p->has & HAS_LEN) && g->msg_len != p->len) ||
	    ((p->has & HAS_QUEUE) && e->queue != p->queue) ||
	    ((p->has & HAS_JOB) && e->job != p->job) ||
	    ((p->has & HAS_ERR) && (e->point < GUC_PT_COUNT || e->err != p->err)))
		return false;
	if ((p->has & HAS_TEXT) &&
	    (e->point < GUC_PT_COUNT || !strstr(e->view.text, p->text)))
		return false;
	return matches_card(p, e) && matches_message(p, e);
}

int events_lua_find(lua_State *L)
{
	const struct pattern *p = luaL_checkudata(L, 1, PATTERN_TYPE);
	const struct events *e = &script_of(L)->events;
	lua_Integer from = luaL_checkinteger(L, 2);
	lua_Integer to = luaL_optinteger(L, 3, (lua_Integer)e->n);

	if (to > (lua_Integer)e->n)
		to = (lua_Integer)e->n;
	for (lua_Integer i = from < 1 ? 1 : from; i <= to; i++) {
		if (matches(p, &e->at[i - 1])) {
			lua_pushinteger(L, i);
			return 1;
		}
	}
	lua_pushnil(L);
	return 1;
}

/* --- an event as a table --------------------------------------------------------------- */

static void push_finding(lua_State *L, const struct guc_finding *f)
{
	lua_createtable(L, 0, 7);
	set_string(L, "structure", fixup_name(f->structure));
	if (f->context != UINT32_MAX)
		set_int(L, "context", f->context);
	set_int(L, "child", f->child);
	set_int(L, "dword", f->dword);
	set_int(L, "old", f->old_value);
	set_int(L, "new", f->new_value);
	set_int(L, "expected", f->expected);
}

static void push_card_fields(lua_State *L, const struct scenario_event *e)
{
	const struct guc_event *g = &e->view.guc;
	uint32_t action;

	if (action_of(e, &action)) {
		const char *name = guc_action_name(action);

		set_int(L, "action_code", action);
		set_string(L, "action", name ? name : "?");
	}
	if (is_message(e->point) && g->msg_len)
		set_string(L, "type", types[hxg_type(words_of(e)[0])]);
	if (g->error) {
		const char *name = guc_error_name(g->error);

		set_string(L, "error", name ? name : "?");
		set_int(L, "error_code", g->error);
	}
	if (e->point == GUC_PT_STATE) {
		set_string(L, "from", guc_vf_state_name((enum guc_vf_state)g->from));
		set_string(L, "to", guc_vf_state_name((enum guc_vf_state)g->to));
		set_string(L, "input", guc_vf_input_name((enum guc_vf_input)g->code));
	}
	if (e->point == GUC_PT_IRQ)
		set_string(L, "irq", irq_names[irq_of(g)]);
	if (e->point == GUC_PT_FINDING) {
		push_finding(L, &e->view.finding);
		lua_setfield(L, -2, "finding");
	}
	if (g->msg_len) {
		lua_createtable(L, (int)g->msg_len, 1);
		for (uint32_t i = 0; i < g->msg_len; i++) {
			lua_pushinteger(L, words_of(e)[i]);
			lua_rawseti(L, -2, i);
		}
		lua_setfield(L, -2, "dw");
	}
	set_int(L, "len", g->msg_len);
}

int events_lua_event(lua_State *L)
{
	const struct events *e = &script_of(L)->events;
	lua_Integer i = luaL_checkinteger(L, 1);
	const struct scenario_event *ev;
	char words[DESCRIBE_MAX + 64];

	if (i < 1 || i > (lua_Integer)e->n) {
		lua_pushnil(L);
		return 1;
	}
	ev = &e->at[i - 1];
	lua_createtable(L, 0, 16);
	set_int(L, "index", (uint64_t)i);
	set_int(L, "card", ev->view.card);
	set_string(L, "point", point_name(ev->point));
	set_int(L, "fn", ev->view.guc.fn);
	set_int(L, "vf", ev->view.guc.fn);
	set_int(L, "gt", ev->view.guc.gt);
	set_int(L, "time", ev->view.guc.time);
	set_int(L, "value", ev->view.guc.value);
	set_int(L, "addr", ev->view.guc.addr);
	set_int(L, "code", ev->view.guc.code);
	if (ev->point < GUC_PT_COUNT) {
		push_card_fields(L, ev);
	} else {
		set_string(L, "text", ev->view.text);
		set_string(L, "err", ev->err ? text_errno(ev->err) + 1 : "");
		set_int(L, "queue", ev->queue);
		set_int(L, "job", ev->job);
	}
	event_words(ev, words, sizeof(words));
	set_string(L, "words", words);
	return 1;
}
