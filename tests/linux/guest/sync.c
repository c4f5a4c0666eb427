/* SPDX-License-Identifier: MIT */
/* Sync objects, timelines, words in memory. */
#include <errno.h>
#include <string.h>

#include "batch.h"
#include "test.h"

#define CHAIN 32u

/* Each job waits for the one before, on another engine each time. */
static void chain(struct xe *x)
{
	struct space s;
	struct mem m;
	uint32_t queue[ENGINES_MAX], obj[CHAIN];

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE + CHAIN * 128);
	for (unsigned i = 0; i < x->engines; i++)
		queue[i] = queue_new(&s, &x->engine[i]);
	for (unsigned j = 0; j < CHAIN; j++) {
		struct batch b = batch_at(&m, PAGE + j * 128);
		struct drm_xe_sync syncs[2] = {
			{ .type = DRM_XE_SYNC_TYPE_SYNCOBJ, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
			  .handle = obj[j] = syncobj_new(x, false) },
			{ .type = DRM_XE_SYNC_TYPE_SYNCOBJ, .handle = j ? obj[j - 1] : 0 },
		};

		/* m[0] counts, m[1 + j] keeps the count that job j found. */
		put(&b, MI(MI_COPY_MEM_MEM, 3));
		put_addr(&b, m.addr + 4 * (1 + j));
		put_addr(&b, m.addr);
		put_atomic(&b, ATOMIC_INC, m.addr);
		put(&b, MI_BATCH_END);
		must(try_exec(x, queue[j % x->engines], m.addr + PAGE + j * 128, syncs,
			      j ? 2 : 1) == 0, "submit job %u", j);
	}
	must(syncobj_wait(x, obj[CHAIN - 1], 0, WAIT_MS) == 0, "the chain does not end");
	for (unsigned j = 0; j < CHAIN; j++)
		must(m.map[1 + j] == j, "job %u was number %u", j, m.map[1 + j]);
}

/* A job waits for a point that the CPU signals. */
static void timeline(struct xe *x)
{
	struct space s;
	struct mem m;
	struct batch b;
	uint32_t line = syncobj_new(x, false);
	struct drm_xe_sync syncs[2] = {
		{ .type = DRM_XE_SYNC_TYPE_TIMELINE_SYNCOBJ, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
		  .handle = line },
		{ .type = DRM_XE_SYNC_TYPE_TIMELINE_SYNCOBJ, .handle = line },
	};
	uint32_t queue;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[0]);
	b = batch_at(&m, 64);
	put_atomic(&b, ATOMIC_INC, m.addr);
	put(&b, MI_BATCH_END);
	for (unsigned p = 1; p <= 8; p++) {
		syncs[0].timeline_value = p;
		syncs[1].timeline_value = p - 1;
		must(try_exec(x, queue, m.addr + 64, syncs, p > 1 ? 2 : 1) == 0, "submit %u", p);
	}
	must(syncobj_wait(x, line, 8, WAIT_MS) == 0, "point 8 does not come");
	must(m.map[0] == 8, "%u jobs ran", m.map[0]);
	must(syncobj_wait(x, line, 9, 50) == -ETIME, "point 9 came of itself");
	syncobj_signal(x, line, 9);
	must(syncobj_wait(x, line, 9, WAIT_MS) == 0, "point 9 does not come");
}

/* A word in memory, written by the job's end. */
static void word(struct xe *x)
{
	struct space s;
	struct mem m;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	for (unsigned i = 0; i < x->engines; i++) {
		struct batch b = batch_at(&m, 64);
		volatile uint64_t *at = (volatile uint64_t *)m.map + 1;
		struct drm_xe_sync sync = {
			.type = DRM_XE_SYNC_TYPE_USER_FENCE, .flags = DRM_XE_SYNC_FLAG_SIGNAL,
			.addr = m.addr + 8, .timeline_value = 0x123456789abcull + i,
		};
		uint32_t queue = queue_new(&s, &x->engine[i]);
		int r;

		put_store(&b, m.addr, i + 1);
		put(&b, MI_BATCH_END);
		must(word_wait(x, at, sync.timeline_value, queue, 20) == -ETIME, "there already");
		must(try_exec(x, queue, m.addr + 64, &sync, 1) == 0, "submit");
		r = word_wait(x, at, sync.timeline_value, queue, WAIT_MS);
		must(r == 0, "%s: the word does not come: %s, 0x%llx", engine_name(&x->engine[i]),
		     strerror(-r), (unsigned long long)*at);
		must(m.map[0] == i + 1, "the word came before the store");
		queue_end(x, queue);
	}
}

/* Nothing to run but a sync. */
static void empty(struct xe *x)
{
	struct space s;
	uint32_t out = syncobj_new(x, false);
	struct drm_xe_sync sync = { .type = DRM_XE_SYNC_TYPE_SYNCOBJ,
				    .flags = DRM_XE_SYNC_FLAG_SIGNAL, .handle = out };
	int r;

	space_new(&s, x, 0);
	r = try_exec_wide(x, queue_new(&s, &x->engine[0]), NULL, 0, &sync, 1);
	must(r == 0, "submit nothing: %s", strerror(-r));
	must(syncobj_wait(x, out, 0, WAIT_MS) == 0, "nothing does not end");
}

const struct subtest sync_tests[] = {
	{ "sync@chain-over-engines", chain },
	{ "sync@timeline", timeline },
	{ "xe_waitfence@engine", word },
	{ "xe_exec_basic@no-exec", empty },
	{ 0 },
};
