/* SPDX-License-Identifier: MIT */
/* The demo's VF drivers: a "gucemu vf run" each, steered by lines on its
 * standard input, read by the JSON lines of its standard output. */
#include "cli/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "view/json.h"

/* Contexts on each GT, with the queues of a group, and the jobs of each: one that ends, one that blocks at
 * a semaphore in mid-batch until the VF has moved, one behind it. */
#define CONTEXTS "4"
#define PARALLEL "1"
#define GROUP    "2"
#define JOBS     "3"

/* Where --double catches the recovery: after its fixups, before GuC hears. */
#define HOLD_SEED   "seed-notify"
#define HOLD_LATEST "valid"

/* --- its lines --------------------------------------------------------------------- */

static void trouble(struct demo_vf *v, const char *what, const char *why)
{
	if (!v->failed)
		snprintf(v->trouble, sizeof(v->trouble), "%s%s%s", what, why[0] ? ": " : "", why);
	v->failed = true;
}

/* No end of its recovery is to be waited for. */
static void fatal(struct demo_vf *v, const char *what, const char *why)
{
	v->fatal = true;
	trouble(v, what, why);
}

static void on_ready(struct demo_vf *v, struct json_object *o)
{
	v->contexts = (unsigned)json_get_u64(o, "contexts", 0);
}

static void on_boot(struct demo_vf *v, struct json_object *o)
{
	if (json_get_int(o, "status", 0) != 0)
		trouble(v, "boot failed", json_get_str(o, "error", ""));
}

static void on_job(struct demo_vf *v, struct json_object *o)
{
	char what[64];

	if (json_get_int(o, "status", 0) == 0) {
		v->jobs_ok++;
		return;
	}
	v->jobs_failed++;
	snprintf(what, sizeof(what), "job %llu of context %llu",
		 (unsigned long long)json_get_u64(o, "job", 0),
		 (unsigned long long)json_get_u64(o, "context", 0));
	trouble(v, what, json_get_str(o, "error", ""));
}

/* The end of the fixups is what only the driver sees; the diagram shows it. */
static void on_step(struct demo_vf *v, struct json_object *o)
{
	const char *step = json_get_str(o, "step", "");
	struct view_event e = { .step = true, .by_vf = true };

	if (strcmp(step, vfc_step_name(VFC_STEP_SEED_FIXUPS)) != 0 &&
	    strcmp(step, vfc_step_name(VFC_STEP_FIX_QUEUES)) != 0)
		return;
	e.card = v->card;
	e.guc.point = GUC_PT_COUNT;
	e.guc.fn = (uint8_t)v->number;
	e.guc.gt = (uint8_t)json_get_u64(o, "gt", UINT8_MAX);
	e.guc.time = json_get_u64(o, "clock_ns", 0);
	snprintf(e.text, sizeof(e.text), "%s", step);
	demo_event(v->demo, &e);
}

static void on_log(struct demo_vf *v, struct json_object *o)
{
	const char *level = json_get_str(o, "level", "");
	const char *text = json_get_str(o, "text", "");

	if (strcmp(level, "error") == 0)
		trouble(v, text, "");
	if (v->number == 1 && (v->demo->opt.verbose || strcmp(level, "debug") != 0))
		demo_say(v->demo, "VF 1's driver: %s", text);
}

static void on_note(struct demo_vf *v, struct json_object *o)
{
	const char *text = json_get_str(o, "text", "");

	if (strstr(text, "recovery held"))
		v->held = true;
	else if (json_get_int(o, "status", 0) != 0)
		trouble(v, text, json_get_str(o, "error", ""));
}

static void on_recovered(struct demo_vf *v, struct json_object *o)
{
	v->recoveries++;
	v->recovery_ns = json_get_u64(o, "ns", 0);
	v->registered = (unsigned)json_get_u64(o, "contexts", 0);
}

static void on_state(struct demo_vf *v, struct json_object *o)
{
	if (strcmp(json_get_str(o, "state", ""), vfc_state_name(VFC_STATE_WEDGED)) == 0)
		fatal(v, "its driver is wedged", "");
}

static void on_lost(struct demo_vf *v, struct json_object *o)
{
	fatal(v, "connection lost", json_get_str(o, "text", ""));
}

static void on_answer(struct demo_vf *v, struct json_object *o)
{
	const char *command = json_get_str(o, "command", "");
	bool good = json_get_int(o, "status", 0) == 0;

	if (strcmp(command, "create") == 0) {
		v->created = good ? v->demo->opt.gts : 0;
		v->asked = true;
		if (!good)
			trouble(v, "no new context", json_get_str(o, "error", ""));
	} else if (strcmp(command, "wait") == 0) {
		v->idle = true;
		if (!good)
			trouble(v, "its jobs do not end", json_get_str(o, "error", ""));
	}
}

static void on_kept(struct demo_vf *v, struct json_object *o)
{
	bool good = json_get_int(o, "status", 0) == 0;

	if (strcmp(json_get_str(o, "command", ""), "keep") == 0) {
		v->kept = true;
	} else {
		v->checked = true;
		v->checked_bytes = json_get_u64(o, "bytes", 0);
	}
	v->kept_badly |= !good;
	if (!good)
		trouble(v, "memory or metadata did not survive", json_get_str(o, "error", ""));
}

static void on_summary(struct demo_vf *v, struct json_object *o)
{
	v->jobs_open = (unsigned)json_get_u64(o, "jobs_unfinished", 0);
	v->summary = true;
}

static const struct {
	const char *event;
	void (*take)(struct demo_vf *v, struct json_object *o);
} events[] = {
	{ "ready", on_ready },	     { "boot", on_boot },   { "job", on_job },
	{ "step", on_step },	     { "log", on_log },	    { "note", on_note },
	{ "recovered", on_recovered }, { "state", on_state }, { "lost", on_lost },
	{ "answer", on_answer },     { "kept", on_kept },     { "summary", on_summary },
};

/* A driver that forgets a fixup gets into trouble; what counts then is whether
 * the detector names it. */
static bool expected(const struct demo_vf *v)
{
	return v->demo->stopping || (v->demo->opt.skip.n > 0 && !v->fatal);
}

static void on_vf_line(struct child *child, char *line)
{
	struct demo_vf *v = child->user;
	struct json_object *o = json_read(line, strlen(line));
	const char *event = json_get_str(o, "event", "");

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].event, event) == 0)
			events[i].take(v, o);
	json_object_put(o);
	if (v->failed && !expected(v))
		demo_fail(v->demo, "VF %u: %s", v->number, v->trouble);
}

static void on_vf_exit(struct child *child, int status)
{
	struct demo_vf *v = child->user;

	v->finished = true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !v->summary)
		trouble(v, "its driver ended too early or in failure", "");
	v->fatal = true;
	if (v->failed && !expected(v))
		demo_fail(v->demo, "VF %u: %s", v->number, v->trouble);
}

/* --- its process ------------------------------------------------------------------- */

static bool start_vf(struct demo *d, unsigned index)
{
	struct demo_vf *v = &d->vf[index];
	char number[8];
	const char *words[24 + 2 * CLI_LIST_MAX] = {
		d->program, "vf", "run", "--socket", d->card[0].socket, "--vf", number, "--json",
		"--stay", "--hold-jobs", "--contexts", CONTEXTS, "--parallel", PARALLEL, "--group",
		GROUP, "--jobs", JOBS,
	};
	unsigned n = 18;
	int err;

	v->demo = d;
	v->number = index + 1;
	snprintf(number, sizeof(number), "%u", v->number);
	for (unsigned i = 0; i < d->opt.skip.n; i++) {
		words[n++] = "--skip-fixup";
		words[n++] = d->opt.skip.item[i];
	}
	if (d->skips[FIXUP_INDIRECT_RING])
		words[n++] = "--indirect-ring";
	if (d->skips[FIXUP_H2G])
		words[n++] = "--unread-h2g";
	if (d->opt.twice) {
		words[n++] = "--hold-step";
		words[n++] = d->opt.seed ? HOLD_SEED : HOLD_LATEST;
	}
	v->child = (struct child){ .on_line = on_vf_line, .on_exit = on_vf_exit, .user = v };
	err = child_start(&v->child, &d->loop, (char *const *)(uintptr_t)words, true, d->log_fd);
	if (err < 0)
		demo_fail(d, "can't start the driver of VF %u: %s", v->number, strerror(-err));
	return err == 0;
}

/* Each context has done its first job, so its second one blocks. */
static bool is_loaded(const struct demo_vf *v)
{
	return v->contexts > 0 && v->jobs_ok >= v->contexts;
}

static bool is_idle(const struct demo_vf *v)
{
	return v->idle;
}

static bool is_finished(const struct demo_vf *v)
{
	return v->finished;
}

static bool all_loaded(struct demo *d)
{
	return demo_all_vfs(d, is_loaded);
}

static bool all_idle(struct demo *d)
{
	return demo_all_vfs(d, is_idle);
}

static bool all_finished(struct demo *d)
{
	return demo_all_vfs(d, is_finished);
}

bool demo_vfs_start(struct demo *d)
{
	unsigned contexts = 0, jobs = 0;

	for (unsigned i = 0; i < d->opt.vfs; i++)
		if (!start_vf(d, i))
			return false;
	if (!demo_until(d, "booting the VF drivers", all_loaded))
		return false;
	for (unsigned i = 0; i < d->opt.vfs; i++) {
		contexts += d->vf[i].contexts;
		jobs += d->vf[i].jobs_ok;
	}
	demo_say(d, "%u VF driver%s booted on A: %u contexts, %u jobs done, the next of each "
		    "blocked at a semaphore in mid-batch", d->opt.vfs,
		 d->opt.vfs == 1 ? " has" : "s have", contexts, jobs);
	return true;
}

static bool tell_all(struct demo *d, const char *line)
{
	for (unsigned i = 0; i < d->opt.vfs; i++) {
		if (child_tell(&d->vf[i].child, line) < 0) {
			demo_fail(d, "VF %u: its driver is gone", d->vf[i].number);
			return false;
		}
	}
	return true;
}

bool demo_vfs_continue(struct demo *d)
{
	return tell_all(d, "continue\n");
}

static bool has_answered(const struct demo_vf *v)
{
	return v->asked;
}

static bool all_answered(struct demo *d)
{
	return demo_all_vfs(d, has_answered);
}

static bool has_none_or_is_named(struct demo *d)
{
	for (unsigned i = 0; i < d->opt.vfs; i++)
		if (d->vf[i].created == 0)
			return true;
	return d->found[FIXUP_DEFAULT_LRC] > 0;
}

bool demo_vfs_create(struct demo *d)
{
	return tell_all(d, "create\n") &&
	       demo_until(d, "making new contexts", all_answered) &&
	       (!d->skips[FIXUP_DEFAULT_LRC] ||
		demo_until(d, "waiting for the detector to see new contexts",
			   has_none_or_is_named));
}

static bool is_kept(const struct demo_vf *v)
{
	return v->kept;
}

static bool is_checked(const struct demo_vf *v)
{
	return v->checked;
}

static bool all_kept(struct demo *d)
{
	return demo_all_vfs(d, is_kept);
}

static bool all_checked(struct demo *d)
{
	return demo_all_vfs(d, is_checked);
}

/* Memory and metadata are of no interest when a fixup is forgotten. */
bool demo_vfs_keep(struct demo *d)
{
	return d->opt.skip.n > 0 || d->opt.platform->ccs_ratio == 0 ||
	       (tell_all(d, "keep\n") &&
		demo_until(d, "filling memory and metadata", all_kept));
}

static bool check_kept(struct demo *d)
{
	return !d->vf[0].kept || (tell_all(d, "check\n") &&
				  demo_until(d, "comparing memory and metadata", all_checked));
}

bool demo_vfs_finish(struct demo *d)
{
	return tell_all(d, "wait\n") && demo_until(d, "waiting for the jobs", all_idle) &&
	       check_kept(d) &&
	       tell_all(d, "quit\n") &&
	       demo_until(d, "waiting for the VF drivers to end", all_finished);
}

void demo_vfs_end(struct demo *d)
{
	for (unsigned i = 0; d->vf && i < d->opt.vfs; i++) {
		d->vf[i].move.abandoned = true;
		for (unsigned c = 0; c < DEMO_CARDS; c++)
			control_close(d->vf[i].conn[c]);
		child_end(&d->vf[i].child);
	}
}
