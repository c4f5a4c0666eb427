/* SPDX-License-Identifier: MIT */
/* See kept.h. */
#include "emulator/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

bool kept_is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

uint8_t *kept_copy(const uint8_t *from, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		       -1, 0);

	return p == MAP_FAILED ? NULL : memcpy(p, from, n);
}

void kept_drop(uint8_t *copy, size_t n)
{
	if (copy)
		munmap(copy, n);
}

int kept_init(struct kept *k, size_t size)
{
	*k = (struct kept){ .size = size };
	k->chunk = calloc(size / KEPT_CHUNK + 1, sizeof(*k->chunk));
	return k->chunk ? 0 : -ENOMEM;
}

static size_t length(const struct kept *k, size_t at)
{
	return k->size - at < KEPT_CHUNK ? k->size - at : KEPT_CHUNK;
}

int kept_take(struct kept *k, const void *from, size_t *at)
{
	const uint8_t *p = (const uint8_t *)from + *at;
	size_t n = length(k, *at);

	if (!kept_is_zero(p, n)) {
		uint8_t *copy = kept_copy(p, n);

		if (!copy)
			return -ENOMEM;
		k->chunk[*at / KEPT_CHUNK] = copy;
		k->bytes += n;
	}
	*at += n;
	return 0;
}

void kept_put(const struct kept *k, void *to, size_t *at)
{
	uint8_t *p = (uint8_t *)to + *at;
	const uint8_t *copy = k->chunk[*at / KEPT_CHUNK];
	size_t n = length(k, *at);

	if (copy)
		memcpy(p, copy, n);
	else if (!kept_is_zero(p, n)) /* pages that nobody has touched stay so */
		memset(p, 0, n);
	*at += n;
}

int kept_take_all(struct kept *k, const void *from, size_t size)
{
	size_t at = 0;
	int err = kept_init(k, size);

	while (!err && at < size)
		err = kept_take(k, from, &at);
	return err;
}

void kept_put_all(const struct kept *k, void *to)
{
	size_t at = 0;

	while (at < k->size)
		kept_put(k, to, &at);
}

bool kept_free_slice(struct kept *k)
{
	size_t at;

	if (k->size == 0 || !k->chunk) {
		free(k->chunk);
		*k = (struct kept){ .size = 0 };
		return false;
	}
	at = (k->size - 1) / KEPT_CHUNK * KEPT_CHUNK;
	kept_drop(k->chunk[at / KEPT_CHUNK], length(k, at));
	k->size = at;
	return true;
}

void kept_free(struct kept *k)
{
	while (kept_free_slice(k))
		;
}
