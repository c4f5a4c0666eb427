/* SPDX-License-Identifier: MIT */
/* A migration image file, read whole by the reader that restores one too, and
 * kept for show, diff and export. Content of LMEM is passed on in slices or
 * summed up page by page, not kept. */
#ifndef GUCEMU_CLI_IMAGE_DOC_H
#define GUCEMU_CLI_IMAGE_DOC_H

#include "pfclient/image.h"
#include "view/json.h"

struct image_section {
	struct pfc_image_part part; /* without data */
	uint64_t at;                /* of its header in the file */
};

struct image_doc;
/* A slice of content, good: bytes, or NULL for zeros. 0 or -errno, which ends the
 * reading. */
typedef int (*image_slice_fn)(struct image_doc *d, const struct pfc_image_part *slice, void *user);

struct image_doc {
	struct pfc_image_reader reader;
	uint64_t size;      /* of the file */
	uint8_t *stage;
	struct image_section *sections;
	size_t sections_n, sections_cap;
	/* Checksums of content, a 4 KiB page each: VRAM, CCS; of each GT. By
	 * image_doc_sum(). */
	uint32_t *page[2][PFC_IMAGE_GTS];
	uint64_t pages[2][PFC_IMAGE_GTS], pages_cap[2][PFC_IMAGE_GTS];
};

/* The one for a comparison: sums up d->page. -EFBIG beyond 64 GiB. */
int image_doc_sum(struct image_doc *d, const struct pfc_image_part *slice, void *user);

/* Read the file. `slice` NULL: content is checked only. 0 or -errno; err[0..cap) then has path,
 * offset and reason. To be freed in any case. */
int image_doc_open(struct image_doc *d, const char *path, image_slice_fn slice, void *user,
		   char *err, size_t cap);
void image_doc_free(struct image_doc *d);

/* Everything in it but GGTT entries and content, of which there are numbers. */
struct json_object *image_doc_json(const struct image_doc *d);
/* Entry by entry: the GGTT of a main GT, n of them; to be freed. NULL: no memory. */
uint64_t *image_doc_entries(const struct image_doc *d, unsigned gt, size_t *n);
const char *image_section_name(unsigned type);

/* A GuC's state blob (image_blob.c). */
struct json_object *image_blob_json(const uint8_t *bytes, uint32_t len);

/* Compare (image_diff.c): differences into a new array of {what, a, b}; `limit` GGTT
 * ranges and content ranges at most (0: all). Places, which may differ by design, go
 * into another. NULL: no memory. */
struct json_object *image_doc_diff(const struct image_doc *a, const struct image_doc *b,
				   unsigned limit, struct json_object **places);

#endif
