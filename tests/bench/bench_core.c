/* SPDX-License-Identifier: MIT */
/* The core in process: CTB request and response a second against a memcpy of
 * the same rings' traffic, and the cost of a migration with its recovery,
 * alone on a card and with 63 VFs (the cost a VF should be flat). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "proto/actions.h"
#include "proto/klv.h"
#include "tests/sim/bare.h"
#include "tests/sim/load.h"

#define REQUESTS   200000u
#define MIGRATIONS 252u /* there and back, of 1 VF or of 63 in turn */

/* A request the GuC answers without side effect: scheduling policies. */
static double ctb_requests(void *user)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV,
				 klv_header(GUC_KLV_SCHED_RENDER_COMPUTE_YIELD, 2), 80, 20 };
	struct bare *b = user;
	uint64_t start = bench_cpu();

	b->replies = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (host_ct_send(&b->ct, HXG_REQUEST, dw, 4, i, 0, 0, 0)) {
			fprintf(stderr, "send refused at %u\n", i);
			exit(EXIT_FAILURE);
		}
		host_ct_receive(&b->ct, 16, 0);
	}
	if (b->replies != REQUESTS || b->failures) {
		fprintf(stderr, "%u replies, %u failures\n", b->replies, b->failures);
		exit(EXIT_FAILURE);
	}
	return REQUESTS * 1e9 / (double)(bench_cpu() - start);
}

/* The least any ring protocol does: copy the request in and out, the reply in
 * and out (5 and 2 dwords). */
static double ring_copies(void *user)
{
	struct bare *b = user;
	uint8_t scratch[64] = { 0 };
	uint64_t start = bench_cpu();

	for (unsigned i = 0; i < REQUESTS; i++) {
		memcpy(b->mem.base + 0x80000 + i % 64 * 32, scratch, 20);
		__asm__ volatile("" ::: "memory");
		memcpy(scratch, b->mem.base + 0x80000 + i % 64 * 32, 20);
		__asm__ volatile("" ::: "memory");
		memcpy(b->mem.base + 0x90000 + i % 64 * 32, scratch, 8);
		__asm__ volatile("" ::: "memory");
		memcpy(scratch, b->mem.base + 0x90000 + i % 64 * 32, 8);
		__asm__ volatile("" ::: "memory");
	}
	return REQUESTS * 1e9 / (double)(bench_cpu() - start);
}

/* --- recoveries ------------------------------------------------------------------- */

/* Migrations a second, of one VF at a time, `vfs` on a card. */
static double recoveries(unsigned vfs)
{
	struct sim_options o;
	struct sim *s;
	struct load *load = calloc(vfs, sizeof(*load));
	uint64_t start, spent;

	sim_defaults(&o);
	o.vfs = (uint8_t)vfs;
	o.ggtt_size = 2ull << 30;
	o.vf_mem = 4u << 20;
	o.contexts = 8192;
	s = sim_new(&o);
	/* Contexts everywhere, but no job that waits: the engine would poll those
	 * of all VFs meanwhile. */
	for (unsigned i = 0; i < vfs; i++) {
		const char *why;

		load_start(&load[i], s, s->vf[i], 2, false);
		why = load_finish(&load[i]);
		if (why) {
			fprintf(stderr, "load: %s\n", why);
			exit(EXIT_FAILURE);
		}
	}
	/* Each driver has a process of its own in life: those that wait for their
	 * turn stand still here, so that the card's and the PF's cost shows. */
	for (unsigned i = 0; i < vfs; i++)
		sim_freeze(s, s->vf[i]);
	start = bench_cpu();
	for (unsigned i = 0; i < MIGRATIONS; i++) {
		struct sim_vf *v = s->vf[i % vfs];

		load_more(&load[i % vfs]);
		if (sim_migrate(s, v) || !sim_recovered(s, v)) {
			fprintf(stderr, "migration of VF %u failed\n", v->fn);
			exit(EXIT_FAILURE);
		}
		sim_freeze(s, v);
	}
	spent = bench_cpu() - start;
	sim_free(s);
	free(load);
	return MIGRATIONS * 1e9 / (double)spent;
}

static double recoveries_63(void *user)
{
	(void)user;
	return recoveries(63);
}

static double recoveries_1(void *user)
{
	(void)user;
	return recoveries(1);
}

/* With the word "ctb" that bench alone, for profilers. */
int main(int argc, char **argv)
{
	static struct bare b;

	bench_pin();
	bare_init(&b);
	bench_pair("ctb-request/ring-copies", ctb_requests, ring_copies, &b, "ours 5000000/s");
	if (argc > 1 && strcmp(argv[1], "ctb") == 0)
		return EXIT_SUCCESS;
	bench_pair("migration-of-63/of-1", recoveries_63, recoveries_1, NULL, "1");
	return EXIT_SUCCESS;
}
