/* SPDX-License-Identifier: MIT */
/* What hooks do besides deciding on their crossing: deeds, from an interrupt out of
 * nothing to a reset of the GuC, and patches of bytes. Deeds are done when the turn
 * of the card ends, for a hook is called from the middle of things; only what stops
 * the GuC from taking more comes at once. */
#include "core.h"

const char *guc_deed_text(unsigned what)
{
	static const char *const texts[] = {
#define X(sym, words) words,
		GUC_DEED_LIST(X)
#undef X
	};

	return what < GUC_DEED_COUNT ? texts[what] : "?";
}

void guc_patch(const struct guc_hook_action *act, void *bytes, size_t len)
{
	uint8_t *b = bytes;

	for (uint32_t i = 0; len && i < act->patch_n && i < GUC_HOOK_PATCHES; i++) {
		const struct guc_patch *p = &act->patch[i];

		b[p->at % len] = (uint8_t)((b[p->at % len] & p->keep) ^ p->flip);
	}
}

/* --- stopping and going on --------------------------------------------------------- */

static void hold(struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_event ev = { .point = GUC_PT_STATE, .fn = (uint8_t)fn,
				      .gt = (uint8_t)gt };
	const struct guc_hook_action act = { .delay = GUC_HOLD_NS };

	if (fn == 0)
		return;
	guc_hold_drop(c, gt, fn);
	if (guc_delay(c, &ev, &act) == 0)
		guc_fn(c, gt, fn)->deaf |= GUC_DEAF_HELD;
}

void guc_hold_end(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	if (!(f->deaf & GUC_DEAF_HELD))
		return;
	guc_hold_drop(c, gt, fn);
	guc_function_rescan(c, gt, fn);
}

static void hang_guc(struct guc_card *c, unsigned gt)
{
	c->block->hung_gucs |= (uint8_t)(1u << gt);
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
		guc_fn(c, gt, fn)->deaf |= GUC_DEAF_GUC;
}

static void wake_guc(struct guc_card *c, unsigned gt)
{
	c->block->hung_gucs &= (uint8_t)~(1u << gt);
	for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
		guc_fn(c, gt, fn)->deaf = 0;
}

/* As a VF sees it when its PF has reset the GT and given the GuC its configuration
 * again, which a PF's driver does before anybody can ask. A reset of the VF that
 * is under way goes on. */
static void reset_guc(struct guc_card *c, unsigned gt)
{
	wake_guc(c, gt);
	for (unsigned fn = 1; fn <= c->block->geometry.vfs; fn++)
		if (!guc_is_flr((enum guc_vf_state)guc_fn(c, gt, fn)->state))
			guc_lifecycle_restart(c, gt, fn);
	guc_function_rescan(c, gt, 0);
}

/* --- deeds ---------------------------------------------------------------------------- */

static void do_deed(struct guc_card *c, const struct guc_deed *d)
{
	struct guc_function *f = guc_fn(c, d->gt, d->fn);

	switch ((enum guc_deed_what)d->what) {
	case GUC_DEED_INTERRUPT:
		guc_raise(c, d->gt, d->fn, (uint8_t)(d->arg & 0xF));
		return;
	case GUC_DEED_CLEAR_MAILBOX:
		memset(f->mbox, 0, sizeof(f->mbox));
		return;
	case GUC_DEED_BREAK_H2G:
		if (f->ctb_enabled)
			guc_ggtt_store32(c, d->gt, d->fn, f->self.h2g_desc + d->arg, d->value);
		return;
	case GUC_DEED_BREAK_G2H:
		if (f->ctb_enabled)
			guc_ggtt_store32(c, d->gt, d->fn, f->self.g2h_desc + d->arg, d->value);
		return;
	case GUC_DEED_RESET_GT:
		c->block->hung_gts &= (uint8_t)~(1u << d->gt);
		reset_guc(c, d->gt);
		return;
	case GUC_DEED_RESET_GUC:
		reset_guc(c, d->gt);
		return;
	case GUC_DEED_RESET_FUNCTION:
		guc_flr(c, d->fn);
		return;
	case GUC_DEED_HANG_GUC:
	case GUC_DEED_HANG_GT:
	case GUC_DEED_HANG_FUNCTION:
	case GUC_DEED_HOLD:
	case GUC_DEED_COUNT:
		return; /* were done at once */
	}
}

/* True: done; false: for the end of the turn. */
static bool at_once(struct guc_card *c, const struct guc_deed *d)
{
	if (d->what == GUC_DEED_HANG_GUC)
		hang_guc(c, d->gt);
	else if (d->what == GUC_DEED_HANG_GT)
		c->block->hung_gts |= (uint8_t)(1u << d->gt);
	else if (d->what == GUC_DEED_HANG_FUNCTION)
		guc_fn(c, d->gt, d->fn)->deaf |= GUC_DEAF_FUNCTION;
	else if (d->what == GUC_DEED_HOLD)
		hold(c, d->gt, d->fn);
	else
		return false;
	return true;
}

void guc_deeds_note(struct guc_card *c, const struct guc_event *ev,
		    const struct guc_hook_action *act)
{
	struct guc_block *b = c->block;

	/* Of a tick the hook says itself whom it is about. */
	if (ev->fn > b->geometry.vfs || ev->gt >= guc_gt_count(c))
		return;
	for (uint32_t i = 0; i < act->deed_n && i < GUC_HOOK_DEEDS; i++) {
		struct guc_deed d = act->deed[i];

		d.fn = ev->fn;
		d.gt = ev->gt;
		d.arg &= d.what == GUC_DEED_INTERRUPT ? 0xF : 0x3C;
		if (d.what >= GUC_DEED_COUNT || at_once(c, &d))
			continue;
		if (b->deeds_n < GUC_DEEDS)
			b->deeds[b->deeds_n++] = d;
		else
			b->deeds_lost++;
	}
}

void guc_deeds_run(struct guc_card *c)
{
	struct guc_block *b = c->block;

	if (b->deeds_n == 0 || b->in_deeds)
		return;
	b->in_deeds = 1;
	for (uint32_t i = 0; i < b->deeds_n; i++) {
		const struct guc_deed d = b->deeds[i];

		do_deed(c, &d);
	}
	b->deeds_n = 0;
	b->in_deeds = 0;
}
