/* SPDX-License-Identifier: MIT */
/* Command transport buffers (guc-abi 3): types and replies, wrap, padding,
 * hostile cursors, back-pressure, hooks. */
#include <check.h>
#include <errno.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

#define SIZE (FX_H2G_BYTES / 4)

static const uint32_t relay_msg[4] = { GUC_ACTION_RELAY_TO_PF, 1, 0x00000001, 0x00010000 };

static void boot(void)
{
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 0, 0);
}

/* Start both cursors of VF 1's H2G at `at`. */
static void place(uint32_t at)
{
	guc_fn(&f->card, 0, 1)->h2g.cursor = at;
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD, at);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, at);
}

/* CT-01: REQUEST gets one reply with its fence, FAST_REQUEST only a failure,
 * EVENT nothing, over good and bad messages. */
START_TEST(reply_rules)
{
	static const struct {
		uint32_t type, action, reply;
	} cases[] = {
		{ HXG_REQUEST, GUC_ACTION_RELAY_TO_PF, 0xF0000000 },
		{ HXG_FAST_REQUEST, GUC_ACTION_RELAY_TO_PF, 0 },
		{ HXG_EVENT, GUC_ACTION_RELAY_TO_PF, 0 },
		{ HXG_REQUEST, 0x5501, 0xE0000030 },
		{ HXG_FAST_REQUEST, 0x5501, 0xE0000030 },
		{ HXG_EVENT, 0x5501, 0 },
		{ HXG_REQUEST, GUC_ACTION_VF_CONTROL, 0xE0000302 },
		{ HXG_REQUEST, GUC_ACTION_VF_RESET, 0xE0000030 }, /* an MMIO action */
		{ HXG_SUCCESS, 0, 0 },
		{ HXG_TYPE_UNASSIGNED, 0, 0 },
	};
	uint32_t dw[4];
	struct fx_msg m;

	boot();
	memcpy(dw, relay_msg, sizeof(dw));
	dw[0] = hxg_call(HXG_ORIGIN_HOST, (enum hxg_type)cases[_i].type, cases[_i].action, 0);
	fx_h2g(f, 1, 0, 0xA5A5, dw, 4);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.dw[0], cases[_i].reply);
	ck_assert_uint_eq(m.fence, m.len ? 0xA5A5 : 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 5);
}
END_TEST

/* CT-04: a message may straddle the end at every split. */
START_TEST(straddle)
{
	boot();
	for (uint32_t at = SIZE - 5; at < SIZE; at++) {
		place(at);
		fx_h2g(f, 1, 0, 3, relay_msg, 4);
		ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
		ck_assert_uint_eq(fx_g2h(f, 0, 0).dw[4], 0x00010000);
		ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0)), (at + 5) % SIZE);
	}
}
END_TEST

/* CT-05: zero dwords are skipped, also a whole blanked ring of them. */
START_TEST(padding)
{
	boot();
	place(SIZE - 3);
	memset(&f->mem[1][FX_H2G_BUF(0)], 0, FX_H2G_BYTES);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 0);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0)), 5);
	memset(&f->mem[1][FX_H2G_BUF(0)], 0, FX_H2G_BYTES);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 4);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0)), 4);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_STATUS), 0);
}
END_TEST

/* CT-06: a tail outside the ring or a message longer than what the ring holds
 * sets STATUS and stops this ring until VF_RESET; nobody else is touched. */
START_TEST(hostile)
{
	const uint32_t reset = GUC_ACTION_VF_RESET;

	boot();
	fx_boot(f, 2, 0);
	if (_i == 0) {
		fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, SIZE);
	} else {
		fx_put(f, 1, FX_H2G_BUF(0), ct_header(1, 9));
		fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 5);
	}
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_STATUS),
			  _i ? CTB_STATUS_UNDERFLOW : CTB_STATUS_OVERFLOW);
	ck_assert_uint_eq(fx_violations(f, 1, 0, _i ? GUC_VIOL_CTB_MESSAGE : GUC_VIOL_CTB_DESC), 1);
	place(0);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	fx_h2g(f, 2, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).dw[0], 0xF0000000);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, &reset, 1, NULL), 0xF0000000);
	fx_boot(f, 1, 0);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
}
END_TEST

/* CT-07: GuC keeps its own head: what the host writes there has no effect. */
START_TEST(own_head)
{
	boot();
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD, 77);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 5);
}
END_TEST

/* CT-08: with G2H full the answer waits, H2G is not taken further, and both go
 * on, in order and without loss, when the host has read. */
START_TEST(backpressure)
{
	uint32_t size = FX_G2H_BYTES / 4, sent = 0, got = 0;

	boot();
	/* Leave room for one reply (2 dwords) and a half. */
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 4);
	guc_fn(&f->card, 0, 1)->g2h.cursor = 0;
	for (; sent < 10; sent++)
		fx_h2g(f, 1, 0, (uint16_t)(100 + sent), relay_msg, 4);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL), 2);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->queued_n, 1);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 10);
	ck_assert(!guc_idle(&f->card));
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 0);
	for (unsigned i = 0; i < 20; i++) {
		struct fx_msg m;

		while ((m = fx_g2h(f, 1, 0)).len)
			ck_assert_uint_eq(m.fence, 100 + got++);
		fx_run(f, 1);
	}
	ck_assert_uint_eq(got, sent);
	ck_assert_uint_lt(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL), size);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* A host that makes no room, and later has no memory, is looked at at most some
 * hundred times a second, and gets everything once it is back. */
START_TEST(unread)
{
	uint64_t end = f->now + 1000000000u;
	uint32_t looks = 0, got = 0;

	boot();
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 4);
	guc_fn(&f->card, 0, 1)->g2h.cursor = 0;
	for (uint16_t i = 0; i < 10; i++)
		fx_h2g(f, 1, 0, (uint16_t)(100 + i), relay_msg, 4);
	while (guc_next_deadline(&f->card) < end) {
		f->now = guc_next_deadline(&f->card);
		f->hole_len = looks++ < 20 ? 0 : FX_MEM;
		guc_tick(&f->card, f->now);
	}
	ck_assert_uint_gt(looks, 50);
	ck_assert_uint_lt(looks, 150);
	f->hole_len = 0;
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 0);
	for (unsigned i = 0; i < 200; i++) {
		struct fx_msg m;

		while ((m = fx_g2h(f, 1, 0)).len)
			ck_assert_uint_eq(m.fence, 100 + got++);
		fx_run(f, 1);
	}
	ck_assert_uint_eq(got, 10);
}
END_TEST

/* CT-09: a paused or blocked VF's H2G stays in the ring, is remembered, and is
 * served after RESUME. */
START_TEST(paused)
{
	boot();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0)), 0);
	ck_assert(guc_idle(&f->card));
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 3);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
}
END_TEST

/* CT-10: more than a doorbell's budget is finished by ticks. */
START_TEST(budget)
{
	struct guc_function *vf = guc_fn(&f->card, 0, 1);

	boot();
	for (unsigned i = 0; i < 20; i++)
		fx_h2g_quiet(f, 1, 0, 0x8000, relay_msg, 4);
	ck_assert(guc_h2g_serve(&f->card, 0, 1, 7));
	ck_assert_uint_eq(vf->h2g_messages, 2);
	ck_assert_uint_le(guc_next_deadline(&f->card), f->card.block->now);
	ck_assert(!guc_idle(&f->card));
	guc_tick(&f->card, 1);
	ck_assert_uint_eq(vf->h2g_messages, 20);
}
END_TEST

/* A list in memory counts towards a doorbell's budget like the ring: many short
 * messages that name long lists do not make a turn long. */
START_TEST(budget_of_lists)
{
	const uint32_t dw[4] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, GUC_ACTION_OPT_IN_FEATURE_KLV, 0),
		FX_VF_START(1) + FX_FREE, 0, GUC_KLV_LIST_MAX,
	};
	struct guc_function *vf = guc_fn(&f->card, 0, 1);

	boot();
	for (unsigned i = 0; i < GUC_KLV_LIST_MAX; i++)
		fx_put(f, 1, FX_FREE + 4 * i, klv_header(GUC_KLV_OPT_IN_EXT_CAT_ERR_TYPE, 0));
	for (unsigned i = 0; i < 20; i++)
		fx_h2g_quiet(f, 1, 0, 0x8000, dw, 4);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(vf->h2g_messages, 2);
	fx_run(f, 20);
	ck_assert_uint_eq(vf->h2g_messages, 20);
	ck_assert_uint_eq(vf->opt_in, 1);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* CT-11: enabling needs every address and happens once; SELF_CFG is refused
 * meanwhile; disable leads back to VF_READY. */
START_TEST(control)
{
	const uint32_t on[2] = { 0x4509, 1 }, off[2] = { 0x4509, 0 };

	ck_assert_uint_eq(fx_mbox(f, 1, 0, on, 2, NULL), 0xE0000304);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
	boot();
	ck_assert_uint_eq(fx_mbox(f, 1, 0, on, 2, NULL), 0xE0000305);
	ck_assert_uint_eq(fx_self_cfg(f, 1, 0, 0x0904, 1, 4096), 0x305);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, off, 2, NULL), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, on, 2, NULL), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
}
END_TEST

/* CT-12: one interrupt for the messages of one turn. */
START_TEST(coalesced)
{
	uint32_t before;

	boot();
	before = f->irqs[1][0][GUC_IRQ_GUC2HOST];
	for (unsigned i = 0; i < 5; i++)
		fx_h2g_quiet(f, 1, 0, (uint16_t)i, relay_msg, 4);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_GUC2HOST], before + 1);
	ck_assert_uint_eq(fx_g2h_drain(f, 1, 0), 5);
}
END_TEST

static enum guc_verdict the_verdict;

static enum guc_verdict hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	if (ev->point != *(enum guc_point *)user || ev->fn != 1)
		return GUC_PASS;
	act->delay = 5000;
	act->answer[0] = 0xE0000041;
	act->answer_len = 1;
	if (the_verdict == GUC_CHANGE)
		ev->msg[0] ^= 0x10;
	return the_verdict;
}

/* CT-13: what a hook decides about H2G and G2H happens. */
START_TEST(hooks)
{
	static const struct {
		enum guc_point point;
		enum guc_verdict verdict;
		uint32_t now, later;
	} cases[] = {
		{ GUC_PT_H2G, GUC_CHANGE, 0xE0000030, 0 },
		{ GUC_PT_H2G, GUC_SWALLOW, 0, 0 },
		{ GUC_PT_H2G, GUC_DELAY, 0, 0xF0000000 },
		{ GUC_PT_H2G, GUC_ANSWER, 0xE0000041, 0 },
		{ GUC_PT_G2H, GUC_CHANGE, 0xF0000010, 0 },
		{ GUC_PT_G2H, GUC_SWALLOW, 0, 0 },
		{ GUC_PT_G2H, GUC_DELAY, 0, 0xF0000000 },
	};
	enum guc_point point = cases[_i].point;

	boot();
	the_verdict = cases[_i].verdict;
	f->card.hook = hook;
	f->card.hook_user = &point;
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], cases[_i].now);
	guc_tick(&f->card, 5000);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], cases[_i].later);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_ctb");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, reply_rules, 0, 10);
	tcase_add_test(tc, straddle);
	tcase_add_test(tc, padding);
	tcase_add_loop_test(tc, hostile, 0, 2);
	tcase_add_test(tc, own_head);
	tcase_add_test(tc, backpressure);
	tcase_add_test(tc, unread);
	tcase_add_test(tc, paused);
	tcase_add_test(tc, budget);
	tcase_add_test(tc, budget_of_lists);
	tcase_add_test(tc, control);
	tcase_add_test(tc, coalesced);
	tcase_add_loop_test(tc, hooks, 0, 7);
	suite_add_tcase(s, tc);
	return check_main(s);
}
