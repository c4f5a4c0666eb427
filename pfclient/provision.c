/* SPDX-License-Identifier: MIT */
/* Giving a VF its resources and taking them away (vf-lifecycle 2.3): GGTT
 * entries that hand a region to its VF, and the KLV messages that tell the
 * GuCs. A VF that has something already is told of all changes by one message,
 * so that no GuC sees it without a configuration, and gets the old back when
 * one refuses (quirk RESET_ON_CHANGE: 8.4.10). Only another share of local memory,
 * whose content can't be had back, waits until all GuCs have taken that message. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/klv.h"
#include "proto/text.h"

/* --- KLV messages ------------------------------------------------------------------ */

#define LIST_MAX 192u
#define PRIORITY_HIGH 2u
#define ABI_GROUPS    26u /* firmware 70.53: scheduler groups, threshold multi-lrc */

struct list {
	uint32_t dw[LIST_MAX];
	size_t len;
	uint32_t klvs;
	bool policy; /* for the GuC itself: UPDATE_VGT_POLICY */
};

static void add32(struct list *l, uint32_t key, uint32_t value)
{
	if (!klv_put32(l->dw, LIST_MAX, &l->len, key, value))
		l->klvs++;
}

static void add64(struct list *l, uint32_t key, uint64_t value)
{
	if (!klv_put64(l->dw, LIST_MAX, &l->len, key, value))
		l->klvs++;
}

/* Firmware refuses a list with a key that it does not know. */
static bool known(const struct pfc *p, enum pfc_setting s)
{
	return s != PFC_SET_MULTI_LRC || !p->opt.abi_minor || p->opt.abi_minor >= ABI_GROUPS;
}

static void add_settings(const struct pfc *p, struct list *l, const struct pfc_settings *settings,
			 unsigned vf)
{
	for (int s = 0; s < PFC_SETTING_COUNT; s++) {
		uint32_t n;
		const uint32_t *value = pfc_setting_find(settings, (enum pfc_setting)s, &n);

		/* Thresholds are sent also when they are off. */
		if (pfc_setting_of_vf((enum pfc_setting)s) == (vf != 0) && n > 0 &&
		    (vf || value[0]) && known(p, (enum pfc_setting)s) &&
		    !klv_put(l->dw, LIST_MAX, &l->len, pfc_setting_key((enum pfc_setting)s), value,
			     n))
			l->klvs++;
	}
}

static void add_ggtt(struct list *l, const struct pfc_share *s)
{
	add64(l, GUC_KLV_VF_GGTT_START, s->ggtt_start);
	add64(l, GUC_KLV_VF_GGTT_SIZE, s->ggtt_size);
}

/* UPDATE_VF_CFG or UPDATE_VGT_POLICY; an empty list resets the VF's configuration.
 * The GT's KLV page is one request's at a time. */
static int push(struct pfc *p, struct pfc_unit *u, const struct list *l)
{
	struct pfc_gt *gt = pfc_gt(p, u);
	uint64_t addr = l->len ? pfc_address(p, gt->klv) : 0;
	const uint32_t config[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_UPDATE_VF_CFG, 0),
		u->vf, lo32(addr), hi32(addr), (uint32_t)l->len,
	}, policy[4] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_UPDATE_VGT_POLICY, 0),
		lo32(addr), hi32(addr), (uint32_t)l->len,
	};
	bool fresh = u->call == PFC_IDLE;
	int result;

	if (fresh) {
		if (gt->klv_tag)
			return PFC_WAIT;
		for (size_t i = 0; i < l->len; i++)
			host_put32(&p->mem, gt->klv + 4 * i, l->dw[i]);
	}
	result = l->policy ? pfc_call(p, u, policy, 4) : pfc_call(p, u, config, 5);
	if (fresh && u->call == PFC_SENT && l->len)
		gt->klv_tag = pfc_call_tag(u);
	if (result != PFC_DONE || u->data0 == l->klvs)
		return result;
	pfc_log(p, PFC_LOG_ERROR, u->vf, u->gt, "GuC applied %u of %u KLVs", u->data0, l->klvs);
	return u->data0 < l->klvs ? -ENOKEY : -EPROTO;
}

int pfc_push_setting(struct pfc *p, struct pfc_unit *u, uint16_t key, const uint32_t *value,
		     uint32_t n)
{
	struct list l = { .policy = u->vf == 0 };

	l.klvs = !klv_put(l.dw, LIST_MAX, &l.len, key, value, n);
	return push(p, u, &l);
}

/* Those that are not as GuC has them from the start. */
static int step_policies(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .policy = true };

	add_settings(p, &l, &p->vf[0].settings, 0);
	return l.klvs ? push(p, u, &l) : PFC_DONE;
}

/* Those that GuCs differ in, one after the other. */
static int step_uneven(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *card = &p->vf[0];
	uint32_t left = card->policies_uneven >> u->sub, n;
	const uint32_t *value;
	int result;

	if (left == 0)
		return PFC_DONE;
	if (!(left & 1)) {
		u->sub++;
		return PFC_MORE;
	}
	value = pfc_setting_find(&card->settings, (enum pfc_setting)u->sub, &n);
	result = pfc_push_setting(p, u, pfc_setting_key((enum pfc_setting)u->sub), value, n);
	if (result != PFC_DONE)
		return result;
	u->sub++;
	return PFC_MORE;
}

static int step_self_config(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_NUM_CONTEXTS, p->opt.contexts);
	add32(&l, GUC_KLV_VF_NUM_DOORBELLS, p->opt.doorbells);
	if (p->opt.admin_only)
		add32(&l, GUC_KLV_VF_SCHED_PRIORITY, PRIORITY_HIGH);
	add64(&l, GUC_KLV_VF_GGTT_START, p->opt.ggtt_low);
	add64(&l, GUC_KLV_VF_GGTT_SIZE,
	      (p->opt.ggtt_size < GGTT_TOP ? p->opt.ggtt_size : GGTT_TOP) - p->opt.ggtt_low);
	return push(p, u, &l);
}

static int step_reset(struct pfc *p, struct pfc_unit *u)
{
	const struct list empty = { .len = 0 };

	return push(p, u, &empty);
}

/* No place among them is said when there are none: GuC takes no begin beyond the last. */
static void add_doorbells(struct list *l, const struct pfc_share *s)
{
	if (s->doorbells)
		add32(l, GUC_KLV_VF_BEGIN_DOORBELL_ID, s->begin_doorbell);
	add32(l, GUC_KLV_VF_NUM_DOORBELLS, s->doorbells);
}

/* The whole configuration in one message, in the order of vf-lifecycle 2.3. */
static int push_config(struct pfc *p, struct pfc_unit *u, bool lmem)
{
	const struct pfc_share *s = &pfc_vf(p, u)->share;
	bool media = pfc_gt(p, u)->media;
	struct list l = { .len = 0 };
	int result;

	if (!media)
		add_ggtt(&l, s);
	add32(&l, GUC_KLV_VF_BEGIN_CONTEXT_ID, s->begin_context);
	add32(&l, GUC_KLV_VF_NUM_CONTEXTS, s->contexts);
	add_doorbells(&l, s);
	if (lmem)
		add64(&l, GUC_KLV_VF_LMEM_SIZE, s->lmem_size);
	add32(&l, GUC_KLV_VF_EXEC_QUANTUM, s->exec_quantum_ms);
	add32(&l, GUC_KLV_VF_PREEMPT_TIMEOUT, s->preempt_timeout_us);
	add_settings(p, &l, &pfc_vf(p, u)->settings, u->vf);
	if (media)
		add_ggtt(&l, s);
	result = push(p, u, &l);
	if (result == PFC_DONE) {
		pfc_vf(p, u)->have_ggtt |= (uint8_t)(1u << u->gt);
		pfc_vf(p, u)->have_contexts |= (uint8_t)(1u << u->gt);
		if (lmem)
			pfc_vf(p, u)->have_lmem |= (uint8_t)(1u << u->gt);
	}
	return result;
}

static int step_config(struct pfc *p, struct pfc_unit *u)
{
	return push_config(p, u, pfc_has_lmem(p, u));
}

/* Another share of local memory is an empty one: what is in the old must not be lost
 * before every GuC has taken all the rest. */
static int step_config_kept(struct pfc *p, struct pfc_unit *u)
{
	return push_config(p, u, false);
}

static int step_quantum(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_EXEC_QUANTUM, pfc_vf(p, u)->share.exec_quantum_ms);
	return push(p, u, &l);
}

static int step_preempt(struct pfc *p, struct pfc_unit *u)
{
	struct list l = { .len = 0 };

	add32(&l, GUC_KLV_VF_PREEMPT_TIMEOUT, pfc_vf(p, u)->share.preempt_timeout_us);
	return push(p, u, &l);
}

/* First the main GuC, then, if that worked, the media GuC. */
static int step_ggtt(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };
	int result;

	if (pfc_gt(p, u)->media) {
		const struct pfc_unit *main_gt = u - 1;

		if (main_gt->err)
			return -ECANCELED;
		if (main_gt->seq == u->seq && main_gt->at <= u->at)
			return PFC_WAIT;
	}
	add_ggtt(&l, &v->share);
	result = push(p, u, &l);
	if (result == PFC_DONE)
		v->have_ggtt |= (uint8_t)(1u << u->gt);
	return result;
}

/* Tiles have it, so their main GuCs are told. */
static int step_lmem(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };
	int result;

	if (!pfc_has_lmem(p, u))
		return PFC_DONE;
	add64(&l, GUC_KLV_VF_LMEM_SIZE, v->share.lmem_size);
	result = push(p, u, &l);
	if (result == PFC_DONE)
		v->have_lmem |= (uint8_t)(1u << u->gt);
	return result;
}

static int step_new_lmem(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);
	bool same = v->share.lmem_size == v->old.lmem_size && (v->have_lmem & 1u << u->gt);

	return same ? PFC_DONE : step_lmem(p, u);
}

static int step_contexts(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };
	int result;

	add32(&l, GUC_KLV_VF_BEGIN_CONTEXT_ID, v->share.begin_context);
	add32(&l, GUC_KLV_VF_NUM_CONTEXTS, v->share.contexts);
	result = push(p, u, &l);
	if (result == PFC_DONE)
		v->have_contexts |= (uint8_t)(1u << u->gt);
	return result;
}

static int step_doorbells(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_vf *v = pfc_vf(p, u);
	struct list l = { .len = 0 };

	add_doorbells(&l, &v->share);
	return push(p, u, &l);
}

/* --- GGTT entries ------------------------------------------------------------------ */

/* Write a slice of a region's entries, all the same, without those that lie in
 * `but` as well. */
static int write_region(struct pfc *p, struct pfc_unit *u, const struct pfc_share *region,
			const struct pfc_share *but, uint64_t pte)
{
	uint32_t pages = (uint32_t)(region->ggtt_size >> GGTT_PAGE_SHIFT), end = pages;
	uint64_t at = region->ggtt_start + (uint64_t)u->pos * GGTT_PAGE;

	if (but && but->ggtt_size && u->pos < pages) {
		uint64_t but_end = but->ggtt_start + but->ggtt_size;

		if (at >= but->ggtt_start && at < but_end) {
			u->pos += (uint32_t)((but_end - at) >> GGTT_PAGE_SHIFT);
			return PFC_MORE;
		}
		if (at < but->ggtt_start &&
		    but->ggtt_start < region->ggtt_start + region->ggtt_size)
			end = (uint32_t)((but->ggtt_start - region->ggtt_start) >>
					 GGTT_PAGE_SHIFT);
	}
	if (u->pos < end)
		u->pos += pfc_write_ptes(p, pfc_gt(p, u)->tile, region->ggtt_start, u->pos,
					 end - u->pos, pte, 0);
	if (u->pos < pages)
		return PFC_MORE;
	if (pages)
		pfc_invalidate(p, pfc_gt(p, u)->tile);
	return PFC_DONE;
}

/* An entry of the VF's that maps nothing yet. */
static uint64_t empty_entry(const struct pfc_unit *u)
{
	return (uint64_t)u->vf << PTE_VFID_SHIFT | PTE_PRESENT;
}

int pfc_step_ptes(struct pfc *p, struct pfc_unit *u)
{
	return write_region(p, u, &pfc_vf(p, u)->share, NULL, empty_entry(u));
}

/* What is new of the region; what the VF had before keeps its entries. */
static int step_new_ptes(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);

	return write_region(p, u, &v->share, &v->old, empty_entry(u));
}

/* What is no longer part of it is nobody's. */
static int step_old_ptes(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_vf *v = pfc_vf(p, u);

	return write_region(p, u, &v->old, &v->share, 0);
}

static int step_clear_old(struct pfc *p, struct pfc_unit *u)
{
	return write_region(p, u, &pfc_vf(p, u)->old, NULL, 0);
}

static int step_clear_ptes(struct pfc *p, struct pfc_unit *u)
{
	return write_region(p, u, &pfc_vf(p, u)->share, NULL, 0);
}

/* From here on GuC no longer has what the VF was given. */
static int step_forget(struct pfc *p, struct pfc_unit *u)
{
	pfc_vf(p, u)->have_ggtt = 0;
	pfc_vf(p, u)->have_contexts = 0;
	pfc_vf(p, u)->have_lmem = 0;
	return PFC_DONE;
}

/* What a failed PROVISION leaves behind goes, whatever the GuC says to it. */
static int step_reset_anyhow(struct pfc *p, struct pfc_unit *u)
{
	int result = step_reset(p, u);

	if (result >= 0)
		return result;
	pfc_log(p, PFC_LOG_WARN, u->vf, u->gt, "config reset failed: %s", text_errno(result));
	return PFC_DONE;
}

/* What a VF gets, after its GGTT region was found. */
#define GIVE_STEPS                                                             \
	{ .name = "exec quantum", .run = step_quantum },                       \
	{ .name = "preempt timeout", .run = step_preempt },                    \
	{ .name = "GGTT entries", .run = pfc_step_ptes, .where = PFC_MAIN_GT }, \
	{ .name = "GGTT", .run = step_ggtt },                                  \
	{ .name = "LMEM", .run = step_lmem, .where = PFC_MAIN_GT },            \
	{ .name = "contexts", .run = step_contexts },                          \
	{ .name = "doorbells", .run = step_doorbells }
/* How the GuCs lose what they have of a VF. */
#define TAKE_STEPS(reset)                                                      \
	{ .name = "config reset", .run = reset },                              \
	{ .name = "released" },                                                \
	{ .name = "forget", .run = step_forget, .where = PFC_FIRST_GT }

static const struct pfc_step_def self_steps[] = {
	{ .name = "policies", .run = step_policies },
	{ .name = "self config", .run = step_self_config },
	{ .name = "runtime registers", .run = pfc_step_runtime },
};
static const struct pfc_step_def policies_steps[] = {
	{ .name = "policies", .run = step_uneven },
};
static const struct pfc_step_def refresh_steps[] = {
	{ .name = "config", .run = step_config },
};
static const struct pfc_step_def provision_steps[] = {
	GIVE_STEPS,
};
static const struct pfc_step_def change_steps[] = {
	{ .name = "new GGTT entries", .run = step_new_ptes, .where = PFC_MAIN_GT },
	{ .name = "mapped" },
	{ .name = "config", .run = step_config_kept },
	{ .name = "told" },
	{ .name = "LMEM", .run = step_new_lmem, .where = PFC_MAIN_GT },
	{ .name = "all told" },
	{ .name = "old GGTT entries", .run = step_old_ptes, .where = PFC_MAIN_GT },
};
static const struct pfc_step_def change_by_reset_steps[] = {
	TAKE_STEPS(step_reset),
	{ .name = "old GGTT entries", .run = step_clear_old, .where = PFC_MAIN_GT },
	GIVE_STEPS,
};
static const struct pfc_step_def unprovision_steps[] = {
	TAKE_STEPS(step_reset),
	{ .name = "GGTT entries", .run = step_clear_ptes, .where = PFC_MAIN_GT },
};
/* The share is the old one again, what was to replace it is v->old. */
static const struct pfc_step_def put_back_steps[] = {
	{ .name = "old config", .run = step_config },
	{ .name = "put back" },
	{ .name = "new GGTT entries", .run = step_old_ptes, .where = PFC_MAIN_GT },
};
static const struct pfc_step_def take_back_steps[] = {
	TAKE_STEPS(step_reset_anyhow),
	{ .name = "old GGTT entries", .run = step_clear_old, .where = PFC_MAIN_GT },
	{ .name = "GGTT entries", .run = step_clear_ptes, .where = PFC_MAIN_GT },
};

#define CONFIG_SEQ(list)                                                       \
	{ .kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT,                \
	  .after = PFC_VF_STATE_COUNT, PFC_STEPS(list) }

const struct pfc_seq pfc_seq_self = CONFIG_SEQ(self_steps);
const struct pfc_seq pfc_seq_policies = CONFIG_SEQ(policies_steps);
const struct pfc_seq pfc_seq_refresh = CONFIG_SEQ(refresh_steps);
const struct pfc_seq pfc_seq_provision = CONFIG_SEQ(provision_steps);
const struct pfc_seq pfc_seq_change = CONFIG_SEQ(change_steps);
const struct pfc_seq pfc_seq_change_by_reset = CONFIG_SEQ(change_by_reset_steps);
const struct pfc_seq pfc_seq_unprovision = CONFIG_SEQ(unprovision_steps);
const struct pfc_seq pfc_seq_put_back = CONFIG_SEQ(put_back_steps);
const struct pfc_seq pfc_seq_take_back = CONFIG_SEQ(take_back_steps);
