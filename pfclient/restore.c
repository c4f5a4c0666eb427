/* SPDX-License-Identifier: MIT */
/* Restoring a VF (vf-lifecycle 2.9, 3.7), in two phases. First the whole image
 * is taken and checked; then it is applied: GuC's blob first, because GuC may
 * still refuse and then nothing has changed on that GT, GGTT entries and
 * mailbox after it. Nothing runs before RESUME, so the order is free. Before all
 * that the first entry of each region is made nobody's, and it is written last: a
 * PF that takes over from this one sees by it that a restore was not finished. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/text.h"

static const struct pfc_image_part *part(struct pfc *p, struct pfc_unit *u, unsigned type)
{
	return pfc_image_find(&pfc_vf(p, u)->reader, type, u->gt);
}

static int step_guc(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_image_part *blob = part(p, u, PFC_IMAGE_GUC);

	return pfc_call_blob(p, u, &pfc_vf(p, u)->in, GUC_OP_RESTORE,
			     (size_t)(blob->data - p->mem.base), blob->stored);
}

static void write_first(struct pfc *p, struct pfc_unit *u, uint64_t pte)
{
	pfc_write_ptes(p, pfc_gt(p, u)->tile, pfc_vf(p, u)->share.ggtt_start, 0, 1, pte, 0);
}

static int step_mark(struct pfc *p, struct pfc_unit *u)
{
	int result = pfc_read(p, u, pfc_pte_register(pfc_gt(p, u)->tile,
						     pfc_vf(p, u)->share.ggtt_start), 8, 1);

	if (result != PFC_DONE)
		return result;
	write_first(p, u, 0);
	pfc_vf(p, u)->in.marked[u->gt] = true;
	return PFC_DONE;
}

void pfc_restore_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n)
{
	if (n != 1 || u->read != PFC_SENT)
		return;
	pfc_vf(p, u)->in.mark[u->gt] = le64_get(words);
	u->read = PFC_ANSWERED;
	u->ready = true;
}

void pfc_restore_unmark(struct pfc *p, unsigned vf)
{
	struct pfc_transfer *t = &p->vf[vf].in;

	for (unsigned gt = 0; gt < p->gts; gt++) {
		if (t->marked[gt] && !t->accepted)
			write_first(p, pfc_unit(p, vf, gt), t->mark[gt]);
		t->marked[gt] = false;
	}
}

static int step_accepted(struct pfc *p, struct pfc_unit *u)
{
	pfc_vf(p, u)->in.accepted = true;
	return PFC_DONE;
}

static int step_unmark(struct pfc *p, struct pfc_unit *u)
{
	write_first(p, u, pfc_vf(p, u)->in.first[u->gt]);
	pfc_vf(p, u)->in.marked[u->gt] = false;
	pfc_invalidate(p, pfc_gt(p, u)->tile);
	return PFC_DONE;
}

static int step_ggtt(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct pfc_pte_decoder *d = &v->in.decoder[u->gt];
	const struct pfc_image_part *ggtt = part(p, u, PFC_IMAGE_GGTT);
	uint64_t pte[PFC_PTE_SLICE];

	if (u->pos == 0)
		*d = (struct pfc_pte_decoder){
			.in = ggtt->data, .len = ggtt->stored, .rle = ggtt->flags & PFC_IMAGE_RLE
		};
	pfc_op_touch(p, u->vf);
	for (unsigned i = 0; i < PFC_PTE_BURST; i++) {
		/* The stage is shared memory: whatever it says now, stay in the region. */
		uint32_t left = ggtt->raw / 8 - u->pos;
		unsigned n = pfc_pte_get(d, pte, left < PFC_PTE_SLICE ? left : PFC_PTE_SLICE);

		if (n == 0) {
			pfc_invalidate(p, pfc_gt(p, u)->tile);
			return PFC_DONE;
		}
		for (unsigned k = 0; k < n; k++)
			pte[k] = (pte[k] & ~PTE_VFID) | (uint64_t)u->vf << PTE_VFID_SHIFT;
		if (u->pos == 0) {
			v->in.first[u->gt] = pte[0];
			pte[0] = 0;
		}
		p->port->write64(p->port->user,
				 pfc_pte_register(pfc_gt(p, u)->tile,
						  v->share.ggtt_start +
							  (uint64_t)u->pos * GGTT_PAGE),
				 pte, n);
		u->pos += n;
	}
	return PFC_MORE;
}

static int step_mmio(struct pfc *p, struct pfc_unit *u)
{
	const uint8_t *in = part(p, u, PFC_IMAGE_MMIO)->data;

	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		p->port->write32(p->port->user,
				 pfc_vf_mailbox(p, u) + (le32_get(in + 4 + 8 * (size_t)i) & 0xC),
				 le32_get(in + 8 + 8 * (size_t)i));
	return PFC_DONE;
}

static const struct pfc_step_def restore_steps[] = {
	{ .name = "mark unfinished", .run = step_mark, .where = PFC_MAIN_GT },
	{ .name = "marked" },
	{ .name = "restore GUC", .run = step_guc },
	{ .name = "accepted" },
	{ .name = "begin", .run = step_accepted, .where = PFC_FIRST_GT },
	{ .name = "restore GGTT", .run = step_ggtt, .where = PFC_MAIN_GT },
	{ .name = "restore MMIO", .run = step_mmio },
	{ .name = "restore LMEM", .run = pfc_step_commit, .where = PFC_MAIN_GT },
	{ .name = "compare LMEM", .run = pfc_step_compare, .where = PFC_MAIN_GT },
	{ .name = "compared" },
	{ .name = "judge LMEM", .run = pfc_step_judge, .where = PFC_FIRST_GT },
	{ .name = "judged" },
	{ .name = "mark finished", .run = step_unmark, .where = PFC_MAIN_GT },
};

const struct pfc_seq pfc_seq_restore = {
	.kind = PFC_SEQ_IMAGE, .during = PFC_VF_RESTORING, .after = PFC_VF_RESTORED,
	PFC_STEPS(restore_steps)
};

void pfc_restore_begin(struct pfc *p, unsigned vf)
{
	const struct pfc_image_profile profile = pfc_profile(p, vf);
	struct pfc_vf *v = &p->vf[vf];

	pfc_image_reader_init(&v->reader, &profile);
	v->receiving = true;
	v->restored = true;
	v->in.accepted = false;
	v->told_percent = 0;
	memset(v->in.digest, 0, sizeof(v->in.digest));
	memset(v->in.found, 0, sizeof(v->in.found));
	v->in.looked = 0;
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);

		if (pfc_has_lmem(p, u)) {
			pfc_unit_start(p, u, &pfc_seq_receive);
			continue;
		}
		u->before = u->state;
		u->err = 0;
		pfc_set_state(p, u, PFC_VF_RESTORING);
	}
}

/* The image is bad: the VF stays as it was. */
static int give_up(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];
	int err = v->reader.err;

	pfc_log(p, PFC_LOG_ERROR, vf, 0, "image refused: %s (%s)", v->reader.why,
		text_errno(v->reader.err));
	/* As if the trailer might still come: only STOP and FLR help. */
	if (v->reader.phase != PFC_IMG_ENDED && pfc_quirk(p, PFC_QUIRK_BIT(RESTORE_HANGS))) {
		v->receiving = false;
		return err;
	}
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);

		pfc_unit_cancel(p, u);
		u->failed = true;
	}
	pfc_op_end(p, vf, err);
	return err;
}

static bool is_receiving(const struct pfc *p, unsigned vf)
{
	return vf != 0 && vf <= p->opt.vfs && p->vf[vf].receiving;
}

static int not_receiving(const struct pfc *p, unsigned vf)
{
	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	return p->vf[vf].reader.err ? p->vf[vf].reader.err : -EPERM;
}

/* Let the unit whose slice it is apply it; with an answer at once it is done here. */
static bool place_slice(struct pfc *p, unsigned vf)
{
	struct pfc_image_reader *r = &p->vf[vf].reader;
	struct pfc_unit *u = pfc_unit(p, vf, r->cur.gt);

	while (r->phase == PFC_IMG_SLICE && !r->err && u->seq && pfc_unit_run(p, u))
		;
	return r->phase != PFC_IMG_SLICE || r->err;
}

/* Room for the small sections and a slice, and to read slices back, one a tile. */
static int take_stage(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];
	uint32_t slice = v->share.lmem_size ? pfc_content_slice(&p->in_pool) : 0;
	size_t need = (v->reader.stage_need + 7) & ~(size_t)7;
	size_t at = need;
	int err;

	need += (size_t)slice * p->opt.tiles;
	err = pfc_pool_take(p, vf, &p->in_pool, &v->in, need ? need : 1);
	for (unsigned gt = 0; gt < p->gts && !err; gt++)
		if (!p->gt[gt].media) {
			v->in.bulk[gt].buffer = v->in.base + at;
			at += slice;
		}
	return err;
}

long pfc_image_write(struct pfc *p, unsigned vf, const void *buf, size_t len)
{
	struct pfc_vf *v = &p->vf[vf <= p->opt.vfs ? vf : 0];
	struct pfc_image_reader *r = &v->reader;
	size_t done = 0;
	long n;
	int err;

	if (!is_receiving(p, vf))
		return not_receiving(p, vf);
	for (;;) {
		if (r->phase == PFC_IMG_SLICE && !place_slice(p, vf))
			return (long)done;
		n = pfc_image_take(r, (const uint8_t *)buf + done, len - done);
		/* Who waits for room, and asks again and again, has a limit too. */
		if (n > 0)
			pfc_op_touch(p, vf);
		if (n < 0)
			break;
		done += (size_t)n;
		if (r->phase == PFC_IMG_SLICE)
			continue;
		if (r->phase != PFC_IMG_STAGE)
			return (long)done;
		err = take_stage(p, vf);
		if (err == -EAGAIN)
			return (long)done;
		if (err) {
			r->err = err;
			r->why = "more than the image pool can hold";
			break;
		}
		pfc_image_give_stage(r, p->mem.base + v->in.base);
	}
	return give_up(p, vf);
}

int pfc_image_end(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf <= p->opt.vfs ? vf : 0];
	int err;

	if (!is_receiving(p, vf))
		return not_receiving(p, vf);
	err = pfc_image_finish(&v->reader);
	if (err)
		return give_up(p, vf);
	v->receiving = false;
	pfc_op_touch(p, vf);
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);
		enum pfc_vf_state before = u->before;

		pfc_unit_start(p, u, &pfc_seq_restore);
		u->before = before;
	}
	return 0;
}
