/* SPDX-License-Identifier: MIT */
/* core functions on cards of the real world: `gucemu serve` and its control role. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "proto/platform.h"

/* A small card is like the first platform; with local memory like this one. */
#define DISCRETE "bmg"

struct real_card *real_card_arg(lua_State *L, int index)
{
	struct real *r = real_of(script_of(L));
	lua_Integer i = luaL_checkinteger(L, index);

	if (i < 0 || i >= (lua_Integer)r->cards)
		luaL_error(L, "there is no card %I", i);
	return &r->card[i];
}

int real_tell(struct real_card *c, const char *line)
{
	return c->control ? control_wait(c->control, &c->real->loop, NULL, line, REAL_MS, NULL)
			  : -ENOTCONN;
}

struct json_object *real_ask(lua_State *L, struct real_card *c, const char *line,
			     const char *what)
{
	struct json_object *o;
	char *text = NULL;
	int err = c->control ? control_wait(c->control, &c->real->loop, NULL, line, REAL_MS, &text)
			     : -ENOTCONN;

	if (err) {
		free(text);
		script_errno(L, err, what);
	}
	o = json_read(text, strlen(text));
	free(text);
	return o;
}

/* --- its process ------------------------------------------------------------------------- */

static void on_event(void *user, const struct frame *f)
{
	struct real_card *c = user;
	struct script *s = c->real->s;
	struct view_event e;

	if (view_event_read(&e, f) < 0) {
		script_judge(s, OUTCOME_CRASH, 0, "card %c sent an event that can't be read",
			     'A' + (int)c->index);
		return;
	}
	e.card = c->index;
	e.guc.time -= e.guc.time > c->real->began ? c->real->began : 0;
	events_view(&s->events, &e, f->data, f->data_len);
	if (!e.step)
		real_vf_event(c->real, c, view_event_guc(&e));
}

static void on_lost(void *user, const char *reason)
{
	struct real_card *c = user;

	if (!c->real->ending)
		script_judge(c->real->s, OUTCOME_CRASH, 0, "lost card %c: %s",
			     'A' + (int)c->index, reason);
}

static void on_streaming(struct control_request *q, int status, const char *text)
{
	struct real_card *c = q->user;

	(void)text;
	c->streaming = status == 0;
	/* With a PF in a process of its own, `pf_up` says when. */
	if (c->tag && (status < 0 || !c->pf.pid))
		op_end(c->real->s, c->tag, status, NULL, 0);
}

static void on_line(struct child *child, char *line)
{
	struct real_card *c = child->user;

	if (strncmp(line, "ready", 5) == 0)
		c->ready = true;
}

/* Which points it is to tell: those that it tells anyway, or those of `trace`. */
static void events_line(const struct real_card *c, char *line, size_t cap)
{
	size_t at = (size_t)snprintf(line, cap, "events%s", c->trace ? " points=step" : "");

	for (unsigned p = 0; c->trace && p < GUC_PT_COUNT && at < cap; p++)
		if (c->trace & 1ull << p && p != GUC_PT_TICK)
			at += (size_t)snprintf(line + at, cap - at, ",%s",
					       guc_point_name((enum guc_point)p));
}

void real_card_connect(struct real_card *c)
{
	const struct control_ops ops = { .event = on_event, .lost = on_lost, .user = c };
	char err[256] = "", line[512];

	if (!c->ready || c->control || c->real->s->judged)
		return;
	if (control_open(&c->control, &c->real->loop, c->socket, &ops, err, sizeof(err)) < 0) {
		c->control = NULL;
		script_judge(c->real->s, OUTCOME_CRASH, 0, "card %c: %s", 'A' + (int)c->index, err);
		return;
	}
	c->events = (struct control_request){ .reply = on_streaming, .user = c };
	events_line(c, line, sizeof(line));
	control_ask(c->control, &c->events, line);
}

static void on_exit_of(struct child *child, int status)
{
	struct real_card *c = child->user;

	if (!c->real->ending)
		script_judge(c->real->s, OUTCOME_CRASH, 0, "the %s of card %c ended (%s %d)",
			     child == &c->pf ? "PF" : "server", 'A' + (int)c->index,
			     WIFSIGNALED(status) ? "signal" : "exit status",
			     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void ignore_line(struct child *child, char *line)
{
	(void)child;
	(void)line;
}

/* --- making one ---------------------------------------------------------------------------- */

struct words {
	const char *at[REAL_WORDS];
	char text[REAL_WORDS][32];
	unsigned n;
};

static void word(struct words *w, const char *text)
{
	if (w->n + 1 < REAL_WORDS)
		w->at[w->n++] = text;
}

static void number(lua_State *L, struct words *w, const char *key, const char *option,
		   lua_Integer otherwise, lua_Integer max)
{
	lua_Integer v = arg_int(L, 1, key, otherwise, 0, max);

	if (v < 0)
		return;
	word(w, option);
	snprintf(w->text[w->n], sizeof(w->text[0]), "%lld", (long long)v);
	word(w, w->text[w->n]);
}

static void flag(lua_State *L, struct words *w, const char *key, const char *option, bool when,
		 bool otherwise)
{
	if (arg_bool(L, 1, key, otherwise) == when)
		word(w, option);
}

static int refuse(lua_State *L, const char *key, const char *why)
{
	script_judge(script_of(L), OUTCOME_SKIP, 0, "card{%s=} needs %s", key, why);
	return luaL_error(L, "skipped");
}

/* Options that only the world in this process has. */
static void refuse_some(lua_State *L, const struct real_card *c)
{
	static const char *const never[] = { "vf_abi", "engine_budget" };
	static const char *const of_ours[] = { "pf_quirks", "disclose", "testloop", "admin_only",
					       "relay_base", "relay_latest", "graphics", "runtime" };
	const char *name = arg_string(L, 1, "platform", c->discrete ? DISCRETE : NULL);
	const struct platform *p = name ? platform_find(name) : platform_row(0);
	lua_Integer ratio = p ? p->ccs_ratio : 0;

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		if (lua_getfield(L, 1, never[i]) != LUA_TNIL)
			refuse(L, never[i], "the world in this process");
		lua_pop(L, 1);
	}
	for (size_t i = 0; i < sizeof(of_ours) / sizeof(*of_ours); i++) {
		if (lua_getfield(L, 1, of_ours[i]) != LUA_TNIL && !c->own_pf)
			refuse(L, of_ours[i], "our own PF");
		lua_pop(L, 1);
	}
	if (arg_int(L, 1, "ccs_ratio", ratio, 0, 512) != ratio)
		refuse(L, "ccs_ratio", "the world in this process: the platform has another");
	if (!arg_bool(L, 1, "pf", true))
		refuse(L, "pf", "the world in this process");
}

static void serve_words(lua_State *L, struct real_card *c, struct words *w)
{
	const char *platform = arg_string(L, 1, "platform", NULL);
	lua_Integer abi = arg_int(L, 1, "abi", 28, 0, 28);

	word(w, c->real->s->opt->program);
	word(w, "serve");
	word(w, "--socket");
	word(w, c->socket);
	word(w, "--ready-fd");
	word(w, "1");
	word(w, "--log");
	word(w, "warn");
	word(w, "--provision");
	word(w, "0");
	word(w, "--guc-abi");
	snprintf(w->text[w->n], sizeof(w->text[0]), "1.%d", (int)abi);
	word(w, w->text[w->n]);
	/* Of the small card that scripts have by default one with local memory. */
	if (platform || arg_int(L, 1, "lmem", 0, 0, 1ll << 40)) {
		word(w, "--platform");
		word(w, platform ? platform : DISCRETE);
	}
	number(L, w, "vfs", "--vfs", 1, GUC_MAX_VFS);
	number(L, w, "gts", "--gts", platform ? -1 : 1, 2);
	number(L, w, "tiles", "--tiles", platform ? -1 : 1, 2);
	number(L, w, "ggtt", "--ggtt-size", platform ? -1 : 512 << 20, 4ll << 30);
	number(L, w, "contexts", "--contexts", platform ? -1 : 4096, 65535);
	number(L, w, "ggtt_offset", "--ggtt-offset", 0, 4ll << 30);
	number(L, w, "lmem", "--lmem-size", -1, 1ll << 40);
	flag(L, w, "strict", "--strict", true, false);
	flag(L, w, "drain", "--no-drain", false, true);
	flag(L, w, "strict_detector", "--strict-detector", true, false);
	flag(L, w, "gap_profile", "--gap-profile", true, true);
	flag(L, w, "ggtt_tlb", "--ggtt-tlb", true, false);
	if (c->real->s->opt->pf || c->own_pf)
		word(w, "--no-pf");
}

/* core.card_new(options): its number and the tag of its start. */
static int core_card_new(lua_State *L)
{
	struct script *s = script_of(L);
	struct real *r = real_of(s);
	struct real_card *c = &r->card[r->cards];
	struct words w = { .n = 0 };
	int err;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (r->cards == REAL_CARDS)
		return script_errno(L, -ENOSPC, "card");
	memset(c, 0, sizeof(*c));
	c->real = r;
	c->index = r->cards;
	c->own_pf = arg_bool(L, 1, "own_pf", false);
	c->discrete = arg_int(L, 1, "lmem", 0, 0, 1ll << 40) > 0;
	c->trace = actors_trace(L, 1);
	refuse_some(L, c);
	c->vfs = (unsigned)arg_int(L, 1, "vfs", 1, 0, GUC_MAX_VFS);
	snprintf(c->socket, sizeof(c->socket), "%s/%c.sock", r->folder, 'A' + (int)c->index);
	serve_words(L, c, &w);
	c->tag = op_begin(s);
	if (!c->tag)
		return luaL_error(L, "over %d operations under way", (int)SCRIPT_OPS);
	c->child = (struct child){ .on_line = on_line, .on_exit = on_exit_of, .user = c };
	r->cards++;
	err = child_start(&c->child, &r->loop, (char *const *)(uintptr_t)w.at, false, r->log_fd);
	if (err)
		return script_errno(L, err, "card");
	lua_pushinteger(L, (lua_Integer)c->index);
	lua_pushinteger(L, (lua_Integer)c->tag);
	return 2;
}

/* core.pf_start(card, options): start the PF once the card listens. False when it is built
 * in; true when it is somebody else's; the tag of its start when it is to live here. */
static int core_pf_start(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	const char *command = c->real->s->opt->pf;
	char sh[] = "/bin/sh", flag_c[] = "-c";
	char *argv[] = { sh, flag_c, (char *)(uintptr_t)command, NULL };
	int err;

	if (c->own_pf) {
		lua_pushinteger(L, (lua_Integer)real_own_pf(L, c, 2));
		return 1;
	}
	if (!command) {
		lua_pushboolean(L, false);
		return 1;
	}
	c->pf = (struct child){ .on_line = ignore_line, .on_exit = on_exit_of, .user = c };
	c->real->takes_part = true;
	err = real_start(c->real, &c->pf, argv, c->socket, 0, c->gts, "auto", false);
	if (err)
		return script_errno(L, err, "PF");
	lua_pushboolean(L, true);
	return 1;
}

/* core.card_gts(card): asks it. */
static int core_card_gts(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	struct json_object *o = real_ask(L, c, "card", "card");

	c->gts = (unsigned)json_get_u64(o, "gts", 1);
	c->tiles = (unsigned)json_get_u64(o, "tiles", 1);
	c->discrete = json_get_u64(o, "lmem_size", 0) > 0;
	json_object_put(o);
	lua_pushinteger(L, c->gts);
	return 1;
}

/* --- doing ------------------------------------------------------------------------------------ */

/* core.card_mishap(card, fn, gt, {kind=, ...}) */
static int core_card_mishap(lua_State *L)
{
	static const char *const keys[] = { "context", "type", "class", "instance", "reason",
					    "address", "asid", "level", "access", "fault",
					    "prefetch" };
	struct real_card *c = real_card_arg(L, 1);
	char line[512];
	size_t at;
	int err;

	luaL_checktype(L, 4, LUA_TTABLE);
	at = (size_t)snprintf(line, sizeof(line), "mishap vf=%d gt=%d kind=%.20s",
			      (int)luaL_checkinteger(L, 2), (int)luaL_optinteger(L, 3, 0),
			      arg_string(L, 4, "kind", "?"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		int type = lua_getfield(L, 4, keys[i]);
		lua_Integer v = type == LUA_TBOOLEAN ? lua_toboolean(L, -1)
				: type == LUA_TNIL   ? 0
						     : luaL_checkinteger(L, -1);

		if (type != LUA_TNIL && (type != LUA_TBOOLEAN || v))
			at += (size_t)snprintf(line + at, sizeof(line) - at, " %s=%llu", keys[i],
					       (unsigned long long)v);
		lua_pop(L, 1);
	}
	err = real_tell(c, line);
	return err ? script_errno(L, err, "mishap") : 0;
}

static int core_card_flr(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	char line[64];
	int err;

	snprintf(line, sizeof(line), "pci-flr vf=%d", (int)luaL_checkinteger(L, 2));
	err = real_tell(c, line);
	return err ? script_errno(L, err, "PCI FLR") : 0;
}

const luaL_Reg real_card_functions[] = {
	{ "card_new", core_card_new },       { "pf_start", core_pf_start },
	{ "card_gts", core_card_gts },       { "card_mishap", core_card_mishap },
	{ "card_flr", core_card_flr },       { "card_local", real_own_pf_local },
	{ NULL, NULL },
};
