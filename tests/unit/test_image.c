/* SPDX-License-Identifier: MIT */
/* The container of the migration image alone: writer and reader (vf-lifecycle
 * 3.5 to 3.7, rows M-.. of 6.5). What the PF does with it: test_pfc_image.c. */
#include "image_fixture.h"
#include "tests/check_main.h"

static struct ix m, other;

static void make(bool content)
{
	if (content)
		ix_make_content(&m);
	else
		ix_make(&m);
}

START_TEST(M_09_any_split)
{
	/* M-09: the same bytes come out and go in, however they are cut, one by one
	 * too. */
	make(_i);
	ix_write(&m, sizeof(m.bytes));
	for (size_t step = 1; step < 120; step += 1 + step / 20) {
		if (_i)
			ix_make_content(&other);
		else
			ix_make(&other);
		ix_write(&other, step);
		ck_assert_uint_eq(m.len, other.len);
		ck_assert(memcmp(m.bytes, other.bytes, m.len) == 0);
		ck_assert_int_eq(ix_read(&m, m.len, step), 0);
		ck_assert_mem_eq(pfc_image_find(&m.reader, PFC_IMAGE_GUC, 1)->data, m.guc[1], 64);
		ck_assert(!_i || memcmp(m.got[0], m.lmem, IX_LMEM) == 0);
		ck_assert(!_i || memcmp(m.got[1], m.ccs, IX_CCS) == 0);
		memset(m.got, 0xEE, sizeof(m.got));
	}
	ck_assert_int_eq(ix_read(&m, m.len, m.len), 0);
	ix_free(&other);
}
END_TEST

START_TEST(M_25_bit_flips)
{
	/* M-25: every single flipped bit is found, with and without content; a flip
	 * in the state is found before any content is applied. */
	size_t content;

	make(_i);
	ix_write(&m, 4096);
	content = ix_section(&m, IX_PARTS);
	for (size_t bit = 0; bit < m.len * 8; bit += _i && bit > 12000 ? 61 : 1) {
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(ix_read(&m, m.len, 4096) < 0, "bit %zu", bit);
		/* A wrong length of the file header shifts all that follows. */
		ck_assert(m.reader.bad_at <= bit / 8 || bit / 8 / 4 * 4 == HDR_LENGTH);
		ck_assert(bit / 8 >= content || m.applied == 0);
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(ix_read(&m, m.len, 64), 0);
}
END_TEST

START_TEST(M_25_each_section)
{
	/* M-25, 3.7: each section has its own checksum: a change of its payload is
	 * found there, although the rest would be right; a change of header and
	 * checksum together is found by the trailer's checksum of everything. */
	size_t at;

	make(true);
	ix_write(&m, 4096);
	for (unsigned n = 0; n < IX_PARTS + 5; n++) {
		at = ix_section(&m, n);
		ck_assert_uint_lt(at, m.len);
		if (!le32_get(m.bytes + at + SEC_STORED))
			continue;
		m.bytes[at + PFC_IMAGE_SECTION + 10] ^= 0x10;
		ck_assert_int_eq(ix_read(&m, m.len, 4096), -EBADMSG);
		ck_assert_uint_eq(m.reader.bad_at, at + PFC_IMAGE_SECTION);
		ck_assert_str_eq(m.reader.why, "checksum of a section");
		m.bytes[at + PFC_IMAGE_SECTION + 10] ^= 0x10;
	}
	at = ix_section(&m, IX_GUC1);
	m.bytes[at + PFC_IMAGE_SECTION] ^= 0x10;
	le32_put(m.bytes + at + SEC_PAYLOAD_CRC,
		 crc32c(0, m.bytes + at + PFC_IMAGE_SECTION, 64));
	ix_sign(&m, at);
	ck_assert_int_eq(ix_read(&m, m.len, 4096), -EBADMSG);
	ck_assert_str_eq(m.reader.why, "checksum of the image");
}
END_TEST

START_TEST(M_26_truncation)
{
	/* M-26: an image cut at any byte is incomplete, no matter the split; the
	 * error names the place. */
	make(_i);
	ix_write(&m, 4096);
	for (size_t len = 0; len < m.len; len += _i && len > 1500 ? 37 : 1) {
		ck_assert_int_eq(ix_read(&m, len, 1 + len % 50), -ENODATA);
		ck_assert_uint_eq(m.reader.bad_at, len);
		ck_assert_int_eq(pfc_image_finish(&m.reader), -ENODATA);
	}
}
END_TEST

START_TEST(M_28_after_the_trailer)
{
	/* M-28: data after the trailer is refused, and that sticks. */
	make(_i);
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read(&m, m.len + 1, m.len), -EINVAL);
	ck_assert_int_eq(pfc_image_finish(&m.reader), -EINVAL);
	ck_assert_int_eq(pfc_image_take(&m.reader, m.bytes, 1), -EINVAL);
}
END_TEST

/* --- content ------------------------------------------------------------------------- */

static const struct {
	unsigned slice; /* of VRAM: 0 and 1 stored, 2 zeros, 3, 4 stored, ... */
	size_t field;
	uint64_t value;
	int err;
} bad_slices[] = {
	{ 0, SEC_OFFSET, 4096, -EINVAL },             /* starts late */
	{ 1, SEC_OFFSET, 0, -EINVAL },                /* again */
	{ 1, SEC_OFFSET, 8192, -EINVAL },             /* a gap */
	{ 1, SEC_OFFSET, UINT64_MAX - 4095, -EINVAL },/* overflows */
	{ 1, SEC_OFFSET, 1ull << 63, -EINVAL },
	{ 2, SEC_RAW, IX_LMEM, -EINVAL },             /* past the end */
	{ 2, SEC_RAW, UINT32_MAX, -EINVAL },
	{ 2, SEC_RAW, 0, -EINVAL },
	{ 2, SEC_RAW, 100, -EINVAL },                 /* within a page */
	{ 2, SEC_STORED, 4096, -EINVAL },
	{ 0, SEC_RAW, 100, -EINVAL },                 /* disagrees */
	{ 0, SEC_FLAGS, 5, -EINVAL },                 /* "last" */
	{ 0, SEC_FLAGS, 0, -EINVAL },
	{ 0, SEC_GT, 1, -EINVAL },
};

START_TEST(M_21_slices)
{
	/* M-21: a slice past the end of LMEM, with an offset that overflows, comes
	 * again or leaves a gap, is refused at its header. */
	size_t at;

	make(true);
	ix_write(&m, 4096);
	at = ix_section(&m, IX_PARTS + bad_slices[_i].slice);
	ck_assert_uint_eq(m.bytes[at], PFC_IMAGE_VRAM);
	if (bad_slices[_i].field == SEC_OFFSET)
		le64_put(m.bytes + at + SEC_OFFSET, bad_slices[_i].value);
	else if (bad_slices[_i].field == SEC_GT)
		m.bytes[at + SEC_GT] = (uint8_t)bad_slices[_i].value;
	else
		le32_put(m.bytes + at + bad_slices[_i].field, (uint32_t)bad_slices[_i].value);
	ix_sign(&m, at);
	ck_assert_int_eq(ix_read(&m, m.len, 4096), bad_slices[_i].err);
	ck_assert_uint_eq(m.reader.bad_at, at);
	ck_assert_uint_le(m.applied, 4096u * bad_slices[_i].slice);
}
END_TEST

START_TEST(M_21_content_sizes)
{
	/* M-21, 3.7: content has to be whole, of the size that the VF has, behind all
	 * of the state, and in slices no larger than announced. */
	struct pfc_image_profile want;

	make(true);
	ix_write(&m, 4096);
	want = m.profile;
	want.lmem_size += 4096;
	ck_assert_int_eq(ix_read_as(&m, m.len, 100, &want), -EINVAL);
	want = m.profile;
	want.ccs_size = 0;
	ck_assert_int_eq(ix_read_as(&m, m.len, 100, &want), -EINVAL);
	make(true);
	m.bulks = 1;
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read(&m, m.len, 100), -ENODATA);
	make(true);
	m.bulk[0].slice = 2 * IX_SLICE;
	m.zero[0] = m.zero[1] = 0;
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read(&m, m.len, 100), -EINVAL);
	make(true);
	ix_drop(&m, IX_MMIO1);
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read(&m, m.len, 100), -EINVAL);
	ck_assert_uint_eq(m.applied, 0);
}
END_TEST

START_TEST(M_21_zeros)
{
	/* 3.7: slices of zeros are not stored, neighbours are one section; what the
	 * target had there before is overwritten. */
	make(true);
	ix_write(&m, 4096);
	ck_assert_uint_eq(m.len, PFC_IMAGE_HEADER + IX_PARTS * PFC_IMAGE_SECTION +
				 m.part[IX_DESC].stored + 2 * 64 + m.part[IX_GGTT0].stored + 2 * 36 +
				 10 * PFC_IMAGE_SECTION + IX_LMEM - 4 * IX_SLICE +
				 PFC_IMAGE_SECTION + IX_CCS +
				 PFC_IMAGE_SECTION + PFC_IMAGE_TRAILER);
	memset(m.got, 0xEE, sizeof(m.got));
	ck_assert_int_eq(ix_read(&m, m.len, 4096), 0);
	ck_assert_uint_eq(m.applied, IX_LMEM + IX_CCS);
	ck_assert(memcmp(m.got[0], m.lmem, IX_LMEM) == 0);
}
END_TEST

START_TEST(bulk_in_steps)
{
	/* 3.7: the size of an image with millions of slices is found a step at a time,
	 * zeros or not; and the header that comes next is too. */
	enum { SLICE = 4096, N = 1 << 20, STEP = 65536 };
	static uint8_t zero[N / 8];
	struct pfc_image_bulk b = {
		.type = PFC_IMAGE_VRAM, .slice = SLICE, .size = (uint64_t)N * SLICE - 100,
		.zero = zero,
	};
	uint64_t none, sections = _i ? N / 4096 : N;
	struct pfc_image_writer w;
	unsigned steps = 0;

	memset(zero, _i ? 0xFF : 0, sizeof(zero));
	pfc_image_begin(&w, m.bytes);
	none = w.total;
	ck_assert_int_eq(pfc_image_add_bulk(&w, &b), 0);
	for (bool done = false; !done; steps++) {
		uint64_t at = w.seal_at;

		done = pfc_image_seal(&w, STEP);
		ck_assert_uint_le(done ? b.size - at : w.seal_at - at,
				  (STEP / PFC_IMAGE_LOOK + 4096ull) * SLICE);
	}
	ck_assert_uint_ge(steps, N / (STEP / PFC_IMAGE_LOOK + 4096));
	ck_assert_uint_eq(w.total, none + sections * PFC_IMAGE_SECTION + (_i ? 0 : b.size));
	ck_assert(pfc_image_seal(&w, 0));
	ck_assert_uint_eq(pfc_image_emit(&w, m.bytes, PFC_IMAGE_HEADER), PFC_IMAGE_HEADER);
	ck_assert_uint_eq(w.slice.raw, _i ? 4096 * SLICE : SLICE);
}
END_TEST

START_TEST(bulk_arguments)
{
	/* The writer takes no content without bytes, nor slices of a size that no
	 * reader takes; there is an end to what it takes. */
	struct pfc_image_bulk b = { .type = PFC_IMAGE_VRAM, .slice = 4096, .size = 4096 };
	struct pfc_image_writer w;
	uint8_t byte;

	pfc_image_begin(&w, m.bytes);
	b.size = 0;
	ck_assert_int_eq(pfc_image_add_bulk(&w, &b), -EINVAL);
	b.size = 4096;
	b.slice = 0;
	ck_assert_int_eq(pfc_image_add_bulk(&w, &b), -EINVAL);
	b.slice = PFC_IMAGE_MAX_SLICE + 1;
	ck_assert_int_eq(pfc_image_add_bulk(&w, &b), -EINVAL);
	b.slice = 4096;
	for (unsigned i = 0; i < PFC_IMAGE_BULKS; i++)
		ck_assert_int_eq(pfc_image_add_bulk(&w, &b), 0);
	ck_assert_int_eq(pfc_image_add_bulk(&w, &b), -ENOSPC);
	ck_assert_ptr_null(pfc_image_wanted(&w));
	pfc_image_give_slice(&w, &byte);
	ck_assert_uint_eq(pfc_image_emit(&w, m.bytes, 4096), PFC_IMAGE_HEADER);
	ck_assert_uint_eq(pfc_image_wanted(&w)->stored, 4096);
	ck_assert_uint_eq(pfc_image_emit(&w, m.bytes, 4096), 0);
	ck_assert_int_eq(pfc_image_describe(&ix_profile, 0, m.desc, 40), -ENOSPC);
}
END_TEST

START_TEST(callers_verdict)
{
	/* image.h: what the caller finds wrong sticks as the reader's own error. */
	make(true);
	ix_write(&m, 4096);
	pfc_image_reader_init(&m.reader, &m.profile);
	ck_assert_int_gt(pfc_image_take(&m.reader, m.bytes, m.len), 0);
	ck_assert_int_eq(m.reader.phase, PFC_IMG_STAGE);
	pfc_image_fail(&m.reader, -ENOBUFS, "no room");
	ck_assert_int_eq(pfc_image_take(&m.reader, m.bytes, 1), -ENOBUFS);
	pfc_image_fail(&m.reader, -EIO, "later");
	ck_assert_int_eq(pfc_image_finish(&m.reader), -ENOBUFS);
	ck_assert_str_eq(m.reader.why, "no room");
}
END_TEST

/* --- headers --------------------------------------------------------------------------- */

static const struct {
	size_t offset;
	uint32_t value;
	unsigned bytes;
	int err;
} headers[] = {
	{ HDR_MAJOR, 2, 2, -EINVAL },     { HDR_MAJOR, 0, 2, -EINVAL },
	{ HDR_MAJOR, 0x101, 2, -EINVAL }, { HDR_MINOR, 9, 2, 0 },
	{ HDR_MAGIC, 'X', 1, -EINVAL },   { HDR_LENGTH, 47, 4, -EMSGSIZE },
	{ HDR_LENGTH, 4097, 4, -EMSGSIZE }, { HDR_LENGTH, 0xFFFFFFFF, 4, -EMSGSIZE },
	{ HDR_FLAGS, 1, 4, -EINVAL },     { HDR_ALIGN, 8, 4, -EINVAL },
	{ HDR_MBZ, 1, 4, -EINVAL },
};

START_TEST(M_17_version)
{
	/* M-17, 3.6 nr. 1, 3: a foreign version is refused and that is latched: a good
	 * image behind it is not taken. So with each other field of the file header,
	 * although its checksum is right; a larger minor is no reason. */
	long got;

	make(false);
	ix_write(&m, 4096);
	ix_make(&other);
	ix_write(&other, 4096);
	for (unsigned i = 0; i < headers[_i].bytes; i++)
		m.bytes[headers[_i].offset + i] = (uint8_t)(headers[_i].value >> 8 * i);
	le32_put(m.bytes + HDR_CRC, crc32c(0, m.bytes, HDR_CRC));
	if (headers[_i].err == 0) {
		/* The trailer sums it up too. */
		le32_put(m.bytes + m.len - PFC_IMAGE_TRAILER + TRL_CRC,
			 crc32c(0, m.bytes, m.len - PFC_IMAGE_TRAILER - PFC_IMAGE_SECTION));
		ix_sign_trailer(&m);
	}
	ck_assert_int_eq(ix_read(&m, m.len, 4096), headers[_i].err);
	got = pfc_image_take(&m.reader, other.bytes, other.len);
	ck_assert_int_eq(got, headers[_i].err ? headers[_i].err : -EINVAL);
	ck_assert_uint_eq(m.reader.parts, headers[_i].err ? 0 : 5);
	ix_free(&other);
}
END_TEST

START_TEST(header_extension)
{
	/* 3.7: a longer header is skipped and covered by its checksum; a larger
	 * minor is accepted. */
	size_t at = PFC_IMAGE_HEADER;
	uint32_t crc;

	make(false);
	ix_write(&m, 4096);
	memmove(m.bytes + at + 100, m.bytes + at, m.len - at);
	memset(m.bytes + at, 0x33, 100);
	m.len += 100;
	le32_put(m.bytes + HDR_LENGTH, 148);
	m.bytes[HDR_MINOR] = 7;
	crc = crc32c(0, m.bytes, HDR_CRC);
	le32_put(m.bytes + HDR_CRC, crc32c(crc, m.bytes + at, 100));
	/* The trailer counts and sums all bytes. */
	at = m.len - PFC_IMAGE_TRAILER;
	le32_put(m.bytes + at + TRL_CRC, crc32c(0, m.bytes, at - PFC_IMAGE_SECTION));
	le64_put(m.bytes + at + TRL_TOTAL, m.len);
	ix_sign_trailer(&m);
	for (size_t step = 1; step < 60; step += 7)
		ck_assert_int_eq(ix_read(&m, m.len, step), 0);
	m.bytes[PFC_IMAGE_HEADER + 50] ^= 1;
	ck_assert_int_eq(ix_read(&m, m.len, 64), -EBADMSG);
}
END_TEST

static const struct {
	size_t offset;
	uint32_t value;
	int err;
} sections[] = {
	{ SEC_RAW, 0x80000000, -EMSGSIZE }, { SEC_RAW, 0xFFFFFFFC, -EMSGSIZE },
	{ SEC_RAW, PFC_IMAGE_MAX_GUC + 4, -EMSGSIZE },
	{ SEC_OFFSET, 1, -EINVAL },         { SEC_OFFSET + 4, 0x80000000, -EINVAL },
	{ SEC_MBZ, 1, -EINVAL },            { SEC_SEQ, 0, -EINVAL },
	{ SEC_SEQ, 2, -EINVAL },            { SEC_SEQ, 0xFFFFFFFF, -EINVAL },
	{ SEC_PAYLOAD_CRC, 0, -EBADMSG },
};

START_TEST(M_27_giant_sizes)
{
	/* M-27, 3.6 nr. 8: giant sizes, offsets, gaps in the sequence and reserved bits
	 * are refused at the section's header, before any room is used. */
	size_t at;

	make(false);
	ix_write(&m, 4096);
	at = ix_section(&m, IX_GUC0);
	le32_put(m.bytes + at + sections[_i].offset, sections[_i].value);
	if (sections[_i].offset == SEC_RAW)
		le32_put(m.bytes + at + SEC_STORED, sections[_i].value);
	ix_sign(&m, at);
	ck_assert_int_eq(ix_read(&m, m.len, 4096), sections[_i].err);
	ck_assert_uint_eq(m.reader.stage_used, sections[_i].offset == SEC_PAYLOAD_CRC ? 64 : 0);
}
END_TEST

START_TEST(M_27_unknown_sections)
{
	/* M-27: skipping has an end too: neither a giant section nor endlessly many. */
	make(false);
	m.part[m.parts++] = ix_part(77, 0, 0, 64, m.guc[0]);
	ix_write(&m, 4096);
	le32_put(m.bytes + ix_section(&m, IX_PARTS) + SEC_RAW, PFC_IMAGE_MAX_SKIP + 1);
	le32_put(m.bytes + ix_section(&m, IX_PARTS) + SEC_STORED, PFC_IMAGE_MAX_SKIP + 1);
	ix_sign(&m, m.len - PFC_IMAGE_TRAILER - 2 * PFC_IMAGE_SECTION - 64);
	ck_assert_int_eq(ix_read(&m, m.len, 4096), -EMSGSIZE);
	make(false);
	ix_write(&m, 4096);
	for (uint32_t seq = IX_PARTS; seq < 100; seq++) {
		uint8_t *h = m.bytes + m.len - PFC_IMAGE_TRAILER - PFC_IMAGE_SECTION;

		memset(h, 0, PFC_IMAGE_SECTION);
		h[SEC_TYPE] = 77;
		le32_put(h + SEC_SEQ, seq);
		le32_put(h + SEC_CRC, crc32c(0, h, SEC_CRC));
		m.len += PFC_IMAGE_SECTION;
	}
	ck_assert_int_eq(ix_read(&m, m.len, 4096), -EINVAL);
	ck_assert_uint_eq(m.reader.seq, PFC_IMAGE_MAX_SECTIONS);
}
END_TEST

START_TEST(M_13_trailer)
{
	/* M-13, 3.7: id, count, checksum and size of the trailer are compared; its
	 * section has size 32, GT 0, offset 0. */
	static const size_t payload[] = { TRL_ID, TRL_SECTIONS, TRL_CRC, TRL_TOTAL };
	static const size_t header[] = { SEC_TILE, SEC_GT, SEC_OFFSET, SEC_RAW, SEC_STORED };
	size_t at;

	make(false);
	ix_write(&m, 4096);
	at = m.len - PFC_IMAGE_TRAILER;
	if (_i < 4)
		m.bytes[at + payload[_i]] ^= 1;
	else
		m.bytes[at - PFC_IMAGE_SECTION + header[_i - 4]] ^= 1;
	ix_sign_trailer(&m);
	ck_assert_int_eq(ix_read(&m, m.len, 4096), _i == 2 ? -EBADMSG : -EINVAL);
}
END_TEST

START_TEST(M_14_wrong_device)
{
	/* M-14, M-29, 3.7: another device, revision or graphics version is ENODEV,
	 * another configuration EINVAL; another place is the point of it all. */
	struct pfc_image_profile want = ix_profile;
	int err = -EINVAL;

	make(false);
	ix_write(&m, 4096);
	switch (_i) {
	case 0: want.devid++; err = -ENODEV; break;
	case 1: want.revid++; err = -ENODEV; break;
	case 2: want.graphics++; err = -ENODEV; break;
	case 3: want.gts = 1; break;
	case 4: want.ggtt_size += 4096; break;
	case 5: want.contexts--; break;
	case 6: want.doorbells++; break;
	case 7: want.lmem_size = 4096; break;
	case 8: want.ggtt_start = 77 << 20; err = 0; break;
	case 9: want.begin_context = want.begin_doorbell = 77; err = 0; break;
	}
	ck_assert_int_eq(ix_read_as(&m, m.len, 100, &want), err);
}
END_TEST

START_TEST(any_image)
{
	/* image.h: a reader without a target takes the image's own word, and says what
	 * it was; sizes still have bounds. */
	make(_i);
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read_as(&m, m.len, 100, NULL), 0);
	ck_assert_uint_eq(m.reader.from.devid, 0xB080);
	ck_assert_uint_eq(m.reader.from.ggtt_start, 1 << 20);
	ck_assert_uint_eq(m.reader.from.begin_context, 16);
	ck_assert_uint_eq(m.reader.from.begin_doorbell, 6);
	ck_assert_uint_eq(m.reader.from.lmem_size, _i ? IX_LMEM : 0);
	ck_assert_uint_eq(m.reader.minor, PFC_IMAGE_MINOR);
	for (size_t len = 0; len < m.len; len += 13)
		ck_assert_int_eq(ix_read_as(&m, len, 100, NULL), -ENODATA);
}
END_TEST

static void drop_all(void)
{
	ix_free(&m);
	ix_free(&other);
}

#define LOOP(t, fn, table) \
	tcase_add_loop_test(t, fn, 0, (int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *s = suite_create("image");
	TCase *t = tcase_create("container");

	tcase_add_checked_fixture(t, NULL, drop_all);
	tcase_add_loop_test(t, M_09_any_split, 0, 2);
	tcase_add_loop_test(t, M_13_trailer, 0, 9);
	tcase_add_loop_test(t, M_14_wrong_device, 0, 10);
	LOOP(t, M_17_version, headers);
	LOOP(t, M_21_slices, bad_slices);
	tcase_add_test(t, M_21_content_sizes);
	tcase_add_test(t, M_21_zeros);
	tcase_add_loop_test(t, M_25_bit_flips, 0, 2);
	tcase_add_test(t, M_25_each_section);
	tcase_add_loop_test(t, M_26_truncation, 0, 2);
	LOOP(t, M_27_giant_sizes, sections);
	tcase_add_test(t, M_27_unknown_sections);
	tcase_add_loop_test(t, M_28_after_the_trailer, 0, 2);
	tcase_add_test(t, header_extension);
	tcase_add_test(t, bulk_arguments);
	tcase_add_loop_test(t, bulk_in_steps, 0, 2);
	tcase_add_test(t, callers_verdict);
	tcase_add_loop_test(t, any_image, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
