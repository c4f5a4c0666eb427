/* SPDX-License-Identifier: MIT */
/* What the decoders of frames and of trace records share: messages behind a
 * length, and text and data that are not copied but noted where they lie in
 * the caller's buffer. Every byte may be hostile. */
#ifndef GUCEMU_PROTO_PB_VIEW_H
#define GUCEMU_PROTO_PB_VIEW_H

#include <pb.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a varint length, for all lengths below 2^21. */
#define PB_PREFIX_BYTES 3u

/* A field's bytes: `len` of them at `at`, NULL and 0 when it isn't there. The
 * rest is the decoder's: no more than `max`, within the message. */
struct pb_view {
	const uint8_t *at;
	size_t len, max;
	const uint8_t *body, *end;
};

/* Makes the decoding of the message body[0..len) note in *v where the bytes of
 * `field` are, and refuse more than `max`. Both live until it is decoded. A
 * number where bytes belong is refused. */
void pb_view_bind(pb_callback_t *field, struct pb_view *v, size_t max, const uint8_t *body,
		  size_t len);

/* Reads the length before the message that buf[0..len) begins with. Returns the
 * bytes of that length, with the message whole behind it and *body its bytes;
 * 0 when more bytes are needed, -EMSGSIZE when it is longer than `max` (at most
 * 2^21 - 1). */
int pb_prefix(const uint8_t *buf, size_t len, uint32_t max, uint32_t *body);

#endif
