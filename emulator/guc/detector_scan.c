/* SPDX-License-Identifier: MIT */
/* Where a VF's memory holds GGTT addresses (vf-lifecycle 5.2, 5.3): walks every
 * registered context's image, unfinished ring, batches and work queue, and the
 * unread H2G, a slice of them a turn. Reads only, bounded by GUC_SCAN_DWORDS; memory
 * that faults is passed over, since the engine would not get anywhere there either. */
#include "detector.h"

#include "proto/mi.h"

/* Longest stretch of one batch. */
#define BATCH_DWORDS (1u << 16)
#define CHUNK_DWORDS 256u

struct scan {
	struct eng_place r;
	uint32_t left;      /* dwords that may be looked at in what is looked at */
	bool cut;           /* it was more than that */
	struct guc_note note; /* context, child, structure of what is looked at */
};

static void add(struct scan *s, uint32_t dword, uint64_t where, uint32_t value)
{
	s->note.dword = dword;
	guc_detector_add(s->r.c, s->r.gt, s->r.fn, &s->note, where, value);
}

/* Take `n` dwords from what may be looked at; false when it is used up. */
static bool charge(struct scan *s, uint32_t n)
{
	if (s->left < n) {
		s->left = 0;
		s->cut = true;
		return false;
	}
	s->left -= n;
	return true;
}

/* --- commands ---------------------------------------------------------------------- */

/* Dword of the command that holds a GGTT address, or 0. */
static uint32_t address_dword(uint32_t dw0)
{
	if ((dw0 & CMD_3D) == CMD_PIPE_CONTROL)
		return 2;
	if (field_get(CMD_CLIENT, dw0))
		return 0;
	switch (field_get(MI_OPCODE, dw0)) {
	case MI_OP_STORE_DATA_IMM:
		return dw0 & MI_SDI_GGTT ? 1 : 0;
	case MI_OP_BATCH_BUFFER_START:
		return dw0 & MI_BBS_PPGTT ? 0 : 1;
	case MI_OP_SEMAPHORE_WAIT:
		return dw0 & MI_SEM_GGTT ? 2 : 0;
	case MI_OP_STORE_REGISTER_MEM:
		return dw0 & MI_SRM_GGTT ? 2 : 0;
	case MI_OP_FLUSH_DW:
		return dw0 & MI_FLUSH_INDEX ? 0 : 1;
	}
	return 0;
}

/* Commands in memory, read a chunk at a time. A ring goes round. */
struct text {
	uint64_t base;  /* address of dword 0 */
	uint32_t size;  /* dwords, where a ring goes round; 0 = a batch */
	uint32_t dw[CHUNK_DWORDS];
	uint32_t from, n;
};

static uint64_t text_addr(const struct text *t, uint32_t i)
{
	return t->base + 4ull * (t->size ? i % t->size : i);
}

/* Dword `i`; false when memory faults or the scan is at its limit. */
static bool text_get(struct scan *s, struct text *t, uint32_t i, uint32_t *v)
{
	if (i < t->from || i >= t->from + t->n) {
		uint64_t at = text_addr(t, i);
		uint32_t n = (uint32_t)(GGTT_PAGE - at % GGTT_PAGE) / 4;

		if (t->size && n > t->size - i % t->size)
			n = t->size - i % t->size;
		if (n > CHUNK_DWORDS)
			n = CHUNK_DWORDS;
		if (!charge(s, n) ||
		    guc_ggtt_read(s->r.c, s->r.gt, s->r.fn, at, t->dw, 4 * n))
			return false;
		t->from = i;
		t->n = n;
	}
	*v = t->dw[i - t->from];
	return true;
}

/* Note the command's address; its value through `value` when it has one. */
static bool scan_command(struct scan *s, struct text *t, uint32_t i, uint32_t dw0, uint32_t *value)
{
	uint32_t k = address_dword(dw0), flags;

	if (!k)
		return false;
	/* PIPE_CONTROL says in its flags whether it stores, and where to. */
	if ((dw0 & CMD_3D) == CMD_PIPE_CONTROL &&
	    (!text_get(s, t, i + 1, &flags) || !(flags & PIPE_CONTROL_GGTT) ||
	     flags & PIPE_CONTROL_INDEX || !field_get(PIPE_CONTROL_OP, flags)))
		return false;
	if (!text_get(s, t, i + k, value))
		return false;
	/* FLUSH_DW keeps "address is GGTT" in bit 2 of the address. */
	if (field_get(MI_OPCODE, dw0) == MI_OP_FLUSH_DW && !(*value & MI_FLUSH_GGTT))
		return false;
	add(s, t->size ? (i + k) % t->size : i + k, text_addr(t, i + k), *value);
	return true;
}

static void scan_batch(struct scan *s, uint64_t at)
{
	struct text t = { .base = at };
	uint32_t dw0, value;

	if (!s->r.c->block->options.gap_profile || at % 4 ||
	    !guc_in_range(s->r.c, guc_gt_tile(s->r.c, s->r.gt), s->r.fn, at, 4))
		return;
	s->note.structure = FIXUP_BATCH;
	for (uint32_t i = 0; i < BATCH_DWORDS && text_get(s, &t, i, &dw0); i += cmd_length(dw0)) {
		if (dw0 == MI_BATCH_BUFFER_END)
			break;
		scan_command(s, &t, i, dw0, &value);
	}
	s->note.structure = FIXUP_JOBS;
}

/* From the LRC's head to `tail`: what is not finished. */
static void scan_ring(struct scan *s, const struct guc_lrc *lrc, uint32_t tail)
{
	struct text t = { .base = lrc->ring, .size = lrc->size / 4 };
	uint32_t i = lrc->head / 4, dw0, value;
	uint32_t end = tail >= lrc->head ? tail / 4 : (tail + lrc->size) / 4;

	s->note.structure = FIXUP_JOBS;
	for (; i < end && text_get(s, &t, i, &dw0); i += cmd_length(dw0))
		if (scan_command(s, &t, i, dw0, &value) &&
		    field_get(MI_OPCODE, dw0) == MI_OP_BATCH_BUFFER_START)
			scan_batch(s, value);
}

/* --- contexts ---------------------------------------------------------------------- */

/* Words of the register image. */
static const struct {
	uint8_t dword;
	enum fixup structure;
	bool gap; /* only with options.gap_profile */
} image_words[] = {
	{ LRC_MEMIRQ_ENABLE, FIXUP_MEMIRQ, false },
	{ LRC_MEMIRQ_STATUS, FIXUP_MEMIRQ, false },
	{ LRC_MEMIRQ_SOURCE, FIXUP_MEMIRQ, false },
	{ LRC_INDIRECT_RING, FIXUP_INDIRECT_RING, false },
	{ LRC_BB_PER_CTX, FIXUP_WA_BATCH, false },
	{ LRC_INDIRECT_CTX, FIXUP_INDIRECT_CTX, true },
};

static void scan_image(struct scan *s, const struct guc_lrc *lrc)
{
	uint32_t page = lrc->image[LRC_INDIRECT_RING];

	for (size_t i = 0; i < sizeof(image_words) / sizeof(image_words[0]); i++) {
		uint32_t d = image_words[i].dword;

		if (image_words[i].gap && !s->r.c->block->options.gap_profile)
			continue;
		s->note.structure = (uint8_t)image_words[i].structure;
		add(s, d, lrc->regs + 4 * d, lrc->image[d]);
	}
	if (page) {
		s->note.structure = FIXUP_INDIRECT_RING;
		add(s, LRC_IND_START, (page & LRC_DESC_ADDR) + 4ull * LRC_IND_START,
		    (uint32_t)lrc->ring);
	} else {
		s->note.structure = FIXUP_RING_START;
		add(s, LRC_RING_START, lrc->regs + 4 * LRC_RING_START, lrc->image[LRC_RING_START]);
	}
}

/* Row 18: batch start with its address at ring bytes 8 to 15. */
static void scan_ccs(struct scan *s, const struct guc_lrc *lrc)
{
	uint32_t dw[4];

	if (guc_ggtt_read(s->r.c, s->r.gt, s->r.fn, lrc->ring, dw, sizeof(dw)))
		return;
	if (field_get(CMD_CLIENT, dw[1]) || address_dword(dw[1]) != 1)
		return;
	s->note.structure = FIXUP_CCS;
	add(s, 2, lrc->ring + 8, dw[2]);
}

/* Items from head to tail; `last` becomes the last multi-LRC one. */
static void scan_workqueue(struct scan *s, struct guc_wq_item *last)
{
	uint32_t at, tail, n = s->r.ctx->wq_bytes / 4;

	if (guc_wq_cursors(&s->r, &at, &tail))
		return;
	for (; at != tail && n && charge(s, 1); n--) {
		struct guc_wq_item item = { 0 };

		if (guc_wq_item(&s->r, at, tail, &item))
			return;
		if (item.multi) {
			s->note.child = 0;
			s->note.structure = FIXUP_WORK_QUEUE;
			add(s, at / 4 + 1, s->r.ctx->wq_base + at + 4, item.lrca);
			*last = item;
		}
		at = item.next;
	}
}

/* Row 21: the entries of the queues that GuC knows of. */
static void scan_group_page(struct scan *s)
{
	const struct guc_context *ctx = s->r.ctx;
	uint32_t page[CGP_DWORDS];

	if (!s->r.c->block->options.gap_profile || !charge(s, CGP_DWORDS) ||
	    guc_ggtt_read(s->r.c, s->r.gt, s->r.fn, ctx->wq_base, page, sizeof(page)))
		return;
	s->note.structure = FIXUP_CGP;
	for (unsigned i = 0; i < CGP_QUEUES; i++) {
		if (!*guc_lrc_desc(s->r.c, s->r.gt, s->r.ctx, i))
			continue;
		s->note.child = (uint8_t)i;
		add(s, CGP_LRC(i), ctx->wq_base + 4ull * CGP_LRC(i), page[CGP_LRC(i)]);
	}
}

static void scan_context(struct scan *s)
{
	struct guc_context *ctx = s->r.ctx;
	struct guc_wq_item last = { 0 };

	s->note = (struct guc_note){ .context = (uint16_t)s->r.id };
	if (ctx->group)
		scan_group_page(s);
	if (ctx->width > 1)
		scan_workqueue(s, &last);
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++) {
		const struct guc_exec *exec = guc_lrc_exec(s->r.c, s->r.gt, ctx, i);
		struct guc_lrc lrc;

		if (!*guc_lrc_desc(s->r.c, s->r.gt, ctx, i))
			continue;
		if (!charge(s, sizeof(lrc.image) / sizeof(lrc.image[0])))
			return;
		if (guc_lrc_load(&s->r, i, &lrc))
			continue;
		s->note.child = (uint8_t)i;
		scan_image(s, &lrc);
		if (ctx->type != GUC_CTX_NORMAL) {
			scan_ccs(s, &lrc);
			continue;
		}
		if (guc_exec_ggtt_batch(exec))
			scan_batch(s, guc_exec_ggtt_batch(exec));
		if (guc_exec_ggtt_back(exec))
			scan_batch(s, guc_exec_ggtt_back(exec));
		scan_ring(s, &lrc, last.multi && last.tail[i] < lrc.size ? last.tail[i] : lrc.tail);
	}
}

/* --- unread H2G -------------------------------------------------------------------- */

/* Address dwords of a message: bit n = dword n (vf-lifecycle 5.3). */
static uint32_t h2g_addresses(const uint32_t *hxg, uint32_t len)
{
	uint32_t n = 0, mask = 0;

	switch (hxg_action(hxg[0])) {
	case GUC_ACTION_REGISTER_CONTEXT:
		mask = 1u << 5 | 1u << 7 | 1u << 10;
		break;
	case GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC:
		mask = 1u << 5 | 1u << 7;
		if (len > 10)
			n = hxg[10] < LRC_MAX_WIDTH ? hxg[10] : LRC_MAX_WIDTH;
		for (uint32_t i = 0; i < n; i++)
			mask |= 1u << (11 + 2 * i);
		break;
	case GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE:
		mask = 1u << 6;
		break;
	}
	return len < 32 ? mask & ((1u << len) - 1) : mask;
}

static void scan_h2g(struct scan *s)
{
	const struct guc_function *f = guc_fn(s->r.c, s->r.gt, s->r.fn);
	struct text t = { .base = f->self.h2g_addr, .size = f->h2g.size };
	uint32_t at = f->h2g.cursor, tail, end, header;

	if (!f->ctb_enabled || !f->h2g.size ||
	    guc_ggtt_load32(s->r.c, s->r.gt, s->r.fn, f->self.h2g_desc + CTB_DESC_TAIL, &tail) ||
	    tail >= f->h2g.size)
		return;
	s->note = (struct guc_note){ .context = GUC_NOTE_NO_CONTEXT, .structure = FIXUP_H2G };
	end = tail >= at ? tail : tail + f->h2g.size;
	while (at < end && text_get(s, &t, at, &header)) {
		uint32_t len = field_get(CT_NUM_DWORDS, header), hxg[32], mask;

		if (len > end - at - 1)
			return;
		for (uint32_t i = 0; i < len && i < 32; i++)
			if (!text_get(s, &t, at + 1 + i, &hxg[i]))
				return;
		mask = len ? h2g_addresses(hxg, len) : 0;
		for (uint32_t i = 0; mask; i++, mask >>= 1)
			if (mask & 1)
				add(s, (at + 1 + i) % f->h2g.size, text_addr(&t, at + 1 + i),
				    hxg[i]);
		at += 1 + len;
	}
}

/* Look at one thing of the function within the limits; the dwords that it took. */
static uint32_t scan_one(struct scan *s, void (*look)(struct scan *s))
{
	struct guc_function *f = guc_fn(s->r.c, s->r.gt, s->r.fn);
	uint32_t may = f->noting_left < GUC_SCAN_CONTEXT ? f->noting_left : GUC_SCAN_CONTEXT;

	s->left = may;
	s->cut = false;
	look(s);
	f->notes_lost += s->cut;
	f->noting_left -= may - s->left;
	return may - s->left;
}

bool guc_detector_scan(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	struct scan s = { .r = { .c = c, .gt = gt, .fn = fn } };
	uint32_t turn = guc_lifecycle_share(c, gt, fn, GUC_SCAN_TURN), spent = 0;

	/* An id that nobody uses costs a look. */
	for (; f->noting <= f->config.num_contexts; f->noting++, spent++) {
		if (spent >= turn)
			return true;
		s.r.id = f->noting - 1;
		s.r.ctx = guc_context(c, gt, fn, s.r.id);
		if (!s.r.ctx || !f->noting_left)
			break;
		if (s.r.ctx->registered && s.r.ctx->fn == fn && !s.r.ctx->killed)
			spent += scan_one(&s, scan_context);
	}
	scan_one(&s, scan_h2g);
	return false;
}
