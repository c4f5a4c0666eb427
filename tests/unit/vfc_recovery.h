/* SPDX-License-Identifier: MIT */
/* What the tests of the VF driver's recoveries share: rules of the scripted GuC,
 * work under way, the steps to hold at. On top of vfc_fixture.h. */
#ifndef GUCEMU_TESTS_VFC_RECOVERY_H
#define GUCEMU_TESTS_VFC_RECOVERY_H

#include "vfc_fixture.h"

#define START 0x550Fu
#define DONE  0x5508u
#define QUERY 0x5509u
#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

static inline void add_rule(struct rule r)
{
	f.rule[f.rules++] = r;
}

/* A queue, one job done and one that GuC has not begun. */
static inline uint32_t begin_work(unsigned gt, unsigned width)
{
	struct vfc_job job = { VFC_JOB_STORE, 0x2222, 0 };
	uint32_t q = busy_queue(gt, width);

	f.frozen = true;
	ck_assert_int_eq(vfc_job_submit(f.v, gt, q, &job), 2);
	run_ms(1);
	ck_assert_uint_eq(f.jobs_ok, 1);
	return q;
}

static inline unsigned traced(uint32_t header)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.traced; i++)
		n += f.trace[i] == header;
	return n;
}

/* Steps before each of which a migration or a user may come. */
static const enum vfc_step_id stops[] = {
	VFC_STEP_SHUTDOWN, VFC_STEP_START, VFC_STEP_QUERY, VFC_STEP_FIX_CCS,
	VFC_STEP_FIX_DEFAULT_LRC, VFC_STEP_FIX_QUEUES, VFC_STEP_VALID, VFC_STEP_REARM,
	VFC_STEP_DECIDE, VFC_STEP_DONE,
};
#define STOPS COUNT(stops)

#endif
