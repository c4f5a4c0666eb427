/* SPDX-License-Identifier: MIT */
/* What the files of a link share: vft_link.c (life, frames, freeze, waiting)
 * and vft_link_mmio.c (registers and memory). */
#ifndef GUCEMU_VFT_LINK_PRIV_H
#define GUCEMU_VFT_LINK_PRIV_H

#include "vft_link.h"
#include "wire/stream.h"

#define VFT_BATCH    64u         /* posted writes of one frame */
#define VFT_READS    64u         /* reads under way */
#define VFT_WORDS    512u        /* words of one read */
#define VFT_HELD_MAX (1u << 20)  /* bytes of frames that wait for THAW */
#define VFT_REGIONS  4u

enum vft_phase { VFT_GREETING, VFT_OPEN, VFT_FREEZING, VFT_FROZEN, VFT_LOST };

/* A request that the emulator owes an answer. */
struct vft_request {
	uint32_t seq;      /* 0: free */
	bool held;         /* waits for THAW: no answer can come yet */
	uint32_t cookie;
	unsigned size, n;  /* words; n 0: only a STATUS is due */
	vft_read_fn fn;
	vft_lmem_fn lmem;  /* or this */
	bool bells;        /* or a bell page: it is kept from the answer on */
	void *user;
};

/* A frame that waits for THAW. */
struct vft_held {
	struct vft_held *next;
	struct frame frame;
	uint8_t data[];
};

struct vft_region {
	void *map;
	size_t bytes;
};

struct vft_link {
	struct wire *wire;
	uv_loop_t *loop;
	uv_prepare_t prepare; /* flushes before the loop sleeps */
	uv_timer_t hello, limit;
	unsigned handles;
	struct vft_link_ops ops;
	void *user;
	enum vft_phase phase;
	bool closing, late;
	unsigned depth;       /* callbacks of ours that run */
	unsigned waiting;     /* calls of vft_link_wait() that run */
	int err;
	char text[192];       /* why it was lost */
	int said;             /* last complaint of the emulator, with its words */
	char words[192];
	struct vft_card card;
	/* The clock: monotonic time less what was spent frozen. */
	uint64_t frozen_at, frozen_for;
	uint32_t freeze_seq;
	unsigned outstanding; /* requests that were sent */
	struct vft_request request[VFT_READS];
	unsigned batch_n;
	uint32_t batch[VFT_BATCH][2];
	struct vft_held *held, **held_end;
	size_t held_bytes;
	struct vft_region region[VFT_REGIONS];
	unsigned regions;
	struct bell_page *bells; /* one of the regions, or NULL */
	int bells_fd;
};

/* Send, or keep for THAW. A full queue ends the link. */
int vft_link_send(struct vft_link *l, const struct frame *f);
/* Must this frame wait for THAW? */
bool vft_link_holds(const struct vft_link *l, const struct frame *f);
/* The link is dead: end every request, tell the owner. */
void vft_link_lose(struct vft_link *l, int err, const char *text);
/* An answer came. False: nobody asked, or it is malformed. */
bool vft_link_answer(struct vft_link *l, const struct frame *f);
void vft_link_end_requests(struct vft_link *l);
/* Those that waited for THAW are being sent now. */
void vft_link_requests_go(struct vft_link *l);
void vft_link_unmap(struct vft_link *l);
/* An emulator that let the bell page go (proto/bell.h: off), or another that knows
 * nothing of it, gets it once more. */
void vft_link_bells_again(struct vft_link *l);

#endif
