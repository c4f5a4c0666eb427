/* SPDX-License-Identifier: MIT */
/* What the PF answers its VFs (pfclient/relay_service.c, runtime_regs.c;
 * vf-lifecycle 7, guc-abi 5.6, 8.2): the rows Q of 6.6. */
#include "pfc_fixture.h"

/* Headers as they stand on the wire; ORIGIN is always the host. */
#define HEADER(type, aux) ((uint32_t)(type) << 28 | (aux))
#define CALL(type, action, data0) HEADER(type, (uint32_t)(data0) << 16 | (action))
#define REQUEST(action, data0) CALL(HXG_REQUEST, action, data0)
#define SUCCESS(data0) HEADER(HXG_SUCCESS, data0)
#define FAILURE(e) HEADER(HXG_FAILURE, (uint32_t)(e) << 16 | (e))

/* A relay message of `vf` through GT `gt`; the answer is in fx.answer. */
static void relay(unsigned gt, uint32_t vf, uint32_t id, const uint32_t *msg, uint32_t len)
{
	uint32_t dw[255] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0), vf,
			     id };

	memcpy(dw + 3, msg, len * 4);
	fx.answer_len = 0;
	fx_send(gt, 0, dw, 3 + len);
	fx_run(1000);
}

static void ask(unsigned gt, uint32_t vf, uint32_t dw0, uint32_t dw1, uint32_t len)
{
	const uint32_t msg[4] = { dw0, dw1, 0, 0 };

	relay(gt, vf, 0x1234, msg, len);
	ck_assert_uint_ge(fx.answer_len, 4);
	ck_assert_uint_eq(fx.answer[0] & HXG_ACTION, GUC_ACTION_RELAY_TO_VF);
	ck_assert_uint_eq(fx.answer[1], vf);
	ck_assert_uint_eq(fx.answer[2], 0x1234);
}

static void handshake(unsigned vf)
{
	ask(0, vf, REQUEST(RELAY_VF2PF_HANDSHAKE, 0), 1 << 16, 2);
	ck_assert_uint_eq(fx.answer[3], SUCCESS(0));
}

static const struct {
	uint32_t len, mbz, version;
	uint32_t answer, agreed;
} handshakes[] = {
	{ 1, 0, 0x10000, FAILURE(EMSGSIZE), 0 },
	{ 3, 0, 0x10000, FAILURE(EMSGSIZE), 0 },
	{ 2, 1, 0x10000, FAILURE(EPFNOSUPPORT), 0 },
	{ 2, 0xFFF, 0x10000, FAILURE(EPFNOSUPPORT), 0 },
	{ 2, 0, 0, SUCCESS(0), 0x10000 },
	{ 2, 0, 0x20000, SUCCESS(0), 0x10000 },
	{ 2, 0, 0xFFFF0007, SUCCESS(0), 0x10000 },
	{ 2, 0, 0x00001, FAILURE(EPERM), 0 },
	{ 2, 0, 0x0FFFF, FAILURE(EPERM), 0 },
	{ 2, 0, 0x10000, SUCCESS(0), 0x10000 },
	{ 2, 0, 0x10005, SUCCESS(0), 0x10000 },
};

START_TEST(handshake_rows)
{
	/* 7.3, every row: what is agreed is stored for the device, a failure of the
	 * negotiation forgets it. */
	ask(1, 2, REQUEST(RELAY_VF2PF_HANDSHAKE, handshakes[_i].mbz), handshakes[_i].version,
	    handshakes[_i].len);
	ck_assert_uint_eq(fx.answer[3], handshakes[_i].answer);
	ck_assert_uint_eq(fx.answer_len, handshakes[_i].agreed ? 5 : 4);
	if (handshakes[_i].agreed)
		ck_assert_uint_eq(fx.answer[4], handshakes[_i].agreed);
	ck_assert_uint_eq(fx_info(2).relay_major, handshakes[_i].agreed >> 16);
	ck_assert_uint_eq(fx.relay_code, RELAY_VF2PF_HANDSHAKE);
	ck_assert_int_eq(fx.relay_err == 0, handshakes[_i].agreed != 0);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
}
END_TEST

START_TEST(handshake_forgotten)
{
	/* 7.3: a failing negotiation and an FLR reset what was agreed. */
	handshake(1);
	ask(0, 1, REQUEST(RELAY_VF2PF_HANDSHAKE, 0), 5, 2);
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
	handshake(1);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ask(0, 1, REQUEST(RELAY_VF2PF_QUERY_RUNTIME, 0), 0, 2);
	ck_assert_uint_eq(fx.answer[3], FAILURE(EACCES));
}
END_TEST

static uint32_t many[300][2];

static void start_with_runtime(uint32_t n)
{
	struct pfc_options o;

	fx_options(&o);
	for (uint32_t i = 0; i < 300; i++) {
		many[i][0] = 0x1000 + 4 * i;
		many[i][1] = 0xCAFE0000 + i;
	}
	o.runtime = (const uint32_t(*)[2])many;
	o.runtime_n = n;
	fx_start_with(&o, false);
}

static const struct {
	uint32_t size, limit, start, len;
	int err;
	uint32_t count, remaining;
} queries[] = {
	{ 20, 0, 0, 2, 0, 20, 0 },      { 20, 16, 0, 2, 0, 16, 4 },   { 20, 16, 16, 2, 0, 4, 0 },
	{ 20, 1, 19, 2, 0, 1, 0 },      { 20, 0, 20, 2, 0, 0, 0 },
	{ 20, 0, 21, 2, ERANGE, 0, 0 },
	{ 20, 0, UINT32_MAX, 2, ERANGE, 0, 0 },
	{ 300, 0, 0, 2, 0, 125, 175 },  { 300, 0xFFF, 100, 2, 0, 125, 75 },
	{ 300, 125, 250, 2, 0, 50, 0 }, { 0, 0, 0, 2, 0, 0, 0 },
	{ 20, 0, 0, 3, EMSGSIZE, 0, 0 }, { 20, 0, 0, 1, EPROTO, 0, 0 },
};

START_TEST(query_rows)
{
	/* 7.4, every row: LIMIT, START and the 125 pairs that an answer can hold. */
	start_with_runtime(queries[_i].size);
	handshake(1);
	ask(0, 1, REQUEST(RELAY_VF2PF_QUERY_RUNTIME, queries[_i].limit), queries[_i].start,
	    queries[_i].len);
	if (queries[_i].err) {
		ck_assert_uint_eq(fx.answer[3], FAILURE((uint32_t)queries[_i].err));
		return;
	}
	ck_assert_uint_eq(fx.answer[3], SUCCESS(queries[_i].count));
	ck_assert_uint_eq(fx.answer_len, 3 + 2 + 2 * queries[_i].count);
	ck_assert_uint_eq(fx.answer[4], queries[_i].remaining);
	for (uint32_t i = 0; i < queries[_i].count; i++) {
		ck_assert_uint_eq(fx.answer[5 + 2 * i], 0x1000 + 4 * (queries[_i].start + i));
		ck_assert_uint_eq(fx.answer[6 + 2 * i], 0xCAFE0000 + queries[_i].start + i);
	}
}
END_TEST

START_TEST(query_needs_handshake)
{
	/* 7.4: EACCES before anything else, also before the length. */
	for (uint32_t len = 1; len <= 3; len++) {
		ask(0, 3, REQUEST(RELAY_VF2PF_QUERY_RUNTIME, 0), 0, len);
		ck_assert_uint_eq(fx.answer[3], FAILURE(EACCES));
	}
}
END_TEST

static const struct {
	uint32_t version, count;
} lists[] = {
	{ 1200, 7 }, { 1255, 8 }, { 1260, 8 }, { 1270, 10 }, { 1274, 10 }, { 2000, 13 },
	{ 2004, 13 }, { 3000, 14 }, { 3005, 14 }, { 3500, 15 }, { 1250, 0 },
};

START_TEST(runtime_lists)
{
	/* 7.5: each platform has its list, ascending; GuC's media GT reports offsets
	 * below 0x40000 with +0x380000. */
	struct pfc_options o;

	fx_options(&o);
	o.graphics_ver = lists[_i].version;
	o.vf_stride = REG_VF_STRIDE;
	fx_start_with(&o, false);
	handshake(1);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		uint32_t last = 0;

		ask(gt, 1, REQUEST(RELAY_VF2PF_QUERY_RUNTIME, 16), 0, 2);
		ck_assert_uint_eq(fx.answer[3], SUCCESS(lists[_i].count));
		ck_assert_uint_eq(fx.answer[4], 0);
		for (uint32_t i = 0; i < lists[_i].count; i++) {
			uint32_t off = fx.answer[5 + 2 * i];

			ck_assert_uint_gt(off, last);
			ck_assert(gt ? off >= 0x380000 + 0xD00 : off < 0x40000);
			last = off;
		}
		if (lists[_i].count)
			ck_assert_uint_eq(fx.answer[6], 0x16); /* RPM_CONFIG0 */
	}
}
END_TEST

static const struct {
	uint32_t dw0;
	int err;
} others[] = {
	{ REQUEST(RELAY_TESTLOOP, 0xE), ECONNREFUSED },
	{ REQUEST(0x0102, 0), EOPNOTSUPP },
	{ REQUEST(0xFFFF, 7), EOPNOTSUPP },
	/* 7.2: only a REQUEST is served; the others are told so as well. */
	{ CALL(HXG_EVENT, RELAY_VF2PF_HANDSHAKE, 0), EOPNOTSUPP },
	{ CALL(HXG_FAST_REQUEST, RELAY_VF2PF_HANDSHAKE, 0), EOPNOTSUPP },
};

START_TEST(other_actions)
{
	/* 7.2: the dispatch; a PF that is not for debugging hides why. */
	struct pfc_options o;

	ask(0, 1, others[_i].dw0, 1 << 16, 2);
	ck_assert_uint_eq(fx.answer[3], FAILURE((uint32_t)others[_i].err));
	ck_assert_uint_eq(fx_info(1).relay_major, 0);
	fx_options(&o);
	o.disclose_errors = false;
	fx_start_with(&o, false);
	ask(0, 1, others[_i].dw0, 1 << 16, 2);
	ck_assert_uint_eq(fx.answer[3], FAILURE(0));
	ck_assert_int_eq(fx.relay_err, -others[_i].err);
}
END_TEST

static const struct {
	uint32_t data0, vf, dw0, len;
} dropped[] = {
	{ 1, 1, REQUEST(1, 0), 2 },                                   /* carrier's DATA0 */
	{ 0, FX_VFS + 1, REQUEST(1, 0), 2 },                          /* VFID > total */
	{ 0, 0, REQUEST(1, 0), 2 },                                   /* this driver itself */
	{ 0, UINT32_MAX, REQUEST(1, 0), 2 },
	{ 0, 1, 0, 0 },                                               /* empty */
	{ 0, 1, REQUEST(1, 0) | HXG_ORIGIN, 2 },                      /* ORIGIN GuC */
	{ 0, 1, HEADER(HXG_TYPE_UNASSIGNED, 1), 2 },
	{ 0, 1, HEADER(HXG_SUCCESS, 0), 2 },                   /* replies to nothing */
	{ 0, 1, HEADER(HXG_FAILURE, 0), 1 },
	{ 0, 1, HEADER(HXG_BUSY, 0), 1 },
	{ 0, 1, HEADER(HXG_RETRY, 0), 1 },
};

START_TEST(receiver_checks)
{
	/* guc-abi 8.2: what fails a check is counted, never answered. */
	uint32_t dw[5] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF,
				    dropped[_i].data0),
			   dropped[_i].vf, 1, dropped[_i].dw0, 1 << 16 };

	fx_send(0, 0, dw, 3 + dropped[_i].len);
	fx_run(1000);
	ck_assert_uint_eq(fx.answer_len, 0);
	ck_assert_uint_eq(fx.relayed, 0);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 1);
	ck_assert_int_eq(fx.pfc->gt[0].ct.state, HOST_CT_ON);
}
END_TEST

START_TEST(short_carrier)
{
	/* guc-abi 8.2, row 3: a carrier under three dwords is dropped. */
	uint32_t dw[2] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0), 1 };

	fx_send(0, 0, dw, 1 + _i);
	fx_run(1000);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 1);
}
END_TEST

START_TEST(longest)
{
	/* 7.1: a message of 252 dwords is taken; it is only too long for its service. */
	uint32_t msg[RELAY_MAX_DWORDS] = { REQUEST(RELAY_VF2PF_HANDSHAKE, 0) };

	relay(0, 1, 9, msg, RELAY_MAX_DWORDS);
	ck_assert_uint_eq(fx.answer_len, 4);
	ck_assert_uint_eq(fx.answer[3], FAILURE(EMSGSIZE));
}
END_TEST

START_TEST(in_order)
{
	/* 7.1: requests wait while H2G is full and are answered in order; beyond the
	 * queue they are dropped and counted. */
	const uint32_t msg[2] = { REQUEST(RELAY_VF2PF_HANDSHAKE, 0), 1 << 16 };
	unsigned answered;

	fx.stuck = true;
	for (uint32_t i = 1; i <= 400; i++)
		relay(0, 1 + i % 3, i, msg, 2);
	answered = fx.relayed;
	ck_assert_uint_lt(answered, 400 - PFC_RELAY_QUEUE);
	ck_assert_uint_eq(fx.pfc->gt[0].ct.bad_events, 400 - answered - PFC_RELAY_QUEUE);
	fx.stuck = false;
	fx_serve_ring(0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.relayed, answered + PFC_RELAY_QUEUE);
	ck_assert_uint_eq(fx.answer[2], answered + PFC_RELAY_QUEUE);
}
END_TEST

/* --- the older service over MMIO --------------------------------------------------- */

#define MAGIC 0xA

static void mmio(uint32_t vf, uint32_t opcode, uint32_t d1, uint32_t d2, uint32_t d3)
{
	const uint32_t dw[6] = {
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_MMIO_RELAY_FROM_VF, 0), vf,
		field_put(MMIO_RELAY_MAGIC, MAGIC) | field_put(MMIO_RELAY_OPCODE, opcode),
		d1, d2, d3
	};

	fx.answer_len = 0;
	fx_send(1, 0, dw, 6);
	fx_run(1000);
	ck_assert(fx.answer_len == 3 || fx.answer_len == 6);
	ck_assert_uint_eq(fx.answer[1], vf);
	ck_assert_uint_eq(field_get(MMIO_RELAY_MAGIC, fx.answer[2]), MAGIC);
	ck_assert_uint_eq(hxg_action(fx.answer[0]), fx.answer_len == 6 ?
				  GUC_ACTION_MMIO_RELAY_SUCCESS : GUC_ACTION_MMIO_RELAY_FAILURE);
}

static void ck_fault(uint32_t fault)
{
	ck_assert_uint_eq(fx.answer_len, 3);
	ck_assert_uint_eq(field_get(MMIO_RELAY_FAULT, fx.answer[2]), fault);
}

START_TEST(mmio_services)
{
	/* guc-abi 5.6: handshake and runtime registers over MMIO, with their faults. */
	mmio(1, GUC_MMIO_RELAY_HANDSHAKE, 1 << 16, 0, 0);
	ck_assert_uint_eq(fx.answer_len, 6);
	ck_assert_uint_eq(fx.answer[3], 1 << 16);
	mmio(1, GUC_MMIO_RELAY_HANDSHAKE, 1 << 16, 1, 0);
	ck_fault(EPROTO);
	mmio(2, GUC_MMIO_RELAY_GET_RUNTIME, 0x380D00, 0, 0x389140);
	ck_assert_uint_eq(fx.answer_len, 6);
	ck_assert_uint_eq(fx.answer[3], 0x16);
	ck_assert_uint_eq(fx.answer[4], 0);
	ck_assert_uint_eq(fx.answer[5], 0x00010001);
	mmio(2, GUC_MMIO_RELAY_GET_RUNTIME, 0, 0, 0);
	ck_fault(EINVAL);
	mmio(2, GUC_MMIO_RELAY_GET_RUNTIME, 0x380D00, 0xD00, 0);
	ck_fault(EACCES);
	mmio(2, 0x77, 0, 0, 0);
	ck_fault(EOPNOTSUPP);
}
END_TEST

START_TEST(mmio_ggtt)
{
	/* guc-abi 5.6: UPDATE_GGTT writes with the VF's own VFID, inside its region. */
	struct pfc_vf_info info;
	uint64_t *pte;
	uint32_t last;

	fx_provision(2);
	info = fx_info(2);
	pte = fx.ggtt + info.ggtt_start / 4096;
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, 3 << 12 | 1 << 10 | 4, 0x80000000 | 7 << 2 | 1, 1);
	ck_assert_uint_eq(fx.answer_len, 6);
	ck_assert_uint_eq(field_get(MMIO_RELAY_DATA0, fx.answer[2]), 5);
	ck_assert_uint_eq(pte[2], 2u << 2 | 1);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(pte[3 + i], 0x180000000ull + 4096 * i + (2u << 2 | 1));
	ck_assert_uint_eq(pte[8], 2u << 2 | 1);
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, 100 << 12 | 1, 0x5001, 0);
	ck_assert_uint_eq(pte[100], 0x5001 | 2 << 2);
	ck_assert_uint_eq(pte[101], 0x5001 | 2 << 2);
	last = (uint32_t)(info.ggtt_size / 4096 - 1) << 12;
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, last, 0x5001, 0);
	ck_assert_uint_eq(fx.answer_len, 6);
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, last | 1, 0x5001, 0);
	ck_fault(EINVAL);
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, 0xFFFFF000, 1, 0);
	ck_fault(EINVAL);
	mmio(2, GUC_MMIO_RELAY_UPDATE_GGTT, 1 << 10 | 1, 0xFFFFF001, 0x000FFFFF);
	ck_fault(EINVAL);
	mmio(1, GUC_MMIO_RELAY_UPDATE_GGTT, 0, 1, 0);
	ck_fault(EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_relay");
	TCase *tc = tcase_create("relay");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_loop_test(tc, handshake_rows, 0, sizeof(handshakes) / sizeof(handshakes[0]));
	tcase_add_test(tc, handshake_forgotten);
	tcase_add_loop_test(tc, query_rows, 0, sizeof(queries) / sizeof(queries[0]));
	tcase_add_test(tc, query_needs_handshake);
	tcase_add_loop_test(tc, runtime_lists, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_loop_test(tc, other_actions, 0, sizeof(others) / sizeof(others[0]));
	tcase_add_loop_test(tc, receiver_checks, 0, sizeof(dropped) / sizeof(dropped[0]));
	tcase_add_loop_test(tc, short_carrier, 0, 2);
	tcase_add_test(tc, longest);
	tcase_add_test(tc, in_order);
	tcase_add_test(tc, mmio_services);
	tcase_add_test(tc, mmio_ggtt);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
