/* SPDX-License-Identifier: MIT */
/* Reading EVENT frames; see event.h. */
#include "view/event.h"

#include <errno.h>
#include <string.h>

#include "proto/text.h"
#include "view/event_data.h"

int view_event_read(struct view_event *event, const struct frame *f)
{
	uint32_t point = field_get(EVENT_POINT, f->flags);

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
	text_copy_plain(event->text, sizeof(event->text), f->text, f->text_len);
	if (point == GUC_PT_FINDING)
		return event_finding_get(&event->finding, f->data, f->data_len);
	event_message_get(event, f->data, f->data_len);
	return 0;
}

const struct guc_event *view_event_guc(struct view_event *event)
{
	event->guc.msg = event->guc.msg_len > 0 ? event->dw : NULL;
	event->guc.finding = event->guc.point == GUC_PT_FINDING ? &event->finding : NULL;
	event->guc.text = event->guc.point == GUC_PT_FAULT ? event->text : NULL;
	return &event->guc;
}
