/* SPDX-License-Identifier: MIT */
/* First fit in a bitmap; see pages.h. Pages past `count` are marked used from
 * the start, so no search needs to know where the memory ends. */
#include "pages.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "proto/regs.h"

static bool page_used(const struct host_pages *p, uint32_t i)
{
	return p->map[i / 64] >> (i % 64) & 1;
}

static void mark(struct host_pages *p, uint32_t first, uint32_t n, bool used)
{
	for (uint32_t i = first; i < first + n; i++) {
		uint64_t bit = (uint64_t)1 << (i % 64);

		if (used)
			p->map[i / 64] |= bit;
		else
			p->map[i / 64] &= ~bit;
	}
}

int host_pages_init(struct host_pages *p, size_t bytes)
{
	size_t n = bytes / GGTT_PAGE;

	if (n == 0 || n > HOST_PAGES_MAX)
		return -EINVAL;
	memset(p, 0, sizeof(*p));
	p->count = (uint32_t)n;
	mark(p, p->count, HOST_PAGES_MAX - p->count, true);
	return 0;
}

size_t host_pages_alloc(struct host_pages *p, size_t bytes)
{
	size_t want = bytes / GGTT_PAGE + (bytes % GGTT_PAGE != 0);
	uint32_t run = 0;

	if (want == 0 || want > p->count - p->used)
		return SIZE_MAX;
	for (uint32_t i = 0; i < p->count; i++) {
		if (run == 0 && i % 64 == 0 && p->map[i / 64] == UINT64_MAX) {
			i += 63;
			continue;
		}
		run = page_used(p, i) ? 0 : run + 1;
		if (run == want) {
			uint32_t first = i + 1 - run;

			mark(p, first, run, true);
			p->used += run;
			return (size_t)first * GGTT_PAGE;
		}
	}
	return SIZE_MAX;
}

void host_pages_free(struct host_pages *p, size_t off, size_t bytes)
{
	size_t first = off / GGTT_PAGE;
	size_t n = bytes / GGTT_PAGE + (bytes % GGTT_PAGE != 0);

	if (first >= p->count || n > p->count - first)
		return;
	mark(p, (uint32_t)first, (uint32_t)n, false);
	p->used -= (uint32_t)n;
}
