/* SPDX-License-Identifier: MIT */
/* Byte offsets of the image's fixed structures (vf-lifecycle 3.7), and what the
 * files of its writer and its reader share. */
#ifndef GUCEMU_PFC_IMAGE_PRIV_H
#define GUCEMU_PFC_IMAGE_PRIV_H

#include "image.h"
#include "proto/bits.h"

#define PFC_IMAGE_PAGE 4096u

extern const uint8_t pfc_image_magic[8];

/* File header. */
enum {
	HDR_MAGIC = 0,
	HDR_MAJOR = 8,   /* u16 */
	HDR_MINOR = 10,  /* u16 */
	HDR_LENGTH = 12, /* with extension */
	HDR_FLAGS = 16,  /* MBZ */
	HDR_ALIGN = 20,  /* of payloads; ours is 1 */
	HDR_ID = 24,
	HDR_MBZ = 40,
	HDR_CRC = 44,    /* of bytes 0..43 and the extension */
};

/* Section header. */
enum {
	SEC_TYPE = 0, /* u16 */
	SEC_TILE = 2,
	SEC_GT = 3,
	SEC_FLAGS = 4,
	SEC_SEQ = 8,
	SEC_MBZ = 12,
	SEC_OFFSET = 16, /* u64, of a slice in its content */
	SEC_RAW = 24,
	SEC_STORED = 28,
	SEC_PAYLOAD_CRC = 32,
	SEC_CRC = 36, /* of bytes 0..35 */
};

/* Trailer payload. */
enum {
	TRL_ID = 0,
	TRL_SECTIONS = 16, /* before the trailer */
	TRL_CRC = 20,      /* of every byte before the trailer's header */
	TRL_TOTAL = 24,    /* u64, bytes of the image */
};

/* Index of struct pfc_image_reader.content; -1 for a small section. */
static inline int pfc_image_content(unsigned type)
{
	return type == PFC_IMAGE_VRAM ? 0 : type == PFC_IMAGE_CCS ? 1 : -1;
}

/* --- image_check.c: what a reader finds wrong --------------------------------------- */

/* Where a section stands, and its sizes: NULL, or why not. */
const char *pfc_image_bad_place(const struct pfc_image_reader *r, const struct pfc_image_part *s);
const char *pfc_image_bad_size(const struct pfc_image_reader *r, const struct pfc_image_part *s);
/* A payload that has come whole; what is wrong goes to pfc_image_fail(). */
void pfc_image_check_descriptor(struct pfc_image_reader *r);
void pfc_image_check_mmio(struct pfc_image_reader *r);
void pfc_image_check_trailer(struct pfc_image_reader *r);
/* GGTT entries as they come, so that no call does a whole region. */
void pfc_image_check_entries(struct pfc_image_reader *r);

#endif
