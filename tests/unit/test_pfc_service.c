/* SPDX-License-Identifier: MIT */
/* What the PF answers (pfclient/relay_service.c, runtime_regs.c; vf-lifecycle 7.3 to
 * 7.5): handshake, runtime registers and the lists of the platforms. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

/* --- 7.3 -------------------------------------------------------------------------------- */

/* A handshake of VF 2 through GT 1 and what it agrees on, 0: it fails with `err`. */
static void ck_handshake(uint32_t mbz, uint32_t version, uint32_t len, uint32_t agreed, int err)
{
	fx_ask(1, 2, RELAY_REQUEST(RELAY_VF2PF_HANDSHAKE, mbz), version, len);
	if (err) {
		fx_failed(err);
	} else {
		ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
		ck_assert_uint_eq(fx.answer_len, 5);
		ck_assert_uint_eq(fx.answer[4], agreed);
	}
	ck_assert_uint_eq(fx_info(2).relay_major, agreed >> 16);
	ck_assert_uint_eq(fx_info(2).relay_minor, agreed & 0xFFFF);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
}

START_TEST(Q_7_3_1_length)
{
	/* Q-7.3-1: a length other than 2 is EMSGSIZE, before MBZ. */
	ck_handshake(1, 0x10000, 1, 0, EMSGSIZE);
	ck_handshake(0, 0x10000, 3, 0, EMSGSIZE);
}
END_TEST

START_TEST(Q_7_3_2_mbz)
{
	/* Q-7.3-2: bits that must be zero are EPFNOSUPPORT, before the version. */
	ck_handshake(1, 1, 2, 0, EPFNOSUPPORT);
	ck_handshake(0xFFF, 0x10000, 2, 0, EPFNOSUPPORT);
}
END_TEST

START_TEST(Q_7_3_3_any)
{
	/* Q-7.3-3: 0.0 means any: the latest. */
	ck_handshake(0, 0, 2, 0x10000, 0);
}
END_TEST

START_TEST(Q_7_3_4_newer)
{
	/* Q-7.3-4: a later major gets the latest. */
	ck_handshake(0, 0x20000, 2, 0x10000, 0);
	ck_handshake(0, 0xFFFF0007, 2, 0x10000, 0);
}
END_TEST

START_TEST(Q_7_3_5_older)
{
	/* Q-7.3-5: below the base is EPERM. */
	ck_handshake(0, 0x00001, 2, 0, EPERM);
	ck_handshake(0, 0x0FFFF, 2, 0, EPERM);
}
END_TEST

static void start_with_versions(uint32_t base, uint32_t latest)
{
	struct pfc_options o;

	fx_options(&o);
	o.relay_base = base;
	o.relay_latest = latest;
	fx_start_with(&o, false);
}

START_TEST(Q_7_3_6_major_between)
{
	/* Q-7.3-6: a major from the base's on but before the latest is ENOPKG; a PF that
	 * serves 1.2 to 3.4 can tell. */
	start_with_versions(0x10002, 0x30004);
	ck_handshake(0, 0x10001, 2, 0, EPERM);
	ck_handshake(0, 0x10002, 2, 0, ENOPKG);
	ck_handshake(0, 0x2FFFF, 2, 0, ENOPKG);
	ck_handshake(0, 0x30000, 2, 0x30000, 0);
	ck_handshake(0, 0x40000, 2, 0x30004, 0);
}
END_TEST

START_TEST(Q_7_3_7_minor)
{
	/* Q-7.3-7: of the latest major the lower minor of the two. */
	ck_handshake(0, 0x10000, 2, 0x10000, 0);
	ck_handshake(0, 0x1FFFF, 2, 0x10000, 0);
	start_with_versions(0x10000, 0x10003);
	ck_handshake(0, 0x10002, 2, 0x10002, 0);
	ck_handshake(0, 0x10003, 2, 0x10003, 0);
	ck_handshake(0, 0x10004, 2, 0x10003, 0);
}
END_TEST

START_TEST(Q_7_3_8_stored)
{
	/* Q-7.3-8: what was agreed holds for the device, through any GT; a failing
	 * handshake and an FLR reset it; an image does not carry it. */
	uint8_t image[65536];
	size_t len;

	fx_handshake(1);
	fx_ask(1, 1, RELAY_QUERY(0), 0, 2);
	ck_assert_uint_eq(hxg_type(fx.answer[3]), HXG_SUCCESS);
	fx_ask(1, 1, RELAY_HELLO, 5, 2);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 2);
	fx_failed(EACCES);
	fx_handshake(1);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 2);
	fx_failed(EACCES);
	fx_handshake(1);
	fx_paused(1);
	len = fx_save(1, image, sizeof(image), sizeof(image));
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 0), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image, len), (long)len);
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORED);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
}
END_TEST

/* --- 7.4 -------------------------------------------------------------------------------- */

static uint32_t many[PFC_MAX_RUNTIME][2];

static void start_with_runtime(uint32_t n)
{
	struct pfc_options o;

	fx_options(&o);
	for (uint32_t i = 0; i < PFC_MAX_RUNTIME; i++) {
		many[i][0] = 0x1000 + 4 * i;
		many[i][1] = 0xCAFE0000 + i;
	}
	o.runtime = (const uint32_t(*)[2])many;
	o.runtime_n = n;
	fx_start_with(&o, false);
	fx_handshake(1);
}

static void ck_query(uint32_t limit, uint32_t start, uint32_t count, uint32_t remaining)
{
	fx_ask(0, 1, RELAY_QUERY(limit), start, 2);
	ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(count));
	ck_assert_uint_eq(fx.answer_len, 3 + 2 + 2 * count);
	ck_assert_uint_eq(fx.answer[4], remaining);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(fx.answer[5 + 2 * i], 0x1000 + 4 * (start + i));
		ck_assert_uint_eq(fx.answer[6 + 2 * i], 0xCAFE0000 + start + i);
	}
}

START_TEST(Q_7_4_1_not_negotiated)
{
	/* Q-7.4-1: without a handshake EACCES before anything else, also the length; as
	 * with one of another major. */
	for (uint32_t len = 1; len <= 3; len++) {
		fx_ask(0, 3, RELAY_QUERY(0), 0, len);
		fx_failed(EACCES);
	}
	start_with_versions(0x20000, 0x20000);
	fx_ask(0, 3, RELAY_HELLO, 0x20000, 2);
	fx_ask(0, 3, RELAY_QUERY(0), 0, 2);
	fx_failed(EACCES);
}
END_TEST

START_TEST(Q_7_4_2_length)
{
	/* Q-7.4-2: longer than 2 is EMSGSIZE, shorter EPROTO. */
	fx_handshake(1);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 3);
	fx_failed(EMSGSIZE);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 1);
	fx_failed(EPROTO);
}
END_TEST

START_TEST(Q_7_4_3_beyond)
{
	/* Q-7.4-3: START beyond the list is ERANGE. */
	start_with_runtime(20);
	fx_ask(0, 1, RELAY_QUERY(0), 21, 2);
	fx_failed(ERANGE);
	fx_ask(0, 1, RELAY_QUERY(1), UINT32_MAX, 2);
	fx_failed(ERANGE);
}
END_TEST

START_TEST(Q_7_4_4_at_end)
{
	/* Q-7.4-4: START at the list's end gives nothing and nothing remains, also of an
	 * empty list. */
	start_with_runtime(20);
	ck_query(0, 20, 0, 0);
	start_with_runtime(0);
	ck_query(0, 0, 0, 0);
}
END_TEST

START_TEST(Q_7_4_5_pages)
{
	/* Q-7.4-5: COUNT is what is left, LIMIT or 125, whichever is least. */
	start_with_runtime(20);
	ck_query(0, 0, 20, 0);
	ck_query(20, 0, 20, 0);
	ck_query(19, 0, 19, 1);
	ck_query(1, 19, 1, 0);
	start_with_runtime(300);
	ck_query(0, 0, 125, 175);
	ck_query(125, 0, 125, 175);
	ck_query(126, 0, 125, 175);
	ck_query(124, 0, 124, 176);
	ck_query(0xFFF, 100, 125, 75);
	ck_query(0, 250, 50, 0);
}
END_TEST

START_TEST(Q_7_4_6_read_once)
{
	/* Q-7.4-6: values are those of when the GT came up, not of the request. */
	fx_handshake(1);
	fx_ask(0, 1, RELAY_QUERY(1), 0, 2);
	ck_assert_uint_eq(fx.answer[5], 0xD00);
	ck_assert_uint_eq(fx.answer[6], 0xD00);
	fx.fuse = 7;
	fx_ask(0, 1, RELAY_QUERY(1), 0, 2);
	ck_assert_uint_eq(fx.answer[6], 0xD00);
	start_with_versions(0x10000, 0x10000);
	fx_handshake(1);
	fx_ask(0, 1, RELAY_QUERY(1), 0, 2);
	ck_assert_uint_eq(fx.answer[6], 0xD07);
	start_with_runtime(20);
	many[0][1] = 1;
	fx_ask(0, 1, RELAY_QUERY(1), 0, 2);
	ck_assert_uint_eq(fx.answer[6], 0xCAFE0000);
}
END_TEST

START_TEST(Q_7_4_7_media)
{
	/* Q-7.4-7: through the media GT offsets below 0x40000 have 0x380000 added, and
	 * the values are that GT's own. */
	static const uint32_t regs[][2] = { { 0x100, 1 }, { 0x3FFFC, 2 }, { 0x40000, 3 } };
	struct pfc_options o;

	fx_handshake(1);
	fx_ask(1, 1, RELAY_QUERY(1), 0, 2);
	ck_assert_uint_eq(fx.answer[5], 0x380D00);
	ck_assert_uint_eq(fx.answer[6], 0x380D00);
	fx_options(&o);
	o.runtime = regs;
	o.runtime_n = 3;
	fx_start_with(&o, false);
	fx_handshake(1);
	fx_ask(1, 1, RELAY_QUERY(0), 0, 2);
	ck_assert_uint_eq(fx.answer[5], 0x380100);
	ck_assert_uint_eq(fx.answer[7], 0x3BFFFC);
	ck_assert_uint_eq(fx.answer[9], 0x40000);
	fx_ask(0, 1, RELAY_QUERY(0), 0, 2);
	ck_assert_uint_eq(fx.answer[5], 0x100);
}
END_TEST

/* --- 7.5 -------------------------------------------------------------------------------- */

/* The list of a platform as the table of 7.5 has it, through both GTs. */
static void ck_list(uint32_t version, const uint32_t *want, uint32_t count)
{
	struct pfc_options o;

	fx_options(&o);
	o.graphics_ver = version;
	o.vf_stride = REG_VF_STRIDE;
	fx_start_with(&o, false);
	fx_handshake(1);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		fx_ask(gt, 1, RELAY_QUERY(16), 0, 2);
		ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(count));
		ck_assert_uint_eq(fx.answer[4], 0);
		for (uint32_t i = 0; i < count; i++) {
			ck_assert_uint_eq(fx.answer[5 + 2 * i], want[i] + (gt ? 0x380000 : 0));
			ck_assert_uint_eq(fx.answer[6 + 2 * i], want[i] + (gt ? 0x380000 : 0));
		}
	}
}

START_TEST(Q_7_5_1_list_1200)
{
	/* Q-7.5-1: seven registers of graphics 12.00. */
	static const uint32_t list[] = { 0x0D00, 0x9118, 0x9134, 0x9138, 0x913C, 0x9140, 0xC1DC };

	ck_list(1200, list, 7);
}
END_TEST

START_TEST(Q_7_5_2_list_1255)
{
	/* Q-7.5-2: eight of 12.55. */
	static const uint32_t list[] = { 0x0D00, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140, 0x9144,
					 0xC1DC };

	ck_list(1255, list, 8);
}
END_TEST

START_TEST(Q_7_5_3_list_1260)
{
	/* Q-7.5-3: eight of 12.60. */
	static const uint32_t list[] = { 0x0D00, 0x9118, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148,
					 0xC1DC };

	ck_list(1260, list, 8);
}
END_TEST

START_TEST(Q_7_5_4_list_1270)
{
	/* Q-7.5-4: ten from 12.70 on. */
	static const uint32_t list[] = { 0x0D00, 0x9114, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140,
					 0x9144, 0x9148, 0xC1DC };

	ck_list(1270, list, 10);
	ck_list(1274, list, 10);
}
END_TEST

START_TEST(Q_7_5_5_list_2000)
{
	/* Q-7.5-5: thirteen from 20 on. */
	static const uint32_t list[] = { 0x0D00, 0x9114, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140,
					 0x9144, 0x9148, 0x914C, 0x9150, 0x9154, 0xC1DC };

	ck_list(2000, list, 13);
	ck_list(2004, list, 13);
}
END_TEST

START_TEST(Q_7_5_6_list_3000)
{
	/* Q-7.5-6: fourteen from 30 on. */
	static const uint32_t list[] = { 0x0D00, 0x9114, 0x9118, 0x911C, 0x9130, 0x9134, 0x913C,
					 0x9140, 0x9144, 0x9148, 0x914C, 0x9150, 0x9154, 0xC1DC };

	ck_list(3000, list, 14);
	ck_list(3499, list, 14);
}
END_TEST

START_TEST(Q_7_5_7_list_3500)
{
	/* Q-7.5-7: fifteen from 35 on. */
	static const uint32_t list[] = { 0x0D00, 0x9114, 0x9118, 0x9130, 0x9134, 0x913C, 0x9140,
					 0x9144, 0x9148, 0x914C, 0x9150, 0x9154, 0x915C, 0x9160,
					 0x9170 };

	ck_list(3500, list, 15);
	ck_list(3511, list, 15);
}
END_TEST

START_TEST(Q_7_5_8_no_list)
{
	/* Q-7.5-8: a platform without a list has no PF, unless it is given one. */
	static const uint32_t versions[] = { 1100, 1199, 1201, 1210, 1254, 1256, 1259, 1261, 1269 };
	struct pfc_options o;

	fx_options(&o);
	for (unsigned i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		o.graphics_ver = versions[i];
		ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem));
	}
	o.runtime = (const uint32_t(*)[2])many;
	o.runtime_n = PFC_MAX_RUNTIME + 1;
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem));
	o.runtime_n = 1;
	ck_assert_ptr_nonnull(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem));
}
END_TEST

START_TEST(Q_7_5_9_more_than_16)
{
	/* Q-7.5-9: a list of 20 comes to a VF that asks for 16 in two pages. */
	start_with_runtime(20);
	ck_query(16, 0, 16, 4);
	ck_query(16, 16, 4, 0);
}
END_TEST

START_TEST(Q_7_5_10_more_than_125)
{
	/* Q-7.5-10: one of 300 takes three answers even without a LIMIT. */
	start_with_runtime(300);
	ck_query(0, 0, 125, 175);
	ck_query(0, 125, 125, 50);
	ck_query(0, 250, 50, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_service");
	TCase *tc = tcase_create("service");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, Q_7_3_1_length);
	tcase_add_test(tc, Q_7_3_2_mbz);
	tcase_add_test(tc, Q_7_3_3_any);
	tcase_add_test(tc, Q_7_3_4_newer);
	tcase_add_test(tc, Q_7_3_5_older);
	tcase_add_test(tc, Q_7_3_6_major_between);
	tcase_add_test(tc, Q_7_3_7_minor);
	tcase_add_test(tc, Q_7_3_8_stored);
	tcase_add_test(tc, Q_7_4_1_not_negotiated);
	tcase_add_test(tc, Q_7_4_2_length);
	tcase_add_test(tc, Q_7_4_3_beyond);
	tcase_add_test(tc, Q_7_4_4_at_end);
	tcase_add_test(tc, Q_7_4_5_pages);
	tcase_add_test(tc, Q_7_4_6_read_once);
	tcase_add_test(tc, Q_7_4_7_media);
	tcase_add_test(tc, Q_7_5_1_list_1200);
	tcase_add_test(tc, Q_7_5_2_list_1255);
	tcase_add_test(tc, Q_7_5_3_list_1260);
	tcase_add_test(tc, Q_7_5_4_list_1270);
	tcase_add_test(tc, Q_7_5_5_list_2000);
	tcase_add_test(tc, Q_7_5_6_list_3000);
	tcase_add_test(tc, Q_7_5_7_list_3500);
	tcase_add_test(tc, Q_7_5_8_no_list);
	tcase_add_test(tc, Q_7_5_9_more_than_16);
	tcase_add_test(tc, Q_7_5_10_more_than_125);
	suite_add_tcase(s, tc);
	return check_main(s);
}
