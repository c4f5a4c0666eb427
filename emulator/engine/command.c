/* SPDX-License-Identifier: MIT */
/* The commands that have an effect here (xe-vf-probe 6.2, 6.3): stores, waits,
 * batches, interrupts, and what the driver's own jobs need. Only GGTT addresses
 * are followed. */
#include "streamer.h"

#include "proto/mi.h"

#include <errno.h>

/* GuC's watchdog of an engine, as the driver's first job of a class uses it: armed,
 * a wait that can't end makes GuC reset the engine, without a word to the driver,
 * and go on behind it (xe-vf-probe 6.4). */
#define REG_WATCHDOG  0x178u /* 0: armed */
#define REG_TIMESTAMP 0x3A8u
#define REG_OFFSET    BITS(11, 2) /* from the engine's own registers */

#define CTRL_SURF_COPY_DWORDS 5u

static enum eng_end garbage(const struct streamer *s)
{
	guc_violate(s->r->c, s->r->gt, s->r->fn, GUC_VIOL_RING_GARBAGE, eng_at(s), s->cmd[0]);
	return ENG_DEAD;
}

static enum eng_end done(struct streamer *s)
{
	return eng_advance(s) ? ENG_MORE : garbage(s);
}

static enum eng_end start_batch(struct streamer *s)
{
	const struct eng_place *r = s->r;
	uint64_t target = make64(s->cmd[1], s->cmd[2]) & ~3ull;

	if (s->exec->batch || s->len != 3 || (s->cmd[0] & MI_BBS_PPGTT))
		return garbage(s);
	if (!guc_in_range(r->c, guc_gt_tile(r->c, r->gt), r->fn, target, 4)) {
		guc_violate(r->c, r->gt, r->fn, GUC_VIOL_GGTT_FOREIGN, target, s->cmd[0]);
		return ENG_DEAD;
	}
	if (!eng_advance(s))
		return garbage(s);
	s->exec->batch = target;
	return ENG_MORE;
}

/* One or two dwords to memory. */
static enum eng_end put_data(struct streamer *s, uint64_t at, const uint32_t *data, uint32_t n)
{
	const struct eng_place *r = s->r;

	if (at % (4 * n))
		return garbage(s);
	if (n == 1 ? guc_ggtt_store32(r->c, r->gt, r->fn, at, data[0]) :
		     guc_ggtt_write(r->c, r->gt, r->fn, at, data, 8))
		return ENG_DEAD;
	for (uint32_t i = 0; i < n; i++) {
		struct guc_event ev = {
			.point = GUC_PT_FENCE, .fn = (uint8_t)r->fn, .gt = (uint8_t)r->gt,
			.addr = at + 4 * i, .value = data[i], .code = r->id,
		};

		guc_emit(r->c, &ev);
	}
	return done(s);
}

static enum eng_end store(struct streamer *s)
{
	uint32_t n = s->cmd[0] & MI_SDI_QWORD ? 2 : 1;

	if (!(s->cmd[0] & MI_SDI_GGTT) || s->len != 3 + n)
		return garbage(s);
	return put_data(s, make64(s->cmd[1], s->cmd[2]), s->cmd + 3, n);
}

/* An address that is an index into the context's own status page. */
static uint64_t in_pphwsp(const struct streamer *s, uint64_t index)
{
	return s->lrc.regs - LRC_REGS + (index & (LRC_PPHWSP_BYTES - 1));
}

/* There is nothing to flush: what counts is the write after it. Other things
 * that may follow (a time stamp) and addresses of a PPGTT have no effect here. */
static enum eng_end flush(struct streamer *s)
{
	uint64_t at;

	if (field_get(MI_FLUSH_OP, s->cmd[0]) != MI_FLUSH_OP_DATA)
		return done(s);
	if (s->len < 4 || s->len > 5)
		return garbage(s);
	at = make64(s->cmd[1] & MI_FLUSH_ADDR, s->cmd[2]);
	if (s->cmd[0] & MI_FLUSH_INDEX)
		at = in_pphwsp(s, at);
	else if (!(s->cmd[1] & MI_FLUSH_GGTT))
		return done(s);
	return put_data(s, at, s->cmd + 3, s->len - 3);
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

static enum eng_end wait_semaphore(struct streamer *s)
{
	const struct eng_place *r = s->r;
	uint64_t at = make64(s->cmd[2], s->cmd[3]);
	uint32_t value;

	if (!(s->cmd[0] & MI_SEM_GGTT) || s->len < 4 || at % 4)
		return garbage(s);
	if (guc_ggtt_load32(r->c, r->gt, r->fn, at, &value))
		return ENG_DEAD;
	if (!s->exec->armed && !compare(field_get(MI_SEM_COMPARE, s->cmd[0]), value, s->cmd[1]))
		return ENG_WAIT;
	return done(s);
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

static enum eng_end pipe_control(struct streamer *s)
{
	uint32_t flags = s->len > 1 ? s->cmd[1] : 0;
	uint64_t at;

	if (field_get(PIPE_CONTROL_OP, flags) != PIPE_CONTROL_OP_DATA)
		return done(s);
	if (s->len != 6)
		return garbage(s);
	at = make64(s->cmd[2] & ~7u, s->cmd[3]);
	if (flags & PIPE_CONTROL_INDEX)
		at = in_pphwsp(s, at);
	else if (!(flags & PIPE_CONTROL_GGTT))
		return done(s);
	return put_data(s, at, s->cmd + 4, 2);
}

/* Of the registers only the watchdog's has an effect. */
static enum eng_end load_registers(struct streamer *s)
{
	for (uint32_t i = 1; i + 1 < s->len && i + 1 < EXEC_DWORDS; i += 2)
		if ((s->cmd[i] & REG_OFFSET) == REG_WATCHDOG)
			s->exec->armed = s->cmd[i + 1] == 0;
	return done(s);
}

/* Registers that the model doesn't have read 0. */
static enum eng_end store_register(struct streamer *s)
{
	uint32_t value;

	if (s->len != 4 || !(s->cmd[0] & MI_SRM_GGTT))
		return done(s);
	value = (s->cmd[1] & REG_OFFSET) == REG_TIMESTAMP ? eng_time(s) : 0;
	return put_data(s, make64(s->cmd[2], s->cmd[3]), &value, 1);
}

/* On a card without metadata there is nothing to copy. */
static enum eng_end copy_metadata(struct streamer *s)
{
	const struct eng_place *r = s->r;
	int err;

	if (s->len != CTRL_SURF_COPY_DWORDS)
		return garbage(s);
	err = r->c->block->options.ccs_ratio ?
		      guc_ccs_copy(r->c, r->gt, r->fn, s->cmd, &s->cost) : 0;
	if (err == -EINVAL)
		return garbage(s);
	return err ? ENG_DEAD : done(s);
}

static enum eng_end interrupt(struct streamer *s)
{
	const struct eng_place *r = s->r;

	guc_raise_engine(r->c, r->gt, r->fn, s->lrc.image[LRC_MEMIRQ_STATUS],
			 s->lrc.image[LRC_MEMIRQ_SOURCE], irq_source(r->ctx));
	return done(s);
}

static enum eng_end end_batch(struct streamer *s)
{
	if (!s->exec->batch)
		return done(s);
	s->exec->batch = 0;
	return ENG_MORE;
}

/* What has an effect; by the bits that make out a command. */
static const struct {
	uint32_t mask, bits;
	enum eng_end (*run)(struct streamer *s);
} commands[] = {
#define MI(op, fn) { CMD_CLIENT | MI_OPCODE, MI_CMD(op), fn }
	MI(MI_OP_USER_INTERRUPT, interrupt),
	MI(MI_OP_BATCH_BUFFER_END, end_batch),
	MI(MI_OP_SEMAPHORE_WAIT, wait_semaphore),
	MI(MI_OP_STORE_DATA_IMM, store),
	MI(MI_OP_LOAD_REGISTER_IMM, load_registers),
	MI(MI_OP_STORE_REGISTER_MEM, store_register),
	MI(MI_OP_FLUSH_DW, flush),
	MI(MI_OP_BATCH_BUFFER_START, start_batch),
	{ CMD_3D, CMD_PIPE_CONTROL, pipe_control },
	{ CMD_CLIENT | BLT_OPCODE, 2u << 29 | BLT_OP_CTRL_SURF_COPY << 22, copy_metadata },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum eng_end eng_command(struct streamer *s)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if ((s->cmd[0] & commands[i].mask) == commands[i].bits)
			return commands[i].run(s);
	return done(s);
}
