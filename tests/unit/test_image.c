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

/* --- well-formed lies: bent before the checksums are made ---------------------------- */

static void resize(unsigned part, int by)
{
	m.part[part].raw = m.part[part].stored += (uint32_t)by;
}

static void set_size(unsigned part, uint32_t bytes)
{
	m.part[part].raw = m.part[part].stored = bytes;
}

/* Leave out section `n`. */
static void drop(unsigned n)
{
	memmove(m.part + n, m.part + n + 1, (--m.parts - n) * sizeof(m.part[0]));
}

static void gt9(void) { m.part[IX_MMIO1].gt = 9; }
static void wrong_tile(void) { m.part[IX_MMIO1].tile = 1; }
static void type0(void) { m.part[IX_MMIO1].type = 0; }
static void media_ggtt(void) { m.part[IX_GGTT0].gt = 1; }
static void unasked_vram(void) { m.part[IX_MMIO1].type = PFC_IMAGE_VRAM; }
static void unknown_critical(void) { m.part[IX_MMIO1].type = 99; }
static void flag_bits(void) { m.part[IX_GUC0].flags |= 8; }
static void not_critical(void) { m.part[IX_GUC0].flags &= ~PFC_IMAGE_CRITICAL; }
static void not_last(void) { m.part[IX_GUC0].flags &= ~PFC_IMAGE_LAST; }
static void rle_guc(void) { m.part[IX_GUC0].flags |= PFC_IMAGE_RLE; }
static void guc_odd(void) { set_size(IX_GUC0, 62); }
static void guc_empty(void) { set_size(IX_GUC0, 0); }
static void sizes_differ(void) { m.part[IX_GUC0].raw = 60; }
static void ggtt_long(void) { m.part[IX_GGTT0].raw += 8; }
static void ggtt_short(void) { m.part[IX_GGTT0].raw -= 8; }
static void mmio_12(void) { set_size(IX_MMIO0, 12); }
static void mmio_20(void) { set_size(IX_MMIO0, 20); }
static void mmio_count(void) { m.mmio[0][0] = 5; }
static void mmio_register(void) { m.mmio[0][4] = 16; }
static void mmio_twice(void) { m.mmio[0][4] = 4; }
static void pte_vfid(void) { m.ggtt[8] |= 4; }
static void run_count(void) { m.ggtt[0]--; }
static void run_zero(void) { m.ggtt[0] = 0; }
static void run_huge(void) { memset(m.ggtt, 0xFF, 4); }
static void run_step(void) { m.ggtt[5] = 0x20; }
static void run_carry(void) { memset(m.ggtt + 10, 0xFF, 5); m.ggtt[9] |= 0xF0; }
static void desc_odd(void) { resize(IX_DESC, -2); }
static void desc_cut(void) { resize(IX_DESC, -4); }
static void desc_len(void) { m.desc[0] = 0; }
static void desc_lies(void) { m.desc[0] = 0xFF; }
static void desc_key_gone(void) { m.desc[2] = 0x77; }
static void desc_key_twice(void) { m.desc[10] = 0x01; }
static void desc_critical(void) { m.desc[2] = 0xFE; }
static void desc_empty(void) { set_size(IX_DESC, 0); }
static void desc_stage_small(void) { le32_put(m.desc + 18 * 4, 64); }
static void desc_stage_huge(void) { le32_put(m.desc + 18 * 4, 0xFFFFFFF0); }
static void desc_gts(void) { le32_put(m.desc + 5 * 4, 0xFF02); }
static void no_desc(void) { drop(IX_DESC); }
static void second_desc(void) { m.part[IX_MMIO0] = m.part[IX_DESC]; }
static void guc_twice(void) { m.part[m.parts++] = m.part[IX_GUC1]; }
static void ggtt_twice(void) { m.part[m.parts++] = m.part[IX_GGTT0]; }
static void no_guc(void) { drop(IX_GUC1); }
static void no_ggtt(void) { drop(IX_GGTT0); }
static void no_mmio(void) { drop(IX_MMIO1); }

struct lie {
	const char *name;
	void (*bend)(void);
	int err;
};
#define LIE(f, err) { #f, f, err }

/* Right checksums do not help a wrong image; the error sticks and has a reason. */
static void refuse_lies(const struct lie *lies, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		make(false);
		lies[i].bend();
		ix_write(&m, 4096);
		ck_assert_msg(ix_read(&m, m.len, 33) == lies[i].err, "%s: %d %s", lies[i].name,
			      m.reader.err, m.reader.why ? m.reader.why : "");
		ck_assert_int_eq(pfc_image_finish(&m.reader), lies[i].err);
		ck_assert_int_eq(pfc_image_take(&m.reader, m.bytes, 10), lies[i].err);
		ck_assert_ptr_nonnull(m.reader.why);
	}
}
#define REFUSE(...)                                                            \
	do {                                                                   \
		static const struct lie lies[] = { __VA_ARGS__ };              \
		refuse_lies(lies, sizeof(lies) / sizeof(lies[0]));             \
	} while (0)

START_TEST(M_14_no_descriptor)
{
	/* M-14, 3.6 nr. 6, 9: without a descriptor, with an empty one, or one that says
	 * nothing we know, an image is refused. */
	REFUSE(LIE(no_desc, -EINVAL), LIE(desc_empty, -EINVAL), LIE(desc_key_gone, -EINVAL),
	       LIE(second_desc, -EINVAL));
}
END_TEST

START_TEST(M_15_descriptor)
{
	/* M-15: a KLV that is cut off, of the wrong length, there twice; a size that is
	 * no multiple of 4; values that no VF has. */
	REFUSE(LIE(desc_odd, -EINVAL), LIE(desc_cut, -EINVAL), LIE(desc_len, -EINVAL),
	       LIE(desc_lies, -EINVAL), LIE(desc_key_twice, -EINVAL), LIE(desc_gts, -EINVAL));
}
END_TEST

START_TEST(M_16_unknown_critical)
{
	/* M-16: an unknown section or key that says it is critical is refused. */
	REFUSE(LIE(unknown_critical, -EINVAL), LIE(desc_critical, -EINVAL));
}
END_TEST

START_TEST(M_16_unknown_skipped)
{
	/* M-16: what is unknown and not critical is skipped, in the sections and in
	 * the descriptor. */
	make(false);
	m.part[m.parts++] = ix_part(77, 0, 0, 64, m.guc[0]);
	m.part[m.parts++] = ix_part(78, 1, PFC_IMAGE_LAST, 0, m.guc[0]);
	le32_put(m.desc + m.part[IX_DESC].stored, 0xF1EE0000);
	resize(IX_DESC, 4);
	ix_write(&m, 4096);
	ck_assert_int_eq(ix_read(&m, m.len, 33), 0);
	ck_assert_uint_eq(m.reader.parts, 5);
}
END_TEST

START_TEST(M_18_places)
{
	/* M-18: a GT that is not there, a tile that does not own it, type 0, a GGTT of a
	 * media GT, flags that are none. */
	REFUSE(LIE(gt9, -EINVAL), LIE(wrong_tile, -EINVAL), LIE(type0, -EINVAL),
	       LIE(media_ggtt, -EINVAL), LIE(flag_bits, -EINVAL), LIE(not_critical, -EINVAL),
	       LIE(not_last, -EINVAL));
}
END_TEST

START_TEST(M_19_ggtt_sizes)
{
	/* M-19: entries for 8 bytes more or less than the region; runs that do not fill
	 * it, are empty, overflow, or bring a VFID. */
	REFUSE(LIE(ggtt_long, -EINVAL), LIE(ggtt_short, -EINVAL), LIE(run_count, -EINVAL),
	       LIE(run_zero, -EINVAL), LIE(run_huge, -EINVAL), LIE(run_step, -EINVAL),
	       LIE(run_carry, -EINVAL), LIE(pte_vfid, -EINVAL));
}
END_TEST

START_TEST(M_20_mmio_sizes)
{
	/* M-20: 12 or 20 bytes of registers, other registers, one of them twice. */
	REFUSE(LIE(mmio_12, -EINVAL), LIE(mmio_20, -EINVAL), LIE(mmio_count, -EINVAL),
	       LIE(mmio_register, -EINVAL), LIE(mmio_twice, -EINVAL));
}
END_TEST

START_TEST(M_22_blob_sizes)
{
	/* M-22: a blob without bytes, of no whole dwords, or with sizes that disagree,
	 * is refused before GuC sees it. */
	REFUSE(LIE(guc_odd, -EINVAL), LIE(guc_empty, -EINVAL), LIE(sizes_differ, -EINVAL),
	       LIE(rle_guc, -EINVAL));
}
END_TEST

START_TEST(M_24_duplicates)
{
	/* M-24, 3.6 nr. 6: no section comes twice, and all of them come. */
	REFUSE(LIE(guc_twice, -EINVAL), LIE(ggtt_twice, -EINVAL), LIE(no_guc, -ENODATA),
	       LIE(no_ggtt, -ENODATA), LIE(no_mmio, -ENODATA));
}
END_TEST

START_TEST(M_27_announced_sizes)
{
	/* M-27: more bytes than the descriptor announced, or more announced than any VF
	 * has, is refused before memory is asked for. */
	REFUSE(LIE(desc_stage_small, -EMSGSIZE), LIE(desc_stage_huge, -EMSGSIZE));
	ck_assert_uint_eq(m.reader.stage_need, 0);
}
END_TEST

/* --- content ------------------------------------------------------------------------- */

static void vram_unasked(void) { m.part[IX_MMIO1].type = PFC_IMAGE_VRAM; }
static void ccs_unasked(void) { m.part[IX_MMIO1].type = PFC_IMAGE_CCS; }

START_TEST(M_21_unasked_content)
{
	/* M-21: content for a VF that has none is refused. */
	REFUSE(LIE(vram_unasked, -EINVAL), LIE(ccs_unasked, -EINVAL), LIE(unasked_vram, -EINVAL));
}
END_TEST

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
	drop(IX_MMIO1);
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

START_TEST(pte_runs)
{
	/* 3.7: runs give back the very entries; what does not shrink is ENOSPC. */
	enum { N = 2000 };
	static uint64_t in[N], out[N];
	static uint8_t coded[N * 8], words[N * 8];
	struct pfc_pte_coder c;
	struct pfc_pte_decoder d;
	uint32_t seed = 1, got = 0;
	int err;

	for (unsigned i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		in[i] = i && seed >> 16 & 15 ? in[i - 1] + (seed >> 28 & 1) * 4096 * (i % 97 > 50) :
					       (uint64_t)(seed >> 8) << 12 | 1;
		in[i] &= ~PTE_VFID;
	}
	pfc_pte_begin(&c, coded, sizeof(coded), true);
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(pfc_pte_put(&c, in[i]), 0);
	ck_assert_int_eq(pfc_pte_end(&c), 0);
	ck_assert_uint_lt(c.len, sizeof(coded));
	d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = true };
	for (unsigned n; (n = pfc_pte_get(&d, out + got, N - got < 13 ? N - got : 13)) > 0;)
		got += n;
	ck_assert_uint_eq(got, N);
	ck_assert(memcmp(in, out, sizeof(in)) == 0);
	/* So do entries taken as words, in both forms, and foreign ones are seen. */
	for (unsigned rle = 0; rle < 2; rle++) {
		for (unsigned i = 0; i < N; i++)
			le64_put(words + 8 * i, in[i] | 5ull << PTE_VFID_SHIFT);
		pfc_pte_begin(&c, coded, sizeof(coded), rle);
		for (unsigned i = 0; i < N; i += 40)
			ck_assert_int_eq(pfc_pte_put_words(&c, words + 8 * i, 40, 5), 0);
		ck_assert_int_eq(pfc_pte_end(&c), 0);
		d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = rle };
		memset(out, 0, sizeof(out));
		got = 0;
		for (unsigned n; (n = pfc_pte_get(&d, out + got, N - got < 13 ? N - got : 13)) > 0;)
			got += n;
		ck_assert_uint_eq(got, N);
		ck_assert(memcmp(in, out, sizeof(in)) == 0);
		le64_put(words + 8 * 39, in[39] | 4ull << PTE_VFID_SHIFT);
		pfc_pte_begin(&c, coded, sizeof(coded), rle);
		ck_assert_int_eq(pfc_pte_put_words(&c, words, 40, 5), -EPERM);
		pfc_pte_begin(&c, coded, 8, rle);
		err = pfc_pte_put_words(&c, words, 39, 5);
		ck_assert_int_eq(err ? err : pfc_pte_end(&c), -ENOSPC);
	}
	pfc_pte_begin(&c, coded, 32, true);
	ck_assert_int_eq(pfc_pte_put(&c, 1), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x99001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x11001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x77001), -ENOSPC);
}
END_TEST

/* A region of one run, but for the entries in between, coded as words. */
static int put_region(struct pfc_pte_coder *c, uint8_t *coded, uint64_t *in, unsigned n,
		      unsigned from, unsigned until)
{
	uint8_t words[512 * 8];
	uint32_t seed = 7;
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		in[i] = i >= from && i < until ? (uint64_t)(seed >> 4) << 12 | 1 :
			i ? in[i - 1] + 4096 : 0x5001;
	}
	memset(coded, 0xEE, n * 8 + 8);
	pfc_pte_begin(c, coded, n * 8, true);
	for (unsigned i = 0; i < n && !err; i += 512) {
		for (unsigned k = 0; k < 512; k++)
			le64_put(words + 8 * k, in[i + k] | 9ull << PTE_VFID_SHIFT);
		err = pfc_pte_put_words(c, words, 512, 9);
	}
	return err ? err : pfc_pte_end(c);
}

START_TEST(pte_runs_given_up)
{
	/* 3.7: runs that lose become plain entries where they are, without reading any
	 * again, and the entries are the same; runs that win stay. */
	enum { N = 65536, LOSS = PFC_RUN_LOSS / 8 };
	static const struct {
		unsigned from, until;
		int err;
		bool rle;
	} t[] = {
		{ 0, N, 0, false },
		{ 0, 2 * LOSS, 0, false },
		{ 0, LOSS, 0, true },
		{ N / 8, N, 0, false },
		{ N / 2 + 600, N, 0, true },
		/* So late that the entries would reach the runs they come from. */
		{ N / 2 - 600, N, -ENOSPC, true },
	};
	static uint64_t in[N], out[N];
	static uint8_t coded[N * 8 + 8];

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct pfc_pte_coder c;
		struct pfc_pte_decoder d;

		ck_assert_int_eq(put_region(&c, coded, in, N, t[i].from, t[i].until), t[i].err);
		ck_assert_int_eq(c.rle, t[i].rle);
		ck_assert_uint_eq(coded[N * 8], 0xEE);
		if (t[i].err)
			continue;
		ck_assert(t[i].rle ? c.len < N * 8 : c.len == N * 8);
		d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = c.rle };
		memset(out, 0, sizeof(out));
		ck_assert_uint_eq(pfc_pte_get(&d, out, N), N);
		ck_assert_uint_eq(pfc_pte_get(&d, out, 1), 0);
		ck_assert(memcmp(in, out, sizeof(in)) == 0);
	}
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
	tcase_add_test(t, M_14_no_descriptor);
	tcase_add_loop_test(t, M_14_wrong_device, 0, 10);
	tcase_add_test(t, M_15_descriptor);
	tcase_add_test(t, M_16_unknown_critical);
	tcase_add_test(t, M_16_unknown_skipped);
	LOOP(t, M_17_version, headers);
	tcase_add_test(t, M_18_places);
	tcase_add_test(t, M_19_ggtt_sizes);
	tcase_add_test(t, M_20_mmio_sizes);
	tcase_add_test(t, M_21_unasked_content);
	LOOP(t, M_21_slices, bad_slices);
	tcase_add_test(t, M_21_content_sizes);
	tcase_add_test(t, M_21_zeros);
	tcase_add_test(t, M_22_blob_sizes);
	tcase_add_test(t, M_24_duplicates);
	tcase_add_loop_test(t, M_25_bit_flips, 0, 2);
	tcase_add_test(t, M_25_each_section);
	tcase_add_loop_test(t, M_26_truncation, 0, 2);
	tcase_add_test(t, M_27_announced_sizes);
	LOOP(t, M_27_giant_sizes, sections);
	tcase_add_test(t, M_27_unknown_sections);
	tcase_add_loop_test(t, M_28_after_the_trailer, 0, 2);
	tcase_add_test(t, header_extension);
	tcase_add_test(t, bulk_arguments);
	tcase_add_test(t, callers_verdict);
	tcase_add_loop_test(t, any_image, 0, 2);
	tcase_add_test(t, pte_runs);
	tcase_add_test(t, pte_runs_given_up);
	suite_add_tcase(s, t);
	return check_main(s);
}
