/* SPDX-License-Identifier: MIT */
/* The demo's recording: FILE is the story as the demo sees it, with the events
 * of both cards in the order of their causes and the drivers' own steps, enough
 * for the diagram; each card records itself, whole, into FILE.A and FILE.B. */
#include "cli/demo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/trace_file.h"
#include "emulator/trace_writer.h"
#include "proto/bits.h"
#include "view/trace.h"

static void on_stopped(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "gucemu demo: %s\n", text);
}

/* Cards would refuse too, but in a log that is not shown. */
static bool is_free(struct demo *d, const char *path)
{
	if (d->opt.overwrite || access(path, F_OK) != 0)
		return true;
	demo_fail(d, "%s is there already; --overwrite replaces it", path);
	return false;
}

/* What the demo knows of a card; the rest stands in its own file. */
static void put_card(struct demo *d, unsigned i)
{
	gucemu_TraceCard card = {
		.tiles = 1,
		.gts = d->opt.gts,
		.vfs = d->opt.vfs,
		.abi_minor = demo_abi_minor(d),
	};

	snprintf(card.name, sizeof(card.name), "%c", 'A' + (int)i);
	trace_writer_card(d->trace, &card, i, uv_hrtime());
}

bool demo_record_start(struct demo *d)
{
	int err;

	if (!d->opt.record)
		return true;
	for (unsigned i = 0; i < DEMO_CARDS; i++) {
		int n = snprintf(d->card[i].record, sizeof(d->card[i].record), "%s.%c",
				 d->opt.record, 'A' + (int)i);

		if (n >= (int)sizeof(d->card[i].record)) {
			demo_fail(d, "the name of the trace file is too long");
			return false;
		}
		if (!is_free(d, d->card[i].record))
			return false;
	}
	if (!is_free(d, d->opt.record))
		return false;
	err = trace_writer_open(&d->trace, &d->loop, d->opt.record, d->opt.overwrite,
				gucemu_TRACE_STORY,
				d->opt.fault.n + d->opt.faults.n ? d->opt.fault_seed : 0,
				on_stopped, d);
	if (err != 0) {
		demo_fail(d, "can't record to %s: %s", d->opt.record, strerror(-err));
		return false;
	}
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		put_card(d, i);
	return true;
}

static void put_text(struct demo *d, struct trace_record *r, const char *text)
{
	r->text = text;
	r->text_len = strlen(text);
	trace_writer_put(d->trace, r);
	trace_writer_flush(d->trace);
}

void demo_record_mark(struct demo *d, uint64_t time, const char *text)
{
	struct trace_record r = { .kind = gucemu_TRACE_MARK, .time = time };

	if (d->trace)
		put_text(d, &r, text);
}

static void record_step(struct demo *d, const struct view_event *e)
{
	struct trace_record r = {
		.kind = gucemu_TRACE_STEP,
		.card = e->card,
		.function = e->guc.fn,
		.gt = e->guc.gt,
		.time = e->guc.time,
		.code = e->by_vf,
	};

	put_text(d, &r, e->text);
}

void demo_record_event(struct demo *d, struct view_event *e, const struct frame *f)
{
	struct trace_scratch scratch;
	struct guc_event guc;
	struct trace_record r;

	if (!d->trace)
		return;
	if (e->step) {
		record_step(d, e);
		return;
	}
	guc = *view_event_guc(e);
	trace_from_event(&r, &guc, &scratch);
	r.card = e->card;
	/* The whole message: the event keeps its beginning only. */
	if (guc.msg && f && f->data_len <= TRACE_DATA_MAX) {
		r.data = f->data;
		r.data_len = f->data_len;
	}
	trace_writer_put(d->trace, &r);
	trace_writer_flush(d->trace);
}

void demo_record_end(struct demo *d)
{
	trace_writer_close(d->trace, uv_hrtime());
	d->trace = NULL;
}

static bool is_whole(const char *path)
{
	enum trace_next next = TRACE_DAMAGED;
	struct trace_record r;
	struct trace_file f;
	bool whole;

	if (trace_file_open(&f, path) == TRACE_OPENED)
		while ((next = trace_file_next(&f, &r)) == TRACE_GOT)
			;
	whole = next == TRACE_ENDED && f.ended;
	if (!whole)
		fprintf(stderr, "gucemu demo: the recording in %s was cut short\n", path);
	trace_file_close(&f);
	return whole;
}

bool demo_record_whole(const struct demo *d)
{
	bool whole = true;

	if (!d->opt.record || !d->began)
		return true;
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		whole &= is_whole(d->card[i].record);
	return is_whole(d->opt.record) && whole;
}
