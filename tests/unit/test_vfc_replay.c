/* SPDX-License-Identifier: MIT */
/* CTB and submission across a recovery, against a scripted GuC (checklist C):
 * what is cancelled, blanked, sent again, and that each job runs once. What needs
 * the real GuC is in sim/test_submission. */
#include "tests/check_main.h"
#include "vfc_recovery.h"

#include "vfclient/vfc_priv.h"

static size_t h2g_at(uint32_t dword)
{
	return off_of(0, f.gt[0].self[2]) + 4 * (size_t)dword;
}

static uint32_t h2g_desc(unsigned field)
{
	return host_get32(&f.mem, off_of(0, f.gt[0].self[3]) + field);
}

/* Dwords of the H2G buffer that are not zero. */
static unsigned h2g_filled(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < CTB_H2G_BYTES / 4; i++)
		n += host_get32(&f.mem, h2g_at(i)) != 0;
	return n;
}

/* How often GuC has read this action, of this context (UINT32_MAX: any). */
static unsigned read_by_guc(uint32_t action, uint32_t id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.h2gs; i++) {
		bool registers = action == GUC_ACTION_REGISTER_CONTEXT;
		uint32_t of = registers ? f.h2g[i].dw2 : f.h2g[i].dw1;

		n += f.h2g[i].action == action && (id == UINT32_MAX || of == id);
	}
	ck_assert_uint_lt(f.h2gs, 512);
	return n;
}

static int submit(uint32_t q)
{
	const struct vfc_job job = { VFC_JOB_STORE, 3, 0 };

	return vfc_job_submit(f.v, 0, q, &job);
}

static void hold_at(enum vfc_step_id step)
{
	f.holding = true;
	f.hold = step;
}

static void let_go(void)
{
	f.holding = false;
	run_ms(20);
	ck_assert_msg(info(0).state == VFC_STATE_READY, "%s", f.log);
}

/* C-01, C-19, C-21: from the byte on nothing is written to H2G; queues and jobs are
 * taken all the same and run after the recovery, once. */
START_TEST(C_01_C_19_C_21_use_while_pending)
{
	const uint32_t dw = 0x777;
	uint32_t tail, q;
	int q2;

	boot();
	q = begin_work(0, 1);
	hold_at(stops[_i]);
	migrate(NEW);
	tail = h2g_desc(CTB_DESC_TAIL);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 0), -ECANCELED);
	run_ms(5);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 0), -ECANCELED);
	q2 = vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 2);
	ck_assert_int_ge(q2, 0);
	ck_assert_int_eq(submit((uint32_t)q2), 1);
	ck_assert_int_eq(submit(q), 3);
	run_ms(5);
	ck_assert_uint_eq(h2g_desc(CTB_DESC_TAIL), tail);
	let_go();
	ck_assert_uint_eq(f.jobs_ok, 4);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(f.stores, 3 * (3 + 2));
}
END_TEST

/* C-02: a request under way when the VF moves ends with ECANCELED when the worker
 * stops the CT, with ETIME when that is late, never with EIO. */
START_TEST(C_02_wait_cancelled)
{
	const uint32_t dw = 0x777;

	boot();
	f.frozen = true;
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	run_ms(1);
	hold_at(VFC_STEP_SHUTDOWN);
	migrate(NEW);
	run_ms(_i ? 2000 : 500);
	ck_assert_uint_eq(f.relays, _i);
	let_go();
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, _i ? -ETIME : -ECANCELED);
}
END_TEST

/* C-03: an answer that lay in G2H before the VF was saved counts: the shutdown
 * drains the ring before it cancels. */
START_TEST(C_03_answer_in_ring)
{
	const uint32_t dw[2] = { RELAY_VF2PF_QUERY_RUNTIME, 0 };

	boot();
	f.frozen = true;
	ck_assert_int_eq(vfc_relay(f.v, 0, dw, 2, 5), 0);
	run_ms(1);
	f.frozen = false;
	serve_ring(0); /* GuC and PF have answered; nobody has looked */
	ck_assert_uint_eq(f.relays, 0);
	migrate(NEW);
	run_ms(20);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, 0);
}
END_TEST

/* C-04: an answer with a fence that nobody waits for is one warning, and the
 * channel stays alive. */
START_TEST(C_04_orphan_answer)
{
	const uint32_t ok = hxg_success(HXG_ORIGIN_GUC, 0);
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	migrate(NEW);
	run_ms(20);
	g2h(0, &ok, 1, 77);
	run_ms(5);
	ck_assert_uint_eq(said("W gt0: CTB: an answer nobody waits for"), 1);
	ck_assert_uint_eq(f.traced, 8);
	submit(q);
	run_ms(5);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* C-05: a failed FAST_REQUEST is ignored while a recovery is pending, and resets
 * the GT when none is. */
START_TEST(C_05_stale_failure)
{
	const uint32_t bad = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CONTEXT_NOT_REGISTERED, 0);

	boot();
	busy_queue(0, 1);
	if (_i == 0) {
		hold_at(VFC_STEP_START);
		migrate(NEW);
		g2h(0, &bad, 1, CT_FENCE_UNTRACKED | 5);
		run_ms(5);
		let_go();
	} else {
		migrate(NEW);
		run_ms(20);
		g2h(0, &bad, 1, CT_FENCE_UNTRACKED | 5);
		run_ms(20);
	}
	ck_assert_uint_eq(said("CTB: a fast request failed"), (unsigned)_i);
	ck_assert_uint_eq(traced(0x5507), _i ? 2 : 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* Decision: what comes back after each reset of the GT (a GuC that refuses a context)
 * is not reset for ever: after some in a row the device is wedged. Those that lie apart
 * (_i 1) are no row. */
START_TEST(resets_in_a_row)
{
	const uint32_t bad = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CONTEXT_NOT_REGISTERED, 0);

	boot();
	busy_queue(0, 1);
	for (unsigned n = 0; n < VFC_OWN_RESETS + 1; n++) {
		ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
		g2h(0, &bad, 1, CT_FENCE_UNTRACKED | 5);
		run_ms(_i ? 1100 : 20);
	}
	ck_assert_uint_eq(said("resets in a row did not help"), (unsigned)!_i);
	ck_assert_uint_eq(info(0).state, _i ? VFC_STATE_READY : VFC_STATE_WEDGED);
}
END_TEST

/* C-06: a registration that GuC had not read is blanked, no-ops lie between head
 * and tail at DONE, and the context is registered once, with its new address. */
START_TEST(C_06_stale_h2g)
{
	uint32_t q, head, tail;

	boot();
	f.frozen = true;
	q = (uint32_t)vfc_queue_create(f.v, 0, GUC_CLASS_BLITTER, 1);
	submit(q);
	run_ms(1);
	head = h2g_desc(CTB_DESC_HEAD);
	tail = h2g_desc(CTB_DESC_TAIL);
	ck_assert_uint_gt(tail, head);
	ck_assert_uint_eq(field_get(HXG_ACTION, host_get32(&f.mem, h2g_at(head + 1))),
			  GUC_ACTION_REGISTER_CONTEXT);
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(h2g_filled(), 0);
	ck_assert_uint_eq(h2g_desc(CTB_DESC_HEAD), head);
	ck_assert_uint_eq(h2g_desc(CTB_DESC_TAIL), tail);
	let_go();
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_REGISTER_CONTEXT, q), 1);
	ck_assert_uint_ge(f.gt[0].ctx[q].lrca[0], NEW);
	ck_assert_uint_eq(f.jobs_ok, 1);
}
END_TEST

/* Move the H2G cursors to about `dword` by messages that GuC reads. */
static void advance_h2g(uint32_t dword)
{
	while (h2g_desc(CTB_DESC_TAIL) < dword) {
		ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
		run_ms(1);
	}
}

/* C-07: unread messages across the ring's end are blanked on both sides of it, GuC
 * walks over them, and the ring works on. */
START_TEST(C_07_h2g_wrap)
{
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	advance_h2g(CTB_H2G_BYTES / 4 - 20);
	f.frozen = true;
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	submit(q);
	run_ms(1);
	ck_assert_uint_gt(h2g_desc(CTB_DESC_HEAD), h2g_desc(CTB_DESC_TAIL));
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(h2g_filled(), 0);
	let_go();
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.stores, 6);
	ck_assert_uint_eq(h2g_desc(CTB_DESC_HEAD), h2g_desc(CTB_DESC_TAIL));
}
END_TEST

/* C-08: a ring that was full when the VF moved drains after DONE; nobody gives the
 * channel up. */
START_TEST(C_08_h2g_full)
{
	uint32_t q, sent = 0;

	boot();
	q = busy_queue(0, 1);
	f.frozen = true;
	while (vfc_tlb_invalidate(f.v, 0) == 0)
		sent++;
	ck_assert_uint_gt(sent, 200);
	submit(q);
	run_ms(1);
	migrate(NEW);
	run_ms(3000);
	ck_assert_uint_eq(said("No forward process"), 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(traced(0x5507), 0);
}
END_TEST

/* C-09: bytes behind the tail, of a message that was being written, are blanked too
 * and never executed. */
START_TEST(C_09_half_written)
{
	uint32_t q, tail;

	boot();
	q = busy_queue(0, 1);
	tail = h2g_desc(CTB_DESC_TAIL);
	host_put32(&f.mem, h2g_at(tail), ct_header(CT_FENCE_UNTRACKED, 2));
	host_put32(&f.mem, h2g_at(tail + 1),
		   hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, 0));
	host_put32(&f.mem, h2g_at(tail + 2), q);
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(h2g_filled(), 0);
	let_go();
	submit(q);
	run_ms(5);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_DEREGISTER_CONTEXT, UINT32_MAX), 0);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* Every exchange of the queue works, and its end. */
static void expect_usable(uint32_t q)
{
	vfc_queue_resume(f.v, 0, q);
	submit(q);
	run_ms(1);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
	vfc_queue_destroy(f.v, 0, q);
	run_ms(1);
	ck_assert_uint_eq(f.queues_gone, 1);
	ck_assert_uint_eq(f.jobs_bad, 0);
}

/* C-12: an enable that was not answered is made again with its registration; its
 * answer is counted once. */
START_TEST(C_12_enable_pending)
{
	uint32_t q;

	boot();
	busy_queue(0, 1);
	f.frozen = true;
	q = (uint32_t)vfc_queue_create(f.v, 0, GUC_CLASS_BLITTER, 1);
	submit(q);
	run_ms(1);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_REGISTER_CONTEXT, q), 1);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_SCHED_CONTEXT_MODE_SET, q), 1);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.stores, 6);
	ck_assert_uint_eq(f.v->gt[0].ct.bad_events, 0);
	expect_usable(q);
}
END_TEST

/* C-13, C-14: a disable that was not answered, as part of a suspend, is made
 * again; the queue counts as enabled until then, and stays suspended. */
START_TEST(C_13_C_14_suspend_pending)
{
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	f.frozen = true;
	vfc_queue_suspend(f.v, 0, q);
	run_ms(1);
	hold_at(VFC_STEP_KICKSTART);
	migrate(NEW);
	run_ms(5);
	ck_assert(f.v->gt[0].queue[q].enabled && !f.v->gt[0].queue[q].pending_disable);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_SCHED_CONTEXT_MODE_SET, q), 1);
	let_go();
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_SCHED_CONTEXT_MODE_SET, q), 2);
	ck_assert(!f.gt[0].ctx[q].enabled);
	expect_usable(q);
}
END_TEST

/* C-15: a resume that was not answered is made again; with a suspend wanted since,
 * the queue ends up suspended whichever GuC hears first. */
START_TEST(C_15_resume_pending)
{
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	vfc_queue_suspend(f.v, 0, q);
	run_ms(1);
	f.frozen = true;
	vfc_queue_resume(f.v, 0, q);
	run_ms(1);
	if (_i)
		vfc_queue_suspend(f.v, 0, q);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.gt[0].ctx[q].enabled, !_i);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_REGISTER_CONTEXT, q), 1);
	expect_usable(q);
}
END_TEST

/* C-16: a destruction that had come as far as the disable, or as DEREGISTER, is
 * done again from its start, and the id is free after it. */
START_TEST(C_16_destroy_pending)
{
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	if (_i) { /* GuC disables, and then says no more */
		vfc_queue_suspend(f.v, 0, q);
		run_ms(1);
	}
	f.frozen = true;
	vfc_queue_destroy(f.v, 0, q);
	run_ms(1);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.queues_gone, 1);
	ck_assert(!f.gt[0].ctx[q].registered);
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_DEREGISTER_CONTEXT, q), 1);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1), (int)q);
}
END_TEST

static size_t wq(uint32_t q, uint32_t at)
{
	return off_of(0, f.gt[0].ctx[q].wq_desc) - WQ_DESC + WQ_BASE + at;
}

static size_t wq_desc(uint32_t q, uint32_t at)
{
	return off_of(0, f.gt[0].ctx[q].wq_desc) + at;
}

/* C-17: unread items of a parallel queue become no-ops, head and tail stay; new
 * items follow, GuC walks over the old ones (the fixture checks the descriptors). */
START_TEST(C_17_parallel_queue)
{
	uint32_t q, head, tail;

	boot();
	q = busy_queue(0, 4);
	f.frozen = true;
	for (unsigned i = 0; i < 3; i++) {
		submit(q);
		run_ms(1);
	}
	head = host_get32(&f.mem, wq_desc(q, WQ_DESC_HEAD));
	tail = host_get32(&f.mem, wq_desc(q, WQ_DESC_TAIL));
	ck_assert_uint_eq(tail - head, 3 * 4 * 7);
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(host_get32(&f.mem, wq_desc(q, WQ_DESC_HEAD)), head);
	ck_assert_uint_eq(host_get32(&f.mem, wq_desc(q, WQ_DESC_TAIL)), tail);
	for (uint32_t at = 0; at < WQ_BYTES; at += 4)
		ck_assert_uint_eq(host_get32(&f.mem, wq(q, at)), WQ_TYPE_NOOP);
	let_go();
	ck_assert_uint_eq(f.jobs_ok, 4);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(f.stores, 4 * 3 * 4);
	ck_assert_uint_eq(host_get32(&f.mem, wq_desc(q, WQ_DESC_HEAD)),
			  host_get32(&f.mem, wq_desc(q, WQ_DESC_TAIL)));
}
END_TEST

/* C-18: a full work queue holds up nothing while a recovery is pending; its head
 * moves on after DONE and the item finds its place. */
START_TEST(C_18_wq_full)
{
	uint32_t q, tail;

	boot();
	q = busy_queue(0, 2);
	f.frozen = true;
	/* GuC has read up to just before the tail: no room for an item. */
	tail = host_get32(&f.mem, wq_desc(q, WQ_DESC_TAIL));
	host_put32(&f.mem, wq_desc(q, WQ_DESC_HEAD), (tail + 8) % WQ_BYTES);
	submit(q);
	run_ms(5);
	ck_assert_uint_eq(host_get32(&f.mem, wq_desc(q, WQ_DESC_TAIL)), tail);
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(2000);
	ck_assert(f.held);
	let_go();
	run_ms(20);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.stores, 2 * 3 * 2);
}
END_TEST

/* Dwords of the driver's memory that lie in the range from `base` on. */
static unsigned words_in(uint64_t base)
{
	unsigned n = 0;

	for (size_t at = 0; at < MEM; at += 4) {
		uint32_t dw = host_get32(&f.mem, at);

		n += dw >= base && dw < base + MEM;
	}
	return n;
}

/* C-20: a queue made between START and the end of the fixups is rebuilt when the
 * VF is migrated once more: nothing of the second base is left. */
START_TEST(C_20_new_queue_then_third_base)
{
	static const enum vfc_step_id between[] = {
		VFC_STEP_QUERY, VFC_STEP_FIX_DEFAULT_LRC, VFC_STEP_FIX_QUEUES, VFC_STEP_VALID,
	};
	uint32_t q;

	boot();
	busy_queue(0, 1);
	hold_at(between[_i]);
	migrate(NEW);
	run_ms(5);
	ck_assert(f.held);
	q = (uint32_t)vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1);
	submit(q);
	run_ms(1);
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000107, .times = 1 });
	migrate(NEW + 64 * MIB);
	let_go();
	ck_assert_uint_eq(words_in(NEW), 0);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(info(0).fixup_count, 2);
}
END_TEST

/* C-22: both unfinished jobs are in the ring again before DONE, at the new base;
 * after it GuC is called once for each and each fence signals once, in order. */
START_TEST(C_22_two_jobs)
{
	unsigned calls;
	uint32_t q;

	boot();
	q = begin_work(0, 1);
	submit(q);
	run_ms(1);
	calls = read_by_guc(GUC_ACTION_SCHED_CONTEXT, q);
	hold_at(VFC_STEP_DONE);
	migrate(NEW);
	run_ms(5);
	for (unsigned n = 1; n <= 2; n++) {
		size_t regs = off_of(0, f.gt[0].ctx[q].lrca[0] & LRC_DESC_ADDR) + LRC_REGS;
		size_t ring = off_of(0, host_get32(&f.mem, regs + 4 * LRC_RING_START));

		ck_assert_uint_ge(host_get32(&f.mem, ring + 64 * n + 4), NEW);
		ck_assert_uint_ge(host_get32(&f.mem, ring + 64 * n + 20), NEW);
	}
	let_go();
	ck_assert_uint_eq(read_by_guc(GUC_ACTION_SCHED_CONTEXT, q) - calls, 2);
	ck_assert_uint_eq(f.jobs_ok, 3);
	ck_assert_uint_eq(f.stores, 9);
}
END_TEST

/* C-23: a job whose seqno is there but whose interrupt was lost is not run again. */
START_TEST(C_23_lost_user_interrupt)
{
	uint32_t q;

	boot();
	q = begin_work(0, 1);
	f.frozen = false;
	serve_ring(0);
	memset(f.mem.base + off_of(0, f.gt[0].self[0]) - 0x190 + 0x400, 0, 64);
	ck_assert_uint_eq(f.stores, 6);
	submit(q);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.jobs_ok, 3);
	ck_assert_uint_eq(f.stores, 9);
}
END_TEST

/* C-24: an invalidation under way is completed at shutdown, the new card's TLB is
 * empty; one asked for meanwhile too; later ones count on. */
START_TEST(C_24_tlb_outstanding)
{
	boot();
	f.frozen = true;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).tlb_done, 0);
	hold_at(VFC_STEP_SUPPORTED); /* the step after shutdown */
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(info(0).tlb_done, 3);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	ck_assert_uint_eq(info(0).tlb_done, 4);
	let_go();
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).tlb_done, 5);
	ck_assert_uint_eq(said("timed out"), 0);
}
END_TEST

/* C-25: however long a recovery takes, no job of it is taken for hung: nothing is
 * reset, and the job runs after it. */
START_TEST(C_25_no_timeout)
{
	boot();
	begin_work(0, 1);
	hold_at(VFC_STEP_FIX_QUEUES);
	migrate(NEW);
	run_ms(3600 * 1000);
	ck_assert_uint_eq(f.jobs_cancelled + f.jobs_bad, 0);
	let_go();
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(traced(0x5507), 0);
}
END_TEST

/* C-26: a recovery that fails ends everything that anyone waits for: each job and
 * each request, once and with an error; nothing hangs. */
START_TEST(C_26_recovery_fails)
{
	uint32_t q[3];

	boot();
	for (unsigned i = 0; i < 3; i++)
		q[i] = busy_queue(0, 1 + i);
	f.frozen = true;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned n = 0; n < 4; n++)
			ck_assert_int_gt(submit(q[i]), 0);
	vfc_queue_suspend(f.v, 0, q[1]);
	vfc_queue_destroy(f.v, 0, q[2]);
	run_ms(1);
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000060, .times = 1 });
	migrate(NEW);
	run_ms(100);
	ck_assert_uint_eq(info(0).state, VFC_STATE_WEDGED);
	ck_assert_uint_eq(f.jobs_cancelled, 12);
	ck_assert_uint_eq(f.jobs_ok, 3);
	ck_assert_uint_eq(info(0).queues, 0);
	ck_assert_uint_eq(vfc_next_deadline(f.v), UINT64_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_replay");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, C_01_C_19_C_21_use_while_pending, 0, STOPS);
	tcase_add_loop_test(tc, C_02_wait_cancelled, 0, 2);
	tcase_add_test(tc, C_03_answer_in_ring);
	tcase_add_test(tc, C_04_orphan_answer);
	tcase_add_loop_test(tc, C_05_stale_failure, 0, 2);
	tcase_add_loop_test(tc, resets_in_a_row, 0, 2);
	tcase_add_test(tc, C_06_stale_h2g);
	tcase_add_test(tc, C_07_h2g_wrap);
	tcase_add_test(tc, C_08_h2g_full);
	tcase_add_test(tc, C_09_half_written);
	tcase_add_test(tc, C_12_enable_pending);
	tcase_add_test(tc, C_13_C_14_suspend_pending);
	tcase_add_loop_test(tc, C_15_resume_pending, 0, 2);
	tcase_add_loop_test(tc, C_16_destroy_pending, 0, 2);
	tcase_add_test(tc, C_17_parallel_queue);
	tcase_add_test(tc, C_18_wq_full);
	tcase_add_loop_test(tc, C_20_new_queue_then_third_base, 0, 4);
	tcase_add_test(tc, C_22_two_jobs);
	tcase_add_test(tc, C_23_lost_user_interrupt);
	tcase_add_test(tc, C_24_tlb_outstanding);
	tcase_add_test(tc, C_25_no_timeout);
	tcase_add_test(tc, C_26_recovery_fails);
	suite_add_tcase(s, tc);
	return check_main(s);
}
