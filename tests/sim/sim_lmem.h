/* SPDX-License-Identifier: MIT */
/* See sim_lmem.c. */
#ifndef GUCEMU_TESTS_SIM_LMEM_H
#define GUCEMU_TESTS_SIM_LMEM_H

#include "sim.h"

void sim_lmem_card(struct sim_card *c, const struct sim_options *o);
struct host_lmem_port sim_lmem_pf(struct sim_card *c);
struct host_lmem_port sim_lmem_vf(struct sim_vf *v);

#endif
