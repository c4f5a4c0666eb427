/* SPDX-License-Identifier: MIT */
/* What goes wrong on the card, and what GuC tells the driver of it (guc-abi
 * 6.3, 6.5): hanging contexts, engines that can't be reset, memory faults,
 * recoverable page faults with their answer, the firmware's own end. The engine
 * makes memory and page faults, the scheduler resets; all of them, and what has no
 * other cause here, come in from outside, too, through guc_mishap(). */
#include "sched.h"

#include <errno.h>

/* PAGE_FAULT_REQ_DESC, dwords of the payload (guc-abi 6.5). */
#define FAULT_LEVEL    BITS(2, 0)   /* 0 */
#define FAULT_INSTANCE BITS(24, 19)
#define FAULT_CLASS    BITS(27, 25)
#define FAULT_PDATA_LO BITS(31, 28)
#define FAULT_PDATA_HI BITS(11, 0)  /* 1 */
#define FAULT_ASID     BITS(31, 12)
#define FAULT_ASID_MAX 0xFFFFFu
#define FAULT_ACCESS   BITS(1, 0)   /* 2 */
#define FAULT_KIND     BITS(3, 2)
#define FAULT_VFID     BITS(9, 4)
#define FAULT_PREFETCH BITS(11, 11)
#define FAULT_ADDR     BITS(31, 12)

/* PAGE_FAULT_RES_DESC, dwords of the message. */
#define REPLY_VALID    BITS(0, 0)   /* 1 */
#define REPLY_FAILED   BITS(1, 1)   /* named "success" */
#define REPLY_DESC     BITS(11, 10)
#define REPLY_DESC_FAULT 1u
#define REPLY_ASID     BITS(31, 12)
#define REPLY_INSTANCE BITS(12, 7)  /* 2 */
#define REPLY_PDATA    BITS(31, 16)

void guc_cat_error(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, uint32_t type)
{
	/* The second dword is for those who opted in (KLV 0x4001). */
	const uint32_t payload[2] = { id, type };
	uint32_t n = guc_fn(c, gt, fn)->opt_in & 1 ? 2 : 1;

	guc_adverse(c, gt, fn, GUC_THRESHOLD_CAT_ERR, 1);
	guc_g2h_event(c, gt, fn, GUC_ACTION_MEMORY_CAT_ERROR, payload, n);
}

/* Hardware's numbering of classes, that of fault descriptors (guc-abi 4.8). */
static uint32_t hardware_class(uint8_t guc_class)
{
	switch ((enum guc_engine_class)guc_class) {
	case GUC_CLASS_RENDER:
		return 0;
	case GUC_CLASS_VIDEO:
		return 1;
	case GUC_CLASS_VIDEO_ENHANCE:
		return 2;
	case GUC_CLASS_BLITTER:
		return 3;
	case GUC_CLASS_OTHER:
		return 4;
	case GUC_CLASS_COMPUTE:
		return 5;
	}
	return 0;
}

/* PAGE_FAULT_REQ_DESC; PDATA, which comes back, is the context's id. */
static void tell_fault(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_context *ctx,
		       unsigned engine, const struct guc_mishap *m)
{
	const uint32_t payload[4] = {
		field_put(FAULT_LEVEL, m->fault.level) |
			field_put(FAULT_INSTANCE, guc_engine_instance(ctx->engine_class, engine)) |
			field_put(FAULT_CLASS, hardware_class(ctx->engine_class)) |
			field_put(FAULT_PDATA_LO, m->context & 0xF),
		field_put(FAULT_PDATA_HI, m->context >> 4) | field_put(FAULT_ASID, m->fault.asid),
		field_put(FAULT_ACCESS, m->fault.access) | field_put(FAULT_KIND, m->fault.kind) |
			field_put(FAULT_VFID, fn) | field_put(FAULT_PREFETCH, m->fault.prefetch) |
			(lo32(m->fault.address) & FAULT_ADDR),
		hi32(m->fault.address),
	};

	guc_adverse(c, gt, fn, GUC_THRESHOLD_PAGE_FAULT, 1);
	guc_g2h_event(c, gt, fn, GUC_ACTION_PAGE_FAULT_REQ_DESC, payload, 4);
}

/* One from outside: the whole context stops until the answer. */
static void page_fault(struct guc_card *c, unsigned gt, unsigned fn, struct guc_context *ctx,
		       const struct guc_mishap *m)
{
	guc_context_left(c, gt, ctx);
	ctx->faulted = 1;
	tell_fault(c, gt, fn, ctx, guc_lrc_engine(c, ctx, 0), m);
}

/* Graphics that recover from page faults (has_usm in xe_pci.c): Ponte Vecchio, and
 * from Lunar Lake and Battlemage on. There every miss is told, whatever the VM: a
 * driver refuses those of VMs that are not in fault mode. */
static bool recovers(const struct guc_card *c)
{
	return guc_graphics_version(c) >= 2000 || guc_graphics_version(c) == 1260;
}

/* Unlike other events a lost one would leave its LRC standing for ever: without room
 * for it the command runs again later and faults again. */
enum eng_end guc_fault_raise(const struct eng_place *r, unsigned child,
			     const struct eng_fault *fault)
{
	const struct guc_mishap m = {
		.kind = GUC_MISHAP_PAGE_FAULT, .context = r->id,
		.fault = { .address = fault->address, .asid = fault->asid & FAULT_ASID_MAX,
			   .level = fault->level & 7u, .access = (uint8_t)fault->access,
			   .kind = (uint8_t)fault->kind },
	};

	if (!recovers(r->c))
		return ENG_DEAD;
	if (!guc_g2h_room(r->c, r->gt, r->fn))
		return ENG_WAIT;
	guc_lrc_exec(r->c, r->gt, r->ctx, child)->faulted = 1;
	tell_fault(r->c, r->gt, r->fn, r->ctx, guc_lrc_engine(r->c, r->ctx, child), &m);
	return ENG_FAULT;
}

/* Of the LRCs that wait for an answer the one on the engine that it names, else any:
 * descriptors tell no more. One whose page is still missing faults again. */
static bool answered(struct guc_card *c, unsigned gt, struct guc_context *ctx, uint32_t instance)
{
	struct guc_exec *best = NULL;

	for (unsigned i = 0; i < guc_lrc_places(ctx); i++) {
		struct guc_exec *exec = guc_lrc_exec(c, gt, ctx, i);
		unsigned engine = guc_lrc_engine(c, ctx, i);

		if (!exec->faulted)
			continue;
		if (!best)
			best = exec;
		if (guc_engine_instance(ctx->engine_class, engine) == instance) {
			best = exec;
			break;
		}
	}
	if (best)
		best->faulted = 0;
	return best || ctx->faulted;
}

/* An answer that nobody waits for is ignored: the context may be gone, disabled
 * or dead by now. A refused page is a memory fault. */
uint16_t guc_act_fault_response(struct guc_card *c, struct guc_request *r)
{
	uint32_t id = field_get(REPLY_PDATA, r->dw[2]);
	struct guc_context *ctx;

	if (!(r->dw[1] & REPLY_VALID) || field_get(REPLY_DESC, r->dw[1]) != REPLY_DESC_FAULT)
		return GUC_ERR_INVALID_PARAMS;
	ctx = guc_context_find(c, r->gt, r->fn, id);
	if (!ctx || !answered(c, r->gt, ctx, field_get(REPLY_INSTANCE, r->dw[2])))
		return GUC_OK;
	ctx->faulted = 0;
	eng_tlb_drop(c, r->gt, r->fn, field_get(REPLY_ASID, r->dw[1]));
	if (r->dw[1] & REPLY_FAILED)
		guc_context_kill(c, r->gt, r->fn, id);
	else
		guc_context_ready(c, r->gt, ctx);
	return GUC_OK;
}

void guc_context_hang(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id)
{
	if (!guc_context_stop(c, gt, fn, id))
		return;
	guc_adverse(c, gt, fn, GUC_THRESHOLD_ENGINE_RESET, 1);
	guc_g2h_event(c, gt, fn, GUC_ACTION_CONTEXT_RESET_NOTIFICATION, &id, 1);
	guc_context_left(c, gt, guc_context(c, gt, fn, id));
}

/* Of the firmware: everybody with a CTB hears of it. */
static void all_functions(struct guc_card *c, unsigned gt, enum guc_action_code action)
{
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
		guc_g2h_event(c, gt, fn, (uint16_t)action, NULL, 0);
}

static int of_context(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_mishap *m)
{
	struct guc_context *ctx = guc_context_find(c, gt, fn, m->context);

	if (!ctx)
		return -ENOENT;
	if (m->kind == GUC_MISHAP_PAGE_FAULT) {
		if (m->fault.level > 7 || m->fault.asid > 0xFFFFF || m->fault.access > 3 ||
		    m->fault.kind > 3)
			return -EINVAL;
		if (!ctx->killed)
			page_fault(c, gt, fn, ctx, m);
	} else if (m->kind == GUC_MISHAP_HANG) {
		guc_context_hang(c, gt, fn, m->context);
	} else if (guc_context_stop(c, gt, fn, m->context)) {
		guc_cat_error(c, gt, fn, m->context, m->type);
		guc_context_left(c, gt, ctx);
	}
	return 0;
}

static void mishap_event(struct guc_card *c, unsigned fn, unsigned gt, const struct guc_mishap *m)
{
	uint32_t dw[MISHAP_DWORDS] = {
		(uint32_t)m->kind,
		m->context,
		m->type,
		(uint32_t)(m->engine_class | m->instance << 8),
		m->reason,
		lo32(m->fault.address),
		hi32(m->fault.address),
		m->fault.asid,
		m->fault.level | (uint32_t)m->fault.access << 8 | (uint32_t)m->fault.kind << 16 |
			(uint32_t)m->fault.prefetch << 24,
	};
	struct guc_event ev = { .point = GUC_PT_MISHAP, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
				.msg = dw, .msg_len = MISHAP_DWORDS };

	guc_emit(c, &ev);
}

int guc_mishap(struct guc_card *card, unsigned fn, unsigned gt, const struct guc_mishap *m)
{
	const uint32_t engine[3] = { m->engine_class, m->instance, m->reason };
	int err = 0;

	if (fn > card->block->geometry.vfs || gt >= guc_gt_count(card))
		return -ENODEV;
	mishap_event(card, fn, gt, m);
	switch (m->kind) {
	case GUC_MISHAP_HANG:
	case GUC_MISHAP_PAGE_FAULT:
		err = of_context(card, gt, fn, m);
		break;
	case GUC_MISHAP_CAT_ERROR:
		/* With no context to blame it is the PF that has to know. */
		if (m->context == UINT32_MAX)
			guc_cat_error(card, gt, 0, UINT32_MAX, m->type);
		else
			err = of_context(card, gt, fn, m);
		break;
	case GUC_MISHAP_ENGINE:
		if (m->engine_class >= GUC_CLASS_COUNT || m->instance >= 32)
			return -EINVAL;
		guc_adverse(card, gt, fn, GUC_THRESHOLD_ENGINE_RESET, 1);
		guc_g2h_event(card, gt, fn, GUC_ACTION_ENGINE_FAILURE_NOTIFICATION, engine, 3);
		break;
	case GUC_MISHAP_CRASH_DUMP:
		all_functions(card, gt, GUC_ACTION_NOTIFY_CRASH_DUMP_POSTED);
		break;
	case GUC_MISHAP_EXCEPTION:
		all_functions(card, gt, GUC_ACTION_NOTIFY_EXCEPTION);
		break;
	}
	guc_deeds_run(card);
	guc_irq_flush(card);
	return err;
}
