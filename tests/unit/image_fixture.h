/* SPDX-License-Identifier: MIT */
/* A small migration image made by hand, which tests may bend before it is
 * sealed, and a reader of it. One tile, two GTs, 16 pages of GGTT; with content
 * (VRAM and compression metadata) when asked for. */
#ifndef GUCEMU_TESTS_IMAGE_FIXTURE_H
#define GUCEMU_TESTS_IMAGE_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pfclient/image.h"
#include "pfclient/image_priv.h"
#include "proto/crc32c.h"
#include "proto/regs.h"

#define IX_SLICE 4096u
#define IX_LMEM  (11 * IX_SLICE + 100) /* the last slice is short */
#define IX_CCS   (IX_LMEM / 256)

extern const struct pfc_image_profile ix_profile;

enum { IX_DESC, IX_GUC0, IX_GGTT0, IX_MMIO0, IX_GUC1, IX_MMIO1, IX_PARTS };

struct ix {
	struct pfc_image_profile profile;
	uint8_t desc[512], guc[2][64], ggtt[16 * 8], mmio[2][36];
	struct pfc_image_part part[PFC_IMAGE_PARTS];
	unsigned parts;
	struct pfc_image_bulk bulk[2];
	unsigned bulks;
	uint8_t lmem[IX_LMEM], ccs[IX_CCS], zero[2];
	uint8_t bytes[1 << 16];
	size_t len;
	/* What a reader found. */
	struct pfc_image_reader reader;
	uint8_t *stage;
	uint8_t got[2][IX_LMEM];
	uint64_t applied; /* bytes of content that were handed on */
};

struct pfc_image_part ix_part(unsigned type, unsigned gt, uint32_t flags, uint32_t bytes,
			      uint8_t *data);
void ix_make(struct ix *m);
/* Content too: slices 2 to 4 and 7 of LMEM are zeros, and all of the metadata but
 * its first slice would be, if it had another. */
void ix_make_content(struct ix *m);
/* Seal and emit, `step` bytes at a time. */
void ix_write(struct ix *m, size_t step);
/* Read m->bytes[0..len) `step` bytes at a time; the end's verdict. */
int ix_read_as(struct ix *m, size_t len, size_t step, const struct pfc_image_profile *want);
int ix_read(struct ix *m, size_t len, size_t step);
/* Offset of section number `n`'s header. */
size_t ix_section(const struct ix *m, unsigned n);
/* Make the checksum of the section header at `at` right again. */
void ix_sign(struct ix *m, size_t at);
void ix_sign_trailer(struct ix *m);
void ix_free(struct ix *m);
/* Section n is not in the image. */
void ix_drop(struct ix *m, unsigned n);

#endif
