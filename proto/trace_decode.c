/* SPDX-License-Identifier: MIT */
/* Bytes of a trace file to records. See trace.h. Every byte may be hostile:
 * lengths are checked before anything is looked at, the checksum before the
 * message is decoded. Text, data and inner messages are not copied. */
#include "trace.h"

#include <errno.h>
#include <pb_decode.h>

#include "bits.h"
#include "crc32c.h"
#include "pb_view.h"

#define CRC_TAG   0x7Du /* field 15, fixed32 */
#define CRC_BYTES 5u

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
	struct pb_view text, data, header, card;
	gucemu_TraceRecord m = gucemu_TraceRecord_init_zero;
	pb_istream_t in = pb_istream_from_buffer(body, len);

	pb_view_bind(&m.text, &text, TRACE_TEXT_MAX, body, len);
	pb_view_bind(&m.data, &data, TRACE_DATA_MAX, body, len);
	pb_view_bind(&m.header, &header, TRACE_TEXT_MAX, body, len);
	pb_view_bind(&m.card_info, &card, TRACE_TEXT_MAX, body, len);
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
	int prefix = pb_prefix(buf, len, TRACE_RECORD_MAX, &body);
	int err;

	if (prefix <= 0)
		return prefix;
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
		K(MISHAP, "mishap") K(FAULT, "fault")
#undef K
	case gucemu_TRACE_NONE:
		break;
	}
	return NULL;
}
