/* SPDX-License-Identifier: MIT */
/* Forwarding between a VF and the PF: the CTB relay (guc-abi 5.3, 5.4) and
 * the older MMIO relay service (5.6). The message inside is never looked at.
 * SUCCESS to the sender means queued, not delivered; a peer that is not
 * running refuses with 0x41, one that does not read with 0x301. */
#include "core.h"

static uint16_t deliverable(const struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (!f->ctb_enabled || f->state != GUC_VFS_RUNNING)
		return GUC_ERR_CANNOT_COMPLETE_ACTION;
	return guc_g2h_room(c, gt, fn) ? GUC_OK : GUC_ERR_CTB_FULL;
}

/* dw1 VFID, dw2 RELAY_ID, message. */
uint16_t guc_act_relay_to_vf(struct guc_card *c, struct guc_request *r)
{
	uint32_t vf = r->dw[1];
	uint16_t error;

	if (vf == 0 || vf > c->block->geometry.vfs)
		return GUC_ERR_INVALID_VFID;
	error = deliverable(c, r->gt, vf);
	if (!error)
		guc_g2h_event(c, r->gt, vf, GUC_ACTION_RELAY_FROM_PF, r->dw + 2, r->len - 2);
	return error;
}

/* dw1 RELAY_ID, message. */
uint16_t guc_act_relay_to_pf(struct guc_card *c, struct guc_request *r)
{
	uint32_t payload[CTB_HXG_MAX_DWORDS];
	uint16_t error = deliverable(c, r->gt, 0);

	if (error)
		return error;
	payload[0] = r->fn;
	memcpy(&payload[1], r->dw + 1, (r->len - 1) * sizeof(payload[0]));
	guc_g2h_event(c, r->gt, 0, GUC_ACTION_RELAY_FROM_VF, payload, r->len);
	return GUC_OK;
}

/* BUSY first, since the PF has to be asked; its 0x5007 or 0x5008 completes. */
uint16_t guc_act_mmio_relay(struct guc_card *c, struct guc_request *r)
{
	uint32_t magic = field_get(MMIO_RELAY_MAGIC, r->dw[0]);
	const uint32_t busy = hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 0);
	const uint32_t payload[5] = {
		r->fn, r->dw[0] & (MMIO_RELAY_MAGIC | MMIO_RELAY_OPCODE),
		r->dw[1], r->dw[2], r->dw[3],
	};
	uint16_t error = deliverable(c, r->gt, 0);

	r->hint = (uint16_t)(magic << 8);
	if (error)
		return error;
	guc_mailbox_reply(c, r->gt, r->fn, r->action, &busy, 1);
	guc_fn(c, r->gt, r->fn)->mmio_relay = (uint8_t)(1 + magic);
	r->no_reply = true;
	guc_g2h_event(c, r->gt, 0, GUC_ACTION_MMIO_RELAY_FROM_VF, payload, 5);
	return GUC_OK;
}

/* The VF that waits with this magic, or an error. */
static uint16_t waiting(struct guc_card *c, const struct guc_request *r)
{
	uint32_t vf = r->dw[1];

	if (vf == 0 || vf > c->block->geometry.vfs)
		return GUC_ERR_INVALID_VFID;
	if (guc_fn(c, r->gt, vf)->mmio_relay != 1 + field_get(MMIO_RELAY_MAGIC, r->dw[2]))
		return GUC_ERR_INVALID_PARAMS;
	guc_fn(c, r->gt, vf)->mmio_relay = 0;
	return GUC_OK;
}

uint16_t guc_act_mmio_relay_success(struct guc_card *c, struct guc_request *r)
{
	uint16_t error = waiting(c, r);
	uint32_t dw[MAILBOX_DWORDS];

	if (error)
		return error;
	dw[0] = hxg_success(HXG_ORIGIN_GUC, r->dw[2] & (MMIO_RELAY_MAGIC | MMIO_RELAY_DATA0));
	memcpy(&dw[1], r->dw + 3, 3 * sizeof(dw[0]));
	guc_mailbox_reply(c, r->gt, r->dw[1], GUC_ACTION_MMIO_RELAY_SERVICE, dw, MAILBOX_DWORDS);
	return GUC_OK;
}

uint16_t guc_act_mmio_relay_failure(struct guc_card *c, struct guc_request *r)
{
	uint16_t error = waiting(c, r);
	uint32_t dw;

	if (error)
		return error;
	/* MAGIC stays in bits 27:24, the top of HINT. */
	dw = hxg_failure(HXG_ORIGIN_GUC, r->dw[2] & MMIO_RELAY_FAULT, 0) |
	     (r->dw[2] & MMIO_RELAY_MAGIC);
	guc_mailbox_reply(c, r->gt, r->dw[1], GUC_ACTION_MMIO_RELAY_SERVICE, &dw, 1);
	return GUC_OK;
}
