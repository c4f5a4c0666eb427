/* SPDX-License-Identifier: MIT */
/* GET_HWCONFIG: the attribute table that drivers and their users read (guc-abi
 * 6.2): attribute number, value dwords, values. It describes the engines that
 * the model counts and a small integrated part around them, the same on every
 * GT; nothing here depends on the card's options. Without attributes 1 and 70
 * the xe driver complains and falls back. */
#include "core.h"

static const uint32_t hwconfig[] = {
	1, 1, 1,    /* slices */
	2, 1, 6,    /* dual subslices */
	3, 1, 16,   /* EUs of a dual subslice */
	4, 1, 1,    /* pixel pipes */
	6, 1, 2048, /* L3 cache, KiB */
	7, 1, 8,    /* L3 banks */
	15, 1, 8,   /* threads of an EU */
	23, 1, 1,   /* render engines */
	24, 1, 4,   /* compute engines */
	25, 1, 8,   /* video engines */
	26, 1, 4,   /* video enhancement engines */
	27, 1, 9,   /* copy engines */
	70, 1, 4,   /* subslices */
	71, 1, 16,  /* EUs of a subslice */
};

/* dw1/dw2 buffer, dw3 its size in bytes; all 0 asks for the size. */
uint16_t guc_act_hwconfig(struct guc_card *c, struct guc_request *r)
{
	uint64_t addr = make64(r->dw[1], r->dw[2]);

	if (addr || r->dw[3]) {
		if (r->dw[3] < sizeof(hwconfig))
			return GUC_ERR_INVALID_SIZE;
		if (guc_ggtt_write(c, r->gt, r->fn, addr, hwconfig, sizeof(hwconfig)))
			return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	r->reply_data0 = sizeof(hwconfig);
	return GUC_OK;
}
