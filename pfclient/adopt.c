/* SPDX-License-Identifier: MIT */
/* Taking over a card from a PF that died, maybe in the midst of a verb. What its GuCs
 * have of each VF is told by the PF's user; then every GGTT entry of every tile is
 * looked at. What is whole is kept. What is not is finished or undone:
 *
 *   a policy that GuCs differ in         every GuC is told what the first one has
 *   a share that some GuC has whole      every GuC is told it, entries are completed
 *   a share that none has whole          taken back everywhere
 *   paused on some GTs only              resumed: a pause is undone, a resume finished
 *   stopped on some GTs only             stopped
 *   a restore that is not on every GT, or whose region is marked as unfinished (see
 *   restore.c), or an FLR that has begun FLR, from its start
 */
#include <errno.h>

#include <string.h>

#include "pfc_priv.h"
#include "proto/klv.h"

void pfc_adopt_begin(struct pfc *p)
{
	struct pfc_event ev = { .kind = PFC_EV_ADOPT };

	p->phase = PFC_ASKING;
	p->vf[0].policies_uneven = 0;
	p->vf[0].policies_told = false;
	for (unsigned i = 0; i < PFC_UNITS; i++)
		p->found[i] = (struct pfc_found){ .state = PFC_FOUND_FREE };
	pfc_report(p, &ev);
}

int pfc_found(struct pfc *p, unsigned vf, unsigned gt, const struct pfc_found *found)
{
	if (p->phase != PFC_ASKING || vf == 0 || vf > p->opt.vfs || gt >= p->gts ||
	    (unsigned)found->state >= PFC_FOUND_COUNT)
		return -EINVAL;
	if ((found->ggtt_start | found->ggtt_size) % GGTT_PAGE ||
	    found->ggtt_size > p->opt.ggtt_size ||
	    found->ggtt_start > p->opt.ggtt_size - found->ggtt_size)
		return -EINVAL;
	p->found[vf * PFC_MAX_GTS + gt] = *found;
	return 0;
}

int pfc_found_policy(struct pfc *p, unsigned gt, enum pfc_setting s, const uint32_t *value,
		     unsigned n)
{
	struct pfc_vf *card = &p->vf[0];
	const uint32_t *has;
	uint32_t has_n;

	if (p->phase != PFC_ASKING || gt >= p->gts || (unsigned)s >= PFC_SETTING_COUNT ||
	    pfc_setting_of_vf(s) || n > PFC_MAX_GROUP_WORDS ||
	    (s == PFC_SET_ENGINE_GROUPS ? n % GUC_GROUP_DWORDS != 0 : n != 1))
		return -EINVAL;
	has = pfc_setting_find(&card->settings, s, &has_n);
	if (gt == 0)
		pfc_setting_store(&card->settings, s, value, n);
	else if (has_n != n || memcmp(has, value, n * sizeof(*value)) != 0)
		card->policies_uneven |= 1u << s;
	return 0;
}

/* --- shares -------------------------------------------------------------------------- */

static uint32_t either(uint32_t a, uint32_t b)
{
	return a ? a : b;
}

/* The share that a GuC has whole, with what it lacks from others: what is pushed last is
 * missed first. */
static void find_share(struct pfc *p, unsigned vf)
{
	const struct pfc_found *all = &p->found[vf * PFC_MAX_GTS], *whole = NULL;
	struct pfc_vf *v = &p->vf[vf];
	bool any = false;

	for (unsigned gt = 0; gt < p->gts; gt++) {
		any |= all[gt].ggtt_size || all[gt].contexts;
		if (!whole && all[gt].ggtt_size && all[gt].contexts)
			whole = &all[gt];
	}
	if (!whole) {
		v->undo = any ? PFC_UNDO_TAKE_BACK : PFC_UNDO_NONE;
		return;
	}
	v->share = (struct pfc_share){
		.ggtt_start = whole->ggtt_start,
		.ggtt_size = whole->ggtt_size,
		.begin_context = whole->begin_context,
		.contexts = whole->contexts,
		.begin_doorbell = whole->begin_doorbell,
		.doorbells = whole->doorbells,
		.exec_quantum_ms = whole->exec_quantum_ms,
		.preempt_timeout_us = whole->preempt_timeout_us,
		.lmem_size = whole->lmem_size,
	};
	for (unsigned i = 0; i < PFC_THRESHOLDS; i++)
		v->settings.value[PFC_SET_THRESHOLD_FIRST + i] = whole->threshold[i];
	for (unsigned gt = 0; gt < p->gts; gt++) {
		const struct pfc_found *f = &all[gt];
		struct pfc_share *s = &v->share;

		if (!s->doorbells)
			s->begin_doorbell = f->begin_doorbell;
		s->doorbells = either(s->doorbells, f->doorbells);
		s->exec_quantum_ms = either(s->exec_quantum_ms, f->exec_quantum_ms);
		s->preempt_timeout_us = either(s->preempt_timeout_us, f->preempt_timeout_us);
		if (!s->lmem_size)
			s->lmem_size = f->lmem_size;
	}
	v->planned = true;
}

/* Which GuCs have it; a VF that not all have is told to all again. */
static void compare_shares(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];
	const struct pfc_share *s = &v->share;

	v->uneven = false;
	for (unsigned gt = 0; v->planned && gt < p->gts; gt++) {
		const struct pfc_found *f = &p->found[vf * PFC_MAX_GTS + gt];
		bool has_lmem = p->gt[gt].media || f->lmem_size == s->lmem_size;

		if (f->ggtt_start != s->ggtt_start || f->ggtt_size != s->ggtt_size ||
		    f->begin_context != s->begin_context || f->contexts != s->contexts ||
		    f->doorbells != s->doorbells || !has_lmem) {
			v->uneven = true;
			continue;
		}
		v->have_ggtt |= (uint8_t)(1u << gt);
		v->have_contexts |= (uint8_t)(1u << gt);
		v->have_lmem |= (uint8_t)(s->lmem_size && !p->gt[gt].media ? 1u << gt : 0);
	}
}

int pfc_found_all(struct pfc *p)
{
	if (p->phase != PFC_ASKING)
		return -EINVAL;
	for (unsigned vf = 1; vf <= p->opt.vfs; vf++) {
		find_share(p, vf);
		compare_shares(p, vf);
		p->vf[vf].torn = false;
	}
	p->phase = PFC_ADOPTING;
	p->map_tile = 0;
	p->map_page = 0;
	p->map_read = PFC_IDLE;
	p->kicked = true;
	return 0;
}

/* --- entries ------------------------------------------------------------------------- */

/* The VF in whose share a page lies, 0 none. */
static unsigned owner_of(const struct pfc *p, uint64_t addr)
{
	for (unsigned vf = 1; vf <= p->opt.vfs; vf++)
		if (addr - p->vf[vf].share.ggtt_start < p->vf[vf].share.ggtt_size)
			return vf;
	return 0;
}

static void adopt_page(struct pfc *p, uint32_t page, uint64_t pte)
{
	uint64_t addr = (uint64_t)page << GGTT_PAGE_SHIFT;
	unsigned vf = (unsigned)((pte & PTE_VFID) >> PTE_VFID_SHIFT), owner = owner_of(p, addr);

	if (vf == owner)
		return;
	if (owner)
		p->vf[owner].torn = true;
	pfc_write_ptes(p, p->map_tile, addr, 0, 1,
		       owner ? (uint64_t)owner << PTE_VFID_SHIFT | PTE_PRESENT : 0, 0);
}

void pfc_adopt_words(struct pfc *p, const uint8_t *words, unsigned n)
{
	if (p->phase != PFC_ADOPTING || p->map_read != PFC_SENT || n == 0)
		return;
	for (unsigned i = 0; i < n; i++)
		adopt_page(p, p->map_page + i, le64_get(words + 8 * (size_t)i));
	p->map_page += n;
	p->map_read = PFC_IDLE;
	p->kicked = true;
}

/* --- states -------------------------------------------------------------------------- */

static unsigned in_state(const struct pfc *p, unsigned vf, enum pfc_found_state state)
{
	unsigned n = 0;

	for (unsigned gt = 0; gt < p->gts; gt++)
		n += p->found[vf * PFC_MAX_GTS + gt].state == state;
	return n;
}

static void settle(struct pfc *p, unsigned vf)
{
	static const enum pfc_vf_state as[PFC_FOUND_COUNT] = {
		[PFC_FOUND_FREE] = PFC_VF_READY, [PFC_FOUND_PAUSED] = PFC_VF_PAUSED,
		[PFC_FOUND_RESTORED] = PFC_VF_RESTORED, [PFC_FOUND_STOPPED] = PFC_VF_STOPPED,
		[PFC_FOUND_FLR] = PFC_VF_READY, [PFC_FOUND_FLR_DONE] = PFC_VF_READY,
	};
	unsigned paused = in_state(p, vf, PFC_FOUND_PAUSED);
	unsigned restored = in_state(p, vf, PFC_FOUND_RESTORED);
	unsigned stopped = in_state(p, vf, PFC_FOUND_STOPPED);
	struct pfc_vf *v = &p->vf[vf];

	/* Half an image may have come: what there is of it goes. */
	if (p->opt.lmem.call)
		pfc_content_abort(p, vf);
	for (unsigned gt = 0; gt < p->gts; gt++) {
		enum pfc_found_state state = p->found[vf * PFC_MAX_GTS + gt].state;

		pfc_set_state(p, pfc_unit(p, vf, gt), as[state]);
		pfc_unit(p, vf, gt)->cleaned = state == PFC_FOUND_FLR_DONE;
	}
	if (in_state(p, vf, PFC_FOUND_FLR) || in_state(p, vf, PFC_FOUND_FLR_DONE) ||
	    (restored && (v->torn || (paused && restored + paused == p->gts))))
		v->flr_owed = true;
	else if (paused + restored && paused + restored < p->gts)
		v->verb_owed = PFC_RESUME;
	else if (stopped && stopped < p->gts)
		v->verb_owed = PFC_STOP;
	if (v->torn || v->uneven || v->flr_owed || v->verb_owed != PFC_VERB_COUNT ||
	    v->undo != PFC_UNDO_NONE)
		pfc_log(p, PFC_LOG_NOTICE, vf, 0, "found half done: %s",
			v->flr_owed ? "reset" : v->verb_owed == PFC_RESUME ? "resumed" :
			v->verb_owed == PFC_STOP ? "stopped" :
			v->undo != PFC_UNDO_NONE ? "taken back" : "completed");
}

bool pfc_adopt_step(struct pfc *p)
{
	uint32_t pages = (uint32_t)(p->opt.ggtt_size >> GGTT_PAGE_SHIFT);
	uint32_t n = pages - p->map_page;

	if (p->map_read == PFC_SENT)
		return false;
	if (n == 0) {
		pfc_invalidate(p, p->map_tile);
		p->map_page = 0;
		if (++p->map_tile < p->opt.tiles)
			return true;
		for (unsigned vf = 1; vf <= p->opt.vfs; vf++)
			settle(p, vf);
		p->refreshed = 0;
		p->phase = PFC_REFRESHING;
		return true;
	}
	p->map_read = PFC_SENT;
	p->port->read(p->port->user,
		      pfc_pte_register(p->map_tile, (uint64_t)p->map_page << GGTT_PAGE_SHIFT), 8,
		      n < PFC_PTE_SLICE ? n : PFC_PTE_SLICE, PFC_COOKIE_ADOPT);
	return true;
}
