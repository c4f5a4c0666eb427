/* SPDX-License-Identifier: MIT */
/* Multi-queue groups (guc-abi 6.2, 6.4): a primary queue, by whose id GuC knows
 * the group, and secondaries, which stand in the group's page only. A queue is
 * entered in the page, one a sync, when it has its first job; the next sync
 * waits for the answer to the last. A secondary's memory lives as long as the
 * group: GuC may still be in its ring. */
#include "vfc_priv.h"

#define CREDIT_SYNC_DONE 3u

static struct vfc_queue *primary_of(struct vfc_gt *gt, const struct vfc_queue *q)
{
	return &gt->queue[q->primary];
}

static bool is_member(const struct vfc_queue *q, uint32_t primary)
{
	return q->used && q->role == VFC_SECONDARY && q->primary == primary;
}

/* --- making one -------------------------------------------------------------------- */

int vfc_group_create(struct vfc *v, unsigned gt, enum guc_engine_class engine_class)
{
	struct vfc_queue *q;
	size_t page;
	int id;

	if (gt >= v->opt.gts || engine_class >= GUC_CLASS_OTHER)
		return -EINVAL;
	if (!v->up || v->wedged_err)
		return -ENODEV;
	page = host_pages_alloc(&v->pages, CGP_BYTES);
	if (page == SIZE_MAX)
		return -ENOMEM;
	id = vfc_queue_make(&v->gt[gt], engine_class, 1, VFC_QUEUE_JOBS);
	if (id < 0) {
		host_pages_free(&v->pages, page, CGP_BYTES);
		return id;
	}
	q = &v->gt[gt].queue[id];
	q->role = VFC_PRIMARY;
	q->primary = (uint32_t)id;
	q->page = page;
	q->places = 1;
	memset(v->mem->base + page, 0, CGP_BYTES);
	return id;
}

int vfc_group_add(struct vfc *v, unsigned gt, uint32_t primary)
{
	struct vfc_queue *p, *q;
	int id;

	if (gt >= v->opt.gts || primary >= VFC_MAX_QUEUES)
		return -EINVAL;
	if (!v->up || v->wedged_err)
		return -ENODEV;
	p = &v->gt[gt].queue[primary];
	if (!p->used || p->role != VFC_PRIMARY || p->destroyed)
		return -ENOENT;
	if (p->killed)
		return -ECANCELED;
	if (p->places == CGP_QUEUES)
		return -ENOSPC;
	id = vfc_queue_make(&v->gt[gt], (enum guc_engine_class)p->engine_class, 1,
			    VFC_QUEUE_JOBS);
	if (id < 0)
		return id;
	q = &v->gt[gt].queue[id];
	q->role = VFC_SECONDARY;
	q->primary = primary;
	q->page = p->page;
	q->place = p->places++;
	return id;
}

/* --- the page ---------------------------------------------------------------------- */

/* Enter the queue, and mark no other entry as new. */
static void enter(struct vfc *v, struct vfc_queue *q)
{
	size_t lrca = vfc_lrc_hwsp(v, q, 0);

	host_put32(v->mem, q->page, field_put(CGP_MAJOR, 1));
	for (unsigned i = 0; i < 2; i++)
		host_put32(v->mem, q->page + 4 * (CGP_UPDATED + i),
			   q->place / 32 == i ? 1u << q->place % 32 : 0);
	host_put32(v->mem, q->page + 4 * CGP_LRC(q->place),
		   lo32(vfc_addr(v, lrca)) | LRC_DESC_KERNEL);
	host_put32(v->mem, q->page + 4 * CGP_ID(q->place), q->primary);
	q->entered = true;
}

static void sent(struct vfc_gt *gt, struct vfc_queue *p, struct vfc_queue *q)
{
	p->sync_pending = true;
	p->sync_since = gt->v->now;
	q->syncing = true;
}

int vfc_group_register(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	uint64_t page = vfc_addr(gt->v, q->page);
	const uint32_t dw[8] = {
		GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, CTX_FLAG_KMD, id, q->engine_class, 1, 0,
		lo32(page), hi32(page),
	};
	int err;

	if (q->sync_pending)
		return -EBUSY;
	enter(gt->v, q);
	err = vfc_send(gt, HXG_FAST_REQUEST, dw, 8, 0, CREDIT_SYNC_DONE, 1);
	if (!err)
		sent(gt, q, q);
	return err;
}

static bool sync(struct vfc_gt *gt, struct vfc_queue *p, struct vfc_queue *q)
{
	const uint32_t dw[2] = { GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, q->primary };

	enter(gt->v, q);
	if (vfc_send(gt, HXG_FAST_REQUEST, dw, 2, 0, CREDIT_SYNC_DONE, 1))
		return false;
	sent(gt, p, q);
	return true;
}

/* GuC does not read the page: the next sync waits a second, then all starts anew. */
static void wait_for_sync(struct vfc_gt *gt, const struct vfc_queue *p)
{
	uint64_t until = p->sync_since + VFC_SYNC_WAIT;

	if (gt->v->now >= until) {
		if (!gt->reset_wanted)
			vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "no CGP_SYNC_DONE, reset required");
		gt->reset_wanted = true;
	} else if (!gt->retry_at || gt->retry_at > until) {
		gt->retry_at = until;
	}
}

/* --- what a secondary has to say ---------------------------------------------------- */

static void leave(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	q->gone = true;
	q->scheds = 0;
	while (q->jobs_done != q->jobs_made)
		vfc_job_end(gt, id, -ECANCELED);
	vfc_event(gt->v, &(struct vfc_event){ .kind = VFC_EV_QUEUE, .gt = gt->id, .queue = id });
}

bool vfc_group_pump(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	struct vfc_queue *p = primary_of(gt, q);

	if (p->destroyed || q->gone)
		return false;
	if (q->destroyed) {
		leave(gt, q, id);
		return true;
	}
	if (q->killed)
		return false;
	q->scheds += vfc_job_emit_due(gt, q);
	if (q->jobs_made == q->jobs_done)
		return false;
	if (!p->wanted) {
		p->wanted = true;
		vfc_queue_mark(gt);
	}
	if (!q->synced && !q->syncing) {
		if (!p->registered)
			return false;
		if (!p->sync_pending)
			return sync(gt, p, q);
		wait_for_sync(gt, p);
		return false;
	}
	if (!q->scheds)
		return false;
	/* GuC is called by the primary's id. */
	p->scheds += q->scheds;
	q->scheds = 0;
	vfc_queue_mark(gt);
	return true;
}

int vfc_group_synced(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct vfc_queue *p;

	if (len != 2 || dw[1] >= VFC_MAX_QUEUES)
		return -EPROTO;
	p = &gt->queue[dw[1]];
	if (!p->used || p->role != VFC_PRIMARY || !p->sync_pending)
		return -EPROTO;
	p->sync_pending = false;
	for (uint32_t id = 0; id < gt->queue_top; id++) {
		struct vfc_queue *q = &gt->queue[id];

		if (q->syncing && q->primary == dw[1]) {
			q->syncing = false;
			q->synced = true;
			gt->registered += q->role == VFC_SECONDARY;
		}
	}
	vfc_queue_mark(gt);
	return 0;
}

/* --- what happens to all of a group -------------------------------------------------- */

void vfc_group_each(struct vfc_gt *gt, uint32_t primary,
		    void (*visit)(struct vfc_gt *gt, uint32_t id))
{
	for (uint32_t id = gt->queue_top; id-- > 0;)
		if (is_member(&gt->queue[id], primary))
			visit(gt, id);
}

/* GuC may not have seen what it was last told. */
void vfc_group_pause(struct vfc_queue *q)
{
	q->sync_pending = false;
	if (!q->syncing)
		return;
	q->syncing = false;
	q->synced = false;
}

static void unsync(struct vfc_gt *gt, uint32_t id)
{
	struct vfc_queue *q = &gt->queue[id];

	if (q->role == VFC_SECONDARY && q->synced)
		gt->registered--;
	q->syncing = false;
	q->synced = false;
}

void vfc_group_unregister(struct vfc_gt *gt, struct vfc_queue *q)
{
	if (q->role != VFC_PRIMARY)
		return;
	q->sync_pending = false;
	q->wanted = false;
	unsync(gt, q->primary);
	vfc_group_each(gt, q->primary, unsync);
}
