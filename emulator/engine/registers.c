/* SPDX-License-Identifier: MIT */
/* Registers of a context. Hardware saves them in the context's image when it
 * leaves the engine, so ours are there as well and travel with the memory: as
 * MI_LOAD_REGISTER_IMM lists, behind what the driver lays out, the engine's own
 * first, then those of the render engine's state that privileged commands wrote
 * (workarounds; a driver finds them in its default image). A slice reads them at
 * first use and writes them at its end. What is not listed reads 0. */
#include "space.h"

#include "proto/mi.h"

#include <string.h>

/* Offsets from the engine's first register, in the order of eng_regs.cs[]. */
#define GPRS 32u
static const uint16_t cs_regs[ENG_CS_REGS] = {
	0x600, 0x604, 0x608, 0x60C, 0x610, 0x614, 0x618, 0x61C, 0x620, 0x624, 0x628, 0x62C,
	0x630, 0x634, 0x638, 0x63C, 0x640, 0x644, 0x648, 0x64C, 0x650, 0x654, 0x658, 0x65C,
	0x660, 0x664, 0x668, 0x66C, 0x670, 0x674, 0x678, 0x67C,
	REG_PREDICATE_SRC0, REG_PREDICATE_SRC0 + 4, REG_PREDICATE_SRC1, REG_PREDICATE_SRC1 + 4,
	REG_PREDICATE_DATA, REG_PREDICATE_DATA + 4, REG_PREDICATE_RESULT,
	REG_PREDICATE_RESULT1, REG_PREDICATE_RESULT2,
	REG_NOPID, REG_INSTPM, REG_BCS_SWCTRL, REG_BLIT_CCTL,
};

/* The lists in the image. */
#define SAVE_AT     0x100u
#define SAVE_CS     (1u + 2u * ENG_CS_REGS)
#define SAVE_STATE  (SAVE_AT + SAVE_CS)
#define SAVE_DWORDS (SAVE_CS + 1u + 2u * ENG_STATE_REGS + 1u)
#define SAVE_LRI(n) (MI_CMD(MI_OP_LOAD_REGISTER_IMM) | (2u * (n) - 1u))
#define SAVE_HEADER (SAVE_LRI(ENG_CS_REGS) | MI_LRI_CS)

/* Dwords of a list of registers that take as long as a command. */
#define DWORDS_A_COMMAND 4u

/* A driver's image without a state ends with MI_BATCH_BUFFER_END about here. */
#define IMAGE_END_FIRST 0x34u
#define IMAGE_END_LAST  0x4Fu

/* --- in the image ------------------------------------------------------------------------- */

enum eng_end eng_gpr_load(struct streamer *s)
{
	const struct eng_place *p = s->r;
	struct eng_regs *regs = &s->regs;
	uint32_t list[SAVE_DWORDS], *state = list + SAVE_CS;
	bool fine;

	if (regs->loaded)
		return ENG_MORE;
	if (guc_ggtt_read(p->c, p->gt, p->fn, s->lrc.regs + 4 * SAVE_AT, list, sizeof(list)))
		return ENG_DEAD;
	/* An image that has never been here, or that is not ours: all 0. */
	fine = list[0] == SAVE_HEADER;
	regs->n = 0;
	for (uint32_t i = 0; i < ENG_CS_REGS; i++)
		regs->cs[i] = fine && list[1 + 2 * i] == cs_regs[i] ? list[2 + 2 * i] : 0;
	for (uint32_t i = 1; fine && i <= ENG_STATE_REGS; i++) {
		if (state[0] != SAVE_LRI(i))
			continue;
		regs->n = i;
		for (uint32_t k = 0; k < i; k++)
			regs->state[k] = (struct eng_state_reg){ state[1 + 2 * k],
								 state[2 + 2 * k] };
	}
	regs->loaded = true;
	return ENG_MORE;
}

int eng_regs_save(struct streamer *s)
{
	const struct eng_place *p = s->r;
	const struct eng_regs *regs = &s->regs;
	uint32_t list[SAVE_DWORDS], n = 0;
	int err;

	if (!regs->dirty)
		return 0;
	list[n++] = SAVE_HEADER;
	for (uint32_t i = 0; i < ENG_CS_REGS; i++) {
		list[n++] = cs_regs[i];
		list[n++] = regs->cs[i];
	}
	if (regs->n)
		list[n++] = SAVE_LRI(regs->n);
	for (uint32_t i = 0; i < regs->n; i++) {
		list[n++] = regs->state[i].reg;
		list[n++] = regs->state[i].value;
	}
	list[n++] = MI_BATCH_BUFFER_END;
	err = guc_ggtt_write(p->c, p->gt, p->fn, s->lrc.regs + 4 * SAVE_AT, list, 4 * n);
	/* Who reads the image as commands has to come this far. */
	for (uint32_t i = IMAGE_END_FIRST; !err && i <= IMAGE_END_LAST; i++)
		if ((s->lrc.image[i] & ~1u) == MI_BATCH_BUFFER_END)
			err = guc_ggtt_store32(p->c, p->gt, p->fn, s->lrc.regs + 4 * i, MI_NOOP);
	return err;
}

/* --- by offset -------------------------------------------------------------------------------- */

static int cs_index(uint32_t offset)
{
	if (offset - cs_regs[0] < 4 * GPRS)
		return (int)(offset - cs_regs[0]) / 4;
	for (uint32_t i = GPRS; i < ENG_CS_REGS; i++)
		if (cs_regs[i] == offset)
			return (int)i;
	return -1;
}

enum eng_end eng_reg_get(struct streamer *s, uint32_t offset, uint32_t *value)
{
	int i = cs_index(offset);
	enum eng_end end;

	*value = 0;
	switch (offset) {
	case REG_CTX_TIMESTAMP:
	case REG_QUEUE_TIMESTAMP:
		*value = lo32(eng_context_time(s));
		return ENG_MORE;
	case REG_CTX_TIMESTAMP_HI:
	case REG_QUEUE_TIMESTAMP_HI:
		*value = hi32(eng_context_time(s));
		return ENG_MORE;
	case REG_TIMESTAMP:
		*value = lo32(eng_clock(s->r->c));
		return ENG_MORE;
	case REG_TIMESTAMP_HI:
		*value = hi32(eng_clock(s->r->c));
		return ENG_MORE;
	}
	if (i < 0)
		return ENG_MORE;
	end = eng_gpr_load(s);
	if (end == ENG_MORE)
		*value = s->regs.cs[i];
	return end;
}

static bool privileged(const struct streamer *s)
{
	return !s->exec->level || !(s->exec->ppgtt & GUC_EXEC_BATCH);
}

static enum eng_end cs_set(struct streamer *s, uint32_t offset, uint32_t value)
{
	int i = cs_index(offset);
	enum eng_end end;

	/* Hardware lets no user's batch at it: it would end waits that are real. */
	if (offset == REG_WATCHDOG && privileged(s))
		s->exec->armed = value == 0;
	if (i < 0)
		return ENG_MORE;
	end = eng_gpr_load(s);
	if (end != ENG_MORE)
		return end;
	if (offset == REG_BCS_SWCTRL) /* upper half: which bits are written */
		value = (s->regs.cs[i] & ~(value >> 16)) | (value & value >> 16);
	s->regs.cs[i] = value;
	s->regs.dirty = true;
	return ENG_MORE;
}

/* True when an absolute address is that of an engine's register (xe_hw_engine.c's
 * bases): taken for the same of this context's engine. */
static bool engine_register(uint32_t reg)
{
	uint32_t base = reg & ~BITS(10, 0);

	if (base >= 0x3E0000 && base <= 0x3EE000) /* copy 1 to 8 */
		return base % 0x2000 == 0;
	if (base >= REG_MEDIA_BASE)
		base -= REG_MEDIA_BASE;
	switch (base) {
	case 0x2000:  /* render */
	case 0x22000: /* copy 0 */
	case 0x1A000: /* compute 0 to 3 */
	case 0x1C000:
	case 0x1E000:
	case 0x26000:
	case 0x11A000: /* GSC */
		return true;
	}
	return base >= 0x1C0000 && base < 0x200000 && base % 0x4000 == 0; /* video */
}

/* State of the render engine: what the hardware saves of it with the context. */
static struct eng_state_reg *state_reg(struct streamer *s, uint32_t reg)
{
	for (uint32_t i = 0; i < s->regs.n; i++)
		if (s->regs.state[i].reg == reg)
			return &s->regs.state[i];
	return NULL;
}

enum eng_end eng_reg_read(struct streamer *s, uint32_t reg, bool relative, uint32_t *value)
{
	const struct eng_state_reg *state;
	enum eng_end end;

	*value = 0;
	if (relative || engine_register(reg))
		return eng_reg_get(s, reg & BITS(10, 2), value);
	end = eng_gpr_load(s);
	state = end == ENG_MORE ? state_reg(s, reg & REG_ADDRESS) : NULL;
	if (state)
		*value = state->value;
	return end;
}

static bool has_state(const struct streamer *s)
{
	return s->r->ctx->engine_class == GUC_CLASS_RENDER ||
	       s->r->ctx->engine_class == GUC_CLASS_COMPUTE;
}

enum eng_end eng_reg_write(struct streamer *s, uint32_t reg, bool relative, uint32_t value)
{
	struct eng_state_reg *state;
	enum eng_end end;

	if (relative || engine_register(reg))
		return cs_set(s, reg & BITS(10, 2), value);
	/* A user's batch may not: hardware makes it a no-op. */
	if (!privileged(s) || !has_state(s))
		return ENG_MORE;
	reg &= REG_ADDRESS;
	if (reg < REG_STATE_FIRST || reg > REG_STATE_LAST)
		return ENG_MORE;
	end = eng_gpr_load(s);
	if (end != ENG_MORE)
		return end;
	state = state_reg(s, reg);
	if (!state && s->regs.n < ENG_STATE_REGS) {
		state = &s->regs.state[s->regs.n++];
		state->reg = reg;
	}
	if (state) {
		state->value = value;
		s->regs.dirty = true;
	}
	return ENG_MORE;
}

uint64_t eng_gpr(const struct streamer *s, unsigned i)
{
	return make64(s->regs.cs[2 * i], s->regs.cs[2 * i + 1]);
}

void eng_gpr_set(struct streamer *s, unsigned i, uint64_t value)
{
	s->regs.cs[2 * i] = lo32(value);
	s->regs.cs[2 * i + 1] = hi32(value);
	s->regs.dirty = true;
}

/* --- the commands ---------------------------------------------------------------------- */

enum eng_end eng_load_imm(struct streamer *s)
{
	bool relative = s->cmd[0] & (MI_LRI_CS | MI_LRI_REMAP);
	enum eng_end end = ENG_MORE;

	s->cost += s->len / DWORDS_A_COMMAND;
	for (uint32_t i = 1; end == ENG_MORE && i + 1 < s->len; i += 2)
		/* Remapping moves the render engine's registers only. */
		end = eng_reg_write(s, s->cmd[i],
				    s->cmd[0] & MI_LRI_CS ||
					    (relative && s->cmd[i] >> 11 == REG_RENDER_BASE >> 11),
				    s->cmd[i + 1]);
	return end == ENG_MORE ? eng_done(s) : end;
}

enum eng_end eng_load_reg(struct streamer *s)
{
	uint32_t value;
	enum eng_end end;

	if (s->len != 3)
		return eng_garbage(s);
	end = eng_reg_read(s, s->cmd[1], s->cmd[0] & MI_LRR_SRC_CS, &value);
	if (end == ENG_MORE)
		end = eng_reg_write(s, s->cmd[2], s->cmd[0] & MI_LRR_DST_CS, value);
	return end == ENG_MORE ? eng_done(s) : end;
}

enum eng_end eng_load_mem(struct streamer *s)
{
	uint32_t value;
	enum eng_end end;

	if (s->len != 4)
		return eng_garbage(s);
	end = eng_load32(s, eng_is_ggtt(s, s->cmd[0] & MI_SRM_GGTT),
			 make64(s->cmd[2], s->cmd[3]), &value);
	if (end == ENG_MORE)
		end = eng_reg_write(s, s->cmd[1], s->cmd[0] & MI_SRM_CS, value);
	return end == ENG_MORE ? eng_done(s) : end;
}

enum eng_end eng_store_reg(struct streamer *s)
{
	uint32_t value, on = 1;
	enum eng_end end = ENG_MORE;

	if (s->len != 4)
		return eng_garbage(s);
	if (s->cmd[0] & MI_SRM_PREDICATE)
		end = eng_reg_get(s, REG_PREDICATE_RESULT, &on);
	if (end == ENG_MORE && on & 1) {
		end = eng_reg_read(s, s->cmd[1], s->cmd[0] & MI_SRM_CS, &value);
		if (end == ENG_MORE)
			end = eng_put(s, eng_is_ggtt(s, s->cmd[0] & MI_SRM_GGTT),
				      make64(s->cmd[2], s->cmd[3]), &value, 1);
	}
	return end == ENG_MORE ? eng_done(s) : end;
}
