/* SPDX-License-Identifier: MIT */
/* Plain CTB clients, PF verbs and images, freeze and hand-over between two
 * real servers: the whole way of a client from card A to card B, and what
 * happens when a part of it fails. */
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
#include "server_fixture.h"

#define IMAGE_MAX (32u << 20)

static struct server_process a, b;
static struct raw_client vf, at_a, at_b;
static uint8_t *image;
static size_t image_len;

static void start(const char *const *args)
{
	static const char *const for_b[] = { "--vfs", "2", "--name", "B", "--ggtt-offset", "64M",
					     NULL };

	server_start(&a, args);
	server_start(&b, for_b);
	ck_assert_int_eq(client_hello(&at_a, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&at_b, b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	image = malloc(IMAGE_MAX);
	image_len = 0;
}

static void setup(void)
{
	static const char *const args[] = { "--vfs", "2", NULL };

	start(args);
}

static void teardown(void)
{
	free(image);
	client_end(&at_a);
	client_end(&at_b);
	server_stop(&a);
	server_stop(&b);
}

static int verb(struct raw_client *c, const char *line)
{
	const char *json = "";
	int status = client_verb(c, line, &json);

	if (status == -EPIPE)
		fprintf(stderr, "%s: %s\n", line, json);
	return status;
}

/* `pf save`: the image into `image`. */
static int save(struct raw_client *c)
{
	static const char line[] = "pf save vf=1";
	struct frame f = { .type = T(CONTROL), .seq = ++c->seq, .text = line,
			   .text_len = strlen(line) };
	bool last = false;

	ck_assert(client_put(c, &f, NULL));
	image_len = 0;
	while (client_get(c, &f)) {
		if (f.seq != c->seq)
			continue;
		if (f.type == T(REPLY)) {
			ck_assert(f.status != 0 || last);
			return f.status;
		}
		ck_assert_int_eq(f.type, T(BLOB));
		ck_assert_uint_eq(f.addr, image_len);
		ck_assert_uint_le(image_len + f.data_len, IMAGE_MAX);
		if (f.data_len)
			memcpy(image + image_len, f.data, f.data_len);
		image_len += f.data_len;
		last = f.flags & 1;
	}
	return -EPIPE;
}

static void begin_restore(struct raw_client *c)
{
	static const char line[] = "pf restore vf=1";
	struct frame f = { .type = T(CONTROL), .seq = ++c->seq, .text = line,
			   .text_len = strlen(line) };

	ck_assert(client_put(c, &f, NULL));
}

/* `pf restore` from image[0..len) in pieces. */
static int restore(struct raw_client *c, size_t len, size_t piece)
{
	struct frame f;

	begin_restore(c);
	for (size_t at = 0; at < len || at == 0; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		f = (struct frame){ .type = T(BLOB), .seq = c->seq, .addr = at,
				    .flags = at + n >= len, .data = image + at, .data_len = n };
		ck_assert(client_put(c, &f, NULL));
	}
	while (client_get(c, &f)) {
		if (f.type == T(REPLY) && f.seq == c->seq)
			return f.status;
	}
	return -EPIPE;
}

/* --- a plain client ---------------------------------------------------------------- */

static uint32_t header(uint32_t action, uint32_t data0)
{
	return hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, data0);
}

static void plain_boot(uint32_t features)
{
	uint32_t reset[] = { header(GUC_ACTION_VF_RESET, 0) };
	uint32_t match[] = { header(GUC_ACTION_MATCH_VERSION, 0), 0x00010200 };
	struct frame f = { .type = T(CTB_OPEN) };
	uint32_t version;

	ck_assert_int_eq(client_hello(&vf, a.socket, FRAME_ROLE_FUNCTION, 1,
				      features | FRAME_FEATURE_PLAIN_CTB),
			 0);
	ck_assert_uint_eq(client_mailbox(&vf, reset, 1, NULL), 0xF0000000);
	ck_assert_uint_eq(client_mailbox(&vf, match, 2, &version), 0xF0000000);
	ck_assert_uint_eq(version, 0x00011C00);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
}

static int ctb_send(uint32_t fence, const uint32_t *dw, size_t n)
{
	uint8_t data[255 * 4];
	struct frame f = { .type = T(CTB_SEND), .code = fence, .data = data, .data_len = 4 * n };

	for (size_t i = 0; i < n; i++)
		le32_put(data + 4 * i, dw[i]);
	return client_call(&vf, &f, NULL, NULL);
}

/* The relay handshake of guc-abi A.3; the PF answers 1.0. Messages may come
 * before the STATUS of the frame that caused them: so they are posted here. */
static void relay_handshake(uint32_t relay_id)
{
	const uint32_t dw[] = { header(GUC_ACTION_RELAY_TO_PF, 0), relay_id, 0x00000001,
				0x00010000 };
	uint8_t data[16];
	struct frame f = { .type = T(CTB_SEND), .code = 7, .data = data, .data_len = 16 };

	for (size_t i = 0; i < 4; i++)
		le32_put(data + 4 * i, dw[i]);
	ck_assert(client_put(&vf, &f, NULL));
	ck_assert(client_await(&vf, T(CTB_RECEIVE), &f));
	ck_assert_uint_eq(f.code, 7);
	ck_assert_uint_eq(le32_get(f.data), 0xF0000000);
	ck_assert(client_await(&vf, T(CTB_RECEIVE), &f));
	ck_assert_uint_eq(f.data_len, 16);
	ck_assert_uint_eq(hxg_action(le32_get(f.data)), GUC_ACTION_RELAY_FROM_PF);
	ck_assert_uint_eq(le32_get(f.data + 4), relay_id);
	ck_assert_uint_eq(le32_get(f.data + 12), 0x00010000);
}

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
	ck_assert_int_eq(client_hello(&vf, a.socket, FRAME_ROLE_FUNCTION, 1,
				      FRAME_FEATURE_PLAIN_CTB),
			 0);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -ENODATA);
	client_end(&vf);
	ck_assert_int_eq(client_hello(&vf, a.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), -EOPNOTSUPP);
	client_end(&vf);
}
END_TEST

/* --- from A to B ------------------------------------------------------------------- */

static void move_image(void)
{
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 0);
	ck_assert_int_eq(verb(&at_b, "pf pause vf=1"), 0);
	ck_assert_int_eq(restore(&at_b, image_len, 60000), 0);
}

static void recover(void)
{
	uint32_t begin[] = { header(GUC_ACTION_RESFIX_START, 1) };
	uint32_t done[] = { header(GUC_ACTION_RESFIX_DONE, 1) };
	struct frame f = { .type = T(CTB_RESTART) };

	ck_assert_uint_eq(client_mailbox(&vf, begin, 1, NULL), 0xF0000000);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
	ck_assert_uint_eq(client_mailbox(&vf, done, 1, NULL), 0xF0000000);
}

static void handover_line(char *line, size_t cap, const char *socket)
{
	snprintf(line, cap, "handover vf=1 to=%s", socket);
}

START_TEST(move_a_client)
{
	/* The six steps of a migration: the client goes on at B over the same socket
	 * with its memory, rings and registers; A has forgotten it. */
	uint32_t dw[] = { header(GUC_ACTION_RELAY_TO_PF, 0), 1, 1, 0x00010000 };
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
	handover_line(line, sizeof(line), b.socket);
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
	server_stop(&a);
	relay_handshake(3);
	client_end(&vf);
	client_end(&at_a);
	server_start(&a, NULL);
	ck_assert_int_eq(client_hello(&at_a, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
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
	handover_line(line, sizeof(line), b.socket);
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
	snprintf(path, sizeof(path), "%s/fake.sock", a.dir);
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
	handover_line(line, sizeof(line), b.socket);
	ck_assert_int_eq(verb(&at_a, line), -EPERM);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&taken, b.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
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
		ck_assert_int_eq(client_hello(&peer, b.socket, FRAME_ROLE_PEER, 0, 0), 0);
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
		while (client_hello(&vf, b.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
			client_end(&vf);
		client_end(&vf);
		/* That client's end is seen before the next hand-over begins. */
		while (client_hello(&vf, b.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
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
	unsigned before = server_fds(&b);
	uint8_t data[24] = { 0 };
	int memfd = sealed_memfd(4096, false), pair[2];
	struct frame f;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(client_hello(&peer, b.socket, FRAME_ROLE_PEER, 0, 0), 0);
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
	ck_assert_uint_eq(server_fds(&b), before);
	close(memfd);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(frozen_client_dies)
{
	/* A client that dies while frozen is noticed; its VF is free again. */
	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	client_end(&vf);
	while (client_hello(&vf, a.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
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

START_TEST(asker_dies)
{
	/* a freeze ends with the control client that asked for it, at whatever
	 * step it died; a pause is ended by hand; `keep` lasts until a thaw. */
	static struct raw_client asker;
	struct frame f;

	plain_boot(_i == 0 ? FRAME_FEATURE_FREEZE : 0);
	ck_assert_int_eq(client_hello(&asker, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
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

START_TEST(asker_dies_after_handover)
{
	/* What was handed over stays frozen on B when both control clients die; a
	 * resume and a thaw by hand finish the migration. */
	char line[160];

	plain_boot(0);
	ck_assert_int_eq(verb(&at_a, "freeze vf=1"), 0);
	move_image();
	handover_line(line, sizeof(line), b.socket);
	ck_assert_int_eq(verb(&at_a, line), 0);
	client_end(&at_a);
	client_end(&at_b);
	ck_assert_int_eq(client_hello(&at_a, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&at_b, b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
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
	ck_assert_int_eq(client_hello(&peer, b.socket, FRAME_ROLE_PEER, 0, 0), 0);
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
	const char *const argv[] = { "pf",   "migrate", "--vf",      "1",    "--from", a.socket,
				     "--to", path,      "--timeout", "2000", NULL };
	char log[128];
	struct frame f;
	pid_t pid;

	snprintf(log, sizeof(log), "%s/log", a.dir);
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

	snprintf(path, sizeof(path), "%s/fake.sock", a.dir);
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
	unsigned before = server_fds(&a);

	ck_assert_int_gt(frame_encode(&f, buf, sizeof(buf)), 10);
	ck_assert_int_eq(client_hello(&c, a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_bytes(&c, buf, 10, &c.fd, 1));
	client_end(&c);
	while (server_fds(&a) != before)
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
			handover_line(line, sizeof(line), b.socket);
			ck_assert_int_eq(verb(&at_a, line), 0);
			ck_assert_int_eq(verb(&at_b, "thaw vf=1"), 0);
		}
		client_end(&vf);
		for (int card = 0; card < 2; card++) {
			const char *at = card ? b.socket : a.socket;

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
			before_a = server_fds(&a);
			before_b = server_fds(&b);
		}
	}
	ck_assert_uint_eq(server_fds(&a), before_a);
	ck_assert_uint_eq(server_fds(&b), before_b);
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
	ck_assert_int_eq(client_hello(&c, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	f = (struct frame){ .type = T(CONTROL), .seq = 1, .text = "pf save vf=1",
			    .text_len = 12 };
	ck_assert(client_put(&c, &f, NULL));
	ck_assert(client_await(&c, T(BLOB), &f));
	client_end(&c);
	while (save(&at_a) != 0)
		usleep(1000);
	ck_assert_int_eq(verb(&at_b, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&c, b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	begin_restore(&c);
	f = (struct frame){ .type = T(BLOB), .seq = c.seq, .data = image, .data_len = 1000 };
	ck_assert(client_put(&c, &f, NULL));
	client_end(&c);
	while (restore(&at_b, image_len, 65536) != 0)
		usleep(1000);
	ck_assert_int_eq(verb(&at_b, "pf resume vf=1"), 0);
}
END_TEST

/* Map 256 Ki pages at addresses that don't compress: an image of 2 MiB. */
static void fill_ggtt(void)
{
	static uint8_t data[FRAME_DATA_MAX];
	uint64_t base = strtoull(strstr(a.ready, "ggtt=") + 5, NULL, 0), dma = 1;
	struct frame f = { .type = T(MMIO_WRITE), .flags = 1, .size = 8, .data = data,
			   .data_len = sizeof(data) };

	for (unsigned i = 0; i < 32; i++) {
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

	ck_assert_int_eq(client_hello(&vf, a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	fill_ggtt();
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(client_hello(&c, a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
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

	start(args);
}

START_TEST(pf_process)
{
	/* With --no-pf the verbs go to the PF's process, at the same socket; without
	 * one they fail; when it dies another adopts what is there. */
	const char *const argv[] = { "pf", "serve", "--socket", a.socket, NULL };
	const char *const again[] = { "pf", "serve", "--socket", a.socket, "--adopt", NULL };
	char log[128];
	pid_t pf;

	snprintf(log, sizeof(log), "%s/log", a.dir);
	ck_assert_int_eq(verb(&at_a, "pf info vf=1"), -ENODEV);
	pf = gucemu_spawn(argv, log);
	while (verb(&at_a, "pf pause vf=1") != 0)
		usleep(10000);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 0);
	ck_assert_int_eq(restore(&at_a, image_len, 65536), 0);
	ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
	kill(pf, SIGKILL);
	process_wait(pf);
	while (verb(&at_a, "pf info vf=1") != -ENODEV)
		usleep(1000);
	pf = gucemu_spawn(again, log);
	while (verb(&at_a, "pf pause vf=2") != 0)
		usleep(10000);
	kill(pf, SIGTERM);
	ck_assert_int_eq(process_wait(pf), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server move");
	TCase *tc = tcase_create("move"), *apart = tcase_create("pf apart");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, plain_ctb);
	tcase_add_test(tc, plain_ctb_without_ggtt);
	tcase_add_loop_test(tc, move_a_client, 0, 2);
	tcase_add_test(tc, move_unparsed_bytes);
	tcase_add_loop_test(tc, other_side_dies, 0, 4);
	tcase_add_test(tc, other_side_refuses);
	tcase_add_test(tc, giver_dies);
	tcase_add_test(tc, bad_adoptions);
	tcase_add_test(tc, frozen_client_dies);
	tcase_add_test(tc, client_that_does_not_freeze);
	tcase_add_loop_test(tc, asker_dies, 0, 4);
	tcase_add_test(tc, asker_dies_after_handover);
	tcase_add_loop_test(tc, thaw_waits_for_the_giver, 0, 2);
	tcase_add_loop_test(tc, migrate_is_cut_off, 0, 3);
	tcase_add_test(tc, own_end_is_given_away);
	tcase_add_test(tc, no_descriptor_stays);
	tcase_add_test(tc, damaged_images_are_refused);
	tcase_add_test(tc, image_client_dies);
	tcase_add_test(tc, slow_reader_of_an_image);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(apart, setup_no_pf, teardown);
	tcase_set_timeout(apart, 60);
	tcase_add_test(apart, pf_process);
	suite_add_tcase(s, apart);
	return s;
}

int main(void)
{
	SRunner *runner;
	int failed;

	if (!gucemu_path()) {
		fprintf(stderr, "no gucemu to test\n");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
