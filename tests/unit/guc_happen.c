/* SPDX-License-Identifier: MIT */
/* See guc_happen.h. */
#include "guc_happen.h"

#include <check.h>
#include <stdlib.h>

/* --- a world that can be put back --------------------------------------------------- */

struct fx_copy {
	struct fx fx;
	void *block;
};

struct fx_copy *fx_copy_new(const struct fx *f)
{
	struct fx_copy *copy = malloc(sizeof(*copy));

	ck_assert_ptr_nonnull(copy);
	copy->block = malloc(f->size);
	ck_assert_ptr_nonnull(copy->block);
	fx_copy_take(copy, f);
	return copy;
}

void fx_copy_take(struct fx_copy *copy, const struct fx *f)
{
	memcpy(&copy->fx, f, sizeof(*f));
	memcpy(copy->block, f->block, f->size);
}

void fx_copy_back(struct fx *f, const struct fx_copy *copy)
{
	memcpy(f, &copy->fx, sizeof(*f));
	memcpy(f->block, copy->block, f->size);
}

void fx_copy_free(struct fx_copy *copy)
{
	free(copy->block);
	free(copy);
}

/* --- events --------------------------------------------------------------------------- */

uint16_t fx_error(uint32_t header)
{
	return hxg_type(header) == HXG_FAILURE ? (uint16_t)field_get(HXG_ERROR, header) : 0;
}

/* A request of the VF; a request that stays in the mailbox is held, one that
 * reads back as 0 is lost. */
static uint16_t ask(struct fx *f, uint32_t dw0, uint32_t dw1, uint32_t dw2, uint32_t dw3,
		    unsigned n)
{
	const uint32_t dw[4] = { dw0, dw1, dw2, dw3 };
	uint32_t header = fx_mbox(f, 1, 0, dw, n, NULL);

	if (header == dw0)
		return GUC_LIFE_HELD;
	return header == 0 ? GUC_LIFE_LOST : fx_error(header);
}

static uint16_t resfix(struct fx *f, uint32_t action, uint32_t marker)
{
	return ask(f, hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, marker), 0, 0, 0, 1);
}

static uint16_t vf_cfg_none(struct fx *f)
{
	const uint32_t dw[5] = { GUC_ACTION_UPDATE_VF_CFG, 1, 0, 0, 0 };

	return fx_error(fx_pf(f, 0, dw, 5));
}

static uint16_t vf_cfg_all(struct fx *f)
{
	fx_provision(f, 1);
	return 0;
}

uint16_t fx_happen(struct fx *f, enum guc_vf_input input, uint32_t arg, uint32_t blob_dwords)
{
	uint64_t status = FX_VF_START(1) + FX_MEMIRQ(0) + MEMIRQ_STATUS(MEMIRQ_SOURCE_GUC);

	switch (input) {
	case GUC_IN_CONFIG_VALID:
		return vf_cfg_all(f);
	case GUC_IN_CONFIG_GONE:
		return vf_cfg_none(f);
	case GUC_IN_PAUSE:
		return fx_control(f, 0, 1, GUC_VF_PAUSE);
	case GUC_IN_RESUME:
		return fx_control(f, 0, 1, GUC_VF_RESUME);
	case GUC_IN_STOP:
		return fx_control(f, 0, 1, GUC_VF_STOP);
	case GUC_IN_PCI_FLR:
		ck_assert_int_eq(guc_flr(&f->card, 1), 0);
		return 0;
	case GUC_IN_FLR_START:
		return fx_control(f, 0, 1, GUC_VF_FLR_START);
	case GUC_IN_FLR_FINISH:
		return fx_control(f, 0, 1, GUC_VF_FLR_FINISH);
	case GUC_IN_SAVE:
		return fx_error(fx_save(f, 0, 1, FX_BLOB_BYTES / 4));
	case GUC_IN_RESTORE:
		return fx_error(fx_restore(f, 0, 1, blob_dwords));
	case GUC_IN_MATCH_VERSION:
		return ask(f, GUC_ACTION_MATCH_VERSION, 0x00010200, 0, 0, 2);
	case GUC_IN_VF_RESET:
		return ask(f, GUC_ACTION_VF_RESET, 0, 0, 0, 1);
	case GUC_IN_QUERY_KLV:
		return ask(f, GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_GGTT_START, 0, 0, 2);
	case GUC_IN_SELF_CFG:
		return ask(f, GUC_ACTION_SELF_CFG, klv_header(GUC_KLV_SELF_MEMIRQ_STATUS_ADDR, 2),
			   lo32(status), hi32(status), 4);
	case GUC_IN_CTB_ENABLE:
		return ask(f, GUC_ACTION_CONTROL_CTB, 1, 0, 0, 2);
	case GUC_IN_CTB_DISABLE:
		return ask(f, GUC_ACTION_CONTROL_CTB, 0, 0, 0, 2);
	case GUC_IN_RESFIX_START:
		return resfix(f, GUC_ACTION_RESFIX_START, arg);
	case GUC_IN_RESFIX_DONE:
		return resfix(f, GUC_ACTION_RESFIX_DONE, arg);
	case GUC_IN_OTHER_MMIO:
		return ask(f, GUC_ACTION_GET_HWCONFIG, 0, 0, 0, 4);
	case GUC_IN_COUNT:
		break;
	}
	return GUC_ERR_GENERIC_FAIL;
}
