/* SPDX-License-Identifier: MIT */
/* VFs of the simulated world: a machine with memory, a clock and mostly a driver,
 * which can be plugged from one card into another. */
#include "card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lmem.h"
#include "proto/text.h"

static struct guc_card *home(struct sim_vf *v)
{
	return &v->sim->card[v->card].guc;
}

static void vf_write32(void *user, uint64_t off, uint32_t value)
{
	struct sim_vf *v = user;

	guc_mmio_write(home(v), v->fn, off, 4, value);
}

static void vf_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct sim_vf *v = user;

	guc_mmio_write_run(home(v), v->fn, off, n, values);
}

static void vf_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct sim_vf *v = user;
	uint64_t words[HOST_READ_MAX / 8] = { 0 };

	sim_read_words(home(v), v->fn, off, size, n, words);
	vfc_read_done(v->vfc, cookie, words, n);
}

static void log_line(struct sim_vf *v, unsigned gt, const char *text)
{
	size_t room = sizeof(v->log) - v->log_len, n;

	if (gt == VFC_DEVICE)
		n = text_fmt(v->log + v->log_len, room, "%s\n", text);
	else
		n = text_fmt(v->log + v->log_len, room, "gt%u: %s\n", gt, text);
	v->log_len += n < room ? n : 0;
	if (getenv("SIM_VERBOSE"))
		fprintf(stderr, "[%8lu us] vf%u gt%d: %s\n",
			(unsigned long)(v->sim->now / 1000), v->fn,
			gt == VFC_DEVICE ? -1 : (int)gt, text);
}

static void on_vfc_event(void *user, const struct vfc_event *ev)
{
	struct sim_vf *v = user;

	switch (ev->kind) {
	case VFC_EV_LOG:
		log_line(v, ev->gt, ev->text);
		if (!strcmp(ev->text, "migration recovery ended"))
			v->recovered++;
		break;
	case VFC_EV_OP:
		v->op_done = true;
		v->last_tag = ev->tag;
		v->last_err = ev->err;
		break;
	case VFC_EV_JOB:
		if (ev->err)
			v->jobs_bad++;
		else
			v->jobs_ok++;
		break;
	case VFC_EV_STATE:
		if (ev->state == VFC_STATE_WEDGED)
			v->wedged++;
		break;
	case VFC_EV_KEEP:
		v->keeps++;
		v->keep_err = ev->err;
		v->kept = ev->value;
		break;
	case VFC_EV_RELAY:
		v->last_tag = ev->tag;
		v->last_err = ev->err;
		break;
	case VFC_EV_STEP:
	case VFC_EV_QUEUE:
	case VFC_EV_BASE:
		break;
	}
	if (v->sim->watch.vf)
		v->sim->watch.vf(v->sim->watch.user, v, ev);
}

static enum vfc_hook_result on_vfc_step(void *user, struct vfc *vfc, unsigned gt,
					enum vfc_step_id step, int *err)
{
	struct sim_vf *v = user;

	(void)vfc;
	(void)err;
	if (!(v->hold_steps & 1u << step))
		return VFC_HOOK_RUN;
	if (v->hold_gts && gt != VFC_DEVICE && !(v->hold_gts & 1u << gt))
		return VFC_HOOK_RUN;
	v->held |= 1u << step;
	return VFC_HOOK_HOLD;
}

/* --- life ------------------------------------------------------------------------ */

static int start_driver(struct sim_vf *v, const struct vfc_options *o)
{
	const struct sim_card_options *card = &v->sim->card[v->card].opt;
	struct vfc_options vo = *o;

	vo.gts = (uint8_t)v->gts;
	vo.on_event = on_vfc_event;
	vo.hook = on_vfc_step;
	vo.user = v;
	vo.discrete = card->guc.lmem_size != 0;
	vo.ccs_ratio = card->guc.ccs_ratio;
	vo.irq_registers = card->guc.irq_registers;
	if (vo.irq_registers)
		vo.min_minor = 1;
	vo.lmem = sim_lmem_vf(v);
	v->storage = calloc(1, vfc_size());
	if (!v->storage)
		return -ENOMEM;
	v->vfc = vfc_init(v->storage, vfc_size(), &vo, &v->port, &v->mem);
	return v->vfc ? 0 : -EINVAL;
}

static void release(struct sim_vf *v)
{
	free(v->mem_raw);
	free(v->storage);
	free(v);
}

int sim_vf_add(struct sim *s, unsigned card, unsigned fn, const struct vfc_options *o,
	       size_t mem, struct sim_vf **out)
{
	struct sim_vf *v;
	int err;

	if (card >= s->cards || fn < 1 || fn > s->card[card].opt.geometry.vfs)
		return -EINVAL;
	if (s->card[card].vf[fn])
		return -EBUSY;
	if (s->vfs == SIM_MAX_VFS)
		return -ENOSPC;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->sim = s;
	v->card = card;
	v->fn = fn;
	v->gts = s->card[card].opt.geometry.gts;
	v->mem.size = mem;
	v->mem.base = sim_pages(mem, &v->mem_raw);
	v->mem.dma = (uint64_t)fn << 34;
	v->port = (struct host_port){ v, vf_write32, vf_write64, vf_read };
	err = v->mem.base ? 0 : -ENOMEM;
	if (!err && o)
		err = start_driver(v, o);
	if (err) {
		release(v);
		return err;
	}
	s->card[card].vf[fn] = v;
	s->vf[s->vfs++] = v;
	*out = v;
	return 0;
}

void sim_vf_remove(struct sim *s, struct sim_vf *v)
{
	unsigned i = 0;

	while (s->vf[i] != v)
		i++;
	s->vfs--;
	memmove(&s->vf[i], &s->vf[i + 1], (s->vfs - i) * sizeof(*s->vf));
	s->card[v->card].vf[v->fn] = NULL;
	release(v);
}

int sim_vf_place(struct sim *s, struct sim_vf *v, unsigned card, unsigned fn)
{
	if (card >= s->cards || fn < 1 || fn > s->card[card].opt.geometry.vfs)
		return -EINVAL;
	if (s->card[card].vf[fn] && s->card[card].vf[fn] != v)
		return -EBUSY;
	s->card[v->card].vf[v->fn] = NULL;
	v->card = card;
	v->fn = fn;
	s->card[card].vf[fn] = v;
	return 0;
}

/* --- clock ----------------------------------------------------------------------- */

uint64_t sim_vf_now(const struct sim_vf *v)
{
	return v->sim->now - v->frozen_ns;
}

void sim_freeze(struct sim *s, struct sim_vf *v)
{
	if (!v->frozen) {
		v->frozen = true;
		v->frozen_since = s->now;
	}
}

void sim_thaw(struct sim *s, struct sim_vf *v)
{
	if (v->frozen) {
		v->frozen = false;
		v->frozen_ns += s->now - v->frozen_since;
	}
}

/* --- the driver -------------------------------------------------------------------- */

static bool op_done(void *arg)
{
	return ((struct sim_vf *)arg)->op_done;
}

int sim_boot(struct sim *s, struct sim_vf *v)
{
	int err;

	v->op_done = false;
	err = vfc_boot(v->vfc, ++s->tag);
	if (err)
		return err;
	if (!sim_until(s, op_done, v, 10000 * SIM_MS))
		return -ETIME;
	return v->last_err;
}

static bool jobs_drained(void *arg)
{
	const struct sim_vf *v = arg;
	uint32_t pending = 0;

	for (unsigned gt = 0; gt < v->gts; gt++) {
		struct vfc_info i;

		vfc_info(v->vfc, gt, &i);
		pending += i.jobs_pending;
	}
	return pending == 0;
}

bool sim_jobs_drained(struct sim *s, struct sim_vf *v)
{
	return sim_until(s, jobs_drained, v, 5000 * SIM_MS);
}

bool sim_is_recovered(const struct sim_vf *v)
{
	for (unsigned gt = 0; gt < v->gts; gt++) {
		struct vfc_info i;

		vfc_info(v->vfc, gt, &i);
		if (i.state != VFC_STATE_READY || i.recovery_pending ||
		    sim_state(v->sim, v, gt) != GUC_VFS_RUNNING)
			return false;
	}
	return true;
}

static bool recovered(void *arg)
{
	return sim_is_recovered(arg);
}

bool sim_recovered(struct sim *s, struct sim_vf *v)
{
	return sim_until(s, recovered, v, 5000 * SIM_MS);
}

enum guc_vf_state sim_state(const struct sim *s, const struct sim_vf *v, unsigned gt)
{
	struct guc_vf_info info;

	guc_vf_info(&s->card[v->card].guc, v->fn, gt, &info);
	return info.state;
}
