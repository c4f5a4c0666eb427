/* SPDX-License-Identifier: MIT */
/* The diagram of a VF on one GT, on stdout; the demo and gucemu trace print the
 * same. */
#ifndef GUCEMU_CLI_DIAGRAM_PRINT_H
#define GUCEMU_CLI_DIAGRAM_PRINT_H

#include "view/diagram_events.h"

#define DIAGRAM_ENTRIES 4096u

/* Heading, diagram, what was left out. False: there is nothing to draw. */
bool diagram_print(struct view_event *events, size_t n, const struct diagram_view *view);

#endif
