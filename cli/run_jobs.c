/* SPDX-License-Identifier: MIT */
/* Processes of cases. A child tells its result through a pipe; what it says is
 * checked, since a script may have damaged it. See run_jobs.h. */
#include "cli/run_jobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX    64u
#define RESULT_MAX  (8u << 20)
#define FILES_MAX   8192u
#define FOLDERS_MAX 16
#define FOLDER_MAX  64u
#define GRACE_NS    3000000000ull /* beyond a case's own limit */

/* What a child says, before the texts. */
struct result {
	uint32_t magic, outcome;
	uint64_t hash, events, clock;
	uint32_t reason, where, diagram, log, cases;
};
#define RESULT_MAGIC 0x47554353u

struct job {
	pid_t pid; /* 0: free */
	int fd;
	size_t at; /* index of the case, or of the file that is listed */
	bool second;
	uint64_t began, limit;
	bool killed;
	const char *folder; /* of cases that have one there, or NULL */
	uint8_t *data;
	size_t len, cap;
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int sig)
{
	asked_to_end = sig;
}

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

/* With options: run the case; without: list the file. */
static void child(int fd, pid_t parent, const struct run_case *c,
		  const struct scenario_options *options)
{
	struct scenario_case *cases = NULL;
	struct verdict v;
	size_t n = 0;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (options) {
		struct scenario_options o = *options;

		o.path = c->path;
		o.number = c->number;
		scenario_run(&o, &v);
	} else {
		n = scenario_list(c->path, &cases, &v);
	}
	say_verdict(fd, &v, cases, n);
	verdict_free(&v);
	free(cases);
}

static bool start(struct job *j, size_t at, const struct run_case *c,
		  const struct scenario_options *options, bool second)
{
	pid_t parent = getpid();
	int pipe_fd[2];

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
	j->limit = j->began + (options ? options->wall : 10u) * 1000000000ull + GRACE_NS;
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

typedef void (*ended_fn)(void *user, struct job *j, struct verdict *v, const uint8_t *cases,
			 size_t n);

/* Wait until something of a job happened. */
static void turn(struct job *jobs, ended_fn ended, void *user)
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
		ended(user, of[i], &v, cases, count);
		free_job(of[i]);
	}
}

static void kill_all(struct job *jobs)
{
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		if (!jobs[i].pid)
			continue;
		jobs[i].killed = true;
		kill(-jobs[i].pid, SIGKILL);
		bury(&jobs[i]);
		free_job(&jobs[i]);
	}
}

static unsigned under_way(const struct job *jobs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++)
		n += jobs[i].pid != 0;
	return n;
}

static struct job *free_slot(struct job *jobs)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (!jobs[i].pid)
			return &jobs[i];
	return NULL;
}

/* --- finding ------------------------------------------------------------------------------- */

struct found {
	char **path;
	size_t n;
};

/* The cases' paths, until run_cases_free(). */
static struct found found;

static void forget_paths(void)
{
	for (size_t i = 0; i < found.n; i++)
		free(found.path[i]);
	free(found.path);
	found = (struct found){ NULL, 0 };
}

static bool add_path(struct found *f, const char *path)
{
	if (f->n == FILES_MAX)
		return false;
	if (!f->path)
		f->path = calloc(FILES_MAX, sizeof(*f->path));
	if (f->path)
		f->path[f->n] = strdup(path);
	return f->path && f->path[f->n++];
}

static bool is_script(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && name[0] != '_' && len > 4 && !strcmp(name + len - 4, ".lua");
}

static int find_in(struct found *f, const char *folder, int depth)
{
	struct dirent **entries;
	int n = depth > FOLDERS_MAX ? 0 : scandir(folder, &entries, NULL, alphasort), err = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char path[4096];
		struct stat st;

		if (name[0] != '.' && !err &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path) &&
		    lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				err = find_in(f, path, depth + 1);
			else if (S_ISREG(st.st_mode) && is_script(name) && !add_path(f, path))
				err = -ENOMEM;
		}
		free(entries[i]);
	}
	if (depth <= FOLDERS_MAX)
		free(entries);
	return err;
}

struct listing {
	struct run_case *files; /* one each, and the cases of it behind */
	struct run_case **cases;
	size_t *counts;
};

static void on_listed(void *user, struct job *j, struct verdict *v, const uint8_t *cases, size_t n)
{
	struct listing *l = user;
	const struct run_case *file = &l->files[j->at];
	struct run_case *out = calloc(n ? n : 1, sizeof(*out));

	l->cases[j->at] = out;
	if (!out) {
		verdict_free(v);
		return;
	}
	l->counts[j->at] = n ? n : 1;
	for (size_t i = 0; i < n; i++) {
		memcpy(&out[i].is, cases + i * sizeof(out[i].is), sizeof(out[i].is));
		out[i].is.id[sizeof(out[i].is.id) - 1] = '\0';
		out[i].is.text[sizeof(out[i].is.text) - 1] = '\0';
		out[i].is.level[sizeof(out[i].is.level) - 1] = '\0';
		out[i].is.source[sizeof(out[i].is.source) - 1] = '\0';
		out[i].number = (unsigned)i;
		out[i].path = file->path;
	}
	if (n) {
		verdict_free(v);
		return;
	}
	out->path = file->path;
	snprintf(out->is.id, sizeof(out->is.id), "%.60s",
		 strrchr(file->path, '/') ? strrchr(file->path, '/') + 1 : file->path);
	out->verdict = *v;
	out->ended = true;
}

static long list_all(const struct found *f, unsigned parallel, struct run_case **out)
{
	struct job jobs[JOBS_MAX] = { { .pid = 0 } };
	struct listing l = { calloc(f->n, sizeof(*l.files)), calloc(f->n, sizeof(*l.cases)),
			     calloc(f->n, sizeof(*l.counts)) };
	size_t total = 0, next = 0;

	if (!l.files || !l.cases || !l.counts)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++)
		l.files[i].path = f->path[i];
	while (next < f->n || under_way(jobs)) {
		while (next < f->n && under_way(jobs) < parallel) {
			if (!start(free_slot(jobs), next, &l.files[next], NULL, false))
				break;
			next++;
		}
		turn(jobs, on_listed, &l);
	}
	for (size_t i = 0; i < f->n; i++)
		total += l.counts[i];
	*out = calloc(total ? total : 1, sizeof(**out));
	total = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (*out && l.cases[i])
			memcpy(*out + total, l.cases[i], l.counts[i] * sizeof(**out));
		total += l.counts[i];
		free(l.cases[i]);
	}
	free(l.files);
	free(l.cases);
	free(l.counts);
	return *out ? (long)total : -ENOMEM;
}

long run_cases_find(char *const paths[], size_t n, unsigned jobs, struct run_case **out,
		    const char **bad)
{
	long count;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct stat st;

		*bad = paths[i];
		if (stat(paths[i], &st) < 0)
			err = -errno;
		else if (S_ISDIR(st.st_mode))
			err = find_in(&found, paths[i], 0);
		else if (!add_path(&found, paths[i]))
			err = -ENOMEM;
	}
	count = err ? err : list_all(&found, jobs < JOBS_MAX ? jobs : JOBS_MAX, out);
	if (count < 0)
		forget_paths();
	return count;
}

void run_cases_free(struct run_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		verdict_free(&cases[i].verdict);
	free(cases);
	forget_paths();
}

/* --- running ----------------------------------------------------------------------------------- */

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
	c->wall_ns += now() - j->began;
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

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	if (parallel > JOBS_MAX)
		parallel = JOBS_MAX;
	while (r.again && r.told < n && !asked_to_end) {
		while (under_way(jobs) < parallel) {
			bool second;
			size_t at = pick(&r, &next, n, &second);

			if (at == n)
				break;
			if (!start(free_slot(jobs), at, &cases[at], &o, second)) {
				snprintf(cases[at].verdict.reason,
					 sizeof(cases[at].verdict.reason), "no process: %s",
					 strerror(errno));
				cases[at].verdict.outcome = OUTCOME_CRASH;
				cases[at].ended = true;
			}
		}
		tell(&r, n, done, user);
		if (under_way(jobs))
			turn(jobs, on_ended, &r);
	}
	tell(&r, n, done, user);
	kill_all(jobs);
	if (o.folder)
		rmdir(o.folder);
	free(r.again);
	return !asked_to_end;
}

bool run_case_fits(const char *filter, const char *id)
{
	if (filter[0] == '=')
		return strcmp(filter + 1, id) == 0;
	if (strpbrk(filter, "*?["))
		return fnmatch(filter, id, 0) == 0;
	return strstr(id, filter) != NULL;
}
