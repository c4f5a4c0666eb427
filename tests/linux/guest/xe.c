/* SPDX-License-Identifier: MIT */
/* The xe driver's ioctls. See xe.h. */
#include "xe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define NODE        "/dev/dri/renderD128"
#define FIRST_ADDR  0x1a0000u
#define ADDR_STEP   0x10000u
#define NS_A_MS     1000000ll

static int xe_ioctl(struct xe *x, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(x->fd, request, arg);
	while (r && (errno == EINTR || errno == EAGAIN));
	if (r)
		return -errno;
	step();
	return 0;
}

/* The answer to a query, allocated. */
static void *query(struct xe *x, uint32_t what)
{
	struct drm_xe_device_query q = { .query = what };
	void *data;

	must(xe_ioctl(x, DRM_IOCTL_XE_DEVICE_QUERY, &q) == 0, "size of query %u", what);
	data = calloc(1, q.size ? q.size : 1);
	must(data, "memory");
	q.data = (uintptr_t)data;
	must(xe_ioctl(x, DRM_IOCTL_XE_DEVICE_QUERY, &q) == 0, "query %u", what);
	return data;
}

static void find_engines(struct xe *x)
{
	struct drm_xe_query_engines *q = query(x, DRM_XE_DEVICE_QUERY_ENGINES);

	for (uint32_t i = 0; i < q->num_engines && x->engines < ENGINES_MAX; i++)
		if (q->engines[i].instance.engine_class <= DRM_XE_ENGINE_CLASS_COMPUTE)
			x->engine[x->engines++] = q->engines[i].instance;
	must(x->engines, "no engine");
	free(q);
}

static void find_memory(struct xe *x)
{
	struct drm_xe_query_mem_regions *q = query(x, DRM_XE_DEVICE_QUERY_MEM_REGIONS);

	for (uint32_t i = 0; i < q->num_mem_regions; i++)
		if (q->mem_regions[i].mem_class == DRM_XE_MEM_REGION_CLASS_SYSMEM)
			x->system |= 1u << q->mem_regions[i].instance;
		else
			x->vram |= 1u << q->mem_regions[i].instance;
	free(q);
}

/* Of devices that have no register for it, which the driver does not say. */
static uint16_t early_graphics(uint16_t device)
{
	static const struct { uint16_t first, last, graphics; } rows[] = {
		{ 0x4626, 0x46D2, 1200 }, /* Alder Lake P and N */
		{ 0x56C0, 0x56C2, 1255 }, /* Arctic Sound M */
		{ 0x9A40, 0x9AF8, 1200 }, /* Tiger Lake */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (device >= rows[i].first && device <= rows[i].last)
			return rows[i].graphics;
	return 0;
}

void xe_open(struct xe *x)
{
	struct drm_xe_query_config *config;
	struct drm_xe_query_gt_list *gts;

	memset(x, 0, sizeof(*x));
	x->fd = open(NODE, O_RDWR | O_CLOEXEC);
	must(x->fd >= 0, "open " NODE);
	find_engines(x);
	find_memory(x);
	config = query(x, DRM_XE_DEVICE_QUERY_CONFIG);
	x->flags = config->info[DRM_XE_QUERY_CONFIG_FLAGS];
	x->align = config->info[DRM_XE_QUERY_CONFIG_MIN_ALIGNMENT];
	x->graphics =
		early_graphics((uint16_t)config->info[DRM_XE_QUERY_CONFIG_REV_AND_DEVICE_ID]);
	free(config);
	gts = query(x, DRM_XE_DEVICE_QUERY_GT_LIST);
	if (gts->gt_list[0].ip_ver_major)
		x->graphics = (uint16_t)(gts->gt_list[0].ip_ver_major * 100 +
					 gts->gt_list[0].ip_ver_minor);
	x->clock = gts->gt_list[0].reference_clock;
	free(gts);
	x->pat = x->graphics >= 2000 ? 2 : 0;
	x->pat_compressed = x->graphics >= 2000 ? 12 : 0;
}

const char *engine_name(const engine_t *e)
{
	static const char *const names[] = { "rcs", "bcs", "vcs", "vecs", "ccs" };
	static char text[16];

	snprintf(text, sizeof(text), "%s%u", names[e->engine_class], e->engine_instance);
	return text;
}

bool engine_is_copy(const engine_t *e)
{
	return e->engine_class == DRM_XE_ENGINE_CLASS_COPY;
}

const engine_t *engine_of(const struct xe *x, uint16_t class)
{
	for (unsigned i = 0; i < x->engines; i++)
		if (x->engine[i].engine_class == class)
			return &x->engine[i];
	return NULL;
}

/* --- address spaces and memory ------------------------------------------------- */

int try_space_new(struct space *s, struct xe *x, uint32_t flags)
{
	struct drm_xe_vm_create c = { .flags = flags };
	int r = xe_ioctl(x, DRM_IOCTL_XE_VM_CREATE, &c);

	*s = (struct space){ .x = x, .vm = c.vm_id, .flags = flags, .next = FIRST_ADDR };
	return r;
}

void space_new(struct space *s, struct xe *x, uint32_t flags)
{
	int r = try_space_new(s, x, flags);

	must(r == 0, "create an address space with flags 0x%x: %s", flags, strerror(-r));
}

void space_end(struct space *s)
{
	struct drm_xe_vm_destroy d = { .vm_id = s->vm };

	must(xe_ioctl(s->x, DRM_IOCTL_XE_VM_DESTROY, &d) == 0, "destroy an address space");
}

uint64_t space_reserve(struct space *s, uint64_t size)
{
	uint64_t at = s->next;

	s->next += (size + ADDR_STEP - 1) / ADDR_STEP * ADDR_STEP;
	return at;
}

uint32_t bo_new(struct space *s, uint64_t size, uint32_t placement, uint16_t caching)
{
	struct drm_xe_gem_create c = {
		.size = size, .placement = placement, .vm_id = s ? s->vm : 0,
		.cpu_caching = caching,
		.flags = placement & s->x->vram ? DRM_XE_GEM_CREATE_FLAG_NEEDS_VISIBLE_VRAM : 0,
	};
	int r = xe_ioctl(s->x, DRM_IOCTL_XE_GEM_CREATE, &c);

	must(r == 0, "create a buffer of %llu bytes: %s", (unsigned long long)size, strerror(-r));
	return c.handle;
}

void bo_end(struct xe *x, uint32_t bo)
{
	struct drm_gem_close c = { .handle = bo };

	must(xe_ioctl(x, DRM_IOCTL_GEM_CLOSE, &c) == 0, "close a buffer");
}

void *bo_map(struct xe *x, uint32_t bo, uint64_t size)
{
	struct drm_xe_gem_mmap_offset o = { .handle = bo };
	void *at;

	must(xe_ioctl(x, DRM_IOCTL_XE_GEM_MMAP_OFFSET, &o) == 0, "offset of a buffer");
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd, (off_t)o.offset);
	must(at != MAP_FAILED, "map a buffer");
	return at;
}

int try_bind(struct space *s, uint32_t op, uint32_t flags, uint32_t bo, uint64_t offset,
	     uint64_t addr, uint64_t size, uint16_t pat)
{
	volatile uint64_t done __attribute__((aligned(8))) = 0;
	struct drm_xe_sync sync = {
		.type = DRM_XE_SYNC_TYPE_USER_FENCE, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
		.addr = (uintptr_t)&done, .timeline_value = 1,
	};
	struct drm_xe_vm_bind b = {
		.vm_id = s->vm, .num_binds = 1, .num_syncs = 1, .syncs = (uintptr_t)&sync,
		.bind = { .obj = bo, .pat_index = pat, .obj_offset = offset, .range = size,
			  .addr = addr, .op = op, .flags = flags },
	};
	int r = xe_ioctl(s->x, DRM_IOCTL_XE_VM_BIND, &b);

	return r ? r : word_wait(s->x, &done, 1, 0, WAIT_MS);
}

void bind_bo(struct space *s, uint32_t bo, uint64_t addr, uint64_t size)
{
	int r = try_bind(s, DRM_XE_VM_BIND_OP_MAP, 0, bo, 0, addr, size, s->x->pat);

	must(r == 0, "bind %llu bytes at 0x%llx: %s", (unsigned long long)size,
	     (unsigned long long)addr, strerror(-r));
}

void bind_userptr(struct space *s, void *at, uint64_t addr, uint64_t size)
{
	int r = try_bind(s, DRM_XE_VM_BIND_OP_MAP_USERPTR, 0, 0, (uintptr_t)at, addr, size,
			 s->x->pat);

	must(r == 0, "bind user memory at 0x%llx: %s", (unsigned long long)addr, strerror(-r));
}

void unbind(struct space *s, uint64_t addr, uint64_t size)
{
	int r = try_bind(s, DRM_XE_VM_BIND_OP_UNMAP, 0, 0, 0, addr, size, 0);

	must(r == 0, "unbind 0x%llx: %s", (unsigned long long)addr, strerror(-r));
}

static struct mem placed(struct space *s, uint64_t size, uint32_t placement, uint16_t caching)
{
	struct mem m = { .size = (size + s->x->align - 1) / s->x->align * s->x->align };

	m.bo = bo_new(s, m.size, placement, caching);
	m.addr = space_reserve(s, m.size);
	bind_bo(s, m.bo, m.addr, m.size);
	m.map = bo_map(s->x, m.bo, m.size);
	return m;
}

struct mem mem_new(struct space *s, uint64_t size)
{
	return placed(s, size, s->x->system, DRM_XE_GEM_CPU_CACHING_WB);
}

struct mem mem_vram(struct space *s, uint64_t size)
{
	return placed(s, size, s->x->vram, DRM_XE_GEM_CPU_CACHING_WC);
}

void mem_end(struct space *s, struct mem *m)
{
	munmap(m->map, m->size);
	unbind(s, m->addr, m->size);
	bo_end(s->x, m->bo);
}

/* --- queues ----------------------------------------------------------------------- */

int try_queue(struct space *s, const engine_t *e, unsigned width, unsigned placements,
	      uint64_t ext, uint32_t *queue)
{
	struct drm_xe_exec_queue_create c = {
		.extensions = ext, .width = (uint16_t)width, .num_placements = (uint16_t)placements,
		.vm_id = s->vm, .instances = (uintptr_t)e,
	};
	int r = xe_ioctl(s->x, DRM_IOCTL_XE_EXEC_QUEUE_CREATE, &c);

	*queue = c.exec_queue_id;
	return r;
}

int try_queue_with(struct space *s, const engine_t *e, uint32_t property, uint64_t value,
		   uint32_t *queue)
{
	struct drm_xe_ext_set_property p = {
		.base.name = DRM_XE_EXEC_QUEUE_EXTENSION_SET_PROPERTY, .property = property,
		.value = value,
	};

	return try_queue(s, e, 1, 1, (uintptr_t)&p, queue);
}

uint32_t queue_new(struct space *s, const engine_t *e)
{
	uint32_t queue;
	int r = try_queue(s, e, 1, 1, 0, &queue);

	must(r == 0, "create a queue on %s: %s", engine_name(e), strerror(-r));
	return queue;
}

void queue_end(struct xe *x, uint32_t queue)
{
	struct drm_xe_exec_queue_destroy d = { .exec_queue_id = queue };

	must(xe_ioctl(x, DRM_IOCTL_XE_EXEC_QUEUE_DESTROY, &d) == 0, "destroy a queue");
}

bool queue_banned(struct xe *x, uint32_t queue)
{
	struct drm_xe_exec_queue_get_property p = {
		.exec_queue_id = queue, .property = DRM_XE_EXEC_QUEUE_GET_PROPERTY_BAN,
	};

	must(xe_ioctl(x, DRM_IOCTL_XE_EXEC_QUEUE_GET_PROPERTY, &p) == 0, "ask for a ban");
	return p.value;
}

int try_exec_wide(struct xe *x, uint32_t queue, const uint64_t *addrs, unsigned width,
		  struct drm_xe_sync *syncs, unsigned n)
{
	struct drm_xe_exec e = {
		.exec_queue_id = queue, .num_syncs = n, .syncs = (uintptr_t)syncs,
		.address = width == 1 ? addrs[0] : (uintptr_t)addrs,
		.num_batch_buffer = (uint16_t)width,
	};

	return xe_ioctl(x, DRM_IOCTL_XE_EXEC, &e);
}

int try_exec(struct xe *x, uint32_t queue, uint64_t addr, struct drm_xe_sync *syncs, unsigned n)
{
	return try_exec_wide(x, queue, &addr, 1, syncs, n);
}

void submit(struct space *s, uint32_t queue, uint64_t addr, struct fence *f)
{
	struct drm_xe_sync sync;
	int r;

	if (f)
		sync = fence_sync(f);
	r = try_exec(s->x, queue, addr, f ? &sync : NULL, f ? 1 : 0);
	must(r == 0, "submit: %s", strerror(-r));
}

void run(struct space *s, uint32_t queue, uint64_t addr)
{
	struct fence f;
	int r;

	fence_new(&f, s);
	submit(s, queue, addr, &f);
	r = fence_wait(&f, WAIT_MS);
	must(r == 0, "a job does not end: %s", strerror(-r));
	fence_end(&f);
}

/* --- syncs ------------------------------------------------------------------------- */

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll * NS_A_MS + t.tv_nsec;
}

uint64_t now_ms(void)
{
	return (uint64_t)(clock_ns() / NS_A_MS);
}

void sleep_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_A_MS };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

bool becomes(const volatile uint32_t *word, uint32_t value, int ms)
{
	uint64_t end = now_ms() + (uint64_t)ms;

	while (*word != value) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	step();
	return true;
}

uint32_t syncobj_new(struct xe *x, bool signaled)
{
	struct drm_syncobj_create c = { .flags = signaled ? DRM_SYNCOBJ_CREATE_SIGNALED : 0 };

	must(xe_ioctl(x, DRM_IOCTL_SYNCOBJ_CREATE, &c) == 0, "create a sync object");
	return c.handle;
}

void syncobj_end(struct xe *x, uint32_t handle)
{
	struct drm_syncobj_destroy d = { .handle = handle };

	must(xe_ioctl(x, DRM_IOCTL_SYNCOBJ_DESTROY, &d) == 0, "destroy a sync object");
}

void syncobj_reset(struct xe *x, uint32_t handle)
{
	struct drm_syncobj_array a = { .handles = (uintptr_t)&handle, .count_handles = 1 };

	must(xe_ioctl(x, DRM_IOCTL_SYNCOBJ_RESET, &a) == 0, "reset a sync object");
}

void syncobj_signal(struct xe *x, uint32_t handle, uint64_t point)
{
	struct drm_syncobj_timeline_array t = {
		.handles = (uintptr_t)&handle, .points = (uintptr_t)&point, .count_handles = 1,
	};
	struct drm_syncobj_array a = { .handles = (uintptr_t)&handle, .count_handles = 1 };

	must((point ? xe_ioctl(x, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &t) :
		      xe_ioctl(x, DRM_IOCTL_SYNCOBJ_SIGNAL, &a)) == 0, "signal a sync object");
}

int syncobj_wait(struct xe *x, uint32_t handle, uint64_t point, int ms)
{
	struct drm_syncobj_timeline_wait w = {
		.handles = (uintptr_t)&handle, .points = (uintptr_t)&point, .count_handles = 1,
		.timeout_nsec = clock_ns() + ms * NS_A_MS,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};

	return xe_ioctl(x, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &w);
}

int word_wait(struct xe *x, volatile uint64_t *word, uint64_t value, uint32_t queue, int ms)
{
	struct drm_xe_wait_user_fence w = {
		.addr = (uintptr_t)word, .op = DRM_XE_UFENCE_WAIT_OP_EQ, .value = value,
		.mask = UINT64_MAX, .timeout = ms * NS_A_MS, .exec_queue_id = queue,
	};

	return xe_ioctl(x, DRM_IOCTL_XE_WAIT_USER_FENCE, &w);
}

void fence_new(struct fence *f, struct space *s)
{
	*f = (struct fence){ .s = s, .value = 1 };
	if (s->flags & DRM_XE_VM_CREATE_FLAG_LR_MODE)
		f->word = mem_new(s, PAGE);
	else
		f->syncobj = syncobj_new(s->x, false);
}

void fence_end(struct fence *f)
{
	if (f->syncobj)
		syncobj_end(f->s->x, f->syncobj);
	else
		mem_end(f->s, &f->word);
}

int fence_wait(struct fence *f, int ms)
{
	if (f->syncobj)
		return syncobj_wait(f->s->x, f->syncobj, 0, ms);
	return word_wait(f->s->x, (volatile uint64_t *)f->word.map, f->value, 0, ms);
}

struct drm_xe_sync fence_sync(struct fence *f)
{
	if (f->syncobj)
		return (struct drm_xe_sync){ .type = DRM_XE_SYNC_TYPE_SYNCOBJ,
			.flags = DRM_XE_SYNC_FLAG_SIGNAL, .handle = f->syncobj };
	return (struct drm_xe_sync){ .type = DRM_XE_SYNC_TYPE_USER_FENCE,
		.flags = DRM_XE_SYNC_FLAG_SIGNAL, .addr = f->word.addr,
		.timeline_value = f->value };
}
