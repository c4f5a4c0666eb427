/* SPDX-License-Identifier: MIT */
/* Fault rules as text: what is a rule, where exactly what is none goes wrong and why,
 * that hostile text does nothing else, names, numbers, states, files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault/priv.h"
#include "tests/check_main.h"

static struct fault f;
static struct fault_error err;

static const struct guc_geometry card = {
	.tiles = 1, .gts = 2, .vfs = 3, .contexts = 64, .ggtt_size = 64u << 20,
};

static int add(const char *line)
{
	return fault_add(&f, line, strlen(line), &err);
}

static void start(void)
{
	fault_init(&f, 7, &card);
}

static const char *const good[] = {
	"on h2g do drop",
	"lost: on g2h vf=1 gt=1 action=SCHED_CONTEXT_MODE_DONE nth=3 do drop then disarm",
	"on mbox-request,mbox-reply pf do delay 10ms",
	"on message dir=in via=ctb do duplicate 2",
	"on g2h type=response|failure do reorder 3 2ms",
	"on mbox-reply action=query-single-klv key=VF_GGTT_START do klv-length 1",
	"on mbox-request action=0x5506 do nothing then log",
	"on h2g state=VF_RUNNING every=5 do set dw1=0x10/0xf0",
	"on state enters=vf_resfix_blocked leaves=VF_RESFIX_PAUSED do migrate B",
	"on irq bit=sw-int-0 vf=1..2 do byte 0x7f",
	"on irq bit=guc2host do bit 3",
	"on blob op=restore do flip 8",
	"on blob op=save do truncate 4",
	"on blob do failure INVALID_PARAMS",
	"on mem-write range=0x1000+64 byte3=0xff do fail",
	"on mem-read,mem-write do flip",
	"on mmio-write value=1 range=0x190000+0x1000 do duplicate",
	"on mmio-read do set value=0xffffffff",
	"on mbox-request type=request first=3 do retry 2",
	"on h2g type=request p=0.5% do failure 0x30 0x12",
	"on mbox-request time=..2s until=9 do busy 20ms",
	"on h2g do answer 0xf0000000, 1,2,3",
	"on g2h do fence 7 then set broken, log, disarm",
	"on h2g action=REGISTER_CONTEXT do mbz",
	"on g2h type=event do data0 5",
	"on h2g do extend 3", "on h2g do truncate", "on g2h do origin",
	"on context code=3 do interrupt sw-int-0",
	"on finding do hang function", "on violation do reset guc",
	"on fence value=0x55 do hang gt", "on flr do clear-mailbox",
	"on h2g do break g2h tail 5", "on g2h do break h2g status",
	"on h2g vf=any unless=broken file=/tmp/x do pause",
	"on tick time=10ms.. vf=1 first=1 do disconnect",
	"  on\th2g   do drop  ",
};

/* Each example of the grammar is a rule, gets the next number, and is told as written. */
START_TEST(good_rules)
{
	struct fault_info info;
	int n;

	start();
	ck_assert_int_eq(fault_set_state(&f, "broken", false), 0);
	n = add(good[_i]);
	ck_assert_msg(n == 1, "%s: %zu: %s", good[_i], err.at, err.text);
	ck_assert(fault_info(&f, 0, &info));
	ck_assert_str_eq(info.line, good[_i]);
	ck_assert(info.armed && info.fired == 0 && info.matched == 0);
	ck_assert(!fault_info(&f, 1, &info));
}
END_TEST

/* `at`: the place is where this stands in the line. */
static const struct {
	const char *line, *at, *why;
} bad[] = {
	{ "", "", "a rule begins with" },
	{ "drop h2g", "drop", "a rule begins with" },
	{ "on", "", "a point is needed" },
	{ "on nowhere do drop", "nowhere", "unknown point" },
	{ "on h2g", "", "`do` and what to do are missing" },
	{ "on h2g do", "", "what to do is missing" },
	{ "on h2g do vanish", "vanish", "unknown fault" },
	{ "on h2g do drop drop", "drop", "too much" },
	{ "on h2g do drop,", ",", "too much" },
	{ "on h2g , do drop", "do", "unknown point" },
	{ "on h2g vf=1, do drop", ",", "no comma" },
	{ "1: on h2g do drop", "1:", "a rule's name is" },
	{ "a b: on h2g do drop", "a b", "a rule begins with" },
	{ "on h2g colour=red do drop", "colour", "unknown condition" },
	{ "on h2g vf do drop", "vf do", "vf=N, vf=N..M or vf=any is needed" },
	{ "on h2g vf= do drop", "vf=", "is needed" },
	{ "on h2g vf=0 do drop", "0", "out of range: 1 to 63" },
	{ "on h2g vf=64 do drop", "64", "out of range" },
	{ "on h2g vf=2..1 do drop", "2..1", "no VF in this range" },
	{ "on h2g vf=1..x do drop", "x", "a number" },
	{ "on h2g vf=1.2 do drop", "1.2", "N..M" },
	{ "on h2g vf=4 do drop", "4", "the card has 3 VFs" },
	{ "on h2g gt=2 do drop", "2 do", "the card has 2 GTs" },
	{ "on h2g vf=1 vf=2 do drop", "vf=2", "twice" },
	{ "on h2g gt=9 do drop", "9", "out of range: 0 to 3" },
	{ "on h2g nth=0 do drop", "0", "out of range: 1 to" },
	{ "on h2g nth=99999999999999999999 do drop", "9999", "a number" },
	{ "on h2g every=x do drop", "x", "a number" },
	{ "on h2g nth=5 first=4 do drop", "h2g", "none of the times" },
	{ "on h2g nth=3 every=2 do drop", "h2g", "none of the times" },
	{ "on h2g first=2 from=3 do drop", "h2g", "leave no time" },
	{ "on h2g every=10 until=10 do drop", "h2g", "leave no time" },
	{ "on h2g until=1 do drop", "1", "there is none" },
	{ "on h2g p=0% do drop", "0%", "never fire" },
	{ "on h2g p=100% do drop", "100%", "no matter of chance" },
	{ "on h2g p=0.00001% do drop", "0.00001", "a probability" },
	{ "on h2g p=5 do drop", "5", "a probability" },
	{ "on h2g time=5..6 do drop", "5..6", "a time is needed" },
	{ "on h2g time=6ms..5ms do drop", "5ms", "ends before it begins" },
	{ "on h2g time=.. do drop", "..", "FROM..TO" },
	{ "on h2g after=x do drop", "x do", "no such rule before" },
	{ "on h2g until=x do drop", "x do", "no such rule before" },
	{ "on h2g if=x do drop", "x do", "no rule before this one sets" },
	{ "on h2g if=1 do drop", "1", "a state is" },
	{ "on h2g if=seen unless=seen do drop", "seen do", "if= asks for" },
	{ "on h2g after=first until=first do drop", "first do", "after= waits" },
	{ "a: on h2g after=a do drop", "a do", "waits for itself" },
	{ "on h2g dw0=1 dw1=1 dw0=2 do drop", "dw0=2", "could never match" },
	{ "on mbox-request byte3=0/0x80 byte3=0x80/0xc0 do drop", "byte3=0x80", "never match" },
	{ "on h2g value=0x10000 do drop", "value", "16 bits" },
	{ "on tick vf=1 state=VF_RUNNING do hang function", "VF_RUN", "has no state" },
	{ "on state state=VF_READY enters=VF_RUNNING do nothing", "VF_READY", "it enters" },
	{ "on state leaves=VF_READY enters=VF_READY do nothing", "VF_READY do", "leads there" },
	{ "on state leaves=UNPROVISIONED enters=VF_RUNNING do nothing", "VF_RUN", "leads there" },
	{ "on violation code=12 do nothing", "12", "numbered 0 to 11" },
	{ "on context code=70000 do nothing", "70000", "ids of contexts" },
	{ "on mmio-read range=0x10000000+4 do drop", "0x1", "the BAR ends" },
	{ "on h2g type=answer do drop", "answer", "unknown kind" },
	{ "on mbox-request type=event do drop", "event", "could never match" },
	{ "on mbox-reply type=request do drop", "request do", "could never match" },
	{ "on g2h type=fast do drop", "fast", "could never match" },
	{ "on irq type=event do drop", "type=", "could never match" },
	{ "on state action=CONTROL_CTB do nothing", "action", "could never match" },
	{ "on h2g action=NONSENSE do drop", "NONSENSE", "unknown action" },
	{ "on h2g action=0x10000 do drop", "0x10000", "unknown action" },
	{ "on g2h type=event action=CONTROL_CTB do drop", "CONTROL", "has no such event" },
	{ "on g2h type=response action=MEMORY_CAT_ERROR do drop", "MEMORY", "only as an event" },
	{ "on mbox-reply action=MEMORY_CAT_ERROR do drop", "MEMORY", "an event of the GuC" },
	{ "on g2h vf=1 action=VF_STATE_NOTIFY do drop", "VF_STATE", "a VF never gets" },
	{ "on h2g key=NOPE do drop", "NOPE", "unknown key" },
	{ "on h2g action=SCHED_CONTEXT key=1 do drop", "1", "carries no key" },
	{ "on g2h key=1 do drop", "1", "no message at this point has a key" },
	{ "on h2g state=VF_READY do drop", "VF_READY", "could never match" },
	{ "on mbox-request state=VF_RUNNING_PAUSED do drop", "VF_RUN", "could never match" },
	{ "on h2g state=ASLEEP do drop", "ASLEEP", "unknown state" },
	{ "on h2g enters=VF_READY do drop", "enters", "could never match" },
	{ "on irq bit=16 do drop", "16", "guc2host" },
	{ "on h2g bit=1 do drop", "bit=1", "could never match" },
	{ "on blob op=load do flip", "load", "save or restore" },
	{ "on blob pf do flip", "pf", "VFs only" },
	{ "on flr vf=1 gt=1 do drop", "1 do", "whole card" },
	{ "on mem-read range=5 do fail", "5", "ADDRESS+BYTES" },
	{ "on mem-read range=5+0 do fail", "0 do", "out of range" },
	{ "on mem-read range=0xffffffffffffffff+2 do fail", "2", "last address" },
	{ "on mem-read byte0=1 do fail", "byte0", "could never match" },
	{ "on h2g dw1=0x10/0x0f do drop", "0x10", "outside the mask" },
	{ "on h2g dw1=1/0 do drop", "0 do", "out of range" },
	{ "on h2g dw1=0x100000000 do drop", "0x1", "out of range" },
	{ "on h2g byte1=256 do drop", "256", "out of range" },
	{ "on mbox-request dw4=1 do drop", "dw4", "no message here is that long" },
	{ "on h2g dw255=1 do drop", "dw255", "no message here is that long" },
	{ "on h2g dw0=1 dw1=1 dw2=1 dw3=1 dw4=1 do drop", "dw4", "at most 4" },
	{ "on h2g dir=out do drop", "out", "none of the rule's points" },
	{ "on message via=memirq do drop", "memirq", "none of the rule's points" },
	{ "on h2g dir=up do drop", "up", "in or out" },
	{ "on h2g file= do drop", "file=", "is needed" },
	{ "on mbox-request do reorder", "reorder", "can't be done at mbox-request" },
	{ "on mbox-request do truncate", "truncate", "can't be done at mbox-request" },
	{ "on mbox-reply do duplicate", "duplicate", "can't be done at mbox-reply" },
	{ "on h2g,g2h do busy 1ms", "busy", "can't be done at g2h" },
	{ "on mem-read do delay 1ms", "delay", "can't be done at mem-read" },
	{ "on state do drop", "drop", "can't be done at state" },
	{ "on h2g do fail", "fail", "can't be done at h2g" },
	{ "on h2g do byte 1", "byte", "can't be done at h2g" },
	{ "on h2g do delay", "", "delay TIME is needed" },
	{ "on h2g do delay 5", "5", "a time is needed" },
	{ "on h2g do delay 99999999999999999999s", "9999", "a time is needed" },
	{ "on h2g do duplicate 17", "17", "out of range: 1 to 16" },
	{ "on h2g do flip 9", "9", "out of range: 1 to 8" },
	{ "on h2g do set", "", "is needed here" },
	{ "on h2g do set dw1", "dw1", "is needed here" },
	{ "on h2g do set value=1", "set", "value= is for" },
	{ "on mmio-write do set dw0=1", "set", "but value=" },
	{ "on mbox-reply do set dw4=1", "set", "no message here is that long" },
	{ "on h2g do failure NOPE", "NOPE", "unknown error" },
	{ "on h2g do failure 0x30 0x1000", "0x1000", "out of range" },
	{ "on h2g type=event do failure 0x30", "failure", "only requests are answered" },
	{ "on h2g type=fast do busy 1ms", "busy", "only requests are answered" },
	{ "on g2h type=event do failure 1", "failure", "an event is no answer" },
	{ "on g2h type=event do fence", "fence", "no fence" },
	{ "on h2g do answer", "", "is needed here" },
	{ "on h2g do answer 1,2,3,4,5", "5", "at most 4" },
	{ "on mbox-request action=RESFIX_DONE do mbz", "mbz", "has a meaning" },
	{ "on h2g do klv-length 3", "klv", "which KLV?" },
	{ "on h2g do break h2g", "", "head, tail or status" },
	{ "on h2g do break ring head", "ring", "h2g or g2h" },
	{ "on h2g do hang", "", "guc, gt or function" },
	{ "on h2g do reset card", "card", "guc, gt or function" },
	{ "on h2g pf do pause", "pause", "VFs only" },
	{ "on h2g pf do reset function", "reset", "VFs only" },
	{ "on h2g pf do interrupt sw-int-0", "interrupt", "interrupt of VFs" },
	{ "on tick,h2g vf=1 do disconnect", "tick", "stands alone" },
	{ "on tick do interrupt guc2host", "interrupt", "say about whom" },
	{ "on h2g do drop then", "", "disarm, log" },
	{ "on h2g do drop then sing", "sing", "disarm, log" },
	{ "on h2g do drop then set", "", "a state is" },
	{ "on h2g do drop then set a, set b", "set b", "one state can be set" },
	{ "on h2g do drop then log disarm", "disarm", "too much" },
	{ "on h2g do \x01", "\x01", "plain text" },
	{ "on h2g do drop\n", "\n", "plain text" },
	{ "on h2g vf=\xff do drop", "\xff", "plain text" },
};

/* Each line that is no rule is refused at the very place, with the reason, and
 * nothing has changed. */
START_TEST(bad_rules)
{
	struct fault before;
	size_t at;
	int n;

	start();
	ck_assert_int_eq(add("first: on h2g do drop then set seen"), 1);
	before = f;
	n = add(bad[_i].line);
	at = bad[_i].at[0] ? (size_t)(strstr(bad[_i].line, bad[_i].at) - bad[_i].line)
			   : strlen(bad[_i].line);
	if (strcmp(bad[_i].line, "on h2g do drop drop") == 0)
		at = strlen("on h2g do drop ");
	ck_assert_msg(n == -EINVAL, "%s: %d", bad[_i].line, n);
	ck_assert_msg(strstr(err.text, bad[_i].why), "%s: %s", bad[_i].line, err.text);
	ck_assert_msg(err.at == at, "%s: at %zu, not %zu: %s", bad[_i].line, err.at, at, err.text);
	ck_assert_int_eq(memcmp(&before, &f, sizeof(f)), 0);
}
END_TEST

/* Names are found, unique, and needed by after= and until=; numbers are never used
 * twice; a rule that another names stays. */
START_TEST(names_and_numbers)
{
	start();
	ck_assert_int_eq(add("one: on h2g do drop"), 1);
	ck_assert_int_eq(add("one: on g2h do drop"), -EEXIST);
	ck_assert_int_eq(add("two: on h2g after=one do drop"), 2);
	ck_assert_int_eq(fault_find(&f, "two"), 2);
	ck_assert_int_eq(fault_find(&f, "1"), 1);
	ck_assert_int_eq(fault_find(&f, ""), -ENOENT);
	ck_assert_int_eq(fault_find(&f, "3"), -ENOENT);
	ck_assert_int_eq(fault_remove(&f, 1), -EBUSY);
	ck_assert_int_eq(fault_remove(&f, 2), 0);
	ck_assert_int_eq(fault_remove(&f, 2), -ENOENT);
	ck_assert_int_eq(fault_remove(&f, 1), 0);
	ck_assert_int_eq(add("on h2g do drop"), 3);
	ck_assert_int_eq(fault_arm(&f, 9, false), -ENOENT);
	ck_assert_int_eq(fault_arm(&f, 3, false), 0);
	fault_clear(&f);
	ck_assert_int_eq(fault_find(&f, "3"), -ENOENT);
	ck_assert_uint_eq(fault_points(&f), 0);
	ck_assert_int_eq(add("on h2g do drop"), 4);
}
END_TEST

/* Rules, states and files have an end, and one too many is refused as such. */
START_TEST(limits)
{
	char line[64];

	start();
	for (unsigned i = 0; i < FAULT_STATES; i++) {
		snprintf(line, sizeof(line), "s%u", i);
		ck_assert_int_eq(fault_set_state(&f, line, i % 2), 0);
	}
	ck_assert_int_eq(fault_set_state(&f, "more", true), -ENOSPC);
	ck_assert_int_eq(fault_set_state(&f, "9", true), -EINVAL);
	ck_assert_int_eq(fault_set_state(&f, "", true), -EINVAL);
	ck_assert(!fault_state(&f, "s0") && fault_state(&f, "s1") && !fault_state(&f, "more"));
	ck_assert_int_eq(add("on h2g file=/a do drop then set more"), -ENOSPC);
	ck_assert_ptr_null(fault_file(&f, 0));
	for (unsigned i = 0; i < FAULT_FILES; i++) {
		snprintf(line, sizeof(line), "on h2g file=/f%u do drop", i);
		ck_assert_int_gt(add(line), 0);
		ck_assert_ptr_nonnull(strstr(line, fault_file(&f, i)));
	}
	ck_assert_int_eq(add("on h2g file=/more do drop"), -ENOSPC);
	for (unsigned i = FAULT_FILES; i < FAULT_RULES; i++)
		ck_assert_int_gt(add("on h2g file=/f0 do drop"), 0);
	ck_assert_int_eq(add("on h2g do drop"), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "64 rules"));
}
END_TEST

/* States and files of rules that were taken away make room for those of others; what is
 * on, what the host has named and what another rule needs stays. */
START_TEST(names_are_free_again)
{
	char line[96];
	int first, n;

	start();
	ck_assert_int_eq(fault_set_state(&f, "host", false), 0);
	first = add("on h2g file=/kept do drop then set kept");
	for (unsigned i = 0; i < 10 * FAULT_STATES; i++) {
		snprintf(line, sizeof(line),
			 "on h2g if=kept unless=host file=/f%u do drop then set a%u, clear b%u", i, i, i);
		n = add(line);
		ck_assert_msg(n > first, "%u: %s", i, err.text);
		ck_assert_str_eq(fault_file(&f, 0), "/kept");
		ck_assert_ptr_nonnull(strstr(line, fault_file(&f, 1)));
		fault_file_is(&f, 1, true);
		if (i < 5)
			ck_assert_int_eq(fault_set_state(&f, line + strlen(line) - 2, true), 0);
		ck_assert_int_eq(fault_remove(&f, n), 0);
		ck_assert_ptr_null(fault_file(&f, 1));
	}
	for (unsigned i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "b%u", i);
		ck_assert(fault_state(&f, line));
	}
	/* A state that only those set is none any more. */
	ck_assert_int_eq(add("on h2g if=a7 do drop"), -EINVAL);
	/* Nobody has looked for the newcomer yet. */
	ck_assert_int_gt(add("on h2g file=/new do drop"), 0);
	ck_assert_uint_eq(f.files_there & 2, 0);
	ck_assert_int_eq(fault_remove(&f, first), 0);
	ck_assert_str_eq(fault_file(&f, 1), "/new");
}
END_TEST

/* A line of the greatest length is a rule, a byte more is none. */
START_TEST(longest_line)
{
	char line[FAULT_LINE_MAX + 2];

	start();
	memset(line, ' ', sizeof(line));
	memcpy(line, "on h2g", 6);
	memcpy(line + FAULT_LINE_MAX - 7, "do drop", 7);
	ck_assert_int_eq(fault_add(&f, line, FAULT_LINE_MAX, &err), 1);
	ck_assert_int_eq(fault_add(&f, line, FAULT_LINE_MAX + 1, &err), -EINVAL);
	ck_assert_uint_eq(err.at, FAULT_LINE_MAX);
}
END_TEST

/* The n-th number of a small generator. */
static uint32_t next(uint32_t *rng)
{
	*rng = *rng * 1664525u + 1013904223u;
	return *rng >> 8;
}

/* Pieces of rules thrown together are a rule or refused inside the line, never
 * anything else; what is a rule can be explained. */
START_TEST(noise)
{
	static const char *const pieces[] = {
		"on ", "h2g ", "g2h ", "do ", "drop ", ",", "vf=", "vf=1 ", "=", "nth=3 ", "then ",
		"set ", "x ", "dw1=1/1 ", "p=1% ", "delay ", "5ms ", ":", "a: ", "first=2 ",
		"answer ", "1", "file=/x ", "time=1ms.. ", "|", "type=event ", "..", "\xff", "log ",
		"disarm ", "mbox-reply ", "failure ", "message ", "every=7 ", "  ", "\t", "0x",
		"range=1+2 ", "action=RESFIX_DONE ", "/", "%", "migrate ", "B ", "tick ", "irq ",
		"state ", "on h2g ", "on h2g vf=1 ", "do drop ", "do flip 3 ", "then log ",
	};
	const uint32_t n_pieces = sizeof(pieces) / sizeof(*pieces);
	char line[600], text[4096];
	uint32_t rng = 1;
	unsigned rules = 0, refused = 0;

	for (unsigned round = 0; round < 300000; round++) {
		size_t n = 0;
		int is, said;

		if (round % 64 == 0)
			start();
		if (next(&rng) % 2)
			n = (size_t)snprintf(line, sizeof(line), "on h2g ");
		for (unsigned i = next(&rng) % 9 + 1; i > 0; i--)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s",
					      pieces[next(&rng) % n_pieces]);
		if (next(&rng) % 8 == 0)
			line[next(&rng) % n] = (char)next(&rng);
		said = fault_explain(&f, line, n, text, sizeof(text), &err);
		is = fault_add(&f, line, n, &err);
		ck_assert(is > 0 || (err.at <= n && err.text[0]));
		ck_assert_msg((said == 0) == (is > 0 || is == -EEXIST || is == -ENOSPC),
			      "%.*s: %s", (int)n, line, err.text);
		rules += is > 0;
		refused += is < 0;
	}
	ck_assert_uint_gt(rules, 500);
	ck_assert_uint_gt(refused, 1000);
}
END_TEST

/* Explaining says each word of a rule with what it does, and cuts where the room
 * ends. */
START_TEST(explained)
{
	static const char line[] =
		"late: on h2g,g2h vf=1 dw2=5 p=1% do reorder 2 5ms then log, set x";
	char text[1024], little[8];

	ck_assert_int_eq(fault_explain(NULL, line, strlen(line), text, sizeof(text), &err), 0);
	ck_assert_str_eq(text,
		"name  late: what after= and until= of other rules, counters and traces call it\n"
		"on    h2g: the GuC takes a message out of a function's ring\n"
		"on    g2h: the GuC sends a message into a function's ring\n"
		"where vf=1: of this VF, or of these\n"
		"where dw2=5: dword N of the message has this value\n"
		"when  p=1%: with this probability: 0.0001% to 99.9999%\n"
		"do    reorder 2 5ms: the next message, or N, overtake it; it waits 10 ms for them, "
		"or TIME\n"
		"then  log: say that it fired\n"
		"then  set x: for if= and unless= of other rules\n");
	ck_assert_int_eq(fault_explain(NULL, line, strlen(line), little, sizeof(little), &err), 0);
	ck_assert_str_eq(little, "name  l");
	ck_assert_int_eq(fault_explain(NULL, "on h2g do x", 11, text, sizeof(text), &err), -EINVAL);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(err.at, 10);
}
END_TEST

/* The table has each part in one piece, no word twice in a part, and a point for
 * each of the GuC's but the one that tells of faults. */
START_TEST(words)
{
	uint64_t points = 0;

	for (unsigned i = 0; fault_word(i); i++) {
		const struct fault_word *w = fault_word(i);

		ck_assert_ptr_eq(fault_word_of(w->part, w->word, strlen(w->word)), w);
		ck_assert(i == 0 || w->part >= fault_word(i - 1)->part);
		ck_assert(w->points && !(w->points & ~PTS_ALL));
		ck_assert(w->text[0] && strncmp(w->form, w->word, strlen(w->word)) == 0);
		if (w->part == FAULT_POINT)
			points |= w->points;
	}
	ck_assert_uint_eq(points, PTS_ALL);
	ck_assert_str_eq(fault_part_name(FAULT_THEN), "then");
	ck_assert_str_eq(fault_out_name(FAULT_OUT_MIGRATE), "migrate");
	ck_assert_str_eq(fault_out_name(FAULT_OUT_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fault");
	TCase *t = tcase_create("text");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, good_rules, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(t, bad_rules, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(t, names_and_numbers);
	tcase_add_test(t, limits);
	tcase_add_test(t, names_are_free_again);
	tcase_add_test(t, longest_line);
	tcase_add_test(t, noise);
	tcase_add_test(t, explained);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	return check_main(s);
}
