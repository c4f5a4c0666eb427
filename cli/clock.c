/* SPDX-License-Identifier: MIT */
/* gucemu clock and gucemu snapshot: a card's clock stopped and moved on, a whole
 * card kept and put back. Both ask the control role and print what it says. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/control.h"
#include "cli/options.h"
#include "view/json.h"

#define TIMEOUT_MS 600000u

static const char clock_notes[] =
	"Verbs:\n"
	"  show       what the clock shows, in ns, and whether it stands\n"
	"  stop       let it stand: nothing times out, nothing that takes time goes on\n"
	"  warp TIME  move it on while it stands, from one thing that is due to the next;\n"
	"             TIME is a number with ns, us, ms or s\n"
	"  run        let it go on\n"
	"\n"
	"It is the clock of the card and its built-in PF. Clients have their own.\n";

static const char snapshot_notes[] =
	"Verbs:\n"
	"  save NAME     keep the card as it is now, in the server's memory (8 of them)\n"
	"  restore NAME  put it back, clock included\n"
	"  drop NAME     forget it\n"
	"  list          names, clock and size\n"
	"\n"
	"A card is GuCs, built-in PF, fault rules, its own memory, and what the server hosts.\n"
	"Where a client has memory of its own, a PF is elsewhere or at work, or a recording\n"
	"runs, it is refused.\n";

struct asking {
	const char *socket;
	unsigned timeout;
	bool json;
};

static void show(const char *name, const struct asking *a, const char *text)
{
	struct json_object *o = json_read(text, strlen(text));
	const struct json_object *list = json_get(o, "snapshots");

	if (a->json)
		printf("%s\n", text);
	else if (json_get(o, "clock"))
		printf("%s at %" PRIu64 " ns\n", json_get_str(o, "clock", "?"),
		       json_get_u64(o, "ns", 0));
	else if (json_count(list) == 0)
		printf("%s: none\n", name);
	for (size_t i = 0; !a->json && i < json_count(list); i++)
		printf("%-31s %16" PRIu64 " ns %12" PRIu64 " bytes\n",
		       json_get_str(json_at(list, i), "name", "?"),
		       json_get_u64(json_at(list, i), "clock_ns", 0),
		       json_get_u64(json_at(list, i), "bytes", 0));
	json_object_put(o);
}

static int ask(const char *name, const struct asking *a, const char *line)
{
	struct control *c;
	uv_loop_t loop;
	char err[256] = "", *text = NULL;
	int status;

	if (uv_loop_init(&loop) != 0) {
		fprintf(stderr, "%s: no event loop\n", name);
		return 1;
	}
	if (control_open(&c, &loop, a->socket, NULL, err, sizeof(err)) < 0) {
		fprintf(stderr, "%s: %s\n", name, err);
		uv_loop_close(&loop);
		return 1;
	}
	status = control_wait(c, &loop, NULL, line, a->timeout, &text);
	if (status < 0)
		fprintf(stderr, "%s: %s\n", name, control_error(status, text));
	else
		show(name, a, text ? text : "{}");
	free(text);
	control_close(c);
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return status < 0 ? 1 : 0;
}

/* "5ms" in ns; 0: it is none. */
static uint64_t time_of(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	char *end;
	uint64_t n;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].unit) == 0 && errno == 0 && n <= UINT64_MAX / units[i].ns)
			return n * units[i].ns;
	return 0;
}

/* What both have in common: an exit status, or -1 to go on. */
static int parse(const char *name, const char *args, const char *about, const char *notes,
		 struct asking *a, int *argc, char **argv)
{
	const struct cli_option options[] = {
		{ "socket", CLI_STRING, "PATH", "socket of the emulated card (else $GUCEMU_SOCKET)",
		  &a->socket, 0, 0 },
		{ "timeout", CLI_UINT, "MS", "give up after this time (600000)", &a->timeout, 1,
		  3600000 },
		{ "json", CLI_FLAG, NULL, "print the reply as it is", &a->json, 0, 0 },
	};
	const struct cli_command command = { name, args, about, options,
					     sizeof(options) / sizeof(*options), notes };

	a->socket = getenv("GUCEMU_SOCKET");
	a->timeout = TIMEOUT_MS;
	switch (cli_parse(&command, argc, argv)) {
	case CLI_RUN:
		break;
	case CLI_HELP:
		return 0;
	case CLI_BAD:
		return CLI_EXIT_USAGE;
	}
	if (*argc < 2) {
		cli_complain(name, "which verb?");
		return CLI_EXIT_USAGE;
	}
	if (!a->socket) {
		cli_complain(name, "needs --socket");
		return CLI_EXIT_USAGE;
	}
	return -1;
}

/* Which of the verbs `word` is, or -1 after a complaint. */
static int verb_of(const char *name, const char *word, const char *const *verbs, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, verbs[i]) == 0)
			return i;
	cli_unknown(name, "verb", word, verbs, (size_t)n);
	return -1;
}

int gucemu_clock_main(int argc, char **argv)
{
	static const char *const verbs[] = { "show", "stop", "warp", "run" };
	const char *name = "gucemu clock";
	struct asking a = { .json = false };
	int status = parse(name, "VERB [TIME] --socket PATH",
			   "stop a card's clock, move it on, let it go on", clock_notes, &a, &argc,
			   argv);
	char line[96];
	uint64_t by = 0;
	int i;

	if (status >= 0)
		return status;
	i = verb_of(name, argv[1], verbs, 4);
	if (i < 0)
		return CLI_EXIT_USAGE;
	if (i == 2)
		by = argc > 2 ? time_of(argv[2]) : 0;
	if (argc != (i == 2 ? 3 : 2) || (i == 2 && by == 0)) {
		cli_complain(name, "%s", i == 2 ? "warp TIME: a number with ns, us, ms or s"
						: "a word too many");
		return CLI_EXIT_USAGE;
	}
	if (by)
		snprintf(line, sizeof(line), "clock do=warp by=%" PRIu64, by);
	else
		snprintf(line, sizeof(line), "clock do=%s", verbs[i]);
	return ask(name, &a, line);
}

int gucemu_snapshot_main(int argc, char **argv)
{
	static const char *const verbs[] = { "list", "save", "restore", "drop" };
	const char *name = "gucemu snapshot";
	struct asking a = { .json = false };
	int status = parse(name, "VERB [NAME] --socket PATH",
			   "keep a whole card in the server's memory, and put it back",
			   snapshot_notes, &a, &argc, argv);
	char line[96];
	int i;

	if (status >= 0)
		return status;
	i = verb_of(name, argv[1], verbs, 4);
	if (i < 0)
		return CLI_EXIT_USAGE;
	if (argc != (i == 0 ? 2 : 3)) {
		cli_complain(name, "%s%s", argv[1], i == 0 ? ": a word too many" : " NAME is wanted");
		return CLI_EXIT_USAGE;
	}
	if (i && (!argv[2][0] || strlen(argv[2]) > 31 || strpbrk(argv[2], " =\t\n"))) {
		cli_complain(name, "a name has up to 31 letters, and no blank or '='");
		return CLI_EXIT_USAGE;
	}
	snprintf(line, sizeof(line), "snapshot do=%s%s%s", verbs[i], i ? " name=" : "",
		 i ? argv[2] : "");
	return ask(name, &a, line);
}
