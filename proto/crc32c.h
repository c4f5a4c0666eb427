/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final xor
 * 0xFFFFFFFF; "123456789" gives 0xE3069283 (vf-lifecycle 3.7). Guards the
 * state blob and the migration image against accidents, not attackers. */
#ifndef GUCEMU_PROTO_CRC32C_H
#define GUCEMU_PROTO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Checksum of `len` bytes that follow data whose checksum is `crc`; start
 * with 0. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
/* Two checksums of the same bytes at the cost of one: crc32c() waits for itself. */
void crc32c_two(uint32_t *a, uint32_t *b, const void *data, size_t len);
/* crc32c() on any processor; what crc32c() does where the instruction of
 * SSE 4.2 is missing. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
