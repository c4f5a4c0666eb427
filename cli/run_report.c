/* SPDX-License-Identifier: MIT */
/* See run_report.h. JUnit has to say its sums first, so its cases are kept in a
 * stream until the end. */
#include "cli/run_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "view/json.h"

/* The format of that name, or -1. */
static int format_find(const char *name)
{
	static const char *const names[] = {
#define X(sym, text) text,
		REPORT_FORMAT_LIST(X)
#undef X
	};

	for (int i = 0; i < REPORT_FORMATS; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int complain_of(const char *command, const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", command, path, strerror(errno));
	return 1;
}

int report_open(struct report *r, const char *command, const char *format, const char *path)
{
	int kind = format_find(format);

	if (kind < 0) {
		cli_complain(command, "--format: text, tap, ktap, junit or json");
		return CLI_EXIT_USAGE;
	}
	r->format = (enum report_format)kind;
	r->out = path ? fopen(path, "we") : stdout;
	return r->out ? 0 : complain_of(command, path);
}

int report_close(struct report *r, const char *command, const char *path)
{
	return path && fclose(r->out) != 0 ? complain_of(command, path) : 0;
}

static bool is_bad(enum outcome o)
{
	return o != OUTCOME_PASS && o != OUTCOME_SKIP;
}

/* Letters that no shell takes for something else need no quotes. */
static void put_word(FILE *out, const char *word)
{
	if (*word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_./+-=:,") == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

static void put_option(FILE *out, const char *name, const char *value)
{
	fprintf(out, " --%s ", name);
	put_word(out, value);
}

void report_repeat(char *to, size_t cap, const struct scenario_options *o, bool twice)
{
	FILE *out = fmemopen(to, cap, "w");

	to[0] = '\0';
	if (!out)
		return;
	fprintf(out, "gucemu run --seed %" PRIu64 "%s%s%s", o->seed,
		o->random_order ? " --random-order" : "", twice ? " --twice" : "",
		o->sockets ? " --sockets" : "");
	if (o->client)
		put_option(out, "client", o->client);
	if (o->pf)
		put_option(out, "pf", o->pf);
	for (unsigned i = 0; i < o->params; i++)
		put_option(out, "set", o->param[i]);
	fclose(out);
}

static void put_repeat(FILE *out, const struct report *r, const struct run_case *c)
{
	char only[80];

	fputs(r->repeat, out);
	fputs(" --filter ", out);
	snprintf(only, sizeof(only), "=%s", c->is.id);
	put_word(out, only);
	fputc(' ', out);
	put_word(out, c->path);
}

/* Bytes of the letter that the text begins with, as UTF-8; 0: that is none. What scripts
 * and others' processes say may be any bytes. */
static size_t letter(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3
		   : s[0] < 0xF5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	/* Longer than need be, surrogates, beyond the last. */
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
	    (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

/* One letter, '?' for what no terminal should get. Its bytes. */
static size_t put_letter(FILE *out, const char *text)
{
	size_t n = letter(text);
	bool plain = n > 1 || (n == 1 && ((unsigned char)*text >= 32 || *text == '\t') &&
			       *text != 127);

	if (plain)
		fwrite(text, 1, n, out);
	else
		fputc('?', out);
	return n ? n : 1;
}

/* Lines of a text, each behind `before`. */
static void put_lines(FILE *out, const char *before, const char *text)
{
	bool fresh = true;

	while (text && *text) {
		if (fresh)
			fputs(before, out);
		fresh = *text == '\n';
		if (fresh)
			fputc(*text++, out);
		else
			text += put_letter(out, text);
	}
	if (!fresh)
		fputc('\n', out);
}

/* A text that stays on its line; `escape`: a letter that means something there, or 0. */
static void put_inline(FILE *out, const char *text, char escape)
{
	while (*text) {
		if (escape && *text == escape)
			fputc('\\', out);
		if (*text == '\n' && text++)
			fputc(' ', out);
		else
			text += put_letter(out, text);
	}
}

static void put_details(FILE *out, const char *before, const struct report *r,
			const struct run_case *c)
{
	const struct verdict *v = &c->verdict;

	put_lines(out, before, v->reason);
	if (v->where[0] && !strstr(v->reason, v->where))
		fprintf(out, "%sat %s\n", before, v->where);
	if (v->diagram)
		put_lines(out, before, v->diagram);
	if (v->log && v->log[0]) {
		fprintf(out, "%slog:\n", before);
		put_lines(out, before, v->log);
	}
	fprintf(out, "%sseed %" PRIu64 "; again: ", before, r->seed);
	put_repeat(out, r, c);
	fputc('\n', out);
}

/* --- text, TAP, KTAP -------------------------------------------------------------------------- */

static void text_case(struct report *r, const struct run_case *c)
{
	const struct verdict *v = &c->verdict;

	if (r->brief && !is_bad(v->outcome))
		return;
	fprintf(r->out, "%-7s ", outcome_word(v->outcome));
	put_inline(r->out, c->is.id, 0);
	if (c->is.text[0]) {
		fputs(": ", r->out);
		put_inline(r->out, c->is.text, 0);
	}
	if (v->outcome == OUTCOME_SKIP) {
		fputs(" (", r->out);
		put_inline(r->out, v->reason, 0);
		fputc(')', r->out);
	}
	fputc('\n', r->out);
	if (is_bad(v->outcome))
		put_details(r->out, "        ", r, c);
}

static void tap_case(struct report *r, const struct run_case *c)
{
	const struct verdict *v = &c->verdict;
	bool ktap = r->format == REPORT_KTAP;

	fprintf(r->out, "%sok %zu %s", is_bad(v->outcome) ? "not " : "", r->told, ktap ? "" : "- ");
	/* A '#' begins a directive. */
	put_inline(r->out, c->is.id, '#');
	if (c->is.text[0] && !ktap) {
		fputs(": ", r->out);
		put_inline(r->out, c->is.text, '#');
	}
	if (v->outcome == OUTCOME_SKIP) {
		fputs(" # SKIP ", r->out);
		put_inline(r->out, v->reason, 0);
	}
	fputc('\n', r->out);
	if (!is_bad(v->outcome))
		return;
	fprintf(r->out, "# %s\n", outcome_word(v->outcome));
	put_details(r->out, "# ", r, c);
}

/* --- JUnit -------------------------------------------------------------------------------------- */

static void put_xml(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch == '<')
			fputs("&lt;", out);
		else if (ch == '>')
			fputs("&gt;", out);
		else if (ch == '&')
			fputs("&amp;", out);
		else if (ch == '"')
			fputs("&quot;", out);
		else if (ch == '\n')
			fputs("&#10;", out);
		else
			fputc(ch == '\t' || (ch >= 32 && ch < 127) ? ch : '?', out);
	}
}

static void junit_case(struct report *r, const struct run_case *c)
{
	const struct verdict *v = &c->verdict;
	const char *kind = v->outcome == OUTCOME_FAIL ? "failure" : "error";

	fputs("    <testcase classname=\"", r->out);
	put_xml(r->out, c->path);
	fputs("\" name=\"", r->out);
	put_xml(r->out, c->is.id);
	fprintf(r->out, "\" time=\"%.3f\">\n", (double)c->wall_ns / 1e9);
	if (v->outcome == OUTCOME_SKIP) {
		fputs("      <skipped message=\"", r->out);
		put_xml(r->out, v->reason);
		fputs("\"/>\n", r->out);
	} else if (is_bad(v->outcome)) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		if (f) {
			put_details(f, "", r, c);
			fclose(f);
		}
		fprintf(r->out, "      <%s type=\"%s\" message=\"", kind, outcome_word(v->outcome));
		put_xml(r->out, v->reason);
		fputs("\">", r->out);
		put_xml(r->out, text);
		fprintf(r->out, "</%s>\n", kind);
		free(text);
	}
	fputs("    </testcase>\n", r->out);
}

/* --- JSON ------------------------------------------------------------------------------------------ */

/* JSON is UTF-8, whatever the text is. */
static void add_text(struct json_object *o, const char *key, const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at;) {
		size_t n = letter(at);

		if (!n)
			*at = '?';
		at += n ? n : 1;
	}
	json_add_str(o, key, copy ? copy : "");
	free(copy);
}

static void json_case(struct report *r, const struct run_case *c)
{
	const struct verdict *v = &c->verdict;
	struct json_object *o = json_push_object(json_get(r->json, "cases"));

	add_text(o, "id", c->is.id);
	add_text(o, "file", c->path);
	json_add_u64(o, "number", c->number);
	if (c->is.text[0])
		add_text(o, "text", c->is.text);
	if (c->is.level[0])
		add_text(o, "level", c->is.level);
	if (c->is.source[0])
		add_text(o, "source", c->is.source);
	json_add_str(o, "outcome", outcome_word(v->outcome));
	if (v->reason[0])
		add_text(o, "reason", v->reason);
	if (v->where[0])
		add_text(o, "where", v->where);
	json_add_fmt(o, "hash", "%016" PRIx64, v->hash);
	json_add_u64(o, "events", v->events);
	json_add_u64(o, "clock_ns", v->clock);
	json_add_u64(o, "wall_ns", c->wall_ns);
	if (v->diagram)
		add_text(o, "diagram", v->diagram);
	if (v->log && v->log[0])
		add_text(o, "log", v->log);
	if (is_bad(v->outcome)) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		if (f) {
			put_repeat(f, r, c);
			fclose(f);
		}
		add_text(o, "again", text ? text : "");
		free(text);
	}
}

/* --- the whole ---------------------------------------------------------------------------------------- */

void report_begin(struct report *r)
{
	switch (r->format) {
	case REPORT_TEXT:
		break;
	case REPORT_TAP:
		fprintf(r->out, "TAP version 13\n1..%zu\n", r->total);
		break;
	case REPORT_KTAP:
		fprintf(r->out, "KTAP version 1\n1..%zu\n", r->total);
		break;
	case REPORT_JUNIT:
		fprintf(r->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
				"  <testsuite name=\"gucemu run\" tests=\"%zu\">\n", r->total);
		break;
	case REPORT_JSON:
		r->json = json_object_new_object();
		json_add_u64(r->json, "seed", r->seed);
		json_add_array(r->json, "cases");
		break;
	case REPORT_FORMATS:
		break;
	}
}

void report_case(struct report *r, const struct run_case *c)
{
	r->told++;
	r->count[c->verdict.outcome]++;
	switch (r->format) {
	case REPORT_TEXT:
		text_case(r, c);
		break;
	case REPORT_TAP:
	case REPORT_KTAP:
		tap_case(r, c);
		break;
	case REPORT_JUNIT:
		junit_case(r, c);
		break;
	case REPORT_JSON:
		json_case(r, c);
		break;
	case REPORT_FORMATS:
		break;
	}
	fflush(r->out);
}

static size_t bad(const struct report *r)
{
	return r->told - r->count[OUTCOME_PASS] - r->count[OUTCOME_SKIP];
}

void report_end(struct report *r)
{
	switch (r->format) {
	case REPORT_TEXT:
	case REPORT_TAP:
	case REPORT_KTAP:
		fprintf(r->out, "%s%zu passed, %zu failed, %zu skipped\n",
			r->format == REPORT_TEXT ? "" : "# ", r->count[OUTCOME_PASS], bad(r),
			r->count[OUTCOME_SKIP]);
		break;
	case REPORT_JUNIT:
		fputs("  </testsuite>\n</testsuites>\n", r->out);
		break;
	case REPORT_JSON: {
		struct json_object *o = json_add_object(r->json, "outcomes");

		for (int i = 0; i < OUTCOMES; i++)
			json_add_u64(o, outcome_word((enum outcome)i), r->count[i]);
		json_add_u64(r->json, "status", (uint64_t)report_status(r));
		fprintf(r->out, "%s\n", json_line(r->json));
		json_object_put(r->json);
		r->json = NULL;
		break;
	}
	case REPORT_FORMATS:
		break;
	}
}

int report_status(const struct report *r)
{
	static const enum outcome worst_first[] = { OUTCOME_CRASH, OUTCOME_DIFFERS, OUTCOME_HANG,
						    OUTCOME_SCRIPT, OUTCOME_FAIL };

	for (size_t i = 0; i < sizeof(worst_first) / sizeof(*worst_first); i++)
		if (r->count[worst_first[i]])
			return outcome_status(worst_first[i]);
	return 0;
}
