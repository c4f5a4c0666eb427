/* SPDX-License-Identifier: MIT */
/* What a PF or native driver sends for itself, beyond SR-IOV: S-states, the log,
 * the policies of native scheduling (guc-abi 6.1, 6.2). Actions for hardware
 * that the model does not have are refused by their rows in actions.c. */
#include "core.h"

#define POWER_D0 0u

/* dw1 power state, dw2 shared data of older firmware, not looked at: asleep, no
 * engine runs, of any function; rings and mailboxes are served. */
uint16_t guc_act_s_state(struct guc_card *c, struct guc_request *r)
{
	struct guc_unit *u = guc_unit(c, r->gt);
	bool enter = r->action == GUC_ACTION_ENTER_S_STATE;

	if ((r->dw[1] != POWER_D0) != enter)
		return GUC_ERR_INVALID_PARAMS;
	if (u->asleep == enter)
		return GUC_ERR_INVALID_STATE;
	u->asleep = enter;
	if (!enter)
		guc_engines_kick(c, r->gt);
	return GUC_OK;
}

/* dw1 type of log. Nothing is logged: there is nothing to reuse either. */
uint16_t guc_act_log_flushed(struct guc_card *c, struct guc_request *r)
{
	(void)c;
	(void)r;
	return GUC_OK;
}

/* dw1 address of the policies: read by firmware that schedules natively. */
uint16_t guc_act_global_policies(struct guc_card *c, struct guc_request *r)
{
	if (r->dw[1] % 4 || !guc_in_range(c, guc_gt_tile(c, r->gt), r->fn, r->dw[1], 4))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	return GUC_OK;
}
