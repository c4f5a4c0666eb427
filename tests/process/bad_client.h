/* SPDX-License-Identifier: MIT */
/* A server with a client that does wrong, or dies, and a bystander, which must not
 * notice: VF 3 of every test. */
#ifndef GUCEMU_TESTS_BAD_CLIENT_H
#define GUCEMU_TESTS_BAD_CLIENT_H

#include "server_fixture.h"

extern struct server_process server;
extern struct raw_client bad, good; /* `bad` is the test's to connect */

/* Checked fixtures. */
void bad_client_setup(void);
void bad_client_teardown(void);

/* Lines of the log with this text, once the server has done what came before. */
unsigned logged(const char *text);
/* A frame's bytes; their number. */
size_t encode(const struct frame *f, uint8_t *buf, size_t cap);
/* MEM_HOST: its status. */
int host(struct raw_client *c, uint64_t dma, uint64_t size);

#endif
