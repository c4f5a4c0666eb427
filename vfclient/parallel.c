/* SPDX-License-Identifier: MIT */
/* Parallel queues: the work queue in the parent's scratch page (guc-abi 6.4,
 * vf-lifecycle 5.2 row 15). Offsets are bytes; items do not wrap, a no-op item
 * fills the end. The head is GuC's word and only believed when it fits. */
#include "vfc_priv.h"

static size_t desc_at(const struct vfc *v, const struct vfc_queue *q)
{
	return vfc_lrc_hwsp(v, q, 0) + WQ_DESC;
}

static size_t base_at(const struct vfc *v, const struct vfc_queue *q)
{
	return vfc_lrc_hwsp(v, q, 0) + WQ_BASE;
}

void vfc_wq_init(struct vfc *v, const struct vfc_queue *q)
{
	memset(v->mem->base + vfc_lrc_hwsp(v, q, 0) + PARALLEL_SCRATCH, 0, PARALLEL_SCRATCH);
	host_put32(v->mem, desc_at(v, q) + WQ_DESC_STATUS, WQ_ACTIVE);
}

/* Every dword a no-op item of its own; head and tail stay. */
void vfc_wq_blank(struct vfc *v, const struct vfc_queue *q)
{
	for (size_t at = 0; at < WQ_BYTES; at += 4)
		host_put32(v->mem, base_at(v, q) + at, WQ_TYPE_NOOP);
}

/* The other way with unread items, which no driver here goes in earnest: set
 * their descriptors, `error` beside the right one (test mode 'twice'). */
void vfc_wq_patch(struct vfc *v, const struct vfc_queue *q, int64_t error)
{
	uint64_t lrca = vfc_addr(v, vfc_lrc_hwsp(v, q, 0)) + (uint64_t)error;
	uint32_t at = host_load_acquire(v->mem, desc_at(v, q) + WQ_DESC_HEAD) % WQ_BYTES & ~3u;

	for (unsigned n = 0; n < WQ_BYTES / 4 && at != q->wq_tail; n++) {
		uint32_t item = host_get32(v->mem, base_at(v, q) + at);

		if (field_get(WQ_TYPE, item) == WQ_TYPE_MULTI_LRC && at + 8 <= WQ_BYTES)
			host_put32(v->mem, base_at(v, q) + at + 4, lo32(lrca) | LRC_DESC_KERNEL);
		at = (at + 4 + 4 * field_get(WQ_LENGTH, item)) % WQ_BYTES;
	}
}

/* Bytes that may be written from the tail on, one dword always left free. */
static uint32_t room(const struct vfc *v, const struct vfc_queue *q)
{
	uint32_t head = host_load_acquire(v->mem, desc_at(v, q) + WQ_DESC_HEAD);

	/* An item that ended at the end leaves the head there. */
	head = head == WQ_BYTES ? 0 : head;
	if (head >= WQ_BYTES || head % 4)
		return 0;
	return (head + WQ_BYTES - q->wq_tail - 4) % WQ_BYTES;
}

/* One item with the present tail of every ring; false when there is no room. */
bool vfc_wq_append(struct vfc_gt *gt, struct vfc_queue *q, uint32_t id)
{
	struct vfc *v = gt->v;
	uint32_t dwords = 3u + q->width;
	uint32_t bytes = dwords * 4, left = WQ_BYTES - q->wq_tail;
	uint32_t tail = vfc_job_tail(q->jobs_made) / 8;
	uint64_t lrca = vfc_addr(v, vfc_lrc_hwsp(v, q, 0));
	size_t at;

	if (room(v, q) < bytes + (bytes > left ? left : 0))
		return false;
	if (bytes > left) {
		host_put32(v->mem, base_at(v, q) + q->wq_tail,
			   WQ_TYPE_NOOP | field_put(WQ_LENGTH, left / 4 - 1));
		q->wq_tail = 0;
	}
	at = base_at(v, q) + q->wq_tail;
	host_put32(v->mem, at, WQ_TYPE_MULTI_LRC | field_put(WQ_LENGTH, dwords - 1));
	host_put32(v->mem, at + 4, lo32(lrca) | LRC_DESC_KERNEL);
	host_put32(v->mem, at + 8, field_put(WQ_GUC_ID, id) | field_put(WQ_RING_TAIL, tail));
	host_put32(v->mem, at + 12, 0);
	for (unsigned i = 1; i < q->width; i++)
		host_put32(v->mem, at + 12 + 4 * (size_t)i, tail);
	q->wq_tail = (q->wq_tail + bytes) % WQ_BYTES;
	host_store_release(v->mem, desc_at(v, q) + WQ_DESC_TAIL, q->wq_tail);
	return true;
}
