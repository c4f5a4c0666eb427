/* SPDX-License-Identifier: MIT */
/* Commands that steer the flow: batches, waits, arbitration, predicates, the
 * interrupt (xe-vf-probe 6.2, 6.3, 6.4; decisions say where hardware's manuals
 * are not at hand). */
#include "space.h"

#include "emulator/guc/sched.h"

#include "proto/mi.h"

/* --- batches ------------------------------------------------------------------------ */

/* A batch of the GGTT has to lie in the function's range: an address outside would
 * not survive a migration. */
static enum eng_end enter(struct streamer *s, uint64_t target, bool ggtt)
{
	const struct eng_place *p = s->r;

	if (ggtt && !guc_in_range(p->c, guc_gt_tile(p->c, p->gt), p->fn, target, 4)) {
		guc_violate(p->c, p->gt, p->fn, GUC_VIOL_GGTT_FOREIGN, target, s->cmd[0]);
		return ENG_DEAD;
	}
	s->exec->batch = target;
	s->exec->ppgtt &= (uint8_t)~GUC_EXEC_BATCH;
	if (!ggtt)
		s->exec->ppgtt |= GUC_EXEC_BATCH;
	eng_jump(s);
	return ENG_MORE;
}

/* From the ring: the first level. From there with bit 22 the second, which returns
 * behind this command; without, and from the second, another batch takes the place
 * of this one and nothing returns here. */
enum eng_end eng_batch_start(struct streamer *s)
{
	struct guc_exec *x = s->exec;
	uint64_t target = make64(s->cmd[1], s->cmd[2]) & BITS64(PPGTT_VA_BITS - 1, 2);
	bool ggtt = eng_is_ggtt(s, !(s->cmd[0] & MI_BBS_PPGTT));
	enum eng_end end;

	if (s->len != 3)
		return eng_garbage(s);
	if (s->cmd[0] & MI_BBS_PREDICATE && eng_predicated_off(s))
		return eng_done(s);
	if (x->level == 0 || (x->level == 1 && s->cmd[0] & MI_BBS_SECOND)) {
		end = eng_done(s);
		if (end != ENG_MORE)
			return end;
		if (x->level) {
			x->back = x->batch;
			x->ppgtt = x->ppgtt & GUC_EXEC_BATCH ? GUC_EXEC_BATCH | GUC_EXEC_BACK : 0;
		}
		end = enter(s, target, ggtt);
		if (end == ENG_MORE)
			x->level++;
		return end;
	}
	x->progress = 0;
	return enter(s, target, ggtt);
}

/* Leave the batch; with `all` both levels. */
static enum eng_end leave(struct streamer *s, bool all)
{
	struct guc_exec *x = s->exec;

	x->progress = 0;
	eng_jump(s);
	if (x->level == 2 && !all) {
		x->level = 1;
		x->batch = x->back;
		x->back = 0;
		x->ppgtt = x->ppgtt & GUC_EXEC_BACK ? GUC_EXEC_BATCH : 0;
		return ENG_MORE;
	}
	x->level = x->ppgtt = 0;
	x->batch = x->back = 0;
	x->predicate = 0;
	x->behind = s->slice->hold;
	return x->behind ? ENG_BATCH_END : ENG_MORE;
}

enum eng_end eng_batch_end(struct streamer *s)
{
	return s->exec->level ? leave(s, false) : eng_done(s);
}

/* memory OP value, for waits and conditional ends alike. */
static bool compare(uint32_t op, uint64_t memory, uint64_t value)
{
	switch (op) {
	case MI_COMPARE_GT: return memory > value;
	case MI_COMPARE_GE: return memory >= value;
	case MI_COMPARE_LT: return memory < value;
	case MI_COMPARE_LE: return memory <= value;
	case MI_COMPARE_EQ: return memory == value;
	case MI_COMPARE_NE: return memory != value;
	}
	return true;
}

/* The batch goes on while the comparison holds. With a mask, memory is a quadword:
 * value, and behind it the bits of it that count. Without a comparison it ends. */
enum eng_end eng_batch_end_if(struct streamer *s)
{
	bool ggtt = eng_is_ggtt(s, s->cmd[0] & MI_CBBE_GGTT);
	uint64_t at = make64(s->cmd[2], s->cmd[3]);
	uint32_t value[2] = { 0, UINT32_MAX };
	bool goes_on = false;
	enum eng_end end;

	if (s->len != 4)
		return eng_garbage(s);
	if (s->cmd[0] & MI_CBBE_COMPARE) {
		end = s->cmd[0] & MI_CBBE_MASK ? eng_read(s, ggtt, at & ~7ull, value, 8) :
						 eng_load32(s, ggtt, at & ~3ull, value);
		if (end != ENG_MORE)
			return end;
		goes_on = compare(field_get(MI_SEM_COMPARE, s->cmd[0]), value[0] & value[1],
				  s->cmd[1]);
	}
	if (goes_on || !s->exec->level)
		return eng_done(s);
	return leave(s, !(s->cmd[0] & MI_CBBE_LEVEL));
}

/* --- waits and arbitration ------------------------------------------------------------ */

/* An armed watchdog ends a wait: the driver's first job of each class waits for what
 * never comes, so that GuC resets the engine and goes on behind it (xe-vf-probe 6.4). */
enum eng_end eng_semaphore_wait(struct streamer *s)
{
	bool reg = s->cmd[0] & MI_SEM_REGISTER;
	uint64_t at = make64(s->cmd[2], s->cmd[3]);
	uint32_t value;
	enum eng_end end;

	if (s->len < 4)
		return eng_garbage(s);
	if (reg)
		end = eng_reg_read(s, s->cmd[2], false, &value);
	else
		end = eng_load32(s, eng_is_ggtt(s, s->cmd[0] & MI_SEM_GGTT), at, &value);
	if (end != ENG_MORE)
		return end;
	if (!s->exec->armed && !compare(field_get(MI_SEM_COMPARE, s->cmd[0]), value, s->cmd[1]))
		return ENG_WAIT;
	return eng_done(s);
}

enum eng_end eng_arb_on_off(struct streamer *s)
{
	s->exec->arb_off = !(s->cmd[0] & MI_ARB_ENABLE);
	return eng_done(s);
}

/* With bit 8 it turns prefetching on or off: what comes may just have been written. */
enum eng_end eng_arb_check(struct streamer *s)
{
	enum eng_end end = eng_done(s);

	eng_jump(s);
	return end;
}

/* --- predicates ------------------------------------------------------------------------- */

bool eng_predicated_off(struct streamer *s)
{
	uint32_t result = 0;

	switch (s->exec->predicate) {
	case MI_NOOP_RESULT2_CLEAR:
	case MI_NOOP_RESULT2_SET:
		eng_reg_get(s, REG_PREDICATE_RESULT2, &result);
		return (result & 1) == (s->exec->predicate == MI_NOOP_RESULT2_SET);
	case MI_NOOP_RESULT_CLEAR:
	case MI_NOOP_RESULT_SET:
		eng_reg_get(s, REG_PREDICATE_RESULT, &result);
		return (result & 1) == (s->exec->predicate == MI_NOOP_RESULT_SET);
	case MI_NOOP_ALWAYS:
		return true;
	}
	return false;
}

enum eng_end eng_set_predicate(struct streamer *s)
{
	s->exec->predicate = (uint8_t)field_get(MI_SET_PREDICATE_ENABLE, s->cmd[0]);
	return eng_done(s);
}

static enum eng_end get64(struct streamer *s, uint32_t offset, uint64_t *value)
{
	uint32_t lo = 0, hi = 0;
	enum eng_end end = eng_reg_get(s, offset, &lo);

	if (end == ENG_MORE)
		end = eng_reg_get(s, offset + 4, &hi);
	*value = make64(lo, hi);
	return end;
}

enum eng_end eng_predicate(struct streamer *s)
{
	uint64_t src0 = 0, src1 = 0, data = 0;
	uint32_t old = 0, now = 0;
	enum eng_end end = get64(s, REG_PREDICATE_SRC0, &src0);

	if (end == ENG_MORE)
		end = get64(s, REG_PREDICATE_SRC1, &src1);
	if (end == ENG_MORE)
		end = get64(s, REG_PREDICATE_DATA, &data);
	if (end == ENG_MORE)
		end = eng_reg_get(s, REG_PREDICATE_RESULT, &old);
	if (end != ENG_MORE)
		return end;
	switch (field_get(MI_PREDICATE_COMPARE, s->cmd[0])) {
	case 0: now = 1; break;
	case 1: now = 0; break;
	case 2: now = src0 == src1; break;
	case 3: now = src0 - src1 == data; break;
	}
	switch (field_get(MI_PREDICATE_COMBINE, s->cmd[0])) {
	case 1: now &= old; break;
	case 2: now |= old; break;
	case 3: now ^= old; break;
	}
	switch (field_get(MI_PREDICATE_LOAD, s->cmd[0])) {
	case 2: old = now & 1; break;
	case 3: old = !(now & 1); break;
	}
	end = eng_reg_write(s, REG_PREDICATE_RESULT, true, old);
	return end == ENG_MORE ? eng_done(s) : end;
}

/* --- the interrupt ------------------------------------------------------------------------ */

/* It is a system call of whoever has the card. */
#define INTERRUPT_COST 16u

/* In its own page with MSI-X each is the first of its class (get_msix_irq_offset() of
 * xe_hw_engine.c). */
enum eng_end eng_interrupt(struct streamer *s)
{
	const struct eng_place *p = s->r;
	const uint32_t *image = s->lrc.image;
	bool msix = guc_lrc_msix(&s->lrc);
	unsigned class = p->ctx->engine_class;
	unsigned engine = msix ? guc_engine_record(class, 0) :
				 guc_lrc_engine(p->c, p->ctx, s->child);

	s->cost += INTERRUPT_COST;
	guc_raise_engine(p->c, p->gt, p->fn, image[LRC_MEMIRQ_STATUS], image[LRC_MEMIRQ_SOURCE],
			 guc_engine_source(class, engine),
			 msix ? (uint16_t)field_get(LRC_INT_VEC_CS, image[LRC_INT_VEC]) : 0);
	return eng_done(s);
}
