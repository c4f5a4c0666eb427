/* SPDX-License-Identifier: MIT */
/* The card: layout of its block, power on, time, FLR, and looking in. Work
 * that a doorbell left over is done in slices by guc_tick(): each turn serves
 * every function a little, so that none can hold up another. */
#include "core.h"

#include <errno.h>

#define BLOCK_MAGIC 0x314B4C4243554721ull /* "!GUCBLK1" */

/* Panther Lake: graphics IP 30.00, media IP 30.00. */
#define GMD_30_00 (30u << 22)

static uint64_t round8(uint64_t v)
{
	return (v + 7) & ~7ull;
}

static bool geometry_ok(const struct guc_geometry *g)
{
	return g->tiles >= 1 && g->tiles <= GUC_MAX_TILES && g->gts >= 1 && g->gts <= 2 &&
	       (unsigned)g->tiles * g->gts <= GUC_MAX_GTS && g->vfs <= GUC_MAX_VFS &&
	       g->contexts >= 1 && g->contexts <= GUC_ID_MAX && g->ggtt_size >= GGTT_PAGE &&
	       g->ggtt_size % GGTT_PAGE == 0 && g->ggtt_size <= 1ull << 32;
}

static bool options_ok(const struct guc_options *o)
{
	/* Copies of the registers must not run into each other. */
	if (o->abi_minor > GUC_ABI_MAX_MINOR || o->engine_budget == 0 ||
	    o->vf_stride < REG_VF_STRIDE || o->vf_stride > REG_VF_STRIDE_GEN12 ||
	    o->vf_stride % 8)
		return false;
	if (o->lmem_size % LMEM_ALIGN || (o->ccs_ratio && o->ccs_ratio != 256 && o->ccs_ratio != 512))
		return false;
	for (unsigned i = 0; i < GUC_MAX_FUNCTIONS; i++)
		if (o->vf_abi_minor[i] > GUC_ABI_MAX_MINOR)
			return false;
	return true;
}

/* Place everything; fills the offsets when `b` is given. */
static uint64_t layout(const struct guc_geometry *g, bool tlb, struct guc_block *b)
{
	uint64_t at = round8(sizeof(struct guc_block));
	uint64_t entries = (g->ggtt_size >> GGTT_PAGE_SHIFT) * sizeof(uint64_t);

	for (unsigned t = 0; t < g->tiles; t++) {
		if (b)
			b->ggtt_off[t] = at;
		at += entries;
		if (b && tlb)
			b->tlb_off[t] = at;
		/* Always there: whether it is used is an option, not geometry. */
		at += entries;
	}
	for (unsigned gt = 0; gt < (unsigned)g->tiles * g->gts; gt++) {
		uint64_t unit = at;

		at += round8(sizeof(struct guc_unit) +
			     (g->vfs + 1u) * sizeof(struct guc_function));
		if (b) {
			b->unit_off[gt] = unit;
			((struct guc_unit *)((char *)b + unit))->contexts_off = at;
		}
		at += round8((uint64_t)g->contexts * sizeof(struct guc_context));
	}
	if (b) {
		b->stage_off = at;
		b->stage_bytes = guc_blob_bound(g);
	}
	return at + guc_blob_bound(g);
}

size_t guc_card_size(const struct guc_geometry *geometry)
{
	return geometry_ok(geometry) ? (size_t)layout(geometry, true, NULL) : 0;
}

void guc_options_default(struct guc_options *options)
{
	*options = (struct guc_options){
		.abi_minor = GUC_ABI_MAX_MINOR,
		.gmd_id = { GMD_30_00, GMD_30_00 },
		.devid = 0xB080,
		.engine_budget = 256,
		.vf_stride = REG_VF_STRIDE,
	};
}

static int init(struct guc_card *card, void *block, size_t size,
		const struct guc_geometry *geometry, const struct guc_options *options, bool zeroed)
{
	struct guc_block *b = block;
	uint64_t bytes;

	if (!geometry_ok(geometry) || !options_ok(options) || (uintptr_t)block % 8)
		return -EINVAL;
	bytes = layout(geometry, options->ggtt_tlb, NULL);
	if (size < bytes)
		return -ENOSPC;
	if (!zeroed)
		memset(block, 0, (size_t)bytes);
	b->magic = BLOCK_MAGIC;
	b->bytes = bytes;
	b->geometry = *geometry;
	b->options = *options;
	layout(geometry, options->ggtt_tlb, b);
	card->block = b;
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		b->engine_due[gt] = UINT64_MAX;
		/* The PF needs no lifecycle: served whenever it is enabled. */
		guc_fn(card, gt, 0)->state = GUC_VFS_RUNNING;
		for (unsigned fn = 0; fn <= geometry->vfs; fn++) {
			guc_config_default(card, &guc_fn(card, gt, fn)->config);
			if (guc_has_intr(card, fn))
				guc_intr_reset(&guc_fn(card, gt, fn)->intr);
		}
	}
	return 0;
}

int guc_card_init(struct guc_card *card, void *block, size_t size,
		  const struct guc_geometry *geometry, const struct guc_options *options)
{
	return init(card, block, size, geometry, options, false);
}

int guc_card_init_zeroed(struct guc_card *card, void *block, size_t size,
			 const struct guc_geometry *geometry, const struct guc_options *options)
{
	return init(card, block, size, geometry, options, true);
}

int guc_card_attach(struct guc_card *card, void *block, size_t size)
{
	struct guc_block *b = block;

	if ((uintptr_t)block % 8 || size < sizeof(*b) || b->magic != BLOCK_MAGIC ||
	    b->bytes > size || !geometry_ok(&b->geometry) || !options_ok(&b->options) ||
	    b->bytes != layout(&b->geometry, b->options.ggtt_tlb, NULL))
		return -EINVAL;
	card->block = b;
	return 0;
}

/* --- functions ---------------------------------------------------------------------- */

void guc_function_drop(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	guc_blob_meet(c, gt, fn, false);
	guc_contexts_drop(c, gt, fn);
	guc_ctb_reset(c, gt, fn);
	guc_delayed_drop(c, gt, fn);
	memset(&f->self, 0, sizeof(f->self));
	f->opt_in = f->mmio_relay = f->engines_off = 0;
	f->marker = 0;
	f->compressing = 0;
	f->notes_n = f->notes_lost = f->fresh_checks = 0;
	f->notes_base = 0;
}

void guc_function_rescan(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	/* After a migration a request may be half written: the VF's processors stopped
	 * between its dwords. Then its doorbell is still to come. */
	if (f->state != GUC_VFS_RESFIX_BLOCKED || f->mbox_pending)
		guc_mailbox_serve(c, gt, fn);
	if (!f->ctb_enabled)
		return;
	f->doorbell = 1;
	if (guc_h2g_open(f)) {
		c->block->h2g_left[gt] |= guc_bit(fn);
		guc_g2h_flush(c, gt, fn);
	}
}

int guc_flr(struct guc_card *card, unsigned fn)
{
	struct guc_event ev = { .point = GUC_PT_FLR, .fn = (uint8_t)fn };
	struct guc_hook_action act;

	if (fn == 0 || fn > card->block->geometry.vfs)
		return -ENODEV;
	if (guc_hook(card, &ev, &act) == GUC_SWALLOW) {
		guc_emit(card, &ev);
		return 0;
	}
	guc_emit(card, &ev);
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		guc_delayed_drop(card, gt, fn);
		guc_vf_input(card, gt, fn, GUC_IN_PCI_FLR, 0);
		guc_lifecycle_settle(card, gt);
	}
	guc_deeds_run(card);
	guc_irq_flush(card);
	return 0;
}

/* --- time -------------------------------------------------------------------------- */

/* G2H that found no room: the host does not tell when it has read, so look
 * again; then the H2G that waited behind it. */
static void poll_g2h(struct guc_card *c, unsigned gt)
{
	uint64_t left = c->block->g2h_left[gt];

	while (left) {
		unsigned fn = (unsigned)__builtin_ctzll(left);
		struct guc_function *f = guc_fn(c, gt, fn);

		left &= left - 1;
		if (f->g2h_look_at > c->block->now)
			continue;
		guc_g2h_flush(c, gt, fn);
		if (f->queued_n == 0 && f->doorbell && guc_h2g_open(f))
			c->block->h2g_left[gt] |= guc_bit(fn);
	}
}

static void serve_left(struct guc_card *c, unsigned gt)
{
	uint64_t left = c->block->h2g_left[gt];
	uint32_t share;

	if (!left)
		return;
	share = GUC_H2G_BUDGET / (uint32_t)__builtin_popcountll(left);
	while (left) {
		guc_h2g_serve(c, gt, (unsigned)__builtin_ctzll(left), share);
		left &= left - 1;
	}
}

static void run_engines(struct guc_card *c, unsigned gt)
{
	struct guc_block *b = c->block;

	if (guc_unit(c, gt)->runnable_n == 0 || ((b->hung_gts | b->hung_gucs) >> gt & 1))
		b->engine_due[gt] = UINT64_MAX;
	else if (b->engine_due[gt] == UINT64_MAX)
		b->engine_due[gt] = b->now;
	if (b->engine_due[gt] > b->now)
		return;
	if (guc_engine_run(c, gt))
		b->engine_due[gt] = b->now;
	else
		b->engine_due[gt] = guc_engine_next(c, gt);
}

void guc_tick(struct guc_card *card, uint64_t now)
{
	struct guc_block *b = card->block;

	if (now > b->now)
		b->now = now;
	if (guc_watched(card, GUC_PT_TICK)) {
		struct guc_event ev = { .point = GUC_PT_TICK, .value = now };

		guc_emit(card, &ev);
	} else {
		b->seq++;
	}
	guc_delayed_run(card);
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		poll_g2h(card, gt);
		serve_left(card, gt);
		guc_lifecycle_turn(card, gt);
		run_engines(card, gt);
		guc_activity_settle(card, gt);
	}
	guc_deeds_run(card);
	guc_irq_flush(card);
}

/* When a running function's full G2H ring is due for a look; UINT64_MAX: none. */
static uint64_t room_due(const struct guc_card *c, unsigned gt)
{
	uint64_t left = c->block->g2h_left[gt], due = UINT64_MAX;

	for (; left; left &= left - 1) {
		const struct guc_function *f = guc_fn(c, gt, (unsigned)__builtin_ctzll(left));

		if (f->state == GUC_VFS_RUNNING && f->g2h_look_at < due)
			due = f->g2h_look_at;
	}
	return due;
}

uint64_t guc_next_deadline(const struct guc_card *card)
{
	const struct guc_block *b = card->block;
	uint64_t due = guc_delayed_due(card);

	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		if (b->h2g_left[gt] || b->settle_left[gt])
			return b->now;
		if (b->engine_due[gt] < due)
			due = b->engine_due[gt];
		if (room_due(card, gt) < due)
			due = room_due(card, gt);
	}
	return due;
}

bool guc_idle(const struct guc_card *card)
{
	const struct guc_block *b = card->block;

	for (unsigned gt = 0; gt < guc_gt_count(card); gt++)
		if (b->h2g_left[gt] || b->settle_left[gt] || b->engine_due[gt] != UINT64_MAX ||
		    room_due(card, gt) != UINT64_MAX)
			return false;
	return guc_delayed_due(card) == UINT64_MAX;
}
