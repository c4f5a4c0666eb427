/* SPDX-License-Identifier: MIT */
/* The interrupt registers of a function before graphics 12.50, which has no memory
 * interrupts (regs/xe_irq_regs.h, xe_irq.c; decisions say where those are silent):
 * for each source which of its 16 bits are wanted, what has been raised, and the
 * handshake in which the host takes it. Knows no card. Private. */
#ifndef GUCEMU_GUC_INTR_H
#define GUCEMU_GUC_INTR_H

#include <stdbool.h>

#include "proto/regs.h"

#define GUC_INTR_SOURCES 15u /* GuC and the engines of such a platform */
#define GUC_INTR_BANKS   2u
#define GUC_INTR_KEPT    18u /* registers that only hold what was written */

/* Dwords that hold all of it, for a VF that moves. */
#define GUC_INTR_DWORDS (1 + 2 * GUC_INTR_BANKS + GUC_INTR_KEPT + GUC_INTR_SOURCES)

struct guc_intr {
	uint32_t master;                    /* GFX_MSTR_ENABLE or 0 */
	uint32_t raised[GUC_INTR_BANKS];    /* GT_INTR_DW: a bit a source */
	uint32_t identity[GUC_INTR_BANKS];  /* of the source that was selected last */
	uint32_t kept[GUC_INTR_KEPT];
	uint16_t bits[GUC_INTR_SOURCES];    /* raised, not taken yet */
};

/* As after power on and after a function level reset: all off. */
void guc_intr_reset(struct guc_intr *x);
/* Sources have the numbers of the memory interrupt page (guc-abi 9.1). Does the host
 * want to hear of this bit (0 to 15)? A source that is not there: no. */
bool guc_intr_wanted(const struct guc_intr *x, unsigned source, unsigned bit);
/* An event: lost when the host does not want it. True: the line is raised. */
bool guc_intr_raise(struct guc_intr *x, unsigned source, unsigned bit);
/* Register `off` of the function's own: is it one of these? */
bool guc_intr_owns(uint32_t off);
/* Reading has no effect. */
uint32_t guc_intr_read(const struct guc_intr *x, uint32_t off);
/* True: the line is raised. */
bool guc_intr_write(struct guc_intr *x, uint32_t off, uint32_t value);
/* The first source that waits to be taken, and its lowest bit; false: none. */
bool guc_intr_first(const struct guc_intr *x, uint8_t *source, uint8_t *bit);
/* Into dwords and back; false: no registers can hold that, *x is as it was. */
void guc_intr_pack(const struct guc_intr *x, uint32_t dw[GUC_INTR_DWORDS]);
bool guc_intr_unpack(struct guc_intr *x, const uint32_t dw[GUC_INTR_DWORDS]);

#endif
