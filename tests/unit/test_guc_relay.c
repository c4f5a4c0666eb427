/* SPDX-License-Identifier: MIT */
/* GuC between the two ends of the relay (emulator/guc/relay.c; vf-lifecycle 7.1,
 * guc-abi 5.3, 5.4): it forwards, and refuses what it can't deliver. */
#include <check.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "proto/relay.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

static void boot(void)
{
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 0, 0);
}

START_TEST(Q_7_1_21_vf_to_pf)
{
	/* Q-7.1-21: 0x5103 of a VF is answered with DATA0 0 and comes to the PF as event
	 * 0x5100 with the VF's number; the worked handshake of guc-abi A.3. */
	static const uint32_t msg[4] = { GUC_ACTION_RELAY_TO_PF, 1, 0x00000001, 0x00010000 };
	struct fx_msg m;

	boot();
	fx_h2g(f, 1, 0, 0, msg, 4);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.dw[0], 0xF0000000);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 5);
	ck_assert_uint_eq(m.dw[0], 0x90005100);
	ck_assert_uint_eq(m.dw[1], 1);
	ck_assert_uint_eq(m.dw[2], 1);
	ck_assert_uint_eq(m.dw[3], 0x00000001);
	ck_assert_uint_eq(m.dw[4], 0x00010000);
}
END_TEST

START_TEST(Q_7_1_22_pf_to_vf)
{
	/* Q-7.1-22: 0x5101 of the PF, as a REQUEST or a FAST_REQUEST, comes to the VF as
	 * event 0x5102; only the REQUEST is answered. */
	uint32_t msg[5] = { GUC_ACTION_RELAY_TO_VF, 1, 1, 0x70000000, 0x00010000 };
	struct fx_msg m;

	boot();
	msg[0] = hxg_call(HXG_ORIGIN_HOST, _i ? HXG_FAST_REQUEST : HXG_REQUEST,
			  GUC_ACTION_RELAY_TO_VF, 0);
	fx_h2g(f, 0, 0, 0x77, msg, 5);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, _i ? 0 : 1);
	if (!_i)
		ck_assert_uint_eq(m.dw[0], 0xF0000000);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.len, 4);
	ck_assert_uint_eq(m.dw[0], 0x90005102);
	ck_assert_uint_eq(m.dw[1], 1);
	ck_assert_uint_eq(m.dw[2], 0x70000000);
	ck_assert_uint_eq(m.dw[3], 0x00010000);
	ck_assert_uint_gt(f->irqs[1][0][GUC_IRQ_GUC2HOST], 0);
	ck_assert_uint_eq(f->mem[1][0x19F], 0xFF);
}
END_TEST

START_TEST(Q_7_1_25_forwarded_unseen)
{
	/* Q-7.1-25: GuC does not look inside: whatever a message is, it arrives. */
	uint32_t msg[2 + RELAY_MAX_DWORDS] = { GUC_ACTION_RELAY_TO_PF, 9 };
	struct fx_msg m;

	boot();
	for (uint32_t i = 2; i < 2 + RELAY_MAX_DWORDS; i++)
		msg[i] = 0xC0DE0000u * i;
	for (uint32_t len = 3; len <= 2 + RELAY_MAX_DWORDS; len += 83) {
		fx_h2g(f, 1, 0, 0, msg, len);
		ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
		m = fx_g2h(f, 0, 0);
		ck_assert_uint_eq(m.len, len + 1);
		ck_assert_mem_eq(m.dw + 3, msg + 2, (len - 2) * 4);
	}
}
END_TEST

START_TEST(refused)
{
	/* Q-7.1-25, CT-03: a relay to a VF that is not running is dropped with 0x41, one
	 * to nobody with 0x0C. */
	const uint32_t to1[4] = { GUC_ACTION_RELAY_TO_VF, 1, 1, 0 };
	const uint32_t to0[4] = { GUC_ACTION_RELAY_TO_VF, 0, 1, 0 };
	const uint32_t to9[4] = { GUC_ACTION_RELAY_TO_VF, 9, 1, 0 };

	ck_assert_uint_eq(fx_pf(f, 0, to1, 4), 0xE0000041);
	boot();
	ck_assert_uint_eq(fx_pf(f, 0, to1, 4), 0xF0000000);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(fx_pf(f, 0, to1, 4), 0xE0000041);
	ck_assert_uint_eq(fx_pf(f, 0, to0, 4), 0xE000000C);
	ck_assert_uint_eq(fx_pf(f, 0, to9, 4), 0xE000000C);
}
END_TEST

START_TEST(empty)
{
	/* guc-abi 12, item 47: an empty relay message is forwarded. */
	const uint32_t to_pf[2] = { GUC_ACTION_RELAY_TO_PF, 5 };
	const uint32_t to_vf[3] = { GUC_ACTION_RELAY_TO_VF, 1, 6 };
	struct fx_msg m;

	boot();
	fx_h2g(f, 1, 0, 0, to_pf, 2);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.dw[0], 0xF0000000);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 3);
	ck_assert_uint_eq(m.dw[2], 5);
	ck_assert_uint_eq(fx_pf(f, 0, to_vf, 3), 0xF0000000);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], 6);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_relay");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, Q_7_1_21_vf_to_pf);
	tcase_add_loop_test(tc, Q_7_1_22_pf_to_vf, 0, 2);
	tcase_add_test(tc, Q_7_1_25_forwarded_unseen);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, empty);
	suite_add_tcase(s, tc);
	return check_main(s);
}
