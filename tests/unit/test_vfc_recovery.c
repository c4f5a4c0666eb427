/* SPDX-License-Identifier: MIT */
/* Migration recovery of the latest generation against a scripted GuC: the plain
 * sequence, markers, interrupts, repeated migrations (vf-lifecycle 4.3 to 4.5, 6.1). */
#include "tests/check_main.h"
#include "vfc_recovery.h"

/* START with marker 1, the keys in their order, DONE; the unfinished
 * job runs once, its result in the right place; the log says the very lines. */
START_TEST(R_01_R_02_plain)
{
	static const uint32_t keys[] = { 0x0001, 0x0002, 0x0004, 0x0006, 0x3001, 0x3000 };
	static const uint64_t bases[] = { OLD, NEW, OLD + MIB };

	boot();
	begin_work(0, 1);
	migrate(bases[_i]);
	run_ms(10);
	ck_assert_uint_eq(f.traced, 8);
	ck_assert_uint_eq(f.trace[0], 0x0001550F);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_uint_eq(f.trace[1 + i], QUERY);
		ck_assert_uint_eq(f.key[1 + i], keys[i]);
	}
	ck_assert_uint_eq(f.trace[7], 0x00015508);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(f.stores, 6);
	ck_assert_uint_eq(f.bases, _i ? 1 : 0);
	ck_assert_str_eq(f.log, "I gt0: ready for recovery after migration\n"
				"I gt0: VF migration recovery scheduled\n"
				"D gt0: migration recovery in progress\n"
				"N gt0: migration recovery ended\n");
	ck_assert_uint_eq(info(0).recoveries, 1);
	ck_assert_uint_eq(info(0).fixup_count, 1);
	ck_assert_uint_eq(info(0).ggtt_start, bases[_i]);
}
END_TEST

/* interrupts before the worker starts are one recovery: "ready" each time,
 * "scheduled" once. */
START_TEST(R_05_coalesced)
{
	boot();
	migrate(NEW);
	for (unsigned i = 0; i < 3; i++) {
		raise_irq(0, GUC_IRQ_SW_INT_0);
		vfc_step(f.v, f.now);
	}
	run_ms(10);
	ck_assert_uint_eq(said("ready for recovery after migration"), 3);
	ck_assert_uint_eq(said("VF migration recovery scheduled"), 1);
	ck_assert_uint_eq(traced(0x0001550F), 1);
	ck_assert_uint_eq(f.traced, 8);
}
END_TEST

/* two GTs recover each alone; the base moves once; GT 1 may come late. */
START_TEST(R_06_two_gts)
{
	unsigned first = (unsigned)_i % 2;

	f.opt.gts = 2;
	boot();
	begin_work(0, 1);
	f.frozen = false;
	migrate_gt(first, NEW);
	run_ms(_i < 2 ? 0 : 1000);
	migrate_gt(!first, NEW);
	run_ms(10);
	ck_assert_uint_eq(said("gt0: migration recovery ended"), 1);
	ck_assert_uint_eq(said("gt1: migration recovery ended"), 1);
	ck_assert_uint_eq(f.bases, 1);
	ck_assert_uint_eq(f.old_base, OLD);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* an interrupt of the same migration that is handled only after START was
 * sent starts nothing, because the SW_INT_0 byte is clear by then; a 7.2 driver
 * runs again. */
static void late_interrupt(unsigned gt, enum vfc_step_id step)
{
	if (step == VFC_STEP_START && f.traced == 1) {
		f.mem.base[off_of(gt, f.gt[gt].self[1])] = 0xFF;
		vfc_irq(f.v);
	}
}

START_TEST(R_07_late_irq)
{
	f.opt.quirks = _i ? VFC_QUIRK_BIT(LATE_IRQ_RERUN) : 0;
	f.on_step = late_interrupt;
	boot();
	migrate(NEW);
	if (_i) {
		/* With the quirk the byte is set by a second edge. */
		run_until(f.now);
		raise_irq(0, GUC_IRQ_SW_INT_0);
	}
	run_ms(10);
	ck_assert_uint_eq(traced(0x0001550F), 1);
	ck_assert_uint_eq(traced(0x0002550F), _i ? 1 : 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* workers that share a queue: the media GT's puts itself back until the
 * main GT's is done. */
START_TEST(R_57_shared_queue)
{
	f.opt.gts = 2;
	f.opt.shared_queue = true;
	boot();
	f.holding = true;
	f.hold = VFC_STEP_FIX_QUEUES;
	migrate_gt(0, NEW);
	migrate_gt(1, NEW);
	run_ms(100);
	ck_assert_uint_ge(said("gt1: Re-queuing migration recovery"), 3);
	ck_assert_uint_eq(said("gt0: Re-queuing migration recovery"), 0);
	ck_assert_uint_eq(said("migration recovery ended"), 0);
	f.holding = false;
	run_ms(100);
	ck_assert_uint_eq(said("gt0: migration recovery ended"), 1);
	ck_assert_uint_eq(said("gt1: migration recovery ended"), 1);
	ck_assert(strstr(f.log, "gt0: migration recovery ended") <
		  strstr(f.log, "gt1: migration recovery ended"));
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* 0x0A at START means "nothing to do" to this driver, as long as the
 * query is answered (R-55: a stopped VF's is not); a 7.2 driver wedges. */
START_TEST(R_20_start_refused)
{
	f.opt.quirks = _i == 1 ? VFC_QUIRK_BIT(LATE_IRQ_RERUN) : 0;
	boot();
	begin_work(0, 1);
	add_rule((struct rule){ .action = START, .answer = 0xE000000A, .times = 1 });
	if (_i == 2)
		add_rule((struct rule){ .action = QUERY, .answer = 0xE000000A, .times = 9 });
	migrate(OLD);
	f.frozen = _i != 0;
	run_ms(10);
	if (_i == 0) {
		ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
		ck_assert_uint_eq(traced(0x00015508), 0);
		ck_assert_uint_eq(f.jobs_ok, 2);
	} else {
		ck_assert_uint_eq(info(0).state, VFC_STATE_WEDGED);
		ck_assert_int_eq(info(0).wedged_err, -ENXIO);
		ck_assert_uint_eq(f.jobs_cancelled, 1);
	}
}
END_TEST

/* a migration between START and DONE makes DONE fail with 0x107;
 * the next run has the next marker and only the last DONE is accepted. */
START_TEST(R_10_R_12_R_14_migrated_again)
{
	boot();
	begin_work(0, 1);
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000107, .times = 3 });
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(said("Re-queuing migration recovery"), 3);
	for (unsigned m = 1; m <= 4; m++) {
		ck_assert_uint_eq(traced(m << 16 | START), 1);
		ck_assert_uint_eq(traced(m << 16 | DONE), 1);
	}
	ck_assert_uint_eq(info(0).requeues, 3);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.stores, 6);
}
END_TEST

/* R-11, C-22b: held before any step, the driver is migrated to a third base;
 * nothing of the second is left, the job runs once. */
START_TEST(R_11_C_22b_third_base)
{
	bool started = stops[_i] > VFC_STEP_START;

	f.opt.ccs = true;
	f.opt.indirect_ring = false;
	boot();
	begin_work(0, 2);
	f.holding = true;
	f.hold = stops[_i];
	migrate(NEW);
	run_ms(5);
	ck_assert(f.held);
	if (started)
		add_rule((struct rule){ .action = DONE, .answer = 0xE0000107, .times = 1 });
	migrate(NEW + 64 * MIB);
	f.holding = false;
	run_ms(20);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(info(0).ggtt_start, NEW + 64 * MIB);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(f.stores, 6 * 2);
	ck_assert_uint_eq(traced(0x0002550F), started ? 1 : 0);
	/* No dword of the memory may lie in the second range. */
	for (size_t at = 0; at < MEM; at += 4) {
		uint32_t dw = host_get32(&f.mem, at);

		if (dw >= NEW && dw < NEW + MEM)
			ck_abort_msg("0x%zx holds 0x%x", at, dw);
	}
}
END_TEST

/* marker 256 follows 255, 1 follows 256, 0 is never used. */
START_TEST(R_16_marker_wrap)
{
	boot();
	for (unsigned i = 1; i <= 258; i++) {
		uint32_t marker = (i - 1) % 256 + 1;

		f.traced = 0;
		migrate(i % 2 ? NEW : OLD);
		run_ms(5);
		ck_assert_uint_eq(f.trace[0], marker << 16 | START);
		ck_assert_uint_eq(f.trace[7], marker << 16 | DONE);
	}
	ck_assert_uint_eq(info(0).recoveries, 258);
}
END_TEST

/* 0x107 at DONE before the interrupt was handled: one more run, and the
 * interrupt is merged into it. */
START_TEST(R_17_refused_before_interrupt)
{
	boot();
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000107, .times = 1 });
	f.holding = true;
	f.hold = VFC_STEP_SHUTDOWN;
	migrate(NEW);
	run_ms(1);
	f.hold = VFC_STEP_DONE;
	run_ms(1);
	f.hold = VFC_STEP_SHUTDOWN;
	run_ms(1);
	ck_assert_uint_eq(info(0).requeues, 1);
	ck_assert(info(0).recovery_pending);
	raise_irq(0, GUC_IRQ_SW_INT_0);
	run_ms(1);
	f.holding = false;
	run_ms(5);
	ck_assert_uint_eq(said("VF migration recovery scheduled"), 1);
	ck_assert_uint_eq(traced(0x0002550F), 1);
	ck_assert_uint_eq(traced(0x0003550F), 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* 0x107 at START or at a key is tried again with growing pauses, at
 * most eight times; a 7.2 driver wedges at once. */
START_TEST(R_18_R_19_migrated_early)
{
	uint32_t action = _i % 2 ? QUERY : START;
	unsigned times = _i < 2 ? 8 : _i < 4 ? 9 : 1;
	bool wedges = _i >= 2;

	f.opt.quirks = _i >= 4 ? VFC_QUIRK_BIT(WEDGE_ON_MIGRATED) : 0;
	boot();
	begin_work(0, 1);
	add_rule((struct rule){ .action = action, .answer = 0xE0000107, .times = times });
	migrate(NEW);
	run_ms(5000);
	ck_assert_uint_eq(info(0).state, wedges ? VFC_STATE_WEDGED : VFC_STATE_READY);
	ck_assert_uint_eq(said("Re-queuing migration recovery"), wedges && times == 1 ? 0 : 8);
	ck_assert_uint_eq(said("migration recovery failed (-EREMCHG)"), wedges ? 1 : 0);
	if (wedges && action == START)
		ck_assert_uint_eq(said("Recovery failed at GuC RESFIX_START step (-EREMCHG)"), 1);
	ck_assert_uint_eq(f.jobs_ok, wedges ? 1 : 2);
	ck_assert_uint_eq(f.jobs_cancelled, wedges ? 1 : 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_recovery");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, R_01_R_02_plain, 0, 3);
	tcase_add_test(tc, R_05_coalesced);
	tcase_add_loop_test(tc, R_06_two_gts, 0, 4);
	tcase_add_loop_test(tc, R_07_late_irq, 0, 2);
	tcase_add_test(tc, R_57_shared_queue);
	tcase_add_loop_test(tc, R_20_start_refused, 0, 3);
	tcase_add_test(tc, R_10_R_12_R_14_migrated_again);
	tcase_add_loop_test(tc, R_11_C_22b_third_base, 0, STOPS);
	tcase_add_test(tc, R_16_marker_wrap);
	tcase_add_test(tc, R_17_refused_before_interrupt);
	tcase_add_loop_test(tc, R_18_R_19_migrated_early, 0, 6);
	suite_add_tcase(s, tc);
	return check_main(s);
}
