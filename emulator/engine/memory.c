/* SPDX-License-Identifier: MIT */
/* Commands that store, copy and change memory, and those that flush: there is
 * nothing to flush here, what counts is the write behind it and the TLB
 * (xe-vf-probe 6.2, 6.3; engine-facts). */
#include "space.h"

#include "proto/mi.h"

/* Dwords of a long store that take as long as a command. */
#define DWORDS_A_COMMAND 16u

enum eng_end eng_put(struct streamer *s, bool ggtt, uint64_t at, const uint32_t *data, uint32_t n)
{
	const struct eng_place *p = s->r;
	enum eng_end end;

	end = n == 1 ? eng_store32(s, ggtt, at, data[0]) : eng_write(s, ggtt, at, data, 4 * n);
	if (end != ENG_MORE || !ggtt)
		return end;
	s->cost += n / 2; /* each is an event */
	for (uint32_t i = 0; i < n; i++) {
		struct guc_event ev = {
			.point = GUC_PT_FENCE, .fn = (uint8_t)p->fn, .gt = (uint8_t)p->gt,
			.addr = at + 4 * i, .value = data[i], .code = p->id,
		};

		guc_emit(p->c, &ev);
	}
	return ENG_MORE;
}

enum eng_end eng_store_data(struct streamer *s)
{
	uint32_t unit = s->cmd[0] & MI_SDI_QWORD ? 2 : 1, n = s->len - 3;
	uint64_t at;
	enum eng_end end;

	if (s->len < 3 + unit || n % unit)
		return eng_garbage(s);
	at = make64(s->cmd[1], s->cmd[2]);
	if (at % (4 * unit))
		return eng_garbage(s);
	s->cost += n / DWORDS_A_COMMAND;
	end = eng_put(s, eng_is_ggtt(s, s->cmd[0] & MI_SDI_GGTT), at, s->cmd + 3, n);
	return end == ENG_MORE ? eng_done(s) : end;
}

/* A dword, destination first. */
enum eng_end eng_copy_data(struct streamer *s)
{
	uint32_t value;
	enum eng_end end;

	if (s->len != 5)
		return eng_garbage(s);
	end = eng_load32(s, eng_is_ggtt(s, s->cmd[0] & MI_COPY_SRC_GGTT),
			 make64(s->cmd[3], s->cmd[4]), &value);
	if (end == ENG_MORE)
		end = eng_put(s, eng_is_ggtt(s, s->cmd[0] & MI_COPY_DST_GGTT),
			      make64(s->cmd[1], s->cmd[2]), &value, 1);
	return end == ENG_MORE ? eng_done(s) : end;
}

/* --- atomics ------------------------------------------------------------------------- */

static int64_t signed_of(uint64_t v, bool qword)
{
	return qword ? (int64_t)v : (int32_t)(uint32_t)v;
}

static uint64_t atomic_result(uint32_t op, bool qword, uint64_t old, uint64_t a, uint64_t b)
{
	switch ((enum mi_atomic_op)op) {
	case MI_ATOMIC_AND: return old & a;
	case MI_ATOMIC_OR: return old | a;
	case MI_ATOMIC_XOR: return old ^ a;
	case MI_ATOMIC_MOVE: return a;
	case MI_ATOMIC_INC: return old + 1;
	case MI_ATOMIC_DEC: return old - 1;
	case MI_ATOMIC_ADD: return old + a;
	case MI_ATOMIC_SUB: return old - a;
	case MI_ATOMIC_RSUB: return a - old;
	case MI_ATOMIC_IMAX: return signed_of(old, qword) > signed_of(a, qword) ? old : a;
	case MI_ATOMIC_IMIN: return signed_of(old, qword) < signed_of(a, qword) ? old : a;
	case MI_ATOMIC_UMAX: return old > a ? old : a;
	case MI_ATOMIC_UMIN: return old < a ? old : a;
	case MI_ATOMIC_CMPWR: return old == a ? b : old;
	case MI_ATOMIC_PREDEC: return old - 1;
	}
	return old;
}

/* Operands: behind the address, a dword of each in turn, or registers R0 and R1.
 * What memory held goes to R0; what it holds then with PREDEC. */
enum eng_end eng_atomic(struct streamer *s)
{
	bool ggtt = eng_is_ggtt(s, s->cmd[0] & MI_ATOMIC_GGTT), give;
	bool own = s->cmd[0] & MI_ATOMIC_INLINE;
	uint32_t size = field_get(MI_ATOMIC_SIZE, s->cmd[0]), op, dw[2] = { 0, 0 };
	uint64_t at, a = 0, b = 0, old, now;
	struct eng_span span;
	bool qword = size == 1;
	enum eng_end end = ENG_MORE;

	if (s->len < 3 || size > 1 || (own && s->len < (qword ? 7u : 5u)))
		return eng_garbage(s);
	at = make64(s->cmd[1], s->cmd[2]);
	if (at % (qword ? 8 : 4))
		return eng_garbage(s);
	op = field_get(MI_ATOMIC_OP, s->cmd[0]);
	give = s->cmd[0] & MI_ATOMIC_RETURN;
	if (own) {
		a = make64(s->cmd[3], qword ? s->cmd[5] : 0);
		b = make64(s->cmd[4], qword ? s->cmd[6] : 0);
	} else {
		end = eng_gpr_load(s);
		if (end != ENG_MORE)
			return end;
		a = qword ? eng_gpr(s, 0) : lo32(eng_gpr(s, 0));
		b = qword ? eng_gpr(s, 1) : lo32(eng_gpr(s, 1));
	}
	if (give)
		end = eng_gpr_load(s);
	if (end == ENG_MORE)
		end = eng_translate(s, ggtt, at, ENG_ATOMIC, &span);
	if (end == ENG_MORE)
		end = eng_span_read(s, &span, dw, qword ? 8 : 4);
	if (end != ENG_MORE)
		return end;
	old = make64(dw[0], dw[1]);
	now = atomic_result(op & MI_ATOMIC_OP_MASK, qword, old, a, b);
	dw[0] = lo32(now);
	dw[1] = hi32(now);
	end = eng_span_write(s, &span, dw, qword ? 8 : 4);
	if (end != ENG_MORE)
		return end;
	if (give && (op & MI_ATOMIC_OP_MASK) == MI_ATOMIC_PREDEC)
		old = make64(dw[0], qword ? dw[1] : 0);
	if (give)
		eng_gpr_set(s, 0, old);
	return eng_done(s);
}

/* --- writes behind a flush -------------------------------------------------------------- */

/* An address that is an index into the context's own status page. */
static uint64_t in_pphwsp(const struct streamer *s, uint64_t index)
{
	return s->lrc.regs - LRC_REGS + (index & (LRC_PPHWSP_BYTES - 1));
}

static enum eng_end put_clock(struct streamer *s, bool ggtt, uint64_t at)
{
	uint64_t now = eng_clock(s->r->c);
	const uint32_t dw[2] = { lo32(now), hi32(now) };

	return eng_put(s, ggtt, at, dw, 2);
}

static void drop_tlb(struct streamer *s)
{
	eng_tlb_drop(s->r->c, s->r->gt, s->r->fn, s->vm.asid);
	s->cost += GUC_TLB_ENTRIES / 64;
}

enum eng_end eng_flush_dw(struct streamer *s)
{
	uint32_t op = field_get(MI_FLUSH_OP, s->cmd[0]);
	enum eng_end end = ENG_MORE;
	uint64_t at;
	bool ggtt;

	if (op == MI_FLUSH_OP_DATA || op == MI_FLUSH_OP_TIME) {
		if (s->len < 4 || s->len > 5)
			return eng_garbage(s);
		at = make64(s->cmd[1] & MI_FLUSH_ADDR, s->cmd[2]);
		ggtt = eng_is_ggtt(s, s->cmd[1] & MI_FLUSH_GGTT);
		if (s->cmd[0] & MI_FLUSH_INDEX) {
			at = in_pphwsp(s, at);
			ggtt = true;
		}
		end = op == MI_FLUSH_OP_TIME ? put_clock(s, ggtt, at) :
					       eng_put(s, ggtt, at, s->cmd + 3, s->len - 3);
	}
	if (end == ENG_MORE && s->cmd[0] & MI_FLUSH_TLB)
		drop_tlb(s);
	return end == ENG_MORE ? eng_done(s) : end;
}

/* Counters of pixels are 0: nothing is drawn. */
enum eng_end eng_pipe_control(struct streamer *s)
{
	static const uint32_t none[2] = { 0, 0 };
	uint32_t flags = s->len > 1 ? s->cmd[1] : 0, op = field_get(PIPE_CONTROL_OP, flags);
	enum eng_end end = ENG_MORE;
	uint64_t at;
	bool ggtt;

	if (op) {
		if (s->len != 6)
			return eng_garbage(s);
		at = make64(s->cmd[2] & ~7u, s->cmd[3]);
		ggtt = eng_is_ggtt(s, flags & PIPE_CONTROL_GGTT);
		if (flags & PIPE_CONTROL_INDEX) {
			at = in_pphwsp(s, at);
			ggtt = true;
		}
		end = op == PIPE_CONTROL_OP_TIME ? put_clock(s, ggtt, at) :
		      eng_put(s, ggtt, at, op == PIPE_CONTROL_OP_DATA ? s->cmd + 4 : none, 2);
	}
	if (end == ENG_MORE && flags & PIPE_CONTROL_TLB)
		drop_tlb(s);
	return end == ENG_MORE ? eng_done(s) : end;
}
