/* SPDX-License-Identifier: MIT */
/* A row of the lifecycle table, and what its columns can say. Private to
 * lifecycle.c, which acts, and lifecycle_table.c, which lists and prints. */
#ifndef GUCEMU_GUC_LIFECYCLE_ROW_H
#define GUCEMU_GUC_LIFECYCLE_ROW_H

#include "core.h"
#include "lifecycle.h"

/* When a row holds, beyond state and input. */
enum when {
	ALWAYS,
	REARMED,     /* a PCI FLR came during the FLR */
	FRESH,       /* stored marker is 0 */
	ARG_ZERO,
	ARG_STORED,  /* argument equals the stored marker, which is not 0 */
	STRICT,      /* options.strict_resfix */
	LEGACY,      /* negotiated ABI below 1.27: no markers */
	LEGACY_ZERO, /* both */
};

/* Next states that follow from data; beyond the real ones. */
enum { SAME = GUC_VFS_COUNT, CLEAN, BACK };

/* Effects, in the order in which they run. X(symbol, text). */
#define EFFECT_LIST(X)                                                         \
	X(DRAIN, "drain H2G")                                                  \
	X(NOTE, "note addresses")                                              \
	X(PREEMPT, "preempt")                                                  \
	X(CCS_SAVE, "run compression save")                                    \
	X(CCS_RESTORE, "run compression restore")                              \
	X(CHECK, "check fixups")                                               \
	X(DROP, "drop client state")                                           \
	X(SCRUB, "clear mailbox")                                              \
	X(REARM, "remember FLR")                                               \
	X(MARKER_SET, "store marker")                                          \
	X(MARKER_CLEAR, "marker 0")                                            \
	X(FROM_HERE, "return here at DONE")                                    \
	X(FROM_RUNNING, "return to VF_RUNNING at DONE")                        \
	X(DISCARD, "discard queued responses")                                 \
	X(SW_INT, "SW_INT_0")                                                  \
	X(SERVE, "serve H2G")                                                  \
	X(RESCAN, "re-scan mailbox and H2G")                                   \
	X(RESCAN_RUNG, "re-scan H2G, and the mailbox if rung")                 \
	X(TELL_FLR, "event FLR")                                               \
	X(TELL_FLR_DONE, "event FLR_DONE, then FLR_CLEANED")                   \
	X(TELL_PAUSE_DONE, "event PAUSE_DONE")                                 \
	X(TELL_FIXUP_DONE, "event FIXUP_DONE")

enum effect_index {
#define X(sym, text) I_##sym,
	EFFECT_LIST(X)
#undef X
	EFFECT_COUNT
};

enum {
#define X(sym, text) E_##sym = 1 << I_##sym,
	EFFECT_LIST(X)
#undef X
};

struct guc_vf_row {
	uint8_t input;
	uint8_t when;
	uint16_t states;
	uint16_t error;
	uint8_t next;
	uint32_t effects;
};

/* The row for the function's state, or one that refuses with 0x0A. */
const struct guc_vf_row *guc_vf_row_find(const struct guc_card *c, unsigned gt, unsigned fn,
					 enum guc_vf_input input, uint32_t arg);

#endif
