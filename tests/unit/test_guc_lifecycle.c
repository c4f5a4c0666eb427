/* SPDX-License-Identifier: MIT */
/* The VF lifecycle of one GuC (emulator/guc/lifecycle.c) against vf-lifecycle
 * 1.3: every state with every input, by an expectation that was written from
 * the specification and not from the table; then the effects. */
#include <check.h>

#include "emulator/guc/core.h"
#include "emulator/guc/lifecycle.h"
#include "guc_fixture.h"
#include "lifecycle_wants.h"
#include "proto/mi.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_function *vf1(void)
{
	return guc_fn(&f->card, 0, 1);
}

/* L-01: (state, input) -> reply, next state, as vf-lifecycle 1.3 says, for
 * every state; a refusal changes nothing. */
START_TEST(matrix)
{
	const struct expectation *e = &expectations[_i];

	fx_provision(f, 1);
	f->card.block->options.strict_resfix = e->strict;
	for (unsigned s = 0; s < GUC_VFS_COUNT; s++) {
		const struct want *w = &e->want[s];
		uint16_t error;

		vf1()->state = (uint8_t)s;
		vf1()->marker = e->marker;
		vf1()->abi_major = 1;
		vf1()->abi_minor = e->minor;
		vf1()->resfix_from = GUC_VFS_RUNNING;
		vf1()->flr_rearm = vf1()->pausing = vf1()->owed = 0;
		error = guc_vf_input(&f->card, 0, 1, e->input, e->arg);
		ck_assert_msg(error == w->error, "%s in %s: 0x%x, expected 0x%x",
			      guc_vf_input_name(e->input),
			      guc_vf_state_name((enum guc_vf_state)s), error, w->error);
		ck_assert_msg(vf1()->state == (w->next == NO ? s : w->next), "%s in %s: now %s",
			      guc_vf_input_name(e->input),
			      guc_vf_state_name((enum guc_vf_state)s),
			      guc_vf_state_name((enum guc_vf_state)vf1()->state));
		if (w->error) {
			ck_assert_uint_eq(vf1()->marker, e->marker);
			ck_assert_uint_eq(vf1()->owed, 0);
		}
	}
}
END_TEST

/* L-02: every input of the list has an expectation above. */
START_TEST(matrix_is_complete)
{
	for (unsigned in = 0; in < GUC_IN_COUNT; in++) {
		bool found = false;

		for (size_t i = 0; i < EXPECTATIONS; i++)
			found |= expectations[i].input == in;
		ck_assert_msg(found, "no expectation for %s",
			      guc_vf_input_name((enum guc_vf_input)in));
	}
}
END_TEST

static void expect_event(uint32_t event)
{
	struct fx_msg m = fx_g2h(f, 0, 0);

	ck_assert_uint_eq(m.len, 3);
	ck_assert_uint_eq(m.dw[0], 0x90005106);
	ck_assert_uint_eq(m.dw[1], 1);
	ck_assert_uint_eq(m.dw[2], event);
}

static void expect_no_event(void)
{
	ck_assert_uint_eq(fx_g2h(f, 0, 0).len, 0);
}

/* L-03: PAUSE is answered and then followed by PAUSE_DONE, from each state
 * that may be paused; a refused PAUSE is followed by nothing. */
START_TEST(pause_event)
{
	fx_provision(f, 1);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	expect_event(GUC_EVENT_VF_PAUSE_DONE);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0x0A);
	expect_no_event();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	expect_no_event();
	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	expect_event(GUC_EVENT_VF_PAUSE_DONE);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_STOP), 0);
	expect_no_event();
}
END_TEST

/* L-04: a PCI FLR tells the PF once; FLR_START is followed by FLR_DONE, FINISH
 * leads to VF_READY with the configuration kept. */
START_TEST(flr)
{
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	expect_event(GUC_EVENT_VF_FLR);
	expect_no_event();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
	expect_event(GUC_EVENT_VF_FLR_DONE);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_FLR_CLEANED);
	ck_assert_uint_eq(vf1()->ctb_enabled, 0);
	ck_assert_uint_eq(vf1()->self.h2g_addr, 0);
	ck_assert_uint_eq(vf1()->self.memirq_status, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	expect_no_event();
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
	ck_assert_uint_eq(vf1()->config.ggtt_size, FX_MEM);
}
END_TEST

/* L-05: an FLR during the FLR is told again after FLR_FINISH. */
START_TEST(flr_again)
{
	fx_provision(f, 1);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
	fx_g2h_drain(f, 0, 0);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	expect_no_event();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	expect_event(GUC_EVENT_VF_FLR);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_FLR_PENDING);
	ck_assert_uint_eq(vf1()->flr_rearm, 0);
}
END_TEST

/* L-06: FLR_FINISH of a VF without configuration leads to UNPROVISIONED. */
START_TEST(flr_unprovisioned)
{
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_UNPROVISIONED);
}
END_TEST

/* L-07: SW_INT_0 on RESUME out of RESFIX_PAUSED with marker 0 only, in memory
 * before RESUME is answered; marker kept over PAUSE, cleared by RESTORE. */
START_TEST(migrated_interrupt)
{
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	vf1()->state = GUC_VFS_RESFIX_PAUSED;
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 1);
	ck_assert_uint_eq(f->mem[1][0x190], 0xFF);
	ck_assert_uint_eq(f->mem[1][0x419], 0xFF);
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_START, 5), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(vf1()->marker, 5);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 1);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESTORE, 0), 0);
	ck_assert_uint_eq(vf1()->marker, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 2);
}
END_TEST

/* L-08: without memirq addresses nothing is delivered and the VF stays
 * blocked until VF_RESET. */
START_TEST(migrated_without_memirq)
{
	const uint32_t reset = GUC_ACTION_VF_RESET;

	fx_provision(f, 1);
	vf1()->state = GUC_VFS_RESFIX_PAUSED;
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_BLOCKED);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, &reset, 1, NULL), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
}
END_TEST

/* L-09: lenient START freezes a running and a ready VF, and DONE goes back to
 * what START found (verdict 1); DONE tells the PF FIXUP_DONE. */
START_TEST(lenient_returns)
{
	static const uint8_t from[] = { GUC_VFS_READY, GUC_VFS_RUNNING };

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	vf1()->state = from[_i];
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_START, 8), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_BLOCKED);
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_START, 9), 0);
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_DONE, 8), 0x107);
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_DONE, 9), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), from[_i]);
	ck_assert_uint_eq(vf1()->marker, 0);
	fx_g2h_drain(f, 0, 0);
	guc_tick(&f->card, 1);
	expect_event(GUC_EVENT_VF_FIXUP_DONE);
}
END_TEST

/* L-10: H2G written before PAUSE is handled before PAUSE_DONE (verdict 3), by
 * option it is not. */
START_TEST(drain)
{
	const uint32_t relay[3] = { GUC_ACTION_RELAY_TO_PF, 7, 0x1234 };
	struct fx_msg m;

	f->card.block->options.no_drain = _i;
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 0, 0);
	fx_h2g_quiet(f, 1, 0, 0x8001, relay, 3);
	{
		const uint32_t pause[3] = { GUC_ACTION_VF_CONTROL, 1, GUC_VF_PAUSE };

		fx_h2g(f, 0, 0, 3, pause, 3);
	}
	m = fx_g2h(f, 0, 0);
	if (!_i) {
		ck_assert_uint_eq(m.dw[0], 0x90005100);
		m = fx_g2h(f, 0, 0);
	}
	ck_assert_uint_eq(m.dw[0], 0xF0000000);
	expect_event(GUC_EVENT_VF_PAUSE_DONE);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0)), _i ? 0 : 4);
}
END_TEST

/* L-11: a state change is reported with both states and its cause. */
START_TEST(state_events)
{
	const struct guc_event *last = NULL;

	fx_provision(f, 1);
	for (size_t i = 0; i < f->n_events; i++)
		if (f->events[i].point == GUC_PT_STATE)
			last = &f->events[i];
	ck_assert_ptr_nonnull(last);
	ck_assert_uint_eq(last->fn, 1);
	ck_assert_uint_eq(last->from, GUC_VFS_UNPROVISIONED);
	ck_assert_uint_eq(last->to, GUC_VFS_READY);
	ck_assert_uint_eq(last->code, GUC_IN_CONFIG_VALID);
}
END_TEST

/* More H2G than a turn takes, all of it actions that are the PF's: EVENTs, so
 * that no answer stops them. */
static void flood(void)
{
	struct guc_function *vf = vf1();
	uint32_t size = GUC_H2G_MAX_BYTES / 4;

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	vf->self.h2g_addr = fx_addr(f, 1, FX_FREE);
	vf->self.h2g_bytes = GUC_H2G_MAX_BYTES;
	vf->h2g.size = size;
	for (uint32_t i = 0; i < size; i += 2) {
		fx_put(f, 1, FX_FREE + 4 * i, ct_header(0x8000, 1));
		fx_put(f, 1, FX_FREE + 4 * i + 4,
		       hxg_call(HXG_ORIGIN_HOST, HXG_EVENT, GUC_ACTION_VF_CONTROL, 0));
	}
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, size - 2);
}

/* L-13: what a VF writes cannot make its own PAUSE serve its ring from within
 * itself: a turn takes its budget, ticks take the rest, then PAUSE_DONE. */
START_TEST(pause_in_slices)
{
	flood();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	ck_assert_uint_le(fx_get(f, 1, FX_H2G_DESC(0)), 3 * GUC_H2G_BUDGET);
	expect_no_event();
	fx_run(f, 20);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_ACTION_FOREIGN),
			  GUC_H2G_MAX_BYTES / 8 - 1);
	expect_event(GUC_EVENT_VF_PAUSE_DONE);
}
END_TEST

/* L-14: an accepted PAUSE ends with PAUSE_DONE though the VF sends a late
 * RESFIX_START, or resets itself, while H2G drains. */
START_TEST(pause_overtaken)
{
	const uint32_t request = _i ? GUC_ACTION_VF_RESET :
				      hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST,
					       GUC_ACTION_RESFIX_START, 5);

	flood();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(vf1()->pausing, 1);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, &request, 1, NULL), 0xF0000000);
	fx_run(f, 20);
	ck_assert_int_eq(fx_state(f, 1, 0), _i ? GUC_VFS_READY_PAUSED : GUC_VFS_RESFIX_PAUSED);
	expect_event(GUC_EVENT_VF_PAUSE_DONE);
	expect_no_event();
}
END_TEST

/* L-15: enabling the CTB again lets contexts run that were registered before. */
START_TEST(enable_kicks)
{
	const uint32_t off[2] = { GUC_ACTION_CONTROL_CTB, 0 };
	const uint32_t on[2] = { GUC_ACTION_CONTROL_CTB, 1 };
	struct guc_context *ctx;

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	ctx = guc_context(&f->card, 0, 1, 2);
	*ctx = (struct guc_context){ .registered = 1, .enabled = 1, .width = 1, .fn = 1 };
	ck_assert_uint_eq(fx_mbox(f, 1, 0, off, 2, NULL), 0xF0000000);
	ck_assert_uint_eq(ctx->runnable, 0);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, on, 2, NULL), 0xF0000000);
	ck_assert_uint_eq(ctx->runnable, 1);
}
END_TEST

/* L-16: from the FLR to FLR_FINISH the mailbox reads 0 whatever is asked, and
 * nothing is answered later. */
START_TEST(lost_requests)
{
	const uint32_t ask[2] = { GUC_ACTION_QUERY_SINGLE_KLV, 1 };
	uint32_t reply[4];

	fx_provision(f, 1);
	for (unsigned s = GUC_VFS_FLR_PENDING; s <= GUC_VFS_FLR_CLEANED; s++) {
		vf1()->state = (uint8_t)s;
		ck_assert_uint_eq(fx_mbox(f, 1, 0, ask, 2, reply), 0);
		ck_assert_uint_eq(reply[1], 0);
	}
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	fx_mbox_read(f, 1, 0, reply);
	ck_assert_uint_eq(reply[0], 0);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, ask, 2, reply), 0xF0000002);
}
END_TEST

/* L-17: VF_CONTROL of nobody is 0x0C, an unknown command 0x60, in any state. */
START_TEST(control_refused)
{
	fx_provision(f, 1);
	for (unsigned s = 0; s < GUC_VFS_COUNT; s++) {
		vf1()->state = (uint8_t)s;
		ck_assert_uint_eq(fx_control(f, 0, 0, GUC_VF_PAUSE), 0x0C);
		ck_assert_uint_eq(fx_control(f, 0, 3, GUC_VF_PAUSE), 0x0C);
		ck_assert_uint_eq(fx_control(f, 0, 0xFFFFFFFF, GUC_VF_STOP), 0x0C);
		ck_assert_uint_eq(fx_control(f, 0, 1, 0), 0x60);
		ck_assert_uint_eq(fx_control(f, 0, 1, 6), 0x60);
		ck_assert_uint_eq(vf1()->state, s);
	}
}
END_TEST

#define CCS_LRC    0x40000u
#define CCS_RING   0x44000u
#define CCS_TARGET 0x46000u

static void compression_context(uint8_t type)
{
	struct guc_context *ctx = guc_context(&f->card, 0, 1, 2);

	*ctx = (struct guc_context){ .registered = 1, .width = 1, .fn = 1, .type = type,
				     .submit_mask = 1 };
	ctx->lrc_desc[0] = (uint32_t)fx_addr(f, 1, CCS_LRC);
	fx_put(f, 1, CCS_LRC + LRC_REGS + 4 * LRC_RING_START, (uint32_t)fx_addr(f, 1, CCS_RING));
	fx_put(f, 1, CCS_LRC + LRC_REGS + 4 * LRC_RING_TAIL, 16);
	fx_put(f, 1, CCS_RING, MI_SDI_DWORD_GGTT);
	fx_put(f, 1, CCS_RING + 4, (uint32_t)fx_addr(f, 1, CCS_TARGET));
	fx_put(f, 1, CCS_RING + 12, 0xC0FFEE);
}

/* L-18, verdict 11: PAUSE of a running VF runs its compression save context
 * before PAUSE_DONE, each time, from head 0 which stays; with another head the
 * context is refused. */
START_TEST(C_29_compression_save)
{
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	compression_context(GUC_CTX_COMPRESSION_SAVE);
	fx_run(f, 5);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0);
	for (unsigned i = 0; i < 2; i++) {
		fx_put(f, 1, CCS_TARGET, 0);
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
		ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0xC0FFEE);
		ck_assert_uint_eq(fx_get(f, 1, CCS_LRC + LRC_REGS + 4 * LRC_RING_HEAD), 0);
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	}
	fx_put(f, 1, CCS_TARGET, 0);
	fx_put(f, 1, CCS_LRC + LRC_REGS + 4 * LRC_RING_HEAD, 8);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0);
}
END_TEST

/* L-19, verdict 11: RESFIX_DONE after a restore runs the compression restore
 * context; without a restore nothing is there to be copied back. */
START_TEST(C_29_compression_restore)
{
	const uint32_t done = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RESFIX_DONE, 5);

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	compression_context(GUC_CTX_COMPRESSION_RESTORE);
	vf1()->notes_pending = (uint32_t)_i;
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_START, 5), 0);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, &done, 1, NULL), 0xF0000000);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), _i ? 0xC0FFEE : 0);
}
END_TEST

/* A batch of 64 KiB of no-ops, then the store: no turn runs it whole, however
 * often the driver asks and rings. PAUSE ends when it has, DONE answers BUSY and then
 * OK; the ring's head is 0 again (C-29). */
START_TEST(compression_in_slices)
{
	const uint32_t done = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RESFIX_DONE, 5);
	uint32_t head = CCS_LRC + LRC_REGS + 4 * LRC_RING_HEAD, batch = 0x48000, reply[4];

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	compression_context(_i ? GUC_CTX_COMPRESSION_RESTORE : GUC_CTX_COMPRESSION_SAVE);
	fx_put(f, 1, CCS_LRC + LRC_REGS + 4 * LRC_RING_TAIL, 12);
	fx_put(f, 1, CCS_RING, MI_BBS_GGTT);
	fx_put(f, 1, CCS_RING + 4, (uint32_t)fx_addr(f, 1, batch));
	fx_put(f, 1, CCS_RING + 8, 0);
	fx_put(f, 1, batch + 0x10000, MI_SDI_DWORD_GGTT);
	fx_put(f, 1, batch + 0x10004, (uint32_t)fx_addr(f, 1, CCS_TARGET));
	fx_put(f, 1, batch + 0x10008, 0);
	fx_put(f, 1, batch + 0x1000C, 0xC0FFEE);
	fx_put(f, 1, batch + 0x10010, MI_BATCH_BUFFER_END);
	if (_i) {
		vf1()->notes_pending = 1;
		ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_START, 5), 0);
		ck_assert_int_eq(hxg_type(fx_mbox(f, 1, 0, &done, 1, NULL)), HXG_BUSY);
		ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_BLOCKED);
		for (unsigned i = 0; i < 8; i++)
			ck_assert_int_eq(hxg_type(fx_mbox(f, 1, 0, &done, 1, NULL)), HXG_BUSY);
		/* A PAUSE that comes meanwhile waits for it. */
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
		ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_BLOCKED);
	} else {
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
		ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	}
	/* Who rings does not get on faster. */
	for (unsigned i = 0; i < 8; i++)
		fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, CCS_TARGET), 0xC0FFEE);
	ck_assert_uint_eq(fx_get(f, 1, head), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	fx_mbox_read(f, 1, 0, reply);
	if (_i)
		ck_assert_uint_eq(reply[0], 0xF0000000);
}
END_TEST

/* C-30: without compression contexts PAUSE and DONE succeed at once and run none. */
START_TEST(C_30_no_compression_context)
{
	struct guc_function *fn = guc_fn(&f->card, 0, 1);

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	fn->state = GUC_VFS_RESFIX_BLOCKED;
	fn->resfix_from = GUC_VFS_RUNNING;
	fn->notes_pending = 1;
	fn->marker = 3;
	ck_assert_uint_eq(guc_vf_input(&f->card, 0, 1, GUC_IN_RESFIX_DONE, 3), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), 0);
}
END_TEST

struct listing {
	unsigned rules, closed;
};

static void count_rule(void *user, const struct guc_lifecycle_rule *r)
{
	struct listing *l = user;
	unsigned pair = r->state * GUC_IN_COUNT + r->input;

	ck_assert_uint_gt(strlen(r->reply), 0);
	ck_assert_uint_gt(strlen(r->next), 0);
	/* Pairs come in order, one after the other, each closed before the next. */
	ck_assert_uint_eq(pair, l->closed);
	l->closed += r->when[0] == '\0';
	if (!r->moves)
		ck_assert_str_eq(r->next, guc_vf_state_name(r->state));
	l->rules++;
}

/* L-12: the table lists itself: every state with every input, each with a rule
 * that always holds as its last. */
START_TEST(listing)
{
	struct listing l = { 0 };

	guc_lifecycle_rules(count_rule, &l);
	ck_assert_uint_eq(l.closed, GUC_VFS_COUNT * GUC_IN_COUNT);
	ck_assert_uint_gt(l.rules, l.closed);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_lifecycle");
	TCase *tc = tcase_create("lifecycle");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, matrix, 0, EXPECTATIONS);
	tcase_add_test(tc, matrix_is_complete);
	tcase_add_test(tc, pause_event);
	tcase_add_test(tc, flr);
	tcase_add_test(tc, flr_again);
	tcase_add_test(tc, flr_unprovisioned);
	tcase_add_test(tc, migrated_interrupt);
	tcase_add_test(tc, migrated_without_memirq);
	tcase_add_loop_test(tc, lenient_returns, 0, 2);
	tcase_add_loop_test(tc, drain, 0, 2);
	tcase_add_test(tc, state_events);
	tcase_add_test(tc, pause_in_slices);
	tcase_add_loop_test(tc, pause_overtaken, 0, 2);
	tcase_add_test(tc, enable_kicks);
	tcase_add_test(tc, lost_requests);
	tcase_add_test(tc, control_refused);
	tcase_add_test(tc, C_29_compression_save);
	tcase_add_loop_test(tc, C_29_compression_restore, 0, 2);
	tcase_add_loop_test(tc, compression_in_slices, 0, 2);
	tcase_add_test(tc, C_30_no_compression_context);
	tcase_add_test(tc, listing);
	suite_add_tcase(s, tc);
	return check_main(s);
}
