/* SPDX-License-Identifier: MIT */
/* The listening socket. See listen.h. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static int check_directory(const char *path, char *err, size_t cap)
{
	char copy[sizeof(((struct listen_socket *)0)->path)];
	struct stat st;
	const char *dir;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (stat(dir, &st) != 0) {
		int e = errno;

		snprintf(err, cap, "directory %s: %s", dir, strerror(e));
		return -e;
	}
	if (!S_ISDIR(st.st_mode)) {
		snprintf(err, cap, "%s is not a directory", dir);
		return -ENOTDIR;
	}
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
		snprintf(err, cap, "directory %s can be written by everybody", dir);
		return -EPERM;
	}
	return 0;
}

/* Is there a listener? 0 no, 1 yes, or -errno. */
static int probe(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : errno;
	close(fd);
	if (err == ECONNREFUSED || err == ENOENT)
		return 0;
	/* EAGAIN: the listener's backlog is full. */
	return err == 0 || err == EAGAIN ? 1 : -err;
}

/* Make room at the path: only a socket, and only one nobody listens at. */
static int clear_path(const struct sockaddr_un *addr, char *err, size_t cap)
{
	struct stat st;
	int used;

	if (lstat(addr->sun_path, &st) != 0) {
		int e = errno;

		if (e == ENOENT)
			return 0;
		snprintf(err, cap, "%s: %s", addr->sun_path, strerror(e));
		return -e;
	}
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, cap, "%s exists and is not a socket", addr->sun_path);
		return -EEXIST;
	}
	used = probe(addr);
	if (used > 0) {
		snprintf(err, cap, "an emulator listens at %s already", addr->sun_path);
		return -EADDRINUSE;
	}
	if (used < 0 || unlink(addr->sun_path) != 0) {
		int e = used < 0 ? -used : errno;

		snprintf(err, cap, "%s: %s", addr->sun_path, strerror(e));
		return -e;
	}
	return 0;
}

static int bind_private(int fd, const struct sockaddr_un *addr)
{
	/* The mode of the inode that bind() makes; nobody can connect between
	 * bind() and a chmod(). */
	mode_t old = umask(0177);
	int err = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : -errno;

	umask(old);
	return err;
}

int listen_open(struct listen_socket *l, const char *path, char *err, size_t cap)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int e;

	l->fd = -1;
	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(err, cap, "%s is longer than %zu bytes", path,
			 sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	memcpy(l->path, path, strlen(path) + 1);
	e = check_directory(path, err, cap);
	if (e == 0)
		e = clear_path(&addr, err, cap);
	if (e != 0)
		return e;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	e = l->fd < 0 ? -errno : bind_private(l->fd, &addr);
	if (e == 0 && (listen(l->fd, BACKLOG) != 0 || stat(path, &st) != 0))
		e = -errno;
	if (e != 0) {
		snprintf(err, cap, "can't listen at %s: %s", path, strerror(-e));
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
		return e;
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

void listen_close(struct listen_socket *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}

int listen_accept(struct listen_socket *l, uid_t *uid, pid_t *pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	*uid = peer.uid;
	*pid = peer.pid;
	if (peer.uid != geteuid() && peer.uid != 0) {
		close(fd);
		return -EPERM;
	}
	return fd;
}
