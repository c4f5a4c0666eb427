/* SPDX-License-Identifier: MIT */
/* Images in files; see image_file.h. */
#include "cli/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int image_append(struct image *image, const void *bytes, size_t len)
{
	if (len > IMAGE_MAX || image->len > IMAGE_MAX - len)
		return -EFBIG;
	if (image->len + len > image->cap) {
		size_t cap = image->cap ? image->cap : 65536;
		uint8_t *more;

		while (cap < image->len + len)
			cap *= 2;
		more = realloc(image->bytes, cap);
		if (!more)
			return -ENOMEM;
		image->bytes = more;
		image->cap = cap;
	}
	if (len > 0)
		memcpy(image->bytes + image->len, bytes, len);
	image->len += len;
	return 0;
}

void image_free(struct image *image)
{
	free(image->bytes);
	*image = (struct image){ 0 };
}

static int fail(const char *path, const char *what, int err, char *text, size_t cap)
{
	snprintf(text, cap, "%s: %s: %s", path, what, strerror(err));
	return -err;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n == 0)
			return -ENOSPC;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* The new name lasts only once its folder is on disk. */
static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd, err = 0;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	else
		snprintf(folder, sizeof(folder), ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Not every file system can. */
	if (fsync(fd) != 0 && errno != EINVAL)
		err = -errno;
	close(fd);
	return err;
}

int image_store(const struct image *image, const char *path, char *text, size_t cap)
{
	char beside[PATH_MAX];
	int fd, err;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return fail(path, "can't save", ENAMETOOLONG, text, cap);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return fail(path, "can't create a file beside it", errno, text, cap);
	err = write_all(fd, image->bytes, image->len);
	if (err == 0 && fsync(fd) != 0)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(beside, path) != 0)
		err = -errno;
	if (err == 0) {
		err = sync_folder(path);
		return err == 0 ? 0
				: fail(path, "saved, but may not outlast a crash", -err, text, cap);
	}
	unlink(beside);
	return fail(path, "can't save, whatever was there is kept", -err, text, cap);
}

int image_load(struct image *image, const char *path, char *text, size_t cap)
{
	uint8_t chunk[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;
	ssize_t n;

	if (fd < 0)
		return fail(path, "can't open", errno, text, cap);
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			err = image_append(image, chunk, (size_t)n);
		else if (n < 0 && errno != EINTR)
			err = -errno;
	} while (err == 0 && n != 0);
	close(fd);
	return err == 0 ? 0 : fail(path, "can't read", -err, text, cap);
}
