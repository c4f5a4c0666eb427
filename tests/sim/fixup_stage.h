/* SPDX-License-Identifier: MIT */
/* A migration in the simulator that stops before the GuC is told that all is
 * fixed, and the driver's memory from before and after: what became of every
 * word that holds an address, by row of vf-lifecycle 5.2. */
#ifndef GUCEMU_TESTS_FIXUP_STAGE_H
#define GUCEMU_TESTS_FIXUP_STAGE_H

#include "load.h"
#include "vfclient/vfc_priv.h"

#define MIB (1ull << 20)

/* Moves of a VF of 16 MiB: up, down, and overlapping by all but a page. */
#define MOVES 3
/* Each move in both generations of the recovery. */
#define CASES (2 * MOVES)

/* An address word of the driver's memory, of one row. */
struct place {
	enum fixup row;
	size_t at;
	size_t target; /* what it points to, as an offset; SIZE_MAX: not known here */
};
#define PLACES 8192u

/* A migration stopped before RESFIX_DONE. */
struct stage {
	struct sim *s;
	struct sim_vf *v;
	struct load load;
	uint64_t from, to;
	size_t size;
	uint8_t *before, *after;
	struct place place[PLACES];
	size_t n;
};

extern struct stage *stage;

/* Checked fixture. */
void stage_setup(void);
void stage_teardown(void);

/* Options of case i of CASES: a move, in one of the two generations. */
void stage_options(struct sim_options *o, int i);
/* A VF with a load of every kind; its migration to the other card, stopped before
 * the last step; the rest of it. */
void stage_boot(const struct sim_options *o);
void stage_move(const struct sim_options *o);
void stage_go_on(void);
/* The same, and every job ends once and right, and nothing is found. */
void stage_end_well(void);

/* A word of memory. */
uint32_t stage_word(const uint8_t *mem, size_t at);

/* Words of a row that moved with the base, and that stayed. */
struct stage_count {
	unsigned moved, stale;
};
struct stage_count stage_words(enum fixup row);
/* All moved, at least so many. */
void stage_expect_moved(enum fixup row, unsigned least);

#endif
