/* SPDX-License-Identifier: MIT */
/* gucemu pf: a thin control client for what the PF of an emulated card does to
 * VFs. The PF itself lives in `gucemu serve` or `gucemu pf serve`. */
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/image_file.h"
#include "cli/options.h"
#include "cli/pf_migrate.h"
#include "emulator/serve.h"
#include "view/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 30000u

static struct {
	const char *socket;
	unsigned vf, timeout_ms;
	uint64_t ggtt, start;
	unsigned contexts, doorbells;
	bool json;
} opt;

static const struct cli_option options[] = {
	{ "socket", CLI_STRING, "PATH", "socket of the emulated card", &opt.socket, 0, 0 },
	{ "vf", CLI_UINT, "N", "the VF, 1 to 63", &opt.vf, 1, 63 },
	{ "ggtt", CLI_SIZE, "BYTES", "provision: GGTT size (default: a fair share)", &opt.ggtt,
	  4096, UINT32_MAX },
	{ "start", CLI_SIZE, "ADDRESS", "provision: GGTT start (default: the PF chooses)",
	  &opt.start, 0, UINT32_MAX },
	{ "contexts", CLI_UINT, "N", "provision: context ids (default: a fair share)",
	  &opt.contexts, 1, 65535 },
	{ "doorbells", CLI_UINT, "N", "provision: doorbells (default: a fair share)",
	  &opt.doorbells, 0, 256 },
	{ "timeout", CLI_UINT, "MS", "give up after this time (default: 30000)", &opt.timeout_ms,
	  1, 3600000 },
	{ "json", CLI_FLAG, NULL, "print the emulator's reply as it is", &opt.json, 0, 0 },
};

struct verb {
	const char *name;
	const char *line; /* of the control protocol; "vf=N" is appended */
	bool file;
};

static const struct verb verbs[] = {
	{ "provision", "pf provision", false },
	{ "unprovision", "pf unprovision", false },
	{ "flr", "pf flr", false },
	{ "pci-flr", "pci-flr", false },
	{ "freeze", "freeze keep=1", false },
	{ "thaw", "thaw", false },
	{ "pause", "pf pause", false },
	{ "resume", "pf resume", false },
	{ "stop", "pf stop", false },
	{ "save", "pf save", true },
	{ "restore", "pf restore", true },
	{ "info", "pf info", false },
	{ "findings", "findings", false },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char notes[] =
	"Verbs:\n"
	"  provision, unprovision    give a VF its resources, take them away\n"
	"  flr, pci-flr              reset a VF; the latter as hardware begins it\n"
	"  freeze, thaw              stop a VF's client, clock included; let it go on\n"
	"  pause, resume, stop       as the names say\n"
	"  save FILE, restore FILE   state of a paused VF to a file and back\n"
	"  info, findings            what the PF knows, what the detector found\n"
	"  migrate                   move a live VF to another card: 'gucemu pf migrate --help'\n"
	"  serve                     be the PF of a card: 'gucemu pf serve --help'\n";

static const struct cli_command command = {
	.name = "gucemu pf",
	.args = "VERB [FILE] --socket PATH --vf N [options]",
	.about = "steer the VFs of an emulated card",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = notes,
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int unknown(const char *word)
{
	const char *names[VERBS + 2];
	const char *near;

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	names[VERBS] = "migrate";
	names[VERBS + 1] = "serve";
	near = cli_nearest(word, names, VERBS + 2);
	if (near)
		cli_complain(command.name, "'%s' is no verb; did you mean '%s'?", word, near);
	else
		cli_complain(command.name, "'%s' is no verb", word);
	return CLI_EXIT_USAGE;
}

static void verb_line(const struct verb *verb, char *line, size_t cap)
{
	int at = snprintf(line, cap, "%s vf=%u", verb->line, opt.vf);

	if (strcmp(verb->name, "provision") != 0)
		return;
	if (opt.ggtt)
		at += snprintf(line + at, cap - (size_t)at, " ggtt=%" PRIu64, opt.ggtt);
	if (opt.start)
		at += snprintf(line + at, cap - (size_t)at, " start=%" PRIu64, opt.start);
	if (opt.contexts)
		at += snprintf(line + at, cap - (size_t)at, " contexts=%u", opt.contexts);
	if (opt.doorbells != UINT32_MAX)
		snprintf(line + at, cap - (size_t)at, " doorbells=%u", opt.doorbells);
}

static int collect(struct control_request *r, const struct frame *f)
{
	struct image *image = r->user;

	return image_append(image, f->data, f->data_len);
}

static void print_reply(const char *text)
{
	struct json_object *o = json_read(text, strlen(text));

	if (opt.json)
		printf("%s\n", text);
	else if (o && json_object_object_length(o) > 0)
		printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_SPACED));
	json_object_put(o);
}

/* Exchange with an open emulator; the image goes from or to `path`. */
static int exchange(struct control *c, uv_loop_t *loop, const struct verb *verb, const char *path)
{
	struct image image = { 0 };
	struct control_request r = { .user = &image };
	bool save = strcmp(verb->name, "save") == 0;
	char line[256], err[512] = "";
	char *text = NULL;
	int status = 0;

	if (save)
		r.blob = collect;
	else if (verb->file)
		status = image_load(&image, path, err, sizeof(err));
	r.image = save ? NULL : image.bytes;
	r.image_len = image.len;
	if (status == 0 && verb->file && !save && image.len == 0) {
		status = -1;
		snprintf(err, sizeof(err), "%s: the file is empty", path);
	}
	if (status == 0) {
		verb_line(verb, line, sizeof(line));
		status = control_wait(c, loop, &r, line, opt.timeout_ms, &text);
		if (status < 0)
			snprintf(err, sizeof(err), "%s", control_error(status, text));
	}
	if (status == 0 && save)
		status = image_store(&image, path, err, sizeof(err));
	if (status < 0) {
		fprintf(stderr, "gucemu pf %s: VF %u: %s\n", verb->name, opt.vf, err);
	} else {
		print_reply(text);
		if (save && !opt.json)
			printf("%zu bytes saved to %s\n", image.len, path);
	}
	free(text);
	image_free(&image);
	return status < 0 ? 1 : 0;
}

static int run(const struct verb *verb, const char *path)
{
	uv_loop_t loop;
	struct control *c;
	char err[256];
	int status;

	if (uv_loop_init(&loop) != 0) {
		fprintf(stderr, "gucemu pf: no event loop\n");
		return 1;
	}
	if (control_open(&c, &loop, opt.socket, NULL, err, sizeof(err)) < 0) {
		fprintf(stderr, "gucemu pf: %s\n", err);
		status = 1;
	} else {
		status = exchange(c, &loop, verb, path);
		control_close(c);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return status;
}

int gucemu_pf_main(int argc, char **argv)
{
	const struct verb *verb;
	enum cli_result result;
	char name[] = "gucemu pf serve";

	if (argc > 1 && strcmp(argv[1], "serve") == 0) {
		argv[1] = name;
		return gucemu_pf_serve_main(argc - 1, argv + 1);
	}
	if (argc > 1 && strcmp(argv[1], "migrate") == 0)
		return gucemu_pf_migrate_main(argc - 1, argv + 1);
	opt.timeout_ms = DEFAULT_TIMEOUT_MS;
	opt.doorbells = UINT32_MAX;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc < 2) {
		cli_complain(command.name, "which verb?");
		return CLI_EXIT_USAGE;
	}
	verb = find(argv[1]);
	if (!verb)
		return unknown(argv[1]);
	if (!opt.socket || !opt.vf) {
		cli_complain(command.name, "%s needs --socket and --vf", verb->name);
		return CLI_EXIT_USAGE;
	}
	if (argc != (verb->file ? 3 : 2)) {
		cli_complain(command.name, verb->file ? "%s needs one file name"
						      : "%s takes no further words", verb->name);
		return CLI_EXIT_USAGE;
	}
	return run(verb, argc > 2 ? argv[2] : NULL);
}
