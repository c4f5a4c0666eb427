/* SPDX-License-Identifier: MIT */
/* Contexts for tests of libgucemu: lays out logical ring contexts in a VF's
 * memory, fills their rings, registers them the way a driver does, and moves a
 * VF from one card to another. On top of guc_fixture.h; GT 0 only. */
#ifndef GUCEMU_TESTS_GUC_LRC_H
#define GUCEMU_TESTS_GUC_LRC_H

#include "guc_fixture.h"
#include "proto/mi.h"

/* LRC k, by offset in the VF's memory. */
#define LX_BASE(k)     (FX_FREE + 0x8000u * (k))
#define LX_REGS(k)     (LX_BASE(k) + LRC_REGS)
#define LX_RING(k)     (LX_BASE(k) + 0x2000u) /* one page */
#define LX_INDIRECT(k) (LX_BASE(k) + 0x3000u)
#define LX_WA(k)       (LX_BASE(k) + 0x4000u)
#define LX_DATA(k)     (LX_BASE(k) + 0x5000u)
#define LX_BATCH(k)    (LX_BASE(k) + 0x6000u) /* two pages */
#define LX_RING_BYTES  4096u

/* Work queue of the parallel context whose leader is LRC k. */
#define LX_WQ_DESC(k) (LX_BASE(k) + WQ_DESC)
#define LX_WQ(k)      (LX_BASE(k) + WQ_BASE)

/* CGP page of the one group. */
#define LX_CGP LX_BASE(8)

/* Image of LRC k as a driver makes it, empty ring. */
void lx_make(struct fx *f, unsigned vf, unsigned k, bool indirect);
uint32_t lx_head(const struct fx *f, unsigned vf, unsigned k);
uint32_t lx_tail(const struct fx *f, unsigned vf, unsigned k);
void lx_set_tail(struct fx *f, unsigned vf, unsigned k, uint32_t tail);
/* Append commands to LRC k's ring and move its tail (not the parallel ones'). */
void lx_emit(struct fx *f, unsigned vf, unsigned k, const uint32_t *dw, unsigned n);
/* Append a store of `value` to offset `to` of the VF's memory. */
void lx_emit_store(struct fx *f, unsigned vf, unsigned k, uint32_t to, uint32_t value);
/* Append the start of a batch at offset `at`. */
void lx_emit_batch(struct fx *f, unsigned vf, unsigned k, uint32_t at);
/* Append a wait until offset `at` holds `value`. */
void lx_emit_wait(struct fx *f, unsigned vf, unsigned k, uint32_t at, uint32_t value);
/* A batch at offset `at`: store `value` to `to`, end. */
void lx_batch_store(struct fx *f, unsigned vf, uint32_t at, uint32_t to, uint32_t value);

/* REGISTER_CONTEXT of `id` with LRC k and this flags word, as an EVENT. */
void lx_register(struct fx *f, unsigned vf, uint32_t id, unsigned k, uint32_t flags);
/* REGISTER_CONTEXT_MULTI_LRC with LRCs k, k + 1, ... */
void lx_register_multi(struct fx *f, unsigned vf, uint32_t id, unsigned k, unsigned width);
/* Multi-queue groups: an empty page of version 1; LRC k in a place of it, marked
 * as new; REGISTER_CONTEXT_MULTI_QUEUE and CGP_SYNC. */
void lx_group_make(struct fx *f, unsigned vf);
void lx_group_entry(struct fx *f, unsigned vf, unsigned place, unsigned k, uint32_t id);
void lx_group_register(struct fx *f, unsigned vf, uint32_t id);
void lx_group_sync(struct fx *f, unsigned vf, uint32_t id);
/* Append an item with these ring tails; does not kick. */
void lx_wq_append(struct fx *f, unsigned vf, uint32_t id, unsigned k, unsigned width,
		  const uint32_t *tails);
void lx_mode(struct fx *f, unsigned vf, uint32_t id, uint32_t mode);
void lx_sched(struct fx *f, unsigned vf, uint32_t id);
/* Send a message of n dwords, header made from action and type. */
void lx_send(struct fx *f, unsigned vf, enum hxg_type type, uint32_t action, uint32_t *dw,
	     unsigned n);
/* Next G2H message of the VF that is this event; aborts when there is none. */
struct fx_msg lx_event(struct fx *f, unsigned vf, uint32_t action);

/* PAUSE and SAVE VF 1 at FX_BLOB: dwords of the blob. */
uint32_t lx_save(struct fx *f);
/* A new card with VF 1 provisioned at `start` and paused, and the memory and
 * blob of `from`. */
struct fx *lx_target(const struct fx *from, uint64_t start, const struct guc_options *options);
/* RESFIX_START and RESFIX_DONE with a marker, after a RESUME. */
void lx_resume(struct fx *f);
void lx_done(struct fx *f);

/* --- a load with every kind of address word ------------------------------------ */

/* One address word: the GGTT address of offset `target`, with flags. Dead ones
 * are behind the engine when lx_load() has run. */
struct lx_word {
	enum fixup fixup;
	uint32_t at, target, flags;
	bool dead;
};
extern const struct lx_word lx_words[];
extern const unsigned lx_words_n;

/* All jobs of the load wait until this dword is LX_OPEN. */
#define LX_GATE    (LX_DATA(5))
#define LX_OPEN    0x600Du
#define LX_STORES  11u /* of the load, LX_STORED of them before the gate */
#define LX_STORED  2u

/* Contexts 0 (in mid-batch), 1 (indirect ring state), 4 (parallel, two items),
 * 7 (compression save) and 9 (group of two queues, in places 0 and 40) of a booted VF 1, run until they wait. */
void lx_load(struct fx *f);
/* What a driver does at a new base: rewrite every word, but those of fixups in
 * `skip`, and those in `twice` off by `delta`. */
void lx_fix(struct fx *f, uint32_t skip, uint32_t twice, int64_t delta);
/* Open the gate, run, and check that every store of the load is there. */
void lx_finish(struct fx *f);

#endif
