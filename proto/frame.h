/* SPDX-License-Identifier: MIT */
/* Frames of the socket protocol: a flat protobuf message behind a varint
 * length. Pure: bytes in any split go in, frames come out; no descriptor, no
 * socket. The schema is frame.proto, the meaning docs/protocol/frames.md. */
#ifndef GUCEMU_PROTO_FRAME_H
#define GUCEMU_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "frame.pb.h"

#define FRAME_PROTOCOL 1u       /* version spoken, `value` of HELLO and WELCOME */
#define FRAME_MAX      (128u << 10) /* bytes of one frame, its length prefix excluded */
#define FRAME_DATA_MAX (64u << 10)  /* bytes of `data` */
#define FRAME_TEXT_MAX 65535u       /* bytes of `text` */
#define FRAME_ERRNO_MAX 4095        /* the least status is minus this */
#define FRAME_GUC_ERROR_MAX 0xFFFF  /* the most, in an EVENT; 0 elsewhere */
#define FRAME_FDS_MAX  8u           /* descriptors of one frame */
#define FRAME_OVERHEAD 128u         /* everything but text and data, prefix included */

/* Roles of HELLO, in `code`. */
/* Kind of client in the first ADOPT, and in its `addr` what another one carries. */
enum frame_adopt { FRAME_ADOPT_CLIENT, FRAME_ADOPT_MACHINE };
enum frame_adopt_part {
	FRAME_ADOPT_SHARED,
	FRAME_ADOPT_HOSTED,
	FRAME_ADOPT_DEVICE,      /* a machine's configuration space, then its MSI-X table */
	FRAME_ADOPT_VECTOR,      /* a machine's eventfd for vector `value` */
	FRAME_ADOPT_UNREACHABLE, /* memory without a descriptor: u64 address, u64 length */
};
enum frame_role { FRAME_ROLE_FUNCTION = 1, FRAME_ROLE_CONTROL = 2, FRAME_ROLE_PEER = 3 };

/* Features of HELLO (wanted) and WELCOME (granted), bits of `flags`. */
#define FRAME_FEATURE_FREEZE 1u /* client answers FREEZE with FROZEN */
#define FRAME_FEATURE_PLAIN_CTB 2u
#define FRAME_FEATURE_BELL 8u /* doorbells only for who sleeps: proto/bell.h */
#define FRAME_FEATURE_PF_VERBS 4u /* function 0 serves the control role's PF verbs */

/* What a BLOB is, bits of `flags`; without any: bytes of an image, and more follow. */
#define FRAME_BLOB_LAST     1u /* the image's last bytes, or its end */
#define FRAME_BLOB_PIECE    2u /* of a long REPLY, the rest of which is in its text */
#define FRAME_BLOB_PROGRESS 4u /* no bytes: `addr` is done of `value` */

/* One frame. text and data are views into the buffer they were decoded from,
 * or what is to be encoded; neither is terminated. */
struct frame {
	gucemu_FrameType type;
	uint32_t seq, fds, function, gt, size, flags, code;
	int32_t status;
	uint64_t addr, value, time;
	const char *text;
	size_t text_len;
	const uint8_t *data;
	size_t data_len;
};

/* Encode with length prefix into buf[0..cap). Bytes written, or -EMSGSIZE
 * when text or data, or both together, are too long, descriptors too many, or
 * cap too small: what is encoded can be decoded. */
long frame_encode(const struct frame *f, uint8_t *buf, size_t cap);
/* Bytes that frame_encode() needs at most. */
size_t frame_bound(const struct frame *f);

/* Decode the frame that buf[0..len) starts with. Bytes consumed with *f
 * filled; 0 when more bytes are needed; -EMSGSIZE when its length exceeds
 * FRAME_MAX; -EBADMSG when it is malformed (bad varint, bad protobuf, data or
 * text too long, unknown type, more than FRAME_FDS_MAX descriptors,
 * a status out of range). */
long frame_decode(const uint8_t *buf, size_t len, struct frame *f);

/* Both without the short cut for register frames (frame_short.h): by nanopb, whatever
 * it is. */
long frame_encode_any(const struct frame *f, uint8_t *buf, size_t cap);
long frame_decode_any(const uint8_t *buf, size_t len, struct frame *f);

/* Name of a type, e.g. "MMIO_WRITE", or NULL. */
const char *frame_type_name(gucemu_FrameType type);

#endif
