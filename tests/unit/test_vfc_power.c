/* SPDX-License-Identifier: MIT */
/* Recovery against unloading, suspend, reset, and odd interrupt bytes
 * (R-42, R-43, R-48, R-50, R-59). */
#include "tests/check_main.h"
#include "vfc_recovery.h"

/* unloading cancels a worker that has not begun and waits for one
 * that runs. */
START_TEST(R_42_R_43_teardown)
{
	boot();
	f.holding = true;
	f.hold = VFC_STEP_QUERY;
	if (_i) {
		migrate(NEW);
		run_ms(5);
		ck_assert_uint_eq(traced(0x0001550F), 1);
		vfc_shutdown(f.v, 4);
		run_ms(5);
		ck_assert_uint_eq(f.ops, 0);
		f.holding = false;
		run_ms(20);
		ck_assert_uint_eq(traced(0x00015508), 1);
	} else {
		raise_irq(0, GUC_IRQ_SW_INT_0);
		vfc_step(f.v, f.now);
		vfc_shutdown(f.v, 4);
		raise_irq(0, GUC_IRQ_SW_INT_0);
		f.holding = false;
		f.hold = VFC_STEP_COUNT;
		run_ms(20);
		ck_assert_uint_eq(said("ready for recovery"), 2);
	}
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_OFF);
}
END_TEST

/* suspend waits for a recovery; a GT reset asked for during one is
 * refused with a warning. */
START_TEST(R_48_R_50_power_during_recovery)
{
	boot();
	f.holding = true;
	f.hold = VFC_STEP_DONE;
	migrate(NEW);
	run_ms(5);
	ck_assert_int_eq(vfc_reset(f.v, 0, 1), -EBUSY);
	ck_assert_uint_eq(said("W gt0: GT reset not done"), 1);
	ck_assert_int_eq(vfc_suspend(f.v, 2), 0);
	run_ms(5);
	ck_assert_uint_eq(f.ops, 0);
	f.holding = false;
	run_ms(5);
	ck_assert_uint_eq(f.ops, 1);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
	ck_assert_uint_eq(info(0).state, VFC_STATE_SUSPENDED);
}
END_TEST

/* another value than 0xFF is handled, with one error line. */
START_TEST(R_59_odd_byte)
{
	boot();
	migrate(NEW);
	f.mem.base[off_of(0, f.gt[0].self[0])] = 1;
	run_ms(10);
	ck_assert_uint_eq(said("E gt0: memirq: unexpected value 0x01"), 1);
	ck_assert_uint_eq(said("migration recovery ended"), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_power");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_loop_test(tc, R_42_R_43_teardown, 0, 2);
	tcase_add_test(tc, R_48_R_50_power_during_recovery);
	tcase_add_test(tc, R_59_odd_byte);
	suite_add_tcase(s, tc);
	return check_main(s);
}
