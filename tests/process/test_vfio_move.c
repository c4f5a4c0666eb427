/* SPDX-License-Identifier: MIT */
/* A virtual machine's VF moves by `gucemu pf migrate`: to another card, which gets the
 * machine's connection, and within one; with a monitor of our own in QEMU's place. And
 * what goes wrong on the way. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/regs.h"
#include "server_fixture.h"
#include "tests/check_main.h"
#include "vm_fixture.h"

static struct server_process card[2];
static char dir[64], path[2][80], qmp_path[80], qmp_log[80];
static struct machine vm;
static pid_t monitor;

static void start_card(unsigned i, bool sockets)
{
	char list[256];
	static struct raw_client c;
	const char *json;
	const char *const args[] = { "--vfs", "2", "--provision", "0", "--name", i ? "B" : "A",
				     sockets ? "--vfio-user" : NULL, list, NULL };

	snprintf(path[i], sizeof(path[i]), "%s/%u", dir, i);
	snprintf(list, sizeof(list), "vf1=%s", path[i]);
	server_start(&card[i], args);
	if (i > 0)
		return;
	ck_assert_int_eq(client_hello(&c, card[i].socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "pf provision vf=1 ggtt=268435456 start=268435456 "
				     "contexts=256 doorbells=8", &json), 0);
	client_end(&c);
}

static void start(void)
{
	strcpy(dir, "/tmp/gucemu-vfio-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(qmp_path, sizeof(qmp_path), "%s/qmp", dir);
	snprintf(qmp_log, sizeof(qmp_log), "%s/said", dir);
	memset(&vm, 0, sizeof(vm));
	vm.fd = vm.ram = vm.irq = -1;
	monitor = 0;
	start_card(0, true);
}

static void stop(void)
{
	if (vm.fd >= 0)
		close(vm.fd);
	if (monitor) {
		kill(monitor, SIGKILL);
		(void)process_wait(monitor);
	}
	server_stop(&card[0]);
	if (card[1].pid > 0)
		server_stop(&card[1]);
	card[1].pid = 0;
	unlink(qmp_path);
	unlink(qmp_log);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* --- a monitor ---------------------------------------------------------------------------- */

/* Answers what it is asked and writes the commands down; `refuses` is one that it
 * refuses, `dies` one after which it is gone. */
static void monitor_serve(int fd, const char *refuses, const char *dies)
{
	FILE *in = fdopen(fd, "r+"), *log = fopen(qmp_log, "a");
	char line[256], *name, *end;

	fputs("{\"QMP\": {\"version\": {}}}\r\n", in);
	fflush(in);
	while (fgets(line, sizeof(line), in)) {
		name = strstr(line, "execute\":\"");
		end = name ? strchr(name + 10, '"') : NULL;
		if (!end)
			break;
		*end = '\0';
		name += 10;
		fprintf(log, "%s ", name);
		fflush(log);
		fseek(in, 0, SEEK_CUR);
		if (dies && strcmp(name, dies) == 0)
			break;
		if (refuses && strcmp(name, refuses) == 0)
			fputs("{\"error\": {\"desc\": \"not now\"}}\r\n", in);
		else if (strcmp(name, "query-status") == 0)
			fputs("{\"event\": \"X\"}\r\n{\"return\": {\"running\": true}}\r\n", in);
		else
			fputs("{\"return\": {}}\r\n", in);
		fflush(in);
	}
	fclose(in);
	fclose(log);
}

static void monitor_start(const char *refuses, const char *dies)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, qmp_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	monitor = fork();
	if (monitor == 0) {
		for (;;)
			monitor_serve(accept(fd, NULL, NULL), refuses, dies);
	}
	close(fd);
}

static const char *monitor_heard(void)
{
	static char text[512];
	FILE *f = fopen(qmp_log, "r");

	text[0] = '\0';
	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

/* --- moving --------------------------------------------------------------------------------- */

/* Its exit status. */
static int migrate(bool within, bool qmp, const char *start_at)
{
	const char *argv[16] = { "pf", "migrate", "--vf", "1", "--from", card[0].socket };
	unsigned n = 6;

	if (!within) {
		argv[n++] = "--to";
		argv[n++] = card[1].socket;
	}
	if (qmp) {
		argv[n++] = "--qmp";
		argv[n++] = qmp_path;
	}
	if (start_at) {
		argv[n++] = "--start";
		argv[n++] = start_at;
	}
	return process_wait(gucemu_spawn(argv, "/dev/null"));
}

/* The interrupt, the recovery as a driver does it; then all works at the new place. */
static void recovers(uint64_t base)
{
	struct pollfd irq = { .fd = vm.irq, .events = POLLIN };

	ck_assert_int_eq(poll(&irq, 1, WAIT_MS), 1);
	ck_assert_uint_eq(vm_ask(&vm, GUC_ACTION_RESFIX_START | 1 << 16, 0, 0, 0, 1), 0xF0000000);
	ck_assert_uint_eq(vm_ggtt_start(&vm), base);
	ck_assert_uint_eq(vm_ask(&vm, GUC_ACTION_RESFIX_DONE | 1 << 16, 0, 0, 0, 1), 0xF0000000);
	vm_message_is_answered(&vm);
}

static void boots_on_a(void)
{
	vm_dial(&vm, path[0]);
	vm_greet(&vm);
	vm_ram(&vm, false);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}

START_TEST(changes_cards)
{
	/* A machine's connection goes over with its memory, its eventfd, a range that can't be
	 * reached and half a message; A keeps nothing. Then back again. */
	unsigned had_a = server_fds(&card[0]), had_b;
	uint8_t half[VU_HEADER + VU_ACCESS_BYTES] = { 0 };
	const uint16_t id = 0x7777, command = VU_REGION_READ;

	start_card(1, true);
	had_b = server_fds(&card[1]);
	monitor_start(NULL, NULL);
	boots_on_a();
	ck_assert_uint_eq(vm_map(&vm, 0x80000000u, 4096, 0, -1), 0);
	memcpy(half, &id, 2);
	memcpy(half + VU_H_COMMAND, &command, 2);
	le32_put(half + VU_H_SIZE, sizeof(half));
	le64_put(half + VU_HEADER, REG_VF_CAP);
	le32_put(half + VU_HEADER + VU_ACCESS_COUNT, 4);
	ck_assert_int_eq(send(vm.fd, half, 21, MSG_NOSIGNAL), 21);
	ck_assert_int_eq(migrate(false, true, NULL), 0);
	ck_assert_str_eq(monitor_heard(), "qmp_capabilities query-status stop cont ");
	while (server_fds(&card[0]) > had_a)
		poll(NULL, 0, 5); /* control clients go in their own time; hangs when one leaks */
	ck_assert_int_eq(send(vm.fd, half + 21, sizeof(half) - 21, MSG_NOSIGNAL),
			 (ssize_t)sizeof(half) - 21);
	ck_assert_uint_eq(vm_answer(&vm, id), 0);
	ck_assert_uint_eq(le32_get(vm.body + VU_ACCESS_BYTES), 1);
	ck_assert_uint_eq(vm_unmap(&vm, 0x80000000u, 4096), 0);
	recovers(vm_ggtt_start(&vm));
	close(vm.fd);
	vm.fd = -1;
	while (server_fds(&card[1]) > had_b)
		poll(NULL, 0, 5);
	boots_on_a(); /* its place there is free again */
}
END_TEST

START_TEST(stays_on_its_card)
{
	/* Within a card: its share is elsewhere, then there again where it was; a request
	 * that was half written into the mailbox waits there for the rest and its doorbell. */
	monitor_start(NULL, NULL);
	boots_on_a();
	for (unsigned i = 0; i < 4; i++)
		vm_reg_write(&vm, REG_VF_SW_FLAG(i), GUC_ACTION_QUERY_SINGLE_KLV + i);
	ck_assert_int_eq(migrate(true, true, "0x40000000"), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(vm_reg_read(&vm, REG_VF_SW_FLAG(i)),
				  GUC_ACTION_QUERY_SINGLE_KLV + i);
	recovers(0x40000000);
	ck_assert_int_eq(migrate(true, false, NULL), 0);
	recovers(vm_ggtt_start(&vm));
}
END_TEST

START_TEST(goes_on_after_a_failure)
{
	/* What fails on the way leaves the machine on A, running: B has no socket for it,
	 * or no room at that address; the monitor refuses, or goes away before the stop. */
	bool within = _i == 1;

	if (_i == 0)
		start_card(1, false);
	monitor_start(_i == 2 ? "stop" : NULL, _i == 3 ? "stop" : NULL);
	boots_on_a();
	ck_assert_int_eq(migrate(within || _i > 1, true, within ? "0xFFFFF000" : NULL), 1);
	ck_assert_str_eq(monitor_heard(), _i < 2 ? "qmp_capabilities query-status stop cont " :
						   "qmp_capabilities query-status stop ");
	if (within)
		recovers(vm_ggtt_start(&vm)); /* it was saved, reset and restored */
	else
		vm_message_is_answered(&vm);
}
END_TEST

START_TEST(nobody_at_the_monitor)
{
	/* A monitor that is none, or that never answers, is an error before anything began. */
	int fd = -1;

	boots_on_a();
	if (_i == 1) {
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		const char *argv[] = { "pf", "migrate", "--vf", "1", "--from", card[0].socket,
				       "--qmp", qmp_path, "--timeout", "50", NULL };

		strcpy(addr.sun_path, qmp_path);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
		ck_assert_int_eq(listen(fd, 1), 0);
		ck_assert_int_eq(process_wait(gucemu_spawn(argv, "/dev/null")), 1);
		close(fd);
	} else {
		ck_assert_int_eq(migrate(true, true, NULL), 1);
	}
	vm_message_is_answered(&vm);
}
END_TEST

START_TEST(dies_while_frozen)
{
	/* A machine that is killed in mid-migration: frozen, or paused and saved. Its VF is
	 * reset, a hand-over has nothing to hand over, the card serves the next machine. */
	static struct raw_client c;
	const char *json;

	start_card(1, true);
	boots_on_a();
	ck_assert_int_eq(client_hello(&c, card[0].socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&c, "freeze vf=1", &json), 0);
	if (_i == 1)
		ck_assert_int_eq(client_verb(&c, "pf pause vf=1 hold=1", &json), 0);
	close(vm.fd);
	do
		ck_assert_int_eq(client_verb(&c, "state", &json), 0);
	while (strstr(json, "\"attached\":true"));
	ck_assert_int_lt(client_verb(&c, "handover vf=1 to=/tmp/x", &json), 0);
	client_end(&c);
	vm_attach(&vm, path[0]);
	vm_ram(&vm, true);
	vm_boot(&vm);
	vm_message_is_answered(&vm);
}
END_TEST

/* --- a hostile giver ------------------------------------------------------------------------ */

static uint8_t device[288]; /* what a machine's device is at A */

static void learn_device(void)
{
	uint8_t body[VU_ACCESS_BYTES] = { 0 };
	static struct machine m;

	vm_dial(&m, path[0]);
	vm_greet(&m);
	le32_put(body + VU_ACCESS_REGION, VU_CONFIG);
	le32_put(body + VU_ACCESS_COUNT, 256);
	ck_assert_uint_eq(vm_call(&m, VU_REGION_READ, body, sizeof(body), -1), 0);
	memset(device, 0, sizeof(device));
	memcpy(device, m.body + VU_ACCESS_BYTES, 256);
	close(m.fd);
}

/* Gives a machine, with `n` unparsed bytes, this device, vector and unreachable range, an
 * eventfd or (-1) a socket for the vector; what the card says in the end. */
static int give_all(const uint8_t *bytes, size_t n, bool described, uint64_t vector,
		    unsigned ranges, int irq)
{
	static struct raw_client c;
	struct frame f = { .type = T(ADOPT), .seq = 2, .function = 1, .code = 1, .fds = 1,
			   .data = bytes, .data_len = n };
	uint8_t range[16] = { 1 };
	int pair[2], status;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	while (client_hello(&c, card[0].socket, FRAME_ROLE_PEER, 0, 0) != 0)
		client_end(&c);
	(void)client_put(&c, &f, &pair[0]);
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .addr = 2, .value = 1, .data = device,
			    .data_len = sizeof(device) };
	if (described)
		(void)client_put(&c, &f, NULL);
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .addr = 3, .value = vector, .fds = 1 };
	(void)client_put(&c, &f, irq >= 0 ? &irq : &pair[1]);
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .addr = 4, .data = range, .data_len = 16 };
	for (unsigned i = 0; i < ranges; i++)
		(void)client_put(&c, &f, NULL);
	f = (struct frame){ .type = T(ADOPT), .seq = 2, .flags = 1 };
	(void)client_put(&c, &f, NULL);
	if (client_await(&c, T(STATUS), &f))
		status = f.status;
	else
		status = client_drained(&c);
	client_end(&c);
	close(pair[0]);
	close(pair[1]);
	return status;
}

static int give(const uint8_t *bytes, size_t n, bool described, uint64_t vector, unsigned ranges)
{
	int irq = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int status = give_all(bytes, n, described, vector, ranges, irq);

	close(irq);
	return status;
}

START_TEST(hostile_giver)
{
	/* A device that is another, none, twice the range of vectors, a vector that is no
	 * eventfd, too many ranges, a whole message or nonsense as its beginning: refused;
	 * what is good but never confirmed is given back. Nothing leaks. */
	static const uint8_t whole[VU_HEADER] = { 0, 0, VU_RESET, 0, VU_HEADER },
			     nonsense[VU_HEADER] = { 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5 };
	unsigned had;

	learn_device();
	vm_attach(&vm, path[0]);
	close(vm.fd);
	vm.fd = -1;
	had = server_fds(&card[0]);
	ck_assert_int_eq(give(whole, 5, true, 0, 1), 0);
	ck_assert_int_eq(give(whole, sizeof(whole), true, 0, 0), -EPROTO);
	ck_assert_int_eq(give(nonsense, sizeof(nonsense), true, 0, 0), -EPROTO);
	ck_assert_int_eq(give(whole, 0, false, 0, 0), -EINVAL);
	ck_assert_int_eq(give(whole, 0, true, 2, 0), -EINVAL);
	ck_assert_int_eq(give(whole, 0, true, 0, 257), -EINVAL);
	ck_assert_int_eq(give_all(whole, 0, true, 0, 0, -1), -EPROTO);
	device[2] ^= 1;
	ck_assert_int_eq(give(whole, 0, true, 0, 0), -EXDEV);
	while (server_fds(&card[0]) > had)
		poll(NULL, 0, 5); /* hangs when one leaks */
	boots_on_a();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio_move");
	TCase *tc = tcase_create("all");

	if (!gucemu_path())
		return 77;
	tcase_add_checked_fixture(tc, start, stop);
	tcase_add_test(tc, changes_cards);
	tcase_add_test(tc, stays_on_its_card);
	tcase_add_loop_test(tc, goes_on_after_a_failure, 0, 4);
	tcase_add_loop_test(tc, nobody_at_the_monitor, 0, 2);
	tcase_add_loop_test(tc, dies_while_frozen, 0, 2);
	tcase_add_test(tc, hostile_giver);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
