/* SPDX-License-Identifier: MIT */
/* The CTB's H2G side: reads the ring of a function, has each message
 * dispatched and answers by its type (guc-abi 3). The firmware trusts its own
 * head; the host's tail is loaded once, checked, used. Decisions on guc-abi 12
 * items 13 to 23:
 *
 * 13. Both cursors start from 0 at CONTROL_CTB enable, and are written so.
 * 16. Any dword with FORMAT 0 and 0 dwords is a NOP. Another FORMAT is skipped
 *     and counted.
 * 17. A tail outside the ring sets OVERFLOW, a message longer than what the
 *     ring holds UNDERFLOW; that H2G ring then stops until VF_RESET.
 * 18. While answers wait for room in G2H no more H2G is taken.
 * 23. HEAD is written for each message (once for a run of NOPs), before the
 *     message is handled. */
#include "core.h"

bool guc_h2g_open(const struct guc_function *f)
{
	return f->ctb_enabled && f->h2g.size && !f->h2g.stopped && !f->deaf && !f->noting &&
	       f->state == GUC_VFS_RUNNING;
}

static void stop(struct guc_card *c, unsigned gt, unsigned fn, uint32_t status,
		 enum guc_violation v, uint64_t value)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	f->h2g.stopped = 1;
	f->doorbell = 0;
	guc_violate(c, gt, fn, v, f->self.h2g_desc, value);
	if (status)
		guc_ggtt_store32(c, gt, fn, f->self.h2g_desc + CTB_DESC_STATUS, status);
}

/* Copy n <= size dwords at the cursor, which may wrap. */
static int fetch(struct guc_card *c, unsigned gt, unsigned fn, uint32_t at, uint32_t *dw,
		 uint32_t n)
{
	const struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t first = n < f->h2g.size - at ? n : f->h2g.size - at;
	int err = guc_ggtt_read(c, gt, fn, f->self.h2g_addr + 4ull * at, dw, 4ull * first);

	if (!err && first < n)
		err = guc_ggtt_read(c, gt, fn, f->self.h2g_addr, dw + first, 4ull * (n - first));
	return err;
}

void guc_h2g_reply(struct guc_card *c, const struct guc_request *r, uint16_t error)
{
	uint32_t dw[4] = { hxg_success(HXG_ORIGIN_GUC, r->reply_data0) };
	uint32_t len = 1;

	if (r->type == HXG_EVENT || (r->type == HXG_FAST_REQUEST && !error))
		return;
	if (error) {
		dw[0] = hxg_failure(HXG_ORIGIN_GUC, error, r->hint);
	} else {
		memcpy(&dw[1], r->reply, r->reply_len * sizeof(dw[0]));
		len += r->reply_len;
	}
	guc_g2h_put(c, r->gt, r->fn, r->fence, r->action, dw, len, true);
}

uint32_t guc_h2g_handle(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
			const uint32_t *dw, uint32_t len)
{
	struct guc_request r = {
		.gt = gt, .fn = fn, .type = hxg_type(dw[0]),
		.action = (uint16_t)hxg_action(dw[0]), .data0 = (uint16_t)hxg_data0(dw[0]),
		.fence = fence, .dw = dw, .len = len,
	};
	uint16_t error;

	/* Nobody waits for an answer to what is no call. */
	if (hxg_origin(dw[0]) != HXG_ORIGIN_HOST || !hxg_is_call(r.type)) {
		guc_violate(c, gt, fn, GUC_VIOL_CTB_MESSAGE, 0, dw[0]);
		return 0;
	}
	error = guc_dispatch(c, &r);
	if (!r.no_reply)
		guc_h2g_reply(c, &r, error);
	/* Only the PF's: a VF's ring is served from within settling a PAUSE. */
	if (fn == 0 && r.action == GUC_ACTION_VF_CONTROL)
		guc_lifecycle_settle(c, gt);
	return r.cost;
}

static uint32_t take(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence, uint32_t *dw,
		     uint32_t len)
{
	struct guc_event ev = {
		.point = GUC_PT_H2G, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = hxg_action(dw[0]), .value = fence, .msg = dw, .msg_len = len,
	};
	struct guc_hook_action act;
	enum guc_verdict v = guc_hook(c, &ev, &act);
	uint32_t cost;

	guc_fn(c, gt, fn)->h2g_messages++;
	guc_adverse(c, gt, fn, GUC_THRESHOLD_H2G_STORM, GUC_COST_H2G_US);
	guc_emit(c, &ev);
	if (v == GUC_SWALLOW)
		return 0;
	if ((v == GUC_CHANGE || v == GUC_DELAY) && ev.msg_len >= 1 &&
	    ev.msg_len <= CTB_HXG_MAX_DWORDS)
		len = ev.msg_len;
	else
		ev.msg_len = len;
	if (v == GUC_CHANGE)
		fence = (uint16_t)ev.value;
	if (v == GUC_DELAY && guc_delay(c, &ev, &act) == 0) {
		const uint32_t busy = hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 0);

		if (act.busy)
			guc_g2h_put(c, gt, fn, fence, (uint16_t)ev.code, &busy, 1, true);
		return 0;
	}
	if (v == GUC_ANSWER && act.answer_len > 0 && act.answer_len <= GUC_HOOK_ANSWER_MAX) {
		guc_g2h_put(c, gt, fn, fence, (uint16_t)ev.code, act.answer, act.answer_len,
			    true);
		return 0;
	}
	cost = guc_h2g_handle(c, gt, fn, fence, dw, len);
	if (v == GUC_CHANGE)
		for (unsigned i = 0; i < act.copies; i++)
			cost += guc_h2g_handle(c, gt, fn, fence, dw, len);
	guc_delayed_passed(c, GUC_PT_H2G, gt, fn);
	return cost;
}

/* One message or run of NOPs out of `used` dwords. Dwords consumed, with what
 * the message cost beyond them; 0 when the ring was stopped. */
static uint32_t serve_one(struct guc_card *c, unsigned gt, unsigned fn, uint32_t used)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t dw[CTB_MSG_MAX_DWORDS], n, skipped = 0, cost = 0;

	do {
		if (fetch(c, gt, fn, f->h2g.cursor, dw, 1)) {
			f->h2g.stopped = 1; /* the access was counted */
			return 0;
		}
		n = field_get(CT_NUM_DWORDS, dw[0]);
		if (n || field_get(CT_FORMAT, dw[0]))
			break;
		f->h2g.cursor = ctb_advance(f->h2g.cursor, 1, f->h2g.size);
	} while (++skipped < used);
	if (skipped) {
		guc_ggtt_store32(c, gt, fn, f->self.h2g_desc + CTB_DESC_HEAD, f->h2g.cursor);
		return skipped;
	}
	if (n + 1 > used) {
		stop(c, gt, fn, CTB_STATUS_UNDERFLOW, GUC_VIOL_CTB_MESSAGE, dw[0]);
		return 0;
	}
	if (n && fetch(c, gt, fn, ctb_advance(f->h2g.cursor, 1, f->h2g.size), dw + 1, n)) {
		f->h2g.stopped = 1;
		return 0;
	}
	f->h2g.cursor = ctb_advance(f->h2g.cursor, n + 1, f->h2g.size);
	guc_ggtt_store32(c, gt, fn, f->self.h2g_desc + CTB_DESC_HEAD, f->h2g.cursor);
	if (n == 0 || field_get(CT_FORMAT, dw[0]) != CT_FORMAT_HXG)
		guc_violate(c, gt, fn, GUC_VIOL_CTB_MESSAGE, 0, dw[0]);
	else
		cost = take(c, gt, fn, (uint16_t)field_get(CT_FENCE, dw[0]), dw + 1, n);
	return n + 1 + cost;
}

bool guc_h2g_serve(struct guc_card *c, unsigned gt, unsigned fn, uint32_t budget)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint64_t *left = &c->block->h2g_left[gt];

	*left &= ~guc_bit(fn);
	if (f->ctb_enabled)
		guc_g2h_flush(c, gt, fn);
	while (guc_h2g_open(f) && f->queued_n == 0) {
		uint32_t tail, used, n;

		if (guc_ggtt_load32(c, gt, fn, f->self.h2g_desc + CTB_DESC_TAIL, &tail)) {
			f->h2g.stopped = 1;
			break;
		}
		if (tail >= f->h2g.size) {
			stop(c, gt, fn, CTB_STATUS_OVERFLOW, GUC_VIOL_CTB_DESC, tail);
			break;
		}
		used = ctb_used(f->h2g.cursor, tail, f->h2g.size);
		if (used == 0) {
			f->doorbell = 0;
			break;
		}
		if (budget == 0) {
			*left |= guc_bit(fn);
			return true;
		}
		n = serve_one(c, gt, fn, used);
		if (n == 0)
			break;
		budget -= n < budget ? n : budget;
	}
	return false;
}

/* --- enabling -------------------------------------------------------------------- */

static bool registered(const struct guc_self_config *s)
{
	return s->h2g_addr && s->h2g_desc && s->g2h_addr && s->g2h_desc && s->h2g_bytes &&
	       s->g2h_bytes;
}

static uint16_t enable(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	const struct guc_self_config *s = &f->self;
	unsigned tile = guc_gt_tile(c, gt);

	if (f->ctb_enabled)
		return GUC_ERR_CTB_IN_USE;
	if (!registered(s))
		return GUC_ERR_CTB_NOT_REGISTERED;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t addr = i ? s->g2h_addr : s->h2g_addr;

		if (guc_in_range(c, tile, fn, addr, i ? s->g2h_bytes : s->h2g_bytes))
			continue;
		guc_violate(c, gt, fn, GUC_VIOL_GGTT_FOREIGN, addr, GUC_ACTION_CONTROL_CTB);
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	if (guc_ggtt_store32(c, gt, fn, s->h2g_desc + CTB_DESC_HEAD, 0) ||
	    guc_ggtt_store32(c, gt, fn, s->g2h_desc + CTB_DESC_TAIL, 0))
		return GUC_ERR_CTB_INVALID_DESC;
	f->h2g = (struct guc_ring){ .size = s->h2g_bytes / 4 };
	f->g2h = (struct guc_ring){ .size = s->g2h_bytes / 4 };
	f->ctb_enabled = 1;
	return GUC_OK;
}

/* Disabling forgets the cursors and what was queued; a message that the host
 * had not read is lost with it (guc-abi 12, item 14). */
uint16_t guc_ctb_enable(struct guc_card *c, unsigned gt, unsigned fn, bool on)
{
	if (on)
		return enable(c, gt, fn);
	guc_ctb_reset(c, gt, fn);
	return GUC_OK;
}

void guc_ctb_reset(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	memset(&f->h2g, 0, sizeof(f->h2g));
	memset(&f->g2h, 0, sizeof(f->g2h));
	f->ctb_enabled = f->doorbell = f->irq_pending = 0;
	f->queued_at = f->queued_n = 0;
	f->g2h_pause = f->g2h_look_at = 0;
	c->block->h2g_left[gt] &= ~guc_bit(fn);
	c->block->g2h_left[gt] &= ~guc_bit(fn);
	c->block->irq_owed[gt] &= ~guc_bit(fn);
	if (fn == 0)
		guc_blob_forget(c, gt);
}
