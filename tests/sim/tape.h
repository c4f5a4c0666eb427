/* SPDX-License-Identifier: MIT */
/* A card's recording in memory, and the proof that it is whole: a second card,
 * built from the recording alone and fed with its inputs, has to tell the same
 * again, byte for byte. */
#ifndef GUCEMU_TESTS_TAPE_H
#define GUCEMU_TESTS_TAPE_H

#include "emulator/guc/guc.h"
#include "view/trace.h"

struct tape {
	uint8_t *bytes; /* records, from TRACE_CARD on; free() it */
	size_t len, cap;
	size_t records;
	struct trace_run run; /* pending register accesses */
};

/* Begin with the card that will be recorded; `user` is the tape. */
void tape_begin(void *user, const struct guc_geometry *g, const struct guc_options *o);
/* A guc_sink_fn: `user` is the tape. The card's sink_mask must let all points pass. */
void tape_sink(void *user, const struct guc_event *event);

/* Write what is still pending. */
void tape_end(struct tape *t);

/* Take a card's own trace file, but for magic and header. False: it is none. */
bool tape_load(struct tape *t, const char *path);

struct replay {
	struct tape tape;       /* with each access of a run for itself */
	size_t at;              /* offset of the next record */
	struct guc_card card;
	void *block;            /* the replayed card's state; replay_free() */
	size_t block_size;
	size_t inputs, records;
	char why[512];          /* what differed first, or "" */
};

/* Replay a whole tape: true when everything came out as it was recorded. */
bool replay_run(struct replay *r, const struct tape *tape);
void replay_free(struct replay *r);

#endif
