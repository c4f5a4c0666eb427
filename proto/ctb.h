/* SPDX-License-Identifier: MIT */
/* CTB: the command transport buffer, a descriptor and a ring of dwords for
 * each direction (abi/guc_communication_ctb_abi.h; guc-abi section 3).
 * Cursor arithmetic and the CT header only: who reads which memory, and what
 * a bad cursor costs, is decided by the two ends. */
#ifndef GUCEMU_PROTO_CTB_H
#define GUCEMU_PROTO_CTB_H

#include "bits.h"

/* Descriptor: 16 dwords, byte offsets of the three that are used. HEAD and
 * TAIL are indices, in dwords, of the next dword to read and to write (the
 * header's text says "last"; the code of every driver says "next"). */
#define CTB_DESC_HEAD   0u
#define CTB_DESC_TAIL   4u
#define CTB_DESC_STATUS 8u
#define CTB_DESC_BYTES  64u

#define CTB_STATUS_OVERFLOW  1u /* head or tail outside the buffer */
#define CTB_STATUS_UNDERFLOW 2u /* truncated message */
#define CTB_STATUS_MISMATCH  4u /* cursor changed by the wrong side */
#define CTB_STATUS_DISABLED  8u /* the CTB was stopped */

/* CT header, the dword before each HXG message. */
#define CT_FENCE      BITS(31, 16)
#define CT_FORMAT     BITS(15, 12) /* 0 = HXG, the only one */
#define CT_RESERVED   BITS(11, 8)
#define CT_NUM_DWORDS BITS(7, 0) /* dwords that follow the header */

#define CT_FORMAT_HXG 0u
/* A host sets this bit in the fence of messages it expects no reply to. */
#define CT_FENCE_UNTRACKED 0x8000u

#define CTB_MSG_MAX_DWORDS 256u /* with the CT header */
#define CTB_HXG_MAX_DWORDS 255u

/* Sizes that the Linux driver registers (guc-abi 3.3). */
#define CTB_H2G_BYTES   4096u
#define CTB_G2H_BYTES   131072u
#define CTB_SIZE_ALIGN  4096u /* SELF_CFG sizes are multiples of this */

/* The CT header of a message of `num_dwords` HXG dwords, FORMAT HXG (guc-abi 3.2);
 * what doesn't fit a field is cut off. */
static inline uint32_t ct_header(uint32_t fence, uint32_t num_dwords)
{
	return field_put(CT_FENCE, fence) | field_put(CT_NUM_DWORDS, num_dwords);
}

/* Dwords between head and tail of a ring of `size` dwords; both < size. */
static inline uint32_t ctb_used(uint32_t head, uint32_t tail, uint32_t size)
{
	return tail >= head ? tail - head : size - head + tail;
}

/* Dwords a sender may write: one always stays free, so that equal cursors
 * mean an empty ring. */
static inline uint32_t ctb_space(uint32_t head, uint32_t tail, uint32_t size)
{
	return size - 1 - ctb_used(head, tail, size);
}

/* Cursor `at` moved on by `n` <= size dwords. */
static inline uint32_t ctb_advance(uint32_t at, uint32_t n, uint32_t size)
{
	at += n;
	return at >= size ? at - size : at;
}

#endif
