/* SPDX-License-Identifier: MIT */
/* See fixup_stage.h. Where addresses are is taken from the driver's layout, not
 * from its fixups. */
#include "fixup_stage.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint64_t from, to;
} moves[MOVES] = {
	{ 64 * MIB, 320 * MIB }, { 320 * MIB, 96 * MIB }, { 64 * MIB, 64 * MIB + 4096 },
};

struct stage *stage;

void stage_setup(void)
{
	stage = calloc(1, sizeof(*stage));
	ck_assert_ptr_nonnull(stage);
}

void stage_teardown(void)
{
	free(stage->before);
	free(stage->after);
	if (stage->s)
		sim_free(stage->s);
	free(stage);
}

uint32_t stage_word(const uint8_t *mem, size_t at)
{
	uint32_t v;

	memcpy(&v, mem + at, sizeof(v));
	return v;
}

static uint8_t *copy_of(const struct sim_vf *v)
{
	uint8_t *p = malloc(v->mem.size);

	ck_assert_ptr_nonnull(p);
	memcpy(p, v->mem.base, v->mem.size);
	return p;
}

/* --- where addresses are -------------------------------------------------------------- */

static void add(enum fixup row, size_t at, size_t target)
{
	ck_assert_uint_lt(stage->n, PLACES);
	stage->place[stage->n++] = (struct place){ row, at, target };
}

/* Every word of [at, at + bytes) that points into the VF's old range. */
static void add_found(enum fixup row, size_t at, size_t bytes)
{
	for (size_t end = at + bytes; at < end; at += 4)
		if (stage_word(stage->before, at) - (uint32_t)stage->from < stage->size)
			add(row, at, SIZE_MAX);
}

/* vf-lifecycle 5.2 rows 8 and 9: dwords 0x52, 0x57, 0x59 of a register image. */
static void add_memirq(enum fixup row, size_t regs)
{
	size_t page = stage->v->vfc->memirq;

	add(row, regs + 4 * 0x52, page + 0x440);
	add(row, regs + 4 * 0x57, page);
	add(row, regs + 4 * 0x59, page + 0x400);
}

static void add_lrc(const struct vfc_queue *q, unsigned i)
{
	const struct vfc *v = stage->v->vfc;
	size_t regs = vfc_lrc_regs(v, q, i), ring = vfc_lrc_ring(v, q, i);

	add_memirq(FIXUP_MEMIRQ, regs);
	if (v->opt.indirect_ring) {
		size_t page = vfc_lrc_indirect_ring(v, q, i);

		add(FIXUP_INDIRECT_RING, regs + 4 * 0x27, page);
		add(FIXUP_INDIRECT_RING, page + 4 * 0x07, ring);
	} else {
		add(FIXUP_RING_START, regs + 4 * 0x09, ring);
	}
	add(FIXUP_WA_BATCH, regs + 4 * 0x13, vfc_lrc_wa(v, q, i));
	add(FIXUP_WA_BATCH, vfc_lrc_wa(v, q, i) + 4, vfc_lrc_hwsp(v, q, i) + 512);
	if (q->engine_class == GUC_CLASS_RENDER)
		add(FIXUP_INDIRECT_CTX, regs + 4 * 0x15, vfc_lrc_indirect_ctx(v, q, i));
}

static void add_jobs(struct vfc_queue *q)
{
	const struct vfc *v = stage->v->vfc;

	for (uint32_t n = q->jobs_done + 1; n != q->jobs_made + 1; n++) {
		struct vfc_job_slot *j = queue_job(q, n);

		for (unsigned i = 0; i < q->width && j->emitted; i++) {
			size_t bytes = 4ull * (j->length + 5);

			add_found(FIXUP_JOBS, vfc_lrc_ring(v, q, i) + vfc_job_tail(n - 1),
				  JOB_RING_BYTES);
			if (j->batch == SIZE_MAX)
				add_found(FIXUP_BATCH, vfc_lrc_data(v, q, i) +
						       DATA_BATCH(n % VFC_MAX_JOBS), 128);
			else
				add_found(FIXUP_BATCH, j->batch + i * bytes, bytes);
		}
	}
}

static void add_queue(struct vfc_queue *q)
{
	const struct vfc *v = stage->v->vfc;

	for (unsigned i = 0; i < q->width; i++)
		add_lrc(q, i);
	if (q->kind != VFC_QUEUE_JOBS)
		add(FIXUP_CCS, vfc_lrc_ring(v, q, 0) + 8, vfc_lrc_data(v, q, 0));
	else
		add_jobs(q);
	if (q->width > 1)
		add_found(FIXUP_WORK_QUEUE, vfc_lrc_hwsp(v, q, 0) + WQ_BASE, WQ_BYTES);
	if (q->entered)
		add(FIXUP_CGP, q->page + 4 * CGP_LRC(q->place), vfc_lrc_hwsp(v, q, 0));
}

static void add_all(void)
{
	struct vfc_gt *gt = &stage->v->vfc->gt[0];

	for (unsigned c = 0; c < GUC_CLASS_OTHER; c++)
		add_memirq(FIXUP_DEFAULT_LRC, gt->image[c] + LRC_REGS);
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			add_queue(&gt->queue[id]);
	add_found(FIXUP_H2G, gt->h2g_off + GGTT_PAGE, CTB_H2G_BYTES);
}

/* --- the stage ------------------------------------------------------------------------ */

void stage_options(struct sim_options *o, int i)
{
	sim_defaults(o);
	o->abi_minor[0] = o->abi_minor[1] = i % 2 ? 26 : GUC_ABI_MAX_MINOR;
	o->vf_start[0] = moves[i / 2].from;
	o->vf_start[1] = moves[i / 2].to;
	o->vf.ccs = true;
}

static uint32_t last_step(const struct sim_options *o)
{
	return 1u << (o->abi_minor[0] < GUC_ABI_MARKERS ? VFC_STEP_SEED_NOTIFY : VFC_STEP_DONE);
}

static bool is_held(void *arg)
{
	const struct sim_vf *v = arg;

	return v->held != 0;
}

/* A load of every kind, with jobs that run and work items that wait. */
void stage_boot(const struct sim_options *o)
{
	stage->s = sim_new(o);
	stage->v = stage->s->vf[0];
	stage->size = stage->v->mem.size;
	load_start(&stage->load, stage->s, stage->v, 2, true);
	load_more(&stage->load);
	sim_run(stage->s, 5 * SIM_MS);
}

/* Move, and stop before the GuC is told. */
void stage_move(const struct sim_options *o)
{
	uint8_t *image = NULL;
	size_t len;

	free(stage->before);
	free(stage->after);
	stage->n = 0;
	stage->v->held = 0;
	stage->v->hold_steps = last_step(o);
	stage->from = o->vf_start[stage->v->card];
	stage->to = o->vf_start[1 - stage->v->card];
	ck_assert_int_eq(sim_migrate_out(stage->s, stage->v, &image, &len), 0);
	stage->before = copy_of(stage->v);
	add_all();
	ck_assert_int_eq(sim_migrate_in(stage->s, stage->v, image, len), 0);
	free(image);
	ck_assert(sim_until(stage->s, is_held, stage->v, 5000 * SIM_MS));
	stage->after = copy_of(stage->v);
}

void stage_go_on(void)
{
	stage->v->hold_steps = 0;
	sim_run(stage->s, 500 * SIM_MS);
}

/* The recovery ends, every job ends once and right, nothing was found. */
void stage_end_well(void)
{
	const char *why;

	stage_go_on();
	ck_assert(sim_recovered(stage->s, stage->v));
	why = load_finish(&stage->load);
	ck_assert_msg(!why, "%s", why);
	ck_assert_uint_eq(stage->s->card[0].findings + stage->s->card[1].findings, 0);
}

struct stage_count stage_words(enum fixup row)
{
	uint32_t shift = (uint32_t)(stage->to - stage->from);
	struct stage_count c = { 0 };

	for (size_t i = 0; i < stage->n; i++) {
		const struct place *p = &stage->place[i];
		uint32_t old = stage_word(stage->before, p->at), new = stage_word(stage->after, p->at);

		if (p->row != row)
			continue;
		/* Beside the address a word has flags at most. */
		if (p->target != SIZE_MAX)
			ck_assert_uint_le(old - (uint32_t)(stage->from + p->target), LRC_DESC_KERNEL);
		c.moved += new == old + shift;
		c.stale += new == old;
		ck_assert_msg(new == old || new == old + shift, "%s at 0x%zx: 0x%x, then 0x%x",
			      fixup_name(row), p->at, old, new);
	}
	return c;
}

void stage_expect_moved(enum fixup row, unsigned least)
{
	struct stage_count c = stage_words(row);

	ck_assert_uint_ge(c.moved, least);
	ck_assert_uint_eq(c.stale, 0);
}
