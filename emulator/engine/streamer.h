/* SPDX-License-Identifier: MIT */
/* What streamer.c, which walks rings and batches, and command.c, which carries
 * out what is found there, share. Private. */
#ifndef GUCEMU_ENGINE_STREAMER_H
#define GUCEMU_ENGINE_STREAMER_H

#include "engine.h"

/* Dwords fetched at once; of no command more than the first few matter. */
#define FETCH_DWORDS 64u
#define EXEC_DWORDS  12u

/* Where one slice is, with the commands it has fetched. */
struct streamer {
	const struct eng_place *r;
	struct guc_exec *exec;
	struct guc_lrc lrc;
	uint32_t dw[FETCH_DWORDS];
	uint64_t from;     /* address of dw[0] */
	uint32_t n;        /* dwords fetched */
	const uint32_t *cmd; /* the command to execute */
	uint32_t len;
	uint32_t cost;     /* of the command beyond its place in the budget */
};

/* GGTT address of the command. */
uint64_t eng_at(const struct streamer *s);
/* Step over the command: false when it reaches beyond the ring's tail. */
bool eng_advance(struct streamer *s);
/* CTX_TIMESTAMP of the context as of now. */
uint32_t eng_time(const struct streamer *s);

/* Carry out the command; what has no effect here is skipped by its length.
 * ENG_MORE: go on with the next. */
enum eng_end eng_command(struct streamer *s);

#endif
