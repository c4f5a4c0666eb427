/* SPDX-License-Identifier: MIT */
/* The in-process simulator. See sim.h. Memory of a VF follows it from card to
 * card; a card reaches only the VFs that live on it. */
#include "sim.h"
#include "sim_lmem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

static void die(const char *what, int err)
{
	fprintf(stderr, "sim: %s: %s\n", what, text_errno(err));
	exit(99);
}

uint64_t sim_random(struct sim *s)
{
	/* splitmix64: one word of state, full period. */
	uint64_t z = s->rng += 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	return z ^ z >> 31;
}

/* --- the cards' port --------------------------------------------------------- */

static const struct host_mem *memory_of(const struct sim_card *c, unsigned fn)
{
	if (fn == 0)
		return &c->pf_mem;
	if (fn <= c->sim->opt.vfs && c->sim->vf[fn - 1].card == c->index)
		return &c->sim->vf[fn - 1].mem;
	return NULL;
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

	(void)i;
	if (fn == 0)
		pfc_irq(c->pfc);
	else if (memory_of(c, fn) && c->sim->vf[fn - 1].vfc)
		vfc_irq(c->sim->vf[fn - 1].vfc);
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

/* Words read for a driver, as its transport would deliver them. */
static void read_words(struct guc_card *guc, unsigned fn, uint64_t off, unsigned size, unsigned n,
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

	read_words(&c->guc, 0, off, size, n, words);
	pfc_read_done(c->pfc, cookie, words, n);
}

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

	read_words(home(v), v->fn, off, size, n, words);
	vfc_read_done(v->vfc, cookie, words, n);
}

/* --- what the drivers tell ------------------------------------------------------ */

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
}

static enum vfc_hook_result on_vfc_step(void *user, struct vfc *vfc, unsigned gt,
					enum vfc_step_id step, int *err)
{
	struct sim_vf *v = user;

	(void)vfc;
	(void)gt;
	(void)err;
	if (!(v->hold_steps & 1u << step))
		return VFC_HOOK_RUN;
	v->held |= 1u << step;
	return VFC_HOOK_HOLD;
}

/* --- set-up ---------------------------------------------------------------------- */

void sim_defaults(struct sim_options *o)
{
	memset(o, 0, sizeof(*o));
	o->seed = 1;
	o->gts = 1;
	o->vfs = 1;
	o->abi_minor[0] = o->abi_minor[1] = GUC_ABI_MAX_MINOR;
	o->ggtt_size = 512ull << 20;
	o->vf_ggtt = 16ull << 20;
	o->ggtt_offset[1] = 64ull << 20;
	o->contexts = 4096;
	o->vf_contexts = 64;
	o->vf_mem = 8u << 20;
	o->engine_budget = 64;
	vfc_options_default(&o->vf);
}

static void *zeroed(size_t align, size_t size)
{
	void *p = NULL;

	size = (size + align - 1) / align * align;
	p = aligned_alloc(align, size);
	if (!p)
		die("memory", -ENOMEM);
	memset(p, 0, size);
	return p;
}

static void card_new(struct sim *s, unsigned index)
{
	struct sim_card *c = &s->card[index];
	struct guc_geometry g = { .tiles = 1, .gts = s->opt.gts, .vfs = s->opt.vfs,
				  .contexts = s->opt.contexts, .ggtt_size = s->opt.ggtt_size };
	struct guc_options go;
	struct pfc_options po;
	int err;

	c->sim = s;
	c->index = index;
	guc_options_default(&go);
	go.abi_minor = s->opt.abi_minor[index];
	go.no_drain = s->opt.no_drain;
	go.strict_resfix = s->opt.strict_resfix;
	go.gap_profile = true;
	go.engine_budget = s->opt.engine_budget;
	c->block_size = guc_card_size(&g);
	c->block = zeroed(64, c->block_size);
	c->guc.port = (struct guc_port){ c, mem_read, mem_write, load32, store32, irq };
	c->guc.sink = on_guc_event;
	c->guc.sink_user = c;
	if (s->opt.sink) {
		c->sink = s->opt.sink;
		c->sink_user = s->opt.sink_user[index];
		c->guc.sink_mask = UINT64_MAX;
		s->opt.on_power(c->sink_user, &g, &go);
	}
	go.lmem_size = s->opt.lmem[index];
	go.ccs_ratio = s->opt.ccs_ratio;
	sim_lmem_card(c, &s->opt);
	err = guc_card_init(&c->guc, c->block, c->block_size, &g, &go);
	if (err)
		die("card", err);
	pfc_options_default(&po);
	po.tiles = 1;
	po.gts = s->opt.gts;
	po.vfs = s->opt.vfs;
	po.ggtt_size = s->opt.ggtt_size;
	po.ggtt_offset = s->opt.ggtt_offset[index];
	po.contexts = s->opt.contexts;
	po.vf_stride = go.vf_stride;
	po.devid = go.devid;
	po.revid = go.revid;
	po.lmem_size = s->opt.lmem[index];
	po.ccs_ratio = s->opt.ccs_ratio;
	po.lmem = sim_lmem_pf(c);
	po.disclose_errors = s->opt.disclose;
	po.on_event = on_pfc_event;
	po.user = c;
	c->pf_mem.size = pfc_mem_size(s->opt.gts);
	c->pf_mem.base = zeroed(4096, c->pf_mem.size);
	c->pf_mem.dma = 1ull << 32;
	c->pf_port = (struct host_port){ c, pf_write32, pf_write64, pf_read };
	c->pf_storage = zeroed(64, pfc_size());
	c->pfc = pfc_init(c->pf_storage, pfc_size(), &po, &c->pf_port, &c->pf_mem);
	if (!c->pfc)
		die("PF", -EINVAL);
	err = pfc_start(c->pfc, false);
	if (err)
		die("PF start", err);
}

static void vf_new(struct sim *s, unsigned fn)
{
	struct sim_vf *v = &s->vf[fn - 1];
	struct vfc_options vo = s->opt.vf;

	v->sim = s;
	v->fn = fn;
	vo.gts = s->opt.gts;
	vo.on_event = on_vfc_event;
	vo.hook = on_vfc_step;
	vo.user = v;
	vo.discrete = s->opt.lmem[0] != 0;
	vo.ccs_ratio = s->opt.ccs_ratio;
	vo.lmem = sim_lmem_vf(v);
	v->mem.size = s->opt.vf_mem;
	v->mem.base = zeroed(4096, v->mem.size);
	v->mem.dma = (uint64_t)fn << 34;
	v->port = (struct host_port){ v, vf_write32, vf_write64, vf_read };
	v->storage = zeroed(64, vfc_size());
	v->vfc = vfc_init(v->storage, vfc_size(), &vo, &v->port, &v->mem);
	if (!v->vfc)
		die("VF", -EINVAL);
}

static bool pf_started(void *arg)
{
	return ((struct sim_card *)arg)->pf_started;
}

static struct pfc_provision share(const struct sim *s, unsigned card, unsigned vf)
{
	return (struct pfc_provision){ .ggtt_size = s->opt.vf_ggtt,
				       .ggtt_start = vf == 1 ? s->opt.vf_start[card] : 0,
				       .contexts = s->opt.vf_contexts,
				       .lmem_size = s->opt.vf_lmem[card] };
}

struct sim *sim_new(const struct sim_options *o)
{
	struct sim *s = zeroed(64, sizeof(*s));

	s->opt = *o;
	s->rng = o->seed;
	s->vf = zeroed(64, sizeof(*s->vf) * o->vfs);
	for (unsigned i = 0; i < o->vfs; i++)
		s->vf[i].card = UINT32_MAX;
	for (unsigned i = 0; i < SIM_CARDS; i++)
		card_new(s, i);
	for (unsigned i = 0; i < SIM_CARDS; i++) {
		if (!sim_until(s, pf_started, &s->card[i], 1000 * SIM_MS))
			die("PF does not come up", -ETIME);
		if (s->card[i].pf_start_err)
			die("PF start", s->card[i].pf_start_err);
	}
	for (unsigned fn = 1; fn <= o->vfs; fn++) {
		const struct pfc_provision p = share(s, 0, fn);
		int err = sim_pf(s, 0, PFC_PROVISION, fn, &p);

		if (err)
			die("provision", err);
		vf_new(s, fn);
		s->vf[fn - 1].card = 0;
	}
	return s;
}

void sim_free(struct sim *s)
{
	for (unsigned i = 0; i < SIM_CARDS; i++) {
		free(s->card[i].block);
		local_free(&s->card[i].local);
		free(s->card[i].pf_mem.base);
		free(s->card[i].pf_storage);
	}
	for (unsigned i = 0; i < s->opt.vfs; i++) {
		free(s->vf[i].mem.base);
		free(s->vf[i].storage);
	}
	free(s->vf);
	free(s);
}

/* --- time ------------------------------------------------------------------------- */

static uint64_t vf_now(const struct sim_vf *v)
{
	return v->sim->now - v->frozen_ns;
}

/* Actor number a: the cards, then their PFs, then the VFs. */
static bool actor_step(struct sim *s, unsigned a)
{
	if (a < SIM_CARDS) {
		bool due = guc_next_deadline(&s->card[a].guc) <= s->now;

		if (due)
			guc_tick(&s->card[a].guc, s->now);
		return due;
	}
	if (a < 2 * SIM_CARDS)
		return pfc_step(s->card[a - SIM_CARDS].pfc, s->now);
	if (!s->vf[a - 2 * SIM_CARDS].vfc || s->vf[a - 2 * SIM_CARDS].frozen)
		return false;
	return vfc_step(s->vf[a - 2 * SIM_CARDS].vfc, vf_now(&s->vf[a - 2 * SIM_CARDS]));
}

static uint64_t actor_deadline(const struct sim *s, unsigned a)
{
	const struct sim_vf *v;
	uint64_t t;

	if (a < SIM_CARDS)
		return guc_next_deadline(&s->card[a].guc);
	if (a < 2 * SIM_CARDS)
		return pfc_next_deadline(s->card[a - SIM_CARDS].pfc);
	v = &s->vf[a - 2 * SIM_CARDS];
	if (!v->vfc || v->frozen)
		return UINT64_MAX;
	t = vfc_next_deadline(v->vfc);
	return t == UINT64_MAX ? t : t + v->frozen_ns;
}

bool sim_turn(struct sim *s)
{
	unsigned actors = 2 * SIM_CARDS + s->opt.vfs;
	unsigned first = s->opt.random_order ? (unsigned)(sim_random(s) % actors) : 0;
	uint64_t next = UINT64_MAX;
	bool busy = false;

	s->steps++;
	for (unsigned i = 0; i < actors; i++)
		busy |= actor_step(s, (first + i) % actors);
	if (busy)
		return true;
	for (unsigned a = 0; a < actors; a++) {
		uint64_t t = actor_deadline(s, a);

		if (t < next)
			next = t;
	}
	if (next == UINT64_MAX)
		return false;
	s->now = next > s->now ? next : s->now + 1;
	for (unsigned i = 0; i < SIM_CARDS; i++)
		if (guc_next_deadline(&s->card[i].guc) > s->now)
			guc_tick(&s->card[i].guc, s->now);
	return true;
}

bool sim_until(struct sim *s, bool (*until)(void *arg), void *arg, uint64_t limit)
{
	uint64_t end = s->now + limit;

	while (!until(arg)) {
		if (s->now > end || !sim_turn(s))
			return until(arg);
	}
	return true;
}

void sim_run(struct sim *s, uint64_t ns)
{
	uint64_t end = s->now + ns;

	while (s->now < end && sim_turn(s))
		;
}

/* --- the PF's verbs ---------------------------------------------------------------- */

static bool verb_done(void *arg)
{
	return ((struct sim_card *)arg)->done;
}

static int verb_start(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
		      const struct pfc_provision *arg)
{
	s->card[card].done = false;
	return pfc_do(s->card[card].pfc, verb, vf, arg, ++s->tag);
}

static int verb_wait(struct sim *s, unsigned card)
{
	if (!sim_until(s, verb_done, &s->card[card], 60000 * SIM_MS))
		return -ETIME;
	return s->card[card].done_tag == s->tag ? s->card[card].done_err : -EPROTO;
}

int sim_pf(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
	   const struct pfc_provision *arg)
{
	int err = verb_start(s, card, verb, vf, arg);

	return err ? err : verb_wait(s, card);
}

int sim_save(struct sim *s, unsigned card, unsigned vf, uint8_t **image, size_t *len)
{
	size_t cap = 4u << 20;
	int err = verb_start(s, card, PFC_SAVE, vf, NULL);

	if (err)
		return err;
	*image = malloc(cap);
	*len = 0;
	for (;;) {
		long n = pfc_image_read(s->card[card].pfc, vf, *image + *len, cap - *len);

		if (n == -EAGAIN) {
			sim_turn(s);
			continue;
		}
		if (n <= 0) {
			err = n < 0 ? (int)n : verb_wait(s, card);
			break;
		}
		*len += (size_t)n;
		if (*len == cap)
			*image = realloc(*image, cap *= 2);
	}
	if (err) {
		free(*image);
		*image = NULL;
	}
	return err;
}

int sim_restore(struct sim *s, unsigned card, unsigned vf, const uint8_t *image, size_t len)
{
	int err = verb_start(s, card, PFC_RESTORE, vf, NULL);

	while (!err && len) {
		long n = pfc_image_write(s->card[card].pfc, vf, image, len < 4096 ? len : 4096);

		if (n < 0 && n != -EAGAIN)
			err = (int)n;
		if (n <= 0) {
			sim_turn(s);
			continue;
		}
		image += n;
		len -= (size_t)n;
	}
	if (!err)
		err = pfc_image_end(s->card[card].pfc, vf);
	if (!err)
		return verb_wait(s, card);
	if (!s->card[card].done)
		verb_wait(s, card);
	return err;
}

/* --- migration --------------------------------------------------------------------- */

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

int sim_migrate_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len)
{
	int err;

	sim_freeze(s, v);
	err = sim_pf(s, v->card, PFC_PAUSE, v->fn, NULL);
	return err ? err : sim_save(s, v->card, v->fn, image, len);
}

int sim_migrate_in(struct sim *s, struct sim_vf *v, const uint8_t *image, size_t len)
{
	unsigned to = 1 - v->card, from = v->card;
	struct pfc_vf_info there;
	struct pfc_provision p = share(s, to, v->fn);
	int err = 0;

	if (pfc_vf_info(s->card[to].pfc, v->fn, &there) == 0 && there.ggtt_size)
		err = sim_pf(s, to, PFC_FLR, v->fn, NULL);
	if (!err)
		err = sim_pf(s, to, PFC_PROVISION, v->fn, &p);
	if (!err)
		err = sim_pf(s, to, PFC_PAUSE, v->fn, NULL);
	if (!err)
		err = sim_restore(s, to, v->fn, image, len);
	if (err)
		return err;
	v->card = to;
	err = sim_pf(s, to, PFC_RESUME, v->fn, NULL);
	if (err)
		return err;
	sim_thaw(s, v);
	/* The source's copy is a leftover: reset it, so that it can come back. */
	err = sim_pf(s, from, PFC_FLR, v->fn, NULL);
	return err ? err : sim_pf(s, from, PFC_UNPROVISION, v->fn, NULL);
}

int sim_migrate(struct sim *s, struct sim_vf *v)
{
	uint8_t *image = NULL;
	size_t len;
	int err = sim_migrate_out(s, v, &image, &len);

	if (!err)
		err = sim_migrate_in(s, v, image, len);
	free(image);
	return err;
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

	for (unsigned gt = 0; gt < v->sim->opt.gts; gt++) {
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

static bool recovered(void *arg)
{
	const struct sim_vf *v = arg;

	for (unsigned gt = 0; gt < v->sim->opt.gts; gt++) {
		struct vfc_info i;

		vfc_info(v->vfc, gt, &i);
		if (i.state != VFC_STATE_READY || i.recovery_pending ||
		    sim_state(v->sim, v, gt) != GUC_VFS_RUNNING)
			return false;
	}
	return true;
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
