/* SPDX-License-Identifier: MIT */
/* The PF's FLR of a VF and the events that GuC sends (pfclient/control.c, events.c;
 * vf-lifecycle 2.4, 2.13, the rows P-.. of 6.4). */
#include "pfc_fixture.h"
#include "tests/check_main.h"

static void ck_log(unsigned i, const char *want)
{
	ck_assert_msg(i < fx.logged, "message %u missing: %s", i, want);
	ck_assert_str_eq(fx.log[i], want);
}

static void dirty(unsigned vf)
{
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		for (unsigned i = 0; i < 4; i++)
			fx.guc[gt].vf_mailbox[vf][i] = 0x1234;
	for (uint64_t i = 0; i < fx_info(vf).ggtt_size / 4096; i++)
		fx.ggtt[fx_info(vf).ggtt_start / 4096 + i] |= 0xABCDE000;
}

START_TEST(P_10_flr_full)
{
	/* P-10: a hardware FLR runs the whole order of 2.4: mailbox zeroed, entries
	 * scrubbed, handshake forgotten, counters zero, configuration not sent again. */
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));

	dirty(1);
	fx_event(0, GUC_ACTION_ADVERSE_EVENT, 1, GUC_KLV_VF_THRESHOLD_CAT_ERR, 3);
	fx_run(1000);
	ck_assert_uint_eq(fx_info(1).adverse, 1);
	fx.pfc->vf[1].relay_major = 1;
	fx.ended = 0;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_notify(1, 1, GUC_EVENT_VF_FLR);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.verb, PFC_FLR);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_uint_eq(fx.logged, 4);
	ck_log(0, "0 control 1 4");
	ck_log(1, "1 control 1 4");
	ck_assert_str_eq(fx.log[2] + 1, " control 1 5");
	ck_assert_str_eq(fx.log[3] + 1, " control 1 5");
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		for (unsigned i = 0; i < 4; i++)
			ck_assert_uint_eq(fx.guc[gt].vf_mailbox[1][i], 0);
	for (uint64_t a = was.ggtt_start; a < was.ggtt_start + was.ggtt_size; a += 4096)
		ck_assert_uint_eq(fx.ggtt[a >> 12], 1u << 2 | 1);
	ck_assert_uint_eq(fx_info(1).adverse, 0);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
	ck_assert_uint_eq(fx_info(1).ggtt_start, was.ggtt_start);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
}
END_TEST

/* An FLR whose FLR_DONE of GT 1 is not there after 4 s. */
static void flr_without_done(void)
{
	fx_provision(1);
	dirty(1);
	fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC * 4), 1);
	ck_assert_uint_eq(fx.logged, 2);
	ck_assert_uint_eq(fx.guc[0].vf_mailbox[1][0], 0x1234);
}

START_TEST(P_11_flr_done_missing)
{
	/* P-11: the verb ends after 5 s without FLR_DONE; the GT stays in its FLR until
	 * the event comes. */
	flr_without_done();
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), -EALREADY);
	fx_run(FX_SEC * 2);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_FLR);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EBUSY);
	fx_notify(1, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	ck_assert_uint_eq(fx.guc[1].vf_mailbox[1][0], 0);
	/* The next FLR waits for its GTs again. */
	fx.logged = 0;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC), 1);
	ck_assert_uint_eq(fx.logged, 2);
}
END_TEST

START_TEST(P_12_flr_done_unsolicited)
{
	/* P-12: an FLR_DONE that nobody waits for is a mismatch and nothing else. */
	fx_provision(1);
	fx_notify(0, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_uint_eq(fx.logged, 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(P_13_flr_rejected)
{
	/* P-13: a refused FLR_START is EIO, failed and a mismatch; a new FLR begins
	 * afresh and clears both. */
	fx_provision(1);
	fx.guc[0].refuse[GUC_VF_FLR_START] = GUC_ERR_INVALID_STATE;
	fx.guc[1].refuse[GUC_VF_FLR_START] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), -EIO);
	ck_assert(fx_info(1).mismatch && fx_info(1).failed);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_FLR);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EBUSY);
	fx.guc[0].refuse[GUC_VF_FLR_START] = fx.guc[1].refuse[GUC_VF_FLR_START] = 0;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert(!fx_info(1).mismatch && !fx_info(1).failed);
}
END_TEST

START_TEST(P_14_flr_one_late)
{
	/* P-14: what FLR_DONE of one GT has come for waits in SYNC for the other;
	 * scrubbing and FLR_FINISH come after both. */
	flr_without_done();
	ck_assert_uint_ne(fx.ggtt[fx_info(1).ggtt_start >> 12], 1u << 2 | 1);
	fx_notify(1, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_uint_eq(fx.logged, 4);
	ck_assert_uint_eq(fx.guc[0].vf_mailbox[1][0], 0);
	ck_assert_uint_eq(fx.ggtt[fx_info(1).ggtt_start >> 12], 1u << 2 | 1);
}
END_TEST

START_TEST(P_15_flr_one_failed)
{
	/* P-15: a GT that refuses FLR_START fails the verb; the other is not stranded. */
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_FLR_START] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), -EIO);
	ck_assert(fx_info(1).mismatch && fx_info(1).failed);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_FLR);
	fx.guc[1].refuse[GUC_VF_FLR_START] = 0;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	ck_assert(!fx_info(1).mismatch && !fx_info(1).failed);
}
END_TEST

START_TEST(P_16_flr_during_pause)
{
	/* P-16: an FLR between PAUSE and PAUSE_DONE cancels the pause; the event that
	 * comes afterwards is a mismatch. */
	fx_provision(1);
	fx.guc[0].no_event = fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 1);
	fx.guc[0].no_event = fx.guc[1].no_event = false;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	ck_assert_uint_eq(fx.ended, 2); /* the pause, the FLR */
	ck_assert_int_eq(fx.err, 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

/* A verb that FLR, then STOP overrides. */
static void override(enum pfc_verb verb)
{
	static const enum pfc_verb by[] = { PFC_FLR, PFC_STOP };
	uint32_t used;

	fx_provision(1);
	used = fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used;
	for (unsigned round = 0; round < 2; round++) {
		if (verb != PFC_PAUSE)
			ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
		fx.guc[0].no_event = verb == PFC_PAUSE;
		ck_assert_int_eq(pfc_do(fx.pfc, verb, 1, NULL, 11), 0);
		fx_run(FX_SEC / 10);
		fx.guc[0].no_event = false;
		fx.ended = 0;
		ck_assert_int_eq(pfc_do(fx.pfc, by[round], 1, NULL, 12), 0);
		ck_assert_uint_eq(fx.ended, 1);
		ck_assert_int_eq(fx.err, -ECANCELED);
		ck_assert_uint_eq(fx.tag, 11);
		fx_run(FX_SEC / 10);
		ck_assert_uint_eq(fx.tag, 12);
		ck_assert_int_eq(fx.err, 0);
		ck_assert_int_eq(fx_state(1, 0), round ? PFC_VF_STOPPED : PFC_VF_READY);
		ck_assert_uint_eq(fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used, used);
		ck_assert_int_lt(pfc_image_read(fx.pfc, 1, &used, 4), 0);
		ck_assert_int_lt(pfc_image_write(fx.pfc, 1, &used, 4), 0);
	}
}

START_TEST(override_pause)
{
	/* 2.4, 2.7: a pause that FLR or STOP overrides ends with ECANCELED. */
	override(PFC_PAUSE);
}
END_TEST

START_TEST(P_17_flr_during_save)
{
	/* P-17: so does a save; its reader gets an error, its memory is given back. */
	override(PFC_SAVE);
}
END_TEST

START_TEST(P_18_flr_during_restore)
{
	/* P-18: and a restore, with its writer. */
	override(PFC_RESTORE);
}
END_TEST

START_TEST(P_19_flr_during_flr)
{
	/* P-19: a second FLR event while one runs is ignored; one after FLR_FINISH
	 * runs the whole again. */
	fx_provision(1);
	fx.guc[0].no_event = true;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	ck_assert_uint_eq(fx.logged, 2);
	fx.guc[0].no_event = false;
	fx_notify(0, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert_uint_eq(fx.logged, 4);
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	ck_assert_uint_eq(fx.logged, 8);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(P_19_flr_with_finish)
{
	/* P-19: the event of a reset that came meanwhile may be here before the reply to
	 * FLR_FINISH: the whole runs again. */
	fx_provision(1);
	fx.guc[0].busy[GUC_VF_FLR_FINISH] = true;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_FLR);
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	fx_run(1000);
	ck_assert_uint_eq(fx.logged, 4);
	fx.guc[0].busy[GUC_VF_FLR_FINISH] = false;
	fx_reply(0, fx.guc[0].fence, hxg_success(HXG_ORIGIN_GUC, 0));
	fx_run(1000);
	ck_assert_uint_eq(fx.logged, 8);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(P_20_flr_without_event)
{
	/* P-20: a reset that the PF wants starts without an event, also for a VF
	 * that was never provisioned. */
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_uint_eq(fx.logged, 4);
	ck_assert_int_eq(fx.tag, 77);
}
END_TEST

START_TEST(flr_settles)
{
	/* 2.4: an acknowledged FLR_START clears the mismatch, before FLR_DONE. */
	fx_provision(1);
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	fx.guc[0].no_event = true;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 1);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

static const struct {
	uint32_t vf, event, len, data0;
	int err;
} notifications[] = {
	{ FX_VFS + 1, 2, 3, 0, -EPROTO }, /* VFID > total */
	{ 1, 5, 3, 0, -ENOPKG },          /* unknown event */
	{ 1, 0, 3, 0, -ENOPKG },
	{ 1, 4, 3, 1, -EPFNOSUPPORT },          /* DATA0 */
	{ 1, 4, 4, 0, -EPROTO },          /* length */
	{ 1, 4, 2, 0, -EPROTO },
	{ 0, 2, 3, 0, -ENOPKG },          /* only VF_ENABLE comes for the PF */
};

START_TEST(P_21_bad_notifications)
{
	/* P-21: bad notifications give their error, are counted and leave everything as
	 * it was; the channel is not reset. */
	uint32_t dw[4] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_VF_STATE_NOTIFY,
				    notifications[_i].data0),
			   notifications[_i].vf, notifications[_i].event, 0 };

	fx_provision(1);
	ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], dw, notifications[_i].len),
			 notifications[_i].err);
	fx_send(0, 0, dw, notifications[_i].len);
	fx_run(1000);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 1);
	ck_assert_uint_eq(fx.vf_events, 0);
	ck_assert_int_eq(fx.pfc->gt[0].ct.state, HOST_CT_ON);
	ck_assert(!fx_info(1).mismatch);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
}
END_TEST

START_TEST(P_22_vf_enable)
{
	/* P-22: VF_ENABLE comes with VFID 0, is accepted and does nothing. */
	fx_notify(0, 0, GUC_EVENT_VF_ENABLE);
	fx_run(1000);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 0);
	ck_assert_uint_eq(fx.vf_events, 1);
	ck_assert_uint_eq(fx.logged, 0);
}
END_TEST

START_TEST(P_23_fixup_done)
{
	/* P-23: FIXUP_DONE is accepted and changes no state; it is counted. */
	fx_provision(1);
	fx_notify(0, 1, GUC_EVENT_VF_FIXUP_DONE);
	fx_run(1000);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 0);
	ck_assert_uint_eq(fx_info(1).fixup_done, 1);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(P_27_adverse_event)
{
	/* P-27: a threshold key is counted; an unknown key or VF is not. */
	fx_event(0, GUC_ACTION_ADVERSE_EVENT, 2, GUC_KLV_VF_THRESHOLD_MULTI_LRC_COUNT, 3);
	fx_event(1, GUC_ACTION_ADVERSE_EVENT, 2, GUC_KLV_VF_THRESHOLD_CAT_ERR, 3);
	fx_event(1, GUC_ACTION_ADVERSE_EVENT, 2, GUC_KLV_VF_EXEC_QUANTUM, 3);
	fx_event(1, GUC_ACTION_ADVERSE_EVENT, FX_VFS + 1, GUC_KLV_VF_THRESHOLD_CAT_ERR, 3);
	fx_event(1, GUC_ACTION_ADVERSE_EVENT, 2, 0, 2);
	fx_run(1000);
	ck_assert_uint_eq(fx_info(2).adverse, 2);
	ck_assert_uint_eq(fx.adverse, 2);
	ck_assert_uint_eq(fx.pfc->gt[1].ct.bad_events, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_flr");
	TCase *tc = tcase_create("flr");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, P_10_flr_full);
	tcase_add_test(tc, P_11_flr_done_missing);
	tcase_add_test(tc, P_12_flr_done_unsolicited);
	tcase_add_test(tc, P_13_flr_rejected);
	tcase_add_test(tc, P_14_flr_one_late);
	tcase_add_test(tc, P_15_flr_one_failed);
	tcase_add_test(tc, P_16_flr_during_pause);
	tcase_add_test(tc, override_pause);
	tcase_add_test(tc, P_17_flr_during_save);
	tcase_add_test(tc, P_18_flr_during_restore);
	tcase_add_test(tc, P_19_flr_during_flr);
	tcase_add_test(tc, P_19_flr_with_finish);
	tcase_add_test(tc, P_20_flr_without_event);
	tcase_add_test(tc, flr_settles);
	tcase_add_loop_test(tc, P_21_bad_notifications, 0,
			    sizeof(notifications) / sizeof(notifications[0]));
	tcase_add_test(tc, P_22_vf_enable);
	tcase_add_test(tc, P_23_fixup_done);
	tcase_add_test(tc, P_27_adverse_event);
	suite_add_tcase(s, tc);
	return check_main(s);
}
