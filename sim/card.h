/* SPDX-License-Identifier: MIT */
/* What the files of the simulated world share. */
#ifndef GUCEMU_SIM_CARD_H
#define GUCEMU_SIM_CARD_H

#include "sim.h"

/* Zeroed memory from a page's boundary on; free(*raw). NULL: none. */
void *sim_pages(size_t size, void **raw);
/* Words read for a driver, as its transport would deliver them. */
void sim_read_words(struct guc_card *guc, unsigned fn, uint64_t off, unsigned size, unsigned n,
		    uint64_t *words);

#endif
