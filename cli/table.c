/* SPDX-License-Identifier: MIT */
/* See table.h. */
#include "cli/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/json.h"

struct cell {
	char *text;      /* NULL: a number */
	uint64_t number;
	unsigned digits;
};

struct table {
	const char *const *columns;
	size_t columns_n;
	struct cell *cells;
	size_t n, cap;
	bool failed;
};

struct table *table_new(const char *const *columns, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t) {
		t->columns = columns;
		t->columns_n = n;
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

static void add(struct table *t, struct cell cell)
{
	struct cell *bigger;

	if (t->n == t->cap) {
		bigger = realloc(t->cells, (t->cap + 256) * sizeof(*bigger));
		if (!bigger) {
			t->failed = true;
			free(cell.text);
			return;
		}
		t->cells = bigger;
		t->cap += 256;
	}
	t->cells[t->n++] = cell;
}

void table_text(struct table *t, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		t->failed = true;
	else
		add(t, (struct cell){ .text = text });
}

void table_number(struct table *t, uint64_t value, unsigned digits)
{
	add(t, (struct cell){ .number = value, .digits = digits });
}

size_t table_rows(const struct table *t)
{
	return t->n / t->columns_n;
}

static const struct cell *at(const struct table *t, size_t row, size_t column)
{
	return &t->cells[row * t->columns_n + column];
}

/* The cell in words; buf[32] is for numbers. */
static const char *words(const struct cell *c, char *buf)
{
	if (c->text)
		return c->text;
	if (c->digits)
		snprintf(buf, 32, "0x%0*llx", (int)c->digits, (unsigned long long)c->number);
	else
		snprintf(buf, 32, "%llu", (unsigned long long)c->number);
	return buf;
}

#define HEAD SIZE_MAX /* instead of a row: the names of the columns */

static const char *words_at(const struct table *t, size_t row, size_t column, char *buf)
{
	return row == HEAD ? t->columns[column] : words(at(t, row, column), buf);
}

/* In columns, without spaces at the end. */
static void print_line(const struct table *t, size_t row, const size_t *width)
{
	char buf[32];
	size_t pad = 0;

	for (size_t c = 0; c < t->columns_n; c++) {
		const char *word = words_at(t, row, c, buf);

		if (word[0] != '\0') {
			printf("%*s%s", (int)pad, "", word);
			pad = 0;
		}
		pad += width[c] - strlen(word) + 2;
	}
	printf("\n");
}

static void print_markdown_line(const struct table *t, size_t row)
{
	char buf[32];

	for (size_t c = 0; c < t->columns_n; c++) {
		const char *word = words_at(t, row, c, buf);

		printf("|%s%s ", word[0] ? " " : "", word);
	}
	printf("|\n");
}

static int print_text(const struct table *t)
{
	size_t *width = calloc(t->columns_n, sizeof(*width));
	char buf[32];

	if (!width)
		return -ENOMEM;
	for (size_t c = 0; c < t->columns_n; c++) {
		width[c] = strlen(t->columns[c]);
		for (size_t row = 0; row < table_rows(t); row++) {
			size_t n = strlen(words(at(t, row, c), buf));

			width[c] = n > width[c] ? n : width[c];
		}
	}
	print_line(t, HEAD, width);
	for (size_t row = 0; row < table_rows(t); row++)
		print_line(t, row, width);
	free(width);
	return 0;
}

static void print_list(const struct table *t)
{
	char buf[32];
	int width = 0;

	for (size_t c = 0; c < t->columns_n; c++)
		width = (int)strlen(t->columns[c]) > width ? (int)strlen(t->columns[c]) : width;
	for (size_t row = 0; row < table_rows(t); row++)
		for (size_t c = 0; c < t->columns_n; c++)
			printf("  %-*s  %s\n", width, t->columns[c], words(at(t, row, c), buf));
}

static void print_markdown(const struct table *t)
{
	print_markdown_line(t, HEAD);
	for (size_t c = 0; c < t->columns_n; c++)
		printf("|---");
	printf("|\n");
	for (size_t row = 0; row < table_rows(t); row++)
		print_markdown_line(t, row);
}

struct json_object *table_json(const struct table *t)
{
	struct json_object *array = json_object_new_array();

	if (!array)
		return NULL;
	for (size_t row = 0; row < table_rows(t); row++) {
		struct json_object *o = json_push_object(array);

		for (size_t c = 0; c < t->columns_n; c++) {
			const struct cell *cell = at(t, row, c);

			if (cell->text)
				json_add_str(o, t->columns[c], cell->text);
			else
				json_add_u64(o, t->columns[c], cell->number);
		}
	}
	return array;
}

int table_print(const struct table *t, enum table_format format)
{
	struct json_object *o;

	if (t->failed)
		return -ENOMEM;
	switch (format) {
	case TABLE_TEXT:
		return print_text(t);
	case TABLE_LIST:
		print_list(t);
		return 0;
	case TABLE_MARKDOWN:
		print_markdown(t);
		return 0;
	case TABLE_JSON:
		break;
	}
	o = table_json(t);
	if (!o)
		return -ENOMEM;
	printf("%s\n", json_line(o));
	json_object_put(o);
	return 0;
}
