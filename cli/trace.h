/* SPDX-License-Identifier: MIT */
/* gucemu trace: what its subcommands share. Private to the trace*.c files. */
#ifndef GUCEMU_CLI_TRACE_H
#define GUCEMU_CLI_TRACE_H

#include "cli/options.h"
#include "cli/trace_file.h"

/* Exit statuses: the file is damaged (what was readable was shown), or it is no
 * trace at all, or the command line is wrong. */
#define TRACE_EXIT_DAMAGED 1
#define TRACE_EXIT_NO_TRACE CLI_EXIT_USAGE

/* Which records; 0 in a mask: all. */
struct trace_filter {
	double from, to;    /* seconds since the header */
	uint64_t kinds;     /* bit k: kind number k */
	uint64_t functions; /* bit f: function f */
	uint32_t gts;       /* bit g: GT g */
};

/* What the options of a subcommand say, before it is understood. */
struct trace_words {
	const char *from, *to, *kind, *function, *gt;
};

/* False: a message was printed. `name` is the command's. */
bool trace_filter_parse(struct trace_filter *filter, const struct trace_words *words,
			const char *name);
bool trace_filter_has(const struct trace_filter *filter, const struct trace_file *f,
		      const struct trace_record *r);

/* The one file of argv, opened: 0; else the exit status, a message was printed.
 * trace_file_close() is due when this returned 0. */
int trace_open_arg(struct trace_file *f, int argc, char **argv, const char *name);
/* The exit status of a file read to its end or its damage, which is told. */
int trace_end(const struct trace_file *f, enum trace_next end, uint64_t malformed,
	      const char *name);

int trace_show_main(int argc, char **argv);
int trace_diagram_main(int argc, char **argv);
int trace_info_main(int argc, char **argv);

#endif
