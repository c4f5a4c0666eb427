/* SPDX-License-Identifier: MIT */
/* Byte offsets of the image's fixed structures (vf-lifecycle 3.7), shared by
 * its writer and its reader. */
#ifndef GUCEMU_PFC_IMAGE_PRIV_H
#define GUCEMU_PFC_IMAGE_PRIV_H

#include <stdint.h>

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
	SEC_OFFSET = 16, /* u64; 0 while no section is split */
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

#endif
