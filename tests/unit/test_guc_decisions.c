/* SPDX-License-Identifier: MIT */
/* What this GuC does where guc-abi 12 says that nothing is known, item by item,
 * as docs/protocol/decisions.md states it: MMIO, queries, CTB (1 to 23). Items
 * that another test holds as well as could be are not repeated here. */
#include "decided.h"

/* --- MMIO ------------------------------------------------------------------------------ */

START_TEST(D_02_second_request)
{
	/* A request while one is pending replaces it; the PF's answer to the first is
	 * refused and the mailbox stays as it is. */
	const uint32_t late[6] = { GUC_ACTION_MMIO_RELAY_SUCCESS, 1, 0x05123456, 7, 8, 9 };
	uint32_t r[4];

	ck_assert_uint_eq(ask(0x05015005, 1, 2, 3), 0xB0000000);
	ck_assert_uint_eq(ask(GUC_ACTION_QUERY_SINGLE_KLV, 4, 0, 0), 0xF0000001);
	ck_assert_uint_eq(fx_pf(f, 0, late, 6), 0xE0000060);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], 0xF0000001);
	ck_assert_uint_eq(r[1], FX_VF_CONTEXTS);
}
END_TEST

START_TEST(D_04_one_doorbell)
{
	/* One doorbell serves mailbox and ring, the mailbox first. */
	const uint32_t query[2] = { GUC_ACTION_QUERY_SINGLE_KLV, 1 };
	size_t mbox = SIZE_MAX, ring = SIZE_MAX;
	uint32_t r[4];

	fx_boot(f, 1, 0);
	relay_quiet(1, 3, 1);
	fx_mbox_write(f, 1, 0, query, 2);
	f->n_events = 0;
	fx_doorbell(f, 1, 0);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], 0xF0000002);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
	for (size_t i = 0; i < f->n_events; i++) {
		if (f->events[i].point == GUC_PT_MBOX_REPLY)
			mbox = i;
		if (f->events[i].point == GUC_PT_H2G)
			ring = i;
	}
	ck_assert_uint_lt(mbox, ring);
	ck_assert_uint_ne(ring, SIZE_MAX);
}
END_TEST

START_TEST(D_06_in_the_turn)
{
	/* Every action over MMIO is answered when the doorbell's write returns. */
	const struct guc_action *row;
	unsigned n = 0;

	for (size_t i = 0; (row = guc_action_row(i)) != NULL; i++) {
		if (row->transport != GUC_OVER_MMIO)
			continue;
		ck_assert_uint_eq(hxg_origin(ask(row->code, 0, 0, 0)), HXG_ORIGIN_GUC);
		n++;
	}
	ck_assert_uint_ge(n, 9);
}
END_TEST

/* --- version and query --------------------------------------------------------------- */

START_TEST(D_09_too_new_key)
{
	/* Unknown, write-only and too new keys: 0x105. */
	static const struct {
		uint8_t minor;
		uint32_t key, reply;
	} rows[] = {
		{ 1, GUC_KLV_GLOBAL_GMD_ID, 0xE0000105 },
		{ 2, GUC_KLV_GLOBAL_GMD_ID, 0xF0000001 },
		{ 25, GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE, 0xE0000105 },
		{ 26, GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE, 0xF0000001 },
		{ 28, 0x0007, 0xE0000105 },
		{ 28, GUC_KLV_VF_EXEC_QUANTUM, 0xE0000105 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->card.block->options.vf_abi_minor[1] = rows[i].minor;
		ask(GUC_ACTION_MATCH_VERSION, 0x00010200, 0, 0);
		ck_assert_uint_eq(ask(GUC_ACTION_QUERY_SINGLE_KLV, rows[i].key, 0, 0),
				  rows[i].reply);
	}
}
END_TEST

START_TEST(D_10_readable_keys)
{
	/* A VF can ask for the keys of guc-abi 4.4 and its shares, nothing else. */
	static const uint32_t readable[] = { 1, 2, 3, 4, 5, 6, 0x3000, 0x3001 };

	for (uint32_t key = 0; key < 0x10000; key++) {
		bool may = false;

		for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
			may |= readable[i] == key;
		ck_assert_msg(hxg_type(ask(GUC_ACTION_QUERY_SINGLE_KLV, key, 0, 0)) ==
			      (may ? HXG_SUCCESS : HXG_FAILURE), "key 0x%04x", key);
	}
}
END_TEST

START_TEST(D_11_before_match)
{
	/* Queries before MATCH_VERSION are answered, as for the version to come. */
	ck_assert_uint_eq(vf1()->abi_major, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_QUERY_SINGLE_KLV, 1, 0, 0), 0xF0000002);
	ck_assert_uint_eq(ask(GUC_ACTION_QUERY_SINGLE_KLV, 0x3001, 0, 0), 0xF0000001);
	f->card.block->options.vf_abi_minor[1] = 25;
	ck_assert_uint_eq(ask(GUC_ACTION_QUERY_SINGLE_KLV, 0x3001, 0, 0), 0xE0000105);
	ck_assert_uint_eq(vf1()->abi_major, 0);
}
END_TEST

/* --- CTB -------------------------------------------------------------------------------- */

START_TEST(D_13_cursors_at_enable)
{
	/* CONTROL_CTB begins at 0 whatever the descriptors hold, and writes it. */
	fx_boot(f, 1, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_CONTROL_CTB, 0, 0, 0), 0xF0000000);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD, 77);
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL, 99);
	ck_assert_uint_eq(ask(GUC_ACTION_CONTROL_CTB, 1, 0, 0), 0xF0000000);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 0);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL), 0);
}
END_TEST

START_TEST(D_14_disable_loses)
{
	/* Disabling loses what was not read, in H2G and in GuC's queue. */
	fx_boot(f, 1, 0);
	g2h_tight(1, 0);
	relay_quiet(1, 3, 1);
	relay_quiet(1, 4, 2);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_gt(vf1()->queued_n, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_CONTROL_CTB, 0, 0, 0), 0xF0000000);
	ck_assert_uint_eq(vf1()->queued_n, 0);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 0);
	g2h_free(1);
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_CONTROL_CTB, 1, 0, 0), 0xF0000000);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_g2h_drain(f, 1, 0), 0);
}
END_TEST

START_TEST(D_15_ring_sizes)
{
	/* Rings are multiples of 4 KiB up to the limits, of any number of pages. */
	static const struct {
		uint32_t bytes, error;
	} rows[] = {
		{ 4096, 0 }, { 12288, 0 }, { GUC_H2G_MAX_BYTES, 0 },
		{ GUC_H2G_MAX_BYTES + 4096, 0x102 }, { 0, 0x102 }, { 2048, 0x102 },
		{ 4098, 0x102 },
	};
	const uint32_t msg[2] = { GUC_ACTION_RELAY_TO_PF, 1 };
	uint32_t at = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(fx_self_cfg(f, 1, 0, GUC_KLV_SELF_H2G_CTB_SIZE, 1,
					      rows[i].bytes), rows[i].error);
	ck_assert_uint_eq(fx_self_cfg(f, 1, 0, GUC_KLV_SELF_H2G_CTB_ADDR, 2,
				      FX_VF_START(1) + 0x8002), 0x80);
	/* Three pages: read to their end, then from their start. */
	fx_boot(f, 1, 0);
	ask(GUC_ACTION_CONTROL_CTB, 0, 0, 0);
	ck_assert_uint_eq(fx_self_cfg(f, 1, 0, 0x0902, 2, fx_addr(f, 1, FX_FREE)), 0);
	ck_assert_uint_eq(fx_self_cfg(f, 1, 0, 0x0904, 1, 12288), 0);
	ck_assert_uint_eq(ask(GUC_ACTION_CONTROL_CTB, 1, 0, 0), 0xF0000000);
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 0);
	for (unsigned i = 0; i < 12288 / 12 + 10; i++) {
		fx_put(f, 1, FX_FREE + 4 * at, ct_header((uint16_t)i, 2));
		fx_put(f, 1, FX_FREE + 4 * at + 4, msg[0]);
		fx_put(f, 1, FX_FREE + 4 * at + 8, msg[1]);
		at = (at + 3) % (12288 / 4);
		fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, at);
		fx_doorbell(f, 1, 0);
		ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, i);
		fx_g2h_drain(f, 0, 0);
	}
}
END_TEST

START_TEST(D_16_nop)
{
	/* FORMAT 0 without length is a NOP whatever its fence; another FORMAT is skipped
	 * and counted. */
	fx_boot(f, 1, 0);
	fx_put(f, 1, FX_H2G_BUF(0), ct_header(0x1234, 0));
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 1);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_CTB_MESSAGE), 0);
	fx_put(f, 1, FX_H2G_BUF(0) + 4, ct_header(0, 1) | field_put(CT_FORMAT, 1));
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 3);
	relay_quiet(1, 9, 1);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_CTB_MESSAGE), 1);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 9);
	ck_assert_uint_eq(fx_g2h_drain(f, 1, 0), 0);
}
END_TEST

START_TEST(D_17_g2h_status)
{
	/* G2H's STATUS is never written, whatever its cursors or H2G's are. */
	fx_boot(f, 1, 0);
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_STATUS, 0x5A5A);
	fx_put(f, 1, FX_G2H_DESC(0) + CTB_DESC_HEAD, 0xFFFFFFFF);
	relay_quiet(1, 3, 1);
	fx_doorbell(f, 1, 0);
	fx_put(f, 1, FX_H2G_DESC(0) + CTB_DESC_TAIL, 0xFFFFFFFF);
	g2h_free(1);
	fx_run(f, 200);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_STATUS), CTB_STATUS_OVERFLOW);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_STATUS), 0x5A5A);
}
END_TEST

START_TEST(D_19_fence_of_events)
{
	/* Events have fence 0: notices to the PF, DONEs and relays to a VF. */
	const uint32_t relay[4] = { GUC_ACTION_RELAY_TO_VF, 1, 7, 0 };
	struct fx_msg m;

	fx_boot(f, 1, 0);
	lx_register(f, 1, 2, 0, 1);
	lx_mode(f, 1, 2, 1);
	m = lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(m.fence, 0);
	ck_assert_uint_eq(fx_pf(f, 0, relay, 4), 0xF0000000);
	m = lx_event(f, 1, GUC_ACTION_RELAY_FROM_PF);
	ck_assert_uint_eq(m.fence, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.dw[0], 0x90005106);
	ck_assert_uint_eq(m.fence, 0);
}
END_TEST

static enum guc_verdict busy_hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	if (ev->point != GUC_PT_H2G || ev->fn != 1)
		return GUC_PASS;
	act->answer[0] = hxg_header(HXG_ORIGIN_GUC, *(enum hxg_type *)user, 0);
	act->answer_len = 1;
	return GUC_ANSWER;
}

START_TEST(D_20_busy_by_hook)
{
	/* BUSY and RETRY come over CTB when a hook says so, and not else, with room or
	 * without. */
	enum hxg_type type = _i ? HXG_RETRY : HXG_BUSY;
	struct fx_msg m;

	fx_boot(f, 1, 0);
	g2h_tight(1, 2);
	for (uint16_t i = 0; i < 5; i++)
		relay_quiet(1, i, i);
	fx_doorbell(f, 1, 0);
	g2h_free(1);
	for (unsigned turn = 0; turn < 200; turn++) {
		fx_run(f, 1);
		while ((m = fx_g2h(f, 1, 0)).len)
			ck_assert_int_eq(hxg_type(m.dw[0]), HXG_SUCCESS);
	}
	f->card.hook = busy_hook;
	f->card.hook_user = &type;
	relay_quiet(1, 9, 9);
	fx_doorbell(f, 1, 0);
	m = fx_g2h(f, 1, 0);
	ck_assert_int_eq(hxg_type(m.dw[0]), type);
	ck_assert_uint_eq(m.fence, 9);
}
END_TEST

START_TEST(D_21_order)
{
	/* Replies come in the order of requests, events where they happen: before the
	 * reply to what caused them. */
	fx_boot(f, 1, 0);
	for (uint16_t i = 0; i < 3; i++) {
		const uint32_t tlb[3] = { GUC_ACTION_TLB_INVALIDATION, 1u + i, 0x80000003 };

		fx_h2g_quiet(f, 1, 0, (uint16_t)(10 + i), tlb, 3);
	}
	fx_doorbell(f, 1, 0);
	for (uint16_t i = 0; i < 3; i++) {
		struct fx_msg m = fx_g2h(f, 1, 0);

		ck_assert_uint_eq(m.dw[0], 0x90007001);
		ck_assert_uint_eq(m.dw[1], 1u + i);
		m = fx_g2h(f, 1, 0);
		ck_assert_uint_eq(m.dw[0], 0xF0000000);
		ck_assert_uint_eq(m.fence, 10 + i);
	}
}
END_TEST

static enum guc_verdict head_hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	unsigned *n = user;

	(void)act;
	if (ev->point == GUC_PT_H2G && ev->fn == 1)
		ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 5 * ++*n);
	return GUC_PASS;
}

START_TEST(D_23_head)
{
	/* HEAD is past a message before it is handled, and past no other. */
	unsigned n = 0;

	fx_boot(f, 1, 0);
	for (uint16_t i = 0; i < 6; i++)
		relay_quiet(1, i, i);
	f->card.hook = head_hook;
	f->card.hook_user = &n;
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(n, 6);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_decisions");
	TCase *tc = tcase_create("decisions");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, D_02_second_request);
	tcase_add_test(tc, D_04_one_doorbell);
	tcase_add_test(tc, D_06_in_the_turn);
	tcase_add_test(tc, D_09_too_new_key);
	tcase_add_test(tc, D_10_readable_keys);
	tcase_add_test(tc, D_11_before_match);
	tcase_add_test(tc, D_13_cursors_at_enable);
	tcase_add_test(tc, D_14_disable_loses);
	tcase_add_test(tc, D_15_ring_sizes);
	tcase_add_test(tc, D_16_nop);
	tcase_add_test(tc, D_17_g2h_status);
	tcase_add_test(tc, D_19_fence_of_events);
	tcase_add_loop_test(tc, D_20_busy_by_hook, 0, 2);
	tcase_add_test(tc, D_21_order);
	tcase_add_test(tc, D_23_head);
	suite_add_tcase(s, tc);
	return check_main(s);
}
