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
#include <sys/un.h>
#include <unistd.h>

#include "emulator/vfio/msg.h"
#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "server_fixture.h"
#include "tests/check_main.h"

#define RAM_AT    0x100000u /* guest physical */
#define RAM_BYTES 0x100000u
#define WAIT_MS   10000
#define POST_MAX  65536u

/* Places in the guest's memory. */
#define MEMIRQ   0x0000u
#define H2G_DESC 0x1000u
#define G2H_DESC 0x1800u
#define H2G      0x2000u
#define G2H      0x3000u

static struct server_process server;
static char dir[64], path[2][80];

struct machine {
	int fd, ram, irq;
	uint8_t *mem;
	uint64_t ggtt;
	uint16_t id;
	uint8_t body[65536]; /* of the last reply */
	uint32_t len, error;
};
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

/* --- the machine's side ------------------------------------------------------------------ */

static void dial(struct machine *m, const char *at)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { WAIT_MS / 1000, 0 };

	strcpy(addr.sun_path, at);
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(m->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(m->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void post(struct machine *m, uint16_t command, uint32_t flags, const void *body, uint32_t len,
		 int fd)
{
	static uint8_t msg[VU_HEADER + POST_MAX];
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { msg, VU_HEADER + len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	ck_assert_uint_le(len, POST_MAX);
	memset(msg, 0, VU_HEADER);
	m->id++;
	memcpy(msg, &m->id, 2);
	memcpy(msg + VU_H_COMMAND, &command, 2);
	le32_put(msg + VU_H_SIZE, VU_HEADER + len);
	le32_put(msg + VU_H_FLAGS, flags);
	if (len)
		memcpy(msg + VU_HEADER, body, len);
	if (fd >= 0) {
		struct cmsghdr *c;

		h.msg_control = control.buf;
		h.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	ck_assert_int_eq(sendmsg(m->fd, &h, MSG_NOSIGNAL), (ssize_t)(VU_HEADER + len));
}

static void take(struct machine *m, void *dst, size_t len)
{
	ck_assert_int_eq(recv(m->fd, dst, len, MSG_WAITALL), (ssize_t)len);
}

static uint32_t answer(struct machine *m, uint16_t id)
{
	uint8_t header[VU_HEADER];

	take(m, header, sizeof(header));
	ck_assert_mem_eq(header, &id, 2);
	m->len = le32_get(header + VU_H_SIZE) - VU_HEADER;
	ck_assert_uint_le(m->len, sizeof(m->body));
	if (m->len)
		take(m, m->body, m->len);
	m->error = le32_get(header + VU_H_ERROR);
	return m->error;
}

static uint32_t call(struct machine *m, uint16_t command, const void *body, uint32_t len, int fd)
{
	post(m, command, 0, body, len, fd);
	return answer(m, m->id);
}

static void greet(struct machine *m)
{
	const uint8_t body[7] = { 0, 0, 0, 0, '{', '}', 0 };

	ck_assert_uint_eq(call(m, VU_VERSION, body, sizeof(body), -1), 0);
}

/* Dial until the card has noticed that the machine before is gone. */
static void attach(struct machine *m, const char *at)
{
	const uint8_t body[7] = { 0, 0, 0, 0, '{', '}', 0 };
	uint8_t header[VU_HEADER];

	for (;;) {
		dial(m, at);
		post(m, VU_VERSION, 0, body, sizeof(body), -1);
		if (recv(m->fd, header, sizeof(header), MSG_WAITALL) == (ssize_t)sizeof(header))
			break;
		close(m->fd);
	}
	take(m, m->body, le32_get(header + VU_H_SIZE) - VU_HEADER);
}

static void map_body(uint8_t body[VU_MAP_BYTES], uint64_t at, uint64_t size, uint64_t offset)
{
	memset(body, 0, VU_MAP_BYTES);
	le32_put(body, VU_MAP_BYTES);
	le32_put(body + VU_MAP_FLAGS, VU_MAP_READ | VU_MAP_WRITE);
	le64_put(body + VU_MAP_OFFSET, offset);
	le64_put(body + VU_MAP_ADDR, at);
	le64_put(body + VU_MAP_SIZE, size);
}

static uint32_t map(struct machine *m, uint64_t at, uint64_t size, uint64_t offset, int fd)
{
	uint8_t body[VU_MAP_BYTES];

	map_body(body, at, size, offset);
	return call(m, VU_DMA_MAP, body, sizeof(body), fd);
}

static uint32_t unmap(struct machine *m, uint64_t at, uint64_t size)
{
	uint8_t body[VU_UNMAP_BYTES] = { 0 };

	le32_put(body, VU_UNMAP_BYTES);
	le64_put(body + VU_UNMAP_ADDR, at);
	le64_put(body + VU_UNMAP_SIZE, size);
	return call(m, VU_DMA_UNMAP, body, sizeof(body), -1);
}

static void bar_write(struct machine *m, uint64_t off, const void *data, uint32_t n)
{
	uint8_t body[VU_ACCESS_BYTES + 8] = { 0 };

	le64_put(body, off);
	le32_put(body + VU_ACCESS_COUNT, n);
	memcpy(body + VU_ACCESS_BYTES, data, n);
	ck_assert_uint_eq(call(m, VU_REGION_WRITE, body, VU_ACCESS_BYTES + n, -1), 0);
}

static void reg_write(struct machine *m, uint64_t off, uint32_t value)
{
	bar_write(m, off, &value, 4);
}

static uint32_t reg_read(struct machine *m, uint64_t off)
{
	uint8_t body[VU_ACCESS_BYTES] = { 0 };

	le64_put(body, off);
	le32_put(body + VU_ACCESS_COUNT, 4);
	ck_assert_uint_eq(call(m, VU_REGION_READ, body, sizeof(body), -1), 0);
	return le32_get(m->body + VU_ACCESS_BYTES);
}

/* A mailbox request; register 0 of the reply, the others in dw[1..3]. */
static uint32_t mailbox(struct machine *m, uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		reg_write(m, REG_VF_SW_FLAG(i), dw[i]);
	reg_write(m, REG_GUC_HOST_INTERRUPT, 0);
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		dw[i] = reg_read(m, REG_VF_SW_FLAG(i));
	return dw[0];
}

static uint32_t ask(struct machine *m, uint32_t action, uint32_t a, uint32_t b, uint32_t c,
		    unsigned n)
{
	uint32_t dw[MAILBOX_DWORDS] = { action, a, b, c };

	return mailbox(m, dw, n);
}

static uint64_t query64(struct machine *m, uint32_t key)
{
	uint32_t dw[MAILBOX_DWORDS] = { GUC_ACTION_QUERY_SINGLE_KLV, key };

	ck_assert_uint_eq(mailbox(m, dw, 2), 0xF0000002);
	return make64(dw[1], dw[2]);
}

static void self_cfg(struct machine *m, uint32_t key, uint32_t len, uint64_t value)
{
	ck_assert_uint_eq(ask(m, GUC_ACTION_SELF_CFG, key << 16 | len, (uint32_t)value,
			      (uint32_t)(value >> 32), 4), 0xF0000001);
}

static void ram(struct machine *m, bool sealed)
{
	m->ram = sealed_memfd(RAM_BYTES, sealed);
	m->mem = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->ram, 0);
	ck_assert_ptr_ne(m->mem, MAP_FAILED);
	ck_assert_uint_eq(map(m, RAM_AT, RAM_BYTES, 0, m->ram), 0);
}

/* What a driver does until its CTB runs. */
static void boot(struct machine *m)
{
	uint8_t set[VU_SET_BYTES] = { 0 };

	ck_assert_uint_eq(reg_read(m, REG_VF_CAP), 1);
	while (ask(m, GUC_ACTION_VF_RESET, 0, 0, 0, 1) != 0xF0000000)
		poll(NULL, 0, 1); /* the reset of the machine before it is still under way */
	ck_assert_uint_eq(ask(m, GUC_ACTION_MATCH_VERSION, 0x10200, 0, 0, 2), 0xF0000000);
	m->ggtt = query64(m, GUC_KLV_VF_GGTT_START);
	for (uint32_t at = 0; at < RAM_BYTES; at += GGTT_PAGE) {
		uint64_t pte = (RAM_AT + at) | PTE_PRESENT;

		bar_write(m, REG_GGTT_BASE + ((m->ggtt + at) >> GGTT_PAGE_SHIFT) * 8, &pte, 8);
	}
	m->irq = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	le32_put(set, VU_SET_BYTES);
	le32_put(set + VU_SET_FLAGS, VU_SET_EVENTFD | VU_SET_TRIGGER);
	le32_put(set + VU_SET_INDEX, VU_MSI);
	le32_put(set + VU_SET_COUNT, 1);
	ck_assert_uint_eq(call(m, VU_SET_IRQS, set, sizeof(set), m->irq), 0);
	self_cfg(m, GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR, 2, m->ggtt + MEMIRQ + MEMIRQ_SOURCE(25));
	self_cfg(m, GUC_KLV_SELF_MEMIRQ_STATUS_ADDR, 2, m->ggtt + MEMIRQ + MEMIRQ_STATUS(25));
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_DESC_ADDR, 2, m->ggtt + H2G_DESC);
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_ADDR, 2, m->ggtt + H2G);
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_SIZE, 1, 4096);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_DESC_ADDR, 2, m->ggtt + G2H_DESC);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_ADDR, 2, m->ggtt + G2H);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_SIZE, 1, 4096);
	ck_assert_uint_eq(ask(m, GUC_ACTION_CONTROL_CTB, 1, 0, 0, 2), 0xF0000000);
}

static uint32_t mem32(struct machine *m, uint32_t at)
{
	return __atomic_load_n((uint32_t *)(void *)(m->mem + at), __ATOMIC_ACQUIRE);
}

/* A message that no GuC knows, as a REQUEST: its refusal comes with an interrupt. */
static void message_is_answered(struct machine *m)
{
	uint32_t tail = mem32(m, H2G_DESC + CTB_DESC_TAIL), got = mem32(m, G2H_DESC + CTB_DESC_TAIL);
	const uint32_t msg[2] = { ct_header(7, 1), 0x7777 };
	struct pollfd irq = { .fd = m->irq, .events = POLLIN };

	memcpy(m->mem + H2G + 4 * tail, msg, sizeof(msg));
	__atomic_store_n((uint32_t *)(void *)(m->mem + H2G_DESC + CTB_DESC_TAIL), tail + 2,
			 __ATOMIC_RELEASE);
	reg_write(m, REG_GUC_HOST_INTERRUPT, 0);
	ck_assert_int_eq(poll(&irq, 1, WAIT_MS), 1);
	ck_assert_uint_eq(m->mem[MEMIRQ + MEMIRQ_SOURCE(25)], MEMIRQ_SET);
	ck_assert_uint_eq(mem32(m, G2H_DESC + CTB_DESC_TAIL), got + 2);
	ck_assert_uint_eq(mem32(m, G2H + 4 * got + 4) & 0xF000FFFF,
			  0xE0000000u | GUC_ERR_UNKNOWN_ACTION);
}

static bool hung_up(struct machine *m)
{
	uint8_t byte;

	return recv(m->fd, &byte, 1, 0) <= 0;
}

/* The card still serves: VF 2's machine boots. */
static void others_are_well(void)
{
	static struct machine other;

	memset(&other, 0, sizeof(other));
	dial(&other, path[1]);
	greet(&other);
	ram(&other, true);
	boot(&other);
	message_is_answered(&other);
	close(other.fd);
}

/* --- tests ------------------------------------------------------------------------------- */

START_TEST(boots)
{
	/* From VERSION to an interrupt, over sealed memory and over memory that
	 * nobody sealed; a machine that leaves makes room for the next. */
	for (unsigned i = 0; i < 2; i++) {
		unsigned had;

		attach(&vm, path[0]);
		had = server_fds(&server);
		ram(&vm, i == 0);
		ck_assert_uint_eq(server_fds(&server), had + 1);
		boot(&vm);
		message_is_answered(&vm);
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

	dial(&vm, path[0]);
	greet(&vm);
	ram(&vm, true);
	boot(&vm);
	dial(&second, path[0]);
	ck_assert(hung_up(&second));
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
	message_is_answered(&vm);
}
END_TEST

START_TEST(descriptors_stay_with_their_message)
{
	/* Maps sent back to back, some without a descriptor, each get their own. */
	uint8_t body[VU_MAP_BYTES];
	int fd[3];
	uint16_t first;

	dial(&vm, path[0]);
	greet(&vm);
	first = (uint16_t)(vm.id + 1);
	for (unsigned i = 0; i < 3; i++) {
		fd[i] = sealed_memfd(2 * 4096, true);
		ck_assert_int_eq(pwrite(fd[i], &i, sizeof(i), 4096), sizeof(i));
		map_body(body, RAM_AT + 0x10000 * i, 4096, 4096);
		post(&vm, VU_DMA_MAP, 0, body, sizeof(body), fd[i]);
		map_body(body, 0x80000000u + 0x10000 * i, 4096, 0);
		post(&vm, VU_DMA_MAP, 0, body, sizeof(body), -1);
	}
	for (uint16_t i = 0; i < 6; i++)
		ck_assert_uint_eq(answer(&vm, (uint16_t)(first + i)), 0);
	/* Two of the maps go; what is at the third must be what the third file has. */
	ck_assert_uint_eq(unmap(&vm, RAM_AT, 4096), 0);
	ck_assert_uint_eq(unmap(&vm, RAM_AT, 4096), ENOENT);
	ck_assert_uint_eq(unmap(&vm, 0x80000000u, 4096), 0);
	ck_assert_uint_eq(unmap(&vm, RAM_AT + 0x10000, 8192), ENOENT);
	ck_assert_uint_eq(map(&vm, RAM_AT + 0x20000, 4096, 0, fd[0]), EEXIST);
	ck_assert_uint_eq(map(&vm, RAM_AT, 4096, 0, fd[0]), 0);
}
END_TEST

START_TEST(memory_goes)
{
	/* Memory is unmapped, or its file cut short, while rings lie in it: the GuC
	 * finds a hole, the machine can map again and reset; others are well. */
	dial(&vm, path[0]);
	greet(&vm);
	ram(&vm, _i == 0);
	boot(&vm);
	if (_i == 0)
		ck_assert_uint_eq(unmap(&vm, RAM_AT, RAM_BYTES), 0);
	else
		ck_assert_int_eq(ftruncate(vm.ram, 0), 0);
	reg_write(&vm, REG_GUC_HOST_INTERRUPT, 0);
	ck_assert_uint_eq(ask(&vm, GUC_ACTION_VF_RESET, 0, 0, 0, 1), 0xF0000000);
	others_are_well();
	if (_i == 0)
		ck_assert_uint_eq(map(&vm, RAM_AT, RAM_BYTES, 0, vm.ram), 0);
	else
		ck_assert_int_eq(ftruncate(vm.ram, RAM_BYTES), 0);
	boot(&vm);
	message_is_answered(&vm);
}
END_TEST

START_TEST(long_list_of_writes)
{
	/* A list of writes that takes several turns is done and answered, though
	 * nothing more comes from the machine. */
	enum { N = (POST_MAX - VU_MULTI_FIRST) / VU_MULTI_BYTES };
	static uint8_t body[VU_MULTI_FIRST + N * VU_MULTI_BYTES];
	const uint32_t dw[] = { GUC_ACTION_MATCH_VERSION, 0x10200 };

	attach(&vm, path[0]);
	ram(&vm, true);
	boot(&vm);
	le64_put(body, N);
	for (uint32_t i = 0; i < N; i++) {
		uint8_t *w = body + VU_MULTI_FIRST + i * VU_MULTI_BYTES;

		le64_put(w, i % 3 == 2 ? REG_GUC_HOST_INTERRUPT : REG_VF_SW_FLAG(i % 3));
		le32_put(w + VU_MULTI_COUNT, 4);
		le32_put(w + VU_MULTI_DATA, i % 3 == 2 ? 0 : dw[i % 3]);
	}
	ck_assert_uint_eq(call(&vm, VU_REGION_WRITE_MULTI, body, sizeof(body), -1), 0);
	message_is_answered(&vm);
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
			attach(&vm, path[0]);
		else
			dial(&vm, path[0]);
		ck_assert_int_eq(send(vm.fd, bytes, i == 2 ? 7 : sizeof(bytes), MSG_NOSIGNAL),
				 i == 2 ? 7 : (ssize_t)sizeof(bytes));
		if (i < 2)
			ck_assert(hung_up(&vm));
		close(vm.fd);
	}
	attach(&vm, path[0]);
	for (unsigned i = 0; i < 40; i++) {
		int fd = eventfd(0, 0);
		struct machine *m = &vm;
		uint8_t body[VU_MAP_BYTES];

		map_body(body, RAM_AT, 4096, 0);
		post(m, VU_DMA_MAP, 0, body, sizeof(body), fd); /* no file */
		ck_assert_uint_ne(answer(m, m->id), 0);
		close(fd);
	}
	close(vm.fd);
	vm.fd = -1;
	others_are_well();
	while (server_fds(&server) > had)
		poll(NULL, 0, 5); /* it notices in its own time; hangs when one leaks */
}
END_TEST

START_TEST(killed)
{
	/* A machine that dies in mid-message; its VF is reset. */
	struct raw_client c;
	const char *json = "";
	pid_t pid = fork();

	if (pid == 0) {
		dial(&vm, path[0]);
		greet(&vm);
		ram(&vm, true);
		boot(&vm);
		(void)send(vm.fd, "1234567890", 10, MSG_NOSIGNAL);
		raise(SIGKILL);
	}
	(void)process_wait(pid);
	ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	do
		ck_assert_int_eq(client_verb(&c, "state", &json), 0);
	while (strstr(json, "\"attached\":true"));
	client_end(&c);
	attach(&vm, path[0]);
	ram(&vm, true);
	boot(&vm);
	message_is_answered(&vm);
}
END_TEST

START_TEST(frozen)
{
	/* Frozen, a machine's messages wait; thawed, they are answered. A hand-over is
	 * refused; who asked for the freeze and goes takes it along. */
	struct raw_client c;
	struct pollfd in;
	uint8_t body[VU_ACCESS_BYTES] = { 0 };
	const char *json;

	dial(&vm, path[0]);
	greet(&vm);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(client_hello(&c, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
		ck_assert_int_eq(client_verb(&c, "freeze vf=1", &json), 0);
		ck_assert_ptr_nonnull(strstr(json, "true"));
		ck_assert_int_eq(client_verb(&c, "handover vf=1 to=/tmp/x", &json), -EOPNOTSUPP);
		le64_put(body, REG_VF_CAP);
		le32_put(body + VU_ACCESS_COUNT, 4);
		post(&vm, VU_REGION_READ, 0, body, sizeof(body), -1);
		in = (struct pollfd){ .fd = vm.fd, .events = POLLIN };
		ck_assert_int_eq(client_verb(&c, "state", &json), 0);
		ck_assert_int_eq(poll(&in, 1, 50), 0);
		if (i == 0)
			ck_assert_int_eq(client_verb(&c, "thaw vf=1", &json), 0);
		client_end(&c);
		ck_assert_uint_eq(answer(&vm, vm.id), 0);
	}
}
END_TEST

static void bad_list(const char *list)
{
	const char *argv[] = { gucemu_path(), "serve", "--socket", "/tmp/gucemu-vfio-none",
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
	tcase_add_loop_test(tc, memory_goes, 0, 2);
	tcase_add_test(tc, long_list_of_writes);
	tcase_add_test(tc, nonsense);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, frozen);
	tcase_add_test(tc, bad_lists);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
