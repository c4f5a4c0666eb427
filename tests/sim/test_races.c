/* SPDX-License-Identifier: MIT */
/* Races of the recovery that need a message held back, lost or answered in the
 * GuC's stead: the hooks of libgucemu stand in for the unlucky moment. Ids of
 * vf-lifecycle 6.1. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/text.h"
#include "suites.h"

/* What the hook does to the mailbox requests of one action. */
struct trap {
	uint32_t action;
	unsigned swallow; /* requests still to be lost */
	unsigned refuse;  /* requests still to be answered with 0x107 */
	unsigned requests, replies;
};

static enum guc_verdict trap_hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	struct trap *t = user;

	if (ev->point == GUC_PT_MBOX_REPLY && ev->code == t->action)
		t->replies++;
	if (ev->point != GUC_PT_MBOX_REQUEST || hxg_action(ev->msg[0]) != t->action)
		return GUC_PASS;
	t->requests++;
	if (t->swallow) {
		t->swallow--;
		return GUC_SWALLOW;
	}
	if (!t->refuse)
		return GUC_PASS;
	t->refuse--;
	act->answer[0] = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_VF_MIGRATED, 0);
	act->answer_len = 1;
	return GUC_ANSWER;
}

struct race {
	struct sim_options opt;
	struct sim *sim;
	struct sim_vf *vf;
	struct load load;
	struct trap trap; /* on card 1 */
	uint64_t memirq[2]; /* status, source address of the main GuC */
	unsigned relays;    /* relay messages that the VF has sent */
	uint32_t findings;  /* bit a structure that the detector named */
};

static bool is_relay_request(const struct guc_event *ev)
{
	return ev->point == GUC_PT_H2G && ev->fn && hxg_action(ev->msg[0]) == GUC_ACTION_RELAY_TO_PF;
}

/* Remember where the driver put its memory interrupt page, and how far it is. */
static void note_boot(void *user, const struct guc_event *ev)
{
	struct race *r = user;

	if (is_relay_request(ev))
		r->relays++;
	if (ev->point == GUC_PT_FINDING)
		r->findings |= 1u << ev->finding->structure;
	if (ev->point != GUC_PT_MBOX_REQUEST || ev->gt != 0 || ev->msg_len < 3 ||
	    hxg_action(ev->msg[0]) != GUC_ACTION_SELF_CFG)
		return;
	if (field_get(KLV_KEY, ev->msg[1]) == GUC_KLV_SELF_MEMIRQ_STATUS_ADDR)
		r->memirq[0] = ev->msg[2];
	if (field_get(KLV_KEY, ev->msg[1]) == GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR)
		r->memirq[1] = ev->msg[2];
}

static void race_begin(struct race *r, uint32_t action)
{
	memset(r, 0, sizeof(*r));
	sim_defaults(&r->opt);
	r->trap.action = action;
}

static void race_new(struct race *r)
{
	r->sim = sim_new(&r->opt);
	r->vf = r->sim->vf[0];
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		r->sim->card[c].sink = note_boot;
		r->sim->card[c].sink_user = r;
	}
	r->sim->card[1].guc.hook = trap_hook;
	r->sim->card[1].guc.hook_user = &r->trap;
}

static void race_run(struct race *r)
{
	race_new(r);
	load_start(&r->load, r->sim, r->vf, 2, false);
}

/* Write the bytes of an interrupt of the main GuC as the GuC would. */
static void interrupt(struct race *r)
{
	struct vfc_info info;

	vfc_info(r->vf->vfc, 0, &info);
	/* A driver of this project maps memory page k at GGTT start + 4096 k. */
	r->vf->mem.base[r->memirq[0] - info.ggtt_start] = 0xFF;
	r->vf->mem.base[r->memirq[1] - info.ggtt_start] = 0xFF;
	vfc_irq(r->vf->vfc);
}

static unsigned count(const char *log, const char *line)
{
	unsigned n = 0;

	for (const char *p = log; (p = strstr(p, line)); p += strlen(line))
		n++;
	return n;
}

static void race_end(struct race *r)
{
	const char *why;

	ck_assert_msg(sim_recovered(r->sim, r->vf), "not recovered:\n%s", r->vf->log);
	why = load_finish(&r->load);
	ck_assert_msg(!why, "%s\n%s", why, r->vf->log);
	ck_assert_uint_eq(r->vf->wedged, 0);
	ck_assert_uint_eq(r->sim->card[0].findings + r->sim->card[1].findings, 0);
	sim_free(r->sim);
}

static bool seen_reply(void *arg)
{
	return ((struct trap *)arg)->replies > 0;
}

static bool seen_request(void *arg)
{
	return ((struct trap *)arg)->requests > 0;
}

/* three interrupts before the worker starts give one recovery. */
START_TEST(R_05_coalescing)
{
	struct race r;

	race_begin(&r, 0);
	race_run(&r);
	r.vf->hold_steps = 1u << VFC_STEP_SHUTDOWN;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
		sim_run(r.sim, 5 * SIM_MS);
	}
	r.vf->hold_steps = 0;
	ck_assert(sim_recovered(r.sim, r.vf));
	ck_assert_uint_eq(count(r.vf->log, "ready for recovery after migration"), 3);
	ck_assert_uint_eq(count(r.vf->log, "VF migration recovery scheduled"), 1);
	ck_assert_uint_eq(count(r.vf->log, "migration recovery ended"), 1);
	race_end(&r);
}
END_TEST

/* an interrupt of the same migration that is seen after RESFIX_START
 * returned: a second run or none, but never a wedge, and no work is lost. */
START_TEST(R_07_late_interrupt)
{
	struct race r;

	race_begin(&r, 0);
	r.opt.strict_resfix = _i & 1;
	r.opt.vf.quirks = _i & 2 ? VFC_QUIRK_BIT(LATE_IRQ_RERUN) : 0;
	race_run(&r);
	r.vf->hold_steps = 1u << VFC_STEP_QUERY;
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	sim_run(r.sim, 5 * SIM_MS);
	ck_assert_uint_ne(r.vf->held, 0);
	/* The base has moved, the driver does not know it yet: its page is where
	 * it was in memory, and that is what the helper needs. */
	interrupt(&r);
	r.vf->hold_steps = 0;
	if (_i == 3) {
		/* Strict firmware and the driver of 7.2: this is the wedge. */
		sim_run(r.sim, 500 * SIM_MS);
		ck_assert_uint_eq(r.vf->wedged, 1);
		sim_free(r.sim);
		return;
	}
	race_end(&r);
}
END_TEST

/* R-09a: START unanswered at save travels in the mailbox and is served by the
 * next GuC when the VF is resumed. */
START_TEST(R_09a_start_unanswered)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_START);
	r.trap.swallow = 1;
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, seen_request, &r.trap, 100 * SIM_MS));
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	race_end(&r);
}
END_TEST

/* R-09b: START answered at save: the reply travels, the new GuC has marker 0,
 * DONE is refused with 0x107 and the second run succeeds. */
START_TEST(R_09b_start_answered)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_START);
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, seen_reply, &r.trap, 100 * SIM_MS));
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	race_end(&r);
}
END_TEST

/* R-13a: DONE accepted, saved before the reply was read: a full new recovery. */
START_TEST(R_13a_done_accepted)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_DONE);
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, seen_reply, &r.trap, 100 * SIM_MS));
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	race_end(&r);
}
END_TEST

/* R-13b: DONE unanswered at save: served again by the new GuC, whose marker
 * differs: 0x107, second run. */
START_TEST(R_13b_done_unanswered)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_DONE);
	r.trap.swallow = 1;
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, seen_request, &r.trap, 100 * SIM_MS));
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	race_end(&r);
}
END_TEST

/* 0x107 at DONE although no interrupt was handled: the worker is queued
 * once more and succeeds with the next marker. */
START_TEST(R_17_refused_before_interrupt)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_DONE);
	r.trap.refuse = 1;
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_recovered(r.sim, r.vf));
	ck_assert_uint_eq(r.trap.requests, 2);
	ck_assert_uint_ge(count(r.vf->log, "Re-queuing migration recovery"), 1);
	ck_assert_uint_eq(count(r.vf->log, "migration recovery ended"), 1);
	race_end(&r);
}
END_TEST

/* 0x107 at START: requeued with back-off, not wedged. */
START_TEST(R_18_refused_start)
{
	struct race r;

	race_begin(&r, GUC_ACTION_RESFIX_START);
	r.trap.refuse = 3;
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_recovered(r.sim, r.vf));
	ck_assert_uint_eq(r.trap.requests, 4);
	race_end(&r);
}
END_TEST

/* another ABI minor at the target: recovery works, the next GT reset
 * sees the new version. */
START_TEST(R_41_abi_changed)
{
	struct race r;

	race_begin(&r, 0);
	r.opt.abi_minor[0] = 27;
	race_run(&r);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_recovered(r.sim, r.vf));
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_reset(r.vf->vfc, 0, ++r.sim->tag), 0);
	sim_run(r.sim, 2000 * SIM_MS);
	ck_assert(r.vf->op_done);
	ck_assert_int_eq(r.vf->last_err, -EREMCHG);
	ck_assert_uint_ge(count(r.vf->log, "New GuC interface version detected"), 1);
	sim_free(r.sim);
}
END_TEST

/* R-41's reverse: a target that cannot speak the negotiated version refuses
 * the blob; the source goes on as if nothing had been. */
START_TEST(M_29_older_abi_refused)
{
	struct race r;
	uint8_t *image;
	size_t len;

	race_begin(&r, 0);
	r.opt.abi_minor[1] = 26;
	race_run(&r);
	ck_assert_int_eq(sim_migrate_out(r.sim, r.vf, &image, &len), 0);
	ck_assert_int_ne(sim_migrate_in(r.sim, r.vf, image, len), 0);
	free(image);
	ck_assert_uint_eq(r.vf->card, 0);
	ck_assert_int_eq(sim_pf(r.sim, 0, PFC_RESUME, 1, NULL), 0);
	sim_thaw(r.sim, r.vf);
	race_end(&r);
}
END_TEST

static bool op_done(void *arg)
{
	return ((struct sim_vf *)arg)->op_done;
}

/* A boot that was migrated ends; one that failed is good the second time, and
 * then jobs run. */
static void boot_ends(struct race *r)
{
	ck_assert(sim_until(r->sim, op_done, r->vf, 10000 * SIM_MS));
	if (r->vf->last_err)
		ck_assert_msg(sim_boot(r->sim, r->vf) == 0, "%s", r->vf->log);
	load_start(&r->load, r->sim, r->vf, 1, false);
	race_end(r);
}

/* migrated in the middle of the bootstrap, before the interrupt page is
 * known: the boot fails or starts over, and a second one succeeds. */
START_TEST(R_44_during_boot)
{
	struct race r;

	race_begin(&r, 0);
	race_new(&r);
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_boot(r.vf->vfc, ++r.sim->tag), 0);
	for (int turns = 0; turns < 3 + 2 * _i; turns++)
		sim_turn(r.sim);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	boot_ends(&r);
}
END_TEST

/* migrated when the interrupt page is known and the CTB is not enabled:
 * the interrupt comes, and the boot is not left half-way. */
START_TEST(R_45_before_ctb)
{
	struct race r;

	race_begin(&r, 0);
	race_new(&r);
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_boot(r.vf->vfc, ++r.sim->tag), 0);
	while (!r.memirq[0] || !r.memirq[1])
		ck_assert(sim_turn(r.sim));
	for (int turns = 0; turns < 2 * _i; turns++)
		sim_turn(r.sim);
	ck_assert_int_ne(sim_state(r.sim, r.vf, 0), GUC_VFS_RUNNING);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	boot_ends(&r);
}
END_TEST

/* migrated with a relay request outstanding, the handshake (loop 0) or
 * one of the runtime query. */
START_TEST(R_46_during_relay)
{
	struct race r;

	race_begin(&r, 0);
	race_new(&r);
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_boot(r.vf->vfc, ++r.sim->tag), 0);
	while (r.relays <= (unsigned)_i)
		ck_assert(sim_turn(r.sim));
	ck_assert(!r.vf->op_done);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	boot_ends(&r);
}
END_TEST

/* migrated with the first job of a context on its way: it is emitted again
 * with the batch where it is now. A driver with the gap of row 20 is told on. */
START_TEST(R_47_first_job)
{
	static const struct vfc_job job = { VFC_JOB_LONG, 0x47, 2000 };
	struct race r;
	int id;

	race_begin(&r, 0);
	r.opt.vf.quirks = _i ? VFC_QUIRK_BIT(FIXUP_GAPS) : 0;
	race_new(&r);
	ck_assert_int_eq(sim_boot(r.sim, r.vf), 0);
	id = vfc_queue_create(r.vf->vfc, 0, GUC_CLASS_RENDER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_eq(vfc_job_submit(r.vf->vfc, 0, (uint32_t)id, &job), 1);
	for (int turns = 0; turns < 4; turns++)
		sim_turn(r.sim);
	ck_assert_uint_eq(r.vf->jobs_ok, 0);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	sim_run(r.sim, 100 * SIM_MS);
	if (_i == 0) {
		ck_assert_uint_eq(r.vf->jobs_ok, 1);
		ck_assert_uint_eq(r.findings, 0);
	} else {
		ck_assert_uint_eq(r.vf->jobs_ok, 0);
		ck_assert_uint_ne(r.findings & 1u << FIXUP_BATCH, 0);
	}
	sim_free(r.sim);
}
END_TEST

/* migrated in the middle of a GT reset, at each of its first turns: the
 * reset ends well, once or after beginning again, and unfinished jobs run. */
START_TEST(R_51_in_reset)
{
	struct race r;

	race_begin(&r, 0);
	race_run(&r);
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_reset(r.vf->vfc, 0, ++r.sim->tag), 0);
	for (int turns = 0; turns < 2 * _i; turns++)
		sim_turn(r.sim);
	ck_assert(!r.vf->op_done);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, op_done, r.vf, 10000 * SIM_MS));
	ck_assert_msg(r.vf->last_err == 0, "%s\n%s", text_errno(r.vf->last_err), r.vf->log);
	race_end(&r);
}
END_TEST

static int operation(struct race *r, int (*start)(struct vfc *, uint64_t))
{
	int err;

	r->vf->op_done = false;
	err = start(r->vf->vfc, ++r->sim->tag);
	if (err)
		return err;
	return sim_until(r->sim, op_done, r->vf, 10000 * SIM_MS) ? r->vf->last_err : -ETIME;
}

static enum guc_verdict lose_relay(void *user, struct guc_event *ev, struct guc_hook_action *action)
{
	struct race *r = user;

	(void)action;
	if (!is_relay_request(ev))
		return GUC_PASS;
	r->relays++;
	return GUC_SWALLOW;
}

/* migrated when the handshake with the PF is outstanding that a GT reset, or a
 * resume, ends with: nobody will answer it, and the operation does not wait for that, but
 * begins again with the PF that the VF has now. */
START_TEST(R_51_in_handshake)
{
	struct race r;
	unsigned before;
	uint64_t began;

	race_begin(&r, 0);
	race_run(&r);
	r.sim->card[0].guc.hook = lose_relay;
	r.sim->card[0].guc.hook_user = &r;
	if (_i) {
		ck_assert_int_eq(operation(&r, vfc_suspend), 0);
		ck_assert_int_eq(vfc_resume(r.vf->vfc, ++r.sim->tag), 0);
	} else {
		ck_assert_int_eq(vfc_reset(r.vf->vfc, 0, ++r.sim->tag), 0);
	}
	r.vf->op_done = false;
	before = r.relays;
	while (r.relays == before)
		ck_assert(sim_turn(r.sim));
	ck_assert(!r.vf->op_done);
	began = sim_vf_now(r.vf);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert(sim_until(r.sim, op_done, r.vf, 10000 * SIM_MS));
	ck_assert_msg(r.vf->last_err == 0, "%s\n%s", text_errno(r.vf->last_err), r.vf->log);
	/* Sooner than any wait for an answer ends. */
	ck_assert_uint_lt(sim_vf_now(r.vf) - began, 900 * SIM_MS);
	race_end(&r);
}
END_TEST

/* migrated while suspended: resume queries the configuration and fixes
 * what moved. */
START_TEST(R_49_migrated_while_suspended)
{
	struct race r;

	race_begin(&r, 0);
	race_run(&r);
	ck_assert_int_eq(operation(&r, vfc_suspend), 0);
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	ck_assert_msg(operation(&r, vfc_resume) == 0, "%s", r.vf->log);
	race_end(&r);
}
END_TEST

/* suspend asked for in mid-recovery waits for its end. */
START_TEST(R_48_suspend_in_recovery)
{
	struct race r;

	race_begin(&r, 0);
	race_run(&r);
	r.vf->hold_steps = 1u << VFC_STEP_FIX_QUEUES;
	ck_assert_int_eq(sim_migrate(r.sim, r.vf), 0);
	sim_run(r.sim, 10 * SIM_MS);
	r.vf->op_done = false;
	ck_assert_int_eq(vfc_suspend(r.vf->vfc, ++r.sim->tag), 0);
	sim_run(r.sim, 10 * SIM_MS);
	ck_assert(!r.vf->op_done);
	r.vf->hold_steps = 0;
	ck_assert(sim_until(r.sim, op_done, r.vf, 5000 * SIM_MS));
	ck_assert_int_eq(r.vf->last_err, 0);
	ck_assert_int_eq(operation(&r, vfc_resume), 0);
	race_end(&r);
}
END_TEST

/* a spurious MIGRATED interrupt: the driver survives, work continues. */
START_TEST(R_58_spurious)
{
	struct race r;

	race_begin(&r, 0);
	r.opt.strict_resfix = _i & 1;
	race_run(&r);
	interrupt(&r);
	sim_run(r.sim, 100 * SIM_MS);
	race_end(&r);
}
END_TEST

Suite *suite_races(void)
{
	Suite *s = suite_create("races");
	TCase *t = tcase_create("recovery");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, R_05_coalescing);
	tcase_add_loop_test(t, R_07_late_interrupt, 0, 4);
	tcase_add_test(t, R_09a_start_unanswered);
	tcase_add_test(t, R_09b_start_answered);
	tcase_add_test(t, R_13a_done_accepted);
	tcase_add_test(t, R_13b_done_unanswered);
	tcase_add_test(t, R_17_refused_before_interrupt);
	tcase_add_test(t, R_18_refused_start);
	tcase_add_test(t, R_41_abi_changed);
	tcase_add_test(t, M_29_older_abi_refused);
	tcase_add_loop_test(t, R_44_during_boot, 0, 12);
	tcase_add_loop_test(t, R_45_before_ctb, 0, 4);
	tcase_add_loop_test(t, R_46_during_relay, 0, 2);
	tcase_add_loop_test(t, R_47_first_job, 0, 2);
	tcase_add_test(t, R_48_suspend_in_recovery);
	tcase_add_test(t, R_49_migrated_while_suspended);
	tcase_add_loop_test(t, R_51_in_reset, 0, 10);
	tcase_add_loop_test(t, R_51_in_handshake, 0, 2);
	tcase_add_loop_test(t, R_58_spurious, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
