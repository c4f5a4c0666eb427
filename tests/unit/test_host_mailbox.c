/* SPDX-License-Identifier: MIT */
/* The host's side of an MMIO request (host/mailbox.c; guc-abi 2.2, 2.3)
 * against registers that the test itself fills, under a clock of its own. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "host/mailbox.h"
#include "proto/hxg.h"
#include "tests/check_main.h"

#define MS 1000000ull

static struct {
	uint32_t reg[MAILBOX_DWORDS];
	uint64_t writes[64];
	unsigned n_writes, rings, reads;
	bool hold; /* answer reads only on demand */
	struct host_mailbox m;
	struct host_port port;
	/* What GuC answers at the n-th ring, 0 = nothing. */
	uint32_t script[16];
} t;

static void write32(void *user, uint64_t off, uint32_t value)
{
	(void)user;
	t.writes[t.n_writes++ % 64] = off;
	if (off == REG_GUC_HOST_INTERRUPT) {
		uint32_t answer = t.script[t.rings++ % 16];

		if (answer)
			t.reg[0] = answer;
		return;
	}
	ck_assert_uint_ge(off, REG_VF_SW_FLAG(0));
	ck_assert_uint_le(off, REG_VF_SW_FLAG(3));
	t.reg[(off - REG_VF_SW_FLAG(0)) / 4] = value;
}

static void write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	(void)user, (void)off, (void)values, (void)n;
	ck_abort_msg("a mailbox writes no 64-bit words");
}

static void answer_read(uint64_t off, unsigned n)
{
	host_mailbox_read_done(&t.m, &t.reg[(off - REG_VF_SW_FLAG(0)) / 4], n);
}

static void read_regs(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	(void)user;
	ck_assert_uint_eq(size, 4);
	ck_assert_uint_eq(cookie, 7);
	t.reads++;
	if (!t.hold)
		answer_read(off, n);
}

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	t.port = (struct host_port){ NULL, write32, write64, read_regs };
	host_mailbox_init(&t.m, &t.port, 0, false, 7);
}

/* Step until done or `limit`; returns the time it ended. */
static uint64_t run(uint64_t now, uint64_t limit)
{
	while (!host_mailbox_step(&t.m, now)) {
		uint64_t next = host_mailbox_deadline(&t.m);

		if (next > limit)
			return limit;
		now = next > now ? next : now;
	}
	return now;
}

static const uint32_t query[2] = { 0x5509, 0x0001 };

/* guc-abi 2.2: header first, payload after, doorbell last; R-01 begins so. */
START_TEST(writes_in_order)
{
	t.script[0] = hxg_success(HXG_ORIGIN_GUC, 2);
	t.reg[2] = 0x22;
	t.reg[3] = 0x33;
	ck_assert_int_eq(host_mailbox_start(&t.m, query, 2, 0), 0);
	ck_assert_uint_eq(t.writes[0], REG_VF_SW_FLAG(0));
	ck_assert_uint_eq(t.writes[1], REG_VF_SW_FLAG(1));
	ck_assert_uint_eq(t.writes[2], REG_GUC_HOST_INTERRUPT);
	ck_assert_int_eq(host_mailbox_start(&t.m, query, 2, 0), -EBUSY);
	run(0, MS);
	uint32_t data0;
	ck_assert_int_eq(host_mailbox_take(&t.m, &data0), 0);
	ck_assert_uint_eq(data0, 2);
	ck_assert_uint_eq(t.m.reply[2], 0x22);
	ck_assert_uint_eq(t.m.reply[3], 0x33);
	ck_assert_int_eq(host_mailbox_take(&t.m, &data0), -EAGAIN);
}
END_TEST

/* guc-abi 2.1: the media GT has registers of its own, each tile a stride. */
START_TEST(places)
{
	struct host_mailbox m;

	host_mailbox_init(&m, &t.port, 1, true, 0);
	ck_assert_uint_eq(m.flag_off, 0x1000000u + 0x190310u);
	ck_assert_uint_eq(m.doorbell_off, 0x1000000u + 0x190304u);
	ck_assert_int_eq(host_mailbox_start(&m, query, 0, 0), -EINVAL);
	ck_assert_int_eq(host_mailbox_start(&m, query, 5, 0), -EINVAL);
}
END_TEST

/* guc-abi 2.3, R-18 to R-26: what the answer's type makes of the request. */
static const struct {
	uint32_t answer;
	int err;
} types[] = {
	{ 0xF0000000, 0 },           { 0xE0000107, -EREMCHG }, { 0xE012000A, -ENXIO },
	{ 0x80000000, -EPROTO },     { 0x90000000, -EPROTO },  { 0xA0000000, -EPROTO },
	{ 0xC0000000, -EPROTO },
};

START_TEST(answer_types)
{
	t.script[0] = types[_i].answer;
	host_mailbox_start(&t.m, query, 2, 0);
	ck_assert_uint_lt(run(0, 10 * MS), MS);
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), types[_i].err);
	if (types[_i].err == -ENXIO) {
		ck_assert_uint_eq(t.m.error, 0x0A);
		ck_assert_uint_eq(t.m.hint, 0x12);
	}
}
END_TEST

/* silence ends after 50 ms, with one last read when the time is up. */
START_TEST(silence)
{
	host_mailbox_start(&t.m, query, 2, 5 * MS);
	ck_assert_uint_eq(run(5 * MS, 1000 * MS), 55 * MS);
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), -ETIMEDOUT);
	ck_assert_uint_eq(t.rings, 1);
	/* 0, 10, 30, 70 us ... doubling, and the last. */
	ck_assert_uint_eq(t.reads, 14);
}
END_TEST

/* guc-abi 2.3: an answer that is there only at the last read still counts. */
START_TEST(last_read)
{
	t.hold = true;
	host_mailbox_start(&t.m, query, 2, 0);
	host_mailbox_step(&t.m, 0);
	answer_read(REG_VF_SW_FLAG(0), 1);
	ck_assert_uint_eq(t.reads, 1);
	host_mailbox_step(&t.m, 60 * MS);
	ck_assert_uint_eq(t.reads, 2);
	t.reg[0] = 0xF0000000;
	answer_read(REG_VF_SW_FLAG(0), 1);
	host_mailbox_step(&t.m, 61 * MS);
	answer_read(REG_VF_SW_FLAG(1), 3);
	ck_assert(host_mailbox_step(&t.m, 61 * MS));
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), 0);
}
END_TEST

/* a cleared register is a lost request: two resends, 256 ms apart. */
START_TEST(lost)
{
	uint64_t now = 0;

	host_mailbox_start(&t.m, query, 2, now);
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_uint_eq(t.rings, i);
		t.reg[0] = 0;
		run(now, now + 50 * MS);
		now += 50 * MS + (i < 3 ? 256 * MS : 0);
		if (i < 3)
			ck_assert(!host_mailbox_step(&t.m, now - 1));
		host_mailbox_step(&t.m, now);
	}
	ck_assert_uint_eq(now, 3 * 50 * MS + 2 * 256 * MS);
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), -ENOLINK);
}
END_TEST

/* RETRY sends again after 1, 2, 4, 8, 16 ms, and never gives up. */
START_TEST(retry)
{
	for (unsigned i = 0; i < 5; i++)
		t.script[i] = 0xD0000000;
	t.script[5] = 0xF0000000;
	host_mailbox_start(&t.m, query, 2, 0);
	ck_assert_uint_eq(run(0, 1000 * MS), 31 * MS);
	ck_assert_uint_eq(t.rings, 6);
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), 0);
}
END_TEST

/* BUSY gives two seconds more, whatever its counter does. */
START_TEST(busy)
{
	t.script[0] = 0xB0000001;
	host_mailbox_start(&t.m, query, 2, 0);
	ck_assert_uint_eq(run(0, 1500 * MS), 1500 * MS);
	t.reg[0] = 0xB0000002;
	if (_i == 0) {
		t.reg[0] = 0xF0000000;
		run(1500 * MS, 4000 * MS);
		ck_assert_int_eq(host_mailbox_take(&t.m, NULL), 0);
	} else {
		ck_assert_uint_eq(run(1500 * MS, 4000 * MS), 2000 * MS);
		ck_assert_int_eq(host_mailbox_take(&t.m, NULL), -ETIMEDOUT);
	}
}
END_TEST

/* guc-abi 2.3: after BUSY only SUCCESS and FAILURE end the wait; RETRY or a
 * register without GuC's origin is a protocol error. */
static const struct {
	uint32_t then;
	uint64_t at;
	int err;
} after_busy[] = {
	{ 0xD0000000, 2000 * MS, -EPROTO },
	{ 0x00005509, 2000 * MS, -EPROTO },
	{ 0x60000000, 0, -EPROTO },
	{ 0xE0000107, 0, -EREMCHG },
};

START_TEST(after_busy_types)
{
	uint64_t end;

	t.hold = true;
	t.script[0] = 0xB0000000;
	host_mailbox_start(&t.m, query, 2, 0);
	host_mailbox_step(&t.m, 0);
	answer_read(REG_VF_SW_FLAG(0), 1);
	host_mailbox_step(&t.m, 0);
	t.hold = false;
	t.reg[0] = after_busy[_i].then;
	end = run(0, 4000 * MS);
	ck_assert_uint_ge(end, after_busy[_i].at);
	ck_assert_uint_lt(end, after_busy[_i].at + MS);
	ck_assert_int_eq(host_mailbox_take(&t.m, NULL), after_busy[_i].err);
}
END_TEST

/* A cancelled request's read may still be answered: it must not count for the
 * next request (R-56, reset during a request). */
START_TEST(cancel)
{
	t.hold = true;
	host_mailbox_start(&t.m, query, 2, 0);
	host_mailbox_step(&t.m, 0);
	host_mailbox_cancel(&t.m);
	ck_assert_int_eq(host_mailbox_start(&t.m, query, 2, 0), 0);
	host_mailbox_step(&t.m, 0);
	t.reg[0] = 0xE0000060;
	answer_read(REG_VF_SW_FLAG(0), 1);
	ck_assert(!host_mailbox_step(&t.m, 0));
	t.reg[0] = 0xE000000A;
	answer_read(REG_VF_SW_FLAG(0), 1);
	ck_assert(host_mailbox_step(&t.m, 0));
	ck_assert_uint_eq(t.m.error, 0x0A);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host_mailbox");
	TCase *tc = tcase_create("mailbox");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, writes_in_order);
	tcase_add_test(tc, places);
	tcase_add_loop_test(tc, answer_types, 0, sizeof(types) / sizeof(types[0]));
	tcase_add_test(tc, silence);
	tcase_add_test(tc, last_read);
	tcase_add_test(tc, lost);
	tcase_add_test(tc, retry);
	tcase_add_loop_test(tc, busy, 0, 2);
	tcase_add_loop_test(tc, after_busy_types, 0, sizeof(after_busy) / sizeof(after_busy[0]));
	tcase_add_test(tc, cancel);
	suite_add_tcase(s, tc);
	return check_main(s);
}
