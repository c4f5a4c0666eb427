/* SPDX-License-Identifier: MIT */
/* A copy of what is in a card's local memory, for snapshots: only pages that are
 * not all zeros take room. */
#ifndef GUCEMU_EMULATOR_LOCAL_COPY_H
#define GUCEMU_EMULATOR_LOCAL_COPY_H

#include "emulator/local.h"

struct local_piece;

struct local_copy {
	unsigned tiles, fns;
	uint64_t size[GUC_MAX_TILES][GUC_MAX_FUNCTIONS];
	struct local_piece *pieces;
	size_t bytes;
};

/* Copy the shares of functions 0 to fns - 1. 0; -EBUSY one of them has a stage: an
 * image is being applied; -ENOMEM, -EIO. free it in any case. */
int local_copy_take(struct local_copy *copy, struct local *l, unsigned tiles, unsigned fns);
/* Put it back. 0, or -ENOSPC, -ENOMEM, -EIO: then it is not whole. */
int local_copy_restore(const struct local_copy *copy, struct local *l);
void local_copy_free(struct local_copy *copy);

#endif
