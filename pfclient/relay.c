/* SPDX-License-Identifier: MIT */
/* The PF's end of the relay (vf-lifecycle 7.1, guc-abi 8): the receiver's checks,
 * the queue of each GT in which requests wait, their answers. Requests are served
 * in order, one a turn, when there is room for the answer; what the services
 * answer is in relay_service.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

/* --- taking requests --------------------------------------------------------------- */

/* Every VF can always have one request waiting, whatever the others send. */
static int enqueue(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r)
{
	unsigned reserved = p->opt.vfs;
	uint64_t seen = 0;

	for (unsigned i = 0; i < gt->relay_count; i++)
		seen |= 1ull << gt->relay[i].vf;
	reserved -= (unsigned)__builtin_popcountll(seen | 1ull << r->vf);
	if (gt->relay_count + (seen & 1ull << r->vf ? reserved : 0) >= PFC_RELAY_QUEUE)
		return -ENOMEM;
	gt->relay[gt->relay_count++] = *r;
	return 0;
}

int pfc_relay_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct pfc_relay_request r = { .mmio = false };

	if (!gt->up)
		return -ENODEV;
	if (len < 3)
		return -EPROTO;
	if (len - 3 > RELAY_MAX_DWORDS)
		return -EMSGSIZE;
	if (hxg_data0(dw[0]))
		return -EPFNOSUPPORT;
	/* Nobody answers function 0: it is this driver. */
	if (dw[1] == 0 || dw[1] > p->opt.vfs)
		return -ENOENT;
	if (len == 3 || hxg_origin(dw[3]) != HXG_ORIGIN_HOST)
		return -EPROTO;
	switch (hxg_type(dw[3])) {
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
		break;
	case HXG_BUSY:
	case HXG_RETRY:
	case HXG_FAILURE:
	case HXG_SUCCESS:
		return -ESRCH;
	case HXG_TYPE_UNASSIGNED:
		return -EBADRQC;
	}
	r.vf = (uint8_t)dw[1];
	r.id = dw[2];
	r.len = (uint8_t)(len - 3);
	memcpy(r.dw, dw + 3, r.len * sizeof(*dw));
	return enqueue(p, gt, &r);
}

int pfc_mmio_relay_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct pfc_relay_request r = { .mmio = true };

	if (hxg_data0(dw[0]))
		return -EPFNOSUPPORT;
	if (len != 6)
		return -EPROTO;
	if (dw[1] == 0 || dw[1] > p->opt.vfs)
		return -ENOENT;
	r.vf = (uint8_t)dw[1];
	r.id = field_get(MMIO_RELAY_MAGIC, dw[2]);
	r.len = 4;
	memcpy(r.dw, dw + 2, 4 * sizeof(*dw));
	return enqueue(p, gt, &r);
}

/* --- answers ----------------------------------------------------------------------- */

static int send_relay(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
		      struct pfc_answer *a, int err)
{
	uint32_t msg[3 + RELAY_MAX_DWORDS];
	/* A PF that is not for debugging doesn't tell VFs why. */
	uint32_t code = p->opt.disclose_errors ? (uint32_t)-err : RELAY_ERR_UNDISCLOSED;

	if (err == -EINPROGRESS || err == -EAGAIN) {
		a->dw[0] = hxg_header(HXG_ORIGIN_HOST,
				      err == -EAGAIN ? HXG_RETRY : HXG_BUSY, 0);
		a->len = 1;
	} else if (err) {
		a->dw[0] = hxg_failure(HXG_ORIGIN_HOST, code, code);
		a->len = 1;
	} else {
		a->dw[0] = hxg_success(HXG_ORIGIN_HOST, a->data0);
	}
	msg[0] = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RELAY_TO_VF, 0);
	msg[1] = r->vf;
	msg[2] = r->id;
	memcpy(msg + 3, a->dw, a->len * sizeof(*msg));
	return host_ct_send(&gt->ct, HXG_REQUEST, msg, 3 + a->len, PFC_TAG_RELAY, 0, 0, p->now);
}

static int send_mmio(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
		     struct pfc_answer *a, int err)
{
	uint32_t msg[6] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST,
			 err ? GUC_ACTION_MMIO_RELAY_FAILURE : GUC_ACTION_MMIO_RELAY_SUCCESS, 0),
		r->vf, field_put(MMIO_RELAY_MAGIC, r->id),
	};

	if (err) {
		msg[2] |= field_put(MMIO_RELAY_FAULT, (uint32_t)-err);
	} else {
		msg[2] |= field_put(MMIO_RELAY_DATA0, a->data0);
		memcpy(msg + 3, a->dw + 1, 3 * sizeof(*msg));
	}
	return host_ct_send(&gt->ct, HXG_FAST_REQUEST, msg, err ? 3 : 6, 0, 0, 0, p->now);
}

/* The first request that is due: all but those of the test loop are at once. */
static struct pfc_relay_request *due_request(struct pfc *p, struct pfc_gt *gt)
{
	for (unsigned i = 0; i < gt->relay_count; i++)
		if (gt->relay[i].due <= p->now)
			return &gt->relay[i];
	return NULL;
}

static void dequeue(struct pfc_gt *gt, struct pfc_relay_request *r)
{
	struct pfc_relay_request *end = gt->relay + --gt->relay_count;

	memmove(r, r + 1, (size_t)(end - r) * sizeof(*r));
}

bool pfc_relay_step(struct pfc *p, struct pfc_gt *gt)
{
	struct pfc_relay_request *r = due_request(p, gt);
	struct pfc_event ev = { .kind = PFC_EV_RELAY, .gt = gt->index };
	struct pfc_answer a;
	int err, sent;

	if (!r || gt->ct.state != HOST_CT_ON || p->again_at)
		return false;
	memset(&a, 0, sizeof(a));
	err = pfc_serve(p, gt, r, &a);
	/* RETRY is said after a while, or who asks again at once would never rest. */
	if (err == -EAGAIN && !r->due) {
		r->due = p->now + RELAY_TESTLOOP_STEP;
		return true;
	}
	sent = a.silent ? 0 : r->mmio ? send_mmio(p, gt, r, &a, err) : send_relay(p, gt, r, &a, err);
	if (sent == -EBUSY) {
		/* Services can be asked twice: serve it again when there is room. */
		p->again_at = p->now + PFC_ROOM_WAIT;
		return false;
	}
	/* BUSY: it is served again later. */
	if (err == -EINPROGRESS) {
		r->due = p->now + RELAY_TESTLOOP_STEP;
		return true;
	}
	ev.vf = r->vf;
	ev.code = pfc_service_code(r);
	ev.err = err;
	dequeue(gt, r);
	pfc_report(p, &ev);
	return true;
}

uint64_t pfc_relay_deadline(const struct pfc_gt *gt)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < gt->relay_count; i++)
		if (gt->relay[i].due && gt->relay[i].due < least)
			least = gt->relay[i].due;
	return least;
}
