/* SPDX-License-Identifier: MIT */
/* The PF's PAUSE, RESUME and STOP of a VF and what all verbs share (pfclient/
 * control.c, sequence.c; vf-lifecycle 2.1, 2.2, 2.5 to 2.7, the rows P-.. of 6.4)
 * against a GuC that does what each case says. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

static void ck_log(unsigned i, const char *want)
{
	ck_assert_msg(i < fx.logged, "message %u missing: %s", i, want);
	ck_assert_str_eq(fx.log[i], want);
}

/* The PF anew, with these quirks. */
static void restart(uint32_t quirks)
{
	struct pfc_options o;

	fx_options(&o);
	o.quirks = quirks;
	fx_start_with(&o, false);
	fx.logged = 0;
}

START_TEST(P_01_event_before_reply)
{
	/* P-01: PAUSE_DONE and FLR_DONE may precede the reply. */
	fx_provision(1);
	fx.guc[0].event_first = true;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(P_02_pause_done_missing)
{
	/* P-02: without PAUSE_DONE the caller gives up after 1 s, the state stays; what
	 * is paused of the VF is resumed, unless quirk half-pause is on. */
	restart(_i ? PFC_QUIRK_BIT(HALF_PAUSE) : 0);
	fx_provision(1);
	fx.guc[1].no_event = true;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 9), 0);
	fx.ended = 0;
	fx_run(FX_SEC - 1000);
	ck_assert_uint_eq(fx.ended, 0);
	fx_run(2000);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), _i ? PFC_VF_PAUSED : PFC_VF_RESUMED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSING);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EALREADY);
}
END_TEST

START_TEST(lost_interrupt)
{
	/* An event whose interrupt was lost is found before the wait for it ends. */
	uint64_t begun, next;

	fx_provision(1);
	begun = fx.now;
	fx.guc[0].no_event = fx.guc[1].no_event = true;
	ck_assert_int_eq(pfc_do(fx.pfc, _i ? PFC_FLR : PFC_PAUSE, 1, NULL, 9), 0);
	fx_run(FX_SEC / 10);
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		fx_notify(gt, 1, _i ? GUC_EVENT_VF_FLR_DONE : GUC_EVENT_VF_PAUSE_DONE);
	fx.pfc->kicked = false;
	next = pfc_next_deadline(fx.pfc);
	ck_assert_uint_gt(next, fx.now);
	ck_assert_uint_lt(next, begun + FX_SEC / 2);
	fx.now = next;
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), _i ? PFC_VF_READY : PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(1, 1), _i ? PFC_VF_READY : PFC_VF_PAUSED);
}
END_TEST

START_TEST(P_03_pause_done_late)
{
	/* P-03: a late PAUSE_DONE still pauses; then ESTALE, and RESUME works. This is
	 * the quirk half-pause: without it the VF is resumed by itself. */
	restart(_i ? PFC_QUIRK_BIT(HALF_PAUSE) : 0);
	fx_provision(1);
	fx.guc[0].no_event = fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do_for(PFC_PAUSE, 1, FX_SEC * 3 / 2), -ETIMEDOUT);
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_notify(1, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	if (_i) {
		ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -ESTALE);
		ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	}
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_RESUMED);
	fx.guc[0].no_event = fx.guc[1].no_event = false;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
}
END_TEST

START_TEST(P_04_pause_done_unsolicited)
{
	/* P-04: a PAUSE_DONE that nobody waits for, or a second one, is a mismatch, which
	 * the next success clears. */
	fx_provision(1);
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert(!fx_info(1).mismatch);
	fx_notify(1, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(P_05_pause_rejected)
{
	/* P-05: a refused PAUSE is EIO, failed and a mismatch; the VF stays READY on
	 * that GT, is resumed on the other (quirk half-pause: stays paused), and PAUSE
	 * may be tried again where it is not. */
	restart(_i ? PFC_QUIRK_BIT(HALF_PAUSE) : 0);
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_PAUSE] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), -EIO);
	ck_assert(fx_info(1).mismatch && fx_info(1).failed);
	ck_assert_int_eq(fx_state(1, 0), _i ? PFC_VF_PAUSED : PFC_VF_RESUMED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	fx.guc[1].refuse[GUC_VF_PAUSE] = 0;
	fx.logged = 0;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_uint_eq(fx.logged, _i ? 1 : 2);
	if (_i)
		ck_log(0, "1 control 1 1");
	ck_assert(!fx_info(1).failed && !fx_info(1).mismatch);
}
END_TEST

START_TEST(P_06_pause_data0)
{
	/* P-06: SUCCESS with DATA0 is a failure without mismatch, EIO to the caller. */
	fx_provision(1);
	fx.guc[0].data0[GUC_VF_PAUSE] = 1;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), -EIO);
	ck_assert(fx_info(1).failed && !fx_info(1).mismatch);
}
END_TEST

START_TEST(P_07_pause_wrong)
{
	/* P-07: a VF that is paused can't be paused (ESTALE), nor one that is stopped
	 * (EPERM); nothing is sent. */
	fx_paused(1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -ESTALE);
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
	fx.logged = 0;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EPERM);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.logged, 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, FX_VFS + 1, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(P_08_resume_wrong)
{
	/* P-08: only a paused VF can be resumed (EPERM), and not while it is saved or
	 * restored (EBUSY). */
	fx_provision(1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	fx_run(FX_SEC * 20);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	fx_run(FX_SEC * 21);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EPERM);
}
END_TEST

START_TEST(P_09_stop_wrong)
{
	/* P-09: a stopped VF can't be stopped (ESTALE) nor resumed (EPERM); an FLR
	 * gets it out. */
	fx_provision(1);
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_STOPPED);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_STOP, 1, NULL, 0), -ESTALE);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(image_wrong)
{
	/* 2.8, 2.9: images are of paused VFs only, one at a time. */
	fx_provision(1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EALREADY);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), -EBUSY);
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), -EPERM);
}
END_TEST

START_TEST(late_reply)
{
	/* P-16: the reply to a command that an FLR overrode is not taken for the
	 * FLR's own. */
	uint16_t fence;

	fx_provision(1);
	fx.guc[0].silent[GUC_VF_PAUSE] = true;
	fx.guc[0].silent[GUC_VF_FLR_START] = true;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 1);
	fence = fx.guc[0].fence;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 1);
	fx_reply(0, fence, hxg_success(HXG_ORIGIN_GUC, 0));
	fx_notify(0, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_FLR);
	ck_assert_uint_eq(fx.guc[0].vf_mailbox[1][0], 0);
	fx_reply(0, fx.guc[0].fence, hxg_success(HXG_ORIGIN_GUC, 0));
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(next_from_event)
{
	/* pfc.h: the next verb may be started when one is reported to have ended. */
	fx_provision(1);
	fx.then = PFC_STOP;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(fx.then_err, 0);
	ck_assert_uint_eq(fx.ended, 2);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_STOPPED);
	/* A fresh VF is paused from the end of its FLR. */
	fx.then = PFC_PAUSE;
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx.verb, PFC_PAUSE);
	ck_assert_uint_eq(fx.tag, 99);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
}
END_TEST

START_TEST(override_from_event)
{
	/* pfc.h: when an FLR overrides a pause, the pause's end is told while the FLR
	 * runs, so that a verb started there is refused and nothing is mixed up. */
	fx_provision(1);
	fx.guc[0].no_event = true;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 1);
	fx.guc[0].no_event = false;
	fx.then = PFC_PAUSE;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 3), 0);
	ck_assert_int_eq(fx.err, -ECANCELED);
	ck_assert_int_eq(fx.then_err, -EBUSY);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.verb, PFC_FLR);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
}
END_TEST

START_TEST(no_credit)
{
	/* guc-abi 3.7: a request without credit is sent when there is some, even if
	 * nothing comes that would wake the driver. */
	uint32_t *credit = &fx.pfc->gt[0].ct.g2h_space;
	uint32_t all;

	fx_provision(1);
	all = *credit;
	*credit = 100;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 1);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
	*credit = all;
	fx_run(FX_SEC / 100);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx.err, 0);
}
END_TEST

START_TEST(P_28_retry_and_busy)
{
	/* P-28: fifty RETRYs are followed, the next is a failure; BUSY extends the
	 * wait for the reply, the verb's own limit stands. */
	fx_provision(1);
	fx.guc[0].retries[GUC_VF_RESUME] = 3;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	fx.guc[0].retries[GUC_VF_FLR_START] = 51;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC * 8), -ETIMEDOUT);
	ck_assert(fx_info(1).failed);
	fx.guc[0].retries[GUC_VF_FLR_START] = 0;
	fx.guc[0].busy[GUC_VF_FLR_START] = true;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC / 2), 1);
	for (unsigned i = 0; i < 5; i++) {
		fx_reply(0, fx.guc[0].fence, hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, i));
		fx_run(FX_SEC * 4 / 5);
	}
	ck_assert_uint_eq(fx.ended, 0);
	fx_reply(0, fx.guc[0].fence, hxg_success(HXG_ORIGIN_GUC, 0));
	fx_notify(0, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(1000);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, 0);
}
END_TEST

START_TEST(silent_guc)
{
	/* 2.2: no reply within 1 s fails the command; nothing hangs. */
	fx_provision(1);
	fx.guc[0].silent[GUC_VF_STOP] = true;
	ck_assert_int_eq(fx_do_for(PFC_STOP, 1, FX_SEC * 2), -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_STOPPED);
	ck_assert(fx_info(1).failed);
	fx.guc[0].silent[GUC_VF_STOP] = false;
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
}
END_TEST

START_TEST(many_at_once)
{
	/* 2.1: verbs on different VFs run side by side and don't mix. */
	fx.ended = 0;
	for (unsigned vf = 1; vf <= FX_VFS; vf++)
		fx_provision(vf);
	fx.ended = 0;
	for (unsigned vf = 1; vf <= FX_VFS; vf++)
		ck_assert_int_eq(pfc_do(fx.pfc, vf == 2 ? PFC_FLR : PFC_PAUSE, vf, NULL, vf), 0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 3);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(2, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(3, 1), PFC_VF_PAUSED);
}
END_TEST

START_TEST(broken_channel)
{
	/* guc-abi 3.8: a broken G2H ring ends what waits for it and refuses more. */
	fx_provision(1);
	fx.guc[0].silent[GUC_VF_PAUSE] = true;
	ck_assert_int_eq(fx_do_for(PFC_PAUSE, 1, 1000), 1);
	fx_put(fx.guc[0].g2h_desc + CTB_DESC_STATUS, CTB_STATUS_OVERFLOW);
	fx_run(1000);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ECANCELED);
	ck_assert_int_lt(fx_do(PFC_STOP, 1), 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_STOPPED);
}
END_TEST

START_TEST(full_ring)
{
	/* 2.2: a full H2G ring delays a verb; it goes on when GuC reads again. */
	fx_provision(1);
	fx.stuck = true;
	for (unsigned i = 0; i < 40; i++)
		fx_event(0, GUC_ACTION_RELAY_FROM_VF, 1, i, 3);
	for (unsigned i = 0; i < 600; i++) {
		const uint32_t relay[5] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT,
						     GUC_ACTION_RELAY_FROM_VF, 0),
					    1, i, hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, 0x999, 0),
					    0 };

		fx_send(0, 0, relay, 5);
		if (i % 32 == 0)
			fx_run(1000000);
	}
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 1);
	fx.stuck = false;
	fx_serve_ring(0);
	fx_serve_ring(1);
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_control");
	TCase *tc = tcase_create("control");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, P_01_event_before_reply);
	tcase_add_loop_test(tc, P_02_pause_done_missing, 0, 2);
	tcase_add_loop_test(tc, lost_interrupt, 0, 2);
	tcase_add_loop_test(tc, P_03_pause_done_late, 0, 2);
	tcase_add_test(tc, P_04_pause_done_unsolicited);
	tcase_add_loop_test(tc, P_05_pause_rejected, 0, 2);
	tcase_add_test(tc, P_06_pause_data0);
	tcase_add_test(tc, P_07_pause_wrong);
	tcase_add_test(tc, P_08_resume_wrong);
	tcase_add_test(tc, P_09_stop_wrong);
	tcase_add_test(tc, image_wrong);
	tcase_add_test(tc, late_reply);
	tcase_add_test(tc, next_from_event);
	tcase_add_test(tc, override_from_event);
	tcase_add_test(tc, no_credit);
	tcase_add_test(tc, P_28_retry_and_busy);
	tcase_add_test(tc, silent_guc);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, broken_channel);
	tcase_add_test(tc, full_ring);
	suite_add_tcase(s, tc);
	return check_main(s);
}
