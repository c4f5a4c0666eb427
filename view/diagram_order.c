/* SPDX-License-Identifier: MIT */
/* A driver's own steps among the cards' events; see diagram_events.h. */
#include <string.h>

#include "proto/actions.h"
#include "proto/hxg.h"
#include "view/diagram_events.h"

/* A card's clock is read once a turn of its loop. */
#define CLOCK_LAG_NS 1000000u

static bool is_done_request(struct view_event *e, const struct view_event *step)
{
	const struct guc_event *g = view_event_guc(e);

	return !e->step && g->point == GUC_PT_MBOX_REQUEST && g->fn == step->guc.fn &&
	       (g->gt == step->guc.gt || step->guc.gt == UINT8_MAX) && g->msg_len > 0 &&
	       hxg_action(g->msg[0]) == GUC_ACTION_RESFIX_DONE;
}

/* Where in events[0..n) a driver's step belongs: before the first event of a
 * later time, and before the RESFIX_DONE that told of it. */
static size_t place_of(struct view_event *events, size_t n, const struct view_event *step)
{
	size_t at = 0;

	while (at < n && events[at].guc.time <= step->guc.time)
		at++;
	for (size_t i = at; i > 0 && events[i - 1].guc.time + CLOCK_LAG_NS > step->guc.time; i--)
		if (is_done_request(&events[i - 1], step))
			at = i - 1;
	return at;
}

void diagram_place_steps(struct view_event *events, size_t n)
{
	struct view_event step;
	unsigned placed = 0;

	for (size_t i = 0; i < n && placed < DIAGRAM_STEPS_MAX; i++) {
		size_t at;

		if (!events[i].by_vf)
			continue;
		placed++;
		step = events[i];
		memmove(&events[i], &events[i + 1], (n - i - 1) * sizeof(events[0]));
		at = place_of(events, n - 1, &step);
		memmove(&events[at + 1], &events[at], (n - 1 - at) * sizeof(events[0]));
		events[at] = step;
	}
}
