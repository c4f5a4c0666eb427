/* SPDX-License-Identifier: MIT */
/* A server, a control client and VFs of this process on libgucvf's transport. */
#ifndef GUCEMU_TESTS_VF_FIXTURE_H
#define GUCEMU_TESTS_VF_FIXTURE_H

#include "control_fixture.h"
#include "server_fixture.h"
#include "vfclient/vft.h"

#define MS 20000u /* generous: only a failure waits so long */

extern struct vf_test {
	uv_loop_t loop;
	struct server_process server;
	bool killed, seed;
	struct control control;
	struct vft *vf[4];
	/* What the driver of vf[0] said. */
	unsigned bases, lost, frozen, thawed, requeued;
	int lost_err;
	enum vfc_step_id hold; /* VFC_STEP_COUNT: none */
	bool holding;
	uint32_t skip; /* fixups left out */
} t;

/* What vf_boot() opens a VF with. */
void vf_options(struct vft_options *o, unsigned function);
/* It must succeed. */
struct vft *vf_open(const struct vft_options *o);
struct vft *vf_boot(unsigned function);
/* A queue; a job on it, by its number; a job that is waited for. */
uint32_t queue(struct vft *vf, unsigned gt, unsigned width);
uint32_t submit(struct vft *vf, unsigned gt, uint32_t q, enum vfc_job_kind kind);
void job_runs(struct vft *vf, unsigned gt, uint32_t q);
uint64_t base_of(struct vft *vf);
/* Checked fixtures: a server of two GTs, of one, and with GuCs without markers, whose
 * recovery is the seed's. */
void vf_setup(void);
void vf_setup_one_gt(void);
void vf_setup_seed(void);
void vf_setup_seed_one_gt(void);
void vf_teardown(void);
/* As kill -9 does. */
void server_kill(void);

#endif
