/* SPDX-License-Identifier: MIT */
/* The host's side of a CTB pair (host/ct.c, ct_receive.c; guc-abi 3.3 to 3.8)
 * against rings whose other end the test plays. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/ct.h"
#include "host/pages.h"
#include "proto/actions.h"
#include "proto/regs.h"
#include "tests/check_main.h"

#define MS 1000000ull
#define H2G_DESC 0u
#define H2G_BUF  0x1000u
#define G2H_DESC 0x2800u
#define G2H_BUF  0x3000u
#define G2H_DW   (CTB_G2H_BYTES / 4)
#define H2G_DW   (CTB_H2G_BYTES / 4)

static _Alignas(4096) uint8_t memory[G2H_BUF + CTB_G2H_BYTES];
static struct host_mem mem = { memory, sizeof(memory), 0 };
static struct host_ct ct;
static unsigned rings, replies, events;
static int last_err;
static uint64_t last_tag;
static uint32_t last_len, last_dw0;

static void write32(void *user, uint64_t off, uint32_t value)
{
	(void)user, (void)value;
	ck_assert_uint_eq(off, REG_GUC_HOST_INTERRUPT);
	rings++;
}

static struct host_port port = { .write32 = write32 };

static void on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	(void)user;
	replies++;
	last_err = err;
	last_tag = tag;
	last_len = len;
	last_dw0 = len ? dw[0] : 0;
}

static int on_event(void *user, const uint32_t *dw, uint32_t len)
{
	(void)user;
	events++;
	last_dw0 = dw[0];
	last_len = len;
	return 0;
}

static void setup(void)
{
	memset(memory, 0xAA, sizeof(memory));
	rings = replies = events = 0;
	last_err = 1;
	host_ct_init(&ct, &port, &mem, 0, false, H2G_DESC, H2G_BUF, CTB_H2G_BYTES, G2H_DESC,
		     G2H_BUF, CTB_G2H_BYTES);
	ct.on_reply = on_reply;
	ct.on_event = on_event;
	host_ct_reset(&ct);
	host_ct_enable(&ct);
}

static uint32_t h2g(uint32_t i)
{
	return host_get32(&mem, H2G_BUF + 4 * (size_t)i);
}

/* GuC's end: append one message, wrapping; consume what was sent. */
static void guc_send(uint32_t header, const uint32_t *dw)
{
	uint32_t tail = host_get32(&mem, G2H_DESC + CTB_DESC_TAIL);
	uint32_t len = field_get(CT_NUM_DWORDS, header);

	host_put32(&mem, G2H_BUF + 4 * (size_t)tail, header);
	tail = ctb_advance(tail, 1, G2H_DW);
	for (uint32_t i = 0; i < len; i++) {
		host_put32(&mem, G2H_BUF + 4 * (size_t)tail, dw[i]);
		tail = ctb_advance(tail, 1, G2H_DW);
	}
	host_put32(&mem, G2H_DESC + CTB_DESC_TAIL, tail);
}

static void guc_reply(uint32_t fence, uint32_t dw0)
{
	guc_send(ct_header(fence, 1), &dw0);
}

static void guc_event(uint32_t action, uint32_t len)
{
	uint32_t dw[8] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, action, 0) };

	guc_send(ct_header(0, len), dw);
}

static void guc_consume(void)
{
	host_put32(&mem, H2G_DESC + CTB_DESC_HEAD, host_get32(&mem, H2G_DESC + CTB_DESC_TAIL));
}

static int request(uint64_t tag, uint64_t now)
{
	uint32_t dw[2] = { 0x5103, 1 };

	return host_ct_send(&ct, HXG_REQUEST, dw, 2, tag, 0, 0, now);
}

static int fast_at(uint32_t len, uint32_t credit, uint32_t n, uint64_t now)
{
	uint32_t dw[CTB_HXG_MAX_DWORDS] = { 0x1000 };

	return host_ct_send(&ct, HXG_FAST_REQUEST, dw, len, 0, credit, n, now);
}

static int fast(uint32_t len, uint32_t credit, uint32_t n)
{
	return fast_at(len, credit, n, 0);
}

/* guc-abi 3.2, 3.6: header, fence, TYPE written by the CT layer, doorbell. */
START_TEST(wire_format)
{
	uint32_t dw[2] = { 0xF0001000, 5 };

	ck_assert_int_eq(request(1, 0), 0);
	ck_assert_int_eq(host_ct_send(&ct, HXG_EVENT, dw, 2, 0, 0, 0, 0), 0);
	ck_assert_uint_eq(h2g(0), 0x00000002);
	ck_assert_uint_eq(h2g(1), 0x00005103);
	ck_assert_uint_eq(h2g(3), 0x80010002);
	ck_assert_uint_eq(h2g(4), 0x10001000);
	ck_assert_uint_eq(host_get32(&mem, H2G_DESC + CTB_DESC_TAIL), 6);
	ck_assert_uint_eq(rings, 2);
}
END_TEST

/* guc-abi 3.6.2: a message never straddles the end; the rest is filled with
 * zero no-ops. One that ends exactly at the end is not wrapped. */
START_TEST(wrap)
{
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(fast(199, 0, 0), 0);
		guc_consume();
	}
	ck_assert_int_eq(fast(_i ? 23 : 24, 0, 0), 0);
	if (_i) {
		ck_assert_uint_eq(ct.h2g_tail, 0);
		ck_assert_uint_ne(h2g(1000), 0);
	} else {
		ck_assert_uint_eq(ct.h2g_tail, 25);
		for (unsigned i = 1000; i < 1024; i++)
			ck_assert_uint_eq(h2g(i), 0);
		ck_assert_uint_eq(h2g(0) & 0xFF, 24);
	}
}
END_TEST

/* guc-abi 3.6.2: padding takes room: after a wrap the tail never passes the head. */
START_TEST(wrap_takes_room)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(fast(199, 0, 0), 0);
		guc_consume();
	}
	ck_assert_int_eq(fast(24, 0, 0), 0);
	while (fast(2, 0, 0) == 0)
		n++;
	ck_assert_uint_eq(n, (1000 - 1 - 25) / 3);
	ck_assert_uint_lt(ct.h2g_tail, 1000);
}
END_TEST

/* guc-abi 3.6.1, C-08: a full ring refuses, one dword stays free, and room
 * comes back when GuC has read. */
START_TEST(full)
{
	unsigned n = 0;

	while (fast(2, 0, 0) == 0)
		n++;
	ck_assert_uint_eq(n, 341);
	ck_assert_int_eq(fast(2, 0, 0), -EBUSY);
	ck_assert_uint_eq(ct.h2g_tail, 1023);
	guc_consume();
	ck_assert_int_eq(fast(2, 0, 0), 0);
}
END_TEST

/* guc-abi 3.6.1: GuC's head out of range breaks the channel. */
START_TEST(bad_head)
{
	while (fast(2, 0, 0) == 0)
		;
	host_put32(&mem, H2G_DESC + CTB_DESC_HEAD, 1024);
	ck_assert_int_eq(fast(2, 0, 0), -EPIPE);
	ck_assert_uint_eq(host_get32(&mem, H2G_DESC + CTB_DESC_STATUS), CTB_STATUS_OVERFLOW);
	ck_assert_int_eq(request(1, 0), -EPIPE);
}
END_TEST

/* guc-abi 3.7: credit is reserved with "more than needed" and given back by
 * the actual length of the credited event. */
START_TEST(credits)
{
	unsigned n = 0;

	ck_assert_uint_eq(ct.g2h_space, 16383);
	while (request(n, 0) == 0) {
		guc_consume();
		n++;
	}
	ck_assert_uint_eq(n, 63); /* 63 * 256 = 16128, 255 left */
	ck_assert_uint_eq(ct.g2h_outstanding, 63);
	guc_reply(0, 0xF0000000);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), 1);
	ck_assert_uint_eq(ct.g2h_space, 255 + 256);
	ck_assert_int_eq(fast(3, 4, 1), 0);
	guc_event(GUC_ACTION_SCHED_CONTEXT_MODE_DONE, 3);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), 1);
	ck_assert_uint_eq(ct.g2h_space, 511);
}
END_TEST

/* guc-abi 3.7: a credited event that nobody reserved for breaks the channel. */
START_TEST(invalid_release)
{
	guc_event(GUC_ACTION_TLB_INVALIDATION_DONE, 2);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), -EPIPE);
	ck_assert_uint_eq(events, 0);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), -EPIPE);
}
END_TEST

/* guc-abi 3.2: after 32768 messages a fence comes again, but not one whose
 * request is still open. */
START_TEST(fence_in_use)
{
	ck_assert_int_eq(request(1, 0), 0);
	for (uint32_t i = 1; i < CT_FENCE_UNTRACKED; i++) {
		guc_consume();
		ck_assert_int_eq(fast(2, 0, 0), 0);
	}
	guc_consume();
	ck_assert_int_eq(request(2, 0), 0);
	guc_reply(0, 0xF0000001);
	guc_reply(1, 0xF0000002);
	ck_assert_int_eq(host_ct_receive(&ct, 1, 0), 1);
	ck_assert_uint_eq(last_tag, 1);
	ck_assert_int_eq(host_ct_receive(&ct, 1, 0), 1);
	ck_assert_uint_eq(last_tag, 2);
	ck_assert_int_eq(last_err, 0);
}
END_TEST

/* guc-abi 3.8: SUCCESS, FAILURE, and a fence that ends with its own reply. */
START_TEST(reply_kinds)
{
	request(11, 0);
	request(12, 0);
	guc_reply(1, 0xE0000060);
	guc_reply(0, 0xF0000007);
	ck_assert_int_eq(host_ct_receive(&ct, 1, 0), 1);
	ck_assert_int_eq(last_err, -EIO);
	ck_assert_uint_eq(last_tag, 12);
	ck_assert_int_eq(host_ct_receive(&ct, 1, 0), 1);
	ck_assert_int_eq(last_err, 0);
	ck_assert_uint_eq(last_tag, 11);
	ck_assert_uint_eq(last_dw0, 0xF0000007);
	ck_assert_uint_eq(ct.g2h_space, 16383);
	ck_assert_uint_eq(ct.g2h_outstanding, 0);
}
END_TEST

/* A reply whose interrupt was lost is found when its time is up. */
START_TEST(lost_interrupt)
{
	request(1, 0);
	host_ct_tick(&ct, 960 * MS);
	guc_reply(0, 0xF0000007);
	host_ct_tick(&ct, 999 * MS);
	ck_assert_uint_eq(replies, 0);
	host_ct_tick(&ct, 1000 * MS);
	ck_assert_uint_eq(replies, 1);
	ck_assert_int_eq(last_err, 0);
	ck_assert_uint_eq(last_dw0, 0xF0000007);
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
}
END_TEST

/* Events with credit are looked for unasked, after silences twice as long each, until
 * none is to come. */
START_TEST(lost_interrupt_of_event)
{
	static const uint64_t looks[] = { 240, 480, 960 };
	const uint64_t begin = 5 * MS;

	ck_assert_int_eq(fast_at(4, 8, 2, begin), 0);
	for (unsigned i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
		ck_assert_uint_eq(host_ct_deadline(&ct), begin + looks[i] * MS);
		if (i == 2)
			guc_event(GUC_ACTION_SCHED_CONTEXT_MODE_DONE, 3);
		host_ct_tick(&ct, begin + looks[i] * MS - 1);
		ck_assert_uint_eq(events, 0);
		host_ct_tick(&ct, begin + looks[i] * MS);
	}
	ck_assert_uint_eq(events, 1);
	/* The other one; a message ends the silence. */
	ck_assert_uint_eq(host_ct_deadline(&ct), begin + (960 + 240) * MS);
	guc_event(GUC_ACTION_DEREGISTER_CONTEXT_DONE, 3);
	host_ct_tick(&ct, begin + 1200 * MS);
	ck_assert_uint_eq(events, 2);
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
}
END_TEST

/* What is sent later does not put the look off, nor waits for one that is far away. */
START_TEST(look_is_not_put_off)
{
	fast_at(4, 8, 1, 0);
	fast_at(4, 8, 1, 200 * MS);
	ck_assert_uint_eq(host_ct_deadline(&ct), 240 * MS);
	host_ct_tick(&ct, 240 * MS);
	host_ct_tick(&ct, 480 * MS);
	host_ct_tick(&ct, 960 * MS);
	ck_assert_uint_eq(host_ct_deadline(&ct), 1920 * MS);
	fast_at(4, 8, 1, 1000 * MS);
	ck_assert_uint_eq(host_ct_deadline(&ct), 1240 * MS);
	host_ct_stop(&ct);
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
	host_ct_restart(&ct, true);
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
}
END_TEST

/* An event without credit is looked for as long as its waiter says. */
START_TEST(awaited_event)
{
	host_ct_await(&ct, 0, 1000 * MS);
	ck_assert_uint_eq(host_ct_deadline(&ct), 240 * MS);
	guc_event(GUC_ACTION_VF_STATE_NOTIFY, 3);
	host_ct_tick(&ct, 240 * MS);
	ck_assert_uint_eq(events, 1);
	for (unsigned i = 0; i < 8 && host_ct_deadline(&ct) != UINT64_MAX; i++)
		host_ct_tick(&ct, host_ct_deadline(&ct));
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
	ck_assert_int_eq(ct.state, HOST_CT_ON);
}
END_TEST

/* More than is read at one look: the next tick, due at once, reads on. */
START_TEST(look_reads_on)
{
	host_ct_await(&ct, 0, 100 * MS);
	for (unsigned i = 0; i < 100; i++)
		guc_event(GUC_ACTION_VF_STATE_NOTIFY, 3);
	host_ct_tick(&ct, 240 * MS);
	ck_assert_uint_lt(events, 100);
	ck_assert_uint_eq(host_ct_deadline(&ct), 240 * MS);
	host_ct_tick(&ct, 240 * MS);
	ck_assert_uint_eq(events, 100);
	ck_assert_uint_eq(host_ct_deadline(&ct), UINT64_MAX);
}
END_TEST

/* guc-abi 3.8: no reply within 1 s is -ETIME, BUSY starts the second anew, and
 * the late reply is an orphan that gives its credit back (C-04). */
START_TEST(timeouts)
{
	request(1, 0);
	guc_reply(0, 0xB0000000);
	host_ct_receive(&ct, 1, 600 * MS);
	host_ct_tick(&ct, 1599 * MS);
	ck_assert_uint_eq(replies, 0);
	ck_assert_uint_eq(host_ct_deadline(&ct), 1600 * MS);
	host_ct_tick(&ct, 1600 * MS);
	ck_assert_int_eq(last_err, -ETIME);
	ck_assert_uint_eq(ct.g2h_space, 16383 - 256);
	guc_reply(0, 0xF0000000);
	guc_reply(0, 0xF0000000);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 1700 * MS), 2);
	ck_assert_uint_eq(replies, 1);
	ck_assert_uint_eq(ct.orphans, 2);
	ck_assert_uint_eq(ct.g2h_space, 16383);
}
END_TEST

/* guc-abi 3.8: the k-th RETRY is sent again after 5 k ms under a new fence;
 * the 51st ends with -ELOOP. */
START_TEST(retries)
{
	uint64_t now = 0;

	request(1, 0);
	for (unsigned k = 1; k <= 50; k++) {
		guc_consume();
		guc_reply(k - 1, 0xD0000000);
		host_ct_receive(&ct, 1, now);
		ck_assert_uint_eq(host_ct_deadline(&ct), now + k * 5 * MS);
		host_ct_tick(&ct, now + k * 5 * MS - 1);
		ck_assert_uint_eq(ct.sent, k);
		now += k * 5 * MS;
		host_ct_tick(&ct, now);
		ck_assert_uint_eq(ct.sent, k + 1);
		ck_assert_uint_eq(ct.g2h_outstanding, 1);
	}
	guc_reply(50, 0xD0000000);
	host_ct_receive(&ct, 1, now);
	ck_assert_int_eq(last_err, -ELOOP);
	ck_assert_uint_eq(ct.g2h_space, 16383);
}
END_TEST

/* guc-abi 3.8, C-05: replies to untracked messages are counted, no more. */
START_TEST(fast_failure)
{
	fast(2, 0, 0);
	guc_reply(0x8000, 0xE0000061);
	guc_reply(0x8000, 0xF0000000);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), 2);
	ck_assert_uint_eq(ct.fast_failures, 2);
	ck_assert_uint_eq(replies, 0);
}
END_TEST

/* guc-abi 3.8: what breaks the channel on the way in. */
static const struct {
	uint32_t status, tail, header, dw0, written;
} corrupt[] = {
	{ 1, 2, 0x00000001, 0x90001002, 1 },      /* STATUS */
	{ 0, G2H_DW, 1, 0x90001002, 1 },          /* tail outside: OVERFLOW */
	{ 0, 2, 0x00000002, 0x90001002, 0 },      /* longer than available */
	{ 0, 2, 0x00000001, 0x10006002, 0 },      /* ORIGIN = host */
	{ 0, 2, 0x00000001, 0x80000000, 0 },      /* TYPE REQUEST */
	{ 0, 2, 0x00000001, 0xA0000000, 0 },      /* TYPE FAST_REQUEST */
	{ 0, 2, 0x00000001, 0xC0000000, 0 },      /* TYPE 4 */
};

START_TEST(corruption)
{
	host_put32(&mem, G2H_BUF, corrupt[_i].header);
	host_put32(&mem, G2H_BUF + 4, corrupt[_i].dw0);
	host_put32(&mem, G2H_DESC + CTB_DESC_STATUS, corrupt[_i].status);
	host_put32(&mem, G2H_DESC + CTB_DESC_TAIL, corrupt[_i].tail);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), -EPIPE);
	ck_assert_int_eq(ct.state, HOST_CT_BROKEN);
	ck_assert_uint_eq(host_get32(&mem, G2H_DESC + CTB_DESC_STATUS), corrupt[_i].written);
	ck_assert_uint_eq(events, 0);
}
END_TEST

/* guc-abi 3.8: DISABLED alone does not stop reading; empty messages and other
 * formats are skipped, the next message is read. */
START_TEST(tolerated)
{
	uint32_t dw = 0x90006002;

	host_put32(&mem, G2H_DESC + CTB_DESC_STATUS, CTB_STATUS_DISABLED);
	guc_send(0, &dw);
	guc_send(0x1001, &dw);
	guc_send(1, &dw);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), 3);
	ck_assert_uint_eq(events, 1);
	ck_assert_uint_eq(ct.bad_events, 2);
	ck_assert_uint_eq(host_get32(&mem, G2H_DESC + CTB_DESC_HEAD), 5);
}
END_TEST

/* guc-abi 3.8: G2H messages may straddle the end; HEAD follows each. */
START_TEST(g2h_wrap)
{
	host_put32(&mem, G2H_DESC + CTB_DESC_TAIL, G2H_DW - 2);
	ct.g2h_head = G2H_DW - 2;
	guc_event(GUC_ACTION_PAGE_FAULT_REQ_DESC, 5);
	ck_assert_int_eq(host_ct_receive(&ct, 10, 0), 1);
	ck_assert_uint_eq(events, 1);
	ck_assert_uint_eq(last_len, 5);
	ck_assert_uint_eq(host_get32(&mem, G2H_DESC + CTB_DESC_HEAD), 4);
}
END_TEST

/* C-02, C-06, C-09, C-10: stopping cancels waiters; the restart blanks the H2G
 * buffer, keeps head and tail, and gives credits back only when asked. */
START_TEST(stop_and_restart)
{
	uint32_t tail;

	request(5, 0);
	fast(3, 4, 1);
	host_put32(&mem, H2G_BUF + 4 * 100, 0x1234);
	tail = ct.h2g_tail;
	host_ct_stop(&ct);
	ck_assert_int_eq(last_err, -ECANCELED);
	ck_assert_uint_eq(last_tag, 5);
	ck_assert_int_eq(request(6, 0), -ECANCELED);
	ck_assert_int_eq(host_ct_receive(&ct, 1, 0), -ECANCELED);
	ck_assert_uint_eq(ct.h2g_tail, tail);
	host_ct_restart(&ct, _i);
	for (unsigned i = 0; i < H2G_DW; i++)
		ck_assert_uint_eq(h2g(i), 0);
	ck_assert_uint_eq(host_get32(&mem, H2G_DESC + CTB_DESC_TAIL), tail);
	ck_assert_uint_eq(host_get32(&mem, H2G_DESC + CTB_DESC_HEAD), 0);
	ck_assert_uint_eq(ct.g2h_space, _i ? 16383 : 16383 - 256 - 4);
	ck_assert_uint_eq(ct.g2h_outstanding, 0);
	ck_assert_int_eq(request(7, 0), 0);
	ck_assert_uint_eq(ct.h2g_tail, tail + 3);
}
END_TEST

/* guc-abi 3.2: lengths that no CT message can have are refused. */
START_TEST(sizes)
{
	uint32_t dw[300] = { 0 };

	ck_assert_int_eq(host_ct_send(&ct, HXG_EVENT, dw, 0, 0, 0, 0, 0), -EMSGSIZE);
	ck_assert_int_eq(host_ct_send(&ct, HXG_EVENT, dw, 256, 0, 0, 0, 0), -EMSGSIZE);
	ck_assert_int_eq(host_ct_send(&ct, HXG_EVENT, dw, 255, 0, 0, 0, 0), 0);
	host_ct_reset(&ct);
	ck_assert_int_eq(host_ct_send(&ct, HXG_EVENT, dw, 1, 0, 0, 0, 0), -ENODEV);
}
END_TEST

/* host/pages.h: first fit, contiguous, never past the end, freed pages again. */
START_TEST(pages)
{
	static struct host_pages p;
	size_t a, b;

	ck_assert_int_eq(host_pages_init(&p, 4095), -EINVAL);
	ck_assert_int_eq(host_pages_init(&p, 100 * 4096 + 5), 0);
	a = host_pages_alloc(&p, 1);
	b = host_pages_alloc(&p, 70 * 4096);
	ck_assert_uint_eq(a, 0);
	ck_assert_uint_eq(b, 4096);
	ck_assert_uint_eq(host_pages_alloc(&p, 30 * 4096), SIZE_MAX);
	ck_assert_uint_eq(host_pages_alloc(&p, 29 * 4096), 71 * 4096);
	host_pages_free(&p, b, 70 * 4096);
	ck_assert_uint_eq(host_pages_alloc(&p, 71 * 4096), SIZE_MAX);
	ck_assert_uint_eq(host_pages_alloc(&p, 70 * 4096 - 5), b);
	ck_assert_uint_eq(p.used, 100);
	ck_assert_uint_eq(host_pages_alloc(&p, SIZE_MAX), SIZE_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host_ct");
	TCase *tc = tcase_create("ct");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, wire_format);
	tcase_add_loop_test(tc, wrap, 0, 2);
	tcase_add_test(tc, wrap_takes_room);
	tcase_add_test(tc, full);
	tcase_add_test(tc, fence_in_use);
	tcase_add_test(tc, bad_head);
	tcase_add_test(tc, credits);
	tcase_add_test(tc, invalid_release);
	tcase_add_test(tc, reply_kinds);
	tcase_add_test(tc, lost_interrupt);
	tcase_add_test(tc, lost_interrupt_of_event);
	tcase_add_test(tc, look_is_not_put_off);
	tcase_add_test(tc, awaited_event);
	tcase_add_test(tc, look_reads_on);
	tcase_add_test(tc, timeouts);
	tcase_add_test(tc, retries);
	tcase_add_test(tc, fast_failure);
	tcase_add_loop_test(tc, corruption, 0, sizeof(corrupt) / sizeof(corrupt[0]));
	tcase_add_test(tc, tolerated);
	tcase_add_test(tc, g2h_wrap);
	tcase_add_loop_test(tc, stop_and_restart, 0, 2);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, pages);
	suite_add_tcase(s, tc);
	return check_main(s);
}
