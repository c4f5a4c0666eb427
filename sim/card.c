/* SPDX-License-Identifier: MIT */
/* A card of the simulated world and its PF: what reaches whose memory, and how
 * function 0 reaches the card. A card reaches only the VFs that live on it. */
#include "card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lmem.h"
#include "proto/text.h"

void *sim_pages(size_t size, void **raw)
{
	uint8_t *p = calloc(1, size + 4096);

	*raw = p;
	return p ? p + (4096 - (uintptr_t)p % 4096) % 4096 : NULL;
}

static const struct host_mem *memory_of(const struct sim_card *c, unsigned fn)
{
	if (fn == 0)
		return &c->pf_mem;
	return c->vf[fn] ? &c->vf[fn]->mem : NULL;
}

static uint8_t *at(void *user, unsigned fn, uint64_t dma, size_t len)
{
	const struct host_mem *m = memory_of(user, fn);

	if (!m || dma < m->dma || dma - m->dma > m->size || len > m->size - (dma - m->dma))
		return NULL;
	return m->base + (dma - m->dma);
}

static int mem_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	const uint8_t *p = at(user, fn, dma, len);

	if (!p)
		return -EFAULT;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	uint8_t *p = at(user, fn, dma, len);

	if (!p)
		return -EFAULT;
	memcpy(p, src, len);
	return 0;
}

static int load32(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	const uint8_t *p = at(user, fn, dma, 4);

	if (!p || dma % 4)
		return -EFAULT;
	*value = __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE);
	return 0;
}

static int store32(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	uint8_t *p = at(user, fn, dma, 4);

	if (!p || dma % 4)
		return -EFAULT;
	__atomic_store_n((uint32_t *)(void *)p, value, __ATOMIC_RELEASE);
	return 0;
}

static void irq(void *user, unsigned fn, const struct guc_irq *i)
{
	struct sim_card *c = user;
	struct sim_vf *v = c->vf[fn];

	if (fn == 0) {
		if (c->pfc)
			pfc_irq(c->pfc);
	} else if (v && v->vfc) {
		vfc_irq(v->vfc);
	} else if (v && v->irq) {
		v->irq(v->irq_user, i);
	}
}

static void on_guc_event(void *user, const struct guc_event *ev)
{
	struct sim_card *c = user;

	c->sim->hash = guc_event_hash(c->sim->hash ^ c->index, ev);
	if (ev->point == GUC_PT_FINDING) {
		if (c->findings++ == 0)
			c->first_finding = *ev->finding;
	} else if (ev->point == GUC_PT_VIOLATION) {
		c->violations++;
	} else if (ev->point == GUC_PT_FENCE) {
		c->fences++;
	}
	if (c->sink)
		c->sink(c->sink_user, ev);
	if (c->sim->watch.guc)
		c->sim->watch.guc(c->sim->watch.user, c, ev);
}

/* --- the drivers' ports ------------------------------------------------------- */

static void pf_write32(void *user, uint64_t off, uint32_t value)
{
	struct sim_card *c = user;

	guc_mmio_write(&c->guc, 0, off, 4, value);
}

static void pf_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct sim_card *c = user;

	guc_mmio_write_run(&c->guc, 0, off, n, values);
}

void sim_read_words(struct guc_card *guc, unsigned fn, uint64_t off, unsigned size, unsigned n,
		    uint64_t *words)
{
	uint8_t *bytes = (uint8_t *)words;

	if (size == 8)
		guc_mmio_read_run(guc, fn, off, n, words);
	for (unsigned i = 0; size == 4 && i < n; i++) {
		uint64_t v;

		guc_mmio_read(guc, fn, off + 4ull * i, 4, &v);
		le32_put(bytes + 4 * (size_t)i, lo32(v));
	}
}

static void pf_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct sim_card *c = user;
	uint64_t words[HOST_READ_MAX / 8] = { 0 };

	sim_read_words(&c->guc, 0, off, size, n, words);
	pfc_read_done(c->pfc, cookie, words, n);
}

static void on_pfc_event(void *user, const struct pfc_event *ev)
{
	struct sim_card *c = user;

	if (ev->kind == PFC_EV_STARTED) {
		c->pf_started = true;
		c->pf_start_err = ev->err;
	} else if (ev->kind == PFC_EV_VERB) {
		c->done = true;
		c->done_tag = ev->tag;
		c->done_err = ev->err;
	} else if (ev->kind == PFC_EV_LOG && getenv("SIM_VERBOSE")) {
		fprintf(stderr, "[%8lu us] card%u pf: %s\n", (unsigned long)(c->sim->now / 1000),
			c->index, ev->text);
	}
	if (c->sim->watch.pf)
		c->sim->watch.pf(c->sim->watch.user, c, ev);
}

/* --- power on -------------------------------------------------------------------- */

void sim_card_defaults(struct sim_card_options *o)
{
	memset(o, 0, sizeof(*o));
	o->geometry = (struct guc_geometry){ .tiles = 1, .gts = 1, .vfs = 1, .contexts = 4096,
					     .ggtt_size = 512ull << 20 };
	guc_options_default(&o->guc);
	o->guc.gap_profile = true;
	o->guc.engine_budget = 64;
	pfc_options_default(&o->pf);
}

static int start_pf(struct sim_card *c)
{
	struct pfc_options *po = &c->opt.pf;
	const struct guc_geometry *g = &c->opt.geometry;

	po->tiles = g->tiles;
	po->gts = g->gts;
	po->vfs = g->vfs;
	po->ggtt_size = g->ggtt_size;
	po->contexts = g->contexts;
	po->vf_stride = c->opt.guc.vf_stride;
	po->abi_minor = c->opt.guc.abi_minor;
	po->devid = c->opt.guc.devid;
	po->revid = c->opt.guc.revid;
	po->lmem_size = c->opt.guc.lmem_size;
	po->ccs_ratio = c->opt.guc.ccs_ratio;
	po->lmem = sim_lmem_pf(c);
	po->on_event = on_pfc_event;
	po->user = c;
	c->pf_storage = calloc(1, pfc_size());
	if (!c->pf_storage)
		return -ENOMEM;
	c->pfc = pfc_init(c->pf_storage, pfc_size(), po, &c->pf_port, &c->pf_mem);
	return c->pfc ? pfc_start(c->pfc, false) : -EINVAL;
}

static int power_on(struct sim_card *c)
{
	const struct sim_card_options *o = &c->opt;
	int err;

	c->block_size = guc_card_size(&o->geometry);
	if (!c->block_size)
		return -EINVAL;
	c->block = calloc(1, c->block_size);
	c->pf_mem.size = pfc_mem_size((unsigned)o->geometry.tiles * o->geometry.gts);
	c->pf_mem.base = sim_pages(c->pf_mem.size, &c->pf_mem_raw);
	c->pf_mem.dma = 1ull << 32;
	if (!c->block || !c->pf_mem.base)
		return -ENOMEM;
	c->guc.port = (struct guc_port){ c, mem_read, mem_write, load32, store32, irq };
	c->guc.sink = on_guc_event;
	c->guc.sink_user = c;
	if (o->sink) {
		c->sink = o->sink;
		c->sink_user = o->sink_user;
		c->guc.sink_mask = UINT64_MAX;
		if (o->on_power)
			o->on_power(c->sink_user, &o->geometry, &o->guc);
	}
	sim_lmem_card(c);
	err = guc_card_init_zeroed(&c->guc, c->block, c->block_size, &o->geometry, &o->guc);
	if (err)
		return err;
	c->pf_port = (struct host_port){ c, pf_write32, pf_write64, pf_read };
	return o->no_pf ? 0 : start_pf(c);
}

int sim_card_add(struct sim *s, const struct sim_card_options *o, struct sim_card **out)
{
	struct sim_card *c = &s->card[s->cards];
	int err;

	if (s->cards == SIM_MAX_CARDS)
		return -ENOSPC;
	memset(c, 0, sizeof(*c));
	c->sim = s;
	c->index = s->cards;
	c->opt = *o;
	local_init(&c->local, o->guc.ccs_ratio);
	err = power_on(c);
	if (err) {
		free(c->block);
		local_free(&c->local);
		free(c->pf_mem_raw);
		free(c->pf_storage);
		memset(c, 0, sizeof(*c));
		return err;
	}
	s->cards++;
	*out = c;
	return 0;
}
