/* SPDX-License-Identifier: MIT */
/* Random batches, images and page tables from a seed: whatever a guest writes, a slice
 * ends within its budget and touches nobody else's memory, and the VF can be moved
 * (emulator/engine). The
 * generator knows the commands, so that most of them get far; GUCEMU_FUZZ_SEED and
 * GUCEMU_FUZZ_RUNS make it another run or a longer one. */
#include <check.h>
#include <stdlib.h>

#include "guc_ppgtt.h"
#include "sim/random.h"
#include "tests/check_main.h"

#define RUNS     150u
#define SLICES   40u
#define PROGRAM  300u /* dwords */
#define LONGEST  8192u /* cost of a command: a piece of a blit in the smallest runs */

static struct fx *f;
static struct px p;
static uint64_t rng, executed;

static uint32_t any(uint32_t n)
{
	return (uint32_t)(random_next(&rng) % n);
}

static uint64_t address(void)
{
	static const uint64_t bases[] = {
		PX_DATA, PX_BATCH, PX_DATA + 0xFF8, PX_DATA + 0x1000, 0, UINT64_MAX - 7,
		FX_VF_START(1) + LX_DATA(0), FX_VF_START(2), FX_VF_START(1) + LX_REGS(0),
		FX_VF_START(1) + PX_TABLES, 1ull << 47,
	};
	uint64_t at = bases[any(3) ? any(2) : any(sizeof(bases) / sizeof(bases[0]))];

	return any(8) ? at + 8 * any(64) : at + any(0x2000);
}

/* A command of the table, or any dword, with operands that make sense now and then. */
static unsigned command(uint32_t *dw)
{
	static const uint32_t headers[] = {
		MI_CMD(MI_OP_STORE_DATA_IMM) | 2, MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | 3,
		MI_CMD(MI_OP_ATOMIC) | 1, MI_CMD(MI_OP_ATOMIC) | MI_ATOMIC_INLINE | 9,
		MI_CMD(MI_OP_FLUSH_DW) | 1u << 14 | 2, MI_CMD(MI_OP_FLUSH_DW) | 3u << 14 | 3,
		MI_CMD(MI_OP_LOAD_REGISTER_MEM) | 2, MI_CMD(MI_OP_STORE_REGISTER_MEM) | 2,
		MI_CMD(MI_OP_LOAD_REGISTER_REG) | 1, MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 3,
		MI_CMD(MI_OP_COPY_MEM_MEM) | 3, MI_CMD(MI_OP_MATH) | 6,
		MI_CMD(MI_OP_SEMAPHORE_WAIT) | 1u << 12 | 3, MI_CMD(MI_OP_PREDICATE),
		MI_CMD(MI_OP_SET_PREDICATE), MI_CMD(MI_OP_CONDITIONAL_BATCH_BUFFER_END) | 2,
		MI_BBS_GGTT | MI_BBS_PPGTT, MI_BBS_GGTT | MI_BBS_PPGTT | MI_BBS_SECOND,
		MI_BATCH_BUFFER_END, MI_USER_INTERRUPT, MI_ARB_ON, CMD_PIPE_CONTROL | 4,
		BLT_CTRL_SURF_COPY, 0x50400014, 0x50800008, 0x56800008, 0x56C00005,
	};
	uint32_t header = headers[any(sizeof(headers) / sizeof(headers[0]))];
	uint64_t at = address();
	unsigned n;

	if (!any(4))
		header ^= 1u << any(32);
	if (!any(20))
		header = (uint32_t)random_next(&rng);
	n = cmd_length(header);
	dw[0] = header;
	for (unsigned i = 1; i < n && i < 24; i++)
		dw[i] = any(2) ? any(64) : (uint32_t)random_next(&rng);
	if (n >= 3 && any(8)) {
		unsigned where = any(n - 1) ? 1 : 2;

		dw[where] = lo32(at);
		dw[where + 1] = hi32(at);
	}
	if (field_get(MI_OPCODE, header) == MI_OP_MATH)
		for (unsigned i = 1; i < n && i < 24; i++)
			dw[i] = (0x80u + any(8) * 0x20) << 20 | any(64) << 10 | any(64);
	return n < 24 ? n : 24;
}

static void program(void)
{
	uint32_t dw[PROGRAM + 24];
	unsigned n = 0;

	while (n < PROGRAM)
		n += command(dw + n);
	/* The ring may have been damaged. */
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_INDIRECT_RING, 0);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_RING_HEAD, 0);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_RING_TAIL, 0);
	px_emit(&p, dw, PROGRAM);
}

/* Something in the page tables, the image or the ring that no driver would write. */
static void damage(void)
{
	uint32_t at = any(2) ? PX_TABLES + 8 * any((p.next - PX_TABLES) / 8) :
			       LX_REGS(0) + 4 * any(any(2) ? 0x60 : 0x200);

	fx_put(f, 1, at, any(2) ? (uint32_t)random_next(&rng) :
				  fx_get(f, 1, at) ^ 1u << any(32));
}

/* It can be moved, however it was left. */
static void moves(const struct guc_options *o)
{
	uint32_t dwords = lx_save(f);
	struct fx *to = lx_target(f, FX_VF_START(1) + 0x33000, o);

	ck_assert_uint_eq(fx_restore(to, 0, 1, dwords) & 0xFFFF, dwords);
	fx_free(to);
}

static void fuzz(uint64_t seed)
{
	uint8_t pf[4096], other[FX_MEM];
	struct guc_options o;
	uint64_t *missing;
	uint32_t spent;

	rng = seed;
	guc_options_default(&o);
	o.ppgtt_tlb = any(2);
	o.ccs_ratio = any(2) ? CCS_RATIO_XE2 : 0;
	o.gmd_id[0] = any(4) ? o.gmd_id[0] : 12u << 22;
	f = fx_new(1, 1, 2, &o);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	px_start(&p, f, (enum guc_engine_class)any(5), any(3));
	missing = px_entry(&p, PX_DATA + 0x1000, 0, false); /* before tables are damaged */
	memcpy(other, f->mem[2], sizeof(other));
	memcpy(pf, &f->mem[0][FX_LIST], sizeof(pf));
	program();
	for (unsigned i = 0; i < SLICES && !px_slot(&p)->killed; i++) {
		struct eng_slice slice = { .budget = 1 + any(200), .hold = any(2) };
		const struct eng_place place = {
			.c = &f->card, .ctx = px_slot(&p), .fn = 1, .spent = &spent,
		};
		enum eng_end end;

		spent = 0;
		end = eng_run(&place, 0, &slice);
		/* The last command may be a long one. */
		ck_assert_uint_le(spent, slice.budget + GUC_LRC_COST + LONGEST);
		executed += spent;
		if (end == ENG_DEAD)
			break;
		if (end == ENG_FAULT)
			*missing = LX_DATA(1) | PX_PAGE;
		if (end == ENG_DONE)
			program();
		if (!any(6))
			damage();
	}
	ck_assert_mem_eq(f->mem[2], other, sizeof(other));
	ck_assert_mem_eq(&f->mem[0][FX_LIST], pf, sizeof(pf));
	moves(&o);
	fx_free(f);
}

/* Whatever a batch, an image or a page table says. */
START_TEST(random_batches)
{
	const char *seed = getenv("GUCEMU_FUZZ_SEED"), *runs = getenv("GUCEMU_FUZZ_RUNS");
	uint64_t first = seed ? strtoull(seed, NULL, 0) : 1;
	unsigned long n = runs ? strtoul(runs, NULL, 0) : RUNS;

	for (unsigned long i = 0; i < n; i++)
		fuzz(first + i);
	/* The generator is worth its name: it gets somewhere. */
	ck_assert_uint_gt(executed, n * 40);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("engine fuzz");
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 0);
	tcase_add_test(t, random_batches);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
