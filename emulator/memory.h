/* SPDX-License-Identifier: MIT */
/* The memory of one function, as the card reaches it: regions of DMA
 * addresses, either shared (a memfd that the client gave) or hosted (a memfd
 * of our own). Everything is synchronous and bounded; a hole is -EFAULT. */
#ifndef GUCEMU_EMULATOR_MEMORY_H
#define GUCEMU_EMULATOR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_REGIONS    64u          /* of a client; each holds a descriptor */
#define MEMORY_GUEST_REGIONS 256u      /* of a virtual machine: chipsets cut memory up */
#define MEMORY_SHARED_MAX (256ull << 30) /* address space only: the client's memory */
#define MEMORY_HOSTED_MAX (256ull << 20)
#define MEMORY_PAGE       4096u
#define MEMORY_DMA_END    (1ull << 52) /* what a GGTT entry can hold */

struct memory_region {
	uint64_t dma, size, offset; /* offset in the file */
	uint8_t *at; /* NULL: not mapped, but read and written through the fd */
	int fd;
	bool hosted, readonly; /* readonly: for the card */
};

struct memory {
	struct memory_region region[MEMORY_GUEST_REGIONS]; /* ascending, disjoint */
	unsigned n;
	unsigned last; /* region of the last access, most likely of the next */
	uint64_t shared, hosted; /* bytes */
	uint64_t changes; /* regions that ever came or went */
};

/* Map a foreign descriptor, which is taken over when this returns 0. -EINVAL
 * address, length or offset; -EPERM not sealed; -EEXIST overlaps; -ENOSPC over
 * a limit; -errno of mmap. */
int memory_share(struct memory *m, int fd, uint64_t dma, uint64_t size, uint64_t offset,
		 bool readonly);
/* The same for a virtual machine's memory, of any address, length and offset, which
 * nobody may have sealed: a file that could shrink under a mapping, or a region that
 * is not of whole pages, is not mapped. -EINVAL: no file. */
int memory_share_guest(struct memory *m, int fd, uint64_t dma, uint64_t size, uint64_t offset,
		       bool readonly);
/* Zeroed memory of our own. */
int memory_host(struct memory *m, uint64_t dma, uint64_t size);
/* The same from a memfd that another emulator of ours hosted. */
int memory_adopt(struct memory *m, int fd, uint64_t dma, uint64_t size);
/* Unmap the region at `dma`: 0 or -ENOENT. */
int memory_drop(struct memory *m, uint64_t dma);
void memory_drop_all(struct memory *m);
/* The region that begins at `dma`, or NULL. */
struct memory_region *memory_find(struct memory *m, uint64_t dma);

/* True when [dma, dma + len) has no hole. */
bool memory_covers(struct memory *m, uint64_t dma, uint64_t len);

/* As struct guc_port: 0, or -EFAULT and nothing was done. */
int memory_read(struct memory *m, uint64_t dma, void *dst, size_t len);
int memory_write(struct memory *m, uint64_t dma, const void *src, size_t len);
int memory_load32(struct memory *m, uint64_t dma, uint32_t *value);
int memory_store32(struct memory *m, uint64_t dma, uint32_t value);

#endif
