/* SPDX-License-Identifier: MIT */
/* The VF driver's bootstrap, queues, jobs, relay and power states against a
 * scripted GuC (vfclient; guc-abi A.1, 5.2, vf-lifecycle 4.6, 7). */
#include "tests/check_main.h"
#include "vfc_fixture.h"

/* guc-abi A.1, 3.4: the very requests of a bootstrap, in order. */
START_TEST(sequence)
{
	static const uint32_t want[][2] = {
		{ 0x5507, 0 },           { 0x5500, 0x00010200 },  { 0x5509, 0x0001 },
		{ 0x5509, 0x0002 },      { 0x5509, 0x0004 },      { 0x5509, 0x0006 },
		{ 0x5509, 0x3001 },      { 0x5509, 0x3000 },      { 0x0508, 0x09010002 },
		{ 0x0508, 0x09000002 },  { 0x0508, 0x09030002 },  { 0x0508, 0x09020002 },
		{ 0x0508, 0x09040001 },  { 0x0508, 0x09060002 },  { 0x0508, 0x09050002 },
		{ 0x0508, 0x09070001 },  { 0x4509, 1 },
	};
	const unsigned n = sizeof(want) / sizeof(want[0]);

	begin();
	ck_assert_int_eq(vfc_boot(f.v, 7), 0);
	ck_assert_int_eq(vfc_boot(f.v, 8), -EBUSY);
	run_ms(100);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(f.traced, n);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_eq(f.trace[i], want[i][0]);
		if (want[i][0] != 0x5507)
			ck_assert_uint_eq(f.key[i], want[i][1]);
	}
	ck_assert_uint_eq(f.gt[0].self[4], 4096);
	ck_assert_uint_eq(f.gt[0].self[7], 131072);
	/* The source byte and the status vector of the main GuC (0x419, 0x190). */
	ck_assert_uint_eq(f.gt[0].self[1] - f.gt[0].self[0], 0x419 - 0x190);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(info(0).abi_minor, 27);
	ck_assert_uint_eq(info(0).relay_major, 1);
	ck_assert_uint_eq(info(0).runtime_n, 10);
}
END_TEST

/* host/pages.h: page k of the memory is GGTT page start + k, written once. */
START_TEST(ggtt_entries)
{
	boot();
	ck_assert_uint_eq(f.pte_writes, MEM / 4096);
	ck_assert_uint_eq(f.pte_first, REG_GGTT_BASE + OLD / 4096 * 8);
	ck_assert_uint_eq(f.pte_value, f.mem.dma | PTE_PRESENT);
	ck_assert_uint_eq(f.pte_last, (f.mem.dma + MEM - 4096) | PTE_PRESENT);
}
END_TEST

/* guc-abi 4.2, vf-lifecycle 4.6: what a first contact or query must not say. */
static const struct {
	const char *what;
	uint32_t action, key, answer, dw1;
	int err;
	bool discrete;
} refusals[] = {
	{ "newer major", 0x5500, 0, 0xF0000000, 0x00020000, -EPROTO, false },
	{ "older major", 0x5500, 0, 0xF0000000, 0x00000500, -ENOPKG, false },
	{ "minor below 2", 0x5500, 0, 0xF0000000, 0x00010100, -ENOKEY, false },
	{ "MBZ", 0x5500, 0, 0xF0000001, 0x00011B00, -EPROTO, false },
	{ "no VF", 0x5507, 0, 0xE000000D, 0, -ENXIO, false },
	{ "reset DATA0", 0x5507, 0, 0xF0000001, 0, -EPROTO, false },
	{ "GGTT 0", 0x5509, 2, 0xF0000002, 0, -ENODATA, false },
	{ "GGTT too small", 0x5509, 2, 0xF0000002, 0x1000, -ENOSPC, false },
	{ "GGTT start low", 0x5509, 1, 0xF0000002, 0x1000, -ERANGE, false },
	{ "GGTT end high", 0x5509, 1, 0xF0000002, 0xFE000000, -ERANGE, false },
	{ "GGTT odd", 0x5509, 1, 0xF0000002, OLD + 8, -ERANGE, false },
	{ "no contexts", 0x5509, 4, 0xF0000001, 0, -ENODATA, false },
	{ "no LMEM", 0x5509, 3, 0xF0000002, 0, -ENODATA, true },
	{ "groups 2", 0x5509, 0x3001, 0xF0000001, 2, -EPROTO, false },
	{ "short KLV", 0x5509, 1, 0xF0000001, 0, -ENODATA, false },
	{ "long KLV", 0x5509, 1, 0xF0000003, 0, -EOVERFLOW, false },
	{ "KLV MBZ", 0x5509, 1, 0xF0010002, 0, -EPROTO, false },
	{ "SELF_CFG 0", 0x0508, 0, 0xF0000000, 0, -ENOKEY, false },
	{ "SELF_CFG 2", 0x0508, 0, 0xF0000002, 0, -EPROTO, false },
	{ "CTB DATA0", 0x4509, 0, 0xF0000001, 0, -EPROTO, false },
};

START_TEST(refused)
{
	f.opt.discrete = refusals[_i].discrete;
	begin();
	f.rule[0] = (struct rule){ .action = refusals[_i].action, .key = refusals[_i].key,
				   .answer = refusals[_i].answer, .dw1 = refusals[_i].dw1,
				   .times = 100 };
	f.rules = 1;
	vfc_boot(f.v, 1);
	run_ms(1000);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_msg(f.op_err == refusals[_i].err, "%s: %s", refusals[_i].what,
		      text_errno(f.op_err));
	ck_assert_int_eq(info(0).state, VFC_STATE_OFF);
	/* And again, with a GuC that behaves. */
	f.rules = 0;
	ck_assert_int_eq(vfc_boot(f.v, 2), 0);
	run_ms(100);
	ck_assert_int_eq(f.op_err, 0);
}
END_TEST

/* guc-abi 2.3: only VF_RESET is tried ten times when GuC is silent. */
START_TEST(silent_reset)
{
	begin();
	f.rule[0] = (struct rule){ .action = 0x5507, .answer = SILENT, .times = _i ? 10 : 9 };
	f.rules = 1;
	vfc_boot(f.v, 1);
	run_ms(1000);
	ck_assert_int_eq(f.op_err, _i ? -ETIMEDOUT : 0);
	if (_i)
		ck_assert_uint_eq(f.traced, 10);
}
END_TEST

/* a migration before memirq was configured gives 0x107 at SELF_CFG; this
 * driver begins again at VF_RESET, a 7.2 driver fails its probe. */
START_TEST(migrated_during_probe)
{
	f.opt.quirks = _i ? VFC_QUIRKS_LINUX_7_2 : 0;
	begin();
	f.rule[0] = (struct rule){ .action = 0x0508, .answer = 0xE0000107, .times = 2 };
	f.rules = 1;
	vfc_boot(f.v, 1);
	run_ms(1000);
	ck_assert_int_eq(f.op_err, _i ? -EREMCHG : 0);
}
END_TEST

/* guc-abi 4.4: below ABI 1.26 key 0x3001 is not asked, GMD id only from 1.2. */
START_TEST(gates)
{
	f.opt.min_minor = 1;
	f.version = 0x00011900;
	begin();
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(f.key[1], 0x00010100);
	for (unsigned i = 2; i < f.traced; i++)
		ck_assert_uint_lt(f.trace[i] == 0x5509 ? f.key[i] : 0, 0x3000);
}
END_TEST

/* vf-lifecycle 6.2: jobs of each kind and width run once and end in order. */
START_TEST(jobs)
{
	static const struct {
		unsigned width;
		bool indirect;
	} shape[] = { { 1, false }, { 2, false }, { 8, false } };
	struct vfc_job job = { VFC_JOB_LONG, 5, 3000 };
	uint32_t q;

	boot();
	q = busy_queue(0, shape[_i].width);
	for (int n = 2; n <= 300; n++) {
		ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), n);
		run_ms(1);
		job.kind = VFC_JOB_STORE;
		job.value++;
	}
	ck_assert_uint_eq(f.jobs_ok, 300);
	ck_assert_uint_eq(f.jobs_bad, 0);
	/* Start seqno, result and seqno of each, on each of its rings. */
	ck_assert_uint_eq(f.stores, 300 * 3 * shape[_i].width);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
}
END_TEST

/* guc-abi 6.4: a queue is registered with its first job, destroyed by disable
 * and deregister, and its number is used again. */
START_TEST(queue_life)
{
	int q;

	boot();
	q = vfc_queue_create(f.v, 0, GUC_CLASS_COMPUTE, 1);
	run_ms(1);
	ck_assert_uint_eq(info(0).registered, 0);
	vfc_queue_destroy(f.v, 0, (uint32_t)q);
	run_ms(1);
	ck_assert_uint_eq(f.queues_gone, 1);
	q = (int)busy_queue(0, 2);
	ck_assert_uint_eq(info(0).registered, 1);
	ck_assert(f.gt[0].ctx[q].enabled);
	ck_assert_int_eq(vfc_queue_destroy(f.v, 0, (uint32_t)q), 0);
	ck_assert_int_eq(vfc_queue_destroy(f.v, 0, (uint32_t)q), -ENOENT);
	run_ms(1);
	ck_assert_uint_eq(f.queues_gone, 2);
	ck_assert(!f.gt[0].ctx[q].registered);
	ck_assert_uint_eq(info(0).queues, 0);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_COMPUTE, 1), q);
}
END_TEST

/* guc-abi 6.4.4: suspended, a queue takes jobs and runs them after resume. */
START_TEST(queue_suspend)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	vfc_queue_suspend(f.v, 0, q);
	run_ms(1);
	ck_assert(!f.gt[0].ctx[q].enabled);
	vfc_job_submit(f.v, 0, q, &job);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_ok, 1);
	vfc_queue_resume(f.v, 0, q);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* Limits of vfc.h: numbers, widths, jobs under way. */
START_TEST(limits)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	int q;

	boot();
	ck_assert_int_eq(vfc_queue_create(f.v, 1, GUC_CLASS_RENDER, 1), -EINVAL);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_OTHER, 1), -EINVAL);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 9), -EINVAL);
	for (unsigned i = 0; i < CTXS / 8; i++)
		ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_VIDEO, 8), (int)(8 * i));
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_VIDEO, 1), -ENOSPC);
	f.frozen = true;
	for (q = 1; q <= (int)VFC_MAX_JOBS; q++)
		ck_assert_int_eq(vfc_job_submit(f.v, 0, 0, &job), q);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, 0, &job), -EBUSY);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, 1, &job), -ENOENT);
}
END_TEST

/* guc-abi 6.3: a context reset bans the queue; its jobs end with -ECANCELED. */
START_TEST(context_reset)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	f.frozen = true;
	vfc_job_submit(f.v, 0, q, &job);
	run_ms(1);
	g2h_event(0, GUC_ACTION_CONTEXT_RESET_NOTIFICATION, q, 0, 2);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), -ECANCELED);
}
END_TEST

/* guc-abi 6.2: invalidations count up and complete in order. */
START_TEST(tlb)
{
	boot();
	for (unsigned i = 1; i <= 5; i++)
		ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).tlb_sent, 5);
	ck_assert_uint_eq(info(0).tlb_done, 5);
	f.frozen = true;
	vfc_tlb_invalidate(f.v, 0);
	run_ms(2000);
	ck_assert_uint_eq(info(0).tlb_done, 5);
	run_ms(300);
	ck_assert_uint_eq(info(0).tlb_done, 6);
	ck_assert_uint_eq(said("TLB invalidation timed out"), 1);
}
END_TEST

/* guc-abi 3.7: an interrupt that is lost delays what waits for an event, and ends
 * nothing: each event is found in the ring. */
START_TEST(lost_interrupts)
{
	static const struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	const uint32_t query = 0x00000777;
	int q;

	boot();
	f.mute = true;
	q = vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1);
	ck_assert_int_ge(q, 0);
	ck_assert_int_ge(vfc_job_submit(f.v, 0, (uint32_t)q, &job), 1);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	ck_assert_int_eq(vfc_relay(f.v, 0, &query, 1, 9), 0);
	run_ms(1000);
	ck_assert_uint_eq(info(0).tlb_done, info(0).tlb_sent);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_ne(f.relay_err, -ETIME);
	ck_assert_int_eq(vfc_queue_destroy(f.v, 0, (uint32_t)q), 0);
	run_ms(1000);
	ck_assert_uint_eq(f.jobs_ok, 1);
	ck_assert_uint_eq(f.queues_gone, 1);
	ck_assert_uint_eq(said("timed out"), 0);
	ck_assert_uint_eq(said("reset required"), 0);
	ck_assert_uint_eq(f.ops, 0);
}
END_TEST

/* guc-abi A.1, R-50, R-51: a GT reset asks for the configuration, but as a 7.2
 * driver, and registers everything anew; unfinished jobs run. */
START_TEST(gt_reset)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	bool asks = _i < 2;
	uint32_t q;

	f.opt.quirks = asks ? 0 : VFC_QUIRK_BIT(NO_SUSPEND_GUARD);
	boot();
	q = busy_queue(0, 1 + (unsigned)_i % 2);
	f.frozen = true;
	vfc_job_submit(f.v, 0, q, &job);
	run_ms(1);
	f.frozen = false;
	f.traced = 0;
	ck_assert_int_eq(vfc_reset(f.v, 0, 9), 0);
	run_ms(10);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(f.trace[0], 0x5507);
	ck_assert_uint_eq(f.trace[1], 0x5507);
	ck_assert_uint_eq(f.trace[2], 0x5500);
	for (unsigned i = 0; i < 6 && asks; i++)
		ck_assert_uint_eq(f.trace[3 + i], 0x5509);
	ck_assert_uint_eq(f.trace[asks ? 9 : 3], 0x0508);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
}
END_TEST

/* guc-abi 3.6: a ring that GuC does not read for a second asks for a reset. */
START_TEST(stuck_ring)
{
	boot();
	f.frozen = true;
	for (unsigned i = 0; i < 400; i++)
		vfc_tlb_invalidate(f.v, 0);
	run_ms(500);
	ck_assert_uint_eq(f.traced, 0);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), -EBUSY);
	run_ms(600);
	ck_assert_uint_eq(said("No forward process on H2G, reset required"), 1);
	ck_assert_uint_eq(f.trace[0], 0x5507);
	ck_assert_uint_eq(f.ops, 0);
}
END_TEST

/* another ABI after a migration is found by the next reset; a 7.2 driver
 * overwrites its record, so that the second attempt passes. */
START_TEST(other_abi)
{
	f.opt.quirks = _i ? VFC_QUIRK_BIT(ABI_OVERWRITE) : 0;
	boot();
	f.version = 0x00011C00;
	vfc_reset(f.v, 0, 9);
	run_ms(10);
	ck_assert_int_eq(f.op_err, -EREMCHG);
	ck_assert_uint_eq(said("New GuC interface version detected"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_WEDGED);
	ck_assert_uint_eq(info(0).abi_minor, _i ? 28 : 27);
}
END_TEST

/* migrated while suspended, the driver asks for its configuration at
 * resume and moves everything; with the quirk it does not ask. */
START_TEST(suspend_resume)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	uint32_t q;

	f.opt.quirks = _i ? VFC_QUIRK_BIT(NO_SUSPEND_GUARD) : 0;
	boot();
	q = busy_queue(0, 2);
	ck_assert_int_eq(vfc_suspend(f.v, 3), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_SUSPENDED);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), -ENODEV);
	if (!_i)
		migrate(NEW);
	run_ms(5);
	ck_assert_uint_eq(f.traced, 0);
	f.frozen = false;
	ck_assert_int_eq(vfc_resume(f.v, 4), 0);
	run_ms(10);
	ck_assert_uint_eq(f.ops, 2);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(f.bases, _i ? 0 : 1);
	ck_assert_uint_eq(f.trace[2], _i ? 0x0508 : 0x5509);
	for (unsigned i = 0; i < f.traced; i++)
		ck_assert_uint_ne(hxg_action(f.trace[i]), GUC_ACTION_RESFIX_START);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), 2);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* vfc.h: unloading ends every job and leaves GuC reset. */
START_TEST(shutdown)
{
	struct vfc_job job = { VFC_JOB_STORE, 2, 0 };
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	f.frozen = true;
	vfc_job_submit(f.v, 0, q, &job);
	ck_assert_int_eq(vfc_shutdown(f.v, 5), 0);
	run_ms(10);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_uint_eq(f.trace[0], 0x5507);
	ck_assert_uint_eq(info(0).state, VFC_STATE_OFF);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1), -ENODEV);
}
END_TEST

/* vfc.h: storage and options out of range are refused. */
START_TEST(init_checks)
{
	struct vfc_options o = f.opt;
	struct host_mem m;

	begin();
	m = f.mem;
	ck_assert_ptr_null(vfc_init(f.storage, vfc_size() - 1, &o, &f.port, &m));
	o.gts = 3;
	ck_assert_ptr_null(vfc_init(f.storage, vfc_size(), &o, &f.port, &m));
	o.gts = 1;
	m.base += 8;
	ck_assert_ptr_null(vfc_init(f.storage, vfc_size(), &o, &f.port, &m));
	m.base -= 8;
	m.size = 4096;
	ck_assert_ptr_null(vfc_init(f.storage, vfc_size(), &o, &f.port, &m));
	ck_assert_uint_le(vfc_mem_size(1, 16, 1), MEM);
	ck_assert_int_eq(vfc_quirk_find("late-irq-rerun"), VFC_QUIRK_LATE_IRQ_RERUN);
	ck_assert_int_eq(vfc_quirk_find("no-such-quirk"), -ENOENT);
	ck_assert_str_eq(vfc_step_name(VFC_STEP_SEED_NOTIFY), "seed-notify");
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
	Suite *s = suite_create("vfc_boot");
	TCase *tc = tcase_create("boot");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_test(tc, sequence);
	tcase_add_test(tc, ggtt_entries);
	tcase_add_loop_test(tc, refused, 0, COUNT(refusals));
	tcase_add_loop_test(tc, silent_reset, 0, 2);
	tcase_add_loop_test(tc, migrated_during_probe, 0, 2);
	tcase_add_test(tc, gates);
	tcase_add_loop_test(tc, jobs, 0, 3);
	tcase_add_test(tc, queue_life);
	tcase_add_test(tc, queue_suspend);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, context_reset);
	tcase_add_test(tc, tlb);
	tcase_add_test(tc, lost_interrupts);
	tcase_add_loop_test(tc, gt_reset, 0, 4);
	tcase_add_test(tc, stuck_ring);
	tcase_add_loop_test(tc, other_abi, 0, 2);
	tcase_add_loop_test(tc, suspend_resume, 0, 2);
	tcase_add_test(tc, shutdown);
	tcase_add_test(tc, init_checks);
	suite_add_tcase(s, tc);
	return check_main(s);
}
