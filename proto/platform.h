/* SPDX-License-Identifier: MIT */
/* The platforms that a card can be: what tells them apart, as one table. Server,
 * PF and VF driver read it; the VF driver finds its row by the PCI device id, as
 * real drivers do (xe_pci.c, xe-vf-probe 0.2). Pure data. */
#ifndef GUCEMU_PROTO_PLATFORM_H
#define GUCEMU_PROTO_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct platform {
	const char *name, *text;
	uint16_t devid;
	uint8_t revid;
	uint16_t graphics, media; /* versions x100; media 0: no media GT of its own */
	uint8_t tiles, gts;       /* gts of each tile */
	uint64_t lmem_size;       /* of each tile, bytes; 0 = integrated */
	bool memirq;              /* interrupts through memory: VFs can be migrated */
	uint16_t ccs_ratio;       /* bytes of memory for one of metadata; 0 = none */
};

/* Row 0..n-1, or NULL. Row 0 is the default. */
const struct platform *platform_row(size_t index);
/* By name, by PCI device id; NULL: none. */
const struct platform *platform_find(const char *name);
const struct platform *platform_of(uint16_t devid);
/* GMD_ID of an IP version x100: architecture, release (regs/xe_gt_regs.h); 0 of 0. */
uint32_t platform_gmd_id(uint16_t version);

/* True for a card with compression metadata that the VF itself has to carry over
 * a migration by save and restore contexts (guc-abi 6.2, xe-vf-probe 4.7). */
static inline bool platform_has_ccs_contexts(const struct platform *p)
{
	return p->ccs_ratio && !p->lmem_size;
}

#endif
