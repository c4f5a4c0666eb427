/* SPDX-License-Identifier: MIT */
/* gucemu actions, klvs, states and explain from the outside: filters, formats,
 * every kind of thing by number and by name, messages, and what is unknown. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"
#include "emulator/guc/guc.h"
#include "emulator/guc/lifecycle.h"
#include "proto/actions.h"
#include "tests/check_main.h"
#include "view/json.h"

/* Words, exit status, and what the output says. */
static const struct {
	const char *words;
	int status;
	const char *text;
} lines[] = {
	/* Each kind by number and by name, in any case and spelling. */
	{ "explain 0x5508", 0, "RESFIX_DONE" },
	{ "explain 5508", 0, "RESFIX_DONE" },
	{ "explain resfix_done", 0, "0x5508" },
	{ "explain VF2GUC_RESFIX_DONE", 0, "0x5508" },
	{ "explain xe_guc_action_tlb_invalidation", 0, "0x7000" },
	{ "explain 0x8a0b", 0, "VF_BEGIN_CONTEXT_ID" },
	{ "explain guc_klv_vf_ggtt_start", 0, "0x0001" },
	{ "explain 107", 0, "VF_MIGRATED" },
	{ "explain vf-migrated", 0, "0x107" },
	{ "explain 0x190240", 0, "mailbox of the main GT" },
	{ "explain 0x190648", 0, "VF 1's" },
	{ "explain 0x190244", 0, "VF_SW_FLAG + 0x4" },
	{ "explain 0x800008", 0, "GGTT" },
	{ "explain vf_cap", 0, "0x1901f8" },
	{ "explain ring-start", 0, "row of vf-lifecycle 5.2" },
	{ "explain RING_START", 0, "row of vf-lifecycle 5.2" },
	{ "explain vf_resfix_blocked", 0, "RESFIX_START" },
	{ "explain pause", 0, "VF_RUNNING_PAUSED" },
	{ "explain r-07", 0, "late interrupt after START" },
	{ "explain Q_7.3_1", 0, "length != 2" },
	/* Messages. */
	{ "explain 0x0001550f", 0, "REQUEST RESFIX_START(marker 1)" },
	{ "explain f0000000 00011b00", 0, "MINOR    0x1b" },
	{ "explain e0000107", 0, "FAILURE VF_MIGRATED" },
	{ "explain 00000508 09020002 0x1000 0", 0, "SELF_H2G_CTB_ADDR" },
	{ "explain 0000100b 5 20010001 7 20020001", 0, "more than follows" },
	{ "explain 40000000 1", 0, "unassigned" },
	{ "explain 0x2000abcd 1", 0, "unknown" },
	/* Unknown ones, with what is near. */
	{ "explain 0x5505", 2, "0x5503 UPDATE_VF_CFG, 0x5506 VF_CONTROL" },
	{ "explain resfix_dnoe", 2, "RESFIX_DONE" },
	{ "explain ring-strat", 2, "ring-start" },
	{ "explain ctb", 2, "CONTROL_CTB" },
	{ "explain qqqqqq", 2, "is unknown" },
	{ "explain", 2, "explain what?" },
	{ "explain 0x5508 pause", 2, "'pause' is no dword" },
	{ "explain 0x5508 0x123456789", 2, "is no dword" },
	/* Lists and filters. */
	{ "actions", 0, "UNKNOWN_ACTION" },
	{ "actions --from pf", 0, "VF_CONTROL" },
	{ "actions --from GUC", 0, "VF_STATE_NOTIFY" },
	{ "actions --over mmio", 0, "MATCH_VERSION" },
	{ "actions --from nobody", 2, "--from: no 'nobody'" },
	{ "actions --over mmoi", 2, "did you mean 'mmio'?" },
	{ "actions --json --markdown", 2, "exclude each other" },
	{ "actions now", 2, "a word too many" },
	{ "klvs", 0, "UPDATE_VGT_POLICY" },
	{ "klvs --vf", 0, "GLOBAL_GMD_ID" },
	{ "states --state vf_running --event pause", 0, "VF_RUNNING_PAUSED" },
	{ "states --state vf_runing", 2, "did you mean 'VF_RUNNING'?" },
	{ "states --event RESUEM", 2, "did you mean 'RESUME'?" },
	{ "states --dot", 0, "\"VF_RESFIX_PAUSED\" -> \"VF_RESFIX_BLOCKED\"" },
};

START_TEST(lines_are_answered)
{
	expect_run(lines[_i].words, lines[_i].status, lines[_i].text);
}
END_TEST

/* What a filter leaves out. */
static const struct {
	const char *words, *text;
} left_out[] = {
	{ "actions --from vf", "VF_CONTROL" },
	{ "actions --from pf", "MATCH_VERSION" },
	{ "actions --over ctb", "MATCH_VERSION" },
	{ "actions --over mmio", "RELAY_TO_PF" },
	{ "actions --modelled", "UNKNOWN_ACTION" },
	{ "klvs --vf", "VF_EXEC_QUANTUM" },
	{ "states --state VF_READY", "FLR_CLEANED " },
	{ "states --event STOP", "RESFIX_START" },
};

START_TEST(filters_leave_out)
{
	struct run_result r = run_gucemu(left_out[_i].words);

	ck_assert_int_eq(r.status, 0);
	ck_assert_msg(!strstr(r.out, left_out[_i].text), "%s: has %s", left_out[_i].words,
		      left_out[_i].text);
	run_free(&r);
}
END_TEST

static struct json_object *json_of(const char *words)
{
	struct run_result r = run_gucemu(words);
	struct json_object *o;

	ck_assert_int_eq(r.status, 0);
	o = json_read(r.out, strlen(r.out));
	ck_assert_ptr_nonnull(o);
	run_free(&r);
	return o;
}

START_TEST(json_has_all)
{
	/* --json has a row for every code of the enum, and a rule for every pair of
	 * state and event; numbers are numbers. */
	struct json_object *o = json_of("actions --json");
	size_t n = 0;

	while (guc_action_code(n) >= 0)
		n++;
	ck_assert_uint_eq(json_count(o), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(json_get_u64(json_at(o, i), "code", 0),
				  (uint64_t)guc_action_code(i));
	json_object_put(o);
	o = json_of("states --json");
	for (unsigned s = 0; s < GUC_VFS_COUNT; s++)
		for (unsigned e = 0; e < GUC_IN_COUNT; e++) {
			bool has = false;

			for (size_t i = 0; i < json_count(o); i++)
				has |= !strcmp(json_get_str(json_at(o, i), "state", ""),
					       guc_vf_state_name((enum guc_vf_state)s)) &&
				       !strcmp(json_get_str(json_at(o, i), "event", ""),
					       guc_vf_input_name((enum guc_vf_input)e));
			ck_assert(has);
		}
	json_object_put(o);
	o = json_of("explain 0x107 --json");
	ck_assert_str_eq(json_get_str(json_at(o, 0), "kind", ""), "error");
	ck_assert_uint_eq(json_get_u64(json_at(json_get(json_at(o, 0), "rows"), 0), "code", 0),
			  0x107);
	json_object_put(o);
}
END_TEST

START_TEST(too_long_a_message)
{
	/* No message has more than 255 dwords. */
	char words[256 * 2 + 16] = "explain";

	for (unsigned i = 0; i < 256; i++)
		strcat(words, " 0");
	expect_run(words, 2, "at most 255");
	words[strlen(words) - 2] = '\0';
	expect_run(words, 0, "REQUEST");
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *s = suite_create("tables");
	TCase *c = tcase_create("tables");

	tcase_add_loop_test(c, lines_are_answered, 0, COUNT(lines));
	tcase_add_loop_test(c, filters_leave_out, 0, COUNT(left_out));
	tcase_add_test(c, json_has_all);
	tcase_add_test(c, too_long_a_message);
	suite_add_tcase(s, c);
	return check_main(s);
}
