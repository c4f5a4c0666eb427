/* SPDX-License-Identifier: MIT */
/* The demo's migrations: every VF has a state machine of its own and a control
 * connection to each card, so that all go at once. */
#include "cli/demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/json.h"

#define INFO_MS 10000u

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* --- one VF ------------------------------------------------------------------------- */

static void on_step(struct migrate *m, enum migrate_step step, int status, const char *error,
		    uint64_t ns)
{
	struct demo_vf *v = m->user;
	const char *other = v->demo->card[1 - v->card].name;
	char text[128];
	size_t at = 0;

	/* The texts say A and B for here and there; on the way back it is reversed. */
	for (const char *p = migrate_step_text(step); *p && at + 1 < sizeof(text); p++) {
		bool alone = (p[1] == '\0' || p[1] == ' ' || p[1] == ':') &&
			     p > migrate_step_text(step) && p[-1] == ' ';

		text[at++] = *p == 'A' && alone   ? v->demo->card[v->card].name[0]
			     : *p == 'B' && alone ? other[0]
						  : *p;
	}
	text[at] = '\0';
	if (status < 0)
		demo_fail(v->demo, "VF %u: %s: %s", v->number, text, error);
	if (v->number != 1)
		return;
	/* What is left of it there has no part in the VF's story. */
	if (step == MIGRATE_THAW)
		v->demo->card[v->card].muted = true;
	if (status == 0)
		demo_say(v->demo, "  %u. %-50s %8.2f ms", migrate_step_number(step), text, ms(ns));
}

static void on_done(struct migrate *m, int status)
{
	struct demo_vf *v = m->user;
	uint64_t frozen = m->thawed_at - m->frozen_at;

	v->moving = false;
	if (status < 0)
		return;
	v->moves++;
	v->card = 1 - v->card;
	v->frozen_ns = frozen > v->frozen_ns ? frozen : v->frozen_ns;
	v->image_len = m->image_len;
	v->content = m->restored;
}

static bool connect_vf(struct demo *d, struct demo_vf *v)
{
	char err[256];

	for (unsigned i = 0; i < DEMO_CARDS; i++) {
		if (v->conn[i])
			continue;
		if (control_open(&v->conn[i], &d->loop, d->card[i].socket, NULL, err,
				 sizeof(err)) < 0) {
			demo_fail(d, "card %s: %s", d->card[i].name, err);
			return false;
		}
	}
	return true;
}

/* GGTT start of the VF, as the PF of the card it is on tells. */
static bool learn_base(struct demo *d, struct demo_vf *v)
{
	struct json_object *o;
	char line[32];
	char *text;
	int status;

	snprintf(line, sizeof(line), "pf info vf=%u", v->number);
	status = control_wait(v->conn[v->card], &d->loop, NULL, line, INFO_MS, &text);
	if (status < 0) {
		demo_fail(d, "VF %u: %s", v->number, control_error(status, text));
	} else {
		o = json_read(text, strlen(text));
		v->base[v->moves] = json_get_u64(o, "ggtt_start", 0);
		v->lmem_size = json_get_u64(o, "lmem_size", 0);
		json_object_put(o);
	}
	free(text);
	return status == 0;
}

static void start_move(struct demo *d, struct demo_vf *v, bool more_to_come)
{
	unsigned from = v->card, to = 1 - v->card;

	v->move = (struct migrate){
		.from = v->conn[from],
		.to = v->conn[to],
		.to_path = d->card[to].socket,
		.vf = v->number,
		.no_release = more_to_come,
		.on_step = on_step,
		.on_done = on_done,
		.user = v,
	};
	for (unsigned gt = 0; gt < DEMO_MAX_GTS; gt++)
		v->gt[gt] = (struct demo_gt){ 0 };
	d->card[to].muted = false;
	v->moving = true;
	v->held = false;
	migrate_start(&v->move);
}

/* --- all of them ------------------------------------------------------------------- */

static bool is_still(const struct demo_vf *v)
{
	return !v->moving;
}

static bool all_still(struct demo *d)
{
	return demo_all_vfs(d, is_still);
}

static bool is_held(const struct demo_vf *v)
{
	return v->held;
}

static bool all_held(struct demo *d)
{
	return demo_all_vfs(d, is_held);
}

static void say_bases(struct demo *d)
{
	const struct demo_vf *v = &d->vf[0];
	uint64_t was = v->base[v->moves - 1], is = v->base[v->moves];

	demo_say(d, "VF 1's GGTT start was 0x%" PRIx64 " and is 0x%" PRIx64 " on %s", was, is,
		 d->card[v->card].name);
}

bool demo_move(struct demo *d, bool more_to_come)
{
	unsigned from = d->vf[0].card;

	for (unsigned i = 0; i < d->opt.vfs; i++)
		if (!connect_vf(d, &d->vf[i]) || !learn_base(d, &d->vf[i]))
			return false;
	demo_say(d, "migrating %s from %s to %s%s", d->opt.vfs == 1 ? "the VF" : "all VFs at once",
		 d->card[from].name, d->card[1 - from].name,
		 d->vf[0].moves > 0 ? ", in the midst of its recovery" : "");
	if (d->move_started == 0) {
		d->move_started = uv_hrtime();
		demo_record_mark(d, d->move_started, "migration");
	}
	for (unsigned i = 0; i < d->opt.vfs; i++)
		start_move(d, &d->vf[i], more_to_come);
	/* After a failure too: each migration ends, most of them with the way back. */
	d->doing = "migrating";
	while (!all_still(d) && !d->gave_up)
		uv_run(&d->loop, UV_RUN_ONCE);
	if (d->failed)
		return false;
	for (unsigned i = 0; i < d->opt.vfs; i++)
		if (!learn_base(d, &d->vf[i]))
			return false;
	say_bases(d);
	if (!more_to_come)
		return d->vf[0].moves == 1 || demo_vfs_continue(d);
	return demo_until(d, "waiting for the recoveries to get half-way", all_held);
}

static bool is_running(const struct demo_vf *v)
{
	for (unsigned gt = 0; gt < v->demo->opt.gts; gt++)
		if (v->gt[gt].running == 0)
			return false;
	return v->recoveries > 0;
}

static bool all_running(struct demo *d)
{
	return demo_all_vfs(d, is_running);
}

bool demo_recovered(struct demo *d)
{
	return demo_until(d, "waiting for the recoveries to end", all_running);
}

/* In the middle of the share lies the surface that the drivers fill. */
bool demo_flip(struct demo *d)
{
	struct demo_vf *v = &d->vf[0];
	bool ccs = d->opt.flip && strcmp(d->opt.flip, "ccs") == 0;
	uint64_t at = v->lmem_size / 2 + 40;
	char line[96], *text;
	int status;

	if (!d->opt.flip)
		return true;
	if (ccs)
		at = v->lmem_size / 2 / d->opt.platform->ccs_ratio + 40;
	snprintf(line, sizeof(line), "flip-lmem vf=1 at=%" PRIu64 "%s", at,
		 ccs ? " metadata=1" : "");
	status = control_wait(v->conn[v->card], &d->loop, NULL, line, INFO_MS, &text);
	if (status < 0)
		demo_fail(d, "VF 1: %s", control_error(status, text));
	else
		demo_say(d, "a bit of VF 1's %s was flipped on %s",
			 ccs ? "compression metadata" : "local memory", d->card[v->card].name);
	free(text);
	return status == 0;
}
