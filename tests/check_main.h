/* SPDX-License-Identifier: MIT */
/* The end of every test program: run a suite, give the exit status. */
#ifndef GUCEMU_TESTS_CHECK_MAIN_H
#define GUCEMU_TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

static inline int check_run(SRunner *r)
{
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int check_main(Suite *s)
{
	return check_run(srunner_create(s));
}

#endif
