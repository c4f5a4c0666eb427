/* SPDX-License-Identifier: MIT */
/* The VF lifecycle at work: looks up the row of lifecycle_table.c, runs its
 * effects, changes the state. What must come after the reply to the PF (its
 * events) waits in guc_lifecycle_settle(), what takes several turns (a drain,
 * compression contexts, a PAUSE's notes, blobs) in guc_lifecycle_turn().
 *
 * The PF, function 0, has no lifecycle: it always counts as running. */
#include "lifecycle_row.h"

uint16_t guc_vf_peek(const struct guc_card *c, unsigned gt, unsigned fn, enum guc_vf_input input,
		     uint32_t arg)
{
	return fn ? guc_vf_row_find(c, gt, fn, input, arg)->error : GUC_OK;
}

/* --- effects ---------------------------------------------------------------------- */

static void set_state(struct guc_card *c, unsigned gt, unsigned fn, uint8_t next,
		      enum guc_vf_input input)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	struct guc_event ev = {
		.point = GUC_PT_STATE, .fn = (uint8_t)fn, .gt = (uint8_t)gt,
		.code = (uint32_t)input, .from = f->state, .to = next,
	};

	if (f->state == next)
		return;
	f->state = next;
	guc_emit(c, &ev);
}

void guc_lifecycle_restart(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	bool ready = guc_config_complete(c, gt, fn);

	guc_function_drop(c, gt, fn);
	memset(f->mbox, 0, sizeof(f->mbox));
	f->mbox_pending = f->pausing = f->abi_major = f->abi_minor = 0;
	set_state(c, gt, fn, ready ? GUC_VFS_READY : GUC_VFS_UNPROVISIONED, GUC_IN_VF_RESET);
}

static uint8_t resolve(const struct guc_card *c, unsigned gt, unsigned fn, uint8_t next)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (next == SAME)
		return f->state;
	if (next == BACK)
		return f->resfix_from;
	if (next == CLEAN)
		return guc_config_complete(c, gt, fn) ? GUC_VFS_READY : GUC_VFS_UNPROVISIONED;
	return next;
}

static void owe(struct guc_card *c, unsigned gt, unsigned fn, enum guc_vf_event event)
{
	guc_fn(c, gt, fn)->owed |= (uint8_t)(1u << event);
	c->block->settle_left[gt] |= guc_bit(fn);
}

void guc_owe_vf_enable(struct guc_card *c, unsigned gt)
{
	owe(c, gt, 0, GUC_EVENT_VF_ENABLE);
}

/* A reset of the function reaches its registers. */
static void scrub(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	memset(f->mbox, 0, sizeof(f->mbox));
	if (guc_has_intr(c, fn))
		guc_intr_reset(&f->intr);
}

static void before(struct guc_card *c, unsigned gt, unsigned fn, uint32_t effects, uint32_t arg)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	if (effects & E_PREEMPT)
		guc_contexts_preempt(c, gt, fn);
	if (effects & E_CHECK)
		guc_detector_check(c, gt, fn);
	if (effects & E_DROP)
		guc_function_drop(c, gt, fn);
	if (effects & E_SCRUB)
		scrub(c, gt, fn);
	if (effects & E_REARM)
		f->flr_rearm = 1;
	if (effects & E_MARKER_SET)
		f->marker = (uint16_t)arg;
	if (effects & E_MARKER_CLEAR)
		f->marker = 0;
	if (effects & E_FROM_HERE)
		f->resfix_from = f->state;
	if (effects & E_FROM_RUNNING)
		f->resfix_from = GUC_VFS_RUNNING;
}

/* Responses and credited events of before the migration break the driver's
 * channel: it has given up their fences and credits. */
static void discard(struct guc_function *f)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->queued_n; i++) {
		struct guc_queued *q = &f->queued[(f->queued_at + i) % GUC_QUEUED_G2H];

		if (!q->credited)
			f->queued[(f->queued_at + kept++) % GUC_QUEUED_G2H] = *q;
	}
	f->queued_n = kept;
}

static void after(struct guc_card *c, unsigned gt, unsigned fn, uint32_t effects)
{
	if (effects & E_DISCARD)
		discard(guc_fn(c, gt, fn));
	if (effects & E_SW_INT)
		guc_raise(c, gt, fn, GUC_IRQ_SW_INT_0);
	if ((effects & E_SERVE) && guc_fn(c, gt, fn)->state == GUC_VFS_RUNNING) {
		guc_contexts_kick(c, gt, fn);
		guc_fn(c, gt, fn)->doorbell = 1;
		c->block->h2g_left[gt] |= guc_bit(fn);
		guc_g2h_flush(c, gt, fn);
	}
	if (effects & E_TELL_FLR)
		owe(c, gt, fn, GUC_EVENT_VF_FLR);
	if (effects & E_TELL_FLR_DONE)
		owe(c, gt, fn, GUC_EVENT_VF_FLR_DONE);
	if (effects & E_TELL_PAUSE_DONE)
		owe(c, gt, fn, GUC_EVENT_VF_PAUSE_DONE);
	if (effects & E_TELL_FIXUP_DONE)
		owe(c, gt, fn, GUC_EVENT_VF_FIXUP_DONE);
	if (effects & (E_RESCAN | E_RESCAN_RUNG))
		guc_function_rescan(c, gt, fn);
}

/* A PAUSE has all notes, or what it noted is no longer what it pauses. */
static void end_notes(struct guc_function *f, bool whole)
{
	if (f->noting && !whole)
		f->notes_n = f->notes_lost = 0;
	f->noting = 0;
}

static void apply(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_vf_row *row,
		  enum guc_vf_input input, uint32_t arg)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint8_t next;

	before(c, gt, fn, row->effects, arg);
	next = resolve(c, gt, fn, row->next);
	if (next != GUC_VFS_RUNNING)
		end_notes(f, row->effects & E_NOTE);
	/* Whatever the driver does, a PAUSE that was accepted goes on. */
	if (next != GUC_VFS_RUNNING && next != GUC_VFS_READY && next != GUC_VFS_RESFIX_BLOCKED)
		f->pausing = f->compressing = 0;
	if (input == GUC_IN_FLR_FINISH)
		f->flr_rearm = 0;
	if (input == GUC_IN_PCI_FLR)
		f->deaf &= (uint8_t)~GUC_DEAF_FUNCTION;
	if (input == GUC_IN_RESUME || input == GUC_IN_PCI_FLR)
		guc_hold_drop(c, gt, fn);
	if (input == GUC_IN_FLR_START || next == GUC_VFS_UNPROVISIONED) {
		f->abi_major = f->abi_minor = 0;
		guc_adverse_forget(c, gt, fn);
	}
	set_state(c, gt, fn, next, input);
	after(c, gt, fn, row->effects);
}

/* A slice of the drain: true when nothing more can be taken, because H2G is
 * empty, stopped, or its answers find no room in G2H. */
static bool drained(struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (f->state != GUC_VFS_RUNNING || c->block->options.no_drain)
		return true;
	return !guc_h2g_serve(c, gt, fn, guc_lifecycle_share(c, gt, fn, GUC_H2G_BUDGET));
}

/* May the PAUSE of this row take place? Before, H2G is empty as far as it can be, the
 * compression context has saved the VF's metadata, and all addresses are noted, each
 * by slices. From the first note on the VF stands still. */
static bool pause_ready(struct guc_card *c, unsigned gt, unsigned fn,
			const struct guc_vf_row *row)
{
	const struct guc_function *f = guc_fn(c, gt, fn);

	if (f->compressing == GUC_CTX_COMPRESSION_RESTORE ||
	    (!f->compressing && !f->noting && (row->effects & E_DRAIN) && !drained(c, gt, fn)))
		return false;
	if (!f->noting && (row->effects & E_CCS_SAVE) &&
	    guc_compression_run(c, gt, fn, GUC_CTX_COMPRESSION_SAVE))
		return false;
	return !(row->effects & E_NOTE) || !guc_detector_note(c, gt, fn);
}

/* What the VF is owed reaches its memory while it still counts as running. */
static void last_words(struct guc_card *c, unsigned gt, unsigned fn)
{
	guc_g2h_flush(c, gt, fn);
	guc_irq_flush(c);
}

uint16_t guc_vf_input(struct guc_card *c, unsigned gt, unsigned fn, enum guc_vf_input input,
		      uint32_t arg)
{
	const struct guc_vf_row *row;

	if (fn == 0)
		return GUC_OK;
	row = guc_vf_row_find(c, gt, fn, input, arg);
	if (row->error) {
		if (row->effects & E_SCRUB)
			memset(guc_fn(c, gt, fn)->mbox, 0, MAILBOX_DWORDS * sizeof(uint32_t));
		return row->error;
	}
	if (input == GUC_IN_PAUSE && !pause_ready(c, gt, fn, row)) {
		guc_fn(c, gt, fn)->pausing = 1;
		c->block->settle_left[gt] |= guc_bit(fn);
		return GUC_OK;
	}
	if (row->effects & E_DRAIN)
		last_words(c, gt, fn);
	/* SAVE and RESTORE look themselves; a configuration has. */
	if (input != GUC_IN_SAVE && input != GUC_IN_RESTORE && input != GUC_IN_CONFIG_VALID)
		guc_blob_meet(c, gt, fn, input == GUC_IN_RESUME);
	apply(c, gt, fn, row, input, arg);
	return GUC_OK;
}

static void pause_on(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	const struct guc_vf_row *row;

	/* Another PAUSE would be refused meanwhile, this one is the first. */
	f->pausing = 0;
	row = guc_vf_row_find(c, gt, fn, GUC_IN_PAUSE, 0);
	if (!row->error && !pause_ready(c, gt, fn, row)) {
		f->pausing = 1;
		return;
	}
	last_words(c, gt, fn);
	if (!row->error)
		apply(c, gt, fn, row, GUC_IN_PAUSE, 0);
}

/* RESFIX_DONE after a restore: the compression context first. When it takes more than
 * a slice the VF reads BUSY meanwhile (vf-lifecycle 1.3.5). */
uint16_t guc_resfix_done(struct guc_card *c, struct guc_request *r)
{
	const uint32_t busy = hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 0);
	struct guc_function *f = guc_fn(c, r->gt, r->fn);
	const struct guc_vf_row *row = guc_vf_row_find(c, r->gt, r->fn, GUC_IN_RESFIX_DONE,
							r->data0);

	/* Not at a lenient START's end: nothing was restored. Asked once more while it
	 * runs the driver hears BUSY again, and no slice is its reward. */
	if (row->error || !(row->effects & E_CCS_RESTORE) || !f->notes_pending ||
	    (f->compressing != GUC_CTX_COMPRESSION_RESTORE &&
	     !guc_compression_run(c, r->gt, r->fn, GUC_CTX_COMPRESSION_RESTORE)))
		return guc_vf_input(c, r->gt, r->fn, GUC_IN_RESFIX_DONE, r->data0);
	f->done_marker = r->data0;
	c->block->settle_left[r->gt] |= guc_bit(r->fn);
	guc_mailbox_reply(c, r->gt, r->fn, r->action, &busy, 1);
	r->no_reply = true;
	return GUC_OK;
}

static void done_on(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);
	uint16_t error;
	uint32_t reply;

	if (guc_compression_run(c, gt, fn, GUC_CTX_COMPRESSION_RESTORE))
		return;
	error = guc_vf_input(c, gt, fn, GUC_IN_RESFIX_DONE, f->done_marker);
	reply = error ? hxg_failure(HXG_ORIGIN_GUC, error, 0) : hxg_success(HXG_ORIGIN_GUC, 0);
	guc_mailbox_reply(c, gt, fn, GUC_ACTION_RESFIX_DONE, &reply, 1);
}

static void tell(struct guc_card *c, unsigned gt, unsigned fn)
{
	struct guc_function *f = guc_fn(c, gt, fn);

	for (uint32_t event = GUC_EVENT_VF_FLR; event <= GUC_EVENT_VF_FIXUP_DONE; event++) {
		const uint32_t payload[2] = { fn, event };

		if (!(f->owed & 1u << event))
			continue;
		f->owed &= (uint8_t)~(1u << event);
		if (event == GUC_EVENT_VF_FLR_DONE && f->state == GUC_VFS_FLR_ACTIVE)
			set_state(c, gt, fn, GUC_VFS_FLR_CLEANED, GUC_IN_FLR_START);
		guc_g2h_event(c, gt, 0, GUC_ACTION_VF_STATE_NOTIFY, payload, 2);
	}
}

void guc_lifecycle_settle(struct guc_card *c, unsigned gt)
{
	uint64_t left = c->block->settle_left[gt];

	while (left) {
		unsigned fn = (unsigned)__builtin_ctzll(left);
		const struct guc_function *f = guc_fn(c, gt, fn);

		left &= left - 1;
		tell(c, gt, fn);
		if (!f->pausing && !f->compressing && !f->blob.phase)
			c->block->settle_left[gt] &= ~guc_bit(fn);
	}
}

/* Not at doorbells, of which a driver may ring any number in a turn. */
void guc_lifecycle_turn(struct guc_card *c, unsigned gt)
{
	uint64_t left = c->block->settle_left[gt];

	while (left) {
		unsigned fn = (unsigned)__builtin_ctzll(left);

		left &= left - 1;
		if (guc_fn(c, gt, fn)->compressing == GUC_CTX_COMPRESSION_RESTORE)
			done_on(c, gt, fn);
		if (guc_fn(c, gt, fn)->pausing)
			pause_on(c, gt, fn);
		if (guc_fn(c, gt, fn)->blob.phase)
			guc_blob_turn(c, gt, fn);
	}
	guc_lifecycle_settle(c, gt);
}
