/* SPDX-License-Identifier: MIT */
/* Configuration of a VF: UPDATE_VF_CFG writes it, QUERY_SINGLE_KLV reads it
 * (guc-abi 4.2, 4.4, 5.2, 5.3). What each key takes stands in klvs.c. Decisions
 * on guc-abi 12:
 *
 * 24. A list stops at the first bad KLV; what came before stays and is counted.
 * 25. An address without a size is an empty list; a size without address 0x60.
 * 26, 27. An unknown key or a wrong length is a bad KLV.
 * 29. So is a range outside the card or over another VF's; a start that is
 *     followed by its size is judged together with it.
 * 30. A running VF may be changed; moving its context ids drops its contexts.
 * 32. VF_ENABLE is sent once for a power-on, when the first VF becomes usable.
 * Function 0 may be given everything: its values are cut to the card's. */
#include "core.h"

#include <errno.h>
#include <stddef.h>

/* Where a key's value is kept, and what of it. */
struct config_key {
	uint16_t key;
	uint16_t offset; /* in struct guc_config */
	uint8_t dwords;  /* 2: one 64-bit field; else 32-bit ones */
	bool spread;     /* the one value is for all of them */
};

#define FIELD(name, field, ...)                                                \
	{ .key = GUC_KLV_VF_##name, .offset = offsetof(struct guc_config, field), __VA_ARGS__ }
#define U32 .dwords = 1
#define U64 .dwords = 2
#define EACH_GROUP .dwords = GUC_SCHED_GROUPS
#define ALL_GROUPS EACH_GROUP, .spread = true

static const struct config_key keys[] = {
	FIELD(GGTT_START, ggtt_start, U64),
	FIELD(GGTT_SIZE, ggtt_size, U64),
	FIELD(LMEM_SIZE, lmem_size, U64),
	FIELD(NUM_CONTEXTS, num_contexts, U32),
	FIELD(TILE_MASK, tile_mask, U32),
	FIELD(NUM_DOORBELLS, num_doorbells, U32),
	FIELD(EXEC_QUANTUM, exec_quantum_ms, ALL_GROUPS),
	FIELD(PREEMPT_TIMEOUT, preempt_timeout_us, ALL_GROUPS),
#define X(name, text) FIELD(THRESHOLD_##name, threshold[GUC_THRESHOLD_##name], U32),
	GUC_THRESHOLD_LIST(X)
#undef X
	FIELD(BEGIN_DOORBELL_ID, begin_doorbell, U32),
	FIELD(BEGIN_CONTEXT_ID, begin_context, U32),
	FIELD(SCHED_PRIORITY, sched_priority, U32),
	FIELD(ENGINE_GROUP_EXEC_QUANTUM, exec_quantum_ms, EACH_GROUP),
	FIELD(ENGINE_GROUP_PREEMPT_TIMEOUT, preempt_timeout_us, EACH_GROUP),
};

/* Where a key of the configuration is kept, or NULL. */
static const struct config_key *key_of(uint32_t key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			return &keys[i];
	return NULL;
}

/* Cut a value, or say that it is bad. */
static bool take_value(const struct guc_klv_row *row, uint64_t *v)
{
	if (*v > row->max && row->clamp)
		*v = row->max;
	return *v <= row->max && guc_klv_aligned(row, *v);
}

static bool set_value(struct guc_config *cfg, const struct klv *k, unsigned abi_minor)
{
	const struct guc_klv_row *row = guc_klv_of(k->key, GUC_KLV_VIA_VF_CFG);
	const struct config_key *at = key_of(k->key);
	char *field;

	if (!row || !at || !guc_klv_len_ok(row, k->len) || row->set_since > abi_minor)
		return false;
	field = (char *)cfg + at->offset;
	if (at->dwords == 2) {
		uint64_t v = klv_u64(k);

		if (!take_value(row, &v))
			return false;
		memcpy(field, &v, sizeof(v));
		return true;
	}
	/* Groups that a list leaves out are set to 0. */
	for (uint32_t i = 0; i < at->dwords; i++) {
		uint64_t v = at->spread ? k->value[0] : i < k->len ? k->value[i] : 0;
		uint32_t dw;

		if (!take_value(row, &v))
			return false;
		dw = (uint32_t)v;
		memcpy(field + i * sizeof(dw), &dw, sizeof(dw));
	}
	return true;
}

static bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a_len && b_len && a < b + b_len && b < a + a_len;
}

/* Local memory is each tile's; the main GT's GuC keeps the shares, which must fit
 * the card together. Where they lie is the PF's business. */
static bool lmem_fits(const struct guc_card *c, unsigned gt, unsigned vf,
		      const struct guc_config *cfg)
{
	uint64_t left = c->block->options.lmem_size;

	if (cfg->lmem_size == 0)
		return true;
	if (guc_gt_is_media(c, gt))
		return false;
	for (unsigned other = 1; other <= c->block->geometry.vfs; other++)
		if (other != vf)
			left -= guc_fn(c, gt, other)->config.lmem_size;
	return cfg->lmem_size <= left;
}

/* True when nothing of `cfg` lies outside the card or in another VF's share. */
static bool fits(const struct guc_card *c, unsigned gt, unsigned vf, const struct guc_config *cfg)
{
	const struct guc_geometry *g = &c->block->geometry;
	unsigned tile = guc_gt_tile(c, gt);

	if (cfg->ggtt_size && (cfg->ggtt_start + cfg->ggtt_size > g->ggtt_size ||
			       cfg->ggtt_start + cfg->ggtt_size > GGTT_TOP))
		return false;
	if (cfg->num_contexts && cfg->begin_context + cfg->num_contexts > g->contexts)
		return false;
	if (cfg->num_doorbells && cfg->begin_doorbell + cfg->num_doorbells > GUC_DOORBELLS)
		return false;
	if (!lmem_fits(c, gt, vf, cfg))
		return false;
	/* A card of one tile does not look at it. */
	if (g->tiles > 1 && cfg->tile_mask >> g->tiles)
		return false;
	for (unsigned other = 1; other <= g->vfs; other++) {
		const struct guc_config *o = &guc_fn(c, gt, other)->config;

		if (other == vf)
			continue;
		if (overlap(cfg->begin_context, cfg->num_contexts, o->begin_context,
			    o->num_contexts) ||
		    overlap(cfg->begin_doorbell, cfg->num_doorbells, o->begin_doorbell,
			    o->num_doorbells))
			return false;
		for (unsigned t = tile * g->gts; t < (tile + 1) * g->gts; t++) {
			o = &guc_fn(c, t, other)->config;
			if (overlap(cfg->ggtt_start, cfg->ggtt_size, o->ggtt_start, o->ggtt_size))
				return false;
		}
	}
	return true;
}

/* The PF asks for all there is, by numbers that may exceed a small card's. */
static void cut(const struct guc_card *c, struct guc_config *cfg)
{
	const struct guc_geometry *g = &c->block->geometry;

	if (cfg->begin_context > g->contexts)
		cfg->begin_context = g->contexts;
	if (cfg->num_contexts > g->contexts - cfg->begin_context)
		cfg->num_contexts = g->contexts - cfg->begin_context;
	if (cfg->lmem_size > c->block->options.lmem_size)
		cfg->lmem_size = c->block->options.lmem_size;
}

/* Put `cfg` in force. Context slots are found through it: they go first. */
static void commit(struct guc_card *c, unsigned gt, unsigned vf, const struct guc_config *cfg)
{
	struct guc_function *f = guc_fn(c, gt, vf);
	bool resized = f->config.lmem_size != cfg->lmem_size;
	bool other_share = f->config.exec_quantum_ms[0] != cfg->exec_quantum_ms[0];

	/* A blob is of the share that it was begun with. */
	if (f->config.ggtt_start != cfg->ggtt_start || f->config.ggtt_size != cfg->ggtt_size ||
	    f->config.begin_context != cfg->begin_context ||
	    f->config.num_contexts != cfg->num_contexts)
		guc_blob_meet(c, gt, vf, true);
	if (f->config.begin_context != cfg->begin_context ||
	    f->config.num_contexts != cfg->num_contexts)
		guc_contexts_drop(c, gt, vf);
	guc_adverse_changed(c, gt, vf, cfg->threshold);
	f->config = *cfg;
	guc_world_changed(c, gt, vf);
	if (other_share)
		guc_activity_ratios(c, gt);
	if (resized && c->local.size)
		c->local.size(c->local.user, guc_gt_tile(c, gt), vf, cfg->lmem_size);
}

bool guc_config_complete(const struct guc_card *c, unsigned gt, unsigned vf)
{
	const struct guc_config *cfg = &guc_fn(c, gt, vf)->config;

	return cfg->ggtt_size && cfg->num_contexts &&
	       (cfg->lmem_size || !c->block->options.lmem_size || guc_gt_is_media(c, gt));
}

void guc_config_default(const struct guc_card *c, struct guc_config *cfg)
{
	*cfg = (struct guc_config){ .tile_mask = (1u << c->block->geometry.tiles) - 1 };
}

static bool is_start_of(uint32_t key, uint32_t next)
{
	return (key == GUC_KLV_VF_GGTT_START && next == GUC_KLV_VF_GGTT_SIZE) ||
	       (key == GUC_KLV_VF_BEGIN_CONTEXT_ID && next == GUC_KLV_VF_NUM_CONTEXTS) ||
	       (key == GUC_KLV_VF_BEGIN_DOORBELL_ID && next == GUC_KLV_VF_NUM_DOORBELLS);
}

/* Apply the list; number of KLVs accepted. */
static uint32_t apply_list(struct guc_card *c, unsigned gt, unsigned vf, const uint32_t *list,
			   uint32_t len)
{
	struct klv_reader reader = { .dw = list, .len = len };
	struct guc_config cfg = guc_fn(c, gt, vf)->config;
	uint32_t accepted = 0, pending = 0;
	struct klv k;

	while (klv_next(&reader, &k) == 1) {
		struct klv_reader ahead = reader;
		struct klv next;

		if (!set_value(&cfg, &k, guc_abi_minor(c, gt, 0)))
			break;
		pending++;
		if (klv_next(&ahead, &next) == 1 && is_start_of(k.key, next.key))
			continue;
		if (vf == 0)
			cut(c, &cfg);
		else if (!fits(c, gt, vf, &cfg))
			break;
		commit(c, gt, vf, &cfg);
		accepted += pending;
		pending = 0;
	}
	return accepted;
}

static void announce(struct guc_card *c, unsigned gt, unsigned vf)
{
	guc_vf_input(c, gt, vf, guc_config_complete(c, gt, vf) ? GUC_IN_CONFIG_VALID :
							  GUC_IN_CONFIG_GONE, 0);
}

/* dw1 VFID, dw2/dw3 list, dw4 size in dwords; address and size 0: reset. */
uint16_t guc_act_update_vf_cfg(struct guc_card *c, struct guc_request *r)
{
	struct guc_config none;
	uint32_t list[GUC_KLV_LIST_MAX], vf = r->dw[1], size = r->dw[4];
	uint64_t addr = make64(r->dw[2], r->dw[3]);
	uint16_t error;

	if (vf > c->block->geometry.vfs)
		return GUC_ERR_INVALID_VFID;
	if (addr == 0 && size)
		return GUC_ERR_INVALID_PARAMS;
	if (addr == 0) {
		guc_config_default(c, &none);
		commit(c, r->gt, vf, &none);
	} else {
		error = guc_klv_fetch(c, r->gt, r->fn, addr, size, list);
		if (error)
			return error;
		r->cost = size;
		r->reply_data0 = apply_list(c, r->gt, vf, list, size);
	}
	announce(c, r->gt, vf);
	/* Item 32: the first VF that becomes usable enables virtualisation. */
	if (!guc_unit(c, r->gt)->vfs_enabled && vf && guc_fn(c, r->gt, vf)->state == GUC_VFS_READY) {
		guc_unit(c, r->gt)->vfs_enabled = 1;
		guc_owe_vf_enable(c, r->gt);
	}
	return GUC_OK;
}

/* --- query ------------------------------------------------------------------------- */

static void answer(struct guc_request *r, const uint32_t *value, uint32_t len)
{
	r->reply_data0 = len;
	r->reply_len = len;
	memcpy(r->reply, value, len * sizeof(value[0]));
}

/* dw1 key. Unknown, write-only and too new keys: 0x105 (guc-abi 12, item 9). */
uint16_t guc_act_query_klv(struct guc_card *c, struct guc_request *r)
{
	uint32_t key = r->dw[1], value[2] = { 0 };
	const struct guc_klv_row *row = guc_klv_find(key);
	const struct config_key *at = key_of(key);
	uint16_t error;

	if (key >> 16)
		return GUC_ERR_ERROR_PROTOCOL;
	error = guc_vf_input(c, r->gt, r->fn, GUC_IN_QUERY_KLV, 0);
	if (error)
		return error;
	if (!row || !row->readable || row->read_since > guc_abi_minor(c, r->gt, r->fn))
		return GUC_ERR_INVALID_KLV_KEY;
	if (at)
		memcpy(value, (const char *)&guc_fn(c, r->gt, r->fn)->config + at->offset,
		       row->max_len * sizeof(value[0]));
	if (key == GUC_KLV_GLOBAL_GMD_ID)
		value[0] = c->block->options.gmd_id[guc_gt_is_media(c, r->gt)];
	if (key == GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE)
		value[0] = guc_unit(c, r->gt)->groups != 0;
	answer(r, value, row->max_len);
	return GUC_OK;
}

/* --- without a PF ------------------------------------------------------------------ */

static void provision_event(struct guc_card *c, unsigned fn, const struct guc_vf_share *share)
{
	uint32_t dw[PROVISION_DWORDS] = {
		lo32(share->ggtt_start), hi32(share->ggtt_start),
		lo32(share->ggtt_size), hi32(share->ggtt_size),
		share->begin_context, share->contexts,
		share->begin_doorbell, share->doorbells,
		lo32(share->lmem_size), hi32(share->lmem_size),
	};
	struct guc_event ev = { .point = GUC_PT_PROVISION, .fn = (uint8_t)fn, .msg = dw,
				.msg_len = PROVISION_DWORDS };

	guc_emit(c, &ev);
}

static struct guc_config share_of(const struct guc_card *c, unsigned gt,
				  const struct guc_vf_share *share)
{
	struct guc_config cfg;

	guc_config_default(c, &cfg);
	cfg.ggtt_start = share->ggtt_start;
	cfg.ggtt_size = share->ggtt_size;
	cfg.num_contexts = share->contexts;
	cfg.begin_context = share->begin_context;
	cfg.num_doorbells = share->doorbells;
	cfg.begin_doorbell = share->begin_doorbell;
	cfg.lmem_size = guc_gt_is_media(c, gt) ? 0 : share->lmem_size;
	return cfg;
}

int guc_provision(struct guc_card *card, unsigned fn, const struct guc_vf_share *share)
{
	const struct guc_geometry *g = &card->block->geometry;
	struct guc_config cfg = share_of(card, 0, share);

	if (fn == 0 || fn > g->vfs)
		return -ENODEV;
	if (share->ggtt_size == 0 || share->contexts == 0 || share->ggtt_start > GGTT_TOP ||
	    share->ggtt_size > GGTT_TOP || (share->ggtt_start | share->ggtt_size) % GGTT_PAGE ||
	    share->begin_context > GUC_ID_MAX || share->contexts > GUC_ID_MAX ||
	    share->begin_doorbell >= GUC_DOORBELLS || share->doorbells > GUC_DOORBELLS ||
	    share->lmem_size % LMEM_ALIGN || !share->lmem_size != !card->block->options.lmem_size)
		return -EINVAL;
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		cfg = share_of(card, gt, share);
		if (!fits(card, gt, fn, &cfg))
			return -EINVAL;
	}
	provision_event(card, fn, share);
	for (unsigned tile = 0; tile < g->tiles; tile++) {
		const struct guc_config *old = &guc_fn(card, tile * g->gts, fn)->config;
		uint64_t at;

		for (at = old->ggtt_start; at < old->ggtt_start + old->ggtt_size; at += GGTT_PAGE)
			guc_pte_write(card, tile, 0, (uint32_t)(at / GGTT_PAGE), 0);
		for (at = cfg.ggtt_start; at < cfg.ggtt_start + cfg.ggtt_size; at += GGTT_PAGE)
			guc_pte_write(card, tile, 0, (uint32_t)(at / GGTT_PAGE),
				      PTE_PRESENT | (uint64_t)fn << PTE_VFID_SHIFT);
	}
	for (unsigned gt = 0; gt < guc_gt_count(card); gt++) {
		cfg = share_of(card, gt, share);
		commit(card, gt, fn, &cfg);
		announce(card, gt, fn);
	}
	return 0;
}
