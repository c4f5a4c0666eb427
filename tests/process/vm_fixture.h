/* SPDX-License-Identifier: MIT */
/* A virtual machine of our own at a vfio-user socket, as QEMU is one in real life: its
 * messages, its memory, a driver that boots as far as its CTB. */
#ifndef GUCEMU_TESTS_VM_FIXTURE_H
#define GUCEMU_TESTS_VM_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "emulator/vfio/msg.h"

#define RAM_AT    0x100000u /* guest physical */
#define RAM_BYTES 0x100000u
#define WAIT_MS   10000
#define POST_MAX  65536u

struct machine {
	int fd, ram, irq;
	uint8_t *mem;
	uint64_t ggtt;
	uint16_t id;
	uint8_t body[65536]; /* of the last reply */
	uint32_t len, error;
};

/* Connect; say VERSION; do both until the card has noticed that the machine before is
 * gone. */
void vm_dial(struct machine *m, const char *at);
void vm_greet(struct machine *m);
void vm_attach(struct machine *m, const char *at);
/* Send a message with a descriptor, or -1; take the reply to `id`, its errno; both. */
void vm_post(struct machine *m, uint16_t command, uint32_t flags, const void *body, uint32_t len,
	     int fd);
uint32_t vm_answer(struct machine *m, uint16_t id);
uint32_t vm_call(struct machine *m, uint16_t command, const void *body, uint32_t len, int fd);
/* Guest memory. */
void vm_map_body(uint8_t body[VU_MAP_BYTES], uint64_t at, uint64_t size, uint64_t offset);
uint32_t vm_map(struct machine *m, uint64_t at, uint64_t size, uint64_t offset, int fd);
uint32_t vm_unmap(struct machine *m, uint64_t at, uint64_t size);
/* Registers, and a mailbox request of n dwords: register 0 of the reply. */
void vm_reg_write(struct machine *m, uint64_t off, uint32_t value);
uint32_t vm_reg_read(struct machine *m, uint64_t off);
uint32_t vm_ask(struct machine *m, uint32_t action, uint32_t a, uint32_t b, uint32_t c,
		unsigned n);
/* Where its share of the GGTT begins: asked anew. */
uint64_t vm_ggtt_start(struct machine *m);
/* RAM_BYTES of memory at RAM_AT; what a driver does until its CTB runs. */
void vm_ram(struct machine *m, bool sealed);
void vm_boot(struct machine *m);
/* A message that no GuC knows, as a REQUEST; it is refused, with an interrupt: all of it
 * works. */
void vm_message(struct machine *m);
void vm_message_is_answered(struct machine *m);
/* The card has closed the connection. */
bool vm_hung_up(struct machine *m);

#endif
