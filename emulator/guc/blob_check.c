/* SPDX-License-Identifier: MIT */
/* Is this blob one that SAVE could have made for a VF provisioned like this
 * one (vf-lifecycle 1.3.4, 3.7)? A checksum stops accidents; everything else
 * here stops well-formed lies. Nothing is applied before all of it holds. */
#include "blob.h"

#include "exec.h"

#include "proto/ppgtt.h"
#include "proto/crc32c.h"

uint16_t guc_blob_error(enum guc_blob_hint hint)
{
	switch (hint) {
	case GUC_BLOB_FINE:
		return GUC_OK;
	case GUC_BLOB_UNREADABLE:
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	case GUC_BLOB_BAD_VERSION:
	case GUC_BLOB_OTHER_ABI:
		return GUC_ERR_UNSUPPORTED_VERSION;
	case GUC_BLOB_OTHER_DEVICE:
	case GUC_BLOB_OTHER_GGTT:
	case GUC_BLOB_OTHER_COUNT:
		return GUC_ERR_INVALID_CONFIG_STATE;
	case GUC_BLOB_SHORT:
	case GUC_BLOB_BAD_MAGIC:
	case GUC_BLOB_BAD_LENGTH:
	case GUC_BLOB_BAD_CRC:
	case GUC_BLOB_BAD_RESERVED:
	case GUC_BLOB_BAD_STATE:
	case GUC_BLOB_BAD_ADDRESS:
	case GUC_BLOB_BAD_RING:
	case GUC_BLOB_BAD_CONTEXT:
	case GUC_BLOB_BAD_LRC:
	case GUC_BLOB_BAD_QUEUED:
	case GUC_BLOB_BAD_NOTE:
		return GUC_ERR_INVALID_PARAMS;
	}
	return GUC_ERR_INVALID_PARAMS;
}

uint32_t guc_blob_crc_head(const uint32_t *blob)
{
	return guc_blob_crc(blob, 4 * BLOB_HEADER_DWORDS);
}

uint32_t guc_blob_crc(const uint32_t *blob, size_t bytes)
{
	static const uint32_t zero;
	uint32_t crc = crc32c(0, blob, 4 * BLOB_CRC);

	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, blob + BLOB_CRC + 1, bytes - 4 * (BLOB_CRC + 1));
}

void guc_blob_facts(const struct guc_card *c, unsigned gt, unsigned vf,
		    struct guc_blob_facts *facts)
{
	const struct guc_options *o = &c->block->options;
	const struct guc_config *cfg = &guc_fn(c, gt, vf)->config;

	facts->device = o->devid | (uint32_t)o->revid << 16;
	facts->gt_kind = guc_gt_is_media(c, gt);
	facts->gmd_id = o->gmd_id[facts->gt_kind];
	facts->num_contexts = cfg->num_contexts;
	facts->ggtt_size = cfg->ggtt_size;
}

/* True when [offset, offset + len) fits into the VF's range. */
static bool fits(const struct guc_blob_facts *facts, uint32_t offset, uint64_t len)
{
	return len <= facts->ggtt_size && offset <= facts->ggtt_size - len;
}

/* --- header ------------------------------------------------------------------------ */

/* Sizes first: the rest may then be indexed. */
enum guc_blob_hint guc_blob_check_frame(const uint32_t *b, size_t bytes)
{
	uint64_t want = BLOB_HEADER_DWORDS;
	uint32_t size;

	if (bytes < 4 * BLOB_HEADER_DWORDS)
		return GUC_BLOB_SHORT;
	if (make64(blob_get(b, BLOB_MAGIC_LO), blob_get(b, BLOB_MAGIC_HI)) != BLOB_MAGIC)
		return GUC_BLOB_BAD_MAGIC;
	if (blob_get(b, BLOB_FORMAT) != BLOB_VERSION)
		return GUC_BLOB_BAD_VERSION;
	size = blob_get(b, BLOB_BYTES);
	want += (uint64_t)blob_get(b, BLOB_CONTEXTS) * BLOB_CTX_DWORDS;
	want += (uint64_t)blob_get(b, BLOB_LRCS) * BLOB_LRC_DWORDS;
	want += blob_get(b, BLOB_QUEUED_DWORDS);
	want += (uint64_t)blob_get(b, BLOB_NOTES) * BLOB_NOTE_DWORDS;
	if (size != 4 * want)
		return GUC_BLOB_BAD_LENGTH;
	return size > bytes ? GUC_BLOB_SHORT : GUC_BLOB_FINE;
}

static enum guc_blob_hint check_facts(const struct guc_card *c, unsigned gt, unsigned vf,
				      const uint32_t *b, const struct guc_blob_facts *facts)
{
	uint32_t abi = blob_get(b, BLOB_ABI), state = blob_get(b, BLOB_PAUSED_FROM);

	if (blob_get(b, BLOB_DEVICE) != facts->device ||
	    blob_get(b, BLOB_GT_KIND) != facts->gt_kind ||
	    blob_get(b, BLOB_GMD_ID) != facts->gmd_id)
		return GUC_BLOB_OTHER_DEVICE;
	if (abi && (abi >> 16 != 1 || (abi & 0xFFFF) > guc_abi_offered(c, vf)))
		return GUC_BLOB_OTHER_ABI;
	if (make64(blob_get(b, BLOB_GGTT_LO), blob_get(b, BLOB_GGTT_HI)) != facts->ggtt_size)
		return GUC_BLOB_OTHER_GGTT;
	if (blob_get(b, BLOB_NUM_CONTEXTS) != facts->num_contexts ||
	    (uint64_t)guc_fn(c, gt, vf)->config.begin_context + facts->num_contexts >
		    c->block->geometry.contexts)
		return GUC_BLOB_OTHER_COUNT;
	if (state != GUC_VFS_READY_PAUSED && state != GUC_VFS_RUNNING_PAUSED &&
	    state != GUC_VFS_RESFIX_PAUSED)
		return GUC_BLOB_BAD_STATE;
	if (blob_get(b, BLOB_OPT_IN) & ~3u || blob_get(b, BLOB_FLAGS) & ~BLOB_F_MASK ||
	    blob_get(b, BLOB_ENGINES_OFF) >> GUC_CLASS_COUNT)
		return GUC_BLOB_BAD_RESERVED;
	return GUC_BLOB_FINE;
}

static enum guc_blob_hint check_intr(const struct guc_card *c, unsigned vf, const uint32_t *b)
{
	uint32_t dw[GUC_INTR_DWORDS], any = 0;
	struct guc_intr intr;

	for (unsigned i = 0; i < GUC_INTR_DWORDS; i++) {
		dw[i] = blob_get(b, BLOB_INTR + i);
		any |= dw[i];
	}
	if (guc_has_intr(c, vf) ? !guc_intr_unpack(&intr, dw) : any)
		return GUC_BLOB_BAD_RESERVED;
	return GUC_BLOB_FINE;
}

static bool ring_fine(const uint32_t *b, enum blob_dword bytes, uint32_t max, bool enabled)
{
	/* Cursor and size of a ring follow one another, ring by ring. */
	uint32_t at = bytes == BLOB_H2G_BYTES ? BLOB_H2G_CURSOR : BLOB_G2H_CURSOR;
	uint32_t n = blob_get(b, bytes), cursor = blob_get(b, at), size = blob_get(b, at + 1);

	if (n % CTB_SIZE_ALIGN || n > max)
		return false;
	return enabled ? n && size == n / 4 && cursor < size : !size && !cursor;
}

static enum guc_blob_hint check_self(const uint32_t *b, const struct guc_blob_facts *facts)
{
	const uint64_t len[BLOB_ADDRS] = {
		16, 1, blob_get(b, BLOB_H2G_BYTES), CTB_DESC_BYTES, blob_get(b, BLOB_G2H_BYTES),
		CTB_DESC_BYTES,
	};
	uint32_t flags = blob_get(b, BLOB_FLAGS);
	bool enabled = flags & BLOB_F_CTB;

	if (!ring_fine(b, BLOB_H2G_BYTES, GUC_H2G_MAX_BYTES, enabled) ||
	    !ring_fine(b, BLOB_G2H_BYTES, GUC_G2H_MAX_BYTES, enabled))
		return GUC_BLOB_BAD_RING;
	if (!enabled && flags & (BLOB_F_H2G_STOPPED | BLOB_F_G2H_STOPPED))
		return GUC_BLOB_BAD_RESERVED;
	for (uint32_t i = 0; i < BLOB_ADDRS; i++) {
		uint32_t offset = blob_get(b, BLOB_ADDR + i);
		bool set = flags & BLOB_F_ADDR(i);

		if (!set && (offset || (enabled && i >= 2)))
			return GUC_BLOB_BAD_ADDRESS;
		if (set && (!fits(facts, offset, len[i] ? len[i] : 1) || (i >= 2 && offset % 4)))
			return GUC_BLOB_BAD_ADDRESS;
	}
	return GUC_BLOB_FINE;
}

/* --- contexts ---------------------------------------------------------------------- */

/* At the very end of the range the next fetch faults, as it would have. */
static bool batch_fine(const uint32_t *l, enum blob_lrc_dword at, bool there, bool ppgtt,
		       const struct guc_blob_facts *facts)
{
	uint64_t batch = make64(blob_get(l, at), blob_get(l, at + 1));

	if (!there)
		return !batch && !ppgtt;
	if (batch % 4)
		return false;
	return ppgtt ? batch >> PPGTT_VA_BITS == 0 : !hi32(batch) && fits(facts, lo32(batch), 0);
}

static bool check_exec(const uint32_t *l, const struct guc_blob_facts *facts)
{
	uint32_t state = blob_get(l, BLOB_LRC_STATE), level = field_get(BLOB_LRC_LEVEL, state);
	uint32_t ppgtt = field_get(BLOB_LRC_PPGTT, state);

	return !(state & ~(BLOB_LRC_LEVEL | BLOB_LRC_PPGTT | BLOB_LRC_BEHIND | BLOB_LRC_ARMED |
			   BLOB_LRC_ARB_OFF | BLOB_LRC_PREDICATE)) &&
	       level <= 2 && !(level && state & BLOB_LRC_BEHIND) &&
	       batch_fine(l, BLOB_LRC_BATCH, level != 0, ppgtt & GUC_EXEC_BATCH, facts) &&
	       batch_fine(l, BLOB_LRC_BACK, level == 2, ppgtt & GUC_EXEC_BACK, facts);
}

/* `next` is the least place that the LRC may have in a group. */
static enum guc_blob_hint check_lrc(const uint32_t *l, bool group, uint32_t *next,
				    const struct guc_blob_facts *facts)
{
	uint32_t addr = blob_get(l, BLOB_LRC_ADDR), desc = blob_get(l, BLOB_LRC_DESC);
	uint32_t place = field_get(BLOB_LRC_PLACE, desc);

	if (group && (place < *next || !(desc & LRC_DESC_VALID)))
		return GUC_BLOB_BAD_LRC;
	*next = place + 1;
	if (addr % LRC_PAGE || !fits(facts, addr, LRC_PPHWSP_BYTES + LRC_PAGE) ||
	    desc & ~((group ? BLOB_LRC_PLACE : 0) | ~LRC_DESC_ADDR))
		return GUC_BLOB_BAD_LRC;
	return check_exec(l, facts) ? GUC_BLOB_FINE : GUC_BLOB_BAD_LRC;
}

static enum guc_blob_hint check_queue(const uint32_t *r, uint32_t width,
				      const struct guc_blob_facts *facts)
{
	uint32_t desc = blob_get(r, BLOB_CTX_WQ_DESC), base = blob_get(r, BLOB_CTX_WQ_BASE);
	uint32_t bytes = blob_get(r, BLOB_CTX_WQ_BYTES);

	if (blob_get(r, BLOB_CTX_QUEUES))
		return desc || bytes || base % GGTT_PAGE || !fits(facts, base, CGP_BYTES) ?
			       GUC_BLOB_BAD_LRC : GUC_BLOB_FINE;
	if (width == 1)
		return desc || base || bytes ? GUC_BLOB_BAD_LRC : GUC_BLOB_FINE;
	if (!bytes || bytes % 4 || bytes > GUC_WQ_MAX_BYTES || desc % 4 || base % 4 ||
	    !fits(facts, desc, WQ_DESC_STATUS + 4) || !fits(facts, base, bytes))
		return GUC_BLOB_BAD_LRC;
	return GUC_BLOB_FINE;
}

static enum guc_blob_hint check_record(const uint32_t *r, struct guc_blob_walk *w,
				       const struct guc_blob_facts *facts)
{
	uint32_t flags = blob_get(r, BLOB_CTX_FLAGS);
	uint32_t id = blob_get(r, BLOB_CTX_ID) & 0xFFFF, width = blob_get(r, BLOB_CTX_ID) >> 16;
	uint32_t type = field_get(BLOB_CTX_TYPE, flags), queues = blob_get(r, BLOB_CTX_QUEUES);

	if (flags & ~(BLOB_CTX_ENABLED | BLOB_CTX_KILLED | BLOB_CTX_FAULTED | BLOB_CTX_TYPE |
		      BLOB_CTX_CLASS))
		return GUC_BLOB_BAD_RESERVED;
	/* Ascending, and each takes as many ids as it is wide: so they are unique. */
	if (!width || width > LRC_MAX_WIDTH || id < w->id ||
	    id + width > facts->num_contexts || type > GUC_CTX_COMPRESSION_RESTORE ||
	    (type && (width > 1 || queues)) || field_get(BLOB_CTX_CLASS, flags) >= GUC_CLASS_COUNT ||
	    !blob_get(r, BLOB_CTX_MASK))
		return GUC_BLOB_BAD_CONTEXT;
	w->groups += queues != 0;
	if (queues > 1 + CGP_QUEUES || (queues && width > 1) || w->groups > GUC_GROUPS)
		return GUC_BLOB_BAD_CONTEXT;
	w->id = id + width;
	return check_queue(r, width, facts);
}

enum guc_blob_hint guc_blob_check_contexts(const struct guc_card *c, unsigned gt, unsigned vf,
					   const uint32_t *b, struct guc_blob_walk *w,
					   uint32_t *budget, bool *done)
{
	struct guc_blob_facts facts;
	enum guc_blob_hint hint;

	guc_blob_facts(c, gt, vf, &facts);
	for (; *budget && w->records < blob_get(b, BLOB_CONTEXTS); w->records++) {
		const uint32_t *p = b + w->at;
		uint32_t queues = blob_get(p, BLOB_CTX_QUEUES), place = 0;
		uint32_t lrcs = queues ? queues - 1 : blob_get(p, BLOB_CTX_ID) >> 16, i;

		hint = check_record(p, w, &facts);
		if (hint)
			return hint;
		if (lrcs > blob_get(b, BLOB_LRCS) - w->lrcs)
			return GUC_BLOB_BAD_LENGTH;
		p += BLOB_CTX_DWORDS;
		for (i = 0; i < lrcs; i++, p += BLOB_LRC_DWORDS) {
			hint = check_lrc(p, queues != 0, &place, &facts);
			if (hint)
				return hint;
		}
		w->lrcs += lrcs;
		guc_blob_spend(budget, (uint32_t)(p - b) - w->at);
		w->at = (uint32_t)(p - b);
	}
	*done = w->records == blob_get(b, BLOB_CONTEXTS);
	return *done && w->lrcs != blob_get(b, BLOB_LRCS) ? GUC_BLOB_BAD_LENGTH : GUC_BLOB_FINE;
}

/* --- the rest ---------------------------------------------------------------------- */

/* Only events wait for a restored VF: responses and credited ones died. */
static enum guc_blob_hint check_queued(const uint32_t *b, const uint32_t **at)
{
	uint32_t left = blob_get(b, BLOB_QUEUED_DWORDS), n = blob_get(b, BLOB_QUEUED);
	const uint32_t *p = *at;

	if (n > GUC_QUEUED_G2H)
		return GUC_BLOB_BAD_QUEUED;
	for (; n; n--) {
		uint32_t len;

		if (left < BLOB_QUEUED_HEADER + 1)
			return GUC_BLOB_BAD_QUEUED;
		len = blob_get(p, 0) & 0xFFFF;
		left -= BLOB_QUEUED_HEADER;
		if (!len || len > GUC_QUEUED_DWORDS || len > left ||
		    hxg_origin(blob_get(p, 1)) != HXG_ORIGIN_GUC ||
		    hxg_type(blob_get(p, 1)) != HXG_EVENT ||
		    !guc_notice_travels(hxg_action(blob_get(p, 1)), len))
			return GUC_BLOB_BAD_QUEUED;
		left -= len;
		p += BLOB_QUEUED_HEADER + len;
	}
	*at = p;
	return left ? GUC_BLOB_BAD_QUEUED : GUC_BLOB_FINE;
}

static enum guc_blob_hint check_notes(const uint32_t *b, const uint32_t *p,
				      const struct guc_blob_facts *facts)
{
	if (blob_get(b, BLOB_NOTES) > GUC_NOTES)
		return GUC_BLOB_BAD_NOTE;
	for (uint32_t i = 0; i < blob_get(b, BLOB_NOTES); i++, p += BLOB_NOTE_DWORDS) {
		uint32_t context = blob_get(p, 0) & 0xFFFF;

		if ((context >= facts->num_contexts && context != GUC_ID_MAX) ||
		    (blob_get(p, 0) >> 16 & 0xFF) >= CGP_QUEUES ||
		    blob_get(p, 0) >> 24 >= FIXUP_COUNT || !fits(facts, blob_get(p, 2), 1) ||
		    !fits(facts, blob_get(p, 3), 4) || blob_get(p, 3) % 4)
			return GUC_BLOB_BAD_NOTE;
	}
	return GUC_BLOB_FINE;
}

enum guc_blob_hint guc_blob_check_head(const struct guc_card *c, unsigned gt, unsigned vf,
				       const uint32_t *blob)
{
	struct guc_blob_facts facts;
	enum guc_blob_hint hint;

	guc_blob_facts(c, gt, vf, &facts);
	hint = check_facts(c, gt, vf, blob, &facts);
	if (!hint)
		hint = check_intr(c, vf, blob);
	return hint ? hint : check_self(blob, &facts);
}

enum guc_blob_hint guc_blob_check_rest(const struct guc_card *c, unsigned gt, unsigned vf,
				       const uint32_t *blob, const struct guc_blob_walk *w)
{
	const uint32_t *at = blob + w->at;
	struct guc_blob_facts facts;
	enum guc_blob_hint hint;

	guc_blob_facts(c, gt, vf, &facts);
	hint = check_queued(blob, &at);
	return hint ? hint : check_notes(blob, at, &facts);
}
