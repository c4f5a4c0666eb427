/* SPDX-License-Identifier: MIT */
/* The vfio-user protocol's numbers and layouts, version 0.0, little-endian
 * (the protocol's specification; as QEMU 11 speaks it: bringup-log 2). A
 * message is a header of 16 bytes and a body; the places below are offsets in
 * the body. */
#ifndef GUCEMU_VFIO_MSG_H
#define GUCEMU_VFIO_MSG_H

#include <stdint.h>

/* Header. */
#define VU_HEADER     16u
#define VU_H_ID       0u  /* u16 */
#define VU_H_COMMAND  2u  /* u16 */
#define VU_H_SIZE     4u  /* u32, with the header */
#define VU_H_FLAGS    8u  /* u32 */
#define VU_H_ERROR    12u /* u32, an errno */

#define VU_TYPE_MASK  0xFu
#define VU_TYPE_COMMAND 0u
#define VU_TYPE_REPLY 1u
#define VU_NO_REPLY   0x10u
#define VU_ERROR      0x20u

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_REGION_IO_FDS = 6,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,
	VU_DMA_WRITE = 12,
	VU_RESET = 13,
	VU_REGION_WRITE_MULTI = 15,
};

/* VERSION: u16 major, u16 minor, then JSON with its 0 byte. */
#define VU_VERSION_JSON 4u

/* DMA_MAP. */
#define VU_MAP_ARGSZ  0u
#define VU_MAP_FLAGS  4u
#define VU_MAP_OFFSET 8u
#define VU_MAP_ADDR   16u
#define VU_MAP_SIZE   24u
#define VU_MAP_BYTES  32u
#define VU_MAP_READ   1u
#define VU_MAP_WRITE  2u

/* DMA_UNMAP. */
#define VU_UNMAP_ARGSZ 0u
#define VU_UNMAP_FLAGS 4u
#define VU_UNMAP_ADDR  8u
#define VU_UNMAP_SIZE  16u
#define VU_UNMAP_BYTES 24u
#define VU_UNMAP_ALL   2u

/* GET_INFO. */
#define VU_INFO_ARGSZ   0u
#define VU_INFO_FLAGS   4u
#define VU_INFO_REGIONS 8u
#define VU_INFO_IRQS    12u
#define VU_INFO_BYTES   16u
#define VU_INFO_RESET   1u
#define VU_INFO_PCI     2u

/* GET_REGION_INFO. */
#define VU_REGION_ARGSZ  0u
#define VU_REGION_FLAGS  4u
#define VU_REGION_INDEX  8u
#define VU_REGION_CAP    12u
#define VU_REGION_SIZE   16u
#define VU_REGION_OFFSET 24u
#define VU_REGION_BYTES  32u
#define VU_REGION_F_READ  1u
#define VU_REGION_F_WRITE 2u
#define VU_REGION_F_MMAP  4u
#define VU_REGION_F_CAPS  8u
/* Behind it a capability: which areas can be mapped; here none. */
#define VU_SPARSE_ID     32u /* u16 id 1, u16 version 1, u32 next 0 */
#define VU_SPARSE_AREAS  40u /* u32, u32 reserved, areas */
#define VU_SPARSE_BYTES  48u

enum vu_region {
	VU_BAR0 = 0,
	VU_BAR2 = 2,
	VU_ROM = 6,
	VU_CONFIG = 7,
	VU_VGA = 8,
	VU_REGIONS = 9,
};

/* GET_IRQ_INFO. */
#define VU_IRQ_ARGSZ 0u
#define VU_IRQ_FLAGS 4u
#define VU_IRQ_INDEX 8u
#define VU_IRQ_COUNT 12u
#define VU_IRQ_BYTES 16u
#define VU_IRQ_EVENTFD  1u
#define VU_IRQ_NORESIZE 8u

enum vu_irq { VU_INTX = 0, VU_MSI = 1, VU_MSIX = 2, VU_ERR = 3, VU_REQ = 4, VU_IRQS = 5 };

/* SET_IRQS. */
#define VU_SET_ARGSZ 0u
#define VU_SET_FLAGS 4u
#define VU_SET_INDEX 8u
#define VU_SET_START 12u
#define VU_SET_COUNT 16u
#define VU_SET_BYTES 20u
#define VU_SET_NONE    1u
#define VU_SET_BOOL    2u
#define VU_SET_EVENTFD 4u
#define VU_SET_MASK    8u
#define VU_SET_UNMASK  0x10u
#define VU_SET_TRIGGER 0x20u

/* REGION_READ, REGION_WRITE: then the data. */
#define VU_ACCESS_OFFSET 0u
#define VU_ACCESS_REGION 8u
#define VU_ACCESS_COUNT  12u
#define VU_ACCESS_BYTES  16u

/* REGION_WRITE_MULTI: u64 count, then as many of these. */
#define VU_MULTI_FIRST  8u
#define VU_MULTI_OFFSET 0u
#define VU_MULTI_REGION 8u
#define VU_MULTI_COUNT  12u
#define VU_MULTI_DATA   16u
#define VU_MULTI_BYTES  24u

#endif
