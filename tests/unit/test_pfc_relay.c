/* SPDX-License-Identifier: MIT */
/* The PF's end of the relay (pfclient/relay.c, relay_service.c;
 * vf-lifecycle 7.1, 7.2, guc-abi 8.2): the receiver's checks, dispatch and test loop. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

/* --- 7.1: the receiver's checks ------------------------------------------------------ */

/* What the checks say of a carrier; what fails one is counted, never answered. */
static int received(const uint32_t *dw, uint32_t len)
{
	uint32_t before = fx.pfc->gt[0].ct.bad_events;
	int err = pfc_on_event(&fx.pfc->gt[0], dw, len);

	fx.answer_len = 0;
	fx_send(0, 0, dw, len);
	fx_run(1000);
	ck_assert_uint_eq(fx.answer_len, 0);
	ck_assert_uint_eq(fx.relayed, 0);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, before + 1);
	ck_assert_int_eq(fx.pfc->gt[0].ct.state, HOST_CT_ON);
	return err;
}

static int carrier(uint32_t data0, uint32_t vf, uint32_t dw0, uint32_t len)
{
	uint32_t dw[CTB_HXG_MAX_DWORDS] = {
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, data0), vf, 1, dw0,
		1 << 16
	};

	return received(dw, len);
}

START_TEST(Q_7_1_10_wrong_role)
{
	/* Q-7.1-10: what is meant for a VF is not permitted here. */
	const uint32_t dw[4] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF, 0),
				 1, RELAY_SUCCESS(0), 0 };

	ck_assert_int_eq(received(dw, 3), -EPERM);
}
END_TEST

START_TEST(Q_7_1_11_not_initialised)
{
	/* Q-7.1-11: before the GT is up, and before anything is looked at: ENODEV. */
	const uint32_t dw[1] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 1) };

	fx.pfc->gt[0].up = false;
	ck_assert_int_eq(received(dw, 1), -ENODEV);
	fx.pfc->gt[0].up = true;
	fx_handshake(1);
}
END_TEST

START_TEST(Q_7_1_12_short_carrier)
{
	/* Q-7.1-12: a carrier under three dwords is EPROTO, whatever its DATA0. */
	ck_assert_int_eq(carrier(1, 1, 0, 1), -EPROTO);
	ck_assert_int_eq(carrier(0, FX_VFS + 1, 0, 2), -EPROTO);
}
END_TEST

START_TEST(Q_7_1_13_long_carrier)
{
	/* Q-7.1-13: more than 252 dwords of message are EMSGSIZE, before DATA0; CTB
	 * itself carries no more. */
	uint32_t dw[3 + RELAY_MAX_DWORDS + 1] = {
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 1), 1, 1, RELAY_HELLO
	};

	ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], dw, 3 + RELAY_MAX_DWORDS + 1), -EMSGSIZE);
	ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], dw, 3 + RELAY_MAX_DWORDS), -EPFNOSUPPORT);
	fx_run(1000);
	ck_assert_uint_eq(fx.relayed, 0);
}
END_TEST

START_TEST(Q_7_1_14_carrier_data0)
{
	/* Q-7.1-14: DATA0 of the carrier is EPFNOSUPPORT, before the VFID. */
	ck_assert_int_eq(carrier(1, FX_VFS + 1, RELAY_HELLO, 5), -EPFNOSUPPORT);
}
END_TEST

START_TEST(Q_7_1_15_no_such_vf)
{
	/* Q-7.1-15: a VFID above those there are, or the PF's own, is ENOENT, before
	 * the message. */
	ck_assert_int_eq(carrier(0, FX_VFS + 1, 0, 3), -ENOENT);
	ck_assert_int_eq(carrier(0, UINT32_MAX, RELAY_HELLO, 5), -ENOENT);
	ck_assert_int_eq(carrier(0, 0, RELAY_HELLO, 5), -ENOENT);
}
END_TEST

START_TEST(Q_7_1_16_empty)
{
	/* Q-7.1-16: a carrier without a message is EPROTO. */
	ck_assert_int_eq(carrier(0, 1, 0, 3), -EPROTO);
}
END_TEST

START_TEST(Q_7_1_17_origin)
{
	/* Q-7.1-17: ORIGIN GuC in the message is EPROTO, before its type. */
	ck_assert_int_eq(carrier(0, 1, RELAY_HELLO | HXG_ORIGIN, 5), -EPROTO);
	ck_assert_int_eq(carrier(0, 1, RELAY_HEADER(HXG_TYPE_UNASSIGNED, 1) | HXG_ORIGIN, 4), -EPROTO);
}
END_TEST

START_TEST(Q_7_1_18_unknown_type)
{
	/* Q-7.1-18: a type that is none is EBADRQC. */
	ck_assert_int_eq(carrier(0, 1, RELAY_HEADER(HXG_TYPE_UNASSIGNED, 1), 5), -EBADRQC);
}
END_TEST

START_TEST(Q_7_1_19_unexpected_reply)
{
	/* Q-7.1-19: the PF has asked nothing: every reply is ESRCH. */
	static const enum hxg_type types[] = { HXG_SUCCESS, HXG_FAILURE, HXG_BUSY, HXG_RETRY };

	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(carrier(0, 1, RELAY_HEADER(types[i], 0), 4), -ESRCH);
}
END_TEST

START_TEST(Q_7_1_20_in_order)
{
	/* Q-7.1-20: requests wait while H2G is full and are answered in order; a VF that
	 * floods gets ENOMEM, and each other VF can still have one waiting. */
	const uint32_t msg[2] = { RELAY_HELLO, 1 << 16 };
	const uint32_t one[5] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0),
				  1, 7, RELAY_HELLO, 1 << 16 };
	uint32_t other[5];
	unsigned answered;

	memcpy(other, one, sizeof(other));
	fx.stuck = true;
	for (uint32_t i = 1; i <= 400; i++)
		fx_relay(0, 1, i, msg, 2);
	answered = fx.relayed;
	ck_assert_uint_eq(fx.pfc->gt[0].relay_count, PFC_RELAY_QUEUE - (FX_VFS - 1));
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 400 - answered - fx.pfc->gt[0].relay_count);
	ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], one, 5), -ENOMEM);
	for (uint32_t vf = 2; vf <= FX_VFS; vf++) {
		other[1] = vf;
		other[2] = 1000 + vf;
		ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], other, 5), 0);
	}
	ck_assert_int_eq(pfc_on_event(&fx.pfc->gt[0], other, 5), -ENOMEM);
	fx.stuck = false;
	fx_serve_ring(0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.relayed, answered + PFC_RELAY_QUEUE);
	ck_assert_uint_eq(fx.answer[2], 1000 + FX_VFS);
}
END_TEST

START_TEST(Q_7_1_23_longest)
{
	/* Q-7.1-23: a message has 1 to 252 dwords; both are taken, and only wrong for
	 * their service. Answers have ORIGIN host. */
	uint32_t msg[RELAY_MAX_DWORDS] = { RELAY_HELLO };

	fx_relay(0, 1, 9, msg, RELAY_MAX_DWORDS);
	fx_failed(EMSGSIZE);
	fx_relay(0, 1, 9, msg, 1);
	fx_failed(EMSGSIZE);
	fx_handshake(1);
	ck_assert_uint_eq(hxg_origin(fx.answer[3]), HXG_ORIGIN_HOST);
}
END_TEST

START_TEST(Q_7_1_26_disclosed)
{
	/* Q-7.1-26: with debugging a failure has errno as error and as hint, without
	 * both are 0, whatever happened; the PF's owner is told in both. */
	struct pfc_options o;

	fx_options(&o);
	o.disclose_errors = _i;
	fx_start_with(&o, false);
	fx_ask(0, 1, RELAY_HELLO, 1, 2);
	ck_assert_uint_eq(fx.answer[3], _i ? RELAY_FAILURE(EPERM) : RELAY_FAILURE(0));
	ck_assert_int_eq(fx.relay_err, -EPERM);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 2);
	ck_assert_uint_eq(fx.answer[3], _i ? RELAY_FAILURE(EACCES) : RELAY_FAILURE(0));
}
END_TEST

START_TEST(Q_7_1_27_failed_event)
{
	/* Q-7.1-27: an EVENT and a FAST_REQUEST that fail are answered like a REQUEST. */
	fx_ask(0, 1, RELAY_CALL(HXG_EVENT, 0x777, 0), 0, 1);
	fx_failed(EOPNOTSUPP);
	fx_ask(0, 1, RELAY_CALL(HXG_FAST_REQUEST, 0x777, 0), 0, 1);
	fx_failed(EOPNOTSUPP);
}
END_TEST

/* --- 7.2: dispatch and the test loop -------------------------------------------------- */

START_TEST(Q_7_2_1_handshake)
{
	/* Q-7.2-1: action 0x0001 is the handshake. */
	fx_ask(0, 1, 0x0001, 1 << 16, 2);
	ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
	ck_assert_uint_eq(fx.relay_code, 1);
	ck_assert_uint_eq(fx_info(1).relay_major, 1);
}
END_TEST

START_TEST(Q_7_2_2_query_runtime)
{
	/* Q-7.2-2: action 0x0101 is QUERY_RUNTIME, from 1.0 on: not before. */
	fx_ask(0, 1, 0x0101, 0, 2);
	fx_failed(EACCES);
	fx_handshake(1);
	fx_ask(0, 1, 0x0101, 0, 2);
	ck_assert_uint_eq(hxg_type(fx.answer[3]), HXG_SUCCESS);
	ck_assert_uint_eq(fx.relay_code, 0x101);
}
END_TEST

START_TEST(Q_7_2_3_testloop)
{
	/* Q-7.2-3: action 0xDEB1 is served by a PF with debugging only. */
	fx_ask(0, 1, RELAY_LOOP(0), 0, 1);
	fx_failed(ECONNREFUSED);
}
END_TEST

START_TEST(Q_7_2_4_other_action)
{
	/* Q-7.2-4: anything else is EOPNOTSUPP; its DATA0 is not looked at. */
	fx_ask(0, 1, RELAY_REQUEST(0x0102, 0), 0, 2);
	fx_failed(EOPNOTSUPP);
	fx_ask(0, 1, RELAY_REQUEST(0xFFFF, 7), 0, 2);
	fx_failed(EOPNOTSUPP);
}
END_TEST

START_TEST(Q_7_2_5_only_requests)
{
	/* Q-7.2-5: a service asked for by FAST_REQUEST or EVENT is EOPNOTSUPP and does
	 * nothing. */
	fx_ask(0, 1, RELAY_CALL(HXG_EVENT, RELAY_VF2PF_HANDSHAKE, 0), 1 << 16, 2);
	fx_failed(EOPNOTSUPP);
	fx_ask(0, 1, RELAY_CALL(HXG_FAST_REQUEST, RELAY_VF2PF_HANDSHAKE, 0), 1 << 16, 2);
	fx_failed(EOPNOTSUPP);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
}
END_TEST

static void start_testloop(void)
{
	struct pfc_options o;

	fx_options(&o);
	o.testloop = true;
	fx_start_with(&o, false);
}

START_TEST(Q_7_2_7_nop)
{
	/* Q-7.2-7: NOP succeeds with DATA0 0; as an EVENT it is silent. */
	const uint32_t event = RELAY_CALL(HXG_EVENT, RELAY_TESTLOOP, 0);

	start_testloop();
	fx_ask(0, 1, RELAY_LOOP(0), 0, 1);
	ck_assert_uint_eq(fx.answer_len, 4);
	ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
	fx_relay(0, 1, 5, &event, 1);
	ck_assert_uint_eq(fx.answer_len, 0);
	ck_assert_int_eq(fx.relay_err, 0);
	ck_assert_uint_eq(fx.relayed, 2);
}
END_TEST

START_TEST(Q_7_2_8_busy)
{
	/* Q-7.2-8: BUSY says so every 312 ms, and success 5 s after the first. What
	 * others ask in the meantime is served. */
	unsigned busy = 0;

	start_testloop();
	fx_ask(0, 1, RELAY_LOOP(0xB), 0, 1);
	for (unsigned ms = 0; ms < 4990; ms += 10, fx_run(FX_SEC / 100)) {
		if (fx.answer_len == 0)
			continue;
		ck_assert_uint_eq(fx.answer[3], RELAY_HEADER(HXG_BUSY, 0));
		busy++;
		fx.answer_len = 0;
	}
	ck_assert_uint_eq(busy, 1 + 4990 / 312);
	fx_handshake(2);
	ck_assert_uint_eq(fx.relayed, 1);
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.relayed, 2);
	ck_assert_uint_eq(fx.answer[1], 1);
	ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
	fx.answer_len = 0;
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.answer_len, 0);
}
END_TEST

START_TEST(Q_7_2_9_retry)
{
	/* Q-7.2-9: RETRY with reason 0, each 312 ms after its request, until 5 s after
	 * the first; then success, and a new loop begins anew. */
	const uint32_t retry = RELAY_LOOP(0xD);

	start_testloop();
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 2; i++) {
			fx_relay(0, 1, 7, &retry, 1);
			ck_assert_uint_eq(fx.answer_len, 0);
			fx_run(FX_SEC / 4);
			ck_assert_uint_eq(fx.answer_len, 0);
			fx_run(FX_SEC / 4);
			ck_assert_uint_eq(fx.answer[3], RELAY_HEADER(HXG_RETRY, 0));
			fx.answer_len = 0;
			fx_run(2 * FX_SEC);
		}
		fx_relay(0, 1, 7, &retry, 1);
		fx_run(FX_SEC / 2);
		ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
		fx.answer_len = 0;
	}
}
END_TEST

START_TEST(Q_7_2_10_echo)
{
	/* Q-7.2-10: ECHO gives the payload back, DATA0 is its length. None that a carrier
	 * can bring is too long for the answer. */
	uint32_t msg[RELAY_MAX_DWORDS] = { RELAY_LOOP(0xE) };

	start_testloop();
	for (uint32_t i = 1; i < RELAY_MAX_DWORDS; i++)
		msg[i] = 0xE0000000 + i;
	for (uint32_t len = 1; len <= RELAY_MAX_DWORDS; len += len == 1 ? 1 : 50) {
		fx_relay(1, 1, 3, msg, len);
		ck_assert_uint_eq(fx.answer_len, 3 + len);
		ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(len));
		ck_assert_mem_eq(fx.answer + 4, msg + 1, (len - 1) * 4);
	}
}
END_TEST

START_TEST(Q_7_2_11_fail)
{
	/* Q-7.2-11: FAIL fails with EHWPOISON. */
	start_testloop();
	fx_ask(0, 1, RELAY_LOOP(0xF), 0, 1);
	fx_failed(EHWPOISON);
}
END_TEST

START_TEST(Q_7_2_12_other_opcode)
{
	/* Q-7.2-12: another opcode is EBADRQC. */
	start_testloop();
	fx_ask(0, 1, RELAY_LOOP(1), 0, 1);
	fx_failed(EBADRQC);
	fx_ask(0, 1, RELAY_LOOP(0xFFF), 0, 1);
	fx_failed(EBADRQC);
}
END_TEST

START_TEST(Q_7_2_13_not_as_event)
{
	/* Q-7.2-13: BUSY, RETRY and ECHO as an EVENT are EPROTO. */
	static const uint32_t opcodes[] = { 0xB, 0xD, 0xE };

	start_testloop();
	for (unsigned i = 0; i < 3; i++) {
		fx_ask(0, 1, RELAY_CALL(HXG_EVENT, RELAY_TESTLOOP, opcodes[i]), 0, 1);
		fx_failed(EPROTO);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_relay");
	TCase *tc = tcase_create("relay");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, Q_7_1_10_wrong_role);
	tcase_add_test(tc, Q_7_1_11_not_initialised);
	tcase_add_test(tc, Q_7_1_12_short_carrier);
	tcase_add_test(tc, Q_7_1_13_long_carrier);
	tcase_add_test(tc, Q_7_1_14_carrier_data0);
	tcase_add_test(tc, Q_7_1_15_no_such_vf);
	tcase_add_test(tc, Q_7_1_16_empty);
	tcase_add_test(tc, Q_7_1_17_origin);
	tcase_add_test(tc, Q_7_1_18_unknown_type);
	tcase_add_test(tc, Q_7_1_19_unexpected_reply);
	tcase_add_test(tc, Q_7_1_20_in_order);
	tcase_add_test(tc, Q_7_1_23_longest);
	tcase_add_loop_test(tc, Q_7_1_26_disclosed, 0, 2);
	tcase_add_test(tc, Q_7_1_27_failed_event);
	tcase_add_test(tc, Q_7_2_1_handshake);
	tcase_add_test(tc, Q_7_2_2_query_runtime);
	tcase_add_test(tc, Q_7_2_3_testloop);
	tcase_add_test(tc, Q_7_2_4_other_action);
	tcase_add_test(tc, Q_7_2_5_only_requests);
	tcase_add_test(tc, Q_7_2_7_nop);
	tcase_add_test(tc, Q_7_2_8_busy);
	tcase_add_test(tc, Q_7_2_9_retry);
	tcase_add_test(tc, Q_7_2_10_echo);
	tcase_add_test(tc, Q_7_2_11_fail);
	tcase_add_test(tc, Q_7_2_12_other_opcode);
	tcase_add_test(tc, Q_7_2_13_not_as_event);
	suite_add_tcase(s, tc);
	return check_main(s);
}
