/* SPDX-License-Identifier: MIT */
/* Reading G2H: checks, replies, events, credits given back, time limits
 * (guc-abi 3.7, 3.8). Stricter than a production driver where that one
 * believes what it reads: cursors are range checked, empty messages and
 * unknown formats are skipped instead of parsed. */
#include "ct_priv.h"

#include <errno.h>
#include <string.h>

#include "proto/actions.h"

/* G2H messages read at once when nothing told of them. */
#define LOOK_BUDGET 64u

void ct_break(struct host_ct *ct, size_t desc, uint32_t status)
{
	if (status)
		host_put32(ct->mem, desc + CTB_DESC_STATUS,
			   host_get32(ct->mem, desc + CTB_DESC_STATUS) | status);
	ct->state = HOST_CT_BROKEN;
}

struct host_ct_request *ct_find(struct host_ct *ct, uint32_t fence)
{
	for (uint64_t left = ct->under_way; left; left &= left - 1) {
		struct host_ct_request *r = &ct->pending[__builtin_ctzll(left)];

		if (!r->resend_at && r->fence == fence)
			return r;
	}
	return NULL;
}

void ct_end_request(struct host_ct *ct, struct host_ct_request *r, int err, const uint32_t *dw,
		    uint32_t len)
{
	ct->under_way &= ~(1ull << (r - ct->pending));
	if (ct->on_reply)
		ct->on_reply(ct->user, r->tag, err, dw, len);
}

/* Give back `n` dwords of credit; false when nobody reserved them. */
static bool release(struct host_ct *ct, uint32_t n)
{
	if (ct->g2h_outstanding == 0 || ct->g2h_space + n > ct->g2h_size - ct->g2h_reserved)
		return false;
	ct->g2h_space += n;
	ct->g2h_outstanding--;
	return true;
}

/* Events whose room the sender of the cause reserved. */
static bool is_credited(uint32_t action)
{
	return action == GUC_ACTION_SCHED_CONTEXT_MODE_DONE ||
	       action == GUC_ACTION_DEREGISTER_CONTEXT_DONE ||
	       action == GUC_ACTION_TLB_INVALIDATION_DONE ||
	       action == GUC_ACTION_CGP_SYNC_DONE ||
	       action == GUC_ACTION_PAGE_RECLAMATION_DONE;
}

static void on_event(struct host_ct *ct, const uint32_t *dw, uint32_t len)
{
	if (is_credited(hxg_action(dw[0])) && !release(ct, len + 1) && !ct->forgiving) {
		ct_break(ct, ct->g2h_desc, 0);
		return;
	}
	if (!ct->on_event || ct->on_event(ct->user, dw, len))
		ct->bad_events++;
}

static void on_retry(struct host_ct *ct, struct host_ct_request *r, uint64_t now)
{
	release(ct, CT_REQUEST_CREDIT);
	if (++r->retries > HOST_CT_RETRY_MAX) {
		ct_end_request(ct, r, -ELOOP, NULL, 0);
		return;
	}
	r->resend_at = now + r->retries * HOST_CT_RETRY_STEP;
}

static void on_reply(struct host_ct *ct, uint32_t fence, const uint32_t *dw, uint32_t len,
		     uint64_t now)
{
	struct host_ct_request *r;

	if (fence & CT_FENCE_UNTRACKED) {
		ct->fast_failures++;
		return;
	}
	r = ct_find(ct, fence);
	if (!r) {
		/* Late, or of before a recovery: its credit may be gone too. */
		ct->orphans++;
		if (hxg_is_definitive(hxg_type(dw[0])))
			release(ct, CT_REQUEST_CREDIT);
		return;
	}
	switch (hxg_type(dw[0])) {
	case HXG_BUSY:
		r->deadline = now + HOST_CT_TIMEOUT;
		return;
	case HXG_RETRY:
		on_retry(ct, r, now);
		return;
	case HXG_FAILURE:
	case HXG_SUCCESS:
		release(ct, CT_REQUEST_CREDIT);
		ct_end_request(ct, r, hxg_type(dw[0]) == HXG_SUCCESS ? 0 : -EIO, dw, len);
		return;
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
	case HXG_TYPE_UNASSIGNED:
		return;
	}
}

static void dispatch(struct host_ct *ct, uint32_t header, const uint32_t *dw, uint64_t now)
{
	uint32_t len = field_get(CT_NUM_DWORDS, header);

	ct->received++;
	if (len == 0 || field_get(CT_FORMAT, header) != CT_FORMAT_HXG) {
		ct->bad_events++;
		return;
	}
	if (hxg_origin(dw[0]) != HXG_ORIGIN_GUC) {
		ct_break(ct, ct->g2h_desc, 0);
		return;
	}
	switch (hxg_type(dw[0])) {
	case HXG_EVENT:
		on_event(ct, dw, len);
		return;
	case HXG_BUSY:
	case HXG_RETRY:
	case HXG_FAILURE:
	case HXG_SUCCESS:
		on_reply(ct, field_get(CT_FENCE, header), dw, len, now);
		return;
	case HXG_REQUEST:
	case HXG_FAST_REQUEST:
	case HXG_TYPE_UNASSIGNED:
		break;
	}
	ct_break(ct, ct->g2h_desc, 0);
}

static bool is_expecting(const struct host_ct *ct, uint64_t now)
{
	return ct->g2h_outstanding || now < ct->await_until;
}

void ct_expect(struct host_ct *ct, uint64_t now)
{
	if (ct->look_at && ct->look_at <= now + HOST_CT_LOOK)
		return;
	ct->silent_since = now;
	ct->look_at = now + HOST_CT_LOOK;
}

void host_ct_await(struct host_ct *ct, uint64_t now, uint64_t until)
{
	if (until > ct->await_until)
		ct->await_until = until;
	ct_expect(ct, now);
}

/* Take one message off the ring. 1, 0 when it is empty, -EPIPE. */
static int read_one(struct host_ct *ct, uint64_t now)
{
	uint32_t status = host_get32(ct->mem, ct->g2h_desc + CTB_DESC_STATUS);
	uint32_t tail = host_load_acquire(ct->mem, ct->g2h_desc + CTB_DESC_TAIL);
	uint32_t dw[CTB_HXG_MAX_DWORDS];
	uint32_t avail, header, len, at;

	if (status & ~CTB_STATUS_DISABLED) {
		ct_break(ct, ct->g2h_desc, 0);
		return -EPIPE;
	}
	if (tail >= ct->g2h_size) {
		ct_break(ct, ct->g2h_desc, CTB_STATUS_OVERFLOW);
		return -EPIPE;
	}
	avail = ctb_used(ct->g2h_head, tail, ct->g2h_size);
	if (avail == 0)
		return 0;
	header = host_get32(ct->mem, ct->g2h_buf + (size_t)ct->g2h_head * 4);
	len = field_get(CT_NUM_DWORDS, header);
	if (len + 1 > avail) {
		ct_break(ct, ct->g2h_desc, 0);
		return -EPIPE;
	}
	at = ctb_advance(ct->g2h_head, 1, ct->g2h_size);
	for (uint32_t i = 0; i < len; i++) {
		dw[i] = host_get32(ct->mem, ct->g2h_buf + (size_t)at * 4);
		at = ctb_advance(at, 1, ct->g2h_size);
	}
	ct->g2h_head = at;
	host_store_release(ct->mem, ct->g2h_desc + CTB_DESC_HEAD, at);
	dispatch(ct, header, dw, now);
	ct->silent_since = now;
	ct->look_at = is_expecting(ct, now) ? now + HOST_CT_LOOK : 0;
	return 1;
}

int host_ct_receive(struct host_ct *ct, unsigned budget, uint64_t now)
{
	uint32_t looked = ct->g2h_bell ? bell_look(ct->g2h_bell) : 0;
	bool resting = !ct->g2h_bell;
	unsigned count = 0;

	while (count < budget) {
		int got = ct_state_error(ct);

		if (got)
			return got;
		got = read_one(ct, now);
		if (got < 0)
			return got;
		count += (unsigned)got;
		if (got > 0)
			continue;
		if (resting || bell_sleep(ct->g2h_bell, looked))
			break;
		resting = true;
	}
	return ct->state == HOST_CT_BROKEN ? -EPIPE : (int)count;
}

/* Read what an interrupt should have told of. */
static void look(struct host_ct *ct, uint64_t now)
{
	int n = host_ct_receive(ct, LOOK_BUDGET, now);
	uint64_t silence = now - ct->silent_since;

	if (n == (int)LOOK_BUDGET)
		ct->look_at = now; /* there may be more, of which nothing tells either */
	else if (n == 0)
		ct->look_at = !is_expecting(ct, now) ? 0 :
			      now + (silence > HOST_CT_LOOK ? silence : HOST_CT_LOOK);
}

/* A request whose time is over. Its reply may be there, with its interrupt lost. */
static void expire(struct host_ct *ct, uint64_t bit, struct host_ct_request *r, uint64_t now,
		   bool *looked)
{
	if (!*looked) {
		*looked = true;
		look(ct, now);
		if (ct->state != HOST_CT_ON || !(ct->under_way & bit) || r->resend_at ||
		    now < r->deadline)
			return;
	}
	/* Its credit comes back with the late reply, if ever. */
	ct_end_request(ct, r, -ETIME, NULL, 0);
}

void host_ct_tick(struct host_ct *ct, uint64_t now)
{
	bool looked = ct->state == HOST_CT_ON && ct->look_at && now >= ct->look_at;

	if (looked)
		look(ct, now);
	for (uint64_t left = ct->under_way; left && ct->state == HOST_CT_ON; left &= left - 1) {
		uint64_t bit = left & -left;
		struct host_ct_request *r = &ct->pending[__builtin_ctzll(left)];

		/* What is told of one may end another. */
		if (!(ct->under_way & bit))
			continue;
		if (r->resend_at) {
			/* No room now: try again a step later. */
			if (now >= r->resend_at && ct_send_request(ct, r, now) == -EBUSY)
				r->resend_at = now + HOST_CT_RETRY_STEP;
		} else if (now >= r->deadline) {
			expire(ct, bit, r, now, &looked);
		}
	}
}

uint64_t host_ct_deadline(const struct host_ct *ct)
{
	uint64_t least = UINT64_MAX;

	if (ct->state != HOST_CT_ON)
		return least;
	if (ct->look_at)
		least = ct->look_at;
	for (uint64_t left = ct->under_way; left; left &= left - 1) {
		const struct host_ct_request *r = &ct->pending[__builtin_ctzll(left)];
		uint64_t at = r->resend_at ? r->resend_at : r->deadline;

		if (at < least)
			least = at;
	}
	return least;
}
