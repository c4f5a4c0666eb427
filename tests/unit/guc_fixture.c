/* SPDX-License-Identifier: MIT */
/* See guc_fixture.h. */
#include "guc_fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "emulator/guc/lifecycle.h"

#define NEED(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

static bool in_hole(const struct fx *f, unsigned fn, uint64_t dma, size_t len)
{
	return fn >= FX_FUNCTIONS || dma > FX_MEM || len > FX_MEM - dma ||
	       (f->hole_len && dma < f->hole_at + f->hole_len && dma + len > f->hole_at);
}

static int mem_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	struct fx *f = user;

	if (in_hole(f, fn, dma, len))
		return -EFAULT;
	memcpy(dst, &f->mem[fn][dma], len);
	return 0;
}

static int mem_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	struct fx *f = user;

	if (in_hole(f, fn, dma, len))
		return -EFAULT;
	memcpy(&f->mem[fn][dma], src, len);
	return 0;
}

static int load32(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	return mem_read(user, fn, dma, value, sizeof(*value));
}

static int store32(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	return mem_write(user, fn, dma, &value, sizeof(value));
}

static void irq(void *user, unsigned fn, const struct guc_irq *irq)
{
	struct fx *f = user;

	f->irqs[fn][irq->gt][irq->bit & 15]++;
	f->vector = irq->vector;
}

static void sink(void *user, const struct guc_event *event)
{
	struct fx *f = user;

	if (event->finding)
		f->last_finding = *event->finding;
	if (f->n_events == FX_EVENTS)
		return;
	f->events[f->n_events] = *event;
	f->events[f->n_events].msg = NULL;
	f->events[f->n_events++].finding = NULL;
}

static uint64_t tile_base(const struct fx *f, unsigned gt)
{
	return (uint64_t)guc_gt_tile(&f->card, gt) * REG_TILE_STRIDE;
}

static void map(struct fx *f, unsigned fn, uint64_t start)
{
	for (unsigned tile = 0; tile < f->card.block->geometry.tiles; tile++)
		for (uint64_t page = 0; page < FX_PAGES; page++) {
			uint64_t pte = page * GGTT_PAGE | PTE_PRESENT |
				       (uint64_t)fn << PTE_VFID_SHIFT;

			NEED(guc_mmio_write(&f->card, 0,
					    (uint64_t)tile * REG_TILE_STRIDE + REG_GGTT_BASE +
						    8 * (start / GGTT_PAGE + page),
					    8, pte) == 0);
		}
}

static void ctb_boot(struct fx *f, unsigned fn, unsigned gt)
{
	const uint32_t on[2] = { GUC_ACTION_CONTROL_CTB, 1 };
	uint32_t reply[4];

	memset(&f->mem[fn][FX_H2G_DESC(gt)], 0, CTB_DESC_BYTES);
	memset(&f->mem[fn][FX_G2H_DESC(gt)], 0, CTB_DESC_BYTES);
	NEED(!fx_self_cfg(f, fn, gt, 0x0903, 2, fx_addr(f, fn, FX_H2G_DESC(gt))));
	NEED(!fx_self_cfg(f, fn, gt, 0x0902, 2, fx_addr(f, fn, FX_H2G_BUF(gt))));
	NEED(!fx_self_cfg(f, fn, gt, 0x0904, 1, FX_H2G_BYTES));
	NEED(!fx_self_cfg(f, fn, gt, 0x0906, 2, fx_addr(f, fn, FX_G2H_DESC(gt))));
	NEED(!fx_self_cfg(f, fn, gt, 0x0905, 2, fx_addr(f, fn, FX_G2H_BUF(gt))));
	NEED(!fx_self_cfg(f, fn, gt, 0x0907, 1, FX_G2H_BYTES));
	NEED(fx_mbox(f, fn, gt, on, 2, reply) == 0xF0000000);
}

static struct fx *new(unsigned tiles, unsigned gts, unsigned vfs,
		      const struct guc_options *options, uint32_t vf_contexts)
{
	const struct guc_geometry g = {
		.tiles = (uint8_t)tiles, .gts = (uint8_t)gts, .vfs = (uint8_t)vfs,
		.contexts = FX_FUNCTIONS * vf_contexts, .ggtt_size = FX_GGTT,
	};
	struct guc_options def;
	struct fx *f = calloc(1, sizeof(*f));

	NEED(f && vfs < FX_FUNCTIONS);
	f->vf_contexts = vf_contexts;
	f->size = guc_card_size(&g);
	f->block = malloc(f->size);
	NEED(f->block);
	guc_options_default(&def);
	NEED(guc_card_init(&f->card, f->block, f->size, &g, options ? options : &def) == 0);
	f->card.port = (struct guc_port){
		.user = f, .mem_read = mem_read, .mem_write = mem_write,
		.load32 = load32, .store32 = store32, .irq = irq,
	};
	f->card.sink = sink;
	f->card.sink_user = f;
	map(f, 0, FX_PF_START);
	for (unsigned gt = 0; gt < tiles * gts; gt++)
		ctb_boot(f, 0, gt);
	return f;
}

struct fx *fx_new(unsigned tiles, unsigned gts, unsigned vfs, const struct guc_options *options)
{
	return new(tiles, gts, vfs, options, FX_VF_CONTEXTS);
}

struct fx *fx_new_large(unsigned vfs, uint32_t contexts)
{
	return new(1, 1, vfs, NULL, contexts);
}

void fx_free(struct fx *f)
{
	free(f->block);
	free(f);
}

void fx_provision_at(struct fx *f, unsigned vf, uint64_t start)
{
	uint32_t list[32];

	for (unsigned gt = 0; gt < guc_gt_count(&f->card); gt++) {
		size_t n = 0;

		NEED(!klv_put64(list, 32, &n, GUC_KLV_VF_GGTT_START, start));
		NEED(!klv_put64(list, 32, &n, GUC_KLV_VF_GGTT_SIZE, FX_MEM));
		NEED(!klv_put32(list, 32, &n, GUC_KLV_VF_BEGIN_CONTEXT_ID, vf * f->vf_contexts));
		NEED(!klv_put32(list, 32, &n, GUC_KLV_VF_NUM_CONTEXTS, f->vf_contexts));
		NEED(!klv_put32(list, 32, &n, GUC_KLV_VF_BEGIN_DOORBELL_ID, vf * 16));
		NEED(!klv_put32(list, 32, &n, GUC_KLV_VF_NUM_DOORBELLS, 16));
		NEED(fx_vf_cfg(f, gt, vf, list, (uint32_t)n) == (0xF0000000 | 6));
		/* VF_ENABLE, when this was the first. */
		fx_g2h_drain(f, 0, gt);
	}
	map(f, vf, start);
}

void fx_provision(struct fx *f, unsigned vf)
{
	fx_provision_at(f, vf, FX_VF_START(vf));
}

struct fx *fx_new_ready(unsigned gts, const struct guc_options *options)
{
	struct fx *f = fx_new(1, gts, 2, options);

	fx_provision(f, 1);
	fx_provision(f, 2);
	return f;
}

void fx_boot(struct fx *f, unsigned vf, unsigned gt)
{
	const uint32_t match[2] = { GUC_ACTION_MATCH_VERSION, 0x00010200 };
	bool media = guc_gt_is_media(&f->card, gt);
	uint32_t s = media ? MEMIRQ_SOURCE_MEDIA_GUC : MEMIRQ_SOURCE_GUC;
	uint32_t reply[4];

	NEED(fx_mbox(f, vf, gt, match, 2, reply) == 0xF0000000);
	NEED(!fx_self_cfg(f, vf, gt, 0x0901, 2, fx_addr(f, vf, FX_MEMIRQ(gt) + MEMIRQ_SOURCE(s))));
	NEED(!fx_self_cfg(f, vf, gt, 0x0900, 2, fx_addr(f, vf, FX_MEMIRQ(gt) + MEMIRQ_STATUS(s))));
	ctb_boot(f, vf, gt);
}

uint64_t fx_addr(const struct fx *f, unsigned fn, uint32_t offset)
{
	struct guc_vf_info info;

	if (fn == 0)
		return FX_PF_START + offset;
	NEED(guc_vf_info(&f->card, fn, 0, &info) == 0);
	return info.ggtt_start + offset;
}

uint32_t fx_get(const struct fx *f, unsigned fn, uint32_t offset)
{
	return le32_get(&f->mem[fn][offset]);
}

void fx_put(struct fx *f, unsigned fn, uint32_t offset, uint32_t value)
{
	le32_put(&f->mem[fn][offset], value);
}

/* --- mailbox ----------------------------------------------------------------------- */

static uint64_t flag_off(const struct fx *f, unsigned gt, unsigned n)
{
	return tile_base(f, gt) + (guc_gt_is_media(&f->card, gt) ? REG_MED_VF_SW_FLAG(n) :
								   REG_VF_SW_FLAG(n));
}

void fx_mbox_write(struct fx *f, unsigned fn, unsigned gt, const uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		NEED(guc_mmio_write(&f->card, fn, flag_off(f, gt, i), 4, dw[i]) == 0);
}

void fx_mbox_read(struct fx *f, unsigned fn, unsigned gt, uint32_t reply[4])
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t v;

		NEED(guc_mmio_read(&f->card, fn, flag_off(f, gt, i), 4, &v) == 0);
		reply[i] = (uint32_t)v;
	}
}

void fx_doorbell(struct fx *f, unsigned fn, unsigned gt)
{
	uint64_t off = guc_gt_is_media(&f->card, gt) ? REG_MED_GUC_HOST_INTERRUPT :
						       REG_GUC_HOST_INTERRUPT;

	NEED(guc_mmio_write(&f->card, fn, tile_base(f, gt) + off, 4, 0) == 0);
}

uint32_t fx_mbox(struct fx *f, unsigned fn, unsigned gt, const uint32_t *dw, unsigned n,
		 uint32_t reply[4])
{
	uint32_t own[4];

	fx_mbox_write(f, fn, gt, dw, n);
	fx_doorbell(f, fn, gt);
	fx_mbox_read(f, fn, gt, own);
	if (reply)
		memcpy(reply, own, sizeof(own));
	return own[0];
}

uint16_t fx_self_cfg(struct fx *f, unsigned fn, unsigned gt, uint32_t key, uint32_t len,
		     uint64_t value)
{
	const uint32_t dw[4] = { GUC_ACTION_SELF_CFG, klv_header(key, len), lo32(value),
				 hi32(value) };
	uint32_t header = fx_mbox(f, fn, gt, dw, 4, NULL);

	if (hxg_type(header) == HXG_FAILURE)
		return (uint16_t)field_get(HXG_ERROR, header);
	return header == 0xF0000001 ? 0 : GUC_ERR_GENERIC_FAIL;
}

/* --- rings -------------------------------------------------------------------------- */

void fx_h2g_quiet(struct fx *f, unsigned fn, unsigned gt, uint16_t fence, const uint32_t *dw,
		  uint32_t n)
{
	uint32_t size = FX_H2G_BYTES / 4, tail = fx_get(f, fn, FX_H2G_DESC(gt) + CTB_DESC_TAIL);

	fx_put(f, fn, FX_H2G_BUF(gt) + 4 * tail, ct_header(fence, n));
	tail = ctb_advance(tail, 1, size);
	for (uint32_t i = 0; i < n; i++) {
		fx_put(f, fn, FX_H2G_BUF(gt) + 4 * tail, dw[i]);
		tail = ctb_advance(tail, 1, size);
	}
	fx_put(f, fn, FX_H2G_DESC(gt) + CTB_DESC_TAIL, tail);
}

void fx_h2g(struct fx *f, unsigned fn, unsigned gt, uint16_t fence, const uint32_t *dw,
	    uint32_t n)
{
	fx_h2g_quiet(f, fn, gt, fence, dw, n);
	fx_doorbell(f, fn, gt);
}

struct fx_msg fx_g2h(struct fx *f, unsigned fn, unsigned gt)
{
	uint32_t size = FX_G2H_BYTES / 4, head = fx_get(f, fn, FX_G2H_DESC(gt) + CTB_DESC_HEAD);
	uint32_t tail = fx_get(f, fn, FX_G2H_DESC(gt) + CTB_DESC_TAIL), ct;
	struct fx_msg m = { 0 };

	if (head == tail)
		return m;
	ct = fx_get(f, fn, FX_G2H_BUF(gt) + 4 * head);
	m.fence = (uint16_t)field_get(CT_FENCE, ct);
	m.len = field_get(CT_NUM_DWORDS, ct);
	NEED(m.len > 0 && m.len < ctb_used(head, tail, size));
	head = ctb_advance(head, 1, size);
	for (uint32_t i = 0; i < m.len; i++) {
		m.dw[i] = fx_get(f, fn, FX_G2H_BUF(gt) + 4 * head);
		head = ctb_advance(head, 1, size);
	}
	fx_put(f, fn, FX_G2H_DESC(gt) + CTB_DESC_HEAD, head);
	return m;
}

unsigned fx_g2h_drain(struct fx *f, unsigned fn, unsigned gt)
{
	unsigned n = 0;

	while (fx_g2h(f, fn, gt).len)
		n++;
	return n;
}

/* --- PF ---------------------------------------------------------------------------- */

uint32_t fx_pf(struct fx *f, unsigned gt, const uint32_t *dw, uint32_t n)
{
	uint16_t fence = f->pf_fence++ & 0x7FFF;

	fx_g2h_drain(f, 0, gt);
	fx_h2g(f, 0, gt, fence, dw, n);
	for (;;) {
		struct fx_msg m = fx_g2h(f, 0, gt);

		NEED(m.len);
		if (m.fence == fence && hxg_type(m.dw[0]) != HXG_EVENT)
			return m.dw[0];
	}
}

uint16_t fx_control(struct fx *f, unsigned gt, unsigned vf, uint32_t command)
{
	const uint32_t dw[3] = { GUC_ACTION_VF_CONTROL, vf, command };
	uint32_t header = fx_pf(f, gt, dw, 3);

	return hxg_type(header) == HXG_FAILURE ? (uint16_t)field_get(HXG_ERROR, header) : 0;
}

uint32_t fx_vf_cfg(struct fx *f, unsigned gt, unsigned vf, const uint32_t *list, uint32_t n)
{
	const uint32_t dw[5] = { GUC_ACTION_UPDATE_VF_CFG, vf, FX_PF_START + FX_LIST, 0, n };

	memcpy(&f->mem[0][FX_LIST], list, n * sizeof(list[0]));
	return fx_pf(f, gt, dw, 5);
}

static uint32_t save_restore(struct fx *f, unsigned gt, unsigned vf, uint32_t opcode,
			     uint32_t dwords)
{
	const uint32_t dw[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SAVE_RESTORE_VF, opcode), vf,
		dwords ? FX_PF_START + FX_BLOB : 0, 0, dwords,
	};

	return fx_pf(f, gt, dw, 5);
}

uint32_t fx_save(struct fx *f, unsigned gt, unsigned vf, uint32_t dwords)
{
	return save_restore(f, gt, vf, GUC_OP_SAVE, dwords);
}

uint32_t fx_restore(struct fx *f, unsigned gt, unsigned vf, uint32_t dwords)
{
	return save_restore(f, gt, vf, GUC_OP_RESTORE, dwords);
}

enum guc_vf_state fx_state(const struct fx *f, unsigned vf, unsigned gt)
{
	return (enum guc_vf_state)guc_fn(&f->card, gt, vf)->state;
}

uint32_t fx_violations(const struct fx *f, unsigned fn, unsigned gt, enum guc_violation v)
{
	return guc_fn(&f->card, gt, fn)->violations[v];
}

void fx_run(struct fx *f, unsigned turns)
{
	while (turns-- && guc_next_deadline(&f->card) != UINT64_MAX) {
		f->now += FX_TICK;
		guc_tick(&f->card, f->now);
	}
}

unsigned fx_count(const struct fx *f, enum guc_point point)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_events; i++)
		n += f->events[i].point == point;
	return n;
}
