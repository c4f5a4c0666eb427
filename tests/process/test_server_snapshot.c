/* SPDX-License-Identifier: MIT */
/* Snapshots of a served card (emulator/snapshot.c): all that the card is comes back, at one
 * moment, whatever clients do while it is copied; to the same clients only; and no more is
 * kept than was allowed. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bits.h"
#include "move_fixture.h"
#include "view/json.h"

#define MIB   (1u << 20)
#define PIECE 65536u
#define DMA   0x100000u

static struct server_process server;
static struct raw_client one, other, control;
static uint8_t piece[PIECE];

static void setup(void)
{
	const char *args[] = { "--platform", "bmg", "--vfs", "2", "--lmem-size", "128M", "--log",
			       "error", "--snapshots", "40M", NULL };

	server_start(&server, args);
	ck_assert_int_eq(client_hello(&one, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_hello(&other, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
}

static void teardown(void)
{
	client_end(&one);
	client_end(&other);
	client_end(&control);
	server_stop(&server);
}

static int ask_verb(const char *line)
{
	return client_verb(&control, line, &(const char *){ NULL });
}

/* The PF has reset a VF whose client has gone. */
static void settle(void)
{
	for (unsigned i = 0; ask_verb("snapshot do=save name=try") == -EBUSY; i++) {
		ck_assert_uint_lt(i, 10000);
		usleep(1000);
	}
	ck_assert_int_eq(ask_verb("snapshot do=drop name=try"), 0);
}

/* What the server says of it, with this status. */
static void refused(const char *line, int status, const char *text)
{
	const char *json;

	ck_assert_int_eq(client_verb(&control, line, &json), status);
	ck_assert_msg(strstr(json, text), "%s: %s", line, json);
}

/* The first `pieces` of VF 1's local memory have this byte, each with its number. */
static void fill(uint8_t byte, unsigned pieces)
{
	for (unsigned i = 0; i < pieces; i++) {
		struct frame f = { .type = T(LMEM_WRITE), .addr = (uint64_t)i * PIECE, .data = piece,
				   .data_len = PIECE };

		memset(piece, byte, PIECE);
		piece[0] = byte ? (uint8_t)i : 0;
		ck_assert_int_eq(client_call(&one, &f, NULL, NULL), 0);
	}
}

static void expect_filled(uint8_t byte, unsigned pieces)
{
	for (unsigned i = 0; i < pieces; i++) {
		struct frame answer, f = { .type = T(LMEM_READ), .addr = (uint64_t)i * PIECE,
					   .value = PIECE };

		ck_assert_int_eq(client_call(&one, &f, NULL, &answer), 0);
		ck_assert_uint_eq(answer.data_len, PIECE);
		ck_assert_uint_eq(answer.data[0], byte ? (uint8_t)i : 0);
		ck_assert_uint_eq(answer.data[1], byte);
		ck_assert_mem_eq(answer.data + 1, answer.data + 2, PIECE - 2);
	}
}

static void host(struct raw_client *c)
{
	uint8_t area[16];
	struct frame f = { .type = T(MEM_HOST), .data = area, .data_len = sizeof(area) };

	le64_put(area, DMA);
	le64_put(area + 8, 4 * MIB);
	ck_assert_int_eq(client_call(c, &f, NULL, NULL), 0);
}

static void mem_put(struct raw_client *c, uint64_t at, uint8_t byte)
{
	struct frame f = { .type = T(MEM_WRITE), .addr = DMA + at, .data = &byte, .data_len = 1 };

	ck_assert_int_eq(client_call(c, &f, NULL, NULL), 0);
}

static uint8_t mem_get(struct raw_client *c, uint64_t at)
{
	struct frame answer, f = { .type = T(MEM_READ), .addr = DMA + at, .value = 1 };

	ck_assert_int_eq(client_call(c, &f, NULL, &answer), 0);
	return answer.data[0];
}

/* A number of rule 1: "fired". */
static uint64_t rule(const char *key)
{
	const char *json;
	struct json_object *o;
	uint64_t n;

	ck_assert_int_eq(client_verb(&control, "fault list", &json), 0);
	o = json_read(json, strlen(json));
	n = json_get_u64(json_at(json_get(o, "rules"), 0), key, UINT64_MAX);
	json_object_put(o);
	return n;
}

static uint32_t ask(struct raw_client *c)
{
	const uint32_t query[2] = { 0x5509, 1 };
	uint32_t reply[4];

	return client_mailbox(c, query, 2, reply) >> 28;
}

START_TEST(all_of_it)
{
	/* Local memory, hosted memory, registers, and fault rules with their counts: each time
	 * as they were. */
	host(&one);
	fill(0xA5, 32);
	mem_put(&one, 0, 1);
	mem_put(&one, 3 * MIB, 2);
	ck_assert_int_eq(ask_verb("fault add on mbox-request vf=1 nth=2 do failure 0x60"), 0);
	ck_assert_uint_eq(ask(&one), 0xF);
	ck_assert_int_eq(ask_verb("snapshot do=save name=a"), 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(rule("matched"), 1);
		ck_assert_uint_eq(rule("fired"), 0);
		fill(0x5A, 64);
		mem_put(&one, 0, 9);
		mem_put(&one, 2 * MIB, 9);
		ck_assert_uint_eq(ask(&one), 0xE);
		ck_assert_uint_eq(rule("fired"), 1);
		ck_assert_int_eq(ask_verb("fault clear"), 0);
		ck_assert_int_eq(ask_verb("snapshot do=restore name=a"), 0);
		expect_filled(0xA5, 32);
		ck_assert_uint_eq(mem_get(&one, 0), 1);
		ck_assert_uint_eq(mem_get(&one, 2 * MIB), 0);
		ck_assert_uint_eq(mem_get(&one, 3 * MIB), 2);
	}
	fill(0, 32);
	ck_assert_int_eq(ask_verb("snapshot do=save name=b"), 0);
	ck_assert_int_eq(ask_verb("snapshot do=restore name=a"), 0);
	expect_filled(0xA5, 32);
	ck_assert_int_eq(ask_verb("snapshot do=restore name=b"), 0);
	expect_filled(0, 32);
}
END_TEST

/* A verb whose answer nobody waits for; what the others send comes right behind it. */
static void begin(const char *line)
{
	struct frame f = { .type = T(CONTROL), .seq = 77, .text = line, .text_len = strlen(line) };

	ck_assert(client_put(&control, &f, NULL));
}

static int ended(void)
{
	struct frame f;

	do
		ck_assert(client_get(&control, &f));
	while (f.seq != 77);
	return f.status;
}

START_TEST(one_moment)
{
	/* What comes while the card is copied waits until it is: the snapshot has none of it,
	 * and none of it is lost. */
	fill(0xA5, 200);
	begin("snapshot do=save name=a");
	fill(0x5A, 200);
	ck_assert_uint_eq(ask(&other), 0xF);
	ck_assert_int_eq(ended(), 0);
	expect_filled(0x5A, 200);
	begin("snapshot do=restore name=a");
	ck_assert_uint_eq(ask(&other), 0xF);
	ck_assert_int_eq(ended(), 0);
	expect_filled(0xA5, 200);
}
END_TEST

START_TEST(somebody_leaves)
{
	/* Who leaves, or stops listening, meanwhile does no harm: the copy is whole, and is
	 * for the clients that were there. */
	host(&other);
	mem_put(&other, 5, 5);
	fill(0xA5, 200);
	begin("snapshot do=save name=a");
	client_end(&other);
	ck_assert_int_eq(ended(), 0);
	ck_assert_int_eq(client_hello(&other, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	settle();
	refused("snapshot do=restore name=a", -EPERM, "VF 2 has another client than then");
	host(&other);
	refused("snapshot do=restore name=a", -EPERM, "VF 2 has another client than then");
	ck_assert_int_eq(ask_verb("snapshot do=save name=a"), 0);
	fill(0x5A, 200);
	begin("snapshot do=restore name=a");
	client_end(&other);
	ck_assert_int_eq(ended(), 0);
	expect_filled(0xA5, 200);
	ck_assert_int_eq(client_hello(&other, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
	ck_assert_uint_eq(ask(&other), 0xF);
	settle();
	begin("snapshot do=save name=a");
	client_end(&control);
	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(ask_verb("snapshot do=restore name=a"), 0);
}
END_TEST

START_TEST(other_memory)
{
	/* The same client with other memory, though at the same place and of the same size. */
	const struct frame drop = { .type = T(MEM_DROP), .addr = DMA };
	struct frame f = drop;

	host(&one);
	ck_assert_int_eq(ask_verb("snapshot do=save name=a"), 0);
	ck_assert_int_eq(client_call(&one, &f, NULL, NULL), 0);
	host(&one);
	refused("snapshot do=restore name=a", -EPERM, "VF 1 has other memory than then");
}
END_TEST

START_TEST(bounded)
{
	/* All of them together take what --snapshots allows; one too many is refused, those
	 * that are there stay, and there is room again when one goes. Zeros take none. */
	fill(0xA5, 160);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(ask_verb(i ? "snapshot do=save name=b" : "snapshot do=save name=a"), 0);
	refused("snapshot do=save name=c", -ENOSPC, "together may take 40 MiB");
	ck_assert_int_eq(ask_verb("snapshot do=restore name=a"), 0);
	expect_filled(0xA5, 160);
	ck_assert_int_eq(ask_verb("snapshot do=drop name=b"), 0);
	ck_assert_int_eq(ask_verb("snapshot do=save name=c"), 0);
	fill(0, 160);
	ck_assert_int_eq(ask_verb("snapshot do=save name=d"), 0);
	refused("snapshot do=restore name=b", -ENOENT, "no snapshot of that name");
	ck_assert_uint_eq(ask(&one), 0xF);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("server_snapshot");
	TCase *t = tcase_create("snapshot");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_of_it);
	tcase_add_test(t, one_moment);
	tcase_add_test(t, somebody_leaves);
	tcase_add_test(t, other_memory);
	tcase_add_test(t, bounded);
	suite_add_tcase(s, t);
	return server_tests_main(s);
}
