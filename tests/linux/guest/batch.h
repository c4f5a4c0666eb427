/* SPDX-License-Identifier: MIT */
/* Batches: commands put one after the other into memory that is bound. */
#ifndef GUEST_BATCH_H
#define GUEST_BATCH_H

#include "xe.h"

#define MI(op, len)      ((uint32_t)(op) << 23 | (uint32_t)(len))
#define MI_NOOP          0u
#define MI_ARB_CHECK     MI(0x05, 0)
#define MI_BATCH_END     MI(0x0A, 0)
#define MI_MATH          0x1A
#define MI_SEMAPHORE     0x1C
#define MI_STORE_DATA    0x20
#define MI_LOAD_REG_IMM  0x22
#define MI_STORE_REG_MEM 0x24
#define MI_LOAD_REG_MEM  0x29
#define MI_LOAD_REG_REG  0x2A
#define MI_COPY_MEM_MEM  0x2E
#define MI_ATOMIC        0x2F
#define MI_BATCH_START   0x31
#define MI_COND_END      0x36

#define MI_QWORD         (1u << 21) /* of a store */
#define MI_CS            (1u << 19) /* registers relative to the engine's */
#define MI_CS_SOURCE     (1u << 18)
#define MI_SECOND_LEVEL  (1u << 22)
#define MI_PPGTT         (1u << 8)
#define MI_COMPARE       (1u << 21)

#define REG_GPR(n)       (0x600u + 8u * (n))
#define REG_TIMESTAMP    0x3A8u

enum semaphore_op { SEM_GREATER, SEM_GREATER_EQUAL, SEM_LESS, SEM_LESS_EQUAL, SEM_EQUAL,
	SEM_NOT_EQUAL };

/* ALU of MI_MATH. */
#define ALU(op, a, b)    ((uint32_t)(op) << 20 | (uint32_t)(a) << 10 | (uint32_t)(b))
#define ALU_LOAD         0x080
#define ALU_LOADINV      0x480
#define ALU_ADD          0x100
#define ALU_SUB          0x101
#define ALU_AND          0x102
#define ALU_OR           0x103
#define ALU_XOR          0x104
#define ALU_STORE        0x180
#define ALU_STOREINV     0x580
#define ALU_A            0x20
#define ALU_B            0x21
#define ALU_ACCU         0x31

struct batch {
	uint32_t *map;
	uint64_t addr;
	unsigned n;
};

static inline struct batch batch_at(const struct mem *m, unsigned offset)
{
	return (struct batch){ m->map + offset / 4, m->addr + offset, 0 };
}

static inline uint64_t batch_here(const struct batch *b)
{
	return b->addr + 4ull * b->n;
}

static inline void put(struct batch *b, uint32_t dw)
{
	b->map[b->n++] = dw;
}

static inline void put_addr(struct batch *b, uint64_t addr)
{
	put(b, (uint32_t)addr);
	put(b, (uint32_t)(addr >> 32));
}

static inline void put_store(struct batch *b, uint64_t addr, uint32_t value)
{
	put(b, MI(MI_STORE_DATA, 2));
	put_addr(b, addr);
	put(b, value);
}

static inline void put_store64(struct batch *b, uint64_t addr, uint64_t value)
{
	put(b, MI(MI_STORE_DATA, 3) | MI_QWORD);
	put_addr(b, addr);
	put_addr(b, value);
}

static inline void put_jump(struct batch *b, uint64_t addr)
{
	put(b, MI(MI_BATCH_START, 1) | MI_PPGTT);
	put_addr(b, addr);
}

static inline void put_call(struct batch *b, uint64_t addr)
{
	put(b, MI(MI_BATCH_START, 1) | MI_PPGTT | MI_SECOND_LEVEL);
	put_addr(b, addr);
}

/* Wait until *addr OP value. */
static inline void put_wait(struct batch *b, enum semaphore_op op, uint64_t addr, uint32_t value)
{
	put(b, MI(MI_SEMAPHORE, 2) | 1u << 15 | (uint32_t)op << 12);
	put(b, value);
	put_addr(b, addr);
}

/* Go on while *addr > value, else end the batch. */
static inline void put_go_on_while(struct batch *b, uint64_t addr, uint32_t value)
{
	put(b, MI(MI_COND_END, 2) | MI_COMPARE);
	put(b, value);
	put_addr(b, addr);
}

static inline void put_reg(struct batch *b, uint32_t reg, uint32_t value)
{
	put(b, MI(MI_LOAD_REG_IMM, 1) | MI_CS);
	put(b, reg);
	put(b, value);
}

static inline void put_gpr(struct batch *b, unsigned gpr, uint64_t value)
{
	put_reg(b, REG_GPR(gpr), (uint32_t)value);
	put_reg(b, REG_GPR(gpr) + 4, (uint32_t)(value >> 32));
}

static inline void put_reg_reg(struct batch *b, uint32_t from, uint32_t to)
{
	put(b, MI(MI_LOAD_REG_REG, 1) | MI_CS | MI_CS_SOURCE);
	put(b, from);
	put(b, to);
}

static inline void put_reg_to_mem(struct batch *b, uint32_t reg, uint64_t addr)
{
	put(b, MI(MI_STORE_REG_MEM, 2) | MI_CS);
	put(b, reg);
	put_addr(b, addr);
}

static inline void put_mem_to_reg(struct batch *b, uint32_t reg, uint64_t addr)
{
	put(b, MI(MI_LOAD_REG_MEM, 2) | MI_CS);
	put(b, reg);
	put_addr(b, addr);
}

/* gpr[to] = gpr[a] OP gpr[b]; store: ALU_STORE or ALU_STOREINV. */
static inline void put_alu(struct batch *b, unsigned op, unsigned to, unsigned x, unsigned y,
			   unsigned store)
{
	put(b, MI(MI_MATH, 3));
	put(b, ALU(ALU_LOAD, ALU_A, x));
	put(b, ALU(ALU_LOAD, ALU_B, y));
	put(b, ALU(op, 0, 0));
	put(b, ALU(store, to, ALU_ACCU));
}

/* A dword operation without data: ATOMIC_INC, ATOMIC_DEC. */
#define ATOMIC_INC 5u
#define ATOMIC_DEC 6u
static inline void put_atomic(struct batch *b, unsigned op, uint64_t addr)
{
	put(b, MI(MI_ATOMIC, 1) | op << 8);
	put_addr(b, addr);
}

/* A spinner: sets state[0] = 1, counts in state[1], ends when state[2] is 0. The
 * batch lies behind its state. */
#define SPIN_STARTED 0u
#define SPIN_COUNT   1u
#define SPIN_GO_ON   2u
#define SPIN_BATCH   64u /* bytes */
static inline uint64_t put_spinner(const struct mem *m, unsigned offset)
{
	struct batch b = batch_at(m, offset + SPIN_BATCH);
	uint64_t state = m->addr + offset, loop;
	volatile uint32_t *s = m->map + offset / 4;

	s[SPIN_STARTED] = 0;
	s[SPIN_COUNT] = 0;
	s[SPIN_GO_ON] = 1;
	put_store(&b, state, 1);
	loop = batch_here(&b);
	put(&b, MI_ARB_CHECK);
	put_atomic(&b, ATOMIC_INC, state + 4 * SPIN_COUNT);
	put_go_on_while(&b, state + 4 * SPIN_GO_ON, 0);
	put_jump(&b, loop);
	return m->addr + offset + SPIN_BATCH;
}

#endif
