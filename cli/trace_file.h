/* SPDX-License-Identifier: MIT */
/* Reading a trace file, record by record, whatever became of it: what is whole
 * is given out, then where and how it broke. */
#ifndef GUCEMU_CLI_TRACE_FILE_H
#define GUCEMU_CLI_TRACE_FILE_H

#include <stdbool.h>

#include "view/trace.h"

#define TRACE_CARDS_MAX 16u /* cards that have a name here */

enum trace_open {
	TRACE_OPENED,
	TRACE_BROKEN,   /* breaks before its header ends */
	TRACE_NO_TRACE, /* can't be opened or read, is something else or of a later version */
};

enum trace_next { TRACE_GOT, TRACE_ENDED, TRACE_DAMAGED };

struct trace_file {
	const char *path;
	int fd;
	uint8_t *buf;
	size_t have, at;
	bool eof;
	uint64_t offset;  /* in the file, of the record that comes next */
	uint64_t records; /* given out so far */
	bool ended;       /* by an END record: nothing is missing behind it */
	gucemu_TraceHeader header;
	/* Cards described so far, by number. */
	gucemu_TraceCard card[TRACE_CARDS_MAX];
	bool known[TRACE_CARDS_MAX];
	char why[256];    /* what was wrong */
};

/* Open and read the header. `path` must live until close; trace_file_close()
 * is due in any case. */
enum trace_open trace_file_open(struct trace_file *f, const char *path);
/* The next record behind the header; its views live until the next call. */
enum trace_next trace_file_next(struct trace_file *f, struct trace_record *r);
void trace_file_close(struct trace_file *f);
/* Name of a card, "?" when the file has not told it. */
const char *trace_file_card(const struct trace_file *f, uint32_t card);
/* Seconds since the header was written. */
double trace_file_seconds(const struct trace_file *f, uint64_t time);

#endif
