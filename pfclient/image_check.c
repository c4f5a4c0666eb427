/* SPDX-License-Identifier: MIT */
/* What the reader of the migration image demands (vf-lifecycle 3.5 to 3.7):
 * place and size of each section, and what stands in the small ones. Nothing
 * here has an effect but that the image is refused. See image.h. */
#include <errno.h>
#include <string.h>

#include "image_priv.h"
#include "proto/actions.h"
#include "proto/klv.h"
#include "proto/regs.h"

#define MAX_CONTENT (1ull << 40)

static unsigned gts_of(const struct pfc_image_reader *r)
{
	return (unsigned)r->want.tiles * r->want.gts;
}

static uint64_t content_size(const struct pfc_image_reader *r, unsigned type)
{
	return type == PFC_IMAGE_VRAM ? r->want.lmem_size : r->want.ccs_size;
}

static uint32_t ggtt_bytes(const struct pfc_image_profile *p)
{
	return (uint32_t)(p->ggtt_size >> GGTT_PAGE_SHIFT) * 8;
}

/* --- sections ------------------------------------------------------------------- */

static const char *bad_slice(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	uint64_t size = content_size(r, s->type);
	uint64_t done = r->content[pfc_image_content(s->type)][s->gt];
	bool ends;

	/* In order and without gaps: so nothing is written twice or forgotten. */
	if (s->offset != done)
		return "slice out of place";
	if (s->raw == 0 || s->raw > size - done)
		return "slice beyond the end of its content";
	ends = done + s->raw == size;
	if (ends != !!(s->flags & PFC_IMAGE_LAST))
		return "wrong slice marked as the last";
	/* Content is compared page by page, however it is cut. */
	if (!ends && s->raw % PFC_IMAGE_PAGE)
		return "slice that ends within a page";
	if (s->flags & PFC_IMAGE_RLE)
		return s->stored ? "slice of zeros with bytes" : NULL;
	if (s->raw != s->stored)
		return "section sizes disagree";
	return s->stored > r->want.slice ? "slice larger than announced" : NULL;
}

const char *pfc_image_bad_size(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	bool rle = s->flags & PFC_IMAGE_RLE;

	if (pfc_image_content(s->type) >= 0)
		return bad_slice(r, s);
	if (s->offset)
		return "reserved field of a section is not zero";
	if (!rle && s->raw != s->stored)
		return "section sizes disagree";
	switch (s->type) {
	case PFC_IMAGE_DESCRIPTOR:
		return s->stored == 0 || s->stored > PFC_IMAGE_MAX_DESC || s->stored % 4 ?
			       "size of the descriptor" : NULL;
	case PFC_IMAGE_TRAILER_SECTION:
		return s->stored != PFC_IMAGE_TRAILER ? "size of the trailer" : NULL;
	case PFC_IMAGE_GGTT:
		if (s->raw != ggtt_bytes(&r->want))
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

/* A section that has to be there is not; of `gt`, or of any. */
static bool is_missing(const struct pfc_image_reader *r)
{
	for (unsigned gt = 0; gt < gts_of(r); gt++)
		if (!pfc_image_find(r, PFC_IMAGE_GUC, gt) ||
		    !pfc_image_find(r, PFC_IMAGE_MMIO, gt) ||
		    (gt % r->want.gts == 0 && !pfc_image_find(r, PFC_IMAGE_GGTT, gt)))
			return true;
	return false;
}

static const char *bad_small(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	bool device = s->type == PFC_IMAGE_DESCRIPTOR || s->type == PFC_IMAGE_TRAILER_SECTION;

	if (!(s->flags & PFC_IMAGE_LAST))
		return "section flags missing";
	if (device && s->gt)
		return "device section on a GT";
	if (s->type == PFC_IMAGE_DESCRIPTOR ? r->seq != 0 : !!pfc_image_find(r, s->type, s->gt))
		return "section comes twice";
	return NULL;
}

const char *pfc_image_bad_place(const struct pfc_image_reader *r, const struct pfc_image_part *s)
{
	bool known = s->type >= PFC_IMAGE_DESCRIPTOR && s->type <= PFC_IMAGE_CCS;
	bool content = pfc_image_content(s->type) >= 0;

	if (s->type == 0)
		return "section of type 0";
	if (r->seq == 0 && s->type != PFC_IMAGE_DESCRIPTOR)
		return "no descriptor at the start";
	if (s->gt >= gts_of(r) || s->tile != s->gt / r->want.gts)
		return "section of a GT that is not there";
	if (s->flags & ~(PFC_IMAGE_CRITICAL | PFC_IMAGE_RLE | PFC_IMAGE_LAST))
		return "unknown section flags";
	if ((s->flags & PFC_IMAGE_RLE) && s->type != PFC_IMAGE_GGTT && !content)
		return "run-length coding of this section is not known";
	if (!known)
		return s->flags & PFC_IMAGE_CRITICAL ? "section of unknown type" : NULL;
	if (!(s->flags & PFC_IMAGE_CRITICAL))
		return "section flags missing";
	if ((content || s->type == PFC_IMAGE_GGTT) && s->gt % r->want.gts)
		return "section does not belong to a media GT";
	if (!content)
		return bad_small(r, s);
	if (content_size(r, s->type) == 0)
		return "content of a VF that has none";
	/* What can be checked whole comes first. */
	return is_missing(r) ? "content before the state that it belongs to" : NULL;
}

/* --- descriptor ------------------------------------------------------------------ */

enum {
	F_DEVID, F_REVID, F_GT_MAP, F_GRAPHICS, F_PAGE_SIZE, F_GGTT_SIZE, F_CONTEXTS,
	F_DOORBELLS, F_STAGE, F_MUST,
	F_LMEM_SIZE = F_MUST, F_CCS_SIZE, F_SLICE, F_GGTT_START, F_BEGIN_CONTEXT,
	F_BEGIN_DOORBELL, F_COUNT
};

static const struct {
	uint16_t key, len;
} facts[F_COUNT] = {
	[F_DEVID] = { PFC_KEY_DEVID, 1 },
	[F_REVID] = { PFC_KEY_REVID, 1 },
	[F_GT_MAP] = { PFC_KEY_GT_MAP, 1 },
	[F_GRAPHICS] = { PFC_KEY_GRAPHICS, 1 },
	[F_PAGE_SIZE] = { PFC_KEY_PAGE_SIZE, 1 },
	[F_GGTT_SIZE] = { PFC_KEY_GGTT_SIZE, 2 },
	[F_CONTEXTS] = { PFC_KEY_CONTEXTS, 1 },
	[F_DOORBELLS] = { PFC_KEY_DOORBELLS, 1 },
	[F_STAGE] = { PFC_KEY_STAGE, 1 },
	[F_LMEM_SIZE] = { PFC_KEY_LMEM_SIZE, 2 },
	[F_CCS_SIZE] = { PFC_KEY_CCS_SIZE, 2 },
	[F_SLICE] = { PFC_KEY_SLICE, 1 },
	[F_GGTT_START] = { PFC_KEY_GGTT_START, 2 },
	[F_BEGIN_CONTEXT] = { PFC_KEY_BEGIN_CONTEXT, 1 },
	[F_BEGIN_DOORBELL] = { PFC_KEY_BEGIN_DOORBELL, 1 },
};

/* The values of the keys we know; false: the list is malformed. */
static bool read_facts(struct pfc_image_reader *r, uint64_t value[F_COUNT])
{
	uint32_t dw[PFC_IMAGE_MAX_DESC / 4], seen = 0;
	struct klv_reader in = { .dw = dw, .len = r->need / 4 };
	struct klv k;
	int more;

	for (size_t i = 0; i < in.len; i++)
		dw[i] = le32_get(r->small + 4 * i);
	while ((more = klv_next(&in, &k)) > 0) {
		unsigned i = 0;

		while (i < F_COUNT && facts[i].key != k.key)
			i++;
		if (i == F_COUNT) {
			if (k.key >= 0xF080 && k.key <= 0xF0FF)
				pfc_image_fail(r, -EINVAL,
					       "unknown critical key in the descriptor");
			continue;
		}
		if (k.len != facts[i].len || seen & 1u << i)
			pfc_image_fail(r, -EINVAL, "malformed key in the descriptor");
		value[i] = klv_u64(&k);
		seen |= 1u << i;
	}
	if (more < 0)
		pfc_image_fail(r, -EINVAL, "descriptor ends inside a key");
	if (~seen & ((1u << F_MUST) - 1))
		pfc_image_fail(r, -EINVAL, "key missing in the descriptor");
	return r->err == 0;
}

/* Can there be such a VF at all? */
static const char *bad_sense(const uint64_t value[F_COUNT])
{
	uint64_t tiles = value[F_GT_MAP] >> 8, gts = value[F_GT_MAP] & 0xFF;

	if (value[F_DEVID] > UINT16_MAX || value[F_REVID] > UINT8_MAX)
		return "device ids out of range";
	if (tiles < 1 || gts < 1 || gts > 2 || tiles > PFC_IMAGE_GTS ||
	    tiles * gts > PFC_IMAGE_GTS)
		return "GTs out of range";
	if (value[F_GGTT_SIZE] == 0 || value[F_GGTT_SIZE] > 1ull << 32 ||
	    value[F_GGTT_SIZE] % GGTT_PAGE)
		return "GGTT size out of range";
	if (value[F_CONTEXTS] > GUC_ID_MAX || value[F_DOORBELLS] > 256)
		return "contexts or doorbells out of range";
	if (value[F_LMEM_SIZE] > MAX_CONTENT || value[F_CCS_SIZE] > MAX_CONTENT)
		return "LMEM out of range";
	return NULL;
}

static void compare(struct pfc_image_reader *r)
{
	const struct pfc_image_profile *w = &r->want, *f = &r->from;

	if (f->devid != w->devid)
		pfc_image_fail(r, -ENODEV, "image of another device");
	if (f->revid != w->revid)
		pfc_image_fail(r, -ENODEV, "image of another device revision");
	if (f->graphics != w->graphics)
		pfc_image_fail(r, -ENODEV, "image of another graphics version");
	if (f->tiles != w->tiles || f->gts != w->gts)
		pfc_image_fail(r, -EINVAL, "image of a card with other GTs");
	if (f->ggtt_size != w->ggtt_size)
		pfc_image_fail(r, -EINVAL, "GGTT size differs");
	if (f->contexts != w->contexts)
		pfc_image_fail(r, -EINVAL, "number of contexts differs");
	if (f->doorbells != w->doorbells)
		pfc_image_fail(r, -EINVAL, "number of doorbells differs");
	if (f->lmem_size != w->lmem_size)
		pfc_image_fail(r, -EINVAL, "LMEM size differs");
	if (f->ccs_size != w->ccs_size)
		pfc_image_fail(r, -EINVAL, "size of the compression metadata differs");
}

/* How much memory it wants, before it is given any. */
static void plan_stage(struct pfc_image_reader *r, uint64_t stage)
{
	uint64_t most = 0;

	for (unsigned gt = 0; gt < gts_of(r); gt++)
		most += PFC_IMAGE_MAX_GUC + 64 +
			(gt % r->want.gts ? 0u : (uint64_t)ggtt_bytes(&r->want));
	if (stage > most) {
		pfc_image_fail(r, -EMSGSIZE, "sections larger than any VF's");
		return;
	}
	if ((r->want.lmem_size || r->want.ccs_size) &&
	    (r->from.slice == 0 || r->from.slice > PFC_IMAGE_MAX_SLICE)) {
		pfc_image_fail(r, -EMSGSIZE, "size of a slice of content");
		return;
	}
	r->want.slice = r->want.lmem_size || r->want.ccs_size ? r->from.slice : 0;
	r->stage_small = (uint32_t)((stage + 7) & ~7ull);
	r->stage_need = r->stage_small + r->want.slice;
}

void pfc_image_check_descriptor(struct pfc_image_reader *r)
{
	uint64_t value[F_COUNT] = { 0 };
	const char *why;

	if (!read_facts(r, value))
		return;
	why = bad_sense(value);
	if (why) {
		pfc_image_fail(r, -EINVAL, why);
		return;
	}
	r->from = (struct pfc_image_profile){
		.tiles = (uint8_t)(value[F_GT_MAP] >> 8),
		.gts = (uint8_t)value[F_GT_MAP],
		.devid = (uint16_t)value[F_DEVID],
		.revid = (uint8_t)value[F_REVID],
		.graphics = (uint32_t)value[F_GRAPHICS],
		.ggtt_size = value[F_GGTT_SIZE],
		.contexts = (uint32_t)value[F_CONTEXTS],
		.doorbells = (uint32_t)value[F_DOORBELLS],
		.lmem_size = value[F_LMEM_SIZE],
		.ccs_size = value[F_CCS_SIZE],
		.ggtt_start = value[F_GGTT_START],
		.begin_context = (uint32_t)value[F_BEGIN_CONTEXT],
		.begin_doorbell = (uint32_t)value[F_BEGIN_DOORBELL],
		.slice = (uint32_t)value[F_SLICE],
	};
	if (r->learn)
		r->want = r->from;
	if (value[F_PAGE_SIZE] != PFC_IMAGE_PAGE)
		pfc_image_fail(r, -EINVAL, "another page size");
	compare(r);
	if (!r->err)
		plan_stage(r, value[F_STAGE]);
}

/* --- the others -------------------------------------------------------------------- */

void pfc_image_check_mmio(struct pfc_image_reader *r)
{
	const uint8_t *p = r->cur.data;
	uint32_t seen = 0;

	if (le32_get(p) != MAILBOX_DWORDS)
		pfc_image_fail(r, -EINVAL, "number of registers in the MMIO section");
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
		uint32_t reg = le32_get(p + 4 + 8 * (size_t)i);

		if (reg % 4 == 0 && reg / 4 < MAILBOX_DWORDS)
			seen |= 1u << reg / 4;
	}
	if (seen != (1u << MAILBOX_DWORDS) - 1)
		pfc_image_fail(r, -EINVAL, "registers of the MMIO section");
}

void pfc_image_check_entries(struct pfc_image_reader *r)
{
	static const char bad[] = "bad GGTT entry";
	uint32_t plain = (r->have - r->checked) / 8;

	if (!(r->cur.flags & PFC_IMAGE_RLE)) {
		if (!pfc_pte_check_plain(r->cur.data + r->checked, plain))
			pfc_image_fail(r, -EINVAL, bad);
		r->pages += plain;
		r->checked += 8 * plain;
	}
	while (r->cur.flags & PFC_IMAGE_RLE && r->have - r->checked >= PFC_RUN_BYTES && !r->err) {
		uint64_t n = pfc_pte_check(r->cur.data + r->checked, true);

		if (n == 0)
			pfc_image_fail(r, -EINVAL, bad);
		r->pages += n;
		r->checked += PFC_RUN_BYTES;
	}
	if (r->have == r->need && r->pages * 8 != r->cur.raw)
		pfc_image_fail(r, -EINVAL, "GGTT section does not fill the region");
}

void pfc_image_check_trailer(struct pfc_image_reader *r)
{
	bool missing = is_missing(r);

	if (memcmp(r->small + TRL_ID, r->id, PFC_IMAGE_ID) != 0)
		pfc_image_fail(r, -EINVAL, "trailer of another image");
	if (le32_get(r->small + TRL_SECTIONS) != r->seq - 1)
		pfc_image_fail(r, -EINVAL, "number of sections");
	if (le32_get(r->small + TRL_CRC) != r->stream_crc)
		pfc_image_fail(r, -EBADMSG, "checksum of the image");
	if (le64_get(r->small + TRL_TOTAL) != r->total)
		pfc_image_fail(r, -EINVAL, "size of the image");
	for (unsigned gt = 0; gt < gts_of(r); gt += r->want.gts)
		missing |= r->content[0][gt] != r->want.lmem_size ||
			   r->content[1][gt] != r->want.ccs_size;
	if (missing)
		pfc_image_fail(r, -ENODATA, "a section is missing");
}
