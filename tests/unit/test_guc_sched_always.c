/* SPDX-License-Identifier: MIT */
/* The scheduler (docs/protocol/engine.md): turns are bounded, nobody is forgotten, and
 * its lists are consistent whatever drivers, PF and mishaps do. */
#include "guc_sched.h"
#include "sim/random.h"
#include "tests/check_main.h"

/* --- limits ---------------------------------------------------------------------------------- */

/* However many endless contexts there are, mailbox and H2G are served in the turn, and
 * a turn executes GUC_ENGINE_TURN commands and what one slice has beyond. */
START_TEST(turns_are_bounded)
{
	const uint32_t ask[2] = { GUC_ACTION_MATCH_VERSION, 0 };
	uint32_t reply[4];

	for (unsigned vf = 1; vf <= 3; vf++)
		for (uint32_t id = 0; id < 7; id++) {
			sx_spin(vf, id, 1u << id % 3);
			sx_go(vf, id);
		}
	for (unsigned i = 0; i < 100; i++) {
		uint32_t before = 0, after = 0;

		for (unsigned vf = 1; vf <= 3; vf++)
			for (uint32_t id = 0; id < 7; id++)
				before += 2 * sx_count(vf, id);
		fx_run(f, 1);
		for (unsigned vf = 1; vf <= 3; vf++)
			for (uint32_t id = 0; id < 7; id++)
				after += 2 * sx_count(vf, id);
		ck_assert_uint_le(after - before, GUC_ENGINE_TURN + 2 * 256);
	}
	for (unsigned vf = 1; vf <= 3; vf++)
		for (uint32_t id = 0; id < 7; id++)
			ck_assert_uint_gt(sx_count(vf, id), 0);
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
	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 100);
	/* Each is 17 of a budget: half of them are a turn. */
	for (unsigned i = 1; i < 483; i++)
		dw[i] = MI_USER_INTERRUPT;
	lx_emit(f, 1, 0, dw, 483);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	lx_emit_store(f, 2, 0, LX_DATA(0), 7);
	sx_add(2, 0, GUC_CLASS_BLITTER, 2);
	sx_go(1, 0);
	fx_run(f, 1);
	sx_go(2, 0);
	lx_mode(f, 1, 0, 0);
	ck_assert(sx_slot(1, 0)->leaving);
	fx_run(f, 1);
	ck_assert(!sx_slot(1, 0)->runnable);
	fx_run(f, 1);
	ck_assert_uint_eq(sx_count(2, 0), 7);
}
END_TEST

/* A VF that is paused leaves the engines in the same call, whatever it does there, and
 * is back after RESUME; STOP and VF_RESET forget it. */
START_TEST(paused_leaves)
{
	uint32_t before;

	sx_loop(1, 0, _i ? MI_ARB_OFF : MI_NOOP);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	sx_go(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->runnable_n, 0);
	ck_assert_ptr_null(guc_seated(&f->card, 0, guc_engine_record(GUC_CLASS_BLITTER, 0)));
	before = sx_count(1, 0);
	fx_run(f, 5);
	ck_assert_uint_eq(sx_count(1, 0), before);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 5);
	ck_assert_uint_gt(sx_count(1, 0), before);
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

	sx_config(1, GUC_KLV_VF_EXEC_QUANTUM, 16);
	sx_config(1, GUC_KLV_VF_SCHED_PRIORITY, _i & 1);
	sx_config(2, GUC_KLV_VF_EXEC_QUANTUM, 16);
	sx_config(2, GUC_KLV_VF_SCHED_PRIORITY, _i >> 1 & 1);
	lx_emit_wait(f, 1, 0, GATE, 1);
	lx_emit_store(f, 1, 0, LX_DATA(0), 7);
	sx_add(1, 0, GUC_CLASS_BLITTER, 1);
	if (_i & 4)
		sx_policy(1, 0, GUC_KLV_CTX_EXECUTION_QUANTUM, 1000);
	sx_go(1, 0);
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
	ck_assert_uint_eq(sx_count(1, 0), 7);
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
		for (unsigned rank = 0; rank < GUC_PRIORITIES; rank++) {
			const struct guc_context *gang = guc_gang(&f->card, 0, fn, rank, ~0u);

			must(!g->gang[rank] == !gang);
			must(!gang || (gang->where == GUC_QUEUED && gang->rank == rank &&
				       gang->fn == fn && gang->width > 1));
		}
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
		sx_loop(vf, k, any(3) ? MI_NOOP : MI_ARB_OFF);
		break;
	case 1:
		lx_emit_wait(f, vf, k, GATE, any(2));
		break;
	case 2:
		sx_stubborn(vf, k);
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
		sx_add(vf, id & 7, any(5), any(4) ? 1u + any(3) : (uint32_t)random_next(&rng) | 1);
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
		sx_policy(vf, id, GUC_KLV_CTX_EXECUTION_QUANTUM + any(3), any(4) * 700);
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
		sx_config(vf, GUC_KLV_VF_EXEC_QUANTUM, any(3) * 5);
		sx_config(vf, GUC_KLV_VF_SCHED_PRIORITY, any(3));
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
	Suite *s = suite_create("guc-sched-always");
	TCase *t = tcase_create("sched");

	tcase_add_checked_fixture(t, sx_setup, sx_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, turns_are_bounded);
	tcase_add_test(t, turn_used_up);
	tcase_add_loop_test(t, paused_leaves, 0, 2);
	tcase_add_loop_test(t, waits_for_ever, 0, 8);
	tcase_add_loop_test(t, anything_happens, 0, 12);
	suite_add_tcase(s, t);
	return check_main(s);
}
