/* SPDX-License-Identifier: MIT */
/* Mailbox requests over a link: host/mailbox.h stepped in each turn of the
 * loop. See vft_mailbox.h. */
#include "vft_mailbox.h"

#include "vft_alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vft_mailbox {
	struct vft_link *link;
	struct host_port port;
	struct host_mailbox box;
	struct vft_alarm alarm;
	uv_prepare_t prepare;
	unsigned handles;
	bool closing, lost;
	unsigned reads; /* under way: the link holds a pointer to us */
	vft_mailbox_fn fn;
	void *user;
};

static void mailbox_free(struct vft_mailbox *m)
{
	if (m->closing && m->handles == 0 && m->reads == 0)
		free(m);
}

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct vft_mailbox *m = user;

	vft_link_write32(m->link, off, value);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct vft_mailbox *m = user;

	vft_link_write64(m->link, off, values, n);
}

static void on_read(void *user, uint32_t cookie, const void *words, unsigned n)
{
	struct vft_mailbox *m = user;

	(void)cookie;
	m->reads--;
	if (m->closing) {
		mailbox_free(m);
		return;
	}
	if (words)
		host_mailbox_read_done(&m->box, words, n);
	else
		m->lost = true;
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct vft_mailbox *m = user;

	if (vft_link_read(m->link, off, size, n, on_read, m, cookie) == 0)
		m->reads++;
	else
		m->lost = true;
}

static void mailbox_end(struct vft_mailbox *m, int err)
{
	vft_mailbox_fn fn = m->fn;

	m->fn = NULL;
	/* Another turn at once: who runs the loop turn by turn waits for this. */
	vft_alarm_set(&m->alarm, 0, 0);
	fn(m->user, err, err == 0 ? m->box.reply : NULL);
}

static void mailbox_run(struct vft_mailbox *m)
{
	uint64_t now, due;

	if (!m->fn || m->closing || vft_link_frozen(m->link))
		return;
	now = vft_link_now(m->link);
	if (m->lost || vft_link_error(m->link, NULL) != 0) {
		host_mailbox_cancel(&m->box);
		mailbox_end(m, -ECONNRESET);
		return;
	}
	if (host_mailbox_step(&m->box, now)) {
		mailbox_end(m, host_mailbox_take(&m->box, NULL));
		return;
	}
	vft_link_flush(m->link);
	due = host_mailbox_deadline(&m->box);
	if (due == UINT64_MAX)
		vft_alarm_off(&m->alarm);
	else
		vft_alarm_set(&m->alarm, due, due > now ? due - now : 0);
}

static void on_alarm(void *user)
{
	/* The turn's prepare does the work. */
	(void)user;
}

static void on_prepare(uv_prepare_t *prepare)
{
	mailbox_run(prepare->data);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct vft_mailbox *m = handle->data;

	m->handles--;
	mailbox_free(m);
}

int vft_mailbox_open(struct vft_mailbox **out, struct vft_link *l, bool media)
{
	struct vft_mailbox *m = calloc(1, sizeof(*m));
	int err;

	*out = NULL;
	if (!m)
		return -ENOMEM;
	m->link = l;
	m->port = (struct host_port){ m, port_write32, port_write64, port_read };
	host_mailbox_init(&m->box, &m->port, 0, media, 0);
	err = vft_alarm_init(&m->alarm, vft_link_loop(l), on_alarm, m);
	if (err != 0) {
		free(m);
		return err;
	}
	(void)uv_prepare_init(vft_link_loop(l), &m->prepare);
	m->alarm.poll.data = &m->alarm;
	m->prepare.data = m;
	m->handles = 2;
	uv_prepare_start(&m->prepare, on_prepare);
	uv_unref((uv_handle_t *)&m->prepare);
	*out = m;
	return 0;
}

static void on_alarm_closed(uv_handle_t *handle)
{
	struct vft_alarm *a = handle->data;
	struct vft_mailbox *m = a->user;

	m->handles--;
	mailbox_free(m);
}

void vft_mailbox_close(struct vft_mailbox *m)
{
	if (m->closing)
		return;
	m->closing = true;
	vft_alarm_close(&m->alarm, on_alarm_closed);
	uv_close((uv_handle_t *)&m->prepare, on_handle_closed);
}

int vft_mailbox_request(struct vft_mailbox *m, const uint32_t *dw, uint32_t len,
			vft_mailbox_fn fn, void *user)
{
	int err = vft_link_error(m->link, NULL);

	if (err != 0 || m->closing)
		return err ? err : -ENOTCONN;
	if (m->fn)
		return -EBUSY;
	err = host_mailbox_start(&m->box, dw, len, vft_link_now(m->link));
	if (err != 0)
		return err;
	m->fn = fn;
	m->user = user;
	return 0;
}

struct mailbox_wait {
	bool done;
	int err;
	uint32_t reply[MAILBOX_DWORDS];
};

static void waited(void *user, int err, const uint32_t *dw)
{
	struct mailbox_wait *w = user;

	w->done = true;
	w->err = err;
	if (dw)
		memcpy(w->reply, dw, sizeof(w->reply));
}

static bool is_done(void *user)
{
	const struct mailbox_wait *w = user;

	return w->done;
}

int vft_mailbox_request_sync(struct vft_mailbox *m, const uint32_t *dw, uint32_t len,
			     uint32_t *reply, unsigned timeout_ms)
{
	struct mailbox_wait wait = { .done = false };
	int err = vft_mailbox_request(m, dw, len, waited, &wait);

	if (err != 0)
		return err;
	err = vft_link_wait(m->link, is_done, &wait, timeout_ms);
	if (err != 0 && !wait.done) {
		m->fn = NULL;
		host_mailbox_cancel(&m->box);
		return err;
	}
	if (wait.err == 0 && reply)
		memcpy(reply, wait.reply, sizeof(wait.reply));
	return wait.err;
}
