/* SPDX-License-Identifier: MIT */
/* The KLV table. See klvs.h. What a handler does with a value is the
 * handler's; what a key is stands here and nowhere else. */
#include "klvs.h"

#include <assert.h>

#include "guc.h"
#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/regs.h"

/* Longest execution quantum and preemption timeout: larger ones are cut. */
#define MAX_QUANTUM_MS 100000u
#define MAX_TIMEOUT_US 100000000u

#define KLV(name, over, ...)                                                   \
	{ .key = GUC_KLV_##name, .min_len = GUC_KLV_MIN_##name,                \
	  .max_len = GUC_KLV_MAX_##name, .via = GUC_KLV_VIA_##over, __VA_ARGS__ }
#define U32 .max = UINT32_MAX
#define U64 .max = UINT64_MAX
#define BOOL .max = 1
#define READ .readable = 1
#define THRESHOLD(name, ...) KLV(VF_THRESHOLD_##name, VF_CFG, U32, __VA_ARGS__)

/* Sorted by key. */
static const struct guc_klv_row table[] = {
	KLV(VF_GGTT_START, VF_CFG, READ, .max = GGTT_TOP, .align = GGTT_PAGE, .unit = "bytes",
	    .text = "where the VF's GGTT range begins"),
	KLV(VF_GGTT_SIZE, VF_CFG, READ, .max = GGTT_TOP, .align = GGTT_PAGE, .unit = "bytes",
	    .text = "how long it is"),
	KLV(VF_LMEM_SIZE, VF_CFG, READ, U64, .align = LMEM_ALIGN, .unit = "bytes",
	    .text = "local memory of the VF"),
	KLV(VF_NUM_CONTEXTS, VF_CFG, READ, .max = GUC_ID_MAX, .text = "context ids of the VF"),
	KLV(VF_TILE_MASK, VF_CFG, READ, U32,
	    .text = "tiles that the VF may use; never set: all"),
	KLV(VF_NUM_DOORBELLS, VF_CFG, READ, .max = GUC_DOORBELLS, .text = "doorbells of the VF"),

	KLV(SELF_MEMIRQ_STATUS_ADDR, SELF_CFG, U64, .unit = "GGTT address",
	    .text = "this GuC's 16 status bytes in the interrupt page"),
	KLV(SELF_MEMIRQ_SOURCE_ADDR, SELF_CFG, U64, .unit = "GGTT address",
	    .text = "this GuC's source byte in the interrupt page"),
	KLV(SELF_H2G_CTB_ADDR, SELF_CFG, U64, .align = 4, .unit = "GGTT address",
	    .text = "ring of messages to GuC"),
	KLV(SELF_H2G_CTB_DESC_ADDR, SELF_CFG, U64, .align = 4, .unit = "GGTT address",
	    .text = "its descriptor"),
	KLV(SELF_H2G_CTB_SIZE, SELF_CFG, .max = GUC_H2G_MAX_BYTES, .align = CTB_SIZE_ALIGN,
	    .unit = "bytes", .text = "its size, not 0"),
	KLV(SELF_G2H_CTB_ADDR, SELF_CFG, U64, .align = 4, .unit = "GGTT address",
	    .text = "ring of messages from GuC"),
	KLV(SELF_G2H_CTB_DESC_ADDR, SELF_CFG, U64, .align = 4, .unit = "GGTT address",
	    .text = "its descriptor"),
	KLV(SELF_G2H_CTB_SIZE, SELF_CFG, .max = GUC_G2H_MAX_BYTES, .align = CTB_SIZE_ALIGN,
	    .unit = "bytes", .text = "its size, not 0"),

	KLV(SCHED_RENDER_COMPUTE_YIELD, SCHED_POLICY, .max = 100, .unit = "ms, percent",
	    .text = "quantum, and the share of compute when render competes with it"),

	KLV(CTX_EXECUTION_QUANTUM, CTX_POLICY, U32, .unit = "us", .text = "execution quantum"),
	KLV(CTX_PREEMPTION_TIMEOUT, CTX_POLICY, U32, .unit = "us", .text = "preemption timeout"),
	KLV(CTX_SCHEDULING_PRIORITY, CTX_POLICY, .max = 3,
	    .text = "0 kernel high, 1 high, 2 kernel normal, 3 normal"),
	KLV(CTX_PREEMPT_TO_IDLE, CTX_POLICY, BOOL,
	    .text = "preempt to idle when the quantum is over"),
	KLV(CTX_SLPM_GT_FREQUENCY, CTX_POLICY, .max = CTX_FREQ_COMPUTE, .align = CTX_FREQ_COMPUTE,
	    .text = "frequency flags, bit 28 compute hint"),

	KLV(GLOBAL_GMD_ID, GLOBAL, READ, U32, .read_since = GUC_ABI_GMD_ID,
	    .text = "hardware IP version of this GuC's GT"),
	KLV(GLOBAL_GROUP_SCHEDULING_AVAILABLE, GLOBAL, READ, BOOL,
	    .read_since = GUC_ABI_GROUPS,
	    .text = "scheduler groups are in use"),

	KLV(OPT_IN_EXT_CAT_ERR_TYPE, OPT_IN, .set_since = GUC_ABI_OPT_IN,
	    .text = "MEMORY_CAT_ERROR carries the type of the error too"),
	KLV(OPT_IN_DYNAMIC_ICS, OPT_IN, .set_since = GUC_ABI_DYNAMIC_ICS,
	    .text = "inhibit context switches by engine load"),

	KLV(VGT_SCHED_IF_IDLE, VGT_POLICY, BOOL,
	    .text = "0 makes the priority of all functions low, 1 normal"),
	KLV(VGT_ADVERSE_SAMPLE_PERIOD, VGT_POLICY, U32, .unit = "ms",
	    .text = "period in which thresholds count; 0: never"),
	KLV(VGT_ENGINE_GROUP_CONFIG, VGT_POLICY, U32, .set_since = GUC_ABI_GROUPS, .unit = "masks",
	    .text = "scheduler groups, 16 masks of engines each, one a class; none: no groups"),

	KLV(VF_EXEC_QUANTUM, VF_CFG, .clamp = 1, .max = MAX_QUANTUM_MS, .unit = "ms",
	    .text = "execution quantum; 0: endless"),
	KLV(VF_PREEMPT_TIMEOUT, VF_CFG, .clamp = 1, .max = MAX_TIMEOUT_US, .unit = "us",
	    .text = "preemption timeout; 0: none"),
	THRESHOLD(CAT_ERR, .text = "CAT errors a period; 0: off"),
	THRESHOLD(ENGINE_RESET, .text = "engine resets a period; 0: off"),
	THRESHOLD(PAGE_FAULT, .text = "page faults a period; 0: off"),
	THRESHOLD(H2G_STORM, .unit = "us", .text = "time for H2G a period; 0: off"),
	THRESHOLD(IRQ_STORM, .unit = "us", .text = "time for interrupts a period; 0: off"),
	THRESHOLD(DOORBELL_STORM, .unit = "us", .text = "time for doorbells a period; 0: off"),
	KLV(VF_BEGIN_DOORBELL_ID, VF_CFG, .max = GUC_DOORBELLS - 1, .text = "first doorbell"),
	KLV(VF_BEGIN_CONTEXT_ID, VF_CFG, .max = GUC_ID_MAX, .text = "first context id"),
	KLV(VF_SCHED_PRIORITY, VF_CFG, .max = 2,
	    .text = "0 low: only with work, 1 normal: always its slot, 2 high: next slot"),
	THRESHOLD(MULTI_LRC_COUNT, .set_since = GUC_ABI_GROUPS,
		  .text = "parallel registrations a period; 0: off"),
	KLV(VF_ENGINE_GROUP_EXEC_QUANTUM, VF_CFG, .set_since = GUC_ABI_GROUPS, .clamp = 1,
	    .max = MAX_QUANTUM_MS, .unit = "ms",
	    .text = "execution quantum of each group; missing ones become 0"),
	KLV(VF_ENGINE_GROUP_PREEMPT_TIMEOUT, VF_CFG, .set_since = GUC_ABI_GROUPS, .clamp = 1,
	    .max = MAX_TIMEOUT_US, .unit = "us", .text = "preemption timeout of each group; missing ones become 0"),

	KLV(VGT_RESET_AFTER_VF_SWITCH, VGT_POLICY, BOOL,
	    .text = "reset used engines after a VF switch"),
};

#define ROWS (sizeof(table) / sizeof(table[0]))
#define X(name, key, min, max) + 1
static_assert(ROWS == 0 GUC_KLV_LIST(X), "a key of proto/klv.h has no row here");
#undef X

const struct guc_klv_row *guc_klv_row(size_t index)
{
	return index < ROWS ? &table[index] : NULL;
}

const struct guc_klv_row *guc_klv_find(uint32_t key)
{
	size_t lo = 0, hi = ROWS;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (table[mid].key == key)
			return &table[mid];
		if (table[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct guc_klv_row *guc_klv_of(uint32_t key, enum guc_klv_via via)
{
	const struct guc_klv_row *row = guc_klv_find(key);

	return row && row->via == via ? row : NULL;
}

bool guc_klv_len_ok(const struct guc_klv_row *row, uint32_t len)
{
	return len >= row->min_len && len <= row->max_len;
}

bool guc_klv_aligned(const struct guc_klv_row *row, uint64_t value)
{
	return row->align == 0 || value % row->align == 0;
}
