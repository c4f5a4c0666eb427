/* SPDX-License-Identifier: MIT */
/* The card's own memory as files (emulator/local.c): shares, holes, stages, and
 * what was given up. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "emulator/local.h"
#include "tests/check_main.h"

#define SHARE (8ull << 20)
#define GIB   (1ull << 30)

static struct local l;

static void setup(void)
{
	local_init(&l, 512);
	local_resize(&l, 0, 1, SHARE);
	local_resize(&l, 0, 2, SHARE);
}

static void teardown(void)
{
	local_free(&l);
}

static uint8_t get(unsigned fn, enum local_kind kind, uint64_t off)
{
	uint8_t v = 0xEE;

	ck_assert_int_eq(local_read(&l, 0, fn, kind, off, &v, 1), 0);
	return v;
}

static void put(unsigned fn, enum local_kind kind, bool stage, uint64_t off, uint8_t v)
{
	ck_assert_int_eq(local_write(&l, 0, fn, kind, stage, off, &v, 1), 0);
}

/* What one function writes no other sees; content and metadata are apart. */
START_TEST(apart)
{
	put(1, LOCAL_CONTENT, false, 5, 7);
	put(1, LOCAL_METADATA, false, 5, 9);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 5), 7);
	ck_assert_uint_eq(get(1, LOCAL_METADATA, 5), 9);
	ck_assert_uint_eq(get(2, LOCAL_CONTENT, 5), 0);
	ck_assert_uint_eq(get(2, LOCAL_METADATA, 5), 0);
}
END_TEST

/* Nothing is read or written beyond a share, whatever the numbers; a byte of
 * metadata stands for 512. */
START_TEST(bounds)
{
	uint8_t v[2] = { 0 };

	ck_assert_uint_eq(local_bytes(&l, 0, 1, LOCAL_METADATA), SHARE / 512);
	ck_assert_int_eq(local_read(&l, 0, 1, LOCAL_CONTENT, SHARE - 1, v, 2), -ERANGE);
	ck_assert_int_eq(local_read(&l, 0, 1, LOCAL_CONTENT, UINT64_MAX, v, 2), -ERANGE);
	ck_assert_int_eq(local_write(&l, 0, 1, LOCAL_CONTENT, false, SHARE, v, 1), -ERANGE);
	ck_assert_int_eq(local_read(&l, 0, 1, LOCAL_METADATA, SHARE / 512, v, 1), -ERANGE);
	ck_assert_int_eq(local_read(&l, 0, 3, LOCAL_CONTENT, 0, v, 1), -ERANGE);
	ck_assert_int_eq(local_write(&l, 1, 1, LOCAL_CONTENT, false, 0, v, 1), -ERANGE);
	ck_assert_int_eq(local_system_read(&l, 1, 1ull << 43, v, 1), -ERANGE);
	ck_assert_int_eq(local_system_read(&l, 1, (1ull << 43) - 1, v, 1), 0);
}
END_TEST

/* Holes are known without being filled. */
START_TEST(holes)
{
	local_resize(&l, 0, 1, 64 * GIB);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 4096), 64 * GIB - 4096);
	put(1, LOCAL_CONTENT, false, 63 * GIB, 1);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 0), 63 * GIB);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 63 * GIB), 0);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 64 * GIB), 0);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, GIB), 0);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 0), 63 * GIB);
}
END_TEST

/* A stage is seen by nobody until it takes the share's place, whole; a fresh or
 * aborted one leaves nothing of itself. */
START_TEST(stages)
{
	uint8_t v = 3;

	ck_assert_int_eq(local_write(&l, 0, 1, LOCAL_CONTENT, true, 0, &v, 1), -ENOENT);
	ck_assert_int_eq(local_commit(&l, 0, 1), -ENOENT);
	put(1, LOCAL_CONTENT, false, 0, 1);
	put(1, LOCAL_CONTENT, false, 1, 1);
	local_stage(&l, 0, 1);
	put(1, LOCAL_CONTENT, true, 0, 2);
	put(1, LOCAL_METADATA, true, 0, 4);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 0), 1);
	local_stage(&l, 0, 1);
	put(1, LOCAL_CONTENT, true, 2, 5);
	local_abort(&l, 0, 1);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 0), 1);
	local_stage(&l, 0, 1);
	put(1, LOCAL_CONTENT, true, 2, 6);
	ck_assert_int_eq(local_commit(&l, 0, 1), 0);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 0), 0);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 1), 0);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 2), 6);
	ck_assert_uint_eq(get(1, LOCAL_METADATA, 0), 0);
}
END_TEST

/* P-10: an empty stage in the share's place is the scrub: all is zero at once, and
 * what was there is emptied by slices of a MiB. */
START_TEST(scrub)
{
	static uint8_t data[1 << 20];
	unsigned slices = 0;

	memset(data, 0xA5, sizeof(data));
	for (uint64_t at = 0; at < SHARE; at += sizeof(data))
		ck_assert_int_eq(local_write(&l, 0, 1, LOCAL_CONTENT, false, at, data,
					     sizeof(data)), 0);
	put(1, LOCAL_METADATA, false, SHARE / 512 - 1, 1);
	local_stage(&l, 0, 1);
	ck_assert_int_eq(local_commit(&l, 0, 1), 0);
	ck_assert_uint_eq(local_hole(&l, 0, 1, LOCAL_CONTENT, 0), SHARE);
	ck_assert_uint_eq(get(1, LOCAL_METADATA, SHARE / 512 - 1), 0);
	ck_assert_uint_eq(l.retired_n, 2);
	while (local_retire(&l))
		slices++;
	ck_assert_uint_ge(slices, SHARE / sizeof(data));
	ck_assert_uint_eq(l.retired_n, 0);
}
END_TEST

/* Another size is another share: the old content is gone. The same for metadata
 * of a function's memory that went. */
START_TEST(resized)
{
	uint8_t v = 8;

	put(1, LOCAL_CONTENT, false, 0, 1);
	local_resize(&l, 0, 1, 2 * SHARE);
	ck_assert_uint_eq(get(1, LOCAL_CONTENT, 0), 0);
	ck_assert_int_eq(local_system_write(&l, 1, 12345, &v, 1), 0);
	ck_assert_int_eq(local_system_read(&l, 2, 12345, &v, 1), 0);
	ck_assert_uint_eq(v, 0);
	ck_assert_int_eq(local_system_read(&l, 1, 12345, &v, 1), 0);
	ck_assert_uint_eq(v, 8);
	local_forget(&l, 1);
	ck_assert_int_eq(local_system_read(&l, 1, 12345, &v, 1), 0);
	ck_assert_uint_eq(v, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("local");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, apart);
	tcase_add_test(t, bounds);
	tcase_add_test(t, holes);
	tcase_add_test(t, stages);
	tcase_add_test(t, scrub);
	tcase_add_test(t, resized);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
