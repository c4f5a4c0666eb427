/* SPDX-License-Identifier: MIT */
/* Numbers from a seed, the same everywhere (SplitMix64: one word of state,
 * full period). */
#ifndef GUCEMU_SIM_RANDOM_H
#define GUCEMU_SIM_RANDOM_H

#include <stdint.h>

/* The next number; any *state is a seed. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	return z ^ z >> 31;
}

#endif
