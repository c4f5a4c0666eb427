/* SPDX-License-Identifier: MIT */
/* See move_fixture.h. */
#include "move_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/hxg.h"

struct server_process card_a, card_b;
struct raw_client vf, at_a, at_b;
uint8_t *image;
size_t image_len;

static void start(const char *const *args, const char *platform)
{
	const char *const for_b[] = { "--vfs", "2", "--name", "B", "--ggtt-offset", "64M",
				      platform ? "--platform" : NULL, platform, NULL };

	server_start(&card_a, args);
	server_start(&card_b, for_b);
	ck_assert_int_eq(client_hello(&at_a, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&at_b, card_b.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	image = malloc(IMAGE_MAX);
	image_len = 0;
}

void move_start(const char *const *args)
{
	start(args, NULL);
}

void move_setup_tgl(void)
{
	static const char *const args[] = { "--vfs", "2", "--platform", "tgl", NULL };

	start(args, "tgl");
}

void move_setup(void)
{
	static const char *const args[] = { "--vfs", "2", NULL };

	move_start(args);
}

void move_teardown(void)
{
	free(image);
	client_end(&at_a);
	client_end(&at_b);
	server_stop(&card_a);
	server_stop(&card_b);
}

int verb(struct raw_client *c, const char *line)
{
	const char *json = "";
	int status = client_verb(c, line, &json);

	if (status == -EPIPE)
		fprintf(stderr, "%s: %s\n", line, json);
	return status;
}

/* `pf save`: the image into `image`. */
int save(struct raw_client *c)
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
		if (f.flags & 4) /* how far it is */
			continue;
		ck_assert_uint_eq(f.addr, image_len);
		ck_assert_uint_le(image_len + f.data_len, IMAGE_MAX);
		if (f.data_len)
			memcpy(image + image_len, f.data, f.data_len);
		image_len += f.data_len;
		last = f.flags & 1;
	}
	return -EPIPE;
}

void begin_restore(struct raw_client *c)
{
	static const char line[] = "pf restore vf=1";
	struct frame f = { .type = T(CONTROL), .seq = ++c->seq, .text = line,
			   .text_len = strlen(line) };

	ck_assert(client_put(c, &f, NULL));
}

/* `pf restore` from image[0..len) in pieces. */
int restore(struct raw_client *c, size_t len, size_t piece)
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

uint32_t hxg_request(uint32_t action, uint32_t data0)
{
	return hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, data0);
}

void plain_boot(uint32_t features)
{
	uint32_t reset[] = { hxg_request(GUC_ACTION_VF_RESET, 0) };
	uint32_t match[] = { hxg_request(GUC_ACTION_MATCH_VERSION, 0), 0x00010200 };
	struct frame f = { .type = T(CTB_OPEN) };
	uint32_t version;

	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1,
				      features | FRAME_FEATURE_PLAIN_CTB),
			 0);
	ck_assert_uint_eq(client_mailbox(&vf, reset, 1, NULL), 0xF0000000);
	ck_assert_uint_eq(client_mailbox(&vf, match, 2, &version), 0xF0000000);
	ck_assert_uint_eq(version, 0x00011C00);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
}

int ctb_send(uint32_t fence, const uint32_t *dw, size_t n)
{
	uint8_t data[255 * 4];
	struct frame f = { .type = T(CTB_SEND), .code = fence, .data = data, .data_len = 4 * n };

	for (size_t i = 0; i < n; i++)
		le32_put(data + 4 * i, dw[i]);
	return client_call(&vf, &f, NULL, NULL);
}

/* The relay handshake of guc-abi A.3; the PF answers 1.0. Messages may come
 * before the STATUS of the frame that caused them: so they are posted here. */
void relay_handshake(uint32_t relay_id)
{
	const uint32_t dw[] = { hxg_request(GUC_ACTION_RELAY_TO_PF, 0), relay_id, 0x00000001,
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

/* --- from A to B ------------------------------------------------------------------- */

void move_image(void)
{
	ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	ck_assert_int_eq(save(&at_a), 0);
	ck_assert_uint_gt(image_len, 0);
	ck_assert_int_eq(verb(&at_b, "pf pause vf=1"), 0);
	ck_assert_int_eq(restore(&at_b, image_len, 60000), 0);
}

void recover(void)
{
	uint32_t begin[] = { hxg_request(GUC_ACTION_RESFIX_START, 1) };
	uint32_t done[] = { hxg_request(GUC_ACTION_RESFIX_DONE, 1) };
	struct frame f = { .type = T(CTB_RESTART) };

	ck_assert_uint_eq(client_mailbox(&vf, begin, 1, NULL), 0xF0000000);
	ck_assert_int_eq(client_call(&vf, &f, NULL, NULL), 0);
	ck_assert_uint_eq(client_mailbox(&vf, done, 1, NULL), 0xF0000000);
}

void handover_line(char *line, size_t cap, const char *socket)
{
	snprintf(line, cap, "handover vf=1 to=%s", socket);
}
