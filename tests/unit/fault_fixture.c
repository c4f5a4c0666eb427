/* SPDX-License-Identifier: MIT */
/* See fault_fixture.h. */
#include "fault_fixture.h"

#include <string.h>

#include "tests/check_main.h"

struct fx *f;
struct fault rules;

const uint32_t query[2] = { GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_GGTT_START };
const uint32_t relay_msg[4] = { GUC_ACTION_RELAY_TO_PF, 1, 0x00000001, 0x00010000 };

void fr_setup(void)
{
	f = fx_new_ready(2, NULL);
	fault_init(&rules, 1, guc_card_geometry(&f->card));
}

void fr_teardown(void)
{
	fx_free(f);
}

int fr_rule(const char *line)
{
	struct fault_error err;
	int n = fault_add(&rules, line, strlen(line), &err);

	ck_assert_msg(n > 0, "%s: %zu: %s", line, err.at, err.text);
	fault_attach(&rules, &f->card);
	return n;
}

uint64_t fr_fired(int number)
{
	struct fault_info info;

	for (unsigned i = 0; fault_info(&rules, i, &info); i++)
		if (info.number == number)
			return info.fired;
	return 0;
}

uint32_t fr_ask(unsigned vf)
{
	uint32_t reply[4];

	return fx_mbox(f, vf, 0, query, 2, reply);
}

void fr_boot(void)
{
	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	fx_g2h_drain(f, 0, 0);
	fx_g2h_drain(f, 1, 0);
}

void fr_wait(uint64_t ns)
{
	f->now += ns;
	guc_tick(&f->card, f->now);
}

uint32_t fr_send(void)
{
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	return fx_g2h(f, 1, 0).dw[0];
}
