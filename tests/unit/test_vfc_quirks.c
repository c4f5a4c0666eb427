/* SPDX-License-Identifier: MIT */
/* Each weakness of the 7.2 driver (vf-lifecycle 8.3) in both settings: this
 * driver as it is, and with the quirk that brings the weakness back. Those that
 * show in a boot, a reset or a plain race are in test_vfc_boot.c and
 * test_vfc_recovery.c. */
#include "tests/check_main.h"
#include "vfc_fixture.h"
#include "vfclient/vfc_priv.h"

#define DONE 0x5508u

/* 8.3: every weakness that is a matter of choice has a name, and its text says
 * which one it is. */
static const struct {
	const char *name, *section;
} quirks[] = {
	{ "wedge-on-migrated", "8.3.1" }, { "late-irq-rerun", "8.3.2" },
	{ "unguarded-requeue", "8.3.3" }, { "abi-overwrite", "8.3.4" },
	{ "stale-relay", "8.3.5" },	  { "rearm-device", "8.3.6" },
	{ "fixup-gaps", "8.3.7" },	  { "relay-waits", "8.3.7" },
	{ "leak-credits", "8.3.8" },	  { "no-suspend-guard", "8.3.9" },
	{ "no-base-check", "8.3.10" },	  { "trust-runtime", "8.3.13" },
};
#define QUIRKS (sizeof(quirks) / sizeof(quirks[0]))

START_TEST(names)
{
	uint32_t seen = 0;

	ck_assert_uint_eq(QUIRKS, VFC_QUIRK_COUNT);
	for (unsigned i = 0; i < QUIRKS; i++) {
		int q = vfc_quirk_find(quirks[i].name);

		ck_assert_int_ge(q, 0);
		ck_assert_ptr_nonnull(strstr(vfc_quirk_text((enum vfc_quirk)q),
					     quirks[i].section));
		seen |= 1u << q;
	}
	ck_assert_uint_eq(seen, VFC_QUIRKS_LINUX_7_2);
	ck_assert_int_lt(vfc_quirk_find("nonsense"), 0);
}
END_TEST

/* with all of 7.2's weaknesses: the plain recovery works all the same. */
START_TEST(profile)
{
	f.opt.quirks = VFC_QUIRKS_LINUX_7_2;
	f.opt.gts = (uint8_t)(1 + _i);
	boot();
	busy_queue(0, 1);
	migrate(NEW);
	run_ms(100);
	f.frozen = false;
	run_ms(10);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_ge(said("migration recovery ended"), 1);
	busy_queue(0, 1);
	ck_assert_uint_eq(f.jobs_ok, 2);
}
END_TEST

/* 8.3.3: a run that is queued again after 0x107 at DONE keeps the CTB closed,
 * although no interrupt was handled yet; a 7.2 driver's works with it open. */
START_TEST(requeue_guard)
{
	const uint32_t dw = 0x777;

	f.opt.quirks = _i ? VFC_QUIRK_BIT(UNGUARDED_REQUEUE) : 0;
	boot();
	f.rule[f.rules++] = (struct rule){ .action = DONE, .answer = 0xE0000107, .times = 1 };
	f.holding = true;
	f.hold = VFC_STEP_KICKSTART;
	migrate(NEW);
	while (info(0).requeues == 0)
		ck_assert(vfc_step(f.v, f.now));
	ck_assert(info(0).recovery_pending == !_i);
	ck_assert(info(0).ggtt_valid == _i);
	if (!_i)
		ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 0), -ECANCELED);
	f.holding = false;
	run_ms(10);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* 8.3.6: the mask of the interrupt page is the device's: one GT's worker leaves
 * alone what another one switched on. A 7.2 driver sets it anew. */
START_TEST(rearm)
{
	size_t mask;

	f.opt.quirks = _i ? VFC_QUIRK_BIT(REARM_DEVICE) : 0;
	f.opt.gts = 2;
	boot();
	mask = f.v->memirq + MEMIRQ_ENABLE;
	host_put32(&f.mem, mask, 3);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(info(0).recoveries, 1);
	ck_assert_uint_eq(host_get32(&f.mem, mask), _i ? 1 : 3);
}
END_TEST

static unsigned words_in(uint64_t from)
{
	unsigned n = 0;

	for (size_t at = 0; at < MEM; at += 4) {
		uint32_t dw = host_get32(&f.mem, at);

		n += dw >= from && dw < from + MEM;
	}
	return n;
}

static unsigned done_sent(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.traced; i++)
		n += (f.trace[i] & 0xFFFF) == DONE;
	return n;
}

/* F-35: rows 12 (indirect context) and 20 (batches of unfinished jobs) are right
 * after a recovery; a 7.2 driver leaves them stale. */
START_TEST(gaps)
{
	struct vfc_job job = { VFC_JOB_LONG, 0x2222, 100 };
	bool row_12 = _i / 2;
	int q;

	f.opt.quirks = _i % 2 ? VFC_QUIRK_BIT(FIXUP_GAPS) : 0;
	f.opt.ggtt_min = OLD;
	boot();
	migrate(NEW);
	run_ms(10);
	f.frozen = !row_12;
	q = vfc_queue_create(f.v, 0, row_12 ? GUC_CLASS_RENDER : GUC_CLASS_BLITTER, 1);
	ck_assert_int_ge(q, 0);
	if (row_12)
		job.kind = VFC_JOB_STORE;
	vfc_job_submit(f.v, 0, (uint32_t)q, &job);
	run_ms(10);
	ck_assert_uint_eq(f.jobs_ok, row_12 ? 1 : 0);
	ck_assert_uint_gt(words_in(NEW), 0);
	f.holding = true;
	f.hold = VFC_STEP_KICKSTART;
	migrate(NEW + 64 * MIB);
	f.frozen = true;
	while (done_sent() < 2)
		ck_assert(vfc_step(f.v, f.now));
	if (row_12) {
		size_t regs = off_of(0, f.gt[0].ctx[q].lrca[0] & LRC_DESC_ADDR) + LRC_REGS;
		uint64_t word = host_get32(&f.mem, regs + 4 * LRC_INDIRECT_CTX);

		ck_assert_uint_ge(word, _i % 2 ? NEW : NEW + 64 * MIB);
		ck_assert_uint_lt(word, (_i % 2 ? NEW : NEW + 64 * MIB) + MEM);
	} else if (_i % 2) {
		ck_assert_uint_gt(words_in(NEW), 0);
	} else {
		ck_assert_uint_eq(words_in(NEW), 0);
	}
}
END_TEST

/* 8.3.7, C-27: a recovery ends the wait for a PF that is another one now; a 7.2
 * driver waits 2.5 s for nothing. */
START_TEST(C_27_relay_wait)
{
	const uint32_t dw = 0x777;

	f.opt.quirks = _i ? VFC_QUIRK_BIT(RELAY_WAITS) : 0;
	boot();
	f.pf_silent = true;
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 5), 0);
	run_ms(100);
	ck_assert_uint_eq(f.relays, 0);
	migrate(NEW);
	run_ms(100);
	ck_assert_uint_eq(info(0).recoveries, 1);
	ck_assert_uint_eq(f.relays, _i ? 0 : 1);
	run_ms(3000);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, _i ? -ETIME : -ECANCELED);
}
END_TEST

/* migrated while the handshake (or the runtime query) waits for the PF, the
 * boot recovers, asks again and ends well; a 7.2 driver's probe fails. */
START_TEST(R_46_relay_wait_at_boot)
{
	bool quirk = _i % 2, handshake = _i < 2;

	f.opt.quirks = quirk ? VFC_QUIRK_BIT(RELAY_WAITS) : 0;
	f.pf_silent = handshake;
	begin();
	vfc_boot(f.v, 1);
	while (!handshake && f.handshakes == 0)
		ck_assert(vfc_step(f.v, f.now));
	f.pf_silent = true;
	run_ms(10);
	ck_assert_uint_eq(f.ops, 0);
	f.pf_silent = false; /* but the answer is lost */
	migrate(NEW);
	run_ms(100);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
	run_ms(5000);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, quirk ? -ETIME : 0);
	if (!quirk)
		ck_assert_uint_eq(info(0).ggtt_start, NEW);
}
END_TEST

/* C-10, 8.3.8: room that was reserved in G2H for answers to what a recovery threw
 * away is free again; a 7.2 driver loses it. */
START_TEST(C_10_credits)
{
	uint32_t full;

	f.opt.quirks = _i ? VFC_QUIRK_BIT(LEAK_CREDITS) : 0;
	boot();
	full = f.v->gt[0].ct.g2h_space;
	f.frozen = true;
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_lt(f.v->gt[0].ct.g2h_space, full);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(info(0).recoveries, 1);
	if (_i)
		ck_assert_uint_lt(f.v->gt[0].ct.g2h_space, full);
	else
		ck_assert_uint_eq(f.v->gt[0].ct.g2h_space, full);
}
END_TEST

/* R-48, 8.3.9: suspend waits for a recovery; a 7.2 driver's runs into it. */
START_TEST(R_48_suspend)
{
	f.opt.quirks = _i ? VFC_QUIRK_BIT(NO_SUSPEND_GUARD) : 0;
	boot();
	f.holding = true;
	f.hold = VFC_STEP_FIX_QUEUES;
	migrate(NEW);
	run_ms(5);
	ck_assert_int_eq(vfc_suspend(f.v, 2), 0);
	run_ms(5);
	ck_assert_uint_eq(f.ops, _i ? 1 : 0);
	ck_assert_uint_eq(info(0).state, _i ? VFC_STATE_SUSPENDED : VFC_STATE_RECOVERING);
	f.holding = false;
	run_ms(5);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_SUSPENDED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_quirks");
	TCase *tc = tcase_create("8.3");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_test(tc, names);
	tcase_add_loop_test(tc, profile, 0, 2);
	tcase_add_loop_test(tc, requeue_guard, 0, 2);
	tcase_add_loop_test(tc, rearm, 0, 2);
	tcase_add_loop_test(tc, gaps, 0, 4);
	tcase_add_loop_test(tc, C_27_relay_wait, 0, 2);
	tcase_add_loop_test(tc, R_46_relay_wait_at_boot, 0, 4);
	tcase_add_loop_test(tc, C_10_credits, 0, 2);
	tcase_add_loop_test(tc, R_48_suspend, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
