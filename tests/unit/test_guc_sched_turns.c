/* SPDX-License-Identifier: MIT */
/* The scheduler (docs/protocol/engine.md): functions take turns on the engines, and gangs
 * need several of them at once. */
#include "guc_sched.h"
#include "tests/check_main.h"

/* --- functions ------------------------------------------------------------------------------- */

static void spin_each(unsigned functions, uint32_t ticks)
{
	for (unsigned vf = 1; vf <= functions; vf++) {
		sx_spin(vf, 0, 1);
		sx_go(vf, 0);
	}
	fx_run(f, ticks);
}

/* Functions without a quantum share, and one's many contexts don't make it more. */
START_TEST(functions_share)
{
	sx_spin(1, 1, 1);
	sx_go(1, 1);
	spin_each(2, 100 * MS);
	sx_expect_ratio(sx_count(1, 0) + sx_count(1, 1), 2 * sx_count(2, 0), 1, 1);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 1);
}
END_TEST

/* A function's execution quantum (KLV 0x8A01) is its share of time, on all engines:
 * there is one function at a time. */
START_TEST(function_quanta)
{
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 30);
	sx_spin(2, 1, 2);
	sx_go(2, 1);
	spin_each(2, 800 * MS);
	sx_expect_ratio(sx_count(1, 0), sx_count(2, 0), 1, 3);
	sx_expect_ratio(sx_count(2, 1), sx_count(2, 0), 1, 1);
}
END_TEST

/* Priorities are a function's own affair. */
START_TEST(foreign_priority)
{
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_spin(1, 0, 1);
	sx_policy(1, 0, GUC_KLV_CTX_SCHEDULING_PRIORITY, 0);
	sx_go(1, 0);
	sx_spin(2, 0, 1);
	sx_go(2, 0);
	fx_run(f, 400 * MS);
	sx_expect_ratio(sx_count(1, 0), sx_count(2, 0), 1, 1);
}
END_TEST

/* Who has nothing to do gives its slice up at priority LOW, and keeps it at NORMAL. */
START_TEST(strict_slices)
{
	uint32_t shared;

	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_SCHED_PRIORITY, _i ? 1 : 0);
	spin_each(1, 400 * MS);
	shared = sx_count(1, 0);
	sx_config(2, GUC_KLV_VF_SCHED_PRIORITY, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	fx_run(f, 400 * MS);
	sx_expect_ratio(shared, sx_count(1, 0), 1, _i ? 2 : 1);
}
END_TEST

/* At priority HIGH a function comes after each other's slice. */
START_TEST(high_function)
{
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 5);
	sx_config(3, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_SCHED_PRIORITY, _i ? 2 : 0);
	spin_each(3, 900 * MS);
	sx_expect_ratio(sx_count(2, 0), sx_count(1, 0), _i ? 10 : 5, 10);
	sx_expect_ratio(sx_count(3, 0), sx_count(1, 0), 1, 1);
}
END_TEST

/* The preemption timeout of a function (KLV 0x8A02) ends what keeps an engine after
 * its slice, when that is shorter than the context's own. */
START_TEST(function_timeout)
{
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 1);
	sx_config(1, GUC_KLV_VF_PREEMPT_TIMEOUT, 5000);
	sx_loop(1, 0, MI_ARB_OFF);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 640000);
	sx_go(1, 0);
	fx_run(f, 20 * MS);
	sx_spin(2, 0, 1);
	sx_go(2, 0);
	fx_run(f, 4 * MS);
	ck_assert_uint_eq(sx_count(2, 0), 0);
	fx_run(f, 4 * MS);
	ck_assert_uint_gt(sx_count(2, 0), 0);
	sx_expect_reset(0);
}
END_TEST

/* Engines of another scheduler group (KLV 0x8004) are no part of it: two functions
 * run at a time, one in each. */
START_TEST(groups_apart)
{
	uint32_t list[1 + 2 * GUC_GROUP_DWORDS] = {
		klv_header(GUC_KLV_VGT_ENGINE_GROUP_CONFIG, 2 * GUC_GROUP_DWORDS),
	};
	uint32_t dw[4] = { GUC_ACTION_UPDATE_VGT_POLICY, 0, 0, 33 }, alone;

	dw[1] = (uint32_t)fx_addr(f, 0, FX_LIST);
	list[1 + GUC_CLASS_BLITTER] = 1;
	list[1 + GUC_GROUP_DWORDS + GUC_CLASS_BLITTER] = 2;
	for (unsigned i = 0; i < 33; i++)
		fx_put(f, 0, FX_LIST + 4 * i, list[i]);
	ck_assert_uint_eq(fx_pf(f, 0, dw, 4), 0xF0000001);
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	sx_spin(1, 0, 1);
	sx_go(1, 0);
	fx_run(f, 100 * MS);
	alone = sx_count(1, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	sx_spin(2, 0, 2);
	sx_go(2, 0);
	fx_run(f, 100 * MS);
	sx_expect_ratio(sx_count(1, 0), alone, 1, 1);
	sx_expect_ratio(sx_count(2, 0), alone, 1, 1);
}
END_TEST

/* --- gangs ----------------------------------------------------------------------------------- */

/* Ring of LRC k: its batch, then a store to LX_DATA(k) + 8; the tail is the item's. */
static uint32_t gang_ring(unsigned k)
{
	uint32_t tail;

	lx_emit_batch(f, 1, k, LX_BATCH(k));
	lx_emit_store(f, 1, k, LX_DATA(k) + 8, 9);
	tail = lx_tail(f, 1, k);
	lx_set_tail(f, 1, k, 0);
	return tail;
}

static void gang(uint32_t id, const uint32_t *tails)
{
	lx_register_multi(f, 1, id, 0, 2);
	lx_wq_append(f, 1, id, 0, 2, tails);
	sx_go(1, id);
}

/* What the rings of a parallel context have behind their batches, its fences, waits
 * until all batches of the item have ended; whichever is the last. */
START_TEST(gang_holds_fences)
{
	const uint32_t wait[4] = {
		MI_SEM_WAIT_GGTT_EQ, 1, (uint32_t)fx_addr(f, 1, GATE), 0,
	};
	unsigned slow = (unsigned)_i, quick = 1 - slow;
	uint32_t tails[2];

	lx_batch_store(f, 1, LX_BATCH(0), LX_DATA(0), 7);
	lx_batch_store(f, 1, LX_BATCH(1), LX_DATA(1), 7);
	for (unsigned i = 0; i < 4; i++)
		fx_put(f, 1, LX_BATCH(slow) + 4 * i, wait[i]);
	fx_put(f, 1, LX_BATCH(slow) + 16, MI_NOOP);
	fx_put(f, 1, LX_BATCH(slow) + 20, MI_BATCH_BUFFER_END);
	tails[0] = gang_ring(0);
	tails[1] = gang_ring(1);
	gang(4, tails);
	fx_run(f, 20);
	ck_assert_uint_eq(sx_count(1, quick), 7);
	for (unsigned k = 0; k < 2; k++)
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(k) + 8), 0);
	fx_put(f, 1, GATE, 1);
	fx_run(f, 20);
	for (unsigned k = 0; k < 2; k++)
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(k) + 8), 9);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* A gang needs all its engines at once: it and an endless context on one of them take
 * turns, none starves; with quanta and without. */
START_TEST(gang_shares)
{
	uint32_t tails[2];

	sx_loop(1, 0, MI_NOOP);
	sx_loop(1, 1, MI_NOOP);
	for (unsigned k = 0; k < 2; k++) {
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, 0);
	}
	sx_loop(1, 6, MI_NOOP);
	sx_add(1, 6, GUC_CLASS_VIDEO, 1u << _i % 2);
	lx_register_multi(f, 1, 4, 0, 2);
	if (_i >= 2) {
		sx_policy(1, 4, GUC_KLV_CTX_EXECUTION_QUANTUM, 5000);
		sx_policy(1, 6, GUC_KLV_CTX_EXECUTION_QUANTUM, 5000);
	}
	sx_go(1, 6);
	gang(4, tails);
	fx_run(f, 300 * MS);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 1);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 6), 1, 1);
}
END_TEST

/* Two others take turns on each of a gang's engines, and never leave both at once: the gang
 * has its share of both all the same, and so have they. */
START_TEST(gang_among_many)
{
	static const uint32_t others[] = { 2, 3, 6, 7 };
	uint32_t tails[2];

	for (unsigned k = 0; k < 2; k++) {
		sx_loop(1, k, MI_NOOP);
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		sx_loop(1, others[i], MI_NOOP);
		sx_add(1, others[i], GUC_CLASS_VIDEO, 1u << i / 2);
		sx_policy(1, others[i], GUC_KLV_CTX_EXECUTION_QUANTUM, i / 2 ? 7000 : 3000);
		sx_go(1, others[i]);
		fx_run(f, 5);
	}
	lx_register_multi(f, 1, 4, 0, 2);
	sx_policy(1, 4, GUC_KLV_CTX_EXECUTION_QUANTUM, 5000);
	gang(4, tails);
	fx_run(f, 600 * MS);
	sx_expect_ratio(sx_count(1, 0), sx_count(1, 1), 1, 1);
	for (unsigned engine = 0; engine < 2; engine++) {
		uint32_t one = sx_count(1, others[2 * engine]);
		uint32_t two = sx_count(1, others[2 * engine + 1]);
		uint32_t all = sx_count(1, engine) + one + two;

		ck_assert_uint_gt(sx_count(1, engine), all / 4);
		ck_assert_uint_gt(one, all / 5);
		sx_expect_ratio(one, two, 1, 1);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-sched-turns");
	TCase *t = tcase_create("sched");

	tcase_add_checked_fixture(t, sx_setup, sx_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, functions_share);
	tcase_add_test(t, function_quanta);
	tcase_add_test(t, foreign_priority);
	tcase_add_loop_test(t, strict_slices, 0, 2);
	tcase_add_loop_test(t, high_function, 0, 2);
	tcase_add_test(t, function_timeout);
	tcase_add_test(t, groups_apart);
	tcase_add_loop_test(t, gang_holds_fences, 0, 2);
	tcase_add_loop_test(t, gang_shares, 0, 4);
	tcase_add_test(t, gang_among_many);
	suite_add_tcase(s, t);
	return check_main(s);
}
