/* SPDX-License-Identifier: MIT */
/* Saving and restoring a VF of 1,000 contexts and 1 GiB of GGTT (262,144
 * entries, none like its neighbour) in process, against the least it could be:
 * the same bytes copied once each way, and checksummed as often. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "proto/crc32c.h"
#include "proto/regs.h"
#include "emulator/guc/block.h"
#include "tests/sim/load.h"

#define CONTEXTS 1000u
#define VF_GGTT	 (1ull << 30)
#define ENTRIES	 (uint32_t)(VF_GGTT >> GGTT_PAGE_SHIFT)
#define CROWD	 60000u      /* contexts of another VF, for its longest turns */
#define MAX_IMAGE (16u << 20) /* more than any of these */
#define MANY	 8u /* copies measured at once: one alone is too short */

struct setup {
	struct sim *s;
	struct sim_vf *v;
	uint8_t *image, *copy; /* one of ours, two for the copies */
	size_t len;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(EXIT_FAILURE);
	}
}

/* Contexts by the driver, with a job each; entries behind its memory by hand,
 * as a driver with pages all over the place would have them. */
static void make(struct setup *b)
{
	struct sim_options o;
	struct pfc_vf_info info;
	uint64_t x = 1;

	sim_defaults(&o);
	o.ggtt_size = 2ull << 30;
	o.vf_ggtt = VF_GGTT;
	o.contexts = 4096;
	o.vf_contexts = 1024;
	o.vf_mem = 128u << 20;
	b->s = sim_new(&o);
	b->v = b->s->vf[0];
	must(sim_boot(b->s, b->v), "boot");
	for (unsigned i = 0; i < CONTEXTS; i++) {
		int id = vfc_queue_create(b->v->vfc, 0, GUC_CLASS_RENDER, 1);
		struct vfc_job job = { .kind = VFC_JOB_STORE, .value = i };

		must(id < 0 ? id : 0, "queue");
		id = vfc_job_submit(b->v->vfc, 0, (uint32_t)id, &job);
		must(id < 0 ? id : 0, "job");
		if (i % 64 == 63 && !sim_jobs_drained(b->s, b->v))
			must(-ETIME, "jobs");
	}
	if (!sim_jobs_drained(b->s, b->v) || b->v->jobs_ok != CONTEXTS)
		must(-ETIME, "jobs");
	must(pfc_vf_info(b->s->card[0].pfc, 1, &info), "info");
	for (uint32_t i = (uint32_t)(o.vf_mem >> GGTT_PAGE_SHIFT); i < ENTRIES; i++) {
		uint32_t index = (uint32_t)(info.ggtt_start >> GGTT_PAGE_SHIFT) + i;

		x = x * 6364136223846793005u + 1442695040888963407u;
		must(guc_mmio_write(&b->s->card[0].guc, 1, REG_GGTT_BASE + 8ull * index, 8,
				    (x >> 20 & PTE_ADDR) | PTE_PRESENT), "entry");
	}
}

/* A save and a restore a second. */
static double ours(void *user)
{
	struct setup *b = user;
	const struct pfc_provision share = { .ggtt_size = VF_GGTT, .contexts = 1024 };
	uint64_t start, spent;

	sim_freeze(b->s, b->v);
	must(sim_pf(b->s, 0, PFC_PAUSE, 1, NULL), "pause");
	must(sim_pf(b->s, 1, PFC_PROVISION, 1, &share), "provision");
	must(sim_pf(b->s, 1, PFC_PAUSE, 1, NULL), "pause the other");
	free(b->image);
	start = bench_cpu();
	must(sim_save(b->s, 0, 1, &b->image, &b->len), "save");
	must(sim_restore(b->s, 1, 1, b->image, b->len), "restore");
	spent = bench_cpu() - start;
	must(sim_pf(b->s, 0, PFC_RESUME, 1, NULL), "resume");
	must(sim_pf(b->s, 1, PFC_FLR, 1, NULL), "reset");
	must(sim_pf(b->s, 1, PFC_UNPROVISION, 1, NULL), "unprovision");
	sim_thaw(b->s, b->v);
	return 1e9 / (double)spent;
}

/* Copied out and in, and two checksums each way: of each section and of the
 * whole image (vf-lifecycle 3.7). */
static double copies(void *user)
{
	struct setup *b = user;
	uint32_t crc = 0;
	uint64_t start;

	if (!b->copy) {
		b->copy = malloc(2 * b->len);
		if (!b->copy)
			must(-ENOMEM, "copy");
		memset(b->copy, 1, 2 * b->len);
	}
	start = bench_cpu();
	for (unsigned i = 0; i < MANY; i++) {
		memcpy(b->copy, b->image, b->len);
		crc = crc32c(crc, b->copy, b->len);
		crc = crc32c(crc, b->copy, b->len);
		memcpy(b->copy + b->len, b->copy, b->len);
		crc = crc32c(crc, b->copy + b->len, b->len);
		crc = crc32c(crc, b->copy + b->len, b->len);
		__asm__ volatile("" ::"r"(crc) : "memory");
	}
	return MANY * 1e9 / (double)(bench_cpu() - start);
}

/* One turn of the world, and the longest so far in nanoseconds: nothing else is
 * served meanwhile. */
static void timed_turn(struct setup *b, uint64_t *worst)
{
	uint64_t begin = bench_cpu(), spent;

	sim_turn(b->s);
	spent = bench_cpu() - begin;
	if (spent > *worst)
		*worst = spent;
}

/* The longest turn of a verb in microseconds; the image of a SAVE is kept. */
static double longest_turn(struct setup *b, unsigned card, enum pfc_verb verb)
{
	struct sim_card *c = &b->s->card[card];
	uint64_t worst = 0;
	size_t sent = 0;

	c->done = false;
	must(pfc_do(c->pfc, verb, 1, NULL, ++b->s->tag), "verb");
	b->len = verb == PFC_SAVE ? 0 : b->len;
	while (!c->done) {
		long n = 0;

		timed_turn(b, &worst);
		if (verb == PFC_SAVE)
			n = pfc_image_read(c->pfc, 1, b->image + b->len, MAX_IMAGE - b->len);
		else if (verb == PFC_RESTORE && sent < b->len)
			n = pfc_image_write(c->pfc, 1, b->image + sent,
					    b->len - sent < 65536 ? b->len - sent : 65536);
		if (verb == PFC_SAVE && n > 0)
			b->len += (size_t)n;
		else if (verb == PFC_RESTORE && n > 0 && (sent += (size_t)n) == b->len)
			must(pfc_image_end(c->pfc, 1), "end of the image");
	}
	must(c->done_err, "verb");
	return (double)worst / 1e3;
}

/* A VF with thousands of contexts, all of which are its first one: what its driver
 * would need for as many is gigabytes. */
static void crowd(struct setup *b)
{
	struct vfc_job job = { .kind = VFC_JOB_STORE, .value = 1 };
	struct sim_options o;
	struct guc_card *card;
	int id, err;

	sim_defaults(&o);
	o.contexts = GUC_ID_MAX;
	o.vf_contexts = CROWD;
	b->s = sim_new(&o);
	b->v = b->s->vf[0];
	must(sim_boot(b->s, b->v), "boot");
	id = vfc_queue_create(b->v->vfc, 0, GUC_CLASS_RENDER, 1);
	must(id < 0 ? id : 0, "queue");
	err = vfc_job_submit(b->v->vfc, 0, (uint32_t)id, &job);
	must(err < 0 ? err : 0, "job");
	if (!sim_jobs_drained(b->s, b->v))
		must(-ETIME, "jobs");
	card = &b->s->card[0].guc;
	for (uint32_t i = 0; i < CROWD; i++)
		if (i != (uint32_t)id)
			*guc_context(card, 0, 1, i) = *guc_context(card, 0, 1, (uint32_t)id);
}

static void turns(struct setup *b, const char *whose)
{
	struct pfc_provision share = { 0 };
	struct pfc_vf_info info;
	double pause[101], save[101], restore[101];
	unsigned n = bench_rounds();

	must(pfc_vf_info(b->s->card[0].pfc, 1, &info), "info");
	share.ggtt_size = info.ggtt_size;
	share.contexts = info.contexts;
	free(b->image);
	b->image = malloc(MAX_IMAGE);
	if (!b->image)
		must(-ENOMEM, "image");
	sim_freeze(b->s, b->v);
	for (unsigned i = 0; i < n; i++) {
		pause[i] = longest_turn(b, 0, PFC_PAUSE);
		save[i] = longest_turn(b, 0, PFC_SAVE);
		must(sim_pf(b->s, 1, PFC_PROVISION, 1, &share), "provision");
		must(sim_pf(b->s, 1, PFC_PAUSE, 1, NULL), "pause the other");
		restore[i] = longest_turn(b, 1, PFC_RESTORE);
		must(sim_pf(b->s, 1, PFC_FLR, 1, NULL), "reset");
		must(sim_pf(b->s, 1, PFC_UNPROVISION, 1, NULL), "unprovision");
		must(sim_pf(b->s, 0, PFC_RESUME, 1, NULL), "resume");
	}
	printf("longest turn, %s contexts: pause %.0f us, save %.0f us, restore %.0f us "
	       "(aim 1000)\n", whose, bench_median(pause, n), bench_median(save, n),
	       bench_median(restore, n));
}

int main(void)
{
	struct setup b = { .image = NULL };

	bench_pin();
	/* Buffers of images come from memory that was used before: fresh pages
	 * are the kernel's cost. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	make(&b);
	(void)ours(&b);
	printf("image of %u contexts and %u entries: %zu bytes\n", CONTEXTS, ENTRIES, b.len);
	bench_pair("save+restore/copy+crc", ours, copies, &b, "0.5");
	turns(&b, "1,000");
	sim_free(b.s);
	crowd(&b);
	turns(&b, "60,000");
	sim_free(b.s);
	free(b.image);
	free(b.copy);
	return EXIT_SUCCESS;
}
