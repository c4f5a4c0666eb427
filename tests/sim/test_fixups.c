/* SPDX-License-Identifier: MIT */
/* The rows of vf-lifecycle 5.2, one by one (section 6.3): the driver's memory
 * is compared word by word between the pause and the moment before the GuC is
 * told that all is fixed. Where addresses are is taken from the driver's
 * layout, not from its fixups; what a fixup left out does is seen in memory
 * and in what the detector says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/exec.h"
#include "load.h"
#include "proto/mi.h"
#include "suites.h"
#include "vfclient/vfc_priv.h"

#define MIB (1ull << 20)

/* Bases of a VF of 16 MiB: up, down, and overlapping by all but a page. */
static const struct {
	uint64_t from, to;
} moves[] = {
	{ 64 * MIB, 320 * MIB }, { 320 * MIB, 96 * MIB }, { 64 * MIB, 64 * MIB + 4096 },
};
#define MOVES (int)(sizeof(moves) / sizeof(moves[0]))
/* Each move in both generations of the recovery. */
#define CASES (2 * MOVES)

/* An address word of the driver's memory, of one row. */
struct place {
	enum fixup row;
	size_t at;
	size_t target; /* what it points to, as an offset; SIZE_MAX: not known here */
};
#define PLACES 8192u

/* A migration stopped before RESFIX_DONE. */
struct stage {
	struct sim *s;
	struct sim_vf *v;
	struct load load;
	uint64_t from, to;
	size_t size;
	uint8_t *before, *after;
	struct place place[PLACES];
	size_t n;
};

static struct stage *g;

static void setup(void)
{
	g = calloc(1, sizeof(*g));
	ck_assert_ptr_nonnull(g);
}

static void teardown(void)
{
	free(g->before);
	free(g->after);
	if (g->s)
		sim_free(g->s);
	free(g);
}

static uint32_t get(const uint8_t *mem, size_t at)
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
	ck_assert_uint_lt(g->n, PLACES);
	g->place[g->n++] = (struct place){ row, at, target };
}

/* Every word of [at, at + bytes) that points into the VF's old range. */
static void add_found(enum fixup row, size_t at, size_t bytes)
{
	for (size_t end = at + bytes; at < end; at += 4)
		if (get(g->before, at) - (uint32_t)g->from < g->size)
			add(row, at, SIZE_MAX);
}

/* vf-lifecycle 5.2 rows 8 and 9: dwords 0x52, 0x57, 0x59 of a register image. */
static void add_memirq(enum fixup row, size_t regs)
{
	size_t page = g->v->vfc->memirq;

	add(row, regs + 4 * 0x52, page + 0x440);
	add(row, regs + 4 * 0x57, page);
	add(row, regs + 4 * 0x59, page + 0x400);
}

static void add_lrc(const struct vfc_queue *q, unsigned i)
{
	const struct vfc *v = g->v->vfc;
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
	const struct vfc *v = g->v->vfc;

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
	const struct vfc *v = g->v->vfc;

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
	struct vfc_gt *gt = &g->v->vfc->gt[0];

	for (unsigned c = 0; c < GUC_CLASS_OTHER; c++)
		add_memirq(FIXUP_DEFAULT_LRC, gt->image[c] + LRC_REGS);
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			add_queue(&gt->queue[id]);
	add_found(FIXUP_H2G, gt->h2g_off + GGTT_PAGE, CTB_H2G_BYTES);
}

/* --- the stage ------------------------------------------------------------------------ */

static void options_for(struct sim_options *o, int i)
{
	sim_defaults(o);
	o->abi_minor[0] = o->abi_minor[1] = i % 2 ? 20 : GUC_ABI_MAX_MINOR;
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
static void boot(const struct sim_options *o)
{
	g->s = sim_new(o);
	g->v = &g->s->vf[0];
	g->size = g->v->mem.size;
	load_start(&g->load, g->s, g->v, 2, true);
	load_more(&g->load);
	sim_run(g->s, 5 * SIM_MS);
}

/* Move, and stop before the GuC is told. */
static void move(const struct sim_options *o)
{
	uint8_t *image = NULL;
	size_t len;

	free(g->before);
	free(g->after);
	g->n = 0;
	g->v->held = 0;
	g->v->hold_steps = last_step(o);
	g->from = o->vf_start[g->v->card];
	g->to = o->vf_start[1 - g->v->card];
	ck_assert_int_eq(sim_migrate_out(g->s, g->v, &image, &len), 0);
	g->before = copy_of(g->v);
	add_all();
	ck_assert_int_eq(sim_migrate_in(g->s, g->v, image, len), 0);
	free(image);
	ck_assert(sim_until(g->s, is_held, g->v, 5000 * SIM_MS));
	g->after = copy_of(g->v);
}

static void go_on(void)
{
	g->v->hold_steps = 0;
	sim_run(g->s, 500 * SIM_MS);
}

/* The recovery ends, every job ends once and right, nothing was found. */
static void end_well(void)
{
	const char *why;

	go_on();
	ck_assert(sim_recovered(g->s, g->v));
	why = load_finish(&g->load);
	ck_assert_msg(!why, "%s", why);
	ck_assert_uint_eq(g->s->card[0].findings + g->s->card[1].findings, 0);
}

/* Words of a row that moved with the base, and that stayed; how many. */
struct count {
	unsigned moved, stale;
};

static struct count count(enum fixup row)
{
	uint32_t shift = (uint32_t)(g->to - g->from);
	struct count c = { 0 };

	for (size_t i = 0; i < g->n; i++) {
		const struct place *p = &g->place[i];
		uint32_t old = get(g->before, p->at), new = get(g->after, p->at);

		if (p->row != row)
			continue;
		/* Beside the address a word has flags at most. */
		if (p->target != SIZE_MAX)
			ck_assert_uint_le(old - (uint32_t)(g->from + p->target), LRC_DESC_KERNEL);
		c.moved += new == old + shift;
		c.stale += new == old;
		ck_assert_msg(new == old || new == old + shift, "%s at 0x%zx: 0x%x, then 0x%x",
			      fixup_name(row), p->at, old, new);
	}
	return c;
}

static void expect_moved(enum fixup row, unsigned least)
{
	struct count c = count(row);

	ck_assert_uint_ge(c.moved, least);
	ck_assert_uint_eq(c.stale, 0);
}

/* The driver leaves `row` out: its words stay, and the detector says so. */
static void expect_missed(const struct sim_options *right, enum fixup row, unsigned least)
{
	struct sim_options o = *right;
	const struct sim_card *there;
	struct count c;

	sim_free(g->s);
	o.vf.skip_fixups = 1u << row;
	boot(&o);
	move(&o);
	c = count(row);
	ck_assert_uint_eq(c.moved, 0);
	ck_assert_uint_ge(c.stale, least);
	there = &g->s->card[g->v->card];
	ck_assert_uint_eq(there->findings, 0);
	go_on();
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

	options_for(&o, i);
	o.vf.indirect_ring = indirect_ring;
	boot(&o);
	move(&o);
	expect_moved(row, least);
	end_well();
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
	for (size_t i = 0; i < g->n; i++)
		valid += g->place[i].row == FIXUP_WA_BATCH && (get(g->after, g->place[i].at) & 1);
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
	const struct vfc_gt *gt = &g->v->vfc->gt[0];
	unsigned n = 0;

	for (uint32_t id = 0; id < gt->queue_top; id++) {
		const struct vfc_queue *q = &gt->queue[id];
		size_t hwsp, at, tail;

		if (!q->used || q->child || q->width < 2)
			continue;
		hwsp = vfc_lrc_hwsp(g->v->vfc, q, 0);
		at = get(mem, hwsp + WQ_DESC + WQ_DESC_HEAD) % WQ_BYTES;
		tail = get(mem, hwsp + WQ_DESC + WQ_DESC_TAIL) % WQ_BYTES;
		for (unsigned i = 0; i < WQ_BYTES / 4 && at != tail; i++) {
			uint32_t item = get(mem, hwsp + WQ_BASE + at);

			if (field_get(WQ_TYPE, item) == type) {
				*desc = get(mem, hwsp + WQ_BASE + at + 4);
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

	options_for(&o, _i);
	boot(&o);
	move(&o);
	ck_assert_uint_gt(items(g->before, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_lt(desc - (uint32_t)g->from, g->size);
	ck_assert_uint_eq(items(g->after, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_gt(items(g->after, WQ_TYPE_NOOP, &desc), 0);
	go_on();
	ck_assert_uint_gt(items(g->v->mem.base, WQ_TYPE_MULTI_LRC, &desc), 0);
	ck_assert_uint_lt(desc - (uint32_t)g->to, g->size);
	end_well();
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

	boot(o);
	g->s->card[0].guc.hook = swallow_doorbell;
	id = vfc_queue_create(g->v->vfc, 0, GUC_CLASS_BLITTER, 1);
	ck_assert_int_ge(id, 0);
	ck_assert_int_gt(vfc_job_submit(g->v->vfc, 0, (uint32_t)id, &job), 0);
	g->load.submitted++;
	sim_run(g->s, 2 * SIM_MS);
	g->s->card[0].guc.hook = NULL;
}

START_TEST(F_06_h2g)
{
	/* Row 6: H2G that was not read at the pause is all zero before DONE, head
	 * and tail as they were; left in place, it is named. */
	const struct vfc_gt *gt;
	struct sim_options o;
	unsigned unread = 0;

	options_for(&o, _i);
	o.no_drain = true;
	boot_unread(&o);
	move(&o);
	gt = &g->v->vfc->gt[0];
	for (size_t i = 0; i < g->n; i++)
		unread += g->place[i].row == FIXUP_H2G;
	ck_assert_uint_gt(unread, 0);
	for (size_t at = 0; at < CTB_H2G_BYTES; at += 4)
		ck_assert_uint_eq(get(g->after, gt->h2g_off + GGTT_PAGE + at), 0);
	for (size_t at = 0; at < 8; at += 4)
		ck_assert_uint_eq(get(g->after, gt->h2g_off + at), get(g->before, gt->h2g_off + at));
	end_well();

	sim_free(g->s);
	o.vf.skip_fixups = 1u << FIXUP_H2G;
	boot_unread(&o);
	move(&o);
	ck_assert_uint_gt(count(FIXUP_H2G).stale, 0);
	go_on();
	ck_assert_uint_gt(g->s->card[1].findings, 0);
	ck_assert_uint_eq(g->s->card[1].first_finding.structure, FIXUP_H2G);
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

	options_for(&o, _i);
	o.no_drain = true;
	boot_unread(&o);
	g->s->card[1].sink = see_registration;
	g->s->card[1].sink_user = &z;
	move(&o);
	for (uint32_t id = 0; id < 64; id++) {
		const struct guc_context *ctx = guc_context(&g->s->card[1].guc, 0, 1, id);

		if (!ctx || !ctx->registered || ctx->width > 1 || ctx->group)
			continue;
		ck_assert_uint_eq(ctx->wq_desc, 0);
		ck_assert_uint_eq(ctx->wq_base, 0);
		plain++;
	}
	ck_assert_uint_ge(plain, 2);
	end_well();
	ck_assert_uint_gt(z.registrations, 0);
	ck_assert_uint_eq(z.bad, 0);
}
END_TEST

/* True where the recovery writes something beside addresses. */
static bool may_change(size_t at)
{
	const struct vfc *v = g->v->vfc;
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
	for (size_t i = 0; i < g->n; i++)
		if (g->place[i].at == at)
			return true;
	return false;
}

/* Words that differ though nothing says that they may. */
static unsigned strange(bool places_too)
{
	unsigned n = 0;

	for (size_t at = 0; at < g->size; at += 4)
		if (get(g->before, at) != get(g->after, at) && !may_change(at) &&
		    (places_too || !is_place(at)))
			n++;
	return n;
}

START_TEST(F_31_same_base)
{
	/* With the base unchanged no address word changes. */
	struct sim_options o;

	options_for(&o, _i % 2);
	o.vf_start[1] = o.vf_start[0];
	boot(&o);
	move(&o);
	ck_assert_uint_gt(g->n, 100);
	ck_assert_uint_eq(strange(true), 0);
	end_well();
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

	options_for(&o, _i);
	o.vf.indirect_ring = _i & 1;
	boot(&o);
	move(&o);
	fix_again(&g->v->vfc->gt[0]);
	ck_assert_int_eq(memcmp(g->v->mem.base, g->after, g->size), 0);
	end_well();
}
END_TEST

START_TEST(F_33_nothing_else)
{
	/* No word outside the rows' places changes. */
	struct sim_options o;

	options_for(&o, _i);
	o.vf.indirect_ring = _i & 1;
	boot(&o);
	move(&o);
	ck_assert_uint_eq(strange(false), 0);
	ck_assert_uint_gt(strange(true), 100);
	end_well();
}
END_TEST

START_TEST(F_34_upper_dwords)
{
	/* The range ends below 4 GiB: the upper dword of every 64-bit address stays
	 * 0, at the highest base too. */
	struct sim_options o;
	unsigned wide = 0;

	options_for(&o, _i);
	o.ggtt_size = 1ull << 32;
	o.ggtt_offset[1] = 0;
	o.vf_start[0] = 64 * MIB;
	o.vf_start[1] = GGTT_TOP - o.vf_ggtt;
	boot(&o);
	move(&o);
	for (size_t i = 0; i < g->n; i++) {
		const struct place *p = &g->place[i];

		if (p->row != FIXUP_JOBS && p->row != FIXUP_CCS && p->row != FIXUP_BATCH &&
		    !(p->row == FIXUP_WA_BATCH && get(g->before, p->at - 4) == MI_SDI_DWORD_GGTT))
			continue;
		ck_assert_uint_eq(get(g->before, p->at + 4), 0);
		ck_assert_uint_eq(get(g->after, p->at + 4), 0);
		ck_assert_uint_ge(get(g->after, p->at), o.vf_start[1]);
		wide++;
	}
	ck_assert_uint_gt(wide, 2 * LRCS);
	end_well();
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

	options_for(&o, _i);
	boot(&o);
	move(&o);
	for (unsigned r = 0; r < 3; r++)
		expect_moved(gaps[r], 1);
	end_well();

	sim_free(g->s);
	o.vf.quirks = VFC_QUIRK_BIT(FIXUP_GAPS);
	boot(&o);
	move(&o);
	for (unsigned r = 0; r < 3; r++) {
		ck_assert_uint_eq(count(gaps[r]).moved, 0);
		ck_assert_uint_gt(count(gaps[r]).stale, 0);
	}
	expect_moved(FIXUP_MEMIRQ, 3 * LRCS);
	expect_moved(FIXUP_RING_START, LRCS);
	go_on();
	n = guc_findings(&g->s->card[1].guc, 1, 0, found, GUC_FINDINGS_KEPT);
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

	tcase_add_checked_fixture(t, setup, teardown);
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
