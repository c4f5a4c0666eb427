/* SPDX-License-Identifier: MIT */
/* Verbs and their accounts: which GTs still work on one, what it ends with, what
 * is undone when it failed, and what happens to one that another overrides. The
 * report of an end comes last: whoever gets it may start the next verb. */
#include <errno.h>

#include "pfc_priv.h"

void pfc_op_start(struct pfc *p, unsigned vf, enum pfc_verb verb, uint64_t tag, uint64_t limit,
		  unsigned units)
{
	p->vf[vf].op = (struct pfc_op){
		.active = true,
		.verb = verb,
		.tag = tag,
		.limit = limit,
		.units = (uint8_t)units,
		.started = (uint8_t)units,
	};
	p->kicked = true;
}

void pfc_op_touch(struct pfc *p, unsigned vf)
{
	p->vf[vf].op.deadline = 0;
	p->kicked = true;
}

static bool is_config(enum pfc_verb verb)
{
	return verb == PFC_PROVISION || verb == PFC_UNPROVISION || verb == PFC_SET;
}

/* --- the end ------------------------------------------------------------------------ */

/* What a verb held goes back. */
static void release(struct pfc *p, unsigned vf, enum pfc_verb verb, int err)
{
	struct pfc_vf *v = &p->vf[vf];

	v->op.active = false;
	if (verb == PFC_SAVE) {
		pfc_save_reset(p, vf);
		v->out.err = err;
	} else if (verb == PFC_RESTORE) {
		v->receiving = false;
		pfc_restore_unmark(p, vf);
		pfc_content_abort(p, vf);
		pfc_pool_give(p, &p->in_pool, &v->in);
	}
	if (verb == PFC_SAVE || verb == PFC_RESTORE)
		v->image_failed = err != 0;
	if (verb == PFC_SET)
		pfc_setting_done(p, vf, err);
	if (v->op.units)
		return;
	if (v->op.undo == PFC_UNDO_TAKE_BACK || (verb == PFC_UNPROVISION && !err))
		pfc_unprovisioned(v);
	else if (v->op.undo == PFC_UNDO_PUT_BACK || verb == PFC_PROVISION)
		v->old = (struct pfc_share){ .ggtt_size = 0 };
}

static void tell(struct pfc *p, unsigned vf, const struct pfc_op *op, int err)
{
	struct pfc_event ev = {
		.kind = PFC_EV_VERB,
		.vf = (uint8_t)vf,
		.verb = op->verb,
		.tag = op->tag,
		.err = err,
	};

	pfc_report(p, &ev);
	if (vf)
		pfc_vfio_verb_ended(p, vf, op, err);
}

void pfc_op_end(struct pfc *p, unsigned vf, int err)
{
	const struct pfc_op op = p->vf[vf].op;

	if (!op.active)
		return;
	release(p, vf, op.verb, err);
	tell(p, vf, &op, err);
}

/* Several GTs' results as one. */
static int result(const struct pfc *p, unsigned vf)
{
	const struct pfc_op *op = &p->vf[vf].op;

	if (!op->err || !pfc_quirk(p, PFC_QUIRK_BIT(MIXED_RESULTS)) || is_config(op->verb))
		return op->err;
	for (unsigned gt = 0; gt + 1 < p->gts; gt++)
		if (p->unit[vf * PFC_MAX_GTS + gt].err)
			return -EUCLEAN;
	return op->err;
}

/* --- undoing ------------------------------------------------------------------------- */

static void swap_shares(struct pfc_vf *v)
{
	const struct pfc_share tried = v->share;

	v->share = v->old;
	v->old = tried;
}

/* How a PROVISION that goes no further is undone. */
static enum pfc_undo way_back(const struct pfc *p, unsigned vf)
{
	return p->vf[vf].old.ggtt_size && !pfc_quirk(p, PFC_QUIRK_BIT(RESET_ON_CHANGE)) ?
		       PFC_UNDO_PUT_BACK : PFC_UNDO_TAKE_BACK;
}

static void undo_config(struct pfc *p, unsigned vf, enum pfc_undo how)
{
	struct pfc_vf *v = &p->vf[vf];

	v->undo = PFC_UNDO_NONE;
	v->op.undo = how;
	v->op.undo_err = 0;
	v->op.units = (uint8_t)((1u << p->gts) - 1);
	for (unsigned gt = 0; gt < p->gts; gt++)
		pfc_unit_start(p, pfc_unit(p, vf, gt), how == PFC_UNDO_TAKE_BACK ?
			       &pfc_seq_take_back : &pfc_seq_put_back);
}

void pfc_op_undo_owed(struct pfc *p, unsigned vf)
{
	if (p->vf[vf].undo == PFC_UNDO_NONE)
		return;
	pfc_op_start(p, vf, PFC_FLR, 0, 0, 0);
	undo_config(p, vf, p->vf[vf].undo);
}

static bool is_in_flr(struct pfc *p, unsigned vf)
{
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (pfc_unit(p, vf, gt)->state == PFC_VF_FLR)
			return true;
	return false;
}

/* Resume what the given up PAUSE has paused, now or when it comes. True: the verb
 * has something to wait for. */
static bool unpause(struct pfc *p, unsigned vf)
{
	struct pfc_op *op = &p->vf[vf].op;

	if (pfc_quirk(p, PFC_QUIRK_BIT(HALF_PAUSE)))
		return false;
	op->undo = PFC_UNDO_RESUME;
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);

		if (!(op->started & 1u << gt))
			continue;
		if (u->state == PFC_VF_PAUSED) {
			op->units |= (uint8_t)(1u << gt);
			pfc_unit_start(p, u, &pfc_seq_resume);
		} else if (u->state == PFC_VF_PAUSING) {
			u->unpause = true;
		}
	}
	return op->units;
}

/* Does what has just ended on every GT have to be undone, or something that it
 * overrode? GuC takes a configuration only outside an FLR. */
static bool undo_begins(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];

	if (v->op.undo == PFC_UNDO_PUT_BACK && v->op.undo_err) {
		swap_shares(v);
		undo_config(p, vf, PFC_UNDO_TAKE_BACK);
		return true;
	}
	if (v->op.undo != PFC_UNDO_NONE)
		return false;
	if (v->op.verb == PFC_PAUSE && v->op.err)
		return unpause(p, vf);
	if (v->op.verb == PFC_SET && v->op.err) {
		v->op.undo = PFC_UNDO_SETTING;
		v->op.units = v->op.started;
		for (unsigned gt = 0; gt < p->gts; gt++)
			pfc_unit_start(p, pfc_unit(p, vf, gt), &pfc_seq_set);
		return true;
	}
	if (v->op.verb == PFC_PROVISION && v->op.err) {
		v->undo = way_back(p, vf);
		if (v->undo == PFC_UNDO_PUT_BACK)
			swap_shares(v);
	}
	if (v->undo == PFC_UNDO_NONE || is_in_flr(p, vf))
		return false;
	undo_config(p, vf, v->undo);
	return true;
}

static void unit_ended(struct pfc *p, struct pfc_unit *u, int err)
{
	struct pfc_op *op = &p->vf[u->vf].op;

	/* An FLR that overrode a PROVISION and came too late for its own verb. */
	if (!op->active && p->vf[u->vf].undo != PFC_UNDO_NONE && !is_in_flr(p, u->vf))
		pfc_op_start(p, u->vf, PFC_FLR, 0, 0, 1u << u->gt);
	if (!op->active || !(op->units & 1u << u->gt))
		return;
	op->units &= (uint8_t)~(1u << u->gt);
	if (err && op->undo != PFC_UNDO_NONE)
		op->undo_err = err;
	/* The GT that failed says why, not the one that gave up for it. */
	else if (err && (!op->err || op->err == -ECANCELED))
		op->err = err;
	if (!op->units && !undo_begins(p, u->vf))
		pfc_op_end(p, u->vf, result(p, u->vf));
}

void pfc_op_unit_ended(struct pfc *p, struct pfc_unit *u, int err)
{
	struct pfc_vf *v = &p->vf[u->vf];

	unit_ended(p, u, err);
	if (v->flr_owed && p->phase == PFC_UP && !is_in_flr(p, u->vf)) {
		v->flr_owed = false;
		pfc_start_flr(p, u->vf, 0);
	}
}

/* --- given up, overridden ------------------------------------------------------------ */

/* Control goes on without its verb; an image is given up. */
void pfc_op_time_out(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];

	if (v->op.verb == PFC_SAVE ||
	    (v->op.verb == PFC_RESTORE && !pfc_quirk(p, PFC_QUIRK_BIT(RESTORE_HANGS))))
		for (unsigned gt = 0; gt < p->gts; gt++)
			pfc_unit_cancel(p, pfc_unit(p, vf, gt));
	if (v->op.verb == PFC_PAUSE && v->op.undo == PFC_UNDO_NONE)
		(void)unpause(p, vf);
	v->prepared = false;
	if (v->op.verb == PFC_FLR)
		v->alone = !pfc_quirk(p, PFC_QUIRK_BIT(STRAND_FLR));
	pfc_op_end(p, vf, -ETIMEDOUT);
	pfc_wake(p, vf);
}

/* A PROVISION or UNPROVISION that is cut off: the FLR that does it ends with its
 * undoing. */
static void remember_undo(struct pfc *p, unsigned vf, const struct pfc_op *op)
{
	struct pfc_vf *v = &p->vf[vf];

	if (op->undo == PFC_UNDO_PUT_BACK || op->undo == PFC_UNDO_TAKE_BACK) {
		v->undo = op->undo;
	} else if (op->verb == PFC_UNPROVISION) {
		v->undo = PFC_UNDO_TAKE_BACK;
	} else if (op->verb == PFC_SET) {
		v->undo = PFC_UNDO_SETTING;
	} else if (op->verb == PFC_PROVISION) {
		v->undo = way_back(p, vf);
		if (v->undo == PFC_UNDO_PUT_BACK)
			swap_shares(v);
	}
}

struct pfc_op pfc_op_override(struct pfc *p, unsigned vf)
{
	const struct pfc_op op = p->vf[vf].op;

	if (op.active) {
		for (unsigned gt = 0; gt < p->gts; gt++)
			pfc_unit_cancel(p, pfc_unit(p, vf, gt));
		remember_undo(p, vf, &op);
		release(p, vf, op.verb, -ECANCELED);
	}
	return op;
}

void pfc_op_overridden(struct pfc *p, unsigned vf, const struct pfc_op *op)
{
	if (op->active)
		tell(p, vf, op, -ECANCELED);
}
