/* SPDX-License-Identifier: MIT */
/* KLV: key, length, value triplets (abi/guc_klvs_abi.h; guc-abi section 4).
 * The keys, and a reader and a writer that never step outside the list they
 * were given. Which key means what to whom stands in the GuC's KLV table. */
#ifndef GUCEMU_PROTO_KLV_H
#define GUCEMU_PROTO_KLV_H

#include "bits.h"

#define KLV_KEY BITS(31, 16)
#define KLV_LEN BITS(15, 0) /* value dwords that follow */

/* X(name, key, shortest value, longest value), lengths in dwords. */
#define GUC_KLV_LIST(X)                                                        \
	X(VF_GGTT_START, 0x0001, 2, 2)                                         \
	X(VF_GGTT_SIZE, 0x0002, 2, 2)                                          \
	X(VF_LMEM_SIZE, 0x0003, 2, 2)                                          \
	X(VF_NUM_CONTEXTS, 0x0004, 1, 1)                                       \
	X(VF_TILE_MASK, 0x0005, 1, 1)                                          \
	X(VF_NUM_DOORBELLS, 0x0006, 1, 1)                                      \
	X(SELF_MEMIRQ_STATUS_ADDR, 0x0900, 2, 2)                               \
	X(SELF_MEMIRQ_SOURCE_ADDR, 0x0901, 2, 2)                               \
	X(SELF_H2G_CTB_ADDR, 0x0902, 2, 2)                                     \
	X(SELF_H2G_CTB_DESC_ADDR, 0x0903, 2, 2)                                \
	X(SELF_H2G_CTB_SIZE, 0x0904, 1, 1)                                     \
	X(SELF_G2H_CTB_ADDR, 0x0905, 2, 2)                                     \
	X(SELF_G2H_CTB_DESC_ADDR, 0x0906, 2, 2)                                \
	X(SELF_G2H_CTB_SIZE, 0x0907, 1, 1)                                     \
	X(SCHED_RENDER_COMPUTE_YIELD, 0x1001, 2, 2)                            \
	X(CTX_EXECUTION_QUANTUM, 0x2001, 1, 1)                                 \
	X(CTX_PREEMPTION_TIMEOUT, 0x2002, 1, 1)                                \
	X(CTX_SCHEDULING_PRIORITY, 0x2003, 1, 1)                               \
	X(CTX_PREEMPT_TO_IDLE, 0x2004, 1, 1)                                   \
	X(CTX_SLPM_GT_FREQUENCY, 0x2005, 1, 1)                                 \
	X(GLOBAL_GMD_ID, 0x3000, 1, 1)                                         \
	X(GLOBAL_GROUP_SCHEDULING_AVAILABLE, 0x3001, 1, 1)                     \
	X(OPT_IN_EXT_CAT_ERR_TYPE, 0x4001, 0, 0)                               \
	X(OPT_IN_DYNAMIC_ICS, 0x4003, 0, 0)                                    \
	X(VGT_SCHED_IF_IDLE, 0x8001, 1, 1)                                     \
	X(VGT_ADVERSE_SAMPLE_PERIOD, 0x8002, 1, 1)                             \
	X(VGT_ENGINE_GROUP_CONFIG, 0x8004, 0, 128)                             \
	X(VGT_RESET_AFTER_VF_SWITCH, 0x8D00, 1, 1)                             \
	X(VF_EXEC_QUANTUM, 0x8A01, 1, 1)                                       \
	X(VF_PREEMPT_TIMEOUT, 0x8A02, 1, 1)                                    \
	X(VF_THRESHOLD_CAT_ERR, 0x8A03, 1, 1)                                  \
	X(VF_THRESHOLD_ENGINE_RESET, 0x8A04, 1, 1)                             \
	X(VF_THRESHOLD_PAGE_FAULT, 0x8A05, 1, 1)                               \
	X(VF_THRESHOLD_H2G_STORM, 0x8A06, 1, 1)                                \
	X(VF_THRESHOLD_IRQ_STORM, 0x8A07, 1, 1)                                \
	X(VF_THRESHOLD_DOORBELL_STORM, 0x8A08, 1, 1)                           \
	X(VF_BEGIN_DOORBELL_ID, 0x8A0A, 1, 1)                                  \
	X(VF_BEGIN_CONTEXT_ID, 0x8A0B, 1, 1)                                   \
	X(VF_SCHED_PRIORITY, 0x8A0C, 1, 1)                                     \
	X(VF_THRESHOLD_MULTI_LRC_COUNT, 0x8A0D, 1, 1)                          \
	X(VF_ENGINE_GROUP_EXEC_QUANTUM, 0x8A0E, 1, 8)                          \
	X(VF_ENGINE_GROUP_PREEMPT_TIMEOUT, 0x8A0F, 1, 8)

enum guc_klv_key {
#define X(name, key, min, max) GUC_KLV_##name = (key),
	GUC_KLV_LIST(X)
#undef X
};

/* Lengths by name: GUC_KLV_MIN_VF_GGTT_SIZE, GUC_KLV_MAX_VF_GGTT_SIZE. */
enum guc_klv_length {
#define X(name, key, min, max) GUC_KLV_MIN_##name = (min), GUC_KLV_MAX_##name = (max),
	GUC_KLV_LIST(X)
#undef X
};

/* What adverse events are counted of, in the order of their KLVs (guc-abi 4.2,
 * 5.5). X(name as in GUC_KLV_VF_THRESHOLD_..., Linux's name for it). */
#define GUC_THRESHOLD_LIST(X)                                                  \
	X(CAT_ERR, "cat_error_count")                                          \
	X(ENGINE_RESET, "engine_reset_count")                                  \
	X(PAGE_FAULT, "page_fault_count")                                      \
	X(H2G_STORM, "guc_time_us")                                            \
	X(IRQ_STORM, "irq_time_us")                                            \
	X(DOORBELL_STORM, "doorbell_time_us")                                  \
	X(MULTI_LRC_COUNT, "multi_lrc_count")

enum guc_threshold {
#define X(name, text) GUC_THRESHOLD_##name,
	GUC_THRESHOLD_LIST(X)
#undef X
	GUC_THRESHOLD_COUNT
};

/* Key of a threshold, 0 out of range; its name, "?" out of range; the threshold
 * of a key, or -1. */
uint32_t guc_threshold_key(enum guc_threshold t);
const char *guc_threshold_name(enum guc_threshold t);
int guc_threshold_find(uint32_t key);

/* Masks of one scheduler group in key 0x8004: one for each of the interface's
 * engine classes, a bit for each logical instance (guc-abi 4.5). */
#define GUC_GROUP_DWORDS 16u

/* One KLV as found in a list; `value` points into the list. */
struct klv {
	uint16_t key;
	uint16_t len; /* value dwords */
	const uint32_t *value;
};

/* Reader of a list of `len` dwords. */
struct klv_reader {
	const uint32_t *dw;
	size_t len, at;
};

/* Header of a KLV: key, length in dwords, 16 bits each (guc-abi 4.1). */
static inline uint32_t klv_header(uint32_t key, uint32_t len)
{
	return field_put(KLV_KEY, key) | field_put(KLV_LEN, len);
}

/* The key's name without prefix, or NULL if unknown. */
const char *guc_klv_name(uint32_t key);

/* Take the next KLV. Returns 1 with *out filled, 0 at the end of the list,
 * -ENODATA when the list ends inside a KLV (the reader then stays there). */
int klv_next(struct klv_reader *r, struct klv *out);

/* Value of a KLV of one or two dwords; longer values give their low 64 bits,
 * empty ones 0. */
uint64_t klv_u64(const struct klv *k);

/* Append a KLV of `len` value dwords to list[*at..cap). Returns 0, or
 * -ENOSPC with nothing written. */
int klv_put(uint32_t *list, size_t cap, size_t *at, uint32_t key, const uint32_t *value,
	    uint32_t len);
/* The same for a value of one and of two dwords, low one first. */
int klv_put32(uint32_t *list, size_t cap, size_t *at, uint32_t key, uint32_t value);
int klv_put64(uint32_t *list, size_t cap, size_t *at, uint32_t key, uint64_t value);

#endif
