/* SPDX-License-Identifier: MIT */
/* Crossings of the port, and the two things that watch them: the hook, which
 * may change what happens, and the sink, which is told what did. Log lines,
 * the diagram, statistics, recorders and fault rules are all readers of these
 * two; nothing else in the GuC knows about them. */
#ifndef GUCEMU_GUC_EVENT_H
#define GUCEMU_GUC_EVENT_H

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
	X(MISHAP, "mishap")             /* guc_mishap() of fn; msg: see MISHAP_DWORDS */

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
	X(LMEM_FOREIGN, "use of local memory outside the function's share")

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
};

/* What a hook decides. */
enum guc_verdict {
	GUC_PASS,    /* as it is */
	GUC_CHANGE,  /* goes on with what the hook wrote into the event */
	GUC_SWALLOW, /* never happens; the other side sees nothing */
	GUC_DELAY,   /* happens hook->delay ns later; message points only */
	GUC_ANSWER,  /* requests only: not handled, hook->answer is the reply */
};

#define GUC_HOOK_ANSWER_MAX 16u

/* Beside the event, what a hook can fill in. */
struct guc_hook_action {
	uint64_t delay; /* ns, for GUC_DELAY */
	uint32_t answer[GUC_HOOK_ANSWER_MAX]; /* HXG reply, for GUC_ANSWER */
	uint32_t answer_len;
};

/* Called before each crossing of the points MMIO_*, MBOX_*, H2G, G2H, IRQ,
 * MEM_* (`bytes` only of what is written), FLR and BLOB. With GUC_CHANGE msg[0..msg_len) may be rewritten up to
 * 255 dwords (4 for a mailbox) and msg_len set; value may be rewritten. What
 * a point can't do (delaying a read, answering an event) counts as GUC_PASS.
 * Must not call the card. */
typedef enum guc_verdict (*guc_hook_fn)(void *user, struct guc_event *event,
					struct guc_hook_action *action);

/* Called after each crossing and each change of state; the event and what it
 * points to live until it returns. MMIO_WRITE, FLR, TICK, PROVISION and
 * MISHAP come before what they cause: with the bytes of MEM_READ and the values of
 * MMIO_READ that is the whole input of a card, in order. Must not call the
 * card. */
typedef void (*guc_sink_fn)(void *user, const struct guc_event *event);

/* Name of a point as EVENT frames' filter takes it; text of a violation; "?" out of
 * range. Static strings. */
const char *guc_point_name(enum guc_point point);
const char *guc_violation_text(enum guc_violation v);

/* Order-sensitive 64-bit hash of everything in `event` but its time, chained
 * from `hash` (start with 0): equal runs have equal hashes. */
uint64_t guc_event_hash(uint64_t hash, const struct guc_event *event);

#endif
