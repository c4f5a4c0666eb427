/* SPDX-License-Identifier: MIT */
/* Adverse events (guc-abi 4.2, 4.5, 5.5): what a VF does is counted towards its
 * thresholds in sample periods, and the PF is told when one is exceeded.
 * Decision on guc-abi 12, item 33: periods follow one another from when the
 * policy was set; each starts at 0; a count that grows beyond its threshold is
 * told once a period, at once; a count of thresholds in microseconds has fixed
 * costs (limits.h). The PF itself is not counted. */
#include "core.h"

void guc_adverse_period(struct guc_card *c, unsigned gt, uint32_t ms)
{
	struct guc_unit *u = guc_unit(c, gt);

	u->sample_period_ms = ms;
	u->sampling_from = c->block->now;
	for (unsigned fn = 1; fn <= c->block->geometry.vfs; fn++) {
		struct guc_adverse *a = &guc_fn(c, gt, fn)->adverse;

		a->period = 0;
		a->told = 0;
		memset(a->count, 0, sizeof(a->count));
	}
}

void guc_adverse_changed(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *want)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	for (unsigned t = 0; t < GUC_THRESHOLD_COUNT; t++) {
		if (f->config.threshold[t] == want[t])
			continue;
		f->adverse.count[t] = 0;
		f->adverse.told &= ~(1u << t);
	}
}

void guc_adverse_forget(struct guc_card *c, unsigned gt, unsigned fn)
{
	guc_fn(c, gt, fn)->adverse = (struct guc_adverse){ 0 };
}

void guc_adverse_count(struct guc_card *c, unsigned gt, unsigned fn, enum guc_threshold t,
		       uint32_t n)
{
	const struct guc_unit *u = guc_unit(c, gt);
	const uint32_t payload[2] = { fn, guc_threshold_key(t) };
	struct guc_function *f = guc_fn(c, gt, fn);
	struct guc_adverse *a = &f->adverse;
	uint64_t period = guc_adverse_now(u, c->block->now);

	if (fn == 0)
		return;
	if (period != a->period) {
		a->period = period;
		a->told = 0;
		memset(a->count, 0, sizeof(a->count));
	}
	a->count[t] = n > UINT32_MAX - a->count[t] ? UINT32_MAX : a->count[t] + n;
	if (a->count[t] <= f->config.threshold[t] || a->told >> t & 1)
		return;
	a->told |= 1u << t;
	a->events[t]++;
	guc_g2h_event(c, gt, 0, GUC_ACTION_ADVERSE_EVENT, payload, 2);
}
