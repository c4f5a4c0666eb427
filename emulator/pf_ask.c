/* SPDX-License-Identifier: MIT */
/* Questions of a PF in a process of its own. See pf_ask.h. */
#include "pf_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pf_setting.h"
#include "view/json.h"
#include "wire/stream.h"

#define CALL_MS 5000u

struct pf_ask {
	struct wire *wire;
	/* While VFs are asked for. */
	struct pfc *driver;
	unsigned vfs, vf; /* the one that is asked for, 0 none */
	uint32_t seq;
	void (*done)(void *user, int err);
	void *user;
};

static void fill_options(struct pfc_options *o, const struct json_object *card)
{
	pfc_options_default(o);
	o->tiles = (uint8_t)json_get_u64(card, "tiles", 1);
	o->gts = (uint8_t)json_get_u64(card, "gts", 1);
	o->vfs = (uint8_t)json_get_u64(card, "vfs", 1);
	o->contexts = (uint32_t)json_get_u64(card, "contexts", o->contexts);
	o->ggtt_size = json_get_u64(card, "ggtt_size", o->ggtt_size);
	o->ggtt_offset = json_get_u64(card, "ggtt_offset", 0);
	o->devid = (uint16_t)json_get_u64(card, "devid", o->devid);
	o->revid = (uint8_t)json_get_u64(card, "revid", o->revid);
	o->graphics_ver = (uint32_t)json_get_u64(card, "graphics", o->graphics_ver);
	o->vf_stride = 0; /* as the graphics version says */
	if (sscanf(json_get_str(card, "abi", ""), "1.%hhu", &o->abi_minor) != 1)
		o->abi_minor = 0;
	o->lmem_size = json_get_u64(card, "lmem_size", 0);
	o->ccs_ratio = (uint16_t)json_get_u64(card, "ccs_ratio", 0);
}

/* --- what GuCs have -------------------------------------------------------------------- */

static enum pfc_found_state found_state(const char *name)
{
	static const struct {
		const char *name;
		enum pfc_found_state state;
	} names[] = {
		{ "VF_READY_PAUSED", PFC_FOUND_PAUSED },
		{ "VF_RUNNING_PAUSED", PFC_FOUND_PAUSED },
		{ "VF_RESFIX_PAUSED", PFC_FOUND_RESTORED },
		{ "VF_STOPPED", PFC_FOUND_STOPPED },
		{ "FLR_PENDING", PFC_FOUND_FLR },
		{ "FLR_ACTIVE", PFC_FOUND_FLR },
		{ "FLR_CLEANED", PFC_FOUND_FLR_DONE },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name) == 0)
			return names[i].state;
	}
	return PFC_FOUND_FREE;
}

static uint32_t get32(const struct json_object *o, const char *name)
{
	return (uint32_t)json_get_u64(o, name, 0);
}

/* Policies are the GuC's; they come with each VF. */
static int tell_policies(struct pf_ask *a, unsigned gt, const struct json_object *o)
{
	int err = 0;

	for (int i = 0; i < PFC_SETTING_COUNT && err == 0; i++) {
		enum pfc_setting s = (enum pfc_setting)i;
		const char *name = pfc_setting_name(s);
		uint32_t value[PFC_MAX_GROUP_WORDS] = { get32(o, name) };
		unsigned n = 1;

		if (pfc_setting_of_vf(s))
			continue;
		if (s == PFC_SET_ENGINE_GROUPS)
			err = pf_words_parse(json_get_str(o, name, "none"), value, &n);
		if (err == 0)
			err = pfc_found_policy(a->driver, gt, s, value, n);
	}
	return err;
}

static int tell_gt(struct pf_ask *a, const struct json_object *o)
{
	struct pfc_found f = {
		.state = found_state(json_get_str(o, "state", "")),
		.ggtt_start = json_get_u64(o, "ggtt_start", 0),
		.ggtt_size = json_get_u64(o, "ggtt_size", 0),
		.lmem_size = json_get_u64(o, "lmem_size", 0),
		.contexts = get32(o, "contexts"),
		.begin_context = get32(o, "begin_context"),
		.doorbells = get32(o, "doorbells"),
		.begin_doorbell = get32(o, "begin_doorbell"),
		.exec_quantum_ms = get32(o, "exec_quantum_ms"),
		.preempt_timeout_us = get32(o, "preempt_timeout_us"),
	};

	for (unsigned i = 0; i < PFC_THRESHOLDS; i++) {
		char name[24];

		snprintf(name, sizeof(name), "threshold%u", i);
		f.threshold[i] = get32(o, name);
	}
	if (a->vf == 1) {
		int err = tell_policies(a, get32(o, "gt"), json_get(o, "policies"));

		if (err != 0)
			return err;
	}
	return pfc_found(a->driver, a->vf, get32(o, "gt"), &f);
}

static void ask_end(struct pf_ask *a, int err)
{
	a->vf = 0;
	a->done(a->user, err ? err : pfc_found_all(a->driver));
}

static void ask_next(struct pf_ask *a)
{
	char line[32];
	struct frame f = { .type = gucemu_FrameType_CONTROL, .text = line };
	int err;

	if (a->vf++ == a->vfs) {
		ask_end(a, 0);
		return;
	}
	f.text_len = (size_t)snprintf(line, sizeof(line), "config vf=%u", a->vf);
	f.seq = a->seq = wire_seq(a->wire);
	err = wire_send(a->wire, &f, NULL);
	if (err != 0)
		ask_end(a, err);
}

static void on_config(struct pf_ask *a, const struct frame *f)
{
	struct json_object *o = f->status ? NULL : json_read(f->text, f->text_len), *gts;
	int err = o ? 0 : -EPROTO;

	gts = json_get(o, "gts");
	for (unsigned gt = 0; err == 0 && json_at(gts, gt); gt++)
		err = tell_gt(a, json_at(gts, gt));
	json_object_put(o);
	if (err != 0)
		ask_end(a, err);
	else
		ask_next(a);
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct pf_ask *a = user;

	(void)w;
	(void)fds;
	if (a->vf != 0 && f->type == gucemu_FrameType_REPLY && f->seq == a->seq)
		on_config(a, f);
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct pf_ask *a = user;

	(void)w;
	(void)reason;
	a->wire = NULL;
	if (a->vf != 0)
		ask_end(a, err ? err : -EPIPE);
}

static const struct wire_ops calls = { .frame = on_frame, .closed = on_closed };

void pf_ask_found(struct pf_ask *a, struct pfc *driver, unsigned vfs,
		  void (*done)(void *user, int err), void *user)
{
	a->driver = driver;
	a->vfs = vfs;
	a->vf = 0;
	a->done = done;
	a->user = user;
	if (a->wire)
		ask_next(a);
	else
		ask_end(a, -EPIPE);
}

/* --- opening ------------------------------------------------------------------------------- */

int pf_ask_open(struct pf_ask **out, uv_loop_t *loop, const char *socket,
		struct pfc_options *options)
{
	struct pf_ask *a = calloc(1, sizeof(*a));
	struct wire_answer answer;
	struct json_object *card;
	char text[256];
	int err;

	*out = a;
	if (!a)
		return -ENOMEM;
	err = wire_connect(&a->wire, loop, socket, &calls, a, text, sizeof(text));
	if (err == 0)
		err = wire_hello(a->wire, FRAME_ROLE_CONTROL, 0, 0, "pf serve", NULL, text,
				 sizeof(text));
	if (err != 0) {
		fprintf(stderr, "gucemu pf serve: %s\n", text);
		return err;
	}
	err = wire_control(a->wire, "card", CALL_MS, &answer);
	if (err != 0) {
		fprintf(stderr, "gucemu pf serve: the emulator does not say what card it is\n");
		return err;
	}
	card = json_read(answer.text, strlen(answer.text));
	fill_options(options, card);
	json_object_put(card);
	return 0;
}

int pf_ask_used(struct pf_ask *a, unsigned vfs)
{
	struct wire_answer answer;
	struct json_object *o;
	char line[32];
	int err = 0;

	for (unsigned vf = 1; vf <= vfs && err == 0; vf++) {
		const char *state;
		bool used;

		snprintf(line, sizeof(line), "config vf=%u", vf);
		err = wire_control(a->wire, line, CALL_MS, &answer);
		o = err == 0 ? json_read(answer.text, strlen(answer.text)) : NULL;
		used = json_get_bool(o, "client", false);
		for (unsigned gt = 0; !used && json_at(json_get(o, "gts"), gt); gt++) {
			state = json_get_str(json_at(json_get(o, "gts"), gt), "state", "");
			used = strcmp(state, "UNPROVISIONED") != 0 && strcmp(state, "VF_READY") != 0;
		}
		json_object_put(o);
		if (used)
			return (int)vf;
	}
	return err;
}

void pf_ask_close(struct pf_ask *a)
{
	if (a && a->wire)
		wire_close(a->wire, 0, NULL);
	free(a);
}
