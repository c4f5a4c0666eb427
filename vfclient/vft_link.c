/* SPDX-License-Identifier: MIT */
/* A link's life: HELLO and WELCOME, frames that come, freeze and thaw, loss,
 * waiting. See vft_link.h. */
#include "vft_link_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO_MS 5000u
#define ERRNO_MAX 4095 /* of Linux */

/* --- sending ------------------------------------------------------------------------ */

static int hold(struct vft_link *l, const struct frame *f)
{
	struct vft_held *h;

	if (l->held_bytes + f->data_len > VFT_HELD_MAX)
		return -ENOBUFS;
	h = malloc(sizeof(*h) + f->data_len);
	if (!h)
		return -ENOMEM;
	h->next = NULL;
	h->frame = *f;
	h->frame.data = h->data;
	if (f->data_len > 0)
		memcpy(h->data, f->data, f->data_len);
	*l->held_end = h;
	l->held_end = &h->next;
	l->held_bytes += f->data_len;
	return 0;
}

static void held_drop(struct vft_link *l)
{
	while (l->held) {
		struct vft_held *h = l->held;

		l->held = h->next;
		free(h);
	}
	l->held_end = &l->held;
	l->held_bytes = 0;
}

/* A machine that is stopping writes no registers any more, though it still waits
 * for answers. Nothing overtakes what waits: a mailbox read before the request
 * that it is about would show the answer to another one. */
bool vft_link_holds(const struct vft_link *l, const struct frame *f)
{
	return l->phase == VFT_FROZEN ||
	       (l->phase == VFT_FREEZING && (l->held || f->type == gucemu_FrameType_MMIO_WRITE));
}

int vft_link_send(struct vft_link *l, const struct frame *f)
{
	int err;

	if (l->phase == VFT_LOST || !l->wire)
		return l->err ? l->err : -ENOTCONN;
	err = vft_link_holds(l, f) ? hold(l, f) : wire_send(l->wire, f, NULL);
	if (err == -ENOBUFS || err == -ENOMEM)
		/* A lost write can't be made good. */
		vft_link_lose(l, err, "the emulator does not read: too much waits to be sent");
	return err;
}

/* --- loss and end ------------------------------------------------------------------ */

void vft_link_lose(struct vft_link *l, int err, const char *text)
{
	if (l->phase == VFT_LOST || l->closing)
		return;
	l->phase = VFT_LOST;
	l->err = err;
	snprintf(l->text, sizeof(l->text), "%s", text);
	uv_timer_stop(&l->hello);
	if (l->wire)
		wire_close(l->wire, 0, NULL);
	l->wire = NULL;
	held_drop(l);
	l->depth++;
	vft_link_end_requests(l);
	if (!l->closing && l->ops.lost)
		l->ops.lost(l->user, l->err, l->text);
	l->depth--;
}

static void on_wire_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct vft_link *l = user;

	(void)w;
	l->wire = NULL;
	if (l->said != 0) /* the emulator said why */
		vft_link_lose(l, l->said, l->words);
	else if (err != 0)
		vft_link_lose(l, err, reason);
	else
		vft_link_lose(l, -ECONNRESET, "the emulator closed the connection");
}

static void link_free(struct vft_link *l)
{
	vft_link_unmap(l);
	free(l);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct vft_link *l = handle->data;

	if (--l->handles == 0 && l->waiting == 0)
		link_free(l);
}

void vft_link_close(struct vft_link *l)
{
	if (l->closing)
		return;
	if (l->phase == VFT_OPEN)
		vft_link_flush(l);
	l->closing = true;
	vft_link_end_requests(l);
	if (l->wire)
		wire_close(l->wire, 0, NULL);
	l->wire = NULL;
	held_drop(l);
	uv_close((uv_handle_t *)&l->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&l->hello, on_handle_closed);
	uv_close((uv_handle_t *)&l->limit, on_handle_closed);
}

/* --- freeze ------------------------------------------------------------------------ */

uint64_t vft_link_now(const struct vft_link *l)
{
	bool stands = l->phase == VFT_FREEZING || l->phase == VFT_FROZEN;

	return (stands ? l->frozen_at : uv_hrtime()) - l->frozen_for;
}

/* Nothing of ours is under way any more: say so. */
static void frozen(struct vft_link *l)
{
	struct frame f = { .type = gucemu_FrameType_FROZEN, .seq = l->freeze_seq };

	int err;

	if (l->phase != VFT_FREEZING || l->outstanding > 0 || !l->wire)
		return;
	err = wire_send(l->wire, &f, NULL);
	if (err != 0) {
		vft_link_lose(l, err, "the emulator does not read: too much waits to be sent");
		return;
	}
	l->phase = VFT_FROZEN;
	(void)wire_flush(l->wire);
}

static void freeze(struct vft_link *l, uint32_t seq)
{
	l->freeze_seq = seq;
	if (l->phase == VFT_OPEN) {
		l->frozen_at = uv_hrtime();
		vft_link_flush(l);
		l->phase = VFT_FREEZING;
		if (l->ops.freeze)
			l->ops.freeze(l->user, true);
	} else if (l->phase == VFT_FROZEN) {
		l->phase = VFT_FREEZING; /* asked again: answer again */
	}
	frozen(l);
}

static void thaw(struct vft_link *l)
{
	struct vft_held *h = l->held;

	if (l->phase != VFT_FREEZING && l->phase != VFT_FROZEN)
		return;
	l->frozen_for += uv_hrtime() - l->frozen_at;
	l->phase = VFT_OPEN;
	l->held = NULL;
	l->held_end = &l->held;
	l->held_bytes = 0;
	vft_link_requests_go(l);
	while (h) {
		struct vft_held *next = h->next;

		(void)vft_link_send(l, &h->frame);
		free(h);
		h = next;
	}
	vft_link_bells_again(l);
	if (l->ops.freeze && !l->closing)
		l->ops.freeze(l->user, false);
}

/* --- frames that come -------------------------------------------------------------- */

static void copy_text(char *to, size_t cap, const struct frame *f)
{
	size_t n = f->text_len < cap ? f->text_len : cap - 1;

	if (n > 0)
		memcpy(to, f->text, n);
	to[n] = '\0';
}

static void welcome(struct vft_link *l, const struct frame *f)
{
	l->card = (struct vft_card){
		.function = f->function,
		.gts = f->gt,
		.tiles = f->size > 0 ? f->size : 1,
		.ggtt_size = f->addr,
		.features = f->flags,
		.devid = (uint16_t)f->code,
		.revid = (uint8_t)(f->code >> 16),
	};
	copy_text(l->card.name, sizeof(l->card.name), f);
	if (f->value != FRAME_PROTOCOL) {
		vft_link_lose(l, -EPROTO, "the emulator speaks another protocol version");
		return;
	}
	uv_timer_stop(&l->hello);
	l->phase = VFT_OPEN;
	if (l->ops.opened)
		l->ops.opened(l->user, &l->card);
}

static void status(struct vft_link *l, const struct frame *f)
{
	if (f->status > 0 || f->status < -ERRNO_MAX) {
		vft_link_lose(l, -EPROTO, "a status of the emulator is no error number");
		return;
	}
	if (f->status < 0) {
		l->said = f->status;
		copy_text(l->words, sizeof(l->words), f);
		if (l->words[0] == '\0')
			snprintf(l->words, sizeof(l->words), "%s", strerror(-f->status));
	}
	if (l->phase == VFT_GREETING) {
		/* HELLO refused; the emulator closes. */
		if (l->said == 0)
			vft_link_lose(l, -EPROTO, "the emulator answered HELLO with no WELCOME");
		else
			vft_link_lose(l, l->said, l->words);
		return;
	}
	if (f->seq != 0 && !vft_link_answer(l, f)) {
		vft_link_lose(l, -EPROTO, "the emulator answered what was not asked");
		return;
	}
	if (f->status < 0 && !l->closing && l->ops.refused)
		l->ops.refused(l->user, f->status, l->words);
}

static void interrupt(struct vft_link *l, const struct frame *f)
{
	struct vft_irq irq = {
		.gt = f->gt,
		.code = f->code,
		.source = (uint32_t)f->value,
		.vector = f->size,
	};

	if (l->ops.irq)
		l->ops.irq(l->user, &irq);
}

static void dispatch(struct vft_link *l, const struct frame *f)
{
	bool greeted = l->phase != VFT_GREETING;

	if (f->type == gucemu_FrameType_STATUS)
		status(l, f);
	else if (f->type == gucemu_FrameType_WELCOME && !greeted)
		welcome(l, f);
	else if ((f->type == gucemu_FrameType_MMIO_DATA || f->type == gucemu_FrameType_MEM_DATA) &&
		 greeted && vft_link_answer(l, f))
		l->said = 0; /* an old complaint does not explain a later end */
	else if (f->type == gucemu_FrameType_INTERRUPT && greeted)
		interrupt(l, f);
	else if (f->type == gucemu_FrameType_FREEZE && greeted)
		freeze(l, f->seq);
	else if (f->type == gucemu_FrameType_THAW && greeted)
		thaw(l);
	else
		vft_link_lose(l, -EPROTO, "unexpected frame from the emulator");
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct vft_link *l = user;

	(void)w;
	(void)fds;
	l->depth++;
	dispatch(l, f);
	if (!l->closing)
		frozen(l);
	l->depth--;
	return WIRE_NEXT;
}

/* --- opening ----------------------------------------------------------------------- */

static void on_prepare(uv_prepare_t *prepare)
{
	struct vft_link *l = prepare->data;

	if (l->batch_n > 0)
		vft_link_flush(l);
}

static void on_hello_late(uv_timer_t *timer)
{
	vft_link_lose(timer->data, -ETIMEDOUT, "the emulator does not answer HELLO");
}

static int greet(struct vft_link *l, const struct vft_link_options *o)
{
	struct frame f = {
		.type = gucemu_FrameType_HELLO,
		.seq = wire_seq(l->wire),
		.value = FRAME_PROTOCOL,
		.code = FRAME_ROLE_FUNCTION,
		.function = o->function,
		.flags = FRAME_FEATURE_FREEZE | FRAME_FEATURE_BELL,
		.text = o->name,
		.text_len = o->name ? strlen(o->name) : 0,
	};

	return wire_send(l->wire, &f, NULL);
}

int vft_link_open(struct vft_link **out, uv_loop_t *loop, const struct vft_link_options *options,
		  char *err, size_t cap)
{
	static const struct wire_ops wire_ops = { .frame = on_frame, .closed = on_wire_closed };
	static const struct vft_link_ops none = { .opened = NULL };
	struct vft_link *l = calloc(1, sizeof(*l));
	int r;

	*out = NULL;
	if (!l) {
		snprintf(err, cap, "no memory");
		return -ENOMEM;
	}
	l->loop = loop;
	l->ops = options->ops ? *options->ops : none;
	l->user = options->user;
	l->held_end = &l->held;
	r = wire_connect(&l->wire, loop, options->socket, &wire_ops, l, err, cap);
	if (r != 0) {
		free(l);
		return r;
	}
	/* These three can't fail (libuv 1.40 and later on Linux). */
	(void)uv_prepare_init(loop, &l->prepare);
	(void)uv_timer_init(loop, &l->hello);
	(void)uv_timer_init(loop, &l->limit);
	l->prepare.data = l->hello.data = l->limit.data = l;
	l->handles = 3;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_unref((uv_handle_t *)&l->prepare);
	uv_timer_start(&l->hello, on_hello_late, HELLO_MS, 0);
	r = greet(l, options);
	if (r != 0) {
		snprintf(err, cap, "can't greet the emulator: %s", strerror(-r));
		vft_link_close(l);
		return r;
	}
	*out = l;
	return 0;
}

/* --- looking in, waiting ----------------------------------------------------------- */

const struct vft_card *vft_link_card(const struct vft_link *l)
{
	return l->card.gts > 0 ? &l->card : NULL;
}

int vft_link_error(const struct vft_link *l, const char **text)
{
	if (text)
		*text = l->err ? l->text : NULL;
	return l->err;
}

bool vft_link_frozen(const struct vft_link *l)
{
	return l->phase == VFT_FREEZING || l->phase == VFT_FROZEN;
}

bool vft_link_busy(const struct vft_link *l)
{
	struct wire_stats stats;

	if (!l->wire)
		return false;
	wire_stats(l->wire, &stats);
	return stats.queued > WIRE_OUT_HIGH / 2;
}

uv_loop_t *vft_link_loop(const struct vft_link *l)
{
	return l->loop;
}

static void on_limit(uv_timer_t *timer)
{
	struct vft_link *l = timer->data;

	l->late = true;
}

int vft_link_wait(struct vft_link *l, bool (*done)(void *user), void *user, unsigned timeout_ms)
{
	int err = 0;

	if (l->depth > 0 || l->waiting > 0)
		return -EDEADLK;
	l->waiting++;
	l->late = false;
	wire_limit_start(&l->limit, on_limit, timeout_ms);
	while (!done(user)) {
		err = l->closing ? -ENOTCONN : l->err;
		if (err == 0 && l->late)
			err = -ETIMEDOUT;
		if (err != 0)
			break;
		uv_run(l->loop, UV_RUN_ONCE);
	}
	uv_timer_stop(&l->limit);
	l->waiting--;
	if (l->closing && l->handles == 0)
		link_free(l);
	return err;
}
