/* SPDX-License-Identifier: MIT */
/* Decode of a function's BAR: registers from 0, GGTT entries from 8 MiB, the
 * next tile 16 MiB on (guc-abi 2.1). Registers that the model does not have
 * read 0 and ignore writes. The PF finds the copies of VF n at offset +
 * n * vf_stride; a VF that tries the same is reported. */
#include "core.h"

#include <errno.h>

enum reg_kind { REG_NONE, REG_MAILBOX, REG_DOORBELL, REG_CAP, REG_INTR };

struct reg {
	enum reg_kind kind;
	unsigned gt;    /* card-wide */
	unsigned copy;  /* 0: the function's own; n: VF n's, as the PF sees it */
	unsigned index; /* of the mailbox; offset of an interrupt register */
};

#define REG_BLOCK 0x190000u /* where the registers of a function begin */

static struct reg decode(const struct guc_card *c, unsigned tile, uint32_t off)
{
	const struct guc_block *b = c->block;
	uint32_t stride = b->options.vf_stride;
	struct reg r = { .kind = REG_NONE, .gt = tile * b->geometry.gts };

	if (off < REG_BLOCK)
		return r;
	r.copy = (off - REG_BLOCK) / stride;
	off -= r.copy * stride;
	if (r.copy > b->geometry.vfs)
		return r;
	if (off == REG_VF_CAP) {
		r.kind = REG_CAP;
	} else if (off == REG_GUC_HOST_INTERRUPT) {
		r.kind = REG_DOORBELL;
	} else if (off >= REG_VF_SW_FLAG(0) && off < REG_VF_SW_FLAG(MAILBOX_DWORDS)) {
		r.kind = REG_MAILBOX;
		r.index = (off - REG_VF_SW_FLAG(0)) / 4;
	} else if (b->options.irq_registers && guc_intr_owns(off)) {
		r.kind = REG_INTR;
		r.index = off;
	} else if (b->geometry.gts < 2) {
		return r;
	} else if (off == REG_MED_GUC_HOST_INTERRUPT) {
		r.kind = REG_DOORBELL;
		r.gt++;
	} else if (off >= REG_MED_VF_SW_FLAG(0) && off < REG_MED_VF_SW_FLAG(MAILBOX_DWORDS)) {
		r.kind = REG_MAILBOX;
		r.index = (off - REG_MED_VF_SW_FLAG(0)) / 4;
		r.gt++;
	}
	return r;
}

/* The function whose register it is; false when fn must not reach it. */
static bool target(struct guc_card *c, unsigned fn, const struct reg *r, uint64_t off,
		   uint64_t value, unsigned *owner)
{
	*owner = fn;
	if (r->copy == 0)
		return true;
	if (fn) {
		guc_violate(c, r->gt, fn, GUC_VIOL_MMIO_FOREIGN, off, value);
		return false;
	}
	*owner = r->copy;
	return true;
}

static uint32_t reg_read(struct guc_card *c, unsigned tile, unsigned fn, uint32_t off)
{
	struct reg r = decode(c, tile, off);
	unsigned owner;

	switch (r.kind) {
	case REG_NONE:
		return fn ? 0 : guc_fuse(c, off);
	case REG_DOORBELL:
		return 0;
	case REG_CAP:
		return target(c, fn, &r, off, 0, &owner) && owner ? VF_CAP_IS_VF : 0;
	case REG_MAILBOX:
		return target(c, fn, &r, off, 0, &owner) ?
			       guc_fn(c, r.gt, owner)->mbox[r.index] : 0;
	case REG_INTR:
		return target(c, fn, &r, off, 0, &owner) && guc_has_intr(c, owner) ?
			       guc_intr_read(&guc_fn(c, r.gt, owner)->intr, r.index) : 0;
	}
	return 0;
}

/* One doorbell serves mailbox and H2G ring. The PF's write to a VF's doorbell
 * does nothing: only the function itself can ring. */
static void ring(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	guc_adverse(c, gt, fn, GUC_THRESHOLD_DOORBELL_STORM, GUC_COST_DOORBELL_US);
	guc_mailbox_serve(c, gt, fn);
	if (f->ctb_enabled) {
		f->doorbell = 1;
		guc_h2g_serve(c, gt, fn, GUC_H2G_BUDGET);
	}
	guc_lifecycle_settle(c, gt);
	if (guc_unit(c, gt)->runnable_n || guc_unit(c, gt)->engines_busy)
		c->block->engine_due[gt] = 0;
	guc_deeds_run(c);
	guc_irq_flush(c);
}

static void reg_write(struct guc_card *c, unsigned tile, unsigned fn, uint32_t off,
		      uint32_t value)
{
	struct reg r = decode(c, tile, off);
	unsigned owner;

	if (r.kind == REG_NONE || r.kind == REG_CAP || !target(c, fn, &r, off, value, &owner))
		return;
	if (r.kind == REG_MAILBOX)
		guc_fn(c, r.gt, owner)->mbox[r.index] = value;
	else if (r.kind == REG_INTR && guc_has_intr(c, owner) &&
		 guc_intr_write(&guc_fn(c, r.gt, owner)->intr, r.index, value))
		guc_raise_line(c, r.gt, owner);
	else if (r.kind == REG_DOORBELL && owner == fn)
		ring(c, r.gt, fn);
}

/* Where an access goes: 0 and the tile, or an errno. */
static int check(const struct guc_card *c, unsigned fn, uint64_t off, unsigned size,
		 unsigned *tile)
{
	const struct guc_geometry *g = &c->block->geometry;

	if (fn > g->vfs)
		return -ENODEV;
	if ((size != 4 && size != 8) || off % size)
		return -EINVAL;
	if (off >= (uint64_t)g->tiles * REG_TILE_STRIDE)
		return -ERANGE;
	*tile = (unsigned)(off / REG_TILE_STRIDE);
	return 0;
}

static uint64_t bar_read(struct guc_card *c, unsigned tile, unsigned fn, uint32_t off,
			 unsigned size)
{
	uint64_t pte;

	if (off < REG_GGTT_BASE) {
		uint32_t lo = reg_read(c, tile, fn, off);

		return size == 4 ? lo : make64(lo, reg_read(c, tile, fn, off + 4));
	}
	pte = guc_pte_read(c, tile, fn, (off - REG_GGTT_BASE) / 8);
	if (size == 8)
		return pte;
	return off & 4 ? hi32(pte) : lo32(pte);
}

static void bar_write(struct guc_card *c, unsigned tile, unsigned fn, uint32_t off, unsigned size,
		      uint64_t value)
{
	uint32_t index;
	uint64_t old;

	if (off < REG_GGTT_BASE) {
		reg_write(c, tile, fn, off, lo32(value));
		if (size == 8)
			reg_write(c, tile, fn, off + 4, hi32(value));
		return;
	}
	index = (off - REG_GGTT_BASE) / 8;
	if (size == 4) {
		old = guc_pte_read(c, tile, fn, index);
		value = off & 4 ? make64(lo32(old), lo32(value)) : make64(lo32(value), hi32(old));
	}
	guc_pte_write(c, tile, fn, index, value);
}

int guc_mmio_read(struct guc_card *card, unsigned fn, uint64_t off, unsigned size,
		  uint64_t *value)
{
	unsigned tile = 0;
	int err = check(card, fn, off, size, &tile);
	struct guc_event ev = { .point = GUC_PT_MMIO_READ, .fn = (uint8_t)fn,
				.size = (uint8_t)size, .addr = off };
	struct guc_hook_action act;
	enum guc_verdict v;
	uint8_t bytes[8];

	*value = 0;
	if (err)
		return err;
	ev.gt = (uint8_t)(tile * card->block->geometry.gts);
	v = guc_hook(card, &ev, &act);
	if (v == GUC_SWALLOW)
		ev.value = 0;
	else if (v != GUC_CHANGE || act.patch_n)
		ev.value = bar_read(card, tile, fn, (uint32_t)(off % REG_TILE_STRIDE), size);
	if (v == GUC_CHANGE && act.patch_n) {
		le64_put(bytes, ev.value);
		guc_patch(&act, bytes, size);
		ev.value = le64_get(bytes);
	}
	if (size == 4)
		ev.value = lo32(ev.value);
	*value = ev.value;
	guc_emit(card, &ev);
	guc_deeds_run(card);
	return 0;
}

int guc_mmio_write(struct guc_card *card, unsigned fn, uint64_t off, unsigned size,
		   uint64_t value)
{
	unsigned tile = 0;
	int err = check(card, fn, off, size, &tile);
	struct guc_event ev = { .point = GUC_PT_MMIO_WRITE, .fn = (uint8_t)fn,
				.size = (uint8_t)size, .addr = off, .value = value };
	struct guc_hook_action act;
	enum guc_verdict v;

	if (err)
		return err;
	ev.gt = (uint8_t)(tile * card->block->geometry.gts);
	v = guc_hook(card, &ev, &act);
	guc_emit(card, &ev);
	if (v != GUC_SWALLOW)
		bar_write(card, tile, fn, (uint32_t)(off % REG_TILE_STRIDE), size, ev.value);
	if (v == GUC_CHANGE)
		for (unsigned i = 0; i < act.copies; i++)
			bar_write(card, tile, fn, (uint32_t)(off % REG_TILE_STRIDE), size,
				  ev.value);
	guc_deeds_run(card);
	return 0;
}

/* The entries of a run that the PF reaches without anybody watching `point`, all
 * inside a tile's GGTT; else NULL. Such an access does nothing but the copy and
 * counts as so many crossings. */
static uint64_t *plain_entries(struct guc_card *c, unsigned fn, uint64_t off, size_t n,
			       enum guc_point point)
{
	const struct guc_geometry *g = &c->block->geometry;
	uint64_t tile = off / REG_TILE_STRIDE, index, count = g->ggtt_size >> GGTT_PAGE_SHIFT;

	off %= REG_TILE_STRIDE;
	if (fn != 0 || tile >= g->tiles || off < REG_GGTT_BASE || off % 8 != 0 ||
	    guc_watched(c, point))
		return NULL;
	index = (off - REG_GGTT_BASE) / 8;
	if (n > count || index > count - n)
		return NULL;
	c->block->seq += n;
	return guc_ggtt(c, (unsigned)tile) + index;
}

int guc_mmio_read_run(struct guc_card *card, unsigned fn, uint64_t off, size_t n,
		      uint64_t *values)
{
	const uint64_t *entries = plain_entries(card, fn, off, n, GUC_PT_MMIO_READ);
	int err = 0;

	if (entries) {
		memcpy(values, entries, n * sizeof(*values));
		return 0;
	}
	for (size_t i = 0; i < n && err == 0; i++)
		err = guc_mmio_read(card, fn, off + 8 * i, 8, &values[i]);
	return err;
}

int guc_mmio_write_run(struct guc_card *card, unsigned fn, uint64_t off, size_t n,
		       const uint64_t *values)
{
	uint64_t *entries = plain_entries(card, fn, off, n, GUC_PT_MMIO_WRITE);
	int err = 0;

	if (entries) {
		memcpy(entries, values, n * sizeof(*values));
		return 0;
	}
	for (size_t i = 0; i < n && err == 0; i++)
		err = guc_mmio_write(card, fn, off + 8 * i, 8, values[i]);
	return err;
}
