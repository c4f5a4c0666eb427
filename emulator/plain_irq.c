/* SPDX-License-Identifier: MIT */
/* Interrupt registers of platforms without memory interrupts, for plain CTB: the
 * server is the host there and takes GuC's interrupts out of them, as a driver's
 * handler does (emulator/guc/intr.h). Engines have nobody to tell. */
#include "proto/regs.h"
#include "server.h"

#define GUC_BITS (1u << GUC_IRQ_GUC2HOST | 1u << GUC_IRQ_SW_INT_0)

static uint64_t base(const struct server *s, unsigned gt)
{
	return (uint64_t)(gt / s->opt.geometry.gts) * REG_TILE_STRIDE;
}

static void put(struct server *s, unsigned fn, uint64_t off, uint32_t value)
{
	(void)guc_mmio_write(&s->card, fn, off, 4, value);
}

static uint32_t get(struct server *s, unsigned fn, uint64_t off)
{
	uint64_t v = 0;

	(void)guc_mmio_read(&s->card, fn, off, 4, &v);
	return lo32(v);
}

void plain_intr_enable(struct server *s, unsigned fn, unsigned gt)
{
	uint64_t tile = base(s, gt);

	if (!s->opt.guc.irq_registers)
		return;
	put(s, fn, tile + REG_GUC_SG_INTR_ENABLE, GUC_BITS << 16);
	put(s, fn, tile + REG_GUC_SG_INTR_MASK, ~(GUC_BITS << 16));
	put(s, fn, tile + REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
}

uint32_t plain_intr_take(struct server *s, unsigned fn, unsigned gt)
{
	const uint32_t source = 1u << MEMIRQ_SOURCE_GUC;
	uint64_t tile = base(s, gt);
	uint32_t identity = 0;

	if (!s->opt.guc.irq_registers)
		return 0;
	put(s, fn, tile + REG_GFX_MSTR_IRQ, 0);
	if (get(s, fn, tile + REG_GT_INTR_DW(0)) & source) {
		put(s, fn, tile + REG_IIR_SELECTOR(0), source);
		identity = get(s, fn, tile + REG_INTR_IDENTITY(0));
		put(s, fn, tile + REG_INTR_IDENTITY(0), identity);
		put(s, fn, tile + REG_GT_INTR_DW(0), source);
	}
	put(s, fn, tile + REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	return identity & INTR_IDENTITY_BITS;
}
