/* SPDX-License-Identifier: MIT */
/* A small image made by hand. See image_fixture.h. */
#include "image_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct pfc_image_profile ix_profile = {
	.tiles = 1, .gts = 2, .devid = 0xB080, .revid = 2, .graphics = 3000,
	.ggtt_size = 16 * 4096, .contexts = 8, .doorbells = 2, .ggtt_start = 1 << 20,
	.begin_context = 16, .begin_doorbell = 6,
};

struct pfc_image_part ix_part(unsigned type, unsigned gt, uint32_t flags, uint32_t bytes,
			      uint8_t *data)
{
	return (struct pfc_image_part){
		.type = (uint16_t)type,
		.gt = (uint8_t)gt,
		.flags = flags,
		.raw = bytes,
		.stored = bytes,
		.data = data,
	};
}

void ix_make(struct ix *m)
{
	const uint32_t flags = PFC_IMAGE_CRITICAL | PFC_IMAGE_LAST;
	struct pfc_pte_coder c;
	uint32_t len;

	free(m->stage);
	memset(m, 0, sizeof(*m));
	m->profile = ix_profile;
	len = (uint32_t)pfc_image_describe(&ix_profile, 64 * 2 + 48 + 40 * 2, m->desc,
					   sizeof(m->desc));
	memset(m->guc, 0x5A, sizeof(m->guc));
	pfc_pte_begin(&c, m->ggtt, sizeof(m->ggtt), true);
	for (unsigned i = 0; i < 16; i++)
		ck_assert_int_eq(pfc_pte_put(&c, i < 8 ? 0x10000001 + 4096 * i : i < 12), 0);
	ck_assert_int_eq(pfc_pte_end(&c), 0);
	for (unsigned gt = 0; gt < 2; gt++) {
		le32_put(m->mmio[gt], 4);
		for (unsigned i = 0; i < 4; i++) {
			le32_put(m->mmio[gt] + 4 + 8 * i, 4 * i);
			le32_put(m->mmio[gt] + 8 + 8 * i, 0x1000 * gt + i);
		}
	}
	m->part[IX_DESC] = ix_part(PFC_IMAGE_DESCRIPTOR, 0, flags, len, m->desc);
	m->part[IX_GUC0] = ix_part(PFC_IMAGE_GUC, 0, flags, 64, m->guc[0]);
	m->part[IX_GGTT0] = ix_part(PFC_IMAGE_GGTT, 0, flags | PFC_IMAGE_RLE, c.len, m->ggtt);
	m->part[IX_GGTT0].raw = 128;
	m->part[IX_MMIO0] = ix_part(PFC_IMAGE_MMIO, 0, flags, 36, m->mmio[0]);
	m->part[IX_GUC1] = ix_part(PFC_IMAGE_GUC, 1, flags, 64, m->guc[1]);
	m->part[IX_MMIO1] = ix_part(PFC_IMAGE_MMIO, 1, flags, 36, m->mmio[1]);
	m->parts = IX_PARTS;
}

void ix_make_content(struct ix *m)
{
	ix_make(m);
	m->profile.lmem_size = IX_LMEM;
	m->profile.ccs_size = IX_CCS;
	m->profile.slice = IX_SLICE;
	m->part[IX_DESC].raw = m->part[IX_DESC].stored =
		(uint32_t)pfc_image_describe(&m->profile, 64 * 2 + 48 + 40 * 2, m->desc,
					     sizeof(m->desc));
	m->zero[0] = 0x9C;
	for (unsigned i = 0; i < IX_LMEM; i++)
		if (!(m->zero[i / IX_SLICE / 8] & 1u << i / IX_SLICE % 8))
			m->lmem[i] = (uint8_t)(i * 7 + i / 4096);
	for (unsigned i = 0; i < IX_CCS; i++)
		m->ccs[i] = (uint8_t)(i + 1);
	m->bulk[0] = (struct pfc_image_bulk){
		.type = PFC_IMAGE_VRAM, .slice = IX_SLICE, .size = IX_LMEM, .zero = m->zero,
	};
	m->bulk[1] = (struct pfc_image_bulk){
		.type = PFC_IMAGE_CCS, .slice = IX_SLICE, .size = IX_CCS,
	};
	m->bulks = 2;
}

void ix_write(struct ix *m, size_t step)
{
	static const uint8_t id[PFC_IMAGE_ID] = { 1, 2, 3 };
	const struct pfc_image_part *want;
	struct pfc_image_writer w;
	size_t n;

	pfc_image_begin(&w, id);
	for (unsigned i = 0; i < m->parts; i++)
		ck_assert_int_eq(pfc_image_add(&w, &m->part[i]), 0);
	for (unsigned i = 0; i < m->bulks; i++)
		ck_assert_int_eq(pfc_image_add_bulk(&w, &m->bulk[i]), 0);
	while (!pfc_image_seal(&w, 7))
		;
	m->len = 0;
	do {
		size_t room = sizeof(m->bytes) - m->len;

		n = pfc_image_emit(&w, m->bytes + m->len, step < room ? step : room);
		m->len += n;
		want = pfc_image_wanted(&w);
		if (want)
			pfc_image_give_slice(&w, (want->type == PFC_IMAGE_VRAM ? m->lmem : m->ccs) +
							 want->offset);
	} while (n || want);
	/* The size that was told before is exact. */
	ck_assert_uint_eq(m->len, w.total);
}

/* Give the reader what it waits for. */
static void ix_serve(struct ix *m)
{
	struct pfc_image_reader *r = &m->reader;

	if (r->phase == PFC_IMG_STAGE && !r->err) {
		ck_assert_uint_le(r->stage_need, 1 << 25);
		/* Exactly what is asked for, so that the sanitizer sees more. */
		free(m->stage);
		m->stage = malloc(r->stage_need ? r->stage_need : 1);
		pfc_image_give_stage(r, m->stage);
	} else if (r->phase == PFC_IMG_SLICE && !r->err) {
		uint8_t *to = m->got[r->cur.type == PFC_IMAGE_CCS] + r->cur.offset;

		ck_assert_uint_le(r->cur.offset + r->cur.raw, IX_LMEM);
		if (r->cur.data)
			memcpy(to, r->cur.data, r->cur.raw);
		else
			memset(to, 0, r->cur.raw);
		m->applied += r->cur.raw;
		pfc_image_slice_done(r);
	}
}

int ix_read_as(struct ix *m, size_t len, size_t step, const struct pfc_image_profile *want)
{
	size_t at = 0;

	m->applied = 0;
	if (want)
		pfc_image_reader_init(&m->reader, want);
	else
		pfc_image_reader_any(&m->reader);
	while (at < len) {
		size_t n = step < len - at ? step : len - at;
		long got = pfc_image_take(&m->reader, m->bytes + at, n);

		if (got < 0)
			return (int)got;
		ck_assert(m->reader.phase == PFC_IMG_STAGE || m->reader.phase == PFC_IMG_SLICE ||
			  (size_t)got == n);
		at += (size_t)got;
		ix_serve(m);
	}
	return pfc_image_finish(&m->reader);
}

int ix_read(struct ix *m, size_t len, size_t step)
{
	return ix_read_as(m, len, step, &m->profile);
}

size_t ix_section(const struct ix *m, unsigned n)
{
	size_t at = PFC_IMAGE_HEADER;

	while (n--)
		at += PFC_IMAGE_SECTION + le32_get(m->bytes + at + SEC_STORED);
	return at;
}

void ix_sign(struct ix *m, size_t at)
{
	le32_put(m->bytes + at + SEC_CRC, crc32c(0, m->bytes + at, SEC_CRC));
}

void ix_sign_trailer(struct ix *m)
{
	size_t at = m->len - PFC_IMAGE_TRAILER;

	le32_put(m->bytes + at - PFC_IMAGE_SECTION + SEC_PAYLOAD_CRC,
		 crc32c(0, m->bytes + at, PFC_IMAGE_TRAILER));
	ix_sign(m, at - PFC_IMAGE_SECTION);
}

void ix_free(struct ix *m)
{
	free(m->stage);
	m->stage = NULL;
}

void ix_drop(struct ix *m, unsigned n)
{
	memmove(m->part + n, m->part + n + 1, (--m->parts - n) * sizeof(m->part[0]));
}
