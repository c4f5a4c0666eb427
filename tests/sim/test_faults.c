/* SPDX-License-Identifier: MIT */
/* The real driver, PF and GuC under fault rules: what vf-lifecycle lets a driver outlast
 * it outlasts with every job right, what it does not ends as stated; equal seeds give
 * equal runs. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "fault/fault.h"
#include "load.h"
#include "suites.h"

static struct fault *rules[SIM_CARDS];
static struct sim_options opt;
static struct sim *sim;
static struct load load;

static void setup(void)
{
	sim = NULL;
	sim_defaults(&opt);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		rules[i] = calloc(1, fault_size());
}

static void teardown(void)
{
	if (sim)
		sim_free(sim);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		free(rules[i]);
}

static void begin(uint64_t seed)
{
	sim = sim_new(&opt);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		fault_init(rules[i], seed, guc_card_geometry(&sim->card[i].guc));
}

/* A rule for both cards. */
static void rule(const char *line)
{
	struct fault_error err;

	for (unsigned i = 0; i < SIM_CARDS; i++) {
		ck_assert_msg(fault_add(rules[i], line, strlen(line), &err) > 0, "%s: %zu: %s",
			      line, err.at, err.text);
		fault_attach(rules[i], &sim->card[i].guc);
	}
}

static uint64_t fired(void)
{
	struct fault_info info;
	uint64_t n = 0;

	for (unsigned i = 0; i < SIM_CARDS; i++)
		for (unsigned k = 0; fault_info(rules[i], k, &info); k++)
			n += info.fired;
	return n;
}

/* What the transport promises to survive (vf-lifecycle 3.4, 4.2): late and BUSY
 * answers, RETRY, interrupts lost but for one, doubled or invented, and delays of
 * anything below the driver's time-outs. */
static const struct {
	uint8_t minor;
	const char *line;
} harmless[] = {
	{ 28, "on mbox-request vf=1 action=RESFIX_START first=2 do busy 300ms" },
	{ 28, "on mbox-request vf=1 action=RESFIX_DONE first=3 do retry 1" },
	{ 28, "on mbox-reply vf=1 action=RESFIX_START do delay 20ms" },
	{ 28, "on mbox-request vf=1 action=QUERY_SINGLE_KLV every=2 do busy 1ms" },
	{ 28, "on irq vf=1 bit=sw-int-0 do duplicate 3" },
	{ 28, "on irq vf=1 bit=sw-int-0 do delay 50ms" },
	{ 28, "on g2h vf=1 type=response do delay 2ms" },
	{ 28, "on g2h vf=1 type=event p=50% do delay 5ms" },
	{ 28, "on irq vf=1 bit=guc2host p=50% do duplicate" },
	{ 28, "on h2g vf=1 do delay 1ms" },
	{ 28, "on irq vf=1 bit=guc2host every=3 do delay 1ms" },
	{ 28, "on irq vf=1 bit=guc2host every=2 do drop" },
	{ 28, "on irq vf=1 bit=guc2host p=70% do drop" },
	{ 28, "on irq vf=1 bit=guc2host do drop" },
	{ 20, "on irq vf=1 bit=guc2host do drop" },
	{ 28, "on irq pf bit=guc2host every=2 do drop" },
	{ 28, "on irq pf bit=guc2host do drop" },
	{ 28, "on mmio-read vf=1 do nothing" },
	{ 28, "on g2h vf=1 do interrupt guc2host" },
	{ 20, "on mbox-request vf=1 action=RESFIX_DONE first=2 do retry 1" },
	{ 20, "on mbox-request vf=1 action=RESFIX_DONE first=1 do busy 300ms" },
	{ 20, "on irq vf=1 bit=sw-int-0 do duplicate 3" },
	{ 20, "on mbox-request vf=1 action=QUERY_SINGLE_KLV p=30% do retry" },
};

/* The busy VF moves there and back under the rule, and all its jobs end right. */
START_TEST(harmless_faults)
{
	const char *why;

	opt.abi_minor[0] = opt.abi_minor[1] = harmless[_i].minor;
	begin(3);
	rule(harmless[_i].line);
	load_start(&load, sim, sim->vf[0], 2, false);
	for (unsigned move = 0; move < 2; move++) {
		ck_assert_int_eq(sim_migrate(sim, sim->vf[0]), 0);
		ck_assert_msg(sim_recovered(sim, sim->vf[0]), "%s", sim->vf[0]->log);
		load_more(&load);
	}
	why = load_finish(&load);
	ck_assert_msg(!why, "%s: %s\n%s", harmless[_i].line, why, sim->vf[0]->log);
	ck_assert_uint_eq(sim->vf[0]->wedged, 0);
	ck_assert_uint_gt(fired(), 0);
	ck_assert_uint_eq(sim->card[0].findings + sim->card[1].findings, 0);
}
END_TEST

/* What no driver outlasts in a recovery (vf-lifecycle 4.4): it gives the device up,
 * once, and does not hang. */
static const char *const deadly[] = {
	"on mbox-request vf=1 action=RESFIX_START do drop",
	"on mbox-request vf=1 action=RESFIX_DONE do failure INVALID_PARAMS",
	"on mbox-reply vf=1 action=RESFIX_START do clear-mailbox",
	"on mbox-reply vf=1 action=QUERY_SINGLE_KLV do klv-length 7",
	"on mbox-reply vf=1 action=RESFIX_DONE do origin",
	"on state vf=1 enters=VF_RESFIX_BLOCKED do hang function",
};

START_TEST(deadly_faults)
{
	struct vfc_info info;

	begin(3);
	load_start(&load, sim, sim->vf[0], 1, false);
	rule(deadly[_i]);
	ck_assert_int_eq(sim_migrate(sim, sim->vf[0]), 0);
	sim_run(sim, 60000 * SIM_MS);
	vfc_info(sim->vf[0]->vfc, 0, &info);
	ck_assert_msg(info.state == VFC_STATE_WEDGED, "%s: state %d\n%s", deadly[_i], info.state,
		      sim->vf[0]->log);
	ck_assert_uint_eq(sim->vf[0]->wedged, 1);
	ck_assert_uint_eq(info.jobs_pending, 0);
	ck_assert_uint_gt(fired(), 0);
}
END_TEST

/* A MIGRATED interrupt that is lost leaves the VF where it is, blocked, until somebody
 * interrupts it; then it recovers as if nothing had been. */
START_TEST(lost_migrated_found_later)
{
	const char *why;

	begin(1);
	load_start(&load, sim, sim->vf[0], 1, false);
	fault_set_state(rules[0], "late", false);
	fault_set_state(rules[1], "late", false);
	rule("on irq vf=1 bit=sw-int-0 unless=late do drop");
	rule("on tick vf=1 gt=0 if=late first=1 do interrupt sw-int-0");
	ck_assert_int_eq(sim_migrate(sim, sim->vf[0]), 0);
	sim_run(sim, 100 * SIM_MS);
	ck_assert_int_eq(sim_state(sim, sim->vf[0], 0), GUC_VFS_RESFIX_BLOCKED);
	fault_set_state(rules[1], "late", true);
	guc_tick(&sim->card[1].guc, sim->now);
	sim_run(sim, 100 * SIM_MS);
	ck_assert(sim_recovered(sim, sim->vf[0]));
	why = load_finish(&load);
	ck_assert_msg(!why, "%s", why);
}
END_TEST

/* The host is told of a migration at the very message, and the VF is moved from there:
 * nothing more of it is taken before. */
static const char *const points[] = {
	"on h2g vf=1 action=REGISTER_CONTEXT first=1 do migrate",
	"on h2g vf=1 action=SCHED_CONTEXT_MODE_SET first=1 do migrate",
	"on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do migrate",
	"on h2g vf=1 action=SCHED_CONTEXT first=1 do migrate",
	"on h2g vf=1 action=DEREGISTER_CONTEXT first=1 do migrate",
	"on g2h vf=1 action=DEREGISTER_CONTEXT_DONE first=1 do migrate",
	"on context vf=1 first=1 do migrate",
};

static bool wanted(void *arg)
{
	return fault_take(rules[0], arg);
}

START_TEST(migrate_at_a_point)
{
	struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 0xF00D };
	struct fault_out out = { .what = FAULT_OUT_COUNT };
	const char *why;
	int queue;

	begin(1);
	load_start(&load, sim, sim->vf[0], 2, false);
	rule(points[_i]);
	queue = vfc_queue_create(sim->vf[0]->vfc, 0, GUC_CLASS_RENDER, 1);
	ck_assert_int_ge(queue, 0);
	ck_assert_int_ge(vfc_job_submit(sim->vf[0]->vfc, 0, (uint32_t)queue, &job), 1);
	load.submitted++;
	if (strstr(points[_i], "SCHED_CONTEXT ")) {
		sim_run(sim, 20 * SIM_MS);
		ck_assert_int_eq(vfc_job_submit(sim->vf[0]->vfc, 0, (uint32_t)queue, &job), 2);
		load.submitted++;
	}
	if (strstr(points[_i], "DEREGISTER")) {
		sim_run(sim, 20 * SIM_MS);
		ck_assert_int_eq(vfc_queue_destroy(sim->vf[0]->vfc, 0, (uint32_t)queue), 0);
	}
	ck_assert_msg(sim_until(sim, wanted, &out, 1000 * SIM_MS), "%s", points[_i]);
	ck_assert_int_eq(out.what, FAULT_OUT_MIGRATE);
	ck_assert_uint_eq(out.fn, 1);
	ck_assert_int_eq(sim_migrate(sim, sim->vf[0]), 0);
	ck_assert_msg(sim_recovered(sim, sim->vf[0]), "%s", sim->vf[0]->log);
	why = load_finish(&load);
	ck_assert_msg(!why, "%s: %s\n%s", points[_i], why, sim->vf[0]->log);
	ck_assert_uint_eq(sim->vf[0]->wedged, 0);
}
END_TEST

/* One whole run's hash of all that both cards told. */
static uint64_t run(uint64_t seed)
{
	uint64_t hash;

	begin(seed);
	rule("on g2h vf=any p=20% do delay 1ms");
	rule("on mem-read vf=any p=1% do nothing");
	rule("on mbox-reply vf=any p=10% do delay 2ms");
	load_start(&load, sim, sim->vf[0], 2, false);
	ck_assert_int_eq(sim_migrate(sim, sim->vf[0]), 0);
	ck_assert(sim_recovered(sim, sim->vf[0]));
	load_finish(&load);
	ck_assert_uint_gt(fired(), 2);
	hash = sim->hash;
	sim_free(sim);
	sim = NULL;
	return hash;
}

/* The same seed, the same run to the last event; another, another. */
START_TEST(seeds_repeat)
{
	uint64_t one = run(1);

	ck_assert_uint_eq(run(1), one);
	ck_assert_uint_ne(run(2), one);
}
END_TEST

Suite *suite_faults(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, harmless_faults, 0, sizeof(harmless) / sizeof(*harmless));
	tcase_add_loop_test(t, deadly_faults, 0, sizeof(deadly) / sizeof(*deadly));
	tcase_add_test(t, lost_migrated_found_later);
	tcase_add_loop_test(t, migrate_at_a_point, 0, sizeof(points) / sizeof(*points));
	tcase_add_test(t, seeds_repeat);
	suite_add_tcase(s, t);
	return s;
}
