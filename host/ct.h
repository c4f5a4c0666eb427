/* SPDX-License-Identifier: MIT */
/* The host's side of a CTB pair: writer of H2G, reader of G2H, fences with
 * their time limits, credits (guc-abi 3.3 to 3.8). The rings lie in the
 * driver's own memory. Shared by the VF and the PF driver. Pure: the caller
 * says what time it is and rings the doorbell through the port. */
#ifndef GUCEMU_HOST_CT_H
#define GUCEMU_HOST_CT_H

#include <stdbool.h>

#include "port.h"
#include "proto/bell.h"
#include "proto/ctb.h"
#include "proto/hxg.h"

#define HOST_CT_PENDING    64u            /* REQUESTs under way */
#define HOST_CT_TIMEOUT    1000000000ull  /* of a reply, restarted by BUSY */
#define HOST_CT_RETRY_MAX  50u            /* NO_RESPONSE_RETRY answers */
#define HOST_CT_RETRY_STEP 5000000ull     /* k-th retry after k * 5 ms */
#define HOST_CT_LOOK       240000000ull   /* of silence, then the ring is read unasked */

enum host_ct_state { HOST_CT_OFF, HOST_CT_STOPPED, HOST_CT_ON, HOST_CT_BROKEN };

/* Called when a REQUEST ended: dw[0..len) is the whole HXG reply and err 0 on
 * SUCCESS; else err: -EIO failure (dw holds it), -ETIME, -ELOOP, -ECANCELED
 * (stopped), with dw NULL. `tag` is the caller's. */
typedef void (*host_ct_reply_fn)(void *user, uint64_t tag, int err, const uint32_t *dw,
				 uint32_t len);
/* Called for each G2H EVENT; dw[0] is the header. 0, or -errno which is only
 * counted. */
typedef int (*host_ct_event_fn)(void *user, const uint32_t *dw, uint32_t len);

struct host_ct_request {
	uint16_t fence;
	uint8_t retries;
	uint64_t tag;
	uint64_t deadline;
	uint64_t resend_at; /* 0, or when a RETRY is due */
	uint32_t len;
	uint32_t dw[CTB_HXG_MAX_DWORDS];
};

struct host_ct {
	const struct host_port *port;
	const struct host_mem *mem;
	uint64_t doorbell_off;
	size_t h2g_desc, h2g_buf, g2h_desc, g2h_buf; /* offsets in mem */
	uint32_t h2g_size, g2h_size;                 /* dwords */
	uint32_t h2g_tail, g2h_head;                 /* own cursors */
	uint32_t h2g_space;                          /* cached */
	uint32_t g2h_space, g2h_reserved;            /* credits */
	uint32_t g2h_outstanding;
	/* While something is to come: silent since, next read without an interrupt (0:
	 * none); until when something without a credit is to come. */
	uint64_t silent_since, look_at, await_until;
	enum host_ct_state state;
	bool forgiving; /* credits were reset: an event too many is no fault */
	bool keep_h2g;  /* tests: a restart leaves the H2G buffer as it is */
	/* Set behind host_ct_init(): doorbells are rung, and interrupts come, only
	 * for who sleeps. NULL: always. */
	struct bell *h2g_bell, *g2h_bell;
	uint16_t next_fence;
	uint64_t under_way; /* a bit for each of pending[] that is used: few are */
	struct host_ct_request pending[HOST_CT_PENDING];
	host_ct_reply_fn on_reply;
	host_ct_event_fn on_event;
	void *user;
	/* Counters that tests and the recovery look at. */
	uint32_t sent, received, orphans, bad_events, fast_failures;
};

/* Place a pair: H2G and G2H objects (descriptor and buffer each) at these
 * offsets of `mem`; sizes in bytes, powers of two. State OFF. */
void host_ct_init(struct host_ct *ct, const struct host_port *port, const struct host_mem *mem,
		  unsigned tile, bool media, size_t h2g_desc, size_t h2g_buf, uint32_t h2g_bytes,
		  size_t g2h_desc, size_t g2h_buf, uint32_t g2h_bytes);

/* Zero descriptors and buffers, full credit (before registration). */
void host_ct_reset(struct host_ct *ct);
/* CONTROL_CTB was answered: ON. */
void host_ct_enable(struct host_ct *ct);
/* Refuse sends with -ECANCELED and end every request under way with it. */
void host_ct_stop(struct host_ct *ct);
/* Without registration, after a recovery: blank the H2G buffer, keep head and
 * tail, ON. `reset_credits` gives back credits of discarded messages (a 7.2
 * driver leaks them); an answer of before that still comes does no harm then. */
void host_ct_restart(struct host_ct *ct, bool reset_credits);

/* Send dw[0..len): the header's ORIGIN and TYPE are set here. REQUEST: `tag`
 * comes back through on_reply. FAST_REQUEST and EVENT: `g2h` is the credit, in
 * dwords, of the events it will cause, over `events` messages.
 * 0; -ENODEV off; -ECANCELED stopped; -EPIPE broken; -EBUSY no room, no credit
 * or no free request slot: try again after more was received; -EMSGSIZE. */
int host_ct_send(struct host_ct *ct, enum hxg_type type, const uint32_t *dw, uint32_t len,
		 uint64_t tag, uint32_t g2h, uint32_t events, uint64_t now);

/* Read up to `budget` (not 0) G2H messages, calling on_reply and on_event. Number
 * of messages read, -EPIPE broken, -ENODEV off. With a bell the next interrupt
 * comes only after it returned less than `budget`. */
int host_ct_receive(struct host_ct *ct, unsigned budget, uint64_t now);

/* An event that nobody reserves room for (VF_STATE_NOTIFY, RELAY_FROM_PF) is to
 * come until `until`: look for it too. For replies and events with credit
 * host_ct_send() does it. */
void host_ct_await(struct host_ct *ct, uint64_t now, uint64_t until);

/* Time limits and retries. An interrupt may be lost, what it tells of is in the
 * ring all the same: while something is to come the ring is read after
 * HOST_CT_LOOK without a message, again when the silence is twice as long, and
 * so on (before a wait of a second ends, at 960 ms); and when a request's time
 * is up. */
void host_ct_tick(struct host_ct *ct, uint64_t now);
/* When the next tick is due (ns), UINT64_MAX: none is. */
uint64_t host_ct_deadline(const struct host_ct *ct);

#endif
