/* SPDX-License-Identifier: MIT */
/* Texts compared with a file line by line, runs of blanks counting as one. */
#ifndef GUCEMU_TESTS_GOLDEN_H
#define GUCEMU_TESTS_GOLDEN_H

#include <stddef.h>

struct golden_text {
	char text[65536];
	size_t len;
};

/* Append a line: an output function of diagram_draw(). */
void golden_line(void *text, const char *line);
/* Fail the test at the first line that differs. */
void golden_check(const struct golden_text *text, const char *path);

#endif
