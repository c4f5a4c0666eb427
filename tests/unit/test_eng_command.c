/* SPDX-License-Identifier: MIT */
/* What commands do: batches of two levels, waits, predicates, and commands that
 * nobody knows (emulator/engine/command.c and control.c). */
#include "eng_program.h"
#include "tests/check_main.h"

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

/* Behind the last dword of the address space comes the first: a batch that goes on there
 * can be moved as any other. */
START_TEST(moves_behind_the_top)
{
	const uint32_t low[] = { MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_EQ << 12 | 2, 1,
				 lo32(PX_DATA + 0x80), hi32(PX_DATA), STORE(4, 2),
				 MI_BATCH_BUFFER_END };
	const uint64_t top = (1ull << PPGTT_VA_BITS) - 4;
	struct fx *from = f;
	uint32_t dwords;

	px_map(&p, top & ~(uint64_t)(GGTT_PAGE - 1), LX_DATA(1), PX_PAGE);
	fx_put(f, 1, LX_DATA(1) + GGTT_PAGE - 4, MI_NOOP);
	px_map(&p, 0, LX_DATA(2), PX_PAGE);
	for (unsigned i = 0; i < sizeof(low) / 4; i++)
		fx_put(f, 1, LX_DATA(2) + 4 * i, low[i]);
	RUN(START(top, 0));
	ck_assert_uint_eq(px_slot(&p)->exec[0].waiting, 1);
	dwords = lx_save(f);
	f = lx_target(from, FX_VF_START(1) + 0x33000, NULL);
	fx_free(from);
	p.f = f;
	p.tables = f->mem[1];
	ck_assert_uint_eq(fx_restore(f, 0, 1, dwords) & 0xFFFF, dwords);
	lx_resume(f);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_RING_START, (uint32_t)fx_addr(f, 1, LX_RING(0)));
	px_put(&p, 0x80, 1);
	lx_done(f);
	fx_run(f, 20);
	ck_assert_uint_eq(px_get(&p, 4), 2);
	alive();
}
END_TEST

/* Registered and enabled again as it is, which a driver does after a recovery with an
 * enable that it has no answer to: a context in mid-batch goes on there. */
START_TEST(registered_again_in_mid_batch)
{
	uint32_t again[12] = {
		[1] = 1, [3] = px_slot(&p)->engine_class, [4] = px_slot(&p)->submit_mask,
		[10] = px_slot(&p)->lrc_desc[0],
	};

	RUN(MI_CMD(MI_OP_SEMAPHORE_WAIT) | 4u << 12 | 2, 1, lo32(PX_DATA + 0x80), hi32(PX_DATA),
	    STORE(4, 2));
	ck_assert_uint_eq(px_slot(&p)->exec[0].level, 1);
	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, again, 12);
	lx_mode(f, 1, 0, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(px_slot(&p)->exec[0].level, 1);
	px_put(&p, 0x80, 1);
	fx_run(f, 20);
	ck_assert_uint_eq(px_get(&p, 4), 2);
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

static Suite *suite(void)
{
	Suite *s = suite_create("engine commands");
	TCase *t = tcase_create("commands");

	tcase_add_checked_fixture(t, eng_setup, eng_teardown);
	LOOP(t, two_levels, 2);
	tcase_add_test(t, chain_in_second_level);
	tcase_add_test(t, users_stay_inside);
	tcase_add_test(t, endless);
	tcase_add_test(t, held_behind_the_batch);
	tcase_add_test(t, moves_in_mid_batch);
	tcase_add_test(t, moves_behind_the_top);
	tcase_add_test(t, registered_again_in_mid_batch);
	EACH(t, conditional_end, ends);
	LOOP(t, conditional_end_of_levels, 2);
	tcase_add_test(t, waits);
	EACH(t, set_predicate, predicates);
	EACH(t, predicate_result, results);
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
