/* SPDX-License-Identifier: MIT */
/* Bit fields and little-endian access: the two things every codec of this
 * directory needs. Masks are plain constants, so a field's place is written
 * once, beside its name. Nothing here knows a message. */
#ifndef GUCEMU_PROTO_BITS_H
#define GUCEMU_PROTO_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Mask with bits hi..lo set, 31 >= hi >= lo. */
#define BITS(hi, lo) ((uint32_t)((UINT32_MAX << (lo)) & (UINT32_MAX >> (31 - (hi)))))
/* The same for 64-bit words, 63 >= hi >= lo. */
#define BITS64(hi, lo) ((uint64_t)((UINT64_MAX << (lo)) & (UINT64_MAX >> (63 - (hi)))))

/* The field of `word` that `mask` selects, shifted down; mask != 0. */
static inline uint32_t field_get(uint32_t mask, uint32_t word)
{
	return (word & mask) >> __builtin_ctz(mask);
}

/* `value` shifted into `mask`; bits that do not fit are cut off. */
static inline uint32_t field_put(uint32_t mask, uint32_t value)
{
	return (value << __builtin_ctz(mask)) & mask;
}

/* The bytes of `v` in the order of this machine, little-endian, and back. */
static inline uint32_t le32_order(uint32_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(v) : v;
}

/* As le32_order(), 8 bytes. */
static inline uint64_t le64_order(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

/* Unaligned little-endian loads and stores of 4 and 8 bytes at p. */
static inline uint32_t le32_get(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32_order(v);
}

/* As le32_get(), 8 bytes. */
static inline uint64_t le64_get(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64_order(v);
}

/* The stores. */
static inline void le32_put(void *p, uint32_t v)
{
	v = le32_order(v);
	memcpy(p, &v, sizeof(v));
}

/* As le32_put(), 8 bytes. */
static inline void le64_put(void *p, uint64_t v)
{
	v = le64_order(v);
	memcpy(p, &v, sizeof(v));
}

/* Low and high half of a 64-bit word, and a word of two halves. */
static inline uint32_t lo32(uint64_t v)
{
	return (uint32_t)v;
}

/* Bits 63:32. */
static inline uint32_t hi32(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

/* The reverse of both. */
static inline uint64_t make64(uint32_t lo, uint32_t hi)
{
	return (uint64_t)hi << 32 | lo;
}

#endif
