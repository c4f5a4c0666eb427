/* SPDX-License-Identifier: MIT */
/* KLV lists that are no VF configuration: VGT policies, scheduling policies,
 * opt-in features (guc-abi 4.5, 4.6). Values are checked and kept where
 * something reads them; there is no scheduler that engine groups or yield
 * shares could steer, as the protocol allows. */
#include "core.h"

uint16_t guc_klv_fetch(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t size,
		       uint32_t *list)
{
	if (size > GUC_KLV_LIST_MAX)
		return GUC_ERR_DATA_TOO_LARGE;
	if (addr % 4)
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	return guc_ggtt_read(c, gt, fn, addr, list, size * sizeof(*list)) ?
		       GUC_ERR_INVALID_GGTT_ADDRESS : GUC_OK;
}

/* True when the KLV was understood. */
static bool set_policy(struct guc_unit *u, const struct klv *k)
{
	const struct guc_klv_row *row = guc_klv_of(k->key, GUC_KLV_VIA_VGT_POLICY);

	if (!row || !guc_klv_len_ok(row, k->len))
		return false;
	if (k->key == GUC_KLV_VGT_ENGINE_GROUP_CONFIG)
		return k->len % 16 == 0;
	if (k->value[0] > row->max)
		return false;
	if (k->key == GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD)
		u->sample_period_ms = k->value[0];
	else if (k->key == GUC_KLV_VGT_SCHED_IF_IDLE)
		u->sched_if_idle = k->value[0];
	else
		u->reset_after_switch = k->value[0];
	return true;
}

/* dw1/dw2 list, dw3 size in dwords. Stops at the first bad KLV. */
uint16_t guc_act_vgt_policy(struct guc_card *c, struct guc_request *r)
{
	uint32_t list[GUC_KLV_LIST_MAX];
	struct klv_reader reader = { .dw = list, .len = r->dw[3] };
	struct klv k;
	uint16_t error = guc_klv_fetch(c, r->gt, r->fn, make64(r->dw[1], r->dw[2]), r->dw[3], list);

	if (error)
		return error;
	while (klv_next(&reader, &k) == 1 && set_policy(guc_unit(c, r->gt), &k))
		r->reply_data0++;
	return GUC_OK;
}

uint16_t guc_act_sched_policies(struct guc_card *c, struct guc_request *r)
{
	struct klv_reader reader = { .dw = r->dw + 1, .len = r->len - 1 };
	struct klv k;
	int more;

	(void)c;
	while ((more = klv_next(&reader, &k)) == 1) {
		const struct guc_klv_row *row = guc_klv_of(k.key, GUC_KLV_VIA_SCHED_POLICY);

		if (!row)
			return GUC_ERR_INVALID_KLV_KEY;
		if (!guc_klv_len_ok(row, k.len))
			return GUC_ERR_MALFORMED_KLV;
		if (k.value[1] > row->max) /* percent */
			return GUC_ERR_INVALID_KLV_DATA;
		r->reply_data0++;
	}
	return more ? GUC_ERR_MALFORMED_KLV : GUC_OK;
}

/* dw1/dw2 list, dw3 size in dwords. Nothing is kept of a bad list. */
uint16_t guc_act_opt_in(struct guc_card *c, struct guc_request *r)
{
	uint32_t list[GUC_KLV_LIST_MAX];
	struct klv_reader reader = { .dw = list, .len = r->dw[3] };
	struct klv k;
	uint8_t chosen = 0;
	int more;
	uint16_t error = guc_klv_fetch(c, r->gt, r->fn, make64(r->dw[1], r->dw[2]), r->dw[3], list);

	if (error)
		return error;
	while ((more = klv_next(&reader, &k)) == 1) {
		const struct guc_klv_row *row = guc_klv_of(k.key, GUC_KLV_VIA_OPT_IN);

		if (!row || row->set_since > guc_abi_minor(c, r->gt, r->fn))
			return GUC_ERR_INVALID_KLV_KEY;
		if (!guc_klv_len_ok(row, k.len))
			return GUC_ERR_MALFORMED_KLV;
		chosen |= k.key == GUC_KLV_OPT_IN_EXT_CAT_ERR_TYPE ? 1 : 2;
		r->reply_data0++;
	}
	if (more)
		return GUC_ERR_MALFORMED_KLV;
	guc_fn(c, r->gt, r->fn)->opt_in |= chosen;
	return GUC_OK;
}
