/* SPDX-License-Identifier: MIT */
/* GuC action codes and the numbers that go with them
 * (abi/guc_actions_abi.h, abi/guc_actions_sriov_abi.h; guc-abi sections 5, 6).
 * One list makes the enum and the names. Who may send an action, how long it
 * is and what it does stands in the GuC's own table, not here. */
#ifndef GUCEMU_PROTO_ACTIONS_H
#define GUCEMU_PROTO_ACTIONS_H

#include "bits.h"

/* X(name, code, what it says). */
#define GUC_ACTION_LIST(X)                                                     \
	X(DEFAULT, 0x0000, "no action")                                        \
	X(REQUEST_PREEMPTION, 0x0002, "legacy submission")                     \
	X(REQUEST_ENGINE_RESET, 0x0003, "legacy submission")                   \
	X(ALLOCATE_DOORBELL, 0x0010, "legacy submission")                      \
	X(DEALLOCATE_DOORBELL, 0x0020, "legacy submission")                    \
	X(LOG_BUFFER_FILE_FLUSH_COMPLETE, 0x0030, "the host has read the log") \
	X(UK_LOG_ENABLE_LOGGING, 0x0040, "switch logging")                     \
	X(FORCE_LOG_BUFFER_FLUSH, 0x0302, "flush the log")                     \
	X(ENTER_S_STATE, 0x0501, "before a system sleep")                      \
	X(EXIT_S_STATE, 0x0502, "after it")                                    \
	X(GLOBAL_SCHED_POLICY_CHANGE, 0x0506, "policies of native scheduling") \
	X(SELF_CFG, 0x0508, "give GuC one of the sender's addresses or sizes") \
	X(UPDATE_SCHEDULING_POLICIES_KLV, 0x0509, "policies of the sender's scheduling") \
	X(SCHED_CONTEXT, 0x1000, "a context's ring or work queue has grown")   \
	X(SCHED_CONTEXT_MODE_SET, 0x1001, "enable or disable a context")       \
	X(SCHED_CONTEXT_MODE_DONE, 0x1002, "it is enabled or disabled")        \
	X(SCHED_ENGINE_MODE_SET, 0x1003, "enable or disable an engine")        \
	X(SCHED_ENGINE_MODE_DONE, 0x1004, "it is enabled or disabled")         \
	X(SET_CONTEXT_PRIORITY, 0x1005, "legacy policy")                       \
	X(SET_CONTEXT_EXECUTION_QUANTUM, 0x1006, "legacy policy")              \
	X(SET_CONTEXT_PREEMPTION_TIMEOUT, 0x1007, "legacy policy")             \
	X(CONTEXT_RESET_NOTIFICATION, 0x1008, "a context was reset")           \
	X(ENGINE_FAILURE_NOTIFICATION, 0x1009, "an engine could not be reset") \
	X(UPDATE_CONTEXT_POLICIES, 0x100B, "policies of one context")          \
	X(PC_SLPC_REQUEST, 0x3003, "power and frequency control")              \
	X(SETUP_PC_GUCRC, 0x3004, "who controls render sleep")                 \
	X(AUTHENTICATE_HUC, 0x4000, "authenticate the media firmware")         \
	X(GET_HWCONFIG, 0x4100, "size or copy of the hardware description")    \
	X(REGISTER_CONTEXT, 0x4502, "make a context known")                    \
	X(DEREGISTER_CONTEXT, 0x4503, "forget a context")                      \
	X(REGISTER_COMMAND_TRANSPORT_BUFFER, 0x4505, "legacy CTB setup")       \
	X(DEREGISTER_COMMAND_TRANSPORT_BUFFER, 0x4506, "legacy CTB setup")     \
	X(REGISTER_G2G, 0x4507, "channel between two GuCs")                    \
	X(DEREGISTER_G2G, 0x4508, "end of that channel")                       \
	X(CONTROL_CTB, 0x4509, "enable or disable the message rings")          \
	X(DEREGISTER_CONTEXT_DONE, 0x4600, "a context is forgotten")           \
	X(REGISTER_CONTEXT_MULTI_LRC, 0x4601, "make a parallel context known") \
	X(REGISTER_CONTEXT_MULTI_QUEUE, 0x4602, "make the first queue of a group known") \
	X(MULTI_QUEUE_CONTEXT_CGP_SYNC, 0x4603, "a group's page has changed")  \
	X(CGP_SYNC_DONE, 0x4604, "the group's page was read")                  \
	X(CGP_CONTEXT_ERROR, 0x4605, "something is wrong with a group")        \
	X(MMIO_RELAY_SERVICE, 0x5005, "ask the PF before there is a CTB (i915)") \
	X(MMIO_RELAY_FROM_VF, 0x5006, "such a question")                       \
	X(MMIO_RELAY_SUCCESS, 0x5007, "its answer")                            \
	X(MMIO_RELAY_FAILURE, 0x5008, "its refusal")                           \
	X(RELAY_FROM_VF, 0x5100, "relay message of a VF")                      \
	X(RELAY_TO_VF, 0x5101, "relay message to a VF")                        \
	X(RELAY_FROM_PF, 0x5102, "relay message of the PF")                    \
	X(RELAY_TO_PF, 0x5103, "relay message to the PF")                      \
	X(ADVERSE_EVENT, 0x5104, "a VF has passed a threshold")                \
	X(VF_STATE_NOTIFY, 0x5106, "what became of a VF's FLR, pause, fixups") \
	X(MATCH_VERSION, 0x5500, "agree on the VF ABI")                        \
	X(UPDATE_VGT_POLICY, 0x5502, "policies for all VFs")                   \
	X(UPDATE_VF_CFG, 0x5503, "give a VF its resources")                    \
	X(VF_CONTROL, 0x5506, "pause, resume, stop, reset a VF")               \
	X(VF_RESET, 0x5507, "forget everything the sender has set up")         \
	X(RESFIX_DONE, 0x5508, "addresses are fixed, go on")                   \
	X(QUERY_SINGLE_KLV, 0x5509, "ask for one key")                         \
	X(SET_ENG_UTIL_BUFF, 0x550A, "legacy engine statistics")               \
	X(SAVE_RESTORE_VF, 0x550B, "state of a VF to or from memory")          \
	X(SET_DEVICE_ENGINE_ACTIVITY_BUFFER, 0x550C,                           \
	  "where engine activity of the device is counted")                    \
	X(SET_FUNCTION_ENGINE_ACTIVITY_BUFFER, 0x550D,                         \
	  "where engine activity of functions is counted")                     \
	X(OPT_IN_FEATURE_KLV, 0x550E, "switch features on")                    \
	X(RESFIX_START, 0x550F, "fixing of addresses begins")                  \
	X(MEMORY_CAT_ERROR, 0x6000, "a context has touched what it must not")  \
	X(PAGE_FAULT_REQ_DESC, 0x6002, "a page is missing")                    \
	X(PAGE_FAULT_RES_DESC, 0x6003, "it is there, or never will be")        \
	X(ACCESS_COUNTER_NOTIFY, 0x6004, "a page is used much")                \
	X(TLB_INVALIDATION, 0x7000, "forget translations")                     \
	X(TLB_INVALIDATION_DONE, 0x7001, "they are forgotten")                 \
	X(TLB_INVALIDATION_ALL, 0x7002, "forget all translations")             \
	X(PAGE_RECLAMATION, 0x7003, "pages are to be given back")              \
	X(PAGE_RECLAMATION_DONE, 0x7004, "they are given back")                \
	X(STATE_CAPTURE_NOTIFICATION, 0x8002, "registers of a failed engine are in the log") \
	X(NOTIFY_FLUSH_LOG_BUFFER_TO_FILE, 0x8003, "the log wants to be read") \
	X(NOTIFY_CRASH_DUMP_POSTED, 0x8004, "firmware has crashed")            \
	X(NOTIFY_EXCEPTION, 0x8005, "firmware has met an exception")           \
	X(TEST_G2G_SEND, 0xF001, "self test between GuCs")                     \
	X(TEST_G2G_RECV, 0xF002, "self test between GuCs")

enum guc_action_code {
#define X(name, code, text) GUC_ACTION_##name = (code),
	GUC_ACTION_LIST(X)
#undef X
};

/* The action's name without prefix, e.g. "RESFIX_DONE", or NULL if unknown. */
const char *guc_action_name(uint32_t code);
/* What it says, in a few words, or NULL if unknown. */
const char *guc_action_text(uint32_t code);
/* Code 0..n-1 of the list, in its order; negative when there is none. */
int guc_action_code(size_t index);

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

/* Value of KLV 0x2005: the context wants frequency for compute. */
#define CTX_FREQ_COMPUTE BITS(28, 28)

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
#define GUC_TLB_LITE 1u /* mode; 0 = heavy */

/* Second dword of MEMORY_CAT_ERROR when hardware can't tell more. */
#define GUC_CAT_UNKNOWN 0xDEADBEEFu

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
