/* SPDX-License-Identifier: MIT */
/* Freeze and hand-over between two real servers when a part of it fails: the
 * other side, the giver, the client, or who asked for it. */
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

/* --- hand-overs that fail ---------------------------------------------------------- */

/* An emulator that takes a client half and dies. `frames`: how many it reads. */
static int fake_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static void stays_at_a(void)
{
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "thaw vf=1"), 0);
	relay_handshake(9);
}

START_TEST(other_side_dies)
{
	/* Bad input: emulator B dying in mid-hand-over, R-54: the client goes on at A
	 * as if nothing had been. */
	static struct raw_client fake;
	char path[96], line[160];
	struct frame f;
	int listening;

	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	snprintf(path, sizeof(path), "%s/fake.sock", card_a.dir);
	listening = fake_listen(path);
	handover_line(line, sizeof(line), path);
	f = (struct frame){ .type = T(CONTROL), .seq = ++at_a.seq, .text = line,
			    .text_len = strlen(line) };
	ck_assert(client_put(&at_a, &f, NULL));
	memset(&fake, 0, sizeof(fake));
	fake.fd = accept(listening, NULL, NULL);
	if (_i > 0) {
		ck_assert(client_await(&fake, T(HELLO), &f));
		ck_assert_uint_eq(f.code, FRAME_ROLE_PEER);
		f = (struct frame){ .type = T(WELCOME), .seq = f.seq, .value = 1 };
	}
	if (_i > 1)
		ck_assert(client_put(&fake, &f, NULL));
	for (int i = 2; i < _i; i++)
		ck_assert(client_await(&fake, T(ADOPT), &f));
	client_end(&fake);
	close(listening);
	unlink(path);
	ck_assert(client_await(&at_a, T(REPLY), &f));
	ck_assert_int_eq(f.status, -EPIPE);
	stays_at_a();
	client_end(&vf);
}
END_TEST

START_TEST(other_side_refuses)
{
	/* a taken VF, a missing socket, a client that isn't frozen: nothing moves. */
	static struct raw_client taken;
	char line[160];

	plain_boot(0);
	handover_line(line, sizeof(line), card_b.socket);
	ck_assert_int_eq(verb(&at_a, line), -EPERM);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&taken, card_b.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(verb(&at_a, line), -EBUSY);
	client_end(&taken);
	ck_assert_int_eq(verb(&at_a, "handover vf=1 to=/nowhere/x.sock"), -ENOENT);
	stays_at_a();
	client_end(&vf);
}
END_TEST

START_TEST(giver_dies)
{
	/* A giver that goes away before it lets go takes its client back: B's VF is
	 * free, and B goes on. */
	static struct raw_client peer;
	uint8_t data[24];
	struct frame f = { .type = T(ADOPT), .seq = 2, .function = 1, .fds = 1 };
	int pair[2];

	for (int cut = 0; cut < 3; cut++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		ck_assert_int_eq(client_hello(&peer, card_b.socket, FRAME_ROLE_PEER, 0, 0), 0);
		f = (struct frame){ .type = T(ADOPT), .seq = 2, .function = 1, .fds = 1 };
		ck_assert(client_put(&peer, &f, &pair[0]));
		if (cut > 0) {
			int fd = sealed_memfd(4096, true);

			le64_put(data, 0);
			le64_put(data + 8, 4096);
			le64_put(data + 16, 0);
			f = (struct frame){ .type = T(ADOPT), .seq = 2, .fds = 1, .data = data,
					    .data_len = 24 };
			ck_assert(client_put(&peer, &f, &fd));
			close(fd);
		}
		if (cut > 1) {
			f = (struct frame){ .type = T(ADOPT), .seq = 2, .flags = 1 };
			ck_assert(client_put(&peer, &f, NULL));
			ck_assert(client_await(&peer, T(STATUS), &f));
			ck_assert_int_eq(f.status, 0);
		}
		client_end(&peer);
		while (client_hello(&vf, card_b.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
			client_end(&vf);
		client_end(&vf);
		/* That client's end is seen before the next hand-over begins. */
		while (client_hello(&vf, card_b.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
			client_end(&vf);
		client_end(&vf);
		usleep(20000);
		close(pair[0]);
		close(pair[1]);
	}
}
END_TEST

START_TEST(bad_adoptions)
{
	/* A hand-over of what is no client is refused, and nothing of it stays. */
	static struct raw_client peer;
	unsigned before = server_fds(&card_b);
	uint8_t data[24] = { 0 };
	int memfd = sealed_memfd(4096, false), pair[2];
	struct frame f;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(client_hello(&peer, card_b.socket, FRAME_ROLE_PEER, 0, 0), 0);
		f = (struct frame){ .type = T(ADOPT), .seq = 2, .function = i == 1 ? 0 : 1,
				    .fds = i == 2 ? 0 : 1 };
		if (i == 3)
			f.function = 3;
		ck_assert(client_put(&peer, &f, i == 0 ? &memfd : &pair[0]));
		if (i == 4) {
			/* Memory that could shrink. */
			le64_put(data + 8, 4096);
			f = (struct frame){ .type = T(ADOPT), .seq = 2, .fds = 1, .data = data,
					    .data_len = 24 };
			ck_assert(client_put(&peer, &f, &memfd));
		}
		ck_assert_int_lt(client_drained(&peer), 0);
		client_end(&peer);
	}
	ck_assert_int_eq(verb(&at_b, "card"), 0);
	ck_assert_uint_eq(server_fds(&card_b), before);
	close(memfd);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* One piece of a hand-over of ours. */
static void adopt_region(struct raw_client *peer, int fd, uint64_t dma, uint64_t size, bool hosted)
{
	uint8_t data[24] = { 0 };
	struct frame f = { .type = T(ADOPT), .seq = 2, .fds = 1, .addr = hosted, .data = data,
			   .data_len = 24 };

	le64_put(data, dma);
	le64_put(data + 8, size);
	ck_assert(client_put(peer, &f, &fd));
}

START_TEST(adoption_undone)
{
	/* an adoption that fails at its very end, when client, memory and the rings of
	 * one GT are there already (those of the other are no rings), gives everything back:
	 * the socket to its giver, descriptors and memory; the VF stays as it was, paused. */
	static struct raw_client peer;
	unsigned before;
	uint8_t data[24] = { 0 }, buf[256];
	int rings = sealed_memfd(0xB000, true), page = sealed_memfd(4096, true), pair[2], first[2];
	struct frame f = { .type = T(MEM_SHARE), .seq = 7, .fds = 1, .data = data, .data_len = 24 };
	char byte = 1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	before = server_fds(&card_a);
	/* With half a frame and its descriptor. */
	ck_assert_int_gt(frame_encode(&f, buf, sizeof(buf)), 10);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(client_hello(&peer, card_a.socket, FRAME_ROLE_PEER, 0, 0), 0);
		first[0] = pair[0];
		first[1] = page;
		f = (struct frame){ .type = T(ADOPT), .seq = 2, .function = 1, .fds = 2,
				    .flags = FRAME_FEATURE_PLAIN_CTB, .data = buf, .data_len = 10 };
		ck_assert(client_put(&peer, &f, first));
		adopt_region(&peer, page, 0x7000, 4096, false);
		adopt_region(&peer, rings, 1ull << 51, 0xB000, true);
		adopt_region(&peer, page, (1ull << 51) + (1ull << 20), 4096, true);
		f = (struct frame){ .type = T(ADOPT), .seq = 2, .flags = 1 };
		ck_assert(client_put(&peer, &f, NULL));
		ck_assert_int_eq(client_drained(&peer), -EINVAL);
		client_end(&peer);
	}
	ck_assert_int_eq(verb(&at_a, "card"), 0);
	ck_assert_uint_eq(server_fds(&card_a), before);
	/* The giver's socket works on, and nobody else reads it. */
	ck_assert_int_eq(send(pair[1], &byte, 1, 0), 1);
	ck_assert_int_eq(recv(pair[0], &byte, 1, MSG_DONTWAIT), 1);
	ck_assert_int_eq(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
	/* Not frozen, no memory, no rings; paused as before. */
	ck_assert_int_eq(verb(&at_a, "pf save vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	plain_boot(0);
	relay_handshake(1);
	f = (struct frame){ .type = T(MEM_READ), .addr = 0x7000, .value = 1 };
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -EFAULT);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "thaw vf=1"), 0);
	client_end(&vf);
	for (int i = 0; i < 2; i++)
		close(pair[i]);
	close(rings);
	close(page);
}
END_TEST

START_TEST(frozen_client_dies)
{
	/* A client that dies while frozen is noticed; its VF is free again. */
	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	client_end(&vf);
	while (client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
		client_end(&vf);
	ck_assert_int_eq(verb(&at_a, "thaw vf=1"), 0);
	client_end(&vf);
}
END_TEST

START_TEST(client_that_does_not_freeze)
{
	/* A client that promised FROZEN and is silent: an error, and it is thawed. */
	struct frame f;

	plain_boot(FRAME_FEATURE_FREEZE);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), -ETIMEDOUT);
	ck_assert(client_await(&vf, T(FREEZE), &f));
	ck_assert(client_await(&vf, T(THAW), &f));
	relay_handshake(1);
	client_end(&vf);
}
END_TEST

/* --- who asked goes away ----------------------------------------------------------- */

static void make_verb_frame(struct frame *f, struct raw_client *c, const char *line)
{
	*f = (struct frame){ .type = T(CONTROL), .seq = ++c->seq, .text = line,
			     .text_len = strlen(line) };
}

START_TEST(bells_after_handover)
{
	/* frames, bells: after a hand-over the page is off until the client shares one
	 * anew, which the other emulator takes. */
	struct frame f = { .type = T(BELL), .fds = 1 };
	int fd = sealed_memfd(4096, true);
	char line[160];

	plain_boot(FRAME_FEATURE_PLAIN_CTB | FRAME_FEATURE_BELL);
	ck_assert_int_eq(client_call(&vf, &f, &fd, NULL), 0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	move_image();
	handover_line(line, sizeof(line), card_b.socket);
	ck_assert_int_eq(verb(&at_a, line), 0);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
	ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
	f = (struct frame){ .type = T(BELL), .fds = 1 };
	ck_assert_int_eq(client_call(&vf, &f, &fd, NULL), 0);
	client_end(&vf);
}
END_TEST

START_TEST(asker_dies)
{
	/* a freeze ends with the control client that asked for it, at whatever
	 * step it died; a pause is ended by hand; `keep` lasts until a thaw. */
	static struct raw_client asker;
	struct frame f;

	plain_boot(_i == 0 ? FRAME_FEATURE_FREEZE : 0);
	ck_assert_int_eq(client_hello(&asker, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	make_verb_frame(&f, &asker, _i == 3 ? "freeze vf=1 keep=1" : "freeze vf=1");
	ck_assert(client_put(&asker, &f, NULL));
	if (_i == 0)
		ck_assert(client_await(&vf, T(FREEZE), &f));
	else
		ck_assert(client_await(&asker, T(REPLY), &f));
	if (_i == 2)
		ck_assert_int_eq(verb(&asker, "pf pause vf=1"), 0);
	client_end(&asker);
	if (_i == 0)
		ck_assert(client_await(&vf, T(THAW), &f));
	if (_i == 2)
		ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	if (_i == 3) {
		usleep(20000);
		ck_assert_int_eq(verb(&at_a, "handover vf=1 to=/nowhere/x.sock"), -ENOENT);
		ck_assert_int_eq(verb(&at_a, "thaw vf=1"), 0);
	}
	relay_handshake(1);
	client_end(&vf);
}
END_TEST

static unsigned control_clients(struct raw_client *c)
{
	const char *json = "";
	unsigned n = 0;

	ck_assert_int_eq(client_verb(c, "state", &json), 0);
	while ((json = strstr(json, "\"role\":\"control\"")) != NULL) {
		json++;
		n++;
	}
	return n;
}

START_TEST(asker_dies_in_handover)
{
	/* a hand-over that fails leaves the pause with who held it. When that one has
	 * gone meanwhile (_i 0), or goes later (_i 1), the VF is resumed and thawed; while it
	 * is there (_i 2) and once it resumed by itself, its end changes nothing. */
	static struct raw_client asker, fake;
	char path[96], line[160];
	struct frame f;
	int listening;

	plain_boot(0);
	ck_assert_int_eq(client_hello(&asker, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(verb(&asker, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&asker, "pf pause vf=1 hold=1"), 0);
	snprintf(path, sizeof(path), "%s/fake.sock", card_a.dir);
	listening = fake_listen(path);
	handover_line(line, sizeof(line), path);
	make_verb_frame(&f, &asker, line);
	ck_assert(client_put(&asker, &f, NULL));
	memset(&fake, 0, sizeof(fake));
	fake.fd = accept(listening, NULL, NULL);
	ck_assert(client_await(&fake, T(HELLO), &f));
	if (_i == 0) {
		client_end(&asker);
		/* Its end is seen before that of the other side. */
		while (control_clients(&at_a) > 1)
			usleep(2000);
	}
	client_end(&fake);
	close(listening);
	unlink(path);
	if (_i > 0) {
		ck_assert(client_await(&asker, T(REPLY), &f));
		ck_assert_int_eq(f.status, -EPIPE);
	}
	if (_i == 2) {
		ck_assert_int_eq(verb(&asker, "pf resume vf=1"), 0);
		ck_assert_int_eq(verb(&asker, "pf pause vf=1"), 0);
	}
	if (_i > 0)
		client_end(&asker);
	if (_i == 2) {
		usleep(20000);
		ck_assert_int_eq(save(&at_a), 0);
		ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	}
	relay_handshake(9);
	client_end(&vf);
}
END_TEST

START_TEST(asker_dies_after_handover)
{
	/* What was handed over stays frozen on B when both control clients die; a
	 * resume and a thaw by hand finish the migration. */
	char line[160];

	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	move_image();
	handover_line(line, sizeof(line), card_b.socket);
	ck_assert_int_eq(verb(&at_a, line), 0);
	client_end(&at_a);
	client_end(&at_b);
	ck_assert_int_eq(client_hello(&at_a, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&at_b, card_b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
	ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
	recover();
	relay_handshake(1);
	client_end(&vf);
}
END_TEST

START_TEST(thaw_waits_for_the_giver)
{
	/* An adopted client that the giver has not let go isn't read: its thaw is
	 * answered when it has, and fails when the giver takes it back. */
	static struct raw_client peer;
	struct frame f;
	int pair[2];
	char byte = 1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(client_hello(&peer, card_b.socket, FRAME_ROLE_PEER, 0, 0), 0);
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .function = 1, .fds = 1 };
	ck_assert(client_put(&peer, &f, &pair[0]));
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .flags = 1 };
	ck_assert(client_put(&peer, &f, NULL));
	ck_assert(client_await(&peer, T(STATUS), &f));
	ck_assert_int_eq(send(pair[1], &byte, 1, 0), 1);
	make_verb_frame(&f, &at_b, "thaw vf=1");
	ck_assert(client_put(&at_b, &f, NULL));
	make_verb_frame(&f, &at_b, "freeze vf=1");
	ck_assert(client_put(&at_b, &f, NULL));
	/* The freeze is refused, and the thaw still waits. */
	ck_assert(client_await(&at_b, T(REPLY), &f));
	ck_assert_uint_eq(f.seq, at_b.seq);
	ck_assert_int_eq(f.status, -EBUSY);
	ck_assert_int_eq(recv(pair[0], &byte, 1, MSG_PEEK | MSG_DONTWAIT), 1);
	if (_i == 0) {
		f = (struct frame){ .type = T(STATUS), .seq = 2 };
		ck_assert(client_put(&peer, &f, NULL));
	} else {
		client_end(&peer);
	}
	ck_assert(client_await(&at_b, T(REPLY), &f));
	ck_assert_uint_eq(f.seq, at_b.seq - 1);
	ck_assert_int_eq(f.status, _i == 0 ? 0 : -EPIPE);
	if (_i == 0)
		client_end(&peer);
	else
		ck_assert_int_eq(recv(pair[0], &byte, 1, MSG_PEEK | MSG_DONTWAIT), 1);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* An emulator B of our own, which `gucemu pf migrate` has brought to its first
 * step there: the VF of A is frozen and paused. */
static pid_t migrate_to_us(struct raw_client *fake, int listening, const char *path)
{
	const char *const argv[] = { "pf",   "migrate", "--vf",      "1",    "--from", card_a.socket,
				     "--to", path,      "--timeout", "2000", NULL };
	char log[128];
	struct frame f;
	pid_t pid;

	snprintf(log, sizeof(log), "%s/log", card_a.dir);
	pid = gucemu_spawn(argv, log);
	memset(fake, 0, sizeof(*fake));
	fake->fd = accept(listening, NULL, NULL);
	ck_assert_int_ge(fake->fd, 0);
	ck_assert(client_await(fake, T(HELLO), &f));
	f = (struct frame){ .type = T(WELCOME), .seq = f.seq, .value = 1 };
	ck_assert(client_put(fake, &f, NULL));
	ck_assert(client_await(fake, T(CONTROL), &f));
	f = (struct frame){ .type = T(REPLY), .seq = f.seq, .text = "{}", .text_len = 2 };
	ck_assert(client_put(fake, &f, NULL));
	ck_assert(client_await(fake, T(CONTROL), &f));
	fake->seq = f.seq;
	return pid;
}

START_TEST(migrate_is_cut_off)
{
	/* gucemu pf migrate that B never answers, that is interrupted or killed
	 * leaves the VF on A, where it goes on. */
	static struct raw_client fake;
	struct frame f;
	char path[96];
	int listening;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/fake.sock", card_a.dir);
	listening = fake_listen(path);
	plain_boot(0);
	pid = migrate_to_us(&fake, listening, path);
	if (_i == 1) {
		kill(pid, SIGINT);
		/* It waits for this step, then drops what B has of the VF. */
		usleep(50000);
		f = (struct frame){ .type = T(REPLY), .seq = fake.seq, .text = "{}",
				    .text_len = 2 };
		ck_assert(client_put(&fake, &f, NULL));
		ck_assert(client_await(&fake, T(CONTROL), &f));
		ck_assert(f.text_len >= 6 && memcmp(f.text, "pf flr", 6) == 0);
		f = (struct frame){ .type = T(REPLY), .seq = f.seq, .text = "{}", .text_len = 2 };
		ck_assert(client_put(&fake, &f, NULL));
	} else if (_i == 2) {
		kill(pid, SIGKILL);
	}
	ck_assert_int_eq(process_wait(pid), _i == 2 ? 128 + SIGKILL : 1);
	relay_handshake(1);
	client_end(&fake);
	close(listening);
	unlink(path);
	client_end(&vf);
}
END_TEST

START_TEST(own_end_is_given_away)
{
	/* A client that leaves its own end of the connection in half a frame and dies
	 * is ended by a time limit: nothing else would ever close it. */
	static struct raw_client c;
	uint8_t data[24] = { 0 }, buf[256];
	struct frame f = { .type = T(MEM_SHARE), .seq = 1, .fds = 1, .data = data,
			   .data_len = 24 };
	unsigned before = server_fds(&card_a);

	ck_assert_int_gt(frame_encode(&f, buf, sizeof(buf)), 10);
	ck_assert_int_eq(client_hello(&c, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_bytes(&c, buf, 10, &c.fd, 1));
	client_end(&c);
	while (server_fds(&card_a) != before)
		usleep(50000);
}
END_TEST

START_TEST(no_descriptor_stays)
{
	/* Connects, shares, freezes, hand-overs that work and that fail: when the
	 * clients are gone both emulators have the descriptors they had before. */
	unsigned before_a = 0, before_b = 0;
	uint8_t data[24] = { 0 };
	char line[160];
	struct frame f;

	for (int i = 0; i < 12; i++) {
		int fd = sealed_memfd(4096, true);

		/* The last client's end reset the VF; once that is over: */
		while (verb(&at_a, "pf flr vf=1") != 0)
			usleep(1000);
		plain_boot(0);
		le64_put(data, 0x7000);
		le64_put(data + 8, 4096);
		f = (struct frame){ .type = T(MEM_SHARE), .fds = 1, .data = data, .data_len = 24 };
		ck_assert_int_eq(client_call(&vf, &f, &fd, NULL), 0);
		f = (struct frame){ .type = T(MEM_SHARE), .fds = 1, .data = data, .data_len = 24 };
		ck_assert_int_lt(client_call(&vf, &f, &fd, NULL), 0);
		close(fd);
		ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
		ck_assert_int_eq(verb(&at_a, "handover vf=1 to=/nowhere/x.sock"), -ENOENT);
		if (i % 2 == 0) {
			handover_line(line, sizeof(line), card_b.socket);
			ck_assert_int_eq(verb(&at_a, line), 0);
			ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
		}
		client_end(&vf);
		for (int card = 0; card < 2; card++) {
			const char *at = card ? card_b.socket : card_a.socket;

			while (client_hello(&vf, at, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
				client_end(&vf);
			client_end(&vf);
			while (client_hello(&vf, at, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
				client_end(&vf);
			client_end(&vf);
		}
		/* The ends of those are seen before these answers. */
		usleep(20000);
		ck_assert_int_eq(verb(&at_a, "card"), 0);
		ck_assert_int_eq(verb(&at_b, "card"), 0);
		if (i == 1) {
			before_a = server_fds(&card_a);
			before_b = server_fds(&card_b);
		}
	}
	ck_assert_uint_eq(server_fds(&card_a), before_a);
	ck_assert_uint_eq(server_fds(&card_b), before_b);
}
END_TEST

static void setup_two_gts(void)
{
	static const char *const args[] = { "--vfs", "2", "--gts", "2", NULL };

	move_start(args);
}

static Suite *suite(void)
{
	Suite *s = suite_create("server handover");
	TCase *tc = tcase_create("handover"), *gts = tcase_create("two GTs");

	tcase_add_checked_fixture(tc, move_setup, move_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, other_side_dies, 0, 4);
	tcase_add_test(tc, other_side_refuses);
	tcase_add_test(tc, giver_dies);
	tcase_add_test(tc, bad_adoptions);
	tcase_add_test(tc, frozen_client_dies);
	tcase_add_test(tc, client_that_does_not_freeze);
	tcase_add_test(tc, bells_after_handover);
	tcase_add_loop_test(tc, asker_dies, 0, 4);
	tcase_add_loop_test(tc, asker_dies_in_handover, 0, 3);
	tcase_add_test(tc, asker_dies_after_handover);
	tcase_add_loop_test(tc, thaw_waits_for_the_giver, 0, 2);
	tcase_add_loop_test(tc, migrate_is_cut_off, 0, 3);
	tcase_add_test(tc, own_end_is_given_away);
	tcase_add_test(tc, no_descriptor_stays);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(gts, setup_two_gts, move_teardown);
	tcase_set_timeout(gts, 60);
	tcase_add_test(gts, adoption_undone);
	suite_add_tcase(s, gts);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
