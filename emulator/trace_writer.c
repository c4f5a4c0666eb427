/* SPDX-License-Identifier: MIT */
/* See trace_writer.h. Chunks of memory form a queue: records go into the last,
 * one write at a time is under way in the first. */
#include "trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef GUCEMU_VERSION
#define GUCEMU_VERSION "unknown"
#endif

struct chunk {
	struct chunk *next;
	size_t filled, written;
	uint8_t bytes[TRACE_CHUNK];
};

struct trace_writer {
	uv_loop_t *loop;
	const char *path;
	trace_stopped_fn stopped;
	void *user;
	int fd;
	bool good, writing;
	uint64_t offset;  /* of the file: all before it is written, whole records */
	uint64_t end;     /* ... with what was put so far */
	uint64_t records; /* put so far */
	struct chunk *first, *last;
	unsigned chunks;
	uv_fs_t req;
	size_t asked;     /* bytes of the write under way, */
	unsigned bufs;    /* in so many chunks, */
	uint64_t begun;   /* since then (ns) */
	uint64_t behind;  /* the disk is, since then (ns), or 0 */
};

static void drop_chunks(struct trace_writer *w)
{
	/* Threads of the loop may still read the first ones. */
	unsigned keep = w->writing ? w->bufs : 0;
	struct chunk **at = &w->first;

	w->last = NULL;
	w->chunks = keep;
	w->behind = 0;
	for (; keep > 0; keep--) {
		w->last = *at;
		at = &w->last->next;
	}
	while (*at) {
		struct chunk *c = *at;

		*at = c->next;
		free(c);
	}
}

/* The end: say why, cut off what is no whole record, forget the rest. */
static void stop(struct trace_writer *w, const char *why)
{
	char text[512];

	if (!w->good)
		return;
	w->good = false;
	/* With a write under way on_written() cuts. */
	if (!w->writing && ftruncate(w->fd, (off_t)w->offset) != 0)
		why = strerror(errno);
	snprintf(text, sizeof(text),
		 "recording to %s stopped: %s; the %llu bytes that it holds can be read",
		 w->path, why, (unsigned long long)w->offset);
	drop_chunks(w);
	w->stopped(w->user, text);
}

/* --- memory -------------------------------------------------------------------- */

static struct chunk *add_chunk(struct trace_writer *w)
{
	struct chunk *c;

	if (w->chunks == TRACE_CHUNKS_MAX) {
		stop(w, "the disk does not keep up");
		return NULL;
	}
	c = malloc(sizeof(*c));
	if (!c) {
		stop(w, strerror(ENOMEM));
		return NULL;
	}
	c->next = NULL;
	c->filled = c->written = 0;
	if (w->last)
		w->last->next = c;
	else
		w->first = c;
	w->last = c;
	w->chunks++;
	if (w->chunks >= TRACE_CHUNKS_HIGH && w->behind == 0)
		w->behind = uv_hrtime();
	return c;
}

/* The chunk in which `n` bytes are free, or NULL: recording has stopped. */
static struct chunk *room(struct trace_writer *w, size_t n)
{
	if (!w->good)
		return NULL;
	if (w->last && TRACE_CHUNK - w->last->filled >= n)
		return w->last;
	trace_writer_flush(w);
	return add_chunk(w);
}

static void took(struct trace_writer *w, struct chunk *c, long n)
{
	if (n > 0) {
		c->filled += (size_t)n;
		w->end += (uint64_t)n;
		w->records++;
	} else {
		stop(w, "a record is too long");
	}
}

void trace_writer_put(struct trace_writer *w, const struct trace_record *r)
{
	struct chunk *c = room(w, trace_bound(r));

	if (c)
		took(w, c, trace_encode(r, c->bytes + c->filled, TRACE_CHUNK - c->filled));
}

void trace_writer_card(struct trace_writer *w, const gucemu_TraceCard *card, uint32_t index,
		       uint64_t time)
{
	struct chunk *c = room(w, TRACE_TEXT_MAX + TRACE_OVERHEAD);

	if (c)
		took(w, c, trace_encode_card(card, index, time, c->bytes + c->filled,
					     TRACE_CHUNK - c->filled));
}

bool trace_writer_good(const struct trace_writer *w)
{
	return w->good;
}

/* --- disk ---------------------------------------------------------------------- */

/* What was asked for is written: forget chunks that are full and done. */
static void advance(struct trace_writer *w)
{
	w->offset += w->asked;
	for (struct chunk *c = w->first; w->asked > 0; c = c->next) {
		size_t n = c->filled - c->written;

		n = n < w->asked ? n : w->asked;
		c->written += n;
		w->asked -= n;
	}
	while (w->first && w->first != w->last && w->first->written == w->first->filled) {
		struct chunk *c = w->first;

		w->first = c->next;
		w->chunks--;
		free(c);
	}
	if (w->chunks <= TRACE_CHUNKS_LOW)
		w->behind = 0;
}

static void on_written(uv_fs_t *req)
{
	struct trace_writer *w = req->data;
	ssize_t n = req->result;

	uv_fs_req_cleanup(req);
	w->writing = false;
	if (!w->good) { /* stopped meanwhile */
		if (n == (ssize_t)w->asked)
			w->offset += w->asked;
		if (ftruncate(w->fd, (off_t)w->offset) != 0)
			w->stopped(w->user, "the end of the trace file may be torn");
		drop_chunks(w);
	} else if (n != (ssize_t)w->asked) {
		/* A short write is what a full disk says first. */
		stop(w, n < 0 ? strerror((int)-n) : strerror(ENOSPC));
	} else {
		advance(w);
		trace_writer_flush(w);
	}
}

void trace_writer_flush(struct trace_writer *w)
{
	uv_buf_t bufs[TRACE_CHUNKS_HIGH];
	int err;

	if (w->writing && w->good && uv_hrtime() - w->begun > TRACE_STALL_NS)
		stop(w, "the disk does not answer");
	if (w->writing || !w->good)
		return;
	w->bufs = 0;
	w->asked = 0;
	/* The last one goes on growing behind what is being written. */
	for (struct chunk *c = w->first; c && w->bufs < TRACE_CHUNKS_HIGH; c = c->next) {
		size_t n = c->filled - c->written;

		bufs[w->bufs++] = uv_buf_init((char *)c->bytes + c->written, (unsigned)n);
		w->asked += n;
	}
	if (w->asked == 0)
		return;
	w->req.data = w;
	err = uv_fs_write(w->loop, &w->req, w->fd, bufs, w->bufs, (int64_t)w->offset, on_written);
	if (err < 0) {
		stop(w, uv_strerror(err));
		return;
	}
	w->writing = true;
	w->begun = uv_hrtime();
}

uint64_t trace_writer_waiting(const struct trace_writer *w)
{
	return w->good ? w->end - w->offset - (w->writing ? w->asked : 0) : 0;
}

bool trace_writer_behind(const struct trace_writer *w, uint64_t *since)
{
	*since = w->behind;
	return w->behind != 0;
}

/* --- life ---------------------------------------------------------------------- */

static int open_file(const char *path, bool overwrite)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err;

	if (fd >= 0)
		return fd;
	if (errno != EEXIST || !overwrite)
		return -errno;
	/* Not blocking: a pipe that nobody reads would hold us up for ever. */
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) != 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
	/* It will hold a guest's memory, whatever it held before. */
	if (err == 0 && (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0))
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static int write_header(struct trace_writer *w, gucemu_TraceContent content, uint64_t seed)
{
	uint8_t buf[TRACE_MAGIC_BYTES + TRACE_TEXT_MAX + TRACE_OVERHEAD];
	gucemu_TraceHeader h = { .version = TRACE_VERSION, .content = content,
				 .program = "gucemu " GUCEMU_VERSION, .seed = seed,
				 .clock = uv_hrtime() };
	struct timespec now;
	ssize_t done;
	long n;

	clock_gettime(CLOCK_REALTIME, &now);
	h.wall_clock = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	memcpy(buf, TRACE_MAGIC, TRACE_MAGIC_BYTES);
	n = trace_encode_header(&h, buf + TRACE_MAGIC_BYTES, sizeof(buf) - TRACE_MAGIC_BYTES);
	if (n < 0)
		return (int)n;
	n += TRACE_MAGIC_BYTES;
	done = pwrite(w->fd, buf, (size_t)n, 0);
	if (done != n)
		return done < 0 ? -errno : -ENOSPC;
	w->offset = w->end = (uint64_t)n;
	w->records = 1;
	return 0;
}

int trace_writer_open(struct trace_writer **out, uv_loop_t *loop, const char *path, bool overwrite,
		      gucemu_TraceContent content, uint64_t seed, trace_stopped_fn stopped,
		      void *user)
{
	struct trace_writer *w = calloc(1, sizeof(*w));
	int err;

	*out = NULL;
	if (!w)
		return -ENOMEM;
	w->loop = loop;
	w->path = path;
	w->stopped = stopped;
	w->user = user;
	w->good = true;
	w->fd = open_file(path, overwrite);
	if (w->fd < 0) {
		err = w->fd;
		free(w);
		return err;
	}
	err = write_header(w, content, seed);
	if (err) {
		close(w->fd);
		free(w);
		return err;
	}
	*out = w;
	return 0;
}

/* What is left, in this thread. */
static void write_rest(struct trace_writer *w)
{
	for (struct chunk *c = w->first; w->good && c; c = c->next) {
		while (w->good && c->written < c->filled) {
			size_t left = c->filled - c->written;
			ssize_t n = pwrite(w->fd, c->bytes + c->written, left, (off_t)w->offset);

			if (n < 0 && errno == EINTR)
				continue;
			if (n != (ssize_t)left) {
				stop(w, n < 0 ? strerror(errno) : strerror(ENOSPC));
				return;
			}
			c->written += left;
			w->offset += left;
		}
	}
}

void trace_writer_close(struct trace_writer *w, uint64_t time)
{
	struct trace_record end = { .kind = gucemu_TRACE_END, .time = time };

	if (!w)
		return;
	while (w->writing)
		uv_run(w->loop, UV_RUN_ONCE);
	end.value = w->records + 1;
	trace_writer_put(w, &end);
	while (w->writing)
		uv_run(w->loop, UV_RUN_ONCE);
	write_rest(w);
	drop_chunks(w);
	close(w->fd);
	free(w);
}
