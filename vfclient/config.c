/* SPDX-License-Identifier: MIT */
/* The configuration query, at boot and after a migration (vf-lifecycle 4.6):
 * a table of keys and what must hold of each answer. Beyond the Linux driver
 * the GGTT start is range checked each time and compared between the GTs of
 * the tile. */
#include "vfc_priv.h"

#include "proto/errors.h"
#include "proto/klv.h"

static bool always(const struct vfc_gt *gt)
{
	(void)gt;
	return true;
}

static bool has_lmem(const struct vfc_gt *gt)
{
	return gt->v->opt.discrete && !gt->media;
}

static bool has_groups(const struct vfc_gt *gt)
{
	return gt->version.minor >= VFC_ABI_GROUPS;
}

static bool has_gmd(const struct vfc_gt *gt)
{
	return gt->v->opt.min_minor >= 2;
}

static int reassigned(struct vfc_gt *gt, const char *what, uint64_t was, uint64_t is)
{
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "Unexpected %s reassignment: 0x%lx != 0x%lx", what,
		(unsigned long)is, (unsigned long)was);
	return -EREMCHG;
}

static int check_range(struct vfc_gt *gt)
{
	uint64_t start = gt->next.ggtt_start, size = gt->next.ggtt_size;

	if (start % GGTT_PAGE || size % GGTT_PAGE || start < gt->v->opt.ggtt_min ||
	    start > GGTT_TOP || size > GGTT_TOP - start) {
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "GGTT range 0x%lx, 0x%lx is not usable",
			(unsigned long)start, (unsigned long)size);
		return -ERANGE;
	}
	return 0;
}

/* Both GTs share one GGTT. Another start than the one the other GT was told
 * after this GT was interrupted is a fault, unless the other GT has been
 * migrated once more and is about to hear of it. */
static int compare_bases(struct vfc_gt *gt, bool booting)
{
	struct vfc *v = gt->v;

	for (unsigned i = 0; i < v->opt.gts; i++) {
		const struct vfc_gt *other = &v->gt[i];

		if (other == gt || !other->config.valid ||
		    other->config.ggtt_start == gt->next.ggtt_start)
			continue;
		if (!booting && (vfc_irq_migrated(other) || other->rec.requery ||
				 v->seed.gt_flags || v->seed.pending ||
				 other->rec.queried_seq < gt->rec.scheduled_seq))
			continue;
		if (!booting && v->markers) {
			if (!gt->rec.grace)
				gt->rec.grace = v->now + VFC_BASE_GRACE;
			if (v->now < gt->rec.grace)
				return VFC_WAIT;
		}
		vfc_log(v, gt->id, VFC_LOG_ERROR, "GTs disagree on the GGTT start: 0x%lx, 0x%lx",
			(unsigned long)gt->next.ggtt_start,
			(unsigned long)other->config.ggtt_start);
		return -EPROTO;
	}
	return 0;
}

static int check_ggtt(struct vfc_gt *gt, bool booting)
{
	if (gt->next.ggtt_size == 0)
		return -ENODATA;
	if (gt->config.valid && gt->config.ggtt_size != gt->next.ggtt_size)
		return reassigned(gt, "GGTT", gt->config.ggtt_size, gt->next.ggtt_size);
	if (booting || !vfc_quirk(gt->v, VFC_QUIRK_NO_BASE_CHECK))
		return check_range(gt);
	return 0;
}

static int check_lmem(struct vfc_gt *gt, bool booting)
{
	(void)booting;
	if (gt->config.valid && gt->config.lmem_size != gt->next.lmem_size)
		return reassigned(gt, "LMEM", gt->config.lmem_size, gt->next.lmem_size);
	return gt->next.lmem_size ? 0 : -ENODATA;
}

static int check_ids(struct vfc_gt *gt, bool booting)
{
	(void)booting;
	if (gt->config.valid && gt->config.contexts != gt->next.contexts)
		return reassigned(gt, "CTXs", gt->config.contexts, gt->next.contexts);
	if (gt->config.valid && gt->config.doorbells &&
	    gt->config.doorbells != gt->next.doorbells)
		return reassigned(gt, "DBs", gt->config.doorbells, gt->next.doorbells);
	return gt->next.contexts ? 0 : -ENODATA;
}

static int check_groups(struct vfc_gt *gt, bool booting)
{
	(void)booting;
	return gt->next.groups > 1 ? -EPROTO : 0;
}

/* `at` is the field's place in struct vfc_config, as wide as the key. */
static const struct query_row {
	uint16_t key;
	uint8_t width; /* dwords */
	bool optional; /* a failure reads as 0 */
	size_t at;
	bool (*applies)(const struct vfc_gt *gt);
	int (*check)(struct vfc_gt *gt, bool booting); /* of all read so far */
} query_rows[] = {
#define AT(field) offsetof(struct vfc_config, field)
	{ GUC_KLV_VF_GGTT_START, 2, false, AT(ggtt_start), always, NULL },
	{ GUC_KLV_VF_GGTT_SIZE, 2, false, AT(ggtt_size), always, check_ggtt },
	{ GUC_KLV_VF_LMEM_SIZE, 2, false, AT(lmem_size), has_lmem, check_lmem },
	{ GUC_KLV_VF_NUM_CONTEXTS, 1, false, AT(contexts), always, NULL },
	{ GUC_KLV_VF_NUM_DOORBELLS, 1, false, AT(doorbells), always, check_ids },
	{ GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE, 1, false, AT(groups), has_groups,
	  check_groups },
	{ GUC_KLV_GLOBAL_GMD_ID, 1, true, AT(gmd_id), has_gmd, NULL },
#undef AT
};
#define QUERY_ROWS (sizeof(query_rows) / sizeof(query_rows[0]))

/* Ask for one key. 0, VFC_WAIT or -errno. */
static int ask(struct vfc_gt *gt, const struct query_row *row)
{
	const uint32_t dw[2] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_QUERY_SINGLE_KLV, 0), row->key
	};
	uint8_t *field = (uint8_t *)&gt->next + row->at;
	uint32_t data0, length;
	int err = vfc_mmio(gt, dw, 2, &data0);

	if (err)
		return err;
	length = data0 & BITS(15, 0);
	if (data0 & BITS(27, 16))
		return -EPROTO;
	if (length != row->width)
		return length > row->width ? -EOVERFLOW : -ENODATA;
	memcpy(field, gt->mbox.reply + 1, (size_t)row->width * 4);
	return 0;
}

void vfc_query_begin(struct vfc_gt *gt)
{
	gt->query_row = 0;
	gt->rec.grace = 0;
	gt->rec.asked_seq = ++gt->v->seq;
	memset(&gt->next, 0, sizeof(gt->next));
}

static void accept(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	uint64_t old = v->ggtt_start;

	gt->next.valid = true;
	gt->config = gt->next;
	/* What the GuC said may be as old as the first of its answers. */
	gt->rec.queried_seq = gt->rec.asked_seq;
	gt->rec.requery = false;
	v->ggtt_start = gt->config.ggtt_start;
	v->ggtt_size = gt->config.ggtt_size;
	if (old && old != v->ggtt_start)
		vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_BASE, .gt = gt->id,
						  .base = v->ggtt_start, .value = old });
}

/* All keys are read: believe them. The GTs are compared last, so that of two
 * that ask at the same time the second sees the first one's answer. */
static int conclude(struct vfc_gt *gt, bool booting)
{
	int err = 0;

	if (booting || !vfc_quirk(gt->v, VFC_QUIRK_NO_BASE_CHECK))
		err = compare_bases(gt, booting);
	if (err == VFC_WAIT)
		return err;
	gt->rec.grace = 0;
	if (!err)
		accept(gt);
	return err;
}

/* One key a call. 0 when all are read and accepted, VFC_MORE, VFC_WAIT, -errno. */
int vfc_query(struct vfc_gt *gt, bool booting)
{
	const struct query_row *row = &query_rows[gt->query_row];
	int err;

	if (gt->query_row == QUERY_ROWS)
		return conclude(gt, booting);
	if (row->applies(gt)) {
		err = ask(gt, row);
		if (err == VFC_WAIT)
			return err;
		if (err && row->optional && err != -EREMCHG)
			err = 0;
		if (!err && row->check)
			err = row->check(gt, booting);
		if (err)
			return err;
	}
	gt->query_row++;
	return VFC_MORE;
}
