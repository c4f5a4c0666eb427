/* SPDX-License-Identifier: MIT */
/* VGT policies, scheduler groups and thresholds with their adverse events
 * (guc-abi 4.2, 4.5, 5.3, 5.5; 12 items 33 and 34). */
#include <check.h>
#include <errno.h>

#include "emulator/guc/core.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

#define MS 1000000ull

static struct fx *f;

static void setup(void)
{
	f = fx_new_ready(2, NULL);
	fx_boot(f, 1, 0);
	lx_make(f, 1, 0, false);
	fx_g2h_drain(f, 0, 0);
}

static void teardown(void)
{
	fx_free(f);
}

static const struct guc_config *config(unsigned vf)
{
	return &guc_fn(&f->card, 0, vf)->config;
}

/* UPDATE_VGT_POLICY with this list: KLVs applied. */
static uint32_t policy(const uint32_t *list, uint32_t n)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_VGT_POLICY, FX_PF_START + FX_LIST, 0, n };

	memcpy(&f->mem[0][FX_LIST], list, n * sizeof(list[0]));
	return fx_pf(f, 0, dw, 4) & HXG_SUCCESS_DATA0;
}

static uint32_t policy32(uint32_t key, uint32_t value)
{
	const uint32_t list[2] = { klv_header(key, 1), value };

	return policy(list, 2);
}

static uint32_t query(unsigned vf, unsigned gt, uint32_t key)
{
	const uint32_t dw[2] = { GUC_ACTION_QUERY_SINGLE_KLV, key };
	uint32_t reply[4];

	ck_assert_uint_eq(fx_mbox(f, vf, gt, dw, 2, reply), 0xF0000001);
	return reply[1];
}

/* --- policies ---------------------------------------------------------------------- */

/* Every policy key: too short, too long, smallest, largest, beyond. */
START_TEST(every_key)
{
	unsigned n = 0;

	for (size_t i = 0; guc_klv_row(i); i++) {
		const struct guc_klv_row *row = guc_klv_row(i);
		uint32_t list[2 + 128] = { 0 };

		if (row->via != GUC_KLV_VIA_VGT_POLICY)
			continue;
		n++;
		list[0] = klv_header(row->key, row->min_len);
		ck_assert_uint_eq(policy(list, 1 + row->min_len), 1);
		if (row->min_len) {
			list[0] = klv_header(row->key, row->min_len - 1u);
			ck_assert_uint_eq(policy(list, row->min_len), 0);
		}
		list[0] = klv_header(row->key, row->max_len + 1u);
		ck_assert_uint_eq(policy(list, 2 + row->max_len), 0);
		if (row->max_len != 1)
			continue;
		ck_assert_uint_eq(policy32(row->key, (uint32_t)row->max), 1);
		if (row->max < UINT32_MAX)
			ck_assert_uint_eq(policy32(row->key, (uint32_t)row->max + 1), 0);
	}
	ck_assert_uint_eq(n, 4);
}
END_TEST

/* 0x8001: the priority of everybody, the PF too, on this GuC; a VF's own key
 * changes it again. */
START_TEST(sched_if_idle)
{
	const uint32_t high[2] = { klv_header(GUC_KLV_VF_SCHED_PRIORITY, 1), 2 };

	for (unsigned fn = 0; fn <= 2; fn++)
		ck_assert_uint_eq(config(fn)->sched_priority, 0);
	ck_assert_uint_eq(policy32(GUC_KLV_VGT_SCHED_IF_IDLE, 1), 1);
	for (unsigned fn = 0; fn <= 2; fn++)
		ck_assert_uint_eq(config(fn)->sched_priority, 1);
	ck_assert_uint_eq(guc_fn(&f->card, 1, 1)->config.sched_priority, 0);
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 2, high, 2), 0xF0000001);
	ck_assert_uint_eq(config(2)->sched_priority, 2);
	ck_assert_uint_eq(config(1)->sched_priority, 1);
	ck_assert_uint_eq(policy32(GUC_KLV_VGT_SCHED_IF_IDLE, 0), 1);
	ck_assert_uint_eq(config(2)->sched_priority, 0);
}
END_TEST

/* What guc_gt_info() says is what the PF set, of each GuC by itself. */
START_TEST(looking_in)
{
	const uint32_t list[] = { 0x80010001, 1, 0x80020001, 500, 0x8D000001, 1 };
	struct guc_gt_info info;

	ck_assert_uint_eq(policy(list, 6), 3);
	ck_assert_int_eq(guc_gt_info(&f->card, 0, &info), 0);
	ck_assert_uint_eq(info.sched_if_idle, 1);
	ck_assert_uint_eq(info.sample_period_ms, 500);
	ck_assert_uint_eq(info.reset_after_switch, 1);
	ck_assert(info.vfs_enabled);
	ck_assert_int_eq(guc_gt_info(&f->card, 1, &info), 0);
	ck_assert_uint_eq(info.sched_if_idle + info.sample_period_ms + info.reset_after_switch, 0);
	ck_assert_int_eq(guc_gt_info(&f->card, 2, &info), -ENODEV);
}
END_TEST

/* --- scheduler groups ------------------------------------------------------------------ */

/* Key 0x8004 with `n` groups; group g has the engines that masks[g] says, of the
 * blitter class, and the render engine is group 0's. */
static uint32_t groups(uint32_t n, const uint32_t *masks)
{
	uint32_t list[1 + 9 * GUC_GROUP_DWORDS] = { klv_header(GUC_KLV_VGT_ENGINE_GROUP_CONFIG,
							      n * GUC_GROUP_DWORDS) };

	for (uint32_t g = 0; g < n; g++) {
		list[1 + g * GUC_GROUP_DWORDS + GUC_CLASS_BLITTER] = masks[g];
		list[1 + g * GUC_GROUP_DWORDS + GUC_CLASS_RENDER] = g == 0;
	}
	return policy(list, 1 + n * GUC_GROUP_DWORDS);
}

/* guc-abi 12, item 34: a running VF reads 1 for key 0x3001 from when groups are
 * on, on that GuC, and 0 from when they are off. */
START_TEST(groups_seen)
{
	const uint32_t masks[2] = { 1, 2 };

	ck_assert_uint_eq(query(1, 0, 0x3001), 0);
	ck_assert_uint_eq(groups(2, masks), 1);
	ck_assert_uint_eq(query(1, 0, 0x3001), 1);
	ck_assert_uint_eq(query(2, 0, 0x3001), 1);
	ck_assert_uint_eq(query(1, 1, 0x3001), 0);
	ck_assert_uint_eq(groups(0, NULL), 1);
	ck_assert_uint_eq(query(1, 0, 0x3001), 0);
}
END_TEST

/* More groups than this firmware has, a piece of a group, an engine in two groups:
 * bad KLVs, and the groups are what they were. */
START_TEST(groups_refused)
{
	const uint32_t good[2] = { 1, 2 }, twice[2] = { 3, 2 }, three[3] = { 1, 2, 4 };
	uint32_t odd[1 + GUC_GROUP_DWORDS + 1] = {
		klv_header(GUC_KLV_VGT_ENGINE_GROUP_CONFIG, GUC_GROUP_DWORDS + 1),
	};

	ck_assert_uint_eq(groups(2, good), 1);
	ck_assert_uint_eq(groups(2, twice), 0);
	ck_assert_uint_eq(groups(3, three), 0);
	ck_assert_uint_eq(policy(odd, GUC_GROUP_DWORDS + 2), 0);
	odd[0] = klv_header(GUC_KLV_VGT_ENGINE_GROUP_CONFIG, GUC_GROUP_DWORDS - 1);
	ck_assert_uint_eq(policy(odd, GUC_GROUP_DWORDS), 0);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->groups, 2);
	ck_assert_uint_eq(guc_unit(&f->card, 0)->group_mask[1][GUC_CLASS_BLITTER], 2);
}
END_TEST

/* An engine in no group runs nothing, and goes on when it is in one again. LRC 0 is
 * a context of copy engine 0. */
START_TEST(unlisted_engine)
{
	const uint32_t without[1] = { 2 }, with[2] = { 2, 1 };

	lx_register(f, 1, 3, 0, 1);
	lx_mode(f, 1, 3, 1);
	fx_run(f, 10);
	guc_context(&f->card, 0, 1, 3)->engine_class = GUC_CLASS_BLITTER;
	guc_context(&f->card, 0, 1, 3)->submit_mask = 1;
	ck_assert_uint_eq(groups(1, without), 1);
	lx_emit_store(f, 1, 0, LX_DATA(0), 77);
	lx_sched(f, 1, 3);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 0);
	ck_assert_uint_eq(_i ? groups(2, with) : groups(0, NULL), 1);
	fx_run(f, 10);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(0)), 77);
}
END_TEST

/* With a parallel context anywhere on the GuC groups are counted as applied and
 * ignored; with groups on no parallel context is registered. */
START_TEST(groups_and_parallel)
{
	const uint32_t masks[2] = { 1, 2 };

	lx_make(f, 1, 1, false);
	if (_i == 0) {
		lx_register_multi(f, 1, 4, 0, 2);
		ck_assert(guc_context(&f->card, 0, 1, 4)->registered);
		ck_assert_uint_eq(groups(2, masks), 1);
		ck_assert_uint_eq(query(1, 0, 0x3001), 0);
	} else {
		ck_assert_uint_eq(groups(2, masks), 1);
		lx_register_multi(f, 1, 4, 0, 2);
		ck_assert(!guc_context(&f->card, 0, 1, 4)->registered);
	}
}
END_TEST

/* Keys 0x8A01 and 0x8A02 are for all groups; 0x8A0E and 0x8A0F have one value for
 * each and set those that they leave out to 0; values are cut each by itself. */
START_TEST(group_quanta)
{
	const uint32_t all[] = { 0x8A010001, 16, 0x8A020001, 16000 };
	const uint32_t each[] = { 0x8A0E0003, 10, 0, 100001, 0x8A0F0002, 100000001, 7 };
	const uint32_t quanta[8] = { 10, 0, 100000 }, timeouts[8] = { 100000000, 7 };
	struct guc_vf_info info;

	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, all, 4), 0xF0000002);
	for (unsigned g = 0; g < 8; g++) {
		ck_assert_uint_eq(config(1)->exec_quantum_ms[g], 16);
		ck_assert_uint_eq(config(1)->preempt_timeout_us[g], 16000);
	}
	ck_assert_uint_eq(fx_vf_cfg(f, 0, 1, each, 7), 0xF0000002);
	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &info), 0);
	ck_assert_mem_eq(info.group_quantum_ms, quanta, sizeof(quanta));
	ck_assert_mem_eq(info.group_timeout_us, timeouts, sizeof(timeouts));
	ck_assert_uint_eq(config(2)->exec_quantum_ms[0], 0);
}
END_TEST

/* --- thresholds -------------------------------------------------------------------------- */

static void threshold(unsigned vf, enum guc_threshold t, uint32_t value)
{
	const uint32_t list[2] = { klv_header(guc_threshold_key(t), 1), value };

	ck_assert_uint_eq(fx_vf_cfg(f, 0, vf, list, 2), 0xF0000001);
}

/* Context 3 of VF 1, killed or not, can be killed again. */
static void revive(void)
{
	lx_register(f, 1, 3, 0, 1);
	guc_context(&f->card, 0, 1, 3)->killed = 0;
	guc_context(&f->card, 0, 1, 3)->faulted = 0;
}

/* What a VF does that counts towards threshold t, once. */
static void misbehave(enum guc_threshold t)
{
	struct guc_mishap m = { .context = 3 };
	uint32_t dw[2] = { 0, 3 };

	switch (t) {
	case GUC_THRESHOLD_CAT_ERR:
	case GUC_THRESHOLD_ENGINE_RESET:
	case GUC_THRESHOLD_PAGE_FAULT:
		revive();
		m.kind = t == GUC_THRESHOLD_CAT_ERR ? GUC_MISHAP_CAT_ERROR :
			 t == GUC_THRESHOLD_PAGE_FAULT ? GUC_MISHAP_PAGE_FAULT : GUC_MISHAP_HANG;
		ck_assert_int_eq(guc_mishap(&f->card, 1, 0, &m), 0);
		break;
	case GUC_THRESHOLD_H2G_STORM:
		lx_send(f, 1, HXG_EVENT, GUC_ACTION_SCHED_CONTEXT, dw, 2);
		break;
	case GUC_THRESHOLD_IRQ_STORM:
		guc_raise(&f->card, 0, 1, GUC_IRQ_GUC2HOST);
		guc_irq_flush(&f->card);
		break;
	case GUC_THRESHOLD_DOORBELL_STORM:
		fx_doorbell(f, 1, 0);
		break;
	case GUC_THRESHOLD_MULTI_LRC_COUNT:
		lx_register_multi(f, 1, 4, 0, 2);
		break;
	case GUC_THRESHOLD_COUNT:
		ck_abort();
	}
	fx_g2h_drain(f, 1, 0);
}

/* ADVERSE_EVENTs that the PF got since the last call; each is VF 1's of t. */
static unsigned adverse(enum guc_threshold t)
{
	unsigned n = 0;

	for (struct fx_msg m = fx_g2h(f, 0, 0); m.len; m = fx_g2h(f, 0, 0)) {
		ck_assert_uint_eq(m.len, 3);
		ck_assert_uint_eq(m.dw[0], 0x90000000 | GUC_ACTION_ADVERSE_EVENT);
		ck_assert_uint_eq(m.dw[1], 1);
		ck_assert_uint_eq(m.dw[2], guc_threshold_key(t));
		n++;
	}
	return n;
}

/* guc-abi 12, item 33: told when the count grows beyond the threshold, once a
 * sample period, and again in the next. Every key. */
START_TEST(adverse_every_key)
{
	enum guc_threshold t = (enum guc_threshold)_i;
	struct guc_vf_info info;

	ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
	threshold(1, t, 2);
	for (unsigned period = 0; period < 3; period++) {
		guc_tick(&f->card, period * 10 * MS);
		misbehave(t);
		misbehave(t);
		ck_assert_uint_eq(adverse(t), 0);
		misbehave(t);
		ck_assert_uint_eq(adverse(t), 1);
		guc_tick(&f->card, (period + 1) * 10 * MS - 1);
		misbehave(t);
		ck_assert_uint_eq(adverse(t), 0);
	}
	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &info), 0);
	ck_assert_uint_eq(info.threshold[t], 2);
	ck_assert_uint_eq(info.adverse[t].count, 4);
	ck_assert_uint_eq(info.adverse[t].events, 3);
	guc_tick(&f->card, 30 * MS);
	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &info), 0);
	ck_assert_uint_eq(info.adverse[t].count, 0);
	ck_assert_uint_eq(info.adverse[t].events, 3);
}
END_TEST

/* Nothing is counted without a sample period, without a threshold, of another VF,
 * or of the PF. */
START_TEST(adverse_off)
{
	struct guc_vf_info info;

	switch (_i) {
	case 0:
		threshold(1, GUC_THRESHOLD_DOORBELL_STORM, 1);
		break;
	case 1:
		ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
		break;
	case 2:
		ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
		threshold(2, GUC_THRESHOLD_DOORBELL_STORM, 1);
		threshold(0, GUC_THRESHOLD_DOORBELL_STORM, 1);
		break;
	case 3:
		ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
		threshold(1, GUC_THRESHOLD_DOORBELL_STORM, 1);
		ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 0), 1);
		break;
	}
	for (unsigned i = 0; i < 10; i++) {
		fx_doorbell(f, 1, 0);
		fx_doorbell(f, 0, 0);
	}
	ck_assert_uint_eq(adverse(GUC_THRESHOLD_DOORBELL_STORM), 0);
	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &info), 0);
	ck_assert_uint_eq(info.adverse[GUC_THRESHOLD_DOORBELL_STORM].count, 0);
}
END_TEST

/* Counts begin anew when their threshold or the period is set, and when the VF is
 * reset by the PF or loses its configuration; not by the VF's own reset. */
START_TEST(adverse_reset)
{
	static const enum guc_threshold t = GUC_THRESHOLD_DOORBELL_STORM;
	const uint32_t gone[5] = { GUC_ACTION_UPDATE_VF_CFG, 1 };
	const uint32_t reset = GUC_ACTION_VF_RESET;
	struct guc_vf_info info;

	ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
	threshold(1, t, 3);
	for (unsigned i = 0; i < 5; i++)
		fx_doorbell(f, 1, 0);
	ck_assert_uint_eq(adverse(t), 1);
	switch (_i) {
	case 0:
		threshold(1, t, 4);
		break;
	case 1:
		threshold(1, t, 3); /* the same: goes on */
		break;
	case 2:
		ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
		break;
	case 3:
		ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_FLR_START), 0);
		break;
	case 4:
		ck_assert_uint_eq(fx_pf(f, 0, gone, 5), 0xF0000000);
		break;
	case 5:
		ck_assert_uint_eq(fx_mbox(f, 1, 0, &reset, 1, NULL), 0xF0000000);
		break;
	}
	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &info), 0);
	ck_assert_uint_eq(info.adverse[t].count, _i == 1 ? 5 : _i == 5 ? 6 : 0);
	ck_assert_uint_eq(info.adverse[t].events, _i == 3 || _i == 4 ? 0 : 1);
	ck_assert_uint_eq(info.threshold[t], _i == 0 ? 4 : _i == 4 ? 0 : 3);
}
END_TEST

/* What cannot be counted further stays at the top; a threshold there never tells. */
START_TEST(adverse_saturates)
{
	ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, UINT32_MAX), 1);
	threshold(1, GUC_THRESHOLD_CAT_ERR, UINT32_MAX);
	threshold(1, GUC_THRESHOLD_PAGE_FAULT, UINT32_MAX - 1);
	for (unsigned i = 0; i < 3; i++) {
		guc_adverse(&f->card, 0, 1, GUC_THRESHOLD_CAT_ERR, UINT32_MAX - 1);
		guc_adverse(&f->card, 0, 1, GUC_THRESHOLD_PAGE_FAULT, UINT32_MAX - 1);
	}
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->adverse.count[GUC_THRESHOLD_CAT_ERR], UINT32_MAX);
	ck_assert_uint_eq(adverse(GUC_THRESHOLD_PAGE_FAULT), 1);
}
END_TEST

/* An interrupt that is one too many is told to the PF with an interrupt of its own,
 * in the same turn. */
START_TEST(adverse_interrupt)
{
	uint32_t before;

	ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
	threshold(1, GUC_THRESHOLD_IRQ_STORM, 1);
	before = f->irqs[0][0][GUC_IRQ_GUC2HOST];
	misbehave(GUC_THRESHOLD_IRQ_STORM);
	ck_assert_uint_eq(f->irqs[0][0][GUC_IRQ_GUC2HOST], before);
	misbehave(GUC_THRESHOLD_IRQ_STORM);
	ck_assert_uint_eq(f->irqs[0][0][GUC_IRQ_GUC2HOST], before + 1);
	ck_assert_uint_eq(adverse(GUC_THRESHOLD_IRQ_STORM), 1);
	ck_assert(guc_idle(&f->card));
}
END_TEST

/* Thresholds, their counts and policies are the PF's: a blob has none of them, and
 * a restored VF is counted by its new card's. */
START_TEST(adverse_migrates_not)
{
	uint32_t dwords, again;

	fx_control(f, 0, 1, GUC_VF_PAUSE);
	dwords = fx_save(f, 0, 1, FX_BLOB_BYTES / 4);
	memcpy(&f->mem[0][FX_FREE], &f->mem[0][FX_BLOB], 4096);
	ck_assert_uint_eq(policy32(GUC_KLV_VGT_ADVERSE_SAMPLE_PERIOD, 10), 1);
	threshold(1, GUC_THRESHOLD_CAT_ERR, 1);
	guc_adverse(&f->card, 0, 1, GUC_THRESHOLD_CAT_ERR, 7);
	again = fx_save(f, 0, 1, FX_BLOB_BYTES / 4);
	ck_assert_uint_eq(dwords, again);
	ck_assert_mem_eq(&f->mem[0][FX_FREE], &f->mem[0][FX_BLOB], 4096);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_policy");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_key);
	tcase_add_test(tc, sched_if_idle);
	tcase_add_test(tc, looking_in);
	tcase_add_test(tc, groups_seen);
	tcase_add_test(tc, groups_refused);
	tcase_add_loop_test(tc, unlisted_engine, 0, 2);
	tcase_add_loop_test(tc, groups_and_parallel, 0, 2);
	tcase_add_test(tc, group_quanta);
	tcase_add_loop_test(tc, adverse_every_key, 0, GUC_THRESHOLD_COUNT);
	tcase_add_loop_test(tc, adverse_off, 0, 4);
	tcase_add_loop_test(tc, adverse_reset, 0, 6);
	tcase_add_test(tc, adverse_saturates);
	tcase_add_test(tc, adverse_interrupt);
	tcase_add_test(tc, adverse_migrates_not);
	suite_add_tcase(s, tc);
	return check_main(s);
}
