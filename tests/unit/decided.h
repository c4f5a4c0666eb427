/* SPDX-License-Identifier: MIT */
/* A card with three VFs, and how the tests of docs/protocol/decisions.md ask it.
 * For one test program each: it has the card in a variable. */
#ifndef GUCEMU_TESTS_DECIDED_H
#define GUCEMU_TESTS_DECIDED_H

#include <check.h>
#include <stdlib.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *f;

static inline void setup(void)
{
	f = fx_new(1, 1, 3, NULL);
	for (unsigned vf = 1; vf <= 3; vf++)
		fx_provision(f, vf);
}

static inline void teardown(void)
{
	fx_free(f);
}

static inline struct guc_function *vf1(void)
{
	return guc_fn(&f->card, 0, 1);
}

static inline uint32_t ask(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	const uint32_t dw[4] = { a, b, c, d };

	return fx_mbox(f, 1, 0, dw, 4, NULL);
}

/* A relay of the VF to the PF with this id; not rung. */
static inline void relay_quiet(unsigned vf, uint16_t fence, uint32_t id)
{
	const uint32_t dw[4] = { GUC_ACTION_RELAY_TO_PF, id, 1, 0 };

	fx_h2g_quiet(f, vf, 0, fence, dw, 4);
}

/* Leave room for so many dwords in fn's G2H, then make it all free again. */
static inline void g2h_tight(unsigned fn, uint32_t dwords)
{
	uint32_t size = FX_G2H_BYTES / 4, tail = fx_get(f, fn, FX_G2H_DESC(0) + CTB_DESC_TAIL);

	fx_put(f, fn, FX_G2H_DESC(0) + CTB_DESC_HEAD, (tail + dwords + 1) % size);
}

static inline void g2h_free(unsigned fn)
{
	fx_put(f, fn, FX_G2H_DESC(0) + CTB_DESC_HEAD,
	       fx_get(f, fn, FX_G2H_DESC(0) + CTB_DESC_TAIL));
}

#endif
