/* SPDX-License-Identifier: MIT */
/* See local_copy.h. */
#include "emulator/local_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536u

/* A piece that is not all zeros. */
struct local_piece {
	struct local_piece *next;
	unsigned tile, fn;
	enum local_kind kind;
	uint64_t off;
	uint32_t len;
	uint8_t data[];
};

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static int take_kind(struct local_copy *copy, struct local *l, unsigned tile, unsigned fn,
		     enum local_kind kind)
{
	uint64_t size = local_bytes(l, tile, fn, kind), hole;
	uint8_t data[CHUNK];

	for (uint64_t at = 0; at < size;) {
		uint32_t n = size - at < CHUNK ? (uint32_t)(size - at) : CHUNK;
		struct local_piece *p;
		int err;

		hole = local_hole(l, tile, fn, kind, at);
		if (hole >= n) {
			at += hole / CHUNK ? hole / CHUNK * CHUNK : n;
			continue;
		}
		err = local_read(l, tile, fn, kind, at, data, n);
		if (err)
			return err;
		if (!is_zero(data, n)) {
			p = malloc(sizeof(*p) + n);
			if (!p)
				return -ENOMEM;
			*p = (struct local_piece){ .next = copy->pieces, .tile = tile, .fn = fn,
						   .kind = kind, .off = at, .len = n };
			memcpy(p->data, data, n);
			copy->pieces = p;
			copy->bytes += n;
		}
		at += n;
	}
	return 0;
}

int local_copy_take(struct local_copy *copy, struct local *l, unsigned tiles, unsigned fns)
{
	memset(copy, 0, sizeof(*copy));
	copy->tiles = tiles;
	copy->fns = fns;
	for (unsigned tile = 0; tile < tiles; tile++) {
		for (unsigned fn = 0; fn < fns; fn++) {
			int err;

			if (l->share[tile][fn].staged)
				return -EBUSY;
			copy->size[tile][fn] = l->share[tile][fn].size;
			err = take_kind(copy, l, tile, fn, LOCAL_CONTENT);
			if (!err)
				err = take_kind(copy, l, tile, fn, LOCAL_METADATA);
			if (err)
				return err;
		}
	}
	return 0;
}

int local_copy_restore(const struct local_copy *copy, struct local *l)
{
	int err = 0;

	for (unsigned tile = 0; tile < copy->tiles; tile++) {
		for (unsigned fn = 0; fn < copy->fns; fn++) {
			local_abort(l, tile, fn);
			local_resize(l, tile, fn, 0);
			local_resize(l, tile, fn, copy->size[tile][fn]);
		}
	}
	for (const struct local_piece *p = copy->pieces; p && !err; p = p->next)
		err = local_write(l, p->tile, p->fn, p->kind, false, p->off, p->data, p->len);
	return err;
}

void local_copy_free(struct local_copy *copy)
{
	while (copy->pieces) {
		struct local_piece *p = copy->pieces;

		copy->pieces = p->next;
		free(p);
	}
}
