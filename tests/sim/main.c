/* SPDX-License-Identifier: MIT */
/* Runs the simulator's suites. */
#include "suites.h"
#include "tests/check_main.h"

int main(void)
{
	SRunner *r = srunner_create(suite_migration());

	srunner_add_suite(r, suite_races());
	srunner_add_suite(r, suite_detector());
	srunner_add_suite(r, suite_fixups());
	srunner_add_suite(r, suite_answers());
	srunner_add_suite(r, suite_group());
	srunner_add_suite(r, suite_submission());
	srunner_add_suite(r, suite_lmem());
	srunner_add_suite(r, suite_registers());
	srunner_add_suite(r, suite_faults());
	srunner_add_suite(r, suite_sched());
	return check_run(r);
}
