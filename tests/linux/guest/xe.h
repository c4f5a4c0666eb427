/* SPDX-License-Identifier: MIT */
/* What a user program needs of the xe driver, by its ioctls alone: device,
 * virtual address space, memory, queues, syncs. A call that must succeed ends the
 * process with a report when it does not; the try_ ones return a negative errno. */
#ifndef GUEST_XE_H
#define GUEST_XE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drm/xe_drm.h>

#define ENGINES_MAX 16u
#define WAIT_MS     20000 /* for anything that ends at once on an idle machine */
#define PAGE        4096u

typedef struct drm_xe_engine_class_instance engine_t;

struct xe {
	int fd;
	unsigned engines;
	engine_t engine[ENGINES_MAX];
	uint16_t graphics;      /* version x100 */
	uint64_t flags;         /* DRM_XE_QUERY_CONFIG_FLAG_* */
	uint64_t align;         /* of addresses and sizes */
	uint32_t clock;         /* ticks a second of CTX_TIMESTAMP, GT 0 */
	uint32_t system, vram;  /* placement bits; vram 0: none */
	uint16_t pat;           /* write back */
	uint16_t pat_compressed; /* 0: none */
};

/* A virtual address space; addresses are dealt out from the bottom. */
struct space {
	struct xe *x;
	uint32_t vm, flags; /* DRM_XE_VM_CREATE_FLAG_* */
	uint64_t next;
};

/* A buffer that is bound and mapped. */
struct mem {
	uint32_t bo;
	uint64_t addr, size;
	uint32_t *map;
};

/* The end of one job: a sync object, or a word in memory where the address space
 * knows no others (long running, fault mode). */
struct fence {
	struct space *s;
	uint32_t syncobj; /* 0: the word */
	struct mem word;
	uint64_t value;
};

void xe_open(struct xe *x);
/* "rcs0": class and instance. Static storage. */
const char *engine_name(const engine_t *e);
bool engine_is_copy(const engine_t *e);
/* The first engine of a class, or NULL. */
const engine_t *engine_of(const struct xe *x, uint16_t class);

void space_new(struct space *s, struct xe *x, uint32_t flags);
int try_space_new(struct space *s, struct xe *x, uint32_t flags);
void space_end(struct space *s);
uint64_t space_reserve(struct space *s, uint64_t size);

uint32_t bo_new(struct space *s, uint64_t size, uint32_t placement, uint16_t caching);
void bo_end(struct xe *x, uint32_t bo);
void *bo_map(struct xe *x, uint32_t bo, uint64_t size);

/* One bind operation, done when it returns. */
int try_bind(struct space *s, uint32_t op, uint32_t flags, uint32_t bo, uint64_t offset,
	     uint64_t addr, uint64_t size, uint16_t pat);
void bind_bo(struct space *s, uint32_t bo, uint64_t addr, uint64_t size);
void bind_userptr(struct space *s, void *at, uint64_t addr, uint64_t size);
void unbind(struct space *s, uint64_t addr, uint64_t size);

struct mem mem_new(struct space *s, uint64_t size); /* system memory */
struct mem mem_vram(struct space *s, uint64_t size);
void mem_end(struct space *s, struct mem *m);

uint32_t queue_new(struct space *s, const engine_t *e);
/* `placements` of `width` engines each, all of one class; ext: 0 or a list. */
int try_queue(struct space *s, const engine_t *e, unsigned width, unsigned placements,
	      uint64_t ext, uint32_t *queue);
/* With a property, or a negative errno. */
int try_queue_with(struct space *s, const engine_t *e, uint32_t property, uint64_t value,
		   uint32_t *queue);
void queue_end(struct xe *x, uint32_t queue);
bool queue_banned(struct xe *x, uint32_t queue);

uint32_t syncobj_new(struct xe *x, bool signaled);
void syncobj_end(struct xe *x, uint32_t handle);
void syncobj_reset(struct xe *x, uint32_t handle);
void syncobj_signal(struct xe *x, uint32_t handle, uint64_t point);
/* point 0: a binary one. 0, -ETIME, or another negative errno. */
int syncobj_wait(struct xe *x, uint32_t handle, uint64_t point, int ms);
/* A word that must become `value`; queue 0: none to look after. */
int word_wait(struct xe *x, volatile uint64_t *word, uint64_t value, uint32_t queue, int ms);

void fence_new(struct fence *f, struct space *s);
void fence_end(struct fence *f);
/* 0, -ETIME or another negative errno. */
int fence_wait(struct fence *f, int ms);
struct drm_xe_sync fence_sync(struct fence *f);

int try_exec(struct xe *x, uint32_t queue, uint64_t addr, struct drm_xe_sync *syncs, unsigned n);
/* n batches of a parallel queue. */
int try_exec_wide(struct xe *x, uint32_t queue, const uint64_t *addrs, unsigned width,
		  struct drm_xe_sync *syncs, unsigned n);
void submit(struct space *s, uint32_t queue, uint64_t addr, struct fence *f);
/* Submit and wait for the end. */
void run(struct space *s, uint32_t queue, uint64_t addr);

uint64_t now_ms(void);
void sleep_ms(unsigned ms);
/* Until *word == value or ms have passed; true when it came. */
bool becomes(const volatile uint32_t *word, uint32_t value, int ms);

#endif
