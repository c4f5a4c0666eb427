/* SPDX-License-Identifier: MIT */
/* core functions on cards of the real world: `gucemu serve` and its control role. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

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
	events_view(&s->events, &e);
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

void real_card_connect(struct real_card *c)
{
	const struct control_ops ops = { .event = on_event, .lost = on_lost, .user = c };
	char err[256] = "";

	if (!c->ready || c->control || c->real->s->judged)
		return;
	if (control_open(&c->control, &c->real->loop, c->socket, &ops, err, sizeof(err)) < 0) {
		c->control = NULL;
		script_judge(c->real->s, OUTCOME_CRASH, 0, "card %c: %s", 'A' + (int)c->index, err);
		return;
	}
	c->events = (struct control_request){ .reply = on_streaming, .user = c };
	control_ask(c->control, &c->events, "events");
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

/* Options that only the world in this process has. */
static void refuse(lua_State *L)
{
	static const char *const keys[] = { "vf_abi", "pf_quirks", "disclose", "testloop",
					    "admin_only", "relay_base", "relay_latest",
					    "graphics", "runtime", "ccs_ratio", "engine_budget",
					    "trace" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (lua_getfield(L, 1, keys[i]) != LUA_TNIL) {
			script_judge(script_of(L), OUTCOME_SKIP, 0,
				     "card{%s=} needs the world in this process", keys[i]);
			luaL_error(L, "skipped");
		}
		lua_pop(L, 1);
	}
	if (!arg_bool(L, 1, "pf", true)) {
		script_judge(script_of(L), OUTCOME_SKIP, 0,
			     "card{pf=false} needs the world in this process");
		luaL_error(L, "skipped");
	}
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
		word(w, platform ? platform : "bmg");
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
	if (c->real->s->opt->pf)
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
	refuse(L);
	memset(c, 0, sizeof(*c));
	c->real = r;
	c->index = r->cards;
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

/* core.pf_start(card): start somebody else's PF once the card listens: true; false
 * when the PF is built in. */
static int core_pf_start(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	const char *command = c->real->s->opt->pf;
	char sh[] = "/bin/sh", flag_c[] = "-c";
	char *argv[] = { sh, flag_c, (char *)(uintptr_t)command, NULL };
	int err;

	if (!command) {
		lua_pushboolean(L, false);
		return 1;
	}
	c->pf = (struct child){ .on_line = ignore_line, .on_exit = on_exit_of, .user = c };
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
	json_object_put(o);
	lua_pushinteger(L, c->gts);
	return 1;
}

/* --- looking in ------------------------------------------------------------------------------- */

/* core.card_info(card, fn, gt): of the card's state. */
static int core_card_info(lua_State *L)
{
	static const char *const numbers[] = { "ggtt_start", "ggtt_size", "begin_context",
					       "contexts", "doorbells", "registered", "enabled",
					       "h2g", "g2h", "irqs", "findings", "g2h_dropped" };
	struct real_card *c = real_card_arg(L, 1);
	uint64_t fn = (uint64_t)luaL_checkinteger(L, 2), gt = (uint64_t)luaL_optinteger(L, 3, 0);
	struct json_object *o = real_ask(L, c, "state", "state");
	const struct json_object *list = json_get(o, "functions"), *found = NULL;

	for (size_t i = 0; i < json_count(list); i++)
		if (json_get_u64(json_at(list, i), "function", UINT64_MAX) == fn)
			found = json_at(json_get(json_at(list, i), "gts"), gt);
	if (!found) {
		json_object_put(o);
		return script_errno(L, -ENODEV, "state");
	}
	lua_createtable(L, 0, 16);
	set_string(L, "state", json_get_str(found, "state", "?"));
	set_bool(L, "ctb", json_get_bool(found, "ctb", false));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		set_int(L, numbers[i], json_get_u64(found, numbers[i], 0));
	json_object_put(o);
	return 1;
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
	{ "card_new", core_card_new },   { "pf_start", core_pf_start },
	{ "card_gts", core_card_gts },   { "card_info", core_card_info },
	{ "card_flr", core_card_flr },   { NULL, NULL },
};
