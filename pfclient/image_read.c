/* SPDX-License-Identifier: MIT */
/* Reader of the migration image (vf-lifecycle 3.7): a state machine over
 * bytes in any split. The first error sticks. Sizes are checked before room
 * is used, checksums before content is believed; what the caller applies
 * afterwards has passed everything here and in image_check.c. See image.h. */
#include "image.h"

#include <errno.h>
#include <string.h>

#include "image_priv.h"
#include "proto/crc32c.h"

void pfc_image_fail(struct pfc_image_reader *r, int err, const char *why)
{
	if (r->err)
		return;
	r->err = err;
	r->why = why;
	r->bad_at = r->total - r->have;
}

static void expect(struct pfc_image_reader *r, enum pfc_image_phase phase, uint32_t need)
{
	r->phase = phase;
	r->have = 0;
	r->need = need;
	r->crc = 0;
	if (phase == PFC_IMG_SECTION)
		r->stream_crc = r->run_crc;
}

void pfc_image_reader_init(struct pfc_image_reader *r, const struct pfc_image_profile *want)
{
	memset(r, 0, sizeof(*r));
	r->want = *want;
	expect(r, PFC_IMG_HEADER, PFC_IMAGE_HEADER);
}

void pfc_image_reader_any(struct pfc_image_reader *r)
{
	/* Enough for the place of the descriptor. */
	static const struct pfc_image_profile unknown = { .tiles = 1, .gts = 1 };

	pfc_image_reader_init(r, &unknown);
	r->learn = true;
}

static uint16_t le16(const uint8_t *b)
{
	return (uint16_t)(b[0] | b[1] << 8);
}

static void end_header(struct pfc_image_reader *r)
{
	if (r->header_crc != le32_get(r->head + HDR_CRC)) {
		pfc_image_fail(r, -EBADMSG, "checksum of the file header");
		r->bad_at = 0;
	}
	expect(r, PFC_IMG_SECTION, PFC_IMAGE_SECTION);
}

static void parse_header(struct pfc_image_reader *r)
{
	const uint8_t *h = r->head;
	uint32_t length = le32_get(h + HDR_LENGTH);

	r->header_crc = crc32c(0, h, HDR_CRC);
	r->minor = le16(h + HDR_MINOR);
	memcpy(r->id, h + HDR_ID, PFC_IMAGE_ID);
	if (memcmp(h, pfc_image_magic, sizeof(pfc_image_magic)) != 0)
		pfc_image_fail(r, -EINVAL, "not a migration image");
	else if (le16(h + HDR_MAJOR) != PFC_IMAGE_MAJOR)
		pfc_image_fail(r, -EINVAL, "format version not supported");
	else if (length < PFC_IMAGE_HEADER || length > PFC_IMAGE_MAX_EXT)
		pfc_image_fail(r, -EMSGSIZE, "size of the file header");
	else if (le32_get(h + HDR_FLAGS) || le32_get(h + HDR_MBZ) || le32_get(h + HDR_ALIGN) != 1)
		pfc_image_fail(r, -EINVAL, "unknown flags in the file header");
	else if (length > PFC_IMAGE_HEADER)
		expect(r, PFC_IMG_EXTENSION, length - PFC_IMAGE_HEADER);
	else
		end_header(r);
}

const struct pfc_image_part *pfc_image_find(const struct pfc_image_reader *r, unsigned type,
					    unsigned gt)
{
	for (unsigned i = 0; i < r->parts; i++)
		if (r->part[i].type == type && r->part[i].gt == gt)
			return &r->part[i];
	return NULL;
}

static bool is_staged(const struct pfc_image_part *s)
{
	return s->type == PFC_IMAGE_GGTT || s->type == PFC_IMAGE_MMIO || s->type == PFC_IMAGE_GUC;
}

static uint8_t *payload_target(struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	uint32_t room = (s->stored + 7) & ~7u;
	uint8_t *at;

	if (s->type == PFC_IMAGE_DESCRIPTOR || s->type == PFC_IMAGE_TRAILER_SECTION)
		return r->small;
	if (pfc_image_content(s->type) >= 0)
		return s->stored ? r->stage + r->stage_small : NULL;
	if (!is_staged(s))
		return NULL;
	if (room > r->stage_small - r->stage_used || r->parts == PFC_IMAGE_PARTS) {
		pfc_image_fail(r, -EMSGSIZE, "more than the descriptor announced");
		return NULL;
	}
	at = r->stage + r->stage_used;
	r->stage_used += room;
	return at;
}

static void end_payload(struct pfc_image_reader *r);

static void parse_section(struct pfc_image_reader *r)
{
	const uint8_t *h = r->head;
	struct pfc_image_part s = {
		.type = le16(h + SEC_TYPE),
		.tile = h[SEC_TILE],
		.gt = h[SEC_GT],
		.flags = le32_get(h + SEC_FLAGS),
		.offset = le64_get(h + SEC_OFFSET),
		.raw = le32_get(h + SEC_RAW),
		.stored = le32_get(h + SEC_STORED),
		.crc = le32_get(h + SEC_PAYLOAD_CRC),
	};
	const char *why;

	if (crc32c(0, h, SEC_CRC) != le32_get(h + SEC_CRC)) {
		pfc_image_fail(r, -EBADMSG, "checksum of a section header");
		return;
	}
	if (le32_get(h + SEC_SEQ) != r->seq || r->seq - r->slices >= PFC_IMAGE_MAX_SECTIONS) {
		pfc_image_fail(r, -EINVAL, "section out of sequence");
		return;
	}
	if (le32_get(h + SEC_MBZ)) {
		pfc_image_fail(r, -EINVAL, "reserved field of a section is not zero");
		return;
	}
	why = pfc_image_bad_place(r, &s);
	if (why) {
		pfc_image_fail(r, -EINVAL, why);
		return;
	}
	why = pfc_image_bad_size(r, &s);
	if (why) {
		pfc_image_fail(r, s.stored > PFC_IMAGE_MAX_GUC ? -EMSGSIZE : -EINVAL, why);
		return;
	}
	s.data = payload_target(r, &s);
	r->cur = s;
	r->checked = 0;
	r->pages = 0;
	r->seq++;
	expect(r, PFC_IMG_PAYLOAD, s.stored);
	if (s.stored == 0)
		end_payload(r);
}

/* --- payloads ------------------------------------------------------------------ */

static void end_payload(struct pfc_image_reader *r)
{
	if (r->crc != r->cur.crc) {
		pfc_image_fail(r, -EBADMSG, "checksum of a section");
		return;
	}
	switch (r->cur.type) {
	case PFC_IMAGE_DESCRIPTOR:
		pfc_image_check_descriptor(r);
		expect(r, PFC_IMG_STAGE, 0);
		return;
	case PFC_IMAGE_TRAILER_SECTION:
		pfc_image_check_trailer(r);
		expect(r, PFC_IMG_ENDED, 0);
		return;
	case PFC_IMAGE_VRAM:
	case PFC_IMAGE_CCS:
		r->slices++;
		r->content[pfc_image_content(r->cur.type)][r->cur.gt] += r->cur.raw;
		expect(r, PFC_IMG_SLICE, 0);
		return;
	case PFC_IMAGE_MMIO:
		pfc_image_check_mmio(r);
		break;
	}
	if (is_staged(&r->cur))
		r->part[r->parts++] = r->cur;
	expect(r, PFC_IMG_SECTION, PFC_IMAGE_SECTION);
}

void pfc_image_give_stage(struct pfc_image_reader *r, uint8_t *stage)
{
	r->stage = stage;
	expect(r, PFC_IMG_SECTION, PFC_IMAGE_SECTION);
}

void pfc_image_slice_done(struct pfc_image_reader *r)
{
	if (r->phase == PFC_IMG_SLICE)
		expect(r, PFC_IMG_SECTION, PFC_IMAGE_SECTION);
}

/* --- the stream ------------------------------------------------------------------- */

static uint8_t *target(struct pfc_image_reader *r)
{
	switch (r->phase) {
	case PFC_IMG_HEADER:
	case PFC_IMG_SECTION:
		return r->head;
	case PFC_IMG_PAYLOAD:
		return r->cur.data;
	case PFC_IMG_EXTENSION:
	case PFC_IMG_STAGE:
	case PFC_IMG_SLICE:
	case PFC_IMG_ENDED:
		break;
	}
	return NULL;
}

static void unit_complete(struct pfc_image_reader *r)
{
	switch (r->phase) {
	case PFC_IMG_HEADER:
		parse_header(r);
		return;
	case PFC_IMG_EXTENSION:
		end_header(r);
		return;
	case PFC_IMG_SECTION:
		parse_section(r);
		return;
	case PFC_IMG_PAYLOAD:
		end_payload(r);
		return;
	case PFC_IMG_STAGE:
	case PFC_IMG_SLICE:
	case PFC_IMG_ENDED:
		return;
	}
}

/* Take the bytes of the unit being collected that are there. */
static size_t collect(struct pfc_image_reader *r, const uint8_t *buf, size_t len)
{
	uint8_t *to = target(r);
	size_t n = r->need - r->have;

	if (n > len)
		n = len;
	if (to)
		memcpy(to + r->have, buf, n);
	if (r->phase == PFC_IMG_PAYLOAD)
		crc32c_two(&r->crc, &r->run_crc, buf, n);
	else
		r->run_crc = crc32c(r->run_crc, buf, n);
	r->total += n;
	if (r->phase == PFC_IMG_EXTENSION)
		r->header_crc = crc32c(r->header_crc, buf, n);
	r->have += (uint32_t)n;
	if (r->phase == PFC_IMG_PAYLOAD && r->cur.type == PFC_IMAGE_GGTT)
		pfc_image_check_entries(r);
	if (r->have == r->need && !r->err)
		unit_complete(r);
	return n;
}

long pfc_image_take(struct pfc_image_reader *r, const uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len && !r->err && r->phase != PFC_IMG_STAGE && r->phase != PFC_IMG_SLICE) {
		if (r->phase == PFC_IMG_ENDED) {
			pfc_image_fail(r, -EINVAL, "bytes after the trailer");
			break;
		}
		done += collect(r, buf + done, len - done);
	}
	return r->err ? r->err : (long)done;
}

int pfc_image_finish(struct pfc_image_reader *r)
{
	if (r->phase != PFC_IMG_ENDED && !r->err) {
		pfc_image_fail(r, -ENODATA, "image ends early");
		r->bad_at = r->total;
	}
	return r->err;
}
