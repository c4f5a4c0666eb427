/* SPDX-License-Identifier: MIT */
/* gucemu demo: the order of things; see demo.h. */
#include "cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "emulator/fault_text.h"

#define DEMO_SECONDS    30u
#define SECONDS_PER_VF  2u

static struct demo_options opt;
static const char *abi, *platform;

static const struct cli_option options[] = {
	{ "abi", CLI_STRING, "seed|latest",
	  "generation of the recovery: one worker a device, or markers (default)", &abi, 0, 0 },
	{ "double", CLI_FLAG, NULL, "migrate again in the midst of the recovery", &opt.twice, 0, 0 },
	{ "platform", CLI_STRING, "NAME", "what the cards are: ptl, wcl, bmg, atsm, tgl, adlp (ptl)",
	  &platform, 0, 0 },
	{ "gts", CLI_UINT, "N", "GTs of each card (default: those of the platform)", &opt.gts, 1,
	  DEMO_MAX_GTS },
	{ "vfs", CLI_UINT, "N", "VFs that move at the same time (default: 1)", &opt.vfs, 1,
	  DEMO_MAX_VFS },
	{ "skip-fixup", CLI_LIST, "NAME",
	  "let the driver forget a fixup; the demo must fail", &opt.skip, 0, 0 },
	{ "flip", CLI_STRING, "lmem|ccs",
	  "damage a byte of VF 1's local memory or metadata after the move; the demo must fail",
	  &opt.flip, 0, 0 },
	{ "record", CLI_STRING, "FILE",
	  "record what happens to FILE, and each card whole to FILE.A and FILE.B", &opt.record, 0,
	  0 },
	{ "overwrite", CLI_FLAG, NULL, "let --record replace files", &opt.overwrite, 0, 0 },
	{ "fault", CLI_LIST, "RULE",
	  "let both cards misbehave by this rule; see gucemu fault list", &opt.fault, 0, 0 },
	{ "faults", CLI_LIST, "FILE", "the same by the rules of a file, a line each", &opt.faults,
	  0, 0 },
	{ "seed", CLI_SIZE, "N", "of what rules do at random (any, printed)", &opt.fault_seed, 1,
	  INT64_MAX },
	{ "json", CLI_FLAG, NULL, "print the result as JSON, nothing else", &opt.json, 0, 0 },
	{ "keep", CLI_FLAG, NULL, "keep the folder with sockets and logs", &opt.keep, 0, 0 },
	{ "verbose", CLI_FLAG, NULL, "the logs of emulators and drivers too", &opt.verbose, 0, 0 },
};

static const struct cli_command command = {
	.name = "gucemu demo",
	.args = "[options]",
	.about = "migrate busy VFs between two emulated cards and show it",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = "The exit status is 0 when every job came to its right end, every VF recovered\n"
		 "and the missed-fixup detector found nothing; else 1.\n",
};

void demo_fail(struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->failed)
		return;
	d->failed = true;
	va_start(ap, fmt);
	vsnprintf(d->failure, sizeof(d->failure), fmt, ap);
	va_end(ap);
}

bool demo_until(struct demo *d, const char *doing, bool (*done)(struct demo *d))
{
	d->doing = doing;
	while (!d->failed && !done(d))
		uv_run(&d->loop, UV_RUN_ONCE);
	return !d->failed;
}

bool demo_all_vfs(struct demo *d, bool (*is)(const struct demo_vf *v))
{
	for (unsigned i = 0; i < d->opt.vfs; i++)
		if (!is(&d->vf[i]))
			return false;
	return true;
}

unsigned demo_abi_minor(const struct demo *d)
{
	return d->opt.seed ? 26 : 28;
}

/* --- set-up ---------------------------------------------------------------------- */

static void on_watchdog(uv_timer_t *timer)
{
	struct demo *d = timer->data;

	d->gave_up = true;
	demo_fail(d, "no end within the time limit; it was %s", d->doing);
}

static void on_stop(uv_signal_t *handle, int sig)
{
	struct demo *d = handle->data;

	d->gave_up = true;
	demo_fail(d, "ended by signal %d", sig);
}

static void on_sigchld(uv_signal_t *handle, int sig)
{
	struct demo *d = handle->data;

	(void)sig;
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		child_reap(&d->card[i].child);
	for (unsigned i = 0; i < d->opt.vfs; i++)
		child_reap(&d->vf[i].child);
}

static bool start_handles(struct demo *d)
{
	if (uv_loop_init(&d->loop) != 0)
		return false;
	d->watchdog.data = d->sigchld.data = d->sigint.data = d->sigterm.data = d;
	uv_timer_init(&d->loop, &d->watchdog);
	uv_signal_init(&d->loop, &d->sigchld);
	uv_signal_init(&d->loop, &d->sigint);
	uv_signal_init(&d->loop, &d->sigterm);
	d->handles = true;
	uv_timer_start(&d->watchdog, on_watchdog,
		       1000ull * (DEMO_SECONDS + SECONDS_PER_VF * d->opt.vfs), 1000);
	return uv_signal_start(&d->sigchld, on_sigchld, SIGCHLD) == 0 &&
	       uv_signal_start(&d->sigint, on_stop, SIGINT) == 0 &&
	       uv_signal_start(&d->sigterm, on_stop, SIGTERM) == 0;
}

static void end_handles(struct demo *d)
{
	if (!d->handles)
		return;
	uv_close((uv_handle_t *)&d->watchdog, NULL);
	uv_close((uv_handle_t *)&d->sigchld, NULL);
	uv_close((uv_handle_t *)&d->sigint, NULL);
	uv_close((uv_handle_t *)&d->sigterm, NULL);
	/* Every handle is closing: this returns when the last one is closed. */
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
}

static bool make_folder(struct demo *d)
{
	char log[sizeof(d->folder) + 8];
	ssize_t n = readlink("/proc/self/exe", d->program, sizeof(d->program) - 1);

	if (n <= 0) {
		demo_fail(d, "can't find this program: %s", strerror(errno));
		return false;
	}
	d->program[n] = '\0';
	snprintf(d->folder, sizeof(d->folder), "/tmp/gucemu-demo-XXXXXX");
	if (!mkdtemp(d->folder)) {
		d->folder[0] = '\0';
		demo_fail(d, "can't make a folder in /tmp: %s", strerror(errno));
		return false;
	}
	snprintf(log, sizeof(log), "%s/log", d->folder);
	d->log_fd = d->opt.verbose ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (!d->opt.verbose && d->log_fd < 0) {
		demo_fail(d, "%s: %s", log, strerror(errno));
		return false;
	}
	return true;
}

static void drop_folder(struct demo *d)
{
	char path[sizeof(d->folder) + 8];

	if (d->log_fd >= 0)
		close(d->log_fd);
	if (!d->folder[0] || d->opt.keep)
		return;
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		unlink(d->card[i].socket);
	snprintf(path, sizeof(path), "%s/log", d->folder);
	unlink(path);
	rmdir(d->folder);
}

static bool allocate(struct demo *d)
{
	d->vf = calloc(d->opt.vfs, sizeof(*d->vf));
	d->events = calloc(DEMO_EVENTS, sizeof(*d->events));
	if (!d->vf || !d->events) {
		demo_fail(d, "out of memory");
		return false;
	}
	return true;
}

/* --- the story --------------------------------------------------------------------- */

static void play(struct demo *d)
{
	if (!allocate(d) || !make_folder(d))
		return;
	if (!start_handles(d)) {
		demo_fail(d, "no event loop");
		return;
	}
	if (!demo_record_start(d))
		return;
	d->began = true;
	if (!demo_cards_start(d) || !demo_vfs_start(d) || !demo_vfs_keep(d))
		return;
	if (!demo_move(d, d->opt.twice))
		return;
	if (d->opt.twice && !demo_move(d, false))
		return;
	if (!demo_recovered(d) || !demo_flip(d))
		return;
	d->card[0].muted = d->card[1].muted = true;
	/* Stale default images show in new contexts only, and jobs of a VF with
	 * other stale addresses need not end at all. */
	if (d->skips[FIXUP_DEFAULT_LRC] && !demo_vfs_create(d))
		return;
	demo_judge_findings(d);
	if (!d->failed && demo_vfs_create(d))
		demo_vfs_finish(d);
}

static void clean_up(struct demo *d)
{
	d->stopping = true;
	demo_vfs_end(d);
	demo_cards_end(d);
	demo_record_end(d);
	end_handles(d);
	drop_folder(d);
	free(d->vf);
	free(d->events);
}

static bool check_skip(const char *name)
{
	const char *names[FIXUP_COUNT];
	const char *near;

	if (fixup_find(name) >= 0)
		return true;
	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		names[f] = fixup_name((enum fixup)f);
	near = cli_nearest(name, names, FIXUP_COUNT);
	cli_complain(command.name, "--skip-fixup: there is no fixup '%s'%s%s%s", name,
		     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	fprintf(stderr, "Fixups:\n");
	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		fprintf(stderr, "  %-14s %s\n", names[f], fixup_text((enum fixup)f));
	return false;
}

/* Here rather than by each card: one complaint, before anything starts. */
static bool check_faults(void)
{
	struct fault *f = fault_new(1, NULL);
	bool good = f != NULL;

	for (unsigned i = 0; good && i < opt.faults.n; i++)
		good = fault_take_file(f, command.name, opt.faults.item[i]);
	for (unsigned i = 0; good && i < opt.fault.n; i++)
		good = fault_take_line(f, command.name, opt.fault.item[i]);
	free(f);
	if (!opt.fault_seed)
		opt.fault_seed = fault_any_seed();
	return good;
}

static bool check_options(void)
{
	if (abi && strcmp(abi, "seed") != 0 && strcmp(abi, "latest") != 0) {
		cli_complain(command.name, "--abi: '%s' is neither 'seed' nor 'latest'", abi);
		return false;
	}
	if ((opt.overwrite && !opt.record) || (opt.record && !*opt.record)) {
		cli_complain(command.name, opt.record ? "--record needs the name of a file" :
							"--overwrite is for --record FILE");
		return false;
	}
	opt.platform = platform ? platform_find(platform) : platform_row(0);
	if (!opt.platform) {
		cli_complain(command.name, "--platform: there is no '%s'", platform);
		return false;
	}
	if (!opt.gts)
		opt.gts = opt.platform->gts;
	if (opt.gts > opt.platform->gts) {
		cli_complain(command.name, "--gts: %s has no media GT of its own",
			     opt.platform->name);
		return false;
	}
	if (opt.flip && ((strcmp(opt.flip, "lmem") != 0 && strcmp(opt.flip, "ccs") != 0) ||
			 !opt.platform->lmem_size)) {
		cli_complain(command.name, "--flip: lmem or ccs, of a discrete --platform");
		return false;
	}
	opt.seed = abi && strcmp(abi, "seed") == 0;
	for (unsigned i = 0; i < opt.skip.n; i++)
		if (!check_skip(opt.skip.item[i]))
			return false;
	return check_faults();
}

int gucemu_demo_main(int argc, char **argv)
{
	enum cli_result result;
	struct demo *d;
	int status;

	opt.vfs = 1;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc > 1) {
		cli_complain(command.name, "'%s' is a word too many", argv[1]);
		return CLI_EXIT_USAGE;
	}
	if (!check_options())
		return CLI_EXIT_USAGE;
	d = calloc(1, sizeof(*d));
	if (!d) {
		fprintf(stderr, "gucemu demo: out of memory\n");
		return 1;
	}
	d->opt = opt;
	d->started = uv_hrtime();
	d->doing = "starting";
	for (unsigned i = 0; i < opt.skip.n; i++)
		d->skips[fixup_find(opt.skip.item[i])] = true;
	d->log_fd = -1;
	play(d);
	demo_report(d);
	status = d->failed ? 1 : 0;
	clean_up(d);
	if (!demo_record_whole(d))
		status = 1;
	free(d);
	return status;
}
