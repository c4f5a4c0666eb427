/* SPDX-License-Identifier: MIT */
/* The card's own memory: each VF's share of each tile's local memory (LMEM) with
 * its compression metadata, and the metadata of functions' system memory. Sparse
 * memfds that come into being with the first byte written: what was never
 * written reads zero and costs nothing. What is given up is emptied in slices,
 * so that no turn of the loop waits for gigabytes. */
#ifndef GUCEMU_EMULATOR_LOCAL_H
#define GUCEMU_EMULATOR_LOCAL_H

#include "emulator/guc/guc.h"

enum local_kind { LOCAL_CONTENT, LOCAL_METADATA, LOCAL_KINDS };

/* Content or metadata, or a stage of it: a descriptor or -1. */
struct local_file {
	int fd;
};

struct local_share {
	uint64_t size; /* bytes of content; 0 = none */
	struct local_file live[LOCAL_KINDS], stage[LOCAL_KINDS];
	bool staged;
};

#define LOCAL_RETIRED 1024u /* files waiting to be emptied; more are closed at once */

struct local {
	struct local_share share[GUC_MAX_TILES][GUC_MAX_FUNCTIONS];
	struct local_file system[GUC_MAX_FUNCTIONS]; /* metadata of system memory */
	struct local_file retired[LOCAL_RETIRED];
	unsigned retired_n;
	uint64_t retired_at; /* how far retired[0] is emptied */
	uint32_t ratio;      /* bytes of memory for one of metadata, 0 = none */
};

void local_init(struct local *l, uint32_t ratio);
void local_free(struct local *l);

/* Give `fn` another share of the tile; its content is zero. */
void local_resize(struct local *l, unsigned tile, unsigned fn, uint64_t bytes);
/* fn's system memory has gone, and with it its metadata. */
void local_forget(struct local *l, unsigned fn);

/* Bytes of a share's content or metadata. */
uint64_t local_bytes(const struct local *l, unsigned tile, unsigned fn, enum local_kind kind);
/* Copy [off, off + len) of a share; `stage`: of its stage. 0; -ERANGE outside;
 * -ENOENT no stage; -ENOSPC, -ENOMEM no memory left; -EIO. */
int local_read(struct local *l, unsigned tile, unsigned fn, enum local_kind kind, uint64_t off,
	       void *dst, size_t len);
int local_write(struct local *l, unsigned tile, unsigned fn, enum local_kind kind, bool stage,
		uint64_t off, const void *src, size_t len);
/* Bytes from `off` on that were never written, and so are zero: at least that many. */
uint64_t local_hole(const struct local *l, unsigned tile, unsigned fn, enum local_kind kind,
		    uint64_t off);

/* A stage (host/lmem.h): a fresh one; it takes the share's place; it goes.
 * COMMIT without a stage: -ENOENT. */
void local_stage(struct local *l, unsigned tile, unsigned fn);
int local_commit(struct local *l, unsigned tile, unsigned fn);
void local_abort(struct local *l, unsigned tile, unsigned fn);

/* Metadata of fn's system memory, at DMA address / ratio. As local_bytes(), local_hole(),
 * local_read() and local_write(). */
uint64_t local_system_bytes(const struct local *l);
uint64_t local_system_hole(const struct local *l, unsigned fn, uint64_t off);
int local_system_read(struct local *l, unsigned fn, uint64_t off, void *dst, size_t len);
int local_system_write(struct local *l, unsigned fn, uint64_t off, const void *src, size_t len);

/* Empty a slice of what was given up. True: there is more. */
bool local_retire(struct local *l);

#endif
