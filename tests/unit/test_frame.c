/* SPDX-License-Identifier: MIT */
/* The frame codec: what is encoded comes back, in any split; what is cut,
 * overlong or malformed is refused and never read beyond its end. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame_fields.h"
#include "tests/check_main.h"

#define T(name) gucemu_FrameType_##name

static uint8_t buf[FRAME_MAX + 16];
static uint8_t big[FRAME_DATA_MAX + 1];

/* A copy that ends where the memory ends: the sanitizer sees a read beyond. */
static long decode_tight(const uint8_t *bytes, size_t len, struct frame *f)
{
	uint8_t *tight = malloc(len ? len : 1);
	long n;

	memcpy(tight, bytes, len);
	n = frame_decode(tight, len, f);
	/* The views go with the copy. */
	f->text = NULL;
	f->data = NULL;
	free(tight);
	return n;
}

static const struct frame full = {
	.type = T(EVENT),
	.seq = UINT32_MAX,
	.fds = FRAME_FDS_MAX,
	.function = 63,
	.gt = 3,
	.addr = UINT64_MAX,
	.value = 0x0123456789ABCDEFull,
	.size = UINT32_MAX,
	.status = -FRAME_ERRNO_MAX,
	.flags = 0x80000001,
	.code = UINT32_MAX,
	.time = UINT64_MAX - 1,
	.text = "text",
	.text_len = 4,
	.data = (const uint8_t *)"\0data",
	.data_len = 5,
};

static void assert_equal(const struct frame *a, const struct frame *b)
{
	frame_ck_fields(a, b);
	if (a->text_len)
		ck_assert_mem_eq(a->text, b->text, a->text_len);
	if (a->data_len)
		ck_assert_mem_eq(a->data, b->data, a->data_len);
}

START_TEST(comes_back)
{
	/* Every field of a frame survives, at its extremes and at nothing. */
	struct frame out, least = { .type = T(STATUS) };
	long n = frame_encode(&full, buf, sizeof(buf));

	ck_assert_int_gt(n, 0);
	ck_assert_uint_le((size_t)n, frame_bound(&full));
	ck_assert_int_eq(frame_decode(buf, (size_t)n, &out), n);
	assert_equal(&full, &out);
	n = frame_encode(&least, buf, sizeof(buf));
	ck_assert_int_gt(n, 0);
	memset(&out, 0xFF, sizeof(out));
	ck_assert_int_eq(frame_decode(buf, (size_t)n, &out), n);
	assert_equal(&least, &out);
}
END_TEST

START_TEST(status_range)
{
	/* A status is 0, a negative errno, or in an EVENT an error of GuC. */
	static const struct {
		gucemu_FrameType type;
		int32_t status;
		bool good;
	} cases[] = {
		{ T(STATUS), -FRAME_ERRNO_MAX, true },
		{ T(STATUS), -FRAME_ERRNO_MAX - 1, false },
		{ T(STATUS), 1, false },
		{ T(REPLY), INT32_MIN, false },
		{ T(EVENT), FRAME_GUC_ERROR_MAX, true },
		{ T(EVENT), FRAME_GUC_ERROR_MAX + 1, false },
		{ T(EVENT), INT32_MIN, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame out, in = { .type = cases[i].type, .status = cases[i].status };
		long n = frame_encode(&in, buf, sizeof(buf));

		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(frame_decode(buf, (size_t)n, &out),
				 cases[i].good ? n : -EBADMSG);
	}
}
END_TEST

START_TEST(every_truncation)
{
	/* A frame without its end asks for more, at every length. */
	struct frame out;
	long n = frame_encode(&full, buf, sizeof(buf));

	for (long cut = 0; cut < n; cut++)
		ck_assert_int_eq(decode_tight(buf, (size_t)cut, &out), 0);
	ck_assert_int_eq(decode_tight(buf, (size_t)n, &out), n);
	/* And takes no more than itself. */
	buf[n] = 0xFF;
	ck_assert_int_eq(decode_tight(buf, (size_t)n + 1, &out), n);
}
END_TEST

START_TEST(every_room)
{
	/* The encoder never writes beyond its room. */
	long n = frame_encode(&full, buf, sizeof(buf));

	for (long room = 0; room <= n; room++) {
		uint8_t *tight = malloc(room ? (size_t)room : 1);

		ck_assert_int_eq(frame_encode(&full, tight, (size_t)room),
				 room < n ? -EMSGSIZE : n);
		free(tight);
	}
}
END_TEST

START_TEST(every_flipped_bit)
{
	/* Whatever bit is wrong: an answer, no read beyond the bytes given. */
	struct frame out;
	long n = frame_encode(&full, buf, sizeof(buf));

	for (long bit = 0; bit < 8 * n; bit++) {
		long got;

		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		got = decode_tight(buf, (size_t)n, &out);
		ck_assert(got == -EBADMSG || got == -EMSGSIZE || (got >= 0 && got <= n));
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

static const struct {
	uint8_t bytes[8];
	size_t len;
	long result;
} lengths[] = {
	{ { 0xFF }, 1, 0 },
	{ { 0xFF, 0xFF }, 2, 0 },
	{ { 0xFF, 0xFF, 0xFF }, 3, -EMSGSIZE },
	{ { 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }, 5, -EMSGSIZE },
	{ { 0x80, 0x80, 0x80 }, 3, -EMSGSIZE }, /* a 0 in too many bytes */
	{ { 0x80, 0x80, 0x08 }, 3, 0 },         /* FRAME_MAX itself: more is to come */
	{ { 0x81, 0x80, 0x08 }, 3, -EMSGSIZE }, /* and one more */
	{ { 0x00 }, 1, -EBADMSG },              /* no type */
	{ { 0x02, 0x08, 0x03 }, 3, 3 },
	{ { 0x82, 0x00, 0x08, 0x03 }, 4, 4 },   /* a longer way to write 2 */
	{ { 0x02, 0x08, 0x00 }, 3, -EBADMSG },
	{ { 0x02, 0x08, 0x04 }, 3, -EBADMSG },
	{ { 0x03, 0x08, 0x83, 0x00 }, 4, 4 },
	{ { 0x04, 0x08, 0x03, 0x18, 0x09 }, 5, -EBADMSG },
	{ { 0x04, 0x08, 0x03, 0x6A, 0x01 }, 5, -EBADMSG }, /* text beyond the frame */
	{ { 0x03, 0x08, 0x03, 0x6A }, 4, -EBADMSG },
	{ { 0x03, 0x08, 0x03, 0x31 }, 4, -EBADMSG },       /* fixed64 without bytes */
	{ { 0x04, 0x08, 0x03, 0x68, 0x01 }, 5, -EBADMSG }, /* a number for a text */
	{ { 0x07, 0x08, 0x03, 0x75, 1, 2, 3, 4 }, 8, -EBADMSG }, /* ... for data */
};

START_TEST(varint_abuse)
{
	/* Lengths that lie, never end, or are written the long way. */
	struct frame out;

	ck_assert_int_eq(decode_tight(lengths[_i].bytes, lengths[_i].len, &out),
			 lengths[_i].result);
}
END_TEST

START_TEST(length_beyond_32_bits)
{
	/* A text of 2^32 + 4 bytes is not one of 4. */
	static const uint8_t bytes[] = { 0x0A, 0x08, 0x03, 0x6A, 0x84, 0x80, 0x80,
					 0x80, 0x10, 'a',  'b' };
	struct frame out;

	ck_assert_int_eq(decode_tight(bytes, sizeof(bytes), &out), -EBADMSG);
}
END_TEST

START_TEST(size_limits)
{
	/* Text, data and descriptors at their limits and one above, both ways. */
	struct frame f = { .type = T(BLOB), .data = big, .data_len = FRAME_DATA_MAX }, out;
	long n = frame_encode(&f, buf, sizeof(buf));

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(frame_decode(buf, (size_t)n, &out), n);
	ck_assert_uint_eq(out.data_len, FRAME_DATA_MAX);
	f.data_len++;
	ck_assert_int_eq(frame_encode(&f, buf, sizeof(buf)), -EMSGSIZE);
	f = (struct frame){ .type = T(REPLY), .text = (const char *)big,
			    .text_len = FRAME_TEXT_MAX };
	ck_assert_int_gt(frame_encode(&f, buf, sizeof(buf)), 0);
	f.text_len++;
	ck_assert_int_eq(frame_encode(&f, buf, sizeof(buf)), -EMSGSIZE);
	/* Each may be at its limit, not both: no reader would take it. */
	f.text_len = FRAME_TEXT_MAX;
	f.data = big;
	f.data_len = FRAME_DATA_MAX;
	ck_assert_int_eq(frame_encode(&f, buf, sizeof(buf)), -EMSGSIZE);
	f = (struct frame){ .type = T(STATUS), .fds = FRAME_FDS_MAX + 1 };
	ck_assert_int_eq(frame_encode(&f, buf, sizeof(buf)), -EMSGSIZE);
	/* A data field of one byte too many, written by hand. */
	memset(buf, 0, sizeof(buf));
	memcpy(buf, "\x87\x80\x04\x08\x53\x72\x81\x80\x04", 9);
	ck_assert_int_eq(decode_tight(buf, 3 + 7 + (64 << 10), &out), -EBADMSG);
}
END_TEST

START_TEST(fields_that_are_new)
{
	/* Fields of a later version are passed over. */
	static const uint8_t bytes[] = { 0x07, 0x08, 0x03, 0xF8, 0x07, 0x01, 0x10, 0x05 };
	struct frame out;

	ck_assert_int_eq(decode_tight(bytes, sizeof(bytes), &out), 8);
	ck_assert_int_eq(out.type, T(STATUS));
	ck_assert_uint_eq(out.seq, 5);
}
END_TEST

START_TEST(random_bytes)
{
	/* Noise: an answer, always. */
	struct frame out;
	uint64_t state = 1;

	for (int i = 0; i < 20000; i++) {
		size_t len = (size_t)i % 64;

		for (size_t k = 0; k < len; k++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			buf[k] = (uint8_t)(state >> 56);
		}
		if (len > 0)
			buf[0] = (uint8_t)(len - 1);
		ck_assert_int_le(decode_tight(buf, len, &out), (long)len);
	}
}
END_TEST

START_TEST(every_type_has_a_name)
{
	/* A type without a name could not be received. */
	static const gucemu_FrameType types[] = { T(HELLO), T(ADOPT), T(CTB_RESTART), T(EVENT) };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		ck_assert_ptr_nonnull(frame_type_name(types[i]));
	ck_assert_str_eq(frame_type_name(T(MEM_SHARE)), "MEM_SHARE");
	ck_assert_ptr_null(frame_type_name(T(NONE)));
	ck_assert_ptr_null(frame_type_name((gucemu_FrameType)99));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("codec");

	tcase_add_test(tc, comes_back);
	tcase_add_test(tc, status_range);
	tcase_add_test(tc, every_truncation);
	tcase_add_test(tc, every_room);
	tcase_add_test(tc, every_flipped_bit);
	tcase_add_loop_test(tc, varint_abuse, 0, sizeof(lengths) / sizeof(*lengths));
	tcase_add_test(tc, length_beyond_32_bits);
	tcase_add_test(tc, size_limits);
	tcase_add_test(tc, fields_that_are_new);
	tcase_add_test(tc, random_bytes);
	tcase_add_test(tc, every_type_has_a_name);
	suite_add_tcase(s, tc);
	return check_main(s);
}
