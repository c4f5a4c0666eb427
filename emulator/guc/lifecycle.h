/* SPDX-License-Identifier: MIT */
/* The VF lifecycle of one GuC as a table: (state, input) -> reply, next state,
 * effects (vf-lifecycle 1.3). What is not listed is refused with the error of
 * its column. The table is the documentation and can be listed. */
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

/* What an input does in a state. The strings live during the call. */
struct guc_lifecycle_rule {
	enum guc_vf_state state;
	enum guc_vf_input input;
	const char *when;    /* further condition, "" for none */
	const char *reply;   /* "OK"; an error, "0x0a"; "held" in the mailbox; "lost" */
	const char *next;    /* state, or words that say which */
	bool moves;          /* `next` is another state */
	const char *effects; /* in the order in which they run, "" for none */
};

/* Tell all rules, a call each, by state and input. Of a pair's rules the first
 * one that fits holds, and the last one always does. While a PAUSE still
 * drains, another is refused with 0x0A whatever the rules say. */
void guc_lifecycle_rules(void (*rule)(void *user, const struct guc_lifecycle_rule *rule),
			 void *user);

#endif
