/* SPDX-License-Identifier: MIT */
/* Connecting to an emulator's socket, with errors that say what to do. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_SECONDS 5

static const char *connect_hint(int err)
{
	switch (err) {
	case ENOENT:
		return "there is no such socket: is the emulator running?";
	case ECONNREFUSED:
		return "nobody listens there: a stale socket, start the emulator again";
	case EACCES:
		return "no permission: the emulator belongs to another user";
	case EAGAIN:
	case ETIMEDOUT:
		return "the emulator does not accept connections";
	case EPROTOTYPE:
	case ENOTSOCK:
		return "that is not a socket of an emulator";
	}
	return strerror(err);
}

static int connect_fd(const char *path, int flags)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = CONNECT_SECONDS };
	struct timeval forever = { .tv_sec = 0 };
	struct stat st;
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	/* connect() waits while the backlog is full; SO_SNDTIMEO limits that. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
		return fd;
	}
	err = -errno;
	close(fd);
	/* The kernel says the same of a path that is no socket at all. */
	if (err == -ECONNREFUSED && stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	return err;
}

static int connect_wire(struct wire **out, uv_loop_t *loop, const char *path, int flags,
			const struct wire_ops *ops, void *user, char *err, size_t cap)
{
	int fd = connect_fd(path, flags);

	*out = NULL;
	if (fd < 0) {
		snprintf(err, cap, "can't connect to %s: %s", path, connect_hint(-fd));
		return fd;
	}
	*out = wire_open(loop, fd, ops, user);
	if (!*out) {
		snprintf(err, cap, "can't connect to %s: no memory", path);
		return -ENOMEM;
	}
	return 0;
}

int wire_connect(struct wire **out, uv_loop_t *loop, const char *path,
		 const struct wire_ops *ops, void *user, char *err, size_t cap)
{
	return connect_wire(out, loop, path, 0, ops, user, err, cap);
}

int wire_connect_now(struct wire **out, uv_loop_t *loop, const char *path,
		     const struct wire_ops *ops, void *user, char *err, size_t cap)
{
	return connect_wire(out, loop, path, SOCK_NONBLOCK, ops, user, err, cap);
}
