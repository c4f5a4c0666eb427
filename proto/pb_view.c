/* SPDX-License-Identifier: MIT */
/* Fields that stay where they are, and length prefixes. See pb_view.h. */
#include "pb_view.h"

#include <errno.h>
#include <pb_decode.h>

static bool view_decode(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
	struct pb_view *v = *arg;

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

void pb_view_bind(pb_callback_t *field, struct pb_view *v, size_t max, const uint8_t *body,
		  size_t len)
{
	*v = (struct pb_view){ .max = max, .body = body, .end = body + len };
	field->funcs.decode = view_decode;
	field->arg = v;
}

int pb_prefix(const uint8_t *buf, size_t len, uint32_t max, uint32_t *body)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < PB_PREFIX_BYTES; i++) {
		if (i >= len)
			return 0;
		v |= (uint32_t)(buf[i] & 0x7F) << 7 * i;
		if (!(buf[i] & 0x80)) {
			*body = v;
			if (v > max)
				return -EMSGSIZE;
			return v > len - i - 1 ? 0 : (int)i + 1;
		}
	}
	return -EMSGSIZE;
}
