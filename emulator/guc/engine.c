/* SPDX-License-Identifier: MIT */
/* The engines: take runnable contexts in turn and execute up to
 * options.engine_budget commands of each. What a slice does is emulator/engine's;
 * parallel contexts are led by workqueue.c, groups by group.c. */
#include "exec.h"

/* --- taking turns ------------------------------------------------------------------ */

static enum eng_end run_context(const struct eng_place *r)
{
	struct eng_slice slice = { .budget = r->c->block->options.engine_budget };

	if (r->ctx->group)
		return guc_group_run(r, &slice);
	return r->ctx->width > 1 ? guc_workqueue_run(r, &slice) : eng_run(r, 0, &slice);
}

/* A round looks at every context that was runnable at its start; with many of
 * them it takes several turns. */
bool guc_engine_run(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);
	uint32_t spent = 0;

	if (!u->round_left) {
		u->round_left = u->runnable_n;
		u->round_more = 0;
	}
	for (; u->round_left && u->run_first; u->round_left--) {
		uint32_t slot = u->run_first - 1;
		struct eng_place r = {
			.c = c, .ctx = guc_context_slot(c, gt, slot), .gt = gt, .spent = &spent,
		};
		const struct guc_function *f = guc_fn(c, gt, r.ctx->fn);

		if (spent >= GUC_ENGINE_TURN)
			return true;
		r.fn = r.ctx->fn;
		r.id = slot - f->config.begin_context;
		guc_run_remove(c, gt, r.ctx);
		if ((r.fn && (f->state != GUC_VFS_RUNNING || f->compressing)) ||
		    f->engines_off >> r.ctx->engine_class & 1 || !guc_engine_allowed(c, gt, r.ctx))
			continue;
		guc_activity_ran(c, gt, r.ctx);
		switch (run_context(&r)) {
		case ENG_DONE:
			break;
		case ENG_MORE:
			u->round_more = 1;
			guc_run_add(c, gt, r.ctx);
			break;
		case ENG_WAIT:
			guc_run_add(c, gt, r.ctx);
			break;
		case ENG_BATCH_END:
		case ENG_FAULT:
		case ENG_DEAD:
			guc_context_kill(c, gt, r.fn, r.id);
			break;
		}
	}
	u->round_left = 0;
	return u->round_more;
}

/* Commands of all compression contexts in one turn, and of one in all: a VF's driver makes
 * 2 MiB of batch a GiB of its memory. A batch without an end stops there. */
#define COMPRESSION_SLICE 4096u
#define COMPRESSION_MAX   (1u << 24)

/* fn's first context of a type from `*id` on, or NULL. */
static struct guc_context *compression_context(struct guc_card *c, unsigned gt, unsigned fn,
					       unsigned type, uint32_t *id)
{
	struct guc_context *ctx = NULL;

	for (; *id < guc_fn(c, gt, fn)->config.num_contexts; ++*id) {
		ctx = guc_context(c, gt, fn, *id);
		if (!ctx || (ctx->registered && ctx->fn == fn && ctx->type == type && !ctx->killed))
			return ctx;
	}
	return NULL;
}

bool guc_compression_run(struct guc_card *c, unsigned gt, unsigned fn, unsigned type)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t slice = guc_lifecycle_share(c, gt, fn, COMPRESSION_SLICE), spent = 0;
	struct eng_place r = { .c = c, .gt = gt, .fn = fn, .spent = &spent };
	struct guc_lrc lrc;
	struct eng_slice run;
	enum eng_end end;

	/* The search goes on where it ended: the context that runs. */
	r.id = f->compressing == type ? f->compression_id : 0;
	r.ctx = compression_context(c, gt, fn, type, &r.id);
	/* With another head at the start the driver has broken its own rule: refused. */
	if (!r.ctx || guc_lrc_load(&r, 0, &lrc) || (lrc.head && f->compressing != type)) {
		f->compressing = 0;
		return false;
	}
	if (f->compressing != type) {
		f->compressing = (uint8_t)type;
		f->compression_left = COMPRESSION_MAX;
		f->compression_id = r.id;
	}
	if (slice > f->compression_left)
		slice = f->compression_left;
	run = (struct eng_slice){ .budget = slice };
	end = eng_run(&r, 0, &run);
	f->compression_left -= slice;
	if (end == ENG_MORE && f->compression_left)
		return true;
	if (end == ENG_MORE)
		guc_violate(c, gt, fn, GUC_VIOL_RING_GARBAGE, r.ctx->exec[0].batch, type);
	f->compressing = 0;
	r.ctx->exec[0] = (struct guc_exec){ 0 };
	guc_ggtt_store32(c, gt, fn, lrc.head_at, 0);
	return false;
}

/* dw1 class, dw2 1 on or 0 off, dw3 at once: all of fn's contexts of a class, and
 * nobody else's. Always answered. */
uint16_t guc_act_engine_mode(struct guc_card *c, struct guc_request *r)
{
	struct guc_function *f = guc_fn(c, r->gt, r->fn);
	const uint32_t payload[2] = { r->dw[1], r->dw[2] };

	if (r->dw[1] >= GUC_CLASS_COUNT)
		return GUC_ERR_INVALID_ENGINE_ID;
	if (r->dw[2] > 1 || r->dw[3] > 1)
		return GUC_ERR_INVALID_PARAMS;
	if (!r->dw[2]) {
		f->engines_off |= (uint8_t)(1u << r->dw[1]);
	} else if (f->engines_off >> r->dw[1] & 1) {
		f->engines_off &= (uint8_t)~(1u << r->dw[1]);
		guc_contexts_kick(c, r->gt, r->fn);
		r->cost = f->config.num_contexts;
	}
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_SCHED_ENGINE_MODE_DONE, payload, 2);
	return GUC_OK;
}

bool guc_engine_polls(const struct guc_card *c, unsigned gt)
{
	uint32_t at = guc_unit(c, gt)->run_first;

	while (at) {
		struct guc_context *ctx = guc_context_slot(c, gt, at - 1);

		for (unsigned i = 0; i < guc_lrc_places(ctx); i++)
			if (guc_lrc_exec(c, gt, ctx, i)->waiting)
				return true;
		at = ctx->run_next;
	}
	return false;
}
