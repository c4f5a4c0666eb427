/* SPDX-License-Identifier: MIT */
/* A VF on a link: the driver is stepped before the loop sleeps, so every call
 * of it made in this turn is followed by its work. See vft.h. */
#include "proto/platform.h"
#include "vft_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the driver's port -------------------------------------------------------------- */

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct vft *t = user;

	vft_link_write32(t->link, off, value);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct vft *t = user;

	vft_link_write64(t->link, off, values, n);
}

static void on_read(void *user, uint32_t cookie, const void *words, unsigned n)
{
	struct vft *t = user;

	/* Without words the link is lost, and the driver is about to be told. */
	if (words && t->vfc && !t->closing)
		vfc_read_done(t->vfc, cookie, words, n);
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct vft *t = user;

	(void)vft_link_read(t->link, off, size, n, on_read, t, cookie);
}

static void on_lmem(void *user, uint32_t cookie, int err, const void *data, size_t len)
{
	struct vft *t = user;

	if (t->vfc && !t->closing)
		vfc_lmem_done(t->vfc, cookie, err, data, len);
}

static void port_lmem(void *user, const struct host_lmem *what, uint32_t cookie)
{
	struct vft *t = user;
	int err = vft_link_lmem(t->link, what, on_lmem, t, cookie);

	if (err != 0)
		on_lmem(t, cookie, err, NULL, 0);
}

/* --- the driver's events ----------------------------------------------------------- */

static void note_wedged(struct vft *t)
{
	struct vfc_info info;

	if (t->err != 0)
		return;
	vfc_info(t->vfc, 0, &info);
	t->err = info.wedged_err ? info.wedged_err : -EIO;
	snprintf(t->why, sizeof(t->why), "the driver is wedged");
}

static void note_answer(struct vft *t, const struct vfc_event *e)
{
	struct vft_wait *w = t->wait;

	if (!w || w->done || w->tag != e->tag)
		return;
	w->done = true;
	w->err = e->err;
	if (e->kind != VFC_EV_RELAY || e->err != 0)
		return;
	w->len = e->len < w->cap ? e->len : w->cap;
	if (w->len > 0)
		memcpy(w->answer, e->dw, w->len * sizeof(*e->dw));
}

static void on_event(void *user, const struct vfc_event *e)
{
	struct vft *t = user;

	t->told = true;
	switch (e->kind) {
	case VFC_EV_JOB:
		if (e->gt < VFC_MAX_GTS && e->queue < VFC_MAX_QUEUES)
			t->result[e->gt][e->queue][e->job % VFT_RESULTS] =
				(struct vft_result){ e->job, e->err };
		break;
	case VFC_EV_OP:
	case VFC_EV_KEEP:
	case VFC_EV_RELAY:
		note_answer(t, e);
		break;
	case VFC_EV_STATE:
		if (e->state == VFC_STATE_WEDGED)
			note_wedged(t);
		break;
	case VFC_EV_LOG:
	case VFC_EV_STEP:
	case VFC_EV_QUEUE:
	case VFC_EV_BASE:
		break;
	}
	if (t->opt.driver.on_event && !t->closing)
		t->opt.driver.on_event(t->opt.driver.user, e);
}

static enum vfc_hook_result on_hook(void *user, struct vfc *v, unsigned gt,
				    enum vfc_step_id step, int *err)
{
	struct vft *t = user;

	if (!t->opt.driver.hook || t->closing)
		return VFC_HOOK_RUN;
	return t->opt.driver.hook(t->opt.driver.user, v, gt, step, err);
}

/* --- stepping ---------------------------------------------------------------------- */

/* The connection is gone: the driver's waiters end, then the owner hears it. */
static void tell_lost(struct vft *t)
{
	const char *text;

	t->lost = false;
	t->err = vft_link_error(t->link, &text);
	snprintf(t->why, sizeof(t->why), "%s", text ? text : "");
	vft_alarm_off(&t->alarm);
	uv_idle_stop(&t->idle);
	t->depth++;
	if (t->vfc) {
		vfc_wedge(t->vfc, t->err);
		/* What is left to be said; nothing reaches the emulator. */
		for (unsigned i = 0; i < VFT_STEPS && !t->closing; i++)
			if (!vfc_step(t->vfc, vft_link_now(t->link)))
				break;
	}
	t->depth--;
	if (t->opt.on_lost && !t->closing)
		t->opt.on_lost(t->opt.user, t, t->err, t->why);
}

static void leave(struct vft *t)
{
	if (--t->depth == 0 && t->lost && !t->closing)
		tell_lost(t);
}

static void on_idle(uv_idle_t *idle)
{
	/* Only keeps the loop from sleeping: on_prepare() does the work. */
	(void)idle;
}

static void on_alarm(void *user)
{
	(void)user; /* the same */
}

static void rest(struct vft *t, bool more)
{
	uint64_t due, now;

	/* A full queue wakes the loop when it has gone. After an event the loop
	 * must not sleep either: who runs it turn by turn waits for just that. */
	if ((more && !vft_link_busy(t->link)) || t->told) {
		t->told = false;
		vft_alarm_off(&t->alarm);
		uv_idle_start(&t->idle, on_idle);
		return;
	}
	uv_idle_stop(&t->idle);
	due = vfc_next_deadline(t->vfc);
	now = vft_link_now(t->link);
	if (due == UINT64_MAX)
		vft_alarm_off(&t->alarm);
	else
		vft_alarm_set(&t->alarm, due, due > now ? due - now : 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct vft *t = prepare->data;
	bool more = true;

	if (!t->vfc || t->closing || vft_link_frozen(t->link) ||
	    vft_link_error(t->link, NULL) != 0)
		return;
	t->depth++;
	for (unsigned i = 0; i < VFT_STEPS && more && !t->closing; i++)
		more = !vft_link_busy(t->link) && vfc_step(t->vfc, vft_link_now(t->link));
	leave(t);
	if (t->closing || vft_link_error(t->link, NULL) != 0)
		return;
	vft_link_flush(t->link);
	rest(t, more);
}

/* --- the link's callbacks ---------------------------------------------------------- */

static void on_link_lost(void *user, int err, const char *text)
{
	struct vft *t = user;

	(void)err;
	(void)text;
	if (t->depth > 0)
		t->lost = true; /* the driver must not be wedged under its own feet */
	else
		tell_lost(t);
}

static void on_link_irq(void *user, const struct vft_irq *irq)
{
	struct vft *t = user;

	(void)irq;
	if (t->vfc)
		vfc_irq(t->vfc);
}

/* What the driver writes now lies in its memory when it is stopped; the link
 * keeps its register writes back. */
static void last_words(struct vft *t)
{
	bool more = true;

	if (!t->vfc || !t->opt.on_stop)
		return;
	t->depth++;
	t->stopping = true;
	t->opt.on_stop(t->opt.user, t);
	for (unsigned i = 0; i < VFT_STEPS && more && !t->closing; i++)
		more = vfc_step(t->vfc, vft_link_now(t->link));
	t->stopping = false;
	leave(t);
	vft_link_flush(t->link);
}

static void on_link_freeze(void *user, bool frozen)
{
	struct vft *t = user;

	if (frozen) {
		last_words(t);
		vft_alarm_off(&t->alarm);
		uv_idle_stop(&t->idle);
	}
	if (t->opt.on_freeze)
		t->opt.on_freeze(t->opt.user, t, frozen);
}

static void on_link_refused(void *user, int err, const char *text)
{
	struct vft *t = user;

	if (t->opt.on_refused)
		t->opt.on_refused(t->opt.user, t, err, text);
}

/* What a driver knows of its device by the PCI id. */
static void take_platform(struct vft *t, const struct platform *p, struct vfc_options *o)
{
	if (!p)
		return;
	o->discrete = p->lmem_size != 0;
	o->ccs_ratio = p->ccs_ratio;
	o->ccs &= platform_has_ccs_contexts(p);
	o->irq_registers = !p->memirq;
	if (!p->memirq)
		o->min_minor = 1; /* as xe for platforms without GMD_ID */
	o->lmem = (struct host_lmem_port){ t, port_lmem };
}

static int lay_out(struct vft *t, const struct vft_card *card)
{
	struct vfc_options o = t->opt.driver;
	size_t bytes;
	int err;

	if (o.gts == 0) {
		unsigned per_tile = card->gts / card->tiles;

		o.gts = (uint8_t)(per_tile < VFC_MAX_GTS ? per_tile : VFC_MAX_GTS);
	}
	if (o.gts > card->gts / card->tiles)
		return -EINVAL;
	take_platform(t, platform_of(card->devid), &o);
	bytes = vfc_mem_size(o.gts, t->opt.queues, t->opt.width) + t->opt.extra;
	bytes = (bytes + 4095) & ~(size_t)4095;
	err = vft_link_share(t->link, bytes, t->opt.dma, &t->mem);
	if (err != 0)
		return err;
	/* Bells stand for a byte in memory: registers have to be asked. */
	err = o.irq_registers ? 0 : vft_link_bells(t->link, &o.bells);
	if (err != 0 && err != -ENOSYS)
		return err;
	t->storage = calloc(1, vfc_size());
	if (!t->storage)
		return -ENOMEM;
	o.on_event = on_event;
	o.hook = on_hook;
	o.user = t;
	t->vfc = vfc_init(t->storage, vfc_size(), &o, &t->port, &t->mem);
	if (!t->vfc)
		return -EINVAL;
	t->gts = o.gts;
	return 0;
}

static void on_link_opened(void *user, const struct vft_card *card)
{
	struct vft *t = user;
	int err = lay_out(t, card);

	if (err == 0) {
		t->opened = true;
		if (t->opt.on_open)
			t->opt.on_open(t->opt.user, t, card);
		return;
	}
	t->err = err;
	snprintf(t->why, sizeof(t->why), "can't set up the driver: %s",
		 err == -EINVAL ? "more GTs than the card has, or another option out of range"
				: strerror(-err));
	if (t->opt.on_lost)
		t->opt.on_lost(t->opt.user, t, t->err, t->why);
}

/* --- life -------------------------------------------------------------------------- */

void vft_options_default(struct vft_options *options)
{
	*options = (struct vft_options){
		.function = 1,
		.queues = 16,
		.width = 2,
		.extra = 1u << 20,
		.dma = VFT_DMA,
	};
	vfc_options_default(&options->driver);
	options->driver.gts = 0;
}

static void vft_free(struct vft *t)
{
	free(t->storage);
	free(t);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct vft *t = handle->data;

	if (--t->handles == 0)
		vft_free(t);
}

static void on_alarm_closed(uv_handle_t *handle)
{
	struct vft_alarm *a = handle->data;
	struct vft *t = a->user;

	if (--t->handles == 0)
		vft_free(t);
}

int vft_open(struct vft **out, uv_loop_t *loop, const struct vft_options *options, char *err,
	     size_t cap)
{
	static const struct vft_link_ops ops = {
		.opened = on_link_opened,
		.lost = on_link_lost,
		.irq = on_link_irq,
		.freeze = on_link_freeze,
		.refused = on_link_refused,
	};
	struct vft *t = calloc(1, sizeof(*t));
	struct vft_link_options link = {
		.socket = options->socket,
		.function = options->function,
		.name = options->name,
		.ops = &ops,
		.user = t,
	};
	int r;

	*out = NULL;
	if (!t) {
		snprintf(err, cap, "no memory");
		return -ENOMEM;
	}
	t->opt = *options;
	t->port = (struct host_port){ t, port_write32, port_write64, port_read };
	t->next_tag = VFT_TAG_SYNC;
	r = vft_alarm_init(&t->alarm, loop, on_alarm, t);
	if (r != 0) {
		snprintf(err, cap, "no timer: %s", strerror(-r));
		free(t);
		return r;
	}
	(void)uv_prepare_init(loop, &t->prepare);
	(void)uv_idle_init(loop, &t->idle);
	t->prepare.data = t->idle.data = t;
	t->handles = 3;
	r = vft_link_open(&t->link, loop, &link, err, cap);
	if (r != 0) {
		vft_close(t);
		return r;
	}
	uv_prepare_start(&t->prepare, on_prepare);
	uv_unref((uv_handle_t *)&t->prepare);
	*out = t;
	return 0;
}

void vft_close(struct vft *t)
{
	if (t->closing)
		return;
	t->closing = true;
	uv_close((uv_handle_t *)&t->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&t->idle, on_handle_closed);
	vft_alarm_close(&t->alarm, on_alarm_closed);
	if (t->link)
		vft_link_close(t->link);
}

/* --- looking in -------------------------------------------------------------------- */

struct vfc *vft_driver(struct vft *t)
{
	return t->vfc;
}

struct vft_link *vft_link(struct vft *t)
{
	return t->link;
}

int vft_error(const struct vft *t, const char **text)
{
	if (text)
		*text = t->err ? t->why : NULL;
	return t->err;
}

bool vft_frozen(const struct vft *t)
{
	return vft_link_frozen(t->link);
}

uint64_t vft_now(const struct vft *t)
{
	return vft_link_now(t->link);
}

unsigned vft_gts(const struct vft *t)
{
	return t->gts;
}

/* --- asynchronous calls ------------------------------------------------------------ */

int vft_ready(const struct vft *t)
{
	int err = vft_link_error(t->link, NULL);

	if (err != 0)
		return err;
	if (!t->opened || t->closing)
		return t->err ? t->err : -ENOTCONN;
	return vft_link_frozen(t->link) && !t->stopping ? -EAGAIN : 0;
}

/* Call the driver, unless it may not be called. */
#define CALL(t, call)                                                          \
	({                                                                     \
		int r_ = vft_ready(t);                                         \
		if (r_ == 0) {                                                 \
			(t)->depth++;                                          \
			r_ = (call);                                           \
			leave(t);                                              \
		}                                                              \
		r_;                                                            \
	})

int vft_boot(struct vft *t, uint64_t tag)
{
	return CALL(t, vfc_boot(t->vfc, tag));
}

int vft_shutdown(struct vft *t, uint64_t tag)
{
	return CALL(t, vfc_shutdown(t->vfc, tag));
}

/* The number may have been another queue's. */
static int made(struct vft *t, unsigned gt, int id)
{
	if (id >= 0 && gt < VFC_MAX_GTS && (unsigned)id < VFC_MAX_QUEUES)
		memset(t->result[gt][id], 0, sizeof(t->result[gt][id]));
	return id;
}

int vft_queue_create(struct vft *t, unsigned gt, enum guc_engine_class engine_class,
		     unsigned width)
{
	return made(t, gt, CALL(t, vfc_queue_create(t->vfc, gt, engine_class, width)));
}

int vft_group_create(struct vft *t, unsigned gt, enum guc_engine_class engine_class)
{
	return made(t, gt, CALL(t, vfc_group_create(t->vfc, gt, engine_class)));
}

int vft_group_add(struct vft *t, unsigned gt, uint32_t primary)
{
	return made(t, gt, CALL(t, vfc_group_add(t->vfc, gt, primary)));
}

int vft_queue_destroy(struct vft *t, unsigned gt, uint32_t queue)
{
	return CALL(t, vfc_queue_destroy(t->vfc, gt, queue));
}

int vft_job_submit(struct vft *t, unsigned gt, uint32_t queue, const struct vfc_job *job)
{
	return CALL(t, vfc_job_submit(t->vfc, gt, queue, job));
}

int vft_job_release(struct vft *t, unsigned gt, uint32_t queue, uint32_t job)
{
	return CALL(t, vfc_job_release(t->vfc, gt, queue, job));
}

int vft_keep_write(struct vft *t, uint32_t seed, uint64_t tag)
{
	return CALL(t, vfc_keep_write(t->vfc, seed, tag));
}

int vft_keep_check(struct vft *t, uint64_t tag)
{
	return CALL(t, vfc_keep_check(t->vfc, tag));
}

int vft_relay(struct vft *t, unsigned gt, const uint32_t *dw, uint32_t len, uint64_t tag)
{
	return CALL(t, vfc_relay(t->vfc, gt, dw, len, tag));
}
