/* SPDX-License-Identifier: MIT */
/* The limits of the model, each with its reason. They bound the block and the
 * work of one call; a guest can reach every one of them, none may be passed. */
#ifndef GUCEMU_GUC_LIMITS_H
#define GUCEMU_GUC_LIMITS_H

#include <stdint.h>

#include "event.h"

/* Doorbells of a GuC; the PF gives itself all of them. */
#define GUC_DOORBELLS 256u

/* Scheduler groups that quanta and timeouts are kept for, and those of key 0x8004
 * that this firmware supports (guc-abi 4.5). */
#define GUC_SCHED_GROUPS      8u
#define GUC_SCHED_GROUPS_USED 2u

/* What thresholds in microseconds count for each H2G message or mailbox request,
 * interrupt and doorbell: this GuC has no time of its own to measure. */
#define GUC_COST_H2G_US      1u
#define GUC_COST_IRQ_US      1u
#define GUC_COST_DOORBELL_US 1u

/* Engines of a GT that activity is counted for: all that interrupts know
 * (guc-abi 9.1). */
#define GUC_ENGINES 27u

/* Priorities of contexts (KLV 0x2003), 0 the highest. */
#define GUC_PRIORITIES 4u
/* Of contexts that were not told: the priority of what users ask for, and how long
 * one may put off being preempted. */
#define GUC_PRIORITY_DEFAULT   3u
#define GUC_PREEMPT_DEFAULT_US 640000u /* as xe asks for */
/* An engine's commands that count as a microsecond towards quanta and timeouts, for
 * callers whose clock stands while there is work. */
#define GUC_COMMANDS_A_US 4u
/* Contexts that can all look at their semaphores as often as one. */
#define GUC_POLL_CROWD 64u
/* Queued contexts that are looked at for one that fits an engine. */
#define GUC_QUEUE_LOOK 4u

/* G2H messages a function may have waiting: Linux reserves credit for every
 * answer it can get, so a queue beyond a ring's worth means a host that does
 * not read. */
#define GUC_QUEUED_G2H 64u
/* Dwords of a queued message; relays, the longest, are 255. */
#define GUC_QUEUED_DWORDS 255u

/* Crossings that hooks hold back at one time. */
#define GUC_DELAYED 32u

/* Deeds of hooks that wait for the end of a turn: a turn takes 4096 dwords of H2G, but
 * who breaks something breaks it once. */
#define GUC_DEEDS 32u

/* Multi-queue groups of a function on a GuC: their members' state lies apart
 * from the contexts, of which there are thousands. 32 groups are 2,048 queues. */
#define GUC_GROUPS 32u

/* Largest rings accepted: 16 times what Linux registers for H2G, eight times
 * for G2H. Draining a ring is one PAUSE, so this bounds its time. */
#define GUC_H2G_MAX_BYTES 65536u
#define GUC_G2H_MAX_BYTES 1048576u

/* H2G dwords served at one doorbell before the rest waits for a tick: keeps a
 * turn far under a millisecond. */
#define GUC_H2G_BUDGET 4096u

/* Commands that the engines of a GT execute in a turn, for all contexts together;
 * each LRC that is looked at counts as GUC_LRC_COST of them. The same reason. */
#define GUC_ENGINE_TURN 4096u
#define GUC_LRC_COST    8u

/* Translations that a GT keeps: as real ones, less than a program uses. */
#define GUC_TLB_ENTRIES 512u

/* Largest SAVE or RESTORE buffer, as the Linux PF's pool (8 MiB). */
#define GUC_BLOB_MAX_BYTES (8u << 20)

/* Dwords of a VF's memory that the detector looks at for the notes of a PAUSE in all,
 * for one context or one H2G ring, and, contexts whole, in a turn, which all VFs that
 * pause share: a dword takes a nanosecond or two. Of each context it reads some 100
 * without its rings, so the first holds 10,000 contexts. What is left out is counted
 * in notes_lost. */
#define GUC_SCAN_DWORDS  (1u << 20)
#define GUC_SCAN_CONTEXT (1u << 17)
#define GUC_SCAN_TURN    (1u << 16)

/* KLV list of one message: the PF's buffer pool is 8 KiB. */
#define GUC_KLV_LIST_MAX 2048u

/* Address words the detector notes for a VF of one GuC: six of an image for
 * each LRC and the unfinished rings of a loaded VF. What does not fit is
 * counted in notes_lost. */
#define GUC_NOTES 4096u

/* An address word seen at PAUSE. */
struct guc_note {
	uint16_t context;   /* id, 0xFFFF = none */
	uint8_t child;
	uint8_t structure;  /* enum fixup */
	uint32_t dword;     /* index in the structure */
	uint32_t offset;    /* value - GGTT start at PAUSE */
	uint32_t where;     /* address of the word - GGTT start */
};

#endif
