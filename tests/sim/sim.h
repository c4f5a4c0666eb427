/* SPDX-License-Identifier: MIT */
/* A PF, its GuCs and their VFs in one thread under virtual time from one seed:
 * the real libgucemu, libgucpf and libgucvf, joined by function calls. Two
 * cards, so that VFs can move. Tests and benches drive it; it never sleeps. */
#ifndef GUCEMU_TESTS_SIM_H
#define GUCEMU_TESTS_SIM_H

#include <stdbool.h>

#include "emulator/guc/guc.h"
#include "emulator/local.h"
#include "pfclient/pfc.h"
#include "vfclient/vfc.h"

#define SIM_CARDS 2u
#define SIM_MS    1000000ull
#define SIM_LOG   65536u

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
	bool random_order;              /* actors step in random order */
	struct vfc_options vf;          /* on_event, hook and user are the sim's */
	uint32_t engine_budget;
	/* A reader of everything the cards tell, from power on, or NULL. */
	guc_sink_fn sink;
	void *sink_user[SIM_CARDS];
	void (*on_power)(void *sink_user, const struct guc_geometry *g,
			 const struct guc_options *o);
};

struct sim;

struct sim_vf {
	struct sim *sim;
	unsigned card, fn;       /* where it lives now */
	struct host_mem mem;
	struct host_port port;
	void *storage;
	struct vfc *vfc;
	bool frozen;
	uint64_t frozen_since, frozen_ns; /* its clock is now - frozen_ns */
	uint32_t hold_steps;     /* bit s: hold before step s */
	uint32_t held;           /* bit s: is being held there */
	uint64_t last_tag;
	int last_err;
	bool op_done;
	unsigned jobs_ok, jobs_bad, recovered, wedged;
	unsigned keeps; /* VFC_EV_KEEP */
	int keep_err;
	uint64_t kept;
	char log[SIM_LOG];
	size_t log_len;
};

struct sim_card {
	struct sim *sim;
	unsigned index;
	void *block;
	size_t block_size;
	struct guc_card guc;
	struct host_mem pf_mem;
	struct host_port pf_port;
	void *pf_storage;
	struct pfc *pfc;
	bool pf_started;
	int pf_start_err;
	uint64_t done_tag;
	int done_err;
	bool done;
	unsigned findings;
	struct guc_finding first_finding;
	unsigned violations;
	unsigned fences;
	struct local local;
	unsigned lmem_calls, lmem_fail; /* calls of the PF; the one that fails, 0 = none */
	uint64_t lmem_damage;           /* byte that a commit damages, 0 = none */
	/* A reader of this card's events beside the sim's own, or NULL. */
	guc_sink_fn sink;
	void *sink_user;
};

struct sim {
	struct sim_options opt;
	uint64_t now, rng, hash;
	struct sim_card card[SIM_CARDS];
	struct sim_vf *vf; /* opt.vfs of them; index i is VF i + 1 */
	uint64_t tag;
	unsigned steps;
};

/* Defaults: one GT, one VF, ABI 1.28, small cards, different bases. */
void sim_defaults(struct sim_options *o);
/* Power both cards on, start their PFs, provision every VF on card 0 and bind
 * its driver there. Ends the test on failure of the set-up itself. */
struct sim *sim_new(const struct sim_options *o);
void sim_free(struct sim *s);

/* One turn: every actor that has work does one unit; when none has, time moves
 * to the next deadline. False when nothing is left to happen, ever. */
bool sim_turn(struct sim *s);
/* Turn until `until(arg)` holds or `limit` ns of virtual time passed. */
bool sim_until(struct sim *s, bool (*until)(void *arg), void *arg, uint64_t limit);
/* Turn for `ns` of virtual time, or until all is idle. */
void sim_run(struct sim *s, uint64_t ns);

/* PF verb on a card, run to its end: 0 or -errno. */
int sim_pf(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
	   const struct pfc_provision *arg);
/* Save to a fresh buffer (free() it); restore from one. */
int sim_save(struct sim *s, unsigned card, unsigned vf, uint8_t **image, size_t *len);
int sim_restore(struct sim *s, unsigned card, unsigned vf, const uint8_t *image, size_t len);

void sim_freeze(struct sim *s, struct sim_vf *v);
void sim_thaw(struct sim *s, struct sim_vf *v);
/* The six steps: freeze, pause and save, FLR + provision + pause + restore on
 * the other card, move the memory over, resume, thaw. 0 or -errno. */
int sim_migrate(struct sim *s, struct sim_vf *v);
/* The same in three parts, for tests that act in between. */
int sim_migrate_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len);
int sim_migrate_in(struct sim *s, struct sim_vf *v, const uint8_t *image, size_t len);

/* Driver operations, run to their end. */
int sim_boot(struct sim *s, struct sim_vf *v);
/* Wait until every job accepted so far ended; false on a time-out of 5 s. */
bool sim_jobs_drained(struct sim *s, struct sim_vf *v);
/* Wait until the driver is READY and nothing pends; false after 5 s. */
bool sim_recovered(struct sim *s, struct sim_vf *v);
enum guc_vf_state sim_state(const struct sim *s, const struct sim_vf *v, unsigned gt);

uint64_t sim_random(struct sim *s);

#endif
