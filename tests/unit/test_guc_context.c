/* SPDX-License-Identifier: MIT */
/* Context actions (guc-abi 6.2 to 6.4, vf-lifecycle 1.3.6): registration and
 * its checks, enable and disable with their answers, policies, TLB answers. */
#include <check.h>

#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(1, NULL);
	fx_boot(f, 1, 0);
	fx_g2h_drain(f, 1, 0);
	lx_make(f, 1, 0, false);
	lx_make(f, 1, 1, false);
}

static void teardown(void)
{
	fx_free(f);
}

static struct guc_context *slot(uint32_t id)
{
	return guc_context(&f->card, 0, 1, id);
}

/* Send as REQUEST and give the reply's header. */
static uint32_t ask(uint32_t action, uint32_t *dw, unsigned n)
{
	lx_send(f, 1, HXG_REQUEST, action, dw, n);
	return fx_g2h(f, 1, 0).dw[0];
}

static uint32_t failure(uint32_t error)
{
	return hxg_failure(HXG_ORIGIN_GUC, error, 0);
}

/* C, verdict 14: a registration comes as REQUEST, FAST_REQUEST or EVENT; an
 * EVENT is never answered, not even when it is refused. */
START_TEST(test_register_types)
{
	uint32_t dw[12] = {
		[1] = 1, [2] = 3, [3] = GUC_CLASS_RENDER, [4] = 1,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};

	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	ck_assert(slot(3)->registered);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	dw[2] = 99;
	lx_send(f, 1, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	dw[2] = 4;
	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
	ck_assert(slot(4)->registered);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
	dw[2] = 5;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12),
			  hxg_success(HXG_ORIGIN_GUC, 0));
	ck_assert(slot(5)->registered);
}
END_TEST

/* What a registration may not say, and the error of each. */
static const struct {
	unsigned dword;
	uint32_t value, error;
} bad_plain[] = {
	{ 2, FX_VF_CONTEXTS, GUC_ERR_INVALID_CONTEXT_INDEX },
	{ 2, UINT32_MAX, GUC_ERR_INVALID_CONTEXT_INDEX },
	{ 1, 7, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 3, GUC_CLASS_COUNT, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 4, 0, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 9, 0x400, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 10, 0, GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 10, FX_VF_START(2), GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 10, FX_VF_START(1) + FX_MEM - 4096, GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 10, 0xFFFFF000, GUC_ERR_INVALID_GGTT_ADDRESS },
};

/* guc-abi 7.2: bad ids, classes and foreign LRCs are refused and leave no trace. */
START_TEST(test_register_refused)
{
	uint32_t dw[12] = {
		[1] = 1, [2] = 3, [3] = GUC_CLASS_RENDER, [4] = 1,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};

	dw[bad_plain[_i].dword] = bad_plain[_i].value;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12), failure(bad_plain[_i].error));
	ck_assert(!slot(3)->registered);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN),
			  bad_plain[_i].error == GUC_ERR_INVALID_GGTT_ADDRESS);
}
END_TEST

static const struct {
	unsigned dword;
	uint32_t value, error;
} bad_multi[] = {
	{ 2, FX_VF_CONTEXTS - 1, GUC_ERR_INVALID_CONTEXT_INDEX },
	{ 1, 1 | GUC_CTX_COMPRESSION_SAVE << 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 10, 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 10, LRC_MAX_WIDTH + 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 10, 3, GUC_ERR_ERROR_PROTOCOL },
	{ 9, 0, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 9, 0x10000, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 7, FX_VF_START(1) + 1, GUC_ERR_INVALID_CONTEXT_REGISTRATION },
	{ 5, FX_VF_START(2), GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 6, 1, GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 7, FX_VF_START(1) + FX_MEM - 512, GUC_ERR_INVALID_GGTT_ADDRESS },
	{ 13, FX_PF_START, GUC_ERR_INVALID_GGTT_ADDRESS },
};

/* The same for parallel contexts: width, work queue, each child. */
START_TEST(test_register_multi_refused)
{
	uint32_t dw[15] = {
		[1] = 1, [2] = 3, [3] = GUC_CLASS_VIDEO, [4] = 1,
		[5] = (uint32_t)fx_addr(f, 1, LX_WQ_DESC(0)),
		[7] = (uint32_t)fx_addr(f, 1, LX_WQ(0)),
		[9] = WQ_BYTES, [10] = 2,
		[11] = (uint32_t)fx_addr(f, 1, LX_BASE(0)),
		[13] = (uint32_t)fx_addr(f, 1, LX_BASE(1)),
	};

	dw[bad_multi[_i].dword] = bad_multi[_i].value;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC, dw, 15),
			  failure(bad_multi[_i].error));
	ck_assert(!slot(3)->registered);
}
END_TEST

/* guc-abi 6.3: a parallel context takes as many ids as it is wide. */
START_TEST(test_parallel_ids)
{
	lx_register_multi(f, 1, 4, 0, 2);
	ck_assert_uint_eq(slot(4)->width, 2);
	lx_register(f, 1, 5, 1, 1);
	ck_assert(!slot(5)->registered);
	lx_register(f, 1, 6, 1, 1);
	ck_assert(slot(6)->registered);
	lx_register_multi(f, 1, 3, 0, 2);
	ck_assert(!slot(3)->registered);
}
END_TEST

/* Verdict 5: an equal registration is kept silently, another one replaces it
 * only while it is not enabled. */
START_TEST(C_11_double_registration)
{
	uint32_t dw[12] = {
		[1] = 1, [2] = 3, [3] = GUC_CLASS_RENDER, [4] = 1,
		[10] = (uint32_t)fx_addr(f, 1, LX_BASE(0)) | LRC_DESC_KERNEL,
	};
	uint32_t other = (uint32_t)fx_addr(f, 1, LX_BASE(1)) | LRC_DESC_KERNEL;
	uint32_t fine = hxg_success(HXG_ORIGIN_GUC, 0);

	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12), fine);
	slot(3)->policy[0] = 77;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12), fine);
	ck_assert_uint_eq(slot(3)->policy[0], 77);
	dw[10] = other;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12), fine);
	ck_assert_uint_eq(slot(3)->lrc_desc[0], other);
	lx_mode(f, 1, 3, 1);
	lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12), fine);
	dw[3] = GUC_CLASS_COMPUTE;
	ck_assert_uint_eq(ask(GUC_ACTION_REGISTER_CONTEXT, dw, 12),
			  failure(GUC_ERR_CONTEXT_ALREADY_REGISTERED));
	ck_assert_uint_eq(slot(3)->engine_class, GUC_CLASS_RENDER);
}
END_TEST

/* guc-abi 3.7, 6.4: MODE_DONE has 4 dwords with header, and comes also when
 * the mode does not change. */
START_TEST(test_mode_always_answered)
{
	static const uint32_t modes[] = { 0, 1, 1, 0, 0 };

	lx_register(f, 1, 2, 0, 1);
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct fx_msg m;

		lx_mode(f, 1, 2, modes[i]);
		m = lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
		ck_assert_uint_eq(m.len, 3);
		ck_assert_uint_eq(m.dw[1], 2);
		ck_assert_uint_eq(m.dw[2], modes[i]);
		ck_assert_uint_eq(slot(2)->enabled, modes[i]);
	}
	ck_assert_uint_eq(fx_count(f, GUC_PT_CONTEXT), 3);
}
END_TEST

/* Errors of actions on contexts that aren't there or aren't meant so. */
START_TEST(test_unknown_context)
{
	uint32_t dw[12] = { 0, 7, 1 };

	ck_assert_uint_eq(ask(GUC_ACTION_SCHED_CONTEXT_MODE_SET, dw, 3),
			  failure(GUC_ERR_CONTEXT_NOT_REGISTERED));
	ck_assert_uint_eq(ask(GUC_ACTION_SCHED_CONTEXT, dw, 2),
			  failure(GUC_ERR_CONTEXT_NOT_REGISTERED));
	dw[2] = klv_header(GUC_KLV_CTX_EXECUTION_QUANTUM, 1);
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 4),
			  failure(GUC_ERR_CONTEXT_NOT_REGISTERED));
	lx_register(f, 1, 7, 0, 1);
	dw[2] = 2;
	ck_assert_uint_eq(ask(GUC_ACTION_SCHED_CONTEXT_MODE_SET, dw, 3),
			  failure(GUC_ERR_INVALID_PARAMS));
}
END_TEST

/* Verdict 4: DEREGISTER is answered by DEREGISTER_DONE of 3 dwords with header,
 * known id or not. */
START_TEST(C_16_deregister)
{
	static const uint32_t ids[] = { 2, 2, 9, 5000 };

	lx_register(f, 1, 2, 0, 1);
	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint32_t dw[2] = { 0, ids[i] };
		struct fx_msg m;

		lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_DEREGISTER_CONTEXT, dw, 2);
		m = fx_g2h(f, 1, 0);
		ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_DEREGISTER_CONTEXT_DONE);
		ck_assert_uint_eq(m.len, 2);
		ck_assert_uint_eq(m.dw[1], ids[i]);
		ck_assert(!slot(2)->registered);
	}
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* guc-abi 4.6: policies are KLVs of one dword; a bad list changes nothing. */
START_TEST(test_policies)
{
	uint32_t dw[6] = { 0, 2, klv_header(GUC_KLV_CTX_EXECUTION_QUANTUM, 1), 11,
			   klv_header(GUC_KLV_CTX_SLPM_GT_FREQUENCY, 1), CTX_FREQ_COMPUTE };

	lx_register(f, 1, 2, 0, 1);
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 6),
			  hxg_success(HXG_ORIGIN_GUC, 0));
	ck_assert_uint_eq(slot(2)->policy[0], 11);
	ck_assert_uint_eq(slot(2)->policy[4], CTX_FREQ_COMPUTE);
	dw[3] = 33;
	dw[4] = klv_header(0x2006, 1);
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 6),
			  failure(GUC_ERR_INVALID_KLV_KEY));
	dw[4] = klv_header(GUC_KLV_CTX_PREEMPTION_TIMEOUT, 2);
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 6),
			  failure(GUC_ERR_MALFORMED_KLV));
	dw[4] = klv_header(GUC_KLV_CTX_PREEMPTION_TIMEOUT, 0);
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 5),
			  failure(GUC_ERR_INVALID_KLV_DATA));
	ck_assert_uint_eq(slot(2)->policy[0], 11);
}
END_TEST

/* What each policy may be (guc-abi 4.6): the largest right value, and a wrong one. */
static const struct {
	uint32_t key, right, wrong;
} policies[] = {
	{ GUC_KLV_CTX_EXECUTION_QUANTUM, UINT32_MAX, 0 },
	{ GUC_KLV_CTX_PREEMPTION_TIMEOUT, UINT32_MAX, 0 },
	{ GUC_KLV_CTX_SCHEDULING_PRIORITY, 3, 4 },
	{ GUC_KLV_CTX_PREEMPT_TO_IDLE, 1, 2 },
	{ GUC_KLV_CTX_SLPM_GT_FREQUENCY, CTX_FREQ_COMPUTE, 1 },
	{ GUC_KLV_CTX_SLPM_GT_FREQUENCY, 0, 3u << 28 },
};

/* guc-abi 4.6: every policy is checked against its range; wrong ones leave what
 * was there. */
START_TEST(test_policy_ranges)
{
	uint32_t dw[4] = { 0, 2, klv_header(policies[_i].key, 1), policies[_i].right };
	unsigned at = policies[_i].key - GUC_KLV_CTX_EXECUTION_QUANTUM;

	lx_register(f, 1, 2, 0, 1);
	slot(2)->policy[at] = 99;
	if (policies[_i].wrong) {
		dw[3] = policies[_i].wrong;
		ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 4),
				  failure(GUC_ERR_INVALID_KLV_DATA));
		ck_assert_uint_eq(slot(2)->policy[at], 99);
	}
	dw[3] = policies[_i].right;
	ck_assert_uint_eq(ask(GUC_ACTION_UPDATE_CONTEXT_POLICIES, dw, 4),
			  hxg_success(HXG_ORIGIN_GUC, 0));
	ck_assert_uint_eq(slot(2)->policy[at], policies[_i].right);
}
END_TEST

/* guc-abi 6.2: each invalidation is answered once with its seqno, in order. */
START_TEST(test_tlb)
{
	static const struct {
		uint32_t action, op, len;
	} calls[] = {
		{ GUC_ACTION_TLB_INVALIDATION, 0x80000003, 3 },
		{ GUC_ACTION_TLB_INVALIDATION, GUC_TLB_PAGE_ASID, 7 },
		{ GUC_ACTION_TLB_INVALIDATION_ALL, 0x80000000, 3 },
	};
	uint32_t dw[7] = { 0 };

	for (uint32_t i = 0; i < 3; i++) {
		dw[1] = 100 + i;
		dw[2] = calls[i].op;
		lx_send(f, 1, HXG_FAST_REQUEST, calls[i].action, dw, calls[i].len);
	}
	for (uint32_t i = 0; i < 3; i++) {
		struct fx_msg m = fx_g2h(f, 1, 0);

		ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_TLB_INVALIDATION_DONE);
		ck_assert_uint_eq(m.len, 2);
		ck_assert_uint_eq(m.dw[1], 100 + i);
	}
	dw[2] = GUC_TLB_PAGE_ASID;
	ck_assert_uint_eq(ask(GUC_ACTION_TLB_INVALIDATION, dw, 3),
			  failure(GUC_ERR_ERROR_PROTOCOL));
	dw[2] = 9;
	ck_assert_uint_eq(ask(GUC_ACTION_TLB_INVALIDATION, dw, 3),
			  failure(GUC_ERR_INVALID_PARAMS));
}
END_TEST

/* guc-abi 6.2: what an operation word may say; ranges have an end. */
START_TEST(test_tlb_refused)
{
	static const struct {
		uint32_t op, len, range, error;
	} bad[] = {
		{ GUC_TLB_FULL, 7, 0, GUC_ERR_ERROR_PROTOCOL },
		{ GUC_TLB_FULL | 2u << 8, 3, 0, GUC_ERR_INVALID_PARAMS },
		{ GUC_TLB_FULL | 1u << 12, 3, 0, GUC_ERR_INVALID_PARAMS },
		{ GUC_TLB_PAGE_CONTEXT, 7, 53, GUC_ERR_INVALID_PARAMS },
		{ GUC_TLB_PAGE_CONTEXT, 6, 0, GUC_ERR_ERROR_PROTOCOL },
	};
	uint32_t dw[7] = { 0, 1, bad[_i].op, [6] = bad[_i].range };

	ck_assert_uint_eq(ask(GUC_ACTION_TLB_INVALIDATION, dw, bad[_i].len),
			  failure(bad[_i].error));
	ck_assert_uint_eq(fx_g2h(f, 1, 0).len, 0);
}
END_TEST

/* guc-abi 6.2: lite mode and intermediate seqnos are answered like any other. */
START_TEST(test_tlb_variants)
{
	uint32_t dw[7] = { 0, 0x100000, GUC_TLB_PAGE_CONTEXT | GUC_TLB_LITE << 8, 2, 0x1000, 0, 52 };

	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_TLB_INVALIDATION, dw, 7);
	ck_assert_uint_eq(lx_event(f, 1, GUC_ACTION_TLB_INVALIDATION_DONE).dw[1], 0x100000);
}
END_TEST

/* guc-abi 6.2, 10: page reclamation exists from ABI 1.14 on; its list lies in the
 * function's own range; its answer is credited, so exactly 2 dwords. */
START_TEST(test_page_reclamation)
{
	uint32_t dw[4] = { 0, 77, (uint32_t)fx_addr(f, 1, LX_DATA(0)), 0 };
	struct fx_msg m;

	lx_send(f, 1, HXG_FAST_REQUEST, GUC_ACTION_PAGE_RECLAMATION, dw, 4);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_PAGE_RECLAMATION_DONE);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_uint_eq(m.dw[1], 77);
	dw[2] |= 4;
	ck_assert_uint_eq(ask(GUC_ACTION_PAGE_RECLAMATION, dw, 4),
			  failure(GUC_ERR_INVALID_GGTT_ADDRESS));
	dw[2] = FX_VF_START(2);
	ck_assert_uint_eq(ask(GUC_ACTION_PAGE_RECLAMATION, dw, 4),
			  failure(GUC_ERR_INVALID_GGTT_ADDRESS));
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_GGTT_FOREIGN), 1);
	guc_fn(&f->card, 0, 1)->abi_minor = 13;
	ck_assert_uint_eq(ask(GUC_ACTION_PAGE_RECLAMATION, dw, 4),
			  failure(GUC_ERR_UNKNOWN_ACTION));
}
END_TEST

/* Contexts are the function's own: VF 2 can't see VF 1's id, nor the reset of
 * VF 2 drop it. */
START_TEST(test_isolation)
{
	lx_register(f, 1, 2, 0, 1);
	fx_boot(f, 2, 0);
	fx_g2h_drain(f, 2, 0);
	lx_mode(f, 2, 2, 1);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).dw[0], failure(GUC_ERR_CONTEXT_NOT_REGISTERED));
	ck_assert(!slot(2)->enabled);
	guc_contexts_drop(&f->card, 0, 2);
	ck_assert(slot(2)->registered);
	guc_contexts_drop(&f->card, 0, 1);
	ck_assert(!slot(2)->registered);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-context");
	TCase *t = tcase_create("contexts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_register_types);
	tcase_add_loop_test(t, test_register_refused, 0,
			    sizeof(bad_plain) / sizeof(bad_plain[0]));
	tcase_add_loop_test(t, test_register_multi_refused, 0,
			    sizeof(bad_multi) / sizeof(bad_multi[0]));
	tcase_add_test(t, test_parallel_ids);
	tcase_add_test(t, C_11_double_registration);
	tcase_add_test(t, test_mode_always_answered);
	tcase_add_test(t, test_unknown_context);
	tcase_add_test(t, C_16_deregister);
	tcase_add_test(t, test_policies);
	tcase_add_loop_test(t, test_policy_ranges, 0, sizeof(policies) / sizeof(policies[0]));
	tcase_add_loop_test(t, test_tlb_refused, 0, 5);
	tcase_add_test(t, test_tlb_variants);
	tcase_add_test(t, test_page_reclamation);
	tcase_add_test(t, test_tlb);
	tcase_add_test(t, test_isolation);
	suite_add_tcase(s, t);
	return check_main(s);
}
