/* SPDX-License-Identifier: MIT */
/* The scheduler (docs/protocol/engine.md): who runs on which engine, how long, who
 * has to go, in virtual time of 100 us a tick; functions' slices; gangs. */
#include <check.h>
#include <stdlib.h>

#include "emulator/guc/sched.h"
#include "guc_lrc.h"
#include "sim/random.h"
#include "tests/check_main.h"

static struct fx *f;

#define GATE   (LX_DATA(7) + 0x100)
#define ATOMIC_INC (MI_CMD(0x2F) | 5u << 8 | 1u)
#define MS 10u /* ticks */

static void setup(void)
{
	f = fx_new(1, 1, 3, NULL);
	for (unsigned vf = 1; vf <= 3; vf++) {
		fx_provision(f, vf);
		fx_boot(f, vf, 0);
		for (unsigned k = 0; k < 8; k++)
			lx_make(f, vf, k, false);
		fx_g2h_drain(f, vf, 0);
	}
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_context *slot(unsigned vf, uint32_t id)
{
	return guc_context(&f->card, 0, vf, id);
}

/* Context `id` with LRC `id`, on logical instances of a class. */
static void add(unsigned vf, uint32_t id, uint32_t class, uint32_t mask)
{
	uint32_t dw[12] = {
		[1] = 1, [2] = id, [3] = class, [4] = mask,
		[10] = (uint32_t)fx_addr(f, vf, LX_BASE(id)) | LRC_DESC_KERNEL,
	};

	lx_send(f, vf, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
}

static void policy(unsigned vf, uint32_t id, uint32_t key, uint32_t value)
{
	uint32_t dw[4] = { 0, id, klv_header(key, 1), value };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 4);
}

static void go(unsigned vf, uint32_t id)
{
	lx_mode(f, vf, id, 1);
	fx_g2h_drain(f, vf, 0);
}

/* Commands of LRC k's batch, which its ring starts. */
static void batch(unsigned vf, unsigned k, const uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fx_put(f, vf, LX_BATCH(k) + 4 * i, dw[i]);
	lx_emit_batch(f, vf, k, LX_BATCH(k));
}

/* A batch that counts in LX_DATA(k) for ever; `first` comes once, before. */
static void loop(unsigned vf, unsigned k, uint32_t first)
{
	const uint32_t dw[7] = {
		first,
		ATOMIC_INC, (uint32_t)fx_addr(f, vf, LX_DATA(k)), 0,
		MI_BBS_GGTT, (uint32_t)fx_addr(f, vf, LX_BATCH(k) + 4), 0,
	};

	batch(vf, k, dw, 7);
}

static void spin(unsigned vf, uint32_t id, uint32_t mask)
{
	loop(vf, id, MI_NOOP);
	add(vf, id, GUC_CLASS_BLITTER, mask);
}

static uint32_t count(unsigned vf, unsigned k)
{
	return fx_get(f, vf, LX_DATA(k));
}

/* a : b is as want_a : want_b, a tenth off at most. */
static void expect_ratio(uint32_t a, uint32_t b, uint32_t want_a, uint32_t want_b)
{
	ck_assert_uint_gt(b, 0);
	ck_assert_msg(10ull * a * want_b >= 9ull * b * want_a &&
		      10ull * a * want_b <= 11ull * b * want_a, "%u to %u", a, b);
}

static void config(unsigned vf, uint32_t key, uint32_t value)
{
	const uint32_t list[2] = { klv_header(key, 1), value };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, vf, list, 2), 0xF0000001);
}

/* --- contexts ------------------------------------------------------------------------------ */

/* Two endless contexts without quanta on one engine take turns, none starves, and a
 * third's job is done meanwhile. */
START_TEST(spinners_share)
{
	spin(1, 0, 1);
	spin(1, 1, 1);
	go(1, 0);
	go(1, 1);
	add(1, 2, GUC_CLASS_BLITTER, 1);
	lx_emit_store(f, 1, 2, LX_DATA(2), 7);
	fx_run(f, 50);
	go(1, 2);
	fx_run(f, 5);
	ck_assert_uint_eq(count(1, 2), 7);
	fx_run(f, 50);
	expect_ratio(count(1, 0), count(1, 1), 1, 1);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 2);
}
END_TEST

/* One context at a time is on an engine, for its execution quantum (KLV 0x2001), and
 * quanta are shares. */
START_TEST(quantum)
{
	uint32_t before;

	spin(1, 0, 1);
	spin(1, 1, 1);
	policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	policy(1, 1, GUC_KLV_CTX_EXECUTION_QUANTUM, 3000);
	go(1, 0);
	go(1, 1);
	fx_run(f, 5);
	ck_assert_uint_gt(count(1, 0), 0);
	ck_assert_uint_eq(count(1, 1), 0);
	fx_run(f, 10);
	before = count(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(count(1, 0), before);
	fx_run(f, 200 * MS);
	expect_ratio(count(1, 0), count(1, 1), 1, 3);
}
END_TEST

/* A caller whose clock stands while there is work: what engines do is time, too. */
START_TEST(standing_clock)
{
	spin(1, 0, 1);
	spin(1, 1, 1);
	policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	policy(1, 1, GUC_KLV_CTX_EXECUTION_QUANTUM, 2000);
	go(1, 0);
	go(1, 1);
	for (unsigned i = 0; i < 3000; i++)
		guc_tick(&f->card, f->now);
	expect_ratio(count(1, 0), count(1, 1), 1, 2);
}
END_TEST

/* Higher priority (KLV 0x2003, 0 the highest) takes the engine at once and keeps it;
 * contexts that were told none are the lowest. */
START_TEST(priority_wins)
{
	uint32_t low, high;

	spin(1, 0, 1);
	spin(1, 1, 1);
	policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
	policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, (uint32_t)_i);
	go(1, 0);
	fx_run(f, 20);
	low = count(1, 0);
	go(1, 1);
	fx_run(f, 20);
	ck_assert_uint_eq(count(1, 0), low);
	high = count(1, 1);
	ck_assert_uint_gt(high, 0);
	lx_mode(f, 1, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(count(1, 0), low);
	ck_assert_uint_eq(count(1, 1), high);
}
END_TEST

/* While it waits its turn a context's priority may change. */
START_TEST(priority_changes)
{
	uint32_t low;

	spin(1, 0, 1);
	spin(1, 1, 1);
	for (uint32_t id = 0; id < 2; id++) {
		policy(1, id, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
		go(1, id);
	}
	fx_run(f, 20);
	ck_assert_uint_eq(count(1, 1), 0);
	low = count(1, 0);
	policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, 2);
	fx_run(f, 20);
	ck_assert_uint_eq(count(1, 0), low);
	ck_assert_uint_gt(count(1, 1), 0);
}
END_TEST

/* Engines are independent: contexts on two of them run at the same time, each as fast
 * as alone; of several logical instances the free one is taken. */
START_TEST(virtual_engine)
{
	static const uint32_t masks[][2] = { { 1, 2 }, { 3, 3 }, { 1, 3 }, { 3, 2 } };
	uint32_t alone;

	spin(1, 0, masks[_i][0]);
	spin(1, 1, masks[_i][1]);
	policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 10000);
	go(1, 0);
	fx_run(f, 100);
	alone = count(1, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	go(1, 1);
	fx_run(f, 100);
	expect_ratio(count(1, 0), alone, 1, 1);
	expect_ratio(count(1, 1), alone, 1, 1);
}
END_TEST

/* An engine with nothing to do takes over who is queued for another. */
START_TEST(idle_engine_takes_over)
{
	uint32_t before;

	for (uint32_t id = 0; id < 3; id++) {
		spin(1, id, id == 2 ? 3 : 1u << id);
		policy(1, id, GUC_KLV_CTX_EXECUTION_QUANTUM, 100000);
		go(1, id);
	}
	fx_run(f, 20);
	ck_assert_uint_eq(count(1, 2), 0);
	lx_mode(f, 1, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(count(1, 2), 0);
	before = count(1, 0);
	fx_run(f, 20);
	ck_assert_uint_gt(count(1, 0), before);
}
END_TEST

/* The interrupt is the engine's that the context is on: bcs8 is the second copy engine
 * of graphics 30 (guc-abi 9.1). */
START_TEST(engine_of_interrupt)
{
	uint32_t irq = MI_USER_INTERRUPT;
	unsigned source = _i ? 23 : 15;

	add(1, 0, GUC_CLASS_BLITTER, _i ? 2 : 1);
	lx_emit(f, 1, 0, &irq, 1);
	go(1, 0);
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
		add(1, id, id, masks[id]);
		lx_emit_store(f, 1, id, LX_DATA(id), 7);
		go(1, id);
	}
	fx_run(f, 10);
	for (uint32_t id = 0; id < 4; id++)
		ck_assert_uint_eq(count(1, id), 7);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* --- arbitration ---------------------------------------------------------------------------- */

/* A batch of 1,500 commands without arbitration, a store at their end, then as many
 * with it and another store. */
static void stubborn(unsigned vf, unsigned k)
{
	uint32_t dw[1712] = { MI_ARB_OFF };
	const uint32_t to = (uint32_t)fx_addr(f, vf, LX_DATA(k));
	const uint32_t one[5] = { MI_SDI_DWORD_GGTT, to, 0, 1, MI_ARB_ON };
	const uint32_t two[5] = { MI_SDI_DWORD_GGTT, to, 0, 2, MI_BATCH_BUFFER_END };

	memcpy(dw + 900, one, sizeof(one));
	memcpy(dw + 1700, two, sizeof(two));
	batch(vf, k, dw, 1712);
}

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
	stubborn(1, 0);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	add(1, 1, GUC_CLASS_BLITTER, 1);
	policy(1, 1, GUC_KLV_CTX_SCHEDULING_PRIORITY, 0);
	lx_emit_store(f, 1, 1, LX_DATA(1), 7);
	go(1, 0);
	fx_run(f, 2);
	go(1, 1);
	fx_run(f, 20);
	ck_assert_uint_eq(fences()[0], 1);
	ck_assert_uint_eq(fences()[1], 0x107);
	ck_assert_uint_eq(fences()[2], 2);
}
END_TEST

static void expect_reset(uint32_t id)
{
	struct fx_msg m = lx_event(f, 1, GUC_ACTION_CONTEXT_RESET_NOTIFICATION);

	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], id);
	ck_assert(slot(1, id)->killed);
}

/* Who keeps an engine that another is due for longer than its preemption timeout (KLV
 * 0x2002) is reset: 0x1008, and it runs no more. Nobody else wants it: it may stay. */
START_TEST(timeout_resets)
{
	loop(1, 0, MI_ARB_OFF);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 3000);
	spin(1, 1, 1);
	go(1, 0);
	fx_run(f, 100 * MS);
	ck_assert(!slot(1, 0)->killed);
	go(1, 1);
	fx_run(f, 2 * MS);
	ck_assert_uint_eq(count(1, 1), 0);
	fx_run(f, 2 * MS);
	ck_assert_uint_gt(count(1, 1), 0);
	expect_reset(0);
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
	add(1, 0, GUC_CLASS_BLITTER, 1);
	policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 3000);
	go(1, 0);
	fx_run(f, 20);
	ck_assert_int_eq(slot(1, 0)->where, GUC_SEATED);
	if (_i) {
		fx_put(f, 1, GATE, 1);
		fx_run(f, 5);
		ck_assert_uint_eq(count(1, 0), 7);
		return;
	}
	spin(1, 1, 1);
	go(1, 1);
	fx_run(f, 5 * MS);
	expect_reset(0);
	ck_assert_uint_gt(count(1, 1), 0);
}
END_TEST

/* A disable (0x1001) of who can't be preempted is answered when it has left. */
START_TEST(disable_waits)
{
	stubborn(1, 0);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	go(1, 0);
	fx_run(f, 2);
	lx_mode(f, 1, 0, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	ck_assert_uint_eq(count(1, 0), 1);
	ck_assert(!slot(1, 0)->killed && guc_idle(&f->card));
	go(1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(count(1, 0), 2);
}
END_TEST

/* The driver's end of a hung job: timeout 1 us, disable: reset, then the answer, and
 * DEREGISTER is answered. */
START_TEST(disable_resets)
{
	uint32_t dw[2] = { 0, 0 };

	loop(1, 0, MI_ARB_OFF);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	go(1, 0);
	fx_run(f, 20);
	policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 1);
	lx_mode(f, 1, 0, 0);
	fx_run(f, 5);
	expect_reset(0);
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

	loop(1, 0, MI_ARB_OFF);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	go(1, 0);
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

/* --- functions ------------------------------------------------------------------------------- */

static void spin_each(unsigned functions, uint32_t ticks)
{
	for (unsigned vf = 1; vf <= functions; vf++) {
		spin(vf, 0, 1);
		go(vf, 0);
	}
	fx_run(f, ticks);
}

/* Functions without a quantum share, and one's many contexts don't make it more. */
START_TEST(functions_share)
{
	spin(1, 1, 1);
	go(1, 1);
	spin_each(2, 100 * MS);
	expect_ratio(count(1, 0) + count(1, 1), 2 * count(2, 0), 1, 1);
	expect_ratio(count(1, 0), count(1, 1), 1, 1);
}
END_TEST

/* A function's execution quantum (KLV 0x8A01) is its share of time, on all engines:
 * there is one function at a time. */
START_TEST(function_quanta)
{
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 30);
	spin(2, 1, 2);
	go(2, 1);
	spin_each(2, 800 * MS);
	expect_ratio(count(1, 0), count(2, 0), 1, 3);
	expect_ratio(count(2, 1), count(2, 0), 1, 1);
}
END_TEST

/* Priorities are a function's own affair. */
START_TEST(foreign_priority)
{
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	spin(1, 0, 1);
	policy(1, 0, GUC_KLV_CTX_SCHEDULING_PRIORITY, 0);
	go(1, 0);
	spin(2, 0, 1);
	go(2, 0);
	fx_run(f, 400 * MS);
	expect_ratio(count(1, 0), count(2, 0), 1, 1);
}
END_TEST

/* Who has nothing to do gives its slice up at priority LOW, and keeps it at NORMAL. */
START_TEST(strict_slices)
{
	uint32_t shared;

	config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_SCHED_PRIORITY, _i ? 1 : 0);
	spin_each(1, 400 * MS);
	shared = count(1, 0);
	config(2, GUC_KLV_VF_SCHED_PRIORITY, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	fx_run(f, 400 * MS);
	expect_ratio(shared, count(1, 0), 1, _i ? 2 : 1);
}
END_TEST

/* At priority HIGH a function comes after each other's slice. */
START_TEST(high_function)
{
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 5);
	config(3, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_SCHED_PRIORITY, _i ? 2 : 0);
	spin_each(3, 900 * MS);
	expect_ratio(count(2, 0), count(1, 0), _i ? 10 : 5, 10);
	expect_ratio(count(3, 0), count(1, 0), 1, 1);
}
END_TEST

/* The preemption timeout of a function (KLV 0x8A02) ends what keeps an engine after
 * its slice, when that is shorter than the context's own. */
START_TEST(function_timeout)
{
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 1);
	config(1, GUC_KLV_VF_PREEMPT_TIMEOUT, 5000);
	loop(1, 0, MI_ARB_OFF);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	policy(1, 0, GUC_KLV_CTX_PREEMPTION_TIMEOUT, 640000);
	go(1, 0);
	fx_run(f, 20 * MS);
	spin(2, 0, 1);
	go(2, 0);
	fx_run(f, 4 * MS);
	ck_assert_uint_eq(count(2, 0), 0);
	fx_run(f, 4 * MS);
	ck_assert_uint_gt(count(2, 0), 0);
	expect_reset(0);
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
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 10);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 10);
	spin(1, 0, 1);
	go(1, 0);
	fx_run(f, 100 * MS);
	alone = count(1, 0);
	fx_put(f, 1, LX_DATA(0), 0);
	spin(2, 0, 2);
	go(2, 0);
	fx_run(f, 100 * MS);
	expect_ratio(count(1, 0), alone, 1, 1);
	expect_ratio(count(2, 0), alone, 1, 1);
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
	go(1, id);
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
	ck_assert_uint_eq(count(1, quick), 7);
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

	loop(1, 0, MI_NOOP);
	loop(1, 1, MI_NOOP);
	for (unsigned k = 0; k < 2; k++) {
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, 0);
	}
	loop(1, 6, MI_NOOP);
	add(1, 6, GUC_CLASS_VIDEO, 1u << _i % 2);
	lx_register_multi(f, 1, 4, 0, 2);
	if (_i >= 2) {
		policy(1, 4, GUC_KLV_CTX_EXECUTION_QUANTUM, 5000);
		policy(1, 6, GUC_KLV_CTX_EXECUTION_QUANTUM, 5000);
	}
	go(1, 6);
	gang(4, tails);
	fx_run(f, 300 * MS);
	expect_ratio(count(1, 0), count(1, 1), 1, 1);
	expect_ratio(count(1, 0), count(1, 6), 1, 1);
}
END_TEST

/* --- limits ---------------------------------------------------------------------------------- */

/* However many endless contexts there are, mailbox and H2G are served in the turn, and
 * a turn executes GUC_ENGINE_TURN commands and what one slice has beyond. */
START_TEST(turns_are_bounded)
{
	const uint32_t ask[2] = { GUC_ACTION_MATCH_VERSION, 0 };
	uint32_t reply[4];

	for (unsigned vf = 1; vf <= 3; vf++)
		for (uint32_t id = 0; id < 7; id++) {
			spin(vf, id, 1u << id % 3);
			go(vf, id);
		}
	for (unsigned i = 0; i < 100; i++) {
		uint32_t before = 0, after = 0;

		for (unsigned vf = 1; vf <= 3; vf++)
			for (uint32_t id = 0; id < 7; id++)
				before += 2 * count(vf, id);
		fx_run(f, 1);
		for (unsigned vf = 1; vf <= 3; vf++)
			for (uint32_t id = 0; id < 7; id++)
				after += 2 * count(vf, id);
		ck_assert_uint_le(after - before, GUC_ENGINE_TURN + 2 * 256);
	}
	for (unsigned vf = 1; vf <= 3; vf++)
		for (uint32_t id = 0; id < 7; id++)
			ck_assert_uint_gt(count(vf, id), 0);
	ck_assert_int_eq(hxg_type(fx_mbox(f, 2, 0, ask, 2, reply)), HXG_SUCCESS);
	lx_mode(f, 3, 0, 0);
	ck_assert_uint_eq(lx_event(f, 3, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
}
END_TEST

/* Who leaves may use up the turn with its last commands: those of another function
 * that had none of it are not forgotten. */
START_TEST(turn_used_up)
{
	uint32_t dw[483] = { MI_ARB_OFF };

	f->card.block->options.engine_budget = GUC_ENGINE_TURN;
	config(1, GUC_KLV_VF_EXEC_QUANTUM, 100);
	/* Each is 17 of a budget: half of them are a turn. */
	for (unsigned i = 1; i < 483; i++)
		dw[i] = MI_USER_INTERRUPT;
	lx_emit(f, 1, 0, dw, 483);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	lx_emit_store(f, 2, 0, LX_DATA(0), 7);
	add(2, 0, GUC_CLASS_BLITTER, 2);
	go(1, 0);
	fx_run(f, 1);
	go(2, 0);
	lx_mode(f, 1, 0, 0);
	ck_assert(slot(1, 0)->leaving);
	fx_run(f, 1);
	ck_assert(!slot(1, 0)->runnable);
	fx_run(f, 1);
	ck_assert_uint_eq(count(2, 0), 7);
}
END_TEST

/* A VF that is paused leaves the engines in the same call, whatever it does there, and
 * is back after RESUME; STOP and VF_RESET forget it. */
START_TEST(paused_leaves)
{
	uint32_t before;

	loop(1, 0, _i ? MI_ARB_OFF : MI_NOOP);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	go(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 0);
	ck_assert_ptr_null(guc_seated(&f->card, 0, guc_engine_record(GUC_CLASS_BLITTER, 0)));
	before = count(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(count(1, 0), before);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 5);
	ck_assert_uint_gt(count(1, 0), before);
	guc_contexts_drop(&f->card, 0, 1);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->work, 0);
	for (unsigned e = 0; e < GUC_ENGINES; e++)
		ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->load[e], 0);
}
END_TEST

/* --- what is always so ------------------------------------------------------------------------ */

/* A waiter is looked at for ever, whatever quanta and priorities say and however late
 * the ticks are, and its time runs (dword 0x23 of the image). */
START_TEST(waits_for_ever)
{
	uint32_t last = 0;

	config(1, GUC_KLV_VF_EXEC_QUANTUM, 16);
	config(1, GUC_KLV_VF_SCHED_PRIORITY, _i & 1);
	config(2, GUC_KLV_VF_EXEC_QUANTUM, 16);
	config(2, GUC_KLV_VF_SCHED_PRIORITY, _i >> 1 & 1);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_emit_store(f, 1, 0, LX_DATA(0), 7);
	add(1, 0, GUC_CLASS_BLITTER, 1);
	if (_i & 4)
		policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	go(1, 0);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t due = guc_next_deadline(&f->card);
		uint32_t time;

		ck_assert_uint_le(due, f->now + 20000000);
		f->now = (due > f->now ? due : f->now) + 970000;
		guc_tick(&f->card, f->now);
		if (i % 40)
			continue;
		time = fx_get(f, 1, LX_REGS(0) + 4 * LRC_TIMESTAMP);
		ck_assert(i == 0 || time != last);
		last = time;
	}
	fx_put(f, 1, GATE, 1);
	fx_run(f, 40 * MS);
	ck_assert_uint_eq(count(1, 0), 7);
	ck_assert(guc_idle(&f->card));
}
END_TEST

static uint64_t rng;

static uint32_t any(uint32_t n)
{
	return (uint32_t)(random_next(&rng) % n);
}

/* A check that costs nothing while it holds: there are millions. */
#define must(what) ((what) ? (void)0 : ck_abort_msg("%s", #what))

/* Walk a list: each element is `where` it should be, links go both ways. Its length. */
static uint32_t walk(uint32_t first, uint32_t last, enum guc_where where)
{
	uint32_t prev = 0, n = 0;

	for (uint32_t at = first; at; n++) {
		const struct guc_context *ctx = guc_context_slot(&f->card, 0, at - 1);

		must(n < FX_CONTEXTS);
		must(ctx->where == where);
		must(ctx->run_prev == prev);
		prev = at;
		at = ctx->run_next;
	}
	must(last == prev);
	return n;
}

/* Every runnable context is in one place and counted there; when there is any, there
 * is a time when it is looked at. */
static void consistent(void)
{
	const struct guc_unit *u = guc_unit(&f->card, 0);
	uint32_t load[4][GUC_ENGINES] = { { 0 } }, roaming[4] = { 0 }, n[4] = { 0 }, in_lists = 0;

	for (uint32_t i = 0; i < f->card.block->geometry.contexts; i++) {
		const struct guc_context *ctx = guc_context_slot(&f->card, 0, i);

		must(ctx->runnable == (ctx->where != GUC_OFF));
		if (!ctx->runnable)
			continue;
		must(ctx->registered && !ctx->killed && !ctx->faulted);
		must(ctx->enabled || ctx->leaving);
		n[ctx->where]++;
		roaming[ctx->fn] += ctx->where == GUC_QUEUED && ctx->width == 1 &&
				    __builtin_popcount(ctx->submit_mask) > 1;
		for (uint32_t left = ctx->engines; left; left &= left - 1) {
			load[ctx->fn][__builtin_ctz(left)]++;
			if (ctx->where == GUC_SEATED)
				must(guc_seated(&f->card, 0, (unsigned)__builtin_ctz(left)) == ctx);
		}
	}
	for (unsigned e = 0; e < GUC_ENGINES; e++)
		if (guc_seated(&f->card, 0, e))
			must(guc_seated(&f->card, 0, e)->engines >> e & 1);
	for (unsigned fn = 0; fn < 4; fn++) {
		const struct guc_function *g = guc_fn(&f->card, 0, fn);

		must(!memcmp(g->load, load[fn], sizeof(load[fn])));
		must(g->roaming == roaming[fn]);
		must((u->work >> fn & 1) == (g->work != 0));
		for (unsigned e = 0; e < GUC_ENGINES; e++) {
			const struct guc_context *on = guc_seated(&f->card, 0, e);
			uint32_t queued = 0;

			for (unsigned rank = 0; rank < GUC_PRIORITIES; rank++)
				queued += walk(g->runq[e][rank].first, g->runq[e][rank].last,
					       GUC_QUEUED);
			in_lists += queued;
			must((g->work >> e & 1) ==
			     (queued || (on && on->fn == fn && on->engine == e)));
		}
	}
	must(in_lists == n[GUC_QUEUED]);
	must(walk(u->sleep_first, u->sleep_last, GUC_ASLEEP) == n[GUC_ASLEEP]);
	must(u->runnable_n == n[GUC_QUEUED] + n[GUC_SEATED] + n[GUC_ASLEEP]);
	if (u->runnable_n)
		must(guc_next_deadline(&f->card) != UINT64_MAX);
}

/* LRC k of a VF gets something to do: short, endless, waiting, stubborn, nonsense. */
static void anything(unsigned vf, unsigned k)
{
	const uint32_t off = MI_ARB_OFF, on = MI_ARB_ON, garbage[2] = { MI_BBS_GGTT | 4, 0 };

	lx_make(f, vf, k, any(2));
	if (any(4) == 0)
		lx_emit(f, vf, k, &off, 1);
	switch (any(6)) {
	case 0:
		loop(vf, k, any(3) ? MI_NOOP : MI_ARB_OFF);
		break;
	case 1:
		lx_emit_wait(f, vf, k, GATE, any(2));
		break;
	case 2:
		stubborn(vf, k);
		break;
	case 3:
		if (any(4) == 0)
			lx_emit(f, vf, k, garbage, 2);
		break;
	}
	lx_emit_store(f, vf, k, LX_DATA(k), 7);
	lx_emit(f, vf, k, &on, 1);
}

static void any_group(unsigned vf)
{
	lx_group_make(f, vf);
	for (unsigned k = 0; k < 3; k++)
		lx_group_entry(f, vf, any(64), any(8), 12);
	lx_group_register(f, vf, 12);
}

static void any_gang(unsigned vf)
{
	uint32_t dw[15] = {
		[1] = 1, [2] = 9, [3] = any(2) ? GUC_CLASS_BLITTER : GUC_CLASS_VIDEO,
		[4] = 1u << any(3), [5] = (uint32_t)fx_addr(f, vf, LX_WQ_DESC(0)),
		[7] = (uint32_t)fx_addr(f, vf, LX_WQ(0)), [9] = WQ_BYTES, [10] = 2,
		[11] = (uint32_t)fx_addr(f, vf, LX_BASE(0)) | LRC_DESC_KERNEL,
		[13] = (uint32_t)fx_addr(f, vf, LX_BASE(1)) | LRC_DESC_KERNEL,
	};
	const uint32_t tails[2] = { lx_tail(f, vf, 0), lx_tail(f, vf, 1) };

	fx_put(f, vf, LX_WQ_DESC(0) + WQ_DESC_HEAD, 0);
	fx_put(f, vf, LX_WQ_DESC(0) + WQ_DESC_TAIL, 0);
	lx_wq_append(f, vf, 9, 0, 2, tails);
	lx_send(f, vf, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC, dw, 15);
}

static void engine_mode(unsigned vf)
{
	uint32_t dw[4] = { 0, any(5), any(3) != 0, 1 };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_SCHED_ENGINE_MODE_SET, dw, 4);
}

static void mishap(unsigned vf, uint32_t id)
{
	const struct guc_mishap m = {
		.kind = any(2) ? GUC_MISHAP_HANG : any(2) ? GUC_MISHAP_CAT_ERROR :
							    GUC_MISHAP_PAGE_FAULT,
		.context = id, .fault = { .asid = 1 },
	};

	guc_mishap(&f->card, vf, 0, &m);
}

static void something_happens(void)
{
	static const uint32_t ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 12 };
	unsigned vf = 1 + any(3);
	uint32_t id = ids[any(10)], dw[2] = { 0, id };

	switch (any(20)) {
	case 0: case 1:
		anything(vf, id & 7);
		add(vf, id & 7, any(5), any(4) ? 1u + any(3) : (uint32_t)random_next(&rng) | 1);
		break;
	case 2:
		any_gang(vf);
		break;
	case 3:
		any_group(vf);
		break;
	case 4: case 5: case 6: case 7:
		lx_mode(f, vf, id, 1);
		break;
	case 8:
		lx_mode(f, vf, id, 0);
		break;
	case 9: case 10:
		lx_sched(f, vf, id);
		break;
	case 11:
		lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
		break;
	case 12:
		policy(vf, id, GUC_KLV_CTX_EXECUTION_QUANTUM + any(3), any(4) * 700);
		break;
	case 13:
		mishap(vf, id);
		break;
	case 14:
		engine_mode(vf);
		break;
	case 15:
		if (any(3) == 0)
			fx_control(f, 0, vf, GUC_VF_PAUSE);
		break;
	case 16:
		fx_control(f, 0, vf, GUC_VF_RESUME);
		break;
	case 17:
		config(vf, GUC_KLV_VF_EXEC_QUANTUM, any(3) * 5);
		config(vf, GUC_KLV_VF_SCHED_PRIORITY, any(3));
		break;
	case 18:
		fx_put(f, vf, GATE, any(2));
		break;
	case 19:
		if (any(10) == 0)
			guc_contexts_drop(&f->card, 0, vf);
		break;
	}
}

/* Whatever drivers, PF and mishaps do in whatever order, between any two turns. */
START_TEST(anything_happens)
{
	rng = (uint64_t)_i + 1;
	f->card.block->options.engine_budget = _i % 2 ? 256 : 4096;
	for (unsigned i = 0; i < 1500; i++) {
		something_happens();
		for (unsigned vf = 1; vf <= 3; vf++)
			fx_g2h_drain(f, vf, 0);
		fx_g2h_drain(f, 0, 0);
		consistent();
		for (unsigned t = any(4); t > 0; t--) {
			fx_run(f, 1);
			consistent();
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-sched");
	TCase *t = tcase_create("sched");

	tcase_add_checked_fixture(t, setup, teardown);
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
	tcase_add_test(t, functions_share);
	tcase_add_test(t, function_quanta);
	tcase_add_test(t, foreign_priority);
	tcase_add_loop_test(t, strict_slices, 0, 2);
	tcase_add_loop_test(t, high_function, 0, 2);
	tcase_add_test(t, function_timeout);
	tcase_add_test(t, groups_apart);
	tcase_add_loop_test(t, gang_holds_fences, 0, 2);
	tcase_add_loop_test(t, gang_shares, 0, 4);
	tcase_add_test(t, turns_are_bounded);
	tcase_add_test(t, turn_used_up);
	tcase_add_loop_test(t, paused_leaves, 0, 2);
	tcase_add_loop_test(t, waits_for_ever, 0, 8);
	tcase_add_loop_test(t, anything_happens, 0, 12);
	suite_add_tcase(s, t);
	return check_main(s);
}
