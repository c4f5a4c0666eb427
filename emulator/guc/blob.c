/* SPDX-License-Identifier: MIT */
/* The state of a VF as a blob in the card's staging area, and a checked blob back
 * into a VF (vf-lifecycle 1.5). Contexts, of which there may be thousands, go by
 * slices; blob_op.c says when. */
#include "blob.h"

#include "exec.h"

/* --- writing --------------------------------------------------------------------- */

size_t guc_blob_bound(const struct guc_geometry *geometry)
{
	size_t dwords = BLOB_HEADER_DWORDS;

	/* A parallel context takes an id for each LRC. */
	dwords += (size_t)geometry->contexts * (BLOB_CTX_DWORDS + BLOB_LRC_DWORDS);
	dwords += (size_t)GUC_GROUPS * CGP_QUEUES * BLOB_LRC_DWORDS;
	dwords += GUC_QUEUED_G2H * (BLOB_QUEUED_HEADER + GUC_QUEUED_DWORDS);
	dwords += (size_t)GUC_NOTES * BLOB_NOTE_DWORDS;
	return (4 * dwords + 7) & ~(size_t)7;
}

struct writer {
	struct guc_card *c;
	const struct guc_function *f;
	unsigned gt, vf;
	uint32_t *blob;
	uint32_t at; /* dwords written */
};

static struct writer writer(struct guc_card *c, unsigned gt, unsigned vf, uint32_t at)
{
	return (struct writer){
		.c = c, .f = guc_fn(c, gt, vf), .gt = gt, .vf = vf, .blob = guc_blob_stage(c),
		.at = at,
	};
}

static void put(struct writer *w, uint32_t v)
{
	le32_put(w->blob + w->at++, v);
}

static void set(struct writer *w, uint32_t i, uint32_t v)
{
	le32_put(w->blob + i, v);
}

static uint32_t offset(const struct writer *w, uint64_t addr)
{
	return (uint32_t)(addr - w->f->config.ggtt_start);
}

/* By this GuC's own configuration: the offset is from its start. */
static bool inside(const struct writer *w, uint64_t addr, uint64_t len)
{
	const struct guc_config *cfg = &w->f->config;

	return len <= cfg->ggtt_size && addr >= cfg->ggtt_start &&
	       addr - cfg->ggtt_start <= cfg->ggtt_size - len;
}

static void write_header(struct writer *w)
{
	const struct guc_function *f = w->f;
	struct guc_blob_facts facts;
	uint32_t intr[GUC_INTR_DWORDS];

	memset(w->blob, 0, 4 * BLOB_HEADER_DWORDS);
	guc_blob_facts(w->c, w->gt, w->vf, &facts);
	set(w, BLOB_MAGIC_LO, lo32(BLOB_MAGIC));
	set(w, BLOB_MAGIC_HI, hi32(BLOB_MAGIC));
	set(w, BLOB_FORMAT, BLOB_VERSION);
	set(w, BLOB_DEVICE, facts.device);
	set(w, BLOB_GT_KIND, facts.gt_kind);
	set(w, BLOB_GMD_ID, facts.gmd_id);
	set(w, BLOB_GGTT_LO, lo32(facts.ggtt_size));
	set(w, BLOB_GGTT_HI, hi32(facts.ggtt_size));
	set(w, BLOB_NUM_CONTEXTS, facts.num_contexts);
	set(w, BLOB_PAUSED_FROM, f->state);
	set(w, BLOB_ABI, f->abi_major ? (uint32_t)f->abi_major << 16 | f->abi_minor : 0);
	set(w, BLOB_OPT_IN, f->opt_in);
	set(w, BLOB_ENGINES_OFF, f->engines_off);
	set(w, BLOB_NOTES_LOST, f->notes_lost);
	set(w, BLOB_NOTES_BASE, (uint32_t)f->notes_base);
	if (guc_has_intr(w->c, w->vf)) {
		guc_intr_pack(&f->intr, intr);
		for (unsigned i = 0; i < GUC_INTR_DWORDS; i++)
			set(w, BLOB_INTR + i, intr[i]);
	}
}

/* An address or size that no driver could use is saved as never set: blobs hold
 * only what RESTORE takes. */
static void write_self(struct writer *w)
{
	const struct guc_function *f = w->f;
	const struct guc_self_config *s = &f->self;
	const uint64_t addr[BLOB_ADDRS] = {
		s->memirq_status, s->memirq_source, s->h2g_addr, s->h2g_desc, s->g2h_addr,
		s->g2h_desc,
	};
	uint32_t h2g = f->ctb_enabled ? 4 * f->h2g.size : s->h2g_bytes;
	uint32_t g2h = f->ctb_enabled ? 4 * f->g2h.size : s->g2h_bytes;
	const uint32_t rings = BLOB_F_ADDR(2) | BLOB_F_ADDR(3) | BLOB_F_ADDR(4) | BLOB_F_ADDR(5);
	uint32_t flags = field_put(BLOB_F_MBOX_RUNG, f->mbox_pending);
	uint64_t len[BLOB_ADDRS] = { 16, 1, 1, CTB_DESC_BYTES, 1, CTB_DESC_BYTES };

	if (h2g % CTB_SIZE_ALIGN || h2g > GUC_H2G_MAX_BYTES)
		h2g = 0;
	if (g2h % CTB_SIZE_ALIGN || g2h > GUC_G2H_MAX_BYTES)
		g2h = 0;
	len[2] = h2g ? h2g : 1;
	len[4] = g2h ? g2h : 1;
	for (uint32_t i = 0; i < BLOB_ADDRS; i++) {
		if (!addr[i] || !inside(w, addr[i], len[i]) || (i >= 2 && addr[i] % 4))
			continue;
		flags |= BLOB_F_ADDR(i);
		set(w, BLOB_ADDR + i, offset(w, addr[i]));
	}
	set(w, BLOB_H2G_BYTES, h2g);
	set(w, BLOB_G2H_BYTES, g2h);
	if (f->ctb_enabled && (flags & rings) == rings) {
		flags |= BLOB_F_CTB | field_put(BLOB_F_H2G_STOPPED, f->h2g.stopped) |
			 field_put(BLOB_F_G2H_STOPPED, f->g2h.stopped);
		set(w, BLOB_H2G_CURSOR, f->h2g.cursor);
		set(w, BLOB_H2G_SIZE, f->h2g.size);
		set(w, BLOB_G2H_CURSOR, f->g2h.cursor);
		set(w, BLOB_G2H_SIZE, f->g2h.size);
	}
	set(w, BLOB_FLAGS, flags);
}

/* At the very end, too: there the next fetch faults. */
static bool batch_inside(const struct writer *w, uint64_t batch)
{
	return !batch || batch - w->f->config.ggtt_start <= w->f->config.ggtt_size;
}

/* A range that the PF moved under a registered context leaves it behind. */
static bool context_inside(const struct writer *w, struct guc_context *ctx)
{
	if (ctx->width > 1 && (!inside(w, ctx->wq_desc, WQ_DESC_STATUS + 4) ||
			       !inside(w, ctx->wq_base, ctx->wq_bytes)))
		return false;
	if (ctx->group && !inside(w, ctx->wq_base, CGP_BYTES))
		return false;
	for (unsigned i = 0; i < guc_lrc_places(ctx); i++) {
		uint32_t lrca = *guc_lrc_desc(w->c, w->gt, ctx, i) & LRC_DESC_ADDR;
		const struct guc_exec *x = guc_lrc_exec(w->c, w->gt, ctx, i);

		if (lrca && (!inside(w, lrca, LRC_PPHWSP_BYTES + LRC_PAGE) ||
			     !batch_inside(w, guc_exec_ggtt_batch(x)) ||
			     !batch_inside(w, guc_exec_ggtt_back(x))))
			return false;
	}
	return true;
}

static void put_batch(struct writer *w, uint64_t at, bool ggtt)
{
	put(w, ggtt ? offset(w, at) : lo32(at));
	put(w, ggtt ? 0 : hi32(at));
}

/* Number of LRC records written. */
static uint32_t write_lrcs(struct writer *w, struct guc_context *ctx)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < guc_lrc_places(ctx); i++) {
		uint32_t desc = *guc_lrc_desc(w->c, w->gt, ctx, i);
		const struct guc_exec *x = guc_lrc_exec(w->c, w->gt, ctx, i);

		if (ctx->group && !desc)
			continue;
		put(w, offset(w, desc & LRC_DESC_ADDR));
		put(w, (desc & ~LRC_DESC_ADDR) |
			       (ctx->group ? field_put(BLOB_LRC_PLACE, i) : 0));
		put(w, field_put(BLOB_LRC_LEVEL, x->level) | field_put(BLOB_LRC_PPGTT, x->ppgtt) |
			       field_put(BLOB_LRC_BEHIND, x->behind) |
			       field_put(BLOB_LRC_ARMED, x->armed) |
			       field_put(BLOB_LRC_ARB_OFF, x->arb_off) |
			       field_put(BLOB_LRC_PREDICATE, x->predicate));
		put(w, x->progress);
		put_batch(w, x->level ? x->batch : 0, guc_exec_ggtt_batch(x) != 0);
		put_batch(w, x->level == 2 ? x->back : 0, guc_exec_ggtt_back(x) != 0);
		n++;
	}
	return n;
}

static uint32_t write_context(struct writer *w, uint32_t id, struct guc_context *ctx)
{
	uint32_t first = w->at, lrcs;

	put(w, id | (uint32_t)ctx->width << 16);
	put(w, field_put(BLOB_CTX_ENABLED, ctx->enabled) | field_put(BLOB_CTX_KILLED, ctx->killed) |
		       field_put(BLOB_CTX_FAULTED, ctx->faulted) |
		       field_put(BLOB_CTX_TYPE, ctx->type) |
		       field_put(BLOB_CTX_CLASS, ctx->engine_class));
	put(w, ctx->submit_mask);
	for (unsigned i = 0; i < 5; i++)
		put(w, ctx->policy[i]);
	w->at = first + BLOB_CTX_WQ_DESC;
	put(w, ctx->width > 1 ? offset(w, ctx->wq_desc) : 0);
	put(w, ctx->width > 1 || ctx->group ? offset(w, ctx->wq_base) : 0);
	put(w, ctx->wq_bytes);
	w->at = first + BLOB_CTX_DWORDS;
	lrcs = write_lrcs(w, ctx);
	set(w, first + BLOB_CTX_QUEUES, ctx->group ? 1 + lrcs : 0);
	return lrcs;
}

bool guc_blob_write(struct guc_card *c, unsigned gt, unsigned vf, struct guc_blob_walk *walk,
		    uint32_t *budget)
{
	struct writer w = writer(c, gt, vf, walk->at ? walk->at : BLOB_HEADER_DWORDS);
	uint32_t n = w.f->config.num_contexts;

	for (; *budget && walk->id < n; walk->id++) {
		struct guc_context *ctx = guc_context(c, gt, vf, walk->id);
		uint32_t first = w.at;

		if (!ctx)
			break;
		if (ctx->registered && ctx->fn == vf && context_inside(&w, ctx)) {
			walk->lrcs += write_context(&w, walk->id, ctx);
			walk->records++;
		}
		guc_blob_spend(budget, 1 + w.at - first);
	}
	walk->at = w.at;
	return walk->id >= n || !guc_context(c, gt, vf, walk->id);
}

static void write_queued(struct writer *w)
{
	uint32_t first = w->at, n = 0;

	for (uint32_t i = 0; i < w->f->queued_n; i++) {
		const struct guc_queued *q =
			&w->f->queued[(w->f->queued_at + i) % GUC_QUEUED_G2H];

		if (q->credited || !q->len || hxg_type(q->dw[0]) != HXG_EVENT ||
		    !guc_notice_travels(hxg_action(q->dw[0]), q->len))
			continue;
		put(w, (uint32_t)q->fence << 16 | q->len);
		for (uint32_t d = 0; d < q->len; d++)
			put(w, q->dw[d]);
		n++;
	}
	set(w, BLOB_QUEUED, n);
	set(w, BLOB_QUEUED_DWORDS, w->at - first);
}

static void write_notes(struct writer *w)
{
	for (uint32_t i = 0; i < w->f->notes_n; i++) {
		const struct guc_note *n = &w->f->notes[i];

		put(w, n->context | (uint32_t)n->child << 16 | (uint32_t)n->structure << 24);
		put(w, n->dword);
		put(w, n->offset);
		put(w, n->where);
	}
	set(w, BLOB_NOTES, w->f->notes_n);
}

uint32_t guc_blob_finish(struct guc_card *c, unsigned gt, unsigned vf,
			 const struct guc_blob_walk *walk)
{
	struct writer w = writer(c, gt, vf, walk->at);

	write_header(&w);
	write_self(&w);
	set(&w, BLOB_CONTEXTS, walk->records);
	set(&w, BLOB_LRCS, walk->lrcs);
	write_queued(&w);
	write_notes(&w);
	set(&w, BLOB_BYTES, 4 * w.at);
	return w.at;
}

/* --- applying a checked blob ------------------------------------------------------- */

static void apply_self(struct guc_function *f, const uint32_t *b)
{
	struct guc_self_config *s = &f->self;
	uint64_t *const addr[BLOB_ADDRS] = {
		&s->memirq_status, &s->memirq_source, &s->h2g_addr, &s->h2g_desc, &s->g2h_addr,
		&s->g2h_desc,
	};
	uint32_t flags = blob_get(b, BLOB_FLAGS), abi = blob_get(b, BLOB_ABI);

	for (uint32_t i = 0; i < BLOB_ADDRS; i++)
		*addr[i] = flags & BLOB_F_ADDR(i) ?
				   f->config.ggtt_start + blob_get(b, BLOB_ADDR + i) : 0;
	s->h2g_bytes = blob_get(b, BLOB_H2G_BYTES);
	s->g2h_bytes = blob_get(b, BLOB_G2H_BYTES);
	f->ctb_enabled = (uint8_t)field_get(BLOB_F_CTB, flags);
	f->mbox_pending = (uint8_t)field_get(BLOB_F_MBOX_RUNG, flags);
	f->h2g.stopped = (uint8_t)field_get(BLOB_F_H2G_STOPPED, flags);
	f->g2h.stopped = (uint8_t)field_get(BLOB_F_G2H_STOPPED, flags);
	f->h2g.cursor = blob_get(b, BLOB_H2G_CURSOR);
	f->h2g.size = blob_get(b, BLOB_H2G_SIZE);
	f->g2h.cursor = blob_get(b, BLOB_G2H_CURSOR);
	f->g2h.size = blob_get(b, BLOB_G2H_SIZE);
	f->abi_major = (uint8_t)(abi >> 16);
	f->abi_minor = (uint8_t)abi;
	f->opt_in = (uint8_t)blob_get(b, BLOB_OPT_IN);
	f->engines_off = (uint8_t)blob_get(b, BLOB_ENGINES_OFF);
}

static void apply_intr(struct guc_function *f, const uint32_t *b)
{
	uint32_t dw[GUC_INTR_DWORDS];

	for (unsigned i = 0; i < GUC_INTR_DWORDS; i++)
		dw[i] = blob_get(b, BLOB_INTR + i);
	guc_intr_unpack(&f->intr, dw);
}

static void apply_exec(struct guc_exec *x, const uint32_t *l, uint64_t start)
{
	uint32_t state = blob_get(l, BLOB_LRC_STATE);

	*x = (struct guc_exec){
		.batch = make64(blob_get(l, BLOB_LRC_BATCH), blob_get(l, BLOB_LRC_BATCH + 1)),
		.back = make64(blob_get(l, BLOB_LRC_BACK), blob_get(l, BLOB_LRC_BACK + 1)),
		.progress = blob_get(l, BLOB_LRC_PROGRESS),
		.level = (uint8_t)field_get(BLOB_LRC_LEVEL, state),
		.ppgtt = (uint8_t)field_get(BLOB_LRC_PPGTT, state),
		.behind = (uint8_t)field_get(BLOB_LRC_BEHIND, state),
		.armed = (uint8_t)field_get(BLOB_LRC_ARMED, state),
		.arb_off = (uint8_t)field_get(BLOB_LRC_ARB_OFF, state),
		.predicate = (uint8_t)field_get(BLOB_LRC_PREDICATE, state),
	};
	if (x->level && !(x->ppgtt & GUC_EXEC_BATCH))
		x->batch += start;
	if (x->level == 2 && !(x->ppgtt & GUC_EXEC_BACK))
		x->back += start;
}

static const uint32_t *apply_context(struct guc_card *c, unsigned gt, unsigned vf,
				     const uint32_t *p)
{
	uint64_t start = guc_fn(c, gt, vf)->config.ggtt_start;
	uint32_t flags = blob_get(p, BLOB_CTX_FLAGS);
	uint32_t queues = blob_get(p, BLOB_CTX_QUEUES), lrcs;
	struct guc_context *ctx = guc_context(c, gt, vf, blob_get(p, BLOB_CTX_ID) & 0xFFFF);

	*ctx = (struct guc_context){
		.registered = 1,
		.enabled = (uint8_t)field_get(BLOB_CTX_ENABLED, flags),
		.killed = (uint8_t)field_get(BLOB_CTX_KILLED, flags),
		.faulted = (uint8_t)field_get(BLOB_CTX_FAULTED, flags),
		.type = (uint8_t)field_get(BLOB_CTX_TYPE, flags),
		.engine_class = (uint8_t)field_get(BLOB_CTX_CLASS, flags),
		.width = (uint8_t)(blob_get(p, BLOB_CTX_ID) >> 16),
		.fn = (uint8_t)vf,
		.submit_mask = blob_get(p, BLOB_CTX_MASK),
		.wq_bytes = blob_get(p, BLOB_CTX_WQ_BYTES),
	};
	for (unsigned i = 0; i < 5; i++)
		ctx->policy[i] = blob_get(p, BLOB_CTX_POLICY + i);
	if (ctx->width > 1)
		ctx->wq_desc = start + blob_get(p, BLOB_CTX_WQ_DESC);
	if (ctx->width > 1 || queues)
		ctx->wq_base = start + blob_get(p, BLOB_CTX_WQ_BASE);
	/* The check counted the groups: there is one left. */
	if (queues)
		guc_group_take(c, gt, ctx);
	lrcs = queues ? queues - 1 : ctx->width;
	p += BLOB_CTX_DWORDS;
	for (unsigned i = 0; i < lrcs; i++, p += BLOB_LRC_DWORDS) {
		uint32_t desc = blob_get(p, BLOB_LRC_DESC);
		unsigned place = queues ? field_get(BLOB_LRC_PLACE, desc) : i;

		*guc_lrc_desc(c, gt, ctx, place) =
			(uint32_t)(start + blob_get(p, BLOB_LRC_ADDR)) | (desc & ~LRC_DESC_ADDR);
		apply_exec(guc_lrc_exec(c, gt, ctx, place), p, start);
	}
	return p;
}

static const uint32_t *apply_queued(struct guc_function *f, uint32_t n, const uint32_t *p)
{
	for (uint32_t i = 0; i < n; i++) {
		struct guc_queued *q = &f->queued[i];

		*q = (struct guc_queued){
			.fence = (uint16_t)(blob_get(p, 0) >> 16),
			.len = (uint16_t)blob_get(p, 0),
		};
		for (uint32_t d = 0; d < q->len; d++)
			q->dw[d] = blob_get(p, 1 + d);
		p += BLOB_QUEUED_HEADER + q->len;
	}
	f->queued_n = n;
	return p;
}

static void apply_notes(struct guc_function *f, const uint32_t *b, const uint32_t *p)
{
	f->notes_n = blob_get(b, BLOB_NOTES);
	f->notes_lost = blob_get(b, BLOB_NOTES_LOST);
	f->notes_base = blob_get(b, BLOB_NOTES_BASE);
	f->notes_pending = f->fresh_checks = 1;
	for (uint32_t i = 0; i < f->notes_n; i++, p += BLOB_NOTE_DWORDS)
		f->notes[i] = (struct guc_note){
			.context = (uint16_t)blob_get(p, 0),
			.child = (uint8_t)(blob_get(p, 0) >> 16),
			.structure = (uint8_t)(blob_get(p, 0) >> 24),
			.dword = blob_get(p, 1),
			.offset = blob_get(p, 2),
			.where = blob_get(p, 3),
		};
}

void guc_blob_apply_rest(struct guc_card *c, unsigned gt, unsigned vf, uint32_t rest)
{
	struct guc_function *f = guc_fn(c, gt, vf);
	const uint32_t *b = guc_blob_stage(c), *p = b + rest;

	eng_tlb_drop(c, gt, vf, ENG_ASID_ANY);
	guc_ctb_reset(c, gt, vf);
	apply_self(f, b);
	if (guc_has_intr(c, vf))
		apply_intr(f, b);
	p = apply_queued(f, blob_get(b, BLOB_QUEUED), p);
	apply_notes(f, b, p);
}

/* What a record costs beyond its dwords: the context that it fills is larger. */
#define APPLY_COST 16u

bool guc_blob_apply(struct guc_card *c, unsigned gt, unsigned vf, struct guc_blob_walk *w,
		    uint32_t *budget)
{
	const uint32_t *b = guc_blob_stage(c);

	for (; *budget && w->records < blob_get(b, BLOB_CONTEXTS); w->records++) {
		uint32_t next = (uint32_t)(apply_context(c, gt, vf, b + w->at) - b);

		guc_blob_spend(budget, APPLY_COST + next - w->at);
		w->at = next;
	}
	return w->records == blob_get(b, BLOB_CONTEXTS);
}
