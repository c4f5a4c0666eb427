/* SPDX-License-Identifier: MIT */
/* A formatter for log texts that the pure parts can use: no locale, no
 * allocation, no stdio. */
#ifndef GUCEMU_PROTO_TEXT_H
#define GUCEMU_PROTO_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Write `fmt` into buf[0..cap), always terminated when cap > 0, and return the
 * length the whole text would have. Conversions: %s %c %d %u %x %%, %ld %lu
 * %lx for 64-bit values, with an optional zero pad and width (%08x, %3u). */
size_t text_fmt(char *buf, size_t cap, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
size_t text_vfmt(char *buf, size_t cap, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* Name of an errno value as the kernel prints it with %pe ("-EREMCHG" for
 * -EREMCHG; sign does not matter), or "-EUNKNOWN". */
const char *text_errno(int err);

/* Copies text[0..len) to to[0..cap), cut to fit and terminated, with '?' for all
 * that is not printable ASCII: what others send may steer no terminal. cap > 0;
 * `to` may be `text`. */
void text_copy_plain(char *to, size_t cap, const char *text, size_t len);

#endif
