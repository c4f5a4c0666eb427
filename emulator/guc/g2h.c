/* SPDX-License-Identifier: MIT */
/* The CTB's G2H side: writes messages into a function's ring while it runs
 * and has room, keeps the others in order, owes one interrupt a turn (guc-abi
 * 3.3 to 3.8). The ring's STATUS is never written, its HEAD never trusted
 * further than for room: a HEAD outside the ring counts as a full ring. */
#include "core.h"

static bool open_ring(const struct guc_function *f)
{
	return f->ctb_enabled && f->g2h.size && !f->deaf && f->state == GUC_VFS_RUNNING;
}

/* Write one CT message if it fits. */
static bool ring_write(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
		       const uint32_t *dw, uint32_t len)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t msg[CTB_MSG_MAX_DWORDS], head, first, n = len + 1;

	if (guc_ggtt_load32(c, gt, fn, f->self.g2h_desc + CTB_DESC_HEAD, &head))
		return false;
	if (head >= f->g2h.size) {
		guc_violate(c, gt, fn, GUC_VIOL_CTB_DESC, f->self.g2h_desc, head);
		return false;
	}
	if (ctb_space(head, f->g2h.cursor, f->g2h.size) < n)
		return false;
	msg[0] = ct_header(fence, len);
	memcpy(&msg[1], dw, len * sizeof(dw[0]));
	first = n < f->g2h.size - f->g2h.cursor ? n : f->g2h.size - f->g2h.cursor;
	if (guc_ggtt_write(c, gt, fn, f->self.g2h_addr + 4ull * f->g2h.cursor, msg, 4ull * first))
		return false;
	if (first < n &&
	    guc_ggtt_write(c, gt, fn, f->self.g2h_addr, msg + first, 4ull * (n - first)))
		return false;
	f->g2h.cursor = ctb_advance(f->g2h.cursor, n, f->g2h.size);
	guc_ggtt_store32(c, gt, fn, f->self.g2h_desc + CTB_DESC_TAIL, f->g2h.cursor);
	f->g2h_messages++;
	f->irq_pending = 1;
	c->block->irq_owed[gt] |= guc_bit(fn);
	return true;
}

static void queue(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
		  const uint32_t *dw, uint32_t len, bool credited)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	struct guc_queued *q;

	/* A host that left 64 messages unread loses the newest. */
	if (f->queued_n == GUC_QUEUED_G2H || len > GUC_QUEUED_DWORDS) {
		f->g2h_dropped++;
		return;
	}
	q = &f->queued[(f->queued_at + f->queued_n++) % GUC_QUEUED_G2H];
	q->fence = fence;
	q->len = (uint16_t)len;
	q->credited = credited;
	memcpy(q->dw, dw, len * sizeof(dw[0]));
	c->block->g2h_left[gt] |= guc_bit(fn);
}

bool guc_g2h_room(const struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	return f->ctb_enabled && f->queued_n < GUC_QUEUED_G2H;
}

/* Past the hook: into the ring, or behind what already waits. Without a CTB
 * there is nobody to tell. */
void guc_g2h_go(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence, const uint32_t *dw,
		uint32_t len, bool credited)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	if (!f->ctb_enabled)
		return;
	if (f->queued_n)
		guc_g2h_flush(c, gt, fn);
	if (f->queued_n || !open_ring(f) || !ring_write(c, gt, fn, fence, dw, len))
		queue(c, gt, fn, fence, dw, len, credited);
}

void guc_g2h_put(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence, uint16_t code,
		 const uint32_t *dw, uint32_t len, bool credited)
{
	struct guc_event ev = {
		.point = GUC_PT_G2H, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = code, .value = fence, .msg_len = len,
	};
	uint32_t msg[CTB_HXG_MAX_DWORDS];
	struct guc_hook_action act;
	enum guc_verdict v;

	if (len == 0 || len > CTB_HXG_MAX_DWORDS)
		return;
	memcpy(msg, dw, len * sizeof(dw[0]));
	ev.msg = msg;
	v = guc_hook(c, &ev, &act);
	if ((v == GUC_CHANGE || v == GUC_DELAY) && ev.msg_len >= 1 &&
	    ev.msg_len <= CTB_HXG_MAX_DWORDS)
		len = ev.msg_len;
	else
		ev.msg_len = len;
	if (hxg_type(msg[0]) == HXG_FAILURE)
		ev.error = (uint16_t)field_get(HXG_ERROR, msg[0]);
	if (v == GUC_CHANGE)
		fence = (uint16_t)ev.value;
	if (v != GUC_SWALLOW && !(v == GUC_DELAY && guc_delay(c, &ev, &act) == 0)) {
		unsigned copies = v == GUC_CHANGE ? act.copies : 0;

		for (unsigned i = 0; i <= copies; i++)
			guc_g2h_go(c, gt, fn, fence, msg, len, credited);
		guc_delayed_passed(c, GUC_PT_G2H, gt, fn);
	}
	guc_emit(c, &ev);
}

void guc_g2h_send(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
		  const uint32_t *dw, uint32_t len, bool credited)
{
	guc_g2h_put(c, gt, fn, fence, (uint16_t)hxg_action(dw[0]), dw, len, credited);
}

void guc_g2h_event(struct guc_card *c, unsigned gt, unsigned fn, uint16_t action,
		   const uint32_t *payload, uint32_t n)
{
	const struct guc_notice *row = guc_notice_find(action);
	uint32_t dw[CTB_HXG_MAX_DWORDS];

	if (!row || !(row->to & (fn ? GUC_BY_VF : GUC_BY_PF)) || n + 1 < row->min_len ||
	    n + 1 > row->max_len || n >= CTB_HXG_MAX_DWORDS)
		return;
	dw[0] = hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, action, 0);
	if (n)
		memcpy(&dw[1], payload, n * sizeof(dw[0]));
	guc_g2h_put(c, gt, fn, 0, action, dw, n + 1, row->credit != 0);
}

void guc_g2h_flush(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t before = f->queued_n;

	while (f->queued_n && open_ring(f)) {
		const struct guc_queued *q = &f->queued[f->queued_at];

		if (!ring_write(c, gt, fn, q->fence, q->dw, q->len))
			break;
		f->queued_at = (f->queued_at + 1) % GUC_QUEUED_G2H;
		f->queued_n--;
	}
	if (f->queued_n < before)
		f->g2h_pause = 0;
	if (f->queued_n == 0) {
		c->block->g2h_left[gt] &= ~guc_bit(fn);
		return;
	}
	c->block->g2h_left[gt] |= guc_bit(fn);
	if (f->g2h_pause && f->g2h_look_at > c->block->now)
		return; /* a doorbell between two looks */
	f->g2h_pause = f->g2h_pause ? 2 * f->g2h_pause : GUC_POLL_NS;
	if (f->g2h_pause > GUC_POLL_MAX_NS)
		f->g2h_pause = GUC_POLL_MAX_NS;
	f->g2h_look_at = c->block->now + f->g2h_pause;
}

void guc_irq_flush(struct guc_card *c)
{
	for (unsigned gt = 0; gt < guc_gt_count(c); gt++) {
		uint64_t *owed = &c->block->irq_owed[gt];

		/* A VF's may be one too many, of which the PF is told. */
		while (*owed) {
			unsigned fn = (unsigned)__builtin_ctzll(*owed);

			*owed &= ~guc_bit(fn);
			guc_fn(c, gt, fn)->irq_pending = 0;
			guc_raise(c, gt, fn, GUC_IRQ_GUC2HOST);
		}
	}
}
