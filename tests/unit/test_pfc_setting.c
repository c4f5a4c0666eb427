/* SPDX-License-Identifier: MIT */
/* Policies and thresholds, and what a GT reset sends again (pfclient/setting.c, start.c;
 * vf-lifecycle 2.3, 2.10, P-24). */
#include "pfc_fixture.h"
#include "tests/check_main.h"

static int set(unsigned vf, enum pfc_setting s, uint32_t value)
{
	int err = pfc_set(fx.pfc, vf, s, &value, 1, 9);

	if (err)
		return err;
	fx.ended = 0;
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.verb, PFC_SET);
	ck_assert_uint_eq(fx.tag, 9);
	return fx.err;
}

static uint32_t get(unsigned vf, enum pfc_setting s)
{
	uint32_t value = 0xBAD;

	ck_assert_int_eq(pfc_get(fx.pfc, vf, s, &value, 1), 1);
	return value;
}

START_TEST(policies)
{
	/* 2.3: a policy is one KLV of UPDATE_VGT_POLICY to every GuC. */
	static const struct {
		enum pfc_setting s;
		const char *note;
	} rows[] = {
		{ PFC_SET_SCHED_IF_IDLE, "0 policy 32769 1" },
		{ PFC_SET_SAMPLE_PERIOD, "0 policy 32770 1" },
		{ PFC_SET_RESET_AFTER_SWITCH, "0 policy 36096 1" },
	};

	for (unsigned i = 0; i < 3; i++) {
		fx.logged = 0;
		ck_assert_uint_eq(get(0, rows[i].s), 0);
		ck_assert_int_eq(set(0, rows[i].s, i + 1), 0);
		ck_assert_uint_eq(fx.logged, 2);
		ck_assert_str_eq(fx.log[0], rows[i].note);
		ck_assert_uint_eq(fx.guc[0].policy, i + 1);
		ck_assert_uint_eq(fx.guc[1].policy, i + 1);
		ck_assert_uint_eq(get(0, rows[i].s), i + 1);
	}
}
END_TEST

START_TEST(groups)
{
	/* 2.3: engine groups are 16 dwords each, up to 8; none takes them away. */
	uint32_t value[PFC_MAX_GROUP_WORDS], back[PFC_MAX_GROUP_WORDS];

	for (unsigned i = 0; i < PFC_MAX_GROUP_WORDS; i++)
		value[i] = i + 1;
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, value, 128, 1), 0);
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, value, 16, 1), -EBUSY);
	fx_run(FX_SEC / 10);
	ck_assert_str_eq(fx.log[0], "0 policy 32772 128");
	ck_assert_uint_eq(fx.guc[1].policy, 128);
	ck_assert_int_eq(pfc_get(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, back, 127), -ENOBUFS);
	ck_assert_int_eq(pfc_get(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, back, 128), 128);
	ck_assert_mem_eq(back, value, sizeof(back));
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, value, 15, 1), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, value, 144, 1), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, value, 0, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_get(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, back, 128), 0);
}
END_TEST

START_TEST(thresholds)
{
	/* 2.3: a threshold is one KLV of UPDATE_VF_CFG, and part of every full
	 * configuration; UNPROVISION forgets it. */
	const struct pfc_provision more = { .exec_quantum_ms = 20 };

	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 5), -ENODATA);
	fx_provision(1);
	for (int s = PFC_SET_THRESHOLD_FIRST; s < PFC_SETTING_COUNT; s++)
		ck_assert_int_eq(set(1, (enum pfc_setting)s, 100 + (uint32_t)s), 0);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(fx.guc[1].threshold[1][i], 100 + PFC_SET_THRESHOLD_FIRST + i);
	memset(fx.guc[0].threshold, 0, sizeof(fx.guc[0].threshold));
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &more, 5), 0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.guc[0].threshold[1][2], 100 + PFC_SET_PAGE_FAULT);
	ck_assert_int_eq(fx_do(PFC_UNPROVISION, 1), 0);
	ck_assert_uint_eq(get(1, PFC_SET_PAGE_FAULT), 0);
}
END_TEST

START_TEST(refused)
{
	/* A setting that one GuC refuses is the old one again at all of them. */
	fx_provision(1);
	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 5), 0);
	fx.guc[1].klv_error = -1;
	fx.guc[1].klv_errors = 1;
	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 6), -ENOKEY);
	ck_assert_uint_eq(fx.guc[0].threshold[1][0], 5);
	ck_assert_uint_eq(fx.guc[1].threshold[1][0], 5);
	ck_assert_uint_eq(get(1, PFC_SET_CAT_ERR), 5);
	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 7), 0);
	ck_assert_uint_eq(get(1, PFC_SET_CAT_ERR), 7);
}
END_TEST

START_TEST(bad_settings)
{
	/* pfc.h: what is no setting of the card, or of a VF, is EINVAL. */
	uint32_t value = 1;

	fx_provision(1);
	ck_assert_int_eq(pfc_set(fx.pfc, 1, PFC_SET_SAMPLE_PERIOD, &value, 1, 0), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 0, PFC_SET_CAT_ERR, &value, 1, 0), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, FX_VFS + 1, PFC_SET_CAT_ERR, &value, 1, 0), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 1, PFC_SETTING_COUNT, &value, 1, 0), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 1, PFC_SET_CAT_ERR, &value, 0, 0), -EINVAL);
	ck_assert_int_eq(pfc_set(fx.pfc, 1, PFC_SET_CAT_ERR, &value, 2, 0), -EINVAL);
	ck_assert_int_eq(pfc_get(fx.pfc, 1, PFC_SET_SAMPLE_PERIOD, &value, 1), -EINVAL);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SET, 1, NULL, 0), -EINVAL);
	for (int s = 0; s < PFC_SETTING_COUNT; s++)
		ck_assert_int_eq(pfc_setting_find_name(pfc_setting_name((enum pfc_setting)s)), s);
	ck_assert_int_eq(pfc_setting_find_name("mood"), -1);
	ck_assert_str_eq(pfc_setting_text(PFC_SETTING_COUNT), "?");
}
END_TEST

START_TEST(flr_over_set)
{
	/* An FLR that overrides a setting ends with the old one everywhere. */
	uint32_t value = 6;

	fx_provision(1);
	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 5), 0);
	for (unsigned steps = 0; steps < 12; steps++) {
		ck_assert_int_eq(pfc_set(fx.pfc, 1, PFC_SET_CAT_ERR, &value, 1, 0), 0);
		for (unsigned i = 0; i < steps; i++)
			pfc_step(fx.pfc, fx.now);
		if (get(1, PFC_SET_CAT_ERR) == 6)
			break;
		ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
		ck_assert_uint_eq(get(1, PFC_SET_CAT_ERR), 5);
		ck_assert_uint_eq(fx.guc[0].threshold[1][0], 5);
		ck_assert_uint_eq(fx.guc[1].threshold[1][0], 5);
	}
	ck_assert_uint_eq(get(1, PFC_SET_CAT_ERR), 6);
}
END_TEST

static void reset(void)
{
	fx.started = 1;
	ck_assert_int_eq(pfc_reset(fx.pfc), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), -ENODEV);
	ck_assert_int_eq(pfc_reset(fx.pfc), -ENODEV);
	fx_run(FX_SEC);
	ck_assert_int_eq(fx.started, 0);
}

START_TEST(P_24_gt_reset)
{
	/* P-24: a GT reset cancels what runs, sends policies that were set and every
	 * configuration again without resetting one, and forces every VF to READY. */
	struct pfc_vf_info was;

	fx_provision(1);
	fx_provision(2);
	ck_assert_int_eq(set(0, PFC_SET_SAMPLE_PERIOD, 77), 0);
	ck_assert_int_eq(set(1, PFC_SET_CAT_ERR, 5), 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	was = fx_info(1);
	fx.guc[0].no_event = true;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 2), 1);
	fx.ended = 0;
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		memset(fx.guc[gt].config, 0, sizeof(fx.guc[gt].config));
		memset(fx.guc[gt].threshold, 0, sizeof(fx.guc[gt].threshold));
		fx.guc[gt].policy = 0;
	}
	fx.logged = 0;
	reset();
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ECANCELED);
	ck_assert_int_eq(fx.verb, PFC_PAUSE);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert_int_eq(fx_state(1, gt), PFC_VF_READY);
		ck_assert_int_eq(fx_state(2, gt), PFC_VF_READY);
		ck_assert_uint_eq(fx.guc[gt].policy, 77);
		ck_assert_uint_eq(fx.guc[gt].config[0][3], 65535);
		ck_assert_uint_eq(fx.guc[gt].config[1][0], was.ggtt_start);
		ck_assert_uint_eq(fx.guc[gt].config[1][3], was.contexts);
		ck_assert_uint_eq(fx.guc[gt].threshold[1][0], 5);
		ck_assert_uint_ne(fx.guc[gt].config[2][1], 0);
		ck_assert_uint_eq(fx.guc[gt].config[3][1], 0);
	}
	for (unsigned i = 0; i < fx.logged; i++)
		ck_assert_str_ne(fx.log[i] + 1, " config 1 0");
	ck_assert_uint_eq(fx.logged, 8); /* policy, self, two VFs, on two GTs */
	fx.guc[0].no_event = false;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 2), 0);
}
END_TEST

START_TEST(reset_refused)
{
	/* A VF whose configuration a GuC refuses then is not valid; others are. */
	fx_provision(1);
	fx_provision(2);
	reset();
	fx.started = 1;
	ck_assert_int_eq(pfc_reset(fx.pfc), 0);
	while (fx.pfc->phase != PFC_REFRESHING)
		if (!pfc_step(fx.pfc, fx.now))
			fx.now += 1000;
	fx.guc[1].klv_error = -1;
	fx.guc[1].klv_errors = 1;
	fx_run(FX_SEC);
	ck_assert_int_eq(fx.started, 0);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENOKEY);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 2), 0);
	fx_provision(1);
}
END_TEST

START_TEST(reset_undoes)
{
	/* A PROVISION that a reset cuts off is undone; an FLR seen in it runs after it. */
	const struct pfc_provision want = { .ggtt_size = 1u << 20, .ggtt_start = 30u << 20 };
	struct pfc_vf_info was;

	fx_provision(1);
	was = fx_info(1);
	for (unsigned steps = 0; steps < 12; steps += 3) {
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, NULL, 0), 0);
		for (unsigned i = 0; i < steps; i++)
			pfc_step(fx.pfc, fx.now);
		reset();
		fx_run(FX_SEC / 10);
		ck_assert_uint_eq(fx_info(1).ggtt_start, was.ggtt_start);
		ck_assert_uint_eq(fx.guc[1].config[1][0], was.ggtt_start);
		ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), 0);
		ck_assert_int_eq(pfc_vf_valid(fx.pfc, 3), -ENODATA);
		ck_assert_uint_eq(fx.ggtt[30u << 20 >> 12], 0);
	}
	ck_assert_int_eq(pfc_reset(fx.pfc), 0);
	while (fx.pfc->phase != PFC_REFRESHING)
		if (!pfc_step(fx.pfc, fx.now))
			fx.now += 1000;
	fx.logged = 0;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(FX_SEC);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_str_eq(fx.log[fx.logged - 1] + 1, " control 1 5");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_setting");
	TCase *tc = tcase_create("setting");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, policies);
	tcase_add_test(tc, groups);
	tcase_add_test(tc, thresholds);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, bad_settings);
	tcase_add_test(tc, flr_over_set);
	tcase_add_test(tc, P_24_gt_reset);
	tcase_add_test(tc, reset_refused);
	tcase_add_test(tc, reset_undoes);
	suite_add_tcase(s, tc);
	return check_main(s);
}
