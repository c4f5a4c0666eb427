/* SPDX-License-Identifier: MIT */
/* What streamer.c, which walks rings and batches, and the files that carry out
 * what is found there share: one slice of one LRC. A command is executed by one
 * function, which returns ENG_MORE when it went well and has stepped over the
 * command (eng_done()); without the step it is called again, from
 * guc_exec.progress on. Anything else ends the slice with the command still
 * to come. Private to the room. */
#ifndef GUCEMU_ENGINE_STREAMER_H
#define GUCEMU_ENGINE_STREAMER_H

#include "engine.h"

/* Dwords fetched at once, and of the longest command whose every dword counts:
 * MI_STORE_DATA_IMM with 10 bits of length. */
#define FETCH_DWORDS   64u
#define COMMAND_DWORDS 1026u

/* The context's own address space. */
struct eng_vm {
	uint64_t root;  /* page of the upper table */
	uint32_t asid;  /* 0: faults are not recoverable */
	uint8_t levels; /* 4 or 5 */
	bool ppgtt;     /* false: the GGTT stands for it */
	bool local;     /* tables lie in local memory */
	bool atomics;   /* entries say whether atomics may use them */
};

/* Registers of a context that commands read and write (registers.c). Those of the
 * engine come first, in the order of their table; then others of the render engine's
 * state. In memory they are in the image, as hardware saves them. */
#define ENG_CS_REGS    45u
#define ENG_STATE_REGS 32u

struct eng_state_reg {
	uint32_t reg, value;
};

struct eng_regs {
	bool loaded, dirty;
	uint32_t cs[ENG_CS_REGS];
	uint32_t n;
	struct eng_state_reg state[ENG_STATE_REGS];
};

/* Where one slice is, with the commands it has fetched. */
struct streamer {
	const struct eng_place *r;
	struct eng_slice *slice;
	struct guc_exec *exec;
	unsigned child; /* the LRC's number in its context */
	struct guc_lrc lrc;
	struct eng_vm vm;
	uint32_t dw[COMMAND_DWORDS];
	uint64_t from;     /* address of dw[0] */
	uint32_t n;        /* dwords fetched */
	const uint32_t *cmd; /* the command to execute */
	uint32_t len;
	uint32_t cost;     /* of the command beyond its place in the budget */
	struct eng_regs regs;
};

/* Address of the command. */
uint64_t eng_at(const struct streamer *s);
/* The context can't go on: reported. */
enum eng_end eng_garbage(const struct streamer *s);
/* Step over the command. */
enum eng_end eng_done(struct streamer *s);
/* Go on at another address: what was fetched is stale. */
void eng_jump(struct streamer *s);
/* CTX_TIMESTAMP of the context as of now, and the engine's free-running clock. */
uint64_t eng_context_time(const struct streamer *s);
uint64_t eng_clock(const struct guc_card *c);

/* --- command.c ------------------------------------------------------------------------ */

/* How a command is made out, and what becomes of it. */
struct eng_command {
	uint32_t mask, bits;
	uint16_t need;   /* dwords of it that count; 1: skipped */
	uint8_t classes; /* engine classes that know it, a bit each */
	bool always;     /* executed though MI_SET_PREDICATE says no */
	const char *name;
	enum eng_end (*run)(struct streamer *s); /* NULL: no effect here */
};

/* Its row, or NULL: the engine doesn't know it. */
const struct eng_command *eng_command_find(const struct streamer *s, uint32_t dw0);
/* Carry out s->cmd. */
enum eng_end eng_command_run(struct streamer *s, const struct eng_command *cmd);

/* --- what commands do ------------------------------------------------------------------- */

/* control.c: the flow of commands */
enum eng_end eng_batch_start(struct streamer *s);
enum eng_end eng_batch_end(struct streamer *s);
enum eng_end eng_batch_end_if(struct streamer *s);
enum eng_end eng_semaphore_wait(struct streamer *s);
enum eng_end eng_arb_on_off(struct streamer *s);
enum eng_end eng_arb_check(struct streamer *s);
enum eng_end eng_interrupt(struct streamer *s);
enum eng_end eng_predicate(struct streamer *s);
enum eng_end eng_set_predicate(struct streamer *s);
/* True while MI_SET_PREDICATE turns commands off. */
bool eng_predicated_off(struct streamer *s);

/* memory.c: stores, copies, atomics, and writes behind a flush */
enum eng_end eng_store_data(struct streamer *s);
enum eng_end eng_copy_data(struct streamer *s);
enum eng_end eng_atomic(struct streamer *s);
enum eng_end eng_flush_dw(struct streamer *s);
enum eng_end eng_pipe_control(struct streamer *s);
/* One or more dwords to memory; those of the GGTT are told as fences. */
enum eng_end eng_put(struct streamer *s, bool ggtt, uint64_t at, const uint32_t *data, uint32_t n);

/* registers.c, math.c */
enum eng_end eng_load_imm(struct streamer *s);
enum eng_end eng_load_reg(struct streamer *s);
enum eng_end eng_load_mem(struct streamer *s);
enum eng_end eng_store_reg(struct streamer *s);
enum eng_end eng_math(struct streamer *s);
/* A register of the engine by its offset from the engine's first: 0 where the
 * model has none. */
enum eng_end eng_reg_get(struct streamer *s, uint32_t offset, uint32_t *value);
/* By the register that a command names; `relative`: from the engine's first. */
enum eng_end eng_reg_read(struct streamer *s, uint32_t reg, bool relative, uint32_t *value);
enum eng_end eng_reg_write(struct streamer *s, uint32_t reg, bool relative, uint32_t value);
/* General purpose register i < 16. */
enum eng_end eng_gpr_load(struct streamer *s);
uint64_t eng_gpr(const struct streamer *s, unsigned i);
void eng_gpr_set(struct streamer *s, unsigned i, uint64_t value);
/* Save what the slice has changed: 0 or -errno. */
int eng_regs_save(struct streamer *s);

/* blitter.c, blit_commands.c */
enum eng_end eng_ctrl_surf_copy(struct streamer *s);
enum eng_end eng_fast_copy(struct streamer *s);
enum eng_end eng_block_copy(struct streamer *s);
enum eng_end eng_fast_color(struct streamer *s);
enum eng_end eng_mem_copy(struct streamer *s);
enum eng_end eng_mem_set(struct streamer *s);

#endif
