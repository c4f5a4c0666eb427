/* SPDX-License-Identifier: MIT */
/* A load for the simulator's VFs: queues with finished, running and blocked
 * jobs, and the check that every job in the end ran once and right. */
#ifndef GUCEMU_TESTS_LOAD_H
#define GUCEMU_TESTS_LOAD_H

#include "pair.h"

#define LOAD_MAX_QUEUES 16u
#define LOAD_GROUP      3u /* queues of the group */

struct load {
	struct sim *sim;
	struct sim_vf *vf;
	unsigned queues; /* of each GT; with `wide` the last ones are a parallel one
			  * and a group's LOAD_GROUP */
	bool wide;
	struct {
		int id;
		int blocked; /* job at a semaphore, 0 = none */
	} queue[VFC_MAX_GTS][LOAD_MAX_QUEUES];
	unsigned submitted;
};

/* Boot the VF if it is off and put the load on it: each queue gets a job that
 * ends, then one that blocks in mid-batch until released. Dies on failure. */
void load_start(struct load *l, struct sim *s, struct sim_vf *v, unsigned queues, bool wide);
/* Add an ordinary job to every queue; not waited for. */
void load_more(struct load *l);
/* Release what is blocked, add one more job everywhere, wait for all: NULL
 * when every job ended right and once, else what was wrong. */
const char *load_finish(struct load *l);

#endif
