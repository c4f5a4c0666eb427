/* SPDX-License-Identifier: MIT */
/* What goes wrong on the card and what a driver hears of it (guc-abi 6.3, 6.5):
 * layouts, who is told, what becomes of the context, page faults and answers. */
#include <check.h>
#include <errno.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

#define ID 3u

static struct fx *f;

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	lx_make(f, 1, 0, false);
	lx_register(f, 1, ID, 0, 1);
	lx_mode(f, 1, ID, 1);
	fx_g2h_drain(f, 1, 0);
	fx_g2h_drain(f, 0, 0);
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_context *slot(void)
{
	return guc_context(&f->card, 0, 1, ID);
}

static int befall(unsigned fn, enum guc_mishap_kind kind, uint32_t context)
{
	const struct guc_mishap m = {
		.kind = kind, .context = context, .type = 0x77,
		.engine_class = GUC_CLASS_VIDEO, .instance = 2, .reason = 0x55,
		.fault = { .address = 0x123456789000ull, .asid = 0xABCDE, .level = 4,
			   .access = 2, .kind = 1, .prefetch = true },
	};

	return guc_mishap(&f->card, fn, 0, &m);
}

static struct fx_msg expect(unsigned fn, uint32_t action, uint32_t len)
{
	struct fx_msg m = fx_g2h(f, fn, 0);

	ck_assert_uint_eq(m.dw[0], hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, action, 0));
	ck_assert_uint_eq(m.len, len);
	ck_assert_uint_eq(fx_g2h(f, fn, 0).len, 0);
	return m;
}

/* 0x1008: one payload dword, the context's id; the context runs no more, and is
 * named once. */
START_TEST(context_reset)
{
	ck_assert_int_eq(befall(1, GUC_MISHAP_HANG, ID), 0);
	ck_assert_uint_eq(expect(1, GUC_ACTION_CONTEXT_RESET_NOTIFICATION, 2).dw[1], ID);
	ck_assert(slot()->killed);
	lx_emit_store(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, ID);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	ck_assert_int_eq(befall(1, GUC_MISHAP_HANG, ID), 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	/* What has been reset can be disabled and deregistered in order. */
	lx_mode(f, 1, ID, 0);
	ck_assert_uint_eq(expect(1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE, 3).dw[2], 0);
}
END_TEST

/* 0x6000: the id, and for who opted in (0x4001) the type, 0xDEADBEEF when the
 * engine can't tell. */
START_TEST(cat_error)
{
	struct fx_msg m;

	guc_fn(&f->card, 0, 1)->opt_in = (uint8_t)(_i & 1);
	if (_i < 2) {
		ck_assert_int_eq(befall(1, GUC_MISHAP_CAT_ERROR, ID), 0);
	} else {
		guc_context_kill(&f->card, 0, 1, ID);
		guc_irq_flush(&f->card);
	}
	m = expect(1, GUC_ACTION_MEMORY_CAT_ERROR, _i & 1 ? 3 : 2);
	ck_assert_uint_eq(m.dw[1], ID);
	if (_i & 1)
		ck_assert_uint_eq(m.dw[2], _i < 2 ? 0x77u : 0xDEADBEEFu);
	ck_assert(slot()->killed);
}
END_TEST

/* 0x6000 without a context to blame (0xFFFFFFFF) goes to the PF, never to a VF. */
START_TEST(cat_error_unknown)
{
	ck_assert_int_eq(befall(1, GUC_MISHAP_CAT_ERROR, UINT32_MAX), 0);
	ck_assert_uint_eq(expect(0, GUC_ACTION_MEMORY_CAT_ERROR, 2).dw[1], UINT32_MAX);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	ck_assert(!slot()->killed);
}
END_TEST

/* 0x1009: exactly three payload dwords: class, instance, reason. */
START_TEST(engine_failure)
{
	struct fx_msg m;

	ck_assert_int_eq(befall(1, GUC_MISHAP_ENGINE, 0), 0);
	m = expect(1, GUC_ACTION_ENGINE_FAILURE_NOTIFICATION, 4);
	ck_assert_uint_eq(m.dw[1], GUC_CLASS_VIDEO);
	ck_assert_uint_eq(m.dw[2], 2);
	ck_assert_uint_eq(m.dw[3], 0x55);
}
END_TEST

/* 0x8004, 0x8005: the firmware's end is told to everybody with a CTB. */
START_TEST(firmware_end)
{
	uint32_t action = _i ? GUC_ACTION_NOTIFY_EXCEPTION : GUC_ACTION_NOTIFY_CRASH_DUMP_POSTED;

	ck_assert_int_eq(befall(1, _i ? GUC_MISHAP_EXCEPTION : GUC_MISHAP_CRASH_DUMP, 0), 0);
	expect(0, action, 1);
	expect(1, action, 1);
}
END_TEST

/* What guc_mishap() can't do anything with is refused and has no effect. */
START_TEST(refused)
{
	struct guc_mishap m = { .kind = GUC_MISHAP_ENGINE, .engine_class = GUC_CLASS_COUNT };

	ck_assert_int_eq(guc_mishap(&f->card, 3, 0, &m), -ENODEV);
	ck_assert_int_eq(guc_mishap(&f->card, 1, 1, &m), -ENODEV);
	ck_assert_int_eq(guc_mishap(&f->card, 1, 0, &m), -EINVAL);
	ck_assert_int_eq(befall(1, GUC_MISHAP_HANG, ID + 1), -ENOENT);
	ck_assert_int_eq(befall(1, GUC_MISHAP_CAT_ERROR, 5000), -ENOENT);
	m = (struct guc_mishap){ .kind = GUC_MISHAP_PAGE_FAULT, .context = ID };
	m.fault.asid = 1u << 20;
	ck_assert_int_eq(guc_mishap(&f->card, 1, 0, &m), -EINVAL);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	ck_assert(!slot()->killed && !slot()->faulted);
}
END_TEST

/* A driver's answer to the fault in `m`: reply 0 access, descriptor type 1. */
static void answer(const uint32_t *fault, bool failed)
{
	uint32_t pdata = fault[1] >> 28 | (fault[2] & 0xFFF) << 4;
	uint32_t dw[3] = {
		[1] = 1u | (uint32_t)failed << 1 | 1u << 10 | (fault[2] & 0xFFFFF000),
		[2] = (fault[3] >> 4 & 0x3F) | (fault[1] >> 25 & 7) << 13 | pdata << 16,
	};

	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_FAULT_RES_DESC, dw, 3);
}

/* 0x6002, 0x6003 (guc-abi 6.5): the descriptor's fields; the context rests until
 * the answer, then goes on. */
START_TEST(page_fault)
{
	struct fx_msg m;

	ck_assert_int_eq(befall(1, GUC_MISHAP_PAGE_FAULT, ID), 0);
	m = expect(1, GUC_ACTION_PAGE_FAULT_REQ_DESC, 5);
	ck_assert_uint_eq(m.dw[1], 4u | 3u << 25 | (ID & 0xF) << 28);
	ck_assert_uint_eq(m.dw[2], 0xABCDEu << 12 | ID >> 4);
	ck_assert_uint_eq(m.dw[3], 2u | 1u << 2 | 1u << 4 | 1u << 11 | 0x56789000);
	ck_assert_uint_eq(m.dw[4], 0x1234);
	lx_emit_store(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, ID);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	answer(m.dw, false);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 1);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* A page that can't be had (bit 1, which is named success) is a memory fault. */
START_TEST(page_fault_failed)
{
	struct fx_msg m;

	befall(1, GUC_MISHAP_PAGE_FAULT, ID);
	m = fx_g2h(f, 1, 0);
	answer(m.dw, true);
	ck_assert_uint_eq(expect(1, GUC_ACTION_MEMORY_CAT_ERROR, 2).dw[1], ID);
	ck_assert(slot()->killed && !slot()->faulted);
}
END_TEST

/* engine-facts: an answer that comes late, twice, or for a context that has gone
 * is ignored, not refused; one that is no fault response is. */
START_TEST(page_fault_late)
{
	uint32_t dw[3] = { 0, 0, ID << 16 };
	struct fx_msg m;

	befall(1, GUC_MISHAP_PAGE_FAULT, ID);
	m = fx_g2h(f, 1, 0);
	answer(m.dw, false);
	answer(m.dw, true);
	ck_assert(!slot()->killed);
	befall(1, GUC_MISHAP_PAGE_FAULT, ID);
	m = fx_g2h(f, 1, 0);
	guc_contexts_drop(&f->card, 0, 1);
	answer(m.dw, true);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_FAULT_RES_DESC, dw, 3);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0],
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_PARAMS, 0));
}
END_TEST

/* A fault whose answer is due when the VF moves: the context rests on the new
 * card too, and the driver's answer there lets it go on. */
START_TEST(page_fault_migrated)
{
	struct fx_msg m;
	uint32_t dwords;
	struct fx *b;

	lx_emit_store(f, 1, 0, LX_DATA(0), 1);
	befall(1, GUC_MISHAP_PAGE_FAULT, ID);
	m = fx_g2h(f, 1, 0);
	dwords = lx_save(f);
	b = lx_target(f, FX_VF_START(1), NULL);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), hxg_success(HXG_ORIGIN_GUC, dwords));
	fx_free(f);
	f = b;
	lx_resume(f);
	lx_done(f);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	f->vf_fence = 0;
	answer(m.dw, false);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-mishap");
	TCase *t = tcase_create("mishaps");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, context_reset);
	tcase_add_loop_test(t, cat_error, 0, 4);
	tcase_add_test(t, cat_error_unknown);
	tcase_add_test(t, engine_failure);
	tcase_add_loop_test(t, firmware_end, 0, 2);
	tcase_add_test(t, refused);
	tcase_add_test(t, page_fault);
	tcase_add_test(t, page_fault_failed);
	tcase_add_test(t, page_fault_late);
	tcase_add_test(t, page_fault_migrated);
	suite_add_tcase(s, t);
	return check_main(s);
}
