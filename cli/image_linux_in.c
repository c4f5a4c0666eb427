/* SPDX-License-Identifier: MIT */
/* An image from Linux' stream; see image_linux.h. The file is read twice: once to
 * judge it and to keep the state, once for content of LMEM. */
#include "cli/image_linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bits.h"
#include "proto/crc32c.h"
#include "proto/regs.h"

#define CHUNK 65536u
#define SLICE (256u << 10) /* of content in what we make */

/* Where a packet's content lies in the file. */
struct extent {
	uint64_t offset, size, at;
};

struct content {
	struct extent *extent;
	size_t n, cap, next; /* next: where fetching has come to */
	uint64_t size;
	uint8_t *zero;   /* bit a slice: only zeros so far */
	size_t zero_cap; /* bytes */
};

struct import {
	struct linux_reader reader;
	uint64_t at;     /* in the file, of the piece being taken */
	uint8_t *state[PFC_IMAGE_GTS][PFC_IMAGE_GUC + 1]; /* payloads by GT and type */
	uint32_t bytes[PFC_IMAGE_GTS][PFC_IMAGE_GUC + 1];
	struct content content[2][PFC_IMAGE_GTS];
	uint8_t *coded[PFC_IMAGE_GTS]; /* GGTT entries as runs */
	uint8_t mmio[PFC_IMAGE_GTS][4 + 8 * MAILBOX_DWORDS];
	uint8_t desc[PFC_IMAGE_MAX_DESC], slice[SLICE];
};

static int take_packet(void *user, const struct linux_packet *p)
{
	struct import *in = user;
	struct content *c;

	if (p->type <= PFC_IMAGE_GUC) {
		in->state[p->gt][p->type] = malloc((size_t)p->size);
		in->bytes[p->gt][p->type] = (uint32_t)p->size;
		return in->state[p->gt][p->type] ? 0 : -ENOMEM;
	}
	c = &in->content[p->type == PFC_IMAGE_CCS][p->gt];
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct extent *more = realloc(c->extent, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->extent = more;
		c->cap = cap;
	}
	c->extent[c->n++] = (struct extent){ p->offset, p->size, 0 };
	return 0;
}

/* Which slices are all zeros is known before any is written. */
static int scan_content(struct content *c, uint64_t offset, const uint8_t *bytes, size_t n)
{
	static const uint8_t zeros[CHUNK];

	if ((offset + n - 1) / SLICE / 8 >= c->zero_cap) {
		size_t cap = c->zero_cap ? 2 * c->zero_cap : 64;
		uint8_t *more;

		while ((offset + n - 1) / SLICE / 8 >= cap)
			cap *= 2;
		more = realloc(c->zero, cap);
		if (!more)
			return -ENOMEM;
		memset(more + c->zero_cap, 0xFF, cap - c->zero_cap);
		c->zero = more;
		c->zero_cap = cap;
	}
	while (n > 0) {
		uint64_t slice = offset / SLICE, left = SLICE - offset % SLICE;
		size_t part = n < left ? n : (size_t)left;

		if (memcmp(bytes, zeros, part) != 0)
			c->zero[slice / 8] &= (uint8_t)~(1u << slice % 8);
		bytes += part;
		offset += part;
		n -= part;
	}
	c->size = offset;
	return 0;
}

static int take_data(void *user, const struct linux_packet *p, uint64_t at, const uint8_t *bytes,
		     size_t n)
{
	struct import *in = user;
	struct content *c;

	if (p->type <= PFC_IMAGE_GUC) {
		memcpy(in->state[p->gt][p->type] + at, bytes, n);
		return 0;
	}
	c = &in->content[p->type == PFC_IMAGE_CCS][p->gt];
	/* Pieces of a packet lie one behind the other in the file. */
	if (at == 0)
		c->extent[c->n - 1].at = in->reader.total;
	return scan_content(c, p->offset + at, bytes, n);
}

static int read_stream(struct import *in, int fd, const char *from, char *err, size_t cap)
{
	struct linux_reader *r = &in->reader;
	uint8_t chunk[CHUNK];
	uint64_t at = 0;
	int status = 0;

	while (status == 0) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			status = -errno;
			snprintf(err, cap, "%s: %s", from, strerror(errno));
			return status;
		}
		if (n == 0)
			break;
		status = linux_take(r, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	status = linux_finish(r);
	if (status < 0)
		snprintf(err, cap, "%s: offset %" PRIu64 ": %s", from, r->bad_at, r->why);
	return status;
}

/* Entries as runs where that is shorter; NULL with *why set when they are bad. */
static uint8_t *code_entries(const uint8_t *plain, uint32_t bytes, struct pfc_image_part *part,
			     const char **why)
{
	uint8_t *coded = malloc(bytes);
	struct pfc_pte_coder c;
	bool rle = true;

	*why = coded ? NULL : "no memory";
	for (uint32_t at = 0; at < bytes && !*why; at += 8)
		if (pfc_pte_check(plain + at, false) == 0)
			*why = "a GGTT entry with a VFID";
	if (*why) {
		free(coded);
		return NULL;
	}
	pfc_pte_begin(&c, coded, bytes, true);
	for (uint32_t at = 0; at < bytes && rle; at += 8)
		rle = pfc_pte_put(&c, le64_get(plain + at)) == 0;
	rle = rle && pfc_pte_end(&c) == 0;
	if (!rle)
		memcpy(coded, plain, bytes);
	part->raw = bytes;
	part->stored = rle ? c.len : bytes;
	part->flags |= rle ? PFC_IMAGE_RLE : 0;
	part->data = coded;
	return coded;
}

static void make_mmio(const uint8_t *words, uint8_t *out)
{
	le32_put(out, MAILBOX_DWORDS);
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
		le32_put(out + 4 + 8 * (size_t)i, 4 * i);
		memcpy(out + 8 + 8 * (size_t)i, words + 4 * (size_t)i, 4);
	}
}

static struct pfc_image_part part_of(const struct import *in, unsigned type, unsigned gt,
				     uint8_t *data, uint32_t bytes)
{
	return (struct pfc_image_part){
		.type = (uint16_t)type,
		.tile = (uint8_t)(gt / in->reader.gts),
		.gt = (uint8_t)gt,
		.flags = PFC_IMAGE_CRITICAL | PFC_IMAGE_LAST,
		.raw = bytes,
		.stored = bytes,
		.data = data,
	};
}

/* All small sections but the descriptor; bytes to be staged, or 0 with *why. */
static uint32_t add_state(struct import *in, struct pfc_image_part *parts, unsigned *n,
			  const char **why)
{
	uint32_t stage = 0;

	*n = 1;
	*why = NULL;
	for (unsigned gt = 0; gt < (unsigned)in->reader.tiles * in->reader.gts; gt++) {
		parts[(*n)++] = part_of(in, PFC_IMAGE_GUC, gt, in->state[gt][PFC_IMAGE_GUC],
					in->bytes[gt][PFC_IMAGE_GUC]);
		if (gt % in->reader.gts == 0) {
			parts[*n] = part_of(in, PFC_IMAGE_GGTT, gt, NULL, 0);
			in->coded[gt] = code_entries(in->state[gt][PFC_IMAGE_GGTT],
						     in->bytes[gt][PFC_IMAGE_GGTT], &parts[*n],
						     why);
			if (!in->coded[gt])
				return 0;
			(*n)++;
		}
		make_mmio(in->state[gt][PFC_IMAGE_MMIO], in->mmio[gt]);
		parts[(*n)++] = part_of(in, PFC_IMAGE_MMIO, gt, in->mmio[gt],
					sizeof(in->mmio[gt]));
	}
	for (unsigned i = 1; i < *n; i++)
		stage += (parts[i].stored + 7) & ~7u;
	return stage;
}

/* What the descriptor did not say. */
static const char *fill_in(struct import *in, const struct pfc_image_profile *defaults,
			   struct image_notes *notes)
{
	struct pfc_image_profile *f = &in->reader.from;
	unsigned known = in->reader.known;

	if (!(known & LINUX_KNOWS_GRAPHICS))
		f->graphics = defaults->graphics;
	if (!(known & LINUX_KNOWS_CONTEXTS))
		f->contexts = defaults->contexts;
	if (!(known & LINUX_KNOWS_DOORBELLS))
		f->doorbells = defaults->doorbells;
	if (f->graphics == 0)
		return "the stream does not say the graphics version: give --graphics";
	if (f->contexts == 0)
		return "the stream does not say the number of contexts: give --contexts";
	if (f->doorbells == UINT32_MAX)
		return "the stream does not say the number of doorbells: give --doorbells";
	if (known != (LINUX_KNOWS_GTS | LINUX_KNOWS_GRAPHICS | LINUX_KNOWS_CONTEXTS |
		      LINUX_KNOWS_DOORBELLS))
		image_note(notes, "taken as given: %u tiles with %u GTs, graphics version %u, "
		     "%u contexts, %u doorbells", in->reader.tiles, in->reader.gts, f->graphics,
		     f->contexts, f->doorbells);
	if (in->reader.skipped)
		image_note(notes, "skipped: %u packets of unknown types", in->reader.skipped);
	if (f->lmem_size || f->ccs_size)
		f->slice = SLICE;
	return NULL;
}

static int read_at(int fd, uint8_t *to, uint64_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, (size_t)n, (off_t)at);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -ENODATA;
		if (got > 0) {
			to += got;
			at += (uint64_t)got;
			n -= (uint64_t)got;
		}
	}
	return 0;
}

/* Bytes of a slice from the file into in->slice; slices are asked for in order. */
static int fetch(struct import *in, int fd, const struct pfc_image_part *s)
{
	struct content *c = &in->content[s->type == PFC_IMAGE_CCS][s->gt];
	uint64_t at = s->offset, end = s->offset + s->stored;
	int err = 0;

	while (err == 0 && at < end && c->next < c->n) {
		const struct extent *e = &c->extent[c->next];
		uint64_t stop = e->offset + e->size < end ? e->offset + e->size : end;

		if (stop <= at) {
			c->next++;
			continue;
		}
		err = read_at(fd, in->slice + (at - s->offset), stop - at, e->at + at - e->offset);
		at = stop;
	}
	return err == 0 && at < end ? -ENODATA : err;
}

static int write_image(struct import *in, int fd, struct pfc_image_writer *w,
		       struct image_out *to)
{
	uint8_t chunk[CHUNK];
	int err = 0;

	while (!pfc_image_seal(w, UINT32_MAX))
		;
	while (err == 0 && w->piece != PFC_PIECE_END) {
		size_t n = pfc_image_emit(w, chunk, sizeof(chunk));
		const struct pfc_image_part *want = pfc_image_wanted(w);

		if (n > 0)
			err = image_out_write(to, chunk, n);
		if (err == 0 && want)
			err = fetch(in, fd, want);
		if (err == 0 && want)
			pfc_image_give_slice(w, in->slice);
	}
	return err;
}

/* Of the same stream the same id: from its checksums. */
static void make_id(const struct pfc_image_part *parts, unsigned n, uint8_t id[PFC_IMAGE_ID])
{
	uint32_t crc = 0;

	memcpy(id, "linux-stream", 12);
	for (unsigned i = 0; i < n; i++)
		crc = crc32c(crc, parts[i].data, parts[i].stored);
	le32_put(id + 12, crc);
}

static int convert(struct import *in, int fd, const struct pfc_image_profile *defaults,
		   struct image_out *to, struct image_notes *notes, const char **why)
{
	struct pfc_image_part parts[PFC_IMAGE_PARTS];
	const struct pfc_image_profile *f = &in->reader.from;
	struct pfc_image_writer w;
	uint8_t id[PFC_IMAGE_ID];
	unsigned n;
	uint32_t stage = add_state(in, parts, &n, why);
	int len;

	if (*why)
		return -EINVAL;
	*why = fill_in(in, defaults, notes);
	if (*why)
		return -ENOKEY;
	len = pfc_image_describe(f, stage, in->desc, sizeof(in->desc));
	if (len < 0)
		return len;
	parts[0] = part_of(in, PFC_IMAGE_DESCRIPTOR, 0, in->desc, (uint32_t)len);
	make_id(parts, n, id);
	pfc_image_begin(&w, id);
	for (unsigned i = 0; i < n; i++)
		pfc_image_add(&w, &parts[i]);
	for (unsigned i = 0; i < 2 * PFC_IMAGE_GTS; i++) {
		const struct content *c = &in->content[i / PFC_IMAGE_GTS][i % PFC_IMAGE_GTS];
		const struct pfc_image_bulk bulk = {
			.type = i / PFC_IMAGE_GTS ? PFC_IMAGE_CCS : PFC_IMAGE_VRAM,
			.tile = (uint8_t)(i % PFC_IMAGE_GTS / in->reader.gts),
			.gt = (uint8_t)(i % PFC_IMAGE_GTS),
			.slice = SLICE,
			.size = c->size,
			.zero = c->zero,
		};

		if (c->size)
			pfc_image_add_bulk(&w, &bulk);
	}
	return write_image(in, fd, &w, to);
}

bool image_is_linux(int fd)
{
	uint8_t head[LINUX_PACKET_HEADER];
	struct linux_packet p;

	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		return false;
	p = linux_packet_get(head);
	return p.version >= 1 && p.version < 16 && p.type == PFC_IMAGE_DESCRIPTOR && p.tile == 0 &&
	       p.gt == 0 && p.offset == 0;
}

int image_from_linux(int fd, const char *from, const struct pfc_image_profile *defaults,
		     struct image_out *to, struct image_notes *notes, char *err, size_t cap)
{
	struct import *in = calloc(1, sizeof(*in));
	const struct linux_sink sink = { .packet = take_packet, .data = take_data, .user = in };
	const char *why = NULL;
	int status;

	notes->n = 0;
	if (!in) {
		snprintf(err, cap, "%s: %s", from, strerror(ENOMEM));
		return -ENOMEM;
	}
	linux_reader_init(&in->reader, defaults->tiles, defaults->gts, &sink);
	status = read_stream(in, fd, from, err, cap);
	if (status == 0) {
		status = convert(in, fd, defaults, to, notes, &why);
		if (why)
			snprintf(err, cap, "%s: %s", from, why);
		else if (status < 0)
			image_out_error(to, status, err, cap);
	}
	for (unsigned gt = 0; gt < PFC_IMAGE_GTS; gt++) {
		for (unsigned type = 0; type <= PFC_IMAGE_GUC; type++)
			free(in->state[gt][type]);
		for (unsigned kind = 0; kind < 2; kind++) {
			free(in->content[kind][gt].extent);
			free(in->content[kind][gt].zero);
		}
		free(in->coded[gt]);
	}
	free(in);
	return status;
}
