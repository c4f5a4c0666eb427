/* SPDX-License-Identifier: MIT */
/* The VF driver on a platform without memory interrupts: its interrupts come by
 * registers (vfclient/irq_registers.c on emulator/guc/intr.c), jobs end, and it is
 * told of migrations and recovers as elsewhere. */
#include <check.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "load.h"
#include "suites.h"

#define MIB (1ull << 20)

static struct sim_options opt;
static struct sim *sim;
static struct sim_vf *vf;
static struct load load;

static void power(uint8_t minor)
{
	memset(&load, 0, sizeof(load));
	sim_defaults(&opt);
	opt.irq_registers = true;
	opt.abi_minor[0] = opt.abi_minor[1] = minor;
	opt.vf_start[0] = 64 * MIB;
	opt.vf_start[1] = 320 * MIB;
}

static void run(void)
{
	sim = sim_new(&opt);
	vf = sim->vf[0];
	load_start(&load, sim, vf, 2, true);
}

/* All jobs ended once and right, nobody found fault. */
static void end(void)
{
	const char *why;

	ck_assert_msg(sim_recovered(sim, vf), "not recovered:\n%s", vf->log);
	why = load_finish(&load);
	ck_assert_msg(!why, "%s\n%s", why, vf->log);
	ck_assert_uint_eq(vf->wedged, 0);
	ck_assert_msg(!strstr(vf->log, "not valid"), "%s", vf->log);
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		ck_assert_uint_eq(sim->card[c].findings, 0);
		ck_assert_uint_eq(sim->card[c].violations, 0);
	}
	sim_free(sim);
}

static struct guc_function *function(void)
{
	return guc_fn(&sim->card[vf->card].guc, 0, vf->fn);
}

/* The driver names no interrupt page, neither to GuC nor in an image, and yet its
 * jobs end. */
START_TEST(no_interrupt_page)
{
	power(28);
	run();
	ck_assert_uint_eq(function()->self.memirq_status, 0);
	ck_assert_uint_eq(function()->self.memirq_source, 0);
	ck_assert_uint_gt(function()->irqs, 0);
	ck_assert_uint_gt(vf->jobs_ok, 0);
	end();
}
END_TEST

/* Migrated there and back under load, by markers and by the seed's recovery: told
 * by the registers, recovered, and no word of it is missed. */
START_TEST(migrated)
{
	power(_i ? 20 : 28);
	run();
	for (unsigned n = 0; n < 4; n++) {
		ck_assert_int_eq(sim_migrate(sim, vf), 0);
		ck_assert_msg(sim_recovered(sim, vf), "%u\n%s", n, vf->log);
		load_more(&load);
	}
	ck_assert_uint_eq(vf->recovered, 4);
	end();
}
END_TEST

/* Migrated again before the first recovery has ended: held at each step of it. */
START_TEST(migrated_twice)
{
	static const enum vfc_step_id steps[] = { VFC_STEP_START, VFC_STEP_QUERY,
						  VFC_STEP_FIX_QUEUES, VFC_STEP_REARM,
						  VFC_STEP_DONE };

	power(28);
	run();
	vf->hold_steps = 1u << steps[_i];
	ck_assert_int_eq(sim_migrate(sim, vf), 0);
	sim_run(sim, 20 * SIM_MS);
	ck_assert_uint_ne(vf->held, 0);
	ck_assert_int_eq(sim_migrate(sim, vf), 0);
	vf->hold_steps = 0;
	end();
}
END_TEST

/* Whatever steps first, and however the handler's reads fall between the others'
 * steps: no interrupt is lost. */
START_TEST(any_order)
{
	power(_i % 2 ? 20 : 28);
	opt.seed = 7000 + (uint64_t)_i;
	opt.random_order = true;
	run();
	for (unsigned n = 0; n < 3; n++) {
		load_more(&load);
		ck_assert_int_eq(sim_migrate(sim, vf), 0);
	}
	end();
}
END_TEST

static bool op_done(void *arg)
{
	return ((struct sim_vf *)arg)->op_done;
}

static void operation(int begun)
{
	ck_assert_int_eq(begun, 0);
	ck_assert(sim_until(sim, op_done, vf, 1000 * SIM_MS));
	ck_assert_int_eq(vf->last_err, 0);
	vf->op_done = false;
}

/* Interrupts go on after a GT reset and after a suspend; unloaded the driver leaves
 * the registers off, loaded again it turns them on. */
START_TEST(operations)
{
	power(28);
	run();
	vf->op_done = false;
	operation(vfc_reset(vf->vfc, 0, 1));
	operation(vfc_suspend(vf->vfc, 2));
	operation(vfc_resume(vf->vfc, 3));
	ck_assert_uint_eq(load_finish(&load) != NULL, 0);
	operation(vfc_shutdown(vf->vfc, 4));
	ck_assert_uint_eq(function()->intr.master, 0);
	ck_assert(!guc_intr_wanted(&function()->intr, MEMIRQ_SOURCE_GUC, GUC_IRQ_GUC2HOST));
	operation(vfc_boot(vf->vfc, 5));
	ck_assert(guc_intr_wanted(&function()->intr, MEMIRQ_SOURCE_GUC, GUC_IRQ_SW_INT_0));
	sim_free(sim);
}
END_TEST

Suite *suite_registers(void)
{
	Suite *s = suite_create("registers");
	TCase *t = tcase_create("registers");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_interrupt_page);
	tcase_add_loop_test(t, migrated, 0, 2);
	tcase_add_loop_test(t, migrated_twice, 0, 5);
	tcase_add_loop_test(t, any_order, 0, 20);
	tcase_add_test(t, operations);
	suite_add_tcase(s, t);
	return s;
}
