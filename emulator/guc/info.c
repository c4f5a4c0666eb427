/* SPDX-License-Identifier: MIT */
/* Looking into a card without touching it. */
#include "core.h"

#include <errno.h>

const struct guc_geometry *guc_card_geometry(const struct guc_card *card)
{
	return &card->block->geometry;
}

const struct guc_options *guc_card_options(const struct guc_card *card)
{
	return &card->block->options;
}

static bool exists(const struct guc_card *c, unsigned fn, unsigned gt)
{
	return fn <= c->block->geometry.vfs && gt < guc_gt_count(c);
}

static void sched_info(const struct guc_unit *u, const struct guc_function *f,
		       struct guc_vf_info *info, uint64_t now)
{
	info->sched_priority = f->config.sched_priority;
	memcpy(info->group_quantum_ms, f->config.exec_quantum_ms, sizeof(info->group_quantum_ms));
	memcpy(info->group_timeout_us, f->config.preempt_timeout_us,
	       sizeof(info->group_timeout_us));
	for (unsigned t = 0; t < GUC_THRESHOLD_COUNT; t++) {
		info->adverse[t].events = f->adverse.events[t];
		if (f->adverse.period == guc_adverse_now(u, now))
			info->adverse[t].count = f->adverse.count[t];
	}
}

int guc_vf_info(const struct guc_card *card, unsigned fn, unsigned gt,
		struct guc_vf_info *info)
{
	const struct guc_function *f;

	if (!exists(card, fn, gt))
		return -ENODEV;
	f = guc_fn(card, gt, fn);
	*info = (struct guc_vf_info){
		.state = (enum guc_vf_state)f->state,
		.marker = f->marker,
		.ctb_enabled = f->ctb_enabled,
		.abi_major = f->abi_major,
		.abi_minor = f->abi_minor,
		.ggtt_start = f->config.ggtt_start,
		.ggtt_size = f->config.ggtt_size,
		.lmem_size = f->config.lmem_size,
		.begin_context = f->config.begin_context,
		.num_contexts = f->config.num_contexts,
		.num_doorbells = f->config.num_doorbells,
		.begin_doorbell = f->config.begin_doorbell,
		.exec_quantum_ms = f->config.exec_quantum_ms[0],
		.preempt_timeout_us = f->config.preempt_timeout_us[0],
		.h2g_messages = f->h2g_messages,
		.g2h_messages = f->g2h_messages,
		.g2h_dropped = f->g2h_dropped,
		.mbox_requests = f->mbox_requests,
		.irqs = f->irqs,
		.queued_g2h = f->queued_n,
		.findings = f->findings_n,
	};
	memcpy(info->threshold, f->config.threshold, sizeof(info->threshold));
	memcpy(info->violations, f->violations, sizeof(info->violations));
	sched_info(guc_unit(card, gt), f, info, card->block->now);
	for (uint32_t id = 0; id < f->config.num_contexts; id++) {
		const struct guc_context *ctx = guc_context(card, gt, fn, id);

		if (!ctx || ctx->fn != fn || !ctx->registered)
			continue;
		info->registered++;
		info->enabled += ctx->enabled;
	}
	return 0;
}

int guc_gt_info(const struct guc_card *card, unsigned gt, struct guc_gt_info *info)
{
	const struct guc_unit *u;

	if (gt >= guc_gt_count(card))
		return -ENODEV;
	u = guc_unit(card, gt);
	*info = (struct guc_gt_info){
		.sched_if_idle = u->sched_if_idle,
		.sample_period_ms = u->sample_period_ms,
		.reset_after_switch = u->reset_after_switch,
		.groups = u->groups,
		.vfs_enabled = u->vfs_enabled,
		.asleep = u->asleep,
		.device_activity = u->activity[0].data != 0,
		.function_activity = u->activity[1].functions,
	};
	memcpy(info->group_mask, u->group_mask, sizeof(info->group_mask));
	return 0;
}
