/* SPDX-License-Identifier: MIT */
/* Provisioning by the PF (pfclient/provision.c, start.c; vf-lifecycle 2.3):
 * fair shares, ranges, GGTT entries, KLV messages and what GuC says to them. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

#define MIB (1ull << 20)

static const struct {
	unsigned n;
	uint64_t ggtt;
	uint32_t contexts, doorbells;
} worked[] = {
	{ 1, 2048 * MIB, 32768, 128 }, { 2, 1024 * MIB, 16384, 64 }, { 3, 1024 * MIB, 16384, 64 },
	{ 7, 512 * MIB, 8192, 32 },    { 8, 256 * MIB, 4096, 16 },   { 16, 128 * MIB, 2048, 8 },
	{ 31, 64 * MIB, 2048, 8 },     { 57, 56 * MIB, 1024, 4 },    { 63, 56 * MIB, 1024, 4 },
};

START_TEST(fair_shares)
{
	/* 2.3: the worked values of the profile, for a card with a 4 GiB GGTT. */
	struct pfc_options o;
	struct pfc_provision p;

	pfc_options_default(&o);
	pfc_fair_share(&o, worked[_i].n, &p);
	ck_assert_uint_eq(p.ggtt_size, worked[_i].ggtt);
	ck_assert_uint_eq(p.contexts, worked[_i].contexts);
	ck_assert_uint_eq(p.doorbells, worked[_i].doorbells);
	ck_assert_uint_eq(p.exec_quantum_ms, 16);
	ck_assert_uint_eq(p.preempt_timeout_us, 16000);
}
END_TEST

START_TEST(shares_fit)
{
	/* 2.3: all shares together fit, whatever the number of VFs and the offset. */
	struct pfc_options o;
	struct pfc_provision p;

	pfc_options_default(&o);
	for (unsigned n = 1; n <= PFC_MAX_VFS; n++)
		for (o.ggtt_offset = 0; o.ggtt_offset <= 2048 * MIB; o.ggtt_offset += 512 * MIB) {
			pfc_fair_share(&o, n, &p);
			ck_assert_uint_ne(p.ggtt_size, 0);
			ck_assert_uint_eq(p.ggtt_size % 4096, 0);
			ck_assert_uint_le(p.ggtt_size * n + pfc_mem_size(2) + o.ggtt_low,
					  pfc_ggtt_top(&o));
			ck_assert_uint_le(p.contexts * n, o.contexts);
			ck_assert_uint_le(p.doorbells * n, o.doorbells);
		}
	pfc_fair_share(&o, 0, &p);
	ck_assert_uint_eq(p.ggtt_size, 0);
}
END_TEST

START_TEST(started)
{
	/* guc-abi 3.4, 4.2: the PF's memory is mapped page by page with VFID 0, and
	 * every GuC is told contexts, doorbells and the whole range of function 0. */
	for (uint32_t i = 0; i < FX_MEM / 4096; i++)
		ck_assert_uint_eq(fx.ggtt[(8u << 20 >> 12) + i], (FX_DMA + 4096 * (uint64_t)i) | 1);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert(fx.guc[gt].on);
		ck_assert_uint_eq(fx.guc[gt].config[0][0], 8u << 20);
		ck_assert_uint_eq(fx.guc[gt].config[0][1], FX_GGTT - (8u << 20));
		ck_assert_uint_eq(fx.guc[gt].config[0][3], 65535);
		ck_assert_uint_eq(fx.guc[gt].config[0][5], 256);
	}
	ck_assert_int_eq(pfc_start(fx.pfc, false), -EALREADY);
}
END_TEST

START_TEST(messages)
{
	/* 2.3: quantum, timeout, GGTT (main GuC before media), contexts, doorbells;
	 * every entry of the region carries the VFID before GuC hears of it. */
	static const char *const main_order[] = { "0 config 1 35329", "0 config 1 35330",
						  "0 config 1 1", "0 config 1 35339",
						  "0 config 1 6" };
	const struct pfc_provision want = { .ggtt_size = 2 * MIB, .contexts = 100,
					    .doorbells = UINT32_MAX };
	unsigned next = 0, ggtt_main = 0, ggtt_media = 0;
	struct pfc_vf_info info;

	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 5), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 5), -EALREADY);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PAUSE, 1, NULL, 5), -EBUSY);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_uint_eq(fx.logged, 10);
	for (unsigned i = 0; i < fx.logged; i++) {
		if (fx.log[i][0] == '0')
			ck_assert_str_eq(fx.log[i], main_order[next++]);
		if (!strcmp(fx.log[i], "0 config 1 1"))
			ggtt_main = i + 1;
		if (!strcmp(fx.log[i], "1 config 1 1"))
			ggtt_media = i + 1;
	}
	ck_assert(ggtt_main && ggtt_main < ggtt_media);
	info = fx_info(1);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		const uint32_t *c = fx.guc[gt].config[1];

		ck_assert_uint_eq(c[0], info.ggtt_start);
		ck_assert_uint_eq(c[1], 2 * MIB);
		ck_assert_uint_eq(c[2], info.begin_context);
		ck_assert_uint_eq(c[3], 100);
		ck_assert_uint_eq(c[5], 0);
		ck_assert_uint_eq(c[6], 16);
		ck_assert_uint_eq(c[7], 16000);
	}
	for (uint64_t a = info.ggtt_start; a < info.ggtt_start + info.ggtt_size; a += 4096)
		ck_assert_uint_eq(fx.ggtt[a >> 12], 1u << 2 | 1);
	ck_assert_uint_eq(fx.ggtt[(info.ggtt_start >> 12) - 1] & PTE_VFID, 0);
	ck_assert_uint_ge(fx.invalidations, 2);
}
END_TEST

START_TEST(ranges)
{
	/* 2.3: regions go top-down, never overlap, never reach into the PF's range;
	 * what does not fit is ENOSPC, what is misplaced EINVAL. */
	struct pfc_provision want = { .ggtt_size = 16 * MIB, .contexts = 8 };
	struct pfc_vf_info a, b;

	fx_provision(1);
	a = fx_info(1);
	ck_assert_uint_eq(a.ggtt_start + a.ggtt_size, FX_GGTT);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 2, &want, 0), 0);
	fx_run(FX_SEC / 10);
	b = fx_info(2);
	ck_assert_uint_eq(b.ggtt_start + b.ggtt_size, a.ggtt_start);
	ck_assert_uint_eq(b.begin_context + b.contexts, a.begin_context);
	want.ggtt_size = 48 * MIB;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -ENOSPC);
	want = (struct pfc_provision){ .ggtt_size = 4096, .ggtt_start = 8 * MIB };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -EINVAL);
	want.ggtt_start = b.ggtt_start;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -ENOSPC);
	want.ggtt_start = 20 * MIB + 1;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -EINVAL);
	want.ggtt_start = FX_GGTT;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -EINVAL);
	want = (struct pfc_provision){ .ggtt_size = 4097 };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -EINVAL);
	want = (struct pfc_provision){ .ggtt_size = UINT64_MAX & ~4095ull, .ggtt_start = 16 * MIB };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -EINVAL);
	want = (struct pfc_provision){ .ggtt_size = 4096, .contexts = UINT32_MAX };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -ENOSPC);
	want = (struct pfc_provision){ .ggtt_size = 4096, .contexts = 65535 };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -ENOSPC);
	want = (struct pfc_provision){ .ggtt_size = 4096, .doorbells = 257 };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), -ENOSPC);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 3), -ENODATA);
	/* A hole between others is found. */
	ck_assert_int_eq(fx_do(PFC_UNPROVISION, 1), 0);
	want = (struct pfc_provision){ .ggtt_size = 3 * MIB, .contexts = 8 };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 3, &want, 0), 0);
	ck_assert_uint_eq(fx_info(3).ggtt_start, a.ggtt_start);
}
END_TEST

START_TEST(all_fair)
{
	/* 2.3: every VF gets its fair share at once. */
	for (unsigned vf = 1; vf <= FX_VFS; vf++)
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, vf, NULL, vf), 0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, FX_VFS);
	for (unsigned vf = 1; vf <= FX_VFS; vf++) {
		ck_assert_int_eq(pfc_vf_valid(fx.pfc, vf), 0);
		ck_assert_uint_eq(fx_info(vf).contexts, 16384);
		ck_assert_uint_eq(fx.guc[1].config[vf][3], 16384);
	}
}
END_TEST

START_TEST(side_by_side)
{
	/* guc-abi 5.3: a GT's KLV page is one request's until GuC has answered, so
	 * that two VFs provisioned at a time don't get each other's values. */
	struct pfc_provision want = { .ggtt_size = MIB, .exec_quantum_ms = 10 };

	fx.stuck = true;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 1), 0);
	want.exec_quantum_ms = 20;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 2, &want, 2), 0);
	fx_run(FX_SEC / 10);
	fx.stuck = false;
	fx_serve_ring(0);
	fx_serve_ring(1);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 2);
	for (unsigned vf = 1; vf <= 2; vf++)
		for (unsigned gt = 0; gt < FX_GTS; gt++) {
			ck_assert_uint_eq(fx.guc[gt].config[vf][6], 10 * vf);
			ck_assert_uint_eq(fx.guc[gt].config[vf][0], fx_info(vf).ggtt_start);
		}
}
END_TEST

START_TEST(slow_reset)
{
	/* guc-abi 2.3: the first reset is tried ten times, then the PF stays down and
	 * may be started again. */
	struct pfc_options o;

	fx_options(&o);
	fx.guc[1].silent_mailbox = 9;
	fx_start_with(&o, false);
	fx.guc[0].silent_mailbox = 10;
	fx.pfc = pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem);
	fx.started = 1;
	ck_assert_int_eq(pfc_start(fx.pfc, false), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), -ENODEV);
	fx_run(FX_SEC);
	ck_assert_int_eq(fx.started, -ETIMEDOUT);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), -ENODEV);
	ck_assert_int_eq(pfc_start(fx.pfc, false), 0);
	fx_run(FX_SEC);
	ck_assert_int_eq(fx.started, 0);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
}
END_TEST

START_TEST(offset)
{
	/* design: ggtt_offset moves what VFs get, so that two cards differ. */
	struct pfc_options o;

	fx_options(&o);
	o.ggtt_offset = 4 * MIB;
	fx_start_with(&o, false);
	fx_provision(1);
	ck_assert_uint_eq(fx_info(1).ggtt_start + fx_info(1).ggtt_size, FX_GGTT - 4 * MIB);
}
END_TEST

START_TEST(P_25_partly_applied)
{
	/* P-25: fewer KLVs than sent are ENOKEY, more are EPROTO; either GT counts. */
	fx.guc[_i & 1].klv_error = _i < 2 ? -1 : 1;
	ck_assert_int_eq(fx_do(PFC_PROVISION, 1), _i < 2 ? -ENOKEY : -EPROTO);
	ck_assert_int_ne(pfc_vf_valid(fx.pfc, 1), 0);
	fx.guc[_i & 1].klv_error = 0;
	ck_assert_int_eq(fx_do(PFC_PROVISION, 1), 0);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), 0);
}
END_TEST

START_TEST(taken_back)
{
	/* 2.3: a VF that can't be provisioned ends with nothing: the GuC that did its
	 * part has no configuration, entries are nobody's, the ranges are free. That
	 * the other GuC refuses the reset too changes nothing. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB };

	fx.guc[1].klv_error = _i == 0 ? -1 : 1;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, _i == 0 ? -ENOKEY : -EPROTO);
	ck_assert(!fx_info(1).busy);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
	ck_assert_uint_eq(fx_info(1).ggtt_size, 0);
	ck_assert_uint_eq(fx_info(1).contexts, 0);
	ck_assert_uint_eq(fx.guc[0].config[1][1], 0);
	ck_assert_uint_eq(fx.ggtt[30 * MIB >> 12], 0);
	fx.guc[1].klv_error = 0;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 2, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	fx_provision(1);
	ck_assert_uint_eq(fx_info(1).ggtt_start + fx_info(1).ggtt_size, FX_GGTT);
}
END_TEST

/* Entries of `info`'s region carry the VFID and an address of the VF's. */
static void use_region(const struct pfc_vf_info *info)
{
	for (uint64_t a = info->ggtt_start; a < info->ggtt_start + info->ggtt_size; a += 4096)
		fx.ggtt[a >> 12] |= 0xABC000;
}

static void ck_region(const struct pfc_vf_info *info, uint64_t pte)
{
	for (uint64_t a = info->ggtt_start; a < info->ggtt_start + info->ggtt_size; a += 4096)
		ck_assert_uint_eq(fx.ggtt[a >> 12], pte);
}

static void ck_same(const struct pfc_vf_info *was)
{
	struct pfc_vf_info now = fx_info(1);

	ck_assert_int_eq(now.valid, 0);
	ck_assert_uint_eq(now.ggtt_start, was->ggtt_start);
	ck_assert_uint_eq(now.ggtt_size, was->ggtt_size);
	ck_assert_uint_eq(now.contexts, was->contexts);
	ck_assert_uint_eq(now.begin_context, was->begin_context);
	ck_assert_uint_eq(now.doorbells, was->doorbells);
	ck_assert_uint_eq(now.begin_doorbell, was->begin_doorbell);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert_uint_eq(fx.guc[gt].config[1][0], was->ggtt_start);
		ck_assert_uint_eq(fx.guc[gt].config[1][1], was->ggtt_size);
		ck_assert_uint_eq(fx.guc[gt].config[1][3], was->contexts);
	}
}

START_TEST(put_back)
{
	/* 8.4.10, the better way: a change that a GuC refuses leaves the VF what it
	 * had, entries included, on every GT. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB,
					    .contexts = 32 };
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));

	use_region(&was);
	fx.guc[1].klv_error = _i == 0 ? -1 : 1;
	fx.guc[1].klv_errors = 1;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, _i == 0 ? -ENOKEY : -EPROTO);
	ck_assert(!fx_info(1).busy);
	ck_same(&was);
	ck_region(&was, 0xABC005);
	ck_assert_uint_eq(fx.ggtt[30 * MIB >> 12], 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 2, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
}
END_TEST

static void no_lmem_calls(void *user, const struct host_lmem *what, uint32_t cookie)
{
	(void)user;
	(void)what;
	(void)cookie;
	ck_abort_msg("nothing is to be read or written");
}

START_TEST(lmem_kept)
{
	/* Another share of local memory is an empty one. A change that another GuC (_i 0, 1)
	 * or, for another reason, the same (_i 2) refuses finds the old share untouched:
	 * GuC hears of a new one when all have taken the rest. */
	const struct pfc_provision want = { .contexts = 32, .lmem_size = 4 * MIB },
				   same = { .contexts = 16 };
	struct pfc_options o;
	struct pfc_vf_info was;
	unsigned before;

	fx_options(&o);
	o.lmem_size = 64 * MIB;
	o.lmem.call = no_lmem_calls;
	fx_start_with(&o, false);
	fx_provision(1);
	was = fx_info(1);
	ck_assert_uint_gt(was.lmem_size, 4 * MIB);
	before = fx.guc[0].lmem_changes;
	fx.guc[_i < 2].klv_error = _i == 1 ? 1 : -1;
	fx.guc[_i < 2].klv_errors = 1;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, _i == 1 ? -EPROTO : -ENOKEY);
	ck_same(&was);
	ck_assert_uint_eq(fx_info(1).lmem_size, was.lmem_size);
	ck_assert_uint_eq(fx.guc[0].lmem[1], was.lmem_size);
	ck_assert_uint_eq(fx.guc[0].lmem_changes, before);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &same, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_uint_eq(fx.guc[0].lmem_changes, before);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_uint_eq(fx.guc[0].lmem[1], 4 * MIB);
	ck_assert_uint_eq(fx.guc[0].lmem_changes, before + 1);
	ck_assert_int_eq(fx_info(1).valid, 0);
}
END_TEST

START_TEST(put_back_refused)
{
	/* When a GuC does not take the old configuration either, the VF ends with
	 * nothing, and so with every entry. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB };
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));

	fx.guc[1].klv_error = -1;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, -ENOKEY);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
	ck_assert_uint_eq(fx.guc[0].config[1][1], 0);
	ck_region(&was, 0);
	ck_assert_uint_eq(fx.ggtt[30 * MIB >> 12], 0);
}
END_TEST

START_TEST(flr_over_provision)
{
	/* pfc.h: an FLR that overrides a PROVISION, at any step of it, ends with its
	 * undoing: a VF that had nothing has nothing, another has what it had, scrubbed.
	 * A STOP waits for its end. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB };
	struct pfc_vf_info was = { .ggtt_size = 0 };

	for (unsigned steps = 0; steps < 40; steps++) {
		if (_i) {
			fx_provision(1);
			was = fx_info(1);
			use_region(&was);
		}
		fx.ended = 0;
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 4), 0);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_STOP, 1, NULL, 5), -EBUSY);
		for (unsigned i = 0; i < steps; i++)
			pfc_step(fx.pfc, fx.now);
		if (fx.ended)
			break;
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 6), 0);
		ck_assert_int_eq(fx.err, -ECANCELED);
		ck_assert_uint_eq(fx.tag, 4);
		fx_run(FX_SEC / 10);
		ck_assert_uint_eq(fx.ended, 2);
		ck_assert_uint_eq(fx.tag, 6);
		ck_assert_int_eq(fx.err, 0);
		ck_assert_uint_eq(fx.ggtt[30 * MIB >> 12], 0);
		if (!_i) {
			ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
			ck_assert_uint_eq(fx.guc[0].config[1][1] | fx.guc[1].config[1][3], 0);
			continue;
		}
		ck_same(&was);
		ck_region(&was, 1u << 2 | 1);
		ck_assert_int_eq(fx_do(PFC_UNPROVISION, 1), 0);
	}
	ck_assert_uint_eq(fx.ended, 1);
}
END_TEST

START_TEST(flr_over_unprovision)
{
	/* An FLR that overrides an UNPROVISION finishes it, also when it ends too late
	 * for its own verb. */
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));

	ck_assert_int_eq(pfc_do(fx.pfc, PFC_UNPROVISION, 1, NULL, 4), 0);
	pfc_step(fx.pfc, fx.now);
	fx.guc[1].no_event = _i;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 6), 0);
	fx_run(FX_SEC * 6);
	ck_assert_int_eq(fx.err, _i ? -ETIMEDOUT : 0);
	if (_i) {
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, NULL, 6), -EBUSY);
		fx_notify(1, 1, GUC_EVENT_VF_FLR_DONE);
		fx_run(FX_SEC / 10);
	}
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
	ck_assert_uint_eq(fx.guc[0].config[1][1] | fx.guc[1].config[1][1], 0);
	ck_region(&was, 0);
	fx_provision(1);
}
END_TEST

START_TEST(P_26_validity)
{
	/* P-26: nothing is ENODATA, contexts without GGTT or the reverse ENOKEY. */
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
	fx.pfc->vf[1].have_contexts = 3;
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENOKEY);
	fx.pfc->vf[1].have_ggtt = 3;
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), 0);
	fx.pfc->vf[1].have_contexts = 0;
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENOKEY);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 0), -EINVAL);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_UNPROVISION, 2, NULL, 0), -ENODATA);
}
END_TEST

START_TEST(changed)
{
	/* 2.3, 8.4.10: a change is one message with everything, so that GuC always has
	 * a configuration; with quirk reset-on-change it is a config reset, then
	 * everything new. The old region is nobody's afterwards. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB };
	struct pfc_options o;
	struct pfc_vf_info was;

	fx_options(&o);
	o.quirks = _i ? PFC_QUIRK_BIT(RESET_ON_CHANGE) : 0;
	fx_start_with(&o, false);
	fx_provision(1);
	was = fx_info(1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_str_eq(fx.log[0], _i ? "0 config 1 0" : "0 config 1 1");
	ck_assert_str_eq(fx.log[1], _i ? "1 config 1 0" : "1 config 1 35339");
	ck_assert_uint_eq(fx.logged, _i ? 12 : 2);
	ck_region(&was, 0);
	ck_assert_uint_eq(fx.ggtt[30 * MIB >> 12], 1u << 2 | 1);
	ck_assert_uint_eq(fx.guc[1].config[1][0], 30 * MIB);
	ck_assert_uint_eq(fx.guc[1].config[1][3], was.contexts);
}
END_TEST

START_TEST(changed_in_use)
{
	/* pfc.h: what is not said stays: a new quantum leaves the region and what the
	 * VF mapped there alone; a region that grows keeps its entries. */
	const struct pfc_provision quantum = { .exec_quantum_ms = 33 };
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));
	const struct pfc_provision more = { .ggtt_size = was.ggtt_size + MIB,
					    .ggtt_start = was.ggtt_start - MIB };

	use_region(&was);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &quantum, 0), 0);
	fx_run(FX_SEC / 10);
	ck_same(&was);
	ck_region(&was, 0xABC005);
	ck_assert_uint_eq(fx.guc[0].config[1][6], 33);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &more, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_region(&was, 0xABC005);
	for (uint64_t a = was.ggtt_start - MIB; a < was.ggtt_start; a += 4096)
		ck_assert_uint_eq(fx.ggtt[a >> 12], 1u << 2 | 1);
	ck_assert_uint_eq(fx.guc[1].config[1][1], was.ggtt_size + MIB);
	ck_assert_uint_eq(fx.guc[1].config[1][6], 33);
}
END_TEST

START_TEST(without_end)
{
	/* A quantum and a timeout of 0 are values, which a change of something else keeps;
	 * what is not said is another matter. */
	const struct pfc_provision none = { .exec_quantum_ms = UINT32_MAX,
					    .preempt_timeout_us = UINT32_MAX };
	const struct pfc_provision other = { .contexts = 9 };

	fx_provision(1);
	ck_assert_uint_eq(fx.guc[1].config[1][6], 16);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &none, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &other, 0), 0);
	fx_run(FX_SEC / 10);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert_uint_eq(fx.guc[gt].config[1][3], 9);
		ck_assert_uint_eq(fx.guc[gt].config[1][6], 0);
		ck_assert_uint_eq(fx.guc[gt].config[1][7], 0);
	}
}
END_TEST

START_TEST(aligned)
{
	/* 2.3: cards with 64 KiB pages align regions to them. */
	struct pfc_provision want = { .ggtt_size = 0x18000 };
	struct pfc_options o;

	fx_options(&o);
	o.ggtt_align = 65536;
	o.ggtt_offset = 4096;
	fx_start_with(&o, false);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), -EINVAL);
	want = (struct pfc_provision){ .ggtt_size = MIB, .ggtt_start = 20 * MIB + 4096 };
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), -EINVAL);
	ck_assert_int_eq(fx_do(PFC_PROVISION, 1), 0);
	ck_assert_uint_eq(fx_info(1).ggtt_start % 65536, 0);
	ck_assert_uint_eq(fx_info(1).ggtt_size % 65536, 0);
	o.ggtt_align = 3 * 4096;
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem));
}
END_TEST

START_TEST(admin_only)
{
	/* 2.3: the only VF of a PF that runs no work gets nearly all, and the PF says
	 * that its own work comes first. */
	struct pfc_options o;
	struct pfc_provision p;

	pfc_options_default(&o);
	o.admin_only = true;
	pfc_fair_share(&o, 1, &p);
	ck_assert_uint_eq(p.ggtt_size, 0xE0000000);
	ck_assert_uint_eq(p.contexts, 64512);
	ck_assert_uint_eq(p.doorbells, 240);
	pfc_fair_share(&o, 2, &p);
	ck_assert_uint_eq(p.contexts, 16384 * 2 / 2);
	fx_options(&o);
	o.admin_only = true;
	fx.logged = 0;
	fx_start_with(&o, false);
	ck_assert_uint_eq(fx.priority, 2);
}
END_TEST

START_TEST(unprovisioned)
{
	/* 2.3, disable: config reset on every GT, entries and ranges given back. */
	const struct pfc_vf_info was = (fx_provision(1), fx_info(1));

	ck_assert_int_eq(fx_do(PFC_UNPROVISION, 1), 0);
	ck_assert_uint_eq(fx.logged, 2);
	ck_assert_uint_eq(fx.guc[0].config[1][1], 0);
	ck_assert_uint_eq(fx.ggtt[was.ggtt_start >> 12], 0);
	ck_assert_uint_eq(fx_info(1).ggtt_size, 0);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 0), -EPERM);
}
END_TEST

START_TEST(bad_init)
{
	/* pfc.h: arguments out of range give no PF. */
	struct pfc_options o;
	struct host_mem mem = fx.mem;

	fx_options(&o);
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size() - 1, &o, &fx.port, &mem));
	mem.size = pfc_mem_min(2) - 4096;
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &mem));
	mem = fx.mem;
	o.gts = 3;
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &mem));
	o.gts = 2;
	o.vfs = PFC_MAX_VFS + 1;
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &mem));
	o.vfs = 1;
	o.ggtt_size = 9u << 20; /* the PF's own memory does not fit */
	ck_assert_ptr_null(pfc_init(fx.storage, pfc_size(), &o, &fx.port, &mem));
}
END_TEST

START_TEST(names)
{
	/* pfc.h: names and numbers of verbs agree. */
	for (int v = 0; v < PFC_VERB_COUNT; v++)
		ck_assert_int_eq(pfc_verb_find(pfc_verb_name((enum pfc_verb)v)), v);
	ck_assert_int_eq(pfc_verb_find("jump"), -1);
	for (int q = 0; q < PFC_QUIRK_COUNT; q++) {
		ck_assert_int_eq(pfc_quirk_find(pfc_quirk_name((enum pfc_quirk)q)), q);
		ck_assert_ptr_nonnull(strstr(pfc_quirk_text((enum pfc_quirk)q), "(8.4."));
	}
	ck_assert_int_eq(pfc_quirk_find("kind"), -1);
	ck_assert_str_eq(pfc_vf_state_name(PFC_VF_RESTORED), "restored");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_provision");
	TCase *tc = tcase_create("provision");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_loop_test(tc, fair_shares, 0, sizeof(worked) / sizeof(worked[0]));
	tcase_add_test(tc, shares_fit);
	tcase_add_test(tc, started);
	tcase_add_test(tc, messages);
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, all_fair);
	tcase_add_test(tc, side_by_side);
	tcase_add_test(tc, slow_reset);
	tcase_add_test(tc, offset);
	tcase_add_loop_test(tc, P_25_partly_applied, 0, 4);
	tcase_add_loop_test(tc, taken_back, 0, 2);
	tcase_add_test(tc, P_26_validity);
	tcase_add_loop_test(tc, put_back, 0, 2);
	tcase_add_loop_test(tc, lmem_kept, 0, 3);
	tcase_add_test(tc, put_back_refused);
	tcase_add_loop_test(tc, flr_over_provision, 0, 2);
	tcase_add_loop_test(tc, flr_over_unprovision, 0, 2);
	tcase_add_loop_test(tc, changed, 0, 2);
	tcase_add_test(tc, changed_in_use);
	tcase_add_test(tc, without_end);
	tcase_add_test(tc, aligned);
	tcase_add_test(tc, admin_only);
	tcase_add_test(tc, unprovisioned);
	tcase_add_test(tc, bad_init);
	tcase_add_test(tc, names);
	suite_add_tcase(s, tc);
	return check_main(s);
}
