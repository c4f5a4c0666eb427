/* SPDX-License-Identifier: MIT */
/* What a VF's share of local memory holds, and its compression metadata, on the
 * way into an image and out of one (vf-lifecycle 2.8, 2.9, 3.7). Gigabytes pass
 * through one slice of memory a tile: a survey finds out first which slices are
 * all zeros, so that the image's size is known and they cost nothing; then each
 * of the others is fetched when the reader of the image has come to it. Coming
 * in, slices go to a stage that takes the share's place when all else of the
 * image was accepted, and is then read back and compared. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/crc32c.h"

uint64_t pfc_content_size(const struct pfc *p, unsigned vf, enum pfc_content kind)
{
	uint64_t size = p->vf[vf].share.lmem_size;

	if (kind == PFC_CONTENT_LMEM)
		return size;
	return p->opt.ccs_ratio ? size / p->opt.ccs_ratio : 0;
}

/* Pages that are not zero, with where they lie: how content is compared without
 * having it twice. Slices may be cut differently. */
static void digest(struct pfc_digest *d, uint64_t off, const uint8_t *data, uint32_t len)
{
	static const uint8_t zeros[GGTT_PAGE];
	uint8_t at[8];

	for (uint32_t i = 0; i < len; i += GGTT_PAGE) {
		uint32_t n = len - i < GGTT_PAGE ? len - i : GGTT_PAGE;

		if (memcmp(data + i, zeros, n) == 0)
			continue;
		le64_put(at, off + i);
		d->crc = crc32c(crc32c(d->crc, at, sizeof(at)), data + i, n);
		d->bytes += n;
	}
}

static bool is_zero(const uint8_t *data, uint32_t len)
{
	return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

uint32_t pfc_content_slice(const struct pfc_pool *pool)
{
	uint32_t slice = HOST_LMEM_MAX;

	while (slice > GGTT_PAGE && slice > pool->size / 8)
		slice /= 2;
	return slice;
}

/* --- out --------------------------------------------------------------------------- */

static size_t page_up(size_t n)
{
	return (n + GGTT_PAGE - 1) & ~(size_t)(GGTT_PAGE - 1);
}

static uint64_t slices_of(uint64_t size, uint32_t slice)
{
	return (size + slice - 1) / slice;
}

size_t pfc_content_room(const struct pfc *p, unsigned vf)
{
	uint32_t slice = pfc_content_slice(&p->out_pool);
	size_t room = slice;

	if (!p->vf[vf].share.lmem_size)
		return 0;
	for (unsigned k = 0; k < PFC_CONTENTS; k++)
		room += page_up(slices_of(pfc_content_size(p, vf, k), slice) / 8 + 1);
	return room;
}

void pfc_content_place(struct pfc *p, unsigned vf, unsigned gt, size_t at)
{
	struct pfc_bulk *b = &p->vf[vf].out.bulk[gt];

	*b = (struct pfc_bulk){ .slice = pfc_content_slice(&p->out_pool), .buffer = at };
	at += b->slice;
	for (unsigned k = 0; k < PFC_CONTENTS; k++) {
		size_t bits = slices_of(pfc_content_size(p, vf, k), b->slice) / 8 + 1;

		b->zero[k] = at;
		memset(p->mem.base + at, 0xFF, bits);
		at += page_up(bits);
	}
}

/* A slice of the card's content into the buffer; zeros too. */
static int fetch(struct pfc *p, struct pfc_unit *u, enum pfc_content kind, uint64_t off,
		 uint32_t len, uint8_t *to)
{
	const struct host_lmem call = { .op = HOST_LMEM_READ,
					.metadata = kind == PFC_CONTENT_CCS,
					.off = off, .len = len };

	return pfc_lmem_call(p, u, &call, to);
}

/* How far a walk over both contents has come, and by how much it may go on. */
static void walk(const struct pfc *p, const struct pfc_unit *u, uint32_t slice,
		 enum pfc_content *kind, uint64_t *off, uint64_t *left)
{
	*kind = (enum pfc_content)u->sub;
	*off = (uint64_t)u->pos * slice;
	*left = u->sub < PFC_CONTENTS ? pfc_content_size(p, u->vf, *kind) - *off : 0;
}

/* Go on behind what was read: a slice, or all slices of a hole. */
static uint32_t walk_on(const struct pfc *p, struct pfc_unit *u, uint32_t slice, uint64_t off,
			uint64_t left)
{
	uint64_t n = u->lmem_zeros && u->lmem_len < left ? u->lmem_len / slice : 1;

	if (u->lmem_zeros && u->lmem_len >= left)
		n = slices_of(left, slice);
	if (n == 0)
		n = 1;
	u->pos += (uint32_t)n;
	if (off + n * slice >= pfc_content_size(p, u->vf, (enum pfc_content)u->sub)) {
		u->sub++;
		u->pos = 0;
	}
	return (uint32_t)n;
}

int pfc_step_survey(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct pfc_bulk *b = &v->out.bulk[u->gt];
	uint8_t *buf = p->mem.base + b->buffer;
	enum pfc_content kind;
	uint64_t off, left;
	uint32_t at = u->pos, len;
	int result;

	if (!pfc_has_lmem(p, u))
		return PFC_DONE;
	walk(p, u, b->slice, &kind, &off, &left);
	if (left == 0)
		return u->sub + 1u < PFC_CONTENTS ? (u->sub++, PFC_MORE) : PFC_DONE;
	len = left < b->slice ? (uint32_t)left : b->slice;
	result = fetch(p, u, kind, off, len, buf);
	if (result != PFC_DONE)
		return result;
	/* A hole that ends within the slice has bytes behind it. */
	if (!u->lmem_zeros && !is_zero(buf, len)) {
		p->mem.base[b->zero[kind] + at / 8] &= (uint8_t)~(1u << at % 8);
		v->out.stored[kind] += len;
	}
	v->out.looked += (uint64_t)walk_on(p, u, b->slice, off, left) * b->slice;
	pfc_content_progress(p, u->vf, PFC_SAVE, v->out.looked, 2 * pfc_content_total(p, u->vf));
	return PFC_MORE;
}

void pfc_content_add(struct pfc *p, unsigned vf, unsigned gt)
{
	static const uint16_t types[PFC_CONTENTS] = { PFC_IMAGE_VRAM, PFC_IMAGE_CCS };
	const struct pfc_bulk *b = &p->vf[vf].out.bulk[gt];

	for (unsigned k = 0; k < PFC_CONTENTS; k++) {
		const struct pfc_image_bulk bulk = {
			.type = types[k], .tile = p->gt[gt].tile, .gt = (uint8_t)gt,
			.slice = b->slice, .size = pfc_content_size(p, vf, k),
			.zero = p->mem.base + b->zero[k],
		};

		if (bulk.size)
			pfc_image_add_bulk(&p->vf[vf].out.writer, &bulk);
	}
}

/* The reader of the image has come to a slice of this GT: fetch it. */
int pfc_content_serve(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_transfer *t = &pfc_vf(p, u)->out;
	const struct pfc_image_part *want = pfc_image_wanted(&t->writer);
	uint8_t *buf = p->mem.base + t->bulk[u->gt].buffer;
	enum pfc_content kind;
	int result;

	if (!want || want->gt != u->gt)
		return PFC_WAIT;
	kind = want->type == PFC_IMAGE_CCS ? PFC_CONTENT_CCS : PFC_CONTENT_LMEM;
	result = fetch(p, u, kind, want->offset, want->stored, buf);
	if (result != PFC_DONE)
		return result;
	if (u->lmem_zeros)
		memset(buf, 0, want->stored);
	digest(&t->digest[kind], want->offset, buf, want->stored);
	t->looked = pfc_content_total(p, u->vf) + want->offset + want->stored;
	pfc_content_progress(p, u->vf, PFC_SAVE, t->looked, 2 * pfc_content_total(p, u->vf));
	pfc_image_give_slice(&t->writer, buf);
	return PFC_WAIT;
}

/* --- in ---------------------------------------------------------------------------- */

/* One piece of the slice that waits to be applied. PFC_DONE: all of it was. */
static int apply(struct pfc *p, struct pfc_unit *u, const struct pfc_image_part *s)
{
	uint32_t left = s->raw - u->pos;
	const struct host_lmem call = {
		.op = HOST_LMEM_WRITE, .metadata = s->type == PFC_IMAGE_CCS,
		.off = s->offset + u->pos, .data = s->data + u->pos,
		.len = left < HOST_LMEM_MAX ? left : HOST_LMEM_MAX,
	};
	int result = pfc_lmem_call(p, u, &call, NULL);

	if (result != PFC_DONE)
		return result;
	u->pos += call.len;
	return u->pos == s->raw ? PFC_DONE : PFC_MORE;
}

static int receive(struct pfc *p, struct pfc_unit *u)
{
	const struct host_lmem stage = { .op = HOST_LMEM_STAGE };
	struct pfc_vf *v = pfc_vf(p, u);
	struct pfc_image_reader *r = &v->reader;
	const struct pfc_image_part *s = &r->cur;
	enum pfc_content kind = s->type == PFC_IMAGE_CCS ? PFC_CONTENT_CCS : PFC_CONTENT_LMEM;
	int result = PFC_DONE;

	if (u->sub == 0) {
		result = pfc_lmem_call(p, u, &stage, NULL);
		u->sub = result == PFC_DONE;
		return result == PFC_DONE ? PFC_MORE : result;
	}
	if (r->phase != PFC_IMG_SLICE || s->gt != u->gt)
		return PFC_WAIT;
	/* Zeros are there already. */
	if (s->stored)
		result = apply(p, u, s);
	if (result != PFC_DONE)
		return result;
	if (s->stored)
		digest(&v->in.digest[kind], s->offset, s->data, s->stored);
	u->pos = 0;
	v->in.looked += s->raw;
	pfc_content_progress(p, u->vf, PFC_RESTORE, v->in.looked, 2 * pfc_content_total(p, u->vf));
	pfc_image_slice_done(r);
	return PFC_WAIT;
}

/* Runs beside the reader, until the end of the image ends it. */
static int step_receive(struct pfc *p, struct pfc_unit *u)
{
	int result = receive(p, u);

	if (result >= 0)
		return result;
	/* Whoever sends the image hears of it with his next bytes. */
	pfc_image_fail(&pfc_vf(p, u)->reader, result, "local memory can't be written");
	return PFC_WAIT;
}

static const struct pfc_step_def receive_steps[] = {
	{ .name = "receive LMEM", .run = step_receive },
};

const struct pfc_seq pfc_seq_receive = {
	.kind = PFC_SEQ_IMAGE, .during = PFC_VF_RESTORING, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(receive_steps)
};

int pfc_step_commit(struct pfc *p, struct pfc_unit *u)
{
	const struct host_lmem call = { .op = HOST_LMEM_COMMIT };

	return pfc_has_lmem(p, u) ? pfc_lmem_call(p, u, &call, NULL) : PFC_DONE;
}

int pfc_step_compare(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	uint32_t slice = pfc_content_slice(&p->in_pool), len;
	uint8_t *buf = p->mem.base + v->in.bulk[u->gt].buffer;
	enum pfc_content kind;
	uint64_t off, left;
	int result;

	if (!pfc_has_lmem(p, u))
		return PFC_DONE;
	walk(p, u, slice, &kind, &off, &left);
	if (left == 0 && u->sub + 1u < PFC_CONTENTS) {
		u->sub++;
		return PFC_MORE;
	}
	if (left == 0)
		return PFC_DONE;
	len = left < slice ? (uint32_t)left : slice;
	result = fetch(p, u, kind, off, len, buf);
	if (result != PFC_DONE)
		return result;
	if (!u->lmem_zeros)
		digest(&v->in.found[kind], off, buf, len);
	v->in.looked += (uint64_t)walk_on(p, u, slice, off, left) * slice;
	pfc_content_progress(p, u->vf, PFC_RESTORE, v->in.looked, 2 * pfc_content_total(p, u->vf));
	return PFC_MORE;
}

int pfc_step_judge(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_transfer *t = &pfc_vf(p, u)->in;

	for (unsigned k = 0; k < PFC_CONTENTS; k++)
		if (t->digest[k].crc != t->found[k].crc || t->digest[k].bytes != t->found[k].bytes) {
			pfc_log(p, PFC_LOG_ERROR, u->vf, u->gt,
				"%s is not what the image holds: 0x%08x of %lu bytes, not 0x%08x "
				"of %lu", k ? "compression metadata" : "local memory",
				t->found[k].crc, (unsigned long)t->found[k].bytes,
				t->digest[k].crc, (unsigned long)t->digest[k].bytes);
			return -EBADMSG;
		}
	return PFC_DONE;
}

void pfc_content_abort(struct pfc *p, unsigned vf)
{
	for (unsigned gt = 0; gt < p->gts && p->vf[vf].share.lmem_size; gt++) {
		const struct host_lmem call = { .op = HOST_LMEM_ABORT, .tile = p->gt[gt].tile,
						.function = (uint8_t)vf };

		if (!p->gt[gt].media)
			p->opt.lmem.call(p->opt.lmem.user, &call, 0);
	}
}

/* --- progress ---------------------------------------------------------------------- */

uint64_t pfc_content_total(const struct pfc *p, unsigned vf)
{
	uint64_t total = 0;

	for (unsigned k = 0; k < PFC_CONTENTS; k++)
		total += pfc_content_size(p, vf, k);
	return total * p->opt.tiles;
}

/* Told when another percent is done, and at most ten times a second. */
void pfc_content_progress(struct pfc *p, unsigned vf, enum pfc_verb verb, uint64_t done,
			  uint64_t total)
{
	struct pfc_vf *v = &p->vf[vf];
	struct pfc_event ev = { .kind = PFC_EV_PROGRESS, .vf = (uint8_t)vf, .verb = verb,
				.done = done < total ? done : total, .total = total };
	unsigned percent = (unsigned)(ev.done * 100 / (total ? total : 1));

	if (percent == v->told_percent || p->now < v->told_at + PFC_PROGRESS_NS)
		return;
	v->told_percent = percent;
	v->told_at = p->now;
	pfc_report(p, &ev);
}
