/* SPDX-License-Identifier: MIT */
/* The logical ring context in memory: descriptor, register image, indirect
 * ring state, parallel scratch and work queue (regs/xe_lrc_layout.h,
 * xe_guc_submit.c; guc-abi 6.4, 9.3, vf-lifecycle 5.2 to 5.4, xe-vf-probe
 * 5.3). Dword indices d of the register image are at LRCA + 4096 + 4 * d. */
#ifndef GUCEMU_PROTO_LRC_H
#define GUCEMU_PROTO_LRC_H

#include "bits.h"

/* LRC buffer: ring, PPHWSP (LRCA points here), register image, [indirect
 * ring state page], workaround batch in the last page. */
#define LRC_RING_BYTES   16384u
#define LRC_PPHWSP_BYTES 4096u
#define LRC_PAGE         4096u
#define LRC_REGS         LRC_PPHWSP_BYTES /* register image, from LRCA */

/* Descriptor, low dword: LRCA | these. */
#define LRC_DESC_ADDR      BITS(31, 12)
#define LRC_DESC_VALID     BITS(0, 0)
#define LRC_DESC_MODE      BITS(4, 3) /* 3 = 64-bit */
#define LRC_DESC_PRIVILEGE BITS(8, 8) /* has a PPGTT */
#define LRC_DESC_MODE_64   3u
#define LRC_DESC_KERNEL    0x19u

/* Dword indices of the register image. */
#define LRC_CTX_CONTROL   0x03u
#define LRC_RING_HEAD     0x05u
#define LRC_RING_TAIL     0x07u
#define LRC_RING_START    0x09u
#define LRC_RING_CTL      0x0Bu
#define LRC_BB_PER_CTX    0x13u /* workaround batch address, bit 0 = valid */
#define LRC_INDIRECT_CTX  0x15u /* indirect context batch */
#define LRC_TIMESTAMP     0x23u
#define LRC_TIMESTAMP_HI  0x25u /* where the dword before names its register */
#define LRC_INDIRECT_RING 0x27u /* page of the indirect ring state, 0 = none */
#define LRC_ASID          0x2Fu /* of the address space, 0 = none */
#define LRC_ASID_MASK     BITS(19, 0)
#define LRC_PDP_HI        0x31u /* root of the page tables */
#define LRC_PDP_LO        0x33u
#define LRC_MEMIRQ_LRM    0x50u
#define LRC_MEMIRQ_ENABLE 0x52u /* memirq page + 0x440 */
#define LRC_MEMIRQ_LRI    0x55u
#define LRC_MEMIRQ_STATUS 0x57u /* memirq page + 0 */
#define LRC_MEMIRQ_SOURCE 0x59u /* memirq page + 0x400 */
#define LRC_INT_VEC       0x5Bu /* MSI-X vector, where the dword before names CS_INT_VEC */
#define LRC_INT_VEC_CS    BITS(15, 0)
#define LRC_IMAGE_DWORDS  0x400u

/* Dword indices of the indirect ring state page. */
#define LRC_IND_HEAD  0x03u
#define LRC_IND_TAIL  0x05u
#define LRC_IND_START 0x07u
#define LRC_IND_CTL   0x0Bu

#define RING_CTL_SIZE  BITS(20, 12) /* size - 4096, in pages */
#define RING_CTL_VALID BITS(0, 0)

/* Parallel scratch of the parent: last 2 KiB of the PPHWSP. */
#define PARALLEL_SCRATCH  2048u
#define WQ_DESC           2048u /* from LRCA: head, tail, error, status */
#define WQ_DESC_HEAD      0u    /* bytes, written by GuC */
#define WQ_DESC_TAIL      4u    /* bytes, written by the host */
#define WQ_DESC_ERROR     8u
#define WQ_DESC_STATUS    12u
#define WQ_BASE           3072u /* from LRCA */
#define WQ_BYTES          1024u

enum wq_status {
	WQ_ACTIVE = 1,
	WQ_SUSPENDED = 2,
	WQ_CMD_ERROR = 3,
	WQ_ENGINE_ID_NOT_USED = 4,
	WQ_SUSPENDED_RESET = 5,
};

/* Work item: dword 0 type and length, 1 leader's descriptor, 2 id and ring
 * tail / 8, 3 zero, then one ring tail / 8 for each child. */
#define WQ_TYPE      BITS(7, 0)
#define WQ_LENGTH    BITS(26, 16) /* dwords after the header */
#define WQ_GUC_ID    BITS(15, 0)
#define WQ_RING_TAIL BITS(28, 18)
#define WQ_TYPE_NOOP      4u
#define WQ_TYPE_MULTI_LRC 5u

/* Context group page of a multi-queue group (guc-abi 6.4): dword 0 version,
 * 16 and 17 a bit for each queue whose entry is new, then for queue i its LRC's
 * descriptor and the context id of the group's primary queue. */
#define CGP_BYTES     4096u
#define CGP_MAJOR     BITS(15, 8) /* of dword 0: 1 */
#define CGP_UPDATED   16u
#define CGP_QUEUES    64u
#define CGP_LRC(i)    (32u + 2u * (i))
#define CGP_ID(i)     (33u + 2u * (i))
#define CGP_DWORDS    CGP_LRC(CGP_QUEUES)

/* Widest parallel context the model takes; a work item must fit its queue
 * many times over, and hardware has at most nine join semaphores. */
#define LRC_MAX_WIDTH 8u

#endif
