/* SPDX-License-Identifier: MIT */
/* What vft.c (stepping, events) and vft_sync.c (waiting calls) share. */
#ifndef GUCEMU_VFT_PRIV_H
#define GUCEMU_VFT_PRIV_H

#include "proto/relay.h"
#include "vft.h"
#include "vft_alarm.h"

/* Steps of one driver in a turn: others in the loop want their turn too. */
#define VFT_STEPS 64u

struct vft_result {
	uint32_t job;
	int err;
};

/* An operation or relay request that a waiting call waits for. */
struct vft_wait {
	uint64_t tag;
	bool done;
	int err;
	uint32_t *answer;
	uint32_t cap, len;
};

struct vft {
	struct vft_link *link;
	struct vft_options opt;
	struct host_port port;
	struct host_mem mem;
	void *storage;
	struct vfc *vfc;
	unsigned gts;
	uv_prepare_t prepare;
	uv_idle_t idle;      /* active while the driver has more to do at once */
	struct vft_alarm alarm;
	unsigned handles;
	bool closing, opened, lost;
	bool told;           /* events came in this turn */
	bool stopping;       /* in on_stop: frozen, and the driver is used once more */
	unsigned depth;      /* calls of the driver that run */
	int err;             /* why the connection was lost or the driver is dead */
	char why[192];
	uint64_t next_tag;
	struct vft_wait *wait;
	struct vft_result result[VFC_MAX_GTS][VFC_MAX_QUEUES][VFT_RESULTS];
};

/* 0 when the driver may be called now. */
int vft_ready(const struct vft *t);

#endif
