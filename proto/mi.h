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
	MI_OP_SET_PREDICATE = 0x01,
	MI_OP_USER_INTERRUPT = 0x02,
	MI_OP_WAIT_FOR_EVENT = 0x03,
	MI_OP_FLUSH = 0x04,
	MI_OP_ARB_CHECK = 0x05,
	MI_OP_RS_CONTROL = 0x06,
	MI_OP_REPORT_HEAD = 0x07,
	MI_OP_ARB_ON_OFF = 0x08,
	MI_OP_MEM_FENCE = 0x09,
	MI_OP_BATCH_BUFFER_END = 0x0A,
	MI_OP_SUSPEND_FLUSH = 0x0B,
	MI_OP_PREDICATE = 0x0C,
	MI_OP_TOPOLOGY_FILTER = 0x0D,
	MI_OP_SET_APPID = 0x0E,
	MI_OP_RS_CONTEXT = 0x0F,
	MI_OP_LOAD_SCAN_LINES_INCL = 0x12,
	MI_OP_LOAD_SCAN_LINES_EXCL = 0x13,
	MI_OP_MATH = 0x1A,
	MI_OP_SEMAPHORE_SIGNAL = 0x1B,
	MI_OP_SEMAPHORE_WAIT = 0x1C,
	MI_OP_FORCE_WAKEUP = 0x1D,
	MI_OP_STORE_DATA_IMM = 0x20,
	MI_OP_LOAD_REGISTER_IMM = 0x22,
	MI_OP_STORE_REGISTER_MEM = 0x24,
	MI_OP_FLUSH_DW = 0x26,
	MI_OP_CLFLUSH = 0x27,
	MI_OP_REPORT_PERF_COUNT = 0x28,
	MI_OP_LOAD_REGISTER_MEM = 0x29,
	MI_OP_LOAD_REGISTER_REG = 0x2A,
	MI_OP_RS_STORE_DATA_IMM = 0x2B,
	MI_OP_LOAD_URB_MEM = 0x2C,
	MI_OP_STORE_URB_MEM = 0x2D,
	MI_OP_COPY_MEM_MEM = 0x2E,
	MI_OP_ATOMIC = 0x2F,
	MI_OP_BATCH_BUFFER_START = 0x31,
	MI_OP_CONDITIONAL_BATCH_BUFFER_END = 0x36,
};

#define MI_CMD(op) ((uint32_t)(op) << 23)

#define MI_NOOP             MI_CMD(MI_OP_NOOP)
#define MI_USER_INTERRUPT   MI_CMD(MI_OP_USER_INTERRUPT)
#define MI_ARB_ENABLE       BITS(0, 0)
#define MI_ARB_ON           (MI_CMD(MI_OP_ARB_ON_OFF) | MI_ARB_ENABLE)
#define MI_ARB_OFF          MI_CMD(MI_OP_ARB_ON_OFF)
#define MI_BATCH_BUFFER_END MI_CMD(MI_OP_BATCH_BUFFER_END)

/* XY_CTRL_SURF_COPY_BLT: header, source lo, hi, destination lo, hi; the upper bits
 * of `hi` choose caching. A surface's metadata is read and written "indirectly",
 * by the address of the surface; plain memory "directly". Graphics 20 and later
 * give the surface's pages, earlier ones blocks of 256 bytes of metadata, both
 * less one (instructions/xe_gpu_commands.h, xe_migrate.c). */
#define CMD_BLT               (2u << 29)
#define BLT_OPCODE            BITS(28, 22)
#define BLT_OP_BLOCK_COPY     0x41u
#define BLT_OP_FAST_COPY      0x42u
#define BLT_OP_FAST_COLOR     0x44u
#define BLT_OP_CTRL_SURF_COPY 0x48u
#define BLT_OP_MEM_COPY       0x5Au
#define BLT_OP_MEM_SET        0x5Bu
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
#define MI_FLUSH_OP_TIME 3u           /* store the time stamp, two dwords */
#define MI_FLUSH_TLB     BITS(18, 18)
#define MI_FLUSH_GGTT    BITS(2, 2)   /* of the address dword */
#define MI_FLUSH_ADDR    BITS(31, 3)
#define MI_FLUSH_DWORD   (MI_CMD(MI_OP_FLUSH_DW) | 1u << 14 | 2u)

/* MI_STORE_REGISTER_MEM and MI_LOAD_REGISTER_MEM: header, register, address lo, hi. */
#define MI_SRM_GGTT      BITS(22, 22)
#define MI_SRM_PREDICATE BITS(21, 21) /* of the store: only if MI_PREDICATE's result is 1 */
#define MI_SRM_CS        BITS(19, 19) /* the register counts from the engine's first */
/* MI_LOAD_REGISTER_IMM: header, {register, value}... */
#define MI_LRI_CS    BITS(19, 19)
#define MI_LRI_REMAP BITS(17, 17) /* the render engine's registers mean this one's */
/* MI_LOAD_REGISTER_REG: header, source, destination. */
#define MI_LRR_DST_CS BITS(19, 19)
#define MI_LRR_SRC_CS BITS(18, 18)

/* Registers, by their offset from the engine's first (regs/xe_engine_regs.h). */
#define REG_NOPID              0x094u
#define REG_INSTPM             0x0CCu
#define REG_WATCHDOG           0x178u /* PR_CTR_CTRL; 0: armed */
#define REG_CS_INT_VEC         0x1B8u /* only with MSI-X */
#define REG_BCS_SWCTRL         0x200u
#define REG_BLIT_CCTL          0x204u
#define REG_TIMESTAMP          0x358u /* of the engine: always goes on */
#define REG_TIMESTAMP_HI       0x35Cu
#define REG_CTX_TIMESTAMP      0x3A8u
#define REG_CTX_TIMESTAMP_HI   0x3ACu
#define REG_PREDICATE_RESULT2  0x3BCu
#define REG_PREDICATE_SRC0     0x400u
#define REG_PREDICATE_SRC1     0x408u
#define REG_PREDICATE_DATA     0x410u
#define REG_PREDICATE_RESULT   0x418u
#define REG_PREDICATE_RESULT1  0x41Cu
#define REG_QUEUE_TIMESTAMP    0x4C0u
#define REG_QUEUE_TIMESTAMP_HI 0x4C4u

/* Addresses of registers: the engines' are 0x800 each; the media GT's copy of all is
 * REG_MEDIA_BASE further; what the render engine saves with a context is between
 * REG_STATE_FIRST and REG_STATE_LAST. */
#define REG_ADDRESS     BITS(22, 2)
#define REG_RENDER_BASE 0x2000u
#define REG_MEDIA_BASE  0x380000u
#define REG_STATE_FIRST 0x5000u
#define REG_STATE_LAST  0xFFFCu

/* PIPE_CONTROL: header, flags, address lo, hi, data lo, hi. */
#define CMD_3D           BITS(31, 16)
#define CMD_PIPE_CONTROL 0x7A000000u
#define PIPE_CONTROL_GGTT  BITS(24, 24)
#define PIPE_CONTROL_INDEX BITS(21, 21) /* the address is an offset in the PPHWSP */
#define PIPE_CONTROL_OP    BITS(15, 14)
#define PIPE_CONTROL_OP_DATA 1u         /* store the data; 2: a count of pixels */
#define PIPE_CONTROL_OP_TIME 3u         /* store the time stamp */
#define PIPE_CONTROL_TLB   BITS(18, 18)
#define CMD_PIPELINE       (3u << 29)   /* the client: 3D, compute, media */

/* MI_BATCH_BUFFER_START: header, address lo, hi. */
#define MI_BBS_SECOND    BITS(22, 22) /* from the first level: the second, which returns */
#define MI_BBS_PREDICATE BITS(15, 15) /* not when MI_SET_PREDICATE turns commands off */
#define MI_BBS_PPGTT     BITS(8, 8)
#define MI_BBS_GGTT  (MI_CMD(MI_OP_BATCH_BUFFER_START) | 1u)

/* MI_SEMAPHORE_WAIT: header, value, address lo, hi, [token]. */
#define MI_SEM_GGTT    BITS(22, 22)
#define MI_SEM_POLL    BITS(15, 15)
#define MI_SEM_COMPARE BITS(14, 12) /* 0 >, 1 >=, 2 <, 3 <=, 4 ==, 5 != (memory OP value) */
#define MI_SEM_REGISTER BITS(16, 16) /* dword 2 names a register */
#define MI_SEM_EQ      4u
#define MI_COMPARE_GT  0u
#define MI_COMPARE_GE  1u
#define MI_COMPARE_LT  2u
#define MI_COMPARE_LE  3u
#define MI_COMPARE_EQ  4u
#define MI_COMPARE_NE  5u
#define MI_SEM_WAIT_GGTT_EQ                                                    \
	(MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_GGTT | MI_SEM_POLL | 4u << 12 | 2u)

/* MI_CONDITIONAL_BATCH_BUFFER_END: header, value, address lo, hi; goes on while
 * memory OP value, OP as of the semaphore. */
#define MI_CBBE_GGTT    BITS(22, 22)
#define MI_CBBE_COMPARE BITS(21, 21)
#define MI_CBBE_MASK    BITS(19, 19) /* memory holds a value and a mask */
#define MI_CBBE_LEVEL   BITS(18, 18) /* ends this level only */

/* MI_COPY_MEM_MEM: header, destination lo, hi, source lo, hi: a dword. */
#define MI_COPY_SRC_GGTT BITS(22, 22)
#define MI_COPY_DST_GGTT BITS(21, 21)

/* MI_ATOMIC: header, address lo, hi, [a dword of operand 1, of operand 2, ...]. */
#define MI_ATOMIC_GGTT    BITS(22, 22)
#define MI_ATOMIC_SIZE    BITS(20, 19) /* 0 dword, 1 quadword */
#define MI_ATOMIC_INLINE  BITS(18, 18)
#define MI_ATOMIC_RETURN  BITS(16, 16)
#define MI_ATOMIC_OP      BITS(15, 8)
#define MI_ATOMIC_OP_MASK 0x1Fu        /* without bits 7:5, which repeat the size */

enum mi_atomic_op {
	MI_ATOMIC_AND = 1,
	MI_ATOMIC_OR,
	MI_ATOMIC_XOR,
	MI_ATOMIC_MOVE,
	MI_ATOMIC_INC,
	MI_ATOMIC_DEC,
	MI_ATOMIC_ADD,
	MI_ATOMIC_SUB,
	MI_ATOMIC_RSUB,
	MI_ATOMIC_IMAX,
	MI_ATOMIC_IMIN,
	MI_ATOMIC_UMAX,
	MI_ATOMIC_UMIN,
	MI_ATOMIC_CMPWR,
	MI_ATOMIC_PREDEC,
};

/* MI_PREDICATE. */
#define MI_PREDICATE_LOAD    BITS(7, 6) /* 0 keep, 2 load, 3 load inverted */
#define MI_PREDICATE_COMBINE BITS(4, 3) /* 0 set, 1 and, 2 or, 3 xor */
#define MI_PREDICATE_COMPARE BITS(1, 0) /* 0 true, 1 false, 2 equal, 3 difference is data */

/* MI_SET_PREDICATE: when commands are no-ops. */
#define MI_SET_PREDICATE_ENABLE BITS(3, 0)
#define MI_NOOP_RESULT2_CLEAR 1u
#define MI_NOOP_RESULT2_SET   2u
#define MI_NOOP_RESULT_CLEAR  3u
#define MI_NOOP_RESULT_SET    4u
#define MI_NOOP_ALWAYS        15u

/* MI_MATH: header, then an instruction a dword. */
#define MI_ALU_OPCODE   BITS(31, 20)
#define MI_ALU_OPERAND1 BITS(19, 10)
#define MI_ALU_OPERAND2 BITS(9, 0)
#define MI_ALU_GPRS     16u /* operands 0 to 15 */
#define MI_ALU_SRCA     0x20u
#define MI_ALU_SRCB     0x21u
#define MI_ALU_ACCU     0x31u
#define MI_ALU_ZF       0x32u
#define MI_ALU_CF       0x33u
#define MI_ALU_LOAD     0x080u
#define MI_ALU_LOADINV  0x480u
#define MI_ALU_LOAD0    0x081u
#define MI_ALU_LOAD1    0x481u
#define MI_ALU_LOADIND  0x082u /* register, ACCU: from memory at ACCU */
#define MI_ALU_ADD      0x100u
#define MI_ALU_SUB      0x101u
#define MI_ALU_AND      0x102u
#define MI_ALU_OR       0x103u
#define MI_ALU_XOR      0x104u
#define MI_ALU_SHL      0x105u
#define MI_ALU_SHR      0x106u
#define MI_ALU_SAR      0x107u
#define MI_ALU_STORE    0x180u
#define MI_ALU_STOREIND 0x181u /* ACCU, register: to memory at ACCU */
#define MI_ALU_STOREINV 0x580u

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
