/* SPDX-License-Identifier: MIT */
/* Bytes of a trace file to records. See trace.h. Every byte may be hostile:
 * lengths are checked before anything is looked at, the checksum before the
 * message is decoded. Text, data and inner messages are not copied. */
#include "trace.h"

#include <errno.h>
#include <pb_decode.h>
#include <stdbool.h>

#include "bits.h"
#include "crc32c.h"

#define CRC_TAG   0x7Du /* field 15, fixed32 */
#define CRC_BYTES 5u

struct view {
	const uint8_t *at;
	size_t len, max;
	const uint8_t *body, *end;
};

static bool view_decode(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
	struct view *v = *arg;

	(void)field;
	if (stream->bytes_left > v->max)
		return false;
	/* A stream over a buffer keeps its position in `state`. That of a field with
	 * a number in it is over a copy on nanopb's stack. */
	v->at = stream->state;
	if (v->at < v->body || v->at > v->end)
		return false;
	v->len = stream->bytes_left;
	return pb_read(stream, NULL, stream->bytes_left);
}

/* Length prefix: a varint of at most three bytes, since TRACE_RECORD_MAX < 2^21. */
static int prefix_decode(const uint8_t *buf, size_t len, uint32_t *value)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (i >= len)
			return 0;
		v |= (uint32_t)(buf[i] & 0x7F) << 7 * i;
		if (!(buf[i] & 0x80)) {
			*value = v;
			return (int)i + 1;
		}
	}
	return -EMSGSIZE;
}

static bool crc_fits(const uint8_t *body, uint32_t len)
{
	const uint8_t *crc;

	if (len < CRC_BYTES)
		return false;
	crc = body + len - CRC_BYTES;
	return crc[0] == CRC_TAG && le32_get(crc + 1) == crc32c(0, body, len - CRC_BYTES);
}

static int body_decode(const uint8_t *body, uint32_t len, struct trace_record *r)
{
	struct view text = { NULL, 0, TRACE_TEXT_MAX, body, body + len };
	struct view data = { NULL, 0, TRACE_DATA_MAX, body, body + len };
	struct view header = { NULL, 0, TRACE_TEXT_MAX, body, body + len };
	struct view card = { NULL, 0, TRACE_TEXT_MAX, body, body + len };
	gucemu_TraceRecord m = gucemu_TraceRecord_init_zero;
	pb_istream_t in = pb_istream_from_buffer(body, len);

	m.text.funcs.decode = view_decode;
	m.text.arg = &text;
	m.data.funcs.decode = view_decode;
	m.data.arg = &data;
	m.header.funcs.decode = view_decode;
	m.header.arg = &header;
	m.card_info.funcs.decode = view_decode;
	m.card_info.arg = &card;
	if (!pb_decode_ex(&in, gucemu_TraceRecord_fields, &m, PB_DECODE_NOINIT) ||
	    m.kind == gucemu_TRACE_NONE)
		return -EBADMSG;
	*r = (struct trace_record){
		.kind = m.kind,
		.card = m.card,
		.function = m.function,
		.gt = m.gt,
		.size = m.size,
		.code = m.code,
		.len = m.len,
		.from = m.from,
		.to = m.to,
		.error = m.error,
		.verdict = m.verdict,
		.seq = m.seq,
		.time = m.time,
		.addr = m.addr,
		.value = m.value,
		.text = (const char *)text.at,
		.text_len = text.len,
		.data = data.at,
		.data_len = data.len,
		.inner = m.kind == gucemu_TRACE_HEADER ? header.at : card.at,
		.inner_len = m.kind == gucemu_TRACE_HEADER ? header.len : card.len,
	};
	return 0;
}

long trace_decode(const uint8_t *buf, size_t len, struct trace_record *r)
{
	uint32_t body;
	int prefix = prefix_decode(buf, len, &body);
	int err;

	if (prefix <= 0)
		return prefix;
	if (body > TRACE_RECORD_MAX)
		return -EMSGSIZE;
	if (body > len - (size_t)prefix)
		return 0;
	if (!crc_fits(buf + prefix, body))
		return -EILSEQ;
	err = body_decode(buf + prefix, body, r);
	return err ? err : prefix + (long)body;
}

static int inner_decode(const struct trace_record *r, gucemu_TraceKind kind,
			const pb_msgdesc_t *fields, void *m)
{
	pb_istream_t in = pb_istream_from_buffer(r->inner, r->inner_len);

	return r->kind == kind && r->inner_len > 0 && pb_decode(&in, fields, m) ? 0 : -EBADMSG;
}

int trace_decode_header(const struct trace_record *r, gucemu_TraceHeader *h)
{
	int err = inner_decode(r, gucemu_TRACE_HEADER, gucemu_TraceHeader_fields, h);

	return err ? err : h->version == TRACE_VERSION ? 0 : -EPROTONOSUPPORT;
}

int trace_decode_card(const struct trace_record *r, gucemu_TraceCard *c)
{
	return inner_decode(r, gucemu_TRACE_CARD, gucemu_TraceCard_fields, c);
}

const char *trace_kind_name(gucemu_TraceKind kind)
{
	switch (kind) {
#define K(sym, name)                                                           \
	case gucemu_TRACE_##sym:                                               \
		return name;
		K(HEADER, "header") K(CARD, "card") K(END, "end") K(MARK, "mark")
		K(STEP, "step") K(ATTACH, "attach") K(DETACH, "detach")
		K(MMIO_READ, "mmio-read") K(MMIO_WRITE, "mmio-write")
		K(MBOX_REQUEST, "mbox-request") K(MBOX_REPLY, "mbox-reply")
		K(H2G, "h2g") K(G2H, "g2h") K(IRQ, "irq")
		K(MEM_READ, "mem-read") K(MEM_WRITE, "mem-write")
		K(STATE, "state") K(FLR, "flr") K(BLOB, "blob")
		K(FINDING, "finding") K(VIOLATION, "violation") K(FENCE, "fence")
		K(CONTEXT, "context") K(TICK, "tick") K(PROVISION, "provision")
		K(MISHAP, "mishap")
#undef K
	case gucemu_TRACE_NONE:
		break;
	}
	return NULL;
}
