/* SPDX-License-Identifier: MIT */
/* Between detector_scan.c, which finds address words, and detector.c, which
 * remembers and compares them. Private. */
#ifndef GUCEMU_GUC_DETECTOR_H
#define GUCEMU_GUC_DETECTOR_H

#include "exec.h"

/* No context: unread H2G. */
#define GUC_NOTE_NO_CONTEXT 0xFFFFu

/* Low bits of an address word that are flags, not address. */
static inline uint32_t guc_note_flags(enum fixup structure)
{
	switch (structure) {
	case FIXUP_WA_BATCH:
		return 1;
	case FIXUP_INDIRECT_CTX: /* size in cache lines */
		return 0x3F;
	case FIXUP_WORK_QUEUE:
	case FIXUP_CGP:
		return ~LRC_DESC_ADDR;
	case FIXUP_H2G:
	case FIXUP_DEFAULT_LRC:
	case FIXUP_MEMIRQ:
	case FIXUP_RING_START:
	case FIXUP_INDIRECT_RING:
	case FIXUP_JOBS:
	case FIXUP_CCS:
	case FIXUP_BATCH:
	case FIXUP_COUNT:
		break;
	}
	return 0;
}

/* Note the word `value` that stands at `where` if it is an address of fn. */
void guc_detector_add(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_note *note,
		      uint64_t where, uint32_t value);
/* A work queue item of context `id` at dword `dword` names another context than
 * its leader: a finding when fn was restored since it booted (row 15). */
void guc_detector_item(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, uint32_t dword,
		       uint32_t lrca);
/* Call guc_detector_add() for the address words of a slice of fn's contexts, from
 * `noting` on, and in the end of unread H2G. True: there is more. */
bool guc_detector_scan(struct guc_card *c, unsigned gt, unsigned fn);

#endif
