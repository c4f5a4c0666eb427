/* SPDX-License-Identifier: MIT */
/* What commands do: batches of two levels, waits, predicates, atomics, copies,
 * registers and where they are kept, math, writes behind flushes, and commands
 * that nobody knows (emulator/engine/command.c and what it names). All in a batch
 * of the PPGTT, as user programs have them. */
#include <check.h>

#include "guc_ppgtt.h"
#include "tests/check_main.h"

static struct fx *f;
static struct px p;

/* Commands, by their dwords. */
#define STORE(off, v)  MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(PX_DATA + (off)), hi32(PX_DATA), v
#define LRI(reg, v)    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 1, reg, v
#define SRM(reg, off)  MI_CMD(MI_OP_STORE_REGISTER_MEM) | MI_SRM_CS | 2, reg, \
		       lo32(PX_DATA + (off)), hi32(PX_DATA)
#define LRM(reg, off)  MI_CMD(MI_OP_LOAD_REGISTER_MEM) | MI_SRM_CS | 2, reg, \
		       lo32(PX_DATA + (off)), hi32(PX_DATA)
#define LRR(src, dst)  MI_CMD(MI_OP_LOAD_REGISTER_REG) | MI_LRR_SRC_CS | MI_LRR_DST_CS | 1, src, dst
#define START(at, fl)  MI_BBS_GGTT | MI_BBS_PPGTT | (fl), lo32(at), hi32(at)
#define SET_PREDICATE(v) MI_CMD(MI_OP_SET_PREDICATE) | (v)
#define GPR(i)         (0x600 + 8 * (i))
#define RUN(...)                                                               \
	do {                                                                   \
		const uint32_t program[] = { __VA_ARGS__ };                    \
		px_run(&p, program, sizeof(program) / 4);                      \
	} while (0)

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	px_start(&p, f, GUC_CLASS_RENDER, 0);
}

static void teardown(void)
{
	fx_free(f);
}

static void alive(void)
{
	ck_assert(!px_slot(&p)->killed);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}

static void killed(void)
{
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], 0);
	ck_assert(px_slot(&p)->killed);
}

/* --- batches ---------------------------------------------------------------------------- */

/* The second page of the batch is another batch. */
static void second(const uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fx_put(f, 1, LX_BATCH(0) + GGTT_PAGE + 4 * i, dw[i]);
	fx_put(f, 1, LX_BATCH(0) + GGTT_PAGE + 4 * n, MI_BATCH_BUFFER_END);
}

/* From the first level with bit 22 a batch returns behind its call; without, its end is
 * the end of all. In the second level no deeper one begins: a call is a chain. */
START_TEST(two_levels)
{
	const uint32_t inner[] = { STORE(4, 2) };

	second(inner, 4);
	RUN(STORE(0, 1), START(PX_BATCH + GGTT_PAGE, _i ? MI_BBS_SECOND : 0), STORE(8, 3));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 1);
	ck_assert_uint_eq(px_get(&p, 4), 2);
	ck_assert_uint_eq(px_get(&p, 8), _i ? 3 : 0);
	ck_assert_uint_eq(px_slot(&p)->exec[0].level, 0);
}
END_TEST

/* A chain from the second level still returns to the first. */
START_TEST(chain_in_second_level)
{
	const uint32_t inner[] = { STORE(4, 2), START(PX_BATCH + GGTT_PAGE + 0x100, MI_BBS_SECOND) };
	const uint32_t last[] = { STORE(12, 4), MI_BATCH_BUFFER_END };

	second(inner, 7);
	for (unsigned i = 0; i < 5; i++)
		fx_put(f, 1, LX_BATCH(0) + GGTT_PAGE + 0x100 + 4 * i, last[i]);
	RUN(START(PX_BATCH + GGTT_PAGE, MI_BBS_SECOND), STORE(8, 3));
	alive();
	ck_assert_uint_eq(px_get(&p, 4), 2);
	ck_assert_uint_eq(px_get(&p, 12), 4);
	ck_assert_uint_eq(px_get(&p, 8), 3);
}
END_TEST

/* In a batch of the PPGTT the bit that asks for the GGTT is not looked at: neither a
 * batch nor a store leaves the context's address space. */
START_TEST(users_stay_inside)
{
	const uint32_t inner[] = { STORE(4, 2) };

	second(inner, 4);
	RUN(MI_BBS_GGTT, lo32(PX_BATCH + GGTT_PAGE), hi32(PX_BATCH));
	ck_assert_uint_eq(px_get(&p, 4), 2);
	alive();
	fx_put(f, 1, LX_DATA(1), 7);
	RUN(MI_SDI_DWORD_GGTT, (uint32_t)fx_addr(f, 1, LX_DATA(1)), 0, 8);
	killed();
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 7);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_PPGTT_UNMAPPED), 1);
}
END_TEST

/* A batch that starts itself for ever takes its budget of each slice and is where it
 * was in the next one. */
START_TEST(endless)
{
	const uint32_t loop[] = { MI_NOOP, STORE(0, 1), START(PX_BATCH, 0) };

	px_emit(&p, loop, 8);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(px_slice(&p, 1 + i % 7, false, NULL), ENG_MORE);
	ck_assert_uint_eq(px_get(&p, 0), 1);
	ck_assert_uint_eq(px_slot(&p)->exec[0].level, 1);
}
END_TEST

/* A slice with `hold` ends behind the batch, and again until one comes without: only
 * that one goes on in the ring. */
START_TEST(held_behind_the_batch)
{
	const uint32_t program[] = { STORE(0, 1) };

	px_emit(&p, program, 4);
	lx_emit_store(f, 1, 0, LX_DATA(0) + 4, 2);
	ck_assert_int_eq(px_slice(&p, 100, true, NULL), ENG_BATCH_END);
	ck_assert_int_eq(px_slice(&p, 100, true, NULL), ENG_BATCH_END);
	ck_assert_uint_eq(px_get(&p, 0), 1);
	ck_assert_uint_eq(px_get(&p, 4), 0);
	ck_assert_uint_eq(px_slot(&p)->exec[0].behind, 1);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(px_get(&p, 4), 2);
	ck_assert_uint_eq(px_slot(&p)->exec[0].behind, 0);
}
END_TEST

/* What has to outlast a slice travels in the blob: a context within the second level of a
 * batch, at a wait of its PPGTT, with registers and a predicate, goes on at another base
 * of the GGTT. Addresses of the PPGTT stay, the first level's return one as well. */
START_TEST(moves_in_mid_batch)
{
	const uint32_t inner[] = { MI_CMD(MI_OP_SEMAPHORE_WAIT) | 4u << 12 | 2, 1,
				   lo32(PX_DATA + 0x80), hi32(PX_DATA), SRM(GPR(9), 4) };
	struct guc_exec before, *now;
	struct fx *from = f;
	uint32_t dwords;

	second(inner, 8);
	RUN(LRI(GPR(9), 0x99), SET_PREDICATE(MI_NOOP_RESULT_SET),
	    START(PX_BATCH + GGTT_PAGE, MI_BBS_SECOND), STORE(8, 3));
	before = px_slot(&p)->exec[0];
	ck_assert_uint_eq(before.level, 2);
	ck_assert_uint_eq(before.ppgtt, GUC_EXEC_BATCH | GUC_EXEC_BACK);
	ck_assert_uint_eq(before.waiting, 1);
	dwords = lx_save(f);
	f = lx_target(from, FX_VF_START(1) + 0x33000, NULL);
	fx_free(from);
	p.f = f;
	p.tables = f->mem[1];
	ck_assert_uint_eq(fx_restore(f, 0, 1, dwords) & 0xFFFF, dwords);
	now = &px_slot(&p)->exec[0];
	ck_assert_uint_eq(now->level, 2);
	ck_assert_uint_eq(now->ppgtt, before.ppgtt);
	ck_assert_uint_eq(now->batch, before.batch);
	ck_assert_uint_eq(now->back, before.back);
	ck_assert_uint_eq(now->predicate, before.predicate);
	lx_resume(f);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_RING_START, (uint32_t)fx_addr(f, 1, LX_RING(0)));
	px_put(&p, 0x80, 1);
	lx_done(f);
	fx_run(f, 20);
	ck_assert_uint_eq(px_get(&p, 4), 0x99);
	ck_assert_uint_eq(px_get(&p, 8), 3);
	alive();
}
END_TEST

static const struct {
	uint32_t bits, memory, value;
	bool goes_on;
} ends[] = {
	{ MI_CBBE_COMPARE | 0u << 12, 2, 1, true },
	{ MI_CBBE_COMPARE | 0u << 12, 1, 1, false },
	{ MI_CBBE_COMPARE | 1u << 12, 1, 1, true },
	{ MI_CBBE_COMPARE | 2u << 12, 1, 1, false },
	{ MI_CBBE_COMPARE | 3u << 12, 1, 1, true },
	{ MI_CBBE_COMPARE | 4u << 12, 1, 1, true },
	{ MI_CBBE_COMPARE | 5u << 12, 1, 1, false },
	{ MI_CBBE_COMPARE | 5u << 12, 1, 2, true },
	{ MI_CBBE_COMPARE | 0u << 12, 0x80000000, 1, true }, /* unsigned */
	{ MI_CBBE_COMPARE | MI_CBBE_MASK | 4u << 12, 0xABCD, 0xCD, true },
	{ MI_CBBE_COMPARE | MI_CBBE_MASK | 4u << 12, 0xABCD, 0xABCD, false },
	{ 0, 1, 1, false },
};

/* MI_CONDITIONAL_BATCH_BUFFER_END: the batch goes on while memory OP value holds. */
START_TEST(conditional_end)
{
	px_put(&p, 0x40, ends[_i].memory);
	px_put(&p, 0x44, 0xFF);
	RUN(MI_CMD(MI_OP_CONDITIONAL_BATCH_BUFFER_END) | ends[_i].bits | 2, ends[_i].value,
	    lo32(PX_DATA + 0x40), hi32(PX_DATA), STORE(0, 1));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), ends[_i].goes_on);
}
END_TEST

/* From the second level it ends both, or with bit 18 only its own. */
START_TEST(conditional_end_of_levels)
{
	const uint32_t inner[] = { MI_CMD(MI_OP_CONDITIONAL_BATCH_BUFFER_END) | MI_CBBE_COMPARE |
				   (_i ? MI_CBBE_LEVEL : 0) | 2, 5, lo32(PX_DATA), hi32(PX_DATA) };

	second(inner, 4);
	RUN(START(PX_BATCH + GGTT_PAGE, MI_BBS_SECOND), STORE(8, 3));
	alive();
	ck_assert_uint_eq(px_get(&p, 8), _i ? 3 : 0);
}
END_TEST

/* --- waits ------------------------------------------------------------------------------------ */

/* A wait in a batch polls memory of its address space, slice after slice, and may poll a
 * register, of which the model's missing ones read 0. */
START_TEST(waits)
{
	const uint32_t wait[] = {
		MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_POLL | MI_SEM_REGISTER | 4u << 12 | 3, 0,
		0x4208, 0, 0,
		MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_POLL | 4u << 12 | 2, 9,
		lo32(PX_DATA + 0x80), hi32(PX_DATA), STORE(0, 1) };

	px_emit(&p, wait, 13);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_WAIT);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_WAIT);
	ck_assert_uint_eq(px_slot(&p)->exec[0].waiting, 1);
	ck_assert_uint_eq(px_slot(&p)->exec[0].batch, (PX_BATCH & BITS64(47, 0)) + 20);
	px_put(&p, 0x80, 9);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(px_get(&p, 0), 1);
}
END_TEST

/* --- predicates ------------------------------------------------------------------------------- */

static const struct {
	uint32_t enable, result, result2;
	bool runs;
} predicates[] = {
	{ 0, 0, 0, true },
	{ MI_NOOP_RESULT2_CLEAR, 1, 0, false }, { MI_NOOP_RESULT2_CLEAR, 0, 1, true },
	{ MI_NOOP_RESULT2_SET, 0, 0, true },    { MI_NOOP_RESULT2_SET, 0, 1, false },
	{ MI_NOOP_RESULT_CLEAR, 0, 1, false },  { MI_NOOP_RESULT_CLEAR, 1, 0, true },
	{ MI_NOOP_RESULT_SET, 1, 0, false },    { MI_NOOP_RESULT_SET, 0, 1, true },
	{ MI_NOOP_ALWAYS, 1, 1, false },
};

/* MI_SET_PREDICATE turns commands into no-ops, a jump only when it asks for it, and no
 * batch's end; its end turns them on again. */
START_TEST(set_predicate)
{
	const uint32_t inner[] = { STORE(8, 3) };

	second(inner, 4);
	RUN(LRI(REG_PREDICATE_RESULT, predicates[_i].result),
	    LRI(REG_PREDICATE_RESULT2, predicates[_i].result2),
	    SET_PREDICATE(predicates[_i].enable), STORE(0, 1), SET_PREDICATE(0), STORE(4, 2),
	    SET_PREDICATE(predicates[_i].enable),
	    START(PX_BATCH + GGTT_PAGE, MI_BBS_SECOND | MI_BBS_PREDICATE));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), predicates[_i].runs);
	ck_assert_uint_eq(px_get(&p, 4), 2);
	ck_assert_uint_eq(px_get(&p, 8), predicates[_i].runs ? 3 : 0);
	px_put(&p, 8, 0);
	RUN(SET_PREDICATE(predicates[_i].enable), START(PX_BATCH + GGTT_PAGE, MI_BBS_SECOND));
	ck_assert_uint_eq(px_get(&p, 0), predicates[_i].runs);
	RUN(STORE(12, 4));
	ck_assert_uint_eq(px_get(&p, 12), 4);
}
END_TEST

#define COMBINE(load, combine, cmp) \
	(MI_CMD(MI_OP_PREDICATE) | (load) << 6 | (combine) << 3 | (cmp))

static const struct {
	uint32_t cmd, src0, src1, data, before;
	uint32_t after;
} results[] = {
	{ COMBINE(2u, 0, 0), 0, 0, 0, 0, 1 },
	{ COMBINE(2u, 0, 1), 0, 0, 0, 1, 0 },
	{ COMBINE(3u, 0, 1), 0, 0, 0, 0, 1 },
	{ COMBINE(0u, 0, 0), 0, 0, 0, 0, 0 },
	{ COMBINE(2u, 0, 2), 5, 5, 0, 0, 1 },
	{ COMBINE(2u, 0, 2), 5, 6, 0, 1, 0 },
	{ COMBINE(2u, 1, 0), 0, 0, 0, 0, 0 },
	{ COMBINE(2u, 2, 1), 0, 0, 0, 1, 1 },
	{ COMBINE(2u, 3, 0), 0, 0, 0, 1, 0 },
	{ COMBINE(2u, 0, 3), 9, 5, 4, 0, 1 },
	{ COMBINE(2u, 0, 3), 9, 5, 3, 1, 0 },
};

/* MI_PREDICATE compares, combines and loads; a predicated store obeys its result. */
START_TEST(predicate_result)
{
	RUN(LRI(REG_PREDICATE_SRC0, results[_i].src0), LRI(REG_PREDICATE_SRC1, results[_i].src1),
	    LRI(REG_PREDICATE_DATA, results[_i].data),
	    LRI(REG_PREDICATE_RESULT, results[_i].before), results[_i].cmd,
	    SRM(REG_PREDICATE_RESULT, 0), LRI(GPR(0), 7),
	    MI_CMD(MI_OP_STORE_REGISTER_MEM) | MI_SRM_CS | MI_SRM_PREDICATE | 2, GPR(0),
	    lo32(PX_DATA + 4), hi32(PX_DATA));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), results[_i].after);
	ck_assert_uint_eq(px_get(&p, 4), results[_i].after ? 7 : 0);
}
END_TEST

/* --- memory -------------------------------------------------------------------------------------- */

static const struct {
	enum mi_atomic_op op;
	uint64_t old, a, b, now;
} atomics[] = {
	{ MI_ATOMIC_AND, 0xF0F0, 0xFF00, 0, 0xF000 },
	{ MI_ATOMIC_OR, 0xF0F0, 0x0F00, 0, 0xFFF0 },
	{ MI_ATOMIC_XOR, 0xF0F0, 0xFFFF, 0, 0x0F0F },
	{ MI_ATOMIC_MOVE, 1, 2, 0, 2 },
	{ MI_ATOMIC_INC, 41, 9, 0, 42 },
	{ MI_ATOMIC_DEC, 43, 9, 0, 42 },
	{ MI_ATOMIC_ADD, 40, 2, 0, 42 },
	{ MI_ATOMIC_SUB, 44, 2, 0, 42 },
	{ MI_ATOMIC_RSUB, 2, 44, 0, 42 },
	{ MI_ATOMIC_IMAX, UINT64_MAX, 3, 0, 3 },
	{ MI_ATOMIC_IMIN, UINT64_MAX, 3, 0, UINT64_MAX },
	{ MI_ATOMIC_UMAX, UINT64_MAX, 3, 0, UINT64_MAX },
	{ MI_ATOMIC_UMIN, UINT64_MAX, 3, 0, 3 },
	{ MI_ATOMIC_CMPWR, 5, 5, 6, 6 },
	{ MI_ATOMIC_CMPWR, 5, 4, 6, 5 },
	{ MI_ATOMIC_PREDEC, 43, 0, 0, 42 },
	{ MI_ATOMIC_INC, UINT64_MAX, 0, 0, 0 },
};
#define ATOMICS (sizeof(atomics) / sizeof(atomics[0]))

/* MI_ATOMIC, of a dword and of a quadword, with operands of its own and from registers,
 * with and without what memory held; a dword leaves its neighbour alone. */
START_TEST(atomic)
{
	unsigned i = _i % ATOMICS, way = _i / ATOMICS;
	bool qword = way & 1, own = way & 2;
	uint32_t op = atomics[i].op | (qword ? 0x20 : 0);
	uint64_t give = atomics[i].op == MI_ATOMIC_PREDEC ? atomics[i].now : atomics[i].old;
	const uint32_t program[] = {
		LRI(GPR(0), own ? 0xDEAD : lo32(atomics[i].a)),
		LRI(GPR(0) + 4, own ? 0xDEAD : hi32(atomics[i].a)),
		LRI(GPR(1), own ? 0xDEAD : lo32(atomics[i].b)),
		LRI(GPR(1) + 4, own ? 0xDEAD : hi32(atomics[i].b)),
		MI_CMD(MI_OP_ATOMIC) | op << 8 | MI_ATOMIC_RETURN | (qword ? 1u << 19 : 0) |
			(own ? MI_ATOMIC_INLINE | 9u : 1u),
		lo32(PX_DATA), hi32(PX_DATA),
		own ? lo32(atomics[i].a) : MI_NOOP, own ? lo32(atomics[i].b) : MI_NOOP,
		own ? hi32(atomics[i].a) : MI_NOOP, own ? hi32(atomics[i].b) : MI_NOOP,
		MI_NOOP, MI_NOOP, MI_NOOP, MI_NOOP,
		SRM(GPR(0), 16), SRM(GPR(0) + 4, 20),
	};

	px_put(&p, 0, lo32(atomics[i].old));
	px_put(&p, 4, qword ? hi32(atomics[i].old) : 0x5555);
	px_run(&p, program, sizeof(program) / 4);
	alive();
	ck_assert_uint_eq(px_get(&p, 0), lo32(atomics[i].now));
	ck_assert_uint_eq(px_get(&p, 4), qword ? hi32(atomics[i].now) : 0x5555);
	ck_assert_uint_eq(px_get(&p, 16), lo32(give));
	ck_assert_uint_eq(px_get(&p, 20), qword ? hi32(give) : 0);
}
END_TEST

/* The command of user programs: increment, three dwords, no return. */
START_TEST(atomic_plain)
{
	px_put(&p, 0, 6);
	RUN(0x17800001 | 5 << 8, lo32(PX_DATA), hi32(PX_DATA), 0x17800001 | 5 << 8, lo32(PX_DATA),
	    hi32(PX_DATA), 0x17800001 | 6 << 8, lo32(PX_DATA + 4), hi32(PX_DATA));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 8);
	ck_assert_uint_eq(px_get(&p, 4), UINT32_MAX);
}
END_TEST

/* MI_COPY_MEM_MEM copies a dword; a store of 510 quadwords, the driver's longest, goes
 * across pages. */
START_TEST(copies_and_long_stores)
{
	uint32_t dw[3 + 1020];

	px_put(&p, 0x100, 0x77);
	RUN(MI_CMD(MI_OP_COPY_MEM_MEM) | 3, lo32(PX_DATA), hi32(PX_DATA), lo32(PX_DATA + 0x100),
	    hi32(PX_DATA));
	ck_assert_uint_eq(px_get(&p, 0), 0x77);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	dw[0] = MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | 1021;
	dw[1] = lo32(PX_DATA + 0x800);
	dw[2] = hi32(PX_DATA);
	for (uint32_t i = 0; i < 1020; i++)
		dw[3 + i] = i + 1;
	px_run(&p, dw, 1023);
	alive();
	ck_assert_uint_eq(px_get(&p, 0x800), 1);
	ck_assert_uint_eq(px_get(&p, 0xFFC), 512);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 513);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 4 * 507), 1020);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 4 * 508), 0);
}
END_TEST

/* Behind a flush: data, a quadword, the time stamp, a count of pixels that is 0; to the
 * PPGTT or to the context's own page. */
START_TEST(post_sync)
{
	px_put(&p, 24, 9);
	f->now += 1000000;
	RUN(MI_CMD(MI_OP_FLUSH_DW) | 1u << 14 | 2, lo32(PX_DATA), hi32(PX_DATA), 5,
	    MI_CMD(MI_OP_FLUSH_DW) | 3u << 14 | 3, lo32(PX_DATA + 8), hi32(PX_DATA), 0, 0,
	    CMD_PIPE_CONTROL | 4, 1u << 14, lo32(PX_DATA + 16), hi32(PX_DATA), 6, 7,
	    CMD_PIPE_CONTROL | 4, 2u << 14, lo32(PX_DATA + 24), hi32(PX_DATA), 1, 1,
	    CMD_PIPE_CONTROL | 4, 3u << 14, lo32(PX_DATA + 32), hi32(PX_DATA), 1, 1,
	    CMD_PIPE_CONTROL | 4, 1u << 14 | PIPE_CONTROL_INDEX, 0xD0, 0, 3, 4,
	    SRM(REG_TIMESTAMP, 40));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 5);
	ck_assert_uint_eq(px_get(&p, 4), 0);
	ck_assert_uint_gt(px_get(&p, 8), 19000);
	ck_assert_uint_eq(px_get(&p, 16), 6);
	ck_assert_uint_eq(px_get(&p, 20), 7);
	ck_assert_uint_eq(px_get(&p, 24), 0);
	ck_assert_uint_eq(px_get(&p, 32), px_get(&p, 8));
	ck_assert_uint_eq(px_get(&p, 40), px_get(&p, 8));
	ck_assert_uint_eq(fx_get(f, 1, LX_BASE(0) + 0xD0), 3);
}
END_TEST

/* --- registers ------------------------------------------------------------------------------------- */

/* Registers are loaded, copied and stored by each of their names; they keep their values
 * from slice to slice, in the image. */
START_TEST(registers_last)
{
	px_put(&p, 0x40, 0x44);
	RUN(LRI(GPR(3), 0x11), LRM(GPR(4), 0x40), LRR(GPR(3), GPR(5) + 4),
	    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 3, 0x2000 + GPR(6), 0x66, 0x1C0000 + GPR(7), 0x77);
	alive();
	RUN(SRM(GPR(3), 0), SRM(GPR(4), 4), SRM(GPR(5) + 4, 8), SRM(0x2000 + GPR(6), 12),
	    MI_CMD(MI_OP_STORE_REGISTER_MEM) | 2, 0x22000 + GPR(7), lo32(PX_DATA + 16),
	    hi32(PX_DATA), SRM(0x7F0, 20));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 0x11);
	ck_assert_uint_eq(px_get(&p, 4), 0x44);
	ck_assert_uint_eq(px_get(&p, 8), 0x11);
	ck_assert_uint_eq(px_get(&p, 12), 0x66);
	ck_assert_uint_eq(px_get(&p, 16), 0x77);
	ck_assert_uint_eq(px_get(&p, 20), 0);
	/* Another image, other registers. */
	lx_make(f, 1, 0, false);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, PX_TABLES | 0x1B);
	RUN(SRM(GPR(3), 0));
	ck_assert_uint_eq(px_get(&p, 0), 0);
}
END_TEST

/* Number of the dword behind `value` in the image as a driver parses it: commands by
 * their lengths up to MI_BATCH_BUFFER_END, pairs of MI_LOAD_REGISTER_IMM; 0: not there. */
static uint32_t in_image(uint32_t reg)
{
	for (uint32_t at = 0; at < LRC_IMAGE_DWORDS;) {
		uint32_t dw = fx_get(f, 1, LX_REGS(0) + 4 * at), len = cmd_length(dw);

		if ((dw & (CMD_CLIENT | MI_OPCODE)) == MI_BATCH_BUFFER_END)
			return 0;
		for (uint32_t i = 1; (dw & (CMD_CLIENT | MI_OPCODE)) ==
				     MI_CMD(MI_OP_LOAD_REGISTER_IMM) && i < len; i += 2)
			if (fx_get(f, 1, LX_REGS(0) + 4 * (at + i)) == reg)
				return at + i + 1;
		at += len;
	}
	return 0;
}

/* What the workaround batch of a driver writes of the render engine's state is in the
 * image, found by who reads it as commands; a user's batch can read but not write it, and
 * the copy engine has none. */
START_TEST(render_state)
{
	const uint32_t lri[8] = { MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 5, 0x6208, 0x20, 0x7300,
				  0x10001, 0x731C, 0x20002, MI_NOOP };
	bool copy = _i;

	if (copy) {
		lx_mode(f, 1, 0, 0);
		lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
		px_context(&p, GUC_CLASS_BLITTER, 0);
	}
	fx_put(f, 1, LX_REGS(0) + 4 * 0x44, MI_BATCH_BUFFER_END | 1);
	lx_emit(f, 1, 0, lri, 8);
	RUN(LRI(GPR(0), 1), MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, 0x6208, 0x99,
	    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, 0x6210, 0x98,
	    MI_CMD(MI_OP_STORE_REGISTER_MEM) | 2, 0x731C, lo32(PX_DATA), hi32(PX_DATA));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), copy ? 0 : 0x20002);
	ck_assert_uint_ne(in_image(GPR(0)), 0);
	ck_assert((in_image(0x7300) != 0) == !copy);
	ck_assert_uint_eq(in_image(0x6210), 0);
	if (!copy)
		ck_assert_uint_eq(fx_get(f, 1, LX_REGS(0) + 4 * in_image(0x6208)), 0x20);
}
END_TEST

/* With bit 17 the render engine's registers mean the context's own. */
START_TEST(remapped)
{
	RUN(MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_REMAP | 1, 0x2000 + GPR(2), 5,
	    SRM(GPR(2), 0));
	ck_assert_uint_eq(px_get(&p, 0), 5);
}
END_TEST

/* --- math ------------------------------------------------------------------------------------------- */

#define ALU(op, a, b) ((uint32_t)(op) << 20 | (uint32_t)(a) << 10 | (uint32_t)(b))

static const struct {
	uint32_t op;
	uint64_t a, b, accu;
	bool zero, carry;
} sums[] = {
	{ MI_ALU_ADD, 1, 2, 3, false, false },
	{ MI_ALU_ADD, UINT64_MAX, 1, 0, true, true },
	{ MI_ALU_ADD, 0xFFFFFFFF, 1, 0x100000000, false, false },
	{ MI_ALU_SUB, 5, 3, 2, false, false },
	{ MI_ALU_SUB, 3, 5, (uint64_t)-2, false, true },
	{ MI_ALU_SUB, 7, 7, 0, true, false },
	{ MI_ALU_AND, 0xF0F, 0xFF, 0xF, false, false },
	{ MI_ALU_OR, 0xF00, 0xFF, 0xFFF, false, false },
	{ MI_ALU_XOR, 0xFF, 0xFF, 0, true, false },
	{ MI_ALU_SHL, 1, 40, 1ull << 40, false, false },
	{ MI_ALU_SHR, 1ull << 63, 63, 1, false, false },
	{ MI_ALU_SAR, 1ull << 63, 63, UINT64_MAX, false, false },
	{ MI_ALU_SAR, 16, 4, 1, false, false },
};

/* Every operation on 64 bits; results and flags are stored as they are and inverted,
 * flags as all ones or zeros. */
START_TEST(math)
{
	RUN(LRI(GPR(0), lo32(sums[_i].a)), LRI(GPR(0) + 4, hi32(sums[_i].a)),
	    LRI(GPR(1), lo32(sums[_i].b)), LRI(GPR(1) + 4, hi32(sums[_i].b)),
	    MI_CMD(MI_OP_MATH) | 6, ALU(MI_ALU_LOAD, MI_ALU_SRCA, 0),
	    ALU(MI_ALU_LOAD, MI_ALU_SRCB, 1), ALU(sums[_i].op, 0, 0),
	    ALU(MI_ALU_STORE, 2, MI_ALU_ACCU), ALU(MI_ALU_STOREINV, 3, MI_ALU_ACCU),
	    ALU(MI_ALU_STORE, 4, MI_ALU_ZF), ALU(MI_ALU_STORE, 5, MI_ALU_CF),
	    SRM(GPR(2), 0), SRM(GPR(2) + 4, 4), SRM(GPR(3), 8), SRM(GPR(4) + 4, 12),
	    SRM(GPR(5), 16));
	alive();
	ck_assert_uint_eq(make64(px_get(&p, 0), px_get(&p, 4)), sums[_i].accu);
	ck_assert_uint_eq(px_get(&p, 8), (uint32_t)~sums[_i].accu);
	ck_assert_uint_eq(px_get(&p, 12), sums[_i].zero ? UINT32_MAX : 0);
	ck_assert_uint_eq(px_get(&p, 16), sums[_i].carry ? UINT32_MAX : 0);
}
END_TEST

/* Operands may be 0, all ones, inverted, or memory at the sum; when that isn't mapped the
 * command runs again as if it had never begun. */
START_TEST(math_operands)
{
	const uint32_t program[] = {
		LRI(GPR(0), 5), MI_CMD(MI_OP_MATH) | 3, ALU(MI_ALU_LOAD0, MI_ALU_SRCA, 0),
		ALU(MI_ALU_LOADINV, MI_ALU_SRCB, 0), ALU(MI_ALU_OR, 0, 0),
		ALU(MI_ALU_STORE, 1, MI_ALU_ACCU), SRM(GPR(1), 0),
		/* R2 = R0 + 1; memory at R3 becomes R2; R4 becomes that. */
		LRI(GPR(3), lo32(PX_DATA + 0x1008)), LRI(GPR(3) + 4, hi32(PX_DATA)),
		LRI(GPR(6), 1),
		MI_CMD(MI_OP_MATH) | 9,
		ALU(MI_ALU_LOAD, MI_ALU_SRCA, 0), ALU(MI_ALU_LOAD, MI_ALU_SRCB, 6),
		ALU(MI_ALU_ADD, 0, 0), ALU(MI_ALU_STORE, 0, MI_ALU_ACCU),
		ALU(MI_ALU_LOAD, MI_ALU_SRCA, 3), ALU(MI_ALU_LOAD0, MI_ALU_SRCB, 0),
		ALU(MI_ALU_ADD, 0, 0), ALU(MI_ALU_STOREIND, MI_ALU_ACCU, 0),
		ALU(MI_ALU_LOADIND, 4, MI_ALU_ACCU), ALU(0x001, 0, 0),
		SRM(GPR(4), 4),
	};

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 1);
	px_emit(&p, program, sizeof(program) / 4);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(px_get(&p, 0), ~5u);
	ck_assert_uint_eq(px_get(&p, 4), 6);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 8), 6);
}
END_TEST

/* A long command counts whole towards the turn, however little of the slice was left;
 * an access to memory of MI_MATH as much as a command. */
START_TEST(long_commands_count)
{
	uint32_t program[1 + 256] = { MI_CMD(MI_OP_MATH) | 255 }, spent = 0;
	struct eng_slice slice = { .budget = 2 };
	const struct eng_place place = {
		.c = &f->card, .ctx = px_slot(&p), .fn = 1, .spent = &spent,
	};

	for (unsigned i = 1; i <= 256; i++)
		program[i] = ALU(MI_ALU_LOADIND, 0, MI_ALU_ACCU);
	px_map(&p, 0, LX_DATA(1), PX_PAGE);
	px_emit(&p, program, 257);
	ck_assert_int_eq(eng_run(&place, 0, &slice), ENG_MORE);
	ck_assert_uint_ge(spent, 256);
}
END_TEST

/* --- what nobody knows -------------------------------------------------------------------------------- */

/* An unknown command is skipped by its length, counted each time, reported once for each
 * opcode of the GT; what is known to have no effect is not. */
START_TEST(unknown_commands)
{
	unsigned before = fx_count(f, GUC_PT_VIOLATION);

	RUN(MI_CMD(0x3F) | 1, 0xDEADBEEF, 0xDEADBEEF, MI_CMD(0x3F), 0, 0xE0000000, 0xE0000000,
	    MI_CMD(MI_OP_REPORT_PERF_COUNT) | 2, 0, 0, 0, MI_CMD(MI_OP_MEM_FENCE),
	    MI_CMD(MI_OP_SEMAPHORE_SIGNAL) | 1, 0, 0, MI_CMD(MI_OP_TOPOLOGY_FILTER),
	    MI_CMD(MI_OP_SET_APPID), MI_CMD(MI_OP_RS_CONTROL), 0x79000002, 1, 2, 3, 0x6D000000,
	    STORE(0, 1));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 1);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_COMMAND), 4);
	ck_assert_uint_eq(fx_count(f, GUC_PT_VIOLATION) - before, 2);
	RUN(CMD_BLT | 0x7Fu << 22, 0, 0xE0000000);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_COMMAND), 6);
	ck_assert_uint_eq(fx_count(f, GUC_PT_VIOLATION) - before, 3);
}
END_TEST

/* The end of a batch that user programs leave undecodable is skipped as well. */
START_TEST(deadbeef)
{
	RUN(STORE(0, 1), 0xDEADBEEF);
	ck_assert_uint_eq(px_get(&p, 0), 1);
	ck_assert(!px_slot(&p)->killed);
}
END_TEST

#define LO(at) ((uint32_t)(at))
#define HI(at) ((uint32_t)((at) >> 32))
static const struct {
	const char *what;
	uint32_t dw[6];
} hostile[] = {
	{ "store without data", { MI_CMD(MI_OP_STORE_DATA_IMM) | 1, LO(PX_DATA), HI(PX_DATA) } },
	{ "half a quadword", { MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | 2, LO(PX_DATA),
			       HI(PX_DATA), 1 } },
	{ "unaligned", { MI_CMD(MI_OP_STORE_DATA_IMM) | 2, LO(PX_DATA) + 1, HI(PX_DATA), 1 } },
	{ "short batch start", { MI_CMD(MI_OP_BATCH_BUFFER_START) | MI_BBS_PPGTT, LO(PX_BATCH) } },
	{ "short register store", { MI_CMD(MI_OP_STORE_REGISTER_MEM) | 1, 0x2600, 0 } },
	{ "short register copy", { MI_CMD(MI_OP_LOAD_REGISTER_REG), 0x2600 } },
	{ "short copy", { MI_CMD(MI_OP_COPY_MEM_MEM) | 2, 0, 0, 0 } },
	{ "octword atomic", { MI_CMD(MI_OP_ATOMIC) | 2u << 19 | 1, LO(PX_DATA), HI(PX_DATA) } },
	{ "atomic without operands", { MI_CMD(MI_OP_ATOMIC) | MI_ATOMIC_INLINE | 1, LO(PX_DATA),
				       HI(PX_DATA) } },
	{ "unaligned atomic", { MI_CMD(MI_OP_ATOMIC) | 1u << 19 | 1, LO(PX_DATA) + 4,
				HI(PX_DATA) } },
	{ "short wait", { MI_CMD(MI_OP_SEMAPHORE_WAIT) | 1, 0, 0 } },
	{ "long pipe control", { CMD_PIPE_CONTROL | 5, 1u << 14 } },
	{ "batch end with a wild length", { MI_CMD(MI_OP_CONDITIONAL_BATCH_BUFFER_END) | 0xFF } },
};

/* Commands of a wrong length or alignment end their context, before they did anything. */
START_TEST(hostile_commands)
{
	uint8_t before[GGTT_PAGE];

	memcpy(before, &f->mem[1][LX_DATA(0)], sizeof(before));
	px_run(&p, hostile[_i].dw, 6);
	killed();
	ck_assert_mem_eq(&f->mem[1][LX_DATA(0)], before, sizeof(before));
}
END_TEST

#define LOOP(t, test, n) tcase_add_loop_test(t, test, 0, (int)(n))
#define EACH(t, test, table) LOOP(t, test, sizeof(table) / sizeof((table)[0]))

static Suite *suite(void)
{
	Suite *s = suite_create("engine commands");
	TCase *t = tcase_create("commands");

	tcase_add_checked_fixture(t, setup, teardown);
	LOOP(t, two_levels, 2);
	tcase_add_test(t, chain_in_second_level);
	tcase_add_test(t, users_stay_inside);
	tcase_add_test(t, endless);
	tcase_add_test(t, held_behind_the_batch);
	tcase_add_test(t, moves_in_mid_batch);
	EACH(t, conditional_end, ends);
	LOOP(t, conditional_end_of_levels, 2);
	tcase_add_test(t, waits);
	EACH(t, set_predicate, predicates);
	EACH(t, predicate_result, results);
	LOOP(t, atomic, 4 * ATOMICS);
	tcase_add_test(t, atomic_plain);
	tcase_add_test(t, copies_and_long_stores);
	tcase_add_test(t, post_sync);
	tcase_add_test(t, registers_last);
	LOOP(t, render_state, 2);
	tcase_add_test(t, remapped);
	EACH(t, math, sums);
	tcase_add_test(t, math_operands);
	tcase_add_test(t, long_commands_count);
	tcase_add_test(t, unknown_commands);
	tcase_add_test(t, deadbeef);
	EACH(t, hostile_commands, hostile);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
