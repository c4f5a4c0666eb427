/* SPDX-License-Identifier: MIT */
/* The migration image: the container of vf-lifecycle 3.7. A streaming writer
 * over payloads that lie in memory, and a streaming reader that takes any
 * split and stages payloads in memory it is given. Neither allocates, neither
 * knows what applies a section. Little-endian:
 *
 *   file header, 48 bytes
 *   section header, 40 bytes, payload    DESCRIPTOR first, TRAILER last
 *   ...
 *
 * What the writer promises the reader checks: one section of a kind for each
 * GT, sequence without gaps, sizes that fit the VF, every checksum. */
#ifndef GUCEMU_PFC_IMAGE_H
#define GUCEMU_PFC_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFC_IMAGE_HEADER   48u
#define PFC_IMAGE_SECTION  40u
#define PFC_IMAGE_TRAILER  32u
#define PFC_IMAGE_ID       16u
#define PFC_IMAGE_MAJOR    1u
#define PFC_IMAGE_MINOR    0u
#define PFC_IMAGE_MAX_EXT  4096u        /* file header with extension */
#define PFC_IMAGE_MAX_DESC 4096u
#define PFC_IMAGE_MAX_MMIO 256u
#define PFC_IMAGE_MAX_GUC  (8u << 20)
#define PFC_IMAGE_MAX_SKIP (8u << 20)   /* an unknown section we may skip */
#define PFC_IMAGE_MAX_SECTIONS 64u
#define PFC_IMAGE_PARTS    16u          /* descriptor + GGTT a tile + 2 a GT */

/* Sections; numbers 1 to 6 as Linux' packets (vf-lifecycle 3.1). */
enum pfc_image_type {
	PFC_IMAGE_DESCRIPTOR = 1,
	PFC_IMAGE_TRAILER_SECTION = 2,
	PFC_IMAGE_GGTT = 3,
	PFC_IMAGE_MMIO = 4,
	PFC_IMAGE_GUC = 5,
	PFC_IMAGE_VRAM = 6,
};

/* Section flags; the others must be zero. */
#define PFC_IMAGE_CRITICAL 1u
#define PFC_IMAGE_RLE      2u /* GGTT as runs */
#define PFC_IMAGE_LAST     4u /* last of its kind */

/* Descriptor keys. Unknown ones of 0xF080..0xF0FF are refused, others skipped. */
enum pfc_image_key {
	PFC_KEY_DEVID = 0xF001,
	PFC_KEY_REVID = 0xF002,
	PFC_KEY_GT_MAP = 0xF080,     /* tiles << 8 | GTs of each */
	PFC_KEY_GRAPHICS = 0xF081,   /* graphics version x100 */
	PFC_KEY_PAGE_SIZE = 0xF082,
	PFC_KEY_GGTT_SIZE = 0xF083,
	PFC_KEY_CONTEXTS = 0xF084,
	PFC_KEY_DOORBELLS = 0xF085,
	PFC_KEY_STAGE = 0xF086,      /* bytes of all payloads between descriptor and trailer */
	PFC_KEY_GGTT_START = 0xF101, /* where it was; for the reader of a dump */
	PFC_KEY_BEGIN_CONTEXT = 0xF102,
};

/* What of a VF and its card has to be equal on both sides. */
struct pfc_image_profile {
	uint8_t tiles, gts; /* gts of each tile */
	uint16_t devid;
	uint8_t revid;
	uint32_t graphics;
	uint64_t ggtt_size;
	uint32_t contexts, doorbells;
	uint64_t ggtt_start; /* not compared */
	uint32_t begin_context;
};

/* One section with its payload. */
struct pfc_image_part {
	uint16_t type;
	uint8_t tile, gt;
	uint32_t flags;
	uint32_t raw, stored; /* bytes, before and after run-length coding */
	uint32_t crc;         /* of the payload, set by the seal or the reader */
	uint8_t *data;
};

/* --- writer (image_write.c) ------------------------------------------------------ */

struct pfc_image_writer {
	uint8_t id[PFC_IMAGE_ID];
	struct pfc_image_part part[PFC_IMAGE_PARTS];
	unsigned parts;
	unsigned sealed;     /* parts whose checksum is known */
	uint32_t seal_at;
	uint64_t total;
	unsigned piece;      /* being emitted: header, then two a part, then the trailer */
	uint32_t at;
	uint32_t crc;        /* of all bytes emitted */
	uint8_t scratch[PFC_IMAGE_SECTION + PFC_IMAGE_TRAILER];
};

/* Payload of the DESCRIPTOR into out[0..cap); bytes, or -ENOSPC. */
int pfc_image_describe(const struct pfc_image_profile *profile, uint32_t stage, uint8_t *out,
		       size_t cap);
void pfc_image_begin(struct pfc_image_writer *w, const uint8_t id[PFC_IMAGE_ID]);
/* Add a section in stream order. 0 or -ENOSPC. */
int pfc_image_add(struct pfc_image_writer *w, const struct pfc_image_part *part);
/* Checksum up to `budget` more payload bytes; true when all are done. */
bool pfc_image_seal(struct pfc_image_writer *w, uint32_t budget);
/* The next bytes of the sealed image; 0 at its end. */
size_t pfc_image_emit(struct pfc_image_writer *w, uint8_t *buf, size_t len);

/* --- reader (image_read.c) ------------------------------------------------------- */

enum pfc_image_phase {
	PFC_IMG_HEADER,    /* 48 bytes */
	PFC_IMG_EXTENSION, /* more of the file header, unknown to us */
	PFC_IMG_SECTION,   /* 40 bytes */
	PFC_IMG_STAGE,     /* waiting for pfc_image_give_stage() */
	PFC_IMG_PAYLOAD,
	PFC_IMG_ENDED,     /* the trailer was good */
};

struct pfc_image_reader {
	struct pfc_image_profile want;
	int err;            /* the first, sticks */
	const char *why;
	enum pfc_image_phase phase;
	uint32_t have, need; /* of the unit being collected */
	uint32_t crc;        /* of the unit being collected */
	uint32_t stream_crc; /* of everything before this section */
	uint32_t run_crc;    /* of everything */
	uint64_t total;
	uint32_t seq;
	uint32_t header_crc;
	uint8_t id[PFC_IMAGE_ID];
	struct pfc_image_part cur;
	struct pfc_image_part part[PFC_IMAGE_PARTS];
	unsigned parts;
	uint32_t stage_need;
	uint8_t *stage;
	uint32_t stage_used;
	uint32_t checked;    /* GGTT payload bytes looked at */
	uint64_t pages;      /* entries they describe */
	uint8_t head[PFC_IMAGE_HEADER];
	uint8_t small[PFC_IMAGE_MAX_DESC]; /* descriptor, trailer */
};

void pfc_image_reader_init(struct pfc_image_reader *r, const struct pfc_image_profile *want);
/* Take bytes in any split. Bytes taken (fewer than len only when it waits for
 * the stage), or the sticky error. */
long pfc_image_take(struct pfc_image_reader *r, const uint8_t *buf, size_t len);
/* Hand over `stage_need` bytes, aligned to 8, when the phase asks for it. */
void pfc_image_give_stage(struct pfc_image_reader *r, uint8_t *stage);
/* 0 when the whole image came and is good, else the error. */
int pfc_image_finish(struct pfc_image_reader *r);
/* The section of a kind and GT of a finished image, or NULL. */
const struct pfc_image_part *pfc_image_find(const struct pfc_image_reader *r, unsigned type,
					    unsigned gt);

/* --- GGTT entries as runs (image_ggtt.c) ------------------------------------------- */

/* A run: count u32, increment u32 (0 or 4096), first entry u64. */
#define PFC_RUN_BYTES 16u

struct pfc_pte_coder {
	uint8_t *out;
	uint32_t cap, len;
	bool rle;
	uint32_t count, step; /* run being built */
	uint64_t first;
};
void pfc_pte_begin(struct pfc_pte_coder *c, uint8_t *out, uint32_t cap, bool rle);
/* 0, or -ENOSPC when the runs are no shorter than `cap`. */
int pfc_pte_put(struct pfc_pte_coder *c, uint64_t pte);
int pfc_pte_end(struct pfc_pte_coder *c);

struct pfc_pte_decoder {
	const uint8_t *in;
	uint32_t len, at;
	bool rle;
	uint32_t used; /* of the run at `at` */
};
/* Up to n entries; 0 at the end. */
unsigned pfc_pte_get(struct pfc_pte_decoder *d, uint64_t *out, unsigned n);
/* Check one coded entry or run: the number of entries, 0 when it is bad. */
uint64_t pfc_pte_check(const uint8_t *in, bool rle);

#endif
