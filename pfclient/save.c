/* SPDX-License-Identifier: MIT */
/* Saving a VF (vf-lifecycle 2.8): per GT the GuC's blob, the GGTT entries of
 * the main GT, the mailbox; everything is collected in memory before the first
 * byte of the image goes out, so that its size is exact and a failure comes
 * before the reader has believed anything. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/crc32c.h"

#define MMIO_BYTES (4 + 8 * MAILBOX_DWORDS)
#define DESC_BYTES 512u

static size_t page_up(size_t n)
{
	return (n + GGTT_PAGE - 1) & ~(size_t)(GGTT_PAGE - 1);
}

static uint32_t region_bytes(const struct pfc_vf *v)
{
	return (uint32_t)(v->share.ggtt_size >> GGTT_PAGE_SHIFT) * 8;
}

static int step_query(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;
	int result = pfc_call_blob(p, u, t, GUC_OP_SAVE, 0, 0);

	if (result != PFC_DONE)
		return result;
	if (u->data0 > PFC_IMAGE_MAX_GUC / 4)
		return -ENOBUFS;
	t->guc[u->gt].bytes = u->data0 * 4;
	return PFC_DONE;
}

/* Room for the whole image: one page of small sections, then blobs, entries. */
static int step_reserve(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct pfc_transfer *t = &v->out;
	size_t need = GGTT_PAGE, at;
	int err;

	for (unsigned gt = 0; gt < p->gts; gt++) {
		need += page_up(t->guc[gt].bytes);
		if (!p->gt[gt].media)
			need += page_up(region_bytes(v)) + pfc_content_room(p, u->vf);
	}
	err = pfc_pool_take(p, u->vf, &p->out_pool, t, need);
	if (err)
		return err == -EAGAIN ? PFC_WAIT : err;
	at = t->base + GGTT_PAGE;
	for (unsigned gt = 0; gt < p->gts; gt++) {
		t->mmio[gt].off = t->base + DESC_BYTES + (size_t)gt * 64;
		t->mmio[gt].bytes = t->mmio[gt].raw = MMIO_BYTES;
		t->guc[gt].off = at;
		at += page_up(t->guc[gt].bytes);
		if (p->gt[gt].media)
			continue;
		t->ggtt[gt].off = at;
		t->ggtt[gt].raw = region_bytes(v);
		at += page_up(region_bytes(v));
		if (v->share.lmem_size)
			pfc_content_place(p, u->vf, gt, at);
		at += pfc_content_room(p, u->vf);
	}
	memset(t->digest, 0, sizeof(t->digest));
	memset(t->stored, 0, sizeof(t->stored));
	t->looked = 0;
	v->restored = false;
	v->told_percent = 0;
	pfc_op_touch(p, u->vf);
	return PFC_DONE;
}

/* GuC wants a zeroed buffer. */
static int step_guc(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;
	struct pfc_place *blob = &t->guc[u->gt];
	int result;

	if (u->pos < blob->bytes) {
		uint32_t n = blob->bytes - u->pos;

		if (n > PFC_ZERO_SLICE)
			n = PFC_ZERO_SLICE;
		memset(p->mem.base + blob->off + u->pos, 0, n);
		u->pos += n;
		return PFC_MORE;
	}
	result = pfc_call_blob(p, u, t, GUC_OP_SAVE, blob->off, blob->bytes);
	if (result == PFC_DONE)
		blob->bytes = blob->raw = u->data0 * 4;
	return result;
}

/* --- GGTT entries ------------------------------------------------------------------ */

static void start_coding(struct pfc *p, struct pfc_unit *u, bool rle)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;
	const struct pfc_place *place = &t->ggtt[u->gt];

	u->pos = 0;
	pfc_pte_begin(&t->coder[u->gt], p->mem.base + place->off, place->raw, rle);
}

static int end_coding(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;
	struct pfc_pte_coder *c = &t->coder[u->gt];

	if (pfc_pte_end(c)) {
		start_coding(p, u, false);
		return PFC_MORE;
	}
	t->ggtt[u->gt].rle = c->rle;
	t->ggtt[u->gt].bytes = c->len;
	return PFC_DONE;
}

/* Reads go out a slice at a time; pfc_save_words() takes their answers, which a
 * port in the same process gives at once. */
static int step_ggtt(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	uint32_t pages = region_bytes(v) / 8;

	if (u->sub == 0) {
		start_coding(p, u, true);
		u->sub = 1;
	}
	for (unsigned i = 0; i < PFC_PTE_BURST; i++) {
		uint32_t n = pages - u->pos;

		if (u->call_err)
			return u->call_err;
		if (u->read == PFC_SENT)
			return PFC_WAIT;
		if (n == 0)
			return end_coding(p, u);
		u->read = PFC_SENT;
		p->port->read(p->port->user,
			      pfc_pte_register(pfc_gt(p, u)->tile, v->share.ggtt_start +
						       (uint64_t)u->pos * GGTT_PAGE),
			      8, n < PFC_PTE_SLICE ? n : PFC_PTE_SLICE, pfc_read_cookie(u));
	}
	return PFC_MORE;
}

static void take_entries(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n)
{
	struct pfc_vf *v = pfc_vf(p, u);
	uint32_t left = region_bytes(v) / 8 - u->pos;
	int err;

	if (n > left)
		n = left;
	err = pfc_pte_put_words(&v->out.coder[u->gt], words, n, u->vf);
	if (err == -EPERM)
		u->call_err = err;
	else if (err)
		/* Runs are no shorter, which showed late: take the entries plain. */
		start_coding(p, u, false);
	else
		u->pos += n;
}

static int step_mmio(struct pfc *p, struct pfc_unit *u)
{
	uint8_t *out = p->mem.base + pfc_vf(p, u)->out.mmio[u->gt].off;
	int result = pfc_read(p, u, pfc_vf_mailbox(p, u), 4, MAILBOX_DWORDS);

	if (result != PFC_DONE)
		return result;
	le32_put(out, MAILBOX_DWORDS);
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
		le32_put(out + 4 + 8 * (size_t)i, 4 * i);
		le32_put(out + 8 + 8 * (size_t)i, u->words[i]);
	}
	return PFC_DONE;
}

void pfc_save_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n)
{
	const struct pfc_step_def *step = &u->seq->step[u->at];

	if (step->run == step_ggtt) {
		u->read = PFC_IDLE;
		take_entries(p, u, words, n);
	} else if (step->run == step_mmio && n == MAILBOX_DWORDS) {
		for (unsigned i = 0; i < n; i++)
			u->words[i] = le32_get(words + 4 * (size_t)i);
		u->read = PFC_ANSWERED;
	}
	u->ready = true;
	p->kicked = true;
	pfc_op_touch(p, u->vf);
}

/* --- the image --------------------------------------------------------------------- */

static void add(struct pfc *p, struct pfc_transfer *t, uint16_t type, const struct pfc_place *place,
		unsigned gt)
{
	const struct pfc_image_part part = {
		.type = type,
		.tile = p->gt[gt].tile,
		.gt = (uint8_t)gt,
		.flags = PFC_IMAGE_CRITICAL | PFC_IMAGE_LAST | (place->rle ? PFC_IMAGE_RLE : 0),
		.raw = place->raw,
		.stored = place->bytes,
		.data = p->mem.base + place->off,
	};

	pfc_image_add(&t->writer, &part);
}

/* The same for the same image, so that a reader that was cut off can go on with
 * another save of a VF that did not change; a pure actor has no dice anyway. */
static void make_id(const struct pfc *p, const struct pfc_unit *u, struct pfc_image_writer *w)
{
	const struct pfc_image_profile profile = pfc_profile(p, u->vf);
	uint32_t crc = 0;

	for (unsigned i = 0; i < w->parts; i++)
		crc = crc32c(crc, &w->part[i].crc, sizeof(w->part[i].crc));
	le32_put(w->id, crc);
	le32_put(w->id + 4, crc32c(crc, &w->total, sizeof(w->total)));
	le32_put(w->id + 8, crc32c(0, &profile.ggtt_start, sizeof(profile.ggtt_start)));
	le32_put(w->id + 12, (uint32_t)u->vf << 16 | profile.devid);
}

static uint32_t staged(uint32_t bytes)
{
	return (bytes + 7) & ~7u;
}

static int step_assemble(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct pfc_transfer *t = &v->out;
	const struct pfc_image_profile profile = pfc_profile(p, u->vf);
	struct pfc_place desc = { .off = t->base };
	const uint8_t id[PFC_IMAGE_ID] = { 0 }; /* until all checksums are known */
	uint32_t stage = 0;
	int len;

	for (unsigned gt = 0; gt < p->gts; gt++)
		stage += staged(t->guc[gt].bytes) + staged(t->ggtt[gt].bytes) +
			 staged(t->mmio[gt].bytes);
	len = pfc_image_describe(&profile, stage, p->mem.base + t->base, DESC_BYTES);
	if (len < 0)
		return len;
	desc.bytes = desc.raw = (uint32_t)len;
	pfc_image_begin(&t->writer, id);
	add(p, t, PFC_IMAGE_DESCRIPTOR, &desc, 0);
	for (unsigned gt = 0; gt < p->gts; gt++) {
		add(p, t, PFC_IMAGE_GUC, &t->guc[gt], gt);
		if (!p->gt[gt].media)
			add(p, t, PFC_IMAGE_GGTT, &t->ggtt[gt], gt);
		add(p, t, PFC_IMAGE_MMIO, &t->mmio[gt], gt);
	}
	for (unsigned gt = 0; gt < p->gts && v->share.lmem_size; gt++)
		if (!p->gt[gt].media)
			pfc_content_add(p, u->vf, gt);
	return PFC_DONE;
}

static int step_seal(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;

	pfc_op_touch(p, u->vf);
	if (!pfc_image_seal(&t->writer, PFC_SEAL_SLICE))
		return PFC_MORE;
	make_id(p, u, &t->writer);
	t->total = t->writer.total;
	t->ready = true;
	return PFC_DONE;
}

static int step_drain(struct pfc *p, struct pfc_unit *u)
{
	return pfc_vf(p, u)->out.drained ? PFC_DONE : pfc_content_serve(p, u);
}

static const struct pfc_step_def save_steps[] = {
	{ .name = "query blob size", .run = step_query },
	{ .name = "sizes known" },
	{ .name = "reserve", .run = step_reserve, .where = PFC_FIRST_GT },
	{ .name = "reserved" },
	{ .name = "save GUC", .run = step_guc },
	{ .name = "save GGTT", .run = step_ggtt, .where = PFC_MAIN_GT },
	{ .name = "save MMIO", .run = step_mmio },
	{ .name = "survey LMEM", .run = pfc_step_survey, .where = PFC_MAIN_GT },
	{ .name = "collected" },
	{ .name = "assemble", .run = step_assemble, .where = PFC_FIRST_GT },
	{ .name = "seal", .run = step_seal, .where = PFC_FIRST_GT },
	{ .name = "hand out", .run = step_drain },
};

const struct pfc_seq pfc_seq_save = {
	.kind = PFC_SEQ_IMAGE, .during = PFC_VF_SAVING, .after = PFC_VF_SAVED,
	PFC_STEPS(save_steps)
};

void pfc_save_reset(struct pfc *p, unsigned vf)
{
	p->vf[vf].out.ready = false;
	pfc_pool_give(p, &p->out_pool, &p->vf[vf].out);
}

long pfc_image_read(struct pfc *p, unsigned vf, void *buf, size_t len)
{
	struct pfc_vf *v = &p->vf[vf <= p->opt.vfs ? vf : 0];
	struct pfc_transfer *t = &v->out;
	size_t n;

	if (v->op.active && v->op.verb == PFC_SAVE) {
		if (!t->ready)
			return -EAGAIN;
		n = pfc_image_emit(&t->writer, buf, len);
		if (t->writer.piece == PFC_PIECE_END)
			t->drained = true;
		if (n > 0)
			pfc_op_touch(p, vf);
		pfc_wake(p, vf);
		return n == 0 && pfc_image_wanted(&t->writer) ? -EAGAIN : (long)n;
	}
	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (t->err)
		return -EIO;
	return pfc_unit(p, vf, 0)->state == PFC_VF_SAVED ? 0 : -EPERM;
}

long pfc_image_size(const struct pfc *p, unsigned vf)
{
	const struct pfc_vf *v = &p->vf[vf <= p->opt.vfs ? vf : 0];

	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (v->op.active && v->op.verb == PFC_SAVE)
		return v->out.ready ? (long)v->out.total : -EAGAIN;
	if (v->out.err)
		return -EIO;
	return p->unit[vf * PFC_MAX_GTS].state == PFC_VF_SAVED ? (long)v->out.total : -EPERM;
}
