/* SPDX-License-Identifier: MIT */
/* Fault rules at work on a card: what hangs, is reset and is held; each WHEN lets through
 * what it should and nothing else; THEN, counters, chance that repeats. */
#include <stdio.h>
#include <string.h>

#include "fault_fixture.h"
#include "tests/check_main.h"

/* --- hanging, resetting, holding ------------------------------------------------------- */

/* A GuC that hangs serves nobody; a reset makes it serve again VFs that have to begin
 * anew, and the PF as before. */
START_TEST(hang_and_reset_guc)
{
	fr_boot();
	fault_set_state(&rules, "again", false);
	fr_rule("on h2g vf=1 nth=2 do hang guc");
	fr_rule("on tick if=again pf gt=0 first=1 do reset guc");
	ck_assert_uint_eq(fr_send(), OK);
	fr_send(); /* taken, and never answered */
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(fr_send(), 0);
	fx_h2g(f, 2, 0, 7, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).len, 0);
	ck_assert_uint_eq(fr_ask(2), query[0]);
	fx_g2h_drain(f, 0, 0);
	fx_h2g(f, 0, 0, 9, (uint32_t[]){ GUC_ACTION_VF_CONTROL, 1, GUC_VF_PAUSE }, 3);
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	fr_wait(1000);
	ck_assert(guc_next_deadline(&f->card) > f->now);
	fault_set_state(&rules, "again", true);
	fr_wait(1000);
	fr_wait(1000);
	/* The PF's request waited, and is served now. */
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY_PAUSED);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_READY);
	ck_assert_uint_ge(fx_g2h_drain(f, 0, 0), 1);
	fault_clear(&rules);
	fault_attach(&rules, &f->card);
	fx_boot(f, 2, 0);
	fx_h2g(f, 2, 0, 7, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).dw[0], OK);
}
END_TEST

/* A function that hangs is alone with it, until it is reset; GT 1 serves it on. */
START_TEST(hang_function)
{
	fr_boot();
	fr_rule("on h2g vf=1 nth=1 do hang function");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(fr_ask(1), query[0]);
	ck_assert_uint_eq(fr_ask(2), OK | 2);
	fx_boot(f, 1, 1);
	fr_rule("on mbox-request vf=2 do reset function");
	guc_flr(&f->card, 1);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_FLR_PENDING);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->deaf, 0);
	fr_ask(2);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_FLR_PENDING);
	ck_assert_int_eq(fx_state(f, 2, 1), GUC_VFS_FLR_PENDING);
}
END_TEST

/* From the crossing of a `pause` on nothing more of the VF is taken, until it was
 * paused and resumed: what is rung meanwhile waits. */
START_TEST(pause_at_a_point)
{
	struct fault_out out;

	fr_boot();
	fr_rule("here: on h2g vf=1 nth=2 do pause then log");
	fx_h2g_quiet(f, 1, 0, 1, relay_msg, 4);
	fx_h2g_quiet(f, 1, 0, 2, relay_msg, 4);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 10);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert(fault_take(&rules, &out));
	ck_assert_int_eq(out.what, FAULT_OUT_LOG);
	ck_assert(fault_take(&rules, &out));
	ck_assert_int_eq(out.what, FAULT_OUT_PAUSE);
	ck_assert_uint_eq(out.fn, 1);
	ck_assert_int_eq(out.point, GUC_PT_H2G);
	ck_assert(!fault_take(&rules, &out));
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_run(f, 20);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 20);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 3);
}
END_TEST

/* Nobody carries the pause out: after a second the VF is served again. */
START_TEST(hold_ends)
{
	fr_boot();
	fr_rule("on h2g vf=1 nth=1 do migrate elsewhere");
	fx_h2g_quiet(f, 1, 0, 1, relay_msg, 4);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fr_ask(1), query[0]);
	fr_wait(GUC_HOLD_NS - 1);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 1);
	fr_wait(1);
	fr_wait(1);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->mbox[0], OK | 2);
}
END_TEST

/* --- when, then ---------------------------------------------------------------------- */

static const struct {
	const char *when;
	const char *fires; /* a character a request: '!' it fired */
} times[] = {
	{ "nth=3", "..!......." },     { "every=3", "..!..!..!." },   { "first=2", "!!........" },
	{ "from=8", ".......!!!" },    { "until=3", "!!........" },   { "from=2 until=9 every=4", "...!...!.." },
	{ "nth=10", ".........!" },    { "", "!!!!!!!!!!" },
};

/* Counts are of the crossings that the rule is about, of each function for itself. */
START_TEST(counted)
{
	char line[128];
	int n;

	snprintf(line, sizeof(line), "on mbox-request %s do nothing", times[_i].when);
	n = fr_rule(line);
	for (unsigned i = 0; times[_i].fires[i]; i++) {
		uint64_t before = fr_fired(n);

		fr_ask(1);
		ck_assert_uint_eq(fr_fired(n) - before, times[_i].fires[i] == '!');
		fr_ask(2);
		ck_assert_uint_eq(fr_fired(n) - before, 2 * (times[_i].fires[i] == '!'));
	}
}
END_TEST

/* Other rules, states, files and the card's time open and close a rule; while it is
 * closed nothing is counted. */
START_TEST(gated)
{
	int a = fr_rule("a: on mbox-request nth=3 do nothing then set on");
	int b = fr_rule("on mbox-request after=a nth=2 do nothing then clear on");
	int c = fr_rule("on mbox-request until=a do nothing");
	int d = fr_rule("on mbox-request if=on do nothing");
	int e = fr_rule("on mbox-request unless=on do nothing");
	int g = fr_rule("on mbox-request file=/nowhere do nothing");
	int h = fr_rule("on mbox-request time=1ms..2ms do nothing");
	int i = fr_rule("on mbox-request nth=2 do nothing then disarm");

	for (unsigned k = 0; k < 6; k++) {
		fault_file_is(&rules, 0, k == 4);
		fault_file_is(&rules, 7, true);
		fr_ask(1);
		fr_wait(500000);
	}
	ck_assert_uint_eq(fr_fired(a), 1);  /* the third */
	ck_assert_uint_eq(fr_fired(b), 1);  /* the fourth: a fired before it was asked */
	ck_assert_uint_eq(fr_fired(c), 2);
	ck_assert_uint_eq(fr_fired(d), 1);  /* at the fourth b was before it */
	ck_assert_uint_eq(fr_fired(e), 5);
	ck_assert_uint_eq(fr_fired(g), 1);
	ck_assert_uint_eq(fr_fired(h), 2);
	ck_assert_uint_eq(fr_fired(i), 1);
	ck_assert_str_eq(fault_file(&rules, 0), "/nowhere");
	ck_assert_int_eq(fault_arm(&rules, i, true), 0);
	fr_ask(1);
	fr_ask(1);
	ck_assert_uint_eq(fr_fired(i), 2);
}
END_TEST

/* The faults of VF 1's requests, a bit each, out of 64; VF 2 asks `others` times
 * in between. */
static uint64_t pattern(uint64_t seed, unsigned others)
{
	uint64_t seen = 0;
	int n;

	fault_init(&rules, seed, NULL);
	n = fr_rule("on mbox-reply vf=any p=30% do flip 3");
	for (unsigned i = 0; i < 64; i++) {
		uint64_t before = fr_fired(n);

		fr_ask(1);
		seen |= (fr_fired(n) - before) << i;
		for (unsigned k = 0; k < others; k++)
			fr_ask(2);
	}
	return seen;
}

/* Chance repeats from the seed, for each function whatever the others do, and is about
 * as frequent as the rule says. */
START_TEST(chance)
{
	uint64_t a = pattern(5, 0);

	ck_assert_uint_eq(a, pattern(5, 0));
	ck_assert_uint_eq(a, pattern(5, 3));
	ck_assert_uint_ne(a, pattern(6, 0));
	ck_assert_int_gt(__builtin_popcountll(a), 8);
	ck_assert_int_lt(__builtin_popcountll(a), 32);
}
END_TEST

/* The block without the rules' pointers is a snapshot: copied back, the same happens
 * again. */
START_TEST(snapshot)
{
	static struct fault kept;
	uint32_t first[16];

	fr_rule("on mbox-reply p=50% do flip then log");
	kept = rules;
	for (unsigned i = 0; i < 16; i++)
		first[i] = fr_ask(1);
	rules = kept;
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(fr_ask(1), first[i]);
}
END_TEST

/* A card that sends out more than its host takes loses the newest. */
START_TEST(host_does_not_listen)
{
	struct fault_out out;
	unsigned n = 0;

	fr_rule("on mbox-request do disconnect then log");
	for (unsigned i = 0; i < FAULT_OUT_MAX; i++)
		fr_ask(1);
	while (fault_take(&rules, &out))
		n++;
	ck_assert_uint_eq(n, FAULT_OUT_MAX);
	ck_assert_uint_eq(rules.out_lost, FAULT_OUT_MAX);
}
END_TEST

/* Several rules at one crossing: each sees what those before it left, after one that
 * decides only those fire that act beside it; one event tells of them all. */
START_TEST(several)
{
	int c, d, e;

	fr_rule("one: on mbox-reply do set dw0=0xf0000005");
	fr_rule("two: on mbox-reply dw0=0xf0000005 do data0 6");
	c = fr_rule("on mbox-reply do delay 1us");
	d = fr_rule("on mbox-reply do drop");
	e = fr_rule("on mbox-reply do nothing");
	ck_assert_uint_eq(fr_ask(1), query[0]);
	ck_assert_uint_eq(fr_fired(d), 0);
	ck_assert_uint_eq(fr_fired(e), 1);
	fr_wait(1000);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->mbox[0], 0xF0000006);
	ck_assert_uint_eq(fr_fired(c), 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FAULT), 1);
	ck_assert_str_eq(rules.told, "one+two+#3+#5");
}
END_TEST

/* Points that only tell: a state that is entered, a context, a reset; what rules do
 * there happens, too. */
START_TEST(told_points)
{
	int a = fr_rule("on state vf=1 enters=VF_RUNNING leaves=VF_READY do interrupt 5");
	int b = fr_rule("on flr vf=2 do drop");
	int c = fr_rule("on violation vf=1 do nothing");
	int d = fr_rule("on tick vf=1 gt=1 time=5ms.. first=1 do interrupt 6");

	memset(f->irqs, 0, sizeof(f->irqs));
	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fr_fired(a), 1);
	ck_assert_uint_eq(f->irqs[1][0][5], 1);
	guc_flr(&f->card, 2);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_READY);
	ck_assert_uint_eq(fr_fired(b), 1);
	guc_mmio_write(&f->card, 1, REG_GGTT_BASE, 8, 1);
	ck_assert_uint_eq(fr_fired(c), 1);
	f->now = f->now < 5000000 ? 5000000 : f->now;
	fr_wait(1);
	fr_wait(1);
	ck_assert_uint_eq(fr_fired(d), 1);
	ck_assert_uint_eq(f->irqs[1][1][6], 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fault_when");
	TCase *t = tcase_create("card");

	tcase_add_checked_fixture(t, fr_setup, fr_teardown);
	tcase_add_test(t, hang_and_reset_guc);
	tcase_add_test(t, hang_function);
	tcase_add_test(t, pause_at_a_point);
	tcase_add_test(t, hold_ends);
	tcase_add_loop_test(t, counted, 0, sizeof(times) / sizeof(*times));
	tcase_add_test(t, gated);
	tcase_add_test(t, chance);
	tcase_add_test(t, snapshot);
	tcase_add_test(t, host_does_not_listen);
	tcase_add_test(t, several);
	tcase_add_test(t, told_points);
	suite_add_tcase(s, t);
	return check_main(s);
}
