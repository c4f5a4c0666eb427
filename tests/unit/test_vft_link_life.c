/* SPDX-License-Identifier: MIT */
/* A function's link (vfclient/vft_link.h) and its mailbox against a fake end: how the
 * clock is stopped, doorbells are spared, losses told (docs/protocol/frames.md). */
#include <limits.h>

#include "proto/hxg.h"
#include "tests/check_main.h"
#include "tests/unit/vft_link_fixture.h"
#include "vfclient/vft_mailbox.h"

/* --- freeze ------------------------------------------------------------------------ */

static void send_freeze(uint32_t seq)
{
	struct frame f = { .type = gucemu_FrameType_FREEZE, .seq = seq };

	fake_send(&t.server, &f);
}

static void send_thaw(void)
{
	struct frame f = { .type = gucemu_FrameType_THAW };

	fake_send(&t.server, &f);
}

START_TEST(test_freeze_clock)
{
	/* Time that is spent frozen does not count. */
	unsigned from = t.server.n;
	uint64_t before, after;

	send_freeze(5);
	UNTIL(fake_count(&t.server, gucemu_FrameType_FROZEN, from) == 1);
	ck_assert_uint_eq(t.server.got[t.server.n - 1].f.seq, 5);
	ck_assert(vft_link_frozen(t.link));
	before = vft_link_now(t.link);
	usleep(30000);
	ck_assert_uint_eq(vft_link_now(t.link), before);
	send_thaw();
	UNTIL(t.thaws == 1);
	after = vft_link_now(t.link);
	ck_assert_uint_ge(after, before);
	/* Real time went on by 30 ms at least; what the clock shows beyond
	 * `before` is the time since the thaw only. */
	ck_assert_uint_lt(after - before, uv_hrtime());
	ck_assert_uint_ge(uv_hrtime() - after, 30000000);
}
END_TEST

START_TEST(test_freeze_waits)
{
	/* FROZEN comes only when the outstanding read is answered; posted writes
	 * go before it. */
	unsigned from = t.server.n;
	unsigned read;

	t.server.answer = false;
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), 0);
	vft_link_write32(t.link, 0x80, 1);
	read = from;
	send_freeze(9);
	UNTIL(t.freezes == 1 && fake_count(&t.server, gucemu_FrameType_MMIO_WRITE, from) == 1);
	ck_assert_uint_eq(fake_count(&t.server, gucemu_FrameType_FROZEN, from), 0);
	fake_answer(&t.server, &t.server.got[read].f);
	UNTIL(fake_count(&t.server, gucemu_FrameType_FROZEN, from) == 1);
	ck_assert_uint_eq(t.reads, 1);
	ck_assert_int_eq(t.server.got[t.server.n - 1].f.type, gucemu_FrameType_FROZEN);
}
END_TEST

START_TEST(test_freeze_holds)
{
	/* What is written or read while frozen is sent after the thaw, in order. */
	unsigned from;

	send_freeze(1);
	UNTIL(t.freezes == 1 && fake_count(&t.server, gucemu_FrameType_FROZEN, 0) == 1);
	from = t.server.n;
	vft_link_write32(t.link, 0x80, 1);
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), 0);
	vft_link_write32(t.link, 0x84, 1);
	for (unsigned i = 0; i < 10; i++)
		uv_run(&t.loop, UV_RUN_NOWAIT);
	ck_assert_uint_eq(t.server.n, from);
	send_thaw();
	UNTIL(t.server.n == from + 3);
	ck_assert_int_eq(t.server.got[from].f.type, gucemu_FrameType_MMIO_WRITE);
	ck_assert_int_eq(t.server.got[from + 1].f.type, gucemu_FrameType_MMIO_READ);
	ck_assert_int_eq(t.server.got[from + 2].f.type, gucemu_FrameType_MMIO_WRITE);
	UNTIL(t.reads == 1);
}
END_TEST

START_TEST(test_freeze_last_words)
{
	/* A read behind a write that waits for THAW waits, too, though the machine is only
	 * about to stop: a mailbox request and the first look at its answer. Such a read
	 * keeps nobody from being frozen, also when asked once more. */
	unsigned from = t.server.n;

	t.last_words = true;
	send_freeze(1);
	UNTIL(t.freezes == 1 && fake_count(&t.server, gucemu_FrameType_FROZEN, from) == 1);
	send_freeze(2);
	UNTIL(fake_count(&t.server, gucemu_FrameType_FROZEN, from) == 2);
	ck_assert_uint_eq(t.server.n, from + 2);
	ck_assert_uint_eq(t.reads, 0);
	send_thaw();
	UNTIL(t.reads == 1);
	ck_assert_uint_eq(t.server.n, from + 4);
	ck_assert_int_eq(t.server.got[from + 2].f.type, gucemu_FrameType_MMIO_WRITE);
	ck_assert_int_eq(t.server.got[from + 3].f.type, gucemu_FrameType_MMIO_READ);
	t.last_words = false;
	send_freeze(3);
	UNTIL(fake_count(&t.server, gucemu_FrameType_FROZEN, from) == 3);
}
END_TEST

START_TEST(test_freeze_unasked)
{
	/* An answer to a read that waits for THAW is one that nobody asked for. */
	struct frame f = { .type = gucemu_FrameType_MMIO_DATA, .data = (const uint8_t *)"abcd",
			   .data_len = 4 };

	t.last_words = true;
	send_freeze(1);
	UNTIL(fake_count(&t.server, gucemu_FrameType_FROZEN, 0) == 1);
	/* HELLO had the seq before it. */
	f.seq = t.server.got[0].f.seq + 1;
	fake_send(&t.server, &f);
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
}
END_TEST

START_TEST(test_freeze_irq)
{
	/* The interrupt of a migration arrives while frozen and is not lost. */
	struct frame f = { .type = gucemu_FrameType_INTERRUPT };

	send_freeze(1);
	UNTIL(t.freezes == 1);
	fake_send(&t.server, &f);
	send_thaw();
	UNTIL(t.thaws == 1);
	ck_assert_uint_eq(t.irqs, 1);
}
END_TEST

/* --- bells ------------------------------------------------------------------------- */

static void turns(unsigned n)
{
	while (n-- > 0)
		uv_run(&t.loop, UV_RUN_NOWAIT);
}

START_TEST(test_bells)
{
	/* frames, bells: everything is signalled until the emulator has the page. One that
	 * let it go before the client was thawed gets it again, if it takes it (_i 1: it
	 * does not); one that still has it is not asked. */
	struct bell_page *page;

	t.server.features = FRAME_FEATURE_BELL;
	link_open();
	ck_assert_int_eq(vft_link_bells(t.link, &page), 0);
	ck_assert(bell_is_off(&page->gt[0].h2g) && bell_is_off(&page->gt[BELL_GTS - 1].g2h));
	ck_assert_int_eq(vft_link_bells(t.link, &page), -EALREADY);
	UNTIL(!bell_is_off(&page->gt[0].h2g));
	ck_assert(!bell_is_off(&page->gt[BELL_GTS - 1].g2h));
	send_freeze(1);
	send_thaw();
	UNTIL(t.thaws == 1);
	turns(5);
	ck_assert_uint_eq(fake_count(&t.server, gucemu_FrameType_BELL, 0), 1);
	send_freeze(2);
	UNTIL(t.freezes == 2);
	for (unsigned gt = 0; gt < BELL_GTS; gt++) {
		bell_off(&page->gt[gt].h2g);
		bell_off(&page->gt[gt].g2h);
	}
	t.server.bell = _i ? -EINVAL : 0;
	send_thaw();
	UNTIL(fake_count(&t.server, gucemu_FrameType_BELL, 0) == 2);
	ck_assert_uint_eq(t.server.got[t.server.n - 1].f.fds, 1);
	if (_i)
		UNTIL(t.refused == 1);
	else
		UNTIL(!bell_is_off(&page->gt[0].h2g));
	ck_assert(bell_is_off(&page->gt[1].g2h) == (_i == 1));
}
END_TEST

START_TEST(test_no_bells)
{
	/* Without the feature there is no page. */
	struct bell_page *page;

	ck_assert_int_eq(vft_link_bells(t.link, &page), -ENOSYS);
}
END_TEST

/* --- loss -------------------------------------------------------------------------- */

START_TEST(test_lost)
{
	/* The emulator dies: reads under way end without words, the owner hears it
	 * once, later calls fail. */
	t.server.answer = false;
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), 0);
	UNTIL(t.server.n == 2);
	wire_close(t.server.wire, 0, NULL);
	t.server.wire = NULL;
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -ECONNRESET);
	ck_assert_uint_eq(t.reads, 1);
	ck_assert_uint_eq(t.words_n, 0);
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), -ECONNRESET);
	vft_link_write32(t.link, 0x40, 1);
	vft_link_flush(t.link);
}
END_TEST

START_TEST(test_lost_words)
{
	/* When the emulator says why it closes, that is the reason of the loss. */
	wire_close(t.server.wire, -EPROTO, "malformed frame");
	t.server.wire = NULL;
	UNTIL(t.lost);
	ck_assert_int_eq(t.err, -EPROTO);
	ck_assert_str_eq(t.text, "malformed frame");
}
END_TEST

/* Frames of posted writes until the link is lost, or `most`: how many went. */
static unsigned fill(unsigned most)
{
	uint64_t words[63] = { 0 };
	unsigned n = 0;

	while (n < most && !t.lost) {
		vft_link_write64(t.link, 0x800000, words, 63);
		n++;
	}
	return n;
}

static void drop_server(void)
{
	wire_close(t.server.wire, 0, NULL);
	t.server.wire = NULL;
}

START_TEST(test_no_reader)
{
	/* An emulator that does not read is lost when too much waits; also when a
	 * read finds that out as it sends the writes before it. */
	unsigned n = fill(UINT_MAX) - 1;

	ck_assert_int_eq(t.err, -ENOBUFS);
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), -ENOBUFS);
	vft_link_close(t.link);
	drop_server();
	t.opened = t.lost = false;
	link_open();
	ck_assert_uint_eq(fill(n), n);
	ck_assert(!t.lost);
	for (unsigned i = 0; i < 63; i++)
		vft_link_write32(t.link, 0x40, i);
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), -ENOBUFS);
	ck_assert(t.lost);
	ck_assert_uint_eq(t.reads, 0);
	drop_server();
}
END_TEST

START_TEST(test_wait_limit)
{
	/* A synchronous call ends at its limit, and a late answer finds nobody. */
	uint32_t word;
	unsigned from = t.server.n;

	t.server.answer = false;
	ck_assert_int_eq(vft_link_read_sync(t.link, 0x40, 4, 1, &word, 20), -ETIMEDOUT);
	UNTIL(t.server.n > from);
	fake_answer(&t.server, &t.server.got[from].f);
	t.server.answer = true;
	ck_assert_int_eq(vft_link_read_sync(t.link, 0x44, 4, 1, &word, 5000), 0);
	ck_assert_uint_eq(word, 0x44);
}
END_TEST

/* --- mailbox ----------------------------------------------------------------------- */

static struct {
	bool done;
	int err;
} box;

static void on_reply(void *user, int err, const uint32_t *dw)
{
	(void)user;
	ck_assert((dw == NULL) == (err != 0));
	box.done = true;
	box.err = err;
}

START_TEST(test_mailbox)
{
	/* A request alone on a link: registers, doorbell, poll, the rest (guc-abi
	 * 2.2). The fake's registers read as their offset, 0x190240: no reply; the
	 * time limit of 50 ms is that of the link's clock. */
	struct vft_mailbox *m;
	uint32_t dw = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, 0x5503, 0);
	unsigned from = t.server.n;
	uint32_t pair[2];

	ck_assert_int_eq(vft_mailbox_open(&m, t.link, false), 0);
	ck_assert_int_eq(vft_mailbox_request_sync(m, &dw, 1, NULL, 5000), -ETIMEDOUT);
	ck_assert_int_eq(t.server.got[from].f.type, gucemu_FrameType_MMIO_WRITE);
	ck_assert_uint_eq(t.server.got[from].f.data_len, 16);
	memcpy(pair, t.server.got[from].data, 8);
	ck_assert_uint_eq(pair[0], REG_VF_SW_FLAG(0));
	ck_assert_uint_eq(pair[1], dw);
	memcpy(pair, t.server.got[from].data + 8, 8);
	ck_assert_uint_eq(pair[0], REG_GUC_HOST_INTERRUPT);
	vft_mailbox_close(m);
}
END_TEST

START_TEST(test_mailbox_lost)
{
	/* A request under way ends when the emulator dies. */
	struct vft_mailbox *m;
	uint32_t dw = 0x5503;

	t.server.answer = false;
	box.done = false;
	ck_assert_int_eq(vft_mailbox_open(&m, t.link, true), 0);
	ck_assert_int_eq(vft_mailbox_request(m, &dw, 1, on_reply, NULL), 0);
	ck_assert_int_eq(vft_mailbox_request(m, &dw, 1, on_reply, NULL), -EBUSY);
	UNTIL(t.server.n == 3);
	wire_close(t.server.wire, 0, NULL);
	t.server.wire = NULL;
	UNTIL(box.done);
	ck_assert_int_eq(box.err, -ECONNRESET);
	vft_mailbox_close(m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vft_link_life");
	TCase *opening = tcase_create("opening");
	TCase *open = tcase_create("open");

	tcase_add_checked_fixture(opening, link_setup, link_teardown);
	tcase_add_loop_test(opening, test_bells, 0, 2);
	suite_add_tcase(suite, opening);
	tcase_add_checked_fixture(open, link_setup_open, link_teardown);
	tcase_add_test(open, test_freeze_clock);
	tcase_add_test(open, test_freeze_waits);
	tcase_add_test(open, test_freeze_holds);
	tcase_add_test(open, test_freeze_last_words);
	tcase_add_test(open, test_freeze_unasked);
	tcase_add_test(open, test_freeze_irq);
	tcase_add_test(open, test_no_bells);
	tcase_add_test(open, test_lost);
	tcase_add_test(open, test_lost_words);
	tcase_add_test(open, test_no_reader);
	tcase_add_test(open, test_wait_limit);
	tcase_add_test(open, test_mailbox);
	tcase_add_test(open, test_mailbox_lost);
	suite_add_tcase(suite, open);
	return check_main(suite);
}
