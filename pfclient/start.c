/* SPDX-License-Identifier: MIT */
/* Bringing the PF up: entries of its own GGTT range on every tile, then on
 * every GT at once CLIENT_SOFT_RESET, registration and enabling of the CTB
 * over MMIO (guc-abi 3.4), self-configuration over CTB. No memory interrupts:
 * function 0 is interrupted without them. */
#include <errno.h>

#include "pfc_priv.h"
#include "proto/klv.h"
#include "proto/text.h"

#define RESET_TRIES 10u /* on a time-out (guc-abi 2.3) */

/* Placement of the CTB objects, as the Linux driver's (guc-abi 3.3). */
#define H2G_BUFFER 4096u
#define H2G_OBJECT (H2G_BUFFER + CTB_H2G_BYTES)
#define G2H_DESC   0x800u
#define G2H_BUFFER 4096u
#define G2H_OBJECT (G2H_BUFFER + CTB_G2H_BYTES)
#define GT_MEMORY  (H2G_OBJECT + G2H_OBJECT + GGTT_PAGE)

#define POOL_BYTES (8u << 20)
#define POOL_LEAST (64u << 10)

size_t pfc_mem_size(unsigned gts)
{
	return (size_t)gts * GT_MEMORY + 2 * POOL_BYTES;
}

size_t pfc_mem_min(unsigned gts)
{
	return (size_t)gts * GT_MEMORY + 2 * POOL_LEAST;
}

int pfc_start_layout(struct pfc *p)
{
	size_t at = 0, pool;

	for (unsigned i = 0; i < p->gts; i++) {
		struct pfc_gt *gt = &p->gt[i];

		gt->p = p;
		gt->index = (uint8_t)i;
		gt->tile = (uint8_t)(i / p->opt.gts);
		gt->media = i % p->opt.gts;
		gt->h2g = at;
		gt->g2h = at + H2G_OBJECT;
		gt->klv = gt->g2h + G2H_OBJECT;
		at += GT_MEMORY;
		host_mailbox_init(&gt->mailbox, p->port, gt->tile, gt->media, i);
		host_ct_init(&gt->ct, p->port, &p->mem, gt->tile, gt->media, gt->h2g,
			     gt->h2g + H2G_BUFFER, CTB_H2G_BYTES, gt->g2h + G2H_DESC,
			     gt->g2h + G2H_BUFFER, CTB_G2H_BYTES);
		gt->ct.on_reply = pfc_on_reply;
		gt->ct.on_event = pfc_on_event;
		gt->ct.user = gt;
	}
	if (p->mem.size < pfc_mem_min(p->gts))
		return -EINVAL;
	pool = ((p->mem.size - at) / 2) & ~(size_t)(GGTT_PAGE - 1);
	if (pfc_pool_init(&p->out_pool, at, pool))
		return -EINVAL;
	return pfc_pool_init(&p->in_pool, at + pool, pool);
}

/* --- the requests of a GT, in order ------------------------------------------------ */

struct boot_request {
	uint16_t action;
	uint16_t key;  /* of SELF_CFG */
	uint16_t dwords; /* of its value */
	uint32_t value; /* or place in an object */
	enum { PLAIN, IN_H2G, IN_G2H } object;
	uint32_t answer; /* DATA0 that means yes */
};

static const struct boot_request boot_table[] = {
	{ .action = GUC_ACTION_VF_RESET },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_H2G_CTB_DESC_ADDR, 2, 0, IN_H2G, 1 },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_H2G_CTB_ADDR, 2, H2G_BUFFER, IN_H2G, 1 },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_H2G_CTB_SIZE, 1, CTB_H2G_BYTES, PLAIN, 1 },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_G2H_CTB_DESC_ADDR, 2, G2H_DESC, IN_G2H, 1 },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_G2H_CTB_ADDR, 2, G2H_BUFFER, IN_G2H, 1 },
	{ GUC_ACTION_SELF_CFG, GUC_KLV_SELF_G2H_CTB_SIZE, 1, CTB_G2H_BYTES, PLAIN, 1 },
	{ .action = GUC_ACTION_CONTROL_CTB, .value = 1 },
};
#define BOOT_REQUESTS (sizeof(boot_table) / sizeof(boot_table[0]))

static void send_boot_request(struct pfc *p, struct pfc_gt *gt, const struct boot_request *r)
{
	uint32_t dw[MAILBOX_DWORDS] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, r->action, 0)
	};
	uint64_t value = r->value;
	uint32_t len = 1;

	if (r->object == IN_H2G)
		value = pfc_address(p, gt->h2g + r->value);
	else if (r->object == IN_G2H)
		value = pfc_address(p, gt->g2h + r->value);
	if (r->action == GUC_ACTION_SELF_CFG) {
		dw[1] = klv_header(r->key, r->dwords);
		dw[2] = lo32(value);
		dw[3] = hi32(value);
		len = 4;
	} else if (r->action == GUC_ACTION_CONTROL_CTB) {
		dw[1] = lo32(value);
		len = 2;
	}
	host_mailbox_start(&gt->mailbox, dw, len, p->now);
	gt->boot_sent = true;
}

void pfc_start_end(struct pfc *p, int err)
{
	struct pfc_event ev = { .kind = PFC_EV_STARTED, .err = err };

	p->phase = err ? PFC_OFF : PFC_UP;
	if (err)
		for (unsigned gt = 0; gt < p->gts; gt++) {
			host_mailbox_cancel(&p->gt[gt].mailbox);
			host_ct_stop(&p->gt[gt].ct);
			pfc_unit_cancel(p, pfc_unit(p, 0, gt));
		}
	for (unsigned vf = 1; !err && vf <= p->opt.vfs; vf++) {
		struct pfc_vf *v = &p->vf[vf];

		if (v->flr_owed)
			pfc_start_flr(p, vf, 0);
		else if (v->verb_owed != PFC_VERB_COUNT)
			(void)pfc_do(p, v->verb_owed, vf, NULL, 0);
		else
			pfc_op_undo_owed(p, vf);
		v->flr_owed = false;
		v->verb_owed = PFC_VERB_COUNT;
	}
	pfc_report(p, &ev);
}

static void boot_failed(struct pfc *p, struct pfc_gt *gt, int err)
{
	pfc_log(p, PFC_LOG_ERROR, 0, gt->index, "bring-up failed at %s: %s",
		guc_action_name(boot_table[gt->boot].action), text_errno(err));
	pfc_start_end(p, err);
}

/* One move of a GT's bring-up; true when it did something. */
static bool boot_gt(struct pfc *p, struct pfc_gt *gt)
{
	const struct boot_request *r = &boot_table[gt->boot];
	uint32_t data0;
	int err;

	if (gt->boot == BOOT_REQUESTS)
		return false;
	if (!gt->boot_sent) {
		send_boot_request(p, gt, r);
		return true;
	}
	if (!host_mailbox_step(&gt->mailbox, p->now))
		return false;
	err = host_mailbox_take(&gt->mailbox, &data0);
	gt->boot_sent = false;
	if (err == -ETIMEDOUT && r->action == GUC_ACTION_VF_RESET &&
	    ++gt->boot_tries < RESET_TRIES)
		return true;
	if (!err && data0 != r->answer)
		err = data0 < r->answer ? -ENOKEY : -EPROTO;
	if (err) {
		boot_failed(p, gt, err);
		return true;
	}
	gt->boot++;
	if (gt->boot == BOOT_REQUESTS) {
		host_ct_enable(&gt->ct);
		pfc_unit_start(p, pfc_unit(p, 0, gt->index), &pfc_seq_self);
	}
	return true;
}

/* --- phases ------------------------------------------------------------------------ */

static void begin(struct pfc *p, enum pfc_phase phase)
{
	p->phase = phase;
	p->map_tile = 0;
	p->map_page = 0;
	for (unsigned i = 0; i < p->gts; i++) {
		host_ct_reset(&p->gt[i].ct);
		p->gt[i].boot = 0;
		p->gt[i].boot_sent = false;
		p->gt[i].boot_tries = 0;
		p->gt[i].klv_tag = 0;
		p->gt[i].relay_count = 0;
		p->gt[i].up = false;
	}
	p->kicked = true;
}

int pfc_start(struct pfc *p, bool adopt)
{
	if (p->phase != PFC_OFF)
		return -EALREADY;
	p->adopt = adopt;
	p->again = false;
	begin(p, PFC_MAPPING);
	return 0;
}

/* --- again, after a reset of the GTs (vf-lifecycle 2.10) ----------------------------- */

static void cancel_all(struct pfc *p, unsigned vf)
{
	const struct pfc_op old = pfc_op_override(p, vf);

	p->vf[vf].prepared = false;
	for (unsigned gt = 0; gt < p->gts; gt++) {
		struct pfc_unit *u = pfc_unit(p, vf, gt);

		pfc_unit_cancel(p, u);
		u->mismatch = u->failed = u->unpause = false;
		pfc_set_state(p, u, PFC_VF_READY);
	}
	pfc_op_overridden(p, vf, &old);
}

int pfc_reset(struct pfc *p)
{
	if (p->phase != PFC_UP)
		return -ENODEV;
	/* Before anybody is told: nothing may be started from there. */
	p->phase = PFC_BOOTING;
	for (unsigned vf = 0; vf <= p->opt.vfs; vf++)
		cancel_all(p, vf);
	for (unsigned gt = 0; gt < p->gts; gt++) {
		host_mailbox_cancel(&p->gt[gt].mailbox);
		host_ct_stop(&p->gt[gt].ct);
	}
	p->adopt = false;
	p->again = true;
	p->refreshed = 0;
	begin(p, PFC_BOOTING);
	return 0;
}

/* Configurations, a VF at a time. A VF that a GuC refused its one has none there. */
static bool refresh_step(struct pfc *p)
{
	struct pfc_vf *v = &p->vf[p->refreshed];

	for (unsigned gt = 0; gt < p->gts; gt++) {
		const struct pfc_unit *u = pfc_unit(p, p->refreshed, gt);

		if (u->seq)
			return false;
		if (p->refreshed && u->err) {
			v->have_ggtt &= (uint8_t)~(1u << gt);
			v->have_contexts &= (uint8_t)~(1u << gt);
			v->have_lmem &= (uint8_t)~(1u << gt);
		}
	}
	if (p->refreshed == 0 && p->vf[0].policies_uneven && !p->vf[0].policies_told) {
		p->vf[0].policies_told = true;
		for (unsigned gt = 0; gt < p->gts; gt++)
			pfc_unit_start(p, pfc_unit(p, 0, gt), &pfc_seq_policies);
		return true;
	}
	do
		p->refreshed++;
	while (p->refreshed <= p->opt.vfs &&
	       (!p->vf[p->refreshed].planned || p->vf[p->refreshed].undo == PFC_UNDO_TAKE_BACK ||
		(p->adopt && !p->vf[p->refreshed].uneven)));
	if (p->refreshed > p->opt.vfs) {
		pfc_start_end(p, 0);
		return true;
	}
	for (unsigned gt = 0; gt < p->gts; gt++)
		pfc_unit_start(p, pfc_unit(p, p->refreshed, gt), &pfc_seq_refresh);
	return true;
}

static void map_slice(struct pfc *p)
{
	uint32_t pages = (uint32_t)(p->mem.size >> GGTT_PAGE_SHIFT);

	p->map_page += pfc_write_ptes(p, p->map_tile, p->opt.ggtt_low, p->map_page,
				      pages - p->map_page, (p->mem.dma & PTE_ADDR) | PTE_PRESENT,
				      GGTT_PAGE);
	if (p->map_page < pages)
		return;
	p->map_page = 0;
	if (++p->map_tile == p->opt.tiles)
		p->phase = PFC_BOOTING;
}

void pfc_start_unit_ended(struct pfc *p, struct pfc_unit *u, int err)
{
	if (p->phase != PFC_BOOTING)
		return;
	if (err) {
		pfc_start_end(p, err);
		return;
	}
	p->gt[u->gt].up = true;
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (!p->gt[gt].up)
			return;
	p->map_page = 0;
	p->map_read = PFC_IDLE;
	if (p->again)
		p->phase = PFC_REFRESHING;
	else if (p->adopt)
		pfc_adopt_begin(p);
	else
		pfc_start_end(p, 0);
}

bool pfc_start_step(struct pfc *p)
{
	switch (p->phase) {
	case PFC_MAPPING:
		map_slice(p);
		return true;
	case PFC_BOOTING:
		for (unsigned gt = 0; gt < p->gts; gt++)
			if (boot_gt(p, &p->gt[gt]))
				return true;
		return false;
	case PFC_ADOPTING:
		return pfc_adopt_step(p);
	case PFC_REFRESHING:
		return refresh_step(p);
	case PFC_OFF:
	case PFC_ASKING:
	case PFC_UP:
		break;
	}
	return false;
}
