/* SPDX-License-Identifier: MIT */
/* Fault rules of served cards: the command line, files and the control verb; what they
 * do to a real driver's process over sockets, that a seed repeats it, and that its
 * recording repeats without them. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "tests/check_main.h"
#include "tests/sim/tape.h"
#include "view/json.h"

static const char *scratch;

static void begin(void)
{
	scratch = scratch_new();
}

static void end(void)
{
	scratch_drop();
}

static void put_rules(const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/rules", scratch);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* A card of these rules and more options. */
static pid_t card(const char *rules, const char *options)
{
	char line[1024];

	put_rules(rules);
	snprintf(line, sizeof(line), "--faults %s/rules %s", scratch, options);
	return start_card("a", line);
}

/* Run "gucemu WORDS --socket a.sock". */
static void expect(const char *words, int status, const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s --socket %s/a.sock", words, scratch);
	expect_run(line, status, text);
}

static struct json_object *rules_now(void)
{
	char line[256];
	struct run_result r;
	struct json_object *o;

	snprintf(line, sizeof(line), "fault rules --json --socket %s/a.sock", scratch);
	r = run_gucemu(line);
	ck_assert_int_eq(r.status, 0);
	o = json_read(r.out, strlen(r.out));
	ck_assert_ptr_nonnull(o);
	run_free(&r);
	return o;
}

static uint64_t fired(unsigned index)
{
	struct json_object *o = rules_now();
	uint64_t n = json_get_u64(json_at(json_get(o, "rules"), index), "fired", UINT64_MAX);

	json_object_put(o);
	return n;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
}

/* Rules that are none end `serve` and `demo` with status 2 and say where, before
 * anything starts; `fault check` finds the same without a card. */
START_TEST(bad_rules)
{
	static const struct {
		const char *rules, *text;
	} bad[] = {
		{ "on h2g do drop\n\n# all well\n  on h2g do drp\n", "rules:4:13: unknown fault" },
		{ "on h2g vf=2 do drop\n", "the card has 1 VFs" },
		{ "on h2g type=busy,request do drop\n", "rules:1:17: no comma" },
		{ "a: on h2g do drop\na: on g2h do drop\n", "rules:2:1: there is a rule of this name" },
		{ "on h2g after=b do drop\nb: on h2g do drop\n", "rules:1:14: there is no such rule" },
		{ "on h2g do \x1b[2J\n", "rules:1:11: a rule is plain text" },
	};
	char line[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put_rules(bad[i].rules);
		snprintf(line, sizeof(line), "serve --socket %s/a.sock --faults %s/rules", scratch,
			 scratch);
		expect_run(line, 2, bad[i].text);
		if (strstr(bad[i].text, "VFs"))
			continue;
		snprintf(line, sizeof(line), "demo --faults %s/rules", scratch);
		expect_run(line, 2, bad[i].text);
		snprintf(line, sizeof(line), "fault check %s/rules", scratch);
		expect_run(line, 1, bad[i].text);
	}
	put_rules("# nothing but this\n\n");
	expect_run(line, 0, NULL);
	expect_run("serve --socket x --faults /none/such", 2, "can't read /none/such");
	expect_run("serve --socket x --fault drop", 2, "--fault: column 1: a rule begins with");
	expect_run("serve --socket x --seed 0", 2, "--seed");
}
END_TEST

/* A line far too long is one rule too long, not many rules; a long comment is one. */
START_TEST(long_lines)
{
	char text[2000], line[256];

	snprintf(line, sizeof(line), "fault check %s/rules", scratch);
	memset(text, ' ', sizeof(text));
	memcpy(text, "on h2g", 6);
	memcpy(text + 1900, "do drop\n", 9);
	put_rules(text);
	expect_run(line, 1, "rules:1:256: a rule has at most 255 bytes");
	text[0] = '#';
	put_rules(text);
	expect_run(line, 0, NULL);
}
END_TEST

/* Words that don't fit the command: status 2, and a hint. */
START_TEST(bad_words)
{
	expect_run("fault", 2, "which verb?");
	expect_run("fault rule", 2, "did you mean 'rules'?");
	expect_run("fault explain", 2, "needs a rule");
	expect_run("fault list now", 2, "no more words");
	expect_run("fault remove a b", 2, "needs one name");
	expect_run("fault rules", 2, "needs --socket");
	expect_run("fault rules --socket /none", 1, "/none");
	expect_run("fault explain on h2g do drp", 1, "column 11");
	expect_run("fault explain on h2g nth=3 do drop", 0, "when  nth=3: only the Nth time");
	expect_run("fault list", 0, "clear-mailbox");
	expect_run("fault list --json", 0, "\"word\":\"reorder [N] [TIME]\"");
}
END_TEST

/* Rules are added, listed with their counts, closed, and taken away while a driver
 * comes and goes; what is no rule is refused with its column. */
START_TEST(at_run_time)
{
	pid_t a = card("", "--seed 77");

	expect("fault rules", 0, "seed 77");
	expect("fault add busy: on mbox-request vf=1 action=QUERY_SINGLE_KLV first=2 do busy 5ms", 0,
	       "rule 1, seed 77");
	expect("fault add on mbox-request vf=1 if=shut do drop", 1,
	       "column 25: no rule before this one sets this state");
	expect("fault set shut", 0, NULL);
	expect("fault unset shut", 0, NULL);
	expect("fault add on mbox-request vf=1 if=shut do drop", 0, "rule 2");
	expect("vf info", 0, "migration supported");
	ck_assert_uint_eq(fired(0), 2);
	ck_assert_uint_eq(fired(1), 0);
	expect("fault disarm busy", 0, NULL);
	expect("fault rules", 0, "no ");
	expect("fault arm busy", 0, NULL);
	expect("vf info", 0, "migration supported");
	ck_assert_uint_eq(fired(0), 4);
	expect("fault remove 3", 1, "no such rule");
	expect("fault remove busy", 0, NULL);
	expect("fault set 9", 1, "no name of a state");
	expect("fault clear", 0, NULL);
	ck_assert_uint_eq(fired(0), UINT64_MAX);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

/* A driver meets the same faults again from the same seed, and others from another. */
START_TEST(seed_repeats)
{
	static const char rules[] = "on mbox-request vf=1 p=40% do busy 1ms\n"
				    "on mbox-reply vf=1 type=response p=40% do delay 1ms\n"
				    "on mbox-request vf=1 p=15% do retry\n"
				    "on h2g vf=1 p=50% do delay 1ms\n";
	static const unsigned seeds[] = { 5, 5, 6 };
	uint64_t seen[3] = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		char option[32];
		pid_t a;

		snprintf(option, sizeof(option), "--seed %u", seeds[i]);
		a = card(rules, option);
		for (unsigned k = 0; k < 3; k++)
			expect("vf info", 0, "migration supported");
		for (unsigned k = 0; k < 4; k++)
			seen[i] = seen[i] * 1000 + fired(k);
		ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	}
	ck_assert_uint_eq(seen[0], seen[1]);
	ck_assert_uint_ne(seen[0], seen[2]);
}
END_TEST

/* A rule ends a driver's connection at the very request; the card serves the next. */
START_TEST(disconnects)
{
	pid_t a = card("on mbox-request vf=1 nth=3 do disconnect then log\n", "");

	expect("vf info", 3, NULL);
	ck_assert_uint_eq(fired(0), 1);
	expect("vf info", 0, "migration supported");
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

/* A VF is paused by the PF where a rule says, and goes on when it is resumed. */
START_TEST(pauses)
{
	char line[256];
	struct run_result r = { 0 };
	int status;
	pid_t a = card("on h2g vf=1 action=REGISTER_CONTEXT nth=2 do pause\n", ""), driver;

	snprintf(line, sizeof(line), "vf run --socket %s/a.sock --jobs 2", scratch);
	driver = start_gucemu(line);
	snprintf(line, sizeof(line), "state --socket %s/a.sock", scratch);
	for (unsigned i = 0; i < 500; i++) {
		r = run_gucemu(line);
		if (strstr(r.out, "VF_RUNNING_PAUSED"))
			break;
		run_free(&r);
		nap();
	}
	ck_assert_msg(r.out && strstr(r.out, "VF_RUNNING_PAUSED"), "never paused");
	ck_assert_ptr_nonnull(strstr(r.out, "registered 2"));
	run_free(&r);
	expect("pf resume --vf 1", 0, NULL);
	ck_assert_int_eq(waitpid(driver, &status, 0), driver);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

/* A live driver is moved to another card behind its second registration, by a rule
 * alone, and all its jobs end right. */
START_TEST(migrates)
{
	char rule[256], line[256];
	pid_t b = start_card("b", "--ggtt-offset 256M"), a;

	snprintf(rule, sizeof(rule),
		 "on h2g vf=1 action=REGISTER_CONTEXT nth=2 do migrate %s/b.sock\n", scratch);
	a = card(rule, "");
	snprintf(line, sizeof(line), "vf run --jobs 3");
	expect(line, 0, "GGTT moved by -0x10000000, 2 contexts registered");
	ck_assert_uint_eq(fired(0), 1);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(b, SIGTERM), 0);
}
END_TEST

/* A file's being there opens a rule. */
START_TEST(file_opens)
{
	char rule[256], path[200];
	FILE *f;
	pid_t a;

	snprintf(path, sizeof(path), "%s/open", scratch);
	snprintf(rule, sizeof(rule), "on mbox-request vf=1 file=%s do nothing\n", path);
	a = card(rule, "");
	expect("vf info", 0, NULL);
	ck_assert_uint_eq(fired(0), 0);
	f = fopen(path, "w");
	ck_assert_int_eq(fclose(f), 0);
	expect("vf info", 0, NULL);
	ck_assert_uint_gt(fired(0), 3);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

/* Firings are in the recording with the rule's name and in its diagram; the recording
 * repeats to the last byte without the rules. */
START_TEST(recorded)
{
	static struct tape tape;
	char line[512];
	struct replay r;
	pid_t a;

	snprintf(line, sizeof(line), "--record %s/t --seed 3", scratch);
	a = card("slow: on mbox-request vf=1 action=MATCH_VERSION first=1 do busy 2ms\n"
		 "on mbox-reply vf=1 p=20% do delay 1ms\n"
		 "on h2g vf=1 every=2 do duplicate\n"
		 "on mem-read vf=1 every=3 do nothing\n"
		 "on mmio-read vf=1 every=5 do set value=0/0x40000000\n"
		 "on g2h vf=1 every=2 do interrupt guc2host\n", line);
	expect("vf info", 0, "migration supported");
	ck_assert_uint_gt(fired(3), 0);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	snprintf(line, sizeof(line), "trace show %s/t --kind fault", scratch);
	expect_run(line, 0, "'slow' at mbox-request");
	snprintf(line, sizeof(line), "trace show %s/t --kind mark", scratch);
	expect_run(line, 0, "fault rule 4: on mem-read vf=1 every=3 do nothing");
	snprintf(line, sizeof(line), "trace info %s/t", scratch);
	expect_run(line, 0, "seed      3");
	snprintf(line, sizeof(line), "trace diagram %s/t", scratch);
	expect_run(line, 0, "fault slow");
	snprintf(line, sizeof(line), "%s/t", scratch);
	ck_assert(tape_load(&tape, line));
	ck_assert_msg(replay_run(&r, &tape), "%s", r.why);
	replay_free(&r);
	free(tape.bytes);
}
END_TEST

/* `watch` tells each firing as it happens, and ends after as many as wanted. */
START_TEST(watched)
{
	char line[256];
	int status = 0;
	pid_t a = card("on mbox-request vf=1 do nothing\n", ""), watcher;

	snprintf(line, sizeof(line), "fault watch --count 3 --socket %s/a.sock", scratch);
	watcher = start_gucemu(line);
	for (unsigned i = 0; i < 200 && waitpid(watcher, &status, WNOHANG) == 0; i++) {
		expect("vf info", 0, NULL);
		nap();
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

/* Take the rules out of a page: indented lines that are one, and what stands behind
 * --fault in quotes. */
static unsigned rules_of_page(const char *page, FILE *to)
{
	char path[256], line[512];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", DOCS, page);
	f = fopen(path, "r");
	ck_assert_msg(f, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		const char *quoted = strstr(line, "--fault '");
		const char *rule = strncmp(line, "    ", 4) ? NULL : line + 4;

		if (quoted) {
			rule = quoted + 9;
			*strchr(rule, '\'') = '\0';
		} else if (!rule || !strstr(rule, " do ") || strstr(rule, "POINT") ||
			   strstr(rule, "gucemu") || (strncmp(rule, "on ", 3) && !strchr(rule, ':'))) {
			continue;
		}
		fprintf(to, "%.*s\n", (int)strcspn(rule, "\n"), rule);
		n++;
	}
	fclose(f);
	return n;
}

/* Each rule in the documentation is one. */
START_TEST(documented)
{
	static const struct {
		const char *page;
		unsigned least;
	} pages[] = { { "faults.md", 13 }, { "protocol/faults.md", 5 }, { "../README.md", 1 } };
	char path[256], line[300];

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		FILE *to;

		snprintf(path, sizeof(path), "%s/rules", scratch);
		to = fopen(path, "w");
		ck_assert_uint_ge(rules_of_page(pages[i].page, to), pages[i].least);
		fclose(to);
		snprintf(line, sizeof(line), "fault check %s", path);
		expect_run(line, 0, NULL);
	}
}
END_TEST

/* The demo under rules that a driver outlasts is good, and says how many fired; under
 * one that it doesn't it fails. */
START_TEST(demo)
{
	char line[256];

	put_rules("on mbox-request vf=1 action=RESFIX_START first=1 do busy 5ms\n");
	snprintf(line, sizeof(line), "demo --faults %s/rules --seed 9", scratch);
	expect_run(line, 0, "faults       1 fired, seed 9");
	put_rules("on irq vf=1 bit=guc2host every=2 do drop\n");
	expect_run(line, 0, "result       good");
	put_rules("on mbox-request vf=1 action=RESFIX_DONE do failure INVALID_PARAMS\n");
	expect_run(line, 1, "result       ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fault_process");
	TCase *t = tcase_create("processes");

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, bad_rules);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, bad_words);
	tcase_add_test(t, at_run_time);
	tcase_add_test(t, seed_repeats);
	tcase_add_test(t, disconnects);
	tcase_add_test(t, pauses);
	tcase_add_test(t, migrates);
	tcase_add_test(t, file_opens);
	tcase_add_test(t, recorded);
	tcase_add_test(t, watched);
	tcase_add_test(t, documented);
	tcase_add_test(t, demo);
	suite_add_tcase(s, t);
	return check_main(s);
}
