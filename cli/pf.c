/* SPDX-License-Identifier: MIT */
/* gucemu pf: a thin control client for what the PF of an emulated card does to
 * VFs. The PF itself lives in `gucemu serve` or `gucemu pf serve`. */
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/image_doc.h"
#include "cli/image_file.h"
#include "cli/image_linux.h"
#include "cli/options.h"
#include "cli/pf_migrate.h"
#include "emulator/serve.h"
#include "view/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 30000u

static struct {
	const char *socket;
	unsigned vf, timeout_ms;
	uint64_t ggtt, start, lmem;
	unsigned contexts, doorbells, quantum, preempt;
	bool json, size, resume;
} opt;

static const struct cli_option options[] = {
	{ "socket", CLI_STRING, "PATH", "socket of the emulated card (else $GUCEMU_SOCKET)",
	  &opt.socket, 0, 0 },
	{ "vf", CLI_UINT, "N", "the VF, 1 to 63", &opt.vf, 1, 63 },
	{ "ggtt", CLI_SIZE, "BYTES", "provision: GGTT size (default: a fair share)", &opt.ggtt,
	  4096, UINT32_MAX },
	{ "start", CLI_SIZE, "ADDRESS", "provision: GGTT start (default: the PF chooses)",
	  &opt.start, 0, UINT32_MAX },
	{ "lmem", CLI_SIZE, "BYTES", "provision: local memory of each tile (default: a fair share)",
	  &opt.lmem, 1, 1ull << 40 },
	{ "contexts", CLI_UINT, "N", "provision: context ids (default: a fair share)",
	  &opt.contexts, 1, 65535 },
	{ "doorbells", CLI_UINT, "N", "provision: doorbells (default: a fair share)",
	  &opt.doorbells, 0, 256 },
	{ "quantum", CLI_UINT, "MS", "provision: execution quantum, 0: no end (default: 16)",
	  &opt.quantum, 0, 100000 },
	{ "preempt", CLI_UINT, "US", "provision: preemption timeout, 0: no end (default: 16000)",
	  &opt.preempt, 0, 100000000 },
	{ "timeout", CLI_UINT, "MS", "give up after this time (default: 30000)", &opt.timeout_ms,
	  1, 3600000 },
	{ "size", CLI_FLAG, NULL, "save: only say how many bytes it would be", &opt.size, 0, 0 },
	{ "resume", CLI_FLAG, NULL, "save: keep FILE.part when cut off, go on with one",
	  &opt.resume, 0, 0 },
	{ "json", CLI_FLAG, NULL, "print the emulator's reply as it is", &opt.json, 0, 0 },
};

struct verb {
	const char *name;
	const char *line; /* of the control protocol; "vf=N" is appended */
	bool file;
	/* A VF; with NAME=VALUE; that alone; a VF and several of them. */
	enum { A_VF, A_SETTING, A_CARD_SETTING, A_MISHAP } of;
};

static const struct verb verbs[] = {
	{ "provision", "pf provision", false, A_VF },
	{ "unprovision", "pf unprovision", false, A_VF },
	{ "flr", "pf flr", false, A_VF },
	{ "pci-flr", "pci-flr", false, A_VF },
	{ "freeze", "freeze keep=1", false, A_VF },
	{ "thaw", "thaw", false, A_VF },
	{ "pause", "pf pause", false, A_VF },
	{ "resume", "pf resume", false, A_VF },
	{ "stop", "pf stop", false, A_VF },
	{ "save", "pf save", true, A_VF },
	{ "restore", "pf restore", true, A_VF },
	{ "info", "pf info", false, A_VF },
	{ "show", "pf info", false, A_VF },
	{ "reset", "pf flr", false, A_VF },
	{ "policy", "pf policy", false, A_CARD_SETTING },
	{ "threshold", "pf threshold", false, A_SETTING },
	{ "findings", "findings", false, A_VF },
	{ "mishap", "mishap", false, A_MISHAP },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char notes[] =
	"Verbs:\n"
	"  provision, unprovision    give a VF its resources, take them away\n"
	"  flr, pci-flr              reset a VF; the latter as hardware begins it\n"
	"  freeze, thaw              stop a VF's client, clock included; let it go on\n"
	"  pause, resume, stop       as the names say\n"
	"  save FILE, restore FILE   state of a paused VF to a file and back; restore takes\n"
	"                            a stream of Linux' xe driver too\n"
	"  info, findings            what the PF knows, what the detector found; show is info,\n"
	"                            reset is flr\n"
	"  policy [NAME=VALUE]       policies of the card's GuCs: sched-if-idle, sample-period,\n"
	"                            reset-after-switch, engine-groups (words, or none)\n"
	"  threshold [NAME=VALUE]    of a VF: cat-err, engine-reset, page-fault, h2g-storm,\n"
	"                            irq-storm, doorbell-storm, multi-lrc; 0 is off\n"
	"  mishap kind=K [NAME=VALUE ...]\n"
	"                            let something go wrong for a VF: hang, cat-error, page-fault\n"
	"                            (context=N of it), engine, crash-dump, exception\n"
	"  migrate                   move a live VF to another card: 'gucemu pf migrate --help'\n"
	"  serve                     be the PF of a card: 'gucemu pf serve --help'\n";

static const struct cli_command command = {
	.name = "gucemu pf",
	.args = "VERB [FILE | NAME=VALUE] --socket PATH [--vf N] [options]",
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

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	names[VERBS] = "migrate";
	names[VERBS + 1] = "serve";
	return cli_unknown(command.name, "verb", word, names, VERBS + 2);
}

static void verb_line(const struct verb *verb, const char *setting, char *line, size_t cap)
{
	int at = snprintf(line, cap, "%s", opt.size ? "pf size" : verb->line);

	if (verb->of != A_CARD_SETTING)
		at += snprintf(line + at, cap - (size_t)at, " vf=%u", opt.vf);
	if (verb->of != A_VF && setting)
		snprintf(line + at, cap - (size_t)at, " %s", setting);
	if (strcmp(verb->name, "provision") != 0)
		return;
	if (opt.ggtt)
		at += snprintf(line + at, cap - (size_t)at, " ggtt=%" PRIu64, opt.ggtt);
	if (opt.start)
		at += snprintf(line + at, cap - (size_t)at, " start=%" PRIu64, opt.start);
	if (opt.lmem)
		at += snprintf(line + at, cap - (size_t)at, " lmem=%" PRIu64, opt.lmem);
	if (opt.contexts)
		at += snprintf(line + at, cap - (size_t)at, " contexts=%u", opt.contexts);
	if (opt.quantum != UINT32_MAX)
		at += snprintf(line + at, cap - (size_t)at, " quantum=%u", opt.quantum);
	if (opt.preempt != UINT32_MAX)
		at += snprintf(line + at, cap - (size_t)at, " preempt=%u", opt.preempt);
	if (opt.doorbells != UINT32_MAX)
		snprintf(line + at, cap - (size_t)at, " doorbells=%u", opt.doorbells);
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

/* --- images ---------------------------------------------------------------------- */

struct saving {
	struct image_out out;
	int err;
};

static int collect(struct control_request *r, const struct frame *f)
{
	struct saving *s = r->user;

	if (f->addr != s->out.len)
		s->err = -EPROTO;
	else if (f->data_len > 0)
		s->err = image_out_write(&s->out, f->data, f->data_len);
	return s->err;
}

/* A resumed image is of two pieces; are they of the same? */
static int check_resumed(struct saving *s, char *err, size_t cap)
{
	struct image_doc d;
	int status = image_doc_open(&d, s->out.beside, NULL, NULL, err, cap);
	bool damaged = d.reader.err != 0;

	image_doc_free(&d);
	/* What can't be read, or not now, may be good. */
	if (status < 0 && damaged) {
		snprintf(err, cap, "%s: the VF has changed since; removed, please save anew",
			 s->out.beside);
		s->out.keep = false;
	}
	return status;
}

/* Only for eyes. */
static void on_progress(struct control_request *r, uint64_t done, uint64_t total)
{
	(void)r;
	if (!opt.json && isatty(STDERR_FILENO))
		fprintf(stderr, "  %u %%\r", (unsigned)(done * 100 / total));
}

static int save(struct control *c, uv_loop_t *loop, const char *path, char **text, char *err,
		size_t cap)
{
	struct saving s = { .err = 0 };
	struct control_request r = { .blob = collect, .progress = on_progress, .user = &s };
	char line[96];
	uint64_t had;
	int status = opt.resume ? image_out_resume(&s.out, path, err, cap)
				: image_out_open(&s.out, path, err, cap);

	if (status < 0)
		return status;
	had = s.out.len;
	if (had > 0)
		snprintf(line, sizeof(line), "pf save vf=%u from=%" PRIu64, opt.vf, had);
	else
		snprintf(line, sizeof(line), "pf save vf=%u", opt.vf);
	status = control_wait(c, loop, &r, line, opt.timeout_ms, text);
	if (s.err < 0 && s.err != -EPROTO)
		image_out_error(&s.out, s.err, err, cap);
	else if (status < 0)
		snprintf(err, cap, "%s%s", control_error(status, *text),
			 !opt.resume || s.out.len == 0 ? "" :
			 status == -ERANGE ? "; of another VF, or it has changed since: remove it"
					   : "; run it again to go on");
	if (status == 0 && had > 0)
		status = check_resumed(&s, err, cap);
	if (status == 0)
		status = image_out_commit(&s.out, err, cap);
	else
		image_out_drop(&s.out);
	if (status == 0 && !opt.json)
		printf("%" PRIu64 " bytes saved to %s\n", s.out.len, path);
	return status;
}

/* What Linux' stream may not say of a VF is what this VF has. */
static int learn(struct control *c, uv_loop_t *loop, struct pfc_image_profile *p, char *err,
		 size_t cap)
{
	struct json_object *o;
	char *text = NULL, line[32];
	int status;

	snprintf(line, sizeof(line), "pf info vf=%u", opt.vf);
	status = control_wait(c, loop, NULL, line, opt.timeout_ms, &text);
	if (status < 0)
		snprintf(err, cap, "%s", control_error(status, text));
	o = json_read(text ? text : "", text ? strlen(text) : 0);
	p->contexts = (uint32_t)json_get_u64(o, "contexts", 0);
	p->doorbells = (uint32_t)json_get_u64(o, "doorbells", 0);
	p->tiles = (uint8_t)json_get_u64(o, "tiles", 1);
	p->gts = (uint8_t)(json_count(json_get(o, "state")) / (p->tiles ? p->tiles : 1));
	p->graphics = (uint32_t)json_get_u64(o, "graphics", 0);
	json_object_put(o);
	free(text);
	return status;
}

/* Linux' stream as an image in a nameless file; its descriptor, or -errno. */
static int convert(struct control *c, uv_loop_t *loop, int fd, const char *path, uint64_t *len,
		   char *err, size_t cap)
{
	struct pfc_image_profile profile = { 0 };
	struct image_notes said;
	struct image_out out;
	int status = learn(c, loop, &profile, err, cap);

	if (status < 0)
		return status;
	status = image_out_temporary(&out, err, cap);
	if (status < 0)
		return status;
	status = image_from_linux(fd, path, &profile, &out, &said, err, cap);
	*len = out.len;
	fd = status == 0 ? dup(out.fd) : -1;
	image_out_drop(&out);
	if (status == 0 && fd < 0) {
		status = -errno;
		snprintf(err, cap, "%s: %s", path, strerror(errno));
	}
	for (unsigned i = 0; status == 0 && !opt.json && i < said.n; i++)
		printf("%s\n", said.text[i]);
	return status < 0 ? status : fd;
}

static int restore(struct control *c, uv_loop_t *loop, const char *path, char **text, char *err,
		   size_t cap)
{
	struct control_request r = { .progress = on_progress };
	int fd = image_in_open(path, &r.image_len, err, cap), status;
	char line[32];

	if (fd >= 0 && image_is_linux(fd)) {
		int image = convert(c, loop, fd, path, &r.image_len, err, cap);

		close(fd);
		fd = image;
	}
	if (fd < 0)
		return fd;
	r.image_fd = fd;
	snprintf(line, sizeof(line), "pf restore vf=%u", opt.vf);
	status = control_wait(c, loop, &r, line, opt.timeout_ms, text);
	if (status < 0)
		snprintf(err, cap, "%s", control_error(status, *text));
	close(fd);
	return status;
}

/* Exchange with an open emulator; an image goes to or comes from `path`. */
static int exchange(struct control *c, uv_loop_t *loop, const struct verb *verb, const char *path)
{
	char line[2048], err[PATH_MAX + 256] = "";
	char *text = NULL;
	int status;

	if (path && verb == find("save")) {
		status = save(c, loop, path, &text, err, sizeof(err));
	} else if (path && verb->file) {
		status = restore(c, loop, path, &text, err, sizeof(err));
	} else {
		verb_line(verb, path, line, sizeof(line));
		status = control_wait(c, loop, NULL, line, opt.timeout_ms, &text);
		if (status < 0)
			snprintf(err, sizeof(err), "%s", control_error(status, text));
	}
	if (status < 0 && verb->of == A_CARD_SETTING)
		fprintf(stderr, "gucemu pf %s: %s\n", verb->name, err);
	else if (status < 0)
		fprintf(stderr, "gucemu pf %s: VF %u: %s\n", verb->name, opt.vf, err);
	else
		print_reply(text);
	free(text);
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

/* Words of the form NAME=VALUE as one text. */
static bool join(char *const *words, int n, char *text, size_t cap)
{
	size_t at = 0;

	for (int i = 0; i < n && at < cap; i++) {
		if (!strchr(words[i], '=') || strpbrk(words[i], " \t\n"))
			return false;
		at += (size_t)snprintf(text + at, cap - at, "%s%s", i ? " " : "", words[i]);
	}
	return n > 0 && at < cap;
}

int gucemu_pf_main(int argc, char **argv)
{
	const struct verb *verb;
	enum cli_result result;
	char name[] = "gucemu pf serve", joined[400];

	if (argc > 1 && strcmp(argv[1], "serve") == 0) {
		argv[1] = name;
		return gucemu_pf_serve_main(argc - 1, argv + 1);
	}
	if (argc > 1 && strcmp(argv[1], "migrate") == 0)
		return gucemu_pf_migrate_main(argc - 1, argv + 1);
	opt.socket = getenv("GUCEMU_SOCKET");
	opt.timeout_ms = DEFAULT_TIMEOUT_MS;
	opt.doorbells = opt.quantum = opt.preempt = UINT32_MAX;
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
	if (!opt.socket || (!opt.vf && verb->of != A_CARD_SETTING)) {
		cli_complain(command.name, verb->of == A_CARD_SETTING ?
						   "%s needs --socket" :
						   "%s needs --socket and --vf", verb->name);
		return CLI_EXIT_USAGE;
	}
	if (verb->of == A_CARD_SETTING && opt.vf) {
		cli_complain(command.name, "%s is of the card: it takes no --vf", verb->name);
		return CLI_EXIT_USAGE;
	}
	if ((verb->of == A_SETTING || verb->of == A_CARD_SETTING) &&
	    (argc > 3 || (argc == 3 && !strchr(argv[2], '=')))) {
		cli_complain(command.name, "%s takes one NAME=VALUE at most", verb->name);
		return CLI_EXIT_USAGE;
	}
	if ((opt.size || opt.resume) && verb != find("save")) {
		cli_complain(command.name, "%s takes neither --size nor --resume", verb->name);
		return CLI_EXIT_USAGE;
	}
	if (verb->of == A_MISHAP) {
		if (!join(argv + 2, argc - 2, joined, sizeof(joined))) {
			cli_complain(command.name, "mishap takes kind=K and other NAME=VALUE");
			return CLI_EXIT_USAGE;
		}
		return run(verb, joined);
	}
	if (verb->of == A_VF && argc != (verb->file && !opt.size ? 3 : 2)) {
		cli_complain(command.name, verb->file && !opt.size ? "%s needs one file name"
						      : "%s takes no further words", verb->name);
		return CLI_EXIT_USAGE;
	}
	return run(verb, argc > 2 ? argv[2] : NULL);
}
