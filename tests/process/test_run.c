/* SPDX-License-Identifier: MIT */
/* gucemu run: every outcome and exit status, bad scripts, limits, formats, and
 * that nothing is left behind. The words that scripts have are tested by
 * tests/scenario, which runs here as well. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* A script in the scratch folder. */
static void script(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* "gucemu run WORDS SCRATCH/NAME". */
static void expect_script(const char *words, const char *name, int status, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "run %s %s/%s", words, scratch, name);
	expect_run(line, status, text);
}

/* Each outcome with its exit status and what is said of it. */
static const struct {
	const char *text, *words;
	int status;
	const char *says;
} scripts[] = {
	/* Passed, skipped. */
	{ "expect.eq(card{}:state(1), 'UNPROVISIONED')", "", 0, "ok 1 - s" },
	{ "needs{ 'sockets' }", "", 0, "# SKIP it needs real processes" },
	{ "needs{ 'generation=seed' }", "--set generation=latest", 0, "# SKIP it is for generation" },
	{ "skip 'not today'", "", 0, "# SKIP not today" },
	/* An expectation: file and line, and pcall() doesn't help. */
	{ "\nexpect.eq(1, 2, 'one')", "", 1, "s.lua:2" },
	{ "pcall(function() fail 'no' end)", "", 1, "no" },
	{ "local a = card{}\na.pf:provision(1, {})\nexpect.no{ point = 'state' }", "", 1,
	  "UNPROVISIONED" },
	{ "expect.fails('EPERM', function() card{ vfs = 1 }.pf:flr(9) end)", "", 1, "not EPERM" },
	/* Wrong scripts. */
	{ "local x =\n=", "", 2, "s.lua:2:" },
	{ "\n\nnothing.at = all", "", 2, "s.lua:3:" },
	{ "card{ vsf = 1 }", "", 2, "there is no option 'vsf'" },
	{ "await{ piont = 'h2g' }", "", 2, "a pattern has no 'piont'" },
	{ "await{ action = 'RESFIX_STRAT' }", "", 2, "there is no 'RESFIX_STRAT'" },
	{ "card{ vfs = 'many' }", "", 2, "s.lua:1: vfs: a whole number is wanted" },
	{ "card{}.pf:flr(9)", "", 2, "EINVAL" },
	{ "error{}", "", 2, "table" },
	{ "error(setmetatable({}, { __tostring = function() error 'x' end }))", "", 2,
	  "an error that does not say" },
	{ "await{ point = 1000 }", "", 2, "point: there is no 1000" },
	{ "local s = card{}:snapshot() getmetatable(s.of).__gc(s.of)", "", 2, "s.lua:1" },
	{ "needs{ 'luck' }", "", 2, "there is no need 'luck'" },
	{ "needs 'sockets'", "", 2, "a list is wanted" },
	{ "fault 'on h2g do drop'", "", 2, "there is no card yet" },
	{ "card{} fault 'on h2g do dorp'", "", 2, "fault: column" },
	{ "\x1bLua", "", 2, "s.lua" },
	/* What a script does not have. */
	{ "io.open('/etc/passwd')", "", 2, "'io'" },
	{ "os.exit(0)", "", 2, "'os'" },
	{ "require 'x'", "", 2, "'require'" },
	{ "load('return 1')", "", 2, "'load'" },
	{ "dofile 'x'", "", 2, "'dofile'" },
	{ "debug.getregistry()", "", 2, "'debug'" },
	{ "coroutine.yield()", "", 2, "'coroutine'" },
	{ "string.dump(print)", "", 2, "'dump'" },
	{ "collectgarbage()", "", 2, "'collectgarbage'" },
	{ "include '../x.lua'", "", 2, "without '..'" },
	{ "include '/etc/passwd'", "", 2, "beside the script" },
	{ "include 'none.lua'", "", 2, "No such file" },
	{ "include 's.lua'", "", 2, "include: over" },
	/* Limits. */
	{ "local t = {} for i = 1, 9 do t[i] = string.rep('x', 1 << 25) end", "", 2,
	  "not enough memory" },
	{ "string.rep('x', 1 << 40)", "", 2, "s.lua:1" },
	{ "local function f() return f() + 1 end f()", "", 2, "stack overflow" },
	{ "while true do end", "--timeout 1", 4, "ran for 1 s" },
	{ "while true do pcall(function() while true do end end) end", "--timeout 1", 4, "1 s" },
	{ "string.find(string.rep('a', 1 << 20), string.rep('a?', 1 << 12) .. 'b')", "--timeout 1",
	  2, "pattern too complex" },
	{ "string.find(string.rep('a', 1 << 16), '.-.-.-.-b')", "", 4, "s.lua:1: it ran for 10 s" },
	{ "scenario{ id = 's', run = function()\nstring.find(string.rep('a', 1 << 16), '.-.-.-.-b')\n"
	  "end }", "--timeout 1", 4, "s.lua:2: it ran for 1 s" },
	{ "scenario{ id = 's', run = function()\nsetmetatable({}, { __gc = function()\n"
	  "while true do end end })\nend }", "--timeout 1", 4, "s.lua:3: it ran for 1 s" },
	{ "for i = 1, 100 do spawn(function() mark() sleep(1) end):join() end", "", 0, "ok 1" },
	{ "local a, o = card{} a.pf:provision(1, {}) for i = 1, 150 do for _, w in ipairs{ 'pause', "
	  "'resume' } do\no = a.pf:start(w, 1) while not o:done() do sleep(1) end end end o:wait()",
	  "", 0, "ok 1" },
	{ "for i = 1, 1000 do spawn(function() sleep(1e6) end) end", "", 2, "over 64 tasks" },
	/* Waiting in vain. */
	{ "card{}\nawait{ point = 'h2g', vf = 1, timeout = 20 }", "", 4, "within 20 ms" },
	{ "sleep(1e9)", "", 4, "600 s of virtual time" },
	{ "card{}\nsleep(1e9)", "", 4, "s.lua:2" },
	{ "spawn(function() sleep(1e6) end):join(10)", "", 4, "did not end" },
};
#define SCRIPTS (sizeof(scripts) / sizeof(scripts[0]))

START_TEST(outcomes)
{
	script("s.lua", scripts[_i].text);
	expect_script(scripts[_i].words, "s.lua", scripts[_i].status, scripts[_i].says);
}
END_TEST

START_TEST(command_lines)
{
	/* Bad command lines exit with 2. */
	expect_run("run", 2, "which scenario");
	expect_run("run /nowhere", 2, "No such file");
	expect_script("--filter nothing", "", 2, "no scenario");
	script("s.lua", "");
	expect_script("--filter zz", "s.lua", 2, "no scenario fits zz");
	expect_script("--format xml", "s.lua", 2, "--format");
	expect_script("--set x", "s.lua", 2, "NAME=VALUE");
	expect_script("--set generation=sed", "s.lua", 2, "seed or latest");
	expect_script("--jobs 0", "s.lua", 2, "jobs");
	expect_script("--output /nowhere/x", "s.lua", 1, "/nowhere/x");
	expect_script("--client true", "s.lua", 2, "are for --sockets");
	expect_script("--sockets --twice", "s.lua", 2, "--twice");
	expect_run("run --reference", 0, "### Expectations");
}
END_TEST

START_TEST(several)
{
	/* The worst exit status counts; the others still run; files that begin with '_'
	 * are no scenarios. */
	script("a.lua", "scenario{ id = 'x', text = 'first', level = 'must', run = function() end }\n"
			"scenario{ id = 'y', run = function() fail 'y' end }\n");
	script("b.lua", "include '_c.lua'");
	script("_c.lua", "sleep(1e9)");
	script("d.lua", "=");
	expect_script("--list", "a.lua", 0, "x\t");
	expect_script("", "", 4, "# 1 passed, 3 failed, 0 skipped");
	expect_script("--jobs 4", "", 4, "not ok 2 - y");
	expect_script("--filter ?", "a.lua", 1, "# 1 passed, 1 failed");
	expect_script("--filter =x", "a.lua", 0, "ok 1 - x: first");
}
END_TEST

START_TEST(formats)
{
	/* Each format says the same; what a script prints can't break any. */
	char line[256];
	struct run_result r;
	struct json_object *o, *c;

	script("s.lua", "scenario{ id = 'a<b', run = function() print('<&>\\27[1m') fail '\"q\"' end }");
	expect_script("--format tap", "s.lua", 1, "not ok 1 - a<b\n# fail\n# \"q\"");
	expect_script("--format ktap", "s.lua", 1, "KTAP version 1\n1..1\nnot ok 1 a<b");
	expect_script("--format text", "s.lua", 1, "fail    a<b");
	expect_script("--format junit", "s.lua", 1, "name=\"a&lt;b\"");
	expect_script("--format junit", "s.lua", 1, "&lt;&amp;&gt;?[1m");
	expect_script("--format junit", "s.lua", 1, "message=\"&quot;q&quot;\"");
	snprintf(line, sizeof(line), "run --seed 7 --format json %s/s.lua", scratch);
	r = run_gucemu(line);
	ck_assert_int_eq(r.status, 1);
	o = json_read(r.out, strlen(r.out));
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_eq(json_get_u64(o, "seed", 0), 7);
	ck_assert_uint_eq(json_get_u64(o, "status", 0), 1);
	c = json_at(json_get(o, "cases"), 0);
	ck_assert_str_eq(json_get_str(c, "outcome", ""), "fail");
	ck_assert_str_eq(json_get_str(c, "log", ""), "<&>\x1b[1m\n");
	ck_assert_ptr_nonnull(strstr(json_get_str(c, "again", ""), "--seed 7 --filter '=a<b'"));
	json_object_put(o);
	run_free(&r);
}
END_TEST

START_TEST(any_bytes)
{
	/* Whatever bytes a script says, a case has its one line of TAP, and JSON is UTF-8. */
	char line[256];
	struct run_result r;
	struct json_object *o;

	script("s.lua", "scenario{ id = 'a', run = function() skip('two\\nlines # \\255\\27') end }\n"
			"scenario{ id = 'b #2', run = function() print('\\xC3\\xA4\\xC0\\xAF') "
			"fail 'x\\ny\\xED\\xA0\\x80' end }");
	expect_script("--format tap", "s.lua", 1, "ok 1 - a # SKIP two lines # \?\?\nnot ok 2 - b \\#2\n");
	expect_script("--format tap", "s.lua", 1, "# x\n# y\?\?\?\n");
	expect_script("--format text", "s.lua", 1, "skip    a (two lines # \?\?)\n");
	expect_script("--format text", "s.lua", 1, "\xC3\xA4\?\?");
	snprintf(line, sizeof(line), "run --format json %s/s.lua", scratch);
	r = run_gucemu(line);
	o = json_read(r.out, strlen(r.out));
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(json_get_str(json_at(json_get(o, "cases"), 0), "reason", ""),
			 "two\nlines # ?\x1b");
	ck_assert_str_eq(json_get_str(json_at(json_get(o, "cases"), 1), "reason", ""), "x\ny\?\?\?");
	json_object_put(o);
	run_free(&r);
}
END_TEST

START_TEST(marked)
{
	/* The diagram marks the message that offends, and there is one only. */
	char line[256];
	struct run_result r;
	const char *at;

	script("s.lua", "local v = card{}:vf(1)\nexpect.no{ point = 'mbox-request', "
			"action = 'CONTROL_CTB', vf = 1 }");
	snprintf(line, sizeof(line), "run %s/s.lua", scratch);
	r = run_gucemu(line);
	ck_assert_int_eq(r.status, 1);
	at = strstr(r.out, ">>> VF2GUC_CONTROL_CTB");
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_null(strstr(at + 1, ">>>"));
	run_free(&r);
}
END_TEST

/* One reader of the FIFO gets the text, and has gone when this returns. */
static void feed(const char *fifo, const char *text)
{
	const struct timespec pause = { 0, 1000000 };
	int fd = open(fifo, O_WRONLY);

	(void)!write(fd, text, strlen(text));
	close(fd);
	while ((fd = open(fifo, O_WRONLY | O_NONBLOCK)) >= 0) {
		close(fd);
		nanosleep(&pause, NULL);
	}
}

START_TEST(twice)
{
	/* The same seed is the same run, also in random order; what a script reads anew
	 * may differ. */
	char fifo[256];
	pid_t writer;

	script("same.lua", "local v = card{}:vf(1) v:load{} sleep(random(100))");
	expect_script("--twice", "same.lua", 0, "1 passed");
	expect_script("--twice --random-order --seed 5", "same.lua", 0, "1 passed");
	snprintf(fifo, sizeof(fifo), "%s/_other.lua", scratch);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	script("other.lua", "scenario{ id = 'o', run = function() card{} sleep(include '_other.lua') "
			    "end }");
	writer = fork();
	if (writer == 0) {
		feed(fifo, "return 1");
		feed(fifo, "return 2");
		_exit(0);
	}
	expect_script("--twice", "other.lua", 5, "with one seed first pass");
	waitpid(writer, NULL, 0);
}
END_TEST

/* Processes in the group or session that have the scratch folder on their command line. */
static bool somebody_has(const char *text)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (proc && (e = readdir(proc))) {
		char path[300], line[4096];
		FILE *f;
		size_t n;

		if (e->d_name[0] < '0' || e->d_name[0] > '9' || atoi(e->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/cmdline", e->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		n = fread(line, 1, sizeof(line) - 1, f);
		fclose(f);
		for (size_t i = 0; i + 1 < n; i++)
			if (!line[i])
				line[i] = ' ';
		line[n] = '\0';
		found |= strstr(line, text) != NULL;
	}
	if (proc)
		closedir(proc);
	return found;
}

static void wait_until_gone(void)
{
	const struct timespec pause = { 0, 20000000 };

	for (unsigned i = 0; i < 500 && somebody_has(scratch); i++)
		nanosleep(&pause, NULL);
	ck_assert(!somebody_has(scratch));
}

START_TEST(no_orphans)
{
	/* However it ends, no process of it is left. */
	const struct timespec pause = { 0, 300000000 };
	const int signals[] = { SIGTERM, SIGINT, SIGKILL, SIGHUP };
	char line[256];
	pid_t pid;

	script("a.lua", "while true do end");
	script("b.lua", "while true do end");
	snprintf(line, sizeof(line), "run --jobs 2 %s", scratch);
	pid = start_gucemu(line);
	nanosleep(&pause, NULL);
	end_gucemu(pid, signals[_i]);
	wait_until_gone();
}
END_TEST

#define CLIENT                                                                 \
	"scenario{ id = 'c' } if param 'lonely' then card{} return end "                       \
	"local a, b = card{ vfs = 2 }, card{ vfs = 2 } local v = a:vf(2) "                     \
	"expect.eq(v:guc_state(), 'VF_RUNNING') mark() vmm.migrate(v, b) v:recovered() "       \
	"v:load{}:finish() expect.event{ point = 'irq', irq = 'MIGRATED', card = b } "         \
	"expect.clean() v:shutdown()"

/* Clients and PFs of every kind of manners. $GUCEMU is the program under test. */
static const struct {
	const char *option, *command, *more;
	int status;
	const char *says;
} clients[] = {
	{ "--sockets", "", "", 0, "1 passed" },
	{ "--client", "exec $GUCEMU vf run --jobs 0 --vf $GUCEMU_VF", "", 0, "1 passed" },
	{ "--client", "exit 3", "", 3, "the client of VF 2 ended (exit status 3)" },
	{ "--client", "kill -9 $$", "", 3, "the client of VF 2 ended (signal 9)" },
	{ "--client", "/no/such/file", "", 3, "the client of VF 2 ended (exit status 127)" },
	{ "--client", "sleep 1000 & kill -9 $$", "", 3, "the client of VF 2 ended (signal 9)" },
	{ "--client", "sleep 1000", "--timeout 4", 4, "4 s" },
	{ "--client", "yes", "--timeout 4", 4, "4 s" },
	{ "--client", "setsid sh -c \"sleep 1000; : $TMPDIR\" >/dev/null & exit 3", "", 3,
	  "exit status 3" },
	{ "--client", "trap : TERM; $GUCEMU vf run --jobs 0 --vf $GUCEMU_VF & while :; do wait; done",
	  "", 4, "the VF's end did not end" },
	{ "--client", "false", "--set lonely=yes", 0, "takes no part" },
	{ "--pf", "exec $GUCEMU pf serve --provision 0", "", 0, "1 passed" },
	{ "--pf", "exit 1", "", 3, "the PF of card A ended (exit status 1)" },
};

START_TEST(processes)
{
	/* Real processes: what a client or PF does wrong is told apart, nothing is left. */
	char line[1024], name[64];
	FILE *f;

	script("c.lua", CLIENT);
	snprintf(name, sizeof(name), "%s/run.sh", scratch);
	f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "GUCEMU=" GUCEMU " TMPDIR=%s\nexport GUCEMU TMPDIR\nexec $GUCEMU run --sockets %s %s '%s' "
		   "%s/c.lua\n", scratch, clients[_i].more, clients[_i].command[0] ? clients[_i].option : "",
		clients[_i].command, scratch);
	fclose(f);
	snprintf(line, sizeof(line), "sed -i \"s/ ''//\" %s && sh %s >%s/out 2>&1", name, name,
		 scratch);
	ck_assert_int_eq(WEXITSTATUS(system(line)), clients[_i].status);
	snprintf(line, sizeof(line), "grep -q -F \"%s\" %s/out", clients[_i].says, scratch);
	ck_assert_msg(system(line) == 0, "not said: %s", clients[_i].says);
	/* Their sockets lie there. */
	wait_until_gone();
	snprintf(line, sizeof(line), "! ls -d %s/gucemu-run-* 2>/dev/null", scratch);
	ck_assert_msg(system(line) == 0, "a folder is left");
}
END_TEST

START_TEST(no_orphans_of_clients)
{
	/* Nor what a client has begun, in whatever session, and none of its names. */
	const int signals[] = { SIGTERM, SIGKILL, SIGHUP };
	const struct timespec pause = { 0, 20000000 };
	char line[1024], started[256];
	pid_t pid;

	script("c.lua", "card{}:vf(1)");
	snprintf(started, sizeof(started), "sleep 1000; : %s", scratch);
	snprintf(line, sizeof(line), "#!/bin/sh\nsh -c '%s' &\nsetsid sh -c '%s' &\nsleep 1000\n",
		 started, started);
	script("client", line);
	snprintf(line, sizeof(line), "%s/client", scratch);
	ck_assert_int_eq(chmod(line, 0755), 0);
	setenv("TMPDIR", scratch, 1);
	snprintf(line, sizeof(line), "run --sockets --client %s/client %s/c.lua", scratch, scratch);
	pid = start_gucemu(line);
	for (unsigned i = 0; i < 500 && !somebody_has(started); i++)
		nanosleep(&pause, NULL);
	ck_assert(somebody_has(started));
	end_gucemu(pid, signals[_i]);
	wait_until_gone();
}
END_TEST

START_TEST(nobody_reads)
{
	/* Who reads the report goes: it ends in order, and without words. */
	char line[512];

	script("c.lua", "card{}");
	snprintf(line, sizeof(line), "cd %s && { TMPDIR=%s %s run --sockets c.lua 2>err; } | true; "
		 "sleep 1; ! ls -d gucemu-run-* 2>/dev/null && ! test -s err", scratch, scratch, GUCEMU);
	ck_assert_msg(system(line) == 0, "something is left");
}
END_TEST

START_TEST(no_descriptors)
{
	/* Where no process can be started, that is said. */
	char line[512];

	script("c.lua", "card{}");
	snprintf(line, sizeof(line), "cd %s && (exec 3>&- 4>&- 5>&-; ulimit -n 4; exec timeout 10 %s run "
		 "c.lua) 2>err; test $? = 2 && grep -q 'c.lua: Too many open files' err", scratch, GUCEMU);
	ck_assert_msg(system(line) == 0, "not said");
}
END_TEST

START_TEST(length_of_tmpdir)
{
	/* However long its name is, the sockets get a folder. */
	static const int lengths[] = { 37, 38, 45, 46 };
	char line[1024];

	script("c.lua", CLIENT);
	snprintf(line, sizeof(line), "cd %s && n=%d && d=$(printf '%%s/%%0*d' %s $((n - ${#PWD} - 1)) 0)"
		 " && mkdir $d && TMPDIR=$d %s run --sockets c.lua >out 2>&1 && ! ls -d $d/*",
		 scratch, lengths[_i], scratch, GUCEMU);
	ck_assert_msg(system(line) == 0, "TMPDIR of %d bytes", lengths[_i]);
}
END_TEST

START_TEST(words_over_sockets)
{
	/* What the words do in both worlds they do alike. */
	expect_run("run --sockets --jobs 2 " TESTS "/scenario", 0, " 0 failed, ");
}
END_TEST

START_TEST(words)
{
	/* Every word of scripts does what the reference says, twice the same. */
	expect_run("run --twice --jobs 2 " TESTS "/scenario", 0, " 0 failed, 0 skipped");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("run");
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, outcomes, 0, SCRIPTS);
	tcase_add_test(t, command_lines);
	tcase_add_test(t, several);
	tcase_add_test(t, formats);
	tcase_add_test(t, any_bytes);
	tcase_add_test(t, marked);
	tcase_add_test(t, twice);
	tcase_add_loop_test(t, no_orphans, 0, 4);
	tcase_add_loop_test(t, processes, 0, sizeof(clients) / sizeof(clients[0]));
	tcase_add_loop_test(t, no_orphans_of_clients, 0, 3);
	tcase_add_test(t, nobody_reads);
	tcase_add_test(t, no_descriptors);
	tcase_add_loop_test(t, length_of_tmpdir, 0, 4);
	tcase_add_test(t, words);
	tcase_add_test(t, words_over_sockets);
	suite_add_tcase(s, t);
	return check_main(s);
}
