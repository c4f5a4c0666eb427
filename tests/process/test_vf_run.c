/* SPDX-License-Identifier: MIT */
/* "gucemu vf run" and "gucemu vf info" as a user at a terminal or a script has
 * them: what they print, in words and in JSON, the lines that steer a run, exit
 * statuses. The driver itself is tested in test_vf_client and the simulator. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "control_fixture.h"
#include "tests/check_main.h"
#include "view/json.h"

#define CHILD_ARGS 32u

static const char *scratch;
static pid_t card;
static char socket_path[128];

static void set_up(const char *options)
{
	scratch = scratch_new();
	snprintf(socket_path, sizeof(socket_path), "%s/a.sock", scratch);
	card = start_card("a", options);
}

static void two_gts(void)
{
	set_up("--gts 2 --vfs 2");
}

static void tear_down(void)
{
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
	scratch_drop();
}

static void expect(const char *words, int status, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "%s --socket %s", words, socket_path);
	expect_run(line, status, text);
}

/* --- a run that is talked to ------------------------------------------------------ */

struct talk {
	pid_t pid;
	FILE *to, *from;
};

static struct talk talk_start(const char *options)
{
	char copy[256], *save = NULL;
	const char *argv[CHILD_ARGS] = { GUCEMU, "vf", "run", "--socket", socket_path, "--stay" };
	unsigned n = 6;
	int in[2], out[2];
	struct talk t;

	snprintf(copy, sizeof(copy), "%s", options);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		ck_assert_uint_lt(n + 1, CHILD_ARGS);
		argv[n++] = w;
	}
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	t.pid = program_start(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	t.to = fdopen(in[1], "w");
	t.from = fdopen(out[0], "r");
	setvbuf(t.to, NULL, _IONBF, 0);
	return t;
}

/* Read lines until one holds `text`. */
static void hear(struct talk *t, const char *text)
{
	char line[4096], all[65536] = "";
	size_t at = 0;

	while (fgets(line, sizeof(line), t->from)) {
		if (strstr(line, text))
			return;
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s", line);
		at = at < sizeof(all) ? at : sizeof(all) - 1;
	}
	ck_abort_msg("no '%s' in:\n%s", text, all);
}

static void ask(struct talk *t, const char *line, const char *answer)
{
	fprintf(t->to, "%s\n", line);
	hear(t, answer);
}

static void talk_end(struct talk *t, int status)
{
	int got;

	fclose(t->to);
	got = end_gucemu(t->pid, 0);
	fclose(t->from);
	ck_assert_int_eq(got, status);
}

/* --- tests ------------------------------------------------------------------------ */

START_TEST(statuses)
{
	/* 0 when all jobs were right, 2 for bad usage, 3 without emulator or VF. */
	expect("vf run --jobs 3 --vf 2", 0, "jobs");
	expect("vf run --quirk nonsense", 2, "nonsense");
	expect("vf run --quirks linux-6.0", 2, "linux-7.2");
	expect("vf run --skip-fixup nonsense", 2, "nonsense");
	expect("vf run --generation third", 2, "auto, seed or latest");
	expect("vf run more", 2, "'more' is too much");
	expect("vf info more", 2, "'more' is too much");
	expect("vf run --gts 3", 2, "--gts");
	expect("vf run --vf 60", 3, "no such function");
	expect_run("vf run", 2, "--socket");
	expect_run("vf info", 2, "--socket");
	expect_run("vf", 2, "run or info");
	expect_run("vf walk", 2, "'walk'");
	expect_run("vf --help", 0, "Usage: gucemu vf run|info");
	expect_run("vf run --socket /tmp/gucemu-nobody", 3, "gucemu-nobody");
	expect_run("vf info --socket /tmp/gucemu-nobody", 3, "gucemu-nobody");
}
END_TEST

START_TEST(info_in_words)
{
	/* What a VF was given, and that it can be taken again afterwards. */
	expect("vf info", 0, "VF 1 of card a");
	expect("vf info", 0, "migration supported");
	expect("vf info --vf 2", 0, "  GT 1: VF ABI 1.");
}
END_TEST

START_TEST(info_in_json)
{
	/* One object; the range is the one that the PF knows. */
	struct run_result vf, pf;
	struct json_object *v, *p, *gt;
	char words[256];

	snprintf(words, sizeof(words), "vf info --json --socket %s", socket_path);
	vf = run_gucemu(words);
	snprintf(words, sizeof(words), "pf info --vf 1 --json --socket %s", socket_path);
	pf = run_gucemu(words);
	ck_assert_int_eq(vf.status, 0);
	v = json_read(vf.out, strlen(vf.out));
	p = json_read(pf.out, strlen(pf.out));
	ck_assert_ptr_nonnull(v);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(json_get_u64(v, "vf", 0), 1);
	ck_assert_uint_eq(json_get_u64(v, "card_gts", 0), 2);
	gt = json_at(json_get(v, "gts"), 1);
	ck_assert_uint_ne(json_get_u64(gt, "ggtt_start", 0), 0);
	ck_assert_uint_eq(json_get_u64(gt, "ggtt_start", 0), json_get_u64(p, "ggtt_start", 1));
	ck_assert_str_eq(json_get_str(gt, "relay", ""), "1.0");
	ck_assert_uint_gt(json_get_u64(gt, "runtime_registers", 0), 0);
	json_object_put(v);
	json_object_put(p);
	run_free(&vf);
	run_free(&pf);
}
END_TEST

START_TEST(lines_in_json)
{
	/* Held jobs are unfinished until "release"; the summary counts right. */
	struct talk t = talk_start("--json --hold-jobs --contexts 2 --parallel 1 --jobs 3");

	hear(&t, "\"ready\"");
	ask(&t, "wait 50", "ETIME");
	ask(&t, "nonsense", "EINVAL");
	ask(&t, "info", "\"jobs_pending\":");
	hear(&t, "\"command\":\"info\",\"status\":0");
	fputs("release\n", t.to);
	ask(&t, "wait", "\"command\":\"wait\",\"status\":0");
	fputs("submit 2\n", t.to);
	ask(&t, "wait", "\"command\":\"wait\",\"status\":0");
	ask(&t, "quit", "\"jobs_done\":30,\"jobs_failed\":0,\"jobs_unfinished\":0");
	talk_end(&t, 0);
}
END_TEST

START_TEST(lines_in_words)
{
	/* Every command, wrong arguments, more contexts than there may be, a second
	 * wait during the first; with --verbose each job is told. */
	struct talk t = talk_start("--verbose --contexts 1 --parallel 0 --jobs 1");

	hear(&t, "done");
	ask(&t, "wait", "wait: ok");
	ask(&t, "submit x", "submit: error -EINVAL");
	ask(&t, "submit 70000", "submit: error -EINVAL");
	ask(&t, "wait x", "wait: error -EINVAL");
	ask(&t, "continue", "continue: error -ENOENT");
	fputs("info\n", t.to);
	hear(&t, "unfinished");
	hear(&t, "info: ok");
	for (unsigned i = 0; i < 4; i++)
		ask(&t, "create", "create: ok");
	ask(&t, "create", "create: error -ENOSPC");
	ask(&t, "wait", "wait: ok");
	ask(&t, "submit", "submit: ok");
	ask(&t, "release", "release: ok");
	ask(&t, " \t", "");
	ask(&t, "wait", "wait: ok");
	ask(&t, "quit", "jobs");
	talk_end(&t, 0);
}
END_TEST

START_TEST(waits_end)
{
	/* A wait under way refuses another, and ends with the run. */
	struct talk t = talk_start("--hold-jobs --contexts 1 --parallel 0");

	hear(&t, "ready");
	fputs("wait\n", t.to);
	ask(&t, "wait", "wait: error -EBUSY");
	fputs("quit\n", t.to);
	hear(&t, "wait: error -ECANCELED");
	talk_end(&t, 0);
}
END_TEST

START_TEST(end_of_input)
{
	/* The end of a pipe, and a line beyond all measure, end the run in order. */
	struct talk t = talk_start("--contexts 1 --parallel 0");

	hear(&t, "ready");
	talk_end(&t, 0);
	t = talk_start("--contexts 1 --parallel 0");
	hear(&t, "ready");
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < 20000 && fputs("xxxxxxxxxxxxxxxx", t.to) >= 0; i++)
		;
	talk_end(&t, 0);
}
END_TEST

START_TEST(server_gone)
{
	/* The card dies: status 3, in words and in JSON. */
	struct talk t = talk_start(_i ? "--json" : "--verbose");

	hear(&t, "ready");
	ck_assert_int_eq(end_gucemu(card, SIGKILL), 256 + SIGKILL);
	hear(&t, _i ? "\"event\":\"lost\"" : "connection lost");
	talk_end(&t, 3);
	unlink(socket_path);
	card = start_card("a", "");
}
END_TEST

START_TEST(linux_quirks)
{
	/* With every weakness of Linux 7.2 an undisturbed run is still right. */
	expect("vf run --quirks linux-7.2 --jobs 2", 0, "jobs");
	expect("vf run --quirk stale-relay --quirk leak-credits --jobs 2", 0, "jobs");
	expect("vf run --generation seed --no-ccs --no-relay --indirect-ring --jobs 2", 0, "jobs");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vf_run");
	TCase *c = tcase_create("two GTs");

	tcase_add_checked_fixture(c, two_gts, tear_down);
	tcase_add_test(c, statuses);
	tcase_add_test(c, info_in_words);
	tcase_add_test(c, info_in_json);
	tcase_add_test(c, lines_in_json);
	tcase_add_test(c, lines_in_words);
	tcase_add_test(c, waits_end);
	tcase_add_test(c, end_of_input);
	tcase_add_loop_test(c, server_gone, 0, 2);
	tcase_add_test(c, linux_quirks);
	suite_add_tcase(suite, c);
	return check_main(suite);
}
