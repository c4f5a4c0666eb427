/* SPDX-License-Identifier: MIT */
/* Snapshots of a card: the block, the PF, local memory where it is not zero, and
 * the machines that live there, each a copy of the bytes that it is made of. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/local_copy.h"

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
	struct local_copy local;
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
		err = local_copy_take(&snap->local, (struct local *)(uintptr_t)&c->local,
				      c->opt.geometry.tiles, c->opt.geometry.vfs + 1u);
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
	return local_copy_restore(&snap->local, &c->local);
}

size_t sim_snapshot_size(const struct sim_snapshot *snap)
{
	return snap->size + snap->local.bytes;
}

void sim_snapshot_free(struct sim_snapshot *snap)
{
	if (!snap)
		return;
	local_copy_free(&snap->local);
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
