/* SPDX-License-Identifier: MIT */
/* gucemu pf migrate; the steps are those of migrate.h, printed as they end. */
#include "cli/pf_migrate.h"

#include "cli/migrate.h"
#include "cli/options.h"
#include "view/json.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 30000u
#define CHECK_MS 50u

static struct {
	const char *from, *to, *qmp;
	uint64_t start;
	unsigned vf, timeout_ms;
	bool twice, json;
} opt;

static const struct cli_option options[] = {
	{ "from", CLI_STRING, "PATH", "socket of the card it runs on", &opt.from, 0, 0 },
	{ "to", CLI_STRING, "PATH", "socket of the card it moves to (default: elsewhere on its own)",
	  &opt.to, 0, 0 },
	{ "vf", CLI_UINT, "N", "the VF, 1 to 63", &opt.vf, 1, 63 },
	{ "start", CLI_SIZE, "ADDRESS", "GGTT address it moves to (default: the PF chooses)",
	  &opt.start, 0, 0 },
	{ "qmp", CLI_STRING, "PATH", "socket of QEMU's monitor: stop the virtual machine meanwhile",
	  &opt.qmp, 0, 0 },
	{ "double", CLI_FLAG, NULL, "back again at once, in the midst of its recovery",
	  &opt.twice, 0, 0 },
	{ "timeout", CLI_UINT, "MS", "give a step up after this time (default: 30000)",
	  &opt.timeout_ms, 1, 3600000 },
	{ "json", CLI_FLAG, NULL, "one JSON object a step", &opt.json, 0, 0 },
};

static const struct cli_command command = {
	.name = "gucemu pf migrate",
	.args = "--from A [--to B] --vf N [options]",
	.about = "move a live VF from one emulated card to another, or within one",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
	.notes = "What fails before the client changed hands leaves the VF running on A; so does\n"
		 "an interrupt (SIGINT, SIGTERM). After it, 'gucemu pf resume' and 'gucemu pf thaw'\n"
		 "on B finish by hand what was cut off. A virtual machine (gucemu serve --vfio-user)\n"
		 "has to stand still meanwhile: --qmp does that, else stop it before.\n",
};

struct run {
	bool done;
	int status;
	struct migrate m;
};

/* While a migration is under way; closed by the loop's last turn. */
static struct {
	uv_signal_t sigint, sigterm;
	uv_timer_t timer;
	bool interrupted;
	struct migrate *m; /* or NULL */
} watch;

static void print_json(const struct migrate *m, enum migrate_step step, int status,
		       const char *error, uint64_t ns)
{
	struct json_object *o = json_object_new_object();

	json_add_u64(o, "vf", m->vf);
	json_add_u64(o, "number", migrate_step_number(step));
	json_add_str(o, "step", migrate_step_text(step));
	json_add_int(o, "status", status);
	if (status < 0)
		json_add_str(o, "error", error);
	json_add_u64(o, "ns", ns);
	printf("%s\n", json_line(o));
	json_object_put(o);
	fflush(stdout);
}

static void on_step(struct migrate *m, enum migrate_step step, int status, const char *error,
		    uint64_t ns)
{
	unsigned number = migrate_step_number(step);
	char label[16] = "undo";

	if (opt.json) {
		print_json(m, step, status, error, ns);
		return;
	}
	if (number > 0)
		snprintf(label, sizeof(label), "%u", number);
	printf("%-4s %-55s %8.2f ms%s%s\n", label, migrate_step_text(step), (double)ns / 1e6,
	       status < 0 ? "  FAILED: " : "", error);
	fflush(stdout);
}

/* Only for eyes, and wiped out by the step's own line. */
static void on_progress(struct migrate *m, enum migrate_step step, uint64_t done, uint64_t total)
{
	(void)m;
	if (opt.json || !isatty(STDOUT_FILENO))
		return;
	printf("     %s: %u %%\r", migrate_step_text(step), (unsigned)(done * 100 / total));
	fflush(stdout);
}

static void on_done(struct migrate *m, int status)
{
	struct run *run = m->user;

	watch.m = NULL;
	run->done = true;
	run->status = status;
}

static void on_signal(uv_signal_t *handle, int signum)
{
	(void)signum;
	watch.interrupted = true;
	if (watch.m)
		watch.m->interrupted = true;
	fprintf(stderr, "gucemu pf migrate: interrupted; once more to end at once\n");
	/* A second one ends the program: the emulators thaw what it froze. */
	uv_signal_stop(handle);
}

static void on_check(uv_timer_t *timer)
{
	(void)timer;
	if (watch.m)
		migrate_check(watch.m, opt.timeout_ms * 1000000ull);
}

static void watch_start(uv_loop_t *loop)
{
	uv_signal_init(loop, &watch.sigint);
	uv_signal_init(loop, &watch.sigterm);
	uv_timer_init(loop, &watch.timer);
	uv_signal_start(&watch.sigint, on_signal, SIGINT);
	uv_signal_start(&watch.sigterm, on_signal, SIGTERM);
	uv_timer_start(&watch.timer, on_check, CHECK_MS, CHECK_MS);
}

static void watch_stop(void)
{
	uv_close((uv_handle_t *)&watch.sigint, NULL);
	uv_close((uv_handle_t *)&watch.sigterm, NULL);
	uv_close((uv_handle_t *)&watch.timer, NULL);
}

static const char *where(const struct migrate *m)
{
	if (m->on_b)
		return "it is on B; 'gucemu pf resume' and 'gucemu pf thaw' there may finish it";
	if (m->unknown)
		return "A did not say who has it; see 'gucemu state' of both, then 'gucemu pf resume' "
		       "and 'gucemu pf thaw' there";
	return m->undone ? "it is on A, as before"
			 : "it is on A, but the way back failed: 'gucemu pf resume' and 'gucemu pf "
			   "thaw' there";
}

static int move(uv_loop_t *loop, struct control *from, struct control *to, const char *to_path,
		struct qmp *qmp, bool more_to_come)
{
	struct run run = { 0 };
	struct migrate *m = &run.m;

	*m = (struct migrate){
		.from = from, .to = to, .to_path = to_path, .vf = opt.vf, .qmp = qmp,
		.start = opt.start,
		.no_release = more_to_come,
		.interrupted = watch.interrupted,
		.on_step = on_step, .on_done = on_done, .on_progress = on_progress, .user = &run,
	};

	migrate_start(m);
	watch.m = run.done ? NULL : m;
	while (!run.done)
		uv_run(loop, UV_RUN_ONCE);
	if (run.status < 0)
		fprintf(stderr, "gucemu pf migrate: VF %u: %s; %s\n", opt.vf,
			m->interrupted && run.status == -EINTR ? "interrupted" : "failed", where(m));
	else if (!opt.json && m->saved.lmem_bytes + m->saved.ccs_bytes > 0)
		printf("local memory: %llu bytes, compression metadata: %llu, equal on both\n",
		       (unsigned long long)m->saved.lmem_bytes,
		       (unsigned long long)m->saved.ccs_bytes);
	if (run.status == 0 && !opt.json)
		printf("VF %u moved in %.2f ms, frozen for %.2f ms, image of %llu bytes\n", opt.vf,
		       (double)(m->ended - m->started) / 1e6,
		       (double)(m->thawed_at - m->frozen_at) / 1e6,
		       (unsigned long long)m->image_len);
	return run.status < 0 ? 1 : 0;
}

/* Both control clients and the monitor; to_path[0..PATH_MAX) is B's socket. */
static bool reach(uv_loop_t *loop, struct control **a, struct control **b, struct qmp **qmp,
		  char *from_path, char *to_path)
{
	char err[320];

	/* The emulators have working directories of their own. */
	if (!realpath(opt.from, from_path) || (opt.to && !realpath(opt.to, to_path))) {
		fprintf(stderr, "gucemu pf migrate: no such socket: %s\n",
			realpath(opt.from, from_path) ? opt.to : opt.from);
		return false;
	}
	if (opt.to && strcmp(from_path, to_path) == 0) {
		/* The reset of B's VF would be the end of the one that is to move. */
		fprintf(stderr, "gucemu pf migrate: --from and --to are the same card; within one "
				"card there is no --to\n");
		return false;
	}
	if (control_open(a, loop, from_path, NULL, err, sizeof(err)) < 0 ||
	    (opt.to && control_open(b, loop, to_path, NULL, err, sizeof(err)) < 0) ||
	    (opt.qmp && qmp_open(qmp, opt.qmp, opt.timeout_ms, err, sizeof(err)) < 0)) {
		fprintf(stderr, "gucemu pf migrate: %s\n", err);
		return false;
	}
	return true;
}

static int run(uv_loop_t *loop)
{
	struct control *a = NULL, *b = NULL;
	struct qmp *qmp = NULL;
	char from[4096], to[4096];
	int status = 1;

	if (reach(loop, &a, &b, &qmp, from, to)) {
		struct control *there = b ? b : a;

		status = move(loop, a, there, to, qmp, opt.twice && b);
		if (status == 0 && opt.twice)
			status = move(loop, there, a, from, qmp, false);
	}
	qmp_close(qmp);
	control_close(a);
	control_close(b);
	return status;
}

int gucemu_pf_migrate_main(int argc, char **argv)
{
	enum cli_result result;
	uv_loop_t loop;
	int status;

	opt.timeout_ms = DEFAULT_TIMEOUT_MS;
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc > 1 || !opt.from || !opt.vf) {
		cli_complain(command.name, argc > 1 ? "there are words too many"
						    : "needs --from and --vf");
		return CLI_EXIT_USAGE;
	}
	if (uv_loop_init(&loop) != 0) {
		fprintf(stderr, "gucemu pf migrate: no event loop\n");
		return 1;
	}
	watch_start(&loop);
	status = run(&loop);
	watch_stop();
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return status;
}
