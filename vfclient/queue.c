/* SPDX-License-Identifier: MIT */
/* Queues: creation, and what each has to tell GuC, one queue a step
 * (guc-abi 6.2 to 6.4). Flags say what GuC knows and what is wanted; pump()
 * sends whatever brings the two together, so a full ring, a recovery or a reset
 * in between only delays it. */
#include "vfc_priv.h"

#include "proto/klv.h"

/* Policies of a new context, and of one about to be disabled for good. */
#define PRIORITY_NORMAL 3u
#define QUANTUM_US      1000u
#define PREEMPT_US      640000u
#define PREEMPT_NOW_US  1u

/* G2H room reserved for the events that follow (guc-abi 3.7). */
#define CREDIT_MODE_DONE 4u
#define CREDIT_DEREGISTER_DONE 3u

void vfc_queue_mark(struct vfc_gt *gt)
{
	gt->queue_visits = gt->queue_top;
	gt->v->dirty = true;
}

/* --- messages ---------------------------------------------------------------------- */

static uint32_t call(enum guc_action_code action)
{
	return hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, action, 0);
}

static int send_register(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	struct vfc *v = gt->v;
	enum hxg_type type = v->migration_supported ? HXG_EVENT : HXG_FAST_REQUEST;
	uint32_t dw[11 + 2 * LRC_MAX_WIDTH] = {
		call(q->width > 1 ? GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC :
				    GUC_ACTION_REGISTER_CONTEXT),
		CTX_FLAG_KMD | field_put(CTX_FLAG_TYPE, (uint32_t)q->kind), id, q->engine_class, 1,
	};
	size_t hwsp = vfc_lrc_hwsp(v, q, 0);
	uint32_t n = 10;

	if (q->role == VFC_PRIMARY)
		return vfc_group_register(gt, q, id);
	if (q->width > 1) {
		dw[5] = lo32(vfc_addr(v, hwsp + WQ_DESC));
		dw[6] = hi32(vfc_addr(v, hwsp + WQ_DESC));
		dw[7] = lo32(vfc_addr(v, hwsp + WQ_BASE));
		dw[8] = hi32(vfc_addr(v, hwsp + WQ_BASE));
		dw[9] = WQ_BYTES;
		dw[n++] = q->width;
	}
	for (unsigned i = 0; i < q->width; i++) {
		dw[n++] = lo32(vfc_addr(v, vfc_lrc_hwsp(v, q, i))) | LRC_DESC_KERNEL;
		dw[n++] = 0;
	}
	return vfc_send(gt, type, dw, n, 0, 0, 0);
}

static int send_policies(struct vfc_gt *gt, uint32_t id)
{
	const uint32_t dw[10] = {
		call(GUC_ACTION_UPDATE_CONTEXT_POLICIES), id,
		klv_header(GUC_KLV_CTX_SCHEDULING_PRIORITY, 1), PRIORITY_NORMAL,
		klv_header(GUC_KLV_CTX_EXECUTION_QUANTUM, 1), QUANTUM_US,
		klv_header(GUC_KLV_CTX_PREEMPTION_TIMEOUT, 1), PREEMPT_US,
		klv_header(GUC_KLV_CTX_SLPM_GT_FREQUENCY, 1), 0,
	};

	return vfc_send(gt, HXG_FAST_REQUEST, dw, 10, 0, 0, 0);
}

static int send_preempt_now(struct vfc_gt *gt, uint32_t id)
{
	const uint32_t dw[4] = { call(GUC_ACTION_UPDATE_CONTEXT_POLICIES), id,
				 klv_header(GUC_KLV_CTX_PREEMPTION_TIMEOUT, 1), PREEMPT_NOW_US };

	return vfc_send(gt, HXG_FAST_REQUEST, dw, 4, 0, 0, 0);
}

static int send_mode(struct vfc_gt *gt, uint32_t id, bool enable, uint32_t credit,
		     uint32_t events)
{
	const uint32_t dw[3] = { call(GUC_ACTION_SCHED_CONTEXT_MODE_SET), id, enable };

	return vfc_send(gt, HXG_FAST_REQUEST, dw, 3, 0, credit, events);
}

static int send_id(struct vfc_gt *gt, enum guc_action_code action, uint32_t id, uint32_t credit)
{
	const uint32_t dw[2] = { call(action), id };

	return vfc_send(gt, HXG_FAST_REQUEST, dw, 2, 0, credit, credit != 0);
}

/* --- memory and numbers ------------------------------------------------------------ */

static void free_queue(struct vfc_gt *gt, uint32_t id, int err);

static void free_member(struct vfc_gt *gt, uint32_t id)
{
	free_queue(gt, id, 0);
}

static void free_queue(struct vfc_gt *gt, uint32_t id, int err)
{
	struct vfc_queue *q = &gt->queue[id];
	unsigned width = q->width;
	bool told = q->destroyed && !q->gone;

	if (q->role == VFC_PRIMARY) {
		vfc_group_each(gt, id, free_member);
		host_pages_free(&gt->v->pages, q->page, CGP_BYTES);
	}
	while (q->jobs_done != q->jobs_made)
		vfc_job_end(gt, id, -ECANCELED);
	if (q->registered || (q->role == VFC_SECONDARY && q->synced))
		gt->registered--;
	if (q->kind == VFC_QUEUE_JOBS)
		gt->queues--;
	host_pages_free(&gt->v->pages, q->off, q->bytes);
	memset(q, 0, width * sizeof(*q));
	while (gt->queue_top && !gt->queue[gt->queue_top - 1].used)
		gt->queue_top--;
	if (told)
		vfc_event(gt->v, &(struct vfc_event){ .kind = VFC_EV_QUEUE, .gt = gt->id,
						      .queue = id, .err = err });
}

void vfc_queue_free_all(struct vfc_gt *gt, int err)
{
	for (uint32_t id = gt->queue_top; id-- > 0;)
		if (gt->queue[id].used && !gt->queue[id].child)
			free_queue(gt, id, err);
	gt->queue_visits = 0;
}

static int find_ids(const struct vfc_gt *gt, unsigned width)
{
	uint32_t run = 0, max = VFC_MAX_QUEUES;

	if (gt->config.contexts < max)
		max = gt->config.contexts;
	for (uint32_t id = 0; id < max; id++) {
		run = gt->queue[id].used ? 0 : run + 1;
		if (run == width)
			return (int)(id + 1 - width);
	}
	return -ENOSPC;
}

int vfc_queue_make(struct vfc_gt *gt, enum guc_engine_class c, unsigned width,
		   enum vfc_queue_kind kind)
{
	struct vfc *v = gt->v;
	int id = find_ids(gt, width);
	struct vfc_queue *q;
	size_t bytes, off;

	if (id < 0)
		return id;
	bytes = width * vfc_lrc_bytes(v, c);
	off = host_pages_alloc(&v->pages, bytes);
	if (off == SIZE_MAX)
		return -ENOMEM;
	q = &gt->queue[id];
	for (unsigned i = 0; i < width; i++)
		q[i] = (struct vfc_queue){ .used = true, .child = i > 0 };
	q->width = (uint8_t)width;
	q->engine_class = (uint8_t)c;
	q->kind = kind;
	q->off = off;
	q->bytes = bytes;
	for (unsigned i = 0; i < width; i++)
		vfc_lrc_build(gt, q, i);
	if (width > 1)
		vfc_wq_init(v, q);
	if ((uint32_t)id + width > gt->queue_top)
		gt->queue_top = (uint32_t)id + width;
	if (kind == VFC_QUEUE_JOBS)
		gt->queues++;
	return id;
}

int vfc_queue_create(struct vfc *v, unsigned gt, enum guc_engine_class engine_class,
		     unsigned width)
{
	if (gt >= v->opt.gts || engine_class >= GUC_CLASS_OTHER || width < 1 ||
	    width > LRC_MAX_WIDTH)
		return -EINVAL;
	if (!v->up || v->wedged_err)
		return -ENODEV;
	/* With scheduling groups GuC takes no parallel contexts. */
	if (width > 1 && v->gt[gt].config.groups)
		return -EINVAL;
	return vfc_queue_make(&v->gt[gt], engine_class, width, VFC_QUEUE_JOBS);
}

int vfc_ccs_create(struct vfc_gt *gt)
{
	int id = vfc_queue_make(gt, GUC_CLASS_BLITTER, 1, VFC_QUEUE_CCS_SAVE);

	if (id >= 0)
		id = vfc_queue_make(gt, GUC_CLASS_BLITTER, 1, VFC_QUEUE_CCS_RESTORE);
	if (id < 0)
		return id;
	vfc_ccs_write(gt, 0);
	vfc_queue_mark(gt);
	return 0;
}

static struct vfc_queue *find(struct vfc *v, unsigned gt, uint32_t queue)
{
	struct vfc_queue *q;

	if (gt >= v->opt.gts || queue >= VFC_MAX_QUEUES)
		return NULL;
	q = &v->gt[gt].queue[queue];
	return q->used && !q->child && !q->destroyed && q->kind == VFC_QUEUE_JOBS ? q : NULL;
}

static void destroy_member(struct vfc_gt *gt, uint32_t id)
{
	gt->queue[id].destroyed = true;
}

int vfc_queue_destroy(struct vfc *v, unsigned gt, uint32_t queue)
{
	struct vfc_queue *q = find(v, gt, queue);

	if (!q)
		return -ENOENT;
	q->destroyed = true;
	if (q->role == VFC_PRIMARY)
		vfc_group_each(&v->gt[gt], queue, destroy_member);
	vfc_queue_mark(&v->gt[gt]);
	return 0;
}

/* The queue that GuC schedules for this one. */
static struct vfc_queue *scheduled(struct vfc *v, unsigned gt, struct vfc_queue *q)
{
	return q->role == VFC_SECONDARY ? &v->gt[gt].queue[q->primary] : q;
}

int vfc_queue_suspend(struct vfc *v, unsigned gt, uint32_t queue)
{
	struct vfc_queue *q = find(v, gt, queue);

	if (!q)
		return -ENOENT;
	scheduled(v, gt, q)->suspended = true;
	vfc_queue_mark(&v->gt[gt]);
	return 0;
}

int vfc_queue_resume(struct vfc *v, unsigned gt, uint32_t queue)
{
	struct vfc_queue *q = find(v, gt, queue);

	if (!q)
		return -ENOENT;
	scheduled(v, gt, q)->suspended = false;
	vfc_queue_mark(&v->gt[gt]);
	return 0;
}

/* --- what a queue has to say ------------------------------------------------------- */

/* On the way out: disable, deregister, free. True when something was done. */
static bool pump_destroyed(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	if (q->pending_enable || q->pending_disable || q->deregister_sent)
		return false;
	if (!q->registered) {
		free_queue(gt, id, 0);
		return true;
	}
	if (!q->disable_sent) {
		if (send_preempt_now(gt, id) ||
		    send_mode(gt, id, false, CREDIT_MODE_DONE + CREDIT_DEREGISTER_DONE, 2))
			return false;
		q->disable_sent = true;
		q->pending_disable = true;
		q->deregister_credit = true;
		return true;
	}
	if (send_id(gt, GUC_ACTION_DEREGISTER_CONTEXT, id,
		    q->deregister_credit ? 0 : CREDIT_DEREGISTER_DONE))
		return false;
	q->deregister_sent = true;
	return true;
}

static bool pump_register(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	if (send_register(gt, q, id))
		return false;
	q->registered = true;
	q->policies = false;
	gt->registered++;
	return true;
}

/* The work item, if one is due; without room GuC must be made to read first. */
static bool append_item(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	if (!q->wq_dirty)
		return true;
	if (!vfc_wq_append(gt, q, id)) {
		gt->retry_at = gt->v->now + VFC_ROOM_RETRY;
		return false;
	}
	q->wq_dirty = false;
	return true;
}

static bool pump_enable(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	append_item(gt, q, id);
	if (send_mode(gt, id, true, CREDIT_MODE_DONE, 1))
		return false;
	q->pending_enable = true;
	q->resuming = q->confirmed;
	/* Enabling runs what is in the ring; a work queue wants a call too. */
	if (q->scheds && q->width == 1)
		q->scheds--;
	return true;
}

static bool pump_schedule(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	bool room = append_item(gt, q, id);

	if (send_id(gt, GUC_ACTION_SCHED_CONTEXT, id, 0) || !room)
		return false;
	q->scheds--;
	return true;
}

static bool pump(struct vfc_gt *gt, uint32_t id)
{
	struct vfc_queue *q = &gt->queue[id];
	bool runs = q->kind != VFC_QUEUE_JOBS || q->jobs_made != q->jobs_done || q->wanted;

	if (q->role == VFC_SECONDARY)
		return vfc_group_pump(gt, q, id);
	if (q->destroyed)
		return pump_destroyed(gt, q, id);
	if (!q->killed)
		q->scheds += vfc_job_emit_due(gt, q);
	if (q->killed || q->pending_enable || q->pending_disable)
		return false;
	if (q->suspended) {
		if (!q->enabled || send_mode(gt, id, false, CREDIT_MODE_DONE, 1))
			return false;
		q->pending_disable = true;
		return true;
	}
	if (!q->registered)
		return runs && pump_register(gt, q, id);
	if (!q->policies) {
		q->policies = send_policies(gt, id) == 0;
		return q->policies;
	}
	if (!q->enabled)
		return (runs || q->confirmed) && pump_enable(gt, q, id);
	return q->scheds && pump_schedule(gt, q, id);
}

bool vfc_queue_step(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;

	if (gt->scan_due || (gt->retry_at && v->now >= gt->retry_at)) {
		gt->scan_due = false;
		gt->retry_at = 0;
		gt->queue_visits = gt->queue_top;
	}
	if (!gt->queue_visits || vfc_pending(gt) || gt->ct.state != HOST_CT_ON)
		return false;
	for (unsigned n = 0; n < VFC_QUEUE_BATCH && gt->queue_visits; n++) {
		uint32_t id = gt->queue_cursor;

		if (id >= gt->queue_top)
			id = 0;
		gt->queue_cursor = id + 1;
		gt->queue_visits--;
		if (!gt->queue[id].used || gt->queue[id].child)
			continue;
		vfc_job_collect(gt, id);
		if (pump(gt, id)) {
			/* Perhaps there is more for this one. */
			gt->queue_cursor = id;
			gt->queue_visits++;
			break;
		}
	}
	return true;
}

/* --- what GuC says ----------------------------------------------------------------- */

static struct vfc_queue *known(struct vfc_gt *gt, uint32_t id)
{
	if (id >= VFC_MAX_QUEUES || !gt->queue[id].used || gt->queue[id].child)
		return NULL;
	return &gt->queue[id];
}

int vfc_queue_mode_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct vfc_queue *q = len < 3 ? NULL : known(gt, dw[1]);

	if (!q || dw[2] > 1)
		return -EPROTO;
	if (dw[2] == 1) {
		if (!q->pending_enable)
			return -EPROTO;
		q->pending_enable = false;
		q->resuming = false;
		q->enabled = true;
		q->confirmed = true;
	} else {
		if (!q->pending_disable)
			return -EPROTO;
		q->pending_disable = false;
		q->enabled = false;
	}
	vfc_queue_mark(gt);
	return 0;
}

int vfc_queue_deregister_done(struct vfc_gt *gt, const uint32_t *dw, uint32_t len)
{
	struct vfc_queue *q = len < 2 ? NULL : known(gt, dw[1]);

	if (!q || !q->deregister_sent)
		return -EPROTO;
	vfc_job_collect(gt, dw[1]);
	free_queue(gt, dw[1], 0);
	return 0;
}

/* Its unfinished jobs are lost, new ones are refused. */
static void kill_queue(struct vfc_gt *gt, uint32_t id)
{
	struct vfc_queue *q = &gt->queue[id];

	vfc_job_collect(gt, id);
	q->killed = true;
	q->scheds = 0;
	while (q->jobs_done != q->jobs_made)
		vfc_job_end(gt, id, -ECANCELED);
}

void vfc_queue_kill_all(struct vfc_gt *gt)
{
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child)
			kill_queue(gt, id);
}

/* Context reset or memory fault: the queue's jobs are lost, the queue is banned. */
int vfc_queue_reset(struct vfc_gt *gt, uint32_t id)
{
	while (id < VFC_MAX_QUEUES && id > 0 && gt->queue[id].child)
		id--;
	if (!known(gt, id))
		return -EPROTO;
	if (gt->queue[id].role == VFC_SECONDARY)
		id = gt->queue[id].primary;
	vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "Engine reset or memory fault: queue %u is banned",
		id);
	kill_queue(gt, id);
	if (gt->queue[id].role == VFC_PRIMARY)
		vfc_group_each(gt, id, kill_queue);
	return 0;
}
