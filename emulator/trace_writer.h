/* SPDX-License-Identifier: MIT */
/* A trace file being written. Records are put into memory and written by
 * libuv's threads, so that no disk holds up the loop; memory is bounded. What
 * can't be written (disk full, a disk that can't keep up) ends the recording,
 * is told once, and leaves a file that ends with a whole record. */
#ifndef GUCEMU_EMULATOR_TRACE_WRITER_H
#define GUCEMU_EMULATOR_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/trace.h"

#define TRACE_CHUNK      (256u << 10) /* bytes; a record never spans two */
#define TRACE_CHUNKS_MAX 64u          /* what may wait for the disk: 16 MiB */
#define TRACE_CHUNKS_HIGH 16u         /* from 4 MiB on the disk is behind, */
#define TRACE_CHUNKS_LOW  4u          /* until no more than 1 MiB waits */
#define TRACE_STALL_NS   5000000000u  /* a write that takes longer never ends */

struct trace_writer;

/* Recording ended before its time: once, from the loop or from a put. */
typedef void (*trace_stopped_fn)(void *user, const char *text);

/* Create `path` with rights 0600 and write the magic and the header. A file
 * that is there is an error (-EEXIST), or with `overwrite` replaced; what is no
 * regular file is never written to (-EINVAL). `path` must live until close.
 * `seed` is that of whatever is random in the run, 0: nothing is.
 * 0, -ENOMEM, or -errno of open or write. */
int trace_writer_open(struct trace_writer **w, uv_loop_t *loop, const char *path, bool overwrite,
		      gucemu_TraceContent content, uint64_t seed, trace_stopped_fn stopped,
		      void *user);
/* Add a record. Does nothing once recording has stopped. */
void trace_writer_put(struct trace_writer *w, const struct trace_record *r);
void trace_writer_card(struct trace_writer *w, const gucemu_TraceCard *c, uint32_t card,
		       uint64_t time);
/* The disk is behind; *since (ns of uv_hrtime()): for how long already. */
bool trace_writer_behind(const struct trace_writer *w, uint64_t *since);
/* Bytes that were added since the last flush. */
uint64_t trace_writer_waiting(const struct trace_writer *w);
/* Give what was added to the disk; does nothing while it is at work, and is
 * called again then. Also looks after a disk that does not answer. */
void trace_writer_flush(struct trace_writer *w);
/* True until something stopped it. */
bool trace_writer_good(const struct trace_writer *w);
/* Write the rest, waiting for the disk, and the END record. NULL is fine. The wait has
 * no limit: a write under way reads our memory, and until the kernel has ended it the
 * process couldn't end either. */
void trace_writer_close(struct trace_writer *w, uint64_t time);

#endif
