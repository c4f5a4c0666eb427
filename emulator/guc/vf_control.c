/* SPDX-License-Identifier: MIT */
/* VF_CONTROL: the PF's commands to a VF's lifecycle (guc-abi 5.3). The event
 * that follows a command is sent after its reply (guc_lifecycle_settle). */
#include "core.h"

static const struct {
	uint32_t command;
	enum guc_vf_input input;
} commands[] = {
	{ GUC_VF_PAUSE, GUC_IN_PAUSE },
	{ GUC_VF_RESUME, GUC_IN_RESUME },
	{ GUC_VF_STOP, GUC_IN_STOP },
	{ GUC_VF_FLR_START, GUC_IN_FLR_START },
	{ GUC_VF_FLR_FINISH, GUC_IN_FLR_FINISH },
};

/* A command looks at all of a VF's contexts: a few fit a turn. */
#define COMMAND_COST (GUC_H2G_BUDGET / 4)

/* dw1 VFID, dw2 command. */
uint16_t guc_act_vf_control(struct guc_card *c, struct guc_request *r)
{
	if (r->dw[1] == 0 || r->dw[1] > c->block->geometry.vfs)
		return GUC_ERR_INVALID_VFID;
	r->cost = COMMAND_COST;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == r->dw[2])
			return guc_vf_input(c, r->gt, r->dw[1], commands[i].input, 0);
	return GUC_ERR_INVALID_PARAMS;
}
