/* SPDX-License-Identifier: MIT */
/* A PF that takes over from another (pfclient/adopt.c, restore.c): every verb is cut off
 * after each of its steps; the next PF has to leave every VF whole. */
#include "pfc_fixture.h"
#include "tests/check_main.h"

#define MIB (1ull << 20)

/* The PF dies; another takes over. */
static void take_over(void)
{
	struct pfc_options o;

	fx_options(&o);
	fx_start_with(&o, true);
	fx_run(FX_SEC * 6);
}

/* The VF is the same to both GuCs, to the PF and in the entries; nobody else's entries
 * carry its number. */
static void ck_whole(unsigned vf)
{
	struct pfc_vf_info info = fx_info(vf);
	bool valid = info.valid == 0;

	ck_assert(!info.busy);
	ck_assert_int_eq(info.valid, valid ? 0 : -ENODATA);
	ck_assert_uint_eq(fx.guc[0].state[vf], fx.guc[1].state[vf]);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		const uint32_t *c = fx.guc[gt].config[vf];

		ck_assert_uint_eq(c[0], info.ggtt_start);
		ck_assert_uint_eq(c[1], info.ggtt_size);
		ck_assert_uint_eq(c[2], info.begin_context);
		ck_assert_uint_eq(c[3], info.contexts);
		ck_assert_uint_eq(c[5], info.doorbells);
		ck_assert_uint_ne(c[6], valid ? 0 : 1);
		/* RESUMED is READY by another way. */
		if (info.state[gt] == PFC_VF_RESUMED)
			info.state[gt] = PFC_VF_READY;
		ck_assert_int_eq(info.state[gt], info.state[0]);
	}
	for (uint64_t i = 0; i < FX_GGTT / 4096; i++) {
		bool inside = i - info.ggtt_start / 4096 < info.ggtt_size / 4096;

		ck_assert_msg(((fx.ggtt[i] & PTE_VFID) >> PTE_VFID_SHIFT == vf) == inside,
			      "entry %lx", (unsigned long)i);
	}
}

static void strict(void)
{
	fx.guc[0].strict = fx.guc[1].strict = true;
}

/* VF 2 is another's: nothing may happen to it. */
static struct pfc_vf_info other;

static void begin(void)
{
	fx_teardown();
	fx_setup();
	strict();
	fx_provision(2);
	other = fx_info(2);
	for (uint64_t i = 0; i < other.ggtt_size / 4096; i++)
		fx.ggtt[other.ggtt_start / 4096 + i] |= 0x777000;
}

static void ck_other(void)
{
	ck_whole(2);
	ck_assert_uint_eq(fx_info(2).ggtt_start, other.ggtt_start);
	ck_assert_uint_eq(fx_info(2).contexts, other.contexts);
	for (uint64_t i = 0; i < other.ggtt_size / 4096; i++)
		ck_assert_uint_eq(fx.ggtt[other.ggtt_start / 4096 + i], 0x777000 | 2 << 2 | 1);
}

/* Begin a verb, do `steps` of it. False: it ended before. */
static bool cut_off(enum pfc_verb verb, const struct pfc_provision *arg, unsigned steps)
{
	fx.ended = 0;
	ck_assert_int_eq(pfc_do(fx.pfc, verb, 1, arg, 7), 0);
	for (unsigned i = 0; i < steps && !fx.ended; i++)
		if (!pfc_step(fx.pfc, fx.now))
			fx.now += 1000;
	return !fx.ended;
}

START_TEST(in_peace)
{
	/* Nothing is half done: all is kept, nothing is sent but the PF's own
	 * configuration. */
	begin();
	fx_provision(1);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 2), 0);
	fx.logged = 0;
	take_over();
	ck_assert_uint_eq(fx.logged, 2);
	ck_whole(1);
	ck_other();
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_PAUSED);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 3), -ENODATA);
	ck_assert_int_eq(fx_do(PFC_RESUME, 2), 0);
	ck_assert_int_eq(fx_do(PFC_PROVISION, 3), 0);
}
END_TEST

START_TEST(policies)
{
	/* What the GuCs were told for all functions is known to the next PF, which tells
	 * nothing where they agree (_i 0), and all of them what the first has where not;
	 * that one refuses (_i 2) keeps nobody from going on. */
	const uint32_t none[16] = { 0 };
	uint32_t period = 1;

	begin();
	ck_assert_int_eq(pfc_found_policy(fx.pfc, 0, PFC_SET_SAMPLE_PERIOD, &period, 1), -EINVAL);
	fx.guc[0].period = 77;
	fx.guc[1].period = _i ? 0 : 77;
	fx.guc[1].policy = fx.guc[1].period;
	fx.logged = 0;
	fx.guc[1].refuse_policy = _i == 2;
	take_over();
	ck_assert_int_eq(pfc_get(fx.pfc, 0, PFC_SET_SAMPLE_PERIOD, &period, 1), 1);
	ck_assert_uint_eq(period, 77);
	ck_assert_uint_eq(fx.logged, _i ? 4 : 2);
	if (_i == 1)
		ck_assert_uint_eq(fx.guc[1].policy, 77);
	ck_other();
	/* Nobody asked. */
	ck_assert_int_eq(pfc_found_policy(fx.pfc, 0, PFC_SET_ENGINE_GROUPS, none, 16), -EINVAL);
}
END_TEST

START_TEST(in_provision)
{
	/* A PROVISION, the first or a change, is finished or undone; the VF can be used, or
	 * provisioned, after it. */
	const struct pfc_provision want = { .ggtt_size = MIB, .ggtt_start = 30 * MIB,
					    .contexts = 40 };
	struct pfc_vf_info was = { .ggtt_size = 0 };

	for (unsigned steps = 0;; steps++) {
		begin();
		if (_i) {
			fx_provision(1);
			was = fx_info(1);
		}
		if (!cut_off(PFC_PROVISION, &want, steps))
			break;
		take_over();
		ck_whole(1);
		ck_other();
		if (_i)
			ck_assert(fx_info(1).ggtt_start == was.ggtt_start ||
				  fx_info(1).ggtt_start == 30 * MIB);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, 1, &want, 0), 0);
		fx_run(FX_SEC / 10);
		ck_assert_int_eq(fx.err, 0);
		ck_whole(1);
		ck_assert_uint_eq(fx_info(1).contexts, 40);
	}
}
END_TEST

START_TEST(in_control)
{
	/* PAUSE, RESUME, STOP, UNPROVISION and FLR: every GuC ends in the same state, and
	 * the VF is of use. */
	static const enum pfc_verb verbs[] = { PFC_PAUSE, PFC_RESUME, PFC_STOP, PFC_UNPROVISION,
					       PFC_FLR };
	enum pfc_verb verb = verbs[_i];

	for (unsigned steps = 0;; steps++) {
		begin();
		fx_provision(1);
		if (verb == PFC_RESUME)
			ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
		if (!cut_off(verb, NULL, steps))
			break;
		take_over();
		ck_whole(1);
		ck_other();
		if (verb == PFC_FLR)
			ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
		if (fx_state(1, 0) == PFC_VF_PAUSED)
			ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
		else if (fx_state(1, 0) == PFC_VF_STOPPED)
			ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
		if (fx_info(1).valid)
			ck_assert_int_eq(fx_do(PFC_PROVISION, 1), 0);
		ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	}
}
END_TEST

static uint8_t image[262144];

START_TEST(in_save)
{
	/* A save leaves the VF paused: it can be saved again, or resumed. */
	for (unsigned steps = 0;; steps += 7) {
		begin();
		fx_paused(1);
		if (!cut_off(PFC_SAVE, NULL, steps) || fx.pfc->vf[1].out.ready)
			break;
		take_over();
		ck_whole(1);
		ck_other();
		ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
		ck_assert_uint_gt(fx_save(1, image, sizeof(image), 4096), 48);
		ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	}
	ck_assert_uint_gt(fx.pfc->vf[1].out.total, 0);
}
END_TEST

START_TEST(in_restore)
{
	/* A restore is either there as a whole, with every entry of the image, or the VF
	 * was reset; it is never left half restored and paused. */
	struct pfc_vf_info was;
	bool kept = false, reset = false;
	size_t len;

	for (unsigned steps = 0;; steps += 2) {
		begin();
		fx_provision(1);
		was = fx_info(1);
		for (uint64_t i = 0; i < was.ggtt_size / 4096; i++)
			fx.ggtt[was.ggtt_start / 4096 + i] |= (i + 5) << 12;
		ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
		len = fx_save(1, image, sizeof(image), 4096);
		ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
		ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 7), 0);
		ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image, len), (long)len);
		fx.ended = 0;
		ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
		for (unsigned i = 0; i < steps && !fx.ended; i++)
			if (!pfc_step(fx.pfc, fx.now))
				fx.now += 1000;
		if (fx.ended)
			break;
		take_over();
		ck_whole(1);
		ck_other();
		if (fx_state(1, 0) == PFC_VF_RESTORED) {
			kept = true;
			for (uint64_t i = 0; i < was.ggtt_size / 4096; i++)
				ck_assert_uint_eq(fx.ggtt[was.ggtt_start / 4096 + i],
						  (i + 5) << 12 | 1 << 2 | 1);
		} else if (fx_state(1, 0) == PFC_VF_READY) {
			reset = true;
			for (uint64_t i = 0; i < was.ggtt_size / 4096; i++)
				ck_assert_uint_eq(fx.ggtt[was.ggtt_start / 4096 + i], 1 << 2 | 1);
		} else {
			ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
		}
	}
	ck_assert(reset);
	(void)kept;
	/* The whole restore is kept by the next PF. */
	take_over();
	ck_whole(1);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORED);
	ck_assert_uint_eq(fx.ggtt[was.ggtt_start >> 12], 5 << 12 | 1 << 2 | 1);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(refused_restore)
{
	/* restore.c: the mark of an unfinished restore goes when a GuC refuses the blob:
	 * nothing of the VF has changed then. */
	struct pfc_vf_info was;
	size_t len;

	begin();
	fx_provision(1);
	was = fx_info(1);
	fx.ggtt[was.ggtt_start >> 12] |= 0x5000;
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	len = fx_save(1, image, sizeof(image), 4096);
	fx.guc[0].refuse_restore = fx.guc[1].refuse_restore = GUC_ERR_INVALID_PARAMS;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 7), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image, len), (long)len);
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx.err, -EIO);
	ck_assert_uint_eq(fx.ggtt[was.ggtt_start >> 12], 0x5000 | 1 << 2 | 1);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(in_flr_of_hardware)
{
	/* An FLR that GuC has seen while no PF was there is done by the next one, also when
	 * its event comes while that one starts. */
	begin();
	fx_provision(1);
	fx.guc[0].state[1] = fx.guc[1].state[1] = PFC_FOUND_FLR;
	take_over();
	ck_whole(1);
	ck_assert_uint_eq(fx.guc[0].state[1], PFC_FOUND_FREE);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
}
END_TEST

START_TEST(late_pause_done)
{
	/* A PAUSE that GuC ends only after the other PF has died is undone. */
	begin();
	fx_provision(1);
	take_over();
	fx.guc[0].state[1] = PFC_FOUND_PAUSED;
	fx_notify(0, 1, GUC_EVENT_VF_PAUSE_DONE);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.guc[0].state[1], PFC_FOUND_FREE);
	ck_assert(!fx_info(1).mismatch);
}
END_TEST

START_TEST(bad_words)
{
	/* pfc_found() checks what it is told, and takes it only when it asked. */
	const struct pfc_found bad[] = {
		{ .ggtt_start = 1 }, { .ggtt_size = FX_GGTT + 4096 },
		{ .ggtt_start = FX_GGTT, .ggtt_size = 4096 }, { .state = PFC_FOUND_COUNT },
	}, good = { .ggtt_size = 0 };
	struct pfc_options o;

	ck_assert_int_eq(pfc_found(fx.pfc, 1, 0, &good), -EINVAL);
	ck_assert_int_eq(pfc_found_all(fx.pfc), -EINVAL);
	fx_options(&o);
	fx.pfc = pfc_init(fx.storage, pfc_size(), &o, &fx.port, &fx.mem);
	ck_assert_int_eq(pfc_start(fx.pfc, true), 0);
	fx_run(FX_SEC);
	ck_assert(fx.asked);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pfc_found(fx.pfc, 1, 0, &bad[i]), -EINVAL);
	ck_assert_int_eq(pfc_found(fx.pfc, 0, 0, &good), -EINVAL);
	ck_assert_int_eq(pfc_found(fx.pfc, FX_VFS + 1, 0, &good), -EINVAL);
	ck_assert_int_eq(pfc_found(fx.pfc, 1, FX_GTS, &good), -EINVAL);
	ck_assert_int_eq(pfc_found(fx.pfc, 1, 0, &good), 0);
	ck_assert_int_eq(pfc_found_all(fx.pfc), 0);
	fx_run(FX_SEC);
	ck_assert_int_eq(pfc_vf_valid(fx.pfc, 1), -ENODATA);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_adopt");
	TCase *tc = tcase_create("adopt");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, in_peace);
	tcase_add_loop_test(tc, policies, 0, 3);
	tcase_add_loop_test(tc, in_provision, 0, 2);
	tcase_add_loop_test(tc, in_control, 0, 5);
	tcase_add_test(tc, in_save);
	tcase_add_test(tc, in_restore);
	tcase_add_test(tc, refused_restore);
	tcase_add_test(tc, in_flr_of_hardware);
	tcase_add_test(tc, late_pause_done);
	tcase_add_test(tc, bad_words);
	suite_add_tcase(s, tc);
	return check_main(s);
}
