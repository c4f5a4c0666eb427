/* SPDX-License-Identifier: MIT */
/* The work queue of a parallel context (guc-abi 6.4): items are taken from
 * head to tail, a multi-LRC item sets the ring tails of leader and children and
 * all of them run, a budget each, until they reach those tails; then the head
 * moves on. An item under way is not remembered: it is still at the head, or
 * the driver has put no-ops in its place and will append it again. */
#include "detector.h"
#include "sched.h"

#include <errno.h>

/* Dwords of a multi-LRC item behind its header: three, and one a child. */
static uint32_t multi_length(const struct guc_context *ctx)
{
	return 2u + ctx->width;
}

static int load(const struct eng_place *r, uint64_t at, uint32_t *v)
{
	return guc_ggtt_load32(r->c, r->gt, r->fn, at, v);
}

int guc_wq_cursors(const struct eng_place *r, uint32_t *head, uint32_t *tail)
{
	const struct guc_context *ctx = r->ctx;
	int err = load(r, ctx->wq_desc + WQ_DESC_HEAD, head);

	if (!err)
		err = load(r, ctx->wq_desc + WQ_DESC_TAIL, tail);
	if (err)
		return err;
	/* A driver that appends an item which ends at the end leaves the size. */
	if (*head == ctx->wq_bytes)
		*head = 0;
	if (*tail == ctx->wq_bytes)
		*tail = 0;
	return *head % 4 || *tail % 4 || *head > ctx->wq_bytes || *tail > ctx->wq_bytes ? -EINVAL :
											  0;
}

int guc_wq_item(const struct eng_place *r, uint32_t at, uint32_t tail, struct guc_wq_item *item)
{
	const struct guc_context *ctx = r->ctx;
	uint32_t dw[3 + LRC_MAX_WIDTH], bytes;
	int err = load(r, ctx->wq_base + at, &dw[0]);

	if (err)
		return err;
	bytes = 4 * (field_get(WQ_LENGTH, dw[0]) + 1);
	if (bytes > (tail > at ? tail : ctx->wq_bytes) - at)
		return -EINVAL;
	item->at = at;
	item->next = at + bytes == ctx->wq_bytes ? 0 : at + bytes;
	item->multi = field_get(WQ_TYPE, dw[0]) == WQ_TYPE_MULTI_LRC;
	if (!item->multi)
		return field_get(WQ_TYPE, dw[0]) == WQ_TYPE_NOOP ? 0 : -EINVAL;
	if (field_get(WQ_LENGTH, dw[0]) != multi_length(ctx))
		return -EINVAL;
	err = guc_ggtt_read(r->c, r->gt, r->fn, ctx->wq_base + at + 4, dw, 4 * multi_length(ctx));
	if (err)
		return err;
	item->lrca = dw[0];
	item->tail[0] = field_get(WQ_RING_TAIL, dw[1]) * 8;
	for (unsigned i = 1; i < ctx->width; i++)
		item->tail[i] = (dw[2 + i] & (WQ_RING_TAIL >> 18)) * 8;
	return field_get(WQ_GUC_ID, dw[1]) == r->id ? 0 : -EINVAL;
}

/* Tell the driver which item can't be done. */
static enum eng_end refuse(const struct eng_place *r, uint32_t at)
{
	guc_ggtt_store32(r->c, r->gt, r->fn, r->ctx->wq_desc + WQ_DESC_ERROR, at);
	guc_ggtt_store32(r->c, r->gt, r->fn, r->ctx->wq_desc + WQ_DESC_STATUS, WQ_CMD_ERROR);
	guc_violate(r->c, r->gt, r->fn, GUC_VIOL_RING_GARBAGE, r->ctx->wq_base + at, r->id);
	return ENG_DEAD;
}

/* Set the item's ring tails; false when an LRC can't take its own. */
static bool set_tails(const struct eng_place *r, const struct guc_wq_item *item)
{
	for (unsigned i = 0; i < r->ctx->width; i++) {
		struct guc_lrc lrc;

		if (guc_lrc_load(r, i, &lrc) || item->tail[i] >= lrc.size)
			return false;
		if (lrc.tail != item->tail[i] &&
		    guc_ggtt_store32(r->c, r->gt, r->fn, lrc.tail_at, item->tail[i]))
			return false;
	}
	return true;
}

/* How many of a gang's LRCs ... */
struct gang {
	unsigned more, waiting, faulted, held;
};

/* A slice for each LRC that can go on, each is once the first: ENG_DONE, or how the
 * gang ends. */
static enum eng_end run_all(const struct eng_place *r, const struct eng_slice *slice,
			    struct gang *g)
{
	uint32_t first = guc_unit(r->c, r->gt)->turn;

	*g = (struct gang){ 0 };
	for (unsigned n = 0; n < r->ctx->width; n++) {
		unsigned i = (first + n) % r->ctx->width;
		struct guc_exec *exec = guc_lrc_exec(r->c, r->gt, r->ctx, i);
		struct eng_slice one = { .budget = slice->budget, .hold = true };
		enum eng_end end;

		if (exec->behind) {
			g->held++;
			continue;
		}
		/* Long commands of the others have used up the turn. */
		if (*r->spent >= GUC_ENGINE_TURN) {
			g->more++;
			continue;
		}
		end = guc_lrc_run(r, i, &one);
		switch (end) {
		case ENG_DONE:
			break;
		case ENG_MORE:
			g->more++;
			break;
		case ENG_WAIT:
			g->waiting++;
			break;
		case ENG_BATCH_END:
			exec->behind = 1;
			g->held++;
			break;
		case ENG_FAULT:
			g->faulted++;
			break;
		case ENG_DEAD:
			return end;
		}
	}
	return ENG_DONE;
}

/* The LRCs of an item run side by side. What a ring has behind its batch, fences and
 * an interrupt, waits until all have ended theirs: drivers make rings without any
 * handshake of their own and take one fence for the whole item's end. */
static enum eng_end run_gang(const struct eng_place *r, const struct eng_slice *slice)
{
	struct gang g;

	for (;;) {
		if (run_all(r, slice, &g) == ENG_DEAD)
			return ENG_DEAD;
		if (g.more)
			return ENG_MORE;
		/* Those that wait may wait for others of the gang: it is polled. */
		if (g.waiting)
			return ENG_WAIT;
		if (g.faulted)
			return ENG_FAULT;
		if (!g.held)
			return ENG_DONE;
		for (unsigned i = 0; i < r->ctx->width; i++)
			guc_lrc_exec(r->c, r->gt, r->ctx, i)->behind = 0;
		if (*r->spent >= GUC_ENGINE_TURN)
			return ENG_MORE;
	}
}

enum eng_end guc_workqueue_run(const struct eng_place *r, struct eng_slice *slice)
{
	struct guc_wq_item item = { 0 };
	uint32_t head, tail;
	enum eng_end end;

	if (guc_wq_cursors(r, &head, &tail))
		return refuse(r, 0);
	if (head == tail)
		return ENG_DONE;
	if (guc_wq_item(r, head, tail, &item))
		return refuse(r, head);
	if (item.multi) {
		if ((item.lrca ^ r->ctx->lrc_desc[0]) & LRC_DESC_ADDR) {
			guc_detector_item(r->c, r->gt, r->fn, r->id, head / 4 + 1, item.lrca);
			return refuse(r, head);
		}
		if (!set_tails(r, &item))
			return refuse(r, head);
		end = run_gang(r, slice);
		if (end != ENG_DONE)
			return end;
	}
	if (guc_ggtt_store32(r->c, r->gt, r->fn, r->ctx->wq_desc + WQ_DESC_HEAD, item.next))
		return ENG_DEAD;
	return item.next == tail ? ENG_DONE : ENG_MORE;
}
