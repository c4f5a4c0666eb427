/* SPDX-License-Identifier: MIT */
/* Jobs: their commands in the ring, their batches, their end (vf-lifecycle 5.2
 * rows 13 and 20, 6.2). A job's place in the ring follows from its number, so
 * emitting it again takes the very same bytes. "Finished" is decided by reading
 * the seqno, never by an interrupt (C-23). */
#include "vfc_priv.h"

#include "proto/mi.h"

static uint32_t seqno(uint32_t number)
{
	return SEQNO_FIRST + number;
}

/* Batch of a long job, of one LRC. */
static size_t long_bytes(uint32_t length)
{
	return ((size_t)length + 5) * 4;
}

static size_t batch_off(const struct vfc *v, const struct vfc_queue *q,
			const struct vfc_job_slot *j, unsigned i)
{
	if (j->batch != SIZE_MAX)
		return j->batch + i * long_bytes(j->length);
	return vfc_lrc_data(v, q, i) + DATA_BATCH(j->number % VFC_MAX_JOBS);
}

static size_t put_store(const struct vfc *v, size_t at, uint64_t addr, uint32_t value)
{
	host_put32(v->mem, at, MI_SDI_DWORD_GGTT);
	host_put32(v->mem, at + 4, lo32(addr));
	host_put32(v->mem, at + 8, hi32(addr));
	host_put32(v->mem, at + 12, value);
	return at + 16;
}

void vfc_job_batch(struct vfc_gt *gt, struct vfc_queue *q, struct vfc_job_slot *j, int64_t error)
{
	const struct vfc *v = gt->v;
	uint64_t base = v->ggtt_start + (uint64_t)error;
	unsigned slot = j->number % VFC_MAX_JOBS;

	for (unsigned i = 0; i < q->width; i++) {
		size_t data = vfc_lrc_data(v, q, i);
		size_t at = batch_off(v, q, j, i);

		switch (j->kind) {
		case VFC_JOB_STORE:
			break;
		case VFC_JOB_LONG:
			memset(v->mem->base + at, 0, (size_t)j->length * 4);
			at += (size_t)j->length * 4;
			break;
		case VFC_JOB_WAIT:
			host_put32(v->mem, at, MI_SEM_WAIT_GGTT_EQ);
			host_put32(v->mem, at + 4, 1);
			host_put32(v->mem, at + 8, lo32(base + data + DATA_SEMAPHORE(slot)));
			host_put32(v->mem, at + 12, hi32(base + data + DATA_SEMAPHORE(slot)));
			at += 16;
			break;
		case VFC_JOB_LOCAL:
		case VFC_JOB_CCS_PUT:
		case VFC_JOB_CCS_GET:
			at = vfc_keep_job(gt, (uint32_t)(q - gt->queue), j, at);
			break;
		}
		at = put_store(v, at, base + data + DATA_RESULT(slot), j->value);
		host_put32(v->mem, at, MI_BATCH_BUFFER_END);
	}
}

void vfc_job_emit(struct vfc_gt *gt, struct vfc_queue *q, struct vfc_job_slot *j, int64_t error)
{
	const struct vfc *v = gt->v;
	uint64_t base = v->ggtt_start + (uint64_t)error;

	for (unsigned i = 0; i < q->width; i++) {
		size_t data = vfc_lrc_data(v, q, i);
		size_t at = vfc_lrc_ring(v, q, i) + vfc_job_tail(j->number - 1);
		size_t end = at + JOB_RING_BYTES;
		uint64_t batch = base + batch_off(v, q, j, i);

		at = put_store(v, at, base + data + DATA_START_SEQNO, seqno(j->number));
		host_put32(v->mem, at, MI_BBS_GGTT);
		host_put32(v->mem, at + 4, lo32(batch));
		host_put32(v->mem, at + 8, hi32(batch));
		at = put_store(v, at + 12, base + data + DATA_SEQNO, seqno(j->number));
		host_put32(v->mem, at, MI_USER_INTERRUPT);
		for (at += 4; at < end; at += 4)
			host_put32(v->mem, at, MI_NOOP);
	}
	j->emitted = true;
}

/* GuC sets the tails of a parallel queue's rings from the work item that it is at: a
 * later one written beside it would let the rings run past that item, and the item's
 * own tail, set again, would then lie behind their heads. */
void vfc_job_tails(struct vfc_gt *gt, struct vfc_queue *q)
{
	if (q->width > 1)
		q->wq_dirty = true;
	else
		vfc_lrc_set_tail(gt->v, q, vfc_job_tail(q->jobs_made));
}

uint32_t vfc_job_emit_due(struct vfc_gt *gt, struct vfc_queue *q)
{
	uint32_t count = 0;

	for (uint32_t n = q->jobs_done + 1; n != q->jobs_made + 1; n++)
		if (!queue_job(q, n)->emitted) {
			vfc_job_emit(gt, q, queue_job(q, n), 0);
			count++;
		}
	if (count)
		vfc_job_tails(gt, q);
	return count;
}

static bool finished(const struct vfc_gt *gt, const struct vfc_queue *q, uint32_t number)
{
	const struct vfc *v = gt->v;

	if (!q->job[number % VFC_MAX_JOBS].emitted)
		return false;
	for (unsigned i = 0; i < q->width; i++) {
		uint32_t seen = host_load_acquire(v->mem, vfc_lrc_data(v, q, i) + DATA_SEQNO);

		if ((int32_t)(seen - seqno(number)) < 0)
			return false;
	}
	return true;
}

void vfc_job_end(struct vfc_gt *gt, uint32_t id, int err)
{
	struct vfc *v = gt->v;
	struct vfc_queue *q = &gt->queue[id];
	struct vfc_job_slot *j = queue_job(q, q->jobs_done + 1);
	uint32_t number = j->number;

	if (j->batch != SIZE_MAX)
		host_pages_free(&v->pages, j->batch, q->width * long_bytes(j->length));
	j->batch = SIZE_MAX;
	q->jobs_done++;
	gt->jobs_pending--;
	if (err) {
		gt->jobs_failed++;
	} else {
		vfc_keep_job_ended(gt, id, j);
		gt->jobs_done++;
		gt->own_resets = 0;
	}
	vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_JOB, .gt = gt->id, .queue = id,
					  .job = number, .err = err });
}

static int result(const struct vfc_gt *gt, const struct vfc_queue *q,
		  const struct vfc_job_slot *j)
{
	for (unsigned i = 0; i < q->width; i++)
		if (host_get32(gt->v->mem, vfc_lrc_data(gt->v, q, i) +
					   DATA_RESULT(j->number % VFC_MAX_JOBS)) != j->value)
			return -EIO;
	return 0;
}

bool vfc_job_collect(struct vfc_gt *gt, uint32_t id)
{
	struct vfc_queue *q = &gt->queue[id];
	bool any = false;

	while (q->jobs_done != q->jobs_made && finished(gt, q, q->jobs_done + 1)) {
		vfc_job_end(gt, id, result(gt, q, queue_job(q, q->jobs_done + 1)));
		any = true;
	}
	return any;
}

static struct vfc_queue *find(struct vfc *v, unsigned gt, uint32_t queue)
{
	struct vfc_queue *q;

	if (gt >= v->opt.gts || queue >= VFC_MAX_QUEUES)
		return NULL;
	q = &v->gt[gt].queue[queue];
	return q->used && !q->child && !q->destroyed && q->kind == VFC_QUEUE_JOBS ? q : NULL;
}

int vfc_job_submit(struct vfc *v, unsigned gt, uint32_t queue, const struct vfc_job *job)
{
	struct vfc_queue *q = find(v, gt, queue);
	struct vfc_job_slot *j;
	struct vfc_gt *g;

	if (!v->up || v->wedged_err)
		return -ENODEV;
	if (!q)
		return -ENOENT;
	if (q->killed)
		return -ECANCELED;
	if (job->kind > VFC_JOB_CCS_GET || vfc_keep_job_ok(&v->gt[gt], q, job->kind) || (job->kind == VFC_JOB_LONG && job->length > VFC_LONG_MAX))
		return -EINVAL;
	if (q->jobs_made - q->jobs_done == VFC_MAX_JOBS || q->jobs_made == INT32_MAX)
		return -EBUSY;
	g = &v->gt[gt];
	j = queue_job(q, q->jobs_made + 1);
	*j = (struct vfc_job_slot){ .number = q->jobs_made + 1, .kind = job->kind,
				    .value = job->value, .length = job->length,
				    .batch = SIZE_MAX };
	if (j->kind == VFC_JOB_LONG) {
		j->batch = host_pages_alloc(&v->pages, q->width * long_bytes(j->length));
		if (j->batch == SIZE_MAX)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < q->width; i++) {
		size_t data = vfc_lrc_data(v, q, i);

		host_put32(v->mem, data + DATA_RESULT(j->number % VFC_MAX_JOBS), ~j->value);
		host_put32(v->mem, data + DATA_SEMAPHORE(j->number % VFC_MAX_JOBS), 0);
	}
	vfc_job_batch(g, q, j, 0);
	q->jobs_made++;
	g->jobs_pending++;
	vfc_queue_mark(g);
	return (int)j->number;
}

int vfc_job_release(struct vfc *v, unsigned gt, uint32_t queue, uint32_t job)
{
	struct vfc_queue *q = find(v, gt, queue);

	if (!q || job <= q->jobs_done || job > q->jobs_made)
		return -ENOENT;
	for (unsigned i = 0; i < q->width; i++)
		host_store_release(v->mem, vfc_lrc_data(v, q, i) +
					   DATA_SEMAPHORE(job % VFC_MAX_JOBS), 1);
	return 0;
}
