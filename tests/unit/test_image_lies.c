/* SPDX-License-Identifier: MIT */
/* Well-formed lies in a migration image, bent before the checksums are made
 * (vf-lifecycle 3.6, 3.7, rows M-.. of 6.5): each is refused for what it is. */
#include "image_fixture.h"
#include "tests/check_main.h"

static struct ix m;

static void resize(unsigned part, int by)
{
	m.part[part].raw = m.part[part].stored += (uint32_t)by;
}

static void set_size(unsigned part, uint32_t bytes)
{
	m.part[part].raw = m.part[part].stored = bytes;
}

/* Leave out section `n`. */
static void gt9(void) { m.part[IX_MMIO1].gt = 9; }
static void wrong_tile(void) { m.part[IX_MMIO1].tile = 1; }
static void type0(void) { m.part[IX_MMIO1].type = 0; }
static void media_ggtt(void) { m.part[IX_GGTT0].gt = 1; }
static void unasked_vram(void) { m.part[IX_MMIO1].type = PFC_IMAGE_VRAM; }
static void unasked_ccs(void) { m.part[IX_MMIO1].type = PFC_IMAGE_CCS; }
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
static void no_desc(void) { ix_drop(&m, IX_DESC); }
static void second_desc(void) { m.part[IX_MMIO0] = m.part[IX_DESC]; }
static void guc_twice(void) { m.part[m.parts++] = m.part[IX_GUC1]; }
static void ggtt_twice(void) { m.part[m.parts++] = m.part[IX_GGTT0]; }
static void no_guc(void) { ix_drop(&m, IX_GUC1); }
static void no_ggtt(void) { ix_drop(&m, IX_GGTT0); }
static void no_mmio(void) { ix_drop(&m, IX_MMIO1); }

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
		ix_make(&m);
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
	ix_make(&m);
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

START_TEST(M_21_unasked_content)
{
	/* M-21: content for a VF that has none is refused. */
	REFUSE(LIE(unasked_vram, -EINVAL), LIE(unasked_ccs, -EINVAL));
}
END_TEST

static void drop_image(void)
{
	ix_free(&m);
}

int main(void)
{
	Suite *s = suite_create("image-lies");
	TCase *t = tcase_create("lies");

	tcase_add_checked_fixture(t, NULL, drop_image);
	tcase_add_test(t, M_14_no_descriptor);
	tcase_add_test(t, M_15_descriptor);
	tcase_add_test(t, M_16_unknown_critical);
	tcase_add_test(t, M_16_unknown_skipped);
	tcase_add_test(t, M_18_places);
	tcase_add_test(t, M_19_ggtt_sizes);
	tcase_add_test(t, M_20_mmio_sizes);
	tcase_add_test(t, M_22_blob_sizes);
	tcase_add_test(t, M_24_duplicates);
	tcase_add_test(t, M_27_announced_sizes);
	tcase_add_test(t, M_21_unasked_content);
	suite_add_tcase(s, t);
	return check_main(s);
}
