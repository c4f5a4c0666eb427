/* SPDX-License-Identifier: MIT */
/* The reader of Linux' packet stream (pfclient/linux_stream.c; vf-lifecycle 3.1 to
 * 3.6, the rows M-.. of 6.5 that are about packets). Linux' own reader takes most
 * of what is refused here. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "pfclient/linux_stream.h"
#include "proto/bits.h"
#include "proto/klv.h"
#include "tests/check_main.h"

#define PAGES 16u
#define LMEM  9000u

/* A stream by hand: packets and payloads in order, which cases may bend. */
enum { DESC, GUC0, GGTT0, MMIO0, VRAM0, VRAM1, GUC1, MMIO1, TRAILER, PACKETS };

static struct {
	struct linux_packet p[PACKETS + 4];
	uint8_t payload[PACKETS + 4][8192];
	unsigned n;
	uint8_t bytes[1 << 16];
	size_t len;
} s;

/* What the sink got. */
static struct {
	unsigned packets;
	uint64_t bytes;
	uint64_t largest;    /* packet that was announced */
	uint32_t sum;
	int refuse;          /* after so many packets; 0: never */
} got;

static int on_packet(void *user, const struct linux_packet *p)
{
	(void)user;
	got.packets++;
	got.largest = p->size > got.largest ? p->size : got.largest;
	return got.refuse && (int)got.packets >= got.refuse ? -ENOBUFS : 0;
}

static int on_data(void *user, const struct linux_packet *p, uint64_t at, const uint8_t *bytes,
		   size_t n)
{
	(void)user;
	ck_assert_uint_le(at + n, p->size);
	for (size_t i = 0; i < n; i++)
		got.sum = got.sum * 31 + bytes[i];
	got.bytes += n;
	return 0;
}

static const struct linux_sink sink = { .packet = on_packet, .data = on_data };

static void put(unsigned i, unsigned type, unsigned gt, uint64_t offset, uint64_t size)
{
	s.p[i] = (struct linux_packet){
		.version = 1, .type = (uint8_t)type, .gt = (uint8_t)gt, .offset = offset,
		.size = size,
	};
	for (unsigned k = 0; k < size && k < sizeof(s.payload[i]); k++)
		s.payload[i][k] = (uint8_t)(k * 3 + i);
}

/* A descriptor as Linux makes it: two keys. */
static void make(void)
{
	static const uint32_t desc[4] = { 0xF0010001, 0xB080, 0xF0020001, 2 };

	memset(&s, 0, sizeof(s));
	put(DESC, PFC_IMAGE_DESCRIPTOR, 0, 0, 16);
	put(GUC0, PFC_IMAGE_GUC, 0, 0, 64);
	put(GGTT0, PFC_IMAGE_GGTT, 0, 0, PAGES * 8);
	put(MMIO0, PFC_IMAGE_MMIO, 0, 0, 16);
	put(VRAM0, PFC_IMAGE_VRAM, 0, 0, 8192);
	put(VRAM1, PFC_IMAGE_VRAM, 0, 8192, LMEM - 8192);
	put(GUC1, PFC_IMAGE_GUC, 1, 0, 32);
	put(MMIO1, PFC_IMAGE_MMIO, 1, 0, 16);
	put(TRAILER, PFC_IMAGE_TRAILER_SECTION, 0, 0, 0);
	for (unsigned i = 0; i < 4; i++)
		le32_put(s.payload[DESC] + 4 * i, desc[i]);
	s.n = PACKETS;
}

static void write_stream(void)
{
	s.len = 0;
	for (unsigned i = 0; i < s.n; i++) {
		size_t n = s.p[i].size <= sizeof(s.payload[i]) ? (size_t)s.p[i].size : 0;

		linux_packet_put(s.bytes + s.len, &s.p[i]);
		memcpy(s.bytes + s.len + LINUX_PACKET_HEADER, s.payload[i], n);
		s.len += LINUX_PACKET_HEADER + n;
	}
}

static struct linux_reader reader;

static int read_stream(size_t len, size_t step)
{
	memset(&got, 0, sizeof(got));
	linux_reader_init(&reader, 1, 2, &sink);
	for (size_t at = 0; at < len; at += step)
		if (linux_take(&reader, s.bytes + at, step < len - at ? step : len - at) < 0)
			break;
	return linux_finish(&reader);
}

START_TEST(M_09_any_split)
{
	/* M-09: the same payloads arrive however the stream is cut; what it says of the
	 * VF is known at its end. */
	uint32_t sum;

	make();
	write_stream();
	ck_assert_int_eq(read_stream(s.len, s.len), 0);
	sum = got.sum;
	for (size_t step = 1; step < 100; step++) {
		ck_assert_int_eq(read_stream(s.len, step), 0);
		ck_assert_uint_eq(got.sum, sum);
		ck_assert_uint_eq(got.packets, 7);
	}
	ck_assert_uint_eq(reader.from.devid, 0xB080);
	ck_assert_uint_eq(reader.from.revid, 2);
	ck_assert_uint_eq(reader.from.ggtt_size, PAGES * 4096);
	ck_assert_uint_eq(reader.from.lmem_size, LMEM);
	ck_assert_uint_eq(reader.known, 0);
}
END_TEST

START_TEST(M_26_truncation)
{
	/* M-26: cut at any byte, also between packets: a stream without its trailer. */
	make();
	write_stream();
	for (size_t len = 0; len < s.len; len++) {
		ck_assert_int_eq(read_stream(len, 1 + len % 33), -ENODATA);
		ck_assert_uint_eq(reader.bad_at, len);
	}
}
END_TEST

START_TEST(M_28_after_the_trailer)
{
	/* M-28: Linux may or may not process packets behind the trailer; we refuse. */
	make();
	s.p[s.n++] = s.p[MMIO1];
	write_stream();
	ck_assert_int_eq(read_stream(s.len, 1000), -EINVAL);
}
END_TEST

/* A packet's header bent. */
struct bend {
	unsigned packet, field; /* 0 version, 1 type, 2 tile, 3 gt, 4 flags, 5 offset, 6 size */
	uint64_t value;
	int err;
};

static void bend(const struct bend *b)
{
	struct linux_packet *p = &s.p[b->packet];

	switch (b->field) {
	case 0: p->version = (uint8_t)b->value; break;
	case 1: p->type = (uint8_t)b->value; break;
	case 2: p->tile = (uint8_t)b->value; break;
	case 3: p->gt = (uint8_t)b->value; break;
	case 4: p->flags = (uint32_t)b->value; break;
	case 5: p->offset = b->value; break;
	default: p->size = b->value; break;
	}
}

/* Refused at that packet's header: nothing of it, nor of what follows, arrives. */
static void refuse(const struct bend *bends, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = 0;

		make();
		for (unsigned k = 0; k < bends[i].packet; k++)
			at += LINUX_PACKET_HEADER + s.p[k].size;
		bend(&bends[i]);
		write_stream();
		ck_assert_msg(read_stream(s.len, 77) == bends[i].err, "case %zu: %d %s", i,
			      reader.err, reader.why ? reader.why : "");
		ck_assert_uint_eq(reader.bad_at, at);
		ck_assert_uint_lt(got.packets, bends[i].packet + 1);
		/* M-17, 3.6 nr. 3: the error is latched. */
		make();
		write_stream();
		ck_assert_int_eq(linux_take(&reader, s.bytes, s.len), bends[i].err);
		ck_assert_int_eq(linux_finish(&reader), bends[i].err);
	}
}
#define REFUSE(...)                                                            \
	do {                                                                   \
		static const struct bend bends[] = { __VA_ARGS__ };            \
		refuse(bends, sizeof(bends) / sizeof(bends[0]));               \
	} while (0)

START_TEST(M_13_trailer)
{
	/* M-13: a trailer with a size, an offset, a GT or a tile. */
	REFUSE({ TRAILER, 6, 16, -EINVAL }, { TRAILER, 5, 1, -EINVAL }, { TRAILER, 3, 1, -EINVAL },
	       { TRAILER, 2, 1, -EINVAL });
}
END_TEST

START_TEST(M_14_no_descriptor)
{
	/* M-14, 3.6 nr. 6, 9: no descriptor, an empty one, one on a GT, a late one. */
	REFUSE({ DESC, 1, PFC_IMAGE_MMIO, -EINVAL }, { DESC, 6, 0, -EINVAL },
	       { DESC, 3, 1, -EINVAL }, { GUC0, 1, PFC_IMAGE_DESCRIPTOR, -EINVAL });
}
END_TEST

START_TEST(M_17_version)
{
	/* M-17, 3.6 nr. 1: version 2 is refused with nothing of the packet used, a
	 * trailer does not end the stream; flags that nobody knows as well. */
	REFUSE({ DESC, 0, 2, -EINVAL }, { GUC0, 0, 0, -EINVAL }, { TRAILER, 0, 2, -EINVAL },
	       { VRAM0, 0, 255, -EINVAL }, { MMIO0, 4, 1, -EINVAL });
	make();
	s.p[TRAILER].version = 2;
	write_stream();
	ck_assert_int_lt(read_stream(s.len, 4096), 0);
	ck_assert(!reader.ended);
}
END_TEST

START_TEST(M_18_places)
{
	/* M-18, 3.6 nr. 2: GT 9, a tile that does not own the GT, type 0; entries or
	 * LMEM of a media GT. */
	REFUSE({ GUC1, 3, 9, -EINVAL }, { GUC1, 2, 1, -EINVAL }, { GUC1, 1, 0, -EINVAL },
	       { GGTT0, 3, 1, -EINVAL }, { VRAM0, 3, 1, -EINVAL });
}
END_TEST

START_TEST(M_19_sizes)
{
	/* M-19, M-20: entries that are no whole ones, 12 or 20 bytes of mailbox, a blob
	 * without bytes or of no whole dwords, offsets where there are none. */
	REFUSE({ GGTT0, 6, 12, -EINVAL }, { GGTT0, 6, 0, -EINVAL }, { MMIO0, 6, 12, -EINVAL },
	       { MMIO0, 6, 20, -EINVAL }, { GUC0, 6, 0, -EINVAL }, { GUC0, 6, 30, -EINVAL },
	       { GUC0, 5, 8, -EINVAL }, { MMIO1, 5, 1ull << 63, -EINVAL });
}
END_TEST

START_TEST(M_21_lmem)
{
	/* M-21: LMEM that leaves a gap, comes again, overflows or has no bytes. */
	REFUSE({ VRAM1, 5, 4096, -EINVAL }, { VRAM1, 5, 0, -EINVAL }, { VRAM1, 5, 16384, -EINVAL },
	       { VRAM1, 5, UINT64_MAX - 100, -EINVAL }, { VRAM0, 6, 0, -EINVAL });
}
END_TEST

START_TEST(M_24_duplicates)
{
	/* M-24: Linux applies a second GUC packet; here nothing comes twice, and all of
	 * it comes. */
	REFUSE({ GUC1, 3, 0, -EINVAL }, { MMIO1, 3, 0, -EINVAL });
	for (unsigned gone = GUC0; gone < TRAILER; gone++) {
		if (gone == VRAM0 || gone == VRAM1)
			continue;
		make();
		memmove(s.p + gone, s.p + gone + 1, (--s.n - gone) * sizeof(s.p[0]));
		memmove(s.payload + gone, s.payload + gone + 1, (s.n - gone) * sizeof(s.payload[0]));
		write_stream();
		ck_assert_int_eq(read_stream(s.len, 999), -ENODATA);
	}
}
END_TEST

START_TEST(M_27_giant_sizes)
{
	/* M-27, 3.6 nr. 8: a giant size is refused before anybody makes room for it;
	 * skipping unknown packets has an end too. */
	REFUSE({ GUC0, 6, 1ull << 63, -EMSGSIZE }, { GGTT0, 6, UINT64_MAX & ~7ull, -EMSGSIZE },
	       { VRAM0, 6, 1ull << 63, -EMSGSIZE }, { DESC, 6, 1ull << 40, -EMSGSIZE },
	       { GUC0, 6, PFC_IMAGE_MAX_GUC + 4, -EINVAL }, { VRAM0, 6, LINUX_MAX_CHUNK + 1, -EMSGSIZE });
	make();
	bend(&(const struct bend){ MMIO1, 1, 99, 0 });
	s.p[MMIO1].size = 1ull << 40;
	write_stream();
	ck_assert_int_eq(read_stream(s.len, 4096), -EMSGSIZE);
	make();
	write_stream();
	s.len -= LINUX_PACKET_HEADER;
	put(0, 99, 0, 0, 0);
	for (unsigned i = 0; i < 100; i++, s.len += LINUX_PACKET_HEADER)
		linux_packet_put(s.bytes + s.len, &s.p[0]);
	ck_assert_int_eq(read_stream(s.len, 4096), -EINVAL);
	ck_assert_uint_le(got.largest, 8192);
}
END_TEST

START_TEST(M_16_unknown)
{
	/* M-16: packets and keys that nobody knows are skipped, as Linux does, and
	 * counted; our own compression metadata is one that Linux skips. */
	make();
	s.n--;
	put(s.n++, 99, 1, 0, 40);
	put(s.n++, PFC_IMAGE_CCS, 0, 0, 36);
	put(s.n++, PFC_IMAGE_TRAILER_SECTION, 0, 0, 0);
	le32_put(s.payload[DESC] + 16, 0xF1EE0001);
	s.p[DESC].size = 24;
	write_stream();
	ck_assert_int_eq(read_stream(s.len, 7), 0);
	ck_assert_uint_eq(reader.skipped, 1);
	ck_assert_uint_eq(reader.from.ccs_size, 36);
	ck_assert_uint_eq(got.packets, 8);
}
END_TEST

static const struct {
	uint32_t dw[6];
	unsigned bytes;
} descriptors[] = {
	{ { 0xF0010001, 1, 0xF0020001, 2 }, 14 },             /* size % 4 */
	{ { 0xF0010001, 1, 0xF0020001 }, 12 },                /* cut off */
	{ { 0xF0010001, 1, 0xF0020002, 2 }, 16 },
	{ { 0xF0010000, 0xF0020001, 2 }, 12 },                /* a known key's length */
	{ { 0xF0010002, 1, 0, 0xF0020001, 2 }, 20 },
	{ { 0xF0010001, 1 }, 8 },                             /* a key missing */
	{ { 0xF0020001, 1 }, 8 },
	{ { 0xF1230000 }, 4 },
	{ { 0xF0010001, 1, 0xF0010001, 1, 0xF0020001, 2 }, 24 }, /* twice */
	{ { 0xF0010001, 0x10000, 0xF0020001, 2 }, 16 },       /* out of range */
	{ { 0xF0010001, 1, 0xF0020001, 0x100 }, 16 },
	{ { 0xF0010001, 1, 0xF0020001, 1, 0xF0800001, 0xFF02 }, 24 },
	{ { 0xF0010001, 1, 0xF0020001, 1, 0xF0800001, 0x0403 }, 24 },
	{ { 0xF0010001, 1, 0xF0020001, 1, 0xF0840000 }, 20 },
};

START_TEST(M_15_descriptor)
{
	/* M-15, 3.3: a KLV that is cut off, of the wrong length (which Linux does not
	 * look at), missing, there twice or out of range. */
	make();
	for (unsigned i = 0; i < 6; i++)
		le32_put(s.payload[DESC] + 4 * i, descriptors[_i].dw[i]);
	s.p[DESC].size = descriptors[_i].bytes;
	write_stream();
	ck_assert_int_eq(read_stream(s.len, 4096), -EINVAL);
	ck_assert_uint_eq(reader.bad_at, 0);
	ck_assert_uint_eq(got.packets, 0);
}
END_TEST

START_TEST(our_descriptor)
{
	/* linux_stream.h: what Linux' stream can't say goes along as keys that Linux
	 * skips, and comes back. */
	const struct pfc_image_profile p = {
		.tiles = 1, .gts = 2, .devid = 0x1234, .revid = 5, .graphics = 2004,
		.contexts = 77, .doorbells = 0, .ggtt_start = 0x123456000, .begin_context = 9,
		.begin_doorbell = 3,
	};
	int len;

	make();
	len = linux_describe(&p, s.payload[DESC], sizeof(s.payload[DESC]));
	ck_assert_int_gt(len, 16);
	/* Device and revision come first, as Linux has them. */
	ck_assert_uint_eq(le32_get(s.payload[DESC]), 0xF0010001);
	ck_assert_uint_eq(le32_get(s.payload[DESC] + 8), 0xF0020001);
	s.p[DESC].size = (uint64_t)len;
	write_stream();
	ck_assert_int_eq(read_stream(s.len, 5), 0);
	ck_assert_uint_eq(reader.known, LINUX_KNOWS_GTS | LINUX_KNOWS_GRAPHICS |
					LINUX_KNOWS_CONTEXTS | LINUX_KNOWS_DOORBELLS);
	ck_assert_uint_eq(reader.from.devid, p.devid);
	ck_assert_uint_eq(reader.from.graphics, p.graphics);
	ck_assert_uint_eq(reader.from.contexts, p.contexts);
	ck_assert_uint_eq(reader.from.ggtt_start, p.ggtt_start);
	ck_assert_uint_eq(reader.from.begin_context, p.begin_context);
	ck_assert_uint_eq(reader.from.begin_doorbell, p.begin_doorbell);
	ck_assert_int_eq(linux_describe(&p, s.payload[DESC], 20), -ENOSPC);
}
END_TEST

START_TEST(sink_refuses)
{
	/* linux_stream.h: an error of the sink is one of the stream, and sticks. */
	make();
	write_stream();
	memset(&got, 0, sizeof(got));
	got.refuse = 3;
	linux_reader_init(&reader, 1, 2, &sink);
	ck_assert_int_eq(linux_take(&reader, s.bytes, s.len), -ENOBUFS);
	ck_assert_uint_eq(got.packets, 3);
	ck_assert_uint_eq(got.bytes, 64 + PAGES * 8);
	ck_assert_int_eq(linux_finish(&reader), -ENOBUFS);
}
END_TEST

START_TEST(uneven_tiles)
{
	/* 3.1: GGTT and LMEM of the tiles are of one VF: sizes that differ are no
	 * stream of it. */
	make();
	s.n = GUC1;
	put(s.n++, PFC_IMAGE_GUC, 1, 0, 32);
	put(s.n++, PFC_IMAGE_GGTT, 1, 0, _i ? PAGES * 8 : PAGES * 8 + 8);
	put(s.n++, PFC_IMAGE_MMIO, 1, 0, 16);
	put(s.n++, PFC_IMAGE_TRAILER_SECTION, 0, 0, 0);
	for (unsigned i = GUC1; i < GUC1 + 3; i++)
		s.p[i].tile = 1;
	write_stream();
	linux_reader_init(&reader, 2, 1, &sink);
	linux_take(&reader, s.bytes, s.len);
	ck_assert_int_eq(linux_finish(&reader), _i ? -ENODATA : -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("linux-stream");
	TCase *t = tcase_create("reader");

	tcase_add_test(t, M_09_any_split);
	tcase_add_test(t, M_13_trailer);
	tcase_add_test(t, M_14_no_descriptor);
	tcase_add_loop_test(t, M_15_descriptor, 0,
			    (int)(sizeof(descriptors) / sizeof(descriptors[0])));
	tcase_add_test(t, M_16_unknown);
	tcase_add_test(t, M_17_version);
	tcase_add_test(t, M_18_places);
	tcase_add_test(t, M_19_sizes);
	tcase_add_test(t, M_21_lmem);
	tcase_add_test(t, M_24_duplicates);
	tcase_add_test(t, M_26_truncation);
	tcase_add_test(t, M_27_giant_sizes);
	tcase_add_test(t, M_28_after_the_trailer);
	tcase_add_test(t, our_descriptor);
	tcase_add_test(t, sink_refuses);
	tcase_add_loop_test(t, uneven_tiles, 0, 2);
	suite_add_tcase(suite, t);
	return check_main(suite);
}
