/* SPDX-License-Identifier: MIT */
/* A card with its world, for unit tests of libgucemu: the functions' memory in
 * arrays, a port that counts, a PF that speaks through a real CTB pair, and
 * small helpers to write requests the way a driver does. Page k of a
 * function's memory is mapped at its GGTT start + k * 4096, so one offset is
 * good for both. Single-threaded, no clock. */
#ifndef GUCEMU_TESTS_GUC_FIXTURE_H
#define GUCEMU_TESTS_GUC_FIXTURE_H

#include "emulator/guc/block.h"

#define FX_FUNCTIONS 4u           /* PF and up to three VFs */
#define FX_MEM       (512u << 10) /* bytes of each function's memory */
#define FX_PAGES     (FX_MEM / GGTT_PAGE)
#define FX_GGTT      (16u << 20)  /* GGTT bytes of a tile */
#define FX_CONTEXTS  64u

/* GGTT starts on a fresh card: the PF, then the VFs 1 MiB apart. */
#define FX_PF_START  0x00100000u
#define FX_VF_START(n) (0x00400000u + (n) * 0x00100000u)
#define FX_VF_CONTEXTS 16u

/* Offsets in every function's memory; the rest, from FX_FREE, is the test's. */
#define FX_MEMIRQ(gt)  (0x00000u + 0x1000u * (gt))
#define FX_H2G_DESC(gt) (0x04000u + 0x1000u * (gt))
#define FX_G2H_DESC(gt) (0x04800u + 0x1000u * (gt))
#define FX_H2G_BUF(gt) (0x08000u + 0x1000u * (gt))
#define FX_G2H_BUF(gt) (0x10000u + 0x2000u * (gt))
#define FX_H2G_BYTES   4096u
#define FX_G2H_BYTES   8192u
#define FX_LIST        0x18000u   /* the PF's KLV lists */
#define FX_FREE        0x20000u
/* Size of the pool that save and restore tests use, at FX_BLOB of the PF. */
#define FX_BLOB        0x30000u
#define FX_BLOB_BYTES  (FX_MEM - FX_BLOB)

#define FX_TICK   100000u /* ns between the ticks of fx_run */
#define FX_EVENTS 4096u

struct fx {
	struct guc_card card;
	void *block;
	size_t size;
	_Alignas(8) uint8_t mem[FX_FUNCTIONS][FX_MEM];
	uint64_t hole_at, hole_len; /* DMA hole of every function, len 0 = none */
	uint32_t irqs[FX_FUNCTIONS][GUC_MAX_GTS][16]; /* by bit */
	uint16_t vector; /* of the last one */
	uint64_t now;
	uint32_t vf_contexts; /* of each VF; VF n: ids n * vf_contexts .. */
	uint16_t pf_fence, vf_fence;
	/* Everything the sink saw; msg and finding are not kept. */
	struct guc_event events[FX_EVENTS];
	size_t n_events;
	struct guc_finding last_finding;
};

/* A reply or event taken from a G2H ring; len 0 = ring empty. */
struct fx_msg {
	uint16_t fence;
	uint32_t len;
	uint32_t dw[CTB_HXG_MAX_DWORDS];
};

/* New card; `options` NULL = default. The PF has its GGTT entries and CTBs on
 * each GuC. Aborts the test on failure. Free with fx_free. */
struct fx *fx_new(unsigned tiles, unsigned gts, unsigned vfs, const struct guc_options *options);
/* The same of one GT, whose VFs get `contexts` each. */
struct fx *fx_new_large(unsigned vfs, uint32_t contexts);
void fx_free(struct fx *f);

/* Provision VF n on every GuC through the PF's CTB, map its memory from
 * `start` on with VFID n: state VF_READY. */
void fx_provision(struct fx *f, unsigned vf);
void fx_provision_at(struct fx *f, unsigned vf, uint64_t start);
/* New card of one tile whose two VFs are provisioned. */
struct fx *fx_new_ready(unsigned gts, const struct guc_options *options);
/* MATCH_VERSION, memirq, CTB registration and enabling: state VF_RUNNING. */
void fx_boot(struct fx *f, unsigned vf, unsigned gt);

/* GGTT address of `offset` in fn's memory (uses what guc_vf_info says for a
 * VF, FX_PF_START for the PF). */
uint64_t fx_addr(const struct fx *f, unsigned fn, uint32_t offset);
uint32_t fx_get(const struct fx *f, unsigned fn, uint32_t offset);
void fx_put(struct fx *f, unsigned fn, uint32_t offset, uint32_t value);

/* Mailbox: write dw[0..n), ring, return register 0; reply[4] filled. */
uint32_t fx_mbox(struct fx *f, unsigned fn, unsigned gt, const uint32_t *dw, unsigned n,
		 uint32_t reply[4]);
void fx_mbox_write(struct fx *f, unsigned fn, unsigned gt, const uint32_t *dw, unsigned n);
void fx_mbox_read(struct fx *f, unsigned fn, unsigned gt, uint32_t reply[4]);
void fx_doorbell(struct fx *f, unsigned fn, unsigned gt);
/* SELF_CFG; error of the reply or 0 (DATA0 must be 1). */
uint16_t fx_self_cfg(struct fx *f, unsigned fn, unsigned gt, uint32_t key, uint32_t len,
		     uint64_t value);

/* H2G: append an HXG message (TYPE in dw[0] as given), ring the doorbell. */
void fx_h2g(struct fx *f, unsigned fn, unsigned gt, uint16_t fence, const uint32_t *dw,
	    uint32_t n);
/* The same without doorbell. */
void fx_h2g_quiet(struct fx *f, unsigned fn, unsigned gt, uint16_t fence, const uint32_t *dw,
		  uint32_t n);
/* G2H: take the oldest message. */
struct fx_msg fx_g2h(struct fx *f, unsigned fn, unsigned gt);
/* Drop everything in the G2H ring; number of messages. */
unsigned fx_g2h_drain(struct fx *f, unsigned fn, unsigned gt);

/* A PF REQUEST; returns the header of its reply, putting aside no event: those
 * that came before are dropped, those after stay in the ring. */
uint32_t fx_pf(struct fx *f, unsigned gt, const uint32_t *dw, uint32_t n);
/* VF_CONTROL: 0 or the error of the reply. */
uint16_t fx_control(struct fx *f, unsigned gt, unsigned vf, uint32_t command);
/* UPDATE_VF_CFG with this list: the reply's header. */
uint32_t fx_vf_cfg(struct fx *f, unsigned gt, unsigned vf, const uint32_t *list, uint32_t n);
/* SAVE and RESTORE at FX_BLOB: the reply's header. */
uint32_t fx_save(struct fx *f, unsigned gt, unsigned vf, uint32_t dwords);
uint32_t fx_restore(struct fx *f, unsigned gt, unsigned vf, uint32_t dwords);

enum guc_vf_state fx_state(const struct fx *f, unsigned vf, unsigned gt);
uint32_t fx_violations(const struct fx *f, unsigned fn, unsigned gt, enum guc_violation v);
/* Tick until nothing is due, at most `turns` times, 100 us apart. */
void fx_run(struct fx *f, unsigned turns);
/* How many events of a point the sink saw since the start. */
unsigned fx_count(const struct fx *f, enum guc_point point);

#endif
