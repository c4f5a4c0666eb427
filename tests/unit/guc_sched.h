/* SPDX-License-Identifier: MIT */
/* What the tests of the scheduler share: a card of three VFs with eight LRCs each,
 * contexts that run for ever, ticks of 100 us. */
#ifndef GUCEMU_TESTS_GUC_SCHED_H
#define GUCEMU_TESTS_GUC_SCHED_H

#include <check.h>

#include "emulator/guc/sched.h"
#include "guc_lrc.h"

#define GATE   (LX_DATA(7) + 0x100)
#define MS 10u /* ticks */

extern struct fx *f;

void sx_setup(void);
void sx_teardown(void);
struct guc_context *sx_slot(unsigned vf, uint32_t id);
/* Context `id` with LRC `id`, on logical instances of a class. */
void sx_add(unsigned vf, uint32_t id, uint32_t class, uint32_t mask);
void sx_policy(unsigned vf, uint32_t id, uint32_t key, uint32_t value);
void sx_go(unsigned vf, uint32_t id);
/* Commands of LRC k's batch, which its ring starts. */
void sx_batch(unsigned vf, unsigned k, const uint32_t *dw, unsigned n);
/* A batch that counts in LX_DATA(k) for ever; `first` comes once, before. */
void sx_loop(unsigned vf, unsigned k, uint32_t first);
void sx_spin(unsigned vf, uint32_t id, uint32_t mask);
uint32_t sx_count(unsigned vf, unsigned k);
/* a : b is as want_a : want_b, a tenth off at most. */
void sx_expect_ratio(uint32_t a, uint32_t b, uint32_t want_a, uint32_t want_b);
void sx_config(unsigned vf, uint32_t key, uint32_t value);
/* A batch of 1,500 commands without arbitration, a store at their end, then as many
 * with it and another store. */
void sx_stubborn(unsigned vf, unsigned k);
void sx_expect_reset(uint32_t id);

#endif
