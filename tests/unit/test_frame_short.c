/* SPDX-License-Identifier: MIT */
/* The short cut for register frames against nanopb: the same bytes, the same
 * frames, the same refusals, whatever the frame or the noise in it. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame_fields.h"
#include "proto/frame_short.h"
#include "tests/check_main.h"

#define FRAMES 40000u
#define ROOM   512u

static uint64_t state;

static uint64_t draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 24;
}

/* Often nothing, often one of those at a boundary, else anything. */
static uint64_t number(void)
{
	static const uint64_t edges[] = { 1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000,
					  0xFFFFFFF, 0x10000000, 0x7FFFFFFF, 0x80000000,
					  UINT32_MAX, UINT64_MAX };

	switch (draw() % 4) {
	case 0:
		return 0;
	case 1:
		return edges[draw() % (sizeof(edges) / sizeof(*edges))];
	case 2:
		return draw() % 300;
	}
	return draw() << 40 ^ draw();
}

static struct frame any_frame(uint8_t data[static ROOM])
{
	static const gucemu_FrameType types[] = {
		gucemu_FrameType_MMIO_READ, gucemu_FrameType_MMIO_WRITE,
		gucemu_FrameType_MMIO_DATA, gucemu_FrameType_STATUS,
		gucemu_FrameType_STATUS, gucemu_FrameType_INTERRUPT,
	};
	struct frame f = { .type = types[draw() % (sizeof(types) / sizeof(*types))] };
	unsigned odd = (unsigned)(draw() % 12);

	f.seq = (uint32_t)number();
	f.addr = number();
	f.value = number();
	f.size = (uint32_t)number();
	f.flags = (uint32_t)number();
	f.status = draw() % 3 ? -(int32_t)(draw() % 5000) : (int32_t)number();
	f.data_len = draw() % 2 ? 0 : draw() % 140;
	for (size_t i = 0; i < f.data_len; i++)
		data[i] = (uint8_t)draw();
	f.data = data;
	/* Now and then what the short cut doesn't know. */
	f.fds = odd == 0 ? (uint32_t)draw() % 10 : 0;
	f.function = odd == 1;
	f.gt = odd == 2;
	f.code = odd == 3;
	f.time = odd == 4;
	f.text = "ab";
	f.text_len = odd == 5 ? 2 : 0;
	return f;
}

static void ck_same(const struct frame *a, const struct frame *b)
{
	frame_ck_fields(a, b);
	ck_assert_ptr_eq(a->text, b->text);
	ck_assert_ptr_eq(a->data, b->data);
}

/* Both decoders on a copy that ends where its memory ends. True: the short cut took it. */
static bool ck_decode(const uint8_t *bytes, size_t len)
{
	uint8_t *tight = malloc(len ? len : 1);
	struct frame one, other;
	bool taken;
	long n;

	memcpy(tight, bytes, len);
	n = frame_decode_any(tight, len, &other);
	ck_assert_int_eq(frame_decode(tight, len, &one), n);
	if (n > 0)
		ck_same(&one, &other);
	taken = len && tight[0] < len && frame_short_decode(tight + 1, tight[0], &one);
	/* What it takes by itself is good, and the same. */
	if (taken) {
		ck_assert_int_eq(n, 1 + tight[0]);
		ck_same(&one, &other);
	}
	free(tight);
	return taken;
}

START_TEST(encodes_alike)
{
	/* The same bytes, or the same refusal, with any room; nothing beyond the room. */
	uint8_t data[ROOM], a[ROOM], b[ROOM];
	unsigned taken = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		struct frame f = any_frame(data);
		size_t room = draw() % 3 ? ROOM : draw() % 200;
		uint8_t *tight = malloc(room ? room : 1);
		long n = frame_encode_any(&f, a, room);

		ck_assert_int_eq(frame_encode(&f, tight, room), n);
		if (n > 0)
			ck_assert_mem_eq(tight, a, (size_t)n);
		taken += frame_short_encode(&f, b, ROOM) > 0;
		free(tight);
	}
	ck_assert_uint_gt(taken, FRAMES / 4);
	ck_assert_uint_lt(taken, FRAMES);
}
END_TEST

START_TEST(decodes_alike)
{
	/* What an encoder wrote, with other frames behind it or cut off. */
	uint8_t data[ROOM], a[ROOM + 8] = { 0 };
	unsigned taken = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		struct frame f = any_frame(data);
		long n = frame_encode_any(&f, a, ROOM);

		if (n < 0)
			continue;
		taken += ck_decode(a, (size_t)n + draw() % 8);
		ck_assert(!ck_decode(a, draw() % (size_t)n));
	}
	ck_assert_uint_gt(taken, FRAMES / 8);
}
END_TEST

/* A few bytes changed, put in or taken out; the prefix is mostly made right again. */
static size_t mutate(uint8_t *bytes, size_t len)
{
	for (unsigned k = 1 + (unsigned)(draw() % 3); k > 0 && len > 1; k--) {
		size_t at = draw() % len;

		switch (draw() % 5) {
		case 0:
			bytes[at] ^= (uint8_t)(1u << draw() % 8);
			break;
		case 1:
			bytes[at] = (uint8_t)draw();
			break;
		case 2:
			memmove(bytes + at + 1, bytes + at, len++ - at);
			bytes[at] = (uint8_t)(draw() % 2 ? draw() : 0x80);
			break;
		case 3:
			memmove(bytes + at, bytes + at + 1, --len - at);
			break;
		case 4: /* a field twice, or fields in another order */
			memmove(bytes + at + 2, bytes + at, len - at);
			len += 2;
			bytes[at] = (uint8_t)((1 + draw() % 15) << 3 | draw() % 6);
			bytes[at + 1] = (uint8_t)(draw() % 4);
			break;
		}
	}
	if (draw() % 8 && len <= 128)
		bytes[0] = (uint8_t)(len - 1);
	return len;
}

START_TEST(refuses_alike)
{
	/* Mutated frames: both give the same, or both refuse. */
	uint8_t data[ROOM], a[ROOM + 16];
	unsigned taken = 0, refused = 0;
	struct frame f, out;

	for (unsigned i = 0; i < 4 * FRAMES; i++) {
		long n;
		size_t len;

		f = any_frame(data);
		n = frame_encode_any(&f, a, ROOM);
		if (n < 0)
			continue;
		len = mutate(a, (size_t)n);
		taken += ck_decode(a, len);
		refused += frame_decode_any(a, len, &out) < 0;
	}
	ck_assert_uint_gt(taken, FRAMES / 8);
	ck_assert_uint_gt(refused, FRAMES / 8);
}
END_TEST

START_TEST(noise_alike)
{
	/* Random fields behind a type that the short cut knows. */
	static const uint8_t tags[] = { 0x10, 0x31, 0x39, 0x40, 0x48, 0x50, 0x72, 0x18, 0x6A };
	uint8_t a[160];

	for (unsigned i = 0; i < 4 * FRAMES; i++) {
		size_t len = 3 + draw() % 40;

		a[0] = (uint8_t)(len - 1);
		a[1] = 0x08;
		a[2] = (uint8_t)(3 + draw() % 2 * 13 + draw() % 3);
		for (size_t k = 3; k < len; k++)
			a[k] = draw() % 3 ? (uint8_t)draw() : tags[draw() % sizeof(tags)];
		ck_decode(a, len);
	}
}
END_TEST

static const struct {
	uint8_t bytes[20];
	size_t len;
	bool taken;
} cases[] = {
	{ { 2, 0x08, 17 }, 3, true },
	{ { 4, 0x08, 17, 0x10, 0 }, 5, true },
	{ { 5, 0x08, 17, 0x10, 0x81, 0x00 }, 6, true },                     /* 1 the long way */
	{ { 8, 0x08, 17, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }, 9, true },
	{ { 8, 0x08, 17, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F }, 9, false },  /* beyond 32 bits */
	{ { 9, 0x08, 17, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x8F, 0 }, 10, false },
	{ { 6, 0x08, 17, 0x40, 4, 0x10, 1 }, 7, false },                    /* out of order */
	{ { 6, 0x08, 17, 0x10, 1, 0x10, 2 }, 7, false },                    /* twice: the last */
	{ { 4, 0x10, 1, 0x08, 17 }, 5, false },
	{ { 10, 0x08, 17, 0x31, 1, 2, 3, 4, 5, 6, 7 }, 11, false },         /* cut */
	{ { 4, 0x08, 17, 0x72, 0 }, 5, false },                             /* no data, but named */
	{ { 5, 0x08, 18, 0x72, 1, 9 }, 6, true },
	{ { 5, 0x08, 18, 0x72, 2, 9 }, 6, false },                          /* beyond the frame */
	{ { 7, 0x08, 18, 0x72, 1, 9, 0x10, 1 }, 8, false },
	{ { 4, 0x08, 3, 0x48, 1 }, 5, true },                               /* status -1 */
	{ { 4, 0x08, 3, 0x48, 2 }, 5, false },                              /* status 1 */
	{ { 5, 0x08, 3, 0x48, 0xFD, 0x3F }, 6, true },                      /* -4095 */
	{ { 5, 0x08, 3, 0x48, 0xFF, 0x3F }, 6, false },                     /* -4096 */
	{ { 4, 0x08, 83, 0x48, 2 }, 5, false },                             /* EVENT */
	{ { 3, 0x08, 0x91, 0x00 }, 4, false },
};

START_TEST(edges)
{
	/* What is taken, and what is left to nanopb, which says the same. */
	ck_assert_int_eq(ck_decode(cases[_i].bytes, cases[_i].len), cases[_i].taken);
}
END_TEST

static void setup(void)
{
	state = 11;
}

int main(void)
{
	Suite *s = suite_create("frame_short");
	TCase *tc = tcase_create("alike");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, encodes_alike);
	tcase_add_test(tc, decodes_alike);
	tcase_add_test(tc, refuses_alike);
	tcase_add_test(tc, noise_alike);
	tcase_add_loop_test(tc, edges, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(s, tc);
	return check_main(s);
}
