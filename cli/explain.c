/* SPDX-License-Identifier: MIT */
/* gucemu explain: what a number or a name of the protocol means, looked up in
 * every table there is; or what a message says, given as dwords. */
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/options.h"

#include <ctype.h>
#include <json-c/json_object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "emulator/guc/guc.h"
#include "emulator/guc/klvs.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/fixup.h"
#include "proto/regs.h"
#include "view/json.h"

static struct {
	bool json;
} opt;

static const struct cli_option options[] = {
	{ "json", CLI_FLAG, NULL, "as JSON, on one line", &opt.json, 0, 0 },
};
static const struct cli_command command = {
	.name = "gucemu explain",
	.args = "NUMBER | NAME | DWORD... [options]",
	.about = "say what a number, a name or a message of the protocol means",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = "Numbers are hexadecimal, with or without 0x: an action, a KLV key, an error, a\n"
		 "register. Names are theirs, and those of fixups, states, events and points of the\n"
		 "checklist, in any case. A message is its dwords, the HXG header first:\n"
		 "  gucemu explain 0x5508\n"
		 "  gucemu explain vf_migrated\n"
		 "  gucemu explain R-07\n"
		 "  gucemu explain 00005509 00000001\n",
};

/* --- what was found ----------------------------------------------------------------- */

#define FOUND_MAX 8u

static struct {
	const char *kind;
	struct table *table;
	bool many; /* rows belong together: printed as a table */
} found[FOUND_MAX];
static size_t found_n;

static void keep(const char *kind, struct table *t, bool many)
{
	if (t && table_rows(t) > 0 && found_n < FOUND_MAX) {
		found[found_n].kind = kind;
		found[found_n].table = t;
		found[found_n++].many = many;
	} else {
		table_free(t);
	}
}

static void keep_action(int code)
{
	keep("action", facts_actions(&(struct facts_wish){ .code = code }), false);
}

static void keep_klv(int key)
{
	keep("KLV", facts_klvs(&(struct facts_wish){ .code = key }), false);
}

static void keep_error(uint32_t code)
{
	static const char *const columns[] = { "code", "name", "what" };
	struct table *t = table_new(columns, 3);

	if (t) {
		table_number(t, code, 2);
		table_text(t, "%s", guc_error_name(code));
		table_text(t, "%s", guc_error_text(code));
	}
	keep("error", t, false);
}

static void keep_register(const struct reg_place *p, uint32_t offset, unsigned copy)
{
	static const char *const columns[] = { "offset", "name", "bytes", "what" };
	struct table *t = table_new(columns, 4);

	if (t) {
		table_number(t, offset, 4);
		if (offset == p->first || copy)
			table_text(t, "%s", p->name);
		else
			table_text(t, "%s + 0x%x", p->name, (unsigned)(offset - p->first));
		table_number(t, p->bytes, 0);
		if (copy)
			table_text(t, "VF %u's, as the PF finds it: %s", copy, p->text);
		else
			table_text(t, "%s", p->text);
	}
	keep("register", t, false);
}

static void keep_fixup(enum fixup f)
{
	static const char *const columns[] = { "name", "row of vf-lifecycle 5.2", "what" };
	struct table *t = table_new(columns, 3);

	if (t) {
		table_text(t, "%s", fixup_name(f));
		table_number(t, fixup_row(f), 0);
		table_text(t, "%s", fixup_text(f));
	}
	keep("fixup", t, false);
}

static const struct point {
	const char *id, *name, *class, *generation, *source, *section;
} points[] = {
#include "cli/checklist_rows.h"
};
#define POINTS (sizeof(points) / sizeof(points[0]))

static void keep_point(const struct point *p)
{
	static const char *const columns[] = {
		"id", "name", "class", "generation", "source", "section of vf-lifecycle",
	};
	struct table *t = table_new(columns, 6);

	if (t) {
		table_text(t, "%s", p->id);
		table_text(t, "%s", p->name);
		table_text(t, "%s", p->class);
		table_text(t, "%s", p->generation);
		table_text(t, "%s", p->source);
		table_text(t, "%s", p->section);
	}
	keep("checklist", t, false);
}

/* --- names -------------------------------------------------------------------------- */

/* Names are compared without what headers put before them. */
static const char *bare(const char *word)
{
	static const char *const prefixes[] = {
		"XE_GUC_ACTION_", "XE_GUC_RESPONSE_", "GUC_ACTION_", "GUC_KLV_", "GUC_ERR_",
		"VF2GUC_", "PF2GUC_", "GUC2VF_", "GUC2PF_", "HOST2GUC_", "GUC2HOST_", "REG_",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncasecmp(word, prefixes[i], strlen(prefixes[i])) == 0)
			return word + strlen(prefixes[i]);
	return word;
}

/* Equal in any case; '-' and '_' are one. */
static bool same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == '_' ? '-' : (char)tolower((unsigned char)*a);
		char y = *b == '_' ? '-' : (char)tolower((unsigned char)*b);

		if (x != y)
			return false;
	}
	return *a == *b;
}

static void by_name(const char *word)
{
	const char *name = bare(word);
	const struct reg_place *p;
	int code;

	for (size_t i = 0; (code = guc_action_code(i)) >= 0; i++)
		if (same(name, guc_action_name((uint32_t)code)))
			keep_action(code);
	for (size_t i = 0; guc_klv_row(i); i++)
		if (same(name, guc_klv_name(guc_klv_row(i)->key)))
			keep_klv(guc_klv_row(i)->key);
	for (size_t i = 0; (code = guc_error_code(i)) >= 0; i++)
		if (same(name, guc_error_name((uint32_t)code)))
			keep_error((uint32_t)code);
	for (size_t i = 0; (p = reg_place(i)) != NULL; i++)
		if (same(name, p->name))
			keep_register(p, p->first, 0);
	for (int f = 0; f < FIXUP_COUNT; f++)
		if (same(name, fixup_name((enum fixup)f)))
			keep_fixup((enum fixup)f);
	for (int s = 0; s < GUC_VFS_COUNT; s++)
		if (same(name, guc_vf_state_name((enum guc_vf_state)s)))
			keep("state", facts_states(&(struct facts_wish){
				.state = guc_vf_state_name((enum guc_vf_state)s) }), true);
	for (int e = 0; e < GUC_IN_COUNT; e++)
		if (same(name, guc_vf_input_name((enum guc_vf_input)e)))
			keep("event", facts_states(&(struct facts_wish){
				.event = guc_vf_input_name((enum guc_vf_input)e) }), true);
	for (size_t i = 0; i < POINTS; i++)
		if (same(name, points[i].id))
			keep_point(&points[i]);
}

#define NAMES_MAX 640u

/* Every name there is; returns how many. */
static size_t all_names(const char **names)
{
	size_t n = 0;
	int code;

	for (size_t i = 0; (code = guc_action_code(i)) >= 0 && n < NAMES_MAX; i++)
		names[n++] = guc_action_name((uint32_t)code);
	for (size_t i = 0; guc_klv_row(i) && n < NAMES_MAX; i++)
		names[n++] = guc_klv_name(guc_klv_row(i)->key);
	for (size_t i = 0; (code = guc_error_code(i)) >= 0 && n < NAMES_MAX; i++)
		names[n++] = guc_error_name((uint32_t)code);
	for (size_t i = 0; reg_place(i) && n < NAMES_MAX; i++)
		names[n++] = reg_place(i)->name;
	for (int f = 0; f < FIXUP_COUNT && n < NAMES_MAX; f++)
		names[n++] = fixup_name((enum fixup)f);
	for (int s = 0; s < GUC_VFS_COUNT && n < NAMES_MAX; s++)
		names[n++] = guc_vf_state_name((enum guc_vf_state)s);
	for (int e = 0; e < GUC_IN_COUNT && n < NAMES_MAX; e++)
		names[n++] = guc_vf_input_name((enum guc_vf_input)e);
	for (size_t i = 0; i < POINTS && n < NAMES_MAX; i++)
		names[n++] = points[i].id;
	return n;
}

#define NEAR_MAX 5u

static void append(char *list, size_t cap, const char *name)
{
	size_t n = strlen(list);

	snprintf(list + n, cap - n, "%s%s", n ? ", " : "", name);
}

static int unknown_name(const char *word)
{
	const char *names[NAMES_MAX];
	char list[512] = "", upper[64], lower[64];
	size_t n = all_names(names), len = strlen(word), hits = 0;
	const char *near;

	for (size_t i = 0; i < n && len > 1; i++)
		if (strcasestr(names[i], bare(word)) && hits++ < NEAR_MAX)
			append(list, sizeof(list), names[i]);
	for (size_t i = 0; i < sizeof(upper); i++) {
		upper[i] = i < len ? (char)toupper((unsigned char)word[i]) : '\0';
		lower[i] = i < len ? (char)tolower((unsigned char)word[i]) : '\0';
	}
	upper[sizeof(upper) - 1] = lower[sizeof(lower) - 1] = '\0';
	near = cli_nearest(upper, names, n);
	near = near ? near : cli_nearest(lower, names, n);
	if (near && !strstr(list, near))
		append(list, sizeof(list), near);
	if (list[0])
		cli_complain(command.name, "'%s' is unknown; did you mean one of: %s%s?", word, list,
			     hits > NEAR_MAX ? ", ..." : "");
	else
		cli_complain(command.name, "'%s' is unknown", word);
	return CLI_EXIT_USAGE;
}

/* --- numbers ------------------------------------------------------------------------ */

static bool hexadecimal(const char *word, uint32_t *value)
{
	const char *digits = strncasecmp(word, "0x", 2) == 0 ? word + 2 : word;
	size_t n = strspn(digits, "0123456789abcdefABCDEF");

	if (n == 0 || n > 8 || digits[n] != '\0')
		return false;
	*value = (uint32_t)strtoul(digits, NULL, 16);
	return true;
}

static void by_number(uint32_t n)
{
	const struct reg_place *p;
	unsigned copy;

	if (guc_action_name(n))
		keep_action((int)n);
	if (guc_klv_find(n))
		keep_klv((int)n);
	if (guc_error_name(n))
		keep_error(n);
	p = reg_find(n, REG_VF_STRIDE, &copy);
	if (p)
		keep_register(p, n, copy);
}

/* Keep the nearest code of a table on either side of n. */
static void closer(uint32_t n, int code, int *below, int *above)
{
	if (code < (int)n && code > *below)
		*below = code;
	if (code > (int)n && (*above < 0 || code < *above))
		*above = code;
}

static void append_code(char *list, size_t cap, int code, const char *(*name)(uint32_t))
{
	char text[64];

	if (code < 0)
		return;
	snprintf(text, sizeof(text), "0x%04x %s", (unsigned)code, name((uint32_t)code));
	append(list, cap, text);
}

static int unknown_number(const char *word, uint32_t n)
{
	int below = -1, above = -1, key_below = -1, key_above = -1, code;
	char list[320] = "";

	for (size_t i = 0; (code = guc_action_code(i)) >= 0; i++)
		closer(n, code, &below, &above);
	for (size_t i = 0; guc_klv_row(i); i++)
		closer(n, guc_klv_row(i)->key, &key_below, &key_above);
	append_code(list, sizeof(list), below, guc_action_name);
	append_code(list, sizeof(list), above, guc_action_name);
	append_code(list, sizeof(list), key_below, guc_klv_name);
	append_code(list, sizeof(list), key_above, guc_klv_name);
	cli_complain(command.name, "'%s' is no action, KLV, error or register; nearest: %s", word,
		     list);
	return CLI_EXIT_USAGE;
}

/* --- the command -------------------------------------------------------------------- */

static int print_text(void)
{
	for (size_t i = 0; i < found_n; i++) {
		printf("%s%s:\n", i ? "\n" : "", found[i].kind);
		if (table_print(found[i].table, found[i].many ? TABLE_TEXT : TABLE_LIST) < 0)
			return -1;
	}
	return 0;
}

/* One array; each object says its kind. */
static int print_json(void)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < found_n; i++) {
		struct json_object *o = json_push_object(array);

		json_add_str(o, "kind", found[i].kind);
		json_add(o, "rows", table_json(found[i].table));
	}
	if (!array)
		return -1;
	printf("%s\n", json_line(array));
	json_object_put(array);
	return 0;
}

static int show(void)
{
	int status = (opt.json ? print_json() : print_text()) < 0;

	if (status)
		fprintf(stderr, "%s: out of memory\n", command.name);
	for (size_t i = 0; i < found_n; i++)
		table_free(found[i].table);
	found_n = 0;
	return status;
}

/* Words as dwords of a message; how many, or negative after a complaint. */
static int dwords(int argc, char **argv, uint32_t *dw)
{
	if ((unsigned)argc - 1 > EXPLAIN_DWORDS_MAX) {
		cli_complain(command.name, "a message has at most %u dwords", EXPLAIN_DWORDS_MAX);
		return -1;
	}
	for (int i = 1; i < argc; i++)
		if (!hexadecimal(argv[i], &dw[i - 1])) {
			cli_complain(command.name, "'%s' is no dword", argv[i]);
			return -1;
		}
	return argc - 1;
}

int gucemu_explain_main(int argc, char **argv)
{
	uint32_t dw[EXPLAIN_DWORDS_MAX], number;
	enum cli_result result;
	int n;

	opt.json = false;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc < 2) {
		cli_complain(command.name, "explain what?");
		return CLI_EXIT_USAGE;
	}
	if (argc > 2) {
		n = dwords(argc, argv, dw);
		if (n < 0)
			return CLI_EXIT_USAGE;
		keep("message", explain_message(dw, (uint32_t)n), true);
		return show();
	}
	by_name(argv[1]);
	if (found_n == 0 && hexadecimal(argv[1], &number)) {
		by_number(number);
		if (found_n == 0 && number > UINT16_MAX)
			keep("message", explain_message(&number, 1), true);
		if (found_n == 0)
			return unknown_number(argv[1], number);
	}
	return found_n ? show() : unknown_name(argv[1]);
}
