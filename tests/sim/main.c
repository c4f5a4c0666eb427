/* SPDX-License-Identifier: MIT */
/* Runs the simulator's suites. */
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *r = srunner_create(suite_migration());
	int failed;

	srunner_add_suite(r, suite_races());
	srunner_add_suite(r, suite_detector());
	srunner_add_suite(r, suite_fixups());
	srunner_add_suite(r, suite_answers());
	srunner_add_suite(r, suite_group());
	srunner_add_suite(r, suite_submission());
	srunner_add_suite(r, suite_lmem());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
