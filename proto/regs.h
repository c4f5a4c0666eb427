/* SPDX-License-Identifier: MIT */
/* Registers of a function's BAR, the GGTT's entries and the memory interrupt
 * page (regs/xe_guc_regs.h, regs/xe_irq_regs.h; guc-abi sections 2, 9,
 * xe-vf-probe sections 1.2, 5.1). Byte offsets. Only places, no behaviour. */
#ifndef GUCEMU_PROTO_REGS_H
#define GUCEMU_PROTO_REGS_H

#include "bits.h"

/* BAR 0 of a tile: registers from 0, GGTT entries from 8 MiB. Tile t of a
 * card begins at t * REG_TILE_STRIDE. */
#define REG_TILE_STRIDE 0x1000000u
#define REG_FILE_BYTES  0x400000u
#define REG_GGTT_BASE   0x800000u

/* Mailbox: four dwords; the doorbell beside it. Media GT in its own place. */
#define REG_VF_SW_FLAG(n)          (0x190240u + 4u * (n))
#define REG_GUC_HOST_INTERRUPT     0x1901F0u
#define REG_MED_VF_SW_FLAG(n)      (0x190310u + 4u * (n))
#define REG_MED_GUC_HOST_INTERRUPT 0x190304u
#define REG_VF_CAP                 0x1901F8u
#define VF_CAP_IS_VF               1u
#define MAILBOX_DWORDS             4u

/* The PF finds VF n's copy of the above at offset + n * stride. */
#define REG_VF_STRIDE_GEN12 0x1000u /* graphics version up to 12.00 (guc-abi 2.1) */
#define REG_VF_STRIDE       0x400u  /* later ones */

/* GGTT entry. */
#define PTE_PRESENT   BITS64(0, 0)
#define PTE_DEVMEM    BITS64(1, 1)
#define PTE_VFID      BITS64(11, 2)
#define PTE_ADDR      BITS64(51, 12)
#define PTE_VFID_SHIFT 2
#define GGTT_PAGE     4096u
#define GGTT_PAGE_SHIFT 12

/* Interrupt bits of a GuC. */
#define GUC_IRQ_SW_INT_0 0u  /* MIGRATED */
#define GUC_IRQ_GUC2HOST 15u

/* Memory interrupt page: 16 status bytes a source, one source byte each. */
#define MEMIRQ_STATUS(source) (16u * (source))
#define MEMIRQ_SOURCE(source) (0x400u + (source))
#define MEMIRQ_ENABLE         0x440u
#define MEMIRQ_SOURCE_MEDIA_GUC 24u
#define MEMIRQ_SOURCE_GUC       25u
#define MEMIRQ_SET            0xFFu

/* GGTT window a function may be given: the driver accepts nothing outside. */
#define GGTT_TOP 0xFEE00000u

#endif
