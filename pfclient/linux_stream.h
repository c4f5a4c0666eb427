/* SPDX-License-Identifier: MIT */
/* The stream in which Linux' xe driver saves a VF (vf-lifecycle 3.1 to 3.5):
 * packets of a 24-byte header and a payload, one after the other, without
 * magic, checksum or total length. Here are its packets' headers and a reader
 * in any split, which refuses what 3.6 found wanting in Linux': its errors
 * stick, nothing of a refused packet is handed on, sizes have bounds, a
 * descriptor has to come first, nothing comes twice or after the trailer.
 * Pure: payloads go to a sink. */
#ifndef GUCEMU_PFC_LINUX_STREAM_H
#define GUCEMU_PFC_LINUX_STREAM_H

#include "image.h"

#define LINUX_PACKET_HEADER  24u
#define LINUX_PACKET_VERSION 1u
#define LINUX_MAX_CHUNK      (512u << 20) /* VRAM in one packet */

/* Types are those of enum pfc_image_type; Linux has 1 to 6 and skips what it
 * doesn't know, which makes our PFC_IMAGE_CCS harmless to it. */
struct linux_packet {
	uint8_t version, type, tile, gt;
	uint32_t flags;
	uint64_t offset, size;
};

void linux_packet_put(uint8_t out[LINUX_PACKET_HEADER], const struct linux_packet *p);
struct linux_packet linux_packet_get(const uint8_t in[LINUX_PACKET_HEADER]);

/* The stream's descriptor: device and revision for Linux, behind them what a VF
 * has and Linux' stream can't say, as keys that Linux skips. Bytes, or -ENOSPC. */
int linux_describe(const struct pfc_image_profile *profile, uint8_t *out, size_t cap);

/* Where payloads go; a negative result is an error of the stream, which sticks. */
struct linux_sink {
	/* A good header: of every packet but descriptor, trailer and skipped ones. */
	int (*packet)(void *user, const struct linux_packet *p);
	/* Its payload, in pieces: n bytes at `at`. */
	int (*data)(void *user, const struct linux_packet *p, uint64_t at, const uint8_t *bytes,
		    size_t n);
	void *user;
};

/* Keys that were in the descriptor; bits of `known`. */
enum linux_known {
	LINUX_KNOWS_GTS = 1, LINUX_KNOWS_GRAPHICS = 2, LINUX_KNOWS_CONTEXTS = 4,
	LINUX_KNOWS_DOORBELLS = 8,
};

struct linux_reader {
	const struct linux_sink *sink;
	uint8_t tiles, gts;  /* what it is read for, until the descriptor says more */
	int err;             /* the first, sticks */
	const char *why;
	uint64_t bad_at;     /* offset of the packet that was refused, or the end */
	uint64_t total;      /* bytes taken */
	unsigned known;      /* enum linux_known */
	struct pfc_image_profile from; /* what descriptor and packets say */
	bool described, ended;
	bool in_payload;
	uint64_t have;       /* of the header or payload being collected */
	struct linux_packet cur;
	uint8_t seen[PFC_IMAGE_GTS]; /* bit a type */
	uint64_t content[2][PFC_IMAGE_GTS];
	unsigned skipped;    /* packets of types that nobody knows */
	uint8_t head[LINUX_PACKET_HEADER];
	uint8_t desc[PFC_IMAGE_MAX_DESC];
};

/* For a card of these GTs; gts of each tile. */
void linux_reader_init(struct linux_reader *r, unsigned tiles, unsigned gts,
		       const struct linux_sink *sink);
/* Take all of buf[0..len). 0, or the sticky error. */
int linux_take(struct linux_reader *r, const uint8_t *buf, size_t len);
/* 0 when the whole stream came and is good, else the error. r->from then has its
 * device ids, sizes of GGTT and LMEM, and what `known` says. */
int linux_finish(struct linux_reader *r);

#endif
