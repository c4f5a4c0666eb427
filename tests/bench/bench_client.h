/* SPDX-License-Identifier: MIT */
/* The simplest client of the socket protocol, blocking, for benches that measure
 * the server: a few connections, each closed with the program. All of it ends the
 * program when something goes wrong. */
#ifndef GUCEMU_TESTS_BENCH_CLIENT_H
#define GUCEMU_TESTS_BENCH_CLIENT_H

#include "proto/frame.h"

__attribute__((noreturn)) void bench_die(const char *what);
/* Connect; waits 5 s for the socket to be there. */
int bench_connect(const char *path);
void bench_send(int fd, const void *buf, size_t len);
/* Encode and send a frame. */
void bench_post(int fd, const struct frame *f);
/* The same with a descriptor. */
void bench_post_fd(int fd, const struct frame *f, int passed);
/* Next frame of a type from the server; interrupts and the like are passed over. */
void bench_await(int fd, gucemu_FrameType type, struct frame *f);

#endif
