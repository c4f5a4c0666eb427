/* SPDX-License-Identifier: MIT */
/* What the PF sends for itself, S-states, log, policies, engine activity, and the
 * actions that are refused; GET_HWCONFIG (guc-abi 6.1, 6.2, 10). */
#include <check.h>

#include "emulator/guc/core.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

#define MS   1000000ull
#define HZ   19200000u
#define META FX_FREE
#define DATA (FX_FREE + 0x1000u)
#define TABLE 8192u

static struct fx *f;

static void setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	lx_make(f, 1, 0, false);
	lx_register(f, 1, 3, 0, 1);
	lx_mode(f, 1, 3, 1);
	fx_run(f, 10);
	fx_g2h_drain(f, 1, 0);
}

static void teardown(void)
{
	fx_free(f);
}

static uint32_t pf(uint32_t action, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e,
		   uint32_t len)
{
	const uint32_t dw[6] = { action, a, b, c, d, e };

	return fx_pf(f, 0, dw, len);
}

/* --- S-states, log, policies ------------------------------------------------------- */

/* Asleep, engines rest and rings are served; awake, they go on where they were. */
START_TEST(s_state)
{
	struct guc_gt_info info;

	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 1, 0, 0, 0, 0, 3), 0xF0000000);
	guc_gt_info(&f->card, 0, &info);
	ck_assert(info.asleep);
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_sched(f, 1, 3);
	lx_mode(f, 1, 3, 1);
	fx_run(f, 10);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE).dw[1], 3);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	ck_assert(guc_idle(&f->card));
	ck_assert_uint_eq(pf(GUC_ACTION_EXIT_S_STATE, 0, 0, 0, 0, 0, 2), 0xF0000000);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 5);
}
END_TEST

/* Entering twice, leaving what was not entered: 0x0A; the wrong power state: 0x60. */
START_TEST(s_state_refused)
{
	ck_assert_uint_eq(pf(GUC_ACTION_EXIT_S_STATE, 0, 0, 0, 0, 0, 3), 0xE000000A);
	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 0, 0, 0, 0, 0, 3), 0xE0000060);
	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 3, 0, 0, 0, 0, 3), 0xF0000000);
	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 3, 0, 0, 0, 0, 3), 0xE000000A);
	ck_assert_uint_eq(pf(GUC_ACTION_EXIT_S_STATE, 1, 0, 0, 0, 0, 3), 0xE0000060);
	ck_assert_uint_eq(pf(GUC_ACTION_EXIT_S_STATE, 0, 0, 0, 0, 0, 3), 0xF0000000);
	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 1, 0, 0, 0, 0, 1), 0xE0000004);
	ck_assert_uint_eq(pf(GUC_ACTION_ENTER_S_STATE, 1, 0, 0, 0, 0, 4), 0xE0000004);
}
END_TEST

/* Of the PF's own actions each is taken, or refused by its row: hardware that is
 * not modelled 0x20, codes of other firmware 0x30; a VF's 0x302 and 0x30. */
START_TEST(of_the_pf)
{
	static const struct {
		uint32_t dw[4], len, pf, vf;
	} cases[] = {
		{ { 0x0030, 2 }, 2, 0xF0000000, 0xE0000302 },
		{ { 0x0506, FX_PF_START }, 2, 0xF0000000, 0xE0000302 },
		{ { 0x0506, FX_PF_START + 2 }, 2, 0xE0000080, 0xE0000302 },
		{ { 0x0506, FX_GGTT }, 2, 0xE0000080, 0xE0000302 },
		{ { 0x3003, 0x100 }, 2, 0xE0000020, 0xE0000302 },
		{ { 0x3003 }, 1, 0xE0000004, 0xE0000302 },
		{ { 0x3004, 1 }, 2, 0xE0000020, 0xE0000302 },
		{ { 0x4000, FX_PF_START }, 2, 0xE0000020, 0xE0000302 },
		{ { 0x4507, 0, 0, 0 }, 4, 0xE0000020, 0xE0000302 },
		{ { 0x4508, 0 }, 2, 0xE0000020, 0xE0000302 },
		{ { 0x0000 }, 1, 0xE0000030, 0xE0000030 },
		{ { 0x0002, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x0003, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x0010, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x0020, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x0040, 1 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x0302, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x1005, 3, 0 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x1006, 3, 0 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x1007, 3, 0 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x4505, 0, 0 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x4506, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x550A, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0xF001, 0, 0 }, 3, 0xE0000030, 0xE0000030 },
		/* What only GuC sends. */
		{ { 0x5104, 1, 0x8A03 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x5106, 1, 1 }, 3, 0xE0000030, 0xE0000030 },
		{ { 0x6004, 0 }, 2, 0xE0000030, 0xE0000030 },
		{ { 0x8002, 0 }, 2, 0xE0000030, 0xE0000030 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(fx_pf(f, 0, cases[i].dw, cases[i].len) == cases[i].pf,
			      "PF 0x%04x", cases[i].dw[0]);
		fx_h2g(f, 1, 0, 7, cases[i].dw, cases[i].len);
		ck_assert_msg(fx_g2h(f, 1, 0).dw[0] == cases[i].vf, "VF 0x%04x", cases[i].dw[0]);
	}
}
END_TEST

/* --- engine activity ------------------------------------------------------------------ */

static uint32_t record(unsigned index, unsigned class, unsigned instance, unsigned dw)
{
	return fx_get(f, 0, DATA + index * TABLE + (class * 32 + instance) * 16 + 4 * dw);
}

static uint32_t device_on(void)
{
	return pf(GUC_ACTION_SET_DEVICE_ENGINE_ACTIVITY_BUFFER, FX_PF_START + META, 0,
		  FX_PF_START + DATA, 0, 0, 5);
}

static uint32_t functions_on(uint32_t n)
{
	return pf(GUC_ACTION_SET_FUNCTION_ENGINE_ACTIVITY_BUFFER, n, FX_PF_START + META, 0,
		  FX_PF_START + DATA, 0, 6);
}

/* The engine of the context: what lx_register says. */
static unsigned class_of(void)
{
	return guc_context(&f->card, 0, 1, 3)->engine_class;
}

/* Registering writes metadata and a record for every engine: change numbers that
 * are not 0, the whole share, no time. */
START_TEST(activity_layout)
{
	static const unsigned count[GUC_CLASS_COUNT] = { 1, 8, 4, 9, 4, 1 };

	ck_assert_uint_eq(device_on(), 0xF0000000);
	ck_assert_uint_eq(fx_get(f, 0, META), HZ);
	ck_assert_uint_eq(fx_get(f, 0, META + 4), 0);
	ck_assert_uint_eq(fx_get(f, 0, META + 8), 1);
	ck_assert_uint_eq(fx_get(f, 0, META + 12), 0);
	for (unsigned class = 0; class < 16; class++)
		for (unsigned i = 0; i < 32; i++) {
			bool there = class < GUC_CLASS_COUNT && i < count[class];

			ck_assert_uint_eq(record(0, class, i, 0), there ? 0x80000001 : 0);
			ck_assert_uint_eq(record(0, class, i, 1), 0);
			ck_assert_uint_eq(record(0, class, i, 2), 0);
		}
}
END_TEST

/* While a context has something to do its engine's record has the tick it began;
 * after that the ticks it took, 12 in 625 ns. */
START_TEST(activity_span)
{
	unsigned class = class_of();
	uint32_t change;

	ck_assert_uint_eq(device_on(), 0xF0000000);
	guc_tick(&f->card, 500 * MS);
	lx_emit_wait(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 500 * MS);
	ck_assert_uint_eq(record(0, class, 0, 1), 500 * 19200);
	ck_assert_uint_eq(record(0, class, 0, 2), 0);
	ck_assert_uint_eq(record(0, class, 0, 0) & 0xFFFF, 2);
	change = fx_get(f, 0, META + 8);
	ck_assert_uint_eq(change, 2);
	guc_tick(&f->card, 505 * MS);
	ck_assert_uint_eq(fx_get(f, 0, META + 8), change);
	fx_put(f, 1, LX_DATA(0), 1);
	guc_tick(&f->card, 510 * MS);
	ck_assert_uint_eq(record(0, class, 0, 1), 0);
	ck_assert_uint_eq(record(0, class, 0, 2), 10 * 19200);
	ck_assert_uint_eq(record(0, class, 0, 0) & 0xFFFF, 3);
	ck_assert_uint_eq(fx_get(f, 0, META + 8), 3);
	/* A job within one turn. */
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 511 * MS);
	ck_assert_uint_eq(record(0, class, 0, 2), 10 * 19200 + 1);
	ck_assert_uint_eq(record(0, class, 0, 1), 0);
	guc_tick(&f->card, 600 * MS);
	ck_assert_uint_eq(record(0, class, 0, 2), 10 * 19200 + 1);
}
END_TEST

/* A span that begins at the first tick of all is not taken for none. */
START_TEST(activity_first_tick)
{
	struct fx *fresh = f;

	ck_assert_uint_eq(device_on(), 0xF0000000);
	fresh->card.block->now = 0;
	lx_emit_wait(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 0);
	ck_assert_uint_eq(record(0, class_of(), 0, 1), 1);
}
END_TEST

/* A span that ends at the time it began counts one tick, as a job within a turn. */
START_TEST(activity_short_span)
{
	ck_assert_uint_eq(device_on(), 0xF0000000);
	guc_tick(&f->card, 500 * MS);
	lx_emit_wait(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 500 * MS);
	ck_assert_uint_ne(record(0, class_of(), 0, 1), 0);
	fx_put(f, 1, LX_DATA(0), 1);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 500 * MS);
	ck_assert_uint_eq(record(0, class_of(), 0, 1), 0);
	ck_assert_uint_eq(record(0, class_of(), 0, 2), 1);
}
END_TEST

/* A pause ends the span; on resume another one begins. */
START_TEST(activity_paused)
{
	unsigned class = class_of();

	ck_assert_uint_eq(device_on(), 0xF0000000);
	lx_emit_wait(f, 1, 0, LX_DATA(0), 1);
	lx_sched(f, 1, 3);
	guc_tick(&f->card, 100 * MS);
	fx_control(f, 0, 1, GUC_VF_PAUSE);
	guc_tick(&f->card, 110 * MS);
	ck_assert_uint_eq(record(0, class, 0, 1), 0);
	ck_assert_uint_eq(record(0, class, 0, 3), 0);
	ck_assert_uint_le(record(0, class, 0, 2), 10 * 19200);
	guc_tick(&f->card, 120 * MS);
	fx_control(f, 0, 1, GUC_VF_RESUME);
	guc_tick(&f->card, 120 * MS);
	ck_assert_uint_eq(record(0, class, 0, 1), 120 * 19200);
}
END_TEST

/* By function: record sets one behind the other, the PF's first; time counts for
 * who used it; shares follow the execution quanta, and change with them. */
START_TEST(activity_functions)
{
	const uint32_t ten[2] = { 0x8A010001, 10 }, thirty[2] = { 0x8A010001, 30 };
	unsigned class = class_of();

	fx_vf_cfg(f, 0, 1, ten, 2);
	ck_assert_uint_eq(functions_on(3), 0xF0000000);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(fx_get(f, 0, META + 16 * i), HZ);
		ck_assert_uint_ne(fx_get(f, 0, META + 16 * i + 8), 0);
		ck_assert_uint_eq(record(i, class, 0, 0) >> 16, 0x8000);
	}
	fx_vf_cfg(f, 0, 2, thirty, 2);
	ck_assert_uint_eq(record(1, class, 0, 0) >> 16, 0x2000);
	ck_assert_uint_eq(record(2, class, 0, 0) >> 16, 0x6000);
	ck_assert_uint_eq(record(0, class, 0, 0) >> 16, 0x8000);
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_sched(f, 1, 3);
	fx_run(f, 3);
	ck_assert_uint_eq(record(1, class, 0, 2), 1);
	ck_assert_uint_eq(record(0, class, 0, 2) + record(2, class, 0, 2), 0);
	/* Off: nothing is written any more. */
	ck_assert_uint_eq(functions_on(0), 0xF0000000);
	lx_emit_store(f, 1, 0, LX_DATA(0), 6);
	lx_sched(f, 1, 3);
	fx_run(f, 3);
	ck_assert_uint_eq(record(1, class, 0, 2), 1);
}
END_TEST

/* Fewer functions than there are: those beyond are not written. */
START_TEST(activity_fewer)
{
	ck_assert_uint_eq(functions_on(1), 0xF0000000);
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_sched(f, 1, 3);
	fx_run(f, 3);
	ck_assert_uint_eq(record(1, class_of(), 0, 0), 0);
	ck_assert_uint_eq(fx_get(f, 0, META + 16), 0);
}
END_TEST

/* Refused: no address, unaligned, beyond the GGTT, more functions than there are,
 * entries that are not the PF's. What was on before a bad range stays on. */
START_TEST(activity_refused)
{
	const uint32_t d = GUC_ACTION_SET_DEVICE_ENGINE_ACTIVITY_BUFFER;
	const uint32_t meta = FX_PF_START + META, data = FX_PF_START + DATA;
	struct guc_gt_info info;

	ck_assert_uint_eq(device_on(), 0xF0000000);
	ck_assert_uint_eq(pf(d, 0, 0, data, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, meta, 0, 0, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, meta + 4, 0, data, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, meta, 0, data + 4, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, meta, 1, data, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, meta, 0, FX_GGTT - TABLE + 8, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(pf(d, FX_GGTT - 8, 0, data, 0, 0, 5), 0xE0000080);
	ck_assert_uint_eq(functions_on(4), 0xE0000060);
	guc_gt_info(&f->card, 0, &info);
	ck_assert(info.device_activity);
	ck_assert_uint_eq(info.function_activity, 0);
	ck_assert_uint_eq(pf(d, FX_VF_START(1), 0, data, 0, 0, 5), 0xE0000080);
	guc_gt_info(&f->card, 0, &info);
	ck_assert(!info.device_activity);
	ck_assert_uint_eq(pf(d, 0, 0, 0, 0, 0, 5), 0xF0000000);
}
END_TEST

/* A PF that takes the memory away: one failed access, then nothing more. */
START_TEST(activity_gone)
{
	uint32_t before;

	ck_assert_uint_eq(device_on(), 0xF0000000);
	f->hole_at = DATA;
	f->hole_len = TABLE;
	before = fx_violations(f, 0, 0, GUC_VIOL_DMA_FAULT);
	for (unsigned i = 0; i < 5; i++) {
		lx_emit_store(f, 1, 0, 0x7F000, 5);
		lx_sched(f, 1, 3);
		fx_run(f, 3);
	}
	ck_assert_uint_eq(fx_violations(f, 0, 0, GUC_VIOL_DMA_FAULT), before + 1);
}
END_TEST

/* --- GET_HWCONFIG -------------------------------------------------------------------- */

static uint32_t hwconfig(uint64_t addr, uint32_t size)
{
	const uint32_t dw[4] = { GUC_ACTION_GET_HWCONFIG, lo32(addr), hi32(addr), size };

	return fx_mbox(f, 1, 0, dw, 4, NULL);
}

/* The size, then a copy of exactly so many bytes: attributes with their lengths, up
 * to the end, with those that xe asks for. */
START_TEST(hwconfig_copy)
{
	uint32_t size = hwconfig(0, 0) & HXG_SUCCESS_DATA0, at = 0, seen = 0;

	ck_assert_uint_gt(size, 0);
	fx_put(f, 1, META + size, 0x5A5A5A5A);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + META, size), 0xF0000000 | size);
	while (at < size) {
		uint32_t key = fx_get(f, 1, META + at), len = fx_get(f, 1, META + at + 4);

		ck_assert_uint_gt(key, 0);
		ck_assert_uint_gt(len, 0);
		seen += key == 1 || key == 70;
		at += 8 + 4 * len;
	}
	ck_assert_uint_eq(at, size);
	ck_assert_uint_eq(seen, 2);
	ck_assert_uint_eq(fx_get(f, 1, META + size), 0x5A5A5A5A);
}
END_TEST

/* Too small, no address, another's range, over the end of one's own, a hole. */
START_TEST(hwconfig_refused)
{
	uint32_t size = hwconfig(0, 0) & HXG_SUCCESS_DATA0;

	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + META, size - 1), 0xE0000102);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + META, 0), 0xE0000102);
	ck_assert_uint_eq(hwconfig(0, size), 0xE0000080);
	ck_assert_uint_eq(hwconfig(FX_VF_START(2), size), 0xE0000080);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) - 4, size), 0xE0000080);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + FX_MEM - size + 4, size), 0xE0000080);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + FX_MEM - size, size), 0xF0000000 | size);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) | 1ull << 32, size), 0xE0000080);
	ck_assert_uint_eq(hwconfig(FX_VF_START(1), UINT32_MAX), 0xF0000000 | size);
	f->hole_at = META;
	f->hole_len = 4096;
	ck_assert_uint_eq(hwconfig(FX_VF_START(1) + META, size), 0xE0000080);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_native");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, s_state);
	tcase_add_test(tc, s_state_refused);
	tcase_add_test(tc, of_the_pf);
	tcase_add_test(tc, activity_layout);
	tcase_add_test(tc, activity_span);
	tcase_add_test(tc, activity_first_tick);
	tcase_add_test(tc, activity_short_span);
	tcase_add_test(tc, activity_paused);
	tcase_add_test(tc, activity_functions);
	tcase_add_test(tc, activity_fewer);
	tcase_add_test(tc, activity_refused);
	tcase_add_test(tc, activity_gone);
	tcase_add_test(tc, hwconfig_copy);
	tcase_add_test(tc, hwconfig_refused);
	suite_add_tcase(s, tc);
	return check_main(s);
}
