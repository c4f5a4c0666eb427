/* SPDX-License-Identifier: MIT */
/* Migration recovery end to end in one process under virtual time: the real
 * GuC, PF and VF. Cases carry the ids of vf-lifecycle 6.1 (R-..); those that
 * need fault rules or a real driver are elsewhere. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/core.h"
#include "load.h"
#include "suites.h"

#define MIB (1ull << 20)

struct world {
	struct sim_options opt;
	struct sim *sim;
	struct sim_vf *vf;
	struct load load;
};

static void world_begin(struct world *w, unsigned gts)
{
	memset(w, 0, sizeof(*w));
	sim_defaults(&w->opt);
	w->opt.gts = (uint8_t)gts;
}

static void world_run(struct world *w)
{
	w->sim = sim_new(&w->opt);
	w->vf = w->sim->vf[0];
	load_start(&w->load, w->sim, w->vf, 2, true);
}

/* The VF is running, all its jobs come to a right end, nobody found fault. */
static void world_end(struct world *w)
{
	const char *why;

	ck_assert_msg(sim_recovered(w->sim, w->vf), "not recovered:\n%s", w->vf->log);
	why = load_finish(&w->load);
	ck_assert_msg(!why, "%s\n%s", why, w->vf->log);
	ck_assert_uint_eq(w->vf->wedged, 0);
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		const struct guc_finding *f = &w->sim->card[c].first_finding;

		ck_assert_msg(w->sim->card[c].findings == 0,
			      "%s of context %u dword 0x%x: old %x new %x expected %x",
			      fixup_name(f->structure), f->context, f->dword, f->old_value,
			      f->new_value, f->expected);
		ck_assert_uint_eq(w->sim->card[c].violations, 0);
	}
	sim_free(w->sim);
}

static unsigned count(const char *log, const char *line)
{
	unsigned n = 0;

	for (const char *p = log; (p = strstr(p, line)); p += strlen(line))
		n++;
	return n;
}

/* Bases of VF 1 before and after; a VF has 16 MiB of GGTT. */
static const struct {
	const char *id;
	uint64_t from, to;
} bases[] = {
	{ "R-01 same base", 64 * MIB, 64 * MIB },
	{ "R-02 shift up", 64 * MIB, 320 * MIB },
	{ "R-03 shift down", 320 * MIB, 96 * MIB },
	{ "R-03 shift down to a low start", 320 * MIB, 48 * MIB },
	{ "R-04 overlap up", 64 * MIB, 68 * MIB },
	{ "R-04 overlap down", 68 * MIB, 64 * MIB },
	{ "R-04 overlap by one page", 64 * MIB, 64 * MIB + 4096 },
	{ "R-04 overlap down by one page", 64 * MIB + 4096, 64 * MIB },
};

static void bases_case(unsigned i, unsigned gts, uint8_t minor)
{
	struct world w;

	world_begin(&w, gts);
	w.opt.vf_start[0] = bases[i].from;
	w.opt.vf_start[1] = bases[i].to;
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = minor;
	world_run(&w);
	ck_assert_msg(sim_migrate(w.sim, w.vf) == 0, "%s", bases[i].id);
	ck_assert_msg(sim_recovered(w.sim, w.vf), "%s\n%s", bases[i].id, w.vf->log);
	world_end(&w);
}

/* every shift of the base, by markers (ABI 1.28). */
START_TEST(R_01_R_02_R_03_R_04_bases)
{
	bases_case((unsigned)_i, 1, 28);
}
END_TEST

/* with two GTs. */
START_TEST(R_01_R_02_R_03_R_04_bases_two_gts)
{
	bases_case((unsigned)_i, 2, 28);
}
END_TEST

/* the same by the seed's recovery (ABI 1.20). */
START_TEST(R_38_bases_seed)
{
	bases_case((unsigned)_i, 1, 20);
}
END_TEST

/* R-38 with two GTs: the seed waits for both. */
START_TEST(R_38_bases_seed_two_gts)
{
	bases_case((unsigned)_i, 2, 20);
}
END_TEST

/* with two GTs each recovers alone and the base is shifted once. */
START_TEST(R_06_two_gts)
{
	struct world w;

	world_begin(&w, 2);
	world_run(&w);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	ck_assert(sim_recovered(w.sim, w.vf));
	ck_assert_uint_eq(count(w.vf->log, "gt0: migration recovery ended"), 1);
	ck_assert_uint_eq(count(w.vf->log, "gt1: migration recovery ended"), 1);
	world_end(&w);
}
END_TEST

/* Keeps MIGRATED interrupts back; the test gives them. */
static enum guc_verdict keep_migrated(void *user, struct guc_event *ev,
				      struct guc_hook_action *act)
{
	(void)user;
	(void)act;
	return ev->point == GUC_PT_IRQ && ev->fn && ev->code == GUC_IRQ_SW_INT_0 ? GUC_SWALLOW :
										   GUC_PASS;
}

static const struct {
	unsigned first;
	uint64_t delay;
} orders[] = { { 0, 0 }, { 1, 0 }, { 0, 20 * SIM_MS }, { 1, 20 * SIM_MS }, { 0, 1000 * SIM_MS } };
#define ORDERS (int)(sizeof(orders) / sizeof(orders[0]))

/* the GTs' interrupts in either order, at once, or the second much later.
 * With markers the first GT recovers alone; the seed does nothing until both
 * came. The base is shifted once. */
START_TEST(R_06_orders)
{
	unsigned first = orders[_i % ORDERS].first;
	bool seed = _i >= ORDERS;
	struct guc_card *there;
	struct world w;

	world_begin(&w, 2);
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = seed ? 20 : 28;
	world_run(&w);
	there = &w.sim->card[1].guc;
	there->hook = keep_migrated;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	there->hook = NULL;
	ck_assert_uint_eq(count(w.vf->log, "ready for recovery"), 0);
	guc_raise(there, first, 1, GUC_IRQ_SW_INT_0);
	if (orders[_i % ORDERS].delay) {
		sim_run(w.sim, orders[_i % ORDERS].delay);
		ck_assert_int_eq(sim_state(w.sim, w.vf, first),
				 seed ? GUC_VFS_RESFIX_BLOCKED : GUC_VFS_RUNNING);
		ck_assert_int_eq(sim_state(w.sim, w.vf, !first), GUC_VFS_RESFIX_BLOCKED);
	}
	guc_raise(there, !first, 1, GUC_IRQ_SW_INT_0);
	ck_assert_msg(sim_recovered(w.sim, w.vf), "%s", w.vf->log);
	ck_assert_uint_eq(count(w.vf->log, "migration recovery ended"), seed ? 1 : 2);
	world_end(&w);
}
END_TEST

/* a second migration before the worker ran gives one recovery only, with
 * the second base. */
START_TEST(R_08_migrated_before_start)
{
	struct world w;
	struct vfc_info info;
	struct pfc_vf_info there;

	world_begin(&w, 1);
	world_run(&w);
	w.vf->hold_steps = 1u << VFC_STEP_SHUTDOWN;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 10 * SIM_MS);
	ck_assert_uint_ne(w.vf->held, 0);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	w.vf->hold_steps = 0;
	ck_assert(sim_recovered(w.sim, w.vf));
	ck_assert_uint_eq(count(w.vf->log, "migration recovery ended"), 1);
	vfc_info(w.vf->vfc, 0, &info);
	pfc_vf_info(w.sim->card[w.vf->card].pfc, 1, &there);
	ck_assert_uint_eq(info.ggtt_start, there.ggtt_start);
	world_end(&w);
}
END_TEST

static const enum vfc_step_id stoppers[] = { VFC_STEP_QUERY,	  VFC_STEP_FIX_CCS,
					     VFC_STEP_FIX_DEFAULT_LRC, VFC_STEP_FIX_QUEUES,
					     VFC_STEP_VALID,	  VFC_STEP_REARM,
					     VFC_STEP_DECIDE,	  VFC_STEP_DONE };

static const enum vfc_step_id seed_stoppers[] = { VFC_STEP_SEED_BEGIN, VFC_STEP_SEED_QUERY,
						  VFC_STEP_SEED_DECIDE, VFC_STEP_SEED_FIXUPS,
						  VFC_STEP_SEED_NOTIFY };

static void stopper_case(enum vfc_step_id step, unsigned gts, unsigned times, uint8_t minor)
{
	struct world w;

	world_begin(&w, gts);
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = minor;
	world_run(&w);
	w.vf->hold_steps = 1u << step;
	for (unsigned i = 0; i <= times; i++) {
		w.vf->held = 0;
		ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
		w.vf->hold_steps = i < times ? 1u << step : 0;
		sim_run(w.sim, 20 * SIM_MS);
		if (i < times)
			ck_assert_msg(w.vf->held, "step %s never came", vfc_step_name(step));
	}
	ck_assert_msg(sim_recovered(w.sim, w.vf), "%s", w.vf->log);
	world_end(&w);
}

/* migrated again at each step between START and DONE. */
START_TEST(R_10_R_11_R_12_stoppers)
{
	stopper_case(stoppers[_i], 1, 1, 28);
}
END_TEST

/* with two GTs. */
START_TEST(R_10_R_11_R_12_stoppers_two_gts)
{
	stopper_case(stoppers[_i], 2, 1, 28);
}
END_TEST

/* the same three times in a row. */
START_TEST(R_14_triple)
{
	stopper_case(stoppers[_i], 1, 3, 28);
}
END_TEST

/* by the seed's recovery: migrated again at each of its
 * steps, once and three times, with one GT and two. */
START_TEST(R_10_R_12_R_14_R_39_stoppers_seed)
{
	const int n = sizeof(seed_stoppers) / sizeof(seed_stoppers[0]);

	stopper_case(seed_stoppers[_i % n], 1 + (unsigned)(_i / n) % 2, _i / n < 2 ? 1 : 3, 20);
}
END_TEST

/* Markers that the VF's GT 0 sent, as the cards saw them. */
struct markers {
	unsigned starts, wrong_start, done, refused, ones, last;
};

static void watch_markers(void *user, const struct guc_event *ev)
{
	struct markers *m = user;
	unsigned marker;

	if (ev->fn == 0 || ev->gt || (ev->point != GUC_PT_MBOX_REQUEST &&
				      ev->point != GUC_PT_MBOX_REPLY))
		return;
	if (ev->point == GUC_PT_MBOX_REPLY) {
		if (ev->code == GUC_ACTION_RESFIX_DONE) {
			m->done += !ev->error;
			m->refused += ev->error != 0;
		}
		return;
	}
	marker = hxg_data0(ev->msg[0]);
	if (hxg_action(ev->msg[0]) == GUC_ACTION_RESFIX_START) {
		m->starts++;
		m->ones += marker == 1;
		m->wrong_start += marker == 0 || marker != m->last % 256 + 1;
		m->last = marker;
	} else if (hxg_action(ev->msg[0]) == GUC_ACTION_RESFIX_DONE) {
		m->wrong_start += marker != m->last;
	}
}

static void watch(struct world *w, struct markers *m)
{
	memset(m, 0, sizeof(*m));
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		w->sim->card[c].sink = watch_markers;
		w->sim->card[c].sink_user = m;
	}
}

static bool refused_again(void *arg)
{
	const struct markers *m = arg;

	return m->refused == m->starts && m->starts > 0;
}

/* migrated between START and DONE three times in a row: the markers are 1
 * to 4, and only the last DONE is accepted. */
START_TEST(R_14_markers)
{
	struct world w;
	struct markers m;

	world_begin(&w, 1);
	world_run(&w);
	watch(&w, &m);
	w.vf->hold_steps = 1u << VFC_STEP_DONE;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	for (unsigned i = 1; i <= 3; i++) {
		w.vf->hold_steps = 1u << VFC_STEP_DONE;
		sim_run(w.sim, 20 * SIM_MS);
		ck_assert_uint_eq(m.starts, i);
		ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
		w.vf->hold_steps = 0;
		ck_assert(sim_until(w.sim, refused_again, &m, 20 * SIM_MS));
	}
	ck_assert(sim_recovered(w.sim, w.vf));
	ck_assert_uint_eq(m.starts, 4);
	ck_assert_uint_eq(m.last, 4);
	ck_assert_uint_eq(m.refused, 3);
	ck_assert_uint_eq(m.done, 1);
	ck_assert_uint_eq(m.wrong_start, 0);
	world_end(&w);
}
END_TEST

/* migrations at random moments lose no interrupt and no job; each START's
 * marker is the one after the last, each DONE's is its START's. */
START_TEST(R_15_random)
{
	struct world w;
	struct markers m;

	world_begin(&w, 1 + (unsigned)_i % 2);
	w.opt.seed = 1000 + (uint64_t)_i;
	w.opt.random_order = true;
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = _i % 4 < 2 ? 28 : 20;
	world_run(&w);
	watch(&w, &m);
	for (unsigned n = 0; n < 50; n++) {
		sim_run(w.sim, sim_random(w.sim) % (n % 3 ? 300000 : 3 * SIM_MS));
		ck_assert_msg(sim_migrate(w.sim, w.vf) == 0, "migration %u\n%s", n, w.vf->log);
		if (n % 5 == 4) {
			const char *why;

			ck_assert_msg(sim_recovered(w.sim, w.vf), "after %u\n%s", n, w.vf->log);
			why = load_finish(&w.load);
			ck_assert_msg(!why, "after %u: %s\n%s", n, why, w.vf->log);
		}
		w.vf->log_len = 0;
	}
	ck_assert_uint_eq(m.wrong_start, 0);
	ck_assert(m.starts > 0 || _i % 4 >= 2);
	world_end(&w);
}
END_TEST

/* after 256 recoveries the marker starts over at 1; 0 is never used. */
START_TEST(R_16_marker_wrap)
{
	struct world w;
	struct vfc_info info;
	struct markers m;

	world_begin(&w, 1);
	world_run(&w);
	watch(&w, &m);
	for (unsigned n = 0; n < 258; n++) {
		ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
		ck_assert_msg(sim_recovered(w.sim, w.vf), "after %u", n);
		w.vf->log_len = 0;
	}
	vfc_info(w.vf->vfc, 0, &info);
	ck_assert_uint_eq(info.recoveries, 258);
	ck_assert_uint_eq(m.starts, 258);
	ck_assert_uint_eq(m.wrong_start, 0);
	ck_assert_uint_eq(m.ones, 2);
	ck_assert_uint_eq(m.last, 2);
	world_end(&w);
}
END_TEST

/* paused and resumed in mid-fixups without a restore: no second
 * interrupt, the marker is kept, DONE is accepted. */
START_TEST(R_53_pause_in_fixups)
{
	struct world w;

	world_begin(&w, 1);
	world_run(&w);
	w.vf->hold_steps = 1u << VFC_STEP_FIX_QUEUES;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 20 * SIM_MS);
	ck_assert_uint_ne(w.vf->held, 0);
	ck_assert_int_eq(sim_pf(w.sim, w.vf->card, PFC_PAUSE, 1, NULL), 0);
	ck_assert_int_eq(sim_state(w.sim, w.vf, 0), GUC_VFS_RESFIX_PAUSED);
	ck_assert_int_eq(sim_pf(w.sim, w.vf->card, PFC_RESUME, 1, NULL), 0);
	w.vf->hold_steps = 0;
	ck_assert(sim_recovered(w.sim, w.vf));
	ck_assert_uint_eq(count(w.vf->log, "ready for recovery"), 1);
	ck_assert_uint_eq(count(w.vf->log, "migration recovery ended"), 1);
	world_end(&w);
}
END_TEST

/* a cancelled migration leaves the VF as if nothing had been. */
START_TEST(R_54_cancelled)
{
	struct world w;
	uint8_t *image;
	size_t len;

	world_begin(&w, 1);
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = _i ? 20 : 28;
	world_run(&w);
	ck_assert_int_eq(sim_migrate_out(w.sim, w.vf, &image, &len), 0);
	free(image);
	ck_assert_int_eq(sim_pf(w.sim, 0, PFC_RESUME, 1, NULL), 0);
	sim_thaw(w.sim, w.vf);
	ck_assert(sim_recovered(w.sim, w.vf));
	ck_assert_uint_eq(count(w.vf->log, "recovery"), 0);
	world_end(&w);
}
END_TEST

/* stopped during recovery, every request gets 0x0A and the driver wedges. */
START_TEST(R_55_stop_in_recovery)
{
	struct world w;

	world_begin(&w, 1);
	world_run(&w);
	w.vf->hold_steps = 1u << VFC_STEP_QUERY;
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 20 * SIM_MS);
	ck_assert_int_eq(sim_pf(w.sim, w.vf->card, PFC_STOP, 1, NULL), 0);
	w.vf->hold_steps = 0;
	sim_run(w.sim, 1000 * SIM_MS);
	ck_assert_uint_eq(w.vf->wedged, 1);
	ck_assert_uint_eq(count(w.vf->log, "migration recovery failed (-ENXIO)"), 1);
	sim_free(w.sim);
}
END_TEST

/* FLR during recovery: what the driver says next meets a VF that knows
 * nothing of it, and it wedges; afterwards a fresh driver boots and works. */
START_TEST(R_56_flr_in_recovery)
{
	struct world w;

	world_begin(&w, 1);
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = _i ? 20 : 28;
	world_run(&w);
	w.vf->hold_steps = 1u << (_i ? VFC_STEP_SEED_FIXUPS : VFC_STEP_QUERY);
	ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	sim_run(w.sim, 20 * SIM_MS);
	ck_assert_uint_ne(w.vf->held, 0);
	ck_assert_int_eq(sim_pf(w.sim, w.vf->card, PFC_FLR, 1, NULL), 0);
	ck_assert_int_eq(sim_state(w.sim, w.vf, 0), GUC_VFS_READY);
	w.vf->hold_steps = 0;
	sim_run(w.sim, 3000 * SIM_MS);
	if (!_i)
		ck_assert_uint_eq(w.vf->wedged, 1);
	/* The seed does not look at the answer: its user gives it up. */
	else
		vfc_wedge(w.vf->vfc, -ENODEV);
	ck_assert_int_eq(sim_boot(w.sim, w.vf), 0);
	w.vf->jobs_ok = w.vf->jobs_bad = w.vf->wedged = 0;
	load_start(&w.load, w.sim, w.vf, 2, true);
	world_end(&w);
}
END_TEST

/* M-33: an image restores to any base with GuC-held addresses right. */
START_TEST(M_33_position_independence)
{
	struct world w;

	world_begin(&w, 1);
	world_run(&w);
	for (unsigned i = 0; i < 10; i++) {
		sim_made_with()->vf_start[1 - w.vf->card] =
			(40 + 24 * (uint64_t)i) * MIB + i * 4096;
		ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
		ck_assert_msg(sim_recovered(w.sim, w.vf), "%s", w.vf->log);
	}
	world_end(&w);
}
END_TEST

static uint64_t hash_of_run(uint64_t seed, uint8_t minor)
{
	struct world w;
	uint64_t hash;

	world_begin(&w, 2);
	w.opt.seed = seed;
	w.opt.abi_minor[0] = w.opt.abi_minor[1] = minor;
	w.opt.random_order = true;
	world_run(&w);
	for (unsigned n = 0; n < 5; n++) {
		sim_run(w.sim, sim_random(w.sim) % SIM_MS);
		ck_assert_int_eq(sim_migrate(w.sim, w.vf), 0);
	}
	ck_assert(sim_recovered(w.sim, w.vf));
	hash = w.sim->hash;
	sim_free(w.sim);
	return hash;
}

/* The same seed twice gives the same event hash; another seed another one. */
START_TEST(test_same_seed_same_hash)
{
	uint8_t minor = _i ? 20 : 28;
	uint64_t hash = hash_of_run(7, minor);

	ck_assert_uint_eq(hash, hash_of_run(7, minor));
	ck_assert_uint_ne(hash, hash_of_run(8, minor));
}
END_TEST

/* Eight VFs migrate one after another while the others work. */
START_TEST(test_many_vfs)
{
	struct sim_options o;
	struct sim *s;
	struct load load[8];

	sim_defaults(&o);
	o.vfs = 8;
	o.gts = 2;
	s = sim_new(&o);
	for (unsigned i = 0; i < 8; i++)
		load_start(&load[i], s, s->vf[i], 1, true);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(sim_migrate(s, s->vf[i]), 0);
	for (unsigned i = 0; i < 8; i++) {
		const char *why;

		ck_assert(sim_recovered(s, s->vf[i]));
		why = load_finish(&load[i]);
		ck_assert_msg(!why, "VF %u: %s", i + 1, why);
	}
	ck_assert_uint_eq(s->card[0].findings + s->card[1].findings, 0);
	sim_free(s);
}
END_TEST

/* A share of a VF that has one already is told to firmware of before 70.53 without what
 * that does not know: it would refuse the whole list. */
START_TEST(older_firmware)
{
	struct pfc_provision p = { .ggtt_size = 8 * MIB, .contexts = 32 };
	struct world w;

	world_begin(&w, 2);
	w.opt.abi_minor[0] = (uint8_t)_i;
	w.sim = sim_new(&w.opt);
	ck_assert_int_eq(sim_pf(w.sim, 0, PFC_PROVISION, 1, &p), 0);
	ck_assert_int_eq(sim_pf(w.sim, 0, PFC_FLR, 1, NULL), 0);
	ck_assert_int_eq(sim_pf(w.sim, 0, PFC_PROVISION, 1, &p), 0);
	sim_free(w.sim);
}
END_TEST

Suite *suite_migration(void)
{
	Suite *s = suite_create("migration");
	TCase *t = tcase_create("recovery");
	const int n_bases = sizeof(bases) / sizeof(bases[0]);
	const int n_stop = sizeof(stoppers) / sizeof(stoppers[0]);
	const int n_seed = sizeof(seed_stoppers) / sizeof(seed_stoppers[0]);

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, R_01_R_02_R_03_R_04_bases, 0, n_bases);
	tcase_add_loop_test(t, R_01_R_02_R_03_R_04_bases_two_gts, 0, n_bases);
	tcase_add_loop_test(t, R_38_bases_seed, 0, n_bases);
	tcase_add_loop_test(t, R_38_bases_seed_two_gts, 0, n_bases);
	tcase_add_test(t, R_06_two_gts);
	tcase_add_loop_test(t, R_06_orders, 0, 2 * ORDERS);
	tcase_add_test(t, R_08_migrated_before_start);
	tcase_add_loop_test(t, R_10_R_11_R_12_stoppers, 0, n_stop);
	tcase_add_loop_test(t, R_10_R_11_R_12_stoppers_two_gts, 0, n_stop);
	tcase_add_loop_test(t, R_14_triple, 0, n_stop);
	tcase_add_test(t, R_14_markers);
	tcase_add_loop_test(t, R_10_R_12_R_14_R_39_stoppers_seed, 0, 4 * n_seed);
	tcase_add_loop_test(t, R_15_random, 0, 8);
	tcase_add_test(t, R_16_marker_wrap);
	tcase_add_test(t, R_53_pause_in_fixups);
	tcase_add_loop_test(t, R_54_cancelled, 0, 2);
	tcase_add_test(t, R_55_stop_in_recovery);
	tcase_add_loop_test(t, R_56_flr_in_recovery, 0, 2);
	tcase_add_test(t, M_33_position_independence);
	tcase_add_loop_test(t, test_same_seed_same_hash, 0, 2);
	tcase_add_test(t, test_many_vfs);
	tcase_add_loop_test(t, older_firmware, 24, 28);
	suite_add_tcase(s, t);
	return s;
}
