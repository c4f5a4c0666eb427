/* SPDX-License-Identifier: MIT */
/* KLV lists that are no VF configuration: VGT policies, scheduling policies,
 * opt-in features (guc-abi 4.5, 4.6). Values are checked and kept where
 * something reads them: the scheduler (engine.c, world.c), adverse.c, CAT
 * errors. An engine in no group runs nothing. */
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

/* --- VGT policies ------------------------------------------------------------------ */

/* From 70.12.0 on this is the priority of everybody, the PF too. */
static void set_sched_if_idle(struct guc_card *c, unsigned gt, uint32_t value)
{
	guc_unit(c, gt)->sched_if_idle = value;
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++) {
		guc_fn(c, gt, fn)->config.sched_priority = value;
		guc_world_changed(c, gt, fn);
	}
}

static bool has_parallel(const struct guc_card *c, unsigned gt)
{
	for (uint32_t slot = 0; slot < c->block->geometry.contexts; slot++) {
		const struct guc_context *ctx = guc_context_slot(c, gt, slot);

		if (ctx->registered && ctx->width > 1)
			return true;
	}
	return false;
}

/* `n` groups of masks: false when an engine is in two of them. With parallel
 * contexts around they are understood and ignored. */
static bool set_groups(struct guc_card *c, unsigned gt, const uint32_t *masks, uint32_t n)
{
	struct guc_unit *u = guc_unit(c, gt);

	for (uint32_t i = 0; i < GUC_GROUP_DWORDS; i++) {
		uint32_t seen = 0;

		for (uint32_t g = 0; g < n; g++) {
			uint32_t mask = masks[g * GUC_GROUP_DWORDS + i];

			if (seen & mask)
				return false;
			seen |= mask;
		}
	}
	if (has_parallel(c, gt))
		return true;
	memset(u->group_mask, 0, sizeof(u->group_mask));
	memcpy(u->group_mask, masks, n * sizeof(u->group_mask[0]));
	u->groups = n;
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
		guc_contexts_preempt(c, gt, fn);
	guc_engines_kick(c, gt);
	return true;
}

bool guc_engine_allowed(const struct guc_card *c, unsigned gt, const struct guc_context *ctx)
{
	const struct guc_unit *u = guc_unit(c, gt);

	if (u->asleep)
		return false;
	for (uint32_t g = 0; g < u->groups; g++)
		if (u->group_mask[g][ctx->engine_class] & ctx->submit_mask)
			return true;
	return u->groups == 0;
}

void guc_engines_kick(struct guc_card *c, unsigned gt)
{
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
		if (guc_fn(c, gt, fn)->state == GUC_VFS_RUNNING)
			guc_contexts_kick(c, gt, fn);
}

/* True when the KLV was understood. */
static bool set_policy(struct guc_card *c, unsigned gt, const struct klv *k)
{
	const struct guc_klv_row *row = guc_klv_of(k->key, GUC_KLV_VIA_VGT_POLICY);
	struct guc_unit *u = guc_unit(c, gt);

	if (!row || !guc_klv_len_ok(row, k->len) || row->set_since > guc_abi_minor(c, gt, 0))
		return false;
	if (k->key == GUC_KLV_VGT_ENGINE_GROUP_CONFIG)
		return k->len % GUC_GROUP_DWORDS == 0 &&
		       k->len <= GUC_SCHED_GROUPS_USED * GUC_GROUP_DWORDS &&
		       set_groups(c, gt, k->value, k->len / GUC_GROUP_DWORDS);
	if (k->value[0] > row->max)
		return false;
	if (k->key == GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD)
		guc_adverse_period(c, gt, k->value[0]);
	else if (k->key == GUC_KLV_VGT_SCHED_IF_IDLE)
		set_sched_if_idle(c, gt, k->value[0]);
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
	r->cost = r->dw[3];
	while (klv_next(&reader, &k) == 1 && set_policy(c, r->gt, &k))
		r->reply_data0++;
	return GUC_OK;
}

/* --- lists of the sender's own ------------------------------------------------------ */

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
	r->cost = r->dw[3];
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
