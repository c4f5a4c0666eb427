/* SPDX-License-Identifier: MIT */
/* VFIO's states as verbs of the PF (pfclient/vfio.c; vf-lifecycle 2.11, P-29, P-30). */
#include "pfc_fixture.h"
#include "tests/check_main.h"

/* Go there; how it ended. */
static int go(enum pfc_vfio_state to)
{
	unsigned before = fx.vfio;
	int err = pfc_vfio_set(fx.pfc, 1, to, 42);

	if (err)
		return err;
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.vfio, before + 1);
	ck_assert_uint_eq(fx.vfio_tag, 42);
	return fx.vfio_err;
}

static void ck_vf(enum pfc_vfio_state state, enum pfc_vf_state vf)
{
	ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), state);
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		ck_assert_int_eq(fx_state(1, gt), vf);
}

static uint8_t image[65536];

static size_t read_image(void)
{
	size_t len = 0;
	long n;

	fx_run(FX_SEC / 10);
	while ((n = pfc_vfio_read(fx.pfc, 1, false, image + len, sizeof(image) - len)) > 0)
		len += (size_t)n;
	ck_assert_int_eq(n, 0);
	return len;
}

/* Bring the VF from RUNNING to a state; an image was made before. Its length. */
static size_t start_in(enum pfc_vfio_state state)
{
	size_t len;

	fx_provision(1);
	ck_assert_int_eq(go(PFC_VFIO_STOP_COPY), 0);
	len = read_image();
	ck_assert_int_eq(go(PFC_VFIO_RUNNING), 0);
	ck_assert_int_eq(go(state), 0);
	fx.logged = 0;
	return len;
}

#define S(sym) PFC_VFIO_##sym
/* VF_CONTROL and blob commands of main GT's GuC on the way; RESUMING needs its image. */
static const char *const messages[PFC_VFIO_STATE_COUNT][PFC_VFIO_STATE_COUNT] = {
	[S(RUNNING)] = { "", "P", "P", "PqS", "P" },
	[S(RUNNING_P2P)] = { "R", "", "", "qS", "" },
	[S(STOP)] = { "R", "", "", "qS", "" },
	[S(STOP_COPY)] = { "R", "", "", "", "" },
	[S(RESUMING)] = { "rR", "r", "r", "rqS", "" },
};

static void sent(char *out)
{
	static const char commands[] = "?PRXF?";

	for (unsigned i = 0; i < fx.logged; i++) {
		unsigned vf, arg;
		char what[16];

		if (fx.log[i][0] != '0' ||
		    sscanf(fx.log[i] + 2, "%15s %u %u", what, &vf, &arg) != 3)
			continue;
		if (!strcmp(what, "control"))
			*out++ = commands[arg];
		else if (!strcmp(what, "query") || !strcmp(what, "restore"))
			*out++ = what[0];
		else if (!strcmp(what, "save"))
			*out++ = 'S';
	}
	*out = '\0';
}

START_TEST(P_29_vfio_arcs)
{
	/* P-29: every pair of states, by the arcs of 2.11: RUNNING to RUNNING_P2P is PAUSE,
	 * back RESUME, into STOP_COPY SAVE, out of RESUMING RESTORE, the others nothing. */
	enum pfc_vfio_state from = (enum pfc_vfio_state)(_i / PFC_VFIO_STATE_COUNT);
	enum pfc_vfio_state to = (enum pfc_vfio_state)(_i % PFC_VFIO_STATE_COUNT);
	static const enum pfc_vf_state after[] = {
		[S(RUNNING)] = PFC_VF_RESUMED, [S(RUNNING_P2P)] = PFC_VF_PAUSED,
		[S(STOP)] = PFC_VF_PAUSED, [S(STOP_COPY)] = PFC_VF_SAVING,
		[S(RESUMING)] = PFC_VF_RESTORING,
	};
	enum pfc_vf_state want = after[to];
	size_t len = start_in(from);
	char text[32];

	if (from == S(STOP_COPY))
		ck_assert_uint_gt(read_image(), 100);
	if (from == S(RESUMING)) {
		ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), S(RESUMING));
		ck_assert_int_eq(pfc_vfio_write(fx.pfc, 1, false, image, len), (long)len);
	}
	fx.logged = 0;
	ck_assert_int_eq(go(to), 0);
	sent(text);
	if (from != to) {
		ck_assert_str_eq(text, messages[from][to]);
		if (from == S(STOP_COPY) && to != S(RUNNING) && to != S(RESUMING))
			want = PFC_VF_SAVED;
		if (from == S(RESUMING) && to != S(RUNNING) && to != S(STOP_COPY))
			want = PFC_VF_RESTORED;
		ck_vf(to, want);
	}
}
END_TEST

START_TEST(illegal)
{
	/* 2.11: a request for what is no state stops the VF and is EINVAL; while an arc is
	 * under way another is EBUSY. */
	fx_provision(1);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, 1, S(STOP), 1), 0);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, 1, S(RUNNING), 1), -EBUSY);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, 1, PFC_VFIO_STATE_COUNT, 1), -EINVAL);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_STOPPED);
	ck_assert_int_eq(go(S(RUNNING)), -EPERM);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, 0, S(STOP), 1), -EINVAL);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, FX_VFS + 1, S(STOP), 1), -EINVAL);
	ck_assert_str_eq(pfc_vfio_state_name(S(STOP_COPY)), "stop-copy");
	ck_assert_str_eq(pfc_vfio_state_name(PFC_VFIO_STATE_COUNT), "?");
}
END_TEST

START_TEST(failed_arc)
{
	/* 2.11: an arc that fails leaves the state before it, with the verb's error. */
	fx_provision(1);
	fx.guc[1].refuse[GUC_VF_PAUSE] = GUC_ERR_INVALID_STATE;
	ck_assert_int_eq(go(S(STOP_COPY)), -EIO);
	ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), S(RUNNING));
	fx.guc[1].refuse[GUC_VF_PAUSE] = 0;
	ck_assert_int_eq(go(S(RESUMING)), 0);
	ck_assert_int_eq(go(S(STOP)), -ENODATA);
	ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), S(RESUMING));
	ck_assert_int_eq(pfc_vfio_write(fx.pfc, 1, false, image, 1), -ENODEV);
}
END_TEST

START_TEST(files)
{
	/* 2.11: a file access with a position is ESPIPE, one that is not open that way
	 * ENODEV; a save that is closed early drops what was not read. */
	fx_provision(1);
	ck_assert_int_eq(pfc_vfio_read(fx.pfc, 1, false, image, 8), -ENODEV);
	ck_assert_int_eq(pfc_vfio_read(fx.pfc, 0, false, image, 8), -EINVAL);
	ck_assert_int_eq(go(S(STOP_COPY)), 0);
	ck_assert_int_eq(pfc_vfio_read(fx.pfc, 1, true, image, 8), -ESPIPE);
	ck_assert_int_eq(pfc_vfio_write(fx.pfc, 1, false, image, 8), -ENODEV);
	ck_assert_int_eq(pfc_vfio_read(fx.pfc, 1, false, image, 8), 8);
	ck_assert_int_eq(go(S(STOP)), 0);
	ck_vf(S(STOP), PFC_VF_SAVED);
	ck_assert_int_eq(pfc_vfio_read(fx.pfc, 1, false, image, 8), -ENODEV);
	/* One that is not made yet is given up. */
	fx.guc[0].silent_blob = true;
	ck_assert_int_eq(go(S(STOP_COPY)), 0);
	ck_assert_int_eq(go(S(RUNNING)), -EIO);
	ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), S(STOP_COPY));
}
END_TEST

START_TEST(P_30_vfio_reset)
{
	/* P-30: a reset while RESUMING disables the file; its FLR is waited for up to 5 s,
	 * which is only logged; then the state is RUNNING. */
	fx_provision(1);
	ck_assert_int_eq(go(S(RESUMING)), 0);
	ck_assert_int_eq(pfc_vfio_reset_prepare(fx.pfc, 1), 0);
	ck_assert_int_eq(pfc_vfio_reset_prepare(fx.pfc, 1), -EALREADY);
	fx.logged = 0;
	fx_run(FX_SEC);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_FLR);
	ck_assert_uint_eq(fx.logged, 0);
	fx.guc[1].no_event = _i;
	fx_notify(0, 1, GUC_EVENT_VF_FLR);
	ck_assert_int_eq(pfc_vfio_reset_done(fx.pfc, 1, 7), 0);
	ck_assert_int_eq(pfc_vfio_write(fx.pfc, 1, false, image, 1), -ENODEV);
	ck_assert_int_eq(pfc_vfio_set(fx.pfc, 1, S(STOP), 7), -EBUSY);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.vfio, _i ? 1 : 2);
	fx_run(FX_SEC * 5);
	ck_assert_uint_eq(fx.vfio, 2);
	ck_assert_uint_eq(fx.vfio_tag, 7);
	ck_assert_int_eq(fx.vfio_err, 0);
	ck_assert_int_eq(pfc_vfio_state(fx.pfc, 1), S(RUNNING));
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_READY);
	ck_assert_int_eq(fx_state(1, 1), _i ? PFC_VF_FLR : PFC_VF_READY);
	/* Without an FLR it is over at once. */
	fx.guc[1].no_event = false;
	fx_notify(1, 1, GUC_EVENT_VF_FLR_DONE);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_vfio_reset_done(fx.pfc, 1, 8), 0);
	ck_assert_uint_eq(fx.vfio, 3);
	ck_assert_int_eq(go(S(STOP)), 0);
}
END_TEST

START_TEST(prepared)
{
	/* 2.4 (c): a prepared FLR begins with the verb as well. */
	fx_provision(1);
	ck_assert_int_eq(pfc_vfio_reset_prepare(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.logged, 0);
	ck_assert_int_eq(fx_do(PFC_FLR, 1), 0);
	ck_assert_uint_eq(fx.tag, 77);
	ck_assert_uint_eq(fx.logged, 4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_vfio");
	TCase *tc = tcase_create("vfio");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_loop_test(tc, P_29_vfio_arcs, 0, PFC_VFIO_STATE_COUNT * PFC_VFIO_STATE_COUNT);
	tcase_add_test(tc, illegal);
	tcase_add_test(tc, failed_arc);
	tcase_add_test(tc, files);
	tcase_add_loop_test(tc, P_30_vfio_reset, 0, 2);
	tcase_add_test(tc, prepared);
	suite_add_tcase(s, tc);
	return check_main(s);
}
