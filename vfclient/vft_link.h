/* SPDX-License-Identifier: MIT */
/* libgucvf, lowest layer of the transport: a connection to an emulator as one
 * function (docs/protocol/frames.md): its registers, its shared memory, its
 * interrupts, and the freeze of a migration with the clock that it stops. Knows
 * nothing of drivers: use it alone for tests of single registers, or through
 * vft_mailbox.h or vft.h. One thread: that of the loop. Functions return 0 or
 * -errno. */
#ifndef GUCEMU_VFT_LINK_H
#define GUCEMU_VFT_LINK_H

#include <stdbool.h>
#include <uv.h>

#include "host/lmem.h"
#include "host/port.h"
#include "proto/bell.h"

struct vft_link;

#define VFT_CARD_NAME 64u
#define VFT_DMA 0x100000000ull /* default DMA address of a function's memory */

/* What the emulator said in its WELCOME. */
struct vft_card {
	char name[VFT_CARD_NAME];
	unsigned function;
	unsigned gts, tiles;  /* of the whole card */
	uint64_t ggtt_size;   /* bytes, of each tile */
	uint16_t devid;       /* PCI device id, which says what platform it is */
	uint8_t revid;
	uint32_t features;    /* granted */
};

struct vft_irq {
	unsigned gt, code;    /* GT and interrupt bit */
	uint32_t source, vector;
};

/* All may be NULL. vft_link_close() may be called in any of them. */
struct vft_link_ops {
	/* The emulator accepted us. */
	void (*opened)(void *user, const struct vft_card *card);
	/* The connection is gone for good (also when HELLO was refused): every
	 * read under way was ended before. Not after vft_link_close(). */
	void (*lost)(void *user, int err, const char *text);
	void (*irq)(void *user, const struct vft_irq *irq);
	/* The virtual machine is frozen: do nothing and touch no memory until it
	 * is called with false. The peer may be another emulator then. */
	void (*freeze)(void *user, bool frozen);
	/* The emulator refused a posted write or a read. */
	void (*refused)(void *user, int err, const char *text);
};

struct vft_link_options {
	const char *socket;
	unsigned function;
	const char *name;     /* of the client, for the emulator's log; or NULL */
	const struct vft_link_ops *ops;
	void *user;
};

/* Connect; `opened` or `lost` follow. err[0..cap) says what is wrong. */
int vft_link_open(struct vft_link **out, uv_loop_t *loop, const struct vft_link_options *options,
		  char *err, size_t cap);
/* End the connection: reads under way end as if it were lost, then no callback
 * comes any more. Memory of vft_link_share() is unmapped. The loop must turn once
 * more to have it freed. */
void vft_link_close(struct vft_link *l);

/* What the emulator said; NULL before. */
const struct vft_card *vft_link_card(const struct vft_link *l);
/* 0 while it lives, else why it was lost, in words too (may be NULL). */
int vft_link_error(const struct vft_link *l, const char **text);
/* True between FREEZE and THAW: posted writes wait meanwhile. */
bool vft_link_frozen(const struct vft_link *l);
/* The clock of the function's virtual machine, ns: it stands while frozen. */
uint64_t vft_link_now(const struct vft_link *l);
/* So much waits to be sent that it is time for a pause. */
bool vft_link_busy(const struct vft_link *l);
/* The caller's loop that it lives in. */
uv_loop_t *vft_link_loop(const struct vft_link *l);

/* --- registers: byte offsets in BAR 0 ---------------------------------------------- */

/* An answer: `n` words of the size asked for. Reads that the emulator refuses
 * give all ones, as a bus does. Lost connection: words NULL, n 0. */
typedef void (*vft_read_fn)(void *user, uint32_t cookie, const void *words, unsigned n);

/* Posted, in order. Gathered into one frame until a read, 64 writes, the end of
 * the turn or vft_link_flush(). While frozen they wait. */
void vft_link_write32(struct vft_link *l, uint64_t off, uint32_t value);
/* `n` consecutive 64-bit words. */
void vft_link_write64(struct vft_link *l, uint64_t off, const uint64_t *values, size_t n);
/* `n` (1..512) consecutive words of 4 or 8 bytes. fn is called once, later. */
int vft_link_read(struct vft_link *l, uint64_t off, unsigned size, unsigned n, vft_read_fn fn,
		  void *user, uint32_t cookie);
/* The same, running the loop until the answer is there. */
int vft_link_read_sync(struct vft_link *l, uint64_t off, unsigned size, unsigned n, void *words,
		       unsigned timeout_ms);
/* PCI function level reset of the own function. */
int vft_link_flr(struct vft_link *l);
/* Send what was gathered now, as far as the socket takes it. */
void vft_link_flush(struct vft_link *l);

/* --- local memory of a discrete card ------------------------------------------------ */

/* An answer: 0 or -errno; `len` bytes of a read. Lost connection: -ECONNRESET. */
typedef void (*vft_lmem_fn)(void *user, uint32_t cookie, int err, const void *data, size_t len);

/* Read or write (op) at an offset of the own share of a tile, at most HOST_LMEM_MAX
 * bytes. fn is called once, later. 0; -EINVAL; -EBUSY too many are under way. */
int vft_link_lmem(struct vft_link *l, const struct host_lmem *what, vft_lmem_fn fn, void *user,
		  uint32_t cookie);

/* --- memory ------------------------------------------------------------------------ */

/* Create `bytes` (a multiple of 4 KiB) of zeroed memory that can't shrink, map it
 * and share it with the card at DMA address `dma`. A refusal comes as `lost`. */
int vft_link_share(struct vft_link *l, size_t bytes, uint64_t dma, struct host_mem *mem);

/* Share a page for bells (proto/bell.h), so that doorbells and interrupts are spared,
 * from when the emulator has said that it has it; after a thaw by another emulator
 * that one gets it, too. Once a link. -ENOSYS when the emulator granted no such
 * feature, -EALREADY, -EAGAIN while frozen, -errno. */
int vft_link_bells(struct vft_link *l, struct bell_page **bells);

/* --- waiting ----------------------------------------------------------------------- */

/* Run the loop until done(user), at most `timeout_ms` of real time. 0, the
 * link's error, -ETIMEDOUT. Not to be called in a callback: -EDEADLK when it is
 * one of ours. */
int vft_link_wait(struct vft_link *l, bool (*done)(void *user), void *user, unsigned timeout_ms);

#endif
