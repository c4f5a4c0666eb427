/* SPDX-License-Identifier: MIT */
/* The memory interrupt page: which source, which bit (guc-abi section 9,
 * vf-lifecycle 0.4). GUC2HOST is assumed whenever the source byte is set. The
 * SW_INT_0 byte stays set until the recovery is about to send START: "byte set"
 * means "recovery pending" from the first instruction after a migration, and a
 * late interrupt of the same migration then finds it cleared. A 7.2 driver
 * clears it after the handler instead (quirk LATE_IRQ_RERUN, R-07). Platforms
 * without the page have registers (irq_registers.c). */
#include "vfc_priv.h"

static unsigned source(const struct vfc_gt *gt)
{
	return gt->media ? MEMIRQ_SOURCE_MEDIA_GUC : MEMIRQ_SOURCE_GUC;
}

size_t vfc_irq_source(const struct vfc_gt *gt)
{
	return gt->v->memirq + MEMIRQ_SOURCE(source(gt));
}

size_t vfc_irq_status(const struct vfc_gt *gt)
{
	return gt->v->memirq + MEMIRQ_STATUS(source(gt));
}

static uint8_t load(const struct vfc *v, size_t off)
{
	return __atomic_load_n(v->mem->base + off, __ATOMIC_ACQUIRE);
}

/* Read and clear; 0 when it was not set. */
static uint8_t take(const struct vfc *v, size_t off)
{
	if (!load(v, off))
		return 0;
	return __atomic_exchange_n(v->mem->base + off, 0, __ATOMIC_ACQ_REL);
}

bool vfc_irq_migrated(const struct vfc_gt *gt)
{
	if (gt->v->opt.irq_registers)
		return gt->v->intr.migrated;
	return load(gt->v, vfc_irq_status(gt) + GUC_IRQ_SW_INT_0) != 0;
}

void vfc_irq_clear_migrated(struct vfc_gt *gt)
{
	gt->v->intr.migrated = false;
	take(gt->v, vfc_irq_status(gt) + GUC_IRQ_SW_INT_0);
}

void vfc_irq_enable(struct vfc *v, bool again)
{
	size_t mask = v->memirq + MEMIRQ_ENABLE;

	/* What was raised while nobody listened. */
	v->irq = true;
	if (v->opt.irq_registers) {
		vfc_intr_enable(v);
		return;
	}
	/* Both GTs share the mask: what else is on in it stays on. */
	if (again)
		host_put32(v->mem, mask, 0);
	host_put32(v->mem, mask, host_get32(v->mem, mask) | 1);
}

void vfc_irq_disable(struct vfc *v)
{
	v->memirq_on = false;
	if (v->opt.irq_registers)
		vfc_intr_disable(v);
}

/* The engines' bytes: any of them may mean that jobs ended. */
static void engines(struct vfc *v)
{
	bool any = false;

	for (unsigned s = 0; s < 64; s++) {
		if (s == MEMIRQ_SOURCE_GUC || s == MEMIRQ_SOURCE_MEDIA_GUC)
			continue;
		if (take(v, v->memirq + MEMIRQ_SOURCE(s))) {
			take(v, v->memirq + MEMIRQ_STATUS(s));
			any = true;
		}
	}
	for (unsigned i = 0; any && i < v->opt.gts; i++)
		v->gt[i].scan_due = true;
}

void vfc_irq_told(struct vfc_gt *gt)
{
	const struct vfc *v = gt->v;

	vfc_migrated(gt);
	/* Without a recovery to come nobody else would clear it. */
	if (vfc_quirk(v, VFC_QUIRK_LATE_IRQ_RERUN) || !v->migration_supported || !v->markers)
		vfc_irq_clear_migrated(gt);
}

static void guc(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	uint8_t seen = take(v, vfc_irq_source(gt));
	uint8_t migrated;

	if (!seen)
		return;
	gt->g2h_due = true;
	migrated = load(v, vfc_irq_status(gt) + GUC_IRQ_SW_INT_0);
	if ((seen != MEMIRQ_SET) || (migrated && migrated != MEMIRQ_SET))
		vfc_log(v, gt->id, VFC_LOG_ERROR, "memirq: unexpected value 0x%02x",
			seen != MEMIRQ_SET ? seen : migrated);
	if (migrated)
		vfc_irq_told(gt);
}

bool vfc_irq_step(struct vfc *v)
{
	if (!v->memirq_on) {
		v->irq = false;
		return true;
	}
	if (v->opt.irq_registers)
		return vfc_intr_step(v);
	v->irq = false;
	engines(v);
	for (unsigned i = 0; i < v->opt.gts; i++)
		guc(&v->gt[i]);
	return true;
}
