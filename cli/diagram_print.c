/* SPDX-License-Identifier: MIT */
/* See diagram_print.h. */
#include "cli/diagram_print.h"

#include <stdio.h>
#include <stdlib.h>

static void print_line(void *user, const char *line)
{
	(void)user;
	printf("  %s\n", line);
}

bool diagram_print(struct view_event *events, size_t n, const struct diagram_view *view)
{
	struct diagram_entry *entries = calloc(DIAGRAM_ENTRIES, sizeof(*entries));
	size_t left_out;

	if (!entries) {
		fprintf(stderr, "gucemu: out of memory for a diagram\n");
		return false;
	}
	n = diagram_from_events(events, n, view, entries, DIAGRAM_ENTRIES, &left_out);
	if (n > 0) {
		printf("\nMessages of VF %u's migration on GT%u (%s):\n\n", view->vf, view->gt,
		       view->gt % 2 == 0 ? "main" : "media");
		diagram_draw(entries, n, print_line, NULL);
		if (left_out > 0)
			printf("  (not shown: %zu more, such as the running driver's rings%s)\n",
			       left_out,
			       view->profile == DIAGRAM_SEED ? " and notifications to the PF" : "");
	}
	free(entries);
	return n > 0;
}
