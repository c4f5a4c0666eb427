/* SPDX-License-Identifier: MIT */
/* A function's link against a fake end, for tests: what it told is in `t`. */
#ifndef GUCEMU_TESTS_VFT_LINK_FIXTURE_H
#define GUCEMU_TESTS_VFT_LINK_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "tests/unit/fake_server.h"
#include "vfclient/vft_link.h"

struct link_fixture {
	uv_loop_t loop;
	struct fake_server server;
	struct vft_link *link;
	bool opened, lost;
	int err;
	char text[256];
	unsigned irqs, freezes, thaws, refused, reads;
	struct vft_irq irq;
	bool last_words; /* write and read when it is frozen */
	uint32_t words[512];
	unsigned words_n;
	int last_refused;
};
extern struct link_fixture t;
extern const struct vft_link_ops link_ops;

/* Turns of the loop until `condition`; a test that hangs is ended by Check. */
#define UNTIL(condition)                                                       \
	while (!(condition))                                                   \
	uv_run(&t.loop, UV_RUN_ONCE)

/* Fixtures: the fake end alone; with the link open. */
void link_setup(void);
void link_setup_open(void);
void link_teardown(void);
/* Open the link: it is open or lost then. */
void link_open(void);
/* For vft_link_read(): what was read is in t. */
void link_words(void *user, uint32_t cookie, const void *words, unsigned n);

#endif
