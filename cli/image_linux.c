/* SPDX-License-Identifier: MIT */
/* An image as Linux' stream; see image_linux.h. The way back: image_linux_in.c. */
#include "cli/image_linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/image_doc.h"
#include "proto/regs.h"

void image_note(struct image_notes *notes, const char *fmt, ...)
{
	va_list ap;

	if (notes->n == IMAGE_NOTES)
		return;
	va_start(ap, fmt);
	vsnprintf(notes->text[notes->n++], sizeof(notes->text[0]), fmt, ap);
	va_end(ap);
}

struct export {
	struct image_out *to;
	bool state_done;
	int err;
};

/* A packet with its payload; `bytes` NULL: zeros. */
static int put_packet(struct export *e, unsigned type, unsigned tile, unsigned gt,
		      uint64_t offset, const void *bytes, uint64_t size)
{
	const struct linux_packet p = {
		.version = LINUX_PACKET_VERSION,
		.type = (uint8_t)type,
		.tile = (uint8_t)tile,
		.gt = (uint8_t)gt,
		.offset = offset,
		.size = size,
	};
	uint8_t head[LINUX_PACKET_HEADER];

	linux_packet_put(head, &p);
	if (e->err == 0)
		e->err = image_out_write(e->to, head, sizeof(head));
	if (e->err == 0 && size > 0)
		e->err = bytes ? image_out_write(e->to, bytes, (size_t)size)
			       : image_out_zeros(e->to, size);
	return e->err;
}

static int put_ggtt(struct export *e, const struct image_doc *d, const struct pfc_image_part *p)
{
	size_t n;
	uint64_t *entries = image_doc_entries(d, p->gt, &n);

	if (!entries && e->err == 0)
		e->err = -ENOMEM;
	for (size_t i = 0; entries && i < n; i++)
		le64_put((uint8_t *)(entries + i), entries[i]);
	if (e->err == 0)
		put_packet(e, PFC_IMAGE_GGTT, p->tile, p->gt, 0, entries, n * 8);
	free(entries);
	return e->err;
}

static int put_mmio(struct export *e, const struct pfc_image_part *p)
{
	uint8_t words[4 * MAILBOX_DWORDS] = { 0 };

	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		memcpy(words + (le32_get(p->data + 4 + 8 * (size_t)i) & 0xC),
		       p->data + 8 + 8 * (size_t)i, 4);
	return put_packet(e, PFC_IMAGE_MMIO, p->tile, p->gt, 0, words, sizeof(words));
}

/* Linux' order on each GT: GUC, GGTT, MMIO. */
static int put_state(struct export *e, const struct image_doc *d)
{
	const struct pfc_image_reader *r = &d->reader;
	uint8_t desc[PFC_IMAGE_MAX_DESC];
	int len = linux_describe(&r->from, desc, sizeof(desc));

	e->state_done = true;
	if (len < 0)
		return len;
	put_packet(e, PFC_IMAGE_DESCRIPTOR, 0, 0, 0, desc, (uint64_t)len);
	for (unsigned gt = 0; gt < (unsigned)r->want.tiles * r->want.gts; gt++) {
		const struct pfc_image_part *guc = pfc_image_find(r, PFC_IMAGE_GUC, gt);

		put_packet(e, PFC_IMAGE_GUC, guc->tile, gt, 0, guc->data, guc->stored);
		if (gt % r->want.gts == 0)
			put_ggtt(e, d, pfc_image_find(r, PFC_IMAGE_GGTT, gt));
		put_mmio(e, pfc_image_find(r, PFC_IMAGE_MMIO, gt));
	}
	return e->err;
}

/* Content comes behind all of the state, so that is there now. */
static int put_slice(struct image_doc *d, const struct pfc_image_part *s, void *user)
{
	struct export *e = user;
	uint64_t at = 0;

	if (!e->state_done)
		put_state(e, d);
	while (at < s->raw && e->err == 0) {
		uint64_t n = s->raw - at;

		if (n > LINUX_MAX_CHUNK)
			n = LINUX_MAX_CHUNK;
		put_packet(e, s->type, s->tile, s->gt, s->offset + at, s->data, n);
		at += n;
	}
	return e->err;
}

static void name_losses(const struct image_doc *d, struct image_notes *notes)
{
	const struct pfc_image_profile *f = &d->reader.from;

	image_note(notes, "lost: the image's id and all checksums, which the stream has no place for");
	image_note(notes, "as descriptor keys that Linux skips: GTs, graphics version, %u contexts, "
	     "%u doorbells, where the VF was", f->contexts, f->doorbells);
	if (f->ccs_size)
		image_note(notes, "as packets of type %u, which Linux skips: %" PRIu64 " bytes of "
		     "compression metadata", PFC_IMAGE_CCS, f->ccs_size);
	for (size_t i = 0; i < d->sections_n; i++)
		if (d->sections[i].part.type > PFC_IMAGE_CCS)
			image_note(notes, "lost: a section of type %u, %u bytes",
			     d->sections[i].part.type, d->sections[i].part.raw);
}

int image_to_linux(const char *from, struct image_out *to, struct image_notes *notes, char *err,
		   size_t cap)
{
	struct export e = { .to = to };
	struct image_doc d;
	int status = image_doc_open(&d, from, put_slice, &e, err, cap);

	notes->n = 0;
	if (status == 0 && !e.state_done)
		put_state(&e, &d);
	if (status == 0)
		put_packet(&e, PFC_IMAGE_TRAILER_SECTION, 0, 0, 0, NULL, 0);
	if (e.err < 0)
		image_out_error(to, e.err, err, cap);
	if (status == 0 && e.err == 0)
		name_losses(&d, notes);
	image_doc_free(&d);
	return e.err < 0 ? e.err : status;
}
