/* SPDX-License-Identifier: MIT */
/* Multi-queue groups (guc-abi 6.2 to 6.4): registration and sync, what a CGP
 * page may say and when it is looked at, running, faults, migration. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

#define ID 9u

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(1, NULL);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	for (unsigned k = 0; k < 3; k++)
		lx_make(f, 1, k, false);
	lx_group_make(f, 1);
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_context *slot(uint32_t id)
{
	return guc_context(&f->card, 0, 1, id);
}

static uint32_t place(unsigned i)
{
	return guc_fn(&f->card, 0, 1)->group[slot(ID)->group - 1].lrc_desc[i];
}

static uint32_t ask(uint32_t action, uint32_t *dw, unsigned n)
{
	lx_send(f, 1, HXG_REQUEST, action, dw, n);
	return fx_g2h(f, 1, 0).dw[0];
}

static void put(unsigned dword, uint32_t value)
{
	fx_put(f, 1, LX_CGP + 4 * dword, value);
}

/* The next message is the event that gives the sync's credit back. */
static void expect_done(uint32_t id)
{
	struct fx_msg m = fx_g2h(f, 1, 0);

	ck_assert_uint_eq(m.dw[0],
			  hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_CGP_SYNC_DONE, 0));
	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], id);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}

static void expect_error(uint32_t error, uint32_t lrca, uint32_t id)
{
	struct fx_msg m = fx_g2h(f, 1, 0);

	ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_CGP_CONTEXT_ERROR);
	ck_assert_uint_eq(m.len, 7);
	ck_assert_uint_eq(m.dw[1], 0);
	ck_assert_uint_eq(m.dw[2], error);
	ck_assert_uint_eq(m.dw[3], ID);
	ck_assert_uint_eq(m.dw[4], lrca);
	ck_assert_uint_eq(m.dw[5], id);
	ck_assert_uint_eq(m.dw[6], 0);
}

static void create(void)
{
	lx_group_entry(f, 1, 0, 0, ID);
	lx_group_register(f, 1, ID);
	expect_done(ID);
}

/* guc-abi 6.2: registering a group is its first sync, answered by an event of
 * exactly 2 dwords; later ones add queues, whose entries are marked as new. */
START_TEST(register_and_sync)
{
	create();
	ck_assert(slot(ID)->registered && slot(ID)->group);
	ck_assert_uint_eq(place(0), (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL);
	lx_group_entry(f, 1, 63, 1, ID);
	lx_group_sync(f, 1, ID);
	expect_done(ID);
	ck_assert_uint_eq(place(63), (uint32_t)fx_addr(f, 1, LX_BASE(1)) | LRC_DESC_KERNEL);
	ck_assert_uint_eq(place(1), 0);
}
END_TEST

/* guc-abi 6.4: the page is looked at in a sync and only there, and of it only
 * what is marked. */
START_TEST(read_once)
{
	uint32_t was;

	create();
	was = place(0);
	put(CGP_LRC(0), (uint32_t)fx_addr(f, 1, LX_BASE(1)) | LRC_DESC_KERNEL);
	lx_mode(f, 1, ID, 1);
	lx_sched(f, 1, ID);
	fx_run(f, 5);
	ck_assert_uint_eq(place(0), was);
	put(CGP_UPDATED, 0);
	lx_group_sync(f, 1, ID);
	ck_assert_uint_eq(place(0), was);
	put(CGP_UPDATED, 1);
	lx_group_sync(f, 1, ID);
	ck_assert_uint_eq(place(0), (uint32_t)fx_addr(f, 1, LX_BASE(1)) | LRC_DESC_KERNEL);
	/* Without the valid bit the queue leaves. */
	put(CGP_LRC(0), 0);
	lx_group_sync(f, 1, ID);
	ck_assert_uint_eq(place(0), 0);
}
END_TEST

static const struct {
	unsigned dword;
	uint32_t value, error;
} bad[] = {
	{ 2, FX_VF_CONTEXTS, GUC_ERR_INVALID_CONTEXT_INDEX },
	{ 1, 1 | GUC_CTX_COMPRESSION_SAVE << 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 3, GUC_CLASS_COUNT, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 4, 0, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 5, 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 6, FX_VF_START(1) + 64, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 6, FX_VF_START(2), GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 6, FX_VF_START(1) + FX_MEM, GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 7, 1, GUC_ERR_INVALID_GGTT_ADDRESS },
};

/* guc-abi 7.2: what a registration may not say; it leaves no trace. */
START_TEST(register_refused)
{
	uint32_t dw[8] = {
		[1] = 1, [2] = ID, [3] = GUC_CLASS_COMPUTE, [4] = 1,
		[6] = (uint32_t)fx_addr(f, 1, LX_CGP),
	};

	dw[bad[_i].dword] = bad[_i].value;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, dw, 8),
			  hxg_failure(HXG_ORIGIN_GUC, bad[_i].error, 0));
	ck_assert(!slot(ID)->registered && !slot(ID)->group);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* A sync of what is no group: refused; deregistering one is answered as ever. */
START_TEST(sync_refused)
{
	uint32_t dw[2] = { 0, 4 };

	ck_assert_uint_eq(ask(GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, dw, 2),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CONTEXT_NOT_REGISTERED, 0));
	lx_register(f, 1, 4, 0, 1);
	ck_assert_uint_eq(ask(GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, dw, 2),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_CONTEXT, 0));
	create();
	dw[1] = ID;
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
	lx_event(f, 1, GUC_ACTION_DEREGISTER_CONTEXT_DONE);
	ck_assert(!slot(ID)->registered);
	ck_assert(!guc_fn(&f->card, 0, 1)->group[0].used);
}
END_TEST

/* guc-abi 6.3: what is wrong with a page is told by CGP_CONTEXT_ERROR, before
 * the answer; a bad entry is not taken, the good ones beside it are. */
START_TEST(bad_page)
{
	uint32_t lrca = (uint32_t)fx_addr(f, 1, LX_BASE(1));

	create();
	lx_group_entry(f, 1, 1, 1, ID);
	lx_group_entry(f, 1, 2, 2, ID);
	switch (_i) {
	case 0:
		put(0, 2u << 8);
		break;
	case 1:
		put(CGP_ID(1), ID + 1);
		break;
	case 2:
		lrca = FX_VF_START(2);
		put(CGP_LRC(1), lrca | LRC_DESC_KERNEL);
		break;
	case 3:
		/* The last page of the range has no room for a register image. */
		lrca = FX_VF_START(1) + FX_MEM - GGTT_PAGE;
		put(CGP_LRC(1), lrca | LRC_DESC_KERNEL);
		break;
	}
	lx_group_sync(f, 1, ID);
	if (_i == 0)
		expect_error(GUC_ERR_UNSUPPORTED_VERSION, 0, ID);
	else if (_i == 1)
		expect_error(GUC_ERR_INVALID_CONTEXT, lrca, ID + 1);
	else
		expect_error(GUC_ERR_INVALID_GGTT_ADDRESS, lrca, ID);
	expect_done(ID);
	ck_assert_uint_eq(place(1), 0);
	ck_assert_uint_eq(place(2) != 0, _i != 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), _i >= 2);
}
END_TEST

/* A page that has gone from the GGTT can't be read: told, answered, nothing lost. */
START_TEST(page_gone)
{
	uint32_t pte = (uint32_t)(fx_addr(f, 1, LX_CGP) / GGTT_PAGE);

	create();
	guc_pte_write(&f->card, 0, 1, pte, 0);
	lx_group_sync(f, 1, ID);
	expect_error(GUC_ERR_INVALID_GGTT_ADDRESS, (uint32_t)fx_addr(f, 1, LX_CGP), ID);
	expect_done(ID);
	ck_assert_uint_ne(place(0), 0);
}
END_TEST

/* Verdict 5 for groups: the same again is one more sync, another page replaces a
 * group that is not enabled and never one that is. */
START_TEST(double_registration)
{
	uint32_t dw[8] = {
		[1] = 1, [2] = ID, [3] = GUC_CLASS_COMPUTE, [4] = 1,
		[6] = (uint32_t)fx_addr(f, 1, LX_BASE(9)),
	};

	create();
	lx_group_entry(f, 1, 1, 1, ID);
	lx_group_register(f, 1, ID);
	expect_done(ID);
	ck_assert_uint_ne(place(1), 0);
	lx_mode(f, 1, ID, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, dw, 8),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CONTEXT_ALREADY_REGISTERED, 0));
	ck_assert_uint_ne(place(1), 0);
	lx_mode(f, 1, ID, 0);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	fx_put(f, 1, LX_BASE(9), field_put(CGP_MAJOR, 1));
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, dw, 8);
	expect_done(ID);
	ck_assert_uint_eq(place(0), 0);
	/* An ordinary context in its place gives the group back. */
	lx_register(f, 1, ID, 0, 1);
	ck_assert(!slot(ID)->group && !guc_fn(&f->card, 0, 1)->group[0].used);
}
END_TEST

/* limits.h: a function has so many groups of its own, and no fewer for what
 * another one takes; the next is refused, and a freed one can be had again. */
START_TEST(limit)
{
	uint32_t dw[8] = {
		[1] = 1, [2] = 5, [3] = GUC_CLASS_COMPUTE, [4] = 1,
		[6] = (uint32_t)fx_addr(f, 1, LX_CGP),
	};

	for (unsigned i = 0; i < GUC_GROUPS; i++)
		guc_fn(&f->card, 0, 1)->group[i].used = 1;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, dw, 8),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_CANNOT_COMPLETE_ACTION, 0));
	ck_assert(!slot(5)->registered);
	guc_fn(&f->card, 0, 1)->group[7].used = 0;
	create();
	ck_assert_uint_eq(slot(ID)->group, 8);
}
END_TEST

/* guc-abi 6.4: SCHED_CONTEXT of the primary runs the rings of all its queues; one
 * that waits at a semaphore does not hold up the others. */
START_TEST(runs_all)
{
	create();
	lx_group_entry(f, 1, 33, 1, ID);
	lx_group_sync(f, 1, ID);
	expect_done(ID);
	lx_mode(f, 1, ID, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	lx_emit_wait(f, 1, 0, LX_DATA(2), 1);
	lx_emit_store(f, 1, 0, LX_DATA(0), 5);
	lx_emit_store(f, 1, 1, LX_DATA(1), 6);
	lx_sched(f, 1, ID);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 6);
	fx_put(f, 1, LX_DATA(2), 1);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 5);
	ck_assert_uint_eq(lx_head(f, 1, 0), lx_tail(f, 1, 0));
}
END_TEST

/* Entering the same queue once more leaves the engine where it is in there. */
START_TEST(same_entry)
{
	create();
	lx_mode(f, 1, ID, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	fx_put(f, 1, LX_BATCH(0), MI_SEM_WAIT_GGTT_EQ);
	fx_put(f, 1, LX_BATCH(0) + 4, 1);
	fx_put(f, 1, LX_BATCH(0) + 8, (uint32_t)fx_addr(f, 1, LX_DATA(1)));
	lx_batch_store(f, 1, LX_BATCH(0) + 16, LX_DATA(0), 7);
	lx_emit_batch(f, 1, 0, LX_BATCH(0));
	lx_sched(f, 1, ID);
	fx_run(f, 10);
	lx_group_sync(f, 1, ID);
	expect_done(ID);
	fx_put(f, 1, LX_DATA(1), 1);
	fx_run(f, 20);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 7);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_RING_GARBAGE), 0);
}
END_TEST

/* guc-abi 6.3: a fault of one queue is the group's, told with the primary's id. */
START_TEST(fault)
{
	uint32_t dw[4] = { MI_SDI_DWORD_GGTT, FX_PF_START, 0, 1 };
	struct fx_msg m;

	create();
	lx_group_entry(f, 1, 5, 1, ID);
	lx_group_sync(f, 1, ID);
	lx_mode(f, 1, ID, 1);
	lx_emit(f, 1, 1, dw, 4);
	lx_sched(f, 1, ID);
	fx_run(f, 20);
	m = lx_event(f, 1, GUC_ACTION_MEMORY_CAT_ERROR);
	ck_assert_uint_eq(m.dw[1], ID);
	ck_assert(slot(ID)->killed);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* vf-lifecycle 1.5 item 6: at RESTORE the page and all queues move with the VF;
 * a queue in mid-batch goes on there. */
START_TEST(migrated)
{
	uint64_t to = FX_VF_START(6);
	uint32_t dwords;
	struct fx *b;

	fx_free(f);
	f = fx_new(1, 1, 1, NULL);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	lx_load(f);
	dwords = lx_save(f);
	b = lx_target(f, to, NULL);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), hxg_success(HXG_ORIGIN_GUC, dwords));
	fx_free(f);
	f = b;
	ck_assert_uint_eq(slot(ID)->wq_base, to + LX_CGP);
	ck_assert_uint_eq(place(0), (uint32_t)(to + LX_BASE(6)) | LRC_DESC_KERNEL);
	ck_assert_uint_eq(place(40), (uint32_t)(to + LX_BASE(7)) | LRC_DESC_KERNEL);
	ck_assert_uint_eq(place(1), 0);
	lx_resume(f);
	lx_fix(f, 0, 0, 0);
	lx_done(f);
	lx_finish(f);
	/* What a 7.2 driver does after its recovery: one entry anew. */
	lx_group_entry(f, 1, 2, 0, ID);
	lx_group_sync(f, 1, ID);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_CGP_SYNC_DONE).dw[1], ID);
	ck_assert_uint_ne(place(2), 0);
}
END_TEST

/* VF_RESET forgets groups as it forgets contexts. */
START_TEST(dropped)
{
	uint32_t dw = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_VF_RESET, 0), reply[4];

	create();
	fx_mbox(f, 1, 0, &dw, 1, reply);
	ck_assert(!slot(ID)->registered);
	ck_assert(!guc_fn(&f->card, 0, 1)->group[0].used);
}
END_TEST

/* A context and a group whose words are all alike are not the same: a VF whose range
 * begins at 0 can have its LRC, or its page, there. */
START_TEST(not_the_same)
{
	uint32_t reg[12] = { [1] = 1, [2] = ID, [3] = GUC_CLASS_COMPUTE, [4] = 1 };

	fx_free(f);
	f = fx_new(1, 1, 1, NULL);
	fx_provision_at(f, 1, 0);
	fx_boot(f, 1, 0);
	fx_put(f, 1, 0, field_put(CGP_MAJOR, 1));
	fx_put(f, 1, 4 * CGP_UPDATED, 1);
	fx_put(f, 1, 4 * CGP_LRC(0), LX_BASE(0) | LRC_DESC_KERNEL);
	fx_put(f, 1, 4 * CGP_ID(0), ID);
	for (unsigned i = 0; i < 2; i++) {
		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_REGISTER_CONTEXT, reg, 12);
		ck_assert(slot(ID)->registered && !slot(ID)->group);
		ck_assert(!guc_fn(&f->card, 0, 1)->group[0].used);
		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, reg, 8);
		expect_done(ID);
		ck_assert_uint_eq(slot(ID)->group, 1);
		ck_assert_uint_eq(place(0), LX_BASE(0) | LRC_DESC_KERNEL);
	}
}
END_TEST

/* A page that marks every entry costs a turn more than its message's two dwords. */
START_TEST(sync_has_its_price)
{
	uint64_t *n = &guc_fn(&f->card, 0, 1)->h2g_messages, before;
	uint32_t dw[2] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_FAST_REQUEST, GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, 0),
		ID,
	};

	create();
	put(CGP_UPDATED, UINT32_MAX);
	put(CGP_UPDATED + 1, UINT32_MAX);
	before = *n;
	for (unsigned i = 0; i < 20; i++)
		fx_h2g_quiet(f, 1, 0, 0x8000, dw, 2);
	fx_doorbell(f, 1, 0);
	ck_assert_uint_ge(*n, before + 1);
	ck_assert_uint_lt(*n, before + 6);
	fx_run(f, 20);
	ck_assert_uint_eq(*n, before + 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-group");
	TCase *t = tcase_create("groups");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, register_and_sync);
	tcase_add_test(t, read_once);
	tcase_add_loop_test(t, register_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, sync_refused);
	tcase_add_loop_test(t, bad_page, 0, 4);
	tcase_add_test(t, page_gone);
	tcase_add_test(t, double_registration);
	tcase_add_test(t, limit);
	tcase_add_test(t, runs_all);
	tcase_add_test(t, same_entry);
	tcase_add_test(t, fault);
	tcase_add_test(t, migrated);
	tcase_add_test(t, dropped);
	tcase_add_test(t, not_the_same);
	tcase_add_test(t, sync_has_its_price);
	suite_add_tcase(s, t);
	return check_main(s);
}
