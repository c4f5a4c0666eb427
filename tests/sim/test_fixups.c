/* SPDX-License-Identifier: MIT */
/* The rows of vf-lifecycle 5.2, one by one (section 6.3): the driver's memory
 * is compared word by word between the pause and the moment before the GuC is
 * told that all is fixed; what a fixup left out does is seen in memory and in
 * what the detector says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/exec.h"
#include "fixup_stage.h"
#include "proto/mi.h"
#include "suites.h"

/* The driver leaves `row` out: its words stay, and the detector says so. */
static void expect_missed(const struct sim_options *right, enum fixup row, unsigned least)
{
	struct sim_options o = *right;
	const struct sim_card *there;
	struct stage_count c;

	sim_free(stage->s);
	o.vf.skip_fixups = 1u << row;
	stage_boot(&o);
	stage_move(&o);
	c = stage_words(row);
	ck_assert_uint_eq(c.moved, 0);
	ck_assert_uint_ge(c.stale, least);
	there = &stage->s->card[stage->v->card];
	ck_assert_uint_eq(there->findings, 0);
	stage_go_on();
	if (row == FIXUP_DEFAULT_LRC)
		return; /* no context has the stale image yet */
	ck_assert_uint_gt(there->findings, 0);
	ck_assert_uint_eq(there->first_finding.structure, row);
	ck_assert_uint_eq(there->first_finding.old_value, there->first_finding.new_value);
}

/* A row from both sides. */
static void row_case(int i, enum fixup row, unsigned least, bool indirect_ring)
{
	struct sim_options o;

	stage_options(&o, i);
	o.vf.indirect_ring = indirect_ring;
	stage_boot(&o);
	stage_move(&o);
	stage_expect_moved(row, least);
	stage_end_well();
	expect_missed(&o, row, least);
}

/* --- the rows ------------------------------------------------------------------------- */

/* LRCs of the load: two queues, a parallel pair, a group, two compression ones. */
#define LRCS (2u + 2u + LOAD_GROUP + 2u)

START_TEST(F_08_default_image)
{
	/* Row 8: three memirq dwords in the image of each engine class. */
	row_case(_i, FIXUP_DEFAULT_LRC, 3 * GUC_CLASS_OTHER, false);
}
END_TEST

START_TEST(F_09_memirq)
{
	/* Row 9: three memirq dwords in every context's image. */
	row_case(_i, FIXUP_MEMIRQ, 3 * LRCS, false);
}
END_TEST

START_TEST(F_10a_ring_start)
{
	/* Row 10a: ring start in every image without indirect ring state. */
	row_case(_i, FIXUP_RING_START, LRCS, false);
}
END_TEST

START_TEST(F_10b_indirect_ring)
{
	/* Row 10b: pointer to the state page, and the ring start in it. */
	row_case(_i, FIXUP_INDIRECT_RING, 2 * LRCS, true);
}
END_TEST

START_TEST(F_11_workaround_batch)
{
	/* Row 11: pointer, bit 0 set, and the address in the batch itself. */
	unsigned valid = 0;

	row_case(_i, FIXUP_WA_BATCH, 2 * LRCS, false);
	for (size_t i = 0; i < stage->n; i++)
		valid += stage->place[i].row == FIXUP_WA_BATCH &&
			 (stage_word(stage->after, stage->place[i].at) & 1);
	ck_assert_uint_eq(valid, LRCS);
}
END_TEST

START_TEST(F_13_unfinished_jobs)
{
	/* Row 13: rings of unfinished jobs are emitted again, at the same place. */
	row_case(_i, FIXUP_JOBS, 2 * LRCS, false);
}
END_TEST

START_TEST(F_18_compression_contexts)
{
	/* Row 18: the batch's address in the compression contexts' rings. */
	row_case(_i, FIXUP_CCS, 2, false);
}
END_TEST

/* Work items between head and tail of parallel queues that are of `type`. */
static unsigned items(const uint8_t *mem, uint32_t type, uint32_t *desc)
{
	const struct vfc_gt *gt = &stage->v->vfc->gt[0];
	unsigned n = 0;

	for (uint32_t id = 0; id < gt->queue_top; id++) {
		const struct vfc_queue *q = &gt->queue[id];
		size_t hwsp, at, tail;

		if (!q->used || q->child || q->width < 2)
			continue;
		hwsp = vfc_lrc_hwsp(stage->v->vfc, q, 0);
		at = stage_word(mem, hwsp + WQ_DESC + WQ_DESC_HEAD) % WQ_BYTES;
		tail = stage_word(mem, hwsp + WQ_DESC + WQ_DESC_TAIL) % WQ_BYTES;
		for (unsigned i = 0; i < WQ_BYTES / 4 && at != tail; i++) {
			uint32_t item = stage_word(mem, hwsp + WQ_BASE + at);

			if (field_get(WQ_TYPE, item) == type) {
				*desc = stage_word(mem, hwsp + WQ_BASE + at + 4);
				n++;
			}
			at = (at + 4 + 4 * field_get(WQ_LENGTH, item)) % WQ_BYTES;
		}
	}
	return n;
}

START_TEST(F_15_work_queue)
{
	/* Row 15: unread items become no-ops before the GuC may read them; what is
	 * appended after it carries the new address. Not done, it is named. */
	struct sim_options o;
	uint32_t desc = 0;

	stage_options(&o, _i);
	stage_boot(&o);
	stage_move(&o);
	ck_assert_uint_gt(items(stage->before, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_lt(desc - (uint32_t)stage->from, stage->size);
	ck_assert_uint_eq(items(stage->after, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_gt(items(stage->after, WQ_TYPE_NOOP, &desc), 0);
	stage_go_on();
	ck_assert_uint_gt(items(stage->v->mem.base, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_lt(desc - (uint32_t)stage->to, stage->size);
	stage_end_well();
	expect_missed(&o, FIXUP_WORK_QUEUE, 1);
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

/* A registration that the GuC has not read, and no drain at the pause. */
static void boot_unread(const struct sim_options *o)
{
	const struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 1 };
	int id;

	stage_boot(o);
	stage->s->card[0].guc.hook = swallow_doorbell;
	id = vfc_queue_create(stage->v->vfc, 0, GUC_CLASS_BLITTER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_gt(vfc_job_submit(stage->v->vfc, 0, (uint32_t)id, &job), 0);
	stage->load.submitted++;
	sim_run(stage->s, 2 * SIM_MS);
	stage->s->card[0].guc.hook = NULL;
}

START_TEST(F_06_h2g)
{
	/* Row 6: H2G that was not read at the pause is all zero before DONE, head
	 * and tail as they were; left in place, it is named. */
	const struct vfc_gt *gt;
	struct sim_options o;
	unsigned unread = 0;

	stage_options(&o, _i);
	o.no_drain = true;
	boot_unread(&o);
	stage_move(&o);
	gt = &stage->v->vfc->gt[0];
	for (size_t i = 0; i < stage->n; i++)
		unread += stage->place[i].row == FIXUP_H2G;
	ck_assert_uint_gt(unread, 0);
	for (size_t at = 0; at < CTB_H2G_BYTES; at += 4)
		ck_assert_uint_eq(stage_word(stage->after, gt->h2g_off + GGTT_PAGE + at), 0);
	for (size_t at = 0; at < 8; at += 4)
		ck_assert_uint_eq(stage_word(stage->after, gt->h2g_off + at),
				  stage_word(stage->before, gt->h2g_off + at));
	stage_end_well();

	sim_free(stage->s);
	o.vf.skip_fixups = 1u << FIXUP_H2G;
	boot_unread(&o);
	stage_move(&o);
	ck_assert_uint_gt(stage_words(FIXUP_H2G).stale, 0);
	stage_go_on();
	ck_assert_uint_gt(stage->s->card[1].findings, 0);
	ck_assert_uint_eq(stage->s->card[1].first_finding.structure, FIXUP_H2G);
}
END_TEST

/* --- all rows together ---------------------------------------------------------------- */

struct zeros {
	unsigned registrations, bad;
};

/* Registrations of ordinary contexts: dwords 5 to 9 are zero. */
static void see_registration(void *user, const struct guc_event *ev)
{
	struct zeros *z = user;

	if (ev->point != GUC_PT_H2G || ev->fn != 1 || ev->code != GUC_ACTION_REGISTER_CONTEXT ||
	    ev->msg_len < 12)
		return;
	z->registrations++;
	for (unsigned i = 5; i <= 9; i++)
		z->bad += ev->msg[i] != 0;
}

START_TEST(F_30_zero_stays_zero)
{
	/* A context without work queue has none after the move either: zero in
	 * what the GuC keeps, and in what the driver registers again. */
	struct zeros z = { 0 };
	struct sim_options o;
	unsigned plain = 0;

	stage_options(&o, _i);
	o.no_drain = true;
	boot_unread(&o);
	stage->s->card[1].sink = see_registration;
	stage->s->card[1].sink_user = &z;
	stage_move(&o);
	for (uint32_t id = 0; id < 64; id++) {
		const struct guc_context *ctx = guc_context(&stage->s->card[1].guc, 0, 1, id);

		if (!ctx || !ctx->registered || ctx->width > 1 || ctx->group)
			continue;
		ck_assert_uint_eq(ctx->wq_desc, 0);
		ck_assert_uint_eq(ctx->wq_base, 0);
		plain++;
	}
	ck_assert_uint_ge(plain, 2);
	stage_end_well();
	ck_assert_uint_gt(z.registrations, 0);
	ck_assert_uint_eq(z.bad, 0);
}
END_TEST

/* True where the recovery writes something beside addresses. */
static bool may_change(size_t at)
{
	const struct vfc *v = stage->v->vfc;
	const struct vfc_gt *gt = &v->gt[0];

	if (at - gt->h2g_off < GGTT_PAGE + CTB_H2G_BYTES)
		return true; /* row 6 */
	if (at - v->memirq < GGTT_PAGE)
		return true; /* row 23: interrupt bytes and mask */
	for (uint32_t id = 0; id < gt->queue_top; id++) {
		const struct vfc_queue *q = &gt->queue[id];

		if (q->used && !q->child && q->width > 1 &&
		    at - (vfc_lrc_hwsp(v, q, 0) + WQ_BASE) < WQ_BYTES)
			return true; /* row 15 */
	}
	return false;
}

static bool is_place(size_t at)
{
	for (size_t i = 0; i < stage->n; i++)
		if (stage->place[i].at == at)
			return true;
	return false;
}

/* Words that differ though nothing says that they may. */
static unsigned strange(bool places_too)
{
	unsigned n = 0;

	for (size_t at = 0; at < stage->size; at += 4)
		if (stage_word(stage->before, at) != stage_word(stage->after, at) && !may_change(at) &&
		    (places_too || !is_place(at)))
			n++;
	return n;
}

START_TEST(F_31_same_base)
{
	/* With the base unchanged no address word changes. */
	struct sim_options o;

	stage_options(&o, _i % 2);
	o.vf_start[1] = o.vf_start[0];
	stage_boot(&o);
	stage_move(&o);
	ck_assert_uint_gt(stage->n, 100);
	ck_assert_uint_eq(strange(true), 0);
	stage_end_well();
}
END_TEST

/* Everything that the recovery fixes, once more. */
static void fix_again(struct vfc_gt *gt)
{
	vfc_fixup_ccs(gt);
	vfc_fixup_default_images(gt);
	for (uint32_t id = 0; id < gt->queue_top; id++) {
		struct vfc_queue *q = &gt->queue[id];

		if (!q->used || q->child)
			continue;
		vfc_fixup_queue(gt, q);
		for (uint32_t n = q->jobs_done + 1; n != q->jobs_made + 1; n++)
			if (queue_job(q, n)->emitted)
				vfc_job_emit(gt, q, queue_job(q, n), 0);
		if (q->width > 1)
			vfc_wq_blank(gt->v, q);
	}
}

START_TEST(F_32_twice)
{
	/* The whole procedure applied twice gives the bytes of once. */
	struct sim_options o;

	stage_options(&o, _i);
	o.vf.indirect_ring = _i & 1;
	stage_boot(&o);
	stage_move(&o);
	fix_again(&stage->v->vfc->gt[0]);
	ck_assert_int_eq(memcmp(stage->v->mem.base, stage->after, stage->size), 0);
	stage_end_well();
}
END_TEST

START_TEST(F_33_nothing_else)
{
	/* No word outside the rows' places changes. */
	struct sim_options o;

	stage_options(&o, _i);
	o.vf.indirect_ring = _i & 1;
	stage_boot(&o);
	stage_move(&o);
	ck_assert_uint_eq(strange(false), 0);
	ck_assert_uint_gt(strange(true), 100);
	stage_end_well();
}
END_TEST

START_TEST(F_34_upper_dwords)
{
	/* The range ends below 4 GiB: the upper dword of every 64-bit address stays
	 * 0, at the highest base too. */
	struct sim_options o;
	unsigned wide = 0;

	stage_options(&o, _i);
	o.ggtt_size = 1ull << 32;
	o.ggtt_offset[1] = 0;
	o.vf_start[0] = 64 * MIB;
	o.vf_start[1] = GGTT_TOP - o.vf_ggtt;
	stage_boot(&o);
	stage_move(&o);
	for (size_t i = 0; i < stage->n; i++) {
		const struct place *p = &stage->place[i];

		if (p->row != FIXUP_JOBS && p->row != FIXUP_CCS && p->row != FIXUP_BATCH &&
		    !(p->row == FIXUP_WA_BATCH && stage_word(stage->before, p->at - 4) == MI_SDI_DWORD_GGTT))
			continue;
		ck_assert_uint_eq(stage_word(stage->before, p->at + 4), 0);
		ck_assert_uint_eq(stage_word(stage->after, p->at + 4), 0);
		ck_assert_uint_ge(stage_word(stage->after, p->at), o.vf_start[1]);
		wide++;
	}
	ck_assert_uint_gt(wide, 2 * LRCS);
	stage_end_well();
}
END_TEST

/* The rows that Linux 7.2 leaves alone. */
static const enum fixup gaps[] = { FIXUP_INDIRECT_CTX, FIXUP_BATCH, FIXUP_CGP };

START_TEST(F_35_gap_rows)
{
	/* Rows 12, 20 and 21 are fixed by this driver and stale with one that does as
	 * Linux 7.2, where the detector names them and no others. */
	struct sim_options o;
	unsigned named[FIXUP_COUNT] = { 0 };
	struct guc_finding found[GUC_FINDINGS_KEPT];
	int n;

	stage_options(&o, _i);
	stage_boot(&o);
	stage_move(&o);
	for (unsigned r = 0; r < 3; r++)
		stage_expect_moved(gaps[r], 1);
	stage_end_well();

	sim_free(stage->s);
	o.vf.quirks = VFC_QUIRK_BIT(FIXUP_GAPS);
	stage_boot(&o);
	stage_move(&o);
	for (unsigned r = 0; r < 3; r++) {
		ck_assert_uint_eq(stage_words(gaps[r]).moved, 0);
		ck_assert_uint_gt(stage_words(gaps[r]).stale, 0);
	}
	stage_expect_moved(FIXUP_MEMIRQ, 3 * LRCS);
	stage_expect_moved(FIXUP_RING_START, LRCS);
	stage_go_on();
	n = guc_findings(&stage->s->card[1].guc, 1, 0, found, GUC_FINDINGS_KEPT);
	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++)
		named[found[i].structure]++;
	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		if (f != FIXUP_INDIRECT_CTX && f != FIXUP_BATCH && f != FIXUP_CGP &&
		    f != FIXUP_JOBS)
			ck_assert_msg(named[f] == 0, "%s was named", fixup_name((enum fixup)f));
	for (unsigned r = 0; r < 3; r++)
		ck_assert_msg(named[gaps[r]] > 0, "%s was not named", fixup_name(gaps[r]));
}
END_TEST

Suite *suite_fixups(void)
{
	Suite *s = suite_create("fixups");
	TCase *t = tcase_create("fixups");

	tcase_add_checked_fixture(t, stage_setup, stage_teardown);
	tcase_add_loop_test(t, F_06_h2g, 0, CASES);
	tcase_add_loop_test(t, F_08_default_image, 0, CASES);
	tcase_add_loop_test(t, F_09_memirq, 0, CASES);
	tcase_add_loop_test(t, F_10a_ring_start, 0, CASES);
	tcase_add_loop_test(t, F_10b_indirect_ring, 0, CASES);
	tcase_add_loop_test(t, F_11_workaround_batch, 0, CASES);
	tcase_add_loop_test(t, F_13_unfinished_jobs, 0, CASES);
	tcase_add_loop_test(t, F_15_work_queue, 0, CASES);
	tcase_add_loop_test(t, F_18_compression_contexts, 0, CASES);
	tcase_add_loop_test(t, F_30_zero_stays_zero, 0, CASES);
	tcase_add_loop_test(t, F_31_same_base, 0, 2);
	tcase_add_loop_test(t, F_32_twice, 0, CASES);
	tcase_add_loop_test(t, F_33_nothing_else, 0, CASES);
	tcase_add_loop_test(t, F_34_upper_dwords, 0, 2);
	tcase_add_loop_test(t, F_35_gap_rows, 0, CASES);
	suite_add_tcase(s, t);
	return s;
}
