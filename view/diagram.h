/* SPDX-License-Identifier: MIT */
/* A sequence diagram in text with the three lifelines of the migration
 * protocol, PF, GuC and VF, as the xe driver's documentation of VF restore
 * draws it: `[ ]` is an actor at work, an arrow a message, a loop what an actor
 * does with itself. Knows nothing of what the texts mean. */
#ifndef GUCEMU_VIEW_DIAGRAM_H
#define GUCEMU_VIEW_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum diagram_lane { DIAGRAM_PF, DIAGRAM_GUC, DIAGRAM_VF, DIAGRAM_LANES };

#define DIAGRAM_TEXT_MAX 48u

struct diagram_entry {
	enum diagram_lane from, to; /* equal: a loop */
	char text[DIAGRAM_TEXT_MAX];
	char more[DIAGRAM_TEXT_MAX]; /* second line of a loop */
	bool reply; /* ends what `from` was asked for: its box ends */
	bool rests; /* the last thing `to` gets for now: its box ends too */
};

/* Draw entries[0..n) through `out`, a line a call, without newline. Messages
 * between PF and VF do not exist and are left out. */
void diagram_draw(const struct diagram_entry *entries, size_t n,
		  void (*out)(void *user, const char *line), void *user);

#endif
