/* SPDX-License-Identifier: MIT */
/* The world that tests and benches want: two cards alike, every VF on the first,
 * provisioned and with a driver. Failures of the set-up end the test. */
#ifndef GUCEMU_TESTS_PAIR_H
#define GUCEMU_TESTS_PAIR_H

#include "sim/sim.h"

#define SIM_CARDS 2u

struct sim_options {
	uint64_t seed;
	uint8_t gts, vfs;
	uint8_t abi_minor[SIM_CARDS];
	uint64_t ggtt_size;             /* of a card */
	uint64_t vf_ggtt;               /* of a VF, 0 = fair share */
	uint64_t ggtt_offset[SIM_CARDS];
	uint64_t vf_start[SIM_CARDS];   /* exact base of VF 1, 0 = the PF chooses */
	uint32_t contexts;              /* of a GuC */
	uint32_t vf_contexts;           /* of a VF, 0 = fair share */
	size_t vf_mem;
	uint64_t lmem[SIM_CARDS];       /* local memory of a card, 0 = integrated */
	uint64_t vf_lmem[SIM_CARDS];    /* of a VF there, 0 = fair share */
	uint16_t ccs_ratio;
	bool no_drain, strict_resfix, disclose;
	bool irq_registers;             /* Tiger Lake: no memory interrupts */
	bool random_order;              /* actors step in random order */
	struct vfc_options vf;          /* on_event, hook and user are the sim's */
	uint32_t engine_budget;
	/* A reader of everything the cards tell, from power on, or NULL. */
	guc_sink_fn sink;
	void *sink_user[SIM_CARDS];
	void (*on_power)(void *sink_user, const struct guc_geometry *g,
			 const struct guc_options *o);
};

/* Defaults: one GT, one VF, ABI 1.28, small cards, different bases. */
void sim_defaults(struct sim_options *o);
/* Power both cards on, start their PFs, provision every VF on card 0 and bind
 * its driver there. */
struct sim *sim_new(const struct sim_options *o);
/* What the world made last was made with; what later migrations read may be changed. */
struct sim_options *sim_made_with(void);

/* The six steps: freeze, pause and save, FLR + provision + pause + restore on
 * the other card, move the memory over, resume, thaw. 0 or -errno. */
int sim_migrate(struct sim *s, struct sim_vf *v);
/* The same in two parts, for tests that act in between. */
int sim_migrate_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len);
int sim_migrate_in(struct sim *s, struct sim_vf *v, const uint8_t *image, size_t len);

#endif
