/* SPDX-License-Identifier: MIT */
/* A table of text and numbers, filled cell by cell, printed as aligned text,
 * as Markdown or as a JSON array of objects. */
#ifndef GUCEMU_CLI_TABLE_H
#define GUCEMU_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct table;

/* TABLE_LIST is text with a line for each cell. */
enum table_format { TABLE_TEXT, TABLE_LIST, TABLE_MARKDOWN, TABLE_JSON };

/* A table with these columns, which must outlive it. NULL without memory. */
struct table *table_new(const char *const *columns, size_t n);
void table_free(struct table *t);

/* The next cell; a row is full after as many as there are columns. Numbers are
 * numbers in JSON; `digits` > 0 prints them hexadecimal elsewhere. Text is
 * copied. Without memory cells are lost, which table_print() reports. */
void table_text(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_number(struct table *t, uint64_t value, unsigned digits);

/* Rows so far. */
size_t table_rows(const struct table *t);

/* Print to stdout. 0, or -ENOMEM when something is missing. */
int table_print(const struct table *t, enum table_format format);
/* The array of objects, to be put; NULL without memory. */
struct json_object *table_json(const struct table *t);

#endif
