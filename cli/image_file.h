/* SPDX-License-Identifier: MIT */
/* VF images in memory and in files. A file is replaced whole or not at all:
 * written beside, synced, renamed. */
#ifndef GUCEMU_CLI_IMAGE_FILE_H
#define GUCEMU_CLI_IMAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* No image is larger: all entries of a 4 GiB GGTT, four blobs, and room. */
#define IMAGE_MAX (64u << 20)

struct image {
	uint8_t *bytes;
	size_t len, cap;
};

/* Append; 0, -EFBIG beyond IMAGE_MAX, -ENOMEM. */
int image_append(struct image *image, const void *bytes, size_t len);
void image_free(struct image *image);

/* 0 or -errno; err[0..cap) names the file and the reason. An older file at
 * `path` is kept when anything fails. */
int image_store(const struct image *image, const char *path, char *err, size_t cap);
int image_load(struct image *image, const char *path, char *err, size_t cap);

#endif
