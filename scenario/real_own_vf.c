/* SPDX-License-Identifier: MIT */
/* VFs of the real world that live in the case's own process: our driver on libgucvf's
 * transport, or a machine without a driver, whose registers, memory and messages are the
 * script's. Their card is another process's, reached over its socket; a migration hands
 * the connection over. What a script does with them is in vf_driver.c, jobs.c and raw.c. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "vfclient/vft_priv.h"

#define OPEN_MS 5000u
#define CALL_MS 5000u
#define LOG_MAX 65536u
#define MEM_MAX (1u << 30)

struct own_vf {
	struct real_vf *v;
	struct vft *vft;       /* with a driver */
	struct vft_link *link; /* without; else the driver's */
	struct host_port port;
	struct host_mem mem;
	size_t want;           /* bytes of it */
	bool opened;
	int err;               /* why it was lost */
	uint32_t hold_steps, held;
	uint8_t hold_gts;
	char log[LOG_MAX];
	size_t log_len;
};

/* --- the driver ----------------------------------------------------------------------------- */

static void note_log(struct own_vf *w, const struct vfc_event *ev)
{
	size_t room = LOG_MAX - w->log_len;
	size_t n = ev->gt == VFC_DEVICE
			   ? text_fmt(w->log + w->log_len, room, "%s\n", ev->text)
			   : text_fmt(w->log + w->log_len, room, "gt%u: %s\n", ev->gt, ev->text);

	w->log_len += n < room ? n : 0;
}

static void on_vfc_event(void *user, const struct vfc_event *ev)
{
	struct own_vf *w = user;
	struct real_vf *v = w->v;
	struct script *s = v->real->s;

	if (v->real->ending)
		return;
	if (ev->kind == VFC_EV_LOG) {
		note_log(w, ev);
		v->recovered += strcmp(ev->text, "migration recovery ended") == 0;
	} else if (ev->kind == VFC_EV_JOB) {
		*(ev->err ? &v->jobs_bad : &v->jobs_ok) += 1;
	} else if (ev->kind == VFC_EV_STATE) {
		v->wedged += ev->state == VFC_STATE_WEDGED;
	}
	actors_vf_event(s, v->card, v->fn, s->world->now(s), ev);
}

static enum vfc_hook_result on_step(void *user, struct vfc *vfc, unsigned gt,
				    enum vfc_step_id step, int *err)
{
	struct own_vf *w = user;

	(void)vfc;
	(void)err;
	if (!(w->hold_steps & 1u << step))
		return VFC_HOOK_RUN;
	if (w->hold_gts && gt != VFC_DEVICE && !(w->hold_gts & 1u << gt))
		return VFC_HOOK_RUN;
	w->held |= 1u << step;
	return VFC_HOOK_HOLD;
}

static int open_driver(lua_State *L, struct own_vf *w)
{
	struct real_vf *v = w->v;
	struct vft_options o;
	char text[256] = "";

	vft_options_default(&o);
	o.socket = v->real->card[v->card].socket;
	o.function = v->fn;
	o.name = "VF of a scenario";
	o.queues = o.width = 1;
	o.extra = w->want;
	o.driver.ccs = !v->real->card[v->card].discrete;
	actors_vfc_options(L, 3, &o.driver);
	o.driver.on_event = on_vfc_event;
	o.driver.hook = on_step;
	o.driver.user = w;
	o.user = w;
	return vft_open_sync(&w->vft, &v->real->loop, &o, OPEN_MS, text, sizeof(text));
}

/* --- a machine without one ------------------------------------------------------------------ */

static void on_opened(void *user, const struct vft_card *card)
{
	struct own_vf *w = user;

	(void)card;
	w->err = vft_link_share(w->link, w->want, VFT_DMA, &w->mem);
	w->opened = true;
}

static void on_lost(void *user, int err, const char *text)
{
	struct own_vf *w = user;

	(void)text;
	w->err = err;
	w->opened = true;
}

static bool is_opened(void *user)
{
	return ((struct own_vf *)user)->opened;
}

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct own_vf *w = user;

	vft_link_write32(w->link, off, value);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct own_vf *w = user;

	vft_link_write64(w->link, off, values, n);
}

static int open_machine(struct own_vf *w)
{
	static const struct vft_link_ops ops = { .opened = on_opened, .lost = on_lost };
	struct real_vf *v = w->v;
	const struct vft_link_options o = { .socket = v->real->card[v->card].socket,
					    .function = v->fn,
					    .name = "VF of a script",
					    .ops = &ops,
					    .user = w };
	char text[256] = "";
	int err = vft_link_open(&w->link, &v->real->loop, &o, text, sizeof(text));

	/* Rings only write. */
	w->port = (struct host_port){ w, port_write32, port_write64, NULL };
	if (err == 0)
		err = vft_link_wait(w->link, is_opened, w, OPEN_MS);
	return err ? err : w->err;
}

/* --- life ----------------------------------------------------------------------------------- */

int real_own_vf(lua_State *L, struct real_vf *v, bool driver)
{
	struct own_vf *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->v = v;
	w->want = (size_t)arg_int(L, 3, "mem", 8 << 20, 1 << 16, MEM_MAX) & ~(size_t)4095;
	v->own = w;
	err = driver ? open_driver(L, w) : open_machine(w);
	if (err != 0)
		real_own_vf_end(v);
	else if (driver)
		w->link = vft_link(w->vft);
	return err;
}

void real_own_vf_end(struct real_vf *v)
{
	struct own_vf *w = v->own;

	if (!w)
		return;
	v->own = NULL;
	if (w->vft)
		vft_close(w->vft);
	else if (w->link)
		vft_link_close(w->link);
	free(w);
}

bool real_own_vf_ready(const struct real_vf *v, uint32_t *pending)
{
	const struct own_vf *w = v->own;
	bool ready = w->vft != NULL;

	*pending = 0;
	for (unsigned gt = 0; w->vft && gt < vft_gts(w->vft); gt++) {
		struct vfc_info i;

		vfc_info(vft_driver(w->vft), gt, &i);
		*pending += i.jobs_pending;
		if (i.state != VFC_STATE_READY || i.recovery_pending)
			ready = false;
	}
	return ready;
}

void real_own_vf_look(struct real_vf *v, struct script_vf *out)
{
	struct own_vf *w = v->own;

	out->vfc = w->vft ? vft_driver(w->vft) : NULL;
	out->mem = w->vft ? &w->vft->mem : &w->mem;
	out->port = &w->port;
	out->now = vft_link_now(w->link);
	out->frozen = vft_link_frozen(w->link);
	out->hold_steps = &w->hold_steps;
	out->held = &w->held;
	out->hold_gts = &w->hold_gts;
	out->log = w->log;
	out->log_len = w->log_len;
}

int real_own_vf_read(struct real_vf *v, uint64_t off, unsigned size, uint64_t *value)
{
	uint32_t low = 0;
	int err = vft_link_read_sync(v->own->link, off, size, 1, size == 8 ? (void *)value : &low,
				     CALL_MS);

	if (size != 8)
		*value = low;
	return err;
}

void real_own_vf_write(struct real_vf *v, uint64_t off, unsigned size, uint64_t value)
{
	if (size == 8)
		vft_link_write64(v->own->link, off, &value, 1);
	else
		vft_link_write32(v->own->link, off, (uint32_t)value);
	vft_link_flush(v->own->link);
}
