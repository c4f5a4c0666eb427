/* SPDX-License-Identifier: MIT */
/* Isolation: VF 2 reaches for what is VF 1's at every point where a function
 * can name an address, a register or an action. Each reach is dropped (nothing
 * of VF 1 changes), counted for VF 2 on its GT, and reported as an event of
 * VF 2. Twice each: into VF 1's range, and to a page of VF 2's own range whose
 * GGTT entry is VF 1's. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

#define VICTIM   1u
#define ATTACKER 2u

static struct fx *f;
static uint64_t target; /* a page that is the victim's */

/* Offset in either VF's memory of the page that is reached for. */
#define PAGE 0x70000u

static uint64_t pte_off(uint64_t addr)
{
	return REG_GGTT_BASE + addr / GGTT_PAGE * 8;
}

static uint64_t own(uint32_t offset)
{
	return FX_VF_START(ATTACKER) + offset;
}

static struct guc_function *attacker(void)
{
	return guc_fn(&f->card, 0, ATTACKER);
}

static struct guc_context *slot(uint32_t id)
{
	return guc_context(&f->card, 0, ATTACKER, id);
}

/* --- reaches ------------------------------------------------------------------------ */

static void pte_whole(void)
{
	guc_mmio_write(&f->card, ATTACKER, pte_off(target), 8, PTE_PRESENT);
}

static void pte_low(void)
{
	guc_mmio_write(&f->card, ATTACKER, pte_off(target), 4, 0);
}

static void pte_high(void)
{
	guc_mmio_write(&f->card, ATTACKER, pte_off(target) + 4, 4, 7);
}

static void reg_write(uint64_t off)
{
	guc_mmio_write(&f->card, ATTACKER, off + VICTIM * REG_VF_STRIDE, 4,
		       GUC_ACTION_VF_RESET);
}

static void mailbox_write(void)
{
	reg_write(REG_VF_SW_FLAG(0));
}

static void mailbox_read(void)
{
	uint64_t v = 1;

	guc_mmio_read(&f->card, ATTACKER, REG_VF_SW_FLAG(0) + VICTIM * REG_VF_STRIDE, 4, &v);
	ck_assert_uint_eq(v, 0);
}

static void doorbell(void)
{
	reg_write(REG_GUC_HOST_INTERRUPT);
}

static void h2g_descriptor(void)
{
	attacker()->self.h2g_desc = target;
	fx_doorbell(f, ATTACKER, 0);
}

static void relay(void)
{
	uint32_t dw[4] = { 0, 1, 2, 3 };

	lx_send(f, ATTACKER, HXG_REQUEST, GUC_ACTION_RELAY_TO_PF, dw, 4);
}

static void h2g_buffer(void)
{
	attacker()->self.h2g_addr = target;
	relay();
}

static void g2h_descriptor(void)
{
	attacker()->self.g2h_desc = target;
	relay();
}

static void g2h_buffer(void)
{
	attacker()->self.g2h_addr = target;
	relay();
}

static void memirq_status(void)
{
	attacker()->self.memirq_status = target;
	relay();
}

static void memirq_source(void)
{
	attacker()->self.memirq_source = target;
	relay();
}

static void hwconfig(void)
{
	uint32_t dw[4] = { GUC_ACTION_GET_HWCONFIG, (uint32_t)target, 0, GGTT_PAGE };

	ck_assert_uint_eq(fx_mbox(f, ATTACKER, 0, dw, 4, NULL),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_GGTT_ADDRESS, 0));
}

static void opt_in_list(void)
{
	uint32_t dw[4] = { 0, (uint32_t)target, 0, 1 };

	lx_send(f, ATTACKER, HXG_REQUEST, GUC_ACTION_OPT_IN_FEATURE_KLV, dw, 4);
}

/* Run context 0 of LRC 0, which has a command in its ring. */
static void run(void)
{
	lx_sched(f, ATTACKER, 0);
	fx_run(f, 200);
	ck_assert(slot(0)->killed);
}

static void image(uint32_t dword, uint64_t value)
{
	fx_put(f, ATTACKER, LX_REGS(0) + 4 * dword, (uint32_t)value);
}

static void lrc_image(void)
{
	slot(0)->lrc_desc[0] = (uint32_t)target - LRC_REGS;
	run();
}

static void indirect_page(void)
{
	image(LRC_INDIRECT_RING, target);
	run();
}

static void ring_buffer(void)
{
	image(LRC_RING_START, target);
	run();
}

/* The first page is the attacker's, the second is not: the ring runs into it. */
static void ring_next_page(void)
{
	image(LRC_RING_START, target - GGTT_PAGE);
	image(LRC_RING_CTL, GGTT_PAGE | RING_CTL_VALID);
	image(LRC_RING_HEAD, GGTT_PAGE - 8);
	image(LRC_RING_TAIL, GGTT_PAGE + 8);
	run();
}

static void batch_buffer(void)
{
	uint32_t dw[4] = { MI_BBS_GGTT, (uint32_t)target, 0, 0 };

	lx_emit(f, ATTACKER, 0, dw, 4);
	run();
}

static void batch_next_page(void)
{
	uint32_t dw[4] = { MI_BBS_GGTT, (uint32_t)target - 8, 0, 0 };

	lx_emit(f, ATTACKER, 0, dw, 4);
	run();
}

static void store_dword(void)
{
	uint32_t dw[4] = { MI_SDI_DWORD_GGTT, (uint32_t)target, 0, 0xBAD };

	lx_emit(f, ATTACKER, 0, dw, 4);
	run();
}

static void store_qword(void)
{
	uint32_t dw[6] = { (MI_SDI_DWORD_GGTT | MI_SDI_QWORD) + 1, (uint32_t)target, 0, 0xBAD,
			   0xBAD };

	lx_emit(f, ATTACKER, 0, dw, 6);
	run();
}

static void store_in_batch(void)
{
	fx_put(f, ATTACKER, LX_BATCH(0), MI_SDI_DWORD_GGTT);
	fx_put(f, ATTACKER, LX_BATCH(0) + 4, (uint32_t)target);
	lx_emit_batch(f, ATTACKER, 0, LX_BATCH(0));
	run();
}

static void semaphore(void)
{
	uint32_t dw[4] = { MI_SEM_WAIT_GGTT_EQ, 0, (uint32_t)target, 0 };

	lx_emit(f, ATTACKER, 0, dw, 4);
	run();
}

static void user_interrupt(uint32_t dword)
{
	uint32_t dw[2] = { MI_USER_INTERRUPT, MI_NOOP };

	image(dword, target);
	lx_emit(f, ATTACKER, 0, dw, 2);
	lx_sched(f, ATTACKER, 0);
	fx_run(f, 200);
}

static void engine_irq_status(void)
{
	user_interrupt(LRC_MEMIRQ_STATUS);
}

static void engine_irq_source(void)
{
	user_interrupt(LRC_MEMIRQ_SOURCE);
}

/* Kick the parallel context 4 (LRCs 2 and 3), which has an item queued. */
static void run_parallel(void)
{
	lx_sched(f, ATTACKER, 4);
	fx_run(f, 200);
	ck_assert(slot(4)->killed);
}

static void wq_descriptor(void)
{
	slot(4)->wq_desc = target;
	run_parallel();
}

static void wq_buffer(void)
{
	slot(4)->wq_base = target;
	run_parallel();
}

static void wq_child_image(void)
{
	slot(4)->lrc_desc[1] = (uint32_t)target - LRC_REGS;
	run_parallel();
}

static void wq_child_ring(void)
{
	fx_put(f, ATTACKER, LX_REGS(3) + 4 * LRC_RING_START, (uint32_t)target);
	run_parallel();
}

struct reach {
	const char *what;
	void (*attack)(void);
	enum guc_violation code;
};

/* Checked at each use. */
static const struct reach uses[] = {
	{ "GGTT entry", pte_whole, GUC_VIOL_PTE_FOREIGN },
	{ "GGTT entry, low half", pte_low, GUC_VIOL_PTE_FOREIGN },
	{ "GGTT entry, high half", pte_high, GUC_VIOL_PTE_FOREIGN },
	{ "mailbox write", mailbox_write, GUC_VIOL_MMIO_FOREIGN },
	{ "mailbox read", mailbox_read, GUC_VIOL_MMIO_FOREIGN },
	{ "doorbell", doorbell, GUC_VIOL_MMIO_FOREIGN },
	{ "H2G descriptor", h2g_descriptor, GUC_VIOL_GGTT_FOREIGN },
	{ "H2G buffer", h2g_buffer, GUC_VIOL_GGTT_FOREIGN },
	{ "G2H descriptor", g2h_descriptor, GUC_VIOL_GGTT_FOREIGN },
	{ "G2H buffer", g2h_buffer, GUC_VIOL_GGTT_FOREIGN },
	{ "memirq status", memirq_status, GUC_VIOL_GGTT_FOREIGN },
	{ "memirq source", memirq_source, GUC_VIOL_GGTT_FOREIGN },
	{ "hwconfig buffer", hwconfig, GUC_VIOL_GGTT_FOREIGN },
	{ "opt-in list", opt_in_list, GUC_VIOL_GGTT_FOREIGN },
	{ "context image", lrc_image, GUC_VIOL_GGTT_FOREIGN },
	{ "indirect ring state", indirect_page, GUC_VIOL_GGTT_FOREIGN },
	{ "ring", ring_buffer, GUC_VIOL_GGTT_FOREIGN },
	{ "second page of a ring", ring_next_page, GUC_VIOL_GGTT_FOREIGN },
	{ "batch", batch_buffer, GUC_VIOL_GGTT_FOREIGN },
	{ "second page of a batch", batch_next_page, GUC_VIOL_GGTT_FOREIGN },
	{ "store of a dword", store_dword, GUC_VIOL_GGTT_FOREIGN },
	{ "store of a qword", store_qword, GUC_VIOL_GGTT_FOREIGN },
	{ "store in a batch", store_in_batch, GUC_VIOL_GGTT_FOREIGN },
	{ "semaphore", semaphore, GUC_VIOL_GGTT_FOREIGN },
	{ "engine interrupt status", engine_irq_status, GUC_VIOL_GGTT_FOREIGN },
	{ "engine interrupt source", engine_irq_source, GUC_VIOL_GGTT_FOREIGN },
	{ "work queue descriptor", wq_descriptor, GUC_VIOL_GGTT_FOREIGN },
	{ "work queue", wq_buffer, GUC_VIOL_GGTT_FOREIGN },
	{ "image of a child", wq_child_image, GUC_VIOL_GGTT_FOREIGN },
	{ "ring of a child", wq_child_ring, GUC_VIOL_GGTT_FOREIGN },
};
#define USES (int)(sizeof(uses) / sizeof(uses[0]))

/* --- what is the PF's, and what is refused when it is named ------------------------ */

static void registration(unsigned dword, bool parallel)
{
	uint32_t dw[15] = {
		[1] = 1, [2] = 8, [3] = GUC_CLASS_RENDER, [4] = 1,
		[10] = (uint32_t)own(LX_BASE(0)),
	};

	if (parallel) {
		dw[5] = (uint32_t)own(LX_WQ_DESC(2));
		dw[7] = (uint32_t)own(LX_WQ(2));
		dw[9] = WQ_BYTES;
		dw[10] = 2;
		dw[11] = (uint32_t)own(LX_BASE(2));
		dw[13] = (uint32_t)own(LX_BASE(3));
	}
	dw[dword] = (uint32_t)target;
	lx_send(f, ATTACKER, HXG_REQUEST,
		parallel ? GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC : GUC_ACTION_REGISTER_CONTEXT, dw,
		parallel ? 15 : 12);
	ck_assert(!slot(8)->registered);
}

static void register_lrc(void)
{
	registration(10, false);
}

static void register_wq_descriptor(void)
{
	registration(5, true);
}

static void register_wq(void)
{
	registration(7, true);
}

static void register_leader(void)
{
	registration(11, true);
}

static void register_child(void)
{
	registration(13, true);
}

static void request(uint32_t action, uint32_t dw1, uint32_t dw2, unsigned n)
{
	uint32_t dw[5] = { 0, dw1, dw2, 0, 0 };

	lx_send(f, ATTACKER, HXG_REQUEST, action, dw, n);
}

static void stop_victim(void)
{
	request(GUC_ACTION_VF_CONTROL, VICTIM, GUC_VF_STOP, 3);
}

static void unprovision_victim(void)
{
	request(GUC_ACTION_UPDATE_VF_CFG, VICTIM, 0, 5);
}

static void save_victim(void)
{
	request(GUC_ACTION_SAVE_RESTORE_VF, VICTIM, (uint32_t)own(PAGE), 5);
}

static void relay_to_victim(void)
{
	request(GUC_ACTION_RELAY_TO_VF, VICTIM, 1, 4);
}

static void vgt_policy(void)
{
	request(GUC_ACTION_UPDATE_VGT_POLICY, (uint32_t)own(PAGE), 0, 4);
}

static const struct reach names[] = {
	{ "context image", register_lrc, GUC_VIOL_GGTT_FOREIGN },
	{ "work queue descriptor", register_wq_descriptor, GUC_VIOL_GGTT_FOREIGN },
	{ "work queue", register_wq, GUC_VIOL_GGTT_FOREIGN },
	{ "image of a leader", register_leader, GUC_VIOL_GGTT_FOREIGN },
	{ "image of a child", register_child, GUC_VIOL_GGTT_FOREIGN },
	{ "VF_CONTROL", stop_victim, GUC_VIOL_ACTION_FOREIGN },
	{ "UPDATE_VF_CFG", unprovision_victim, GUC_VIOL_ACTION_FOREIGN },
	{ "SAVE_RESTORE_VF", save_victim, GUC_VIOL_ACTION_FOREIGN },
	{ "RELAY_TO_VF", relay_to_victim, GUC_VIOL_ACTION_FOREIGN },
	{ "UPDATE_VGT_POLICY", vgt_policy, GUC_VIOL_ACTION_FOREIGN },
};
#define NAMES (int)(sizeof(names) / sizeof(names[0]))

/* --- the tests --------------------------------------------------------------------- */

static void load_attacker(void)
{
	const uint32_t tails[2] = { 16, 16 };

	for (unsigned k = 0; k < 4; k++)
		lx_make(f, ATTACKER, k, false);
	lx_register(f, ATTACKER, 0, 0, 1);
	lx_mode(f, ATTACKER, 0, 1);
	lx_register_multi(f, ATTACKER, 4, 2, 2);
	lx_mode(f, ATTACKER, 4, 1);
	fx_run(f, 10);
	fx_g2h_drain(f, ATTACKER, 0);
	lx_emit_store(f, ATTACKER, 2, LX_DATA(2), 1);
	lx_emit_store(f, ATTACKER, 3, LX_DATA(2) + 4, 1);
	lx_set_tail(f, ATTACKER, 2, 0);
	lx_set_tail(f, ATTACKER, 3, 0);
	lx_wq_append(f, ATTACKER, 4, 2, 2, tails);
	lx_emit_store(f, ATTACKER, 0, LX_DATA(0), 1);
}

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	for (unsigned vf = VICTIM; vf <= ATTACKER; vf++) {
		fx_provision(f, vf);
		fx_boot(f, vf, 0);
		fx_g2h_drain(f, vf, 0);
	}
	lx_make(f, VICTIM, 0, false);
	lx_register(f, VICTIM, 0, 0, 1);
	lx_mode(f, VICTIM, 0, 1);
	fx_run(f, 10);
	fx_g2h_drain(f, VICTIM, 0);
	memset(f->mem[VICTIM] + PAGE, 0x5A, GGTT_PAGE);
	load_attacker();
	ck_assert_uint_eq(fx_count(f, GUC_PT_VIOLATION), 0);
}

static void teardown(void)
{
	fx_free(f);
}

/* The page in VF 1's range, or one of VF 2's own with VF 1's entry. The page
 * before it is VF 2's in the second case, and nobody's that VF 2 may use in the
 * first. */
static void aim(bool entry)
{
	target = entry ? own(PAGE) : FX_VF_START(VICTIM) + PAGE;
	if (entry)
		guc_mmio_write(&f->card, 0, pte_off(target), 8,
			       PAGE | PTE_PRESENT | (uint64_t)VICTIM << PTE_VFID_SHIFT);
}

static void check_reach(const struct reach *r)
{
	static uint8_t before[FX_MEM];
	uint64_t pte = guc_ggtt_entry(&f->card, 0, target);
	struct guc_vf_info was, is;
	uint32_t wq = attacker()->violations[r->code];
	unsigned reported = 0;
	size_t from = f->n_events;

	memcpy(before, f->mem[VICTIM], FX_MEM);
	guc_vf_info(&f->card, VICTIM, 0, &was);
	r->attack();
	fx_run(f, 10);
	ck_assert_msg(!memcmp(before, f->mem[VICTIM], FX_MEM), "%s: VF 1's memory", r->what);
	ck_assert_uint_eq(guc_ggtt_entry(&f->card, 0, target), pte);
	guc_vf_info(&f->card, VICTIM, 0, &is);
	ck_assert_msg(!memcmp(&was, &is, sizeof(is)), "%s: VF 1's state", r->what);
	for (size_t i = from; i < f->n_events; i++) {
		const struct guc_event *ev = &f->events[i];

		if (ev->point != GUC_PT_VIOLATION)
			continue;
		ck_assert_msg(ev->fn == ATTACKER && ev->gt == 0, "%s: VF %u", r->what, ev->fn);
		reported += ev->code == r->code;
	}
	ck_assert_msg(reported > 0, "%s: not reported", r->what);
	ck_assert_msg(attacker()->violations[r->code] == wq + reported, "%s: not counted", r->what);
	/* VF 1 works. */
	lx_emit_store(f, VICTIM, 0, LX_DATA(0), 0x600D);
	lx_sched(f, VICTIM, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, VICTIM, LX_DATA(0)), 0x600D);
}

/* Isolation, each use: into VF 1's range. */
START_TEST(isolation_use_of_range)
{
	aim(false);
	check_reach(&uses[_i]);
}
END_TEST

/* Isolation, each use: by an entry in VF 2's range that carries VFID 1. */
START_TEST(isolation_use_of_entry)
{
	aim(true);
	check_reach(&uses[_i]);
}
END_TEST

/* Isolation, what is refused already when it is named. */
START_TEST(isolation_named)
{
	aim(false);
	check_reach(&names[_i]);
}
END_TEST

/* Isolation, SELF_CFG: every address key is refused with 0x80 and leaves what
 * was set before; also where only the last byte lies outside. Counted, all. */
START_TEST(isolation_self_cfg)
{
	static const struct {
		uint32_t key, bytes;
	} keys[] = {
		{ GUC_KLV_SELF_MEMIRQ_STATUS_ADDR, 16 },
		{ GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR, 1 },
		{ GUC_KLV_SELF_H2G_CTB_ADDR, CTB_SIZE_ALIGN },
		{ GUC_KLV_SELF_H2G_CTB_DESC_ADDR, CTB_DESC_BYTES },
		{ GUC_KLV_SELF_G2H_CTB_ADDR, CTB_SIZE_ALIGN },
		{ GUC_KLV_SELF_G2H_CTB_DESC_ADDR, CTB_DESC_BYTES },
	};
	const uint32_t off[2] = { GUC_ACTION_CONTROL_CTB, 0 };
	struct guc_self_config before;
	uint64_t end = own(FX_MEM);
	uint32_t counted;

	aim(false);
	ck_assert_uint_eq(fx_mbox(f, ATTACKER, 0, off, 2, NULL), hxg_success(HXG_ORIGIN_GUC, 0));
	before = attacker()->self;
	counted = attacker()->violations[GUC_VIOL_GGTT_FOREIGN];
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i].key, 2, target),
			  GUC_ERR_INVALID_GGTT_ADDRESS);
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i].key, 2, own(0) - 4),
			  GUC_ERR_INVALID_GGTT_ADDRESS);
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i].key, 2,
				      end - keys[_i].bytes / 8 * 4),
			  GUC_ERR_INVALID_GGTT_ADDRESS);
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i].key, 2, own(0) | 1ull << 32),
			  GUC_ERR_INVALID_GGTT_ADDRESS);
	ck_assert_mem_eq(&attacker()->self, &before, sizeof(before));
	ck_assert_uint_eq(attacker()->violations[GUC_VIOL_GGTT_FOREIGN], counted + 4);
}
END_TEST

/* Isolation, CONTROL_CTB: a ring whose start is VF 2's and whose end is not is
 * refused when it is enabled, its size being known only then. */
START_TEST(isolation_control_ctb)
{
	static const uint32_t keys[2][2] = {
		{ GUC_KLV_SELF_H2G_CTB_ADDR, GUC_KLV_SELF_H2G_CTB_SIZE },
		{ GUC_KLV_SELF_G2H_CTB_ADDR, GUC_KLV_SELF_G2H_CTB_SIZE },
	};
	uint32_t dw[2] = { GUC_ACTION_CONTROL_CTB, 0 };

	ck_assert_uint_eq(fx_mbox(f, ATTACKER, 0, dw, 2, NULL), hxg_success(HXG_ORIGIN_GUC, 0));
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i][0], 2, own(FX_MEM - GGTT_PAGE)), 0);
	ck_assert_uint_eq(fx_self_cfg(f, ATTACKER, 0, keys[_i][1], 1, 2 * GGTT_PAGE), 0);
	dw[1] = 1;
	ck_assert_uint_eq(fx_mbox(f, ATTACKER, 0, dw, 2, NULL),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_GGTT_ADDRESS, 0));
	ck_assert(!attacker()->ctb_enabled);
	ck_assert_uint_eq(attacker()->violations[GUC_VIOL_GGTT_FOREIGN], 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-isolation");
	TCase *t = tcase_create("isolation");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, isolation_use_of_range, 0, USES);
	tcase_add_loop_test(t, isolation_use_of_entry, 0, USES);
	tcase_add_loop_test(t, isolation_named, 0, NAMES);
	tcase_add_loop_test(t, isolation_self_cfg, 0, 6);
	tcase_add_loop_test(t, isolation_control_ctb, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
