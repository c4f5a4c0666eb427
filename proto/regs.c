/* SPDX-License-Identifier: MIT */
/* Names of registers, from the one list in regs.h. */
#include "regs.h"

static const struct reg_place places[] = {
#define X(name, first, bytes, text) { #name, first, bytes, text },
	REG_LIST(X)
#undef X
};
#define PLACES (sizeof(places) / sizeof(places[0]))

#define REG_BLOCK   0x190000u /* a function's own registers begin here */
#define MAX_COPIES  63u

const struct reg_place *reg_place(size_t index)
{
	return index < PLACES ? &places[index] : NULL;
}

static const struct reg_place *find(uint32_t offset)
{
	for (size_t i = 0; i < PLACES; i++)
		if (offset >= places[i].first && offset - places[i].first < places[i].bytes)
			return &places[i];
	return NULL;
}

const struct reg_place *reg_find(uint32_t offset, uint32_t stride, unsigned *copy)
{
	const struct reg_place *p = find(offset);
	uint32_t n = stride && offset > REG_BLOCK ? (offset - REG_BLOCK) / stride : 0;

	*copy = 0;
	if (p || n == 0 || n > MAX_COPIES)
		return p;
	p = find(offset - n * stride);
	if (p)
		*copy = n;
	return p && p->first > REG_BLOCK && p->first < REG_GGTT_BASE ? p : NULL;
}
