/* SPDX-License-Identifier: MIT */
/* Trace records to bytes. See trace.h. A busy card makes millions of records a
 * second, so the flat record is written by hand, field by field in the order
 * of its numbers; the two messages inside are nanopb's. */
#include "trace.h"

#include <errno.h>
#include <pb_encode.h>
#include <string.h>

#include "bits.h"
#include "crc32c.h"
#include "pb_view.h"

#define WIRE_VARINT  0u
#define WIRE_BYTES   2u
#define WIRE_FIXED32 5u
#define CRC_FIELD    15u
#define CRC_BYTES    5u /* tag and value */

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_tag(uint8_t *p, uint32_t field, uint32_t wire)
{
	return put_varint(p, field << 3 | wire);
}

/* Zero is what a reader takes for a field that isn't there. */
static inline uint8_t *put_number(uint8_t *p, uint32_t field, uint64_t v)
{
	return v == 0 ? p : put_varint(put_tag(p, field, WIRE_VARINT), v);
}

static uint8_t *put_bytes(uint8_t *p, uint32_t field, const void *bytes, size_t len)
{
	if (len == 0)
		return p;
	p = put_varint(put_tag(p, field, WIRE_BYTES), len);
	memcpy(p, bytes, len);
	return p + len;
}

size_t trace_bound(const struct trace_record *r)
{
	return TRACE_OVERHEAD + r->text_len + r->data_len + r->inner_len;
}

/* Checksum behind body[0..at), length prefix before it; bytes of both and it. */
static long finish(uint8_t *buf, uint8_t *body, uint8_t *end)
{
	uint32_t crc = crc32c(0, body, (size_t)(end - body));
	uint8_t *p;
	size_t len;

	*end++ = CRC_FIELD << 3 | WIRE_FIXED32;
	le32_put(end, crc);
	end += 4;
	len = (size_t)(end - body);
	p = put_varint(buf, len);
	if (p != body)
		memmove(p, body, len);
	return (long)((size_t)(p - buf) + len);
}

long trace_encode(const struct trace_record *r, uint8_t *buf, size_t cap)
{
	uint8_t *body = buf + PB_PREFIX_BYTES;
	uint8_t *p = body;

	if (r->text_len > TRACE_TEXT_MAX || r->data_len > TRACE_DATA_MAX ||
	    r->inner_len > TRACE_TEXT_MAX || trace_bound(r) > cap)
		return -EMSGSIZE;
	p = put_number(p, gucemu_TraceRecord_kind_tag, r->kind);
	p = put_number(p, gucemu_TraceRecord_function_tag, r->function);
	p = put_number(p, gucemu_TraceRecord_gt_tag, r->gt);
	p = put_number(p, gucemu_TraceRecord_seq_tag, r->seq);
	p = put_number(p, gucemu_TraceRecord_time_tag, r->time);
	p = put_number(p, gucemu_TraceRecord_addr_tag, r->addr);
	p = put_number(p, gucemu_TraceRecord_value_tag, r->value);
	p = put_number(p, gucemu_TraceRecord_size_tag, r->size);
	p = put_number(p, gucemu_TraceRecord_code_tag, r->code);
	p = put_number(p, gucemu_TraceRecord_len_tag, r->len);
	p = put_number(p, gucemu_TraceRecord_from_tag, r->from);
	p = put_number(p, gucemu_TraceRecord_to_tag, r->to);
	p = put_bytes(p, gucemu_TraceRecord_data_tag, r->data, r->data_len);
	p = put_number(p, gucemu_TraceRecord_error_tag, r->error);
	p = put_number(p, gucemu_TraceRecord_card_tag, r->card);
	p = put_number(p, gucemu_TraceRecord_verdict_tag, r->verdict);
	p = put_bytes(p, gucemu_TraceRecord_text_tag, r->text, r->text_len);
	if (r->kind == gucemu_TRACE_HEADER)
		p = put_bytes(p, gucemu_TraceRecord_header_tag, r->inner, r->inner_len);
	else if (r->kind == gucemu_TRACE_CARD)
		p = put_bytes(p, gucemu_TraceRecord_card_info_tag, r->inner, r->inner_len);
	return finish(buf, body, p);
}

/* A record whose substance is the message `m` of `fields`. */
static long encode_inner(struct trace_record *r, const pb_msgdesc_t *fields, const void *m,
			 uint8_t *buf, size_t cap)
{
	uint8_t inner[TRACE_TEXT_MAX];
	pb_ostream_t out = pb_ostream_from_buffer(inner, sizeof(inner));

	if (!pb_encode(&out, fields, m))
		return -EMSGSIZE;
	r->inner = inner;
	r->inner_len = out.bytes_written;
	return trace_encode(r, buf, cap);
}

long trace_encode_header(const gucemu_TraceHeader *h, uint8_t *buf, size_t cap)
{
	struct trace_record r = { .kind = gucemu_TRACE_HEADER, .time = h->clock };

	return encode_inner(&r, gucemu_TraceHeader_fields, h, buf, cap);
}

long trace_encode_card(const gucemu_TraceCard *c, uint32_t card, uint64_t time, uint8_t *buf,
		       size_t cap)
{
	struct trace_record r = { .kind = gucemu_TRACE_CARD, .card = card, .time = time };

	return encode_inner(&r, gucemu_TraceCard_fields, c, buf, cap);
}
