/* SPDX-License-Identifier: MIT */
/* Copies and fills of rectangles: what a command asks for (blit_commands.c), where
 * its bytes lie (tiling.c) and how it is carried out in slices (blit.c). Private to
 * the room. */
#ifndef GUCEMU_ENGINE_BLIT_H
#define GUCEMU_ENGINE_BLIT_H

#include "space.h"

enum eng_tiling {
	ENG_LINEAR,
	ENG_TILE_X,  /* 512 bytes by 8 rows, row by row */
	ENG_TILE_Y,  /* 128 by 32, in columns of 16 bytes; graphics before 12.50 */
	ENG_TILE_4,  /* 128 by 32, in blocks of 16 by 4 */
	ENG_TILE_64, /* 64 KiB */
};

/* A surface, and where the rectangle begins. */
struct eng_surface {
	uint64_t at;
	uint32_t pitch; /* bytes */
	enum eng_tiling tiling;
	uint64_t x;     /* bytes */
	uint32_t y;     /* rows */
	bool compressed; /* the command says so; else its pages' PAT index does */
};

struct eng_blit {
	struct eng_surface dst, src;
	uint64_t width;  /* bytes of a row, > 0 */
	uint32_t rows;   /* > 0 */
	uint32_t pixel;  /* bytes: of the pattern of a fill, of tiles */
	bool fill;       /* with pattern[], src is nothing */
	bool metadata;   /* compression metadata is minded */
	bool resolve;    /* the result is not compressed whatever the pages say */
	uint8_t pattern[16];
};

/* Offset of byte x of row y from a surface's start; *run: how many bytes from there
 * on follow one another. `pixel` decides the shape of 64 KiB tiles. */
uint64_t eng_tile_offset(const struct eng_surface *s, uint32_t pixel, uint64_t x, uint32_t y,
			 uint32_t *run);

/* Carry it out, as far as a call may go: guc_exec.progress counts what is done. */
enum eng_end eng_blit(struct streamer *s, const struct eng_blit *b);

#endif
