/* SPDX-License-Identifier: MIT */
/* The host's side of the MMIO mailbox: one request at a time for each GT,
 * written, rung, polled, with the retries and time limits of the Linux driver
 * (guc-abi 2.2, 2.3). A pure state machine: events in, register accesses out. */
#ifndef GUCEMU_HOST_MAILBOX_H
#define GUCEMU_HOST_MAILBOX_H

#include <stdbool.h>

#include "port.h"
#include "proto/regs.h"

/* Time limits, ns (guc-abi 2.2, 2.3). */
#define HOST_MBOX_TIMEOUT   50000000ull
#define HOST_MBOX_BUSY      2000000000ull
#define HOST_MBOX_LOST_WAIT 256000000ull
#define HOST_MBOX_LOST_MAX  3u /* sends */

enum host_mbox_phase {
	HOST_MBOX_IDLE,
	HOST_MBOX_POLL,  /* a read of register 0 is due at `next` */
	HOST_MBOX_READ,  /* a read is under way */
	HOST_MBOX_CHECK, /* register 0 is in `value` */
	HOST_MBOX_TAIL,  /* registers 1..3 are being read */
	HOST_MBOX_SLEEP, /* before a resend, until `next` */
	HOST_MBOX_DONE,  /* result is there */
};

struct host_mailbox {
	const struct host_port *port;
	uint64_t flag_off;     /* byte offset of register 0, tile included */
	uint64_t doorbell_off;
	uint32_t cookie;       /* of its reads */
	enum host_mbox_phase phase;
	uint32_t request[MAILBOX_DWORDS];
	uint32_t request_len;
	uint32_t reply[MAILBOX_DWORDS]; /* after SUCCESS: header and dw1..3 */
	int result;            /* when DONE: 0 or -errno */
	uint16_t error, hint;  /* of a RESPONSE_FAILURE */
	uint64_t next, limit;
	uint64_t sleep;        /* next poll or retry pause */
	bool busy;             /* BUSY was seen */
	uint32_t lost, retries;
	uint32_t value;        /* of the last read */
	bool last;             /* that read began when the time was up */
	uint32_t stale;        /* reads of a cancelled request, unanswered */
};

/* Bind to GT `media` of tile `tile`; reads carry `cookie`. */
void host_mailbox_init(struct host_mailbox *m, const struct host_port *port, unsigned tile,
		       bool media, uint32_t cookie);

/* Start a request of 1..4 dwords at time `now`. 0, -EBUSY while one runs,
 * -EINVAL for a bad length. */
int host_mailbox_start(struct host_mailbox *m, const uint32_t *dw, uint32_t len, uint64_t now);

/* The answer to a read with this machine's cookie. */
void host_mailbox_read_done(struct host_mailbox *m, const void *words, unsigned n);

/* Go on at `now`. Returns true when the result is (already) there. */
bool host_mailbox_step(struct host_mailbox *m, uint64_t now);

/* When host_mailbox_step() has something to do; UINT64_MAX while idle, done or
 * waiting for a read. */
uint64_t host_mailbox_deadline(const struct host_mailbox *m);

/* Take the result and become idle: DATA0 of the SUCCESS in *data0 (may be
 * NULL), reply dwords stay in m->reply. Errors as the Linux driver maps them:
 * -EREMCHG (0x107), -ENXIO (other failure), -ETIMEDOUT, -ENOLINK (register
 * cleared three times), -EPROTO (unexpected type). -EAGAIN: not done yet. */
int host_mailbox_take(struct host_mailbox *m, uint32_t *data0);

/* Forget a request under way (the function was reset). */
void host_mailbox_cancel(struct host_mailbox *m);

#endif
