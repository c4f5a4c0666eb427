/* SPDX-License-Identifier: MIT */
/* Submission: stores by every engine into buffers and user memory, many queues,
 * many address spaces, many processes. */
#include <sys/mman.h>
#include <unistd.h>

#include "batch.h"
#include "test.h"

#define VALUE     0xC0FFEE00u
#define QUEUES    16u
#define JOBS      128u
#define MANY      2048u
#define PROCESSES 8u

/* A store and the end, at `offset` of m; the value goes to dword `index`. */
static uint64_t store_batch(const struct mem *m, unsigned offset, unsigned index, uint32_t value)
{
	struct batch b = batch_at(m, offset);

	put_store(&b, m->addr + 4ull * index, value);
	put(&b, MI_BATCH_END);
	return m->addr + offset;
}

static void store_on(struct space *s, const engine_t *e, uint32_t value)
{
	struct mem m = mem_new(s, PAGE);
	uint32_t queue = queue_new(s, e);

	run(s, queue, store_batch(&m, 64, 0, value));
	must(m.map[0] == value, "%s: stored 0x%x, not 0x%x", engine_name(e), m.map[0], value);
	queue_end(s->x, queue);
	mem_end(s, &m);
}

static void each_engine(struct xe *x, uint32_t flags)
{
	struct space s;

	space_new(&s, x, flags);
	for (unsigned i = 0; i < x->engines; i++)
		store_on(&s, &x->engine[i], VALUE + i);
	space_end(&s);
}

static void once_basic(struct xe *x)
{
	each_engine(x, 0);
}

static void once_scratch(struct xe *x)
{
	each_engine(x, DRM_XE_VM_CREATE_FLAG_SCRATCH_PAGE);
}

static void once_lr(struct xe *x)
{
	each_engine(x, DRM_XE_VM_CREATE_FLAG_LR_MODE);
}

static void once_vram(struct xe *x)
{
	struct space s;

	if (!x->vram)
		skip("no local memory");
	space_new(&s, x, 0);
	for (unsigned i = 0; i < x->engines; i++) {
		struct mem m = mem_vram(&s, x->align);
		uint32_t queue = queue_new(&s, &x->engine[i]);

		run(&s, queue, store_batch(&m, 64, 0, VALUE + i));
		must(m.map[0] == VALUE + i, "%s: stored 0x%x", engine_name(&x->engine[i]), m.map[0]);
		queue_end(x, queue);
		mem_end(&s, &m);
	}
	space_end(&s);
}

/* Writes to a null mapping go nowhere, reads of it give 0. */
static void once_null(struct xe *x)
{
	struct space s;
	struct mem m;
	uint64_t null;
	int r;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	null = space_reserve(&s, 2 << 20);
	r = try_bind(&s, DRM_XE_VM_BIND_OP_MAP, DRM_XE_VM_BIND_FLAG_NULL, 0, 0, null, 2 << 20,
		     x->pat);
	must(r == 0, "bind nothing: %d", r);
	for (unsigned i = 0; i < x->engines; i++) {
		struct batch b = batch_at(&m, 64);
		uint32_t queue = queue_new(&s, &x->engine[i]);

		m.map[0] = 0;
		m.map[1] = ~0u;
		put_store(&b, null + 0x1000, 7);
		put(&b, MI(MI_COPY_MEM_MEM, 3));
		put_addr(&b, m.addr + 4);
		put_addr(&b, null + 0x1000);
		put_store(&b, m.addr, VALUE);
		put(&b, MI_BATCH_END);
		run(&s, queue, m.addr + 64);
		must(m.map[0] == VALUE && m.map[1] == 0, "%s: 0x%x, read 0x%x",
		     engine_name(&x->engine[i]), m.map[0], m.map[1]);
		queue_end(x, queue);
	}
}

static void userptr(struct xe *x)
{
	uint32_t *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	struct space s;
	struct mem m;

	must(at != MAP_FAILED, "memory");
	space_new(&s, x, 0);
	m = (struct mem){ .addr = space_reserve(&s, 4 * PAGE), .size = 4 * PAGE, .map = at };
	bind_userptr(&s, at, m.addr, m.size);
	for (unsigned i = 0; i < x->engines; i++) {
		uint32_t queue = queue_new(&s, &x->engine[i]);

		run(&s, queue, store_batch(&m, 64, 3 * PAGE / 4 + i, VALUE + i));
		must(at[3 * PAGE / 4 + i] == VALUE + i, "%s: 0x%x", engine_name(&x->engine[i]),
		     at[3 * PAGE / 4 + i]);
		queue_end(x, queue);
	}
	unbind(&s, m.addr, m.size);
	space_end(&s);
}

/* User memory is replaced between two jobs: the second must meet the new pages. */
static void userptr_invalidate(struct xe *x)
{
	struct space s;
	struct mem code;
	uint32_t queue, *at;
	uint64_t addr;

	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(at != MAP_FAILED, "memory");
	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[0]);
	addr = space_reserve(&s, PAGE);
	bind_userptr(&s, at, addr, PAGE);
	for (uint32_t i = 0; i < 16; i++) {
		struct batch b = batch_at(&code, 0);

		put_store(&b, addr, VALUE + i);
		put(&b, MI_BATCH_END);
		run(&s, queue, code.addr);
		must(at[0] == VALUE + i, "round %u: 0x%x", i, at[0]);
		must(mmap(at, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at, "map again");
		must(at[0] == 0, "fresh memory is not empty");
	}
}

/* Jobs go round over queues; each has its own word. */
static void many_on(struct space *spaces, unsigned n, const engine_t *e, unsigned jobs)
{
	struct mem m[QUEUES];
	uint32_t queue[QUEUES];
	struct fence f[JOBS];
	unsigned stride = 32;

	for (unsigned q = 0; q < QUEUES; q++) {
		m[q] = mem_new(&spaces[q % n], PAGE + jobs * stride);
		queue[q] = queue_new(&spaces[q % n], e);
	}
	for (unsigned j = 0; j < jobs; j++) {
		unsigned q = j % QUEUES;

		fence_new(&f[j], &spaces[q % n]);
		submit(&spaces[q % n], queue[q],
		       store_batch(&m[q], PAGE + j * stride, j, VALUE + j), &f[j]);
	}
	for (unsigned j = 0; j < jobs; j++) {
		int r = fence_wait(&f[j], WAIT_MS);

		must(r == 0, "%s: job %u: %d", engine_name(e), j, r);
		must(m[j % QUEUES].map[j] == VALUE + j, "%s: job %u stored 0x%x", engine_name(e), j,
		     m[j % QUEUES].map[j]);
		fence_end(&f[j]);
	}
	for (unsigned q = 0; q < QUEUES; q++) {
		queue_end(spaces->x, queue[q]);
		mem_end(&spaces[q % n], &m[q]);
	}
}

static void many_queues(struct xe *x)
{
	struct space s;

	space_new(&s, x, 0);
	for (unsigned i = 0; i < x->engines; i++)
		many_on(&s, 1, &x->engine[i], JOBS);
	space_end(&s);
}

static void many_queues_many_vm(struct xe *x)
{
	struct space s[QUEUES];

	for (unsigned i = 0; i < QUEUES; i++)
		space_new(&s[i], x, 0);
	for (unsigned i = 0; i < x->engines; i++)
		many_on(s, QUEUES, &x->engine[i], JOBS);
	for (unsigned i = 0; i < QUEUES; i++)
		space_end(&s[i]);
}

/* Thousands of queues at once, as many as the VF's context ids allow; each runs a job. */
static void thousands(struct xe *x)
{
	static uint32_t queue[MANY];
	struct space s;
	struct mem m;
	unsigned n = 0;
	int r = 0;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE + MANY * 4 + MANY * 32);
	while (n < MANY && (r = try_queue(&s, &x->engine[n % x->engines], 1, 1, 0, &queue[n])) == 0)
		n++;
	must(n >= 512, "only %u queues: %d", n, r);
	for (unsigned i = 0; i < n; i++)
		submit(&s, queue[i], store_batch(&m, PAGE + MANY * 4 + i * 32, i, VALUE + i), NULL);
	for (unsigned i = 0; i < n; i++)
		must(becomes(&m.map[i], VALUE + i, WAIT_MS), "queue %u of %u stored 0x%x", i, n,
		     m.map[i]);
	for (unsigned i = 0; i < n; i++)
		queue_end(x, queue[i]);
}

/* Every page, every cacheline of a page. */
static void page_sized(struct xe *x)
{
	struct space s;
	struct mem code, data;
	unsigned pages = 64;

	space_new(&s, x, 0);
	code = mem_new(&s, 4 * PAGE);
	data = mem_new(&s, pages * PAGE);
	for (unsigned i = 0; i < x->engines; i++) {
		struct batch b = batch_at(&code, 0);
		uint32_t queue = queue_new(&s, &x->engine[i]), value = VALUE + 256 * i;

		for (unsigned p = 0; p < pages; p++)
			put_store(&b, data.addr + p * PAGE + p * 64 % PAGE, value + p);
		for (unsigned l = 0; l < PAGE / 64; l++)
			put_store64(&b, data.addr + l * 64 + 8, (uint64_t)value << 32 | l);
		put(&b, MI_BATCH_END);
		run(&s, queue, code.addr);
		for (unsigned p = 0; p < pages; p++)
			must(data.map[(p * PAGE + p * 64 % PAGE) / 4] == value + p, "%s: page %u",
			     engine_name(&x->engine[i]), p);
		for (unsigned l = 0; l < PAGE / 64; l++)
			must(data.map[l * 16 + 2] == l && data.map[l * 16 + 3] == value,
			     "%s: line %u", engine_name(&x->engine[i]), l);
		queue_end(x, queue);
	}
}

/* A buffer that large pages map: each end of it is reached. */
static void large_pages(struct xe *x)
{
	uint64_t size = 16 << 20, addr = 1ull << 32;
	struct space s;
	struct mem code;
	uint32_t bo, *map;

	space_new(&s, x, 0);
	code = mem_new(&s, PAGE);
	bo = bo_new(&s, size, x->system, DRM_XE_GEM_CPU_CACHING_WB);
	bind_bo(&s, bo, addr, size);
	map = bo_map(x, bo, size);
	for (unsigned i = 0; i < x->engines; i++) {
		struct batch b = batch_at(&code, 0);
		uint32_t queue = queue_new(&s, &x->engine[i]);

		for (uint64_t at = 0; at < size; at += 1 << 20)
			put_store(&b, addr + at + 4 * i, VALUE + (uint32_t)(at >> 20) + i);
		put(&b, MI_BATCH_END);
		run(&s, queue, code.addr);
		for (uint64_t at = 0; at < size; at += 1 << 20)
			must(map[at / 4 + i] == VALUE + (uint32_t)(at >> 20) + i, "%s: at 0x%llx",
			     engine_name(&x->engine[i]), (unsigned long long)at);
		queue_end(x, queue);
	}
}

/* Many processes, each with its own device, spaces and queues. */
static void processes(struct xe *x)
{
	int pids[PROCESSES];

	(void)x;
	for (unsigned p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p] == 0) {
			struct xe own;
			struct space s;

			xe_open(&own);
			space_new(&s, &own, 0);
			for (unsigned i = 0; i < own.engines; i++)
				many_on(&s, 1, &own.engine[(i + p) % own.engines], 64);
			_exit(0);
		}
		must(pids[p] > 0, "fork");
	}
	must_end_well(pids, PROCESSES);
}

/* Create, bind, run, destroy again and again: ids and page tables are used anew. */
static void churn(struct xe *x)
{
	for (unsigned i = 0; i < 24; i++) {
		struct space s;

		space_new(&s, x, 0);
		store_on(&s, &x->engine[i % x->engines], VALUE + i);
		space_end(&s);
	}
}

const struct subtest exec_tests[] = {
	{ "xe_exec_basic@once-basic", once_basic },
	{ "xe_exec_basic@once-scratch", once_scratch },
	{ "xe_exec_basic@once-null", once_null },
	{ "xe_exec_basic@once-userptr", userptr },
	{ "xe_exec_basic@once-userptr-invalidate", userptr_invalidate },
	{ "xe_exec_basic@once-vram", once_vram },
	{ "xe_exec_basic@many-execqueues-basic", many_queues },
	{ "xe_exec_basic@many-execqueues-many-vm-basic", many_queues_many_vm },
	{ "xe_exec_compute_mode@once-basic", once_lr },
	{ "xe_exec_store@page-sized", page_sized },
	{ "xe_exec_store@large-pages", large_pages },
	{ "xe_exec_queues@thousands", thousands },
	{ "xe_exec_processes@many", processes },
	{ "xe_create@churn", churn },
	{ 0 },
};
