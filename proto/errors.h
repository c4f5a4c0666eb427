/* SPDX-License-Identifier: MIT */
/* GuC response codes: the ERROR field of a RESPONSE_FAILURE
 * (abi/guc_errors_abi.h; guc-abi section 7.1). One list makes the enum and
 * the names. Relay error numbers are plain errno values and live in relay.h. */
#ifndef GUCEMU_PROTO_ERRORS_H
#define GUCEMU_PROTO_ERRORS_H

#include <stddef.h>
#include <stdint.h>

/* X(name, code, what it means here). */
#define GUC_ERROR_LIST(X)                                                      \
	X(ERROR_PROTOCOL, 0x04, "wrong length, type or must-be-zero bits")     \
	X(INVALID_STATE, 0x0A, "not in the VF's present state")                \
	X(UNSUPPORTED_VERSION, 0x0B, "no such version of ABI or saved state")  \
	X(INVALID_VFID, 0x0C, "no such VF")                                    \
	X(UNPROVISIONED_VF, 0x0D, "the VF has no configuration")               \
	X(INVALID_EVENT, 0x0E, "no such event")                                \
	X(NOT_SUPPORTED, 0x20, "not supported")                                \
	X(UNKNOWN_ACTION, 0x30, "unknown action, or not over this transport, or not in this ABI") \
	X(ACTION_ABORTED, 0x31, "the action was given up")                     \
	X(NO_PERMISSION, 0x40, "not permitted")                                \
	X(CANNOT_COMPLETE_ACTION, 0x41, "the other side can't take it now")    \
	X(INVALID_KLV_DATA, 0x50, "a KLV's value is out of range")             \
	X(INVALID_PARAMS, 0x60, "a parameter, marker or saved state makes no sense") \
	X(INVALID_CONTEXT_INDEX, 0x61, "context id out of range")              \
	X(INVALID_CONTEXT_REGISTRATION, 0x62, "a registration makes no sense") \
	X(INVALID_DOORBELL_ID, 0x63, "doorbell id out of range")               \
	X(INVALID_ENGINE_ID, 0x64, "no such engine")                           \
	X(INVALID_BUFFER_RANGE, 0x70, "buffer outside its range")              \
	X(INVALID_BUFFER, 0x71, "unusable buffer")                             \
	X(BUFFER_ALREADY_REGISTERED, 0x72, "buffer is in use")                 \
	X(INVALID_GGTT_ADDRESS, 0x80, "GGTT address is unaligned, unmapped or not the sender's") \
	X(PENDING_ACTION, 0x90, "the same is still under way")                 \
	X(CONTEXT_NOT_REGISTERED, 0x100, "no such context is registered")      \
	X(CONTEXT_ALREADY_REGISTERED, 0x101, "the context id is in use")       \
	X(INVALID_SIZE, 0x102, "size is 0, unaligned or too small")            \
	X(MALFORMED_KLV, 0x103, "a KLV has a wrong length or is cut off")      \
	X(INVALID_CONTEXT, 0x104, "unusable context")                          \
	X(INVALID_KLV_KEY, 0x105, "unknown key, or not to be read, or not in this ABI") \
	X(DATA_TOO_LARGE, 0x106, "more than fits")                             \
	X(VF_MIGRATED, 0x107, "the VF was migrated: fix addresses first, or again") \
	X(NO_ATTRIBUTE_TABLE, 0x201, "no attribute table")                     \
	X(NO_DECRYPTION_KEY, 0x202, "no decryption key")                       \
	X(DECRYPTION_FAILED, 0x204, "decryption failed")                       \
	X(VGT_DISABLED, 0x300, "virtualisation is off")                        \
	X(CTB_FULL, 0x301, "no room in the receiver's ring")                   \
	X(VGT_UNAUTHORIZED_REQUEST, 0x302, "not this function's to ask")       \
	X(CTB_INVALID, 0x303, "unusable CTB")                                  \
	X(CTB_NOT_REGISTERED, 0x304, "CTB addresses and sizes are incomplete") \
	X(CTB_IN_USE, 0x305, "CTB is enabled")                                 \
	X(CTB_INVALID_DESC, 0x306, "unusable CTB descriptor")                  \
	X(HW_TIMEOUT, 0x30C, "hardware does not answer")                       \
	X(CTB_SOURCE_INVALID_DESCRIPTOR, 0x30D, "unusable descriptor of the sender") \
	X(CTB_DESTINATION_INVALID_DESCRIPTOR, 0x30E, "unusable descriptor of the receiver") \
	X(INVALID_CONFIG_STATE, 0x30F, "saved state does not fit the VF's configuration") \
	X(GENERIC_FAIL, 0xF000, "failed")

enum guc_error {
	GUC_OK = 0,
#define X(name, code, text) GUC_ERR_##name = (code),
	GUC_ERROR_LIST(X)
#undef X
};

/* The code's name without prefix, e.g. "VF_MIGRATED", or NULL if unknown. */
const char *guc_error_name(uint32_t code);
/* What it means, in a few words, or NULL if unknown. */
const char *guc_error_text(uint32_t code);
/* Code 0..n-1 of the list, in its order; negative when there is none. */
int guc_error_code(size_t index);

#endif
