/* SPDX-License-Identifier: MIT */
/* One MMIO request and the way to its answer, as the Linux driver goes it
 * (guc-abi 2.2, 2.3). The driver's posting read before the doorbell is left
 * out: the port keeps writes in order. */
#include "mailbox.h"

#include <errno.h>
#include <string.h>

#include "proto/errors.h"
#include "proto/hxg.h"

#define POLL_FIRST 10000ull      /* ns, doubles */
#define RETRY_FIRST 1000000ull   /* ns, doubles */
#define RETRY_LAST 256000000ull

/* Both bits are set in SUCCESS and FAILURE only. */
#define DEFINITIVE BITS(30, 29)

void host_mailbox_init(struct host_mailbox *m, const struct host_port *port, unsigned tile,
		       bool media, uint32_t cookie)
{
	uint64_t base = (uint64_t)tile * REG_TILE_STRIDE;

	memset(m, 0, sizeof(*m));
	m->port = port;
	m->flag_off = base + (media ? REG_MED_VF_SW_FLAG(0) : REG_VF_SW_FLAG(0));
	m->doorbell_off = base + (media ? REG_MED_GUC_HOST_INTERRUPT : REG_GUC_HOST_INTERRUPT);
	m->cookie = cookie;
}

/* Write the request and ring. The header goes first; GuC looks only when the
 * doorbell is rung. */
static void ring(struct host_mailbox *m, uint64_t now)
{
	for (uint32_t i = 0; i < m->request_len; i++)
		m->port->write32(m->port->user, m->flag_off + 4 * i, m->request[i]);
	m->port->write32(m->port->user, m->doorbell_off, 0);
	m->phase = HOST_MBOX_POLL;
	m->busy = false;
	m->sleep = POLL_FIRST;
	m->next = now;
	m->limit = now + HOST_MBOX_TIMEOUT;
}

int host_mailbox_start(struct host_mailbox *m, const uint32_t *dw, uint32_t len, uint64_t now)
{
	if (len == 0 || len > MAILBOX_DWORDS)
		return -EINVAL;
	if (m->phase != HOST_MBOX_IDLE)
		return -EBUSY;
	memcpy(m->request, dw, len * sizeof(*dw));
	m->request_len = len;
	memset(m->reply, 0, sizeof(m->reply));
	m->result = 0;
	m->error = 0;
	m->hint = 0;
	m->lost = 0;
	m->retries = 0;
	ring(m, now);
	return 0;
}

static void finish(struct host_mailbox *m, int result)
{
	m->result = result;
	m->phase = HOST_MBOX_DONE;
}

static void resend_after(struct host_mailbox *m, uint64_t now, uint64_t pause)
{
	m->phase = HOST_MBOX_SLEEP;
	m->next = now + pause;
}

void host_mailbox_read_done(struct host_mailbox *m, const void *words, unsigned n)
{
	if (m->stale) {
		m->stale--;
		return;
	}
	if (m->phase == HOST_MBOX_READ && n >= 1) {
		memcpy(&m->value, words, sizeof(m->value));
		m->phase = HOST_MBOX_CHECK;
	} else if (m->phase == HOST_MBOX_TAIL && n >= MAILBOX_DWORDS - 1) {
		memcpy(m->reply + 1, words, (MAILBOX_DWORDS - 1) * sizeof(m->reply[0]));
		finish(m, 0);
	}
}

static void poll_again(struct host_mailbox *m, uint64_t now)
{
	m->phase = HOST_MBOX_POLL;
	m->next = now + m->sleep < m->limit ? now + m->sleep : m->limit;
	m->sleep *= 2;
}

/* The time is up and register 0 holds no answer. */
static void timed_out(struct host_mailbox *m, uint64_t now)
{
	if (m->busy) {
		bool still = hxg_origin(m->value) == HXG_ORIGIN_GUC &&
			     hxg_type(m->value) == HXG_BUSY;

		finish(m, still ? -ETIMEDOUT : -EPROTO);
	} else if (m->value == 0) {
		/* A function reset cleared it: the request is lost. */
		m->lost++;
		if (m->lost >= HOST_MBOX_LOST_MAX)
			finish(m, -ENOLINK);
		else
			resend_after(m, now, HOST_MBOX_LOST_WAIT);
	} else {
		finish(m, -ETIMEDOUT);
	}
}

static void retry(struct host_mailbox *m, uint64_t now)
{
	uint64_t pause = RETRY_FIRST << (m->retries < 8 ? m->retries : 8);

	if (m->retries < UINT32_MAX)
		m->retries++;
	resend_after(m, now, pause < RETRY_LAST ? pause : RETRY_LAST);
}

/* Register 0 shows an answer of GuC. */
static void answered(struct host_mailbox *m, uint64_t now)
{
	m->reply[0] = m->value;
	switch (hxg_type(m->value)) {
	case HXG_BUSY:
		m->busy = true;
		m->sleep = POLL_FIRST;
		m->limit = now + HOST_MBOX_BUSY;
		poll_again(m, now);
		return;
	case HXG_RETRY:
		retry(m, now);
		return;
	case HXG_FAILURE:
		m->error = (uint16_t)field_get(HXG_ERROR, m->value);
		m->hint = (uint16_t)field_get(HXG_HINT, m->value);
		finish(m, m->error == GUC_ERR_VF_MIGRATED ? -EREMCHG : -ENXIO);
		return;
	case HXG_SUCCESS:
		m->phase = HOST_MBOX_TAIL;
		m->port->read(m->port->user, m->flag_off + 4, 4, MAILBOX_DWORDS - 1, m->cookie);
		return;
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
	case HXG_TYPE_UNASSIGNED:
		break;
	}
	finish(m, -EPROTO);
}

static void check(struct host_mailbox *m, uint64_t now)
{
	bool from_guc = hxg_origin(m->value) == HXG_ORIGIN_GUC;

	if (m->busy) {
		if ((m->value & DEFINITIVE) == DEFINITIVE) {
			if (from_guc)
				answered(m, now);
			else
				finish(m, -EPROTO);
			return;
		}
	} else if (from_guc) {
		answered(m, now);
		return;
	}
	if (m->last)
		timed_out(m, now);
	else
		poll_again(m, now);
}

bool host_mailbox_step(struct host_mailbox *m, uint64_t now)
{
	/* A port that answers reads at once lets one call do several moves. */
	for (;;) {
		switch (m->phase) {
		case HOST_MBOX_IDLE:
		case HOST_MBOX_READ:
		case HOST_MBOX_TAIL:
			return false;
		case HOST_MBOX_DONE:
			return true;
		case HOST_MBOX_POLL:
			if (now < m->next)
				return false;
			m->last = now >= m->limit;
			m->phase = HOST_MBOX_READ;
			m->port->read(m->port->user, m->flag_off, 4, 1, m->cookie);
			break;
		case HOST_MBOX_CHECK:
			check(m, now);
			break;
		case HOST_MBOX_SLEEP:
			if (now < m->next)
				return false;
			ring(m, now);
			break;
		}
	}
}

uint64_t host_mailbox_deadline(const struct host_mailbox *m)
{
	switch (m->phase) {
	case HOST_MBOX_POLL:
	case HOST_MBOX_SLEEP:
		return m->next;
	case HOST_MBOX_CHECK:
		return 0;
	case HOST_MBOX_IDLE:
	case HOST_MBOX_READ:
	case HOST_MBOX_TAIL:
	case HOST_MBOX_DONE:
		break;
	}
	return UINT64_MAX;
}

int host_mailbox_take(struct host_mailbox *m, uint32_t *data0)
{
	if (m->phase != HOST_MBOX_DONE)
		return -EAGAIN;
	m->phase = HOST_MBOX_IDLE;
	if (data0)
		*data0 = m->result ? 0 : field_get(HXG_SUCCESS_DATA0, m->reply[0]);
	return m->result;
}

void host_mailbox_cancel(struct host_mailbox *m)
{
	if (m->phase == HOST_MBOX_READ || m->phase == HOST_MBOX_TAIL)
		m->stale++;
	m->phase = HOST_MBOX_IDLE;
}
