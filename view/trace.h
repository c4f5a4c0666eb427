/* SPDX-License-Identifier: MIT */
/* What a trace file's records mean for the rest of the program: a GuC's event
 * as a record and back, and a card's geometry and options as the record that
 * another card of the same behaviour is built from. */
#ifndef GUCEMU_VIEW_TRACE_H
#define GUCEMU_VIEW_TRACE_H

#include "emulator/guc/guc.h"
#include "proto/trace.h"
#include "view/event.h"
#include "view/event_data.h"

/* --- trace_event.c ------------------------------------------------------------- */

/* Room for the bytes of a record made of an event. */
struct trace_scratch {
	uint8_t bytes[EVENT_DATA_MAX];
};

/* The record of an event; its views are into `e` and `scratch`. */
void trace_from_event(struct trace_record *r, const struct guc_event *e,
		      struct trace_scratch *scratch);
/* The event of a record (bytes: a view into it), or a step (TRACE_STEP). 0;
 * -ENOENT: a kind that is neither; -EBADMSG: a field is out of range. */
int trace_to_event(struct view_event *v, const struct trace_record *r);
/* The kind that a point is recorded as; TRACE_NONE for GUC_PT_COUNT. */
gucemu_TraceKind trace_kind_of(enum guc_point point);

/* --- trace_run.c ---------------------------------------------------------------- */

/* Register accesses of one function, one behind the other, at one time, make one
 * record: `addr` and `seq` are those of the first, `data` holds the values, of
 * `size` bytes each, `len` is their length. */
#define TRACE_RUN_MAX 4096u /* accesses */

struct trace_run {
	struct guc_event first;
	unsigned n; /* 0: empty */
	uint8_t bytes[8 * TRACE_RUN_MAX];
};

/* True: `e` is in the run now. False: it doesn't belong there; take the run,
 * then try again: an event that is refused by an empty run is no access. */
bool trace_run_add(struct trace_run *run, const struct guc_event *e);
/* Empty the run into a record, whose views are into it. False: it was empty. */
bool trace_run_take(struct trace_run *run, struct trace_record *r);
/* Accesses in a record: 1 for all but runs, 0 for a malformed one. */
size_t trace_run_length(const struct trace_record *r);
/* Access number i of it, as a record of its own. */
void trace_run_single(const struct trace_record *r, size_t i, struct trace_record *single);

/* --- trace_card.c -------------------------------------------------------------- */

/* Names longer than 63 bytes are cut. */
void trace_from_card(gucemu_TraceCard *t, const char *name, const struct guc_geometry *g,
		     const struct guc_options *o);
/* Geometry and options that guc_card_init() still has to judge; -EBADMSG when
 * a field does not even fit its type. */
int trace_to_card(const gucemu_TraceCard *t, struct guc_geometry *g, struct guc_options *o);

#endif
