/* SPDX-License-Identifier: MIT */
/* The relay to the PF, as requester: carriers, time limits, BUSY, RETRY, error
 * map (guc-abi section 8, vf-lifecycle 7.1). Requests of the PF are answered in
 * testloop.c. A request that the PF refuses because it has forgotten the
 * handshake (after a migration it is another PF) is sent once more after a new
 * one, unless the quirk STALE_RELAY is on. */
#include "vfc_priv.h"

#define CARRIER_DWORDS 2u

static void free_slot(struct vfc_relay_slot *s)
{
	s->use = RELAY_FREE;
}

/* The request ended: dw is the answer, its header first. */
static void end(struct vfc_gt *gt, struct vfc_relay_slot *s, int err, const uint32_t *dw,
		uint32_t len)
{
	if (!err && len > s->max) {
		vfc_log(gt->v, gt->id, VFC_LOG_NOTICE, "relay answer of %u dwords is too long",
			len);
		err = -ENOBUFS;
		len = 0;
	}
	if (!len)
		dw = NULL;
	switch (s->use) {
	case RELAY_USER:
		vfc_event(gt->v, &(struct vfc_event){ .kind = VFC_EV_RELAY, .gt = gt->id,
						      .tag = s->tag, .err = err, .dw = dw,
						      .len = len });
		free_slot(s);
		return;
	case RELAY_INTERNAL:
		s->ended = true;
		s->err = err;
		s->answer_len = len;
		if (len)
			memcpy(s->answer, dw, len * sizeof(*dw));
		return;
	case RELAY_ANSWER:
		free_slot(s);
		return;
	case RELAY_FREE:
		return;
	}
}

/* The PF's answer is an event: nothing reserves room for it. */
static void wait_for_answer(struct vfc_gt *gt, struct vfc_relay_slot *s)
{
	s->deadline = gt->v->now + VFC_RELAY_WAIT;
	host_ct_await(&gt->ct, gt->v->now, s->deadline);
}

/* Put the carrier into the ring; without room the step tries again. */
static void transmit(struct vfc_gt *gt, struct vfc_relay_slot *s)
{
	uint32_t dw[CARRIER_DWORDS + RELAY_MAX_DWORDS] = { GUC_ACTION_RELAY_TO_PF, s->id };
	uint64_t tag = (uint64_t)(s - gt->relay.slot) << 32 | s->id;
	int err;

	memcpy(dw + CARRIER_DWORDS, s->dw, s->len * sizeof(*dw));
	err = vfc_send(gt, HXG_REQUEST, dw, CARRIER_DWORDS + s->len, tag, 0, 0);
	s->unsent = err == -EBUSY;
	s->resend_at = gt->v->now + VFC_ROOM_RETRY;
	s->carrier = err == 0;
	if (err && err != -EBUSY)
		end(gt, s, err, NULL, 0);
}

int vfc_relay_start(struct vfc_gt *gt, enum vfc_relay_use use, const uint32_t *dw, uint32_t len,
		    uint64_t tag, struct vfc_relay_slot **slot)
{
	struct vfc_relay_slot *s = NULL;

	if (len == 0 || len > RELAY_MAX_DWORDS)
		return -EMSGSIZE;
	if (vfc_pending(gt) || gt->ct.state == HOST_CT_STOPPED)
		return -ECANCELED;
	if (gt->ct.state != HOST_CT_ON)
		return -ENODEV;
	for (unsigned i = 0; i < VFC_RELAYS && !s; i++)
		if (gt->relay.slot[i].use == RELAY_FREE)
			s = &gt->relay.slot[i];
	if (!s)
		return -EBUSY;
	/* An answer carries the id of the request. */
	*s = (struct vfc_relay_slot){ .use = use, .tag = tag,
				      .id = use == RELAY_ANSWER ? lo32(tag) :
								  ++gt->relay.last_id,
				      .begin = true, .deadline = UINT64_MAX, .len = len,
				      .max = RELAY_MAX_DWORDS };
	memcpy(s->dw, dw, len * sizeof(*dw));
	s->dw[0] &= ~HXG_ORIGIN; /* always host in here */
	if (slot)
		*slot = s;
	gt->v->dirty = true; /* the next step sends it and knows the time */
	return 0;
}

int vfc_relay_max(struct vfc *v, unsigned gt, const uint32_t *dw, uint32_t len, uint32_t max,
		  uint64_t tag)
{
	struct vfc_relay_slot *s;
	int err;

	if (gt >= v->opt.gts || !v->up || v->opt.no_relay)
		return -ENODEV;
	err = vfc_relay_start(&v->gt[gt], RELAY_USER, dw, len, tag, &s);
	if (!err)
		s->max = max;
	return err;
}

int vfc_relay(struct vfc *v, unsigned gt, const uint32_t *dw, uint32_t len, uint64_t tag)
{
	return vfc_relay_max(v, gt, dw, len, RELAY_MAX_DWORDS, tag);
}

/* GuC's answer to a carrier: good only as SUCCESS with DATA0 = 0. */
void vfc_relay_carrier(struct vfc_gt *gt, uint64_t tag, int err, const uint32_t *dw)
{
	struct vfc_relay_slot *s = &gt->relay.slot[(tag >> 32) % VFC_RELAYS];

	if (s->use == RELAY_FREE || s->ended || s->id != lo32(tag))
		return;
	s->carrier = false;
	if (!err && field_get(HXG_SUCCESS_DATA0, dw[0]) != 0)
		err = -EPROTO;
	if (err || s->use == RELAY_ANSWER)
		end(gt, s, err, NULL, 0);
}

/* --- what the PF says -------------------------------------------------------------- */

/* Is this the failure of a PF that has not shaken hands with us? A PF built
 * without debugging hides the reason. */
static bool forgotten(const struct vfc_gt *gt, const struct vfc_relay_slot *s, uint32_t error)
{
	return !vfc_quirk(gt->v, VFC_QUIRK_STALE_RELAY) && s->use == RELAY_USER && !s->retried &&
	       gt->relay.major && hxg_action(s->dw[0]) != RELAY_VF2PF_HANDSHAKE &&
	       (error == EACCES || (error == RELAY_ERR_UNDISCLOSED && gt->rec.fixups_complete));
}

static void failure(struct vfc_gt *gt, struct vfc_relay_slot *s, const uint32_t *dw, uint32_t len)
{
	uint32_t error = field_get(HXG_ERROR, dw[0]);

	if (forgotten(gt, s, error)) {
		s->retried = true;
		s->parked = true;
		gt->relay.rehandshake = true;
		return;
	}
	end(gt, s, error == RELAY_ERR_UNDISCLOSED ? -EREMOTEIO : -(int)error, dw, len);
}

static int reply(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len)
{
	struct vfc_relay_slot *s = NULL;

	for (unsigned i = 0; i < VFC_RELAYS; i++)
		if ((gt->relay.slot[i].use == RELAY_USER ||
		     gt->relay.slot[i].use == RELAY_INTERNAL) &&
		    !gt->relay.slot[i].ended && !gt->relay.slot[i].parked &&
		    gt->relay.slot[i].id == id)
			s = &gt->relay.slot[i];
	if (!s)
		return -ESRCH;
	s->carrier = false;
	switch (hxg_type(dw[0])) {
	case HXG_BUSY:
		wait_for_answer(gt, s);
		return 0;
	case HXG_RETRY:
		wait_for_answer(gt, s);
		transmit(gt, s);
		return 0;
	case HXG_FAILURE:
		failure(gt, s, dw, len);
		return 0;
	case HXG_SUCCESS:
		end(gt, s, 0, dw, len);
		return 0;
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
	case HXG_TYPE_UNASSIGNED:
		return -EBADRQC;
	}
	return -EBADRQC;
}

/* Event 0x5102; the order of the checks is that of guc-abi 8.2. */
int vfc_relay_event(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	uint32_t id;

	if (gt->v->opt.no_relay)
		return -ENODEV;
	if (len < CARRIER_DWORDS)
		return -EPROTO;
	if (len > CARRIER_DWORDS + RELAY_MAX_DWORDS)
		return -EMSGSIZE;
	if (hxg_data0(dw[0]))
		return -EPFNOSUPPORT;
	if (len == CARRIER_DWORDS || hxg_origin(dw[CARRIER_DWORDS]) != HXG_ORIGIN_HOST)
		return -EPROTO;
	id = dw[1];
	dw += CARRIER_DWORDS;
	len -= CARRIER_DWORDS;
	switch (hxg_type(dw[0])) {
	case HXG_REQUEST:
	case HXG_FAST_REQUEST:
	case HXG_EVENT:
		vfc_serve_pf(gt, id, dw, len);
		return 0;
	case HXG_TYPE_UNASSIGNED:
		return -EBADRQC;
	case HXG_BUSY:
	case HXG_RETRY:
	case HXG_FAILURE:
	case HXG_SUCCESS:
		break;
	}
	return reply(gt, id, dw, len);
}

/* --- time -------------------------------------------------------------------------- */

static bool any_parked(const struct vfc_gt *gt)
{
	for (unsigned i = 0; i < VFC_RELAYS; i++)
		if (gt->relay.slot[i].use != RELAY_FREE && gt->relay.slot[i].parked)
			return true;
	return false;
}

/* Shake hands again and read the fuses of what may be another card, then send
 * what waited for it. */
static bool rehandshake(struct vfc_gt *gt)
{
	int err;

	if (vfc_pending(gt) || gt->ct.state != HOST_CT_ON)
		return false;
	err = gt->relay.refresh ? 0 : vfc_handshake(gt);
	if (err == 0) {
		gt->relay.refresh = true;
		err = vfc_query_runtime(gt);
	}
	if (err == VFC_MORE)
		return true;
	if (err == VFC_WAIT)
		return false;
	gt->relay.refresh = false;
	if (err == -ECANCELED && any_parked(gt))
		return true; /* migrated once more: again after that */
	gt->relay.rehandshake = false;
	for (unsigned i = 0; i < VFC_RELAYS; i++) {
		struct vfc_relay_slot *s = &gt->relay.slot[i];

		if (s->use == RELAY_FREE || !s->parked)
			continue;
		s->parked = false;
		s->id = ++gt->relay.last_id;
		wait_for_answer(gt, s);
		if (err)
			end(gt, s, -EACCES, NULL, 0);
		else
			transmit(gt, s);
	}
	return true;
}

bool vfc_relay_step(struct vfc_gt *gt)
{
	bool done = vfc_testloop_step(gt);

	for (unsigned i = 0; i < VFC_RELAYS; i++) {
		struct vfc_relay_slot *s = &gt->relay.slot[i];

		if (s->use == RELAY_FREE || s->ended)
			continue;
		if (s->begin) {
			s->begin = false;
			wait_for_answer(gt, s);
			transmit(gt, s);
			done = true;
		} else if (gt->v->now >= s->deadline) {
			s->parked = false;
			end(gt, s, -ETIME, NULL, 0);
			done = true;
		} else if (s->unsent && gt->v->now >= s->resend_at) {
			transmit(gt, s);
			done = true;
		}
	}
	if (!done && gt->relay.rehandshake && gt->v->op.kind == VFC_OP_NONE)
		done = rehandshake(gt);
	return done;
}

uint64_t vfc_relay_deadline(const struct vfc_gt *gt)
{
	uint64_t least = gt->relay.loop.due ? gt->relay.loop.due : UINT64_MAX;

	for (unsigned i = 0; i < VFC_RELAYS; i++) {
		const struct vfc_relay_slot *s = &gt->relay.slot[i];
		uint64_t at = s->unsent && s->resend_at < s->deadline ? s->resend_at : s->deadline;

		if (s->use != RELAY_FREE && !s->ended && at < least)
			least = at;
	}
	return least;
}

void vfc_relay_migrated(struct vfc_gt *gt)
{
	if (vfc_quirk(gt->v, VFC_QUIRK_RELAY_WAITS))
		return;
	for (unsigned i = 0; i < VFC_RELAYS; i++) {
		struct vfc_relay_slot *s = &gt->relay.slot[i];

		/* What waits for a new handshake is sent after it anyway. */
		if (s->use != RELAY_FREE && !s->ended && !s->parked)
			end(gt, s, -ECANCELED, NULL, 0);
	}
}

void vfc_relay_reset(struct vfc_gt *gt, int err)
{
	for (unsigned i = 0; i < VFC_RELAYS; i++)
		if (gt->relay.slot[i].use != RELAY_FREE) {
			end(gt, &gt->relay.slot[i], err, NULL, 0);
			free_slot(&gt->relay.slot[i]);
		}
	gt->relay.internal = NULL;
	gt->relay.loop.due = 0;
	gt->relay.rehandshake = false;
	gt->relay.refresh = false;
	gt->relay.major = 0;
	gt->relay.minor = 0;
	gt->runtime_begun = false;
}
