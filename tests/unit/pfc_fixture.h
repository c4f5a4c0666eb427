/* SPDX-License-Identifier: MIT */
/* A card for the tests of libgucpf: registers, GGTT, and a GuC on each GT that
 * answers function 0 as its knobs say. It reaches the driver's memory through
 * the GGTT entries only, so that a wrong mapping shows. Time is virtual. */
#ifndef GUCEMU_TESTS_PFC_FIXTURE_H
#define GUCEMU_TESTS_PFC_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pfclient/pfc.h"
#include "pfclient/pfc_priv.h"
#include "proto/klv.h"

#define FX_GGTT   (64u << 20)
#define FX_VFS    3u
#define FX_GTS    2u
#define FX_MEM    (2u << 20)
#define FX_DMA    0x100000000ull
#define FX_SEC    1000000000ull
#define FX_LOG    512u
#define FX_COMMANDS 6u

struct fx_guc {
	uint32_t mailbox[4], vf_mailbox[FX_VFS + 1][4];
	uint64_t h2g_desc, h2g_buf, g2h_desc, g2h_buf;
	uint32_t h2g_size, g2h_size;
	bool on;
	/* Knobs, per VF_CONTROL command. */
	uint16_t refuse[FX_COMMANDS];     /* error */
	uint32_t data0[FX_COMMANDS];
	unsigned retries[FX_COMMANDS];    /* NO_RESPONSE_RETRY so many times */
	bool silent[FX_COMMANDS];
	bool busy[FX_COMMANDS];           /* BUSY instead of the answer */
	bool event_first, no_event;
	uint8_t state[FX_VFS + 1];        /* enum pfc_found_state; strict: refuses what it
					   * makes impossible */
	bool strict;
	int klv_error;                    /* added to the number of KLVs applied */
	unsigned klv_errors;              /* this often; 0 always */
	uint32_t blob;                    /* dwords of a blob */
	int64_t used;                     /* SAVE answers this, -1 = what was asked for */
	int64_t consumed;                 /* RESTORE the same */
	uint16_t refuse_restore;
	bool silent_blob;                 /* no answer to SAVE with a buffer */
	unsigned silent_mailbox;          /* so many requests are not answered */
	uint32_t restored;                /* dwords */
	uint32_t restored_first;
	uint16_t fence;                   /* of the last request */
	uint32_t policy;                  /* last dword of the last one */
	uint32_t threshold[FX_VFS + 1][6];
	/* GGTT start, size, contexts begin, count, doorbells begin, count, EQ, PT */
	uint32_t config[FX_VFS + 1][8];
	uint64_t lmem[FX_VFS + 1]; /* with how often it became another, and so empty */
	unsigned lmem_changes;
	bool refuse_policy;
	uint32_t period; /* that a PF which takes over is told */
};

struct fx {
	uint64_t now;
	uint64_t *ggtt;
	struct fx_guc guc[FX_GTS];
	struct host_mem mem;
	struct host_port port;
	void *storage;
	struct pfc *pfc;
	char log[FX_LOG][48]; /* what GuC was asked, in order */
	unsigned logged;
	/* Ends of verbs. */
	unsigned ended;
	int err, started;
	uint64_t tag;
	enum pfc_verb verb;
	unsigned relayed, adverse, vf_events;
	uint32_t relay_code;
	int relay_err;
	/* Relay answers of the PF. */
	uint32_t answer[256], answer_len;
	bool stuck; /* GuC reads no H2G */
	bool asked;    /* PFC_EV_ADOPT came */
	unsigned vfio; /* PFC_EV_VFIO so far, the last one's error and tag */
	int vfio_err;
	uint64_t vfio_tag;
	unsigned invalidations;
	uint32_t fuse;       /* a register that is no mailbox reads its offset plus this */
	uint32_t priority;   /* that the PF gave itself */
	enum pfc_verb then; /* to be started from the first PFC_EV_VERB; 0 none */
	int then_err;
};

extern struct fx fx;

/* A dword of the driver's memory by GGTT address, as GuC reaches it. */
uint32_t fx_get(uint64_t addr);
void fx_put(uint64_t addr, uint32_t v);
void fx_note(const char *what, unsigned gt, unsigned vf, unsigned arg);
/* A G2H message of GT `gt`'s GuC, with an interrupt; fx_event() and the others make one. */
void fx_send(unsigned gt, uint32_t fence, const uint32_t *dw, uint32_t len);
void fx_event(unsigned gt, uint32_t action, uint32_t a, uint32_t b, uint32_t len);
void fx_notify(unsigned gt, uint32_t vf, uint32_t event);
void fx_reply(unsigned gt, uint16_t fence, uint32_t dw0);
/* GuC reads its H2G ring and answers. */
void fx_serve_ring(unsigned gt);
/* Let the driver work for `ns` of virtual time. */
void fx_run(uint64_t ns);
/* Options of the card; a PF with them, started. */
void fx_options(struct pfc_options *o);
void fx_start_with(const struct pfc_options *o, bool adopt);
/* What the GuCs have, to a PF that asked for it. */
void fx_tell_found(void);
/* Checked fixture: a PF that is up, nothing provisioned. */
void fx_setup(void);
void fx_teardown(void);
/* Start a verb and run until nothing more happens; its end, or what pfc_do()
 * said. */
int fx_do_for(enum pfc_verb verb, unsigned vf, uint64_t ns);
int fx_do(enum pfc_verb verb, unsigned vf);
struct pfc_vf_info fx_info(unsigned vf);
enum pfc_vf_state fx_state(unsigned vf, unsigned gt);
/* A provisioned VF, with a small region so that tests are quick; then paused. */
void fx_provision(unsigned vf);
void fx_paused(unsigned vf);
/* The whole image of a paused VF, in a buffer of the caller. */
size_t fx_save(unsigned vf, uint8_t *image, size_t cap, size_t step);

/* Relay messages as they stand on the wire; ORIGIN is always the host. */
#define RELAY_HEADER(type, aux) ((uint32_t)(type) << 28 | (aux))
#define RELAY_CALL(type, action, data0) RELAY_HEADER(type, (uint32_t)(data0) << 16 | (action))
#define RELAY_REQUEST(action, data0) RELAY_CALL(HXG_REQUEST, action, data0)
#define RELAY_SUCCESS(data0) RELAY_HEADER(HXG_SUCCESS, data0)
#define RELAY_FAILURE(e) RELAY_HEADER(HXG_FAILURE, (uint32_t)(e) << 16 | (uint32_t)(e))
#define RELAY_HELLO RELAY_REQUEST(RELAY_VF2PF_HANDSHAKE, 0)
#define RELAY_QUERY(limit) RELAY_REQUEST(RELAY_VF2PF_QUERY_RUNTIME, limit)
#define RELAY_LOOP(opcode) RELAY_REQUEST(RELAY_TESTLOOP, opcode)

/* A relay message of `vf` through GT `gt`; the answer is in fx.answer, with the
 * carrier's three dwords. */
void fx_relay(unsigned gt, uint32_t vf, uint32_t id, const uint32_t *msg, uint32_t len);
/* The same of up to two dwords, which must be answered. */
void fx_ask(unsigned gt, uint32_t vf, uint32_t dw0, uint32_t dw1, uint32_t len);
void fx_handshake(unsigned vf);
/* The answer is a failure with this errno, and the PF's owner was told so. */
void fx_failed(int err);

#endif
