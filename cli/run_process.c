/* SPDX-License-Identifier: MIT */
/* Processes of cases. A child tells its result through a pipe; what it says is
 * checked, since a script may have damaged it. See run_process.h. */
#include "cli/run_process.h"

#include "cli/strangers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULT_MAX (8u << 20)
#define LISTING_WALL 10u       /* seconds, as scenario_list() has them */
#define GRACE_NS   3000000000ull /* beyond a case's own limit */

/* What a child says, before the texts. */
struct result {
	uint32_t magic, outcome;
	uint64_t hash, events, clock;
	uint32_t reason, where, diagram, log, cases;
};
#define RESULT_MAGIC 0x47554353u

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- the child ---------------------------------------------------------------------------- */

static void say(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void say_verdict(int fd, const struct verdict *v, const struct scenario_case *cases,
			size_t n)
{
	const struct result r = {
		.magic = RESULT_MAGIC,
		.outcome = v->outcome,
		.hash = v->hash,
		.events = v->events,
		.clock = v->clock,
		.reason = (uint32_t)strlen(v->reason),
		.where = (uint32_t)strlen(v->where),
		.diagram = v->diagram ? (uint32_t)strlen(v->diagram) : 0,
		.log = v->log ? (uint32_t)strlen(v->log) : 0,
		.cases = (uint32_t)n,
	};

	say(fd, &r, sizeof(r));
	say(fd, v->reason, r.reason);
	say(fd, v->where, r.where);
	say(fd, v->diagram, r.diagram);
	say(fd, v->log, r.log);
	say(fd, cases, n * sizeof(*cases));
}

static int told_at; /* where the verdict goes */

/* Nothing else ends it. */
static void on_alarm(int sig)
{
	struct verdict v;

	(void)sig;
	scenario_stuck(&v);
	say_verdict(told_at, &v, NULL, 0);
	_exit(0);
}

/* A second behind the limit that the script itself keeps. */
static void limit_time(int fd, unsigned seconds)
{
	told_at = fd;
	signal(SIGALRM, on_alarm);
	alarm(seconds + 1);
}

/* With options: run the case; without: list the file. */
static void child(int fd, pid_t parent, const struct run_case *c,
		  const struct scenario_options *options)
{
	struct scenario_case *cases = NULL;
	struct verdict v;
	size_t n = 0;

	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (options && options->sockets) {
		strangers_adopt();
		strangers_end_with_parent();
	} else {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	if (getppid() != parent)
		_exit(1);
	if (options) {
		struct scenario_options o = *options;

		o.path = c->path;
		o.number = c->number;
		limit_time(fd, o.wall);
		scenario_run(&o, &v);
	} else {
		limit_time(fd, LISTING_WALL);
		n = scenario_list(c->path, &cases, &v);
	}
	alarm(0);
	say_verdict(fd, &v, cases, n);
	verdict_free(&v);
	free(cases);
}

static struct job *free_slot(struct job *jobs)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (!jobs[i].pid)
			return &jobs[i];
	return NULL;
}

bool run_process_start(struct job *jobs, size_t at, const struct run_case *c,
		       const struct scenario_options *options, bool second)
{
	struct job *j = free_slot(jobs);
	pid_t parent = getpid();
	int pipe_fd[2];

	if (!j)
		return false;
	memset(j, 0, sizeof(*j));
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return false;
	fflush(NULL);
	j->pid = fork();
	if (j->pid < 0) {
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		j->pid = 0;
		return false;
	}
	if (j->pid == 0) {
		close(pipe_fd[0]);
		/* Standard output is the report's. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		child(pipe_fd[1], parent, c, options);
		exit(0);
	}
	setpgid(j->pid, j->pid);
	close(pipe_fd[1]);
	j->fd = pipe_fd[0];
	j->at = at;
	j->second = second;
	j->folder = options ? options->folder : NULL;
	j->began = now();
	j->limit = j->began + (options ? options->wall : LISTING_WALL) * 1000000000ull + GRACE_NS;
	return true;
}

/* --- the parent ---------------------------------------------------------------------------- */

/* Read what is there: false at its end. */
static bool take(struct job *j)
{
	ssize_t n;

	if (j->len == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 65536;
		uint8_t *more = cap > RESULT_MAX ? NULL : realloc(j->data, cap);

		if (!more)
			return false;
		j->data = more;
		j->cap = cap;
	}
	n = read(j->fd, j->data + j->len, j->cap - j->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n > 0)
		j->len += (size_t)n;
	return n > 0;
}

static char *copied(const uint8_t *from, size_t len)
{
	char *to = len ? malloc(len + 1) : NULL;

	if (to) {
		memcpy(to, from, len);
		to[len] = '\0';
	}
	return to;
}

/* The child's words as a verdict; false: they are not whole. */
static bool understand(const struct job *j, struct verdict *v, const uint8_t **cases, size_t *n)
{
	struct result r;
	const uint8_t *p = j->data + sizeof(r);
	size_t need;

	memset(v, 0, sizeof(*v));
	if (j->len < sizeof(r))
		return false;
	memcpy(&r, j->data, sizeof(r));
	need = (size_t)r.reason + r.where + r.diagram + r.log +
	       (size_t)r.cases * sizeof(struct scenario_case);
	if (r.magic != RESULT_MAGIC || r.outcome >= OUTCOMES || r.reason >= sizeof(v->reason) ||
	    r.where >= sizeof(v->where) || r.cases > SCENARIO_CASES || need != j->len - sizeof(r))
		return false;
	v->outcome = (enum outcome)r.outcome;
	v->hash = r.hash;
	v->events = r.events;
	v->clock = r.clock;
	memcpy(v->reason, p, r.reason);
	memcpy(v->where, p + r.reason, r.where);
	p += r.reason + r.where;
	v->diagram = copied(p, r.diagram);
	v->log = copied(p + r.diagram, r.log);
	*cases = p + r.diagram + r.log;
	*n = r.cases;
	return true;
}

static void crashed(struct verdict *v, const struct job *j, int status)
{
	memset(v, 0, sizeof(*v));
	v->outcome = j->killed ? OUTCOME_HANG : OUTCOME_CRASH;
	if (j->killed)
		snprintf(v->reason, sizeof(v->reason), "it did not end and was killed");
	else if (WIFSIGNALED(status))
		snprintf(v->reason, sizeof(v->reason), "its process ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(v->reason, sizeof(v->reason), "its process ended with status %d",
			 WEXITSTATUS(status));
}

static void free_job(struct job *j)
{
	free(j->data);
	memset(j, 0, sizeof(*j));
}

/* What a case has left in its folder, when it could not clear that itself. */
static void clear_folder(const char *folder, pid_t pid)
{
	char path[256], name[300];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%d", folder, (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%.32s", path, e->d_name);
		unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* The job's process has ended, or said all: its wait status; nobody of it is left. */
static int bury(struct job *j)
{
	int status = 0;

	/* It has closed the pipe: give it the moment that its own end takes. */
	for (unsigned i = 0; !j->killed && i < 300; i++) {
		const struct timespec pause = { 0, 10000000 };
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_PID, (id_t)j->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid)
			break;
		if (i)
			nanosleep(&pause, NULL);
	}
	/* Its group, while its number can't be another's yet. */
	kill(-j->pid, SIGKILL);
	kill(j->pid, SIGKILL);
	while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (j->folder)
		clear_folder(j->folder, j->pid);
	close(j->fd);
	return status;
}

static bool is_job(void *user, pid_t pid)
{
	const struct job *jobs = user;

	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs[i].pid == pid)
			return true;
	return false;
}

void run_process_turn(struct job *jobs, run_ended_fn ended, void *user)
{
	struct pollfd p[JOBS_MAX];
	struct job *of[JOBS_MAX];
	nfds_t n = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++) {
		if (!jobs[i].pid)
			continue;
		if (now() > jobs[i].limit && !jobs[i].killed) {
			jobs[i].killed = true;
			kill(-jobs[i].pid, SIGKILL);
		}
		of[n] = &jobs[i];
		p[n++] = (struct pollfd){ .fd = jobs[i].fd, .events = POLLIN };
	}
	if (poll(p, n, 200) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++) {
		const uint8_t *cases = NULL;
		struct verdict v;
		size_t count = 0;
		int status;

		if (!p[i].revents || take(of[i]))
			continue;
		status = bury(of[i]);
		if (!understand(of[i], &v, &cases, &count) || status != 0) {
			verdict_free(&v);
			crashed(&v, of[i], status);
			count = 0;
		}
		of[i]->took = now() - of[i]->began;
		ended(user, of[i], &v, cases, count);
		free_job(of[i]);
		/* What it has left behind is ours now. */
		strangers_end(is_job, jobs);
	}
}

void run_process_kill(struct job *jobs)
{
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		if (!jobs[i].pid)
			continue;
		jobs[i].killed = true;
		kill(-jobs[i].pid, SIGKILL);
		bury(&jobs[i]);
		free_job(&jobs[i]);
	}
	strangers_end(is_job, jobs);
}

unsigned run_process_count(const struct job *jobs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++)
		n += jobs[i].pid != 0;
	return n;
}
