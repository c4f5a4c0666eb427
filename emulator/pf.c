/* SPDX-License-Identifier: MIT */
/* PF verbs as jobs: begun, ended, held; and the turn of it all. See pf.h. */
#include "pf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "pf_priv.h"
#include "pf_setting.h"
#include "proto/regs.h"

/* Steps between two looks at the clock. */
#define STEPS_A_LOOK 8u

/* --- holds and ends ---------------------------------------------------------------------- */

static void pause_orphaned(struct pf *pf, unsigned vf)
{
	pf->held[vf] = NOBODY;
	pf->orphans |= 1ull << vf;
}

/* Who paused a VF to hold it, and whether it still is. */
static void note_hold(struct pf *pf, const struct job *j)
{
	if (j->verb == PFC_PAUSE && j->hold && j->client == NOBODY) {
		pause_orphaned(pf, j->vf);
	} else if (j->verb == PFC_PAUSE) {
		pf->held[j->vf] = j->hold ? j->client : NOBODY;
	} else if (j->verb == PFC_RESUME || j->verb == PFC_STOP || j->verb == PFC_FLR) {
		pf->held[j->vf] = NOBODY;
		pf->orphans &= ~(1ull << j->vf);
	}
}

void job_end(struct pf *pf, struct job *j, int err)
{
	struct json_object *o = NULL;
	struct job done = *j;

	j->used = false;
	if (err == 0)
		note_hold(pf, &done);
	if (job_moves_image(&done))
		pf->images--;
	if (done.client == NOBODY)
		return;
	if (err == 0 && done.verb == PFC_SET) {
		o = pf_settings_json(pf->driver, done.vf);
	} else if (err == 0) {
		o = pf_vf_json(pf, done.vf);
		json_add_str(o, "verb", pfc_verb_name(done.verb));
		if (job_moves_image(&done))
			pf_add_content(pf, done.vf, done.bytes, o);
	}
	pf->ops->reply(pf->user, done.client, done.seq, err, o,
		       err ? pf_verb_text(done.verb, err) : NULL);
}

/* --- verbs ----------------------------------------------------------------------------------- */

/* 0, when it was said, is a value like others. */
static uint32_t unlimited(const struct verb *v, const char *name, uint64_t value)
{
	return verb_option(v, name) && value == 0 ? UINT32_MAX : (uint32_t)value;
}

static int provision_args(const struct verb *v, struct pfc_provision *arg)
{
	uint64_t contexts = 0, doorbells = 0, quantum = 0, preempt = 0;
	int err = 0;

	memset(arg, 0, sizeof(*arg));
	if (verb_number(v, "ggtt", &arg->ggtt_size) < 0 ||
	    verb_number(v, "start", &arg->ggtt_start) < 0 ||
	    verb_number(v, "lmem", &arg->lmem_size) < 0 ||
	    verb_number(v, "contexts", &contexts) < 0 || contexts > 65535 ||
	    verb_number(v, "quantum", &quantum) < 0 || quantum >= UINT32_MAX ||
	    verb_number(v, "preempt", &preempt) < 0 || preempt >= UINT32_MAX)
		err = -EINVAL;
	arg->exec_quantum_ms = unlimited(v, "quantum", quantum);
	arg->preempt_timeout_us = unlimited(v, "preempt", preempt);
	if (verb_option(v, "doorbells") && strcmp(verb_option(v, "doorbells"), "none") == 0)
		doorbells = UINT32_MAX;
	else if (verb_number(v, "doorbells", &doorbells) < 0 || doorbells > 256)
		err = -EINVAL;
	arg->contexts = (uint32_t)contexts;
	arg->doorbells = (uint32_t)doorbells;
	return err;
}

static struct job *job_new(struct pf *pf)
{
	for (unsigned i = 0; i < JOBS; i++) {
		if (!pf->jobs[i].used)
			return &pf->jobs[i];
	}
	return NULL;
}

static void job_begin(struct pf *pf, const struct job *job, const struct pfc_provision *arg)
{
	struct job *j = job_new(pf);
	int err;

	if (!j) {
		pf->ops->reply(pf->user, job->client, job->seq, -EBUSY, NULL,
			       "too many verbs under way");
		return;
	}
	*j = *job;
	j->used = true;
	if (job_moves_image(j))
		pf->images++;
	err = pfc_do(pf->driver, j->verb, j->vf, arg, (uint64_t)(j - pf->jobs) + 1);
	if (err != 0)
		job_end(pf, j, err);
}

/* "pf policy" and "pf threshold": set one, or tell all. */
static void setting_verb(struct pf *pf, uint64_t client, uint32_t seq, const struct verb *v,
			 bool of_vf)
{
	uint32_t value[PFC_MAX_GROUP_WORDS] = { 0 };
	enum pfc_setting setting = PFC_SETTING_COUNT;
	struct job *j = job_new(pf);
	uint64_t vf = 0;
	char text[128] = "too many verbs under way";
	unsigned n;
	int err;

	if (of_vf && (verb_number(v, "vf", &vf) != 1 || vf < 1 || vf > pf->vfs)) {
		snprintf(text, sizeof(text), "vf=N is needed; the card's VFs are 1..%u", pf->vfs);
		pf->ops->reply(pf->user, client, seq, -EINVAL, NULL, text);
		return;
	}
	err = v->words != 2 ? -EINVAL :
	      j ? pf_setting_parse(v, of_vf, &setting, value, &n, text, sizeof(text)) : -EBUSY;
	if (err == 0)
		pf->ops->reply(pf->user, client, seq, 0, pf_settings_json(pf->driver, (unsigned)vf),
			       NULL);
	else if (err < 0)
		pf->ops->reply(pf->user, client, seq, err, NULL,
			       v->words != 2 ? "NAME=VALUE is wanted" : text);
	if (err <= 0)
		return;
	*j = (struct job){
		.used = true, .verb = PFC_SET, .vf = (unsigned)vf, .client = client, .seq = seq,
	};
	err = pfc_set(pf->driver, (unsigned)vf, setting, value, n, (uint64_t)(j - pf->jobs) + 1);
	if (err != 0)
		job_end(pf, j, err);
}

void pf_verb(struct pf *pf, uint64_t client, uint32_t seq, const struct verb *v)
{
	const char *name = verb_word(v, 1);
	int verb = pfc_verb_find(name);
	bool size_only = strcmp(name, "size") == 0;
	const char *known = verb == PFC_PROVISION ? "vf ggtt start contexts doorbells lmem quantum preempt"
			    : verb == PFC_SAVE	   ? "vf from"
			    : verb == PFC_PAUSE	   ? "vf hold" : "vf";
	const char *unknown = verb_unknown(v, known);
	struct pfc_provision arg;
	uint64_t vf = 0, from = 0;
	char text[128];

	if (strcmp(name, "policy") == 0 || strcmp(name, "threshold") == 0) {
		setting_verb(pf, client, seq, v, *name == 't');
		return;
	}
	if (verb < 0 && !size_only && strcmp(name, "info") != 0) {
		snprintf(text, sizeof(text), "there is no PF verb '%.32s'", name);
		pf->ops->reply(pf->user, client, seq, -EINVAL, NULL, text);
		return;
	}
	if (unknown || v->words != 2) {
		snprintf(text, sizeof(text), "'%.32s' is no option of pf %s",
			 unknown ? unknown : verb_word(v, 2), name);
		pf->ops->reply(pf->user, client, seq, -EINVAL, NULL, text);
		return;
	}
	if (verb_number(v, "vf", &vf) != 1 || vf < 1 || vf > pf->vfs) {
		snprintf(text, sizeof(text), "vf=N is needed; the card's VFs are 1..%u", pf->vfs);
		pf->ops->reply(pf->user, client, seq, -EINVAL, NULL, text);
		return;
	}
	if (verb < 0 && !size_only) {
		pf->ops->reply(pf->user, client, seq, 0, pf_vf_json(pf, (unsigned)vf), NULL);
		return;
	}
	if ((verb == PFC_PROVISION && provision_args(v, &arg) != 0) ||
	    verb_number(v, "from", &from) < 0) {
		pf->ops->reply(pf->user, client, seq, -EINVAL, NULL, "a size out of range");
		return;
	}
	job_begin(pf, &(const struct job){
			.verb = size_only ? PFC_SAVE : (enum pfc_verb)verb,
			.vf = (unsigned)vf,
			.client = client,
			.seq = seq,
			.from = from,
			.size_only = size_only,
			.hold = verb_option(v, "hold") != NULL,
		  },
		  verb == PFC_PROVISION && v->options > 1 ? &arg : NULL);
}

/* --- clients that go --------------------------------------------------------------------------- */

uint64_t pf_held_by(const struct pf *pf, unsigned vf)
{
	return pf->held[vf];
}

void pf_hold_end(struct pf *pf, unsigned vf, bool resume)
{
	if (resume)
		pause_orphaned(pf, vf);
	pf->held[vf] = NOBODY;
}

/* A VF that is in the midst of something is tried again. */
static void resume_orphans(struct pf *pf)
{
	for (unsigned vf = 1; vf <= pf->vfs; vf++)
		if (pf->orphans & 1ull << vf &&
		    pfc_do(pf->driver, PFC_RESUME, vf, NULL, NOBODY) != -EBUSY)
			pf->orphans &= ~(1ull << vf);
}

void pf_client_gone(struct pf *pf, uint64_t client)
{
	for (unsigned i = 0; i < JOBS; i++) {
		struct job *j = &pf->jobs[i];

		if (!j->used || j->client != client)
			continue;
		j->client = NOBODY;
		/* An image that nobody takes: the VF stays paused, as before. */
		if (j->verb == PFC_SAVE && !j->ended)
			(void)pfc_image_cancel(pf->driver, j->vf);
		/* Half an image: the driver refuses it, the VF stays paused. */
		if (j->verb == PFC_RESTORE && !j->last) {
			j->last = true;
			(void)pfc_image_end(pf->driver, j->vf);
		}
	}
}

/* --- life ------------------------------------------------------------------------------------------ */

bool pf_work(struct pf *pf, uint64_t now, uint64_t slice_ns, uint64_t *deadline, bool *moved)
{
	uint64_t limit = uv_hrtime() + slice_ns, next;
	bool more = true;

	*moved = false;
	if (pf->orphans)
		resume_orphans(pf);
	for (unsigned i = 1; more; i++) {
		if (pf->ops->room && !pf->ops->room(pf->user))
			return false;
		more = pfc_step(pf->driver, now);
		*moved |= more;
		if (i % STEPS_A_LOOK == 0 && uv_hrtime() >= limit)
			break;
	}
	more |= pf_image_turn(pf);
	next = pfc_next_deadline(pf->driver);
	if (next < *deadline)
		*deadline = next;
	return more;
}

struct pf *pf_new(const struct pfc_options *options, const struct host_port *port,
		  const struct host_mem *mem, const struct pf_ops *ops, void *user)
{
	struct pfc_options o = *options;
	size_t size = pfc_size();
	struct pf *pf = calloc(1, sizeof(*pf) + size);

	if (!pf)
		return NULL;
	pf->ops = ops;
	pf->user = user;
	pf->vfs = options->vfs;
	memset(pf->held, 0xFF, sizeof(pf->held));
	pf->gts = (unsigned)options->tiles * options->gts;
	pf->tiles = options->tiles;
	pf->graphics = options->graphics_ver;
	o.on_event = pf_on_event;
	o.user = pf;
	pf->driver = pfc_init(pf + 1, size, &o, port, mem);
	if (!pf->driver) {
		free(pf);
		return NULL;
	}
	return pf;
}

int pf_begin(struct pf *pf, bool adopt, unsigned provision)
{
	pf->provision = provision;
	return pfc_start(pf->driver, adopt);
}

size_t pf_mem_size(const struct pfc_options *options)
{
	unsigned gts = (unsigned)options->tiles * options->gts;
	size_t size = pfc_mem_size(gts), least = pfc_mem_min(gts);

	/* Of a small card what images may take is less, but not more than an eighth. */
	if (size > options->ggtt_size / 8)
		size = options->ggtt_size / 8 > least ? (size_t)(options->ggtt_size / 8) : least;
	return (size + GGTT_PAGE - 1) & ~(size_t)(GGTT_PAGE - 1);
}

struct pfc *pf_driver(struct pf *pf)
{
	return pf->driver;
}

void pf_free(struct pf *pf)
{
	free(pf);
}
