/* SPDX-License-Identifier: MIT */
/* gucemu trace diagram: the messages of a VF as the demo draws them, from the
 * file alone. A trace with a mark "migration" is drawn from there on, unless
 * --from says otherwise. */
#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diagram_print.h"

/* A picture of more can't be looked at; it bounds the memory for hostile files. */
#define EVENTS_MAX 65536u
#define MARK       "migration"

static struct trace_words words;
static const char *profile;
static unsigned vf;

static const struct cli_option options[] = {
	{ "vf", CLI_UINT, "N", "of this VF (1)", &vf, 1, GUC_MAX_VFS },
	{ "gt", CLI_STRING, "N,...", "only these GTs", &words.gt, 0, 0 },
	{ "from", CLI_STRING, "SECONDS", "leave out what came before (since the beginning)",
	  &words.from, 0, 0 },
	{ "to", CLI_STRING, "SECONDS", "leave out what came after", &words.to, 0, 0 },
	{ "profile", CLI_STRING, "seed|full",
	  "as the xe driver's documentation draws a restore, or everything (by the cards' ABI)",
	  &profile, 0, 0 },
};

static const struct cli_command command = {
	.name = "gucemu trace diagram",
	.args = "FILE [options]",
	.about = "draw the sequence diagram PF | GuC | VF of a trace",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = "A trace of gucemu demo is drawn from where its migration begins.\n",
};

struct picture {
	struct view_event *events;
	size_t n, dropped;
	uint64_t start; /* time of the mark, 0: none */
	uint64_t malformed;
	uint64_t gts;   /* bit g: something happened on GT g */
};

/* What a diagram of the VF can need. */
static bool wanted(const struct view_event *v)
{
	if (v->step)
		return v->guc.fn == vf;
	if (v->guc.fn == 0)
		return v->guc.point == GUC_PT_H2G || v->guc.point == GUC_PT_G2H;
	return v->guc.fn == vf && v->guc.point != GUC_PT_MEM_READ &&
	       v->guc.point != GUC_PT_MEM_WRITE && v->guc.point != GUC_PT_MMIO_READ &&
	       v->guc.point != GUC_PT_MMIO_WRITE;
}

static void keep(struct picture *p, const struct trace_record *r)
{
	struct view_event v;
	int err = trace_to_event(&v, r);

	p->malformed += err == -EBADMSG;
	if (err != 0 || !wanted(&v))
		return;
	if (p->n == EVENTS_MAX) {
		p->dropped++;
		return;
	}
	v.guc.bytes = NULL; /* a view into the record */
	if (v.guc.gt < 64)
		p->gts |= 1ull << v.guc.gt;
	p->events[p->n++] = v;
}

static enum trace_next collect(struct picture *p, struct trace_file *f,
			       const struct trace_filter *filter)
{
	struct trace_record r;
	enum trace_next next;

	while ((next = trace_file_next(f, &r)) == TRACE_GOT) {
		if (r.kind == gucemu_TRACE_MARK && r.text_len == strlen(MARK) &&
		    memcmp(r.text, MARK, r.text_len) == 0 && !words.from && p->start == 0)
			p->start = r.time;
		if (trace_filter_has(filter, f, &r))
			keep(p, &r);
	}
	return next;
}

static enum diagram_profile default_profile(const struct trace_file *f)
{
	for (unsigned i = 0; i < TRACE_CARDS_MAX; i++)
		if (f->known[i] && f->card[i].abi_minor < GUC_ABI_MARKERS)
			return DIAGRAM_SEED;
	return DIAGRAM_FULL;
}

static void draw(struct picture *p, const struct trace_file *f)
{
	struct diagram_view view = { .vf = vf };
	bool drawn = false;
	size_t first = 0;

	diagram_place_steps(p->events, p->n);
	while (first < p->n && p->events[first].guc.time < p->start)
		first++;
	view.profile = profile ? strcmp(profile, "seed") == 0 ? DIAGRAM_SEED : DIAGRAM_FULL
			       : default_profile(f);
	for (unsigned gt = 0; gt < 64; gt++) {
		view.gt = gt;
		if (p->gts >> gt & 1)
			drawn |= diagram_print(p->events + first, p->n - first, &view);
	}
	if (!drawn)
		printf("VF %u has no messages in this part of the trace\n", vf);
	if (p->dropped > 0)
		printf("  (%zu events behind the first %u not looked at)\n", p->dropped, EVENTS_MAX);
}

int trace_diagram_main(int argc, char **argv)
{
	struct picture p = { 0 };
	struct trace_filter filter;
	enum cli_result result;
	enum trace_next next;
	struct trace_file f;
	int status;

	vf = 1;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (profile && strcmp(profile, "seed") != 0 && strcmp(profile, "full") != 0) {
		cli_complain(command.name, "--profile: '%s' is neither 'seed' nor 'full'", profile);
		return CLI_EXIT_USAGE;
	}
	if (!trace_filter_parse(&filter, &words, command.name))
		return CLI_EXIT_USAGE;
	status = trace_open_arg(&f, argc, argv, command.name);
	if (status != 0)
		return status;
	p.events = calloc(EVENTS_MAX, sizeof(*p.events));
	if (!p.events) {
		fprintf(stderr, "%s: out of memory\n", command.name);
		trace_file_close(&f);
		return 1;
	}
	next = collect(&p, &f, &filter);
	draw(&p, &f);
	status = trace_end(&f, next, p.malformed, command.name);
	free(p.events);
	trace_file_close(&f);
	return status;
}
