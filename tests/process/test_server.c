/* SPDX-License-Identifier: MIT */
/* What one client does wrong is its own matter: it gets a clear error, the
 * server goes on, everybody else too. Against a real server process. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bad_client.h"
#include "proto/bits.h"
#include "proto/regs.h"

/* --- malformed frames -------------------------------------------------------------- */

static const struct {
	const char *what;
	uint8_t bytes[16];
	size_t len;
} malformed[] = {
	{ "a length that never ends", { 0xFF, 0xFF, 0xFF, 0xFF }, 4 },
	{ "a length above the limit", { 0x81, 0x80, 0x08 }, 3 },
	{ "an empty frame", { 0x00 }, 1 },
	{ "an unknown type", { 0x02, 0x08, 0x63 }, 3 },
	{ "a field that runs over the frame", { 0x03, 0x6A, 0x10, 0x41 }, 4 },
	{ "a field without its value", { 0x02, 0x08, 0x80 }, 3 },
	{ "a field number 0", { 0x02, 0x00, 0x00 }, 3 },
	{ "a group", { 0x02, 0x0B, 0x0C }, 3 },
	{ "more descriptors than a frame has", { 0x04, 0x08, 0x20, 0x18, 0x09 }, 5 },
};

START_TEST(malformed_frames_end_the_connection)
{
	/* Bad input: a malformed frame is answered and ends its connection. */
	client_connect(&bad, server.socket);
	ck_assert(client_bytes(&bad, malformed[_i].bytes, malformed[_i].len, NULL, 0));
	ck_assert_msg(client_drained(&bad) == -EPROTO, "%s", malformed[_i].what);
	client_end(&bad);
	/* The same behind a good frame. */
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_bytes(&bad, malformed[_i].bytes, malformed[_i].len, NULL, 0));
	ck_assert_msg(client_drained(&bad) == -EPROTO, "%s", malformed[_i].what);
	client_end(&bad);
	ck_assert_uint_eq(logged("warning: client "), 2);
}
END_TEST

static const struct {
	enum frame_role role; /* 0: before HELLO */
	gucemu_FrameType type;
} misplaced[] = {
	{ 0, T(MMIO_READ) },
	{ 0, T(STATUS) },
	{ FRAME_ROLE_FUNCTION, T(HELLO) },
	{ FRAME_ROLE_FUNCTION, T(CONTROL) },
	{ FRAME_ROLE_FUNCTION, T(WELCOME) },
	{ FRAME_ROLE_FUNCTION, T(INTERRUPT) },
	{ FRAME_ROLE_FUNCTION, T(REPLY) },
	{ FRAME_ROLE_FUNCTION, T(BLOB) },
	{ FRAME_ROLE_FUNCTION, T(ADOPT) },
	{ FRAME_ROLE_CONTROL, T(MMIO_WRITE) },
	{ FRAME_ROLE_CONTROL, T(MEM_HOST) },
	{ FRAME_ROLE_CONTROL, T(EVENT) },
	{ FRAME_ROLE_PEER, T(MMIO_WRITE) },
	{ FRAME_ROLE_PEER, T(STATUS) },
};

START_TEST(frames_out_of_place_end_the_connection)
{
	/* Bad input: a frame before HELLO, a second HELLO, one of another role. */
	struct frame f = { .type = misplaced[_i].type };

	if (misplaced[_i].role == 0)
		client_connect(&bad, server.socket);
	else
		ck_assert_int_eq(client_hello(&bad, server.socket, misplaced[_i].role, 1, 0), 0);
	ck_assert(client_put(&bad, &f, NULL));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
}
END_TEST

START_TEST(missing_descriptor_ends_the_connection)
{
	/* A frame that counts a descriptor which did not come is a breach. */
	uint8_t data[24] = { 0 };
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .data = data, .data_len = 24 };

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_put(&bad, &f, NULL));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
}
END_TEST

START_TEST(surplus_descriptors_are_closed)
{
	/* Descriptors that no frame counts don't pile up in the server. */
	unsigned before;
	int fds[12];
	uint32_t value;

	for (int i = 0; i < 12; i++)
		fds[i] = sealed_memfd(4096, true);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	before = server_fds(&server);
	for (int i = 0; i < 50; i++) {
		struct frame f = { .type = T(MMIO_READ), .seq = 1, .addr = REG_VF_CAP, .size = 4 };
		uint8_t buf[128];

		ck_assert(client_bytes(&bad, buf, encode(&f, buf, sizeof(buf)), fds, 12));
		ck_assert(client_await(&bad, T(MMIO_DATA), &f));
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	ck_assert_uint_eq(server_fds(&server), before);
	client_end(&bad);
	for (int i = 0; i < 12; i++)
		close(fds[i]);
}
END_TEST

START_TEST(too_many_descriptors_end_the_connection)
{
	/* A queue of descriptors has a limit, and nothing of it leaks. */
	unsigned before = server_fds(&server);
	uint8_t half = 0x20; /* the beginning of a frame: nothing is surplus yet */
	int fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = sealed_memfd(4096, true);
	client_connect(&bad, server.socket);
	ck_assert(client_bytes(&bad, &half, 1, fds, 20));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_uint_eq(server_fds(&server), before + 1);
	client_end(&bad);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
}
END_TEST

/* --- opening ----------------------------------------------------------------------- */

START_TEST(hello_refusals)
{
	/* Bad input: other version, unknown role, function out of range or taken. */
	static const struct {
		uint64_t version;
		uint32_t role, function;
		int status;
	} rows[] = {
		{ 0, 1, 1, -EPROTO },   { 2, 1, 1, -EPROTO },  { 1, 0, 1, -EINVAL },
		{ 1, 4, 1, -EINVAL },   { 1, 1, 4, -ENODEV },  { 1, 1, UINT32_MAX, -ENODEV },
		{ 1, 1, 3, -EBUSY },    { 1, 1, 0, -EBUSY },
	};
	struct frame f = {
		.type = T(HELLO),
		.value = rows[_i].version,
		.code = rows[_i].role,
		.function = rows[_i].function,
	}, answer;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_call(&bad, &f, NULL, &answer), rows[_i].status);
	ck_assert_uint_gt(answer.text_len, 0);
	ck_assert(!client_get(&bad, &f));
	client_end(&bad);
}
END_TEST

START_TEST(silent_client_is_closed)
{
	/* A client that never says HELLO is not kept; others are served meanwhile. */
	uint32_t value;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_int_eq(client_drained(&bad), -ETIMEDOUT);
	client_end(&bad);
}
END_TEST

/* Connect `n` clients that say nothing. */
static void connect_many(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		client_connect(&bad, server.socket);
		fds[i] = bad.fd;
	}
}

START_TEST(too_many_connections)
{
	/* More connections than the server takes: the surplus is told so and closed. */
	uint32_t value;
	int fds[260];

	connect_many(fds, 260);
	ck_assert_int_eq(client_drained(&bad), -EUSERS);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	for (int i = 0; i < 260; i++)
		close(fds[i]);
	ck_assert_uint_ge(logged("too many connections"), 1);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&bad);
}
END_TEST

START_TEST(no_descriptors_left)
{
	/* Without a descriptor for a connection the server neither spins nor lets it
	 * wait: it is told so and closed, and the log has a line for each. */
	struct rlimit limit;
	uint32_t value;
	int fds[40];

	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = server_fds(&server);
	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	connect_many(fds, 40);
	ck_assert_int_eq(client_drained(&bad), -EMFILE);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	ck_assert_uint_ge(logged("no descriptors left"), 1);
	ck_assert_uint_le(logged("warning"), 40);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&bad);
}
END_TEST

START_TEST(function_is_free_again)
{
	/* A function's client may come back after it went away. */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
		client_end(&bad);
		/* The server sees the end in its next turn. */
		while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0) == -EBUSY)
			client_end(&bad);
		client_end(&bad);
		while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0) == -EBUSY)
			client_end(&bad);
		client_end(&bad);
		usleep(1000);
	}
}
END_TEST

/* --- requests that can't be done --------------------------------------------------- */

START_TEST(mmio_errors)
{
	/* Bad input: MMIO outside the BAR or misaligned is refused, the client stays. */
	static const struct {
		uint64_t addr, n;
		uint32_t size;
		int status;
	} rows[] = {
		{ REG_VF_CAP + 2, 1, 4, -EINVAL },
		{ REG_GGTT_BASE + 4, 1, 8, -EINVAL },
		{ REG_VF_CAP, 1, 3, -EINVAL },
		{ REG_VF_CAP, 1, 0, -EINVAL },
		{ REG_VF_CAP, 513, 4, -EINVAL },
		{ REG_TILE_STRIDE, 1, 4, -ERANGE },
		{ 1ull << 40, 1, 4, -ERANGE },
		{ UINT64_MAX - 3, 1, 4, -ERANGE },
		{ UINT64_MAX - 7, 512, 8, -ERANGE },
	};
	uint8_t data[16] = { 0 };
	struct frame read = {
		.type = T(MMIO_READ),
		.addr = rows[_i].addr,
		.size = rows[_i].size,
		.value = rows[_i].n,
	};
	struct frame run = {
		.type = T(MMIO_WRITE),
		.flags = 1,
		.addr = rows[_i].addr,
		.size = rows[_i].size,
		.data = data,
		.data_len = 8,
	};
	uint32_t value;

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_call(&bad, &read, NULL, NULL), rows[_i].status);
	if (rows[_i].n == 1)
		ck_assert_int_eq(client_call(&bad, &run, NULL, NULL), rows[_i].status);
	/* Posted: only the error is answered. */
	if (rows[_i].n == 1) {
		run.seq = 0;
		ck_assert(client_put(&bad, &run, NULL));
		ck_assert(client_await(&bad, T(STATUS), &run));
		ck_assert_int_eq(run.status, rows[_i].status);
		ck_assert_uint_eq(run.seq, 0);
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	client_end(&bad);
	ck_assert_uint_eq(logged(", vf1): request refused: "),
			  rows[_i].n == 1 ? 3 : 1);
}
END_TEST

START_TEST(mistakes_do_not_flood_the_log)
{
	/* One line for a mistake, but not as many a second as a client likes. */
	struct frame read = { .type = T(MMIO_READ), .addr = REG_TILE_STRIDE, .size = 4 };

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(client_call(&bad, &read, NULL, NULL), -ERANGE);
	client_end(&bad);
	ck_assert_uint_ge(logged("outside the BAR"), 1);
	ck_assert_uint_lt(logged("outside the BAR"), 2000);
}
END_TEST

START_TEST(write_list_stops_at_the_first_bad)
{
	/* A list of writes is done up to the first bad one. */
	uint8_t data[24];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data, .data_len = 24 };
	uint32_t value;

	le32_put(data, REG_VF_SW_FLAG(1));
	le32_put(data + 4, 0x1111);
	le32_put(data + 8, REG_VF_SW_FLAG(2) + 1);
	le32_put(data + 12, 0x2222);
	le32_put(data + 16, REG_VF_SW_FLAG(3));
	le32_put(data + 20, 0x3333);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_read32(&bad, REG_VF_SW_FLAG(1), &value), 0);
	ck_assert_uint_eq(value, 0x1111);
	ck_assert_int_eq(client_read32(&bad, REG_VF_SW_FLAG(3), &value), 0);
	ck_assert_uint_eq(value, 0);
	f.data_len = 12;
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), -EINVAL);
	client_end(&bad);
}
END_TEST

/* --- control ----------------------------------------------------------------------- */

START_TEST(bad_verbs)
{
	/* A verb that is no verb, lacks its VF or has one too many: an error in words. */
	static const char *const lines[] = {
		"", " ", "=", "nonsense", "state vf=1", "card card", "findings", "findings vf=0",
		"findings vf=4", "findings vf=one", "findings vf=1x", "findings vf=-1",
		"findings vf=99999999999999999999", "pf", "pf nonsense vf=1", "pf pause",
		"pf pause vf=1 ggtt=1", "pf provision vf=1 ggtt=x", "pf provision vf=1 contexts=70000",
		"pf provision vf=1 doorbells=300", "events points=nonsense", "handover vf=1", "mishap vf=1", "mishap vf=1 kind=bad",
		"mishap vf=1 kind=hang", "mishap vf=1 kind=hang context=x", "mishap vf=1 kind=hang type=1",
		"mishap vf=1 kind=engine class=6", "mishap vf=1 kind=exception gt=x",
		"mishap vf=1 kind=page-fault context=0 level=8",
		"mishap vf=0 kind=exception",
		"state =", "events =1", "pf pause vf=1 =1", "a b c d e",
		"a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1",
	};
	static struct raw_client control;
	const char *json;
	char line[2000];

	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		ck_assert_msg(client_verb(&control, lines[i], &json) == -EINVAL, "'%s': %s",
			      lines[i], json);
		ck_assert_ptr_nonnull(strstr(json, "\"error\":"));
	}
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	ck_assert_int_eq(client_verb(&control, line, &json), -EINVAL);
	ck_assert_int_eq(client_verb(&control, "pf resume vf=1", &json), -EPERM);
	ck_assert_int_eq(client_verb(&control, "handover vf=1 to=/nowhere", &json), -ENOTCONN);
	ck_assert_int_eq(client_verb(&control, "mishap vf=1 kind=hang context=7", &json), -ENOENT);
	ck_assert_int_eq(client_verb(&control, "mishap vf=1 kind=exception gt=9", &json), -ENODEV);
	ck_assert_int_eq(client_verb(&control, "card", &json), 0);
	client_end(&control);
}
END_TEST

static const char *const names[] = { "plain", "quotes\"\\", "\x1b[2J\n\r", "" };

START_TEST(names_of_clients_are_harmless)
{
	/* A client's name can't break the log or the JSON. */
	struct frame f = { .type = T(HELLO), .value = 1, .code = FRAME_ROLE_CONTROL,
			   .text = names[_i], .text_len = strlen(names[_i]) };
	const char *json;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), 0);
	ck_assert_int_eq(client_verb(&bad, "state", &json), 0);
	ck_assert_ptr_null(strchr(json, '\x1b'));
	ck_assert_ptr_null(strstr(json, "\"quotes\"\\\""));
	client_end(&bad);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server");
	TCase *tc = tcase_create("server");

	tcase_add_checked_fixture(tc, bad_client_setup, bad_client_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, malformed_frames_end_the_connection, 0,
			    sizeof(malformed) / sizeof(*malformed));
	tcase_add_loop_test(tc, frames_out_of_place_end_the_connection, 0,
			    sizeof(misplaced) / sizeof(*misplaced));
	tcase_add_test(tc, missing_descriptor_ends_the_connection);
	tcase_add_test(tc, surplus_descriptors_are_closed);
	tcase_add_test(tc, too_many_descriptors_end_the_connection);
	tcase_add_loop_test(tc, hello_refusals, 0, 8);
	tcase_add_test(tc, silent_client_is_closed);
	tcase_add_test(tc, too_many_connections);
	tcase_add_test(tc, no_descriptors_left);
	tcase_add_test(tc, function_is_free_again);
	tcase_add_loop_test(tc, mmio_errors, 0, 9);
	tcase_add_test(tc, mistakes_do_not_flood_the_log);
	tcase_add_test(tc, write_list_stops_at_the_first_bad);
	tcase_add_test(tc, bad_verbs);
	tcase_add_loop_test(tc, names_of_clients_are_harmless, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
