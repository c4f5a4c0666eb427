/* SPDX-License-Identifier: MIT */
/* Events to trace records and back; see trace.h. The numbers of the file are
 * those of proto/trace.proto, whatever order our own points have. */
#include "view/trace.h"

#include <errno.h>
#include <string.h>

#include "proto/bits.h"

#define FINDING_DWORDS 7u

gucemu_TraceKind trace_kind_of(enum guc_point point)
{
	switch (point) {
#define K(sym)                                                                 \
	case GUC_PT_##sym:                                                     \
		return gucemu_TRACE_##sym;
		K(MMIO_READ) K(MMIO_WRITE) K(MBOX_REQUEST) K(MBOX_REPLY) K(H2G) K(G2H) K(IRQ)
		K(MEM_READ) K(MEM_WRITE) K(STATE) K(FLR) K(BLOB) K(FINDING) K(VIOLATION)
		K(FENCE) K(CONTEXT) K(TICK) K(PROVISION) K(MISHAP)
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

static size_t put_dwords(uint8_t *bytes, const uint32_t *dw, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		le32_put(bytes + 4 * i, dw[i]);
	return 4 * (size_t)n;
}

static size_t put_finding(uint8_t *bytes, const struct guc_finding *f)
{
	const uint32_t dw[FINDING_DWORDS] = {
		(uint32_t)f->structure, f->context,   f->child,    f->dword,
		f->old_value,           f->new_value, f->expected,
	};

	return put_dwords(bytes, dw, FINDING_DWORDS);
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
	if (e->bytes) {
		r->data = e->bytes;
		r->data_len = e->len;
	} else if (e->finding) {
		r->data_len = put_finding(scratch->bytes, e->finding);
	} else if (e->msg) {
		r->data_len = put_dwords(scratch->bytes, e->msg,
					 e->msg_len < TRACE_MESSAGE_DWORDS ? e->msg_len
									   : TRACE_MESSAGE_DWORDS);
	}
}

/* --- and back ------------------------------------------------------------------ */

static int get_finding(struct view_event *v, const struct trace_record *r)
{
	uint32_t dw[FINDING_DWORDS];

	if (r->data_len != sizeof(dw))
		return -EBADMSG;
	for (size_t i = 0; i < FINDING_DWORDS; i++)
		dw[i] = le32_get(r->data + 4 * i);
	if (dw[0] >= FIXUP_COUNT)
		return -EBADMSG;
	v->finding = (struct guc_finding){
		.structure = (enum fixup)dw[0],
		.context = dw[1],
		.child = dw[2],
		.dword = dw[3],
		.old_value = dw[4],
		.new_value = dw[5],
		.expected = dw[6],
	};
	return 0;
}

static int get_message(struct view_event *v, const struct trace_record *r)
{
	size_t n = r->data_len / 4;

	if (r->data_len % 4 != 0 || n > TRACE_MESSAGE_DWORDS)
		return -EBADMSG;
	v->guc.msg_len = (uint32_t)(n < VIEW_EVENT_DWORDS ? n : VIEW_EVENT_DWORDS);
	for (size_t i = 0; i < v->guc.msg_len; i++)
		v->dw[i] = le32_get(r->data + 4 * i);
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

/* Texts come from whoever made the file: nothing but plain ASCII. */
static void get_text(struct view_event *v, const struct trace_record *r)
{
	size_t n = r->text_len < VIEW_EVENT_TEXT ? r->text_len : VIEW_EVENT_TEXT - 1;

	if (n > 0)
		memcpy(v->text, r->text, n);
	for (size_t i = 0; i < n; i++)
		if (v->text[i] < ' ' || v->text[i] == 0x7F)
			v->text[i] = '?';
	v->text[n] = '\0';
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
		return get_finding(v, r);
	case GUC_PT_MEM_READ:
	case GUC_PT_MEM_WRITE:
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
	get_text(v, r);
	return step ? 0 : get_data(v, r);
}
