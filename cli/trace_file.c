/* SPDX-License-Identifier: MIT */
/* See trace_file.h. The buffer holds two records of the longest kind. */
#include "cli/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/text.h"

#define BUFFER (2 * (size_t)TRACE_RECORD_MAX)

static void say(struct trace_file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct trace_file *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

/* Have a whole record in the buffer, if there is one. */
static bool fill(struct trace_file *f)
{
	if (f->at > 0 && f->have - f->at < TRACE_RECORD_MAX) {
		memmove(f->buf, f->buf + f->at, f->have - f->at);
		f->have -= f->at;
		f->at = 0;
	}
	while (!f->eof && f->have - f->at < TRACE_RECORD_MAX) {
		ssize_t n = read(f->fd, f->buf + f->have, BUFFER - f->have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			say(f, "can't be read: %s", strerror(errno));
			return false;
		}
		f->eof = n == 0;
		f->have += (size_t)n;
	}
	return true;
}

static const char *broken(long err)
{
	switch (err) {
	case 0:
		return "ends in the middle of a record";
	case -EMSGSIZE:
		return "has a record of impossible length";
	case -EILSEQ:
		return "has a record with a wrong checksum";
	}
	return "has a malformed record";
}

static enum trace_next take(struct trace_file *f, struct trace_record *r)
{
	long n;

	if (!fill(f))
		return TRACE_DAMAGED;
	if (f->have == f->at)
		return TRACE_ENDED;
	n = trace_decode(f->buf + f->at, f->have - f->at, r);
	if (n <= 0) {
		say(f, "%s at byte %llu, behind %llu good ones", broken(n),
		    (unsigned long long)f->offset, (unsigned long long)f->records);
		return TRACE_DAMAGED;
	}
	f->at += (size_t)n;
	f->offset += (uint64_t)n;
	f->records++;
	return TRACE_GOT;
}

/* Names are shown. */
static void clean(char *text, size_t cap)
{
	text_copy_plain(text, cap, text, strlen(text));
}

enum trace_open trace_file_open(struct trace_file *f, const char *path)
{
	struct trace_record r;
	enum trace_next next;
	int err;

	memset(f, 0, sizeof(*f));
	f->path = path;
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	f->buf = malloc(BUFFER);
	if (f->fd < 0 || !f->buf) {
		say(f, "can't be opened: %s", strerror(f->fd < 0 ? errno : ENOMEM));
		return TRACE_NO_TRACE;
	}
	if (!fill(f))
		return TRACE_NO_TRACE;
	if (f->have < TRACE_MAGIC_BYTES || memcmp(f->buf, TRACE_MAGIC, TRACE_MAGIC_BYTES) != 0) {
		say(f, "is no trace file");
		return TRACE_NO_TRACE;
	}
	f->at = f->offset = TRACE_MAGIC_BYTES;
	next = take(f, &r);
	if (next != TRACE_GOT) {
		if (next == TRACE_ENDED)
			say(f, "ends before its header");
		return TRACE_BROKEN;
	}
	err = trace_decode_header(&r, &f->header);
	if (err == -EPROTONOSUPPORT) {
		say(f, "is a trace of version %u; this program reads version %u",
		    f->header.version, TRACE_VERSION);
		return TRACE_NO_TRACE;
	}
	if (err) {
		say(f, "does not begin with a header");
		return TRACE_BROKEN;
	}
	clean(f->header.program, sizeof(f->header.program));
	return TRACE_OPENED;
}

enum trace_next trace_file_next(struct trace_file *f, struct trace_record *r)
{
	enum trace_next next = take(f, r);

	if (next != TRACE_GOT)
		return next;
	f->ended = r->kind == gucemu_TRACE_END;
	if (r->kind == gucemu_TRACE_CARD && r->card < TRACE_CARDS_MAX &&
	    trace_decode_card(r, &f->card[r->card]) == 0) {
		f->known[r->card] = true;
		clean(f->card[r->card].name, sizeof(f->card[r->card].name));
	}
	return TRACE_GOT;
}

void trace_file_close(struct trace_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->buf);
	f->fd = -1;
	f->buf = NULL;
}

const char *trace_file_card(const struct trace_file *f, uint32_t card)
{
	return card < TRACE_CARDS_MAX && f->known[card] ? f->card[card].name : "?";
}

double trace_file_seconds(const struct trace_file *f, uint64_t time)
{
	return time >= f->header.clock ? (double)(time - f->header.clock) / 1e9 :
					 -((double)(f->header.clock - time) / 1e9);
}
