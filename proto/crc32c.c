/* SPDX-License-Identifier: MIT */
/* CRC-32C eight bytes at a time: by the processor's instruction where there is
 * one, else from tables of a nibble each, that the compiler expands from the
 * 64 values of the single bits (a CRC is linear: entry(a ^ b) = entry(a) ^
 * entry(b)). No start-up step and no global that changes. See crc32c.h. */
#include "crc32c.h"

#include "bits.h"

/* ROW i, bit b: the register after bit 4i + b of a block of 64 was shifted
 * through, and the zeroes that follow it (polynomial 0x82F63B78, reflected). */
#define ROW(a, b, c, d)                                                        \
	{ 0, a, b, a ^ b, c, c ^ a, c ^ b, c ^ b ^ a,                          \
	  d, d ^ a, d ^ b, d ^ b ^ a, d ^ c, d ^ c ^ a, d ^ c ^ b, d ^ c ^ b ^ a }

static const uint32_t lane[16][16] = {
	ROW(0x493C7D27, 0x9278FA4E, 0x211D826D, 0x423B04DA),
	ROW(0x847609B4, 0x0D006599, 0x1A00CB32, 0x34019664),
	ROW(0x68032CC8, 0xD0065990, 0xA5E0C5D1, 0x4E2DFD53),
	ROW(0x9C5BFAA6, 0x3D5B83BD, 0x7AB7077A, 0xF56E0EF4),
	ROW(0xEF306B19, 0xDB8CA0C3, 0xB2F53777, 0x6006181F),
	ROW(0xC00C303E, 0x85F4168D, 0x0E045BEB, 0x1C08B7D6),
	ROW(0x38116FAC, 0x7022DF58, 0xE045BEB0, 0xC5670B91),
	ROW(0x8F2261D3, 0x1BA8B557, 0x37516AAE, 0x6EA2D55C),
	ROW(0xDD45AAB8, 0xBF672381, 0x7B2231F3, 0xF64463E6),
	ROW(0xE964B13D, 0xD725148B, 0xABA65FE7, 0x52A0C93F),
	ROW(0xA541927E, 0x4F6F520D, 0x9EDEA41A, 0x38513EC5),
	ROW(0x70A27D8A, 0xE144FB14, 0xC76580D9, 0x8B277743),
	ROW(0x13A29877, 0x274530EE, 0x4E8A61DC, 0x9D14C3B8),
	ROW(0x3FC5F181, 0x7F8BE302, 0xFF17C604, 0xFBC3FAF9),
	ROW(0xF26B8303, 0xE13B70F7, 0xC79A971F, 0x8AD958CF),
	ROW(0x105EC76F, 0x20BD8EDE, 0x417B1DBC, 0x82F63B78),
};

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8) {
		uint64_t word = le64_get(p) ^ crc;

		crc = 0;
		for (unsigned i = 0; i < 16; i++)
			crc ^= lane[i][word >> 4 * i & 15];
	}
	while (len--) {
		crc ^= *p++;
		crc = crc >> 8 ^ lane[14][crc & 15] ^ lane[15][crc >> 4 & 15];
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2")))
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t r = ~crc;

	for (; len >= 8; len -= 8, p += 8)
		r = __builtin_ia32_crc32di(r, le64_get(p));
	crc = (uint32_t)r;
	while (len--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return ~crc;
}

__attribute__((target("sse4.2")))
static void two_by_instruction(uint32_t *a, uint32_t *b, const uint8_t *p, size_t len)
{
	uint64_t ra = ~*a, rb = ~*b;
	size_t words = len / 8;

	for (; words > 0; words--, p += 8) {
		ra = __builtin_ia32_crc32di(ra, le64_get(p));
		rb = __builtin_ia32_crc32di(rb, le64_get(p));
	}
	*a = by_instruction(~(uint32_t)ra, p, len % 8);
	*b = by_instruction(~(uint32_t)rb, p, len % 8);
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return by_instruction(crc, data, len);
#endif
	return crc32c_portable(crc, data, len);
}

void crc32c_two(uint32_t *a, uint32_t *b, const void *data, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2")) {
		two_by_instruction(a, b, data, len);
		return;
	}
#endif
	*a = crc32c_portable(*a, data, len);
	*b = crc32c_portable(*b, data, len);
}
