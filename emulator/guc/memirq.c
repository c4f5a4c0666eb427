/* SPDX-License-Identifier: MIT */
/* Memory based interrupts (guc-abi 9): status byte, then source byte, then the
 * line. The status byte first, because the host tests the source, clears it
 * and only then looks at the status. VFs of older platforms have registers
 * instead (intr.h): those say when the line is raised. */
#include "core.h"

/* Where the two bytes go, 0: nowhere; and the vector. */
struct report {
	uint64_t status, source;
	uint16_t vector;
};

static void line(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source,
		 uint16_t vector)
{
	const struct guc_irq irq = {
		.gt = (uint8_t)gt, .bit = bit, .source = source, .vector = vector,
	};

	guc_fn(c, gt, fn)->irqs++;
	guc_adverse(c, gt, fn, GUC_THRESHOLD_IRQ_STORM, GUC_COST_IRQ_US);
	c->port.irq(c->port.user, fn, &irq);
}

static void go(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source,
	       struct report at, uint8_t set)
{
	if (guc_has_intr(c, fn)) {
		if (guc_intr_raise(&guc_fn(c, gt, fn)->intr, source, bit))
			line(c, gt, fn, bit, source, 0);
		return;
	}
	if (at.status && guc_ggtt_write(c, gt, fn, at.status + bit, &set, 1) &&
	    source != MEMIRQ_SOURCE_GUC && source != MEMIRQ_SOURCE_MEDIA_GUC)
		at.source = 0; /* an engine's: both or none */
	if (at.source)
		guc_ggtt_write(c, gt, fn, at.source, &set, 1);
	line(c, gt, fn, bit, source, at.vector);
}

/* As it was before the hook saw it. */
static bool hold_back(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source,
		      struct report at, const struct guc_hook_action *act)
{
	uint32_t kept[5] = { lo32(at.status), hi32(at.status), lo32(at.source), hi32(at.source),
			     at.vector };
	struct guc_event held = {
		.point = GUC_PT_IRQ, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = bit, .value = source, .msg = kept, .msg_len = 5,
	};

	return guc_delay(c, &held, act) == 0;
}

/* The interrupt with its crossing. A hook may lose it, hold it back, give it another
 * bit or byte, or raise it several times. */
static void cross(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit, uint8_t source,
		  struct report at)
{
	struct guc_event ev = {
		.point = GUC_PT_IRQ, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = bit, .value = source,
	};
	struct guc_hook_action act;
	enum guc_verdict v = guc_hook(c, &ev, &act);
	uint8_t set = MEMIRQ_SET;
	unsigned copies = 0;

	guc_emit(c, &ev);
	if (v == GUC_SWALLOW || (v == GUC_DELAY && hold_back(c, gt, fn, bit, source, at, &act)))
		return;
	if (v == GUC_CHANGE) {
		bit = (uint8_t)(ev.code & 0xF);
		copies = act.copies;
		set = act.has_byte ? act.byte : set;
	}
	for (unsigned i = 0; i <= copies; i++)
		go(c, gt, fn, bit, source, at, set);
}

void guc_raise_held(struct guc_card *c, const struct guc_delayed *d)
{
	const struct report at = { make64(d->dw[0], d->dw[1]), make64(d->dw[2], d->dw[3]),
				   (uint16_t)d->dw[4] };

	go(c, d->gt, d->fn, (uint8_t)d->code, (uint8_t)d->fence, at, MEMIRQ_SET);
}

void guc_raise(struct guc_card *c, unsigned gt, unsigned fn, uint8_t bit)
{
	const struct guc_self_config *s = &guc_fn(c, gt, fn)->self;
	uint8_t source = guc_gt_is_media(c, gt) ? MEMIRQ_SOURCE_MEDIA_GUC : MEMIRQ_SOURCE_GUC;

	if (guc_has_intr(c, fn) && !guc_intr_wanted(&guc_fn(c, gt, fn)->intr, source, bit))
		return;
	/* MIGRATED is seen in memory or not at all (vf-lifecycle 1.4). */
	if (s->memirq_status || bit != GUC_IRQ_SW_INT_0 || guc_has_intr(c, fn))
		cross(c, gt, fn, bit, source,
		      (struct report){ s->memirq_status, s->memirq_source, 0 });
}

void guc_raise_engine(struct guc_card *c, unsigned gt, unsigned fn, uint64_t status_base,
		      uint64_t source_base, uint8_t source, uint16_t vector)
{
	if (guc_has_intr(c, fn) && !guc_intr_wanted(&guc_fn(c, gt, fn)->intr, source, 0))
		return;
	cross(c, gt, fn, 0, source,
	      (struct report){ status_base + MEMIRQ_STATUS(source), source_base + source,
				vector });
}

void guc_raise_line(struct guc_card *c, unsigned gt, unsigned fn)
{
	uint8_t source = MEMIRQ_SOURCE_GUC, bit = 0;

	guc_intr_first(&guc_fn(c, gt, fn)->intr, &source, &bit);
	line(c, gt, fn, bit, source, 0);
}
