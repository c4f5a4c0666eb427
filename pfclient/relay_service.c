/* SPDX-License-Identifier: MIT */
/* What the PF answers its VFs: HANDSHAKE and QUERY_RUNTIME over the CTB relay
 * (vf-lifecycle 7, guc-abi 8), and the older service over MMIO (guc-abi 5.6).
 * Requests wait in a queue for each GT and are served in order, one a turn,
 * when there is room for the answer. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/text.h"

#define MEDIA_SHIFT 0x380000u /* of register offsets below 0x40000 */
#define MEDIA_BELOW 0x40000u

/* --- taking requests --------------------------------------------------------------- */

static int enqueue(struct pfc_gt *gt, const struct pfc_relay_request *r)
{
	unsigned at = (gt->relay_head + gt->relay_count) % PFC_RELAY_QUEUE;

	if (gt->relay_count == PFC_RELAY_QUEUE)
		return -ENOMEM;
	gt->relay[at] = *r;
	gt->relay_count++;
	return 0;
}

int pfc_relay_event(struct pfc *p, struct pfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct pfc_relay_request r = { .mmio = false };

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
	memcpy(r.dw, dw + 3, (r.len < 4 ? r.len : 4) * sizeof(*dw));
	return enqueue(gt, &r);
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
	return enqueue(gt, &r);
}

/* --- runtime registers ------------------------------------------------------------- */

static uint32_t register_offset(const struct pfc_gt *gt, uint32_t off)
{
	return gt->media && off < MEDIA_BELOW ? off + MEDIA_SHIFT : off;
}

static int register_value(struct pfc *p, struct pfc_gt *gt, uint32_t off, uint32_t *value)
{
	uint32_t n;
	const uint32_t (*regs)[2] = pfc_runtime_regs(&p->opt, &n);

	for (uint32_t i = 0; i < n; i++)
		if (register_offset(gt, regs[i][0]) == off) {
			*value = regs[i][1];
			return 0;
		}
	return -EACCES;
}

/* --- services: fill out[], set *len, return 0 or -errno ---------------------------- */

struct answer {
	uint32_t dw[RELAY_MAX_DWORDS];
	uint32_t len;
	uint32_t data0;
};

/* The version both sides can do, for `wanted` = major << 16 | minor. The latest
 * is also the oldest: whatever is not older gets it. */
static int agree(uint32_t wanted, uint16_t *major, uint16_t *minor)
{
	uint32_t want_major = field_get(RELAY_VERSION_MAJOR, wanted);

	*major = RELAY_LATEST_MAJOR;
	*minor = RELAY_LATEST_MINOR;
	return wanted != 0 && want_major < RELAY_LATEST_MAJOR ? -EPERM : 0;
}

static int negotiate(struct pfc_vf *v, uint32_t wanted, uint32_t *agreed)
{
	int err = agree(wanted, &v->relay_major, &v->relay_minor);

	if (err) {
		v->relay_major = 0;
		v->relay_minor = 0;
		return err;
	}
	*agreed = field_put(RELAY_VERSION_MAJOR, v->relay_major) |
		  field_put(RELAY_VERSION_MINOR, v->relay_minor);
	return 0;
}

static int serve_handshake(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
			   struct answer *a)
{
	(void)gt;
	if (r->len != 2)
		return -EMSGSIZE;
	if (hxg_data0(r->dw[0]))
		return -EPFNOSUPPORT;
	a->len = 2;
	return negotiate(&p->vf[r->vf], r->dw[1], &a->dw[1]);
}

static int serve_runtime(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
			 struct answer *a)
{
	uint32_t limit = hxg_data0(r->dw[0]), start = r->dw[1], n, count;
	const uint32_t (*regs)[2] = pfc_runtime_regs(&p->opt, &n);

	if (p->vf[r->vf].relay_major != 1)
		return -EACCES;
	if (r->len != 2)
		return r->len > 2 ? -EMSGSIZE : -EPROTO;
	if (start > n)
		return -ERANGE;
	if (limit == 0 || limit > RELAY_RUNTIME_MAX_PAIRS)
		limit = RELAY_RUNTIME_MAX_PAIRS;
	count = n - start < limit ? n - start : limit;
	a->data0 = count;
	a->dw[1] = n - start - count;
	for (uint32_t i = 0; i < count; i++) {
		a->dw[2 + 2 * i] = register_offset(gt, regs[start + i][0]);
		a->dw[3 + 2 * i] = regs[start + i][1];
	}
	a->len = 2 + 2 * count;
	return 0;
}

static int serve_testloop(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
			  struct answer *a)
{
	(void)p, (void)gt, (void)r, (void)a;
	return -ECONNREFUSED;
}

static int serve_mmio_handshake(struct pfc *p, struct pfc_gt *gt,
				const struct pfc_relay_request *r, struct answer *a)
{
	(void)gt;
	a->len = 4;
	if (r->dw[2] || r->dw[3])
		return -EPROTO;
	return negotiate(&p->vf[r->vf], r->dw[1], &a->dw[1]);
}

static int serve_mmio_runtime(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
			      struct answer *a)
{
	a->len = 4;
	if (r->dw[1] == 0)
		return -EINVAL;
	for (unsigned i = 1; i < 4; i++) {
		int err = r->dw[i] ? register_value(p, gt, r->dw[i], &a->dw[i]) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* UPDATE_GGTT, dword 1. */
#define UPDATE_PAGE   BITS(31, 12)
#define UPDATE_MODE   BITS(11, 10) /* odd: each copy one page further */
#define UPDATE_COPIES BITS(9, 0)

static int serve_mmio_ggtt(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
			   struct answer *a)
{
	const struct pfc_vf *v = &p->vf[r->vf];
	uint32_t page = field_get(UPDATE_PAGE, r->dw[1]);
	uint32_t count = field_get(UPDATE_COPIES, r->dw[1]) + 1;
	uint64_t step = field_get(UPDATE_MODE, r->dw[1]) & 1 ? GGTT_PAGE : 0;
	uint64_t pte = make64(r->dw[2], r->dw[3]);

	a->len = 4;
	a->data0 = count;
	if ((uint64_t)page + count > v->share.ggtt_size >> GGTT_PAGE_SHIFT)
		return -EINVAL;
	if ((pte & PTE_ADDR) + step * count > PTE_ADDR)
		return -EINVAL;
	pte = (pte & ~PTE_VFID) | (uint64_t)r->vf << PTE_VFID_SHIFT;
	for (uint32_t done = 0; done < count;)
		done += pfc_write_ptes(p, gt->tile,
				       v->share.ggtt_start + (uint64_t)page * GGTT_PAGE, done,
				       count - done, pte, step);
	pfc_invalidate(p, gt->tile);
	return 0;
}

struct service {
	uint16_t action; /* or opcode */
	bool mmio;
	int (*serve)(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
		     struct answer *a);
};

static const struct service services[] = {
	{ RELAY_VF2PF_HANDSHAKE, false, serve_handshake },
	{ RELAY_VF2PF_QUERY_RUNTIME, false, serve_runtime },
	{ RELAY_TESTLOOP, false, serve_testloop },
	{ GUC_MMIO_RELAY_HANDSHAKE, true, serve_mmio_handshake },
	{ GUC_MMIO_RELAY_GET_RUNTIME, true, serve_mmio_runtime },
	{ GUC_MMIO_RELAY_UPDATE_GGTT, true, serve_mmio_ggtt },
};

static uint32_t service_code(const struct pfc_relay_request *r)
{
	return r->mmio ? field_get(MMIO_RELAY_OPCODE, r->dw[0]) : hxg_action(r->dw[0]);
}

static int serve(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
		 struct answer *a)
{
	if (!r->mmio && hxg_type(r->dw[0]) != HXG_REQUEST)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (services[i].mmio == r->mmio && services[i].action == service_code(r))
			return services[i].serve(p, gt, r, a);
	return -EOPNOTSUPP;
}

/* --- answers ----------------------------------------------------------------------- */

static int send_relay(struct pfc *p, struct pfc_gt *gt, const struct pfc_relay_request *r,
		      struct answer *a, int err)
{
	uint32_t msg[3 + RELAY_MAX_DWORDS];
	/* A PF that is not for debugging doesn't tell VFs why. */
	uint32_t code = p->opt.disclose_errors ? (uint32_t)-err : RELAY_ERR_UNDISCLOSED;

	if (err) {
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
		     struct answer *a, int err)
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

bool pfc_relay_step(struct pfc *p, struct pfc_gt *gt)
{
	const struct pfc_relay_request *r = &gt->relay[gt->relay_head];
	struct pfc_event ev = { .kind = PFC_EV_RELAY, .gt = gt->index };
	struct answer a;
	int err, sent;

	if (!gt->relay_count || gt->ct.state != HOST_CT_ON || p->again_at)
		return false;
	memset(&a, 0, sizeof(a));
	err = serve(p, gt, r, &a);
	sent = r->mmio ? send_mmio(p, gt, r, &a, err) : send_relay(p, gt, r, &a, err);
	if (sent == -EBUSY) {
		/* Services can be asked twice: serve it again when there is room. */
		p->again_at = p->now + PFC_ROOM_WAIT;
		return false;
	}
	ev.vf = r->vf;
	ev.code = service_code(r);
	ev.err = err;
	gt->relay_head = (gt->relay_head + 1) % PFC_RELAY_QUEUE;
	gt->relay_count--;
	pfc_report(p, &ev);
	return true;
}
