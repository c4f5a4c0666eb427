/* SPDX-License-Identifier: MIT */
/* What a driver sets up over MMIO: version, reset, its addresses, its CTB,
 * and the two ends of a fixup (guc-abi 5.2). MATCH_VERSION answers what this
 * GuC offers: the driver asks for 1.1 or 1.2 and gates features on the answer,
 * so a wanted minor never lowers it (guc-abi 12, item 8). */
#include "core.h"

uint16_t guc_act_match_version(struct guc_card *c, struct guc_request *r)
{
	struct guc_function *f = guc_fn(c, r->gt, r->fn);
	uint32_t want = r->dw[1], major = field_get(VERSION_MAJOR, want);
	uint16_t error;

	if (field_get(VERSION_PATCH, want))
		return GUC_ERR_ERROR_PROTOCOL;
	error = guc_vf_input(c, r->gt, r->fn, GUC_IN_MATCH_VERSION, 0);
	if (error)
		return error;
	if (field_get(VERSION_BRANCH, want) || major > 1)
		return GUC_ERR_UNSUPPORTED_VERSION;
	f->abi_major = 1;
	f->abi_minor = guc_abi_offered(c, r->fn);
	r->reply[0] = field_put(VERSION_MAJOR, f->abi_major) |
		      field_put(VERSION_MINOR, f->abi_minor);
	r->reply_len = 1;
	return GUC_OK;
}

/* Contexts, CTB, memirq, opt-ins and marker go; configuration and negotiated
 * version stay (guc-abi 12, item 40). */
uint16_t guc_act_vf_reset(struct guc_card *c, struct guc_request *r)
{
	if (r->fn == 0)
		guc_function_drop(c, r->gt, 0);
	return guc_vf_input(c, r->gt, r->fn, GUC_IN_VF_RESET, 0);
}

/* An address that cannot work is refused here, not found out later: the first
 * and the last byte that will be used lie inside what fn was given. */
static uint16_t set_address(struct guc_card *c, const struct guc_request *r,
			    const struct guc_klv_row *row, uint64_t *field, uint64_t value,
			    uint64_t bytes)
{
	if (value == 0 || !guc_klv_aligned(row, value))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	if (!guc_in_range(c, guc_gt_tile(c, r->gt), r->fn, value, bytes)) {
		guc_violate(c, r->gt, r->fn, GUC_VIOL_GGTT_FOREIGN, value, r->action);
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	*field = value;
	return GUC_OK;
}

static uint16_t set_size(const struct guc_klv_row *row, uint32_t *field, uint32_t value)
{
	if (value == 0 || !guc_klv_aligned(row, value) || value > row->max)
		return GUC_ERR_INVALID_SIZE;
	*field = value;
	return GUC_OK;
}

#define MEMIRQ_VECTOR_BYTES 16u

static uint16_t set_key(struct guc_card *c, const struct guc_request *r,
			const struct guc_klv_row *row, uint64_t value)
{
	struct guc_self_config *s = &guc_fn(c, r->gt, r->fn)->self;

	switch (row->key) {
	case GUC_KLV_SELF_MEMIRQ_STATUS_ADDR:
		return set_address(c, r, row, &s->memirq_status, value, MEMIRQ_VECTOR_BYTES);
	case GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR:
		return set_address(c, r, row, &s->memirq_source, value, 1);
	case GUC_KLV_SELF_H2G_CTB_ADDR:
		return set_address(c, r, row, &s->h2g_addr, value, CTB_SIZE_ALIGN);
	case GUC_KLV_SELF_H2G_CTB_DESC_ADDR:
		return set_address(c, r, row, &s->h2g_desc, value, CTB_DESC_BYTES);
	case GUC_KLV_SELF_H2G_CTB_SIZE:
		return set_size(row, &s->h2g_bytes, lo32(value));
	case GUC_KLV_SELF_G2H_CTB_ADDR:
		return set_address(c, r, row, &s->g2h_addr, value, CTB_SIZE_ALIGN);
	case GUC_KLV_SELF_G2H_CTB_DESC_ADDR:
		return set_address(c, r, row, &s->g2h_desc, value, CTB_DESC_BYTES);
	default:
		return set_size(row, &s->g2h_bytes, lo32(value));
	}
}

/* dw1 key and length, dw2/dw3 value. */
uint16_t guc_act_self_cfg(struct guc_card *c, struct guc_request *r)
{
	uint32_t key = field_get(KLV_KEY, r->dw[1]), len = field_get(KLV_LEN, r->dw[1]);
	const struct guc_klv_row *row = guc_klv_of(key, GUC_KLV_VIA_SELF_CFG);
	uint16_t error = guc_vf_input(c, r->gt, r->fn, GUC_IN_SELF_CFG, 0);

	if (error)
		return error;
	if (!row)
		return GUC_OK; /* DATA0 = 0: not recognised */
	if (!guc_klv_len_ok(row, len))
		return GUC_ERR_MALFORMED_KLV;
	if (len == 1 && r->dw[3])
		return GUC_ERR_ERROR_PROTOCOL;
	/* A ring in use does not move; the interrupt page may. */
	if (key >= GUC_KLV_SELF_H2G_CTB_ADDR && guc_fn(c, r->gt, r->fn)->ctb_enabled)
		return GUC_ERR_CTB_IN_USE;
	error = set_key(c, r, row, make64(r->dw[2], r->dw[3]));
	if (!error)
		r->reply_data0 = 1;
	return error;
}

uint16_t guc_act_control_ctb(struct guc_card *c, struct guc_request *r)
{
	enum guc_vf_input input = r->dw[1] ? GUC_IN_CTB_ENABLE : GUC_IN_CTB_DISABLE;
	uint16_t error;

	if (r->dw[1] > 1)
		return GUC_ERR_INVALID_PARAMS;
	/* The state may only change when enabling has worked. */
	error = r->fn ? guc_vf_peek(c, r->gt, r->fn, input, 0) : GUC_OK;
	if (!error)
		error = guc_ctb_enable(c, r->gt, r->fn, r->dw[1]);
	return error ? error : guc_vf_input(c, r->gt, r->fn, input, 0);
}

uint16_t guc_act_resfix_start(struct guc_card *c, struct guc_request *r)
{
	return guc_vf_input(c, r->gt, r->fn, GUC_IN_RESFIX_START, r->data0);
}

uint16_t guc_act_resfix_done(struct guc_card *c, struct guc_request *r)
{
	return guc_resfix_done(c, r);
}
