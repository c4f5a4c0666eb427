/* SPDX-License-Identifier: MIT */
/* Memory based interrupts (guc-abi 9): status byte, then source byte, then the
 * line. The status byte first, because the host tests the source, clears it
 * and only then looks at the status. */
#include "core.h"

static bool hooked(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source)
{
	struct guc_event ev = {
		.point = GUC_PT_IRQ, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = bit, .value = source,
	};
	struct guc_hook_action act;
	enum guc_verdict v = guc_hook(c, &ev, &act);

	guc_emit(c, &ev);
	return v == GUC_SWALLOW;
}

static void line(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source)
{
	const struct guc_irq irq = { .gt = (uint8_t)gt, .bit = bit, .source = source };

	guc_fn(c, gt, fn)->irqs++;
	guc_adverse(c, gt, fn, GUC_THRESHOLD_IRQ_STORM, GUC_COST_IRQ_US);
	c->port.irq(c->port.user, fn, &irq);
}

void guc_raise(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit)
{
	const struct guc_self_config *s = &guc_fn(c, gt, fn)->self;
	uint8_t source = guc_gt_is_media(c, gt) ? MEMIRQ_SOURCE_MEDIA_GUC : MEMIRQ_SOURCE_GUC;
	const uint8_t set = MEMIRQ_SET;

	/* MIGRATED is seen in memory or not at all (vf-lifecycle 1.4). */
	if (!s->memirq_status && bit == GUC_IRQ_SW_INT_0)
		return;
	if (hooked(c, gt, fn, bit, source))
		return;
	if (s->memirq_status)
		guc_ggtt_write(c, gt, fn, s->memirq_status + bit, &set, 1);
	if (s->memirq_source)
		guc_ggtt_write(c, gt, fn, s->memirq_source, &set, 1);
	line(c, gt, fn, bit, source);
}

void guc_raise_engine(struct guc_card *c, unsigned gt, unsigned fn, uint64_t status_base,
		      uint64_t source_base, uint8_t source)
{
	const uint8_t set = MEMIRQ_SET;

	if (hooked(c, gt, fn, 0, source))
		return;
	if (guc_ggtt_write(c, gt, fn, status_base + MEMIRQ_STATUS(source), &set, 1) == 0)
		guc_ggtt_write(c, gt, fn, source_base + source, &set, 1);
	line(c, gt, fn, 0, source);
}
