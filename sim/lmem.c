/* SPDX-License-Identifier: MIT */
/* Local memory and compression metadata of the simulator's cards: the server's own
 * files (emulator/local.c) behind the core's, the PFs' and the VFs' ports. */
#include "lmem.h"

#include <errno.h>

static enum local_kind kind_of(enum guc_space space)
{
	return space == GUC_SPACE_LMEM_CCS ? LOCAL_METADATA : LOCAL_CONTENT;
}

static int card_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		     void *dst, size_t len)
{
	struct sim_card *c = user;

	if (space == GUC_SPACE_CCS)
		return local_system_read(&c->local, fn, off, dst, len) ? -EFAULT : 0;
	return local_read(&c->local, tile, fn, kind_of(space), off, dst, len) ? -EFAULT : 0;
}

static int card_write(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		      const void *src, size_t len)
{
	struct sim_card *c = user;

	if (space == GUC_SPACE_CCS)
		return local_system_write(&c->local, fn, off, src, len) ? -EFAULT : 0;
	return local_write(&c->local, tile, fn, kind_of(space), false, off, src, len) ? -EFAULT
											 : 0;
}

static void card_resize(void *user, unsigned tile, unsigned fn, uint64_t bytes)
{
	struct sim_card *c = user;

	local_resize(&c->local, tile, fn, bytes);
}

void sim_lmem_card(struct sim_card *c)
{
	c->guc.local = (struct guc_local){ c, card_read, card_write, card_resize };
}

static void pf_call(void *user, const struct host_lmem *w, uint32_t cookie)
{
	static uint8_t data[HOST_LMEM_MAX];
	enum local_kind kind = w->metadata ? LOCAL_METADATA : LOCAL_CONTENT;
	struct sim_card *c = user;
	uint64_t hole, len = w->len;
	const void *bytes = data;
	int err = 0;

	c->lmem_calls++;
	if (c->lmem_fail && c->lmem_calls == c->lmem_fail) {
		pfc_lmem_done(c->pfc, cookie, -ENOSPC, NULL, 0);
		return;
	}
	switch (w->op) {
	case HOST_LMEM_READ:
		hole = local_hole(&c->local, w->tile, w->function, kind, w->off);
		if (hole >= w->len) {
			bytes = NULL;
			len = hole;
		} else {
			err = local_read(&c->local, w->tile, w->function, kind, w->off, data,
					 w->len);
		}
		break;
	case HOST_LMEM_WRITE:
		err = local_write(&c->local, w->tile, w->function, kind, true, w->off, w->data,
				  w->len);
		break;
	case HOST_LMEM_STAGE:
		local_stage(&c->local, w->tile, w->function);
		break;
	case HOST_LMEM_COMMIT:
		err = local_commit(&c->local, w->tile, w->function);
		if (err == 0 && c->lmem_damage) {
			local_read(&c->local, w->tile, w->function, LOCAL_CONTENT, c->lmem_damage,
				   data, 1);
			data[0] ^= 1;
			local_write(&c->local, w->tile, w->function, LOCAL_CONTENT, false,
				    c->lmem_damage, data, 1);
		}
		break;
	case HOST_LMEM_ABORT:
		local_abort(&c->local, w->tile, w->function);
		break;
	}
	pfc_lmem_done(c->pfc, cookie, err, bytes, len);
}

struct host_lmem_port sim_lmem_pf(struct sim_card *c)
{
	return (struct host_lmem_port){ c, pf_call };
}

static void vf_call(void *user, const struct host_lmem *w, uint32_t cookie)
{
	static uint8_t data[HOST_LMEM_MAX];
	struct sim_vf *v = user;
	struct sim_card *c = &v->sim->card[v->card];
	int err = guc_lmem_check(&c->guc, v->fn, w->tile, w->off, w->len);

	if (err == 0 && w->op == HOST_LMEM_READ)
		err = local_read(&c->local, w->tile, v->fn, LOCAL_CONTENT, w->off, data, w->len);
	else if (err == 0)
		err = local_write(&c->local, w->tile, v->fn, LOCAL_CONTENT, false, w->off, w->data,
				  w->len);
	vfc_lmem_done(v->vfc, cookie, err, data, w->len);
}

struct host_lmem_port sim_lmem_vf(struct sim_vf *v)
{
	return (struct host_lmem_port){ v, vf_call };
}
