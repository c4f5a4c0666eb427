/* SPDX-License-Identifier: MIT */
/* The PF's control of a VF (pfclient/control.c; vf-lifecycle 2.4 to 2.7, the
 * rows P-.. of 6.4) against a GuC that does what each case says. */
#include "pfc_fixture.h"

static void ck_log(unsigned i, const char *want)
{
	ck_assert_msg(i < fx.logged, "message %u missing: %s", i, want);
	ck_assert_str_eq(fx.log[i], want);
}

START_TEST(event_before_reply)
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

START_TEST(pause_done_missing)
{
	/* P-02: without PAUSE_DONE the caller gives up after 1 s, the state stays. */
	fx_provision(1);
	fx.guc[1].no_event = true;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 9), 0);
	fx.ended = 0;
	fx_run(FX_SEC - 1000);
	ck_assert_uint_eq(fx.ended, 0);
	fx_run(2000);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSING);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EALREADY);
}
END_TEST

START_TEST(pause_done_late)
{
	/* P-03: a late PAUSE_DONE still pauses; then ESTALE, and RESUME works. */
	fx_provision(1);
	fx.guc[0].no_event = fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do_for(PFC_PAUSE, 1, FX_SEC * 3 / 2), -ETIMEDOUT);
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_notify(1, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -ESTALE);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_RESUMED);
}
END_TEST

START_TEST(unsolicited)
{
	/* P-04, P-12: PAUSE_DONE and FLR_DONE nobody waits for are a mismatch,
	 * which the next success clears. */
	fx_provision(1);
	fx_notify(0, 1, _i ? GUC_EVENT_VF_FLR_DONE : GUC_EVENT_VF_PAUSE_DONE);
	fx_run(1000);
	ck_assert(fx_info(1).mismatch);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(pause_rejected)
{
	/* P-05: a refused PAUSE is EIO, failed and a mismatch; the VF stays READY
	 * on that GT and PAUSE may be tried again. */
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_PAUSE] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), -EIO);
	ck_assert(fx_info(1).mismatch && fx_info(1).failed);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	fx.guc[1].refuse[GUC_VF_PAUSE] = 0;
	fx.logged = 0;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_uint_eq(fx.logged, 1);
	ck_log(0, "1 control 1 1");
	ck_assert(!fx_info(1).failed && !fx_info(1).mismatch);
}
END_TEST

START_TEST(nonzero_data0)
{
	/* P-06: SUCCESS with DATA0 is a failure without mismatch, EIO to the caller. */
	fx_provision(1);
	fx.guc[0].data0[GUC_VF_PAUSE] = 1;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), -EIO);
	ck_assert(fx_info(1).failed && !fx_info(1).mismatch);
}
END_TEST

START_TEST(wrong_order)
{
	/* P-07, P-08, P-09, M-01: verbs out of order are refused at once. */
	fx_provision(1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -ESTALE);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EALREADY);
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_STOPPED);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_STOP, 1, NULL, 0), -ESTALE);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EPERM);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, FX_VFS + 1, NULL, 0), -EINVAL);
}
END_TEST

static void dirty(unsigned vf)
{
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		for (unsigned i = 0; i < 4; i++)
			fx.guc[gt].vf_mailbox[vf][i] = 0x1234;
	for (uint64_t i = 0; i < fx_info(vf).ggtt_size / 4096; i++)
		fx.ggtt[fx_info(vf).ggtt_start / 4096 + i] |= 0xABCDE000;
}

START_TEST(flr_full)
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

START_TEST(flr_done_missing)
{
	/* P-11, P-14: without FLR_DONE of one GT the other waits in SYNC; the verb
	 * ends after 5 s, then the other GT goes on; the late one does when it comes. */
	fx_provision(1);
	dirty(1);
	fx.guc[1].no_event = true;
	ck_assert_int_eq(fx_do_for(PFC_FLR, 1, FX_SEC * 4), 1);
	ck_assert_uint_eq(fx.logged, 2);
	ck_assert_uint_eq(fx.guc[0].vf_mailbox[1][0], 0x1234);
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

START_TEST(flr_rejected)
{
	/* P-13, P-15: a GT that refuses FLR_START fails the verb; the other is not
	 * stranded, and a new FLR begins afresh. */
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

START_TEST(flr_during_pause)
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

START_TEST(overridden)
{
	/* P-17, P-18, P-16: what FLR or STOP overrides ends with ECANCELED, whether
	 * pausing, saving or restoring; the image memory is given back. */
	static const enum pfc_verb by[] = { PFC_FLR, PFC_STOP };
	uint32_t used;

	fx_provision(1);
	used = fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used;
	for (unsigned round = 0; round < 2; round++) {
		enum pfc_verb verb = _i == 0 ? PFC_PAUSE : _i == 1 ? PFC_SAVE : PFC_RESTORE;

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
END_TEST

START_TEST(flr_during_flr)
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

START_TEST(flr_without_event)
{
	/* P-20: a reset that the PF wants starts without an event, also for a VF
	 * that was never provisioned. */
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_uint_eq(fx.logged, 4);
	ck_assert_int_eq(fx.tag, 77);
}
END_TEST

static const struct {
	uint32_t vf, event, len, data0;
	bool good;
} notifications[] = {
	{ FX_VFS + 1, 2, 3, 0, false }, /* VFID > total */
	{ 1, 5, 3, 0, false },          /* unknown event */
	{ 1, 0, 3, 0, false },
	{ 1, 4, 3, 1, false },          /* DATA0 */
	{ 1, 4, 4, 0, false },          /* length */
	{ 1, 4, 2, 0, false },
	{ 0, 2, 3, 0, false },          /* only VF_ENABLE comes for the PF */
	{ 0, 1, 3, 0, true },           /* P-22 */
	{ 1, 4, 3, 0, true },           /* P-23 */
};

START_TEST(notifications_checked)
{
	/* P-21, P-22, P-23: bad notifications are counted and leave everything as
	 * it was; VF_ENABLE and FIXUP_DONE are accepted. */
	uint32_t dw[4] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_VF_STATE_NOTIFY,
				    notifications[_i].data0),
			   notifications[_i].vf, notifications[_i].event, 0 };

	fx_provision(1);
	fx_send(0, 0, dw, notifications[_i].len);
	fx_run(1000);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, notifications[_i].good ? 0 : 1);
	ck_assert_uint_eq(fx.vf_events, notifications[_i].good);
	ck_assert_int_eq(fx.pfc->gt[0].ct.state, HOST_CT_ON);
	ck_assert(!fx_info(1).mismatch);
	ck_assert_uint_eq(fx_info(1).fixup_done, notifications[_i].good && notifications[_i].vf);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
}
END_TEST

START_TEST(adverse_checked)
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

START_TEST(retry_and_busy)
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
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, event_before_reply);
	tcase_add_test(tc, pause_done_missing);
	tcase_add_test(tc, pause_done_late);
	tcase_add_loop_test(tc, unsolicited, 0, 2);
	tcase_add_test(tc, pause_rejected);
	tcase_add_test(tc, nonzero_data0);
	tcase_add_test(tc, wrong_order);
	tcase_add_test(tc, flr_full);
	tcase_add_test(tc, flr_done_missing);
	tcase_add_test(tc, flr_settles);
	tcase_add_test(tc, late_reply);
	tcase_add_test(tc, next_from_event);
	tcase_add_test(tc, override_from_event);
	tcase_add_test(tc, no_credit);
	tcase_add_test(tc, flr_rejected);
	tcase_add_test(tc, flr_during_pause);
	tcase_add_loop_test(tc, overridden, 0, 3);
	tcase_add_test(tc, flr_during_flr);
	tcase_add_test(tc, flr_without_event);
	tcase_add_loop_test(tc, notifications_checked, 0,
			    sizeof(notifications) / sizeof(notifications[0]));
	tcase_add_test(tc, adverse_checked);
	tcase_add_test(tc, retry_and_busy);
	tcase_add_test(tc, silent_guc);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, broken_channel);
	tcase_add_test(tc, full_ring);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
