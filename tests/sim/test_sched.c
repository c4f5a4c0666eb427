/* SPDX-License-Identifier: MIT */
/* Who runs how much, between the real GuC and this project's driver under virtual
 * time: functions' slices, contexts' turns, nobody starved (docs/protocol/engine.md).
 * What each rule means by itself is in unit/test_guc_sched. */
#include <check.h>
#include <stdlib.h>

#include "emulator/guc/core.h"
#include "pair.h"
#include "suites.h"

static struct sim *s;

#define LONG_JOB 3000u /* commands */

static void begin(uint32_t quantum1, uint32_t quantum2)
{
	const uint32_t quanta[2] = { quantum1, quantum2 };
	struct sim_options o;

	sim_defaults(&o);
	o.vfs = 2;
	s = sim_new(&o);
	for (unsigned i = 0; i < 2; i++) {
		struct pfc_provision p = { .exec_quantum_ms = quanta[i] };

		if (quanta[i])
			ck_assert_int_eq(sim_pf(s, 0, PFC_PROVISION, i + 1, &p), 0);
		ck_assert_int_eq(sim_boot(s, s->vf[i]), 0);
	}
}

static uint32_t new_queue(unsigned i)
{
	int id = vfc_queue_create(s->vf[i]->vfc, 0, GUC_CLASS_BLITTER, 1);

	ck_assert_int_ge(id, 0);
	return (uint32_t)id;
}

/* Have jobs under way in VF i's queue, `*sent` so far. */
static void feed(unsigned i, uint32_t queue, unsigned *sent)
{
	const struct vfc_job job = { .kind = VFC_JOB_LONG, .value = 7, .length = LONG_JOB };

	while (*sent - s->vf[i]->jobs_ok < 4 && vfc_job_submit(s->vf[i]->vfc, 0, queue, &job) > 0)
		++*sent;
}

/* Two VFs that always have work share the engines as their quanta do, or evenly; both
 * go on all the time, and so does what else they ask. */
START_TEST(functions_share)
{
	static const uint32_t quanta[][2] = { { UINT32_MAX, UINT32_MAX }, { 10, 30 }, { 20, 10 } };
	static const unsigned shares[][2] = { { 1, 1 }, { 1, 3 }, { 2, 1 } };
	uint32_t queue[2];
	unsigned sent[2] = { 0, 0 }, ok[2];

	begin(quanta[_i][0], quanta[_i][1]);
	for (unsigned i = 0; i < 2; i++)
		queue[i] = new_queue(i);
	while (s->vf[0]->jobs_ok + s->vf[1]->jobs_ok < 400) {
		for (unsigned i = 0; i < 2; i++)
			feed(i, queue[i], &sent[i]);
		ck_assert(sim_turn(s));
	}
	for (unsigned i = 0; i < 2; i++) {
		ok[i] = s->vf[i]->jobs_ok;
		ck_assert_uint_eq(s->vf[i]->jobs_bad, 0);
	}
	/* A quarter off at most: slices are of some jobs. */
	ck_assert_msg(4 * ok[0] * shares[_i][1] >= 3 * ok[1] * shares[_i][0] &&
		      4 * ok[0] * shares[_i][1] <= 5 * ok[1] * shares[_i][0],
		      "%u to %u", ok[0], ok[1]);
	sim_free(s);
}
END_TEST

/* A VF's short jobs end while other contexts, of it and of another VF, never rest; a
 * move of the one leaves the other's at work, and its own go on behind it. */
START_TEST(nobody_starves)
{
	const struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 5 };
	unsigned sent[2] = { 0, 0 }, before;
	uint32_t queue[2], quick;

	begin(10, 10);
	for (unsigned i = 0; i < 2; i++)
		queue[i] = new_queue(i);
	quick = new_queue(0);
	for (unsigned round = 0; round < 3; round++) {
		before = s->vf[0]->jobs_ok + s->vf[1]->jobs_ok;
		ck_assert_int_gt(vfc_job_submit(s->vf[0]->vfc, 0, quick, &job), 0);
		sent[0]++;
		while (s->vf[0]->jobs_ok + s->vf[1]->jobs_ok < before + 60) {
			feed(0, queue[0], &sent[0]);
			feed(1, queue[1], &sent[1]);
			ck_assert(sim_turn(s));
		}
		if (round == 1)
			ck_assert_int_eq(sim_migrate(s, s->vf[0]), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_msg(sim_jobs_drained(s, s->vf[i]), "%s", s->vf[i]->log);
		ck_assert_uint_eq(s->vf[i]->jobs_ok, sent[i]);
		ck_assert_uint_eq(s->vf[i]->jobs_bad, 0);
	}
	sim_free(s);
}
END_TEST

Suite *suite_sched(void)
{
	Suite *suite = suite_create("sched");
	TCase *t = tcase_create("sched");

	tcase_add_loop_test(t, functions_share, 0, 3);
	tcase_add_test(t, nobody_starves);
	suite_add_tcase(suite, t);
	return suite;
}
