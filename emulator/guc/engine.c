/* SPDX-License-Identifier: MIT */
/* The command streamer: takes runnable contexts in turn and executes up to
 * options.engine_budget commands of each (guc-abi 9.3, xe-vf-probe 6.2, 6.3).
 * Everything is read anew in each slice and the head written back at its end,
 * so between two calls a context is at rest. A job stopped within a batch goes
 * on there: guc_exec.batch travels in the blob. Only GGTT addresses are
 * followed; commands without effect here are skipped by their length.
 * Parallel contexts are led by workqueue.c. */
#include "exec.h"

#include "proto/mi.h"

#include <errno.h>

/* Dwords fetched at once; no command that is executed is longer than 5. */
#define FETCH_DWORDS 64u
#define EXEC_DWORDS  5u

/* --- an LRC in memory ----------------------------------------------------------- */

int guc_lrc_load(const struct guc_run_ctx *r, unsigned child, struct guc_lrc *lrc)
{
	uint64_t lrca = *guc_lrc_desc(r->c, r->gt, r->ctx, child) & LRC_DESC_ADDR;
	uint32_t page[LRC_IND_CTL + 1], ctl;
	int err;

	if (!lrca)
		return -ENOENT;
	lrc->regs = lrca + LRC_REGS;
	err = guc_ggtt_read(r->c, r->gt, r->fn, lrc->regs, lrc->image, sizeof(lrc->image));
	if (err)
		return err;
	if (lrc->image[LRC_INDIRECT_RING]) {
		uint64_t at = lrc->image[LRC_INDIRECT_RING] & LRC_DESC_ADDR;

		err = guc_ggtt_read(r->c, r->gt, r->fn, at, page, sizeof(page));
		if (err)
			return err;
		lrc->head = page[LRC_IND_HEAD];
		lrc->tail = page[LRC_IND_TAIL];
		lrc->ring = page[LRC_IND_START];
		ctl = page[LRC_IND_CTL];
		lrc->head_at = at + 4 * LRC_IND_HEAD;
		lrc->tail_at = at + 4 * LRC_IND_TAIL;
	} else {
		lrc->head = lrc->image[LRC_RING_HEAD];
		lrc->tail = lrc->image[LRC_RING_TAIL];
		lrc->ring = lrc->image[LRC_RING_START];
		ctl = lrc->image[LRC_RING_CTL];
		lrc->head_at = lrc->regs + 4 * LRC_RING_HEAD;
		lrc->tail_at = lrc->regs + 4 * LRC_RING_TAIL;
	}
	lrc->ring &= LRC_DESC_ADDR;
	lrc->size = (ctl & RING_CTL_SIZE) + LRC_PAGE;
	lrc->head &= BITS(20, 2);
	lrc->tail &= BITS(20, 2);
	return lrc->head < lrc->size && lrc->tail < lrc->size ? 0 : -EINVAL;
}

/* --- fetching -------------------------------------------------------------------- */

/* Where one slice is, with the commands it has fetched. */
struct streamer {
	const struct guc_run_ctx *r;
	struct guc_exec *exec;
	struct guc_lrc lrc;
	uint32_t dw[FETCH_DWORDS];
	uint64_t from;     /* address of dw[0] */
	uint32_t n;        /* dwords fetched */
	const uint32_t *cmd; /* the command to execute */
	uint32_t len;
	uint32_t cost;     /* of the command beyond its place in the budget */
};

static uint64_t position(const struct streamer *s)
{
	return s->exec->batch ? s->exec->batch : s->lrc.ring + s->lrc.head;
}

/* Dwords that may follow position(): to the tail or the end of the ring, or to
 * the end of the batch's page, after which another fetch is due. */
static uint32_t reach(const struct streamer *s)
{
	const struct guc_lrc *l = &s->lrc;

	if (s->exec->batch)
		return (uint32_t)(GGTT_PAGE - s->exec->batch % GGTT_PAGE) / 4;
	return ((l->tail > l->head ? l->tail : l->size) - l->head) / 4;
}

/* Fetch `n` dwords from position(); a command may wrap at the ring's end. */
static int fetch(struct streamer *s, uint32_t n)
{
	uint64_t at = position(s);
	uint32_t first = n;
	int err;

	if (!s->exec->batch && n > (s->lrc.size - s->lrc.head) / 4)
		first = (s->lrc.size - s->lrc.head) / 4;
	s->n = 0;
	err = guc_ggtt_read(s->r->c, s->r->gt, s->r->fn, at, s->dw, 4 * first);
	if (!err && n > first)
		err = guc_ggtt_read(s->r->c, s->r->gt, s->r->fn, s->lrc.ring, s->dw + first,
				    4 * (n - first));
	if (err)
		return err;
	s->from = at;
	s->n = first;
	return 0;
}

/* Point cmd at the next command, with all dwords that executing it needs. */
static int next_command(struct streamer *s)
{
	uint64_t at = position(s);
	uint32_t need, have;
	int err;

	if (!s->n || at < s->from || at >= s->from + 4ull * s->n) {
		have = reach(s);
		err = fetch(s, have < FETCH_DWORDS ? have : FETCH_DWORDS);
		if (err)
			return err;
	}
	s->cmd = s->dw + (at - s->from) / 4;
	have = s->n - (uint32_t)(at - s->from) / 4;
	s->len = cmd_length(s->cmd[0]);
	need = s->len < EXEC_DWORDS ? s->len : EXEC_DWORDS;
	if (need <= have)
		return 0;
	err = fetch(s, need);
	s->cmd = s->dw;
	return err;
}

/* Step over the command: false when it reaches beyond the ring's tail. */
static bool advance(struct streamer *s)
{
	struct guc_lrc *l = &s->lrc;
	uint32_t used;

	if (s->exec->batch) {
		s->exec->batch += 4ull * s->len;
		return true;
	}
	used = l->tail >= l->head ? l->tail - l->head : l->size - l->head + l->tail;
	if (4 * s->len > used)
		return false;
	l->head += 4 * s->len;
	if (l->head >= l->size)
		l->head -= l->size;
	return true;
}

/* --- executing --------------------------------------------------------------------- */

static enum guc_run garbage(const struct streamer *s)
{
	guc_violate(s->r->c, s->r->gt, s->r->fn, GUC_VIOL_RING_GARBAGE, position(s), s->cmd[0]);
	return GUC_RUN_DEAD;
}

static enum guc_run start_batch(struct streamer *s)
{
	const struct guc_run_ctx *r = s->r;
	uint64_t target = make64(s->cmd[1], s->cmd[2]) & ~3ull;

	if (s->exec->batch || s->len != 3 || (s->cmd[0] & MI_BBS_PPGTT))
		return garbage(s);
	if (!guc_in_range(r->c, guc_gt_tile(r->c, r->gt), r->fn, target, 4)) {
		guc_violate(r->c, r->gt, r->fn, GUC_VIOL_GGTT_FOREIGN, target, s->cmd[0]);
		return GUC_RUN_DEAD;
	}
	if (!advance(s))
		return garbage(s);
	s->exec->batch = target;
	return GUC_RUN_MORE;
}

/* `n` dwords of the command, from the fourth on, to memory. */
static enum guc_run put_data(struct streamer *s, uint64_t at, uint32_t n)
{
	const struct guc_run_ctx *r = s->r;

	if (at % (4 * n))
		return garbage(s);
	if (n == 1 ? guc_ggtt_store32(r->c, r->gt, r->fn, at, s->cmd[3]) :
		     guc_ggtt_write(r->c, r->gt, r->fn, at, s->cmd + 3, 8))
		return GUC_RUN_DEAD;
	for (uint32_t i = 0; i < n; i++) {
		struct guc_event ev = {
			.point = GUC_PT_FENCE, .fn = (uint8_t)r->fn, .gt = (uint8_t)r->gt,
			.addr = at + 4 * i, .value = s->cmd[3 + i], .code = r->id,
		};

		guc_emit(r->c, &ev);
	}
	return advance(s) ? GUC_RUN_MORE : garbage(s);
}

static enum guc_run store(struct streamer *s)
{
	uint32_t n = s->cmd[0] & MI_SDI_QWORD ? 2 : 1;

	if (!(s->cmd[0] & MI_SDI_GGTT) || s->len != 3 + n)
		return garbage(s);
	return put_data(s, make64(s->cmd[1], s->cmd[2]), n);
}

/* There is nothing to flush: what counts is the write after it. Other things
 * that may follow (a time stamp) and addresses of a PPGTT have no effect here. */
static enum guc_run flush(struct streamer *s)
{
	uint64_t at;

	if (field_get(MI_FLUSH_OP, s->cmd[0]) != MI_FLUSH_OP_DATA)
		return advance(s) ? GUC_RUN_MORE : garbage(s);
	if (s->len < 4 || s->len > 5)
		return garbage(s);
	at = make64(s->cmd[1] & MI_FLUSH_ADDR, s->cmd[2]);
	if (s->cmd[0] & MI_FLUSH_INDEX)
		at = s->lrc.regs - LRC_REGS + (at & (LRC_PPHWSP_BYTES - 1));
	else if (!(s->cmd[1] & MI_FLUSH_GGTT))
		return advance(s) ? GUC_RUN_MORE : garbage(s);
	return put_data(s, at, s->len - 3);
}

static bool compare(uint32_t op, uint32_t memory, uint32_t value)
{
	switch (op) {
	case 0: return memory > value;
	case 1: return memory >= value;
	case 2: return memory < value;
	case 3: return memory <= value;
	case 4: return memory == value;
	case 5: return memory != value;
	}
	return true;
}

static enum guc_run wait_semaphore(struct streamer *s)
{
	const struct guc_run_ctx *r = s->r;
	uint64_t at = make64(s->cmd[2], s->cmd[3]);
	uint32_t value;

	if (!(s->cmd[0] & MI_SEM_GGTT) || s->len < 4 || at % 4)
		return garbage(s);
	if (guc_ggtt_load32(r->c, r->gt, r->fn, at, &value))
		return GUC_RUN_DEAD;
	if (!compare(field_get(MI_SEM_COMPARE, s->cmd[0]), value, s->cmd[1]))
		return GUC_RUN_WAIT;
	return advance(s) ? GUC_RUN_MORE : garbage(s);
}

/* Source number of the engine in the memirq page: by class, and by the lowest
 * logical instance the context may run on (guc-abi 9.1). */
static uint8_t irq_source(const struct guc_context *ctx)
{
	int instance = __builtin_ctz(ctx->submit_mask | 1u << 8);

	switch ((enum guc_engine_class)ctx->engine_class) {
	case GUC_CLASS_RENDER:
		return 0;
	case GUC_CLASS_VIDEO:
		return (uint8_t)(32 + (instance & 7));
	case GUC_CLASS_VIDEO_ENHANCE:
		return (uint8_t)(63 - (instance & 3));
	case GUC_CLASS_BLITTER:
		return (uint8_t)(instance == 8 ? 23 : 15 - instance);
	case GUC_CLASS_COMPUTE:
		return (uint8_t)(4 + (instance & 3));
	case GUC_CLASS_OTHER:
		return 31;
	}
	return 0;
}

/* On a card without metadata there is nothing to copy. */
static enum guc_run copy_metadata(struct streamer *s)
{
	const struct guc_run_ctx *r = s->r;
	int err;

	if (s->len != EXEC_DWORDS)
		return garbage(s);
	err = r->c->block->options.ccs_ratio ?
		      guc_ccs_copy(r->c, r->gt, r->fn, s->cmd, &s->cost) : 0;
	if (err == -EINVAL)
		return garbage(s);
	if (err)
		return GUC_RUN_DEAD;
	return advance(s) ? GUC_RUN_MORE : garbage(s);
}

/* Skips what has no effect here. RUN_MORE: go on with the next command. */
static enum guc_run execute(struct streamer *s)
{
	const struct guc_run_ctx *r = s->r;

	if (field_get(CMD_CLIENT, s->cmd[0]) == 0) {
		switch (field_get(MI_OPCODE, s->cmd[0])) {
		case MI_OP_BATCH_BUFFER_START:
			return start_batch(s);
		case MI_OP_STORE_DATA_IMM:
			return store(s);
		case MI_OP_FLUSH_DW:
			return flush(s);
		case MI_OP_SEMAPHORE_WAIT:
			return wait_semaphore(s);
		case MI_OP_USER_INTERRUPT:
			guc_raise_engine(r->c, r->gt, r->fn, s->lrc.image[LRC_MEMIRQ_STATUS],
					 s->lrc.image[LRC_MEMIRQ_SOURCE], irq_source(r->ctx));
			break;
		case MI_OP_BATCH_BUFFER_END:
			if (s->exec->batch) {
				s->exec->batch = 0;
				return GUC_RUN_MORE;
			}
			break;
		}
	}
	if (field_get(CMD_CLIENT, s->cmd[0]) == 2 &&
	    field_get(BLT_OPCODE, s->cmd[0]) == BLT_OP_CTRL_SURF_COPY)
		return copy_metadata(s);
	return advance(s) ? GUC_RUN_MORE : garbage(s);
}

enum guc_run guc_lrc_run(const struct guc_run_ctx *r, unsigned child, uint32_t budget)
{
	struct streamer s = { .r = r, .exec = guc_lrc_exec(r->c, r->gt, r->ctx, child) };
	enum guc_run end = GUC_RUN_MORE;
	uint32_t head;

	s.exec->waiting = 0;
	if (guc_lrc_load(r, child, &s.lrc))
		return GUC_RUN_DEAD;
	head = s.lrc.head;
	while (end == GUC_RUN_MORE) {
		if (!s.exec->batch && s.lrc.head == s.lrc.tail)
			end = GUC_RUN_DONE;
		else if (!budget--)
			break;
		else if (next_command(&s))
			end = GUC_RUN_DEAD;
		else
			end = execute(&s);
		budget -= s.cost < budget ? s.cost : budget;
		s.cost = 0;
	}
	s.exec->waiting = end == GUC_RUN_WAIT;
	if (s.lrc.head != head &&
	    guc_ggtt_store32(r->c, r->gt, r->fn, s.lrc.head_at, s.lrc.head))
		return GUC_RUN_DEAD;
	return end;
}

/* --- taking turns ------------------------------------------------------------------ */

static enum guc_run run_context(const struct guc_run_ctx *r)
{
	uint32_t budget = r->c->block->options.engine_budget;

	if (r->ctx->group)
		return guc_group_run(r, budget);
	return r->ctx->width > 1 ? guc_workqueue_run(r, budget) : guc_lrc_run(r, 0, budget);
}

bool guc_engine_run(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);
	bool more = false;

	for (uint32_t n = u->runnable_n; n && u->run_first; n--) {
		uint32_t slot = u->run_first - 1;
		struct guc_run_ctx r = { .c = c, .ctx = guc_context_slot(c, gt, slot), .gt = gt };
		const struct guc_function *f = guc_fn(c, gt, r.ctx->fn);

		r.fn = r.ctx->fn;
		r.id = slot - f->config.begin_context;
		guc_run_remove(c, gt, r.ctx);
		if ((r.fn && f->state != GUC_VFS_RUNNING) ||
		    f->engines_off >> r.ctx->engine_class & 1)
			continue;
		switch (run_context(&r)) {
		case GUC_RUN_DONE:
			break;
		case GUC_RUN_MORE:
			more = true;
			guc_run_add(c, gt, r.ctx);
			break;
		case GUC_RUN_WAIT:
			guc_run_add(c, gt, r.ctx);
			break;
		case GUC_RUN_DEAD:
			guc_context_kill(c, gt, r.fn, r.id);
			break;
		}
	}
	return more;
}

/* Commands of a compression context: its batch copies a VF's metadata. */
#define COMPRESSION_BUDGET 4096u

void guc_compression_run(struct guc_card *c, unsigned gt, unsigned fn, unsigned type)
{
	struct guc_run_ctx r = { .c = c, .gt = gt, .fn = fn };
	struct guc_lrc lrc;

	for (; r.id < guc_fn(c, gt, fn)->config.num_contexts; r.id++) {
		r.ctx = guc_context(c, gt, fn, r.id);
		if (!r.ctx)
			return;
		if (r.ctx->registered && r.ctx->fn == fn && r.ctx->type == type && !r.ctx->killed)
			break;
	}
	/* With another head the driver has broken its own rule: refused. */
	if (r.id >= guc_fn(c, gt, fn)->config.num_contexts || guc_lrc_load(&r, 0, &lrc) ||
	    lrc.head)
		return;
	guc_lrc_run(&r, 0, COMPRESSION_BUDGET);
	r.ctx->exec[0] = (struct guc_exec){ 0 };
	guc_ggtt_store32(c, gt, fn, lrc.head_at, 0);
}

/* dw1 class, dw2 1 on or 0 off, dw3 at once: all of fn's contexts of a class, and
 * nobody else's. Always answered. */
uint16_t guc_act_engine_mode(struct guc_card *c, struct guc_request *r)
{
	struct guc_function *f = guc_fn(c, r->gt, r->fn);
	const uint32_t payload[2] = { r->dw[1], r->dw[2] };

	if (r->dw[1] >= GUC_CLASS_COUNT)
		return GUC_ERR_INVALID_ENGINE_ID;
	if (r->dw[2] > 1 || r->dw[3] > 1)
		return GUC_ERR_INVALID_PARAMS;
	if (r->dw[2])
		f->engines_off &= (uint8_t)~(1u << r->dw[1]);
	else
		f->engines_off |= (uint8_t)(1u << r->dw[1]);
	guc_contexts_kick(c, r->gt, r->fn);
	guc_g2h_event(c, r->gt, r->fn, GUC_ACTION_SCHED_ENGINE_MODE_DONE, payload, 2);
	return GUC_OK;
}

bool guc_engine_polls(const struct guc_card *c, unsigned gt)
{
	uint32_t at = guc_unit(c, gt)->run_first;

	while (at) {
		struct guc_context *ctx = guc_context_slot(c, gt, at - 1);

		for (unsigned i = 0; i < guc_lrc_places(ctx); i++)
			if (guc_lrc_exec(c, gt, ctx, i)->waiting)
				return true;
		at = ctx->run_next;
	}
	return false;
}
