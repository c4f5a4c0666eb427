/* SPDX-License-Identifier: MIT */
/* GGTT entries of an image: plain, or as runs of equal or page-wise growing
 * entries (vf-lifecycle 3.7). A driver maps its memory in one piece, so that a
 * region of gigabytes becomes a few dozen runs. See image.h. */
#include "image.h"

#include <errno.h>
#include <string.h>

#include "proto/regs.h"

void pfc_pte_begin(struct pfc_pte_coder *c, uint8_t *out, uint32_t cap, bool rle)
{
	*c = (struct pfc_pte_coder){ .out = out, .cap = cap, .rle = rle };
}

static inline int flush_run(struct pfc_pte_coder *c)
{
	if (!c->count)
		return 0;
	if (c->cap - c->len < PFC_RUN_BYTES)
		return -ENOSPC;
	le32_put(c->out + c->len, c->count);
	le32_put(c->out + c->len + 4, c->step);
	le64_put(c->out + c->len + 8, c->first);
	c->len += PFC_RUN_BYTES;
	c->count = 0;
	return 0;
}

static inline int put_run(struct pfc_pte_coder *c, uint64_t pte)
{
	int err;

	if (c->count == 1 && (pte == c->first || pte == c->first + GGTT_PAGE)) {
		c->step = (uint32_t)(pte - c->first);
		c->count = 2;
		return 0;
	}
	if (c->count > 1 && pte == c->first + (uint64_t)c->step * c->count) {
		c->count++;
		return 0;
	}
	err = flush_run(c);
	if (err)
		return err;
	c->first = pte;
	c->step = 0;
	c->count = 1;
	return 0;
}

int pfc_pte_put(struct pfc_pte_coder *c, uint64_t pte)
{
	if (c->rle)
		return put_run(c, pte);
	if (c->cap - c->len < 8)
		return -ENOSPC;
	le64_put(c->out + c->len, pte);
	c->len += 8;
	return 0;
}

/* Make plain entries of the runs so far, in place: the runs go to the end of the
 * room and are read from there, which the entries must not reach. Whoever shares
 * this memory may change a run on the way, but not how many entries there are. */
static void go_plain(struct pfc_pte_coder *c)
{
	const uint8_t *in = c->out + c->cap - c->len, *end = c->out + c->cap;
	uint32_t done = 0;

	memmove(c->out + c->cap - c->len, c->out, c->len);
	for (; in < end; in += PFC_RUN_BYTES) {
		uint32_t count = le32_get(in), step = le32_get(in + 4);
		uint64_t pte = le64_get(in + 8);

		for (; count > 0 && done < c->entries; count--, pte += step)
			le64_put(c->out + 8 * (size_t)done++, pte);
	}
	c->len = 8 * c->entries;
	c->rle = false;
}

/* A region of entries that don't continue each other shows early that it is one. */
static int weigh_runs(struct pfc_pte_coder *c)
{
	if ((uint64_t)c->len <= 8ull * c->entries + PFC_RUN_LOSS ||
	    (uint64_t)c->len + PFC_RUN_BYTES + 8ull * c->entries > c->cap)
		return 0;
	if (flush_run(c))
		return -ENOSPC;
	go_plain(c);
	return 0;
}

static int put_runs(struct pfc_pte_coder *c, const uint8_t *words, uint32_t n, uint64_t own)
{
	/* A copy that no byte stored into the output can be. */
	struct pfc_pte_coder local = *c;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = put_run(&local, le64_get(words + 8 * (size_t)i) ^ own);
	*c = local;
	c->entries += n;
	return err ? err : weigh_runs(c);
}

/* Entries without their VFID; false when one has another. Eight at a time, for the
 * compiler to use its widest registers. */
static bool put_plain(uint8_t *out, const uint8_t *words, uint32_t n, uint64_t own)
{
	uint64_t any[8] = { 0 }, foreign = 0;

	for (; n >= 8; n -= 8, words += 64, out += 64)
		for (unsigned i = 0; i < 8; i++) {
			uint64_t pte = le64_get(words + 8 * (size_t)i) ^ own;

			any[i] |= pte;
			le64_put(out + 8 * (size_t)i, pte);
		}
	for (unsigned i = 0; i < 8; i++)
		foreign |= any[i];
	for (uint32_t i = 0; i < n; i++) {
		uint64_t pte = le64_get(words + 8 * (size_t)i) ^ own;

		foreign |= pte;
		le64_put(out + 8 * (size_t)i, pte);
	}
	return !(foreign & PTE_VFID);
}

int pfc_pte_put_words(struct pfc_pte_coder *c, const uint8_t *words, uint32_t n, unsigned vfid)
{
	uint64_t own = (uint64_t)vfid << PTE_VFID_SHIFT, foreign = 0;

	if (c->rle) {
		for (uint32_t i = 0; i < n; i++)
			foreign |= (le64_get(words + 8 * (size_t)i) & PTE_VFID) ^ own;
		return foreign ? -EPERM : put_runs(c, words, n, own);
	}
	if ((c->cap - c->len) / 8 < n)
		return -ENOSPC;
	if (!put_plain(c->out + c->len, words, n, own))
		return -EPERM;
	c->len += 8 * n;
	c->entries += n;
	return 0;
}

int pfc_pte_end(struct pfc_pte_coder *c)
{
	return c->rle ? flush_run(c) : 0;
}

static unsigned get_plain(struct pfc_pte_decoder *d, uint64_t *out, unsigned n)
{
	uint32_t left = (d->len - d->at) / 8;

	if (n > left)
		n = left;
	for (unsigned i = 0; i < n; i++)
		out[i] = le64_get(d->in + d->at + 8 * (size_t)i);
	d->at += 8 * n;
	return n;
}

unsigned pfc_pte_get(struct pfc_pte_decoder *d, uint64_t *out, unsigned n)
{
	unsigned got = 0;

	if (!d->rle)
		return get_plain(d, out, n);
	while (got < n && d->at < d->len) {
		const uint8_t *in = d->in + d->at;

		out[got++] = le64_get(in + 8) + (uint64_t)d->used * le32_get(in + 4);
		if (++d->used >= le32_get(in)) {
			d->used = 0;
			d->at += PFC_RUN_BYTES;
		}
	}
	return got;
}

uint64_t pfc_pte_check(const uint8_t *in, bool rle)
{
	uint64_t pte = le64_get(rle ? in + 8 : in);
	uint64_t count, step, last;

	if (pte & PTE_VFID)
		return 0;
	if (!rle)
		return 1;
	count = le32_get(in);
	step = le32_get(in + 4);
	if (count == 0 || (step != 0 && step != GGTT_PAGE))
		return 0;
	/* Growing must not carry out of the address field. */
	last = (pte & PTE_ADDR) + step * (count - 1);
	return last & ~PTE_ADDR ? 0 : count;
}

bool pfc_pte_check_plain(const uint8_t *in, uint32_t n)
{
	uint64_t any[8] = { 0 }, all = 0;

	for (; n >= 8; n -= 8, in += 64)
		for (unsigned i = 0; i < 8; i++)
			any[i] |= le64_get(in + 8 * (size_t)i);
	for (unsigned i = 0; i < 8; i++)
		all |= any[i];
	for (uint32_t i = 0; i < n; i++)
		all |= le64_get(in + 8 * (size_t)i);
	return !(all & PTE_VFID);
}
