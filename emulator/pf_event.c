/* SPDX-License-Identifier: MIT */
/* What a PF in the service of control clients tells: the words for errors, a VF
 * as JSON, and the driver's events, as answers, log lines and steps. See pf.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pf_priv.h"
#include "proto/actions.h"
#include "proto/text.h"

/* --- answers --------------------------------------------------------------------------- */

const char *pf_verb_text(enum pfc_verb verb, int err)
{
	switch (err) {
	case -EINVAL:
		return verb == PFC_PROVISION ?
			       "a bad size: GGTT goes by 4 KiB, local memory by 2 MiB and on "
			       "discrete cards only" : "no such VF, or a bad size";
	case -ENOBUFS:
		return "the image is larger than the PF's memory for images, which goes with "
		       "the card's GGTT";
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
	json_add_str(o, "valid", info.valid == 0 ? "yes" : info.valid == -ENOKEY ? "partly" : "no");
	json_add_str(o, "busy", info.busy ? pfc_verb_name(info.verb) : "");
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

void pf_add_content(struct pf *pf, unsigned vf, uint64_t bytes, struct json_object *o)
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

void pf_on_event(void *user, const struct pfc_event *e)
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
