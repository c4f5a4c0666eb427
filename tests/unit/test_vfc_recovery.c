/* SPDX-License-Identifier: MIT */
/* Migration recovery of both generations against a scripted GuC: sequences,
 * error rows, races, log lines (vf-lifecycle 4, 6.1, 6.2). */
#include "vfc_fixture.h"

#define START 0x550Fu
#define DONE  0x5508u
#define QUERY 0x5509u

static void add_rule(struct rule r)
{
	f.rule[f.rules++] = r;
}

/* A queue, one job done and one that GuC has not begun. */
static uint32_t begin_work(unsigned gt, unsigned width)
{
	struct vfc_job job = { VFC_JOB_STORE, 0x2222, 0 };
	uint32_t q = busy_queue(gt, width);

	f.frozen = true;
	ck_assert_int_eq(vfc_job_submit(f.v, gt, q, &job), 2);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_ok, 1);
	return q;
}

static unsigned traced(uint32_t header)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.traced; i++)
		n += f.trace[i] == header;
	return n;
}

/* START with marker 1, the keys in their order, DONE; the unfinished
 * job runs once, its result in the right place; the log says the very lines. */
START_TEST(plain)
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

/* R-03, C-17: parallel queues: the work queue becomes no-ops and the item comes
 * again with the new descriptor (the fixture checks it). */
START_TEST(parallel)
{
	boot();
	begin_work(0, 4);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.stores, 6 * 4);
	ck_assert_uint_eq(f.jobs_bad, 0);
}
END_TEST

/* interrupts before the worker starts are one recovery: "ready" each time,
 * "scheduled" once. */
START_TEST(coalesced)
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
START_TEST(two_gts)
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

START_TEST(late_irq)
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

/* wedged mode "never": whatever fails, in both generations, kills the GT's
 * queues and nothing else; a GT reset makes it usable again, at the new base. */
START_TEST(never_wedged)
{
	static const struct rule rules[] = {
		{ .action = START, .answer = 0xE0000060, .times = 1 },
		{ .action = QUERY, .key = 1, .answer = 0xF0000001, .times = 1 },
		{ .action = DONE, .answer = 0xE0000060, .times = 1 },
		{ .action = QUERY, .key = 4, .answer = SILENT, .times = 1 },
	};
	struct vfc_job job = { VFC_JOB_STORE, 0x3333, 0 };
	bool seed = _i == 3;
	uint32_t q;

	f.opt.never_wedge = true;
	f.opt.generation = seed ? VFC_GEN_SEED : VFC_GEN_AUTO;
	boot();
	q = begin_work(0, 1);
	add_rule(rules[_i]);
	migrate(NEW);
	run_ms(100);
	ck_assert_uint_eq(said("migration recovery failed ("), 1);
	ck_assert_uint_eq(said("wedged mode is \"never\""), 1);
	ck_assert_uint_eq(said("device declared wedged"), 0);
	ck_assert_int_eq(info(0).wedged_err, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), -ECANCELED);
	f.frozen = false;
	ck_assert_int_eq(vfc_reset(f.v, 0, 7), 0);
	run_ms(100);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_int_eq(f.op_err, 0);
	busy_queue(0, 1);
	ck_assert_uint_eq(info(0).ggtt_start, NEW);
}
END_TEST

/* workers that share a queue: the media GT's puts itself back until the
 * main GT's is done. */
START_TEST(shared_queue)
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
START_TEST(start_refused)
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
START_TEST(migrated_again)
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
static const enum vfc_step_id stops[] = {
	VFC_STEP_SHUTDOWN, VFC_STEP_START, VFC_STEP_QUERY, VFC_STEP_FIX_CCS,
	VFC_STEP_FIX_DEFAULT_LRC, VFC_STEP_FIX_QUEUES, VFC_STEP_VALID, VFC_STEP_REARM,
	VFC_STEP_DECIDE, VFC_STEP_DONE,
};

START_TEST(third_base)
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
START_TEST(marker_wrap)
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
START_TEST(refused_before_interrupt)
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
START_TEST(migrated_early)
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

/* what wedges, with which error and which line (C-26: every
 * job ends, the unfinished one with -ECANCELED). */
static const struct {
	const char *id;
	struct rule rule;
	int err;
	const char *line;
	bool discrete;
} wedges[] = {
	{ "R-20", { .action = START, .answer = 0xE0000060, .times = 1 }, -ENXIO,
	  "Recovery failed at GuC RESFIX_START step (-ENXIO)", 0 },
	{ "R-21", { .action = DONE, .answer = 0xE0000060, .times = 1 }, -ENXIO,
	  "Recovery failed at GuC RESFIX_DONE step (-ENXIO)", 0 },
	{ "R-22 START", { .action = START, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_START step (-ETIMEDOUT)", 0 },
	{ "R-22 QUERY", { .action = QUERY, .key = 4, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "migration recovery failed (-ETIMEDOUT)", 0 },
	{ "R-22 DONE", { .action = DONE, .answer = SILENT, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_DONE step (-ETIMEDOUT)", 0 },
	{ "R-23", { .action = DONE, .answer = 0xB0000000, .times = 1 }, -ETIMEDOUT,
	  "Recovery failed at GuC RESFIX_DONE step (-ETIMEDOUT)", 0 },
	{ "R-25", { .action = START, .answer = CLEARED, .times = 3 }, -ENOLINK,
	  "Recovery failed at GuC RESFIX_START step (-ENOLINK)", 0 },
	{ "R-26 START", { .action = START, .answer = 0xF0000001, .times = 1 }, -EPROTO,
	  "Recovery failed at GuC RESFIX_START step (-EPROTO)", 0 },
	{ "R-26 DONE", { .action = DONE, .answer = 0xF0000001, .times = 1 }, -EPROTO,
	  "Recovery failed at GuC RESFIX_DONE step (-EPROTO)", 0 },
	{ "R-27 larger", { .action = QUERY, .key = 2, .answer = 0xF0000002, .dw1 = 32 * MIB,
			   .times = 1 }, -EREMCHG, "Unexpected GGTT reassignment", 0 },
	{ "R-27 smaller", { .action = QUERY, .key = 2, .answer = 0xF0000002, .dw1 = 8 * MIB,
			    .times = 1 }, -EREMCHG, "Unexpected GGTT reassignment", 0 },
	{ "R-28", { .action = QUERY, .key = 2, .answer = 0xF0000002, .times = 1 }, -ENODATA,
	  "migration recovery failed (-ENODATA)", 0 },
	{ "R-29 changed", { .action = QUERY, .key = 3, .answer = 0xF0000002, .dw1 = 128 * MIB,
			    .times = 1 }, -EREMCHG, "Unexpected LMEM reassignment", 1 },
	{ "R-29 zero", { .action = QUERY, .key = 3, .answer = 0xF0000002, .times = 1 }, -EREMCHG,
	  "Unexpected LMEM reassignment", 1 },
	{ "R-30 changed", { .action = QUERY, .key = 4, .answer = 0xF0000001, .dw1 = 65,
			    .times = 1 }, -EREMCHG, "Unexpected CTXs reassignment", 0 },
	{ "R-30 zero", { .action = QUERY, .key = 4, .answer = 0xF0000001, .times = 1 }, -EREMCHG,
	  "Unexpected CTXs reassignment", 0 },
	{ "R-31 changed", { .action = QUERY, .key = 6, .answer = 0xF0000001, .dw1 = 9,
			    .times = 1 }, -EREMCHG, "Unexpected DBs reassignment", 0 },
	{ "R-31 8 to 0", { .action = QUERY, .key = 6, .answer = 0xF0000001, .times = 1 }, -EREMCHG,
	  "Unexpected DBs reassignment", 0 },
	{ "R-32", { .action = QUERY, .key = 0x3001, .answer = 0xF0000001, .dw1 = 2, .times = 1 },
	  -EPROTO, "migration recovery failed (-EPROTO)", 0 },
	{ "R-33 short", { .action = QUERY, .key = 1, .answer = 0xF0000001, .times = 1 }, -ENODATA,
	  "migration recovery failed (-ENODATA)", 0 },
	{ "R-33 long", { .action = QUERY, .key = 1, .answer = 0xF0000003, .times = 1 }, -EOVERFLOW,
	  "migration recovery failed (-EOVERFLOW)", 0 },
	{ "R-33 MBZ", { .action = QUERY, .key = 1, .answer = 0xF0100002, .times = 1 }, -EPROTO,
	  "migration recovery failed (-EPROTO)", 0 },
	{ "R-35 low", { .action = QUERY, .key = 1, .answer = 0xF0000002, .dw1 = 0x100000,
			.times = 1 }, -ERANGE, "migration recovery failed (-ERANGE)", 0 },
	{ "R-35 high", { .action = QUERY, .key = 1, .answer = 0xF0000002, .dw1 = 0xFE000000,
			 .times = 1 }, -ERANGE, "migration recovery failed (-ERANGE)", 0 },
};

START_TEST(wedged)
{
	f.opt.discrete = wedges[_i].discrete;
	boot();
	begin_work(0, 1);
	add_rule(wedges[_i].rule);
	migrate(NEW);
	run_ms(5000);
	ck_assert_msg(info(0).wedged_err == wedges[_i].err, "%s: %s\n%s", wedges[_i].id,
		      text_errno(info(0).wedged_err), f.log);
	ck_assert_uint_eq(info(0).state, VFC_STATE_WEDGED);
	ck_assert_msg(said(wedges[_i].line) == 1, "%s: %s", wedges[_i].id, f.log);
	ck_assert_uint_eq(said("migration recovery failed ("), 1);
	ck_assert_uint_eq(f.jobs_cancelled, 1);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
	ck_assert_int_eq(vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 1), -ENODEV);
	/* A fresh probe works. */
	f.rules = 0;
	f.frozen = false;
	ck_assert_int_eq(vfc_boot(f.v, 1), 0);
	run_ms(100);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* what does not wedge. */
static const struct {
	const char *id;
	struct rule rule;
	uint32_t quirks;
	bool no_doorbells;
} accepted[] = {
	{ "R-24", { .action = START, .answer = 0xD0000000, .times = 5 }, 0, 0 },
	{ "R-31 0 to 8", { .action = QUERY, .key = 6, .answer = 0xF0000001, .dw1 = 8, .times = 1 },
	  0, 1 },
	{ "R-32 0 to 1", { .action = QUERY, .key = 0x3001, .answer = 0xF0000001, .dw1 = 1,
			   .times = 1 }, 0, 0 },
	{ "R-34", { .action = QUERY, .key = 0x3000, .answer = 0xE0000105, .times = 1 }, 0, 0 },
	{ "R-25 twice", { .action = DONE, .answer = CLEARED, .times = 2 }, 0, 0 },
};

START_TEST(survives)
{
	f.opt.quirks = accepted[_i].quirks;
	if (accepted[_i].no_doorbells)
		f.gt[0].doorbells = 0;
	boot();
	begin_work(0, 1);
	add_rule(accepted[_i].rule);
	migrate(NEW);
	run_ms(2000);
	ck_assert_msg(info(0).state == VFC_STATE_READY, "%s: %s", accepted[_i].id, f.log);
	ck_assert_uint_eq(f.jobs_ok, 2);
	if (_i == 0)
		for (unsigned i = 1; i < 6; i++)
			ck_assert_uint_eq(f.at[i] - f.at[i - 1], MS << (i - 1));
}
END_TEST

/* GTs that name two starts for the one GGTT are a fault; that the other
 * GT was migrated once more is not. A 7.2 driver believes the last. */
START_TEST(two_bases)
{
	f.opt.gts = 2;
	f.opt.quirks = _i == 1 ? VFC_QUIRK_BIT(NO_BASE_CHECK) : 0;
	boot();
	migrate_gt(0, NEW);
	migrate_gt(1, NEW + 64 * MIB);
	run_ms(_i == 2 ? 20 : 1000);
	if (_i == 0) {
		ck_assert_int_eq(info(0).wedged_err, -EPROTO);
		return;
	}
	if (_i == 2)
		migrate_gt(0, NEW + 64 * MIB);
	run_ms(1000);
	ck_assert_int_eq(info(0).wedged_err, 0);
	ck_assert_uint_eq(info(1).recoveries, 1);
	ck_assert_uint_eq(info(0).ggtt_start, NEW + 64 * MIB);
}
END_TEST

/* below ABI 1.27 the latest generation is off: a notice at boot, an
 * error line at an interrupt, no START, and the CTB goes on. */
START_TEST(unsupported)
{
	f.version = 0x00011400;
	f.opt.generation = VFC_GEN_LATEST;
	begin();
	vfc_boot(f.v, 1);
	run_ms(100);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(said("N: migration disabled"), 1);
	ck_assert(!info(0).migration_supported);
	f.traced = 0;
	raise_irq(0, GUC_IRQ_SW_INT_0);
	run_ms(10);
	ck_assert_uint_eq(said("E gt0: migration not supported"), 1);
	ck_assert_uint_eq(f.traced, 0);
	ck_assert(!info(0).recovery_pending);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	run_ms(1);
	ck_assert_uint_eq(info(0).tlb_done, 1);
}
END_TEST

/* unloading cancels a worker that has not begun and waits for one
 * that runs. */
START_TEST(teardown)
{
	boot();
	f.holding = true;
	f.hold = VFC_STEP_QUERY;
	if (_i) {
		migrate(NEW);
		run_ms(5);
		ck_assert_uint_eq(traced(0x0001550F), 1);
		vfc_shutdown(f.v, 4);
		run_ms(5);
		ck_assert_uint_eq(f.ops, 0);
		f.holding = false;
		run_ms(20);
		ck_assert_uint_eq(traced(0x00015508), 1);
	} else {
		raise_irq(0, GUC_IRQ_SW_INT_0);
		vfc_step(f.v, f.now);
		vfc_shutdown(f.v, 4);
		raise_irq(0, GUC_IRQ_SW_INT_0);
		f.holding = false;
		f.hold = VFC_STEP_COUNT;
		run_ms(20);
		ck_assert_uint_eq(said("ready for recovery"), 2);
	}
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_OFF);
}
END_TEST

/* suspend waits for a recovery; a GT reset asked for during one is
 * refused with a warning. */
START_TEST(power_during_recovery)
{
	boot();
	f.holding = true;
	f.hold = VFC_STEP_DONE;
	migrate(NEW);
	run_ms(5);
	ck_assert_int_eq(vfc_reset(f.v, 0, 1), -EBUSY);
	ck_assert_uint_eq(said("W gt0: GT reset not done"), 1);
	ck_assert_int_eq(vfc_suspend(f.v, 2), 0);
	run_ms(5);
	ck_assert_uint_eq(f.ops, 0);
	f.holding = false;
	run_ms(5);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_SUSPENDED);
}
END_TEST

/* another value than 0xFF is handled, with one error line. */
START_TEST(odd_byte)
{
	boot();
	migrate(NEW);
	f.mem.base[off_of(0, f.gt[0].self[0])] = 1;
	run_ms(10);
	ck_assert_uint_eq(said("E gt0: memirq: unexpected value 0x01"), 1);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
}
END_TEST

/* C-01, C-19, C-21, C-24: from the byte on nothing is written to H2G; queues and
 * jobs are taken all the same and run after the recovery, once. */
START_TEST(use_while_pending)
{
	struct vfc_job job = { VFC_JOB_STORE, 3, 0 };
	const uint32_t dw = 0x777;
	uint32_t tail, q;
	int q2;

	boot();
	q = begin_work(0, 1);
	f.holding = true;
	f.hold = stops[_i];
	migrate(NEW);
	tail = host_get32(&f.mem, off_of(0, f.gt[0].self[3]) + CTB_DESC_TAIL);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 0), -ECANCELED);
	run_ms(5);
	ck_assert_int_eq(vfc_relay(f.v, 0, &dw, 1, 0), -ECANCELED);
	ck_assert_int_eq(vfc_tlb_invalidate(f.v, 0), 0);
	ck_assert_uint_eq(info(0).tlb_done, 1);
	q2 = vfc_queue_create(f.v, 0, GUC_CLASS_RENDER, 2);
	ck_assert_int_ge(q2, 0);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, (uint32_t)q2, &job), 1);
	ck_assert_int_eq(vfc_job_submit(f.v, 0, q, &job), 3);
	run_ms(5);
	ck_assert_uint_eq(host_get32(&f.mem, off_of(0, f.gt[0].self[3]) + CTB_DESC_TAIL), tail);
	f.holding = false;
	run_ms(20);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(f.jobs_ok, 4);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(f.stores, 3 * (3 + 2));
}
END_TEST

/* C-12 to C-16: whatever exchange was under way, the recovery ends it: enable,
 * disable, resume, deregistration. */
START_TEST(half_done)
{
	struct vfc_job job = { VFC_JOB_STORE, 3, 0 };
	uint32_t q;

	boot();
	q = busy_queue(0, 1);
	switch (_i) {
	case 0: /* suspend pending */
		f.frozen = true;
		vfc_queue_suspend(f.v, 0, q);
		break;
	case 1: /* resume pending */
		vfc_queue_suspend(f.v, 0, q);
		run_ms(1);
		f.frozen = true;
		vfc_queue_resume(f.v, 0, q);
		break;
	case 2: /* destroy pending */
		f.frozen = true;
		vfc_queue_destroy(f.v, 0, q);
		break;
	case 3: /* enable pending */
		f.frozen = true;
		q = (uint32_t)vfc_queue_create(f.v, 0, GUC_CLASS_BLITTER, 1);
		vfc_job_submit(f.v, 0, q, &job);
		break;
	}
	run_ms(1);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	switch (_i) {
	case 0:
		ck_assert(!f.gt[0].ctx[q].enabled);
		break;
	case 1:
		ck_assert(f.gt[0].ctx[q].enabled);
		break;
	case 2:
		ck_assert_uint_eq(f.queues_gone, 1);
		ck_assert(!f.gt[0].ctx[q].registered);
		return;
	case 3:
		ck_assert_uint_eq(f.jobs_ok, 2);
		ck_assert_uint_eq(f.stores, 6);
		break;
	}
	/* Every exchange still works afterwards. */
	vfc_queue_resume(f.v, 0, q);
	vfc_job_submit(f.v, 0, q, &job);
	run_ms(1);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
	vfc_queue_destroy(f.v, 0, q);
	run_ms(1);
	ck_assert_uint_eq(f.queues_gone, 1);
	ck_assert_uint_eq(f.jobs_bad, 0);
}
END_TEST

/* C-23: a job whose seqno is there but whose interrupt was lost is not run again. */
START_TEST(lost_user_interrupt)
{
	struct vfc_job job = { VFC_JOB_STORE, 3, 0 };
	uint32_t q;

	boot();
	q = begin_work(0, 1);
	f.frozen = false;
	serve_ring(0);
	memset(f.mem.base + off_of(0, f.gt[0].self[0]) - 0x190 + 0x400, 0, 64);
	ck_assert_uint_eq(f.stores, 6);
	vfc_job_submit(f.v, 0, q, &job);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.jobs_ok, 3);
	ck_assert_uint_eq(f.stores, 9);
}
END_TEST

/* F-31, F-32, F-33: a recovery on the same base, done twice, changes no byte
 * outside the rings of messages and the interrupt page. */
START_TEST(idempotent)
{
	size_t from = 4096 + (2 + 33) * 4096;
	uint8_t *before;

	boot();
	busy_queue(0, 3);
	before = malloc(MEM);
	memcpy(before, f.mem.base, MEM);
	for (unsigned i = 0; i < 2; i++) {
		migrate(OLD);
		run_ms(10);
		/* The work queue is all no-ops by now: not an address. */
		for (size_t at = from; at < MEM; at += 4) {
			uint32_t now = host_get32(&f.mem, at), was;

			memcpy(&was, before + at, 4);
			if (now != was && now != WQ_TYPE_NOOP)
				ck_abort_msg("0x%zx: %x was %x", at, now, was);
		}
	}
	free(before);
}
END_TEST

/* vf-lifecycle 5.2, --skip-fixup: a fixup left out leaves its word stale, one
 * applied twice shifts it twice; every other word is right. */
static const struct {
	enum fixup fixup;
	unsigned dword;
} words[] = {
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_ENABLE },
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_STATUS },
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_SOURCE },
	{ FIXUP_RING_START, LRC_RING_START },
	{ FIXUP_WA_BATCH, LRC_BB_PER_CTX },
	{ FIXUP_INDIRECT_CTX, LRC_INDIRECT_CTX },
};
#define WORDS (int)(sizeof(words) / sizeof(words[0]))

START_TEST(wrong_fixups)
{
	enum fixup wrong = words[_i % WORDS].fixup;
	bool twice = _i >= WORDS;
	uint32_t before[WORDS];
	size_t regs;
	uint32_t q;

	if (twice)
		f.opt.twice_fixups = 1u << wrong;
	else
		f.opt.skip_fixups = 1u << wrong;
	boot();
	q = busy_queue(0, 1);
	regs = off_of(0, f.gt[0].ctx[q].lrca[0] & LRC_DESC_ADDR) + LRC_REGS;
	for (int i = 0; i < WORDS; i++)
		before[i] = host_get32(&f.mem, regs + 4 * words[i].dword);
	migrate(NEW);
	run_ms(10);
	for (int i = 0; i < WORDS; i++) {
		uint32_t delta = NEW - OLD;

		if (words[i].fixup == wrong)
			delta = twice ? 2 * delta : 0;
		ck_assert_uint_eq(host_get32(&f.mem, regs + 4 * words[i].dword),
				  before[i] + delta);
	}
}
END_TEST

/* --- the seed ---------------------------------------------------------------------- */

static void seed_boot(unsigned gts)
{
	f.opt.gts = (uint8_t)gts;
	f.opt.generation = VFC_GEN_SEED;
	f.version = 0x00011400;
	boot();
}

/* queries, then 0x00005508; the lines of the document, in order. */
START_TEST(seed_plain)
{
	seed_boot(1);
	begin_work(0, 1 + (unsigned)_i);
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(f.trace[0], QUERY);
	ck_assert_uint_eq(f.trace[f.traced - 1], 0x00005508);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_str_eq(f.log, "I gt0: ready for recovery after migration\n"
				"I: VF migration recovery scheduled\n"
				"D: migration recovery in progress\n"
				"N: migration recovery ended\n");
	ck_assert_uint_eq(f.jobs_ok, 2);
	ck_assert_uint_eq(f.jobs_bad, 0);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).recoveries, 1);
}
END_TEST

/* R-06 of the seed: nothing is sent until every GT was interrupted. */
START_TEST(seed_all_gts)
{
	seed_boot(2);
	migrate_gt(0, NEW);
	run_ms(1000);
	ck_assert_uint_eq(f.traced, 0);
	ck_assert_uint_eq(said("D gt1: still not ready to recover"), 1);
	migrate_gt(1, NEW);
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(f.bases, 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* vf-lifecycle 4.1, event: a full set of interrupts while the worker is queued
 * only says so. */
START_TEST(seed_queued)
{
	seed_boot(1);
	for (unsigned i = 0; i < 3; i++) {
		migrate(NEW);
		vfc_step(f.v, f.now);
	}
	run_ms(10);
	ck_assert_uint_eq(said("I: VF migration recovery scheduled"), 1);
	ck_assert_uint_eq(said("I: VF migration recovery already in progress"), 2);
	ck_assert_uint_eq(said("I gt0: ready for recovery after migration"), 3);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(traced(0x00005508), 1);
}
END_TEST

static void after_first_notify(unsigned gt, enum vfc_step_id step)
{
	if (gt == 0 && step == VFC_STEP_SEED_NOTIFY && !f.held) {
		f.held = true;
		migrate_gt(0, NEW);
	}
}

/* vf-lifecycle 4.1, step 6: one GT may be notified and the other not; "ended" is
 * said all the same, and the next full set recovers both. */
START_TEST(seed_half_notified)
{
	seed_boot(2);
	f.on_step = after_first_notify;
	migrate(NEW);
	/* The interrupt is handled before the second GT is asked. */
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 0);
	ck_assert_uint_eq(said("D: another recovery imminent, skipping notifications"), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_RECOVERING);
	migrate_gt(1, NEW);
	run_ms(10);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* GT 0 interrupts again while the worker runs: it steps back ("deferred",
 * or "skipping notifications" and "ended") until GT 1 interrupts too. */
static const struct {
	enum vfc_step_id hold;
	const char *line;
	unsigned done, ended;
} imminents[] = {
	{ VFC_STEP_SEED_QUERY, "D: migration recovery deferred", 0, 0 },
	{ VFC_STEP_SEED_DECIDE, "D: migration recovery deferred", 0, 0 },
	{ VFC_STEP_SEED_NOTIFY, "D: another recovery imminent, skipping notifications", 0, 1 },
};

START_TEST(seed_imminent)
{
	seed_boot(2);
	f.holding = true;
	f.hold = imminents[_i].hold;
	migrate(NEW);
	run_ms(5);
	ck_assert(f.held);
	ck_assert_uint_eq(info(0).pm_refs, 1);
	migrate_gt(0, NEW + 64 * MIB);
	run_ms(1);
	f.holding = false;
	run_ms(1000);
	ck_assert_uint_eq(said(imminents[_i].line), 1);
	ck_assert_uint_eq(traced(0x00005508) + traced(0x80005508), imminents[_i].done);
	ck_assert_uint_eq(said("N: migration recovery ended"), imminents[_i].ended);
	ck_assert_uint_eq(info(0).pm_refs, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_RECOVERING);
	migrate_gt(1, NEW + 64 * MIB);
	run_ms(10);
	ck_assert_uint_eq(traced(0x00005508), 1);
	ck_assert_uint_eq(traced(0x80005508), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	ck_assert_uint_eq(info(0).ggtt_start, NEW + 64 * MIB);
}
END_TEST

/* a query error is thrown away when another recovery is imminent, else it
 * wedges; the other GT is queried all the same. */
START_TEST(seed_query_error)
{
	seed_boot(2);
	add_rule((struct rule){ .action = QUERY, .key = 2, .answer = 0xE0000107, .times = 1,
				.gt = 1 });
	f.holding = true;
	f.hold = VFC_STEP_SEED_DECIDE;
	migrate(NEW);
	run_ms(5);
	ck_assert_uint_ge(traced(0x80000000u | QUERY), 4);
	if (_i)
		migrate_gt(0, NEW);
	run_ms(1);
	f.holding = false;
	run_ms(10);
	ck_assert_uint_eq(said("D: migration recovery deferred"), _i ? 1 : 0);
	ck_assert_uint_eq(said("E: migration recovery failed (-EREMCHG)"), _i ? 0 : 1);
	ck_assert_uint_eq(info(0).state, _i ? VFC_STATE_RECOVERING : VFC_STATE_WEDGED);
	ck_assert_uint_eq(info(0).pm_refs, 0);
}
END_TEST

/* vf-lifecycle 4.1 step 6: the answer to the notification is only logged. */
START_TEST(seed_notify_error)
{
	seed_boot(1);
	add_rule((struct rule){ .action = DONE, .answer = 0xE0000060, .times = 1 });
	migrate(NEW);
	run_ms(10);
	ck_assert_uint_eq(said("Failed to notify GuC about resource fixup done (-ENXIO)"), 1);
	ck_assert_uint_eq(said("N: migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
	Suite *s = suite_create("vfc_recovery");
	TCase *tc = tcase_create("latest"), *seed = tcase_create("seed");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, plain, 0, 3);
	tcase_add_test(tc, parallel);
	tcase_add_test(tc, coalesced);
	tcase_add_loop_test(tc, two_gts, 0, 4);
	tcase_add_loop_test(tc, late_irq, 0, 2);
	tcase_add_loop_test(tc, start_refused, 0, 3);
	tcase_add_test(tc, migrated_again);
	tcase_add_loop_test(tc, third_base, 0, COUNT(stops));
	tcase_add_test(tc, marker_wrap);
	tcase_add_test(tc, refused_before_interrupt);
	tcase_add_loop_test(tc, migrated_early, 0, 6);
	tcase_add_loop_test(tc, wedged, 0, COUNT(wedges));
	tcase_add_loop_test(tc, never_wedged, 0, 4);
	tcase_add_test(tc, shared_queue);
	tcase_add_loop_test(tc, survives, 0, COUNT(accepted));
	tcase_add_loop_test(tc, two_bases, 0, 3);
	tcase_add_test(tc, unsupported);
	tcase_add_loop_test(tc, teardown, 0, 2);
	tcase_add_test(tc, power_during_recovery);
	tcase_add_test(tc, odd_byte);
	tcase_add_loop_test(tc, use_while_pending, 0, COUNT(stops));
	tcase_add_loop_test(tc, half_done, 0, 4);
	tcase_add_test(tc, lost_user_interrupt);
	tcase_add_test(tc, idempotent);
	tcase_add_loop_test(tc, wrong_fixups, 0, 2 * WORDS);
	tcase_add_checked_fixture(seed, prepare, NULL);
	tcase_add_loop_test(seed, seed_plain, 0, 3);
	tcase_add_test(seed, seed_all_gts);
	tcase_add_test(seed, seed_queued);
	tcase_add_test(seed, seed_half_notified);
	tcase_add_loop_test(seed, seed_imminent, 0, COUNT(imminents));
	tcase_add_loop_test(seed, seed_query_error, 0, 2);
	tcase_add_test(seed, seed_notify_error);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, seed);
	return run_suite(s);
}
