/* SPDX-License-Identifier: MIT */
/* The command streamer and work queues: what each command does, budgets,
 * faults, hostile rings, gangs (guc-abi 6.4, 9.3). */
#include <check.h>

#include "emulator/guc/exec.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *f;

#define RESULT LX_DATA(0)
#define GATE   (LX_DATA(0) + 0x100)

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	for (unsigned k = 0; k < 4; k++)
		lx_make(f, 1, k, false);
	fx_g2h_drain(f, 1, 0);
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_context *slot(uint32_t id)
{
	return guc_context(&f->card, 0, 1, id);
}

static void start(uint32_t id, unsigned k)
{
	lx_register(f, 1, id, k, 1);
	lx_mode(f, 1, id, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
}

static void expect_killed(uint32_t id)
{
	struct fx_msg m;

	fx_run(f, 100);
	m = lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], id);
	ck_assert(slot(id)->killed);
	ck_assert(guc_idle(&f->card));
}

/* A job's fence lands in memory, its interrupt in the memirq page that the
 * image names, the head at the tail; with and without indirect ring state. */
START_TEST(test_job)
{
	uint32_t irq = MI_USER_INTERRUPT;
	unsigned irqs;

	lx_make(f, 1, 0, _i);
	start(0, 0);
	lx_emit_store(f, 1, 0, RESULT, 0xABCD);
	lx_emit(f, 1, 0, &irq, 1);
	irqs = f->irqs[1][0][0];
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 0xABCD);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_STATUS(15)], MEMIRQ_SET);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_SOURCE(15)], MEMIRQ_SET);
	ck_assert_uint_eq(f->irqs[1][0][0], irqs + 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 1);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* The second copy engine that drivers count is the ninth that there can be, and has
 * that one's source of interrupts. */
START_TEST(test_logical_instance)
{
	uint32_t dw[12] = {
		[3] = GUC_CLASS_BLITTER, [4] = 2,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};
	const uint32_t irq = MI_USER_INTERRUPT;

	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	lx_mode(f, 1, 0, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	lx_emit(f, 1, 0, &irq, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_SOURCE(23)], MEMIRQ_SET);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_SOURCE(14)], 0);
}
END_TEST

/* With MSI-X an image names its vector and the page of its instance, where it reports as
 * the first of its class; GuC's own interrupts keep vector 0. */
START_TEST(test_msix)
{
	const uint32_t image[7] = {
		MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 5, 0xAC, (uint32_t)fx_addr(f, 1, LX_DATA(1)),
		0xA4, (uint32_t)fx_addr(f, 1, LX_DATA(1)) + 0x400, REG_CS_INT_VEC, 0x10001,
	};
	uint32_t dw[12] = {
		[3] = GUC_CLASS_BLITTER, [4] = 2,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};
	const uint32_t irq = MI_USER_INTERRUPT;

	for (unsigned i = 0; i < 7; i++)
		fx_put(f, 1, LX_REGS(0) + 4 * (LRC_MEMIRQ_LRI + i), image[i]);
	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	lx_mode(f, 1, 0, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(f->vector, 0);
	lx_emit(f, 1, 0, &irq, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(f->vector, 1);
	ck_assert_uint_eq(f->mem[1][LX_DATA(1) + MEMIRQ_STATUS(15)], MEMIRQ_SET);
	ck_assert_uint_eq(f->mem[1][LX_DATA(1) + MEMIRQ_SOURCE(15)], MEMIRQ_SET);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_SOURCE(23)], 0);
	lx_mode(f, 1, 0, 0);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(f->vector, 0);
}
END_TEST

/* Jobs run only while the VF is VF_RUNNING, and only when enabled. */
START_TEST(test_only_running)
{
	lx_register(f, 1, 0, 0, 1);
	lx_emit_store(f, 1, 0, RESULT, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 0);
	fx_control(f, 0, 1, GUC_VF_PAUSE);
	slot(0)->enabled = 1;
	guc_run_add(&f->card, 0, slot(0));
	fx_run(f, 10);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 0);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 0);
	fx_control(f, 0, 1, GUC_VF_RESUME);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 1);
}
END_TEST

/* Verdict 11: a compression context is enabled but never runs by itself. */
START_TEST(test_compression_context)
{
	lx_register(f, 1, 0, 0, 1 | GUC_CTX_COMPRESSION_SAVE << 1);
	lx_emit_store(f, 1, 0, RESULT, 1);
	lx_mode(f, 1, 0, 1);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 0);
}
END_TEST

/* Batches run and return; commands without effect are skipped by their length;
 * a qword store stores both dwords. */
START_TEST(test_batch_and_lengths)
{
	uint32_t skipped[6] = { 0x7A000004, MI_BBS_GGTT, 0, 0, 0, 0 };
	uint32_t qword[5] = { MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_GGTT | MI_SDI_QWORD | 3,
			      (uint32_t)fx_addr(f, 1, RESULT + 8), 0, 0x11, 0x22 };

	start(0, 0);
	lx_batch_store(f, 1, LX_BATCH(0), RESULT, 5);
	lx_emit(f, 1, 0, skipped, 6);
	lx_emit_batch(f, 1, 0, LX_BATCH(0));
	lx_emit(f, 1, 0, qword, 5);
	lx_emit_store(f, 1, 0, RESULT + 4, 6);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 5);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 4), 6);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 8), 0x11);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 12), 0x22);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 4);
}
END_TEST

/* PIPE_CONTROL stores two dwords behind its flush: to the GGTT, to the context's
 * own page, or nothing (no operation). Without a PPGTT its addresses are the GGTT's. */
START_TEST(test_pipe_control)
{
	static const struct {
		uint32_t flags;
		bool ggtt, own;
	} c[] = {
		{ PIPE_CONTROL_GGTT | 1u << 14, true, false },
		{ PIPE_CONTROL_INDEX | 1u << 14, false, true },
		{ 1u << 14, true, false }, /* the PPGTT that is not there */
		{ PIPE_CONTROL_GGTT, false, false },
	};
	uint32_t own = 0x200;
	uint32_t cmd[6] = { CMD_PIPE_CONTROL | 4, c[_i].flags,
			    c[_i].own ? own : (uint32_t)fx_addr(f, 1, RESULT), 0, 0x33, 0x44 };

	start(0, 0);
	lx_emit(f, 1, 0, cmd, 6);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), c[_i].ggtt ? 0x33 : 0);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 4), c[_i].ggtt ? 0x44 : 0);
	ck_assert_uint_eq(fx_get(f, 1, LX_BASE(0) + own), c[_i].own ? 0x33 : 0);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}
END_TEST

/* The driver's first job of a class: with the watchdog armed a wait that can't end
 * is passed, as after a reset of the engine; nothing is told; disarmed it waits. */
START_TEST(test_watchdog)
{
	uint32_t arm[5] = { MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 3, 0x217C, 2, 0x2178, 0 };
	uint32_t disarm[3] = { MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, 0x2178, 1 };

	start(0, 0);
	lx_emit(f, 1, 0, arm, 5);
	lx_emit_wait(f, 1, 0, GATE, 0xDEAD);
	lx_emit(f, 1, 0, disarm, 3);
	lx_emit_store(f, 1, 0, RESULT, 1);
	lx_emit_wait(f, 1, 0, GATE, 0xDEAD);
	lx_emit_store(f, 1, 0, RESULT + 4, 2);
	lx_sched(f, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 1);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 4), 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* Verdict 9: CTX_TIMESTAMP goes on at 19.2 MHz while the context runs or polls, not
 * while it rests; a store of the register tells the same as the image. */
START_TEST(test_timestamp)
{
	uint32_t srm[4] = { MI_CMD(MI_OP_STORE_REGISTER_MEM) | MI_SRM_GGTT | 2, 0x23A8,
			    (uint32_t)fx_addr(f, 1, RESULT), 0 };
	uint32_t other[4] = { srm[0], 0x2168, (uint32_t)fx_addr(f, 1, RESULT + 4), 0 };
	uint32_t rest, went;

	start(0, 0);
	fx_put(f, 1, RESULT + 4, 7);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_emit(f, 1, 0, srm, 4);
	lx_emit(f, 1, 0, other, 4);
	lx_sched(f, 1, 0);
	fx_run(f, 1000); /* of 100 us */
	went = fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP);
	ck_assert_uint_gt(went, 1900000);
	ck_assert_uint_lt(went, 1940000);
	fx_put(f, 1, GATE, 1);
	fx_run(f, 10);
	rest = fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), rest);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 4), 0);
	fx_run(f, 100);
	ck_assert_uint_eq(fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP), rest);
}
END_TEST

/* Nor while the context is disabled or its function paused, though it waited then. */
START_TEST(test_timestamp_disabled)
{
	start(0, 0);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	if (_i)
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	else
		lx_mode(f, 1, 0, 0);
	f->now += 10000000000;
	guc_tick(&f->card, f->now);
	if (_i)
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	else
		lx_mode(f, 1, 0, 1);
	fx_run(f, 10);
	ck_assert_uint_gt(fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP), 19200 / 2);
	ck_assert_uint_lt(fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP), 19200 * 3);
}
END_TEST

/* Stores to the GGTT are events, one a dword: a long one counts for them. */
START_TEST(test_long_store)
{
	uint32_t dw[3 + 1000] = { MI_SDI_DWORD_GGTT + 999, (uint32_t)fx_addr(f, 1, RESULT) };
	struct eng_slice slice = { .budget = 1 };
	uint32_t spent = 0;
	const struct eng_place place = {
		.c = &f->card, .ctx = slot(0), .fn = 1, .spent = &spent,
	};

	start(0, 0);
	lx_emit(f, 1, 0, dw, 1003);
	ck_assert_int_eq(eng_run(&place, 0, &slice), ENG_DONE);
	ck_assert_uint_ge(spent, 500);
}
END_TEST

/* A ring goes round, also in the middle of a command. */
START_TEST(test_ring_wrap)
{
	uint32_t at = LX_RING_BYTES - 8;

	start(0, 0);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_RING_HEAD, at);
	lx_set_tail(f, 1, 0, at);
	lx_emit_store(f, 1, 0, RESULT, 7);
	lx_emit_store(f, 1, 0, RESULT + 4, 8);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 7);
	ck_assert_uint_eq(fx_get(f, 1, RESULT + 4), 8);
	ck_assert_uint_eq(lx_head(f, 1, 0), 24);
}
END_TEST

static const struct {
	uint32_t op, memory, value;
	bool passes;
} compares[] = {
	{ 0, 2, 1, true },  { 0, 1, 1, false }, { 1, 1, 1, true },  { 1, 0, 1, false },
	{ 2, 0, 1, true },  { 2, 1, 1, false }, { 3, 1, 1, true },  { 3, 2, 1, false },
	{ 4, 1, 1, true },  { 4, 2, 1, false }, { 5, 2, 1, true },  { 5, 1, 1, false },
};

/* Verdict 8: MI_SEMAPHORE_WAIT is compared (memory OP value) and polled. */
START_TEST(test_semaphore)
{
	uint32_t wait[4] = { MI_SEM_WAIT_GGTT_EQ, compares[_i].value,
			     (uint32_t)fx_addr(f, 1, GATE), 0 };

	wait[0] = (wait[0] & ~MI_SEM_COMPARE) | field_put(MI_SEM_COMPARE, compares[_i].op);
	fx_put(f, 1, GATE, compares[_i].memory);
	start(0, 0);
	lx_emit(f, 1, 0, wait, 4);
	lx_emit_store(f, 1, 0, RESULT, 1);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), compares[_i].passes);
	ck_assert((guc_engine_next(&f->card, 0) != UINT64_MAX) == !compares[_i].passes);
	ck_assert(guc_engine_run(&f->card, 0) == false);
}
END_TEST

/* A waiting context goes on when memory changes, without a doorbell, and holds
 * up no other. */
START_TEST(test_semaphore_polled)
{
	start(0, 0);
	start(1, 1);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_emit_store(f, 1, 0, RESULT, 1);
	lx_emit_store(f, 1, 1, LX_DATA(1), 2);
	lx_sched(f, 1, 0);
	lx_sched(f, 1, 1);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 0);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 2);
	fx_put(f, 1, GATE, 1);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, RESULT), 1);
	ck_assert_uint_eq(guc_engine_next(&f->card, 0), UINT64_MAX);
}
END_TEST

/* A context gets its budget of commands a run, then it is another's turn. */
START_TEST(test_budget)
{
	struct guc_options *o = &f->card.block->options;
	uint32_t nops[300] = { 0 };

	o->engine_budget = 100;
	for (uint32_t id = 0; id < 2; id++) {
		start(id, id);
		lx_emit(f, 1, id, nops, 300);
		slot(id)->enabled = 1;
		guc_contexts_kick(&f->card, 0, 1);
	}
	for (uint32_t round = 1; round <= 3; round++) {
		ck_assert(guc_engine_run(&f->card, 0) == (round < 3));
		ck_assert_uint_eq(lx_head(f, 1, 0), 400 * round);
		ck_assert_uint_eq(lx_head(f, 1, 1), 400 * round);
	}
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 0);
}
END_TEST

static const struct {
	const char *what;
	uint32_t dw[4];
} hostile[] = {
	{ "store outside", { MI_SDI_DWORD_GGTT, FX_VF_START(2), 0, 1 } },
	{ "store above 4 GiB", { MI_SDI_DWORD_GGTT, FX_VF_START(1), 1, 1 } },
	{ "store by no PPGTT", { MI_CMD(MI_OP_STORE_DATA_IMM) | 2, FX_VF_START(2), 0, 1 } },
	{ "store unaligned", { MI_SDI_DWORD_GGTT, FX_VF_START(1) + 2, 0, 1 } },
	{ "store cut off", { MI_NOOP, MI_NOOP, MI_NOOP, MI_SDI_DWORD_GGTT } },
	{ "store too long", { MI_SDI_DWORD_GGTT + 1, FX_VF_START(1), 0, 1 } },
	{ "batch outside", { MI_BBS_GGTT, FX_VF_START(2), 0, 0 } },
	{ "batch in no PPGTT", { MI_BBS_GGTT | MI_BBS_PPGTT, FX_VF_START(2), 0, 0 } },
	{ "wait outside", { MI_SEM_WAIT_GGTT_EQ, 0, FX_VF_START(2), 0 } },
	{ "command past the tail", { 0x7A0000FF, 0, 0, 0 } },
};

/* Verdict 7: a fault or garbage ends the context with a CAT error; nothing
 * foreign is written, others run on. */
START_TEST(test_hostile_ring)
{
	uint32_t before = fx_get(f, 2, 0);

	start(0, 0);
	start(1, 1);
	lx_emit(f, 1, 0, hostile[_i].dw, 4);
	lx_sched(f, 1, 0);
	expect_killed(0);
	ck_assert_uint_eq(fx_get(f, 2, 0), before);
	lx_emit_store(f, 1, 1, LX_DATA(1), 2);
	lx_sched(f, 1, 1);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 2);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 1);
}
END_TEST

static const struct {
	const char *what;
	uint32_t dword, value;
} bad_image[] = {
	{ "head beyond the ring", LRC_RING_HEAD, LX_RING_BYTES },
	{ "tail beyond the ring", LRC_RING_TAIL, LX_RING_BYTES + 8 },
	{ "foreign ring", LRC_RING_START, FX_VF_START(2) },
	{ "foreign indirect page", LRC_INDIRECT_RING, FX_VF_START(2) },
	{ "ring longer than the range", LRC_RING_CTL, RING_CTL_SIZE | RING_CTL_VALID },
};

/* Every word of an image is hostile. */
START_TEST(test_hostile_image)
{
	start(0, 0);
	lx_emit_store(f, 1, 0, RESULT, 1);
	fx_put(f, 1, LX_REGS(0) + 4 * bad_image[_i].dword, bad_image[_i].value);
	if (bad_image[_i].dword == LRC_RING_CTL)
		lx_set_tail(f, 1, 0, RING_CTL_SIZE - 8);
	lx_sched(f, 1, 0);
	fx_run(f, 2000);
	expect_killed(0);
}
END_TEST

/* A batch that never ends is left at the end of the function's memory. */
START_TEST(test_endless_batch)
{
	start(0, 0);
	lx_emit_batch(f, 1, 0, FX_MEM - 0x1000);
	lx_sched(f, 1, 0);
	expect_killed(0);
}
END_TEST

/* MI_FLUSH_DW as a driver's fence: a dword or a quadword to GGTT, or to the
 * status page by index; other writes and no write at all have no effect. */
START_TEST(test_flush_dw)
{
	static const struct {
		uint32_t dw0, flags, at, n; /* at: 1 + offset of the write, 0 = none */
	} flushes[] = {
		{ MI_FLUSH_DWORD, MI_FLUSH_GGTT, 1 + LX_DATA(0), 1 },
		{ MI_FLUSH_DWORD + 1, MI_FLUSH_GGTT, 1 + LX_DATA(0), 2 },
		{ MI_FLUSH_DWORD | MI_FLUSH_INDEX, MI_FLUSH_GGTT, 1 + LX_BASE(0) + 0x18, 1 },
		{ MI_FLUSH_DWORD, 0, 1 + LX_DATA(0), 1 },
		{ MI_CMD(MI_OP_FLUSH_DW) | 2u, MI_FLUSH_GGTT, 0, 1 },
	};
	uint32_t at = flushes[_i].at ? flushes[_i].at - 1 : LX_DATA(0);
	uint32_t dw[8] = {
		flushes[_i].dw0,
		(flushes[_i].dw0 & MI_FLUSH_INDEX ? 0x18 : (uint32_t)fx_addr(f, 1, at)) |
			flushes[_i].flags,
		0, 0x11, 0x22,
	};

	start(0, 0);
	lx_emit(f, 1, 0, dw, flushes[_i].n == 2 ? 6 : 4);
	lx_emit_store(f, 1, 0, LX_DATA(0) + 16, 7);
	lx_sched(f, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, at), flushes[_i].at ? 0x11 : 0);
	ck_assert_uint_eq(fx_get(f, 1, at + 4), flushes[_i].n == 2 ? 0x22 : 0);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0) + 16), 7);
	ck_assert(!slot(0)->killed);
}
END_TEST

/* A batch outside the VF's range is not entered: nothing of it would be saved. */
START_TEST(test_foreign_batch)
{
	uint32_t dw[4] = { MI_BBS_GGTT, FX_PF_START, 0, MI_NOOP };

	start(0, 0);
	lx_emit(f, 1, 0, dw, 4);
	lx_sched(f, 1, 0);
	expect_killed(0);
	ck_assert_uint_eq(slot(0)->exec[0].batch, 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 1);
}
END_TEST

/* A flush that would write outside the VF's range ends its context. */
START_TEST(test_flush_dw_foreign)
{
	uint32_t dw[4] = { MI_FLUSH_DWORD, FX_PF_START | MI_FLUSH_GGTT, 0, 1 };

	start(0, 0);
	lx_emit(f, 1, 0, dw, 4);
	lx_sched(f, 1, 0);
	expect_killed(0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 1);
}
END_TEST

/* However many contexts have much to do, a turn executes GUC_ENGINE_TURN commands
 * and the next one goes on with those that had none. */
START_TEST(test_turn)
{
	uint32_t nops[1000] = { 0 };

	f->card.block->options.engine_budget = 1000;
	for (uint32_t id = 0; id < 7; id++) {
		lx_make(f, 1, id, false);
		start(id, id);
		lx_emit(f, 1, id, nops, 1000);
		slot(id)->enabled = 1;
	}
	guc_contexts_kick(&f->card, 0, 1);
	for (uint32_t turn = 0; turn < 2; turn++) {
		ck_assert(guc_engine_run(&f->card, 0) == (turn == 0));
		for (uint32_t id = 0; id < 7; id++)
			ck_assert_uint_eq(lx_head(f, 1, id), turn || id < 5 ? 4000 : 0);
	}
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 0);
}
END_TEST

/* guc-abi 6.1: SCHED_ENGINE_MODE stops a class of the function's own contexts and
 * lets them go on; it is answered each time. */
START_TEST(test_engine_mode)
{
	uint32_t dw[4] = { 0, GUC_CLASS_BLITTER, 0, 1 };
	struct fx_msg m;

	start(0, 0);
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_SCHED_ENGINE_MODE_SET, dw, 4);
	m = lx_event(f, 1, GUC_ACTION_SCHED_ENGINE_MODE_DONE);
	ck_assert_uint_eq(m.len, 3);
	ck_assert_uint_eq(m.dw[1], GUC_CLASS_BLITTER);
	ck_assert_uint_eq(m.dw[2], 0);
	lx_sched(f, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	ck_assert(guc_idle(&f->card));
	dw[2] = 1;
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_SCHED_ENGINE_MODE_SET, dw, 4);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_ENGINE_MODE_DONE).dw[2], 1);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 5);
	dw[1] = GUC_CLASS_COUNT;
	lx_send(f, 1, HXG_REQUEST, GUC_ACTION_SCHED_ENGINE_MODE_SET, dw, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0],
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_ENGINE_ID, 0));
}
END_TEST

/* A batch that starts itself again is endless and legal: it takes its budget of
 * every turn, and others go on. */
START_TEST(test_endless_chain)
{
	start(0, 0);
	start(1, 1);
	fx_put(f, 1, LX_BATCH(0), MI_BBS_GGTT);
	fx_put(f, 1, LX_BATCH(0) + 4, (uint32_t)fx_addr(f, 1, LX_BATCH(0)));
	lx_emit_batch(f, 1, 0, LX_BATCH(0));
	lx_sched(f, 1, 0);
	fx_run(f, 50);
	lx_emit_store(f, 1, 1, LX_DATA(1), 2);
	lx_sched(f, 1, 1);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 2);
	ck_assert(!slot(0)->killed);
	ck_assert(!guc_idle(&f->card));
	lx_mode(f, 1, 0, 0);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	fx_run(f, 2);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* --- work queues ------------------------------------------------------------------- */

static void start_parallel(void)
{
	lx_register_multi(f, 1, 4, 0, 2);
	lx_mode(f, 1, 4, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
}

/* Fill both rings up to tails that the driver leaves to the GuC. */
static void parallel_job(uint32_t value, uint32_t *tails)
{
	for (unsigned k = 0; k < 2; k++) {
		uint32_t old = lx_tail(f, 1, k);

		lx_set_tail(f, 1, k, tails[k]);
		lx_emit_store(f, 1, k, LX_DATA(k), value);
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, old);
	}
	lx_wq_append(f, 1, 4, 0, 2, tails);
}

/* An item sets all ring tails, all rings run, the head moves behind it; no-ops
 * are passed over. */
START_TEST(test_wq_items)
{
	uint32_t tails[2] = { 0, 0 };
	uint32_t at;

	start_parallel();
	parallel_job(1, tails);
	at = fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_TAIL);
	fx_put(f, 1, LX_WQ(0) + at, field_put(WQ_LENGTH, 1) | WQ_TYPE_NOOP);
	fx_put(f, 1, LX_WQ_DESC(0) + WQ_DESC_TAIL, at + 8);
	parallel_job(2, tails);
	lx_sched(f, 1, 4);
	fx_run(f, 10);
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(k)), 2);
		ck_assert_uint_eq(lx_head(f, 1, k), 32);
		ck_assert_uint_eq(lx_tail(f, 1, k), 32);
	}
	ck_assert_uint_eq(fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_HEAD),
			  fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_TAIL));
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 4);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* guc-abi 6.4: a tail of 1024 is 0. */
START_TEST(test_wq_tail_at_end)
{
	uint32_t at = WQ_BYTES - 20, tails[2] = { 0, 0 };

	start_parallel();
	fx_put(f, 1, LX_WQ_DESC(0) + WQ_DESC_HEAD, at);
	fx_put(f, 1, LX_WQ_DESC(0) + WQ_DESC_TAIL, at);
	parallel_job(1, tails);
	ck_assert_uint_eq(fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_TAIL), WQ_BYTES);
	lx_sched(f, 1, 4);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 1);
	ck_assert_uint_eq(fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_HEAD), 0);
	ck_assert(!slot(4)->killed);
}
END_TEST

/* Leader and child run side by side: each waits for what the other stores. */
START_TEST(test_wq_gang)
{
	uint32_t tails[2];

	start_parallel();
	lx_emit_store(f, 1, 0, GATE, 1);
	lx_emit_wait(f, 1, 0, GATE + 4, 1);
	lx_emit_wait(f, 1, 1, GATE, 1);
	lx_emit_store(f, 1, 1, GATE + 4, 1);
	for (unsigned k = 0; k < 2; k++) {
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, 0);
	}
	lx_wq_append(f, 1, 4, 0, 2, tails);
	lx_sched(f, 1, 4);
	fx_run(f, 20);
	ck_assert_uint_eq(lx_head(f, 1, 0), tails[0]);
	ck_assert_uint_eq(lx_head(f, 1, 1), tails[1]);
	ck_assert_uint_eq(fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_HEAD), 20);
}
END_TEST

static const struct {
	const char *what;
	uint32_t offset, value; /* in the queue, or from WQ_BYTES on in its descriptor */
} bad_items[] = {
	{ "unknown type", 0, 4u << 16 | 6 },
	{ "length of another width", 0, 5u << 16 | WQ_TYPE_MULTI_LRC },
	{ "longer than what is filled", 0, 9u << 16 | WQ_TYPE_NOOP },
	{ "another's LRC", 4, FX_VF_START(1) },
	{ "another id", 8, 3 },
	{ "ring tail beyond the ring", 16, 0x7FF },
	{ "head beyond the queue", WQ_BYTES + WQ_DESC_HEAD, 2048 },
	{ "tail beyond the queue", WQ_BYTES + WQ_DESC_TAIL, 0xFFFFFFFC },
	{ "odd tail", WQ_BYTES + WQ_DESC_TAIL, 21 },
};

/* A bad item stops the queue with status 3 and kills the context. */
START_TEST(test_wq_bad_item)
{
	uint32_t tails[2] = { 0, 0 }, at = bad_items[_i].offset;

	start_parallel();
	parallel_job(1, tails);
	fx_put(f, 1, at < WQ_BYTES ? LX_WQ(0) + at : LX_WQ_DESC(0) + at - WQ_BYTES,
	       bad_items[_i].value);
	lx_sched(f, 1, 4);
	expect_killed(4);
	ck_assert_uint_eq(fx_get(f, 1, LX_WQ_DESC(0) + WQ_DESC_STATUS), WQ_CMD_ERROR);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-engine");
	TCase *t = tcase_create("engine");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_job, 0, 2);
	tcase_add_test(t, test_logical_instance);
	tcase_add_test(t, test_msix);
	tcase_add_test(t, test_only_running);
	tcase_add_test(t, test_compression_context);
	tcase_add_test(t, test_batch_and_lengths);
	tcase_add_loop_test(t, test_pipe_control, 0, 4);
	tcase_add_test(t, test_watchdog);
	tcase_add_test(t, test_timestamp);
	tcase_add_loop_test(t, test_timestamp_disabled, 0, 2);
	tcase_add_test(t, test_long_store);
	tcase_add_test(t, test_ring_wrap);
	tcase_add_loop_test(t, test_semaphore, 0, sizeof(compares) / sizeof(compares[0]));
	tcase_add_test(t, test_semaphore_polled);
	tcase_add_test(t, test_budget);
	tcase_add_test(t, test_turn);
	tcase_add_loop_test(t, test_hostile_ring, 0, sizeof(hostile) / sizeof(hostile[0]));
	tcase_add_loop_test(t, test_hostile_image, 0, sizeof(bad_image) / sizeof(bad_image[0]));
	tcase_add_test(t, test_endless_batch);
	tcase_add_test(t, test_endless_chain);
	tcase_add_loop_test(t, test_flush_dw, 0, 5);
	tcase_add_test(t, test_flush_dw_foreign);
	tcase_add_test(t, test_foreign_batch);
	tcase_add_test(t, test_engine_mode);
	tcase_add_test(t, test_wq_items);
	tcase_add_test(t, test_wq_tail_at_end);
	tcase_add_test(t, test_wq_gang);
	tcase_add_loop_test(t, test_wq_bad_item, 0, sizeof(bad_items) / sizeof(bad_items[0]));
	suite_add_tcase(s, t);
	return check_main(s);
}
