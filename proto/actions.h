/* SPDX-License-Identifier: MIT */
/* GuC action codes and the numbers that go with them
 * (abi/guc_actions_abi.h, abi/guc_actions_sriov_abi.h; guc-abi sections 5, 6).
 * One list makes the enum and the names. Who may send an action, how long it
 * is and what it does stands in the GuC's own table, not here. */
#ifndef GUCEMU_PROTO_ACTIONS_H
#define GUCEMU_PROTO_ACTIONS_H

#include "bits.h"

#define GUC_ACTION_LIST(X)                                                     \
	X(SELF_CFG, 0x0508)                                                    \
	X(UPDATE_SCHEDULING_POLICIES_KLV, 0x0509)                              \
	X(SCHED_CONTEXT, 0x1000)                                               \
	X(SCHED_CONTEXT_MODE_SET, 0x1001)                                      \
	X(SCHED_CONTEXT_MODE_DONE, 0x1002)                                     \
	X(SCHED_ENGINE_MODE_SET, 0x1003)                                       \
	X(SCHED_ENGINE_MODE_DONE, 0x1004)                                      \
	X(CONTEXT_RESET_NOTIFICATION, 0x1008)                                  \
	X(ENGINE_FAILURE_NOTIFICATION, 0x1009)                                 \
	X(UPDATE_CONTEXT_POLICIES, 0x100B)                                     \
	X(GET_HWCONFIG, 0x4100)                                                \
	X(REGISTER_CONTEXT, 0x4502)                                            \
	X(DEREGISTER_CONTEXT, 0x4503)                                          \
	X(CONTROL_CTB, 0x4509)                                                 \
	X(DEREGISTER_CONTEXT_DONE, 0x4600)                                     \
	X(REGISTER_CONTEXT_MULTI_LRC, 0x4601)                                  \
	X(REGISTER_CONTEXT_MULTI_QUEUE, 0x4602)                                \
	X(MULTI_QUEUE_CONTEXT_CGP_SYNC, 0x4603)                                \
	X(CGP_SYNC_DONE, 0x4604)                                               \
	X(CGP_CONTEXT_ERROR, 0x4605)                                           \
	X(MMIO_RELAY_SERVICE, 0x5005)                                          \
	X(MMIO_RELAY_FROM_VF, 0x5006)                                          \
	X(MMIO_RELAY_SUCCESS, 0x5007)                                          \
	X(MMIO_RELAY_FAILURE, 0x5008)                                          \
	X(RELAY_FROM_VF, 0x5100)                                               \
	X(RELAY_TO_VF, 0x5101)                                                 \
	X(RELAY_FROM_PF, 0x5102)                                               \
	X(RELAY_TO_PF, 0x5103)                                                 \
	X(ADVERSE_EVENT, 0x5104)                                               \
	X(VF_STATE_NOTIFY, 0x5106)                                             \
	X(MATCH_VERSION, 0x5500)                                               \
	X(UPDATE_VGT_POLICY, 0x5502)                                           \
	X(UPDATE_VF_CFG, 0x5503)                                               \
	X(VF_CONTROL, 0x5506)                                                  \
	X(VF_RESET, 0x5507)                                                    \
	X(RESFIX_DONE, 0x5508)                                                 \
	X(QUERY_SINGLE_KLV, 0x5509)                                            \
	X(SAVE_RESTORE_VF, 0x550B)                                             \
	X(OPT_IN_FEATURE_KLV, 0x550E)                                          \
	X(RESFIX_START, 0x550F)                                                \
	X(MEMORY_CAT_ERROR, 0x6000)                                            \
	X(PAGE_FAULT_REQ_DESC, 0x6002)                                         \
	X(PAGE_FAULT_RES_DESC, 0x6003)                                         \
	X(TLB_INVALIDATION, 0x7000)                                            \
	X(TLB_INVALIDATION_DONE, 0x7001)                                       \
	X(TLB_INVALIDATION_ALL, 0x7002)                                        \
	X(PAGE_RECLAMATION, 0x7003)                                            \
	X(PAGE_RECLAMATION_DONE, 0x7004)                                       \
	X(STATE_CAPTURE_NOTIFICATION, 0x8002)

enum guc_action_code {
#define X(name, code) GUC_ACTION_##name = (code),
	GUC_ACTION_LIST(X)
#undef X
};

/* The action's name without prefix, e.g. "RESFIX_DONE", or NULL if unknown. */
const char *guc_action_name(uint32_t code);

/* VF_CONTROL commands, dword 2 (guc-abi 5.3). */
enum guc_vf_command {
	GUC_VF_PAUSE = 1,
	GUC_VF_RESUME = 2,
	GUC_VF_STOP = 3,
	GUC_VF_FLR_START = 4,
	GUC_VF_FLR_FINISH = 5,
};

/* VF_STATE_NOTIFY events, dword 2; with VFID 0 only VF_ENABLE (guc-abi 5.5). */
enum guc_vf_event {
	GUC_EVENT_VF_ENABLE = 1,
	GUC_EVENT_VF_FLR = 1,
	GUC_EVENT_VF_FLR_DONE = 2,
	GUC_EVENT_VF_PAUSE_DONE = 3,
	GUC_EVENT_VF_FIXUP_DONE = 4,
};

/* SAVE_RESTORE_VF opcodes, DATA0 of the header; dword 4 is the size. */
enum guc_save_opcode {
	GUC_OP_SAVE = 0,
	GUC_OP_RESTORE = 1,
};
#define SAVE_RESTORE_SIZE BITS(27, 0)

/* MATCH_VERSION dword 1, request and reply. */
#define VERSION_BRANCH BITS(31, 24)
#define VERSION_MAJOR  BITS(23, 16)
#define VERSION_MINOR  BITS(15, 8)
#define VERSION_PATCH  BITS(7, 0)

/* REGISTER_CONTEXT dword 1. */
#define CTX_FLAG_KMD  BITS(0, 0)
#define CTX_FLAG_TYPE BITS(2, 1)
enum guc_ctx_type {
	GUC_CTX_NORMAL = 0,
	GUC_CTX_COMPRESSION_SAVE = 1,
	GUC_CTX_COMPRESSION_RESTORE = 2,
};

/* GuC engine classes (guc-abi 4.8). */
enum guc_engine_class {
	GUC_CLASS_RENDER = 0,
	GUC_CLASS_VIDEO = 1,
	GUC_CLASS_VIDEO_ENHANCE = 2,
	GUC_CLASS_BLITTER = 3,
	GUC_CLASS_COMPUTE = 4,
	GUC_CLASS_OTHER = 5,
};
#define GUC_CLASS_COUNT 6u

/* TLB_INVALIDATION dword 2. */
#define TLB_OP_TYPE  BITS(7, 0)
#define TLB_OP_MODE  BITS(11, 8)
#define TLB_OP_FLUSH BITS(31, 31)
enum guc_tlb_type {
	GUC_TLB_FULL = 0,
	GUC_TLB_PAGE_ASID = 1,
	GUC_TLB_PAGE_CONTEXT = 2,
	GUC_TLB_GUC = 3,
};

/* MMIO relay service, dword 0 of request and success (guc-abi 5.6). */
#define MMIO_RELAY_MAGIC  BITS(27, 24)
#define MMIO_RELAY_OPCODE BITS(23, 16)
#define MMIO_RELAY_DATA0  BITS(23, 0)
#define MMIO_RELAY_FAULT  BITS(7, 0)
enum guc_mmio_relay_opcode {
	GUC_MMIO_RELAY_HANDSHAKE = 0x01,
	GUC_MMIO_RELAY_UPDATE_GGTT = 0x02,
	GUC_MMIO_RELAY_GET_RUNTIME = 0x10,
};

/* Context ids are 0..65534. */
#define GUC_ID_MAX 65535u

#endif
