/* SPDX-License-Identifier: MIT */
/* PF verbs as jobs. See pf.h. */
#include "pf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "pf_setting.h"
#include "proto/actions.h"
#include "proto/text.h"

#define JOBS       128u
#define BLOB_BYTES 32768u
/* Steps between two looks at the clock. */
#define STEPS_A_LOOK 8u
#define NOBODY     UINT64_MAX

struct job {
	bool used;
	enum pfc_verb verb;
	unsigned vf;
	uint64_t client; /* or NOBODY */
	uint32_t seq;
	uint64_t bytes;  /* of the image so far */
	uint64_t from;   /* save: the reader has those before */
	bool size_only;  /* save: it wants to know the size, no more */
	bool hold;       /* pause: it ends with its client */
	bool last;       /* restore: all of it came; save: all of it went */
	bool ended;      /* PFC_EV_VERB came */
	int err;
};

struct pf {
	struct pfc *driver;
	const struct pf_ops *ops;
	void *user;
	unsigned vfs, gts;
	unsigned tiles, graphics;
	unsigned provision, provisioned; /* at start */
	struct job jobs[JOBS];
	unsigned images; /* jobs that move an image */
	uint64_t held[PFC_MAX_VFS + 1]; /* whose pause it is, or NOBODY */
	uint64_t orphans; /* bit a VF: to be resumed, its client is gone */
};

/* --- answers --------------------------------------------------------------------------- */

static const char *verb_text(enum pfc_verb verb, int err)
{
	switch (err) {
	case -EINVAL:
		return "no such VF, or a bad size";
	case -EALREADY:
		return "the same verb is under way";
	case -EBUSY:
		return "another verb is under way";
	case -EPERM:
		return verb == PFC_PAUSE ? "the VF is stopped" : "the VF must be paused first";
	case -ESTALE:
		return "the VF is so already";
	case -ENOSPC:
		return "nothing that large is free";
	case -ENODATA:
		return verb == PFC_RESTORE ? "the image ends too early" : "not provisioned";
	case -ENOKEY:
		return verb == PFC_SET ? "GuC does not take this value" :
					 "not completely provisioned";
	case -ENODEV:
		return "the PF is not up";
	case -ETIMEDOUT:
		return "no end within the time limit";
	case -ECANCELED:
		return "overtaken by another verb or a reset";
	case -EIO:
		return "GuC refused";
	case -EBADMSG:
		return "the image is damaged";
	case -ERANGE:
		return "the image is shorter than what was saved of it";
	}
	return strerror(-err);
}

struct json_object *pf_vf_json(struct pf *pf, unsigned vf)
{
	struct json_object *o = json_object_new_object(), *states, *adverse;
	struct pfc_vf_info info;

	if (pfc_vf_info(pf->driver, vf, &info) != 0)
		return o;
	json_add_u64(o, "vf", vf);
	states = json_add_array(o, "state");
	for (unsigned gt = 0; gt < pf->gts; gt++)
		json_push_str(states, pfc_vf_state_name(info.state[gt]));
	json_add_u64(o, "tiles", pf->tiles);
	json_add_u64(o, "graphics", pf->graphics);
	json_add_bool(o, "mismatch", info.mismatch);
	json_add_bool(o, "failed", info.failed);
	json_add_u64(o, "ggtt_start", info.ggtt_start);
	json_add_u64(o, "ggtt_size", info.ggtt_size);
	if (info.lmem_size)
		json_add_u64(o, "lmem_size", info.lmem_size);
	json_add_u64(o, "contexts", info.contexts);
	json_add_u64(o, "begin_context", info.begin_context);
	json_add_u64(o, "doorbells", info.doorbells);
	json_add_u64(o, "begin_doorbell", info.begin_doorbell);
	json_add_fmt(o, "relay", "%u.%u", info.relay_major, info.relay_minor);
	json_add_u64(o, "fixup_done", info.fixup_done);
	json_add_u64(o, "adverse", info.adverse);
	adverse = json_add_object(o, "adverse_of");
	for (unsigned i = 0; i < PFC_THRESHOLDS; i++)
		json_add_u64(adverse,
			     pfc_setting_name((enum pfc_setting)(PFC_SET_THRESHOLD_FIRST + i)),
			     info.adverse_of[i]);
	return o;
}

static bool moves_image(const struct job *j)
{
	return j->verb == PFC_SAVE || j->verb == PFC_RESTORE;
}

/* What an image held; the numbers of save and restore can be compared. */
static void add_content(struct pf *pf, unsigned vf, uint64_t bytes, struct json_object *o)
{
	struct pfc_vf_info info;

	json_add_u64(o, "bytes", bytes);
	if (pfc_vf_info(pf->driver, vf, &info) != 0 || !info.lmem_size)
		return;
	json_add_u64(o, "lmem_bytes", info.lmem_bytes);
	json_add_u64(o, "lmem_crc", info.lmem_crc);
	json_add_u64(o, "ccs_bytes", info.ccs_bytes);
	json_add_u64(o, "ccs_crc", info.ccs_crc);
}

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

static void job_end(struct pf *pf, struct job *j, int err)
{
	struct json_object *o = NULL;
	struct job done = *j;

	j->used = false;
	if (err == 0)
		note_hold(pf, &done);
	if (moves_image(&done))
		pf->images--;
	if (done.client == NOBODY)
		return;
	if (err == 0 && done.verb == PFC_SET) {
		o = pf_settings_json(pf->driver, done.vf);
	} else if (err == 0) {
		o = pf_vf_json(pf, done.vf);
		json_add_str(o, "verb", pfc_verb_name(done.verb));
		if (moves_image(&done))
			add_content(pf, done.vf, done.bytes, o);
	}
	pf->ops->reply(pf->user, done.client, done.seq, err, o,
		       err ? verb_text(done.verb, err) : NULL);
}

/* --- provisioning at start -------------------------------------------------------------- */

static void provision_next(struct pf *pf, int err)
{
	if (err == 0 && pf->provisioned < pf->provision) {
		err = pfc_do(pf->driver, PFC_PROVISION, ++pf->provisioned, NULL, 0);
		if (err == 0)
			return;
	}
	pf->provision = pf->provisioned = 0;
	pf->ops->ready(pf->user, err);
}

/* --- events of the driver ------------------------------------------------------------------ */

static void on_verb(struct pf *pf, const struct pfc_event *e)
{
	struct job *j;

	if (e->tag == 0) { /* ours, at start, or a reset of hardware */
		if (pf->provision > 0 && e->verb == PFC_PROVISION)
			provision_next(pf, e->err);
		return;
	}
	j = e->tag <= JOBS ? &pf->jobs[e->tag - 1] : NULL;
	if (!j || !j->used)
		return;
	/* The last bytes of a saved image are still to be sent. */
	if (j->verb == PFC_SAVE && e->err == 0) {
		j->ended = true;
		return;
	}
	job_end(pf, j, e->err);
}

/* To whoever asked for it, and to readers of events. */
static void on_progress(struct pf *pf, const struct pfc_event *e)
{
	char text[64];

	for (unsigned i = 0; i < JOBS; i++) {
		const struct job *j = &pf->jobs[i];

		if (j->used && j->vf == e->vf && j->verb == e->verb && j->client != NOBODY)
			pf->ops->progress(pf->user, j->client, j->seq, e->done, e->total);
	}
	snprintf(text, sizeof(text), "%s %u %%", pfc_verb_name(e->verb),
		 (unsigned)(e->done * 100 / e->total));
	pf->ops->step(pf->user, e->vf, 0, text);
}

static void on_event(void *user, const struct pfc_event *e)
{
	static const char *const vf_events[] = { "?", "FLR", "FLR_DONE", "PAUSE_DONE",
						 "FIXUP_DONE" };
	struct pf *pf = user;
	char text[128];

	switch (e->kind) {
	case PFC_EV_LOG:
		pf->ops->log(pf->user, e->level, e->vf, e->gt, e->text);
		break;
	case PFC_EV_ADOPT:
		if (pf->ops->adopt)
			pf->ops->adopt(pf->user);
		break;
	case PFC_EV_STARTED:
		provision_next(pf, e->err);
		break;
	case PFC_EV_VERB:
		on_verb(pf, e);
		break;
	case PFC_EV_VF_STATE:
		snprintf(text, sizeof(text), "PF: %s -> %s", pfc_vf_state_name(e->from),
			 pfc_vf_state_name(e->to));
		pf->ops->log(pf->user, 4, e->vf, e->gt, text);
		break;
	case PFC_EV_VF_EVENT:
		snprintf(text, sizeof(text), "PF was told %s",
			 vf_events[e->code <= GUC_EVENT_VF_FIXUP_DONE ? e->code : 0]);
		pf->ops->log(pf->user, 4, e->vf, e->gt, text);
		break;
	case PFC_EV_ADVERSE:
		snprintf(text, sizeof(text), "adverse event of threshold 0x%04x", e->code);
		pf->ops->log(pf->user, 1, e->vf, e->gt, text);
		break;
	case PFC_EV_RELAY:
		snprintf(text, sizeof(text), "relay action 0x%04x: %s", e->code,
			 e->err ? text_errno(e->err) : "done");
		pf->ops->log(pf->user, 4, e->vf, e->gt, text);
		break;
	case PFC_EV_VFIO: /* VFIO's states are for users of the library */
		break;
	case PFC_EV_STEP:
		pf->ops->step(pf->user, e->vf, e->gt, e->text);
		break;
	case PFC_EV_PROGRESS:
		on_progress(pf, e);
		break;
	}
}

/* --- verbs ----------------------------------------------------------------------------------- */

static int provision_args(const struct verb *v, struct pfc_provision *arg)
{
	uint64_t contexts = 0, doorbells = 0, quantum = 0, preempt = 0;
	int err = 0;

	memset(arg, 0, sizeof(*arg));
	if (verb_number(v, "ggtt", &arg->ggtt_size) < 0 ||
	    verb_number(v, "start", &arg->ggtt_start) < 0 ||
	    verb_number(v, "lmem", &arg->lmem_size) < 0 ||
	    verb_number(v, "contexts", &contexts) < 0 || contexts > 65535 ||
	    verb_number(v, "quantum", &quantum) < 0 || quantum > UINT32_MAX ||
	    verb_number(v, "preempt", &preempt) < 0 || preempt > UINT32_MAX)
		err = -EINVAL;
	arg->exec_quantum_ms = (uint32_t)quantum;
	arg->preempt_timeout_us = (uint32_t)preempt;
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
	if (moves_image(j))
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
		snprintf(text, sizeof(text), "vf=N is needed, N in 1..%u", pf->vfs);
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
		snprintf(text, sizeof(text), "vf=N is needed, N in 1..%u", pf->vfs);
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

/* --- images -------------------------------------------------------------------------------------- */

/* Send what there is of a saved image. True: more at once. */
static bool save_pump(struct pf *pf, struct job *j)
{
	uint8_t data[BLOB_BYTES];
	size_t want = sizeof(data);
	long n;

	/* Room first: what was read can't be put back. */
	if (!pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, false))
		return false;
	if (j->bytes < j->from && j->from - j->bytes < want)
		want = (size_t)(j->from - j->bytes);
	n = pfc_image_read(pf->driver, j->vf, data, want);
	if (!j->used)
		return false;
	if (n > 0 && j->bytes < j->from) {
		j->bytes += (uint64_t)n;
		return true;
	}
	if (n == 0 && j->bytes < j->from) {
		job_end(pf, j, -ERANGE);
		return false;
	}
	if (n > 0) {
		pf->ops->blob(pf->user, j->client, j->seq, j->bytes, data, (size_t)n, false);
		j->bytes += (uint64_t)n;
		return true;
	}
	if (n == 0 && !j->last) {
		j->last = true;
		pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, true);
	}
	if (j->ended) {
		if (!j->last)
			pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, true);
		job_end(pf, j, 0);
	}
	return false;
}

/* How large the image is is known before its first byte. */
static void size_pump(struct pf *pf, struct job *j)
{
	long n = pfc_image_size(pf->driver, j->vf);
	struct job done = *j;
	struct json_object *o;

	if (n < 0)
		return;
	j->used = false;
	pf->images--;
	(void)pfc_image_cancel(pf->driver, done.vf);
	if (done.client == NOBODY)
		return;
	o = json_object_new_object();
	json_add_u64(o, "vf", done.vf);
	json_add_u64(o, "bytes", (uint64_t)n);
	pf->ops->reply(pf->user, done.client, done.seq, 0, o, NULL);
}

static struct job *image_of(struct pf *pf, uint64_t client, uint32_t seq)
{
	for (unsigned i = 0; i < JOBS; i++) {
		struct job *j = &pf->jobs[i];

		if (j->used && moves_image(j) && j->client == client && j->seq == seq)
			return j;
	}
	return NULL;
}

void pf_hold_end(struct pf *pf, uint64_t client, bool resume)
{
	for (unsigned vf = 1; vf <= pf->vfs; vf++) {
		if (pf->held[vf] != client)
			continue;
		if (resume)
			pause_orphaned(pf, vf);
		pf->held[vf] = NOBODY;
	}
}

void pf_keep_paused(struct pf *pf, unsigned vf)
{
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

long pf_image(struct pf *pf, uint64_t client, uint32_t seq, const uint8_t *data, size_t len,
	      bool last)
{
	struct job *j = image_of(pf, client, seq);
	long n = 0;

	/* Who reads an image can only say that it wants no more. */
	if (j && j->verb == PFC_SAVE && last)
		(void)pfc_image_cancel(pf->driver, j->vf);
	if (!j || !j->used || j->last || j->verb == PFC_SAVE)
		return -ENOENT;
	if (len > 0) {
		n = pfc_image_write(pf->driver, j->vf, data, len);
		if (!j->used)
			return -ENOENT;
	}
	if (n > 0)
		j->bytes += (uint64_t)n;
	if (n >= 0 && (size_t)n < len)
		return n;
	/* An error sticks in the driver: the end then reports it. */
	if (n < 0 || last) {
		j->last = true;
		(void)pfc_image_end(pf->driver, j->vf);
	}
	return n < 0 ? -ENOENT : n;
}

void pf_client_gone(struct pf *pf, uint64_t client)
{
	pf_hold_end(pf, client, true);
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

bool pf_work(struct pf *pf, uint64_t now, uint64_t slice_ns, uint64_t *deadline)
{
	uint64_t limit = uv_hrtime() + slice_ns, next;
	bool more = true;

	if (pf->orphans)
		resume_orphans(pf);
	for (unsigned i = 1; more; i++) {
		if (pf->ops->room && !pf->ops->room(pf->user))
			return false;
		more = pfc_step(pf->driver, now);
		if (i % STEPS_A_LOOK == 0 && uv_hrtime() >= limit)
			break;
	}
	for (unsigned i = 0; pf->images > 0 && i < JOBS; i++) {
		struct job *j = &pf->jobs[i];

		if (j->used && j->size_only)
			size_pump(pf, j);
		else if (j->used && j->verb == PFC_SAVE)
			more |= save_pump(pf, j);
	}
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
	o.on_event = on_event;
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

struct pfc *pf_driver(struct pf *pf)
{
	return pf->driver;
}

void pf_free(struct pf *pf)
{
	free(pf);
}
