/* SPDX-License-Identifier: MIT */
/* The sequence diagram: drawn as the xe driver's documentation draws it, and
 * made from events; that of a seed run is compared with the user's. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/regs.h"
#include "emulator/guc/guc.h"
#include "tests/check_main.h"
#include "tests/golden/golden.h"
#include "view/diagram_events.h"

#define ENTRIES 64u

static struct golden_text drawn;

static void draw(const struct diagram_entry *e, size_t n)
{
	drawn = (struct golden_text){ 0 };
	diagram_draw(e, n, golden_line, &drawn);
}

#define P DIAGRAM_PF
#define G DIAGRAM_GUC
#define V DIAGRAM_VF

static const struct diagram_entry seed_entries[] = {
	{ P, G, "PF2GUC_VF_CONTROL(pause)", "", false, false },
	{ G, G, "GuC sets new VF state to", "VF_READY_PAUSED", false, false },
	{ G, P, "success", "", true, false },
	{ P, P, "PF loads resources from the", "saved image supplied", false, false },
	{ P, G, "GUC_PF_OPCODE_VF_RESTORE", "", false, false },
	{ G, G, "GuC loads contexts and CTB", "state from image", false, false },
	{ G, G, "GuC sets new VF state to", "VF_RESFIX_PAUSED", false, false },
	{ G, P, "success", "", true, false },
	{ P, G, "GUC_PF_TRIGGER_VF_RESUME", "", false, false },
	{ G, G, "GuC sets new VF state to", "VF_RESFIX_BLOCKED", false, false },
	{ G, V, "GUC_INTR_SW_INT_0", "", false, false },
	{ G, P, "success", "", true, true },
	{ V, G, "VF2GUC_QUERY_SINGLE_KLV", "", false, false },
	{ G, V, "new VF provisioning", "", true, false },
	{ V, V, "VF driver applies post", "migration fixups", false, false },
	{ V, G, "VF2GUC_NOTIFY_RESFIX_DONE", "", false, false },
	{ G, G, "GuC sets new VF state to", "VF_RUNNING", false, false },
	{ G, V, "success", "", true, true },
};

START_TEST(draws_like_the_documentation)
{
	/* The seed's own entries give the seed's own picture, row by row. */
	draw(seed_entries, sizeof(seed_entries) / sizeof(seed_entries[0]));
	golden_check(&drawn, GOLDEN_DIR "/seed-diagram.txt");
}
END_TEST

START_TEST(long_texts_widen_the_picture)
{
	/* A text longer than the lanes' distance moves the lanes, it is not cut. */
	struct diagram_entry e = { .from = P, .to = G };

	memset(e.text, 'x', sizeof(e.text) - 1);
	draw(&e, 1);
	ck_assert_ptr_nonnull(strstr(drawn.text, e.text));
}
END_TEST

START_TEST(nothing_is_drawable)
{
	/* No entries, and an entry between PF and VF, give empty lifelines. */
	struct diagram_entry e = { .from = P, .to = V, .text = "never" };

	draw(NULL, 0);
	ck_assert_ptr_nonnull(strstr(drawn.text, "GuC"));
	draw(&e, 1);
	ck_assert_ptr_null(strstr(drawn.text, "never"));
}
END_TEST

/* --- from events ---------------------------------------------------------------- */

static struct view_event events[ENTRIES];
static size_t events_n;

static struct view_event *event(enum guc_point point, unsigned fn)
{
	struct view_event *v = &events[events_n++];

	*v = (struct view_event){ .guc = { .point = point, .fn = (uint8_t)fn } };
	return v;
}

static struct view_event *message(enum guc_point point, unsigned fn, uint32_t dw0, uint32_t dw1,
				  uint32_t dw2)
{
	struct view_event *v = event(point, fn);

	v->dw[0] = dw0;
	v->dw[1] = dw1;
	v->dw[2] = dw2;
	v->guc.msg_len = 5;
	return v;
}

static void pf_asks(uint32_t action, uint32_t data0, uint32_t dw2, uint64_t fence)
{
	message(GUC_PT_H2G, 0, hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, data0), 1, dw2)
		->guc.value = fence;
}

static void pf_gets(uint32_t dw0, uint64_t fence)
{
	message(GUC_PT_G2H, 0, dw0, 0, 0)->guc.value = fence;
}

static void vf_asks(uint32_t action, uint32_t data0)
{
	message(GUC_PT_MBOX_REQUEST, 1,
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, data0), 0, 0);
}

static void vf_gets(uint32_t dw0)
{
	message(GUC_PT_MBOX_REPLY, 1, dw0, 0, 0);
}

static void enters(enum guc_vf_state from, enum guc_vf_state to)
{
	struct view_event *v = event(GUC_PT_STATE, 1);

	v->guc.from = (uint8_t)from;
	v->guc.to = (uint8_t)to;
}

static void notify(enum guc_vf_event what)
{
	message(GUC_PT_G2H, 0,
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_VF_STATE_NOTIFY, 0), 1, what);
}

static const uint32_t success = 0xF0000000u;

static void pause_events(void)
{
	pf_asks(GUC_ACTION_VF_CONTROL, 0, GUC_VF_PAUSE, 7);
	enters(GUC_VFS_READY, GUC_VFS_READY_PAUSED);
	notify(GUC_EVENT_VF_PAUSE_DONE);
	pf_gets(success, 7);
}

static size_t make(enum diagram_profile profile, struct diagram_entry *out, size_t *left_out)
{
	struct diagram_view view = { .vf = 1, .gt = 0, .profile = profile };

	return diagram_from_events(events, events_n, &view, out, ENTRIES, left_out);
}

static void seed_run(void)
{
	struct view_event *v;

	events_n = 0;
	/* The source's pause and what else went before is not in the picture. */
	pause_events();
	pf_asks(GUC_ACTION_SAVE_RESTORE_VF, GUC_OP_SAVE, 0, 8);
	pf_gets(success, 8);
	pause_events();
	v = event(GUC_PT_COUNT, 1);
	v->step = true;
	strcpy(v->text, "restore GUC");
	pf_asks(GUC_ACTION_SAVE_RESTORE_VF, GUC_OP_RESTORE, 0, 9);
	event(GUC_PT_BLOB, 1)->guc.code = GUC_OP_RESTORE;
	enters(GUC_VFS_READY_PAUSED, GUC_VFS_RESFIX_PAUSED);
	pf_gets(success | 100, 9);
	pf_asks(GUC_ACTION_VF_CONTROL, 0, GUC_VF_RESUME, 10);
	enters(GUC_VFS_RESFIX_PAUSED, GUC_VFS_RESFIX_BLOCKED);
	event(GUC_PT_IRQ, 1)->guc.value = MEMIRQ_SOURCE_GUC;
	pf_gets(success, 10);
	for (unsigned i = 0; i < 4; i++) {
		vf_asks(GUC_ACTION_QUERY_SINGLE_KLV, 0);
		vf_gets(success | 1);
	}
	v = event(GUC_PT_COUNT, 1);
	v->step = v->by_vf = true;
	vf_asks(GUC_ACTION_RESFIX_DONE, 0);
	enters(GUC_VFS_RESFIX_BLOCKED, GUC_VFS_RUNNING);
	notify(GUC_EVENT_VF_FIXUP_DONE);
	vf_gets(success);
}

START_TEST(seed_profile)
{
	/* A run's events, reduced as the seed does it, give the seed's picture. */
	struct diagram_entry e[ENTRIES];
	size_t left_out, n;

	seed_run();
	n = make(DIAGRAM_SEED, e, &left_out);
	draw(e, n);
	golden_check(&drawn, GOLDEN_DIR "/seed-diagram.txt");
	ck_assert_uint_eq(left_out, 2);
}
END_TEST

START_TEST(full_profile)
{
	/* Everything is shown: the source's side, notifications, repetitions. */
	static const char *const texts[] = {
		"GUC_PF_NOTIFY_VF_PAUSE_DONE", "GUC_PF_OPCODE_VF_SAVE",
		"VF2GUC_QUERY_SINGLE_KLV x4",  "GUC_PF_NOTIFY_VF_FIXUP_DONE",
	};
	struct diagram_entry e[ENTRIES];
	size_t left_out;

	seed_run();
	draw(e, make(DIAGRAM_FULL, e, &left_out));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(strstr(drawn.text, texts[i]), "%s is missing in\n%s", texts[i],
			      drawn.text);
	ck_assert_uint_eq(left_out, 0);
}
END_TEST

START_TEST(markers_and_failures)
{
	/* Markers are named, a refusal says its error, a retry is a new arrow. */
	struct diagram_entry e[ENTRIES];
	size_t left_out;

	events_n = 0;
	vf_asks(GUC_ACTION_RESFIX_START, 3);
	vf_gets(success);
	vf_asks(GUC_ACTION_RESFIX_DONE, 3);
	vf_gets(hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_VF_MIGRATED, 0));
	vf_asks(GUC_ACTION_RESFIX_DONE, 4);
	vf_gets(success);
	ck_assert_uint_eq(make(DIAGRAM_FULL, e, &left_out), 6);
	ck_assert_str_eq(e[0].text, "VF2GUC_RESFIX_START(marker 3)");
	ck_assert_str_eq(e[2].text, "VF2GUC_RESFIX_DONE(marker 3)");
	ck_assert_str_eq(e[3].text, "VF_MIGRATED");
	ck_assert_str_eq(e[4].text, "VF2GUC_RESFIX_DONE(marker 4)");
	ck_assert_str_eq(e[5].text, "success");
}
END_TEST

START_TEST(others_are_not_mixed_in)
{
	/* Another VF's, another GT's and the engines' events are not ours. */
	struct diagram_entry e[ENTRIES];
	size_t left_out;

	events_n = 0;
	message(GUC_PT_MBOX_REQUEST, 2, 0x5507, 0, 0);
	message(GUC_PT_MBOX_REQUEST, 1, 0x5507, 0, 0)->guc.gt = 1;
	message(GUC_PT_H2G, 0, 0x5506, 2, GUC_VF_PAUSE);
	event(GUC_PT_IRQ, 1)->guc.value = 0;
	event(GUC_PT_FENCE, 1);
	ck_assert_uint_eq(make(DIAGRAM_FULL, e, &left_out), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("diagram");
	TCase *c = tcase_create("diagram");

	tcase_add_test(c, draws_like_the_documentation);
	tcase_add_test(c, long_texts_widen_the_picture);
	tcase_add_test(c, nothing_is_drawable);
	tcase_add_test(c, seed_profile);
	tcase_add_test(c, full_profile);
	tcase_add_test(c, markers_and_failures);
	tcase_add_test(c, others_are_not_mixed_in);
	suite_add_tcase(s, c);
	return check_main(s);
}
