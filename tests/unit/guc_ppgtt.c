/* SPDX-License-Identifier: MIT */
/* See guc_ppgtt.h. */
#include "guc_ppgtt.h"

#include <check.h>

static uint64_t *table(struct px *p, uint32_t at)
{
	return (uint64_t *)(void *)(p->tables + at);
}

static uint32_t new_table(struct px *p)
{
	uint32_t at = p->next;

	ck_assert_uint_lt(at, PX_TABLES_END);
	p->next += GGTT_PAGE;
	memset(p->tables + at, 0, GGTT_PAGE);
	return at;
}

void px_init(struct px *p, struct fx *f, unsigned levels, uint8_t *tables)
{
	*p = (struct px){ .f = f, .levels = levels, .next = PX_TABLES,
			  .tables = tables ? tables : f->mem[1] };
	new_table(p);
}

uint64_t *px_entry(struct px *p, uint64_t va, unsigned level, bool compact)
{
	uint32_t at = PX_TABLES;

	va &= BITS64(PPGTT_VA_BITS - 1, 0);
	for (unsigned l = p->levels - 1; l > level; l--) {
		uint64_t *e = &table(p, at)[va >> PPGTT_SHIFT(l) & 511];

		if (!(*e & PPGTT_PRESENT))
			*e = new_table(p) | PPGTT_PRESENT | PPGTT_RW |
			     (l == 1 && compact ? PPGTT_64K : 0);
		at = (uint32_t)(*e & PPGTT_ADDR);
	}
	return &table(p, at)[compact ? va >> PPGTT_SHIFT_64K & 31 : va >> PPGTT_SHIFT(level) & 511];
}

void px_map(struct px *p, uint64_t va, uint64_t dma, uint64_t flags)
{
	*px_entry(p, va, 0, false) = dma | flags;
}

struct guc_context *px_slot(const struct px *p)
{
	return guc_context(&p->f->card, 0, 1, 0);
}

void px_context(struct px *p, enum guc_engine_class class, uint32_t asid)
{
	struct fx *f = p->f;
	uint32_t dw[12] = {
		[1] = 1, [3] = class, [4] = 1,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL | LRC_DESC_PRIVILEGE,
	};

	lx_make(f, 1, 0, false);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, asid);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, PX_TABLES | 0x1B);
	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	lx_mode(f, 1, 0, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
}

void px_start(struct px *p, struct fx *f, enum guc_engine_class class, uint32_t asid)
{
	px_init(p, f, 5, NULL);
	px_context(p, class, asid);
	px_map(p, PX_BATCH, LX_BATCH(0), PX_PAGE);
	px_map(p, PX_BATCH + GGTT_PAGE, LX_BATCH(0) + GGTT_PAGE, PX_PAGE);
	px_map(p, PX_DATA, LX_DATA(0), PX_PAGE);
}

void px_emit(struct px *p, const uint32_t *dw, unsigned n)
{
	const uint32_t start[4] = { MI_BBS_GGTT | MI_BBS_PPGTT, lo32(PX_BATCH), hi32(PX_BATCH),
				    MI_NOOP };

	ck_assert_uint_lt(4 * n, 2 * GGTT_PAGE);
	for (unsigned i = 0; i < n; i++)
		fx_put(p->f, 1, LX_BATCH(0) + 4 * i, dw[i]);
	fx_put(p->f, 1, LX_BATCH(0) + 4 * n, MI_BATCH_BUFFER_END);
	lx_emit(p->f, 1, 0, start, 4);
}

void px_run(struct px *p, const uint32_t *dw, unsigned n)
{
	px_emit(p, dw, n);
	lx_sched(p->f, 1, 0);
	fx_run(p->f, 50);
}

uint32_t px_get(const struct px *p, uint32_t offset)
{
	return fx_get(p->f, 1, LX_DATA(0) + offset);
}

void px_put(struct px *p, uint32_t offset, uint32_t value)
{
	fx_put(p->f, 1, LX_DATA(0) + offset, value);
}

enum eng_end px_slice(struct px *p, uint32_t budget, bool hold, struct eng_fault *fault)
{
	struct eng_slice slice = { .budget = budget, .hold = hold };
	uint32_t spent = 0;
	const struct eng_place place = {
		.c = &p->f->card, .ctx = px_slot(p), .fn = 1, .spent = &spent,
	};
	enum eng_end end = eng_run(&place, 0, &slice);

	if (fault)
		*fault = slice.fault;
	return end;
}
