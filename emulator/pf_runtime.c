/* SPDX-License-Identifier: MIT */
/* A list of runtime registers in a file. See pf_runtime.h. */
#include "pf_runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 256

/* A number of 32 bits at *at, which goes on behind it. */
static bool take_number(char **at, uint32_t *value)
{
	unsigned long long n;
	char *end;

	*at += strspn(*at, " \t");
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	n = strtoull(*at, &end, 0);
	if (errno != 0 || n > UINT32_MAX || !strchr(" \t\n", *end))
		return false;
	*value = (uint32_t)n;
	*at = end;
	return true;
}

/* "OFFSET VALUE", or nothing; a comment begins with '#'. NULL, or what is wrong. */
static const char *take_line(char *line, uint32_t (*list)[2], uint32_t *n)
{
	uint32_t pair[2];
	char *at = line;

	line[strcspn(line, "#\n")] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return NULL;
	if (!take_number(&at, &pair[0]) || !take_number(&at, &pair[1]) ||
	    at[strspn(at, " \t")] != '\0')
		return "not OFFSET VALUE, two numbers of 32 bits";
	if (pair[0] % 4)
		return "the offset is no multiple of 4";
	if (*n > 0 && pair[0] <= list[*n - 1][0])
		return "offsets must ascend";
	if (*n == PFC_MAX_RUNTIME)
		return "too many registers";
	memcpy(list[(*n)++], pair, sizeof(pair));
	return NULL;
}

int pf_runtime_read(const char *path, uint32_t (*list)[2], uint32_t *n, char *err, size_t cap)
{
	FILE *f = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	const char *wrong = NULL;
	unsigned at = 0;

	*n = 0;
	if (!f) {
		snprintf(err, cap, "%s: %s", path, strerror(errno));
		return -EINVAL;
	}
	while (!wrong && fgets(line, sizeof(line), f)) {
		at++;
		wrong = strlen(line) + 1 == sizeof(line) ? "a line too long"
							 : take_line(line, list, n);
	}
	if (wrong)
		snprintf(err, cap, "%s: line %u: %s", path, at, wrong);
	else if (ferror(f) || *n == 0)
		snprintf(err, cap, "%s: %s", path, ferror(f) ? "can't be read" : "no registers");
	else
		at = 0;
	fclose(f);
	return at == 0 && *n > 0 ? 0 : -EINVAL;
}
