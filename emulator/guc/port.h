/* SPDX-License-Identifier: MIT */
/* What a card needs from the world: the functions' memory and their interrupt
 * line. Every call is synchronous, must not block and must not call back into
 * the card. No pointer into a function's memory ever reaches the core: that
 * alone makes recording, replay and safety against double fetches possible. */
#ifndef GUCEMU_GUC_PORT_H
#define GUCEMU_GUC_PORT_H

#include <stddef.h>
#include <stdint.h>

/* One interrupt towards a function. */
struct guc_irq {
	uint8_t gt;     /* GuC that raises it */
	uint8_t bit;    /* GUC_IRQ_GUC2HOST, GUC_IRQ_SW_INT_0; an engine's 0 */
	uint8_t source; /* memirq source: MEMIRQ_SOURCE_GUC, ... or an engine's */
	uint16_t vector; /* of MSI-X, as an engine's context names it; GuC's and MSI's 0 */
};

/* What an address or offset of a memory access counts in. */
enum guc_space {
	GUC_SPACE_SYSTEM,   /* DMA addresses of the function's own memory */
	GUC_SPACE_LMEM,     /* local memory: offsets in the function's share of a tile's */
	GUC_SPACE_LMEM_CCS, /* its compression metadata, a byte for `ccs_ratio` bytes */
	GUC_SPACE_CCS,      /* compression metadata of the function's own memory, at its
			     * DMA address / `ccs_ratio` */
};

struct guc_port {
	void *user;
	/* Copy `len` bytes at DMA address `dma` of function `fn`'s memory.
	 * 0, or -EFAULT when any byte is in a hole: then nothing was done. */
	int (*mem_read)(void *user, unsigned fn, uint64_t dma, void *dst, size_t len);
	int (*mem_write)(void *user, unsigned fn, uint64_t dma, const void *src, size_t len);
	/* One aligned dword, with acquire and release order against the other
	 * accesses of the same ring. 0 or -EFAULT. */
	int (*load32)(void *user, unsigned fn, uint64_t dma, uint32_t *value);
	int (*store32)(void *user, unsigned fn, uint64_t dma, uint32_t value);
	/* Raise an interrupt; the memirq bytes, if any, are written already. */
	void (*irq)(void *user, unsigned fn, const struct guc_irq *irq);
};

/* Memory of the card itself, which a block does not hold: every space but SYSTEM.
 * Zeroed: the card has none. The card asks only for what lies in fn's share of
 * `tile`'s. Synchronous like the port. */
struct guc_local {
	void *user;
	/* Copy `len` bytes at `off` of the space; an aligned dword is one access,
	 * with the order of load32 and store32. 0, or -EFAULT and nothing was done. */
	int (*read)(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		    void *dst, size_t len);
	int (*write)(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		     const void *src, size_t len);
	/* From now on fn's share of the tile's local memory is `bytes`, another
	 * number than before: what it held is gone, it reads zero. May be NULL. */
	void (*size)(void *user, unsigned tile, unsigned fn, uint64_t bytes);
};

#endif
