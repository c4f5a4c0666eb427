/* SPDX-License-Identifier: MIT */
/* Sequences: what runs on a VF of a GT is a table of steps, one call of a
 * step a turn (vf-lifecycle 2.1). Here is what all of them share: going from
 * step to step, the meetings of the GTs, CTB requests with the mapping of
 * vf-lifecycle 2.2, writes of GGTT entries. Verbs and their accounts are in op.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/text.h"

void pfc_wake(struct pfc *p, unsigned vf)
{
	for (unsigned gt = 0; gt < p->gts; gt++)
		pfc_unit(p, vf, gt)->ready = true;
	p->kicked = true;
}

void pfc_wake_all(struct pfc *p)
{
	for (unsigned vf = 0; vf <= p->opt.vfs; vf++)
		pfc_wake(p, vf);
}

static void enter_step(struct pfc_unit *u, unsigned at)
{
	u->at = (uint8_t)at;
	u->sub = 0;
	u->pos = 0;
	u->told = false;
	u->call = PFC_IDLE;
	u->call_err = 0;
	u->read = PFC_IDLE;
	u->lmem = PFC_IDLE;
	u->event_wait = 0;
	u->event_seen = false;
	u->ready = true;
}

/* Answers to the sequence before this one no longer count. */
static void next_generation(struct pfc_unit *u)
{
	u->gen = (uint16_t)((u->gen + 1) & 0x3FFF);
	enter_step(u, 0);
}

static void set_sequence(struct pfc *p, struct pfc_unit *u, const struct pfc_seq *seq)
{
	size_t i = (size_t)(u - p->unit);
	uint64_t bit = 1ull << i % 64;

	u->seq = seq;
	p->running[i / 64] = seq ? p->running[i / 64] | bit : p->running[i / 64] & ~bit;
}

void pfc_unit_start(struct pfc *p, struct pfc_unit *u, const struct pfc_seq *seq)
{
	next_generation(u);
	set_sequence(p, u, seq);
	u->err = 0;
	u->unpause = false;
	u->before = u->state;
	if (seq->during != PFC_VF_STATE_COUNT)
		pfc_set_state(p, u, seq->during);
	p->kicked = true;
}

void pfc_unit_cancel(struct pfc *p, struct pfc_unit *u)
{
	/* A VF that takes an image is RESTORING without a sequence. */
	if (!u->seq && u->state != PFC_VF_RESTORING)
		return;
	next_generation(u);
	set_sequence(p, u, NULL);
	pfc_set_state(p, u, u->before);
	pfc_wake(p, u->vf);
}

static void unit_end(struct pfc *p, struct pfc_unit *u, int err)
{
	const struct pfc_seq *seq = u->seq;

	next_generation(u);
	set_sequence(p, u, NULL);
	u->err = err;
	if (!err) {
		u->mismatch = false;
		u->failed = false;
		if (seq->kind == PFC_SEQ_CONTROL)
			p->vf[u->vf].image_failed = false;
		if (seq->after != PFC_VF_STATE_COUNT)
			pfc_set_state(p, u, seq->after);
	} else {
		u->failed = true;
		/* After a failed FLR nothing is known but that it is needed. */
		if (seq->during != PFC_VF_FLR)
			pfc_set_state(p, u, u->before);
	}
	pfc_wake(p, u->vf);
	if (u->vf == 0 && p->phase == PFC_BOOTING)
		pfc_start_unit_ended(p, u, err);
	else if (u->unpause && !err && seq == &pfc_seq_pause)
		pfc_unit_start(p, u, &pfc_seq_resume);
	else
		pfc_op_unit_ended(p, u, err);
}

static bool is_here(const struct pfc *p, const struct pfc_step_def *step, const struct pfc_unit *u)
{
	switch (step->where) {
	case PFC_EVERY_GT:
		return true;
	case PFC_MAIN_GT:
		return !p->gt[u->gt].media;
	case PFC_FIRST_GT:
		return u->gt == 0;
	}
	return true;
}

/* Passed when every GT that runs the same sequence has come this far. One
 * that failed is not waited for; an image and a configuration need them all. */
static int meet(struct pfc *p, struct pfc_unit *u)
{
	for (unsigned gt = 0; gt < p->gts; gt++) {
		const struct pfc_unit *o = pfc_unit(p, u->vf, gt);

		if (u->seq->kind != PFC_SEQ_CONTROL && o->err)
			return -ECANCELED;
		if (u->seq->during == PFC_VF_FLR && p->vf[u->vf].alone)
			continue;
		if (o->seq == u->seq && o->at < u->at)
			return PFC_WAIT;
		if (pfc_quirk(p, PFC_QUIRK_BIT(STRAND_FLR)) && u->seq->during == PFC_VF_FLR &&
		    o->state == PFC_VF_FLR && !o->seq)
			return PFC_WAIT;
	}
	return PFC_DONE;
}

static void tell_step(struct pfc *p, struct pfc_unit *u, const char *name)
{
	struct pfc_event ev = { .kind = PFC_EV_STEP, .vf = u->vf, .gt = u->gt, .text = name };

	if (!u->told && name && u->vf != 0)
		pfc_report(p, &ev);
	u->told = true;
}

/* What the caller of a verb hears of a failure. */
static int verb_error(const struct pfc_seq *seq, int err)
{
	if (err == -ETIME)
		return -ETIMEDOUT;
	if (seq->kind == PFC_SEQ_CONTROL && err != -ECANCELED)
		return -EIO;
	return err;
}

bool pfc_unit_run(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_step_def *step = &u->seq->step[u->at];
	int result = PFC_DONE;

	u->ready = false;
	if (is_here(p, step, u)) {
		tell_step(p, u, step->name);
		result = step->run ? step->run(p, u) : meet(p, u);
	}
	if (result == PFC_WAIT)
		return false;
	if (result == PFC_MORE) {
		u->ready = true;
		return true;
	}
	if (result < 0) {
		if (result != -ECANCELED)
			pfc_log(p, PFC_LOG_ERROR, u->vf, u->gt, "%s failed: %s", step->name,
				text_errno(result));
		unit_end(p, u, verb_error(u->seq, result));
	} else if (u->at + 1u == u->seq->steps) {
		unit_end(p, u, 0);
	} else {
		enter_step(u, u->at + 1u);
		/* A meeting may wait for this. */
		pfc_wake(p, u->vf);
	}
	return true;
}

/* --- requests ------------------------------------------------------------------- */

uint64_t pfc_call_tag(const struct pfc_unit *u)
{
	/* Never 0, which means "no request". */
	return (uint64_t)u->gen << 16 | (u->vf * PFC_MAX_GTS + u->gt + 1u);
}

uint32_t pfc_read_cookie(const struct pfc_unit *u)
{
	return PFC_COOKIE_UNIT | (uint32_t)pfc_call_tag(u);
}

int pfc_read(struct pfc *p, struct pfc_unit *u, uint64_t off, unsigned size, unsigned n)
{
	switch (u->read) {
	case PFC_IDLE:
		u->read = PFC_SENT;
		p->port->read(p->port->user, off, size, n, pfc_read_cookie(u));
		return PFC_MORE;
	case PFC_SENT:
		return PFC_WAIT;
	case PFC_ANSWERED:
		break;
	}
	return PFC_DONE;
}

int pfc_call(struct pfc *p, struct pfc_unit *u, const uint32_t *dw, uint32_t len)
{
	struct host_ct *ct = &pfc_gt(p, u)->ct;
	int err;

	switch (u->call) {
	case PFC_IDLE:
		err = host_ct_send(ct, HXG_REQUEST, dw, len, pfc_call_tag(u), 0, 0, p->now);
		if (err == -EBUSY) {
			p->again_at = p->now + PFC_ROOM_WAIT;
			return PFC_WAIT;
		}
		if (err)
			return err;
		u->call = PFC_SENT;
		return PFC_MORE;
	case PFC_SENT:
		return PFC_WAIT;
	case PFC_ANSWERED:
		u->call = PFC_IDLE;
		return u->call_err ? u->call_err : PFC_DONE;
	}
	return PFC_DONE;
}

static void log_refusal(struct pfc *p, const struct pfc_unit *u, const uint32_t *dw)
{
	uint32_t code = field_get(HXG_ERROR, dw[0]);
	const char *name = guc_error_name(code);

	pfc_log(p, PFC_LOG_ERROR, u->vf, u->gt, "GuC refused %s: error 0x%x %s",
		u->seq ? u->seq->step[u->at].name : "a request", code, name ? name : "");
}

void pfc_on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	struct pfc_gt *gt = user;
	struct pfc *p = gt->p;
	struct pfc_unit *u;

	if (tag == PFC_TAG_RELAY) {
		if (err)
			pfc_log(p, PFC_LOG_WARN, PFC_NO_VF, gt->index,
				"relay answer not delivered: %s", text_errno(err));
		return;
	}
	u = &p->unit[((uint32_t)tag & 0xFFFF) - 1];
	if (gt->klv_tag == tag) {
		gt->klv_tag = 0;
		pfc_wake_all(p);
	}
	pfc_transfer_idle(p, u->vf, gt->index, tag);
	if (!u->seq || u->call != PFC_SENT || tag != pfc_call_tag(u))
		return;
	if (err == -EIO && len)
		log_refusal(p, u, dw);
	u->call = PFC_ANSWERED;
	u->call_err = err;
	u->data0 = err ? 0 : field_get(HXG_SUCCESS_DATA0, dw[0]);
	u->ready = true;
}

/* --- GGTT entries ------------------------------------------------------------------ */

uint32_t pfc_write_ptes(struct pfc *p, unsigned tile, uint64_t start, uint32_t pos, uint32_t n,
			uint64_t first, uint64_t step)
{
	uint64_t pte[PFC_PTE_SLICE];

	if (n > PFC_PTE_SLICE)
		n = PFC_PTE_SLICE;
	for (uint32_t i = 0; i < n; i++)
		pte[i] = first + (uint64_t)(pos + i) * step;
	if (n)
		p->port->write64(p->port->user,
				 pfc_pte_register(tile, start + (uint64_t)pos * GGTT_PAGE), pte,
				 n);
	return n;
}

void pfc_invalidate(struct pfc *p, unsigned tile)
{
	for (unsigned gt = 0; gt < p->gts; gt++) {
		if (p->gt[gt].tile != tile)
			continue;
		p->gt[gt].tlb_due = true;
		pfc_send_invalidation(p, &p->gt[gt]);
	}
}

bool pfc_send_invalidation(struct pfc *p, struct pfc_gt *gt)
{
	const uint32_t dw[3] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, GUC_ACTION_TLB_INVALIDATION, 0),
		gt->tlb_seq,
		TLB_OP_FLUSH | GUC_TLB_GUC,
	};
	/* Total length of the DONE event that gives the credit back. */
	const uint32_t credit = 3;

	if (!gt->tlb_due)
		return false;
	/* A GuC that refused one gives no credit back: leave it alone. */
	if (gt->ct.state != HOST_CT_ON || gt->ct.fast_failures) {
		gt->tlb_due = false;
		return false;
	}
	if (host_ct_send(&gt->ct, HXG_FAST_REQUEST, dw, 3, 0, credit, 1, p->now)) {
		p->again_at = p->now + PFC_ROOM_WAIT;
		return false;
	}
	gt->tlb_seq++;
	gt->tlb_due = false;
	return true;
}
