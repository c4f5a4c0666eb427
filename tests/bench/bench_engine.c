/* SPDX-License-Identifier: MIT */
/* The engines in process: commands of a batch and bytes stored through page tables a
 * second, against copies of as many bytes; and the longest turn of a GuC whose guests
 * run what takes longest: it bounds how long a mailbox request can wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "emulator/guc/exec.h"
#include "proto/mi.h"
#include "proto/ppgtt.h"
#include "tests/sim/bare.h"

#define COMMANDS 400000u
#define TURNS    2000u

/* Memory of the VF. */
#define LRC    0x40000u /* status page, image */
#define RING   0x44000u
#define BATCH  0x46000u
#define DATA   0x48000u /* 8 pages */
#define SPREAD 0x60000u /* pages of the batch that misses the TLB */
#define TABLES 0xA0000u

#define VA_BATCH  0x100000000ull
#define VA_DATA   0x200000000ull
#define VA_SPREAD 0x300000000ull

#define QWORDS 510u /* of the longest store */

static uint32_t next_table;

static void put32(struct bare *b, uint32_t at, uint32_t v)
{
	memcpy(b->mem.base + at, &v, 4);
}

static void map(struct bare *b, uint64_t va, uint64_t dma)
{
	uint64_t *t = (uint64_t *)(void *)(b->mem.base + TABLES);

	for (unsigned l = 4; l > 0; l--) {
		uint64_t *e = &t[va >> PPGTT_SHIFT(l) & 511];

		if (!*e) {
			next_table += GGTT_PAGE;
			*e = (TABLES + next_table) | PPGTT_PRESENT | PPGTT_RW;
		}
		t = (uint64_t *)(void *)(b->mem.base + (*e & PPGTT_ADDR));
	}
	t[va >> 12 & 511] = dma | PPGTT_PRESENT | PPGTT_RW | PPGTT_ATOMICS;
}

/* Context 0: a ring that starts the batch, which goes on for ever. */
static void prepare(struct bare *b)
{
	const uint32_t regs = LRC + LRC_REGS;
	const uint32_t start[4] = { MI_BBS_GGTT | MI_BBS_PPGTT, lo32(VA_BATCH), hi32(VA_BATCH) };
	struct guc_context *ctx = guc_context(&b->card, 0, 1, 0);

	put32(b, regs + 4 * LRC_RING_START, BARE_GGTT_START + RING);
	put32(b, regs + 4 * LRC_RING_CTL, RING_CTL_VALID);
	put32(b, regs + 4 * LRC_RING_TAIL, 16);
	put32(b, regs + 4 * LRC_PDP_LO, TABLES);
	memcpy(b->mem.base + RING, start, sizeof(start));
	map(b, VA_BATCH, BATCH);
	map(b, VA_BATCH + GGTT_PAGE, BATCH + GGTT_PAGE);
	for (uint32_t i = 0; i < 8; i++)
		map(b, VA_DATA + i * GGTT_PAGE, DATA + i * GGTT_PAGE);
	/* Far apart, so that each needs tables of its own. */
	for (uint32_t i = 0; i < 32; i++)
		map(b, VA_SPREAD + ((uint64_t)i << 21), SPREAD + i * GGTT_PAGE);
	*ctx = (struct guc_context){
		.registered = 1, .enabled = 1, .width = 1, .fn = 1, .submit_mask = 1,
		.engine_class = GUC_CLASS_RENDER,
		.lrc_desc = { (BARE_GGTT_START + LRC) | LRC_DESC_KERNEL | LRC_DESC_PRIVILEGE },
	};
}

/* The batch becomes `n` dwords and the jump back to its start. */
static void program(struct bare *b, const uint32_t *dw, uint32_t n)
{
	const uint32_t again[3] = { MI_BBS_GGTT | MI_BBS_PPGTT, lo32(VA_BATCH), hi32(VA_BATCH) };
	struct guc_context *ctx = guc_context(&b->card, 0, 1, 0);

	memcpy(b->mem.base + BATCH, dw, 4 * n);
	memcpy(b->mem.base + BATCH + 4 * n, again, sizeof(again));
	ctx->exec[0] = (struct guc_exec){ 0 };
	put32(b, LRC + LRC_REGS + 4 * LRC_RING_HEAD, 0);
}

static uint32_t slices(struct bare *b, uint32_t commands, uint32_t budget)
{
	struct guc_context *ctx = guc_context(&b->card, 0, 1, 0);
	uint32_t spent = 0, n = 0;
	const struct eng_place place = { .c = &b->card, .ctx = ctx, .fn = 1, .spent = &spent };

	while (spent < commands) {
		struct eng_slice slice = { .budget = budget };
		enum eng_end end = eng_run(&place, 0, &slice);

		if (end != ENG_MORE) {
			fprintf(stderr, "slice ended with %d\n", end);
			exit(EXIT_FAILURE);
		}
		n++;
	}
	return n;
}

/* What user programs are made of: stores, registers, math, jumps. */
static const uint32_t mixed[] = {
	MI_CMD(MI_OP_STORE_DATA_IMM) | 2, (uint32_t)VA_DATA, VA_DATA >> 32, 1,
	MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 1, 0x600, 5,
	MI_CMD(MI_OP_MATH) | 3, 0x08008000, 0x08008401, 0x10000000, 0x18000831,
	MI_CMD(MI_OP_STORE_REGISTER_MEM) | MI_SRM_CS | 2, 0x610, (uint32_t)VA_DATA + 8,
	VA_DATA >> 32,
	MI_CMD(MI_OP_ATOMIC) | MI_ATOMIC_INC << 8 | 1, (uint32_t)VA_DATA + 16, VA_DATA >> 32,
	MI_NOOP, MI_CMD(MI_OP_ARB_CHECK),
};

static double commands(void *user)
{
	struct bare *b = user;
	uint64_t start;

	program(b, mixed, sizeof(mixed) / 4);
	start = bench_cpu();
	slices(b, COMMANDS, 256);
	return COMMANDS * 1e9 / (double)(bench_cpu() - start);
}

/* As many commands' dwords, copied. */
static double command_copies(void *user)
{
	struct bare *b = user;
	uint64_t start = bench_cpu();

	for (uint32_t i = 0; i < COMMANDS; i++) {
		memcpy(b->mem.base + DATA + i % 256 * 16, b->mem.base + BATCH + i % 5 * 16, 16);
		__asm__ volatile("" ::: "memory");
	}
	return COMMANDS * 1e9 / (double)(bench_cpu() - start);
}

static uint32_t long_store(uint32_t *dw)
{
	dw[0] = MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | (2 * QWORDS + 1);
	dw[1] = (uint32_t)VA_DATA + 0x800; /* across a page */
	dw[2] = VA_DATA >> 32;
	memset(dw + 3, 0x5A, 8 * QWORDS);
	return 3 + 2 * QWORDS;
}

#define STORES 20000u

static double stored_bytes(void *user)
{
	struct guc_card *c = &((struct bare *)user)->card;
	uint32_t dw[3 + 2 * QWORDS], spent = 0;
	const struct eng_place place = { .c = c, .ctx = guc_context(c, 0, 1, 0), .fn = 1,
					 .spent = &spent };
	uint64_t start;

	program(user, dw, long_store(dw));
	start = bench_cpu();
	/* A store and a jump a slice: its cost takes the rest of the budget. */
	for (uint32_t i = 0; i < STORES; i++) {
		struct eng_slice slice = { .budget = 3 };

		eng_run(&place, 0, &slice);
	}
	return STORES * 8.0 * QWORDS * 1e9 / (double)(bench_cpu() - start);
}

static double copied_bytes(void *user)
{
	struct bare *b = user;
	uint64_t start = bench_cpu();

	/* Out of the batch, and into the page. */
	for (uint32_t i = 0; i < STORES; i++) {
		uint32_t dw[2 * QWORDS];

		memcpy(dw, b->mem.base + BATCH, sizeof(dw));
		__asm__ volatile("" : : "r"(dw) : "memory");
		memcpy(b->mem.base + DATA, dw, sizeof(dw));
		__asm__ volatile("" ::: "memory");
	}
	return STORES * 8.0 * QWORDS * 1e9 / (double)(bench_cpu() - start);
}

#define COPIED (4 * GGTT_PAGE) /* of the copy engine at once */
#define COPIES 60000u

/* The copy engine, page tables on both sides; each copy counts itself. */
static double blitted_bytes(void *user)
{
	struct bare *b = user;
	const uint32_t copy[] = {
		CMD_BLT | BLT_OP_MEM_COPY << 22 | 8, COPIED - 1, 0, 0, 0, (uint32_t)VA_DATA,
		VA_DATA >> 32, (uint32_t)VA_DATA + COPIED, VA_DATA >> 32, 0,
		MI_CMD(MI_OP_ATOMIC) | MI_ATOMIC_INC << 8 | 1, (uint32_t)VA_SPREAD,
		VA_SPREAD >> 32,
	};
	struct guc_context *ctx = guc_context(&b->card, 0, 1, 0);
	uint64_t start, spent;
	uint32_t n;

	program(b, copy, sizeof(copy) / 4);
	put32(b, SPREAD, 0);
	ctx->engine_class = GUC_CLASS_BLITTER;
	start = bench_cpu();
	slices(b, COPIES * 10, 4096);
	spent = bench_cpu() - start;
	ctx->engine_class = GUC_CLASS_RENDER;
	memcpy(&n, b->mem.base + SPREAD, 4);
	return (double)n * COPIED * 1e9 / (double)spent;
}

static double plain_bytes(void *user)
{
	struct bare *b = user;
	uint64_t start = bench_cpu();

	for (uint32_t i = 0; i < COPIES; i++) {
		memcpy(b->mem.base + DATA + COPIED, b->mem.base + DATA, COPIED);
		__asm__ volatile("" ::: "memory");
	}
	return COPIES * (double)COPIED * 1e9 / (double)(bench_cpu() - start);
}

/* --- the longest turn ---------------------------------------------------------------- */

static uint32_t far_stores(uint32_t *dw)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 32; i++) {
		uint64_t va = VA_SPREAD + ((uint64_t)i << 21);

		dw[n++] = MI_CMD(MI_OP_STORE_DATA_IMM) | 2;
		dw[n++] = lo32(va);
		dw[n++] = hi32(va);
		dw[n++] = i;
		/* And the translation is gone again. */
		dw[n++] = MI_CMD(MI_OP_FLUSH_DW) | MI_FLUSH_TLB;
		dw[n++] = 0;
	}
	return n;
}

/* The longest list of registers, none of which is the model's. */
static uint32_t registers(uint32_t *dw)
{
	dw[0] = MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 253;
	for (uint32_t i = 1; i < 255; i++)
		dw[i] = i % 2 ? 0x7F0 : 0;
	return 255;
}

static void longest_turn(struct bare *b, const char *what, const uint32_t *dw, uint32_t n)
{
	uint64_t worst = 0, all = 0, now = 1;

	program(b, dw, n);
	/* One context takes all that a turn may do, as many of them would. */
	b->card.block->options.engine_budget = GUC_ENGINE_TURN;
	guc_contexts_kick(&b->card, 0, 1);
	for (uint32_t i = 0; i < TURNS; i++) {
		uint64_t start = bench_cpu(), took;

		guc_tick(&b->card, now += 1000);
		took = bench_cpu() - start;
		all += took;
		if (took > worst)
			worst = took;
	}
	if (guc_context(&b->card, 0, 1, 0)->killed) {
		fprintf(stderr, "%s: killed\n", what);
		exit(EXIT_FAILURE);
	}
	printf("turn of %-20s %12.1f us mean, %.1f us longest (aim 1000)\n", what,
	       (double)all / TURNS / 1e3, (double)worst / 1e3);
}

int main(void)
{
	static const uint32_t jump[1] = { MI_NOOP };
	static struct bare b;
	uint32_t dw[3 + 2 * QWORDS];

	bench_pin();
	bare_init(&b);
	prepare(&b);
	bench_pair("commands/copies", commands, command_copies, &b, "ours 10000000/s");
	bench_pair("ppgtt-bytes/copies", stored_bytes, copied_bytes, &b, "ours 4e9/s");
	bench_pair("copy-engine-bytes/copies", blitted_bytes, plain_bytes, &b, "ours 4e9/s");
	longest_turn(&b, "mixed commands", mixed, sizeof(mixed) / 4);
	longest_turn(&b, "jumps", jump, 1);
	longest_turn(&b, "long stores", dw, long_store(dw));
	longest_turn(&b, "stores that miss", dw, far_stores(dw));
	longest_turn(&b, "registers", dw, registers(dw));
	bare_free(&b);
	return EXIT_SUCCESS;
}
