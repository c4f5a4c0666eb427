/* SPDX-License-Identifier: MIT */
/* Frame codec on nanopb. See frame.h. Text and data are not copied: the
 * decoder notes where they lie. */
#include "frame.h"

#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "frame_short.h"
#include "pb_view.h"

/* Bytes to be sent; none is a field that isn't there. */
struct view {
	const uint8_t *at;
	size_t len;
};

static bool view_encode(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
	const struct view *v = *arg;

	if (v->len == 0)
		return true;
	return pb_encode_tag_for_field(stream, field) && pb_encode_string(stream, v->at, v->len);
}

size_t frame_bound(const struct frame *f)
{
	return FRAME_OVERHEAD + f->text_len + f->data_len;
}

long frame_encode_any(const struct frame *f, uint8_t *buf, size_t cap)
{
	struct view text = { .at = (const uint8_t *)f->text, .len = f->text_len };
	struct view data = { .at = f->data, .len = f->data_len };
	gucemu_Frame m = {
		.type = f->type,
		.seq = f->seq,
		.fds = f->fds,
		.function = f->function,
		.gt = f->gt,
		.addr = f->addr,
		.value = f->value,
		.size = f->size,
		.status = f->status,
		.flags = f->flags,
		.code = f->code,
		.time = f->time,
		.text = { { .encode = view_encode }, &text },
		.data = { { .encode = view_encode }, &data },
	};
	pb_ostream_t out = pb_ostream_from_buffer(buf, cap);

	if (f->text_len > FRAME_TEXT_MAX || f->data_len > FRAME_DATA_MAX ||
	    f->fds > FRAME_FDS_MAX || frame_bound(f) > FRAME_MAX)
		return -EMSGSIZE;
	if (!pb_encode_ex(&out, gucemu_Frame_fields, &m, PB_ENCODE_DELIMITED))
		return -EMSGSIZE;
	return (long)out.bytes_written;
}

long frame_encode(const struct frame *f, uint8_t *buf, size_t cap)
{
	long n = frame_short_encode(f, buf, cap);

	return n ? n : frame_encode_any(f, buf, cap);
}

long frame_decode(const uint8_t *buf, size_t len, struct frame *f)
{
	/* A prefix of one byte: what is not whole is told there, too. */
	if (len && buf[0] <= FRAME_SHORT_MAX && buf[0] < len &&
	    frame_short_decode(buf + 1, buf[0], f))
		return 1 + (long)buf[0];
	return frame_decode_any(buf, len, f);
}

long frame_decode_any(const uint8_t *buf, size_t len, struct frame *f)
{
	struct pb_view text, data;
	gucemu_Frame m = gucemu_Frame_init_zero;
	pb_istream_t in;
	uint32_t body;
	int prefix = pb_prefix(buf, len, FRAME_MAX, &body);

	if (prefix <= 0)
		return prefix;
	buf += prefix;
	pb_view_bind(&m.text, &text, FRAME_TEXT_MAX, buf, body);
	pb_view_bind(&m.data, &data, FRAME_DATA_MAX, buf, body);
	in = pb_istream_from_buffer(buf, body);
	if (!pb_decode_ex(&in, gucemu_Frame_fields, &m, PB_DECODE_NOINIT))
		return -EBADMSG;
	if (!frame_type_name(m.type) || m.fds > FRAME_FDS_MAX ||
	    m.status < -FRAME_ERRNO_MAX ||
	    m.status > (m.type == gucemu_FrameType_EVENT ? FRAME_GUC_ERROR_MAX : 0))
		return -EBADMSG;
	*f = (struct frame){
		.type = m.type,
		.seq = m.seq,
		.fds = m.fds,
		.function = m.function,
		.gt = m.gt,
		.addr = m.addr,
		.value = m.value,
		.size = m.size,
		.status = m.status,
		.flags = m.flags,
		.code = m.code,
		.time = m.time,
		.text = (const char *)text.at,
		.text_len = text.len,
		.data = data.at,
		.data_len = data.len,
	};
	return prefix + (long)body;
}

const char *frame_type_name(gucemu_FrameType type)
{
	switch (type) {
#define T(name)                                                                \
	case gucemu_FrameType_##name:                                          \
		return #name;
		T(HELLO) T(WELCOME) T(STATUS)
		T(MMIO_WRITE) T(MMIO_READ) T(MMIO_DATA) T(FLR) T(INTERRUPT)
		T(MEM_SHARE) T(MEM_HOST) T(MEM_DROP) T(MEM_READ) T(MEM_WRITE) T(MEM_DATA) T(BELL)
		T(LMEM_READ) T(LMEM_WRITE) T(LMEM_STAGE)
		T(CTB_OPEN) T(CTB_SEND) T(CTB_RECEIVE) T(CTB_RESTART)
		T(FREEZE) T(FROZEN) T(THAW)
		T(CONTROL) T(REPLY) T(BLOB) T(EVENT) T(ADOPT)
#undef T
	case gucemu_FrameType_NONE:
		break;
	}
	return NULL;
}
