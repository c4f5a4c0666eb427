/* SPDX-License-Identifier: MIT */
/* Reader of the migration image (vf-lifecycle 3.7): a state machine over
 * bytes in any split. The first error sticks. Sizes are checked before room
 * is used, checksums before content is believed; what the caller applies
 * afterwards has passed everything here. See image.h. */
#include "image.h"

#include <errno.h>
#include <string.h>

#include "image_priv.h"
#include "proto/crc32c.h"
#include "proto/klv.h"
#include "proto/regs.h"

static void fail(struct pfc_image_reader *r, int err, const char *why)
{
	if (r->err)
		return;
	r->err = err;
	r->why = why;
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

static uint16_t le16(const uint8_t *b)
{
	return (uint16_t)(b[0] | b[1] << 8);
}

static void end_header(struct pfc_image_reader *r)
{
	if (r->header_crc != le32_get(r->head + HDR_CRC))
		fail(r, -EBADMSG, "checksum of the file header");
	expect(r, PFC_IMG_SECTION, PFC_IMAGE_SECTION);
}

static void parse_header(struct pfc_image_reader *r)
{
	const uint8_t *h = r->head;
	uint32_t length = le32_get(h + HDR_LENGTH);

	r->header_crc = crc32c(0, h, HDR_CRC);
	memcpy(r->id, h + HDR_ID, PFC_IMAGE_ID);
	if (memcmp(h, pfc_image_magic, sizeof(pfc_image_magic)) != 0)
		fail(r, -EINVAL, "not a migration image");
	else if (le16(h + HDR_MAJOR) != PFC_IMAGE_MAJOR)
		fail(r, -EINVAL, "format version not supported");
	else if (length < PFC_IMAGE_HEADER || length > PFC_IMAGE_MAX_EXT)
		fail(r, -EMSGSIZE, "size of the file header");
	else if (le32_get(h + HDR_FLAGS) || le32_get(h + HDR_MBZ) || le32_get(h + HDR_ALIGN) != 1)
		fail(r, -EINVAL, "unknown flags in the file header");
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

static uint32_t ggtt_bytes(const struct pfc_image_reader *r)
{
	return (uint32_t)(r->want.ggtt_size >> GGTT_PAGE_SHIFT) * 8;
}

static const char *bad_size(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	bool rle = s->flags & PFC_IMAGE_RLE;

	if (!rle && s->raw != s->stored)
		return "section sizes disagree";
	switch (s->type) {
	case PFC_IMAGE_DESCRIPTOR:
		return s->stored == 0 || s->stored > PFC_IMAGE_MAX_DESC || s->stored % 4 ?
			       "size of the descriptor" : NULL;
	case PFC_IMAGE_TRAILER_SECTION:
		return s->stored != PFC_IMAGE_TRAILER ? "size of the trailer" : NULL;
	case PFC_IMAGE_GGTT:
		if (s->raw != ggtt_bytes(r))
			return "GGTT section does not fit the VF's region";
		return s->stored > s->raw || s->stored % (rle ? PFC_RUN_BYTES : 8) ?
			       "size of the GGTT section" : NULL;
	case PFC_IMAGE_MMIO:
		return s->stored != 4 + 8 * MAILBOX_DWORDS ? "size of the MMIO section" : NULL;
	case PFC_IMAGE_GUC:
		return s->stored == 0 || s->stored > PFC_IMAGE_MAX_GUC || s->stored % 4 ?
			       "size of the GuC section" : NULL;
	}
	return s->stored > PFC_IMAGE_MAX_SKIP ? "section too large" : NULL;
}

/* Where the section stands: order, place, criticality. */
static const char *bad_place(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	unsigned gts = (unsigned)r->want.tiles * r->want.gts;
	bool known = s->type >= PFC_IMAGE_DESCRIPTOR && s->type <= PFC_IMAGE_GUC;

	if (s->type == 0)
		return "section of type 0";
	if (r->seq == 0 && s->type != PFC_IMAGE_DESCRIPTOR)
		return "no descriptor at the start";
	if (s->gt >= gts || s->tile != s->gt / r->want.gts)
		return "section of a GT that is not there";
	if (s->flags & ~(PFC_IMAGE_CRITICAL | PFC_IMAGE_RLE | PFC_IMAGE_LAST))
		return "unknown section flags";
	if ((s->flags & PFC_IMAGE_RLE) && s->type != PFC_IMAGE_GGTT)
		return "run-length coding of this section is not known";
	if (!known)
		return s->flags & PFC_IMAGE_CRITICAL || s->type == PFC_IMAGE_VRAM ?
			       "section of unknown type" : NULL;
	if (!(s->flags & PFC_IMAGE_CRITICAL) || !(s->flags & PFC_IMAGE_LAST))
		return "section flags missing";
	if ((s->type == PFC_IMAGE_DESCRIPTOR || s->type == PFC_IMAGE_TRAILER_SECTION) && s->gt)
		return "device section on a GT";
	if (s->type == PFC_IMAGE_GGTT && s->gt % r->want.gts)
		return "GGTT section on a media GT";
	if (s->type == PFC_IMAGE_DESCRIPTOR ? r->seq != 0 : !!pfc_image_find(r, s->type, s->gt))
		return "section comes twice";
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
	if (!is_staged(s))
		return NULL;
	if (room > r->stage_need - r->stage_used || r->parts == PFC_IMAGE_PARTS) {
		fail(r, -EMSGSIZE, "more than the descriptor announced");
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
		.raw = le32_get(h + SEC_RAW),
		.stored = le32_get(h + SEC_STORED),
		.crc = le32_get(h + SEC_PAYLOAD_CRC),
	};
	const char *why;

	if (crc32c(0, h, SEC_CRC) != le32_get(h + SEC_CRC)) {
		fail(r, -EBADMSG, "checksum of a section header");
		return;
	}
	if (le32_get(h + SEC_SEQ) != r->seq || r->seq >= PFC_IMAGE_MAX_SECTIONS) {
		fail(r, -EINVAL, "section out of sequence");
		return;
	}
	if (le32_get(h + SEC_MBZ) || le64_get(h + SEC_OFFSET)) {
		fail(r, -EINVAL, "reserved field of a section is not zero");
		return;
	}
	why = bad_place(r, &s);
	if (why) {
		fail(r, -EINVAL, why);
		return;
	}
	why = bad_size(r, &s);
	if (why) {
		fail(r, s.stored > PFC_IMAGE_MAX_GUC ? -EMSGSIZE : -EINVAL, why);
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

static void check_descriptor(struct pfc_image_reader *r)
{
	const struct pfc_image_profile *w = &r->want;
	const struct {
		uint16_t key, len;
		uint64_t value;
		int err;
		const char *why;
	} must[] = {
		{ PFC_KEY_DEVID, 1, w->devid, -ENODEV, "image of another device" },
		{ PFC_KEY_REVID, 1, w->revid, -ENODEV, "image of another device revision" },
		{ PFC_KEY_GT_MAP, 1, (uint64_t)w->tiles << 8 | w->gts, -EINVAL,
		  "image of a card with other GTs" },
		{ PFC_KEY_GRAPHICS, 1, w->graphics, -ENODEV, "image of another graphics version" },
		{ PFC_KEY_PAGE_SIZE, 1, PFC_IMAGE_PAGE, -EINVAL, "another page size" },
		{ PFC_KEY_GGTT_SIZE, 2, w->ggtt_size, -EINVAL, "GGTT size differs" },
		{ PFC_KEY_CONTEXTS, 1, w->contexts, -EINVAL, "number of contexts differs" },
		{ PFC_KEY_DOORBELLS, 1, w->doorbells, -EINVAL, "number of doorbells differs" },
		{ PFC_KEY_STAGE, 1, 0, 0, NULL },
	};
	enum { MUST = sizeof(must) / sizeof(must[0]) };
	uint32_t dw[PFC_IMAGE_MAX_DESC / 4], seen = 0;
	struct klv_reader in = { .dw = dw, .len = r->need / 4 };
	struct klv k;
	int more;

	for (size_t i = 0; i < in.len; i++)
		dw[i] = le32_get(r->small + 4 * i);
	while ((more = klv_next(&in, &k)) > 0) {
		unsigned i = 0;

		while (i < MUST && must[i].key != k.key)
			i++;
		if (i == MUST) {
			if (k.key >= 0xF080 && k.key <= 0xF0FF)
				fail(r, -EINVAL, "unknown critical key in the descriptor");
			continue;
		}
		if (k.len != must[i].len || seen & 1u << i)
			fail(r, -EINVAL, "malformed key in the descriptor");
		else if (!must[i].why)
			r->stage_need = (uint32_t)klv_u64(&k);
		else if (klv_u64(&k) != must[i].value)
			fail(r, must[i].err, must[i].why);
		seen |= 1u << i;
	}
	if (more < 0)
		fail(r, -EINVAL, "descriptor ends inside a key");
	if (seen != (1u << MUST) - 1)
		fail(r, -EINVAL, "key missing in the descriptor");
}

static void check_mmio(struct pfc_image_reader *r)
{
	const uint8_t *p = r->cur.data;
	uint32_t seen = 0;

	if (le32_get(p) != MAILBOX_DWORDS)
		fail(r, -EINVAL, "number of registers in the MMIO section");
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
		uint32_t reg = le32_get(p + 4 + 8 * i);

		if (reg % 4 == 0 && reg / 4 < MAILBOX_DWORDS)
			seen |= 1u << reg / 4;
	}
	if (seen != (1u << MAILBOX_DWORDS) - 1)
		fail(r, -EINVAL, "registers of the MMIO section");
}

/* Check GGTT entries as they come, so that no call does a whole region. */
static void check_entries(struct pfc_image_reader *r)
{
	bool rle = r->cur.flags & PFC_IMAGE_RLE;
	uint32_t unit = rle ? PFC_RUN_BYTES : 8;

	while (r->have - r->checked >= unit && !r->err) {
		uint64_t n = pfc_pte_check(r->cur.data + r->checked, rle);

		if (n == 0)
			fail(r, -EINVAL, "bad GGTT entry");
		r->pages += n;
		r->checked += unit;
	}
	if (r->have == r->need && r->pages * 8 != r->cur.raw)
		fail(r, -EINVAL, "GGTT section does not fill the region");
}

static void check_trailer(struct pfc_image_reader *r)
{
	unsigned gts = (unsigned)r->want.tiles * r->want.gts;

	if (memcmp(r->small + TRL_ID, r->id, PFC_IMAGE_ID) != 0)
		fail(r, -EINVAL, "trailer of another image");
	if (le32_get(r->small + TRL_SECTIONS) != r->seq - 1)
		fail(r, -EINVAL, "number of sections");
	if (le32_get(r->small + TRL_CRC) != r->stream_crc)
		fail(r, -EBADMSG, "checksum of the image");
	if (le64_get(r->small + TRL_TOTAL) != r->total)
		fail(r, -EINVAL, "size of the image");
	for (unsigned gt = 0; gt < gts; gt++)
		if (!pfc_image_find(r, PFC_IMAGE_GUC, gt) ||
		    !pfc_image_find(r, PFC_IMAGE_MMIO, gt) ||
		    (gt % r->want.gts == 0 && !pfc_image_find(r, PFC_IMAGE_GGTT, gt)))
			fail(r, -ENODATA, "a section is missing");
}

static void end_payload(struct pfc_image_reader *r)
{
	if (r->crc != r->cur.crc) {
		fail(r, -EBADMSG, "checksum of a section");
		return;
	}
	switch (r->cur.type) {
	case PFC_IMAGE_DESCRIPTOR:
		check_descriptor(r);
		expect(r, PFC_IMG_STAGE, 0);
		return;
	case PFC_IMAGE_TRAILER_SECTION:
		check_trailer(r);
		expect(r, PFC_IMG_ENDED, 0);
		return;
	case PFC_IMAGE_MMIO:
		check_mmio(r);
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
	r->run_crc = crc32c(r->run_crc, buf, n);
	r->total += n;
	if (r->phase == PFC_IMG_PAYLOAD)
		r->crc = crc32c(r->crc, buf, n);
	if (r->phase == PFC_IMG_EXTENSION)
		r->header_crc = crc32c(r->header_crc, buf, n);
	r->have += (uint32_t)n;
	if (r->phase == PFC_IMG_PAYLOAD && r->cur.type == PFC_IMAGE_GGTT)
		check_entries(r);
	if (r->have == r->need && !r->err)
		unit_complete(r);
	return n;
}

long pfc_image_take(struct pfc_image_reader *r, const uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len && !r->err && r->phase != PFC_IMG_STAGE) {
		if (r->phase == PFC_IMG_ENDED) {
			fail(r, -EINVAL, "bytes after the trailer");
			break;
		}
		done += collect(r, buf + done, len - done);
	}
	return r->err ? r->err : (long)done;
}

int pfc_image_finish(struct pfc_image_reader *r)
{
	if (r->phase != PFC_IMG_ENDED)
		fail(r, -ENODATA, "image ends early");
	return r->err;
}
