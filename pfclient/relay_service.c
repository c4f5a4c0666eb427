/* SPDX-License-Identifier: MIT */
/* What the PF answers its VFs: HANDSHAKE, QUERY_RUNTIME and the test loop over the
 * CTB relay (vf-lifecycle 7.2 to 7.4), and the older service over MMIO (guc-abi
 * 5.6). How requests come and answers go is in relay.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

/* Services fill dw[1..] of the answer, set its length and DATA0, return 0 or
 * -errno: -EINPROGRESS for BUSY and once more, -EAGAIN for RETRY. */

/* The version both sides can do, for `wanted` = major << 16 | minor; rows of
 * vf-lifecycle 7.3. */
static int agree(const struct pfc_options *o, uint32_t wanted, uint32_t *agreed)
{
	uint32_t major = field_get(RELAY_VERSION_MAJOR, wanted);
	uint32_t latest = field_get(RELAY_VERSION_MAJOR, o->relay_latest);

	*agreed = o->relay_latest;
	if (wanted == 0 || major > latest)
		return 0;
	if (wanted < o->relay_base)
		return -EPERM;
	if (major < latest)
		return -ENOPKG;
	if (wanted < o->relay_latest)
		*agreed = wanted;
	return 0;
}

static int negotiate(const struct pfc *p, struct pfc_vf *v, uint32_t wanted, uint32_t *agreed)
{
	int err = agree(&p->opt, wanted, agreed);

	v->relay_major = 0;
	v->relay_minor = 0;
	if (err)
		return err;
	v->relay_major = (uint16_t)field_get(RELAY_VERSION_MAJOR, *agreed);
	v->relay_minor = (uint16_t)field_get(RELAY_VERSION_MINOR, *agreed);
	return 0;
}

static int serve_handshake(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
			   struct pfc_answer *a)
{
	(void)gt;
	if (r->len != 2)
		return -EMSGSIZE;
	if (hxg_data0(r->dw[0]))
		return -EPFNOSUPPORT;
	a->len = 2;
	return negotiate(p, &p->vf[r->vf], r->dw[1], &a->dw[1]);
}

static int serve_runtime(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
			 struct pfc_answer *a)
{
	uint32_t limit = hxg_data0(r->dw[0]), start = r->dw[1], n = gt->runtime_n, count;

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
	memcpy(a->dw + 2, gt->runtime + start, count * sizeof(gt->runtime[0]));
	a->len = 2 + 2 * count;
	return 0;
}

/* --- TESTLOOP (vf-lifecycle 7.2), for PFs with debugging ---------------------------- */

/* Has it been long enough since the loop's first request? 0, or `not_yet`. *since is one
 * more than its time, 0 before it. */
static int long_enough(const struct pfc *p, uint64_t *since, int not_yet)
{
	if (!*since)
		*since = p->now + 1;
	if (p->now + 1 - *since < RELAY_TESTLOOP_WHILE)
		return not_yet;
	*since = 0;
	return 0;
}

static int serve_echo(struct pfc_relay_request *r, struct pfc_answer *a)
{
	a->data0 = r->len;
	a->len = r->len;
	memcpy(a->dw + 1, r->dw + 1, (r->len - 1u) * sizeof(a->dw[0]));
	return 0;
}

static int serve_testloop(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
			  struct pfc_answer *a)
{
	uint32_t opcode = hxg_data0(r->dw[0]);
	bool event = hxg_type(r->dw[0]) == HXG_EVENT;

	if (!p->opt.testloop)
		return -ECONNREFUSED;
	a->len = 1;
	switch (opcode) {
	case RELAY_TESTLOOP_NOP:
		a->silent = event;
		return 0;
	case RELAY_TESTLOOP_BUSY:
		return event ? -EPROTO : long_enough(p, &r->since, -EINPROGRESS);
	case RELAY_TESTLOOP_RETRY:
		return event ? -EPROTO : long_enough(p, &gt->retry_since[r->vf], -EAGAIN);
	case RELAY_TESTLOOP_ECHO:
		return event ? -EPROTO : serve_echo(r, a);
	case RELAY_TESTLOOP_FAIL:
		return -EHWPOISON;
	}
	return -EBADRQC;
}

/* --- the older service over MMIO (guc-abi 5.6) -------------------------------------- */

static int register_value(const struct pfc_gt *gt, uint32_t off, uint32_t *value)
{
	for (uint32_t i = 0; i < gt->runtime_n; i++)
		if (gt->runtime[i][0] == off) {
			*value = gt->runtime[i][1];
			return 0;
		}
	return -EACCES;
}

static int serve_mmio_handshake(struct pfc *p, struct pfc_gt *gt,
				struct pfc_relay_request *r, struct pfc_answer *a)
{
	(void)gt;
	a->len = 4;
	if (r->dw[2] || r->dw[3])
		return -EPROTO;
	return negotiate(p, &p->vf[r->vf], r->dw[1], &a->dw[1]);
}

static int serve_mmio_runtime(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
			      struct pfc_answer *a)
{
	(void)p;
	a->len = 4;
	if (r->dw[1] == 0)
		return -EINVAL;
	for (unsigned i = 1; i < 4; i++) {
		int err = r->dw[i] ? register_value(gt, r->dw[i], &a->dw[i]) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* UPDATE_GGTT, dword 1. */
#define UPDATE_PAGE   BITS(31, 12)
#define UPDATE_MODE   BITS(11, 10) /* odd: each copy one page further */
#define UPDATE_COPIES BITS(9, 0)

static int serve_mmio_ggtt(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
			   struct pfc_answer *a)
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
	bool any_type;   /* not only a REQUEST */
	int (*serve)(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r,
		     struct pfc_answer *a);
};

static const struct service services[] = {
	{ RELAY_VF2PF_HANDSHAKE, false, false, serve_handshake },
	{ RELAY_VF2PF_QUERY_RUNTIME, false, false, serve_runtime },
	{ RELAY_TESTLOOP, false, true, serve_testloop },
	{ GUC_MMIO_RELAY_HANDSHAKE, true, true, serve_mmio_handshake },
	{ GUC_MMIO_RELAY_GET_RUNTIME, true, true, serve_mmio_runtime },
	{ GUC_MMIO_RELAY_UPDATE_GGTT, true, true, serve_mmio_ggtt },
};

uint32_t pfc_service_code(const struct pfc_relay_request *r)
{
	return r->mmio ? field_get(MMIO_RELAY_OPCODE, r->dw[0]) : hxg_action(r->dw[0]);
}

int pfc_serve(struct pfc *p, struct pfc_gt *gt, struct pfc_relay_request *r, struct pfc_answer *a)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		const struct service *s = &services[i];

		if (s->mmio != r->mmio || s->action != pfc_service_code(r))
			continue;
		if (!s->any_type && hxg_type(r->dw[0]) != HXG_REQUEST)
			break;
		return s->serve(p, gt, r, a);
	}
	return -EOPNOTSUPP;
}
