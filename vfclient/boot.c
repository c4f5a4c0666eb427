/* SPDX-License-Identifier: MIT */
/* The steps of the bootstrap (guc-abi A.1): VF_RESET, version, configuration,
 * GGTT entries of the driver's whole memory, memirq, CTB, relay. Their order
 * stands in op.c. */
#include "boot.h"

#include "proto/klv.h"
#include "proto/text.h"

void vfc_boot_clean(struct vfc *v)
{
	v->wedged_err = 0;
	v->up = false;
	v->suspended = false;
	v->teardown = false;
	v->memirq_on = false;
	v->intr.phase = VFC_INTR_IDLE;
	v->intr.answered = v->intr.migrated = false;
	v->migration_supported = false;
	v->ggtt_start = 0;
	v->ggtt_size = 0;
	vfc_seed_cancel(v);
	for (unsigned i = 0; i < v->opt.gts; i++) {
		struct vfc_gt *gt = &v->gt[i];

		vfc_queue_free_all(gt, -ECANCELED);
		vfc_relay_reset(gt, -ECANCELED);
		host_mailbox_cancel(&gt->mbox);
		gt->mmio_busy = false;
		host_ct_reset(&gt->ct);
		gt->version.valid = false;
		gt->config.valid = false;
		gt->runtime_n = 0;
		memset(&gt->rec, 0, sizeof(gt->rec));
		gt->tlb_sent = 0;
		gt->tlb_done = 0;
		gt->reset_wanted = false;
		gt->stuck = false;
		gt->retry_at = 0;
		gt->g2h_due = false;
		gt->scan_due = false;
	}
}

static uint32_t request(enum guc_action_code action)
{
	return hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, 0);
}

/* Only silence is tried again, ten times in all (guc-abi 2.3). */
int vfc_row_vf_reset(struct vfc_gt *gt, unsigned arg)
{
	int err;

	(void)arg;
	if (!gt->v->op.row_begun)
		gt->tries = 0;
	err = vfc_mmio_zero(gt, request(GUC_ACTION_VF_RESET), NULL);
	if (err == -ETIMEDOUT && ++gt->tries < VFC_RESET_TRIES)
		return VFC_MORE;
	return err;
}

static int first_contact(struct vfc_gt *gt, const struct vfc_version *found)
{
	if (found->major > 1)
		return -EPROTO;
	if (found->major != 1)
		return -ENOPKG;
	if (found->minor < gt->v->opt.min_minor)
		return -ENOKEY;
	gt->version = *found;
	vfc_log(gt->v, gt->id, VFC_LOG_DEBUG, "using GuC interface version %u.%u.%u.%u",
		found->branch, found->major, found->minor, found->patch);
	return 0;
}

static int later_contact(struct vfc_gt *gt, const struct vfc_version *found)
{
	const struct vfc_version was = gt->version;

	if (vfc_quirk(gt->v, VFC_QUIRK_ABI_OVERWRITE))
		gt->version = *found;
	if (found->major == was.major && found->minor == was.minor && found->patch == was.patch)
		return 0;
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "New GuC interface version detected: %u.%u.%u.%u",
		found->branch, found->major, found->minor, found->patch);
	return -EREMCHG;
}

int vfc_row_match(struct vfc_gt *gt, unsigned arg)
{
	const struct vfc_version *want = &gt->version;
	uint32_t dw[2] = { request(GUC_ACTION_MATCH_VERSION), 0 };
	struct vfc_version found;
	uint32_t data0;
	int err;

	(void)arg;
	if (want->valid)
		dw[1] = field_put(VERSION_BRANCH, want->branch) |
			field_put(VERSION_MAJOR, want->major) |
			field_put(VERSION_MINOR, want->minor);
	else
		dw[1] = field_put(VERSION_MAJOR, 1) |
			field_put(VERSION_MINOR, gt->v->opt.min_minor);
	err = vfc_mmio(gt, dw, 2, &data0);
	if (err)
		return err;
	if (data0)
		return -EPROTO;
	found = (struct vfc_version){
		.valid = true,
		.branch = (uint8_t)field_get(VERSION_BRANCH, gt->mbox.reply[1]),
		.major = (uint8_t)field_get(VERSION_MAJOR, gt->mbox.reply[1]),
		.minor = (uint8_t)field_get(VERSION_MINOR, gt->mbox.reply[1]),
		.patch = (uint8_t)field_get(VERSION_PATCH, gt->mbox.reply[1]),
	};
	return want->valid ? later_contact(gt, &found) : first_contact(gt, &found);
}

int vfc_row_query(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	if (!gt->v->op.row_begun)
		vfc_query_begin(gt);
	return vfc_query(gt, true);
}

/* Which recovery: the first GT's ABI decides for all. */
int vfc_row_generation(struct vfc_gt *gt, unsigned arg)
{
	struct vfc *v = gt->v;
	bool has_markers = gt->version.minor >= VFC_ABI_MARKERS;

	(void)arg;
	switch (v->opt.generation) {
	case VFC_GEN_AUTO:
		v->markers = has_markers;
		v->migration_supported = true;
		break;
	case VFC_GEN_SEED:
		v->markers = false;
		v->migration_supported = true;
		break;
	case VFC_GEN_LATEST:
		v->markers = true;
		v->migration_supported = has_markers;
		break;
	}
	if (!v->migration_supported)
		vfc_log(v, VFC_DEVICE, VFC_LOG_NOTICE,
			"migration disabled: requires GuC ABI 1.%u, found %u.%u", VFC_ABI_MARKERS,
			gt->version.major, gt->version.minor);
	v->op.page = 0;
	return (uint64_t)v->pages.count * GGTT_PAGE > v->ggtt_size ? -ENOSPC : 0;
}

/* Page k of the memory is mapped at GGTT start + 4096 k, once and for ever. */
int vfc_row_ptes(struct vfc_gt *gt, unsigned arg)
{
	struct vfc *v = gt->v;
	uint64_t pte[VFC_PTE_BATCH];
	uint64_t at = REG_GGTT_BASE + (v->ggtt_start / GGTT_PAGE + v->op.page) * sizeof(pte[0]);
	uint32_t n = v->pages.count - v->op.page;

	(void)arg;
	if (n > VFC_PTE_BATCH)
		n = VFC_PTE_BATCH;
	for (uint32_t i = 0; i < n; i++)
		pte[i] = vfc_keep_pte(v, v->op.page + i);
	v->port->write64(v->port->user, at, pte, n);
	v->op.page += n;
	return v->op.page < v->pages.count ? VFC_MORE : 0;
}

int vfc_row_images(struct vfc_gt *gt, unsigned arg)
{
	struct vfc *v = gt->v;

	(void)arg;
	for (unsigned i = 0; i < v->opt.gts; i++) {
		v->gt[i].rec.fixed_start = v->ggtt_start;
		for (unsigned c = 0; c < GUC_CLASS_OTHER; c++)
			vfc_default_image_build(&v->gt[i], (enum guc_engine_class)c);
	}
	memset(v->mem->base + v->memirq, 0, GGTT_PAGE);
	v->memirq_on = true;
	vfc_irq_enable(v, false);
	return 0;
}

/* Value and length of a self configuration key. */
static uint64_t self_value(const struct vfc_gt *gt, unsigned key, uint32_t *len)
{
	const struct vfc *v = gt->v;

	*len = 2;
	switch (key) {
	case GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR:
		return vfc_addr(v, vfc_irq_source(gt));
	case GUC_KLV_SELF_MEMIRQ_STATUS_ADDR:
		return vfc_addr(v, vfc_irq_status(gt));
	case GUC_KLV_SELF_H2G_CTB_DESC_ADDR:
		return vfc_addr(v, gt->ct.h2g_desc);
	case GUC_KLV_SELF_H2G_CTB_ADDR:
		return vfc_addr(v, gt->ct.h2g_buf);
	case GUC_KLV_SELF_G2H_CTB_DESC_ADDR:
		return vfc_addr(v, gt->ct.g2h_desc);
	case GUC_KLV_SELF_G2H_CTB_ADDR:
		return vfc_addr(v, gt->ct.g2h_buf);
	}
	*len = 1;
	return key == GUC_KLV_SELF_H2G_CTB_SIZE ? CTB_H2G_BYTES : CTB_G2H_BYTES;
}

int vfc_row_self_cfg(struct vfc_gt *gt, unsigned key)
{
	uint32_t len, data0;
	uint64_t value = self_value(gt, key, &len);
	const uint32_t dw[4] = { request(GUC_ACTION_SELF_CFG), klv_header(key, len), lo32(value),
				 hi32(value) };
	int err;

	if (gt->v->opt.irq_registers &&
	    (key == GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR || key == GUC_KLV_SELF_MEMIRQ_STATUS_ADDR))
		return 0;
	err = vfc_mmio(gt, dw, 4, &data0);
	if (err)
		return err;
	return data0 == 1 ? 0 : data0 == 0 ? -ENOKEY : -EPROTO;
}

int vfc_row_ct_reset(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	host_ct_reset(&gt->ct);
	return 0;
}

int vfc_row_control_ctb(struct vfc_gt *gt, unsigned arg)
{
	const uint32_t on = 1;
	int err = vfc_mmio_zero(gt, request(GUC_ACTION_CONTROL_CTB), &on);

	(void)arg;
	if (!err)
		host_ct_enable(&gt->ct);
	return err;
}

int vfc_row_handshake(struct vfc_gt *gt, unsigned arg)
{
	(void)arg;
	return gt->v->opt.no_relay ? 0 : vfc_handshake(gt);
}

/* Migrated since the handshake, the VF has another PF, which knows nothing of
 * it; one built without debugging hides that. */
static bool forgotten(const struct vfc_gt *gt, int err)
{
	return (err == -EACCES || (err == -EREMOTEIO && gt->rec.fixups_complete)) &&
	       !vfc_quirk(gt->v, VFC_QUIRK_STALE_RELAY) &&
	       gt->v->op.restarts < VFC_MAX_BACKOFFS;
}

int vfc_row_runtime(struct vfc_gt *gt, unsigned arg)
{
	int err;

	(void)arg;
	if (gt->v->opt.no_relay)
		return 0;
	if (gt->relay.rehandshake) {
		err = vfc_handshake(gt);
		if (err)
			return err;
		gt->relay.rehandshake = false;
	}
	err = vfc_query_runtime(gt);
	if (!forgotten(gt, err))
		return err;
	gt->v->op.restarts++;
	gt->relay.rehandshake = true;
	return VFC_MORE;
}

int vfc_row_up(struct vfc_gt *gt, unsigned arg)
{
	struct vfc *v = gt->v;

	(void)arg;
	v->up = true;
	/* Older firmware has no such types of context. */
	return v->opt.ccs && !gt->media && gt->version.minor >= VFC_ABI_COMPRESSION ?
		       vfc_ccs_create(gt) : 0;
}
