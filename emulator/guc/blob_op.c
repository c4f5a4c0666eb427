/* SPDX-License-Identifier: MIT */
/* SAVE_RESTORE_VF (guc-abi 5.3, vf-lifecycle 1.3.4): a paused VF's state into a
 * blob in the PF's memory, and back. Both go through the card's one staging area:
 * RESTORE copies the buffer there once, so what was checked is what is applied.
 * A turn does a slice; who is small is done at once. Whoever finds the staging area
 * taken waits. The states that allow it are the lifecycle table's. */
#include "blob.h"

#include "exec.h"
#include "proto/crc32c.h"

/* Dwords of blobs that are made, checked or applied in a turn, some 50 us; of bytes
 * that are copied and summed so many pass in the time of a dword. */
#define BLOB_TURN   (1u << 14)
#define BLOB_BYTES_A_DWORD 16u
/* Dwords of a blob in the time of one of H2G. */
#define BLOB_DWORDS_A_DWORD 16u

/* --- slices ------------------------------------------------------------------------ */

/* A request that is served: whose it is, and what a hook wants done with the blob. */
struct run {
	struct guc_card *c;
	unsigned gt, vf;
	struct guc_function *f;
	struct guc_blob_op *op;
	uint32_t *stage;
	const struct guc_hook_action *act; /* NULL: nothing */
	uint32_t budget;
};

static uint32_t stage_name(const struct run *r)
{
	return 1 + r->gt * GUC_MAX_FUNCTIONS + r->vf;
}

/* How many of the `whole` bytes come next; `moved` is what was. */
static uint32_t portion(struct run *r, uint32_t whole)
{
	uint32_t n = whole - r->op->moved, most = UINT32_MAX;

	if (r->budget < UINT32_MAX / BLOB_BYTES_A_DWORD)
		most = r->budget * BLOB_BYTES_A_DWORD;
	if (n > most)
		n = most;
	guc_blob_spend(&r->budget, n / BLOB_BYTES_A_DWORD + 1);
	return n;
}

static void enter(struct run *r, enum guc_blob_phase phase)
{
	r->op->phase = (uint8_t)phase;
	r->op->moved = 0;
	if (phase != GUC_BLOB_SUM)
		r->op->walk = (struct guc_blob_walk){ 0 };
	if (phase == GUC_BLOB_CHECK || phase == GUC_BLOB_APPLY)
		r->op->walk.at = BLOB_HEADER_DWORDS;
}

static uint16_t refuse(struct run *r, enum guc_blob_hint hint)
{
	r->op->hint = (uint16_t)hint;
	return guc_blob_error(hint);
}

static uint16_t write_slice(struct run *r)
{
	if (!guc_blob_write(r->c, r->gt, r->vf, &r->op->walk, &r->budget))
		return GUC_OK;
	r->op->dwords = guc_blob_finish(r->c, r->gt, r->vf, &r->op->walk);
	/* A query wants no more than the size, but as it was cut. */
	if (r->op->addr || r->op->bytes || r->act) {
		enter(r, GUC_BLOB_SUM);
		return GUC_OK;
	}
	enter(r, GUC_BLOB_ENDED);
	return GUC_OK;
}

static uint16_t fetch_slice(struct run *r)
{
	struct guc_blob_op *op = r->op;
	uint32_t size = op->bytes < r->c->block->stage_bytes ?
				op->bytes : (uint32_t)r->c->block->stage_bytes & ~3u;
	uint32_t n = portion(r, size);

	if (guc_ggtt_read(r->c, r->gt, 0, op->addr + op->moved,
			  (uint8_t *)r->stage + op->moved, n)) {
		op->hint = GUC_BLOB_UNREADABLE;
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	}
	op->moved += n;
	if (op->moved < size)
		return GUC_OK;
	if (r->act) {
		guc_patch(r->act, r->stage, size);
		size -= r->act->cut < size ? r->act->cut & ~3u : 0;
	}
	enter(r, GUC_BLOB_SUM);
	return refuse(r, guc_blob_check_frame(r->stage, size));
}

static uint16_t summed(struct run *r)
{
	struct guc_blob_op *op = r->op;
	enum guc_blob_hint hint;

	if (!op->save) {
		op->dwords = blob_get(r->stage, BLOB_BYTES) / 4;
		hint = op->crc == blob_get(r->stage, BLOB_CRC) ?
			       guc_blob_check_head(r->c, r->gt, r->vf, r->stage) :
			       GUC_BLOB_BAD_CRC;
		enter(r, GUC_BLOB_CHECK);
		return refuse(r, hint);
	}
	le32_put(r->stage + BLOB_CRC, op->crc);
	if (r->act) {
		guc_patch(r->act, r->stage, 4 * (size_t)op->dwords);
		op->dwords -= r->act->cut / 4 < op->dwords ? r->act->cut / 4 : 0;
	}
	if (!op->addr && !op->bytes) {
		enter(r, GUC_BLOB_ENDED);
		return GUC_OK;
	}
	enter(r, GUC_BLOB_PUT);
	return op->bytes < 4 * op->dwords ? GUC_ERR_INVALID_SIZE : GUC_OK;
}

static uint16_t sum_slice(struct run *r)
{
	struct guc_blob_op *op = r->op;
	uint32_t size = op->save ? 4 * op->dwords : blob_get(r->stage, BLOB_BYTES), n;

	if (op->moved == 0) {
		op->crc = guc_blob_crc_head(r->stage);
		op->moved = 4 * BLOB_HEADER_DWORDS;
	}
	n = portion(r, size);
	op->crc = crc32c(op->crc, (const uint8_t *)r->stage + op->moved, n);
	op->moved += n;
	return op->moved < size ? GUC_OK : summed(r);
}

static uint16_t check_slice(struct run *r)
{
	struct guc_blob_walk *w = &r->op->walk;
	enum guc_blob_hint hint;
	uint32_t rest;
	bool done;
	uint16_t err;

	hint = guc_blob_check_contexts(r->c, r->gt, r->vf, r->stage, w, &r->budget, &done);
	if (!hint && !done)
		return GUC_OK;
	if (!hint)
		hint = guc_blob_check_rest(r->c, r->gt, r->vf, r->stage, w);
	if (hint)
		return refuse(r, hint);
	rest = w->at;
	enter(r, GUC_BLOB_DROP);
	err = guc_vf_input(r->c, r->gt, r->vf, GUC_IN_RESTORE, 0);
	if (!err)
		guc_blob_apply_rest(r->c, r->gt, r->vf, rest);
	return err;
}

static uint16_t put_slice(struct run *r)
{
	struct guc_blob_op *op = r->op;
	uint32_t n = portion(r, 4 * op->dwords);

	if (guc_ggtt_write(r->c, r->gt, 0, op->addr + op->moved,
			   (const uint8_t *)r->stage + op->moved, n))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	op->moved += n;
	if (op->moved == 4 * op->dwords)
		enter(r, GUC_BLOB_ENDED);
	return GUC_OK;
}

/* What a context that is dropped costs. */
#define DROP_COST 16u

static uint16_t drop_slice(struct run *r)
{
	struct guc_blob_walk *w = &r->op->walk;
	struct guc_context *ctx;

	for (; r->budget && (ctx = guc_context(r->c, r->gt, r->vf, w->id)); w->id++) {
		bool used = ctx->registered && ctx->fn == r->vf;

		if (used)
			guc_context_clear(r->c, r->gt, ctx);
		guc_blob_spend(&r->budget, used ? DROP_COST : 1);
	}
	if (!guc_context(r->c, r->gt, r->vf, w->id))
		enter(r, GUC_BLOB_APPLY);
	return GUC_OK;
}

static uint16_t apply_slice(struct run *r)
{
	if (guc_blob_apply(r->c, r->gt, r->vf, &r->op->walk, &r->budget))
		enter(r, GUC_BLOB_ENDED);
	return GUC_OK;
}

static uint16_t slice(struct run *r)
{
	switch ((enum guc_blob_phase)r->op->phase) {
	case GUC_BLOB_WRITE:
		return write_slice(r);
	case GUC_BLOB_FETCH:
		return fetch_slice(r);
	case GUC_BLOB_SUM:
		return sum_slice(r);
	case GUC_BLOB_CHECK:
		return check_slice(r);
	case GUC_BLOB_PUT:
		return put_slice(r);
	case GUC_BLOB_DROP:
		return drop_slice(r);
	case GUC_BLOB_APPLY:
		return apply_slice(r);
	case GUC_BLOB_IDLE:
	case GUC_BLOB_WAIT:
	case GUC_BLOB_ENDED:
		break;
	}
	return GUC_OK;
}

static struct run run_of(struct guc_card *c, unsigned gt, unsigned vf, uint32_t budget)
{
	struct guc_function *f = guc_fn(c, gt, vf);

	return (struct run){
		.c = c, .gt = gt, .vf = vf, .f = f, .op = &f->blob,
		.stage = guc_blob_stage(c), .budget = budget,
	};
}

/* Go on as far as the budget allows: true at the end, with *error. */
static bool go_on(struct run *r, uint16_t *error)
{
	uint32_t *stage_of = &r->c->block->stage_of;

	*error = GUC_OK;
	if (r->op->phase == GUC_BLOB_WAIT && !*stage_of) {
		*stage_of = stage_name(r);
		enter(r, r->op->save ? GUC_BLOB_WRITE : GUC_BLOB_FETCH);
	}
	if (r->op->phase == GUC_BLOB_WAIT)
		return false;
	while (!*error && r->budget && r->op->phase != GUC_BLOB_ENDED)
		*error = slice(r);
	return *error || r->op->phase == GUC_BLOB_ENDED;
}

/* --- the end ----------------------------------------------------------------------- */

/* The request is done with: the staging area is free, the sink is told. */
static void conclude(struct run *r, uint16_t error)
{
	struct guc_event ev = {
		.point = GUC_PT_BLOB, .fn = (uint8_t)r->vf, .gt = (uint8_t)r->gt,
		.code = r->op->save ? GUC_OP_SAVE : GUC_OP_RESTORE, .error = error,
		.len = error ? r->op->bytes : 4 * r->op->dwords,
	};

	if (r->c->block->stage_of == stage_name(r))
		r->c->block->stage_of = 0;
	*r->op = (struct guc_blob_op){ 0 };
	guc_emit(r->c, &ev);
}

/* The same for one that its sender was not answered at once. */
static void answer(struct run *r, uint16_t error)
{
	struct guc_request request = {
		.gt = r->gt, .type = (enum hxg_type)r->op->type,
		.action = GUC_ACTION_SAVE_RESTORE_VF, .fence = r->op->fence,
		.reply_data0 = r->op->dwords, .hint = r->op->hint,
	};

	conclude(r, error);
	guc_h2g_reply(r->c, &request, error);
}

void guc_blob_turn(struct guc_card *c, unsigned gt, unsigned vf)
{
	struct run r = run_of(c, gt, vf, BLOB_TURN);
	uint16_t error;

	if (go_on(&r, &error))
		answer(&r, error);
}

void guc_blob_meet(struct guc_card *c, unsigned gt, unsigned vf, bool to_go_on)
{
	struct run r = run_of(c, gt, vf, UINT32_MAX);
	uint16_t error = GUC_ERR_INVALID_STATE;

	if (r.op->phase == GUC_BLOB_IDLE)
		return;
	r.op->hint = 0;
	if (to_go_on && r.op->phase >= GUC_BLOB_DROP)
		go_on(&r, &error);
	answer(&r, error);
}

void guc_blob_forget(struct guc_card *c, unsigned gt)
{
	for (unsigned vf = 1; vf <= c->block->geometry.vfs; vf++) {
		struct run r = run_of(c, gt, vf, 0);

		if (r.op->phase != GUC_BLOB_IDLE)
			conclude(&r, GUC_ERR_INVALID_STATE);
	}
}

/* --- the action -------------------------------------------------------------------- */

/* Free the staging area now: a hook's wishes live only as long as its call. */
static void hurry(struct guc_card *c)
{
	uint32_t name = c->block->stage_of;
	struct run r;
	uint16_t error;

	if (!name)
		return;
	r = run_of(c, (name - 1) / GUC_MAX_FUNCTIONS, (name - 1) % GUC_MAX_FUNCTIONS, UINT32_MAX);
	if (go_on(&r, &error))
		answer(&r, error);
}

/* Begin, and go on as far as a turn allows. */
static uint16_t begin(struct guc_card *c, struct guc_request *q, unsigned vf,
		      const struct guc_hook_action *act)
{
	bool save = q->data0 == GUC_OP_SAVE, hooked = act->patch_n || act->cut;
	struct run r = run_of(c, q->gt, vf, hooked ? UINT32_MAX : BLOB_TURN);
	uint16_t error = save ? guc_vf_input(c, q->gt, vf, GUC_IN_SAVE, 0) :
				guc_vf_peek(c, q->gt, vf, GUC_IN_RESTORE, 0);
	uint32_t before = r.budget;

	if (hooked)
		hurry(c);
	r.act = hooked ? act : NULL;
	*r.op = (struct guc_blob_op){
		.phase = GUC_BLOB_WAIT, .save = save, .type = (uint8_t)q->type,
		.fence = q->fence, .addr = make64(q->dw[2], q->dw[3]), .bytes = 4 * q->dw[4],
	};
	if (!error && !go_on(&r, &error)) {
		q->no_reply = true;
		c->block->settle_left[q->gt] |= guc_bit(vf);
	}
	q->cost = hooked ? r.op->dwords / BLOB_DWORDS_A_DWORD :
			   (before - r.budget) / BLOB_DWORDS_A_DWORD;
	if (q->no_reply)
		return GUC_OK;
	q->hint = r.op->hint;
	q->reply_data0 = r.op->dwords;
	conclude(&r, error);
	return error;
}

/* Hooks may refuse a blob's crossing; the error is theirs if they set one. */
static bool hooked(struct guc_card *c, struct guc_event *ev, struct guc_hook_action *act)
{
	enum guc_verdict v = guc_hook(c, ev, act);

	if (v == GUC_SWALLOW && !ev->error)
		ev->error = GUC_ERR_CANNOT_COMPLETE_ACTION;
	return v == GUC_SWALLOW || (v == GUC_CHANGE && ev->error);
}

uint16_t guc_act_save_restore(struct guc_card *c, struct guc_request *r)
{
	struct guc_event ev = { .point = GUC_PT_BLOB, .gt = (uint8_t)r->gt, .code = r->data0 };
	struct guc_hook_action act = { 0 };

	/* i915 sends a sixth dword, zero. */
	if (r->len < 5 || r->len > 6 || (r->len == 6 && r->dw[5]) ||
	    r->dw[4] & ~SAVE_RESTORE_SIZE)
		return GUC_ERR_ERROR_PROTOCOL;
	if (r->data0 != GUC_OP_SAVE && r->data0 != GUC_OP_RESTORE)
		return GUC_ERR_INVALID_PARAMS;
	if (!r->dw[1] || r->dw[1] > c->block->geometry.vfs)
		return GUC_ERR_INVALID_VFID;
	if (r->dw[4] > GUC_BLOB_MAX_BYTES / 4)
		return GUC_ERR_INVALID_SIZE;
	ev.fn = (uint8_t)r->dw[1];
	ev.len = 4 * r->dw[4];
	if (!hooked(c, &ev, &act) && guc_fn(c, r->gt, r->dw[1])->blob.phase != GUC_BLOB_IDLE)
		ev.error = GUC_ERR_INVALID_STATE;
	else if (!ev.error)
		return begin(c, r, r->dw[1], &act);
	guc_emit(c, &ev);
	return ev.error;
}
