/* SPDX-License-Identifier: MIT */
/* The GuC's KLV table: which key travels how, who may read it, since when, and
 * which values it takes (guc-abi 4.2 to 4.6). Names and lengths come from
 * proto/klv.h. Documentation is printed from it. */
#ifndef GUCEMU_GUC_KLVS_H
#define GUCEMU_GUC_KLVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/klv.h"

/* How a key reaches the GuC, which says who may set it. X(symbol, action that
 * carries it or 0, who sets it). */
#define GUC_KLV_VIA_LIST(X)                                                    \
	X(VF_CFG, GUC_ACTION_UPDATE_VF_CFG, "PF")                              \
	X(SELF_CFG, GUC_ACTION_SELF_CFG, "VF, PF")                             \
	X(SCHED_POLICY, GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV, "VF, PF")   \
	X(CTX_POLICY, GUC_ACTION_UPDATE_CONTEXT_POLICIES, "VF, PF")            \
	X(GLOBAL, 0, "-")                                                      \
	X(OPT_IN, GUC_ACTION_OPT_IN_FEATURE_KLV, "VF, PF")                     \
	X(VGT_POLICY, GUC_ACTION_UPDATE_VGT_POLICY, "PF")

enum guc_klv_via {
#define X(sym, action, who) GUC_KLV_VIA_##sym,
	GUC_KLV_VIA_LIST(X)
#undef X
	GUC_KLV_VIA_COUNT
};

struct guc_klv_row {
	uint16_t key;
	uint8_t min_len, max_len; /* value dwords */
	uint8_t via;              /* enum guc_klv_via */
	uint8_t set_since;        /* VF ABI 1.minor from which it may be set; of the PF's
				   * keys, of the firmware */
	uint8_t readable;         /* a VF may ask for it with QUERY_SINGLE_KLV, */
	uint8_t read_since;       /* from this VF ABI 1.minor on */
	uint8_t clamp;            /* a larger value becomes `max`; else it is bad */
	uint64_t max;             /* of a value; of each in a list; of the last of two */
	uint64_t align;           /* values are multiples of it; 0: any */
	const char *unit;         /* NULL for plain numbers */
	const char *text;         /* one line */
};

/* Row 0..n-1, sorted by key, then NULL. */
const struct guc_klv_row *guc_klv_row(size_t index);
/* The row of `key`, or NULL. */
const struct guc_klv_row *guc_klv_find(uint32_t key);
/* The row of `key` if it travels by `via`, or NULL. */
const struct guc_klv_row *guc_klv_of(uint32_t key, enum guc_klv_via via);
/* True when the key takes values of `len` dwords. */
bool guc_klv_len_ok(const struct guc_klv_row *row, uint32_t len);
/* True when `value` is a multiple of what the key wants. */
bool guc_klv_aligned(const struct guc_klv_row *row, uint64_t value);

#endif
