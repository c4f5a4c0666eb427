/* SPDX-License-Identifier: MIT */
/* What the files of the pure VF driver share: its state and the calls between
 * its parts. One file, one subject: config (query), boot (operations), irq,
 * relay, queue, job, parallel, group, tlb, replay, fixup, recovery, recovery_seed,
 * pm. A part that has to wait is called again by vfc_step() with the same
 * arguments until it returns something else than VFC_WAIT. */
#ifndef GUCEMU_VFC_PRIV_H
#define GUCEMU_VFC_PRIV_H

#include <errno.h>

#include "host/ct.h"
#include "host/mailbox.h"
#include "host/pages.h"
#include "proto/lrc.h"
#include "proto/regs.h"
#include "proto/relay.h"
#include "vfc.h"

/* Results of a step beside 0 and -errno. */
#define VFC_WAIT 1 /* for an answer or for time */
#define VFC_MORE 2 /* one unit done, there is more */

#define VFC_ABI_COMPRESSION 23u /* compression contexts may be registered */
#define VFC_ABI_GROUPS  26u /* key 0x3001 exists */
#define VFC_ABI_MARKERS 27u /* RESFIX_START and markers */

#define VFC_PTE_BATCH    512u /* GGTT entries written a step */
#define VFC_QUEUE_BATCH  32u  /* queues visited a step */
#define VFC_G2H_BATCH    16u  /* G2H messages read a step */
#define VFC_MAX_BACKOFFS 8u   /* runs given up with 0x107 before the end */
#define VFC_BACKOFF      10000000ull /* ns, doubles */
#define VFC_BASE_GRACE   100000000ull /* for the other GT to interrupt */
#define VFC_H2G_STUCK    1000000000ull /* no room in H2G: GT reset */
#define VFC_ROOM_RETRY  1000000ull    /* between two looks for room */
#define VFC_RELAY_WAIT   2500000000ull
#define VFC_SYNC_WAIT    1000000000ull /* of a group, for the next sync */
#define VFC_TLB_WAIT     2250000000ull
#define VFC_RESET_TRIES  10u
#define VFC_OWN_RESETS   8u /* of a GT in a row, without a good job between; then wedged */
#define VFC_RESET_CALM   1000000000ull /* so long after the last it is no row any more */
#define VFC_RELAYS       8u   /* relay requests of a GT under way */
#define VFC_MAX_RUNTIME  512u /* runtime registers remembered */
#define VFC_RUNTIME_LIMIT 16u /* asked at a time */
#define VFC_LONG_MAX     65536u /* no-ops of a VFC_JOB_LONG */

/* --- queues and jobs --------------------------------------------------------------- */

/* Each job takes the same bytes of the ring: its place follows from its number. */
#define JOB_RING_BYTES 64u
/* Data page of an LRC: what jobs read and write. */
#define DATA_SEQNO       0u
#define DATA_START_SEQNO 8u
#define DATA_RESULT(slot) (64u + 4u * (slot))
#define DATA_SEMAPHORE(slot) (128u + 4u * (slot))
#define DATA_BATCH(slot) (1024u + 128u * (slot))
#define SEQNO_FIRST      0xFFFFFF80u /* before the first job, so it wraps early */

struct vfc_job_slot {
	uint32_t number;
	enum vfc_job_kind kind;
	uint32_t value, length;
	size_t batch;       /* offset of a long batch, else SIZE_MAX */
	bool emitted;       /* its commands are in the ring */
};

/* Part in a multi-queue group. */
enum vfc_role { VFC_ALONE, VFC_PRIMARY, VFC_SECONDARY };

enum vfc_queue_kind { VFC_QUEUE_JOBS, VFC_QUEUE_CCS_SAVE, VFC_QUEUE_CCS_RESTORE };

/* The queue's number is the context id; a parallel one takes `width` of them,
 * the others are marked as children. */
struct vfc_queue {
	bool used, child;
	uint8_t width, engine_class;
	enum vfc_queue_kind kind;
	/* What GuC knows, as far as the driver can tell. */
	bool registered, policies, confirmed, enabled, pending_enable, pending_disable;
	/* What is wanted. */
	bool suspended, resuming, destroyed, killed;
	bool disable_sent, deregister_sent;
	bool deregister_credit; /* reserved with the disable */
	bool wq_dirty;     /* a work item with the present tails is due */
	uint32_t scheds;   /* SCHED_CONTEXT messages due */
	uint32_t wq_tail;
	size_t off, bytes; /* all its memory: width times one LRC's */
	/* In a group: the primary's id, itself too; the page; the place in it. */
	enum vfc_role role;
	uint32_t primary;
	size_t page;
	uint8_t place;
	bool entered;         /* stands in the page */
	bool syncing, synced; /* GuC was told, has answered */
	bool gone;            /* a secondary that was destroyed: its memory stays */
	/* Of a primary: places given out; a member has jobs; the last sync. */
	uint8_t places;
	bool wanted, sync_pending;
	uint64_t sync_since;
	uint32_t jobs_made, jobs_done; /* numbers of the last made and ended */
	struct vfc_job_slot job[VFC_MAX_JOBS];
};

static inline struct vfc_job_slot *queue_job(struct vfc_queue *q, uint32_t number)
{
	return &q->job[number % VFC_MAX_JOBS];
}

/* --- a GT -------------------------------------------------------------------------- */

struct vfc_version {
	bool valid;
	uint8_t branch, major, minor, patch;
};

struct vfc_config {
	bool valid;
	uint64_t ggtt_start, ggtt_size, lmem_size;
	uint32_t contexts, doorbells, groups, gmd_id;
};

struct vfc_recovery {
	/* vf-lifecycle 4.3. */
	bool queued, inprogress, need_fixes;
	bool pending, running;  /* the worker */
	uint8_t counter;
	uint32_t marker, fixups_complete;
	/* The run. */
	unsigned step;
	bool asked;             /* the hook let this step run */
	bool no_done;           /* START said: nothing to do */
	bool guc_migrated;      /* an answer of this step was 0x107 */
	uint64_t not_before;
	uint32_t backoffs;
	uint32_t cursor;        /* of steps that visit all queues */
	int64_t delta;          /* of this run's base against the last one */
	uint64_t fixed_start;   /* base that this GT's memory was made for */
	uint64_t grace;         /* 0, or until when the other GT may explain itself */
	bool requery;           /* the cached configuration is about to be asked anew */
	uint64_t scheduled_seq, asked_seq, queried_seq; /* order of events between the GTs */
	uint32_t ended, requeues;
};

enum vfc_relay_use { RELAY_FREE, RELAY_USER, RELAY_INTERNAL, RELAY_ANSWER };

struct vfc_relay_slot {
	enum vfc_relay_use use;
	bool carrier;   /* GuC's answer to the carrier is due */
	bool begin;     /* to be sent by the next step */
	bool unsent;    /* the ring was full */
	bool parked;    /* waits for a new handshake */
	bool retried;   /* once after a new handshake */
	bool ended;     /* RELAY_INTERNAL: err and answer are there */
	int err;
	uint32_t id;
	uint64_t tag, deadline;
	uint64_t resend_at; /* when unsent */
	uint32_t len, max, answer_len; /* max: of a SUCCESS */
	uint32_t dw[RELAY_MAX_DWORDS];
	uint32_t answer[RELAY_MAX_DWORDS];
};

struct vfc_relay {
	uint32_t last_id;
	uint16_t major, minor; /* agreed, 0.0 none */
	struct vfc_relay_slot *internal; /* of the handshake or query under way */
	bool rehandshake;      /* the PF does not know us any more */
	bool refresh;          /* it does again: reading its runtime registers */
	struct vfc_relay_slot slot[VFC_RELAYS];
	struct {
		uint32_t id;
		uint64_t since, due; /* of a BUSY test loop; due 0: none */
		uint64_t retry_since;
	} loop;
};

struct vfc_gt {
	struct vfc *v;
	uint8_t id;
	bool media;
	struct host_mailbox mbox;
	bool mmio_busy;
	struct host_ct ct;
	size_t h2g_off, g2h_off;
	size_t image[GUC_CLASS_COUNT]; /* default images */
	bool g2h_due, scan_due;
	uint32_t fast_failures, orphans; /* of the CT, already looked at */
	bool reset_wanted;
	unsigned own_resets;  /* that the driver began by itself, in a row */
	uint64_t own_reset_at;
	bool stuck;             /* a message found no room */
	uint64_t stuck_since;   /* 0 = since the next step */
	uint32_t stuck_head;    /* how far GuC had read then */
	uint64_t retry_at;      /* 0, or when queues are visited again for room */
	uint32_t queue_top;     /* ids from here on are free */
	struct vfc_version version;
	struct vfc_config config, next; /* cached, being queried */
	unsigned query_row;
	unsigned tries;
	struct vfc_recovery rec;
	struct vfc_relay relay;
	uint32_t runtime_n, runtime_total;
	bool runtime_begun;
	uint32_t runtime[VFC_MAX_RUNTIME][2];
	uint32_t tlb_sent, tlb_done;
	uint64_t tlb_since; /* 0 = since the next step */
	uint32_t queue_cursor, queue_visits; /* visits left in this round */
	uint32_t queues, registered, jobs_done, jobs_failed, jobs_pending;
	struct vfc_queue queue[VFC_MAX_QUEUES];
};

/* --- the device -------------------------------------------------------------------- */

enum vfc_op_kind { VFC_OP_NONE, VFC_OP_BOOT, VFC_OP_RESET, VFC_OP_SUSPEND, VFC_OP_RESUME,
		   VFC_OP_SHUTDOWN };

struct vfc_op {
	enum vfc_op_kind kind;
	uint64_t tag;
	bool own;          /* asked for by the driver itself: no event */
	uint8_t gt;        /* VFC_OP_RESET */
	unsigned segment, at_gt, row;
	bool row_begun;    /* it has been called and is not done */
	uint64_t not_before;
	uint32_t restarts;
	uint32_t page;     /* next GGTT entry */
};

/* The seed's worker, one for the device (vf-lifecycle 4.1). */
struct vfc_seed {
	uint32_t gt_flags;
	bool pending, running, asked;
	unsigned step, gt;
	int err;
	bool skipped;
	uint32_t pm_refs;
	uint32_t ended;
};

/* What must survive (keep.c). */
#define KEEP_SURFACE_PAGES 32u
#define KEEP_RESULT_PAGES  2u /* a dword a queue of every GT */
#define KEEP_PAGES (KEEP_SURFACE_PAGES + KEEP_RESULT_PAGES + 1)

enum vfc_keep_phase { VFC_KEEP_IDLE, VFC_KEEP_WRITE, VFC_KEEP_CHECK };

struct vfc_keep {
	bool placed;
	size_t surface, results, meta; /* in the driver's memory and GGTT range */
	enum vfc_keep_phase phase;
	uint32_t seed, cookie;
	uint64_t tag, at, done, off;
	unsigned at_extent;
	bool waiting, answered; /* for local memory */
	int err;
	bool put, got;          /* metadata, by jobs that ended */
	uint32_t stored[VFC_MAX_GTS][VFC_MAX_QUEUES]; /* by VFC_JOB_LOCAL */
	uint64_t is_stored[VFC_MAX_GTS][VFC_MAX_QUEUES / 64];
	uint8_t page[GGTT_PAGE];
};

/* The handler of a platform with interrupt registers (irq_registers.c). */
enum vfc_intr_phase {
	VFC_INTR_IDLE,
	VFC_INTR_MASTER,   /* who interrupts? */
	VFC_INTR_IDENTITY, /* and what is it? */
};

struct vfc_intr {
	enum vfc_intr_phase phase;
	bool answered;     /* `words` are there */
	bool migrated;     /* MIGRATED came and its recovery has not begun */
	uint32_t cookie;   /* of the last read */
	uint32_t words[4];
	uint32_t left[2], taken[2]; /* sources of each bank */
};

struct vfc {
	struct vfc_options opt;
	const struct host_port *port;
	const struct host_mem *mem;
	uint64_t now;
	bool dirty;      /* vfc_step() has something to do at once */
	bool irq;
	unsigned turn;
	enum vfc_state state;
	bool up;         /* booted and neither suspended nor shut down */
	bool suspended, teardown;
	int wedged_err;
	bool markers;    /* recovery of the latest generation */
	bool migration_supported;
	uint64_t ggtt_start, ggtt_size;
	uint64_t seq;    /* counts interrupts and queries */
	size_t memirq;
	bool memirq_on;  /* the page, or the registers */
	struct vfc_intr intr;
	struct host_pages pages;
	struct vfc_op op;
	struct vfc_seed seed;
	struct vfc_keep keep;
	struct vfc_gt gt[VFC_MAX_GTS];
};

/* --- vfc.c ------------------------------------------------------------------------- */

static inline bool vfc_quirk(const struct vfc *v, enum vfc_quirk q)
{
	return v->opt.quirks >> q & 1;
}

static inline uint64_t vfc_addr(const struct vfc *v, size_t off)
{
	return v->ggtt_start + off;
}

void vfc_event(struct vfc *v, const struct vfc_event *e);
void vfc_log(struct vfc *v, unsigned gt, enum vfc_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* One MMIO request: 0 with *data0, VFC_WAIT, or what host_mailbox_take() says. */
int vfc_mmio(struct vfc_gt *gt, const uint32_t *dw, uint32_t len, uint32_t *data0);
/* The same for requests whose DATA0 must be zero: -EPROTO else. */
int vfc_mmio_zero(struct vfc_gt *gt, uint32_t dw0, const uint32_t *dw1);
/* The dead state: everything ends with an error. */
void vfc_wedge(struct vfc *v, int err);
/* Ask the hook before a step of a recovery. */
enum vfc_hook_result vfc_ask_hook(struct vfc *v, unsigned gt, enum vfc_step_id step, int *err);
void vfc_step_event(struct vfc *v, unsigned gt, enum vfc_step_id step, int err);
/* True while H2G of this GT must not be written (vf-lifecycle 4.3). */
bool vfc_pending(const struct vfc_gt *gt);
/* Send over the CTB unless a recovery is pending: as host_ct_send(). */
int vfc_send(struct vfc_gt *gt, enum hxg_type type, const uint32_t *dw, uint32_t len,
	     uint64_t tag, uint32_t g2h, uint32_t events);
/* Stop the CT and take every queue back to a replayable state. */
void vfc_stop_gt(struct vfc_gt *gt);

/* --- config.c ---------------------------------------------------------------------- */

void vfc_query_begin(struct vfc_gt *gt);
int vfc_query(struct vfc_gt *gt, bool booting);

/* --- op.c -------------------------------------------------------------------------- */

/* Start an operation that vfc_op_step() will carry out. 0 or -EBUSY. */
int vfc_op_start(struct vfc *v, enum vfc_op_kind kind, unsigned gt, uint64_t tag);
bool vfc_op_step(struct vfc *v);
/* True while the operation under way keeps recovery off this GT. */
bool vfc_op_holds(const struct vfc *v, const struct vfc_gt *gt);
void vfc_op_end(struct vfc *v, int err);
uint64_t vfc_op_deadline(const struct vfc *v);

/* --- pm.c: rows of operations; each is called until it is done --------------------- */

int vfc_row_wait_recovery(struct vfc_gt *gt, unsigned arg);
int vfc_row_wait_worker(struct vfc_gt *gt, unsigned arg);
int vfc_row_stop(struct vfc_gt *gt, unsigned arg);
int vfc_row_suspended(struct vfc_gt *gt, unsigned arg);
int vfc_row_requery(struct vfc_gt *gt, unsigned arg);
int vfc_row_refix(struct vfc_gt *gt, unsigned arg);
int vfc_row_forget(struct vfc_gt *gt, unsigned arg);
int vfc_row_restart(struct vfc_gt *gt, unsigned arg);
int vfc_row_off(struct vfc_gt *gt, unsigned arg);

/* --- irq.c ------------------------------------------------------------------------- */

bool vfc_irq_step(struct vfc *v);
size_t vfc_irq_source(const struct vfc_gt *gt); /* offsets in mem */
size_t vfc_irq_status(const struct vfc_gt *gt);
bool vfc_irq_migrated(const struct vfc_gt *gt); /* the SW_INT_0 byte is set */
void vfc_irq_clear_migrated(struct vfc_gt *gt);
void vfc_irq_enable(struct vfc *v, bool again);
void vfc_irq_disable(struct vfc *v);
/* MIGRATED was seen. */
void vfc_irq_told(struct vfc_gt *gt);

/* --- irq_registers.c --------------------------------------------------------------- */

void vfc_intr_enable(struct vfc *v);
void vfc_intr_disable(struct vfc *v);
/* It does not know yet what has interrupted. */
static inline bool vfc_intr_busy(const struct vfc *v)
{
	return v->intr.phase != VFC_INTR_IDLE;
}
/* A part of the handler, after an interrupt or an answer. */
bool vfc_intr_step(struct vfc *v);
/* True: the read was one of these. */
bool vfc_intr_read_done(struct vfc *v, uint32_t cookie, const void *words, unsigned n);

/* --- relay.c, runtime.c ------------------------------------------------------------ */

void vfc_relay_reset(struct vfc_gt *gt, int err);
/* A recovery begins: nobody waits for a PF that may be another one now. */
void vfc_relay_migrated(struct vfc_gt *gt);
int vfc_relay_start(struct vfc_gt *gt, enum vfc_relay_use use, const uint32_t *dw, uint32_t len,
		    uint64_t tag, struct vfc_relay_slot **slot);
/* What the PF asks is answered: nothing but the test loop is served (testloop.c). */
void vfc_serve_pf(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len);
bool vfc_testloop_step(struct vfc_gt *gt);
void vfc_relay_carrier(struct vfc_gt *gt, uint64_t tag, int err, const uint32_t *dw);
int vfc_relay_event(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);
bool vfc_relay_step(struct vfc_gt *gt);
uint64_t vfc_relay_deadline(const struct vfc_gt *gt);
int vfc_handshake(struct vfc_gt *gt);
int vfc_query_runtime(struct vfc_gt *gt);

/* --- queue.c, job.c, group.c, parallel.c, lrc.c, tlb.c, fault.c -------------------------------------- */

size_t vfc_lrc_bytes(const struct vfc *v, enum guc_engine_class c);
size_t vfc_lrc_ring(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_hwsp(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_regs(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_indirect_ring(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_indirect_ctx(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_wa(const struct vfc *v, const struct vfc_queue *q, unsigned i);
size_t vfc_lrc_data(const struct vfc *v, const struct vfc_queue *q, unsigned i);
void vfc_lrc_wa_batch(struct vfc *v, const struct vfc_queue *q, unsigned i, int64_t error);
void vfc_lrc_build(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i);
void vfc_lrc_set_tail(struct vfc *v, const struct vfc_queue *q, uint32_t tail);
void vfc_lrc_set_head(struct vfc *v, const struct vfc_queue *q, uint32_t head);
void vfc_default_image_build(struct vfc_gt *gt, enum guc_engine_class c);

bool vfc_queue_step(struct vfc_gt *gt);
/* Place a queue and build its contexts: its id or -errno. */
int vfc_queue_make(struct vfc_gt *gt, enum guc_engine_class c, unsigned width,
		   enum vfc_queue_kind kind);
void vfc_queue_mark(struct vfc_gt *gt); /* visit every queue */
int vfc_queue_mode_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);
int vfc_queue_deregister_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);
int vfc_queue_reset(struct vfc_gt *gt, uint32_t id);
void vfc_queue_kill_all(struct vfc_gt *gt);
void vfc_queue_free_all(struct vfc_gt *gt, int err);
int vfc_ccs_create(struct vfc_gt *gt);

void vfc_job_emit(struct vfc_gt *gt, struct vfc_queue *q, struct vfc_job_slot *j, int64_t error);
/* Put jobs that came since, or during a recovery, into the ring: how many. */
uint32_t vfc_job_emit_due(struct vfc_gt *gt, struct vfc_queue *q);
/* Let GuC have all that is in the ring: its tail, or a work item that is due. */
void vfc_job_tails(struct vfc_gt *gt, struct vfc_queue *q);
void vfc_job_batch(struct vfc_gt *gt, struct vfc_queue *q, struct vfc_job_slot *j,
		   int64_t error);
/* End finished jobs, in order; true when any ended. */
bool vfc_job_collect(struct vfc_gt *gt, uint32_t id);
void vfc_job_end(struct vfc_gt *gt, uint32_t id, int err);
static inline uint32_t vfc_job_tail(uint32_t number)
{
	return number * JOB_RING_BYTES % LRC_RING_BYTES;
}

/* Register a group with its primary in the page; a secondary's turn to send:
 * true when something was done. */
int vfc_group_register(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id);
bool vfc_group_pump(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id);
int vfc_group_synced(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);
/* Call `visit` for every secondary. */
void vfc_group_each(struct vfc_gt *gt, uint32_t primary,
		    void (*visit)(struct vfc_gt *gt, uint32_t id));
/* A recovery begins; GuC does not know the primary (any more). */
void vfc_group_pause(struct vfc_queue *q);
void vfc_group_unregister(struct vfc_gt *gt, struct vfc_queue *q);

int vfc_page_fault(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);

bool vfc_wq_append(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id);
void vfc_wq_patch(struct vfc *v, const struct vfc_queue *q, int64_t error);
void vfc_wq_blank(struct vfc *v, const struct vfc_queue *q);
void vfc_wq_init(struct vfc *v, const struct vfc_queue *q);

void vfc_tlb_complete_all(struct vfc_gt *gt);
int vfc_tlb_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len);
bool vfc_tlb_step(struct vfc_gt *gt);

/* --- keep.c ------------------------------------------------------------------------ */

int vfc_keep_place(struct vfc *v);
/* GGTT entry of a page of the driver's range. */
uint64_t vfc_keep_pte(const struct vfc *v, uint32_t page);
/* May such a job be submitted? 0 or -EINVAL. */
int vfc_keep_job_ok(const struct vfc_gt *gt, const struct vfc_queue *q, enum vfc_job_kind kind);
/* Its commands at `at`, before the store of its result: where they end. */
size_t vfc_keep_job(struct vfc_gt *gt, uint32_t id, const struct vfc_job_slot *j, size_t at);
void vfc_keep_job_ended(struct vfc_gt *gt, uint32_t id, const struct vfc_job_slot *j);
size_t vfc_keep_carry(const struct vfc *v, size_t at, bool restore);
bool vfc_keep_step(struct vfc *v);
void vfc_keep_cancel(struct vfc *v, int err);

/* --- replay.c, fixup.c ------------------------------------------------------------- */

void vfc_replay_pause(struct vfc_gt *gt, struct vfc_queue *q);
void vfc_replay_prepare(struct vfc_gt *gt, struct vfc_queue *q);
void vfc_replay_kickstart(struct vfc_gt *gt, struct vfc_queue *q);
/* After a reset: GuC knows nothing of the queue. */
void vfc_replay_forget(struct vfc_gt *gt, struct vfc_queue *q);

bool vfc_fixup_wanted(const struct vfc *v, enum fixup f);
/* What a fixup adds to the right address: 0 but in the test mode 'twice'. */
int64_t vfc_fixup_error(const struct vfc_gt *gt, enum fixup f);
/* Write the compression contexts' rings; `error` is added to their addresses. */
void vfc_ccs_write(struct vfc_gt *gt, int64_t error);
void vfc_fixup_ccs(struct vfc_gt *gt);
void vfc_fixup_default_images(struct vfc_gt *gt);
void vfc_fixup_queue(struct vfc_gt *gt, struct vfc_queue *q);

/* --- recovery.c, recovery_seed.c --------------------------------------------------- */

void vfc_migrated(struct vfc_gt *gt);
bool vfc_recovery_step(struct vfc_gt *gt);
/* It failed and the device is not to be wedged. */
void vfc_recovery_abandon(struct vfc_gt *gt);
uint64_t vfc_recovery_deadline(const struct vfc_gt *gt);
void vfc_recovery_cancel(struct vfc_gt *gt);
/* Parts that both generations use. */
void vfc_recovery_fix_all(struct vfc_gt *gt);
void vfc_recovery_rearm(struct vfc_gt *gt);
void vfc_recovery_prepare(struct vfc_gt *gt);
void vfc_recovery_kickstart(struct vfc_gt *gt);

void vfc_seed_migrated(struct vfc_gt *gt);
bool vfc_seed_step(struct vfc *v);
void vfc_seed_cancel(struct vfc *v);

#endif
