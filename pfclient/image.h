/* SPDX-License-Identifier: MIT */
/* The migration image: the container of vf-lifecycle 3.7. A streaming writer
 * and a streaming reader that takes any split. Neither allocates, neither knows
 * what applies a section. Little-endian:
 *
 *   file header, 48 bytes
 *   section header, 40 bytes, payload    DESCRIPTOR first, TRAILER last
 *   ...
 *
 * Small sections (GUC, GGTT, MMIO) come once for each GT and are staged whole,
 * so that nothing is applied before all of them are good. Content (VRAM, CCS)
 * follows them in slices, from offset 0 to its end without gaps; each is good
 * before it is handed on. What the writer promises the reader checks: sequence
 * without gaps, sizes that fit the VF, every checksum. */
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
#define PFC_IMAGE_MINOR    1u   /* 1: content */
#define PFC_IMAGE_MAX_EXT  4096u        /* file header with extension */
#define PFC_IMAGE_MAX_DESC 4096u
#define PFC_IMAGE_MAX_MMIO 256u
#define PFC_IMAGE_MAX_GUC  (8u << 20)
#define PFC_IMAGE_MAX_SKIP (8u << 20)   /* an unknown section we may skip */
#define PFC_IMAGE_MAX_SLICE (1u << 20)  /* content in one section */
#define PFC_IMAGE_MAX_SECTIONS 64u      /* that are not content */
#define PFC_IMAGE_GTS      4u           /* of the largest card */
#define PFC_IMAGE_PARTS    16u          /* descriptor + GGTT a tile + 2 a GT */
#define PFC_IMAGE_BULKS    8u           /* VRAM and CCS a tile */

/* Sections; numbers 1 to 6 as Linux' packets (vf-lifecycle 3.1), which have no
 * 7: compression metadata of LMEM, for which the number is ours. */
enum pfc_image_type {
	PFC_IMAGE_DESCRIPTOR = 1,
	PFC_IMAGE_TRAILER_SECTION = 2,
	PFC_IMAGE_GGTT = 3,
	PFC_IMAGE_MMIO = 4,
	PFC_IMAGE_GUC = 5,
	PFC_IMAGE_VRAM = 6,
	PFC_IMAGE_CCS = 7,
};

/* Section flags; the others must be zero. */
#define PFC_IMAGE_CRITICAL 1u
#define PFC_IMAGE_RLE      2u /* GGTT: as runs; content: nothing stored, all zeros */
#define PFC_IMAGE_LAST     4u /* last of its kind on its GT */

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
	PFC_KEY_STAGE = 0xF086,      /* bytes of all small payloads but the descriptor's */
	PFC_KEY_LMEM_SIZE = 0xF087,  /* of each tile; absent: none, as the next */
	PFC_KEY_CCS_SIZE = 0xF088,
	PFC_KEY_SLICE = 0xF089,      /* largest stored slice of content, when there is any */
	PFC_KEY_GGTT_START = 0xF101, /* where it was; for the reader of a dump */
	PFC_KEY_BEGIN_CONTEXT = 0xF102,
	PFC_KEY_BEGIN_DOORBELL = 0xF103,
};

/* What of a VF and its card has to be equal on both sides. */
struct pfc_image_profile {
	uint8_t tiles, gts; /* gts of each tile */
	uint16_t devid;
	uint8_t revid;
	uint32_t graphics;
	uint64_t ggtt_size;
	uint32_t contexts, doorbells;
	uint64_t lmem_size, ccs_size; /* of each tile */
	uint64_t ggtt_start; /* not compared, as those below */
	uint32_t begin_context, begin_doorbell;
	uint32_t slice; /* largest slice of content; the reader's is the image's */
};

/* One section with its payload. */
struct pfc_image_part {
	uint16_t type;
	uint8_t tile, gt;
	uint32_t flags;
	uint64_t offset;      /* of a slice in its content, else 0 */
	uint32_t raw, stored; /* bytes, before and after run-length coding */
	uint32_t crc;         /* of the payload, set by the seal or the reader */
	uint8_t *data;
};

/* --- writer (image_write.c) ------------------------------------------------------ */

/* Content of a tile. Slices of zeros are not stored: which ones they are is said
 * beforehand, so that the size of the image is known. */
struct pfc_image_bulk {
	uint16_t type; /* PFC_IMAGE_VRAM or PFC_IMAGE_CCS */
	uint8_t tile, gt;
	uint32_t slice;      /* bytes, at most PFC_IMAGE_MAX_SLICE */
	uint64_t size;
	const uint8_t *zero; /* bit n of byte n / 8: slice n is all zeros; or NULL */
};

enum pfc_image_piece {
	PFC_PIECE_FILE,    /* file header */
	PFC_PIECE_HEADER,  /* of part[index] or of the slice at `offset` of bulk[index] */
	PFC_PIECE_PAYLOAD,
	PFC_PIECE_TRAILER, /* with its section's header */
	PFC_PIECE_END,
};

struct pfc_image_writer {
	uint8_t id[PFC_IMAGE_ID];
	struct pfc_image_part part[PFC_IMAGE_PARTS];
	unsigned parts;
	struct pfc_image_bulk bulk[PFC_IMAGE_BULKS];
	unsigned bulks;
	unsigned sealed;     /* parts whose checksum is known, then bulks whose slices are counted */
	uint64_t seal_at;    /* bytes of it that are done */
	uint64_t total;
	enum pfc_image_piece piece; /* being emitted */
	unsigned index;      /* parts first, then bulks */
	uint32_t seq;
	uint64_t offset;     /* in the bulk */
	struct pfc_image_part slice; /* there; without data while it is wanted */
	uint32_t at;         /* in the piece */
	uint32_t crc;        /* of all bytes emitted */
	uint8_t scratch[PFC_IMAGE_SECTION + PFC_IMAGE_TRAILER];
};

/* Payload of the DESCRIPTOR into out[0..cap); bytes, or -ENOSPC. */
int pfc_image_describe(const struct pfc_image_profile *profile, uint32_t stage, uint8_t *out,
		       size_t cap);
void pfc_image_begin(struct pfc_image_writer *w, const uint8_t id[PFC_IMAGE_ID]);
/* Add a small section in stream order. 0 or -ENOSPC. */
int pfc_image_add(struct pfc_image_writer *w, const struct pfc_image_part *part);
/* Add content, behind all small sections; `zero` stays the caller's until the end.
 * 0, -ENOSPC, -EINVAL for a slice out of range. */
int pfc_image_add_bulk(struct pfc_image_writer *w, const struct pfc_image_bulk *bulk);
/* Checksum up to `budget` more payload bytes, and count the slices of content, each
 * PFC_IMAGE_LOOK of these; true when all is done and `total` known. */
#define PFC_IMAGE_LOOK 16u
bool pfc_image_seal(struct pfc_image_writer *w, uint32_t budget);
/* The next bytes of the sealed image; 0 at its end, and when a slice is wanted. */
size_t pfc_image_emit(struct pfc_image_writer *w, uint8_t *buf, size_t len);
/* The slice that pfc_image_emit() stands at (type, gt, offset, stored bytes), to be
 * given; NULL: none is wanted. */
const struct pfc_image_part *pfc_image_wanted(const struct pfc_image_writer *w);
/* Its bytes, the caller's until pfc_image_emit() wants the next or has ended. */
void pfc_image_give_slice(struct pfc_image_writer *w, uint8_t *data);

/* --- reader (image_read.c) ------------------------------------------------------- */

enum pfc_image_phase {
	PFC_IMG_HEADER,    /* 48 bytes */
	PFC_IMG_EXTENSION, /* more of the file header, unknown to us */
	PFC_IMG_SECTION,   /* 40 bytes */
	PFC_IMG_STAGE,     /* waiting for pfc_image_give_stage() */
	PFC_IMG_PAYLOAD,
	PFC_IMG_SLICE,     /* waiting for pfc_image_slice_done() */
	PFC_IMG_ENDED,     /* the trailer was good */
};

struct pfc_image_reader {
	struct pfc_image_profile want; /* what the image must be for */
	struct pfc_image_profile from; /* what it says, from the descriptor on */
	bool learn;         /* `want` is what the image says */
	int err;            /* the first, sticks */
	const char *why;
	uint64_t bad_at;    /* where the unit began that was found bad, or the image's end */
	enum pfc_image_phase phase;
	uint32_t have, need; /* of the unit being collected */
	uint32_t crc;        /* of the unit being collected */
	uint32_t stream_crc; /* of everything before this section */
	uint32_t run_crc;    /* of everything */
	uint64_t total;
	uint16_t minor;
	uint32_t seq;
	uint32_t slices;     /* sections so far that were content */
	uint32_t header_crc;
	uint8_t id[PFC_IMAGE_ID];
	struct pfc_image_part cur;
	struct pfc_image_part part[PFC_IMAGE_PARTS];
	unsigned parts;
	uint64_t content[2][PFC_IMAGE_GTS]; /* bytes that came, of VRAM and CCS of each GT */
	uint32_t stage_need; /* bytes to be given: `stage_small`, then a slice */
	uint32_t stage_small;
	uint8_t *stage;
	uint32_t stage_used;
	uint32_t checked;    /* GGTT payload bytes looked at */
	uint64_t pages;      /* entries they describe */
	uint8_t head[PFC_IMAGE_HEADER];
	uint8_t small[PFC_IMAGE_MAX_DESC]; /* descriptor, trailer */
};

void pfc_image_reader_init(struct pfc_image_reader *r, const struct pfc_image_profile *want);
/* For whatever VF the image is: what its descriptor says is checked for sense and
 * taken as what is wanted. */
void pfc_image_reader_any(struct pfc_image_reader *r);
/* Take bytes in any split. Bytes taken (fewer than len only when it waits for
 * the stage or a slice to be applied), or the sticky error. */
long pfc_image_take(struct pfc_image_reader *r, const uint8_t *buf, size_t len);
/* Hand over `stage_need` bytes, aligned to 8, when the phase asks for it. */
void pfc_image_give_stage(struct pfc_image_reader *r, uint8_t *stage);
/* In PFC_IMG_SLICE `cur` is a good slice: `raw` bytes at `offset` of the content
 * `type` of `gt`, at `data`, or zeros when that is NULL. It was applied: go on. */
void pfc_image_slice_done(struct pfc_image_reader *r);
/* The caller found something wrong: `err` sticks as if the reader had. */
void pfc_image_fail(struct pfc_image_reader *r, int err, const char *why);
/* 0 when the whole image came and is good, else the error. */
int pfc_image_finish(struct pfc_image_reader *r);
/* The section of a kind and GT of a finished image, or NULL. */
const struct pfc_image_part *pfc_image_find(const struct pfc_image_reader *r, unsigned type,
					    unsigned gt);

/* --- GGTT entries as runs (image_ggtt.c) ------------------------------------------- */

/* A run: count u32, increment u32 (0 or 4096), first entry u64. */
#define PFC_RUN_BYTES 16u

/* Runs that are so much longer than the entries they stand for are given up. */
#define PFC_RUN_LOSS (4096u * (PFC_RUN_BYTES - 8))

struct pfc_pte_coder {
	uint8_t *out;
	uint32_t cap, len;
	bool rle;             /* what `out` holds; pfc_pte_put_words() may clear it */
	uint32_t entries;     /* put by pfc_pte_put_words() */
	uint32_t count, step; /* run being built */
	uint64_t first;
};
void pfc_pte_begin(struct pfc_pte_coder *c, uint8_t *out, uint32_t cap, bool rle);
/* 0, or -ENOSPC when the runs are no shorter than `cap`. */
int pfc_pte_put(struct pfc_pte_coder *c, uint64_t pte);
/* `n` of them as registers hold them, with the VFID, which is left out; -EPERM when
 * one has another. Runs that lose PFC_RUN_LOSS bytes become plain entries where they
 * are. -ENOSPC: no room, and for runs that it takes plain entries from the first on. */
int pfc_pte_put_words(struct pfc_pte_coder *c, const uint8_t *words, uint32_t n, unsigned vfid);
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
/* Check `n` entries that are plain: false when one is bad. */
bool pfc_pte_check_plain(const uint8_t *in, uint32_t n);

#endif
