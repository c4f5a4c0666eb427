/* SPDX-License-Identifier: MIT */
/* Reading an image file, and what it says as JSON; see image_doc.h. */
#include "cli/image_doc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/image_file.h"
#include "proto/crc32c.h"
#include "proto/regs.h"

#define CHUNK     65536u
#define MAX_PAGES (1ull << 24) /* 64 GiB of content of a kind and GT, 64 MiB of sums */
#define MAX_RUNS  64u          /* that are shown */

const char *image_section_name(unsigned type)
{
	static const char *const names[] = {
		[PFC_IMAGE_DESCRIPTOR] = "DESCRIPTOR", [PFC_IMAGE_TRAILER_SECTION] = "TRAILER",
		[PFC_IMAGE_GGTT] = "GGTT", [PFC_IMAGE_MMIO] = "MMIO", [PFC_IMAGE_GUC] = "GUC",
		[PFC_IMAGE_VRAM] = "VRAM", [PFC_IMAGE_CCS] = "CCS",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "unknown";
}

/* --- reading -------------------------------------------------------------------- */

static int grow(void **array, uint64_t want, uint64_t *cap, size_t size)
{
	uint64_t more = *cap ? *cap : 64;
	void *bigger;

	if (want <= *cap)
		return 0;
	while (more < want)
		more *= 2;
	bigger = realloc(*array, more * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*cap = more;
	return 0;
}

static int note_section(struct image_doc *d)
{
	uint64_t cap = d->sections_cap;
	void *array = d->sections;
	int err = grow(&array, d->sections_n + 1, &cap, sizeof(*d->sections));

	d->sections = array;
	d->sections_cap = cap;
	if (err)
		return err;
	d->sections[d->sections_n] = (struct image_section){
		.part = d->reader.cur,
		.at = d->reader.total - PFC_IMAGE_SECTION,
	};
	d->sections[d->sections_n++].part.data = NULL;
	return 0;
}

/* Of a page that two slices share the sum goes on where it was. */
int image_doc_sum(struct image_doc *d, const struct pfc_image_part *s, void *user)
{
	static const uint8_t zeros[GGTT_PAGE];
	const uint32_t zero_crc = s->data ? 0 : crc32c(0, zeros, sizeof(zeros));
	unsigned kind = s->type == PFC_IMAGE_CCS;
	uint64_t end = s->offset + s->raw, last = (end + GGTT_PAGE - 1) / GGTT_PAGE;
	void *array = d->page[kind][s->gt];
	int err;

	(void)user;
	if (last > MAX_PAGES)
		return -EFBIG;
	err = grow(&array, last, &d->pages_cap[kind][s->gt], sizeof(uint32_t));
	d->page[kind][s->gt] = array;
	if (err)
		return err;
	while (d->pages[kind][s->gt] < last)
		d->page[kind][s->gt][d->pages[kind][s->gt]++] = 0;
	for (uint64_t at = s->offset; at < end;) {
		uint64_t left = GGTT_PAGE - at % GGTT_PAGE, n = end - at < left ? end - at : left;
		uint32_t *crc = &d->page[kind][s->gt][at / GGTT_PAGE];

		if (!s->data && n == GGTT_PAGE)
			*crc = zero_crc;
		else
			*crc = crc32c(*crc, s->data ? s->data + (at - s->offset) : zeros,
				      (size_t)n);
		at += n;
	}
	return 0;
}

/* What the reader waits for, and what it has come to. */
static int serve(struct image_doc *d, image_slice_fn slice, void *user)
{
	struct pfc_image_reader *r = &d->reader;
	int err = 0;

	if (r->seq > d->sections_n)
		err = note_section(d);
	if (err == 0 && r->phase == PFC_IMG_STAGE) {
		d->stage = malloc(r->stage_need ? r->stage_need : 1);
		if (!d->stage)
			return -ENOMEM;
		pfc_image_give_stage(r, d->stage);
	} else if (err == 0 && r->phase == PFC_IMG_SLICE) {
		err = slice ? slice(d, &r->cur, user) : 0;
		pfc_image_slice_done(r);
	}
	return err;
}

static int read_all(struct image_doc *d, int fd, image_slice_fn slice, void *user)
{
	struct pfc_image_reader *r = &d->reader;
	uint8_t chunk[CHUNK];
	ssize_t got;
	int err = 0;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (size_t at = 0; at < (size_t)got && !err && !r->err;) {
			/* A unit at a time, so that each section is seen. */
			size_t n = (size_t)got - at, need = r->need - r->have;
			long took = pfc_image_take(r, chunk + at, need && need < n ? need : n);

			if (took > 0)
				at += (size_t)took;
			if (!r->err)
				err = serve(d, slice, user);
		}
		if (err || r->err)
			break;
	}
	return err;
}

int image_doc_open(struct image_doc *d, const char *path, image_slice_fn slice, void *user,
		   char *err, size_t cap)
{
	int fd, status;

	memset(d, 0, sizeof(*d));
	pfc_image_reader_any(&d->reader);
	fd = image_in_open(path, &d->size, err, cap);
	if (fd < 0)
		return fd;
	status = read_all(d, fd, slice, user);
	close(fd);
	if (status < 0) {
		snprintf(err, cap, "%s: %s", path, status == -EFBIG && slice == image_doc_sum ?
			 "more than 64 GiB of local memory on a tile can't be compared" :
			 strerror(-status));
		return status;
	}
	status = pfc_image_finish(&d->reader);
	if (status < 0)
		snprintf(err, cap, "%s: offset %" PRIu64 ": %s", path, d->reader.bad_at,
			 d->reader.why);
	return status;
}

void image_doc_free(struct image_doc *d)
{
	for (unsigned i = 0; i < 2 * PFC_IMAGE_GTS; i++)
		free(d->page[i / PFC_IMAGE_GTS][i % PFC_IMAGE_GTS]);
	free(d->sections);
	free(d->stage);
	memset(d, 0, sizeof(*d));
}

uint64_t *image_doc_entries(const struct image_doc *d, unsigned gt, size_t *n)
{
	const struct pfc_image_part *p = pfc_image_find(&d->reader, PFC_IMAGE_GGTT, gt);
	struct pfc_pte_decoder decoder = {
		.in = p->data, .len = p->stored, .rle = p->flags & PFC_IMAGE_RLE,
	};
	uint64_t *entries = malloc(p->raw);
	size_t got = 0, want = p->raw / 8;

	while (entries && got < want) {
		unsigned more = pfc_pte_get(&decoder, entries + got,
					    want - got < 4096 ? (unsigned)(want - got) : 4096);

		if (more == 0)
			break;
		got += more;
	}
	*n = got;
	return entries;
}

/* --- as JSON --------------------------------------------------------------------- */

static void add_flags(struct json_object *o, uint32_t flags)
{
	json_add_fmt(o, "flags", "%s%s%s", flags & PFC_IMAGE_CRITICAL ? "critical" : "-",
		     flags & PFC_IMAGE_RLE ? " rle" : "", flags & PFC_IMAGE_LAST ? " last" : "");
}

static void add_sections(const struct image_doc *d, struct json_object *o)
{
	struct json_object *list = json_add_array(o, "sections");

	for (size_t i = 0; i < d->sections_n; i++) {
		const struct image_section *s = &d->sections[i];
		struct json_object *one = json_push_object(list);

		json_add_u64(one, "at", s->at);
		json_add_str(one, "name", image_section_name(s->part.type));
		json_add_u64(one, "type", s->part.type);
		json_add_u64(one, "tile", s->part.tile);
		json_add_u64(one, "gt", s->part.gt);
		add_flags(one, s->part.flags);
		if (s->part.offset)
			json_add_u64(one, "slice_at", s->part.offset);
		json_add_u64(one, "raw", s->part.raw);
		json_add_u64(one, "stored", s->part.stored);
		json_add_fmt(one, "crc", "0x%08x", s->part.crc);
	}
}

static void add_descriptor(const struct image_doc *d, struct json_object *o)
{
	const struct pfc_image_profile *f = &d->reader.from;
	struct json_object *desc = json_add_object(o, "descriptor");

	json_add_fmt(desc, "device", "0x%04x", f->devid);
	json_add_u64(desc, "revision", f->revid);
	json_add_u64(desc, "tiles", f->tiles);
	json_add_u64(desc, "gts_a_tile", f->gts);
	json_add_u64(desc, "graphics", f->graphics);
	json_add_u64(desc, "ggtt_size", f->ggtt_size);
	json_add_u64(desc, "contexts", f->contexts);
	json_add_u64(desc, "doorbells", f->doorbells);
	json_add_u64(desc, "lmem_size", f->lmem_size);
	json_add_u64(desc, "ccs_size", f->ccs_size);
	json_add_u64(desc, "ggtt_start", f->ggtt_start);
	json_add_u64(desc, "begin_context", f->begin_context);
	json_add_u64(desc, "begin_doorbell", f->begin_doorbell);
}

/* Numbers of the GGTT and its longest-lived shape: runs of like entries. */
static void add_ggtt(const struct image_doc *d, unsigned gt, struct json_object *o)
{
	struct json_object *ggtt = json_add_object(o, "ggtt"), *runs;
	uint64_t *pte, present = 0, devmem = 0, count = 0;
	size_t n;

	pte = image_doc_entries(d, gt, &n);
	for (size_t i = 0; pte && i < n; i++) {
		present += !!(pte[i] & PTE_PRESENT);
		devmem += (pte[i] & PTE_PRESENT) && (pte[i] & PTE_DEVMEM);
	}
	json_add_u64(ggtt, "pages", n);
	json_add_u64(ggtt, "present", present);
	json_add_u64(ggtt, "in_lmem", devmem);
	runs = json_add_array(ggtt, "runs");
	for (size_t i = 0, next; pte && i < n; i = next) {
		uint64_t step = i + 1 < n && pte[i + 1] == pte[i] + GGTT_PAGE ? GGTT_PAGE : 0;

		for (next = i + 1; next < n && pte[next] == pte[next - 1] + step;)
			next++;
		if (++count > MAX_RUNS)
			continue;
		struct json_object *run = json_push_object(runs);

		json_add_u64(run, "page", i);
		json_add_u64(run, "count", next - i);
		json_add_fmt(run, "entry", "0x%" PRIx64, pte[i]);
		json_add_bool(run, "consecutive", step != 0);
	}
	json_add_u64(ggtt, "runs_in_all", count);
	free(pte);
}

static void add_mailbox(const struct image_doc *d, unsigned gt, struct json_object *o)
{
	const uint8_t *in = pfc_image_find(&d->reader, PFC_IMAGE_MMIO, gt)->data;
	struct json_object *mailbox = json_add_object(o, "mailbox");

	for (unsigned reg = 0; reg < MAILBOX_DWORDS; reg++)
		for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
			char name[8];

			if (le32_get(in + 4 + 8 * (size_t)i) != 4 * reg)
				continue;
			snprintf(name, sizeof(name), "word%u", reg);
			json_add_fmt(mailbox, name, "0x%08x", le32_get(in + 8 + 8 * (size_t)i));
		}
}

struct json_object *image_doc_json(const struct image_doc *d)
{
	const struct pfc_image_reader *r = &d->reader;
	struct json_object *o = json_object_new_object();
	char id[2 * PFC_IMAGE_ID + 1], name[8];

	for (unsigned i = 0; i < PFC_IMAGE_ID; i++)
		snprintf(id + 2 * (size_t)i, 3, "%02x", r->id[i]);
	json_add_u64(o, "bytes", d->size);
	json_add_fmt(o, "format", "%u.%u", PFC_IMAGE_MAJOR, r->minor);
	json_add_str(o, "id", id);
	add_descriptor(d, o);
	add_sections(d, o);
	for (unsigned gt = 0; gt < (unsigned)r->want.tiles * r->want.gts; gt++) {
		const struct pfc_image_part *guc = pfc_image_find(r, PFC_IMAGE_GUC, gt);
		struct json_object *one;

		snprintf(name, sizeof(name), "gt%u", gt);
		one = json_add_object(o, name);
		json_add(one, "guc", image_blob_json(guc->data, guc->stored));
		if (gt % r->want.gts == 0)
			add_ggtt(d, gt, one);
		add_mailbox(d, gt, one);
	}
	return o;
}
