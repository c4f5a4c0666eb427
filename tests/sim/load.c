/* SPDX-License-Identifier: MIT */
/* The simulator's load. See load.h. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

static void submit(struct load *l, unsigned gt, unsigned q, enum vfc_job_kind kind)
{
	struct vfc_job job = { .kind = kind, .value = 0xC0DE0000u + l->submitted,
			       .length = 200 };
	int id = vfc_job_submit(l->vf->vfc, gt, (uint32_t)l->queue[gt][q].id, &job);

	if (id <= 0) {
		fprintf(stderr, "load: job on gt%u queue %u: %s\n", gt, q, text_errno(id));
		exit(99);
	}
	l->submitted++;
	if (kind == VFC_JOB_WAIT)
		l->queue[gt][q].blocked = id;
}

static enum guc_engine_class class_of(unsigned gt, unsigned q)
{
	static const enum guc_engine_class main_gt[] = { GUC_CLASS_RENDER, GUC_CLASS_BLITTER,
							 GUC_CLASS_COMPUTE };

	return gt ? (q % 2 ? GUC_CLASS_VIDEO_ENHANCE : GUC_CLASS_VIDEO) : main_gt[q % 3];
}

/* Behind `plain` ordinary queues a parallel one and a group. */
static int make(struct load *l, unsigned gt, unsigned q, unsigned plain)
{
	if (q == plain + 1)
		return vfc_group_create(l->vf->vfc, gt, class_of(gt, q));
	if (q > plain + 1)
		return vfc_group_add(l->vf->vfc, gt, (uint32_t)l->queue[gt][plain + 1].id);
	return vfc_queue_create(l->vf->vfc, gt, class_of(gt, q), q == plain ? 2 : 1);
}

void load_start(struct load *l, struct sim *s, struct sim_vf *v, unsigned queues, bool wide)
{
	struct vfc_info info;

	memset(l, 0, sizeof(*l));
	*l = (struct load){ .sim = s, .vf = v, .queues = queues + (wide ? 1 + LOAD_GROUP : 0),
			    .wide = wide };
	vfc_info(v->vfc, 0, &info);
	if (info.state == VFC_STATE_OFF) {
		int err = sim_boot(s, v);

		if (err) {
			fprintf(stderr, "load: boot: %s\n%s", text_errno(err), v->log);
			exit(99);
		}
	}
	for (unsigned gt = 0; gt < v->gts; gt++) {
		for (unsigned q = 0; q < l->queues; q++) {
			int id = make(l, gt, q, queues);

			if (id < 0) {
				fprintf(stderr, "load: queue: %s\n", text_errno(id));
				exit(99);
			}
			l->queue[gt][q].id = id;
			submit(l, gt, q, VFC_JOB_STORE);
		}
	}
	if (!sim_jobs_drained(s, v) || v->jobs_ok != l->submitted) {
		fprintf(stderr, "load: first jobs: %u of %u ended\n%s", v->jobs_ok, l->submitted,
			v->log);
		exit(99);
	}
	for (unsigned gt = 0; gt < v->gts; gt++)
		for (unsigned q = 0; q < l->queues; q++)
			submit(l, gt, q, VFC_JOB_WAIT);
	sim_run(s, 5 * SIM_MS);
}

void load_more(struct load *l)
{
	for (unsigned gt = 0; gt < l->vf->gts; gt++)
		for (unsigned q = 0; q < l->queues; q++)
			submit(l, gt, q, q % 2 ? VFC_JOB_LONG : VFC_JOB_STORE);
}

const char *load_finish(struct load *l)
{
	static char why[160];

	for (unsigned gt = 0; gt < l->vf->gts; gt++) {
		for (unsigned q = 0; q < l->queues; q++) {
			if (l->queue[gt][q].blocked)
				vfc_job_release(l->vf->vfc, gt, (uint32_t)l->queue[gt][q].id,
						(uint32_t)l->queue[gt][q].blocked);
			l->queue[gt][q].blocked = 0;
		}
	}
	load_more(l);
	if (sim_jobs_drained(l->sim, l->vf) && l->vf->jobs_bad == 0 &&
	    l->vf->jobs_ok == l->submitted)
		return NULL;
	text_fmt(why, sizeof(why), "%u jobs submitted, %u right, %u wrong", l->submitted,
		 l->vf->jobs_ok, l->vf->jobs_bad);
	return why;
}
