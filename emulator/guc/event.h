/* SPDX-License-Identifier: MIT */
/* Crossings of the port, and the two things that watch them: the hook, which
 * may change what happens, and the sink, which is told what did. Log lines,
 * the diagram, statistics, recorders and fault rules are all readers of these
 * two; nothing else in the GuC knows about them. */
#ifndef GUCEMU_GUC_EVENT_H
#define GUCEMU_GUC_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/fixup.h"

/* Where a crossing happens. X(symbol, name). */
#define GUC_POINT_LIST(X)                                                      \
	X(MMIO_READ, "mmio-read")       /* addr, size, value */                \
	X(MMIO_WRITE, "mmio-write")     /* addr, size, value */                \
	X(MBOX_REQUEST, "mbox-request") /* msg: the request */                 \
	X(MBOX_REPLY, "mbox-reply")     /* msg: the reply, code: the action */ \
	X(H2G, "h2g")                   /* msg: HXG, value: fence */           \
	X(G2H, "g2h")                   /* msg: HXG, value: fence, code: action */ \
	X(IRQ, "irq")                   /* code: interrupt bit, value: source */ \
	X(MEM_READ, "mem-read")         /* addr, code: enum guc_space, len, bytes; size 4: load32 */ \
	X(MEM_WRITE, "mem-write")       /* the same; size 4: store32 */        \
	X(STATE, "state")               /* from, to: enum guc_vf_state, code: enum guc_vf_input */ \
	X(FLR, "flr")                   /* PCI FLR of fn */                    \
	X(BLOB, "blob")                 /* code: guc_save_opcode, size: bytes, error */ \
	X(FINDING, "finding")           /* finding: the detector's */          \
	X(VIOLATION, "violation")       /* code: enum guc_violation, addr, value */ \
	X(FENCE, "fence")               /* engine stored a dword: addr GGTT, value; code: context id */ \
	X(CONTEXT, "context")           /* context id in code; value: enum guc_ctx_change */ \
	X(TICK, "tick")                 /* guc_tick() begins; value: its `now` */ \
	X(PROVISION, "provision")       /* guc_provision() of fn; msg: see PROVISION_DWORDS */ \
	X(MISHAP, "mishap")             /* guc_mishap() of fn; msg: see MISHAP_DWORDS */ \
	X(FAULT, "fault")               /* the hook did something; from: at which point, verdict, \
					 * code, text: its rule, bytes: all of it, packed */

enum guc_point {
#define X(sym, name) GUC_PT_##sym,
	GUC_POINT_LIST(X)
#undef X
	GUC_PT_COUNT
};

/* `msg` of GUC_PT_PROVISION is a struct guc_vf_share: ggtt_start and ggtt_size,
 * low dword first, begin_context, contexts, begin_doorbell, doorbells, lmem_size. */
#define PROVISION_DWORDS 10u
/* `msg` of GUC_PT_MISHAP is a struct guc_mishap: kind, context, type, class and
 * instance (bits 7:0, 15:8), reason, fault.address (low dword first), asid,
 * level, access, kind and prefetch (a byte each, lowest first). */
#define MISHAP_DWORDS 9u

/* A reach outside what a function was given: dropped, counted, reported. */
#define GUC_VIOLATION_LIST(X)                                                  \
	X(PTE_FOREIGN, "write of a foreign GGTT entry")                        \
	X(GGTT_FOREIGN, "use of a GGTT address outside the function's range")  \
	X(GGTT_UNMAPPED, "use of a GGTT address without a present entry")      \
	X(DMA_FAULT, "DMA address outside the function's memory")              \
	X(MMIO_FOREIGN, "access to another function's registers")              \
	X(ACTION_FOREIGN, "action of another role")                            \
	X(CTB_DESC, "CTB descriptor with cursors outside the ring")            \
	X(CTB_MESSAGE, "CTB message longer than what the ring holds")          \
	X(RING_GARBAGE, "ring or batch that can't be executed")                \
	X(LMEM_FOREIGN, "use of local memory outside the function's share")    \
	X(PPGTT_UNMAPPED, "use of a PPGTT address that no entry allows")       \
	X(COMMAND, "command that the engine does not know")

enum guc_violation {
#define X(sym, text) GUC_VIOL_##sym,
	GUC_VIOLATION_LIST(X)
#undef X
	GUC_VIOL_COUNT
};

/* What happened to a context, `value` of GUC_PT_CONTEXT. */
enum guc_ctx_change {
	GUC_CTX_REGISTERED,
	GUC_CTX_ENABLED,
	GUC_CTX_DISABLED,
	GUC_CTX_DEREGISTERED,
	GUC_CTX_KILLED, /* CAT error */
};

/* A word that the driver should have moved to the new GGTT base and did not
 * (vf-lifecycle 5.2). Structures are named like the fixup that moves them. */
struct guc_finding {
	enum fixup structure;
	uint32_t context; /* context id, or UINT32_MAX */
	uint32_t child;   /* LRC of a parallel context, else 0 */
	uint32_t dword;   /* index in the structure: image dword, ring dword, ... */
	uint32_t old_value; /* what it was at PAUSE, at the old base */
	uint32_t new_value; /* what it is */
	uint32_t expected;  /* what it should be */
};

/* One crossing. Fields that the point does not list are 0. */
struct guc_event {
	enum guc_point point;
	uint8_t fn;      /* function it belongs to */
	uint8_t gt;
	uint8_t verdict; /* for the sink: enum guc_verdict the hook gave */
	uint8_t size;    /* MMIO: 4 or 8; memory: 4 for load32 and store32, else 0 */
	uint64_t seq;    /* counts the card's events */
	uint64_t time;   /* ns, the `now` of the last tick */
	uint64_t addr;
	uint64_t value;
	uint32_t len;    /* bytes, of memory and blob crossings */
	uint32_t code;
	uint8_t from, to;
	uint16_t error;  /* enum guc_error of a reply or a refusal */
	uint32_t *msg;   /* dwords; a hook may change them in place */
	uint32_t msg_len;
	const struct guc_finding *finding;
	const void *bytes; /* len of them, as they went over the port; NULL: the port refused */
	const char *text;  /* FAULT: who did it, or NULL */
	uint8_t state;     /* for the hook: enum guc_vf_state of fn on gt */
};

/* What a hook decides. */
enum guc_verdict {
	GUC_PASS,    /* as it is */
	GUC_CHANGE,  /* goes on with what the hook wrote into the event */
	GUC_SWALLOW, /* never happens; the other side sees nothing */
	GUC_DELAY,   /* happens action->delay ns later; message points and IRQ only */
	GUC_ANSWER,  /* requests only: not handled, action->answer is the reply */
};

#define GUC_HOOK_ANSWER_MAX 16u
#define GUC_HOOK_PATCHES    8u
#define GUC_HOOK_DEEDS      4u

/* A byte of memory or of a blob that comes out changed: (byte & keep) ^ flip. */
struct guc_patch {
	uint32_t at; /* offset, modulo the length */
	uint8_t keep, flip;
};

/* What else happens, whatever the verdict: to the event's function on its GT. HANG_*
 * and HOLD begin at once, the others come when the card's turn ends, and what
 * they cause is not shown to the hook. X(symbol, words). */
#define GUC_DEED_LIST(X)                                                       \
	X(INTERRUPT, "interrupt") /* arg: bit, with its memirq bytes */        \
	X(CLEAR_MAILBOX, "clear the mailbox")                                  \
	X(BREAK_H2G, "break the H2G descriptor") /* arg: CTB_DESC_*, value */  \
	X(BREAK_G2H, "break the G2H descriptor") /* the same */                \
	X(HANG_GUC, "hang the GuC")   /* no function is served any more */     \
	X(HANG_GT, "hang the GT")     /* its engines stand */                  \
	X(HANG_FUNCTION, "hang the function") /* it alone is not served; until FLR */ \
	X(RESET_GUC, "reset the GuC") /* as VFs see it: all forgotten but their configuration; \
				       * the PF's rings go on */               \
	X(RESET_GT, "reset the GT")   /* the same; engines that stood go on */ \
	X(RESET_FUNCTION, "reset the function") /* a VF: PCI FLR */            \
	X(HOLD, "hold the function")  /* a VF: nothing is taken from it until RESUME, a reset, \
				       * or GUC_HOLD_NS */

enum guc_deed_what {
#define X(sym, words) GUC_DEED_##sym,
	GUC_DEED_LIST(X)
#undef X
	GUC_DEED_COUNT
};

struct guc_deed {
	uint8_t what; /* enum guc_deed_what */
	uint8_t fn, gt; /* filled by the card */
	uint32_t arg, value;
};

#define GUC_HOLD_NS 1000000000u

/* Beside the event, what a hook can fill in. All zero: nothing. */
struct guc_hook_action {
	uint64_t delay; /* ns, for GUC_DELAY */
	uint32_t answer[GUC_HOOK_ANSWER_MAX]; /* HXG reply, for GUC_ANSWER */
	uint32_t answer_len;
	bool busy;      /* GUC_DELAY of a request: answered BUSY meanwhile */
	uint8_t behind; /* GUC_DELAY of H2G and G2H: or until so many later ones of the function
			 * have passed */
	uint8_t copies; /* of a message or interrupt, besides the first */
	bool fail;      /* GUC_SWALLOW of a memory access: as if there were a hole */
	bool has_byte;  /* IRQ: `byte` is written instead of the memirq byte's 0xFF */
	uint8_t byte;
	uint32_t cut;   /* BLOB: bytes that it is shorter */
	struct guc_patch patch[GUC_HOOK_PATCHES]; /* MMIO_READ, MEM_*, BLOB */
	uint32_t patch_n;
	struct guc_deed deed[GUC_HOOK_DEEDS];
	uint32_t deed_n;
	uint32_t rule;    /* who: GUC_PT_FAULT tells it; not 0: it is told in any case */
	const char *text; /* the same in words, until the hook is called again; or NULL */
};

/* Called before each crossing of the points MMIO_*, MBOX_*, H2G, G2H, IRQ,
 * MEM_* (`bytes` only of what is written), FLR and BLOB. With GUC_CHANGE or GUC_DELAY
 * msg[0..msg_len) may be rewritten up to 255 dwords (4 for a mailbox) and msg_len set;
 * with GUC_CHANGE also value (of H2G and G2H: the fence), of IRQ code, of BLOB error.
 * What a point can't do (delaying a read, answering an event) counts as GUC_PASS.
 * Of the other points but FAULT it is told before the sink, and only its deeds count;
 * at TICK, where fn and gt are nobody's, it may set both for them.
 * Must not call the card. */
typedef enum guc_verdict (*guc_hook_fn)(void *user, struct guc_event *event,
					struct guc_hook_action *action);

/* Called after each crossing and each change of state; the event and what it
 * points to live until it returns. MMIO_WRITE, FLR, TICK, PROVISION and
 * MISHAP come before what they cause: with the bytes of MEM_READ (as they were before
 * a hook's patches) and the values of MMIO_READ that is the whole input of a card, in
 * order. FAULT comes before the crossing that it is about: all that hooks do is
 * recorded, too. Must not call the card. */
typedef void (*guc_sink_fn)(void *user, const struct guc_event *event);

/* Name of a point as EVENT frames' filter takes it; text of a violation; "?" out of
 * range. Static strings. */
const char *guc_point_name(enum guc_point point);
const char *guc_violation_text(enum guc_violation v);

/* Words of an enum guc_deed_what, "?" out of range. */
const char *guc_deed_text(unsigned what);

/* The bytes of a GUC_PT_FAULT event done again: a hook of a card that repeats a recorded
 * run returns what this returns, an enum guc_verdict, having filled event and action;
 * action->rule and text are the event's `code` and `text`. -EBADMSG: no such bytes. */
int guc_fault_replay(const void *bytes, size_t len, struct guc_event *event,
		     struct guc_hook_action *action);

/* Order-sensitive 64-bit hash of everything in `event` but its time, chained
 * from `hash` (start with 0): equal runs have equal hashes. */
uint64_t guc_event_hash(uint64_t hash, const struct guc_event *event);

#endif
