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

/* Interrupts of a function before graphics 12.50: master, a bit a source in two
 * banks, who it is and what of it (regs/xe_irq_regs.h). */
#define REG_GFX_MSTR_IRQ       0x190010u
#define GFX_MSTR_ENABLE        BITS(31, 31)
#define GFX_MSTR_DW(bank)      (1u << (bank))
#define REG_GT_INTR_DW(bank)   (0x190018u + 4u * (bank))
#define REG_INTR_IDENTITY(bank) (0x190060u + 4u * (bank))
#define INTR_IDENTITY_VALID    BITS(31, 31)
#define INTR_IDENTITY_INSTANCE BITS(25, 20)
#define INTR_IDENTITY_CLASS    BITS(18, 16)
#define INTR_IDENTITY_BITS     BITS(15, 0)
#define INTR_CLASS_OTHER       4u /* GuC */
#define REG_IIR_SELECTOR(bank) (0x190070u + 4u * (bank))
#define REG_RENDER_COPY_INTR_ENABLE 0x190030u /* render in the upper half, copy below */
#define REG_VCS_VECS_INTR_ENABLE    0x190034u
#define REG_GUC_SG_INTR_ENABLE      0x190038u /* GuC in the upper half */
#define REG_RCS_INTR_MASK           0x190090u /* in the upper half, as the next */
#define REG_BCS_INTR_MASK           0x1900A0u
#define REG_VCS0_VCS1_INTR_MASK     0x1900A8u
#define REG_VECS0_VECS1_INTR_MASK   0x1900D0u
#define REG_GUC_SG_INTR_MASK        0x1900E8u

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

/* Local memory is given out in pages of the LMTT (guc-abi 4.2, key 0x0003). */
#define LMEM_ALIGN (2u << 20)

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

/* What a function finds in its BAR, and registers that only the PF can read
 * and tells its VFs (vf-lifecycle 7.5). X(name, first byte, bytes, text). */
#define REG_LIST(X)                                                            \
	X(RPM_CONFIG0, 0x0D00, 4, "crystal clock and shift of the timestamp")  \
	X(GMD_ID, 0x0D8C, 4, "hardware IP version; VFs ask for KLV 0x3000")    \
	X(XEHP_FUSE4, 0x9114, 4, "compute engines present")                    \
	X(MIRROR_FUSE3, 0x9118, 4, "nodes and L3 banks")                       \
	X(MIRROR_FUSE1, 0x911C, 4, "offered, not used by Linux 7.2")           \
	X(MIRROR_L3BANK_ENABLE, 0x9130, 4, "L3 banks enabled")                 \
	X(EU_ENABLE, 0x9134, 4, "execution units enabled")                     \
	X(GT_SLICE_ENABLE, 0x9138, 4, "slices enabled")                        \
	X(GT_GEOMETRY_DSS_ENABLE, 0x913C, 4, "geometry DSS, word 0")           \
	X(GT_VEBOX_VDBOX_DISABLE, 0x9140, 4, "video engines")                  \
	X(GT_COMPUTE_DSS_ENABLE, 0x9144, 4, "compute DSS, word 0")             \
	X(GT_COMPUTE_DSS_ENABLE_EXT, 0x9148, 4, "compute DSS, word 1")         \
	X(GT_COMPUTE_DSS_2, 0x914C, 4, "compute DSS, word 2")                  \
	X(GT_GEOMETRY_DSS_1, 0x9150, 4, "geometry DSS, word 1")                \
	X(GT_GEOMETRY_DSS_2, 0x9154, 4, "geometry DSS, word 2")                \
	X(GT_GEOMETRY_DSS_3, 0x915C, 4, "geometry DSS, word 3")                \
	X(GT_COMPUTE_DSS_3, 0x9160, 4, "compute DSS, word 3")                  \
	X(SERVICE_COPY_ENABLE, 0x9170, 4, "service copy engines present")      \
	X(HUC_KERNEL_LOAD_INFO, 0xC1DC, 4, "bit 0: the media firmware runs")   \
	X(GFX_MSTR_IRQ, REG_GFX_MSTR_IRQ, 4,                                   \
	  "graphics < 12.50: bit 31 turns interrupts on, 0 and 1 say which bank has some") \
	X(GT_INTR_DW, REG_GT_INTR_DW(0), 8,                                    \
	  "graphics < 12.50: sources with interrupts, 1 clears")               \
	X(INTR_ENABLE, REG_RENDER_COPY_INTR_ENABLE, 28,                        \
	  "graphics < 12.50: interrupt bits that are on, by class")            \
	X(INTR_IDENTITY, REG_INTR_IDENTITY(0), 8,                              \
	  "graphics < 12.50: the selected source and its bits")                \
	X(IIR_SELECTOR, REG_IIR_SELECTOR(0), 8,                                \
	  "graphics < 12.50: selects a source of GT_INTR_DW")                  \
	X(INTR_MASK, REG_RCS_INTR_MASK, 104,                                   \
	  "graphics < 12.50: interrupt bits that are masked, by engine")       \
	X(GUC_HOST_INTERRUPT, REG_GUC_HOST_INTERRUPT, 4,                       \
	  "doorbell of the main GT: a write rings mailbox and ring")           \
	X(VF_CAP, REG_VF_CAP, 4, "bit 0: this function is a VF")               \
	X(VF_SW_FLAG, REG_VF_SW_FLAG(0), 16, "mailbox of the main GT")         \
	X(MED_GUC_HOST_INTERRUPT, REG_MED_GUC_HOST_INTERRUPT, 4,               \
	  "doorbell of the media GT")                                          \
	X(MED_VF_SW_FLAG, REG_MED_VF_SW_FLAG(0), 16, "mailbox of the media GT") \
	X(GGTT, REG_GGTT_BASE, 0x800000, "GGTT entries, 8 bytes a page")

struct reg_place {
	const char *name;
	uint32_t first, bytes;
	const char *text;
};

/* Place 0..n-1 of the list, then NULL. */
const struct reg_place *reg_place(size_t index);
/* The place that `offset` of a tile's BAR lies in, or NULL. Where it is a copy
 * that the PF has of VF n's registers, *copy is n, else 0; `stride` says where
 * copies are (REG_VF_STRIDE). */
const struct reg_place *reg_find(uint32_t offset, uint32_t stride, unsigned *copy);

#endif
