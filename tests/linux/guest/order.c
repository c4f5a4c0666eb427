/* SPDX-License-Identifier: MIT */
/* Who runs when: spinners, preemption, time slices, priorities, semaphores. */
#include <string.h>

#include "batch.h"
#include "test.h"

#define STATE    1024u /* bytes from one spinner to the next */
#define SPINNERS 4u
#define WATCH_MS 1000u

static volatile uint32_t *state(const struct mem *m, unsigned i)
{
	return (volatile uint32_t *)m->map + i * STATE / 4;
}

/* A spinner runs on each engine at once, then all end. */
static void spin_all(struct xe *x)
{
	struct space s;
	struct mem m;
	struct fence f[ENGINES_MAX];

	space_new(&s, x, 0);
	m = mem_new(&s, ENGINES_MAX * STATE);
	for (unsigned i = 0; i < x->engines; i++) {
		fence_new(&f[i], &s);
		submit(&s, queue_new(&s, &x->engine[i]), put_spinner(&m, i * STATE), &f[i]);
	}
	for (unsigned i = 0; i < x->engines; i++)
		must(becomes(&state(&m, i)[SPIN_STARTED], 1, WAIT_MS), "%s does not start",
		     engine_name(&x->engine[i]));
	for (unsigned i = 0; i < x->engines; i++)
		must(fence_wait(&f[i], 0) != 0, "%s ended unasked", engine_name(&x->engine[i]));
	for (unsigned i = 0; i < x->engines; i++)
		state(&m, i)[SPIN_GO_ON] = 0;
	for (unsigned i = 0; i < x->engines; i++)
		must(fence_wait(&f[i], WAIT_MS) == 0, "%s does not end", engine_name(&x->engine[i]));
}

/* An endless job must not keep others of the engine from running. */
static void others_run(struct xe *x)
{
	for (unsigned i = 0; i < x->engines; i++) {
		const engine_t *e = &x->engine[i];
		struct space s;
		struct mem m;
		struct fence f;
		struct batch b;
		uint32_t spin, queue, before;
		uint64_t began, took;

		space_new(&s, x, 0);
		m = mem_new(&s, 2 * PAGE);
		spin = queue_new(&s, e);
		queue = queue_new(&s, e);
		fence_new(&f, &s);
		submit(&s, spin, put_spinner(&m, 0), &f);
		must(becomes(&state(&m, 0)[SPIN_STARTED], 1, WAIT_MS), "no spinner");
		b = batch_at(&m, PAGE + 64);
		put_store(&b, m.addr + PAGE, 1);
		put(&b, MI_BATCH_END);
		began = now_ms();
		run(&s, queue, m.addr + PAGE + 64);
		took = now_ms() - began;
		must(m.map[PAGE / 4] == 1, "%s: nothing stored", engine_name(e));
		must(took < 2000, "%s: waited %u ms behind a spinner", engine_name(e), (unsigned)took);
		before = state(&m, 0)[SPIN_COUNT];
		sleep_ms(100);
		must(state(&m, 0)[SPIN_COUNT] != before, "%s: the spinner stands", engine_name(e));
		state(&m, 0)[SPIN_GO_ON] = 0;
		must(fence_wait(&f, WAIT_MS) == 0, "%s: the spinner does not end", engine_name(e));
		queue_end(x, spin);
		queue_end(x, queue);
		space_end(&s);
	}
}

/* Spinners on one engine with a property of their own each; how much each counts. */
static void watch(struct xe *x, const engine_t *e, const uint32_t *property,
		  const uint64_t *value, unsigned n, uint32_t *count)
{
	struct space s;
	struct mem m;
	struct fence f[SPINNERS];
	uint32_t queue[SPINNERS];

	space_new(&s, x, 0);
	m = mem_new(&s, SPINNERS * STATE);
	for (unsigned i = 0; i < n; i++) {
		int r = try_queue_with(&s, e, property[i], value[i], &queue[i]);

		must(r == 0, "%s: property %u = %u: %s", engine_name(e), property[i],
		     (unsigned)value[i], strerror(-r));
		fence_new(&f[i], &s);
	}
	/* The first one runs while the others are submitted: not for as long as a job may. */
	for (unsigned i = 0; i < n; i++)
		submit(&s, queue[i], put_spinner(&m, i * STATE), &f[i]);
	sleep_ms(200);
	for (unsigned i = 0; i < n; i++)
		count[i] = state(&m, i)[SPIN_COUNT];
	sleep_ms(WATCH_MS);
	for (unsigned i = 0; i < n; i++)
		count[i] = state(&m, i)[SPIN_COUNT] - count[i];
	for (unsigned i = 0; i < n; i++)
		state(&m, i)[SPIN_GO_ON] = 0;
	for (unsigned i = 0; i < n; i++) {
		must(fence_wait(&f[i], WAIT_MS) == 0, "%s: spinner %u does not end",
		     engine_name(e), i);
		queue_end(x, queue[i]);
	}
	space_end(&s);
}

/* Equal ones share the engine. */
static void fair(struct xe *x)
{
	static const uint32_t property[SPINNERS] = {
		DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY, DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY,
		DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY, DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY,
	};
	static const uint64_t value[SPINNERS] = { 1, 1, 1, 1 };
	uint32_t count[SPINNERS];

	for (unsigned i = 0; i < x->engines; i++) {
		uint32_t least = UINT32_MAX, most = 0;

		watch(x, &x->engine[i], property, value, SPINNERS, count);
		for (unsigned k = 0; k < SPINNERS; k++) {
			least = count[k] < least ? count[k] : least;
			most = count[k] > most ? count[k] : most;
		}
		must(least && most / 8 <= least, "%s: %u %u %u %u", engine_name(&x->engine[i]),
		     count[0], count[1], count[2], count[3]);
	}
}

/* The higher priority has the engine. */
static void priority(struct xe *x)
{
	static const uint32_t property[] = {
		DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY, DRM_XE_EXEC_QUEUE_SET_PROPERTY_PRIORITY,
	};
	static const uint64_t value[] = { 0, 2 };
	uint32_t count[2];

	for (unsigned i = 0; i < x->engines; i++) {
		watch(x, &x->engine[i], property, value, 2, count);
		must(count[1] && count[0] < count[1] / 4, "%s: low %u, high %u",
		     engine_name(&x->engine[i]), count[0], count[1]);
	}
}

/* A longer time slice gives a larger share. */
static void timeslice(struct xe *x)
{
	static const uint32_t property[] = {
		DRM_XE_EXEC_QUEUE_SET_PROPERTY_TIMESLICE, DRM_XE_EXEC_QUEUE_SET_PROPERTY_TIMESLICE,
	};
	static const uint64_t value[] = { 1000, 50000 }; /* us */
	uint32_t count[2];

	watch(x, &x->engine[0], property, value, 2, count);
	must(count[0] && count[1] > 2 * count[0], "short %u, long %u", count[0], count[1]);
}

/* The CPU lets a job go on that waits in the middle of its batch. */
static void cpu_release(struct xe *x)
{
	for (unsigned i = 0; i < x->engines; i++) {
		struct space s;
		struct mem m;
		struct fence f;
		struct batch b;
		uint32_t queue;

		space_new(&s, x, 0);
		m = mem_new(&s, PAGE);
		queue = queue_new(&s, &x->engine[i]);
		b = batch_at(&m, 64);
		put_store(&b, m.addr, 1);
		put_wait(&b, SEM_EQUAL, m.addr + 4, 0xABCD);
		put_store(&b, m.addr, 2);
		put(&b, MI_BATCH_END);
		fence_new(&f, &s);
		submit(&s, queue, m.addr + 64, &f);
		must(becomes(&m.map[0], 1, WAIT_MS), "%s does not start", engine_name(&x->engine[i]));
		sleep_ms(50);
		must(m.map[0] == 1, "%s did not wait", engine_name(&x->engine[i]));
		*(volatile uint32_t *)&m.map[1] = 0xABCD;
		must(fence_wait(&f, WAIT_MS) == 0, "%s is stuck", engine_name(&x->engine[i]));
		must(m.map[0] == 2, "%s: not stored after the wait", engine_name(&x->engine[i]));
		queue_end(x, queue);
	}
}

/* Each comparison of a semaphore, true at once and true later. */
static void comparisons(struct xe *x)
{
	static const struct { enum semaphore_op op; uint32_t no, yes; } rows[] = {
		{ SEM_GREATER, 10, 11 }, { SEM_GREATER_EQUAL, 9, 10 }, { SEM_LESS, 10, 9 },
		{ SEM_LESS_EQUAL, 11, 10 }, { SEM_EQUAL, 9, 10 }, { SEM_NOT_EQUAL, 10, 11 },
	};
	struct space s;
	struct mem m;
	uint32_t queue;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[0]);
	for (unsigned i = 0; i < 6; i++) {
		volatile uint32_t *word = m.map;
		struct batch b = batch_at(&m, 64);
		struct fence f;

		put_wait(&b, rows[i].op, m.addr, 10);
		put(&b, MI_BATCH_END);
		word[0] = rows[i].yes;
		run(&s, queue, m.addr + 64);
		word[0] = rows[i].no;
		fence_new(&f, &s);
		submit(&s, queue, m.addr + 64, &f);
		must(fence_wait(&f, 100) != 0, "comparison %u does not wait", i);
		word[0] = rows[i].yes;
		must(fence_wait(&f, WAIT_MS) == 0, "comparison %u is stuck", i);
	}
}

/* One queue waits for what another stores, on the same engine and on any other. */
static void between_queues(struct xe *x)
{
	for (unsigned i = 0; i < x->engines; i++)
		for (unsigned k = 0; k < x->engines; k++) {
			struct space s;
			struct mem m;
			struct fence f;
			struct batch b;

			space_new(&s, x, 0);
			m = mem_new(&s, PAGE);
			b = batch_at(&m, 64);
			put_wait(&b, SEM_GREATER_EQUAL, m.addr, 3);
			put_store(&b, m.addr + 4, 1);
			put(&b, MI_BATCH_END);
			fence_new(&f, &s);
			submit(&s, queue_new(&s, &x->engine[i]), m.addr + 64, &f);
			b = batch_at(&m, 512);
			for (unsigned n = 0; n < 3; n++)
				put_atomic(&b, ATOMIC_INC, m.addr);
			put(&b, MI_BATCH_END);
			run(&s, queue_new(&s, &x->engine[k]), m.addr + 512);
			must(fence_wait(&f, WAIT_MS) == 0, "engine %u does not hear of %u", i, k);
			must(m.map[1] == 1, "not stored");
			space_end(&s);
		}
}

const struct subtest order_tests[] = {
	{ "xe_spin_batch@spin-all", spin_all },
	{ "preempt@others-run", others_run },
	{ "preempt@fair", fair },
	{ "preempt@priority", priority },
	{ "preempt@timeslice", timeslice },
	{ "semaphore@cpu-release", cpu_release },
	{ "semaphore@comparisons", comparisons },
	{ "semaphore@between-queues", between_queues },
	{ 0 },
};
