/* SPDX-License-Identifier: MIT */
/* The action table: who may send what over which transport, since which VF
 * ABI, how long, of which HXG types (guc-abi 5.1, 6.2). Every refusal that
 * needs no knowledge of the action is made here. Handlers live with their
 * subject. Lengths are in dwords with the header; 0x5005 and the registrations
 * check the rest of theirs themselves. */
#include <assert.h>

#include "core.h"

#define T_REQ (1u << HXG_REQUEST)
#define T_ASK (1u << HXG_REQUEST | 1u << HXG_FAST_REQUEST)
#define T_ANY (T_ASK | 1u << HXG_EVENT)

#define ROW(name, role, via, since, lo, hi, d0, t, fn)                         \
	{ .code = GUC_ACTION_##name, .who = GUC_BY_##role, .transport = GUC_OVER_##via, \
	  .since_minor = since, .min_len = lo, .max_len = hi, .data0_used = d0,        \
	  .types = t, .handler = fn }

/* Of the PF's own hardware, which the model does not have: checked like any
 * other, then refused. */
#define NONE(name, lo, hi, t)                                                  \
	{ .code = GUC_ACTION_##name, .who = GUC_BY_PF, .transport = GUC_OVER_CTB,      \
	  .min_len = lo, .max_len = hi, .types = t, .refusal = GUC_ERR_NOT_SUPPORTED }

/* Sorted by code; guc-abi 5.1 and 6.2. */
static const struct guc_action table[] = {
	/*  name                  who  via  since  len  data0 types handler */
	ROW(LOG_BUFFER_FILE_FLUSH_COMPLETE, PF, CTB, 0, 2, 2, 0, T_ANY, guc_act_log_flushed),
	ROW(ENTER_S_STATE,        PF, CTB, 0, 2, 3, 0, T_ASK, guc_act_s_state),
	ROW(EXIT_S_STATE,         PF, CTB, 0, 2, 3, 0, T_ASK, guc_act_s_state),
	ROW(GLOBAL_SCHED_POLICY_CHANGE, PF, CTB, 0, 2, 2, 0, T_ASK, guc_act_global_policies),
	ROW(SELF_CFG,             ALL, MMIO, 0, 4, 4, 0, T_REQ, guc_act_self_cfg),
	ROW(UPDATE_SCHEDULING_POLICIES_KLV, ALL, CTB, GUC_ABI_POLICIES, 2, 255, 0, T_ASK,
	    guc_act_sched_policies),
	ROW(SCHED_CONTEXT,        ALL, CTB, 0, 2, 2, 0, T_ANY, guc_act_sched),
	ROW(SCHED_CONTEXT_MODE_SET, ALL, CTB, 0, 3, 3, 0, T_ANY, guc_act_mode_set),
	ROW(SCHED_ENGINE_MODE_SET, ALL, CTB, 0, 4, 4, 0, T_ANY, guc_act_engine_mode),
	ROW(UPDATE_CONTEXT_POLICIES, ALL, CTB, 0, 2, 12, 0, T_ANY, guc_act_context_policies),
	NONE(PC_SLPC_REQUEST,     2, 11, T_ANY),
	NONE(SETUP_PC_GUCRC,      2, 2, T_ANY),
	NONE(AUTHENTICATE_HUC,    2, 2, T_ASK),
	ROW(GET_HWCONFIG,         ALL, MMIO, 0, 4, 4, 0, T_REQ, guc_act_hwconfig),
	ROW(REGISTER_CONTEXT,     ALL, CTB, 0, 12, 12, 0, T_ANY, guc_act_register),
	ROW(DEREGISTER_CONTEXT,   ALL, CTB, 0, 2, 2, 0, T_ANY, guc_act_deregister),
	NONE(REGISTER_G2G,        4, 4, T_ASK),
	NONE(DEREGISTER_G2G,      2, 2, T_ASK),
	ROW(CONTROL_CTB,          ALL, MMIO, 0, 2, 2, 0, T_REQ, guc_act_control_ctb),
	ROW(REGISTER_CONTEXT_MULTI_LRC, ALL, CTB, 0, 15, 255, 0, T_ANY, guc_act_register_multi),
	ROW(REGISTER_CONTEXT_MULTI_QUEUE, ALL, CTB, 0, 8, 8, 0, T_ANY, guc_act_register_group),
	ROW(MULTI_QUEUE_CONTEXT_CGP_SYNC, ALL, CTB, 0, 2, 2, 0, T_ANY, guc_act_cgp_sync),
	ROW(MMIO_RELAY_SERVICE,   VF, MMIO, 0, 1, 4, 1, T_REQ, guc_act_mmio_relay),
	ROW(MMIO_RELAY_SUCCESS,   PF, CTB, 0, 6, 6, 0, T_ASK, guc_act_mmio_relay_success),
	ROW(MMIO_RELAY_FAILURE,   PF, CTB, 0, 3, 3, 0, T_ASK, guc_act_mmio_relay_failure),
	ROW(RELAY_TO_VF,          PF, CTB, 0, 3, 255, 0, T_ASK, guc_act_relay_to_vf),
	ROW(RELAY_TO_PF,          VF, CTB, 0, 2, 254, 0, T_ASK, guc_act_relay_to_pf),
	ROW(MATCH_VERSION,        VF, MMIO, 0, 2, 2, 0, T_REQ, guc_act_match_version),
	ROW(UPDATE_VGT_POLICY,    PF, CTB, 0, 4, 4, 0, T_ASK, guc_act_vgt_policy),
	ROW(UPDATE_VF_CFG,        PF, CTB, 0, 5, 5, 0, T_ASK, guc_act_update_vf_cfg),
	ROW(VF_CONTROL,           PF, CTB, 0, 3, 3, 0, T_ASK, guc_act_vf_control),
	ROW(VF_RESET,             ALL, MMIO, 0, 1, 1, 0, T_REQ, guc_act_vf_reset),
	ROW(RESFIX_DONE,          VF, MMIO, 0, 1, 1, 1, T_REQ, guc_act_resfix_done),
	ROW(QUERY_SINGLE_KLV,     VF, MMIO, 0, 2, 2, 0, T_REQ, guc_act_query_klv),
	ROW(SAVE_RESTORE_VF,      PF, CTB, 0, 5, 6, 1, T_ASK, guc_act_save_restore),
	ROW(SET_DEVICE_ENGINE_ACTIVITY_BUFFER, PF, CTB, GUC_ABI_ACTIVITY, 5, 5, 0, T_ASK,
	    guc_act_device_activity),
	ROW(SET_FUNCTION_ENGINE_ACTIVITY_BUFFER, PF, CTB, GUC_ABI_ACTIVITY, 6, 6, 0, T_ASK,
	    guc_act_function_activity),
	ROW(OPT_IN_FEATURE_KLV,   ALL, CTB, GUC_ABI_OPT_IN, 4, 4, 0, T_ASK, guc_act_opt_in),
	ROW(RESFIX_START,         VF, MMIO, GUC_ABI_MARKERS, 1, 1, 1, T_REQ, guc_act_resfix_start),
	ROW(PAGE_FAULT_RES_DESC,  ALL, CTB, 0, 3, 3, 0, T_ANY, guc_act_fault_response),
	ROW(TLB_INVALIDATION,     ALL, CTB, 0, 3, 7, 0, T_ANY, guc_act_tlb),
	ROW(TLB_INVALIDATION_ALL, ALL, CTB, 0, 3, 3, 0, T_ANY, guc_act_tlb),
	ROW(PAGE_RECLAMATION,     ALL, CTB, GUC_ABI_RECLAMATION, 4, 4, 0, T_ANY,
	    guc_act_page_reclamation),
};

#define ROWS (sizeof(table) / sizeof(table[0]))
static_assert(ROWS == 43, "an action was added: extend the documentation and its test");

const struct guc_action *guc_action_row(size_t index)
{
	return index < ROWS ? &table[index] : NULL;
}

const struct guc_action *guc_action_find(uint32_t code)
{
	size_t lo = 0, hi = ROWS;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (table[mid].code == code)
			return &table[mid];
		if (table[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

uint8_t guc_abi_offered(const struct guc_card *c, unsigned fn)
{
	const struct guc_options *o = &c->block->options;

	return o->vf_abi_minor[fn] ? o->vf_abi_minor[fn] : o->abi_minor;
}

/* Before MATCH_VERSION a VF is taken for what it would be told (guc-abi 12,
 * item 11); the PF's is the firmware's own. */
uint8_t guc_abi_minor(const struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (fn == 0)
		return c->block->options.abi_minor;
	return f->abi_major ? f->abi_minor : guc_abi_offered(c, fn);
}

uint16_t guc_dispatch(struct guc_card *c, struct guc_request *r)
{
	const struct guc_action *row = guc_action_find(r->action);

	if (!row)
		return GUC_ERR_UNKNOWN_ACTION;
	if (!(row->who & (r->fn ? GUC_BY_VF : GUC_BY_PF))) {
		guc_violate(c, r->gt, r->fn, GUC_VIOL_ACTION_FOREIGN, 0, r->action);
		return GUC_ERR_VGT_UNAUTHORIZED_REQUEST;
	}
	if (row->transport != (r->mmio ? GUC_OVER_MMIO : GUC_OVER_CTB) ||
	    row->since_minor > guc_abi_minor(c, r->gt, r->fn))
		return GUC_ERR_UNKNOWN_ACTION;
	if (r->len < row->min_len || r->len > row->max_len || (r->data0 && !row->data0_used) ||
	    !(row->types >> r->type & 1))
		return GUC_ERR_ERROR_PROTOCOL;
	return row->refusal ? row->refusal : row->handler(c, r);
}
