/* SPDX-License-Identifier: MIT */
/* The scheduler (docs/protocol/engine.md): which context runs on which engine, how long,
 * and who has to go. Functions and gangs are in test_guc_sched_turns.c, what holds
 * whatever happens in test_guc_sched_always.c. */
#include "guc_sched.h"
#include "tests/check_main.h"

/* --- contexts ------------------------------------------------------------------------------ */

/* Two endless contexts without quanta on one engine take turns, none starves, and a
 * third's job is done meanwhile. */
START_TEST(spinners_share)
{
	sx_spin(1, 0, 1);
	sx_spin(1, 1, 1);
	sx_go(1, 0);
	sx_go(1, 1);
	sx_add(1, 2, GUC_CLASS_BLITTER, 1);
	lx_emit_store(f, 1, 2, LX_DATA(2), 7);
	fx_run(f, 50);
	sx_go(1, 2);
	fx_run(f, 5);
	ck_assert_uint_eq(sx_count(1, 2), 7);
	fx_run(f, 50);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 1);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 2);
}
END_TEST

/* One context at a time is on an engine, for its execution quantum (KLV 0x2001), and
 * quanta are shares. */
START_TEST(quantum)
{
	uint32_t before;

	sx_spin(1, 0, 1);
	sx_spin(1, 1, 1);
	sx_policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	sx_policy(1, 1, GUC_KLV_CTX_EXECUTION_QUANTUM, 3000);
	sx_go(1, 0);
	sx_go(1, 1);
	fx_run(f, 5);
	ck_assert_uint_gt(sx_count(1, 0), 0);
	ck_assert_uint_eq(sx_count(1, 1), 0);
	fx_run(f, 10);
	before = sx_count(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(sx_count(1, 0), before);
	fx_run(f, 200 * MS);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 3);
}
END_TEST

/* A caller whose clock stands while there is work: what engines do is time, too. */
START_TEST(standing_clock)
{
	sx_spin(1, 0, 1);
	sx_spin(1, 1, 1);
	sx_policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	sx_policy(1, 1, GUC_KLV_CTX_EXECUTION_QUANTUM, 2000);
	sx_go(1, 0);
	sx_go(1, 1);
	for (unsigned i = 0; i < 3000; i++)
		guc_tick(&f->card, f->now);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 2);
}
END_TEST

/* Higher priority (KLV 0x2003, 0 the highest) takes the engine at once and keeps it;
 * contexts that were told none are the lowest. */
START_TEST(priority_wins)
{
	uint32_t low, high;

	sx_spin(1, 0, 1);
	sx_spin(1, 1, 1);
	sx_policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
	sx_policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, (uint32_t)_i);
	sx_go(1, 0);
	fx_run(f, 20);
	low = sx_count(1, 0);
	sx_go(1, 1);
	fx_run(f, 20);
	ck_assert_uint_eq(sx_count(1, 0), low);
	high = sx_count(1, 1);
	ck_assert_uint_gt(high, 0);
	lx_mode(f, 1, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(sx_count(1, 0), low);
	ck_assert_uint_eq(sx_count(1, 1), high);
}
END_TEST

/* While it waits its turn a context's priority may change. */
START_TEST(priority_changes)
{
	uint32_t low;

	sx_spin(1, 0, 1);
	sx_spin(1, 1, 1);
	for (uint32_t id = 0; id < 2; id++) {
		sx_policy(1, id, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
		sx_go(1, id);
	}
	fx_run(f, 20);
	ck_assert_uint_eq(sx_count(1, 1), 0);
	low = sx_count(1, 0);
	sx_policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, 2);
	fx_run(f, 20);
	ck_assert_uint_eq(sx_count(1, 0), low);
	ck_assert_uint_gt(sx_count(1, 1), 0);
}
END_TEST

/* Engines are independent: contexts on two of them run at the same time, each as fast
 * as alone; of several logical instances the free one is taken. */
START_TEST(virtual_engine)
{
	static const uint32_t masks[][2] = { { 1, 2 }, { 3, 3 }, { 1, 3 }, { 3, 2 } };
	uint32_t alone;

	sx_spin(1, 0, masks[_i][0]);
	sx_spin(1, 1, masks[_i][1]);
	sx_policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 10000);
	sx_go(1, 0);
	fx_run(f, 100);
	alone = sx_count(1, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	sx_go(1, 1);
	fx_run(f, 100);
	sx_expect_ratio(sx_count(1, 0), alone, 1, 1);
	sx_expect_ratio(sx_count(1, 1), alone, 1, 1);
}
END_TEST

/* An engine with nothing to do takes over who is queued for another. */
START_TEST(idle_engine_takes_over)
{
	uint32_t before;

	for (uint32_t id = 0; id < 3; id++) {
		sx_spin(1, id, id == 2 ? 3 : 1u << id);
		sx_policy(1, id, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
		sx_go(1, id);
	}
	fx_run(f, 20);
	ck_assert_uint_eq(sx_count(1, 2), 0);
	lx_mode(f, 1, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(sx_count(1, 2), 0);
	before = sx_count(1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(sx_count(1, 0), before);
}
END_TEST

/* The interrupt is the engine's that the context is on: bcs8 is the second copy engine
 * of graphics 30 (guc-abi 9.1). */
START_TEST(engine_of_interrupt)
{
	uint32_t irq = MI_USER_INTERRUPT;
	unsigned source = _i ? 23 : 15;

	sx_add(1, 0, GUC_CLASS_BLITTER, _i ? 2 : 1);
	lx_emit(f, 1, 0, &irq, 1);
	sx_go(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_STATUS(source)], MEMIRQ_SET);
	ck_assert_uint_eq(f->mem[1][FX_MEMIRQ(0) + MEMIRQ_SOURCE(source)], MEMIRQ_SET);
	ck_assert_uint_eq(guc_engine_number(&f->card, GUC_CLASS_BLITTER, (unsigned)_i),
			  guc_engine_record(GUC_CLASS_BLITTER, _i ? 8 : 0));
}
END_TEST

/* Whatever a mask says, it names engines; each runs. */
START_TEST(hostile_masks)
{
	static const uint32_t masks[] = { 0x80000000, 0x100, 0xFFFFFFFF, 0x40 };

	for (uint32_t id = 0; id < 4; id++) {
		sx_add(1, id, id, masks[id]);
		lx_emit_store(f, 1, id, LX_DATA(id), 7);
		sx_go(1, id);
	}
	fx_run(f, 10);
	for (uint32_t id = 0; id < 4; id++)
		ck_assert_uint_eq(sx_count(1, id), 7);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* --- arbitration ---------------------------------------------------------------------------- */

static const uint64_t *fences(void)
{
	static uint64_t seen[8];
	unsigned n = 0;

	for (size_t i = 0; i < f->n_events && n < 8; i++)
		if (f->events[i].point == GUC_PT_FENCE)
			seen[n++] = f->events[i].code << 8 | f->events[i].value;
	return seen;
}

/* While arbitration is off nobody else gets the engine, not even of higher priority. */
START_TEST(arbitration_off)
{
	sx_stubborn(1, 0);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_add(1, 1, GUC_CLASS_BLITTER, 1);
	sx_policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, 0);
	lx_emit_store(f, 1, 1, LX_DATA(1), 7);
	sx_go(1, 0);
	fx_run(f, 2);
	sx_go(1, 1);
	fx_run(f, 20);
	ck_assert_uint_eq(fences()[0], 1);
	ck_assert_uint_eq(fences()[1], 0x107);
	ck_assert_uint_eq(fences()[2], 2);
}
END_TEST

/* Who keeps an engine that another is due for longer than its preemption timeout (KLV
 * 0x2002) is reset: 0x1008, and it runs no more. Nobody else wants it: it may stay. */
START_TEST(timeout_resets)
{
	sx_loop(1, 0, MI_ARB_OFF);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 3000);
	sx_spin(1, 1, 1);
	sx_go(1, 0);
	fx_run(f, 100 * MS);
	ck_assert(!sx_slot(1, 0)->killed);
	sx_go(1, 1);
	fx_run(f, 2 * MS);
	ck_assert_uint_eq(sx_count(1, 1), 0);
	fx_run(f, 2 * MS);
	ck_assert_uint_gt(sx_count(1, 1), 0);
	sx_expect_reset(0);
}
END_TEST

/* A context that waits with arbitration off holds its engine; it is asked again and
 * again, and reset like any other. */
START_TEST(wait_without_arbitration)
{
	const uint32_t off = MI_ARB_OFF;

	lx_emit(f, 1, 0, &off, 1);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_emit_store(f, 1, 0, LX_DATA(0), 7);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 3000);
	sx_go(1, 0);
	fx_run(f, 20);
	ck_assert_int_eq(sx_slot(1, 0)->where, GUC_SEATED);
	if (_i) {
		fx_put(f, 1, GATE, 1);
		fx_run(f, 5);
		ck_assert_uint_eq(sx_count(1, 0), 7);
		return;
	}
	sx_spin(1, 1, 1);
	sx_go(1, 1);
	fx_run(f, 5 * MS);
	sx_expect_reset(0);
	ck_assert_uint_gt(sx_count(1, 1), 0);
}
END_TEST

/* A disable (0x1001) of who can't be preempted is answered when it has left. */
START_TEST(disable_waits)
{
	sx_stubborn(1, 0);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_go(1, 0);
	fx_run(f, 2);
	lx_mode(f, 1, 0, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	ck_assert_uint_eq(sx_count(1, 0), 1);
	ck_assert(!sx_slot(1, 0)->killed && guc_idle(&f->card));
	sx_go(1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(sx_count(1, 0), 2);
}
END_TEST

/* The driver's end of a hung job: timeout 1 us, disable: reset, then the answer, and
 * DEREGISTER is answered. */
START_TEST(disable_resets)
{
	uint32_t dw[2] = { 0, 0 };

	sx_loop(1, 0, MI_ARB_OFF);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_go(1, 0);
	fx_run(f, 20);
	sx_policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 1);
	lx_mode(f, 1, 0, 0);
	fx_run(f, 5);
	sx_expect_reset(0);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_DEREGISTER_CONTEXT_DONE).dw[1], 0);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* Every disable is answered once, whatever comes before it could leave: another
 * disable, an enable, DEREGISTER, PAUSE. */
START_TEST(disable_answered)
{
	uint32_t dw[2] = { 0, 0 };

	sx_loop(1, 0, MI_ARB_OFF);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_go(1, 0);
	fx_run(f, 5);
	lx_mode(f, 1, 0, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	if (_i == 0)
		lx_mode(f, 1, 0, 0);
	else if (_i == 1)
		lx_mode(f, 1, 0, 1);
	else if (_i == 2)
		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
	else
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	if (_i == 1)
		ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 1);
	if (_i == 2)
		lx_event(f, 1, GUC_ACTION_DEREGISTER_CONTEXT_DONE);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-sched");
	TCase *t = tcase_create("sched");

	tcase_add_checked_fixture(t, sx_setup, sx_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, spinners_share);
	tcase_add_test(t, quantum);
	tcase_add_test(t, standing_clock);
	tcase_add_loop_test(t, priority_wins, 0, 3);
	tcase_add_test(t, priority_changes);
	tcase_add_loop_test(t, virtual_engine, 0, 4);
	tcase_add_test(t, idle_engine_takes_over);
	tcase_add_loop_test(t, engine_of_interrupt, 0, 2);
	tcase_add_test(t, hostile_masks);
	tcase_add_test(t, arbitration_off);
	tcase_add_test(t, timeout_resets);
	tcase_add_loop_test(t, wait_without_arbitration, 0, 2);
	tcase_add_test(t, disable_waits);
	tcase_add_test(t, disable_resets);
	tcase_add_loop_test(t, disable_answered, 0, 4);
	suite_add_tcase(s, t);
	return check_main(s);
}
