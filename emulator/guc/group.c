/* SPDX-License-Identifier: MIT */
/* Multi-queue groups (guc-abi 6.2 to 6.4): one context whose queues stand in a
 * page of the driver's memory, the CGP page. GuC is told of new entries by a
 * sync and by nothing else: the page is read once, checked, and what it names
 * is used from then on. A sync is always answered by CGP_SYNC_DONE, which gives
 * the driver its credit back; what was wrong with the page is told before it by
 * CGP_CONTEXT_ERROR. Entry by entry: a bad one is not taken, the others are. */
#include "detector.h"
#include "sched.h"

/* --- the functions' shares of groups ------------------------------------------------ */

bool guc_group_take(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	struct guc_function *f = guc_fn(c, gt, ctx->fn);

	for (uint8_t i = 0; i < GUC_GROUPS; i++) {
		if (f->group[i].used)
			continue;
		f->group[i].used = 1;
		ctx->group = (uint8_t)(i + 1);
		return true;
	}
	return false;
}

void guc_group_give(struct guc_card *c, unsigned gt, struct guc_context *ctx)
{
	if (ctx->group)
		memset(&guc_fn(c, gt, ctx->fn)->group[ctx->group - 1], 0, sizeof(struct guc_group));
	ctx->group = 0;
}

/* --- the page ------------------------------------------------------------------------ */

/* A sync under way: the copy of the page is all that is looked at. */
struct sync {
	struct guc_card *c;
	unsigned gt, fn;
	uint32_t id;
	struct guc_context *ctx;
	uint32_t page[CGP_DWORDS];
};

static void complain(const struct sync *s, uint16_t error, uint32_t lrca, uint32_t id)
{
	/* dw1 bit 0 = 0: the driver's fault. */
	const uint32_t payload[6] = { 0, error, s->id, lrca, id, 0 };

	guc_g2h_event(s->c, s->gt, s->fn, GUC_ACTION_CGP_CONTEXT_ERROR, payload, 6);
}

static void take_entry(const struct sync *s, unsigned i)
{
	struct guc_group *g = &guc_fn(s->c, s->gt, s->fn)->group[s->ctx->group - 1];
	uint32_t desc = s->page[CGP_LRC(i)], id = s->page[CGP_ID(i)];
	uint32_t lrca = desc & LRC_DESC_ADDR;
	bool same = lrca == (g->lrc_desc[i] & LRC_DESC_ADDR);

	if (!(desc & LRC_DESC_VALID)) { /* the queue leaves the group */
		g->lrc_desc[i] = 0;
		g->exec[i] = (struct guc_exec){ 0 };
		return;
	}
	if (id != s->id) {
		complain(s, GUC_ERR_INVALID_CONTEXT, lrca, id);
		return;
	}
	if (!guc_in_range(s->c, guc_gt_tile(s->c, s->gt), s->fn, lrca,
			  LRC_PPHWSP_BYTES + LRC_PAGE)) {
		guc_violate(s->c, s->gt, s->fn, GUC_VIOL_GGTT_FOREIGN, lrca,
			    GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC);
		complain(s, GUC_ERR_INVALID_GGTT_ADDRESS, lrca, id);
		return;
	}
	g->lrc_desc[i] = desc;
	if (same) /* where the engine is in there stays */
		return;
	g->exec[i] = (struct guc_exec){ 0 };
	guc_detector_fresh(s->c, s->gt, s->fn, s->id, i);
}

/* What an entry costs: its LRC is read, or its error is told. */
#define ENTRY_COST 16u

static void sync(struct guc_card *c, struct guc_request *r, uint32_t id, struct guc_context *ctx)
{
	unsigned gt = r->gt, fn = r->fn;
	struct sync s = { .c = c, .gt = gt, .fn = fn, .id = id, .ctx = ctx };

	if (guc_ggtt_read(c, gt, fn, ctx->wq_base, s.page, sizeof(s.page))) {
		complain(&s, GUC_ERR_INVALID_GGTT_ADDRESS, (uint32_t)ctx->wq_base, id);
	} else if (field_get(CGP_MAJOR, s.page[0]) != 1) {
		complain(&s, GUC_ERR_UNSUPPORTED_VERSION, 0, id);
	} else {
		for (unsigned i = 0; i < CGP_QUEUES; i++) {
			if (!(s.page[CGP_UPDATED + i / 32] >> i % 32 & 1))
				continue;
			take_entry(&s, i);
			r->cost += ENTRY_COST;
		}
		guc_context_ready(c, gt, ctx);
	}
	guc_g2h_event(c, gt, fn, GUC_ACTION_CGP_SYNC_DONE, &id, 1);
}

/* --- the actions --------------------------------------------------------------------- */

/* dw1 flags, dw2 id, dw3 class, dw4 mask, dw5 zero, dw6/7 page. Registering the
 * same once more is a sync. */
uint16_t guc_act_register_group(struct guc_card *c, struct guc_request *r)
{
	struct guc_context want = { 0 };
	uint16_t err = guc_register_common(c, r, 1, &want);

	r->no_reply = r->type == HXG_EVENT;
	if (err)
		return err;
	want.wq_base = make64(r->dw[6], r->dw[7]);
	if (want.type != GUC_CTX_NORMAL || r->dw[5] || want.wq_base % GGTT_PAGE)
		return GUC_ERR_INVALID_CONTEXT_REGISTRATION;
	if (!guc_register_owned(c, r, want.wq_base, CGP_BYTES))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	err = guc_register_enter(c, r, &want, true);
	if (!err)
		sync(c, r, r->dw[2], guc_context(c, r->gt, r->fn, r->dw[2]));
	return err;
}

uint16_t guc_act_cgp_sync(struct guc_card *c, struct guc_request *r)
{
	struct guc_context *ctx = guc_context_find(c, r->gt, r->fn, r->dw[1]);

	if (!ctx)
		return GUC_ERR_CONTEXT_NOT_REGISTERED;
	if (!ctx->group)
		return GUC_ERR_INVALID_CONTEXT;
	sync(c, r, r->dw[1], ctx);
	return GUC_OK;
}

/* --- running ------------------------------------------------------------------------- */

/* A queue whose page is missing rests, the others go on; each is once the first. */
enum eng_end guc_group_run(const struct eng_place *r, struct eng_slice *slice)
{
	uint32_t queues = 0, first = guc_unit(r->c, r->gt)->turn;
	bool more = false, waiting = false, faulted = false;

	for (unsigned i = 0; i < CGP_QUEUES; i++)
		queues += *guc_lrc_desc(r->c, r->gt, r->ctx, i) != 0;
	if (queues && slice->budget > queues)
		slice->budget /= queues;
	for (unsigned n = 0; n < CGP_QUEUES; n++) {
		unsigned i = (first + n) % CGP_QUEUES;
		enum eng_end one;

		if (!*guc_lrc_desc(r->c, r->gt, r->ctx, i))
			continue;
		/* The turn is used up by long commands: the others are due in the next. */
		if (*r->spent >= GUC_ENGINE_TURN) {
			more = true;
			break;
		}
		one = guc_lrc_run(r, i, slice);
		if (one == ENG_DEAD)
			return one;
		more |= one == ENG_MORE;
		waiting |= one == ENG_WAIT;
		faulted |= one == ENG_FAULT;
	}
	return more ? ENG_MORE : waiting ? ENG_WAIT : faulted ? ENG_FAULT : ENG_DONE;
}
