/* SPDX-License-Identifier: MIT */
/* An EVENT frame of the control role (docs/protocol/frames.md) as a value that
 * can be kept: the GuC's event again, or a step that the PF reported. */
#ifndef GUCEMU_VIEW_EVENT_H
#define GUCEMU_VIEW_EVENT_H

#include <stdbool.h>

#include "emulator/guc/event.h"
#include "proto/bits.h"
#include "proto/frame.h"

/* Layout of EVENT's `flags`. */
#define EVENT_POINT   BITS(7, 0)
#define EVENT_VERDICT BITS(15, 8)
#define EVENT_FROM    BITS(23, 16)
#define EVENT_TO      BITS(31, 24)

/* Longer messages are cut; nothing here looks further. */
#define VIEW_EVENT_DWORDS 10u
#define VIEW_EVENT_TEXT   96u
/* `point` of the PF's own steps. */
#define VIEW_POINT_STEP 255u

struct view_event {
	struct guc_event guc; /* msg and finding as view_event_guc() sets them */
	uint32_t dw[VIEW_EVENT_DWORDS];
	struct guc_finding finding;
	bool step;            /* text says what an actor does; guc has fn, gt, time */
	bool by_vf;           /* ... the VF, not the PF (the caller's own reports) */
	char text[VIEW_EVENT_TEXT]; /* of a step, or "lost N" */
	unsigned card;        /* the caller's: which emulator it came from */
};

/* 0, or -EBADMSG when a field is out of range. */
int view_event_read(struct view_event *event, const struct frame *f);
/* The GuC's event with its pointers into `event`. */
const struct guc_event *view_event_guc(struct view_event *event);

#endif
