/* SPDX-License-Identifier: MIT */
/* What saving and restoring share: memory for images, the blob request, and
 * what an image says of its VF (vf-lifecycle 2.8, 2.9, guc-abi 5.3). Images
 * lie in the driver's own memory, so that GuC reads and writes its blob in
 * place. Memory is given back only when no request uses it any more. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

int pfc_pool_init(struct pfc_pool *pool, size_t base, size_t size)
{
	pool->base = base;
	pool->size = size;
	return host_pages_init(&pool->pages, size);
}

int pfc_pool_take(struct pfc *p, unsigned vf, struct pfc_pool *pool, struct pfc_transfer *t,
		  size_t bytes)
{
	size_t off;

	if (bytes > pool->size) {
		pfc_log(p, PFC_LOG_ERROR, vf, 0, "an image needs %lu KiB, there are %lu KiB for all",
			(unsigned long)(bytes >> 10), (unsigned long)(pool->size >> 10));
		return -ENOBUFS;
	}
	/* An earlier image of this VF is still being given up. */
	if (t->size)
		return -EAGAIN;
	off = host_pages_alloc(&pool->pages, bytes);
	if (off == SIZE_MAX)
		return -EAGAIN;
	t->base = pool->base + off;
	t->size = bytes;
	t->drop = false;
	return 0;
}

void pfc_pool_give(struct pfc *p, struct pfc_pool *pool, struct pfc_transfer *t)
{
	if (!t->size)
		return;
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (t->busy[gt]) {
			t->drop = true;
			return;
		}
	host_pages_free(&pool->pages, t->base - pool->base, t->size);
	t->size = 0;
	t->drop = false;
	pfc_wake_all(p);
}

void pfc_transfer_idle(struct pfc *p, unsigned vf, unsigned gt, uint64_t tag)
{
	struct pfc_vf *v = &p->vf[vf];

	if (v->out.busy[gt] == tag)
		v->out.busy[gt] = 0;
	if (v->in.busy[gt] == tag)
		v->in.busy[gt] = 0;
	if (v->out.drop)
		pfc_pool_give(p, &p->out_pool, &v->out);
	if (v->in.drop)
		pfc_pool_give(p, &p->in_pool, &v->in);
}

int pfc_call_blob(struct pfc *p, struct pfc_unit *u, struct pfc_transfer *t,
		  enum guc_save_opcode op, size_t off, uint32_t bytes)
{
	uint64_t addr = bytes ? pfc_address(p, off) : 0;
	const uint32_t dw[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SAVE_RESTORE_VF, op),
		u->vf, lo32(addr), hi32(addr), bytes / 4,
	};
	bool fresh = u->call == PFC_IDLE;
	int result = pfc_call(p, u, dw, 5);

	if (fresh && u->call == PFC_SENT && bytes)
		t->busy[u->gt] = pfc_call_tag(u);
	if (result != PFC_DONE)
		return result;
	if (u->data0 == 0)
		return -ENODATA;
	if (bytes && u->data0 > bytes / 4)
		return -EPROTO;
	return PFC_DONE;
}

struct pfc_image_profile pfc_profile(const struct pfc *p, unsigned vf)
{
	const struct pfc_vf *v = &p->vf[vf];

	return (struct pfc_image_profile){
		.tiles = p->opt.tiles,
		.gts = p->opt.gts,
		.devid = p->opt.devid,
		.revid = p->opt.revid,
		.graphics = p->opt.graphics_ver,
		.ggtt_size = v->share.ggtt_size,
		.contexts = v->share.contexts,
		.doorbells = v->share.doorbells,
		.ggtt_start = v->share.ggtt_start,
		.begin_context = v->share.begin_context,
		.begin_doorbell = v->share.begin_doorbell,
		.lmem_size = v->share.lmem_size,
		.ccs_size = pfc_content_size(p, vf, PFC_CONTENT_CCS),
		.slice = v->share.lmem_size ? pfc_content_slice(&p->out_pool) : 0,
	};
}
