/* SPDX-License-Identifier: MIT */
/* Save, restore and the migration image (pfclient/image_*.c, save.c,
 * restore.c; vf-lifecycle 2.8, 2.9, 3.7, the rows M-.. of 6.5). */
#include "pfc_fixture.h"

#include "pfclient/image.h"
#include "pfclient/image_priv.h"
#include "proto/crc32c.h"

/* --- the container alone ----------------------------------------------------------- */

static const struct pfc_image_profile profile = {
	.tiles = 1, .gts = 2, .devid = 0xB080, .revid = 2, .graphics = 3000,
	.ggtt_size = 16 * 4096, .contexts = 8, .doorbells = 2, .ggtt_start = 1 << 20,
};

enum { DESC, GUC0, GGTT0, MMIO0, GUC1, MMIO1, PARTS };

/* A small image by hand, which cases may bend before it is sealed. */
struct small {
	uint8_t desc[512], guc[2][64], ggtt[16 * 8], mmio[2][36];
	struct pfc_image_part part[PARTS + 4];
	unsigned parts;
	uint8_t bytes[4096];
	size_t len;
	uint8_t stage[2048];
};

static uint8_t *small_stage;

static void make(struct small *m)
{
	struct pfc_pte_coder c;
	const uint32_t flags = PFC_IMAGE_CRITICAL | PFC_IMAGE_LAST;
	uint32_t len;

	memset(m, 0, sizeof(*m));
	len = (uint32_t)pfc_image_describe(&profile, 64 * 2 + 48 + 40 * 2, m->desc,
					   sizeof(m->desc));
	memset(m->guc, 0x5A, sizeof(m->guc));
	pfc_pte_begin(&c, m->ggtt, sizeof(m->ggtt), true);
	for (unsigned i = 0; i < 16; i++)
		ck_assert_int_eq(pfc_pte_put(&c, i < 8 ? 0x10000001 + 4096 * i : i < 12), 0);
	ck_assert_int_eq(pfc_pte_end(&c), 0);
	for (unsigned gt = 0; gt < 2; gt++) {
		le32_put(m->mmio[gt], 4);
		for (unsigned i = 0; i < 4; i++)
			le32_put(m->mmio[gt] + 4 + 8 * i, 4 * i);
	}
	m->part[DESC] = (struct pfc_image_part){ 1, 0, 0, flags, len, len, 0, m->desc };
	m->part[GUC0] = (struct pfc_image_part){ 5, 0, 0, flags, 64, 64, 0, m->guc[0] };
	m->part[GGTT0] = (struct pfc_image_part){ 3, 0, 0, flags | PFC_IMAGE_RLE, 128, c.len, 0,
						  m->ggtt };
	m->part[MMIO0] = (struct pfc_image_part){ 4, 0, 0, flags, 36, 36, 0, m->mmio[0] };
	m->part[GUC1] = (struct pfc_image_part){ 5, 0, 1, flags, 64, 64, 0, m->guc[1] };
	m->part[MMIO1] = (struct pfc_image_part){ 4, 0, 1, flags, 36, 36, 0, m->mmio[1] };
	m->parts = PARTS;
}

static void write_image(struct small *m, size_t step)
{
	static const uint8_t id[PFC_IMAGE_ID] = { 1, 2, 3 };
	struct pfc_image_writer w;
	size_t n;

	pfc_image_begin(&w, id);
	for (unsigned i = 0; i < m->parts; i++)
		ck_assert_int_eq(pfc_image_add(&w, &m->part[i]), 0);
	while (!pfc_image_seal(&w, 7))
		;
	m->len = 0;
	while ((n = pfc_image_emit(&w, m->bytes + m->len,
				   step < sizeof(m->bytes) - m->len ? step :
								      sizeof(m->bytes) - m->len)))
		m->len += n;
	/* M-32: the size that was told is exact. */
	ck_assert_uint_eq(m->len, w.total);
}

static struct pfc_image_reader reader;

static int read_as(const struct small *m, size_t len, size_t step,
		   const struct pfc_image_profile *want)
{
	size_t at = 0;

	pfc_image_reader_init(&reader, want);
	while (at < len) {
		size_t n = step < len - at ? step : len - at;
		long got = pfc_image_take(&reader, m->bytes + at, n);

		if (got < 0)
			return (int)got;
		at += (size_t)got;
		if (reader.phase == PFC_IMG_STAGE) {
			if (reader.stage_need > sizeof(m->stage))
				return -ENOBUFS;
			/* Exactly what is asked for, so that the sanitizer sees more. */
			free(small_stage);
			small_stage = malloc(reader.stage_need);
			pfc_image_give_stage(&reader, small_stage);
		} else {
			ck_assert_uint_eq((size_t)got, n);
		}
	}
	return pfc_image_finish(&reader);
}

static int read_image(const struct small *m, size_t len, size_t step)
{
	return read_as(m, len, step, &profile);
}

START_TEST(any_split)
{
	/* M-09: the same bytes come out and go in, however they are cut. */
	struct small a, b;

	make(&a);
	write_image(&a, 4096);
	for (size_t step = 1; step < 120; step++) {
		make(&b);
		write_image(&b, step);
		ck_assert_uint_eq(a.len, b.len);
		ck_assert(memcmp(a.bytes, b.bytes, a.len) == 0);
		ck_assert_int_eq(read_image(&a, a.len, step), 0);
		ck_assert_mem_eq(pfc_image_find(&reader, PFC_IMAGE_GUC, 1)->data, a.guc[1], 64);
	}
	ck_assert_int_eq(read_image(&a, a.len, a.len), 0);
}
END_TEST

START_TEST(bit_flips)
{
	/* M-25: every single flipped bit is found. */
	struct small m;

	make(&m);
	write_image(&m, 4096);
	for (size_t bit = 0; bit < m.len * 8; bit++) {
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(read_image(&m, m.len, 64) < 0, "bit %zu", bit);
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(read_image(&m, m.len, 64), 0);
}
END_TEST

START_TEST(truncation)
{
	/* M-12, M-26: an image cut at any byte is incomplete, no matter the split. */
	struct small m;

	make(&m);
	write_image(&m, 4096);
	for (size_t len = 0; len < m.len; len++) {
		ck_assert_int_eq(read_image(&m, len, 1 + len % 50), -ENODATA);
		ck_assert_int_eq(pfc_image_finish(&reader), -ENODATA);
	}
}
END_TEST

START_TEST(after_the_trailer)
{
	/* M-28: data after the trailer is refused, and that sticks. */
	struct small m;

	make(&m);
	write_image(&m, 4096);
	ck_assert_int_eq(read_image(&m, m.len + 1, m.len), -EINVAL);
	ck_assert_int_eq(pfc_image_finish(&reader), -EINVAL);
	ck_assert_int_eq(pfc_image_take(&reader, m.bytes, 1), -EINVAL);
}
END_TEST

/* Well-formed lies: bent before the checksums are made. */

static void gt9(struct small *m) { m->part[MMIO1].gt = 9; }
static void wrong_tile(struct small *m) { m->part[MMIO1].tile = 1; }
static void type0(struct small *m) { m->part[MMIO1].type = 0; }
static void vram(struct small *m) { m->part[MMIO1].type = PFC_IMAGE_VRAM; }
static void unknown_critical(struct small *m) { m->part[MMIO1].type = 99; }
static void media_ggtt(struct small *m) { m->part[GGTT0].gt = 1; }
static void flag_bits(struct small *m) { m->part[GUC0].flags |= 8; }
static void not_critical(struct small *m) { m->part[GUC0].flags &= ~PFC_IMAGE_CRITICAL; }
static void rle_guc(struct small *m) { m->part[GUC0].flags |= PFC_IMAGE_RLE; }
static void guc_odd(struct small *m) { m->part[GUC0].raw = m->part[GUC0].stored = 62; }
static void guc_empty(struct small *m) { m->part[GUC0].raw = m->part[GUC0].stored = 0; }
static void sizes_differ(struct small *m) { m->part[GUC0].raw = 60; }
static void ggtt_long(struct small *m) { m->part[GGTT0].raw += 8; }
static void ggtt_short(struct small *m) { m->part[GGTT0].raw -= 8; }
static void mmio_12(struct small *m) { m->part[MMIO0].raw = m->part[MMIO0].stored = 12; }
static void mmio_20(struct small *m) { m->part[MMIO0].raw = m->part[MMIO0].stored = 20; }
static void mmio_count(struct small *m) { m->mmio[0][0] = 5; }
static void mmio_register(struct small *m) { m->mmio[0][4] = 16; }
static void mmio_twice(struct small *m) { m->mmio[0][4] = 4; }
static void pte_vfid(struct small *m) { m->ggtt[8] |= 4; }
static void run_count(struct small *m) { m->ggtt[0]--; }
static void run_zero(struct small *m) { m->ggtt[0] = 0; }
static void run_huge(struct small *m) { memset(m->ggtt, 0xFF, 4); }
static void run_step(struct small *m) { m->ggtt[5] = 0x20; }
static void run_carry(struct small *m) { memset(m->ggtt + 10, 0xFF, 5); m->ggtt[9] |= 0xF0; }
static void desc_odd(struct small *m) { m->part[DESC].raw = m->part[DESC].stored -= 2; }
static void desc_cut(struct small *m) { m->part[DESC].raw = m->part[DESC].stored -= 4; }
static void desc_len(struct small *m) { m->desc[0] = 0; }
static void desc_lies(struct small *m) { m->desc[0] = 0xFF; }
static void desc_key_gone(struct small *m) { m->desc[2] = 0x77; }
static void desc_critical(struct small *m) { m->desc[2] = 0xFE; }
static void desc_stage_small(struct small *m) { le32_put(m->desc + 18 * 4, 64); }
static void desc_empty(struct small *m) { m->part[DESC].raw = m->part[DESC].stored = 0; }
static void no_desc(struct small *m) { m->part[DESC] = m->part[MMIO1]; m->parts = PARTS - 1; }
static void second_desc(struct small *m) { m->part[MMIO0] = m->part[DESC]; }
static void duplicate(struct small *m) { m->part[m->parts++] = m->part[GUC1]; }
static void no_guc(struct small *m) { m->part[GUC1] = m->part[MMIO1]; m->parts = PARTS - 1; }
static void no_ggtt(struct small *m)
{
	m->part[GGTT0] = m->part[GUC1];
	m->part[GUC1] = m->part[MMIO1];
	m->parts = PARTS - 1;
}
static void no_mmio(struct small *m) { m->parts = PARTS - 1; }

static const struct {
	const char *name;
	void (*bend)(struct small *m);
	int err;
} lies[] = {
#define LIE(f, err) { #f, f, err }
	LIE(gt9, -EINVAL), LIE(wrong_tile, -EINVAL), LIE(type0, -EINVAL), /* M-18 */
	LIE(vram, -EINVAL), LIE(unknown_critical, -EINVAL),               /* M-16, M-21 */
	LIE(media_ggtt, -EINVAL), LIE(flag_bits, -EINVAL), LIE(not_critical, -EINVAL),
	LIE(rle_guc, -EINVAL), LIE(guc_odd, -EINVAL), LIE(guc_empty, -EINVAL),
	LIE(sizes_differ, -EINVAL), LIE(ggtt_long, -EINVAL), LIE(ggtt_short, -EINVAL), /* M-19 */
	LIE(mmio_12, -EINVAL), LIE(mmio_20, -EINVAL), LIE(mmio_count, -EINVAL),  /* M-20 */
	LIE(mmio_register, -EINVAL), LIE(mmio_twice, -EINVAL),
	LIE(pte_vfid, -EINVAL), LIE(run_count, -EINVAL), LIE(run_zero, -EINVAL),
	LIE(run_huge, -EINVAL), LIE(run_step, -EINVAL), LIE(run_carry, -EINVAL),
	LIE(desc_odd, -EINVAL), LIE(desc_cut, -EINVAL), LIE(desc_len, -EINVAL), /* M-15 */
	LIE(desc_lies, -EINVAL), LIE(desc_key_gone, -EINVAL), LIE(desc_critical, -EINVAL),
	LIE(desc_stage_small, -EMSGSIZE), LIE(desc_empty, -EINVAL),
	LIE(no_desc, -EINVAL), LIE(second_desc, -EINVAL),                       /* M-14 */
	LIE(duplicate, -EINVAL),                                               /* M-24 */
	LIE(no_guc, -ENODATA), LIE(no_ggtt, -ENODATA), LIE(no_mmio, -ENODATA),
#undef LIE
};

START_TEST(well_formed_lies)
{
	/* M-14 to M-24: right checksums do not help a wrong image; the error sticks. */
	struct small m;

	make(&m);
	lies[_i].bend(&m);
	write_image(&m, 4096);
	ck_assert_msg(read_image(&m, m.len, 33) == lies[_i].err, "%s: %d %s", lies[_i].name,
		      reader.err, reader.why ? reader.why : "");
	ck_assert_int_eq(pfc_image_finish(&reader), lies[_i].err);
	ck_assert_ptr_nonnull(reader.why);
}
END_TEST

START_TEST(unknown_skipped)
{
	/* M-16: what is unknown and not critical is skipped, in the sections and in
	 * the descriptor. */
	struct small m;

	make(&m);
	m.part[m.parts++] = (struct pfc_image_part){ 77, 0, 0, 0, 64, 64, 0, m.guc[0] };
	m.part[m.parts++] = (struct pfc_image_part){ 78, 0, 1, PFC_IMAGE_LAST, 0, 0, 0, m.guc[0] };
	le32_put(m.desc + m.part[DESC].stored, 0xF1EE0000);
	m.part[DESC].raw = m.part[DESC].stored += 4;
	write_image(&m, 4096);
	ck_assert_int_eq(read_image(&m, m.len, 33), 0);
	ck_assert_uint_eq(reader.parts, 5);
}
END_TEST

static const struct {
	size_t offset;
	uint32_t value;
	unsigned bytes;
	int err;
} headers[] = {
	{ HDR_MAGIC, 'X', 1, -EINVAL },   { HDR_MAJOR, 2, 2, -EINVAL }, /* M-17 */
	{ HDR_MAJOR, 0, 2, -EINVAL },     { HDR_LENGTH, 47, 4, -EMSGSIZE },
	{ HDR_LENGTH, 4097, 4, -EMSGSIZE }, { HDR_LENGTH, 0xFFFFFFFF, 4, -EMSGSIZE },
	{ HDR_FLAGS, 1, 4, -EINVAL },     { HDR_ALIGN, 8, 4, -EINVAL },
	{ HDR_MBZ, 1, 4, -EINVAL },       { HDR_MINOR, 9, 2, 0 },
};

START_TEST(bad_headers)
{
	/* M-17, 3.7: each field of the file header is checked although its checksum
	 * is right. A larger minor alone is no reason. */
	struct small m;

	make(&m);
	write_image(&m, 4096);
	for (unsigned i = 0; i < headers[_i].bytes; i++)
		m.bytes[headers[_i].offset + i] = (uint8_t)(headers[_i].value >> 8 * i);
	le32_put(m.bytes + HDR_CRC, crc32c(0, m.bytes, HDR_CRC));
	ck_assert_int_eq(read_image(&m, m.len, 4096), headers[_i].err);
}
END_TEST

START_TEST(header_extension)
{
	/* 3.7: a longer header is skipped and covered by its checksum; a larger
	 * minor is accepted. */
	struct small m;
	size_t at = PFC_IMAGE_HEADER;
	uint32_t crc;

	make(&m);
	write_image(&m, 4096);
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
	le32_put(m.bytes + at - 8, crc32c(0, m.bytes + at, PFC_IMAGE_TRAILER));
	le32_put(m.bytes + at - 4, crc32c(0, m.bytes + at - 40, SEC_CRC));
	for (size_t step = 1; step < 60; step += 7)
		ck_assert_int_eq(read_image(&m, m.len, step), 0);
	m.bytes[PFC_IMAGE_HEADER + 50] ^= 1;
	ck_assert_int_eq(read_image(&m, m.len, 64), -EBADMSG);
}
END_TEST

static const struct {
	size_t offset;
	uint32_t value;
	int err;
} sections[] = {
	{ SEC_RAW, 0x80000000, -EMSGSIZE },  /* M-27 */
	{ SEC_RAW, 0xFFFFFFFC, -EMSGSIZE },
	{ SEC_OFFSET, 1, -EINVAL },          { SEC_OFFSET + 4, 0x80000000, -EINVAL },
	{ SEC_MBZ, 1, -EINVAL },             { SEC_SEQ, 0, -EINVAL },
	{ SEC_SEQ, 2, -EINVAL },             { SEC_SEQ, 0xFFFFFFFF, -EINVAL },
	{ SEC_PAYLOAD_CRC, 0, -EBADMSG },
};

START_TEST(bad_sections)
{
	/* M-13, M-27: giant sizes, offsets and gaps are refused at the section's
	 * header, before any room is used. */
	struct small m;
	size_t at = PFC_IMAGE_HEADER + PFC_IMAGE_SECTION;

	make(&m);
	write_image(&m, 4096);
	at += m.part[DESC].stored;
	le32_put(m.bytes + at + sections[_i].offset, sections[_i].value);
	if (sections[_i].offset == SEC_RAW)
		le32_put(m.bytes + at + SEC_STORED, sections[_i].value);
	le32_put(m.bytes + at + SEC_CRC, crc32c(0, m.bytes + at, SEC_CRC));
	ck_assert_int_eq(read_image(&m, m.len, 4096), sections[_i].err);
	ck_assert_uint_eq(reader.stage_used, sections[_i].offset == SEC_PAYLOAD_CRC ? 64 : 0);
}
END_TEST

START_TEST(bad_trailer)
{
	/* M-13, 3.7: id, count, size and checksum of the trailer are compared. */
	struct small m;
	size_t at;

	make(&m);
	write_image(&m, 4096);
	at = m.len - PFC_IMAGE_TRAILER;
	m.bytes[at + (size_t[]){ TRL_ID, TRL_SECTIONS, TRL_CRC, TRL_TOTAL }[_i]] ^= 1;
	le32_put(m.bytes + at - 8, crc32c(0, m.bytes + at, PFC_IMAGE_TRAILER));
	le32_put(m.bytes + at - 4, crc32c(0, m.bytes + at - 40, SEC_CRC));
	ck_assert_int_eq(read_image(&m, m.len, 4096), _i == 2 ? -EBADMSG : -EINVAL);
}
END_TEST

START_TEST(other_targets)
{
	/* M-14, M-29, 3.7: another device is ENODEV, another configuration EINVAL;
	 * another GGTT base is the point of it all. */
	struct pfc_image_profile want = profile;
	int err = -EINVAL;
	struct small m;

	make(&m);
	write_image(&m, 4096);
	switch (_i) {
	case 0: want.devid++; err = -ENODEV; break;
	case 1: want.revid++; err = -ENODEV; break;
	case 2: want.graphics++; err = -ENODEV; break;
	case 3: want.gts = 1; break;
	case 4: want.ggtt_size += 4096; break;
	case 5: want.contexts--; break;
	case 6: want.doorbells++; break;
	case 7: want.ggtt_start = 77 << 20; err = 0; break;
	}
	ck_assert_int_eq(read_as(&m, m.len, 100, &want), err);
}
END_TEST

START_TEST(pte_runs)
{
	/* 3.7: runs give back the very entries; what does not shrink is ENOSPC. */
	enum { N = 2000 };
	static uint64_t in[N], out[N];
	static uint8_t coded[N * 8];
	struct pfc_pte_coder c;
	struct pfc_pte_decoder d;
	uint32_t seed = 1, got = 0;

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
	pfc_pte_begin(&c, coded, 32, true);
	ck_assert_int_eq(pfc_pte_put(&c, 1), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x99001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x11001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x77001), -ENOSPC);
}
END_TEST

/* --- through the PF ---------------------------------------------------------------- */

static uint8_t image[1 << 20], second[1 << 20];

/* Entries and mailbox as a driver would leave them. */
static void use_vf(unsigned vf, bool scattered)
{
	struct pfc_vf_info info = fx_info(vf);

	for (uint32_t i = 0; i < info.ggtt_size / 4096; i++)
		fx.ggtt[info.ggtt_start / 4096 + i] =
			(uint64_t)vf << 2 | 1 |
			(scattered ? (uint64_t)(i * 2654435761u & 0xFFFFF) << 12 :
				     0x40000000ull + i * 4096);
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		for (unsigned i = 0; i < 4; i++)
			fx.guc[gt].vf_mailbox[vf][i] = 0x100 * gt + i;
}

static int restore(unsigned vf, const uint8_t *from, size_t len, size_t step)
{
	size_t at = 0;
	int err = pfc_do(fx.pfc, PFC_RESTORE, vf, NULL, 8);

	while (!err && at < len) {
		long n = pfc_image_write(fx.pfc, vf, from + at, step < len - at ? step : len - at);

		if (n < 0)
			return (int)n;
		at += (size_t)n;
	}
	fx.ended = 0;
	if (!err)
		err = pfc_image_end(fx.pfc, vf);
	if (err)
		return err;
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	return fx.err;
}

START_TEST(round_trip)
{
	/* 2.8, 2.9, M-11, M-32: saved from VF 1, restored to VF 2: blobs, entries with
	 * the new VFID, mailboxes; the size is exact and the runs are short. */
	struct pfc_vf_info a, b;
	size_t len;

	fx_paused(1);
	fx_paused(2);
	use_vf(1, _i & 1);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EPERM);
	len = fx_save(1, image, sizeof(image), _i & 2 ? 1 : 65536);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), (long)len);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, image, 1), 0);
	if (!(_i & 1))
		ck_assert_uint_lt(len, 2000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	ck_assert_int_eq(restore(2, image, len, _i & 2 ? 1 : 4096), 0);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_RESTORED);
	a = fx_info(1);
	b = fx_info(2);
	for (uint32_t i = 0; i < a.ggtt_size / 4096; i++)
		ck_assert_uint_eq(fx.ggtt[b.ggtt_start / 4096 + i],
				  (fx.ggtt[a.ggtt_start / 4096 + i] & ~PTE_VFID) | 2u << 2);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert(memcmp(fx.guc[gt].vf_mailbox[1], fx.guc[gt].vf_mailbox[2], 16) == 0);
		ck_assert_uint_eq(fx.guc[gt].restored, 100 + gt);
		ck_assert_uint_eq(fx.guc[gt].restored_first, 0xB10B0000u + gt * 0x1000);
	}
	ck_assert_int_eq(fx_do(PFC_RESUME, 2), 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used, 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, image, 1), -EPERM);
}
END_TEST

START_TEST(save_again)
{
	/* M-10, M-31: a saved or restored VF can be saved again; but for the id the
	 * images are the same. A failed save does not stand in the way of the next. */
	size_t a, b;

	fx_paused(1);
	use_vf(1, false);
	a = fx_save(1, image, sizeof(image), 65536);
	fx.guc[0].used = 0;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -ENODATA);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 1), -EIO);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EIO);
	fx.guc[0].used = -1;
	b = fx_save(1, second, sizeof(second), 65536);
	ck_assert_uint_eq(a, b);
	ck_assert(memcmp(image, second, a) != 0);
	ck_assert(memcmp(image + 48, second + 48, a - 48 - 72) == 0);
	ck_assert_int_eq(restore(1, second, b, 100), 0);
	ck_assert_uint_eq(fx_save(1, image, sizeof(image), 65536), a);
}
END_TEST

static const struct {
	uint32_t blob;
	int64_t used;
	int err;
} blobs[] = {
	{ 0, -1, -ENODATA },                     /* M-02 */
	{ 101, 0, -ENODATA },                    /* M-03 */
	{ 101, 102, -EPROTO },
	{ (8u << 20) / 4 + 1, -1, -ENOBUFS },    /* M-04 */
	{ 0x0FFFFFFF, -1, -ENOBUFS },
	{ (4u << 20) / 4, -1, -ENOBUFS },        /* more than this PF's pool */
};

START_TEST(bad_blobs)
{
	/* M-02, M-03, M-04: what GuC may not say about its blob fails the save; the VF
	 * stays paused and readers get EIO. */
	fx_paused(1);
	fx.guc[1].blob = blobs[_i].blob;
	fx.guc[1].used = blobs[_i].used;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), blobs[_i].err);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, image, 1), -EIO);
	ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(short_blob)
{
	/* M-03: a blob smaller than announced shortens its section. */
	size_t len;

	fx_paused(1);
	len = fx_save(1, image, sizeof(image), 65536);
	fx.guc[1].used = 50;
	ck_assert_uint_eq(fx_save(1, image, sizeof(image), 65536), len - 51 * 4);
	ck_assert_int_eq(restore(1, image, len - 51 * 4, 999), 0);
	ck_assert_uint_eq(fx.guc[1].restored, 50);
}
END_TEST

START_TEST(memory_kept)
{
	/* transfer.c: memory that GuC may still write to is not given to another
	 * image, although the save was overridden. */
	fx_paused(1);
	fx.guc[1].silent_blob = true;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), 1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), 0);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	ck_assert_uint_ne(fx.pfc->out_pool.pages.used, 0);
	/* It gives up on the request after a second. */
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
}
END_TEST

START_TEST(foreign_pte)
{
	/* M-05: one entry with another VFID fails the save with EPERM. */
	fx_paused(1);
	fx.ggtt[fx_info(1).ggtt_start / 4096 + 600] = 2u << 2 | 1;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -EPERM);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
}
END_TEST

START_TEST(lazy_peers)
{
	/* M-06, M-12: a reader or writer that stops is given up after 20 s without a
	 * byte; the memory is free again. Any byte starts the time anew. */
	bool saving = _i == 0;

	fx_paused(1);
	ck_assert_uint_gt(fx_save(1, image, sizeof(image), 65536), 100);
	ck_assert_int_eq(pfc_do(fx.pfc, saving ? PFC_SAVE : PFC_RESTORE, 1, NULL, 3), 0);
	fx.ended = 0;
	for (unsigned i = 0; i < 3; i++) {
		fx_run(FX_SEC * 19);
		if (saving)
			ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 1), 1);
		else
			ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image + 300 * i, 300), 300);
	}
	ck_assert_uint_eq(fx.ended, 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	fx_run(FX_SEC * 21);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used, 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(bad_image_leaves_all)
{
	/* M-25, M-26 through the PF: an image with any flipped bit, or cut anywhere,
	 * applies nothing; the VF is paused as before and takes a good one. */
	uint64_t *before = malloc(FX_GGTT / 4096 * 8);
	size_t len;

	fx_paused(1);
	use_vf(1, false);
	len = fx_save(1, image, sizeof(image), 65536);
	memcpy(before, fx.ggtt, FX_GGTT / 4096 * 8);
	fx.logged = 0;
	for (size_t i = 0; i < len; i += 1 + i / 40) {
		image[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_lt(restore(1, image, len, 4096), 0);
		ck_assert_int_lt(pfc_image_write(fx.pfc, 1, image, 1), 0);
		ck_assert_int_lt(pfc_image_end(fx.pfc, 1), 0);
		image[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(restore(1, image, i, 4096), -ENODATA);
		ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	}
	ck_assert_uint_eq(fx.logged, 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used, 0);
	ck_assert(memcmp(before, fx.ggtt, FX_GGTT / 4096 * 8) == 0);
	ck_assert_int_eq(restore(1, image, len, 4096), 0);
	free(before);
}
END_TEST

static const struct {
	uint16_t refuse;
	int64_t consumed;
	int err;
} restores[] = {
	{ GUC_ERR_INVALID_PARAMS, -1, -EIO },          /* M-22 */
	{ GUC_ERR_UNSUPPORTED_VERSION, -1, -EIO },     /* M-29 */
	{ GUC_ERR_INVALID_CONFIG_STATE, -1, -EIO },
	{ 0, 0, -ENODATA },                            /* M-23 */
	{ 0, 101, -EPROTO },
};

START_TEST(guc_refuses)
{
	/* M-22, M-23, M-29: a GuC that refuses its blob fails the verb before entries
	 * and mailboxes are touched; the VF stays paused, FLR recovers. */
	size_t len;

	fx_paused(1);
	fx_paused(2);
	len = fx_save(1, image, sizeof(image), 65536);
	fx.guc[0].refuse_restore = restores[_i].refuse;
	fx.guc[0].consumed = restores[_i].consumed;
	use_vf(2, true);
	ck_assert_int_eq(restore(2, image, len, 4096), restores[_i].err);
	ck_assert_int_eq(fx_state(2, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_PAUSED);
	ck_assert(fx_info(2).failed);
	ck_assert_uint_eq(fx.guc[1].vf_mailbox[2][0], 0x100);
	ck_assert_uint_ne(fx.ggtt[fx_info(2).ggtt_start / 4096 + 5] & PTE_ADDR, 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used, 0);
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_int_eq(fx_state(2, 0), PFC_VF_READY);
}
END_TEST

START_TEST(pool_shared)
{
	/* M-06: images that do not fit at the same time wait for each other instead
	 * of failing, saving as well as restoring. */
	uint8_t *copy = malloc(1 << 20);
	size_t len, at = 0;
	long n;

	for (unsigned vf = 1; vf <= 2; vf++)
		fx_paused(vf);
	/* A pool is a little under 900 KiB here: one blob is more than half. */
	fx.guc[0].blob = (600u << 10) / 4;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 2, NULL, 2), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 2, image, 1), -EAGAIN);
	for (len = 0; (n = pfc_image_read(fx.pfc, 1, copy + len, 4096)) > 0;)
		len += (size_t)n;
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	ck_assert_int_gt(pfc_image_size(fx.pfc, 2), 600 << 10);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_STOP, 2, NULL, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 2), 0);
	/* Two writers: the second waits without an error. */
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 2, NULL, 2), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, copy, 100000), 100000);
	n = pfc_image_write(fx.pfc, 2, copy, len);
	ck_assert(n > 48 && n < 300);
	at = (size_t)n;
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, copy + at, len - at), 0);
	n = pfc_image_write(fx.pfc, 1, copy + 100000, len - 100000);
	ck_assert_int_eq(n, (long)len - 100000);
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORED);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, copy + at, len - at), (long)(len - at));
	ck_assert_int_eq(pfc_image_end(fx.pfc, 2), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_RESTORED);
	free(copy);
}
END_TEST

static void free_stage(void)
{
	free(small_stage);
	small_stage = NULL;
}

int main(void)
{
	Suite *s = suite_create("pfc_image");
	TCase *box = tcase_create("container"), *tc = tcase_create("transfer");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(box, NULL, free_stage);
	tcase_set_timeout(box, 60);
	tcase_add_test(box, any_split);
	tcase_add_test(box, bit_flips);
	tcase_add_test(box, truncation);
	tcase_add_test(box, after_the_trailer);
	tcase_add_loop_test(box, well_formed_lies, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(box, unknown_skipped);
	tcase_add_loop_test(box, bad_headers, 0, sizeof(headers) / sizeof(headers[0]));
	tcase_add_test(box, header_extension);
	tcase_add_loop_test(box, bad_sections, 0, sizeof(sections) / sizeof(sections[0]));
	tcase_add_loop_test(box, bad_trailer, 0, 4);
	tcase_add_loop_test(box, other_targets, 0, 8);
	tcase_add_test(box, pte_runs);
	suite_add_tcase(s, box);
	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, round_trip, 0, 4);
	tcase_add_test(tc, save_again);
	tcase_add_loop_test(tc, bad_blobs, 0, sizeof(blobs) / sizeof(blobs[0]));
	tcase_add_test(tc, short_blob);
	tcase_add_test(tc, memory_kept);
	tcase_add_test(tc, foreign_pte);
	tcase_add_loop_test(tc, lazy_peers, 0, 2);
	tcase_add_test(tc, bad_image_leaves_all);
	tcase_add_loop_test(tc, guc_refuses, 0, sizeof(restores) / sizeof(restores[0]));
	tcase_add_test(tc, pool_shared);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
