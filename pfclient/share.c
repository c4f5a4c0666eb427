/* SPDX-License-Identifier: MIT */
/* Who gets what: fair shares, and the ranges of GGTT, contexts and doorbells that
 * a VF is given (vf-lifecycle 2.3). What the GuCs are told of it stands in
 * provision.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

#define MIB (1ull << 20)
#define GGTT_SPARE (64 * MIB)  /* kept for the PF where the card is large */
#define GGTT_MOST 0xE0000000ull
#define GGTT_CROWD (56 * MIB)  /* share of more than 56 VFs */
#define ADMIN_CONTEXTS 64512u  /* of the only VF where the PF runs no work of its own */
#define ADMIN_DOORBELLS 240u
#define GIB (1ull << 30)
#define LMEM_SPARE (128 * MIB)
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

/* Regions start and end at multiples of this, a power of two. */
static uint64_t align_mask(const struct pfc_options *o)
{
	return (o->ggtt_align ? o->ggtt_align : GGTT_PAGE) - 1;
}

static uint32_t at_most(uint32_t v, uint32_t most)
{
	return v < most ? v : most;
}

/* A power of two of what is left beside the PF's own: 128 MiB, or an eighth of a
 * small card; of a large one whole GiB are divided. */
static uint64_t fair_lmem(const struct pfc_options *o, unsigned vfs)
{
	uint64_t spare = o->lmem_size / 8 < LMEM_SPARE ? o->lmem_size / 8 : LMEM_SPARE;
	uint64_t usable = o->lmem_size - spare;

	if (usable > GIB)
		usable &= ~(GIB - 1);
	usable = pow2_floor(usable / (vfs + 1));
	return usable < LMEM_ALIGN ? 0 : usable;
}

static void fair_share(const struct pfc_options *o, uint64_t low, unsigned vfs,
		       struct pfc_provision *out)
{
	uint64_t mask = align_mask(o), top = pfc_ggtt_top(o) & ~mask;
	uint64_t start = (low + mask) & ~mask, hole = top > start ? top - start : 0;
	uint64_t spare = hole / 8 < GGTT_SPARE ? hole / 8 : GGTT_SPARE;
	bool alone = o->admin_only && vfs == 1;
	uint64_t most;

	memset(out, 0, sizeof(*out));
	if (vfs == 0)
		return;
	most = alone ? GGTT_MOST : vfs > 56 ? GGTT_CROWD : pow2_floor(GGTT_MOST / vfs);
	out->ggtt_size = (hole - spare) / vfs & ~mask;
	if (out->ggtt_size > most)
		out->ggtt_size = most;
	out->contexts = alone ? at_most(ADMIN_CONTEXTS, o->contexts) :
				(uint32_t)pow2_floor(o->contexts / vfs);
	out->doorbells = alone ? at_most(ADMIN_DOORBELLS, o->doorbells) :
				 (uint32_t)pow2_floor(o->doorbells / (vfs + 1));
	out->lmem_size = fair_lmem(o, vfs);
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

/* `keep`: where it lies now, for a size that does not change. */
static int plan_ggtt(struct pfc *p, const struct range *taken, unsigned n,
		     const struct pfc_provision *want, const struct pfc_share *keep,
		     uint64_t *start)
{
	uint64_t mask = align_mask(&p->opt), top = pfc_ggtt_top(&p->opt) & ~mask;
	uint64_t low = (pfc_address(p, p->mem.size) + mask) & ~mask;

	if (want->ggtt_size == 0)
		return -ENOSPC;
	if ((want->ggtt_size | want->ggtt_start) & mask)
		return -EINVAL;
	*start = want->ggtt_start;
	if (!*start && keep->ggtt_size == want->ggtt_size)
		*start = keep->ggtt_start;
	if (*start) {
		if (*start < low || want->ggtt_size > top || *start > top - want->ggtt_size)
			return -EINVAL;
		return range_free(taken, n, *start, want->ggtt_size) ? 0 : -ENOSPC;
	}
	*start = range_find(taken, n, low, top, want->ggtt_size);
	return *start == UINT64_MAX ? -ENOSPC : 0;
}

/* The first of `count` ids, where they are if their number stays. */
static int plan_ids(const struct range *taken, unsigned n, uint32_t all, uint32_t count,
		    uint32_t had, uint32_t *begin)
{
	uint64_t at;

	if (count == had && had)
		return 0;
	at = range_find(taken, n, 0, all, count);
	if (at == UINT64_MAX)
		return -ENOSPC;
	*begin = (uint32_t)at;
	return 0;
}

static uint32_t or_else(uint32_t wanted, uint32_t otherwise, uint32_t most)
{
	if (wanted == UINT32_MAX)
		return 0;
	return at_most(wanted ? wanted : otherwise, most);
}

/* What is not said stays as it is; a VF that has nothing gets its fair share. */
static struct pfc_provision with_defaults(struct pfc *p, const struct pfc_share *has,
					  const struct pfc_provision *arg)
{
	struct pfc_provision want = { .ggtt_size = 0 }, rest;

	fair_share(&p->opt, pfc_address(p, p->mem.size), p->opt.vfs, &rest);
	if (arg)
		want = *arg;
	if (has->ggtt_size)
		rest = (struct pfc_provision){
			.ggtt_size = has->ggtt_size,
			.contexts = has->contexts,
			.doorbells = has->doorbells,
			.exec_quantum_ms = has->exec_quantum_ms,
			.preempt_timeout_us = has->preempt_timeout_us,
			.lmem_size = has->lmem_size,
		};
	if (!want.ggtt_size)
		want.ggtt_size = rest.ggtt_size;
	if (!want.contexts)
		want.contexts = rest.contexts;
	if (!want.doorbells)
		want.doorbells = rest.doorbells;
	else if (want.doorbells == UINT32_MAX)
		want.doorbells = 0;
	if (!want.lmem_size)
		want.lmem_size = rest.lmem_size;
	want.exec_quantum_ms = or_else(want.exec_quantum_ms, rest.exec_quantum_ms, QUANTUM_MAX);
	want.preempt_timeout_us =
		or_else(want.preempt_timeout_us, rest.preempt_timeout_us, PREEMPT_MAX);
	return want;
}

/* Where a share lies is no matter of addresses here: only the sum has to fit. What
 * is being given up is not free yet. */
static int plan_lmem(const struct pfc *p, unsigned vf, uint64_t want)
{
	uint64_t left = p->opt.lmem_size;

	if (!p->opt.lmem_size)
		return want ? -EINVAL : 0;
	if (want % LMEM_ALIGN)
		return -EINVAL;
	for (unsigned i = 1; i <= p->opt.vfs; i++) {
		uint64_t now = p->vf[i].share.lmem_size, old = p->vf[i].old.lmem_size;

		if (i == vf)
			continue;
		now = now > old ? now : old;
		left = now < left ? left - now : 0;
	}
	return want && want <= left ? 0 : -ENOSPC;
}

int pfc_plan(struct pfc *p, unsigned vf, const struct pfc_provision *arg)
{
	struct range ggtt[2 * PFC_MAX_VFS], ctx[2 * PFC_MAX_VFS], db[2 * PFC_MAX_VFS];
	struct pfc_vf *v = &p->vf[vf];
	struct pfc_provision want = with_defaults(p, &v->share, arg);
	struct pfc_share s = v->share;
	unsigned n = 0;
	int err;

	for (unsigned i = 1; i <= p->opt.vfs; i++) {
		const struct pfc_share *o = &p->vf[i].share, *old = &p->vf[i].old;

		if (i == vf)
			continue;
		/* What is being given up is not free yet. */
		ggtt[n] = (struct range){ o->ggtt_start, o->ggtt_size };
		ctx[n] = (struct range){ o->begin_context, o->contexts };
		db[n++] = (struct range){ o->begin_doorbell, o->doorbells };
		ggtt[n] = (struct range){ old->ggtt_start, old->ggtt_size };
		ctx[n] = (struct range){ old->begin_context, old->contexts };
		db[n++] = (struct range){ old->begin_doorbell, old->doorbells };
	}
	err = plan_ggtt(p, ggtt, n, &want, &v->share, &s.ggtt_start);
	if (!err)
		err = plan_lmem(p, vf, want.lmem_size);
	if (err)
		return err;
	if (want.contexts == 0 ||
	    plan_ids(ctx, n, p->opt.contexts, want.contexts, s.contexts, &s.begin_context) ||
	    plan_ids(db, n, p->opt.doorbells, want.doorbells, s.doorbells, &s.begin_doorbell))
		return -ENOSPC;
	s.ggtt_size = want.ggtt_size;
	s.contexts = want.contexts;
	s.doorbells = want.doorbells;
	s.lmem_size = want.lmem_size;
	s.exec_quantum_ms = want.exec_quantum_ms;
	s.preempt_timeout_us = want.preempt_timeout_us;
	v->old = v->share;
	v->share = s;
	v->planned = true;
	return 0;
}

void pfc_unprovisioned(struct pfc_vf *v)
{
	v->share = v->old = (struct pfc_share){ .ggtt_size = 0 };
	v->settings = (struct pfc_settings){ .groups_n = 0 };
	v->planned = false;
	v->undo = PFC_UNDO_NONE;
}

/* Bits of the GTs that have to be told of local memory. */
static unsigned lmem_gts(const struct pfc *p)
{
	unsigned bits = 0;

	for (unsigned gt = 0; gt < p->gts && p->opt.lmem_size; gt++)
		bits |= p->gt[gt].media ? 0 : 1u << gt;
	return bits;
}

int pfc_vf_valid(const struct pfc *p, unsigned vf)
{
	unsigned all = (1u << p->gts) - 1;

	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (p->vf[vf].have_ggtt == all && p->vf[vf].have_contexts == all &&
	    p->vf[vf].have_lmem == lmem_gts(p))
		return 0;
	return p->vf[vf].have_ggtt || p->vf[vf].have_contexts ? -ENOKEY : -ENODATA;
}
