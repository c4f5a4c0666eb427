/* SPDX-License-Identifier: MIT */
/* Cards, their PFs and VF drivers in one thread under virtual time from one
 * seed: the real libgucemu, libgucpf and libgucvf, joined by function calls.
 * VFs move from card to card with their memory. Scenarios, tests and benches
 * drive it; it never sleeps, and nothing here ends the process. */
#ifndef GUCEMU_SIM_SIM_H
#define GUCEMU_SIM_SIM_H

#include <stdbool.h>

#include "emulator/guc/guc.h"
#include "emulator/local.h"
#include "pfclient/pfc.h"
#include "vfclient/vfc.h"

#define SIM_MAX_CARDS 8u
#define SIM_MAX_VFS   (SIM_MAX_CARDS * GUC_MAX_VFS)
#define SIM_MS        1000000ull
#define SIM_LOG       65536u

struct sim;
struct sim_card;
struct sim_vf;

struct sim_card_options {
	struct guc_geometry geometry;
	struct guc_options guc;
	struct pfc_options pf; /* what follows from the two above is set by
				* sim_card_add(), so are callback and user */
	bool no_pf;            /* function 0 is the caller's: only its memory is made */
	/* A reader of everything the card tells, from power on, or NULL. */
	guc_sink_fn sink;
	void *sink_user;
	void (*on_power)(void *sink_user, const struct guc_geometry *g,
			 const struct guc_options *o);
};

/* A VF's machine: memory, clock and, mostly, a driver. */
struct sim_vf {
	struct sim *sim;
	unsigned card, fn;       /* where it lives now */
	unsigned gts;
	struct host_mem mem;
	void *mem_raw;
	struct host_port port;
	void *storage;
	struct vfc *vfc;         /* NULL: no driver; interrupts go to `irq` */
	void (*irq)(void *user, const struct guc_irq *i);
	void *irq_user;
	bool frozen;
	uint64_t frozen_since, frozen_ns; /* its clock is now - frozen_ns */
	uint32_t hold_steps;     /* bit s: hold before step s */
	uint8_t hold_gts;        /* bit g: only on GT g; 0 = on every GT */
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
	struct sim_card_options opt;
	void *block;
	size_t block_size;
	struct guc_card guc;
	struct host_mem pf_mem;
	void *pf_mem_raw;
	struct host_port pf_port;
	void *pf_storage;
	struct pfc *pfc;         /* NULL: no_pf */
	uint64_t late;           /* its clock, and its PF's, is now - late */
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
	struct sim_vf *vf[GUC_MAX_FUNCTIONS]; /* who lives here */
};

/* Who wants to know everything that happens; each may be NULL. */
struct sim_watch {
	void *user;
	void (*guc)(void *user, struct sim_card *c, const struct guc_event *ev);
	void (*pf)(void *user, struct sim_card *c, const struct pfc_event *ev);
	void (*vf)(void *user, struct sim_vf *v, const struct vfc_event *ev);
};

struct sim {
	uint64_t now, rng, hash;
	bool random_order;              /* actors step in random order */
	struct sim_card card[SIM_MAX_CARDS];
	unsigned cards;
	struct sim_vf *vf[SIM_MAX_VFS]; /* in the order of their making */
	unsigned vfs;
	struct sim_watch watch;
	uint64_t tag;
	unsigned steps;
};

/* A world without cards. NULL: no memory. */
struct sim *sim_create(uint64_t seed);
void sim_free(struct sim *s);
uint64_t sim_random(struct sim *s);

/* --- cards (card.c) --------------------------------------------------------------- */

/* A small card: one tile, one GT, one VF, ABI 1.28, 512 MiB of GGTT, lenient. */
void sim_card_defaults(struct sim_card_options *o);
/* Power a card on and start its PF, which comes up in the turns that follow
 * (pf_started). 0; -ENOSPC with SIM_MAX_CARDS; -EINVAL a bad option; -ENOMEM. */
int sim_card_add(struct sim *s, const struct sim_card_options *o, struct sim_card **out);

/* Its clock: the world's, less what restored snapshots took it back. */
uint64_t sim_card_now(const struct sim_card *c);

/* --- snapshots of cards (snapshot.c) ------------------------------------------------ */

struct sim_snapshot;
/* A card with its PF, its local memory, and every machine that lives there. 0;
 * -EBUSY while an image of local memory is being applied; -ENOMEM. */
int sim_snapshot_take(const struct sim_card *c, struct sim_snapshot **out);
/* Put the card back to it, clocks included; machines that have moved away come back.
 * May be done again and again. 0; -ENOENT a machine is gone, or others live in its
 * place; -EXDEV a snapshot of another card; -ENOSPC, -EIO local memory is not whole. */
int sim_snapshot_restore(struct sim_card *c, const struct sim_snapshot *snap);
/* Bytes that it takes. */
size_t sim_snapshot_size(const struct sim_snapshot *snap);
void sim_snapshot_free(struct sim_snapshot *snap);

/* --- VFs (vf.c) ------------------------------------------------------------------- */

/* A machine of `mem` bytes behind function `fn` of a card; with a driver when `o` is
 * not NULL (GTs, local memory and callbacks are set here). 0; -EINVAL no such
 * function or a bad option; -EBUSY somebody lives there; -ENOSPC; -ENOMEM. */
int sim_vf_add(struct sim *s, unsigned card, unsigned fn, const struct vfc_options *o,
	       size_t mem, struct sim_vf **out);
/* It goes, with all that it had; what it has under way is not ended. */
void sim_vf_remove(struct sim *s, struct sim_vf *v);
/* Plug it into another function. 0, -EINVAL, -EBUSY as above. */
int sim_vf_place(struct sim *s, struct sim_vf *v, unsigned card, unsigned fn);
/* Its own clock, which stands still while it is frozen. */
uint64_t sim_vf_now(const struct sim_vf *v);

void sim_freeze(struct sim *s, struct sim_vf *v);
void sim_thaw(struct sim *s, struct sim_vf *v);

/* Driver operations, run to their end. */
int sim_boot(struct sim *s, struct sim_vf *v);
/* Wait until every job accepted so far ended; false on a time-out of 5 s. */
bool sim_jobs_drained(struct sim *s, struct sim_vf *v);
/* Is the driver READY on every GT, does nothing pend, does the GuC run it? */
bool sim_is_recovered(const struct sim_vf *v);
/* Wait until it is; false after 5 s. */
bool sim_recovered(struct sim *s, struct sim_vf *v);
enum guc_vf_state sim_state(const struct sim *s, const struct sim_vf *v, unsigned gt);

/* --- time (sim.c) ----------------------------------------------------------------- */

/* One turn: every actor that has work does one unit; when none has, time moves
 * to the next deadline, or to `limit` when that is nearer. False: nothing is left to
 * happen before `limit`, and it is `limit` now, or it is UINT64_MAX. */
bool sim_turn_to(struct sim *s, uint64_t limit);
/* The same without a limit. False when nothing is left to happen, ever. */
bool sim_turn(struct sim *s);
/* Turn until `until(arg)` holds or `limit` ns of virtual time passed. */
bool sim_until(struct sim *s, bool (*until)(void *arg), void *arg, uint64_t limit);
/* Turn for `ns` of virtual time, and no more, also when nothing happens. */
void sim_run(struct sim *s, uint64_t ns);

/* --- the PF's verbs and migrations (verb.c) ----------------------------------------- */

/* PF verb on a card, run to its end: 0 or -errno. */
int sim_pf(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
	   const struct pfc_provision *arg);
/* Save to a fresh buffer (free() it); restore from one. */
int sim_save(struct sim *s, unsigned card, unsigned vf, uint8_t **image, size_t *len);
int sim_restore(struct sim *s, unsigned card, unsigned vf, const uint8_t *image, size_t len);
/* The six steps in two parts, for callers that act in between: freeze, pause and
 * save; FLR if card `to` has something of it, provision, pause and restore there,
 * move the machine over, resume, thaw, drop what the old card has. 0 or -errno. */
int sim_move_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len);
int sim_move_in(struct sim *s, struct sim_vf *v, unsigned to, const struct pfc_provision *share,
		const uint8_t *image, size_t len);

#endif
