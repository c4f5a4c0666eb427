/* SPDX-License-Identifier: MIT */
/* libgucvf, the pure part: a VF driver of an Intel Xe GPU as far as the GuC
 * can tell, and its migration recovery in two generations. Events go in
 * (interrupts, register values, time), register accesses come out through the
 * port; work on the driver's own memory is done directly. It does no I/O,
 * reads no clock, starts no thread, allocates nothing after vfc_init(), holds
 * no global. vfc_step() does one unit of work, so any other event may come
 * between any two sub-steps of a recovery: that is where the races live.
 *
 * Sources: vf-lifecycle sections 4 and 5, guc-abi sections 2, 3, 8, 9, A.1. */
#ifndef GUCEMU_VFC_H
#define GUCEMU_VFC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/lmem.h"
#include "host/port.h"
#include "proto/bell.h"
#include "proto/actions.h"
#include "proto/fixup.h"

#define VFC_MAX_GTS    2u    /* main and media GT of one tile */
#define VFC_MAX_QUEUES 1024u /* of each GT */
#define VFC_MAX_JOBS   8u    /* unfinished jobs of a queue */

/* Which recovery. AUTO: markers from negotiated VF ABI 1.27, else the seed's. */
enum vfc_generation { VFC_GEN_AUTO, VFC_GEN_SEED, VFC_GEN_LATEST };

/* Weaknesses of Linux 7.2 (vf-lifecycle 8.3) that can be switched on by name.
 * All off: the stronger behaviour. 8.3.11 and 8.3.12 are facts about GuC and
 * the marker field, nothing to choose. X(symbol, name, text) */
#define VFC_QUIRK_LIST(X)                                                      \
	X(WEDGE_ON_MIGRATED, "wedge-on-migrated", "0x107 at START or a query wedges (8.3.1)") \
	X(LATE_IRQ_RERUN, "late-irq-rerun",                                    \
	  "SW_INT_0 is cleared only after the handler: a late one reruns "    \
	  "recovery, 0x0A at START wedges (8.3.2, R-07)")                      \
	X(UNGUARDED_REQUEUE, "unguarded-requeue", "a requeued run works with 'in progress' off (8.3.3)") \
	X(ABI_OVERWRITE, "abi-overwrite", "the ABI record is overwritten before it is compared (8.3.4)") \
	X(STALE_RELAY, "stale-relay", "no new relay handshake after EACCES (8.3.5)") \
	X(REARM_DEVICE, "rearm-device", "interrupts are re-armed for the whole device (8.3.6)") \
	X(FIXUP_GAPS, "fixup-gaps", "rows 12, 20 and 21 are not fixed (8.3.7)") \
	X(RELAY_WAITS, "relay-waits", "a recovery does not end waits for the PF (8.3.7, R-46, C-27)") \
	X(LEAK_CREDITS, "leak-credits", "credits of discarded H2G are not given back (8.3.8)") \
	X(NO_SUSPEND_GUARD, "no-suspend-guard",                                \
	  "suspend does not wait for recovery, no query on resume or GT reset (8.3.9)") \
	X(NO_BASE_CHECK, "no-base-check",                                      \
	  "GGTT start is not range checked nor compared between GTs (8.3.10)") \
	X(TRUST_RUNTIME, "trust-runtime", "QUERY_RUNTIME paging trusts the PF (8.3.13)")

enum vfc_quirk {
#define X(sym, name, text) VFC_QUIRK_##sym,
	VFC_QUIRK_LIST(X)
#undef X
	VFC_QUIRK_COUNT
};
#define VFC_QUIRK_BIT(sym) (1u << VFC_QUIRK_##sym)
#define VFC_QUIRKS_LINUX_7_2 ((1u << VFC_QUIRK_COUNT) - 1)

/* Steps of the recoveries, each one call of vfc_step(). X(symbol, name, text) */
#define VFC_STEP_LIST(X)                                                       \
	X(SEED_BEGIN, "seed-begin", "runtime PM reference taken")              \
	X(SEED_QUERY, "seed-query", "configuration of every GT queried")       \
	X(SEED_DECIDE, "seed-decide", "defer if another migration is imminent, fail on error") \
	X(SEED_FIXUPS, "seed-fixups", "resources moved to the new GGTT base")  \
	X(SEED_NOTIFY, "seed-notify", "NOTIFY_RESFIX_DONE to each GT")         \
	X(SEED_END, "seed-end", "reference dropped")                           \
	X(SHUTDOWN, "shutdown", "CT stopped, submission paused, TLB waits completed") \
	X(SUPPORTED, "supported", "migration support checked")                 \
	X(MARKER, "marker", "next marker taken")                               \
	X(START, "start", "RESFIX_START sent")                                 \
	X(QUERY, "query", "configuration queried")                             \
	X(FIX_CCS, "fix-ccs", "compression contexts rebased")                  \
	X(FIX_DEFAULT_LRC, "fix-default-lrc", "default images rebased")        \
	X(FIX_QUEUES, "fix-queues", "every registered queue rebased")          \
	X(VALID, "valid", "GGTT marked valid, waiters woken")                  \
	X(REARM, "rearm", "interrupts re-armed, CT restarted, unfinished jobs emitted again") \
	X(DECIDE, "decide", "another recovery imminent?")                      \
	X(DONE, "done", "RESFIX_DONE sent")                                    \
	X(KICKSTART, "kickstart", "H2G replayed, submission restarted")        \
	X(ENDED, "ended", "recovery ended")

enum vfc_step_id {
#define X(sym, name, text) VFC_STEP_##sym,
	VFC_STEP_LIST(X)
#undef X
	VFC_STEP_COUNT
};

enum vfc_state {
	VFC_STATE_OFF,      /* before vfc_boot(), after vfc_shutdown() */
	VFC_STATE_BOOTING,
	VFC_STATE_READY,
	VFC_STATE_RECOVERING,
	VFC_STATE_SUSPENDED,
	VFC_STATE_WEDGED,   /* dead: every waiter ended with an error */
};

enum vfc_log_level { VFC_LOG_ERROR, VFC_LOG_WARN, VFC_LOG_NOTICE, VFC_LOG_INFO, VFC_LOG_DEBUG };

/* What the driver tells its user. */
enum vfc_event_kind {
	VFC_EV_LOG,       /* level, text: the driver's own log line */
	VFC_EV_STEP,      /* step, err: a step of a recovery ended */
	VFC_EV_STATE,     /* state */
	VFC_EV_JOB,       /* queue, job, err: a fence signalled */
	VFC_EV_QUEUE,     /* queue, err: destruction ended */
	VFC_EV_RELAY,     /* tag, err, dw: a relay request ended */
	VFC_EV_BASE,      /* base: new GGTT start; value: the old one */
	VFC_EV_KEEP,      /* tag, err, value: bytes; base: offset of what differs */
	VFC_EV_OP,        /* tag, err: vfc_boot, reset, suspend, resume, shutdown ended */
};

struct vfc_event {
	enum vfc_event_kind kind;
	uint8_t gt;             /* or VFC_DEVICE */
	enum vfc_log_level level;
	enum vfc_step_id step;
	enum vfc_state state;
	int err;                /* 0 or -errno */
	const char *text;       /* ends with its call */
	uint32_t queue, job;
	uint64_t tag, base, value;
	const uint32_t *dw;
	uint32_t len;
};
#define VFC_DEVICE 0xFFu

typedef void (*vfc_event_fn)(void *user, const struct vfc_event *event);

/* Called before each step of a recovery. VFC_HOOK_RUN: go on. VFC_HOOK_REPLACE:
 * the hook did the step's work, *err (0 or -errno) is its result. VFC_HOOK_HOLD: not now, ask
 * again at the next vfc_step() (how double migrations are made). */
enum vfc_hook_result { VFC_HOOK_RUN, VFC_HOOK_REPLACE, VFC_HOOK_HOLD };
struct vfc;
typedef enum vfc_hook_result (*vfc_hook_fn)(void *user, struct vfc *v, unsigned gt,
					    enum vfc_step_id step, int *err);

struct vfc_options {
	uint8_t gts;              /* 1 or 2 */
	enum vfc_generation generation;
	uint32_t quirks;          /* VFC_QUIRK_BIT()s */
	uint32_t skip_fixups;     /* bit f: enum fixup f is left out, for tests */
	uint32_t twice_fixups;    /* bit f: applied twice, for tests */
	uint8_t min_minor;        /* wanted and least VF ABI minor: 1 or 2 */
	bool discrete;            /* queries LMEM size */
	bool irq_registers;       /* interrupts through registers, not memory: the
				   * platform is older than graphics 12.50 */
	bool ccs;                 /* registers compression save/restore contexts */
	bool indirect_ring;       /* contexts with indirect ring state */
	bool no_relay;            /* boot without handshake and runtime query, and neither
				   * ask nor answer the PF later */
	bool testloop;            /* serves the PF the relay's test loop (a debug driver) */
	bool never_wedge;         /* xe's wedged mode "never": a recovery that fails
				   * only kills the queues of its GT; a GT
				   * reset makes the GT usable again */
	bool shared_queue;        /* both GTs' workers share one queue: the media
				   * GT recovers after the main GT */
	uint16_t ccs_ratio;       /* bytes of memory for one of compression metadata;
				   * 0 = none */
	struct host_lmem_port lmem; /* of a discrete card; tile 0 is used */
	struct bell_page *bells;  /* shared with the emulator (proto/bell.h), or NULL */
	uint64_t ggtt_min;        /* least legal GGTT start (WOPCM), bytes */
	vfc_event_fn on_event;    /* or NULL */
	vfc_hook_fn hook;         /* or NULL */
	void *user;               /* of both */
};

/* One GT, the generation that the negotiated ABI asks for, minor 2, GGTT from 8 MiB;
 * no quirk, fixup, callback or hook. */
void vfc_options_default(struct vfc_options *options);

/* Bytes of storage that vfc_init() needs, 8-byte aligned. */
size_t vfc_size(void);
/* Least driver memory for `queues` queues of `width` a GT; count one more for a
 * multi-queue group's page. */
size_t vfc_mem_size(unsigned gts, unsigned queues, unsigned width);

/* Lay out a driver in `storage`. port and mem must outlive it; mem->base must
 * be 4 KiB aligned and zeroed. NULL when an argument is out of range. */
struct vfc *vfc_init(void *storage, size_t size, const struct vfc_options *options,
		     const struct host_port *port, const struct host_mem *mem);

/* --- driving it --------------------------------------------------------------- */

/* An interrupt (MSI) came. Only notes it; vfc_step() looks at the page. That of a G2H
 * message may be lost: while one is awaited vfc_next_deadline() has a look into the
 * ring (host_ct_tick()). */
void vfc_irq(struct vfc *v);
/* A register read with `cookie` is answered. */
void vfc_read_done(struct vfc *v, uint32_t cookie, const void *words, unsigned n);
/* The call of the local memory's port with `cookie` ended, as pfc_lmem_done(). */
void vfc_lmem_done(struct vfc *v, uint32_t cookie, int err, const void *data, uint64_t len);
/* Do one unit of work at `now` (ns, never backwards). True: call again at once. */
bool vfc_step(struct vfc *v, uint64_t now);
/* The transport is lost (or the user gives up): everything under way ends with
 * an error, nothing works any more. Not from within a callback. */
void vfc_wedge(struct vfc *v, int err);
/* When vfc_step() has something to do without another event. */
uint64_t vfc_next_deadline(const struct vfc *v);

/* --- using it: each ends with an event of the given tag or id -------------------- */

/* Bootstrap (guc-abi A.1): reset, version, configuration, memirq, CTB on every
 * GT, relay handshake and runtime registers. VFC_EV_OP with `tag`. 0 or -EBUSY. */
int vfc_boot(struct vfc *v, uint64_t tag);
/* GT reset, suspend, resume, unload (vf-lifecycle 4.9). VFC_EV_OP with `tag`. Resume
 * wants a suspended driver, unload a booted or suspended one, the others a booted
 * one. 0; -EBUSY another one is under way, or a reset was asked for while a
 * recovery is pending; -ENODEV not in a state for it. */
int vfc_reset(struct vfc *v, unsigned gt, uint64_t tag);
int vfc_suspend(struct vfc *v, uint64_t tag);
int vfc_resume(struct vfc *v, uint64_t tag);
int vfc_shutdown(struct vfc *v, uint64_t tag);

/* Create a queue of `width` LRCs (1, or 2..8 parallel) on an engine class; it
 * is registered with its first job. Queue id >= 0, -ENOSPC, -ENOMEM, -EINVAL,
 * -ENODEV not booted or wedged. */
int vfc_queue_create(struct vfc *v, unsigned gt, enum guc_engine_class engine_class,
		     unsigned width);
/* Create a multi-queue group: its primary queue; then queues that join it, each
 * of them with jobs of its own. All run under one context of GuC, so suspending
 * and resuming any suspends and resumes all, and destroying the primary destroys
 * all. Ids and errors as above, and of vfc_group_add(): -ENOENT no such group,
 * -ENOSPC also for the 65th queue, -ECANCELED a group that GuC has reset. */
int vfc_group_create(struct vfc *v, unsigned gt, enum guc_engine_class engine_class);
int vfc_group_add(struct vfc *v, unsigned gt, uint32_t primary);
/* Destroy: disable, deregister, free. VFC_EV_QUEUE when the id is gone. */
int vfc_queue_destroy(struct vfc *v, unsigned gt, uint32_t queue);
/* Stop scheduling a queue and go on with it; jobs stay. What GuC must be told for
 * it follows in vfc_step(). These and destroy: 0; -ENOENT no such queue. */
int vfc_queue_suspend(struct vfc *v, unsigned gt, uint32_t queue);
int vfc_queue_resume(struct vfc *v, unsigned gt, uint32_t queue);

enum vfc_job_kind {
	VFC_JOB_STORE, /* the batch stores `value` to the job's result dword */
	VFC_JOB_LONG,  /* the same after `length` no-ops */
	VFC_JOB_WAIT,  /* the same after vfc_job_release(): waits at a semaphore */
	/* Single queues only. */
	VFC_JOB_LOCAL, /* the same, and to the queue's dword in local memory */
	VFC_JOB_CCS_PUT, /* the same, after compression metadata was copied to the */
	VFC_JOB_CCS_GET, /* surface of vfc_keep_write(), or from it */
};
struct vfc_job {
	enum vfc_job_kind kind;
	uint32_t value, length;
};
/* Submit; job numbers of a queue are 1, 2, ... VFC_EV_JOB when its fence (the
 * seqno in memory) is there, with -EIO when its result dword is wrong,
 * -ECANCELED when it was killed. Number > 0, -EBUSY with VFC_MAX_JOBS under
 * way, -ENOENT, -ENODEV, -EINVAL, -ENOMEM, -ECANCELED for a queue that GuC has
 * reset. Accepted during a recovery: runs after it. */
int vfc_job_submit(struct vfc *v, unsigned gt, uint32_t queue, const struct vfc_job *job);
/* Let a VFC_JOB_WAIT go on. 0; -ENOENT no such queue, or job not under way. */
int vfc_job_release(struct vfc *v, unsigned gt, uint32_t queue, uint32_t job);

/* Write what a migration must not lose: a surface of 128 KiB in local memory, or in
 * the driver's own on an integrated card, pages far apart in local memory, and the
 * metadata that VFC_JOB_CCS_PUT puts in; a pattern made of `seed` and place. Compare
 * it, the dwords of VFC_JOB_LOCAL, and the metadata that VFC_JOB_CCS_GET got.
 * VFC_EV_KEEP with `tag`, -EIO when something differs. 0; -EBUSY; -ENODEV not booted;
 * -ENXIO there is neither local memory nor metadata. */
int vfc_keep_write(struct vfc *v, uint32_t seed, uint64_t tag);
int vfc_keep_check(struct vfc *v, uint64_t tag);

/* Send a relay request (HXG message, header without origin) to the PF.
 * VFC_EV_RELAY with `tag`. 0, -EBUSY, -EMSGSIZE, -ECANCELED; -ENODEV not booted, or
 * without a relay. */
int vfc_relay(struct vfc *v, unsigned gt, const uint32_t *dw, uint32_t len, uint64_t tag);
/* The same for a caller with room for `max` dwords of answer, header included: a
 * longer SUCCESS ends with -ENOBUFS and without its words. */
int vfc_relay_max(struct vfc *v, unsigned gt, const uint32_t *dw, uint32_t len, uint32_t max,
		  uint64_t tag);

/* Invalidate the GuC's TLB (guc-abi 6.2); completes with the next seqno, at once
 * while a recovery is pending, whose new card has an empty TLB: see vfc_info.
 * 0; -ENODEV not booted or no such GT; what sending failed with. */
int vfc_tlb_invalidate(struct vfc *v, unsigned gt);

/* --- looking in ---------------------------------------------------------------- */

struct vfc_info {
	enum vfc_state state;
	uint8_t abi_major, abi_minor;
	uint64_t ggtt_start, ggtt_size, lmem_size;
	uint32_t contexts, doorbells, gmd_id;
	bool sched_groups, migration_supported, recovery_pending;
	bool ggtt_valid; /* no interrupt unhandled, no word stale (vf-lifecycle 4.3) */
	uint16_t relay_major, relay_minor;
	uint32_t runtime_n; /* runtime registers known */
	uint8_t marker_next;
	uint32_t recoveries, requeues, queues, registered, jobs_done, jobs_failed, jobs_pending;
	uint32_t fixup_count;
	uint32_t pm_refs;            /* runtime PM references held by the seed's worker */
	uint32_t tlb_sent, tlb_done; /* last invalidation asked for and completed */
	int wedged_err;
};
/* Fill *info for GT `gt`; a GT that isn't there gives GT 0's. GGTT in bytes. */
void vfc_info(const struct vfc *v, unsigned gt, struct vfc_info *info);
/* Value of the runtime register at `offset` of the main GT: on a media GT those below
 * 0x40000 are looked up with +0x380000 added; 0xD8C, GMD_ID, is what GuC said.
 * 0; -ENOENT, a warning and *value 0: the PF did not list it (vf-lifecycle 7.4). */
int vfc_runtime(struct vfc *v, unsigned gt, uint32_t offset, uint32_t *value);
/* Names as on the command line and in logs, a line of text on each; NULL out of
 * range. Static strings. */
const char *vfc_state_name(enum vfc_state s);
const char *vfc_step_name(enum vfc_step_id s);
const char *vfc_step_text(enum vfc_step_id s);
const char *vfc_quirk_name(enum vfc_quirk q);
const char *vfc_quirk_text(enum vfc_quirk q);
/* The enum vfc_quirk of that name, or -ENOENT. */
int vfc_quirk_find(const char *name);

#endif
