/* SPDX-License-Identifier: MIT */
/* GuC response codes: the ERROR field of a RESPONSE_FAILURE
 * (abi/guc_errors_abi.h; guc-abi section 7.1). One list makes the enum and
 * the names. Relay error numbers are plain errno values and live in relay.h. */
#ifndef GUCEMU_PROTO_ERRORS_H
#define GUCEMU_PROTO_ERRORS_H

#include <stdint.h>

#define GUC_ERROR_LIST(X)                                                      \
	X(ERROR_PROTOCOL, 0x04)                                                \
	X(INVALID_STATE, 0x0A)                                                 \
	X(UNSUPPORTED_VERSION, 0x0B)                                           \
	X(INVALID_VFID, 0x0C)                                                  \
	X(UNPROVISIONED_VF, 0x0D)                                              \
	X(INVALID_EVENT, 0x0E)                                                 \
	X(NOT_SUPPORTED, 0x20)                                                 \
	X(UNKNOWN_ACTION, 0x30)                                                \
	X(ACTION_ABORTED, 0x31)                                                \
	X(NO_PERMISSION, 0x40)                                                 \
	X(CANNOT_COMPLETE_ACTION, 0x41)                                        \
	X(INVALID_KLV_DATA, 0x50)                                              \
	X(INVALID_PARAMS, 0x60)                                                \
	X(INVALID_CONTEXT_INDEX, 0x61)                                         \
	X(INVALID_CONTEXT_REGISTRATION, 0x62)                                  \
	X(INVALID_DOORBELL_ID, 0x63)                                           \
	X(INVALID_ENGINE_ID, 0x64)                                             \
	X(INVALID_BUFFER_RANGE, 0x70)                                          \
	X(INVALID_BUFFER, 0x71)                                                \
	X(BUFFER_ALREADY_REGISTERED, 0x72)                                     \
	X(INVALID_GGTT_ADDRESS, 0x80)                                          \
	X(PENDING_ACTION, 0x90)                                                \
	X(CONTEXT_NOT_REGISTERED, 0x100)                                       \
	X(CONTEXT_ALREADY_REGISTERED, 0x101)                                   \
	X(INVALID_SIZE, 0x102)                                                 \
	X(MALFORMED_KLV, 0x103)                                                \
	X(INVALID_CONTEXT, 0x104)                                              \
	X(INVALID_KLV_KEY, 0x105)                                              \
	X(DATA_TOO_LARGE, 0x106)                                               \
	X(VF_MIGRATED, 0x107)                                                  \
	X(NO_ATTRIBUTE_TABLE, 0x201)                                           \
	X(NO_DECRYPTION_KEY, 0x202)                                            \
	X(DECRYPTION_FAILED, 0x204)                                            \
	X(VGT_DISABLED, 0x300)                                                 \
	X(CTB_FULL, 0x301)                                                     \
	X(VGT_UNAUTHORIZED_REQUEST, 0x302)                                     \
	X(CTB_INVALID, 0x303)                                                  \
	X(CTB_NOT_REGISTERED, 0x304)                                           \
	X(CTB_IN_USE, 0x305)                                                   \
	X(CTB_INVALID_DESC, 0x306)                                             \
	X(HW_TIMEOUT, 0x30C)                                                   \
	X(CTB_SOURCE_INVALID_DESCRIPTOR, 0x30D)                                \
	X(CTB_DESTINATION_INVALID_DESCRIPTOR, 0x30E)                           \
	X(INVALID_CONFIG_STATE, 0x30F)                                         \
	X(GENERIC_FAIL, 0xF000)

enum guc_error {
	GUC_OK = 0,
#define X(name, code) GUC_ERR_##name = (code),
	GUC_ERROR_LIST(X)
#undef X
};

/* The code's name without prefix, e.g. "VF_MIGRATED", or NULL if unknown. */
const char *guc_error_name(uint32_t code);

#endif
