/* SPDX-License-Identifier: MIT */
/* A VF driver against a small GuC of the test's own: it answers the mailbox from
 * rules, serves the CTB, and runs rings and batches as far as stores go. Time is
 * virtual. What the real GuC does is tested elsewhere; here each answer, right
 * or wrong, is the test's choice. */
#ifndef GUCEMU_TESTS_VFC_FIXTURE_H
#define GUCEMU_TESTS_VFC_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/lrc.h"
#include "proto/mi.h"
#include "proto/regs.h"
#include "proto/relay.h"
#include "proto/text.h"
#include "vfclient/vfc.h"

#define MS      1000000ull
#define MIB     (1ull << 20)
#define MEM     (8u * MIB)
#define OLD     0x00800000ull
#define NEW     0x10800000ull
#define TRACE   4096u
#define CTXS    64u
#define SILENT  0xFFFFFFFFu /* a rule's answer: none */
#define CLEARED 0xFFFFFFFEu /* the register reads 0 */

/* Answer `times` requests of this action (and key, 0 = any) after `skip`. */
struct rule {
	uint32_t action, key, answer, dw1;
	unsigned skip, times;
	uint8_t gt; /* bit mask, 0 = any */
};

struct fake_ctx {
	bool registered, enabled;
	uint32_t lrca[LRC_MAX_WIDTH], width;
	uint64_t wq_desc, wq_base;
};

struct fake_gt {
	uint32_t reg[4];
	uint64_t start, size;
	uint32_t contexts, doorbells, groups, gmd;
	uint64_t lmem;
	uint64_t self[8]; /* by key & 7 */
	bool ctb;
	bool busy_then_ok; /* DONE: BUSY now, OK at `ok_at` */
	uint64_t ok_at;
	struct fake_ctx ctx[CTXS];
};

extern struct fake {
	struct fake_gt gt[2];
	struct host_mem mem;
	struct host_port port;
	struct vfc_options opt;
	struct vfc *v;
	void *storage;
	uint64_t now;
	bool frozen; /* the CTB is not served, until RESFIX_DONE */
	bool deaf;   /* it is never served */
	bool mute;   /* messages come without an interrupt */
	uint32_t version;
	struct rule rule[8];
	unsigned rules;
	uint32_t trace[TRACE]; /* request headers; GT 1 with bit 31 */
	uint32_t key[TRACE];
	uint64_t at[TRACE];
	unsigned traced;
	char log[65536];
	size_t log_len;
	unsigned jobs_ok, jobs_bad, jobs_cancelled, ops, bases, queues_gone, relays;
	int op_err, relay_err;
	uint32_t relay_len;
	uint64_t base, old_base;
	uint32_t pte_writes;
	uint64_t pte_first, pte_value, pte_last;
	uint32_t runtime_total, runtime_page;
	uint32_t runtime_base; /* first offset */
	bool runtime_unsorted, runtime_stuck, runtime_twice;
	uint32_t runtime_lie; /* added to what pages after the first say remains */
	uint32_t runtime_huge; /* what every page says remains */
	bool count_lie;       /* pages say one pair more than they have */
	uint32_t carriers, carrier[256], carrier_len; /* relay requests, the last one */
	uint32_t carrier_reply; /* GuC's answer to them, 0: SUCCESS */
	bool pf_silent;       /* GuC takes relay messages, the PF answers none */
	uint32_t relay_error; /* the PF refuses QUERY_RUNTIME with it */
	unsigned pf_forgets;  /* so often it has forgotten a handshake by then */
	unsigned handshakes;
	enum vfc_step_id hold;
	bool holding, held;
	enum vfc_step_id replace; /* the hook does this step, with this result */
	int replace_err;
	unsigned replaced;
	unsigned stores; /* executed in rings and batches */
	struct {
		uint32_t action, dw1, dw2;
	} h2g[512]; /* the first messages that GuC has read */
	unsigned h2gs;
	void (*on_step)(unsigned gt, enum vfc_step_id step);
} f;

/* Offset in the memory of a GGTT address of this GT. */
size_t off_of(unsigned gt, uint64_t ggtt);
/* The bytes of a memory-based interrupt, and the interrupt. */
void raise_irq(unsigned gt, unsigned bit);
/* GuC sends a message; an event with up to two dwords behind the header. */
void g2h(unsigned gt, const uint32_t *dw, uint32_t len, uint32_t fence);
void g2h_event(unsigned gt, uint32_t action, uint32_t dw1, uint32_t dw2, uint32_t len);
/* GuC reads this GT's H2G ring, unless it is frozen or deaf. */
void serve_ring(unsigned gt);
/* Everything as the checklist's convention has it; options may be changed
 * before begin(). */
void prepare(void);
/* The memory and a driver in it. */
void begin(void);
/* Step, and let time pass, until nothing is to be done before `until`. */
void run_until(uint64_t until);
/* The same for so long. */
void run_ms(uint64_t ms);
/* begin(), and a boot that must succeed; counts and log begin anew. */
void boot(void);
struct vfc_info info(unsigned gt);
/* Another card: GuC has rebased what it holds; the interrupt bytes are set. */
void migrate_gt(unsigned gt, uint64_t to);
/* The same for all GTs. */
void migrate(uint64_t to);
/* How often the log says this. */
unsigned said(const char *line);
/* A queue of this width and a finished job on it. */
uint32_t busy_queue(unsigned gt, unsigned width);
/* GT 0's driver gets a relay message of the PF. */
void pf_says(uint32_t id, const uint32_t *msg, uint32_t len);

#endif
