/* SPDX-License-Identifier: MIT */
/* The version gates of guc-abi 10, row by row: each is tried with the last
 * version that does not have it and with the first that has. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *f;

/* UPDATE_VF_CFG or UPDATE_VGT_POLICY with one KLV of `n` dwords: applied? */
static bool pf_takes(uint32_t action, uint32_t key, uint32_t n)
{
	uint32_t list[1 + 16] = { klv_header(key, n) };
	const uint32_t cfg[5] = { action, 1, FX_PF_START + FX_LIST, 0, 1 + n };
	const uint32_t vgt[4] = { action, FX_PF_START + FX_LIST, 0, 1 + n };

	memcpy(&f->mem[0][FX_LIST], list, sizeof(list));
	return action == GUC_ACTION_UPDATE_VF_CFG ? fx_pf(f, 0, cfg, 5) == 0xF0000001 :
						    fx_pf(f, 0, vgt, 4) == 0xF0000001;
}

/* The VF's request over CTB: its reply's header. */
static uint32_t vf_asks(const uint32_t *dw, uint32_t len)
{
	fx_g2h_drain(f, 1, 0);
	fx_h2g(f, 1, 0, 9, dw, len);
	return fx_g2h(f, 1, 0).dw[0];
}

static uint32_t query(uint32_t key)
{
	const uint32_t dw[2] = { GUC_ACTION_QUERY_SINGLE_KLV, key };

	return fx_mbox(f, 1, 0, dw, 2, NULL);
}

static uint32_t opt_in(uint32_t key)
{
	const uint32_t dw[4] = { GUC_ACTION_OPT_IN_FEATURE_KLV, FX_VF_START(1) + FX_LIST, 0, 1 };

	fx_put(f, 1, FX_LIST, klv_header(key, 0));
	return vf_asks(dw, 4);
}

enum gate {
	POLICIES, GMD_ID, OPT_IN, OPT_IN_CAT, RECLAMATION, DEVICE_ACTIVITY, FUNCTION_ACTIVITY,
	OPT_IN_ICS, COMPRESSION_SAVE, COMPRESSION_RESTORE, GROUPS_KEY, GROUPS_POLICY, GROUP_QUANTUM,
	GROUP_TIMEOUT, MULTI_LRC_THRESHOLD, START, MARKER, GATES
};

/* Tried on a booted VF: does this version have it? */
static bool has(enum gate gate)
{
	const uint32_t policies[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV, 0x10010002, 80, 20 };
	const uint32_t reclaim[4] = { GUC_ACTION_PAGE_RECLAMATION, 1, FX_VF_START(1), 0 };
	const uint32_t device[5] = { GUC_ACTION_SET_DEVICE_ENGINE_ACTIVITY_BUFFER };
	const uint32_t functions[6] = { GUC_ACTION_SET_FUNCTION_ENGINE_ACTIVITY_BUFFER };
	const uint32_t start = GUC_ACTION_RESFIX_START | 1u << 16;
	const uint32_t done = GUC_ACTION_RESFIX_DONE;

	switch (gate) {
	case POLICIES:
		return vf_asks(policies, 4) == 0xF0000001;
	case GMD_ID:
		return query(GUC_KLV_GLOBAL_GMD_ID) == 0xF0000001;
	case OPT_IN:
		return opt_in(0x4002) != (0xE0000000 | GUC_ERR_UNKNOWN_ACTION);
	case OPT_IN_CAT:
		return opt_in(GUC_KLV_OPT_IN_EXT_CAT_ERR_TYPE) == 0xF0000001;
	case RECLAMATION:
		return vf_asks(reclaim, 4) == (0x90000000 | GUC_ACTION_PAGE_RECLAMATION_DONE);
	case DEVICE_ACTIVITY:
		return fx_pf(f, 0, device, 5) == 0xF0000000;
	case FUNCTION_ACTIVITY:
		return fx_pf(f, 0, functions, 6) == 0xF0000000;
	case OPT_IN_ICS:
		return opt_in(GUC_KLV_OPT_IN_DYNAMIC_ICS) == 0xF0000001;
	case COMPRESSION_SAVE:
	case COMPRESSION_RESTORE:
		lx_make(f, 1, 0, false);
		lx_register(f, 1, 2, 0, 1 | field_put(CTX_FLAG_TYPE, gate == COMPRESSION_SAVE ? 1 : 2));
		return guc_context(&f->card, 0, 1, 2)->registered;
	case GROUPS_KEY:
		return query(GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE) == 0xF0000001;
	case GROUPS_POLICY:
		return pf_takes(GUC_ACTION_UPDATE_VGT_POLICY, GUC_KLV_VGT_ENGINE_GROUP_CONFIG, 0);
	case GROUP_QUANTUM:
		return pf_takes(GUC_ACTION_UPDATE_VF_CFG, GUC_KLV_VF_ENGINE_GROUP_EXEC_QUANTUM, 8);
	case GROUP_TIMEOUT:
		return pf_takes(GUC_ACTION_UPDATE_VF_CFG, GUC_KLV_VF_ENGINE_GROUP_PREEMPT_TIMEOUT,
				8);
	case MULTI_LRC_THRESHOLD:
		return pf_takes(GUC_ACTION_UPDATE_VF_CFG, GUC_KLV_VF_THRESHOLD_MULTI_LRC_COUNT, 1);
	case START:
		return fx_mbox(f, 1, 0, &start, 1, NULL) != (0xE0000000 | GUC_ERR_UNKNOWN_ACTION);
	case MARKER:
		/* Without marker: legacy firmware takes it, that of 1.27 does not. */
		return fx_mbox(f, 1, 0, &done, 1, NULL) != 0xF0000000;
	case GATES:
		break;
	}
	return false;
}

static const uint8_t since[GATES] = {
	[POLICIES] = 1, [GMD_ID] = 2, [OPT_IN] = 7, [OPT_IN_CAT] = 7, [RECLAMATION] = 14,
	/* 1.14.1 and 1.18.4, but versions here are 1.minor.0. */
	[DEVICE_ACTIVITY] = 15, [FUNCTION_ACTIVITY] = 15, [OPT_IN_ICS] = 19,
	[COMPRESSION_SAVE] = 23, [COMPRESSION_RESTORE] = 23, [GROUPS_KEY] = 26,
	[GROUPS_POLICY] = 26, [GROUP_QUANTUM] = 26, [GROUP_TIMEOUT] = 26,
	[MULTI_LRC_THRESHOLD] = 26, [START] = 27, [MARKER] = 27,
};

/* guc-abi 10: just below and at; the newest has all. */
START_TEST(row_by_row)
{
	const unsigned gate = (unsigned)_i;
	const uint8_t minors[] = { since[gate] - 1u, since[gate], GUC_ABI_MAX_MINOR };

	for (unsigned i = 0; i < 3; i++) {
		struct guc_options o;

		guc_options_default(&o);
		o.abi_minor = minors[i];
		f = fx_new(1, 1, 2, &o);
		fx_provision(f, 1);
		fx_boot(f, 1, 0);
		ck_assert_msg(has((enum gate)gate) == (i > 0), "gate %u at 1.%u", gate, minors[i]);
		fx_free(f);
	}
}
END_TEST

/* What a VF is offered less than the firmware has is the VF's gate alone. */
START_TEST(gate_of_one_vf)
{
	struct guc_options o;

	guc_options_default(&o);
	o.vf_abi_minor[1] = 1;
	f = fx_new(1, 1, 2, &o);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	ck_assert(!has(GMD_ID));
	ck_assert(!has(GROUPS_KEY));
	ck_assert(!has(COMPRESSION_SAVE));
	ck_assert(has(GROUP_QUANTUM));
	ck_assert(has(DEVICE_ACTIVITY));
	fx_free(f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_gates");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, row_by_row, 0, GATES);
	tcase_add_test(tc, gate_of_one_vf);
	suite_add_tcase(s, tc);
	return check_main(s);
}
