/* SPDX-License-Identifier: MIT */
/* Clients that die, flood or sleep: the server goes on, everybody else too.
 * Against a real server process. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bad_client.h"
#include "proto/bits.h"
#include "proto/regs.h"

START_TEST(client_killed_at_any_byte)
{
	/* Bad input: a client killed at any byte leaves nothing behind. */
	uint8_t stream[512], data[24];
	size_t len = 0, share_at;
	int fd = sealed_memfd(4096, true);
	unsigned before;
	struct frame f = { .type = T(HELLO), .seq = 1, .value = 1, .code = 1, .function = 1 };

	len += encode(&f, stream, sizeof(stream));
	le32_put(data, REG_VF_SW_FLAG(0));
	le32_put(data + 4, 0x5507);
	f = (struct frame){ .type = T(MMIO_WRITE), .seq = 2, .size = 4, .data = data,
			    .data_len = 8 };
	len += encode(&f, stream + len, sizeof(stream) - len);
	share_at = len;
	le64_put(data, 0);
	le64_put(data + 8, 4096);
	le64_put(data + 16, 0);
	f = (struct frame){ .type = T(MEM_SHARE), .seq = 3, .fds = 1, .data = data,
			    .data_len = 24 };
	len += encode(&f, stream + len, sizeof(stream) - len);
	before = server_fds(&server);
	for (size_t cut = 0; cut <= len; cut++) {
		client_connect(&bad, server.socket);
		client_bytes(&bad, stream, cut < share_at ? cut : share_at, NULL, 0);
		if (cut > share_at)
			client_bytes(&bad, stream + share_at, cut - share_at, &fd, 1);
		client_end(&bad);
	}
	while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
		client_end(&bad);
	/* An answered request: all ends before are seen. */
	ck_assert_int_eq(host(&bad, 0, 4096), 0);
	client_end(&bad);
	while (server_fds(&server) > before)
		usleep(1000);
	close(fd);
}
END_TEST

START_TEST(client_that_reads_nothing)
{
	/* A client that floods and never reads is not read any more; its queue has
	 * a limit, and others are served. */
	uint8_t buf[128];
	struct frame f = { .type = T(MMIO_READ), .seq = 1, .addr = 0, .size = 8, .value = 512 };
	size_t len = encode(&f, buf, sizeof(buf));
	const char *json, *queued;
	uint32_t value;
	static struct raw_client control;

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 1000000; i++) {
		struct timeval wait = { .tv_usec = 200000 };

		if (i == 0)
			setsockopt(bad.fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		if (!client_bytes(&bad, buf, len, NULL, 0))
			break;
		ck_assert_int_lt(i, 999999);
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&control, "state", &json), 0);
	for (queued = json; (queued = strstr(queued, "\"queued\":")); queued++)
		ck_assert_uint_le(strtoul(queued + 9, NULL, 10), 1u << 20);
	client_end(&control);
	/* It reads again: everything that was taken is answered. */
	for (int i = 0; i < 200; i++)
		ck_assert(client_await(&bad, T(MMIO_DATA), &f));
	client_end(&bad);
}
END_TEST

START_TEST(event_stream_that_is_not_read)
{
	/* An event stream that isn't read loses events and is told how many. */
	static struct raw_client control;
	struct frame f;
	bool lost = false;
	uint32_t value;
	unsigned long n = 0;

	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&control, "events points=mmio-read", NULL), 0);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 100; i++) {
		f = (struct frame){ .type = T(MMIO_READ), .addr = 0, .size = 4, .value = 512 };
		ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), 0);
	}
	while (!lost) {
		/* One more event, for the count to come with. */
		if (n++ % 64 == 0)
			ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
		ck_assert(client_await(&control, T(EVENT), &f));
		ck_assert_uint_eq(f.flags & 0xFF, 0); /* GUC_PT_MMIO_READ */
		lost = f.text_len > 5 && memcmp(f.text, "lost ", 5) == 0;
	}
	ck_assert_uint_lt(n, 51200);
	client_end(&control);
	client_end(&bad);
}
END_TEST

START_TEST(long_frames_do_not_hold_up_others)
{
	/* A flood of the longest frames is served in slices; others keep their share. */
	static uint8_t data[FRAME_DATA_MAX];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data,
			   .data_len = sizeof(data) };
	uint32_t value;

	for (size_t i = 0; i < sizeof(data) / 8; i++)
		le32_put(data + 8 * i, REG_GUC_HOST_INTERRUPT);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 50; i++) {
		ck_assert(client_put(&bad, &f, NULL));
		ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	client_end(&bad);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server flood");
	TCase *tc = tcase_create("flood");

	tcase_add_checked_fixture(tc, bad_client_setup, bad_client_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, client_killed_at_any_byte);
	tcase_add_test(tc, client_that_reads_nothing);
	tcase_add_test(tc, event_stream_that_is_not_read);
	tcase_add_test(tc, long_frames_do_not_hold_up_others);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
