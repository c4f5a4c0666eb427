/* SPDX-License-Identifier: MIT */
/* Interrupt registers. See intr.h. A source's event goes into its bits if enable
 * and mask let it, its bit of GT_INTR_DW comes on, and with the master enable the
 * line is raised: once, until it has been low again. The host turns the master off,
 * selects a source, reads and acknowledges its identity, clears the bits of
 * GT_INTR_DW, and turns the master on. What was raised in between stays. */
#include "intr.h"

#include <string.h>

/* X(name, offset, at reset). */
#define KEPT_LIST(X)                                                           \
	X(RENDER_COPY_ENABLE, REG_RENDER_COPY_INTR_ENABLE, 0)                  \
	X(VCS_VECS_ENABLE, REG_VCS_VECS_INTR_ENABLE, 0)                        \
	X(GUC_ENABLE, REG_GUC_SG_INTR_ENABLE, 0)                               \
	X(GPM_ENABLE, 0x19003C, 0)                                             \
	X(CRYPTO_ENABLE, 0x190040, 0)                                          \
	X(GSC_ENABLE, 0x190044, 0)                                             \
	X(CCS_ENABLE, 0x190048, 0)                                             \
	X(RCS_MASK, REG_RCS_INTR_MASK, UINT32_MAX)                             \
	X(BCS_MASK, REG_BCS_INTR_MASK, UINT32_MAX)                             \
	X(VCS0_VCS1_MASK, REG_VCS0_VCS1_INTR_MASK, UINT32_MAX)                 \
	X(VCS2_VCS3_MASK, 0x1900AC, UINT32_MAX)                                \
	X(VCS4_VCS5_MASK, 0x1900B0, UINT32_MAX)                                \
	X(VCS6_VCS7_MASK, 0x1900B4, UINT32_MAX)                                \
	X(VECS0_VECS1_MASK, REG_VECS0_VECS1_INTR_MASK, UINT32_MAX)             \
	X(VECS2_VECS3_MASK, 0x1900D4, UINT32_MAX)                              \
	X(GUC_MASK, REG_GUC_SG_INTR_MASK, UINT32_MAX)                          \
	X(GPM_MASK, 0x1900EC, UINT32_MAX)                                      \
	X(GSC_MASK, 0x1900F4, UINT32_MAX)

enum kept {
#define X(name, off, reset) name,
	KEPT_LIST(X)
#undef X
	KEPT_COUNT
};
_Static_assert(KEPT_COUNT == GUC_INTR_KEPT, "a place for each");

static const struct {
	uint32_t off, reset;
} kept[] = {
#define X(name, off, reset) { off, reset },
	KEPT_LIST(X)
#undef X
};

/* Two sources share a register: the one that its name says first has the upper half. */
#define UPPER 16u
#define LOWER 0u

static const struct {
	uint8_t number; /* 32 * bank + bit of GT_INTR_DW, as in the memory interrupt page */
	uint8_t class, instance; /* in its identity: the engines' hardware numbers */
	uint8_t enable, enable_half;
	uint8_t mask, mask_half;
} sources[] = {
	{ 0, 0, 0, RENDER_COPY_ENABLE, UPPER, RCS_MASK, UPPER },
	{ 15, 3, 0, RENDER_COPY_ENABLE, LOWER, BCS_MASK, UPPER },
	{ MEMIRQ_SOURCE_GUC, INTR_CLASS_OTHER, 0, GUC_ENABLE, UPPER, GUC_MASK, UPPER },
	{ 32, 1, 0, VCS_VECS_ENABLE, UPPER, VCS0_VCS1_MASK, UPPER },
	{ 33, 1, 1, VCS_VECS_ENABLE, UPPER, VCS0_VCS1_MASK, LOWER },
	{ 34, 1, 2, VCS_VECS_ENABLE, UPPER, VCS2_VCS3_MASK, UPPER },
	{ 35, 1, 3, VCS_VECS_ENABLE, UPPER, VCS2_VCS3_MASK, LOWER },
	{ 36, 1, 4, VCS_VECS_ENABLE, UPPER, VCS4_VCS5_MASK, UPPER },
	{ 37, 1, 5, VCS_VECS_ENABLE, UPPER, VCS4_VCS5_MASK, LOWER },
	{ 38, 1, 6, VCS_VECS_ENABLE, UPPER, VCS6_VCS7_MASK, UPPER },
	{ 39, 1, 7, VCS_VECS_ENABLE, UPPER, VCS6_VCS7_MASK, LOWER },
	{ 60, 2, 3, VCS_VECS_ENABLE, LOWER, VECS2_VECS3_MASK, LOWER },
	{ 61, 2, 2, VCS_VECS_ENABLE, LOWER, VECS2_VECS3_MASK, UPPER },
	{ 62, 2, 1, VCS_VECS_ENABLE, LOWER, VECS0_VECS1_MASK, LOWER },
	{ 63, 2, 0, VCS_VECS_ENABLE, LOWER, VECS0_VECS1_MASK, UPPER },
};
_Static_assert(sizeof(sources) / sizeof(sources[0]) == GUC_INTR_SOURCES, "a row for each");

#define NONE GUC_INTR_SOURCES

static unsigned row_of(unsigned number)
{
	unsigned i = 0;

	while (i < GUC_INTR_SOURCES && sources[i].number != number)
		i++;
	return i;
}

/* A register that is there twice, for bank 0 and 1: true and the bank. */
static bool banked(uint32_t off, uint32_t first, unsigned *bank)
{
	*bank = (off - first) / 4;
	return off >= first && off < first + 4 * GUC_INTR_BANKS && off % 4 == 0;
}

static unsigned kept_index(uint32_t off)
{
	unsigned i = 0;

	while (i < KEPT_COUNT && kept[i].off != off)
		i++;
	return i;
}

void guc_intr_reset(struct guc_intr *x)
{
	memset(x, 0, sizeof(*x));
	for (unsigned i = 0; i < KEPT_COUNT; i++)
		x->kept[i] = kept[i].reset;
}

static bool line(const struct guc_intr *x)
{
	return x->master && (x->raised[0] | x->raised[1]);
}

/* A source's bit of GT_INTR_DW stays on as long as something of it is not taken. */
static void settle(struct guc_intr *x)
{
	for (unsigned i = 0; i < GUC_INTR_SOURCES; i++)
		if (x->bits[i])
			x->raised[sources[i].number / 32] |= 1u << sources[i].number % 32;
}

/* --- events --------------------------------------------------------------------------- */

bool guc_intr_wanted(const struct guc_intr *x, unsigned source, unsigned bit)
{
	unsigned i = row_of(source);
	uint32_t on;

	if (i == NONE || bit > 15)
		return false;
	on = x->kept[sources[i].enable] >> sources[i].enable_half &
	     ~(x->kept[sources[i].mask] >> sources[i].mask_half);
	return on >> bit & 1;
}

bool guc_intr_raise(struct guc_intr *x, unsigned source, unsigned bit)
{
	bool before = line(x);

	if (!guc_intr_wanted(x, source, bit))
		return false;
	x->bits[row_of(source)] |= (uint16_t)(1u << bit);
	settle(x);
	return line(x) && !before;
}

bool guc_intr_first(const struct guc_intr *x, uint8_t *source, uint8_t *bit)
{
	for (unsigned i = 0; i < GUC_INTR_SOURCES; i++) {
		if (!x->bits[i])
			continue;
		*source = sources[i].number;
		*bit = (uint8_t)__builtin_ctz(x->bits[i]);
		return true;
	}
	return false;
}

/* --- registers ------------------------------------------------------------------------ */

bool guc_intr_owns(uint32_t off)
{
	unsigned bank;

	return off == REG_GFX_MSTR_IRQ || banked(off, REG_GT_INTR_DW(0), &bank) ||
	       banked(off, REG_INTR_IDENTITY(0), &bank) ||
	       banked(off, REG_IIR_SELECTOR(0), &bank) || kept_index(off) < KEPT_COUNT;
}

uint32_t guc_intr_read(const struct guc_intr *x, uint32_t off)
{
	unsigned bank, i = kept_index(off);

	if (off == REG_GFX_MSTR_IRQ)
		return x->master | (x->raised[0] ? GFX_MSTR_DW(0) : 0) |
		       (x->raised[1] ? GFX_MSTR_DW(1) : 0);
	if (banked(off, REG_GT_INTR_DW(0), &bank))
		return x->raised[bank];
	if (banked(off, REG_INTR_IDENTITY(0), &bank))
		return x->identity[bank];
	return i < KEPT_COUNT ? x->kept[i] : 0;
}

/* The lowest bit counts. Nobody has acknowledged the last one: it stays. */
static void choose(struct guc_intr *x, unsigned bank, uint32_t value)
{
	unsigned i = value ? row_of(32 * bank + (unsigned)__builtin_ctz(value)) : NONE;

	if (i == NONE || !x->bits[i] || x->identity[bank])
		return;
	x->identity[bank] = INTR_IDENTITY_VALID |
			    field_put(INTR_IDENTITY_INSTANCE, sources[i].instance) |
			    field_put(INTR_IDENTITY_CLASS, sources[i].class) | x->bits[i];
	x->bits[i] = 0;
}

bool guc_intr_write(struct guc_intr *x, uint32_t off, uint32_t value)
{
	unsigned bank, i = kept_index(off);
	bool before = line(x);

	if (off == REG_GFX_MSTR_IRQ) {
		x->master = value & GFX_MSTR_ENABLE;
	} else if (banked(off, REG_GT_INTR_DW(0), &bank)) {
		x->raised[bank] &= ~value;
		settle(x);
	} else if (banked(off, REG_INTR_IDENTITY(0), &bank)) {
		if (value & INTR_IDENTITY_VALID)
			x->identity[bank] = 0;
	} else if (banked(off, REG_IIR_SELECTOR(0), &bank)) {
		choose(x, bank, value);
	} else if (i < KEPT_COUNT) {
		x->kept[i] = value;
	}
	return line(x) && !before;
}

/* --- moving --------------------------------------------------------------------------- */

void guc_intr_pack(const struct guc_intr *x, uint32_t dw[GUC_INTR_DWORDS])
{
	*dw++ = x->master;
	for (unsigned b = 0; b < GUC_INTR_BANKS; b++) {
		*dw++ = x->raised[b];
		*dw++ = x->identity[b];
	}
	for (unsigned i = 0; i < KEPT_COUNT; i++)
		*dw++ = x->kept[i];
	for (unsigned i = 0; i < GUC_INTR_SOURCES; i++)
		*dw++ = x->bits[i];
}

bool guc_intr_unpack(struct guc_intr *x, const uint32_t dw[GUC_INTR_DWORDS])
{
	struct guc_intr y = { .master = *dw++ };
	uint32_t there[GUC_INTR_BANKS] = { 0 };

	for (unsigned b = 0; b < GUC_INTR_BANKS; b++) {
		y.raised[b] = *dw++;
		y.identity[b] = *dw++;
	}
	for (unsigned i = 0; i < KEPT_COUNT; i++)
		y.kept[i] = *dw++;
	for (unsigned i = 0; i < GUC_INTR_SOURCES; i++) {
		if (dw[i] > UINT16_MAX)
			return false;
		y.bits[i] = (uint16_t)dw[i];
		there[sources[i].number / 32] |= 1u << sources[i].number % 32;
	}
	if (y.master & ~GFX_MSTR_ENABLE)
		return false;
	for (unsigned b = 0; b < GUC_INTR_BANKS; b++)
		if (y.raised[b] & ~there[b] ||
		    (y.identity[b] && !(y.identity[b] & INTR_IDENTITY_VALID)))
			return false;
	settle(&y);
	*x = y;
	return true;
}
