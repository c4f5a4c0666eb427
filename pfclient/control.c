/* SPDX-License-Identifier: MIT */
/* PAUSE, RESUME, STOP and the FLR of a VF on a GT (vf-lifecycle 2.4 to 2.7):
 * their sequences, and the VF_STATE_NOTIFY events that drive them. When a verb
 * may start is decided in pfc.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

#define FLR_LIMIT 5000000000ull

/* VF_CONTROL; a GuC that refuses sees the VF differently from us. */
static int send_command(struct pfc *p, struct pfc_unit *u, enum guc_vf_command command)
{
	const uint32_t dw[3] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_VF_CONTROL, 0), u->vf, command
	};
	int result = pfc_call(p, u, dw, 3);

	if (result == -EIO)
		u->mismatch = true;
	if (result == PFC_DONE && u->data0)
		return -EPROTO;
	return result;
}

/* Command and the event that ends it, which may come before the reply. */
static int command_and_event(struct pfc *p, struct pfc_unit *u, enum guc_vf_command command,
			     enum guc_vf_event event)
{
	int result;

	u->event_wait = (uint8_t)event;
	if (u->sub == 0) {
		result = send_command(p, u, command);
		if (result != PFC_DONE)
			return result;
		u->sub = 1;
		if (!u->event_seen)
			host_ct_await(&pfc_gt(p, u)->ct, p->now, p->now + FLR_LIMIT);
	}
	return u->event_seen ? PFC_DONE : PFC_WAIT;
}

static int step_pause(struct pfc *p, struct pfc_unit *u)
{
	return command_and_event(p, u, GUC_VF_PAUSE, GUC_EVENT_VF_PAUSE_DONE);
}

static int step_resume(struct pfc *p, struct pfc_unit *u)
{
	return send_command(p, u, GUC_VF_RESUME);
}

static int step_stop(struct pfc *p, struct pfc_unit *u)
{
	return send_command(p, u, GUC_VF_STOP);
}

static int step_flr_start(struct pfc *p, struct pfc_unit *u)
{
	int result;

	if (pfc_vf(p, u)->prepared)
		return PFC_WAIT;
	/* Another PF was at it: end that first, whatever GuC says. */
	if (u->cleaned) {
		result = send_command(p, u, GUC_VF_FLR_FINISH);
		if (result == PFC_MORE || result == PFC_WAIT)
			return result;
		u->cleaned = false;
		u->mismatch = false;
	}
	result = command_and_event(p, u, GUC_VF_FLR_START, GUC_EVENT_VF_FLR_DONE);
	/* The acknowledged reset settles what was in doubt. */
	if (u->sub == 1)
		u->mismatch = false;
	return result;
}

static int step_reset_data(struct pfc *p, struct pfc_unit *u)
{
	memset(u->adverse, 0, sizeof(u->adverse));
	pfc_gt(p, u)->retry_since[u->vf] = 0;
	if (u->gt == 0) {
		pfc_vf(p, u)->relay_major = 0;
		pfc_vf(p, u)->relay_minor = 0;
	}
	return PFC_DONE;
}

static int step_reset_mmio(struct pfc *p, struct pfc_unit *u)
{
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		p->port->write32(p->port->user, pfc_vf_mailbox(p, u) + 4 * i, 0);
	return PFC_DONE;
}

static int step_flr_finish(struct pfc *p, struct pfc_unit *u)
{
	return send_command(p, u, GUC_VF_FLR_FINISH);
}

static const struct pfc_step_def pause_steps[] = {
	{ .name = "PAUSE", .run = step_pause },
};
static const struct pfc_step_def resume_steps[] = {
	{ .name = "RESUME", .run = step_resume },
};
static const struct pfc_step_def stop_steps[] = {
	{ .name = "STOP", .run = step_stop },
};
static const struct pfc_step_def flr_steps[] = {
	{ .name = "FLR_START", .run = step_flr_start },
	{ .name = "SYNC" },
	{ .name = "RESET_CONFIG", .run = pfc_step_ptes, .where = PFC_MAIN_GT },
	{ .name = "RESET_LMEM", .run = pfc_step_clear_lmem, .where = PFC_MAIN_GT },
	{ .name = "RESET_DATA", .run = step_reset_data },
	{ .name = "RESET_MMIO", .run = step_reset_mmio },
	{ .name = "FLR_FINISH", .run = step_flr_finish },
};

const struct pfc_seq pfc_seq_pause = {
	.during = PFC_VF_PAUSING, .after = PFC_VF_PAUSED, PFC_STEPS(pause_steps)
};
const struct pfc_seq pfc_seq_resume = {
	.during = PFC_VF_RESUMING, .after = PFC_VF_RESUMED, PFC_STEPS(resume_steps)
};
const struct pfc_seq pfc_seq_stop = {
	.during = PFC_VF_STOPPING, .after = PFC_VF_STOPPED, PFC_STEPS(stop_steps)
};
const struct pfc_seq pfc_seq_flr = {
	.during = PFC_VF_FLR, .after = PFC_VF_READY, PFC_STEPS(flr_steps)
};

/* An FLR is one of the whole function: every GT that is not at it yet begins,
 * whoever saw it first. It overrides what runs. */
void pfc_start_flr(struct pfc *p, unsigned vf, uint64_t tag)
{
	struct pfc_op *op = &p->vf[vf].op, old = { .active = false };
	unsigned units = 0;
	bool running = false;

	if (op->active && op->verb != PFC_FLR)
		old = pfc_op_override(p, vf);
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);

		units |= 1u << gt;
		if (u->seq == &pfc_seq_flr)
			running = true;
		else
			pfc_unit_start(p, u, &pfc_seq_flr);
	}
	if (!running)
		p->vf[vf].alone = false;
	if (op->active) {
		/* Its end may have begun to undo what it overrode. */
		if (op->undo != PFC_UNDO_NONE)
			p->vf[vf].undo = op->undo;
		op->undo = PFC_UNDO_NONE;
		op->units |= (uint8_t)units;
	} else
		pfc_op_start(p, vf, PFC_FLR, tag, FLR_LIMIT, units);
	pfc_op_overridden(p, vf, &old);
}

static bool is_finishing(const struct pfc_unit *u)
{
	return u->seq == &pfc_seq_flr && flr_steps[u->at].run == step_flr_finish &&
	       u->call != PFC_IDLE;
}

void pfc_vf_event(struct pfc *p, struct pfc_unit *u, uint32_t event)
{
	switch (event) {
	case GUC_EVENT_VF_FLR:
		/* GuC tells again when another reset came during this one, as soon as it has
		 * FLR_FINISH: the event may be here before that one's end is. */
		if (p->phase != PFC_UP || is_finishing(u))
			pfc_vf(p, u)->flr_owed = true;
		else if (pfc_vf(p, u)->prepared) {
			pfc_vf(p, u)->prepared = false;
			pfc_wake(p, u->vf);
		} else if (u->seq != &pfc_seq_flr)
			pfc_start_flr(p, u->vf, 0);
		return;
	case GUC_EVENT_VF_FIXUP_DONE:
		if (!pfc_quirk(p, PFC_QUIRK_BIT(IGNORE_FIXUP_DONE)))
			pfc_vf(p, u)->fixup_done++;
		return;
	case GUC_EVENT_VF_FLR_DONE:
	case GUC_EVENT_VF_PAUSE_DONE:
		/* Those that another PF waited for; its PAUSE is undone. */
		if (p->phase != PFC_UP)
			return;
		if (p->adopt && event == GUC_EVENT_VF_PAUSE_DONE && !u->seq &&
		    u->state == PFC_VF_READY) {
			pfc_unit_start(p, u, &pfc_seq_resume);
			return;
		}
		if (u->seq && u->event_wait == event && !u->event_seen) {
			u->event_seen = true;
			u->ready = true;
			return;
		}
		u->mismatch = true;
		pfc_log(p, PFC_LOG_WARN, u->vf, u->gt, "unexpected state event %u", event);
		return;
	}
}
