/* SPDX-License-Identifier: MIT */
/* Which cases there are: files of folders, and what each declares, which a process
 * of its own tells. See run_jobs.h. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/run_process.h"

#define FILES_MAX   8192u
#define FOLDERS_MAX 16

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
	long err = 0;

	if (!l.files || !l.cases || !l.counts)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++)
		l.files[i].path = f->path[i];
	while (next < f->n || run_process_count(jobs)) {
		while (next < f->n && run_process_count(jobs) < parallel) {
			if (!run_process_start(jobs, next, &l.files[next], NULL, false))
				break;
			next++;
		}
		if (!run_process_count(jobs)) {
			err = -errno;
			break;
		}
		run_process_turn(jobs, on_listed, &l);
	}
	for (size_t i = 0; i < f->n; i++)
		total += l.counts[i];
	*out = err ? NULL : calloc(total ? total : 1, sizeof(**out));
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
	if (err)
		return err;
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

bool run_case_fits(const char *filter, const char *id)
{
	if (filter[0] == '=')
		return strcmp(filter + 1, id) == 0;
	if (strpbrk(filter, "*?["))
		return fnmatch(filter, id, 0) == 0;
	return strstr(id, filter) != NULL;
}
