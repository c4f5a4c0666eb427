/* SPDX-License-Identifier: MIT */
/* Dwords and text of an event to bytes and back; see event_data.h. */
#include "view/event_data.h"

#include <errno.h>

#include "proto/bits.h"

#define FINDING_DWORDS 7u

static size_t put_dwords(uint8_t *data, const uint32_t *dw, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		le32_put(data + 4 * i, dw[i]);
	return 4 * (size_t)n;
}

static size_t put_finding(uint8_t *data, const struct guc_finding *f)
{
	const uint32_t dw[FINDING_DWORDS] = {
		(uint32_t)f->structure, f->context,   f->child,    f->dword,
		f->old_value,           f->new_value, f->expected,
	};

	return put_dwords(data, dw, FINDING_DWORDS);
}

size_t event_data_put(uint8_t *data, const struct guc_event *e)
{
	if (e->finding)
		return put_finding(data, e->finding);
	if (!e->msg)
		return 0;
	return put_dwords(data, e->msg,
			  e->msg_len < EVENT_MESSAGE_DWORDS ? e->msg_len : EVENT_MESSAGE_DWORDS);
}

int event_finding_get(struct guc_finding *finding, const uint8_t *data, size_t len)
{
	uint32_t dw[FINDING_DWORDS];

	if (len != sizeof(dw))
		return -EBADMSG;
	for (size_t i = 0; i < FINDING_DWORDS; i++)
		dw[i] = le32_get(data + 4 * i);
	if (dw[0] >= FIXUP_COUNT)
		return -EBADMSG;
	*finding = (struct guc_finding){
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

void event_message_get(struct view_event *v, const uint8_t *data, size_t len)
{
	size_t n = len / 4;

	v->guc.msg_len = (uint32_t)(n < VIEW_EVENT_DWORDS ? n : VIEW_EVENT_DWORDS);
	for (size_t i = 0; i < v->guc.msg_len; i++)
		v->dw[i] = le32_get(data + 4 * i);
}
