/* SPDX-License-Identifier: MIT */
/* The recorder: everything that goes in and out of the card, and who used it,
 * into a trace file (docs/protocol/trace.md). A reader of the event sink like
 * the log; when it can't go on the card does not notice. */
#include <errno.h>
#include <string.h>

#include "server.h"
#include "trace_writer.h"
#include "view/trace.h"

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
	err = trace_writer_open(&s->trace, &s->loop, s->opt.record, s->opt.overwrite,
				gucemu_TRACE_EVERYTHING, on_stopped, s);
	if (err != 0) {
		server_log(s, LOG_ERROR, "can't record to %s: %s", s->opt.record, open_text(err));
		return err;
	}
	trace_from_card(&card, s->opt.name, &s->opt.geometry, &s->opt.guc);
	trace_writer_card(s->trace, &card, 0, uv_hrtime());
	return 0;
}

bool record_active(const struct server *s)
{
	return s->trace && trace_writer_good(s->trace);
}

void record_event(struct server *s, const struct guc_event *event)
{
	struct trace_scratch scratch;
	struct trace_record r;

	trace_from_event(&r, event, &scratch);
	trace_writer_put(s->trace, &r);
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

	if (record_active(s))
		trace_writer_put(s->trace, &r);
}

void record_step(struct server *s, unsigned fn, unsigned gt, const char *text)
{
	put_text(s, gucemu_TRACE_STEP, fn, gt, 0, text);
}

void record_attach(struct server *s, unsigned fn, const char *name, bool adopted)
{
	put_text(s, gucemu_TRACE_ATTACH, fn, 0, adopted, name);
}

void record_detach(struct server *s, unsigned fn, bool given)
{
	put_text(s, gucemu_TRACE_DETACH, fn, 0, given, "");
}

void record_turn(struct server *s)
{
	if (s->trace)
		trace_writer_flush(s->trace);
}

void record_stop(struct server *s)
{
	trace_writer_close(s->trace, uv_hrtime());
	s->trace = NULL;
}
