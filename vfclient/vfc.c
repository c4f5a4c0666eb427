/* SPDX-License-Identifier: MIT */
/* The VF driver's frame: laying it out, the step scheduler, events and log
 * lines, the dead state. What a step does is in the other files. */
#include "vfc_priv.h"

#include <string.h>

#include "proto/text.h"

#define LOG_MAX 200u

/* --- layout ------------------------------------------------------------------------ */

#define H2G_OBJECT (GGTT_PAGE + CTB_H2G_BYTES)
#define G2H_OBJECT (GGTT_PAGE + CTB_G2H_BYTES)
#define G2H_DESC_AT 0x800u
#define IMAGE_BYTES (LRC_PPHWSP_BYTES + LRC_PAGE)
#define IMAGE_CLASSES ((unsigned)GUC_CLASS_OTHER) /* all classes before it */
#define LRC_PAGES_MAX 10u

void vfc_options_default(struct vfc_options *options)
{
	memset(options, 0, sizeof(*options));
	options->gts = 1;
	options->generation = VFC_GEN_AUTO;
	options->min_minor = 2;
	options->ggtt_min = 0x800000;
}

size_t vfc_size(void)
{
	return sizeof(struct vfc);
}

size_t vfc_mem_size(unsigned gts, unsigned queues, unsigned width)
{
	size_t fixed = H2G_OBJECT + G2H_OBJECT + IMAGE_CLASSES * IMAGE_BYTES;
	size_t lrc = (size_t)LRC_PAGES_MAX * GGTT_PAGE;

	/* Memirq page; the two compression contexts and their batch page. */
	return GGTT_PAGE + gts * fixed + 2 * (lrc + GGTT_PAGE) + KEEP_PAGES * GGTT_PAGE +
	       (size_t)gts * queues * width * lrc;
}

static int place_gt(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;

	gt->h2g_off = host_pages_alloc(&v->pages, H2G_OBJECT);
	gt->g2h_off = host_pages_alloc(&v->pages, G2H_OBJECT);
	if (gt->h2g_off == SIZE_MAX || gt->g2h_off == SIZE_MAX)
		return -ENOMEM;
	for (unsigned c = 0; c < IMAGE_CLASSES; c++) {
		gt->image[c] = host_pages_alloc(&v->pages, IMAGE_BYTES);
		if (gt->image[c] == SIZE_MAX)
			return -ENOMEM;
	}
	return 0;
}

static void on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	(void)len;
	vfc_relay_carrier(user, tag, err, dw);
}

static int on_event(void *user, const uint32_t *dw, uint32_t len)
{
	struct vfc_gt *gt = user;

	switch (hxg_action(dw[0])) {
	case GUC_ACTION_SCHED_CONTEXT_MODE_DONE:
		return vfc_queue_mode_done(gt, dw, len);
	case GUC_ACTION_DEREGISTER_CONTEXT_DONE:
		return vfc_queue_deregister_done(gt, dw, len);
	case GUC_ACTION_TLB_INVALIDATION_DONE:
		return vfc_tlb_done(gt, dw, len);
	case GUC_ACTION_CGP_SYNC_DONE:
		return vfc_group_synced(gt, dw, len);
	case GUC_ACTION_CGP_CONTEXT_ERROR:
		return len != 7 ? -EPROTO : vfc_queue_reset(gt, dw[3]);
	case GUC_ACTION_PAGE_FAULT_REQ_DESC:
		return vfc_page_fault(gt, dw, len);
	case GUC_ACTION_RELAY_FROM_VF:
		return -EPERM; /* that is for a PF */
	case GUC_ACTION_RELAY_FROM_PF:
		return vfc_relay_event(gt, dw, len);
	case GUC_ACTION_CONTEXT_RESET_NOTIFICATION:
	case GUC_ACTION_MEMORY_CAT_ERROR:
		return len < 2 ? -EPROTO : vfc_queue_reset(gt, dw[1]);
	case GUC_ACTION_ENGINE_FAILURE_NOTIFICATION:
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "engine reset failed");
		gt->reset_wanted = true;
		return len == 4 ? 0 : -EPROTO;
	case GUC_ACTION_NOTIFY_CRASH_DUMP_POSTED:
	case GUC_ACTION_NOTIFY_EXCEPTION:
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "GuC has crashed");
		gt->reset_wanted = true;
		return 0;
	case GUC_ACTION_STATE_CAPTURE_NOTIFICATION:
		return len == 2 ? 0 : -EPROTO;
	case GUC_ACTION_NOTIFY_FLUSH_LOG_BUFFER_TO_FILE:
		return 0;
	default:
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "unexpected G2H event 0x%04x",
			hxg_action(dw[0]));
		return -EOPNOTSUPP;
	}
}

static void init_gt(struct vfc *v, uint8_t id)
{
	struct vfc_gt *gt = &v->gt[id];

	gt->v = v;
	gt->id = id;
	gt->media = id == 1;
	host_mailbox_init(&gt->mbox, v->port, 0, gt->media, id);
	host_ct_init(&gt->ct, v->port, v->mem, 0, gt->media, gt->h2g_off, gt->h2g_off + GGTT_PAGE,
		     CTB_H2G_BYTES, gt->g2h_off + G2H_DESC_AT, gt->g2h_off + GGTT_PAGE,
		     CTB_G2H_BYTES);
	if (v->opt.bells) {
		gt->ct.h2g_bell = &v->opt.bells->gt[id].h2g;
		gt->ct.g2h_bell = &v->opt.bells->gt[id].g2h;
	}
	gt->ct.on_reply = on_reply;
	gt->ct.on_event = on_event;
	gt->ct.user = gt;
	gt->ct.keep_h2g = !vfc_fixup_wanted(v, FIXUP_H2G);
}

struct vfc *vfc_init(void *storage, size_t size, const struct vfc_options *options,
		     const struct host_port *port, const struct host_mem *mem)
{
	struct vfc *v = storage;

	if (!storage || (uintptr_t)storage % 8 || size < sizeof(*v))
		return NULL;
	if (options->gts < 1 || options->gts > VFC_MAX_GTS || options->min_minor < 1 ||
	    options->min_minor > 2)
		return NULL;
	if ((uintptr_t)mem->base % GGTT_PAGE || mem->dma % GGTT_PAGE)
		return NULL;
	memset(v, 0, sizeof(*v));
	v->opt = *options;
	v->port = port;
	v->mem = mem;
	if (host_pages_init(&v->pages, mem->size))
		return NULL;
	v->memirq = host_pages_alloc(&v->pages, GGTT_PAGE);
	for (uint8_t i = 0; i < options->gts; i++) {
		v->gt[i].v = v;
		if (place_gt(&v->gt[i]))
			return NULL;
		init_gt(v, i);
	}
	if (vfc_keep_place(v))
		return NULL;
	return v;
}

/* --- events ------------------------------------------------------------------------ */

void vfc_event(struct vfc *v, const struct vfc_event *e)
{
	if (v->opt.on_event)
		v->opt.on_event(v->opt.user, e);
}

void vfc_log(struct vfc *v, unsigned gt, enum vfc_log_level level, const char *fmt, ...)
{
	char text[LOG_MAX];
	va_list ap;

	if (!v->opt.on_event)
		return;
	va_start(ap, fmt);
	text_vfmt(text, sizeof(text), fmt, ap);
	va_end(ap);
	vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_LOG, .gt = (uint8_t)gt, .level = level,
					  .text = text });
}

void vfc_step_event(struct vfc *v, unsigned gt, enum vfc_step_id step, int err)
{
	vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_STEP, .gt = (uint8_t)gt, .step = step,
					  .err = err });
}

enum vfc_hook_result vfc_ask_hook(struct vfc *v, unsigned gt, enum vfc_step_id step, int *err)
{
	enum vfc_hook_result result;

	*err = 0;
	if (!v->opt.hook)
		return VFC_HOOK_RUN;
	result = v->opt.hook(v->opt.user, v, gt, step, err);
	if (*err > 0)
		*err = -EINVAL;
	return result;
}

static bool recovering(const struct vfc *v)
{
	if (v->seed.pending || v->seed.running)
		return true;
	for (unsigned i = 0; i < v->opt.gts; i++)
		if (v->gt[i].rec.inprogress || v->gt[i].rec.pending || v->gt[i].rec.running)
			return true;
	return false;
}

static enum vfc_state present_state(const struct vfc *v)
{
	if (v->wedged_err)
		return VFC_STATE_WEDGED;
	if (v->op.kind == VFC_OP_BOOT)
		return VFC_STATE_BOOTING;
	if (v->suspended)
		return VFC_STATE_SUSPENDED;
	if (!v->up)
		return VFC_STATE_OFF;
	return recovering(v) ? VFC_STATE_RECOVERING : VFC_STATE_READY;
}

static void tell_state(struct vfc *v)
{
	enum vfc_state s = present_state(v);

	if (s == v->state)
		return;
	v->state = s;
	vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_STATE, .gt = VFC_DEVICE, .state = s });
}

/* --- calls to GuC ------------------------------------------------------------------ */

int vfc_mmio(struct vfc_gt *gt, const uint32_t *dw, uint32_t len, uint32_t *data0)
{
	int err;

	if (!gt->mmio_busy) {
		host_mailbox_start(&gt->mbox, dw, len, gt->v->now);
		gt->mmio_busy = true;
	}
	host_mailbox_step(&gt->mbox, gt->v->now);
	err = host_mailbox_take(&gt->mbox, data0);
	if (err == -EAGAIN)
		return VFC_WAIT;
	gt->mmio_busy = false;
	if (err == -EREMCHG) {
		gt->rec.guc_migrated = true;
		vfc_log(gt->v, gt->id, VFC_LOG_DEBUG, "request 0x%04x rejected due to MIGRATION",
			hxg_action(dw[0]));
	} else if (err == -ENXIO) {
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR,
			"request 0x%04x failed: error 0x%x hint 0x%x", hxg_action(dw[0]),
			gt->mbox.error, gt->mbox.hint);
	} else if (err) {
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "request 0x%04x: no good reply (%s)",
			hxg_action(dw[0]), text_errno(err));
	}
	return err;
}

int vfc_mmio_zero(struct vfc_gt *gt, uint32_t dw0, const uint32_t *dw1)
{
	uint32_t dw[2] = { dw0, dw1 ? *dw1 : 0 };
	uint32_t data0;
	int err = vfc_mmio(gt, dw, dw1 ? 2 : 1, &data0);

	return err ? err : data0 ? -EPROTO : 0;
}

bool vfc_pending(const struct vfc_gt *gt)
{
	return gt->rec.inprogress || (gt->v->memirq_on && vfc_irq_migrated(gt));
}

int vfc_send(struct vfc_gt *gt, enum hxg_type type, const uint32_t *dw, uint32_t len,
	     uint64_t tag, uint32_t g2h, uint32_t events)
{
	int err;

	if (vfc_pending(gt))
		return -ECANCELED;
	err = host_ct_send(&gt->ct, type, dw, len, tag, g2h, events, gt->v->now);
	if (err != -EBUSY) {
		gt->stuck = false;
		return err;
	}
	if (!gt->stuck) {
		gt->stuck = true;
		gt->stuck_since = 0;
		gt->stuck_head = host_get32(gt->v->mem, gt->ct.h2g_desc + CTB_DESC_HEAD);
	}
	gt->retry_at = gt->v->now + VFC_ROOM_RETRY;
	return err;
}

void vfc_stop_gt(struct vfc_gt *gt)
{
	/* What has arrived counts: drain before the fences are cancelled. */
	for (uint32_t n = 0; n < CTB_G2H_BYTES / 4; n++)
		if (host_ct_receive(&gt->ct, 1, gt->v->now) <= 0)
			break;
	host_ct_stop(&gt->ct);
	gt->stuck = false;
	for (uint32_t id = 0; id < gt->queue_top; id++)
		if (gt->queue[id].used && !gt->queue[id].child) {
			vfc_job_collect(gt, id);
			vfc_replay_pause(gt, &gt->queue[id]);
		}
	vfc_tlb_complete_all(gt);
	vfc_relay_migrated(gt);
}

void vfc_wedge(struct vfc *v, int err)
{
	if (v->wedged_err)
		return;
	v->wedged_err = err;
	v->up = false;
	v->suspended = false;
	for (unsigned i = 0; i < v->opt.gts; i++) {
		struct vfc_gt *gt = &v->gt[i];

		host_mailbox_cancel(&gt->mbox);
		gt->mmio_busy = false;
		vfc_recovery_cancel(gt);
		host_ct_stop(&gt->ct);
		vfc_tlb_complete_all(gt);
		vfc_relay_reset(gt, -ECANCELED);
		vfc_queue_free_all(gt, -ECANCELED);
	}
	vfc_seed_cancel(v);
	vfc_keep_cancel(v, -ECANCELED);
	vfc_op_end(v, err);
	vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR, "device declared wedged (%s)", text_errno(err));
}

/* --- stepping ---------------------------------------------------------------------- */

void vfc_irq(struct vfc *v)
{
	v->irq = true;
	v->dirty = true;
}

void vfc_read_done(struct vfc *v, uint32_t cookie, const void *words, unsigned n)
{
	if (!vfc_intr_read_done(v, cookie, words, n) && cookie < v->opt.gts)
		host_mailbox_read_done(&v->gt[cookie].mbox, words, n);
	v->dirty = true;
}

/* G2H: a bounded number of messages a step. */
static bool receive_step(struct vfc_gt *gt)
{
	int n;

	if (!gt->g2h_due)
		return false;
	n = host_ct_receive(&gt->ct, VFC_G2H_BATCH, gt->v->now);
	gt->g2h_due = n == (int)VFC_G2H_BATCH;
	if (n == -EPIPE && !gt->reset_wanted && !vfc_pending(gt)) {
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "CTB: channel broken on read");
		gt->reset_wanted = true;
	}
	if (gt->ct.orphans != gt->orphans) {
		gt->orphans = gt->ct.orphans;
		vfc_log(gt->v, gt->id, VFC_LOG_WARN, "CTB: an answer nobody waits for");
	}
	if (gt->ct.fast_failures != gt->fast_failures) {
		gt->fast_failures = gt->ct.fast_failures;
		if (!vfc_pending(gt)) {
			vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "CTB: a fast request failed");
			gt->reset_wanted = true;
		}
	}
	return true;
}

/* A message found no room a second ago. Has GuC read or answered nothing since
 * then, although there is something? */
static bool no_progress(const struct vfc_gt *gt)
{
	uint32_t head = host_get32(gt->v->mem, gt->ct.h2g_desc + CTB_DESC_HEAD);

	return head == gt->stuck_head && (head != gt->ct.h2g_tail || gt->ct.g2h_outstanding);
}

/* What a reset does not cure comes back at once: a GuC that refuses a context would
 * be reset and asked again for ever. */
static void own_reset(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;

	if (v->now - gt->own_reset_at >= VFC_RESET_CALM)
		gt->own_resets = 0;
	gt->own_reset_at = v->now;
	if (gt->own_resets == VFC_OWN_RESETS) {
		vfc_log(v, gt->id, VFC_LOG_ERROR, "%u resets in a row did not help",
			gt->own_resets);
		vfc_wedge(v, -EIO);
		return;
	}
	gt->own_resets++;
	if (vfc_reset(v, gt->id, 0) == 0)
		v->op.own = true;
}

/* Time limits of the CTB; a ring that does not move asks for a reset. */
static bool time_step(struct vfc_gt *gt)
{
	struct vfc *v = gt->v;
	bool done = false;

	if (host_ct_deadline(&gt->ct) <= v->now) {
		host_ct_tick(&gt->ct, v->now);
		/* It may have read: what that brought is looked at there. */
		gt->g2h_due = true;
		done = true;
	}
	if (gt->stuck && !gt->stuck_since) {
		gt->stuck_since = v->now;
	} else if (gt->stuck && v->now - gt->stuck_since >= VFC_H2G_STUCK) {
		gt->stuck = false;
		if (no_progress(gt)) {
			gt->reset_wanted = true;
			vfc_log(v, gt->id, VFC_LOG_ERROR,
				"No forward process on H2G, reset required");
		}
		done = true;
	}
	if (gt->reset_wanted && v->up && v->op.kind == VFC_OP_NONE) {
		gt->reset_wanted = false;
		if (!vfc_pending(gt))
			own_reset(gt);
		done = true;
	}
	return done;
}

/* The parts of a GT that may have something to do, one unit each. */
typedef bool (*part_fn)(struct vfc_gt *gt);
static const part_fn parts[] = {
	receive_step, time_step, vfc_recovery_step, vfc_relay_step, vfc_tlb_step, vfc_queue_step,
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool one_unit(struct vfc *v)
{
	unsigned n = (unsigned)PARTS * v->opt.gts + 3;

	if (v->irq || v->intr.answered)
		return vfc_irq_step(v);
	/* Go round, so that no part starves another. */
	for (unsigned i = 0; i < n; i++) {
		unsigned at = (v->turn + i) % n;
		bool done;

		if (at == 0)
			done = vfc_op_step(v);
		else if (at == 1)
			done = vfc_seed_step(v);
		else if (at == 2)
			done = vfc_keep_step(v);
		else
			done = parts[(at - 3) % PARTS](&v->gt[(at - 3) / PARTS]);
		if (done) {
			v->turn = (at + 1) % n;
			return true;
		}
	}
	return false;
}

bool vfc_step(struct vfc *v, uint64_t now)
{
	bool more;

	if (now > v->now)
		v->now = now;
	v->dirty = false;
	more = one_unit(v);
	tell_state(v);
	v->dirty |= more;
	return v->dirty;
}

static void sooner(const struct vfc *v, uint64_t at, uint64_t *least)
{
	/* What was due now was done by the last step or waits for an event. */
	if (at > v->now && at < *least)
		*least = at;
}

uint64_t vfc_next_deadline(const struct vfc *v)
{
	uint64_t least = UINT64_MAX;

	if (v->dirty)
		return v->now;
	for (unsigned i = 0; i < v->opt.gts; i++) {
		const struct vfc_gt *gt = &v->gt[i];

		sooner(v, host_mailbox_deadline(&gt->mbox), &least);
		sooner(v, host_ct_deadline(&gt->ct), &least);
		sooner(v, vfc_relay_deadline(gt), &least);
		sooner(v, vfc_recovery_deadline(gt), &least);
		if (gt->tlb_sent != gt->tlb_done)
			sooner(v, gt->tlb_since + VFC_TLB_WAIT, &least);
		if (gt->retry_at)
			sooner(v, gt->retry_at, &least);
		if (gt->stuck)
			sooner(v, gt->stuck_since + VFC_H2G_STUCK, &least);
	}
	sooner(v, vfc_op_deadline(v), &least);
	return least;
}
