/* SPDX-License-Identifier: MIT */
/* What a driver needs of a discrete card's local memory (LMEM): access by tile
 * and offset in a function's share, as through BAR 2. A VF reaches its own
 * content; the PF every VF's, compression metadata too, which it moves when it
 * saves and restores. Asynchronous: every call is answered, maybe before it
 * returns, by vfc_lmem_done() or pfc_lmem_done(). */
#ifndef GUCEMU_HOST_LMEM_H
#define GUCEMU_HOST_LMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_LMEM_MAX 65536u /* bytes of a read or write */

enum host_lmem_op {
	HOST_LMEM_READ,
	HOST_LMEM_WRITE,  /* a VF: to its share; the PF: to a stage */
	/* The PF only. A stage is a second content of a share, zero at first, that
	 * nobody sees before it takes the place of the present one: how a share is
	 * cleared (nothing written between) and how an image is applied, all or
	 * nothing. There is one a VF and tile, of content and metadata both. */
	HOST_LMEM_STAGE,  /* a fresh one; an older one is dropped */
	HOST_LMEM_COMMIT,
	HOST_LMEM_ABORT,  /* also without one */
};

struct host_lmem {
	enum host_lmem_op op;
	bool metadata;      /* READ, WRITE: compression metadata, not content */
	uint8_t tile;
	uint8_t function;   /* the PF: whose share; a VF: 0 */
	uint64_t off;       /* READ, WRITE; bytes */
	uint32_t len;       /* at most HOST_LMEM_MAX */
	const void *data;   /* WRITE: until the call returns */
};

struct host_lmem_port {
	void *user;
	/* NULL: the card has no local memory. */
	void (*call)(void *user, const struct host_lmem *what, uint32_t cookie);
};

#endif
