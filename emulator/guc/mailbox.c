/* SPDX-License-Identifier: MIT */
/* The MMIO mailbox of a function on one GuC (guc-abi 2.1 to 2.3): takes a
 * request at the doorbell, has it dispatched, writes the reply. What the
 * protocol leaves open (guc-abi 12, items 1 to 7) is decided here:
 *
 * 1. A short reply zeroes the registers it does not use; a request that got no
 *    reply stays in the mailbox.
 * 2. A second request while one waits for the PF or a hook replaces it: what
 *    comes later for the first one is dropped (relay) or overwrites (hook).
 * 3. Register 0 with ORIGIN GuC or a TYPE other than REQUEST is no request:
 *    the doorbell was for the H2G ring.
 * 4. One doorbell serves both, mailbox first.
 * 5. Must-be-zero bits that are set: 0x04.
 * 6. Every action is answered in the doorbell's turn, but 0x5005 with BUSY.
 * 7. A paused VF's request stays and is served at RESUME. */
#include "core.h"

#include "lifecycle.h"

/* Registers 1..3 before register 0: the host reads them when it sees bit 31. */
void guc_mailbox_write(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *dw)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	memcpy(&f->mbox[1], &dw[1], 3 * sizeof(dw[0]));
	f->mbox[0] = dw[0];
}

void guc_mailbox_reply(struct guc_card *c, unsigned gt, unsigned fn, uint16_t action,
		       const uint32_t *dw, uint32_t len)
{
	uint32_t msg[CTB_HXG_MAX_DWORDS] = { 0 };
	struct guc_event ev = {
		.point = GUC_PT_MBOX_REPLY, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = action, .msg = msg, .msg_len = len,
	};
	struct guc_hook_action act;
	enum guc_verdict v;

	memcpy(msg, dw, len * sizeof(dw[0]));
	v = guc_hook(c, &ev, &act);
	if (hxg_type(msg[0]) == HXG_FAILURE)
		ev.error = (uint16_t)field_get(HXG_ERROR, msg[0]);
	if (v == GUC_SWALLOW || (v == GUC_DELAY && guc_delay(c, &ev, &act) == 0)) {
		guc_emit(c, &ev);
		return;
	}
	guc_mailbox_write(c, gt, fn, msg);
	guc_emit(c, &ev);
}

/* Actions whose handler asks the lifecycle itself. */
static bool has_own_input(uint32_t action)
{
	return action == GUC_ACTION_MATCH_VERSION || action == GUC_ACTION_VF_RESET ||
	       action == GUC_ACTION_QUERY_SINGLE_KLV || action == GUC_ACTION_SELF_CFG ||
	       action == GUC_ACTION_CONTROL_CTB || action == GUC_ACTION_RESFIX_START ||
	       action == GUC_ACTION_RESFIX_DONE;
}

static bool is_deaf(uint16_t error)
{
	return error == GUC_LIFE_HELD || error == GUC_LIFE_LOST;
}

/* Run a request and answer it. */
void guc_mailbox_handle(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *dw)
{
	const struct guc_action *row = guc_action_find(hxg_action(dw[0]));
	struct guc_request r = {
		.gt = gt, .fn = fn, .mmio = true, .type = HXG_REQUEST,
		.action = (uint16_t)hxg_action(dw[0]), .data0 = (uint16_t)hxg_data0(dw[0]),
		.dw = dw, .len = 1,
	};
	uint32_t reply[MAILBOX_DWORDS] = { 0 };
	uint16_t error = GUC_OK;

	/* There is no length on the wire: it follows from the action. */
	if (row)
		r.len = row->max_len < MAILBOX_DWORDS ? row->max_len : MAILBOX_DWORDS;
	/* Who is paused or being reset is not listened to, whatever is asked. */
	if (!has_own_input(r.action) || is_deaf(guc_vf_peek(c, gt, fn, GUC_IN_OTHER_MMIO, 0)))
		error = guc_vf_input(c, gt, fn, GUC_IN_OTHER_MMIO, 0);
	if (!error)
		error = guc_dispatch(c, &r);
	if (error == GUC_LIFE_HELD)
		guc_fn(c, gt, fn)->mbox_pending = 1;
	if (r.no_reply || is_deaf(error))
		return;
	if (error) {
		reply[0] = hxg_failure(HXG_ORIGIN_GUC, error, r.hint);
		guc_mailbox_reply(c, gt, fn, r.action, reply, 1);
		return;
	}
	reply[0] = hxg_success(HXG_ORIGIN_GUC, r.reply_data0);
	memcpy(&reply[1], r.reply, r.reply_len * sizeof(reply[0]));
	guc_mailbox_reply(c, gt, fn, r.action, reply, 1 + r.reply_len);
}

static bool is_paused(enum guc_vf_state s)
{
	return s == GUC_VFS_READY_PAUSED || s == GUC_VFS_RUNNING_PAUSED ||
	       s == GUC_VFS_RESFIX_PAUSED;
}

void guc_mailbox_serve(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t msg[CTB_HXG_MAX_DWORDS];
	struct guc_event ev = {
		.point = GUC_PT_MBOX_REQUEST, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.msg = msg, .msg_len = MAILBOX_DWORDS,
	};
	struct guc_hook_action act;
	const uint32_t busy = hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 0);
	const struct guc_action *row;
	enum guc_verdict v;

	if (hxg_origin(f->mbox[0]) != HXG_ORIGIN_HOST || hxg_type(f->mbox[0]) != HXG_REQUEST ||
	    f->mbox[0] == 0)
		return;
	if (f->deaf || (fn && is_paused((enum guc_vf_state)f->state))) {
		f->mbox_pending = 1;
		return;
	}
	if (fn && guc_is_flr((enum guc_vf_state)f->state)) {
		memset(f->mbox, 0, sizeof(f->mbox));
		return;
	}
	f->mbox_pending = 0;
	f->mmio_relay = 0;
	f->mbox_requests++;
	guc_adverse(c, gt, fn, GUC_THRESHOLD_H2G_STORM, GUC_COST_H2G_US);
	memcpy(msg, f->mbox, sizeof(f->mbox));
	row = guc_action_find(hxg_action(msg[0]));
	if (row && row->max_len < MAILBOX_DWORDS)
		ev.msg_len = row->max_len;
	ev.code = hxg_action(msg[0]);
	v = guc_hook(c, &ev, &act);
	if (v != GUC_CHANGE && v != GUC_DELAY)
		memcpy(msg, f->mbox, sizeof(f->mbox));
	guc_emit(c, &ev);
	if (v == GUC_SWALLOW) {
		f->mbox_pending = 1; /* it still stands there */
		return;
	}
	ev.msg_len = MAILBOX_DWORDS;
	if (v == GUC_DELAY && guc_delay(c, &ev, &act) == 0) {
		if (act.busy)
			guc_mailbox_reply(c, gt, fn, (uint16_t)ev.code, &busy, 1);
		return;
	}
	if (v == GUC_ANSWER && act.answer_len > 0)
		guc_mailbox_reply(c, gt, fn, (uint16_t)ev.code, act.answer,
				  act.answer_len < MAILBOX_DWORDS ? act.answer_len :
								    MAILBOX_DWORDS);
	else
		guc_mailbox_handle(c, gt, fn, msg);
	if (v == GUC_CHANGE)
		for (unsigned i = 0; i < act.copies; i++)
			guc_mailbox_handle(c, gt, fn, msg);
}
