/* SPDX-License-Identifier: MIT */
/* A virtual machine of our own at a card's vfio-user socket: what QEMU does in
 * real life, with real descriptors and eventfds, and what a broken or hostile
 * machine does. The messages themselves are tested in test_vfio_device. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/regs.h"
#include "server_fixture.h"
#include "tests/check_main.h"
#include "vm_fixture.h"

static struct server_process server;
static char dir[64], path[2][80];

static struct machine vm;

static void start(void)
{
	char list[256];
	const char *args[] = { "--vfs", "2", "--vfio-user", list, NULL };

	strcpy(dir, "/tmp/gucemu-vfio-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (unsigned i = 0; i < 2; i++)
		snprintf(path[i], sizeof(path[i]), "%s/vf%u", dir, i + 1);
	snprintf(list, sizeof(list), "vf1=%s,vf2=%s", path[0], path[1]);
	server_start(&server, args);
	memset(&vm, 0, sizeof(vm));
	vm.fd = vm.ram = vm.irq = -1;
}

static void stop(void)
{
	if (vm.fd >= 0)
		close(vm.fd);
	server_stop(&server);
	ck_assert_int_eq(rmdir(dir), 0); /* it took its sockets away */
}

/* The card still serves: VF 2's machine boots. */
static void others_are_well(void)
{
	static struct machine other;

	memset(&other, 0, sizeof(other));
	vm_dial(&other, path[1]);
	vm_greet(&other);
	vm_ram(&other, true);
	vm_boot(&other);
	vm_message_is_answered(&other);
	close(other.fd);
}

/* --- tests ------------------------------------------------------------------------------- */

START_TEST(boots)
{
	/* From VERSION to an interrupt, over sealed memory and over memory that
	 * nobody sealed; a machine that leaves makes room for the next. */
	for (unsigned i = 0; i < 2; i++) {
		unsigned had;

		vm_attach(&vm, path[0]);
		had = server_fds(&server);
		vm_ram(&vm, i == 0);
		ck_assert_uint_eq(server_fds(&server), had + 1);
		vm_boot(&vm);
		vm_message_is_answered(&vm);
		close(vm.fd);
		vm.fd = -1;
	}
}
END_TEST

START_TEST(one_at_a_time)
{
	/* A second machine is refused, and so are a socket client and one that another
	 * emulator wants to hand over; the first goes on. */
	static struct machine second;
	static struct raw_client c;
	struct frame f = { .type = T(ADOPT), .seq = 2, .function = 1, .fds = 1 };
	int pair[2];

	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, true);
	vm_boot(&vm);
	vm_dial(&second, path[0]);
	ck_assert(vm_hung_up(&second));
	close(second.fd);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_FUNCTION, 1, 0), -EBUSY);
	client_end(&c);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_PEER, 0, 0), 0);
	ck_assert(client_put(&c, &f, &pair[0]));
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .flags = 1 };
	(void)client_put(&c, &f, NULL);
	ck_assert_int_eq(client_drained(&c), -EBUSY);
	client_end(&c);
	close(pair[0]);
	close(pair[1]);
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(descriptors_stay_with_their_message)
{
	/* Maps sent back to back, some without a descriptor, each get their own. */
	uint8_t body[VU_MAP_BYTES];
	int fd[3];
	uint16_t first;

	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	first = (uint16_t)(vm.id + 1);
	for (unsigned i = 0; i < 3; i++) {
		fd[i] = sealed_memfd(2 * 4096, true);
		ck_assert_int_eq(pwrite(fd[i], &i, sizeof(i), 4096), sizeof(i));
		vm_map_body(body, RAM_AT + 0x10000 * i, 4096, 4096);
		vm_post(&vm, VU_DMA_MAP, 0, body, sizeof(body), fd[i]);
		vm_map_body(body, 0x80000000u + 0x10000 * i, 4096, 0);
		vm_post(&vm, VU_DMA_MAP, 0, body, sizeof(body), -1);
	}
	for (uint16_t i = 0; i < 6; i++)
		ck_assert_uint_eq(vm_answer(&vm, (uint16_t)(first + i)), 0);
	/* Two of the maps go; what is at the third must be what the third file has. */
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, 4096), 0);
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, 4096), ENOENT);
	ck_assert_uint_eq(vm_unmap(&vm, 0x80000000u, 4096), 0);
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT + 0x10000, 8192), ENOENT);
	ck_assert_uint_eq(vm_map(&vm, RAM_AT + 0x20000, 4096, 0, fd[0]), EEXIST);
	ck_assert_uint_eq(vm_map(&vm, RAM_AT, 4096, 0, fd[0]), 0);
}
END_TEST

START_TEST(maps_of_any_shape)
{
	/* As many maps as VERSION says, that begin and end anywhere, rings across them: the
	 * GuC finds its way; one more is refused, and so is what overlaps. */
	enum { PIECE = 4097, PIECES = (RAM_BYTES + PIECE - 1) / PIECE };

	ck_assert_int_eq(PIECES, 256);
	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, _i);
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, RAM_BYTES), 0);
	for (uint32_t at = 0; at < RAM_BYTES; at += PIECE)
		ck_assert_uint_eq(vm_map(&vm, RAM_AT + at, at + PIECE < RAM_BYTES ? PIECE : RAM_BYTES - at,
					 at, vm.ram), 0);
	ck_assert_uint_eq(vm_map(&vm, 0x80000000u, 4096, 0, vm.ram), ENOSPC);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT + 8 * PIECE, PIECE), 0);
	ck_assert_uint_eq(vm_map(&vm, RAM_AT + 9 * PIECE - 1, 2, 0, vm.ram), EEXIST);
	ck_assert_uint_eq(vm_map(&vm, RAM_AT + 8 * PIECE, PIECE, 8 * PIECE, vm.ram), 0);
	for (unsigned i = 0; i < 256; i++)
		ck_assert_uint_eq(vm_map(&vm, 0x80000000u + i * 4096, 4096, 0, -1), 0);
	ck_assert_uint_eq(vm_map(&vm, 0x90000000u, 4096, 0, -1), ENOSPC);
	vm_message_is_answered(&vm);
}
END_TEST

/* The GuC has met a hole in somebody's memory. */
static bool met_a_hole(void)
{
	static struct raw_client c;
	const char *json;
	bool met;

	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "state", &json), 0);
	met = strstr(json, "DMA address outside the function's memory");
	client_end(&c);
	return met;
}

START_TEST(out_of_reach)
{
	/* Memory that is read only for the card, or that came without a descriptor: the
	 * GuC's accesses fail and are counted, what is there stays, others are well. */
	uint8_t body[VU_MAP_BYTES];
	static uint8_t before[RAM_BYTES];

	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, true);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
	ck_assert(!met_a_hole());
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, RAM_BYTES), 0);
	vm_map_body(body, RAM_AT, RAM_BYTES, 0);
	le32_put(body + VU_MAP_FLAGS, VU_MAP_READ);
	ck_assert_uint_eq(vm_call(&vm, VU_DMA_MAP, body, sizeof(body), _i ? -1 : vm.ram), 0);
	memcpy(before, vm.mem, RAM_BYTES);
	vm_reg_write(&vm, REG_GUC_HOST_INTERRUPT, 0);
	ck_assert_mem_eq(before, vm.mem, RAM_BYTES);
	ck_assert(_i == 0 || met_a_hole());
	vm_message(&vm);
	ck_assert(met_a_hole());
	others_are_well();
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, RAM_BYTES), 0);
	ck_assert_uint_eq(vm_map(&vm, RAM_AT, RAM_BYTES, 0, vm.ram), 0);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}
END_TEST

/* What SET_IRQS with this descriptor for MSI says. */
static uint32_t take_vector(int fd)
{
	uint8_t set[VU_SET_BYTES] = { 0 };

	le32_put(set, VU_SET_BYTES);
	le32_put(set + VU_SET_FLAGS, VU_SET_EVENTFD | VU_SET_TRIGGER);
	le32_put(set + VU_SET_INDEX, VU_MSI);
	le32_put(set + VU_SET_COUNT, 1);
	return vm_call(&vm, VU_SET_IRQS, set, sizeof(set), fd);
}

START_TEST(vectors_that_block)
{
	/* A pipe is no eventfd, and one that is full and blocks is left alone. */
	const uint64_t most = UINT64_MAX - 1;
	int pipes[2], full = eventfd(0, 0);

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(write(full, &most, sizeof(most)), sizeof(most));
	vm_attach(&vm, path[0]);
	vm_ram(&vm, true);
	vm_boot(&vm);
	ck_assert_uint_eq(take_vector(pipes[1]), EINVAL);
	ck_assert_uint_eq(take_vector(vm.ram), EINVAL);
	vm_message_is_answered(&vm);
	ck_assert_uint_eq(take_vector(full), 0);
	vm_message(&vm);
	others_are_well();
	ck_assert_uint_eq(take_vector(vm.irq), 0);
	vm_message_is_answered(&vm);
	close(pipes[0]);
	close(pipes[1]);
	close(full);
}
END_TEST

START_TEST(short_messages)
{
	/* Messages of a header alone, found in one piece with others: each is carried out
	 * once, the last one too, and a descriptor between them stays with its map. */
	uint8_t body[VU_MAP_BYTES];
	uint16_t first;

	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, true);
	ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, RAM_BYTES), 0);
	first = (uint16_t)(vm.id + 1);
	ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
	vm_post(&vm, VU_RESET, 0, NULL, 0, -1);
	vm_map_body(body, 0x80000000u, 4096, 0);
	vm_post(&vm, VU_DMA_MAP, 0, body, sizeof(body), -1);
	vm_post(&vm, VU_RESET, 0, NULL, 0, -1);
	vm_map_body(body, RAM_AT, RAM_BYTES, 0);
	vm_post(&vm, VU_DMA_MAP, 0, body, sizeof(body), vm.ram);
	vm_map_body(body, 0x80001000u, 4096, 0);
	vm_post(&vm, VU_DMA_MAP, 0, body, sizeof(body), -1);
	vm_post(&vm, VU_RESET, 0, NULL, 0, -1);
	vm_post(&vm, VU_RESET, 0, NULL, 0, -1);
	ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
	for (uint16_t i = 0; i < 7; i++)
		ck_assert_uint_eq(vm_answer(&vm, (uint16_t)(first + i)), 0);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(memory_goes)
{
	/* Memory is unmapped, or its file cut short, while rings lie in it: the GuC
	 * finds a hole, the machine can map again and reset; others are well. */
	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, _i == 0);
	vm_boot(&vm);
	if (_i == 0)
		ck_assert_uint_eq(vm_unmap(&vm, RAM_AT, RAM_BYTES), 0);
	else
		ck_assert_int_eq(ftruncate(vm.ram, 0), 0);
	vm_reg_write(&vm, REG_GUC_HOST_INTERRUPT, 0);
	ck_assert_uint_eq(vm_ask(&vm, GUC_ACTION_VF_RESET, 0, 0, 0, 1), 0xF0000000);
	others_are_well();
	if (_i == 0)
		ck_assert_uint_eq(vm_map(&vm, RAM_AT, RAM_BYTES, 0, vm.ram), 0);
	else
		ck_assert_int_eq(ftruncate(vm.ram, RAM_BYTES), 0);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(long_list_of_writes)
{
	/* A list of writes that takes several turns is done and answered, though
	 * nothing more comes from the machine. */
	enum { N = (POST_MAX - VU_MULTI_FIRST) / VU_MULTI_BYTES };
	static uint8_t body[VU_MULTI_FIRST + N * VU_MULTI_BYTES];
	const uint32_t dw[] = { GUC_ACTION_MATCH_VERSION, 0x10200 };

	vm_attach(&vm, path[0]);
	vm_ram(&vm, true);
	vm_boot(&vm);
	le64_put(body, N);
	for (uint32_t i = 0; i < N; i++) {
		uint8_t *w = body + VU_MULTI_FIRST + i * VU_MULTI_BYTES;

		le64_put(w, i % 3 == 2 ? REG_GUC_HOST_INTERRUPT : REG_VF_SW_FLAG(i % 3));
		le32_put(w + VU_MULTI_COUNT, 4);
		le32_put(w + VU_MULTI_DATA, i % 3 == 2 ? 0 : dw[i % 3]);
	}
	ck_assert_uint_eq(vm_call(&vm, VU_REGION_WRITE_MULTI, body, sizeof(body), -1), 0);
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(nonsense)
{
	/* Bytes that are no messages, half of one, descriptors without end: the
	 * connection ends, nothing leaks, the card serves. */
	unsigned had = server_fds(&server);
	uint8_t bytes[64];

	memset(bytes, 0xA5, sizeof(bytes));
	for (unsigned i = 0; i < 3; i++) {
		if (i == 1)
			vm_attach(&vm, path[0]);
		else
			vm_dial(&vm, path[0]);
		ck_assert_int_eq(send(vm.fd, bytes, i == 2 ? 7 : sizeof(bytes), MSG_NOSIGNAL),
				 i == 2 ? 7 : (ssize_t)sizeof(bytes));
		if (i < 2)
			ck_assert(vm_hung_up(&vm));
		close(vm.fd);
	}
	vm_attach(&vm, path[0]);
	for (unsigned i = 0; i < 40; i++) {
		int fd = eventfd(0, 0);
		struct machine *m = &vm;
		uint8_t body[VU_MAP_BYTES];

		vm_map_body(body, RAM_AT, 4096, 0);
		vm_post(m, VU_DMA_MAP, 0, body, sizeof(body), fd); /* no file */
		ck_assert_uint_ne(vm_answer(m, m->id), 0);
		close(fd);
	}
	close(vm.fd);
	vm.fd = -1;
	others_are_well();
	while (server_fds(&server) > had)
		poll(NULL, 0, 5); /* it notices in its own time; hangs when one leaks */
}
END_TEST

/* Files of machines that the server has mapped. */
static unsigned mapped(void)
{
	char at[64], line[512];
	unsigned n = 0;
	FILE *f;

	snprintf(at, sizeof(at), "/proc/%d/maps", (int)server.pid);
	f = fopen(at, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:") != NULL;
	fclose(f);
	return n;
}

START_TEST(nothing_stays)
{
	/* Machines that come and go in all ways, one that is refused beside each: the
	 * server has as many descriptors and as much of their memory mapped as before. */
	unsigned had = server_fds(&server), maps = mapped();

	for (unsigned i = 0; i < 20; i++) {
		struct machine second = { .fd = -1, .ram = -1, .irq = -1 };

		vm_attach(&vm, path[0]);
		vm_ram(&vm, i % 2 == 0);
		vm_boot(&vm);
		vm_dial(&second, path[0]);
		ck_assert(vm_hung_up(&second));
		close(second.fd);
		vm_message_is_answered(&vm);
		if (i % 4 == 1) /* its memory goes first */
			ck_assert_int_eq(ftruncate(vm.ram, 0), 0);
		if (i % 4 == 2) /* half a message */
			ck_assert_int_eq(send(vm.fd, "12345", 5, MSG_NOSIGNAL), 5);
		if (i % 4 == 3)
			vm_post(&vm, VU_RESET, 0, NULL, 0, -1);
		close(vm.fd);
		close(vm.ram);
		close(vm.irq);
		vm.fd = -1;
	}
	while (server_fds(&server) > had)
		poll(NULL, 0, 5); /* it notices in its own time; hangs when one leaks */
	ck_assert_uint_eq(server_fds(&server), had);
	ck_assert_uint_eq(mapped(), maps);
	others_are_well();
}
END_TEST

START_TEST(killed)
{
	/* A machine that dies in mid-message; its VF is reset. */
	struct raw_client c;
	const char *json = "";
	pid_t pid = fork();

	if (pid == 0) {
		vm_dial(&vm, path[0]);
		vm_greet(&vm);
		vm_ram(&vm, true);
		vm_boot(&vm);
		(void)send(vm.fd, "1234567890", 10, MSG_NOSIGNAL);
		raise(SIGKILL);
	}
	(void)process_wait(pid);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	do
		ck_assert_int_eq(client_verb(&c, "state", &json), 0);
	while (strstr(json, "\"attached\":true"));
	client_end(&c);
	vm_attach(&vm, path[0]);
	vm_ram(&vm, true);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(frozen)
{
	/* Frozen, a machine's messages wait; thawed, they are answered. A hand-over to
	 * nobody fails; who asked for the freeze and goes takes it along. */
	struct raw_client c;
	struct pollfd in;
	uint8_t body[VU_ACCESS_BYTES] = { 0 };
	const char *json;

	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
		ck_assert_int_eq(client_verb(&c, "freeze vf=1", &json), 0);
		ck_assert_ptr_nonnull(strstr(json, "true"));
		ck_assert_int_eq(client_verb(&c, "handover vf=1 to=/tmp/x", &json), -ENOENT);
		le64_put(body, REG_VF_CAP);
		le32_put(body + VU_ACCESS_COUNT, 4);
		vm_post(&vm, VU_REGION_READ, 0, body, sizeof(body), -1);
		in = (struct pollfd){ .fd = vm.fd, .events = POLLIN };
		ck_assert_int_eq(client_verb(&c, "state", &json), 0);
		ck_assert_int_eq(poll(&in, 1, 50), 0);
		if (i == 0)
			ck_assert_int_eq(client_verb(&c, "thaw vf=1", &json), 0);
		client_end(&c);
		ck_assert_uint_eq(vm_answer(&vm, vm.id), 0);
	}
}
END_TEST

static void bad_list(const char *list)
{
	const char *argv[] = { "serve", "--socket", "/tmp/gucemu-vfio-none",
			       "--vfio-user", list, NULL };

	ck_assert_int_eq(process_wait(gucemu_spawn(argv, "/dev/null")), 2);
}

START_TEST(bad_lists)
{
	/* A list that is none is a usage error. */
	bad_list("");
	bad_list("vf1");
	bad_list("vf1=");
	bad_list("vf0=/tmp/x");
	bad_list("vf2=/tmp/x");
	bad_list("vf1=/tmp/x,vf1=/tmp/y");
	bad_list("1=/tmp/x");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio");
	TCase *tc = tcase_create("all");

	if (!gucemu_path())
		return 77;
	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_test(tc, boots);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, descriptors_stay_with_their_message);
	tcase_add_loop_test(tc, maps_of_any_shape, 0, 2);
	tcase_add_loop_test(tc, out_of_reach, 0, 2);
	tcase_add_test(tc, vectors_that_block);
	tcase_add_test(tc, short_messages);
	tcase_add_loop_test(tc, memory_goes, 0, 2);
	tcase_add_test(tc, long_list_of_writes);
	tcase_add_test(tc, nonsense);
	tcase_add_test(tc, nothing_stays);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, frozen);
	tcase_add_test(tc, bad_lists);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
