/* SPDX-License-Identifier: MIT */
/* The missed-fixup detector against the real driver of this project: every
 * fixup of vf-lifecycle 5.2 left out, and applied twice, is named; ranges that
 * overlap make no difference (design.md, detector; F-.. of vf-lifecycle 6.3). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "proto/regs.h"
#include "suites.h"

#define MIB (1ull << 20)

/* Fixups that leave words in the VF's memory which a check at RESFIX_DONE can
 * see when the CTB was drained before the pause. */
static const enum fixup visible[] = { FIXUP_MEMIRQ,   FIXUP_RING_START, FIXUP_INDIRECT_RING,
				      FIXUP_WA_BATCH, FIXUP_JOBS,	FIXUP_WORK_QUEUE,
				      FIXUP_CCS,      FIXUP_BATCH };

struct spot {
	unsigned found[FIXUP_COUNT];
};

static void spotter(void *user, const struct guc_event *ev)
{
	struct spot *spot = user;

	if (ev->point == GUC_PT_FINDING)
		spot->found[ev->finding->structure]++;
}

static void migrate_with(struct sim_options *o, uint32_t skip, uint32_t twice, uint64_t to,
			 struct spot *spot)
{
	struct sim *s;
	struct load load;

	o->vf.skip_fixups = skip;
	o->vf.twice_fixups = twice;
	o->vf_start[0] = 64 * MIB;
	o->vf_start[1] = to;
	memset(spot, 0, sizeof(*spot));
	s = sim_new(o);
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		s->card[c].sink = spotter;
		s->card[c].sink_user = spot;
	}
	load_start(&load, s, &s->vf[0], 2, true);
	/* A second item behind the blocked one keeps the work queue non-empty. */
	load_more(&load);
	sim_run(s, 5 * SIM_MS);
	ck_assert_int_eq(sim_migrate(s, &s->vf[0]), 0);
	sim_run(s, 500 * SIM_MS);
	sim_free(s);
}

static void options_for(struct sim_options *o, enum fixup f)
{
	sim_defaults(o);
	o->vf.indirect_ring = f == FIXUP_INDIRECT_RING;
	o->vf.ccs = true;
}

static void expect_named(const struct spot *spot, enum fixup f)
{
	ck_assert_msg(spot->found[f] > 0, "%s was not named", fixup_name(f));
	/* A job whose batch is not looked after is started at the old place: its
	 * ring is as wrong as the batch (vf-lifecycle 5.2 row 20). */
	for (unsigned other = 0; other < FIXUP_COUNT; other++)
		ck_assert_msg(other == f || spot->found[other] == 0 ||
				      (f == FIXUP_BATCH && other == FIXUP_JOBS),
			      "%s was named where %s was at fault",
			      fixup_name((enum fixup)other), fixup_name(f));
}

/* F-09..F-18: a fixup left out is named, and no other. */
START_TEST(test_F_each_skipped)
{
	struct sim_options o;
	struct spot spot;

	options_for(&o, visible[_i]);
	migrate_with(&o, 1u << visible[_i], 0, 320 * MIB, &spot);
	expect_named(&spot, visible[_i]);
}
END_TEST

/* F-32's reverse: a fixup applied twice is named, and no other. */
START_TEST(test_F_each_twice)
{
	struct sim_options o;
	struct spot spot;

	options_for(&o, visible[_i]);
	migrate_with(&o, 0, 1u << visible[_i], 320 * MIB, &spot);
	expect_named(&spot, visible[_i]);
}
END_TEST

/* Stale words are found where old and new range overlap and they lie in both. */
START_TEST(test_F_each_skipped_overlap)
{
	struct sim_options o;
	struct spot spot;

	options_for(&o, visible[_i]);
	migrate_with(&o, 1u << visible[_i], 0, 68 * MIB, &spot);
	expect_named(&spot, visible[_i]);
}
END_TEST

static enum guc_verdict swallow_doorbell(void *user, struct guc_event *ev,
					 struct guc_hook_action *action)
{
	(void)user;
	(void)action;
	return ev->point == GUC_PT_MMIO_WRITE && ev->fn == 1 &&
			       ev->addr == REG_GUC_HOST_INTERRUPT ?
		       GUC_SWALLOW :
		       GUC_PASS;
}

/* F-06: with the drain off unread H2G travels; not blanking it is named. */
START_TEST(test_F06_h2g)
{
	struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 1 };
	struct sim_options o;
	struct spot spot;
	struct load load;
	struct sim *s;
	int id;

	sim_defaults(&o);
	o.no_drain = true;
	o.vf.skip_fixups = 1u << FIXUP_H2G;
	memset(&spot, 0, sizeof(spot));
	s = sim_new(&o);
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		s->card[c].sink = spotter;
		s->card[c].sink_user = &spot;
	}
	load_start(&load, s, &s->vf[0], 1, false);
	/* The registration of a new queue stays in the ring: its doorbell is lost. */
	s->card[0].guc.hook = swallow_doorbell;
	id = vfc_queue_create(s->vf[0].vfc, 0, GUC_CLASS_BLITTER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_gt(vfc_job_submit(s->vf[0].vfc, 0, (uint32_t)id, &job), 0);
	sim_run(s, 2 * SIM_MS);
	s->card[0].guc.hook = NULL;
	ck_assert_int_eq(sim_migrate(s, &s->vf[0]), 0);
	sim_run(s, 100 * SIM_MS);
	ck_assert_uint_gt(spot.found[FIXUP_H2G], 0);
	sim_free(s);
}
END_TEST

/* F-08: contexts made from a stale default image after the recovery are named. */
START_TEST(test_F08_default_image)
{
	struct sim_options o;
	struct spot spot;
	struct sim *s;
	struct load load;
	struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 1 };
	int id;

	sim_defaults(&o);
	o.vf.skip_fixups = 1u << FIXUP_DEFAULT_LRC;
	memset(&spot, 0, sizeof(spot));
	s = sim_new(&o);
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		s->card[c].sink = spotter;
		s->card[c].sink_user = &spot;
	}
	load_start(&load, s, &s->vf[0], 1, false);
	ck_assert_int_eq(sim_migrate(s, &s->vf[0]), 0);
	ck_assert(sim_recovered(s, &s->vf[0]));
	ck_assert_uint_eq(spot.found[FIXUP_DEFAULT_LRC], 0);
	id = vfc_queue_create(s->vf[0].vfc, 0, GUC_CLASS_RENDER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_gt(vfc_job_submit(s->vf[0].vfc, 0, (uint32_t)id, &job), 0);
	sim_run(s, 50 * SIM_MS);
	ck_assert_uint_gt(spot.found[FIXUP_DEFAULT_LRC], 0);
	sim_free(s);
}
END_TEST

Suite *suite_detector(void)
{
	Suite *s = suite_create("detector");
	TCase *t = tcase_create("fixups");
	const int n = sizeof(visible) / sizeof(visible[0]);

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_F_each_skipped, 0, n);
	tcase_add_loop_test(t, test_F_each_twice, 0, n);
	tcase_add_loop_test(t, test_F_each_skipped_overlap, 0, n);
	tcase_add_test(t, test_F06_h2g);
	tcase_add_test(t, test_F08_default_image);
	suite_add_tcase(s, t);
	return s;
}
