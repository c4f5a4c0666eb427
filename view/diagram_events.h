/* SPDX-License-Identifier: MIT */
/* Which events of a run become what in a sequence diagram, in the words of the
 * xe driver's documentation where it has some. One VF of one GuC a diagram. */
#ifndef GUCEMU_VIEW_DIAGRAM_EVENTS_H
#define GUCEMU_VIEW_DIAGRAM_EVENTS_H

#include "view/diagram.h"
#include "view/event.h"

enum diagram_profile {
	/* As the documentation draws it: from the PAUSE that precedes the first
	 * RESTORE on, without notifications to the PF. */
	DIAGRAM_SEED,
	/* Everything between the three but the running driver's own traffic. */
	DIAGRAM_FULL,
};

struct diagram_view {
	unsigned vf, gt;
	enum diagram_profile profile;
};

/* The cards' events come in the order of their causes: a card sends them before
 * it answers, and the next verb goes out after that. A driver's own steps come
 * through another pipe: put the first DIAGRAM_STEPS_MAX of them in by the clock. */
#define DIAGRAM_STEPS_MAX 256u
void diagram_place_steps(struct view_event *events, size_t n);

/* Make entries of events[0..n), which are in order of time. Returns how many
 * of out[0..cap) were filled; *left_out counts the messages of this VF and GT
 * that the profile does not show. */
size_t diagram_from_events(struct view_event *events, size_t n, const struct diagram_view *view,
			   struct diagram_entry *out, size_t cap, size_t *left_out);

#endif
