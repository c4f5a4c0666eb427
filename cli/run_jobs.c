/* SPDX-License-Identifier: MIT */
/* Cases one after the other, and several at a time. See run_jobs.h. */
#include "cli/run_jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run_process.h"
#include "cli/strangers.h"

#define FOLDER_MAX 56u /* so that those of cases fit (scenario/real_world.h) */

static volatile sig_atomic_t asked_to_end;

static void on_signal(int sig)
{
	asked_to_end = sig;
}

struct running {
	struct run_case *cases;
	bool twice;
	size_t told; /* done() was called for those before */
	bool *again; /* its second run comes next */
};

static void on_ended(void *user, struct job *j, struct verdict *v, const uint8_t *cases, size_t n)
{
	struct running *r = user;
	struct run_case *c = &r->cases[j->at];
	const struct verdict *first = &c->verdict;

	(void)cases;
	(void)n;
	c->wall_ns += j->took;
	if (!j->second) {
		c->verdict = *v;
		/* What did not pass is shown as it is. */
		if (r->twice && v->outcome == OUTCOME_PASS)
			r->again[j->at] = true;
		else
			c->ended = true;
		return;
	}
	if (v->outcome != first->outcome || v->hash != first->hash || v->events != first->events ||
	    v->clock != first->clock) {
		snprintf(v->reason, sizeof(v->reason),
			 "with one seed first %s (%llu events, hash %016llx), then %s (%llu events, "
			 "hash %016llx)", outcome_word(first->outcome),
			 (unsigned long long)first->events, (unsigned long long)first->hash,
			 outcome_word(v->outcome), (unsigned long long)v->events,
			 (unsigned long long)v->hash);
		v->outcome = OUTCOME_DIFFERS;
		verdict_free(&c->verdict);
		c->verdict = *v;
	} else {
		verdict_free(v);
	}
	c->ended = true;
}

static void tell(struct running *r, size_t n, void (*done)(void *user, struct run_case *c),
		 void *user)
{
	while (r->told < n && r->cases[r->told].ended)
		done(user, &r->cases[r->told++]);
}

/* The next case to start, or n. */
static size_t pick(const struct running *r, size_t *next, size_t n, bool *second)
{
	for (size_t i = r->told; r->twice && i < *next; i++) {
		if (r->again[i]) {
			r->again[i] = false;
			*second = true;
			return i;
		}
	}
	*second = false;
	while (*next < n && r->cases[*next].ended)
		(*next)++;
	return *next < n ? (*next)++ : n;
}

/* A folder for sockets, whose names may not be long. */
static bool make_folder(char folder[FOLDER_MAX])
{
	const char *base = getenv("TMPDIR");

	if (!base || !*base || strlen(base) > FOLDER_MAX - sizeof("/gucemu-run-XXXXXX"))
		base = "/tmp";
	snprintf(folder, FOLDER_MAX, "%s/gucemu-run-XXXXXX", base);
	return mkdtemp(folder) != NULL;
}

bool run_cases(struct run_case *cases, size_t n, const struct scenario_options *options,
	       unsigned parallel, bool twice, void (*done)(void *user, struct run_case *c), void *user)
{
	const struct sigaction end = { .sa_handler = on_signal };
	struct running r = { cases, twice, 0, calloc(n ? n : 1, sizeof(bool)) };
	struct job jobs[JOBS_MAX] = { { .pid = 0 } };
	char folder[FOLDER_MAX], program[4096] = "";
	struct scenario_options o = *options;
	size_t next = 0;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
		o.program = program;
	if (o.sockets && make_folder(folder))
		o.folder = folder;
	if (o.sockets) {
		strangers_adopt();
		strangers_begin();
	}
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGPIPE, &end, NULL);
	if (parallel > JOBS_MAX)
		parallel = JOBS_MAX;
	while (r.again && r.told < n && !asked_to_end) {
		while (run_process_count(jobs) < parallel) {
			bool second;
			size_t at = pick(&r, &next, n, &second);

			if (at == n)
				break;
			if (!run_process_start(jobs, at, &cases[at], &o, second)) {
				snprintf(cases[at].verdict.reason,
					 sizeof(cases[at].verdict.reason), "no process: %s",
					 strerror(errno));
				cases[at].verdict.outcome = OUTCOME_CRASH;
				cases[at].ended = true;
			}
		}
		tell(&r, n, done, user);
		if (run_process_count(jobs))
			run_process_turn(jobs, on_ended, &r);
	}
	tell(&r, n, done, user);
	run_process_kill(jobs);
	if (o.folder)
		rmdir(o.folder);
	free(r.again);
	/* Who reads the report has gone: that needs no words. */
	if (asked_to_end == SIGPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return !asked_to_end;
}
