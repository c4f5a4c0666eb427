/* SPDX-License-Identifier: MIT */
/* The VF lifecycle of one GuC as a table: (state, input) -> reply, next state,
 * effects (vf-lifecycle 1.3). What is not listed is refused with the error of
 * its column. The table is the documentation; it prints itself as text and as
 * a graph. */
#ifndef GUCEMU_GUC_LIFECYCLE_H
#define GUCEMU_GUC_LIFECYCLE_H

#include "guc.h"

/* Inputs. X(symbol, name). */
#define GUC_VF_INPUT_LIST(X)                                                   \
	X(CONFIG_VALID, "config valid")    /* GGTT and contexts became non-zero */ \
	X(CONFIG_GONE, "config withdrawn") /* one of them became zero, or reset */ \
	X(PAUSE, "PAUSE")                                                      \
	X(RESUME, "RESUME")                                                    \
	X(STOP, "STOP")                                                        \
	X(PCI_FLR, "PCI FLR")                                                  \
	X(FLR_START, "FLR_START")                                              \
	X(FLR_FINISH, "FLR_FINISH")                                            \
	X(SAVE, "SAVE")                                                        \
	X(RESTORE, "RESTORE")                                                  \
	X(MATCH_VERSION, "MATCH_VERSION")                                      \
	X(VF_RESET, "VF_RESET")                                                \
	X(QUERY_KLV, "QUERY_SINGLE_KLV")                                       \
	X(SELF_CFG, "SELF_CFG")                                                \
	X(CTB_ENABLE, "CONTROL_CTB enable")                                    \
	X(CTB_DISABLE, "CONTROL_CTB disable")                                  \
	X(RESFIX_START, "RESFIX_START")    /* arg: marker */                   \
	X(RESFIX_DONE, "RESFIX_DONE")      /* arg: marker */                   \
	X(OTHER_MMIO, "other MMIO request")

enum guc_vf_input {
#define X(sym, name) GUC_IN_##sym,
	GUC_VF_INPUT_LIST(X)
#undef X
	GUC_IN_COUNT
};

/* Name of an input, "?" out of range. */
const char *guc_vf_input_name(enum guc_vf_input in);

/* Write the whole table through `out`, a line a call, without newline: as
 * aligned text, or as a Graphviz graph. */
void guc_lifecycle_print(void (*out)(void *user, const char *line), void *user, bool dot);

#endif
