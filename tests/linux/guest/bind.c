/* SPDX-License-Identifier: MIT */
/* Binding: anew, in part, many at once, by queues of their own, while jobs run. The
 * engine must see each change, and only after it was made. */
#include <string.h>
#include <sys/ioctl.h>

#include "batch.h"
#include "test.h"

#define VALUE 0xB19D0000u
#define ROUNDS 32u
#define MANY   32u

/* One address, another buffer each time: stale translations would hit the old one. */
static void rebind(struct xe *x)
{
	struct space s;
	struct mem code;
	uint64_t addr;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	addr = space_reserve(&s, x->align);
	for (unsigned i = 0; i < x->engines; i++) {
		uint32_t queue = queue_new(&s, &x->engine[i]), bo[2], *map[2];
		struct batch b = batch_at(&code, 0);

		put_atomic(&b, ATOMIC_INC, addr);
		put(&b, MI_BATCH_END);
		for (unsigned k = 0; k < 2; k++) {
			bo[k] = bo_new(&s, x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
			map[k] = bo_map(x, bo[k], x->align);
		}
		for (unsigned n = 0; n < ROUNDS; n++) {
			bind_bo(&s, bo[n % 2], addr, x->align);
			run(&s, queue, code.addr);
			if (n % 4 < 2) /* else the next bind replaces it */
				unbind(&s, addr, x->align);
		}
		must(map[0][0] == ROUNDS / 2 && map[1][0] == ROUNDS / 2, "%s: %u and %u of %u",
		     engine_name(&x->engine[i]), map[0][0], map[1][0], ROUNDS);
	}
}

/* The middle of a buffer goes; both ends stay. */
static void partial(struct xe *x)
{
	uint64_t size = 4 << 20, hole = 1 << 20, at = 1ull << 30;
	struct space s;
	struct mem code;
	struct batch b;
	uint32_t bo, *map;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	bo = bo_new(&s, size, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	map = bo_map(x, bo, size);
	bind_bo(&s, bo, at, size);
	unbind(&s, at + hole, size - 2 * hole);
	b = batch_at(&code, 0);
	put_store(&b, at + hole - 4, VALUE);
	put_store(&b, at + size - hole, VALUE + 1);
	put(&b, MI_BATCH_END);
	run(&s, queue_new(&s, &x->engine[0]), code.addr);
	must(map[hole / 4 - 1] == VALUE && map[(size - hole) / 4] == VALUE + 1, "the ends are lost");
}

/* One buffer at many addresses, far apart: all levels of the page tables. */
static void aliases(struct xe *x)
{
	struct space s;
	struct mem code;
	struct batch b;
	uint32_t bo, *map;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	bo = bo_new(&s, x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	map = bo_map(x, bo, x->align);
	b = batch_at(&code, 0);
	for (unsigned i = 0; i < 26; i++) {
		uint64_t addr = 1ull << (21 + i);

		bind_bo(&s, bo, addr, x->align);
		put_store(&b, addr + 4 * i, VALUE + i);
	}
	put(&b, MI_BATCH_END);
	run(&s, queue_new(&s, &x->engine[0]), code.addr);
	for (unsigned i = 0; i < 26; i++)
		must(map[i] == VALUE + i, "address 1 << %u: 0x%x", 21 + i, map[i]);
}

/* Several operations in one call. */
static void array(struct xe *x)
{
	struct space s;
	struct mem code;
	struct drm_xe_vm_bind_op ops[MANY] = { 0 };
	struct drm_xe_vm_bind bind = { .num_binds = MANY };
	struct drm_xe_sync sync = { .type = DRM_XE_SYNC_TYPE_SYNCOBJ,
				    .flags = DRM_XE_SYNC_FLAG_SIGNAL };
	struct batch b;
	uint64_t at;
	uint32_t bo, *map;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	bo = bo_new(&s, MANY * x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	map = bo_map(x, bo, MANY * x->align);
	at = space_reserve(&s, MANY * x->align);
	b = batch_at(&code, 0);
	for (unsigned i = 0; i < MANY; i++) { /* the other way round */
		ops[i] = (struct drm_xe_vm_bind_op){
			.obj = bo, .obj_offset = i * x->align, .range = x->align,
			.addr = at + (MANY - 1 - i) * x->align, .pat_index = x->pat,
			.op = DRM_XE_VM_BIND_OP_MAP,
		};
		put_store(&b, at + i * x->align, VALUE + i);
	}
	put(&b, MI_BATCH_END);
	sync.handle = syncobj_new(x, false);
	bind.vm_id = s.vm;
	bind.vector_of_binds = (uintptr_t)ops;
	bind.num_syncs = 1;
	bind.syncs = (uintptr_t)&sync;
	must(ioctl(x->fd, DRM_IOCTL_XE_VM_BIND, &bind) == 0, "bind %u at once", MANY);
	must(syncobj_wait(x, sync.handle, 0, WAIT_MS) == 0, "the binds do not end");
	run(&s, queue_new(&s, &x->engine[0]), code.addr);
	for (unsigned i = 0; i < MANY; i++)
		must(map[(MANY - 1 - i) * x->align / 4] == VALUE + i, "part %u", i);
}

/* A bind that waits for a sync object, a job that waits for the bind: nobody on the
 * CPU waits. Another bind queue is not held up. */
static void async(struct xe *x)
{
	const engine_t binder = { .engine_class = DRM_XE_ENGINE_CLASS_VM_BIND };
	struct space s;
	struct mem code;
	struct fence f;
	uint32_t bo, *map, in, out, queues[2], queue;
	uint64_t addr;
	struct batch b;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	bo = bo_new(&s, x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	map = bo_map(x, bo, x->align);
	addr = space_reserve(&s, x->align);
	in = syncobj_new(x, false);
	out = syncobj_new(x, false);
	queue = queue_new(&s, &x->engine[0]);
	for (unsigned i = 0; i < 2; i++)
		must(try_queue(&s, &binder, 1, 1, 0, &queues[i]) == 0, "create a bind queue");
	b = batch_at(&code, 64);
	put_wait(&b, SEM_EQUAL, code.addr, 1);
	put(&b, MI_BATCH_END);
	fence_new(&f, &s);
	{
		struct drm_xe_sync done = { .type = DRM_XE_SYNC_TYPE_SYNCOBJ,
			.flags = DRM_XE_SYNC_FLAG_SIGNAL, .handle = in };

		must(try_exec(x, queue, code.addr + 64, &done, 1) == 0, "submit the first");
	}
	for (unsigned i = 0; i < 2; i++) {
		struct drm_xe_sync syncs[2] = {
			{ .type = DRM_XE_SYNC_TYPE_SYNCOBJ, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
			  .handle = out },
			{ .type = DRM_XE_SYNC_TYPE_SYNCOBJ, .handle = in },
		};
		struct drm_xe_vm_bind bind = {
			.vm_id = s.vm, .exec_queue_id = queues[i], .num_binds = 1,
			.num_syncs = i == 0 ? 2 : 1, .syncs = (uintptr_t)syncs,
			.bind = { .obj = bo, .range = x->align, .pat_index = x->pat,
				  .addr = i == 0 ? addr : addr + (1 << 21) },
		};

		if (i == 1) /* the free one */
			syncs[0].handle = syncobj_new(x, false);
		must(ioctl(x->fd, DRM_IOCTL_XE_VM_BIND, &bind) == 0, "bind %u", i);
		if (i == 1)
			must(syncobj_wait(x, syncs[0].handle, 0, WAIT_MS) == 0,
			     "the free bind is held up");
	}
	must(syncobj_wait(x, out, 0, 50) != 0, "the bind did not wait");
	b = batch_at(&code, 512);
	put_store(&b, addr, VALUE);
	put(&b, MI_BATCH_END);
	{
		struct drm_xe_sync syncs[2] = {
			{ .type = DRM_XE_SYNC_TYPE_SYNCOBJ, .handle = out }, fence_sync(&f) };

		must(try_exec(x, queue_new(&s, &x->engine[0]), code.addr + 512, syncs, 2) == 0,
		     "submit the second");
	}
	must(fence_wait(&f, 50) != 0, "the job did not wait");
	*(volatile uint32_t *)code.map = 1;
	must(fence_wait(&f, WAIT_MS) == 0, "the job does not end");
	must(map[0] == VALUE, "0x%x", map[0]);
}

/* Buffers come and go while a spinner of the same space runs. */
static void under_load(struct xe *x)
{
	struct space s;
	struct mem m;
	struct fence f;
	uint32_t queue;
	volatile uint32_t *state;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	state = m.map;
	fence_new(&f, &s);
	submit(&s, queue_new(&s, &x->engine[0]), put_spinner(&m, 0), &f);
	must(becomes(&state[SPIN_STARTED], 1, WAIT_MS), "no spinner");
	queue = queue_new(&s, &x->engine[x->engines - 1]);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct mem other = mem_new(&s, 3 * PAGE);
		struct batch b = batch_at(&other, 64);

		put_store(&b, other.addr + 2 * PAGE, VALUE + i);
		put(&b, MI_BATCH_END);
		run(&s, queue, other.addr + 64);
		must(other.map[2 * PAGE / 4] == VALUE + i, "round %u", i);
		mem_end(&s, &other);
	}
	state[SPIN_GO_ON] = 0;
	must(fence_wait(&f, WAIT_MS) == 0, "the spinner does not end");
}

/* What was unbound is told as an error. */
static void errors(struct xe *x)
{
	struct space s;
	uint32_t bo;

	space_new(&s, x, 0);
	bo = bo_new(&s, x->align, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	must(try_bind(&s, DRM_XE_VM_BIND_OP_MAP, 0, bo, 0, 1 << 21, 2 * x->align, x->pat) < 0,
	     "bound more than there is");
	must(try_bind(&s, DRM_XE_VM_BIND_OP_MAP, 0, bo, 0, (1 << 21) + 1, x->align, x->pat) < 0,
	     "bound at an odd address");
	must(try_bind(&s, DRM_XE_VM_BIND_OP_MAP, 0, 0xffff, 0, 1 << 21, x->align, x->pat) < 0,
	     "bound no buffer");
	bind_bo(&s, bo, 1 << 21, x->align);
}

const struct subtest bind_tests[] = {
	{ "xe_exec_basic@once-rebind", rebind },
	{ "xe_vm@munmap-style-unbind-middle", partial },
	{ "xe_vm@shared-aliases", aliases },
	{ "xe_vm@bind-array", array },
	{ "xe_vm@bind-execqueues-independent", async },
	{ "xe_vm@bind-under-load", under_load },
	{ "xe_vm@invalid", errors },
	{ 0 },
};
