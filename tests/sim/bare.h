/* SPDX-License-Identifier: MIT */
/* A VF without a driver: a small card, a provisioned VF 1, its memory mapped,
 * its CTB on. For tests and benches of the core that want no more than that. */
#ifndef GUCEMU_TESTS_BARE_H
#define GUCEMU_TESTS_BARE_H

#include "emulator/guc/guc.h"
#include "host/ct.h"

#define BARE_MEM_BYTES  (1u << 20)
#define BARE_GGTT_START (16u << 20)
#define BARE_H2G        0x1000u  /* descriptor; the buffer is a page on */
#define BARE_G2H        0x10000u

struct bare {
	struct guc_card card;
	struct host_mem mem; /* VF 1's, DMA address 0 */
	struct host_port port;
	struct host_ct ct;
	unsigned replies, failures;
};

/* Set up; dies on failure. The CTB's doorbell goes straight to the card; a
 * caller with other plans replaces b->port.write32 afterwards. */
void bare_init(struct bare *b);
void bare_free(struct bare *b);

#endif
