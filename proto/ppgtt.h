/* SPDX-License-Identifier: MIT */
/* Page tables of a context's own address space, as the driver writes them
 * (regs/xe_gtt_defs.h, xe_vm.c, xe_pt.c). Tables have 512 entries of 8 bytes;
 * level 0 maps pages. The compact table of 64 KiB pages has 32 entries. */
#ifndef GUCEMU_PROTO_PPGTT_H
#define GUCEMU_PROTO_PPGTT_H

#include "bits.h"

#define PPGTT_PRESENT 0x1ull
#define PPGTT_RW      0x2ull
#define PPGTT_PAT0    (1ull << 3)
#define PPGTT_PAT1    (1ull << 4)
#define PPGTT_64K     (1ull << 6)  /* level 1: the table below is compact */
#define PPGTT_LEAF    (1ull << 7)  /* levels 1 and 2: 2 MiB, 1 GiB page */
#define PPGTT_PAT2    (1ull << 7)  /* level 0 */
#define PPGTT_NULL    (1ull << 9)  /* reads 0, what is written is lost */
#define PPGTT_ATOMICS (1ull << 10) /* graphics 20 and later: may be used by atomics */
#define PPGTT_LOCAL   (1ull << 11) /* local memory */
#define PPGTT_PAT2_UP (1ull << 12) /* levels 1 and 2 */
#define PPGTT_PAT4    (1ull << 61)
#define PPGTT_PAT3    (1ull << 62)
#define PPGTT_ADDR    0xFFFFFFFFFF000ull /* 51:12 */

#define PPGTT_VA_BITS 48u
#define PPGTT_LEVEL_BITS 9u
#define PPGTT_SHIFT(level) (12u + PPGTT_LEVEL_BITS * (level))
#define PPGTT_SHIFT_64K 16u
#define PPGTT_MAX_LEAF  2u /* level of 1 GiB pages */

#endif
