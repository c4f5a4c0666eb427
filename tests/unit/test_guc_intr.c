/* SPDX-License-Identifier: MIT */
/* Interrupt registers of platforms without memory interrupts (guc-abi 9, xe-vf-probe
 * 2.2; emulator/guc/intr.c): the registers alone, then those of a card's VFs. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

#define GUC_ON (1u << (16 + GUC_IRQ_GUC2HOST))
#define MIGRATED_ON (1u << (16 + GUC_IRQ_SW_INT_0))

/* --- the registers alone ---------------------------------------------------------------- */

/* A source as drivers know it: number, identity, halves of enable and mask. */
static const struct source {
	unsigned number;
	uint32_t class, instance, enable, enable_shift, mask, mask_shift;
} sources[] = {
	{ 0, 0, 0, 0x190030, 16, 0x190090, 16 },  { 15, 3, 0, 0x190030, 0, 0x1900A0, 16 },
	{ 25, 4, 0, 0x190038, 16, 0x1900E8, 16 }, { 32, 1, 0, 0x190034, 16, 0x1900A8, 16 },
	{ 33, 1, 1, 0x190034, 16, 0x1900A8, 0 },  { 34, 1, 2, 0x190034, 16, 0x1900AC, 16 },
	{ 35, 1, 3, 0x190034, 16, 0x1900AC, 0 },  { 36, 1, 4, 0x190034, 16, 0x1900B0, 16 },
	{ 37, 1, 5, 0x190034, 16, 0x1900B0, 0 },  { 38, 1, 6, 0x190034, 16, 0x1900B4, 16 },
	{ 39, 1, 7, 0x190034, 16, 0x1900B4, 0 },  { 63, 2, 0, 0x190034, 0, 0x1900D0, 16 },
	{ 62, 2, 1, 0x190034, 0, 0x1900D0, 0 },   { 61, 2, 2, 0x190034, 0, 0x1900D4, 16 },
	{ 60, 2, 3, 0x190034, 0, 0x1900D4, 0 },
};
#define SOURCES ((int)(sizeof(sources) / sizeof(sources[0])))

static struct guc_intr x;

static void all_on(void)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		guc_intr_write(&x, sources[i].enable, UINT32_MAX);
		guc_intr_write(&x, sources[i].mask, 0);
	}
}

static void clean(void)
{
	guc_intr_reset(&x);
}

START_TEST(reset_is_silent)
{
	/* After a reset nothing is enabled, everything is masked, nothing is raised. */
	ck_assert_uint_eq(guc_intr_read(&x, REG_GFX_MSTR_IRQ), 0);
	for (unsigned i = 0; i < SOURCES; i++) {
		ck_assert_uint_eq(guc_intr_read(&x, sources[i].enable), 0);
		ck_assert_uint_eq(guc_intr_read(&x, sources[i].mask), UINT32_MAX);
		for (unsigned bit = 0; bit < 17; bit++)
			ck_assert(!guc_intr_wanted(&x, sources[i].number, bit));
	}
	guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	ck_assert(!guc_intr_raise(&x, 25, 15));
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(0)), 0);
}
END_TEST

START_TEST(enable_and_mask)
{
	/* A bit of a source gets through with its own enable bit on and its own mask bit
	 * off, and those let no other source of the same registers through. */
	const struct source *s = &sources[_i];
	const unsigned bit = 3;

	guc_intr_write(&x, s->enable, 1u << (s->enable_shift + bit));
	ck_assert(!guc_intr_wanted(&x, s->number, bit));
	guc_intr_write(&x, s->mask, ~(1u << (s->mask_shift + bit)));
	for (int i = 0; i < SOURCES; i++)
		ck_assert_int_eq(guc_intr_wanted(&x, sources[i].number, bit), i == _i);
	ck_assert(!guc_intr_wanted(&x, s->number, bit + 1));
	guc_intr_write(&x, s->enable, 0);
	ck_assert(!guc_intr_wanted(&x, s->number, bit));
}
END_TEST

START_TEST(no_such_source)
{
	/* Numbers without a source, and bits above 15, are never wanted and raise nothing. */
	all_on();
	ck_assert(!guc_intr_wanted(&x, 4, 0));
	ck_assert(!guc_intr_wanted(&x, 24, 15));
	ck_assert(!guc_intr_wanted(&x, 64, 0));
	ck_assert(!guc_intr_wanted(&x, 25, 16));
	guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	ck_assert(!guc_intr_raise(&x, 4, 0));
	ck_assert_uint_eq(guc_intr_read(&x, REG_GFX_MSTR_IRQ), GFX_MSTR_ENABLE);
}
END_TEST

START_TEST(master_gates_the_line)
{
	/* The line is raised once: by an event while the master is on, or by the master
	 * while something is raised; what the master shows is the two banks. */
	all_on();
	ck_assert(!guc_intr_raise(&x, 0, 0));
	ck_assert_uint_eq(guc_intr_read(&x, REG_GFX_MSTR_IRQ), GFX_MSTR_DW(0));
	ck_assert(guc_intr_write(&x, REG_GFX_MSTR_IRQ, UINT32_MAX));
	ck_assert(!guc_intr_raise(&x, 32, 0));
	ck_assert_uint_eq(guc_intr_read(&x, REG_GFX_MSTR_IRQ),
			  GFX_MSTR_ENABLE | GFX_MSTR_DW(0) | GFX_MSTR_DW(1));
	ck_assert(!guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE));
	ck_assert(!guc_intr_write(&x, REG_GFX_MSTR_IRQ, 0));
	ck_assert(guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE));
	clean();
	all_on();
	guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	ck_assert(guc_intr_raise(&x, 63, 4));
}
END_TEST

START_TEST(identity_of_each)
{
	/* The selected source's identity: valid, class, instance, and the bits that it
	 * raised; the other bank's stays invalid. */
	const struct source *s = &sources[_i];
	unsigned bank = s->number / 32;

	all_on();
	guc_intr_raise(&x, s->number, 0);
	guc_intr_raise(&x, s->number, 15);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(bank)), 1u << s->number % 32);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(!bank)), 0);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(bank)), 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(bank), 1u << s->number % 32);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(bank)),
			  INTR_IDENTITY_VALID | s->instance << 20 | s->class << 16 | 0x8001);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(!bank)), 0);
}
END_TEST

START_TEST(selector_wants_a_raised_source)
{
	/* Selecting what has not raised anything, or nothing, makes no identity valid. */
	all_on();
	guc_intr_raise(&x, 15, 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 5);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(1), 1u << 15);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(0)), 0);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(1)), 0);
	ck_assert_uint_eq(guc_intr_read(&x, REG_IIR_SELECTOR(0)), 0);
}
END_TEST

START_TEST(identity_is_acknowledged)
{
	/* An identity stays, whatever is selected meanwhile, until its valid bit is
	 * written back; then the next can be had, and nothing of either is lost. */
	all_on();
	guc_intr_raise(&x, 0, 4);
	guc_intr_raise(&x, 15, 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 15);
	guc_intr_write(&x, REG_INTR_IDENTITY(0), ~INTR_IDENTITY_VALID);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(0)), INTR_IDENTITY_VALID | 0x10);
	guc_intr_write(&x, REG_INTR_IDENTITY(0), INTR_IDENTITY_VALID);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(0)), 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 15);
	ck_assert_uint_eq(guc_intr_read(&x, REG_INTR_IDENTITY(0)),
			  INTR_IDENTITY_VALID | 3u << 16 | 1);
}
END_TEST

START_TEST(ones_clear)
{
	/* GT_INTR_DW: ones clear their bits of sources that were taken, zeros nothing;
	 * a source that was not taken, or raised again since, stays. */
	all_on();
	guc_intr_raise(&x, 0, 0);
	guc_intr_raise(&x, 15, 0);
	guc_intr_raise(&x, 32, 0);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 1u << 0);
	guc_intr_write(&x, REG_INTR_IDENTITY(0), INTR_IDENTITY_VALID);
	guc_intr_write(&x, REG_GT_INTR_DW(0), 0);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(0)), 0x8001);
	guc_intr_write(&x, REG_GT_INTR_DW(0), 0x8001);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(0)), 0x8000);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(1)), 1);
	guc_intr_write(&x, REG_IIR_SELECTOR(0), 0x8000);
	guc_intr_write(&x, REG_INTR_IDENTITY(0), INTR_IDENTITY_VALID);
	guc_intr_raise(&x, 15, 1);
	guc_intr_write(&x, REG_GT_INTR_DW(0), 0x8000);
	ck_assert_uint_eq(guc_intr_read(&x, REG_GT_INTR_DW(0)), 0x8000);
}
END_TEST

/* What xelp_irq_handler() does; bits of the GuC that it was given. */
static uint32_t handle(void)
{
	uint32_t master, dw, guc = 0;

	guc_intr_write(&x, REG_GFX_MSTR_IRQ, 0);
	master = guc_intr_read(&x, REG_GFX_MSTR_IRQ);
	for (unsigned bank = 0; bank < 2; bank++) {
		if (!(master & GFX_MSTR_DW(bank)))
			continue;
		dw = guc_intr_read(&x, REG_GT_INTR_DW(bank));
		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t ident;

			if (!(dw >> bit & 1))
				continue;
			guc_intr_write(&x, REG_IIR_SELECTOR(bank), 1u << bit);
			ident = guc_intr_read(&x, REG_INTR_IDENTITY(bank));
			ck_assert(ident & INTR_IDENTITY_VALID);
			guc_intr_write(&x, REG_INTR_IDENTITY(bank), ident);
			if (field_get(INTR_IDENTITY_CLASS, ident) == INTR_CLASS_OTHER)
				guc |= ident & INTR_IDENTITY_BITS;
		}
		guc_intr_write(&x, REG_GT_INTR_DW(bank), dw);
	}
	return guc;
}

START_TEST(as_the_driver_does)
{
	/* The driver's handler takes all, and every event finds the line low and raises
	 * it anew, or raises it when the master comes on again. */
	all_on();
	guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(guc_intr_raise(&x, 25, 15));
		guc_intr_raise(&x, 33, 0);
		ck_assert_uint_eq(handle(), 0x8000);
		ck_assert(!guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE));
	}
	guc_intr_raise(&x, 25, 15);
	handle();
	ck_assert(!guc_intr_raise(&x, 25, 15));
	ck_assert(guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE));
	ck_assert_uint_eq(handle(), 0x8000);
}
END_TEST

START_TEST(only_these_registers)
{
	/* The registers of the list are ours, those between and beside them not. */
	static const uint32_t ours[] = { 0x190010, 0x190018, 0x19001C, 0x190030, 0x190048,
					 0x190060, 0x190064, 0x190070, 0x190074, 0x1900E8 };
	static const uint32_t others[] = { 0x190008, 0x190014, 0x190020, 0x19004C, 0x190068,
					   0x190078, 0x190094, 0x1900F8, 0x1901F0, 0x190240 };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		ck_assert(guc_intr_owns(ours[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert(!guc_intr_owns(others[i]));
}
END_TEST

START_TEST(packed_and_back)
{
	/* All registers come back from dwords; dwords that no registers can be are
	 * refused and change nothing. */
	uint32_t dw[GUC_INTR_DWORDS], bad[GUC_INTR_DWORDS];
	static const struct { unsigned at; uint32_t value; } lies[] = {
		{ 0, 1 }, { 1, 1u << 4 }, { 3, 1u << 20 }, { 2, 1 }, { 4, 0x10001 },
		{ GUC_INTR_DWORDS - 1, 0x10000 },
	};
	struct guc_intr y;

	all_on();
	guc_intr_write(&x, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	guc_intr_write(&x, 0x190030, 0x12345678);
	for (unsigned i = 0; i < SOURCES; i++)
		guc_intr_raise(&x, sources[i].number, 15 - i);
	guc_intr_write(&x, REG_IIR_SELECTOR(1), 1);
	guc_intr_pack(&x, dw);
	memset(&y, 0, sizeof(y));
	ck_assert(guc_intr_unpack(&y, dw));
	ck_assert(memcmp(&x, &y, sizeof(x)) == 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		memcpy(bad, dw, sizeof(dw));
		bad[lies[i].at] = lies[i].value;
		ck_assert_msg(!guc_intr_unpack(&y, bad), "lie %zu", i);
	}
	ck_assert(memcmp(&x, &y, sizeof(x)) == 0);
}
END_TEST

/* --- of a card -------------------------------------------------------------------------- */

static struct fx *f;

static void start(void)
{
	struct guc_options o;

	guc_options_default(&o);
	o.irq_registers = true;
	o.vf_stride = REG_VF_STRIDE_GEN12;
	f = fx_new_ready(1, &o);
	fx_boot(f, 1, 0);
}

static void stop(void)
{
	fx_free(f);
}

static void put(unsigned fn, uint32_t off, uint32_t value)
{
	ck_assert_int_eq(guc_mmio_write(&f->card, fn, off, 4, value), 0);
}

static uint32_t get(unsigned fn, uint32_t off)
{
	uint64_t v;

	ck_assert_int_eq(guc_mmio_read(&f->card, fn, off, 4, &v), 0);
	return (uint32_t)v;
}

static void listen(uint32_t guc)
{
	put(1, REG_GUC_SG_INTR_ENABLE, guc);
	put(1, REG_GUC_SG_INTR_MASK, ~guc);
	put(1, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
}

START_TEST(no_memory_is_written)
{
	/* A G2H message raises GUC2HOST in the registers, once until the host has taken
	 * it, and writes no byte of the interrupt page. */
	unsigned before;

	listen(GUC_ON);
	before = f->irqs[1][0][GUC_IRQ_GUC2HOST];
	memset(f->mem[1] + FX_MEMIRQ(0), 0, GGTT_PAGE);
	guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
	guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_GUC2HOST], before + 1);
	ck_assert_uint_eq(get(1, REG_GT_INTR_DW(0)), 1u << MEMIRQ_SOURCE_GUC);
	for (unsigned i = 0; i < GGTT_PAGE; i++)
		ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + i], 0);
}
END_TEST

START_TEST(master_on_raises)
{
	/* What was raised while the master was off interrupts when it comes on, with the
	 * bit of what waits. */
	unsigned before = f->irqs[1][0][GUC_IRQ_GUC2HOST];

	listen(GUC_ON);
	put(1, REG_GFX_MSTR_IRQ, 0);
	guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_GUC2HOST], before);
	put(1, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_GUC2HOST], before + 1);
}
END_TEST

START_TEST(migrated_only_when_wanted)
{
	/* MIGRATED is lost on a driver that left its bit masked, as xe does before
	 * graphics 12.50, and reaches one that wants it. */
	listen(GUC_ON);
	guc_raise(&f->card, 0, 1, GUC_IRQ_SW_INT_0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 0);
	ck_assert_uint_eq(get(1, REG_GT_INTR_DW(0)), 0);
	listen(GUC_ON | MIGRATED_ON);
	guc_raise(&f->card, 0, 1, GUC_IRQ_SW_INT_0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 1);
	put(1, REG_IIR_SELECTOR(0), 1u << MEMIRQ_SOURCE_GUC);
	ck_assert_uint_eq(get(1, REG_INTR_IDENTITY(0)),
			  INTR_IDENTITY_VALID | INTR_CLASS_OTHER << 16 | 1u << GUC_IRQ_SW_INT_0);
}
END_TEST

START_TEST(engine_interrupt)
{
	/* MI_USER_INTERRUPT of a context whose image names no interrupt page raises bit 0
	 * of its engine, and is no violation. */
	const uint32_t irq = MI_USER_INTERRUPT;

	listen(GUC_ON);
	put(1, REG_RENDER_COPY_INTR_ENABLE, 1);
	put(1, REG_BCS_INTR_MASK, ~(1u << 16));
	lx_make(f, 1, 0, false);
	for (unsigned d = LRC_MEMIRQ_LRM; d <= LRC_MEMIRQ_SOURCE; d++)
		fx_put(f, 1, LX_REGS(0) + 4 * d, 0);
	lx_register(f, 1, 0, 0, 1);
	lx_mode(f, 1, 0, 1);
	lx_emit(f, 1, 0, &irq, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_ne(get(1, REG_GT_INTR_DW(0)) & 1u << 15, 0);
	put(1, REG_IIR_SELECTOR(0), 1u << 15);
	ck_assert_uint_eq(get(1, REG_INTR_IDENTITY(0)), INTR_IDENTITY_VALID | 3u << 16 | 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_VIOLATION), 0);
}
END_TEST

START_TEST(whose_they_are)
{
	/* Each VF has its own; the PF finds them a stride further, has none itself, and a
	 * VF that tries another's is reported. */
	uint32_t second = REG_GUC_SG_INTR_ENABLE + 2 * REG_VF_STRIDE_GEN12;

	put(1, REG_GUC_SG_INTR_ENABLE, 1);
	ck_assert_uint_eq(get(2, REG_GUC_SG_INTR_ENABLE), 0);
	ck_assert_uint_eq(get(0, REG_GUC_SG_INTR_ENABLE + REG_VF_STRIDE_GEN12), 1);
	put(0, second, 5);
	ck_assert_uint_eq(get(2, REG_GUC_SG_INTR_ENABLE), 5);
	put(0, REG_GUC_SG_INTR_ENABLE, 7);
	ck_assert_uint_eq(get(0, REG_GUC_SG_INTR_ENABLE), 0);
	put(1, second, 9);
	ck_assert_uint_eq(get(2, REG_GUC_SG_INTR_ENABLE), 5);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_MMIO_FOREIGN), 1);
}
END_TEST

START_TEST(resets)
{
	/* A function level reset turns everything off; VF_RESET is GuC's and leaves the
	 * registers alone. */
	const uint32_t reset = GUC_ACTION_VF_RESET;

	listen(GUC_ON);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, &reset, 1, NULL), 0xF0000000);
	ck_assert_uint_eq(get(1, REG_GUC_SG_INTR_ENABLE), GUC_ON);
	ck_assert_uint_eq(get(1, REG_GFX_MSTR_IRQ), GFX_MSTR_ENABLE);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	ck_assert_uint_eq(get(1, REG_GUC_SG_INTR_ENABLE), 0);
	ck_assert_uint_eq(get(1, REG_GUC_SG_INTR_MASK), UINT32_MAX);
	ck_assert_uint_eq(get(1, REG_GFX_MSTR_IRQ), 0);
}
END_TEST

START_TEST(they_move_with_the_vf)
{
	/* SAVE takes the registers along: after RESTORE on another card the VF finds them
	 * as it left them, and RESUME tells it that it was migrated. */
	struct fx *from = f;

	listen(GUC_ON | MIGRATED_ON);
	put(1, REG_VCS_VECS_INTR_ENABLE, 0x00110011);
	guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
	lx_save(f);
	f = lx_target(from, 0x00600000, guc_card_options(&from->card));
	ck_assert_uint_eq(get(1, REG_GFX_MSTR_IRQ), 0);
	ck_assert_int_eq(hxg_type(fx_restore(f, 0, 1, FX_BLOB_BYTES / 4)), HXG_SUCCESS);
	ck_assert_uint_eq(get(1, REG_GFX_MSTR_IRQ), GFX_MSTR_ENABLE | GFX_MSTR_DW(0));
	ck_assert_uint_eq(get(1, REG_VCS_VECS_INTR_ENABLE), 0x00110011);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	put(1, REG_IIR_SELECTOR(0), 1u << MEMIRQ_SOURCE_GUC);
	ck_assert_uint_eq(get(1, REG_INTR_IDENTITY(0)) & INTR_IDENTITY_BITS,
			  1u << GUC_IRQ_GUC2HOST | 1u << GUC_IRQ_SW_INT_0);
	fx_free(from);
}
END_TEST

START_TEST(not_with_memory_interrupts)
{
	/* On a card with memory interrupts these registers read 0 and keep nothing. */
	fx_free(f);
	f = fx_new_ready(1, NULL);
	put(1, REG_GUC_SG_INTR_ENABLE, UINT32_MAX);
	put(1, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
	ck_assert_uint_eq(get(1, REG_GUC_SG_INTR_ENABLE), 0);
	ck_assert_uint_eq(get(1, REG_GUC_SG_INTR_MASK), 0);
	ck_assert_uint_eq(get(1, REG_GFX_MSTR_IRQ), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_intr");
	TCase *t = tcase_create("registers");

	tcase_add_checked_fixture(t, clean, NULL);
	tcase_add_test(t, reset_is_silent);
	tcase_add_loop_test(t, enable_and_mask, 0, SOURCES);
	tcase_add_test(t, no_such_source);
	tcase_add_test(t, master_gates_the_line);
	tcase_add_loop_test(t, identity_of_each, 0, SOURCES);
	tcase_add_test(t, selector_wants_a_raised_source);
	tcase_add_test(t, identity_is_acknowledged);
	tcase_add_test(t, ones_clear);
	tcase_add_test(t, as_the_driver_does);
	tcase_add_test(t, only_these_registers);
	tcase_add_test(t, packed_and_back);
	suite_add_tcase(s, t);
	t = tcase_create("card");
	tcase_add_checked_fixture(t, start, stop);
	tcase_add_test(t, no_memory_is_written);
	tcase_add_test(t, master_on_raises);
	tcase_add_test(t, migrated_only_when_wanted);
	tcase_add_test(t, engine_interrupt);
	tcase_add_test(t, whose_they_are);
	tcase_add_test(t, resets);
	tcase_add_test(t, they_move_with_the_vf);
	tcase_add_test(t, not_with_memory_interrupts);
	suite_add_tcase(s, t);
	return check_main(s);
}
