/* SPDX-License-Identifier: MIT */
/* One event of a GuC as one line of text, with the names of actions, errors,
 * KLVs and states; for log lines and --verbose. */
#ifndef GUCEMU_VIEW_DESCRIBE_H
#define GUCEMU_VIEW_DESCRIBE_H

#include <stddef.h>

#include "emulator/guc/event.h"

/* Enough for every description. */
#define DESCRIBE_MAX 256u

/* "vf1/gt0 h2g REQUEST VF_CONTROL(vf 1, PAUSE)"; returns the length written. */
size_t describe_event(char *buf, size_t cap, const struct guc_event *event);
/* An HXG message: "REQUEST QUERY_SINGLE_KLV(VF_GGTT_START)", "SUCCESS 2",
 * "FAILURE VF_MIGRATED". */
size_t describe_message(char *buf, size_t cap, const uint32_t *dw, uint32_t len);
/* A finding: "ring-start of context 3, dword 9: 0x... is 0x..., should be 0x...". */
size_t describe_finding(char *buf, size_t cap, const struct guc_finding *finding);

#endif
