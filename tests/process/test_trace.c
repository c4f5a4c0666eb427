/* SPDX-License-Identifier: MIT */
/* Recordings of real processes: the demo drawn from its file is the demo's own
 * picture, a server's file holds all that its card did, and whatever ends a
 * recording early leaves a file that can be read and a card that serves. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/hxg.h"
#include "proto/regs.h"
#include "server_fixture.h"
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

static const char *in_scratch(const char *name)
{
	static char path[64][128];
	static unsigned at;

	at = (at + 1) % 64;
	snprintf(path[at], sizeof(path[at]), "%s/%s", scratch, name);
	return path[at];
}

/* Run "gucemu trace WORDS", where %s is a file in the scratch folder. */
static struct run_result trace(const char *fmt, const char *name)
{
	char words[256];

	strcpy(words, "trace ");
	snprintf(words + 6, sizeof(words) - 6, fmt, in_scratch(name));
	return run_gucemu(words);
}

static void expect_trace(const char *fmt, const char *name, int status, const char *text)
{
	struct run_result r = trace(fmt, name);

	ck_assert_msg(r.status == status && (strstr(r.out, text) || strstr(r.err, text)),
		      "trace %s of %s: status %d, wanted %d and '%s'\n%.2000s\n%.500s", fmt, name,
		      r.status, status, text, r.out, r.err);
	run_free(&r);
}

static struct json_object *info(const char *name, int status)
{
	struct run_result r = trace("info --json %s", name);
	struct json_object *o = json_read(r.out, strlen(r.out));

	ck_assert_msg(r.status == status && o, "%s: status %d\n%s%s", name, r.status, r.out, r.err);
	run_free(&r);
	return o;
}

static uint64_t kinds(struct json_object *o, const char *kind)
{
	return json_get_u64(json_get(o, "kinds"), kind, 0);
}

/* --- the demo ------------------------------------------------------------------- */

/* From the first diagram's heading to the summary. */
static char *pictures(char *out)
{
	char *from = strstr(out, "\nMessages of VF 1"), *to;

	ck_assert_msg(from, "no diagram: %s", out);
	to = strstr(from, "\nSummary");
	if (to)
		*to = '\0';
	return from;
}

static void check_whole(const char *name)
{
	static struct tape tape;
	struct json_object *o = info(name, 0);
	struct replay r;

	ck_assert(json_get_bool(o, "whole", false));
	ck_assert(json_get_bool(o, "ended", false));
	ck_assert_uint_gt(kinds(o, "mem-read"), 100);
	ck_assert_uint_gt(kinds(o, "mem-write"), 50);
	ck_assert_uint_gt(kinds(o, "tick"), 10);
	ck_assert_uint_ge(kinds(o, "attach"), 1);
	ck_assert_uint_ge(kinds(o, "detach"), 1);
	json_object_put(o);
	ck_assert(tape_load(&tape, in_scratch(name)));
	ck_assert_msg(replay_run(&r, &tape), "%s: %s", name, r.why);
	replay_free(&r);
	free(tape.bytes);
}

static const char *const demos[] = { "", "--abi seed --gts 1", "--double" };

START_TEST(demo_is_drawn_from_its_file)
{
	/* The picture of `trace diagram` is the one that the demo printed; both
	 * cards' files are whole: a card built from each does the same again. */
	struct run_result run, drawn;
	char words[256];

	snprintf(words, sizeof(words), "demo %s --record %s", demos[_i], in_scratch("run"));
	run = run_gucemu(words);
	ck_assert_msg(run.status == 0, "%s\n%s", run.out, run.err);
	drawn = trace("diagram %s", "run");
	ck_assert_int_eq(drawn.status, 0);
	ck_assert_str_eq(pictures(run.out), drawn.out);
	ck_assert_str_eq(drawn.err, "");
	run_free(&run);
	run_free(&drawn);
	check_whole("run.A");
	check_whole("run.B");
	if (_i == 0) {
		expect_trace("show --kind detach %s", "run.A", 0, "(handed over)");
		expect_trace("show --kind attach %s", "run.B", 0, "(adopted)");
		expect_trace("diagram --gt 1 %s", "run", 0, "on GT1 (media)");
		expect_trace("diagram --vf 2 %s", "run", 0, "no messages");
		expect_trace("diagram --from 0 %s", "run", 0, "VF2GUC_MATCH_VERSION");
		expect_trace("diagram --to 0 %s", "run", 0, "no messages");
		expect_trace("diagram --profile seed %s", "run", 0, "GUC_PF_OPCODE_VF_RESTORE");
		expect_trace("show --kind mark %s", "run", 0, "mark migration");
		expect_trace("show --kind card %s", "run", 0, "1 VFs, VF ABI 1.28");
		/* The files are there now. */
		run = run_gucemu(words);
		ck_assert_int_eq(run.status, 1);
		ck_assert_ptr_nonnull(strstr(run.err, "--overwrite replaces it"));
		ck_assert_str_eq(run.out, "");
		run_free(&run);
	}
}
END_TEST

/* --- a server -------------------------------------------------------------------- */

/* Mailbox requests of VF 1 that the server answers. */
static void requests(struct raw_client *c, unsigned n)
{
	const uint32_t dw[] = { hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_MATCH_VERSION, 0),
				0x10200 };
	uint32_t reply[4];

	while (n-- > 0)
		ck_assert_uint_eq(hxg_type(client_mailbox(c, dw, 2, reply)), HXG_SUCCESS);
}

static void record(struct server_process *s, struct raw_client *c, const char *name)
{
	const uint32_t reset[] = { hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_VF_RESET, 0) };
	const char *const args[] = { "--ggtt-size", "64M", "--record", in_scratch(name), NULL };
	uint32_t reply[4];

	server_start(s, args);
	ck_assert_int_eq(client_hello(c, s->socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_mailbox(c, reset, 1, reply);
}

START_TEST(file_is_private_and_kept)
{
	/* The file holds a guest's memory: mode 0600, also when it replaces one that
	 * was open to all. A file that is there is kept unless --overwrite is given;
	 * what is no regular file is kept always. */
	static struct raw_client c;
	const char *const again[] = { "serve", "--socket", in_scratch("s"), "--record",
				      in_scratch("t"), "--run", "true", NULL };
	const char *const over[] = { "serve",   "--socket", in_scratch("s"), "--record",
				     in_scratch("t"), "--overwrite", "--run", "true", NULL };
	struct server_process s;
	struct stat st;

	record(&s, &c, "t");
	ck_assert_int_eq(stat(in_scratch("t"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	requests(&c, 10);
	client_end(&c);
	server_stop(&s);
	expect_trace("show --kind end %s", "t", 0, "end of ");
	expect_trace("show --kind mbox-request %s", "t", 0, "REQUEST MATCH_VERSION(1.2)");
	ck_assert_int_eq(process_wait(gucemu_spawn(again, in_scratch("log"))), 1);
	expect_trace("show --kind end %s", "t", 0, "end of ");
	ck_assert_int_eq(chmod(in_scratch("t"), 0666), 0);
	ck_assert_int_eq(process_wait(gucemu_spawn(over, in_scratch("log"))), 0);
	ck_assert_int_eq(stat(in_scratch("t"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	expect_trace("info %s", "t", 0, "card      A");
	ck_assert_int_eq(unlink(in_scratch("t")), 0);
	ck_assert_int_eq(mkfifo(in_scratch("t"), 0600), 0);
	ck_assert_int_eq(process_wait(gucemu_spawn(over, in_scratch("log"))), 1);
}
END_TEST

START_TEST(disk_full)
{
	/* A full disk, with a write that is cut short, ends the recording: one line
	 * in the log, a file of whole records, and the card goes on serving. */
	static struct raw_client c;
	struct server_process s;
	struct rlimit limit;
	struct stat st;
	struct json_object *o;

	record(&s, &c, "t");
	requests(&c, 5);
	ck_assert_int_eq(stat(in_scratch("t"), &st), 0);
	limit.rlim_cur = limit.rlim_max = (rlim_t)st.st_size + 777;
	ck_assert_int_eq(prlimit(s.pid, RLIMIT_FSIZE, &limit, NULL), 0);
	for (unsigned i = 0; i < 2000 && server_log_lines(&s, "recording to") == 0; i++)
		requests(&c, 1);
	ck_assert_uint_eq(server_log_lines(&s, "can be read"), 1);
	requests(&c, 50);
	ck_assert_uint_eq(server_log_lines(&s, "recording to"), 1);
	o = info("t", 0);
	ck_assert(json_get_bool(o, "whole", false));
	ck_assert(!json_get_bool(o, "ended", true));
	ck_assert_uint_ge(kinds(o, "mbox-request"), 5);
	ck_assert_uint_le(json_get_u64(o, "bytes", 0), limit.rlim_cur);
	json_object_put(o);
	expect_trace("info %s", "t", 0, "cut short");
	client_end(&c);
	server_stop(&s);
}
END_TEST

/* A mailbox request with this name is in the file already. */
static bool is_shown(const char *file, const char *name)
{
	struct run_result r = trace("show --kind mbox-request %s", file);
	bool shown = strstr(r.out, name) != NULL;

	run_free(&r);
	return shown;
}

START_TEST(killed)
{
	/* kill -9 in the midst of it: every whole record can be read, in order and
	 * without a gap; at most the last one is torn. */
	static struct raw_client c;
	struct server_process s;
	struct run_result r;

	record(&s, &c, "t");
	/* In its own time what was recorded goes to the disk. */
	for (unsigned i = 0; i < 1000 && !is_shown("t", "MATCH_VERSION"); i++)
		requests(&c, 50);
	kill(s.pid, SIGKILL);
	process_wait(s.pid);
	client_end(&c);
	r = trace("info --json %s", "t");
	ck_assert_int_le(r.status, 1);
	ck_assert_ptr_nonnull(strstr(r.out, "\"gaps\":0"));
	ck_assert_ptr_nonnull(strstr(r.err, "the middle of a record") ?: strstr(r.err, "cut short"));
	run_free(&r);
	ck_assert(is_shown("t", "MATCH_VERSION"));
}
END_TEST

START_TEST(damaged_files)
{
	/* What was readable is shown, where it broke is said, the status is 1; what
	 * is no trace has status 2, and a file that can't be read 1. */
	static struct raw_client c;
	struct server_process s;
	struct run_result r;
	struct stat st;
	uint8_t byte;
	int fd;

	record(&s, &c, "t");
	requests(&c, 20);
	client_end(&c);
	server_stop(&s);
	ck_assert_int_eq(stat(in_scratch("t"), &st), 0);
	fd = open(in_scratch("t"), O_RDWR);
	ck_assert_int_eq(pread(fd, &byte, 1, st.st_size - 1000), 1);
	byte ^= 0x40;
	ck_assert_int_eq(pwrite(fd, &byte, 1, st.st_size - 1000), 1);
	r = trace("show %s", "t");
	ck_assert_int_eq(r.status, 1);
	ck_assert_ptr_nonnull(strstr(r.out, "MATCH_VERSION"));
	ck_assert_ptr_null(strstr(r.out, "end of"));
	ck_assert_ptr_nonnull(strstr(r.err, "at byte "));
	run_free(&r);
	expect_trace("diagram %s", "t", 1, "VF2GUC_MATCH_VERSION");
	expect_trace("info %s", "t", 1, "at byte ");
	ck_assert_int_eq(ftruncate(fd, st.st_size - 1001), 0);
	expect_trace("show --json %s", "t", 1, "\"kind\":\"mbox-reply\"");
	ck_assert_int_eq(ftruncate(fd, 9), 0);
	expect_trace("show %s", "t", 1, "in the middle of a record");
	ck_assert_int_eq(ftruncate(fd, 8), 0);
	expect_trace("show %s", "t", 1, "before its header");
	ck_assert_int_eq(ftruncate(fd, 7), 0);
	expect_trace("show %s", "t", 2, "is no trace file");
	close(fd);
	expect_trace("info %s", "nowhere", 2, "can't be opened");
	expect_run("trace info /bin/sh", 2, "is no trace file");
	expect_run("trace info", 2, "needs a FILE");
	expect_run("trace show a b", 2, "takes one FILE");
	expect_run("trace shwo a", 2, "did you mean 'show'");
	expect_run("trace", 2, "Usage: gucemu trace VERB");
	expect_run("trace --help", 0, "Usage: gucemu trace VERB");
}
END_TEST

static const struct {
	const char *words;
	int status;
	const char *text;
} filters[] = {
	{ "show --kind state,attach %s", 0, "vf1/gt0 state UNPROVISIONED -> VF_READY" },
	{ "show --kind tick --to 0.000001 %s", 0, "" },
	{ "show --function pf --kind mem-write --raw %s", 0, "seq " },
	{ "show --function vf1 --gt 0 --json %s", 0, "\"function\":1" },
	{ "show --kind nonsense %s", 2, "'nonsense' is unknown" },
	{ "show --kind h2g,, %s", 2, "--kind: '' is unknown" },
	{ "show --kind ,h2g %s", 2, "--kind: '' is unknown" },
	{ "show --kind a-word-longer-than-any-kind-of-record %s", 2,
	  "--kind: 'a-word-longer-than-any-kind-of-record' is unknown" },
	{ "show --function vf64 %s", 2, "is unknown" },
	{ "show --gt 99 %s", 2, "is unknown" },
	{ "show --from x %s", 2, "take seconds" },
	{ "show --to nan %s", 2, "take seconds" },
	{ "diagram --profile other %s", 2, "neither 'seed' nor 'full'" },
	{ "diagram --vf 0 %s", 2, "--vf" },
};

START_TEST(filters_and_forms)
{
	/* Only what was asked for is shown; every line of --json is an object. */
	static struct raw_client c;
	struct server_process s;
	struct run_result r;
	unsigned lines = 0;

	record(&s, &c, "t");
	requests(&c, 3);
	client_end(&c);
	server_stop(&s);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		expect_trace(filters[i].words, "t", filters[i].status, filters[i].text);
	r = trace("show --json --function vf1 %s", "t");
	for (char *line = strtok(r.out, "\n"); line; line = strtok(NULL, "\n")) {
		struct json_object *o = json_read(line, strlen(line));

		ck_assert_msg(o, "no JSON: %s", line);
		ck_assert_uint_eq(json_get_u64(o, "function", 0), 1);
		ck_assert_str_ne(json_get_str(o, "kind", "tick"), "tick");
		json_object_put(o);
		lines++;
	}
	ck_assert_uint_gt(lines, 10);
	run_free(&r);
}
END_TEST

START_TEST(demo_says_what_was_cut_short)
{
	/* A demo that is well but for its full disk fails and names the recordings
	 * without an end. Where no file system may be mounted there is no such disk. */
	static const char mount[] = "mount -t tmpfs -o size=256k none";
	char line[1024];

	snprintf(line, sizeof(line), "unshare -Urm %s %s 2>/dev/null", mount, scratch);
	if (system(line) != 0)
		return;
	snprintf(line, sizeof(line),
		 "unshare -Urm sh -c '%s %s && %s demo --record %s/run 2>&1 >/dev/null; echo = $?' | "
		 "tr '\\n' ' ' | grep -q 'recording in %s/run.A was cut short.*= 1'", mount, scratch,
		 GUCEMU, scratch, scratch);
	ck_assert_int_eq(system(line), 0);
}
END_TEST

START_TEST(bad_options)
{
	/* --overwrite without --record, and a --record without a name, are mistakes. */
	expect_run("serve --socket /tmp/x --overwrite", 2, "--overwrite is for --record");
	expect_run("serve --socket /tmp/x --record=", 2, "name of a file");
	expect_run("demo --overwrite", 2, "--overwrite is for --record");
	expect_run("demo --record=", 2, "name of a file");
	expect_run("demo --record /no/such/folder/t", 1, "/no/such/folder/t");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace-process");
	TCase *t = tcase_create("trace");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, demo_is_drawn_from_its_file, 0, sizeof(demos) / sizeof(demos[0]));
	tcase_add_test(t, file_is_private_and_kept);
	tcase_add_test(t, disk_full);
	tcase_add_test(t, killed);
	tcase_add_test(t, damaged_files);
	tcase_add_test(t, filters_and_forms);
	tcase_add_test(t, demo_says_what_was_cut_short);
	tcase_add_test(t, bad_options);
	suite_add_tcase(s, t);
	return check_main(s);
}
