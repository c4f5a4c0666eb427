/* SPDX-License-Identifier: MIT */
/* A control connection on a test's own loop, so that VFs of the same process go
 * on while a verb runs; images are kept in memory. And processes with pipes. */
#ifndef GUCEMU_TESTS_CONTROL_FIXTURE_H
#define GUCEMU_TESTS_CONTROL_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/stream.h"

struct control {
	struct wire *wire;
	uint8_t *image; /* of the last save */
	size_t image_len;
	bool replied;   /* to a restore */
	int status;
	char reply[4096];
};

void control_open(struct control *c, uv_loop_t *loop, const char *socket);
void control_close(struct control *c);
/* A verb line; its status, its JSON text in c->reply. */
int control_verb(struct control *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int control_save(struct control *c, unsigned vf);
int control_restore(struct control *c, unsigned vf);

/* Start a program with its standard input and output at these descriptors (-1:
 * /dev/null). It dies with us. */
pid_t program_start(const char *const *argv, int in, int out);

#endif
