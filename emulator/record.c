/* SPDX-License-Identifier: MIT */
/* The recorder: everything that goes in and out of the card, and who used it,
 * into a trace file (docs/protocol/trace.md). A reader of the event sink like
 * the log; when it can't go on the card does not notice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault.h"
#include "server.h"
#include "trace_writer.h"
#include "view/trace.h"

struct recorder {
	struct trace_writer *writer;
	struct trace_run run; /* register accesses that may go on */
	uint64_t due;         /* of what waits for a flush, or 0 (ns) */
};

/* How long a request of a function waits for the disk: well below the 50 ms
 * that a driver gives the GuC to answer. */
#define HOLD_NS 20000000u
/* What was recorded goes to the disk when it is this much, or this old. */
#define FLUSH_BYTES 65536u
#define FLUSH_NS    10000000u

static void on_stopped(void *user, const char *text)
{
	struct server *s = user;

	server_log(s, LOG_ERROR, "%s", text);
	events_update(s);
}

static const char *open_text(int err)
{
	switch (err) {
	case -EEXIST:
		return "it is there already; --overwrite replaces it";
	case -EINVAL:
		return "not a regular file";
	}
	return strerror(-err);
}

int record_start(struct server *s)
{
	gucemu_TraceCard card;
	int err;

	if (!s->opt.record)
		return 0;
	s->recorder = calloc(1, sizeof(*s->recorder));
	if (!s->recorder)
		return -ENOMEM;
	err = trace_writer_open(&s->recorder->writer, &s->loop, s->opt.record, s->opt.overwrite,
				gucemu_TRACE_EVERYTHING,
				fault_points(s->opt.fault) ? fault_seed(s->opt.fault) : 0,
				on_stopped, s);
	if (err != 0) {
		free(s->recorder);
		s->recorder = NULL;
		server_log(s, LOG_ERROR, "can't record to %s: %s", s->opt.record, open_text(err));
		return err;
	}
	trace_from_card(&card, s->opt.name, &s->opt.geometry, &s->opt.guc);
	trace_writer_card(s->recorder->writer, &card, 0, uv_hrtime());
	return 0;
}

bool record_active(const struct server *s)
{
	return s->recorder && trace_writer_good(s->recorder->writer);
}

static void put_run(struct server *s)
{
	struct trace_record r;

	if (trace_run_take(&s->recorder->run, &r))
		trace_writer_put(s->recorder->writer, &r);
}

void record_event(struct server *s, const struct guc_event *event)
{
	struct trace_scratch scratch;
	struct trace_record r;

	if (trace_run_add(&s->recorder->run, event))
		return;
	put_run(s);
	if (trace_run_add(&s->recorder->run, event))
		return;
	trace_from_event(&r, event, &scratch);
	trace_writer_put(s->recorder->writer, &r);
}

static void put_text(struct server *s, gucemu_TraceKind kind, unsigned fn, unsigned gt,
		     uint32_t code, const char *text)
{
	struct trace_record r = {
		.kind = kind,
		.function = fn,
		.gt = gt,
		.code = code,
		.time = s->now,
		.text = text,
		.text_len = strlen(text),
	};

	if (!record_active(s))
		return;
	put_run(s);
	trace_writer_put(s->recorder->writer, &r);
}

void record_step(struct server *s, unsigned fn, unsigned gt, const char *text)
{
	put_text(s, gucemu_TRACE_STEP, fn, gt, 0, text);
}

void record_mark(struct server *s, const char *text)
{
	put_text(s, gucemu_TRACE_MARK, 0, 0, 0, text);
}

void record_attach(struct server *s, unsigned fn, const char *name, bool adopted)
{
	put_text(s, gucemu_TRACE_ATTACH, fn, 0, adopted, name);
}

void record_detach(struct server *s, unsigned fn, bool given)
{
	put_text(s, gucemu_TRACE_DETACH, fn, 0, given, "");
}

bool record_behind(const struct server *s)
{
	uint64_t since;

	return record_active(s) && trace_writer_behind(s->recorder->writer, &since);
}

bool record_holds(const struct server *s)
{
	uint64_t since;

	return record_active(s) && trace_writer_behind(s->recorder->writer, &since) &&
	       uv_hrtime() - since < HOLD_NS;
}

uint64_t record_holds_until(const struct server *s)
{
	uint64_t since = 0;

	return record_active(s) && trace_writer_behind(s->recorder->writer, &since) ?
		       since + HOLD_NS : 0;
}

void record_turn(struct server *s, uint64_t now, uint64_t *deadline)
{
	struct recorder *r = s->recorder;

	if (!record_active(s))
		return;
	put_run(s);
	if (trace_writer_waiting(r->writer) == 0)
		r->due = 0;
	else if (r->due == 0)
		r->due = now + FLUSH_NS;
	/* Each flush wakes a thread: not for every little thing. */
	if (trace_writer_waiting(r->writer) >= FLUSH_BYTES || (r->due != 0 && now >= r->due)) {
		trace_writer_flush(r->writer);
		r->due = 0;
	}
	if (r->due != 0 && r->due < *deadline)
		*deadline = r->due;
}

void record_stop(struct server *s)
{
	if (!s->recorder)
		return;
	put_run(s);
	trace_writer_close(s->recorder->writer, uv_hrtime());
	free(s->recorder);
	s->recorder = NULL;
}
