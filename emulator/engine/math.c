/* SPDX-License-Identifier: MIT */
/* MI_MATH: the ALU of the command streamer. An instruction a dword, on 64 bits:
 * operands are loaded from general purpose registers, results and flags stored to
 * them; a flag is stored as all ones or all zeros. */
#include "space.h"

#include "proto/mi.h"

struct alu {
	uint64_t a, b, accu;
	bool zero, carry;
};

static uint64_t *source_register(struct alu *alu, uint32_t operand)
{
	switch (operand) {
	case MI_ALU_SRCA: return &alu->a;
	case MI_ALU_SRCB: return &alu->b;
	}
	return NULL;
}

static void load(struct streamer *s, struct alu *alu, uint32_t dw, uint32_t op)
{
	uint64_t *to = source_register(alu, field_get(MI_ALU_OPERAND1, dw));
	uint32_t from = field_get(MI_ALU_OPERAND2, dw);

	if (!to)
		return;
	switch (op) {
	case MI_ALU_LOAD0: *to = 0; return;
	case MI_ALU_LOAD1: *to = UINT64_MAX; return;
	}
	*to = from < MI_ALU_GPRS ? eng_gpr(s, from) : 0;
	if (op == MI_ALU_LOADINV)
		*to = ~*to;
}

static void store(struct streamer *s, const struct alu *alu, uint32_t dw, uint32_t op)
{
	uint32_t to = field_get(MI_ALU_OPERAND1, dw);
	uint64_t value = 0;

	switch (field_get(MI_ALU_OPERAND2, dw)) {
	case MI_ALU_ACCU: value = alu->accu; break;
	case MI_ALU_ZF: value = alu->zero ? UINT64_MAX : 0; break;
	case MI_ALU_CF: value = alu->carry ? UINT64_MAX : 0; break;
	}
	if (to < MI_ALU_GPRS)
		eng_gpr_set(s, to, op == MI_ALU_STOREINV ? ~value : value);
}

/* A quadword at ACCU, from or to a register. */
static enum eng_end indirect(struct streamer *s, const struct alu *alu, uint32_t dw, bool to_memory)
{
	uint32_t reg = field_get(to_memory ? MI_ALU_OPERAND2 : MI_ALU_OPERAND1, dw), value[2];
	bool ggtt = eng_is_ggtt(s, false);
	enum eng_end end;

	if (reg >= MI_ALU_GPRS)
		return ENG_MORE;
	s->cost++;
	if (to_memory) {
		value[0] = lo32(eng_gpr(s, reg));
		value[1] = hi32(eng_gpr(s, reg));
		return eng_write(s, ggtt, alu->accu & ~7ull, value, 8);
	}
	end = eng_read(s, ggtt, alu->accu & ~7ull, value, 8);
	if (end == ENG_MORE)
		eng_gpr_set(s, reg, make64(value[0], value[1]));
	return end;
}

/* Shifts count the lower six bits of B. */
static void calculate(struct alu *alu, uint32_t op)
{
	unsigned by = alu->b & 63;

	alu->carry = false;
	switch (op) {
	case MI_ALU_ADD:
		alu->carry = __builtin_add_overflow(alu->a, alu->b, &alu->accu);
		break;
	case MI_ALU_SUB:
		alu->carry = alu->a < alu->b;
		alu->accu = alu->a - alu->b;
		break;
	case MI_ALU_AND: alu->accu = alu->a & alu->b; break;
	case MI_ALU_OR: alu->accu = alu->a | alu->b; break;
	case MI_ALU_XOR: alu->accu = alu->a ^ alu->b; break;
	case MI_ALU_SHL: alu->accu = alu->a << by; break;
	case MI_ALU_SHR: alu->accu = alu->a >> by; break;
	case MI_ALU_SAR:
		alu->accu = alu->a >> by;
		if (alu->a >> 63 && by)
			alu->accu |= UINT64_MAX << (64 - by);
		break;
	}
	alu->zero = alu->accu == 0;
}

enum eng_end eng_math(struct streamer *s)
{
	struct alu alu = { 0 };
	enum eng_end end = eng_gpr_load(s);
	uint32_t before[ENG_CS_REGS];

	if (end != ENG_MORE)
		return end;
	memcpy(before, s->regs.cs, sizeof(before));
	for (uint32_t i = 1; end == ENG_MORE && i < s->len; i++) {
		uint32_t op = field_get(MI_ALU_OPCODE, s->cmd[i]);

		switch (op) {
		case MI_ALU_LOAD:
		case MI_ALU_LOADINV:
		case MI_ALU_LOAD0:
		case MI_ALU_LOAD1:
			load(s, &alu, s->cmd[i], op);
			break;
		case MI_ALU_STORE:
		case MI_ALU_STOREINV:
			store(s, &alu, s->cmd[i], op);
			break;
		case MI_ALU_ADD:
		case MI_ALU_SUB:
		case MI_ALU_AND:
		case MI_ALU_OR:
		case MI_ALU_XOR:
		case MI_ALU_SHL:
		case MI_ALU_SHR:
		case MI_ALU_SAR:
			calculate(&alu, op);
			break;
		case MI_ALU_LOADIND:
		case MI_ALU_STOREIND:
			end = indirect(s, &alu, s->cmd[i], op == MI_ALU_STOREIND);
			break;
		}
	}
	s->cost += s->len / 16;
	if (end == ENG_MORE)
		return eng_done(s);
	/* It runs again from its start. */
	memcpy(s->regs.cs, before, sizeof(before));
	return end;
}
