/* SPDX-License-Identifier: MIT */
/* Weaknesses of the Linux 7.2 PF that can be chosen (vf-lifecycle 8.4): each test
 * runs without the quirk, which is the better way, and with it. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

/* The PF anew; with quirk `bit` in the second run. */
static void restart(int with, uint32_t bit)
{
	struct pfc_options o;

	fx_options(&o);
	o.quirks = with ? bit : 0;
	fx_start_with(&o, false);
	fx.logged = 0;
}

START_TEST(ignore_fixup_done)
{
	/* 8.4.1: the PF counts who has recovered, or doesn't. */
	restart(_i, PFC_QUIRK_BIT(IGNORE_FIXUP_DONE));
	fx_provision(1);
	fx_notify(0, 1, GUC_EVENT_VF_FIXUP_DONE);
	fx_run(1000);
	ck_assert_uint_eq(fx_info(1).fixup_done, _i ? 0 : 1);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 0);
}
END_TEST

START_TEST(strand_flr)
{
	/* 8.4.4: a GT that is refused its FLR does not hold up the other for ever, nor
	 * does one that is late. */
	restart(_i, PFC_QUIRK_BIT(STRAND_FLR));
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_FLR_START] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC * 6), _i ? -ETIMEDOUT : -EIO);
	ck_assert_int_eq(fx_state(1, 0), _i ? PFC_VF_FLR : PFC_VF_READY);
	fx.guc[1].refuse[GUC_VF_FLR_START] = 0;
	restart(_i, PFC_QUIRK_BIT(STRAND_FLR));
	fx_provision(1);
	fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC * 6), -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), _i ? PFC_VF_FLR : PFC_VF_READY);
	fx_notify(1, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(old_flr_failed)
{
	/* 8.4.4: the failure of an earlier FLR is no answer to a new one. */
	restart(_i, PFC_QUIRK_BIT(OLD_FLR_FAILED));
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_FLR_START] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), -EIO);
	fx.guc[1].refuse[GUC_VF_FLR_START] = 0;
	fx.ended = 0;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 9), 0);
	ck_assert_uint_eq(fx.ended, _i ? 1 : 0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, _i ? -EIO : 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
}
END_TEST

START_TEST(mixed_results)
{
	/* 2.11, 8.4.5: a verb ends with what the failing GT said; as Linux it is EUCLEAN
	 * unless only the last GT failed. */
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		restart(_i, PFC_QUIRK_BIT(MIXED_RESULTS));
		fx_provision(1);
		fx.guc[gt].refuse[GUC_VF_STOP] = GUC_ERR_INVALID_STATE;
		ck_assert_int_eq(fx_do(PFC_STOP, 1), _i && gt == 0 ? -EUCLEAN : -EIO);
		fx.guc[gt].refuse[GUC_VF_STOP] = 0;
	}
	restart(_i, PFC_QUIRK_BIT(MIXED_RESULTS));
	fx_provision(1);
	fx.guc[0].refuse[GUC_VF_STOP] = fx.guc[1].refuse[GUC_VF_STOP] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_STOP, 1), _i ? -EUCLEAN : -EIO);
}
END_TEST

START_TEST(sticky_image)
{
	/* 8.4.6: a save that failed can be tried again; as Linux only after a success
	 * of something else. */
	uint8_t image[65536];

	restart(_i, PFC_QUIRK_BIT(STICKY_IMAGE));
	fx_paused(1);
	fx.guc[0].blob = 0;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -ENODATA);
	fx.guc[0].blob = 100;
	if (_i) {
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EIO);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), -EIO);
		ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
		ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	}
	ck_assert_uint_gt(fx_save(1, image, sizeof(image), 4096), 48);
}
END_TEST

START_TEST(restore_hangs)
{
	/* 8.4.7: an image that ends early ends the restore; as Linux the VF stays
	 * restoring after 20 s and only STOP or FLR gets it out. */
	uint8_t image[65536];
	size_t len;

	restart(_i, PFC_QUIRK_BIT(RESTORE_HANGS));
	fx_paused(1);
	len = fx_save(1, image, sizeof(image), 4096);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 8), 0);
	fx.ended = 0;
	ck_assert_int_gt(pfc_image_write(fx.pfc, 1, image, len - 8), 0);
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), -ENODATA);
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.ended, _i ? 0 : 1);
	if (!_i) {
		ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
		return;
	}
	fx_run(20 * FX_SEC);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORING);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_quirks");
	TCase *tc = tcase_create("quirks");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_loop_test(tc, ignore_fixup_done, 0, 2);
	tcase_add_loop_test(tc, strand_flr, 0, 2);
	tcase_add_loop_test(tc, old_flr_failed, 0, 2);
	tcase_add_loop_test(tc, mixed_results, 0, 2);
	tcase_add_loop_test(tc, sticky_image, 0, 2);
	tcase_add_loop_test(tc, restore_hangs, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
