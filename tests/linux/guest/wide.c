/* SPDX-License-Identifier: MIT */
/* Parallel queues (several batches side by side) and virtual ones (any engine of
 * several); both need two engines of a class on one GT. */
#include <string.h>

#include "batch.h"
#include "test.h"

#define WIDTH 2u
#define JOBS  24u

/* Two engines of one class, or skip. */
static void pair(const struct xe *x, engine_t *two)
{
	for (unsigned i = 0; i + 1 < x->engines; i++)
		if (x->engine[i].engine_class == x->engine[i + 1].engine_class &&
		    x->engine[i].gt_id == x->engine[i + 1].gt_id) {
			two[0] = x->engine[i];
			two[1] = x->engine[i + 1];
			return;
		}
	skip("no two engines of a class");
}

static uint32_t wide_queue(struct space *s, unsigned width, unsigned placements)
{
	engine_t two[2];
	uint32_t queue;
	int r;

	pair(s->x, two);
	r = try_queue(s, two, width, placements, 0, &queue);
	must(r == 0, "queue of width %u: %s", width, strerror(-r));
	return queue;
}

static void parallel_in(struct xe *x, uint32_t flags)
{
	struct space s;
	struct mem m;
	struct fence f[JOBS]; /* kept: every batch's ring writes the word of such a space */
	uint32_t queue;

	space_new(&s, x, flags);
	queue = wide_queue(&s, WIDTH, 1);
	m = mem_new(&s, (JOBS * WIDTH + 1) * 256);
	for (unsigned j = 0; j < JOBS; j++) {
		uint64_t addr[WIDTH];
		struct drm_xe_sync sync;

		for (unsigned w = 0; w < WIDTH; w++) {
			unsigned at = (j * WIDTH + w) * 256;
			struct batch b = batch_at(&m, at + 64);

			put_store(&b, m.addr + at, 0x1000 * j + w + 1);
			put(&b, MI_BATCH_END);
			addr[w] = m.addr + at + 64;
		}
		fence_new(&f[j], &s);
		sync = fence_sync(&f[j]);
		must(try_exec_wide(x, queue, addr, WIDTH, &sync, 1) == 0, "submit job %u", j);
		must(fence_wait(&f[j], WAIT_MS) == 0, "job %u does not end", j);
		for (unsigned w = 0; w < WIDTH; w++)
			must(m.map[(j * WIDTH + w) * 64] == 0x1000 * j + w + 1,
			     "job %u, batch %u: 0x%x", j, w, m.map[(j * WIDTH + w) * 64]);
	}
	queue_end(x, queue);
}

static void parallel(struct xe *x)
{
	parallel_in(x, 0);
}

static void parallel_lr(struct xe *x)
{
	parallel_in(x, DRM_XE_VM_CREATE_FLAG_LR_MODE);
}

/* The fence comes when all batches have ended, whichever is last: batch `late`
 * waits for the CPU, its partner is through at once. */
static void all_ends(struct xe *x)
{
	struct space s;
	struct mem m;
	uint32_t queue;

	space_new(&s, x, 0);
	queue = wide_queue(&s, WIDTH, 1);
	m = mem_new(&s, PAGE);
	for (unsigned late = 0; late < WIDTH; late++) {
		volatile uint32_t *word = m.map;
		uint64_t addr[WIDTH];
		struct fence f;
		struct drm_xe_sync sync;

		memset(m.map, 0, 64);
		for (unsigned w = 0; w < WIDTH; w++) {
			struct batch b = batch_at(&m, 256 * (w + 1));

			if (w == late)
				put_wait(&b, SEM_EQUAL, m.addr + 32, 1);
			put_store(&b, m.addr + 4 * w, 1);
			put(&b, MI_BATCH_END);
			addr[w] = m.addr + 256 * (w + 1);
		}
		fence_new(&f, &s);
		sync = fence_sync(&f);
		must(try_exec_wide(x, queue, addr, WIDTH, &sync, 1) == 0, "submit");
		must(becomes(&m.map[1 - late], 1, WAIT_MS), "batch %u does not run", 1 - late);
		must(fence_wait(&f, 200) != 0, "the fence came while batch %u runs", late);
		must(word[late] == 0, "batch %u did not wait", late);
		word[8] = 1;
		must(fence_wait(&f, WAIT_MS) == 0, "does not end");
		must(word[0] == 1 && word[1] == 1, "not both stored");
	}
	queue_end(x, queue);
}

/* The batches of a job run side by side: each waits for what the other stores. */
static void side_by_side(struct xe *x)
{
	struct space s;
	struct mem m;
	uint32_t queue;
	uint64_t addr[WIDTH];
	struct fence f;
	struct drm_xe_sync sync;

	space_new(&s, x, 0);
	queue = wide_queue(&s, WIDTH, 1);
	m = mem_new(&s, PAGE);
	for (unsigned w = 0; w < WIDTH; w++) {
		struct batch b = batch_at(&m, 512 * (w + 1));

		for (unsigned n = 1; n <= 4; n++) {
			put_store(&b, m.addr + 4 * w, n);
			put_wait(&b, SEM_GREATER_EQUAL, m.addr + 4 * (1 - w), n);
		}
		put(&b, MI_BATCH_END);
		addr[w] = m.addr + 512 * (w + 1);
	}
	fence_new(&f, &s);
	sync = fence_sync(&f);
	must(try_exec_wide(x, queue, addr, WIDTH, &sync, 1) == 0, "submit");
	must(fence_wait(&f, WAIT_MS) == 0, "the batches wait for each other: %u %u", m.map[0],
	     m.map[1]);
	must(m.map[0] == 4 && m.map[1] == 4, "%u %u", m.map[0], m.map[1]);
	queue_end(x, queue);
}

/* Memory is unbound as soon as the fence comes: no batch may still need it. */
static void unbind_after(struct xe *x)
{
	struct space s;
	uint32_t queue;

	space_new(&s, x, 0);
	queue = wide_queue(&s, WIDTH, 1);
	for (unsigned j = 0; j < JOBS; j++) {
		struct mem m = mem_new(&s, PAGE);
		uint64_t addr[WIDTH];
		struct fence f;
		struct drm_xe_sync sync;

		for (unsigned w = 0; w < WIDTH; w++) {
			struct batch b = batch_at(&m, 1024 + 1024 * w);

			for (unsigned n = 0; n < 10 + 40 * w; n++)
				put_atomic(&b, ATOMIC_INC, m.addr + 4 * w);
			put(&b, MI_BATCH_END);
			addr[w] = m.addr + 1024 + 1024 * w;
		}
		fence_new(&f, &s);
		sync = fence_sync(&f);
		must(try_exec_wide(x, queue, addr, WIDTH, &sync, 1) == 0, "submit job %u", j);
		must(fence_wait(&f, WAIT_MS) == 0, "job %u does not end", j);
		must(m.map[0] == 10 && m.map[1] == 50, "job %u: %u %u", j, m.map[0], m.map[1]);
		mem_end(&s, &m);
		fence_end(&f);
	}
	must(!queue_banned(x, queue), "the queue is banned");
}

static void virtual(struct xe *x)
{
	struct space s;
	struct mem m;
	uint32_t queue[4];
	struct fence f[JOBS];

	space_new(&s, x, 0);
	m = mem_new(&s, JOBS * 256);
	for (unsigned q = 0; q < 4; q++)
		queue[q] = wide_queue(&s, 1, WIDTH);
	for (unsigned j = 0; j < JOBS; j++) {
		struct batch b = batch_at(&m, j * 256 + 64);

		put_store(&b, m.addr + j * 256, j + 1);
		put(&b, MI_BATCH_END);
		fence_new(&f[j], &s);
		submit(&s, queue[j % 4], m.addr + j * 256 + 64, &f[j]);
	}
	for (unsigned j = 0; j < JOBS; j++) {
		must(fence_wait(&f[j], WAIT_MS) == 0, "job %u does not end", j);
		must(m.map[j * 64] == j + 1, "job %u: 0x%x", j, m.map[j * 64]);
	}
}

const struct subtest wide_tests[] = {
	{ "xe_exec_balancer@many-parallel-basic", parallel },
	{ "xe_exec_balancer@many-cm-parallel-basic", parallel_lr },
	{ "xe_exec_balancer@many-virtual-basic", virtual },
	{ "parallel@fence-after-all", all_ends },
	{ "parallel@side-by-side", side_by_side },
	{ "parallel@unbind-after-fence", unbind_after },
	{ 0 },
};
