/* SPDX-License-Identifier: MIT */
/* A copy of what is in a card's own memory, for snapshots: local memory, its metadata and
 * those of functions' system memory. Taken and put back in slices; only pieces that are not
 * all zeros take room. */
#ifndef GUCEMU_EMULATOR_LOCAL_COPY_H
#define GUCEMU_EMULATOR_LOCAL_COPY_H

#include "emulator/local.h"

struct local_piece;

struct local_copy {
	unsigned tiles, fns;
	uint64_t size[GUC_MAX_TILES][GUC_MAX_FUNCTIONS];
	struct local_piece *pieces;
	size_t bytes;
	/* How far taking has come. */
	unsigned tile, fn;
	unsigned kind;
	uint64_t at;
};

/* Prepare to copy the shares of functions 0 to fns - 1. 0; -EBUSY one of them has a
 * stage: an image is being applied. */
int local_copy_begin(struct local_copy *copy, struct local *l, unsigned tiles, unsigned fns);
/* Copy some more, a slice of 64 KiB at most: 1 there is more, 0 all is taken; -ENOMEM, -EIO.
 * The shares must be as they were at the beginning. */
int local_copy_take(struct local_copy *copy, struct local *l);
/* Make the shares as large as they were, and empty. */
void local_copy_clear(const struct local_copy *copy, struct local *l);
/* Put *at (the first piece at first: copy->pieces) back into them, and move it on; NULL: all
 * is there. 0, or -ENOSPC, -ENOMEM, -EIO: then it is not whole. */
int local_copy_put(struct local *l, const struct local_piece **at);
void local_copy_free(struct local_copy *copy);
/* Free a slice of it; false: there is nothing left. */
bool local_copy_free_slice(struct local_copy *copy);

#endif
