/* SPDX-License-Identifier: MIT */
/* Work for a guest that is being migrated: `load` keeps all engines busy from
 * several processes and checks every result; `block` stands in the middle of
 * batches until a file appears; `drop` lets queues go then that are idle, `late` uses
 * its queue for the first time. Each line that they print is a fact; the last one begins
 * with the mode. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch.h"
#include "test.h"

#define KEEP  6u /* queues that live long, of each process */
#define DEPTH 4u /* jobs under way in each of them */
#define SLOT  256u
#define JOB_MS 60000

static uint64_t job_batch(const struct mem *m, unsigned slot, uint32_t value)
{
	struct batch b = batch_at(m, slot * SLOT + 32);

	for (unsigned i = 0; i < 4; i++)
		put_store(&b, m->addr + slot * SLOT + 4 * i, value + i);
	put(&b, MI_BATCH_END);
	return m->addr + slot * SLOT + 32;
}

static void check(const struct mem *m, unsigned slot, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		must(m->map[slot * SLOT / 4 + i] == value + i, "slot %u word %u: 0x%x, not 0x%x",
		     slot, i, m->map[slot * SLOT / 4 + i], value + i);
}

/* A space, a buffer, a queue and a job that live shortly. */
static void short_lived(struct xe *x, unsigned round)
{
	struct space s;
	struct mem m;
	uint32_t queue;

	space_new(&s, x, 0);
	m = mem_new(&s, PAGE);
	queue = queue_new(&s, &x->engine[round % x->engines]);
	run(&s, queue, job_batch(&m, 0, round));
	check(&m, 0, round);
	queue_end(x, queue);
	mem_end(&s, &m);
	space_end(&s);
}

/* The time is over, or the file that ends the load is there. */
static bool over(uint64_t end, const char *stop)
{
	return stop ? access(stop, F_OK) == 0 : now_ms() >= end;
}

/* Jobs of long-lived queues in flight all the time, and unless `steady` now and then a
 * new queue; counts the jobs that were done. */
static void work(unsigned seconds, const char *stop, bool steady, unsigned number,
		 volatile uint64_t *jobs)
{
	struct xe x;
	struct space s;
	struct mem m;
	struct fence f[KEEP * DEPTH];
	uint32_t queue[KEEP], value[KEEP * DEPTH];
	uint64_t end = now_ms() + 1000ull * seconds;

	xe_open(&x);
	space_new(&s, &x, number % 2 ? DRM_XE_VM_CREATE_FLAG_LR_MODE : 0);
	m = mem_new(&s, KEEP * DEPTH * SLOT);
	for (unsigned q = 0; q < KEEP; q++)
		queue[q] = queue_new(&s, &x.engine[(q + number) % x.engines]);
	for (unsigned i = 0; i < KEEP * DEPTH; i++) {
		fence_new(&f[i], &s);
		f[i].value = 0;
	}
	for (uint64_t n = 0; n % (KEEP * DEPTH) || !over(end, stop); n++) {
		unsigned i = (unsigned)(n % (KEEP * DEPTH));

		if (n >= KEEP * DEPTH) {
			int r = fence_wait(&f[i], JOB_MS);

			must(r == 0, "process %u, job %u: %s", number, (unsigned)n, strerror(-r));
			check(&m, i, value[i]);
			++*jobs;
			if (f[i].syncobj)
				syncobj_reset(&x, f[i].syncobj);
		}
		value[i] = (uint32_t)(n * 8 + number);
		f[i].value++;
		submit(&s, queue[i % KEEP], job_batch(&m, i, value[i]), &f[i]);
		if (!steady && n % 16 == 0) {
			short_lived(&x, (unsigned)n);
			++*jobs;
		}
	}
	for (unsigned i = 0; i < KEEP * DEPTH; i++) {
		int r = fence_wait(&f[i], JOB_MS);

		must(r == 0, "process %u, at the end: %s", number, strerror(-r));
		check(&m, i, value[i]);
		++*jobs;
	}
	for (unsigned q = 0; q < KEEP; q++)
		must(!queue_banned(&x, queue[q]), "queue %u is banned", q);
}

/* Every queue of every process has done a job. */
static void await_start(const volatile uint64_t *jobs, unsigned processes)
{
	uint64_t end = now_ms() + JOB_MS;

	for (unsigned p = 0; p < processes && now_ms() < end;)
		if (jobs[p] >= KEEP * DEPTH)
			p++;
		else
			sleep_ms(5);
	puts("at work");
	fflush(stdout);
}

int load_main(unsigned seconds, unsigned processes, const char *stop, bool steady)
{
	uint64_t *jobs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t all = 0, began = now_ms();
	unsigned bad = 0;
	int status;

	if (jobs == MAP_FAILED || !processes || processes > PAGE / sizeof(*jobs))
		return 2;
	for (unsigned p = 0; p < processes; p++)
		if (fork() == 0) {
			work(seconds, stop, steady, p, &jobs[p]);
			_exit(0);
		}
	await_start(jobs, processes);
	for (unsigned p = 0; p < processes; p++)
		bad += wait(&status) < 0 || status != 0;
	for (unsigned p = 0; p < processes; p++)
		all += jobs[p];
	printf("load: %llu jobs in %llu ms, %u of %u processes failed\n", (unsigned long long)all,
	       (unsigned long long)(now_ms() - began), bad, processes);
	return bad ? 1 : 0;
}

int block_main(const char *release)
{
	struct xe x;
	struct space s;
	struct mem m;
	struct fence f[ENGINES_MAX];

	xe_open(&x);
	space_new(&s, &x, DRM_XE_VM_CREATE_FLAG_LR_MODE); /* these are never timed out */
	m = mem_new(&s, ENGINES_MAX * SLOT);
	for (unsigned i = 0; i < x.engines; i++) {
		struct batch b = batch_at(&m, i * SLOT + 64);

		put_store(&b, m.addr + i * SLOT, 1);
		put_wait(&b, SEM_EQUAL, m.addr + i * SLOT + 4, 0xBADF00D);
		put_store(&b, m.addr + i * SLOT, 2);
		put(&b, MI_BATCH_END);
		fence_new(&f[i], &s);
		submit(&s, queue_new(&s, &x.engine[i]), m.addr + i * SLOT + 64, &f[i]);
	}
	for (unsigned i = 0; i < x.engines; i++)
		must(becomes(&m.map[i * SLOT / 4], 1, WAIT_MS), "%s does not start",
		     engine_name(&x.engine[i]));
	printf("blocked on %u engines\n", x.engines);
	fflush(stdout);
	while (access(release, F_OK))
		sleep_ms(5);
	for (unsigned i = 0; i < x.engines; i++)
		must(m.map[i * SLOT / 4] == 1, "%s did not wait", engine_name(&x.engine[i]));
	for (unsigned i = 0; i < x.engines; i++)
		((volatile uint32_t *)m.map)[i * SLOT / 4 + 1] = 0xBADF00D;
	for (unsigned i = 0; i < x.engines; i++) {
		int r = fence_wait(&f[i], JOB_MS);

		must(r == 0, "%s does not end: %s", engine_name(&x.engine[i]), strerror(-r));
		must(m.map[i * SLOT / 4] == 2, "%s stored %u", engine_name(&x.engine[i]),
		     m.map[i * SLOT / 4]);
	}
	printf("block: released on %u engines\n", x.engines);
	return 0;
}

int drop_main(const char *release)
{
	uint32_t queue[4];
	struct space s;
	struct mem m;
	struct xe x;

	xe_open(&x);
	space_new(&s, &x, 0);
	m = mem_new(&s, PAGE);
	for (unsigned i = 0; i < 4; i++) {
		queue[i] = queue_new(&s, &x.engine[0]);
		run(&s, queue[i], job_batch(&m, i, i));
		check(&m, i, i);
	}
	puts("queues are there");
	fflush(stdout);
	while (access(release, F_OK))
		sleep_ms(5);
	for (unsigned i = 0; i < 4; i++)
		queue_end(&x, queue[i]);
	puts("drop: 4 queues");
	fflush(stdout);
	/* The address space would be invalidated on all GTs: not now. */
	while (access(release, F_OK) == 0)
		sleep_ms(5);
	return 0;
}

int late_main(const char *release)
{
	struct space s;
	struct mem m;
	struct xe x;
	uint32_t queue;
	uint64_t batch;

	xe_open(&x);
	space_new(&s, &x, 0);
	m = mem_new(&s, PAGE);
	batch = job_batch(&m, 0, 1);
	queue = queue_new(&s, &x.engine[0]);
	puts("the queue is there");
	fflush(stdout);
	while (access(release, F_OK))
		sleep_ms(5);
	run(&s, queue, batch);
	check(&m, 0, 1);
	puts("late: 1 job");
	return 0;
}
