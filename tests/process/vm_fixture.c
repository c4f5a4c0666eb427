/* SPDX-License-Identifier: MIT */
/* See vm_fixture.h. */
#include "vm_fixture.h"

#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "server_fixture.h"

/* Places in the guest's memory. */
#define MEMIRQ   0x0000u
#define H2G_DESC 0x1000u
#define G2H_DESC 0x1800u
#define H2G      0x2000u
#define G2H      0x3000u

void vm_dial(struct machine *m, const char *at)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { WAIT_MS / 1000, 0 };

	strcpy(addr.sun_path, at);
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(m->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(m->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void vm_post(struct machine *m, uint16_t command, uint32_t flags, const void *body, uint32_t len,
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

uint32_t vm_answer(struct machine *m, uint16_t id)
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

uint32_t vm_call(struct machine *m, uint16_t command, const void *body, uint32_t len, int fd)
{
	vm_post(m, command, 0, body, len, fd);
	return vm_answer(m, m->id);
}

void vm_greet(struct machine *m)
{
	const uint8_t body[7] = { 0, 0, 0, 0, '{', '}', 0 };

	ck_assert_uint_eq(vm_call(m, VU_VERSION, body, sizeof(body), -1), 0);
}

/* Dial until the card has noticed that the machine before is gone. */
void vm_attach(struct machine *m, const char *at)
{
	const uint8_t body[7] = { 0, 0, 0, 0, '{', '}', 0 };
	uint8_t header[VU_HEADER];

	for (;;) {
		vm_dial(m, at);
		vm_post(m, VU_VERSION, 0, body, sizeof(body), -1);
		if (recv(m->fd, header, sizeof(header), MSG_WAITALL) == (ssize_t)sizeof(header))
			break;
		close(m->fd);
	}
	take(m, m->body, le32_get(header + VU_H_SIZE) - VU_HEADER);
}

void vm_map_body(uint8_t body[VU_MAP_BYTES], uint64_t at, uint64_t size, uint64_t offset)
{
	memset(body, 0, VU_MAP_BYTES);
	le32_put(body, VU_MAP_BYTES);
	le32_put(body + VU_MAP_FLAGS, VU_MAP_READ | VU_MAP_WRITE);
	le64_put(body + VU_MAP_OFFSET, offset);
	le64_put(body + VU_MAP_ADDR, at);
	le64_put(body + VU_MAP_SIZE, size);
}

uint32_t vm_map(struct machine *m, uint64_t at, uint64_t size, uint64_t offset, int fd)
{
	uint8_t body[VU_MAP_BYTES];

	vm_map_body(body, at, size, offset);
	return vm_call(m, VU_DMA_MAP, body, sizeof(body), fd);
}

uint32_t vm_unmap(struct machine *m, uint64_t at, uint64_t size)
{
	uint8_t body[VU_UNMAP_BYTES] = { 0 };

	le32_put(body, VU_UNMAP_BYTES);
	le64_put(body + VU_UNMAP_ADDR, at);
	le64_put(body + VU_UNMAP_SIZE, size);
	return vm_call(m, VU_DMA_UNMAP, body, sizeof(body), -1);
}

static void bar_write(struct machine *m, uint64_t off, const void *data, uint32_t n)
{
	uint8_t body[VU_ACCESS_BYTES + 8] = { 0 };

	le64_put(body, off);
	le32_put(body + VU_ACCESS_COUNT, n);
	memcpy(body + VU_ACCESS_BYTES, data, n);
	ck_assert_uint_eq(vm_call(m, VU_REGION_WRITE, body, VU_ACCESS_BYTES + n, -1), 0);
}

void vm_reg_write(struct machine *m, uint64_t off, uint32_t value)
{
	bar_write(m, off, &value, 4);
}

uint32_t vm_reg_read(struct machine *m, uint64_t off)
{
	uint8_t body[VU_ACCESS_BYTES] = { 0 };

	le64_put(body, off);
	le32_put(body + VU_ACCESS_COUNT, 4);
	ck_assert_uint_eq(vm_call(m, VU_REGION_READ, body, sizeof(body), -1), 0);
	return le32_get(m->body + VU_ACCESS_BYTES);
}

/* A mailbox request; register 0 of the reply, the others in dw[1..3]. */
static uint32_t mailbox(struct machine *m, uint32_t *dw, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		vm_reg_write(m, REG_VF_SW_FLAG(i), dw[i]);
	vm_reg_write(m, REG_GUC_HOST_INTERRUPT, 0);
	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		dw[i] = vm_reg_read(m, REG_VF_SW_FLAG(i));
	return dw[0];
}

uint32_t vm_ask(struct machine *m, uint32_t action, uint32_t a, uint32_t b, uint32_t c,
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

uint64_t vm_ggtt_start(struct machine *m)
{
	return query64(m, GUC_KLV_VF_GGTT_START);
}

static void self_cfg(struct machine *m, uint32_t key, uint32_t len, uint64_t value)
{
	ck_assert_uint_eq(vm_ask(m, GUC_ACTION_SELF_CFG, key << 16 | len, (uint32_t)value,
			      (uint32_t)(value >> 32), 4), 0xF0000001);
}

void vm_ram(struct machine *m, bool sealed)
{
	m->ram = sealed_memfd(RAM_BYTES, sealed);
	m->mem = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->ram, 0);
	ck_assert_ptr_ne(m->mem, MAP_FAILED);
	ck_assert_uint_eq(vm_map(m, RAM_AT, RAM_BYTES, 0, m->ram), 0);
}

/* What a driver does until its CTB runs. */
void vm_boot(struct machine *m)
{
	uint8_t set[VU_SET_BYTES] = { 0 };

	ck_assert_uint_eq(vm_reg_read(m, REG_VF_CAP), 1);
	while (vm_ask(m, GUC_ACTION_VF_RESET, 0, 0, 0, 1) != 0xF0000000)
		poll(NULL, 0, 1); /* the reset of the machine before it is still under way */
	ck_assert_uint_eq(vm_ask(m, GUC_ACTION_MATCH_VERSION, 0x10200, 0, 0, 2), 0xF0000000);
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
	ck_assert_uint_eq(vm_call(m, VU_SET_IRQS, set, sizeof(set), m->irq), 0);
	self_cfg(m, GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR, 2, m->ggtt + MEMIRQ + MEMIRQ_SOURCE(25));
	self_cfg(m, GUC_KLV_SELF_MEMIRQ_STATUS_ADDR, 2, m->ggtt + MEMIRQ + MEMIRQ_STATUS(25));
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_DESC_ADDR, 2, m->ggtt + H2G_DESC);
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_ADDR, 2, m->ggtt + H2G);
	self_cfg(m, GUC_KLV_SELF_H2G_CTB_SIZE, 1, 4096);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_DESC_ADDR, 2, m->ggtt + G2H_DESC);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_ADDR, 2, m->ggtt + G2H);
	self_cfg(m, GUC_KLV_SELF_G2H_CTB_SIZE, 1, 4096);
	ck_assert_uint_eq(vm_ask(m, GUC_ACTION_CONTROL_CTB, 1, 0, 0, 2), 0xF0000000);
}

static uint32_t mem32(struct machine *m, uint32_t at)
{
	return __atomic_load_n((uint32_t *)(void *)(m->mem + at), __ATOMIC_ACQUIRE);
}

void vm_message(struct machine *m)
{
	uint32_t tail = mem32(m, H2G_DESC + CTB_DESC_TAIL);
	const uint32_t msg[2] = { ct_header(7, 1), 0x7777 };

	memcpy(m->mem + H2G + 4 * tail, msg, sizeof(msg));
	__atomic_store_n((uint32_t *)(void *)(m->mem + H2G_DESC + CTB_DESC_TAIL), tail + 2,
			 __ATOMIC_RELEASE);
	vm_reg_write(m, REG_GUC_HOST_INTERRUPT, 0);
}

void vm_message_is_answered(struct machine *m)
{
	uint32_t got = mem32(m, G2H_DESC + CTB_DESC_TAIL);
	struct pollfd irq = { .fd = m->irq, .events = POLLIN };

	vm_message(m);
	ck_assert_int_eq(poll(&irq, 1, WAIT_MS), 1);
	ck_assert_uint_eq(m->mem[MEMIRQ + MEMIRQ_SOURCE(25)], MEMIRQ_SET);
	ck_assert_uint_eq(mem32(m, G2H_DESC + CTB_DESC_TAIL), got + 2);
	ck_assert_uint_eq(mem32(m, G2H + 4 * got + 4) & 0xF000FFFF,
			  0xE0000000u | GUC_ERR_UNKNOWN_ACTION);
}

bool vm_hung_up(struct machine *m)
{
	uint8_t byte;

	return recv(m->fd, &byte, 1, 0) <= 0;
}
