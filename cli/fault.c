/* SPDX-License-Identifier: MIT */
/* gucemu fault: the words of fault rules, what a rule means, and the rules of a card
 * that runs. */
#include "cli/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/control.h"
#include "cli/options.h"
#include "emulator/fault_text.h"
#include "view/describe.h"
#include "view/event.h"
#include "view/json.h"

#define TIMEOUT_MS 10000u
#define NAME "gucemu fault"

static struct {
	const char *socket;
	bool json, markdown;
	unsigned count;
} opt;

static const struct cli_option options[] = {
	{ "socket", CLI_STRING, "PATH", "socket of the emulated card (else $GUCEMU_SOCKET)",
	  &opt.socket, 0, 0 },
	{ "json", CLI_FLAG, NULL, "as JSON, on one line", &opt.json, 0, 0 },
	{ "markdown", CLI_FLAG, NULL, "list: as the page in docs/protocol", &opt.markdown, 0, 0 },
	{ "count", CLI_UINT, "N", "watch: end after so many", &opt.count, 1, UINT32_MAX },
};

static const struct cli_command command = {
	.name = NAME,
	.args = "VERB [options]",
	.about = "let an emulated card misbehave by rules",
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.notes = "  list              the words of a rule\n"
		 "  explain RULE      what a rule means, or where it is wrong\n"
		 "  check FILE...     look through files of rules, without a card\n"
		 "Of a card that runs (--socket):\n"
		 "  rules             its rules, how often each matched and fired\n"
		 "  add RULE          one more\n"
		 "  remove NAME       take a rule away, by name or number\n"
		 "  clear             take all away\n"
		 "  disarm NAME       let it do nothing; 'arm NAME' undoes it\n"
		 "  set STATE         a state for if= and unless=; 'unset STATE' undoes it\n"
		 "  watch             print each firing\n",
};

static const char *const verbs[] = { "list",   "explain", "check",  "rules", "add",
				     "remove", "clear",   "disarm", "arm",   "set",
				     "unset",  "watch" };

/* --- a card's ------------------------------------------------------------------- */

static int print_rules(const char *text)
{
	static const char *const columns[] = { "number", "armed", "matched", "fired", "rule" };
	struct json_object *o = json_read(text, strlen(text)), *rules = json_get(o, "rules");
	struct table *t = table_new(columns, 5);
	int err = -ENOMEM;

	for (size_t i = 0; t && i < json_count(rules); i++) {
		struct json_object *r = json_at(rules, i);

		table_number(t, json_get_u64(r, "number", 0), 0);
		table_text(t, json_get_bool(r, "armed", false) ? "yes" : "no");
		table_number(t, json_get_u64(r, "matched", 0), 0);
		table_number(t, json_get_u64(r, "fired", 0), 0);
		table_text(t, "%s", json_get_str(r, "rule", ""));
	}
	if (t) {
		printf("seed %llu\n", (unsigned long long)json_get_u64(o, "seed", 0));
		err = table_print(t, TABLE_TEXT);
	}
	table_free(t);
	json_object_put(o);
	return err ? 1 : 0;
}

static void complain_at(const char *line, const char *text, const char *why)
{
	struct json_object *o = json_read(text, strlen(text));
	uint64_t at = json_get_u64(o, "at", UINT64_MAX);

	if (line && at <= strlen(line))
		fprintf(stderr, NAME ": column %llu: %s\n  %s\n  %*s^\n",
			(unsigned long long)at + 1, why, line, (int)at, "");
	else
		fprintf(stderr, NAME ": %s\n", why);
	json_object_put(o);
}

static int show(const char *verb, const char *text)
{
	struct json_object *o;

	if (opt.json)
		printf("%s\n", text);
	else if (strcmp(verb, "rules") == 0)
		return print_rules(text);
	else if (strcmp(verb, "add") == 0) {
		o = json_read(text, strlen(text));
		printf("rule %llu, seed %llu\n",
		       (unsigned long long)json_get_u64(o, "number", 0),
		       (unsigned long long)json_get_u64(o, "seed", 0));
		json_object_put(o);
	}
	return 0;
}

struct watch {
	unsigned left; /* 0: for ever */
	bool done;
};

static void on_event(void *user, const struct frame *f)
{
	struct watch *w = user;
	struct view_event e;
	const struct guc_event *g;
	char text[DESCRIBE_MAX];

	if (w->done || view_event_read(&e, f) < 0 || e.step)
		return;
	g = view_event_guc(&e);
	describe_event(text, sizeof(text), g);
	printf("%llu.%06llu %s\n", (unsigned long long)(g->time / 1000000000),
	       (unsigned long long)(g->time / 1000 % 1000000), text);
	fflush(stdout);
	w->done = ferror(stdout) || (w->left && --w->left == 0);
}

static void on_lost(void *user, const char *reason)
{
	struct watch *w = user;

	fprintf(stderr, NAME ": the card is gone: %s\n", reason);
	w->done = true;
}

static int ask(struct control *c, uv_loop_t *loop, const char *verb, const char *arg)
{
	char line[600];
	char *text;
	int status;

	snprintf(line, sizeof(line), "fault %s%s%s",
		 strcmp(verb, "rules") == 0 ? "list" : verb, arg ? " " : "", arg ? arg : "");
	status = control_wait(c, loop, NULL, line, TIMEOUT_MS, &text);
	if (status < 0)
		complain_at(strcmp(verb, "add") == 0 ? arg : NULL, text ? text : "{}",
			    control_error(status, text));
	else
		status = show(verb, text);
	free(text);
	return status < 0 ? 1 : status;
}

static int watch(struct control *c, uv_loop_t *loop, struct watch *w)
{
	int status = control_wait(c, loop, NULL, "events points=fault", TIMEOUT_MS, NULL);

	if (status < 0) {
		fprintf(stderr, NAME ": %s\n", control_error(status, NULL));
		return 1;
	}
	while (!w->done)
		uv_run(loop, UV_RUN_ONCE);
	return 0;
}

static int with_card(const char *verb, const char *arg)
{
	struct watch w = { .left = opt.count };
	const struct control_ops ops = { .event = on_event, .lost = on_lost, .user = &w };
	bool watches = strcmp(verb, "watch") == 0;
	struct control *c;
	uv_loop_t loop;
	char err[256];
	int status = 1;

	if (!opt.socket) {
		cli_complain(NAME, "%s needs --socket", verb);
		return CLI_EXIT_USAGE;
	}
	if (uv_loop_init(&loop) != 0) {
		fprintf(stderr, NAME ": no event loop\n");
		return 1;
	}
	if (control_open(&c, &loop, opt.socket, watches ? &ops : NULL, err, sizeof(err)) < 0) {
		fprintf(stderr, NAME ": %s\n", err);
	} else {
		status = watches ? watch(c, &loop, &w) : ask(c, &loop, verb, arg);
		control_close(c);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return status;
}

/* --- without one ------------------------------------------------------------------ */

static int explain(const char *rule)
{
	char text[8192];
	struct fault_error err;

	if (fault_explain(NULL, rule, strlen(rule), text, sizeof(text), &err) != 0) {
		fprintf(stderr, NAME ": column %zu: %s\n", err.at + 1, err.text);
		if (strlen(rule) <= FAULT_LINE_MAX)
			fprintf(stderr, "  %s\n  %*s^\n", rule, (int)err.at, "");
		return 1;
	}
	fputs(text, stdout);
	return 0;
}

static int check(char **files, int n)
{
	struct fault *f;
	bool good = true;

	for (int i = 0; i < n; i++) {
		f = fault_new(1, NULL);
		good = f && fault_take_file(f, NAME, files[i]) && good;
		free(f);
	}
	return good ? 0 : 1;
}

/* The rule may be one word of the shell or many. */
static bool join(char *line, size_t cap, char **words, int n)
{
	size_t at = 0;

	line[0] = '\0';
	for (int i = 0; i < n && at < cap; i++)
		at += (size_t)snprintf(line + at, cap - at, "%s%s", i ? " " : "", words[i]);
	return at < cap;
}

static bool takes_rule(const char *verb)
{
	return strcmp(verb, "add") == 0 || strcmp(verb, "explain") == 0;
}

static bool takes_none(const char *verb)
{
	return strcmp(verb, "list") == 0 || strcmp(verb, "rules") == 0 ||
	       strcmp(verb, "clear") == 0 || strcmp(verb, "watch") == 0;
}

static int run(const char *verb, int argc, char **argv)
{
	char line[512];

	if (strcmp(verb, "list") == 0)
		return fault_words_print(opt.json ? TABLE_JSON : opt.markdown ? TABLE_MARKDOWN :
								 TABLE_TEXT) ? 1 : 0;
	if (strcmp(verb, "check") == 0)
		return check(argv + 2, argc - 2);
	if (!join(line, sizeof(line), argv + 2, argc - 2)) {
		fprintf(stderr, NAME ": a rule has at most %u bytes\n", FAULT_LINE_MAX);
		return 1;
	}
	if (strcmp(verb, "explain") == 0)
		return explain(line);
	return with_card(verb, takes_none(verb) ? NULL : line);
}

int gucemu_fault_main(int argc, char **argv)
{
	const size_t n = sizeof(verbs) / sizeof(*verbs);
	enum cli_result result;
	size_t i = 0;

	opt.socket = getenv("GUCEMU_SOCKET");
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc < 2) {
		cli_complain(NAME, "which verb?");
		return CLI_EXIT_USAGE;
	}
	while (i < n && strcmp(verbs[i], argv[1]) != 0)
		i++;
	if (i == n)
		return cli_unknown(NAME, "verb", argv[1], verbs, n);
	if (takes_none(argv[1]) ? argc > 2 :
	    argc < 3 || (argc > 3 && !takes_rule(argv[1]) && strcmp(argv[1], "check") != 0)) {
		cli_complain(NAME, "%s %s", argv[1],
			     takes_none(argv[1]) ? "takes no more words" :
			     takes_rule(argv[1]) ? "needs a rule" : "needs one name");
		return CLI_EXIT_USAGE;
	}
	return run(argv[1], argc, argv);
}
