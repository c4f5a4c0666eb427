/* SPDX-License-Identifier: MIT */
/* A short cut past nanopb for the frames of single register accesses:
 * MMIO_READ, MMIO_WRITE, MMIO_DATA and STATUS of at most 127 bytes whose
 * fields come in order, as every encoder writes them. Whatever else it may be
 * is left to nanopb, which says the same of what the short cut takes. Pure. */
#ifndef GUCEMU_PROTO_FRAME_SHORT_H
#define GUCEMU_PROTO_FRAME_SHORT_H

#include "frame.h"

/* Bytes of a body that the short cut takes: the prefix is one byte. */
#define FRAME_SHORT_MAX 127u

/* Encode with its prefix into buf[0..cap). Bytes written; 0: not taken, and
 * what buf holds is undefined. */
long frame_short_encode(const struct frame *f, uint8_t *buf, size_t cap);
/* Decode the whole body[0..len), its prefix stripped, into *f, views included.
 * False: not taken, *f is undefined; it may be good all the same. */
bool frame_short_decode(const uint8_t *body, size_t len, struct frame *f);

#endif
