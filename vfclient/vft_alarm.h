/* SPDX-License-Identifier: MIT */
/* An alarm with nanoseconds on a libuv loop. libuv's timers count whole
 * milliseconds; a mailbox is polled after 10 us (guc-abi 2.2). */
#ifndef GUCEMU_VFT_ALARM_H
#define GUCEMU_VFT_ALARM_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef void (*vft_alarm_fn)(void *user);

struct vft_alarm {
	uv_poll_t poll;
	int fd;
	uint64_t due; /* what it is set to, UINT64_MAX = off */
	vft_alarm_fn fn;
	void *user;
};

int vft_alarm_init(struct vft_alarm *a, uv_loop_t *loop, vft_alarm_fn fn, void *user);
/* Call fn in `delay` ns (at least one turn of the loop later). `due` names the
 * moment: setting the same one again costs nothing. */
void vft_alarm_set(struct vft_alarm *a, uint64_t due, uint64_t delay);
void vft_alarm_off(struct vft_alarm *a);
/* `closed` is called when the memory may go. */
void vft_alarm_close(struct vft_alarm *a, uv_close_cb closed);

#endif
