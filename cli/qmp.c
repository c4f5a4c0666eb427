/* SPDX-License-Identifier: MIT */
/* QMP. See qmp.h. Events that come between are skipped; a line longer than the buffer,
 * or one that is no object, ends the conversation. */
#include "cli/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/text.h"
#include "view/json.h"

#define LINE_MAX_BYTES 65536u

struct qmp {
	int fd;
	unsigned timeout_ms;
	size_t len;
	char line[LINE_MAX_BYTES];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* 0 when there is something to do on the socket before `end`. */
static int await(const struct qmp *q, short events, uint64_t end)
{
	struct pollfd p = { .fd = q->fd, .events = events };

	for (;;) {
		uint64_t now = now_ms();
		int r = now >= end ? 0 : poll(&p, 1, (int)(end - now));

		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* The next object that the monitor says, to be put; or NULL and *status. */
static struct json_object *hear(struct qmp *q, uint64_t end, int *status)
{
	for (;;) {
		char *newline = memchr(q->line, '\n', q->len);
		ssize_t n;

		if (newline) {
			size_t used = (size_t)(newline - q->line) + 1;
			struct json_object *o = json_read(q->line, used - 1);

			memmove(q->line, q->line + used, q->len - used);
			q->len -= used;
			*status = o ? 0 : -EPROTO;
			return o;
		}
		*status = q->len == sizeof(q->line) ? -EPROTO : await(q, POLLIN, end);
		if (*status != 0)
			return NULL;
		n = recv(q->fd, q->line + q->len, sizeof(q->line) - q->len, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		*status = n == 0 ? -EPIPE : n < 0 ? -errno : 0;
		if (n <= 0)
			return NULL;
		q->len += (size_t)n;
	}
}

static int say(struct qmp *q, const char *text, uint64_t end)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		ssize_t n = send(q->fd, text + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		int err;

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
		err = n < 0 ? await(q, POLLOUT, end) : 0;
		if (err != 0)
			return err;
	}
	return 0;
}

static void complain(char *err, size_t cap, int status)
{
	snprintf(err, cap, "QEMU's monitor: %s",
		 status == -ETIMEDOUT ? "no answer in time (it serves one at a time)" :
		 status == -EPIPE     ? "it went away" :
		 status == -EPROTO    ? "it does not speak QMP" :
					strerror(-status));
}

/* A command without arguments: 0 and *result, to be put, or -errno and words. */
static int command(struct qmp *q, const char *name, struct json_object **result, char *err,
		   size_t cap)
{
	uint64_t end = now_ms() + q->timeout_ms;
	struct json_object *o, *member;
	char text[64], words[160];
	int status;

	snprintf(text, sizeof(text), "{\"execute\":\"%s\"}\n", name);
	status = say(q, text, end);
	while (status == 0 && (o = hear(q, end, &status))) {
		if (json_object_object_get_ex(o, "return", &member)) {
			*result = json_object_get(member);
			json_object_put(o);
			return 0;
		}
		if (json_object_object_get_ex(o, "error", &member)) {
			const char *desc = json_get_str(member, "desc", "refused");

			text_copy_plain(words, sizeof(words), desc, strlen(desc));
			snprintf(err, cap, "QEMU's monitor: %s: %s", name, words);
			json_object_put(o);
			return -EIO;
		}
		json_object_put(o);
	}
	complain(err, cap, status);
	return status;
}

static int run(struct qmp *q, const char *name, char *err, size_t cap)
{
	struct json_object *result = NULL;
	int status = command(q, name, &result, err, cap);

	json_object_put(result);
	return status;
}

int qmp_open(struct qmp **out, const char *path, unsigned timeout_ms, char *err, size_t cap)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct json_object *o = NULL;
	struct qmp *q;
	int status = 0;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(err, cap, "QEMU's monitor: the path is too long");
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	q = calloc(1, sizeof(*q));
	if (!q) {
		complain(err, cap, -ENOMEM);
		return -ENOMEM;
	}
	q->timeout_ms = timeout_ms;
	q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (q->fd < 0 || connect(q->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		status = -errno;
	if (status == 0)
		o = hear(q, now_ms() + timeout_ms, &status);
	if (o && !json_object_object_get_ex(o, "QMP", NULL))
		status = -EPROTO;
	json_object_put(o);
	if (status != 0)
		complain(err, cap, status);
	else
		status = run(q, "qmp_capabilities", err, cap);
	if (status != 0) {
		qmp_close(q);
		return status;
	}
	*out = q;
	return 0;
}

void qmp_close(struct qmp *q)
{
	if (!q)
		return;
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

int qmp_stop(struct qmp *q, bool *ran, char *err, size_t cap)
{
	struct json_object *result = NULL;
	int status = command(q, "query-status", &result, err, cap);

	*ran = status == 0 && json_get_bool(result, "running", false);
	json_object_put(result);
	return status == 0 ? run(q, "stop", err, cap) : status;
}

int qmp_cont(struct qmp *q, char *err, size_t cap)
{
	return run(q, "cont", err, cap);
}
