/* SPDX-License-Identifier: MIT */
/* What the VF asks of its PF at boot, the handshake and the runtime registers
 * (vfclient/relay.c, runtime.c; vf-lifecycle 7.3, 7.4): the rows Q of 6.6 that are the
 * VF's. */
#include "tests/check_main.h"
#include "vfc_fixture.h"

/* --- 7.3 ------------------------------------------------------------------------------- */

/* A boot whose handshake is answered so. */
static void boot_with(uint32_t dw0, uint32_t version, uint32_t len)
{
	const uint32_t msg[3] = { dw0, version, 0 };

	f.pf_silent = true;
	begin();
	vfc_boot(f.v, 1);
	run_ms(10);
	ck_assert_uint_eq(f.carrier[2], RELAY_VF2PF_HANDSHAKE);
	ck_assert_uint_eq(f.carrier[3], 0x00010000);
	f.pf_silent = false;
	pf_says(1, msg, len);
	run_ms(100);
	ck_assert_uint_eq(f.ops, 1);
}

static const struct {
	uint32_t data0, version, len;
	int err;
} greetings[] = {
	{ 0, 0x10000, 1, -EPROTO },
	{ 0, 0x10000, 3, -EPROTO },
	{ 1, 0x10000, 2, -EPROTO },
	{ 0, 0, 2, -ENODATA },
};

/* Q-7.3-9: an answer of the wrong length or with MBZ bits is EPROTO, 0.0 ENODATA;
 * what was agreed on is nothing then. */
START_TEST(Q_7_3_9_bad_answer)
{
	boot_with(hxg_success(HXG_ORIGIN_HOST, greetings[_i].data0), greetings[_i].version,
		  greetings[_i].len);
	ck_assert_int_eq(f.op_err, greetings[_i].err);
	ck_assert_uint_eq(info(0).relay_major, 0);
	ck_assert_uint_eq(info(0).relay_minor, 0);
	ck_assert_uint_eq(said("Unable to confirm VF/PF ABI version"), 1);
}
END_TEST

/* Q-7.3-10: any version but 0.0 is taken, also a later one than asked for; who needs
 * 1.0 and has another major gets ENOPKG. */
START_TEST(Q_7_3_10_any_version)
{
	static const uint32_t versions[] = { 0x10000, 0x10007, 0x20000, 0x00001 };

	boot_with(hxg_success(HXG_ORIGIN_HOST, 0), versions[_i], 2);
	ck_assert_int_eq(f.op_err, _i < 2 ? 0 : -ENOPKG);
	ck_assert_uint_eq(said("Unable to confirm VF/PF ABI version"), 0);
	if (_i < 2) {
		ck_assert_uint_eq(info(0).relay_major, 1);
		ck_assert_uint_eq(info(0).relay_minor, versions[_i] & 0xFFFF);
	}
}
END_TEST

/* --- 7.4 ------------------------------------------------------------------------------- */

/* A boot whose QUERY_RUNTIME is answered so, and how it ends; a first good page of
 * ten, of 20 in all, may come before it. */
static int query_with(bool second, const uint32_t *msg, uint32_t len)
{
	uint32_t first[2 + 20] = { hxg_success(HXG_ORIGIN_HOST, 10), 10 };

	for (uint32_t i = 0; i < 10; i++)
		first[2 + 2 * i] = 0x9000 + 4 * i;
	begin();
	vfc_boot(f.v, 1);
	while (f.handshakes == 0)
		ck_assert(vfc_step(f.v, f.now));
	f.pf_silent = true;
	run_ms(10);
	ck_assert_uint_eq(f.carrier[2], RELAY_VF2PF_QUERY_RUNTIME | 16u << 16);
	ck_assert_uint_eq(f.carrier[3], 0);
	if (second) {
		pf_says(2, first, 22);
		ck_assert_uint_eq(f.carrier[3], 10);
		ck_assert_uint_eq(f.ops, 0);
	}
	pf_says(second ? 3 : 2, msg, len);
	run_ms(10);
	ck_assert_uint_eq(f.ops, 1);
	return f.op_err;
}

static void ck_refused(int err)
{
	ck_assert_int_eq(err, -EPROTO);
	ck_assert_uint_eq(info(0).runtime_n, 0);
	ck_assert_uint_eq(said("Failed to get runtime info (-EPROTO)"), 1);
}

/* Q-7.4-8: an answer of less than two dwords, or with half a pair, is EPROTO. */
START_TEST(Q_7_4_8_length)
{
	const uint32_t msg[3] = { hxg_success(HXG_ORIGIN_HOST, _i ? 0 : 1), 0, 0x9000 };

	ck_refused(query_with(false, msg, _i ? 1 : 3));
}
END_TEST

/* Q-7.4-9: COUNT that differs from the pairs that came is EPROTO. */
START_TEST(Q_7_4_9_count)
{
	static const uint32_t counts[] = { 0, 1, 3, 0x0FFFFFFF };
	const uint32_t msg[6] = { hxg_success(HXG_ORIGIN_HOST, counts[_i]), 0, 0x9000, 1, 0x9004,
				  2 };

	ck_refused(query_with(false, msg, 6));
}
END_TEST

/* Q-7.4-10: more than the first answer promised is EPROTO. */
START_TEST(Q_7_4_10_beyond)
{
	uint32_t msg[2 + 22] = { hxg_success(HXG_ORIGIN_HOST, 11), 0 };

	for (uint32_t i = 0; i < 11; i++)
		msg[2 + 2 * i] = 0xA000 + 4 * i;
	f.opt.quirks = _i ? VFC_QUIRK_BIT(TRUST_RUNTIME) : 0;
	ck_refused(query_with(true, msg, 24));
}
END_TEST

/* Q-7.4-11: whatever fails, nothing of the list remains, also of its first page. */
START_TEST(Q_7_4_11_emptied)
{
	const uint32_t msg = hxg_failure(HXG_ORIGIN_HOST, ERANGE, ERANGE);

	ck_assert_int_eq(query_with(true, &msg, 1), -ERANGE);
	ck_assert_uint_eq(info(0).runtime_n, 0);
	ck_assert_uint_eq(said("Failed to get runtime info"), 1);
}
END_TEST

/* Q-7.4-12: a register is found by its offset, on a media GT with 0x380000 added; one
 * that is missing reads 0 and is warned of; GMD_ID is what GuC said. */
START_TEST(Q_7_4_12_lookup)
{
	uint32_t value = 7;

	f.opt.gts = 2;
	f.runtime_base = 0x380D00;
	boot();
	ck_assert_int_eq(vfc_runtime(f.v, 0, 0xD04, &value), -ENOENT);
	ck_assert_uint_eq(value, 0);
	ck_assert_uint_eq(said("runtime register 0xd04 was not given"), 1);
	ck_assert_int_eq(vfc_runtime(f.v, 0, 0x380D04, &value), 0);
	ck_assert_uint_eq(value, 1);
	ck_assert_int_eq(vfc_runtime(f.v, 1, 0xD08, &value), 0);
	ck_assert_uint_eq(value, 2);
	ck_assert_int_eq(vfc_runtime(f.v, 1, 0x9000, &value), -ENOENT);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(vfc_runtime(f.v, 0, 0xD8C, &value), 0);
	ck_assert_uint_eq(value, 0x1E000000);
	ck_assert_int_eq(vfc_runtime(f.v, 2, 0xD8C, &value), -ENOENT);
}
END_TEST

/* Q-7.4-13: nothing now and something to come would never end: refused. */
START_TEST(Q_7_4_13_no_progress)
{
	const uint32_t msg[2] = { hxg_success(HXG_ORIGIN_HOST, 0), 10 };

	ck_refused(query_with(_i, msg, 2));
}
END_TEST

/* Q-7.4-14: a total that overflows, or that is more than can be kept, is refused. */
START_TEST(Q_7_4_14_overflow)
{
	static const uint32_t remaining[] = { 0xFFFFFFFF, 0xFFFFFFFE, 0x80000000, 511 };
	const uint32_t msg[6] = { hxg_success(HXG_ORIGIN_HOST, 2), remaining[_i], 0x9000, 1,
				  0x9004, 2 };

	ck_refused(query_with(false, msg, 6));
}
END_TEST

/* Q-7.4-15: offsets that don't ascend, within a page or from page to page, are
 * refused. */
START_TEST(Q_7_4_15_unsorted)
{
	static const uint32_t offsets[][2] = { { 0x9004, 0x9000 }, { 0x9000, 0x9000 },
					       { 0x9024, 0x9028 }, { 0x8000, 0x9100 } };
	const uint32_t msg[6] = { hxg_success(HXG_ORIGIN_HOST, 2), _i < 2 ? 0 : 8,
				  offsets[_i][0], 1, offsets[_i][1], 2 };

	ck_refused(query_with(_i >= 2, msg, 6));
}
END_TEST

/* Q-7.4-16: a recovery asks neither for a handshake nor for the registers. */
START_TEST(Q_7_4_16_not_after_migration)
{
	boot();
	f.carriers = 0;
	migrate(NEW);
	run_ms(1000);
	ck_assert_uint_eq(info(0).recoveries, 1);
	ck_assert_uint_eq(f.carriers, 0);
	ck_assert_uint_eq(info(0).runtime_n, 10);
}
END_TEST

/* --- lists of any length, and PFs that forget or lie ------------------------------------ */

/* vf-lifecycle 7.4: runtime registers come in pages of 16; lists of any length
 * up to the driver's bound are read whole. */
START_TEST(runtime_pages)
{
	static const uint32_t total[] = { 0, 1, 16, 17, 130, 512 };
	uint32_t value = 0;

	f.runtime_total = total[_i];
	boot();
	ck_assert_uint_eq(info(0).runtime_n, total[_i]);
	if (total[_i]) {
		uint32_t last = 0x9000 + 4 * (total[_i] - 1);

		ck_assert_int_eq(vfc_runtime(f.v, 0, last, &value), 0);
		ck_assert_uint_eq(value, total[_i] - 1);
	}
	ck_assert_int_eq(vfc_runtime(f.v, 0, 0x1234, &value), -ENOENT);
}
END_TEST

/* vf-lifecycle 7.4, 8.3.13: a PF's list that is too long, never ends, is not
 * sorted, names a register twice, changes its length, overflows, or whose pages
 * lie about their pairs is refused. */
START_TEST(runtime_hostile)
{
	f.runtime_total = _i == 0 ? 513 : 40;
	f.runtime_stuck = _i == 1;
	f.runtime_unsorted = _i == 2;
	f.runtime_twice = _i == 3;
	f.runtime_lie = _i == 4 ? 1 : _i == 5 ? 0xFFFFFFFF : 0;
	f.runtime_huge = _i == 6 ? 0xFFFFFFF0 : 0;
	f.count_lie = _i == 7;
	begin();
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_int_eq(f.op_err, -EPROTO);
	ck_assert_uint_eq(said("Failed to get runtime info (-EPROTO)"), 1);
	ck_assert_uint_eq(info(0).runtime_n, 0);
}
END_TEST

/* 8.3.13: a 7.2 driver believes a list out of order, and asks for ever when the
 * PF gives nothing and promises more; even so it never writes past its table. */
START_TEST(runtime_trusted)
{
	f.opt.quirks = VFC_QUIRK_BIT(TRUST_RUNTIME);
	f.runtime_total = 40;
	f.runtime_unsorted = _i == 0;
	f.runtime_stuck = _i == 1;
	f.runtime_huge = _i == 2 ? 0xFFFFFFF0 : 0;
	begin();
	vfc_boot(f.v, 1);
	for (unsigned n = 0; n < 20000; n++)
		vfc_step(f.v, f.now);
	ck_assert_uint_eq(f.ops, _i == 1 ? 0 : 1);
	ck_assert_int_eq(f.op_err, _i == 2 ? -EPROTO : 0);
	ck_assert_uint_eq(info(0).runtime_n, _i == 0 ? 40 : _i == 1 ? 16 : 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_runtime");
	TCase *tc = tcase_create("runtime");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, Q_7_3_9_bad_answer, 0, 4);
	tcase_add_loop_test(tc, Q_7_3_10_any_version, 0, 4);
	tcase_add_loop_test(tc, Q_7_4_8_length, 0, 2);
	tcase_add_loop_test(tc, Q_7_4_9_count, 0, 4);
	tcase_add_loop_test(tc, Q_7_4_10_beyond, 0, 2);
	tcase_add_test(tc, Q_7_4_11_emptied);
	tcase_add_test(tc, Q_7_4_12_lookup);
	tcase_add_loop_test(tc, Q_7_4_13_no_progress, 0, 2);
	tcase_add_loop_test(tc, Q_7_4_14_overflow, 0, 4);
	tcase_add_loop_test(tc, Q_7_4_15_unsorted, 0, 4);
	tcase_add_test(tc, Q_7_4_16_not_after_migration);
	tcase_add_loop_test(tc, runtime_pages, 0, 6);
	tcase_add_loop_test(tc, runtime_hostile, 0, 8);
	tcase_add_loop_test(tc, runtime_trusted, 0, 3);
	suite_add_tcase(s, tc);
	return check_main(s);
}
