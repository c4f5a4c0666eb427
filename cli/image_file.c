/* SPDX-License-Identifier: MIT */
/* Images in files; see image_file.h. */
#include "cli/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names to try beside a file until one is free. */
#define NAME_TRIES 100u

static int fail(const char *path, const char *what, int err, char *text, size_t cap)
{
	snprintf(text, cap, "%s: %s: %s", path, what, strerror(err));
	return -err;
}

/* --- writing -------------------------------------------------------------------- */

static void folder_of(const char *path, char folder[PATH_MAX])
{
	char *slash;

	snprintf(folder, PATH_MAX, "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	else
		snprintf(folder, PATH_MAX, ".");
}

/* Without a name a file is gone when we are, killed or not. Not every file system
 * can do that. */
static int open_nameless(const char *path)
{
	char folder[PATH_MAX];

	folder_of(path, folder);
	return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int check_path(struct image_out *o, const char *path, const char *suffix, char *err,
		      size_t cap)
{
	*o = (struct image_out){ .fd = -1 };
	if (snprintf(o->path, sizeof(o->path), "%s", path) >= (int)sizeof(o->path) ||
	    snprintf(o->beside, sizeof(o->beside), "%s%s", path, suffix) >=
		    (int)sizeof(o->beside))
		return fail(path, "can't save", ENAMETOOLONG, err, cap);
	return 0;
}

int image_out_open(struct image_out *o, const char *path, char *err, size_t cap)
{
	int status = check_path(o, path, ".XXXXXX", err, cap);

	if (status < 0)
		return status;
	o->fd = open_nameless(path);
	if (o->fd < 0) {
		o->fd = mkostemp(o->beside, O_CLOEXEC);
		o->named = o->fd >= 0;
	}
	return o->fd >= 0 ? 0 : fail(path, "can't create a file beside it", errno, err, cap);
}

int image_out_temporary(struct image_out *o, char *err, size_t cap)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_MAX - 16];
	int status;

	if (!folder || !*folder)
		folder = "/tmp";
	if (snprintf(path, sizeof(path), "%s/gucemu-image", folder) >= (int)sizeof(path))
		return fail(folder, "can't create a temporary file", ENAMETOOLONG, err, cap);
	status = image_out_open(o, path, err, cap);
	if (status < 0)
		return fail(folder, "can't create a temporary file (TMPDIR says where)", -status,
			    err, cap);
	if (o->named)
		unlink(o->beside);
	o->named = false;
	return 0;
}

int image_out_resume(struct image_out *o, const char *path, char *err, size_t cap)
{
	int status = check_path(o, path, ".part", err, cap);
	off_t end;

	if (status < 0)
		return status;
	o->fd = open(o->beside, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->fd < 0)
		return fail(o->beside, "can't open", errno, err, cap);
	o->named = o->keep = true;
	if (flock(o->fd, LOCK_EX | LOCK_NB) != 0)
		status = fail(o->beside, "somebody else writes it", EBUSY, err, cap);
	end = lseek(o->fd, 0, SEEK_END);
	if (status == 0 && end < 0)
		status = fail(o->beside, "can't write", errno, err, cap);
	o->len = end > 0 ? (uint64_t)end : 0;
	if (status < 0)
		image_out_drop(o);
	return status;
}

int image_out_write(struct image_out *o, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(o->fd, at, len);

		if (n == 0)
			return -ENOSPC;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
			o->len += (uint64_t)n;
		}
	}
	return 0;
}

int image_out_zeros(struct image_out *o, uint64_t len)
{
	if (ftruncate(o->fd, (off_t)(o->len + len)) != 0 || lseek(o->fd, 0, SEEK_END) < 0)
		return -errno;
	o->len += len;
	return 0;
}

void image_out_error(const struct image_out *o, int status, char *err, size_t cap)
{
	fail(o->path, o->keep ? "can't save now, what came is kept"
			      : "can't save, whatever was there is kept", -status, err, cap);
}

/* The new name lasts only once its folder is on disk. */
static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd, err = 0;

	folder_of(path, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Not every file system can. */
	if (fsync(fd) != 0 && errno != EINVAL)
		err = -errno;
	close(fd);
	return err;
}

/* Another name for each try, in place of the last six characters. */
static int fresh_name(char *name)
{
	char *at = name + strlen(name) - 6;
	uint8_t dice[6];

	if (getrandom(dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
		return -errno;
	for (unsigned i = 0; i < sizeof(dice); i++)
		at[i] = (char)('a' + dice[i] % 26);
	return 0;
}

/* A nameless file gets a name of its own first: a link can't replace one. Who is
 * killed before it is renamed leaves a whole image under that name. */
static int give_name(struct image_out *o)
{
	char self[64];
	int err = -EEXIST;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	for (unsigned i = 0; i < NAME_TRIES && err == -EEXIST; i++) {
		err = fresh_name(o->beside);
		if (err == 0 &&
		    linkat(AT_FDCWD, self, AT_FDCWD, o->beside, AT_SYMLINK_FOLLOW) != 0)
			err = -errno;
	}
	o->named = err == 0;
	return err;
}

int image_out_commit(struct image_out *o, char *err, size_t cap)
{
	int status = fsync(o->fd) == 0 ? 0 : -errno;

	if (status == 0 && !o->named)
		status = give_name(o);
	if (status == 0 && rename(o->beside, o->path) != 0)
		status = -errno;
	if (status < 0) {
		image_out_error(o, status, err, cap);
		image_out_drop(o);
		return status;
	}
	close(o->fd);
	o->fd = -1;
	status = sync_folder(o->path);
	return status == 0 ? 0 : fail(o->path, "saved, but may not outlast a crash", -status, err,
				      cap);
}

void image_out_drop(struct image_out *o)
{
	if (o->fd < 0)
		return;
	close(o->fd);
	o->fd = -1;
	if (o->named && !o->keep)
		unlink(o->beside);
}

/* --- reading -------------------------------------------------------------------- */

int image_in_open(const char *path, uint64_t *len, char *err, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int status = 0;

	if (fd < 0)
		return fail(path, "can't open", errno, err, cap);
	if (fstat(fd, &st) != 0)
		status = -errno;
	else if (!S_ISREG(st.st_mode))
		status = S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
	if (status < 0) {
		fail(path, "can't read", -status, err, cap);
	} else if (st.st_size == 0) {
		status = -ENODATA;
		snprintf(err, cap, "%s: the file is empty", path);
	}
	if (status < 0) {
		close(fd);
		return status;
	}
	*len = (uint64_t)st.st_size;
	return fd;
}
