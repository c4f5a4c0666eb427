/* SPDX-License-Identifier: MIT */
/* Servers as child processes and raw clients of theirs: frames are encoded and
 * decoded here, sent byte by byte if a test wants so. Every read gives up
 * after a while, so that a dead server is a failed test and not a hanging one. */
#ifndef GUCEMU_TESTS_SERVER_FIXTURE_H
#define GUCEMU_TESTS_SERVER_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/frame.h"

#define T(name) gucemu_FrameType_##name

struct server_process {
	pid_t pid;
	char dir[64];
	char socket[96];
	char ready[2048]; /* its ready line */
};

struct raw_client {
	int fd;
	uint8_t in[2 * FRAME_MAX];
	size_t at, len;
	uint32_t seq;
	int fds[16]; /* descriptors received */
	unsigned fds_n;
};

/* Path of the program, or NULL: then the tests are skipped. */
const char *gucemu_path(void);
/* The main() of these tests: runs them if there is a program, with SIGPIPE
 * ignored; the exit status. */
int server_tests_main(Suite *s);
/* Start `gucemu serve --socket ... ARGS` and wait for its ready line. */
void server_start(struct server_process *s, const char *const *args);
/* Start with a socket path of the caller's and standard error to a file:
 * without waiting. */
pid_t gucemu_spawn(const char *const *argv, const char *log);
/* Exit status as a shell has it. */
int process_wait(pid_t pid);
void server_stop(struct server_process *s);
/* Number of descriptors it has open. */
unsigned server_fds(const struct server_process *s);
/* How often it has gone to sleep, and its processor time in clock ticks. */
unsigned long server_sleeps(const struct server_process *s);
unsigned long server_ticks(const struct server_process *s);
/* Number of lines in its log with this text. */
unsigned server_log_lines(const struct server_process *s, const char *text);

void client_connect(struct raw_client *c, const char *socket);
void client_end(struct raw_client *c);
/* All bytes, with descriptors at the first one; false when the peer closed. */
bool client_bytes(struct raw_client *c, const void *bytes, size_t len, const int *fds,
		  unsigned n);
bool client_put(struct raw_client *c, const struct frame *f, const int *fds);
/* The next frame, or false at the end of the connection. Its text and data live
 * until the next call. */
bool client_get(struct raw_client *c, struct frame *f);
/* The next frame of a type; others are passed over. */
bool client_await(struct raw_client *c, gucemu_FrameType type, struct frame *f);
/* Read until the connection ends; the last STATUS with seq 0, or 0. */
int client_drained(struct raw_client *c);

/* Connect and say HELLO: the status of WELCOME (0) or of the refusal. */
int client_hello(struct raw_client *c, const char *socket, enum frame_role role,
		 unsigned function, uint32_t features);
/* Send with a fresh seq and wait for the answer with that seq; its status. */
int client_call(struct raw_client *c, struct frame *f, const int *fds, struct frame *answer);
/* A verb line: status; the JSON text in *json (terminated, until the next call). */
int client_verb(struct raw_client *c, const char *line, const char **json);

int client_write32(struct raw_client *c, uint64_t off, uint32_t value);
int client_read32(struct raw_client *c, uint64_t off, uint32_t *value);
/* A mailbox exchange of the VF with a main GT's GuC: the reply's header. */
uint32_t client_mailbox(struct raw_client *c, const uint32_t *dw, unsigned n, uint32_t *reply);
/* A sealed memfd. */
int sealed_memfd(size_t bytes, bool seal);

#endif
