/* SPDX-License-Identifier: MIT */
/* Events to trace records and back; see trace.h. The numbers of the file are
 * those of proto/trace.proto, whatever order our own points have. */
#include "view/trace.h"

#include <errno.h>
#include <string.h>

#include "proto/text.h"

gucemu_TraceKind trace_kind_of(enum guc_point point)
{
	switch (point) {
#define K(sym)                                                                 \
	case GUC_PT_##sym:                                                     \
		return gucemu_TRACE_##sym;
		K(MMIO_READ) K(MMIO_WRITE) K(MBOX_REQUEST) K(MBOX_REPLY) K(H2G) K(G2H) K(IRQ)
		K(MEM_READ) K(MEM_WRITE) K(STATE) K(FLR) K(BLOB) K(FINDING) K(VIOLATION)
		K(FENCE) K(CONTEXT) K(TICK) K(PROVISION) K(MISHAP) K(FAULT)
#undef K
	case GUC_PT_COUNT:
		break;
	}
	return gucemu_TRACE_NONE;
}

static enum guc_point point_of(gucemu_TraceKind kind)
{
	unsigned p = 0;

	while (p < GUC_PT_COUNT && trace_kind_of((enum guc_point)p) != kind)
		p++;
	return (enum guc_point)p;
}

void trace_from_event(struct trace_record *r, const struct guc_event *e,
		      struct trace_scratch *scratch)
{
	*r = (struct trace_record){
		.kind = trace_kind_of(e->point),
		.function = e->fn,
		.gt = e->gt,
		.seq = e->seq,
		.time = e->time,
		.addr = e->addr,
		.value = e->value,
		.size = e->size,
		.code = e->code,
		.len = e->len,
		.from = e->from,
		.to = e->to,
		.error = e->error,
		.verdict = e->verdict,
		.data = scratch->bytes,
	};
	if (e->text) {
		r->text = e->text;
		r->text_len = strlen(e->text);
	}
	if (e->bytes) {
		r->data = e->bytes;
		r->data_len = e->len;
	} else {
		r->data_len = event_data_put(scratch->bytes, e);
	}
}

/* --- and back ------------------------------------------------------------------ */

static int get_message(struct view_event *v, const struct trace_record *r)
{
	if (r->data_len % 4 != 0 || r->data_len > EVENT_DATA_MAX)
		return -EBADMSG;
	event_message_get(v, r->data, r->data_len);
	return 0;
}

static int get_bytes(struct view_event *v, const struct trace_record *r)
{
	if (r->data_len == 0 && r->len > 0)
		return 0; /* refused */
	if (r->data_len != r->len)
		return -EBADMSG;
	v->guc.bytes = r->data;
	return 0;
}

static bool fits(const struct trace_record *r)
{
	return r->gt <= UINT8_MAX && r->size <= UINT8_MAX && r->from <= UINT8_MAX &&
	       r->to <= UINT8_MAX && r->error <= UINT16_MAX && r->verdict <= UINT8_MAX &&
	       r->function <= GUC_MAX_VFS && r->len <= TRACE_DATA_MAX;
}

/* Which points have what in `data`. */
static int get_data(struct view_event *v, const struct trace_record *r)
{
	switch (v->guc.point) {
	case GUC_PT_FINDING:
		return event_finding_get(&v->finding, r->data, r->data_len);
	case GUC_PT_MEM_READ:
	case GUC_PT_MEM_WRITE:
	case GUC_PT_FAULT:
		return get_bytes(v, r);
	case GUC_PT_MBOX_REQUEST:
	case GUC_PT_MBOX_REPLY:
	case GUC_PT_H2G:
	case GUC_PT_G2H:
	case GUC_PT_PROVISION:
	case GUC_PT_MISHAP:
		return get_message(v, r);
	case GUC_PT_MMIO_READ:
	case GUC_PT_MMIO_WRITE:
		return trace_run_length(r) > 0 ? 0 : -EBADMSG;
	case GUC_PT_IRQ:
	case GUC_PT_STATE:
	case GUC_PT_FLR:
	case GUC_PT_BLOB:
	case GUC_PT_VIOLATION:
	case GUC_PT_FENCE:
	case GUC_PT_CONTEXT:
	case GUC_PT_TICK:
	case GUC_PT_COUNT:
		break;
	}
	return r->data_len == 0 ? 0 : -EBADMSG;
}

int trace_to_event(struct view_event *v, const struct trace_record *r)
{
	bool step = r->kind == gucemu_TRACE_STEP;
	enum guc_point point = point_of(r->kind);

	if (!step && point == GUC_PT_COUNT)
		return -ENOENT;
	if (!fits(r))
		return -EBADMSG;
	memset(v, 0, sizeof(*v));
	v->step = step;
	v->by_vf = step && r->code != 0;
	v->card = r->card;
	v->guc = (struct guc_event){
		.point = point,
		.fn = (uint8_t)r->function,
		.gt = (uint8_t)r->gt,
		.verdict = (uint8_t)r->verdict,
		.size = (uint8_t)r->size,
		.seq = r->seq,
		.time = r->time,
		.addr = r->addr,
		.value = r->value,
		.len = r->len,
		.code = r->code,
		.from = (uint8_t)r->from,
		.to = (uint8_t)r->to,
		.error = (uint16_t)r->error,
	};
	text_copy_plain(v->text, sizeof(v->text), r->text, r->text_len);
	return step ? 0 : get_data(v, r);
}
