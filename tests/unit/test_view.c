/* SPDX-License-Identifier: MIT */
/* Readers and tools of the command line: event frames, descriptions, JSON,
 * option tables. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "emulator/guc/guc.h"
#include "proto/actions.h"
#include "proto/hxg.h"
#include "tests/check_main.h"
#include "view/describe.h"
#include "view/event.h"
#include "view/json.h"

/* --- events ----------------------------------------------------------------------- */

START_TEST(event_frames_are_checked)
{
	/* frames.md EVENT: a field out of range is refused, never followed. */
	static const uint8_t finding[28] = { [0] = FIXUP_RING_START, [12] = 9 };
	static const uint8_t bad_finding[28] = { [0] = FIXUP_COUNT };
	static const struct {
		struct frame f;
		int want;
	} rows[] = {
		{ { .flags = GUC_PT_FINDING, .data = finding, .data_len = 28 }, 0 },
		{ { .flags = GUC_PT_FINDING, .data = finding, .data_len = 24 }, -EBADMSG },
		{ { .flags = GUC_PT_FINDING, .data = bad_finding, .data_len = 28 }, -EBADMSG },
		{ { .flags = GUC_PT_COUNT }, -EBADMSG },
		{ { .flags = VIEW_POINT_STEP, .text = "SAVE", .text_len = 4 }, 0 },
		{ { .flags = GUC_PT_H2G, .data = finding, .data_len = 27 }, -EBADMSG },
		{ { .flags = GUC_PT_H2G, .data = finding, .data_len = 28 }, 0 },
		{ { .flags = GUC_PT_H2G, .function = 256 }, -EBADMSG },
		{ { .flags = GUC_PT_H2G, .gt = 256 }, -EBADMSG },
	};
	struct view_event v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = rows[i].f;

		f.type = gucemu_FrameType_EVENT;
		ck_assert_msg(view_event_read(&v, &f) == rows[i].want, "row %zu", i);
	}
	ck_assert_int_eq(view_event_read(&v, &(struct frame){ .type = gucemu_FrameType_REPLY }),
			 -EBADMSG);
}
END_TEST

START_TEST(messages_in_words)
{
	/* guc-abi 1, 5: an HXG message reads as its names. */
	static const struct {
		uint32_t dw[5], len;
		const char *text;
	} rows[] = {
		{ { 0x5506, 3, 1 }, 3, "REQUEST VF_CONTROL(vf 3, PAUSE)" },
		{ { 0x5506, 3, 99 }, 3, "REQUEST VF_CONTROL(vf 3, ?)" },
		{ { 0x5506, 3 }, 2, "REQUEST VF_CONTROL" },
		{ { 0x5509, 1 }, 2, "REQUEST QUERY_SINGLE_KLV(VF_GGTT_START)" },
		{ { 0x5509, 0xFFFF }, 2, "REQUEST QUERY_SINGLE_KLV(unknown)" },
		{ { 0x0001550F }, 1, "REQUEST RESFIX_START(marker 1)" },
		{ { 0x1001550B, 1, 0, 0, 64 }, 5,
		  "EVENT SAVE_RESTORE_VF(vf 1, RESTORE, 64 dwords)" },
		{ { 0x90005106, 1, 3 }, 3, "EVENT VF_STATE_NOTIFY(vf 1, PAUSE_DONE)" },
		{ { 0xF0000002 }, 1, "SUCCESS 2" },
		{ { 0xE0000107 }, 1, "FAILURE VF_MIGRATED" },
		{ { 0xE0000FFF }, 1, "FAILURE 0x0fff" },
		{ { 0x0000ABCD }, 1, "REQUEST action 0xabcd" },
		{ { 0x40000000 }, 1, "ill-formed 0x40000000" },
		{ { 0 }, 0, "empty" },
	};
	char text[DESCRIBE_MAX], tiny[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		describe_message(text, sizeof(text), rows[i].dw, rows[i].len);
		ck_assert_str_eq(text, rows[i].text);
		/* Cut, terminated, and the length is what was written. */
		ck_assert_uint_lt(describe_message(tiny, sizeof(tiny), rows[i].dw, rows[i].len),
				  sizeof(tiny));
		ck_assert_uint_lt(strlen(tiny), sizeof(tiny));
	}
}
END_TEST

START_TEST(events_in_words)
{
	/* An event names function, GT, point, states, errors and findings. */
	struct guc_finding finding = { FIXUP_RING_START, 3, 0, 9, 0x1000, 0x1000, 0x3000 };
	char text[DESCRIBE_MAX];

	describe_event(text, sizeof(text),
		       &(struct guc_event){ .point = GUC_PT_STATE, .fn = 1, .from = GUC_VFS_READY,
					    .to = GUC_VFS_RUNNING, .code = 14 });
	ck_assert_str_eq(text, "vf1/gt0 state VF_READY -> VF_RUNNING on CONTROL_CTB enable");
	describe_event(text, sizeof(text),
		       &(struct guc_event){ .point = GUC_PT_STATE, .fn = 1, .from = 200 });
	ck_assert_str_eq(text, "vf1/gt0 state");
	describe_event(text, sizeof(text),
		       &(struct guc_event){ .point = GUC_PT_FINDING, .fn = 2, .gt = 1,
					    .finding = &finding });
	ck_assert_str_eq(text, "vf2/gt1 finding ring-start of context 3, dword 9: was 0x00001000, "
			       "is 0x00001000, should be 0x00003000");
	describe_event(text, sizeof(text),
		       &(struct guc_event){ .point = GUC_PT_BLOB, .fn = 1, .code = GUC_OP_RESTORE,
					    .len = 4096, .error = 0x60 });
	ck_assert_str_eq(text, "vf1/gt0 blob restore 4096 bytes: INVALID_PARAMS");
}
END_TEST

/* --- JSON -------------------------------------------------------------------------- */

START_TEST(json_round_trip)
{
	/* What was written is read again, whatever the text holds. */
	struct json_object *o = json_object_new_object(), *back;
	const char *text = "quote \" backslash \\ newline \n / end";

	json_add_str(o, "text", text);
	json_add_u64(o, "big", UINT64_MAX);
	json_add_int(o, "minus", -5);
	json_add_bool(o, "yes", true);
	json_push_str(json_add_array(o, "list"), "one");
	ck_assert_ptr_null(strchr(json_line(o), '\n'));
	back = json_read(json_line(o), strlen(json_line(o)));
	ck_assert_str_eq(json_get_str(back, "text", ""), text);
	ck_assert(json_get_u64(back, "big", 0) == UINT64_MAX);
	ck_assert_int_eq(json_get_int(back, "minus", 0), -5);
	ck_assert(json_get_bool(back, "yes", false));
	ck_assert_uint_eq(json_count(json_get(back, "list")), 1);
	/* Missing, or of another type: the default. */
	ck_assert_str_eq(json_get_str(back, "big", "none"), "none");
	ck_assert_uint_eq(json_get_u64(back, "nothing", 7), 7);
	ck_assert_uint_eq(json_get_u64(NULL, "nothing", 7), 7);
	json_object_put(back);
	json_object_put(o);
}
END_TEST

START_TEST(json_refuses)
{
	/* No text that is cut, followed by more, or nested without end. */
	static const char *const bad[] = { "", "{", "{\"a\":1", "{} x", "{\"a\":1,}" };
	char deep[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!json_read(bad[i], strlen(bad[i])), "accepted: %s", bad[i]);
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	ck_assert_ptr_null(json_read(deep, 200));
}
END_TEST

/* --- options ------------------------------------------------------------------------ */

static struct {
	bool flag;
	const char *string;
	unsigned number;
	uint64_t size;
	struct cli_list list;
} opt;

static const struct cli_option options[] = {
	{ "flag", CLI_FLAG, NULL, "a flag", &opt.flag, 0, 0 },
	{ "string", CLI_STRING, "TEXT", "a text", &opt.string, 0, 0 },
	{ "number", CLI_UINT, "N", "a number", &opt.number, 1, 63 },
	{ "size", CLI_SIZE, "BYTES", "a size", &opt.size, 0, 0 },
	{ "list", CLI_LIST, "NAME", "a list", &opt.list, 0, 0 },
};
static const struct cli_command command = {
	.name = "test", .args = "", .about = "a test", .options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
};

static enum cli_result parse(const char *line, int *argc, char **argv)
{
	static char words[256];
	char *at = words;

	memset(&opt, 0, sizeof(opt));
	snprintf(words, sizeof(words), "%s", line);
	*argc = 0;
	for (char *w = strtok(at, " "); w; w = strtok(NULL, " "))
		argv[(*argc)++] = w;
	argv[*argc] = NULL;
	return cli_parse(&command, argc, argv);
}

START_TEST(options_are_taken)
{
	/* In any order, both forms, words in between are kept; "--" ends them. */
	char *argv[32];
	int argc;

	ck_assert_int_eq(parse("p a --number 5 --size=2M b --list x --list=y --flag -- --string",
			       &argc, argv), CLI_RUN);
	ck_assert_int_eq(argc, 4);
	ck_assert_str_eq(argv[1], "a");
	ck_assert_str_eq(argv[2], "b");
	ck_assert_str_eq(argv[3], "--string");
	ck_assert_uint_eq(opt.number, 5);
	ck_assert_uint_eq(opt.size, 2 << 20);
	ck_assert_uint_eq(opt.list.n, 2);
	ck_assert(opt.flag && !opt.string);
}
END_TEST

START_TEST(options_are_refused)
{
	/* A wrong option is an error, never a guess. */
	static const char *const bad[] = {
		"p --numbr 5", "p --number", "p --number=0", "p --number 64", "p --number x5",
		"p --number -5", "p --flag=1", "p --size 1T", "p --size 99999999999999999999",
		"p --size 0xFFFFFFFFFFFFFFFFK", "p -x", "p --=5",
	};
	char *argv[32];
	int argc;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i], &argc, argv) == CLI_BAD, "accepted: %s", bad[i]);
}
END_TEST

START_TEST(nearest_word)
{
	/* Suggestions are near, or there are none. */
	static const char *const words[] = { "serve", "state", "demo", "pf" };

	ck_assert_str_eq(cli_nearest("sreve", words, 4), "serve");
	ck_assert_str_eq(cli_nearest("demos", words, 4), "demo");
	ck_assert_ptr_null(cli_nearest("xylophone", words, 4));
	ck_assert_ptr_null(cli_nearest("q", words, 4));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("view");
	TCase *c = tcase_create("view");

	tcase_add_test(c, event_frames_are_checked);
	tcase_add_test(c, messages_in_words);
	tcase_add_test(c, events_in_words);
	tcase_add_test(c, json_round_trip);
	tcase_add_test(c, json_refuses);
	tcase_add_test(c, options_are_taken);
	tcase_add_test(c, options_are_refused);
	tcase_add_test(c, nearest_word);
	suite_add_tcase(s, c);
	return check_main(s);
}
