/* SPDX-License-Identifier: MIT */
/* See local_copy.h. */
#include "emulator/local_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/kept.h"

/* A piece that is not all zeros. */
struct local_piece {
	struct local_piece *next;
	unsigned tile, fn;
	unsigned kind; /* enum local_kind, or SYSTEM */
	uint64_t off;
	uint32_t len;
	uint8_t *data;
};

int local_copy_begin(struct local_copy *copy, struct local *l, unsigned tiles, unsigned fns)
{
	memset(copy, 0, sizeof(*copy));
	copy->tiles = tiles;
	copy->fns = fns;
	for (unsigned tile = 0; tile < tiles; tile++) {
		for (unsigned fn = 0; fn < fns; fn++) {
			if (l->share[tile][fn].staged)
				return -EBUSY;
			copy->size[tile][fn] = l->share[tile][fn].size;
		}
	}
	return 0;
}

/* --- taking ----------------------------------------------------------------------------- */

/* The kinds of a share, then the metadata of a function's system memory, once. */
#define SYSTEM LOCAL_KINDS

static uint64_t size_of(const struct local_copy *copy, const struct local *l)
{
	if (copy->kind == SYSTEM)
		return copy->tile == 0 ? local_system_bytes(l) : 0;
	return local_bytes(l, copy->tile, copy->fn, copy->kind);
}

static uint64_t hole_of(const struct local_copy *copy, const struct local *l)
{
	return copy->kind == SYSTEM ? local_system_hole(l, copy->fn, copy->at) :
		       local_hole(l, copy->tile, copy->fn, copy->kind, copy->at);
}

static void next_file(struct local_copy *copy)
{
	copy->at = 0;
	if (copy->kind++ < SYSTEM)
		return;
	copy->kind = LOCAL_CONTENT;
	if (++copy->fn < copy->fns)
		return;
	copy->fn = 0;
	copy->tile++;
}

static int take_piece(struct local_copy *copy, struct local *l, uint32_t n)
{
	uint8_t data[KEPT_CHUNK];
	struct local_piece *p;
	int err = copy->kind == SYSTEM ? local_system_read(l, copy->fn, copy->at, data, n) :
			  local_read(l, copy->tile, copy->fn, copy->kind, copy->at, data, n);

	if (err || kept_is_zero(data, n))
		return err;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct local_piece){ .next = copy->pieces, .tile = copy->tile, .fn = copy->fn,
				   .kind = copy->kind, .off = copy->at, .len = n,
				   .data = kept_copy(data, n) };
	if (!p->data) {
		free(p);
		return -ENOMEM;
	}
	copy->pieces = p;
	copy->bytes += n;
	return 0;
}

int local_copy_take(struct local_copy *copy, struct local *l)
{
	for (; copy->tile < copy->tiles; next_file(copy)) {
		uint64_t size = size_of(copy, l);

		while (copy->at < size) {
			uint64_t hole = hole_of(copy, l), left = size - copy->at;
			uint32_t n = left < KEPT_CHUNK ? (uint32_t)left : KEPT_CHUNK;
			int err;

			if (hole >= n) {
				copy->at += hole < KEPT_CHUNK ? n : hole / KEPT_CHUNK * KEPT_CHUNK;
				continue;
			}
			err = take_piece(copy, l, n);
			copy->at += n;
			return err ? err : 1;
		}
	}
	return 0;
}

/* --- putting back ----------------------------------------------------------------------- */

void local_copy_clear(const struct local_copy *copy, struct local *l)
{
	for (unsigned tile = 0; tile < copy->tiles; tile++) {
		for (unsigned fn = 0; fn < copy->fns; fn++) {
			local_resize(l, tile, fn, 0);
			local_resize(l, tile, fn, copy->size[tile][fn]);
		}
	}
	for (unsigned fn = 0; fn < copy->fns; fn++)
		local_forget(l, fn);
}

int local_copy_put(struct local *l, const struct local_piece **at)
{
	const struct local_piece *p = *at;

	if (!p)
		return 0;
	*at = p->next;
	if (p->kind == SYSTEM)
		return local_system_write(l, p->fn, p->off, p->data, p->len);
	return local_write(l, p->tile, p->fn, p->kind, false, p->off, p->data, p->len);
}

bool local_copy_free_slice(struct local_copy *copy)
{
	struct local_piece *p = copy->pieces;

	if (!p)
		return false;
	copy->pieces = p->next;
	kept_drop(p->data, p->len);
	free(p);
	return true;
}

void local_copy_free(struct local_copy *copy)
{
	while (local_copy_free_slice(copy))
		;
}
