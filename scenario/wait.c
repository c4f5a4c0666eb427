/* SPDX-License-Identifier: MIT */
/* Tasks of a scenario: coroutines that wait for the end of an operation, an event,
 * another task or a time; while all wait the world turns. */
#include "scenario/script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- operations ----------------------------------------------------------------------- */

uint64_t op_begin(struct script *s)
{
	struct op *place = NULL;

	for (unsigned i = 0; i < SCRIPT_OPS; i++) {
		struct op *op = &s->op[i];

		/* The oldest that nobody has waited for goes. */
		if (!op->tag || (op->done && (!place || op->tag < place->tag)))
			place = op;
		if (!op->tag)
			break;
	}
	if (!place)
		return 0;
	*place = (struct op){ .tag = ++s->tag };
	return s->tag;
}

struct op *op_find(struct script *s, uint64_t tag)
{
	for (unsigned i = 0; tag && i < SCRIPT_OPS; i++)
		if (s->op[i].tag == tag)
			return &s->op[i];
	return NULL;
}

void op_end(struct script *s, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	struct op *op = op_find(s, tag);

	if (!op || op->done)
		return;
	op->done = true;
	op->err = err;
	op->len = dw ? len : 0;
	if (op->len > sizeof(op->dw) / sizeof(*op->dw))
		op->len = sizeof(op->dw) / sizeof(*op->dw);
	if (op->len)
		memcpy(op->dw, dw, op->len * sizeof(*dw));
}

/* --- core functions --------------------------------------------------------------------- */

static const struct task *task_find(const struct script *s, uint64_t number)
{
	for (unsigned i = 0; i < SCRIPT_TASKS; i++)
		if (s->task[i].co && s->task[i].number == number)
			return &s->task[i];
	return NULL;
}

static bool is_met(const struct script *s, const struct task *t)
{
	switch (t->kind) {
	case WAIT_NONE:
		return true;
	case WAIT_TURN:
		return s->turns >= t->arg;
	case WAIT_TAG: {
		const struct op *op = op_find((struct script *)(uintptr_t)s, t->arg);

		return !op || op->done;
	}
	case WAIT_EVENT:
		return s->events.n >= t->arg || s->events.dropped;
	case WAIT_TASK: {
		const struct task *other = task_find(s, t->arg);

		return !other || other->ended;
	}
	case WAIT_TIME:
		return false;
	}
	return true;
}

static int waited(lua_State *L, int status, lua_KContext context)
{
	struct script *s = script_of(L);

	(void)status;
	lua_pushboolean(L, is_met(s, &s->task[context]));
	return 1;
}

/* core.wait(kind, arg, deadline): true, or false when the deadline came first. */
static int core_wait(lua_State *L)
{
	static const char *const kinds[] = { "none", "turn", "tag", "event", "task", "time", NULL };
	struct script *s = script_of(L);
	struct task *t = &s->task[s->running];

	t->kind = (enum wait_kind)luaL_checkoption(L, 1, NULL, kinds);
	t->arg = (uint64_t)luaL_optinteger(L, 2, 0);
	t->deadline = (uint64_t)luaL_optinteger(L, 3, INT64_MAX);
	if (t->kind == WAIT_TURN)
		t->arg = s->turns + 1;
	return lua_yieldk(L, 0, (lua_KContext)s->running, waited);
}

/* core.result(tag): errno's name or nil, and the answer's dwords; the tag is free. */
static int core_result(lua_State *L)
{
	struct op *op = op_find(script_of(L), (uint64_t)luaL_checkinteger(L, 1));

	if (!op)
		return luaL_error(L, "this operation ended long ago, and many were begun since");
	lua_pushinteger(L, op->err);
	push_dwords(L, op->dw, op->len);
	lua_pushboolean(L, op->done);
	op->tag = 0;
	return 3;
}

static int core_done(lua_State *L)
{
	const struct op *op = op_find(script_of(L), (uint64_t)luaL_checkinteger(L, 1));

	lua_pushboolean(L, !op || op->done);
	return 1;
}

/* core.raise(err, what) */
static int core_raise(lua_State *L)
{
	return script_errno(L, (int)luaL_checkinteger(L, 1), luaL_checkstring(L, 2));
}

/* core.spawn(function): the task's number. */
static int core_spawn(lua_State *L)
{
	int64_t n;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	n = task_add(script_of(L), L);
	if (n < 0)
		return luaL_error(L, "over %d tasks", (int)SCRIPT_TASKS);
	lua_pushinteger(L, n);
	return 1;
}

static int core_now(lua_State *L)
{
	struct script *s = script_of(L);

	lua_pushinteger(L, (lua_Integer)s->world->now(s));
	return 1;
}

const luaL_Reg wait_functions[] = {
	{ "wait", core_wait },   { "result", core_result }, { "done", core_done },
	{ "raise", core_raise }, { "spawn", core_spawn },   { "now", core_now },
	{ NULL, NULL },
};

/* --- running them ------------------------------------------------------------------------- */

int64_t task_add(struct script *s, lua_State *L)
{
	for (unsigned i = 0; i < SCRIPT_TASKS; i++) {
		struct task *t = &s->task[i];

		if (t->co && !t->ended)
			continue;
		if (t->co)
			luaL_unref(L, LUA_REGISTRYINDEX, t->ref);
		memset(t, 0, sizeof(*t));
		t->co = lua_newthread(L);
		t->ref = luaL_ref(L, LUA_REGISTRYINDEX);
		t->number = s->tasks++;
		lua_xmove(L, t->co, 1);
		return (int64_t)t->number;
	}
	lua_pop(L, 1);
	return -ENOSPC;
}

static void resume(struct script *s, unsigned i)
{
	struct task *t = &s->task[i];
	int results, status;

	s->running = i;
	t->started = true;
	status = lua_resume(t->co, s->L, 0, &results);
	if (status == LUA_YIELD) {
		lua_pop(t->co, results);
		return;
	}
	if (status != LUA_OK)
		script_error(s, t->co);
	t->ended = true;
}

/* Those that can go on, go on. */
static bool run_ready(struct script *s)
{
	uint64_t now = s->world->now(s);
	bool any = false;

	for (unsigned i = 0; i < SCRIPT_TASKS && !s->judged && !s->task[0].ended; i++) {
		struct task *t = &s->task[i];

		if (!t->co || t->ended || (t->started && !is_met(s, t) && now < t->deadline))
			continue;
		any = true;
		resume(s, i);
	}
	return any;
}

/* When the first of them gives up waiting. */
static uint64_t next_deadline(const struct script *s)
{
	uint64_t next = s->limit;

	for (unsigned i = 0; i < SCRIPT_TASKS; i++) {
		const struct task *t = &s->task[i];

		if (t->co && !t->ended && t->deadline < next)
			next = t->deadline;
	}
	return next;
}

/* The world took too long: where the script waits for it. */
static void out_of_time(struct script *s)
{
	const char *where = script_where(s->task[0].co);

	snprintf(s->verdict.where, sizeof(s->verdict.where), "%s", where);
}

#define TURNS_PER_TIME 20000000ull /* of a clock that does not move: something spins */

void task_run_all(struct script *s)
{
	uint64_t still = 0, then = 0;

	while (!s->judged && !s->task[0].ended) {
		if (run_ready(s))
			continue;
		s->turns++;
		s->world->turn(s, next_deadline(s));
		if (s->world->now(s) != then) {
			then = s->world->now(s);
			still = 0;
		}
		if (s->judged)
			return;
		if (s->world->now(s) >= s->limit)
			script_judge(s, OUTCOME_HANG, 0, "%llu s of %s time are over",
				     (unsigned long long)(s->limit / 1000000000), s->world->name);
		else if (++still > TURNS_PER_TIME)
			script_judge(s, OUTCOME_HANG, 0, "%llu turns and the clock stands still",
				     TURNS_PER_TIME);
		else if (s->events.dropped)
			script_judge(s, OUTCOME_HANG, 0, "over %u events were told", EVENTS_MAX);
		else if (s->turns % 8 == 0 && script_late(s))
			script_judge(s, OUTCOME_HANG, 0, "it ran for %u s", s->opt->wall);
		if (s->judged)
			out_of_time(s);
	}
}
