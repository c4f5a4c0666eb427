/* SPDX-License-Identifier: MIT */
/* Where the bytes of a tiled surface lie. X, Y and 4 are hardware's layouts; nobody
 * looks into 64 KiB tiles but the engines, so theirs is our own: 4 KiB blocks as
 * Tile4 has them, row by row, in tiles of hardware's width and height. */
#include "blit.h"

#define TILE_BYTES   4096u
#define TILE64_BYTES 65536u

static uint32_t bit(uint64_t v, unsigned from, unsigned to)
{
	return (uint32_t)(v >> from & 1) << to;
}

/* Tile4's 4 KiB: columns of 16 bytes and groups of 4 rows take turns. */
static uint32_t within_tile4(uint32_t x, uint32_t y)
{
	return (x & 15) | (y & 3) << 4 | bit(x, 4, 6) | bit(x, 5, 7) | bit(y, 2, 8) |
	       bit(x, 6, 9) | bit(y, 3, 10) | bit(y, 4, 11);
}

/* Width of a 64 KiB tile in bytes. */
static uint32_t tile64_width(uint32_t pixel)
{
	if (pixel == 1)
		return 256;
	return pixel <= 4 ? 512 : 1024;
}

uint64_t eng_tile_offset(const struct eng_surface *s, uint32_t pixel, uint64_t x, uint32_t y,
			 uint32_t *run)
{
	uint32_t width = tile64_width(pixel), height = TILE64_BYTES / width, block;
	uint64_t pitch = s->pitch;

	switch (s->tiling) {
	case ENG_LINEAR:
		*run = UINT32_MAX;
		return y * pitch + x;
	case ENG_TILE_X:
		*run = 512 - x % 512;
		return y / 8 * 8 * pitch + x / 512 * TILE_BYTES + y % 8 * 512 + x % 512;
	case ENG_TILE_Y:
		*run = 16 - x % 16;
		return y / 32 * 32 * pitch + x / 128 * TILE_BYTES + x % 128 / 16 * 512 +
		       y % 32 * 16 + x % 16;
	case ENG_TILE_4:
		*run = 16 - x % 16;
		return y / 32 * 32 * pitch + x / 128 * TILE_BYTES +
		       within_tile4(x % 128, y % 32);
	case ENG_TILE_64:
		*run = 16 - x % 16;
		block = y % height / 32 * (width / 128) + (uint32_t)(x % width / 128);
		return y / height * height * pitch + x / width * TILE64_BYTES +
		       block * TILE_BYTES + within_tile4(x % 128, y % 32);
	}
	*run = 1;
	return 0;
}
