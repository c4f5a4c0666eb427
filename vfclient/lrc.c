/* SPDX-License-Identifier: MIT */
/* The context in memory: its layout, the default image of a class, and the
 * first image of a new one (vf-lifecycle 5.2 rows 8 to 12, 5.4; xe-vf-probe
 * 5.3). Order: ring, status page, register image, [indirect ring state],
 * [indirect context batch], workaround batch, and a page of what jobs use. */
#include "vfc_priv.h"

#include "proto/mi.h"

static bool has_indirect_ctx(unsigned c)
{
	return c == GUC_CLASS_RENDER;
}

size_t vfc_lrc_bytes(const struct vfc *v, enum guc_engine_class c)
{
	size_t pages = 4; /* status, registers, workaround batch, data */

	return LRC_RING_BYTES +
	       (pages + v->opt.indirect_ring + has_indirect_ctx(c)) * LRC_PAGE;
}

size_t vfc_lrc_ring(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return q->off + i * vfc_lrc_bytes(v, q->engine_class);
}

size_t vfc_lrc_hwsp(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_ring(v, q, i) + LRC_RING_BYTES;
}

size_t vfc_lrc_regs(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_hwsp(v, q, i) + LRC_REGS;
}

size_t vfc_lrc_indirect_ring(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_regs(v, q, i) + LRC_PAGE;
}

size_t vfc_lrc_data(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_ring(v, q, i + 1) - LRC_PAGE;
}

size_t vfc_lrc_wa(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_data(v, q, i) - LRC_PAGE;
}

size_t vfc_lrc_indirect_ctx(const struct vfc *v, const struct vfc_queue *q, unsigned i)
{
	return vfc_lrc_wa(v, q, i) - LRC_PAGE;
}

static void set_reg(const struct vfc *v, size_t regs, unsigned d, uint32_t value)
{
	host_put32(v->mem, regs + 4 * (size_t)d, value);
}

void vfc_default_image_build(struct vfc_gt *gt, enum guc_engine_class c)
{
	/* Load register from memory, load register immediate: the commands that
	 * the address words of row 8 belong to (guc-abi 9.3). */
	static const struct {
		uint8_t d;
		uint32_t value;
	} words[] = {
		{ 0x01, 0x11081019 }, { 0x04, 0x2034 },     { 0x06, 0x2030 },
		{ 0x08, 0x2038 },     { 0x0A, 0x203C },     { 0x12, 0x21C0 },
		{ 0x14, 0x21C4 },     { LRC_MEMIRQ_LRM, 0x14C80002 }, { 0x51, 0xA8 },
		{ LRC_MEMIRQ_LRI, 0x11080003 }, { 0x56, 0xAC }, { 0x58, 0xA4 },
	};
	const struct vfc *v = gt->v;
	size_t regs = gt->image[c] + LRC_REGS;

	memset(v->mem->base + gt->image[c], 0, LRC_PPHWSP_BYTES + LRC_PAGE);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].d < LRC_MEMIRQ_LRM || !v->opt.irq_registers)
			set_reg(v, regs, words[i].d, words[i].value);
	if (v->opt.irq_registers)
		return;
	set_reg(v, regs, LRC_MEMIRQ_ENABLE, lo32(vfc_addr(v, v->memirq + MEMIRQ_ENABLE)));
	set_reg(v, regs, LRC_MEMIRQ_STATUS, lo32(vfc_addr(v, v->memirq + MEMIRQ_STATUS(0))));
	set_reg(v, regs, LRC_MEMIRQ_SOURCE, lo32(vfc_addr(v, v->memirq + MEMIRQ_SOURCE(0))));
}

void vfc_lrc_build(struct vfc_gt *gt, const struct vfc_queue *q, unsigned i)
{
	struct vfc *v = gt->v;
	size_t ring = vfc_lrc_ring(v, q, i), regs = vfc_lrc_regs(v, q, i);
	size_t data = vfc_lrc_data(v, q, i);
	uint32_t ctl = (LRC_RING_BYTES - 4096) | RING_CTL_VALID;
	uint32_t ring_addr = lo32(vfc_addr(v, ring));

	memset(v->mem->base + ring, 0, vfc_lrc_bytes(v, q->engine_class));
	/* The memirq words come with the default image. */
	memcpy(v->mem->base + regs, v->mem->base + gt->image[q->engine_class] + LRC_REGS, LRC_PAGE);
	if (v->opt.indirect_ring) {
		size_t page = vfc_lrc_indirect_ring(v, q, i);

		set_reg(v, regs, LRC_INDIRECT_RING, lo32(vfc_addr(v, page)));
		set_reg(v, page, LRC_IND_START, ring_addr);
		set_reg(v, page, LRC_IND_CTL, ctl);
	} else {
		set_reg(v, regs, LRC_RING_START, ring_addr);
		set_reg(v, regs, LRC_RING_CTL, ctl);
	}
	if (has_indirect_ctx(q->engine_class)) {
		size_t batch = vfc_lrc_indirect_ctx(v, q, i);

		set_reg(v, batch, 0, MI_BATCH_BUFFER_END);
		set_reg(v, regs, LRC_INDIRECT_CTX, lo32(vfc_addr(v, batch)) | 1);
	}
	set_reg(v, regs, LRC_BB_PER_CTX, lo32(vfc_addr(v, vfc_lrc_wa(v, q, i))) | 1);
	vfc_lrc_wa_batch(v, q, i, 0);
	host_put32(v->mem, data + DATA_SEQNO, SEQNO_FIRST);
	host_put32(v->mem, data + DATA_START_SEQNO, SEQNO_FIRST);
}

/* The workaround batch keeps the job time stamp in the status page. */
void vfc_lrc_wa_batch(struct vfc *v, const struct vfc_queue *q, unsigned i, int64_t error)
{
	size_t batch = vfc_lrc_wa(v, q, i);
	uint64_t stamp = vfc_addr(v, vfc_lrc_hwsp(v, q, i) + 512) + (uint64_t)error;

	set_reg(v, batch, 0, MI_SDI_DWORD_GGTT);
	set_reg(v, batch, 1, lo32(stamp));
	set_reg(v, batch, 2, hi32(stamp));
	set_reg(v, batch, 3, 0);
	set_reg(v, batch, 4, MI_BATCH_BUFFER_END);
}

/* Ring head and tail lie in the register image or in the indirect state. */
static void set_cursor(struct vfc *v, const struct vfc_queue *q, unsigned direct,
		       unsigned indirect, uint32_t value)
{
	for (unsigned i = 0; i < q->width; i++) {
		if (v->opt.indirect_ring)
			set_reg(v, vfc_lrc_indirect_ring(v, q, i), indirect, value);
		else
			set_reg(v, vfc_lrc_regs(v, q, i), direct, value);
	}
}

void vfc_lrc_set_tail(struct vfc *v, const struct vfc_queue *q, uint32_t tail)
{
	set_cursor(v, q, LRC_RING_TAIL, LRC_IND_TAIL, tail);
}

void vfc_lrc_set_head(struct vfc *v, const struct vfc_queue *q, uint32_t head)
{
	set_cursor(v, q, LRC_RING_HEAD, LRC_IND_HEAD, head);
}
