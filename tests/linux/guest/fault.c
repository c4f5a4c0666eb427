/* SPDX-License-Identifier: MIT */
/* Address spaces whose pages come by page faults: buffers, user memory, and the
 * process's own addresses (shared virtual memory). */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "batch.h"
#include "test.h"

#define VALUE 0xFA017000u
#define FLAGS (DRM_XE_VM_CREATE_FLAG_LR_MODE | DRM_XE_VM_CREATE_FLAG_FAULT_MODE)
#define PAGES 64u
#define JOBS  64u

static void fault_space(struct space *s, struct xe *x)
{
	int r = try_space_new(s, x, FLAGS);

	if (r)
		skip("no fault mode: %s", strerror(-r));
}

/* A store to each of PAGES pages at `addr`, that were never touched. */
static void touch(struct space *s, const engine_t *e, uint64_t addr, const uint32_t *map,
		  uint32_t value)
{
	struct mem code = mem_new(s, PAGE);
	struct batch b = batch_at(&code, 0);
	uint32_t queue = queue_new(s, e);

	for (unsigned p = 0; p < PAGES; p++)
		put_store(&b, addr + p * PAGE, value + p);
	put(&b, MI_BATCH_END);
	run(s, queue, code.addr);
	for (unsigned p = 0; p < PAGES; p++)
		must(map[p * PAGE / 4] == value + p, "%s: page %u: 0x%x", engine_name(e), p,
		     map[p * PAGE / 4]);
	queue_end(s->x, queue);
	mem_end(s, &code);
}

static void once_basic(struct xe *x)
{
	struct space s;

	fault_space(&s, x);
	for (unsigned i = 0; i < x->engines; i++) {
		struct mem m = mem_new(&s, PAGES * PAGE);

		touch(&s, &x->engine[i], m.addr, m.map, VALUE + 0x100 * i);
		mem_end(&s, &m);
	}
}

static void *anonymous(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED, "memory");
	return at;
}

static void once_userptr(struct xe *x)
{
	struct space s;

	fault_space(&s, x);
	for (unsigned i = 0; i < x->engines; i++) {
		uint32_t *at = anonymous(PAGES * PAGE);
		uint64_t addr = space_reserve(&s, PAGES * PAGE);

		bind_userptr(&s, at, addr, PAGES * PAGE);
		touch(&s, &x->engine[i], addr, at, VALUE + 0x100 * i);
		unbind(&s, addr, PAGES * PAGE);
	}
}

/* The pages behind user memory change between jobs; old ones must not be written. */
static void userptr_invalidate(struct xe *x)
{
	struct space s;
	uint32_t *at = anonymous(PAGES * PAGE);
	uint64_t addr;

	fault_space(&s, x);
	addr = space_reserve(&s, PAGES * PAGE);
	bind_userptr(&s, at, addr, PAGES * PAGE);
	for (unsigned i = 0; i < 8; i++) {
		touch(&s, &x->engine[i % x->engines], addr, at, VALUE + 0x100 * i);
		must(mmap(at, PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at, "map again");
	}
}

/* Many queues fault on pages of one buffer at the same time. */
static void many(struct xe *x)
{
	struct space s;
	struct mem code, data;
	struct fence f[JOBS];

	fault_space(&s, x);
	code = mem_new(&s, JOBS * 64);
	data = mem_new(&s, JOBS * PAGE);
	for (unsigned j = 0; j < JOBS; j++) {
		struct batch b = batch_at(&code, j * 64);

		put_store(&b, data.addr + j * PAGE, VALUE + j);
		put(&b, MI_BATCH_END);
		fence_new(&f[j], &s);
		submit(&s, queue_new(&s, &x->engine[j % x->engines]), code.addr + j * 64, &f[j]);
	}
	for (unsigned j = 0; j < JOBS; j++) {
		must(fence_wait(&f[j], WAIT_MS) == 0, "job %u does not end", j);
		must(data.map[j * PAGE / 4] == VALUE + j, "job %u: 0x%x", j,
		     data.map[j * PAGE / 4]);
	}
}

/* A read-only mapping can be read; its own test of what a write does is in hang.c. */
static void read_only(struct xe *x)
{
	struct space s;
	struct mem m;
	uint32_t bo, *map;
	uint64_t addr;
	struct batch b;
	int r;

	fault_space(&s, x);
	m = mem_new(&s, PAGE);
	bo = bo_new(&s, x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	map = bo_map(x, bo, x->align);
	addr = space_reserve(&s, x->align);
	r = try_bind(&s, DRM_XE_VM_BIND_OP_MAP, DRM_XE_VM_BIND_FLAG_READONLY, bo, 0, addr, x->align,
		     x->pat);
	if (r)
		skip("no read-only mappings: %s", strerror(-r));
	map[5] = VALUE;
	b = batch_at(&m, 64);
	put(&b, MI(MI_COPY_MEM_MEM, 3));
	put_addr(&b, m.addr);
	put_addr(&b, addr + 20);
	put(&b, MI_BATCH_END);
	run(&s, queue_new(&s, &x->engine[0]), m.addr + 64);
	must(m.map[0] == VALUE, "read 0x%x", m.map[0]);
}

/* --- shared virtual memory ---------------------------------------------------------- */

/* All of the process's addresses. */
static void mirror(struct space *s, struct xe *x)
{
	int r;

	if (!(x->flags & DRM_XE_QUERY_CONFIG_FLAG_HAS_CPU_ADDR_MIRROR))
		skip("this kernel mirrors no addresses");
	fault_space(s, x);
	r = try_bind(s, DRM_XE_VM_BIND_OP_MAP, DRM_XE_VM_BIND_FLAG_CPU_ADDR_MIRROR, 0, 0, 0,
		     1ull << 47, x->pat);
	must(r == 0, "mirror addresses: %s", strerror(-r));
}

/* Run the batch at `code`, whose word at `done` tells the end: plain pointers. */
static void run_own(struct space *s, uint32_t queue, void *code, volatile uint64_t *done)
{
	struct drm_xe_sync sync = {
		.type = DRM_XE_SYNC_TYPE_USER_FENCE, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
		.addr = (uintptr_t)done, .timeline_value = 1,
	};
	int r = try_exec(s->x, queue, (uintptr_t)code, &sync, 1);

	must(r == 0, "submit: %s", strerror(-r));
	r = word_wait(s->x, done, 1, 0, WAIT_MS);
	must(r == 0, "does not end: %s", strerror(-r));
}

struct own {
	uint64_t done;
	uint32_t value[14];
	uint32_t code[48];
};

static void svm_store(struct space *s, const engine_t *e, struct own *o, uint32_t value)
{
	struct mem at = { .addr = (uintptr_t)o->code, .map = o->code };
	struct batch b = batch_at(&at, 0);
	uint32_t queue = queue_new(s, e);

	o->done = 0;
	put_store(&b, (uintptr_t)&o->value[3], value);
	put(&b, MI_BATCH_END);
	run_own(s, queue, o->code, &o->done);
	must(o->value[3] == value, "%s: 0x%x", engine_name(e), o->value[3]);
	queue_end(s->x, queue);
}

static void svm_malloc(struct xe *x)
{
	struct space s;

	mirror(&s, x);
	for (unsigned i = 0; i < x->engines; i++) {
		struct own *o = aligned_alloc(64, 2 << 20);

		must(o, "memory");
		svm_store(&s, &x->engine[i], o, VALUE + i);
		free(o);
	}
}

/* Freed and mapped anew at the same address, again and again. */
static void svm_remap(struct xe *x)
{
	struct space s;
	struct own *o = anonymous(16 * PAGE);

	mirror(&s, x);
	for (unsigned i = 0; i < 12; i++) {
		svm_store(&s, &x->engine[i % x->engines], o, VALUE + i);
		must(munmap(o, 16 * PAGE) == 0, "unmap");
		must(mmap(o, 16 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)o, "map");
		must(o->value[3] == 0, "fresh memory is not empty");
	}
}

/* After a fork the parent's pages are copied on write: the GPU writes the parent's. */
static void svm_fork(struct xe *x)
{
	struct space s;
	struct own *o = anonymous(PAGE);
	int pid, gate[2];
	char c;

	mirror(&s, x);
	svm_store(&s, &x->engine[0], o, VALUE);
	must(pipe(gate) == 0, "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		_exit(read(gate[0], &c, 1) == 1 && o->value[3] == VALUE ? 0 : 1);
	svm_store(&s, &x->engine[0], o, VALUE + 1);
	must(write(gate[1], "x", 1) == 1, "pipe");
	must_end_well(&pid, 1);
	must(o->value[3] == VALUE + 1, "the parent sees 0x%x", o->value[3]);
}

const struct subtest fault_tests[] = {
	{ "xe_exec_fault_mode@once-basic", once_basic },
	{ "xe_exec_fault_mode@once-userptr", once_userptr },
	{ "xe_exec_fault_mode@once-userptr-invalidate", userptr_invalidate },
	{ "xe_exec_fault_mode@many-basic", many },
	{ "xe_exec_fault_mode@read-only", read_only },
	{ "xe_exec_system_allocator@once-malloc", svm_malloc },
	{ "xe_exec_system_allocator@many-mmap-remap", svm_remap },
	{ "xe_exec_system_allocator@fork", svm_fork },
	{ 0 },
};
