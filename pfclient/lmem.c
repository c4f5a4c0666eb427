/* SPDX-License-Identifier: MIT */
/* Local memory of VFs, as the PF has to do with it: calls of its port on behalf
 * of a step, and the scrub of an FLR (vf-lifecycle 2.4). Shares are planned in
 * provision.c, moved in save.c and restore.c. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

int pfc_lmem_call(struct pfc *p, struct pfc_unit *u, const struct host_lmem *what, uint8_t *to)
{
	struct host_lmem call = *what;

	switch (u->lmem) {
	case PFC_IDLE:
		if (!p->opt.lmem.call)
			return -ENXIO;
		u->lmem = PFC_SENT;
		u->lmem_to = to;
		u->lmem_want = what->len;
		call.function = u->vf;
		call.tile = pfc_gt(p, u)->tile;
		p->opt.lmem.call(p->opt.lmem.user, &call, pfc_read_cookie(u));
		return PFC_MORE;
	case PFC_SENT:
		return PFC_WAIT;
	case PFC_ANSWERED:
		break;
	}
	u->lmem = PFC_IDLE;
	return u->lmem_err ? u->lmem_err : PFC_DONE;
}

static struct pfc_unit *unit_of(struct pfc *p, uint32_t cookie)
{
	uint32_t index = (cookie & 0xFFFF) - 1;

	if (!(cookie & PFC_COOKIE_UNIT) || index >= sizeof(p->unit) / sizeof(p->unit[0]))
		return NULL;
	return cookie == pfc_read_cookie(&p->unit[index]) ? &p->unit[index] : NULL;
}

void pfc_lmem_done(struct pfc *p, uint32_t cookie, int err, const void *data, uint64_t len)
{
	struct pfc_unit *u = unit_of(p, cookie);

	p->kicked = true;
	if (!u || !u->seq || u->lmem != PFC_SENT)
		return;
	u->lmem = PFC_ANSWERED;
	u->lmem_err = err;
	u->lmem_zeros = !data;
	u->lmem_len = len;
	u->ready = true;
	if (!err && u->lmem_to && data && len != u->lmem_want)
		u->lmem_err = -EPROTO;
	else if (!err && u->lmem_to && data)
		memcpy(u->lmem_to, data, len);
	else if (!err && u->lmem_to && len < u->lmem_want)
		u->lmem_err = -EPROTO;
	pfc_op_touch(p, u->vf);
}

/* A fresh stage takes the place of what is there. */
int pfc_step_clear_lmem(struct pfc *p, struct pfc_unit *u)
{
	const struct host_lmem call = { .op = u->sub ? HOST_LMEM_COMMIT : HOST_LMEM_STAGE };
	int result;

	if (!pfc_has_lmem(p, u))
		return PFC_DONE;
	result = pfc_lmem_call(p, u, &call, NULL);
	if (result != PFC_DONE || u->sub)
		return result;
	u->sub = 1;
	return PFC_MORE;
}
