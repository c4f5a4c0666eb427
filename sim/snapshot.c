/* SPDX-License-Identifier: MIT */
/* Snapshots of a card: the block, the PF, local memory where it is not zero, and
 * the machines that live there, each a copy of the bytes that it is made of. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/kept.h"
#include "emulator/local_copy.h"

/* A machine: all of struct sim_vf, its memory and its driver. */
struct machine {
	struct sim_vf *who, was;
	struct kept mem, driver;
};

struct sim_snapshot {
	const struct sim_card *card;
	uint64_t world; /* the world's time */
	uint64_t now;   /* the card's */
	struct kept block, pf_mem, pf;
	bool pf_started;
	struct local_copy local;
	struct machine *machine;
	unsigned machines;
};

/* --- machines --------------------------------------------------------------------------- */

static int take_machines(struct sim_snapshot *snap, const struct sim_card *c)
{
	int err = 0;

	snap->machine = calloc(GUC_MAX_FUNCTIONS, sizeof(*snap->machine));
	if (!snap->machine)
		return -ENOMEM;
	for (unsigned fn = 1; fn < GUC_MAX_FUNCTIONS && !err; fn++) {
		struct machine *m = &snap->machine[snap->machines];
		struct sim_vf *v = c->vf[fn];

		if (!v)
			continue;
		snap->machines++;
		m->who = v;
		m->was = *v;
		err = kept_take_all(&m->mem, v->mem.base, v->mem.size);
		if (!err && v->vfc)
			err = kept_take_all(&m->driver, v->storage, vfc_size());
	}
	return err;
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
	kept_put_all(&m->mem, v->mem.base);
	if (v->vfc)
		kept_put_all(&m->driver, v->storage);
}

static int take_local(struct sim_snapshot *snap, struct local *l)
{
	const struct guc_geometry *g = &snap->card->opt.geometry;
	int more = local_copy_begin(&snap->local, l, g->tiles, g->vfs + 1u);

	if (more)
		return more;
	do
		more = local_copy_take(&snap->local, l);
	while (more == 1);
	return more;
}

static int put_local(const struct sim_snapshot *snap, struct local *l)
{
	const struct local_piece *at = snap->local.pieces;
	int err = 0;

	local_copy_clear(&snap->local, l);
	while (at && !err)
		err = local_copy_put(l, &at);
	return err;
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
	snap->pf_started = c->pf_started;
	err = kept_take_all(&snap->block, c->block, c->block_size);
	if (!err)
		err = kept_take_all(&snap->pf_mem, c->pf_mem.base, c->pf_mem.size);
	if (!err && c->pfc)
		err = kept_take_all(&snap->pf, c->pf_storage, pfc_size());
	if (!err)
		err = take_local(snap, (struct local *)(uintptr_t)&c->local);
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
	kept_put_all(&snap->block, c->block);
	kept_put_all(&snap->pf_mem, c->pf_mem.base);
	if (c->pfc)
		kept_put_all(&snap->pf, c->pf_storage);
	c->pf_started = snap->pf_started;
	c->late = now - snap->now;
	for (unsigned i = 0; i < snap->machines; i++) {
		const struct sim_vf *v = snap->machine[i].who;

		c->sim->card[v->card].vf[v->fn] = NULL;
	}
	for (unsigned i = 0; i < snap->machines; i++)
		restore_machine(c, &snap->machine[i], now - snap->world);
	return put_local(snap, &c->local);
}

size_t sim_snapshot_size(const struct sim_snapshot *snap)
{
	size_t size = snap->block.bytes + snap->pf_mem.bytes + snap->pf.bytes + snap->local.bytes;

	for (unsigned i = 0; i < snap->machines; i++)
		size += sizeof(struct machine) + snap->machine[i].mem.bytes +
			snap->machine[i].driver.bytes;
	return size;
}

void sim_snapshot_free(struct sim_snapshot *snap)
{
	if (!snap)
		return;
	local_copy_free(&snap->local);
	for (unsigned i = 0; i < snap->machines; i++) {
		kept_free(&snap->machine[i].mem);
		kept_free(&snap->machine[i].driver);
	}
	free(snap->machine);
	kept_free(&snap->block);
	kept_free(&snap->pf_mem);
	kept_free(&snap->pf);
	free(snap);
}
