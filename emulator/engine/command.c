/* SPDX-License-Identifier: MIT */
/* The commands that the engines know (xe-vf-probe 6.2, 6.3; docs/protocol/engine.md
 * has the sources). What is in here without a function has no effect that anybody
 * could see and is skipped by its length, as is what is not in here: that is
 * counted, and reported once for each opcode of a GT. */
#include "streamer.h"

#include "proto/mi.h"

#define OF(class) (1u << GUC_CLASS_##class)
#define ALL       (BITS(GUC_CLASS_COUNT - 1, 0))
#define RENDERING (OF(RENDER) | OF(COMPUTE))

#define MI(op, need, flag, fn) \
	{ CMD_CLIENT | MI_OPCODE, MI_CMD(MI_OP_##op), need, ALL, flag, "MI_" #op, fn }
#define BLT(op, need, fn) \
	{ CMD_CLIENT | BLT_OPCODE, CMD_BLT | BLT_OP_##op << 22, need, OF(BLITTER), false, #op, fn }

static const struct eng_command commands[] = {
	MI(NOOP, 1, false, NULL),
	MI(SET_PREDICATE, 1, true, eng_set_predicate),
	MI(USER_INTERRUPT, 1, false, eng_interrupt),
	MI(WAIT_FOR_EVENT, 1, false, NULL),
	MI(FLUSH, 1, false, NULL),
	MI(ARB_CHECK, 1, false, eng_arb_check),
	MI(RS_CONTROL, 1, false, NULL),
	MI(REPORT_HEAD, 1, false, NULL),
	MI(ARB_ON_OFF, 1, false, eng_arb_on_off),
	MI(MEM_FENCE, 1, false, NULL),
	MI(BATCH_BUFFER_END, 1, true, eng_batch_end),
	MI(SUSPEND_FLUSH, 1, false, NULL),
	MI(PREDICATE, 1, false, eng_predicate),
	MI(TOPOLOGY_FILTER, 1, false, NULL),
	MI(SET_APPID, 1, false, NULL),
	MI(RS_CONTEXT, 1, false, NULL),
	MI(LOAD_SCAN_LINES_INCL, 1, false, NULL),
	MI(LOAD_SCAN_LINES_EXCL, 1, false, NULL),
	MI(MATH, 257, false, eng_math),
	/* It wakes a context that waits for it: ours look at memory. */
	MI(SEMAPHORE_SIGNAL, 1, false, NULL),
	MI(SEMAPHORE_WAIT, 5, false, eng_semaphore_wait),
	MI(FORCE_WAKEUP, 1, false, NULL),
	MI(STORE_DATA_IMM, COMMAND_DWORDS, false, eng_store_data),
	MI(LOAD_REGISTER_IMM, 257, false, eng_load_imm),
	MI(STORE_REGISTER_MEM, 4, false, eng_store_reg),
	MI(FLUSH_DW, 5, false, eng_flush_dw),
	MI(CLFLUSH, 1, false, NULL),
	/* No counters are kept. */
	MI(REPORT_PERF_COUNT, 1, false, NULL),
	MI(LOAD_REGISTER_MEM, 4, false, eng_load_mem),
	MI(LOAD_REGISTER_REG, 3, false, eng_load_reg),
	MI(RS_STORE_DATA_IMM, 1, false, NULL),
	MI(LOAD_URB_MEM, 1, false, NULL),
	MI(STORE_URB_MEM, 1, false, NULL),
	MI(COPY_MEM_MEM, 5, false, eng_copy_data),
	MI(ATOMIC, 11, false, eng_atomic),
	MI(BATCH_BUFFER_START, 3, true, eng_batch_start),
	MI(CONDITIONAL_BATCH_BUFFER_END, 4, false, eng_batch_end_if),
	BLT(BLOCK_COPY, 22, eng_block_copy),
	BLT(FAST_COPY, 10, eng_fast_copy),
	BLT(FAST_COLOR, 16, eng_fast_color),
	BLT(CTRL_SURF_COPY, 5, eng_ctrl_surf_copy),
	BLT(MEM_COPY, 10, eng_mem_copy),
	BLT(MEM_SET, 7, eng_mem_set),
	/* Pipelines: nothing is drawn, computed or decoded. */
	{ CMD_3D, CMD_PIPE_CONTROL, 6, ALL, false, "PIPE_CONTROL", eng_pipe_control },
	{ CMD_CLIENT, CMD_PIPELINE, 1, RENDERING | OF(VIDEO) | OF(VIDEO_ENHANCE) | OF(OTHER),
	  false, "pipeline", NULL },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct eng_command *eng_command_find(const struct streamer *s, uint32_t dw0)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if ((dw0 & commands[i].mask) == commands[i].bits &&
		    commands[i].classes >> s->r->ctx->engine_class & 1)
			return &commands[i];
	return NULL;
}

/* A bit for each opcode of MI and of the blitter, and for each other client: in
 * commands_seen[0], [1] and [2], [3]. */
static void unknown(struct streamer *s)
{
	const struct eng_place *p = s->r;
	uint32_t dw0 = s->cmd[0], client = field_get(CMD_CLIENT, dw0), bit = 192 + client;
	uint64_t *seen;

	if (client == 0)
		bit = field_get(MI_OPCODE, dw0);
	else if (client == field_get(CMD_CLIENT, CMD_BLT))
		bit = 64 + field_get(BLT_OPCODE, dw0);
	seen = &guc_unit(p->c, p->gt)->commands_seen[bit / 64];
	if (*seen >> bit % 64 & 1) {
		guc_fn(p->c, p->gt, p->fn)->violations[GUC_VIOL_COMMAND]++;
		return;
	}
	*seen |= 1ull << bit % 64;
	guc_violate(p->c, p->gt, p->fn, GUC_VIOL_COMMAND, eng_at(s), dw0);
}

enum eng_end eng_command_run(struct streamer *s, const struct eng_command *cmd)
{
	if (!cmd)
		unknown(s);
	if (!cmd || !cmd->run || (!cmd->always && s->exec->predicate && eng_predicated_off(s)))
		return eng_done(s);
	return cmd->run(s);
}
