/* SPDX-License-Identifier: MIT */
/* The missed-fixup detector. At PAUSE every address word in the VF's memory
 * (detector_scan.c finds them) is noted as an offset from the GGTT start; the
 * notes travel in the blob. At RESFIX_DONE each word less the new start must be
 * that offset: this finds words that are stale, moved twice or by half, also
 * where the old and the new range overlap. A finding never changes the GuC's
 * answers, only guc_detector_verdict(). */
#include "detector.h"

#include <errno.h>

/* After a restore the blob's notes stay until its fixups were checked: what a
 * half-done recovery left behind is no measure. */
bool guc_detector_note(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	if (f->notes_pending)
		return false;
	/* Offsets from two starts don't mix. */
	if (!f->noting || f->notes_base != f->config.ggtt_start) {
		f->notes_n = f->notes_lost = 0;
		f->notes_base = f->config.ggtt_start;
		f->noting = 1;
		f->noting_left = GUC_SCAN_DWORDS;
	}
	return guc_detector_scan(c, gt, fn);
}

void guc_detector_add(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_note *note,
		      uint64_t where, uint32_t value)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	const struct guc_config *cfg = &f->config;
	uint32_t addr = value & ~guc_note_flags((enum fixup)note->structure);
	struct guc_note *n;

	if (addr < cfg->ggtt_start || addr - cfg->ggtt_start >= cfg->ggtt_size || where % 4 ||
	    !guc_in_range(c, guc_gt_tile(c, gt), fn, where, 4))
		return;
	if (f->notes_n == GUC_NOTES) {
		f->notes_lost++;
		return;
	}
	n = &f->notes[f->notes_n++];
	*n = *note;
	n->offset = (uint32_t)(addr - cfg->ggtt_start);
	n->where = (uint32_t)(where - cfg->ggtt_start);
}

/* --- comparing --------------------------------------------------------------------- */

static void found(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_finding *finding)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	struct guc_event ev = {
		.point = GUC_PT_FINDING, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = finding->structure, .value = finding->context, .finding = finding,
	};

	f->findings[f->findings_n++ % GUC_FINDINGS_KEPT] = *finding;
	guc_emit(c, &ev);
}

/* A ring word that the head has passed, or that lies behind a tail taken back,
 * is never executed again. */
static bool still_in_ring(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_note *n)
{
	struct eng_place r = { .c = c, .gt = gt, .fn = fn, .id = n->context };
	uint32_t at = 4 * n->dword;
	struct guc_lrc lrc;

	r.ctx = guc_context(c, gt, fn, n->context);
	if (!r.ctx || !r.ctx->registered || n->child >= guc_lrc_places(r.ctx) ||
	    guc_lrc_load(&r, n->child, &lrc))
		return true;
	if (r.ctx->width > 1) /* its tail is still in a work item */
		return true;
	if (lrc.head <= lrc.tail)
		return at >= lrc.head && at < lrc.tail;
	return at >= lrc.head || at < lrc.tail;
}

/* What the driver may have put there instead of a moved address. */
static bool excused(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_note *n,
		    uint64_t where, uint32_t value)
{
	uint32_t before;

	switch ((enum fixup)n->structure) {
	case FIXUP_H2G:  /* blanked: no-op messages */
	case FIXUP_BATCH:
		return value == 0;
	case FIXUP_JOBS: /* blanked, or finished */
		return value == 0 || !still_in_ring(c, gt, fn, n);
	case FIXUP_WORK_QUEUE:
		return !guc_ggtt_load32(c, gt, fn, where - 4, &before) &&
		       field_get(WQ_TYPE, before) == WQ_TYPE_NOOP;
	case FIXUP_DEFAULT_LRC:
	case FIXUP_MEMIRQ:
	case FIXUP_RING_START:
	case FIXUP_INDIRECT_RING:
	case FIXUP_WA_BATCH:
	case FIXUP_INDIRECT_CTX:
	case FIXUP_CCS:
	case FIXUP_CGP:
	case FIXUP_COUNT:
		break;
	}
	return false;
}

unsigned guc_detector_check(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint64_t start = f->config.ggtt_start;
	unsigned findings = 0;

	if (!f->notes_pending)
		return 0;
	for (uint32_t i = 0; i < f->notes_n; i++) {
		const struct guc_note *n = &f->notes[i];
		uint32_t flags = guc_note_flags((enum fixup)n->structure), value;
		struct guc_finding finding;

		if (guc_ggtt_load32(c, gt, fn, start + n->where, &value))
			value = 0;
		finding = (struct guc_finding){
			.structure = (enum fixup)n->structure,
			.context = n->context == GUC_NOTE_NO_CONTEXT ? UINT32_MAX : n->context,
			.child = n->child,
			.dword = n->dword,
			.old_value = (uint32_t)f->notes_base + n->offset,
			.new_value = value & ~flags,
			.expected = (uint32_t)start + n->offset,
		};
		if (finding.new_value == finding.expected ||
		    excused(c, gt, fn, n, start + n->where, value))
			continue;
		found(c, gt, fn, &finding);
		findings++;
	}
	f->notes_n = f->notes_pending = 0;
	return findings;
}

/* What `lrc` says of its page of interrupts is right: `value` at `expected`, or so many
 * pages behind it as there can be instances. */
static bool reports_to(const struct guc_lrc *lrc, uint32_t dword, uint32_t value,
		       uint32_t expected)
{
	uint32_t behind = value - expected;

	return behind == 0 || (guc_lrc_msix(lrc) && dword != LRC_MEMIRQ_ENABLE &&
			       behind % GGTT_PAGE == 0 && behind / GGTT_PAGE < GUC_ENGINES);
}

/* Row 8 leaves its traces in contexts made later: the only place to see it. */
void guc_detector_fresh(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, unsigned child)
{
	static const struct {
		uint32_t dword, offset;
	} words[] = {
		{ LRC_MEMIRQ_ENABLE, MEMIRQ_ENABLE },
		{ LRC_MEMIRQ_STATUS, MEMIRQ_STATUS(0) },
		{ LRC_MEMIRQ_SOURCE, MEMIRQ_SOURCE(0) },
	};
	const struct guc_function *f = guc_fn(c, gt, fn);
	uint64_t page = f->self.memirq_source & ~(uint64_t)(GGTT_PAGE - 1);
	struct eng_place r = { .c = c, .gt = gt, .fn = fn, .id = id };
	struct guc_lrc lrc;

	r.ctx = guc_context(c, gt, fn, id);
	if (!f->fresh_checks || !page || guc_lrc_load(&r, child, &lrc))
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct guc_finding finding = {
			.structure = FIXUP_DEFAULT_LRC,
			.context = id,
			.child = child,
			.dword = words[i].dword,
			.old_value = lrc.image[words[i].dword],
			.new_value = lrc.image[words[i].dword],
			.expected = (uint32_t)page + words[i].offset,
		};

		if (finding.new_value && !reports_to(&lrc, finding.dword, finding.new_value,
						     finding.expected))
			found(c, gt, fn, &finding);
	}
}

/* Items appended after the recovery are no longer where a note was: what they
 * name is compared when the GuC comes to them. */
void guc_detector_item(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, uint32_t dword,
		       uint32_t lrca)
{
	const struct guc_context *ctx = guc_context(c, gt, fn, id);
	const struct guc_finding finding = {
		.structure = FIXUP_WORK_QUEUE,
		.context = id,
		.dword = dword,
		.old_value = lrca & LRC_DESC_ADDR,
		.new_value = lrca & LRC_DESC_ADDR,
		.expected = ctx->lrc_desc[0] & LRC_DESC_ADDR,
	};

	if (guc_fn(c, gt, fn)->fresh_checks)
		found(c, gt, fn, &finding);
}

/* --- looking in -------------------------------------------------------------------- */

int guc_findings(const struct guc_card *card, unsigned fn, unsigned gt, struct guc_finding *out,
		 size_t cap)
{
	const struct guc_function *f;
	uint32_t kept, first;

	if (fn > card->block->geometry.vfs || gt >= guc_gt_count(card))
		return -ENODEV;
	f = guc_fn(card, gt, fn);
	kept = f->findings_n < GUC_FINDINGS_KEPT ? f->findings_n : GUC_FINDINGS_KEPT;
	first = f->findings_n - kept;
	for (uint32_t i = 0; i < kept && i < cap; i++)
		out[i] = f->findings[(first + i) % GUC_FINDINGS_KEPT];
	return (int)kept;
}

bool guc_detector_verdict(const struct guc_card *card, unsigned fn)
{
	if (!card->block->options.strict_detector || fn > card->block->geometry.vfs)
		return true;
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++)
		if (guc_fn(card, gt, fn)->findings_n)
			return false;
	return true;
}
