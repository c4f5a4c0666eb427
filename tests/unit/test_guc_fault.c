/* SPDX-License-Identifier: MIT */
/* Page faults that the engines make (guc-abi 6.5, docs/protocol/engine.md): the
 * message, who stops and who goes on, answers good, bad, late and hostile, and what
 * becomes of a fault when its context or its VF goes. */
#include <check.h>

#include "emulator/guc/sched.h"
#include "guc_ppgtt.h"
#include "tests/check_main.h"

#define ASID 0x12345u
#define HOLE (PX_DATA + 0x5000)
#define GMD(arch, release) ((uint32_t)(arch) << 22 | (uint32_t)(release) << 14)

static struct fx *f;
static struct px p;

static void make(uint32_t gmd)
{
	struct guc_options o;

	guc_options_default(&o);
	o.gmd_id[0] = gmd;
	f = fx_new(1, 1, 2, &o);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
}

static void setup(void)
{
	make(GMD(30, 0));
	px_start(&p, f, GUC_CLASS_COMPUTE, ASID);
}

static void teardown(void)
{
	fx_free(f);
}

static bool silent(void)
{
	return fx_g2h(f, 1, 0).len == 0;
}

static void remember(void)
{
	fx_g2h_drain(f, 1, 0);
}

/* A store of 7 to HOLE, then one of 8 to the data page, by the PPGTT. */
static void stores(void)
{
	const uint32_t dw[8] = {
		MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(HOLE), hi32(HOLE), 7,
		MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(PX_DATA), hi32(PX_DATA), 8,
	};

	px_run(&p, dw, 8);
}

static struct fx_msg fault(void)
{
	struct fx_msg m = lx_event(f, 1, GUC_ACTION_PAGE_FAULT_REQ_DESC);

	ck_assert_uint_eq(m.len, 5);
	return m;
}

/* The driver's answer, as Linux makes it of the request. */
static void answer(const struct fx_msg *m, bool failed)
{
	const uint32_t *d = m->dw + 1;
	uint32_t pdata = d[0] >> 28 | (d[1] & 0xFFF) << 4;
	uint32_t dw[3] = {
		[1] = 1u | (uint32_t)failed << 1 | 1u << 10 | (d[1] & 0xFFFFF000),
		[2] = (d[2] >> 4 & 0x3F) | (d[0] >> 19 & 0x3F) << 7 | (d[0] >> 25 & 7) << 13 |
		      pdata << 16,
	};

	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_FAULT_RES_DESC, dw, 3);
}

static void map_hole(void)
{
	px_map(&p, HOLE, LX_DATA(1), PX_PAGE);
}

/* The page is there, the fault is answered, and what stores() wanted is done. */
static void serve(const struct fx_msg *m)
{
	map_hole();
	answer(m, false);
	fx_run(f, 10);
	ck_assert_uint_eq(px_get(&p, 0), 8);
}

/* A miss is told with its fields; the context stops; after the page is there and the
 * answer, the same command runs again and all is done once. */
START_TEST(told_and_resumed)
{
	struct fx_msg m;

	stores();
	m = fault();
	ck_assert_uint_eq(m.dw[1] & 7, 0);             /* level: the page's */
	ck_assert_uint_eq(m.dw[1] >> 19 & 0x3F, 0);    /* ccs0 */
	ck_assert_uint_eq(m.dw[1] >> 25 & 7, 5);
	ck_assert_uint_eq(m.dw[2] >> 12, ASID);
	ck_assert_uint_eq(m.dw[3], (lo32(HOLE) & 0xFFFFF000) | 1u << 4 | 1u);
	ck_assert_uint_eq(m.dw[4], hi32(HOLE & BITS64(47, 0)));
	ck_assert(silent());
	ck_assert_uint_eq(px_get(&p, 0), 0);
	ck_assert(guc_idle(&f->card));
	serve(&m);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 7);
	ck_assert(silent());
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}
END_TEST

/* An answer without the page is worth nothing: the command faults again. */
START_TEST(told_again)
{
	struct fx_msg m;

	stores();
	for (unsigned i = 0; i < 5; i++) {
		m = fault();
		answer(&m, false);
		fx_run(f, 10);
	}
	m = fault();
	serve(&m);
	ck_assert(silent());
}
END_TEST

/* A refused page is a memory fault: CAT error, the context is dead; also what a later
 * answer says. */
START_TEST(refused)
{
	struct fx_msg m;

	stores();
	m = fault();
	answer(&m, true);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], 0);
	ck_assert(px_slot(&p)->killed);
	map_hole();
	answer(&m, false);
	lx_sched(f, 1, 0);
	fx_run(f, 10);
	ck_assert_uint_eq(px_get(&p, 0), 0);
	ck_assert(silent());
}
END_TEST

/* Graphics without recoverable faults, and contexts without an ASID, have a CAT error
 * at once (verdict 7). */
START_TEST(not_recoverable)
{
	static const struct {
		uint32_t gmd, asid;
		unsigned levels;
	} cards[] = {
		{ GMD(12, 0), ASID, 4 }, { GMD(12, 55), ASID, 4 }, { GMD(12, 70), ASID, 4 },
		{ GMD(30, 0), 0, 5 },
	};
	const uint32_t dw[4] = { MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(HOLE), hi32(HOLE), 7 };

	fx_free(f);
	make(cards[_i].gmd);
	px_init(&p, f, cards[_i].levels, NULL);
	px_context(&p, GUC_CLASS_COMPUTE, cards[_i].asid);
	px_map(&p, PX_BATCH, LX_BATCH(0), PX_PAGE);
	px_run(&p, dw, 4);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], 0);
	ck_assert(px_slot(&p)->killed);
}
END_TEST

/* While one context waits for its page the others on its engine go on. */
START_TEST(others_go_on)
{
	struct fx_msg m;

	stores();
	m = fault();
	lx_make(f, 1, 1, false);
	lx_register(f, 1, 1, 1, 1);
	lx_mode(f, 1, 1, 1);
	lx_emit_store(f, 1, 1, LX_DATA(2), 5);
	lx_sched(f, 1, 1);
	/* A doorbell of its own does not wake it either. */
	lx_sched(f, 1, 0);
	remember();
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(2)), 5);
	ck_assert(silent());
	serve(&m);
}
END_TEST

/* Disabled, the context forgets its fault; the answer comes too late and is ignored.
 * Enabled again it faults again. */
START_TEST(disabled)
{
	struct fx_msg m;

	stores();
	m = fault();
	lx_mode(f, 1, 0, 0);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[2], 0);
	answer(&m, _i);
	fx_run(f, 10);
	ck_assert(silent() && !px_slot(&p)->killed);
	lx_mode(f, 1, 0, 1);
	fx_run(f, 10);
	m = fault();
	serve(&m);
}
END_TEST

/* Deregistered, reset or dropped by VF_RESET: an answer to what was is ignored. */
START_TEST(gone)
{
	const uint32_t reset = GUC_ACTION_VF_RESET;
	uint32_t dw[2] = { 0, 0 };
	struct fx_msg m;

	stores();
	m = fault();
	if (_i == 0) {
		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
		lx_event(f, 1, GUC_ACTION_DEREGISTER_CONTEXT_DONE);
	} else {
		ck_assert_uint_eq(fx_mbox(f, 1, 0, &reset, 1, NULL), 0xF0000000);
		fx_boot(f, 1, 0);
		fx_g2h_drain(f, 1, 0);
	}
	map_hole();
	answer(&m, _i & 1);
	fx_run(f, 10);
	ck_assert(silent());
	ck_assert_uint_eq(px_get(&p, 0), 0);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* Answers for contexts that wait for none, that are not there or nobody's. */
START_TEST(hostile_answers)
{
	static const uint32_t pdata[] = { 0, 1, 15, 16, 4095, 0xFFFF };
	const uint32_t good[4] = { MI_NOOP, MI_NOOP, MI_NOOP, MI_NOOP };

	px_run(&p, good, 4);
	for (unsigned i = 0; i < 6; i++) {
		uint32_t dw[3] = { 0, 1u | (i & 1) << 1 | 1u << 10 | i << 12, pdata[i] << 16 };

		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_FAULT_RES_DESC, dw, 3);
	}
	ck_assert(silent());
	ck_assert(!px_slot(&p)->killed);
}
END_TEST

/* A pause on the same card leaves the fault as it is: the answer counts after RESUME,
 * and nothing is told twice. */
START_TEST(paused)
{
	struct fx_msg m;

	stores();
	m = fault();
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_run(f, 5);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 5);
	ck_assert(silent());
	serve(&m);
}
END_TEST

/* After a move the fault is told again: the answer to the first may have been lost with
 * the ring. */
START_TEST(moved)
{
	uint32_t dwords;
	struct fx_msg m;
	struct fx *b;

	stores();
	fault();
	dwords = lx_save(f);
	b = lx_target(f, FX_VF_START(1), NULL);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), hxg_success(HXG_ORIGIN_GUC, dwords));
	fx_free(f);
	p.f = f = b;
	p.tables = f->mem[1];
	lx_resume(f);
	ck_assert(silent());
	lx_done(f);
	fx_run(f, 10);
	f->vf_fence = 0;
	m = fault();
	serve(&m);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 7);
}
END_TEST

/* With nowhere to tell it, the fault waits: nothing is lost, and it is told when that
 * is possible. */
START_TEST(no_room)
{
	const uint32_t dw[4] = { MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(HOLE), hi32(HOLE), 7 };
	struct guc_function *fn = guc_fn(&f->card, 0, 1);
	struct fx_msg m;

	px_emit(&p, dw, 4);
	lx_sched(f, 1, 0);
	fn->ctb_enabled = 0;
	fx_run(f, 10);
	ck_assert(silent());
	ck_assert_uint_eq(px_slot(&p)->exec[0].faulted, 0);
	ck_assert(!guc_idle(&f->card));
	fn->ctb_enabled = 1;
	fx_run(f, 10);
	m = fault();
	map_hole();
	answer(&m, false);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 7);
}
END_TEST

/* --- parallel ---------------------------------------------------------------------------- */

/* Two LRCs in one address space, batch of LRC k at PX_BATCH + k pages: each stores to a
 * hole of its own. */
static void gang_of_holes(void)
{
	uint32_t dw[11 + 4] = {
		[1] = 1, [2] = 4, [3] = GUC_CLASS_VIDEO, [4] = 1,
		[5] = (uint32_t)fx_addr(f, 1, LX_WQ_DESC(0)),
		[7] = (uint32_t)fx_addr(f, 1, LX_WQ(0)),
		[9] = WQ_BYTES, [10] = 2,
	};
	uint32_t tails[2];

	for (unsigned k = 0; k < 2; k++) {
		uint64_t at = PX_BATCH + 0x1000 * k, to = HOLE + 0x1000 * k;
		const uint32_t start[4] = { MI_BBS_GGTT | MI_BBS_PPGTT, lo32(at), hi32(at), 0 };
		const uint32_t program[5] = {
			MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(to), hi32(to), 7 + k,
			MI_BATCH_BUFFER_END,
		};

		lx_make(f, 1, k, false);
		fx_put(f, 1, LX_REGS(k) + 4 * LRC_ASID, ASID);
		fx_put(f, 1, LX_REGS(k) + 4 * LRC_PDP_LO, PX_TABLES | 0x1B);
		for (unsigned i = 0; i < 5; i++)
			fx_put(f, 1, LX_BATCH(0) + 0x1000 * k + 4 * i, program[i]);
		lx_emit(f, 1, k, start, 4);
		lx_emit_store(f, 1, k, LX_DATA(k) + 16, 9);
		tails[k] = lx_tail(f, 1, k);
		lx_set_tail(f, 1, k, 0);
		dw[11 + 2 * k] = (uint32_t)fx_addr(f, 1, LX_BASE(k)) | LRC_DESC_KERNEL |
				 LRC_DESC_PRIVILEGE;
	}
	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC, dw, 15);
	lx_wq_append(f, 1, 4, 0, 2, tails);
	lx_mode(f, 1, 4, 1);
	lx_sched(f, 1, 4);
	remember();
	fx_run(f, 20);
}

/* Both LRCs of a parallel context fault, with the same PDATA and two engines; each
 * answer lets its own go on, in any order; behind both batches come the fences. */
START_TEST(both_children)
{
	struct fx_msg m[2];

	lx_mode(f, 1, 0, 0);
	remember();
	gang_of_holes();
	m[0] = fault();
	m[1] = fault();
	/* Either ring may have had the first turn. */
	if (m[0].dw[1] >> 19 & 0x3F) {
		const struct fx_msg first = m[0];

		m[0] = m[1];
		m[1] = first;
	}
	ck_assert_uint_eq(m[0].dw[1] >> 28, 4);
	ck_assert_uint_eq(m[1].dw[1] >> 28, 4);
	ck_assert_uint_eq(m[0].dw[1] >> 19 & 0x3F, 0);
	ck_assert_uint_eq(m[1].dw[1] >> 19 & 0x3F, 1);
	for (unsigned k = 0; k < 2; k++)
		px_map(&p, HOLE + 0x1000 * k, LX_DATA(2 + k), PX_PAGE);
	answer(&m[_i], false);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(2 + _i)), 7 + _i);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(3 - _i)), 0);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(_i) + 16), 0);
	answer(&m[1 - _i], false);
	fx_run(f, 10);
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(2 + k)), 7 + k);
		ck_assert_uint_eq(fx_get(f, 1, LX_DATA(k) + 16), 9);
	}
	ck_assert(silent());
}
END_TEST

/* One refused page is the end of all children. */
START_TEST(gang_refused)
{
	struct fx_msg m[2];

	gang_of_holes();
	m[0] = fault();
	m[1] = fault();
	answer(&m[1], true);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], 4);
	px_map(&p, HOLE, LX_DATA(2), PX_PAGE);
	answer(&m[0], false);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(2)), 0);
	ck_assert(guc_context(&f->card, 0, 1, 4)->killed);
	ck_assert(silent());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-fault");
	TCase *t = tcase_create("fault");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told_and_resumed);
	tcase_add_test(t, told_again);
	tcase_add_test(t, refused);
	tcase_add_loop_test(t, not_recoverable, 0, 4);
	tcase_add_test(t, others_go_on);
	tcase_add_loop_test(t, disabled, 0, 2);
	tcase_add_loop_test(t, gone, 0, 2);
	tcase_add_test(t, hostile_answers);
	tcase_add_test(t, paused);
	tcase_add_test(t, moved);
	tcase_add_test(t, no_room);
	tcase_add_loop_test(t, both_children, 0, 2);
	tcase_add_test(t, gang_refused);
	suite_add_tcase(s, t);
	return check_main(s);
}
