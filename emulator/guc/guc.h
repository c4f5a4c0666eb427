/* SPDX-License-Identifier: MIT */
/* libgucemu: an Intel Xe card's GuC firmware, seen from SR-IOV, as a pure
 * state machine. Events go in (MMIO, FLR, time), effects come out (memory and
 * interrupts through the port, replies in registers and rings). It does no
 * I/O, reads no clock, starts no thread, allocates nothing, holds no global.
 *
 * A card has tiles; a tile a main GT and perhaps a media GT; a GT a GuC. The
 * GGTT belongs to the tile. Functions: 0 is the PF, 1..vfs are the VFs. GTs
 * are numbered card-wide: tile * gts + 0 (main) or 1 (media).
 *
 * The whole state is one pointer-free block of guc_card_size() bytes that the
 * caller owns: a memcpy of it is a snapshot. `struct guc_card` is the handle
 * that holds the pointers: block, port, hook and sink. Not thread-safe; one
 * card is driven from one thread. */
#ifndef GUCEMU_GUC_H
#define GUCEMU_GUC_H

#include <stdbool.h>

#include "event.h"
#include "limits.h"
#include "port.h"
#include "proto/klv.h"

#define GUC_MAX_TILES     2u
#define GUC_MAX_GTS       4u  /* of a card: 2 tiles with 2 GTs */
#define GUC_MAX_VFS       63u /* SR-IOV limit of Xe */
#define GUC_MAX_FUNCTIONS (GUC_MAX_VFS + 1)
#define GUC_ABI_MIN_MINOR 0u
#define GUC_ABI_MAX_MINOR 28u /* VF ABI 1.0 to 1.28 can be offered */

/* First offered version 1.minor.0 that has ... (guc-abi 10; what came with 1.14.1
 * or 1.18.4 is in the next minor's). */
#define GUC_ABI_POLICIES     1u /* UPDATE_SCHEDULING_POLICIES_KLV */
#define GUC_ABI_GMD_ID       2u /* key 0x3000 */
#define GUC_ABI_OPT_IN       7u /* OPT_IN_FEATURE_KLV and key 0x4001 */
#define GUC_ABI_RECLAMATION 14u /* PAGE_RECLAMATION */
#define GUC_ABI_ACTIVITY    15u /* engine activity buffers */
#define GUC_ABI_DYNAMIC_ICS 19u /* key 0x4003 */
#define GUC_ABI_COMPRESSION 23u /* context types of compression save and restore */
#define GUC_ABI_GROUPS      26u /* key 0x3001; firmware 70.53: scheduler groups, key 0x8A0D */
#define GUC_ABI_MARKERS     27u /* RESFIX_START and markers */

/* Sizes that fix the block's size. */
struct guc_geometry {
	uint8_t tiles;      /* 1..GUC_MAX_TILES */
	uint8_t gts;        /* of each tile: 1, or 2 with a media GT */
	uint8_t vfs;        /* 0..GUC_MAX_VFS */
	uint32_t contexts;  /* context ids of each GuC, 1..65535 */
	uint64_t ggtt_size; /* bytes of each tile, 4 KiB multiple, <= 4 GiB */
};

/* What this firmware is; may differ between cards of one geometry. */
struct guc_options {
	uint8_t abi_minor;          /* offered VF ABI 1.minor.0 */
	uint8_t vf_abi_minor[GUC_MAX_FUNCTIONS]; /* per VF; 0 = as above */
	bool strict_resfix;         /* verdict 1: START/DONE outside RESFIX get 0x0A */
	bool no_drain;              /* verdict 3: H2G is not drained at PAUSE */
	bool strict_detector;       /* a finding fails guc_detector_verdict() */
	bool gap_profile;           /* detector also checks rows 12, 20, 21 */
	bool ggtt_tlb;              /* a GGTT TLB that only 0x7000 refreshes */
	bool ppgtt_tlb;             /* what the engines' TLB holds outlasts a slice: a
				     * changed PPGTT entry is seen after an invalidation */
	uint32_t gmd_id[2];         /* KLV 0x3000 of main and media GT */
	uint16_t devid;
	uint8_t revid;
	uint32_t engine_budget;     /* commands a context may run a tick, > 0 */
	uint32_t vf_stride;         /* PF's view of VF registers, REG_VF_STRIDE */
	uint64_t lmem_size;         /* local memory of each tile, bytes; 0 = integrated */
	bool irq_registers;         /* VFs have interrupt registers instead of memory
				     * interrupts: graphics before 12.50 */
	uint16_t ccs_ratio;         /* bytes of memory for one of compression metadata:
				     * 256, from graphics 20 on 512; 0 = none */
};

/* State of a VF in one GuC (vf-lifecycle 1.1). X(symbol, name). */
#define GUC_VF_STATE_LIST(X)                                                   \
	X(UNPROVISIONED, "UNPROVISIONED")                                      \
	X(READY, "VF_READY")                                                   \
	X(RUNNING, "VF_RUNNING")                                               \
	X(READY_PAUSED, "VF_READY_PAUSED")                                     \
	X(RUNNING_PAUSED, "VF_RUNNING_PAUSED")                                 \
	X(RESFIX_PAUSED, "VF_RESFIX_PAUSED")                                   \
	X(RESFIX_BLOCKED, "VF_RESFIX_BLOCKED")                                 \
	X(STOPPED, "VF_STOPPED")                                               \
	X(FLR_PENDING, "FLR_PENDING")                                          \
	X(FLR_ACTIVE, "FLR_ACTIVE")                                            \
	X(FLR_CLEANED, "FLR_CLEANED")

enum guc_vf_state {
#define X(sym, name) GUC_VFS_##sym,
	GUC_VF_STATE_LIST(X)
#undef X
	GUC_VFS_COUNT
};

/* Name of a state as vf-lifecycle 1.1 has it, "?" out of range. */
const char *guc_vf_state_name(enum guc_vf_state s);

/* Handle. Zero it, then guc_card_init() or guc_card_attach(). */
struct guc_card {
	struct guc_block *block; /* the state; opaque */
	struct guc_port port;
	struct guc_local local; /* of discrete cards, and for compression metadata */
	guc_hook_fn hook; /* or NULL */
	void *hook_user;
	uint64_t hook_mask; /* bit p set: the hook is called at point p; 0 = at all */
	guc_sink_fn sink; /* or NULL */
	void *sink_user;
	uint64_t sink_mask; /* bit p set: point p is reported; 0 = all but memory, MMIO and ticks */
};

/* Bytes of the block for a geometry, or 0 if a field is out of range. */
size_t guc_card_size(const struct guc_geometry *geometry);

/* Sensible options: ABI 1.28, lenient, drain, Panther Lake ids. */
void guc_options_default(struct guc_options *options);

/* Power on: lay the state out in block[0..size), which must be 8-byte aligned
 * and `size` at least guc_card_size(). The card keeps copies of geometry and
 * options. 0, -EINVAL for a bad geometry or option, -ENOSPC. */
int guc_card_init(struct guc_card *card, void *block, size_t size,
		  const struct guc_geometry *geometry, const struct guc_options *options);

/* The same in memory that is all zeroes, as it comes from the system: pages of it
 * that the card does not use stay untouched. */
int guc_card_init_zeroed(struct guc_card *card, void *block, size_t size,
			 const struct guc_geometry *geometry, const struct guc_options *options);

/* Take over a block that guc_card_init() laid out, here or in a copy. Checks
 * the block's own header only: blocks are trusted. 0 or -EINVAL. */
int guc_card_attach(struct guc_card *card, void *block, size_t size);

/* --- the function's side: what hardware gives it -------------------------- */

/* Read and write `size` (4 or 8) bytes at BAR offset `off` of function `fn`.
 * 0; -ENODEV no such function; -EINVAL size or alignment; -ERANGE outside the
 * BAR. What hardware would ignore or read as zero is not an error here; what
 * reaches into another function is dropped, counted and reported. */
int guc_mmio_read(struct guc_card *card, unsigned fn, uint64_t off, unsigned size,
		  uint64_t *value);
int guc_mmio_write(struct guc_card *card, unsigned fn, uint64_t off, unsigned size,
		   uint64_t value);
/* The same for `n` consecutive 64-bit words from `off` on, in order, as so many
 * calls of the above; it ends with the first that fails. What the PF does to its
 * GGTT entries is one copy then, unless hook or sink want to see each. */
int guc_mmio_read_run(struct guc_card *card, unsigned fn, uint64_t off, size_t n,
		      uint64_t *values);
int guc_mmio_write_run(struct guc_card *card, unsigned fn, uint64_t off, size_t n,
		       const uint64_t *values);

/* May fn reach [off, off + len) of its share of the tile's local memory, as
 * through its BAR 2? 0; -ENODEV no such function or tile; -ENXIO it has none;
 * -ERANGE outside, counted and reported; -EAGAIN it is being reset. */
int guc_lmem_check(struct guc_card *card, unsigned fn, unsigned tile, uint64_t off,
		   uint64_t len);

/* PCI function level reset of VF `fn` (not 0). 0 or -ENODEV. */
int guc_flr(struct guc_card *card, unsigned fn);

/* --- what goes wrong on the card --------------------------------------------- */

enum guc_mishap_kind {
	GUC_MISHAP_HANG,       /* a context had to be reset: CONTEXT_RESET_NOTIFICATION */
	GUC_MISHAP_ENGINE,     /* an engine can't be reset: ENGINE_FAILURE_NOTIFICATION */
	GUC_MISHAP_CAT_ERROR,  /* memory fault: MEMORY_CAT_ERROR */
	GUC_MISHAP_PAGE_FAULT, /* recoverable: REPORT_PAGE_FAULT_REQ_DESC */
	GUC_MISHAP_CRASH_DUMP, /* of the firmware: NOTIFY_CRASH_DUMP_POSTED to all */
	GUC_MISHAP_EXCEPTION,  /* the same: NOTIFY_EXCEPTION to all */
};

struct guc_mishap {
	enum guc_mishap_kind kind;
	uint32_t context; /* HANG, CAT_ERROR, PAGE_FAULT: fn's own id; for CAT_ERROR
			   * UINT32_MAX = not known, which only the PF is told */
	uint32_t type;    /* CAT_ERROR: seen by drivers that opted in (KLV 0x4001) */
	uint8_t engine_class, instance; /* ENGINE: GuC class 0..5, instance 0..31 */
	uint32_t reason;                /* ENGINE: passed on */
	struct {          /* PAGE_FAULT (guc-abi 6.5) */
		uint64_t address;     /* faulting virtual address */
		uint32_t asid;        /* 20 bits */
		uint8_t level;        /* of the page table, 0..7 */
		uint8_t access, kind; /* 0..3 each */
		bool prefetch;
	} fault;
};

/* Something went wrong with function `fn` on GuC `gt`; its driver is told when it
 * runs. HANG and CAT_ERROR end the context, PAGE_FAULT stops it until the driver
 * answers. 0, also for a context that has ended already; -ENODEV no such
 * function or GT; -ENOENT no such context; -EINVAL a value out of range. */
int guc_mishap(struct guc_card *card, unsigned fn, unsigned gt, const struct guc_mishap *mishap);

/* --- provisioning without a PF ----------------------------------------------- */

/* What a VF gets on every GuC of every tile. */
struct guc_vf_share {
	uint64_t ggtt_start, ggtt_size; /* bytes, 4 KiB multiples, size > 0 */
	uint32_t begin_context, contexts; /* contexts > 0 */
	uint32_t begin_doorbell, doorbells;
	uint64_t lmem_size; /* of each tile, 2 MiB multiple, > 0 on a discrete card only */
};

/* For in-process users that have no PF driver: configure VF `fn` as a PF's
 * UPDATE_VF_CFG and GGTT entries would. 0; -ENODEV; -EINVAL when a PF's KLVs
 * with these values would be refused (range, alignment, overlap with another
 * VF): then nothing has changed. */
int guc_provision(struct guc_card *card, unsigned fn, const struct guc_vf_share *share);

/* --- time ------------------------------------------------------------------ */

/* The caller's clock says `now` (ns, never backwards). Does one bounded slice
 * of pending work: delayed crossings, H2G messages left over, engines. */
void guc_tick(struct guc_card *card, uint64_t now);

/* When guc_tick() has something to do: UINT64_MAX never, a time <= the last
 * `now` means at once. */
uint64_t guc_next_deadline(const struct guc_card *card);

/* --- looking in (no side effects) ------------------------------------------ */

struct guc_vf_info {
	enum guc_vf_state state;
	uint16_t marker;
	bool ctb_enabled;
	uint8_t abi_major, abi_minor; /* negotiated, 0.0 = none */
	uint64_t ggtt_start, ggtt_size, lmem_size;
	uint32_t begin_context, num_contexts, num_doorbells, begin_doorbell;
	uint32_t exec_quantum_ms, preempt_timeout_us; /* of the first scheduler group */
	uint32_t threshold[GUC_THRESHOLD_COUNT]; /* 0 = off */
	uint32_t registered, enabled; /* contexts */
	uint64_t h2g_messages, g2h_messages, mbox_requests, irqs;
	uint64_t g2h_dropped; /* host left too many unread */
	uint32_t queued_g2h;
	uint32_t violations[GUC_VIOL_COUNT];
	uint32_t findings; /* of the detector, since power on */
	uint32_t sched_priority;
	/* Quantum and timeout for each scheduler group; without groups the first's count. */
	uint32_t group_quantum_ms[GUC_SCHED_GROUPS], group_timeout_us[GUC_SCHED_GROUPS];
	struct {
		uint32_t count;  /* in the present sample period */
		uint32_t events; /* ADVERSE_EVENTs since the last reset of the VF */
	} adverse[GUC_THRESHOLD_COUNT]; /* of each threshold */
};

/* What a GuC was told for all functions (guc-abi 4.5, 6.1). */
struct guc_gt_info {
	uint32_t sched_if_idle, sample_period_ms, reset_after_switch;
	uint32_t groups;           /* scheduler groups, 0 = off */
	uint32_t group_mask[GUC_SCHED_GROUPS_USED][GUC_GROUP_DWORDS]; /* as key 0x8004 has them */
	bool vfs_enabled;          /* the PF got VF_ENABLE */
	bool asleep;               /* in an S-state */
	bool device_activity;      /* engine activity of the device is published */
	uint32_t function_activity;/* of so many functions */
};

/* 0, -ENODEV for a function or GT that isn't there. */
int guc_vf_info(const struct guc_card *card, unsigned fn, unsigned gt,
		struct guc_vf_info *info);
/* 0, -ENODEV for a GT that isn't there. */
int guc_gt_info(const struct guc_card *card, unsigned gt, struct guc_gt_info *info);
/* The card's own copies of what it was made with; they live as long as the block. */
const struct guc_geometry *guc_card_geometry(const struct guc_card *card);
const struct guc_options *guc_card_options(const struct guc_card *card);

/* GGTT entry at byte address `addr` of a tile, 0 when out of range. */
uint64_t guc_ggtt_entry(const struct guc_card *card, unsigned tile, uint64_t addr);

/* The last findings of a VF on a GT, oldest first: up to `cap` copied, the
 * number kept (<= GUC_FINDINGS_KEPT) returned, or -ENODEV. */
#define GUC_FINDINGS_KEPT 32u
int guc_findings(const struct guc_card *card, unsigned fn, unsigned gt,
		 struct guc_finding *out, size_t cap);

/* True unless the detector is strict and has found something on fn. */
bool guc_detector_verdict(const struct guc_card *card, unsigned fn);

/* True when a function holds no work in any GuC: no unread mailbox request,
 * H2G or runnable context. What is paused or blocked counts as idle. */
bool guc_idle(const struct guc_card *card);

#endif
