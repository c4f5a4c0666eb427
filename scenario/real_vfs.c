/* SPDX-License-Identifier: MIT */
/* core functions on VFs of the real world: a client's process each, ours or
 * somebody else's command, watched from the GuC's side; or one that lives here
 * (real_own_vf.c). */
#include "scenario/real_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define END_NS 5000000000ull /* from SIGTERM to an end */
#define EXIT_WEDGED 3        /* of our client */

static struct real_vf *real_vf_arg(lua_State *L, int index)
{
	struct real *r = real_of(script_of(L));
	lua_Integer i = luaL_checkinteger(L, index);

	if (i < 1 || i > (lua_Integer)r->vfs || !r->vf[i - 1].used)
		luaL_error(L, "this VF is gone");
	return &r->vf[i - 1];
}

/* Does the GuC run it, on every GT? */
static bool is_running(const struct real_vf *v)
{
	const struct real_card *c = &v->real->card[v->card];

	for (unsigned gt = 0; gt < v->gts; gt++)
		if (c->state[v->fn][gt] != GUC_VFS_RUNNING)
			return false;
	return true;
}

void real_vf_event(struct real *r, struct real_card *c, const struct guc_event *g)
{
	if (g->point != GUC_PT_STATE || g->fn >= GUC_MAX_FUNCTIONS || g->gt >= GUC_MAX_GTS)
		return;
	c->state[g->fn][g->gt] = g->to;
	for (unsigned i = 0; i < r->vfs; i++) {
		struct real_vf *v = &r->vf[i];

		if (v->used && v->booting && !v->ours && v->card == c->index && is_running(v)) {
			v->booting = false;
			op_end(r->s, v->tag, 0, NULL, 0);
		}
	}
}

/* --- its process ---------------------------------------------------------------------------- */

/* A line of our own client; of others' nothing is understood. */
static void on_line(struct child *child, char *line)
{
	struct real_vf *v = child->user;
	struct json_object *o;
	const char *event;

	if (!v->ours)
		return;
	o = json_read(line, strlen(line));
	event = json_get_str(o, "event", "");
	if (!strcmp(event, "ready") && v->booting) {
		v->booting = false;
		op_end(v->real->s, v->tag, 0, NULL, 0);
	} else if (!strcmp(event, "job")) {
		if (json_get_int(o, "status", 0) == 0)
			v->jobs_ok++;
		else if (!v->ending)
			v->jobs_bad++;
	} else if (!strcmp(event, "recovered")) {
		v->recovered++;
	} else if (!strcmp(event, "state") && !strcmp(json_get_str(o, "state", ""), "wedged")) {
		v->wedged++;
	}
	json_object_put(o);
}

static void on_exit_of(struct child *child, int status)
{
	struct real_vf *v = child->user;
	struct script *s = v->real->s;

	if (v->tag)
		op_end(s, v->tag, v->ending ? 0 : -EPIPE, NULL, 0);
	if (v->ending || v->real->ending)
		return;
	if (v->ours && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_WEDGED) {
		v->wedged += v->wedged == 0;
		return;
	}
	script_judge(s, OUTCOME_CRASH, s->events.n, "the client of VF %u ended (%s %d)", v->fn,
		     WIFSIGNALED(status) ? "signal" : "exit status",
		     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void add(struct real_vf *v, const char *word)
{
	unsigned n = 0;

	while (v->words[n])
		n++;
	if (n + 1 < REAL_WORDS)
		v->words[n] = strdup(word);
}

static void add_list(lua_State *L, struct real_vf *v, const char *key, const char *option)
{
	if (lua_getfield(L, 3, key) == LUA_TTABLE) {
		for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
			lua_rawgeti(L, -1, i);
			add(v, option);
			add(v, luaL_checkstring(L, -1));
			lua_pop(L, 1);
		}
	}
	lua_pop(L, 1);
}

/* Options of drivers can't be had of somebody else's client. */
static void refuse(lua_State *L, const char *const keys[], const char *why)
{
	for (size_t i = 0; keys[i]; i++) {
		bool there = lua_getfield(L, 3, keys[i]) != LUA_TNIL;

		lua_pop(L, 1);
		if (there) {
			script_judge(script_of(L), OUTCOME_SKIP, 0, "card:vf(..., {%s=}) needs %s",
				     keys[i], why);
			luaL_error(L, "skipped");
		}
	}
}

static void our_words(lua_State *L, struct real_vf *v)
{
	static const char *const never[] = { "min_minor", "testloop", "ggtt_min", NULL };
	static const char *const flags[][2] = {
		{ "indirect_ring", "--indirect-ring" },
		{ "never_wedge", "--never-wedge" },
		{ "shared_queue", "--shared-queue" },
	};

	char number[16];

	refuse(L, never, "the world in this process");
	add(v, v->real->s->opt->program);
	add(v, "vf");
	add(v, "run");
	snprintf(number, sizeof(number), "%u", v->fn);
	add(v, "--vf");
	add(v, number);
	add(v, "--json");
	add(v, "--stay");
	add(v, "--contexts");
	add(v, "2");
	add(v, "--jobs");
	add(v, "0");
	add(v, "--generation");
	add(v, arg_string(L, 3, "generation", "auto"));
	add_list(L, v, "quirks", "--quirk");
	add_list(L, v, "skip", "--skip-fixup");
	add_list(L, v, "twice", "--twice-fixup");
	if (!arg_bool(L, 3, "ccs", true))
		add(v, "--no-ccs");
	if (!arg_bool(L, 3, "relay", true))
		add(v, "--no-relay");
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (arg_bool(L, 3, flags[i][0], false))
			add(v, flags[i][1]);
}

/* core.vf_new(card, fn, options): its number; it is started by "boot". */
static int core_vf_new(lua_State *L)
{
	static const char *const of_ours[] = { "quirks", "skip", "twice", "min_minor", "ccs",
					       "indirect_ring", "relay", "testloop",
					       "never_wedge", "shared_queue", "ggtt_min", NULL };
	struct real *r = real_of(script_of(L));
	struct real_card *c = real_card_arg(L, 1);
	lua_Integer fn = luaL_checkinteger(L, 2);
	struct real_vf *v = &r->vf[r->vfs];
	int err;

	if (r->vfs == REAL_VFS || fn < 1 || fn > (lua_Integer)c->vfs)
		return luaL_error(L, "VFs are 1 to %d", (int)c->vfs);
	memset(v, 0, sizeof(*v));
	v->real = r;
	v->card = c->index;
	v->fn = (unsigned)fn;
	v->gts = c->gts < GUC_MAX_GTS ? c->gts : GUC_MAX_GTS;
	v->ours = !r->s->opt->client;
	if (arg_bool(L, 3, "own", false)) {
		err = real_own_vf(L, v, arg_bool(L, 3, "driver", true));
		if (err)
			return script_errno(L, err, "VF");
	} else if (v->ours) {
		our_words(L, v);
	} else {
		refuse(L, of_ours, "our own client");
		add(v, "/bin/sh");
		add(v, "-c");
		add(v, r->s->opt->client);
	}
	v->used = true;
	r->vfs++;
	lua_pushinteger(L, r->vfs);
	return 1;
}

static int start(struct real_vf *v)
{
	struct real *r = v->real;
	const char *generation = "auto";

	for (unsigned i = 0; i < r->s->opt->params; i++)
		if (!strncmp(r->s->opt->param[i], "generation=", 11))
			generation = r->s->opt->param[i] + 11;
	r->takes_part |= !v->ours;
	v->ending = false;
	v->booting = true;
	v->wedged = 0;
	v->child = (struct child){ .on_line = on_line, .on_exit = on_exit_of, .user = v };
	return real_start(r, &v->child, v->words, r->card[v->card].socket, v->fn, v->gts,
			  generation, v->ours);
}

static void tell_to_end(struct real_vf *v)
{
	v->ending = true;
	if (v->child.pid > 0)
		kill(-v->child.pid, SIGTERM);
}

/* core.vf_op(vf, what, gt): boot is its start, shutdown its end. A tag. */
static int core_vf_op(lua_State *L)
{
	static const char *const ops[] = { "boot", "shutdown", NULL };
	struct script *s = script_of(L);
	struct real_vf *v = real_vf_arg(L, 1);
	const char *what = luaL_checkstring(L, 2);
	bool boot = !strcmp(what, ops[0]);
	int err = 0;

	if (v->own)
		return vf_driver_op(L);
	if (!boot && strcmp(what, ops[1])) {
		script_judge(s, OUTCOME_SKIP, 0, "vf %s needs the world in this process", what);
		return luaL_error(L, "skipped");
	}
	if (boot == (v->child.pid > 0))
		return script_errno(L, boot ? -EBUSY : -ENODEV, what);
	v->tag = op_begin(s);
	if (!v->tag)
		return luaL_error(L, "over %d operations under way", (int)SCRIPT_OPS);
	if (boot)
		err = start(v);
	else
		tell_to_end(v);
	if (err)
		return script_errno(L, err, what);
	lua_pushinteger(L, (lua_Integer)v->tag);
	return 1;
}

static int core_vf_remove(lua_State *L)
{
	struct real_vf *v = real_vf_arg(L, 1);

	v->ending = true;
	actors_forget(script_of(L), luaL_checkinteger(L, 1));
	real_own_vf_end(v);
	child_end(&v->child);
	v->used = false;
	return 0;
}

/* --- the machine ---------------------------------------------------------------------------------- */

static int core_vf_where(lua_State *L)
{
	const struct real_vf *v = real_vf_arg(L, 1);

	lua_pushinteger(L, v->card);
	lua_pushinteger(L, v->fn);
	lua_pushinteger(L, v->gts);
	return 3;
}

static int core_vf_freeze(lua_State *L)
{
	struct real_vf *v = real_vf_arg(L, 1);
	bool on = lua_toboolean(L, 2);
	char line[64];
	int err;

	snprintf(line, sizeof(line), on ? "freeze vf=%u" : "thaw vf=%u", v->fn);
	err = real_tell(&v->real->card[v->card], line);
	if (err)
		return script_errno(L, err, on ? "freeze" : "thaw");
	v->frozen = on;
	return 0;
}

/* core.vf_place(vf, card, fn): the live client is handed over. */
static int core_vf_place(lua_State *L)
{
	struct real_vf *v = real_vf_arg(L, 1);
	struct real_card *to = real_card_arg(L, 2);
	char line[256];
	int err;

	if (luaL_checkinteger(L, 3) != (lua_Integer)v->fn)
		return script_errno(L, -EINVAL, "hand-over");
	snprintf(line, sizeof(line), "handover vf=%u to=%s", v->fn, to->socket);
	err = real_tell(&v->real->card[v->card], line);
	if (err)
		return script_errno(L, err, "hand-over");
	v->card = to->index;
	return 0;
}

static int core_vf_counts(lua_State *L)
{
	const struct real_vf *v = real_vf_arg(L, 1);
	uint32_t pending = 0;
	bool ready = !v->own || real_own_vf_ready(v, &pending);

	lua_createtable(L, 0, 8);
	set_int(L, "ok", v->jobs_ok);
	set_int(L, "pending", pending);
	set_int(L, "bad", v->jobs_bad);
	set_int(L, "wedged", v->wedged);
	set_int(L, "recovered", v->recovered);
	set_bool(L, "running", ready && is_running(v));
	set_bool(L, "frozen", v->frozen);
	set_bool(L, "ours", v->ours);
	return 1;
}

/* --- the end ------------------------------------------------------------------------------------ */

static bool all_ended(const struct real *r)
{
	for (unsigned i = 0; i < r->vfs; i++)
		if (r->vf[i].child.pid > 0)
			return false;
	return true;
}

void real_vfs_end(struct real *r)
{
	uint64_t limit = uv_hrtime() + END_NS;

	for (unsigned i = 0; i < r->vfs; i++)
		tell_to_end(&r->vf[i]);
	/* What is wrong already need not be ended in order. */
	while (!r->s->judged && !all_ended(r) && uv_hrtime() < limit)
		r->s->world->turn(r->s, r->s->world->now(r->s) + 1000000);
	for (unsigned i = 0; i < r->vfs; i++) {
		struct real_vf *v = &r->vf[i];

		if (v->child.pid > 0)
			script_judge(r->s, OUTCOME_HANG, 0,
				     "the client of VF %u did not end within 5 s of SIGTERM", v->fn);
		child_end(&v->child);
		real_own_vf_end(v);
		for (unsigned w = 0; v->words[w]; w++)
			free(v->words[w]);
	}
}

const luaL_Reg real_vf_functions[] = {
	{ "vf_new", core_vf_new },       { "vf_op", core_vf_op },
	{ "vf_remove", core_vf_remove }, { "vf_where", core_vf_where },
	{ "vf_freeze", core_vf_freeze }, { "vf_place", core_vf_place },
	{ "vf_counts", core_vf_counts }, { NULL, NULL },
};
