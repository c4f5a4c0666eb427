/* SPDX-License-Identifier: MIT */
/* The VF's end of the relay (vfclient/relay.c, testloop.c; vf-lifecycle 7.1, 7.2, guc-abi
 * 8): the rows Q of 6.6 that are the VF's. */
#include "tests/check_main.h"
#include "vfc_fixture.h"
#include "vfclient/vfc_priv.h"

static void pf_says1(uint32_t id, uint32_t dw)
{
	pf_says(id, &dw, 1);
}

/* A request under way at a PF that says nothing by itself; its id is 3: 1 and 2 were
 * the handshake's and the query's. */
#define ID 3u

static void ask(void)
{
	const uint32_t dw[2] = { 0x00000777, 0xABCD };

	boot();
	f.pf_silent = true;
	ck_assert_int_eq(vfc_relay(f.v, 0, dw, 2, 5), 0);
	run_ms(1);
	ck_assert_uint_eq(f.relays, 0);
	ck_assert_uint_eq(f.carrier[1], ID);
}

static void ck_ended(int err)
{
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, err);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}

/* Q-7.1-1: a carrier that GuC rejects ends the request with the CT's error. */
START_TEST(Q_7_1_1_carrier_rejected)
{
	const uint32_t dw = 0x00000777;

	boot();
	f.pf_silent = true;
	f.carrier_reply = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CANNOT_COMPLETE_ACTION, 0);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	run_ms(1);
	ck_ended(-EIO);
}
END_TEST

/* Q-7.1-2: SUCCESS of the carrier with DATA0 is EPROTO. */
START_TEST(Q_7_1_2_carrier_data0)
{
	const uint32_t dw = 0x00000777;

	boot();
	f.pf_silent = true;
	f.carrier_reply = hxg_success(HXG_ORIGIN_GUC, 1);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	run_ms(1);
	ck_ended(-EPROTO);
}
END_TEST

/* Q-7.1-3: nothing for 2.5 s is ETIME. */
START_TEST(Q_7_1_3_silence)
{
	ask();
	run_ms(2498);
	ck_assert_uint_eq(f.relays, 0);
	run_ms(2);
	ck_ended(-ETIME);
}
END_TEST

/* Q-7.1-4: each BUSY gives another 2.5 s, as often as it comes. */
START_TEST(Q_7_1_4_busy)
{
	ask();
	for (unsigned i = 0; i < 60; i++) {
		run_ms(2400);
		pf_says1(ID, hxg_header(HXG_ORIGIN_HOST, HXG_BUSY, i));
		ck_assert_uint_eq(f.relays, 0);
	}
	run_ms(2498);
	ck_assert_uint_eq(f.relays, 0);
	run_ms(3);
	ck_ended(-ETIME);
	ck_assert_uint_eq(f.carriers, 3);
}
END_TEST

/* Q-7.1-5: each RETRY sends the same message with the same id again, as often as it
 * comes. */
START_TEST(Q_7_1_5_retry)
{
	ask();
	for (unsigned i = 1; i <= 120; i++) {
		f.carrier_len = 0;
		pf_says1(ID, hxg_header(HXG_ORIGIN_HOST, HXG_RETRY, i));
		ck_assert_uint_eq(f.carriers, 3 + i);
		ck_assert_uint_eq(f.carrier_len, 4);
		ck_assert_uint_eq(f.carrier[1], ID);
		ck_assert_uint_eq(f.carrier[2], 0x00000777);
		ck_assert_uint_eq(f.carrier[3], 0xABCD);
		ck_assert_uint_eq(f.relays, 0);
	}
	run_ms(2400);
	pf_says1(ID, hxg_success(HXG_ORIGIN_HOST, 0));
	ck_ended(0);
}
END_TEST

/* Q-7.1-6: SUCCESS tells its length in dwords; one too long for the caller's buffer
 * is ENOBUFS, told and logged. */
START_TEST(Q_7_1_6_length)
{
	const uint32_t dw = 0x00000777, answer[4] = { hxg_success(HXG_ORIGIN_HOST, 0), 1, 2, 3 };

	boot();
	f.pf_silent = true;
	ck_assert_int_eq(vfc_relay_max(f.v, 0, &dw, 1, 4, 5), 0);
	run_ms(1);
	pf_says(ID, answer, 4);
	ck_ended(0);
	ck_assert_uint_eq(f.relay_len, 4);
	ck_assert_int_eq(vfc_relay_max(f.v, 0, &dw, 1, 3, 5), 0);
	run_ms(1);
	pf_says(ID + 1, answer, 4);
	ck_assert_uint_eq(f.relays, 2);
	ck_assert_int_eq(f.relay_err, -ENOBUFS);
	ck_assert_uint_eq(f.relay_len, 0);
	ck_assert_uint_eq(said("relay answer of 4 dwords is too long"), 1);
}
END_TEST

/* Q-7.1-7: FAILURE with error e is -e. */
START_TEST(Q_7_1_7_failure)
{
	static const int errors[] = { EPERM, EACCES, EINVAL, EMSGSIZE, 0xFFFF };

	f.opt.quirks = VFC_QUIRK_BIT(STALE_RELAY);
	ask();
	pf_says1(ID, hxg_failure(HXG_ORIGIN_HOST, (uint32_t)errors[_i], 7));
	ck_ended(-errors[_i]);
}
END_TEST

/* Q-7.1-8: FAILURE with error 0 is EREMOTEIO. */
START_TEST(Q_7_1_8_undisclosed)
{
	ask();
	pf_says1(ID, hxg_failure(HXG_ORIGIN_HOST, 0, 0));
	ck_ended(-EREMOTEIO);
}
END_TEST

/* Q-7.1-9: a relay that is not initialised is ENODEV. */
START_TEST(Q_7_1_9_not_initialised)
{
	const uint32_t dw = 0x00000777;

	begin();
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), -ENODEV);
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	ck_assert_int_eq(vfc_relay(f.v, 1, &dw, 1, 5), -ENODEV);
}
END_TEST

/* Q-7.1-10, here: what is meant for a PF is refused and changes nothing. */
START_TEST(wrong_role)
{
	const uint32_t dw[4] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0),
				 1, ID, hxg_success(HXG_ORIGIN_HOST, 0) };

	ask();
	g2h(0, dw, 4, 0);
	run_ms(1);
	ck_assert_uint_eq(f.relays, 0);
	pf_says1(ID, hxg_success(HXG_ORIGIN_HOST, 0));
	ck_ended(0);
}
END_TEST

/* Q-7.1-24: ids count from 1, one before each request, the answer of another id is
 * nobody's. */
START_TEST(Q_7_1_24_ids)
{
	const uint32_t dw = 0x00000777;

	f.pf_silent = true;
	begin();
	vfc_boot(f.v, 1);
	run_ms(10);
	ck_assert_uint_eq(f.carrier[1], 1);
	prepare();
	boot();
	f.pf_silent = true;
	for (uint32_t id = ID; id < ID + 5; id++) {
		vfc_relay(f.v, 0, &dw, 1, id);
		run_ms(1);
		ck_assert_uint_eq(f.carrier[1], id);
	}
	pf_says1(ID + 7, hxg_success(HXG_ORIGIN_HOST, 0));
	pf_says1(0, hxg_success(HXG_ORIGIN_HOST, 0));
	ck_assert_uint_eq(f.relays, 0);
	pf_says1(ID + 2, hxg_failure(HXG_ORIGIN_HOST, EINVAL, 0));
	ck_ended(-EINVAL);
	pf_says1(ID + 2, hxg_success(HXG_ORIGIN_HOST, 0));
	ck_assert_uint_eq(f.relays, 1);
}
END_TEST

/* --- 7.2: what the VF serves --------------------------------------------------------- */

/* The VF's answer to a request of the PF. */
static uint32_t served(uint32_t dw0, uint32_t len)
{
	uint32_t msg[RELAY_MAX_DWORDS] = { dw0 };

	for (uint32_t i = 1; i < len; i++)
		msg[i] = 0x1000 + i;
	f.carrier_len = 0;
	pf_says(0x99, msg, len);
	if (!f.carrier_len)
		return 0;
	ck_assert_uint_eq(f.carrier[1], 0x99);
	ck_assert_uint_eq(hxg_origin(f.carrier[2]), HXG_ORIGIN_HOST);
	return f.carrier[2];
}

#define FAILED(e) hxg_failure(HXG_ORIGIN_HOST, e, e)
#define LOOP(type, opcode) hxg_call(HXG_ORIGIN_HOST, type, RELAY_TESTLOOP, opcode)

/* Q-7.2-6: a VF serves nothing, whatever the type, but the test loop, and that only
 * for debugging. */
START_TEST(Q_7_2_6_nothing_served)
{
	boot();
	f.pf_silent = true;
	ck_assert_uint_eq(served(RELAY_VF2PF_HANDSHAKE, 2), FAILED(EOPNOTSUPP));
	ck_assert_uint_eq(served(hxg_call(HXG_ORIGIN_HOST, HXG_EVENT, 0x777, 0), 1),
			  FAILED(EOPNOTSUPP));
	ck_assert_uint_eq(served(hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, 0x777, 0), 1),
			  FAILED(EOPNOTSUPP));
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0), 1), FAILED(ECONNREFUSED));
}
END_TEST

/* Q-7.1-9, Q-7.1-11: a driver without a relay asks for nothing, and answers nothing; the
 * channel lives. */
START_TEST(Q_7_1_9_Q_7_1_11_no_relay)
{
	const uint32_t dw = 0x00000777;

	f.opt.no_relay = f.opt.testloop = true;
	boot();
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), -ENODEV);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0), 1), 0);
	ck_assert_uint_eq(f.v->gt[0].ct.bad_events, 1);
	ck_assert_uint_eq(f.handshakes, 0);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(f.v->gt[0].tlb_done, f.v->gt[0].tlb_sent);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* 7.2: the opcodes of the test loop, from the PF to the VF. */
START_TEST(testloop)
{
	f.opt.testloop = true;
	boot();
	f.pf_silent = true;
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0), 1), hxg_success(HXG_ORIGIN_HOST, 0));
	ck_assert_uint_eq(served(LOOP(HXG_EVENT, 0), 1), 0);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xE), 252), hxg_success(HXG_ORIGIN_HOST, 252));
	ck_assert_uint_eq(f.carrier_len, 2 + 252);
	ck_assert_uint_eq(f.carrier[2 + 251], 0x1000 + 251);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xF), 1), FAILED(EHWPOISON));
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 1), 1), FAILED(EBADRQC));
	ck_assert_uint_eq(served(LOOP(HXG_EVENT, 0xB), 1), FAILED(EPROTO));
	ck_assert_uint_eq(served(LOOP(HXG_EVENT, 0xD), 1), FAILED(EPROTO));
	ck_assert_uint_eq(served(LOOP(HXG_EVENT, 0xE), 1), FAILED(EPROTO));
}
END_TEST

/* 7.2: BUSY every 312 ms and RETRY until 5 s after the first, then success. */
START_TEST(testloop_waits)
{
	const uint32_t busy = hxg_header(HXG_ORIGIN_HOST, HXG_BUSY, 0);
	const uint32_t retry = hxg_header(HXG_ORIGIN_HOST, HXG_RETRY, 0);
	uint32_t before;

	f.opt.testloop = true;
	boot();
	f.pf_silent = true;
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xB), 1), busy);
	before = f.carriers;
	run_ms(4990);
	ck_assert_uint_eq(f.carriers - before, 4990 / 312);
	ck_assert_uint_eq(f.carrier[2], busy);
	run_ms(320);
	ck_assert_uint_eq(f.carrier[2], hxg_success(HXG_ORIGIN_HOST, 0));
	before = f.carriers;
	run_ms(1000);
	ck_assert_uint_eq(f.carriers, before);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xD), 1), retry);
	run_ms(4000);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xD), 1), retry);
	run_ms(1000);
	ck_assert_uint_eq(served(LOOP(HXG_REQUEST, 0xD), 1), hxg_success(HXG_ORIGIN_HOST, 0));
}
END_TEST

/* --- PFs that refuse or forget ----------------------------------------------------------- */

/* guc-abi 8.3, Q: what the PF's answer makes of a relay request. */
static const struct {
	uint32_t error;
	int err;
} relay_errors[] = { { 13, -EACCES }, { 90, -EMSGSIZE }, { 95, -EOPNOTSUPP }, { 0, -EREMOTEIO } };

START_TEST(relay_failure)
{
	const uint32_t dw = 0x00000777;

	f.opt.quirks = VFC_QUIRK_BIT(STALE_RELAY);
	boot();
	f.relay_error = relay_errors[_i].error;
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	run_ms(10);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, relay_errors[_i].err);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* 8.3.5, C-28: a PF that has forgotten the handshake gets a new one. */
START_TEST(C_28_relay_forgotten)
{
	const uint32_t dw[2] = { 0x00000101, 0 };

	f.opt.quirks = _i ? VFC_QUIRK_BIT(STALE_RELAY) : 0;
	boot();
	f.relay_error = EACCES;
	ck_assert_int_eq(vfc_relay(f.v, 0, dw, 2, 5), 0);
	run_ms(10);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, _i ? -EACCES : 0);
	ck_assert_uint_eq(f.handshakes, _i ? 1 : 2);
}
END_TEST

/* 8.3.5: the same in a boot that was migrated between handshake and query; a PF
 * that forgets each time is given up. */
START_TEST(relay_forgotten_at_boot)
{
	f.opt.quirks = _i == 1 ? VFC_QUIRK_BIT(STALE_RELAY) : 0;
	f.pf_forgets = _i == 2 ? 100 : 1;
	begin();
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, _i ? -EACCES : 0);
	ck_assert_uint_eq(f.handshakes, _i == 0 ? 2 : _i == 1 ? 1 : 9);
}
END_TEST

/* 8.3.5: with the new handshake the runtime registers are read again: the card
 * may be another one, with other fuses. */
START_TEST(relay_refreshed)
{
	const uint32_t dw[2] = { 0x00000101, 0 };

	f.opt.quirks = _i ? VFC_QUIRK_BIT(STALE_RELAY) : 0;
	boot();
	ck_assert_uint_eq(info(0).runtime_n, 10);
	f.runtime_total = 20;
	f.relay_error = EACCES;
	vfc_relay(f.v, 0, dw, 2, 5);
	run_ms(10);
	ck_assert_uint_eq(info(0).runtime_n, _i ? 10 : 20);
	ck_assert_uint_eq(f.relays, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_relay");
	TCase *tc = tcase_create("relay");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_test(tc, Q_7_1_1_carrier_rejected);
	tcase_add_test(tc, Q_7_1_2_carrier_data0);
	tcase_add_test(tc, Q_7_1_3_silence);
	tcase_add_test(tc, Q_7_1_4_busy);
	tcase_add_test(tc, Q_7_1_5_retry);
	tcase_add_test(tc, Q_7_1_6_length);
	tcase_add_loop_test(tc, Q_7_1_7_failure, 0, 5);
	tcase_add_test(tc, Q_7_1_8_undisclosed);
	tcase_add_test(tc, Q_7_1_9_not_initialised);
	tcase_add_test(tc, wrong_role);
	tcase_add_test(tc, Q_7_1_24_ids);
	tcase_add_test(tc, Q_7_2_6_nothing_served);
	tcase_add_test(tc, Q_7_1_9_Q_7_1_11_no_relay);
	tcase_add_test(tc, testloop);
	tcase_add_test(tc, testloop_waits);
	tcase_add_loop_test(tc, relay_failure, 0, 4);
	tcase_add_loop_test(tc, C_28_relay_forgotten, 0, 2);
	tcase_add_loop_test(tc, relay_forgotten_at_boot, 0, 3);
	tcase_add_loop_test(tc, relay_refreshed, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
