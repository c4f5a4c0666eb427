/* SPDX-License-Identifier: MIT */
/* gucemu clock and gucemu snapshot against a card's process, and what its state
 * says of clients. */
#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_fixture.h"
#include "tests/check_main.h"
#include "view/json.h"

static const char *scratch;
static pid_t card;

static void begin(void)
{
	scratch = scratch_new();
	card = start_card("A", "--ggtt-size 256M --contexts 1024 --vfs 2");
}

static void end(void)
{
	end_gucemu(card, SIGTERM);
	scratch_drop();
}

/* "gucemu WORDS --socket ..." has this status and says this. */
static void expect(const char *words, int status, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "%s --socket %s/A.sock", words, scratch);
	expect_run(line, status, text);
}

/* A number of the reply to "gucemu WORDS --json". */
static uint64_t ask(const char *words, const char *key)
{
	char line[256];
	struct run_result r;
	struct json_object *o;
	uint64_t n;

	snprintf(line, sizeof(line), "%s --json --socket %s/A.sock", words, scratch);
	r = run_gucemu(line);
	ck_assert_msg(r.status == 0, "%s: %s", words, r.err);
	o = json_read(r.out, strlen(r.out));
	n = json_get_u64(o, key, UINT64_MAX);
	json_object_put(o);
	run_free(&r);
	return n;
}

static void sleep_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

START_TEST(stands_and_moves)
{
	/* A stopped clock stands, moves by exactly what is asked, and goes on from
	 * there; the PF works meanwhile. */
	uint64_t at;

	expect("clock show", 0, "running");
	at = ask("clock stop", "ns");
	sleep_ms(50);
	ck_assert_uint_eq(ask("clock show", "ns"), at);
	expect("pf pause --vf 1", 0, "paused");
	expect("pf resume --vf 1", 0, "resumed");
	ck_assert_uint_eq(ask("clock show", "ns"), at);
	ck_assert_uint_eq(ask("clock warp 1500ms", "ns"), at + 1500000000);
	ck_assert_uint_eq(ask("clock warp 1ns", "ns"), at + 1500000001);
	ck_assert_uint_eq(ask("clock stop", "ns"), at + 1500000001);
	ck_assert_uint_ge(ask("clock run", "ns"), at + 1500000001);
	sleep_ms(5);
	ck_assert_uint_gt(ask("clock show", "ns"), at + 1500000001);
}
END_TEST

START_TEST(bad_words)
{
	/* What can't be is refused with the reason; usage is 2. */
	expect("clock", 2, "which verb");
	expect("clock go", 2, "no verb");
	expect("clock warp", 2, "warp TIME");
	expect("clock warp 5", 2, "warp TIME");
	expect("clock warp -5ms", 2, "");
	expect("clock warp 99999999999999999999s", 2, "warp TIME");
	expect("clock stop now", 2, "too many");
	expect("clock warp 1s", 1, "stop it first");
	expect("clock stop", 0, "stopped");
	expect("clock warp 100000s", 1, "up to a day");
	expect("snapshot", 2, "which verb");
	expect("snapshot keep x", 2, "no verb");
	expect("snapshot save", 2, "NAME");
	expect("snapshot save a=b", 2, "a name has");
	expect("snapshot save 12345678901234567890123456789012", 2, "a name has");
	expect("snapshot restore x", 1, "no snapshot of that name");
	expect("snapshot drop x", 1, "no snapshot of that name");
	expect("snapshot list", 0, "none");
}
END_TEST

START_TEST(goes_back)
{
	/* A snapshot brings back what the PF and the GuCs had, any number of times, and
	 * the clock. */
	uint64_t at, start = ask("pf info --vf 1", "ggtt_start");

	at = ask("clock stop", "ns");
	expect("snapshot save one", 0, "one");
	for (int i = 0; i < 3; i++) {
		expect("clock warp 2s", 0, "stopped");
		expect("pf flr --vf 1", 0, NULL);
		expect("pf unprovision --vf 1", 0, NULL);
		ck_assert_uint_eq(ask("pf info --vf 1", "ggtt_size"), 0);
		expect("snapshot restore one", 0, "one");
		ck_assert_uint_eq(ask("pf info --vf 1", "ggtt_start"), start);
		ck_assert_uint_eq(ask("clock show", "ns"), at);
		expect("pf pause --vf 1", 0, "paused");
		expect("pf resume --vf 1", 0, "resumed");
	}
	expect("clock run", 0, "running");
	expect("snapshot drop one", 0, "none");
}
END_TEST

START_TEST(at_most_eight)
{
	/* There are eight at most; the same name again replaces. */
	char words[64];

	for (int i = 0; i < 8; i++) {
		snprintf(words, sizeof(words), "snapshot save s%d", i);
		expect(words, 0, "bytes");
	}
	expect("snapshot save s8", 1, "there are 8 already");
	expect("snapshot save s7", 0, "s7");
	expect("snapshot drop s0", 0, "s7");
	expect("snapshot save s8", 0, "s8");
}
END_TEST

START_TEST(whose_memory)
{
	/* Where a client's memory is its own the card can't be kept; the state counts
	 * its frames by kind. */
	char line[256];
	struct run_result r;
	pid_t vf;

	expect("snapshot save before", 0, "before");
	snprintf(line, sizeof(line), "vf run --vf 2 --jobs 0 --socket %s/A.sock", scratch);
	vf = start_gucemu(line);
	snprintf(line, sizeof(line), "state --json --socket %s/A.sock", scratch);
	for (int i = 0; i < 500; i++) {
		bool there;

		r = run_gucemu(line);
		there = strstr(r.out, "\"MEM_SHARE\":1") != NULL;
		run_free(&r);
		if (there)
			break;
		ck_assert_int_lt(i, 499);
		sleep_ms(20);
	}
	expect("snapshot save after", 1, "the memory of VF 2 belongs to its client");
	expect("snapshot restore before", 1, "the memory of VF 2 belongs to its client");
	r = run_gucemu(line);
	ck_assert_ptr_nonnull(strstr(r.out, "\"by_kind\":{\"MMIO_WRITE\":"));
	ck_assert_ptr_nonnull(strstr(r.out, "\"clock\":{\"clock\":\"running\""));
	run_free(&r);
	end_gucemu(vf, SIGTERM);
}
END_TEST

START_TEST(pf_elsewhere)
{
	/* With the PF in a process of its own the card is not whole. */
	char line[256];
	pid_t other = start_card("B", "--no-pf");

	snprintf(line, sizeof(line), "snapshot save x --socket %s/B.sock", scratch);
	expect_run(line, 1, "the PF is in another process");
	end_gucemu(other, SIGTERM);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("clock");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, stands_and_moves);
	tcase_add_test(t, bad_words);
	tcase_add_test(t, goes_back);
	tcase_add_test(t, at_most_eight);
	tcase_add_test(t, whose_memory);
	tcase_add_test(t, pf_elsewhere);
	suite_add_tcase(s, t);
	return check_main(s);
}
