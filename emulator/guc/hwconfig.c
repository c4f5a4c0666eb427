/* SPDX-License-Identifier: MIT */
/* GET_HWCONFIG: a short attribute table as media drivers read it (guc-abi
 * 6.2): attribute number, value dwords, values. The attributes describe the
 * engines and caches of a small integrated part; nothing here depends on the
 * card's options. */
#include "core.h"

static const uint32_t hwconfig[] = {
	1, 1, 1,    /* slices */
	2, 1, 6,    /* dual subslices */
	3, 1, 16,   /* EUs of a dual subslice */
	4, 1, 1,    /* pixel pipes */
	6, 1, 4,    /* geometry pipes */
	7, 1, 2048, /* L3 cache, KiB */
	8, 1, 8,    /* L3 banks */
	70, 1, 4,   /* most subslices: without it the driver complains (bringup-log 5) */
};

/* dw1/dw2 buffer, dw3 size in bytes; all 0 asks for the size. */
uint16_t guc_act_hwconfig(struct guc_card *c, struct guc_request *r)
{
	uint64_t addr = make64(r->dw[1], r->dw[2]);

	if (addr == 0 && r->dw[3] == 0) {
		r->reply_data0 = sizeof(hwconfig);
		return GUC_OK;
	}
	if (r->dw[3] < sizeof(hwconfig))
		return GUC_ERR_INVALID_SIZE;
	return guc_ggtt_write(c, r->gt, r->fn, addr, hwconfig, sizeof(hwconfig)) ?
		       GUC_ERR_INVALID_GGTT_ADDRESS : GUC_OK;
}
