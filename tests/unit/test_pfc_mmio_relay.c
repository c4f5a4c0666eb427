/* SPDX-License-Identifier: MIT */
/* The PF's older service over MMIO (pfclient/relay_service.c; guc-abi 5.6). */
#include "pfc_fixture.h"
#include "tests/check_main.h"

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
	ck_assert_uint_eq(fx.answer[3], 0x380D00);
	ck_assert_uint_eq(fx.answer[4], 0);
	ck_assert_uint_eq(fx.answer[5], 0x389140);
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
	Suite *s = suite_create("pfc_mmio_relay");
	TCase *tc = tcase_create("mmio_relay");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, mmio_services);
	tcase_add_test(tc, mmio_ggtt);
	suite_add_tcase(s, tc);
	return check_main(s);
}
