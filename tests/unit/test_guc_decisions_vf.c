/* SPDX-License-Identifier: MIT */
/* The same as test_guc_decisions.c for configuration, recovery, relay,
 * submission and interrupts (guc-abi 12, items 24 to 55). */
#include "decided.h"

/* --- configuration -------------------------------------------------------------------- */

START_TEST(D_30_running_vf)
{
	/* A running VF may be changed; its contexts go only when their ids move. */
	const uint32_t quantum[2] = { klv_header(GUC_KLV_VF_EXEC_QUANTUM, 1), 20 };
	const uint32_t move[4] = { klv_header(GUC_KLV_VF_BEGIN_CONTEXT_ID, 1), 0,
				   klv_header(GUC_KLV_VF_NUM_CONTEXTS, 1), 8 };

	fx_boot(f, 1, 0);
	lx_register(f, 1, 2, 0, 1);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, quantum, 2), 0xF0000001);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	ck_assert(guc_context(&f->card, 0, 1, 2)->registered);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, move, 4), 0xF0000002);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	ck_assert(!guc_context(&f->card, 0, 1, 2)->registered);
}
END_TEST

START_TEST(D_31_default_state)
{
	/* No list: every key of the VF is 0 again, and every tile may be used. */
	static const struct guc_config none = { .tile_mask = 1 };
	const uint32_t reset[5] = { GUC_ACTION_UPDATE_VF_CFG, 1 };
	const uint32_t some[6] = { 0x8A010001, 16, 0x8A030001, 9, 0x8A0C0001, 2 };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, some, 6), 0xF0000003);
	ck_assert_uint_eq(fx_pf(f, 0, reset, 5), 0xF0000000);
	ck_assert_mem_eq(&vf1()->config, &none, sizeof(none));
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_UNPROVISIONED);
}
END_TEST

/* --- recovery --------------------------------------------------------------------------- */

static void block_vf1(void)
{
	uint32_t dwords;

	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	dwords = fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_FINISH), 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(hxg_type(fx_restore(f, 0, 1, dwords)), HXG_SUCCESS);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_BLOCKED);
}

START_TEST(D_39_blocked_ring)
{
	/* A blocked VF's ring is not touched, and served after RESFIX_DONE. */
	uint32_t head, tail;

	block_vf1();
	head = fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD);
	tail = fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL);
	relay_quiet(1, 3, 1);
	fx_doorbell(f, 1, 0);
	fx_run(f, 20);
	ck_assert_uint_eq(ask(0x0001550F, 0, 0, 0), 0xF0000000);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), head);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL), tail);
	ck_assert_uint_eq(ask(0x00015508, 0, 0, 0), 0xF0000000);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 3);
}
END_TEST

START_TEST(D_40_vf_reset)
{
	/* VF_RESET: contexts, CTB, memirq, opt-ins and marker go; configuration and
	 * version stay. */
	struct guc_config before;

	block_vf1();
	ck_assert_uint_eq(ask(0x0005550F, 0, 0, 0), 0xF0000000);
	vf1()->opt_in = 1;
	guc_context(&f->card, 0, 1, 2)->registered = 1;
	guc_context(&f->card, 0, 1, 2)->fn = 1;
	before = vf1()->config;
	ck_assert_uint_eq(vf1()->marker, 5);
	ck_assert_uint_gt(vf1()->self.memirq_status, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_VF_RESET, 0, 0, 0), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY);
	ck_assert(!guc_context(&f->card, 0, 1, 2)->registered);
	ck_assert_uint_eq(vf1()->ctb_enabled, 0);
	ck_assert_uint_eq(vf1()->self.h2g_addr, 0);
	ck_assert_uint_eq(vf1()->self.memirq_status, 0);
	ck_assert_uint_eq(vf1()->self.memirq_source, 0);
	ck_assert_uint_eq(vf1()->opt_in, 0);
	ck_assert_uint_eq(vf1()->marker, 0);
	ck_assert_mem_eq(&vf1()->config, &before, sizeof(before));
	ck_assert_uint_eq(vf1()->abi_major, 1);
	ck_assert_uint_eq(vf1()->abi_minor, GUC_ABI_MAX_MINOR);
}
END_TEST

START_TEST(D_41_marker_bits)
{
	/* A marker has twelve bits, and each of them counts. */
	block_vf1();
	ck_assert_uint_eq(ask(0x0FFF550F, 0, 0, 0), 0xF0000000);
	for (unsigned bit = 0; bit < 12; bit++)
		ck_assert_uint_eq(ask((0xFFFu & ~(1u << bit)) << 16 | GUC_ACTION_RESFIX_DONE, 0, 0,
				      0), 0xE0000107);
	ck_assert_uint_eq(ask(0x0FFF5508, 0, 0, 0), 0xF0000000);
}
END_TEST

/* --- relay ------------------------------------------------------------------------------ */

START_TEST(D_42_queued)
{
	/* SUCCESS of the carrier means queued: the PF may have no room yet. */
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 0, 0);
	g2h_tight(0, 0);
	relay_quiet(1, 3, 1);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xF0000000);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 0)->queued_n, 1);
	g2h_free(0);
	fx_run(f, 200);
	ck_assert_uint_eq(fx_g2h(f, 0, 0).dw[0], 0x90005100);
}
END_TEST

START_TEST(D_43_full)
{
	/* A peer that does not read is full in the end: 0x301, and nothing is lost of
	 * what was taken. */
	const uint32_t relay[4] = { GUC_ACTION_RELAY_TO_VF, 1, 7, 0 };
	uint32_t reply, taken = 0, got = 0;

	fx_boot(f, 1, 0);
	g2h_tight(1, 0);
	while ((reply = fx_pf(f, 0, relay, 4)) == 0xF0000000)
		ck_assert_uint_lt(taken++, 10000);
	ck_assert_uint_eq(reply, 0xE0000301);
	ck_assert_uint_eq(taken, GUC_QUEUED_G2H);
	g2h_free(1);
	for (unsigned i = 0; i < 200; i++) {
		fx_run(f, 1);
		got += fx_g2h_drain(f, 1, 0);
	}
	ck_assert_uint_eq(got, taken);
}
END_TEST

START_TEST(D_44_order_at_the_pf)
{
	/* What comes from several VFs, and GuC's own replies and events, reach the PF
	 * in the order in which they happen, also when its ring was full. */
	const uint32_t pause3[3] = { GUC_ACTION_VF_CONTROL, 3, GUC_VF_PAUSE };
	static const uint32_t want[][2] = {
		{ 0x90005100, 1 }, { 0x90005100, 2 }, { 0x90005100, 2 }, { 0xF0000000, 0 },
		{ 0x90005106, 3 }, { 0x90005100, 1 }, { 0x90005100, 2 },
	};
	uint32_t head;

	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	fx_g2h_drain(f, 0, 0);
	head = fx_get(f, 0, FX_G2H_DESC(0) + CTB_DESC_HEAD);
	fx_h2g_quiet(f, 0, 0, 5, pause3, 3);
	if (_i)
		g2h_tight(0, 6); /* for one relayed message */
	for (uint32_t i = 0; i < 3; i++) {
		relay_quiet(i ? 2 : 1, 0, i);
		fx_doorbell(f, i ? 2 : 1, 0);
	}
	ck_assert_uint_eq(guc_fn(&f->card, 0, 0)->queued_n, _i ? 2 : 0);
	fx_put(f, 0, FX_G2H_DESC(0) + CTB_DESC_HEAD, head);
	fx_doorbell(f, 0, 0);
	relay_quiet(1, 0, 4);
	fx_doorbell(f, 1, 0);
	relay_quiet(2, 0, 5);
	fx_doorbell(f, 2, 0);
	fx_run(f, 200);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct fx_msg m = fx_g2h(f, 0, 0);

		ck_assert_uint_eq(m.dw[0], want[i][0]);
		ck_assert_uint_eq(m.len > 1 ? m.dw[1] : 0, want[i][1]);
	}
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 0);
}
END_TEST

START_TEST(D_45_other_targets)
{
	/* A VF reaches only the PF: the PF's carrier is not its to send. */
	const uint32_t to_vf2[4] = { GUC_ACTION_RELAY_TO_VF, 2, 1, 0 };

	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	fx_h2g(f, 1, 0, 3, to_vf2, 4);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], 0xE0000302);
	ck_assert_uint_eq(fx_g2h_drain(f, 2, 0), 0);
}
END_TEST

START_TEST(D_48_fast_carrier)
{
	/* A FAST_REQUEST carrier that fails is answered with its fence, one that works
	 * with nothing. */
	uint32_t to1[4] = { 0, 1, 1, 0 };
	struct fx_msg m;

	to1[0] = hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, GUC_ACTION_RELAY_TO_VF, 0);
	fx_g2h_drain(f, 0, 0);
	fx_h2g(f, 0, 0, 0x8123, to1, 4);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.dw[0], 0xE0000041);
	ck_assert_uint_eq(m.fence, 0x8123);
	fx_boot(f, 1, 0);
	fx_h2g(f, 0, 0, 0x8124, to1, 4);
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 0);
	ck_assert_uint_eq(fx_g2h_drain(f, 1, 0), 1);
}
END_TEST

/* --- submission ------------------------------------------------------------------------- */

static void invalidate(unsigned vf)
{
	const uint32_t tlb[3] = { GUC_ACTION_TLB_INVALIDATION, 1, 0x80000003 };

	fx_h2g(f, vf, 0, 3, tlb, 3);
}

START_TEST(D_50_scope_of_tlb)
{
	/* A TLB invalidation is about the sender's own entries. */
	uint64_t at = FX_VF_START(1) + FX_FREE;
	uint32_t v;

	f->card.block->options.ggtt_tlb = true;
	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	fx_put(f, 1, FX_FREE, 1);
	fx_put(f, 1, FX_FREE + GGTT_PAGE, 2);
	ck_assert_int_eq(guc_ggtt_load32(&f->card, 0, 1, at, &v), 0);
	ck_assert_uint_eq(v, 1);
	ck_assert_int_eq(guc_mmio_write(&f->card, 1, REG_GGTT_BASE + 8 * (at / GGTT_PAGE), 8,
					(FX_FREE + GGTT_PAGE) | PTE_PRESENT), 0);
	invalidate(2);
	guc_ggtt_load32(&f->card, 0, 1, at, &v);
	ck_assert_uint_eq(v, 1);
	invalidate(1);
	guc_ggtt_load32(&f->card, 0, 1, at, &v);
	ck_assert_uint_eq(v, 2);
}
END_TEST

START_TEST(D_53_hint_and_reason)
{
	/* HINT is 0 in every refusal over MMIO, and nothing is answered by RETRY. */
	for (uint32_t code = 1; code < 0x10000; code++) {
		uint32_t header;

		if (code == GUC_ACTION_MMIO_RELAY_SERVICE)
			continue;
		header = ask(code | 0x00070000, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF);
		ck_assert_int_ne(hxg_type(header), HXG_RETRY);
		if (hxg_type(header) == HXG_FAILURE)
			ck_assert_uint_eq(field_get(HXG_HINT, header), 0);
	}
}
END_TEST

/* --- interrupts ------------------------------------------------------------------------- */

static char order[8];
static size_t order_n;
static struct guc_port inner;

static int watch_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	uint64_t status = FX_MEMIRQ(0) + MEMIRQ_STATUS(MEMIRQ_SOURCE_GUC) + GUC_IRQ_GUC2HOST;
	uint64_t source = FX_MEMIRQ(0) + MEMIRQ_SOURCE(MEMIRQ_SOURCE_GUC);

	if (fn == 1 && (dma == status || dma == source) && order_n < sizeof(order))
		order[order_n++] = dma == status ? 't' : 'o';
	return inner.mem_write(user, fn, dma, src, len);
}

static void watch_irq(void *user, unsigned fn, const struct guc_irq *irq)
{
	if (fn == 1 && order_n < sizeof(order))
		order[order_n++] = 'i';
	inner.irq(user, fn, irq);
}

START_TEST(D_54_order_of_writes)
{
	/* Status byte, source byte, then the line. Without addresses: SW_INT_0 never,
	 * GUC2HOST by the line alone. */
	inner = f->card.port;
	f->card.port.mem_write = watch_write;
	f->card.port.irq = watch_irq;
	fx_boot(f, 1, 0);
	order_n = 0;
	relay_quiet(1, 3, 1);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(order_n, 3);
	ck_assert_mem_eq(order, "toi", 3);
	vf1()->self.memirq_status = vf1()->self.memirq_source = 0;
	order_n = 0;
	guc_raise(&f->card, 0, 1, GUC_IRQ_SW_INT_0);
	ck_assert_uint_eq(order_n, 0);
	guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
	ck_assert_uint_eq(order_n, 1);
	ck_assert_mem_eq(order, "i", 1);
}
END_TEST

START_TEST(D_55_other_bits)
{
	/* In a whole life with a migration a GuC raises GUC2HOST and SW_INT_0 only. */
	block_vf1();
	ck_assert_uint_eq(ask(0x0001550F, 0, 0, 0), 0xF0000000);
	ck_assert_uint_eq(ask(0x00015508, 0, 0, 0), 0xF0000000);
	relay_quiet(1, 3, 1);
	fx_doorbell(f, 1, 0);
	fx_run(f, 20);
	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	for (unsigned fn = 0; fn < 4; fn++)
		for (unsigned bit = 0; bit < 16; bit++)
			if (bit != GUC_IRQ_GUC2HOST && bit != GUC_IRQ_SW_INT_0)
				ck_assert_uint_eq(f->irqs[fn][0][bit], 0);
	ck_assert_uint_gt(f->irqs[1][0][GUC_IRQ_GUC2HOST], 0);
	ck_assert_uint_eq(f->irqs[1][0][GUC_IRQ_SW_INT_0], 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_decisions_vf");
	TCase *tc = tcase_create("decisions");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, D_30_running_vf);
	tcase_add_test(tc, D_31_default_state);
	tcase_add_test(tc, D_39_blocked_ring);
	tcase_add_test(tc, D_40_vf_reset);
	tcase_add_test(tc, D_41_marker_bits);
	tcase_add_test(tc, D_42_queued);
	tcase_add_test(tc, D_43_full);
	tcase_add_loop_test(tc, D_44_order_at_the_pf, 0, 2);
	tcase_add_test(tc, D_45_other_targets);
	tcase_add_test(tc, D_48_fast_carrier);
	tcase_add_test(tc, D_50_scope_of_tlb);
	tcase_add_test(tc, D_53_hint_and_reason);
	tcase_add_test(tc, D_54_order_of_writes);
	tcase_add_test(tc, D_55_other_bits);
	suite_add_tcase(s, tc);
	return check_main(s);
}
