/* SPDX-License-Identifier: MIT */
/* The listening Unix socket: where it may lie, who may connect. */
#ifndef GUCEMU_WIRE_LISTEN_H
#define GUCEMU_WIRE_LISTEN_H

#include <stddef.h>
#include <sys/types.h>

struct listen_socket {
	int fd;
	dev_t dev; /* of the socket's inode: only ours is removed at the end */
	ino_t ino;
	char path[108];
};

/* Bind and listen at `path`, mode 0600. Its directory must exist and must not
 * be writable by others unless sticky. A socket nobody listens at is replaced.
 * err[0..cap) says what is wrong: -ENOENT, -ENOTDIR, -EACCES, -EPERM (open
 * directory), -EADDRINUSE (somebody listens), -EEXIST (not a socket),
 * -ENAMETOOLONG. */
int listen_open(struct listen_socket *l, const char *path, char *err, size_t cap);
/* Close, and remove the path if it still is our socket. */
void listen_close(struct listen_socket *l);

/* Accept one: non-blocking, close-on-exec descriptor, or -EAGAIN, -EPERM when
 * the peer is another user (neither ours nor root; *uid says who, the socket
 * is closed), or another -errno. */
int listen_accept(struct listen_socket *l, uid_t *uid, pid_t *pid);

#endif
