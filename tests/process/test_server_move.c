/* SPDX-License-Identifier: MIT */
/* Plain CTB clients, PF verbs and images between two real servers: the whole
 * way of a client from card A to card B. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/regs.h"
#include "move_fixture.h"

START_TEST(plain_ctb)
{
	/* A client without rings speaks CTB by frames: the worked words of guc-abi A.3. */
	struct frame f = { .type = T(CTB_SEND), .gt = 1, .code = 1 };
	uint32_t dw[1] = { 0 };

	plain_boot(0);
	for (uint32_t i = 1; i <= 300; i++)
		relay_handshake(i);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -ENOTCONN);
	f = (struct frame){ .type = T(CTB_OPEN), .gt = 1 };
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -ENODEV);
	ck_assert_int_eq(ctb_send(1, dw, 0), -EMSGSIZE);
	ck_assert_int_eq(ctb_send(0x10000, dw, 1), -EMSGSIZE);
	client_end(&vf);
}
END_TEST

START_TEST(plain_ctb_without_ggtt)
{
	/* A VF that nobody provisioned has no place for rings; a client that did not
	 * ask for plain CTB gets none. */
	struct frame f = { .type = T(CTB_OPEN) };

	ck_assert_int_eq(verb(&at_a, "pf unprovision vf=1"), 0);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1,
				      FRAME_FEATURE_PLAIN_CTB),
			 0);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -ENODATA);
	client_end(&vf);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -EOPNOTSUPP);
	client_end(&vf);
}
END_TEST

START_TEST(move_a_client)
{
	/* The six steps of a migration: the client goes on at B over the same socket
	 * with its memory, rings and registers; A has forgotten it. */
	uint32_t dw[] = { hxg_request(GUC_ACTION_RELAY_TO_PF, 0), 1, 1, 0x00010000 };
	uint8_t where[16];
	struct frame f = { .type = T(MEM_HOST), .data = where, .data_len = 16 };
	char line[160];

	plain_boot(_i ? FRAME_FEATURE_FREEZE : 0);
	relay_handshake(1);
	le64_put(where, 0x1000);
	le64_put(where + 8, 0x2000);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
	f = (struct frame){ .type = T(MEM_WRITE), .addr = 0x1800, .data = (const uint8_t *)"stays",
			    .data_len = 5 };
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);

	if (_i) {
		f = (struct frame){ .type = T(CONTROL), .seq = ++at_a.seq, .text = "freeze vf=1",
				    .text_len = 11 };
		ck_assert(client_put(&at_a, &f, NULL));
		ck_assert(client_await(&vf, T(FREEZE), &f));
		f.type = T(FROZEN);
		ck_assert(client_put(&vf, &f, NULL));
		ck_assert(client_await(&at_a, T(REPLY), &f));
		ck_assert_int_eq(f.status, 0);
	} else {
		ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	}
	move_image();
	handover_line(line, sizeof(line), card_b.socket);
	ck_assert_int_eq(verb(&at_a, line), 0);
	ck_assert_int_eq(verb(&at_a, line), -ENOTCONN);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
	ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
	if (_i)
		ck_assert(client_await(&vf, T(INTERRUPT), &f));
	/* Migrated: nothing may be sent until the fixups are done. */
	ck_assert_int_eq(ctb_send(3, dw, 4), -ECANCELED);
	recover();
	relay_handshake(2);
	f = (struct frame){ .type = T(MEM_READ), .addr = 0x1800, .value = 5 };
	ck_assert_int_eq(client_call(&vf, &f, NULL, &f), 0);
	ck_assert_int_eq(memcmp(f.data, "stays", 5), 0);
	/* A is done with it, and the VF there can be used anew. */
	server_stop(&card_a);
	relay_handshake(3);
	client_end(&vf);
	client_end(&at_a);
	server_start(&card_a, NULL);
	ck_assert_int_eq(client_hello(&at_a, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
}
END_TEST

START_TEST(move_unparsed_bytes)
{
	/* Bytes that A had received and not parsed are B's to parse: half a frame is
	 * finished at B, and its descriptor goes along. */
	uint8_t data[24], buf[256];
	struct frame f = { .type = T(MEM_SHARE), .seq = 77, .fds = 1, .data = data,
			   .data_len = 24 };
	int fd = sealed_memfd(4096, true);
	char line[160];
	long n;

	le64_put(data, 0x7000);
	le64_put(data + 8, 4096);
	le64_put(data + 16, 0);
	n = frame_encode(&f, buf, sizeof(buf));
	plain_boot(0);
	ck_assert(client_bytes(&vf, buf, 10, &fd, 1));
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	move_image();
	handover_line(line, sizeof(line), card_b.socket);
	ck_assert_int_eq(verb(&at_a, line), 0);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
	ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
	ck_assert(client_bytes(&vf, buf + 10, (size_t)n - 10, NULL, 0));
	ck_assert(client_await(&vf, T(STATUS), &f));
	ck_assert_uint_eq(f.seq, 77);
	ck_assert_int_eq(f.status, 0);
	f = (struct frame){ .type = T(MEM_READ), .addr = 0x7000, .value = 5 };
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
	client_end(&vf);
	close(fd);
}
END_TEST

/* --- images ------------------------------------------------------------------------ */

START_TEST(damaged_images_are_refused)
{
	/* A truncated or altered image is refused over the socket too; a good one is
	 * taken after it. */
	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_int_eq(verb(&at_b, "pf pause vf=1"), 0);
	ck_assert_int_lt(restore(&at_b, image_len - 1, 60000), 0);
	ck_assert_int_lt(restore(&at_b, 10, 60000), 0);
	ck_assert_int_lt(restore(&at_b, 0, 60000), 0);
	image[image_len / 2] ^= 4;
	ck_assert_int_lt(restore(&at_b, image_len, 60000), 0);
	image[image_len / 2] ^= 4;
	ck_assert_int_eq(restore(&at_b, image_len, 777 + image_len / 1000), 0);
	client_end(&vf);
}
END_TEST

START_TEST(image_client_dies)
{
	/* A control client that dies in the middle of an image leaves the PF usable. */
	static struct raw_client c;
	struct frame f;

	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&c, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	f = (struct frame){ .type = T(CONTROL), .seq = 1, .text = "pf save vf=1",
			    .text_len = 12 };
	ck_assert(client_put(&c, &f, NULL));
	ck_assert(client_await(&c, T(BLOB), &f));
	client_end(&c);
	while (save(&at_a) != 0)
		usleep(1000);
	ck_assert_int_eq(verb(&at_b, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&c, card_b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	begin_restore(&c);
	f = (struct frame){ .type = T(BLOB), .seq = c.seq, .data = image, .data_len = 1000 };
	ck_assert(client_put(&c, &f, NULL));
	client_end(&c);
	while (restore(&at_b, image_len, 65536) != 0)
		usleep(1000);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
}
END_TEST

/* Map pages at addresses that don't compress: an image of 8 bytes a page. */
static void fill_ggtt(unsigned pages)
{
	static uint8_t data[FRAME_DATA_MAX];
	const char *json = "", *start;
	uint64_t base, dma = 1;
	struct frame f = { .type = T(MMIO_WRITE), .flags = 1, .size = 8, .data = data,
			   .data_len = sizeof(data) };

	ck_assert_int_eq(client_verb(&at_a, "pf info vf=1", &json), 0);
	start = strstr(json, "\"ggtt_start\":");
	ck_assert_ptr_nonnull(start);
	base = strtoull(start + strlen("\"ggtt_start\":"), NULL, 0);
	for (unsigned i = 0; i < pages * 8 / sizeof(data); i++) {
		for (size_t at = 0; at < sizeof(data); at += 8) {
			dma = dma * 6364136223846793005u + 1442695040888963407u;
			le64_put(data + at, (dma & PTE_ADDR) | 1 << PTE_VFID_SHIFT |
						    PTE_PRESENT);
		}
		f.addr = REG_GGTT_BASE + (base >> GGTT_PAGE_SHIFT) * 8 + i * sizeof(data);
		ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
	}
}

START_TEST(slow_reader_of_an_image)
{
	/* A saved image waits for its reader; everybody else is served meanwhile. */
	static struct raw_client c;
	struct frame f;
	uint64_t got = 0;

	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	fill_ggtt(256 << 10);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&c, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	f = (struct frame){ .type = T(CONTROL), .seq = 1, .text = "pf save vf=1",
			    .text_len = 12 };
	ck_assert(client_put(&c, &f, NULL));
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(verb(&at_a, "pf info vf=2"), 0);
	while (client_get(&c, &f) && f.type == T(BLOB)) {
		ck_assert_uint_eq(f.addr, got);
		got += f.data_len;
	}
	ck_assert_int_eq(f.type, T(REPLY));
	ck_assert_int_eq(f.status, 0);
	ck_assert_uint_gt(got, 1u << 20);
	client_end(&c);
	client_end(&vf);
}
END_TEST

/* --- the PF in a process of its own ------------------------------------------------ */

static void setup_no_pf(void)
{
	static const char *const args[] = { "--vfs", "2", "--no-pf", NULL };

	move_start(args);
}

START_TEST(reserved)
{
	/* reserve.c: from the look whether B's VF is free to the client's arrival nobody can
	 * come in; a client that is there, and a second reservation, are refused; it ends
	 * with the verb, or with the connection that asked. */
	struct raw_client other, late;

	ck_assert_int_eq(verb(&at_b, "reserve vf=1"), 0);
	ck_assert_int_eq(verb(&at_b, "reserve vf=1"), 0);
	ck_assert_int_eq(client_hello(&other, card_b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(verb(&other, "reserve vf=1"), -EBUSY);
	ck_assert_int_eq(verb(&other, "unreserve vf=1"), -EPERM);
	ck_assert_int_eq(client_hello(&late, card_b.socket, FRAME_ROLE_FUNCTION, 1, 0), -EBUSY);
	client_end(&late);
	ck_assert_int_eq(client_hello(&late, card_b.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_int_eq(verb(&other, "reserve vf=2"), -EBUSY);
	client_end(&late);
	ck_assert_int_eq(verb(&at_b, "unreserve vf=1"), 0);
	ck_assert_int_eq(verb(&other, "reserve vf=1"), 0);
	client_end(&other);
	while (verb(&at_b, "reserve vf=1") == -EBUSY)
		usleep(1000);
	ck_assert_int_eq(verb(&at_b, "unreserve vf=1"), 0);
	ck_assert_int_eq(client_hello(&late, card_b.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&late);
}
END_TEST

START_TEST(pf_process)
{
	/* With --no-pf the verbs go to the PF's process, at the same socket; without
	 * one they fail; when it dies another adopts what is there. */
	const char *const argv[] = { "pf", "serve", "--socket", card_a.socket, NULL };
	const char *const again[] = { "pf", "serve", "--socket", card_a.socket, "--adopt", NULL };
	char log[128];
	pid_t process;

	snprintf(log, sizeof(log), "%s/log", card_a.dir);
	ck_assert_int_eq(verb(&at_a, "pf info vf=1"), -ENODEV);
	process = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf pause vf=1") != 0)
		usleep(10000);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 0);
	ck_assert_int_eq(restore(&at_a, image_len, 65536), 0);
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	kill(process, SIGKILL);
	process_wait(process);
	while (verb(&at_a, "pf info vf=1") != -ENODEV)
		usleep(1000);
	process = gucemu_spawn(again, log);
	while (verb(&at_a, "pf pause vf=2") != 0)
		usleep(10000);
	kill(process, SIGTERM);
	ck_assert_int_eq(process_wait(process), 0);
}
END_TEST

/* A PF's process of our own, and control clients that have verbs under way there. */
static struct raw_client pf, asker[3];

static void ask(struct raw_client *c, const char *line, uint32_t *pf_seq)
{
	struct frame f = { .type = T(CONTROL), .seq = ++c->seq, .text = line,
			   .text_len = strlen(line) };

	ck_assert(client_put(c, &f, NULL));
	ck_assert(client_await(&pf, T(CONTROL), &f));
	*pf_seq = f.seq;
}

START_TEST(slow_pf)
{
	/* A PF's process that takes no more of an image holds up who sends it, and costs the
	 * server nothing meanwhile; each piece that it confirms lets another through. */
	static const uint8_t piece[32768];
	unsigned long ticks;
	uint32_t seq;
	struct frame f;

	ck_assert_int_eq(client_hello(&asker[0], card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&pf, card_a.socket, FRAME_ROLE_FUNCTION, 0,
				      FRAME_FEATURE_PF_VERBS),
			 0);
	ask(&asker[0], "pf restore vf=1", &seq);
	for (unsigned i = 0; i < 12; i++) {
		f = (struct frame){ .type = T(BLOB), .seq = asker[0].seq, .addr = i * sizeof(piece),
				    .flags = i == 11, .data = piece, .data_len = sizeof(piece) };
		ck_assert(client_put(&asker[0], &f, NULL));
	}
	for (unsigned i = 0; i < 8; i++)
		ck_assert(client_await(&pf, T(BLOB), &f));
	ck_assert_uint_eq(f.addr, 7 * sizeof(piece));
	ck_assert_int_eq(verb(&at_a, "card"), 0);
	ticks = server_ticks(&card_a);
	usleep(500000);
	/* A loop that spins has used 50. */
	ck_assert_uint_le(server_ticks(&card_a) - ticks, 5);
	for (unsigned i = 8; i < 12; i++) {
		f = (struct frame){ .type = T(STATUS), .seq = seq, .value = 1 };
		ck_assert(client_put(&pf, &f, NULL));
		ck_assert(client_await(&pf, T(BLOB), &f));
		ck_assert_uint_eq(f.addr, i * sizeof(piece));
	}
	f = (struct frame){ .type = T(REPLY), .seq = seq, .text = "{}", .text_len = 2 };
	ck_assert(client_put(&pf, &f, NULL));
	ck_assert(client_await(&asker[0], T(REPLY), &f));
	ck_assert_int_eq(f.status, 0);
	client_end(&asker[0]);
	client_end(&pf);
}
END_TEST

START_TEST(asker_goes_while_pf_works)
{
	/* Control clients go while their verbs are at the PF's process, which is told, and
	 * answers all the same, or floods one that does not read until that is closed, or
	 * goes as well: others have their answers, and the next PF serves. */
	static const uint8_t piece[32768];
	uint32_t seq[3];
	struct frame f;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(client_hello(&asker[i], card_a.socket, FRAME_ROLE_CONTROL, 0, 0),
				 0);
	ck_assert_int_eq(client_hello(&pf, card_a.socket, FRAME_ROLE_FUNCTION, 0,
				      FRAME_FEATURE_PF_VERBS),
			 0);
	ask(&asker[0], "pf pause vf=1 hold=1", &seq[0]);
	ask(&asker[1], "pf save vf=2", &seq[1]);
	ask(&asker[2], "pf info vf=1", &seq[2]);
	client_end(&asker[0]);
	ck_assert(client_await(&pf, T(BLOB), &f));
	ck_assert_uint_eq(f.seq, seq[0]);
	ck_assert_uint_eq(f.flags, 1);
	if (_i == 0) {
		/* The hold ends with its holder, of a pause that was done: again and again,
		 * while the PF has something else to do. */
		f = (struct frame){ .type = T(REPLY), .seq = seq[0], .text = "{}", .text_len = 2 };
		for (int i = 0; i < 3; i++) {
			ck_assert(client_put(&pf, &f, NULL));
			ck_assert(client_await(&pf, T(CONTROL), &f));
			ck_assert_int_eq(strncmp(f.text, "pf resume vf=1", f.text_len), 0);
			f = (struct frame){ .type = T(REPLY), .seq = f.seq, .status = -EBUSY,
					    .text = "{}", .text_len = 2 };
		}
		f.status = 0;
		ck_assert(client_put(&pf, &f, NULL));
	}
	/* It never reads: closed when its queue is full, and the PF is told of that. */
	for (int i = 0; _i > 0 && i < 256; i++) {
		f = (struct frame){ .type = T(BLOB), .seq = seq[1], .data = piece,
				    .data_len = sizeof(piece) };
		ck_assert(client_put(&pf, &f, NULL));
	}
	if (_i == 1) {
		do
			ck_assert(client_await(&pf, T(BLOB), &f));
		while (f.seq != seq[1] || !(f.flags & 1));
	}
	if (_i < 2) {
		f = (struct frame){ .type = T(REPLY), .seq = seq[1], .text = "{}", .text_len = 2 };
		ck_assert(client_put(&pf, &f, NULL));
		f = (struct frame){ .type = T(REPLY), .seq = seq[2], .text = "{}", .text_len = 2 };
		ck_assert(client_put(&pf, &f, NULL));
	}
	if (_i == 2)
		client_end(&pf);
	ck_assert(client_await(&asker[2], T(REPLY), &f));
	ck_assert_int_eq(f.status, _i == 2 ? -EPIPE : 0);
	if (_i < 2)
		client_end(&pf);
	client_end(&asker[1]);
	client_end(&asker[2]);
	while (verb(&at_a, "pf info vf=1") != -ENODEV)
		usleep(1000);
	ck_assert_int_eq(client_hello(&pf, card_a.socket, FRAME_ROLE_FUNCTION, 0,
				      FRAME_FEATURE_PF_VERBS),
			 0);
	ask(&at_a, "pf info vf=1", &seq[0]);
	client_end(&pf);
}
END_TEST

START_TEST(pf_process_saves_for_ever)
{
	/* As many images as you like through a PF's process: each leaves its room behind. */
	const char *const argv[] = { "pf", "serve", "--socket", card_a.socket, NULL };
	char log[128];
	pid_t process;

	snprintf(log, sizeof(log), "%s/log", card_a.dir);
	process = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf provision vf=1 ggtt=0x4000000") != 0)
		usleep(10000);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	fill_ggtt(16384);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 64 << 10);
	client_end(&vf);
	kill(process, SIGTERM);
	ck_assert_int_eq(process_wait(process), 0);
}
END_TEST

START_TEST(no_bells)
{
	/* Where interrupts go through registers the server takes no bells: nothing would
	 * ring before the registers were asked. */
	struct frame f = { .type = T(BELL), .fds = 1 };
	int fd = sealed_memfd(4096, true);

	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1,
				      FRAME_FEATURE_BELL),
			 0);
	ck_assert_int_eq(client_call(&vf, &f, &fd, NULL), -EOPNOTSUPP);
	client_end(&vf);
	close(fd);
}
END_TEST

static void setup_small_no_pf(void)
{
	static const char *const args[] = { "--vfs", "2", "--no-pf", "--ggtt-size", "256M", NULL };

	move_start(args);
}

static Suite *suite(void)
{
	Suite *s = suite_create("server move");
	TCase *tc = tcase_create("move"), *apart = tcase_create("pf apart");
	TCase *small = tcase_create("pf apart, small card");
	TCase *registers = tcase_create("interrupt registers");

	tcase_add_checked_fixture(tc, move_setup, move_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, plain_ctb);
	tcase_add_test(tc, plain_ctb_without_ggtt);
	tcase_add_loop_test(tc, move_a_client, 0, 2);
	tcase_add_test(tc, move_unparsed_bytes);
	tcase_add_test(tc, damaged_images_are_refused);
	tcase_add_test(tc, image_client_dies);
	tcase_add_test(tc, slow_reader_of_an_image);
	tcase_add_test(tc, reserved);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(registers, move_setup_tgl, move_teardown);
	tcase_set_timeout(registers, 60);
	tcase_add_test(registers, plain_ctb);
	tcase_add_test(registers, no_bells);
	tcase_add_loop_test(registers, move_a_client, 0, 2);
	suite_add_tcase(s, registers);
	tcase_add_checked_fixture(apart, setup_no_pf, move_teardown);
	tcase_set_timeout(apart, 60);
	tcase_add_test(apart, pf_process);
	tcase_add_test(apart, slow_pf);
	tcase_add_loop_test(apart, asker_goes_while_pf_works, 0, 3);
	suite_add_tcase(s, apart);
	tcase_add_checked_fixture(small, setup_small_no_pf, move_teardown);
	tcase_set_timeout(small, 60);
	tcase_add_test(small, pf_process_saves_for_ever);
	suite_add_tcase(s, small);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
