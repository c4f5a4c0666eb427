/* SPDX-License-Identifier: MIT */
/* What the files of `gucemu pf serve` share: pf_remote.c its life, its loop and the
 * verbs, pf_port.c the card's registers and local memory by frames. Private. */
#ifndef GUCEMU_EMULATOR_PF_REMOTE_H
#define GUCEMU_EMULATOR_PF_REMOTE_H

#include <uv.h>

#include "pf.h"
#include "pf_ask.h"
#include "pf_pieces.h"
#include "wire/stream.h"

#define READS       256u  /* under way */
#define WRITES      128u  /* 32-bit writes gathered into a frame */
#define LMEM_CALLS  256u  /* a VF has one under way on each tile */

struct remote {
	uv_loop_t loop;
	struct wire *wire;
	struct pf *pf;
	struct pf_ask *ask;
	unsigned vfs;
	bool adopt, anew; /* as the options say */
	unsigned provision;
	uint32_t runtime[PFC_MAX_RUNTIME][2];
	uint32_t runtime_n; /* 0: the platform's list */
	uint32_t quirks;
	bool debug;
	bool ready;    /* every VF has what it shall have: verbs are served */
	bool adopting; /* what the GuCs have is to be asked for */
	struct host_port port;
	struct host_mem mem;
	int mem_fd;
	uv_check_t check;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_signal_t sigterm, sigint;
	/* Reads are answered in order. */
	struct {
		uint32_t cookie;
		unsigned words;
	} read[READS];
	unsigned read_at, read_n;
	/* Calls of local memory by seq: SEQ_LMEM and the index. */
	struct {
		uint32_t cookie;
		bool used;
	} lmem[LMEM_CALLS];
	uint8_t writes[WRITES * 8];
	unsigned writes_n;
	struct pieces pieces;
	unsigned level;
	const char *name;
	int status;
};

/* pf_remote.c: queue a frame; a full queue ends it. */
void remote_post(struct remote *r, const struct frame *f);
void remote_end(struct remote *r, int status);

/* pf_port.c: the port of the driver. */
void remote_port(struct remote *r, struct pfc_options *o);
/* Writes that were gathered go out. */
void remote_flush(struct remote *r);
/* Answers: to a read; to a call of local memory, if it is one. */
void remote_mmio_data(struct remote *r, const struct frame *f);
bool remote_lmem_answer(struct remote *r, const struct frame *f);

#endif
