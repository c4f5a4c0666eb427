/* SPDX-License-Identifier: MIT */
/* A PF driver's way to a card that is another process's: function 0 over the socket,
 * with memory that is shared, registers and local memory by frames. For `gucemu pf serve`
 * and for scenarios, which bring their own driver and step it. */
#ifndef GUCEMU_EMULATOR_PF_LINK_H
#define GUCEMU_EMULATOR_PF_LINK_H

#include "pfclient/pfc.h"
#include "wire/stream.h"

#define PF_LINK_READS  256u /* under way */
#define PF_LINK_WRITES 128u /* 32-bit writes gathered into a frame */
#define PF_LINK_LMEM   256u /* a VF has one call under way on each tile */

struct pf_link {
	struct wire *wire;      /* NULL: gone, which the owner's `closed` notes */
	struct pfc *driver;     /* the owner's, which gets answers; NULL: none yet */
	struct host_port port;  /* for the driver */
	struct host_mem mem;
	/* It can't go on. The text lives until this returns. */
	void (*failed)(void *user, const char *text);
	void *user;
	/* Private. */
	int mem_fd;
	/* Reads are answered in order. */
	struct {
		uint32_t cookie;
		unsigned words;
	} read[PF_LINK_READS];
	unsigned read_at, read_n;
	struct {
		uint32_t cookie;
		bool used;
	} lmem[PF_LINK_LMEM];
	uint8_t writes[PF_LINK_WRITES * 8];
	unsigned writes_n;
	bool unsettled, asked;
};

/* Connect as function 0, wanting `features`, and share `bytes` of memory (whole pages);
 * runs the loop until that is so. `ops` are the wire's, with `user`. 0, or -errno with
 * what is wrong in err[0..cap); then there is nothing to close. */
int pf_link_open(struct pf_link *l, uv_loop_t *loop, const char *socket, uint32_t features,
		 const char *name, size_t bytes, const struct wire_ops *ops, void *user, char *err,
		 size_t cap);
/* Of one that was opened, or of zeroes. The driver's memory goes with it. */
void pf_link_close(struct pf_link *l);
/* The driver's way to local memory. */
struct host_lmem_port pf_link_lmem(struct pf_link *l);

/* Queue a frame; a full queue fails. */
void pf_link_post(struct pf_link *l, const struct frame *f);
/* Writes that were gathered go out. */
void pf_link_flush(struct pf_link *l);
/* Have GGTT entries and registers that were written arrived? Messages lie in memory, where
 * GuC may see them sooner: the driver is stepped only when this is true. A frame wakes the
 * loop when it has become so. */
bool pf_link_settled(struct pf_link *l);
/* A frame came: true when it was for the driver, which has it. */
bool pf_link_frame(struct pf_link *l, const struct frame *f);
/* A call of local memory, running the loop until it has ended; a read's bytes go to
 * `to`. 0 or -errno. */
int pf_link_lmem_wait(struct pf_link *l, const struct host_lmem *what, uint8_t *to);
/* Read one register of `size` bytes (4, 8), running the loop until it is there. 0 or
 * -errno. */
int pf_link_read(struct pf_link *l, uint64_t off, unsigned size, uint64_t *value);

#endif
