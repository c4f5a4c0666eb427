/* SPDX-License-Identifier: MIT */
/* What goes wrong on purpose: hangs, bad addresses, processes that leave while their
 * jobs run. The guilty queue is banned, others go on, new ones work. The driver
 * complains about most of these: the runner knows with what words. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "test.h"

#define HANG_MS    40000
#define NOWHERE    0x7f0000000000ull
#define FAULT_MODE (DRM_XE_VM_CREATE_FLAG_LR_MODE | DRM_XE_VM_CREATE_FLAG_FAULT_MODE)

static void works(struct space *s, const engine_t *e)
{
	struct mem m = mem_new(s, PAGE);
	struct batch b = batch_at(&m, 64);
	uint32_t queue = queue_new(s, e);

	put_store(&b, m.addr, 0x600d);
	put(&b, MI_BATCH_END);
	run(s, queue, m.addr + 64);
	must(m.map[0] == 0x600d, "%s does not work any more", engine_name(e));
	queue_end(s->x, queue);
	mem_end(s, &m);
}

/* An endless job: it ends with an error, its queue is banned. */
static void hang_on(struct xe *x, const engine_t *e)
{
	struct space s;
	struct mem m;
	struct fence f;
	uint32_t queue, other;
	struct batch b;
	uint64_t end = now_ms() + HANG_MS;
	int r;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, e);
	other = queue_new(&s, e);
	fence_new(&f, &s);
	submit(&s, queue, put_spinner(&m, 0), &f);
	r = fence_wait(&f, HANG_MS);
	must(r != -ETIME, "%s: the hung job does not end", engine_name(e));
	while (!queue_banned(x, queue) && now_ms() < end)
		sleep_ms(10);
	must(queue_banned(x, queue), "%s: the queue is not banned", engine_name(e));
	b = batch_at(&m, 2048);
	put(&b, MI_BATCH_END);
	r = try_exec(x, queue, m.addr + 2048, NULL, 0);
	must(r == -ECANCELED, "%s: submitting to a banned queue: %d", engine_name(e), r);
	must(!queue_banned(x, other), "%s: another queue is banned", engine_name(e));
	run(&s, other, m.addr + 2048);
	works(&s, e);
	space_end(&s);
}

static void hang(struct xe *x)
{
	hang_on(x, &x->engine[0]);
}

static void hang_others(struct xe *x)
{
	for (unsigned i = 1; i < x->engines; i++)
		hang_on(x, &x->engine[i]);
}

/* A semaphore that nobody releases hangs as well. */
static void hang_semaphore(struct xe *x)
{
	struct space s;
	struct mem m;
	struct fence f;
	struct batch b;
	uint32_t queue;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[0]);
	b = batch_at(&m, 64);
	put_wait(&b, SEM_EQUAL, m.addr, 1);
	put(&b, MI_BATCH_END);
	fence_new(&f, &s);
	submit(&s, queue, m.addr + 64, &f);
	must(fence_wait(&f, HANG_MS) != -ETIME, "does not end");
	works(&s, &x->engine[0]);
}

/* A store to where nothing is. */
static void bad_address(struct xe *x)
{
	for (unsigned i = 0; i < x->engines; i++) {
		const engine_t *e = &x->engine[i];
		uint64_t end = now_ms() + HANG_MS;
		struct space s;
		struct mem m;
		struct fence f;
		struct batch b;
		uint32_t queue;

		space_new(&s, x, 0);
		m = mem_new(&s, PAGE);
		queue = queue_new(&s, e);
		b = batch_at(&m, 64);
		put_store(&b, NOWHERE, 1);
		put_store(&b, m.addr, 1);
		put(&b, MI_BATCH_END);
		fence_new(&f, &s);
		submit(&s, queue, m.addr + 64, &f);
		must(fence_wait(&f, HANG_MS) != -ETIME, "%s: the job does not end", engine_name(e));
		while (!queue_banned(x, queue) && now_ms() < end)
			sleep_ms(10);
		must(queue_banned(x, queue), "%s: the queue is not banned", engine_name(e));
		must(m.map[0] == 0, "%s: went on after the fault", engine_name(e));
		works(&s, e);
		space_end(&s);
	}
}

/* A fault that the driver can't resolve: the same as a bad address. */
static void bad_fault(struct xe *x)
{
	uint64_t end = now_ms() + HANG_MS;
	struct space s;
	struct mem m;
	struct fence f;
	struct batch b;
	uint32_t queue;
	int r = try_space_new(&s, x, FAULT_MODE);

	if (r)
		skip("no fault mode: %s", strerror(-r));
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[0]);
	b = batch_at(&m, 64);
	put_store(&b, NOWHERE, 1);
	put_store(&b, m.addr, 1);
	put(&b, MI_BATCH_END);
	fence_new(&f, &s);
	submit(&s, queue, m.addr + 64, &f);
	while (!queue_banned(x, queue) && now_ms() < end)
		sleep_ms(10);
	must(queue_banned(x, queue), "the queue is not banned");
	must(m.map[0] == 0, "went on after the fault");
	works(&s, &x->engine[0]);
}

/* A process goes while its jobs run, all its files with it. */
static void leave(struct xe *x)
{
	struct space s;
	int pid;

	for (unsigned n = 0; n < 4; n++) {
		pid = fork();
		must(pid >= 0, "fork");
		if (pid == 0) {
			struct xe own;
			struct space mine;
			struct mem m;

			xe_open(&own);
			space_new(&mine, &own, 0);
			m = mem_new(&mine, ENGINES_MAX * 1024);
			for (unsigned i = 0; i < own.engines; i++)
				submit(&mine, queue_new(&mine, &own.engine[i]),
				       put_spinner(&m, i * 1024), NULL);
			for (unsigned i = 0; i < own.engines; i++)
				must(becomes(&m.map[i * 256 + SPIN_STARTED], 1, WAIT_MS),
				     "%s does not start", engine_name(&own.engine[i]));
			_exit(0);
		}
		must_end_well(&pid, 1);
	}
	space_new(&s, x, 0);
	for (unsigned i = 0; i < x->engines; i++)
		works(&s, &x->engine[i]);
}

const struct subtest hang_tests[] = {
	{ "xe_exec_reset@close-fd", leave },
	{ "xe_exec_reset@cat-error", bad_address },
	{ "xe_exec_reset@invalid-fault", bad_fault },
	{ "xe_exec_reset@hang", hang },
	{ "xe_exec_reset@hang-others", hang_others },
	{ "xe_exec_reset@hang-semaphore", hang_semaphore },
	{ 0 },
};
