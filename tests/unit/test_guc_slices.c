/* SPDX-License-Identifier: MIT */
/* What takes several turns of a VF with thousands of contexts: the notes of its
 * PAUSE, SAVE, RESTORE. Between any two slices other functions are served, and
 * everything that can happen to the VF happens: each event with its reply, what
 * becomes of the request that was under way, and the state in the end. */
#include <check.h>
#include <stdio.h>

#include "emulator/guc/blob.h"
#include "guc_happen.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

#define MANY   2900u /* contexts of each VF */
#define MARKER 5u
#define FENCE  0x7ABCu
#define WORDS  5u    /* that hold addresses, of each context here */

static struct fx *f;
static uint32_t blob_dwords;

static struct guc_function *vf1(void)
{
	return guc_fn(&f->card, 0, 1);
}

static void turn(void)
{
	f->now += FX_TICK;
	guc_tick(&f->card, f->now);
}

/* Both VFs run, VF 1 with all its contexts; all of them are one, to a detector too. */
static void setup(void)
{
	f = fx_new_large(2, MANY);
	fx_provision(f, 1);
	fx_provision(f, 2);
	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	lx_make(f, 1, 0, false);
	for (uint32_t id = 0; id < MANY; id++)
		lx_register(f, 1, id, 0, 1);
	fx_run(f, 20);
}

static void teardown(void)
{
	fx_free(f);
}

/* VF 2 and the PF get their answers within the call that asks. */
static void others_served(void)
{
	const uint32_t query[2] = { GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_GGTT_START };
	uint32_t dw[2] = { 0, 3 }, header = fx_mbox(f, 2, 0, query, 2, NULL);
	struct fx_msg done;

	ck_assert_int_eq(hxg_type(header), HXG_SUCCESS);
	lx_send(f, 2, HXG_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
	done = fx_g2h(f, 2, 0);
	ck_assert_uint_gt(done.len, 0);
	fx_g2h_drain(f, 2, 0);
	ck_assert_uint_eq(fx_control(f, 0, 2, GUC_VF_RESUME), GUC_ERR_INVALID_STATE);
}

/* --- PAUSE ------------------------------------------------------------------------- */

/* PAUSE accepted, two slices of notes taken. */
static void in_notes(void)
{
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	turn();
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	ck_assert_uint_gt(vf1()->noting, 1);
}

static void to_paused(void)
{
	in_notes();
	fx_run(f, 50);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	fx_g2h_drain(f, 0, 0);
}

/* 1.3.2, 5.2: a PAUSE notes all addresses by slices; meanwhile others are served, the
 * VF stands still, and who rings does not get on faster. What it sent is answered when
 * it goes on. */
START_TEST(pause_in_slices)
{
	unsigned turns = 0;
	uint32_t dw[2] = { 0, 3 };

	in_notes();
	lx_mode(f, 1, 1, 1);
	lx_send(f, 1, HXG_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
	ck_assert(!guc_context(&f->card, 0, 1, 1)->enabled);
	for (; fx_state(f, 1, 0) == GUC_VFS_RUNNING; turns++) {
		uint32_t at = vf1()->noting;

		ck_assert_uint_lt(turns, 20);
		others_served();
		for (unsigned i = 0; i < 8; i++)
			fx_doorbell(f, 1, 0);
		ck_assert_uint_eq(vf1()->noting, at);
		turn();
	}
	ck_assert_uint_ge(turns, 2);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	/* The last address of the ring's messages is none. */
	ck_assert_uint_eq(vf1()->notes_n + vf1()->notes_lost, MANY * WORDS);
	ck_assert_uint_eq(vf1()->noting, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 20);
	ck_assert(guc_context(&f->card, 0, 1, 1)->enabled);
	ck_assert_uint_gt(fx_g2h_drain(f, 1, 0), 1);
}
END_TEST

/* 5.2: one context can't hold up a turn: of its batches so many dwords are looked at,
 * and what is left out is counted. */
START_TEST(one_large_context)
{
	struct guc_options options;
	uint32_t at = LX_DATA(1);

	fx_free(f);
	guc_options_default(&options);
	options.gap_profile = true;
	f = fx_new_ready(1, &options);
	fx_boot(f, 1, 0);
	lx_make(f, 1, 0, false);
	/* Each batch of zeros runs to the end of the VF's memory. */
	for (unsigned i = 0; i < 20; i++)
		lx_emit_batch(f, 1, 0, at);
	memset(f->mem[1] + at, 0, FX_MEM - at);
	lx_register(f, 1, 0, 0, 1);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	ck_assert_uint_ge(vf1()->noting_left, GUC_SCAN_DWORDS - GUC_SCAN_CONTEXT);
	fx_run(f, 20);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	ck_assert_uint_eq(vf1()->notes_lost, 1);
}
END_TEST

/* --- SAVE and RESTORE --------------------------------------------------------------- */

/* The request alone, its answer to be looked for. */
static void request(uint32_t opcode, unsigned vf, uint32_t dwords)
{
	const uint32_t dw[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SAVE_RESTORE_VF, opcode), vf,
		FX_PF_START + FX_BLOB, 0, dwords,
	};

	fx_g2h_drain(f, 0, 0);
	f->n_events = 0;
	fx_h2g(f, 0, 0, (uint16_t)(FENCE + vf), dw, 5);
}

/* How often a request on a VF was answered, by what the sink saw. */
static unsigned answers(unsigned vf)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_events; i++)
		n += f->events[i].point == GUC_PT_G2H && f->events[i].fn == 0 &&
		     f->events[i].value == FENCE + vf;
	return n;
}

/* Error of the SAVE or RESTORE that ended last. */
static uint16_t outcome(void)
{
	for (size_t i = f->n_events; i-- > 0;)
		if (f->events[i].point == GUC_PT_BLOB)
			return (uint16_t)f->events[i].error;
	ck_abort_msg("no end of a SAVE or RESTORE");
	return 0;
}

/* A SAVE, or RESTORE, under way in this phase. */
static void in_phase(uint32_t opcode, uint32_t dwords, enum guc_blob_phase phase)
{
	request(opcode, 1, dwords);
	for (unsigned i = 0; vf1()->blob.phase != phase; i++) {
		ck_assert_uint_lt(i, 50);
		turn();
	}
	ck_assert_uint_eq(answers(1), 0);
}

/* Saved, and a PF that has the blob; VF 1 is paused. */
static void to_saved(void)
{
	struct fx_msg m;

	to_paused();
	request(GUC_OP_SAVE, 1, FX_BLOB_BYTES / 4);
	fx_run(f, 50);
	m = fx_g2h(f, 0, 0);
	ck_assert_int_eq(hxg_type(m.dw[0]), HXG_SUCCESS);
	blob_dwords = m.dw[0] & HXG_SUCCESS_DATA0;
	ck_assert_uint_gt(blob_dwords, MANY * 15);
}

/* A VF without a past, paused, and the blob. */
static void to_target(void)
{
	to_saved();
	ck_assert_uint_eq(fx_happen(f, GUC_IN_FLR_START, 0, 0), 0);
	ck_assert_uint_eq(fx_happen(f, GUC_IN_FLR_FINISH, 0, 0), 0);
	ck_assert_uint_eq(fx_happen(f, GUC_IN_PAUSE, 0, 0), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY_PAUSED);
}

static enum guc_verdict touch_nothing(void *user, struct guc_event *ev,
				      struct guc_hook_action *act)
{
	(void)user;
	(void)ev;
	act->patch_n = 1;
	act->patch[0] = (struct guc_patch){ .keep = 0xFF };
	return GUC_CHANGE;
}

static unsigned served_to_the_end(void)
{
	unsigned turns = 0;

	for (; vf1()->blob.phase; turns++) {
		ck_assert_uint_lt(turns, 50);
		ck_assert_uint_eq(answers(1), 0);
		others_served();
		f->n_events = 0;
		turn();
	}
	ck_assert_uint_eq(answers(1), 1);
	return turns;
}

/* 1.3.4: a large VF is saved and restored by slices; others are served between any
 * two, the answer comes once, in the end, and what was restored is saved as the same
 * bytes: at one stroke, too, as for a hook. */
START_TEST(blob_in_slices)
{
	static uint8_t first[FX_BLOB_BYTES];

	to_target();
	memcpy(first, f->mem[0] + FX_BLOB, sizeof(first));
	request(GUC_OP_RESTORE, 1, blob_dwords);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY_PAUSED);
	ck_assert_uint_ge(served_to_the_end(), 4);
	ck_assert_uint_eq(outcome(), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RESFIX_PAUSED);
	/* The state that it was paused from is not the same, nor the checksum. */
	((uint32_t *)(void *)first)[BLOB_PAUSED_FROM] = GUC_VFS_RESFIX_PAUSED;
	((uint32_t *)(void *)first)[BLOB_CRC] = guc_blob_crc((uint32_t *)(void *)first,
							     4 * (size_t)blob_dwords);
	memset(f->mem[0] + FX_BLOB, 0xEE, FX_BLOB_BYTES);
	request(GUC_OP_SAVE, 1, FX_BLOB_BYTES / 4);
	ck_assert_uint_ge(served_to_the_end(), 3);
	ck_assert_uint_eq(outcome(), 0);
	ck_assert_mem_eq(first, f->mem[0] + FX_BLOB, 4 * (size_t)blob_dwords);
	memset(f->mem[0] + FX_BLOB, 0xEE, FX_BLOB_BYTES);
	f->card.hook = touch_nothing;
	f->card.hook_mask = 1ull << GUC_PT_BLOB;
	request(GUC_OP_SAVE, 1, FX_BLOB_BYTES / 4);
	ck_assert_uint_eq(answers(1), 1);
	ck_assert_mem_eq(first, f->mem[0] + FX_BLOB, 4 * (size_t)blob_dwords);
	/* Once more over what is there: its contexts are dropped by slices. */
	f->card.hook = NULL;
	request(GUC_OP_RESTORE, 1, blob_dwords);
	served_to_the_end();
	ck_assert_uint_eq(outcome(), 0);
	ck_assert(guc_context(&f->card, 0, 1, MANY - 1)->registered);
}
END_TEST

/* 1.3.4: there is one staging area: who finds it taken waits, and both end well. A
 * hook that changes a blob lets the other end first. */
START_TEST(two_at_once)
{
	to_paused();
	ck_assert_uint_eq(fx_control(f, 0, 2, GUC_VF_PAUSE), 0);
	in_phase(GUC_OP_SAVE, FX_BLOB_BYTES / 4, GUC_BLOB_WRITE);
	if (_i) {
		f->card.hook = touch_nothing;
		f->card.hook_mask = 1ull << GUC_PT_BLOB;
	}
	request(GUC_OP_SAVE, 2, FX_BLOB_BYTES / 4);
	ck_assert_uint_eq(answers(1), (unsigned)_i);
	ck_assert_uint_eq(answers(2), (unsigned)_i);
	fx_run(f, 50);
	ck_assert_uint_eq(answers(1), 1);
	ck_assert_uint_eq(answers(2), 1);
	ck_assert_uint_eq(outcome(), 0);
	ck_assert_uint_eq(f->card.block->stage_of, 0);
}
END_TEST

/* Whatever is wrong in the last of many slices refuses the whole. */
START_TEST(late_defects)
{
	static const uint16_t errors[] = {
		GUC_ERR_INVALID_PARAMS, GUC_ERR_INVALID_GGTT_ADDRESS,
	};

	to_target();
	if (_i)
		f->hole_at = FX_BLOB + 4 * (blob_dwords - 1) / GGTT_PAGE * GGTT_PAGE,
		f->hole_len = GGTT_PAGE;
	else
		f->mem[0][FX_BLOB + 4 * blob_dwords - 1] ^= 1;
	request(GUC_OP_RESTORE, 1, blob_dwords);
	fx_run(f, 50);
	ck_assert_uint_eq(answers(1), 1);
	ck_assert_uint_eq(outcome(), errors[_i]);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY_PAUSED);
	ck_assert(!guc_context(&f->card, 0, 1, 0)->registered);
}
END_TEST

/* A PF that gives up its ring hears no more of what it asked; the next one asks anew. */
START_TEST(ring_gone)
{
	const uint32_t off[2] = { GUC_ACTION_CONTROL_CTB, 0 };

	to_paused();
	in_phase(GUC_OP_SAVE, FX_BLOB_BYTES / 4, GUC_BLOB_PUT);
	ck_assert_uint_eq(fx_mbox(f, 0, 0, off, 2, NULL), 0xF0000000);
	ck_assert_uint_eq(vf1()->blob.phase, GUC_BLOB_IDLE);
	ck_assert_uint_eq(f->card.block->stage_of, 0);
	fx_run(f, 50);
	ck_assert_uint_eq(answers(1), 0);
}
END_TEST

/* guc-abi 5.2: a share that changes under a SAVE fails it; a RESTORE that has begun to be
 * applied ends first. */
START_TEST(share_changes)
{
	uint32_t list[2] = { klv_header(GUC_KLV_VF_NUM_CONTEXTS, 1), MANY - 1 };

	if (_i) {
		to_target();
		in_phase(GUC_OP_RESTORE, blob_dwords, GUC_BLOB_APPLY);
	} else {
		to_paused();
		in_phase(GUC_OP_SAVE, FX_BLOB_BYTES / 4, GUC_BLOB_WRITE);
	}
	ck_assert_int_eq(hxg_type(fx_vf_cfg(f, 0, 1, list, 2)), HXG_SUCCESS);
	ck_assert_uint_eq(answers(1), 1);
	ck_assert_uint_eq(outcome(), _i ? 0 : GUC_ERR_INVALID_STATE);
	ck_assert_uint_eq(f->card.block->stage_of, 0);
}
END_TEST

/* --- every event in mid-slice -------------------------------------------------------- */

#define BAD GUC_ERR_INVALID_STATE
/* What was under way: ends well, fails with 0x0A. */
enum fate { WELL, FAILS };

struct meeting {
	uint16_t error; /* of the event's reply */
	enum fate fate;
	enum guc_vf_state end;
};

/* PAUSE in its notes, in VF_RUNNING; it goes on whatever the driver does. */
static const struct meeting in_pause[GUC_IN_COUNT] = {
	[GUC_IN_CONFIG_VALID] = { 0, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_CONFIG_GONE] = { 0, FAILS, GUC_VFS_UNPROVISIONED },
	[GUC_IN_PAUSE] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_RESUME] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_STOP] = { 0, FAILS, GUC_VFS_STOPPED },
	[GUC_IN_PCI_FLR] = { 0, FAILS, GUC_VFS_FLR_PENDING },
	[GUC_IN_FLR_START] = { 0, FAILS, GUC_VFS_FLR_CLEANED },
	[GUC_IN_FLR_FINISH] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_SAVE] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_RESTORE] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_MATCH_VERSION] = { 0, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_VF_RESET] = { 0, FAILS, GUC_VFS_READY_PAUSED },
	[GUC_IN_QUERY_KLV] = { 0, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_SELF_CFG] = { 0, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_CTB_ENABLE] = { GUC_ERR_CTB_IN_USE, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_CTB_DISABLE] = { 0, FAILS, GUC_VFS_READY_PAUSED },
	[GUC_IN_RESFIX_START] = { 0, FAILS, GUC_VFS_RESFIX_PAUSED },
	[GUC_IN_RESFIX_DONE] = { BAD, WELL, GUC_VFS_RUNNING_PAUSED },
	[GUC_IN_OTHER_MMIO] = { 0, WELL, GUC_VFS_RUNNING_PAUSED },
};

/* SAVE, and a RESTORE, of a VF in a paused state; the driver's requests are held.
 * `end`: the state after it; `late`: what RESUME, or another share, makes of it; `on`:
 * where RESUME leads. */
#define PAUSED_VF(end, late, on)                                               \
	[GUC_IN_CONFIG_VALID] = { 0, WELL, end },                              \
	[GUC_IN_CONFIG_GONE] = { 0, late, GUC_VFS_UNPROVISIONED },             \
	[GUC_IN_PAUSE] = { BAD, WELL, end },                                   \
	[GUC_IN_RESUME] = { 0, late, on },                                     \
	[GUC_IN_STOP] = { 0, FAILS, GUC_VFS_STOPPED },                         \
	[GUC_IN_PCI_FLR] = { 0, FAILS, GUC_VFS_FLR_PENDING },                  \
	[GUC_IN_FLR_START] = { 0, FAILS, GUC_VFS_FLR_CLEANED },                \
	[GUC_IN_FLR_FINISH] = { BAD, WELL, end },                              \
	[GUC_IN_SAVE] = { BAD, WELL, end },                                    \
	[GUC_IN_RESTORE] = { BAD, WELL, end },                                 \
	[GUC_IN_MATCH_VERSION] = { GUC_LIFE_HELD, WELL, end },                 \
	[GUC_IN_VF_RESET] = { GUC_LIFE_HELD, WELL, end },                      \
	[GUC_IN_QUERY_KLV] = { GUC_LIFE_HELD, WELL, end },                     \
	[GUC_IN_SELF_CFG] = { GUC_LIFE_HELD, WELL, end },                      \
	[GUC_IN_CTB_ENABLE] = { GUC_LIFE_HELD, WELL, end },                    \
	[GUC_IN_CTB_DISABLE] = { GUC_LIFE_HELD, WELL, end },                   \
	[GUC_IN_RESFIX_START] = { GUC_LIFE_HELD, WELL, end },                  \
	[GUC_IN_RESFIX_DONE] = { GUC_LIFE_HELD, WELL, end },                   \
	[GUC_IN_OTHER_MMIO] = { GUC_LIFE_HELD, WELL, end }

static const struct meeting in_save[GUC_IN_COUNT] = {
	PAUSED_VF(GUC_VFS_RUNNING_PAUSED, FAILS, GUC_VFS_RUNNING),
};
static const struct meeting in_restore[GUC_IN_COUNT] = {
	PAUSED_VF(GUC_VFS_RESFIX_PAUSED, FAILS, GUC_VFS_READY),
};
static const struct meeting in_apply[GUC_IN_COUNT] = {
	PAUSED_VF(GUC_VFS_RESFIX_PAUSED, WELL, GUC_VFS_RESFIX_BLOCKED),
};

static const struct midst {
	const char *name;
	void (*reach)(void);
	bool save;
	enum guc_blob_phase phase;
	const struct meeting *meeting;
} midsts[] = {
	{ "notes", NULL, false, GUC_BLOB_IDLE, in_pause },
	{ "SAVE, writing", to_paused, true, GUC_BLOB_WRITE, in_save },
	{ "SAVE, into the buffer", to_paused, true, GUC_BLOB_PUT, in_save },
	{ "RESTORE, summing", to_target, false, GUC_BLOB_SUM, in_restore },
	{ "RESTORE, checking", to_target, false, GUC_BLOB_CHECK, in_restore },
	{ "RESTORE, applying", to_target, false, GUC_BLOB_APPLY, in_apply },
};
#define MIDSTS (sizeof(midsts) / sizeof(midsts[0]))

static void reach(const struct midst *m)
{
	if (!m->reach) {
		in_notes();
		f->n_events = 0;
		return;
	}
	m->reach();
	in_phase(m->save ? GUC_OP_SAVE : GUC_OP_RESTORE,
		 m->save ? FX_BLOB_BYTES / 4 : blob_dwords, m->phase);
}

static void one_meeting(const struct midst *m, enum guc_vf_input input)
{
	const struct meeting *want = &m->meeting[input];
	uint16_t error = fx_happen(f, input, MARKER, blob_dwords);

	ck_assert_msg(error == want->error, "%s in %s: 0x%x, expected 0x%x",
		      guc_vf_input_name(input), m->name, error, want->error);
	fx_run(f, 50);
	ck_assert_msg(fx_state(f, 1, 0) == want->end, "%s in %s: %s, expected %s",
		      guc_vf_input_name(input), m->name, guc_vf_state_name(fx_state(f, 1, 0)),
		      guc_vf_state_name(want->end));
	ck_assert_uint_eq(vf1()->noting, 0);
	ck_assert_uint_eq(vf1()->blob.phase, GUC_BLOB_IDLE);
	ck_assert_uint_eq(f->card.block->stage_of, 0);
	if (!m->reach) {
		ck_assert_int_eq(vf1()->notes_n != 0, want->fate == WELL);
		return;
	}
	ck_assert_msg(answers(1) == 1, "%s in %s: %u answers", guc_vf_input_name(input), m->name,
		      answers(1));
	ck_assert_msg(outcome() == (want->fate == WELL ? 0 : GUC_ERR_INVALID_STATE),
		      "%s in %s: 0x%x", guc_vf_input_name(input), m->name, outcome());
}

/* L-20 goes on between slices: every event at every kind of slice has its reply, the
 * request under way its end, and the VF its state. */
START_TEST(every_event_between_slices)
{
	unsigned cells = 0;

	for (size_t i = 0; i < MIDSTS; i++) {
		struct fx_copy *here;

		if (i) {
			teardown();
			setup();
		}
		reach(&midsts[i]);
		here = fx_copy_new(f);
		for (unsigned in = 0; in < GUC_IN_COUNT; in++, cells++) {
			fx_copy_back(f, here);
			one_meeting(&midsts[i], (enum guc_vf_input)in);
		}
		fx_copy_free(here);
	}
	printf("cells between slices: %u of %u (%u slices, %u events)\n", cells,
	       (unsigned)MIDSTS * GUC_IN_COUNT, (unsigned)MIDSTS, GUC_IN_COUNT);
	fflush(stdout);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_slices");
	TCase *tc = tcase_create("slices");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pause_in_slices);
	tcase_add_test(tc, one_large_context);
	tcase_add_test(tc, blob_in_slices);
	tcase_add_loop_test(tc, two_at_once, 0, 2);
	tcase_add_loop_test(tc, late_defects, 0, 2);
	tcase_add_test(tc, ring_gone);
	tcase_add_loop_test(tc, share_changes, 0, 2);
	tcase_add_test(tc, every_event_between_slices);
	suite_add_tcase(s, tc);
	return check_main(s);
}
