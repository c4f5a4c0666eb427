/* SPDX-License-Identifier: MIT */
/* A case from its file to its verdict. See scenario.h. */
#include "scenario/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "scenario/script.h"

#define DIAGRAM_LAST 14u /* messages that a failure shows */

static const struct {
	const char *word, *text;
	int status;
} outcomes[] = {
#define X(sym, word, status, text) { word, text, status },
	OUTCOME_LIST(X)
#undef X
};

const char *outcome_word(enum outcome o)
{
	return outcomes[o].word;
}

const char *outcome_text(enum outcome o)
{
	return outcomes[o].text;
}

int outcome_status(enum outcome o)
{
	return outcomes[o].status;
}

void verdict_free(struct verdict *v)
{
	free(v->diagram);
	free(v->log);
	v->diagram = v->log = NULL;
}

/* The diagram that explains it: of the VF and GT of the event that offends, else of
 * the last event of a VF. */
static char *explaining(struct script *s)
{
	struct events *e = &s->events;
	uint64_t at = s->offending ? s->offending : e->n;
	unsigned vf = 1, gt = 0;

	for (size_t i = at < e->n ? at : e->n; i > 0; i--) {
		if (e->at[i - 1].view.guc.fn == 0)
			continue;
		vf = e->at[i - 1].view.guc.fn;
		gt = e->at[i - 1].view.guc.gt;
		break;
	}
	return events_diagram(e, vf, gt, s->offending, DIAGRAM_LAST);
}

/* For scenario_stuck(). */
static struct script *volatile under_way;

void scenario_stuck(struct verdict *out)
{
	const struct script *s = under_way;
	lua_State *co = s ? s->task[s->running].co : NULL;
	const char *where = co ? script_where(co) : "";

	/* At the end there are no tasks any more, but what is to be done with garbage. */
	if (!*where && s && s->L)
		where = script_where(s->L);
	memset(out, 0, sizeof(*out));
	out->outcome = OUTCOME_HANG;
	text_fmt(out->where, sizeof(out->where), "%s", where);
	text_fmt(out->reason, sizeof(out->reason), "%s%sit ran for %u s and did not end", where,
		 *where ? ": " : "", s ? s->opt->wall : 0);
}

void scenario_run(const struct scenario_options *options, struct verdict *out)
{
	struct script *s = calloc(1, sizeof(*s));

	memset(out, 0, sizeof(*out));
	if (!s) {
		out->outcome = OUTCOME_SCRIPT;
		text_fmt(out->reason, sizeof(out->reason), "no memory");
		return;
	}
	under_way = s;
	if (script_open(s, options, false)) {
		task_run_all(s);
		s->verdict.clock = s->world->now(s);
	}
	s->verdict.hash = s->events.hash;
	s->verdict.events = s->events.n + s->events.dropped;
	if (s->verdict.outcome != OUTCOME_PASS && s->verdict.outcome != OUTCOME_SKIP)
		s->verdict.diagram = explaining(s);
	script_close(s);
	*out = s->verdict;
	under_way = NULL;
	free(s);
}

/* --- listing --------------------------------------------------------------------------- */

static void case_text(lua_State *L, const char *key, char *to, size_t cap)
{
	if (lua_getfield(L, -1, key) == LUA_TSTRING)
		text_fmt(to, cap, "%s", lua_tostring(L, -1));
	lua_pop(L, 1);
}

static void default_id(const char *path, unsigned number, char *to, size_t cap)
{
	const char *name = strrchr(path, '/');
	size_t len;

	name = name ? name + 1 : path;
	len = strlen(name);
	if (len > 4 && !strcmp(name + len - 4, ".lua"))
		len -= 4;
	if (len >= cap - 12)
		len = cap - 12;
	memcpy(to, name, len);
	to[len] = '\0';
	if (number)
		text_fmt(to + len, cap - len, "-%u", number + 1);
}

static size_t read_cases(lua_State *L, const char *path, struct scenario_case *cases)
{
	size_t n = 0;

	lua_getfield(L, LUA_REGISTRYINDEX, "gucemu.core");
	lua_getfield(L, -1, "cases");
	for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1) && n < SCENARIO_CASES; i++) {
		struct scenario_case *c = &cases[n];

		lua_rawgeti(L, -1, i);
		/* What has no `run` beside others is about the file. */
		lua_getfield(L, -1, "run");
		if (lua_isnil(L, -1) && i > 1) {
			lua_pop(L, 2);
			continue;
		}
		lua_pop(L, 1);
		default_id(path, (unsigned)i - 1, c->id, sizeof(c->id));
		case_text(L, "id", c->id, sizeof(c->id));
		case_text(L, "text", c->text, sizeof(c->text));
		case_text(L, "level", c->level, sizeof(c->level));
		case_text(L, "source", c->source, sizeof(c->source));
		n++;
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
	if (n == 0) {
		default_id(path, 0, cases[0].id, sizeof(cases[0].id));
		n = 1;
	}
	return n;
}

size_t scenario_list(const char *path, struct scenario_case **out, struct verdict *why)
{
	const struct scenario_options o = { .path = path, .wall = 10, .clock = SCENARIO_CLOCK };
	struct script *s = calloc(1, sizeof(*s));
	size_t n = 0;

	memset(why, 0, sizeof(*why));
	*out = calloc(SCENARIO_CASES, sizeof(**out));
	if (!s || !*out) {
		why->outcome = OUTCOME_SCRIPT;
		text_fmt(why->reason, sizeof(why->reason), "no memory");
		free(s);
		return 0;
	}
	under_way = s;
	if (script_open(s, &o, true)) {
		/* Whatever ends the file here ends it in the run as well, which tells. */
		task_run_all(s);
		n = read_cases(s->L, path, *out);
	}
	script_close(s);
	*why = s->verdict;
	under_way = NULL;
	free(s);
	return n;
}

/* --- the reference --------------------------------------------------------------------------- */

struct page {
	void (*out)(void *user, const char *text, size_t len);
	void *user;
	lua_State *L;
};

static void put(const struct page *p, const char *text)
{
	p->out(p->user, text, strlen(text));
}

static void put_escaped(const struct page *p, const char *text)
{
	for (; *text; text++)
		p->out(p->user, *text == '|' ? "\\|" : text, *text == '|' ? 2 : 1);
}

static const char *field(const struct page *p, const char *key)
{
	const char *text;

	lua_getfield(p->L, -1, key);
	text = lua_tostring(p->L, -1);
	lua_pop(p->L, 1); /* the table still holds it */
	return text ? text : "";
}

static void put_row(const struct page *p, const char *name, const char *text)
{
	put(p, "| `");
	put_escaped(p, name);
	put(p, "` | ");
	put_escaped(p, text);
	put(p, " |\n");
}

static void put_words(const struct page *p)
{
	const char *group = "";

	lua_getfield(p->L, -1, "words");
	for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(p->L, -1); i++) {
		lua_rawgeti(p->L, -1, i);
		if (strcmp(group, field(p, "group"))) {
			group = field(p, "group");
			put(p, "\n### ");
			put(p, group);
			put(p, "\n\n| word | what it does |\n|---|---|\n");
		}
		put_row(p, field(p, "form"), field(p, "text"));
		lua_pop(p->L, 1);
	}
	lua_pop(p->L, 1);
}

static void put_options(const struct page *p)
{
	static const char *const calls[] = { "scenario", "card", "pf:provision", "card:vf",
					     "vf:load", "vmm.migrate" };

	lua_getfield(p->L, -1, "options");
	for (size_t c = 0; c < sizeof(calls) / sizeof(*calls); c++) {
		put(p, "\n### Options of ");
		put(p, calls[c]);
		put(p, "\n\n| option | what it is |\n|---|---|\n");
		lua_getfield(p->L, -1, calls[c]);
		for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(p->L, -1); i++) {
			lua_rawgeti(p->L, -1, i);
			put_row(p, field(p, "name"), field(p, "text"));
			lua_pop(p->L, 1);
		}
		lua_pop(p->L, 1);
	}
	lua_pop(p->L, 1);
}

static void put_points(const struct page *p)
{
	static const struct {
		const char *name, *text;
	} points[] = {
#define X(sym, name, text) { name, text },
		DRIVER_POINT_LIST(X)
#undef X
	};

	put(p, "\n### Points\n\nOf the GuC:");
	for (unsigned i = 0; i < GUC_PT_COUNT; i++) {
		put(p, i ? ", `" : " `");
		put(p, point_name(i));
		put(p, "`");
	}
	put(p, ".\n\nOf the drivers:\n\n| point | fields |\n|---|---|\n");
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		put_row(p, points[i].name, points[i].text);
}

static void put_outcomes(const struct page *p)
{
	put(p, "\n### Outcomes\n\n| outcome | exit status | what it says |\n|---|---|---|\n");
	for (unsigned i = 0; i < OUTCOMES; i++) {
		char line[160];

		text_fmt(line, sizeof(line), "| `%s` | %d | %s |\n", outcomes[i].word,
			 outcomes[i].status, outcomes[i].text);
		put(p, line);
	}
}

int scenario_reference(void (*out)(void *user, const char *text, size_t len), void *user)
{
	const struct scenario_options o = { .wall = 10, .clock = SCENARIO_CLOCK };
	struct script *s = calloc(1, sizeof(*s));
	struct page page = { out, user, NULL };
	int err = -ENOMEM;

	if (!s)
		return err;
	if (script_open(s, &o, true)) {
		page.L = s->L;
		lua_getfield(s->L, LUA_REGISTRYINDEX, "gucemu.core");
		put_words(&page);
		put_options(&page);
		put_points(&page);
		put_outcomes(&page);
		err = 0;
	} else {
		fprintf(stderr, "%s\n", s->verdict.reason);
		err = -EINVAL;
	}
	script_close(s);
	verdict_free(&s->verdict);
	free(s);
	return err;
}
