/* SPDX-License-Identifier: MIT */
/* Mailbox, dispatch and the actions over MMIO (guc-abi 2, 5.2, A.2). */
#include <check.h>
#include <errno.h>

#include "emulator/guc/core.h"
#include "guc_fixture.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
}

static void teardown(void)
{
	fx_free(f);
}

static uint32_t ask(unsigned fn, unsigned gt, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
		    uint32_t reply[4])
{
	const uint32_t dw[4] = { a, b, c, d };

	return fx_mbox(f, fn, gt, dw, 4, reply);
}

/* MB-01: the worked words of guc-abi A.2, on main and media GT. */
START_TEST(worked_words)
{
	uint64_t start = FX_VF_START(1);
	uint32_t r[4];

	ck_assert_uint_eq(ask(1, _i, 0x5507, 0, 0, 0, r), 0xF0000000);
	ck_assert_uint_eq(ask(1, _i, 0x5500, 0x00010200, 0, 0, r), 0xF0000000);
	ck_assert_uint_eq(r[1], 0x00011C00);
	ck_assert_uint_eq(ask(1, _i, 0x5509, 0x0001, 0, 0, r), 0xF0000002);
	ck_assert_uint_eq(r[1], lo32(start));
	ck_assert_uint_eq(r[2], hi32(start));
	ck_assert_uint_eq(ask(1, _i, 0x5509, 0x0002, 0, 0, r), 0xF0000002);
	ck_assert_uint_eq(r[1], FX_MEM);
	ck_assert_uint_eq(ask(1, _i, 0x5509, 0x0004, 0, 0, r), 0xF0000001);
	ck_assert_uint_eq(r[1], FX_VF_CONTEXTS);
	ck_assert_uint_eq(r[2], 0);
	ck_assert_uint_eq(ask(1, _i, 0x5509, 0x3000, 0, 0, r), 0xF0000001);
	ck_assert_uint_eq(r[1], 30u << 22);
	ck_assert_uint_eq(ask(1, _i, 0x5509, 0x3001, 0, 0, r), 0xF0000001);
	ck_assert_uint_eq(r[1], 0);
	ck_assert_uint_eq(ask(1, _i, 0x4100, 0, 0, 0, r) >> 28, 0xF);
	ck_assert_uint_gt(r[0] & HXG_AUX, 0);
	ck_assert_uint_eq(fx_self_cfg(f, 1, _i, 0x0903, 2, start + 0x4000), 0);
	ck_assert_uint_eq(fx_self_cfg(f, 1, _i, 0x0904, 1, 4096), 0);
}
END_TEST

static const struct {
	unsigned fn;
	uint32_t dw[4];
	uint32_t reply;
} refusals[] = {
	{ 1, { 0x5501 }, 0xE0000030 },                 /* unknown action */
	{ 1, { 0x5103, 1 }, 0xE0000030 },              /* wrong transport */
	{ 1, { 0x5503, 1 }, 0xE0000302 },              /* the PF's, from a VF */
	{ 1, { 0x5506, 2, 1 }, 0xE0000302 },
	{ 0, { 0x5500, 0x100 }, 0xE0000302 },          /* a VF's, from the PF */
	{ 1, { 0x00015507 }, 0xE0000004 },             /* DATA0 must be zero */
	{ 1, { 0x5500, 0x00010201 }, 0xE0000004 },     /* patch must be zero */
	{ 1, { 0x5500, 0x00020000 }, 0xE000000B },     /* other major */
	{ 1, { 0x5500, 0x01010000 }, 0xE000000B },     /* other branch */
	{ 1, { 0x5509, 0x0007 }, 0xE0000105 },         /* unknown key */
	{ 1, { 0x5509, 0x8A01 }, 0xE0000105 },         /* not readable */
	{ 1, { 0x5509, 0x00010001 }, 0xE0000004 },     /* 31:16 must be zero */
	{ 1, { 0x4509, 1 }, 0xE0000304 },              /* CTB not registered */
	{ 1, { 0x4509, 2 }, 0xE0000060 },
	{ 1, { 0x0508, 0x09080001, 1 }, 0xF0000000 },  /* key not recognised */
	{ 1, { 0x0508, 0x09030001, 1 }, 0xE0000103 },  /* wrong KLV length */
	{ 1, { 0x0508, 0x09040001, 4097 }, 0xE0000102 }, /* odd size */
	{ 1, { 0x0508, 0x09040001, 0 }, 0xE0000102 },
	{ 1, { 0x0508, 0x09040001, 0x20000 }, 0xE0000102 }, /* beyond the limit */
	{ 1, { 0x0508, 0x09030002, FX_VF_START(2) }, 0xE0000080 }, /* another VF's */
	{ 1, { 0x0508, 0x09030002, FX_VF_START(1) + FX_MEM - 60 }, 0xE0000080 },
	{ 1, { 0x0508, 0x09010002, FX_VF_START(1) - 1 }, 0xE0000080 },
	{ 1, { 0x4100, FX_VF_START(1), 0, 4 }, 0xE0000102 }, /* too small */
	{ 1, { 0x4100, FX_VF_START(2), 0, 4096 }, 0xE0000080 },
};

/* MB-02: ill-formed or foreign requests are answered from the table. */
START_TEST(refused)
{
	const uint32_t *d = refusals[_i].dw;

	ck_assert_uint_eq(ask(refusals[_i].fn, 0, d[0], d[1], d[2], d[3], NULL),
			  refusals[_i].reply);
}
END_TEST

/* MB-03: register 0 with ORIGIN GuC or another TYPE is no request. */
START_TEST(no_request)
{
	static const uint32_t headers[] = { 0x80005507, 0x10005507, 0x20005507, 0x30000000,
					    0x70000000, 0 };
	uint32_t r[4];

	ck_assert_uint_eq(ask(1, 0, headers[_i], 0, 0, 0, r), headers[_i]);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->mbox_requests, 0);
}
END_TEST

/* MB-04: a short reply zeroes the registers it does not use. */
START_TEST(short_reply)
{
	uint32_t r[4];

	ask(1, 0, 0x5507, 0x11111111, 0x22222222, 0x33333333, r);
	ck_assert_uint_eq(r[1] | r[2] | r[3], 0);
}
END_TEST

/* MB-05: nothing is read before the doorbell. */
START_TEST(doorbell_first)
{
	const uint32_t dw = 0x5507;
	uint32_t r[4];

	fx_mbox_write(f, 1, 0, &dw, 1);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], 0x5507);
	fx_doorbell(f, 1, 0);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], 0xF0000000);
}
END_TEST

/* MB-06: a paused VF's request stays and is served at RESUME, even when it
 * came by the PF's registers and was never rung. */
START_TEST(paused)
{
	uint32_t r[4];

	if (_i >= 2) {
		fx_boot(f, 1, 0);
		ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	}
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	if (_i % 2)
		ck_assert_int_eq(guc_mmio_write(&f->card, 0, REG_VF_SW_FLAG(0) + REG_VF_STRIDE, 4,
						0x5507), 0);
	else
		ck_assert_uint_eq(ask(1, 0, 0x5507, 0, 0, 0, NULL), 0x5507);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], 0xF0000000);
}
END_TEST

/* Paused in RESFIX a request that was rung is served at RESUME; one that was not, which
 * a restore may have brought half written, at its doorbell. */
START_TEST(paused_in_resfix)
{
	const uint32_t done = 0x00015508;
	uint32_t r[4];

	fx_boot(f, 1, 0);
	ck_assert_uint_eq(ask(1, 0, 0x0001550F, 0, 0, 0, NULL), 0xF0000000);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_mbox_write(f, 1, 0, &done, 1);
	if (_i)
		fx_doorbell(f, 1, 0);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], done);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], _i ? 0xF0000000 : done);
	if (!_i)
		fx_doorbell(f, 1, 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
}
END_TEST

/* MB-07: during an FLR the mailbox reads 0 and nothing is answered. */
START_TEST(in_flr)
{
	uint32_t r[4];

	ck_assert_int_eq(guc_flr(&f->card, 1), 0);
	ck_assert_uint_eq(ask(1, 0, 0x5507, 1, 2, 3, r), 0);
	ck_assert_uint_eq(r[1] | r[2] | r[3], 0);
}
END_TEST

/* MB-08: RESFIX over MMIO: 0x107 for what is frozen, queries with and without
 * marker, mismatch refused with the VF as it was. */
START_TEST(resfix)
{
	fx_boot(f, 1, 0);
	guc_fn(&f->card, 0, 1)->state = GUC_VFS_RESFIX_BLOCKED;
	guc_fn(&f->card, 0, 1)->resfix_from = GUC_VFS_RUNNING;
	ck_assert_uint_eq(ask(1, 0, 0x5509, 1, 0, 0, NULL), 0xF0000002);
	ck_assert_uint_eq(ask(1, 0, 0x4509, 0, 0, 0, NULL), 0xE0000107);
	ck_assert_uint_eq(ask(1, 0, 0x4100, 0, 0, 0, NULL), 0xE0000107);
	ck_assert_uint_eq(ask(1, 0, 0x00015508, 0, 0, 0, NULL), 0xE0000107);
	ck_assert_uint_eq(ask(1, 0, 0x0001550F, 0, 0, 0, NULL), 0xF0000000);
	ck_assert_uint_eq(ask(1, 0, 0x5509, 1, 0, 0, NULL), 0xF0000002);
	ck_assert_uint_eq(ask(1, 0, 0x00025508, 0, 0, 0, NULL), 0xE0000107);
	ck_assert_uint_eq(ask(1, 0, 0x00015508, 0, 0, 0, NULL), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
}
END_TEST

/* MB-09: below ABI 1.27 there is no START, and DONE takes no marker. */
START_TEST(legacy)
{
	f->card.block->options.vf_abi_minor[1] = 26;
	fx_boot(f, 1, 0);
	guc_fn(&f->card, 0, 1)->state = GUC_VFS_RESFIX_BLOCKED;
	guc_fn(&f->card, 0, 1)->resfix_from = GUC_VFS_RUNNING;
	ck_assert_uint_eq(ask(1, 0, 0x0001550F, 0, 0, 0, NULL), 0xE0000030);
	ck_assert_uint_eq(ask(1, 0, 0x00015508, 0, 0, 0, NULL), 0xE0000004);
	ck_assert_uint_eq(ask(1, 0, 0x00005508, 0, 0, 0, NULL), 0xF0000000);
	ck_assert_uint_eq(ask(1, 0, 0x00005508, 0, 0, 0, NULL), 0xF0000000);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
}
END_TEST

/* MB-10: the MMIO relay service: BUSY, event to the PF, then success or
 * failure with the magic; a wrong magic completes nothing. */
START_TEST(mmio_relay)
{
	const uint32_t good[6] = { 0x5007, 1, 0x05123456, 7, 8, 9 };
	const uint32_t wrong[6] = { 0x5007, 1, 0x06000000, 7, 8, 9 };
	const uint32_t bad[3] = { 0x5008, 1, 0x0500000D };
	struct fx_msg m;
	uint32_t r[4];

	fx_g2h_drain(f, 0, 0);
	ck_assert_uint_eq(ask(1, 0, 0x05015005, 1, 2, 3, r), 0xB0000000);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 6);
	ck_assert_uint_eq(m.dw[0], 0x90005006);
	ck_assert_uint_eq(m.dw[1], 1);
	ck_assert_uint_eq(m.dw[2], 0x05010000);
	ck_assert_uint_eq(m.dw[5], 3);
	ck_assert_uint_eq(fx_pf(f, 0, wrong, 6), 0xE0000060);
	if (_i)
		ck_assert_uint_eq(fx_pf(f, 0, bad, 3), 0xF0000000);
	else
		ck_assert_uint_eq(fx_pf(f, 0, good, 6), 0xF0000000);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], _i ? 0xE500000D : 0xF5123456);
	ck_assert_uint_eq(r[3], _i ? 0 : 9);
	ck_assert_uint_eq(fx_pf(f, 0, good, 6), 0xE0000060);
}
END_TEST

static enum guc_verdict the_verdict;

static enum guc_verdict hook(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	if (ev->point != *(enum guc_point *)user)
		return GUC_PASS;
	act->delay = 1000;
	act->answer[0] = 0xE0000107;
	act->answer_len = 1;
	if (the_verdict == GUC_CHANGE)
		ev->msg[0] = ev->point == GUC_PT_MBOX_REPLY ? 0xE0000055 : 0x5501;
	return the_verdict;
}

/* MB-11: what a hook decides at the mailbox happens. */
START_TEST(hooks)
{
	static const struct {
		enum guc_point point;
		enum guc_verdict verdict;
		uint32_t now, later;
	} cases[] = {
		{ GUC_PT_MBOX_REQUEST, GUC_PASS, 0xF0000000, 0xF0000000 },
		{ GUC_PT_MBOX_REQUEST, GUC_CHANGE, 0xE0000030, 0xE0000030 },
		{ GUC_PT_MBOX_REQUEST, GUC_SWALLOW, 0x5507, 0x5507 },
		{ GUC_PT_MBOX_REQUEST, GUC_DELAY, 0x5507, 0xF0000000 },
		{ GUC_PT_MBOX_REQUEST, GUC_ANSWER, 0xE0000107, 0xE0000107 },
		{ GUC_PT_MBOX_REPLY, GUC_CHANGE, 0xE0000055, 0xE0000055 },
		{ GUC_PT_MBOX_REPLY, GUC_SWALLOW, 0x5507, 0x5507 },
		{ GUC_PT_MBOX_REPLY, GUC_DELAY, 0x5507, 0xF0000000 },
	};
	enum guc_point point = cases[_i].point;
	uint32_t r[4];

	the_verdict = cases[_i].verdict;
	f->card.hook = hook;
	f->card.hook_user = &point;
	ck_assert_uint_eq(ask(1, 0, 0x5507, 0, 0, 0, NULL), cases[_i].now);
	guc_tick(&f->card, 999);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], cases[_i].now);
	guc_tick(&f->card, 1000);
	fx_mbox_read(f, 1, 0, r);
	ck_assert_uint_eq(r[0], cases[_i].later);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* MB-12: the action table is sorted, so that its search finds every row. */
START_TEST(action_table)
{
	size_t n = 0;

	for (; guc_action_row(n); n++) {
		const struct guc_action *row = guc_action_row(n);

		ck_assert_ptr_eq(guc_action_find(row->code), row);
		ck_assert_uint_le(row->min_len, row->max_len);
		ck_assert_ptr_nonnull(guc_action_name(row->code));
	}
	ck_assert_uint_eq(n, 43);
	for (n = 0; guc_notice_row(n); n++) {
		const struct guc_notice *row = guc_notice_row(n);

		ck_assert_ptr_eq(guc_notice_find(row->code), row);
		ck_assert_ptr_null(guc_action_find(row->code));
		/* Credit is for the CT header and a known length (guc-abi 3.7). */
		ck_assert(row->credit == 0 ||
			  (row->min_len == row->max_len && row->credit == row->max_len + 1));
		ck_assert_ptr_nonnull(guc_action_name(row->code));
	}
	ck_assert_ptr_null(guc_action_find(0));
	ck_assert_ptr_null(guc_action_find(0xFFFF));
}
END_TEST

/* MB-13: what the GuC does not model, and what it alone may send, is answered
 * with 0x30 from either side over either transport. */
START_TEST(not_modelled)
{
	int code;

	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	for (size_t i = 0; (code = guc_action_code(i)) >= 0; i++) {
		const uint32_t request = (uint32_t)code;

		if (guc_action_find(request))
			continue;
		/* An empty mailbox is no request. */
		ck_assert_uint_eq(fx_mbox(f, 1, 0, &request, 1, NULL), code ? 0xE0000030 : 0);
		for (unsigned fn = 0; fn < 2; fn++) {
			fx_g2h_drain(f, fn, 0);
			fx_h2g(f, fn, 0, 9, &request, 1);
			ck_assert_uint_eq(fx_g2h(f, fn, 0).dw[0], 0xE0000030);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_mailbox");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, worked_words, 0, 2);
	tcase_add_loop_test(tc, refused, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(tc, no_request, 0, 6);
	tcase_add_test(tc, short_reply);
	tcase_add_test(tc, doorbell_first);
	tcase_add_loop_test(tc, paused, 0, 4);
	tcase_add_loop_test(tc, paused_in_resfix, 0, 2);
	tcase_add_test(tc, in_flr);
	tcase_add_test(tc, resfix);
	tcase_add_test(tc, legacy);
	tcase_add_loop_test(tc, mmio_relay, 0, 2);
	tcase_add_loop_test(tc, hooks, 0, 8);
	tcase_add_test(tc, action_table);
	tcase_add_test(tc, not_modelled);
	suite_add_tcase(s, tc);
	return check_main(s);
}
