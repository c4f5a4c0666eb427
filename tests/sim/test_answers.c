/* SPDX-License-Identifier: MIT */
/* Recoveries in which the GuC says something else, nothing, or too late, and
 * those that the driver's user disturbs: a hook stands in for the odd firmware,
 * the rest is the real PF, GuC and VF. Tests are named after the ids of
 * vf-lifecycle 6.1. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "load.h"
#include "suites.h"

enum how { ANSWER, SILENT };

/* What happens to requests of `action` (and key, unless 0) on card 1. */
struct rule {
	uint32_t action, key;
	enum how how;
	unsigned times;
	uint32_t dw0, dw1;
};

static struct world {
	struct sim_options opt;
	struct sim *sim;
	struct sim_vf *vf;
	struct load load;
	struct rule rule;
	unsigned starts, dones; /* requests that reached card 1 */
	uint64_t start_at[16];
	uint32_t last[4]; /* the request that the rule last caught */
} w;

static enum guc_verdict odd_guc(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	struct rule *r = &w.rule;
	uint32_t action;

	(void)user;
	if (ev->point != GUC_PT_MBOX_REQUEST || ev->fn != 1)
		return GUC_PASS;
	action = hxg_action(ev->msg[0]);
	if (action == GUC_ACTION_RESFIX_START && w.starts < 16)
		w.start_at[w.starts++] = w.sim->now;
	w.dones += action == GUC_ACTION_RESFIX_DONE;
	if (!r->times || action != r->action || (r->key && ev->msg[1] != r->key))
		return GUC_PASS;
	r->times--;
	memcpy(w.last, ev->msg, sizeof(w.last));
	if (r->how == SILENT)
		return GUC_SWALLOW;
	act->answer[0] = r->dw0;
	act->answer[1] = r->dw1;
	act->answer_len = 2;
	return GUC_ANSWER;
}

static void setup(void)
{
	memset(&w, 0, sizeof(w));
	sim_defaults(&w.opt);
}

static void begin(uint8_t minor)
{
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = minor;
	w.sim = sim_new(&w.opt);
	w.vf = w.sim->vf[0];
	w.sim->card[1].guc.hook = odd_guc;
	load_start(&w.load, w.sim, w.vf, 1, false);
}

static void teardown(void)
{
	if (w.sim)
		sim_free(w.sim);
}

static unsigned said(const char *line)
{
	unsigned n = 0;

	for (const char *p = w.vf->log; (p = strstr(p, line)); p += strlen(line))
		n++;
	return n;
}

static struct vfc_info info(unsigned gt)
{
	struct vfc_info i;

	vfc_info(w.vf->vfc, gt, &i);
	return i;
}

static void expect_recovered(void)
{
	const char *why;

	ck_assert_msg(sim_recovered(w.sim, w.vf), "not recovered:\n%s", w.vf->log);
	why = load_finish(&w.load);
	ck_assert_msg(!why, "%s\n%s", why, w.vf->log);
	ck_assert_uint_eq(w.vf->wedged, 0);
	ck_assert_uint_eq(w.sim->card[0].findings + w.sim->card[1].findings, 0);
}

/* Dead once, for this reason, with this line; nobody waits any more. */
static void expect_wedged(int err, const char *line)
{
	ck_assert_msg(info(0).state == VFC_STATE_WEDGED, "not wedged:\n%s", w.vf->log);
	ck_assert_int_eq(info(0).wedged_err, err);
	ck_assert_uint_eq(w.vf->wedged, 1);
	ck_assert_msg(said(line) == 1, "%s:\n%s", line, w.vf->log);
	ck_assert_uint_eq(said("migration recovery failed ("), 1);
	ck_assert_uint_eq(said("migration recovery ended"), 0);
	ck_assert_uint_eq(info(0).jobs_pending, 0);
	ck_assert_uint_gt(w.vf->jobs_bad, 0);
}

static void odd_case(uint8_t minor, const struct rule *rule, int err, const char *line)
{
	begin(minor);
	w.rule = *rule;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 6000 * SIM_MS);
	ck_assert_uint_eq(w.rule.times, 0);
	if (err)
		expect_wedged(err, line);
	else
		expect_recovered();
}

#define FAIL(e) hxg_failure(HXG_ORIGIN_GUC, e, 0)
#define OK(data0) hxg_success(HXG_ORIGIN_GUC, data0)
#define RETRY 0xD0000000u
#define START GUC_ACTION_RESFIX_START
#define DONE  GUC_ACTION_RESFIX_DONE
#define QUERY GUC_ACTION_QUERY_SINGLE_KLV
#define MIB   (1u << 20)
#define AT_START(e) "Recovery failed at GuC RESFIX_START step (-" e ")"
#define AT_DONE(e)  "Recovery failed at GuC RESFIX_DONE step (-" e ")"
#define FAILED(e)   "migration recovery failed (-" e ")"

/* Of both generations: the query. X(name, action, key, how, times, dw0, dw1,
 * err, line). */
#define QUERY_CASES(X)                                                         \
	X(R_22_query_silent, QUERY, 4, SILENT, 1, 0, 0, -ETIMEDOUT, FAILED("ETIMEDOUT")) \
	X(R_27_ggtt_larger, QUERY, 2, ANSWER, 1, OK(2), 32 * MIB, -EREMCHG,    \
	  "Unexpected GGTT reassignment")                                      \
	X(R_27_ggtt_smaller, QUERY, 2, ANSWER, 1, OK(2), 8 * MIB, -EREMCHG,    \
	  "Unexpected GGTT reassignment")                                      \
	X(R_28_ggtt_zero, QUERY, 2, ANSWER, 1, OK(2), 0, -ENODATA, FAILED("ENODATA")) \
	X(R_30_contexts_changed, QUERY, 4, ANSWER, 1, OK(1), 65, -EREMCHG,     \
	  "Unexpected CTXs reassignment")                                      \
	X(R_30_contexts_zero, QUERY, 4, ANSWER, 1, OK(1), 0, -EREMCHG,         \
	  "Unexpected CTXs reassignment")                                      \
	X(R_33_short, QUERY, 1, ANSWER, 1, OK(1), 0, -ENODATA, FAILED("ENODATA")) \
	X(R_33_long, QUERY, 1, ANSWER, 1, OK(3), 0, -EOVERFLOW, FAILED("EOVERFLOW")) \
	X(R_33_mbz, QUERY, 1, ANSWER, 1, OK(1 << 20 | 2), 0, -EPROTO, FAILED("EPROTO")) \
	X(R_34_gmd_fails, QUERY, 0x3000, ANSWER, 1, FAIL(0x105), 0, 0, NULL)   \
	X(R_35_base_low, QUERY, 1, ANSWER, 1, OK(2), MIB, -ERANGE, FAILED("ERANGE")) \
	X(R_35_base_high, QUERY, 1, ANSWER, 1, OK(2), 0xFE000000u, -ERANGE, FAILED("ERANGE"))

/* With markers only. */
#define MARKER_CASES(X)                                                        \
	X(R_18_migrated_at_start, START, 0, ANSWER, 2, FAIL(0x107), 0, 0, NULL) \
	X(R_19_migrated_at_query, QUERY, 4, ANSWER, 2, FAIL(0x107), 0, 0, NULL) \
	X(R_20_start_fails, START, 0, ANSWER, 1, FAIL(0x60), 0, -ENXIO, AT_START("ENXIO")) \
	X(R_21_done_fails, DONE, 0, ANSWER, 1, FAIL(0x60), 0, -ENXIO, AT_DONE("ENXIO")) \
	X(R_22_start_silent, START, 0, SILENT, 1, 0, 0, -ETIMEDOUT, AT_START("ETIMEDOUT")) \
	X(R_22_done_silent, DONE, 0, SILENT, 1, 0, 0, -ETIMEDOUT, AT_DONE("ETIMEDOUT")) \
	X(R_23_done_busy_3s, DONE, 0, ANSWER, 1, 0xB0000000u, 0, -ETIMEDOUT, AT_DONE("ETIMEDOUT")) \
	X(R_25_cleared, START, 0, ANSWER, 3, 0, 0, -ENOLINK, AT_START("ENOLINK")) \
	X(R_25_cleared_twice, START, 0, ANSWER, 2, 0, 0, 0, NULL)              \
	X(R_26_start_data0, START, 0, ANSWER, 1, OK(1), 0, -EPROTO, AT_START("EPROTO")) \
	X(R_26_done_data0, DONE, 0, ANSWER, 1, OK(1), 0, -EPROTO, AT_DONE("EPROTO")) \
	X(R_32_groups_2, QUERY, 0x3001, ANSWER, 1, OK(1), 2, -EPROTO, FAILED("EPROTO")) \
	X(R_32_groups_0_to_1, QUERY, 0x3001, ANSWER, 1, OK(1), 1, 0, NULL)

/* The id in each name is the rule of vf-lifecycle 6.1 that the row is. */
#define X(name, action, key, how, times, dw0, dw1, err, line)                  \
	START_TEST(name)                                                       \
	{                                                                      \
		const struct rule rule = { action, key, how, times, dw0, dw1 }; \
                                                                               \
		odd_case(_i ? 20 : 28, &rule, err, line);                      \
	}                                                                      \
	END_TEST
QUERY_CASES(X)
MARKER_CASES(X)
#undef X

/* DONE is BUSY for 1.5 s and then done: the recovery is. */
START_TEST(R_23_done_busy_then_ok)
{
	begin(28);
	w.rule = (struct rule){ DONE, 0, ANSWER, 1, 0xB0000000u, 0 };
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 1500 * SIM_MS);
	ck_assert_uint_eq(w.dones, 1);
	guc_mailbox_handle(&w.sim->card[1].guc, 0, 1, w.last);
	expect_recovered();
	ck_assert_uint_eq(w.dones, 1);
}
END_TEST

/* five RETRY: sent again after 1, 2, 4, 8 and 16 ms. */
START_TEST(R_24_retry)
{
	begin(28);
	w.rule = (struct rule){ START, 0, ANSWER, 5, RETRY, 0 };
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	expect_recovered();
	ck_assert_uint_eq(w.starts, 6);
	for (unsigned i = 0; i < 5; i++) {
		uint64_t gap = w.start_at[i + 1] - w.start_at[i];

		ck_assert_uint_ge(gap, SIM_MS << i);
		ck_assert_uint_lt(gap, SIM_MS << (i + 1));
	}
}
END_TEST

static bool op_done(void *arg)
{
	return ((struct sim_vf *)arg)->op_done;
}

/* below ABI 1.27 the later generation is off: the interrupt gives
 * one error line, no START is sent, the VF stays blocked. */
START_TEST(R_37_R_60_unsupported)
{
	w.opt.vf.generation = VFC_GEN_LATEST;
	begin(20);
	ck_assert(!info(0).migration_supported);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 100 * SIM_MS);
	ck_assert_uint_eq(said("migration not supported"), 1);
	ck_assert_uint_eq(w.starts + w.dones, 0);
	ck_assert_int_eq(sim_state(w.sim, w.vf, 0), GUC_VFS_RESFIX_BLOCKED);
}
END_TEST

/* unloading waits for a worker that runs, which still sends its DONE. */
START_TEST(R_43_unload_in_recovery)
{
	begin(_i ? 20 : 28);
	w.vf->hold_steps = 1u << (_i ? VFC_STEP_SEED_FIXUPS : VFC_STEP_QUERY);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 5 * SIM_MS);
	ck_assert_uint_ne(w.vf->held, 0);
	w.vf->op_done = false;
	ck_assert_int_eq(vfc_shutdown(w.vf->vfc, ++w.sim->tag), 0);
	sim_run(w.sim, 5 * SIM_MS);
	ck_assert(!w.vf->op_done);
	w.vf->hold_steps = 0;
	ck_assert(sim_until(w.sim, op_done, w.vf, 5000 * SIM_MS));
	ck_assert_int_eq(w.vf->last_err, 0);
	ck_assert_uint_eq(w.dones, 1);
	ck_assert_int_eq(info(0).state, VFC_STATE_OFF);
}
END_TEST

/* a GT reset asked for during recovery is refused; the recovery ends. */
START_TEST(R_50_reset_in_recovery)
{
	begin(_i ? 20 : 28);
	w.vf->hold_steps = 1u << (_i ? VFC_STEP_SEED_FIXUPS : VFC_STEP_FIX_QUEUES);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 5 * SIM_MS);
	ck_assert_uint_ne(w.vf->held, 0);
	ck_assert_int_eq(vfc_reset(w.vf->vfc, 0, ++w.sim->tag), -EBUSY);
	w.vf->hold_steps = 0;
	expect_recovered();
}
END_TEST

/* one queue for both GTs: the media GT waits for the main GT. */
START_TEST(R_57_shared_queue)
{
	w.opt.gts = 2;
	w.opt.vf.shared_queue = true;
	begin(28);
	w.vf->hold_steps = 1u << VFC_STEP_QUERY;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 20 * SIM_MS);
	ck_assert_uint_eq(w.starts, 1);
	ck_assert_uint_ge(said("gt1: Re-queuing migration recovery"), 1);
	w.vf->hold_steps = 0;
	expect_recovered();
	ck_assert_uint_eq(w.starts, 2);
}
END_TEST

Suite *suite_answers(void)
{
	Suite *s = suite_create("answers");
	TCase *t = tcase_create("recovery");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
#define X(name, ...) tcase_add_loop_test(t, name, 0, 2);
	QUERY_CASES(X)
#undef X
#define X(name, ...) tcase_add_test(t, name);
	MARKER_CASES(X)
#undef X
	tcase_add_test(t, R_23_done_busy_then_ok);
	tcase_add_test(t, R_24_retry);
	tcase_add_test(t, R_37_R_60_unsupported);
	tcase_add_loop_test(t, R_43_unload_in_recovery, 0, 2);
	tcase_add_loop_test(t, R_50_reset_in_recovery, 0, 2);
	tcase_add_test(t, R_57_shared_queue);
	suite_add_tcase(s, t);
	return s;
}
