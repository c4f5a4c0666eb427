/* SPDX-License-Identifier: MIT */
/* The events that GuC sends by itself: to whom, how long, and whether the host
 * has reserved room for it (guc-abi 3.7, 5.5, 6.3). guc_g2h_event() sends
 * nothing that is not in here. */
#include "actions.h"

#include "proto/actions.h"

#define ROW(name, role, room, lo, hi)                                          \
	{ .code = GUC_ACTION_##name, .to = GUC_BY_##role, .credit = room,      \
	  .min_len = lo, .max_len = hi }

/* Sorted by code. */
static const struct guc_notice table[] = {
	/*  name                    to  credit len */
	ROW(SCHED_CONTEXT_MODE_DONE, ALL, 4, 3, 3),
	ROW(SCHED_ENGINE_MODE_DONE,  ALL, 4, 3, 3),
	ROW(CONTEXT_RESET_NOTIFICATION, ALL, 0, 2, 2),
	ROW(ENGINE_FAILURE_NOTIFICATION, ALL, 0, 4, 4),
	ROW(DEREGISTER_CONTEXT_DONE, ALL, 3, 2, 2),
	ROW(CGP_SYNC_DONE,           ALL, 3, 2, 2),
	ROW(CGP_CONTEXT_ERROR,       ALL, 0, 7, 7),
	ROW(MMIO_RELAY_FROM_VF,      PF,  0, 6, 6),
	ROW(RELAY_FROM_VF,           PF,  0, 3, 255),
	ROW(RELAY_FROM_PF,           VF,  0, 2, 254),
	ROW(ADVERSE_EVENT,           PF,  0, 3, 3),
	ROW(VF_STATE_NOTIFY,         PF,  0, 3, 3),
	ROW(MEMORY_CAT_ERROR,        ALL, 0, 2, 3),
	ROW(PAGE_FAULT_REQ_DESC,     ALL, 0, 5, 5),
	ROW(TLB_INVALIDATION_DONE,   ALL, 3, 2, 2),
	ROW(PAGE_RECLAMATION_DONE,   ALL, 3, 2, 2),
	ROW(NOTIFY_CRASH_DUMP_POSTED, ALL, 0, 1, 1),
	ROW(NOTIFY_EXCEPTION,        ALL, 0, 1, 1),
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const struct guc_notice *guc_notice_row(size_t index)
{
	return index < ROWS ? &table[index] : NULL;
}

const struct guc_notice *guc_notice_find(uint32_t code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

bool guc_notice_travels(uint32_t code, uint32_t len)
{
	const struct guc_notice *row = guc_notice_find(code);

	return row && (row->to & GUC_BY_VF) && row->credit == 0 && len >= row->min_len &&
	       len <= row->max_len;
}
