/* SPDX-License-Identifier: MIT */
/* Comparing with golden files; see golden.h. */
#include "golden.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

void golden_line(void *user, const char *line)
{
	struct golden_text *t = user;
	size_t n = strlen(line);

	ck_assert_uint_lt(t->len + n + 1, sizeof(t->text));
	memcpy(t->text + t->len, line, n);
	t->len += n;
	t->text[t->len++] = '\n';
	t->text[t->len] = '\0';
}

/* Copy a line with runs of blanks made one and none at its ends. */
static void normalise(const char *line, size_t len, char *out, size_t cap)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 2 < cap; i++) {
		if (!isspace((unsigned char)line[i]))
			out[at++] = line[i];
		else if (at > 0 && out[at - 1] != ' ')
			out[at++] = ' ';
	}
	if (at > 0 && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
}

void golden_check(const struct golden_text *t, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], want[512], have[512];
	const char *at = t->text;
	unsigned n = 0;

	ck_assert_msg(f, "no golden file %s", path);
	while (fgets(line, sizeof(line), f)) {
		const char *end = strchr(at, '\n');

		n++;
		normalise(line, strlen(line), want, sizeof(want));
		ck_assert_msg(end, "line %u is missing: %s", n, want);
		normalise(at, (size_t)(end - at), have, sizeof(have));
		ck_assert_msg(strcmp(want, have) == 0, "line %u is\n%s\nand should be\n%s\nin\n%s",
			      n, have, want, t->text);
		at = end + 1;
	}
	fclose(f);
	ck_assert_msg(*at == '\0', "lines too many:\n%s", at);
}
