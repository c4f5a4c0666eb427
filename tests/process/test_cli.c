/* SPDX-License-Identifier: MIT */
/* The program from the outside: help, bad command lines, clear errors, the man
 * page against --help, images in files. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "tests/check_main.h"
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

/* `fmt` has one or two %s: the scratch folder. */
static void expect(const char *fmt, int status, const char *text)
{
	char words[1024];

	snprintf(words, sizeof(words), fmt, scratch, scratch);
	expect_run(words, status, text);
}

static const char *const commands[] = {
	"demo", "run", "clock", "snapshot", "conformance", "serve", "vf run", "vf info", "pf", "pf migrate", "pf serve", "image", "state",
	"trace show", "trace diagram", "trace info", "explain", "actions", "klvs", "states",
	"fault",
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

START_TEST(help)
{
	/* Every command explains itself and exits with 0. */
	char words[64], usage[64];

	expect_run("", 2, "Usage: gucemu COMMAND");
	expect_run("--help", 0, "Usage: gucemu COMMAND");
	expect_run("help", 0, "demo");
	expect_run("help demo", 0, "Usage: gucemu demo");
	expect_run("--version", 0, "gucemu ");
	expect_run("help version", 0, "version");
	expect_run("help trace show", 0, "Usage: gucemu trace show");
	snprintf(words, sizeof(words), "%s --help", commands[_i]);
	snprintf(usage, sizeof(usage), "Usage: gucemu %s", commands[_i]);
	expect_run(words, 0, usage);
}
END_TEST

START_TEST(output_lost)
{
	/* Output that can't be written is a failure of any command, and is said. */
	static const char *const words[] = {
		"--version", "help", "help trace", "serve --help", "states --dot", "klvs --json",
		"explain 0x5508",
	};
	char line[512];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(line, sizeof(line), "%s %s 2>&1 >/dev/full | grep -q 'write the output'",
			 GUCEMU, words[i]);
		ck_assert_msg(system(line) == 0, "%s: nothing said", words[i]);
		snprintf(line, sizeof(line), "%s %s >/dev/full 2>/dev/null; test $? = 1", GUCEMU,
			 words[i]);
		ck_assert_msg(system(line) == 0, "%s: no failure", words[i]);
	}
}
END_TEST

START_TEST(socket_of_environment)
{
	/* $GUCEMU_SOCKET does for --socket, as `serve --run` sets it. */
	pid_t card = start_card("a", "");
	char path[256];

	snprintf(path, sizeof(path), "%s/a.sock", scratch);
	ck_assert_int_eq(setenv("GUCEMU_SOCKET", path, 1), 0);
	expect_run("state", 0, "VF_READY");
	expect_run("pf info --vf 1", 0, "ggtt_start");
	expect_run("pf policy", 0, "sample-period");
	expect_run("pf info --vf 1 --socket /none", 1, "/none");
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

/* Bad command lines: exit status 2 and a hint. */
static const struct {
	const char *words, *text;
} bad_lines[] = {
	{ "dmeo", "did you mean 'demo'?" },
	{ "xylophone", "'xylophone' is no command" },
	{ "help xylophone", "no command" },
	{ "demo --vsf 2", "did you mean '--vfs'?" },
	{ "demo --vfs 64", "not in 1..63" },
	{ "demo --vfs 0", "not in 1..63" },
	{ "demo --gts 3", "not in 1..2" },
	{ "demo --abi old", "neither 'seed' nor 'latest'" },
	{ "demo --skip-fixup ring-strat", "did you mean 'ring-start'?" },
	{ "demo now", "a word too many" },
	{ "pf", "which verb?" },
	{ "pf puase --socket x --vf 1", "did you mean 'pause'?" },
	{ "pf pause --socket x", "needs --socket and --vf" },
	{ "pf save --socket x --vf 1", "needs one file name" },
	{ "pf pause --socket x --vf 1 file", "no further words" },
	{ "pf save --size --socket x --vf 1 file", "no further words" },
	{ "pf pause --size --socket x --vf 1", "neither --size nor --resume" },
	{ "image", "which verb?" },
	{ "image shwo x", "did you mean 'show'?" },
	{ "image xylophone x", "is no verb" },
	{ "image diff x", "needs two file names" },
	{ "image export a b", "needs --linux" },
	{ "image show --linux a", "takes no --linux" },
	{ "image import --linux --tiles 4 a b", "no card has 8 GTs" },
	{ "pf migrate --to a --vf 1", "needs --from and --vf" },
	{ "state", "needs --socket" },
	{ "state --socket x y", "words too many" },
	{ "serve", "--socket" },
	{ "serve --socket x --vfs 64", "not in 1..63" },
	{ "serve --socket x --guc-abi 2.0", "1.0 to 1.28" },
	{ "vf run --socket x --vf 64", "not in 1..63" },
	{ "vf rnu", "did you mean 'run'?" },
};

START_TEST(bad_command_lines)
{
	expect_run(bad_lines[_i].words, 2, bad_lines[_i].text);
}
END_TEST

START_TEST(no_emulator)
{
	/* No socket, a stale one, a file in its place, a path too long: exit status
	 * 1 (3 for a driver without a card) and words that say which path. */
	char path[256];
	pid_t card = start_card("stale", "");
	FILE *f;

	end_gucemu(card, SIGKILL);
	expect("state --socket %s/stale.sock", 1, "stale.sock");
	expect("state --socket %s/none.sock", 1, "none.sock");
	expect("pf pause --vf 1 --socket %s/none.sock", 1, "none.sock");
	expect("pf migrate --vf 1 --from %s/none.sock --to %s/none.sock", 1, "none.sock");
	expect("vf run --socket %s/none.sock", 3, "none.sock");
	snprintf(path, sizeof(path), "%s/file.sock", scratch);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	expect("state --socket %s/file.sock", 1, "file.sock");
	expect("serve --socket %s/file.sock", 1, "file.sock");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	expect("state --socket %s/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	       1, "long");
}
END_TEST

START_TEST(state)
{
	/* `gucemu state` shows the card; --json is one JSON object on one line. */
	pid_t card = start_card("a", "--vfs 2 --gts 2");
	struct run_result r;
	struct json_object *o;
	char words[256];

	expect("state --socket %s/a.sock", 0, "VF_READY");
	snprintf(words, sizeof(words), "state --json --socket %s/a.sock", scratch);
	r = run_gucemu(words);
	ck_assert_int_eq(r.status, 0);
	ck_assert_ptr_eq(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
	o = json_read(r.out, strlen(r.out) - 1);
	ck_assert_msg(json_object_is_type(o, json_type_object), "no JSON object: %s", r.out);
	json_object_put(o);
	run_free(&r);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(settings)
{
	/* `gucemu pf policy` and `threshold` show and set; provision changes what is named and
	 * leaves the rest; wrong names and values are refused in words. */
	pid_t card = start_card("a", "--vfs 2 --gts 2");

	expect("pf policy --socket %s/a.sock", 0, "sample-period");
	expect("pf policy sample-period=500 --socket %s/a.sock", 0, "500");
	expect("pf policy --json --socket %s/a.sock", 0, "\"sample-period\":500");
	expect("pf policy mood=1 --socket %s/a.sock", 1, "mood");
	expect("pf policy cat-err=1 --socket %s/a.sock", 1, "cat-err");
	expect("pf policy sched-if-idle=2 --socket %s/a.sock", 1, "value");
	expect("pf policy sched-if-idle=x --socket %s/a.sock", 1, "no value");
	expect("pf policy 5 --socket %s/a.sock", 2, "NAME=VALUE");
	expect("pf policy --vf 1 --socket %s/a.sock", 2, "--vf");
	expect("pf threshold --socket %s/a.sock", 2, "--vf");
	expect("pf threshold cat-err=3 --vf 1 --socket %s/a.sock", 0, "3");
	expect("pf threshold --json --vf 1 --socket %s/a.sock", 0, "\"cat-err\":3");
	expect("pf threshold --json --vf 2 --socket %s/a.sock", 0, "\"cat-err\":0");
	expect("pf threshold --vf 3 --socket %s/a.sock", 1, "1..2");
	expect("pf show --vf 1 --socket %s/a.sock", 0, "adverse_of");
	expect("pf serve --quirks half-pause,mood --socket %s/a.sock", 2, "quirk");
	expect("pf serve --log loud --socket %s/a.sock", 2, "loud");
	expect("pf provision --vf 1 --quantum 33 --socket %s/a.sock", 0, NULL);
	expect("pf threshold --json --vf 1 --socket %s/a.sock", 0, "\"cat-err\":3");
	expect("pf reset --vf 1 --socket %s/a.sock", 0, NULL);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

/* Wait until a client has VF 1 of the card and it runs, or nobody has it. Its
 * driver must not end meanwhile. */
static void await_vf1(const char *card, bool there, pid_t driver)
{
	const struct timespec nap = { 0, 5000000 };
	char words[256];

	snprintf(words, sizeof(words), "state --json --socket %s/%s.sock", scratch, card);
	for (unsigned i = 0; i < 4000; i++) {
		struct run_result r = run_gucemu(words);
		struct json_object *o = json_read(r.out, strlen(r.out));
		struct json_object *fn = json_at(json_get(o, "functions"), 1);
		const char *now = json_get_str(json_at(json_get(fn, "gts"), 0), "state", "");
		bool is = there ? json_get(fn, "client") && strcmp(now, "VF_RUNNING") == 0
				: fn && !json_get(fn, "client");
		siginfo_t ended = { .si_pid = 0 };

		json_object_put(o);
		run_free(&r);
		if (is)
			return;
		ck_assert_int_eq(waitid(P_PID, (id_t)driver, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
		ck_assert_msg(ended.si_pid == 0, "the VF's driver ended with status %d",
			      ended.si_status);
		nanosleep(&nap, NULL);
	}
	ck_abort_msg("card %s never got there", card);
}

/* Start the PF of card a and wait for it. */
static pid_t start_pf(const char *options)
{
	const struct timespec nap = { 0, 5000000 };
	char words[512];
	pid_t pid;
	int status;

	snprintf(words, sizeof(words), "pf serve --socket %s/a.sock --log error %s", scratch, options);
	pid = start_gucemu(words);
	snprintf(words, sizeof(words), "pf policy --socket %s/a.sock", scratch);
	do {
		struct run_result r = run_gucemu(words);

		status = r.status;
		run_free(&r);
		nanosleep(&nap, NULL);
	} while (status != 0);
	return pid;
}

START_TEST(pf_apart)
{
	/* `gucemu pf serve`: registers of one's own for the VFs, shares without end of quantum;
	 * it answers verbs when every VF has its share, not before (provisioning takes a
	 * while here); a second PF refuses a card whose VFs are in use, and takes it over
	 * when told to, policies included; or gives them new shares. */
	pid_t card = start_card("a", "--vfs 2 --gts 2 --no-pf"), pf, vf;
	char words[256], path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/registers", scratch);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("# two\n0x9118 7\n\n  0x913c 0x12 # more\n", f);
	fclose(f);
	expect("pf serve --adopt --anew --socket %s/a.sock", 2, "exclude");
	expect("pf serve --runtime /nowhere --socket %s/a.sock", 1, "/nowhere");
	expect("fault add --socket %s/a.sock slow: on g2h pf action=UPDATE_VF_CFG first=3 do delay 100ms", 0, NULL);
	snprintf(words, sizeof(words), "--runtime %s", path);
	pf = start_pf(words);
	expect("vf info --json --vf 2 --socket %s/a.sock", 0, "\"runtime_registers\":2");
	expect("fault remove --socket %s/a.sock slow", 0, NULL);
	expect("pf policy sample-period=500 --socket %s/a.sock", 0, "500");
	expect("pf policy --socket %s/a.sock engine-groups=1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0", 0, "0x1,");
	expect("pf provision --vf 1 --quantum 0 --preempt 0 --socket %s/a.sock", 0, NULL);
	expect("state --json --socket %s/a.sock", 0, "\"exec_quantum_ms\":0,\"preempt_timeout_us\":0}]},{\"function\":2");
	snprintf(words, sizeof(words), "vf run --socket %s/a.sock --jobs 0", scratch);
	vf = start_gucemu(words);
	await_vf1("a", true, vf);
	ck_assert_int_eq(end_gucemu(pf, SIGKILL), 256 + SIGKILL);
	expect("pf serve --socket %s/a.sock", 1, "VF 1 is in use");
	pf = start_pf("--adopt");
	expect("pf policy --json --socket %s/a.sock", 0, "\"sample-period\":500");
	expect("pf policy --json --socket %s/a.sock", 0, "\"engine-groups\":\"0x1,");
	ck_assert_int_eq(end_gucemu(vf, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(pf, SIGTERM), 0);
	expect("state --socket %s/a.sock", 0, NULL);
	pf = start_pf("--anew");
	expect("pf policy --json --socket %s/a.sock", 0, "\"sample-period\":0");
	ck_assert_int_eq(end_gucemu(pf, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(verbs)
{
	/* PF verbs end, and say in words why not: wrong VF, wrong order. */
	pid_t card = start_card("a", "--vfs 2");

	expect("pf info --vf 2 --socket %s/a.sock", 0, "ggtt_start");
	expect("pf info --vf 3 --socket %s/a.sock", 1, "1..2");
	expect("pf resume --vf 1 --socket %s/a.sock", 1, "paused");
	expect("pf mishap --vf 1 --socket %s/a.sock", 2, "kind=K");
	expect("pf mishap kind=mood --vf 1 --socket %s/a.sock", 1, "hang, engine");
	expect("pf mishap kind=hang --vf 1 --socket %s/a.sock", 1, "which context");
	expect("pf mishap kind=cat-error context=3 --vf 1 --socket %s/a.sock", 1, "no such context");
	expect("pf mishap kind=exception gt=0 --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf pause --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf pause --vf 1 --socket %s/a.sock", 1, "already");
	expect("pf resume --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf stop --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf pause --vf 1 --socket %s/a.sock", 1, "stopped");
	expect("pf flr --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf unprovision --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf provision --vf 1 --ggtt 16M --contexts 64 --doorbells 4 --json "
	       "--socket %s/a.sock", 0, "\"ggtt_size\":16777216");
	expect("pf provision --vf 1 --lmem 2M --socket %s/a.sock", 1, "discrete cards only");
	expect("pf findings --vf 1 --socket %s/a.sock", 0, NULL);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

static off_t size_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

START_TEST(images_in_files)
{
	/* Save to a file and restore from it; a damaged, empty or missing file and
	 * a full disk are clear errors, and the older file is kept. */
	pid_t card = start_card("a", "--vfs 2");
	struct rlimit limit = { 64, RLIM_INFINITY }, open_limit = { RLIM_INFINITY, RLIM_INFINITY };
	char path[256];
	off_t size;
	int byte;
	FILE *f;

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 1, "paused");
	ck_assert_int_eq(size_of("image"), -1);
	expect("pf pause --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, "bytes saved");
	size = size_of("image");
	ck_assert_int_gt(size, 64);
	expect("pf save --vf 1 --socket %s/a.sock %s/no/image", 1, "no/image");
	/* Nothing larger than 64 bytes fits on this disk. */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	snprintf(path, sizeof(path), "pf save --vf 1 --socket %s/a.sock %s/image", scratch,
		 scratch);
	/* What the test captures of its output is larger, so it goes nowhere. */
	ck_assert_int_eq(end_gucemu(start_gucemu(path), 0), 1);
	setrlimit(RLIMIT_FSIZE, &open_limit);
	ck_assert_int_eq(size_of("image"), size);
	expect("pf restore --vf 1 --socket %s/a.sock %s/none", 1, "none");
	expect("pf restore --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	expect("pf resume --vf 1 --socket %s/a.sock", 0, NULL);
	snprintf(path, sizeof(path), "%s/image", scratch);
	f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, size / 2, SEEK_SET), 0);
	byte = fgetc(f);
	ck_assert_int_eq(fseek(f, size / 2, SEEK_SET), 0);
	fputc(byte ^ 1, f);
	fclose(f);
	expect("pf pause --vf 2 --socket %s/a.sock", 0, NULL);
	expect("pf restore --vf 2 --socket %s/a.sock %s/image", 1, "VF 2");
	ck_assert_int_eq(truncate(path, 0), 0);
	expect("pf restore --vf 2 --socket %s/a.sock %s/image", 1, "empty");
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(driver_without_a_vf)
{
	/* What keeps a driver from its VF is said, and there is no summary of a
	 * driver that never was: no such function, a taken one, one without
	 * resources, a path that is no socket. */
	pid_t a = start_card("a", "--vfs 2"), holder;
	struct run_result r;
	char words[256];

	expect("vf run --vf 5 --socket %s/a.sock", 3, "refused: the card has no such function");
	snprintf(words, sizeof(words), "vf run --socket %s/a.sock --jobs 0", scratch);
	holder = start_gucemu(words);
	await_vf1("a", true, holder);
	snprintf(words, sizeof(words), "vf run --socket %s/a.sock", scratch);
	r = run_gucemu(words);
	ck_assert_int_eq(r.status, 3);
	ck_assert_msg(strstr(r.out, "refused: the function has a client"), "%s", r.out);
	ck_assert_ptr_null(strstr(r.out, "jobs done"));
	run_free(&r);
	ck_assert_int_eq(end_gucemu(holder, SIGTERM), 0);
	expect("pf unprovision --vf 2 --socket %s/a.sock", 0, NULL);
	expect("vf info --vf 2 --socket %s/a.sock", 1, "is the VF provisioned?");
	expect("vf run --vf 2 --socket %s/a.sock", 1, "is the VF provisioned?");
	expect("vf run --socket %s", 3, "not a socket");
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
}
END_TEST

START_TEST(migrate)
{
	/* design, the six steps: a live VF moves between two emulators and goes on.
	 * A move onto its own card, or onto a VF that somebody has, is refused
	 * before anything is touched: both go on. */
	pid_t a = start_card("a", "--gts 2"), b = start_card("b", "--gts 2 --ggtt-offset 256M");
	struct rlimit open_limit, limit = { 2000, RLIM_INFINITY };
	pid_t mover, other;
	char words[256];

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &open_limit), 0);
	signal(SIGXFSZ, SIG_IGN);

	snprintf(words, sizeof(words), "vf run --socket %s/a.sock --jobs 0", scratch);
	mover = start_gucemu(words);
	snprintf(words, sizeof(words), "vf run --socket %s/b.sock --jobs 0", scratch);
	other = start_gucemu(words);
	await_vf1("a", true, mover);
	await_vf1("b", true, other);
	expect("pf migrate --vf 1 --from %s/a.sock --to %s/./a.sock", 1, "same card");
	expect("pf migrate --vf 1 --from %s/a.sock --to %s/b.sock", 1, "has a client");
	await_vf1("a", true, mover);
	await_vf1("b", true, other);
	ck_assert_int_eq(end_gucemu(other, SIGTERM), 0);
	await_vf1("b", false, mover);
	/* Nor does one hurt for whose image there is no place, or too little. */
	ck_assert_int_eq(setenv("TMPDIR", "/nowhere", 1), 0);
	expect("pf migrate --vf 1 --from %s/a.sock --to %s/b.sock", 1, "temporary file");
	ck_assert_int_eq(unsetenv("TMPDIR"), 0);
	await_vf1("a", true, mover);
	setrlimit(RLIMIT_FSIZE, &limit);
	expect("pf migrate --vf 1 --from %s/a.sock --to %s/b.sock", 1, "File too large");
	setrlimit(RLIMIT_FSIZE, &open_limit);
	await_vf1("a", true, mover);
	expect("pf migrate --vf 1 --from %s/a.sock --to %s/b.sock", 0, "VF 1 moved");
	await_vf1("b", true, mover);
	await_vf1("a", false, mover);
	expect("pf migrate --double --vf 1 --from %s/b.sock --to %s/a.sock", 0, "VF 1 moved");
	await_vf1("b", true, mover);
	expect("pf findings --vf 1 --socket %s/b.sock", 0, NULL);
	ck_assert_int_eq(end_gucemu(mover, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(b, SIGTERM), 0);
}
END_TEST

/* --- documents ------------------------------------------------------------------ */

static char *contents_of(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 18);

	ck_assert_msg(f, "no file %s", path);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_lt(fread(text, 1, (1 << 18) - 1, f), (1 << 18) - 1);
	fclose(f);
	return text;
}

/* --- the man page --------------------------------------------------------------- */

/* The command's part of the page: up to the next heading. */
static char *section_of(char *page, const char *command)
{
	char heading[64];
	char *start, *end;

	snprintf(heading, sizeof(heading), ".Ss gucemu %s\n", command);
	start = strstr(page, heading);
	ck_assert_msg(start, "no section '%s' in the man page", command);
	start += strlen(heading);
	end = strstr(start, "\n.S");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	return start;
}

/* Next "--name" at the start of a line of help; copied to name. */
static const char *next_option(const char *at, char *name, size_t cap)
{
	size_t n = 0;

	at = strstr(at, "\n  --");
	if (!at)
		return NULL;
	at += 5;
	while (at[n] != ' ' && at[n] != '\n' && n + 1 < cap) {
		name[n] = at[n];
		n++;
	}
	name[n] = '\0';
	return at;
}

START_TEST(man_page_says_what_help_says)
{
	/* Each option of --help is in the command's part of the page, and the
	 * page has no other. */
	char words[64], name[64], item[96];
	char *page = contents_of(DOCS "/man/gucemu.1");
	char *section = section_of(page, commands[_i]);
	struct run_result r;
	unsigned in_help = 0, in_page = 0;

	snprintf(words, sizeof(words), "%s --help", commands[_i]);
	r = run_gucemu(words);
	for (const char *at = r.out; (at = next_option(at, name, sizeof(name)));) {
		size_t n = (size_t)snprintf(item, sizeof(item), ".It Fl \\-%s", name);
		const char *found = strstr(section, item);

		while (found && found[n] != ' ' && found[n] != '\n' && found[n] != '\0')
			found = strstr(found + 1, item);
		ck_assert_msg(found, "the man page does not have gucemu %s --%s", commands[_i],
			      name);
		in_help++;
	}
	for (const char *at = section; (at = strstr(at, ".It Fl \\-")); at++)
		in_page++;
	ck_assert_msg(in_help == in_page, "the man page has %u options of gucemu %s, --help %u",
		      in_page, commands[_i], in_help);
	run_free(&r);
	free(page);
}
END_TEST

START_TEST(decisions_have_tests)
{
	/* Each decision on an open point names a test, and that test exists. */
	char *page = contents_of(DOCS "/protocol/decisions.md");
	unsigned n = 0;

	for (char *at = page; (at = strchr(at, '`')) != NULL; at++) {
		char file[64], test[64], path[512], wanted[96];
		char *source;

		if (sscanf(at, "`%63[a-z_/]: %63[a-zA-Z0-9_]`", file, test) != 2)
			continue;
		snprintf(path, sizeof(path), TESTS "/%s.c", file);
		source = contents_of(path);
		snprintf(wanted, sizeof(wanted), "START_TEST(%s)", test);
		ck_assert_msg(strstr(source, wanted), "%s has no test %s", path, test);
		free(source);
		n++;
	}
	ck_assert_uint_gt(n, 40);
	free(page);
}
END_TEST

START_TEST(every_point_is_decided)
{
	/* The 55 open points of guc-abi 12 have a row each, with a test. */
	char *page = contents_of(DOCS "/protocol/decisions.md"), *save = NULL;
	bool decided[56] = { false };
	char *end = strstr(page, "\n## The VF driver");

	ck_assert_ptr_nonnull(end);
	*end = '\0';
	for (char *line = strtok_r(page, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *at = line + 1;

		if (line[0] != '|' || !strstr(line, ": "))
			continue;
		for (;;) {
			unsigned long n = strtoul(at, &at, 10);

			if (n >= 1 && n <= 55)
				decided[n] = true;
			if (*at != ',')
				break;
			at++;
		}
	}
	for (unsigned n = 1; n <= 55; n++)
		ck_assert_msg(decided[n], "point %u has no decision with a test", n);
	free(page);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli");
	TCase *c = tcase_create("cli");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, begin, end);
	tcase_add_loop_test(c, help, 0, COMMANDS);
	tcase_add_loop_test(c, bad_command_lines, 0,
			    (int)(sizeof(bad_lines) / sizeof(bad_lines[0])));
	tcase_add_test(c, output_lost);
	tcase_add_test(c, socket_of_environment);
	tcase_add_test(c, no_emulator);
	tcase_add_test(c, state);
	tcase_add_test(c, settings);
	tcase_add_test(c, pf_apart);
	tcase_add_test(c, verbs);
	tcase_add_test(c, images_in_files);
	tcase_add_test(c, driver_without_a_vf);
	tcase_add_test(c, migrate);
	tcase_add_test(c, decisions_have_tests);
	tcase_add_test(c, every_point_is_decided);
	tcase_add_loop_test(c, man_page_says_what_help_says, 0, COMMANDS);
	suite_add_tcase(s, c);
	return check_main(s);
}
