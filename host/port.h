/* SPDX-License-Identifier: MIT */
/* What a driver, VF or PF, needs from the world: register access, its own
 * memory, and nothing else. Time is passed in. Shared by libgucvf and
 * libgucpf; a transport or a simulator implements it. */
#ifndef GUCEMU_HOST_PORT_H
#define GUCEMU_HOST_PORT_H

#include <stddef.h>
#include <stdint.h>

struct host_port {
	void *user;
	/* Posted register writes, in order; 32 bits, or `n` consecutive 64-bit
	 * words (GGTT entries). Never fail here: a lost transport ends the
	 * driver from outside. */
	void (*write32)(void *user, uint64_t off, uint32_t value);
	void (*write64)(void *user, uint64_t off, const uint64_t *values, size_t n);
	/* Ask for `n` consecutive words of `size` (4 or 8) bytes. The answer
	 * comes as host_read_done() of whoever owns `cookie`, never later than
	 * the transport lives; it may come before this returns. n * size <=
	 * HOST_READ_MAX. */
	void (*read)(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie);
};

#define HOST_READ_MAX 4096u

/* The driver's own system memory, which it shares with the card. DMA address
 * `dma` is the first byte. The driver owns it; it may be read and written by
 * the other side at any time, so ring cursors are accessed with the helpers
 * below and nothing read from it is trusted twice. */
struct host_mem {
	uint8_t *base;
	size_t size;
	uint64_t dma;
};

/* Ring cursors, `off` a multiple of 4 inside the memory, which the caller checks:
 * what the other side wrote before its store is seen after this load, and what
 * was written before this store is there for whoever loads it (guc-abi 3.6, 3.8). */
static inline uint32_t host_load_acquire(const struct host_mem *m, size_t off)
{
	return __atomic_load_n((const uint32_t *)(const void *)(m->base + off), __ATOMIC_ACQUIRE);
}

/* The store of the two. */
static inline void host_store_release(const struct host_mem *m, size_t off, uint32_t v)
{
	__atomic_store_n((uint32_t *)(void *)(m->base + off), v, __ATOMIC_RELEASE);
}

/* Plain dword access to memory that the other side may touch: no order, no
 * tearing. `off` as above. */
static inline uint32_t host_get32(const struct host_mem *m, size_t off)
{
	return __atomic_load_n((const uint32_t *)(const void *)(m->base + off), __ATOMIC_RELAXED);
}

/* As host_get32(), the other way. */
static inline void host_put32(const struct host_mem *m, size_t off, uint32_t v)
{
	__atomic_store_n((uint32_t *)(void *)(m->base + off), v, __ATOMIC_RELAXED);
}

#endif
