/* SPDX-License-Identifier: MIT */
/* CRC-32C a byte at a time from a table of 256 words that is built by the
 * compiler, so that the pure libraries need no start-up step and no global
 * that changes. See crc32c.h. */
#include "crc32c.h"

#define POLY 0x82F63B78u
#define STEP(c) (((c) >> 1) ^ ((c) & 1 ? POLY : 0))
#define STEP4(c) STEP(STEP(STEP(STEP((uint32_t)(c)))))
/* The table of a reflected CRC is linear: entry(a ^ b) = entry(a) ^ entry(b),
 * so sixteen low and sixteen high nibbles are enough. */
#define NIBBLES(S)                                                             \
	{ S(0), S(1), S(2), S(3), S(4), S(5), S(6), S(7),                      \
	  S(8), S(9), S(10), S(11), S(12), S(13), S(14), S(15) }
#define NIB_STEP4(n) STEP4(n)

static const uint32_t nibble[16] = NIBBLES(NIB_STEP4);

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}
