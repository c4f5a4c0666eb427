/* SPDX-License-Identifier: MIT */
/* The places in this driver's memory that hold absolute GGTT addresses, and how
 * each is made right for the present start (vf-lifecycle 5.2). Every word is
 * computed anew from an offset that never changes, so doing it twice, or after
 * half a recovery, gives the same bytes. Row 6 is host_ct_restart(), row 13
 * vfc_replay_prepare(), row 15 vfc_wq_blank(). */
#include "vfc_priv.h"

#include "proto/mi.h"

bool vfc_fixup_wanted(const struct vfc *v, enum fixup f)
{
	static const uint32_t gaps = 1u << FIXUP_INDIRECT_CTX | 1u << FIXUP_BATCH |
				     1u << FIXUP_CGP;
	uint32_t left_out = v->opt.skip_fixups;

	if (vfc_quirk(v, VFC_QUIRK_FIXUP_GAPS))
		left_out |= gaps;
	return !(left_out >> f & 1);
}

int64_t vfc_fixup_error(const struct vfc_gt *gt, enum fixup f)
{
	return gt->v->opt.twice_fixups >> f & 1 ? gt->rec.delta : 0;
}

/* One address word: GGTT address of `target`, with `flags` in its low bits. */
static void fix(struct vfc_gt *gt, enum fixup f, size_t at, size_t target, uint32_t flags)
{
	uint64_t addr = vfc_addr(gt->v, target) + (uint64_t)vfc_fixup_error(gt, f);

	host_put32(gt->v->mem, at, lo32(addr) | flags);
}

static void fix_memirq(struct vfc_gt *gt, enum fixup f, size_t regs)
{
	size_t page = gt->v->memirq;

	if (gt->v->opt.irq_registers)
		return;
	fix(gt, f, regs + 4 * LRC_MEMIRQ_ENABLE, page + MEMIRQ_ENABLE, 0);
	fix(gt, f, regs + 4 * LRC_MEMIRQ_STATUS, page + MEMIRQ_STATUS(0), 0);
	fix(gt, f, regs + 4 * LRC_MEMIRQ_SOURCE, page + MEMIRQ_SOURCE(0), 0);
}

/* Row 8. */
void vfc_fixup_default_images(struct vfc_gt *gt)
{
	if (!vfc_fixup_wanted(gt->v, FIXUP_DEFAULT_LRC))
		return;
	for (unsigned c = 0; c < GUC_CLASS_OTHER; c++)
		fix_memirq(gt, FIXUP_DEFAULT_LRC, gt->image[c] + LRC_REGS);
}

/* --- of one LRC -------------------------------------------------------------------- */

/* Row 9. */
static void memirq(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	fix_memirq(gt, FIXUP_MEMIRQ, vfc_lrc_regs(gt->v, q, i));
}

/* Row 10a. */
static void ring_start(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	if (!gt->v->opt.indirect_ring)
		fix(gt, FIXUP_RING_START, vfc_lrc_regs(gt->v, q, i) + 4 * LRC_RING_START,
		    vfc_lrc_ring(gt->v, q, i), 0);
}

/* Row 10b. */
static void indirect_ring(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	size_t page = vfc_lrc_indirect_ring(gt->v, q, i);

	if (!gt->v->opt.indirect_ring)
		return;
	fix(gt, FIXUP_INDIRECT_RING, vfc_lrc_regs(gt->v, q, i) + 4 * LRC_INDIRECT_RING, page, 0);
	fix(gt, FIXUP_INDIRECT_RING, page + 4 * LRC_IND_START, vfc_lrc_ring(gt->v, q, i), 0);
}

/* Row 11: content and pointer. */
static void wa_batch(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	vfc_lrc_wa_batch(gt->v, q, i, vfc_fixup_error(gt, FIXUP_WA_BATCH));
	fix(gt, FIXUP_WA_BATCH, vfc_lrc_regs(gt->v, q, i) + 4 * LRC_BB_PER_CTX,
	    vfc_lrc_wa(gt->v, q, i), 1);
}

/* Row 12: one cache line of commands. */
static void indirect_ctx(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	if (q->engine_class == GUC_CLASS_RENDER)
		fix(gt, FIXUP_INDIRECT_CTX, vfc_lrc_regs(gt->v, q, i) + 4 * LRC_INDIRECT_CTX,
		    vfc_lrc_indirect_ctx(gt->v, q, i), 1);
}

static const struct {
	enum fixup fixup;
	void (*apply)(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i);
} lrc_fixups[] = {
	{ FIXUP_MEMIRQ, memirq },
	{ FIXUP_RING_START, ring_start },
	{ FIXUP_INDIRECT_RING, indirect_ring },
	{ FIXUP_WA_BATCH, wa_batch },
	{ FIXUP_INDIRECT_CTX, indirect_ctx },
};

/* Row 20: batches that unfinished jobs run. */
static void batches(struct vfc_gt *gt, struct vfc_queue *q)
{
	if (!vfc_fixup_wanted(gt->v, FIXUP_BATCH))
		return;
	for (uint32_t n = q->jobs_done + 1; n != q->jobs_made + 1; n++)
		vfc_job_batch(gt, q, queue_job(q, n), vfc_fixup_error(gt, FIXUP_BATCH));
}

/* Row 21: the queue's own entry in its group's page. */
static void group_entry(struct vfc_gt *gt, const struct vfc_queue *q)
{
	if (q->entered && vfc_fixup_wanted(gt->v, FIXUP_CGP))
		fix(gt, FIXUP_CGP, q->page + 4 * CGP_LRC(q->place), vfc_lrc_hwsp(gt->v, q, 0),
		    LRC_DESC_KERNEL);
}

void vfc_fixup_queue(struct vfc_gt *gt, struct vfc_queue *q)
{
	for (unsigned i = 0; i < q->width; i++)
		for (unsigned f = 0; f < sizeof(lrc_fixups) / sizeof(lrc_fixups[0]); f++)
			if (vfc_fixup_wanted(gt->v, lrc_fixups[f].fixup))
				lrc_fixups[f].apply(gt, q, i);
	batches(gt, q);
	group_entry(gt, q);
	/* Row 15, done wrongly on purpose: the items are no no-ops then. */
	if (q->width > 1 && gt->v->opt.twice_fixups >> FIXUP_WORK_QUEUE & 1)
		vfc_wq_patch(gt->v, q, vfc_fixup_error(gt, FIXUP_WORK_QUEUE));
}

/* The ring of a compression context, from its start: GuC takes it only with
 * head 0. `error` is added to the address. */
static void write_ccs(struct vfc_gt *gt, const struct vfc_queue *q, int64_t error)
{
	const struct host_mem *m = gt->v->mem;
	size_t ring = vfc_lrc_ring(gt->v, q, 0), pool = vfc_lrc_data(gt->v, q, 0);
	uint64_t addr = vfc_addr(gt->v, pool) + (uint64_t)error;

	host_put32(m, vfc_keep_carry(gt->v, pool, q->kind == VFC_QUEUE_CCS_RESTORE),
		   MI_BATCH_BUFFER_END);
	host_put32(m, ring, MI_ARB_ON);
	host_put32(m, ring + 4, MI_BBS_GGTT);
	host_put32(m, ring + 8, lo32(addr));
	host_put32(m, ring + 12, hi32(addr));
	host_put32(m, ring + 16, MI_NOOP);
	host_put32(m, ring + 20, MI_NOOP);
	vfc_lrc_set_head(gt->v, q, 0);
	vfc_lrc_set_tail(gt->v, q, 24);
}

void vfc_ccs_write(struct vfc_gt *gt, int64_t error)
{
	for (uint32_t id = 0; id < gt->queue_top; id++) {
		const struct vfc_queue *q = &gt->queue[id];

		if (q->used && !q->child && q->kind != VFC_QUEUE_JOBS)
			write_ccs(gt, q, error);
	}
}

/* Row 18. */
void vfc_fixup_ccs(struct vfc_gt *gt)
{
	if (vfc_fixup_wanted(gt->v, FIXUP_CCS))
		vfc_ccs_write(gt, vfc_fixup_error(gt, FIXUP_CCS));
}
