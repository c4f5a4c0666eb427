/* SPDX-License-Identifier: MIT */
/* "gucemu vf run": options, and the life of a run: connect, boot, work, recover
 * whenever the VF is migrated, end in order. The work is in run_work.c. */
#include "run.h"
#include "run_priv.h"

#include "proto/text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_BOOT 1u
#define TAG_END  2u
#define END_MS   3000u /* for an orderly end, then without order */

unsigned run_vf(const struct run *r)
{
	return r->opt.function;
}

/* --- the end ------------------------------------------------------------------------ */

/* Worse statuses stay: dead before failed before good. */
static void worsen(struct run *r, int status)
{
	if (status > r->status)
		r->status = status;
}

void run_close(struct run *r, int status)
{
	if (r->closed)
		return;
	r->closed = true;
	r->working = false;
	worsen(r, status);
	if (r->failed > 0)
		worsen(r, RUN_FAILED);
	if (r->opened)
		run_out_summary(r);
	run_stdin_close(r);
	run_work_close(r);
	for (unsigned i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&r->sig[i], NULL);
	uv_close((uv_handle_t *)&r->limit, NULL);
	if (r->vft)
		vft_close(r->vft);
	r->vft = NULL;
}

static void on_limit(uv_timer_t *timer)
{
	run_close(timer->data, RUN_GOOD);
}

void run_end(struct run *r)
{
	if (r->ending || r->closed)
		return;
	r->ending = true;
	r->working = false;
	/* Not booted, or frozen: there is nothing to take down in order. */
	if (!r->vft || vft_shutdown(r->vft, TAG_END) != 0)
		uv_timer_start(&r->limit, on_limit, 0, 0);
	else
		uv_timer_start(&r->limit, on_limit, END_MS, 0);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct run *r = signal->data;

	if (number == SIGUSR1)
		run_release(r);
	else
		run_end(r);
}

/* --- what the driver says ---------------------------------------------------------- */

static void booted(struct run *r, int err)
{
	run_out_booted(r, err);
	if (err == 0) {
		r->working = true;
		err = run_contexts(r);
		if (err != 0)
			run_out_note(r, "a context can't be made", err);
	}
	if (err != 0) {
		worsen(r, r->vft && vft_error(r->vft, NULL) ? RUN_DEAD : RUN_FAILED);
		run_end(r);
		return;
	}
	run_out_ready(r);
	run_want(r, r->jobs ? r->jobs : UINT32_MAX);
}

static void state_changed(struct run *r, enum vfc_state state)
{
	enum vfc_state before = r->state;

	r->state = state;
	if (state == VFC_STATE_RECOVERING && before != VFC_STATE_RECOVERING) {
		r->recovery_at = vft_now(r->vft);
		r->delta = 0;
	}
	if (state == VFC_STATE_READY && before == VFC_STATE_RECOVERING) {
		r->recoveries++;
		run_out_recovered(r, vft_now(r->vft) - r->recovery_at);
		run_release(r);
	}
	if (state == VFC_STATE_WEDGED) {
		worsen(r, RUN_DEAD);
		run_end(r);
	}
}

static void on_event(void *user, const struct vfc_event *e)
{
	struct run *r = user;

	if (e->kind == VFC_EV_JOB && run_keep_job(r, e))
		return;
	run_out_event(r, e);
	switch (e->kind) {
	case VFC_EV_STATE:
		state_changed(r, e->state);
		break;
	case VFC_EV_JOB:
		run_job_ended(r, e);
		break;
	case VFC_EV_BASE:
		r->delta += (int64_t)(e->base - e->value);
		break;
	case VFC_EV_OP:
		if (e->tag == TAG_BOOT && !r->ending)
			booted(r, e->err);
		else if (e->tag == TAG_END)
			uv_timer_start(&r->limit, on_limit, 0, 0);
		break;
	case VFC_EV_LOG:
	case VFC_EV_STEP:
	case VFC_EV_QUEUE:
	case VFC_EV_RELAY:
		break;
	case VFC_EV_KEEP:
		run_kept(r, e);
		break;
	}
}

static enum vfc_hook_result on_hook(void *user, struct vfc *v, unsigned gt,
				    enum vfc_step_id step, int *err)
{
	struct run *r = user;

	(void)v;
	(void)gt;
	(void)err;
	if (r->step_held < 0 || (int)step != r->step_held)
		return VFC_HOOK_RUN;
	if (!r->step_told)
		run_out_note(r, "recovery held, 'continue' lets it go", 0);
	r->step_told = true;
	return VFC_HOOK_HOLD;
}

/* --- what the connection says ------------------------------------------------------ */

static void on_open(void *user, struct vft *t, const struct vft_card *card)
{
	struct run *r = user;

	r->started = vft_now(t);
	r->opened = true;
	run_out_card(r, card);
	if (vft_boot(t, TAG_BOOT) != 0) {
		run_out_note(r, "can't boot", -EBUSY);
		run_close(r, RUN_FAILED);
	}
}

static void on_lost(void *user, struct vft *t, int err, const char *text)
{
	struct run *r = user;

	(void)t;
	run_out_lost(r, err, text);
	run_close(r, RUN_DEAD);
}

static void on_stop(void *user, struct vft *t)
{
	(void)t;
	run_last_words(user);
}

static void on_freeze(void *user, struct vft *t, bool frozen)
{
	struct run *r = user;

	(void)t;
	run_out_freeze(r, frozen);
	if (!frozen)
		run_more(r);
}

static void on_refused(void *user, struct vft *t, int err, const char *text)
{
	(void)t;
	run_out_note(user, text, err);
}

static int run(struct run *r)
{
	char err[256];
	int open;

	(void)uv_loop_init(&r->loop);
	(void)uv_timer_init(&r->loop, &r->limit);
	r->limit.data = r;
	for (unsigned i = 0; i < 3; i++) {
		static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1 };

		(void)uv_signal_init(&r->loop, &r->sig[i]);
		r->sig[i].data = r;
		uv_signal_start(&r->sig[i], on_signal, numbers[i]);
	}
	open = vft_open(&r->vft, &r->loop, &r->opt, err, sizeof(err));
	if (open != 0) {
		fprintf(stderr, "gucemu vf: %s\n", err);
		run_close(r, RUN_DEAD);
	} else {
		r->started = vft_now(r->vft);
		if (r->stay)
			run_stdin(r);
	}
	uv_run(&r->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&r->loop);
	free(r->context);
	return r->status;
}

/* --- options ----------------------------------------------------------------------- */

static const char *const generations[] = { "auto", "seed", "latest" };

static const char *quirk_name(unsigned i)
{
	return vfc_quirk_name((enum vfc_quirk)i);
}

static const char *name_of_fixup(unsigned i)
{
	return fixup_name((enum fixup)i);
}

static const char *step_name(unsigned i)
{
	return vfc_step_name((enum vfc_step_id)i);
}

/* What options call by name. */
static const struct kind {
	const char *what;
	unsigned n;
	const char *(*name)(unsigned i);
} quirks_known = { "quirk", VFC_QUIRK_COUNT, quirk_name },
  fixups_known = { "fixup", FIXUP_COUNT, name_of_fixup },
  steps_known = { "step", VFC_STEP_COUNT, step_name };

/* Number of the one so called, or -ENOENT after a complaint. */
static int find(const char *command, const struct kind *k, const char *name)
{
	for (unsigned i = 0; i < k->n; i++)
		if (strcmp(k->name(i), name) == 0)
			return (int)i;
	cli_complain(command, "there is no %s '%s'", k->what, name);
	return -ENOENT;
}

/* Bits of the names in a list, or false after a complaint. */
static bool names(const char *command, const struct kind *k, const struct cli_list *list,
		  uint32_t *bits)
{
	for (unsigned i = 0; i < list->n; i++) {
		int n = find(command, k, list->item[i]);

		if (n < 0)
			return false;
		*bits |= 1u << n;
	}
	return true;
}

/* "A quirk is one of" and their names, several a line. Returns its length. */
static size_t explain(char *text, size_t cap, const struct kind *k)
{
	size_t n = (size_t)snprintf(text, cap, "A %s is one of", k->what), line = n;

	for (unsigned i = 0; i < k->n && n < cap; i++) {
		const char *gap = i == 0 || line > 70 ? "\n  " : ", ";

		if (i && *gap == '\n')
			n += (size_t)snprintf(text + n, cap - n, ",");
		line = *gap == '\n' ? 2 : line + 2;
		n += (size_t)snprintf(text + n, n < cap ? cap - n : 0, "%s%s", gap, k->name(i));
		line += strlen(k->name(i));
	}
	return n + (size_t)snprintf(text + n, n < cap ? cap - n : 0, "\n\n");
}

static bool generation(const char *command, const char *name, enum vfc_generation *out)
{
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(generations[i], name) != 0)
			continue;
		*out = (enum vfc_generation)i;
		return true;
	}
	cli_complain(command, "--generation: '%s' is not auto, seed or latest", name);
	return false;
}

static int run_main(int argc, char **argv)
{
	struct run r = { .contexts = 4, .parallel = 1, .jobs = 6, .step_held = -1, .keep_queue = -1 };
	struct cli_list quirks = { .n = 0 }, skip = { .n = 0 }, twice = { .n = 0 };
	const char *gen = "auto", *profile = NULL;
	unsigned gts = 0;
	char notes[4096];
	size_t used = 0;
	bool no_ccs = false, indirect = false, no_relay = false;
	bool never_wedge = false, shared_queue = false;
	const struct cli_option options[] = {
		{ "socket", CLI_STRING, "PATH", "the emulator's socket (else $GUCEMU_SOCKET)",
		  &r.opt.socket, 0, 0 },
		{ "vf", CLI_UINT, "N", "which VF (1)", &r.opt.function, 1, 63 },
		{ "gts", CLI_UINT, "N", "GTs to use (those of the card)", &gts, 1, VFC_MAX_GTS },
		{ "contexts", CLI_UINT, "N", "ordinary contexts on each GT (4)", &r.contexts, 0,
		  RUN_CONTEXTS_MAX },
		{ "parallel", CLI_UINT, "N", "parallel contexts on each GT (1)", &r.parallel, 0,
		  RUN_CONTEXTS_MAX },
		{ "group", CLI_UINT, "N", "queues of a multi-queue group on each GT (0: none)",
		  &r.group, 0, RUN_GROUP_MAX },
		{ "jobs", CLI_UINT, "N", "jobs of each context (6); 0: until it is ended",
		  &r.jobs, 0, UINT16_MAX },
		{ "generation", CLI_STRING, "NAME", "recovery: auto, seed, latest (auto)", &gen, 0,
		  0 },
		{ "quirk", CLI_LIST, "NAME", "a weakness of Linux 7.2 (repeatable)", &quirks, 0, 0 },
		{ "quirks", CLI_STRING, "linux-7.2", "all of them", &profile, 0, 0 },
		{ "skip-fixup", CLI_LIST, "NAME", "leave a fixup out (repeatable)", &skip, 0, 0 },
		{ "twice-fixup", CLI_LIST, "NAME", "apply a fixup twice (repeatable)", &twice, 0,
		  0 },
		{ "no-ccs", CLI_FLAG, NULL, "no compression contexts", &no_ccs, 0, 0 },
		{ "indirect-ring", CLI_FLAG, NULL, "contexts with indirect ring state", &indirect,
		  0, 0 },
		{ "no-relay", CLI_FLAG, NULL, "no relay: ask the PF nothing, answer it nothing", &no_relay, 0,
		  0 },
		{ "never-wedge", CLI_FLAG, NULL, "a failed recovery only kills the GT's queues",
		  &never_wedge, 0, 0 },
		{ "shared-queue", CLI_FLAG, NULL, "the media GT recovers after the main GT",
		  &shared_queue, 0, 0 },
		{ "hold-jobs", CLI_FLAG, NULL,
		  "blocked jobs wait for a migration, or for 'release'", &r.hold, 0, 0 },
		{ "hold-step", CLI_STRING, "NAME", "hold a recovery before this step ('continue')",
		  &r.hold_step, 0, 0 },
		{ "unread-h2g", CLI_FLAG, NULL,
		  "at the first freeze, leave a registration that GuC was not told of",
		  &r.unread_h2g, 0, 0 },
		{ "stay", CLI_FLAG, NULL, "don't end with the jobs; take commands", &r.stay, 0, 0 },
		{ "json", CLI_FLAG, NULL, "one JSON object a line", &r.json, 0, 0 },
		{ "verbose", CLI_FLAG, NULL, "each job, too", &r.verbose, 0, 0 },
	};
	const struct cli_command command = {
		.name = "gucemu vf run",
		.args = "--socket PATH [options]",
		.about = "boot a VF driver, keep jobs running, recover from migrations",
		.options = options,
		.options_n = sizeof(options) / sizeof(options[0]),
		.notes = notes,
	};

	used += explain(notes, sizeof(notes), &quirks_known);
	used += explain(notes + used, sizeof(notes) - used, &fixups_known);
	used += explain(notes + used, sizeof(notes) - used, &steps_known);
	snprintf(notes + used, sizeof(notes) - used, "%s", run_commands_help);
	vft_options_default(&r.opt);
	r.opt.socket = getenv("GUCEMU_SOCKET");
	switch (cli_parse(&command, &argc, argv)) {
	case CLI_HELP:
		return 0;
	case CLI_BAD:
		return CLI_EXIT_USAGE;
	case CLI_RUN:
		break;
	}
	if (argc > 1) {
		cli_complain(command.name, "'%s' is too much", argv[1]);
		return CLI_EXIT_USAGE;
	}
	if (!r.opt.socket) {
		cli_complain(command.name, "which emulator? --socket PATH");
		return CLI_EXIT_USAGE;
	}
	if (profile && strcmp(profile, "linux-7.2") != 0) {
		cli_complain(command.name, "--quirks: '%s' is not linux-7.2", profile);
		return CLI_EXIT_USAGE;
	}
	if (profile)
		r.opt.driver.quirks = VFC_QUIRKS_LINUX_7_2;
	if (!generation(command.name, gen, &r.opt.driver.generation) ||
	    !names(command.name, &quirks_known, &quirks, &r.opt.driver.quirks) ||
	    !names(command.name, &fixups_known, &skip, &r.opt.driver.skip_fixups) ||
	    !names(command.name, &fixups_known, &twice, &r.opt.driver.twice_fixups))
		return CLI_EXIT_USAGE;
	if (r.hold_step) {
		r.step_held = find(command.name, &steps_known, r.hold_step);
		if (r.step_held < 0)
			return CLI_EXIT_USAGE;
	}
	r.opt.name = "gucemu vf";
	r.opt.queues = r.contexts + RUN_WIDTH * r.parallel + r.group + RUN_CREATES + 2;
	r.opt.width = 1;
	/* Of each context one long job is under way, on two GTs; and its page. */
	r.opt.extra = 2 * (r.contexts + r.parallel + r.group) * (4 * RUN_LONG + 4096u);
	r.opt.driver.gts = (uint8_t)gts;
	r.opt.driver.ccs = !no_ccs;
	r.opt.driver.indirect_ring = indirect;
	r.opt.driver.no_relay = no_relay;
	r.opt.driver.never_wedge = never_wedge;
	r.opt.driver.shared_queue = shared_queue;
	r.opt.driver.on_event = on_event;
	r.opt.driver.hook = on_hook;
	r.opt.driver.user = &r;
	r.opt.on_open = on_open;
	r.opt.on_lost = on_lost;
	r.opt.on_freeze = on_freeze;
	r.opt.on_stop = on_stop;
	r.opt.on_refused = on_refused;
	r.opt.user = &r;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run(&r);
}

int gucemu_vf_main(int argc, char **argv)
{
	static const char *const words[] = { "run", "info" };
	const char *near;

	if (argc >= 2 && strcmp(argv[1], "run") == 0)
		return run_main(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "info") == 0)
		return run_info_main(argc - 1, argv + 1);
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		printf("gucemu vf: run a VF driver against an emulated card\n\n"
		       "Usage: gucemu vf run|info [options]\n\n"
		       "  run   boot, keep jobs running, recover from migrations\n"
		       "  info  boot, say what the VF was given, go\n\n"
		       "'gucemu vf run --help' explains them.\n");
		return 0;
	}
	if (argc < 2) {
		cli_complain("gucemu vf", "run or info?");
		return CLI_EXIT_USAGE;
	}
	near = cli_nearest(argv[1], words, 2);
	if (near)
		cli_complain("gucemu vf", "'%s'? did you mean '%s'?", argv[1], near);
	else
		cli_complain("gucemu vf", "'%s' is not run or info", argv[1]);
	return CLI_EXIT_USAGE;
}
