/* SPDX-License-Identifier: MIT */
/* The codecs of proto/: bit fields, HXG and CT headers, KLV lists, command
 * lengths, CRC-32C, names, the formatter. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "proto/actions.h"
#include "proto/crc32c.h"
#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/fixup.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "proto/mi.h"
#include "proto/text.h"
#include "tests/check_main.h"

/* guc-abi A.2, A.3: the worked header words come out of the encoders. */
START_TEST(test_worked_words)
{
	ck_assert_uint_eq(hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_VF_RESET, 0), 0x5507);
	ck_assert_uint_eq(hxg_success(HXG_ORIGIN_GUC, 0), 0xF0000000);
	ck_assert_uint_eq(hxg_success(HXG_ORIGIN_GUC, 2), 0xF0000002);
	ck_assert_uint_eq(hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RESFIX_START, 1),
			  0x0001550F);
	ck_assert_uint_eq(hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_VF_MIGRATED, 0), 0xE0000107);
	ck_assert_uint_eq(hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0),
			  0x90005100);
	ck_assert_uint_eq(hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 5), 0xB0000005);
	ck_assert_uint_eq(hxg_header(HXG_ORIGIN_GUC, HXG_RETRY, 0), 0xD0000000);
	ck_assert_uint_eq(ct_header(7, 5), 0x00070005);
	ck_assert_uint_eq(klv_header(GUC_KLV_SELF_H2G_CTB_DESC_ADDR, 2), 0x09030002);
	ck_assert_uint_eq(MI_SDI_DWORD_GGTT, 0x10400002);
	ck_assert_uint_eq(MI_BBS_GGTT, 0x18800001);
	ck_assert_uint_eq(MI_SEM_WAIT_GGTT_EQ, 0x0E40C002);
}
END_TEST

/* guc-abi 1.1: what the encoders put in, the decoders take out, at the edges. */
START_TEST(test_hxg_fields)
{
	const uint32_t dw = hxg_call(HXG_ORIGIN_GUC, HXG_FAST_REQUEST, 0xFFFF, 0xFFF);

	ck_assert_uint_eq(hxg_origin(dw), HXG_ORIGIN_GUC);
	ck_assert_int_eq(hxg_type(dw), HXG_FAST_REQUEST);
	ck_assert_uint_eq(hxg_action(dw), 0xFFFF);
	ck_assert_uint_eq(hxg_data0(dw), 0xFFF);
	/* What does not fit its field must not leak into the next. */
	ck_assert_uint_eq(hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, 0x15507, 0x1001), 0x00015507);
	ck_assert(hxg_is_call(HXG_EVENT) && !hxg_is_call(HXG_BUSY));
	ck_assert(hxg_is_definitive(HXG_RETRY) && !hxg_is_definitive(HXG_BUSY));
}
END_TEST

/* guc-abi 3.1: cursors name the next dword, equal cursors an empty ring. */
START_TEST(test_ctb_arithmetic)
{
	ck_assert_uint_eq(ctb_used(5, 5, 1024), 0);
	ck_assert_uint_eq(ctb_space(5, 5, 1024), 1023);
	ck_assert_uint_eq(ctb_used(1020, 4, 1024), 8);
	ck_assert_uint_eq(ctb_space(4, 3, 1024), 0);
	ck_assert_uint_eq(ctb_advance(1020, 4, 1024), 0);
	ck_assert_uint_eq(ctb_advance(0, 1024, 1024), 0);
}
END_TEST

/* guc-abi 4.1: a list is read KLV by KLV; one that lies about a length stops. */
START_TEST(test_klv_list)
{
	uint32_t list[6];
	size_t n = 0;
	struct klv_reader r;
	struct klv k;

	ck_assert_int_eq(klv_put64(list, 6, &n, GUC_KLV_VF_GGTT_START, 0x123456789ull), 0);
	ck_assert_int_eq(klv_put32(list, 6, &n, GUC_KLV_VF_NUM_CONTEXTS, 7), 0);
	ck_assert_int_eq(klv_put32(list, 6, &n, GUC_KLV_VF_NUM_DOORBELLS, 7), -ENOSPC);
	ck_assert_uint_eq(n, 5);
	r = (struct klv_reader){ list, n, 0 };
	ck_assert_int_eq(klv_next(&r, &k), 1);
	ck_assert_uint_eq(k.key, GUC_KLV_VF_GGTT_START);
	ck_assert_uint_eq(klv_u64(&k), 0x123456789ull);
	ck_assert_int_eq(klv_next(&r, &k), 1);
	ck_assert_uint_eq(klv_u64(&k), 7);
	ck_assert_int_eq(klv_next(&r, &k), 0);
	for (size_t cut = 1; cut < n; cut++) {
		int last = 0;

		r = (struct klv_reader){ list, cut, 0 };
		while ((last = klv_next(&r, &k)) == 1)
			ck_assert_uint_le((size_t)(k.value - list) + k.len, cut);
		ck_assert_int_eq(last, cut == 3 ? 0 : -ENODATA);
	}
	list[0] = klv_header(1, 0xFFFF);
	r = (struct klv_reader){ list, n, 0 };
	ck_assert_int_eq(klv_next(&r, &k), -ENODATA);
}
END_TEST

/* xe-vf-probe 6.3: the length rule never says 0 and knows the odd ones. */
START_TEST(test_command_lengths)
{
	ck_assert_uint_eq(cmd_length(MI_NOOP), 1);
	ck_assert_uint_eq(cmd_length(MI_SDI_DWORD_GGTT), 4);
	ck_assert_uint_eq(cmd_length(MI_BBS_GGTT), 3);
	ck_assert_uint_eq(cmd_length(0x13044002), 4);  /* MI_FLUSH_DW */
	ck_assert_uint_eq(cmd_length(0x7A000004), 6);  /* PIPE_CONTROL */
	ck_assert_uint_eq(cmd_length(0x52201E03), 5);  /* XY_CTRL_SURF_COPY_BLT */
	ck_assert_uint_eq(cmd_length(0x69040000), 1);  /* 3D, one dword */
	for (uint32_t top = 0; top < 0x10000; top++)
		ck_assert_uint_ge(cmd_length(top << 16), 1);
}
END_TEST

/* vf-lifecycle 3.7: the check value; and a checksum can be continued. */
START_TEST(test_crc)
{
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xE3069283);
	ck_assert_uint_eq(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
	ck_assert_uint_eq(crc32c(0, "", 0), 0);
}
END_TEST

/* One bit at a time, as the polynomial defines it. */
static uint32_t crc_by_bits(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
	}
	return ~crc;
}

/* vf-lifecycle 3.7: by tables, by the processor's instruction and by definition
 * the checksum is the same, for every length, place and start. */
START_TEST(test_crc_ways)
{
	uint8_t data[160];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(data); i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(x >> 24);
	}
	for (size_t at = 0; at < 9; at++) {
		for (size_t len = 0; at + len <= sizeof(data); len++) {
			uint32_t want = crc_by_bits(x, data + at, len), one = x, two = ~x;

			ck_assert_uint_eq(crc32c(x, data + at, len), want);
			ck_assert_uint_eq(crc32c_portable(x, data + at, len), want);
			crc32c_two(&one, &two, data + at, len);
			ck_assert_uint_eq(one, want);
			ck_assert_uint_eq(two, crc32c(~x, data + at, len));
			x = want + (uint32_t)len;
		}
	}
}
END_TEST

/* Names come back from codes, and nothing from unknown ones. */
START_TEST(test_names)
{
	ck_assert_str_eq(guc_action_name(0x5508), "RESFIX_DONE");
	ck_assert_ptr_null(guc_action_name(0x5505));
	ck_assert_str_eq(guc_error_name(0x107), "VF_MIGRATED");
	ck_assert_ptr_null(guc_error_name(0));
	ck_assert_str_eq(guc_klv_name(0x8A0B), "VF_BEGIN_CONTEXT_ID");
	ck_assert_ptr_null(guc_klv_name(0x8A09));
	/* Both lists are sorted, and every code of theirs says what it means. */
	for (int i = 0, last = -1; guc_action_code((size_t)i) >= 0; i++) {
		int code = guc_action_code((size_t)i);

		ck_assert_int_gt(code, last);
		last = code;
		ck_assert_ptr_nonnull(guc_action_name((uint32_t)code));
		ck_assert_uint_gt(strlen(guc_action_text((uint32_t)code)), 0);
	}
	ck_assert_ptr_null(guc_action_text(0x5505));
	for (int i = 0, last = 0; guc_error_code((size_t)i) >= 0; i++) {
		int code = guc_error_code((size_t)i);

		ck_assert_int_gt(code, last);
		last = code;
		ck_assert_uint_gt(strlen(guc_error_text((uint32_t)code)), 0);
	}
	ck_assert_ptr_null(guc_error_text(1));
	ck_assert_int_eq(fixup_find("ring-start"), FIXUP_RING_START);
	ck_assert_int_eq(fixup_find("ring"), -ENOENT);
	for (int f = 0; f < FIXUP_COUNT; f++)
		ck_assert_int_eq(fixup_find(fixup_name((enum fixup)f)), f);
}
END_TEST

/* Registers are found by offset: their own, and the PF's copies of a VF's. */
START_TEST(test_registers)
{
	static const struct {
		uint32_t offset;
		const char *name; /* NULL: none */
		unsigned copy;
	} rows[] = {
		{ 0x190240, "VF_SW_FLAG", 0 },	   { 0x19024C, "VF_SW_FLAG", 0 },
		{ 0x190250, NULL, 0 },		   { 0x1901F0, "GUC_HOST_INTERRUPT", 0 },
		{ 0x1905F0, "GUC_HOST_INTERRUPT", 1 }, { 0x19FE40, "VF_SW_FLAG", 63 },
		{ 0x1A0240, NULL, 0 },		   { 0x800000, "GGTT", 0 },
		{ 0xFFFFFF, "GGTT", 0 },	   { 0x1000000, NULL, 0 },
		{ 0x0D00, "RPM_CONFIG0", 0 },	   { 0, NULL, 0 },
		{ UINT32_MAX, NULL, 0 },
	};
	uint32_t last = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned copy;
		const struct reg_place *p = reg_find(rows[i].offset, REG_VF_STRIDE, &copy);

		ck_assert_msg(!p == !rows[i].name, "0x%x", rows[i].offset);
		if (!p)
			continue;
		ck_assert_str_eq(p->name, rows[i].name);
		ck_assert_uint_eq(copy, rows[i].copy);
	}
	for (size_t i = 0; reg_place(i); i++) {
		ck_assert(i == 0 || reg_place(i)->first >= last);
		last = reg_place(i)->first + reg_place(i)->bytes;
	}
}
END_TEST

/* text.h: what it writes, and that it never writes past the buffer. */
START_TEST(test_text)
{
	char buf[64], small[5];

	ck_assert_uint_eq(text_fmt(buf, sizeof(buf), "%s-%u %04x %d%%", "gt", 7u, 0xABu, -5), 13);
	ck_assert_str_eq(buf, "gt-7 00ab -5%");
	text_fmt(buf, sizeof(buf), "%lx %lu %ld", 0xFFFFFFFFFul, 10000000000ul, -3l);
	ck_assert_str_eq(buf, "fffffffff 10000000000 -3");
	ck_assert_uint_eq(text_fmt(small, sizeof(small), "%s", "123456"), 6);
	ck_assert_str_eq(small, "1234");
	ck_assert_uint_eq(text_fmt(NULL, 0, "%u", 1u), 1);
	ck_assert_str_eq(text_errno(-EREMCHG), "-EREMCHG");
	ck_assert_str_eq(text_errno(EREMCHG), "-EREMCHG");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto");
	TCase *t = tcase_create("codecs");

	tcase_add_test(t, test_worked_words);
	tcase_add_test(t, test_hxg_fields);
	tcase_add_test(t, test_ctb_arithmetic);
	tcase_add_test(t, test_klv_list);
	tcase_add_test(t, test_command_lengths);
	tcase_add_test(t, test_crc);
	tcase_add_test(t, test_crc_ways);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_registers);
	tcase_add_test(t, test_text);
	suite_add_tcase(s, t);
	return check_main(s);
}
