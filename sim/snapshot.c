/* SPDX-License-Identifier: MIT */
/* Snapshots of a card: the block, the PF, local memory where it is not zero, and
 * the machines that live there, each a copy of the bytes that it is made of. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536u

/* A piece of local memory that is not all zeros. */
struct piece {
	struct piece *next;
	unsigned tile, fn;
	enum local_kind kind;
	uint64_t off;
	uint32_t len;
	uint8_t data[];
};

/* A machine: all of struct sim_vf, its memory and its driver. */
struct machine {
	struct sim_vf *who, was;
	uint8_t *mem, *driver;
};

struct sim_snapshot {
	const struct sim_card *card;
	uint64_t world; /* the world's time */
	uint64_t now;   /* the card's */
	uint8_t *block, *pf_mem, *pf;
	bool pf_started;
	uint64_t lmem[GUC_MAX_TILES][GUC_MAX_FUNCTIONS];
	struct piece *pieces;
	struct machine *machine;
	unsigned machines;
	size_t size;
};

static uint8_t *copied(struct sim_snapshot *snap, const void *from, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);

	if (p)
		memcpy(p, from, size);
	snap->size += size;
	return p;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* --- local memory --------------------------------------------------------------------- */

static int take_kind(struct sim_snapshot *snap, struct local *l, unsigned tile, unsigned fn,
		     enum local_kind kind)
{
	uint64_t size = local_bytes(l, tile, fn, kind), hole;
	uint8_t data[CHUNK];

	for (uint64_t at = 0; at < size;) {
		uint32_t n = size - at < CHUNK ? (uint32_t)(size - at) : CHUNK;
		struct piece *p;
		int err;

		hole = local_hole(l, tile, fn, kind, at);
		if (hole >= n) {
			at += hole / CHUNK ? hole / CHUNK * CHUNK : n;
			continue;
		}
		err = local_read(l, tile, fn, kind, at, data, n);
		if (err)
			return err;
		if (!is_zero(data, n)) {
			p = malloc(sizeof(*p) + n);
			if (!p)
				return -ENOMEM;
			*p = (struct piece){ .next = snap->pieces, .tile = tile, .fn = fn,
					     .kind = kind, .off = at, .len = n };
			memcpy(p->data, data, n);
			snap->pieces = p;
			snap->size += n;
		}
		at += n;
	}
	return 0;
}

static int take_local(struct sim_snapshot *snap, struct sim_card *c)
{
	const struct guc_geometry *g = &c->opt.geometry;

	for (unsigned tile = 0; tile < g->tiles; tile++) {
		for (unsigned fn = 0; fn <= g->vfs; fn++) {
			int err;

			if (c->local.share[tile][fn].staged)
				return -EBUSY;
			snap->lmem[tile][fn] = c->local.share[tile][fn].size;
			err = take_kind(snap, &c->local, tile, fn, LOCAL_CONTENT);
			if (!err)
				err = take_kind(snap, &c->local, tile, fn, LOCAL_METADATA);
			if (err)
				return err;
		}
	}
	return 0;
}

static int restore_local(struct sim_card *c, const struct sim_snapshot *snap)
{
	const struct guc_geometry *g = &c->opt.geometry;
	int err = 0;

	for (unsigned tile = 0; tile < g->tiles; tile++) {
		for (unsigned fn = 0; fn <= g->vfs; fn++) {
			local_abort(&c->local, tile, fn);
			local_resize(&c->local, tile, fn, 0);
			local_resize(&c->local, tile, fn, snap->lmem[tile][fn]);
		}
	}
	for (const struct piece *p = snap->pieces; p && !err; p = p->next)
		err = local_write(&c->local, p->tile, p->fn, p->kind, false, p->off, p->data,
				  p->len);
	return err;
}

/* --- machines --------------------------------------------------------------------------- */

static int take_machines(struct sim_snapshot *snap, const struct sim_card *c)
{
	snap->machine = calloc(GUC_MAX_FUNCTIONS, sizeof(*snap->machine));
	if (!snap->machine)
		return -ENOMEM;
	for (unsigned fn = 1; fn < GUC_MAX_FUNCTIONS; fn++) {
		struct machine *m = &snap->machine[snap->machines];
		struct sim_vf *v = c->vf[fn];

		if (!v)
			continue;
		snap->machines++;
		m->who = v;
		m->was = *v;
		snap->size += sizeof(*v);
		m->mem = copied(snap, v->mem.base, v->mem.size);
		m->driver = v->vfc ? copied(snap, v->storage, vfc_size()) : NULL;
		if (!m->mem || (v->vfc && !m->driver))
			return -ENOMEM;
	}
	return 0;
}

/* Is every machine still there, and its place free or its own? */
static int check_machines(const struct sim_card *c, const struct sim_snapshot *snap)
{
	for (unsigned i = 0; i < snap->machines; i++) {
		const struct machine *m = &snap->machine[i];
		const struct sim_vf *there = c->vf[m->was.fn];
		bool known = false;

		for (unsigned k = 0; k < c->sim->vfs; k++)
			known |= c->sim->vf[k] == m->who;
		if (!known || (there && there != m->who) || !m->who->vfc != !m->was.vfc)
			return -ENOENT;
	}
	for (unsigned fn = 1; fn < GUC_MAX_FUNCTIONS; fn++) {
		bool of_it = !c->vf[fn];

		for (unsigned i = 0; i < snap->machines; i++)
			of_it |= snap->machine[i].who == c->vf[fn];
		if (!of_it)
			return -ENOENT;
	}
	return 0;
}

/* Its clock goes on from where it was; one that was frozen still is. */
static void restore_machine(struct sim_card *c, const struct machine *m, uint64_t passed)
{
	struct sim_vf *v = m->who;

	*v = m->was;
	c->vf[v->fn] = v;
	if (v->frozen)
		v->frozen_since += passed;
	v->frozen_ns += passed;
	memcpy(v->mem.base, m->mem, v->mem.size);
	if (v->vfc)
		memcpy(v->storage, m->driver, vfc_size());
}

/* --- the whole -------------------------------------------------------------------------- */

int sim_snapshot_take(const struct sim_card *c, struct sim_snapshot **out)
{
	struct sim_snapshot *snap = calloc(1, sizeof(*snap));
	int err;

	if (!snap)
		return -ENOMEM;
	snap->card = c;
	snap->world = c->sim->now;
	snap->now = sim_card_now(c);
	snap->block = copied(snap, c->block, c->block_size);
	snap->pf_mem = copied(snap, c->pf_mem.base, c->pf_mem.size);
	snap->pf = c->pfc ? copied(snap, c->pf_storage, pfc_size()) : NULL;
	snap->pf_started = c->pf_started;
	err = snap->block && snap->pf_mem && (!c->pfc || snap->pf) ? 0 : -ENOMEM;
	if (!err)
		err = take_local(snap, (struct sim_card *)(uintptr_t)c);
	if (!err)
		err = take_machines(snap, c);
	if (err) {
		sim_snapshot_free(snap);
		return err;
	}
	*out = snap;
	return 0;
}

int sim_snapshot_restore(struct sim_card *c, const struct sim_snapshot *snap)
{
	uint64_t now = c->sim->now;
	int err;

	if (snap->card != c)
		return -EXDEV;
	err = check_machines(c, snap);
	if (err)
		return err;
	memcpy(c->block, snap->block, c->block_size);
	memcpy(c->pf_mem.base, snap->pf_mem, c->pf_mem.size);
	if (c->pfc)
		memcpy(c->pf_storage, snap->pf, pfc_size());
	c->pf_started = snap->pf_started;
	c->late = now - snap->now;
	for (unsigned i = 0; i < snap->machines; i++) {
		const struct sim_vf *v = snap->machine[i].who;

		c->sim->card[v->card].vf[v->fn] = NULL;
	}
	for (unsigned i = 0; i < snap->machines; i++)
		restore_machine(c, &snap->machine[i], now - snap->world);
	return restore_local(c, snap);
}

size_t sim_snapshot_size(const struct sim_snapshot *snap)
{
	return snap->size;
}

void sim_snapshot_free(struct sim_snapshot *snap)
{
	if (!snap)
		return;
	while (snap->pieces) {
		struct piece *p = snap->pieces;

		snap->pieces = p->next;
		free(p);
	}
	for (unsigned i = 0; i < snap->machines; i++) {
		free(snap->machine[i].mem);
		free(snap->machine[i].driver);
	}
	free(snap->machine);
	free(snap->block);
	free(snap->pf_mem);
	free(snap->pf);
	free(snap);
}
