/* SPDX-License-Identifier: MIT */
/* What "gucemu vf run" prints: "[time] vf1/gt0: text" lines, or JSON objects. */
#include "run_priv.h"

#include "proto/text.h"
#include "view/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- the two forms ----------------------------------------------------------------- */

static uint64_t time_of(const struct run *r)
{
	return r->vft ? vft_now(r->vft) - r->started : 0;
}

static void say(struct run *r, unsigned gt, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct run *r, unsigned gt, const char *fmt, ...)
{
	uint64_t us = time_of(r) / 1000;
	va_list ap;

	printf("[%5" PRIu64 ".%06" PRIu64 "] vf%u", us / 1000000, us % 1000000, run_vf(r));
	if (gt != VFC_DEVICE)
		printf("/gt%u", gt);
	printf(": ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static struct json_object *object(struct run *r, const char *event, unsigned gt)
{
	struct json_object *o = json_object_new_object();

	json_add_str(o, "event", event);
	json_add_u64(o, "time_ns", time_of(r));
	/* The machine's clock, to put events of several processes in order. */
	json_add_u64(o, "clock_ns", uv_hrtime());
	json_add_u64(o, "vf", run_vf(r));
	if (gt != VFC_DEVICE)
		json_add_u64(o, "gt", gt);
	return o;
}

static void emit(struct json_object *o)
{
	puts(json_line(o));
	json_object_put(o);
}

static void add_err(struct json_object *o, int err)
{
	json_add_int(o, "status", err);
	if (err != 0)
		json_add_str(o, "error", text_errno(err));
}

static const char *level_name(enum vfc_log_level level)
{
	switch (level) {
	case VFC_LOG_ERROR:
		return "error";
	case VFC_LOG_WARN:
		return "warning";
	case VFC_LOG_NOTICE:
		return "notice";
	case VFC_LOG_INFO:
		return "info";
	case VFC_LOG_DEBUG:
		return "debug";
	}
	return "?";
}

/* --- the driver's events ----------------------------------------------------------- */

static void event_text(struct run *r, const struct vfc_event *e)
{
	switch (e->kind) {
	case VFC_EV_LOG:
		if (e->level == VFC_LOG_ERROR || e->level == VFC_LOG_WARN)
			say(r, e->gt, "%s: %s", level_name(e->level), e->text);
		else
			say(r, e->gt, "%s", e->text);
		break;
	case VFC_EV_STEP:
		say(r, e->gt, "  %-16s %s%s%s", vfc_step_name(e->step), vfc_step_text(e->step),
		    e->err ? ": " : "", e->err ? text_errno(e->err) : "");
		break;
	case VFC_EV_STATE:
		say(r, e->gt, "driver is %s", vfc_state_name(e->state));
		break;
	case VFC_EV_JOB:
		if (e->err != 0 && !r->ending)
			say(r, e->gt, "job %u of context %u FAILED: %s", e->job, e->queue,
			    text_errno(e->err));
		else if (r->verbose)
			say(r, e->gt, "job %u of context %u %s", e->job, e->queue,
			    e->err ? "cancelled" : "done");
		break;
	case VFC_EV_BASE:
		say(r, e->gt, "GGTT base moved from 0x%" PRIx64 " to 0x%" PRIx64, e->value,
		    e->base);
		break;
	case VFC_EV_QUEUE:
		if (r->verbose)
			say(r, e->gt, "context %u is gone", e->queue);
		break;
	case VFC_EV_RELAY:
	case VFC_EV_KEEP:
	case VFC_EV_OP:
		break;
	}
}

static void event_json(struct run *r, const struct vfc_event *e)
{
	struct json_object *o = NULL;

	switch (e->kind) {
	case VFC_EV_LOG:
		o = object(r, "log", e->gt);
		json_add_str(o, "level", level_name(e->level));
		json_add_str(o, "text", e->text);
		break;
	case VFC_EV_STEP:
		o = object(r, "step", e->gt);
		json_add_str(o, "step", vfc_step_name(e->step));
		json_add_str(o, "text", vfc_step_text(e->step));
		add_err(o, e->err);
		break;
	case VFC_EV_STATE:
		o = object(r, "state", e->gt);
		json_add_str(o, "state", vfc_state_name(e->state));
		break;
	case VFC_EV_JOB:
		o = object(r, "job", e->gt);
		json_add_u64(o, "context", e->queue);
		json_add_u64(o, "job", e->job);
		add_err(o, e->err);
		break;
	case VFC_EV_BASE:
		o = object(r, "base", e->gt);
		json_add_u64(o, "from", e->value);
		json_add_u64(o, "to", e->base);
		json_add_int(o, "delta", (int64_t)(e->base - e->value));
		break;
	case VFC_EV_QUEUE:
	case VFC_EV_RELAY:
	case VFC_EV_KEEP:
	case VFC_EV_OP:
		return;
	}
	emit(o);
}

void run_out_event(struct run *r, const struct vfc_event *e)
{
	if (r->json)
		event_json(r, e);
	else
		event_text(r, e);
}

/* --- the run's own ----------------------------------------------------------------- */

void run_out_card(struct run *r, const struct vft_card *card)
{
	if (r->json) {
		struct json_object *o = object(r, "card", VFC_DEVICE);

		json_add_str(o, "name", card->name);
		json_add_u64(o, "gts", card->gts);
		json_add_u64(o, "tiles", card->tiles);
		json_add_u64(o, "ggtt", card->ggtt_size);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "function %u of card %s: %u GT%s, %u tile%s", card->function,
	    card->name, card->gts, card->gts == 1 ? "" : "s", card->tiles,
	    card->tiles == 1 ? "" : "s");
}

static void info_json(struct run *r, const char *event, unsigned gt, const struct vfc_info *i)
{
	struct json_object *o = object(r, event, gt);

	json_add_str(o, "state", vfc_state_name(i->state));
	json_add_fmt(o, "abi", "%u.%u", i->abi_major, i->abi_minor);
	json_add_u64(o, "ggtt_start", i->ggtt_start);
	json_add_u64(o, "ggtt_size", i->ggtt_size);
	json_add_u64(o, "contexts", i->contexts);
	json_add_u64(o, "doorbells", i->doorbells);
	json_add_fmt(o, "relay", "%u.%u", i->relay_major, i->relay_minor);
	json_add_u64(o, "runtime_registers", i->runtime_n);
	if (i->lmem_size)
		json_add_u64(o, "lmem_size", i->lmem_size);
	json_add_bool(o, "migration_supported", i->migration_supported);
	json_add_u64(o, "recoveries", i->recoveries);
	json_add_u64(o, "requeues", i->requeues);
	json_add_u64(o, "queues", i->queues);
	json_add_u64(o, "registered", i->registered);
	json_add_u64(o, "jobs_done", i->jobs_done);
	json_add_u64(o, "jobs_failed", i->jobs_failed);
	json_add_u64(o, "jobs_pending", i->jobs_pending);
	add_err(o, i->wedged_err);
	emit(o);
}

static void info_text(struct run *r, unsigned gt, const struct vfc_info *i)
{
	say(r, gt, "VF ABI %u.%u, GGTT 0x%" PRIx64 "-0x%" PRIx64 ", %u contexts, %u doorbells",
	    i->abi_major, i->abi_minor, i->ggtt_start,
	    i->ggtt_start + i->ggtt_size - 1, i->contexts, i->doorbells);
	if (i->lmem_size)
		say(r, gt, "local memory %" PRIu64 " MiB", i->lmem_size >> 20);
	say(r, gt, "relay %u.%u, %u runtime registers, migration %ssupported", i->relay_major,
	    i->relay_minor, i->runtime_n, i->migration_supported ? "" : "not ");
}

void run_out_info(struct run *r, unsigned gt)
{
	struct vfc_info info;

	vfc_info(vft_driver(r->vft), gt, &info);
	if (r->json) {
		info_json(r, "info", gt, &info);
		return;
	}
	info_text(r, gt, &info);
	say(r, gt, "%s; %u context%s (%u registered), jobs: %u done, %u failed, %u unfinished; "
		   "%u recoveries, %u requeued",
	    vfc_state_name(info.state), info.queues, info.queues == 1 ? "" : "s", info.registered,
	    info.jobs_done, info.jobs_failed, info.jobs_pending,
	    info.recoveries, info.requeues);
}

void run_out_booted(struct run *r, int err)
{
	for (unsigned gt = 0; err == 0 && gt < vft_gts(r->vft); gt++) {
		struct vfc_info info;

		vfc_info(vft_driver(r->vft), gt, &info);
		if (r->json)
			info_json(r, "boot", gt, &info);
		else
			info_text(r, gt, &info);
	}
	if (err == 0)
		return;
	if (r->json) {
		struct json_object *o = object(r, "boot", VFC_DEVICE);

		add_err(o, err);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "boot FAILED: %s%s", text_errno(err), run_boot_hint(err));
}

const char *run_boot_hint(int err)
{
	return err == -ENXIO ? " (GuC refuses: is the VF provisioned? 'gucemu state' shows it, "
			       "'gucemu pf provision' does it)" : "";
}

void run_out_ready(struct run *r)
{
	if (r->json) {
		struct json_object *o = object(r, "ready", VFC_DEVICE);

		json_add_u64(o, "contexts", r->context_n);
		json_add_u64(o, "gts", vft_gts(r->vft));
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "%u contexts made", r->context_n);
}

void run_out_recovered(struct run *r, uint64_t ns)
{
	uint32_t registered = 0, jobs = 0;

	for (unsigned gt = 0; gt < vft_gts(r->vft); gt++) {
		struct vfc_info info;

		vfc_info(vft_driver(r->vft), gt, &info);
		registered += info.registered;
		jobs += info.jobs_pending;
	}
	if (r->json) {
		struct json_object *o = object(r, "recovered", VFC_DEVICE);

		json_add_u64(o, "ns", ns);
		json_add_int(o, "delta", r->delta);
		json_add_u64(o, "contexts", registered);
		json_add_u64(o, "jobs", jobs);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE,
	    "recovered in %" PRIu64 ".%03" PRIu64 " ms: GGTT moved by %s0x%" PRIx64
	    ", %u contexts registered, %u jobs unfinished",
	    ns / 1000000, ns / 1000 % 1000, r->delta < 0 ? "-" : "",
	    (uint64_t)(r->delta < 0 ? -r->delta : r->delta), registered, jobs);
}

void run_out_freeze(struct run *r, bool frozen)
{
	if (r->json)
		emit(object(r, frozen ? "freeze" : "thaw", VFC_DEVICE));
	else
		say(r, VFC_DEVICE, frozen ? "the virtual machine is frozen" : "thawed");
}

void run_out_lost(struct run *r, int err, const char *text)
{
	if (r->json) {
		struct json_object *o = object(r, "lost", VFC_DEVICE);

		add_err(o, err);
		json_add_str(o, "text", text);
		json_add_bool(o, "refused", !r->opened);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "%s: %s", r->opened ? "connection lost" : "refused", text);
}

void run_out_note(struct run *r, const char *text, int err)
{
	if (r->json) {
		struct json_object *o = object(r, "note", VFC_DEVICE);

		json_add_str(o, "text", text);
		add_err(o, err);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "%s%s%s", text, err ? ": " : "", err ? text_errno(err) : "");
}

void run_out_answer(struct run *r, const char *command, int err)
{
	if (r->json) {
		struct json_object *o = object(r, "answer", VFC_DEVICE);

		json_add_str(o, "command", command);
		add_err(o, err);
		emit(o);
		return;
	}
	printf("%s: %s%s\n", command, err ? "error " : "ok", err ? text_errno(err) : "");
}

void run_out_kept(struct run *r, const char *command, int err, uint64_t bytes)
{
	if (r->json) {
		struct json_object *o = object(r, "kept", VFC_DEVICE);

		json_add_str(o, "command", command);
		json_add_u64(o, "bytes", bytes);
		add_err(o, err);
		emit(o);
	} else {
		say(r, VFC_DEVICE, "%s: %" PRIu64 " bytes of memory and metadata%s%s", command,
		    bytes, err ? ": " : "", err ? text_errno(err) : "");
	}
	run_out_answer(r, command, err);
}

void run_out_summary(struct run *r)
{
	if (r->json) {
		struct json_object *o = object(r, "summary", VFC_DEVICE);

		json_add_u64(o, "contexts", r->context_n);
		json_add_u64(o, "jobs_done", r->good);
		json_add_u64(o, "jobs_failed", r->failed);
		json_add_u64(o, "jobs_unfinished", run_unfinished(r));
		json_add_u64(o, "recoveries", r->recoveries);
		json_add_int(o, "exit", r->status);
		emit(o);
		return;
	}
	say(r, VFC_DEVICE, "%u jobs done, %u failed, %u unfinished; %u recoveries", r->good,
	    r->failed, run_unfinished(r), r->recoveries);
}
