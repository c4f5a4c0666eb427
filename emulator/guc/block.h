/* SPDX-License-Identifier: MIT */
/* The card's state as it lies in the block, and what the files of this
 * directory call of one another. Private. There is not one pointer in here:
 * arrays whose size follows from the geometry are found by offsets, so that a
 * memcpy of the block is a snapshot. */
#ifndef GUCEMU_GUC_BLOCK_H
#define GUCEMU_GUC_BLOCK_H

#include "actions.h"
#include "guc.h"
#include "intr.h"
#include "lifecycle.h"
#include "limits.h"

#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/lrc.h"
#include "proto/regs.h"

/* Provisioning of a function on one GuC, as KLVs set it. GGTT values are
 * pushed to each GuC of a tile and kept by each. */
struct guc_config {
	uint64_t ggtt_start, ggtt_size, lmem_size;
	uint32_t num_contexts, begin_context;
	uint32_t num_doorbells, begin_doorbell;
	uint32_t sched_priority, tile_mask;
	uint32_t threshold[GUC_THRESHOLD_COUNT];
	/* Of each scheduler group; without groups the first one's count. */
	uint32_t exec_quantum_ms[GUC_SCHED_GROUPS], preempt_timeout_us[GUC_SCHED_GROUPS];
};

/* What was counted towards a function's thresholds (adverse.c). */
struct guc_adverse {
	uint64_t period; /* number of the sample period that count[] is of */
	uint32_t count[GUC_THRESHOLD_COUNT];
	uint32_t events[GUC_THRESHOLD_COUNT]; /* ADVERSE_EVENTs since the last reset */
	uint32_t told;   /* in this period, a bit each */
	uint32_t pad;
};

/* How long an engine worked for a function, or for anybody (activity.c). */
struct guc_engine_time {
	uint64_t ticks;   /* of finished spans */
	uint64_t since;   /* ns the present span began at + 1; 0 = none */
	uint32_t change;  /* number of the last change */
	uint32_t ran;     /* it has run something in this turn */
};

/* Where it is published: GGTT addresses of the PF's, 0 = nowhere. */
struct guc_activity_buffer {
	uint64_t metadata, data;
	uint32_t functions; /* 0: one record set, of the device */
	uint32_t change;
};

/* What SELF_CFG gave, absolute GGTT addresses; 0 = never set. */
struct guc_self_config {
	uint64_t memirq_status, memirq_source;
	uint64_t h2g_addr, h2g_desc, g2h_addr, g2h_desc;
	uint32_t h2g_bytes, g2h_bytes;
};

/* A CTB direction. The firmware trusts its own cursor, never the ring's. */
struct guc_ring {
	uint32_t cursor;  /* H2G head, G2H tail; dwords */
	uint32_t size;    /* dwords; 0 = not enabled */
	uint8_t stopped;  /* STATUS was set on a host's fault; until VF_RESET */
	uint8_t pad[7];
};

/* G2H messages that found no room or no running VF, oldest first. */
struct guc_queued {
	uint16_t fence, len;
	uint8_t credited, pad[3]; /* response or credited event: dropped at restore */
	uint32_t dw[GUC_QUEUED_DWORDS];
};

/* Where the engine is in an LRC. Registers are in its image. */
struct guc_exec {
	uint64_t batch;    /* address of the next command while level > 0 */
	uint64_t back;     /* where the first level goes on, while level is 2 */
	uint32_t since;    /* engine's clock at the last slice, while running */
	uint32_t progress; /* of the command that it stands at, as that counts it */
	uint8_t waiting;   /* stopped at a semaphore */
	uint8_t running;   /* time counts: it runs or polls */
	uint8_t armed;     /* the watchdog ends a wait */
	uint8_t level;     /* 0 in the ring, 1 and 2 in a batch */
	uint8_t ppgtt;     /* GUC_EXEC_BATCH, GUC_EXEC_BACK: addresses of the PPGTT */
	uint8_t behind;    /* a batch has ended, the ring behind it is held */
	uint8_t arb_off;   /* MI_ARB_ON_OFF: it can't be preempted */
	uint8_t predicate; /* of MI_SET_PREDICATE */
	uint8_t faulted;   /* a page fault of its own waits for the answer */
	uint8_t pad[7];
};
#define GUC_EXEC_BATCH 1u
#define GUC_EXEC_BACK  2u

/* What a PPGTT entry said when it was used. */
struct guc_tlb_entry {
	uint64_t page;  /* virtual address >> 12 */
	uint64_t root;  /* of the page tables */
	uint64_t entry;
	uint32_t asid;
	uint32_t epoch; /* valid while it is the unit's */
	uint8_t fn, shift, pad[6];
};

/* Queues of a multi-queue group as the last syncs named them. */
struct guc_group {
	uint8_t used, pad[7];
	uint32_t lrc_desc[CGP_QUEUES]; /* low dword of each descriptor, 0 = none */
	struct guc_exec exec[CGP_QUEUES];
};

/* Contexts that wait for an engine, the longest first: slot + 1, 0 = none. */
struct guc_runq {
	uint32_t first, last;
};

/* The function whose turn it is on the engines of a scheduler group. */
struct guc_world {
	uint64_t from;  /* when its slice began, ns */
	uint64_t spent; /* commands of the busiest engine since */
	uint32_t fn;
	uint32_t last;  /* of those that take turns: who had the last */
	uint32_t on;    /* 0: nobody has had a turn yet */
	uint32_t pad;
};

/* How far a walk over a blob's context records has come. */
struct guc_blob_walk {
	uint32_t at;      /* dword of the blob */
	uint32_t id;      /* the next context's least id */
	uint32_t records, lrcs; /* written or passed */
	uint32_t groups;  /* of them */
};

/* A SAVE or RESTORE of a VF that is under way, by slices (blob_op.c). */
struct guc_blob_op {
	uint8_t phase;    /* enum guc_blob_phase */
	uint8_t save;     /* else RESTORE */
	uint8_t type;     /* of the PF's request */
	uint8_t pad;
	uint16_t fence;
	uint16_t hint;    /* of its failure */
	uint64_t addr;    /* the PF's buffer */
	uint32_t bytes;   /* of it */
	uint32_t dwords;  /* of the blob, in the staging area */
	uint32_t moved;   /* bytes of the blob that are summed or copied */
	uint32_t crc;
	struct guc_blob_walk walk;
};

struct guc_function { /* of one GuC */
	uint8_t state;      /* enum guc_vf_state */
	uint8_t resfix_from;/* state that a lenient RESFIX_START left */
	uint8_t flr_rearm;
	uint8_t pausing;    /* PAUSE was accepted and goes on turn by turn */
	uint16_t marker;
	uint8_t abi_major, abi_minor;
	uint8_t mbox_pending;/* a request was rung while it could not be served */
	uint8_t ctb_enabled;
	uint8_t opt_in;     /* bit 0: 0x4001, bit 1: 0x4003 */
	uint8_t doorbell;   /* H2G was rung and is not drained yet */
	uint8_t irq_pending;/* G2H written in this turn: raise GUC2HOST at its end */
	uint8_t mmio_relay; /* waiting for the PF: 0, or 1 + magic */
	uint8_t compressing; /* type of the compression context that runs, 0 = none */
	uint8_t owed;       /* VF_STATE_NOTIFY events the PF gets after the reply: bit per event */
	uint8_t engines_off;/* classes that SCHED_ENGINE_MODE_SET stopped: bit per class */
	uint8_t deaf;       /* GUC_DEAF_*: hooks want that it is not served */
	uint32_t mbox[MAILBOX_DWORDS];
	struct guc_intr intr; /* with options.irq_registers, of VFs */
	struct guc_config config;
	struct guc_self_config self;
	struct guc_ring h2g, g2h;
	struct guc_queued queued[GUC_QUEUED_G2H];
	uint32_t queued_at, queued_n;
	uint64_t g2h_look_at; /* when to look for room again, while some are queued */
	uint64_t g2h_pause;   /* what was waited last, 0 = there was room */
	struct guc_finding findings[GUC_FINDINGS_KEPT];
	uint32_t findings_n; /* ever found */
	uint32_t violations[GUC_VIOL_COUNT];
	uint64_t h2g_messages, g2h_messages, g2h_dropped, mbox_requests, irqs;
	/* Diagnostic notes of the detector, taken at PAUSE (see detector.c). */
	uint32_t notes_n, notes_lost;
	struct guc_note notes[GUC_NOTES];
	uint64_t notes_base; /* GGTT start they were taken at, 0 = none */
	uint32_t noting;      /* 1 + the context that a PAUSE's notes have come to, 0 = none */
	uint32_t noting_left; /* dwords that they may look at yet */
	uint32_t fresh_checks; /* registrations since RESTORE are checked (row 8) */
	uint16_t done_marker;      /* of the RESFIX_DONE that waits for it */
	uint32_t compression_left; /* commands that `compressing` may run yet */
	uint32_t compression_id;   /* the context that runs them */
	struct guc_blob_op blob;
	uint32_t notes_pending; /* a restore's fixups are not checked yet: notes stay */
	struct guc_group group[GUC_GROUPS];
	struct guc_adverse adverse;
	struct guc_engine_time engine[GUC_ENGINES];
	struct guc_runq runq[GUC_ENGINES][GUC_PRIORITIES];
	uint32_t load[GUC_ENGINES]; /* runnable contexts for, on or asleep at an engine */
	uint32_t work;    /* engines with a context queued for or led from it, a bit each */
	uint32_t roaming; /* queued contexts that have a choice of engines */
	uint32_t gang[GUC_PRIORITIES]; /* queued, its turn has come, not all of its engines
					  are free: slot + 1, 0 = none */
};

/* A registered context. Addresses are GGTT addresses; in the blob, offsets. */
struct guc_context {
	uint8_t registered, enabled, type, engine_class;
	uint8_t width;    /* LRCs: 1, or 2..LRC_MAX_WIDTH for a parallel one */
	uint8_t runnable; /* SCHED_CONTEXT came, tail may differ from head */
	uint8_t killed;
	uint8_t fn;       /* owner */
	uint32_t submit_mask;
	uint32_t policy[5]; /* values of KLVs 0x2001..0x2005 */
	uint64_t wq_desc;
	uint64_t wq_base; /* of a group: its CGP page */
	uint32_t wq_bytes;
	uint32_t lrc_desc[LRC_MAX_WIDTH]; /* low dword of each descriptor; not a group's */
	uint8_t group;    /* 1 + number of struct guc_group, 0 = no group */
	uint8_t faulted;  /* stopped by a page fault until the driver answers */
	uint8_t leaving;  /* disabled, but can't be preempted yet: MODE_DONE is owed */
	uint8_t where;    /* enum guc_where */
	struct guc_exec exec[LRC_MAX_WIDTH];
	/* Scheduling, while it is runnable. */
	uint8_t rank;     /* priority it was queued with, 0 the highest */
	uint8_t engine;   /* the engine, a parallel one's first */
	uint8_t logical;  /* its logical instance */
	uint8_t pad;
	uint32_t engines; /* all of them, a bit each */
	uint32_t turn;    /* the last it had a slice in */
	uint32_t since;   /* the turn in which it was seated, or became its function's gang */
	uint32_t run_next, run_prev; /* in a queue or among sleepers: slot + 1, 0 = end */
	uint64_t slice_from, slice_spent; /* of the present slice: ns, commands */
	uint64_t asked_from, asked_spent; /* since it was to leave; from 0 = it wasn't */
	uint64_t wake;    /* ns: when a sleeper looks again */
};

#define GUC_DEAF_FUNCTION 1u /* it hangs */
#define GUC_DEAF_GUC      2u /* the whole GuC hangs */
#define GUC_DEAF_HELD     4u

/* A crossing that a hook delayed; of point STATE: the end of a hold. */
struct guc_delayed {
	uint64_t due;
	uint8_t point, fn, gt, len;
	uint16_t fence, code;
	uint8_t behind;  /* or after so many later ones, 0 = only in time */
	uint8_t pad[3];
	uint32_t dw[CTB_MSG_MAX_DWORDS];
};

struct guc_unit { /* one GuC */
	uint32_t sched_if_idle, sample_period_ms, reset_after_switch;
	uint32_t asleep;       /* between ENTER_S_STATE and EXIT_S_STATE: engines rest */
	uint64_t sampling_from; /* when the sample period was set, ns */
	uint32_t groups;       /* scheduler groups in use, 0 = off */
	uint32_t group_mask[GUC_SCHED_GROUPS_USED][GUC_GROUP_DWORDS];
	uint32_t tlb_epoch;    /* of the valid entries of tlb[] */
	uint64_t commands_seen[4]; /* unknown ones that were reported: see command.c */
	struct guc_tlb_entry tlb[GUC_TLB_ENTRIES];
	uint32_t vfs_enabled;  /* a VF was configured: the PF got VF_ENABLE */
	struct guc_activity_buffer activity[2]; /* of the device, of functions */
	struct guc_engine_time engine[GUC_ENGINES]; /* of all functions together */
	uint64_t engines_busy; /* functions with a span under way, a bit each */
	uint32_t runnable_n;   /* contexts that are runnable */
	uint32_t turn;         /* number of the engines' present turn */
	uint32_t seat[GUC_ENGINES]; /* contexts on engines: slot + 1, 0 = none */
	uint32_t sleep_first, sleep_last; /* at semaphores, who wakes first comes first */
	uint64_t strict, high; /* functions of priority NORMAL and HIGH, a bit each */
	uint64_t work;         /* functions with contexts queued or on engines, a bit each */
	uint64_t look_at;      /* ns: when something other than a sleeper is due; 0 = not */
	struct guc_world world[GUC_SCHED_GROUPS_USED];
	uint64_t contexts_off; /* of struct guc_context[geometry.contexts] */
	struct guc_function fn[]; /* geometry.vfs + 1 */
};

struct guc_block {
	uint64_t magic, bytes;
	struct guc_geometry geometry;
	struct guc_options options;
	uint64_t now, seq;
	uint64_t ggtt_off[GUC_MAX_TILES]; /* of uint64_t[ggtt_size / 4096] */
	uint64_t tlb_off[GUC_MAX_TILES];  /* the same again with options.ggtt_tlb */
	uint64_t unit_off[GUC_MAX_GTS];   /* of struct guc_unit */
	/* Functions with something left to do, a bit each: functions are too
	 * large to be looked at one by one in each turn. */
	uint64_t irq_owed[GUC_MAX_GTS];    /* irq_pending */
	uint64_t h2g_left[GUC_MAX_GTS];    /* H2G may hold messages */
	uint64_t g2h_left[GUC_MAX_GTS];    /* messages wait for room in a ring */
	uint64_t settle_left[GUC_MAX_GTS]; /* pausing, or events owed */
	uint64_t engine_due[GUC_MAX_GTS];  /* next run; UINT64_MAX = nothing to run */
	uint64_t stage_off, stage_bytes;  /* guc_blob_bound() bytes, 8-byte aligned */
	uint32_t stage_of; /* whose blob it holds: 1 + gt * GUC_MAX_FUNCTIONS + VF, 0 = free */
	uint32_t stage_pad;
	uint32_t delayed_n;
	uint32_t deeds_n, deeds_lost;
	uint8_t in_deeds;  /* they are being done: hooks are not asked */
	uint8_t hung_gts, hung_gucs; /* a bit a GT */
	uint8_t pad[1];
	struct guc_delayed delayed[GUC_DELAYED];
	struct guc_deed deeds[GUC_DEEDS];
};

/* --- finding things --------------------------------------------------------- */

static inline unsigned guc_gt_count(const struct guc_card *c)
{
	return (unsigned)c->block->geometry.tiles * c->block->geometry.gts;
}

static inline unsigned guc_gt_tile(const struct guc_card *c, unsigned gt)
{
	return c->block->geometry.gts == 2 ? gt / 2 : gt;
}

static inline bool guc_gt_is_media(const struct guc_card *c, unsigned gt)
{
	return c->block->geometry.gts == 2 && gt % 2 == 1;
}

static inline struct guc_unit *guc_unit(const struct guc_card *c, unsigned gt)
{
	return (struct guc_unit *)((char *)c->block + c->block->unit_off[gt]);
}

static inline struct guc_function *guc_fn(const struct guc_card *c, unsigned gt, unsigned fn)
{
	return &guc_unit(c, gt)->fn[fn];
}

/* Context slot `index` = begin_context + id, index < geometry.contexts. */
static inline struct guc_context *guc_context_slot(const struct guc_card *c, unsigned gt,
						   uint32_t index)
{
	struct guc_context *all =
		(struct guc_context *)((char *)c->block + guc_unit(c, gt)->contexts_off);

	return &all[index];
}

/* The slot of function fn's context `id`, or NULL when id >= num_contexts. */
struct guc_context *guc_context(const struct guc_card *c, unsigned gt, unsigned fn, uint32_t id);

static inline uint64_t *guc_ggtt(const struct guc_card *c, unsigned tile)
{
	return (uint64_t *)((char *)c->block + c->block->ggtt_off[tile]);
}

/* --- events (event.c) ------------------------------------------------------- */

/* Ask the hook; GUC_PASS without one. Only hookable points are passed in. */
enum guc_verdict guc_hook(struct guc_card *c, struct guc_event *ev, struct guc_hook_action *act);
/* Number the event, stamp it, tell the sink if its mask wants it. */
void guc_emit(struct guc_card *c, struct guc_event *ev);
/* Count, and report, a reach of fn outside what it was given. */
void guc_violate(struct guc_card *c, unsigned gt, unsigned fn, enum guc_violation v,
		 uint64_t addr, uint64_t value);
/* Put a crossing aside until now + delay; -ENOSPC when all slots are taken
 * (the caller then lets it pass). */
int guc_delay(struct guc_card *c, const struct guc_event *ev,
	      const struct guc_hook_action *act);
/* One more of the kind has gone its way: what lets only so many pass may go on now. */
void guc_delayed_passed(struct guc_card *c, enum guc_point point, unsigned gt, unsigned fn);
/* Change `len` bytes as the hook wants them. */
void guc_patch(const struct guc_hook_action *act, void *bytes, size_t len);
/* The turn of the card ends: do what hooks have asked for. */
void guc_deeds_run(struct guc_card *c);

/* --- GGTT and function memory (ggtt.c) -------------------------------------- */

/* Access through the GGTT on behalf of `fn` of `gt`. Each byte must lie in
 * the function's provisioned range and each entry must be present and carry
 * its VFID (PF: entries with VFID 0). Copies may cross pages; a page that can't
 * be translated fails the whole access before any byte moved, a hole behind it
 * may leave the pages before it written. 0; -EACCES foreign; -ENXIO not
 * present; -EFAULT hole in the function's memory: each counted and reported. */
int guc_ggtt_read(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, void *dst,
		  size_t len);
int guc_ggtt_write(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, const void *src,
		   size_t len);
int guc_ggtt_load32(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t *v);
int guc_ggtt_store32(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t v);
/* Bytes of the tile's local memory that fn was given (lmem.c). */
uint64_t guc_lmem_size(const struct guc_card *c, unsigned tile, unsigned fn);
/* MMIO access to the entries. */
uint64_t guc_pte_read(struct guc_card *c, unsigned tile, unsigned fn, uint32_t index);
void guc_pte_write(struct guc_card *c, unsigned tile, unsigned fn, uint32_t index, uint64_t pte);
/* TLB invalidation, for options.ggtt_tlb: number of entries emptied. */
uint32_t guc_ggtt_invalidate(struct guc_card *c, unsigned tile, unsigned fn);

/* --- registers that tell what a GT has (fuses.c) --------------------------------- */

/* The PF's read of register `off` of a tile; 0 for what is none of them. */
uint32_t guc_fuse(const struct guc_card *c, uint32_t off);
/* Graphics version times 100: 3000 for Panther Lake's 30.00. */
uint32_t guc_graphics_version(const struct guc_card *c);

/* --- mailbox and actions (mailbox.c, actions.c) ------------------------------ */

/* A request being handled, over either transport. Handlers fill the reply. */
struct guc_request {
	unsigned gt, fn;
	bool mmio;
	enum hxg_type type;
	uint16_t action, data0, fence;
	const uint32_t *dw;    /* the HXG message, dw[0] the header */
	uint32_t len;
	uint32_t reply_data0;  /* SUCCESS DATA0 */
	uint32_t reply[3];     /* dw1.. of the reply */
	uint32_t reply_len;    /* dwords in reply[] */
	uint16_t hint;         /* HINT of a failure */
	bool no_reply;         /* handler answers later or never */
	uint32_t cost;         /* work beyond the message's, in dwords of H2G */
};

/* Check r against its row and run the handler: 0 or an enum guc_error. */
uint16_t guc_dispatch(struct guc_card *c, struct guc_request *r);

/* Serve the mailbox of (gt, fn) if it holds a request of the host. */
void guc_mailbox_serve(struct guc_card *c, unsigned gt, unsigned fn);

/* --- CTB (ctb.c) -------------------------------------------------------------- */

/* Consume up to `budget` dwords of H2G; returns true if more is waiting. */
bool guc_h2g_serve(struct guc_card *c, unsigned gt, unsigned fn, uint32_t budget);
/* Send an HXG message, header included in dw[0..len). When the VF is not
 * running, or the ring is full, it is queued; when the queue is full the
 * newest is dropped and counted. `credited`: a response or credited event. */
void guc_g2h_send(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
		  const uint32_t *dw, uint32_t len, bool credited);
/* EVENT with `n` payload dwords; notices.c must have a row that allows it. */
void guc_g2h_event(struct guc_card *c, unsigned gt, unsigned fn, uint16_t action,
		   const uint32_t *payload, uint32_t n);
/* Move queued messages into the ring as far as it has room. */
void guc_g2h_flush(struct guc_card *c, unsigned gt, unsigned fn);
/* Raise the GUC2HOST interrupts that this turn's messages owe. */
void guc_irq_flush(struct guc_card *c);
/* CONTROL_CTB; and forget everything (VF_RESET, FLR). */
uint16_t guc_ctb_enable(struct guc_card *c, unsigned gt, unsigned fn, bool on);
void guc_ctb_reset(struct guc_card *c, unsigned gt, unsigned fn);

/* --- interrupts (memirq.c) ------------------------------------------------------ */

/* fn's interrupts go through registers, not memory. */
static inline bool guc_has_intr(const struct guc_card *c, unsigned fn)
{
	return fn && c->block->options.irq_registers;
}

/* Write the memirq bytes of a GuC interrupt bit and raise the line; or tell the
 * registers, which may. */
void guc_raise(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit);
/* The same for an engine: status and source base and vector as the context image
 * has them, memirq source number of the engine. */
void guc_raise_engine(struct guc_card *c, unsigned gt, unsigned fn, uint64_t status_base,
		      uint64_t source_base, uint8_t source, uint16_t vector);
/* fn's interrupt registers raised the line on being written. */
void guc_raise_line(struct guc_card *c, unsigned gt, unsigned fn);

/* --- lifecycle (lifecycle.c) ----------------------------------------------------- */

/* Feed an input to the table; 0 or the enum guc_error of the refusal. The
 * state has changed and effects have run when it returns 0. */
uint16_t guc_vf_input(struct guc_card *c, unsigned gt, unsigned fn, enum guc_vf_input input,
		      uint32_t arg);

/* --- contexts and engine (context.c, engine.c) ------------------------------------ */

uint16_t guc_act_register(struct guc_card *c, struct guc_request *r);       /* 0x4502 */
uint16_t guc_act_register_multi(struct guc_card *c, struct guc_request *r); /* 0x4601 */
uint16_t guc_act_deregister(struct guc_card *c, struct guc_request *r);     /* 0x4503 */
uint16_t guc_act_sched(struct guc_card *c, struct guc_request *r);          /* 0x1000 */
uint16_t guc_act_mode_set(struct guc_card *c, struct guc_request *r);       /* 0x1001 */
uint16_t guc_act_context_policies(struct guc_card *c, struct guc_request *r); /* 0x100B */
uint16_t guc_act_tlb(struct guc_card *c, struct guc_request *r);            /* 0x7000, 0x7002 */
uint16_t guc_act_engine_mode(struct guc_card *c, struct guc_request *r);    /* 0x1003 */
uint16_t guc_act_register_group(struct guc_card *c, struct guc_request *r); /* 0x4602 */
uint16_t guc_act_cgp_sync(struct guc_card *c, struct guc_request *r);       /* 0x4603 */
uint16_t guc_act_fault_response(struct guc_card *c, struct guc_request *r); /* 0x6003 */
uint16_t guc_act_page_reclamation(struct guc_card *c, struct guc_request *r); /* 0x7003 */
/* Forget every context of fn (VF_RESET, FLR, STOP does not). */
void guc_contexts_drop(struct guc_card *c, unsigned gt, unsigned fn);
/* Take fn's contexts off the engines: heads are written back (PAUSE, STOP). */
void guc_contexts_preempt(struct guc_card *c, unsigned gt, unsigned fn);
/* Mark fn's enabled contexts runnable again (RESUME, RESFIX_DONE). */
void guc_contexts_kick(struct guc_card *c, unsigned gt, unsigned fn);
/* A turn of a GuC's engines, GUC_ENGINE_TURN commands at most: true if a context is left
 * that could go on at once (one at a semaphore cannot). */
bool guc_engine_run(struct guc_card *c, unsigned gt);
/* Run a slice of fn's first context of a compression type (enum guc_ctx_type) from
 * its ring's start; meanwhile fn's other contexts stand still. True: there is more.
 * At its end the ring's head is 0 again, as its driver needs it. */
bool guc_compression_run(struct guc_card *c, unsigned gt, unsigned fn, unsigned type);
/* When the engines have to be looked at though none can go on at once: a context
 * waits at a semaphore, a slice of nobody's ends; UINT64_MAX: not. */
uint64_t guc_engine_next(const struct guc_card *c, unsigned gt);
/* fn's registered context `id`, or NULL. */
struct guc_context *guc_context_find(const struct guc_card *c, unsigned gt, unsigned fn,
				     uint32_t id);
/* The context runs no more; its driver has to be told why. True when it did run. */
bool guc_context_stop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id);
/* Memory fault: stop it, tell its driver with MEMORY_CAT_ERROR. */
void guc_context_kill(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id);

/* --- blob (blob.c, blob_op.c) and detector (detector.c) -------------------------------------- */

uint16_t guc_act_save_restore(struct guc_card *c, struct guc_request *r); /* 0x550B */
/* A slice of the VF's SAVE or RESTORE that is under way. */
void guc_blob_turn(struct guc_card *c, unsigned gt, unsigned vf);
/* Something else becomes of the VF: what is under way fails with 0x0A; but a RESTORE
 * that is being applied ends first when its VF is to `go_on`. */
void guc_blob_meet(struct guc_card *c, unsigned gt, unsigned vf, bool go_on);
/* The PF of this GuC hears nothing any more. */
void guc_blob_forget(struct guc_card *c, unsigned gt);
/* Bytes of the largest blob of a card: the staging area that card.c lays out
 * at stage_off. A blob is made there, and checked there before it is applied. */
size_t guc_blob_bound(const struct guc_geometry *geometry);

/* Note address words, a slice of all (vf-lifecycle 5.2 rows 6, 8 to 11, 13, 15, 18).
 * True: there is more, and until then fn stands still. */
bool guc_detector_note(struct guc_card *c, unsigned gt, unsigned fn);
/* Compare at RESFIX_DONE; returns the number of findings. */
unsigned guc_detector_check(struct guc_card *c, unsigned gt, unsigned fn);
/* LRC `child` of a context is new. After a restore its memirq words must be those
 * of the page that SELF_CFG named (row 8). */
void guc_detector_fresh(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id,
			unsigned child);

#endif
