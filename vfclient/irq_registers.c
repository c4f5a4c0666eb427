/* SPDX-License-Identifier: MIT */
/* Interrupts of a platform without memory interrupts, before graphics 12.50: the
 * registers are asked who interrupts, as xe's handler does (xe_irq.c). Each answer
 * takes its way, so the handler goes from read to read: the master is off
 * meanwhile, and what comes in between interrupts when it is on again. Beyond xe
 * the driver wants MIGRATED, too: without it nobody would tell that it has moved. */
#include "vfc_priv.h"

/* Words from the master on: master, nothing, both banks of sources. */
#define MASTER_WORDS 4u
#define MASTER_BANK  2u

#define COOKIE BITS(31, 31) /* of these reads, with a number */

#define USER_INTERRUPT 1u
#define GUC_BITS (1u << GUC_IRQ_GUC2HOST | 1u << GUC_IRQ_SW_INT_0)

static const struct {
	uint32_t off, value;
} enabled[] = {
	{ REG_GUC_SG_INTR_ENABLE, GUC_BITS << 16 },
	{ REG_GUC_SG_INTR_MASK, ~(GUC_BITS << 16) },
	{ REG_RENDER_COPY_INTR_ENABLE, USER_INTERRUPT << 16 | USER_INTERRUPT },
	{ REG_RCS_INTR_MASK, ~(USER_INTERRUPT << 16) },
	{ REG_BCS_INTR_MASK, ~(USER_INTERRUPT << 16) },
	{ REG_VCS_VECS_INTR_ENABLE, USER_INTERRUPT << 16 | USER_INTERRUPT },
	{ REG_VCS0_VCS1_INTR_MASK, ~(USER_INTERRUPT << 16 | USER_INTERRUPT) },
	{ REG_VECS0_VECS1_INTR_MASK, ~(USER_INTERRUPT << 16 | USER_INTERRUPT) },
};

static void put(struct vfc *v, uint32_t off, uint32_t value)
{
	v->port->write32(v->port->user, off, value);
}

static void ask(struct vfc *v, enum vfc_intr_phase phase, uint32_t off, unsigned n)
{
	v->intr.phase = phase;
	v->intr.answered = false;
	v->intr.cookie = COOKIE | ((v->intr.cookie + 1) & ~COOKIE);
	v->port->read(v->port->user, off, 4, n, v->intr.cookie);
}

void vfc_intr_enable(struct vfc *v)
{
	for (size_t i = 0; i < sizeof(enabled) / sizeof(enabled[0]); i++)
		put(v, enabled[i].off, enabled[i].value);
	/* A handler that is under way turns it on at its end. */
	if (v->intr.phase == VFC_INTR_IDLE)
		put(v, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
}

void vfc_intr_disable(struct vfc *v)
{
	v->intr.phase = VFC_INTR_IDLE;
	v->intr.answered = v->intr.migrated = false;
	put(v, REG_GFX_MSTR_IRQ, 0);
	put(v, REG_GUC_SG_INTR_ENABLE, 0);
	put(v, REG_RENDER_COPY_INTR_ENABLE, 0);
	put(v, REG_VCS_VECS_INTR_ENABLE, 0);
}

bool vfc_intr_read_done(struct vfc *v, uint32_t cookie, const void *words, unsigned n)
{
	struct vfc_intr *x = &v->intr;

	if (!(cookie & COOKIE))
		return false;
	if (cookie != x->cookie || x->phase == VFC_INTR_IDLE)
		return true; /* of a handler that was given up */
	if (n > MASTER_WORDS)
		n = MASTER_WORDS;
	memset(x->words, 0, sizeof(x->words));
	if (n)
		memcpy(x->words, words, n * sizeof(x->words[0]));
	x->answered = true;
	return true;
}

/* One of each bank that is left, or the end. */
static void next(struct vfc *v)
{
	struct vfc_intr *x = &v->intr;

	if (x->left[0] | x->left[1]) {
		for (unsigned b = 0; b < 2; b++)
			if (x->left[b])
				put(v, REG_IIR_SELECTOR(b), x->left[b] & -x->left[b]);
		ask(v, VFC_INTR_IDENTITY, REG_INTR_IDENTITY(0), 2);
		return;
	}
	for (unsigned b = 0; b < 2; b++)
		if (x->taken[b])
			put(v, REG_GT_INTR_DW(b), x->taken[b]);
	x->phase = VFC_INTR_IDLE;
	put(v, REG_GFX_MSTR_IRQ, GFX_MSTR_ENABLE);
}

static void take(struct vfc *v, unsigned bank, uint32_t identity)
{
	uint32_t bits = field_get(INTR_IDENTITY_BITS, identity);

	if (!(identity & INTR_IDENTITY_VALID)) {
		vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR, "interrupt identity %u: 0x%08x is not valid",
			bank, identity);
		return;
	}
	put(v, REG_INTR_IDENTITY(bank), identity);
	if (field_get(INTR_IDENTITY_CLASS, identity) != INTR_CLASS_OTHER) {
		v->gt[0].scan_due = true;
		return;
	}
	if (bits >> GUC_IRQ_GUC2HOST & 1)
		v->gt[0].g2h_due = true;
	if (bits >> GUC_IRQ_SW_INT_0 & 1) {
		v->intr.migrated = true;
		vfc_irq_told(&v->gt[0]);
	}
}

bool vfc_intr_step(struct vfc *v)
{
	struct vfc_intr *x = &v->intr;

	if (x->phase == VFC_INTR_IDLE) {
		v->irq = false;
		put(v, REG_GFX_MSTR_IRQ, 0);
		ask(v, VFC_INTR_MASTER, REG_GFX_MSTR_IRQ, MASTER_WORDS);
		return true;
	}
	if (!x->answered) {
		/* The master is off: this one will be said again. */
		v->irq = false;
		return true;
	}
	x->answered = false;
	for (unsigned b = 0; b < 2; b++) {
		if (x->phase == VFC_INTR_MASTER) {
			x->left[b] = x->words[0] & GFX_MSTR_DW(b) ? x->words[MASTER_BANK + b] : 0;
			x->taken[b] = x->left[b];
		} else if (x->left[b]) {
			x->left[b] &= x->left[b] - 1;
			take(v, b, x->words[b]);
		}
	}
	next(v);
	return true;
}
