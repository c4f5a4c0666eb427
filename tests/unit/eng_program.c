/* SPDX-License-Identifier: MIT */
#include "eng_program.h"

struct fx *f;
struct px p;

void eng_setup(void)
{
	f = fx_new(1, 1, 2, NULL);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	px_start(&p, f, GUC_CLASS_RENDER, 0);
}

void eng_teardown(void)
{
	fx_free(f);
}

void alive(void)
{
	ck_assert(!px_slot(&p)->killed);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}
