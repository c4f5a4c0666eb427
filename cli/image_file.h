/* SPDX-License-Identifier: MIT */
/* Files of VF images, that are replaced whole or not at all: what is written has no
 * name before it is complete and on disk, then takes the place of what was there. */
#ifndef GUCEMU_CLI_IMAGE_FILE_H
#define GUCEMU_CLI_IMAGE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file being written. */
struct image_out {
	int fd;
	bool named;              /* `beside` is in the folder */
	bool keep;               /* it stays there when it is not committed */
	uint64_t len;
	char path[PATH_MAX], beside[PATH_MAX];
};

/* Begin the file that shall be at `path`. 0 or -errno; err[0..cap) then names the
 * file and the reason, as below. Once begun, end it by commit or drop. */
int image_out_open(struct image_out *o, const char *path, char *err, size_t cap);
/* The same in $TMPDIR (/tmp), for an image that is on its way only: it can be read
 * through o->fd and is gone when it is dropped. Not to be committed. */
int image_out_temporary(struct image_out *o, char *err, size_t cap);
/* The same with a name, PATH.part, whose bytes stay when it is dropped; o->len: how
 * many an earlier one left, behind which writing goes on. -EBUSY: somebody else
 * writes it. */
int image_out_resume(struct image_out *o, const char *path, char *err, size_t cap);
/* Append. 0 or -errno: some of it may be there. */
int image_out_write(struct image_out *o, const void *bytes, size_t len);
/* Append `len` zeros, as a hole where the file system has holes. The same result. */
int image_out_zeros(struct image_out *o, uint64_t len);
/* On disk and in its place. 0 or -errno: what was at `path` is kept, unless only
 * its folder could not be synced. */
int image_out_commit(struct image_out *o, char *err, size_t cap);
/* Give it up; `path` is as it was. After a commit without effect. */
void image_out_drop(struct image_out *o);
/* "PATH: can't save, ...: reason" of a failed image_out_write() into err[0..cap). */
void image_out_error(const struct image_out *o, int status, char *err, size_t cap);

/* Open for reading; descriptor and *len, or -errno with err[0..cap). A folder or an
 * empty file is an error too. */
int image_in_open(const char *path, uint64_t *len, char *err, size_t cap);

#endif
