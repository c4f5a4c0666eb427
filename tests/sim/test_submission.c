/* SPDX-License-Identifier: MIT */
/* CTB and submission across a migration between the real GuC and this project's
 * driver: what either side has done that the other does not know of (checklist
 * C). What a scripted GuC shows is in unit/test_vfc_replay. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "load.h"
#include "suites.h"

static struct sim *s;
static struct sim_vf *vf;

/* What the hook lets get lost, once; what the sink counted on both cards. */
static struct {
	enum guc_point point;
	uint32_t code;
	unsigned lost;
	unsigned registered, replies, failures, mode_done;
} seen;

static enum guc_verdict lose(void *user, struct guc_event *ev, struct guc_hook_action *action)
{
	(void)user;
	(void)action;
	if (ev->fn != 1 || ev->point != seen.point || ev->code != seen.code || seen.lost)
		return GUC_PASS;
	seen.lost++;
	return GUC_SWALLOW;
}

static void count(void *user, const struct guc_event *ev)
{
	(void)user;
	if (ev->fn != 1)
		return;
	seen.registered += ev->point == GUC_PT_CONTEXT && ev->value == GUC_CTX_REGISTERED;
	if (ev->point != GUC_PT_G2H || ev->verdict == GUC_SWALLOW)
		return;
	seen.replies += ev->code == GUC_ACTION_REGISTER_CONTEXT;
	seen.failures += ev->error != 0;
	seen.mode_done += ev->code == GUC_ACTION_SCHED_CONTEXT_MODE_DONE;
}

static void begin(const struct sim_options *o)
{
	s = sim_new(o);
	vf = s->vf[0];
	memset(&seen, 0, sizeof(seen));
	for (unsigned i = 0; i < SIM_CARDS; i++)
		s->card[i].sink = count;
}

static void lose_once(enum guc_point point, uint32_t code)
{
	seen.point = point;
	seen.code = code;
	s->card[0].guc.hook = lose;
}

static uint32_t new_queue(unsigned width)
{
	int id = vfc_queue_create(vf->vfc, 0, GUC_CLASS_BLITTER, width);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

static void submit(uint32_t queue)
{
	const struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 0x55 };

	ck_assert_int_gt(vfc_job_submit(vf->vfc, 0, queue, &job), 0);
}

/* All jobs end right on the other card, which has nothing to complain about. */
static void finish(unsigned jobs)
{
	ck_assert_msg(sim_recovered(s, vf), "%s", vf->log);
	ck_assert_msg(sim_jobs_drained(s, vf), "%s", vf->log);
	ck_assert_uint_eq(vf->jobs_ok, jobs);
	ck_assert_uint_eq(vf->jobs_bad, 0);
	ck_assert_uint_eq(seen.failures, 0);
	ck_assert_uint_eq(s->card[1].violations, 0);
	ck_assert_uint_eq(s->card[1].findings, 0);
	sim_free(s);
}

/* C-11: GuC knows the context, the driver isn't sure: its second registration, an
 * EVENT, changes nothing and is not answered. */
START_TEST(C_11_registered_before_save)
{
	struct sim_options o;
	uint32_t q;

	sim_defaults(&o);
	begin(&o);
	ck_assert_int_eq(sim_boot(s, vf), 0);
	lose_once(GUC_PT_H2G, GUC_ACTION_SCHED_CONTEXT_MODE_SET);
	q = new_queue(_i ? 2 : 1);
	submit(q);
	sim_run(s, 2 * SIM_MS);
	ck_assert_uint_eq(seen.lost, 1);
	ck_assert_uint_eq(seen.registered, 1);
	ck_assert(guc_context(&s->card[0].guc, 0, 1, q)->registered);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_jobs_drained(s, vf));
	ck_assert_uint_eq(seen.registered, 1);
	ck_assert_uint_eq(seen.replies, 0);
	finish(1);
}
END_TEST

/* C-12: GuC has enabled the context, its answer is lost in the move: registered
 * again, enabled again, and one answer counted. */
START_TEST(C_12_enabled_before_save)
{
	const struct vfc_job wait = { .kind = VFC_JOB_WAIT, .value = 0x66 };
	struct sim_options o;
	uint32_t q;

	sim_defaults(&o);
	begin(&o);
	ck_assert_int_eq(sim_boot(s, vf), 0);
	lose_once(GUC_PT_G2H, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	q = new_queue(1);
	ck_assert_int_eq(vfc_job_submit(vf->vfc, 0, q, &wait), 1);
	sim_run(s, 2 * SIM_MS);
	ck_assert_uint_eq(seen.lost, 1);
	ck_assert_uint_eq(seen.mode_done, 0);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	ck_assert_int_eq(vfc_job_release(vf->vfc, 0, q, 1), 0);
	finish(1);
	ck_assert_uint_eq(seen.mode_done, 1);
}
END_TEST

/* C-16: GuC has forgotten the context, the driver does not know: its second
 * DEREGISTER is answered by DEREGISTER_DONE, and the id is free. */
START_TEST(C_16_deregistered_before_save)
{
	struct sim_options o;
	struct vfc_info info;
	uint32_t q;

	sim_defaults(&o);
	begin(&o);
	ck_assert_int_eq(sim_boot(s, vf), 0);
	q = new_queue(1);
	submit(q);
	ck_assert(sim_jobs_drained(s, vf));
	lose_once(GUC_PT_G2H, GUC_ACTION_DEREGISTER_CONTEXT_DONE);
	ck_assert_int_eq(vfc_queue_destroy(vf->vfc, 0, q), 0);
	sim_run(s, 5 * SIM_MS);
	ck_assert_uint_eq(seen.lost, 1);
	ck_assert(!guc_context(&s->card[0].guc, 0, 1, q)->registered);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	sim_run(s, 5 * SIM_MS);
	vfc_info(vf->vfc, 0, &info);
	ck_assert_uint_eq(info.queues, 0);
	ck_assert_uint_eq(new_queue(1), q);
	submit(q);
	finish(2);
}
END_TEST

static uint32_t word(uint64_t addr)
{
	const struct guc_function *f = guc_fn(&s->card[vf->card].guc, 0, 1);
	uint32_t v;

	ck_assert_uint_le(addr - f->config.ggtt_start, vf->mem.size - 4);
	memcpy(&v, vf->mem.base + (addr - f->config.ggtt_start), 4);
	return v;
}

/* C-29: GuC runs the restore context in DONE; the ring's head stays 0 and its tail
 * 24, before as after; jobs go on. */
START_TEST(C_29_compression_migrated)
{
	struct sim_options o;
	unsigned found = 0;
	struct load load;

	sim_defaults(&o);
	o.vf.ccs = true;
	begin(&o);
	load_start(&load, s, vf, 1, false);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	for (uint32_t id = 0; id < 64; id++) {
		const struct guc_context *ctx = guc_context(&s->card[1].guc, 0, 1, id);
		uint64_t regs;

		if (!ctx || !ctx->registered || ctx->type == GUC_CTX_NORMAL)
			continue;
		regs = (ctx->lrc_desc[0] & LRC_DESC_ADDR) + LRC_REGS;
		ck_assert_uint_eq(word(regs + 4 * LRC_RING_HEAD), 0);
		ck_assert_uint_eq(word(regs + 4 * LRC_RING_TAIL), 24);
		found++;
	}
	ck_assert_uint_eq(found, 2);
	ck_assert_ptr_null(load_finish(&load));
	finish(load.submitted);
}
END_TEST

/* Ring tails of context 0's LRCs when GuC took the first SCHED_CONTEXT. */
static struct {
	unsigned taken;
	uint32_t tail[2];
} at_call;

static enum guc_verdict note_tails(void *user, struct guc_event *ev, struct guc_hook_action *action)
{
	const struct guc_context *ctx = guc_context(user, 0, 1, 0);

	(void)action;
	if (ev->fn != 1 || ev->point != GUC_PT_H2G || ev->code != GUC_ACTION_SCHED_CONTEXT ||
	    at_call.taken++)
		return GUC_PASS;
	for (unsigned i = 0; i < 2; i++)
		at_call.tail[i] = word((ctx->lrc_desc[i] & LRC_DESC_ADDR) + LRC_REGS +
				       4 * LRC_RING_TAIL);
	return GUC_PASS;
}

static void expect_tails_of_first_item(void)
{
	ck_assert_uint_gt(at_call.taken, 0);
	ck_assert_uint_eq(at_call.tail[0], 64);
	ck_assert_uint_eq(at_call.tail[1], 64);
	at_call.taken = 0;
}

/* C-17: the ring tails of a parallel queue are GuC's. While it is at one work item no
 * later job shows in them, submitted there or again after a migration: past an
 * item's tail the rings would run round, over commands of jobs long ended. */
START_TEST(C_17_parallel_tails)
{
	const struct vfc_job wait = { .kind = VFC_JOB_WAIT, .value = 0x66 };
	struct sim_options o;
	uint32_t q;

	sim_defaults(&o);
	o.vf.quirks = _i ? VFC_QUIRKS_LINUX_7_2 & ~VFC_QUIRK_BIT(FIXUP_GAPS) : 0;
	begin(&o);
	ck_assert_int_eq(sim_boot(s, vf), 0);
	q = new_queue(2);
	ck_assert_uint_eq(q, 0);
	ck_assert_int_eq(vfc_job_submit(vf->vfc, 0, q, &wait), 1);
	sim_run(s, 5 * SIM_MS);
	memset(&at_call, 0, sizeof(at_call));
	for (unsigned i = 0; i < SIM_CARDS; i++) {
		s->card[i].guc.hook = note_tails;
		s->card[i].guc.hook_user = &s->card[i].guc;
	}
	submit(q);
	sim_run(s, 5 * SIM_MS);
	expect_tails_of_first_item();
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	submit(q);
	ck_assert(sim_recovered(s, vf));
	sim_run(s, 5 * SIM_MS);
	expect_tails_of_first_item();
	ck_assert_int_eq(vfc_job_release(vf->vfc, 0, q, 1), 0);
	finish(3);
}
END_TEST

/* C-31: from RESUME to DONE GuC does not touch the rings: H2G's head and G2H's tail
 * stay, with messages unread in H2G and doorbells rung; then they move. */
START_TEST(C_31_ring_untouched)
{
	const struct guc_function *f;
	uint32_t head, tail;
	struct sim_options o;
	struct load load;
	uint8_t *image;
	size_t len;

	sim_defaults(&o);
	o.no_drain = _i == 1;
	begin(&o);
	load_start(&load, s, vf, 2, false);
	load_more(&load);
	vf->hold_steps = 1u << VFC_STEP_DONE;
	ck_assert_int_eq(sim_migrate_out(s, vf, &image, &len), 0);
	ck_assert_int_eq(sim_migrate_in(s, vf, image, len), 0);
	free(image);
	f = guc_fn(&s->card[1].guc, 0, 1);
	head = word(f->self.h2g_desc + CTB_DESC_HEAD);
	tail = word(f->self.g2h_desc + CTB_DESC_TAIL);
	for (unsigned n = 0; n < 20000 && !(vf->held & 1u << VFC_STEP_DONE); n++) {
		sim_turn(s);
		if (n % 16 == 0)
			guc_mmio_write(&s->card[1].guc, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
		ck_assert_int_eq(sim_state(s, vf, 0), GUC_VFS_RESFIX_BLOCKED);
		ck_assert_uint_eq(word(f->self.h2g_desc + CTB_DESC_HEAD), head);
		ck_assert_uint_eq(word(f->self.g2h_desc + CTB_DESC_TAIL), tail);
	}
	ck_assert(vf->held & 1u << VFC_STEP_DONE);
	vf->hold_steps = 0;
	ck_assert(sim_recovered(s, vf));
	ck_assert_ptr_null(load_finish(&load));
	ck_assert_int_eq(vfc_tlb_invalidate(vf->vfc, 0), 0);
	sim_run(s, SIM_MS);
	ck_assert_uint_ne(word(f->self.h2g_desc + CTB_DESC_HEAD), head);
	ck_assert_uint_ne(word(f->self.g2h_desc + CTB_DESC_TAIL), tail);
	finish(load.submitted);
}
END_TEST

/* C-27: what the PF answered while the VF was recovering comes after DONE, or not at
 * all: either way the request ends, once. */
START_TEST(C_27_relay_in_recovery)
{
	const uint32_t dw[2] = { hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, 0x0101, 0), 0 };
	struct sim_options o;

	sim_defaults(&o);
	o.vf.quirks = _i ? VFC_QUIRK_BIT(RELAY_WAITS) : 0;
	begin(&o);
	ck_assert_int_eq(sim_boot(s, vf), 0);
	lose_once(GUC_PT_G2H, GUC_ACTION_RELAY_FROM_PF);
	vf->op_done = false;
	ck_assert_int_eq(vfc_relay(vf->vfc, 0, dw, 2, 99), 0);
	/* Not a turn more: with nothing else to do time would pass to the end of
	 * the wait. */
	while (!seen.lost)
		ck_assert(sim_turn(s));
	ck_assert_uint_eq(seen.lost, 1);
	ck_assert_int_eq(sim_migrate(s, vf), 0);
	ck_assert(sim_recovered(s, vf));
	sim_run(s, 3000 * SIM_MS);
	ck_assert_uint_eq(vf->last_tag, 99);
	ck_assert_int_eq(vf->last_err, _i ? -ETIME : -ECANCELED);
	finish(0);
}
END_TEST

Suite *suite_submission(void)
{
	Suite *suite = suite_create("submission");
	TCase *t = tcase_create("submission");

	tcase_add_loop_test(t, C_11_registered_before_save, 0, 2);
	tcase_add_test(t, C_12_enabled_before_save);
	tcase_add_test(t, C_16_deregistered_before_save);
	tcase_add_loop_test(t, C_27_relay_in_recovery, 0, 2);
	tcase_add_test(t, C_29_compression_migrated);
	tcase_add_loop_test(t, C_17_parallel_tails, 0, 2);
	tcase_add_loop_test(t, C_31_ring_untouched, 0, 2);
	suite_add_tcase(suite, t);
	return suite;
}
