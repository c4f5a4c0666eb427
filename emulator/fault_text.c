/* SPDX-License-Identifier: MIT */
/* See fault_text.h. */
#include "fault_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct fault *fault_new(uint64_t seed, const struct guc_geometry *geometry)
{
	struct fault *f = malloc(fault_size());

	if (f)
		fault_init(f, seed, geometry);
	return f;
}

uint64_t fault_any_seed(void)
{
	struct timespec t;
	uint64_t z;

	clock_gettime(CLOCK_REALTIME, &t);
	z = (uint64_t)t.tv_nsec * 1000003u ^ (uint64_t)t.tv_sec << 20 ^ (uint64_t)getpid() << 7;
	return z % 1000000000 + 1;
}

/* A tab before the place is kept one, so that the mark stands below it. */
static void mark(const char *line, size_t len, size_t at)
{
	fprintf(stderr, "  %.*s\n  ", (int)len, line);
	for (size_t i = 0; i < at && i < len; i++)
		fputc(line[i] == '\t' ? '\t' : ' ', stderr);
	fprintf(stderr, "^\n");
}

static bool printable(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((line[i] < ' ' && line[i] != '\t') || line[i] > '~')
			return false;
	return true;
}

static bool take(struct fault *f, const char *name, const char *where, const char *line,
		 size_t len)
{
	struct fault_error err;

	if (fault_add(f, line, len, &err) > 0)
		return true;
	fprintf(stderr, "%s: %s%zu: %s\n", name, where, err.at + 1, err.text);
	if (printable(line, len))
		mark(line, len, err.at);
	return false;
}

bool fault_take_line(struct fault *f, const char *name, const char *line)
{
	return take(f, name, "--fault: column ", line, strlen(line));
}

bool fault_take_file(struct fault *f, const char *name, const char *path)
{
	FILE *file = fopen(path, "r");
	/* A byte more than a rule has, so that one too long is seen to be. */
	char line[FAULT_LINE_MAX + 3], where[512];
	unsigned number = 0;
	bool good = true;

	if (!file) {
		fprintf(stderr, "%s: can't read %s: %s\n", name, path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), file)) {
		size_t n = strlen(line), skip = strspn(line, " \t\r\n");

		number++;
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (skip >= n || line[skip] == '#') {
			/* The rest of a long comment is none of a rule's. */
			while (!strchr(line, '\n') && fgets(line, sizeof(line), file))
				;
			continue;
		}
		snprintf(where, sizeof(where), "%.400s:%u:", path, number);
		good = take(f, name, where, line, n);
	}
	if (good && ferror(file)) {
		fprintf(stderr, "%s: can't read %s: %s\n", name, path, strerror(errno));
		good = false;
	}
	fclose(file);
	return good;
}
