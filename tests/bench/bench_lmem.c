/* SPDX-License-Identifier: MIT */
/* Saving and restoring a VF with 64 MiB of filled local memory and its metadata in
 * process, against the same bytes copied once each way and checksummed as often: out
 * by digest, section and whole image, in by these and by what is read back. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "proto/crc32c.h"
#include "tests/sim/pair.h"

#define MIB  (1ull << 20)
#define LMEM (64 * MIB)
#define OUT  3u /* checksums */
#define IN   4u

struct setup {
	struct sim *s;
	struct sim_options opt;
	uint8_t *image, *copy;
	size_t len;
};

static void must(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(EXIT_FAILURE);
	}
}

static void fill(struct sim_card *c, enum local_kind kind, uint64_t bytes)
{
	static uint64_t data[8192];
	uint64_t x = 1;

	for (uint64_t at = 0; at < bytes; at += sizeof(data)) {
		for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
			data[i] = x = x * 6364136223846793005u + 1442695040888963407u;
		must(local_write(&c->local, 0, 1, kind, false, at, data, sizeof(data)), "fill");
	}
}

static double ours(void *user)
{
	struct setup *b = user;
	struct sim *s = b->s;
	const struct pfc_provision share = { .ggtt_size = b->opt.vf_ggtt,
					     .contexts = b->opt.vf_contexts, .lmem_size = LMEM };
	uint64_t start, spent;

	must(sim_pf(s, 0, PFC_PAUSE, 1, NULL), "pause");
	must(sim_pf(s, 1, PFC_PROVISION, 1, &share), "provision");
	must(sim_pf(s, 1, PFC_PAUSE, 1, NULL), "pause the other");
	free(b->image);
	start = bench_cpu();
	must(sim_save(s, 0, 1, &b->image, &b->len), "save");
	must(sim_restore(s, 1, 1, b->image, b->len), "restore");
	spent = bench_cpu() - start;
	must(sim_pf(s, 0, PFC_RESUME, 1, NULL), "resume");
	must(sim_pf(s, 1, PFC_FLR, 1, NULL), "reset");
	must(sim_pf(s, 1, PFC_UNPROVISION, 1, NULL), "unprovision");
	while (local_retire(&s->card[1].local))
		;
	return 1e9 / (double)spent;
}

static double copies(void *user)
{
	struct setup *b = user;
	uint64_t start;
	uint32_t crc = 0;

	if (!b->copy)
		b->copy = malloc(2 * b->len);
	if (!b->copy)
		must(-12, "copy");
	memset(b->copy, 1, 2 * b->len);
	start = bench_cpu();
	memcpy(b->copy, b->image, b->len);
	for (unsigned i = 0; i < OUT; i++)
		crc = crc32c(crc, b->copy, b->len);
	memcpy(b->copy + b->len, b->copy, b->len);
	for (unsigned i = 0; i < IN; i++)
		crc = crc32c(crc, b->copy + b->len, b->len);
	__asm__ volatile("" ::"r"(crc) : "memory");
	return 1e9 / (double)(bench_cpu() - start);
}

int main(void)
{
	struct setup b = { .image = NULL };
	struct sim_options o;

	bench_pin();
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	sim_defaults(&o);
	o.lmem[0] = o.lmem[1] = 4 * LMEM;
	o.vf_lmem[0] = o.vf_lmem[1] = LMEM;
	o.ccs_ratio = 512;
	b.opt = o;
	b.s = sim_new(&o);
	must(sim_boot(b.s, b.s->vf[0]), "boot");
	sim_freeze(b.s, b.s->vf[0]);
	fill(&b.s->card[0], LOCAL_CONTENT, LMEM);
	fill(&b.s->card[0], LOCAL_METADATA, LMEM / o.ccs_ratio);
	(void)ours(&b);
	printf("image with %llu MiB of local memory: %zu bytes\n",
	       (unsigned long long)(LMEM / MIB), b.len);
	bench_pair("lmem-save+restore/copy+crc", ours, copies, &b, "0.5");
	sim_free(b.s);
	free(b.image);
	free(b.copy);
	return EXIT_SUCCESS;
}
