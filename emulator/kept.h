/* SPDX-License-Identifier: MIT */
/* A copy of a piece of memory, for snapshots: taken and put back in slices, so that
 * nobody waits for all of it; what is all zeros takes no room. */
#ifndef GUCEMU_EMULATOR_KEPT_H
#define GUCEMU_EMULATOR_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_CHUNK 65536u /* bytes of a slice; copying one takes some 10 us */

struct kept {
	size_t size;     /* of the memory */
	size_t bytes;    /* that the copy takes */
	uint8_t **chunk; /* of KEPT_CHUNK bytes, the last as many as there are; NULL: zeros */
};

/* Prepare to copy `size` bytes: 0 or -ENOMEM. */
int kept_init(struct kept *k, size_t size);
/* Copy the slice at *at (0 at first) of the memory at `from`, and move *at behind it; where
 * *at is `size` all of it is taken. 0, or -ENOMEM and nothing was done. */
int kept_take(struct kept *k, const void *from, size_t *at);
/* Put the slice at *at back into the memory at `to`. */
void kept_put(const struct kept *k, void *to, size_t *at);
/* The same for all of it at once. */
int kept_take_all(struct kept *k, const void *from, size_t size);
void kept_put_all(const struct kept *k, void *to);
/* Free what it has; one that is all zero is fine. */
void kept_free(struct kept *k);
/* Free a slice of it; false: there is nothing left. */
bool kept_free_slice(struct kept *k);

/* Is it all zeros? */
bool kept_is_zero(const uint8_t *p, size_t n);
/* A copy of n bytes in pages of its own, which go back to the system at once and alone:
 * giving up gigabytes of a heap can take a tenth of a second in one call. NULL: no memory. */
uint8_t *kept_copy(const uint8_t *from, size_t n);
void kept_drop(uint8_t *copy, size_t n);

#endif
