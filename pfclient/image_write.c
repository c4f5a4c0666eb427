/* SPDX-License-Identifier: MIT */
/* Writer of the migration image (vf-lifecycle 3.7). The total size is known
 * before the first byte goes out; payload checksums are made beforehand in
 * bounded slices, headers when their turn comes. See image.h. */
#include "image.h"

#include <errno.h>
#include <string.h>

#include "image_priv.h"
#include "proto/crc32c.h"
#include "proto/klv.h"

#define MAX_ZEROS (1u << 31) /* bytes that one section may say are zeros */
#define MAX_RUN	  4096u	     /* slices of them, looked at at once */
#define MAX_COPY  16384u     /* bytes copied at once: they are checksummed while near */

const uint8_t pfc_image_magic[8] = { 0x89, 'G', 'u', 'C', 0xFF, '\r', '\n', 0x1A };

int pfc_image_describe(const struct pfc_image_profile *profile, uint32_t stage, uint8_t *out,
		       size_t cap)
{
	uint32_t list[64];
	size_t n = 0;
	int err = 0;

	err |= klv_put32(list, 64, &n, PFC_KEY_DEVID, profile->devid);
	err |= klv_put32(list, 64, &n, PFC_KEY_REVID, profile->revid);
	err |= klv_put32(list, 64, &n, PFC_KEY_GT_MAP,
			 (uint32_t)profile->tiles << 8 | profile->gts);
	err |= klv_put32(list, 64, &n, PFC_KEY_GRAPHICS, profile->graphics);
	err |= klv_put32(list, 64, &n, PFC_KEY_PAGE_SIZE, PFC_IMAGE_PAGE);
	err |= klv_put64(list, 64, &n, PFC_KEY_GGTT_SIZE, profile->ggtt_size);
	err |= klv_put32(list, 64, &n, PFC_KEY_CONTEXTS, profile->contexts);
	err |= klv_put32(list, 64, &n, PFC_KEY_DOORBELLS, profile->doorbells);
	err |= klv_put32(list, 64, &n, PFC_KEY_STAGE, stage);
	/* To a reader that knows no content these are unknown and critical. */
	if (profile->lmem_size)
		err |= klv_put64(list, 64, &n, PFC_KEY_LMEM_SIZE, profile->lmem_size);
	if (profile->ccs_size)
		err |= klv_put64(list, 64, &n, PFC_KEY_CCS_SIZE, profile->ccs_size);
	if (profile->lmem_size || profile->ccs_size)
		err |= klv_put32(list, 64, &n, PFC_KEY_SLICE, profile->slice);
	err |= klv_put64(list, 64, &n, PFC_KEY_GGTT_START, profile->ggtt_start);
	err |= klv_put32(list, 64, &n, PFC_KEY_BEGIN_CONTEXT, profile->begin_context);
	err |= klv_put32(list, 64, &n, PFC_KEY_BEGIN_DOORBELL, profile->begin_doorbell);
	if (err || n * 4 > cap)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++)
		le32_put(out + 4 * i, list[i]);
	return (int)(n * 4);
}

void pfc_image_begin(struct pfc_image_writer *w, const uint8_t id[PFC_IMAGE_ID])
{
	memset(w, 0, sizeof(*w));
	memcpy(w->id, id, PFC_IMAGE_ID);
	w->total = PFC_IMAGE_HEADER + PFC_IMAGE_SECTION + PFC_IMAGE_TRAILER;
}

int pfc_image_add(struct pfc_image_writer *w, const struct pfc_image_part *part)
{
	if (w->parts == PFC_IMAGE_PARTS)
		return -ENOSPC;
	w->part[w->parts] = *part;
	w->part[w->parts].crc = 0;
	w->parts++;
	w->total += PFC_IMAGE_SECTION + part->stored;
	return 0;
}

static bool is_zero(const struct pfc_image_bulk *b, uint64_t offset)
{
	uint64_t n = offset / b->slice;

	return b->zero && b->zero[n / 8] & 1u << n % 8;
}

/* The section of content at `offset`: a slice to be stored, or all zeros up to
 * the next of those. Returns the bytes it stands for. */
static uint32_t next_slice(const struct pfc_image_bulk *b, uint64_t offset,
			   struct pfc_image_part *s)
{
	uint64_t end = offset;
	bool zero = is_zero(b, offset);
	uint32_t run = 0;

	do
		end = b->size - end > b->slice ? end + b->slice : b->size;
	while (zero && end < b->size && is_zero(b, end) && end - offset < MAX_ZEROS &&
	       ++run < MAX_RUN);
	*s = (struct pfc_image_part){
		.type = b->type,
		.tile = b->tile,
		.gt = b->gt,
		.flags = PFC_IMAGE_CRITICAL | (zero ? PFC_IMAGE_RLE : 0) |
			 (end == b->size ? PFC_IMAGE_LAST : 0),
		.offset = offset,
		.raw = (uint32_t)(end - offset),
		.stored = zero ? 0 : (uint32_t)(end - offset),
	};
	return s->raw;
}

int pfc_image_add_bulk(struct pfc_image_writer *w, const struct pfc_image_bulk *bulk)
{
	if (w->bulks == PFC_IMAGE_BULKS)
		return -ENOSPC;
	if (bulk->slice == 0 || bulk->slice > PFC_IMAGE_MAX_SLICE || bulk->size == 0)
		return -EINVAL;
	w->bulk[w->bulks++] = *bulk;
	return 0;
}

/* Sections of content count by what they are made of. */
static bool count_slices(struct pfc_image_writer *w, uint32_t budget)
{
	while (w->sealed < w->parts + w->bulks) {
		const struct pfc_image_bulk *b = &w->bulk[w->sealed - w->parts];

		while (w->seal_at < b->size) {
			struct pfc_image_part s;
			uint32_t cost;

			if (!budget)
				return false;
			next_slice(b, w->seal_at, &s);
			w->total += PFC_IMAGE_SECTION + s.stored;
			w->seal_at += s.raw;
			cost = PFC_IMAGE_LOOK * (s.raw / b->slice + 1);
			budget -= cost < budget ? cost : budget;
		}
		w->seal_at = 0;
		w->sealed++;
	}
	return true;
}

bool pfc_image_seal(struct pfc_image_writer *w, uint32_t budget)
{
	while (w->sealed < w->parts) {
		struct pfc_image_part *part = &w->part[w->sealed];
		uint32_t n = part->stored - (uint32_t)w->seal_at;

		if (n > budget)
			n = budget;
		part->crc = crc32c(part->crc, part->data + w->seal_at, n);
		w->seal_at += n;
		budget -= n;
		if (w->seal_at < part->stored)
			return false;
		w->seal_at = 0;
		w->sealed++;
	}
	return count_slices(w, budget);
}

static uint32_t make_header(struct pfc_image_writer *w)
{
	uint8_t *h = w->scratch;

	memset(h, 0, PFC_IMAGE_HEADER);
	memcpy(h + HDR_MAGIC, pfc_image_magic, sizeof(pfc_image_magic));
	h[HDR_MAJOR] = PFC_IMAGE_MAJOR;
	h[HDR_MINOR] = PFC_IMAGE_MINOR;
	le32_put(h + HDR_LENGTH, PFC_IMAGE_HEADER);
	le32_put(h + HDR_ALIGN, 1);
	memcpy(h + HDR_ID, w->id, PFC_IMAGE_ID);
	le32_put(h + HDR_CRC, crc32c(0, h, HDR_CRC));
	return PFC_IMAGE_HEADER;
}

static uint32_t make_section(uint8_t *h, const struct pfc_image_part *part, uint32_t seq)
{
	memset(h, 0, PFC_IMAGE_SECTION);
	h[SEC_TYPE] = (uint8_t)part->type;
	h[SEC_TYPE + 1] = (uint8_t)(part->type >> 8);
	h[SEC_TILE] = part->tile;
	h[SEC_GT] = part->gt;
	le32_put(h + SEC_FLAGS, part->flags);
	le32_put(h + SEC_SEQ, seq);
	le64_put(h + SEC_OFFSET, part->offset);
	le32_put(h + SEC_RAW, part->raw);
	le32_put(h + SEC_STORED, part->stored);
	le32_put(h + SEC_PAYLOAD_CRC, part->crc);
	le32_put(h + SEC_CRC, crc32c(0, h, SEC_CRC));
	return PFC_IMAGE_SECTION;
}

/* The trailer's header and payload in one piece. */
static uint32_t make_trailer(struct pfc_image_writer *w)
{
	uint8_t *payload = w->scratch + PFC_IMAGE_SECTION;
	struct pfc_image_part part = {
		.type = PFC_IMAGE_TRAILER_SECTION,
		.flags = PFC_IMAGE_CRITICAL | PFC_IMAGE_LAST,
		.raw = PFC_IMAGE_TRAILER,
		.stored = PFC_IMAGE_TRAILER,
	};

	memcpy(payload + TRL_ID, w->id, PFC_IMAGE_ID);
	le32_put(payload + TRL_SECTIONS, w->seq);
	le32_put(payload + TRL_CRC, w->crc);
	le64_put(payload + TRL_TOTAL, w->total);
	part.crc = crc32c(0, payload, PFC_IMAGE_TRAILER);
	return make_section(w->scratch, &part, w->seq) + PFC_IMAGE_TRAILER;
}

static bool in_content(const struct pfc_image_writer *w)
{
	return w->index >= w->parts;
}

/* What the header that is due describes. */
static const struct pfc_image_part *current_part(const struct pfc_image_writer *w)
{
	return in_content(w) ? &w->slice : &w->part[w->index];
}

/* A slice without bytes to wait for stands for itself. */
static bool is_wanting(const struct pfc_image_writer *w)
{
	return w->piece == PFC_PIECE_HEADER && in_content(w) && w->slice.stored && !w->slice.data;
}

/* The header after this one: of a part, a slice, or the trailer's. */
static void next_section(struct pfc_image_writer *w)
{
	if (in_content(w) && w->index < w->parts + w->bulks &&
	    w->offset >= w->bulk[w->index - w->parts].size) {
		w->index++;
		w->offset = 0;
	}
	if (w->index == w->parts + w->bulks) {
		w->piece = PFC_PIECE_TRAILER;
		return;
	}
	w->piece = PFC_PIECE_HEADER;
	if (in_content(w))
		w->offset += next_slice(&w->bulk[w->index - w->parts], w->offset, &w->slice);
}

static void piece_done(struct pfc_image_writer *w)
{
	w->at = 0;
	switch (w->piece) {
	case PFC_PIECE_FILE:
		next_section(w);
		return;
	case PFC_PIECE_HEADER:
		w->seq++;
		w->piece = PFC_PIECE_PAYLOAD;
		return;
	case PFC_PIECE_PAYLOAD:
		w->index += !in_content(w);
		next_section(w);
		return;
	case PFC_PIECE_TRAILER:
	case PFC_PIECE_END:
		w->piece = PFC_PIECE_END;
		return;
	}
}

/* Where the piece being emitted lies; made when it is begun. */
static const uint8_t *current_piece(struct pfc_image_writer *w, uint32_t *len)
{
	const struct pfc_image_part *part = current_part(w);

	switch (w->piece) {
	case PFC_PIECE_FILE:
		*len = w->at ? PFC_IMAGE_HEADER : make_header(w);
		return w->scratch;
	case PFC_PIECE_HEADER:
		*len = w->at ? PFC_IMAGE_SECTION : make_section(w->scratch, part, w->seq);
		return w->scratch;
	case PFC_PIECE_PAYLOAD:
		*len = part->stored;
		return part->data;
	case PFC_PIECE_TRAILER:
		*len = w->at ? PFC_IMAGE_SECTION + PFC_IMAGE_TRAILER : make_trailer(w);
		return w->scratch;
	case PFC_PIECE_END:
		break;
	}
	*len = 0;
	return w->scratch;
}

size_t pfc_image_emit(struct pfc_image_writer *w, uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (w->piece != PFC_PIECE_END && !is_wanting(w)) {
		uint32_t size;
		const uint8_t *from = current_piece(w, &size);
		size_t n = size - w->at;

		if (n > len - done)
			n = len - done;
		if (n > MAX_COPY)
			n = MAX_COPY;
		if (n > 0)
			memcpy(buf + done, from + w->at, n);
		w->crc = crc32c(w->crc, buf + done, n);
		w->at += (uint32_t)n;
		done += n;
		if (w->at == size)
			piece_done(w);
		else if (done == len)
			break;
	}
	return done;
}

const struct pfc_image_part *pfc_image_wanted(const struct pfc_image_writer *w)
{
	return is_wanting(w) ? &w->slice : NULL;
}

void pfc_image_give_slice(struct pfc_image_writer *w, uint8_t *data)
{
	if (!is_wanting(w))
		return;
	w->slice.data = data;
	w->slice.crc = crc32c(0, data, w->slice.stored);
}
