/* SPDX-License-Identifier: MIT */
/* What the files of libgucpf share. The PF keeps a unit of every function on
 * every GT; what happens to it is a sequence, a table of steps. pfc.c owns the
 * API and the turn, sequence.c runs the tables, the others are their steps:
 * start.c, provision.c, control.c, save.c, restore.c. events.c takes G2H
 * events, relay_service.c answers the VFs. */
#ifndef GUCEMU_PFC_PRIV_H
#define GUCEMU_PFC_PRIV_H

#include "host/ct.h"
#include "host/mailbox.h"
#include "host/pages.h"
#include "image.h"
#include "pfc.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/relay.h"
#include "vfio.h"

struct pfc_unit;

/* What a step says: done, call me again, call me when something came, or
 * -errno. */
enum { PFC_DONE = 0, PFC_MORE = 1, PFC_WAIT = 2 };
typedef int (*pfc_step_fn)(struct pfc *p, struct pfc_unit *u);

enum pfc_where { PFC_EVERY_GT, PFC_MAIN_GT, PFC_FIRST_GT };

struct pfc_step_def {
	const char *name;
	pfc_step_fn run; /* NULL: a meeting, passed when every GT of the VF is here */
	enum pfc_where where;
};

enum pfc_kind { PFC_SEQ_CONTROL, PFC_SEQ_CONFIG, PFC_SEQ_IMAGE };

struct pfc_seq {
	enum pfc_kind kind;
	enum pfc_vf_state during, after; /* PFC_VF_STATE_COUNT: as before */
	const struct pfc_step_def *step;
	unsigned steps;
};
#define PFC_STEPS(list) .step = (list), .steps = sizeof(list) / sizeof((list)[0])

enum pfc_wait { PFC_IDLE, PFC_SENT, PFC_ANSWERED };

/* A function on a GT. */
struct pfc_unit {
	uint8_t vf, gt;
	enum pfc_vf_state state, before; /* before: to go back to after a failure */
	bool mismatch, failed;
	const struct pfc_seq *seq; /* NULL: nothing runs */
	uint8_t at;                /* step */
	uint8_t sub;               /* phase of the step */
	bool ready;                /* the step may have something to do */
	bool told;                 /* PFC_EV_STEP of this step was sent */
	bool event_seen;
	bool cleaned;              /* adopted: an FLR was left before its FLR_FINISH */
	bool unpause;              /* the PAUSE was given up: resume when it has come */
	uint8_t event_wait;        /* enum guc_vf_event the step waits for, 0 none */
	uint16_t gen;              /* answers of earlier sequences are not ours */
	enum pfc_wait call, read;
	int call_err;
	uint32_t data0;            /* of the SUCCESS */
	uint32_t pos;              /* how far a sliced step has come */
	int err;                   /* of the last sequence */
	uint32_t words[MAILBOX_DWORDS];
	uint32_t adverse[PFC_THRESHOLDS];
	/* Local memory: the call under way, then its answer. */
	enum pfc_wait lmem;
	int lmem_err;
	uint8_t *lmem_to;  /* where a read's bytes go */
	uint32_t lmem_want;
	uint64_t lmem_len; /* bytes that came, */
	bool lmem_zeros;   /* or are zeros */
};

#define PFC_UNITS      ((PFC_MAX_VFS + 1) * PFC_MAX_GTS)
#define PFC_UNIT_WORDS ((PFC_UNITS + 63) / 64)

/* A PROVISION that came to nothing: the old share is put back; without one, or
 * when that fails too, everything is taken back. A PAUSE that did: what is paused
 * is resumed. */
enum pfc_undo {
	PFC_UNDO_NONE, PFC_UNDO_PUT_BACK, PFC_UNDO_TAKE_BACK, PFC_UNDO_RESUME, PFC_UNDO_SETTING
};

/* The verb that runs on a VF. */
struct pfc_op {
	bool active;
	enum pfc_verb verb;
	uint64_t tag, limit, deadline; /* deadline 0: limit counts from the next turn */
	uint8_t units;                 /* bit a GT: not ended yet */
	uint8_t started;               /* bit a GT: it has a part in this */
	enum pfc_undo undo;            /* it failed and what it did is taken back */
	int undo_err;
	int err;
};

/* Place of a section's payload in the driver's memory while saving. */
struct pfc_place {
	size_t off;
	uint32_t bytes, raw;
	bool rle;
};

/* What local memory holds (content.c). */
enum pfc_content { PFC_CONTENT_LMEM, PFC_CONTENT_CCS, PFC_CONTENTS };

/* Of a tile: offsets in the driver's memory. */
struct pfc_bulk {
	uint32_t slice;
	size_t buffer;             /* a slice */
	size_t zero[PFC_CONTENTS]; /* bit a slice: all zeros */
};

struct pfc_digest {
	uint32_t crc;
	uint64_t bytes;
};

/* Image of a VF on its way out or in. */
struct pfc_transfer {
	uint64_t mark[PFC_MAX_GTS]; /* what the region's first entry was before the mark */
	uint64_t first[PFC_MAX_GTS]; /* and what it is in the image */
	bool marked[PFC_MAX_GTS], accepted;
	size_t base, size;  /* reserved in the pool; size 0: nothing */
	uint64_t busy[PFC_MAX_GTS]; /* tag of a request that uses the memory */
	bool drop;          /* give it back when no request uses it */
	bool ready, drained;
	int err;            /* what the last transfer ended with */
	uint64_t total;
	struct pfc_place guc[PFC_MAX_GTS], ggtt[PFC_MAX_GTS], mmio[PFC_MAX_GTS];
	struct pfc_bulk bulk[PFC_MAX_GTS];
	struct pfc_digest digest[PFC_CONTENTS], found[PFC_CONTENTS]; /* of the image, of the card */
	uint64_t stored[PFC_CONTENTS];
	uint64_t looked;    /* bytes of content that are done */
	struct pfc_pte_coder coder[PFC_MAX_GTS];
	struct pfc_pte_decoder decoder[PFC_MAX_GTS];
	struct pfc_image_writer writer;
};

/* What a VF is given. */
struct pfc_share {
	uint64_t ggtt_start, ggtt_size;
	uint32_t contexts, begin_context, doorbells, begin_doorbell;
	uint32_t exec_quantum_ms, preempt_timeout_us;
	uint64_t lmem_size; /* of each tile */
};

enum pfc_file { PFC_FILE_NONE, PFC_FILE_READ, PFC_FILE_WRITE };

/* Where VFIO has a VF. */
struct pfc_vfio {
	enum pfc_vfio_state state, next, to;
	bool walking;   /* an arc waits for its verb, */
	bool beginning; /* or is just begun */
	bool resetting; /* the device was reset, its FLR runs */
	enum pfc_file file;
	uint64_t tag;
};

/* Policies (of VF 0) or thresholds. */
struct pfc_settings {
	uint32_t value[PFC_SETTING_COUNT];
	uint32_t groups[PFC_MAX_GROUP_WORDS], groups_n;
};

/* A setting under way. */
struct pfc_setting_op {
	bool active;
	enum pfc_setting setting;
	uint32_t value[PFC_MAX_GROUP_WORDS], n;
};

struct pfc_vf {
	struct pfc_settings settings;
	struct pfc_share share;
	struct pfc_share old;         /* that it replaces, while PROVISION runs */
	bool planned;                 /* the PF gave it resources */
	enum pfc_undo undo;           /* a PROVISION was overridden: what an FLR ends with */
	bool image_failed;            /* quirk STICKY_IMAGE */
	uint8_t have_ggtt, have_contexts, have_lmem; /* bit a GT: its GuC has them */
	uint16_t relay_major, relay_minor;
	uint32_t fixup_done;
	struct pfc_vfio vfio;
	bool prepared;                /* an FLR waits for GuC's event, or for its verb */
	bool flr_owed;                /* one was seen while the PF was not up, or ended another */
	enum pfc_verb verb_owed;      /* what adoption has to finish; PFC_VERB_COUNT none */
	bool uneven, torn;            /* adoption: GuCs differ; entries were not the share's */
	uint32_t policies_uneven;     /* the same of function 0's settings: a bit each, */
	bool policies_told;           /* which all GuCs have been told since */
	bool alone;                   /* an FLR timed out: GTs no longer wait for each other */
	bool receiving;               /* RESTORE takes bytes */
	bool restored;                /* the last image moved was one that came in */
	unsigned told_percent;        /* of progress */
	uint64_t told_at;
	struct pfc_op op;
	struct pfc_transfer out, in;
	struct pfc_image_reader reader;
};

/* Relay requests of VFs waiting for their answer. Linux has a pool of one a VF and
 * one more (vf-lifecycle 7.1): here one a VF is guaranteed, the others are for all. */
#define PFC_RELAY_QUEUE 96u
struct pfc_relay_request {
	uint8_t vf;
	bool mmio;       /* from the older MMIO service */
	uint8_t len;     /* dwords the message had */
	uint32_t id;     /* RELAY_ID, or MAGIC */
	uint64_t due;    /* not to be served before; 0 at once */
	uint64_t since;  /* the first BUSY of a test loop */
	uint32_t dw[RELAY_MAX_DWORDS];
};

struct pfc_answer {
	uint32_t dw[RELAY_MAX_DWORDS];
	uint32_t len;
	uint32_t data0;
	bool silent; /* none is sent */
};

struct pfc_gt {
	struct pfc *p;
	uint8_t index, tile;
	bool media;
	struct host_mailbox mailbox;
	struct host_ct ct;
	size_t h2g, g2h, klv; /* offsets in the driver's memory */
	uint64_t klv_tag;     /* request that uses the KLV page, 0 none */
	unsigned boot;        /* request of the bring-up table */
	bool boot_sent;
	uint8_t boot_tries;
	bool up;
	bool tlb_due;
	uint32_t tlb_seq;
	struct pfc_relay_request relay[PFC_RELAY_QUEUE];
	unsigned relay_count;
	uint64_t retry_since[PFC_MAX_VFS + 1]; /* the first RETRY of a VF's test loop */
	uint32_t runtime[PFC_MAX_RUNTIME][2]; /* offsets and values, as read at its start */
	uint32_t runtime_n;
};

struct pfc_pool {
	struct host_pages pages;
	size_t base, size;
};

enum pfc_phase { PFC_OFF, PFC_MAPPING, PFC_BOOTING, PFC_ASKING, PFC_ADOPTING, PFC_REFRESHING,
		 PFC_UP };

struct pfc {
	struct pfc_options opt;
	const struct host_port *port;
	struct host_mem mem;
	unsigned gts;      /* of the card */
	uint32_t stride;
	uint64_t now;
	bool kicked;       /* something was put in that no step has seen */
	uint64_t again_at; /* a send found no room: try then; 0 none */
	enum pfc_phase phase;
	bool adopt;
	bool again;        /* a GT reset: configurations are sent again */
	unsigned refreshed; /* VF whose turn it is */
	struct pfc_setting_op setting;
	unsigned map_tile; /* bring-up: PTE or adoption cursor */
	uint32_t map_page;
	enum pfc_wait map_read;
	unsigned next;     /* unit to look at first */
	uint64_t running[PFC_UNIT_WORDS]; /* bit a unit: it has a sequence */
	struct pfc_pool out_pool, in_pool;
	struct pfc_gt gt[PFC_MAX_GTS];
	struct pfc_vf vf[PFC_MAX_VFS + 1];
	struct pfc_unit unit[PFC_UNITS];
	struct pfc_found found[PFC_UNITS];
};

#define PFC_PTE_SLICE  (HOST_READ_MAX / 8) /* entries moved by one access */
#define PFC_PTE_BURST  4u                  /* such accesses of one step */
#define PFC_SEAL_SLICE 65536u              /* bytes checksummed by one step */
#define PFC_ZERO_SLICE 262144u             /* bytes zeroed by one step */
#define PFC_PROGRESS_NS 100000000ull
#define PFC_ROOM_WAIT  1000000ull          /* ns, after a full ring */

/* Cookies of reads: mailboxes 0.., units and adoption above. */
#define PFC_COOKIE_UNIT  0x80000000u
#define PFC_COOKIE_ADOPT 0x40000000u
#define PFC_TAG_RELAY    UINT64_MAX

static inline bool pfc_quirk(const struct pfc *p, uint32_t bit)
{
	return p->opt.quirks & bit;
}

static inline struct pfc_unit *pfc_unit(struct pfc *p, unsigned vf, unsigned gt)
{
	return &p->unit[vf * PFC_MAX_GTS + gt];
}

static inline struct pfc_gt *pfc_gt(struct pfc *p, const struct pfc_unit *u)
{
	return &p->gt[u->gt];
}

static inline struct pfc_vf *pfc_vf(struct pfc *p, const struct pfc_unit *u)
{
	return &p->vf[u->vf];
}

/* GGTT address of an offset in the driver's memory. */
static inline uint64_t pfc_address(const struct pfc *p, size_t off)
{
	return p->opt.ggtt_low + off;
}

/* Register of a GT's tile that holds the entry of GGTT address `addr`. */
static inline uint64_t pfc_pte_register(unsigned tile, uint64_t addr)
{
	return (uint64_t)tile * REG_TILE_STRIDE + REG_GGTT_BASE + (addr >> GGTT_PAGE_SHIFT) * 8;
}

/* First mailbox dword of a VF, as the PF sees it. */
static inline uint64_t pfc_vf_mailbox(const struct pfc *p, const struct pfc_unit *u)
{
	const struct pfc_gt *gt = &p->gt[u->gt];

	return (uint64_t)gt->tile * REG_TILE_STRIDE +
	       (gt->media ? REG_MED_VF_SW_FLAG(0) : REG_VF_SW_FLAG(0)) +
	       (uint64_t)u->vf * p->stride;
}

/* --- reports (report.c) ---------------------------------------------------------- */

#define PFC_NO_VF 0xFFu
void pfc_log(struct pfc *p, enum pfc_log_level level, unsigned vf, unsigned gt,
	     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void pfc_report(struct pfc *p, const struct pfc_event *ev);
void pfc_set_state(struct pfc *p, struct pfc_unit *u, enum pfc_vf_state state);

/* --- sequences (sequence.c) -------------------------------------------------------- */

void pfc_unit_start(struct pfc *p, struct pfc_unit *u, const struct pfc_seq *seq);
/* Forget what runs; the state goes back to what it was before. */
void pfc_unit_cancel(struct pfc *p, struct pfc_unit *u);
/* One call of the unit's step; true when it did something. */
bool pfc_unit_run(struct pfc *p, struct pfc_unit *u);
/* Something came that steps of the VF, or of all, may wait for. */
void pfc_wake(struct pfc *p, unsigned vf);
void pfc_wake_all(struct pfc *p);
/* Send a request and wait for its answer: to be called by a step until it
 * returns something else than PFC_MORE and PFC_WAIT. PFC_DONE: u->data0. */
int pfc_call(struct pfc *p, struct pfc_unit *u, const uint32_t *dw, uint32_t len);
/* Its tag, while it is under way. */
uint64_t pfc_call_tag(const struct pfc_unit *u);
void pfc_on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len);
/* Cookie for a read whose answer belongs to the unit's step. */
uint32_t pfc_read_cookie(const struct pfc_unit *u);
/* Like pfc_call(): `n` registers of `size` bytes from `off` on, whose words come to the
 * step's own function. */
int pfc_read(struct pfc *p, struct pfc_unit *u, uint64_t off, unsigned size, unsigned n);
/* Write `n` entries from page `pos` of the tile's region, at most a slice;
 * each is `first` + step * its number. Returns how many. */
uint32_t pfc_write_ptes(struct pfc *p, unsigned tile, uint64_t start, uint32_t pos, uint32_t n,
			uint64_t first, uint64_t step);
/* Entries were changed: every GuC of the tile forgets what it knew of them. */
void pfc_invalidate(struct pfc *p, unsigned tile);
bool pfc_send_invalidation(struct pfc *p, struct pfc_gt *gt);

/* Verbs. */
void pfc_op_start(struct pfc *p, unsigned vf, enum pfc_verb verb, uint64_t tag, uint64_t limit,
		  unsigned units);
void pfc_op_end(struct pfc *p, unsigned vf, int err);
/* Stop what runs in favour of another verb; tell its owner when that one has
 * been started. */
struct pfc_op pfc_op_override(struct pfc *p, unsigned vf);
void pfc_op_overridden(struct pfc *p, unsigned vf, const struct pfc_op *op);
void pfc_op_unit_ended(struct pfc *p, struct pfc_unit *u, int err);
/* Undo what a reset of the GTs cut off. */
void pfc_op_undo_owed(struct pfc *p, unsigned vf);
/* Its time is up. */
void pfc_op_time_out(struct pfc *p, unsigned vf);
/* Bytes moved: the time limit starts again. */
void pfc_op_touch(struct pfc *p, unsigned vf);

/* --- start.c ----------------------------------------------------------------------- */

/* Divide the driver's memory; -EINVAL when it is too small. */
int pfc_start_layout(struct pfc *p);
bool pfc_start_step(struct pfc *p);
void pfc_start_unit_ended(struct pfc *p, struct pfc_unit *u, int err);
void pfc_start_end(struct pfc *p, int err);

/* --- adopt.c ----------------------------------------------------------------------- */

void pfc_adopt_begin(struct pfc *p);
bool pfc_adopt_step(struct pfc *p);
void pfc_adopt_words(struct pfc *p, const uint8_t *words, unsigned n);

/* --- share.c ----------------------------------------------------------------------- */

/* Choose the VF's share; what it had is its old one then. 0, -EINVAL, -ENOSPC. */
int pfc_plan(struct pfc *p, unsigned vf, const struct pfc_provision *arg);
void pfc_unprovisioned(struct pfc_vf *vf);
/* End of what can be given to VFs. */
uint64_t pfc_ggtt_top(const struct pfc_options *o);

/* --- provision.c ------------------------------------------------------------------- */

extern const struct pfc_seq pfc_seq_self, pfc_seq_policies, pfc_seq_provision, pfc_seq_change,
	pfc_seq_change_by_reset, pfc_seq_unprovision, pfc_seq_put_back, pfc_seq_take_back;
/* Step: write the entries of the VF's region; shared with FLR. */
int pfc_step_ptes(struct pfc *p, struct pfc_unit *u);

/* --- lmem.c ------------------------------------------------------------------------ */

/* A call of the local memory's port for the unit's VF, to be made by a step until it
 * returns something else than PFC_MORE and PFC_WAIT; a read's bytes go to `to`. */
int pfc_lmem_call(struct pfc *p, struct pfc_unit *u, const struct host_lmem *what, uint8_t *to);
/* Step: the VF's local memory and metadata become zero; shared with FLR. */
int pfc_step_clear_lmem(struct pfc *p, struct pfc_unit *u);
static inline bool pfc_has_lmem(const struct pfc *p, const struct pfc_unit *u)
{
	return p->vf[u->vf].share.lmem_size && !p->gt[u->gt].media;
}

/* Like pfc_call(): a message with one KLV. */
int pfc_push_setting(struct pfc *p, struct pfc_unit *u, uint16_t key, const uint32_t *value,
		     uint32_t n);

/* --- setting.c --------------------------------------------------------------------- */

extern const struct pfc_seq pfc_seq_set, pfc_seq_refresh;
uint16_t pfc_setting_key(enum pfc_setting s);
const uint32_t *pfc_setting_find(const struct pfc_settings *all, enum pfc_setting s, uint32_t *n);
void pfc_setting_store(struct pfc_settings *all, enum pfc_setting s, const uint32_t *value,
		       uint32_t n);
/* Index of a threshold's key among the thresholds, or -1. */
int pfc_threshold_index(uint32_t key);
/* The setting under way ended: keep it, or not. */
void pfc_setting_done(struct pfc *p, unsigned vf, int err);

/* --- vfio.c ------------------------------------------------------------------------ */

void pfc_vfio_verb_ended(struct pfc *p, unsigned vf, const struct pfc_op *op, int err);

/* --- control.c --------------------------------------------------------------------- */

extern const struct pfc_seq pfc_seq_flr, pfc_seq_pause, pfc_seq_resume, pfc_seq_stop;
/* GuC saw a reset of the VF, or the user wants one. */
void pfc_start_flr(struct pfc *p, unsigned vf, uint64_t tag);
void pfc_vf_event(struct pfc *p, struct pfc_unit *u, uint32_t event);

/* --- save.c, restore.c, transfer.c ------------------------------------------------- */

extern const struct pfc_seq pfc_seq_save, pfc_seq_restore;
void pfc_save_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n);
void pfc_save_reset(struct pfc *p, unsigned vf);
void pfc_restore_begin(struct pfc *p, unsigned vf);
void pfc_restore_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n);
/* It came to nothing: take marks away where nothing was changed. */
void pfc_restore_unmark(struct pfc *p, unsigned vf);
struct pfc_image_profile pfc_profile(const struct pfc *p, unsigned vf);
/* Reserve and give back memory for an image. */
int pfc_pool_init(struct pfc_pool *pool, size_t base, size_t size);
int pfc_pool_take(struct pfc *p, unsigned vf, struct pfc_pool *pool, struct pfc_transfer *t,
		  size_t bytes);
void pfc_pool_give(struct pfc *p, struct pfc_pool *pool, struct pfc_transfer *t);
/* The request with this tag no longer uses the VF's memory. */
void pfc_transfer_idle(struct pfc *p, unsigned vf, unsigned gt, uint64_t tag);
/* SAVE_RESTORE_VF of `bytes` at `off`: like pfc_call(). */
int pfc_call_blob(struct pfc *p, struct pfc_unit *u, struct pfc_transfer *t,
		  enum guc_save_opcode op, size_t off, uint32_t bytes);

/* --- content.c --------------------------------------------------------------------- */

uint64_t pfc_content_size(const struct pfc *p, unsigned vf, enum pfc_content kind);
uint64_t pfc_content_total(const struct pfc *p, unsigned vf);
/* Bytes of a slice, by what the pool has room for. */
uint32_t pfc_content_slice(const struct pfc_pool *pool);
/* Bytes that a main GT takes of the pool while saving; place them at `at`. */
size_t pfc_content_room(const struct pfc *p, unsigned vf);
void pfc_content_place(struct pfc *p, unsigned vf, unsigned gt, size_t at);
/* Steps of main GTs. */
int pfc_step_survey(struct pfc *p, struct pfc_unit *u);
int pfc_step_commit(struct pfc *p, struct pfc_unit *u);
int pfc_step_compare(struct pfc *p, struct pfc_unit *u);
/* Step of one GT, when all have compared. */
int pfc_step_judge(struct pfc *p, struct pfc_unit *u);
void pfc_content_add(struct pfc *p, unsigned vf, unsigned gt);
int pfc_content_serve(struct pfc *p, struct pfc_unit *u);
extern const struct pfc_seq pfc_seq_receive;
/* Drop the stages of an image that is given up. */
void pfc_content_abort(struct pfc *p, unsigned vf);
void pfc_content_progress(struct pfc *p, unsigned vf, enum pfc_verb verb, uint64_t done,
			  uint64_t total);

/* --- events.c, relay.c, relay_service.c, runtime_regs.c ------------------------------------- */

int pfc_on_event(void *user, const uint32_t *dw, uint32_t len);
int pfc_relay_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len);
int pfc_mmio_relay_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len);
/* Answer one waiting request; true when something was done. */
bool pfc_relay_step(struct pfc *p, struct pfc_gt *gt);
uint64_t pfc_relay_deadline(const struct pfc_gt *gt);
/* Serve a request: 0 or -errno, see there. */
int pfc_serve(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r, struct pfc_answer *a);
uint32_t pfc_service_code(const struct pfc_relay_request *r);
/* Offsets of the platform's runtime registers, ascending; NULL: no such platform. */
const uint32_t *pfc_runtime_list(uint32_t graphics_ver, uint32_t *count);
/* Step: read them, or take those of the options. */
int pfc_step_runtime(struct pfc *p, struct pfc_unit *u);
void pfc_runtime_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n);

#endif
