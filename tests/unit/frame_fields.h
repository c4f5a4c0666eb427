/* SPDX-License-Identifier: MIT */
/* Two frames have the same fields, lengths of text and data included. */
#ifndef GUCEMU_TESTS_FRAME_FIELDS_H
#define GUCEMU_TESTS_FRAME_FIELDS_H

#include <check.h>

#include "proto/frame.h"

static inline void frame_ck_fields(const struct frame *a, const struct frame *b)
{
	ck_assert_int_eq(a->type, b->type);
	ck_assert_uint_eq(a->seq, b->seq);
	ck_assert_uint_eq(a->fds, b->fds);
	ck_assert_uint_eq(a->function, b->function);
	ck_assert_uint_eq(a->gt, b->gt);
	ck_assert_uint_eq(a->addr, b->addr);
	ck_assert_uint_eq(a->value, b->value);
	ck_assert_uint_eq(a->size, b->size);
	ck_assert_int_eq(a->status, b->status);
	ck_assert_uint_eq(a->flags, b->flags);
	ck_assert_uint_eq(a->code, b->code);
	ck_assert_uint_eq(a->time, b->time);
	ck_assert_uint_eq(a->text_len, b->text_len);
	ck_assert_uint_eq(a->data_len, b->data_len);
}

#endif
