/* SPDX-License-Identifier: MIT */
/* The state blob of a VF on one GuC (vf-lifecycle 3.7): little-endian dwords,
 *
 *	header | contexts | queued G2H | diagnostic notes
 *
 * Every address is an offset from the VF's GGTT start, so a blob fits any base.
 * Not in it: marker, provisioning, statistics. Private. */
#ifndef GUCEMU_GUC_BLOB_H
#define GUCEMU_GUC_BLOB_H

#include "core.h"

#define BLOB_MAGIC   0x9A55434755470D89ull /* not text: 0x89, CR, "GUGCU", 0x9A */
#define BLOB_VERSION 4u

/* Header dwords. */
enum blob_dword {
	BLOB_MAGIC_LO,
	BLOB_MAGIC_HI,
	BLOB_FORMAT,      /* BLOB_VERSION */
	BLOB_BYTES,       /* of the whole blob */
	BLOB_CRC,         /* CRC-32C of the whole blob with this dword 0 */
	BLOB_DEVICE,      /* device id, revision << 16 */
	BLOB_GT_KIND,     /* 0 main, 1 media */
	BLOB_GMD_ID,
	BLOB_GGTT_LO,     /* GGTT size */
	BLOB_GGTT_HI,
	BLOB_NUM_CONTEXTS,
	BLOB_PAUSED_FROM, /* enum guc_vf_state at SAVE: one of *_PAUSED */
	BLOB_ABI,         /* negotiated major << 16 | minor, 0 = none */
	BLOB_OPT_IN,
	BLOB_FLAGS,       /* BLOB_F_* */
	BLOB_ADDR,        /* BLOB_ADDRS offsets, valid when BLOB_F_ADDR(i) is set */
	BLOB_H2G_BYTES = BLOB_ADDR + 6,
	BLOB_G2H_BYTES,
	BLOB_H2G_CURSOR,
	BLOB_H2G_SIZE,    /* dwords of the enabled ring, else 0 */
	BLOB_G2H_CURSOR,
	BLOB_G2H_SIZE,
	BLOB_CONTEXTS,    /* number of context records */
	BLOB_LRCS,        /* LRC records in them */
	BLOB_QUEUED,      /* number of queued G2H */
	BLOB_QUEUED_DWORDS,
	BLOB_NOTES,       /* number of notes */
	BLOB_NOTES_LOST,
	BLOB_NOTES_BASE,  /* GGTT start of the notes, for reports only */
	BLOB_ENGINES_OFF, /* a bit for each engine class that is stopped */
	BLOB_INTR,        /* interrupt registers (intr.h); 0 where there are none */
	BLOB_HEADER_DWORDS = BLOB_INTR + GUC_INTR_DWORDS,
};
/* memirq status, source; H2G ring, descriptor; G2H ring, descriptor. */
#define BLOB_ADDRS 6u

#define BLOB_F_CTB         BITS(0, 0)
#define BLOB_F_H2G_STOPPED BITS(1, 1)
#define BLOB_F_G2H_STOPPED BITS(2, 2)
#define BLOB_F_MBOX_RUNG   BITS(3, 3) /* a request waits in the mailbox, rung already */
#define BLOB_F_ADDR(i)     (1u << (8 + (i)))
#define BLOB_F_MASK        (BITS(3, 0) | BITS(13, 8))

/* Context record, followed by its LRC records. Ascending ids. */
enum blob_context_dword {
	BLOB_CTX_ID,      /* id, width << 16 */
	BLOB_CTX_FLAGS,   /* enabled, killed, faulted; type 9:8; class 18:16 */
	BLOB_CTX_MASK,
	BLOB_CTX_POLICY,
	BLOB_CTX_WQ_DESC = BLOB_CTX_POLICY + 5,
	BLOB_CTX_WQ_BASE,  /* of a group: its CGP page */
	BLOB_CTX_WQ_BYTES, /* 0: no work queue, offsets 0 */
	BLOB_CTX_QUEUES,   /* of a group: 1 + number of its queues; else 0 */
	BLOB_CTX_DWORDS,
};
#define BLOB_CTX_ENABLED BITS(0, 0)
#define BLOB_CTX_KILLED  BITS(1, 1)
#define BLOB_CTX_FAULTED BITS(2, 2)
#define BLOB_CTX_TYPE    BITS(9, 8)
#define BLOB_CTX_CLASS   BITS(18, 16)

enum blob_lrc_dword {
	BLOB_LRC_ADDR,  /* offset of the PPHWSP */
	BLOB_LRC_DESC,  /* descriptor bits 11:0; 29:24 place in a group */
	BLOB_LRC_STATE, /* struct guc_exec */
	BLOB_LRC_PROGRESS,
	BLOB_LRC_BATCH, /* lo, hi: the next command there, offset or address of the PPGTT */
	BLOB_LRC_BACK = BLOB_LRC_BATCH + 2, /* the same of the first level, from the second */
	BLOB_LRC_DWORDS = BLOB_LRC_BACK + 2,
};
#define BLOB_LRC_PLACE     BITS(29, 24) /* ascending */
#define BLOB_LRC_LEVEL     BITS(1, 0)   /* of STATE: 0 to 2 */
#define BLOB_LRC_PPGTT     BITS(3, 2)   /* GUC_EXEC_BATCH, GUC_EXEC_BACK */
#define BLOB_LRC_BEHIND    BITS(4, 4)
#define BLOB_LRC_ARMED     BITS(5, 5)
#define BLOB_LRC_ARB_OFF   BITS(6, 6)
#define BLOB_LRC_PREDICATE BITS(11, 8)

/* Queued G2H: fence << 16 | dwords, then the message. */
#define BLOB_QUEUED_HEADER 1u

/* Note: context | child << 16 | structure << 24, dword, offset, where. */
#define BLOB_NOTE_DWORDS 4u

/* HINT of a refused RESTORE: which check failed. */
enum guc_blob_hint {
	GUC_BLOB_FINE,
	GUC_BLOB_UNREADABLE,   /* 1: buffer can't be read */
	GUC_BLOB_SHORT,        /* 2: shorter than a header or than it says */
	GUC_BLOB_BAD_MAGIC,    /* 3 */
	GUC_BLOB_BAD_VERSION,  /* 4 */
	GUC_BLOB_BAD_LENGTH,   /* 5: parts do not add up */
	GUC_BLOB_BAD_CRC,      /* 6 */
	GUC_BLOB_BAD_RESERVED, /* 7: MBZ bits, unknown flags */
	GUC_BLOB_OTHER_DEVICE, /* 8 */
	GUC_BLOB_OTHER_ABI,    /* 9 */
	GUC_BLOB_OTHER_GGTT,   /* 10: GGTT size */
	GUC_BLOB_OTHER_COUNT,  /* 11: number of contexts */
	GUC_BLOB_BAD_STATE,    /* 12: paused_from */
	GUC_BLOB_BAD_ADDRESS,  /* 13: self-config offset outside the range */
	GUC_BLOB_BAD_RING,     /* 14: CTB size or cursor */
	GUC_BLOB_BAD_CONTEXT,  /* 15: id, order, class, type, width, mask */
	GUC_BLOB_BAD_LRC,      /* 16: LRC, batch or work queue offset */
	GUC_BLOB_BAD_QUEUED,   /* 17 */
	GUC_BLOB_BAD_NOTE,     /* 18 */
};

static inline uint32_t *guc_blob_stage(const struct guc_card *c)
{
	return (uint32_t *)((char *)c->block + c->block->stage_off);
}

static inline void guc_blob_spend(uint32_t *budget, uint32_t n)
{
	*budget -= n < *budget ? n : *budget;
}

static inline uint32_t blob_get(const uint32_t *blob, size_t i)
{
	return le32_get(blob + i);
}

/* What every blob of (gt, vf) has to say about card and provisioning. */
struct guc_blob_facts {
	uint32_t device, gt_kind, gmd_id, num_contexts;
	uint64_t ggtt_size;
};
void guc_blob_facts(const struct guc_card *c, unsigned gt, unsigned vf,
		    struct guc_blob_facts *facts);

/* What a request does, in this order: a SAVE the even ones, RESTORE the odd. */
enum guc_blob_phase {
	GUC_BLOB_IDLE,
	GUC_BLOB_WAIT,   /* for the staging area */
	GUC_BLOB_WRITE,  /* contexts into it */
	GUC_BLOB_FETCH,  /* the buffer into it */
	GUC_BLOB_SUM,    /* its checksum */
	GUC_BLOB_CHECK,  /* contexts in it */
	GUC_BLOB_PUT,    /* into the buffer */
	GUC_BLOB_DROP,   /* contexts that the VF had */
	GUC_BLOB_APPLY,  /* contexts of the blob */
	GUC_BLOB_ENDED,
};

/* --- making one (blob.c) --- */

/* Context records of the VF, as many as *budget allows, which is dwords and looks at
 * contexts: true when these were the last. Begin with *w zeroed. */
bool guc_blob_write(struct guc_card *c, unsigned gt, unsigned vf, struct guc_blob_walk *w,
		    uint32_t *budget);
/* All but contexts and the checksum: dwords of the blob. */
uint32_t guc_blob_finish(struct guc_card *c, unsigned gt, unsigned vf,
			 const struct guc_blob_walk *w);

/* --- applying a checked one (blob.c) --- */

/* All but contexts; `rest` is the dword behind those. */
void guc_blob_apply_rest(struct guc_card *c, unsigned gt, unsigned vf, uint32_t rest);
/* Contexts, as guc_blob_write(). */
bool guc_blob_apply(struct guc_card *c, unsigned gt, unsigned vf, struct guc_blob_walk *w,
		    uint32_t *budget);

/* CRC-32C of `bytes` bytes with the CRC's own dword taken as 0. */
uint32_t guc_blob_crc(const uint32_t *blob, size_t bytes);
/* The same of its header alone, to go on from. */
uint32_t guc_blob_crc_head(const uint32_t *blob);

/* --- checking one (blob_check.c): nothing but the blob is read --- */

/* That there is a blob of the size it says within `bytes`. */
enum guc_blob_hint guc_blob_check_frame(const uint32_t *blob, size_t bytes);
/* With a good checksum: does its header fit what vf was given? */
enum guc_blob_hint guc_blob_check_head(const struct guc_card *c, unsigned gt, unsigned vf,
				       const uint32_t *blob);
/* Contexts, as guc_blob_write(); *done when these were the last. */
enum guc_blob_hint guc_blob_check_contexts(const struct guc_card *c, unsigned gt, unsigned vf,
					   const uint32_t *blob, struct guc_blob_walk *w,
					   uint32_t *budget, bool *done);
/* What follows them. */
enum guc_blob_hint guc_blob_check_rest(const struct guc_card *c, unsigned gt, unsigned vf,
				       const uint32_t *blob, const struct guc_blob_walk *w);
/* The error that goes with a failed check. */
uint16_t guc_blob_error(enum guc_blob_hint hint);

#endif
