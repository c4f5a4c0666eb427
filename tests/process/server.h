/* SPDX-License-Identifier: MIT */
/* A real "gucemu serve" process for a test, and a control connection to it on
 * the test's own loop, so that clients of the same process go on meanwhile. */
#ifndef GUCEMU_TESTS_SERVER_H
#define GUCEMU_TESTS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/stream.h"

#define SERVER_BLOB_MAX (16u << 20)

struct server {
	pid_t pid;
	char dir[64], path[96];
	/* Control connection. */
	struct wire *control;
	uint8_t *blob;       /* of the last save */
	size_t blob_len;
	bool replied;        /* to a restore */
	int status;
	char reply[1024];
};

/* The program under test: $GUCEMU, or ./gucemu. */
const char *server_program(void);
/* Start one with these further arguments (NULL ends) and wait until it is
 * ready. Fails the test when it does not come up. */
void server_start(struct server *s, const char *const *arguments);
void server_connect(struct server *s, uv_loop_t *loop);
/* End: the control connection, then SIGTERM; the exit status must be 0. */
void server_stop(struct server *s);
void server_kill(struct server *s);

/* A verb line; its status. text of the reply in s->reply. */
int server_verb(struct server *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int server_save(struct server *s, unsigned vf);
int server_restore(struct server *s, unsigned vf);

/* Start a program with its standard streams at in and out (-1: /dev/null). It
 * dies with us. */
pid_t process_start(const char *const *argv, int in, int out);
/* Its exit status, or -signal. */
int process_wait(pid_t pid);

#endif
