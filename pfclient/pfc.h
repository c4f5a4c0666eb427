/* SPDX-License-Identifier: MIT */
/* libgucpf: the PF driver of an Intel Xe card as far as its GuCs can tell:
 * provisioning, FLR, pause, resume, stop, save, restore, relay services
 * (vf-lifecycle sections 2, 3, 7). Pure: events go in, register accesses come
 * out through the port, requests travel as CTB messages of function 0 in the
 * PF's own memory. It does no I/O, reads no clock, starts no thread, allocates
 * nothing after pfc_init(), holds no global. pfc_step() does one bounded unit
 * of work (a CTB request sent, a slice of GGTT copied). */
#ifndef GUCEMU_PFC_H
#define GUCEMU_PFC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/lmem.h"
#include "host/port.h"

#define PFC_MAX_GTS 4u
#define PFC_MAX_VFS 63u
#define PFC_MAX_RUNTIME 512u

/* State of a VF as the PF keeps it, of each GT (vf-lifecycle 2.1). X(sym, name) */
#define PFC_VF_STATE_LIST(X)                                                   \
	X(READY, "ready") X(FLR, "flr") X(PAUSING, "pausing") X(PAUSED, "paused") \
	X(SAVING, "saving") X(SAVED, "saved") X(RESTORING, "restoring")        \
	X(RESTORED, "restored") X(RESUMING, "resuming") X(RESUMED, "resumed")  \
	X(STOPPING, "stopping") X(STOPPED, "stopped")

enum pfc_vf_state {
#define X(sym, name) PFC_VF_##sym,
	PFC_VF_STATE_LIST(X)
#undef X
	PFC_VF_STATE_COUNT
};

enum pfc_verb {
	PFC_PROVISION,   /* args: sizes, 0 = fair share */
	PFC_UNPROVISION,
	PFC_FLR,         /* PF-initiated reset */
	PFC_PAUSE,
	PFC_RESUME,
	PFC_STOP,
	PFC_SAVE,        /* then pfc_image_read() until it returns 0 */
	PFC_RESTORE,     /* then pfc_image_write(), pfc_image_end() */
	PFC_SET,         /* by pfc_set() only */
	PFC_VERB_COUNT,
};

/* 0 = as it is; of a VF that has nothing the fair share of vf-lifecycle 2.3. */
struct pfc_provision {
	uint64_t ggtt_size; /* bytes */
	uint64_t ggtt_start;/* 0 = where it is if the size stays, else the PF chooses */
	uint32_t contexts, doorbells; /* doorbells may be none: UINT32_MAX */
	/* 16 ms, 16000 us; at most 100 s. UINT32_MAX: 0, without end. */
	uint32_t exec_quantum_ms, preempt_timeout_us;
	uint64_t lmem_size; /* of each tile, bytes, 2 MiB multiple; none on an integrated
			     * card. Another size is other memory: it begins with zeros */
};

/* What can be set. X(symbol, KLV key, of a VF?, name, text) */
#define PFC_SETTING_LIST(X)                                                    \
	X(SCHED_IF_IDLE, VGT_SCHED_IF_IDLE, false, "sched-if-idle",            \
	  "1: VFs without work get their turn, too")                           \
	X(SAMPLE_PERIOD, VGT_ADVERSE_SAMPLE_PERIOD, false, "sample-period",    \
	  "ms in which thresholds count; 0: never")                            \
	X(ENGINE_GROUPS, VGT_ENGINE_GROUP_CONFIG, false, "engine-groups",      \
	  "engine masks of scheduler groups, 16 a group; none: no groups")     \
	X(RESET_AFTER_SWITCH, VGT_RESET_AFTER_VF_SWITCH, false, "reset-after-switch", \
	  "1: used engines are reset after a VF switch")                       \
	X(CAT_ERR, VF_THRESHOLD_CAT_ERR, true, "cat-err", "CAT errors a period") \
	X(ENGINE_RESET, VF_THRESHOLD_ENGINE_RESET, true, "engine-reset",       \
	  "engine resets a period")                                            \
	X(PAGE_FAULT, VF_THRESHOLD_PAGE_FAULT, true, "page-fault", "page faults a period") \
	X(H2G_STORM, VF_THRESHOLD_H2G_STORM, true, "h2g-storm", "us of H2G messages a period") \
	X(IRQ_STORM, VF_THRESHOLD_IRQ_STORM, true, "irq-storm", "us of interrupts a period") \
	X(DOORBELL_STORM, VF_THRESHOLD_DOORBELL_STORM, true, "doorbell-storm", \
	  "us of doorbells a period")                                          \
	X(MULTI_LRC, VF_THRESHOLD_MULTI_LRC_COUNT, true, "multi-lrc",          \
	  "parallel registrations a period")

enum pfc_setting {
#define X(sym, key, of_vf, name, text) PFC_SET_##sym,
	PFC_SETTING_LIST(X)
#undef X
	PFC_SETTING_COUNT
};
#define PFC_SET_THRESHOLD_FIRST PFC_SET_CAT_ERR
#define PFC_THRESHOLDS          (PFC_SETTING_COUNT - PFC_SET_THRESHOLD_FIRST)
#define PFC_MAX_GROUP_WORDS     128u

/* Weaknesses of the Linux 7.2 PF (vf-lifecycle 8.4), each off by default.
 * X(symbol, name, text) */
#define PFC_QUIRK_LIST(X)                                                      \
	X(IGNORE_FIXUP_DONE, "ignore-fixup-done", "FIXUP_DONE is not counted (8.4.1)") \
	X(HALF_PAUSE, "half-pause", "a pause that failed or timed out is not undone (8.4.3)") \
	X(STRAND_FLR, "strand-flr", "a failed or late FLR leaves other GTs in SYNC (8.4.4)") \
	X(OLD_FLR_FAILED, "old-flr-failed",                                    \
	  "a failed FLR fails the wait for the next one, too (8.4.4)")         \
	X(MIXED_RESULTS, "mixed-results", "several GTs' results become EUCLEAN (8.4.5)") \
	X(STICKY_IMAGE, "sticky-image", "a failed save or restore sticks (8.4.6)") \
	X(RESTORE_HANGS, "restore-hangs",                                      \
	  "an image that ends early leaves the VF restoring (8.4.7)")          \
	X(RESET_ON_CHANGE, "reset-on-change",                                  \
	  "a change resets the configuration first (8.4.10)")

enum pfc_quirk {
#define X(sym, name, text) PFC_QUIRK_##sym,
	PFC_QUIRK_LIST(X)
#undef X
	PFC_QUIRK_COUNT
};
#define PFC_QUIRK_BIT(sym) (1u << PFC_QUIRK_##sym)
#define PFC_QUIRKS_LINUX_7_2 ((1u << PFC_QUIRK_COUNT) - 1)

/* The same numbers as enum vfc_log_level. */
enum pfc_log_level { PFC_LOG_ERROR, PFC_LOG_WARN, PFC_LOG_NOTICE, PFC_LOG_INFO, PFC_LOG_DEBUG };

enum pfc_event_kind {
	PFC_EV_LOG,       /* level as enum pfc_log_level, vf, gt, text */
	PFC_EV_STARTED,   /* the PF is up: err */
	PFC_EV_ADOPT,     /* it wants to know what the GuCs have: pfc_found() */
	PFC_EV_VERB,      /* verb, vf, tag, err: a verb ended */
	PFC_EV_VF_STATE,  /* vf, gt, from, to */
	PFC_EV_VF_EVENT,  /* vf, gt, code: VF_STATE_NOTIFY event */
	PFC_EV_ADVERSE,   /* vf, gt, code: threshold key */
	PFC_EV_RELAY,     /* vf, gt, code: relay action (or MMIO relay opcode) served, err:
			   * 0 or why it failed, also when that is not disclosed */
	PFC_EV_VFIO,      /* vf, tag, err, code: state reached (vfio.h) */
	PFC_EV_STEP,      /* vf, gt, text: step of a sequence, for the diagram */
	PFC_EV_PROGRESS,  /* vf, verb (SAVE, RESTORE), done, total: long work goes on */
};

struct pfc_event {
	enum pfc_event_kind kind;
	uint8_t level, gt, vf;
	enum pfc_verb verb;
	enum pfc_vf_state from, to;
	int err;
	uint32_t code;
	uint64_t tag;
	uint64_t done, total; /* units of no meaning but their ratio */
	const char *text;
};
/* Of the calls below, pfc_do() may be made from PFC_EV_STARTED, PFC_EV_VERB and
 * PFC_EV_VFIO, the looking ones from every event. */
typedef void (*pfc_event_fn)(void *user, const struct pfc_event *event);

struct pfc_options {
	uint8_t tiles, gts;       /* as the card; gts of each tile */
	uint8_t vfs;
	uint64_t ggtt_size;       /* of each tile */
	uint64_t ggtt_low;        /* nothing is given out below (WOPCM), 8 MiB */
	uint64_t ggtt_offset;     /* shifts what VFs get down from the top, so that
				   * two cards differ */
	uint32_t ggtt_align;      /* of regions, a power of two: 4 KiB, or 64 KiB on cards
				   * with 64 KiB pages; 0 = 4 KiB */
	bool admin_only;          /* the PF runs no work: a single VF gets nearly all */
	uint32_t quirks;          /* PFC_QUIRK_BIT()s */
	uint32_t contexts, doorbells; /* of each GuC: 65535, 256 */
	uint32_t vf_stride;       /* of VF registers */
	uint16_t devid;
	uint8_t revid;
	uint8_t abi_minor;        /* of the VF ABI that the firmware offers, 0 = the latest:
				   * older firmware is not sent what it does not know */
	uint32_t graphics_ver;    /* x100: chooses runtime list and stride */
	uint64_t lmem_size;       /* of each tile, bytes; 0 = integrated */
	uint16_t ccs_ratio;       /* as struct guc_options */
	struct host_lmem_port lmem; /* of a discrete card */
	bool disclose_errors;     /* relay failures say why (a debug PF) */
	bool testloop;            /* serves the relay's test loop (a debug PF) */
	/* Relay versions served, major << 16 | minor: oldest and latest, both 1.0. */
	uint32_t relay_base, relay_latest;
	/* Replaces the platform's runtime registers: offsets, which should ascend, and
	 * values. At most PFC_MAX_RUNTIME; copied when a GT comes up. */
	const uint32_t (*runtime)[2];
	uint32_t runtime_n;
	pfc_event_fn on_event;
	void *user;
};

struct pfc;

/* One tile with two GTs, 7 VFs, 4 GiB of GGTT, Panther Lake ids; all may be
 * changed before pfc_init(), which judges them. */
void pfc_options_default(struct pfc_options *options);
/* Bytes of storage that pfc_init() needs, 8-byte aligned. */
size_t pfc_size(void);
/* Driver memory it wants: for each of the card's GTs (tiles * gts) CTBs and a
 * KLV page, then two pools of 8 MiB for the images being saved and restored.
 * Less will do on a small card, down to pfc_mem_min(): the pools, which bound
 * the images, are what remains. All of it is mapped in the PF's GGTT range. */
size_t pfc_mem_size(unsigned gts);
size_t pfc_mem_min(unsigned gts);
/* Lay out a PF in `storage`; NULL when an argument is out of range. Options and
 * *mem are copied; storage, port and the memory itself stay the caller's and must
 * outlive the PF. */
struct pfc *pfc_init(void *storage, size_t size, const struct pfc_options *options,
		     const struct host_port *port, const struct host_mem *mem);

/* --- driving it ---------------------------------------------------------------- */

/* An interrupt of function 0 came. Only notes it; pfc_step() looks. */
void pfc_irq(struct pfc *p);
/* The port's read with `cookie` is answered by `n` words of the size asked for,
 * which are used before this returns. An unknown cookie is ignored. */
void pfc_read_done(struct pfc *p, uint32_t cookie, const void *words, unsigned n);
/* The call of the local memory's port with `cookie` ended: 0 or -errno. A read's
 * `data` is used before this returns; NULL: `len` zero bytes, perhaps more than were
 * asked for. An unknown cookie is ignored. */
void pfc_lmem_done(struct pfc *p, uint32_t cookie, int err, const void *data, uint64_t len);
/* One unit of work. True: something was done, call again. False: nothing to
 * do before an interrupt, an answer to a read, a call or the deadline. */
bool pfc_step(struct pfc *p, uint64_t now);
/* 0: pfc_step() has work now. UINT64_MAX: never. */
uint64_t pfc_next_deadline(const struct pfc *p);

/* Bring the PF up: its own GGTT range and self-configuration, CTB of every
 * GT. PFC_EV_STARTED. `adopt`: VFs keep what their GuCs have (another PF died, maybe
 * in the midst of a verb): PFC_EV_ADOPT asks the user for it. What is half done is
 * then finished or undone: see adopt.c.
 * 0; -EALREADY when started or starting. */
int pfc_start(struct pfc *p, bool adopt);

enum pfc_found_state {
	PFC_FOUND_FREE,     /* neither paused nor stopped: UNPROVISIONED, VF_READY,
			     * VF_RUNNING, VF_RESFIX_BLOCKED */
	PFC_FOUND_PAUSED,   /* VF_READY_PAUSED, VF_RUNNING_PAUSED */
	PFC_FOUND_RESTORED, /* VF_RESFIX_PAUSED */
	PFC_FOUND_STOPPED,
	PFC_FOUND_FLR,      /* FLR_PENDING, FLR_ACTIVE */
	PFC_FOUND_FLR_DONE, /* FLR_CLEANED */
	PFC_FOUND_COUNT
};

/* What a GuC has of a VF. There is no action that asks a GuC: whoever made the card
 * (the control verb `config` of `gucemu serve`), or a journal, knows. */
struct pfc_found {
	enum pfc_found_state state;
	uint64_t ggtt_start, ggtt_size, lmem_size; /* bytes; 0 none */
	uint32_t contexts, begin_context, doorbells, begin_doorbell;
	uint32_t exec_quantum_ms, preempt_timeout_us;
	uint32_t threshold[PFC_THRESHOLDS];
};
/* After PFC_EV_ADOPT: say it of each VF and GT, of the GuCs as they are now; what is not
 * said is nothing. Then pfc_found_all(), and the PF goes on. 0; -EINVAL no such VF or
 * GT, not asked, or a range outside the card. */
int pfc_found(struct pfc *p, unsigned vf, unsigned gt, const struct pfc_found *found);
int pfc_found_all(struct pfc *p);
/* And of each GT, between the two: a policy of its GuC, n words as pfc_get() has them.
 * Where GuCs differ all are told what the first one has. 0; -EINVAL. */
int pfc_found_policy(struct pfc *p, unsigned gt, enum pfc_setting setting,
		     const uint32_t *value, unsigned n);

/* Start a verb on VF `vf` of every GT; PFC_EV_VERB with `tag` when it ended.
 * `arg` for PFC_PROVISION, NULL = fair shares.
 * 0; -EINVAL no such VF or a bad size; -EALREADY the same verb runs, or did
 * and GuC still owes its end; -EBUSY another one runs; -EPERM, -ESTALE as
 * vf-lifecycle 2.5 to 2.9 say; -ENOSPC nothing that large is free; -ENODATA,
 * -ENOKEY not (completely) provisioned; -ENODEV not started.
 * FLR overrides what runs, STOP pauses, resumes and images; what is overridden
 * ends with -ECANCELED. A PROVISION that an FLR overrides is undone at its end.
 * Where GTs stand differently (one failed to pause), PAUSE, RESUME and STOP
 * act on those that have the way still before them.
 *
 * Time limits, after which the verb ends with -ETIMEDOUT: PAUSE, RESUME, STOP
 * 1 s, FLR 5 s; a late GuC still completes them, but a PAUSE is undone then. SAVE
 * and RESTORE: 20 s without a byte moved; they are given up, the VF stays paused.
 * A verb that GuC refuses ends with -EIO; the other GTs go on, those that a failed
 * PAUSE has paused are resumed before it ends. A PROVISION that fails is undone on
 * every GT before it ends: the VF has what it had before, or, if it had nothing or
 * a GuC does not take that back, nothing. */
int pfc_do(struct pfc *p, enum pfc_verb verb, unsigned vf, const struct pfc_provision *arg,
	   uint64_t tag);
/* Set a policy (vf 0) or a VF's threshold to value[0..n): one word, of engine groups 0
 * to 128 in multiples of 16. Every GuC is told; PFC_EV_VERB with PFC_SET and `tag` when
 * all have taken it, or one refused it and the others have the old value again. Kept
 * over resets of GT and VF, until UNPROVISION.
 * 0; -EINVAL no such setting of it or number of words; -ENODATA, -ENOKEY the VF is not
 * provisioned; -EBUSY something runs; -ENODEV not started. */
int pfc_set(struct pfc *p, unsigned vf, enum pfc_setting s, const uint32_t *value, unsigned n,
	    uint64_t tag);
/* What was set, 0 at first: number of words; -EINVAL as above; -ENOBUFS over `cap`. */
int pfc_get(const struct pfc *p, unsigned vf, enum pfc_setting s, uint32_t *value, unsigned cap);
/* A setting's name and what it does, "?" out of range; whether VFs have it; its number by
 * name, or -1. */
const char *pfc_setting_name(enum pfc_setting s);
const char *pfc_setting_text(enum pfc_setting s);
bool pfc_setting_of_vf(enum pfc_setting s);
int pfc_setting_find_name(const char *name);
/* The card was reset under the PF, or the PF wants it anew (vf-lifecycle 2.10): what runs
 * ends with -ECANCELED, every VF is READY, CTBs are made anew, policies and
 * configurations sent again without resetting them. PFC_EV_STARTED when done; a VF whose
 * configuration a GuC refused is then not valid. 0; -ENODEV not started. */
int pfc_reset(struct pfc *p);
/* 0 provisioned; -ENOKEY in part; -ENODATA not at all; -EINVAL no such VF. */
int pfc_vf_valid(const struct pfc *p, unsigned vf);

/* Image of a VF being saved. Bytes copied, 0 at the end (the SAVE verb ends
 * when the last byte was copied), -EAGAIN nothing yet, -EIO failed, -EPERM not
 * saving. */
long pfc_image_read(struct pfc *p, unsigned vf, void *buf, size_t len);
/* Image of a VF being restored, in any split. Bytes taken (maybe fewer: go on
 * after pfc_step()), or -errno, which sticks. Nothing is applied before the
 * whole image is checked. */
long pfc_image_write(struct pfc *p, unsigned vf, const void *buf, size_t len);
/* No more bytes come: check, apply, end the RESTORE verb. 0 when the image is
 * whole and is being applied, or the error with which the verb has ended. */
int pfc_image_end(struct pfc *p, unsigned vf);
/* Give up a SAVE or RESTORE that is under way: its verb ends with -ECANCELED, the VF
 * is as it was before (of a RESTORE that is being applied GuC may have taken some:
 * restore again or reset). 0; -EPERM neither runs; -EINVAL no such VF. */
int pfc_image_cancel(struct pfc *p, unsigned vf);
/* Exact bytes of the image of a VF being saved, before its first byte, or that was
 * saved. -EAGAIN not known yet; -EIO the save failed; -EPERM neither; -EINVAL. */
long pfc_image_size(const struct pfc *p, unsigned vf);

/* --- looking in ------------------------------------------------------------------ */

struct pfc_vf_info {
	enum pfc_vf_state state[PFC_MAX_GTS];
	bool mismatch, failed;
	uint64_t ggtt_start, ggtt_size;
	uint64_t lmem_size;
	uint32_t contexts, begin_context, doorbells, begin_doorbell;
	uint16_t relay_major, relay_minor;
	uint32_t fixup_done; /* FIXUP_DONE events seen */
	uint32_t adverse;    /* events of all thresholds, of each: */
	uint32_t adverse_of[PFC_THRESHOLDS];
	/* Local memory and its metadata in the last image saved or restored: bytes of
	 * the pages that are not zero, and a checksum of them and of where they lie. */
	uint64_t lmem_bytes, ccs_bytes;
	uint32_t lmem_crc, ccs_crc;
	int valid; /* as pfc_vf_valid() */
	bool busy; /* a verb runs: */
	enum pfc_verb verb;
};
/* What the PF knows of a VF; sizes in bytes, states of each GT. 0; -EINVAL no such
 * VF (1 to options.vfs), *info untouched. */
int pfc_vf_info(const struct pfc *p, unsigned vf, struct pfc_vf_info *info);
/* Names as logs and control replies show them, "?" out of range. */
const char *pfc_vf_state_name(enum pfc_vf_state s);
const char *pfc_verb_name(enum pfc_verb v);
/* The enum pfc_verb of that name, or -1. */
int pfc_verb_find(const char *name);

/* The quirk's name and what it does, "?" out of range; its number by name, or -1. */
const char *pfc_quirk_name(enum pfc_quirk q);
const char *pfc_quirk_text(enum pfc_quirk q);
int pfc_quirk_find(const char *name);

/* Fair shares for `vfs` VFs (vf-lifecycle 2.3). */
void pfc_fair_share(const struct pfc_options *options, unsigned vfs, struct pfc_provision *out);

#endif
