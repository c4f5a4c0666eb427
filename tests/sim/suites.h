/* SPDX-License-Identifier: MIT */
/* The simulator's suites, one a file. */
#ifndef GUCEMU_TESTS_SIM_SUITES_H
#define GUCEMU_TESTS_SIM_SUITES_H

#include <check.h>

Suite *suite_migration(void);
Suite *suite_detector(void);
Suite *suite_fixups(void);
Suite *suite_races(void);
Suite *suite_answers(void);
Suite *suite_group(void);
Suite *suite_submission(void);
Suite *suite_lmem(void);
Suite *suite_registers(void);
Suite *suite_faults(void);
Suite *suite_sched(void);

#endif
