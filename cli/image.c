/* SPDX-License-Identifier: MIT */
/* gucemu image: look into saved VFs, judge them, compare them, and exchange them
 * with Linux' xe driver. Works on files alone. */
#include "cli/commands.h"
#include "cli/image_doc.h"
#include "cli/image_file.h"
#include "cli/image_linux.h"
#include "cli/json_text.h"
#include "cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As diff(1): 0 good or the same, 1 bad or different, 2 trouble. */
#define EXIT_TROUBLE 2
#define DIFF_RANGES  32u

static struct {
	bool json, linux_stream, all;
	unsigned tiles, gts, graphics, contexts, doorbells;
} opt;

static const struct cli_option options[] = {
	{ "json", CLI_FLAG, NULL, "one JSON object on one line", &opt.json, 0, 0 },
	{ "all", CLI_FLAG, NULL, "diff: every range, not the first 32 of a kind", &opt.all, 0, 0 },
	{ "linux", CLI_FLAG, NULL, "export, import: Linux' packet stream", &opt.linux_stream,
	  0, 0 },
	{ "tiles", CLI_UINT, "N", "import, if the stream does not say: tiles (default: 1)",
	  &opt.tiles, 1, PFC_IMAGE_GTS },
	{ "gts", CLI_UINT, "N", "the same: GTs of each tile (default: 2)", &opt.gts, 1, 2 },
	{ "graphics", CLI_UINT, "V", "the same: graphics version x100, as 3000", &opt.graphics,
	  1, 65535 },
	{ "contexts", CLI_UINT, "N", "the same: context ids of the VF", &opt.contexts, 1, 65535 },
	{ "doorbells", CLI_UINT, "N", "the same: doorbells of the VF", &opt.doorbells, 0, 256 },
};

static int show(char **files);
static int verify(char **files);
static int diff(char **files);
static int export(char **files);
static int import(char **files);

static const struct verb {
	const char *name;
	int files;
	int (*run)(char **files);
	bool linux_only;
} verbs[] = {
	{ "show", 1, show, false },     { "verify", 1, verify, false },
	{ "diff", 2, diff, false },     { "export", 2, export, true },
	{ "import", 2, import, true },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct cli_command command = {
	.name = "gucemu image",
	.args = "VERB FILE [FILE] [options]",
	.about = "look into saved VFs, compare them, exchange them with Linux",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = "Verbs:\n"
		 "  show FILE                   header, sections, descriptor, GuC blobs, GGTT, mailbox\n"
		 "  verify FILE                 all checks of a restore; where the first defect is\n"
		 "  diff A B                    what differs; where a VF was is no difference\n"
		 "  export --linux FILE STREAM  as the packets that Linux' xe driver reads\n"
		 "  import --linux STREAM FILE  and back\n"
		 "Exit status: 0 good or the same, 1 damaged (show, verify) or different, 2 trouble,\n"
		 "such as a file that is not there.\n",
};

static void print_line(struct json_object *o)
{
	printf("%s\n", json_line(o));
	json_object_put(o);
}

static int show(char **files)
{
	struct json_object *o;
	struct image_doc d;
	char err[512];
	bool damaged;

	if (image_doc_open(&d, files[0], NULL, NULL, err, sizeof(err)) < 0) {
		fprintf(stderr, "gucemu image: %s\n", err);
		damaged = d.reader.err != 0;
		image_doc_free(&d);
		return damaged ? 1 : EXIT_TROUBLE;
	}
	o = image_doc_json(&d);
	if (opt.json) {
		print_line(o);
	} else {
		json_text(o, 2);
		json_object_put(o);
	}
	image_doc_free(&d);
	return 0;
}

/* The blob is GuC's to judge, but a damaged one needs no GuC. */
static const char *bad_blob(const struct image_doc *d, unsigned *gt, char *why, size_t cap)
{
	for (*gt = 0; *gt < (unsigned)d->reader.want.tiles * d->reader.want.gts; ++*gt) {
		const struct pfc_image_part *guc = pfc_image_find(&d->reader, PFC_IMAGE_GUC, *gt);
		struct json_object *o = image_blob_json(guc->data, guc->stored);
		const char *bad = json_get_str(o, "bad", NULL);

		if (bad)
			snprintf(why, cap, "GuC state of gt%u: %s", *gt, bad);
		json_object_put(o);
		if (bad)
			return why;
	}
	return NULL;
}

static int verify(char **files)
{
	struct json_object *o = json_object_new_object();
	const char *why = NULL;
	struct image_doc d;
	char err[512], text[128];
	unsigned gt;
	int status = image_doc_open(&d, files[0], NULL, NULL, err, sizeof(err));
	bool unreadable = status < 0 && !d.reader.err;

	if (status == 0)
		why = bad_blob(&d, &gt, text, sizeof(text));
	json_add_str(o, "file", files[0]);
	json_add_bool(o, "good", status == 0 && !why);
	json_add_u64(o, "bytes", d.size);
	if (status < 0 && !unreadable) {
		json_add_u64(o, "offset", d.reader.bad_at);
		json_add_str(o, "reason", d.reader.why);
		json_add_int(o, "status", d.reader.err);
	} else if (why) {
		json_add_str(o, "reason", why);
	}
	if (unreadable)
		fprintf(stderr, "gucemu image: %s\n", err);
	else if (opt.json)
		printf("%s\n", json_line(o));
	else if (status < 0)
		printf("%s\n", err);
	else if (why)
		printf("%s: %s\n", files[0], why);
	else
		printf("%s: good, %" PRIu64 " bytes, %zu sections\n", files[0], d.size,
		       d.sections_n);
	json_object_put(o);
	image_doc_free(&d);
	return unreadable ? EXIT_TROUBLE : status < 0 || why ? 1 : 0;
}

static void print_differences(struct json_object *list, const char *label)
{
	for (size_t i = 0; i < json_count(list); i++) {
		struct json_object *o = json_at(list, i);

		printf("%s%s: %s -> %s\n", label, json_get_str(o, "what", ""),
		       json_get_str(o, "a", ""), json_get_str(o, "b", ""));
	}
}

static int diff(char **files)
{
	struct json_object *found, *places, *o;
	struct image_doc d[2];
	char err[512];
	int status = 0;

	for (unsigned i = 0; i < 2; i++)
		if (image_doc_open(&d[i], files[i], image_doc_sum, NULL, err, sizeof(err)) < 0) {
			fprintf(stderr, "gucemu image: %s\n", err);
			status = EXIT_TROUBLE;
		}
	if (status == 0) {
		found = image_doc_diff(&d[0], &d[1], opt.all ? 0 : DIFF_RANGES, &places);
		status = json_count(found) > 0;
		if (opt.json) {
			o = json_object_new_object();
			json_add_bool(o, "same", status == 0);
			json_add(o, "differences", found);
			json_add(o, "places", places);
			print_line(o);
		} else {
			print_differences(found, "");
			print_differences(places, "place, no difference: ");
			json_object_put(found);
			json_object_put(places);
		}
	}
	image_doc_free(&d[0]);
	image_doc_free(&d[1]);
	return status;
}

/* Commit what was written; say what went and what did not. */
static int finish(struct image_out *out, int status, const struct image_notes *notes, char *err,
		  size_t cap)
{
	struct json_object *o, *list;

	if (status == 0)
		status = image_out_commit(out, err, cap);
	else
		image_out_drop(out);
	if (status < 0) {
		fprintf(stderr, "gucemu image: %s\n", err);
		return EXIT_TROUBLE;
	}
	o = json_object_new_object();
	json_add_str(o, "file", out->path);
	json_add_u64(o, "bytes", out->len);
	list = json_add_array(o, "notes");
	for (unsigned i = 0; i < notes->n; i++)
		json_push_str(list, notes->text[i]);
	if (opt.json)
		printf("%s\n", json_line(o));
	else
		printf("%" PRIu64 " bytes to %s\n", out->len, out->path);
	for (unsigned i = 0; !opt.json && i < notes->n; i++)
		printf("  %s\n", notes->text[i]);
	json_object_put(o);
	return 0;
}

static int export(char **files)
{
	struct image_notes notes;
	struct image_out out;
	char err[PATH_MAX + 256];
	int status = image_out_open(&out, files[1], err, sizeof(err));

	if (status < 0) {
		fprintf(stderr, "gucemu image: %s\n", err);
		return EXIT_TROUBLE;
	}
	status = image_to_linux(files[0], &out, &notes, err, sizeof(err));
	return finish(&out, status, &notes, err, sizeof(err));
}

static int import(char **files)
{
	const struct pfc_image_profile given = {
		.tiles = (uint8_t)opt.tiles,
		.gts = (uint8_t)opt.gts,
		.graphics = opt.graphics,
		.contexts = opt.contexts,
		.doorbells = opt.doorbells,
	};
	struct image_notes notes;
	struct image_out out;
	char err[PATH_MAX + 256];
	uint64_t len;
	int fd, status;

	if (opt.tiles * opt.gts > PFC_IMAGE_GTS) {
		cli_complain(command.name, "no card has %u GTs", opt.tiles * opt.gts);
		return CLI_EXIT_USAGE;
	}
	fd = image_in_open(files[0], &len, err, sizeof(err));
	status = fd < 0 ? fd : image_out_open(&out, files[1], err, sizeof(err));
	if (status < 0) {
		if (fd >= 0)
			close(fd);
		fprintf(stderr, "gucemu image: %s\n", err);
		return EXIT_TROUBLE;
	}
	status = image_from_linux(fd, files[0], &given, &out, &notes, err, sizeof(err));
	close(fd);
	return finish(&out, status, &notes, err, sizeof(err));
}

static int unknown(const char *word)
{
	const char *names[VERBS];

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	return cli_unknown(command.name, "verb", word, names, VERBS);
}

int gucemu_image_main(int argc, char **argv)
{
	const struct verb *verb = NULL;
	enum cli_result result;

	opt.tiles = 1;
	opt.gts = 2;
	opt.doorbells = UINT32_MAX;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc < 2) {
		cli_complain(command.name, "which verb?");
		return CLI_EXIT_USAGE;
	}
	for (size_t i = 0; i < VERBS && !verb; i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			verb = &verbs[i];
	if (!verb)
		return unknown(argv[1]);
	if (argc != 2 + verb->files) {
		cli_complain(command.name, "%s needs %s", verb->name,
			     verb->files == 1 ? "one file name" : "two file names");
		return CLI_EXIT_USAGE;
	}
	if (verb->linux_only != opt.linux_stream) {
		cli_complain(command.name, verb->linux_only ? "%s needs --linux"
							    : "%s takes no --linux", verb->name);
		return CLI_EXIT_USAGE;
	}
	return verb->run(argv + 2);
}
