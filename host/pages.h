/* SPDX-License-Identifier: MIT */
/* Page allocator over the driver's memory. A driver of this project maps page
 * k of its memory at GGTT start + k * 4096, so one allocation is memory and
 * GGTT node at once, and its offset is good for both: the offset never
 * changes, the GGTT address is start + offset. First fit in a bitmap. */
#ifndef GUCEMU_HOST_PAGES_H
#define GUCEMU_HOST_PAGES_H

#include <stddef.h>
#include <stdint.h>

#define HOST_PAGES_MAX 65536u /* 256 MiB of driver memory */

struct host_pages {
	uint32_t count; /* pages managed */
	uint32_t used;
	uint64_t map[HOST_PAGES_MAX / 64];
};

/* Manage the first `bytes` of the memory. 0 or -EINVAL. */
int host_pages_init(struct host_pages *p, size_t bytes);
/* Offset of `bytes` (rounded up to pages) contiguous memory, or SIZE_MAX. */
size_t host_pages_alloc(struct host_pages *p, size_t bytes);
void host_pages_free(struct host_pages *p, size_t off, size_t bytes);

#endif
