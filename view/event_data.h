/* SPDX-License-Identifier: MIT */
/* The bytes that go with an event, in EVENT frames as in trace records
 * (docs/protocol/frames.md, trace.md): a message or a finding in dwords,
 * little-endian. What is read may come from anybody. */
#ifndef GUCEMU_VIEW_EVENT_DATA_H
#define GUCEMU_VIEW_EVENT_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "view/event.h"

/* Dwords of the longest message of an event; more are cut. */
#define EVENT_MESSAGE_DWORDS 256u
#define EVENT_DATA_MAX       (4 * EVENT_MESSAGE_DWORDS)

/* Writes the finding of `e`, else its message, into `data`, which has room for
 * EVENT_DATA_MAX bytes. Returns their number, 0 for an event with neither. */
size_t event_data_put(uint8_t *data, const struct guc_event *e);

/* 0, or -EBADMSG for bytes that are no finding. */
int event_finding_get(struct guc_finding *finding, const uint8_t *data, size_t len);
/* Sets dw and guc.msg_len from whole dwords; those behind VIEW_EVENT_DWORDS and
 * a rest of bytes are left out. */
void event_message_get(struct view_event *v, const uint8_t *data, size_t len);

#endif
