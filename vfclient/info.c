/* SPDX-License-Identifier: MIT */
/* Looking into the driver: state, counters, runtime registers. */
#include "vfc_priv.h"

void vfc_info(const struct vfc *v, unsigned gt, struct vfc_info *info)
{
	const struct vfc_gt *g = &v->gt[gt < v->opt.gts ? gt : 0];

	memset(info, 0, sizeof(*info));
	info->state = v->state;
	info->abi_major = g->version.major;
	info->abi_minor = g->version.minor;
	info->ggtt_start = v->ggtt_start;
	info->ggtt_size = v->ggtt_size;
	info->lmem_size = v->gt[0].config.lmem_size;
	info->contexts = g->config.contexts;
	info->doorbells = g->config.doorbells;
	info->gmd_id = g->config.gmd_id;
	info->sched_groups = g->config.groups;
	info->migration_supported = v->migration_supported;
	info->recovery_pending = vfc_pending(g);
	info->relay_major = g->relay.major;
	info->relay_minor = g->relay.minor;
	info->runtime_n = g->runtime_n;
	info->marker_next = (uint8_t)g->rec.counter;
	info->recoveries = v->markers ? g->rec.ended : v->seed.ended;
	info->requeues = g->rec.requeues;
	info->queues = g->queues;
	info->registered = g->registered;
	info->jobs_done = g->jobs_done;
	info->jobs_failed = g->jobs_failed;
	info->jobs_pending = g->jobs_pending;
	info->fixup_count = g->rec.fixups_complete;
	info->wedged_err = v->wedged_err;
	info->pm_refs = v->seed.pm_refs;
	info->tlb_sent = g->tlb_sent;
	info->tlb_done = g->tlb_done;
	info->ggtt_valid = !vfc_irq_migrated(g) && !g->rec.need_fixes;
}

#define REG_GMD_ID  0xD8Cu
#define MEDIA_SHIFT 0x380000u /* of a media GT's registers below 0x40000 */
#define MEDIA_BELOW 0x40000u

int vfc_runtime(struct vfc *v, unsigned gt, uint32_t offset, uint32_t *value)
{
	struct vfc_gt *g;

	*value = 0;
	if (gt >= v->opt.gts)
		return -ENOENT;
	g = &v->gt[gt];
	if (offset == REG_GMD_ID) {
		*value = g->config.gmd_id;
		return 0;
	}
	if (g->media && offset < MEDIA_BELOW)
		offset += MEDIA_SHIFT;
	for (uint32_t i = 0; i < g->runtime_n; i++)
		if (g->runtime[i][0] == offset) {
			*value = g->runtime[i][1];
			return 0;
		}
	vfc_log(v, g->id, VFC_LOG_WARN, "runtime register 0x%x was not given", offset);
	return -ENOENT;
}
