/* SPDX-License-Identifier: MIT */
/* Records of a trace file: a flat protobuf message behind a varint length, with
 * a CRC-32C as its last field. Pure: bytes in any split go in, records come
 * out; no file. The schema is trace.proto, the meaning docs/protocol/trace.md. */
#ifndef GUCEMU_PROTO_TRACE_H
#define GUCEMU_PROTO_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "trace.pb.h"

#define TRACE_VERSION     1u
#define TRACE_MAGIC       "GUCTRACE"
#define TRACE_MAGIC_BYTES 8u
#define TRACE_DATA_MAX    65536u /* bytes of `data` */
#define TRACE_TEXT_MAX    1024u  /* bytes of `text` */
#define TRACE_OVERHEAD    256u   /* everything else, prefix and checksum included */
#define TRACE_RECORD_MAX  (TRACE_DATA_MAX + TRACE_TEXT_MAX + TRACE_OVERHEAD)

/* One record. text, data and inner are views into the buffer they were decoded
 * from, or what is to be encoded; none is terminated. */
struct trace_record {
	gucemu_TraceKind kind;
	uint32_t card, function, gt, size, code, len, from, to, error, verdict;
	uint64_t seq, time, addr, value;
	const char *text;
	size_t text_len;
	const uint8_t *data;
	size_t data_len;
	/* Of TRACE_HEADER and TRACE_CARD: the message inside, still encoded. */
	const uint8_t *inner;
	size_t inner_len;
};

/* --- trace_encode.c ------------------------------------------------------------ */

/* Bytes that trace_encode() needs at most for `r`. */
size_t trace_bound(const struct trace_record *r);
/* Encode with length prefix and checksum into buf[0..cap). Bytes written, or
 * -EMSGSIZE: text or data too long, or cap less than trace_bound(). */
long trace_encode(const struct trace_record *r, uint8_t *buf, size_t cap);
/* The first record of a file, and one that describes card number `card`. Bytes
 * written, or -EMSGSIZE. Strings must be terminated. */
long trace_encode_header(const gucemu_TraceHeader *h, uint8_t *buf, size_t cap);
long trace_encode_card(const gucemu_TraceCard *c, uint32_t card, uint64_t time, uint8_t *buf,
		       size_t cap);

/* --- trace_decode.c ------------------------------------------------------------ */

/* Decode the record that buf[0..len) starts with. Bytes consumed with *r
 * filled; 0 when more bytes are needed; -EMSGSIZE when its length exceeds
 * TRACE_RECORD_MAX; -EILSEQ when the checksum is missing or wrong; -EBADMSG
 * when it is malformed (bad varint, bad protobuf, data or text too long, no
 * kind). Kinds of later versions come through as their number. */
long trace_decode(const uint8_t *buf, size_t len, struct trace_record *r);
/* The message inside a TRACE_HEADER or TRACE_CARD record. 0; -EBADMSG when it
 * is none or malformed; -EPROTONOSUPPORT for a header of another version. */
int trace_decode_header(const struct trace_record *r, gucemu_TraceHeader *h);
int trace_decode_card(const struct trace_record *r, gucemu_TraceCard *c);

/* Name of a kind as `gucemu trace` prints and takes it ("mem-read"), or NULL. */
const char *trace_kind_name(gucemu_TraceKind kind);

#endif
