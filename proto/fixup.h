/* SPDX-License-Identifier: MIT */
/* The places in a VF's memory that hold absolute GGTT addresses and must move
 * when a migration changes the GGTT base (vf-lifecycle 5.2; the last column is
 * its row). The VF's recovery applies them by these names, the GuC's detector
 * reports them by these names, --skip-fixup takes them. */
#ifndef GUCEMU_PROTO_FIXUP_H
#define GUCEMU_PROTO_FIXUP_H

/* X(symbol, name, text, row) */
#define FIXUP_LIST(X)                                                          \
	X(H2G, "h2g", "addresses in unread H2G messages", 6)                   \
	X(DEFAULT_LRC, "default-lrc", "memirq pointers of the images new contexts are made from", 8) \
	X(MEMIRQ, "memirq", "memirq pointers in a context image", 9)           \
	X(RING_START, "ring-start", "ring start in a context image", 10)       \
	X(INDIRECT_RING, "indirect-ring", "indirect ring state pointer and its ring start", 10) \
	X(WA_BATCH, "wa-batch", "per-context workaround batch pointer", 11)    \
	X(INDIRECT_CTX, "indirect-ctx", "indirect context batch pointer", 12)  \
	X(JOBS, "jobs", "addresses in the ring of unfinished jobs", 13)        \
	X(WORK_QUEUE, "work-queue", "context descriptors in work queue items", 15) \
	X(CCS, "ccs", "batch address in the compression contexts' rings", 18)  \
	X(BATCH, "batch", "addresses in kernel batches that unfinished jobs run", 20) \
	X(CGP, "cgp", "context descriptors in a multi-queue group page", 21)

enum fixup {
#define X(sym, name, text, row) FIXUP_##sym,
	FIXUP_LIST(X)
#undef X
	FIXUP_COUNT
};

/* Name as on the command line ("ring-start"); a line on it; its row of
 * vf-lifecycle 5.2. NULL, NULL and 0 out of range. */
const char *fixup_name(enum fixup f);
const char *fixup_text(enum fixup f);
unsigned fixup_row(enum fixup f);
/* The fixup of that name, or -ENOENT. */
int fixup_find(const char *name);

#endif
