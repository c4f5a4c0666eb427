/* SPDX-License-Identifier: MIT */
/* A timerfd on a libuv loop. See vft_alarm.h. */
#include "vft_alarm.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS 1000000000ull

static void on_expired(uv_poll_t *poll, int status, int events)
{
	struct vft_alarm *a = poll->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(a->fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return; /* set anew in the same turn */
	a->due = UINT64_MAX;
	a->fn(a->user);
}

int vft_alarm_init(struct vft_alarm *a, uv_loop_t *loop, vft_alarm_fn fn, void *user)
{
	int err;

	*a = (struct vft_alarm){ .due = UINT64_MAX, .fn = fn, .user = user };
	a->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (a->fd < 0)
		return -errno;
	err = uv_poll_init(loop, &a->poll, a->fd);
	if (err != 0) {
		close(a->fd);
		return err;
	}
	a->poll.data = a;
	uv_poll_start(&a->poll, UV_READABLE, on_expired);
	/* An alarm alone keeps no loop alive: its owner's connection does. */
	uv_unref((uv_handle_t *)&a->poll);
	return 0;
}

static void arm(struct vft_alarm *a, uint64_t delay)
{
	struct itimerspec t = {
		.it_value = { .tv_sec = (time_t)(delay / NS), .tv_nsec = (long)(delay % NS) },
	};

	(void)timerfd_settime(a->fd, 0, &t, NULL);
}

void vft_alarm_set(struct vft_alarm *a, uint64_t due, uint64_t delay)
{
	if (a->due == due)
		return;
	a->due = due;
	arm(a, delay > 0 ? delay : 1); /* zero would switch it off */
}

void vft_alarm_off(struct vft_alarm *a)
{
	if (a->due == UINT64_MAX)
		return;
	a->due = UINT64_MAX;
	arm(a, 0);
}

void vft_alarm_close(struct vft_alarm *a, uv_close_cb closed)
{
	uv_poll_stop(&a->poll);
	uv_close((uv_handle_t *)&a->poll, closed);
	close(a->fd);
	a->fd = -1;
}
