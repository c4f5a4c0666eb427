/* SPDX-License-Identifier: MIT */
/* Resources: fair shares, ranges of GGTT, contexts and doorbells, GGTT entries
 * that hand a region to its VF, and the KLV messages that tell the GuCs
 * (vf-lifecycle 2.3). */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/klv.h"
#include "proto/text.h"

#define MIB (1ull << 20)
#define GGTT_SPARE (64 * MIB)  /* kept for the PF where the card is large */
#define GGTT_MOST 0xE0000000ull
#define GGTT_CROWD (56 * MIB)  /* share of more than 56 VFs */
#define QUANTUM_DEFAULT 16u    /* ms */
#define QUANTUM_MAX 100000u
#define PREEMPT_DEFAULT 16000u /* us */
#define PREEMPT_MAX 100000000u

/* --- shares ------------------------------------------------------------------------ */

uint64_t pfc_ggtt_top(const struct pfc_options *o)
{
	uint64_t top = o->ggtt_size < GGTT_TOP ? o->ggtt_size : GGTT_TOP;

	return top > o->ggtt_offset ? top - o->ggtt_offset : 0;
}

static uint64_t pow2_floor(uint64_t v)
{
	return v ? 1ull << (63 - __builtin_clzll(v)) : 0;
}

static void fair_share(const struct pfc_options *o, uint64_t low, unsigned vfs,
		       struct pfc_provision *out)
{
	uint64_t top = pfc_ggtt_top(o) & ~(uint64_t)(GGTT_PAGE - 1);
	uint64_t hole = top > low ? top - low : 0;
	uint64_t spare = hole / 8 < GGTT_SPARE ? hole / 8 : GGTT_SPARE;
	uint64_t most;

	memset(out, 0, sizeof(*out));
	if (vfs == 0)
		return;
	most = vfs > 56 ? GGTT_CROWD : pow2_floor(GGTT_MOST / vfs);
	out->ggtt_size = (hole - spare) / vfs & ~(uint64_t)(GGTT_PAGE - 1);
	if (out->ggtt_size > most)
		out->ggtt_size = most;
	out->contexts = (uint32_t)pow2_floor(o->contexts / vfs);
	out->doorbells = (uint32_t)pow2_floor(o->doorbells / (vfs + 1));
	out->exec_quantum_ms = QUANTUM_DEFAULT;
	out->preempt_timeout_us = PREEMPT_DEFAULT;
}

void pfc_fair_share(const struct pfc_options *options, unsigned vfs, struct pfc_provision *out)
{
	unsigned gts = (unsigned)options->tiles * options->gts;

	fair_share(options, options->ggtt_low + pfc_mem_size(gts), vfs, out);
}

/* --- ranges ------------------------------------------------------------------------- */

struct range {
	uint64_t start, size;
};

/* Highest free `size` units in [low, top), or UINT64_MAX. */
static uint64_t range_find(const struct range *taken, unsigned n, uint64_t low, uint64_t top,
			   uint64_t size)
{
	uint64_t end = top;
	bool moved = true;

	while (moved) {
		moved = false;
		if (end < low || end - low < size)
			return UINT64_MAX;
		for (unsigned i = 0; i < n; i++) {
			if (taken[i].size == 0 || taken[i].start >= end ||
			    taken[i].start + taken[i].size <= end - size)
				continue;
			end = taken[i].start;
			moved = true;
		}
	}
	return end - size;
}

static bool range_free(const struct range *taken, unsigned n, uint64_t start, uint64_t size)
{
	for (unsigned i = 0; i < n; i++)
		if (taken[i].size && taken[i].start < start + size &&
		    start < taken[i].start + taken[i].size)
			return false;
	return true;
}

static int plan_ggtt(struct pfc *p, const struct range *taken, unsigned n,
		     const struct pfc_provision *want, uint64_t *start)
{
	uint64_t low = pfc_address(p, p->mem.size);
	uint64_t top = pfc_ggtt_top(&p->opt) & ~(uint64_t)(GGTT_PAGE - 1);

	if (want->ggtt_size == 0)
		return -ENOSPC;
	if (want->ggtt_size % GGTT_PAGE || want->ggtt_start % GGTT_PAGE)
		return -EINVAL;
	low = (low + GGTT_PAGE - 1) & ~(uint64_t)(GGTT_PAGE - 1);
	if (want->ggtt_start) {
		*start = want->ggtt_start;
		if (*start < low || want->ggtt_size > top || *start > top - want->ggtt_size)
			return -EINVAL;
		return range_free(taken, n, *start, want->ggtt_size) ? 0 : -ENOSPC;
	}
	*start = range_find(taken, n, low, top, want->ggtt_size);
	return *start == UINT64_MAX ? -ENOSPC : 0;
}

static struct pfc_provision with_defaults(struct pfc *p, const struct pfc_provision *arg)
{
	struct pfc_provision want, fair;

	fair_share(&p->opt, pfc_address(p, p->mem.size), p->opt.vfs, &fair);
	if (!arg)
		return fair;
	want = *arg;
	if (!want.ggtt_size)
		want.ggtt_size = fair.ggtt_size;
	if (!want.contexts)
		want.contexts = fair.contexts;
	if (!want.doorbells)
		want.doorbells = fair.doorbells;
	else if (want.doorbells == UINT32_MAX)
		want.doorbells = 0;
	if (!want.exec_quantum_ms)
		want.exec_quantum_ms = fair.exec_quantum_ms;
	if (want.exec_quantum_ms > QUANTUM_MAX)
		want.exec_quantum_ms = QUANTUM_MAX;
	if (!want.preempt_timeout_us)
		want.preempt_timeout_us = fair.preempt_timeout_us;
	if (want.preempt_timeout_us > PREEMPT_MAX)
		want.preempt_timeout_us = PREEMPT_MAX;
	return want;
}

int pfc_plan(struct pfc *p, unsigned vf, const struct pfc_provision *arg)
{
	struct range ggtt[PFC_MAX_VFS], ctx[PFC_MAX_VFS], db[PFC_MAX_VFS];
	struct pfc_provision want = with_defaults(p, arg);
	struct pfc_vf *v = &p->vf[vf];
	uint64_t start, ctx_at, db_at;
	unsigned n = 0;
	int err;

	for (unsigned i = 1; i <= p->opt.vfs; i++) {
		const struct pfc_vf *o = &p->vf[i];

		if (i == vf)
			continue;
		ggtt[n] = (struct range){ o->ggtt_start, o->ggtt_size };
		ctx[n] = (struct range){ o->begin_context, o->contexts };
		db[n++] = (struct range){ o->begin_doorbell, o->doorbells };
	}
	err = plan_ggtt(p, ggtt, n, &want, &start);
	if (err)
		return err;
	ctx_at = range_find(ctx, n, 0, p->opt.contexts, want.contexts);
	db_at = range_find(db, n, 0, p->opt.doorbells, want.doorbells);
	if (want.contexts == 0 || ctx_at == UINT64_MAX || db_at == UINT64_MAX)
		return -ENOSPC;
	v->old_start = v->ggtt_start;
	v->old_size = v->ggtt_size;
	v->ggtt_start = start;
	v->ggtt_size = want.ggtt_size;
	v->begin_context = (uint32_t)ctx_at;
	v->contexts = want.contexts;
	v->begin_doorbell = (uint32_t)db_at;
	v->doorbells = want.doorbells;
	v->exec_quantum_ms = want.exec_quantum_ms;
	v->preempt_timeout_us = want.preempt_timeout_us;
	v->planned = true;
	return 0;
}

void pfc_unprovisioned(struct pfc_vf *v)
{
	v->ggtt_start = v->ggtt_size = 0;
	v->old_start = v->old_size = 0;
	v->contexts = v->begin_context = 0;
	v->doorbells = v->begin_doorbell = 0;
	v->planned = false;
}

int pfc_vf_valid(const struct pfc *p, unsigned vf)
{
	unsigned all = (1u << p->gts) - 1;

	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (p->vf[vf].have_ggtt == all && p->vf[vf].have_contexts == all)
		return 0;
	return p->vf[vf].have_ggtt || p->vf[vf].have_contexts ? -ENOKEY : -ENODATA;
}

/* --- KLV messages ------------------------------------------------------------------ */

#define LIST_MAX 16u

struct list {
	uint32_t dw[LIST_MAX];
	size_t len;
	uint32_t klvs;
};

static void add32(struct list *l, uint32_t key, uint32_t value)
{
	if (!klv_put32(l->dw, LIST_MAX, &l->len, key, value))
		l->klvs++;
}

static void add64(struct list *l, uint32_t key, uint64_t value)
{
	if (!klv_put64(l->dw, LIST_MAX, &l->len, key, value))
		l->klvs++;
}

/* UPDATE_VF_CFG; an empty list resets the configuration. The GT's KLV page is
 * one request's at a time. */
static int push(struct pfc *p, struct pfc_unit *u, const struct list *l)
{
	struct pfc_gt *gt = pfc_gt(p, u);
	uint64_t addr = l->len ? pfc_address(p, gt->klv) : 0;
	const uint32_t dw[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_UPDATE_VF_CFG, 0),
		u->vf, lo32(addr), hi32(addr), (uint32_t)l->len,
	};
	bool fresh = u->call == PFC_IDLE;
	int result;

	if (fresh) {
		if (gt->klv_tag)
			return PFC_WAIT;
		for (size_t i = 0; i < l->len; i++)
			host_put32(&p->mem, gt->klv + 4 * i, l->dw[i]);
	}
	result = pfc_call(p, u, dw, 5);
	if (fresh && u->call == PFC_SENT && l->len)
		gt->klv_tag = pfc_call_tag(u);
	if (result != PFC_DONE || u->data0 == l->klvs)
		return result;
	pfc_log(p, PFC_LOG_ERROR, u->vf, u->gt, "GuC applied %u of %u KLVs", u->data0, l->klvs);
	return u->data0 < l->klvs ? -ENOKEY : -EPROTO;
}

static int step_self_config(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_NUM_CONTEXTS, p->opt.contexts);
	add32(&l, GUC_KLV_VF_NUM_DOORBELLS, p->opt.doorbells);
	add64(&l, GUC_KLV_VF_GGTT_START, p->opt.ggtt_low);
	add64(&l, GUC_KLV_VF_GGTT_SIZE,
	      (p->opt.ggtt_size < GGTT_TOP ? p->opt.ggtt_size : GGTT_TOP) - p->opt.ggtt_low);
	return push(p, u, &l);
}

static int step_reset(struct pfc *p, struct pfc_unit *u)
{
	const struct list empty = { .len = 0 };

	return push(p, u, &empty);
}

/* Only a VF that had something before is reset before it gets something else. */
static int step_reset_old(struct pfc *p, struct pfc_unit *u)
{
	return pfc_vf(p, u)->old_size ? step_reset(p, u) : PFC_DONE;
}

static int step_quantum(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_EXEC_QUANTUM, pfc_vf(p, u)->exec_quantum_ms);
	return push(p, u, &l);
}

static int step_preempt(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_PREEMPT_TIMEOUT, pfc_vf(p, u)->preempt_timeout_us);
	return push(p, u, &l);
}

/* First the main GuC, then, if that worked, the media GuC. */
static int step_ggtt(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };
	int result;

	if (pfc_gt(p, u)->media) {
		const struct pfc_unit *main_gt = u - 1;

		if (main_gt->err)
			return -ECANCELED;
		if (main_gt->seq == u->seq && main_gt->at <= u->at)
			return PFC_WAIT;
	}
	add64(&l, GUC_KLV_VF_GGTT_START, v->ggtt_start);
	add64(&l, GUC_KLV_VF_GGTT_SIZE, v->ggtt_size);
	result = push(p, u, &l);
	if (result == PFC_DONE)
		v->have_ggtt |= (uint8_t)(1u << u->gt);
	return result;
}

static int step_contexts(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };
	int result;

	add32(&l, GUC_KLV_VF_BEGIN_CONTEXT_ID, v->begin_context);
	add32(&l, GUC_KLV_VF_NUM_CONTEXTS, v->contexts);
	result = push(p, u, &l);
	if (result == PFC_DONE)
		v->have_contexts |= (uint8_t)(1u << u->gt);
	return result;
}

static int step_doorbells(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_BEGIN_DOORBELL_ID, v->begin_doorbell);
	add32(&l, GUC_KLV_VF_NUM_DOORBELLS, v->doorbells);
	return push(p, u, &l);
}

/* --- GGTT entries ------------------------------------------------------------------ */

/* Write a slice of a region's entries, all the same. */
static int write_region(struct pfc *p, struct pfc_unit *u, uint64_t start, uint64_t size,
			uint64_t pte)
{
	uint32_t pages = (uint32_t)(size >> GGTT_PAGE_SHIFT);

	u->pos += pfc_write_ptes(p, pfc_gt(p, u)->tile, start, u->pos, pages - u->pos, pte, 0);
	if (u->pos < pages)
		return PFC_MORE;
	if (pages)
		pfc_invalidate(p, pfc_gt(p, u)->tile);
	return PFC_DONE;
}

int pfc_step_ptes(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);

	return write_region(p, u, v->ggtt_start, v->ggtt_size,
			    (uint64_t)u->vf << PTE_VFID_SHIFT | PTE_PRESENT);
}

static int step_old_ptes(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);

	return write_region(p, u, v->old_start, v->old_size, 0);
}

static int step_clear_ptes(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);

	return write_region(p, u, v->ggtt_start, v->ggtt_size, 0);
}

/* From here on GuC no longer has what the VF was given. */
static int step_forget(struct pfc *p, struct pfc_unit *u)
{
	pfc_vf(p, u)->have_ggtt = 0;
	pfc_vf(p, u)->have_contexts = 0;
	return PFC_DONE;
}

/* What a failed PROVISION leaves behind goes, whatever the GuC says to it. */
static int step_reset_anyhow(struct pfc *p, struct pfc_unit *u)
{
	int result = step_reset(p, u);

	if (result >= 0)
		return result;
	pfc_log(p, PFC_LOG_WARN, u->vf, u->gt, "config reset failed: %s", text_errno(result));
	return PFC_DONE;
}

static const struct pfc_step_def self_steps[] = {
	{ .name = "self config", .run = step_self_config },
};
static const struct pfc_step_def provision_steps[] = {
	{ .name = "config reset", .run = step_reset_old },
	{ .name = "released" },
	{ .name = "forget", .run = step_forget, .where = PFC_FIRST_GT },
	{ .name = "old GGTT entries", .run = step_old_ptes, .where = PFC_MAIN_GT },
	{ .name = "exec quantum", .run = step_quantum },
	{ .name = "preempt timeout", .run = step_preempt },
	{ .name = "GGTT entries", .run = pfc_step_ptes, .where = PFC_MAIN_GT },
	{ .name = "GGTT", .run = step_ggtt },
	{ .name = "contexts", .run = step_contexts },
	{ .name = "doorbells", .run = step_doorbells },
};
static const struct pfc_step_def unprovision_steps[] = {
	{ .name = "config reset", .run = step_reset },
	{ .name = "released" },
	{ .name = "forget", .run = step_forget, .where = PFC_FIRST_GT },
	{ .name = "GGTT entries", .run = step_clear_ptes, .where = PFC_MAIN_GT },
};

static const struct pfc_step_def take_back_steps[] = {
	{ .name = "config reset", .run = step_reset_anyhow },
	{ .name = "released" },
	{ .name = "forget", .run = step_forget, .where = PFC_FIRST_GT },
	{ .name = "old GGTT entries", .run = step_old_ptes, .where = PFC_MAIN_GT },
	{ .name = "GGTT entries", .run = step_clear_ptes, .where = PFC_MAIN_GT },
};

const struct pfc_seq pfc_seq_self = {
	.kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(self_steps)
};
const struct pfc_seq pfc_seq_provision = {
	.kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(provision_steps)
};
const struct pfc_seq pfc_seq_unprovision = {
	.kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(unprovision_steps)
};
const struct pfc_seq pfc_seq_take_back = {
	.kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(take_back_steps)
};
