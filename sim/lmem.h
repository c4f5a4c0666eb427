/* SPDX-License-Identifier: MIT */
/* See lmem.c. */
#ifndef GUCEMU_SIM_LMEM_H
#define GUCEMU_SIM_LMEM_H

#include "sim.h"

void sim_lmem_card(struct sim_card *c);
struct host_lmem_port sim_lmem_pf(struct sim_card *c);
struct host_lmem_port sim_lmem_vf(struct sim_vf *v);

#endif
