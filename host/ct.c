/* SPDX-License-Identifier: MIT */
/* Setting up a CTB pair and sending H2G: room, wrap, fences, credits
 * (guc-abi 3.2 to 3.7). Receiving is in ct_receive.c. */
#include "ct_priv.h"

#include <errno.h>
#include <string.h>

#include "proto/regs.h"

void host_ct_init(struct host_ct *ct, const struct host_port *port, const struct host_mem *mem,
		  unsigned tile, bool media, size_t h2g_desc, size_t h2g_buf, uint32_t h2g_bytes,
		  size_t g2h_desc, size_t g2h_buf, uint32_t g2h_bytes)
{
	memset(ct, 0, sizeof(*ct));
	ct->port = port;
	ct->mem = mem;
	ct->doorbell_off = (uint64_t)tile * REG_TILE_STRIDE +
			   (media ? REG_MED_GUC_HOST_INTERRUPT : REG_GUC_HOST_INTERRUPT);
	ct->h2g_desc = h2g_desc;
	ct->h2g_buf = h2g_buf;
	ct->h2g_size = h2g_bytes / 4;
	ct->g2h_desc = g2h_desc;
	ct->g2h_buf = g2h_buf;
	ct->g2h_size = g2h_bytes / 4;
	/* Half the ring is kept for events that nobody asked for. */
	ct->g2h_reserved = ct->g2h_size / 2;
}

/* Nobody reads just now: the next message comes with an interrupt. */
static void ct_rest(struct host_ct *ct)
{
	if (ct->g2h_bell)
		(void)bell_sleep(ct->g2h_bell, 0);
}

static void full_credit(struct host_ct *ct)
{
	ct->g2h_space = ct->g2h_size - 1 - ct->g2h_reserved;
	ct->g2h_outstanding = 0;
	ct->look_at = 0;
	ct->await_until = 0;
}

void host_ct_reset(struct host_ct *ct)
{
	memset(ct->mem->base + ct->h2g_desc, 0, CTB_DESC_BYTES);
	memset(ct->mem->base + ct->h2g_buf, 0, (size_t)ct->h2g_size * 4);
	memset(ct->mem->base + ct->g2h_desc, 0, CTB_DESC_BYTES);
	memset(ct->mem->base + ct->g2h_buf, 0, (size_t)ct->g2h_size * 4);
	ct->h2g_tail = 0;
	ct->g2h_head = 0;
	ct->h2g_space = ct->h2g_size - 1;
	full_credit(ct);
	memset(ct->pending, 0, sizeof(ct->pending));
	ct->forgiving = false;
	ct->state = HOST_CT_OFF;
}

void host_ct_enable(struct host_ct *ct)
{
	ct->state = HOST_CT_ON;
	ct_rest(ct);
}

void host_ct_stop(struct host_ct *ct)
{
	if (ct->state == HOST_CT_OFF)
		return;
	ct->state = HOST_CT_STOPPED;
	for (unsigned i = 0; i < HOST_CT_PENDING; i++)
		if (ct->under_way >> i & 1)
			ct_end_request(ct, &ct->pending[i], -ECANCELED, NULL, 0);
	ct->g2h_outstanding = 0;
	ct->look_at = 0;
	ct->await_until = 0;
}

/* Look up how far GuC has read. The cursor is GuC's word: out of range breaks
 * the channel. */
static int refresh_space(struct host_ct *ct)
{
	uint32_t head = host_load_acquire(ct->mem, ct->h2g_desc + CTB_DESC_HEAD);

	if (head >= ct->h2g_size) {
		ct_break(ct, ct->h2g_desc, CTB_STATUS_OVERFLOW);
		return -EPIPE;
	}
	ct->h2g_space = ctb_space(head, ct->h2g_tail, ct->h2g_size);
	return 0;
}

void host_ct_restart(struct host_ct *ct, bool reset_credits)
{
	if (!ct->keep_h2g)
		memset(ct->mem->base + ct->h2g_buf, 0, (size_t)ct->h2g_size * 4);
	ct->state = HOST_CT_ON;
	ct_rest(ct);
	if (!reset_credits)
		return;
	ct->forgiving = true;
	full_credit(ct);
	refresh_space(ct);
}

static int make_room(struct host_ct *ct, uint32_t total)
{
	if (ct->h2g_space >= total)
		return 0;
	if (refresh_space(ct))
		return -EPIPE;
	return ct->h2g_space >= total ? 0 : -EBUSY;
}

static void set_tail(struct host_ct *ct, uint32_t tail)
{
	ct->h2g_tail = tail;
	host_store_release(ct->mem, ct->h2g_desc + CTB_DESC_TAIL, tail);
}

/* Messages never straddle the end: fill it with no-ops and begin anew. */
static int wrap(struct host_ct *ct, uint32_t total)
{
	uint32_t pad = ct->h2g_size - ct->h2g_tail;

	if (total <= pad)
		return 0;
	for (uint32_t i = ct->h2g_tail; i < ct->h2g_size; i++)
		host_put32(ct->mem, ct->h2g_buf + (size_t)i * 4, 0);
	ct->h2g_space -= pad;
	set_tail(ct, 0);
	return make_room(ct, total);
}

static uint16_t new_fence(struct host_ct *ct)
{
	for (;;) {
		uint16_t fence = ct->next_fence;

		ct->next_fence = (uint16_t)((fence + 1u) & ~CT_FENCE_UNTRACKED);
		if (!ct_find(ct, fence))
			return fence;
	}
}

/* Write one message whose header is complete. */
int ct_write(struct host_ct *ct, uint32_t fence, const uint32_t *dw, uint32_t len)
{
	uint32_t total = len + 1;
	size_t at;
	int err = make_room(ct, total);

	if (!err)
		err = wrap(ct, total);
	if (err)
		return err;
	at = ct->h2g_buf + (size_t)ct->h2g_tail * 4;
	host_put32(ct->mem, at, ct_header(fence, len));
	for (uint32_t i = 0; i < len; i++)
		host_put32(ct->mem, at + 4 + (size_t)i * 4, dw[i]);
	ct->h2g_space -= total;
	set_tail(ct, ctb_advance(ct->h2g_tail, total, ct->h2g_size));
	if (!ct->h2g_bell || bell_announce(ct->h2g_bell))
		ct->port->write32(ct->port->user, ct->doorbell_off, 0);
	ct->sent++;
	return 0;
}

/* Send, for the first time or again, the request of this slot. */
int ct_send_request(struct host_ct *ct, struct host_ct_request *r, uint64_t now)
{
	uint16_t fence;
	int err;

	if (ct->g2h_space <= CT_REQUEST_CREDIT)
		return -EBUSY;
	fence = new_fence(ct);
	err = ct_write(ct, fence, r->dw, r->len);
	if (err)
		return err;
	ct->under_way |= 1ull << (r - ct->pending);
	r->fence = fence;
	r->resend_at = 0;
	r->deadline = now + HOST_CT_TIMEOUT;
	ct->g2h_space -= CT_REQUEST_CREDIT;
	ct->g2h_outstanding++;
	ct_expect(ct, now);
	return 0;
}

static int start_request(struct host_ct *ct, const uint32_t *dw, uint32_t len, uint64_t tag,
			 uint64_t now)
{
	struct host_ct_request *r;

	if (ct->under_way == UINT64_MAX)
		return -EBUSY;
	r = &ct->pending[__builtin_ctzll(~ct->under_way)];
	memcpy(r->dw, dw, len * sizeof(*dw));
	r->len = len;
	r->tag = tag;
	r->retries = 0;
	return ct_send_request(ct, r, now);
}

int ct_state_error(const struct host_ct *ct)
{
	switch (ct->state) {
	case HOST_CT_OFF:
		return -ENODEV;
	case HOST_CT_STOPPED:
		return -ECANCELED;
	case HOST_CT_BROKEN:
		return -EPIPE;
	case HOST_CT_ON:
		break;
	}
	return 0;
}

int host_ct_send(struct host_ct *ct, enum hxg_type type, const uint32_t *dw, uint32_t len,
		 uint64_t tag, uint32_t g2h, uint32_t events, uint64_t now)
{
	uint32_t copy[CTB_HXG_MAX_DWORDS];
	int err;

	err = ct_state_error(ct);
	if (err)
		return err;
	if (len == 0 || len > CTB_HXG_MAX_DWORDS || len + 2 > ct->h2g_size)
		return -EMSGSIZE;
	memcpy(copy, dw, len * sizeof(*dw));
	copy[0] = hxg_header(HXG_ORIGIN_HOST, type, dw[0]);
	if (type == HXG_REQUEST)
		return start_request(ct, copy, len, tag, now);
	if (g2h && ct->g2h_space <= g2h)
		return -EBUSY;
	err = ct_write(ct, new_fence(ct) | CT_FENCE_UNTRACKED, copy, len);
	if (err)
		return err;
	ct->g2h_space -= g2h;
	ct->g2h_outstanding += events;
	if (events)
		ct_expect(ct, now);
	return 0;
}
