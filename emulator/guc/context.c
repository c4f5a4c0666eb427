/* SPDX-License-Identifier: MIT */
/* Contexts: the table of what a function registered, and the actions that
 * register, enable, kick and drop them (guc-abi 6.2 to 6.4, vf-lifecycle
 * 1.3.6). Ids are the function's own, 0..num_contexts - 1; the slot is
 * begin_context + id. What a context does when it runs is engine.c's. */
#include "sched.h"

/* Compression contexts never run by themselves: guc_compression_run() does it
 * at PAUSE and RESFIX_DONE. */
void guc_context_ready(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (ctx->enabled && !ctx->killed && !ctx->faulted && ctx->type == GUC_CTX_NORMAL &&
	    !(guc_fn(c, gt, ctx->fn)->engines_off >> ctx->engine_class & 1) &&
	    guc_engine_allowed(c, gt, ctx))
		guc_run_add(c, gt, ctx);
}

/* --- finding and forgetting ----------------------------------------------------- */

struct guc_context *guc_context(const struct guc_card *c, unsigned gt, unsigned fn, uint32_t id)
{
	const struct guc_config *cfg = &guc_fn(c, gt, fn)->config;
	uint64_t slot = (uint64_t)cfg->begin_context + id;

	if (id >= cfg->num_contexts || slot >= c->block->geometry.contexts)
		return NULL;
	return guc_context_slot(c, gt, (uint32_t)slot);
}

struct guc_context *guc_context_find(const struct guc_card *c, unsigned gt, unsigned fn,
				     uint32_t id)
{
	struct guc_context *ctx = guc_context(c, gt, fn, id);

	return ctx && ctx->registered && ctx->fn == fn ? ctx : NULL;
}

static void tell(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id,
		 enum guc_ctx_change change)
{
	struct guc_event ev = {
		.point = GUC_PT_CONTEXT, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = id, .value = change,
	};

	guc_emit(c, &ev);
}

void guc_context_clear(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	guc_run_remove(c, gt, ctx);
	guc_group_give(c, gt, ctx);
	*ctx = (struct guc_context){ 0 };
}

/* Ids are withdrawn only after their contexts were dropped, so fn's are all in
 * its range; a VF_RESET need not look at every other's. */
void guc_contexts_drop(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	eng_tlb_drop(c, gt, fn, ENG_ASID_ANY);
	for (uint32_t id = 0; id < f->config.num_contexts; id++) {
		struct guc_context *ctx = guc_context(c, gt, fn, id);

		if (!ctx)
			break;
		if (ctx->registered && ctx->fn == fn)
			guc_context_clear(c, gt, ctx);
	}
	f->notes_n = f->notes_lost = f->notes_pending = f->fresh_checks = 0;
	f->notes_base = 0;
	f->noting = 0;
}

/* The engine writes heads back at the end of each slice, and slices don't
 * outlast a call: there is nothing in flight to write. */
void guc_contexts_preempt(struct guc_card *c, unsigned gt, unsigned fn)
{
	guc_contexts_off(c, gt, fn, (1u << GUC_ENGINES) - 1);
}

/* Until it is kicked it doesn't want to run either: its time stands. */
static void take_off(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++)
		guc_lrc_exec(c, gt, ctx, i)->running = 0;
	guc_context_left(c, gt, ctx);
}

void guc_contexts_off(struct guc_card *c, unsigned gt, unsigned fn, uint32_t engines)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t at = guc_unit(c, gt)->sleep_first;

	while (at) {
		struct guc_context *ctx = guc_context_slot(c, gt, at - 1);

		at = ctx->run_next;
		if (ctx->fn == fn && ctx->engines & engines)
			take_off(c, gt, ctx);
	}
	for (uint32_t left = engines; left; left &= left - 1) {
		unsigned engine = (unsigned)__builtin_ctz(left);
		struct guc_context *on = guc_seated(c, gt, engine);

		if (on && on->fn == fn)
			take_off(c, gt, on);
		for (unsigned rank = 0; rank < GUC_PRIORITIES; rank++)
			while (f->runq[engine][rank].first)
				take_off(c, gt, guc_context_slot(c, gt,
						f->runq[engine][rank].first - 1));
	}
}

void guc_contexts_kick(struct guc_card *c, unsigned gt, unsigned fn)
{
	uint32_t n = guc_fn(c, gt, fn)->config.num_contexts;

	for (uint32_t id = 0; id < n; id++) {
		struct guc_context *ctx = guc_context(c, gt, fn, id);

		if (!ctx)
			return;
		if (ctx->registered && ctx->fn == fn)
			guc_context_ready(c, gt, ctx);
	}
}

bool guc_context_stop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id)
{
	struct guc_context *ctx = guc_context_find(c, gt, fn, id);

	if (!ctx || ctx->killed)
		return false;
	guc_run_remove(c, gt, ctx);
	/* The engine is reset. */
	eng_tlb_drop(c, gt, fn, ENG_ASID_ANY);
	ctx->killed = 1;
	ctx->faulted = 0;
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++)
		guc_lrc_exec(c, gt, ctx, i)->faulted = 0;
	tell(c, gt, fn, id, GUC_CTX_KILLED);
	return true;
}

void guc_context_kill(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id)
{
	if (!guc_context_stop(c, gt, fn, id))
		return;
	guc_cat_error(c, gt, fn, id, GUC_CAT_UNKNOWN);
	guc_context_left(c, gt, guc_context(c, gt, fn, id));
}

/* --- registration ------------------------------------------------------------------ */

bool guc_register_owned(struct guc_card *c, const struct guc_request *r, uint64_t addr,
			uint64_t len)
{
	if (guc_in_range(c, guc_gt_tile(c, r->gt), r->fn, addr, len))
		return true;
	guc_violate(c, r->gt, r->fn, GUC_VIOL_GGTT_FOREIGN, addr, r->action);
	return false;
}

/* PPHWSP and register image. */
static bool lrc_owned(struct guc_card *c, const struct guc_request *r, uint32_t desc)
{
	return guc_register_owned(c, r, desc & LRC_DESC_ADDR, LRC_PPHWSP_BYTES + LRC_PAGE);
}

uint16_t guc_register_common(const struct guc_card *c, const struct guc_request *r,
			     unsigned width, struct guc_context *want)
{
	uint32_t type = field_get(CTX_FLAG_TYPE, r->dw[1]);
	uint32_t last = r->dw[2] + width - 1;

	if (last < r->dw[2] || !guc_context(c, r->gt, r->fn, last))
		return GUC_ERR_INVALID_CONTEXT_INDEX;
	if (type > GUC_CTX_COMPRESSION_RESTORE || r->dw[3] >= GUC_CLASS_COUNT || !r->dw[4] ||
	    (type && guc_abi_minor(c, r->gt, r->fn) < GUC_ABI_COMPRESSION))
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	want->registered = 1;
	want->type = (uint8_t)type;
	want->engine_class = (uint8_t)r->dw[3];
	want->width = (uint8_t)width;
	want->fn = (uint8_t)r->fn;
	want->submit_mask = r->dw[4];
	want->policy[GUC_POLICY(SCHEDULING_PRIORITY)] = GUC_PRIORITY_DEFAULT;
	return GUC_OK;
}

/* A parallel context takes as many ids as it is wide: none of them, and no
 * earlier one reaching here, may be another's. */
static bool ids_free(const struct guc_card *c, unsigned gt, unsigned fn, uint32_t id,
		     unsigned width)
{
	const struct guc_context *ctx = guc_context(c, gt, fn, id);

	if (ctx->registered && ctx->fn != fn)
		return false;
	for (unsigned i = 1; i < width; i++)
		if (guc_context(c, gt, fn, id + i)->registered)
			return false;
	for (uint32_t i = 1; i < LRC_MAX_WIDTH && i <= id; i++) {
		ctx = guc_context(c, gt, fn, id - i);
		if (ctx->registered && ctx->width > i)
			return false;
	}
	return true;
}

/* `group`: what *b is to become; its number is not in there yet. */
static bool same(const struct guc_context *a, const struct guc_context *b, bool group)
{
	return (a->group != 0) == group && a->type == b->type &&
	       a->engine_class == b->engine_class && a->width == b->width &&
	       a->submit_mask == b->submit_mask && a->wq_desc == b->wq_desc &&
	       a->wq_base == b->wq_base && a->wq_bytes == b->wq_bytes &&
	       !memcmp(a->lrc_desc, b->lrc_desc, sizeof(a->lrc_desc));
}

/* Equal: kept silently. Different: overwritten, but not under a running one. */
uint16_t guc_register_enter(struct guc_card *c, const struct guc_request *r,
			    const struct guc_context *want, bool group)
{
	uint32_t id = r->dw[2];
	struct guc_context *ctx = guc_context(c, r->gt, r->fn, id);
	uint8_t group_number = 0;

	if (!ids_free(c, r->gt, r->fn, id, want->width))
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	if (ctx->registered) {
		if (same(ctx, want, group))
			return GUC_OK;
		if (ctx->enabled)
			return GUC_ERR_CONTEXT_ALREADY_REGISTERED;
	}
	if (group) {
		guc_group_give(c, r->gt, ctx);
		ctx->fn = want->fn;
		if (!guc_group_take(c, r->gt, ctx))
			return GUC_ERR_CANNOT_COMPLETE_ACTION;
		group_number = ctx->group;
		ctx->group = 0;
	}
	guc_context_clear(c, r->gt, ctx);
	*ctx = *want;
	ctx->group = group_number;
	tell(c, r->gt, r->fn, id, GUC_CTX_REGISTERED);
	for (unsigned i = 0; i < want->width && !group; i++)
		guc_detector_fresh(c, r->gt, r->fn, id, i);
	return GUC_OK;
}

uint16_t guc_act_register(struct guc_card *c, struct guc_request *r)
{
	struct guc_context want = { 0 };
	uint16_t err;

	r->no_reply = r->type == HXG_EVENT;
	if (r->len != 12)
		return GUC_ERR_ERROR_PROTOCOL;
	err = guc_register_common(c, r, 1, &want);
	if (err)
		return err;
	for (unsigned i = 5; i <= 9; i++)
		if (r->dw[i])
			return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	want.lrc_desc[0] = r->dw[10];
	if (!lrc_owned(c, r, r->dw[10]))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	return guc_register_enter(c, r, &want, false);
}

uint16_t guc_act_register_multi(struct guc_card *c, struct guc_request *r)
{
	struct guc_context want = { 0 };
	uint32_t width;
	uint16_t err;

	r->no_reply = r->type == HXG_EVENT;
	guc_adverse(c, r->gt, r->fn, GUC_THRESHOLD_MULTI_LRC_COUNT, 1);
	/* Scheduler groups and parallel contexts exclude each other. */
	if (guc_unit(c, r->gt)->groups)
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	if (r->len < 11)
		return GUC_ERR_ERROR_PROTOCOL;
	width = r->dw[10];
	if (width < 2 || width > LRC_MAX_WIDTH)
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	if (r->len != 11 + 2 * width)
		return GUC_ERR_ERROR_PROTOCOL;
	err = guc_register_common(c, r, width, &want);
	if (err)
		return err;
	want.wq_desc = make64(r->dw[5], r->dw[6]);
	want.wq_base = make64(r->dw[7], r->dw[8]);
	want.wq_bytes = r->dw[9];
	if (want.type != GUC_CTX_NORMAL || !want.wq_bytes || want.wq_bytes % 4 ||
	    want.wq_bytes > GUC_WQ_MAX_BYTES || want.wq_desc % 4 || want.wq_base % 4)
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	if (!guc_register_owned(c, r, want.wq_desc, WQ_DESC_STATUS + 4) ||
	    !guc_register_owned(c, r, want.wq_base, want.wq_bytes))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	for (uint32_t i = 0; i < width; i++) {
		want.lrc_desc[i] = r->dw[11 + 2 * i];
		if (!lrc_owned(c, r, want.lrc_desc[i]))
			return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	return guc_register_enter(c, r, &want, false);
}

/* --- the other actions ------------------------------------------------------------- */

/* Also for an id nobody registered: a failed FAST_REQUEST makes the driver
 * reset the GT, a missing answer leaks the id and its credits. */
uint16_t guc_act_deregister(struct guc_card *c, struct guc_request *r)
{
	uint32_t id = r->dw[1];
	struct guc_context *ctx = guc_context_find(c, r->gt, r->fn, id);

	if (ctx) {
		guc_context_left(c, r->gt, ctx);
		guc_context_clear(c, r->gt, ctx);
		tell(c, r->gt, r->fn, id, GUC_CTX_DEREGISTERED);
	}
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_DEREGISTER_CONTEXT_DONE, &id, 1);
	return GUC_OK;
}

uint16_t guc_act_sched(struct guc_card *c, struct guc_request *r)
{
	struct guc_context *ctx = guc_context_find(c, r->gt, r->fn, r->dw[1]);

	if (!ctx)
		return GUC_ERR_CONTEXT_NOT_REGISTERED;
	guc_context_ready(c, r->gt, ctx);
	return GUC_OK;
}

/* Always answered, also when nothing changes: the driver counts on it. */
uint16_t guc_act_mode_set(struct guc_card *c, struct guc_request *r)
{
	uint32_t payload[2] = { r->dw[1], r->dw[2] };
	struct guc_context *ctx = guc_context_find(c, r->gt, r->fn, r->dw[1]);

	if (!ctx)
		return GUC_ERR_CONTEXT_NOT_REGISTERED;
	if (r->dw[2] > 1)
		return GUC_ERR_INVALID_PARAMS;
	if (ctx->enabled != r->dw[2]) {
		ctx->enabled = (uint8_t)r->dw[2];
		tell(c, r->gt, r->fn, r->dw[1],
		     ctx->enabled ? GUC_CTX_ENABLED : GUC_CTX_DISABLED);
	}
	if (!ctx->enabled) {
		guc_context_disable(c, r->gt, ctx);
		return GUC_OK;
	}
	/* Again, while its disable waits for a command that lets it go. */
	guc_context_stays(c, r->gt, ctx);
	guc_context_ready(c, r->gt, ctx);
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_SCHED_CONTEXT_MODE_DONE, payload, 2);
	return GUC_OK;
}

uint16_t guc_act_context_policies(struct guc_card *c, struct guc_request *r)
{
	struct guc_context *ctx = guc_context_find(c, r->gt, r->fn, r->dw[1]);
	struct klv_reader list = { .dw = r->dw + 2, .len = r->len - 2 };
	uint32_t policy[5];
	struct klv k;
	int more;

	if (!ctx)
		return GUC_ERR_CONTEXT_NOT_REGISTERED;
	memcpy(policy, ctx->policy, sizeof(policy));
	while ((more = klv_next(&list, &k)) > 0) {
		const struct guc_klv_row *row = guc_klv_of(k.key, GUC_KLV_VIA_CTX_POLICY);

		if (!row)
			return GUC_ERR_INVALID_KLV_KEY;
		if (!guc_klv_len_ok(row, k.len) || k.value[0] > row->max ||
		    !guc_klv_aligned(row, k.value[0]))
			return GUC_ERR_INVALID_KLV_DATA;
		policy[k.key - GUC_KLV_CTX_EXECUTION_QUANTUM] = k.value[0];
	}
	if (more < 0)
		return GUC_ERR_MALFORMED_KLV;
	memcpy(ctx->policy, policy, sizeof(policy));
	guc_requeue(c, r->gt, ctx);
	return GUC_OK;
}
