/* SPDX-License-Identifier: MIT */
/* G2H events of function 0 with the receiver's checks in their order (guc-abi
 * 5.5, vf-lifecycle 2.2, 2.13). An error is reported and counted; it never
 * resets the channel. */
#include <errno.h>

#include "pfc_priv.h"
#include "proto/text.h"

static int state_notify(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct pfc_event ev = { .kind = PFC_EV_VF_EVENT, .gt = gt->index };

	if (hxg_data0(dw[0]))
		return -EPFNOSUPPORT;
	if (len != 3 || dw[1] > p->opt.vfs)
		return -EPROTO;
	if (dw[1] == 0 ? dw[2] != GUC_EVENT_VF_ENABLE :
			 dw[2] == 0 || dw[2] > GUC_EVENT_VF_FIXUP_DONE)
		return -ENOPKG;
	ev.vf = (uint8_t)dw[1];
	ev.code = dw[2];
	pfc_report(p, &ev);
	if (dw[1])
		pfc_vf_event(p, pfc_unit(p, dw[1], gt->index), dw[2]);
	return 0;
}

static int adverse_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct pfc_event ev = { .kind = PFC_EV_ADVERSE, .gt = gt->index };
	int index;

	if (hxg_data0(dw[0]))
		return -EPFNOSUPPORT;
	if (len < 3)
		return -EPROTO;
	if (dw[1] > p->opt.vfs)
		return -EINVAL;
	index = pfc_threshold_index(dw[2]);
	if (index < 0)
		return -ENOTCONN;
	pfc_unit(p, dw[1], gt->index)->adverse[index]++;
	ev.vf = (uint8_t)dw[1];
	ev.code = dw[2];
	pfc_report(p, &ev);
	return 0;
}

int pfc_on_event(void *user, const uint32_t *dw, uint32_t len)
{
	struct pfc_gt *gt = user;
	struct pfc *p = gt->p;
	uint32_t action = hxg_action(dw[0]);
	const char *name = guc_action_name(action);
	int err;

	switch (action) {
	case GUC_ACTION_VF_STATE_NOTIFY:
		err = state_notify(p, gt, dw, len);
		break;
	case GUC_ACTION_ADVERSE_EVENT:
		err = adverse_event(p, gt, dw, len);
		break;
	case GUC_ACTION_RELAY_FROM_VF:
		err = pfc_relay_event(p, gt, dw, len);
		break;
	case GUC_ACTION_RELAY_FROM_PF:
		err = -EPERM; /* that is for VFs */
		break;
	case GUC_ACTION_MMIO_RELAY_FROM_VF:
		err = pfc_mmio_relay_event(p, gt, dw, len);
		break;
	case GUC_ACTION_TLB_INVALIDATION_DONE:
		return 0;
	default:
		err = -ENOPKG;
	}
	if (err)
		pfc_log(p, PFC_LOG_WARN, PFC_NO_VF, gt->index, "bad event 0x%04x %s: %s", action,
			name ? name : "", text_errno(err));
	return err;
}
