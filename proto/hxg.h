/* SPDX-License-Identifier: MIT */
/* HXG: the header dword that every GuC message starts with, over MMIO, in a
 * CTB and inside a relay message (abi/guc_messages_abi.h; guc-abi section 1).
 * Pure encode and decode; lengths are in dwords and include the header. */
#ifndef GUCEMU_PROTO_HXG_H
#define GUCEMU_PROTO_HXG_H

#include <stdbool.h>

#include "bits.h"

#define HXG_ORIGIN      BITS(31, 31) /* 0 = host, 1 = GuC */
#define HXG_TYPE        BITS(30, 28) /* enum hxg_type */
#define HXG_AUX         BITS(27, 0)
#define HXG_DATA0       BITS(27, 16) /* of REQUEST, EVENT, FAST_REQUEST */
#define HXG_ACTION      BITS(15, 0)  /* of REQUEST, EVENT, FAST_REQUEST */
#define HXG_HINT        BITS(27, 16) /* of RESPONSE_FAILURE */
#define HXG_ERROR       BITS(15, 0)  /* of RESPONSE_FAILURE */
#define HXG_SUCCESS_DATA0 BITS(27, 0)
#define HXG_BUSY_COUNTER  BITS(27, 0)
#define HXG_RETRY_REASON  BITS(27, 0)

#define HXG_ORIGIN_HOST 0u
#define HXG_ORIGIN_GUC  1u

enum hxg_type {
	HXG_REQUEST = 0,
	HXG_EVENT = 1,
	HXG_FAST_REQUEST = 2,
	HXG_BUSY = 3,
	HXG_TYPE_UNASSIGNED = 4,
	HXG_RETRY = 5,
	HXG_FAILURE = 6,
	HXG_SUCCESS = 7,
};

/* Any header (guc-abi 1): HXG_ORIGIN_*, type, bits 27:0. Values that don't fit are
 * cut off, here and below. */
static inline uint32_t hxg_header(uint32_t origin, enum hxg_type type, uint32_t aux)
{
	return field_put(HXG_ORIGIN, origin) | field_put(HXG_TYPE, (uint32_t)type) |
	       (aux & HXG_AUX);
}

/* REQUEST, EVENT or FAST_REQUEST header. */
static inline uint32_t hxg_call(uint32_t origin, enum hxg_type type, uint32_t action,
				uint32_t data0)
{
	return hxg_header(origin, type, field_put(HXG_DATA0, data0) | (action & HXG_ACTION));
}

/* RESPONSE_FAILURE header: error in bits 15:0, hint in 27:16. */
static inline uint32_t hxg_failure(uint32_t origin, uint32_t error, uint32_t hint)
{
	return hxg_header(origin, HXG_FAILURE, field_put(HXG_HINT, hint) | (error & HXG_ERROR));
}

/* RESPONSE_SUCCESS header, DATA0 of 28 bits. */
static inline uint32_t hxg_success(uint32_t origin, uint32_t data0)
{
	return hxg_header(origin, HXG_SUCCESS, data0);
}

/* HXG_ORIGIN_* of a header. */
static inline uint32_t hxg_origin(uint32_t dw0)
{
	return field_get(HXG_ORIGIN, dw0);
}

/* Its type; every value of the 3 bits is possible. */
static inline enum hxg_type hxg_type(uint32_t dw0)
{
	return (enum hxg_type)field_get(HXG_TYPE, dw0);
}

/* Action code of a call. */
static inline uint32_t hxg_action(uint32_t dw0)
{
	return dw0 & HXG_ACTION;
}

/* DATA0 of a call, 12 bits; a SUCCESS has 28, HXG_AUX. */
static inline uint32_t hxg_data0(uint32_t dw0)
{
	return field_get(HXG_DATA0, dw0);
}

/* True for a type that starts an exchange (has an action code). */
static inline bool hxg_is_call(enum hxg_type t)
{
	return t == HXG_REQUEST || t == HXG_EVENT || t == HXG_FAST_REQUEST;
}

/* True for a type that ends a request: SUCCESS, FAILURE or RETRY. */
static inline bool hxg_is_definitive(enum hxg_type t)
{
	return t == HXG_SUCCESS || t == HXG_FAILURE || t == HXG_RETRY;
}

#endif
