/* SPDX-License-Identifier: MIT */
/* Save and restore through the PF (save.c, restore.c; vf-lifecycle 2.8, 2.9, the
 * rows M-.. of 6.5). The container of the image alone: test_image.c. */
#include "pfc_fixture.h"

#include "pfclient/image_priv.h"
#include "tests/check_main.h"

static uint8_t image[1 << 20], second[1 << 20];

/* Entries and mailbox as a driver would leave them. */
static void use_vf(unsigned vf, bool scattered)
{
	struct pfc_vf_info info = fx_info(vf);

	for (uint32_t i = 0; i < info.ggtt_size / 4096; i++)
		fx.ggtt[info.ggtt_start / 4096 + i] =
			(uint64_t)vf << 2 | 1 |
			(scattered ? (uint64_t)(i * 2654435761u & 0xFFFFF) << 12 :
				     0x40000000ull + i * 4096);
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		for (unsigned i = 0; i < 4; i++)
			fx.guc[gt].vf_mailbox[vf][i] = 0x100 * gt + i;
}

static int restore(unsigned vf, const uint8_t *from, size_t len, size_t step)
{
	size_t at = 0;
	int err = pfc_do(fx.pfc, PFC_RESTORE, vf, NULL, 8);

	while (!err && at < len) {
		long n = pfc_image_write(fx.pfc, vf, from + at, step < len - at ? step : len - at);

		if (n < 0)
			return (int)n;
		at += (size_t)n;
	}
	fx.ended = 0;
	if (!err)
		err = pfc_image_end(fx.pfc, vf);
	if (err)
		return err;
	fx_run(FX_SEC / 10);
	ck_assert_uint_eq(fx.ended, 1);
	return fx.err;
}

START_TEST(M_32_round_trip)
{
	/* M-32, 2.8, 2.9: saved from VF 1, restored to VF 2: blobs, entries with
	 * the new VFID, mailboxes; the size is exact and the runs are short. */
	struct pfc_vf_info a, b;
	size_t len;

	fx_paused(1);
	fx_paused(2);
	use_vf(1, _i & 1);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EPERM);
	len = fx_save(1, image, sizeof(image), _i & 2 ? 1 : 65536);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), (long)len);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, image, 1), 0);
	if (!(_i & 1))
		ck_assert_uint_lt(len, 2000);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	ck_assert_int_eq(restore(2, image, len, _i & 2 ? 1 : 4096), 0);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_RESTORED);
	a = fx_info(1);
	b = fx_info(2);
	for (uint32_t i = 0; i < a.ggtt_size / 4096; i++)
		ck_assert_uint_eq(fx.ggtt[b.ggtt_start / 4096 + i],
				  (fx.ggtt[a.ggtt_start / 4096 + i] & ~PTE_VFID) | 2u << 2);
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		ck_assert(memcmp(fx.guc[gt].vf_mailbox[1], fx.guc[gt].vf_mailbox[2], 16) == 0);
		ck_assert_uint_eq(fx.guc[gt].restored, 100 + gt);
		ck_assert_uint_eq(fx.guc[gt].restored_first, 0xB10B0000u + gt * 0x1000);
	}
	ck_assert_int_eq(fx_do(PFC_RESUME, 2), 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used, 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, image, 1), -EPERM);
}
END_TEST

START_TEST(M_10_save_again)
{
	/* M-10: a saved or restored VF can be saved again, to the same image. A failed
	 * save does not stand in the way of the next. */
	size_t a, b;

	fx_paused(1);
	use_vf(1, false);
	a = fx_save(1, image, sizeof(image), 65536);
	fx.guc[0].used = 0;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -ENODATA);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 1), -EIO);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EIO);
	fx.guc[0].used = -1;
	b = fx_save(1, second, sizeof(second), 65536);
	ck_assert_uint_eq(a, b);
	ck_assert(memcmp(image, second, a) == 0);
	ck_assert_int_eq(restore(1, second, b, 100), 0);
	ck_assert_uint_eq(fx_save(1, image, sizeof(image), 65536), a);
}
END_TEST

/* What GuC may not say about its blob fails the save; the VF stays paused and
 * readers get EIO. */
static void refuse_blob(uint32_t blob, int64_t used, int err)
{
	fx.guc[1].blob = blob;
	fx.guc[1].used = used;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), err);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, image, 1), -EIO);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EIO);
	ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
}

START_TEST(M_01_save_not_paused)
{
	/* M-01: a VF that is not paused on every GT is not saved; nor restored. */
	fx_provision(1);
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -EPERM);
	ck_assert_int_eq(fx_do(PFC_RESTORE, 1), -EPERM);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, image, 1), -EPERM);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -EPERM);
	ck_assert_int_eq(fx_do(PFC_STOP, 1), 0);
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -EPERM);
	ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
}
END_TEST

START_TEST(M_02_size_0)
{
	/* M-02: GuC answers the size query with 0: ENODATA, readers get EIO. */
	fx_paused(1);
	refuse_blob(0, -1, -ENODATA);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(M_03_used)
{
	/* M-03: GuC says that it used nothing, or more than it was given. */
	fx_paused(1);
	refuse_blob(101, 0, -ENODATA);
	refuse_blob(101, 102, -EPROTO);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(M_04_too_large)
{
	/* M-04: a blob of more than 8 MiB, or than this PF's pool, is ENOBUFS before
	 * memory is touched. */
	fx_paused(1);
	refuse_blob((8u << 20) / 4 + 1, -1, -ENOBUFS);
	refuse_blob(0x0FFFFFFF, -1, -ENOBUFS);
	refuse_blob((4u << 20) / 4, -1, -ENOBUFS);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(M_03_short_blob)
{
	/* M-03: a blob smaller than announced shortens its section. */
	size_t len;

	fx_paused(1);
	len = fx_save(1, image, sizeof(image), 65536);
	fx.guc[1].used = 50;
	ck_assert_uint_eq(fx_save(1, image, sizeof(image), 65536), len - 51 * 4);
	ck_assert_int_eq(restore(1, image, len - 51 * 4, 999), 0);
	ck_assert_uint_eq(fx.guc[1].restored, 50);
}
END_TEST

START_TEST(memory_kept)
{
	/* transfer.c: memory that GuC may still write to is not given to another
	 * image, although the save was overridden. */
	fx_paused(1);
	fx.guc[1].silent_blob = true;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), 1);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_FLR, 1, NULL, 0), 0);
	fx_run(1000);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_READY);
	ck_assert_uint_ne(fx.pfc->out_pool.pages.used, 0);
	/* It gives up on the request after a second. */
	fx_run(FX_SEC);
	ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
}
END_TEST

START_TEST(M_05_foreign_pte)
{
	/* M-05: one entry with another VFID fails the save with EPERM. */
	fx_paused(1);
	fx.ggtt[fx_info(1).ggtt_start / 4096 + 600] = 2u << 2 | 1;
	ck_assert_int_eq(fx_do(PFC_SAVE, 1), -EPERM);
	ck_assert_int_eq(fx_state(1, 1), PFC_VF_PAUSED);
}
END_TEST

/* A peer that stops is given up after 20 s without a byte; any byte starts the
 * time anew. Meanwhile the VF can't be resumed, then it can. */
static void stop_after(bool saving, unsigned bytes)
{
	fx_paused(1);
	ck_assert_uint_gt(fx_save(1, image, sizeof(image), 65536), 100);
	ck_assert_int_eq(pfc_do(fx.pfc, saving ? PFC_SAVE : PFC_RESTORE, 1, NULL, 3), 0);
	fx.ended = 0;
	for (unsigned i = 0; i < 3; i++) {
		fx_run(FX_SEC * 19);
		if (saving)
			ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, bytes), bytes);
		else
			ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image + bytes * i, bytes),
					 bytes);
	}
	ck_assert_uint_eq(fx.ended, 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESUME, 1, NULL, 0), -EBUSY);
	fx_run(FX_SEC * 21);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used + fx.pfc->out_pool.pages.used, 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}

START_TEST(M_06_slow_reader)
{
	/* M-06: a reader that stops holds up nothing but its own image, which takes no
	 * more room than the pool has; it can go on later, but not for ever. */
	stop_after(true, 1);
}
END_TEST

START_TEST(M_12_without_trailer)
{
	/* M-12: an image without its trailer: RESUME is EBUSY, after 20 s the restore
	 * is given up; when its end is said, at once. The VF can be resumed then. */
	stop_after(false, 300);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 1), 0);
	ck_assert_int_eq(restore(1, image, 600, 600), -ENODATA);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(M_07_reader_interrupted)
{
	/* M-07: a reader that comes too early, or asks for nothing, or is interrupted
	 * at any byte, goes on where it was; nothing sticks. */
	size_t len, at = 0, got;

	fx_paused(1);
	use_vf(1, true);
	len = fx_save(1, image, sizeof(image), 65536);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 3), 0);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 100), -EAGAIN);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), -EAGAIN);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_image_size(fx.pfc, 1), (long)len);
	for (unsigned i = 0; at < len; i++, at += got) {
		ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second + at, 0), 0);
		got = (size_t)pfc_image_read(fx.pfc, 1, second + at, 1 + i % 97);
		ck_assert_uint_le(got, 1 + i % 97);
		fx_run(1000);
	}
	ck_assert_uint_eq(at, len);
	ck_assert(memcmp(image, second, len) == 0);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
}
END_TEST

START_TEST(M_08_early_close)
{
	/* M-08: a reader that wants no more ends the save, at any time: the verb ends
	 * with ECANCELED, the VF is paused as before, memory is free, and the next save
	 * is as good as the first. So for a restore. */
	size_t len;

	fx_paused(1);
	len = fx_save(1, image, sizeof(image), 65536);
	ck_assert_int_eq(pfc_image_cancel(fx.pfc, 1), -EPERM);
	ck_assert_int_eq(pfc_image_cancel(fx.pfc, 0), -EINVAL);
	ck_assert_int_eq(pfc_image_cancel(fx.pfc, FX_VFS + 1), -EINVAL);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 3), 0);
		fx_run(i ? FX_SEC / 10 : 0);
		if (i == 2)
			ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 77), 77);
		fx.ended = 0;
		ck_assert_int_eq(pfc_image_cancel(fx.pfc, 1), 0);
		ck_assert_uint_eq(fx.ended, 1);
		ck_assert_int_eq(fx.err, -ECANCELED);
		ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
		ck_assert_int_eq(pfc_image_read(fx.pfc, 1, second, 1), -EIO);
		fx_run(FX_SEC);
		ck_assert_uint_eq(fx.pfc->out_pool.pages.used, 0);
	}
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 3), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image, 500), 500);
	ck_assert_int_eq(pfc_image_cancel(fx.pfc, 1), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, image, 500), -EPERM);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used, 0);
	ck_assert_uint_eq(fx_save(1, second, sizeof(second), 65536), len);
	ck_assert(memcmp(image, second, len) == 0);
	ck_assert_int_eq(fx_do(PFC_RESUME, 1), 0);
}
END_TEST

START_TEST(M_11_two_gts)
{
	/* M-11: with two GTs each GT's sections are in their order, the descriptor comes
	 * first and the trailer last. */
	static const uint8_t order[][2] = { { 1, 0 }, { 5, 0 }, { 3, 0 }, { 4, 0 },
					    { 5, 1 }, { 4, 1 }, { 2, 0 } };
	size_t len, at = PFC_IMAGE_HEADER;

	fx_paused(1);
	use_vf(1, false);
	len = fx_save(1, image, sizeof(image), 65536);
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		ck_assert_uint_eq(image[at + SEC_TYPE], order[i][0]);
		ck_assert_uint_eq(image[at + SEC_GT], order[i][1]);
		at += PFC_IMAGE_SECTION + le32_get(image + at + SEC_STORED);
	}
	ck_assert_uint_eq(at, len);
}
END_TEST

START_TEST(M_25_nothing_applied)
{
	/* M-25, M-26 through the PF: an image with any flipped bit, or cut anywhere,
	 * applies nothing; the VF is paused as before and takes a good one. */
	uint64_t *before = malloc(FX_GGTT / 4096 * 8);
	size_t len;

	fx_paused(1);
	use_vf(1, false);
	len = fx_save(1, image, sizeof(image), 65536);
	memcpy(before, fx.ggtt, FX_GGTT / 4096 * 8);
	fx.logged = 0;
	for (size_t i = 0; i < len; i += 1 + i / 40) {
		image[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_lt(restore(1, image, len, 4096), 0);
		ck_assert_int_lt(pfc_image_write(fx.pfc, 1, image, 1), 0);
		ck_assert_int_lt(pfc_image_end(fx.pfc, 1), 0);
		image[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(restore(1, image, i, 4096), -ENODATA);
		ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	}
	ck_assert_uint_eq(fx.logged, 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used, 0);
	ck_assert(memcmp(before, fx.ggtt, FX_GGTT / 4096 * 8) == 0);
	ck_assert_int_eq(restore(1, image, len, 4096), 0);
	free(before);
}
END_TEST

/* A GuC that refuses its blob fails the verb before entries and mailboxes are
 * touched; the VF stays paused, FLR recovers. */
static void guc_refuses(uint16_t refuse, int64_t consumed, int err)
{
	size_t len;

	fx_paused(1);
	fx_paused(2);
	len = fx_save(1, image, sizeof(image), 65536);
	fx.guc[0].refuse_restore = refuse;
	fx.guc[0].consumed = consumed;
	use_vf(2, true);
	ck_assert_int_eq(restore(2, image, len, 4096), err);
	ck_assert_int_eq(fx_state(2, 0), PFC_VF_PAUSED);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_PAUSED);
	ck_assert(fx_info(2).failed);
	ck_assert_uint_eq(fx.guc[1].vf_mailbox[2][0], 0x100);
	ck_assert_uint_ne(fx.ggtt[fx_info(2).ggtt_start / 4096 + 5] & PTE_ADDR, 0);
	ck_assert_uint_eq(fx.pfc->in_pool.pages.used, 0);
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_int_eq(fx_state(2, 0), PFC_VF_READY);
}

START_TEST(M_22_guc_refuses)
{
	/* M-22: GuC rejects the blob: EIO; the VF is paused still, a reset recovers. */
	guc_refuses(GUC_ERR_INVALID_PARAMS, -1, -EIO);
}
END_TEST

START_TEST(M_23_consumed)
{
	/* M-23: GuC says that it took nothing of its blob, or more than there is. */
	guc_refuses(0, _i ? 101 : 0, _i ? -EPROTO : -ENODATA);
}
END_TEST

START_TEST(M_29_other_guc)
{
	/* M-29: a blob of another ABI, or of another configuration. */
	guc_refuses(_i ? GUC_ERR_INVALID_CONFIG_STATE : GUC_ERR_UNSUPPORTED_VERSION, -1, -EIO);
}
END_TEST

START_TEST(M_06_pool_shared)
{
	/* M-06: images that do not fit at the same time wait for each other instead
	 * of failing, saving as well as restoring. */
	uint8_t *copy = malloc(1 << 20);
	size_t len, at = 0;
	long n;

	for (unsigned vf = 1; vf <= 2; vf++)
		fx_paused(vf);
	/* A pool is a little under 900 KiB here: one blob is more than half. */
	fx.guc[0].blob = (600u << 10) / 4;
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 1, NULL, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, 2, NULL, 2), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(pfc_image_read(fx.pfc, 2, image, 1), -EAGAIN);
	for (len = 0; (n = pfc_image_read(fx.pfc, 1, copy + len, 4096)) > 0;)
		len += (size_t)n;
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_SAVED);
	ck_assert_int_gt(pfc_image_size(fx.pfc, 2), 600 << 10);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_STOP, 2, NULL, 0), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_do(PFC_FLR, 2), 0);
	ck_assert_int_eq(fx_do(PFC_PAUSE, 2), 0);
	/* Two writers: the second waits without an error. */
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 2, NULL, 2), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, copy, 100000), 100000);
	n = pfc_image_write(fx.pfc, 2, copy, len);
	ck_assert(n > 48 && n < 300);
	at = (size_t)n;
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, copy + at, len - at), 0);
	n = pfc_image_write(fx.pfc, 1, copy + 100000, len - 100000);
	ck_assert_int_eq(n, (long)len - 100000);
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORED);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 2, copy + at, len - at), (long)(len - at));
	ck_assert_int_eq(pfc_image_end(fx.pfc, 2), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(2, 1), PFC_VF_RESTORED);
	free(copy);
}
END_TEST

START_TEST(M_12_waits_for_room)
{
	/* M-12: a restore that waits for another's memory, and asks for it again and
	 * again, moves no byte: after 20 s it is given up, while the other one, which
	 * gets a byte now and then, goes on. */
	uint8_t *copy = malloc(1 << 20);
	size_t len, at = 100000;
	long n;

	for (unsigned vf = 1; vf <= 2; vf++)
		fx_paused(vf);
	fx.guc[0].blob = (600u << 10) / 4;
	len = fx_save(1, copy, 1 << 20, 4096);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 1, NULL, 1), 0);
	ck_assert_int_eq(pfc_do(fx.pfc, PFC_RESTORE, 2, NULL, 2), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, copy, at), (long)at);
	n = pfc_image_write(fx.pfc, 2, copy, len);
	ck_assert_int_gt(n, 0);
	fx.ended = 0;
	for (unsigned i = 0; i < 30 && !fx.ended; i++) {
		ck_assert_int_eq(pfc_image_write(fx.pfc, 1, copy + at++, 1), 1);
		ck_assert_int_eq(pfc_image_write(fx.pfc, 2, copy + n, len - (size_t)n), 0);
		fx_run(FX_SEC);
	}
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, -ETIMEDOUT);
	ck_assert_uint_eq(fx.tag, 2);
	ck_assert_int_lt(pfc_image_write(fx.pfc, 2, copy, 1), 0);
	ck_assert_int_eq(pfc_image_write(fx.pfc, 1, copy + at, len - at), (long)(len - at));
	ck_assert_int_eq(pfc_image_end(fx.pfc, 1), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_state(1, 0), PFC_VF_RESTORED);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pfc_image");
	TCase *tc = tcase_create("transfer");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, M_01_save_not_paused);
	tcase_add_test(tc, M_02_size_0);
	tcase_add_test(tc, M_03_used);
	tcase_add_test(tc, M_03_short_blob);
	tcase_add_test(tc, M_04_too_large);
	tcase_add_test(tc, M_05_foreign_pte);
	tcase_add_test(tc, M_06_slow_reader);
	tcase_add_test(tc, M_06_pool_shared);
	tcase_add_test(tc, M_07_reader_interrupted);
	tcase_add_test(tc, M_08_early_close);
	tcase_add_test(tc, M_10_save_again);
	tcase_add_test(tc, M_11_two_gts);
	tcase_add_test(tc, M_12_without_trailer);
	tcase_add_test(tc, M_12_waits_for_room);
	tcase_add_test(tc, M_22_guc_refuses);
	tcase_add_loop_test(tc, M_23_consumed, 0, 2);
	tcase_add_test(tc, M_25_nothing_applied);
	tcase_add_loop_test(tc, M_29_other_guc, 0, 2);
	tcase_add_loop_test(tc, M_32_round_trip, 0, 4);
	tcase_add_test(tc, memory_kept);
	suite_add_tcase(s, tc);
	return check_main(s);
}
