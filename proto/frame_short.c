/* SPDX-License-Identifier: MIT */
/* Register frames without a walk over field descriptors. See frame_short.h.
 * Fields are those of frame.proto by their tags on the wire: number << 3 with
 * the wire type, one byte each. */
#include "frame_short.h"

#include <string.h>

#include "bits.h"

enum tag {
	TAG_TYPE = 1 << 3 | 0,
	TAG_SEQ = 2 << 3 | 0,
	TAG_ADDR = 6 << 3 | 1,
	TAG_VALUE = 7 << 3 | 1,
	TAG_SIZE = 8 << 3 | 0,
	TAG_STATUS = 9 << 3 | 0,
	TAG_FLAGS = 10 << 3 | 0,
	TAG_DATA = 14 << 3 | 2,
};

/* Fields beside data at their longest: the type in one byte, four numbers of 32
 * bits, two words, the tag and the length of data. */
#define FIELDS_MAX (2u + 4 * 6 + 2 * 9 + 2)

static bool is_short(uint32_t type)
{
	return type == gucemu_FrameType_MMIO_READ || type == gucemu_FrameType_MMIO_WRITE ||
	       type == gucemu_FrameType_MMIO_DATA || type == gucemu_FrameType_STATUS;
}

/* --- encoding ---------------------------------------------------------------------- */

static uint8_t *put_number(uint8_t *at, enum tag tag, uint32_t v)
{
	if (!v)
		return at;
	*at++ = (uint8_t)tag;
	for (; v > 0x7F; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

static uint8_t *put_word(uint8_t *at, enum tag tag, uint64_t v)
{
	if (!v)
		return at;
	*at++ = (uint8_t)tag;
	le64_put(at, v);
	return at + 8;
}

long frame_short_encode(const struct frame *f, uint8_t *buf, size_t cap)
{
	uint8_t *at = buf + 1;

	if (!is_short(f->type) || f->fds || f->function || f->gt || f->code || f->time ||
	    f->text_len || f->data_len > FRAME_SHORT_MAX - FIELDS_MAX ||
	    cap < 1 + FIELDS_MAX + f->data_len)
		return 0;
	at = put_number(at, TAG_TYPE, f->type);
	at = put_number(at, TAG_SEQ, f->seq);
	at = put_word(at, TAG_ADDR, f->addr);
	at = put_word(at, TAG_VALUE, f->value);
	at = put_number(at, TAG_SIZE, f->size);
	/* Signed numbers go with the sign in bit 0. */
	at = put_number(at, TAG_STATUS, (uint32_t)f->status << 1 ^ -(uint32_t)(f->status < 0));
	at = put_number(at, TAG_FLAGS, f->flags);
	if (f->data_len) {
		*at++ = TAG_DATA;
		*at++ = (uint8_t)f->data_len;
		memcpy(at, f->data, f->data_len);
		at += f->data_len;
	}
	buf[0] = (uint8_t)(at - buf - 1);
	return at - buf;
}

/* --- decoding ---------------------------------------------------------------------- */

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

/* If the next field is this one, its tag is taken. */
static bool take_tag(struct cursor *c, enum tag tag)
{
	if (c->at == c->end || *c->at != tag)
		return false;
	c->at++;
	return true;
}

static uint32_t take_number(struct cursor *c, enum tag tag)
{
	uint32_t v = 0;

	if (!take_tag(c, tag))
		return 0;
	for (unsigned shift = 0; c->at < c->end && shift < 35; shift += 7) {
		uint8_t byte = *c->at++;

		/* The fifth byte has room for four bits, and ends the number. */
		if (shift == 28 && byte > 0x0F)
			break;
		v |= (uint32_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

static uint64_t take_word(struct cursor *c, enum tag tag)
{
	uint64_t v;

	if (!take_tag(c, tag))
		return 0;
	if (c->end - c->at < 8) {
		c->bad = true;
		return 0;
	}
	v = le64_get(c->at);
	c->at += 8;
	return v;
}

bool frame_short_decode(const uint8_t *body, size_t len, struct frame *f)
{
	struct cursor c = { .at = body, .end = body + len };
	uint32_t status;

	if (len < 2 || len > FRAME_SHORT_MAX || body[0] != TAG_TYPE || !is_short(body[1]))
		return false;
	c.at += 2;
	*f = (struct frame){ .type = (gucemu_FrameType)body[1] };
	f->seq = take_number(&c, TAG_SEQ);
	f->addr = take_word(&c, TAG_ADDR);
	f->value = take_word(&c, TAG_VALUE);
	f->size = take_number(&c, TAG_SIZE);
	status = take_number(&c, TAG_STATUS);
	f->status = (int32_t)(status >> 1 ^ -(status & 1));
	f->flags = take_number(&c, TAG_FLAGS);
	if (take_tag(&c, TAG_DATA)) {
		/* The rest, all of it: what comes behind data is nanopb's. */
		if (c.end - c.at < 2 || *c.at != c.end - c.at - 1)
			return false;
		f->data = c.at + 1;
		f->data_len = *c.at;
		c.at = c.end;
	}
	return !c.bad && c.at == c.end && f->status >= -FRAME_ERRNO_MAX && f->status <= 0;
}
