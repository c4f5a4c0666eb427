/* SPDX-License-Identifier: MIT */
/* Local memory over the socket (docs/protocol/frames.md): a VF's frames reach its own
 * share and nothing else, sizes that don't fit are refused, resets scrub. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/bits.h"
#include "move_fixture.h"
#include "view/json.h"

#define MIB   (1ull << 20)
#define SHARE (2 * MIB) /* of 8 MiB, for two VFs */

static struct server_process server;

static void start(const char *platform, const char *size)
{
	const char *args[] = { "--platform", platform, "--vfs", "2", "--log", "error",
			       size ? "--lmem-size" : NULL, size, NULL };

	server_start(&server, args);
}

static void setup_bmg(void)
{
	start("bmg", "8M");
}

static void teardown(void)
{
	server_stop(&server);
}

static int lmem_write(struct raw_client *c, uint64_t off, const void *data, size_t len)
{
	struct frame f = { .type = T(LMEM_WRITE), .addr = off, .data = data, .data_len = len };

	return client_call(c, &f, NULL, NULL);
}

static int lmem_read(struct raw_client *c, uint64_t off, uint64_t len, struct frame *answer)
{
	struct frame f = { .type = T(LMEM_READ), .addr = off, .value = len };

	return client_call(c, &f, NULL, answer);
}

static uint64_t violations(unsigned number)
{
	struct raw_client c;
	const char *json;
	struct json_object *o, *counts;
	uint64_t n;

	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "state", &json), 0);
	o = json_read(json, strlen(json));
	counts = json_get(json_at(json_get(json_at(json_get(o, "functions"), number), "gts"), 0),
			  "violations");
	n = json_get_u64(counts, "use of local memory outside the function's share", 0);
	json_object_put(o);
	client_end(&c);
	return n;
}

START_TEST(own_share_only)
{
	/* What VF 1 writes at an offset VF 2 does not find at its own, nor beyond; and
	 * what lies beyond is refused and counted, whatever the numbers. */
	static const struct {
		uint64_t off, len;
	} beyond[] = { { SHARE, 1 }, { SHARE - 1, 2 }, { UINT64_MAX, 1 }, { UINT64_MAX - 7, 16 },
		       { 2 * SHARE, 4096 } };
	struct raw_client one, two;
	struct frame answer;
	uint8_t data[64];

	memset(data, 0xA5, sizeof(data));
	ck_assert_int_eq(client_hello(&one, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_hello(&two, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_int_eq(lmem_write(&one, SHARE - 64, data, 64), 0);
	ck_assert_int_eq(lmem_write(&one, 0, data, 64), 0);
	ck_assert_int_eq(lmem_read(&one, SHARE - 64, 64, &answer), 0);
	ck_assert_uint_eq(answer.data_len, 64);
	ck_assert_mem_eq(answer.data, data, 64);
	for (uint64_t at = 0; at < SHARE; at += 65536) {
		ck_assert_int_eq(lmem_read(&two, at, 65536, &answer), 0);
		for (size_t i = 0; i < answer.data_len; i++)
			ck_assert_uint_eq(answer.data[i], 0);
	}
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		ck_assert_int_eq(lmem_read(&two, beyond[i].off, beyond[i].len, &answer), -ERANGE);
	ck_assert_int_eq(lmem_write(&two, SHARE - 63, data, 64), -ERANGE);
	ck_assert_uint_eq(violations(2), sizeof(beyond) / sizeof(beyond[0]) + 1);
	ck_assert_uint_eq(violations(1), 0);
	client_end(&one);
	client_end(&two);
}
END_TEST

START_TEST(not_a_vfs_business)
{
	/* Another's share, metadata, stages, other tiles and longer pieces are not for a
	 * VF; the connection goes on. */
	struct raw_client c;
	struct frame bad[] = {
		{ .type = T(LMEM_READ), .function = 2, .value = 4 },
		{ .type = T(LMEM_READ), .code = 1, .value = 4 },
		{ .type = T(LMEM_READ), .value = 65537 },
		{ .type = T(LMEM_READ), .code = 2, .value = 4 },
		{ .type = T(LMEM_WRITE), .function = 2 },
		{ .type = T(LMEM_WRITE), .code = 1 },
	};
	struct frame stage = { .type = T(LMEM_STAGE), .function = 2, .code = 1 };
	struct frame tile = { .type = T(LMEM_READ), .gt = 1, .value = 4 };

	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(client_call(&c, &bad[i], NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_call(&c, &stage, NULL, NULL), -EPERM);
	ck_assert_int_eq(client_call(&c, &tile, NULL, NULL), -ENODEV);
	ck_assert_int_eq(lmem_read(&c, 0, 4, &stage), 0);
	client_end(&c);
}
END_TEST

START_TEST(gone_with_its_client)
{
	/* A VF whose client went is reset; the next one finds zeros. */
	struct raw_client c;
	struct frame answer;
	uint8_t byte = 0x77;
	int err = -EAGAIN;

	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(lmem_write(&c, 4096, &byte, 1), 0);
	client_end(&c);
	while (err != 0 && (err = client_hello(&c, server.socket, FRAME_ROLE_FUNCTION, 1, 0)) != 0)
		client_end(&c);
	do
		err = lmem_read(&c, 4096, 1, &answer);
	while (err == -EAGAIN);
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(answer.data[0], 0);
	client_end(&c);
}
END_TEST

START_TEST(integrated)
{
	/* A card without local memory says so. */
	struct raw_client c;
	struct frame answer;

	start("ptl", NULL);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(lmem_read(&c, 0, 4, &answer), -ENXIO);
	client_end(&c);
}
END_TEST

START_TEST(shares_that_do_not_fit)
{
	/* Provisioning: no multiple of 2 MiB, more than is left; the VF keeps what it has. */
	struct raw_client c;
	const char *json;
	struct json_object *o;

	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "pf provision vf=1 lmem=3000000", &json), -EINVAL);
	ck_assert_int_eq(client_verb(&c, "pf provision vf=1 lmem=8388608", &json), -ENOSPC);
	ck_assert_int_eq(client_verb(&c, "pf info vf=1", &json), 0);
	o = json_read(json, strlen(json));
	ck_assert_uint_eq(json_get_u64(o, "lmem_size", 0), SHARE);
	json_object_put(o);
	ck_assert_int_eq(client_verb(&c, "pf provision vf=1 lmem=6291456", &json), 0);
	client_end(&c);
}
END_TEST

START_TEST(large_on_a_small_card)
{
	/* The PF's memory for images goes with the card's GGTT; the least is enough for the
	 * local memory of any card. */
	static const char *const args[] = { "--platform", "bmg", "--vfs", "1", "--ggtt-size", "16M",
					    "--lmem-size", "1023G", "--log", "error", NULL };
	struct raw_client c;
	const char *json;

	server_start(&server, args);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "pf pause vf=1", &json), 0);
	ck_assert_msg(client_verb(&c, "pf size vf=1", &json) == 0, "%s", json);
	client_end(&c);
}
END_TEST

/* --- through a PF's process ------------------------------------------------------------ */

static void setup_no_pf(void)
{
	static const char *const args[] = { "--platform", "bmg", "--vfs", "2", "--no-pf", NULL };

	move_start(args);
}

START_TEST(restored_by_a_process)
{
	/* Content goes out through a PF's process and comes back in, to two VFs at a time: it
	 * waits for the card's answers while pieces of images are behind them. */
	const char *const argv[] = { "pf", "serve", "--socket", card_a.socket, NULL };
	static const char line[] = "pf restore vf=2";
	static struct raw_client other;
	static uint8_t data[65536];
	char log[128];
	struct frame f;
	pid_t pf;

	snprintf(log, sizeof(log), "%s/log", card_a.dir);
	pf = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf provision vf=1 lmem=8388608") != 0)
		usleep(10000);
	while (verb(&at_a, "pf provision vf=2 lmem=8388608") != 0)
		usleep(10000);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (uint64_t at = 0; at < 4 * MIB; at += sizeof(data)) {
		memset(data, 1 + (int)(at / sizeof(data)), sizeof(data));
		ck_assert_int_eq(lmem_write(&vf, at, data, sizeof(data)), 0);
	}
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=2"), 0);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 4 * MIB);
	ck_assert_int_eq(verb(&at_a, "flip-lmem vf=1 at=5"), 0);
	/* The first half of one restore, then all of the other. */
	ck_assert_int_eq(client_hello(&other, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	f = (struct frame){ .type = T(CONTROL), .seq = 9, .text = line, .text_len = strlen(line) };
	ck_assert(client_put(&other, &f, NULL));
	for (size_t at = 0; at < image_len; at += 65536) {
		size_t n = image_len - at < 65536 ? image_len - at : 65536;

		if (at == 2 * MIB)
			ck_assert_int_eq(restore(&at_a, image_len, 65536), 0);
		f = (struct frame){ .type = T(BLOB), .seq = 9, .addr = at, .data = image + at,
				    .flags = at + n == image_len, .data_len = n };
		ck_assert(client_put(&other, &f, NULL));
	}
	ck_assert(client_await(&other, T(REPLY), &f));
	ck_assert_int_eq(f.status, 0);
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	ck_assert_int_eq(lmem_read(&vf, 0, 16, &f), 0);
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(f.data[i], 1);
	client_end(&other);
	client_end(&vf);
	kill(pf, SIGTERM);
	ck_assert_int_eq(process_wait(pf), 0);
}
END_TEST

START_TEST(stage_of_a_dead_process)
{
	/* A PF's process dies with half an image taken: the next one gives the stage's memory
	 * back, the VF has what it had, and the same image is restored whole. */
	const char *argv[] = { "pf", "serve", "--socket", card_a.socket, NULL, NULL };
	static uint8_t data[65536];
	char log[128];
	unsigned before;
	struct frame f;
	pid_t pf;

	snprintf(log, sizeof(log), "%s/log", card_a.dir);
	pf = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf provision vf=1 lmem=8388608") != 0)
		usleep(10000);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (uint64_t at = 0; at < 2 * MIB; at += sizeof(data)) {
		memset(data, 1, sizeof(data));
		ck_assert_int_eq(lmem_write(&vf, at, data, sizeof(data)), 0);
	}
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(save(&at_a), 0);
	before = server_fds(&card_a);
	begin_restore(&at_a);
	for (size_t at = 0; at < MIB; at += 65536) {
		f = (struct frame){ .type = T(BLOB), .seq = at_a.seq, .addr = at,
				    .data = image + at, .data_len = 65536 };
		ck_assert(client_put(&at_a, &f, NULL));
	}
	while (server_fds(&card_a) == before)
		usleep(1000);
	kill(pf, SIGKILL);
	process_wait(pf);
	ck_assert(client_await(&at_a, T(REPLY), &f));
	ck_assert_int_eq(f.status, -EPIPE);
	argv[4] = "--adopt";
	pf = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf threshold vf=2 cat-err=1") != 0)
		usleep(10000);
	while (server_fds(&card_a) != before)
		usleep(1000);
	ck_assert_int_eq(lmem_read(&vf, 0, 1, &f), 0);
	ck_assert_uint_eq(f.data[0], 1);
	ck_assert_int_eq(restore(&at_a, image_len, 65536), 0);
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	client_end(&vf);
	kill(pf, SIGTERM);
	ck_assert_int_eq(process_wait(pf), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server lmem");
	TCase *bmg = tcase_create("discrete"), *ptl = tcase_create("integrated");
	TCase *apart = tcase_create("pf apart");

	tcase_set_timeout(bmg, 60);
	tcase_add_checked_fixture(bmg, setup_bmg, teardown);
	tcase_add_test(bmg, own_share_only);
	tcase_add_test(bmg, not_a_vfs_business);
	tcase_add_test(bmg, gone_with_its_client);
	tcase_add_test(bmg, shares_that_do_not_fit);
	suite_add_tcase(s, bmg);
	tcase_set_timeout(ptl, 60);
	tcase_add_checked_fixture(ptl, NULL, teardown);
	tcase_add_test(ptl, integrated);
	tcase_add_test(ptl, large_on_a_small_card);
	suite_add_tcase(s, ptl);
	tcase_set_timeout(apart, 60);
	tcase_add_checked_fixture(apart, setup_no_pf, move_teardown);
	tcase_add_test(apart, restored_by_a_process);
	tcase_add_test(apart, stage_of_a_dead_process);
	suite_add_tcase(s, apart);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
