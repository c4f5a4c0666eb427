/* SPDX-License-Identifier: MIT */
/* The memory interface commands that driver and engine share, with their
 * lengths (instructions/xe_mi_commands.h; xe-vf-probe 6.2, 6.3). The engine
 * decides what each does; here are only opcodes and lengths. */
#ifndef GUCEMU_PROTO_MI_H
#define GUCEMU_PROTO_MI_H

#include "bits.h"

#define CMD_CLIENT BITS(31, 29) /* 0 = MI, 2 = blitter, 3 = render, media */
#define MI_OPCODE  BITS(28, 23)

enum mi_opcode {
	MI_OP_NOOP = 0x00,
	MI_OP_USER_INTERRUPT = 0x02,
	MI_OP_ARB_ON_OFF = 0x08,
	MI_OP_BATCH_BUFFER_END = 0x0A,
	MI_OP_SEMAPHORE_WAIT = 0x1C,
	MI_OP_STORE_DATA_IMM = 0x20,
	MI_OP_LOAD_REGISTER_IMM = 0x22,
	MI_OP_STORE_REGISTER_MEM = 0x24,
	MI_OP_FLUSH_DW = 0x26,
	MI_OP_BATCH_BUFFER_START = 0x31,
};

#define MI_CMD(op) ((uint32_t)(op) << 23)

#define MI_NOOP             MI_CMD(MI_OP_NOOP)
#define MI_USER_INTERRUPT   MI_CMD(MI_OP_USER_INTERRUPT)
#define MI_ARB_ON           (MI_CMD(MI_OP_ARB_ON_OFF) | 1u)
#define MI_ARB_OFF          MI_CMD(MI_OP_ARB_ON_OFF)
#define MI_BATCH_BUFFER_END MI_CMD(MI_OP_BATCH_BUFFER_END)

/* XY_CTRL_SURF_COPY_BLT: header, source lo, hi, destination lo, hi; the upper bits
 * of `hi` choose caching. A surface's metadata is read and written "indirectly",
 * by the address of the surface; plain memory "directly". Graphics 20 and later
 * give the surface's pages, earlier ones blocks of 256 bytes of metadata, both
 * less one (instructions/xe_gpu_commands.h, xe_migrate.c). */
#define BLT_OPCODE            BITS(28, 22)
#define BLT_OP_CTRL_SURF_COPY 0x48u
#define BLT_CTRL_SURF_COPY    (2u << 29 | BLT_OP_CTRL_SURF_COPY << 22 | 3u)
#define BLT_SRC_DIRECT        BITS(21, 21)
#define BLT_DST_DIRECT        BITS(20, 20)
#define BLT_SIZE_PAGES        BITS(18, 9)
#define BLT_SIZE_BLOCKS       BITS(17, 8)
#define BLT_ADDR_HI           BITS(15, 0)
#define CCS_BLOCK             256u
#define CCS_RATIO_XE2         512u /* NUM_BYTES_PER_CCS_BYTE: graphics 20 and later */
#define CCS_RATIO_BEFORE      256u

/* MI_STORE_DATA_IMM: header, address lo, hi, data. */
#define MI_SDI_GGTT  BITS(22, 22)
#define MI_SDI_QWORD BITS(21, 21)
#define MI_SDI_DWORD_GGTT (MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_GGTT | 2u)

/* MI_FLUSH_DW: header, address lo (bit 2: of the GGTT), hi, data. */
#define MI_FLUSH_INDEX   BITS(21, 21) /* the address is an offset in the PPHWSP */
#define MI_FLUSH_OP      BITS(15, 14) /* what follows the flush */
#define MI_FLUSH_OP_NONE 0u
#define MI_FLUSH_OP_DATA 1u           /* store the data, one or two dwords */
#define MI_FLUSH_GGTT    BITS(2, 2)   /* of the address dword */
#define MI_FLUSH_ADDR    BITS(31, 3)
#define MI_FLUSH_DWORD   (MI_CMD(MI_OP_FLUSH_DW) | 1u << 14 | 2u)

/* MI_STORE_REGISTER_MEM: header, register, address lo, hi. */
#define MI_SRM_GGTT BITS(22, 22)

/* PIPE_CONTROL: header, flags, address lo, hi, data lo, hi. */
#define CMD_3D           BITS(31, 16)
#define CMD_PIPE_CONTROL 0x7A000000u
#define PIPE_CONTROL_GGTT  BITS(24, 24)
#define PIPE_CONTROL_INDEX BITS(21, 21) /* the address is an offset in the PPHWSP */
#define PIPE_CONTROL_OP    BITS(15, 14)
#define PIPE_CONTROL_OP_DATA 1u         /* store the data */

/* MI_BATCH_BUFFER_START: header, address lo, hi. */
#define MI_BBS_PPGTT BITS(8, 8)
#define MI_BBS_GGTT  (MI_CMD(MI_OP_BATCH_BUFFER_START) | 1u)

/* MI_SEMAPHORE_WAIT: header, value, address lo, hi, [token]. */
#define MI_SEM_GGTT    BITS(22, 22)
#define MI_SEM_POLL    BITS(15, 15)
#define MI_SEM_COMPARE BITS(14, 12) /* 0 >, 1 >=, 2 <, 3 <=, 4 ==, 5 != (memory OP value) */
#define MI_SEM_EQ      4u
#define MI_SEM_WAIT_GGTT_EQ                                                    \
	(MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_GGTT | MI_SEM_POLL | 4u << 12 | 2u)

/* Length in dwords of the command that starts with `dw0`, by the rules of
 * xe-vf-probe 6.3; never 0. */
static inline uint32_t cmd_length(uint32_t dw0)
{
	uint32_t op = field_get(MI_OPCODE, dw0);

	switch (field_get(CMD_CLIENT, dw0)) {
	case 0:
		if (op < 0x10)
			return 1;
		if (op == MI_OP_STORE_DATA_IMM)
			return (dw0 & BITS(9, 0)) + 2;
		if (op == MI_OP_FLUSH_DW)
			return (dw0 & BITS(5, 0)) + 2;
		return (dw0 & BITS(7, 0)) + 2;
	case 3:
		if (dw0 >> 27 == 0x0D)
			return 1;
		return (dw0 & BITS(7, 0)) + 2;
	case 2:
		return (dw0 & BITS(7, 0)) + 2;
	}
	return 1;
}

#endif
