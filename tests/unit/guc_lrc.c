/* SPDX-License-Identifier: MIT */
/* See guc_lrc.h. */
#include "guc_lrc.h"

#include <check.h>
#include <stdlib.h>

void lx_make(struct fx *f, unsigned vf, unsigned k, bool indirect)
{
	uint32_t regs = LX_REGS(k), page = LX_INDIRECT(k);
	uint32_t memirq = (uint32_t)fx_addr(f, vf, FX_MEMIRQ(0));
	uint32_t ring = (uint32_t)fx_addr(f, vf, LX_RING(k));

	memset(f->mem[vf] + LX_BASE(k), 0, 0x8000);
	fx_put(f, vf, regs + 4 * LRC_MEMIRQ_ENABLE, memirq + MEMIRQ_ENABLE);
	fx_put(f, vf, regs + 4 * LRC_MEMIRQ_STATUS, memirq);
	fx_put(f, vf, regs + 4 * LRC_MEMIRQ_SOURCE, memirq + MEMIRQ_SOURCE(0));
	fx_put(f, vf, regs + 4 * LRC_BB_PER_CTX, (uint32_t)fx_addr(f, vf, LX_WA(k)) | 1);
	if (indirect) {
		fx_put(f, vf, regs + 4 * LRC_INDIRECT_RING, (uint32_t)fx_addr(f, vf, page));
		fx_put(f, vf, page + 4 * LRC_IND_START, ring);
		fx_put(f, vf, page + 4 * LRC_IND_CTL, RING_CTL_VALID);
	} else {
		fx_put(f, vf, regs + 4 * LRC_RING_START, ring);
		fx_put(f, vf, regs + 4 * LRC_RING_CTL, RING_CTL_VALID);
	}
}

static uint32_t cursor(const struct fx *f, unsigned vf, unsigned k, uint32_t plain, uint32_t ind)
{
	return fx_get(f, vf, LX_REGS(k) + 4 * LRC_INDIRECT_RING) ? LX_INDIRECT(k) + 4 * ind :
								   LX_REGS(k) + 4 * plain;
}

uint32_t lx_head(const struct fx *f, unsigned vf, unsigned k)
{
	return fx_get(f, vf, cursor(f, vf, k, LRC_RING_HEAD, LRC_IND_HEAD));
}

uint32_t lx_tail(const struct fx *f, unsigned vf, unsigned k)
{
	return fx_get(f, vf, cursor(f, vf, k, LRC_RING_TAIL, LRC_IND_TAIL));
}

void lx_set_tail(struct fx *f, unsigned vf, unsigned k, uint32_t tail)
{
	fx_put(f, vf, cursor(f, vf, k, LRC_RING_TAIL, LRC_IND_TAIL), tail);
}

void lx_emit(struct fx *f, unsigned vf, unsigned k, const uint32_t *dw, unsigned n)
{
	uint32_t tail = lx_tail(f, vf, k);

	for (unsigned i = 0; i < n; i++) {
		fx_put(f, vf, LX_RING(k) + tail, dw[i]);
		tail = (tail + 4) % LX_RING_BYTES;
	}
	lx_set_tail(f, vf, k, tail);
}

void lx_emit_store(struct fx *f, unsigned vf, unsigned k, uint32_t to, uint32_t value)
{
	uint32_t dw[4] = { MI_SDI_DWORD_GGTT, (uint32_t)fx_addr(f, vf, to), 0, value };

	lx_emit(f, vf, k, dw, 4);
}

void lx_emit_batch(struct fx *f, unsigned vf, unsigned k, uint32_t at)
{
	uint32_t dw[4] = { MI_BBS_GGTT, (uint32_t)fx_addr(f, vf, at), 0, MI_NOOP };

	lx_emit(f, vf, k, dw, 4);
}

void lx_emit_wait(struct fx *f, unsigned vf, unsigned k, uint32_t at, uint32_t value)
{
	uint32_t dw[4] = { MI_SEM_WAIT_GGTT_EQ, value, (uint32_t)fx_addr(f, vf, at), 0 };

	lx_emit(f, vf, k, dw, 4);
}

void lx_batch_store(struct fx *f, unsigned vf, uint32_t at, uint32_t to, uint32_t value)
{
	fx_put(f, vf, at, MI_SDI_DWORD_GGTT);
	fx_put(f, vf, at + 4, (uint32_t)fx_addr(f, vf, to));
	fx_put(f, vf, at + 8, 0);
	fx_put(f, vf, at + 12, value);
	fx_put(f, vf, at + 16, MI_BATCH_BUFFER_END);
}

void lx_send(struct fx *f, unsigned vf, enum hxg_type type, uint32_t action, uint32_t *dw,
	     unsigned n)
{
	dw[0] = hxg_call(HXG_ORIGIN_HOST, type, action, 0);
	fx_h2g(f, vf, 0, type == HXG_REQUEST ? 1 : CT_FENCE_UNTRACKED | 1, dw, n);
}

void lx_register(struct fx *f, unsigned vf, uint32_t id, unsigned k, uint32_t flags)
{
	uint32_t dw[12] = {
		[1] = flags, [2] = id, [3] = GUC_CLASS_BLITTER, [4] = 1,
		[10] = (uint32_t)fx_addr(f, vf, LX_BASE(k)) | LRC_DESC_KERNEL,
	};

	lx_send(f, vf, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT, dw, 12);
}

void lx_register_multi(struct fx *f, unsigned vf, uint32_t id, unsigned k, unsigned width)
{
	uint32_t dw[11 + 2 * LRC_MAX_WIDTH] = {
		[1] = 1, [2] = id, [3] = GUC_CLASS_VIDEO, [4] = 1,
		[5] = (uint32_t)fx_addr(f, vf, LX_WQ_DESC(k)),
		[7] = (uint32_t)fx_addr(f, vf, LX_WQ(k)),
		[9] = WQ_BYTES, [10] = width,
	};

	for (unsigned i = 0; i < width; i++)
		dw[11 + 2 * i] = (uint32_t)fx_addr(f, vf, LX_BASE(k + i)) | LRC_DESC_KERNEL;
	lx_send(f, vf, HXG_EVENT, GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC, dw, 11 + 2 * width);
}

void lx_group_make(struct fx *f, unsigned vf)
{
	memset(f->mem[vf] + LX_CGP, 0, CGP_BYTES);
	fx_put(f, vf, LX_CGP, field_put(CGP_MAJOR, 1));
}

void lx_group_entry(struct fx *f, unsigned vf, unsigned place, unsigned k, uint32_t id)
{
	uint32_t mask = LX_CGP + 4 * (CGP_UPDATED + place / 32);

	fx_put(f, vf, LX_CGP + 4 * CGP_LRC(place),
	       (uint32_t)fx_addr(f, vf, LX_BASE(k)) | LRC_DESC_KERNEL);
	fx_put(f, vf, LX_CGP + 4 * CGP_ID(place), id);
	fx_put(f, vf, mask, fx_get(f, vf, mask) | 1u << place % 32);
}

void lx_group_register(struct fx *f, unsigned vf, uint32_t id)
{
	uint32_t dw[8] = {
		[1] = 1, [2] = id, [3] = GUC_CLASS_COMPUTE, [4] = 1,
		[6] = (uint32_t)fx_addr(f, vf, LX_CGP),
	};

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_REGISTER_CONTEXT_MULTI_QUEUE, dw, 8);
}

void lx_group_sync(struct fx *f, unsigned vf, uint32_t id)
{
	uint32_t dw[2] = { 0, id };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_MULTI_QUEUE_CONTEXT_CGP_SYNC, dw, 2);
}

void lx_wq_append(struct fx *f, unsigned vf, uint32_t id, unsigned k, unsigned width,
		  const uint32_t *tails)
{
	uint32_t tail = fx_get(f, vf, LX_WQ_DESC(k) + WQ_DESC_TAIL), at = LX_WQ(k) + tail;

	fx_put(f, vf, at, field_put(WQ_LENGTH, 2 + width) | WQ_TYPE_MULTI_LRC);
	fx_put(f, vf, at + 4, (uint32_t)fx_addr(f, vf, LX_BASE(k)) | LRC_DESC_KERNEL);
	fx_put(f, vf, at + 8, field_put(WQ_RING_TAIL, tails[0] / 8) | id);
	fx_put(f, vf, at + 12, 0);
	for (unsigned i = 1; i < width; i++)
		fx_put(f, vf, at + 12 + 4 * i, tails[i] / 8);
	fx_put(f, vf, LX_WQ_DESC(k) + WQ_DESC_TAIL, tail + 4 * (3 + width));
}

void lx_mode(struct fx *f, unsigned vf, uint32_t id, uint32_t mode)
{
	uint32_t dw[3] = { 0, id, mode };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_SCHED_CONTEXT_MODE_SET, dw, 3);
}

void lx_sched(struct fx *f, unsigned vf, uint32_t id)
{
	uint32_t dw[2] = { 0, id };

	lx_send(f, vf, HXG_FAST_REQUEST, GUC_ACTION_SCHED_CONTEXT, dw, 2);
}

struct fx_msg lx_event(struct fx *f, unsigned vf, uint32_t action)
{
	for (;;) {
		struct fx_msg m = fx_g2h(f, vf, 0);

		ck_assert_msg(m.len > 0, "no G2H %s", guc_action_name(action));
		if (hxg_type(m.dw[0]) == HXG_EVENT && hxg_action(m.dw[0]) == action)
			return m;
	}
}

/* --- migration ---------------------------------------------------------------------- */

uint32_t lx_save(struct fx *f)
{
	uint32_t reply;

	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	reply = fx_save(f, 0, 1, FX_BLOB_BYTES / 4);
	ck_assert_int_eq(hxg_type(reply), HXG_SUCCESS);
	return reply & HXG_SUCCESS_DATA0;
}

struct fx *lx_target(const struct fx *from, uint64_t start, const struct guc_options *options)
{
	struct fx *f = fx_new(1, 1, 1, options);

	fx_provision_at(f, 1, start);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	memcpy(f->mem[1], from->mem[1], FX_MEM);
	memcpy(f->mem[0] + FX_BLOB, from->mem[0] + FX_BLOB, FX_BLOB_BYTES);
	return f;
}

static void notify(struct fx *f, uint32_t action)
{
	uint32_t dw = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, 5), reply[4];

	ck_assert_uint_eq(fx_mbox(f, 1, 0, &dw, 1, reply), hxg_success(HXG_ORIGIN_GUC, 0));
}

void lx_resume(struct fx *f)
{
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	notify(f, GUC_ACTION_RESFIX_START);
}

void lx_done(struct fx *f)
{
	notify(f, GUC_ACTION_RESFIX_DONE);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
}

/* --- the load ---------------------------------------------------------------------- */

#define REG(k, d)  (LX_REGS(k) + 4 * (d))
#define RING(k, d) (LX_RING(k) + 4 * (d))
#define IMAGE(k)                                                               \
	{ FIXUP_MEMIRQ, REG(k, LRC_MEMIRQ_ENABLE), FX_MEMIRQ(0) + MEMIRQ_ENABLE, 0, false }, \
	{ FIXUP_MEMIRQ, REG(k, LRC_MEMIRQ_STATUS), FX_MEMIRQ(0), 0, false },     \
	{ FIXUP_MEMIRQ, REG(k, LRC_MEMIRQ_SOURCE), FX_MEMIRQ(0) + 0x400, 0, false }, \
	{ FIXUP_WA_BATCH, REG(k, LRC_BB_PER_CTX), LX_WA(k), 1, false }
#define PLAIN(k) { FIXUP_RING_START, REG(k, LRC_RING_START), LX_RING(k), 0, false }
#define CGP(place, k) \
	{ FIXUP_CGP, LX_CGP + 4 * CGP_LRC(place), LX_BASE(k), LRC_DESC_KERNEL, false }
#define JOB(k, d, to, dead) { FIXUP_JOBS, RING(k, d), to, 0, dead }
#define BATCH(k, d, to, dead) { FIXUP_BATCH, LX_BATCH(k) + 4 * (d), to, 0, dead }

const struct lx_word lx_words[] = {
	IMAGE(0), PLAIN(0), IMAGE(1), IMAGE(2), PLAIN(2), IMAGE(3), PLAIN(3), IMAGE(4), PLAIN(4),
	{ FIXUP_INDIRECT_CTX, REG(0, LRC_INDIRECT_CTX), LX_WA(0) + 0x800, 1, false },
	{ FIXUP_INDIRECT_RING, REG(1, LRC_INDIRECT_RING), LX_INDIRECT(1), 0, false },
	{ FIXUP_INDIRECT_RING, LX_INDIRECT(1) + 4 * LRC_IND_START, LX_RING(1), 0, false },
	JOB(0, 1, LX_BATCH(0), true), JOB(0, 5, LX_DATA(0) + 8, false),
	BATCH(0, 1, LX_DATA(0), true), BATCH(0, 6, LX_GATE, false),
	BATCH(0, 9, LX_DATA(0) + 4, false),
	JOB(1, 2, LX_GATE, false), JOB(1, 5, LX_DATA(1), false), JOB(1, 9, LX_BATCH(1), false),
	BATCH(1, 1, LX_DATA(1) + 4, false),
	JOB(2, 2, LX_GATE, false), JOB(2, 5, LX_DATA(2), false), JOB(2, 9, LX_DATA(2) + 4, false),
	JOB(3, 1, LX_DATA(3), true), JOB(3, 6, LX_GATE, false), JOB(3, 9, LX_DATA(3) + 4, false),
	{ FIXUP_WORK_QUEUE, LX_WQ(2) + 4, LX_BASE(2), LRC_DESC_KERNEL, false },
	{ FIXUP_WORK_QUEUE, LX_WQ(2) + 24, LX_BASE(2), LRC_DESC_KERNEL, false },
	{ FIXUP_CCS, RING(4, 2), LX_WA(4), 0, false },
	IMAGE(6), PLAIN(6), IMAGE(7), PLAIN(7), CGP(0, 6), CGP(40, 7),
	JOB(6, 2, LX_GATE, false), JOB(6, 5, LX_DATA(6), false),
	JOB(7, 2, LX_GATE, false), JOB(7, 5, LX_DATA(7), false),
};
const unsigned lx_words_n = sizeof(lx_words) / sizeof(lx_words[0]);

static void load_rings(struct fx *f)
{
	uint32_t ccs[6] = { MI_ARB_ON, MI_BBS_GGTT, 0, 0, MI_NOOP, MI_NOOP };

	lx_emit_batch(f, 1, 0, LX_BATCH(0));
	lx_emit_store(f, 1, 0, LX_DATA(0) + 8, 3);
	lx_batch_store(f, 1, LX_BATCH(0), LX_DATA(0), 1);
	fx_put(f, 1, LX_BATCH(0) + 16, MI_SEM_WAIT_GGTT_EQ);
	fx_put(f, 1, LX_BATCH(0) + 20, LX_OPEN);
	fx_put(f, 1, LX_BATCH(0) + 24, (uint32_t)fx_addr(f, 1, LX_GATE));
	lx_batch_store(f, 1, LX_BATCH(0) + 32, LX_DATA(0) + 4, 2);
	lx_emit_wait(f, 1, 1, LX_GATE, LX_OPEN);
	lx_emit_store(f, 1, 1, LX_DATA(1), 1);
	lx_emit_batch(f, 1, 1, LX_BATCH(1));
	lx_batch_store(f, 1, LX_BATCH(1), LX_DATA(1) + 4, 2);
	lx_emit_wait(f, 1, 2, LX_GATE, LX_OPEN);
	lx_emit_store(f, 1, 2, LX_DATA(2), 1);
	lx_emit_store(f, 1, 2, LX_DATA(2) + 4, 2);
	lx_emit_store(f, 1, 3, LX_DATA(3), 1);
	lx_emit_wait(f, 1, 3, LX_GATE, LX_OPEN);
	lx_emit_store(f, 1, 3, LX_DATA(3) + 4, 2);
	for (unsigned k = 6; k < 8; k++) {
		lx_emit_wait(f, 1, k, LX_GATE, LX_OPEN);
		lx_emit_store(f, 1, k, LX_DATA(k), 1);
	}
	ccs[2] = (uint32_t)fx_addr(f, 1, LX_WA(4));
	fx_put(f, 1, LX_WA(4), MI_BATCH_BUFFER_END);
	lx_emit(f, 1, 4, ccs, 6);
}

void lx_load(struct fx *f)
{
	const uint32_t first[2] = { 32, 32 }, second[2] = { 48, 48 };

	for (unsigned k = 0; k < 8; k++)
		lx_make(f, 1, k, k == 1);
	fx_put(f, 1, REG(0, LRC_INDIRECT_CTX), (uint32_t)fx_addr(f, 1, LX_WA(0) + 0x800) | 1);
	load_rings(f);
	lx_set_tail(f, 1, 2, 0);
	lx_set_tail(f, 1, 3, 0);
	lx_wq_append(f, 1, 4, 2, 2, first);
	lx_wq_append(f, 1, 4, 2, 2, second);
	lx_register(f, 1, 0, 0, 1);
	lx_register(f, 1, 1, 1, 1);
	lx_register_multi(f, 1, 4, 2, 2);
	lx_register(f, 1, 7, 4, 1 | GUC_CTX_COMPRESSION_SAVE << 1);
	lx_group_make(f, 1);
	lx_group_entry(f, 1, 0, 6, 9);
	lx_group_entry(f, 1, 40, 7, 9);
	lx_group_register(f, 1, 9);
	lx_mode(f, 1, 0, 1);
	lx_mode(f, 1, 1, 1);
	lx_mode(f, 1, 4, 1);
	lx_mode(f, 1, 9, 1);
	fx_run(f, 20);
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FENCE), LX_STORED);
}

void lx_fix(struct fx *f, uint32_t skip, uint32_t twice, int64_t delta)
{
	for (unsigned i = 0; i < lx_words_n; i++) {
		const struct lx_word *w = &lx_words[i];
		uint32_t value = (uint32_t)fx_addr(f, 1, w->target);

		if (skip >> w->fixup & 1)
			continue;
		if (twice >> w->fixup & 1)
			value += (uint32_t)delta;
		fx_put(f, 1, w->at, value | w->flags);
	}
}

void lx_finish(struct fx *f)
{
	static const uint32_t at[LX_STORES] = {
		LX_DATA(0), LX_DATA(0) + 4, LX_DATA(0) + 8, LX_DATA(1), LX_DATA(1) + 4,
		LX_DATA(2), LX_DATA(2) + 4, LX_DATA(3), LX_DATA(3) + 4, LX_DATA(6), LX_DATA(7),
	};

	fx_put(f, 1, LX_GATE, LX_OPEN);
	fx_run(f, 50);
	for (unsigned i = 0; i < LX_STORES; i++)
		ck_assert_uint_eq(fx_get(f, 1, at[i]), at[i] % 16 / 4 + 1);
}
