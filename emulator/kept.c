/* SPDX-License-Identifier: MIT */
/* See kept.h. */
#include "emulator/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool kept_is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
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
		uint8_t *copy = malloc(n);

		if (!copy)
			return -ENOMEM;
		memcpy(copy, p, n);
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

void kept_free(struct kept *k)
{
	for (size_t i = 0; k->chunk && i <= k->size / KEPT_CHUNK; i++)
		free(k->chunk[i]);
	free(k->chunk);
	*k = (struct kept){ .size = 0 };
}
