/* SPDX-License-Identifier: MIT */
/* Reading EVENT frames; see event.h. */
#include "view/event.h"

#include <errno.h>
#include <string.h>

#include "proto/bits.h"

/* Layout of EVENT's `flags`. */
#define EVENT_POINT   BITS(7, 0)
#define EVENT_VERDICT BITS(15, 8)
#define EVENT_FROM    BITS(23, 16)
#define EVENT_TO      BITS(31, 24)

#define FINDING_DWORDS 7u

static int read_finding(struct view_event *event, const struct frame *f)
{
	uint32_t dw[FINDING_DWORDS];

	if (f->data_len != sizeof(dw))
		return -EBADMSG;
	for (size_t i = 0; i < FINDING_DWORDS; i++)
		dw[i] = le32_get(f->data + 4 * i);
	if (dw[0] >= FIXUP_COUNT)
		return -EBADMSG;
	event->finding = (struct guc_finding){
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

static void read_text(struct view_event *event, const struct frame *f)
{
	size_t n = f->text_len < VIEW_EVENT_TEXT ? f->text_len : VIEW_EVENT_TEXT - 1;

	if (n > 0)
		memcpy(event->text, f->text, n);
	event->text[n] = '\0';
}

int view_event_read(struct view_event *event, const struct frame *f)
{
	uint32_t point = field_get(EVENT_POINT, f->flags);
	size_t dwords = f->data_len / 4;

	memset(event, 0, sizeof(*event));
	if (f->type != gucemu_FrameType_EVENT || f->function > UINT8_MAX || f->gt > UINT8_MAX ||
	    f->data_len % 4 != 0 || (point >= GUC_PT_COUNT && point != VIEW_POINT_STEP))
		return -EBADMSG;
	event->step = point == VIEW_POINT_STEP;
	event->guc = (struct guc_event){
		.point = event->step ? GUC_PT_COUNT : (enum guc_point)point,
		.fn = (uint8_t)f->function,
		.gt = (uint8_t)f->gt,
		.verdict = (uint8_t)field_get(EVENT_VERDICT, f->flags),
		.from = (uint8_t)field_get(EVENT_FROM, f->flags),
		.to = (uint8_t)field_get(EVENT_TO, f->flags),
		.addr = f->addr,
		.value = f->value,
		.time = f->time,
		.code = f->code,
		.len = f->size,
		.error = (uint16_t)f->status,
	};
	if (point == GUC_PT_MMIO_READ || point == GUC_PT_MMIO_WRITE)
		event->guc.size = (uint8_t)f->size;
	read_text(event, f);
	if (point == GUC_PT_FINDING)
		return read_finding(event, f);
	event->guc.msg_len = (uint32_t)(dwords < VIEW_EVENT_DWORDS ? dwords : VIEW_EVENT_DWORDS);
	for (size_t i = 0; i < event->guc.msg_len; i++)
		event->dw[i] = le32_get(f->data + 4 * i);
	return 0;
}

const struct guc_event *view_event_guc(struct view_event *event)
{
	event->guc.msg = event->guc.msg_len > 0 ? event->dw : NULL;
	event->guc.finding = event->guc.point == GUC_PT_FINDING ? &event->finding : NULL;
	return &event->guc;
}
