/* SPDX-License-Identifier: MIT */
/* A function's link (vfclient/vft_link.h) against a fake end: opening, how writes are
 * gathered and reads matched, what is shared (docs/protocol/frames.md). */
#include "tests/check_main.h"
#include "tests/unit/vft_link_fixture.h"

/* --- opening ----------------------------------------------------------------------- */

START_TEST(test_hello)
{
	/* HELLO is the first frame: version, role, function, feature FREEZE, name. */
	const struct frame *f = &t.server.got[0].f;

	ck_assert_int_eq(f->type, gucemu_FrameType_HELLO);
	ck_assert_uint_eq(f->value, FRAME_PROTOCOL);
	ck_assert_uint_eq(f->code, FRAME_ROLE_FUNCTION);
	ck_assert_uint_eq(f->function, 1);
	ck_assert_uint_eq(f->flags, FRAME_FEATURE_FREEZE | FRAME_FEATURE_BELL);
	ck_assert_uint_eq(f->text_len, 4);
}
END_TEST

START_TEST(test_refused_hello)
{
	/* A refused HELLO is a loss with the emulator's error and words. */
	t.server.refuse = true;
	link_open();
	ck_assert(t.lost && !t.opened);
	ck_assert_int_eq(t.err, -EBUSY);
	ck_assert_str_eq(t.text, "VF 1 is taken");
	ck_assert_int_eq(vft_link_read(t.link, 0, 4, 1, link_words, NULL, 0), -EBUSY);
}
END_TEST

START_TEST(test_no_welcome)
{
	/* HELLO answered with neither WELCOME nor an error is a loss with words. */
	t.server.shrug = true;
	link_open();
	ck_assert(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
	ck_assert_str_eq(t.text, "the emulator answered HELLO with no WELCOME");
}
END_TEST

START_TEST(test_no_server)
{
	/* Nobody listens: an error at once, with words that name the path. */
	struct vft_link_options o = { .socket = "/tmp/gucemu-no-such-socket", .ops = &link_ops };
	char err[256];

	ck_assert_int_eq(vft_link_open(&t.link, &t.loop, &o, err, sizeof(err)), -ENOENT);
	ck_assert_ptr_null(t.link);
	ck_assert_ptr_nonnull(strstr(err, "/tmp/gucemu-no-such-socket"));
}
END_TEST

/* --- registers --------------------------------------------------------------------- */

START_TEST(test_batch)
{
	/* Posted writes are gathered: 64 make a frame, in order. */
	unsigned from = t.server.n;

	for (uint32_t i = 0; i < 64; i++)
		vft_link_write32(t.link, 4 * i, i);
	UNTIL(t.server.n > from);
	ck_assert_uint_eq(fake_count(&t.server, gucemu_FrameType_MMIO_WRITE, from), 1);
	ck_assert_uint_eq(t.server.got[from].f.data_len, 64 * 8);
	ck_assert_uint_eq(t.server.got[from].f.seq, 0);
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t pair[2];

		memcpy(pair, t.server.got[from].data + 8 * i, sizeof(pair));
		ck_assert_uint_eq(pair[0], 4 * i);
		ck_assert_uint_eq(pair[1], i);
	}
}
END_TEST

START_TEST(test_turn_flushes)
{
	/* A lone posted write goes out before the loop sleeps. */
	unsigned from = t.server.n;

	vft_link_write32(t.link, 0x1901F0, 0);
	UNTIL(t.server.n > from);
	ck_assert_int_eq(t.server.got[from].f.type, gucemu_FrameType_MMIO_WRITE);
	ck_assert_uint_eq(t.server.got[from].f.data_len, 8);
}
END_TEST

START_TEST(test_read_after_writes)
{
	/* A read never overtakes a write, and its words are the ones asked for. */
	unsigned from = t.server.n;
	uint32_t words[3];

	vft_link_write32(t.link, 0x100, 1);
	ck_assert_int_eq(vft_link_read_sync(t.link, 0x200, 4, 3, words, 5000), 0);
	ck_assert_int_eq(t.server.got[from].f.type, gucemu_FrameType_MMIO_WRITE);
	ck_assert_int_eq(t.server.got[from + 1].f.type, gucemu_FrameType_MMIO_READ);
	ck_assert_uint_eq(words[0], 0x200);
	ck_assert_uint_eq(words[2], 0x208);
}
END_TEST

START_TEST(test_runs)
{
	/* GGTT entries travel as runs of 64-bit words, behind earlier writes, and no
	 * frame exceeds the limit of data. */
	static uint64_t entries[10000];
	unsigned from = t.server.n;

	vft_link_write32(t.link, 0x100, 1);
	vft_link_write64(t.link, 0x800000, entries, 10000);
	UNTIL(fake_count(&t.server, gucemu_FrameType_MMIO_WRITE, from) == 3);
	ck_assert_uint_eq(t.server.got[from].f.size, 4);
	ck_assert_uint_eq(t.server.got[from + 1].f.size, 8);
	ck_assert_uint_eq(t.server.got[from + 1].f.flags, 1);
	ck_assert_uint_eq(t.server.got[from + 1].f.data_len, FRAME_DATA_MAX);
	ck_assert_uint_eq(t.server.got[from + 2].f.addr, 0x800000 + FRAME_DATA_MAX);
	ck_assert_uint_eq(t.server.got[from + 2].f.data_len, 80000 - FRAME_DATA_MAX);
}
END_TEST

START_TEST(test_refused_read)
{
	/* A read that the emulator refuses gives all ones and a complaint. */
	struct frame status = { .type = gucemu_FrameType_STATUS, .status = -ERANGE };
	unsigned from = t.server.n;

	t.server.answer = false;
	ck_assert_int_eq(vft_link_read(t.link, 0x7000000, 4, 2, link_words, NULL, 0), 0);
	UNTIL(t.server.n > from);
	status.seq = t.server.got[from].f.seq;
	fake_send(&t.server, &status);
	UNTIL(t.reads == 1);
	ck_assert_uint_eq(t.words_n, 2);
	ck_assert_uint_eq(t.words[1], 0xFFFFFFFF);
	ck_assert_uint_eq(t.refused, 1);
	ck_assert_int_eq(t.last_refused, -ERANGE);
	ck_assert(!t.lost);
}
END_TEST

START_TEST(test_bad_read)
{
	/* Reads of no or too many words, or of an odd size, are the caller's error. */
	ck_assert_int_eq(vft_link_read(t.link, 0, 4, 0, link_words, NULL, 0), -EINVAL);
	ck_assert_int_eq(vft_link_read(t.link, 0, 4, 513, link_words, NULL, 0), -EINVAL);
	ck_assert_int_eq(vft_link_read(t.link, 0, 2, 1, link_words, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(test_short_answer)
{
	/* An answer of another length than asked for ends the link. */
	uint32_t word = 1;
	struct frame data = {
		.type = gucemu_FrameType_MMIO_DATA,
		.data = (const uint8_t *)&word,
		.data_len = 4,
	};
	unsigned from = t.server.n;

	t.server.answer = false;
	ck_assert_int_eq(vft_link_read(t.link, 0, 4, 2, link_words, NULL, 0), 0);
	UNTIL(t.server.n > from);
	data.seq = t.server.got[from].f.seq;
	fake_send(&t.server, &data);
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
}
END_TEST

START_TEST(test_unasked)
{
	/* Frames that only a client sends, or answers nobody asked for, end the link. */
	static const gucemu_FrameType types[] = {
		gucemu_FrameType_MMIO_DATA, gucemu_FrameType_MMIO_READ, gucemu_FrameType_WELCOME,
		gucemu_FrameType_REPLY, gucemu_FrameType_ADOPT,
	};
	struct frame f = { .type = types[_i], .seq = 77, .value = FRAME_PROTOCOL, .gt = 1 };

	fake_send(&t.server, &f);
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
}
END_TEST

START_TEST(test_bad_status)
{
	/* A status is 0 or a negative error number of Linux: others end the link. */
	static const int32_t wrong[] = { 1, INT32_MAX, -4096, INT32_MIN };
	struct frame f = { .type = gucemu_FrameType_STATUS, .status = wrong[_i] };

	fake_send(&t.server, &f);
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
	ck_assert_uint_eq(t.refused, 0);
}
END_TEST

START_TEST(test_interrupt)
{
	/* An interrupt carries GT, bit, memirq source and vector. */
	struct frame f = {
		.type = gucemu_FrameType_INTERRUPT, .gt = 1, .code = 15, .value = 24, .size = 3,
	};

	fake_send(&t.server, &f);
	UNTIL(t.irqs == 1);
	ck_assert_uint_eq(t.irq.gt, 1);
	ck_assert_uint_eq(t.irq.code, 15);
	ck_assert_uint_eq(t.irq.source, 24);
	ck_assert_uint_eq(t.irq.vector, 3);
}
END_TEST

START_TEST(test_share)
{
	/* Memory is zeroed, mapped and travels with one descriptor. */
	struct host_mem mem;
	unsigned from = t.server.n;
	uint64_t place[3];

	ck_assert_int_eq(vft_link_share(t.link, 8192, 0x100000000, &mem), 0);
	UNTIL(t.server.n > from);
	ck_assert_int_eq(t.server.got[from].f.type, gucemu_FrameType_MEM_SHARE);
	ck_assert_uint_eq(t.server.got[from].f.fds, 1);
	memcpy(place, t.server.got[from].data, sizeof(place));
	ck_assert_uint_eq(place[0], 0x100000000);
	ck_assert_uint_eq(place[1], 8192);
	ck_assert_uint_eq(place[2], 0);
	ck_assert_uint_eq(mem.base[8191], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vft_link");
	TCase *opening = tcase_create("opening");
	TCase *open = tcase_create("open");

	tcase_add_checked_fixture(opening, link_setup, link_teardown);
	tcase_add_test(opening, test_refused_hello);
	tcase_add_test(opening, test_no_welcome);
	tcase_add_test(opening, test_no_server);
	suite_add_tcase(suite, opening);
	tcase_add_checked_fixture(open, link_setup_open, link_teardown);
	tcase_add_test(open, test_hello);
	tcase_add_test(open, test_batch);
	tcase_add_test(open, test_turn_flushes);
	tcase_add_test(open, test_read_after_writes);
	tcase_add_test(open, test_runs);
	tcase_add_test(open, test_refused_read);
	tcase_add_test(open, test_bad_read);
	tcase_add_test(open, test_short_answer);
	tcase_add_loop_test(open, test_unasked, 0, 5);
	tcase_add_loop_test(open, test_bad_status, 0, 4);
	tcase_add_test(open, test_interrupt);
	tcase_add_test(open, test_share);
	suite_add_tcase(suite, open);
	return check_main(suite);
}
