/* SPDX-License-Identifier: MIT */
/* The missed-fixup detector against the real driver of this project: every
 * fixup of vf-lifecycle 5.2 left out, and applied twice, is named; ranges that
 * overlap make no difference (design.md, detector; F-.. of vf-lifecycle 6.3). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/exec.h"
#include "load.h"
#include "suites.h"

#define MIB (1ull << 20)

/* Fixups that leave words in the VF's memory which a check at RESFIX_DONE can
 * see when the CTB was drained before the pause. */
static const enum fixup visible[] = { FIXUP_MEMIRQ,   FIXUP_RING_START, FIXUP_INDIRECT_RING,
				      FIXUP_WA_BATCH, FIXUP_JOBS,	FIXUP_WORK_QUEUE,
				      FIXUP_CCS,      FIXUP_BATCH,	FIXUP_CGP };

#define KEPT 512u

/* What the detector said, and what it should have been looking at. */
struct spot {
	struct sim *sim;
	unsigned found[FIXUP_COUNT], n;
	struct guc_finding finding[KEPT];
	unsigned not_there; /* findings that don't name a word of memory */
	/* Contexts at the pause: bit c of [id] is LRC c; and which are parallel or
	 * compression contexts. */
	uint8_t lrcs[64];
	bool parallel[64], ccs[64], group[64];
};

/* A driver of this project maps memory page k at GGTT start + 4096 k. */
static uint32_t word(const struct sim_vf *v, unsigned fn, uint64_t addr)
{
	struct guc_vf_info info;
	uint32_t value;

	guc_vf_info(&v->sim->card[v->card].guc, fn, 0, &info);
	ck_assert_msg(addr >= info.ggtt_start && addr - info.ggtt_start <= v->mem.size - 4,
		      "address %lx", (unsigned long)addr);
	memcpy(&value, v->mem.base + (addr - info.ggtt_start), 4);
	return value;
}

/* The word that a finding says it is about, as it stands in memory; false for
 * what has no context to find it by. Flag bits of the word don't count. */
static bool named_word(const struct sim_vf *v, const struct guc_finding *f, uint32_t *value)
{
	const struct guc_card *c = &v->sim->card[v->card].guc;
	struct guc_context *ctx;
	uint64_t regs, page;

	if (f->context == UINT32_MAX)
		return false;
	ctx = guc_context(c, 0, v->fn, f->context);
	ck_assert_ptr_nonnull(ctx);
	ck_assert(ctx->registered && f->child < guc_lrc_places(ctx));
	regs = (*guc_lrc_desc(c, 0, ctx, f->child) & LRC_DESC_ADDR) + LRC_REGS;
	page = word(v, v->fn, regs + 4 * LRC_INDIRECT_RING) & LRC_DESC_ADDR;
	switch (f->structure) {
	case FIXUP_INDIRECT_RING:
		if (f->dword == LRC_IND_START)
			return false; /* its page is found by the word before */
		ck_assert_uint_eq(f->dword, LRC_INDIRECT_RING);
		break;
	case FIXUP_JOBS:
	case FIXUP_CCS:
		if (page)
			return false;
		*value = word(v, v->fn, (word(v, v->fn, regs + 4 * LRC_RING_START) &
					 LRC_DESC_ADDR) + 4 * f->dword);
		return true;
	case FIXUP_WORK_QUEUE:
		*value = word(v, v->fn, ctx->wq_base + 4 * f->dword);
		return true;
	case FIXUP_CGP:
		ck_assert_uint_eq(f->dword, CGP_LRC(f->child));
		*value = word(v, v->fn, ctx->wq_base + 4 * f->dword);
		return true;
	case FIXUP_BATCH:
	case FIXUP_H2G:
	case FIXUP_COUNT:
		return false;
	case FIXUP_DEFAULT_LRC:
	case FIXUP_MEMIRQ:
	case FIXUP_RING_START:
	case FIXUP_WA_BATCH:
	case FIXUP_INDIRECT_CTX:
		break;
	}
	*value = word(v, v->fn, regs + 4 * f->dword);
	return true;
}

static void spotter(void *user, const struct guc_event *ev)
{
	struct spot *spot = user;
	uint32_t value;

	if (ev->point != GUC_PT_FINDING)
		return;
	spot->found[ev->finding->structure]++;
	if (spot->n < KEPT)
		spot->finding[spot->n++] = *ev->finding;
	if (named_word(spot->sim->vf[0], ev->finding, &value) &&
	    (value ^ ev->finding->new_value) & ~0xFFFu)
		spot->not_there++;
}

static void spot_on(struct spot *spot, struct sim *s)
{
	memset(spot, 0, sizeof(*spot));
	spot->sim = s;
	for (unsigned c = 0; c < SIM_CARDS; c++) {
		s->card[c].sink = spotter;
		s->card[c].sink_user = spot;
	}
}

static void note_contexts(struct spot *spot)
{
	const struct guc_card *c = &spot->sim->card[0].guc;

	for (uint32_t id = 0; id < 64; id++) {
		struct guc_context *ctx = guc_context(c, 0, 1, id);

		if (!ctx || !ctx->registered)
			continue;
		for (unsigned i = 0; i < 8 && i < guc_lrc_places(ctx); i++)
			if (*guc_lrc_desc(c, 0, ctx, i))
				spot->lrcs[id] |= (uint8_t)(1u << i);
		spot->group[id] = ctx->group != 0;
		spot->parallel[id] = ctx->width > 1;
		spot->ccs[id] = ctx->type != GUC_CTX_NORMAL;
	}
}

/* Bases of VF 1, which has 16 MiB: ranges apart, and overlapping both ways. */
static const struct {
	uint64_t from, to;
} moves[] = {
	{ 64 * MIB, 320 * MIB }, { 320 * MIB, 96 * MIB }, { 64 * MIB, 68 * MIB },
	{ 68 * MIB, 64 * MIB },	 { 64 * MIB, 64 * MIB + 4096 },
};
#define MOVES   (int)(sizeof(moves) / sizeof(moves[0]))
#define VISIBLE (int)(sizeof(visible) / sizeof(visible[0]))

static void options_for(struct sim_options *o, enum fixup f, uint8_t minor)
{
	sim_defaults(o);
	o->abi_minor[0] = o->abi_minor[1] = minor;
	o->vf.indirect_ring = f == FIXUP_INDIRECT_RING;
	o->vf.ccs = true;
}

static void migrate_with(struct sim_options *o, unsigned move, struct spot *spot)
{
	struct sim *s;
	struct load load;

	o->vf_start[0] = moves[move].from;
	o->vf_start[1] = moves[move].to;
	s = sim_new(o);
	spot_on(spot, s);
	load_start(&load, s, s->vf[0], 2, true);
	/* A second item behind the blocked one keeps the work queue non-empty. */
	load_more(&load);
	sim_run(s, 5 * SIM_MS);
	note_contexts(spot);
	ck_assert_int_eq(sim_migrate(s, s->vf[0]), 0);
	sim_run(s, 500 * SIM_MS);
	sim_free(s);
}

static bool has(const struct spot *spot, enum fixup f, uint32_t id, uint32_t child, uint32_t dword)
{
	for (unsigned i = 0; i < spot->n; i++) {
		const struct guc_finding *g = &spot->finding[i];

		if (g->structure == f && g->context == id && g->child == child &&
		    g->dword == dword)
			return true;
	}
	return false;
}

/* Words of rows 9 to 11: each is in every LRC. */
static const struct {
	enum fixup fixup;
	uint32_t dword;
} image_words[] = {
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_ENABLE },	   { FIXUP_MEMIRQ, LRC_MEMIRQ_STATUS },
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_SOURCE },	   { FIXUP_RING_START, LRC_RING_START },
	{ FIXUP_INDIRECT_RING, LRC_INDIRECT_RING }, { FIXUP_INDIRECT_RING, LRC_IND_START },
	{ FIXUP_WA_BATCH, LRC_BB_PER_CTX },
};

/* Every LRC of every context is named by each of the fixup's words. */
static void expect_everywhere(const struct spot *spot, enum fixup f)
{
	unsigned words = 0;

	for (size_t w = 0; w < sizeof(image_words) / sizeof(image_words[0]); w++) {
		if (image_words[w].fixup != f)
			continue;
		for (uint32_t id = 0; id < 64; id++) {
			for (uint32_t child = 0; spot->lrcs[id] >> child; child++) {
				ck_assert_msg(has(spot, f, id, child, image_words[w].dword),
					      "%s: context %u.%u dword 0x%x", fixup_name(f), id,
					      child, image_words[w].dword);
				words++;
			}
		}
	}
	if (words)
		ck_assert_uint_eq(spot->found[f], words);
}

/* `f` and nothing else is named, at its words, with what they were and are:
 * still the old address, or moved by `times` shifts. */
static void expect_named(const struct spot *spot, enum fixup f, unsigned move, unsigned times)
{
	uint32_t shift = (uint32_t)(moves[move].to - moves[move].from);
	unsigned wide = 0, ccs = 0, grouped = 0;

	ck_assert_msg(spot->found[f] > 0, "%s was not named", fixup_name(f));
	ck_assert_uint_eq(spot->not_there, 0);
	ck_assert_uint_lt(spot->n, KEPT);
	for (unsigned i = 0; i < spot->n; i++) {
		const struct guc_finding *g = &spot->finding[i];

		/* A job whose batch is not looked after is started at the old
		 * place: its ring is as wrong as the batch (row 20). */
		ck_assert_msg(g->structure == f ||
				      (f == FIXUP_BATCH && g->structure == FIXUP_JOBS),
			      "%s was named where %s was at fault", fixup_name(g->structure),
			      fixup_name(f));
		ck_assert(g->context < 64 && spot->lrcs[g->context] >> g->child & 1);
		if (g->old_value != g->new_value || times == 0) {
			ck_assert_uint_eq(g->expected, g->old_value + shift);
			ck_assert_uint_eq(g->new_value, g->old_value + times * shift);
		}
		wide += g->structure == FIXUP_WORK_QUEUE && spot->parallel[g->context];
		grouped += g->structure == FIXUP_CGP && spot->group[g->context];
		ccs += g->structure == FIXUP_CCS && spot->ccs[g->context] && g->dword == 2;
	}
	if (f == FIXUP_WORK_QUEUE)
		ck_assert_uint_eq(wide, spot->n);
	if (f == FIXUP_CCS)
		ck_assert_uint_eq(ccs, 2);
	if (f == FIXUP_CGP)
		ck_assert_uint_eq(grouped, LOAD_GROUP);
	expect_everywhere(spot, f);
}

static void fault_case(int i, bool twice, uint8_t minor)
{
	enum fixup f = visible[i % VISIBLE];
	unsigned move = (unsigned)(i / VISIBLE);
	struct sim_options o;
	static struct spot spot;

	options_for(&o, f, minor);
	if (twice)
		o.vf.twice_fixups = 1u << f;
	else
		o.vf.skip_fixups = 1u << f;
	migrate_with(&o, move, &spot);
	expect_named(&spot, f, move, twice ? 2 : 0);
}

/* F-09 to F-18, R-04: a fixup left out is named at each of its words, and no
 * other is, wherever the ranges lie. */
START_TEST(test_F_each_skipped)
{
	fault_case(_i, false, 28);
}
END_TEST

/* F-32's reverse, R-04: the same for a fixup applied twice. */
START_TEST(test_F_each_twice)
{
	fault_case(_i, true, 28);
}
END_TEST

/* F-09 to F-18 by the seed's recovery: left out. */
START_TEST(test_F_each_skipped_seed)
{
	fault_case(_i, false, 26);
}
END_TEST

/* F-32's reverse by the seed's recovery: applied twice. */
START_TEST(test_F_each_twice_seed)
{
	fault_case(_i, true, 26);
}
END_TEST

/* A right recovery has no finding, wherever the ranges lie, with every kind of
 * structure there, in both generations. */
START_TEST(test_F_none_skipped)
{
	enum fixup f = _i & 1 ? FIXUP_INDIRECT_RING : FIXUP_RING_START;
	static struct spot spot;
	struct sim_options o;

	options_for(&o, f, _i & 2 ? 26 : 28);
	migrate_with(&o, (unsigned)_i / 4, &spot);
	ck_assert_uint_eq(spot.n, 0);
	ck_assert(spot.lrcs[0] != 0);
}
END_TEST

/* F-08: contexts made from a stale default image after the recovery are named. */
START_TEST(F_08_made_afterwards)
{
	struct sim_options o;
	static struct spot spot;
	struct sim *s;
	struct load load;
	struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 1 };
	int id;

	sim_defaults(&o);
	o.vf.skip_fixups = 1u << FIXUP_DEFAULT_LRC;
	s = sim_new(&o);
	spot_on(&spot, s);
	load_start(&load, s, s->vf[0], 1, false);
	ck_assert_int_eq(sim_migrate(s, s->vf[0]), 0);
	ck_assert(sim_recovered(s, s->vf[0]));
	ck_assert_uint_eq(spot.found[FIXUP_DEFAULT_LRC], 0);
	id = vfc_queue_create(s->vf[0]->vfc, 0, GUC_CLASS_RENDER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_gt(vfc_job_submit(s->vf[0]->vfc, 0, (uint32_t)id, &job), 0);
	sim_run(s, 50 * SIM_MS);
	ck_assert_uint_gt(spot.found[FIXUP_DEFAULT_LRC], 0);
	sim_free(s);
}
END_TEST

Suite *suite_detector(void)
{
	Suite *s = suite_create("detector");
	TCase *t = tcase_create("fixups");
	const int n = VISIBLE * MOVES;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_F_each_skipped, 0, n);
	tcase_add_loop_test(t, test_F_each_twice, 0, n);
	tcase_add_loop_test(t, test_F_each_skipped_seed, 0, n);
	tcase_add_loop_test(t, test_F_each_twice_seed, 0, n);
	tcase_add_loop_test(t, test_F_none_skipped, 0, 4 * MOVES);
	tcase_add_test(t, F_08_made_afterwards);
	suite_add_tcase(s, t);
	return s;
}
